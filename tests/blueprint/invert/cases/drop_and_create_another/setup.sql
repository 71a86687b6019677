create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create function core.f(int) returns int return 1;
create view core.v as select core.f(1) as f;
grant select on core.v to public;
