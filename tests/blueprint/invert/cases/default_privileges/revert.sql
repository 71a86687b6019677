alter default privileges revoke usage on schemas from hc_a;
alter default privileges for role hc_b in schema core revoke usage on sequences from hc_a;
alter default privileges for role hc_b revoke execute on functions from hc_a;
alter default privileges for role hc_b grant usage on types to public;
alter default privileges for role hc_a grant usage on types to public;
alter default privileges grant execute on functions to public;
alter default privileges in schema core revoke insert on tables from hc_a;
