create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create view core.people with (security_barrier = true) as select id, name from core.users;
comment on view core.people is 'People';
comment on column core.people.id is 'Number';
grant select on core.people to hc_a;
grant update (name) on core.people to hc_b;
alter view core.people alter column name set default 'n';
alter view core.people owner to hc_b;
