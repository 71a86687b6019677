-- Room automation, building blocks: an event written, turned into deliveries, leased and settled; jobs leased; templates filled in; the views over all of it, look-ups in
-- payloads, and what a row must be.

-- task: BUILD_0205 create_functions critical
-- title: Automation functions: emit, enqueue, lease, settle and prompt rendering core
-- does: Thin blocks the features stand on: emit() writes an event in the caller's transaction, enqueue_deliveries() turns it into deliveries once, lease_deliveries() takes due ones under a fencing token, settle_delivery() notes
--   how it went, lease_asset_jobs() takes jobs, render_template() fills in variables in one pass.
-- proves: an event goes from emit to succeeded for its hook and leaves none for another, a second enqueue makes none, a stale token raises 40001, an injected placeholder is not expanded.
-- needs: BUILD_0005, BUILD_0203, BUILD_0204
create function automation.emit(event_type text, aggregate_kind text, aggregate_id uuid, payload jsonb default '{}', headers jsonb default '{}') returns uuid
  language sql security definer
begin atomic
  insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload, headers)
  values (emit.event_type, emit.aggregate_kind, emit.aggregate_id, jsonb_build_object('id', emit.aggregate_id) || emit.payload, emit.headers)
  returning id;
end;

create function automation.enqueue_deliveries(event uuid, hooks uuid[]) returns bigint
  language sql security definer set search_path = ''
as $$
  with published as (
    update automation.outbox o set published_at = now() where o.id = event and o.published_at is null returning o.id, o.occurred_at, o.aggregate_seq, o.event_type, o.aggregate_kind, o.aggregate_id),
  made as (
    insert into automation.deliveries (webhook_id, event_id, event_at, event_seq, event_type, ordering_key)
    select distinct h, p.id, p.occurred_at, p.aggregate_seq, p.event_type, p.aggregate_kind || ':' || p.aggregate_id from published p, unnest(hooks) h returning 1)
  select count(*) from made
$$;

create function automation.lease_deliveries(ids uuid[], worker text, lease interval, at timestamptz default now()) returns setof automation.deliveries
  language sql security definer set search_path = ''
as $$
  update automation.deliveries d
  set status = 'in_flight', lease_by = worker, lease_until = at + lease, fence = d.fence + 1, attempt_count = d.attempt_count + 1
  from (
    select c.id, c.occurred_at, c.webhook_id from automation.deliveries c
    where c.id = any (ids) and (c.status in ('pending', 'failed') and c.next_attempt_at <= at or c.status = 'in_flight' and c.lease_until <= at)
    for update skip locked) f
  where d.id = f.id and d.occurred_at = f.occurred_at and d.webhook_id = f.webhook_id
  returning d.*
$$;

create function automation.settle_delivery(delivery uuid, fence bigint, outcome text, code int default null, latency_ms int default null, excerpt text default null, error_class text default null, next_at timestamptz default null)
    returns automation.deliveries
  language plpgsql security definer set search_path = ''
as $$
declare
  d automation.deliveries;
begin
  select c.* into d from automation.deliveries c where c.id = delivery for update;
  if d.id is null or d.status <> 'in_flight' or d.fence <> settle_delivery.fence then
    raise exception using errcode = '40001', message = format('delivery %s is no longer yours: its lease went to somebody else or it is settled', delivery);
  end if;
  insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no, response_status, response_excerpt, latency_ms, error_class)
  values (d.webhook_id, d.id, d.attempt_count, code, left(excerpt, 1000), settle_delivery.latency_ms, settle_delivery.error_class);
  update automation.deliveries c
  set status = outcome, last_status_code = code, lease_by = null, lease_until = null, next_attempt_at = coalesce(next_at, c.next_attempt_at)
  where c.id = d.id and c.occurred_at = d.occurred_at and c.webhook_id = d.webhook_id
  returning c.* into d;
  return d;
end $$;

create function automation.lease_asset_jobs(worker text, n int, lease interval, at timestamptz default now()) returns setof automation.asset_jobs
  language sql security definer set search_path = ''
as $$
  update automation.asset_jobs j set state = 'running', lease_by = worker, lease_until = at + lease, fence = j.fence + 1, attempts = j.attempts + 1
  from (
    select q.id from automation.asset_jobs q where q.state = 'queued' and q.run_after <= at or q.state = 'running' and q.lease_until <= at
    order by q.priority, q.run_after limit least(n, 100) for update skip locked) f
  where j.id = f.id returning j.*
$$;

create function automation.render_template(template text, variables jsonb) returns text
  language plpgsql immutable set search_path = ''
as $$
declare
  part text[];
  result text := '';
begin
  for part in select m from regexp_matches(template, '(.*?)(?:\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}|$)', 'g') m loop
    if part[2] is not null and not variables ? part[2] then
      raise exception using errcode = '22023', message = format('variable %s is missing', part[2]);
    end if;
    result := result || coalesce(part[1], '') || coalesce(replace(replace(variables ->> part[2], '{{', '{ {'), '}}', '} }'), '');
  end loop;
  return result;
end $$;

comment on function automation.emit is 'Writes an event to the outbox in the caller''s transaction: both happen or neither. The payload gets the id of what it is about. Security definer: callers may not write the queue.';
comment on function automation.enqueue_deliveries is 'Turns an event into a delivery per hook and marks it published, once: whoever comes second makes none. Security definer: the worker writes no table.';
comment on function automation.lease_deliveries is 'Takes those of the deliveries that are due or whose lease ran out, each under a new fencing token; what others hold is passed over. Security definer: the worker writes no table.';
comment on function automation.settle_delivery is 'Notes an attempt and its outcome for who holds the current token, 40001 for anybody else. Security definer: the worker writes no table.';
comment on function automation.lease_asset_jobs is 'Takes the most urgent jobs that may run, or whose lease ran out. Security definer: the worker writes no table.';
comment on function automation.render_template is 'Fills in {{variables}} in one pass: what a value contains is never expanded, its delimiters are taken apart. A missing one raises 22023.';

grant execute on function automation.emit, automation.enqueue_deliveries, automation.lease_deliveries, automation.settle_delivery, automation.lease_asset_jobs to hc_worker;
grant execute on function automation.render_template to hc_worker, hc_agent, hc_member;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000205001', 'ada-0205');
insert into core.webhooks (id, owner_id, name, target_url, status, event_patterns) values ('00000000-0000-7000-8000-000000205011', '00000000-0000-7000-8000-000000205001', 'a-0205', 'https://example.org', 'active', '{webhook.test}'),
  ('00000000-0000-7000-8000-000000205012', '00000000-0000-7000-8000-000000205001', 'b-0205', 'https://example.org', 'active', '{design.released}');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000205021', '00000000-0000-7000-8000-000000205001', 'a.png', 'image/png', 1);
insert into automation.asset_jobs (id, asset_id, step, profile, priority) values ('00000000-0000-7000-8000-000000205022', '00000000-0000-7000-8000-000000205021', 'ocr', 'a', -9), ('00000000-0000-7000-8000-000000205023', '00000000-0000-7000-8000-000000205021', 'ocr', 'b', -8);
update automation.asset_jobs set run_after = now() + interval '1 day' where id::text not like '%-000000205%';
create temporary table probe_0205 (event uuid, delivery uuid, fence bigint, hooks uuid[]) on commit drop;
insert into pg_temp.probe_0205 (hooks) select array_agg(id) from core.webhooks where name like '%-0205' and 'webhook.test' = any (event_patterns);
grant all on pg_temp.probe_0205 to hc_worker;
set local role hc_worker;
update pg_temp.probe_0205 set event = automation.emit('webhook.test', 'webhook', '00000000-0000-7000-8000-000000205011', '{"note": "hello"}');
select automation.enqueue_deliveries(event, hooks) = 1 from pg_temp.probe_0205;
select automation.enqueue_deliveries(event, hooks) = 0 from pg_temp.probe_0205;
set local role hc_owner;
select payload = '{"id": "00000000-0000-7000-8000-000000205011", "note": "hello"}' and aggregate_kind = 'webhook' and aggregate_id = '00000000-0000-7000-8000-000000205011' and published_at is not null and headers = '{}' from automation.outbox o join pg_temp.probe_0205 p on p.event = o.id;
update pg_temp.probe_0205 p set delivery = d.id from automation.deliveries d where d.event_id = p.event and d.webhook_id = '00000000-0000-7000-8000-000000205011' and d.ordering_key = 'webhook:00000000-0000-7000-8000-000000205011';
set local role hc_worker;
with l as (select * from pg_temp.probe_0205, automation.lease_deliveries(array[delivery], 'w1', '1 minute')) select count(*) = 1 and bool_and(status = 'in_flight' and attempt_count = 1 and lease_by = 'w1') from l;
select count(*) = 0 from pg_temp.probe_0205, automation.lease_deliveries(array[delivery], 'w2', '1 minute');
select count(*) = 1 and bool_and(l.fence = 2) from pg_temp.probe_0205, automation.lease_deliveries(array[delivery], 'w2', '1 minute', now() + interval '1 minute') l;
select blueprint.raises(format('select automation.settle_delivery(%L, 1, %L)', delivery, 'succeeded'), '40001', 'no longer yours') from pg_temp.probe_0205;
select (automation.settle_delivery(delivery, 2, 'succeeded', 200, 12, 'ok')).status = 'succeeded' from pg_temp.probe_0205;
select blueprint.raises(format('select automation.settle_delivery(%L, 2, %L)', delivery, 'succeeded'), '40001') from pg_temp.probe_0205;
select array_agg(id) = '{00000000-0000-7000-8000-000000205022}' and bool_and(state = 'running' and attempts = 1 and fence = 1 and lease_by = 'w') from automation.lease_asset_jobs('w', 1, '1 minute') where id::text like '%-000000205%';
select array_agg(id) = '{00000000-0000-7000-8000-000000205023}' from automation.lease_asset_jobs('w', 1, '1 minute');
set local role hc_owner;
select count(*) = 1 and bool_and(last_status_code = 200 and lease_by is null and lease_until is null) from automation.deliveries where webhook_id in ('00000000-0000-7000-8000-000000205011', '00000000-0000-7000-8000-000000205012');
select count(*) = 1 and bool_and(response_status = 200 and latency_ms = 12 and attempt_no = 2 and response_excerpt = 'ok') from automation.delivery_attempts where webhook_id = '00000000-0000-7000-8000-000000205011';
select automation.render_template(e'Dear {{name}},\n{{ text }}!', '{"name": "Ada", "text": "see {{secret}}", "secret": "s"}') = e'Dear Ada,\nsee { {secret} }!', automation.render_template('plain', '{}') = 'plain', blueprint.raises($$ select automation.render_template('{{a}}', '{}') $$, '22023', 'variable a is missing');
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') = (f like '%render%') and has_function_privilege('hc_member', f, 'execute') = (f like '%render%') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array[
  'automation.emit(text, text, uuid, jsonb, jsonb)', 'automation.enqueue_deliveries(uuid, uuid[])', 'automation.lease_deliveries(uuid[], text, interval, timestamptz)', 'automation.settle_delivery(uuid, bigint, text, int, int, text, text, timestamptz)',
  'automation.lease_asset_jobs(text, int, interval, timestamptz)', 'automation.render_template(text, jsonb)']) f;

-- task: BUILD_0207 create_views
-- title: Views endpoint_health, delivery_log, inbound_backlog, asset_pipeline and prompt_leaderboard
-- does: How a hook's endpoint does (24 hours, breaker, oldest waiting), what was delivered (headers left out), what came in and waits, where a file stands, and which version of a prompt scores best at which cost. All with the
--   reader's rights.
-- proves: three of four successes are 75 % with the exact p95, the backlog counts one, the pipeline shows each step, two evaluated versions rank by score.
-- needs: BUILD_0205, BUILD_0791
create view automation.endpoint_health with (security_invoker = true) as
  select w.id as webhook_id, w.owner_id, w.name, w.status,
    case when w.opened_until is null then 'closed' when w.opened_until > now() then 'open' else 'half_open' end as breaker,
    count(a.id) as attempts,
    round(100.0 * count(a.id) filter (where a.response_status >= 200 and a.response_status < 300) / nullif(count(a.id), 0), 2) as success_pct,
    percentile_cont(0.95) within group (order by a.latency_ms::double precision) as p95_latency_ms,
    (select min(d.occurred_at) from automation.deliveries d where d.webhook_id = w.id and d.status in ('pending', 'failed')) as oldest_pending
  from core.webhooks w
  left join automation.delivery_attempts a on a.webhook_id = w.id and a.occurred_at > now() - interval '24 hours'
  where w.direction = 'outbound'
  group by w.id;

create view automation.delivery_log with (security_invoker = true) as
  select d.id as delivery_id, d.webhook_id, d.event_id, d.event_type, d.occurred_at, d.status, d.attempt_count, d.next_attempt_at, d.last_status_code, d.replay_of,
    (select jsonb_agg(jsonb_build_object('no', a.attempt_no, 'at', a.occurred_at, 'status', a.response_status, 'latency_ms', a.latency_ms, 'error', a.error_class) order by a.attempt_no) from automation.delivery_attempts a where a.delivery_id = d.id) as attempts
  from automation.deliveries d;

create view automation.inbound_backlog with (security_invoker = true) as
  select w.provider, count(*) as unprocessed, count(*) filter (where i.attempt_count > 0) as retried, now() - min(i.occurred_at) as lag
  from automation.inbound_events i join core.webhooks w on w.id = i.webhook_id
  where i.status = 'received'
  group by w.provider;

create view automation.asset_pipeline with (security_invoker = true) as
  select j.asset_id, jsonb_object_agg(j.step || case j.profile when '' then '' else ':' || j.profile end, j.state order by j.created_at) as steps,
    count(*) filter (where j.state in ('queued', 'waiting', 'running')) as open_steps, now() - min(j.created_at) as age
  from automation.asset_jobs j group by j.asset_id;

create view automation.prompt_leaderboard with (security_invoker = true) as
  select s.prompt_id, s.prompt_version_id, s.number, s.status, s.mean_score, s.cases, r.mean_cost_usd, r.mean_latency_ms, rank() over (partition by s.prompt_id order by s.mean_score desc, r.mean_cost_usd) as place
  from (
    select v.prompt_id, v.id as prompt_version_id, v.number, v.status, round(sum(e.score * c.weight) / sum(c.weight), 4) as mean_score, count(distinct e.case_id) as cases
    from automation.prompt_versions v join automation.evaluations e on e.prompt_version_id = v.id join automation.eval_cases c on c.id = e.case_id group by v.id) s,
    lateral (select avg(p.cost_usd) as mean_cost_usd, avg(p.latency_ms) as mean_latency_ms from automation.prompt_runs p where p.prompt_version_id = s.prompt_version_id) r;

grant select on automation.endpoint_health, automation.delivery_log, automation.prompt_leaderboard to hc_member, hc_auditor;
grant select on automation.inbound_backlog, automation.asset_pipeline to hc_admin, hc_auditor;

comment on view automation.endpoint_health is 'Outbound hooks of the reader with attempts of 24 hours, share of success, p95 latency, state of the breaker and the oldest delivery that waits.';
comment on view automation.delivery_log is 'Deliveries of the reader''s hooks with their attempts, without headers and bodies.';
comment on view automation.inbound_backlog is 'Inbound events that wait, by provider.';
comment on view automation.asset_pipeline is 'Where each file stands, step by step.';
comment on view automation.prompt_leaderboard is 'Evaluated versions of a prompt: weighted mean score, mean cost and latency, place.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000207001', 'ada-0207');
insert into core.webhooks (id, owner_id, name, target_url, opened_until) values ('00000000-0000-7000-8000-000000207002', '00000000-0000-7000-8000-000000207001', 'a-0207', 'https://example.org', now() + interval '1 hour');
insert into core.webhooks (id, owner_id, direction, name, provider) values ('00000000-0000-7000-8000-000000207003', '00000000-0000-7000-8000-000000207001', 'inbound', 'b-0207', 'probe0207');
insert into automation.deliveries (id, webhook_id, event_id, event_at, event_type) values ('00000000-0000-7000-8000-000000207004', '00000000-0000-7000-8000-000000207002', uuidv7(), now(), 'webhook.test');
insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no, response_status, latency_ms) select '00000000-0000-7000-8000-000000207002', '00000000-0000-7000-8000-000000207004', n, case n when 4 then 500 else 200 end, n * 100 from generate_series(1, 4) n;
insert into automation.inbound_events (webhook_id, provider_event_id, occurred_at) values ('00000000-0000-7000-8000-000000207003', 'x', now() - interval '5 minutes');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000207005', '00000000-0000-7000-8000-000000207001', 'a.png', 'image/png', 1);
insert into automation.asset_jobs (asset_id, step, profile, state) values ('00000000-0000-7000-8000-000000207005', 'ocr', '', 'done'), ('00000000-0000-7000-8000-000000207005', 'thumbnail', 'probe', 'waiting');
insert into automation.prompts (id, key, title) values ('00000000-0000-7000-8000-000000207006', 'probe-0207', 'Probe');
insert into automation.prompt_versions (id, prompt_id, number, template) select format('00000000-0000-7000-8000-00000020701%s', n)::uuid, '00000000-0000-7000-8000-000000207006', n, 'x' from generate_series(1, 2) n;
insert into automation.eval_cases (id, prompt_id, name, expectations, weight) values ('00000000-0000-7000-8000-000000207007', '00000000-0000-7000-8000-000000207006', 'one', '[]', 1), ('00000000-0000-7000-8000-000000207008', '00000000-0000-7000-8000-000000207006', 'two', '[]', 3);
insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) select format('00000000-0000-7000-8000-00000020701%s', v)::uuid, format('00000000-0000-7000-8000-00000020700%s', c)::uuid, 'contains', 'm', score, score > 0.5
from (values (1, 7, 1), (1, 8, 0), (2, 7, 0), (2, 8, 1)) t(v, c, score);
insert into automation.prompt_runs (prompt_id, prompt_version_id, model, cost_usd, latency_ms) values ('00000000-0000-7000-8000-000000207006', '00000000-0000-7000-8000-000000207012', 'm', 0.5, 100);
select attempts = 4 and success_pct = 75 and p95_latency_ms = 385 and breaker = 'open' and oldest_pending = now() from automation.endpoint_health where webhook_id = '00000000-0000-7000-8000-000000207002';
select jsonb_array_length(attempts) = 4 and attempts -> 3 ->> 'status' = '500' and status = 'pending' from automation.delivery_log where webhook_id = '00000000-0000-7000-8000-000000207002';
select unprocessed = 1 and retried = 0 and lag = interval '5 minutes' from automation.inbound_backlog where provider = 'probe0207';
select steps ->> 'ocr' = 'done' and steps ->> 'thumbnail:probe' = 'waiting' and open_steps >= 1 and age = interval '0' from automation.asset_pipeline where asset_id = '00000000-0000-7000-8000-000000207005';
select array_agg(concat_ws(' ', place, number, mean_score, cases) order by place) = array['1 2 0.7500 2', '2 1 0.2500 2'], max(mean_cost_usd) = 0.5, max(mean_latency_ms) = 100 from automation.prompt_leaderboard where prompt_id = '00000000-0000-7000-8000-000000207006';
select v, has_table_privilege('hc_auditor', 'automation.' || v, 'select') and has_table_privilege('hc_member', 'automation.' || v, 'select') = staff and has_table_privilege('hc_admin', 'automation.' || v, 'select') from (values ('endpoint_health', true), ('delivery_log', true), ('prompt_leaderboard', true), ('inbound_backlog', false), ('asset_pipeline', false)) t(v, staff);
select bool_and(reloptions @> '{security_invoker=true}') from pg_class where relnamespace = 'automation'::regnamespace and relname in ('endpoint_health', 'delivery_log', 'prompt_leaderboard', 'inbound_backlog', 'asset_pipeline');

-- task: BUILD_0208 create_jsonb_indexes
-- title: Index webhook payload, job result and prompt input JSONB
-- does: inbound_for(key, value) finds what a provider sent about a payment, events_about(kind, id) the events that name something, runs_with_input(name, value) the prompt runs with an input. All through GIN indexes, month by month.
-- proves: one inbound event among three months is found, an event by what it names, a run by its input, and each query reads its index.
-- needs: BUILD_0005, BUILD_0202, BUILD_0661, BUILD_0791
create index inbound_events_payload_idx on automation.inbound_events using gin (payload jsonb_path_ops);
create index outbox_payload_idx on automation.outbox using gin (payload jsonb_path_ops);
create index asset_jobs_result_idx on automation.asset_jobs using gin (result jsonb_path_ops);
create index prompt_runs_inputs_idx on automation.prompt_runs using gin (inputs jsonb_path_ops);

create function automation.inbound_for(key text, value text) returns table (event_id uuid, occurred_at timestamptz, webhook_id uuid, status text)
  language sql stable security definer
begin atomic
  select i.id, i.occurred_at, i.webhook_id, i.status from automation.inbound_events i where i.payload @> jsonb_build_object(key, value) order by i.occurred_at;
end;

create function automation.events_about(kind text, id uuid) returns table (event_id uuid, occurred_at timestamptz, event_type text)
  language sql stable security definer
begin atomic
  select o.id, o.occurred_at, o.event_type from automation.outbox o where o.payload @> jsonb_build_object(kind || '_id', events_about.id)
  union
  select o.id, o.occurred_at, o.event_type from automation.outbox o where o.payload @> jsonb_build_object('id', events_about.id) and o.aggregate_kind = kind
  order by 2, 1;
end;

create function automation.runs_with_input(name text, value jsonb) returns table (run_id uuid, occurred_at timestamptz, prompt_version_id uuid)
  language sql stable security definer
begin atomic
  select r.id, r.occurred_at, r.prompt_version_id from automation.prompt_runs r where r.inputs @> jsonb_build_object(name, value) order by r.occurred_at;
end;

comment on index automation.inbound_events_payload_idx is 'Inbound events by what they say (automation.inbound_for).';
comment on index automation.outbox_payload_idx is 'Events by what they name (automation.events_about).';
comment on index automation.asset_jobs_result_idx is 'Jobs by their result, as {"verdict": "infected"}.';
comment on index automation.prompt_runs_inputs_idx is 'Runs by an input (automation.runs_with_input).';
comment on function automation.inbound_for is 'Inbound events whose payload has this value, as payment_id np_1. Security definer: the worker reads no table.';
comment on function automation.events_about is 'Events about something or that name it as <kind>_id, oldest first. Security definer: the worker reads no table.';
comment on function automation.runs_with_input is 'Prompt runs with this input, oldest first. Security definer: the worker reads no table.';

grant execute on function automation.inbound_for, automation.events_about, automation.runs_with_input to hc_worker, hc_auditor;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000208001', 'ada-0208');
insert into core.webhooks (id, owner_id, direction, name, provider) values ('00000000-0000-7000-8000-000000208002', '00000000-0000-7000-8000-000000208001', 'inbound', 'a-0208', 'nowpayments');
insert into automation.inbound_events (webhook_id, provider_event_id, payload, occurred_at) select '00000000-0000-7000-8000-000000208002', 'p' || m, jsonb_build_object('payment_id', 'np_0208_' || m), now() + m * interval '31 days' from generate_series(0, 2) m;
insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) values ('webhook.test', 'webhook', '00000000-0000-7000-8000-000000208002', '{"id": "00000000-0000-7000-8000-000000208002", "donation_id": "00000000-0000-7000-8000-000000208003"}');
insert into automation.prompts (id, key, title) values ('00000000-0000-7000-8000-000000208004', 'probe-0208', 'Probe');
insert into automation.prompt_versions (id, prompt_id, number, template) values ('00000000-0000-7000-8000-000000208005', '00000000-0000-7000-8000-000000208004', 1, 'x');
insert into automation.prompt_runs (prompt_id, prompt_version_id, model, inputs) values ('00000000-0000-7000-8000-000000208004', '00000000-0000-7000-8000-000000208005', 'm', '{"topic": "probe 0208"}');
set local role hc_worker;
select count(*) = 1 and bool_and(webhook_id = '00000000-0000-7000-8000-000000208002' and status = 'received') from automation.inbound_for('payment_id', 'np_0208_1');
select count(*) = 1 and bool_and(event_type = 'webhook.test') from automation.events_about('donation', '00000000-0000-7000-8000-000000208003');
select count(*) = 1 from automation.events_about('webhook', '00000000-0000-7000-8000-000000208002');
set local role hc_auditor;
select count(*) = 1 from automation.runs_with_input('topic', '"probe 0208"');
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values ($$ select from automation.inbound_events where payload @> '{"payment_id": "np_1"}' $$, 'inbound_events_payload_idx'), ($$ select from automation.outbox where payload @> '{"donation_id": "x"}' $$, 'outbox_payload_idx'),
  ($$ select from automation.asset_jobs where result @> '{"verdict": "infected"}' $$, 'asset_jobs_result_idx'), ($$ select from automation.prompt_runs where inputs @> '{"topic": "x"}' $$, 'prompt_runs_inputs_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['automation.inbound_for(text, text)', 'automation.events_about(text, uuid)', 'automation.runs_with_input(text, jsonb)']) f;

-- task: BUILD_0209 create_constraints critical
-- title: Constrain queues, keys, prompt versions and evaluations
-- does: Words come from their vocabularies; a hook has two live keys at most; a success has a 2xx code, a lease a holder and an end; a template uses what it declares; an active version is approved and the prompt's own; scores lie
--   between 0 and 1.
-- proves: each rule refuses the row that breaks it, by name: a third live key, a success with 500, an undeclared variable, a score of 1.2.
-- needs: BUILD_0005, BUILD_0202, BUILD_0661, BUILD_0691, BUILD_0793
create function automation.template_variables(template text) returns text[]
  language sql immutable strict parallel safe
  return array(select distinct m[1] from regexp_matches(template, '\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}', 'g') m order by 1);

create function automation.check_live_keys() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  perform from core.webhooks w where w.id = new.webhook_id for update;
  if exists (
      select from automation.signing_keys a join automation.signing_keys b on b.webhook_id = a.webhook_id and b.id > a.id and b.during && a.during
      where a.webhook_id = new.webhook_id and a.id <> new.id and b.id <> new.id and a.during * b.during && new.during) then
    raise exception using errcode = '23514', schema = 'automation', table = 'signing_keys', constraint = 'signing_keys_two_live_check', message = 'a hook has two live keys at most';
  end if;
  return null;
end $$;

create function automation.check_active_version() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if not exists (select from automation.prompt_versions v where v.id = new.active_version_id and v.prompt_id = new.id and v.status = 'approved') then
    raise exception using errcode = '23514', schema = 'automation', table = 'prompts', constraint = 'prompts_active_version_check', message = 'the active version of a prompt is an approved one of its own';
  end if;
  return null;
end $$;

alter table automation.event_types
  add constraint event_types_name_check check (name ~ '^[a-z]+(\.[a-z_]+)+$'),
  add constraint event_types_version_check check (version > 0),
  add constraint event_types_audience_check check (audience in ('owner', 'everyone')),
  add constraint event_types_json_schema_check check (jsonb_typeof(json_schema) = 'object' and jsonb_typeof(sample) = 'object');
alter table automation.subscriptions
  add constraint subscriptions_event_pattern_check check (core.are_event_patterns(array[event_pattern]) and event_pattern !~ '^!'),
  add constraint subscriptions_filter_check check (jsonb_typeof(filter) = 'object' and (not filter ? 'path' or pg_input_is_valid(filter ->> 'path', 'jsonpath')));
alter table automation.signing_keys
  add constraint signing_keys_secret_sealed_check check (octet_length(secret_sealed) >= 24),
  add constraint signing_keys_algorithm_check check (algorithm in ('hmac-sha256', 'ed25519')),
  add constraint signing_keys_during_check check (not isempty(during) and not lower_inf(during));
create constraint trigger signing_keys_two_live after insert or update of during on automation.signing_keys for each row execute function automation.check_live_keys();
alter table automation.outbox
  add constraint outbox_payload_check check (jsonb_typeof(payload) = 'object' and jsonb_typeof(headers) = 'object'),
  add constraint outbox_aggregate_seq_check check (aggregate_seq > 0);
alter table automation.deliveries
  add constraint deliveries_status_check check (status in ('pending', 'in_flight', 'succeeded', 'failed', 'dead')),
  add constraint deliveries_attempt_count_check check (attempt_count >= 0 and attempt_count <= 20),
  add constraint deliveries_lease_check check ((lease_until is null) = (lease_by is null) and (status = 'in_flight') = (lease_by is not null)),
  add constraint deliveries_succeeded_check check (status <> 'succeeded' or coalesce(last_status_code, 0) >= 200 and coalesce(last_status_code, 0) < 300);
alter table automation.delivery_attempts add constraint delivery_attempts_attempt_no_check check (attempt_no > 0 and latency_ms >= 0);
alter table automation.inbound_events
  add constraint inbound_events_provider_event_id_check check (provider_event_id <> ''),
  add constraint inbound_events_status_check check (status in ('received', 'processed', 'failed', 'ignored', 'duplicate')),
  add constraint inbound_events_processed_at_check check ((status = 'processed') = (processed_at is not null));
alter table automation.renditions
  add constraint renditions_rendition_asset_id_check check (rendition_asset_id <> asset_id),
  add constraint renditions_status_check check (status in ('pending', 'ready', 'failed')),
  add constraint renditions_produced_at_check check ((status = 'ready') = (produced_at is not null) and (status <> 'ready' or rendition_asset_id is not null));
alter table automation.asset_jobs
  add constraint asset_jobs_step_check check (step in ('scan', 'thumbnail', 'mesh_stats', 'transcode', 'ocr')),
  add constraint asset_jobs_state_check check (state in ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled')),
  add constraint asset_jobs_lease_check check ((lease_until is null) = (lease_by is null) and (state = 'running') = (lease_by is not null)),
  add constraint asset_jobs_result_check check (jsonb_typeof(result) = 'object');
alter table automation.prompts add constraint prompts_visibility_check check (visibility in ('private', 'team', 'public'));
create constraint trigger prompts_active_version after insert or update of active_version_id on automation.prompts deferrable initially deferred for each row when (new.active_version_id is not null) execute function automation.check_active_version();
alter table automation.prompt_versions
  add constraint prompt_versions_prompt_id_number_key unique (prompt_id, number),
  add constraint prompt_versions_status_check check (status in ('draft', 'approved', 'retired')),
  add constraint prompt_versions_approved_check check ((status = 'draft') = (approved_at is null)),
  add constraint prompt_versions_variables_check check (jsonb_typeof(variables) = 'object' and variables ?& automation.template_variables(template)),
  add constraint prompt_versions_template_check check (length(template) >= 1 and length(template) <= 100000);
alter table automation.prompt_runs add constraint prompt_runs_status_check check (status in ('succeeded', 'failed', 'refused') and cost_usd >= 0 and tokens_in >= 0 and tokens_out >= 0);
alter table automation.eval_cases add constraint eval_cases_weight_check check (weight > 0 and jsonb_typeof(expectations) = 'array');
alter table automation.evaluations
  add constraint evaluations_score_check check (score >= 0 and score <= 1),
  add constraint evaluations_scorer_check check (scorer in ('contains', 'regex', 'json_schema', 'numeric_tolerance', 'similarity'));

comment on function automation.template_variables is 'Variables a template uses, in order of the alphabet.';
comment on function automation.check_live_keys is 'Trigger of automation.signing_keys: at no time are three keys of a hook live. Locks the hook, so that two rotations at once see each other.';
comment on function automation.check_active_version is 'Trigger of automation.prompts: the active version is approved and its own.';
comment on trigger signing_keys_two_live on automation.signing_keys is 'Old and new key overlap while a rotation lasts; never three.';
comment on trigger prompts_active_version on automation.prompts is 'Only an approved version of the prompt is active; looked at when the transaction ends.';

grant execute on function automation.template_variables to hc_member, hc_agent, hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000209001', 'ada-0209');
insert into core.webhooks (id, owner_id, name, target_url) values ('00000000-0000-7000-8000-000000209002', '00000000-0000-7000-8000-000000209001', 'a-0209', 'https://example.org');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000209003', '00000000-0000-7000-8000-000000209001', 'a.png', 'image/png', 1);
insert into automation.signing_keys (webhook_id, key_id, secret_sealed, during) values ('00000000-0000-7000-8000-000000209002', 'k1-0209', repeat('x', 32)::bytea, tstzrange(now(), now() + interval '1 day')),
  ('00000000-0000-7000-8000-000000209002', 'k2-0209', repeat('x', 32)::bytea, tstzrange(now(), null)), ('00000000-0000-7000-8000-000000209002', 'k3-0209', repeat('x', 32)::bytea, tstzrange(now() + interval '1 day', null));
insert into automation.deliveries (id, webhook_id, event_id, event_at, event_type) values ('00000000-0000-7000-8000-000000209004', '00000000-0000-7000-8000-000000209002', uuidv7(), now(), 'webhook.test');
insert into automation.prompts (id, key, title) values ('00000000-0000-7000-8000-000000209005', 'probe-0209', 'Probe');
insert into automation.prompt_versions (id, prompt_id, number, template, variables) values ('00000000-0000-7000-8000-000000209006', '00000000-0000-7000-8000-000000209005', 1, 'Hi {{name}}', '{"name": {}}');
insert into automation.eval_cases (id, prompt_id, name, expectations) values ('00000000-0000-7000-8000-000000209007', '00000000-0000-7000-8000-000000209005', 'x', '[]');
insert into automation.renditions (asset_id, profile, recipe_sha256) values ('00000000-0000-7000-8000-000000209003', 'thumb', sha256('0209'));
insert into automation.asset_jobs (id, asset_id, step, profile) values ('00000000-0000-7000-8000-000000209008', '00000000-0000-7000-8000-000000209003', 'ocr', 'probe');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into automation.event_types (name, description, json_schema, sample) values ('Bad', 'x', '{}', '{}') $$, '23514', 'event_types_name_check'), ($$ update automation.event_types set version = 0 where name = 'webhook.test' $$, '23514', 'event_types_version_check'),
  ($$ update automation.event_types set audience = 'friends' where name = 'webhook.test' $$, '23514', 'event_types_audience_check'), ($$ update automation.event_types set sample = '[]' where name = 'webhook.test' $$, '23514', 'event_types_json_schema_check'),
  ($$ insert into automation.subscriptions (webhook_id, event_pattern) values ('00000000-0000-7000-8000-000000209002', '!a.b') $$, '23514', 'subscriptions_event_pattern_check'),
  ($$ insert into automation.subscriptions (webhook_id, event_pattern, filter) values ('00000000-0000-7000-8000-000000209002', 'a.b', '{"path": "$.a >"}') $$, '23514', 'subscriptions_filter_check'),
  ($$ update automation.signing_keys set secret_sealed = 'short' where key_id = 'k1-0209' $$, '23514', 'signing_keys_secret_sealed_check'), ($$ update automation.signing_keys set algorithm = 'md5' where key_id = 'k1-0209' $$, '23514', 'signing_keys_algorithm_check'),
  ($$ update automation.signing_keys set during = 'empty' where key_id = 'k1-0209' $$, '23514', 'signing_keys_during_check'),
  ($$ insert into automation.signing_keys (webhook_id, key_id, secret_sealed) values ('00000000-0000-7000-8000-000000209002', 'k4-0209', repeat('x', 32)::bytea) $$, '23514', 'signing_keys_two_live_check'),
  ($$ update automation.signing_keys set during = tstzrange(now(), null) where key_id = 'k1-0209' $$, '23514', 'signing_keys_two_live_check'),
  ($$ insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload, headers) values ('webhook.test', 'webhook', uuidv7(), '{"id": "00000000-0000-7000-8000-000000209002"}', '[]') $$, '23514', 'outbox_payload_check'),
  ($$ update automation.deliveries set status = 'lost' where id = '00000000-0000-7000-8000-000000209004' $$, '23514', 'deliveries_status_check'), ($$ update automation.deliveries set attempt_count = 21 where id = '00000000-0000-7000-8000-000000209004' $$, '23514', 'deliveries_attempt_count_check'),
  ($$ update automation.deliveries set lease_by = 'w' where id = '00000000-0000-7000-8000-000000209004' $$, '23514', 'deliveries_lease_check'), ($$ update automation.deliveries set status = 'succeeded', last_status_code = 500 where id = '00000000-0000-7000-8000-000000209004' $$, '23514', 'deliveries_succeeded_check'),
  ($$ insert into automation.delivery_attempts (webhook_id, delivery_id, attempt_no) values ('00000000-0000-7000-8000-000000209002', uuidv7(), 0) $$, '23514', 'delivery_attempts_attempt_no_check'),
  ($$ insert into automation.inbound_events (webhook_id, provider_event_id) values ('00000000-0000-7000-8000-000000209002', '') $$, '23514', 'inbound_events_provider_event_id_check'),
  ($$ insert into automation.inbound_events (webhook_id, status) values ('00000000-0000-7000-8000-000000209002', 'lost') $$, '23514', 'inbound_events_status_check'), ($$ insert into automation.inbound_events (webhook_id, status) values ('00000000-0000-7000-8000-000000209002', 'processed') $$, '23514', 'inbound_events_processed_at_check'),
  ($$ update automation.renditions set rendition_asset_id = asset_id where recipe_sha256 = sha256('0209') $$, '23514', 'renditions_rendition_asset_id_check'), ($$ update automation.renditions set status = 'lost' where recipe_sha256 = sha256('0209') $$, '23514', 'renditions_status_check'),
  ($$ update automation.renditions set status = 'ready' where recipe_sha256 = sha256('0209') $$, '23514', 'renditions_produced_at_check'), ($$ update automation.asset_jobs set step = 'polish' where id = '00000000-0000-7000-8000-000000209008' $$, '23514', 'asset_jobs_step_check'),
  ($$ update automation.asset_jobs set state = 'lost' where id = '00000000-0000-7000-8000-000000209008' $$, '23514', 'asset_jobs_state_check'), ($$ update automation.asset_jobs set state = 'running' where id = '00000000-0000-7000-8000-000000209008' $$, '23514', 'asset_jobs_lease_check'),
  ($$ update automation.asset_jobs set result = '[]' where id = '00000000-0000-7000-8000-000000209008' $$, '23514', 'asset_jobs_result_check'), ($$ update automation.prompts set visibility = 'secret' where key = 'probe-0209' $$, '23514', 'prompts_visibility_check'),
  ($$ update automation.prompts set active_version_id = '00000000-0000-7000-8000-000000209006' where key = 'probe-0209'; set constraints all immediate $$, '23514', 'prompts_active_version_check'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template) values ('00000000-0000-7000-8000-000000209005', 1, 'x') $$, '23505', 'prompt_versions_prompt_id_number_key'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template, status, approved_at) values ('00000000-0000-7000-8000-000000209005', 2, 'x', 'lost', now()) $$, '23514', 'prompt_versions_status_check'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template, approved_at) values ('00000000-0000-7000-8000-000000209005', 2, 'x', now()) $$, '23514', 'prompt_versions_approved_check'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template) values ('00000000-0000-7000-8000-000000209005', 2, '{{undeclared}}') $$, '23514', 'prompt_versions_variables_check'),
  ($$ insert into automation.prompt_versions (prompt_id, number, template) values ('00000000-0000-7000-8000-000000209005', 2, '') $$, '23514', 'prompt_versions_template_check'),
  ($$ insert into automation.prompt_runs (prompt_id, prompt_version_id, model, cost_usd) values ('00000000-0000-7000-8000-000000209005', '00000000-0000-7000-8000-000000209006', 'm', -1) $$, '23514', 'prompt_runs_status_check'),
  ($$ update automation.eval_cases set weight = 0 where id = '00000000-0000-7000-8000-000000209007' $$, '23514', 'eval_cases_weight_check'),
  ($$ insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000209006', '00000000-0000-7000-8000-000000209007', 'contains', 'm', 1.2, true) $$, '23514', 'evaluations_score_check'),
  ($$ insert into automation.evaluations (prompt_version_id, case_id, scorer, model, score, passed) values ('00000000-0000-7000-8000-000000209006', '00000000-0000-7000-8000-000000209007', 'taste', 'm', 1, true) $$, '23514', 'evaluations_scorer_check')) v(sql, state, rule);
update automation.deliveries set event_type = event_type where id = '00000000-0000-7000-8000-000000209004' returning true;
select blueprint.raises($$ insert into automation.outbox (event_type, aggregate_kind, aggregate_id, payload) values ('webhook.test', 'webhook', uuidv7(), '[]') $$, '23514');
select conname = 'outbox_aggregate_seq_check' from pg_constraint where conrelid = 'automation.outbox'::regclass and conname = 'outbox_aggregate_seq_check' and convalidated;
select automation.template_variables('{{b}} {{ a }} {{b}} {{> part}}') = '{a,b}', has_function_privilege('hc_agent', 'automation.template_variables(text)', 'execute') and has_function_privilege('hc_member', 'automation.template_variables(text)', 'execute') and has_function_privilege('hc_worker', 'automation.template_variables(text)', 'execute');
select f, not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['automation.template_variables(text)', 'automation.check_live_keys()', 'automation.check_active_version()']) f;
