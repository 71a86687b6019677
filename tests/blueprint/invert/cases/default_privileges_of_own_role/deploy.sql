create role hc_own;

alter default privileges for role hc_own revoke execute on functions from public;

alter default privileges for role hc_own grant select on tables to public;
