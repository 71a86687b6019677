-- What the rooms hold, without PostgreSQL's own and without members of extensions.
with room as (
  select oid from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public'))
select
  (select count(*) from room) as rooms,
  (select count(*) from pg_class where relnamespace in (table room) and relkind in ('r', 'p') and not relispartition) as tables,
  (select count(*) from pg_class where relnamespace in (table room) and relkind in ('v', 'm')) as views,
  (select count(*) from pg_class c where relnamespace in (table room) and relkind in ('i', 'I') and not relispartition) as indexes,
  (select count(*) from pg_constraint where connamespace in (table room) and contype in ('c', 'f', 'x', 'u', 'p') and coninhcount = 0) as constraints,
  (select count(*) from pg_proc p where pronamespace in (table room)
     and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')) as functions,
  (select count(*) from pg_trigger t join pg_class c on c.oid = t.tgrelid where not tgisinternal and tgparentid = 0 and relnamespace in (table room)) as triggers,
  (select count(*) from pg_policy p join pg_class c on c.oid = p.polrelid where relnamespace in (table room) and not relispartition) as policies
