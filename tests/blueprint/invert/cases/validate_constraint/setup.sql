create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
alter table core.users add constraint users_name_check check (name <> '') not valid;
comment on constraint users_name_check on core.users is 'Named';
