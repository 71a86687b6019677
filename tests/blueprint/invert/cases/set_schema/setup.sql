create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create schema attic;
create function core.f(int) returns int return 1;
create domain core.email as text;
