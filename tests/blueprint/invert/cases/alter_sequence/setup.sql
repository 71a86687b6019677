create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create sequence core.s as int increment by 2 maxvalue 100 cycle owned by core.users.id;
create sequence core.free;
