-- Test data, automation: hooks, and what leaves and enters through them. Kinds of uid(): 210 hooks, 211 signing keys, 212 inbound events, 213 jobs of files, 214 prompts, 215 their versions, 216 runs, 217 test cases, 218 evaluations,
-- 220-229 events by machine (testdata.event_machines), 230-239 their deliveries, 240-249 the attempts of those. Salts are the number of the task and two digits.

-- task: BUILD_0870 create_test_data drill
-- title: Generate core.webhooks in both directions with matching patterns, filters and health histories
-- does: Three of four hooks send to https://hooks-<n>.example.com and one receives; the first four are the platform's own, the others belong to active people by zipf. webhooks_of() tells the whole plan: walks of machine webhook, the last
--   delivery that was accepted and the failing one after it, whose attempts follow the back-off up to the end of the window: counters, breaker and reason for being disabled come from it. Of five filters one holds for the sample of
--   an event it is asked about. Every hook that ever was active subscribes to its test event and has signing keys (where the keyring has a key webhook), one in five a replaced one (rotated_at); inbound_token() and webhook_secret() tell the secrets.
-- proves: every target is accepted and lies in example.com, every pattern finds an event type, a fifth of the filters hold, tokens and signatures check, counters agree with the breaker and the breaker with the back-off,
--   the log ends in the status of the row, two halves have the digest of the whole.
-- needs: BUILD_0202, BUILD_0204, BUILD_0215, BUILD_0216, BUILD_0794, BUILD_0795, BUILD_0797, BUILD_0798, BUILD_0799, BUILD_0800, BUILD_0857
create function testdata.inbound_token(seed bigint, n bigint) returns text
  language sql immutable strict parallel safe
begin atomic
  select t.body || core.token_checksum(t.body) from (
    select 'hc_in_' || left(translate(encode(sha256(convert_to(concat_ws(' ', 'inbound', seed, n), 'UTF8')) || sha256(convert_to(concat_ws(' ', 'token', seed, n), 'UTF8')), 'base64'), e'+/=\n', ''), 43) as body) t;
end;

create function testdata.webhook_secret(seed bigint, n bigint) returns text
  language sql immutable strict parallel safe
  return left(encode(sha256(convert_to(concat_ws(' ', 'webhook secret', seed, n), 'UTF8')), 'hex'), 32);

create function testdata.event_machines() returns text[]
  language sql immutable parallel safe
  return '{user,design,donation,order,kyc,shipment,machine,asset,content,webhook}'::text[];

create function testdata.delivery_id(seed bigint, machine text, n bigint, hook bigint, at timestamptz) returns uuid
  language sql immutable parallel safe
  return testdata.uid(seed, 229 + array_position(testdata.event_machines(), machine), n # ((hook * 163307249) & 268435455), testdata.ms(at));

create function testdata.attempt_times(delivery uuid, first timestamptz, most int) returns timestamptz[]
  language sql immutable strict parallel safe
begin atomic
  select array_agg(t.at order by t.k) from (
    select k.k, date_trunc('milliseconds', attempt_times.first + sum(case when k.k = 1 then interval '0' else automation.retry_delay(k.k - 1, attempt_times.delivery) + interval '0.2 seconds' end) over (order by k.k)) as at
    from generate_series(1, attempt_times.most) as k(k)) t;
end;

create function testdata.webhooks_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, owner_id uuid, direction text, topic int, status text, path text[], times timestamptz[], at timestamptz, active_at timestamptz, left_at timestamptz, good_at timestamptz, bad_times timestamptz[], bad_code int, rotated_at timestamptz)
  language plpgsql stable set search_path = ''
as $$
declare
  people constant bigint := testdata.keys_of('gen_users', sf);
  until constant timestamptz := testdata.window_end();
begin
  return query
  with draws as materialized (
    select k as n, case when k < 4 then (array[5, 0, 1, 6])[k + 1] else 14 + testdata.zipf(testdata.unit(seed, 87001, k), greatest(20, people / 5), 1.05) end as wanted, testdata.unit(seed, 87002, k) as u_status, testdata.unit(seed, 87003, k) as u,
      testdata.unit(seed, 87004, k) as u_health, testdata.int_between(seed, 87005, k, 0, 9)::int as drawn
    from generate_series(lo, hi - 1) k offset 0),
  owned as materialized (
    select d.*, o.id as owner_id, date_trunc('milliseconds', o.at + (until - o.at) * (0.05 + case when d.n < 4 then 0 else 0.6 * d.u * d.u end)) as at, w.status, w.path
    from draws d left join testdata.entities e on e.seed = webhooks_of.seed and e.kind = 'user' and e.n = d.wanted left join core.users a on a.id = e.id
    join testdata.entities o on o.seed = webhooks_of.seed and o.kind = 'user' and o.n = case when a.status = 'active' and a.kind in ('human', 'organisation') then d.wanted else 15 + d.wanted % 5 end
    join testdata.walks_of('webhook', '{"active": 80, "pending_verification": 6, "paused": 6, "disabled": 8}') w on case when d.n < 4 then w.path = '{pending_verification,active}' else d.u_status >= w.lo and d.u_status < w.hi end),
  walked as materialized (
    select o.*, s.times, s.times[array_position(o.path, 'active')] as active_at, s.times[array_position(o.path, 'active') + 1] as left_at
    from owned o, lateral (select testdata.steps_of(o.u, o.at, until, cardinality(o.path)) as times offset 0) s),
  -- the failing one: of 1 to 4 attempts so far where a hook is shaky, of 5 to 14 where its breaker opened, of one where the endpoint is gone
  fallen as (
    select w.*, case when w.n % 4 = 3 or w.active_at is null then null when w.path[array_position(w.path, 'active') + 1] = 'disabled' then 0 when w.status <> 'active' or w.n < 4 or w.active_at > until - interval '4 days' or w.u_health < 0.82 then null
      when w.u_health < 0.91 then 1 + w.drawn % 4 else 5 + w.drawn end as fails from walked w),
  begun as (
    select f.*, case when f.fails = 0 then f.left_at when f.fails > 0 then date_trunc('milliseconds', until - interval '1 second' * (0.9 * 2.5 * (power(2.117::double precision, f.fails - 1) + power(2.117::double precision, f.fails) - 2) / 1.117)) end as bad_at
    from fallen f)
  select b.n, testdata.uid(seed, 210, b.n, testdata.ms(b.at)), b.owner_id, case b.n % 4 when 3 then 'inbound' else 'outbound' end,
    case when b.n < 4 then (array[0, 6, 9, 0])[b.n + 1] when b.n % 20 in (4, 8) then 0 when b.n % 20 = 10 then 5 when b.n % 20 = 14 then 2 when b.n % 20 = 18 then 7 else b.drawn end, b.status, b.path, b.times, b.at, b.active_at, b.left_at,
    case when b.n % 4 <> 3 and b.active_at is not null then date_trunc('milliseconds', case
      when b.bad_at is not null then b.bad_at - least(interval '1 second' * (60 + 540 * b.u), (b.bad_at - b.active_at) / 2)
      else coalesce(b.left_at, until) - least(interval '1 second' * (5 + 295 * b.u), (coalesce(b.left_at, until) - b.active_at) / 2) end) end,
    case when b.fails = 0 then array[b.bad_at] when b.fails > 0 then array(select t from unnest(testdata.attempt_times(testdata.delivery_id(seed, 'webhook', b.n, b.n, b.bad_at - interval '0.3 seconds'), b.bad_at, 15)) t where t <= until) else '{}' end,
    case when b.fails = 0 then 410 when b.fails > 0 then (array[503, 500, 502, null])[1 + b.drawn % 4] end,
    case when b.n % 5 = 1 then date_trunc('milliseconds', b.active_at + (until - b.active_at) * 0.3) end
  from begun b;
end $$;

create function testdata.gen_webhooks(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  sealing constant boolean := exists (select from core.keyring k where k.purpose = 'webhook' and k.is_active);
  topics constant text[] := '{donations,orders,designs,files,news,parcels,cases,articles,everything,alarms}';
  patterns constant text[] := array['{donation.*,!donation.failed}', '{order.**,!order.cancelled}', '{design.released,design.deprecated}', '{asset.*,!asset.ready}', '{*.released,*.published}', '{order.shipped,order.completed,shipment.*}',
    '{kyc.*,donation.flagged,donation.kyc_required}', '{content.*}', '{**,!user.*}', '{machine.down,order.cancelled}'];
  names constant text[] := '{Donations to the ledger,Orders to the planning board,New designs to the newsletter,File alerts to the desk,News to the club chat,Parcels to the shop,Cases to the desk,Articles to the archive,Everything to the archive,Alarms to the workshop}';
  made bigint;
  keyed bigint := 0;
begin
  perform testdata.require_allowed();
  with hooks as materialized (
    select w.*, w.status = 'pending_verification' or w.active_at is null as is_unproven, cardinality(w.bad_times) as fails, w.bad_times[cardinality(w.bad_times)] as last_bad, testdata.unit(seed, 87010, w.n) as u1 from testdata.webhooks_of(seed, lo, hi, sf) w offset 0),
  rows as (
    insert into core.webhooks (id, owner_id, direction, name, target_url, provider, path_token_sha256, status, event_patterns, filter, api_version, max_in_flight, timeout_ms, failure_count, opened_until, disabled_reason, headers, verified_at, last_success_at, created_at, updated_at)
    select h.id, h.owner_id, h.direction, case h.direction when 'inbound' then (array['Card payments in', 'Crypto payments in', 'Partner news in', 'Form answers in'])[1 + h.n / 4 % 4] else names[h.topic + 1] end || ' ' || h.n,
      case h.direction when 'outbound' then 'https://hooks-' || h.n || '.example.com/hingecraft/' || topics[h.topic + 1] end, case h.direction when 'inbound' then (array['stripe', 'nowpayments', 'standard', 'shared'])[1 + h.n / 4 % 4] end,
      case when h.direction = 'inbound' and not h.is_unproven then core.token_digest(testdata.inbound_token(seed, h.n)) end, h.status, case h.direction when 'outbound' then patterns[h.topic + 1]::text[] else '{}' end,
      case h.n % 20 when 4 then '{"path": "$.amount_usd >= 50", "fields": ["amount_usd"]}' when 8 then '{"path": "$.amount_usd > 2500", "fields": ["amount_usd"]}' when 10 then '{"path": "$.status == \"shipped\"", "fields": ["status"]}'
        when 14 then '{"path": "$.previous == \"in_review\"", "fields": ["previous"]}' when 18 then '{"path": "$.status == \"published\"", "fields": ["status"]}' else '{}' end::jsonb,
      (array['2026-01', '2026-01', '2026-06'])[1 + h.n % 3], (array[1, 5, 5, 10])[1 + (h.u1 * 4)::int % 4], (array[3000, 10000, 10000, 30000])[1 + (h.u1 * 97)::int % 4], h.fails, case when h.status = 'active' and h.fails >= 5 then h.last_bad + least(interval '1 minute' * 2 ^ (h.fails - 5), interval '6 hours') end,
      case when h.status = 'disabled' then case when h.fails > 0 then 'the endpoint is gone (410)' when h.active_at is null then 'verification failed five times' else 'paused for too long' end end,
      case when h.direction = 'outbound' and h.u1 < 0.2 then jsonb_build_object('x-team', topics[h.topic + 1]) else '{}' end, h.active_at, h.good_at, h.at, greatest(h.times[cardinality(h.times)], h.good_at, h.last_bad)
    from hooks h order by h.n returning 1),
  health as (
    insert into core.webhook_health (webhook_id, outcomes, times_opened, open_since, latency_ewma_ms, last_code)
    select h.id, array[true] || array_fill(false, array[h.fails]), greatest(0, h.fails - 4), h.bad_times[5], round((80 + 320 * h.u1)::numeric, 1), case when h.fails > 0 then h.bad_code else 200 end from hooks h where h.good_at is not null order by h.n returning 1),
  subscriptions as (
    insert into automation.subscriptions (webhook_id, event_pattern, created_at) select h.id, 'webhook.test', h.at from hooks h where h.good_at is not null order by h.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'webhook', h.n, h.id, h.at from hooks h order by h.n returning 1)
  select (select count(*) from rows) + (select count(*) from health) + (select count(*) from subscriptions) + (select count(*) from keys) into made;
  if sealing then
    insert into automation.signing_keys (id, webhook_id, key_id, secret_sealed, during, created_at, updated_at)
    select testdata.uid(seed, 211, k.n * 2 + k.slot, testdata.ms(lower(k.during))), k.id, k.key_id, automation.seal(convert_to(testdata.webhook_secret(seed, k.n * 2 + k.slot), 'UTF8'), k.key_id), k.during, lower(k.during), coalesce(upper(k.during) - interval '24 hours', lower(k.during))
    from (
      select w.n, w.id, s.slot, 'wk_' || left(encode(sha256(convert_to(concat_ws(' ', 'webhook key', seed, w.n, s.slot), 'UTF8')), 'hex'), 18) as key_id, s.during
      from testdata.webhooks_of(seed, lo, hi, sf) w, lateral (values (0, tstzrange(w.active_at, w.rotated_at + interval '24 hours')), (1, case when w.rotated_at is not null then tstzrange(w.rotated_at, null) end)) s(slot, during)
      where w.active_at is not null and s.during is not null) k order by k.n, k.slot;
    get diagnostics keyed = row_count;
  end if;
  return made + keyed + testdata.write_history('webhook', format('select w.id, w.path, w.times, case when w.path[cardinality(w.path)] = %L then w.owner_id end from testdata.webhooks_of(%s, %s, %s, %s) w where cardinality(w.path) > 1', 'paused', seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_webhooks', '{core.webhooks,core.webhook_health,automation.subscriptions,automation.signing_keys,core.status_changes,testdata.entities}', '{gen_users}', 400, 400, 40);

comment on function testdata.inbound_token is 'The path token of inbound hook n: what receive() takes.';
comment on function testdata.webhook_secret is 'The text a signing key stands for: key 2n is the first of hook n, 2n + 1 the one that replaced it.';
comment on function testdata.event_machines is 'Machines whose steps are events; the place in it tells the kind of their ids.';
comment on function testdata.delivery_id is 'Id of the delivery to hook number hook of an event about number n of its machine, that was queued at this time. For one hook no two are equal.';
comment on function testdata.attempt_times is 'When a delivery is tried if every attempt fails: automation.retry_delay() after the one before, and 0.2 seconds for the worker to come round.';
comment on function testdata.webhooks_of is 'The plan of the hooks of a range: owner, walk with its times, topic, when they were active, last accepted delivery (good_at) and the attempts of the failing one after it, when its key was replaced. Asks the entities user.';
comment on function testdata.gen_webhooks is 'Makes core.webhooks, what their breakers remember, their subscriptions and keys, their log and the entities webhook.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('webhook', decode(repeat('70', 32), 'hex')) > 0;
select testdata.gen_users(42870, 0, 60, 0.0006) > 0;
create temporary view pg_temp.made_0870 as select e.n, w.* from testdata.entities e join core.webhooks w using (id) where e.seed = 42870 and e.kind = 'webhook';
create temporary view pg_temp.digest_0870 as
select concat_ws(' ', (select sum(hashtextextended(m::text, 0)) from pg_temp.made_0870 m), (select sum(hashtextextended(h::text, 0)) from core.webhook_health h join pg_temp.made_0870 m on m.id = h.webhook_id),
  (select sum(hashtextextended((to_jsonb(k) - 'secret_sealed')::text, 0)) from automation.signing_keys k join pg_temp.made_0870 m on m.id = k.webhook_id), (select sum(hashtextextended(s::text, 0)) from core.status_changes s join pg_temp.made_0870 m on m.id = s.entity_id)) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_webhooks(42870, 50, 100, 0.0006) + testdata.gen_webhooks(42870, 0, 50, 0.0006);
  select digest into halves from pg_temp.digest_0870;
  raise exception using errcode = 'P0870';
exception when sqlstate 'P0870' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_webhooks(42870, 0, 100, 0.0006) > 400;
select digest = current_setting('probe.halves') from pg_temp.digest_0870;
select count(*) = 100, count(*) filter (where direction = 'inbound') = 25, count(distinct status) = 4, count(*) filter (where status = 'active') between 70 and 92, count(distinct owner_id) > 10, bool_and(testdata.is_test_id(id) and core.uuid_time(id) = created_at), bool_and(updated_at between created_at and testdata.window_end()),
  count(distinct provider) = 4, count(distinct api_version) = 2, count(distinct timeout_ms) = 3, count(distinct max_in_flight) = 3, count(*) filter (where headers ? 'x-team') between 5 and 30 from pg_temp.made_0870;
select count(*) = 75, bool_and((core.check_webhook_url(target_url::text)).reason is null and target_url::text ~ ('^https://hooks-' || n || '\.example\.com/')) from pg_temp.made_0870 where direction = 'outbound';
select count(*) > 150, bool_and(exists (select from automation.event_types t where ltrim(p, '!') = any (core.event_patterns_of(t.name)))), bool_or(p like '!%'), bool_or(p like '%*%') from pg_temp.made_0870, unnest(event_patterns) p;
select count(*) = 25, count(*) filter (where exists (select from automation.event_types t where (core.webhook_explain(m.id, t.name, t.sample)).filter_result = 'true' and (core.webhook_explain(m.id, t.name, t.sample)).matched <> '{}')) = 5,
  bool_and(core.webhook_explain(m.id, 'donation.confirmed', '{"amount_usd": 60, "status": "x", "previous": "x"}') is not null and m.filter ? 'fields') from pg_temp.made_0870 m where filter ? 'path';
select bool_and(path_token_sha256 = core.token_digest(t.token) and core.looks_like_token(t.token)), bool_and((core.webhook_by_token(t.token) is not distinct from case when m.status = 'active' then m.id end)), count(*) > 15
from pg_temp.made_0870 m, testdata.inbound_token(42870, m.n) t(token) where m.path_token_sha256 is not null;
select bool_and((path_token_sha256 is null) = (verified_at is null)), count(*) = 25 from pg_temp.made_0870 where direction = 'inbound';
-- counters, breaker and its memory say the same
select bool_and((m.opened_until is not null) = (m.failure_count >= 5 and m.status = 'active')), bool_and((h.webhook_id is null) = (m.last_success_at is null)), bool_and(m.failure_count = 0 or h.last_code is distinct from 200),
  bool_and(h.webhook_id is null or h.outcomes[1] and cardinality(array_positions(h.outcomes, false)) = m.failure_count and cardinality(h.outcomes) = m.failure_count + 1), bool_and(h.times_opened = greatest(0, m.failure_count - 4)),
  bool_and((h.open_since is not null) = (h.times_opened > 0)), bool_and(m.last_success_at between m.verified_at and testdata.window_end()), bool_and(m.opened_until > h.open_since and h.open_since > m.last_success_at),
  count(*) filter (where m.failure_count between 1 and 4) > 1, count(m.opened_until) > 1, count(*) filter (where m.disabled_reason like '%410%' and h.last_code = 410 and m.failure_count = 1) = count(*) filter (where m.disabled_reason like '%410%'), count(m.disabled_reason) > 2
from pg_temp.made_0870 m left join core.webhook_health h on h.webhook_id = m.id;
select bool_and(w.bad_times = (testdata.attempt_times(testdata.delivery_id(42870, 'webhook', w.n, w.n, w.bad_times[1] - interval '0.3 seconds'), w.bad_times[1], 15))[1:cardinality(w.bad_times)]), count(*) > 3,
  bool_and(m.opened_until is null or m.opened_until - w.bad_times[cardinality(w.bad_times)] = least(interval '1 minute' * 2 ^ (m.failure_count - 5), interval '6 hours')), bool_and(m.updated_at = w.bad_times[cardinality(w.bad_times)])
from testdata.webhooks_of(42870, 0, 100, 0.0006) w join pg_temp.made_0870 m on m.id = w.id where w.bad_times <> '{}';
select bool_and(t.times[k + 1] - t.times[k] between automation.retry_delay(k, t.id) and automation.retry_delay(k, t.id) + interval '0.21 seconds'), count(*) = 14
from (select '00000000-0000-7000-8000-000000870001'::uuid as id, testdata.attempt_times('00000000-0000-7000-8000-000000870001', '2026-08-01+00', 15) as times) t, generate_series(1, 14) k;
select count(distinct testdata.delivery_id(1, m, n, hook, '2026-08-01+00')) = 4000 from unnest(array['order', 'webhook']) m, generate_series(0, 199) n, generate_series(0, 9) hook;
select count(*) > 90, count(distinct k.webhook_id) = (select count(verified_at) from pg_temp.made_0870), bool_and(automation.unseal(k.secret_sealed, k.key_id) = convert_to(testdata.webhook_secret(42870, m.n * 2 + (lower(k.during) > m.verified_at)::int), 'UTF8')),
  count(*) filter (where not upper_inf(k.during)) between 10 and 20, bool_and(testdata.is_test_id(k.id) and k.key_id ~ '^wk_[0-9a-f]{18}$') from automation.signing_keys k join pg_temp.made_0870 m on m.id = k.webhook_id;
select bool_and(automation.verify_signature(m.id, jsonb_build_object('webhook-id', 'm', 'webhook-timestamp', s.at::text, 'webhook-signature', automation.sign(m.id, 'm', s.at, 'b')), 'b', at => to_timestamp(s.at))) from pg_temp.made_0870 m, lateral (select extract(epoch from m.verified_at)::bigint + 60 as at) s where m.n in (0, 3, 11);
select count(*) = count(m.last_success_at), bool_and(s.event_pattern = 'webhook.test') from pg_temp.made_0870 m left join automation.subscriptions s on s.webhook_id = m.id where m.last_success_at is not null;
select count(*) = 0 from pg_temp.made_0870 m where m.status <> 'pending_verification' and m.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = m.id order by s.occurred_at desc limit 1);
select bool_and(u.status = 'active'), count(*) filter (where e.n in (5, 0, 1, 6)) = 4 from pg_temp.made_0870 m join core.users u on u.id = m.owner_id join testdata.entities e on e.id = u.id;
delete from core.keyring where purpose = 'webhook';
select testdata.gen_webhooks(42870, 100, 120, 0.0006) > 60, count(k.id) = 0, count(*) = 20 from testdata.webhooks_of(42870, 100, 120, 0.0006) w left join automation.signing_keys k on k.webhook_id = w.id;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_webhooks(42870, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_webhooks' and after = '{gen_users}' and 'core.webhooks' = any (targets);

-- revert
delete from testdata.generators where name = 'gen_webhooks';
drop function testdata.gen_webhooks;
drop function testdata.webhooks_of;
drop function testdata.attempt_times;
drop function testdata.delivery_id;
drop function testdata.event_machines;
drop function testdata.webhook_secret;
drop function testdata.inbound_token;

-- task: BUILD_0879 create_test_data drill
-- title: Generate the automation room: outbox, deliveries with retries, inbound events, jobs, prompt runs
-- does: Every generated step that has an event type becomes an event, with the payload and the number emit() would give it, and each hook gets the test events its plan tells of. Deliveries follow the rules of fan_out() while a hook was
--   active: accepted at once, after some failures on the back-off, refused, given up after fifteen, still waiting; none overtakes an earlier one of its aggregate, and hook, breaker and attempts agree. Inbound hooks take signed events
--   of four schemes, some twice, some with a wrong signature. gen_asset_jobs makes the graph of jobs of each file and its renditions, gen_prompts makes versions, runs whose cost follows their tokens, and evaluations: every fourth
--   prompt has a second version that loses 0.3 and is not in use, the others one that gains 0.2 and is. Events that the triggers of an honest load made meanwhile, with the time of the load, give way to these.
-- proves: payloads pass their schema, numbers have no gap, deliveries are those of webhook_matches() and may_have(), attempts keep to retry_delay(), counters of hooks are those of their attempts, signatures check, jobs lead to the status
--   of their file, evaluate() finds the scores again and compare_versions() the planted regression, slices in any order have the digest of the whole.
-- needs: BUILD_0206, BUILD_0213, BUILD_0215, BUILD_0217, BUILD_0218, BUILD_0220, BUILD_0860, BUILD_0861, BUILD_0865, BUILD_0868, BUILD_0869, BUILD_0870, BUILD_0871, BUILD_0874
create function testdata.gen_automation(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  begun constant timestamptz := testdata.window_start();
  tag constant bigint := testdata.seed_tag(seed);
  keys constant bigint := testdata.keys_of('gen_automation', sf);
  until constant timestamptz := testdata.window_end();
  from_at constant timestamptz := testdata.slice(lo, keys);
  to_at constant timestamptz := testdata.slice(hi, keys);
  machines constant text[] := testdata.event_machines();
  typed constant text[] := (select array_agg(t.name) from automation.event_types t);
  honest constant boolean := current_setting('session_replication_role') <> 'replica';
  made bigint;
  received bigint;
begin
  perform testdata.require_allowed();
  if honest then
    alter table automation.outbox disable trigger outbox_check;  -- it would number by the order of the load
    delete from automation.outbox o where testdata.tag_of(o.aggregate_id) = tag and testdata.tag_of(o.id) is null;
  end if;
  with hooks as materialized (
    select w.n, w.id, w.owner_id, w.active_at, coalesce(w.left_at, until) as left_at, w.good_at, w.bad_times, w.bad_code, h.event_patterns, h.filter ->> 'path' as path, h.timeout_ms, h.disabled_reason,
      exists (select from identity.user_roles r join identity.roles k on k.code = r.role_code and k.db_role in ('hc_admin', 'hc_finance') where r.user_id = w.owner_id and r.during @> w.active_at) as sees_all
    from testdata.webhooks_of(seed, 0, testdata.keys_of('gen_webhooks', sf), sf) w join core.webhooks h on h.id = w.id where w.n % 4 <> 3),
  of_hooks as (
    select x.*, row_number() over (partition by x.aggregate order by x.at) as seq from (
      select h.n, h.id as aggregate, s.occurred_at as at, 'webhook.' || s.to_status as event_type, jsonb_build_object('id', h.id, 'status', s.to_status, 'previous', s.from_status) || case when s.to_status = 'disabled' then jsonb_build_object('reason', h.disabled_reason) else '{}' end as payload, h.owner_id as owner
      from (select w.n, w.id, w.owner_id, w.disabled_reason from hooks w union all select e.n, e.id, i.owner_id, i.disabled_reason from testdata.entities e join core.webhooks i on i.id = e.id where e.seed = gen_automation.seed and e.kind = 'webhook' and e.n % 4 = 3) h
      join core.status_changes s on s.entity_id = h.id and s.machine = 'webhook' and 'webhook.' || s.to_status = any (typed)
      union all
      select h.n, h.id, p.at - interval '0.4 seconds', 'webhook.test', jsonb_build_object('id', h.id, 'note', 'a test of ' || h.n), h.owner_id from hooks h, lateral unnest(array[h.good_at, h.bad_times[1]]) p(at) where p.at is not null) x),
  events as materialized (
    select testdata.uid(seed, 219 + array_position(machines, e.machine), e.n, testdata.ms(e.at)) as id, e.*, t.audience
    from (
      select s.machine, testdata.key_of(s.entity_id) as n, s.entity_id as aggregate, s.occurred_at as at, s.machine || '.' || s.to_status as event_type, 1 + p.before as seq,
        jsonb_build_object('id', s.entity_id, 'status', s.to_status, 'previous', s.from_status) || case when d.id is not null then jsonb_build_object('amount_usd', d.amount_usd, 'currency', d.currency, 'fund_code', d.fund_code) else '{}' end as payload, coalesce(o.owner, d.donor_id) as owner
      from core.status_changes s
      cross join lateral (select count(*) as before from core.status_changes b where b.entity_id = s.entity_id and b.occurred_at < s.occurred_at and b.occurred_at >= uuid_extract_timestamp(s.entity_id) - interval '1 day' and b.machine = s.machine and b.machine || '.' || b.to_status = any (typed)) p
      left join core.donations d on s.machine = 'donation' and d.id = s.entity_id
      left join lateral (select s.entity_id as owner where s.machine = 'user' union all select x.owner_id from core.designs x where s.machine = 'design' and x.id = s.entity_id union all select x.customer_id from production.orders x where s.machine = 'order' and x.id = s.entity_id
        union all select x.user_id from core.kyc x where s.machine = 'kyc' and x.id = s.entity_id union all select x.owner_id from core.assets x where s.machine = 'asset' and x.id = s.entity_id union all select x.author_id from core.content x where s.machine = 'content' and x.id = s.entity_id) o on true
      where s.occurred_at >= from_at and s.occurred_at < to_at and s.machine = any (machines) and s.machine <> 'webhook' and s.machine || '.' || s.to_status = any (typed) and testdata.tag_of(s.entity_id) = tag
      union all
      select 'webhook', h.n, h.aggregate, h.at, h.event_type, h.seq, h.payload, h.owner from of_hooks h where h.at >= from_at and h.at < to_at) e
    join automation.event_types t on t.name = e.event_type),
  wants as materialized (
    select w.*, t.name as event_type, w.event_patterns && core.event_patterns_of(t.name) and not exists (select from unnest(w.event_patterns) p where p like '!%' and substr(p, 2) = any (core.event_patterns_of(t.name))) as by_pattern
    from hooks w, automation.event_types t where w.active_at is not null),
  sent as materialized (
    select e.id as event_id, e.machine, e.n, e.aggregate, e.at as event_at, e.seq, e.event_type, w.id as webhook_id, w.n as hook, w.good_at, w.bad_times, w.bad_code, w.timeout_ms, q.at, testdata.delivery_id(seed, e.machine, e.n, w.n, q.at) as id, x.h, interval '1 millisecond' * (80 + (x.g >> 11 & 511)) as latency,
      case when e.aggregate <> w.id or e.event_type <> 'webhook.test' then case when x.h & 1023 < 945 then 'accepted' when x.h & 1023 < 1000 then 'retried' when x.h & 1023 < 1014 then 'refused' when x.h & 1023 < 1019 then 'long' else 'poison' end when e.at > w.good_at then 'bad' else 'good' end as story
    from events e join wants w on w.event_type = e.event_type and e.at >= w.active_at and e.at < w.left_at and (w.by_pattern or e.event_type = 'webhook.test') and (e.audience = 'everyone' or e.owner = w.owner_id or w.sees_all)
      and (w.path is null or e.event_type = 'webhook.test' or coalesce(jsonb_path_query_first(e.payload, w.path::jsonpath, '{}', true) not in ('false', 'null'), false))
    cross join lateral (select hashtextextended(e.id::text, w.n) as h, hashtextextended(e.aggregate::text, w.n) as g offset 0) x  -- how long it takes is told by what it is about, so that none overtakes
    cross join lateral (select e.at + case when e.aggregate = w.id and e.event_type = 'webhook.test' then interval '0.1 seconds' else interval '1 millisecond' * (60 + (x.g & 2047)) end as at offset 0) q),
  planned as materialized (
    select s.*, case when s.story in ('retried', 'long', 'poison') and c.next_at <= p.times[cardinality(p.times)] then 'accepted' else s.story end as told, case when s.story in ('retried', 'long', 'poison') and c.next_at <= p.times[cardinality(p.times)] then p.times[1:1] else p.times end as times
    from sent s
    cross join lateral (select case when s.story in ('retried', 'long', 'poison') then testdata.attempt_times(s.id, s.at + s.latency, case s.story when 'poison' then 15 when 'long' then 6 + (s.h >> 30 & 3)::int else 2 + (s.h >> 30 & 3)::int end)
      when s.story = 'bad' then s.bad_times when s.story = 'good' then array[s.good_at] else array[s.at + s.latency] end as times offset 0) p
    left join lateral (select min(c.occurred_at) as next_at from core.status_changes c where s.story in ('retried', 'long', 'poison') and c.entity_id = s.aggregate and c.occurred_at > s.event_at and c.occurred_at <= p.times[cardinality(p.times)] and c.machine || '.' || c.to_status = any (typed)) c on true),
  tried as materialized (
    select p.*, a.done, cardinality(a.done) as k, case when cardinality(a.done) = 0 then 'pending' when p.told = 'refused' or p.told = 'poison' and cardinality(a.done) = 15 or p.told = 'bad' and p.bad_code = 410 then 'dead' when p.told in ('poison', 'bad') or cardinality(a.done) < cardinality(p.times) then 'failed' else 'succeeded' end as status,
      case p.told when 'refused' then (array[404, 400, 422])[1 + p.hook % 3] when 'poison' then 500 when 'bad' then p.bad_code else (array[503, 429, null, 502])[1 + (p.h >> 33 & 3)::int] end as bad, (array[200, 202, 204])[1 + p.hook % 3] as good
    from planned p cross join lateral (select case when p.told = 'bad' then p.times when p.times[cardinality(p.times)] <= p.good_at then p.times else array(select t from unnest(p.times) t where t <= p.good_at) end as done offset 0) a),
  outbox as (
    insert into automation.outbox (id, occurred_at, event_type, aggregate_kind, aggregate_id, aggregate_seq, payload, published_at) select e.id, e.at, e.event_type, e.machine, e.aggregate, e.seq, e.payload, e.at + interval '50 milliseconds' from events e order by e.at, e.id returning 1),
  heads as (
    insert into automation.aggregate_heads as h (aggregate_kind, aggregate_id, last_seq) select e.machine, e.aggregate, max(e.seq) from events e group by 1, 2 order by 1, 2  -- in one order, or two chunks wait for each other
    on conflict (aggregate_kind, aggregate_id) do update set last_seq = greatest(h.last_seq, excluded.last_seq) returning (xmax = 0)::int as fresh),
  deliveries as (
    insert into automation.deliveries (id, occurred_at, webhook_id, event_id, event_at, event_seq, event_type, status, attempt_count, next_attempt_at, fence, last_status_code, ordering_key)
    select t.id, t.at, t.webhook_id, t.event_id, t.event_at, t.seq, t.event_type, t.status, t.k, case when t.k = 0 or t.status = 'succeeded' and t.k = 1 then t.at when t.status = 'succeeded' then t.done[t.k - 1] + automation.retry_delay(t.k - 1, t.id) else t.done[t.k] + automation.retry_delay(t.k, t.id) end, t.k,
      case when t.k = 0 then null when t.status = 'succeeded' then t.good else t.bad end, t.machine || ':' || t.aggregate
    from tried t order by t.at, t.id returning 1),
  attempts as (
    insert into automation.delivery_attempts (id, occurred_at, webhook_id, delivery_id, attempt_no, response_status, response_excerpt, latency_ms, error_class)
    select testdata.uid(seed, 239 + array_position(machines, t.machine), testdata.key_of(t.id), testdata.ms(a.at)), a.at, t.webhook_id, t.id, a.no, r.code, case when r.is_good then 'ok' when r.code is null then null else 'no: ' || r.code end, case when r.code is null then t.timeout_ms else extract(milliseconds from t.latency)::int end,
      case when r.is_good then null when r.code is null then 'timeout' when r.code = 429 then 'rate_limited' when r.code >= 500 then 'server_error' else 'client_error' end
    from tried t cross join lateral unnest(t.done) with ordinality a(at, no) cross join lateral (select t.status = 'succeeded' and a.no = t.k as is_good, case when t.status = 'succeeded' and a.no = t.k then t.good else t.bad end as code offset 0) r order by a.at, t.id returning 1)
  select (select count(*) from outbox) + (select coalesce(sum(fresh), 0) from heads) + (select count(*) from deliveries) + (select count(*) from attempts) into made;
  if honest then
    alter table automation.outbox enable trigger outbox_check;
  end if;
  with calls as materialized (
    select w.n, w.id as webhook_id, w.rotated_at, h.provider, d.d, j, a.at, testdata.unit(seed, 87901, (w.n * 4096 + d.d) * 4 + j) as u, testdata.int_between(seed, 87902, (w.n * 4096 + d.d) * 4 + j, 5, 400) as amount, encode(sha256(convert_to(concat_ws(' ', 'inbound event', seed, w.n, d.d, j), 'UTF8')), 'hex') as code
    from testdata.webhooks_of(seed, 0, testdata.keys_of('gen_webhooks', sf), sf) w join core.webhooks h on h.id = w.id and w.n % 4 = 3 and w.active_at is not null
    cross join generate_series(0, extract(day from until - begun)::int) d(d) cross join generate_series(0, (testdata.h(seed, 87903, w.n * 4096 + d.d) & 3)::int - 1) j
    cross join lateral (select date_trunc('milliseconds', begun + d.d * interval '1 day' + interval '1 day' * testdata.unit(seed, 87904, (w.n * 4096 + d.d) * 4 + j)) as at offset 0) a
    where a.at >= w.active_at and a.at < coalesce(w.left_at, until) - interval '1 minute' and a.at >= from_at and a.at < to_at),
  posted as materialized (
    select c.*, b.body, extract(epoch from c.at)::bigint as stamp, convert_to(case when c.u < 0.03 then 'a wrong secret' else testdata.webhook_secret(seed, c.n * 2 + coalesce(c.at >= c.rotated_at, false)::int) end, 'UTF8') as secret, case c.provider when 'nowpayments' then left(c.code, 12) || ':finished' else 'evt_' || left(c.code, 24) end as event_key
    from calls c cross join lateral (select case c.provider when 'stripe' then jsonb_build_object('id', 'evt_' || left(c.code, 24), 'type', 'payment_intent.succeeded', 'amount', c.amount * 100, 'currency', 'usd')
      when 'nowpayments' then jsonb_build_object('payment_id', left(c.code, 12), 'payment_status', 'finished', 'price_amount', c.amount, 'price_currency', 'usd') else jsonb_build_object('id', 'evt_' || left(c.code, 24), 'type', 'form.answered', 'answers', c.amount) end as body offset 0) b),
  events as (
    insert into automation.inbound_events (id, occurred_at, webhook_id, provider_event_id, headers, payload, signature_ok, status, attempt_count, next_attempt_at, error, processed_at)
    select testdata.uid(seed, 212, ((p.n * 4096 + p.d) * 4 + p.j) * 2 + again, testdata.ms(t.at)), t.at, p.webhook_id, p.event_key,
      case p.provider when 'stripe' then jsonb_build_object('stripe-signature', 't=' || p.stamp || ',v1=' || encode(extensions.hmac(convert_to(p.stamp || '.' || p.body::text, 'UTF8'), p.secret, 'sha256'), 'hex'))
        when 'nowpayments' then jsonb_build_object('x-nowpayments-sig', encode(extensions.hmac(convert_to(automation.sorted_json(p.body), 'UTF8'), p.secret, 'sha512'), 'hex')) when 'shared' then '{}'
        else jsonb_build_object('webhook-id', p.event_key, 'webhook-timestamp', p.stamp::text, 'webhook-signature', 'v1,' || encode(extensions.hmac(convert_to(p.event_key || '.' || p.stamp || '.' || p.body::text, 'UTF8'), p.secret, 'sha256'), 'base64')) end
        || jsonb_build_object('content-type', 'application/json'),
      case when again = 0 then p.body end, p.u >= 0.03, s.status, (s.status in ('processed', 'ignored'))::int, case when s.status in ('processed', 'ignored') then t.at + interval '31 seconds' else t.at end, case when s.status = 'failed' then 'signature' end, case s.status when 'processed' then t.at + interval '1 second' end
    from posted p cross join generate_series(0, case when p.u > 0.92 then 1 else 0 end) again cross join lateral (select p.at + again * interval '40 seconds' as at offset 0) t
    cross join lateral (select case when p.u < 0.03 then 'failed' when again = 1 then 'duplicate' when p.provider in ('stripe', 'nowpayments') then 'processed' else 'ignored' end as status offset 0) s order by t.at, p.n returning 1),
  seen as (
    insert into automation.inbound_keys (webhook_id, provider_event_id, seen_at) select p.webhook_id, p.event_key, p.at from posted p where p.u >= 0.03 order by p.at returning 1)
  select (select count(*) from events) + (select count(*) from seen) into received;
  return made + received;
end $$;

create function testdata.gen_asset_jobs(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  made bigint;
begin
  perform testdata.require_allowed();
  with files as materialized (
    select a.n, a.id, a.owner_id, a.path, a.media_type, f.sha256 as digest, f.technical, f.classification, a.times[array_position(a.path, 'uploaded')] as uploaded_at, a.times[array_position(a.path, 'uploaded') + 1] as scanned_at, a.path[array_position(a.path, 'uploaded') + 1] as after_scan, a.times[array_position(a.path, 'ready')] as ready_at
    from testdata.assets_of(seed, lo, hi, sf) a join core.assets f on f.id = a.id where 'uploaded' = any (a.path) and f.sha256 is not null),
  steps as materialized (
    select f.*, v.slot, v.step, v.profile, v.priority, case when v.slot = 0 then case when f.after_scan in ('scanned', 'quarantined') then 'done' when f.after_scan is null then 'queued' else 'cancelled' end
        when f.ready_at is not null then 'done' when f.after_scan is null then 'waiting' when f.path[cardinality(f.path)] = 'scanned' then 'queued' else 'cancelled' end as state, testdata.chance(seed, 87910, f.n * 8 + v.slot, 0.05)::int as stumbled
    from files f join (values (0, '', 'scan', '', 10), (1, '^image/', 'thumbnail', 'thumb-256', 50), (2, '^image/', 'thumbnail', 'thumb-1024', 60), (1, '^model/', 'mesh_stats', '', 40), (2, '^model/', 'thumbnail', 'thumb-256', 50), (1, '^video/', 'transcode', 'h264-720', 200), (1, '^application/pdf$', 'ocr', '', 150))
      v(slot, media, step, profile, priority) on f.media_type ~ v.media),
  timed as materialized (
    select s.*, case when s.slot = 0 or s.state <> 'done' then coalesce(s.scanned_at, s.uploaded_at) else s.ready_at - (2 - s.slot) * interval '150 milliseconds' end as ended_at, testdata.uid(seed, 213, s.n * 8 + 4 + s.slot, testdata.ms(s.ready_at) - (2 - s.slot) * 150 - 400) as made_id, 200000000 + s.n * 4 + s.slot as content,
      case s.step when 'thumbnail' then 'image/png' else 'video/mp4' end as made_type, testdata.int_between(seed, 87911, s.n * 8 + s.slot, 2000, 60000) as made_size
    from steps s),
  jobs as (
    insert into automation.asset_jobs (id, asset_id, step, profile, state, priority, run_after, fence, attempts, result, created_at, updated_at)
    select testdata.uid(seed, 213, t.n * 8 + t.slot, testdata.ms(t.uploaded_at)), t.id, t.step, t.profile, t.state, t.priority, t.uploaded_at, case t.state when 'done' then 1 + t.stumbled else 0 end, case t.state when 'done' then 1 + t.stumbled else 0 end,
      case when t.state <> 'done' then '{}' when t.step = 'scan' then case t.after_scan when 'quarantined' then '{"verdict": "infected", "name": "Eicar-Test"}' else '{"verdict": "clean"}' end::jsonb when t.step = 'mesh_stats' then t.technical - '{scanned_at,sniffed_type}'::text[] when t.step = 'ocr' then jsonb_build_object('pages', 1 + t.n % 24) else '{}' end,
      t.uploaded_at, t.ended_at
    from timed t order by t.n, t.slot returning 1),
  made_files as (
    insert into core.assets (id, owner_id, sha256, storage_key, filename, media_type, byte_size, width, height, duration_ms, classification, status, technical, metadata, created_at, updated_at)
    select t.made_id, t.owner_id, d.digest, 'testdata/' || encode(d.digest, 'hex'), t.profile || '-' || t.n || case t.made_type when 'image/png' then '.png' else '.mp4' end, t.made_type, t.made_size, z.size, z.size * 3 / 4, case t.made_type when 'video/mp4' then 30000 end, t.classification, 'ready', '{"scan_exempt": "rendition"}',
      jsonb_build_object('seed', seed, 'content', t.content), t.ended_at - interval '400 milliseconds', t.ended_at
    from timed t cross join lateral (select sha256(testdata.content_bytes(seed, t.content, t.made_type, t.made_size)) as digest offset 0) d cross join lateral (select case t.profile when 'thumb-256' then 256 when 'thumb-1024' then 1024 else 960 end as size offset 0) z where t.state = 'done' and t.step in ('thumbnail', 'transcode') order by t.n, t.slot returning 1),
  renditions as (
    insert into automation.renditions (asset_id, profile, status, rendition_asset_id, recipe_sha256, produced_at, created_at)
    select t.id, t.profile, case t.state when 'done' then 'ready' else 'pending' end, case t.state when 'done' then t.made_id end, automation.recipe(t.digest, t.profile), case t.state when 'done' then t.ended_at end, t.uploaded_at
    from timed t where t.step in ('thumbnail', 'transcode') order by t.n, t.slot returning 1)
  select (select count(*) from jobs) + (select count(*) from made_files) + (select count(*) from renditions) into made;
  return made + testdata.write_history('asset', format($q$
    select f.id, '{pending,uploaded,scanned,ready}'::text[], array[f.created_at, f.created_at + interval '0.2 seconds', f.created_at + interval '0.3 seconds', f.updated_at], null::uuid
    from testdata.entities e join automation.renditions r on r.asset_id = e.id join core.assets f on f.id = r.rendition_asset_id where e.seed = %s and e.kind = 'asset' and e.n >= %s and e.n < %s$q$, seed, lo, hi));
end $$;

create function testdata.gen_prompts(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  topics constant text[] := '{design-summary,support-reply,alt-text,translation-check,hinge-advice,review-digest,tag-proposal,safety-note}';
  words constant text[] := testdata.list('material');
  until constant timestamptz := testdata.window_end();
  g record;
  made bigint;
begin
  perform testdata.require_allowed();
  select * into g from testdata.grammar('en');
  with plan as materialized (
    select k as n, topics[1 + k % 8] as topic, o.id as owner_id, b.id as approver_id, t.at, k % 4 = 1 as regresses, testdata.uid(seed, 214, k, testdata.ms(t.at)) as id
    from generate_series(lo, hi - 1) k join testdata.entities o on o.seed = gen_prompts.seed and o.kind = 'user' and o.n = 15 + k % 5 join testdata.entities b on b.seed = gen_prompts.seed and b.kind = 'user' and b.n = 15 + (k + 1) % 5
    cross join lateral (select date_trunc('milliseconds', greatest(o.at, b.at) + (until - greatest(o.at, b.at)) * (0.02 + 0.3 * testdata.unit(seed, 87920, k))) as at offset 0) t),
  versions as materialized (
    select p.*, v.number, c.at as written_at, testdata.uid(seed, 215, p.n * 4 + v.number, testdata.ms(c.at)) as version_id, case when v.number < 3 then date_trunc('milliseconds', c.at + (until - p.at) * 0.03) end as approved_at,
      'You help makers with a ' || replace(p.topic, '-', ' ') || e'. Tone: {{tone}}.\n' || (array['', e'Answer in at most three sentences.\n', e'Answer in at most three sentences and name a source.\n'])[v.number] || 'Question: {{question}}' as template
    from plan p cross join (values (1, 0.0::double precision), (2, 0.4), (3, 0.8)) v(number, share) cross join lateral (select date_trunc('milliseconds', p.at + (until - p.at) * v.share) as at offset 0) c),
  prompts as (
    insert into automation.prompts (id, key, title, owner_id, category, visibility, active_version_id, created_at, updated_at)
    select v.id, 'testdata-' || to_hex(testdata.seed_tag(seed)) || '-' || v.topic || '-' || v.n, initcap(replace(v.topic, '-', ' ')) || ' ' || v.n, v.owner_id, (array['design', 'support', 'content', 'content', 'design', 'community', 'design', 'support'])[1 + v.n % 8], (array['public', 'team', 'private'])[1 + v.n % 3], v.version_id, v.at, v.approved_at
    from versions v where v.number = case when v.regresses then 1 else 2 end order by v.n returning 1),
  written as (
    insert into automation.prompt_versions (id, prompt_id, number, author_id, template, variables, model_prefs, status, approved_by, approved_at, created_at)
    select v.version_id, v.id, v.number, v.owner_id, v.template, '{"tone": {"type": "string", "default": "kind"}, "question": {"type": "string", "max_length": 2000}}', '{"model": "small-1"}', case when v.number = 3 then 'draft' else 'approved' end, case when v.number < 3 then v.approver_id end, v.approved_at, v.written_at
    from versions v order by v.n, v.number returning 1),
  cases as materialized (
    select p.n, p.id as prompt_id, k, testdata.uid(seed, 217, p.n * 16 + k, testdata.ms(p.at)) as id, p.at, testdata.pick(seed, 87921, p.n * 16 + k, words) as word, jsonb_build_object('tone', 'kind', 'question', testdata.sentence(seed, 87922, p.n * 16 + k, g.openers, g.subjects, g.verbs, g.endings)) as inputs from plan p, generate_series(0, 9) k),
  tests as (
    insert into automation.eval_cases (id, prompt_id, name, inputs, expectations, created_at, updated_at)
    select c.id, c.prompt_id, 'case ' || c.k + 1, c.inputs, jsonb_build_array(case when c.k < 6 then jsonb_build_object('scorer', 'contains', 'value', c.word) when c.k < 8 then jsonb_build_object('scorer', 'numeric_tolerance', 'value', 10 + c.k, 'tolerance', 0.5) else '{"scorer": "regex", "value": "^[A-Z]"}' end), c.at, c.at
    from cases c order by c.n, c.k returning 1),
  judged as materialized (
    select v.n, v.number, v.id as prompt_id, v.version_id, v.template, c.k, c.id as case_id, c.inputs, v.approved_at - interval '1 hour' + c.k * interval '5 seconds' as at, case when v.regresses then v.number = 1 or c.k not in (2, 5, 7) else v.number = 2 or c.k not in (1, 4) end as passes, c.word
    from versions v join cases c on c.n = v.n where v.number < 3),
  asked as (
    select j.n, (j.number - 1) * 10 + j.k as i, j.prompt_id, j.version_id, null::uuid as user_id, 'evaluator' as agent_id, 'small-1' as model, j.template, j.inputs, case when j.passes then 'Use a hinge of ' || j.word || ', about ' || 10 + j.k || ' mm.' else 'i do not know' end as output, 'succeeded' as status, j.at, jsonb_build_object('case_id', j.case_id) as trace from judged j
    union all
    select p.n, 20 + i, p.id, v.version_id, u.id, case when u.id is null then 'assistant' end, case when testdata.chance(seed, 87924, p.n * 64 + i, 0.8) then 'small-1' else 'large-1' end, v.template,
      jsonb_build_object('tone', (array['kind', 'brief', 'formal'])[1 + i % 3], 'question', testdata.sentence(seed, 87925, p.n * 64 + i, g.openers, g.subjects, g.verbs, g.endings)), case when r.u < 0.94 then testdata.prose(seed, 87926, p.n * 64 + i, 1 + i % 4) end, case when r.u < 0.94 then 'succeeded' when r.u < 0.98 then 'failed' else 'refused' end, w.at, '{}'
    from plan p cross join generate_series(0, 35) i cross join lateral (select testdata.unit(seed, 87923, p.n * 64 + i) as u offset 0) r cross join lateral (select date_trunc('milliseconds', p.at + (until - p.at) * (0.05 + 0.94 * testdata.spread(seed, 87927, i, 36))) as at offset 0) w
    join versions v on v.n = p.n and v.number = case when p.regresses or w.at < p.at + (until - p.at) * 0.45 then 1 else 2 end left join testdata.entities u on u.seed = gen_prompts.seed and u.kind = 'user' and u.n = i % 20 and i % 5 < 3 and u.at < w.at),
  priced as materialized (
    select a.*, replace(replace(a.template, '{{tone}}', a.inputs ->> 'tone'), '{{question}}', a.inputs ->> 'question') as rendered, case a.model when 'small-1' then 0.15 else 3.0 end as price from asked a),
  counted as materialized (select p.*, ceil(length(p.rendered) / 4.0)::int as tokens_in, ceil(length(coalesce(p.output, '')) / 4.0)::int as tokens_out, testdata.uid(seed, 216, p.n * 64 + p.i, testdata.ms(p.at)) as id from priced p),
  runs as (
    insert into automation.prompt_runs (id, occurred_at, prompt_id, prompt_version_id, user_id, agent_id, model, inputs, rendered_sha256, output, tokens_in, tokens_out, cost_usd, latency_ms, status, trace)
    select c.id, c.at, c.prompt_id, c.version_id, c.user_id, c.agent_id, c.model, c.inputs, sha256(convert_to(c.rendered, 'UTF8')), c.output, c.tokens_in, c.tokens_out, round((c.tokens_in * c.price + c.tokens_out * c.price * 4) / 1000000, 6), 180 + c.tokens_out * 14 + (c.i * 37 % 120), c.status, c.trace
    from counted c order by c.at, c.n, c.i returning 1),
  scores as (
    insert into automation.evaluations (id, prompt_version_id, case_id, run_id, scorer, model, score, passed, created_at, updated_at)
    select testdata.uid(seed, 218, j.n * 64 + (j.number - 1) * 10 + j.k, testdata.ms(j.at) + 1000), j.version_id, j.case_id, testdata.uid(seed, 216, j.n * 64 + (j.number - 1) * 10 + j.k, testdata.ms(j.at)), case when j.k < 6 then 'contains' when j.k < 8 then 'numeric_tolerance' else 'regex' end, 'small-1', j.passes::int, j.passes, j.at + interval '1 second', j.at + interval '1 second'
    from judged j order by j.n, j.number, j.k returning 1)
  select (select count(*) from prompts) + (select count(*) from written) + (select count(*) from tests) + (select count(*) from runs) + (select count(*) from scores) into made;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_asset_jobs', '{automation.asset_jobs,automation.renditions,core.assets,core.status_changes}', '{gen_assets}', 150000, 3000, 180),
  ('gen_prompts', '{automation.prompts,automation.prompt_versions,automation.prompt_runs,automation.eval_cases,automation.evaluations}', '{gen_users}', 200, 50, 8),
  ('gen_automation', '{automation.outbox,automation.aggregate_heads,automation.deliveries,automation.delivery_attempts,automation.inbound_events,automation.inbound_keys}', '{gen_identity,gen_design_room,gen_assets,gen_asset_jobs,gen_donations,gen_kyc,gen_content,gen_production,gen_webhooks}', 1000, 10, 20);

comment on function testdata.gen_automation is 'Makes events, deliveries, attempts and inbound events of the slices of time numbered [lo, hi). Events are published: no worker sends them again.';
comment on function testdata.gen_asset_jobs is 'Makes the jobs and renditions of the files numbered [lo, hi), and the files that renditions are.';
comment on function testdata.gen_prompts is 'Makes the prompts numbered [lo, hi) with versions, test cases, runs and evaluations.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'automation.outbox', 'automation.deliveries', 'automation.delivery_attempts', 'automation.inbound_events', 'automation.prompt_runs') >= 0, core.load_key('webhook', decode(repeat('79', 32), 'hex')) > 0;
select testdata.gen_users(42879, 0, 60, 0.001) > 0, testdata.gen_identity(42879, 0, 60, 0.001) > 0, testdata.gen_designs(42879, 0, 24, 0.001) > 0, testdata.gen_assets(42879, 0, 72, 0.001) > 0, testdata.gen_donations(42879, 0, 40, 0.001) > 0, testdata.gen_content(42879, 0, 20, 0.001) > 0, testdata.gen_webhooks(42879, 0, 40, 0.001) > 0,
  testdata.gen_asset_jobs(42879, 40, 72, 0.001) > 30, testdata.gen_asset_jobs(42879, 0, 40, 0.001) > 30, testdata.gen_prompts(42879, 4, 8, 0.001) > 250, testdata.gen_prompts(42879, 0, 4, 0.001) > 250;
create temporary view pg_temp.hooks_0879 as select e.n, w.* from testdata.entities e join core.webhooks w using (id) where e.seed = 42879 and e.kind = 'webhook';
create temporary view pg_temp.events_0879 as select o.* from automation.outbox o where testdata.tag_of(o.id) = testdata.seed_tag(42879);
create temporary view pg_temp.sent_0879 as select d.* from automation.deliveries d join pg_temp.hooks_0879 h on h.id = d.webhook_id;
create temporary view pg_temp.tries_0879 as select a.* from automation.delivery_attempts a join pg_temp.hooks_0879 h on h.id = a.webhook_id;
create temporary view pg_temp.calls_0879 as select h.provider, h.n, i.* from automation.inbound_events i join pg_temp.hooks_0879 h on h.id = i.webhook_id;
create temporary view pg_temp.digest_0879 as select concat_ws(' ', (select sum(hashtextextended((to_jsonb(e) - 'xid')::text, 0)) from pg_temp.events_0879 e), (select sum(hashtextextended(s::text, 0)) from pg_temp.sent_0879 s), (select sum(hashtextextended(t::text, 0)) from pg_temp.tries_0879 t),
  (select sum(hashtextextended(c::text, 0)) from pg_temp.calls_0879 c), (select sum(last_seq) from automation.aggregate_heads where testdata.tag_of(aggregate_id) = testdata.seed_tag(42879))) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_automation(42879, 11, 20, 0.001) + testdata.gen_automation(42879, 0, 11, 0.001);
  select digest into halves from pg_temp.digest_0879;
  raise exception using errcode = 'P0879';
exception when sqlstate 'P0879' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_automation(42879, 0, 20, 0.001) > 800;
select digest = current_setting('probe.halves') from pg_temp.digest_0879;
-- events: sound, numbered without a gap, and no others
select count(*) > 200, count(*) filter (where p is not null) = 0, count(distinct e.event_type) > 10, bool_and(e.published_at > e.occurred_at) from pg_temp.events_0879 e join automation.event_types t on t.name = e.event_type left join lateral automation.schema_problems(t.json_schema, e.payload) p on true;
select bool_and(k = last and first = 1 and last = h.last_seq), count(*) > 60, max(k) > 2 from (select aggregate_kind, aggregate_id, count(*) as k, min(aggregate_seq) as first, max(aggregate_seq) as last from pg_temp.events_0879 group by 1, 2) s join automation.aggregate_heads h using (aggregate_kind, aggregate_id);
select bool_and(before < now_at is not false) from (select occurred_at as now_at, lag(occurred_at) over (partition by aggregate_id order by aggregate_seq) as before from pg_temp.events_0879) e;
select count(*) = 0 from automation.outbox o where testdata.tag_of(o.aggregate_id) = testdata.seed_tag(42879) and testdata.tag_of(o.id) is null;
select bool_and(e.payload ->> 'status' = s.to_status and e.payload ->> 'previous' = s.from_status and (e.payload ->> 'amount_usd' is not null) = (s.machine = 'donation')), count(*) = (select count(*) from core.status_changes s where testdata.tag_of(s.entity_id) = testdata.seed_tag(42879) and exists (select from automation.event_types t where t.name = s.machine || '.' || s.to_status))
from pg_temp.events_0879 e join core.status_changes s on s.entity_id = e.aggregate_id and s.occurred_at = e.occurred_at and e.event_type = s.machine || '.' || s.to_status;
-- deliveries: what the rules say, for every event and hook
create temporary table facts_0879 as select o as event from automation.outbox o where testdata.tag_of(o.id) = testdata.seed_tag(42879);
create temporary table wanted_0879 as
select (f.event).id as event_id, h.id as webhook_id, x.matches, h.status from facts_0879 f
join (select w.*, coalesce((select max(s.occurred_at) from core.status_changes s where s.entity_id = w.id and s.from_status = 'active'), 'infinity') as left_at from pg_temp.hooks_0879 w where w.n < 22) h on h.direction = 'outbound' and (f.event).occurred_at >= h.verified_at and (f.event).occurred_at < h.left_at
cross join lateral core.webhook_explain(h.id, (f.event).event_type, (f.event).payload) x
where case when x.matched <> '{}' and x.excluded = '{}' and x.filter_result in ('none', 'true') or (f.event).event_type = 'webhook.test' then automation.may_have(h.owner_id, f.event) else false end;
select count(*) > 150, (select count(*) from pg_temp.sent_0879 d join pg_temp.hooks_0879 h on h.id = d.webhook_id where h.n < 22) = count(*), count(*) filter (where d.id is null) = 0, count(distinct w.webhook_id) > 10, bool_and(w.matches or w.status <> 'active' or d.event_type = 'webhook.test'), bool_and(d.event_at = e.occurred_at and d.event_seq = e.aggregate_seq and d.occurred_at > d.event_at and d.ordering_key = e.aggregate_kind || ':' || e.aggregate_id)
from wanted_0879 w left join pg_temp.sent_0879 d using (event_id, webhook_id) left join pg_temp.events_0879 e on e.id = w.event_id;
select array_agg(distinct status order by status) @> '{dead,failed,succeeded}', count(*) filter (where status = 'succeeded') > 0.7 * count(*), bool_and(core.uuid_time(id) = date_trunc('milliseconds', occurred_at)), bool_and(fence = attempt_count and (attempt_count > 0) = (status <> 'pending')), count(distinct id) = count(*) from pg_temp.sent_0879;
-- attempts: known by the machine of their event too, on the back-off, none overtakes, and hooks remember them right
select bool_and(('x' || substr(t.id::text, 16, 3))::bit(12)::int = ('x' || substr(d.id::text, 16, 3))::bit(12)::int + 10), count(distinct split_part(d.ordering_key, ':', 1)) > 1 from pg_temp.tries_0879 t join pg_temp.sent_0879 d on d.id = t.delivery_id;
select count(*) > 15, bool_and(t.occurred_at - t.before between automation.retry_delay(t.attempt_no - 1, t.delivery_id) and automation.retry_delay(t.attempt_no - 1, t.delivery_id) + interval '0.21 seconds') from (select *, lag(occurred_at) over (partition by delivery_id order by attempt_no) as before from pg_temp.tries_0879) t where t.before is not null;
select bool_and(d.attempt_count = t.k and d.last_status_code is not distinct from t.last_code and (d.status = 'succeeded') = (coalesce(t.last_code, 0) between 200 and 299) and (d.status <> 'failed' or d.next_attempt_at > t.last_at)), count(*) > 200
from pg_temp.sent_0879 d join (select delivery_id, count(*) as k, max(occurred_at) as last_at, (array_agg(response_status order by attempt_no desc))[1] as last_code from pg_temp.tries_0879 group by 1) t on t.delivery_id = d.id;
select bool_and(first_at > ended_before is not false) from (
  select min(t.occurred_at) as first_at, lag(max(t.occurred_at)) over (partition by d.webhook_id, d.ordering_key order by d.event_seq) as ended_before from pg_temp.sent_0879 d join pg_temp.tries_0879 t on t.delivery_id = d.id group by d.id, d.webhook_id, d.ordering_key, d.event_seq) o;
select count(*) > 20, bool_and(h.last_success_at = t.good_at and h.failure_count = t.fails), count(*) filter (where h.failure_count > 0) > 1
from pg_temp.hooks_0879 h cross join lateral (select max(a.occurred_at) filter (where a.response_status < 300) as good_at, count(*) filter (where a.occurred_at > h.last_success_at) as fails from pg_temp.tries_0879 a where a.webhook_id = h.id) t where h.last_success_at is not null;
-- what came in: signed as its hook's provider signs
select count(distinct c.provider) = 4, count(*) > 100, bool_and(automation.check_inbound(c.webhook_id, c.provider, c.headers || jsonb_build_object('x-webhook-token', testdata.webhook_secret(42879, c.n * 2 + coalesce(c.occurred_at >= w.rotated_at, false)::int)), c.payload::text, c.occurred_at) = (c.signature_ok or c.provider = 'shared'))
from pg_temp.calls_0879 c join testdata.webhooks_of(42879, 0, 40, 0.001) w on w.n = c.n where c.status <> 'duplicate';
select bool_and(k = 2 and payloads = 1 and gap between interval '30 seconds' and interval '5 minutes'), count(*) > 4 from (select count(*) as k, count(payload) as payloads, max(occurred_at) - min(occurred_at) as gap from pg_temp.calls_0879 where provider_event_id in (select provider_event_id from pg_temp.calls_0879 where status = 'duplicate') group by webhook_id, provider_event_id) d;
select array_agg(distinct c.status order by c.status) = '{duplicate,failed,ignored,processed}', count(distinct (c.webhook_id, c.provider_event_id)) filter (where c.signature_ok) = (select count(*) from automation.inbound_keys k join pg_temp.hooks_0879 h on h.id = k.webhook_id) from pg_temp.calls_0879 c;
-- files and their jobs
create temporary table jobs_0879 as select f.status, j.step, j.state, j.result, f.id from testdata.entities e join core.assets f using (id) join automation.asset_jobs j on j.asset_id = f.id where e.seed = 42879 and e.kind = 'asset';
select count(*) > 100, count(distinct step) = 5, bool_and(status <> 'ready' or state = 'done'), bool_and(status <> 'uploaded' or state = case step when 'scan' then 'queued' else 'waiting' end), bool_and(status <> 'scanned' or state = case step when 'scan' then 'done' else 'queued' end), bool_and(step <> 'scan' or state <> 'done' or result ? 'verdict') from jobs_0879;
select bool_and(k = 1), count(*) = (select count(*) from testdata.assets_of(42879, 0, 72, 0.001) where 'uploaded' = any (path)) from (select id, count(*) filter (where step = 'scan') as k from jobs_0879 group by id) s;
select count(*) > 30, bool_and((r.status = 'ready') = (m.id is not null)), bool_and(m.owner_id = f.owner_id and m.status = 'ready' and sha256(testdata.asset_bytes(m.id)) = m.sha256::bytea), bool_and(r.recipe_sha256::bytea = automation.recipe(f.sha256, r.profile)), bool_and(not exists (select from automation.asset_jobs j where j.asset_id = r.asset_id and j.profile = r.profile and (j.state = 'done') <> (r.status = 'ready')))
from automation.renditions r join testdata.entities e on e.id = r.asset_id and e.seed = 42879 join core.assets f on f.id = r.asset_id left join core.assets m on m.id = r.rendition_asset_id;
select count(*) > 30, bool_and(k = 3 and core.uuid_time(id) = created_at) from (select m.id, m.created_at, count(s.id) as k from automation.renditions r join core.assets m on m.id = r.rendition_asset_id join core.status_changes s on s.entity_id = m.id where testdata.tag_of(m.id) = testdata.seed_tag(42879) group by 1, 2) l;
-- prompts: scores that the scorers find again, and the planted regression
set constraints all immediate;
create temporary table prompts_0879 as select testdata.key_of(p.id) as n, p.id, p.key, p.active_version_id, a.id as v1, b.id as v2 from automation.prompts p join automation.prompt_versions a on a.prompt_id = p.id and a.number = 1 join automation.prompt_versions b on b.prompt_id = p.id and b.number = 2 where testdata.tag_of(p.id) = testdata.seed_tag(42879);
select count(*) = 8, bool_and(c.cases = 10 and c.mean_difference = case when n % 4 = 1 then -0.3 else 0.2 end and case when n % 4 = 1 then c.low < 0 and active_version_id = v1 else c.high > 0 and active_version_id = v2 end) from prompts_0879, automation.compare_versions(v1, v2) c;
create temporary table scores_0879 as select e.id, e.score, e.passed, e.run_id from automation.evaluations e where testdata.tag_of(e.id) = testdata.seed_tag(42879);
select bool_and(automation.evaluate(v, 'small-1') = case when (v = v1) = (n % 4 = 1) then 1 when v = v1 then 0.8 else 0.7 end) from prompts_0879, unnest(array[v1, v2]) v;
select count(*) = 160, bool_and(e.score = s.score and e.passed = s.passed and e.run_id = s.run_id) from scores_0879 s join automation.evaluations e using (id);
select count(*) = 8 * 56, bool_and(r.cost_usd = round((r.tokens_in * m.price + r.tokens_out * m.price * 4) / 1000000, 6)), corr(r.cost_usd, r.tokens_out) > 0.3, count(distinct r.status) = 3, bool_and((r.status = 'succeeded') = (r.output is not null)), count(distinct r.user_id) > 5, bool_and((r.user_id is null) = (r.agent_id is not null)), bool_and(r.occurred_at < testdata.window_end()),
  bool_and(r.occurred_at >= v.approved_at or r.trace ? 'case_id') from automation.prompt_runs r join prompts_0879 p on p.id = r.prompt_id join automation.prompt_versions v on v.id = r.prompt_version_id cross join lateral (select case r.model when 'small-1' then 0.15 else 3.0 end as price) m;
select bool_and(x.sha256 = r.rendered_sha256::bytea), count(*) = 8 * 20 from automation.prompt_runs r join prompts_0879 p on p.id = r.prompt_id join automation.prompt_versions v on v.id = r.prompt_version_id cross join lateral automation.render_prompt(p.key, r.inputs, v.number) x where r.trace ? 'case_id';
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.gen_automation(42879, 0, 10, 0.001)', 'select testdata.gen_asset_jobs(42879, 0, 1, 0.001)', 'select testdata.gen_prompts(42879, 0, 1, 0.001)']) sql;
select count(*) = 3, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name in ('gen_automation', 'gen_asset_jobs', 'gen_prompts');

-- revert
delete from testdata.generators where name in ('gen_automation', 'gen_asset_jobs', 'gen_prompts');
drop function testdata.gen_prompts;
drop function testdata.gen_asset_jobs;
drop function testdata.gen_automation;
