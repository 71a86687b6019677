CREATE OR REPLACE PROCEDURE core.p()
 LANGUAGE plpgsql
AS $procedure$ begin end $procedure$;
CREATE OR REPLACE FUNCTION core.f(a integer, b text DEFAULT 'x'::text)
 RETURNS integer
 LANGUAGE sql
RETURN a;
alter function core.f owner to hc_b;
revoke execute on function core.f from public;
grant execute on function core.f to hc_a;
comment on function core.f is 'F';
