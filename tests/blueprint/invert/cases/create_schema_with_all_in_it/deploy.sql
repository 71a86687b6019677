create schema core authorization hc_a;

create table core.users (id int);

create view core.people as select id from core.users;

grant usage on schema core to hc_b;

grant select on all tables in schema core to hc_b;

alter default privileges in schema core grant select on tables to hc_b;
