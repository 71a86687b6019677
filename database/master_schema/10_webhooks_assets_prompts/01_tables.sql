-- Room automation, layer 10: what happens after something happened. Events leave through a transactional outbox, deliveries are leased and signed, inbound events are
-- checked and taken once, assets pass a pipeline of jobs, prompts are versioned, run and scored. Fourteen tables, their indexes, rules and what they point to.

-- task: BUILD_0201 create_sql_file critical
-- title: Open room automation with its contract: transactional outbox, signed deliveries, versioned prompts
-- does: Schema automation, registered as layer 10 with its contract. What hc_owner makes here is closed until it is granted: queue functions to hc_worker, prompt functions to hc_agent.
-- proves: the contract names the four guarantees, a fresh table and a fresh function are closed to members (42501).
-- needs: BUILD_0005, BUILD_0015
select blueprint.open_room('automation', 10, '10_webhooks_assets_prompts',
  '{"provides": ["outbox", "deliveries", "inbound", "asset jobs", "prompts"], "requires": ["core.webhooks", "core.assets"], "rls": "own",
    "retention": {"deliveries": "90 days", "delivery_attempts": "30 days", "prompt_runs": "180 days"}, "guarantees": ["at least once", "ordered per aggregate", "signed", "inbound deduplicated"]}',
  'What happens after something happened: events out and in, asset jobs and prompts.');

grant usage on schema automation to hc_anon, hc_worker, hc_agent, hc_auditor;

-- verify
select layer = 10 and contract -> 'provides' ? 'outbox' and contract -> 'guarantees' @> '["at least once", "ordered per aggregate", "signed", "inbound deduplicated"]' from blueprint.rooms where schema_name = 'automation';
create table automation.probe_0201 (id int);
create function automation.probe_0201() returns int language sql return 1;
select role, has_schema_privilege(role, 'automation', 'usage') and not has_schema_privilege(role, 'automation', 'create') and not has_function_privilege(role, 'automation.probe_0201()', 'execute')
from unnest(array['hc_anon', 'hc_member', 'hc_worker', 'hc_agent', 'hc_auditor']) role;
set local role hc_member;
select blueprint.raises('select from automation.probe_0201', '42501');

-- task: BUILD_0202 create_tables critical
-- title: Create the automation tables with monthly partitions for outbox, deliveries, attempts, inbound and runs
-- does: Event types with schema and sample, forty of them; subscriptions and signing keys of hooks; outbox, deliveries, attempts and inbound events by month; renditions and asset jobs; prompts with versions, runs by month,
--   test cases and evaluations.
-- proves: the seeds are there with schema and sample, defaults fill in, rows of two months lie in two partitions each, keys refuse a second row, every table forces row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0017, BUILD_0021, BUILD_0201, BUILD_0661, BUILD_0691, BUILD_0791
create table automation.event_types (
  name text constraint event_types_name_pk primary key,
  version int not null default 1,
  description text not null,
  json_schema jsonb not null,
  sample jsonb not null,
  retention interval not null default '90 days',
  is_public boolean not null default true,
  audience text not null default 'owner',
  allows_pii boolean not null default false,
  since text not null default '2026-01',
  created_at timestamptz not null default now()
);

create table automation.subscriptions (
  webhook_id uuid,
  event_pattern text,
  filter jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint subscriptions_webhook_id_event_pattern_pk primary key (webhook_id, event_pattern)
);

create table automation.signing_keys (
  id uuid default uuidv7() constraint signing_keys_id_pk primary key,
  webhook_id uuid not null,
  key_id text not null constraint signing_keys_key_id_key unique,
  secret_sealed bytea not null,
  algorithm text not null default 'hmac-sha256',
  during tstzrange not null default tstzrange(now(), null),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table automation.outbox (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  event_type text not null,
  aggregate_kind text not null,
  aggregate_id uuid,
  aggregate_seq bigint,
  payload jsonb not null,
  headers jsonb not null default '{}',
  xid xid8 not null default pg_current_xact_id(),
  published_at timestamptz,
  constraint outbox_id_occurred_at_aggregate_id_pk primary key (id, occurred_at, aggregate_id)
) partition by range (occurred_at);

create table automation.deliveries (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  webhook_id uuid,
  event_id uuid not null,
  event_at timestamptz not null,
  event_seq bigint,
  event_type text not null,
  status text not null default 'pending',
  attempt_count int not null default 0,
  next_attempt_at timestamptz not null default now(),
  lease_until timestamptz,
  lease_by text,
  fence bigint not null default 0,
  last_status_code int,
  ordering_key text,
  replay_of uuid,
  constraint deliveries_id_occurred_at_webhook_id_pk primary key (id, occurred_at, webhook_id)
) partition by range (occurred_at);

create table automation.delivery_attempts (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default clock_timestamp(),
  webhook_id uuid,
  delivery_id uuid not null,
  attempt_no int not null,
  request_headers jsonb not null default '{}',
  response_status int,
  response_excerpt text,
  latency_ms int,
  error_class text,
  constraint delivery_attempts_id_occurred_at_webhook_id_pk primary key (id, occurred_at, webhook_id)
) partition by range (occurred_at);

create table automation.inbound_events (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  webhook_id uuid,
  provider_event_id text,
  headers jsonb not null default '{}',
  payload jsonb,
  signature_ok boolean not null default false,
  status text not null default 'received',
  attempt_count int not null default 0,
  next_attempt_at timestamptz not null default now(),
  error text,
  processed_at timestamptz,
  constraint inbound_events_id_occurred_at_webhook_id_pk primary key (id, occurred_at, webhook_id)
) partition by range (occurred_at);

create table automation.renditions (
  asset_id uuid,
  profile text,
  status text not null default 'pending',
  rendition_asset_id uuid,
  params jsonb not null default '{}',
  recipe_sha256 core.sha256 not null,
  produced_at timestamptz,
  created_at timestamptz not null default now(),
  constraint renditions_asset_id_profile_pk primary key (asset_id, profile)
);

create table automation.asset_jobs (
  id uuid default uuidv7() constraint asset_jobs_id_pk primary key,
  asset_id uuid not null,
  step text not null,
  profile text not null default '',
  state text not null default 'queued',
  priority int not null default 100,
  run_after timestamptz not null default now(),
  lease_until timestamptz,
  lease_by text,
  fence bigint not null default 0,
  attempts int not null default 0,
  result jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table automation.prompts (
  id uuid default uuidv7() constraint prompts_id_pk primary key,
  key core.slug not null constraint prompts_key_key unique,
  title text not null,
  owner_id uuid,
  category text not null default 'general',
  visibility text not null default 'private',
  active_version_id uuid,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table automation.prompt_versions (
  id uuid default uuidv7() constraint prompt_versions_id_pk primary key,
  prompt_id uuid not null,
  number int not null,
  author_id uuid,
  template text not null,
  variables jsonb not null default '{}',
  model_prefs jsonb not null default '{}',
  template_sha256 core.sha256 generated always as (extensions.digest(template || chr(10) || variables::text, 'sha256')) stored,
  status text not null default 'draft',
  approved_by uuid,
  approved_at timestamptz,
  created_at timestamptz not null default now()
);

create table automation.prompt_runs (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  prompt_id uuid,
  prompt_version_id uuid not null,
  user_id uuid default core.current_user_id(),
  agent_id text,
  model text not null,
  inputs jsonb not null default '{}',
  rendered_sha256 core.sha256,
  output text,
  tokens_in int,
  tokens_out int,
  cost_usd numeric(14, 6) not null default 0,
  latency_ms int,
  status text not null default 'succeeded',
  trace jsonb not null default '{}',
  constraint prompt_runs_id_occurred_at_prompt_id_pk primary key (id, occurred_at, prompt_id)
) partition by range (occurred_at);

create table automation.eval_cases (
  id uuid default uuidv7() constraint eval_cases_id_pk primary key,
  prompt_id uuid not null,
  name text not null,
  inputs jsonb not null default '{}',
  expectations jsonb not null,
  weight numeric not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint eval_cases_prompt_id_name_key unique (prompt_id, name)
);

create table automation.evaluations (
  id uuid default uuidv7() constraint evaluations_id_pk primary key,
  prompt_version_id uuid not null,
  case_id uuid not null,
  run_id uuid,
  scorer text not null,
  model text not null,
  score numeric not null,
  passed boolean not null,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint evaluations_prompt_version_id_case_id_scorer_model_key unique (prompt_version_id, case_id, scorer, model)
);

select core.ensure_month_partitions('automation.outbox'), core.ensure_month_partitions('automation.deliveries'), core.ensure_month_partitions('automation.delivery_attempts'),
  core.ensure_month_partitions('automation.inbound_events'), core.ensure_month_partitions('automation.prompt_runs');

insert into automation.event_types (name, description, is_public, audience, allows_pii, json_schema, sample)
select t.name, t.description, t.is_public, case when t.name in ('design.released', 'design.deprecated', 'content.published', 'claim.verified') then 'everyone' else 'owner' end, t.allows_pii,
  jsonb_build_object('type', 'object', 'required', jsonb_build_array('id') || (select coalesce(jsonb_agg(f[1] order by n), '[]') from regexp_split_to_table(t.fields, ' ') with ordinality s(field, n), regexp_match(s.field, '^(\w+)!:') f where f is not null),
    'properties', '{"id": {"type": "string", "pattern": "^[0-9a-f-]{36}$"}}'::jsonb || (
      select coalesce(jsonb_object_agg(f[1], case f[2] when 'amount' then '{"type": "number", "minimum": 0}' when 'count' then '{"type": "integer", "minimum": 0}' when 'flag' then '{"type": "boolean"}' when 'at' then '{"type": "string", "maxLength": 40}'
        else '{"type": "string", "maxLength": 2000}' end::jsonb), '{}') from regexp_split_to_table(t.fields, ' ') s(field), regexp_match(s.field, '^(\w+)!?:(\w+)$') f where f is not null)),
  '{"id": "00000000-0000-7000-8000-000000000001"}'::jsonb || (
    select coalesce(jsonb_object_agg(f[1], case f[2] when 'amount' then '250.00' when 'count' then '3' when 'flag' then 'true' when 'at' then '"2026-01-02T03:04:05Z"' else to_jsonb('a ' || replace(f[1], '_', ' ')) end::jsonb), '{}')
    from regexp_split_to_table(t.fields, ' ') s(field), regexp_match(s.field, '^(\w+)!?:(\w+)$') f where f is not null)
from (values
  ('user.active', 'An account became active', false, false, 'status!:text previous:text'), ('user.suspended', 'An account was suspended', false, false, 'status!:text previous:text'), ('user.deactivated', 'An account was deactivated', false, false, 'status!:text previous:text'),
  ('design.in_review', 'A design waits for review', true, false, 'status!:text previous:text'), ('design.released', 'A design was released', true, false, 'status!:text previous:text title:text'),
  ('design.deprecated', 'A design was deprecated', true, false, 'status!:text previous:text'), ('design.archived', 'A design was archived', true, false, 'status!:text previous:text'),
  ('donation.created', 'A donation was begun', true, false, 'amount_usd:amount currency:text fund_code:text'), ('donation.pending', 'A donation waits for its payment', true, false, 'status!:text previous:text amount_usd:amount currency:text fund_code:text'),
  ('donation.confirmed', 'A donation was confirmed', true, false, 'status!:text previous:text amount_usd:amount currency:text fund_code:text'), ('donation.failed', 'A donation failed', true, false, 'status!:text previous:text amount_usd:amount currency:text fund_code:text'),
  ('donation.flagged', 'A donation was flagged', false, false, 'status!:text previous:text'), ('donation.kyc_required', 'A donation waits for an identity check', false, false, 'status!:text previous:text'),
  ('donation.reconciled', 'A donation was reconciled', true, false, 'status!:text previous:text amount_usd:amount currency:text fund_code:text'), ('donation.refunded', 'A donation was refunded', true, false, 'status!:text previous:text amount_usd:amount currency:text fund_code:text'),
  ('receipt.issued', 'A receipt was issued', true, false, 'number!:text amount_usd:amount'), ('kyc.submitted', 'An identity check was submitted', false, false, 'status!:text previous:text'), ('kyc.approved', 'An identity check was passed', false, false, 'status!:text previous:text'),
  ('kyc.rejected', 'An identity check was not passed', false, false, 'status!:text previous:text'), ('order.quoted', 'An order has quotes', true, false, 'status!:text previous:text'), ('order.accepted', 'An order was accepted', true, false, 'status!:text previous:text'),
  ('order.in_production', 'An order is being made', true, false, 'status!:text previous:text'), ('order.shipped', 'An order was shipped', true, false, 'status!:text previous:text carrier:text tracking_no:text'), ('order.completed', 'An order is complete', true, false, 'status!:text previous:text'),
  ('order.cancelled', 'An order was cancelled', true, false, 'status!:text previous:text'), ('shipment.delivered', 'A shipment was delivered', true, false, 'status!:text previous:text'), ('machine.down', 'A machine is down', true, false, 'status!:text previous:text'),
  ('asset.ready', 'A file may be used', true, false, 'status!:text previous:text'), ('asset.quarantined', 'A file was quarantined', false, false, 'status!:text previous:text'), ('content.published', 'An article was published', true, false, 'status!:text previous:text title:text'),
  ('content.unpublished', 'An article was taken back', true, false, 'status!:text previous:text'), ('comment.created', 'Somebody commented', true, false, 'subject:text'), ('club.joined', 'Somebody joined a club', true, false, 'club:text'),
  ('course.completed', 'Somebody completed a course', true, false, 'course:text score:amount'), ('certificate.issued', 'A certificate was issued', true, false, 'number!:text'), ('impact.recorded', 'An impact was recorded', true, false, 'metric!:text quantity!:amount unit!:text'),
  ('claim.verified', 'A benefit was verified', true, false, 'metric!:text quantity!:amount public_code:text'), ('webhook.active', 'A hook became active', false, false, 'status!:text previous:text'), ('webhook.disabled', 'A hook was disabled', false, false, 'status!:text previous:text reason:text'),
  ('webhook.test', 'A test event of a hook''s owner', true, false, 'note:text')) t(name, description, is_public, allows_pii, fields);

-- verify
select count(*) = 3 and bool_and(json_schema -> 'required' ? 'id' and sample ? 'id' and json_schema -> 'properties' ? 'status' and version = 1 and since = '2026-01' and retention = '90 days') from automation.event_types where name in ('donation.confirmed', 'design.released', 'order.shipped');
select count(*) >= 40, bool_and(sample ?& array(select jsonb_array_elements_text(json_schema -> 'required'))) from automation.event_types;
insert into automation.event_types (name, description, json_schema, sample) values ('probe.made', 'Probe', '{"type": "object"}', '{}') returning version = 1 and is_public and audience = 'owner' and not allows_pii and created_at = now();
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000202001', 'ada-0202');
insert into core.webhooks (id, owner_id, name, target_url) values ('00000000-0000-7000-8000-000000202002', '00000000-0000-7000-8000-000000202001', 'a-0202', 'https://example.org');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000202003', '00000000-0000-7000-8000-000000202001', 'a.png', 'image/png', 1);
insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-000000202002', 'probe.*') returning filter = '{}' and created_at = now();
insert into automation.signing_keys (id, webhook_id, key_id, secret_sealed) values ('00000000-0000-7000-8000-000000202004', '00000000-0000-7000-8000-000000202002', 'k-0202', repeat('x', 32)::bytea)
returning algorithm = 'hmac-sha256' and lower(during) = now() and upper_inf(during) and created_at = now() and updated_at = now();
insert into automation.signing_keys (webhook_id, key_id, secret_sealed) values ('00000000-0000-7000-8000-000000202002', 'k-0202-b', repeat('x', 32)::bytea) returning id is not null;
insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload, occurred_at) select 'probe.made', 'probe', '00000000-0000-7000-8000-000000202009', '{"id": "x"}', now() + m * interval '32 days' from generate_series(0, 1) m;
insert into automation.deliveries (webhook_id, event_id, event_at, event_type, occurred_at) select '00000000-0000-7000-8000-000000202002', '00000000-0000-7000-8000-000000202009', now(), 'probe.made', now() + m * interval '32 days' from generate_series(0, 1) m;
insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no, occurred_at) select '00000000-0000-7000-8000-000000202002', '00000000-0000-7000-8000-000000202009', 1, now() + m * interval '32 days' from generate_series(0, 1) m;
insert into automation.inbound_events (webhook_id, provider_event_id, occurred_at) select '00000000-0000-7000-8000-000000202002', 'probe-0202', now() + m * interval '32 days' from generate_series(0, 1) m;
insert into automation.renditions (asset_id, profile, recipe_sha256) values ('00000000-0000-7000-8000-000000202003', 'thumb', sha256('0202')) returning status = 'pending' and params = '{}' and created_at = now();
insert into automation.asset_jobs (asset_id, step, profile) values ('00000000-0000-7000-8000-000000202003', 'ocr', 'probe') returning id is not null and state = 'queued' and priority = 100 and run_after = now() and fence = 0 and attempts = 0 and result = '{}' and created_at = now() and updated_at = now();
insert into automation.asset_jobs (id, asset_id, step) values ('00000000-0000-7000-8000-000000202010', '00000000-0000-7000-8000-000000202003', 'ocr') returning profile = '';
insert into automation.prompts (id, key, title) values ('00000000-0000-7000-8000-000000202005', 'probe-0202', 'Probe') returning category = 'general' and visibility = 'private' and metadata = '{}' and created_at = now() and updated_at = now();
insert into automation.prompts (key, title) values ('probe-0202-b', 'Probe') returning id is not null;
insert into automation.prompt_versions (id, prompt_id, number, template) values ('00000000-0000-7000-8000-000000202006', '00000000-0000-7000-8000-000000202005', 1, 'Hello')
returning variables = '{}' and model_prefs = '{}' and status = 'draft' and created_at = now() and template_sha256 = sha256(e'Hello\\012{}'::bytea);
insert into automation.prompt_versions (prompt_id, number, template) values ('00000000-0000-7000-8000-000000202005', 2, 'Hello') returning id is not null;
insert into automation.prompt_runs (prompt_id, prompt_version_id, model, occurred_at) select '00000000-0000-7000-8000-000000202005', '00000000-0000-7000-8000-000000202006', 'm', now() + m * interval '32 days' from generate_series(0, 1) m;
insert into automation.eval_cases (id, prompt_id, name, expectations) values ('00000000-0000-7000-8000-000000202007', '00000000-0000-7000-8000-000000202005', 'one', '[]') returning inputs = '{}' and weight = 1 and created_at = now() and updated_at = now();
insert into automation.eval_cases (prompt_id, name, expectations) values ('00000000-0000-7000-8000-000000202005', 'two', '[]') returning id is not null;
insert into automation.evaluations (id, prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000202008', '00000000-0000-7000-8000-000000202006', '00000000-0000-7000-8000-000000202007', 'contains', 'm', 1, true)
returning created_at = now() and updated_at = now();
insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000202006', '00000000-0000-7000-8000-000000202007', 'regex', 'm', 1, true) returning id is not null;
select (select count(distinct tableoid) = 2 and bool_and(headers = '{}' and xid = pg_current_xact_id() and id is not null) from automation.outbox where event_type = 'probe.made'),
  (select count(distinct tableoid) = 2 and bool_and(status = 'pending' and attempt_count = 0 and next_attempt_at = now() and fence = 0 and id is not null) from automation.deliveries where webhook_id = '00000000-0000-7000-8000-000000202002'),
  (select count(distinct tableoid) = 2 and bool_and(request_headers = '{}' and id is not null) from automation.delivery_attempts where webhook_id = '00000000-0000-7000-8000-000000202002'),
  (select count(distinct tableoid) = 2 and bool_and(headers = '{}' and not signature_ok and status = 'received' and attempt_count = 0 and next_attempt_at = now() and id is not null) from automation.inbound_events where webhook_id = '00000000-0000-7000-8000-000000202002'),
  (select count(distinct tableoid) = 2 and bool_and(inputs = '{}' and cost_usd = 0 and status = 'succeeded' and trace = '{}' and user_id is null and id is not null) from automation.prompt_runs where prompt_id = '00000000-0000-7000-8000-000000202005');
insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) values ('probe.made', 'probe', '00000000-0000-7000-8000-000000202009', '{"id": "x"}') returning occurred_at = now();
insert into automation.deliveries (webhook_id, event_id, event_at, event_type) values ('00000000-0000-7000-8000-000000202002', '00000000-0000-7000-8000-00000020200a', now(), 'probe.made') returning occurred_at = now();
insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no) values ('00000000-0000-7000-8000-000000202002', '00000000-0000-7000-8000-000000202009', 2) returning occurred_at >= now();
insert into automation.inbound_events (webhook_id, provider_event_id) values ('00000000-0000-7000-8000-000000202002', 'probe-0202-b') returning occurred_at = now();
insert into automation.prompt_runs (prompt_id, prompt_version_id, model) values ('00000000-0000-7000-8000-000000202005', '00000000-0000-7000-8000-000000202006', 'm') returning occurred_at = now();
select core.act_as('00000000-0000-7000-8000-000000202001');
insert into automation.prompt_runs (prompt_id, prompt_version_id, model) values ('00000000-0000-7000-8000-000000202005', '00000000-0000-7000-8000-000000202006', 'm') returning user_id = '00000000-0000-7000-8000-000000202001';
select t, blueprint.raises(format('insert into automation.%I (%s) select %2$s from automation.%1$I where %3$s', t, cols, cond), '23505', rule) from (values
  ('event_types', 'name, description, json_schema, sample', $$ name = 'probe.made' $$, 'event_types_name_pk'), ('subscriptions', 'webhook_id, event_pattern', $$ webhook_id = '00000000-0000-7000-8000-000000202002' $$, 'subscriptions_webhook_id_event_pattern_pk'),
  ('renditions', 'asset_id, profile, recipe_sha256', $$ asset_id = '00000000-0000-7000-8000-000000202003' $$, 'renditions_asset_id_profile_pk'), ('asset_jobs', 'id, asset_id, step', $$ id = '00000000-0000-7000-8000-000000202010' $$, 'asset_jobs_id_pk'),
  ('prompts', 'id, title, key', $$ id = '00000000-0000-7000-8000-000000202005' $$, 'prompts_id_pk'), ('prompt_versions', 'id, prompt_id, number, template', $$ id = '00000000-0000-7000-8000-000000202006' $$, 'prompt_versions_id_pk'),
  ('eval_cases', 'id, prompt_id, name, expectations', $$ id = '00000000-0000-7000-8000-000000202007' $$, 'eval_cases_id_pk'), ('eval_cases', 'prompt_id, name, expectations', $$ id = '00000000-0000-7000-8000-000000202007' $$, 'eval_cases_prompt_id_name_key'),
  ('evaluations', 'id, prompt_version_id, case_id, scorer, model, score, passed', $$ id = '00000000-0000-7000-8000-000000202008' $$, 'evaluations_id_pk'),
  ('evaluations', 'prompt_version_id, case_id, scorer, model, score, passed', $$ id = '00000000-0000-7000-8000-000000202008' $$, 'evaluations_prompt_version_id_case_id_scorer_model_key'),
  ('prompts', 'title, key', $$ id = '00000000-0000-7000-8000-000000202005' $$, 'prompts_key_key'), ('signing_keys', 'id, webhook_id, key_id, secret_sealed', $$ key_id = 'k-0202' $$, 'signing_keys_id_pk'), ('signing_keys', 'webhook_id, key_id, secret_sealed', $$ key_id = 'k-0202' $$, 'signing_keys_key_id_key'),
  ('outbox', 'id, occurred_at, aggregate_id, event_type, aggregate_kind, payload', $$ event_type = 'probe.made' $$, 'outbox_'), ('deliveries', 'id, occurred_at, webhook_id, event_id, event_at, event_type', $$ webhook_id = '00000000-0000-7000-8000-000000202002' $$, 'deliveries_'),
  ('delivery_attempts', 'id, occurred_at, webhook_id, delivery_id, attempt_no', $$ webhook_id = '00000000-0000-7000-8000-000000202002' $$, 'delivery_attempts_'), ('inbound_events', 'id, occurred_at, webhook_id', $$ webhook_id = '00000000-0000-7000-8000-000000202002' $$, 'inbound_events_'),
  ('prompt_runs', 'id, occurred_at, prompt_id, prompt_version_id, model', $$ prompt_id = '00000000-0000-7000-8000-000000202005' $$, 'prompt_runs_')) v(t, cols, cond, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where relnamespace = 'automation'::regnamespace and relname in
  ('event_types', 'subscriptions', 'signing_keys', 'outbox', 'deliveries', 'delivery_attempts', 'inbound_events', 'renditions', 'asset_jobs', 'prompts', 'prompt_versions', 'prompt_runs', 'eval_cases', 'evaluations');

-- revert
drop table automation.evaluations, automation.eval_cases, automation.prompt_runs, automation.prompt_versions, automation.prompts, automation.asset_jobs, automation.renditions, automation.inbound_events,
  automation.delivery_attempts, automation.deliveries, automation.outbox, automation.signing_keys, automation.subscriptions, automation.event_types;

-- task: BUILD_0203 create_indexes
-- title: Index due deliveries, unpublished outbox, open asset jobs, prompt history
-- does: Queues are read from partial indexes that hold open work only; deliveries of a hook, events of an aggregate, inbound events by the provider's id, runs of a prompt version and renditions by file are index ranges.
-- proves: due deliveries and queued jobs come from their partial index in order, without a sort, beside a thousand finished rows; every query has its index.
-- needs: BUILD_0005, BUILD_0202, BUILD_0661, BUILD_0691, BUILD_0791
create index deliveries_next_attempt_at_idx on automation.deliveries (next_attempt_at) where status in ('pending', 'failed');
create index deliveries_lease_until_idx on automation.deliveries (lease_until) where status = 'in_flight';
create index deliveries_webhook_id_occurred_at_idx on automation.deliveries (webhook_id, occurred_at desc);
create index deliveries_event_id_idx on automation.deliveries (event_id);
create index delivery_attempts_delivery_id_idx on automation.delivery_attempts (delivery_id);
create index outbox_id_unpublished_idx on automation.outbox (id) where published_at is null;
create index outbox_aggregate_id_aggregate_seq_idx on automation.outbox (aggregate_id, aggregate_seq);
create index inbound_events_webhook_id_provider_event_id_idx on automation.inbound_events (webhook_id, provider_event_id);
create index inbound_events_next_attempt_at_idx on automation.inbound_events (next_attempt_at) where status = 'received';
create index asset_jobs_priority_run_after_idx on automation.asset_jobs (priority, run_after) where state = 'queued';
create index prompt_runs_prompt_version_id_occurred_at_idx on automation.prompt_runs (prompt_version_id, occurred_at desc);
create index renditions_rendition_asset_id_idx on automation.renditions (rendition_asset_id);
create index renditions_recipe_sha256_idx on automation.renditions (recipe_sha256) where status = 'ready';

comment on index automation.deliveries_next_attempt_at_idx is 'Deliveries that are due.';
comment on index automation.deliveries_lease_until_idx is 'Deliveries under way, to find leases that ran out.';
comment on index automation.deliveries_webhook_id_occurred_at_idx is 'Deliveries of a hook, newest first; and the foreign key.';
comment on index automation.deliveries_event_id_idx is 'Deliveries of an event.';
comment on index automation.delivery_attempts_delivery_id_idx is 'Attempts of a delivery.';
comment on index automation.outbox_id_unpublished_idx is 'Events that have not been fanned out yet.';
comment on index automation.outbox_aggregate_id_aggregate_seq_idx is 'Events of an aggregate in order.';
comment on index automation.inbound_events_webhook_id_provider_event_id_idx is 'Inbound events by the id the provider gave; and the foreign key.';
comment on index automation.inbound_events_next_attempt_at_idx is 'Inbound events to be processed.';
comment on index automation.asset_jobs_priority_run_after_idx is 'Jobs that may be taken, most urgent first.';
comment on index automation.prompt_runs_prompt_version_id_occurred_at_idx is 'Runs of a version, newest first; and the foreign key.';
comment on index automation.renditions_rendition_asset_id_idx is 'What a file is a rendition of; and the foreign key.';
comment on index automation.renditions_recipe_sha256_idx is 'Finished renditions by recipe, to use them again.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000203001', 'ada-0203');
insert into core.webhooks (id, owner_id, name, target_url) values ('00000000-0000-7000-8000-000000203002', '00000000-0000-7000-8000-000000203001', 'a-0203', 'https://example.org');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000203003', '00000000-0000-7000-8000-000000203001', 'a.png', 'image/png', 1);
insert into automation.deliveries (webhook_id, event_id, event_at, event_type, status, last_status_code) select '00000000-0000-7000-8000-000000203002', '00000000-0000-7000-8000-000000203009', now(), 'webhook.test', 'succeeded', 200 from generate_series(1, 1000);
insert into automation.asset_jobs (asset_id, step, state, profile) select '00000000-0000-7000-8000-000000203003', 'ocr', 'done', i::text from generate_series(1, 1000) i;
create function pg_temp.plan_0203(sql text) returns text language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$ declare plan json; begin execute 'explain (format json) ' || sql into plan; return plan; end $$;
select index, blueprint.plan_uses(sql, index) and pg_temp.plan_0203(sql) not like '%"Sort"%' from (values
  ($$ select * from automation.deliveries where status in ('pending', 'failed') order by next_attempt_at limit 10 $$, 'deliveries_next_attempt_at_idx'),
  ($$ select * from automation.asset_jobs where state = 'queued' order by priority, run_after limit 10 $$, 'asset_jobs_priority_run_after_idx'),
  ($$ select * from automation.outbox where published_at is null order by id limit 10 $$, 'outbox_id_unpublished_idx'),
  ($$ select * from automation.deliveries where webhook_id = '00000000-0000-7000-8000-000000203002' order by occurred_at desc limit 10 $$, 'deliveries_webhook_id_occurred_at_idx')) v(sql, index);
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from automation.deliveries where status = 'in_flight' and lease_until < now() $$, 'deliveries_lease_until_idx'), ($$ select from automation.deliveries where event_id = uuidv7() $$, 'deliveries_event_id_idx'),
  ($$ select from automation.delivery_attempts where delivery_id = '00000000-0000-7000-8000-000000203009' $$, 'delivery_attempts_delivery_id_idx'), ($$ select from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000203009' order by aggregate_seq $$, 'outbox_aggregate_id_aggregate_seq_idx'),
  ($$ select from automation.inbound_events where webhook_id = '00000000-0000-7000-8000-000000203002' and provider_event_id = 'x' $$, 'inbound_events_webhook_id_provider_event_id_idx'),
  ($$ select from automation.inbound_events where status = 'received' order by next_attempt_at $$, 'inbound_events_next_attempt_at_idx'),
  ($$ select from automation.prompt_runs where prompt_version_id = '00000000-0000-7000-8000-000000203009' order by occurred_at desc $$, 'prompt_runs_prompt_version_id_occurred_at_idx'),
  ($$ select from automation.renditions where rendition_asset_id = '00000000-0000-7000-8000-000000203009' $$, 'renditions_rendition_asset_id_idx'), ($$ select from automation.renditions where recipe_sha256 = sha256('x') and status = 'ready' $$, 'renditions_recipe_sha256_idx')) v(sql, index);

-- task: BUILD_0204 create_foreign_keys critical
-- title: Link automation to webhooks, assets, event types and prompts
-- does: Subscriptions, keys and jobs go with their hook or file; deliveries and inbound events keep theirs; events have a known type; versions, cases and evaluations hang on their prompt.
-- proves: an event of an unknown type raises 23503, a hook with deliveries stays and one without goes with keys and subscriptions, and no foreign key lacks its index.
-- needs: BUILD_0005, BUILD_0202, BUILD_0203, BUILD_0691, BUILD_0791
alter table automation.subscriptions add constraint subscriptions_webhook_id_fk foreign key (webhook_id) references core.webhooks (id) on delete cascade;
alter table automation.signing_keys add constraint signing_keys_webhook_id_fk foreign key (webhook_id) references core.webhooks (id) on delete cascade;
alter table automation.outbox add constraint outbox_event_type_fk foreign key (event_type) references automation.event_types (name);
alter table automation.deliveries add constraint deliveries_webhook_id_fk foreign key (webhook_id) references core.webhooks (id);
alter table automation.inbound_events add constraint inbound_events_webhook_id_fk foreign key (webhook_id) references core.webhooks (id);
alter table automation.renditions add constraint renditions_asset_id_fk foreign key (asset_id) references core.assets (id) on delete cascade;
alter table automation.renditions add constraint renditions_rendition_asset_id_fk foreign key (rendition_asset_id) references core.assets (id);
alter table automation.asset_jobs add constraint asset_jobs_asset_id_fk foreign key (asset_id) references core.assets (id) on delete cascade;
alter table automation.prompts add constraint prompts_owner_id_fk foreign key (owner_id) references core.users (id);
alter table automation.prompt_versions add constraint prompt_versions_prompt_id_fk foreign key (prompt_id) references automation.prompts (id) on delete cascade;
alter table automation.prompt_versions add constraint prompt_versions_author_id_fk foreign key (author_id) references core.users (id);
alter table automation.prompt_versions add constraint prompt_versions_approved_by_fk foreign key (approved_by) references core.users (id);
alter table automation.prompts add constraint prompts_active_version_id_fk foreign key (active_version_id) references automation.prompt_versions (id) deferrable initially deferred;
alter table automation.prompt_runs add constraint prompt_runs_prompt_version_id_fk foreign key (prompt_version_id) references automation.prompt_versions (id);
alter table automation.eval_cases add constraint eval_cases_prompt_id_fk foreign key (prompt_id) references automation.prompts (id) on delete cascade;
alter table automation.evaluations add constraint evaluations_prompt_version_id_fk foreign key (prompt_version_id) references automation.prompt_versions (id) on delete cascade;
alter table automation.evaluations add constraint evaluations_case_id_fk foreign key (case_id) references automation.eval_cases (id) on delete cascade;

create index signing_keys_webhook_id_idx on automation.signing_keys (webhook_id);
create index outbox_event_type_idx on automation.outbox (event_type);
create index asset_jobs_asset_id_idx on automation.asset_jobs (asset_id);
create index prompts_owner_id_idx on automation.prompts (owner_id);
create index prompts_active_version_id_idx on automation.prompts (active_version_id);
create index prompt_versions_prompt_id_idx on automation.prompt_versions (prompt_id);
create index prompt_versions_author_id_idx on automation.prompt_versions (author_id);
create index prompt_versions_approved_by_idx on automation.prompt_versions (approved_by);
create index evaluations_case_id_idx on automation.evaluations (case_id);

comment on index automation.signing_keys_webhook_id_idx is 'Keys of a hook; and the foreign key.';
comment on index automation.outbox_event_type_idx is 'Events of a type; and the foreign key.';
comment on index automation.asset_jobs_asset_id_idx is 'Jobs of a file; and the foreign key.';
comment on index automation.prompts_owner_id_idx is 'Prompts of an owner; and the foreign key.';
comment on index automation.prompts_active_version_id_idx is 'The foreign key.';
comment on index automation.prompt_versions_prompt_id_idx is 'Versions of a prompt; and the foreign key.';
comment on index automation.prompt_versions_author_id_idx is 'Versions of an author; and the foreign key.';
comment on index automation.prompt_versions_approved_by_idx is 'The foreign key.';
comment on index automation.evaluations_case_id_idx is 'Scores of a case; and the foreign key.';

-- verify
select count(*) = 0 from blueprint.unindexed_fks('automation');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000204001', 'ada-0204');
insert into core.webhooks (id, owner_id, name, target_url) select format('00000000-0000-7000-8000-00000020401%s', n)::uuid, '00000000-0000-7000-8000-000000204001', 'h-0204-' || n, 'https://example.org' from generate_series(1, 2) n;
insert into automation.signing_keys (webhook_id, key_id, secret_sealed) select format('00000000-0000-7000-8000-00000020401%s', n)::uuid, 'k-0204-' || n, repeat('x', 32)::bytea from generate_series(1, 2) n;
insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-000000204011', 'webhook.test');
insert into automation.deliveries (webhook_id, event_id, event_at, event_type) values ('00000000-0000-7000-8000-000000204012', uuidv7(), now(), 'webhook.test');
delete from core.webhooks where id = '00000000-0000-7000-8000-000000204011';
select count(*) = 0, not exists (select from automation.subscriptions where webhook_id = '00000000-0000-7000-8000-000000204011') from automation.signing_keys where webhook_id = '00000000-0000-7000-8000-000000204011';
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000204021', '00000000-0000-7000-8000-000000204001', 'a.png', 'image/png', 1), ('00000000-0000-7000-8000-000000204022', '00000000-0000-7000-8000-000000204001', 'b.png', 'image/png', 1);
insert into automation.asset_jobs (asset_id, step, profile) values ('00000000-0000-7000-8000-000000204021', 'ocr', 'x');
insert into automation.renditions (asset_id, profile, recipe_sha256) values ('00000000-0000-7000-8000-000000204021', 'thumb', sha256('0204'));
insert into automation.prompts (id, key, title, owner_id) values ('00000000-0000-7000-8000-000000204031', 'probe-0204', 'Probe', '00000000-0000-7000-8000-000000204001');
insert into automation.prompt_versions (id, prompt_id, number, template, author_id) values ('00000000-0000-7000-8000-000000204032', '00000000-0000-7000-8000-000000204031', 1, 'x', '00000000-0000-7000-8000-000000204001');
insert into automation.eval_cases (id, prompt_id, name, expectations) values ('00000000-0000-7000-8000-000000204033', '00000000-0000-7000-8000-000000204031', 'x', '[]');
insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000204032', '00000000-0000-7000-8000-000000204033', 'contains', 'm', 1, true);
select rule, blueprint.raises(sql, '23503', rule) from (values
  ($$ insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) values ('probe.unknown', 'probe', uuidv7(), '{}') $$, 'outbox_event_type_fk'),
  ($$ delete from core.webhooks where id = '00000000-0000-7000-8000-000000204012' $$, 'deliveries_webhook_id_fk'),
  ($$ insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-00000020401f', 'a.b') $$, 'subscriptions_webhook_id_fk'),
  ($$ insert into automation.signing_keys (webhook_id, key_id, secret_sealed) values ('00000000-0000-7000-8000-00000020401f', 'x', repeat('x', 32)::bytea) $$, 'signing_keys_webhook_id_fk'),
  ($$ insert into automation.inbound_events (webhook_id, provider_event_id) values ('00000000-0000-7000-8000-00000020401f', 'x') $$, 'inbound_events_webhook_id_fk'),
  ($$ insert into automation.renditions (asset_id, profile, recipe_sha256) values ('00000000-0000-7000-8000-00000020402f', 'x', sha256('')) $$, 'renditions_asset_id_fk'),
  ($$ update automation.renditions set rendition_asset_id = '00000000-0000-7000-8000-00000020402f' where asset_id = '00000000-0000-7000-8000-000000204021' $$, 'renditions_rendition_asset_id_fk'),
  ($$ insert into automation.asset_jobs (asset_id, step, profile) values ('00000000-0000-7000-8000-00000020402f', 'ocr', 'x') $$, 'asset_jobs_asset_id_fk'),
  ($$ insert into automation.prompts (key, title, owner_id) values ('x-0204', 'x', '00000000-0000-7000-8000-00000020400f') $$, 'prompts_owner_id_fk'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template) values ('00000000-0000-7000-8000-00000020403f', 1, 'x') $$, 'prompt_versions_prompt_id_fk'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template, author_id) values ('00000000-0000-7000-8000-000000204031', 2, 'x', '00000000-0000-7000-8000-00000020400f') $$, 'prompt_versions_author_id_fk'),
  ($$ update automation.prompt_versions set status = 'approved', approved_by = '00000000-0000-7000-8000-00000020400f', approved_at = now() where id = '00000000-0000-7000-8000-000000204032' $$, 'prompt_versions_approved_by_fk'),
  ($$ insert into automation.prompt_runs (prompt_id, prompt_version_id, model) values ('00000000-0000-7000-8000-000000204031', '00000000-0000-7000-8000-00000020403f', 'm') $$, 'prompt_runs_prompt_version_id_fk'),
  ($$ insert into automation.eval_cases (prompt_id, name, expectations) values ('00000000-0000-7000-8000-00000020403f', 'x', '[]') $$, 'eval_cases_prompt_id_fk'),
  ($$ insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-00000020403f', '00000000-0000-7000-8000-000000204033', 'contains', 'n', 1, true) $$, 'evaluations_prompt_version_id_fk'),
  ($$ insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000204032', '00000000-0000-7000-8000-00000020403f', 'contains', 'n', 1, true) $$, 'evaluations_case_id_fk')) v(sql, rule);
delete from automation.prompts where id = '00000000-0000-7000-8000-000000204031';
select not exists (select from automation.prompt_versions where prompt_id = '00000000-0000-7000-8000-000000204031'), not exists (select from automation.eval_cases where id = '00000000-0000-7000-8000-000000204033');
delete from core.assets where id = '00000000-0000-7000-8000-000000204021';
select not exists (select from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-000000204021'), not exists (select from automation.renditions where asset_id = '00000000-0000-7000-8000-000000204021');
insert into automation.prompts (id, key, title, active_version_id) values ('00000000-0000-7000-8000-000000204039', 'probe-0204-b', 'Probe', '00000000-0000-7000-8000-00000020403f');
select blueprint.raises('set constraints all immediate', '23503', 'prompts_active_version_id_fk');
