create trigger touch before update on core.users for each row execute function core.touch();

comment on trigger touch on core.users is 'Keeps the time';

create policy users_read on core.users for select to hc_a using (id = 1);

comment on policy users_read on core.users is 'All may read';

create rule users_forever as on delete to core.users do instead nothing;
