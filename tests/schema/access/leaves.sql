-- Leaf partitions that a role may use by their own name, past the policies of their parent.
select role || ' on ' || c.oid::regclass
from pg_class c join pg_namespace n on n.oid = c.relnamespace join blueprint.rooms r on r.schema_name = n.nspname cross join unnest(%(roles)s::text[]) role
where c.relispartition and (has_any_column_privilege(role, c.oid, 'select, insert, update, references') or has_table_privilege(role, c.oid, 'delete, truncate, trigger, maintain'))
