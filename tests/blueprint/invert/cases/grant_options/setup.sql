create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
grant select on core.users to hc_a;
grant update on core.users to hc_b with grant option;
