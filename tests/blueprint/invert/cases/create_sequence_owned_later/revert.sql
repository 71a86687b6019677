alter sequence core.numbers owned by none;
drop table core.users;
drop sequence core.numbers;
