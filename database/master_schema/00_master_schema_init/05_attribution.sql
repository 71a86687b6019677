-- Room blueprint, who did what: event triggers that give every object its task, the guard around runs, and drift found by canonical definitions.
-- Between builds the same triggers record what was changed by hand.

-- task: BUILD_0006 create_triggers critical superuser
-- title: Attribute every catalog object to its task by event triggers and guard the task graph
-- does: Every CREATE, ALTER and DROP is written to blueprint.objects under the task in blueprint.task_id (none = by hand); the first task owns.
--   An edge that closes a cycle is refused, and so is rewriting what a finished run has recorded.
-- proves: a table made under a task appears with its columns, constraints and indexes, later changes and the drop are stamped with who did them,
--   also for renamed and re-created objects; an edge A -> B -> A and an update of a finished run raise.
-- needs: BUILD_0003, BUILD_0004
create function blueprint.record_ddl() returns event_trigger
  language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  c record;
  o blueprint.objects;
  task text;
  run uuid;
begin
  if current_setting('blueprint.recorder', true) = 'engine' then
    return;  -- the engine reads at once what a task's transaction wrote to the catalog
  end if;
  for attempt in 1 .. 2 loop
    begin
      if attempt = 2 then  -- a name is still held by a row that events were off for: bring the rows up to date
        update blueprint.objects s
        set identity = coalesce(now.identity, s.identity), dropped_at = case when now.identity is null then clock_timestamp() end
        from blueprint.objects t, lateral pg_catalog.pg_identify_object(t.classid, t.objid, t.objsubid) now
        where s.classid = t.classid and s.objid = t.objid and s.objsubid = t.objsubid and t.dropped_at is null and t.object_type <> 'database'
          and t.identity is distinct from now.identity;
      end if;
      for c in
        select d.classid, d.objid, d.objsubid, d.object_type, d.object_identity as identity, d.command_tag, d.command_tag like any ('{CREATE %,SELECT INTO,IMPORT %}') as created,
          case when d.object_type = 'schema' then d.object_identity when d.schema_name is not null then d.schema_name
            when d.object_type in ('policy', 'trigger', 'rule', 'table constraint', 'domain constraint')
            then (pg_catalog.pg_identify_object_as_address(d.classid, d.objid, d.objsubid)).object_names[1] end as schema_name
        from pg_catalog.pg_event_trigger_ddl_commands() d
        where d.object_identity is not null and not d.in_extension and d.schema_name is distinct from 'pg_temp' and d.command_tag <> 'REFRESH MATERIALIZED VIEW'
      loop
        select (select t.id from blueprint.tasks t where t.id = current_setting('blueprint.task_id', true)),
          (select r.id from blueprint.runs r where r.id = nullif(current_setting('blueprint.run_id', true), '')::uuid) into task, run;
        select * into o from blueprint.objects s where s.classid = c.classid and s.objid = c.objid and s.objsubid = c.objsubid;
        if o.dropped_at is not null then  -- an oid has come round again
          delete from blueprint.objects s where s.classid = c.classid and s.objid = c.objid;
          o := null;
        end if;
        if o.objid is null then
          insert into blueprint.objects (classid, objid, objsubid, object_type, identity, schema_name, task_id, first_run_id, last_altered_task_id, last_altered_at)
          values (c.classid, c.objid, c.objsubid, c.object_type, c.identity, c.schema_name,
            case when c.created then task else (  -- a column of a view, say, belongs to whom the view does
              select s.task_id from blueprint.objects s where s.classid = c.classid and s.objid = c.objid and s.objsubid = 0) end,
            case when c.created then run end,
            case when not c.created then task end, case when not c.created then clock_timestamp() end);
        elsif task is null or o.task_id is distinct from task or o.first_run_id is distinct from run or o.identity <> c.identity then
          update blueprint.objects s set identity = c.identity, schema_name = c.schema_name, last_altered_task_id = task, last_altered_at = clock_timestamp()
          where s.classid = c.classid and s.objid = c.objid and s.objsubid = c.objsubid;
        end if;
        continue when c.objsubid <> 0 or c.command_tag = 'COMMENT' or c.object_type not in ('table', 'foreign table', 'materialized view', 'type', 'extension');
        insert into blueprint.objects as s (classid, objid, objsubid, object_type, identity, schema_name, task_id, first_run_id, in_extension)
        select p.*, case when c.created or o.objid is not null then task end, case when c.created or o.objid is not null then run end, c.object_type = 'extension'
        from (
          select c.classid, c.objid, a.attnum::int, c.object_type || ' column', c.identity || '.' || quote_ident(a.attname), c.schema_name
          from pg_catalog.pg_attribute a
          where a.attrelid = c.objid and a.attnum > 0 and not a.attisdropped and c.object_type in ('table', 'foreign table')
          union all
          select 'pg_catalog.pg_constraint'::regclass, k.oid, 0, 'table constraint', quote_ident(k.conname) || ' on ' || c.identity, c.schema_name
          from pg_catalog.pg_constraint k
          where k.conrelid = c.objid and k.contypid = 0 and k.contype <> 'n' and c.object_type in ('table', 'foreign table')
          union all
          select 'pg_catalog.pg_constraint'::regclass, k.oid, 0, 'domain constraint', quote_ident(k.conname) || ' on ' || c.identity, c.schema_name
          from pg_catalog.pg_constraint k where k.contypid = c.objid and k.contype <> 'n' and c.object_type = 'type'
          union all
          select c.classid, x.oid, 0, 'index', quote_ident(c.schema_name) || '.' || quote_ident(x.relname), c.schema_name
          from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
          where i.indrelid = c.objid and c.object_type in ('table', 'materialized view')
          union all
          select d.classid, d.objid, d.objsubid, m.type, m.identity, m.schema
          from pg_catalog.pg_depend d, lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) m
          where d.refclassid = c.classid and d.refobjid = c.objid and d.deptype = 'e' and c.object_type = 'extension'
        ) p (classid, objid, objsubid, object_type, identity, schema_name)
        where p.identity is distinct from (
          select r.identity from blueprint.objects r where r.classid = p.classid and r.objid = p.objid and r.objsubid = p.objsubid and r.dropped_at is null)
        on conflict (classid, objid, objsubid) do update
        set identity = excluded.identity, schema_name = excluded.schema_name, last_altered_task_id = task, last_altered_at = clock_timestamp(),
          dropped_at = null, dropped_by_task_id = null;
      end loop;
      exit;
    exception when others then
      if attempt = 2 or sqlstate <> '23505' then
        raise warning 'blueprint: this change is not recorded: % (%)', sqlerrm, sqlstate;
        exit;
      end if;
    end;
  end loop;
end $$;

create function blueprint.record_drop() returns event_trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update blueprint.objects o
  set dropped_at = clock_timestamp(),
    dropped_by_task_id = (select t.id from blueprint.tasks t where t.id = current_setting('blueprint.task_id', true))
  from pg_catalog.pg_event_trigger_dropped_objects() d
  where o.classid = d.classid and o.objid = d.objid and d.objsubid in (0, o.objsubid) and o.dropped_at is null;
exception when others then
  raise warning 'blueprint: this drop is not recorded: % (%)', sqlerrm, sqlstate;
end $$;

create function blueprint.refuse_cycle() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  task text;
begin
  with recursive reached (origin, task_id) as (
    select a.task_id, a.needs_id from added a
    union
    select r.origin, n.needs_id from reached r join blueprint.task_needs n on n.task_id = r.task_id
  )
  select r.origin into task from reached r where r.origin = r.task_id limit 1;
  if found then
    raise exception using errcode = '23514', constraint = 'task_needs_acyclic', message = format('%s would need itself', task),
      hint = 'Remove one of the needs on the way from the task to itself: blueprint.closure() lists them.';
  end if;
  return null;
end $$;

create function blueprint.refuse_rewrite() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = '55006', table = tg_table_name, message = format('%s: what has finished is history and is not rewritten', tg_table_name);
end $$;

alter function blueprint.record_ddl() owner to hc_owner;
alter function blueprint.record_drop() owner to hc_owner;
alter function blueprint.refuse_cycle() owner to hc_owner;
alter function blueprint.refuse_rewrite() owner to hc_owner;
revoke execute on function blueprint.record_ddl, blueprint.record_drop, blueprint.refuse_cycle, blueprint.refuse_rewrite from public;

comment on function blueprint.record_ddl is 'Records created and altered objects, and the columns, constraints and indexes of tables, under blueprint.task_id. Security definer: whoever runs DDL need not write the ledger. Never fails the DDL.';
comment on function blueprint.record_drop is 'Stamps dropped objects and their parts with time and task. Security definer: whoever drops need not write the ledger. Never fails the drop.';
comment on function blueprint.refuse_cycle is 'Refuses needs that make a task need itself (23514).';
comment on function blueprint.refuse_rewrite is 'Refuses changes of finished runs and task runs (55006).';

-- from here on objects are recorded as they come
create event trigger blueprint_record_ddl on ddl_command_end execute function blueprint.record_ddl();

create event trigger blueprint_record_drop on sql_drop execute function blueprint.record_drop();

create trigger task_needs_acyclic_insert after insert on blueprint.task_needs
  referencing new table as added for each statement execute function blueprint.refuse_cycle();

create trigger task_needs_acyclic_update after update on blueprint.task_needs
  referencing new table as added for each statement execute function blueprint.refuse_cycle();

create trigger runs_finished before update on blueprint.runs
  for each row when (old.status <> 'running') execute function blueprint.refuse_rewrite();

create trigger task_runs_finished before update on blueprint.task_runs
  for each row execute function blueprint.refuse_rewrite();

comment on event trigger blueprint_record_ddl is 'Attribution: who made and altered which object.';
comment on event trigger blueprint_record_drop is 'Attribution: who dropped which object.';
comment on trigger task_needs_acyclic_insert on blueprint.task_needs is 'The task graph has no cycle.';
comment on trigger task_needs_acyclic_update on blueprint.task_needs is 'The task graph has no cycle.';
comment on trigger runs_finished on blueprint.runs is 'A finished run is history.';
comment on trigger task_runs_finished on blueprint.task_runs is 'A task run is history once it is written.';

-- verify
set local blueprint.recorder = '';
select count(*) = 0 from blueprint.open_to_public('blueprint', 'record_ddl', 'record_drop', 'refuse_cycle', 'refuse_rewrite');
insert into blueprint.tasks (id, component, category, action, title, details)
select 'BUILD_900' || n, 'probe', 'probe', 'probe', 'Probe ' || n, '{"behaviour": "b", "verify": "v"}' from generate_series(6, 8) n;
insert into blueprint.runs (id, kind) values ('00000000-0000-7000-8000-000000000006', 'plan');
set local blueprint.task_id = 'BUILD_9006';
set local blueprint.run_id = '00000000-0000-7000-8000-000000000006';
create schema probe_0006;
create table probe_0006.things (id int constraint things_pk primary key, kind text constraint things_kind_check check (kind <> ''), note text);
create domain probe_0006.word as text constraint word_check check (value <> '');
create function probe_0006.one() returns int return 1;
create policy things_all on probe_0006.things using (true);
create view probe_0006.seen as select 1 as id;
create temporary table probe_0006_scratch (id int);
select array_agg(object_type || ' ' || identity order by object_type, identity) = array['domain constraint word_check on probe_0006.word',
    'function probe_0006.one()', 'index probe_0006.things_pk', 'policy things_all on probe_0006.things', 'schema probe_0006', 'table probe_0006.things',
    'table column probe_0006.things.id', 'table column probe_0006.things.kind', 'table column probe_0006.things.note',
    'table constraint things_kind_check on probe_0006.things', 'table constraint things_pk on probe_0006.things', 'type probe_0006.word', 'view probe_0006.seen'],
  bool_and(schema_name = 'probe_0006'), bool_and(first_run_id = '00000000-0000-7000-8000-000000000006'), bool_and(last_altered_at is null)
from blueprint.objects where task_id = 'BUILD_9006';
select count(*) = 0 from blueprint.objects where identity like '%probe_0006_scratch%';
set local blueprint.task_id = 'BUILD_9007';
alter table probe_0006.things add column size int;
comment on column probe_0006.seen.id is 'number';
create or replace function probe_0006.one() returns int return 2;
set local blueprint.task_id = '';
alter table probe_0006.things drop column note;
create table probe_0006.strays (id int);
select task_id = 'BUILD_9007' from blueprint.objects where identity = 'probe_0006.things.size';
select task_id = 'BUILD_9006', last_altered_task_id = 'BUILD_9007' from blueprint.objects where identity = 'probe_0006.seen.id';
select task_id = 'BUILD_9006', last_altered_task_id = 'BUILD_9007' from blueprint.objects where identity = 'probe_0006.one()';
select task_id = 'BUILD_9006', last_altered_task_id is null and last_altered_at is not null from blueprint.objects where identity = 'probe_0006.things';
select task_id = 'BUILD_9006', dropped_at is not null, dropped_by_task_id is null from blueprint.objects where identity = 'probe_0006.things.note';
select task_id is null from blueprint.objects where identity = 'probe_0006.strays';
set local blueprint.task_id = 'BUILD_9999';
alter table probe_0006.things rename to items;
create table probe_0006.things (id int, kind text);
select array_agg(identity || ' ' || coalesce(task_id, 'by hand') order by identity)
  = array['probe_0006.items.id BUILD_9006', 'probe_0006.items.kind BUILD_9006', 'probe_0006.items.size BUILD_9007', 'probe_0006.things.id by hand', 'probe_0006.things.kind by hand']
from blueprint.objects where schema_name = 'probe_0006' and object_type = 'table column' and dropped_at is null and identity not like '%strays%';
set local role none;
create schema probe_0006_own authorization pg_checkpoint;
set local role pg_checkpoint;
create table probe_0006_own.things (id int);
create table probe_0006_own.gone (id int);
drop table probe_0006_own.gone;
set local role none;
select array_agg(identity || ' ' || (dropped_at is null) order by identity) = array['probe_0006_own.gone false', 'probe_0006_own.things true']
from blueprint.objects where schema_name = 'probe_0006_own' and object_type = 'table';
set local blueprint.task_id = 'BUILD_9008';
drop table probe_0006.items;
select bool_and(dropped_by_task_id = 'BUILD_9008' and dropped_at is not null), count(*) >= 6 from blueprint.objects where identity like '%probe_0006.items%';
insert into blueprint.objects (classid, objid, objsubid, object_type, identity) values ('pg_class'::regclass, 6, 0, 'table', 'probe_0006.items');
create table probe_0006.items (id int);
select count(*) = 1, bool_and(task_id = 'BUILD_9008') from blueprint.objects where identity = 'probe_0006.items' and dropped_at is null;
select blueprint.raises($$ insert into blueprint.task_needs values ('BUILD_9006', 'BUILD_9007'), ('BUILD_9007', 'BUILD_9006') $$, '23514', 'task_needs_acyclic');
insert into blueprint.task_needs values ('BUILD_9006', 'BUILD_9007'), ('BUILD_9007', 'BUILD_9008');
select blueprint.raises($$ insert into blueprint.task_needs values ('BUILD_9008', 'BUILD_9006') $$, '23514', 'task_needs_acyclic');
select blueprint.raises($$ update blueprint.task_needs set needs_id = 'BUILD_9006' where task_id = 'BUILD_9007' $$, '23514', 'task_needs_acyclic');
update blueprint.runs set status = 'succeeded', finished_at = clock_timestamp() where id = '00000000-0000-7000-8000-000000000006';
insert into blueprint.task_runs (run_id, task_id, phase, status) values ('00000000-0000-7000-8000-000000000006', 'BUILD_9006', 'deploy', 'succeeded');
select blueprint.raises($$ update blueprint.runs set status = 'failed' where id = '00000000-0000-7000-8000-000000000006' $$, '55006', 'runs');
select blueprint.raises($$ update blueprint.task_runs set status = 'failed' where task_id = 'BUILD_9006' $$, '55006', 'task_runs');

-- task: BUILD_0018 implement_feature high
-- title: Guard blueprint runs with one advisory lock and recover those whose session died
-- does: begin_run() takes the session lock of the database, exclusive for apply and revert, shared for plan, verify and drift, or raises 55P03 and names
--   the holder; end_run() closes the run and lets go; recover_runs() closes as aborted what a lost session left running. The lock is the heartbeat.
-- proves: a run records who, where and what, a second change in the same session is refused with its pid (55P03), a run of a lost backend is aborted
--   and makes way. Two sessions: tests/isolation/BUILD_0018.spec.
-- needs: BUILD_0006, BUILD_0009
create function blueprint.lock_key() returns bigint
  language sql immutable parallel safe
  return hashtextextended('hingecraft blueprint', 0);

create function blueprint.run_holders() returns table (pid int, exclusive boolean, holder text)
  language sql stable
begin atomic
  select a.pid, l.mode = 'ExclusiveLock', concat_ws(' ', r.kind, 'by', a.usename, nullif(a.application_name, ''), 'pid', a.pid, 'since ' || to_char(r.started_at, 'YYYY-MM-DD HH24:MI:SS TZ'))
  from pg_catalog.pg_locks l
  join pg_catalog.pg_stat_activity a on a.pid = l.pid and a.datid = l.database and a.datname = current_database()
  left join blueprint.runs r on r.backend_pid = a.pid and r.status = 'running'
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and (l.classid::bigint << 32 | l.objid::bigint) = blueprint.lock_key();
end;

create function blueprint.recover_runs() returns int
  language plpgsql set search_path = ''
as $$
declare
  recovered int;
begin
  update blueprint.runs r set status = 'aborted', finished_at = clock_timestamp()
  where r.status = 'running' and not exists (
    select from pg_catalog.pg_stat_activity a
    where a.pid = r.backend_pid and a.datname = current_database() and coalesce(a.backend_start, r.started_at) <= r.started_at
      and (r.kind not in ('apply', 'revert') or exists (select from blueprint.run_holders() h where h.pid = a.pid)));
  get diagnostics recovered = row_count;
  return recovered;
end $$;

create function blueprint.begin_run(kind text, options jsonb default '{}', git_commit text default null) returns uuid
  language plpgsql set search_path = ''
as $$
declare
  changes constant boolean := kind in ('apply', 'revert');
  locked boolean;
  run uuid;
begin
  perform blueprint.recover_runs();
  locked := case when changes then pg_try_advisory_lock(blueprint.lock_key()) else pg_try_advisory_lock_shared(blueprint.lock_key()) end;
  if locked then
    begin
      insert into blueprint.runs (kind, options, git_commit, lock_key) values (begin_run.kind, begin_run.options, begin_run.git_commit, blueprint.lock_key()) returning id into run;
      return run;
    exception when others then  -- the lock outlives the statement: give it back
      perform case when changes then pg_advisory_unlock(blueprint.lock_key()) else pg_advisory_unlock_shared(blueprint.lock_key()) end;
      if sqlstate <> '23505' then
        raise;
      end if;
    end;
  end if;
  raise exception using errcode = '55P03', message = 'another run is at work: ' || coalesce((select string_agg(h.holder, '; ') from blueprint.run_holders() h), 'one that just ended'),
    hint = 'Wait for it to end and try again; do not wait inside the lock.';
end $$;

create function blueprint.end_run(run uuid, status text default 'succeeded') returns void
  language plpgsql set search_path = ''
as $$
declare
  kind text;
begin
  update blueprint.runs r set status = end_run.status, finished_at = clock_timestamp()
  where r.id = run and r.status = 'running' and r.backend_pid = pg_backend_pid()
  returning r.kind into kind;
  if kind is null then
    raise exception using errcode = '55000', message = format('run %s does not run in this session', run);
  end if;
  perform case when kind in ('apply', 'revert') then pg_advisory_unlock(blueprint.lock_key()) else pg_advisory_unlock_shared(blueprint.lock_key()) end;
end $$;

comment on function blueprint.lock_key is 'Key of the advisory lock of a blueprint; per database, as advisory locks are.';
comment on function blueprint.run_holders is 'Sessions that hold the lock, and what they run.';
comment on function blueprint.recover_runs is 'Closes as aborted the runs whose session is gone (or, for changes, has lost the lock); returns how many.';
comment on function blueprint.begin_run is 'Takes the lock without waiting and opens a run; 55P03 names the holder. End it in the same session with end_run(); if the session dies, the lock goes with it.';
comment on function blueprint.end_run is 'Closes a run of this session and lets go of its lock.';

-- verify
select count(*) = 0 from blueprint.open_to_public('blueprint', 'lock_key', 'run_holders', 'recover_runs', 'begin_run', 'end_run');
update blueprint.runs set status = 'aborted', finished_at = clock_timestamp() where status = 'running';
insert into blueprint.runs (id, kind, backend_pid) values ('00000000-0000-7000-8000-000000000018', 'apply', 0), ('00000000-0000-7000-8000-000000000019', 'plan', 0);
insert into blueprint.runs (id, kind) values ('00000000-0000-7000-8000-00000000001a', 'plan');
select blueprint.recover_runs() = 2;
select status = case id when '00000000-0000-7000-8000-00000000001a' then 'running' else 'aborted' end, (finished_at is null) = (status = 'running')
from blueprint.runs where id between '00000000-0000-7000-8000-000000000018' and '00000000-0000-7000-8000-00000000001a';
update blueprint.runs set status = 'aborted', finished_at = clock_timestamp() where status = 'running';
insert into blueprint.runs (kind, backend_pid) values ('revert', 0);
select set_config('probe.run', blueprint.begin_run('apply', '{"why": "a probe"}', 'abc123')::text, true);
select kind = 'apply' and status = 'running' and options = '{"why": "a probe"}' and git_commit = 'abc123' and lock_key = blueprint.lock_key() and backend_pid = pg_backend_pid()
from blueprint.runs where id = current_setting('probe.run')::uuid;
select exclusive and holder like 'apply by %pid%' from blueprint.run_holders() where pid = pg_backend_pid() and exclusive;
select blueprint.raises($$ select blueprint.begin_run('revert') $$, '55P03', 'pid ' || pg_backend_pid()), blueprint.raises($$ select blueprint.begin_run('odd') $$, '23514', 'runs_kind_check');
select blueprint.end_run(current_setting('probe.run')::uuid, 'failed');
select status = 'failed' and finished_at >= started_at, blueprint.raises(format('select blueprint.end_run(%L)', id), '55000') from blueprint.runs where id = current_setting('probe.run')::uuid;
