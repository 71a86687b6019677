-- Core table audit_logs: who did what to which row, by month and append-only, and the chain of seals over it. Auditors and compliance read it, people see
-- their own actions, nobody else anything. A seal holds the root of an RFC 9162 hash tree over the rows of finished transactions and the digest of the seal before.

-- task: BUILD_0771 create_table critical
-- title: Create partitioned, append-only core.audit_logs and core.audit_seals
-- does: One row per action, by UTC month; transaction, actor, role, session, request, address and reason fill themselves in from the request. core.audit_seals is the
--   chain over it. Auditors and compliance read both, core.my_activity shows everybody the own actions.
-- proves: a bare insert records xid, actor, role and request, hc_admin and hc_finance are refused (42501), hc_auditor reads all, my_activity only own actions, months are apart.
-- needs: BUILD_0005, BUILD_0013, BUILD_0017, BUILD_0020
create table core.audit_logs (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default clock_timestamp(),
  xid xid8 not null default pg_current_xact_id(),
  actor_id uuid default core.current_user_id(),
  actor_role text not null default core.request_role(),
  session_user_name text not null default session_user,
  request_id text default core.request_id(),
  action text not null,
  entity_schema text,
  entity_table text,
  entity_id text,
  changed jsonb,
  ip inet default core.client_ip(),
  user_agent text default (core.headers() ->> 'user-agent'),
  reason text default nullif(current_setting('core.reason', true), ''),
  constraint audit_logs_id_occurred_at_pk primary key (id, occurred_at)
) partition by range (occurred_at);

create table core.audit_seals (
  seal_no bigint constraint audit_seals_seal_no_pk primary key,
  xid_from xid8 not null,
  xid_to xid8 not null,
  occurred_from timestamptz,
  occurred_to timestamptz,
  row_count bigint not null,
  rows_sha256 core.sha256 not null,
  prev_seal_sha256 core.sha256 not null,
  seal_sha256 core.sha256 not null,
  sealed_at timestamptz not null default now()
);

select core.ensure_month_partitions('core.audit_logs');

create policy audit_logs_select on core.audit_logs for select to hc_auditor, hc_compliance using (true);

create policy audit_seals_select on core.audit_seals for select to hc_auditor, hc_compliance using (true);

grant select on core.audit_logs to hc_auditor, hc_compliance;
grant select on core.audit_seals to hc_auditor, hc_compliance;

create view core.my_activity with (security_barrier) as
  select l.id, l.occurred_at, l.action, l.entity_schema, l.entity_table, l.entity_id, l.ip, l.user_agent, l.reason
  from core.audit_logs l where l.actor_id = (select core.current_user_id());

grant select on core.my_activity to hc_member;

comment on table core.audit_logs is 'What was done to what, by whom and why; append-only, by UTC month. @wix never @distribution id @retention 7 years, sealed and archived first';
comment on column core.audit_logs.id is 'Version 7 id, in order of time; second key of the order within a seal.';
comment on column core.audit_logs.occurred_at is 'When, by the clock; partition key (UTC months).';
comment on column core.audit_logs.xid is 'Transaction that wrote it: what seals go by.';
comment on column core.audit_logs.actor_id is 'User of the request, null for jobs and owners. No foreign key: the log outlives accounts. @pii retain';
comment on column core.audit_logs.actor_role is 'Database role of the request.';
comment on column core.audit_logs.session_user_name is 'Database login of the connection.';
comment on column core.audit_logs.request_id is 'Header x-request-id: all that one request did.';
comment on column core.audit_logs.action is 'insert, update, delete, login, read_sensitive, export, override, ... (BUILD_0773).';
comment on column core.audit_logs.entity_schema is 'Schema of the row concerned.';
comment on column core.audit_logs.entity_table is 'Table of the row concerned.';
comment on column core.audit_logs.entity_id is 'Key of the row concerned, columns joined by a comma.';
comment on column core.audit_logs.changed is 'What changed: {"fields": [...], "old": {...}, "new": {...}}, changed columns only, secrets as keyed digests. @pii retain';
comment on column core.audit_logs.ip is 'Address of the caller. @pii retain';
comment on column core.audit_logs.user_agent is 'Program of the caller, header user-agent. @pii retain';
comment on column core.audit_logs.reason is 'Why, as core.give_reason() was told in the transaction.';
comment on table core.audit_seals is 'Chain of seals over the audit log: each covers the transactions [xid_from, xid_to) and the seal before. @distribution local';
comment on column core.audit_seals.seal_no is 'Counts from 1 without gaps.';
comment on column core.audit_seals.xid_from is 'First transaction covered: xid_to of the seal before.';
comment on column core.audit_seals.xid_to is 'First transaction not covered any more; everything below it had ended.';
comment on column core.audit_seals.occurred_from is 'Earliest row covered.';
comment on column core.audit_seals.occurred_to is 'Latest row covered.';
comment on column core.audit_seals.row_count is 'Rows covered.';
comment on column core.audit_seals.rows_sha256 is 'Root of the RFC 9162 hash tree over the rows in order (xid, id).';
comment on column core.audit_seals.prev_seal_sha256 is 'seal_sha256 of the seal before; 32 zero bytes before the first.';
comment on column core.audit_seals.seal_sha256 is 'Digest of the other columns, and so of the whole log up to here.';
comment on column core.audit_seals.sealed_at is 'When it was sealed.';
comment on policy audit_logs_select on core.audit_logs is 'Audit and compliance read the log; administrators do not.';
comment on policy audit_seals_select on core.audit_seals is 'Audit and compliance check the seals.';
comment on view core.my_activity is 'What the current user did. Runs as its owner on purpose: members have no access to the log itself.';
comment on column core.my_activity.id is 'The entry.';
comment on column core.my_activity.occurred_at is 'When.';
comment on column core.my_activity.action is 'What was done.';
comment on column core.my_activity.entity_schema is 'Schema of the row concerned.';
comment on column core.my_activity.entity_table is 'Table of the row concerned.';
comment on column core.my_activity.entity_id is 'Key of the row concerned.';
comment on column core.my_activity.ip is 'From where.';
comment on column core.my_activity.user_agent is 'With which program.';
comment on column core.my_activity.reason is 'Why, as it was stated.';

-- verify
select set_config('request.headers', '{"x-request-id": "r-0771", "x-real-ip": "192.0.2.71", "user-agent": "probe"}', true) <> '';
select core.act_as('00000000-0000-7000-8000-000000771001', 'hc_member');
select core.give_reason('probing');
insert into core.audit_logs (action) values ('login')
returning id is not null and uuid_extract_version(id) = 7 and occurred_at >= now() and xid = pg_current_xact_id() and actor_id = '00000000-0000-7000-8000-000000771001' and actor_role = 'hc_member'
  and session_user_name = session_user and request_id = 'r-0771' and ip = '192.0.2.71' and user_agent = 'probe' and reason = 'probing';
insert into core.audit_logs (id, occurred_at, action, entity_schema, entity_table, entity_id, changed, actor_id) values
  ('00000000-0000-7000-8000-000000771011', now() + interval '32 days', 'update', 'core', 'users', '1', '{"fields": ["status"]}', '00000000-0000-7000-8000-000000771002')
returning tableoid <> (select max(l.tableoid) from core.audit_logs l where l.request_id = 'r-0771' and l.action = 'login');
insert into core.audit_seals (seal_no, xid_from, xid_to, row_count, rows_sha256, prev_seal_sha256, seal_sha256)
select coalesce(max(seal_no), 0) + 1, coalesce(max(xid_to), '0'), coalesce(max(xid_to), '1'), 0, sha256(''), sha256('0771'), sha256('0771') from core.audit_seals
returning sealed_at = now();
select sql, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into core.audit_logs select * from (select l.id, l.occurred_at, l.xid, l.actor_id, l.actor_role, l.session_user_name, l.request_id, l.action, l.entity_schema, l.entity_table, l.entity_id, l.changed
      from core.audit_logs l where l.id = '00000000-0000-7000-8000-000000771011') l $$, 'audit_logs_'),
  ($$ insert into core.audit_seals select * from core.audit_seals where seal_sha256 = sha256('0771') $$, 'audit_seals_seal_no_pk')) v(sql, rule);
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.audit_logs'::regclass, 'core.audit_seals'::regclass);
set local role hc_member;
select count(*) = 1 and bool_and(action = 'login' and reason = 'probing') from core.my_activity;
select blueprint.raises('select from core.audit_logs', '42501'), blueprint.raises('select from core.audit_seals', '42501'), blueprint.raises($$ insert into core.audit_logs (action) values ('login') $$, '42501');
set local role hc_admin;
select blueprint.raises('select from core.audit_logs', '42501'), count(*) = 1 from core.my_activity;
set local role hc_finance;
select blueprint.raises('select from core.audit_logs', '42501');
set local role hc_auditor;
select count(*) = 2 from core.audit_logs where request_id = 'r-0771';
select count(*) = 1 from core.audit_seals where seal_sha256 = sha256('0771');
set local role hc_compliance;
select count(*) = 2 from core.audit_logs where request_id = 'r-0771';
select count(*) = 1 from core.audit_seals where seal_sha256 = sha256('0771');
set local role hc_owner;
select role, has_table_privilege(role, 'core.audit_logs', 'select') and has_table_privilege(role, 'core.audit_seals', 'select') and not has_table_privilege(role, 'core.audit_logs', 'insert, update, delete, truncate')
from unnest(array['hc_auditor', 'hc_compliance']) role;

-- revert
drop view core.my_activity;
drop table core.audit_seals;
drop table core.audit_logs;

-- task: BUILD_0772 create_table_indexes
-- title: Index audit logs by entity, actor, action and transaction
-- does: The history of a row, the actions of a person, rare actions, the rows of a transaction (what sealing reads) and of a request are index ranges in every month;
--   a BRIN index serves reports over long times.
-- proves: each query is served by its index, the history of one row comes in order without a sort.
-- needs: BUILD_0005, BUILD_0771
create index audit_logs_entity_occurred_at_idx on core.audit_logs (entity_schema, entity_table, entity_id, occurred_at desc);
create index audit_logs_actor_id_occurred_at_idx on core.audit_logs (actor_id, occurred_at desc);
create index audit_logs_action_occurred_at_idx on core.audit_logs (action, occurred_at) where action <> all ('{insert,update}'::text[]);
create index audit_logs_xid_idx on core.audit_logs (xid);
create index audit_logs_request_id_idx on core.audit_logs (request_id) where request_id is not null;
create index audit_logs_occurred_at_brin_idx on core.audit_logs using brin (occurred_at);

comment on index core.audit_logs_entity_occurred_at_idx is 'History of one row, newest first (core.row_history).';
comment on index core.audit_logs_actor_id_occurred_at_idx is 'What somebody did, newest first (core.my_activity).';
comment on index core.audit_logs_action_occurred_at_idx is 'Rare actions in order of time; inserts and updates would only bloat it.';
comment on index core.audit_logs_xid_idx is 'Rows of transactions: what a seal covers.';
comment on index core.audit_logs_request_id_idx is 'All that one request did.';
comment on index core.audit_logs_occurred_at_brin_idx is 'Times of long reports.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.audit_logs where entity_schema = 'core' and entity_table = 'users' and entity_id = 'x' order by occurred_at desc $$, 'audit_logs_entity_occurred_at_idx'),
  ($$ select from core.audit_logs where actor_id = '00000000-0000-7000-8000-000000772001' order by occurred_at desc $$, 'audit_logs_actor_id_occurred_at_idx'),
  ($$ select from core.audit_logs where action <> all ('{insert,update}') and action = 'export' order by occurred_at $$, 'audit_logs_action_occurred_at_idx'),
  ($$ select from core.audit_logs where xid >= '1' and xid < '2' $$, 'audit_logs_xid_idx'), ($$ select from core.audit_logs where request_id = 'r' $$, 'audit_logs_request_id_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'core.audit_logs_occurred_at_brin_idx'::regclass;
create function pg_temp.plan_0772(sql text) returns text language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$ declare plan json; begin execute 'explain (format json) ' || sql into plan; return plan; end $$;
select plan like '%audit_logs%entity_%' and plan not like '%"Sort"%' from pg_temp.plan_0772($$ select * from core.audit_logs where entity_schema = 'core' and entity_table = 'users' and entity_id = 'x' order by occurred_at desc $$) plan;

-- task: BUILD_0773 create_table_constraints critical
-- title: Constrain audit rows and seals: vocabulary, shape, contiguous seals
-- does: Actions come from the vocabulary, updates say what changed, an entity is named whole or not at all, sensitive actions give a reason, changes stay under 64 KiB;
--   seals count without a gap, in numbers and in transactions.
-- proves: each rule refuses the row that breaks it: action foo, export without a reason, a seal that skips a number and one that skips transactions.
-- needs: BUILD_0005, BUILD_0771
alter table core.audit_logs
  add constraint audit_logs_action_check check (action = any ('{insert,update,delete,truncate,login,login_failed,logout,read,read_sensitive,unmask,export,download,import,grant,revoke,approve,reject,verify,sign,override,impersonate,merge,erase,purge,archive,restore,publish,suspend,enable,disable,configure,denied,alert,job}'::text[])),
  add constraint audit_logs_changed_check check (jsonb_typeof(changed) = 'object' and pg_column_size(changed) <= 65536),
  add constraint audit_logs_update_changed_check check (action <> 'update' or changed is not null and changed <> '{}'),
  add constraint audit_logs_entity_check check (num_nonnulls(entity_schema, entity_table, entity_id) = any ('{0,3}'::int[])),
  add constraint audit_logs_reason_check check (reason is not null or action <> all ('{read_sensitive,unmask,export,override,impersonate}'::text[]));

alter table core.audit_seals
  add constraint audit_seals_row_count_check check (row_count >= 0),
  add constraint audit_seals_xid_to_check check (xid_to >= xid_from),
  add constraint audit_seals_seal_sha256_key unique (seal_sha256);

create function core.check_seal_follows() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if not (new.seal_no = 1 and new.xid_from = '0' or exists (select from core.audit_seals s where s.seal_no = new.seal_no - 1 and s.xid_to = new.xid_from)) then
    raise exception using errcode = '23514', schema = 'core', table = 'audit_seals', constraint = 'audit_seals_contiguous',
      message = format('seal %s from transaction %s does not follow the seal before', new.seal_no, new.xid_from);
  end if;
  return null;
end $$;

create constraint trigger audit_seals_contiguous after insert on core.audit_seals for each row execute function core.check_seal_follows();

comment on function core.check_seal_follows is 'Trigger of core.audit_seals: a seal begins where the one before ended, in number and transaction.';
comment on trigger audit_seals_contiguous on core.audit_seals is 'No transaction lies between two seals.';

-- verify
insert into core.audit_logs (action, entity_schema, entity_table, entity_id, changed, reason) values ('update', 'core', 'probe_0773', '1', '{"fields": ["a"]}', null), ('export', null, null, null, null, 'audit of the year');
select cols, blueprint.raises(format('insert into core.audit_logs (action, %s) values (%s)', cols, vals), '23514', rule) from (values
  ('reason', $$ 'foo', 'x' $$, 'audit_logs_action_check'), ('changed', $$ 'login', '[]' $$, 'audit_logs_changed_check'),
  ('changed', $$ 'login', jsonb_build_object('x', repeat('x', 65600)) $$, 'audit_logs_changed_check'), ('changed', $$ 'update', '{}' $$, 'audit_logs_update_changed_check'), ('changed', $$ 'update', null $$, 'audit_logs_update_changed_check'),
  ('entity_table', $$ 'read', 'users' $$, 'audit_logs_entity_check'), ('reason', $$ 'export', null $$, 'audit_logs_reason_check'), ('reason', $$ 'read_sensitive', null $$, 'audit_logs_reason_check')) v(cols, vals, rule);
insert into core.audit_seals (seal_no, xid_from, xid_to, row_count, rows_sha256, prev_seal_sha256, seal_sha256)
select coalesce(max(seal_no), 0) + 1, coalesce(max(xid_to), '0'), coalesce(max(xid_to), '10'), 0, sha256(''), sha256(''), sha256('0773') from core.audit_seals;
select rule, blueprint.raises(format('insert into core.audit_seals (seal_no, xid_from, xid_to, row_count, rows_sha256, prev_seal_sha256, seal_sha256) select seal_no + %s, %s, %s, %s, rows_sha256, prev_seal_sha256, sha256(%L) from core.audit_seals where seal_sha256 = sha256(%L)',
  step, start, finish, rows, digest, '0773'), state, rule) from (values
  (2, 'xid_to', 'xid_to', 0, 'a', '23514', 'audit_seals_contiguous'), (1, $$ (xid_to::text::bigint + 1)::text::xid8 $$, $$ (xid_to::text::bigint + 1)::text::xid8 $$, 0, 'a', '23514', 'audit_seals_contiguous'),
  (1, 'xid_to', 'xid_to', -1, 'a', '23514', 'audit_seals_row_count_check'), (1, 'xid_to', $$ '0'::xid8 $$, 0, 'a', '23514', 'audit_seals_xid_to_check'), (1, 'xid_to', 'xid_to', 0, '0773', '23505', 'audit_seals_seal_sha256_key')) v(step, start, finish, rows, digest, state, rule);
select not has_function_privilege('hc_member', 'core.check_seal_follows()', 'execute');

-- task: BUILD_0774 create_table_triggers critical superuser
-- title: Attach audit triggers: refuse UPDATE, DELETE, TRUNCATE for everyone
-- does: Log and seals are append-only for everybody, superusers and hc_owner included, in every partition. An event trigger lets a month leave the log only after it was archived
--   (core.audit_archives, written by BUILD_0779); a trigger that is dropped or disabled shows as drift.
-- proves: UPDATE, DELETE and TRUNCATE fail for a superuser on parent and partition, detaching, renaming and dropping an unsealed month fails, an archived one may go, drift names a dropped trigger.
-- needs: BUILD_0014, BUILD_0015, BUILD_0017, BUILD_0019, BUILD_0771
create table core.audit_archives (
  partition text constraint audit_archives_partition_pk primary key,
  from_at timestamptz not null,
  to_at timestamptz not null,
  row_count bigint not null,
  rows_sha256 core.sha256 not null,
  archived_at timestamptz not null default now()
);

create policy audit_archives_select on core.audit_archives for select to hc_auditor, hc_compliance using (true);

grant select on core.audit_archives to hc_auditor, hc_compliance;

select core.attach_standard('core.audit_logs', 'log'), core.attach_standard('core.audit_seals', 'log'), core.attach_standard('core.audit_archives', 'log');

do $$
declare
  month text;
begin
  for month in select p.partition::text from core.month_partitions('core.audit_logs') p loop
    execute format('create trigger audit_logs_no_truncate before truncate on %s for each statement execute function core.forbid_change()', month);
  end loop;
end $$;

create function core.guard_audit_months() returns event_trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  month text;
begin
  if tg_event = 'sql_drop' then
    select d.object_name into month from pg_event_trigger_dropped_objects() d
    where d.object_type = 'table' and d.schema_name = 'core' and d.object_name ~ '^audit_logs_\d{4}_\d{2}$'
      and not exists (select from core.audit_archives a where a.partition = d.object_name) limit 1;
  else
    select c.relname into month from pg_catalog.pg_class c
    where c.relnamespace = 'core'::regnamespace and c.relname ~ '^audit_logs_\d{4}_\d{2}$' and c.relkind = 'r'
      and not exists (select from pg_catalog.pg_inherits i where i.inhrelid = c.oid and i.inhparent = to_regclass('core.audit_logs'))
      and not exists (select from core.audit_archives a where a.partition = c.relname)
    union all
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = to_regclass('core.audit_logs') and (c.relname !~ '^audit_logs_\d{4}_\d{2}$' or c.relnamespace <> 'core'::regnamespace)
    limit 1;
  end if;
  if month is not null then
    raise exception using errcode = '55006', message = format('%s cannot leave the audit log: it is not archived', month), hint = 'Seal it, then core.archive_audit().';
  end if;
end $$;

alter function core.guard_audit_months() owner to hc_owner;
revoke execute on function core.guard_audit_months() from public;

create event trigger core_guard_audit_drops on sql_drop when tag in ('DROP TABLE', 'DROP SCHEMA', 'DROP OWNED') execute function core.guard_audit_months();

create event trigger core_guard_audit_alters on ddl_command_end when tag in ('ALTER TABLE') execute function core.guard_audit_months();

comment on table core.audit_archives is 'Months that were sealed and taken over into an archive: only these may leave the log. @distribution local';
comment on column core.audit_archives.partition is 'Name of the partition.';
comment on column core.audit_archives.from_at is 'Its first instant.';
comment on column core.audit_archives.to_at is 'Its end.';
comment on column core.audit_archives.row_count is 'Its rows.';
comment on column core.audit_archives.rows_sha256 is 'Root of the hash tree over its rows in order (xid, id).';
comment on column core.audit_archives.archived_at is 'When it was archived.';
comment on policy audit_archives_select on core.audit_archives is 'Audit and compliance check the archives.';
comment on function core.guard_audit_months is 'Event trigger: a month of the audit log is neither detached nor renamed nor dropped before it is archived. Security definer: whoever changes tables need not read the archives.';
comment on event trigger core_guard_audit_drops is 'No month of the audit log is dropped unsealed.';
comment on event trigger core_guard_audit_alters is 'No month of the audit log is detached or renamed unsealed.';

-- verify
insert into core.audit_logs (action) values ('login');
select coalesce(bool_and(blueprint.raises(sql, '55006')), false) from (
  values ('update core.audit_logs set action = action'), ('delete from core.audit_logs'), ('truncate core.audit_logs'), ('truncate core.audit_archives')) v(sql);
select blueprint.raises('truncate core.audit_seals', '55006') or blueprint.raises('truncate core.audit_seals', '0A000', 'audit_leaves');
insert into core.audit_seals (seal_no, xid_from, xid_to, row_count, rows_sha256, prev_seal_sha256, seal_sha256)
select coalesce(max(seal_no), 0) + 1, coalesce(max(xid_to), '0'), coalesce(max(xid_to), '0'), 0, sha256(''), sha256(''), sha256('0774') from core.audit_seals;
insert into core.audit_archives (partition, from_at, to_at, row_count, rows_sha256) values ('probe_0774', now(), now(), 0, sha256('')) returning archived_at = now();
select sql, blueprint.raises(sql, '55006') from unnest(array[$$ update core.audit_seals set row_count = 1 $$, 'delete from core.audit_seals', 'update core.audit_archives set row_count = 1', 'delete from core.audit_archives']) sql;
select blueprint.raises($$ insert into core.audit_archives (partition, from_at, to_at, row_count, rows_sha256) values ('probe_0774', now(), now(), 0, sha256('')) $$, '23505', 'audit_archives_partition_pk');
create temporary table month_0774 on commit drop as select p.partition::text as name, (select l.tableoid::regclass::text from core.audit_logs l where l.xid = pg_current_xact_id() limit 1) as filled from core.month_partitions('core.audit_logs') p limit 1;
select blueprint.raises('truncate ' || name, '55006'), blueprint.raises('delete from ' || filled, '55006'), blueprint.raises('drop table ' || name, '55006', 'not archived'),
  blueprint.raises('alter table core.audit_logs detach partition ' || name, '55006', 'not archived'), blueprint.raises(format('alter table %s rename to gone_0774', name), '55006', 'gone_0774')
from pg_temp.month_0774;
set local role hc_owner;
select blueprint.raises('delete from core.audit_logs', '55006'), blueprint.raises('update core.audit_logs set reason = null', '55006'), blueprint.raises('truncate core.audit_logs', '55006');
select core.ensure_month_partitions('core.audit_logs', 1, 4) >= 0;
select bool_and(blueprint.raises('truncate ' || p.partition, '55006')) from core.month_partitions('core.audit_logs') p;
insert into core.audit_archives (partition, from_at, to_at, row_count, rows_sha256)
select substr(p.partition::text, 6), p.from_at, p.to_at, 0, sha256('') from core.month_partitions('core.audit_logs') p order by p.from_at desc limit 1;
select blueprint.raises(format($$ drop table %s; do 'begin raise sqlstate ''HC774''; end' $$, (select p.partition from core.month_partitions('core.audit_logs') p order by p.from_at desc limit 1)), 'HC774');
select relrowsecurity and relforcerowsecurity and relowner = 'hc_owner'::regrole from pg_class where oid = 'core.audit_archives'::regclass;
select role, has_table_privilege(role, 'core.audit_archives', 'select') and not has_table_privilege(role, 'core.audit_archives', 'insert, update, delete') from unnest(array['hc_auditor', 'hc_compliance']) role;
select proowner = 'hc_owner'::regrole and not has_function_privilege('hc_member', oid, 'execute') from pg_proc where oid = 'core.guard_audit_months()'::regprocedure;
set local role hc_auditor;
select count(*) = 1 from core.audit_archives where partition = 'probe_0774';
set local role hc_compliance;
select count(*) = 1 from core.audit_archives where partition = 'probe_0774';
set local role none;
select blueprint.open_room('probe_0774');
create table probe_0774.logs (id int);
select core.attach_standard('probe_0774.logs', 'log');
select blueprint.snapshot_fingerprints(null, only_schema => 'probe_0774') > 0;
select set_config('blueprint.task_id', '', true) = '';
drop trigger logs_append_only on probe_0774.logs;
alter table probe_0774.logs disable trigger logs_no_truncate;
select count(*) filter (where kind = 'missing' and identity = 'logs_append_only on probe_0774.logs') = 1, count(*) filter (where kind = 'altered' and identity = 'logs_no_truncate on probe_0774.logs') = 1 from blueprint.detect_drift(null, 'probe_0774');

-- revert
drop event trigger core_guard_audit_alters;
drop event trigger core_guard_audit_drops;
drop function core.guard_audit_months;
do $$
declare
  month text;
begin
  for month in select p.partition::text from core.month_partitions('core.audit_logs') p loop
    execute format('drop trigger if exists audit_logs_no_truncate on %s', month);
  end loop;
end $$;
select core.detach_standard('core.audit_logs'), core.detach_standard('core.audit_seals');
drop table core.audit_archives;

-- task: BUILD_0775 create_jsonb_indexes
-- title: Index changed JSONB to answer 'who changed this field'
-- does: core.field_changes() lists every change of a field of a table in a time, old and new; core.changes_to_value() finds when a value came in. Both read a GIN index, of
--   the months concerned only.
-- proves: both changes of a planted status come back with old and new, the row where a value appeared is found, and the plans read the GIN index.
-- needs: BUILD_0005, BUILD_0771
create index audit_logs_changed_idx on core.audit_logs using gin (changed jsonb_path_ops);

create function core.field_changes(entity_schema text, entity_table text, field text, from_at timestamptz default '-infinity', to_at timestamptz default 'infinity')
    returns table (occurred_at timestamptz, entity_id text, actor_id uuid, action text, old jsonb, new jsonb, reason text)
  language sql stable
begin atomic
  select l.occurred_at, l.entity_id, l.actor_id, l.action, l.changed -> 'old' -> field, l.changed -> 'new' -> field, l.reason
  from core.audit_logs l
  where l.changed @> jsonb_build_object('fields', jsonb_build_array(field)) and l.entity_schema = field_changes.entity_schema and l.entity_table = field_changes.entity_table
    and l.occurred_at >= from_at and l.occurred_at < to_at
  order by l.occurred_at, l.id;
end;

create function core.changes_to_value(field text, new jsonb, from_at timestamptz default '-infinity', to_at timestamptz default 'infinity')
    returns table (occurred_at timestamptz, entity_schema text, entity_table text, entity_id text, actor_id uuid, reason text)
  language sql stable
begin atomic
  select l.occurred_at, l.entity_schema, l.entity_table, l.entity_id, l.actor_id, l.reason
  from core.audit_logs l
  where l.changed @> jsonb_build_object('new', jsonb_build_object(field, changes_to_value.new)) and l.occurred_at >= from_at and l.occurred_at < to_at
  order by l.occurred_at, l.id;
end;

comment on index core.audit_logs_changed_idx is 'Changes by field or value (core.field_changes, core.changes_to_value).';
comment on function core.field_changes is 'Every change of a field of a table, oldest first. With the caller''s rights: for audit and compliance.';
comment on function core.changes_to_value is 'Where and when a field became this value, oldest first. With the caller''s rights: for audit and compliance.';

grant execute on function core.field_changes, core.changes_to_value to hc_auditor, hc_compliance;

-- verify
insert into core.audit_logs (action, entity_schema, entity_table, entity_id, changed, reason) values
  ('update', 'core', 'users', '0775', '{"fields": ["status"], "old": {"status": "active"}, "new": {"status": "suspended"}}', 'spam'),
  ('update', 'core', 'users', '0775', '{"fields": ["campus", "status"], "old": {"status": "suspended", "campus": null}, "new": {"status": "active", "campus": "probe-0775"}}', null),
  ('update', 'core', 'users', '0775', '{"fields": ["locale"], "old": {"locale": "en"}, "new": {"locale": "de"}}', null);
set local role hc_auditor;
select array_agg((old #>> '{}') || ' ' || (new #>> '{}') || ' ' || coalesce(reason, '-') order by occurred_at) = array['active suspended spam', 'suspended active -'] from core.field_changes('core', 'users', 'status', now() - interval '1 minute') where entity_id = '0775';
select count(*) = 1 and bool_and(entity_id = '0775' and entity_table = 'users') from core.changes_to_value('campus', '"probe-0775"', now() - interval '1 minute');
set local role hc_owner;
select blueprint.plan_uses($$ select from core.audit_logs where changed @> '{"fields": ["status"]}' $$, 'audit_logs_changed_idx'), blueprint.plan_uses($$ select from core.audit_logs where changed @> '{"new": {"campus": "x"}}' $$, 'audit_logs_changed_idx');
select f, has_function_privilege('hc_auditor', f, 'execute') and has_function_privilege('hc_compliance', f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['core.field_changes(text, text, text, timestamptz, timestamptz)', 'core.changes_to_value(text, jsonb, timestamptz, timestamptz)']) f;

-- task: BUILD_0776 add_wix_columns
-- title: Add Wix columns to the partitioned core.audit_logs (owner = actor, never exposed)
-- does: Four virtual columns on parent and partitions, for tools that expect them of every core table; the table is marked @wix never.
-- proves: the columns equal their sources on old and new partitions, cannot be written, and the mark says never.
-- needs: BUILD_0010, BUILD_0017, BUILD_0771
alter table core.audit_logs
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (occurred_at) virtual,
  add column "_updatedDate" timestamptz generated always as (occurred_at) virtual,
  add column "_owner" text generated always as (coalesce(actor_id::text, 'system')) virtual;

comment on column core.audit_logs."_id" is 'The id, as Wix names it. @wix never';
comment on column core.audit_logs."_createdDate" is 'occurred_at, as Wix names it. @wix never';
comment on column core.audit_logs."_updatedDate" is 'occurred_at, as Wix names it: rows do not change. @wix never';
comment on column core.audit_logs."_owner" is 'The actor or system, as Wix names it. @wix never';

-- verify
select core.ensure_month_partitions('core.audit_logs', 0, 5) >= 0;
insert into core.audit_logs (id, occurred_at, action, actor_id) values ('00000000-0000-7000-8000-000000776001', now(), 'login', null), ('00000000-0000-7000-8000-000000776002', date_trunc('month', now(), 'UTC') + interval '4 months 9 days', 'login', '00000000-0000-7000-8000-000000776003');
select count(*) = 2 and bool_and("_id" = id::text and "_createdDate" = occurred_at and "_updatedDate" = occurred_at and "_owner" = coalesce(actor_id::text, 'system')) and count(distinct tableoid) = 2 from core.audit_logs where id::text like '00000000-0000-7000-8000-00000077600_';
select bool_and((select count(*) = 4 from pg_attribute where attrelid = p.partition and attgenerated = 'v')) from core.month_partitions('core.audit_logs') p;
select c, blueprint.raises(format($$ insert into core.audit_logs (action, %I) values ('login', null) $$, c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select value = 'never' from blueprint.annotations('core.audit_logs') where column_name is null and tag = 'wix';
