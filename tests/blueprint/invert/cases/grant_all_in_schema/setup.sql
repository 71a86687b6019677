create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create sequence core.s;
create function core.f() returns int return 1;
create procedure core.p() language plpgsql as $$ begin end $$;
grant select on core.users to hc_a;
