create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
comment on table core.users is 'It''s \\ users';
create function core.f(int) returns int return 1;
comment on function core.f is 'F';
create domain core.email as text constraint email_check check (value <> '');
create sequence core.s;
create type core.mood as enum ();
comment on role hc_b is 'B';
create extension pgcrypto;
create policy p on core.users using (true);
