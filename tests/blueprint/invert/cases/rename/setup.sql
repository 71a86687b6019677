create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create function core.f(int) returns int return 1;
create domain core.email as text constraint email_check check (value <> '');
create type core.mood as enum ('calm');
create type core.pair as (a int);
create policy p on core.users using (true);
create index users_name_idx on core.users (name);
create view core.v as select id from core.users;
