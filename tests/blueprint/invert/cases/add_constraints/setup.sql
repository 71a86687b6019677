create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create table core.orders (id int, user_id int);
