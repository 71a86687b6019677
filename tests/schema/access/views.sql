-- Every view of the registered rooms that a role may read, whether it runs as whoever reads it, and its columns.
select n.nspname || '.' || c.relname as name, coalesce('security_invoker=true' = any (c.reloptions), false) as as_reader,
  array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 order by a.attnum) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace join blueprint.rooms r on r.schema_name = n.nspname
where c.relkind in ('v', 'm') and exists (select from unnest(%(roles)s::text[]) role where has_any_column_privilege(role, c.oid, 'select'))
order by 1
