-- Room blueprint, layer 00: the ledger of the build itself. Which tasks there are and what they need, what was run when,
-- which task made which object, and what has drifted since. The engine writes it as hc_owner; staff may read it.
-- 0001 and 0002 commit together with their own ledger rows, and are the last to go in a full revert.

-- task: BUILD_0001 create_sql_file critical superuser
-- title: Open room blueprint: schema, owning role hc_owner and closed-by-default privileges
-- does: Creates schema blueprint and the NOLOGIN role hc_owner that owns every object of the build. PUBLIC loses schema public,
--   and nothing hc_owner creates from now on is open to PUBLIC unless granted.
-- proves: a role without grants may not use schema blueprint (42501), and neither run a function nor use a type that hc_owner has just created.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'hc_owner') then
    create role hc_owner;
  end if;
  execute format('grant create, temporary on database %I to hc_owner', current_database());
  if pg_catalog.shobj_description((select oid from pg_catalog.pg_database where datname = current_database()), 'pg_database') is null then
    execute format('comment on database %I is %L', current_database(),
      'HingeCraft platform, built from the blueprint of tasks in blueprint.tasks. Objects belong to hc_owner; change them by tasks, not by hand.');
  end if;
end $$;

create schema blueprint authorization hc_owner;

revoke all on schema public from public;

alter default privileges for role hc_owner revoke execute on functions from public;

alter default privileges for role hc_owner revoke usage on types from public;

comment on role hc_owner is 'Owns every object of the HingeCraft build. Never logs in, has no members, no BYPASSRLS.';

comment on schema blueprint is 'Ledger of the build: tasks, runs, ownership of objects, drift; and the kit that task verifies use.';

-- verify
set local role hc_owner;
create function blueprint.probe() returns int return 42;
create type blueprint.probe_mood as enum ('calm');
select (select count(*) = 2 from pg_database d, aclexplode(d.datacl) a where d.datname = current_database() and a.grantee = 'hc_owner'::regrole)
  and not has_schema_privilege('pg_checkpoint', 'public', 'usage')
  and not has_function_privilege('pg_checkpoint', 'blueprint.probe()', 'execute')
  and not has_type_privilege('pg_checkpoint', 'blueprint.probe_mood', 'usage');
set local role pg_checkpoint;  -- any role without a grant of its own
do $$
begin
  perform blueprint.probe();
  raise 'schema blueprint is open to everybody';
exception when insufficient_privilege then null;
end $$;
set local role none;
select obj_description('blueprint'::regnamespace, 'pg_namespace') is not null
  and shobj_description(oid, 'pg_database') is not null
from pg_database where datname = current_database();

-- revert
alter default privileges for role hc_owner grant usage on types to public;
alter default privileges for role hc_owner grant execute on functions to public;
grant usage on schema public to public;
drop schema blueprint;
do $$
begin
  execute format('revoke create, temporary on database %I from hc_owner', current_database());
  if pg_catalog.shobj_description((select oid from pg_catalog.pg_database where datname = current_database()), 'pg_database')
     like '%blueprint.tasks%' then
    execute format('comment on database %I is null', current_database());
  end if;
  if not exists (select from pg_catalog.pg_shdepend d join pg_catalog.pg_database b on b.oid = d.dbid
                 where d.refobjid = 'hc_owner'::regrole and b.datname <> current_database()) then
    drop role hc_owner;
  end if;
end $$;

-- task: BUILD_0002 create_tables critical
-- title: Create ledger tables rooms, tasks, task_needs, runs, task_runs, objects, drift_findings
-- does: Seven tables with keys, defaults and forced row-level security, open to hc_owner alone; the room registers itself as layer 0.
-- proves: a run with two task_runs is written and read back, duration_ms equals finished_at - started_at and cannot be written (428C9),
--   every key refuses a second row and every table enforces row-level security on its owner.
-- needs: BUILD_0001
create table blueprint.rooms (
  schema_name text constraint rooms_schema_name_pk primary key,
  layer int constraint rooms_layer_key unique,
  component text not null,
  title text,
  owner_role text not null default 'hc_owner',
  contract jsonb not null default '{}',
  opened_by_task text,
  opened_at timestamptz not null default now()
);

create table blueprint.tasks (
  id text constraint tasks_id_pk primary key,
  component text not null,
  category text not null,
  action text not null,
  title text not null constraint tasks_title_key unique,
  details jsonb not null,
  deploy_sha256 bytea,
  verify_sha256 bytea,
  revert_sha256 bytea,
  deploy_sql text,
  revert_sql text,
  status text not null default 'written',
  applied_at timestamptz,
  verified_at timestamptz,
  reason text,
  seq int constraint tasks_seq_key unique deferrable,
  retired_at timestamptz
) with (fillfactor = 30);

create table blueprint.task_needs (
  task_id text not null,
  needs_id text not null,
  constraint task_needs_task_id_needs_id_pk primary key (task_id, needs_id)
);

create table blueprint.runs (
  id uuid default uuidv7() constraint runs_id_pk primary key,
  kind text not null,
  status text not null default 'running',
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  git_commit text,
  actor text not null default session_user,
  server_version text not null default current_setting('server_version'),
  options jsonb not null default '{}',
  lock_key bigint,
  backend_pid int not null default pg_backend_pid()
);

create table blueprint.task_runs (
  id uuid default uuidv7() constraint task_runs_id_pk primary key,
  run_id uuid not null,
  task_id text not null,
  phase text not null,
  status text not null,
  attempt int not null default 1,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz not null default clock_timestamp(),
  duration_ms numeric generated always as (extract(epoch from finished_at - started_at) * 1000) stored,
  sqlstate text,
  error jsonb,
  script_sha256 bytea,
  notices jsonb
);

create table blueprint.objects (
  classid oid not null,
  objid oid not null,
  objsubid int not null,
  object_type text not null,
  identity text not null,
  schema_name text,
  task_id text,
  first_run_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  last_altered_task_id text,
  last_altered_at timestamptz,
  dropped_at timestamptz,
  dropped_by_task_id text,
  in_extension boolean not null default false,
  definition jsonb,
  definition_sha256 bytea,
  fingerprinted_at timestamptz,
  constraint objects_classid_objid_objsubid_pk primary key (classid, objid, objsubid)
) with (fillfactor = 30);

create table blueprint.drift_findings (
  id uuid default uuidv7() constraint drift_findings_id_pk primary key,
  run_id uuid,
  kind text not null,
  object_type text not null,
  identity text not null,
  task_id text,
  expected jsonb,
  expected_sha256 bytea,
  found jsonb,
  found_sha256 bytea,
  detected_at timestamptz not null default clock_timestamp(),
  resolved_at timestamptz
);

alter table blueprint.rooms enable row level security, force row level security;
alter table blueprint.tasks enable row level security, force row level security;
alter table blueprint.task_needs enable row level security, force row level security;
alter table blueprint.runs enable row level security, force row level security;
alter table blueprint.task_runs enable row level security, force row level security;
alter table blueprint.objects enable row level security, force row level security;
alter table blueprint.drift_findings enable row level security, force row level security;

create policy owner_all on blueprint.rooms to hc_owner using (true) with check (true);
create policy owner_all on blueprint.tasks to hc_owner using (true) with check (true);
create policy owner_all on blueprint.task_needs to hc_owner using (true) with check (true);
create policy owner_all on blueprint.runs to hc_owner using (true) with check (true);
create policy owner_all on blueprint.task_runs to hc_owner using (true) with check (true);
create policy owner_all on blueprint.objects to hc_owner using (true) with check (true);
create policy owner_all on blueprint.drift_findings to hc_owner using (true) with check (true);

insert into blueprint.rooms (schema_name, layer, component, title, contract)
values ('blueprint', 0, '00_master_schema_init', 'Ledger of the build',
  '{"provides": ["tasks", "runs", "objects", "drift", "verification kit"], "requires": [], "rls": "staff read, hc_owner writes"}');

-- verify
insert into blueprint.rooms (schema_name, layer, component) values ('probe_0002', -2, 'probe')
on conflict (schema_name) do nothing
returning owner_role = 'hc_owner', contract = '{}';
insert into blueprint.rooms (schema_name, layer, component) values ('probe_0002_b', -2, 'probe') on conflict (layer) do nothing;
insert into blueprint.tasks (id, component, category, action, title, details, seq)
values ('BUILD_9002', 'probe', 'probe', 'probe', 'Probe of the ledger', '{"behaviour": "b", "verify": "v"}', 900002)
on conflict (id) do nothing
returning status = 'written';
insert into blueprint.tasks (id, component, category, action, title, details, seq)
values ('BUILD_9003', 'probe', 'probe', 'probe', 'Probe of the ledger', '{"behaviour": "b", "verify": "v"}', 900003),
       ('BUILD_9004', 'probe', 'probe', 'probe', 'Another probe', '{"behaviour": "b", "verify": "v"}', 900004)
on conflict (title) do nothing;
insert into blueprint.task_needs values ('BUILD_9004', 'BUILD_9002') on conflict (task_id, needs_id) do nothing;
insert into blueprint.runs (kind) values ('plan') on conflict (id) do nothing
returning uuid_extract_version(id) = 7, status = 'running', actor = session_user, options = '{}',
  server_version = current_setting('server_version'), backend_pid = pg_backend_pid();
insert into blueprint.task_runs (run_id, task_id, phase, status)
select r.id, 'BUILD_9002', p.phase, 'succeeded' from blueprint.runs r, (values ('deploy'), ('verify')) p(phase) where r.backend_pid = pg_backend_pid() and r.kind = 'plan'
on conflict (id) do nothing
returning uuid_extract_version(id) = 7, attempt = 1, finished_at >= started_at;
insert into blueprint.task_runs (run_id, task_id, phase, status, started_at, finished_at)
select run_id, task_id, 'revert', status, '2026-01-01 00:00:00+00', '2026-01-01 00:00:01.25+00' from blueprint.task_runs where task_id = 'BUILD_9002' and phase = 'deploy'
returning duration_ms = 1250;
insert into blueprint.objects (classid, objid, objsubid, object_type, identity) values (0, 0, 2, 'probe', 'probe')
on conflict (classid, objid, objsubid) do nothing
returning created_at <= clock_timestamp(), not in_extension;
insert into blueprint.drift_findings (kind, object_type, identity, found) values ('foreign', 'probe', 'probe.0002', '{}')
on conflict (id) do nothing
returning uuid_extract_version(id) = 7, detected_at <= clock_timestamp();
select count(*) = 3 from blueprint.task_runs where task_id = 'BUILD_9002';
do $$
begin
  update blueprint.task_runs set duration_ms = 0 where task_id = 'BUILD_9002';
  raise 'duration_ms can be written';
exception when generated_always then null;
end $$;
do $$
begin
  update blueprint.tasks set seq = 900002 where id = 'BUILD_9004';
  raise 'two tasks share a place in the order';
exception when unique_violation then null;
end $$;
select r.schema_name = 'blueprint', r.opened_at is not null from blueprint.rooms r where r.layer = 0;
select relname, relrowsecurity and relforcerowsecurity and relowner = 'hc_owner'::regrole
from pg_class where oid = any (array['blueprint.rooms', 'blueprint.tasks', 'blueprint.task_needs', 'blueprint.runs',
  'blueprint.task_runs', 'blueprint.objects', 'blueprint.drift_findings']::regclass[]);

-- task: BUILD_0003 create_indexes critical
-- title: Index the ledger for plan, history, failure and object lookups
-- does: One index per question the engine asks of the ledger, none twice; a live object has one row per identity, an object one open finding.
-- proves: each question's plan names its index; a second live row of one identity and a second open finding are refused (23505).
-- needs: BUILD_0002, BUILD_0005
create index rooms_opened_by_task_idx on blueprint.rooms (opened_by_task);

create index tasks_component_seq_idx on blueprint.tasks (component, seq);

create index task_needs_needs_id_idx on blueprint.task_needs (needs_id);

create index task_runs_task_id_phase_finished_at_idx on blueprint.task_runs (task_id, phase, finished_at desc);

create index task_runs_run_id_idx on blueprint.task_runs (run_id);

create index task_runs_finished_at_idx on blueprint.task_runs (finished_at) where status = 'failed';

create index objects_task_id_idx on blueprint.objects (task_id);

create index objects_first_run_id_idx on blueprint.objects (first_run_id);

create index objects_last_altered_task_id_idx on blueprint.objects (last_altered_task_id) where last_altered_task_id is not null;

create index objects_dropped_by_task_id_idx on blueprint.objects (dropped_by_task_id) where dropped_by_task_id is not null;

create index objects_schema_name_object_type_idx on blueprint.objects (schema_name, object_type);

create unique index objects_object_type_identity_key on blueprint.objects (object_type, identity) where dropped_at is null;

create unique index drift_findings_object_type_identity_key on blueprint.drift_findings (object_type, identity) where resolved_at is null;

create index drift_findings_run_id_idx on blueprint.drift_findings (run_id);

create index drift_findings_task_id_idx on blueprint.drift_findings (task_id);

comment on index blueprint.rooms_opened_by_task_idx is 'Which room did this task open; and the foreign key.';
comment on index blueprint.tasks_component_seq_idx is 'Tasks of a component in build order.';
comment on index blueprint.task_needs_needs_id_idx is 'Who needs this task: dependents for revert plans, and the foreign key.';
comment on index blueprint.task_runs_task_id_phase_finished_at_idx is 'Latest deploy, verify or revert of a task.';
comment on index blueprint.task_runs_run_id_idx is 'What a run did, task by task; and the foreign key.';
comment on index blueprint.task_runs_finished_at_idx is 'Latest failures. Partial: failures are few among many successes.';
comment on index blueprint.objects_task_id_idx is 'Everything a task made.';
comment on index blueprint.objects_first_run_id_idx is 'Foreign key: a pruned run lets go of its objects.';
comment on index blueprint.objects_last_altered_task_id_idx is 'Objects of others that a task changed. Partial: most are never altered.';
comment on index blueprint.objects_dropped_by_task_id_idx is 'What a task dropped. Partial: most objects live.';
comment on index blueprint.objects_schema_name_object_type_idx is 'Objects of a room by type.';
comment on index blueprint.objects_object_type_identity_key is 'The live row of a named object; dropped ones may repeat.';
comment on index blueprint.drift_findings_object_type_identity_key is 'Open finding of an object: at most one.';
comment on index blueprint.drift_findings_run_id_idx is 'Findings first seen by a run; and the foreign key.';
comment on index blueprint.drift_findings_task_id_idx is 'Findings on the objects of a task; and the foreign key.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ('rooms_opened_by_task_idx', $$ select schema_name from blueprint.rooms where opened_by_task = 'BUILD_0041' $$),
  ('tasks_component_seq_idx', $$ select id from blueprint.tasks where component = 'wallets' order by seq $$),
  ('task_needs_needs_id_idx', $$ select task_id from blueprint.task_needs where needs_id = 'BUILD_0002' $$),
  ('task_runs_task_id_phase_finished_at_idx', $$ select * from blueprint.task_runs where task_id = 'BUILD_0002' and phase = 'deploy' order by finished_at desc limit 1 $$),
  ('task_runs_run_id_idx', $$ select * from blueprint.task_runs where run_id = '019b0000-0000-7000-8000-000000000000' $$),
  ('task_runs_finished_at_idx', $$ select task_id from blueprint.task_runs where status = 'failed' order by finished_at desc limit 20 $$),
  ('objects_task_id_idx', $$ select identity from blueprint.objects where task_id = 'BUILD_0002' $$),
  ('objects_first_run_id_idx', $$ select identity from blueprint.objects where first_run_id = '019b0000-0000-7000-8000-000000000000' $$),
  ('objects_last_altered_task_id_idx', $$ select identity from blueprint.objects where last_altered_task_id = 'BUILD_0002' $$),
  ('objects_dropped_by_task_id_idx', $$ select identity from blueprint.objects where dropped_by_task_id = 'BUILD_0002' $$),
  ('objects_schema_name_object_type_idx', $$ select identity from blueprint.objects where schema_name = 'core' and object_type = 'table' $$),
  ('objects_object_type_identity_key', $$ select task_id from blueprint.objects where object_type = 'table' and identity = 'core.users' and dropped_at is null $$),
  ('drift_findings_object_type_identity_key', $$ select kind from blueprint.drift_findings where object_type = 'table' and identity = 'core.users' and resolved_at is null $$),
  ('drift_findings_run_id_idx', $$ select identity from blueprint.drift_findings where run_id = '019b0000-0000-7000-8000-000000000000' $$),
  ('drift_findings_task_id_idx', $$ select identity from blueprint.drift_findings where task_id = 'BUILD_0002' $$)
) v(index, sql);
insert into blueprint.objects (classid, objid, objsubid, object_type, identity, dropped_at)
values (0, 0, 31, 'probe', 'probe.0003', null), (0, 0, 32, 'probe', 'probe.0003', now());
select blueprint.raises($$ update blueprint.objects set dropped_at = null where identity = 'probe.0003' $$, '23505', 'objects_object_type_identity_key');
select blueprint.raises($$ insert into blueprint.drift_findings (kind, object_type, identity, found)
  values ('foreign', 'probe', 'probe.0003', '{}'), ('foreign', 'probe', 'probe.0003', '{}') $$, '23505', 'drift_findings_object_type_identity_key');

-- task: BUILD_0004 create_foreign_keys critical
-- title: Tie ledger rows together with foreign keys and cascade rules
-- does: A task takes its own edges and nothing else with it, a run takes its task_runs; what others need or what has history cannot be deleted.
--   A room and the task that opens it may be written in either order within one transaction.
-- proves: deleting a needed task or one with history fails (23503), deleting a run removes its task_runs only, every reference refuses a stranger.
-- needs: BUILD_0002, BUILD_0005
alter table blueprint.rooms
  add constraint rooms_opened_by_task_fk foreign key (opened_by_task) references blueprint.tasks (id) deferrable initially deferred;

alter table blueprint.task_needs
  add constraint task_needs_task_id_fk foreign key (task_id) references blueprint.tasks (id) on delete cascade,
  add constraint task_needs_needs_id_fk foreign key (needs_id) references blueprint.tasks (id);

alter table blueprint.task_runs
  add constraint task_runs_run_id_fk foreign key (run_id) references blueprint.runs (id) on delete cascade,
  add constraint task_runs_task_id_fk foreign key (task_id) references blueprint.tasks (id);

alter table blueprint.objects
  add constraint objects_task_id_fk foreign key (task_id) references blueprint.tasks (id),
  add constraint objects_last_altered_task_id_fk foreign key (last_altered_task_id) references blueprint.tasks (id),
  add constraint objects_dropped_by_task_id_fk foreign key (dropped_by_task_id) references blueprint.tasks (id),
  add constraint objects_first_run_id_fk foreign key (first_run_id) references blueprint.runs (id) on delete set null;

alter table blueprint.drift_findings
  add constraint drift_findings_task_id_fk foreign key (task_id) references blueprint.tasks (id),
  add constraint drift_findings_run_id_fk foreign key (run_id) references blueprint.runs (id) on delete set null;

-- verify
insert into blueprint.tasks (id, component, category, action, title, details)
select id, 'probe', 'probe', 'probe', 'Probe ' || id, '{"behaviour": "b", "verify": "v"}' from unnest(array['BUILD_9001', 'BUILD_9002', 'BUILD_9003']) id;
insert into blueprint.task_needs values ('BUILD_9002', 'BUILD_9001');
insert into blueprint.runs (id, kind) values ('00000000-0000-7000-8000-000000000004', 'plan');
insert into blueprint.task_runs (run_id, task_id, phase, status) values ('00000000-0000-7000-8000-000000000004', 'BUILD_9003', 'verify', 'succeeded');
insert into blueprint.objects (classid, objid, objsubid, object_type, identity, task_id, first_run_id)
values (0, 0, 4, 'probe', 'probe.0004', 'BUILD_9002', '00000000-0000-7000-8000-000000000004');
insert into blueprint.drift_findings (kind, object_type, identity, found, run_id) values ('foreign', 'probe', 'probe.0004', '{}', '00000000-0000-7000-8000-000000000004');
select sql, blueprint.raises(sql, '23503', key) from (values
  ('task_needs_needs_id_fk', $$ delete from blueprint.tasks where id = 'BUILD_9001' $$),
  ('objects_task_id_fk', $$ delete from blueprint.tasks where id = 'BUILD_9002' $$),
  ('task_runs_task_id_fk', $$ delete from blueprint.tasks where id = 'BUILD_9003' $$),
  ('task_needs_task_id_fk', $$ insert into blueprint.task_needs values ('BUILD_9999', 'BUILD_9001') $$),
  ('task_runs_run_id_fk', $$ insert into blueprint.task_runs (run_id, task_id, phase, status) values (uuidv7(), 'BUILD_9001', 'verify', 'failed') $$),
  ('objects_last_altered_task_id_fk', $$ update blueprint.objects set last_altered_task_id = 'BUILD_9999' where identity = 'probe.0004' $$),
  ('objects_dropped_by_task_id_fk', $$ update blueprint.objects set dropped_at = now(), dropped_by_task_id = 'BUILD_9999' where identity = 'probe.0004' $$),
  ('objects_first_run_id_fk', $$ update blueprint.objects set first_run_id = uuidv7() where identity = 'probe.0004' $$),
  ('drift_findings_task_id_fk', $$ update blueprint.drift_findings set task_id = 'BUILD_9999' where identity = 'probe.0004' $$),
  ('drift_findings_run_id_fk', $$ update blueprint.drift_findings set run_id = uuidv7() where identity = 'probe.0004' $$),
  ('rooms_opened_by_task_fk', $$ insert into blueprint.rooms (schema_name, component, opened_by_task) values ('probe_0004', 'probe', 'BUILD_9999');
    set constraints all immediate $$)
) v(key, sql);
insert into blueprint.rooms (schema_name, component, opened_by_task) values ('probe_0004', 'probe', 'BUILD_9004');
insert into blueprint.tasks (id, component, category, action, title, details)
values ('BUILD_9004', 'probe', 'probe', 'probe', 'Probe BUILD_9004', '{"behaviour": "b", "verify": "v"}');
set constraints all immediate;
delete from blueprint.runs where id = '00000000-0000-7000-8000-000000000004';
select (select count(*) = 0 from blueprint.task_runs where task_id = 'BUILD_9003'),
  (select first_run_id is null from blueprint.objects where identity = 'probe.0004'),
  (select run_id is null from blueprint.drift_findings where identity = 'probe.0004');
delete from blueprint.tasks where id = 'BUILD_9003';
delete from blueprint.objects where identity = 'probe.0004';
delete from blueprint.tasks where id = 'BUILD_9002';
select count(*) = 0 from blueprint.task_needs where task_id = 'BUILD_9002';

-- task: BUILD_0009 create_constraints critical
-- title: Constrain ids, states, time order and the single running change
-- does: The ledger refuses what cannot be true: unknown states, an end before its start, a finished run without an end, a digest that is not
--   SHA-256, an error on a success, a need for oneself, and a second run that changes things while one is running.
-- proves: one planted row per rule is refused by that rule (23514), a second running change by its key (23505).
-- needs: BUILD_0002, BUILD_0005
alter table blueprint.rooms
  add constraint rooms_contract_check check (jsonb_typeof(contract) = 'object');

alter table blueprint.tasks
  add constraint tasks_id_check check (id ~ '^BUILD_[0-9]{4}$'),
  add constraint tasks_status_check check (status in ('pending', 'written', 'applied', 'failed', 'unavailable')),
  add constraint tasks_details_check check (jsonb_typeof(details) = 'object' and details ?& array['behaviour', 'verify']),
  add constraint tasks_sha256_check check (
    (deploy_sha256 is null or length(deploy_sha256) = 32)
    and (verify_sha256 is null or length(verify_sha256) = 32)
    and (revert_sha256 is null or length(revert_sha256) = 32)),
  add constraint tasks_status_reason_check check (status not in ('failed', 'unavailable') or reason is not null),
  add constraint tasks_status_applied_at_check check (status <> 'applied' or applied_at is not null);

alter table blueprint.task_needs
  add constraint task_needs_task_id_needs_id_check check (task_id <> needs_id);

alter table blueprint.runs
  add constraint runs_kind_check check (kind in ('plan', 'apply', 'verify', 'revert', 'drift')),
  add constraint runs_status_check check (status in ('running', 'succeeded', 'failed', 'aborted')),
  add constraint runs_status_finished_at_check check ((status = 'running') = (finished_at is null)),
  add constraint runs_started_at_finished_at_check check (finished_at >= started_at),
  add constraint runs_options_check check (jsonb_typeof(options) = 'object');

create unique index runs_running_change_key on blueprint.runs ((true)) where status = 'running' and kind in ('apply', 'revert');

alter table blueprint.task_runs
  add constraint task_runs_phase_check check (phase in ('deploy', 'verify', 'revert')),
  add constraint task_runs_status_check check (status in ('succeeded', 'failed')),
  add constraint task_runs_attempt_check check (attempt >= 1),
  add constraint task_runs_started_at_finished_at_check check (finished_at >= started_at),
  add constraint task_runs_error_check check (status = 'failed' or (error is null and sqlstate is null)),
  add constraint task_runs_sqlstate_check check (sqlstate ~ '^[0-9A-Z]{5}$'),
  add constraint task_runs_script_sha256_check check (length(script_sha256) = 32);

alter table blueprint.objects
  add constraint objects_dropped_by_task_id_check check (dropped_by_task_id is null or dropped_at is not null),
  add constraint objects_definition_sha256_check check (
    num_nulls(definition, definition_sha256, fingerprinted_at) in (0, 3) and length(definition_sha256) = 32);

alter table blueprint.drift_findings
  add constraint drift_findings_kind_check check (kind in ('missing', 'altered', 'foreign')),
  add constraint drift_findings_kind_expected_found_check check (
    (kind = 'foreign') = (expected is null) and (kind = 'missing') = (found is null)),
  add constraint drift_findings_detected_at_resolved_at_check check (resolved_at >= detected_at);

comment on index blueprint.runs_running_change_key is 'At most one apply or revert is running in this database.';

-- verify
update blueprint.runs set status = 'aborted', finished_at = clock_timestamp() where status = 'running';
insert into blueprint.tasks (id, component, category, action, title, details)
values ('BUILD_9009', 'probe', 'probe', 'probe', 'Probe BUILD_9009', '{"behaviour": "b", "verify": "v"}');
insert into blueprint.runs (id, kind) values ('00000000-0000-7000-8000-000000000009', 'apply');
insert into blueprint.objects (classid, objid, objsubid, object_type, identity) values (0, 0, 9, 'probe', 'probe.0009');
select rule, blueprint.raises(sql, '23514', rule) from (values
  ('rooms_contract_check', $$ insert into blueprint.rooms (schema_name, component, contract) values ('probe_0009', 'probe', '[]') $$),
  ('tasks_id_check', $$ update blueprint.tasks set id = 'BUILD_99' where id = 'BUILD_9009' $$),
  ('tasks_status_check', $$ update blueprint.tasks set status = 'done' where id = 'BUILD_9009' $$),
  ('tasks_details_check', $$ update blueprint.tasks set details = details - 'verify' where id = 'BUILD_9009' $$),
  ('tasks_sha256_check', $$ update blueprint.tasks set deploy_sha256 = '\x00' where id = 'BUILD_9009' $$),
  ('tasks_sha256_check', $$ update blueprint.tasks set verify_sha256 = '\x00' where id = 'BUILD_9009' $$),
  ('tasks_sha256_check', $$ update blueprint.tasks set revert_sha256 = '\x00' where id = 'BUILD_9009' $$),
  ('tasks_status_reason_check', $$ update blueprint.tasks set status = 'unavailable' where id = 'BUILD_9009' $$),
  ('tasks_status_applied_at_check', $$ update blueprint.tasks set status = 'applied' where id = 'BUILD_9009' $$),
  ('task_needs_task_id_needs_id_check', $$ insert into blueprint.task_needs values ('BUILD_9009', 'BUILD_9009') $$),
  ('runs_kind_check', $$ insert into blueprint.runs (kind) values ('deploy') $$),
  ('runs_status_check', $$ insert into blueprint.runs (kind, status, finished_at) values ('plan', 'done', clock_timestamp()) $$),
  ('runs_status_finished_at_check', $$ insert into blueprint.runs (kind, status) values ('plan', 'succeeded') $$),
  ('runs_started_at_finished_at_check', $$ insert into blueprint.runs (kind, status, finished_at) values ('plan', 'failed', '2020-01-01') $$),
  ('runs_options_check', $$ insert into blueprint.runs (kind, options) values ('plan', '1') $$),
  ('task_runs_phase_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'plan', 'failed') $$),
  ('task_runs_status_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'deploy', 'done') $$),
  ('task_runs_attempt_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status, attempt) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'deploy', 'failed', 0) $$),
  ('task_runs_started_at_finished_at_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status, finished_at) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'deploy', 'failed', '2020-01-01') $$),
  ('task_runs_error_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status, sqlstate) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'deploy', 'succeeded', '23505') $$),
  ('task_runs_sqlstate_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status, sqlstate) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'deploy', 'failed', 'oops') $$),
  ('task_runs_script_sha256_check', $$ insert into blueprint.task_runs (run_id, task_id, phase, status, script_sha256) values ('00000000-0000-7000-8000-000000000009', 'BUILD_9009', 'deploy', 'failed', '\x00') $$),
  ('objects_dropped_by_task_id_check', $$ update blueprint.objects set dropped_by_task_id = 'BUILD_9009' where identity = 'probe.0009' $$),
  ('objects_definition_sha256_check', $$ update blueprint.objects set definition = '{}' where identity = 'probe.0009' $$),
  ('drift_findings_kind_check', $$ insert into blueprint.drift_findings (kind, object_type, identity, expected, found) values ('odd', 'probe', 'probe', '{}', '{}') $$),
  ('drift_findings_kind_expected_found_check', $$ insert into blueprint.drift_findings (kind, object_type, identity) values ('missing', 'probe', 'probe') $$),
  ('drift_findings_detected_at_resolved_at_check', $$ insert into blueprint.drift_findings (kind, object_type, identity, found, resolved_at) values ('foreign', 'probe', 'probe', '{}', '2020-01-01') $$)
) v(rule, sql);
select blueprint.raises($$ insert into blueprint.runs (kind) values ('revert') $$, '23505', 'runs_running_change_key');
