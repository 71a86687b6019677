drop table core.users;
