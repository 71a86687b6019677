-- Room blueprint, the kit: opening rooms, walking the task graph, roles shared by a cluster, and the checks that verify blocks are made of;
-- then what people read from the ledger: views, JSONB look-ups and documentation.

-- task: BUILD_0005 create_functions critical
-- title: Build engine functions: open_room, dependency closure, revert_plan and the verification kit
-- does: open_room() makes and registers a schema, closure(), topo_order() and revert_plan() walk task_needs, ensure_role() and release_role()
--   share roles with the other databases of the cluster; raises(), plan_uses() and unindexed_fks() are what verifies are written with.
-- proves: on a five-task graph the plans come in order, a probe that raises leaves no trace, opening a room twice changes nothing,
--   an unindexed foreign key is named, a role that others use outlives its release.
-- needs: BUILD_0002
create function blueprint.open_room(room text, layer int default null, component text default null, contract jsonb default '{}', title text default null) returns void
  language plpgsql set search_path = ''
as $$
begin
  if not exists (select from blueprint.rooms r where r.schema_name = room) then
    execute format('create schema %I authorization hc_owner', room);
  end if;
  if title is not null then
    execute format('comment on schema %I is %L', room, title);
  end if;
  insert into blueprint.rooms as r (schema_name, layer, component, title, contract, opened_by_task)
  values (room, open_room.layer, coalesce(open_room.component, room), open_room.title, open_room.contract,
    (select t.id from blueprint.tasks t where t.id = current_setting('blueprint.task_id', true)))
  on conflict (schema_name) do update
  set layer = excluded.layer, component = excluded.component, title = coalesce(excluded.title, r.title), contract = excluded.contract;
end $$;

create function blueprint.close_room(room text) returns void
  language plpgsql set search_path = ''
as $$
begin
  execute format('drop schema %I', room);
  delete from blueprint.rooms r where r.schema_name = room;
end $$;

create function blueprint.closure(task text) returns table (task_id text, distance int)
  language sql stable
begin atomic
  with recursive reached (task_id, distance) as (
    select n.needs_id, 1 from blueprint.task_needs n where n.task_id = closure.task
    union
    select n.needs_id, r.distance + 1 from reached r join blueprint.task_needs n on n.task_id = r.task_id
  )
  select r.task_id, max(r.distance) from reached r group by r.task_id order by 2, 1;
end;

create function blueprint.revert_plan(task text) returns table (task_id text, step bigint)
  language sql stable
begin atomic
  with recursive dependents (task_id, distance) as (
    select t.id, 0 from blueprint.tasks t where t.id = revert_plan.task
    union
    select n.task_id, d.distance + 1 from dependents d join blueprint.task_needs n on n.needs_id = d.task_id
  )
  select d.task_id, row_number() over (order by max(d.distance) desc, d.task_id desc) from dependents d group by d.task_id order by 2;
end;

create function blueprint.topo_order() returns table (task_id text, step bigint)
  language sql stable
begin atomic
  with recursive layers (task_id, depth) as (
    select t.id, 0 from blueprint.tasks t where t.retired_at is null
      and not exists (select from blueprint.task_needs n where n.task_id = t.id)
    union
    select n.task_id, l.depth + 1 from layers l join blueprint.task_needs n on n.needs_id = l.task_id
  )
  select l.task_id, row_number() over (order by max(l.depth), l.task_id) from layers l group by l.task_id order by 2;
end;

create function blueprint.ensure_role(role text, attributes text, about text, settings text[] default '{}') returns boolean
  language plpgsql set search_path = ''
as $$
declare
  setting text;
begin
  if exists (select from pg_catalog.pg_roles where rolname = role) then
    return false;
  end if;
  execute format('create role %I ', role) || attributes;
  execute format('comment on role %I is %L', role, about);
  foreach setting in array settings loop
    execute format('alter role %I set ', role) || setting;
  end loop;
  return true;
end $$;

create function blueprint.release_role(role text) returns boolean
  language plpgsql set search_path = ''
as $$
begin
  if exists (select from pg_catalog.pg_shdepend d join pg_catalog.pg_database b on b.oid = d.dbid
             where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid in (to_regrole(quote_ident(role)), 'hc_owner'::regrole)
               and b.datname <> current_database()) then
    return false;
  end if;
  execute format('drop role %I', role);
  return true;
end $$;

create function blueprint.raises(sql text, state text, mentions text default null) returns boolean
  language plpgsql set search_path = ''
as $$
declare
  got text; message text; detail text; rule text; field text; relation text;
begin
  execute sql;
  raise sqlstate 'HCOK0' using message = 'nothing was raised, so undo it';
exception when others or query_canceled or assert_failure then
  get stacked diagnostics got = returned_sqlstate, message = message_text, detail = pg_exception_detail,
    rule = constraint_name, field = column_name, relation = table_name;
  if got = '57014' and state <> got then
    raise;  -- somebody cancels the verify itself
  end if;
  return got = state and (mentions is null or strpos(concat_ws(e'\n', message, detail, rule, field, relation), mentions) > 0);
end $$;

create function blueprint.plan_uses(sql text, index text) returns boolean
  language plpgsql set search_path = '' set enable_seqscan = off
as $$
declare
  plan jsonb;
begin
  execute 'explain (format json, costs off) ' || sql into plan;
  return exists (
    select from pg_catalog.jsonb_path_query(plan, 'lax $.**."Index Name"') used
    join pg_catalog.pg_class c on c.relname = used #>> '{}'
    left join pg_catalog.pg_inherits i on i.inhrelid = c.oid
    left join pg_catalog.pg_class parent on parent.oid = i.inhparent
    where index in (c.relname, parent.relname));
end $$;

create function blueprint.unindexed_fks(room text) returns table (table_name text, constraint_name text, columns text[])
  language sql stable
begin atomic
  select c.conrelid::regclass::text, c.conname::text, array(
      select a.attname::text from unnest(c.conkey) with ordinality k(attnum, place)
      join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum order by k.place)
  from pg_catalog.pg_constraint c
  where c.contype = 'f' and c.conparentid = 0 and c.connamespace = to_regnamespace(quote_ident(room))
    and coalesce(obj_description(c.oid, 'pg_constraint'), '') not like '%@unindexed%'
    and not exists (
      select from pg_catalog.pg_index i
      where i.indrelid = c.conrelid and i.indisvalid
        and (string_to_array(i.indkey::text, ' ')::int2[])[:cardinality(c.conkey)] @> c.conkey
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$'))
  order by 1, 2;
end;

create function blueprint.open_to_public(room text) returns table (object_type text, identity text, privilege text)
  language sql stable
begin atomic
  select o.object_type, o.identity, a.privilege_type
  from (
    select 'schema', n.nspname::text, n.oid, coalesce(n.nspacl, acldefault('n', n.nspowner)) from pg_catalog.pg_namespace n where n.nspname = room
    union all
    select 'relation', c.oid::regclass::text, c.oid, c.relacl from pg_catalog.pg_class c where c.relnamespace = to_regnamespace(quote_ident(room))
    union all
    select 'function', p.oid::regprocedure::text, p.oid, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_catalog.pg_proc p where p.pronamespace = to_regnamespace(quote_ident(room))
    union all
    select 'type', t.oid::regtype::text, t.oid, coalesce(t.typacl, acldefault('T', t.typowner)) from pg_catalog.pg_type t
    where t.typnamespace = to_regnamespace(quote_ident(room)) and t.typrelid = 0 and t.typelem = 0
  ) o(object_type, identity, oid, acl), aclexplode(o.acl) a
  where a.grantee = 0 and not exists (select from pg_catalog.pg_depend d where d.objid = o.oid and d.deptype = 'e')
  order by 1, 2, 3;
end;

comment on function blueprint.open_room is 'Creates schema room, owned by hc_owner and closed to everybody else, and registers it with its layer and contract. Again: only the registration is renewed. Undo with close_room().';
comment on function blueprint.close_room is 'Drops the empty schema room and its registration: the revert of open_room().';
comment on function blueprint.closure is 'Every task that task needs, directly or not, with the longest distance to it.';
comment on function blueprint.revert_plan is 'The task and all its dependents in the order to revert them: dependents first.';
comment on function blueprint.topo_order is 'All live tasks, each after everything it needs; ties by id.';
comment on function blueprint.ensure_role is 'Creates a role of the cluster unless it is there (another database may share it). True when it was made. attributes and settings (name = value) are SQL, as in CREATE ROLE and ALTER ROLE SET.';
comment on function blueprint.release_role is 'Drops a role of the cluster unless another database uses it or holds a blueprint of its own. True when it was dropped.';
comment on function blueprint.raises is 'For verifies: true when sql raises that SQLSTATE and message, detail, constraint, column or table contains mentions. What sql did is undone either way.';
comment on function blueprint.plan_uses is 'For verifies: true when the plan of sql, sequential scans switched off, reads the index (or a partition of it). It shows that the index can serve, not that it is chosen at size.';
comment on function blueprint.open_to_public is 'For verifies: what everybody may do with objects of a room (extensions left out). A room is closed: no row.';
comment on function blueprint.unindexed_fks is 'For verifies: foreign keys of a room whose columns lead no index, save those whose comment says @unindexed and why.';

-- verify
insert into blueprint.tasks (id, component, category, action, title, details)
select 'BUILD_900' || n, 'probe', 'probe', 'probe', 'Probe ' || n, '{"behaviour": "b", "verify": "v"}' from generate_series(1, 5) n;
insert into blueprint.task_needs (task_id, needs_id) values
  ('BUILD_9002', 'BUILD_9001'), ('BUILD_9003', 'BUILD_9001'), ('BUILD_9004', 'BUILD_9003'), ('BUILD_9004', 'BUILD_9002'), ('BUILD_9005', 'BUILD_9001'), ('BUILD_9005', 'BUILD_9004');
select array_agg(task_id || '@' || distance order by distance, task_id) = array['BUILD_9002@1', 'BUILD_9003@1', 'BUILD_9001@2'] from blueprint.closure('BUILD_9004');
select array_agg(task_id order by step) = array['BUILD_9005', 'BUILD_9004', 'BUILD_9003', 'BUILD_9002', 'BUILD_9001'] from blueprint.revert_plan('BUILD_9001');
select array_agg(task_id order by step) = array['BUILD_9001', 'BUILD_9002', 'BUILD_9003', 'BUILD_9004', 'BUILD_9005'] from blueprint.topo_order() where task_id like 'BUILD_900_';
select blueprint.raises('select 1 / 0', '22012'), blueprint.raises('select 1 / 0', '22012', 'division'),
  not blueprint.raises('select 1 / 0', '22012', 'overflow'), not blueprint.raises('select 1 / 0', '22003'), not blueprint.raises('select 1', '22012'),
  blueprint.raises($$ insert into blueprint.tasks select * from blueprint.tasks where id = 'BUILD_9001' $$, '23505', 'tasks_id_pk'),
  not blueprint.raises($$ update blueprint.tasks set reason = 'left behind' where id = 'BUILD_9001' $$, '23505');
select reason is null from blueprint.tasks where id = 'BUILD_9001';
select blueprint.open_room('probe_0005', -5, 'probe', '{"provides": ["nothing"]}', 'A probe');
select blueprint.open_room('probe_0005', -6, 'probe', '{"provides": ["something"]}');
select layer = -6, contract @> '{"provides": ["something"]}', obj_description('probe_0005'::regnamespace) = 'A probe',
  (select nspowner = 'hc_owner'::regrole from pg_namespace where nspname = schema_name)
from blueprint.rooms where schema_name = 'probe_0005';
create table probe_0005.parents (id int primary key, code int constraint parents_code_key unique);
create table probe_0005.children (id int, parent_id int constraint children_parent_id_fk references probe_0005.parents, code int references probe_0005.parents (code));
create index children_code_id_idx on probe_0005.children (code, id);
select count(*) = 1, bool_and(constraint_name = 'children_parent_id_fk' and columns = array['parent_id']) from blueprint.unindexed_fks('probe_0005');
select blueprint.plan_uses('select * from probe_0005.children where code = 1', 'children_code_id_idx'),
  not blueprint.plan_uses('select * from probe_0005.children where parent_id = 1', 'children_code_id_idx'),
  current_setting('enable_seqscan') = 'on';
create function probe_0005.one() returns int return 1;
create domain probe_0005.word as text;
select count(*) = 0 from blueprint.open_to_public('probe_0005');
grant usage on schema probe_0005 to public;
grant select on probe_0005.parents to public;
grant execute on function probe_0005.one to public;
grant usage on domain probe_0005.word to public;
select string_agg(object_type || ' ' || privilege, ', ') = 'function EXECUTE, relation SELECT, schema USAGE, type USAGE' from blueprint.open_to_public('probe_0005');
drop function probe_0005.one;
drop domain probe_0005.word;
select count(*) = 0 from blueprint.open_to_public('blueprint');
select blueprint.raises($$ select blueprint.close_room('probe_0005') $$, '2BP01');
drop table probe_0005.children, probe_0005.parents;
select blueprint.close_room('probe_0005');
select to_regnamespace('probe_0005') is null, not exists (select from blueprint.rooms where schema_name = 'probe_0005');
set local role none;
select not blueprint.ensure_role('hc_owner', 'login', 'taken'),
  blueprint.ensure_role('hc_probe_0005', 'noinherit', 'A probe', array['work_mem = ''5MB''']),
  not blueprint.ensure_role('hc_probe_0005', 'login', 'again');
select not rolinherit and not rolcanlogin and rolconfig = array['work_mem=5MB'] and shobj_description(oid, 'pg_authid') = 'A probe'
from pg_roles where rolname = 'hc_probe_0005';
select set_config('probe.released', blueprint.release_role('hc_probe_0005')::text, true);
select current_setting('probe.released')::boolean = (to_regrole('hc_probe_0005') is null)
  and current_setting('probe.released')::boolean = not exists (
    select from pg_shdepend d join pg_database b on b.oid = d.dbid where d.refobjid = 'hc_owner'::regrole and b.datname <> current_database());
