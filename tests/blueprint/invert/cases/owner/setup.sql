create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
grant select, insert on core.users to hc_a;
grant usage on schema core to hc_b;
create function core.f() returns int return 1;
create view core.people as select 1 as x;
