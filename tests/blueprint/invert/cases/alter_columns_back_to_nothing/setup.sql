create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
alter table core.users alter column name set not null, alter column name set statistics 9, alter column name set storage main, alter column name set compression pglz, alter column name set (n_distinct = 5, n_distinct_inherited = 3);
alter table core.users add constraint users_born_present not null born;
comment on constraint users_born_present on core.users is 'Born';
