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
  language plpgsql set search_path = '' set enable_seqscan = off set enable_indexscan = on set enable_indexonlyscan = on set enable_sort = on set enable_bitmapscan = on
as $$
declare
  plan jsonb;
begin
  for attempt in 1 .. 3 loop
    execute 'explain (format json, costs off) ' || sql into plan;
    if exists (
      select from pg_catalog.jsonb_path_query(plan, 'lax $.**."Index Name"') used
      join pg_catalog.pg_class c on c.relname = used #>> '{}'
      left join pg_catalog.pg_inherits i on i.inhrelid = c.oid
      left join pg_catalog.pg_class parent on parent.oid = i.inhparent
      where index in (c.relname, parent.relname))
    then
      return true;
    end if;
    if attempt = 1 then  -- in a table of one page any other index is as cheap: ask for the one that brings the order, then leave only bitmaps
      set local enable_sort = off;
      set local enable_bitmapscan = off;
    else
      set local enable_sort = on;
      set local enable_bitmapscan = on;
      set local enable_indexscan = off;
      set local enable_indexonlyscan = off;
    end if;
  end loop;
  return false;
end $$;

create function blueprint.unindexed_fks(room text) returns table (table_name text, constraint_name text, columns text[])
  language sql stable
begin atomic
  select c.conrelid::regclass::text, c.conname::text, array(
      select a.attname::text from unnest(c.conkey) with ordinality k(attnum, place)
      join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum order by k.place)
  from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace and n.nspname = room
  where c.contype = 'f' and c.conparentid = 0
    and coalesce(obj_description(c.oid, 'pg_constraint'), '') not like '%@unindexed%'
    and not exists (
      select from pg_catalog.pg_index i
      where i.indrelid = c.conrelid and i.indisvalid
        and (string_to_array(i.indkey::text, ' ')::int2[])[:cardinality(c.conkey)] @> c.conkey
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$'))
  order by 1, 2;
end;

create function blueprint.open_to_public(room text, variadic names text[] default '{}') returns table (object_type text, identity text, privilege text)
  language sql stable
begin atomic
  with schema as (select n.* from pg_catalog.pg_namespace n where n.nspname = room)
  select o.object_type, o.identity, a.privilege_type
  from (
    select 'schema' as object_type, s.nspname as name, s.nspname::text as identity, s.oid as oid, coalesce(s.nspacl, acldefault('n', s.nspowner)) as acl from schema s
    union all
    select 'relation' as object_type, c.relname, c.oid::regclass::text, c.oid, c.relacl from pg_catalog.pg_class c join schema s on s.oid = c.relnamespace
    union all
    select 'function' as object_type, p.proname, p.oid::regprocedure::text, p.oid, coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_catalog.pg_proc p join schema s on s.oid = p.pronamespace
    union all
    select 'type' as object_type, t.typname, t.oid::regtype::text, t.oid, coalesce(t.typacl, acldefault('T', t.typowner))
    from pg_catalog.pg_type t join schema s on s.oid = t.typnamespace where t.typrelid = 0 and t.typelem = 0
  ) o, aclexplode(o.acl) a
  where a.grantee = 0 and (names = '{}' or o.name = any (names))
    and not exists (select from pg_catalog.pg_depend d where d.objid = o.oid and d.deptype = 'e')
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
comment on function blueprint.plan_uses is 'For verifies: true when the plan of sql, sequential scans switched off (then plain index scans too), reads the index or a partition of it. It shows that the index can serve, not that it is chosen at size.';
comment on function blueprint.open_to_public is 'For verifies: what everybody (PUBLIC) may do with a room and its objects, or with those named; members of extensions left out. Closed is: no row.';
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
  current_setting('enable_seqscan') = 'on' and current_setting('enable_indexscan') = 'on';
create function probe_0005.one() returns int return 1;
create domain probe_0005.word as text;
select count(*) = 0 from blueprint.open_to_public('probe_0005');
grant usage on schema probe_0005 to public;
grant select on probe_0005.parents to public;
grant execute on function probe_0005.one to public;
grant usage on domain probe_0005.word to public;
select string_agg(object_type || ' ' || privilege, ', ') = 'function EXECUTE, relation SELECT, schema USAGE, type USAGE' from blueprint.open_to_public('probe_0005');
select count(*) = 1 from blueprint.open_to_public('probe_0005', 'one', 'children');
drop function probe_0005.one;
drop domain probe_0005.word;
select count(*) = 0 from blueprint.open_to_public('blueprint', 'open_room', 'close_room', 'closure', 'revert_plan', 'topo_order', 'ensure_role',
  'release_role', 'raises', 'plan_uses', 'unindexed_fks', 'open_to_public');
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

-- task: BUILD_0007 create_views high
-- title: Publish views progress, ready, timeline, slowest and object_owners
-- does: Five views over the ledger answer how far the build is, what can be deployed next, what each run did, what is slow and who owns an object.
--   hc_monitor, hc_auditor and hc_admin may read them and the seven tables behind them.
-- proves: in a toy ledger of three tasks with one verified, progress shows 33.3, ready names exactly the task whose need is met, timeline and slowest add up,
--   object_owners leads from object to room; staff read all of it and write none, hc_member reads nothing.
-- needs: BUILD_0002, BUILD_0011
create view blueprint.progress with (security_invoker = true) as
  select t.component, count(*) as total,
    count(*) filter (where t.status = 'applied') as deployed,
    count(*) filter (where t.status = 'applied' and t.verified_at is not null) as verified,
    count(*) filter (where t.status = 'failed') as failed,
    round(100.0 * count(*) filter (where t.status = 'applied' and t.verified_at is not null) / count(*), 1) as pct
  from blueprint.tasks t where t.retired_at is null
  group by t.component;

create view blueprint.ready with (security_invoker = true) as
  select t.seq, t.id, t.component, t.title
  from blueprint.tasks t
  where t.status in ('written', 'failed') and t.retired_at is null
    and not exists (select from blueprint.task_needs n join blueprint.tasks need on need.id = n.needs_id
                    where n.task_id = t.id and (need.status <> 'applied' or need.verified_at is null));

create view blueprint.timeline with (security_invoker = true) as
  select r.id as run_id, r.kind, r.status, r.started_at, r.finished_at - r.started_at as took, r.git_commit, r.actor,
    count(*) filter (where t.phase = 'deploy' and t.status = 'succeeded') as deployed,
    count(*) filter (where t.phase = 'revert' and t.status = 'succeeded') as reverted,
    count(*) filter (where t.status = 'failed') as failed,
    sum(t.duration_ms) as task_ms
  from blueprint.runs r left join blueprint.task_runs t on t.run_id = r.id
  group by r.id;

create view blueprint.slowest with (security_invoker = true) as
  select distinct on (t.task_id, t.phase) t.task_id, k.title, t.phase, t.duration_ms as latest_ms, all_runs.median_ms, all_runs.times
  from blueprint.task_runs t
  join blueprint.tasks k on k.id = t.task_id
  join (select task_id, phase, percentile_cont(0.5) within group (order by duration_ms) as median_ms, count(*) as times
        from blueprint.task_runs where status = 'succeeded' group by task_id, phase) all_runs using (task_id, phase)
  where t.status = 'succeeded'
  order by t.task_id, t.phase, t.finished_at desc;

create view blueprint.object_owners with (security_invoker = true) as
  select o.object_type, o.identity, o.task_id, t.title, t.component, t.details ->> 'file' as file, (t.details ->> 'line')::int as line,
    r.schema_name as room, o.last_altered_task_id, o.last_altered_at
  from blueprint.objects o
  left join blueprint.tasks t on t.id = o.task_id
  left join blueprint.rooms r on r.schema_name = o.schema_name
  where o.dropped_at is null;

create policy rooms_select on blueprint.rooms for select to hc_monitor, hc_auditor, hc_admin using (true);
create policy tasks_select on blueprint.tasks for select to hc_monitor, hc_auditor, hc_admin using (true);
create policy task_needs_select on blueprint.task_needs for select to hc_monitor, hc_auditor, hc_admin using (true);
create policy runs_select on blueprint.runs for select to hc_monitor, hc_auditor, hc_admin using (true);
create policy task_runs_select on blueprint.task_runs for select to hc_monitor, hc_auditor, hc_admin using (true);
create policy objects_select on blueprint.objects for select to hc_monitor, hc_auditor, hc_admin using (true);
create policy drift_findings_select on blueprint.drift_findings for select to hc_monitor, hc_auditor, hc_admin using (true);

grant select on blueprint.rooms, blueprint.tasks, blueprint.task_needs, blueprint.runs, blueprint.task_runs, blueprint.objects, blueprint.drift_findings,
    blueprint.progress, blueprint.ready, blueprint.timeline, blueprint.slowest, blueprint.object_owners
  to hc_monitor, hc_auditor, hc_admin;

comment on view blueprint.progress is 'How far each component is: tasks in all, deployed, verified, failed, percent verified.';
comment on view blueprint.ready is 'Tasks that could be deployed now: not deployed, and all they need is verified. Order by seq.';
comment on view blueprint.timeline is 'One row a run: what it did, how long it took, from which commit.';
comment on view blueprint.slowest is 'Latest duration of each task and phase beside its median. Order by latest_ms desc.';
comment on view blueprint.object_owners is 'Live objects with the task, file and line that made them, and their room.';
comment on policy rooms_select on blueprint.rooms is 'Staff read the ledger.';
comment on policy tasks_select on blueprint.tasks is 'Staff read the ledger.';
comment on policy task_needs_select on blueprint.task_needs is 'Staff read the ledger.';
comment on policy runs_select on blueprint.runs is 'Staff read the ledger.';
comment on policy task_runs_select on blueprint.task_runs is 'Staff read the ledger.';
comment on policy objects_select on blueprint.objects is 'Staff read the ledger.';
comment on policy drift_findings_select on blueprint.drift_findings is 'Staff read the ledger.';

-- verify
insert into blueprint.tasks (id, component, category, action, title, details, seq, status, applied_at, verified_at)
select 'BUILD_900' || n, 'probe_0007', 'probe', 'probe', 'Probe ' || n, '{"behaviour": "b", "verify": "v", "file": "probe.sql", "line": 7}', 900000 + n,
  case n when 1 then 'applied' else 'written' end, case n when 1 then now() end, case n when 1 then now() end from generate_series(1, 3) n;
insert into blueprint.task_needs values ('BUILD_9002', 'BUILD_9001'), ('BUILD_9003', 'BUILD_9002');
insert into blueprint.rooms (schema_name, component) values ('probe_0007', 'probe_0007');
insert into blueprint.objects (classid, objid, objsubid, object_type, identity, schema_name, task_id, dropped_at)
values ('pg_class'::regclass, 7, 1, 'probe', 'probe_0007.live', 'probe_0007', 'BUILD_9001', null), ('pg_class'::regclass, 7, 2, 'probe', 'probe_0007.gone', 'probe_0007', 'BUILD_9001', now());
insert into blueprint.runs (id, kind, status, started_at, finished_at, git_commit)
values ('00000000-0000-7000-8000-000000000007', 'verify', 'failed', '2026-01-01 00:00:00+00', '2026-01-01 00:00:09+00', 'abc123');
insert into blueprint.task_runs (run_id, task_id, phase, status, started_at, finished_at)
select '00000000-0000-7000-8000-000000000007', 'BUILD_9001', phase, status, '2026-01-01 00:00:00+00'::timestamptz, '2026-01-01 00:00:00+00'::timestamptz + seconds * interval '1 second'
from (values ('deploy', 'succeeded', 1), ('deploy', 'succeeded', 2), ('deploy', 'succeeded', 6), ('revert', 'succeeded', 1), ('verify', 'failed', 4)) v(phase, status, seconds);
insert into blueprint.drift_findings (kind, object_type, identity, found) values ('foreign', 'probe', 'probe_0007.live', '{}');
set local role hc_monitor;
select total = 3 and deployed = 1 and verified = 1 and failed = 0 and pct = 33.3 from blueprint.progress where component = 'probe_0007';
select array_agg(id) = array['BUILD_9002'] from blueprint.ready where component = 'probe_0007';
select took = interval '9 seconds' and deployed = 3 and reverted = 1 and failed = 1 and task_ms = 14000 and git_commit = 'abc123' from blueprint.timeline where run_id = '00000000-0000-7000-8000-000000000007';
select count(*) = 2, bool_and(phase <> 'deploy' or latest_ms = 6000 and median_ms = 2000 and times = 3) from blueprint.slowest where task_id = 'BUILD_9001';
select count(*) = 1, bool_and(identity = 'probe_0007.live' and component = 'probe_0007' and room = 'probe_0007' and file = 'probe.sql' and line = 7) from blueprint.object_owners where task_id = 'BUILD_9001';
select exists (select from blueprint.rooms), exists (select from blueprint.tasks), exists (select from blueprint.task_needs), exists (select from blueprint.runs),
  exists (select from blueprint.task_runs), exists (select from blueprint.objects), exists (select from blueprint.drift_findings);
set local role hc_owner;
select role, name, has_table_privilege(role, 'blueprint.' || name, 'select') and not has_table_privilege(role, 'blueprint.' || name, 'insert, update, delete, truncate')
from unnest(array['hc_monitor', 'hc_auditor', 'hc_admin']) role,
  unnest(array['rooms', 'tasks', 'task_needs', 'runs', 'task_runs', 'objects', 'drift_findings', 'progress', 'ready', 'timeline', 'slowest', 'object_owners']) name;
select bool_and(not has_table_privilege('hc_member', oid, 'select')) from pg_class where relnamespace = 'blueprint'::regnamespace and relkind in ('r', 'v');
set local role hc_auditor;
select exists (select from blueprint.tasks);
set local role hc_admin;
select exists (select from blueprint.tasks);

-- task: BUILD_0008 create_jsonb_indexes medium
-- title: Index task details JSONB and find tasks by what they produce
-- does: producers(kind, name) answers which task makes an object, rooms_requiring(name) which rooms stand on another, both through a GIN index.
-- proves: a planted task is found by what it produces and not by what it does not, a planted room by what it requires, and the plans read the two indexes.
-- needs: BUILD_0005
create index tasks_details_idx on blueprint.tasks using gin (details jsonb_path_ops);

create index rooms_contract_idx on blueprint.rooms using gin (contract jsonb_path_ops);

create function blueprint.producers(kind text, name text) returns setof text
  language sql stable
begin atomic
  select t.id from blueprint.tasks t
  where t.details @> jsonb_build_object('produces', jsonb_build_array(jsonb_build_object('kind', producers.kind, 'name', producers.name)))
  order by t.id;
end;

create function blueprint.rooms_requiring(name text) returns setof text
  language sql stable
begin atomic
  select r.schema_name from blueprint.rooms r
  where r.contract @> jsonb_build_object('requires', jsonb_build_array(rooms_requiring.name))
  order by r.schema_name;
end;

comment on index blueprint.tasks_details_idx is 'Who makes this object: blueprint.producers().';
comment on index blueprint.rooms_contract_idx is 'Who stands on this room: blueprint.rooms_requiring().';
comment on function blueprint.producers is 'Tasks whose blocks make the object, say producers(''function'', ''blueprint.closure'').';
comment on function blueprint.rooms_requiring is 'Rooms whose contract requires the named room or table.';

-- verify
insert into blueprint.tasks (id, component, category, action, title, details) values
  ('BUILD_9008', 'probe', 'probe', 'probe', 'Probe 8', '{"behaviour": "b", "verify": "v", "produces": [{"kind": "table", "name": "probe.things"}, {"kind": "function", "name": "probe.one"}]}'),
  ('BUILD_9009', 'probe', 'probe', 'probe', 'Probe 9', '{"behaviour": "b", "verify": "v", "produces": [{"kind": "function", "name": "probe.two"}]}');
insert into blueprint.rooms (schema_name, component, contract) values ('probe_0008', 'probe', '{"requires": ["probe.things", "core"]}');
select array_agg(id) = array['BUILD_9008'] from blueprint.producers('function', 'probe.one') id;
select count(*) = 0 from blueprint.producers('table', 'probe.one');
select array_agg(room) = array['probe_0008'] from blueprint.rooms_requiring('probe.things') room;
select blueprint.plan_uses($$ select * from blueprint.producers('function', 'probe.one') $$, 'tasks_details_idx'),
  blueprint.plan_uses($$ select * from blueprint.rooms_requiring('core') $$, 'rooms_contract_idx');
select count(*) = 0 from blueprint.open_to_public('blueprint', 'producers', 'rooms_requiring');

-- task: BUILD_0010 add_comments high
-- title: Document the ledger and add the comment contract: undocumented() and annotations()
-- does: Every table and column of the ledger says what it holds. undocumented(room) lists objects without a comment; annotations(table) reads the
--   tags in comments (@pii, @secret, @retention 14 months, @distribution club_id) for masking, API documents and sharding.
-- proves: the ledger has nothing undocumented, each kind of object without a comment shows up in a probe room, tags are read from a table and its columns.
-- needs: BUILD_0002, BUILD_0005
create function blueprint.undocumented(room text) returns table (object_type text, identity text)
  language sql stable
begin atomic
  with schema as (select n.oid from pg_catalog.pg_namespace n where n.nspname = room),
  relation as (select c.* from pg_catalog.pg_class c join schema s on s.oid = c.relnamespace where not c.relispartition)
  select i.type, i.identity
  from (
    select 'pg_catalog.pg_namespace'::regclass, s.oid, 0 from schema s
    union all
    select 'pg_catalog.pg_class'::regclass, r.oid, 0 from relation r where r.relkind in ('r', 'p', 'f', 'v', 'm')
    union all
    select 'pg_catalog.pg_class'::regclass, r.oid, 0 from relation r
    where r.relkind in ('i', 'I') and not exists (select from pg_catalog.pg_constraint k where k.conindid = r.oid)
    union all
    select 'pg_catalog.pg_class'::regclass, r.oid, a.attnum from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    where r.relkind in ('r', 'p', 'f')
    union all
    select 'pg_catalog.pg_policy'::regclass, p.oid, 0 from relation r join pg_catalog.pg_policy p on p.polrelid = r.oid
    union all
    select 'pg_catalog.pg_trigger'::regclass, t.oid, 0 from relation r join pg_catalog.pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
    union all
    select 'pg_catalog.pg_proc'::regclass, p.oid, 0 from pg_catalog.pg_proc p join schema s on s.oid = p.pronamespace
    union all
    select 'pg_catalog.pg_type'::regclass, t.oid, 0 from pg_catalog.pg_type t join schema s on s.oid = t.typnamespace
    where t.typtype in ('d', 'e', 'r') or t.typrelid in (select r.oid from relation r where r.relkind = 'c')
  ) o(classid, objid, objsubid), pg_identify_object(o.classid, o.objid, o.objsubid) i
  where not exists (select from pg_catalog.pg_description d where d.classoid = o.classid and d.objoid = o.objid and d.objsubid = o.objsubid)
    and not exists (select from pg_catalog.pg_depend e where e.classid = o.classid and e.objid = o.objid and e.deptype = 'e')
  order by 1, 2;
end;

create function blueprint.annotations(relation regclass) returns table (column_name text, tag text, value text)
  language sql stable
begin atomic
  select a.attname::text, m.tag[1], nullif(btrim(m.tag[2], ' .'), '')
  from pg_catalog.pg_description d
  left join pg_catalog.pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0,
  lateral regexp_matches(d.description, '(?:^|\s)@([a-z][a-z_]*)((?:(?!\s@)[^\n;])*)', 'g') m(tag)
  where d.classoid = 'pg_catalog.pg_class'::regclass and d.objoid = relation
  order by d.objsubid, m.tag[1];
end;

comment on function blueprint.undocumented is 'Schema, tables, columns, views, indexes, policies, triggers, functions and types of a room that have no comment. Partitions, indexes of constraints and members of extensions are left out.';
comment on function blueprint.annotations is 'Tags in the comments of a table and its columns (column_name null: the table): @tag, then its value up to the next tag, a semicolon or the end of the line.';

comment on table blueprint.rooms is 'A room is a schema with an owner, a contract and a place among the layers. @distribution local';
comment on column blueprint.rooms.schema_name is 'The schema.';
comment on column blueprint.rooms.layer is 'Place among the layers of the build, null for rooms outside of them.';
comment on column blueprint.rooms.component is 'Component whose tasks fill the room.';
comment on column blueprint.rooms.title is 'What the room is, in a few words.';
comment on column blueprint.rooms.owner_role is 'Role that owns what is in it.';
comment on column blueprint.rooms.contract is 'What the room promises: provides, requires, rls, retention, rls_exempt {table: reason}.';
comment on column blueprint.rooms.opened_by_task is 'Task that opened it, null for the ledger itself.';
comment on column blueprint.rooms.opened_at is 'When it was opened.';

comment on table blueprint.tasks is 'The blueprint as the database knows it: every task with its state. @distribution local';
comment on column blueprint.tasks.id is 'BUILD_nnnn.';
comment on column blueprint.tasks.component is 'Component: one file or folder of the blueprint.';
comment on column blueprint.tasks.category is 'Category of the component, such as master_schema_build.';
comment on column blueprint.tasks.action is 'Kind of change, such as create_indexes.';
comment on column blueprint.tasks.title is 'What the task does, as a title.';
comment on column blueprint.tasks.details is 'behaviour, verify, produces [{kind, name}], file, line.';
comment on column blueprint.tasks.deploy_sha256 is 'Digest of the deploy SQL as applied, null until then.';
comment on column blueprint.tasks.verify_sha256 is 'Digest of the verify SQL as applied.';
comment on column blueprint.tasks.revert_sha256 is 'Digest of the SQL that undoes it.';
comment on column blueprint.tasks.deploy_sql is 'What was applied.';
comment on column blueprint.tasks.revert_sql is 'What undoes it, worked out when it was applied.';
comment on column blueprint.tasks.status is 'pending: no block yet; written; applied; failed; unavailable: this server cannot (see reason).';
comment on column blueprint.tasks.applied_at is 'When it was applied.';
comment on column blueprint.tasks.verified_at is 'When its verify last passed.';
comment on column blueprint.tasks.reason is 'Why it failed or is unavailable.';
comment on column blueprint.tasks.seq is 'Place in the order of the build.';
comment on column blueprint.tasks.retired_at is 'When it left the blueprint.';

comment on table blueprint.task_needs is 'Which task stands on which: the acyclic graph that gives the order. @distribution local';
comment on column blueprint.task_needs.task_id is 'The task.';
comment on column blueprint.task_needs.needs_id is 'What must be there before it.';

comment on table blueprint.runs is 'Every run of the engine. @distribution local';
comment on column blueprint.runs.id is 'Version 7 id, in order of time.';
comment on column blueprint.runs.kind is 'plan, apply, verify, revert or drift.';
comment on column blueprint.runs.status is 'running, succeeded, failed or aborted (its session died).';
comment on column blueprint.runs.started_at is 'Start.';
comment on column blueprint.runs.finished_at is 'End, null while it runs.';
comment on column blueprint.runs.git_commit is 'Commit of the blueprint.';
comment on column blueprint.runs.actor is 'Database login that ran it.';
comment on column blueprint.runs.server_version is 'Version of the server.';
comment on column blueprint.runs.options is 'What it was asked to do.';
comment on column blueprint.runs.lock_key is 'Advisory lock it held.';
comment on column blueprint.runs.backend_pid is 'Its session: when that is gone, so is the run.';

comment on table blueprint.task_runs is 'What each run did to each task; a log. @distribution local';
comment on column blueprint.task_runs.id is 'Version 7 id, in order of time.';
comment on column blueprint.task_runs.run_id is 'The run.';
comment on column blueprint.task_runs.task_id is 'The task.';
comment on column blueprint.task_runs.phase is 'deploy, verify or revert.';
comment on column blueprint.task_runs.status is 'succeeded or failed.';
comment on column blueprint.task_runs.attempt is 'Which try it was: locks are tried for again.';
comment on column blueprint.task_runs.started_at is 'Start.';
comment on column blueprint.task_runs.finished_at is 'End.';
comment on column blueprint.task_runs.duration_ms is 'Milliseconds between them.';
comment on column blueprint.task_runs.sqlstate is 'SQLSTATE of the failure.';
comment on column blueprint.task_runs.error is 'The failure: message, file, line and what else is known.';
comment on column blueprint.task_runs.script_sha256 is 'Digest of what was run.';
comment on column blueprint.task_runs.notices is 'What the server said on the way.';

comment on table blueprint.objects is 'Every catalog object of the build and the task that owns it; also what was made, altered or dropped by hand. @distribution local';
comment on column blueprint.objects.classid is 'Catalog the object is in.';
comment on column blueprint.objects.objid is 'Its number there; changes when the database is restored.';
comment on column blueprint.objects.objsubid is 'Number of the column, else 0.';
comment on column blueprint.objects.object_type is 'Type as pg_identify_object() names it.';
comment on column blueprint.objects.identity is 'Name as pg_identify_object() gives it.';
comment on column blueprint.objects.schema_name is 'Schema it lies in.';
comment on column blueprint.objects.task_id is 'Task that made it and owns it, null when it was made by hand.';
comment on column blueprint.objects.first_run_id is 'Run in which it was made.';
comment on column blueprint.objects.created_at is 'When it was first seen.';
comment on column blueprint.objects.last_altered_task_id is 'Task that changed it last, null by hand.';
comment on column blueprint.objects.last_altered_at is 'When it was last changed after its making.';
comment on column blueprint.objects.dropped_at is 'When it was dropped.';
comment on column blueprint.objects.dropped_by_task_id is 'Task that dropped it; null by hand, and then it is missed.';
comment on column blueprint.objects.in_extension is 'Member of an extension.';
comment on column blueprint.objects.definition is 'Canonical definition after the last run: what drift is measured against.';
comment on column blueprint.objects.definition_sha256 is 'Digest of the definition.';
comment on column blueprint.objects.fingerprinted_at is 'When the definition was remembered.';

comment on table blueprint.drift_findings is 'Differences between what the build left and what is there now. @distribution local';
comment on column blueprint.drift_findings.id is 'Version 7 id, in order of time.';
comment on column blueprint.drift_findings.run_id is 'Run that found it.';
comment on column blueprint.drift_findings.kind is 'missing, altered or foreign.';
comment on column blueprint.drift_findings.object_type is 'Type of the object.';
comment on column blueprint.drift_findings.identity is 'Name of the object.';
comment on column blueprint.drift_findings.task_id is 'Task that owns it, or the table it lies in.';
comment on column blueprint.drift_findings.expected is 'Definition it should have, null for foreign objects.';
comment on column blueprint.drift_findings.expected_sha256 is 'Digest of it.';
comment on column blueprint.drift_findings.found is 'Definition it has, null for missing objects.';
comment on column blueprint.drift_findings.found_sha256 is 'Digest of it.';
comment on column blueprint.drift_findings.detected_at is 'When it was first found.';
comment on column blueprint.drift_findings.resolved_at is 'When it was gone again.';

comment on policy owner_all on blueprint.rooms is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';
comment on policy owner_all on blueprint.tasks is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';
comment on policy owner_all on blueprint.task_needs is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';
comment on policy owner_all on blueprint.runs is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';
comment on policy owner_all on blueprint.task_runs is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';
comment on policy owner_all on blueprint.objects is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';
comment on policy owner_all on blueprint.drift_findings is 'hc_owner keeps the ledger; everybody else needs a policy of his own.';

-- verify
select count(*) = 0 from blueprint.undocumented('blueprint');
select blueprint.open_room('probe_0010');
create table probe_0010.things (id int constraint things_id_pk primary key, mail text, club_id int) partition by range (id);
create table probe_0010.things_1 partition of probe_0010.things for values from (1) to (2);
create index things_mail_idx on probe_0010.things (mail);
create policy things_all on probe_0010.things using (true);
create trigger things_quiet before update on probe_0010.things for each row execute function suppress_redundant_updates_trigger();
create view probe_0010.seen as select id from probe_0010.things;
create function probe_0010.one() returns int return 1;
create type probe_0010.mood as enum ('calm');
create domain probe_0010.word as text;
create type probe_0010.pair as (a int, b int);
comment on column probe_0010.things.id is 'Number.';
select array_agg(object_type || ' ' || identity) @> array['function probe_0010.one()', 'index probe_0010.things_mail_idx', 'policy things_all on probe_0010.things',
    'schema probe_0010', 'table probe_0010.things', 'table column probe_0010.things.club_id', 'table column probe_0010.things.mail',
    'trigger things_quiet on probe_0010.things', 'type probe_0010.mood', 'type probe_0010.pair', 'type probe_0010.word', 'view probe_0010.seen'],
  count(*) filter (where identity !~ 'owner_all') = 12
from blueprint.undocumented('probe_0010');
comment on table probe_0010.things is e'Things of a club.\n@distribution club_id';
comment on column probe_0010.things.mail is 'Where to write, say a@b.org. @pii contact @retention 14 months.';
select array_agg(format('%s %s %s', column_name, tag, value)) = array[' distribution club_id', 'mail pii contact', 'mail retention 14 months'] from blueprint.annotations('probe_0010.things');
select count(*) = 1, bool_and(column_name is null and value = 'local') from blueprint.annotations('blueprint.tasks');
select count(*) = 0 from blueprint.open_to_public('blueprint', 'undocumented', 'annotations');
