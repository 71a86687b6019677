create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create table core.notes (id int);
alter table core.notes enable row level security, force row level security;
