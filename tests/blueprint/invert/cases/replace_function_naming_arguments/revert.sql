drop function core.f(integer);
CREATE OR REPLACE FUNCTION core.f(integer)
 RETURNS integer
 LANGUAGE sql
RETURN $1;
