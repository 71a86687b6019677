-- Scenario: an endpoint that fails in every way for hours, and four others beside it. No network: testdata.responses says who answers what. Kinds of uid(): 460 people, 461 hooks, 462 events, 463 designs the events are about.

-- task: BUILD_0888 create_test_data drill
-- title: Play a webhook endpoint outage from first timeout to replay: testdata.play_webhook_outage(seed, n)
-- does: n ordered events of 25 designs, two in a row of each, go to five hooks over 30 hours of simulated time: one is always well, one answers 404, times out, answers 503 and is well again, one fails now and then (503) and asks to wait (429), one goes for good (410), one is slow. The
--   worker claims, completes and fails through the public functions; attempts are kept in outage_attempts and held against a schedule that is worked out here: pauses, breaker, order. The owner then replays what was given up.
-- proves: every step holds: each attempt comes when its pause, its breaker and the events before it allow, order never inverts, others wait for nobody, each event arrives once at every hook that is left, the 410 hook is disabled; an
--   attempt moved by a minute shows.
-- needs: BUILD_0215, BUILD_0854, BUILD_0881
create table testdata.responses (
  hook int not null,
  since interval not null,
  code int,
  latency_ms int not null,
  retry_after interval,
  every int not null default 1 constraint responses_every_check check (every > 0),
  constraint responses_hook_since_pk primary key (hook, since)
);

insert into testdata.responses (hook, since, code, latency_ms, retry_after, every) values
  (1, '0', 200, 40, null, 1),
  (2, '0', 200, 60, null, 1), (2, '30 min', 404, 20, null, 1), (2, '55 min', null, 10000, null, 1), (2, '3 hours', 503, 30, null, 1), (2, '8 hours', 200, 60, null, 1),
  (3, '0', 200, 50, null, 1), (3, '21 min', 503, 10, null, 5), (3, '22 min', 200, 50, null, 1), (3, '1 hour', 429, 10, '15 min', 1), (3, '90 min', 200, 50, null, 1),
  (4, '0', 200, 70, null, 1), (4, '72 min', 410, 15, null, 1),
  (5, '0', 200, 9500, null, 1);

create table testdata.outage_attempts (
  seed bigint not null,
  delivery_id uuid not null,
  attempt_no int not null,
  hook int not null,
  event int not null,
  at interval not null,
  code int,
  retry_after interval,
  opened_until interval,
  constraint outage_attempts_seed_delivery_id_attempt_no_pk primary key (seed, delivery_id, attempt_no)
);

create function testdata.outage_faults(seed bigint, tick interval, aggregates int) returns table (fault text, n bigint)
  language sql stable set search_path = ''
as $$
  with attempts as materialized (
    select a.*, (a.event + 1) / 2 % aggregates as aggregate, lag(a.at) over one as before, lag(a.retry_after) over one as asked, 5 * power(2.117::double precision, a.attempt_no - 2) * interval '1 second' as pause, a.event / 5 * tick as event_at,
      lead(a.at) over one is null as is_last
    from testdata.outage_attempts a where a.seed = outage_faults.seed and not exists (select from automation.deliveries d where d.id = a.delivery_id and d.replay_of is not null) window one as (partition by a.delivery_id order by a.attempt_no)),
  opened as (select a.hook, a.at, max(a.opened_until) as until, row_number() over (partition by a.hook order by a.at) as k from attempts a where a.opened_until > a.at group by a.hook, a.at),
  due as (
    select a.*, case when a.before is null then a.event_at else a.before + greatest(coalesce(a.asked, '0'), 0.8 * least(a.pause, '24 hours')) end as earliest, case when a.before is null then a.event_at else a.before + greatest(coalesce(a.asked, '0'), least(a.pause, '24 hours')) end as latest
    from attempts a)
  select 'early', count(*) from due d where d.at < d.earliest
  union all
  select 'late', count(*) from due d where d.at > greatest(d.latest, (select max(o.until) from opened o where o.hook = d.hook and o.at < d.at),
    (select max(e.at) from due e where e.hook = d.hook and e.aggregate = d.aggregate and e.event < d.event and e.is_last))
  union all
  select 'while open', count(*) from attempts a join opened o on o.hook = a.hook and a.at > o.at and a.at < o.until
  union all
  select 'more than a probe', count(*) from (select o.hook, o.until from opened o join attempts a on a.hook = o.hook and a.at = o.until and coalesce(a.code, 0) <> 200 group by 1, 2 having count(*) > 1) p
  union all
  select 'out of order', count(*) from attempts a join attempts b on b.hook = a.hook and b.aggregate = a.aggregate and b.event < a.event and b.is_last and b.at > a.at
$$;

create function testdata.deliver_outage(seed bigint, n int, begun timestamptz, sent int, at timestamptz) returns timestamptz
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  ms constant bigint := testdata.ms(begun);
  hooks constant uuid[] := array(select testdata.uid(seed, 461, k, ms) from generate_series(1, 5) k order by k);
  event uuid;
  job record;
  answer testdata.responses;
  got text;
begin
  loop
    while sent < n and begun + sent / 5 * interval '432 s' <= at loop
      event := testdata.uid(seed, 462, sent, testdata.ms(at));
      insert into automation.outbox (id, event_type, aggregate_kind, aggregate_id, payload) values (event, 'design.released', 'design', testdata.uid(seed, 463, (sent + 1) / 2 % 25, ms), jsonb_build_object('id', testdata.uid(seed, 463, (sent + 1) / 2 % 25, ms), 'status', 'released', 'title', 'Event ' || sent));
      perform automation.enqueue_deliveries(event, hooks);
      sent := sent + 1;
    end loop;
    loop
      got := null;
      for job in select c.*, array_position(hooks, c.webhook_id) as hook, right((select o.payload ->> 'title' from automation.outbox o where o.id = c.event_id), -6)::int as event from automation.claim_deliveries('outage', 100, '1 minute', at) c loop
        select r.* into answer from testdata.responses r where r.hook = job.hook and r.since <= at - begun and job.event % r.every = 0 order by r.since desc limit 1;
        if answer.code = 200 then
          got := automation.complete_delivery(job.delivery_id, job.fence, 200, answer.latency_ms, 'ok', at);
        else
          got := automation.fail_delivery(job.delivery_id, job.fence, case when answer.code is null then 'timeout' else 'http' end, answer.code, answer.latency_ms, null, answer.retry_after, at);
        end if;
        insert into testdata.outage_attempts (seed, delivery_id, attempt_no, hook, event, at, code, retry_after, opened_until)
        select seed, job.delivery_id, job.attempt_no, job.hook, job.event, at - begun, answer.code, answer.retry_after, w.opened_until - begun from core.webhooks w where w.id = job.webhook_id;
      end loop;
      exit when got is null;
    end loop;
    at := least(case when sent < n then begun + sent / 5 * interval '432 s' end, (
      select min(greatest(h.next_attempt_at, w.opened_until, p.probe_until)) from core.webhooks w left join core.webhook_health p on p.webhook_id = w.id, lateral (
        select distinct on (d.ordering_key) d.next_attempt_at from automation.deliveries d where d.webhook_id = w.id and d.status in ('pending', 'failed') order by d.ordering_key, d.event_seq, d.event_at, d.id) h
      where w.id = any (hooks) and w.status = 'active'));
    exit when at is null or at > begun + interval '30 hours';
  end loop;
  return at;
end $$;

create function testdata.play_webhook_outage(seed bigint, n int default 500) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  begun constant timestamptz := now();
  ms constant bigint := testdata.ms(begun);
  tick constant interval := '432 s';
  person constant uuid[] := testdata.players(seed, 460, 'outage', 2, begun);
  owner constant uuid := person[1];
  hooks constant uuid[] := array(select testdata.uid(seed, 461, k, ms) from generate_series(1, 5) k order by k);
  others automation.deliveries[];
  given_up bigint;
  again bigint;
  got text;
begin
  insert into core.webhooks (id, owner_id, name, target_url, status, verified_at, event_patterns) select hooks[k], owner, 'outage-' || tag || '-' || k, 'https://hooks-' || k || '.example.com/outage', 'active', begun, '{}' from generate_series(1, 5) k;
  with held as (  -- the worker would claim what others wait for
    update automation.deliveries d set next_attempt_at = 'infinity', lease_until = d.lease_until + interval '1000 years' where d.status in ('pending', 'failed', 'in_flight') returning old)
  select array_agg(h.old) into others from held h;
  perform core.act_as(null, 'hc_worker');
  perform testdata.deliver_outage(seed, n, begun, 0, begun);
  return query select * from testdata.step(1, 'every event is on its way to every hook', format('%s events, %s deliveries', n, 5 * n), (select format('%s events, %s deliveries', count(distinct d.event_id), count(*)) from automation.deliveries d where d.webhook_id = any (hooks)));
  return query select * from testdata.step(2, 'the well and the slow hook wait for nobody', format('%s at once', 2 * n), (select format('%s at once', count(*) filter (where a.at = a.event / 5 * tick and a.code = 200 and a.attempt_no = 1)) from testdata.outage_attempts a where a.seed = play_webhook_outage.seed and a.hook in (1, 5)));
  return query select * from testdata.step(3, 'attempts keep to their pauses, the breaker and the order', 'early 0, late 0, more than a probe 0, out of order 0, while open 0',
    (select string_agg(x.fault || ' ' || x.n, ', ' order by array_position('{early,late,more than a probe,out of order,while open}'::text[], x.fault)) from testdata.outage_faults(seed, tick, 25) x));
  return query select 4, 'what asked for 15 minutes got them', s.e, s.f, s.f = s.e and s.e <> '0 of 0 sooner'
    from (select format('%s of %s sooner', count(*) filter (where g.gap < '15 min'), count(*)) as f, format('0 of %s sooner', count(*)) as e
      from (select lead(a.at) over (partition by a.delivery_id order by a.attempt_no) - a.at as gap, a.code from testdata.outage_attempts a where a.seed = play_webhook_outage.seed and a.hook = 3) g where g.code = 429) s;
  return query select 5, 'the breaker of the failing hook opens for twice as long each time', s.e, s.f, s.f = s.e
    from (select string_agg(o.minutes::text, ' ' order by o.at) as f, string_agg(least(2 ^ (o.k - 1), 360)::text, ' ' order by o.at) as e
      from (select a.at, extract(epoch from max(a.opened_until) - a.at)::int / 60 as minutes, row_number() over (order by a.at) as k from testdata.outage_attempts a where a.seed = play_webhook_outage.seed and a.hook = 2 and a.opened_until > a.at group by a.at) o) s;
  return query select 6, 'what got a 404 is given up at once, and shown', s.e, s.f, s.f = s.e and s.e <> '0'
    from (select (select count(*)::text from testdata.outage_attempts a where a.seed = play_webhook_outage.seed and a.code = 404) as e, (select count(*)::text from automation.dead_letters l where l.webhook_id = hooks[2] and l.last_status_code = 404 and not l.is_replayed) as f) s;
  return query select 7, 'the hook that is gone is disabled and asked no more', s.e, s.f, s.f = s.e
    from (select format('disabled, last asked at 01:12:00, %s wait', n - count(distinct a.delivery_id)) as e,
        format('%s, last asked at %s, %s wait', (select w.status from core.webhooks w where w.id = hooks[4]), max(a.at), (select count(*) from automation.deliveries d where d.webhook_id = hooks[4] and d.status = 'pending')) as f
      from testdata.outage_attempts a where a.seed = play_webhook_outage.seed and a.hook = 4) s;

  perform core.act_as(person[2]);
  got := left(testdata.answer(format('select automation.replay(%L)', hooks[3])), 5);
  perform core.act_as(owner);
  return query select * from testdata.step(8, 'nobody replays another''s hook, nor one that is disabled', '42501 42501', got || ' ' || left(testdata.answer(format('select automation.replay(%L)', hooks[4])), 5));
  given_up := automation.replay(hooks[2]);
  again := automation.replay(hooks[2]);
  return query select 9, 'the owner replays what was given up, once', s.e, s.f, s.f = s.e
    from (select format('%s, then 0', count(*)) as e, format('%s, then %s', given_up, again) as f from testdata.outage_attempts a where a.seed = play_webhook_outage.seed and a.code = 404) s;
  perform core.act_as(null, 'hc_worker');
  perform testdata.deliver_outage(seed, n, begun, n, begun + interval '30 hours');
  return query select 10, 'each event has arrived once at each hook that is left, under its own id', format('%s events, %s arrivals, 1 each', n, 4 * n), s.f, s.f = format('%s events, %s arrivals, 1 each', n, 4 * n)
    from (select format('%s events, %s arrivals, %s each', count(distinct x.event_id), sum(x.times), max(x.times)) as f
      from (select d.event_id, d.webhook_id, count(*) as times from automation.deliveries d where d.webhook_id = any (hooks[1:3] || hooks[5]) and d.status = 'succeeded' and exists (select from automation.outbox o where o.id = d.event_id) group by 1, 2) x) s;
  update automation.deliveries d set next_attempt_at = h.next_attempt_at, lease_until = h.lease_until from unnest(others) h where d.id = h.id and d.occurred_at = h.occurred_at and d.webhook_id = h.webhook_id;
end $$;

comment on table testdata.responses is 'What the endpoints of the outage answer, instead of a network. @distribution local';
comment on column testdata.responses.hook is 'Hook, 1 to 5.';
comment on column testdata.responses.since is 'From then on, after the begin; until the next row.';
comment on column testdata.responses.code is 'HTTP status; null for a timeout.';
comment on column testdata.responses.latency_ms is 'How long it takes.';
comment on column testdata.responses.retry_after is 'What Retry-After says.';
comment on column testdata.responses.every is 'Only to events whose number it divides.';
comment on table testdata.outage_attempts is 'Attempts of played outages, in simulated time. @distribution local';
comment on column testdata.outage_attempts.seed is 'Seed it was played with.';
comment on column testdata.outage_attempts.delivery_id is 'Delivery.';
comment on column testdata.outage_attempts.attempt_no is 'Which attempt of it.';
comment on column testdata.outage_attempts.hook is 'Hook, 1 to 5.';
comment on column testdata.outage_attempts.event is 'Event, from 0.';
comment on column testdata.outage_attempts.at is 'When, after the begin.';
comment on column testdata.outage_attempts.code is 'What was answered; null for a timeout.';
comment on column testdata.outage_attempts.retry_after is 'For how long the endpoint asked to wait.';
comment on column testdata.outage_attempts.opened_until is 'Until when the breaker is open after it, after the begin.';
comment on function testdata.outage_faults is 'Attempts that disagree with the schedule, worked out from the pauses (5 s times 2.117, less a fifth at most), the openings and the order of each design, and from nothing that the queue says.';
comment on function testdata.deliver_outage is 'The clock and the worker: sends the events that are not sent, claims and settles what is due, goes on to the next instant at which something is; returns where it stopped, after 30 hours at the latest.';
comment on function testdata.play_webhook_outage is 'Five hooks, one of which is out for hours, from the first timeout to the replay. Steps with what was expected and found. Its rows stay; deliveries of others are left alone.';

-- verify
select blueprint.raises('select testdata.play_webhook_outage(42888)', '42501', 'not allowed');
set local testdata.allow = on;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000888001', 'ada-0888');
insert into core.webhooks (id, owner_id, name, target_url, status) values ('00000000-0000-7000-8000-000000888011', '00000000-0000-7000-8000-000000888001', 'a-0888', 'https://example.org', 'active');
insert into automation.deliveries (id, webhook_id, event_id, event_at, event_type, next_attempt_at) values ('00000000-0000-7000-8000-000000888021', '00000000-0000-7000-8000-000000888011', uuidv7(), now(), 'webhook.test', now());
create temporary table other_0888 as select d::text as row from automation.deliveries d where d.id = '00000000-0000-7000-8000-000000888021';
create temporary table play_0888 as select * from testdata.play_webhook_outage(42888, 60);
select step, what, expected, found, ok from pg_temp.play_0888 order by ok, step;
select count(*) = 10, array_agg(step order by step) = array(select generate_series(1, 10)) from pg_temp.play_0888;
select d::text = o.row from automation.deliveries d, pg_temp.other_0888 o where d.id = '00000000-0000-7000-8000-000000888021';
select count(*) = 5, bool_and(testdata.is_test_id(id)), count(*) filter (where status = 'disabled') = 1 from core.webhooks where name like 'outage-' || to_hex(testdata.seed_tag(42888)) || '-%';
create function pg_temp.moved_0888(by interval, moved_hook int, code_before int) returns text language plpgsql as $$
declare
  found text;
begin
  update testdata.outage_attempts a set at = a.at + by where (a.delivery_id, a.attempt_no) = (
    select b.delivery_id, b.attempt_no + 1 from testdata.outage_attempts b where b.seed = 42888 and b.hook = moved_hook and b.code is not distinct from code_before and exists (select from testdata.outage_attempts c where c.delivery_id = b.delivery_id and c.attempt_no = b.attempt_no + 1) order by b.attempt_no desc limit 1);
  select string_agg(f.fault, ' ' order by f.fault) into found from testdata.outage_faults(42888, '432 s', 25) f where f.n > 0;
  raise exception using errcode = 'P0888', message = coalesce(found, 'none');
exception when sqlstate 'P0888' then
  return sqlerrm;
end $$;
select pg_temp.moved_0888('0', 3, 503) = 'none', pg_temp.moved_0888('1 minute', 3, 503) = 'late out of order', pg_temp.moved_0888('-10 seconds', 3, 503) = 'early late', pg_temp.moved_0888('-1 minute', 3, 429) = 'while open', pg_temp.moved_0888('1 minute', 3, 429) = 'late out of order';
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into testdata.responses select * from testdata.responses limit 1 $$, 'responses_hook_since_pk'), ($$ insert into testdata.outage_attempts select * from testdata.outage_attempts where seed = 42888 limit 1 $$, 'outage_attempts_seed_delivery_id_attempt_no_pk')) v(sql, rule);
select blueprint.raises('insert into testdata.responses (hook, since, latency_ms, every) values (9, ''0'', 1, 0)', '23514', 'responses_every_check');
insert into testdata.responses (hook, since, latency_ms) values (9, '0', 1) returning every = 1;
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.responses'::regclass, 'testdata.outage_attempts'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
