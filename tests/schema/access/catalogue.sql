-- Every table of the registered rooms: its key, its columns (generated ones apart) and what each role may do with each.
select n.nspname || '.' || c.relname as name,
  array(select a.attname::text from pg_constraint k cross join unnest(k.conkey) with ordinality u(attnum, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum where k.conrelid = c.oid and k.contype = 'p' order by u.place) as key,
  array(select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity <> 'a' order by a.attnum) as columns,
  (select jsonb_object_agg(role, rights) from (
    select r.rolname as role, jsonb_build_object(
      'select', jsonb_agg(a.attname) filter (where has_column_privilege(r.oid, c.oid, a.attnum, 'select')),
      'insert', jsonb_agg(a.attname) filter (where has_column_privilege(r.oid, c.oid, a.attnum, 'insert')),
      'update', jsonb_agg(a.attname) filter (where has_column_privilege(r.oid, c.oid, a.attnum, 'update')),
      'delete', jsonb_agg(a.attname) filter (where has_table_privilege(r.oid, c.oid, 'delete')),
      'other', jsonb_agg(a.attname) filter (where has_table_privilege(r.oid, c.oid, 'truncate, references, trigger, maintain'))) as rights
    from pg_roles r cross join pg_attribute a
    where r.rolname = any (%(roles)s) and a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    group by r.rolname) g) as rights,
  c.relrowsecurity and c.relforcerowsecurity as is_guarded
from pg_class c join pg_namespace n on n.oid = c.relnamespace join blueprint.rooms r on r.schema_name = n.nspname
where c.relkind in ('r', 'p') and not c.relispartition
order by 1
