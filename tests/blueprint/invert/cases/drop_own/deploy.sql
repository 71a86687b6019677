create table core.helper (id int);

insert into core.helper values (1);

create function core.help() returns int return 1;

create table core.kept as select id from core.helper;

drop function core.help;

drop table core.helper;
