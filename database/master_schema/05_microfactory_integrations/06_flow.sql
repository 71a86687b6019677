-- Room production, flow: what machines measure, whether parts are good, where stock lies and goes, and how parcels reach their customers.

-- task: BUILD_0117 implement_feature critical
-- title: Telemetry ingest: idempotent batches, clock skew guard and anomaly flags
-- does: production.issue_machine_key() gives a machine its key once, of which a digest stays. production.ingest(key, batch) takes up to 10,000 points, each once, refuses those from the future or
--   before the oldest month point by point, and flags what lies far from the median of the last hour (6 x MAD) in the open run.
-- proves: 1,000 points twice are 1,000 and 0 accepted, a spike is flagged and noise is not, future and ancient points are refused with their reason, a wrong key raises 28000, an old key ends.
-- needs: BUILD_0005, BUILD_0017, BUILD_0034, BUILD_0105, BUILD_0106, BUILD_0111
create function production.issue_machine_key(machine uuid) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  minted record;
begin
  perform production.require_floor((select m.microfactory_id from production.machines m where m.id = machine));
  select * into minted from core.mint_token('machine');
  update production.machines m set telemetry_key_sha256 = minted.digest where m.id = machine;
  return minted.token;
end $$;

create function production.ingest(machine_key text, batch jsonb, at timestamptz default now()) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  sender production.machines;
  open_run uuid;
  oldest timestamptz; newest timestamptz;
  points int;
  accepted int;
  rejected jsonb;
  flagged jsonb;
begin
  select * into sender from production.machines m where m.telemetry_key_sha256 = core.token_digest(machine_key) and m.status <> 'retired';
  if sender.id is null then
    raise exception using errcode = '28000', message = 'this is no key of a machine';
  elsif jsonb_typeof(batch) is distinct from 'array' or jsonb_array_length(batch) > 10000 then
    raise exception using errcode = '22023', message = 'a batch is a list of up to 10,000 points';
  end if;
  points := jsonb_array_length(batch);
  select min(p.from_at), max(p.to_at) into oldest, newest from core.month_partitions('production.telemetry') p;
  select r.id into open_run from production.runs r where r.machine_id = sender.id and r.outcome is null;
  with read as (
    select p.n - 1 as n, p.point ->> 'metric' as metric, case when pg_input_is_valid(p.point ->> 'at', 'timestamptz') then (p.point ->> 'at')::timestamptz end as occurred_at,
      case when jsonb_typeof(p.point -> 'value') = 'number' then (p.point ->> 'value')::float8 end as value, p.point ->> 'unit' as unit, case when p.point ->> 'quality' ~ '^\d{1,4}$' then (p.point ->> 'quality')::smallint else 0::smallint end as quality
    from jsonb_array_elements(batch) with ordinality p(point, n)
  ), judged as (
    select r.*, case when r.metric is null or r.value is null or r.occurred_at is null then 'not a point: metric, at, value' when r.occurred_at > at + interval '5 minutes' then 'more than five minutes ahead'
      when r.occurred_at < oldest or r.occurred_at >= newest then 'before the oldest month kept' end as problem from read r
  ), written as (
    insert into production.telemetry (machine_id, metric, occurred_at, run_id, value, unit, quality)
    select sender.id, j.metric, j.occurred_at, open_run, j.value, j.unit, j.quality from judged j where j.problem is null
    on conflict on constraint telemetry_machine_id_metric_occurred_at_pk do nothing returning metric
  )
  select (select count(*) from written), coalesce(jsonb_agg(jsonb_build_object('index', j.n, 'reason', j.problem) order by j.n), '[]') into accepted, rejected from judged j where j.problem is not null;
  with fresh as (
    select p.point ->> 'metric' as metric, (p.point ->> 'at')::timestamptz as occurred_at from jsonb_array_elements(batch) with ordinality p(point, n)
    where accepted > 0 and p.n - 1 not in (select (x ->> 'index')::int from jsonb_array_elements(rejected) x)
  ), spans as (
    select f.metric, min(f.occurred_at) as since, max(f.occurred_at) as until from fresh f group by f.metric
  ), centres as (
    select s.metric, s.since, s.until, percentile_cont(0.5) within group (order by t.value) as median, count(*) as n
    from spans s join production.telemetry t on t.machine_id = sender.id and t.metric = s.metric and t.occurred_at > s.until - interval '1 hour' and t.occurred_at <= s.until group by s.metric, s.since, s.until
  ), spreads as (
    select c.metric, c.since, c.until, c.median, percentile_cont(0.5) within group (order by abs(t.value - c.median)) * 1.4826 as mad
    from centres c join production.telemetry t on t.machine_id = sender.id and t.metric = c.metric and t.occurred_at > c.until - interval '1 hour' and t.occurred_at <= c.until where c.n >= 20 group by c.metric, c.since, c.until, c.median
  )
  select coalesce(jsonb_agg(jsonb_build_object('metric', t.metric, 'at', t.occurred_at, 'value', t.value, 'z', round(((t.value - s.median) / s.mad)::numeric, 1)) order by t.occurred_at), '[]') into flagged
  from spreads s join production.telemetry t on t.machine_id = sender.id and t.metric = s.metric and t.occurred_at >= s.since and t.occurred_at <= s.until
  where s.mad > 0 and abs(t.value - s.median) > 6 * s.mad;
  if open_run is not null and flagged <> '[]' then
    update production.runs r set anomalies = r.anomalies || (select coalesce(jsonb_agg(f), '[]') from jsonb_array_elements(flagged) f where not r.anomalies @> jsonb_build_array(f)) where r.id = open_run;
  end if;
  return jsonb_build_object('accepted', accepted, 'duplicate', points - accepted - jsonb_array_length(rejected), 'rejected', jsonb_array_length(rejected), 'reasons', rejected, 'anomalies', flagged);
end $$;

create unique index machines_telemetry_key_sha256_key on production.machines (telemetry_key_sha256);

grant execute on function production.issue_machine_key to hc_member;
grant execute on function production.ingest to hc_anon, hc_worker;

comment on index production.machines_telemetry_key_sha256_key is 'The machine of a key.';
comment on function production.issue_machine_key is 'A new key for a machine, shown once; the old one ends. For its factory. Security definer: digests have no grant.';
comment on function production.ingest is 'Takes [{"metric", "at", "value", "unit", "quality"}] under a machine key and returns accepted, duplicate, rejected, reasons and anomalies. Security definer: machines have no account and read nothing.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000117001', 'ada-0117'), ('00000000-0000-7000-8000-000000117002', 'bob-0117');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000117003', '00000000-0000-7000-8000-000000117001', 'probe-0117', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000117004', '00000000-0000-7000-8000-000000117003', 1, sha256('117'), '00000000-0000-7000-8000-000000117001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000117005', '00000000-0000-7000-8000-000000117001', 'works-0117', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000117006', '00000000-0000-7000-8000-000000117005', 'S-1', 'M', 'printer', 'available');
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000117007', '00000000-0000-7000-8000-000000117002');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000117007', 1, '00000000-0000-7000-8000-000000117004', 5);
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000117008', '00000000-0000-7000-8000-000000117007', 1, 5);
insert into production.runs (id, work_order_id, machine_id) values ('00000000-0000-7000-8000-000000117009', '00000000-0000-7000-8000-000000117008', '00000000-0000-7000-8000-000000117006');
select core.act_as('00000000-0000-7000-8000-000000117002');
set local role hc_member;
select blueprint.raises($$ select production.issue_machine_key('00000000-0000-7000-8000-000000117006') $$, '42501', 'people of the factory');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000117001');
set local role hc_member;
select set_config('probe.old', production.issue_machine_key('00000000-0000-7000-8000-000000117006'), true) is not null;
select set_config('probe.key', production.issue_machine_key('00000000-0000-7000-8000-000000117006'), true) ~ '^hc_machine_';
set local role hc_owner;
select set_config('probe.batch', jsonb_agg(jsonb_build_object('metric', 'nozzle_temperature', 'at', now() - make_interval(secs => 1001 - n), 'value', 210 + (n % 7) * 0.1, 'unit', 'degC'))::text, true) is not null from generate_series(1, 1000) n;
set local role hc_anon;
select r @> '{"accepted": 1000, "duplicate": 0, "rejected": 0, "anomalies": []}' from production.ingest(current_setting('probe.key'), current_setting('probe.batch')::jsonb) r;
select r @> '{"accepted": 0, "duplicate": 1000, "rejected": 0}' from production.ingest(current_setting('probe.key'), current_setting('probe.batch')::jsonb) r;
select r @> '{"accepted": 2, "rejected": 4}' and r #>> '{reasons,0,reason}' like 'more than five%' and r #>> '{reasons,1,reason}' like 'before the oldest%' and r #>> '{reasons,2,reason}' like 'not a point%' and jsonb_path_query_array(r, '$.reasons[*].index') = '[1, 2, 3, 4]'
  and jsonb_array_length(r -> 'anomalies') = 1 and (r #>> '{anomalies,0,z}')::numeric > 10 and r #>> '{anomalies,0,value}' = '240'
from production.ingest(current_setting('probe.key'), jsonb_build_array(jsonb_build_object('metric', 'nozzle_temperature', 'at', now(), 'value', 240), jsonb_build_object('metric', 'x', 'at', now() + interval '6 minutes', 'value', 1), jsonb_build_object('metric', 'x', 'at', '2001-01-01', 'value', 1),
  jsonb_build_object('metric', 'x', 'at', now(), 'value', 'hot'), '5'::jsonb, jsonb_build_object('metric', 'nozzle_temperature', 'at', now() - interval '0.5 seconds', 'value', 210.4))) r;
select blueprint.raises(format('select production.ingest(%L, %L)', key, batch), state, why) from (values ('nonsense', '[]', '28000', 'no key'), (current_setting('probe.old'), '[]', '28000', 'no key'), (current_setting('probe.key'), '{}', '22023', '10,000')) v(key, batch, state, why);
set local role hc_owner;
select jsonb_array_length(anomalies) = 1 and anomalies #>> '{0,metric}' = 'nozzle_temperature' from production.runs where id = '00000000-0000-7000-8000-000000117009';
select count(*) = 1002 and bool_and(run_id = '00000000-0000-7000-8000-000000117009') from production.telemetry where machine_id = '00000000-0000-7000-8000-000000117006';
select blueprint.raises($$ insert into production.machines (microfactory_id, serial, model, kind, telemetry_key_sha256) select microfactory_id, 'S-2', 'M', 'printer', telemetry_key_sha256 from production.machines where id = '00000000-0000-7000-8000-000000117006' $$, '23505', 'machines_telemetry_key_sha256_key');
select has_function_privilege('hc_member', 'production.issue_machine_key(uuid)', 'execute') and not has_function_privilege('hc_anon', 'production.issue_machine_key(uuid)', 'execute'), has_function_privilege('hc_anon', 'production.ingest(text, jsonb, timestamptz)', 'execute') and has_function_privilege('hc_worker', 'production.ingest(text, jsonb, timestamptz)', 'execute')
  and not has_function_privilege('hc_analyst', 'production.ingest(text, jsonb, timestamptz)', 'execute'), (select bool_and(prosecdef) from pg_proc where oid in ('production.issue_machine_key(uuid)'::regprocedure, 'production.ingest(text, jsonb, timestamptz)'::regprocedure));

-- task: BUILD_0118 implement_feature
-- title: Quality control: control charts, Cpk and automatic hold
-- does: production.control_chart() gives mean, moving-range limits and broken rules (beyond three sigma, seven on one side) of a machine's characteristic, cpk() the capability of a version's. A check that
--   breaks a rule, or a Cpk below 1 from ten checks on, puts its work order on hold with the evidence; disposition() settles a check, concessions with a reason.
-- proves: a known series has Cpk 1.33, seven on one side and a point far out hold the work order, a concession without reason and one's own part raise.
-- needs: BUILD_0005, BUILD_0105, BUILD_0106, BUILD_0109, BUILD_0111
create function production.control_chart(machine uuid, characteristic text, max_points int default 50)
  returns table (check_id uuid, measured numeric, centre numeric, lower_control numeric, upper_control numeric, rule text)
  language sql stable
begin atomic
  with points as (
    select q.id, q.measured, row_number() over (order by q.created_at, q.id) as n from (
      select x.id, x.measured, x.created_at from production.quality_checks x join production.runs r on r.id = x.run_id
      where r.machine_id = machine and x.characteristic = control_chart.characteristic and x.measured is not null order by x.created_at desc, x.id desc limit max_points) q
  ), ranges as (
    select p.*, avg(p.measured) over () as centre, abs(p.measured - lag(p.measured) over (order by p.n)) as moved from points p
  ), limits as (
    select r.*, avg(r.moved) over () * 2.66 as reach from ranges r
  ), sided as (
    select l.*, sum((l.measured > l.centre)::int) over last7 as above, sum((l.measured < l.centre)::int) over last7 as below from limits l window last7 as (order by l.n rows between 6 preceding and current row)
  )
  select s.id, s.measured, round(s.centre, 6), round(s.centre - s.reach, 6), round(s.centre + s.reach, 6),
    case when abs(s.measured - s.centre) > s.reach then 'beyond three sigma' when s.above = 7 or s.below = 7 then 'seven on one side' end
  from sided s order by s.n;
end;

create function production.cpk(version uuid, characteristic text) returns numeric
  language sql stable
begin atomic
  select round(least(max(q.upper_limit) - avg(q.measured), avg(q.measured) - min(q.lower_limit)) / nullif(3 * stddev_samp(q.measured), 0), 4)
  from production.quality_checks q join production.runs r on r.id = q.run_id join production.work_orders w on w.id = r.work_order_id join production.order_items i on i.order_id = w.order_id and i.line_no = w.line_no
  where i.version_id = cpk.version and q.characteristic = cpk.characteristic and q.measured is not null;
end;

create function production.judge_quality() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  made record;
  chart record;
  capability numeric;
  evidence text;
begin
  select r.machine_id, w.id as work_order, w.status, i.version_id into made
  from production.runs r join production.work_orders w on w.id = r.work_order_id join production.order_items i on i.order_id = w.order_id and i.line_no = w.line_no where r.id = new.run_id;
  select c.rule, count(*) over () as n into chart from production.control_chart(made.machine_id, new.characteristic) c order by c.check_id = new.id desc limit 1;
  if chart.n >= 8 and chart.rule is not null then
    evidence := format('%s: %s', new.characteristic, chart.rule);
  elsif chart.n >= 10 then
    capability := production.cpk(made.version_id, new.characteristic);
    if capability < 1 then
      evidence := format('%s: Cpk %s', new.characteristic, round(capability, 2));
    end if;
  end if;
  if evidence is not null and made.status in ('running', 'paused', 'done') then
    perform core.give_reason(evidence, jsonb_build_object('check_id', new.id, 'measured', new.measured));
    update production.work_orders w set status = 'quality_hold' where w.id = made.work_order;
    perform core.give_reason(null);
  end if;
  return null;
end $$;

create trigger quality_checks_judge after insert on production.quality_checks for each row when (new.measured is not null) execute function production.judge_quality();

create function production.disposition(quality_check uuid, verdict text, reason text default null) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  settled record;
begin
  select q.operator_id, m.microfactory_id into settled from production.quality_checks q join production.runs r on r.id = q.run_id join production.machines m on m.id = r.machine_id where q.id = quality_check;
  perform production.require_floor(settled.microfactory_id);
  if settled.operator_id = core.current_user_id() then
    raise exception using errcode = '42501', message = 'nobody settles checks of his own parts';
  elsif verdict not in ('accept', 'rework', 'scrap', 'concession') or (verdict = 'concession' and coalesce(btrim(reason), '') = '') then
    raise exception using errcode = '22023', message = 'a check is settled by accept, rework, scrap, or concession with a reason';
  end if;
  update production.quality_checks q set disposition = disposition.verdict, disposition_reason = disposition.reason, inspector_id = coalesce(q.inspector_id, core.current_user_id()) where q.id = quality_check;
end $$;

grant execute on function production.control_chart, production.cpk to hc_member, hc_auditor;
grant execute on function production.disposition to hc_member;

comment on function production.control_chart is 'Individuals chart of the last points: mean, limits at 2.66 x mean moving range (three sigma), and the rule a point breaks. Runs as its caller.';
comment on function production.cpk is 'Process capability of a version''s characteristic; null without limits or spread. Runs as its caller.';
comment on function production.judge_quality is 'Trigger of quality_checks: puts the work order on hold with its evidence when a rule is broken. Security definer: inspectors may not write work orders.';
comment on function production.disposition is 'Settles a check: accept, rework, scrap, concession; not by the maker. Security definer: dispositions are written by functions only.';
comment on trigger quality_checks_judge on production.quality_checks is 'Broken rules stop the work.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000118001', 'ada-0118'), ('00000000-0000-7000-8000-000000118002', 'bob-0118'), ('00000000-0000-7000-8000-000000118003', 'eve-0118');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000118004', '00000000-0000-7000-8000-000000118001', 'probe-0118', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000118005', '00000000-0000-7000-8000-000000118004', 1, sha256('118'), '00000000-0000-7000-8000-000000118001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000118006', '00000000-0000-7000-8000-000000118001', 'works-0118', 'Works');
insert into identity.user_roles (user_id, role_code, scope_kind, scope_id) values ('00000000-0000-7000-8000-000000118002', 'operator', 'microfactory', '00000000-0000-7000-8000-000000118006');
insert into production.machines (id, microfactory_id, serial, model, kind, status) select ('00000000-0000-7000-8000-00000011801' || n)::uuid, '00000000-0000-7000-8000-000000118006', 'S-' || n, 'M', 'mill', 'available' from generate_series(1, 4) n;
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000118007', '00000000-0000-7000-8000-000000118001');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000118007', 1, '00000000-0000-7000-8000-000000118005', 5);
insert into production.work_orders (id, order_id, line_no, sequence, quantity_planned) select ('00000000-0000-7000-8000-00000011802' || n)::uuid, '00000000-0000-7000-8000-000000118007', 1, n, 5 from generate_series(1, 4) n;
insert into production.runs (id, work_order_id, machine_id, operator_id) select ('00000000-0000-7000-8000-00000011803' || n)::uuid, ('00000000-0000-7000-8000-00000011802' || n)::uuid, ('00000000-0000-7000-8000-00000011801' || n)::uuid, '00000000-0000-7000-8000-000000118001' from generate_series(1, 4) n;
insert into production.quality_checks (run_id, characteristic, lower_limit, upper_limit, measured, created_at) select '00000000-0000-7000-8000-000000118031', 'bore', 9.5895, 10.4105, 10 + case when n % 2 = 0 then 0.1 else -0.1 end, now() + n * interval '1 second' from generate_series(1, 20) n;
select production.cpk('00000000-0000-7000-8000-000000118005', 'bore') between 1.32 and 1.34;
select count(*) = 20 and bool_and(rule is null and centre = 10 and upper_control = 10.532 and lower_control = 9.468) from production.control_chart('00000000-0000-7000-8000-000000118011', 'bore');
select count(*) = 5 from production.control_chart('00000000-0000-7000-8000-000000118011', 'bore', 5);
select status = 'running' from production.work_orders where id = '00000000-0000-7000-8000-000000118021';
insert into production.quality_checks (run_id, characteristic, measured, created_at) values ('00000000-0000-7000-8000-000000118031', 'bore', 11, now() + interval '1 hour');
select w.status = 'quality_hold' and c.reason = 'bore: beyond three sigma' and c.payload ->> 'measured' = '11' from production.work_orders w join core.status_changes c on c.entity_id = w.id and c.to_status = 'quality_hold' where w.id = '00000000-0000-7000-8000-000000118021';
insert into production.quality_checks (run_id, characteristic, measured, created_at) select '00000000-0000-7000-8000-000000118032', 'pin', case when n <= 9 then 5 + case when n % 2 = 0 then 0.1 else -0.1 end else 5.06 end, now() + n * interval '1 second' from generate_series(1, 15) n;
select status = 'running' from production.work_orders where id = '00000000-0000-7000-8000-000000118022';
insert into production.quality_checks (run_id, characteristic, measured, created_at) values ('00000000-0000-7000-8000-000000118032', 'pin', 5.06, now() + interval '1 hour');
select w.status = 'quality_hold' and c.reason = 'pin: seven on one side' from production.work_orders w join core.status_changes c on c.entity_id = w.id and c.to_status = 'quality_hold' where w.id = '00000000-0000-7000-8000-000000118022';
insert into production.quality_checks (run_id, characteristic, lower_limit, upper_limit, measured, created_at) select '00000000-0000-7000-8000-000000118033', 'edge', 9.9, 10.1, 10 + case when n % 2 = 0 then 0.1 else -0.1 end, now() + n * interval '1 second' from generate_series(1, 10) n;
select w.status = 'quality_hold' and c.reason like 'edge: Cpk 0.3%' from production.work_orders w join core.status_changes c on c.entity_id = w.id and c.to_status = 'quality_hold' where w.id = '00000000-0000-7000-8000-000000118023';
insert into production.quality_checks (id, run_id, characteristic, measured) values ('00000000-0000-7000-8000-000000118040', '00000000-0000-7000-8000-000000118034', 'gap', 5);
select core.act_as('00000000-0000-7000-8000-000000118001');
set local role hc_member;
select blueprint.raises($$ select production.disposition('00000000-0000-7000-8000-000000118040', 'accept') $$, '42501', 'his own parts');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000118003');
set local role hc_member;
select blueprint.raises($$ select production.disposition('00000000-0000-7000-8000-000000118040', 'accept') $$, '42501', 'people of the factory');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000118002');
set local role hc_member;
select blueprint.raises($$ select production.disposition('00000000-0000-7000-8000-000000118040', 'concession', ' ') $$, '22023', 'with a reason'), blueprint.raises($$ select production.disposition('00000000-0000-7000-8000-000000118040', 'hide') $$, '22023');
select production.disposition('00000000-0000-7000-8000-000000118040', 'concession', 'customer agreed');
select disposition = 'concession' and disposition_reason = 'customer agreed' and inspector_id = '00000000-0000-7000-8000-000000118002' from production.quality_checks where id = '00000000-0000-7000-8000-000000118040';
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute'), has_function_privilege('hc_auditor', f, 'execute') = (f not like '%disposition%'), prosecdef = (f like '%disposition%')
from unnest(array['production.control_chart(uuid, text, int)', 'production.cpk(uuid, text)', 'production.disposition(uuid, text, text)']) f join pg_proc on oid = f::regprocedure;
select not has_function_privilege('hc_member', 'production.judge_quality()', 'execute') and prosecdef from pg_proc where oid = 'production.judge_quality()'::regprocedure;

-- task: BUILD_0119 implement_feature critical
-- title: Stock: FEFO allocation, transfers, cycle counts and reorder proposals
-- does: production.allocate() reserves a material first expired first, never of expired lots, and skips what another session is at; transfer() is two movements that balance, cycle_count() books the
--   difference with its reason, reorder_proposals() says what to order from 28 days of use and the lead time.
-- proves: 15 of lots 10 (May) and 10 (June) take 10 and 5, expired lots nothing, too much raises and reserves nothing, a transfer nets to zero, a count of 8 on 10 books -2, a short material is proposed.
-- needs: BUILD_0005, BUILD_0105, BUILD_0106, BUILD_0107, BUILD_0109, BUILD_0111
create function production.allocate(material uuid, factory uuid, quantity numeric, on_day date default current_date) returns table (lot_id uuid, lot_code text, taken numeric)
  language plpgsql security definer set search_path = ''
as $$
declare
  missing numeric := quantity;
  lot production.stock_lots;
begin
  perform production.require_floor(factory);
  if quantity is null or quantity <= 0 then
    raise exception using errcode = '22023', message = 'a positive quantity is allocated';
  end if;
  for lot in
    select * from production.stock_lots l where l.material_id = material and l.microfactory_id = factory and l.quantity_on_hand > 0 and l.quantity_on_hand > l.quantity_reserved and (l.expires_on is null or l.expires_on >= on_day)
    order by l.expires_on nulls last, l.received_on, l.id for update skip locked
  loop
    exit when missing = 0;
    lot_id := lot.id; lot_code := lot.lot_code; taken := least(missing, lot.quantity_on_hand - lot.quantity_reserved);
    update production.stock_lots l set quantity_reserved = l.quantity_reserved + taken where l.id = lot.id;
    missing := missing - taken;
    return next;
  end loop;
  if missing > 0 then
    raise exception using errcode = '55000', message = format('%s are missing of the material', missing), hint = 'Somebody else may be allocating: try again, or order more.';
  end if;
end $$;

create function production.transfer(lot uuid, to_factory uuid, quantity numeric) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  source production.stock_lots;
  target uuid;
begin
  select * into source from production.stock_lots l where l.id = lot for update;
  perform production.require_floor(source.microfactory_id);
  if to_factory = source.microfactory_id or quantity is null or quantity <= 0 or quantity > source.quantity_on_hand - source.quantity_reserved then
    raise exception using errcode = '22023', message = 'what is not reserved of a lot goes to another factory';
  end if;
  select l.id into target from production.stock_lots l where l.microfactory_id = to_factory and l.lot_code = source.lot_code and l.material_id is not distinct from source.material_id and l.version_id is not distinct from source.version_id;
  if target is null then
    insert into production.stock_lots (microfactory_id, material_id, version_id, lot_code, received_on, expires_on, certificate_asset_id, origin)
    values (to_factory, source.material_id, source.version_id, source.lot_code, source.received_on, source.expires_on, source.certificate_asset_id, source.origin || jsonb_build_object('from_lot', source.id)) returning id into target;
  end if;
  insert into production.stock_movements (lot_id, kind, quantity, reason) values (source.id, 'transfer', -quantity, 'to ' || target), (target, 'transfer', quantity, 'from ' || source.id);
  return target;
end $$;

create function production.cycle_count(lot uuid, counted numeric, reason text) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  there production.stock_lots;
begin
  select * into there from production.stock_lots l where l.id = lot for update;
  perform production.require_floor(there.microfactory_id);
  if counted is null or counted < 0 or coalesce(btrim(reason), '') = '' then
    raise exception using errcode = '22023', message = 'a count has a quantity and a reason';
  end if;
  if counted <> there.quantity_on_hand then
    update production.stock_lots l set quantity_reserved = least(l.quantity_reserved, counted) where l.id = lot and l.quantity_reserved > counted;
    insert into production.stock_movements (lot_id, kind, quantity, reason) values (lot, 'adjust', counted - there.quantity_on_hand, reason);
  end if;
  return counted - there.quantity_on_hand;
end $$;

create function production.reorder_proposals(factory uuid, at timestamptz default clock_timestamp()) returns table (material_id uuid, sku text, available numeric, daily_use numeric, to_order numeric)
  language sql stable
begin atomic
  select p.material_id, m.sku, p.available, round(coalesce(u.used, 0) / 28, 4), ceil(m.reorder_point + coalesce(u.used, 0) / 28 * (m.lead_time_days + 28) - p.available)
  from production.stock_position p join production.materials m on m.id = p.material_id
  left join lateral (
    select -sum(x.quantity) as used from production.stock_movements x join production.stock_lots l on l.id = x.lot_id
    where l.material_id = m.id and l.microfactory_id = p.microfactory_id and x.kind in ('issue', 'scrap') and x.occurred_at > at - interval '28 days' and x.occurred_at <= at) u on true
  where p.microfactory_id = factory and p.available < m.reorder_point + coalesce(u.used, 0) / 28 * m.lead_time_days
  order by m.sku;
end;

grant execute on function production.allocate, production.transfer, production.cycle_count, production.reorder_proposals to hc_member;

comment on function production.allocate is 'Reserves a quantity of a material in a factory, lot by lot, first expired first; all or nothing. Security definer: reservations are written by functions only.';
comment on function production.transfer is 'Moves what is not reserved of a lot to another factory, into a lot of the same code; returns it. Security definer: writes the other factory''s stock.';
comment on function production.cycle_count is 'Books the difference between what was counted and what should be there; returns it. Security definer: reservations are written by functions only.';
comment on function production.reorder_proposals is 'Materials that run out within their lead time, and how much covers it and four weeks more. Runs as its caller.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000119001', 'ada-0119'), ('00000000-0000-7000-8000-000000119002', 'eve-0119');
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000119003', '00000000-0000-7000-8000-000000119001', 'works-0119', 'Works'), ('00000000-0000-7000-8000-000000119004', '00000000-0000-7000-8000-000000119002', 'other-0119', 'Other');
insert into production.materials (id, sku, name, reorder_point, lead_time_days) values ('00000000-0000-7000-8000-000000119005', 'PROBE-0119', 'Brass', 3, 14), ('00000000-0000-7000-8000-000000119006', 'PROBE-0119-B', 'Steel', 3, 14);
insert into production.stock_lots (id, microfactory_id, material_id, lot_code, received_on, expires_on) select ('00000000-0000-7000-8000-00000011901' || n)::uuid, '00000000-0000-7000-8000-000000119003', ('00000000-0000-7000-8000-00000011900' || m)::uuid, 'L-' || n, '2026-01-01', expires::date
from (values (1, 5, '2026-06-30'), (2, 5, '2026-05-31'), (3, 5, '2026-03-31'), (4, 6, null)) v(n, m, expires);
insert into production.stock_movements (lot_id, kind, quantity) select ('00000000-0000-7000-8000-00000011901' || n)::uuid, 'receipt', 10 from generate_series(1, 4) n;
select core.act_as('00000000-0000-7000-8000-000000119001');
set local role hc_member;
select array_agg(lot_code || ' ' || taken) = '{"L-2 10","L-1 5"}' from production.allocate('00000000-0000-7000-8000-000000119005', '00000000-0000-7000-8000-000000119003', 15, '2026-04-15');
select blueprint.raises($$ select production.allocate('00000000-0000-7000-8000-000000119005', '00000000-0000-7000-8000-000000119003', 6, '2026-04-15') $$, '55000', '1 are missing'), blueprint.raises($$ select production.allocate('00000000-0000-7000-8000-000000119005', '00000000-0000-7000-8000-000000119003', 0) $$, '22023');
select array_agg(quantity_reserved order by lot_code) = '{5,10,0}' from production.stock_lots where material_id = '00000000-0000-7000-8000-000000119005';
select set_config('probe.target', production.transfer('00000000-0000-7000-8000-000000119011', '00000000-0000-7000-8000-000000119004', 4)::text, true) is not null, blueprint.raises($$ select production.transfer('00000000-0000-7000-8000-000000119011', '00000000-0000-7000-8000-000000119004', 4) $$, '22023', 'not reserved'),
  blueprint.raises($$ select production.transfer('00000000-0000-7000-8000-000000119011', '00000000-0000-7000-8000-000000119003', 1) $$, '22023');
select production.transfer('00000000-0000-7000-8000-000000119011', '00000000-0000-7000-8000-000000119004', 1)::text = current_setting('probe.target');
set local role hc_owner;
select sum(m.quantity) = 0 and count(*) = 4 from production.stock_movements m where m.kind = 'transfer' and m.lot_id in ('00000000-0000-7000-8000-000000119011', current_setting('probe.target')::uuid);
select quantity_on_hand = 5 and lot_code = 'L-1' and expires_on = '2026-06-30' and microfactory_id = '00000000-0000-7000-8000-000000119004' from production.stock_lots where id::text = current_setting('probe.target');
set local role hc_member;
select production.cycle_count('00000000-0000-7000-8000-000000119012', 8, 'two were bent') = -2, production.cycle_count('00000000-0000-7000-8000-000000119013', 10, 'x') = 0, blueprint.raises($$ select production.cycle_count('00000000-0000-7000-8000-000000119012', 8, '') $$, '22023');
select quantity_on_hand = 8 and quantity_reserved = 8 from production.stock_lots where id = '00000000-0000-7000-8000-000000119012';
select count(*) = 1 and bool_and(quantity = -2 and reason = 'two were bent') from production.stock_movements where lot_id = '00000000-0000-7000-8000-000000119012' and kind = 'adjust';
insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-000000119014', 'issue', -5.6);
select sku = 'PROBE-0119-B' and available = 4.4 and daily_use = 0.2 and to_order = 7 from production.reorder_proposals('00000000-0000-7000-8000-000000119003');
select count(*) = 0 from production.reorder_proposals('00000000-0000-7000-8000-000000119003', now() + interval '29 days') where sku = 'PROBE-0119-B';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000119002');
set local role hc_member;
select sql, blueprint.raises(sql, '42501', 'people of the factory') from (values ($$ select production.allocate('00000000-0000-7000-8000-000000119005', '00000000-0000-7000-8000-000000119003', 1) $$), ($$ select production.transfer('00000000-0000-7000-8000-000000119011', '00000000-0000-7000-8000-000000119004', 1) $$),
  ($$ select production.cycle_count('00000000-0000-7000-8000-000000119012', 8, 'x') $$)) v(sql);
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef = (f not like '%reorder%') from unnest(array['production.allocate(uuid, uuid, numeric, date)', 'production.transfer(uuid, uuid, numeric)', 'production.cycle_count(uuid, numeric, text)', 'production.reorder_proposals(uuid, timestamptz)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0120 implement_feature critical
-- title: Shipments: partial delivery, carrier scans and proof of delivery
-- does: production.ship() packs at most what was produced and not shipped yet, under the order's lock, and takes it from its finished lots; record_scan() takes each scan of a carrier once and in
--   any order, and moves the parcel on by the latest; deliver() takes a proof. An order is shipped and delivered when all of its lines are.
-- proves: shipping 6 of 10 and then 5 raises, 4 works and ships the order, a scan comes twice and counts once, a late in_transit moves nothing back, delivery needs a proof or a scan.
-- needs: BUILD_0005, BUILD_0105, BUILD_0106, BUILD_0109, BUILD_0111, BUILD_0116
create function production.ship("order" uuid, lines jsonb, carrier text default 'pickup', tracking text default null, distance_km numeric default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  sent production.orders;
  line record;
  made uuid;
begin
  select * into sent from production.orders o where o.id = "order" for update;  -- parcels of one order are packed one by one
  perform production.require_floor(sent.microfactory_id);
  if sent.status not in ('in_production', 'ready') then
    raise exception using errcode = '55000', message = format('nothing is shipped of an order that is %s', sent.status);
  elsif carrier <> 'pickup' and tracking is null then
    raise exception using errcode = '22023', message = 'a parcel has a tracking number';
  end if;
  insert into production.shipments (order_id, carrier, tracking_no, distance_km, shipped_at, status) values (sent.id, ship.carrier, tracking, ship.distance_km, clock_timestamp(), case ship.carrier when 'pickup' then 'packed' else 'handed_over' end) returning id into made;
  for line in
    select (l ->> 'line_no')::int as line_no, (l ->> 'quantity')::int as quantity, (l ->> 'lot_id')::uuid as lot_id,
      coalesce((select min(p.good) from (select sum(w.quantity_good) as good from production.work_orders w where w.order_id = sent.id and w.line_no = (l ->> 'line_no')::int group by w.sequence order by w.sequence desc limit 1) p), 0) as produced,
      coalesce((select sum(i.quantity) from production.shipment_items i join production.shipments s on s.id = i.shipment_id where i.order_id = sent.id and i.line_no = (l ->> 'line_no')::int and s.status not in ('lost', 'returned')), 0) as shipped
    from jsonb_array_elements(lines) l
  loop
    if line.quantity is null or line.quantity <= 0 or line.quantity > line.produced - line.shipped then
      raise exception using errcode = '22023', message = format('line %s: %s of %s produced are shipped, %s do not go', line.line_no, line.shipped, line.produced, line.quantity);
    end if;
    if line.lot_id is not null and not exists (select from production.stock_lots l where l.id = line.lot_id and l.microfactory_id = sent.microfactory_id) then
      raise exception using errcode = '22023', message = format('line %s: the lot lies in another factory', line.line_no);
    end if;
    line.lot_id := coalesce(line.lot_id, (select r.finished_lot_id from production.runs r join production.work_orders w on w.id = r.work_order_id join production.stock_lots s on s.id = r.finished_lot_id
      where w.order_id = sent.id and w.line_no = line.line_no and s.quantity_on_hand - s.quantity_reserved >= line.quantity order by w.sequence desc, lower(r.during) limit 1));
    insert into production.shipment_items (shipment_id, order_id, line_no, quantity, lot_id) values (made, sent.id, line.line_no, line.quantity, line.lot_id);
    if line.lot_id is not null then
      insert into production.stock_movements (lot_id, kind, quantity, order_id, reason) values (line.lot_id, 'issue', -line.quantity, sent.id, 'shipment ' || made);
    end if;
  end loop;
  if not exists (select from production.order_items i where i.order_id = sent.id and i.quantity > coalesce((select sum(x.quantity) from production.shipment_items x join production.shipments s on s.id = x.shipment_id where x.order_id = i.order_id and x.line_no = i.line_no and s.status not in ('lost', 'returned')), 0)) then
    update production.orders o set status = 'ready' where o.id = sent.id and o.status = 'in_production';
    update production.orders o set status = 'shipped' where o.id = sent.id;
  end if;
  return made;
end $$;

create function production.settle_order("order" uuid) returns void
  language sql security definer
begin atomic
  update production.orders o set status = 'delivered' where o.id = "order" and o.status = 'shipped'
    and not exists (select from production.shipments s where s.order_id = o.id and s.status not in ('delivered', 'returned', 'lost')) and exists (select from production.shipments s where s.order_id = o.id and s.status = 'delivered');
end;

create function production.record_scan(carrier text, tracking text, event jsonb) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  parcel production.shipments;
  moved boolean;
  latest timestamptz;
begin
  select * into parcel from production.shipments s where s.carrier = record_scan.carrier and s.tracking_no = tracking for update;
  if parcel.id is null then
    raise exception using errcode = '22023', message = 'there is no parcel of this carrier and number';
  elsif event ->> 'id' is null or not coalesce(pg_input_is_valid(event ->> 'at', 'timestamptz'), false) then
    raise exception using errcode = '22023', message = 'a scan has an id and a time';
  elsif parcel.events @> jsonb_build_array(jsonb_build_object('id', event ->> 'id')) then
    return false;
  end if;
  select max((e ->> 'at')::timestamptz) into latest from jsonb_array_elements(parcel.events) e where e ? 'status';
  moved := event ? 'status' and event ->> 'status' <> parcel.status and coalesce((event ->> 'at')::timestamptz >= latest, true)
    and exists (select from core.state_transitions t where t.machine = 'shipment' and t.from_status = parcel.status and t.to_status = event ->> 'status' and not t.requires_reason);
  update production.shipments s set events = s.events || jsonb_build_array(event), status = case when moved then event ->> 'status' else s.status end,
    delivered_at = case when moved and event ->> 'status' = 'delivered' then (event ->> 'at')::timestamptz else s.delivered_at end where s.id = parcel.id;
  perform production.settle_order(parcel.order_id);
  return moved;
end $$;

create function production.deliver(shipment uuid, proof_asset_id uuid default null) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  parcel production.shipments;
begin
  select * into parcel from production.shipments s where s.id = shipment for update;
  perform production.require_floor((select o.microfactory_id from production.orders o where o.id = parcel.order_id));
  if proof_asset_id is null and not parcel.events @> '[{"status": "delivered"}]' then
    raise exception using errcode = '22023', message = 'a delivery takes a proof: a file or a scan of the carrier';
  end if;
  update production.shipments s set status = 'delivered', delivered_at = coalesce(s.delivered_at, clock_timestamp()), proof_asset_id = coalesce(deliver.proof_asset_id, s.proof_asset_id) where s.id = shipment;
  perform production.settle_order(parcel.order_id);
end $$;

grant execute on function production.ship, production.deliver to hc_member;
grant execute on function production.record_scan to hc_worker;

comment on function production.ship is 'Packs [{"line_no", "quantity", "lot_id"}] of an order into a parcel, at most what was produced and not shipped; without lot_id from a finished lot of the order. distance_km feeds impact. Security definer: parcels and stock are written by functions only.';
comment on function production.settle_order is 'An order is delivered once all its parcels have arrived. For owner functions. Security definer: orders are written by functions only.';
comment on function production.record_scan is 'Takes a carrier''s scan {"id", "at", "code", "status", "text"} once; true when the parcel moved on. For the worker. Security definer: it writes no table itself.';
comment on function production.deliver is 'Notes that a parcel arrived, with a file or a scan as proof (its factory). Security definer: parcels are written by functions only.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000120001', 'ada-0120'), ('00000000-0000-7000-8000-000000120002', 'bob-0120');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000120003', '00000000-0000-7000-8000-000000120001', 'signed.png', 'image/png', 1);
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000120004', '00000000-0000-7000-8000-000000120001', 'probe-0120', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000120005', '00000000-0000-7000-8000-000000120004', 1, sha256('120'), '00000000-0000-7000-8000-000000120001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000120006', '00000000-0000-7000-8000-000000120001', 'works-0120', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000120007', '00000000-0000-7000-8000-000000120006', 'S-1', 'M', 'mill', 'available');
insert into production.orders (id, customer_id, microfactory_id, number, status) values ('00000000-0000-7000-8000-000000120008', '00000000-0000-7000-8000-000000120002', '00000000-0000-7000-8000-000000120006', 'PROBE-0120', 'accepted');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000120008', 1, '00000000-0000-7000-8000-000000120005', 10);
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000120009', '00000000-0000-7000-8000-000000120008', 1, 10);
select core.act_as('00000000-0000-7000-8000-000000120001');
set local role hc_member;
select blueprint.raises($$ select production.ship('00000000-0000-7000-8000-000000120008', '[{"line_no": 1, "quantity": 1}]') $$, '55000', 'that is accepted');
select production.finish_run(production.start_run('00000000-0000-7000-8000-000000120009', '00000000-0000-7000-8000-000000120007'), 10);
select set_config('probe.s1', production.ship('00000000-0000-7000-8000-000000120008', '[{"line_no": 1, "quantity": 6}]', 'DHL', 'T-0120', 12.5)::text, true) is not null;
select what, blueprint.raises(format($$ select production.ship('00000000-0000-7000-8000-000000120008', '[{"line_no": %s, "quantity": %s}]'%s) $$, line, quantity, rest), '22023', what) from (values (1, 5, '', '6 of 10 produced'), (1, 0, '', '6 of 10'), (2, 1, '', '0 of 0'), (1, 1, $$, 'UPS' $$, 'tracking number')) v(line, quantity, rest, what);
select blueprint.raises($$ select production.ship('00000000-0000-7000-8000-000000120008', '[{"line_no": 1, "quantity": 1, "lot_id": "00000000-0000-7000-8000-00000012000f"}]') $$, '22023', 'another factory');
select status = 'ready' from production.orders where number = 'PROBE-0120';
select set_config('probe.s2', production.ship('00000000-0000-7000-8000-000000120008', '[{"line_no": 1, "quantity": 4}]')::text, true) is not null;
select o.status = 'shipped', blueprint.raises($$ select production.ship('00000000-0000-7000-8000-000000120008', '[{"line_no": 1, "quantity": 1}]') $$, '55000', 'that is shipped') from production.orders o where number = 'PROBE-0120';
select s.status = 'handed_over' and s.distance_km = 12.5 and s.shipped_at is not null and i.lot_id = r.finished_lot_id and l.quantity_on_hand = 0
from production.shipments s join production.shipment_items i on i.shipment_id = s.id join production.runs r on r.work_order_id = '00000000-0000-7000-8000-000000120009' join production.stock_lots l on l.id = r.finished_lot_id where s.tracking_no = 'T-0120';
set local role hc_worker;
select production.record_scan('DHL', 'T-0120', '{"id": "1", "at": "2026-01-06T08:00:00Z", "code": "OUT", "status": "in_transit"}');
select not production.record_scan('DHL', 'T-0120', '{"id": "1", "at": "2026-01-06T08:00:00Z", "code": "OUT", "status": "in_transit"}');
select not production.record_scan('DHL', 'T-0120', '{"id": "2", "at": "2026-01-06T07:00:00Z", "code": "CUSTOMS_HOLD"}');
select production.record_scan('DHL', 'T-0120', '{"id": "3", "at": "2026-01-07T08:00:00Z", "code": "DONE", "status": "delivered"}');
select not production.record_scan('DHL', 'T-0120', '{"id": "4", "at": "2026-01-06T12:00:00Z", "code": "HUB", "status": "in_transit"}'), not production.record_scan('DHL', 'T-0120', '{"id": "5", "at": "2026-01-08T12:00:00Z", "code": "HUB", "status": "in_transit"}');
select event, blueprint.raises(format('select production.record_scan(%L, %L, %L)', 'DHL', tracking, event), '22023', why) from (values ('T-none', '{"id": "1", "at": "2026-01-06"}', 'no parcel'), ('T-0120', '{"at": "2026-01-06"}', 'an id'), ('T-0120', '{"id": "9", "at": "soon"}', 'an id')) v(tracking, event, why);
set local role hc_owner;
select status = 'delivered' and delivered_at = '2026-01-07T08:00:00Z' and jsonb_array_length(events) = 5 from production.shipments where tracking_no = 'T-0120';
set local role hc_member;
select status = 'shipped', blueprint.raises(format('select production.deliver(%L)', current_setting('probe.s2')), '22023', 'takes a proof') from production.orders where number = 'PROBE-0120';
select production.deliver(current_setting('probe.s2')::uuid, '00000000-0000-7000-8000-000000120003');
select o.status = 'delivered' and s.proof_asset_id = '00000000-0000-7000-8000-000000120003' and s.delivered_at is not null from production.orders o join production.shipments s on s.order_id = o.id where s.id::text = current_setting('probe.s2');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000120002');
set local role hc_member;
select blueprint.raises($$ select production.ship('00000000-0000-7000-8000-000000120008', '[]') $$, '42501', 'people of the factory'), blueprint.raises(format('select production.deliver(%L)', current_setting('probe.s2')), '42501', 'people of the factory');
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') = (f not like '%scan%' and f not like '%settle%') and has_function_privilege('hc_worker', f, 'execute') = (f like '%scan%') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef
from unnest(array['production.ship(uuid, jsonb, text, text, numeric)', 'production.deliver(uuid, uuid)', 'production.record_scan(text, text, jsonb)', 'production.settle_order(uuid)']) f join pg_proc on oid = f::regprocedure;
