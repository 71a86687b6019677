drop view core.people;
drop table core.users;
drop schema core;
