create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create materialized view core.counts with (fillfactor = 70) as select name, count(*) as n from core.users group by 1 with no data;
create unique index counts_name_idx on core.counts (name);
comment on materialized view core.counts is 'C';
comment on column core.counts.n is 'Number';
grant select on core.counts to hc_a;
