create schema core;
create table core.log (id int constraint log_id_pk primary key, at date) partition by range (id);
create index log_at_idx on core.log (at);
create table core.log_1 (id int not null, at date);
create index log_1_own_idx on core.log_1 (at) where id > 3;
create table core.log_2 partition of core.log for values from (10) to (20);
