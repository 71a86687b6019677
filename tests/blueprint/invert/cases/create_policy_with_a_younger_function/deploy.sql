create schema core;

create table core.users (id int);

create function core.me() returns int language sql stable return 1;

create policy users_own on core.users to hc_a using (id = (select core.me()));

create policy users_all on core.users for select to hc_b using (true);
