-- Every room with its tables, views and functions, in the words of their comments, as one JSON document a room.
-- Names depend on nothing but the schema: no numbers of this database, no statistics, everything in a fixed order.
with room as (
  select n.oid, n.nspname as name, coalesce(r.title, obj_description(n.oid, 'pg_namespace')) as title, coalesce(r.layer, 99) as layer
  from pg_namespace n join blueprint.rooms r on r.schema_name = n.nspname),
relation as (
  select c.*, c.oid as relation from pg_class c join room on room.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')),
maker as (select o.classid, o.objid, o.task_id from blueprint.objects o where o.objsubid = 0 and o.dropped_at is null)
select jsonb_build_object('name', room.name, 'title', room.title, 'layer', room.layer, 'relations', coalesce((
  select jsonb_agg(jsonb_build_object(
    'name', r.relname, 'kind', case r.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
    'comment', obj_description(r.relation, 'pg_class'), 'partition_key', pg_get_partkeydef(r.relation),
    'task', (select m.task_id from maker m where m.classid = 'pg_class'::regclass and m.objid = r.relation),
    'columns', (
      select jsonb_agg(jsonb_build_object('name', a.attname, 'type', replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz'),
        'not_null', a.attnotnull, 'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
        'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end, 'comment', col_description(r.relation, a.attnum),
        'key', exists (select from pg_constraint k where k.conrelid = r.relation and k.contype = 'p' and a.attnum = any (k.conkey))) order by a.attnum)
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = r.relation and a.attnum > 0 and not a.attisdropped),
    'constraints', (
      select jsonb_agg(jsonb_build_object('name', k.conname, 'kind', k.contype, 'definition', pg_get_constraintdef(k.oid),
        'columns', (select jsonb_agg(a.attname order by u.place) from unnest(k.conkey) with ordinality u(attnum, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum),
        'references', case when k.contype = 'f' then (select format('%s.%s', n.nspname, f.relname) from pg_class f join pg_namespace n on n.oid = f.relnamespace where f.oid = k.confrelid) end,
        'comment', obj_description(k.oid, 'pg_constraint')) order by array_position(array['p', 'u', 'f', 'c', 'x', 't'], k.contype::text), k.conname)
      from pg_constraint k where k.conrelid = r.relation and k.contype <> 'n' and k.conparentid = 0),
    'indexes', (
      select jsonb_agg(jsonb_build_object('name', i.relname, 'definition', regexp_replace(pg_get_indexdef(x.indexrelid), '^.* USING ', ''), 'unique', x.indisunique,
        'comment', obj_description(x.indexrelid, 'pg_class')) order by i.relname)
      from pg_index x join pg_class i on i.oid = x.indexrelid
      where x.indrelid = r.relation and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))),
    'policies', (
      select jsonb_agg(jsonb_build_object('name', p.polname, 'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        'permissive', p.polpermissive, 'roles', (select jsonb_agg(case q when 0 then 'public' else q::regrole::text end order by q::regrole::text) from unnest(p.polroles) q),
        'comment', obj_description(p.oid, 'pg_policy')) order by p.polname)
      from pg_policy p where p.polrelid = r.relation and p.polname <> 'owner_all'),
    'triggers', (
      select jsonb_agg(jsonb_build_object('name', t.tgname, 'definition', regexp_replace(pg_get_triggerdef(t.oid), '^CREATE (CONSTRAINT )?TRIGGER \S+ ', ''),
        'comment', obj_description(t.oid, 'pg_trigger')) order by t.tgname)
      from pg_trigger t where t.tgrelid = r.relation and not t.tgisinternal and t.tgparentid = 0)) order by r.relkind in ('v', 'm'), r.relname)
  from relation r where r.relnamespace = room.oid), '[]'), 'functions', coalesce((
  select jsonb_agg(jsonb_build_object('name', p.proname, 'arguments', pg_get_function_identity_arguments(p.oid), 'result', pg_get_function_result(p.oid),
    'definer', p.prosecdef, 'comment', obj_description(p.oid, 'pg_proc'),
    'task', (select m.task_id from maker m where m.classid = 'pg_proc'::regclass and m.objid = p.oid),
    'roles', (select jsonb_agg(a.grantee::regrole::text order by a.grantee::regrole::text) from aclexplode(p.proacl) a where a.grantee not in (0, p.proowner))) order by p.proname, pg_get_function_identity_arguments(p.oid))
  from pg_proc p where p.pronamespace = room.oid and p.prorettype <> 'trigger'::regtype and p.prorettype <> 'event_trigger'::regtype
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')), '[]'))
from room order by room.layer, room.name
