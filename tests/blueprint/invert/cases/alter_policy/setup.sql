create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create policy p on core.users as restrictive for update to hc_a, hc_b using (id = 1);
comment on policy p on core.users is 'Own';
