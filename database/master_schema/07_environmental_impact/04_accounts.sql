-- Room impact, accounts: offsets retired with serials and certificates, goals on their way, periods closed and restated, benefit claimed and checked.

-- task: BUILD_0157 implement_feature critical
-- title: Retire offsets without double spending and with certificates
-- does: retire() takes whole tonnes and the next free serials of an offset under its row lock, less what is reserved, and writes a certificate with its digest; reserve_offset() holds tonnes for an order until they are confirmed or the time is
--   over; auto_retire() takes the oldest vintages first; retirement_by_certificate() lets anybody check one.
-- proves: of 10 t three retirements of 3 t succeed and the fourth raises, serials are disjoint, a reservation counts until it ends, the oldest vintage goes first, the certificate leads to beneficiary and serials; race: BUILD_0146.spec.
-- needs: BUILD_0146
create table impact.reservations (
  id uuid default uuidv7() constraint reservations_id_pk primary key,
  offset_id uuid not null constraint reservations_offset_id_fk references impact.offsets (id),
  tonnes numeric not null constraint reservations_tonnes_check check (tonnes > 0),
  beneficiary_kind text not null,
  beneficiary_id uuid not null,
  expires_at timestamptz not null,
  confirmed_at timestamptz
);

create index reservations_offset_id_idx on impact.reservations (offset_id) where confirmed_at is null;
create index reservations_offset_idx on impact.reservations (offset_id);

create function impact.free_tonnes(held uuid, at timestamptz default now()) returns numeric
  language sql stable set search_path = ''
as $$
  select o.tonnes - coalesce((select sum(r.tonnes) from impact.retirements r where r.offset_id = o.id), 0) - coalesce((select sum(v.tonnes) from impact.reservations v where v.offset_id = o.id and v.confirmed_at is null and v.expires_at > at), 0)
  from impact.offsets o where o.id = held and o.status = 'held'
$$;

create function impact.retire(held uuid, tonnes numeric, beneficiary_kind text, beneficiary_id uuid, reason text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  o impact.offsets;
  serial bigint;
  certificate text;
begin
  if tonnes is null or tonnes <= 0 or tonnes <> trunc(tonnes) or coalesce(reason, '') = '' then
    raise exception using errcode = '22023', message = 'whole tonnes are retired, with a reason';
  end if;
  select x.* into o from impact.offsets x where x.id = held for update;
  if coalesce(impact.free_tonnes(held), 0) < tonnes then
    raise exception using errcode = '23514', constraint = 'retirements_within_offset_check', schema = 'impact', table = 'retirements', message = format('%s t are free, not %s', coalesce(impact.free_tonnes(held), 0), tonnes);
  end if;
  serial := (select coalesce(max(r.serial_to) + 1, o.serial_from) from impact.retirements r where r.offset_id = held);
  if serial + tonnes::bigint - 1 > o.serial_to then
    raise exception using errcode = '23514', message = 'the offset has no serials left';
  end if;
  certificate := format('HC-%s-%s-%s', o.certificate_no, serial, serial + tonnes::bigint - 1);
  insert into impact.retirements (offset_id, tonnes, beneficiary_kind, beneficiary_id, reason, serial_from, serial_to, certificate_no, certificate_sha256)
  values (held, retire.tonnes, retire.beneficiary_kind, retire.beneficiary_id, retire.reason, serial, serial + tonnes::bigint - 1, certificate,
    sha256(convert_to(concat_ws('|', certificate, o.registry, retire.tonnes, retire.beneficiary_kind, retire.beneficiary_id, retire.reason), 'UTF8')));
  update impact.offsets x set status = 'exhausted' where x.id = held and x.tonnes = (select sum(r.tonnes) from impact.retirements r where r.offset_id = held);
  return certificate;
end $$;

create function impact.reserve_offset(held uuid, tonnes numeric, beneficiary_kind text, beneficiary_id uuid, lasting interval default '1 hour') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  perform from impact.offsets x where x.id = held for update;
  if coalesce(impact.free_tonnes(held), 0) < tonnes then
    raise exception using errcode = '23514', message = format('%s t are free, not %s', coalesce(impact.free_tonnes(held), 0), tonnes);
  end if;
  insert into impact.reservations (offset_id, tonnes, beneficiary_kind, beneficiary_id, expires_at) values (held, reserve_offset.tonnes, reserve_offset.beneficiary_kind, reserve_offset.beneficiary_id, now() + lasting) returning id into made;
  return made;
end $$;

create function impact.confirm_reservation(reservation uuid, reason text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  v impact.reservations;
begin
  perform from impact.offsets o join impact.reservations x on x.offset_id = o.id where x.id = reservation for update of o;
  update impact.reservations x set confirmed_at = now() where x.id = reservation and x.confirmed_at is null and x.expires_at > now() returning x.* into v;
  if v.id is null then
    raise exception using errcode = '55000', message = 'the reservation is over';
  end if;
  return impact.retire(v.offset_id, v.tonnes, v.beneficiary_kind, v.beneficiary_id, reason);
end $$;

create function impact.auto_retire(subject_kind text, subject_id uuid, reason text) returns text[]
  language plpgsql security definer set search_path = ''
as $$
declare
  need numeric := ceil(impact.total(subject_kind, subject_id, 'co2e', less_retired => true) / 1000);
  o record;
  part numeric;
  certificates text[] := '{}';
begin
  for o in select x.id from impact.offsets x where x.status = 'held' order by x.vintage, x.purchased_on, x.id for update loop
    exit when need <= 0;
    part := least(need, trunc(coalesce(impact.free_tonnes(o.id), 0)));
    continue when part <= 0;
    certificates := certificates || impact.retire(o.id, part, subject_kind, subject_id, reason);
    need := need - part;
  end loop;
  return certificates;
end $$;

create function impact.retirement_by_certificate(certificate_no text) returns table (tonnes numeric, beneficiary_kind text, reason text, registry text, standard text, vintage int, serial_from bigint, serial_to bigint, retired_at timestamptz, is_intact boolean)
  language sql stable security definer set search_path = ''
as $$
  select r.tonnes, r.beneficiary_kind, r.reason, o.registry, o.standard, o.vintage, r.serial_from, r.serial_to, r.occurred_at,
    r.certificate_sha256 = sha256(convert_to(concat_ws('|', r.certificate_no, o.registry, r.tonnes, r.beneficiary_kind, r.beneficiary_id, r.reason), 'UTF8'))
  from impact.retirements r join impact.offsets o on o.id = r.offset_id where r.certificate_no = retirement_by_certificate.certificate_no
$$;

comment on table impact.reservations is 'Tonnes held for somebody until they are confirmed or the time is over. @distribution local';
comment on column impact.reservations.id is 'Version 7 UUID.';
comment on column impact.reservations.offset_id is 'The offset.';
comment on column impact.reservations.tonnes is 'How many.';
comment on column impact.reservations.beneficiary_kind is 'For what, as order.';
comment on column impact.reservations.beneficiary_id is 'For which.';
comment on column impact.reservations.expires_at is 'Until when.';
comment on column impact.reservations.confirmed_at is 'When they were retired.';
comment on index impact.reservations_offset_id_idx is 'What is held of an offset.';
comment on index impact.reservations_offset_idx is 'The foreign key.';
comment on function impact.free_tonnes is 'Tonnes of an offset that are neither retired nor reserved; null when it is not held.';
comment on function impact.retire is 'Retires whole tonnes under the offset''s row lock and returns the certificate. Security definer: nobody writes retirements directly.';
comment on function impact.reserve_offset is 'Holds tonnes for somebody. Security definer: the worker writes no table.';
comment on function impact.confirm_reservation is 'Retires what was reserved; 55000 when the time is over. Security definer: the worker writes no table.';
comment on function impact.auto_retire is 'Retires what a subject still caused, in whole tonnes, oldest vintages first; the certificates. Security definer: the worker writes no table.';
comment on function impact.retirement_by_certificate is 'What a certificate stands for, for everybody, and whether it is as it was written. Security definer: offsets are granted to staff.';

grant execute on function impact.retire, impact.reserve_offset, impact.confirm_reservation, impact.auto_retire to hc_worker;
grant execute on function impact.retirement_by_certificate to hc_anon, hc_worker, hc_auditor;

-- verify
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) select format('00000000-0000-7000-8000-00000015700%s', n)::uuid, 'probe-0157', n * 100, n * 100 + 9, 'C-0157-' || n, 'Gold Standard', y, 10 from (values (1, 2024), (2, 1990), (3, 1991)) v(n, y);
set local role hc_worker;
select impact.retire('00000000-0000-7000-8000-000000157001', 3, 'order', '00000000-0000-7000-8000-000000157009', 'probe') = c from (values (1, 'HC-C-0157-1-100-102'), (2, 'HC-C-0157-1-103-105'), (3, 'HC-C-0157-1-106-108')) v(n, c) order by n;
select blueprint.raises($$ select impact.retire('00000000-0000-7000-8000-000000157001', 3, 'order', null, 'probe') $$, '23514', '1 t are free, not 3'), blueprint.raises($$ select impact.retire('00000000-0000-7000-8000-000000157001', 0.5, 'order', null, 'probe') $$, '22023', 'whole tonnes');
set local role hc_owner;
select count(*) = 0 from impact.retirements a join impact.retirements b on b.id > a.id and b.offset_id = a.offset_id and int8range(a.serial_from, a.serial_to, '[]') && int8range(b.serial_from, b.serial_to, '[]') where a.offset_id = '00000000-0000-7000-8000-000000157001';
create temporary table held (id uuid) on commit drop;
grant all on pg_temp.held to hc_worker;
set local role hc_worker;
insert into pg_temp.held values (impact.reserve_offset('00000000-0000-7000-8000-000000157001', 1, 'order', '00000000-0000-7000-8000-000000157009'));
select blueprint.raises($$ select impact.retire('00000000-0000-7000-8000-000000157001', 1, 'order', null, 'probe') $$, '23514', '0 t are free'), blueprint.raises($$ select impact.reserve_offset('00000000-0000-7000-8000-000000157001', 1, 'order', uuidv7()) $$, '23514', '0 t are free');
select impact.confirm_reservation(id, 'probe') = 'HC-C-0157-1-109-109' from pg_temp.held;
select blueprint.raises(format('select impact.confirm_reservation(%L, %L)', id, 'x'), '55000', 'over') from pg_temp.held;
set local role hc_owner;
select status = 'exhausted' from impact.offsets where certificate_no = 'C-0157-1';
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('order', '00000000-0000-7000-8000-000000157008', 'co2e', 11.5, 't', 11500);
set local role hc_worker;
select impact.auto_retire('order', '00000000-0000-7000-8000-000000157008', 'probe') = array['HC-C-0157-2-200-209', 'HC-C-0157-3-300-301'], impact.auto_retire('order', '00000000-0000-7000-8000-000000157008', 'again') = '{}';
select impact.reserve_offset('00000000-0000-7000-8000-000000157003', 8, 'order', uuidv7(), '0') is not null;
select impact.reserve_offset('00000000-0000-7000-8000-000000157003', 8, 'order', uuidv7()) is not null;
set local role hc_anon;
select tonnes = 3 and beneficiary_kind = 'order' and serial_from = 103 and serial_to = 105 and registry = 'probe-0157' and vintage = 2024 and is_intact from impact.retirement_by_certificate('HC-C-0157-1-103-105');
set local role hc_owner;
select sql, blueprint.raises(sql, state, rule) from (values ($$ insert into impact.reservations select * from impact.reservations where offset_id = '00000000-0000-7000-8000-000000157001' $$, '23505', 'reservations_id_pk'), ($$ update impact.reservations set tonnes = 0 where offset_id = '00000000-0000-7000-8000-000000157001' $$, '23514', 'reservations_tonnes_check'),
  ($$ update impact.reservations set offset_id = uuidv7() where offset_id = '00000000-0000-7000-8000-000000157001' $$, '23503', 'reservations_offset_id_fk')) v(sql, state, rule);
insert into impact.reservations (offset_id, tonnes, beneficiary_kind, beneficiary_id, expires_at) values ('00000000-0000-7000-8000-000000157001', 1, 'order', uuidv7(), now()) returning id is not null;
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'impact.reservations'::regclass;
select blueprint.plan_uses($$ select from impact.reservations where offset_id = '00000000-0000-7000-8000-000000157001' $$, 'reservations_offset_idx');
select indpred is not null from pg_index where indexrelid = 'impact.reservations_offset_id_idx'::regclass and indisvalid;
select f, has_function_privilege('hc_worker', f, 'execute') = (f not like '%free%') and has_function_privilege('hc_anon', f, 'execute') = (f like '%certificate%') and has_function_privilege('hc_auditor', f, 'execute') = (f like '%certificate%') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['impact.free_tonnes(uuid, timestamptz)', 'impact.retire(uuid, numeric, text, uuid, text)',
  'impact.reserve_offset(uuid, numeric, text, uuid, interval)', 'impact.confirm_reservation(uuid, text)', 'impact.auto_retire(text, uuid, text)', 'impact.retirement_by_certificate(text)']) f;

-- task: BUILD_0158 implement_feature
-- title: Goals with trajectories, progress and early warning
-- does: goal_progress() sets what a goal's owner recorded since it began against where the trajectory (linear or stepped) should be, and says ahead, on_track, behind or achieved and when it would be reached at this pace; goal_alerts() lists
--   those more than 10 % behind; achieve_goal() settles a goal once, with its numbers as evidence.
-- proves: from 100 to 50 in ten months, half-way, 70 against 75 is ahead and 85 is behind and listed; a step expects the baseline until the end; achieved is said once.
-- needs: BUILD_0146
create function impact.goal_progress(goal uuid, at date, out expected numeric, out actual numeric, out target numeric, out state text, out projected_on date) returns record
  language plpgsql stable security definer set search_path = ''
as $$
declare
  g impact.goals;
  m impact.metrics;
  base numeric;
  share numeric;
  lead numeric;
begin
  select x.* into g from impact.goals x where x.id = goal;
  if g.id is null then
    raise exception using errcode = '22023', message = 'there is no such goal';
  end if;
  select x.* into m from impact.metrics x where x.code = g.metric_code;
  base := (select impact.convert(b.value, b.unit, m.base_unit) from impact.baselines b where b.id = g.baseline_id);
  target := impact.convert(g.target_value, g.unit, m.base_unit);
  share := least(greatest((at - g.starts_on)::numeric / (g.due_on - g.starts_on), 0), 1);
  expected := round(base + (target - base) * case g.trajectory when 'linear' then share when 'step' then trunc(share) end, 6);
  actual := impact.total(g.owner_kind, g.owner_id, g.metric_code, g.starts_on::timestamp at time zone 'UTC', (at + 1)::timestamp at time zone 'UTC');
  lead := (expected - actual) * case m.direction when 'lower_better' then 1 else -1 end / nullif(expected, 0);
  state := case
    when at >= g.due_on and (actual - target) * case m.direction when 'lower_better' then 1 else -1 end <= 0 then 'achieved'
    when lead > 0.02 then 'ahead' when lead >= -0.1 then 'on_track' else 'behind' end;
  projected_on := case when (actual - base) * (target - base) > 0 and at > g.starts_on then g.starts_on + least(ceil((at - g.starts_on) * (target - base) / (actual - base)), 36500)::int end;
end $$;

create function impact.goal_alerts(at date default current_date) returns table (goal_id uuid, owner_kind text, owner_id uuid, expected numeric, actual numeric, projected_on date)
  language sql stable security definer set search_path = ''
as $$
  select g.id, g.owner_kind, g.owner_id, p.expected, p.actual, p.projected_on from impact.goals g, lateral impact.goal_progress(g.id, at) p where g.status = 'active' and at >= g.starts_on and p.state = 'behind' order by g.due_on, g.id
$$;

create function impact.achieve_goal(goal uuid, at date default current_date) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  p record;
begin
  select x.* into p from impact.goal_progress(goal, at) x;
  if p.state <> 'achieved' then
    return false;
  end if;
  update impact.goals g set status = 'achieved', evidence = g.evidence || jsonb_build_object('actual', p.actual, 'target', p.target, 'on', at) where g.id = goal and g.status = 'active';
  return found;
end $$;

comment on function impact.goal_progress is 'Where a goal stands at a date, in the metric''s base unit: expected, actual, target, state (ahead by more than 2 %, behind by more than 10 %) and when it would be reached at this pace. Security definer: reads the owner''s records.';
comment on function impact.goal_alerts is 'Active goals more than 10 % behind. Security definer: reads the owners'' records.';
comment on function impact.achieve_goal is 'Settles a goal that is achieved when it is due, once, with its numbers. Security definer: the worker writes no table.';

grant execute on function impact.goal_progress, impact.goal_alerts, impact.achieve_goal to hc_worker, hc_analyst;

-- verify
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) select format('00000000-0000-7000-8000-00000015800%s', n)::uuid, 'organisation', format('00000000-0000-7000-8000-00000015801%s', n)::uuid, 'co2e', 100, 'kg', '[2020-01-01,)' from generate_series(1, 2) n;
select set_config('probe.start', (date_trunc('month', now(), 'UTC') - interval '20 days')::date::text, true) <> '';
insert into impact.goals (id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on, trajectory) select format('00000000-0000-7000-8000-00000015802%s', n)::uuid, 'organisation', format('00000000-0000-7000-8000-00000015801%s', o)::uuid, 'co2e', format('00000000-0000-7000-8000-00000015800%s', o)::uuid, t, 'kg',
  current_setting('probe.start')::date, current_setting('probe.start')::date + 10, k from (values (1, 1, 50, 'linear'), (2, 2, 50, 'linear'), (3, 2, 50, 'step'), (4, 2, 90, 'linear')) v(n, o, t, k);
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, occurred_at) select 'organisation', format('00000000-0000-7000-8000-00000015801%s', o)::uuid, 'co2e', q, 'kg', q, current_setting('probe.start')::date + interval '2 days' from (values (1, 70), (2, 85)) v(o, q);
set local role hc_worker;
select g, p.expected = e and p.actual = a and p.target = 50 and p.state = s from (values (1, 75, 70, 'ahead'), (2, 75, 85, 'behind'), (3, 100, 85, 'ahead')) v(g, e, a, s), lateral impact.goal_progress(format('00000000-0000-7000-8000-00000015802%s', g)::uuid, current_setting('probe.start')::date + 5) p;
select projected_on = current_setting('probe.start')::date + 9 from impact.goal_progress('00000000-0000-7000-8000-000000158021', current_setting('probe.start')::date + 5);
select (impact.goal_progress('00000000-0000-7000-8000-000000158024', current_setting('probe.start')::date + 10)).state = 'achieved', (impact.goal_progress('00000000-0000-7000-8000-000000158023', current_setting('probe.start')::date + 10)).state = 'behind';
select array_agg(right(goal_id::text, 1)) = '{2}' and bool_and(expected = 75 and actual = 85) from impact.goal_alerts(current_setting('probe.start')::date + 5) where owner_id::text like '00000000-0000-7000-8000-00000015801_';
select not impact.achieve_goal('00000000-0000-7000-8000-000000158021', current_setting('probe.start')::date + 5), blueprint.raises('select impact.goal_progress(uuidv7(), current_date)', '22023');
select impact.achieve_goal('00000000-0000-7000-8000-000000158024', current_setting('probe.start')::date + 10);
select not impact.achieve_goal('00000000-0000-7000-8000-000000158024', current_setting('probe.start')::date + 10);
set local role hc_owner;
select status = 'achieved' and evidence @> '{"actual": 85, "target": 90}' from impact.goals where id = '00000000-0000-7000-8000-000000158024';
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_analyst', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['impact.goal_progress(uuid, date)', 'impact.goal_alerts(date)', 'impact.achieve_goal(uuid, date)']) f;

-- task: BUILD_0159 implement_feature critical
-- title: Close and restate reporting periods with sealed lines
-- does: close_period() freezes the sums per metric and scope with a digest over the records they come from, while nobody writes records; publish_period() takes a second person; restate_period() opens the next version with a reason and keeps the old
--   lines; verify_period() works the lines out again.
-- proves: a closed period verifies and does not once a record was tampered with, the closer cannot publish, a restatement shows both versions, closing twice raises.
-- needs: BUILD_0146
create function impact.period_lines(period uuid) returns table (metric_code text, scope int, value numeric, unit text, record_count bigint, inputs_sha256 bytea)
  language sql stable set search_path = ''
as $$
  select r.metric_code, r.scope, sum(r.result_base), m.base_unit, count(*),
    sha256(convert_to(string_agg(concat_ws('|', r.id, (extract(epoch from r.occurred_at) * 1000000)::bigint, r.subject_id, r.quantity, r.unit, r.factor_id, r.factor_value, r.result_base), e'\n' order by r.id), 'UTF8'))
  from impact.reporting_periods p
  join impact.records r on r.occurred_at >= lower(p.during)::timestamp at time zone 'UTC' and r.occurred_at < upper(p.during)::timestamp at time zone 'UTC' and (p.entity_key = 'platform' or p.entity_key = r.subject_kind || ':' || r.subject_id)
  join impact.metrics m on m.code = r.metric_code
  where p.id = period
  group by r.metric_code, r.scope, m.base_unit
$$;

create function impact.close_period(period uuid) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  made bigint;
begin
  lock table impact.records in share mode;
  update impact.reporting_periods p set status = 'closed', closed_by = core.current_user_id(), closed_at = now() where p.id = period and p.status in ('open', 'closing') and upper(p.during) <= current_date;
  if not found then
    raise exception using errcode = '55000', message = 'only an open period that has ended is closed';
  end if;
  insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) select period, l.* from impact.period_lines(period) l;
  get diagnostics made = row_count;
  return made;
end $$;

create function impact.publish_period(period uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from impact.reporting_periods p where p.id = period and p.closed_by is not distinct from core.current_user_id()) then
    raise exception using errcode = '42501', message = 'somebody else than who closed a period publishes it';
  end if;
  update impact.reporting_periods p set status = 'published', published_by = core.current_user_id(), published_at = now() where p.id = period and p.status = 'closed';
  if not found then
    raise exception using errcode = '55000', message = 'only a closed period is published';
  end if;
end $$;

create function impact.restate_period(period uuid, reason text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  p impact.reporting_periods;
  made uuid;
begin
  if coalesce(reason, '') = '' then
    raise exception using errcode = '22023', message = 'a restatement says why';
  end if;
  update impact.reporting_periods x set status = 'restated' where x.id = period and x.status in ('closed', 'published') returning x.* into p;
  if p.id is null then
    raise exception using errcode = '55000', message = 'only a closed period is restated';
  end if;
  insert into impact.reporting_periods (name, entity_key, during, version, restates_id, reason) values (p.name, p.entity_key, p.during, p.version + 1, p.id, restate_period.reason) returning id into made;
  return made;
end $$;

create function impact.verify_period(period uuid) returns boolean
  language sql stable security definer set search_path = ''
as $$
  select not exists (
    select from (select l.metric_code, l.scope, l.value, l.unit::text as unit, l.record_count, l.inputs_sha256::bytea as inputs_sha256 from impact.report_lines l where l.period_id = period and l.dimension_key = '*') a
    full join impact.period_lines(period) b on b.metric_code = a.metric_code and b.scope = a.scope
    where (a.value, a.unit, a.record_count, a.inputs_sha256) is distinct from (b.value, b.unit, b.record_count, b.inputs_sha256))
$$;

comment on function impact.period_lines is 'Sums of a period per metric and scope with the digest over the records they come from.';
comment on function impact.close_period is 'Closes a period that has ended and freezes its lines; no record can come in meanwhile. Returns how many lines. Security definer: lines are written by functions alone.';
comment on function impact.publish_period is 'Publishes a closed period; four eyes. Security definer: periods are written by functions alone.';
comment on function impact.restate_period is 'Opens the next version of a closed period; until that is closed, corrections may be dated into it. Security definer: periods are written by functions alone.';
comment on function impact.verify_period is 'True when the lines of a period are still what its records say. Security definer: reads all records.';

grant execute on function impact.close_period, impact.publish_period, impact.restate_period to hc_finance, hc_compliance;
grant execute on function impact.verify_period to hc_finance, hc_compliance, hc_auditor;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000159001', 'ada-0159'), ('00000000-0000-7000-8000-000000159002', 'bob-0159');
insert into impact.reporting_periods (id, name, entity_key, during) values ('00000000-0000-7000-8000-000000159003', 'probe', 'organisation:00000000-0000-7000-8000-000000159009', daterange((date_trunc('month', now(), 'UTC') - interval '10 days')::date, (date_trunc('month', now(), 'UTC') - interval '5 days')::date)),
  ('00000000-0000-7000-8000-000000159004', 'running', 'organisation:00000000-0000-7000-8000-000000159008', daterange(current_date, current_date + 5));
insert into impact.records (id, subject_kind, subject_id, metric_code, quantity, unit, result_base, occurred_at, scope) select format('00000000-0000-7000-8000-00000015901%s', n)::uuid, 'organisation', '00000000-0000-7000-8000-000000159009', 'co2e', q, 'kg', q, date_trunc('month', now(), 'UTC') - interval '8 days', s from (values (1, 1, 1), (2, 2, 1), (3, 4, 2)) v(n, q, s);
select core.act_as('00000000-0000-7000-8000-000000159001');
set local role hc_finance;
select impact.close_period('00000000-0000-7000-8000-000000159003') = 2;
select impact.verify_period('00000000-0000-7000-8000-000000159003'), blueprint.raises($$ select impact.close_period('00000000-0000-7000-8000-000000159003') $$, '55000'), blueprint.raises($$ select impact.close_period('00000000-0000-7000-8000-000000159004') $$, '55000', 'ended'),
  blueprint.raises($$ select impact.publish_period('00000000-0000-7000-8000-000000159003') $$, '42501', 'somebody else'), blueprint.raises($$ select impact.restate_period('00000000-0000-7000-8000-000000159003', '') $$, '22023', 'why'), blueprint.raises($$ select impact.restate_period('00000000-0000-7000-8000-000000159004', 'x') $$, '55000', 'closed');
set local role hc_owner;
select array_agg(concat_ws(' ', scope, value, unit, record_count) order by scope) = '{1 3 kg 2,2 4 kg 1}' from impact.report_lines where period_id = '00000000-0000-7000-8000-000000159003';
select core.act_as('00000000-0000-7000-8000-000000159002');
set local role hc_compliance;
select impact.publish_period('00000000-0000-7000-8000-000000159003');
select blueprint.raises($$ select impact.publish_period('00000000-0000-7000-8000-000000159003') $$, '55000'), impact.restate_period('00000000-0000-7000-8000-000000159003', 'meter misread') is not null;
set local role hc_owner;
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, occurred_at, scope) values ('organisation', '00000000-0000-7000-8000-000000159009', 'co2e', 5, 'kg', 5, date_trunc('month', now(), 'UTC') - interval '7 days', 2);
select impact.close_period(id) = 2 from impact.reporting_periods where restates_id = '00000000-0000-7000-8000-000000159003';
select array_agg(p.version || ' ' || p.status || ' ' || l.value order by p.version) = array['1 restated 4', '2 closed 9'] and max(p.reason) = 'meter misread' and count(p.published_by) = 1 and count(p.closed_at) = 2 from impact.reporting_periods p join impact.report_lines l on l.period_id = p.id where p.entity_key like '%159009' and l.scope = 2;
set local role hc_auditor;
select not impact.verify_period('00000000-0000-7000-8000-000000159003');
set local role hc_owner;
select impact.verify_period(id) from impact.reporting_periods where restates_id = '00000000-0000-7000-8000-000000159003';
alter table impact.records disable trigger records_append_only;
update impact.records set quantity = 8, result_base = 8 where id = '00000000-0000-7000-8000-000000159011';
select not impact.verify_period(id) from impact.reporting_periods where restates_id = '00000000-0000-7000-8000-000000159003';
select f, has_function_privilege('hc_finance', f, 'execute') = staff and has_function_privilege('hc_compliance', f, 'execute') = staff and has_function_privilege('hc_auditor', f, 'execute') = (f like '%verify%') and not has_function_privilege('hc_worker', f, 'execute') from (values ('impact.close_period(uuid)', true), ('impact.publish_period(uuid)', true),
  ('impact.restate_period(uuid, text)', true), ('impact.verify_period(uuid)', true), ('impact.period_lines(uuid)', false)) v(f, staff);

-- task: BUILD_0160 implement_feature critical
-- title: Proof of benefit: claims tied to donations and records, verified once, publicly checkable
-- does: assert_claim() ties a benefit to a donation or project and to the records it rests on, none of which may be in another live claim; verify_claim() takes somebody else; claim_by_code() lets anybody check quantity, date, evidence and digest;
--   revoke_claim() sets the records free; allocate_output() shares a project's output among its donors by amount, to the unit.
-- proves: a record in two claims raises 23505, the author cannot verify, the code shows the claim and that it is intact, a forged quantity is not, shares add up to the output.
-- needs: BUILD_0146, BUILD_0701
create function impact.claim_digest(claim impact.claims) returns bytea
  language sql stable set search_path = ''
as $$
  select sha256(convert_to(jsonb_build_array('hc-claim-1', claim.public_code, claim.donation_id, claim.project_id, claim.metric_code, claim.quantity, claim.unit, claim.evidence, (extract(epoch from claim.asserted_at) * 1000000)::bigint,
    (select coalesce(jsonb_agg(r.record_id order by r.record_id), '[]') from impact.claim_records r where r.claim_id = claim.id))::text, 'UTF8'))
$$;

create function impact.assert_claim(donation uuid, project uuid, metric text, quantity numeric, unit text, records uuid[], evidence jsonb default '[]') returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  c impact.claims;
begin
  if num_nonnulls(donation, project) <> 1 or coalesce(cardinality(records), 0) = 0 then
    raise exception using errcode = '22023', message = 'a claim is about one donation or one project and rests on records';
  end if;
  insert into impact.claims (donation_id, project_id, metric_code, quantity, unit, evidence, public_code, claim_sha256)
  values (donation, project, metric, assert_claim.quantity, assert_claim.unit, assert_claim.evidence, 'HCB-' || upper(encode(extensions.gen_random_bytes(8), 'hex')), sha256('')) returning * into c;
  insert into impact.claim_records (claim_id, record_id, record_at, subject_id) select c.id, r.id, r.occurred_at, r.subject_id from impact.records r where r.id = any (records) and r.metric_code = metric;
  if (select count(*) from impact.claim_records r where r.claim_id = c.id) <> (select count(distinct x) from unnest(records) x) then
    raise exception using errcode = '22023', message = 'a claim rests on records of its metric that are there';
  end if;
  update impact.claims x set claim_sha256 = impact.claim_digest(c) where x.id = c.id;
  return c.public_code;
end $$;

create function impact.verify_claim(code text, verdict text, statement text default null, asset uuid default null) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  c impact.claims;
begin
  select x.* into c from impact.claims x where x.public_code = code for update;
  if c.status is distinct from 'asserted' or verdict not in ('verified', 'rejected') then
    raise exception using errcode = '55000', message = 'an asserted claim is verified or rejected, once';
  elsif coalesce(c.asserted_by = core.current_user_id(), core.current_user_id() is null) then
    raise exception using errcode = '42501', message = 'somebody else than its author verifies a claim';
  end if;
  insert into impact.verifications (target_kind, target_id, verifier_id, verdict, method, statement, evidence_asset_id) values ('claim', c.id, core.current_user_id(), verify_claim.verdict, 'review', verify_claim.statement, asset);
  update impact.claims x set status = verify_claim.verdict, verified_at = case verify_claim.verdict when 'verified' then now() end where x.id = c.id;
  if verdict = 'rejected' then
    update impact.claim_records r set is_live = false where r.claim_id = c.id;
  end if;
end $$;

create function impact.revoke_claim(code text, reason text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform core.give_reason(reason);
  update impact.claims x set status = 'revoked' where x.public_code = code;
  update impact.claim_records r set is_live = false from impact.claims c where c.public_code = code and r.claim_id = c.id;
end $$;

create function impact.claim_by_code(code text) returns table (metric text, quantity numeric, unit text, fund_code text, status text, asserted_on date, verified_on date, evidence_sha256 text[], records bigint, claim_sha256 text, is_intact boolean)
  language sql stable security definer set search_path = ''
as $$
  select c.metric_code, c.quantity, c.unit, coalesce(d.fund_code, p.fund_code), c.status, (c.asserted_at at time zone 'UTC')::date, (c.verified_at at time zone 'UTC')::date, array(select e ->> 'sha256' from jsonb_array_elements(c.evidence) e where e ? 'sha256'),
    (select count(*) from impact.claim_records r where r.claim_id = c.id), encode(c.claim_sha256, 'hex'), c.claim_sha256 = impact.claim_digest(c)
  from impact.claims c left join core.donations d on d.id = c.donation_id left join production.projects p on p.id = c.project_id
  where c.public_code = code and c.status in ('verified', 'revoked')
$$;

create function impact.allocate_output(project uuid, units int) returns table (donation_id uuid, amount_usd numeric, allocated int)
  language sql stable security definer set search_path = ''
as $$
  with gift as (
    select d.id, d.amount_usd::numeric as amount, units * d.amount_usd::numeric / sum(d.amount_usd::numeric) over () as exact
    from production.projects p join core.donations d on d.fund_code = p.fund_code and d.status in ('confirmed', 'reconciled') and d.amount_usd > 0 where p.id = project),
  ranked as (
    select g.*, row_number() over (order by g.exact - trunc(g.exact) desc, g.id) as place, units - sum(trunc(g.exact)) over () as rest from gift g)
  select r.id, r.amount, (trunc(r.exact) + case when r.place <= r.rest then 1 else 0 end)::int from ranked r order by r.id
$$;

comment on function impact.claim_digest is 'Digest of what a claim says and of the records it rests on.';
comment on function impact.assert_claim is 'Asserts a benefit of a donation or project that rests on records; its public code. A record in another live claim raises 23505. Security definer: claims are written by functions alone.';
comment on function impact.verify_claim is 'Verifies or rejects an asserted claim; four eyes. Security definer: claims are written by functions alone.';
comment on function impact.revoke_claim is 'Takes a verified claim back, with a reason, and sets its records free. Security definer: claims are written by functions alone.';
comment on function impact.claim_by_code is 'A verified (or revoked) claim for everybody: quantity, fund, dates, digests of the evidence, and whether it is as it was asserted. Security definer: shows what row security hides, without persons.';
comment on function impact.allocate_output is 'Shares whole units of a project''s output among its confirmed donations by amount (largest remainders): they add up to the output. Security definer: donations are granted to finance.';

grant execute on function impact.assert_claim to hc_operator, hc_worker;
grant execute on function impact.verify_claim, impact.revoke_claim to hc_moderator, hc_compliance;
grant execute on function impact.claim_by_code to hc_anon, hc_agent, hc_worker, hc_auditor;
grant execute on function impact.allocate_output to hc_finance, hc_worker, hc_auditor;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000160001', 'ada-0160'), ('00000000-0000-7000-8000-000000160002', 'bob-0160');
insert into impact.metrics (code, name, dimension, base_unit, direction, description) values ('probe_0160', 'Probe', 'count', 'item', 'higher_better', 'x');
insert into impact.records (id, subject_kind, subject_id, metric_code, quantity, unit, result_base) select format('00000000-0000-7000-8000-00000016001%s', n)::uuid, 'project', '00000000-0000-7000-8000-000000160009', 'probe_0160', 5, 'item', 5 from generate_series(1, 3) n;
insert into production.projects (id, slug, title, goal_units) values ('00000000-0000-7000-8000-000000160003', 'probe-0160', 'Probe', 10);
create temporary table codes (n int, code text) on commit drop;
grant all on pg_temp.codes to hc_operator, hc_moderator, hc_anon;
select core.act_as('00000000-0000-7000-8000-000000160001', 'hc_operator');
set local role hc_operator;
insert into pg_temp.codes values (1, impact.assert_claim(null, '00000000-0000-7000-8000-000000160003', 'probe_0160', 10, 'item', '{00000000-0000-7000-8000-000000160011,00000000-0000-7000-8000-000000160012}', '[{"sha256": "ab0160"}]'));
select sql, blueprint.raises(sql, state, why) from (values ($$ select impact.assert_claim(null, '00000000-0000-7000-8000-000000160003', 'probe_0160', 5, 'item', '{00000000-0000-7000-8000-000000160012}') $$, '23505', 'claim_records_record_id_live_key'),
  ($$ select impact.assert_claim(null, null, 'probe_0160', 5, 'item', '{00000000-0000-7000-8000-000000160013}') $$, '22023', 'one donation or one project'), ($$ select impact.assert_claim(null, '00000000-0000-7000-8000-000000160003', 'co2e', 5, 'kg', '{00000000-0000-7000-8000-000000160013}') $$, '22023', 'of its metric')) v(sql, state, why);
insert into pg_temp.codes values (2, impact.assert_claim(null, '00000000-0000-7000-8000-000000160003', 'probe_0160', 5, 'item', '{00000000-0000-7000-8000-000000160013}'));
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000160001', 'hc_moderator');
set local role hc_moderator;
select blueprint.raises(format('select impact.verify_claim(%L, %L)', code, 'verified'), '42501', 'somebody else'), (select count(*) = 0 from impact.claim_by_code(code)) from pg_temp.codes where n = 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000160002', 'hc_moderator');
set local role hc_moderator;
select impact.verify_claim(code, case n when 1 then 'verified' else 'rejected' end, 'seen') from pg_temp.codes;
select blueprint.raises(format('select impact.verify_claim(%L, %L)', code, 'verified'), '55000', 'once') from pg_temp.codes where n = 1;
set local role hc_anon;
select c.code ~ '^HCB-[0-9A-F]{16}$' and metric = 'probe_0160' and quantity = 10 and unit = 'item' and status = 'verified' and records = 2 and evidence_sha256 = '{ab0160}' and is_intact and verified_on = asserted_on and length(claim_sha256) = 64 from pg_temp.codes c, impact.claim_by_code(c.code) where n = 1;
set local role hc_owner;
select count(*) = 1 and bool_and(verifier_id = '00000000-0000-7000-8000-000000160002' and statement = 'seen' and method = 'review') from impact.verifications v join impact.claims c on c.id = v.target_id join pg_temp.codes p on p.code = c.public_code where p.n = 1;
select not is_live from impact.claim_records where record_id = '00000000-0000-7000-8000-000000160013';
update impact.claims set quantity = 11 where public_code = (select code from pg_temp.codes where n = 1);
select not is_intact from pg_temp.codes c, impact.claim_by_code(c.code) where n = 1;
set local role hc_moderator;
select impact.revoke_claim(code, 'counted twice') from pg_temp.codes where n = 1;
set local role hc_owner;
select status = 'revoked' from impact.claims where public_code = (select code from pg_temp.codes where n = 1);
select bool_and(not is_live) from impact.claim_records where record_id in ('00000000-0000-7000-8000-000000160011', '00000000-0000-7000-8000-000000160012');
create temporary table shares on commit drop as select a.* from production.projects p, impact.allocate_output(p.id, 10) a where false;
select count(*) = 0 from impact.allocate_output('00000000-0000-7000-8000-000000160003', 10);
insert into core.donations (id, chain, currency, amount_usd, required_confirmations) select format('00000000-0000-7000-8000-00000016002%s', n)::uuid, 'fiat', 'USD', a, 1 from (values (1, 10), (2, 20), (3, 70.5)) v(n, a);
update core.donations set status = 'pending' where id::text like '00000000-0000-7000-8000-00000016002_';
update core.donations set status = 'confirmed', confirmed_at = now(), fmv_rate_at = now() where id::text like '00000000-0000-7000-8000-00000016002_';
update production.projects set fund_code = (select fund_code from core.donations where id = '00000000-0000-7000-8000-000000160021') where slug = 'probe-0160';
set local role hc_finance;
select sum(allocated) = 7, bool_and(allocated >= 0), count(*) filter (where donation_id::text like '00000000-0000-7000-8000-00000016002_') = 3 from impact.allocate_output('00000000-0000-7000-8000-000000160003', 7);
select bool_and(a.allocated >= b.allocated) from impact.allocate_output('00000000-0000-7000-8000-000000160003', 1000) a, impact.allocate_output('00000000-0000-7000-8000-000000160003', 1000) b where a.donation_id = '00000000-0000-7000-8000-000000160023' and b.donation_id in ('00000000-0000-7000-8000-000000160021', '00000000-0000-7000-8000-000000160022');
set local role hc_owner;
select f, bool_and(has_function_privilege(r, f, 'execute')) and not has_function_privilege('hc_analyst', f, 'execute') from (values ('impact.assert_claim(uuid, uuid, text, numeric, text, uuid[], jsonb)', 'hc_operator,hc_worker'), ('impact.verify_claim(text, text, text, uuid)', 'hc_moderator,hc_compliance'), ('impact.revoke_claim(text, text)', 'hc_moderator,hc_compliance'),
  ('impact.claim_by_code(text)', 'hc_anon,hc_agent,hc_worker,hc_auditor'), ('impact.allocate_output(uuid, int)', 'hc_finance,hc_worker,hc_auditor')) v(f, roles), unnest(string_to_array(roles, ',')) r group by f;
select not has_function_privilege('hc_member', 'impact.claim_digest(impact.claims)', 'execute'), not has_function_privilege('hc_member', 'impact.assert_claim(uuid, uuid, text, numeric, text, uuid[], jsonb)', 'execute'), not has_function_privilege('hc_member', 'impact.allocate_output(uuid, int)', 'execute');
