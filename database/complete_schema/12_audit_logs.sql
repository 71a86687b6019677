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

comment on table core.audit_logs is 'What was done to what, by whom and why; append-only, by UTC month. @distribution id @retention 7 years, sealed and archived first';
comment on column core.audit_logs.id is 'Version 7 id, in order of time; second key of the order within a seal.';
comment on column core.audit_logs.occurred_at is 'When, by the clock; partition key (UTC months).';
comment on column core.audit_logs.xid is 'Transaction that wrote it: what seals go by.';
comment on column core.audit_logs.actor_id is 'User of the request, null for jobs and owners. No foreign key: the log outlives accounts. @pii';
comment on column core.audit_logs.actor_role is 'Database role of the request.';
comment on column core.audit_logs.session_user_name is 'Database login of the connection.';
comment on column core.audit_logs.request_id is 'Header x-request-id: all that one request did.';
comment on column core.audit_logs.action is 'insert, update, delete, login, read_sensitive, export, override, ... (BUILD_0773).';
comment on column core.audit_logs.entity_schema is 'Schema of the row concerned.';
comment on column core.audit_logs.entity_table is 'Table of the row concerned.';
comment on column core.audit_logs.entity_id is 'Key of the row concerned, columns joined by a comma.';
comment on column core.audit_logs.changed is 'What changed: {"fields": [...], "old": {...}, "new": {...}}, changed columns only, secrets as keyed digests. @pii';
comment on column core.audit_logs.ip is 'Address of the caller. @pii';
comment on column core.audit_logs.user_agent is 'Program of the caller, header user-agent. @pii';
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
