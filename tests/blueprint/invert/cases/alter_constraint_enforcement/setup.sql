create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create table core.orders (user_id int constraint orders_user_id_fk references core.users not enforced);
