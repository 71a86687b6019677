drop view core.fresh;
create or replace view core.people with (security_invoker=true, check_option=local) as
 SELECT id,
    name
   FROM core.users;
