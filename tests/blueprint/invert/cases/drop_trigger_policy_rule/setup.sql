create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create function core.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touch before update of name on core.users for each row execute function core.touch();
comment on trigger touch on core.users is 'T';
alter table core.users enable always trigger touch;
create constraint trigger late after insert on core.users deferrable initially deferred for each row execute function core.touch();
create policy p on core.users as restrictive for insert to hc_a with check (id > 1);
comment on policy p on core.users is 'P';
create rule quiet as on delete to core.users do instead nothing;
comment on rule quiet on core.users is 'Q';
alter table core.users disable rule quiet;
