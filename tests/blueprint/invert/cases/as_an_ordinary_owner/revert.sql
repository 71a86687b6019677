drop table attic.old;
drop schema attic;
revoke usage on schema public from hc_a;
revoke select on table core.users from hc_a;
create view core.v as
 SELECT 1 AS x;
CREATE OR REPLACE FUNCTION core.f()
 RETURNS integer
 LANGUAGE sql
RETURN 1;
grant execute on function core.f to hc_a;
comment on function core.f is 'F';
