alter default privileges for role hc_own revoke select on tables from public;
alter default privileges for role hc_own grant execute on functions to public;
drop role hc_own;
