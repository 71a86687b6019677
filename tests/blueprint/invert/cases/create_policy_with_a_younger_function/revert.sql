drop policy users_own on core.users;
drop function core.me();
drop table core.users;
drop schema core;
