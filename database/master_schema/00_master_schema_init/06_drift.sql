-- Room blueprint, what everything looks like: one query over the whole catalog in words that do not depend on this database's numbers, the
-- definitions remembered after each run, and what differs from them. The engine runs the same query for its own snapshots.

-- task: BUILD_0019 implement_feature critical
-- title: Detect schema drift by canonical object fingerprints
-- does: blueprint.catalog() reads every object, role and setting canonically; snapshot_fingerprints() remembers them after a run, detect_drift()
--   names what is missing, altered or foreign since, with the task that owns it. A run never blesses what was changed by hand before it.
-- proves: after a snapshot an altered function, a dropped index, a stray table and a grant to PUBLIC are found with kind and task, and nothing else of the
--   probe room is; restoring them clears the findings.
-- needs: BUILD_0006, BUILD_0009
create function blueprint.catalog(only_schema text default null)
  returns table (classid oid, objid oid, objsubid int, object_type text, identity text, definition jsonb)
  language sql stable set search_path = '' set timezone = 'UTC'
as $$
with room as materialized (
  select n.oid, n.nspname, n.nspowner, n.nspacl from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and ($1 is null or n.nspname = $1)),
member as materialized (
  select d.classid, d.objid from pg_depend d where d.deptype = 'e'),
object (classid, objid, objsubid, acl, owner, definition) as (
  select 'pg_namespace'::regclass::oid, n.oid, 0, coalesce(n.nspacl, acldefault('n', n.nspowner)), n.nspowner, jsonb_build_object('name', quote_ident(n.nspname)) from room n
  union all
  select 'pg_class'::regclass, c.oid, 0, coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner)), c.relowner,
    jsonb_strip_nulls(jsonb_build_object('name', format('%I.%I', n.nspname, c.relname), 'kind', c.relkind, 'persistence', nullif(c.relpersistence, 'p'), 'reloptions', c.reloptions,
      'rls', nullif(c.relrowsecurity, false), 'force_rls', nullif(c.relforcerowsecurity, false), 'replica_identity', nullif(nullif(c.relreplident, 'd'), 'n'),
      'partition_key', pg_get_partkeydef(c.oid), 'partition_bound', pg_get_expr(c.relpartbound, c.oid),
      'partition_of', (select jsonb_agg(i.inhparent::regclass::text order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid),
      'def', case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
      'sequence', (select jsonb_build_array(format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle) from pg_sequence s where s.seqrelid = c.oid),
      'owned_by', (select d.refobjid::regclass || '.' || a.attname from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                   where c.relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i'))))
  from pg_class c join room n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
  union all
  select 'pg_class'::regclass, c.oid, a.attnum, a.attacl, null,
    jsonb_strip_nulls(jsonb_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod), 'not_null', nullif(a.attnotnull, false), 'default', pg_get_expr(d.adbin, d.adrelid),
      'generated', nullif(a.attgenerated, ''), 'identity', nullif(a.attidentity, ''), 'options', a.attoptions, 'statistics', a.attstattarget,
      'collation', case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
      'compression', nullif(a.attcompression, ''), 'partition_of', nullif(c.relispartition, false)))
  from pg_class c join room n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind in ('r', 'p', 'f', 'c') or (c.relkind in ('v', 'm') and exists (select from pg_description t where t.objoid = c.oid and t.classoid = 'pg_class'::regclass and t.objsubid = a.attnum))
  union all
  select 'pg_constraint'::regclass, k.oid, 0, null, null,
    jsonb_strip_nulls(jsonb_build_object('name', quote_ident(k.conname), 'def', pg_get_constraintdef(k.oid), 'partition_of', nullif(k.conparentid <> 0 or k.coninhcount > 0, false)))
  from pg_constraint k join room n on n.oid = k.connamespace where k.contype in ('c', 'f', 'p', 'u', 'x')
  union all
  select 'pg_class'::regclass, c.oid, 0, null, c.relowner,
    jsonb_strip_nulls(jsonb_build_object('name', format('%I.%I', n.nspname, c.relname), 'def', pg_get_indexdef(c.oid), 'partition_of', nullif(c.relispartition, false), 'invalid', nullif(not i.indisvalid, false),
      'constraint', nullif(exists (select from pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x')), false)))
  from pg_class c join room n on n.oid = c.relnamespace join pg_index i on i.indexrelid = c.oid
  union all
  select 'pg_proc'::regclass, p.oid, 0, coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner,
    jsonb_strip_nulls(jsonb_build_object('name', format('%I.%I', n.nspname, p.proname), 'def', case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else (select to_jsonb(a) - 'aggfnoid' from pg_aggregate a where a.aggfnoid = p.oid)::text end,
      'signature', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_arguments(p.oid)), 'result', pg_get_function_result(p.oid),
      'returns_set', nullif(p.proretset, false), 'out_arguments', nullif(p.proargmodes && '{o,b,t}'::"char"[], false), 'security_definer', nullif(p.prosecdef, false),
      'volatility', case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end))
  from pg_proc p join room n on n.oid = p.pronamespace
  union all
  select 'pg_type'::regclass, t.oid, 0, coalesce(t.typacl, acldefault('T', t.typowner)), t.typowner,
    jsonb_strip_nulls(jsonb_build_object('name', format('%I.%I', n.nspname, t.typname), 'kind', t.typtype, 'base', case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod) end,
      'not_null', nullif(t.typnotnull, false), 'default', t.typdefault,
      'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      'range', (select format_type(r.rngsubtype, null) from pg_range r where r.rngtypid = t.oid)))
  from pg_type t join room n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where t.typtype in ('d', 'e', 'r', 'b') and t.typcategory <> 'A' or c.relkind = 'c'
  union all
  select 'pg_trigger'::regclass, t.oid, 0, null, null,
    jsonb_strip_nulls(jsonb_build_object('name', quote_ident(t.tgname), 'def', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled, 'partition_of', nullif(t.tgparentid <> 0, false)))
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join room n on n.oid = c.relnamespace where not t.tgisinternal
  union all
  select 'pg_policy'::regclass, p.oid, 0, null, null,
    jsonb_strip_nulls(jsonb_build_object('name', quote_ident(p.polname), 'cmd', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid), 'partition_of', nullif(c.relispartition, false),
      'roles', (select jsonb_agg(case r when 0 then 'public' else r::regrole::text end order by case r when 0 then 'public' else r::regrole::text end) from unnest(p.polroles) r)))
  from pg_policy p join pg_class c on c.oid = p.polrelid join room n on n.oid = c.relnamespace
  union all
  select 'pg_rewrite'::regclass, r.oid, 0, null, null, jsonb_build_object('def', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled)
  from pg_rewrite r join pg_class c on c.oid = r.ev_class join room n on n.oid = c.relnamespace where r.rulename <> '_RETURN'
  union all
  select 'pg_statistic_ext'::regclass, s.oid, 0, null, s.stxowner, jsonb_build_object('def', pg_get_statisticsobjdef(s.oid))
  from pg_statistic_ext s join room n on n.oid = s.stxnamespace
  union all
  select 'pg_operator'::regclass, o.oid, 0, null, o.oprowner, jsonb_build_object('def', o.oprcode::regprocedure::text)
  from pg_operator o join room n on n.oid = o.oprnamespace
  union all
  select 'pg_collation'::regclass, o.oid, 0, null, o.collowner, jsonb_build_array(o.collprovider, o.collcollate, o.colllocale) from pg_collation o join room n on n.oid = o.collnamespace
  union all
  select 'pg_ts_config'::regclass, f.oid, 0, null, f.cfgowner, jsonb_build_object('def', (
    select jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text) order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = f.oid)::text)
  from pg_ts_config f join room n on n.oid = f.cfgnamespace
  union all
  select 'pg_ts_dict'::regclass, f.oid, 0, null, f.dictowner, jsonb_build_object('def', f.dictinitoption) from pg_ts_dict f join room n on n.oid = f.dictnamespace
  union all
  select g.* from (
    select 'pg_cast'::regclass::oid, c.oid, 0, null::aclitem[], null::oid, jsonb_build_object('def', jsonb_build_array(c.castfunc::regprocedure::text, c.castcontext, c.castmethod)::text)
    from pg_cast c where c.oid >= 16384
    union all
    select 'pg_event_trigger'::regclass, e.oid, 0, null, e.evtowner, jsonb_build_object('enabled', e.evtenabled,
      'def', format('create event trigger %I on %s%s execute function %s()', e.evtname, e.evtevent,
        (select ' when tag in (' || string_agg(quote_literal(tag), ', ') || ')' from unnest(e.evttags) tag), e.evtfoid::regproc))
    from pg_event_trigger e
    union all
    select 'pg_extension'::regclass, e.oid, 0, null, null, jsonb_build_object('version', e.extversion, 'schema', e.extnamespace::regnamespace::text) from pg_extension e
    union all
    select 'pg_default_acl'::regclass, d.oid, 0, d.defaclacl, d.defaclrole, jsonb_build_object('kind', d.defaclobjtype) from pg_default_acl d
    union all
    select 'pg_publication'::regclass, p.oid, 0, null, p.pubowner, to_jsonb(p) - 'oid' - 'pubowner' || jsonb_build_object('tables', (
      select jsonb_agg(r.prrelid::regclass::text order by r.prrelid::regclass::text) from pg_publication_rel r where r.prpubid = p.oid)) from pg_publication p
    union all
    select 'pg_foreign_server'::regclass, s.oid, 0, coalesce(s.srvacl, acldefault('S', s.srvowner)), s.srvowner, jsonb_build_object('options', s.srvoptions) from pg_foreign_server s
    union all
    select 'pg_authid'::regclass, r.oid, 0, null, null, to_jsonb(r) - 'oid' - 'rolname' - 'rolpassword'
    from pg_roles r where r.rolname !~ '^pg_'
    union all
    select 'pg_auth_members'::regclass, m.oid, 0, null, null, jsonb_build_array(m.admin_option, m.inherit_option, m.set_option) from pg_auth_members m where m.oid >= 16384
    union all
    select 'pg_database'::regclass, d.oid, 0, coalesce(d.datacl, acldefault('d', d.datdba)), d.datdba, jsonb_build_object('settings', (
      select jsonb_agg(jsonb_build_array(coalesce(nullif(s.setrole, 0)::regrole::text, ''), s.setconfig) order by s.setrole::regrole::text) from pg_db_role_setting s where s.setdatabase = d.oid))
    from pg_database d where d.datname = current_database()) g where $1 is null)
select o.classid, o.objid, o.objsubid, i.type, case when o.classid = 'pg_database'::regclass then 'this database' else i.identity end,
  case jsonb_typeof(o.definition) when 'object' then o.definition else jsonb_build_object('def', o.definition::text) end || jsonb_strip_nulls(jsonb_build_object(
    'owner', o.owner::regrole::text,
    'acl', (select jsonb_agg(jsonb_build_object('grantee', case a.grantee when 0 then 'PUBLIC' else a.grantee::regrole::text end, 'privilege', a.privilege_type, 'grantable', a.is_grantable)
              order by a.grantee = 0, a.grantee::regrole::text, a.privilege_type) from aclexplode(o.acl) a),
    'comment', case when o.classid in ('pg_authid'::regclass, 'pg_database'::regclass)
      then (select d.description from pg_shdescription d where d.objoid = o.objid and d.classoid = o.classid)
      else (select d.description from pg_description d where d.objoid = o.objid and d.classoid = o.classid and d.objsubid = o.objsubid) end))
from object o cross join lateral pg_identify_object(o.classid, o.objid, o.objsubid) i
where i.identity is not null and not exists (select from member m where m.classid = o.classid and m.objid = o.objid)
$$;

create function blueprint.fingerprint(room text) returns table (object_type text, identity text, sha256 bytea)
  language sql stable set search_path = ''
as $$
  select c.object_type, c.identity, sha256(convert_to(c.definition::text, 'UTF8')) from blueprint.catalog(room) c order by 1, 2
$$;

create function blueprint.is_ours(object_type text, identity text) returns boolean
  language sql stable
  return case object_type
    when 'role' then identity ~ '^hc_'
    when 'role membership' then identity ~ '(role|in role) hc_'
    when 'default acl' then identity ~ 'hc_owner'
    when 'database' then true when 'event trigger' then true when 'extension' then true
    else exists (select from blueprint.rooms r
      where starts_with(case when strpos(identity, ' on ') > 0 then regexp_replace(identity, '^.* on ', '') else identity end || '.', r.schema_name || '.')) end;

create function blueprint.detect_drift(run uuid default null, only_schema text default null) returns setof blueprint.drift_findings
  language plpgsql set search_path = ''
as $$
begin
  create temporary table if not exists drift_now (like blueprint.drift_findings) on commit drop;
  delete from pg_temp.drift_now;
  insert into pg_temp.drift_now (id, run_id, kind, object_type, identity, task_id, expected, expected_sha256, found, found_sha256, detected_at)
  with expected as (
    select distinct on (o.object_type, o.identity) o.*
    from blueprint.objects o
    where o.definition is not null and o.dropped_by_task_id is null
      and (only_schema is null or o.identity ~ ('(^| on )' || only_schema || '(\.|$)'))
    order by o.object_type, o.identity, o.dropped_at is null desc, o.fingerprinted_at desc),
  found as materialized (
    select c.*, sha256(convert_to(c.definition::text, 'UTF8')) as sha256 from blueprint.catalog(only_schema) c)
  select uuidv7(), run, case when f.identity is null then 'missing' when e.identity is null then 'foreign' else 'altered' end,
    coalesce(e.object_type, f.object_type), coalesce(e.identity, f.identity),
    coalesce(e.task_id, (
      select t.task_id from blueprint.objects t, lateral (select coalesce(e.identity, f.identity) as identity) o
      where t.dropped_by_task_id is null and t.task_id is not null
        and t.identity = case when o.identity ~ '.+ on .+' then regexp_replace(o.identity, '^.* on ', '')
          when f.object_type = 'index' then (select x.indrelid::regclass::text from pg_catalog.pg_index x where x.indexrelid = f.objid)
          else regexp_replace(o.identity, '\.[^.]+$', '') end
      order by t.object_type in ('table', 'view') desc limit 1)),
    e.definition, e.definition_sha256, f.definition, f.sha256, clock_timestamp()
  from expected e full join found f using (object_type, identity)
  where e.definition_sha256 is distinct from f.sha256
    and (e.identity is not null or blueprint.is_ours(f.object_type, f.identity))
    -- what belongs to a stray table is told by the table
    and not (e.identity is null and f.object_type <> 'table' and exists (
      select from found p where p.object_type = 'table' and not exists (select from expected x where x.object_type = 'table' and x.identity = p.identity)
        and (f.identity like p.identity || '.%' or f.identity like '% on ' || p.identity
          or exists (select from pg_catalog.pg_index x where x.indexrelid = f.objid and x.indrelid = p.objid))))
    -- what went with a dropped table, too
    and not (f.identity is null and e.object_type <> 'table' and exists (
      select from expected p where p.object_type = 'table' and not exists (select from found x where x.object_type = 'table' and x.identity = p.identity)
        and (e.identity like p.identity || '.%' or e.identity like '% on ' || p.identity
          or e.object_type = 'index' and e.definition ->> 'def' like '% ON ' || p.identity || ' %')))
    -- partitions come and go with time
    and not ((e.identity is null or f.identity is null) and coalesce(e.definition, f.definition) ? 'partition_of');
  update blueprint.drift_findings d set resolved_at = clock_timestamp()
  where d.resolved_at is null and (only_schema is null or d.identity ~ ('(^| on )' || only_schema || '(\.|$)'))
    and not exists (select from pg_temp.drift_now n where (n.object_type, n.identity, n.kind) = (d.object_type, d.identity, d.kind));
  insert into blueprint.drift_findings as d select n.* from pg_temp.drift_now n
  on conflict (object_type, identity) where resolved_at is null
  do update set expected = excluded.expected, expected_sha256 = excluded.expected_sha256, found = excluded.found, found_sha256 = excluded.found_sha256;
  return query select * from pg_temp.drift_now;
end $$;

create function blueprint.snapshot_fingerprints(run uuid, keep text[] default '{}', only_schema text default null) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  changed bigint;
begin
  update blueprint.objects o set objid = d.oid  -- a copy of the database is another database
  from pg_catalog.pg_database d where o.object_type = 'database' and o.objid <> d.oid and d.datname = current_database();
  insert into blueprint.objects as o (classid, objid, objsubid, object_type, identity, schema_name, task_id, first_run_id, definition, definition_sha256, fingerprinted_at)
  select c.classid, c.objid, c.objsubid, c.object_type, c.identity, null, null, r.id, c.definition, sha256(convert_to(c.definition::text, 'UTF8')), clock_timestamp()
  from blueprint.catalog(only_schema) c left join blueprint.runs r on r.id = run
  where not c.object_type || ' ' || c.identity = any (keep)
    and blueprint.is_ours(c.object_type, c.identity)
    and not exists (  -- made by hand
      select from blueprint.objects k
      where (k.classid, k.objid, k.objsubid) = (c.classid, c.objid, c.objsubid) and k.dropped_at is null
        and k.task_id is null and k.last_altered_task_id is null and k.definition is null)
  on conflict (classid, objid, objsubid) do update
  set definition = excluded.definition, definition_sha256 = excluded.definition_sha256, fingerprinted_at = excluded.fingerprinted_at, identity = excluded.identity
  where o.definition_sha256 is distinct from excluded.definition_sha256 or o.identity <> excluded.identity;
  get diagnostics changed = row_count;
  return changed;
end $$;

comment on function blueprint.catalog is 'Every object of one schema, or of the database with its roles and settings, in canonical words: no numbers of this database, no order of columns, no statistics. One row an object; aspects name, def, owner, acl, comment and flags can be compared one by one (identity follows a rename by hand, the remembered name does not).';
comment on function blueprint.fingerprint is 'Digest of every object of a schema: equal digests, equal definitions.';
comment on function blueprint.is_ours is 'Whether an object lies in a registered room or is of the kinds the blueprint answers for (hc_ roles, event triggers, extensions, this database).';
comment on function blueprint.detect_drift is 'What differs from the definitions remembered after the last run: missing, altered or foreign, with the owning task (of a foreign object: the task of the table or room it lies in). Writes drift_findings and resolves those that are gone.';
comment on function blueprint.snapshot_fingerprints is 'Remembers the definition of everything that is ours; called by the engine at the end of a run. keep: objects (type identity) that had drifted before it began and stay as remembered.';

-- verify
set local blueprint.recorder = '';
select blueprint.open_room('probe_0019');
create table probe_0019.parts (id int constraint parts_id_pk primary key, name text);
create index parts_name_idx on probe_0019.parts (name);
create function probe_0019.one() returns int language sql immutable return 1;
update blueprint.objects set task_id = 'BUILD_0019' where schema_name = 'probe_0019';
select blueprint.snapshot_fingerprints(null, only_schema => 'probe_0019') > 5;
set local blueprint.task_id = '';
drop index probe_0019.parts_name_idx;
create or replace function probe_0019.one() returns int language sql immutable return 2;
create table probe_0019.stray (id int constraint stray_id_pk primary key);
grant select on probe_0019.parts to public;
alter table probe_0019.parts add column extra int;
select count(*) = 5, bool_and(task_id = 'BUILD_0019'),
  array_agg(kind || ' ' || object_type order by kind, object_type) = '{altered function,altered table,foreign table,foreign table column,missing index}'
from blueprint.detect_drift(null, 'probe_0019');
select count(*) = 5 from blueprint.drift_findings where identity ~ 'probe_0019' and resolved_at is null;
select blueprint.snapshot_fingerprints(null, array(select object_type || ' ' || identity from blueprint.drift_findings where identity ~ 'probe_0019' and resolved_at is null), 'probe_0019') >= 0;
select count(*) = 5 from blueprint.detect_drift(null, 'probe_0019');
create index parts_name_idx on probe_0019.parts (name);
create or replace function probe_0019.one() returns int language sql immutable return 1;
drop table probe_0019.stray;
revoke select on probe_0019.parts from public;
alter table probe_0019.parts drop column extra;
select count(*) = 0 from blueprint.detect_drift(null, 'probe_0019');
select count(*) = 0 from blueprint.drift_findings where identity ~ 'probe_0019' and resolved_at is null;
select count(*) >= 8, bool_and(length(sha256) = 32) from blueprint.fingerprint('probe_0019');
select count(*) = 5 and bool_and(not has_function_privilege('pg_checkpoint', oid, 'execute')) from pg_proc
where pronamespace = 'blueprint'::regnamespace and proname in ('catalog', 'fingerprint', 'is_ours', 'detect_drift', 'snapshot_fingerprints');
