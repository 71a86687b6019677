drop function core.g();
CREATE OR REPLACE FUNCTION core.f(a integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$ begin return a; end $function$;
