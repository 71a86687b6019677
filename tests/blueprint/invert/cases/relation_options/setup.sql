create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
alter table core.users set (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
create view core.people with (security_barrier = true) as select 1 as x;
create index users_name_idx on core.users (name) with (fillfactor = 60);
