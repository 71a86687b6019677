CREATE OR REPLACE FUNCTION core.f(a integer DEFAULT 1)
 RETURNS integer
 LANGUAGE plpgsql
 COST 5
 SET work_mem TO '5MB'
AS $function$ begin return a; end $function$;
CREATE OR REPLACE FUNCTION core.f(a integer DEFAULT 1)
 RETURNS integer
 LANGUAGE plpgsql
 COST 5
 SET work_mem TO '5MB'
AS $function$ begin return a; end $function$;
