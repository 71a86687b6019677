-- What every room's tables share: row triggers, row-level security by default, month partitions and the state machine behind each status column.
-- A room gets row-level security without asking; it asks for the rest by core.attach_standard(), core.ensure_month_partitions() and core.define_machine().

-- task: BUILD_0014 implement_feature critical
-- title: Provide standard row triggers: touch_updated_at, freeze columns, forbid_change, attach_standard()
-- does: touch_updated_at() moves updated_at when a row really changes, freeze_columns() keeps id, created_at and named columns, forbid_change() makes a
--   table append-only; attach_standard() attaches the set of a profile: std (touch, freeze), log (no change at all), immutable (no update).
-- proves: on a probe table an update moves updated_at and a no-op does not, changing created_at raises, profile log refuses UPDATE, DELETE and TRUNCATE,
--   attaching twice changes nothing and detaching leaves nothing.
-- needs: BUILD_0012
create function core.touch_updated_at() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  generated text[];
begin
  new.updated_at := old.updated_at;
  if new is distinct from old then  -- stored generated columns are not computed yet in NEW: leave them out before believing it
    generated := array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = tg_relid and a.attgenerated = 's');
    if generated = '{}' or to_jsonb(new) - generated <> to_jsonb(old) - generated then
      new.updated_at := clock_timestamp();
    end if;
  end if;
  return new;
end $$;

create function core.freeze_columns() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  frozen text;
begin
  foreach frozen in array array['id', 'created_at'] || tg_argv loop
    if to_jsonb(new) -> frozen is distinct from to_jsonb(old) -> frozen then
      raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, column = frozen,
        message = format('%s of %I.%I cannot change', frozen, tg_table_schema, tg_table_name);
    end if;
  end loop;
  return new;
end $$;

create function core.forbid_change() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name,
    message = format('%I.%I keeps what was written: %s is refused', tg_table_schema, tg_table_name, lower(tg_op));
end $$;

create function core.detach_standard(relation regclass) returns void
  language plpgsql set search_path = ''
as $$
declare
  name text;
begin
  for name in
    select t.tgname from pg_catalog.pg_trigger t
    where t.tgrelid = relation and t.tgparentid = 0
      and t.tgfoid in ('core.touch_updated_at'::regproc, 'core.freeze_columns'::regproc, 'core.forbid_change'::regproc)
  loop
    execute format('drop trigger %I on %s', name, relation);
  end loop;
end $$;

create function core.attach_standard(relation regclass, profile text default 'std', variadic frozen text[] default '{}') returns void
  language plpgsql set search_path = ''
as $$
declare
  base text := (select c.relname from pg_catalog.pg_class c where c.oid = relation);
  changed text := (
    select string_agg(format('old.%1$I is distinct from new.%1$I', a.attname), ' or ' order by a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = relation and not a.attisdropped and a.attname = any (array['id', 'created_at'] || frozen));
  arguments text := (select string_agg(quote_literal(f), ', ') from unnest(frozen) f);
  made record;
begin
  for made in
    select t.suffix, t.events, t.level, t.condition, t.action, t.about
    from (values
      ('std', 'freeze', 'update', 'row', changed, format('core.freeze_columns(%s)', arguments), 'Id, creation time and what else is named stay as they are.'),
      ('std', 'touch', 'update', 'row', null, 'core.touch_updated_at()', 'updated_at follows real changes.'),
      ('log', 'append_only', 'update or delete', 'row', null, 'core.forbid_change()', 'Append-only.'),
      ('log', 'no_truncate', 'truncate', 'statement', null, 'core.forbid_change()', 'Append-only.'),
      ('immutable', 'no_update', 'update', 'row', null, 'core.forbid_change()', 'Rows come and go but do not change.')
    ) t(profile, suffix, events, level, condition, action, about)
    where t.profile = attach_standard.profile and (t.suffix <> 'freeze' or changed is not null)
      and (t.suffix <> 'touch' or exists (select from pg_catalog.pg_attribute a where a.attrelid = relation and a.attname = 'updated_at' and not a.attisdropped))
  loop
    execute format('create or replace trigger %I before %s on %s for each %s %s execute function %s', base || '_' || made.suffix, made.events, relation, made.level,
      'when (' || made.condition || ')', made.action);
    execute format('comment on trigger %I on %s is %L', base || '_' || made.suffix, relation, made.about);
  end loop;
  if not found then
    raise exception using errcode = '22023', message = format('no standard triggers for profile %L on %s', profile, relation),
      hint = 'Profiles are std, log and immutable.';
  end if;
end $$;

comment on function core.touch_updated_at is 'Row trigger before update: sets updated_at to the clock when another column changed, keeps it when none did.';
comment on function core.freeze_columns is 'Row trigger before update: id, created_at and the columns named as arguments cannot change (55006).';
comment on function core.forbid_change is 'Trigger that refuses whatever it is attached to (55006).';
comment on function core.attach_standard is 'Attaches the standard triggers of profile std, log or immutable to a table; frozen names more columns that std freezes. Again: brings them up to date. Undo with detach_standard().';
comment on function core.detach_standard is 'Drops the standard triggers of a table: the revert of attach_standard().';

-- verify
select count(*) = 0 from blueprint.open_to_public('core', 'touch_updated_at', 'freeze_columns', 'forbid_change', 'detach_standard', 'attach_standard');
select blueprint.open_room('probe_0014');
create table probe_0014.things (id int primary key, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  kind text, size int, doubled int generated always as (size * 2) stored, tripled int generated always as (size * 3));
create table probe_0014.logs (id int primary key, occurred_at timestamptz default now());
create table probe_0014.facts (id int primary key, fact text);
select core.attach_standard('probe_0014.things', 'std', 'kind'), core.attach_standard('probe_0014.things', 'std', 'kind'),
  core.attach_standard('probe_0014.logs', 'log'), core.attach_standard('probe_0014.facts', 'immutable');
insert into probe_0014.things values (1, '2026-01-01', '2026-01-01', 'a', 1);
update probe_0014.things set size = 1;
select updated_at = '2026-01-01' from probe_0014.things;
update probe_0014.things set size = 2;
select updated_at > transaction_timestamp() and doubled = 4 from probe_0014.things;
update probe_0014.things set size = null, updated_at = '2020-01-01';
select updated_at > transaction_timestamp() from probe_0014.things;
insert into probe_0014.logs values (1);
insert into probe_0014.facts values (1, 'water is wet');
select rule, blueprint.raises(sql, '55006', rule) from (values
  ('id', 'update probe_0014.things set id = 2'),
  ('created_at', 'update probe_0014.things set created_at = now()'),
  ('kind', $$ update probe_0014.things set kind = 'b' $$),
  ('update', 'update probe_0014.logs set occurred_at = null'),
  ('delete', 'delete from probe_0014.logs'),
  ('truncate', 'truncate probe_0014.logs'),
  ('update', $$ update probe_0014.facts set fact = 'dry' $$)) v(rule, sql);
delete from probe_0014.facts;
select array_agg(tgrelid::regclass || ' ' || tgname order by tgrelid::regclass::text, tgname) = array['probe_0014.facts facts_no_update',
  'probe_0014.logs logs_append_only', 'probe_0014.logs logs_no_truncate', 'probe_0014.things things_freeze', 'probe_0014.things things_touch'],
  bool_and(obj_description(oid, 'pg_trigger') is not null)
from pg_trigger where tgrelid in ('probe_0014.things'::regclass, 'probe_0014.logs'::regclass, 'probe_0014.facts'::regclass) and not tgisinternal;
create trigger logs_bare before update on probe_0014.things for each row execute function core.freeze_columns('size');
select blueprint.raises('update probe_0014.things set size = 7', '55006', 'size of probe_0014.things');
select core.detach_standard('probe_0014.things'), core.detach_standard('probe_0014.logs');
update probe_0014.things set created_at = now(), updated_at = '2020-01-01';
truncate probe_0014.logs;
select updated_at = '2020-01-01', not exists (select from pg_trigger where tgrelid = 'probe_0014.things'::regclass) from probe_0014.things;
select blueprint.raises($$ select core.attach_standard('probe_0014.facts', 'odd') $$, '22023', 'odd');

-- task: BUILD_0015 implement_feature critical superuser
-- title: Force row-level security by default on every new table of a registered room
-- does: A table created in a room, or moved or attached into one, belongs to hc_owner and has row-level security enabled and forced with policy
--   owner_all for hc_owner, so definer functions work and everybody else starts from nothing. Exempt are the tables a contract names under rls_exempt, with a reason.
-- proves: hc_member sees no row of a fresh table and its partitions in spite of GRANT SELECT, hc_owner sees all; tables of a superuser, moved-in tables and
--   SELECT INTO are secured alike; a switched-off table shows in rls_gaps(), an exempt one does not.
-- needs: BUILD_0006, BUILD_0012
create function blueprint.secure_tables() returns event_trigger
  language plpgsql set search_path = ''
as $$
declare
  t record;
begin
  for t in
    select distinct c.oid::regclass as relation, c.relowner, n.nspname, c.relname
    from pg_catalog.pg_event_trigger_ddl_commands() d
    join pg_catalog.pg_class c on c.oid = d.objid and c.relkind in ('r', 'p') and c.relpersistence <> 't'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspowner = to_regrole('hc_owner')
    where d.classid = 'pg_catalog.pg_class'::regclass and not d.in_extension
      and not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'owner_all')
  loop
    if not pg_has_role(current_user, 'hc_owner', 'usage') then
      raise exception using errcode = '42501', message = format('tables of room %I belong to hc_owner', t.nspname), hint = 'Create them in a task, or after set role hc_owner.';
    end if;
    continue when exists (
      select from blueprint.rooms r where r.schema_name = t.nspname and coalesce(r.contract -> 'rls_exempt' ->> t.relname, '') <> '');
    execute format('create policy owner_all on %s to hc_owner using (true) with check (true)', t.relation);  -- first: it ends the recursion
    execute format('comment on policy owner_all on %s is %L', t.relation, 'Functions of hc_owner see and write all rows; everybody else needs a policy of his own.');
    if t.relowner <> 'hc_owner'::regrole then
      execute format('alter table %s owner to hc_owner', t.relation);
    end if;
    execute format('alter table %s enable row level security, force row level security', t.relation);
  end loop;
end $$;

create function blueprint.rls_gaps(room text default null) returns table (table_name text, gap text)
  language sql stable
begin atomic
  select c.oid::regclass::text, concat_ws(', ',
      case when not c.relrowsecurity then 'not enabled' end,
      case when not c.relforcerowsecurity then 'not forced' end,
      case when pg_get_userbyid(c.relowner) <> 'hc_owner' then 'not owned by hc_owner' end,
      case when not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'owner_all') then 'no policy owner_all' end)
  from blueprint.rooms r
  join pg_catalog.pg_namespace n on n.nspname = r.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
  where (rls_gaps.room is null or r.schema_name = rls_gaps.room)
    and coalesce(r.contract -> 'rls_exempt' ->> c.relname::text, '') = ''
    and not (c.relrowsecurity and c.relforcerowsecurity and pg_get_userbyid(c.relowner) = 'hc_owner'
      and exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'owner_all'))
  order by 1;
end;

alter function blueprint.secure_tables() owner to hc_owner;
alter function blueprint.rls_gaps(text) owner to hc_owner;
revoke execute on function blueprint.secure_tables, blueprint.rls_gaps from public;

create event trigger blueprint_secure_tables on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
  execute function blueprint.secure_tables();

comment on function blueprint.secure_tables is 'Secures tables of rooms that have no policy owner_all yet. A room is a schema that hc_owner owns, so strangers need no right to read the ledger; only hc_owner and superusers get past it.';
comment on function blueprint.rls_gaps is 'Tables of rooms (or of one) that are not secured as they should be, and what is missing; exempt ones left out.';
comment on event trigger blueprint_secure_tables is 'Row-level security by default in every room.';

-- verify
select count(*) = 0 from blueprint.open_to_public('blueprint', 'secure_tables', 'rls_gaps');
set local role hc_owner;
select blueprint.open_room('probe_0015', null, 'probe', '{"rls_exempt": {"settings": "one row, read by everybody"}}');
grant usage on schema probe_0015 to hc_member;
create table probe_0015.facts (id int, at date) partition by range (at);
create table probe_0015.facts_2026 partition of probe_0015.facts for values from ('2026-01-01') to ('2027-01-01');
create table probe_0015.settings (id int);
select 1 as id into probe_0015.chosen;
create table probe_0015.copied as select 1 as id;
create materialized view probe_0015.frozen as select 1 as id;
insert into probe_0015.facts values (1, '2026-05-05');
set local role none;
create table probe_0015.by_superuser (id int);
create schema probe_0015_out;
create table probe_0015_out.moved (id int);
create temporary table probe_0015_scratch (id int);
select not relrowsecurity from pg_class where oid = 'probe_0015_out.moved'::regclass;
alter table probe_0015_out.moved set schema probe_0015;
grant select on all tables in schema probe_0015 to hc_member;
select count(*) = 0 from blueprint.rls_gaps('probe_0015');
select c.relname, c.relrowsecurity and c.relforcerowsecurity and c.relowner = 'hc_owner'::regrole and obj_description(p.oid, 'pg_policy') is not null
from unnest(array['facts', 'facts_2026', 'chosen', 'copied', 'by_superuser', 'moved']) name
left join pg_class c on c.oid = ('probe_0015.' || name)::regclass left join pg_policy p on p.polrelid = c.oid and p.polname = 'owner_all';
set local role hc_owner;
select count(*) = 1 from probe_0015.facts;
select count(*) = 1 from probe_0015.copied;
set local role hc_member;
select (select count(*) = 0 from probe_0015.facts), (select count(*) = 0 from probe_0015.facts_2026), (select count(*) = 0 from probe_0015.copied);
set local role hc_owner;
alter table probe_0015.facts_2026 no force row level security;
alter table probe_0015.chosen disable row level security;
drop policy owner_all on probe_0015.moved;
set local role none;
alter table probe_0015.by_superuser owner to current_user;
select array_agg(table_name || ': ' || gap) = array['probe_0015.by_superuser: not owned by hc_owner', 'probe_0015.chosen: not enabled',
  'probe_0015.facts_2026: not forced', 'probe_0015.moved: no policy owner_all'] from blueprint.rls_gaps('probe_0015');
grant create, usage on schema probe_0015 to hc_member;
set local role hc_member;
select blueprint.raises('create table probe_0015.mine (id int)', '42501', 'belong to hc_owner');
set local role none;
drop table probe_0015.settings;
update blueprint.rooms set contract = '{"rls_exempt": {"settings": ""}}' where schema_name = 'probe_0015';
create table probe_0015.settings (id int);
select relrowsecurity from pg_class where oid = 'probe_0015.settings'::regclass;

-- task: BUILD_0017 implement_feature critical
-- title: Manage monthly range partitions: ensure_month_partitions and drop_month_partitions
-- does: ensure_month_partitions() makes the missing months of a range-partitioned table, UTC bounds, any number of sessions at once, and gives each the
--   truncate guards of its parent; month_partitions() lists them; drop_month_partitions() detaches and drops what ended before a date, never the current month.
-- proves: on a probe parent the months are made once and again none, a row of next month lands in its partition, a partition is closed to roles that may
--   read the parent, old months go, and dropping the current one raises.
-- needs: BUILD_0014, BUILD_0015
create function core.month_partitions(parent regclass) returns table (partition regclass, from_at timestamptz, to_at timestamptz, estimated_rows bigint)
  language sql stable
begin atomic
  select c.oid::regclass, (bounds.found)[1]::timestamptz, (bounds.found)[2]::timestamptz, nullif(c.reltuples, -1)::bigint
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid,
  lateral regexp_match(pg_get_expr(c.relpartbound, c.oid), $r$FROM \('([^']+)'\) TO \('([^']+)'\)$r$) bounds(found)
  where i.inhparent = parent and bounds.found is not null
  order by 2;
end;

create function core.ensure_month_partitions(parent regclass, back int default 1, ahead int default 3) returns int
  language plpgsql security definer set search_path = '' set timezone = 'UTC'
as $$
declare
  schema text; base text; month timestamptz; partition text; guard text;
  made int := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('core.month_partitions', parent::oid::bigint));
  select n.nspname, c.relname into schema, base from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = parent;
  for month in select date_trunc('month', now()) + make_interval(months => n) from generate_series(-back, ahead) n loop
    continue when exists (select from core.month_partitions(parent) p where month >= p.from_at and month < p.to_at);
    partition := format('%I.%I', schema, base || to_char(month, '_YYYY_MM'));
    execute format('create table %s partition of %s for values from (%L) to (%L)', partition, parent, month, month + interval '1 month');
    execute format('comment on table %s is %L', partition, to_char(month, 'YYYY-MM') || ' (UTC) of ' || parent);
    for guard in
      select replace(pg_get_triggerdef(t.oid), format(' ON %s ', parent), format(' ON %s ', partition))
      from pg_catalog.pg_trigger t where t.tgrelid = parent and not t.tgisinternal and t.tgtype & 32 = 32
    loop
      execute guard;
    end loop;
    made := made + 1;
  end loop;
  return made;
end $$;

create function core.drop_month_partitions(parent regclass, before timestamptz) returns int
  language plpgsql set search_path = '' set timezone = 'UTC'
as $$
declare
  old regclass;
  dropped int := 0;
begin
  if before > date_trunc('month', now()) then
    raise exception using errcode = '22023', message = format('%s: the month that runs now is kept, %s lies after its start', parent, before);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('core.month_partitions', parent::oid::bigint));
  for old in select p.partition from core.month_partitions(parent) p where p.to_at <= before loop
    execute format('alter table %s detach partition %s', parent, old);
    execute format('drop table %s', old);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;

comment on function core.month_partitions is 'Range partitions of a table with their bounds and the planner''s row estimate (null before the first analyze), oldest first.';
comment on function core.ensure_month_partitions is 'Makes the missing month partitions from back months ago to ahead months from now; returns how many. Security definer: the worker that calls it owns no table. Partitions get no grants: read through the parent.';
comment on function core.drop_month_partitions is 'Detaches and drops the partitions that ended before a time and returns how many; refuses the running month (22023). For retention functions; nobody is granted it.';

grant execute on function core.month_partitions, core.ensure_month_partitions to hc_worker;

-- verify
select count(*) = 0 from blueprint.open_to_public('core', 'month_partitions', 'ensure_month_partitions', 'drop_month_partitions');
select blueprint.open_room('probe_0017');
create table probe_0017.logs (id int, occurred_at timestamptz not null default now(), constraint logs_pk primary key (id, occurred_at)) partition by range (occurred_at);
create policy logs_select on probe_0017.logs for select to hc_member using (true);
select core.attach_standard('probe_0017.logs', 'log');
set local timezone = 'Australia/Lord_Howe';
select core.ensure_month_partitions('probe_0017.logs', 2, 2) = 5;
select core.ensure_month_partitions('probe_0017.logs', 2, 2) = 0;
select count(*) = 5, bool_and(from_at = date_trunc('month', from_at, 'UTC')), bool_and(adjoins is not false)
from (select from_at, lead(from_at) over (order by from_at) = to_at as adjoins from core.month_partitions('probe_0017.logs')) months;
select bool_and(partition::text = 'probe_0017.logs' || to_char(from_at at time zone 'UTC', '_YYYY_MM')), bool_and(estimated_rows is null),
  bool_and(obj_description(partition, 'pg_class') like '%(UTC) of probe_0017.logs'), bool_and(relrowsecurity and relforcerowsecurity)
from core.month_partitions('probe_0017.logs') join pg_class on oid = partition;
insert into probe_0017.logs values (1, date_trunc('month', now(), 'UTC') + interval '40 days') returning tableoid::regclass::text = 'probe_0017.logs' || to_char((date_trunc('month', now(), 'UTC') + interval '40 days') at time zone 'UTC', '_YYYY_MM');
select blueprint.raises($$ insert into probe_0017.logs values (1, now() + interval '10 years') $$, '23514', 'no partition');
select blueprint.raises(format('truncate %s', partition), '55006'), blueprint.raises(format('delete from %s', 'probe_0017.logs'), '55006') from core.month_partitions('probe_0017.logs');
grant usage on schema probe_0017 to hc_member, hc_worker;
grant select on probe_0017.logs to hc_member;
set local role hc_member;
select count(*) = 1 from probe_0017.logs;
select blueprint.raises('select from probe_0017.logs' || to_char(now() at time zone 'UTC', '_YYYY_MM'), '42501');
set local role hc_worker;
select core.ensure_month_partitions('probe_0017.logs', 0, 3) = 1;
select count(*) = 6 from core.month_partitions('probe_0017.logs');
set local role hc_owner;
select blueprint.raises($$ select core.drop_month_partitions('probe_0017.logs', now()) $$, '22023', 'probe_0017.logs');
select core.drop_month_partitions('probe_0017.logs', date_trunc('month', now(), 'UTC') - interval '20 days') = 1;
select count(*) = 5, not has_function_privilege('hc_worker', 'core.drop_month_partitions(regclass, timestamptz)', 'execute') from core.month_partitions('probe_0017.logs');

-- task: BUILD_0020 implement_feature critical
-- title: Build the generic state machine: state_transitions, status_changes, enforce_transition()
-- does: define_machine() writes a machine's transitions as reference data, the trigger enforce_transition('machine', 'status') lets only those through, asks for
--   the guard's role and for a reason where one is due, and logs each in status_changes by month; next_statuses() says what may follow for the caller.
-- proves: on a probe table a -> b passes and is logged with actor and reason, b -> a raises 23514, a guarded step without the role 42501, one without its
--   reason 23514, a row born in a wrong status 23514; the log refuses UPDATE and DELETE and is read by staff alone.
-- needs: BUILD_0014, BUILD_0017
create table core.state_transitions (
  machine text not null,
  from_status text not null,
  to_status text not null,
  guard_role text,
  requires_reason boolean not null default false,
  terminal boolean not null default false,
  label text,
  constraint state_transitions_machine_from_status_to_status_pk primary key (machine, from_status, to_status),
  constraint state_transitions_from_status_to_status_check check (from_status <> to_status and to_status <> ''),
  constraint state_transitions_guard_role_check check (guard_role like 'hc\_%')
);

create table core.status_changes (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default clock_timestamp(),
  machine text not null,
  entity_id uuid not null,
  from_status text not null,
  to_status text not null,
  actor_id uuid default core.current_user_id(),
  actor_role text not null default core.request_role(),
  reason text,
  payload jsonb,
  constraint status_changes_id_occurred_at_entity_id_pk primary key (id, occurred_at, entity_id),
  constraint status_changes_payload_check check (jsonb_typeof(payload) = 'object')
) partition by range (occurred_at);

create index status_changes_entity_id_occurred_at_idx on core.status_changes (entity_id, occurred_at desc);

select core.attach_standard('core.status_changes', 'log');
select core.ensure_month_partitions('core.status_changes');

create function core.define_machine(name text, spec jsonb) returns int
  language plpgsql set search_path = ''
as $$
declare
  defined int;
begin
  delete from core.state_transitions t where t.machine = name;
  insert into core.state_transitions (machine, from_status, to_status, guard_role, requires_reason, terminal, label)
  select name, f.status, coalesce(step ->> 'to', step #>> '{}'), step ->> 'guard', coalesce((step ->> 'reason')::boolean, false),
    not spec ? coalesce(step ->> 'to', step #>> '{}'), step ->> 'label'
  from jsonb_each(spec) f(status, steps), jsonb_array_elements(f.steps) step;
  get diagnostics defined = row_count;
  return defined;
end $$;

create function core.give_reason(reason text, payload jsonb default null) returns void
  language sql
begin atomic
  select set_config('core.reason', coalesce(reason, ''), true), set_config('core.reason_payload', coalesce(payload::text, ''), true);
end;

create function core.enforce_transition() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  field constant text := coalesce(tg_argv[1], 'status');
  entity constant jsonb := to_jsonb(new);
  before constant text := case tg_op when 'UPDATE' then to_jsonb(old) ->> field else '' end;
  after constant text := entity ->> field;
  reason constant text := nullif(current_setting('core.reason', true), '');
  step core.state_transitions;
begin
  if before is not distinct from after then
    return new;
  end if;
  select * into step from core.state_transitions t where t.machine = tg_argv[0] and t.from_status = before and t.to_status = after;
  if not found and (before <> '' or exists (select from core.state_transitions t where t.machine = tg_argv[0] and t.from_status = '')) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = field, constraint = tg_argv[0],
      message = format('%s: %s -> %s is no transition', tg_argv[0], coalesce(nullif(before, ''), '(new)'), after),
      hint = 'core.next_statuses() lists what may follow.';
  elsif step.guard_role is not null and not core.has_role(step.guard_role) then
    raise exception using errcode = '42501', schema = tg_table_schema, table = tg_table_name, column = field, constraint = tg_argv[0],
      message = format('%s: %s -> %s takes %s', tg_argv[0], before, after, step.guard_role);
  elsif step.requires_reason and reason is null then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = field, constraint = tg_argv[0],
      message = format('%s: %s -> %s takes a reason', tg_argv[0], before, after), hint = 'Call core.give_reason() in the same transaction first.';
  end if;
  if tg_op = 'UPDATE' then
    insert into core.status_changes (machine, entity_id, from_status, to_status, reason, payload)
    values (tg_argv[0], (entity ->> coalesce(tg_argv[2], 'id'))::uuid, before, after, reason, core.as_jsonb(current_setting('core.reason_payload', true)));
  end if;
  return new;
end $$;

create function core.next_statuses(machine text, status text) returns table (to_status text, label text, guard_role text, requires_reason boolean, terminal boolean, permitted boolean)
  language sql stable
begin atomic
  select t.to_status, t.label, t.guard_role, t.requires_reason, t.terminal, t.guard_role is null or core.has_role(t.guard_role)
  from core.state_transitions t where t.machine = next_statuses.machine and t.from_status = next_statuses.status
  order by t.to_status;
end;

create policy state_transitions_select on core.state_transitions for select
  to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst using (true);
create policy status_changes_select on core.status_changes for select
  to hc_moderator, hc_finance, hc_compliance, hc_auditor using (true);

grant select on core.state_transitions to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;
grant select on core.status_changes to hc_moderator, hc_finance, hc_compliance, hc_auditor;
grant execute on function core.next_statuses to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;
grant execute on function core.give_reason to hc_anon, hc_agent, hc_worker;

comment on table core.state_transitions is 'What may follow what, for every status column that a machine guards. Reference data, written by core.define_machine(). @distribution reference';
comment on column core.state_transitions.machine is 'Name of the machine: the first argument of its core.enforce_transition trigger.';
comment on column core.state_transitions.from_status is 'Status before; the empty text is the birth of a row. A machine without births lets rows begin anywhere.';
comment on column core.state_transitions.to_status is 'Status after.';
comment on column core.state_transitions.guard_role is 'Database role the request must have for this step, null for none.';
comment on column core.state_transitions.requires_reason is 'core.give_reason() must have been called in the transaction.';
comment on column core.state_transitions.terminal is 'Nothing follows to_status.';
comment on column core.state_transitions.label is 'What a button for this step would say.';
comment on table core.status_changes is 'Log of every transition, by month; append-only. @distribution entity_id';
comment on column core.status_changes.id is 'Version 7 id, in order of time.';
comment on column core.status_changes.occurred_at is 'When; partition key (UTC months).';
comment on column core.status_changes.machine is 'Machine in core.state_transitions.';
comment on column core.status_changes.entity_id is 'Row that changed.';
comment on column core.status_changes.from_status is 'Status before.';
comment on column core.status_changes.to_status is 'Status after.';
comment on column core.status_changes.actor_id is 'User of the request, null for jobs and owners.';
comment on column core.status_changes.actor_role is 'Database role of the request.';
comment on column core.status_changes.reason is 'Reason as given by core.give_reason().';
comment on column core.status_changes.payload is 'What else core.give_reason() was told.';
comment on index core.status_changes_entity_id_occurred_at_idx is 'History of one entity, newest first.';
comment on policy state_transitions_select on core.state_transitions is 'Everybody may know the rules.';
comment on policy status_changes_select on core.status_changes is 'Staff read the log; others through views of their own entities.';
comment on constraint state_transitions_from_status_to_status_check on core.state_transitions is 'A step leads somewhere else.';
comment on constraint state_transitions_guard_role_check on core.state_transitions is 'Guards are roles of the platform.';
comment on constraint status_changes_payload_check on core.status_changes is 'The payload is an object.';
comment on function core.define_machine is 'Replaces a machine: {"": ["draft"], "draft": ["open", {"to": "closed", "guard": "hc_moderator", "reason": true, "label": "Close"}]}. Empty spec: removes it (the revert). Returns the number of steps.';
comment on function core.give_reason is 'States why, for the transitions of this transaction.';
comment on function core.enforce_transition is 'Row trigger, after insert or update: enforce_transition(machine [, status column [, id column]]). Security definer: callers may not write the log.';
comment on function core.next_statuses is 'Statuses that may follow, and whether the role of the request may take the step.';

-- verify
select count(*) = 0 from blueprint.open_to_public('core', 'define_machine', 'give_reason', 'enforce_transition', 'next_statuses');
select blueprint.open_room('probe_0020');
create table probe_0020.things (key uuid primary key default uuidv7(), state text not null default 'a');
create trigger things_state after insert or update of state on probe_0020.things for each row execute function core.enforce_transition('probe_0020', 'state', 'key');
select core.define_machine('probe_0020', '{"": ["z"]}') = 1;
select core.define_machine('probe_0020', '{"": ["a"], "a": ["b"], "b": [{"to": "c", "guard": "hc_moderator"}, {"to": "d", "reason": true, "label": "Give up"}]}') = 4;
select array_agg(format('%s>%s %s %s', from_status, to_status, requires_reason, terminal) order by 1) = array['>a f f', 'a>b f f', 'b>c f t', 'b>d t t'] from core.state_transitions where machine = 'probe_0020';
select core.act_as('00000000-0000-7000-8000-000000000020', 'hc_member');
insert into probe_0020.things (key) values ('00000000-0000-7000-8000-000000000001'), ('00000000-0000-7000-8000-000000000002'), ('00000000-0000-7000-8000-000000000003');
select blueprint.raises($$ insert into probe_0020.things (state) values ('b') $$, '23514', '(new) -> b');
update probe_0020.things set state = 'b' where key < '00000000-0000-7000-8000-000000000003';
select array_agg(to_status || ' ' || permitted order by to_status) = array['c false', 'd true'], bool_or(label = 'Give up' and requires_reason and terminal) from core.next_statuses('probe_0020', 'b');
select from_status = 'a' and to_status = 'b' and actor_id = '00000000-0000-7000-8000-000000000020' and actor_role = 'hc_member' and reason is null and payload is null
  and uuid_extract_version(id) = 7 and occurred_at > transaction_timestamp()
from core.status_changes where machine = 'probe_0020' and entity_id = '00000000-0000-7000-8000-000000000001';
select blueprint.raises($$ update probe_0020.things set state = 'a' $$, '23514', 'b -> a'), blueprint.raises($$ update probe_0020.things set state = 'c' where state = 'b' $$, '42501', 'hc_moderator'),
  blueprint.raises($$ update probe_0020.things set state = 'd' where state = 'b' $$, '23514', 'takes a reason');
select core.act_as('00000000-0000-7000-8000-000000000021', 'hc_moderator');
update probe_0020.things set state = 'c' where key = '00000000-0000-7000-8000-000000000001';
select core.give_reason('worn out', '{"cycles": 9}');
update probe_0020.things set state = 'd' where state = 'b';
select count(*) = 1, bool_and(reason = 'worn out' and payload = '{"cycles": 9}' and entity_id = '00000000-0000-7000-8000-000000000002')
from core.status_changes where machine = 'probe_0020' and to_status = 'd';
select rule, blueprint.raises(sql, state, rule) from (values
  ('55006', 'update', $$ update core.status_changes set reason = '' where machine = 'probe_0020' $$),
  ('55006', 'delete', $$ delete from core.status_changes where machine = 'probe_0020' $$),
  ('55006', 'core.status_changes keeps', 'truncate core.status_changes'),
  ('23505', 'status_changes_2', $$ insert into core.status_changes select * from core.status_changes where machine = 'probe_0020' $$),
  ('23514', 'status_changes_payload_check', $$ insert into core.status_changes (machine, entity_id, from_status, to_status, payload) values ('probe_0020', uuidv7(), 'a', 'b', '1') $$),
  ('23505', 'state_transitions_machine_from_status_to_status_pk', $$ insert into core.state_transitions select * from core.state_transitions where machine = 'probe_0020' $$),
  ('23514', 'state_transitions_from_status_to_status_check', $$ insert into core.state_transitions values ('probe_0020', 'a', 'a') $$),
  ('23514', 'state_transitions_guard_role_check', $$ insert into core.state_transitions values ('probe_0020', 'a', 'c', 'postgres') $$)) v(state, rule, sql);
insert into core.state_transitions (machine, from_status, to_status) values ('probe_0020', 'x', 'y') returning not requires_reason and not terminal;
select blueprint.plan_uses($$ select to_status from core.status_changes where entity_id = '00000000-0000-7000-8000-000000000020' order by occurred_at desc $$, 'status_changes_entity_id_occurred_at_idx');
select partition, blueprint.raises('truncate ' || partition, '55006') from core.month_partitions('core.status_changes');
select count(*) = 0 from blueprint.rls_gaps('core') where table_name like 'core.stat%';
grant usage on schema probe_0020 to hc_member;
grant select, update on probe_0020.things to hc_member;
create policy things_all on probe_0020.things to hc_member using (true);
select core.act_as('00000000-0000-7000-8000-000000000020', 'hc_member');
set local role hc_member;
select core.give_reason('as a member');
update probe_0020.things set state = 'b' where state = 'a';
select permitted = false from core.next_statuses('probe_0020', 'b') where to_status = 'c';
select blueprint.raises('select from core.status_changes', '42501'), blueprint.raises($$ insert into core.state_transitions values ('probe_0020', 'c', 'a') $$, '42501');
set local role hc_owner;
select role, has_table_privilege(role, 'core.status_changes', 'select') and not has_table_privilege(role, 'core.status_changes', 'insert') from unnest(array['hc_moderator', 'hc_finance', 'hc_compliance', 'hc_auditor']) role;
select role, has_table_privilege(role, 'core.state_transitions', 'select'), has_function_privilege(role, 'core.next_statuses(text, text)', 'execute'),
  has_function_privilege(role, 'core.give_reason(text, jsonb)', 'execute') = (role not in ('hc_auditor', 'hc_analyst'))
from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;
set local role hc_agent;
select count(*) = 5 from core.state_transitions where machine = 'probe_0020';
set local role hc_auditor;
select count(*) = 5, bool_or(reason = 'as a member') from core.status_changes where machine = 'probe_0020';
set local role hc_owner;
select core.define_machine('probe_0020', '{}') = 0;
select not exists (select from core.next_statuses('probe_0020', 'a'));

-- revert
drop function core.next_statuses, core.enforce_transition, core.give_reason, core.define_machine;
drop table core.status_changes, core.state_transitions;
