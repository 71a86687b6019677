create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create unique index users_id_idx on core.users (id);
create table core.other (id int not null);
create unique index other_id_idx on core.other (id);
alter table core.other replica identity using index other_id_idx, cluster on other_id_idx;
