drop trigger late on core.users;
drop trigger touch on core.users;
drop function core.touch();
drop table core.users;
