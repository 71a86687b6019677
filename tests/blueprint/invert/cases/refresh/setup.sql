create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create materialized view core.counts as select count(*) as n from core.users with no data;
create materialized view core.full as select 1 as n;
