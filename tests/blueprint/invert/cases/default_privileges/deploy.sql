alter default privileges in schema core grant select, insert on tables to hc_a;

alter default privileges revoke execute on functions from public;

alter default privileges for role hc_a, hc_b revoke usage on types from public;

alter default privileges for role hc_b grant execute on functions to hc_a with grant option;

alter default privileges for role hc_b in schema core grant usage on sequences to hc_a;

alter default privileges grant usage on schemas to hc_a;
