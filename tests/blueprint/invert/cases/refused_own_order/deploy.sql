create domain core.a as int;

create table core.t (x int);

alter table core.t alter column x type core.later;

create function core.f() returns int return 1;

create or replace function core.f() returns int return core.g();

create function core.g() returns int return 1;

alter table core.t alter column x set data type int using core.g();

alter domain core.a set default core.g();
