-- Room automation, rules: who reads what, and what everything is.

-- task: BUILD_0211 implement_feature critical
-- title: Row policies for hooks, deliveries, prompts and runs
-- does: Owners of hooks read their subscriptions, keys (never the secrets), deliveries and attempts (never the headers) and choose subscriptions; prompts show by visibility, drafts to their author; runs to who made them; event types that
--   are public to all. Queues are written by functions alone; audit reads all but secrets.
-- proves: A sees none of B's deliveries and keys, secret_sealed is refused to everybody (42501), hc_agent reads approved versions of shared prompts only, a member sees own runs, nobody writes a queue.
-- needs: BUILD_0204, BUILD_0209
create function automation.my_webhooks() returns uuid[]
  language sql stable set search_path = ''
as $$
  select coalesce(array_agg(w.id), '{}') from core.webhooks w where w.owner_id = core.current_user_id()
$$;

create function automation.shared_prompts() returns uuid[]
  language sql stable set search_path = ''
as $$
  select coalesce(array_agg(p.id), '{}') from automation.prompts p where p.visibility <> 'private'
$$;

create policy event_types_select on automation.event_types for select to hc_anon, hc_agent, hc_worker using (is_public);
create policy event_types_staff_select on automation.event_types for select to hc_admin, hc_auditor using (true);
create policy subscriptions_own_select on automation.subscriptions for select to hc_member using (webhook_id = any ((select automation.my_webhooks())::uuid[]));
create policy subscriptions_own_insert on automation.subscriptions for insert to hc_member with check (webhook_id = any ((select automation.my_webhooks())::uuid[]));
create policy subscriptions_own_delete on automation.subscriptions for delete to hc_member using (webhook_id = any ((select automation.my_webhooks())::uuid[]));
create policy signing_keys_own_select on automation.signing_keys for select to hc_member using (webhook_id = any ((select automation.my_webhooks())::uuid[]));
create policy deliveries_own_select on automation.deliveries for select to hc_member using (webhook_id = any ((select automation.my_webhooks())::uuid[]));
create policy delivery_attempts_own_select on automation.delivery_attempts for select to hc_member using (webhook_id = any ((select automation.my_webhooks())::uuid[]));
create policy prompts_select on automation.prompts for select to hc_member using (visibility <> 'private' or owner_id = (select core.current_user_id()));
create policy prompts_agent_select on automation.prompts for select to hc_agent using (visibility <> 'private' and active_version_id is not null);
create policy prompt_versions_select on automation.prompt_versions for select to hc_member
  using (author_id = (select core.current_user_id()) or status <> 'draft' and prompt_id = any ((select automation.shared_prompts())::uuid[]));
create policy prompt_versions_agent_select on automation.prompt_versions for select to hc_agent using (status = 'approved' and prompt_id = any ((select automation.shared_prompts())::uuid[]));
create policy prompt_runs_own_select on automation.prompt_runs for select to hc_member using (user_id = (select core.current_user_id()));
create policy prompt_runs_agent_select on automation.prompt_runs for select to hc_agent using (agent_id = (select core.claims() ->> 'agent_id'));
create policy evaluations_select on automation.evaluations for select to hc_moderator using (true);
create policy eval_cases_select on automation.eval_cases for select to hc_moderator using (true);
create policy subscriptions_audit_select on automation.subscriptions for select to hc_admin, hc_auditor using (true);
create policy signing_keys_audit_select on automation.signing_keys for select to hc_admin, hc_auditor using (true);
create policy outbox_audit_select on automation.outbox for select to hc_admin, hc_auditor using (true);
create policy deliveries_audit_select on automation.deliveries for select to hc_admin, hc_auditor using (true);
create policy delivery_attempts_audit_select on automation.delivery_attempts for select to hc_admin, hc_auditor using (true);
create policy inbound_events_audit_select on automation.inbound_events for select to hc_admin, hc_auditor using (true);
create policy renditions_audit_select on automation.renditions for select to hc_admin, hc_auditor using (true);
create policy asset_jobs_audit_select on automation.asset_jobs for select to hc_admin, hc_auditor using (true);
create policy prompts_audit_select on automation.prompts for select to hc_auditor using (true);
create policy prompt_versions_audit_select on automation.prompt_versions for select to hc_auditor using (true);
create policy prompt_runs_audit_select on automation.prompt_runs for select to hc_auditor using (true);
create policy evaluations_audit_select on automation.evaluations for select to hc_auditor using (true);
create policy eval_cases_audit_select on automation.eval_cases for select to hc_auditor using (true);

grant select on automation.event_types to hc_anon, hc_agent, hc_worker, hc_auditor;
grant select on automation.subscriptions to hc_member, hc_auditor;
grant insert (webhook_id, event_pattern, filter), delete on automation.subscriptions to hc_member;
grant select (id, webhook_id, key_id, algorithm, during, created_at, updated_at) on automation.signing_keys to hc_member, hc_auditor;
grant select on automation.deliveries to hc_member, hc_auditor;
grant select (id, occurred_at, webhook_id, delivery_id, attempt_no, response_status, response_excerpt, latency_ms, error_class) on automation.delivery_attempts to hc_member, hc_auditor;
grant select on automation.prompts, automation.prompt_versions, automation.prompt_runs to hc_member, hc_agent, hc_auditor;
grant select on automation.evaluations, automation.eval_cases to hc_moderator, hc_auditor;
grant select on automation.outbox, automation.inbound_events, automation.renditions, automation.asset_jobs to hc_admin, hc_auditor;
grant execute on function automation.my_webhooks to hc_member;
grant execute on function automation.shared_prompts to hc_member, hc_agent;

comment on function automation.my_webhooks is 'Hooks of the current person, for policies: read once per statement.';
comment on function automation.shared_prompts is 'Shared prompts the reader sees, for policies: read once per statement.';
comment on policy event_types_select on automation.event_types is 'Everybody reads the public catalogue.';
comment on policy event_types_staff_select on automation.event_types is 'Staff read all types.';
comment on policy subscriptions_own_select on automation.subscriptions is 'Owners see the subscriptions of their hooks.';
comment on policy subscriptions_own_insert on automation.subscriptions is 'Owners subscribe their hooks.';
comment on policy subscriptions_own_delete on automation.subscriptions is 'Owners unsubscribe their hooks.';
comment on policy signing_keys_own_select on automation.signing_keys is 'Owners see the keys of their hooks, without secrets.';
comment on policy deliveries_own_select on automation.deliveries is 'Owners see what was sent to their hooks.';
comment on policy delivery_attempts_own_select on automation.delivery_attempts is 'Owners see the attempts, without headers.';
comment on policy prompts_select on automation.prompts is 'Shared prompts and own ones.';
comment on policy prompts_agent_select on automation.prompts is 'Agents see shared prompts in use.';
comment on policy prompt_versions_select on automation.prompt_versions is 'Versions of shared prompts once approved, own drafts.';
comment on policy prompt_versions_agent_select on automation.prompt_versions is 'Agents see approved versions of shared prompts.';
comment on policy prompt_runs_own_select on automation.prompt_runs is 'People see their runs.';
comment on policy prompt_runs_agent_select on automation.prompt_runs is 'Agents see their runs.';
comment on policy evaluations_select on automation.evaluations is 'Moderation reads scores.';
comment on policy eval_cases_select on automation.eval_cases is 'Moderation reads test cases.';
comment on policy subscriptions_audit_select on automation.subscriptions is 'Administration and audit read.';
comment on policy signing_keys_audit_select on automation.signing_keys is 'Administration and audit read, without secrets.';
comment on policy outbox_audit_select on automation.outbox is 'Administration and audit read.';
comment on policy deliveries_audit_select on automation.deliveries is 'Administration and audit read.';
comment on policy delivery_attempts_audit_select on automation.delivery_attempts is 'Administration and audit read, without headers.';
comment on policy inbound_events_audit_select on automation.inbound_events is 'Administration and audit read.';
comment on policy renditions_audit_select on automation.renditions is 'Administration and audit read.';
comment on policy asset_jobs_audit_select on automation.asset_jobs is 'Administration and audit read.';
comment on policy prompts_audit_select on automation.prompts is 'Audit reads.';
comment on policy prompt_versions_audit_select on automation.prompt_versions is 'Audit reads.';
comment on policy prompt_runs_audit_select on automation.prompt_runs is 'Audit reads.';
comment on policy evaluations_audit_select on automation.evaluations is 'Audit reads.';
comment on policy eval_cases_audit_select on automation.eval_cases is 'Audit reads.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000211001', 'ada-0211'), ('00000000-0000-7000-8000-000000211002', 'bob-0211');
insert into core.webhooks (id, owner_id, name, target_url) select format('00000000-0000-7000-8000-00000021101%s', n)::uuid, format('00000000-0000-7000-8000-00000021100%s', n)::uuid, 'h-0211', 'https://example.org' from generate_series(1, 2) n;
insert into automation.event_types (name, description, json_schema, sample, is_public) values ('probe.open', 'x', '{}', '{}', true), ('probe.closed', 'x', '{}', '{}', false);
insert into automation.subscriptions (webhook_id, event_pattern) select id, 'webhook.test' from core.webhooks where name = 'h-0211';
insert into automation.signing_keys (webhook_id, key_id, secret_sealed) select id, 'k-' || id, repeat('x', 32)::bytea from core.webhooks where name = 'h-0211';
insert into automation.deliveries (webhook_id, event_id, event_at, event_type) select id, uuidv7(), now(), 'webhook.test' from core.webhooks where name = 'h-0211';
insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no) select id, uuidv7(), 1 from core.webhooks where name = 'h-0211';
insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) values ('webhook.test', 'webhook', '00000000-0000-7000-8000-000000211011', '{"id": "00000000-0000-7000-8000-000000211011"}');
insert into automation.inbound_events (webhook_id, provider_event_id) values ('00000000-0000-7000-8000-000000211011', 'probe-0211');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000211021', '00000000-0000-7000-8000-000000211001', 'a.png', 'image/png', 1);
insert into automation.renditions (asset_id, profile, recipe_sha256) values ('00000000-0000-7000-8000-000000211021', 'thumb', sha256('0211'));
insert into automation.asset_jobs (asset_id, step, profile) values ('00000000-0000-7000-8000-000000211021', 'ocr', 'probe');
insert into automation.prompts (id, key, title, owner_id, visibility) select format('00000000-0000-7000-8000-00000021103%s', n)::uuid, 'p-0211-' || n, 'x', format('00000000-0000-7000-8000-00000021100%s', n % 2 + 1)::uuid, case when n > 2 then 'public' else 'private' end from generate_series(1, 3) n;
insert into automation.prompt_versions (id, prompt_id, number, template, author_id, status, approved_at) select format('00000000-0000-7000-8000-00000021104%s', n)::uuid, format('00000000-0000-7000-8000-00000021103%s', p)::uuid, n, 'x', format('00000000-0000-7000-8000-00000021100%s', a)::uuid, s, case s when 'approved' then now() end
from (values (1, 1, 2, 'draft'), (2, 3, 2, 'approved'), (3, 3, 2, 'draft'), (4, 3, 1, 'draft'), (5, 1, 2, 'approved')) v(n, p, a, s);
update automation.prompts set active_version_id = '00000000-0000-7000-8000-000000211042' where key = 'p-0211-3';
insert into automation.prompt_runs (prompt_id, prompt_version_id, user_id, agent_id, model) select '00000000-0000-7000-8000-000000211033', '00000000-0000-7000-8000-000000211042', format('00000000-0000-7000-8000-00000021100%s', n)::uuid, 'agent-0211-' || n, 'm' from generate_series(1, 2) n;
insert into automation.eval_cases (id, prompt_id, name, expectations) values ('00000000-0000-7000-8000-000000211051', '00000000-0000-7000-8000-000000211033', 'x', '[]');
insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000211042', '00000000-0000-7000-8000-000000211051', 'contains', 'm', 1, true);
select core.act_as('00000000-0000-7000-8000-000000211001');
set local role hc_member;
select (select count(*) = 1 from automation.subscriptions where event_pattern = 'webhook.test'), (select count(*) = 1 from (select id, webhook_id, key_id from automation.signing_keys) k), (select count(*) = 1 and bool_and(webhook_id = '00000000-0000-7000-8000-000000211011') from automation.deliveries),
  (select count(*) = 1 from (select id, webhook_id from automation.delivery_attempts) a), (select string_agg(right(key, 1), '' order by key) = '23' from automation.prompts where key like 'p-0211-%'), (select string_agg(right(id::text, 1), '' order by id) = '24' from automation.prompt_versions where id::text like '00000000-0000-7000-8000-00000021104_'),
  (select count(*) = 1 from automation.prompt_runs where prompt_id = '00000000-0000-7000-8000-000000211033'), (select count(*) = 1 from automation.event_types where name like 'probe.%');
insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-000000211011', 'probe.*');
with gone as (delete from automation.subscriptions where event_pattern = 'webhook.test' returning 1) select count(*) = 1 from gone;
select sql, blueprint.raises(sql, '42501') from unnest(array['select secret_sealed from automation.signing_keys', 'select request_headers from automation.delivery_attempts', 'select from automation.outbox', 'select from automation.inbound_events', 'select from automation.asset_jobs', 'select from automation.renditions', 'select from automation.evaluations',
  'select from automation.eval_cases', 'update automation.deliveries set status = status', 'delete from automation.prompt_runs', 'update automation.prompts set title = title', $$ insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-000000211012', 'probe.*') $$,
  $$ insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) values ('webhook.test', 'webhook', uuidv7(), '{}') $$]) sql;
delete from automation.subscriptions;
set local role hc_owner;
select count(*) = 1 from automation.subscriptions where webhook_id in ('00000000-0000-7000-8000-000000211011', '00000000-0000-7000-8000-000000211012');
insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-000000211011', 'probe.*');
select core.act_as(null, 'hc_agent', '{"agent_id": "agent-0211-2"}');
set local role hc_agent;
select (select array_agg(key::text) = '{p-0211-3}' from automation.prompts where key like 'p-0211-%'), (select string_agg(right(id::text, 1), '' order by id) = '2' from automation.prompt_versions where id::text like '00000000-0000-7000-8000-00000021104_'), (select array_agg(agent_id) = '{agent-0211-2}' from automation.prompt_runs where prompt_id = '00000000-0000-7000-8000-000000211033'),
  (select count(*) = 1 from automation.event_types where name like 'probe.%'), blueprint.raises('select secret_sealed from automation.signing_keys', '42501');
set local role hc_worker;
select (select count(*) = 1 from automation.event_types where name like 'probe.%'), blueprint.raises('select from automation.deliveries', '42501');
set local role hc_anon;
select count(*) = 1, blueprint.raises('select from automation.deliveries', '42501'), blueprint.raises('select from automation.prompts', '42501') from automation.event_types where name like 'probe.%';
set local role hc_moderator;
select (select count(*) = 1 from automation.evaluations where case_id = '00000000-0000-7000-8000-000000211051'), (select count(*) = 1 from automation.eval_cases where id = '00000000-0000-7000-8000-000000211051'), blueprint.raises('select from automation.outbox', '42501');
set local role hc_admin;
select (select count(*) = 2 from automation.event_types where name like 'probe.%'), (select count(*) = 2 from automation.subscriptions where webhook_id::text like '00000000-0000-7000-8000-00000021101_'), (select count(*) = 2 from (select webhook_id from automation.signing_keys) k where webhook_id::text like '00000000-0000-7000-8000-00000021101_'),
  (select count(*) = 1 from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000211011'), (select count(*) = 2 from automation.deliveries where webhook_id::text like '00000000-0000-7000-8000-00000021101_'), (select count(*) = 2 from (select webhook_id from automation.delivery_attempts) a where webhook_id::text like '00000000-0000-7000-8000-00000021101_'),
  (select count(*) = 1 from automation.inbound_events where provider_event_id = 'probe-0211'), (select count(*) = 1 from automation.renditions where recipe_sha256 = sha256('0211')), (select count(*) = 1 from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-000000211021'), blueprint.raises('select secret_sealed from automation.signing_keys', '42501');
set local role hc_auditor;
select (select count(*) = 2 from automation.event_types where name like 'probe.%'), (select count(*) = 2 from automation.subscriptions where webhook_id::text like '00000000-0000-7000-8000-00000021101_'), (select count(*) = 2 from (select webhook_id from automation.signing_keys) k where webhook_id::text like '00000000-0000-7000-8000-00000021101_'),
  (select count(*) = 1 from automation.outbox where aggregate_id = '00000000-0000-7000-8000-000000211011'), (select count(*) = 2 from automation.deliveries where webhook_id::text like '00000000-0000-7000-8000-00000021101_'), (select count(*) = 2 from (select webhook_id from automation.delivery_attempts) a where webhook_id::text like '00000000-0000-7000-8000-00000021101_'),
  (select count(*) = 1 from automation.inbound_events where provider_event_id = 'probe-0211'), (select count(*) = 1 from automation.renditions where recipe_sha256 = sha256('0211')), (select count(*) = 1 from automation.asset_jobs where asset_id = '00000000-0000-7000-8000-000000211021'), (select count(*) = 3 from automation.prompts where key like 'p-0211-%'),
  (select count(*) = 5 from automation.prompt_versions where id::text like '00000000-0000-7000-8000-00000021104_'), (select count(*) = 2 from automation.prompt_runs where prompt_id = '00000000-0000-7000-8000-000000211033'), (select count(*) = 1 from automation.evaluations where case_id = '00000000-0000-7000-8000-000000211051'),
  (select count(*) = 1 from automation.eval_cases where id = '00000000-0000-7000-8000-000000211051'), blueprint.raises('select secret_sealed from automation.signing_keys', '42501');
set local role hc_owner;
select c, has_column_privilege('hc_member', 'automation.signing_keys', c, 'select') and has_column_privilege('hc_auditor', 'automation.signing_keys', c, 'select') from unnest(string_to_array('id,webhook_id,key_id,algorithm,during,created_at,updated_at', ',')) c;
select c, has_column_privilege('hc_member', 'automation.delivery_attempts', c, 'select') and has_column_privilege('hc_auditor', 'automation.delivery_attempts', c, 'select') from unnest(string_to_array('id,occurred_at,webhook_id,delivery_id,attempt_no,response_status,response_excerpt,latency_ms,error_class', ',')) c;
select has_column_privilege('hc_member', 'automation.subscriptions', 'filter', 'insert'), has_function_privilege('hc_member', 'automation.my_webhooks()', 'execute') and not has_function_privilege('hc_agent', 'automation.my_webhooks()', 'execute'),
  has_function_privilege('hc_agent', 'automation.shared_prompts()', 'execute') and not has_function_privilege('hc_worker', 'automation.shared_prompts()', 'execute');

-- task: BUILD_0210 add_comments
-- title: Document automation objects, payload contracts and retention
-- does: Everything in the room says what it is, with @secret on secrets and headers, @pii on payloads, @retention and @distribution on tables; automation.event_catalogue shows name, version, schema, sample and since of the public event
--   types, as an AsyncAPI document needs them.
-- proves: nothing in the room is undocumented, marks are where they belong, every sample of the catalogue is right by its own schema and anybody may read it.
-- needs: BUILD_0010, BUILD_0206, BUILD_0207, BUILD_0211, BUILD_0212
create view automation.event_catalogue with (security_invoker = true) as
  select t.name, t.version, t.description, t.json_schema, t.sample, t.since, split_part(t.name, '.', 1) as channel from automation.event_types t where t.is_public;

grant select on automation.event_catalogue to hc_anon, hc_agent, hc_worker, hc_auditor;

comment on view automation.event_catalogue is 'Public event types, for API documents.';

comment on table automation.event_types is 'Kinds of events: schema, sample, who may have them. Reference data. @distribution reference';
comment on column automation.event_types.name is 'As donation.confirmed.';
comment on column automation.event_types.version is 'Version of its schema.';
comment on column automation.event_types.description is 'What happened, in a sentence.';
comment on column automation.event_types.json_schema is 'Schema of the payload (the subset automation.schema_problems knows); a property with since came with that API version.';
comment on column automation.event_types.sample is 'A payload that is right.';
comment on column automation.event_types.retention is 'How long events of it are kept.';
comment on column automation.event_types.is_public is 'In the public catalogue.';
comment on column automation.event_types.audience is 'everyone, or owner: who owns what it is about, and staff.';
comment on column automation.event_types.allows_pii is 'Personal fields may stay in.';
comment on column automation.event_types.since is 'API version it came with.';
comment on column automation.event_types.created_at is 'When it was added.';

comment on table automation.subscriptions is 'What else a hook wants, beside its own patterns. @distribution reference';
comment on column automation.subscriptions.webhook_id is 'The hook.';
comment on column automation.subscriptions.event_pattern is 'As donation.* or order.**.';
comment on column automation.subscriptions.filter is 'Condition on the payload: {"path": "$.amount_usd > 100"}.';
comment on column automation.subscriptions.created_at is 'When it was subscribed.';

comment on table automation.signing_keys is 'Keys that sign for a hook, two live at most. Secrets are encrypted and opened by automation.sign() and its like alone. @distribution local';
comment on column automation.signing_keys.id is 'Version 7 UUID.';
comment on column automation.signing_keys.webhook_id is 'The hook; never changes.';
comment on column automation.signing_keys.key_id is 'Name of the key; never changes.';
comment on column automation.signing_keys.secret_sealed is 'The secret, encrypted (automation.seal). @secret';
comment on column automation.signing_keys.algorithm is 'hmac-sha256 or ed25519.';
comment on column automation.signing_keys.during is 'When it signs.';
comment on column automation.signing_keys.created_at is 'When it was made.';
comment on column automation.signing_keys.updated_at is 'When the row last really changed.';

comment on table automation.outbox is 'Events, written in the transaction that made them happen; by UTC month. @distribution aggregate_id @retention 90 days';
comment on column automation.outbox.id is 'Version 7 id; webhook-id of its deliveries.';
comment on column automation.outbox.occurred_at is 'When; partition key (UTC months).';
comment on column automation.outbox.event_type is 'What happened.';
comment on column automation.outbox.aggregate_kind is 'Kind of what it is about.';
comment on column automation.outbox.aggregate_id is 'What it is about.';
comment on column automation.outbox.aggregate_seq is 'Its number among the events about the same, without gaps.';
comment on column automation.outbox.payload is 'What receivers get as data. @pii';
comment on column automation.outbox.headers is 'Notes for delivery.';
comment on column automation.outbox.xid is 'Transaction that wrote it: none is fanned out before all below have ended.';
comment on column automation.outbox.published_at is 'When it was fanned out.';

comment on table automation.deliveries is 'An event on its way to a hook; by UTC month. @distribution webhook_id @retention 90 days';
comment on column automation.deliveries.id is 'Version 7 UUID.';
comment on column automation.deliveries.occurred_at is 'When it was queued; partition key (UTC months).';
comment on column automation.deliveries.webhook_id is 'The hook.';
comment on column automation.deliveries.event_id is 'The event.';
comment on column automation.deliveries.event_at is 'When that occurred: its partition.';
comment on column automation.deliveries.event_seq is 'Number of the event: order within a key.';
comment on column automation.deliveries.event_type is 'What happened.';
comment on column automation.deliveries.status is 'pending, in_flight, succeeded, failed (tried again) or dead.';
comment on column automation.deliveries.attempt_count is 'Attempts so far.';
comment on column automation.deliveries.next_attempt_at is 'Not before.';
comment on column automation.deliveries.lease_until is 'When the lease of the worker runs out.';
comment on column automation.deliveries.lease_by is 'The worker that has it.';
comment on column automation.deliveries.fence is 'Token of the current lease; counts up.';
comment on column automation.deliveries.last_status_code is 'HTTP status of the last attempt.';
comment on column automation.deliveries.ordering_key is 'One after the other within a key.';
comment on column automation.deliveries.replay_of is 'The dead delivery it repeats.';

comment on table automation.delivery_attempts is 'What was tried and what came back; append-only, by UTC month. @distribution webhook_id @retention 30 days';
comment on column automation.delivery_attempts.id is 'Version 7 UUID.';
comment on column automation.delivery_attempts.occurred_at is 'When; partition key (UTC months).';
comment on column automation.delivery_attempts.webhook_id is 'The hook.';
comment on column automation.delivery_attempts.delivery_id is 'The delivery.';
comment on column automation.delivery_attempts.attempt_no is 'Which attempt.';
comment on column automation.delivery_attempts.request_headers is 'Headers that were sent. @secret';
comment on column automation.delivery_attempts.response_status is 'HTTP status.';
comment on column automation.delivery_attempts.response_excerpt is 'First 1,000 characters of the answer. @pii';
comment on column automation.delivery_attempts.latency_ms is 'How long it took.';
comment on column automation.delivery_attempts.error_class is 'timeout, dns, tls, connect, http, ...';

comment on table automation.inbound_events is 'What providers sent, as it came; by UTC month. @distribution webhook_id @retention 90 days';
comment on column automation.inbound_events.id is 'Version 7 UUID.';
comment on column automation.inbound_events.occurred_at is 'When it came in; partition key (UTC months).';
comment on column automation.inbound_events.webhook_id is 'The hook.';
comment on column automation.inbound_events.provider_event_id is 'Id of the event at the provider.';
comment on column automation.inbound_events.headers is 'Headers, without credentials. @secret';
comment on column automation.inbound_events.payload is 'What was sent; null for a repetition. @pii';
comment on column automation.inbound_events.signature_ok is 'The signature was right.';
comment on column automation.inbound_events.status is 'received, processed, failed, ignored or duplicate.';
comment on column automation.inbound_events.attempt_count is 'Times it was processed.';
comment on column automation.inbound_events.next_attempt_at is 'Not before.';
comment on column automation.inbound_events.error is 'Why it failed.';
comment on column automation.inbound_events.processed_at is 'When it was processed.';

comment on table automation.renditions is 'Files made of a file: thumbnails, transcodes. @distribution local';
comment on column automation.renditions.asset_id is 'The file.';
comment on column automation.renditions.profile is 'As thumb-256.';
comment on column automation.renditions.status is 'pending, ready or failed.';
comment on column automation.renditions.rendition_asset_id is 'The file that was made.';
comment on column automation.renditions.params is 'Parameters beyond the profile.';
comment on column automation.renditions.recipe_sha256 is 'Digest of bytes, profile and parameters (automation.recipe).';
comment on column automation.renditions.produced_at is 'When it was made.';
comment on column automation.renditions.created_at is 'When it was planned.';

comment on table automation.asset_jobs is 'Steps a file goes through. @distribution local';
comment on column automation.asset_jobs.id is 'Version 7 UUID.';
comment on column automation.asset_jobs.asset_id is 'The file; never changes.';
comment on column automation.asset_jobs.step is 'scan, thumbnail, mesh_stats, transcode or ocr.';
comment on column automation.asset_jobs.profile is 'Which rendition, else empty.';
comment on column automation.asset_jobs.state is 'waiting (for the scan), queued, running, done, failed or cancelled.';
comment on column automation.asset_jobs.priority is 'Lower is sooner.';
comment on column automation.asset_jobs.run_after is 'Not before.';
comment on column automation.asset_jobs.lease_until is 'When the lease of the worker runs out.';
comment on column automation.asset_jobs.lease_by is 'The worker that has it.';
comment on column automation.asset_jobs.fence is 'Token of the current lease; counts up.';
comment on column automation.asset_jobs.attempts is 'Times it was taken.';
comment on column automation.asset_jobs.result is 'What came out.';
comment on column automation.asset_jobs.created_at is 'When it was planned.';
comment on column automation.asset_jobs.updated_at is 'When the row last really changed.';

comment on table automation.prompts is 'Prompts by name. @distribution local';
comment on column automation.prompts.id is 'Version 7 UUID.';
comment on column automation.prompts.key is 'Name in calls; never changes.';
comment on column automation.prompts.title is 'Name as shown.';
comment on column automation.prompts.owner_id is 'Whose prompt it is.';
comment on column automation.prompts.category is 'What it is for.';
comment on column automation.prompts.visibility is 'private, team or public.';
comment on column automation.prompts.active_version_id is 'The version in use, an approved one.';
comment on column automation.prompts.metadata is 'Notes.';
comment on column automation.prompts.created_at is 'When it was made.';
comment on column automation.prompts.updated_at is 'When the row last really changed.';

comment on table automation.prompt_versions is 'Versions of prompts; they do not change once approved. @distribution local';
comment on column automation.prompt_versions.id is 'Version 7 UUID.';
comment on column automation.prompt_versions.prompt_id is 'The prompt.';
comment on column automation.prompt_versions.number is 'Counts from 1.';
comment on column automation.prompt_versions.author_id is 'Who wrote it.';
comment on column automation.prompt_versions.template is 'Text with {{variables}} and partials {{> key}}.';
comment on column automation.prompt_versions.variables is 'What it takes: {"name": {"type", "required", "max_length", "default"}}.';
comment on column automation.prompt_versions.model_prefs is 'Model and settings it was written for.';
comment on column automation.prompt_versions.template_sha256 is 'Digest of template and variables.';
comment on column automation.prompt_versions.status is 'draft, approved or retired.';
comment on column automation.prompt_versions.approved_by is 'Who approved it.';
comment on column automation.prompt_versions.approved_at is 'When.';
comment on column automation.prompt_versions.created_at is 'When it was written.';

comment on table automation.prompt_runs is 'Answers of models; by UTC month. @distribution prompt_id @retention 180 days';
comment on column automation.prompt_runs.id is 'Version 7 UUID.';
comment on column automation.prompt_runs.occurred_at is 'When; partition key (UTC months).';
comment on column automation.prompt_runs.prompt_id is 'The prompt.';
comment on column automation.prompt_runs.prompt_version_id is 'The version.';
comment on column automation.prompt_runs.user_id is 'For whom. No foreign key: runs outlive accounts. @pii';
comment on column automation.prompt_runs.agent_id is 'Which agent ran it.';
comment on column automation.prompt_runs.model is 'Which model.';
comment on column automation.prompt_runs.inputs is 'Values of the variables. @pii';
comment on column automation.prompt_runs.rendered_sha256 is 'Digest of the text that was sent.';
comment on column automation.prompt_runs.output is 'The answer. @pii';
comment on column automation.prompt_runs.tokens_in is 'Tokens sent.';
comment on column automation.prompt_runs.tokens_out is 'Tokens of the answer.';
comment on column automation.prompt_runs.cost_usd is 'What it cost.';
comment on column automation.prompt_runs.latency_ms is 'How long it took.';
comment on column automation.prompt_runs.status is 'succeeded, failed or refused.';
comment on column automation.prompt_runs.trace is 'What else is known: case_id, tool calls, ...';

comment on table automation.eval_cases is 'Test cases of a prompt. @distribution local';
comment on column automation.eval_cases.id is 'Version 7 UUID.';
comment on column automation.eval_cases.prompt_id is 'The prompt; never changes.';
comment on column automation.eval_cases.name is 'Name within the prompt.';
comment on column automation.eval_cases.inputs is 'Values of the variables.';
comment on column automation.eval_cases.expectations is '[{"scorer", "value", "tolerance", "pass_at"}, ...].';
comment on column automation.eval_cases.weight is 'Weight in the mean.';
comment on column automation.eval_cases.created_at is 'When it was added.';
comment on column automation.eval_cases.updated_at is 'When the row last really changed.';

comment on table automation.evaluations is 'Scores of versions on cases. @distribution local';
comment on column automation.evaluations.id is 'Version 7 UUID.';
comment on column automation.evaluations.prompt_version_id is 'The version.';
comment on column automation.evaluations.case_id is 'The case.';
comment on column automation.evaluations.run_id is 'The run that was scored.';
comment on column automation.evaluations.scorer is 'contains, regex, json_schema, numeric_tolerance or similarity.';
comment on column automation.evaluations.model is 'Which model answered.';
comment on column automation.evaluations.score is '0 to 1.';
comment on column automation.evaluations.passed is 'Reached what the case asks for.';
comment on column automation.evaluations.notes is 'As no run.';
comment on column automation.evaluations.created_at is 'When it was first scored.';
comment on column automation.evaluations.updated_at is 'When it was last scored.';

-- verify
select count(*) = 0 from blueprint.undocumented('automation');
select t, bool_and(c in (select column_name from blueprint.annotations(('automation.' || t)::regclass) where tag = mark)) from (values ('signing_keys', 'secret', 'secret_sealed'), ('delivery_attempts', 'secret', 'request_headers'), ('inbound_events', 'secret', 'headers'), ('inbound_events', 'pii', 'payload'),
  ('outbox', 'pii', 'payload'), ('prompt_runs', 'pii', 'inputs,output')) v(t, mark, cols), unnest(string_to_array(cols, ',')) c group by t, mark;
select t, value like term || '%' from (values ('deliveries', '90 days'), ('delivery_attempts', '30 days'), ('prompt_runs', '180 days')) v(t, term), blueprint.annotations(('automation.' || t)::regclass) where tag = 'retention';
select count(*) >= 14 from pg_class c, blueprint.annotations(c.oid) a where c.relnamespace = 'automation'::regnamespace and a.tag = 'distribution' and a.column_name is null;
set local role hc_anon;
select count(*) > 20, count(*) filter (where name = 'design.released' and channel = 'design') = 1, count(*) filter (where name = 'user.suspended') = 0 from automation.event_catalogue;
set local role hc_worker;
select count(*) = 0 from automation.event_catalogue c, automation.schema_problems(c.json_schema, c.sample);
set local role hc_owner;
select bool_and(has_table_privilege(r, 'automation.event_catalogue', 'select')) from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor']) r;
select reloptions @> '{security_invoker=true}' from pg_class where oid = 'automation.event_catalogue'::regclass;
