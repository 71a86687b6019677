-- Test data, automation: hooks, and what leaves and enters through them. Kinds of uid(): 210 hooks, 211 signing keys, 212 inbound events, 213 jobs of files, 214 prompts, 215 their versions, 216 runs, 217 test cases, 218 evaluations,
-- 219 attempts, 220-229 events by machine (testdata.event_machines), 230-239 their deliveries. Salts are the number of the task and two digits.

-- task: BUILD_0870 create_test_data drill
-- title: Generate core.webhooks in both directions with matching patterns, filters and health histories
-- does: Three of four hooks send to https://hooks-<n>.example.com and one receives; the first four are the platform's own, the others belong to active people by zipf. webhooks_of() tells the whole plan: walks of machine webhook, the last
--   delivery that was accepted and the failing one after it, whose attempts follow the back-off up to the end of the window: counters, breaker and reason for being disabled come from it. Of five filters one holds for the sample of
--   an event it is asked about. Every hook that ever was active subscribes to its test event and has signing keys (where the keyring has a key webhook), one in five a replaced one; inbound_token() and webhook_secret() tell the secrets.
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
  returns table (n bigint, id uuid, owner_id uuid, direction text, topic int, status text, path text[], times timestamptz[], at timestamptz, active_at timestamptz, left_at timestamptz, good_at timestamptz, bad_times timestamptz[], bad_code int)
  language plpgsql stable set search_path = ''
as $$
declare
  people constant bigint := testdata.keys_of('gen_users', sf);
  until constant timestamptz := testdata.window_end();
begin
  return query
  with draws as materialized (
    select k as n, case when k < 4 then (array[5, 0, 1, 6])[k + 1] else testdata.zipf(testdata.unit(seed, 87001, k), greatest(20, people / 5), 1.05) - 1 end as wanted, testdata.unit(seed, 87002, k) as u_status, testdata.unit(seed, 87003, k) as u,
      testdata.unit(seed, 87004, k) as u_health, testdata.int_between(seed, 87005, k, 0, 9)::int as drawn
    from generate_series(lo, hi - 1) k offset 0),
  owned as materialized (
    select d.*, o.id as owner_id, date_trunc('milliseconds', o.at + (until - o.at) * (0.05 + case when d.n < 4 then 0 else 0.6 * d.u * d.u end)) as at, w.status, w.path
    from draws d left join testdata.entities e on e.seed = webhooks_of.seed and e.kind = 'user' and e.n = d.wanted left join core.users a on a.id = e.id
    join testdata.entities o on o.seed = webhooks_of.seed and o.kind = 'user' and o.n = case when a.status = 'active' and a.kind in ('human', 'organisation') then d.wanted else d.wanted % 20 end
    join testdata.walks_of('webhook', '{"active": 80, "pending_verification": 6, "paused": 6, "disabled": 8}') w on case when d.n < 4 then w.path = '{pending_verification,active}' else d.u_status >= w.lo and d.u_status < w.hi end),
  walked as materialized (
    select o.*, s.times, s.times[array_position(o.path, 'active')] as active_at, s.times[array_position(o.path, 'active') + 1] as left_at
    from owned o, lateral (select testdata.steps_of(o.u, o.at, until, cardinality(o.path)) as times) s),
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
      when b.bad_at is not null then b.bad_at - least(interval '1 second' * (60 + 540 * b.u), (b.bad_at - b.active_at) / 2) when b.left_at is not null then b.left_at - least(interval '1 hour', (b.left_at - b.active_at) / 2)
      else until - least(interval '1 second' * (5 + 295 * b.u), (until - b.active_at) / 2) end) end,
    case when b.fails = 0 then array[b.bad_at] when b.fails > 0 then array(select t from unnest(testdata.attempt_times(testdata.delivery_id(seed, 'webhook', b.n, b.n, b.bad_at - interval '0.3 seconds'), b.bad_at, 15)) t where t <= until) else '{}' end,
    case when b.fails = 0 then 410 when b.fails > 0 then (array[503, 500, 502, null])[1 + b.drawn % 4] end
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
      from testdata.webhooks_of(seed, lo, hi, sf) w, lateral (select date_trunc('milliseconds', w.active_at + (testdata.window_end() - w.active_at) * 0.3) as rotated_at) r,
        lateral (values (0, case when w.n % 5 = 1 then tstzrange(w.active_at, r.rotated_at + interval '24 hours') else tstzrange(w.active_at, null) end), (1, case when w.n % 5 = 1 then tstzrange(r.rotated_at, null) end)) s(slot, during)
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
comment on function testdata.webhooks_of is 'The plan of the hooks of a range: owner, walk with its times, topic, when they were active, last accepted delivery (good_at) and the attempts of the failing one after it. Asks the entities user.';
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
select bool_and(u.status = 'active'), count(*) filter (where e.n in (5, 0, 1, 6)) > 3 from pg_temp.made_0870 m join core.users u on u.id = m.owner_id join testdata.entities e on e.id = u.id;
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
