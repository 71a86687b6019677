create role hc_a;
create role hc_b;
create schema core;
alter default privileges in schema core grant select on tables to hc_a;
alter default privileges for role hc_b revoke execute on functions from public;
