create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
