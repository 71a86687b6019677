drop function core.f(integer, integer);
CREATE OR REPLACE FUNCTION core.f(a integer, b integer)
 RETURNS integer
 LANGUAGE sql
RETURN a;
alter function core.f(integer, integer) owner to hc_b;
revoke execute on function core.f(integer, integer) from public;
grant execute on function core.f(integer, integer) to hc_a with grant option;
comment on function core.f(integer, integer) is 'F''s';
