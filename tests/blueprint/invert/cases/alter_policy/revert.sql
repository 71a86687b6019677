drop policy p on core.users;
create policy p on core.users as restrictive for update to hc_a, hc_b
  using ((id = 1));
comment on policy p on core.users is 'Own';
