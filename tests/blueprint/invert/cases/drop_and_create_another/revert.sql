drop view core.v;
drop function core.f(integer);
CREATE OR REPLACE FUNCTION core.f(integer)
 RETURNS integer
 LANGUAGE sql
RETURN 1;
create view core.v as
 SELECT core.f(1) AS f;
grant select on table core.v to public;
