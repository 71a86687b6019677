-- Core table webhooks: hooks in both directions. Outbound ones send events to an address their owner proved to control, inbound ones take events at a path token of
-- which only the digest is kept. Signing secrets live in room automation; owners write the harmless columns, counters and states belong to functions.

-- task: BUILD_0791 create_table critical
-- title: Create core.webhooks, the registry of outbound and inbound hooks, with policies
-- does: One row per hook of an owner, outbound or inbound. Owners see and describe their own, hc_admin and audit see all; the token digest is granted to nobody.
-- proves: A sees the own hooks and not B's, the digest of a token is refused (42501), a hook of somebody else cannot be made, anon reads nothing.
-- needs: BUILD_0005, BUILD_0013, BUILD_0661
create table core.webhooks (
  id uuid default uuidv7() constraint webhooks_id_pk primary key,
  owner_id uuid not null constraint webhooks_owner_id_fk references core.users (id),
  direction text not null default 'outbound',
  name text not null,
  target_url core.http_url,
  provider text,
  path_token_sha256 core.sha256,
  status text not null default 'pending_verification',
  event_patterns text[] not null default '{}',
  filter jsonb not null default '{}' constraint webhooks_filter_check check (jsonb_typeof(filter) = 'object'),
  api_version text not null default '2026-01',
  max_in_flight int not null default 5,
  timeout_ms int not null default 10000,
  failure_count int not null default 0,
  opened_until timestamptz,
  disabled_reason text,
  headers jsonb not null default '{}' constraint webhooks_headers_check check (jsonb_typeof(headers) = 'object'),
  verified_at timestamptz,
  last_success_at timestamptz,
  metadata jsonb not null default '{}' constraint webhooks_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index webhooks_owner_id_idx on core.webhooks (owner_id);

create policy webhooks_own_select on core.webhooks for select to hc_member using (owner_id = (select core.current_user_id()));

create policy webhooks_own_insert on core.webhooks for insert to hc_member with check (owner_id = (select core.current_user_id()));

create policy webhooks_own_update on core.webhooks for update to hc_member using (owner_id = (select core.current_user_id()));

create policy webhooks_staff_select on core.webhooks for select to hc_admin, hc_auditor using (true);

grant select (id, owner_id, direction, name, target_url, provider, status, event_patterns, filter, api_version, max_in_flight, timeout_ms, failure_count, opened_until,
    disabled_reason, headers, verified_at, last_success_at, metadata, created_at, updated_at) on core.webhooks to hc_member, hc_auditor;

grant insert (owner_id, direction, name, target_url, provider, event_patterns, filter, api_version, max_in_flight, timeout_ms, headers) on core.webhooks to hc_member;

grant update (name, target_url, status, event_patterns, filter, api_version, max_in_flight, timeout_ms, headers) on core.webhooks to hc_member;

comment on table core.webhooks is 'Hooks in both directions: where events go and where they come in. No secrets: those are in automation.signing_keys. @distribution reference';
comment on column core.webhooks.id is 'Version 7 UUID.';
comment on column core.webhooks.owner_id is 'Whose hook it is.';
comment on column core.webhooks.direction is 'outbound (we call) or inbound (we are called).';
comment on column core.webhooks.name is 'Name its owner knows it by.';
comment on column core.webhooks.target_url is 'Address an outbound hook calls; changing it asks for a new proof of control.';
comment on column core.webhooks.provider is 'Who calls an inbound hook, as stripe or nowpayments: tells how its signatures are checked.';
comment on column core.webhooks.path_token_sha256 is 'Digest of the token in the path of an inbound hook. @secret';
comment on column core.webhooks.status is 'State machine webhook: pending_verification, active, paused, disabled.';
comment on column core.webhooks.event_patterns is 'Which events an outbound hook wants, as donation.* or !donation.test.';
comment on column core.webhooks.filter is 'Further condition on the payload: {"path": "$.amount_usd > 100"}.';
comment on column core.webhooks.api_version is 'Version of the payloads its receiver understands.';
comment on column core.webhooks.max_in_flight is 'Deliveries under way at a time.';
comment on column core.webhooks.timeout_ms is 'How long a delivery may take.';
comment on column core.webhooks.failure_count is 'Failures in a row, as the breaker counts them.';
comment on column core.webhooks.opened_until is 'The breaker is open: nothing is sent before this time.';
comment on column core.webhooks.disabled_reason is 'Why it was disabled.';
comment on column core.webhooks.headers is 'Further headers to send; no secrets.';
comment on column core.webhooks.verified_at is 'When its owner last proved to control the address.';
comment on column core.webhooks.last_success_at is 'Last delivery that was accepted.';
comment on column core.webhooks.metadata is 'Notes of the platform.';
comment on column core.webhooks.created_at is 'When it was made.';
comment on column core.webhooks.updated_at is 'When the row last really changed.';
comment on index core.webhooks_owner_id_idx is 'Hooks of an owner; and the foreign key.';
comment on policy webhooks_own_select on core.webhooks is 'Owners see their hooks.';
comment on policy webhooks_own_insert on core.webhooks is 'People make hooks of their own.';
comment on policy webhooks_own_update on core.webhooks is 'Owners describe and pause their hooks, as far as column grants allow.';
comment on policy webhooks_staff_select on core.webhooks is 'Administration and audit see every hook.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000791001', 'ada-0791'), ('00000000-0000-7000-8000-000000791002', 'bob-0791');
insert into core.webhooks (id, owner_id, name, target_url) values
  ('00000000-0000-7000-8000-000000791011', '00000000-0000-7000-8000-000000791001', 'a-0791', 'https://example.org/a'), ('00000000-0000-7000-8000-000000791012', '00000000-0000-7000-8000-000000791002', 'b-0791', 'https://example.org/b');
select core.act_as('00000000-0000-7000-8000-000000791001');
set local role hc_member;
insert into core.webhooks (owner_id, name, target_url) values ('00000000-0000-7000-8000-000000791001', 'c-0791', 'https://example.org/c')
returning id is not null and direction = 'outbound' and status = 'pending_verification' and event_patterns = '{}' and filter = '{}' and api_version = '2026-01' and max_in_flight = 5 and timeout_ms = 10000
  and failure_count = 0 and headers = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
select count(*) = 2 and bool_and(owner_id = '00000000-0000-7000-8000-000000791001') from core.webhooks where name like '%-0791';
with changed as (update core.webhooks set name = 'mine-0791' where id = '00000000-0000-7000-8000-000000791012' returning 1) select count(*) = 0 from changed;
with changed as (update core.webhooks set name = 'd-0791', timeout_ms = 9000 where id = '00000000-0000-7000-8000-000000791011' returning 1) select count(*) = 1 from changed;
select sql, blueprint.raises(sql, '42501') from unnest(array['select path_token_sha256 from core.webhooks', 'update core.webhooks set failure_count = 0', 'update core.webhooks set verified_at = now()', 'delete from core.webhooks',
  $$ insert into core.webhooks (owner_id, name, target_url) values ('00000000-0000-7000-8000-000000791002', 'e-0791', 'https://example.org/e') $$]) sql;
update core.webhooks set timeout_ms = 8000;
set local role hc_admin;
select count(*) = 3 and bool_and((timeout_ms = 8000) = (owner_id = '00000000-0000-7000-8000-000000791001')) from core.webhooks where name like '%-0791';
set local role hc_auditor;
select count(*) = 3, blueprint.raises('select path_token_sha256 from core.webhooks', '42501') from core.webhooks where name like '%-0791';
set local role hc_anon;
select blueprint.raises('select from core.webhooks', '42501');
set local role hc_owner;
select cols, blueprint.raises(format($$ insert into core.webhooks (target_url, %s) values ('https://example.org/x', %s) $$, cols, vals), state, rule) from (values
  ('name, owner_id, id', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '00000000-0000-7000-8000-000000791011' $$, '23505', 'webhooks_id_pk'),
  ('name, owner_id', $$ 'x-0791', '00000000-0000-7000-8000-00000079100f' $$, '23503', 'webhooks_owner_id_fk'),
  ('name, owner_id, filter', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '[]' $$, '23514', 'webhooks_filter_check'),
  ('name, owner_id, headers', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '[]' $$, '23514', 'webhooks_headers_check'),
  ('name, owner_id, metadata', $$ 'x-0791', '00000000-0000-7000-8000-000000791001', '[]' $$, '23514', 'webhooks_metadata_check')) v(cols, vals, state, rule);
select blueprint.plan_uses($$ select from core.webhooks where owner_id = '00000000-0000-7000-8000-000000791001' $$, 'webhooks_owner_id_idx');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.webhooks'::regclass;
select c, has_column_privilege('hc_member', 'core.webhooks', c, 'select') and has_column_privilege('hc_auditor', 'core.webhooks', c, 'select') from unnest(string_to_array('id,owner_id,direction,name,target_url,provider,'
  'status,event_patterns,filter,api_version,max_in_flight,timeout_ms,failure_count,opened_until,disabled_reason,headers,verified_at,last_success_at,metadata,created_at,updated_at', ',')) c;
select c, has_column_privilege('hc_member', 'core.webhooks', c, 'update') from unnest(string_to_array('name,target_url,status,event_patterns,filter,api_version,max_in_flight,timeout_ms,headers', ',')) c;
select c, has_column_privilege('hc_member', 'core.webhooks', c, 'insert') from unnest(string_to_array('owner_id,direction,name,target_url,provider,event_patterns,filter,api_version,max_in_flight,timeout_ms,headers', ',')) c;
