-- Room impact, building blocks: conversion and recording, what may not change, the views over it and look-ups in calculations.

-- task: BUILD_0145 create_functions critical
-- title: Impact functions: convert, factor_for, record_activity, total
-- does: convert() changes units within a dimension exactly, factor_for() finds the factor of an activity for a region (or the global one) at a date, record_activity() stores what an activity amounts to with the factor frozen into it,
--   total() adds up a subject's records with their corrections, less retirements where asked.
-- proves: 10 kWh at 0.4 kg/kWh store 4 kg with the factor's id, two records and a correction add up, retirements count when asked for, kWh to kg raises 22023.
-- needs: BUILD_0005, BUILD_0021, BUILD_0144
create function impact.convert(value numeric, from_unit text, to_unit text) returns numeric
  language plpgsql stable set search_path = ''
as $$
declare
  f impact.units;
  t impact.units;
begin
  select u.* into f from impact.units u where u.code = from_unit;
  select u.* into t from impact.units u where u.code = to_unit;
  if f.code is null or t.code is null or f.dimension <> t.dimension then
    raise exception using errcode = '22023', message = format('%s (%s) does not convert to %s (%s)', from_unit, coalesce(f.dimension, 'unknown'), to_unit, coalesce(t.dimension, 'unknown'));
  end if;
  return trim_scale((value * f.factor_to_base + f.offset_to_base - t.offset_to_base) / t.factor_to_base);
end $$;

create function impact.factor_for(activity text, region text, at date) returns impact.emission_factors
  language sql stable set search_path = ''
as $$
  select f from impact.emission_factors f
  where f.activity_key = factor_for.activity and f.metric_code = 'co2e' and f.region in (factor_for.region, 'global') and f.during @> factor_for.at
  order by f.region = factor_for.region desc, lower(f.during) desc, f.version desc limit 1
$$;

create function impact.record_activity(subject_kind text, subject_id uuid, activity text, amount numeric, unit text, at timestamptz, region text default 'global') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  f constant impact.emission_factors := impact.factor_for(activity, region, (at at time zone 'UTC')::date);
  made uuid;
begin
  if f.id is null then
    raise exception using errcode = '22023', message = format('there is no factor for %s in %s', activity, region);
  end if;
  insert into impact.records (occurred_at, subject_kind, subject_id, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct)
  select at, record_activity.subject_kind, record_activity.subject_id, f.metric_code, q.quantity, f.numerator_unit, f.activity, record_activity.region, amount, record_activity.unit, f.id, f.value, impact.convert(q.quantity, f.numerator_unit, m.base_unit), f.uncertainty_pct
  from impact.metrics m, (select impact.convert(amount, record_activity.unit, f.denominator_unit) * f.value as quantity) q where m.code = f.metric_code
  returning id into made;
  return made;
end $$;

create function impact.total(subject_kind text, subject_id uuid, metric text, from_at timestamptz default '-infinity', to_at timestamptz default 'infinity', less_retired boolean default false) returns numeric
  language sql stable set search_path = ''
as $$
  select coalesce((select sum(r.result_base) from impact.records r where r.subject_kind = total.subject_kind and r.subject_id = total.subject_id and r.metric_code = metric and r.occurred_at >= from_at and r.occurred_at < to_at), 0)
    - case when less_retired and metric = 'co2e' then coalesce((select sum(t.tonnes) * 1000 from impact.retirements t where t.beneficiary_kind = total.subject_kind and t.beneficiary_id = total.subject_id and t.occurred_at >= from_at and t.occurred_at < to_at), 0) else 0 end
$$;

comment on function impact.convert is 'Value in another unit of the same dimension, exact in numeric; 22023 for anything else.';
comment on function impact.factor_for is 'Greenhouse gas factor of exactly this activity for the region or globally at a date; null when there is none.';
comment on function impact.record_activity is 'Stores what an activity amounts to, the factor frozen into the record. Security definer: nobody writes records directly.';
comment on function impact.total is 'Sum of a subject''s records in the metric''s base unit, corrections included, for co2e less retirements where asked.';

grant execute on function impact.convert to hc_anon, hc_worker, hc_analyst, hc_auditor;
grant execute on function impact.record_activity to hc_worker;
grant execute on function impact.total to hc_worker, hc_auditor;

-- verify
select value, impact.convert(value, f, t) = expected from (values (1, 'kWh', 'MJ', 3.6), (2.5, 't', 'kg', 2500), (20, 'degC', 'K', 293.15), (1, 'mi', 'km', 1.609344), (1000, 'kg*km', 't*km', 1), (1, 'gal', 'l', 3.785411784)) v(value, f, t, expected);
select blueprint.raises($$ select impact.convert(1, 'kWh', 'kg') $$, '22023', 'kWh (energy) does not convert to kg (mass)'), blueprint.raises($$ select impact.convert(1, 'kwhh', 'kg') $$, '22023', 'unknown');
insert into impact.emission_factors (id, activity, region, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000145001', 'probe_0145.grid', 'DE', 'probe', 0.4, 'kWh', '[2020-01-01,)'), ('00000000-0000-7000-8000-000000145002', 'probe_0145.grid', 'global', 'probe', 0.5, 'kWh', '[2020-01-01,)');
create temporary table made (id uuid) on commit drop;
grant all on pg_temp.made to hc_worker;
set local role hc_worker;
insert into pg_temp.made values (impact.record_activity('organisation', '00000000-0000-7000-8000-000000145003', 'probe_0145.grid', 10, 'kWh', now(), 'DE'));
select impact.record_activity('organisation', '00000000-0000-7000-8000-000000145003', 'probe_0145.grid', 7.2, 'MJ', now(), 'FR') is not null;
select blueprint.raises($$ select impact.record_activity('organisation', '00000000-0000-7000-8000-000000145003', 'probe_0145.none', 1, 'kWh', now()) $$, '22023', 'no factor'), blueprint.raises($$ select impact.record_activity('organisation', '00000000-0000-7000-8000-000000145003', 'probe_0145.grid', 1, 'kg', now()) $$, '22023', 'does not convert');
set local role hc_owner;
select r.quantity = 4 and r.unit = 'kg' and r.result_base = 4 and r.factor_id = '00000000-0000-7000-8000-000000145001' and r.factor_value = 0.4 and r.activity_value = 10 and r.activity_unit = 'kWh' and r.uncertainty_pct = 10 and r.region = 'DE' from impact.records r join pg_temp.made using (id);
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, corrects_id, corrects_at) select subject_kind, subject_id, metric_code, -1, unit, -1, id, occurred_at from impact.records join pg_temp.made using (id);
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000145004', 'probe-0145', 1, 10, 'C-0145', 'Gold Standard', 2025, 10);
insert into impact.retirements (offset_id, tonnes, beneficiary_kind, beneficiary_id, reason) values ('00000000-0000-7000-8000-000000145004', 0.001, 'organisation', '00000000-0000-7000-8000-000000145003', 'x');
select impact.total('organisation', '00000000-0000-7000-8000-000000145003', 'co2e') = 4, impact.total('organisation', '00000000-0000-7000-8000-000000145003', 'co2e', less_retired => true) = 3, impact.total('organisation', '00000000-0000-7000-8000-000000145003', 'co2e', now() + interval '1 second') = 0, impact.total('organisation', '00000000-0000-7000-8000-000000145003', 'water') = 0;
select (impact.factor_for('probe_0145.grid', 'DE', '2026-01-01')).value = 0.4, (impact.factor_for('probe_0145.grid', 'FR', '2026-01-01')).value = 0.5, (impact.factor_for('probe_0145.grid', 'FR', '2019-01-01')).id is null;
select f, has_function_privilege('hc_worker', f, 'execute') = worker and has_function_privilege('hc_anon', f, 'execute') = anon and has_function_privilege('hc_auditor', f, 'execute') = auditor and not has_function_privilege('hc_replicator', f, 'execute') from (values ('impact.convert(numeric, text, text)', true, true, true), ('impact.record_activity(text, uuid, text, numeric, text, timestamptz, text)', true, false, false),
  ('impact.total(text, uuid, text, timestamptz, timestamptz, boolean)', true, false, true), ('impact.factor_for(text, text, date)', false, false, false)) v(f, worker, anon, auditor);
select has_function_privilege('hc_analyst', 'impact.convert(numeric, text, text)', 'execute');

-- task: BUILD_0146 create_triggers critical
-- title: Impact triggers: frozen factors, append-only records, closed-period guard
-- does: A factor that was used keeps its value, units, activity, region and time of beginning; records and retirements are append-only; records dated into a closed period are refused unless a restatement of it is open; results are in the
--   metric's base unit whatever is given; retirements never exceed the tonnes (under the offset's row lock); goals, periods and claims follow their machines.
-- proves: editing a used factor raises and an unused one passes, a record into a closed period raises and with an open restatement passes, 11 of 10 tonnes raise, wrong steps raise; race: the isolation spec.
-- needs: BUILD_0014, BUILD_0020, BUILD_0144, BUILD_0145, BUILD_0149
create function impact.keep_used_factor() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if exists (select from impact.records r where r.factor_id = old.id) then
    raise exception using errcode = '55006', schema = 'impact', table = 'emission_factors', message = format('factor %s was used and stays as it is', old.activity_key), hint = 'Supersede it by a new version.';
  end if;
  return new;
end $$;

create function impact.guard_record() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  closed text;
begin
  select p.name into closed from impact.reporting_periods p
  where p.entity_key in ('platform', new.subject_kind || ':' || new.subject_id) and p.during @> (new.occurred_at at time zone 'UTC')::date and p.status in ('closed', 'published', 'restated')
    and not exists (select from impact.reporting_periods n where n.entity_key = p.entity_key and n.during && p.during and n.version > p.version)
  limit 1;
  if closed is not null then
    raise exception using errcode = '55000', schema = 'impact', table = 'records', message = format('period %s is closed', closed), hint = 'Restate it with a reason to correct it.';
  end if;
  if not exists (select from impact.metrics m join impact.units u on u.dimension = m.dimension where m.code = new.metric_code and u.code = new.unit) and exists (select from impact.metrics m where m.code = new.metric_code) then
    raise exception using errcode = '23514', schema = 'impact', table = 'records', column = 'unit', constraint = 'records_unit_fits_metric_check', message = format('%s does not measure %s', new.unit, new.metric_code);
  end if;
  new.result_base := impact.convert(new.quantity, new.unit, (select m.base_unit from impact.metrics m where m.code = new.metric_code));
  return new;
end $$;

create function impact.guard_retirement() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  held numeric;
begin
  select o.tonnes into held from impact.offsets o where o.id = new.offset_id and o.status <> 'cancelled' for update;
  if new.tonnes + (select coalesce(sum(r.tonnes), 0) from impact.retirements r where r.offset_id = new.offset_id) > held then
    raise exception using errcode = '23514', schema = 'impact', table = 'retirements', constraint = 'retirements_within_offset_check', message = format('%s t are more than what is left of the offset', new.tonnes);
  end if;
  return new;
end $$;

create trigger emission_factors_keep before update on impact.emission_factors for each row
  when (new.activity::text is distinct from old.activity::text or new.metric_code is distinct from old.metric_code or new.region is distinct from old.region or new.source is distinct from old.source or new.value is distinct from old.value
    or new.numerator_unit is distinct from old.numerator_unit or new.denominator_unit is distinct from old.denominator_unit or new.gwp_basis is distinct from old.gwp_basis or new.uncertainty_pct is distinct from old.uncertainty_pct or lower(new.during) is distinct from lower(old.during))
  execute function impact.keep_used_factor();

create trigger records_guard before insert on impact.records for each row execute function impact.guard_record();

create trigger retirements_guard before insert on impact.retirements for each row execute function impact.guard_retirement();

select core.attach_standard('impact.records', 'log'), core.attach_standard('impact.retirements', 'log'), core.attach_standard('impact.verifications', 'log'), core.attach_standard('impact.emission_factors', 'std'), core.attach_standard('impact.baselines', 'std'),
  core.attach_standard('impact.offsets', 'std'), core.attach_standard('impact.goals', 'std'), core.attach_standard('impact.reporting_periods', 'std', 'entity_key', 'version'), core.attach_standard('impact.claims', 'std', 'public_code');

select core.define_machine('impact_goal', '{"draft": ["active", "cancelled"], "active": ["achieved", "missed", "cancelled"], "missed": ["active"]}'),
  core.define_machine('reporting_period', '{"open": ["closing", "closed"], "closing": ["open", "closed"], "closed": ["published", "restated"], "published": ["restated"]}'),
  core.define_machine('impact_claim', '{"asserted": ["verified", "rejected"], "verified": [{"to": "revoked", "reason": true}]}');

create trigger goals_status_machine after update on impact.goals for each row when (new.status is distinct from old.status) execute function core.enforce_transition('impact_goal');
create trigger reporting_periods_status_machine after update on impact.reporting_periods for each row when (new.status is distinct from old.status) execute function core.enforce_transition('reporting_period');
create trigger claims_status_machine after update on impact.claims for each row when (new.status is distinct from old.status) execute function core.enforce_transition('impact_claim');

comment on function impact.keep_used_factor is 'Trigger of impact.emission_factors: what records were made with does not change.';
comment on function impact.guard_record is 'Trigger of impact.records: nothing is dated into a closed period; the result is in the metric''s base unit.';
comment on function impact.guard_retirement is 'Trigger of impact.retirements: never more than the offset holds, under its row lock.';
comment on trigger emission_factors_keep on impact.emission_factors is 'Used factors are frozen.';
comment on trigger records_guard on impact.records is 'Closed periods are frozen, results in base units.';
comment on trigger retirements_guard on impact.retirements is 'No tonne is retired twice.';
comment on trigger goals_status_machine on impact.goals is 'Status changes follow machine impact_goal and are logged.';
comment on trigger reporting_periods_status_machine on impact.reporting_periods is 'Status changes follow machine reporting_period and are logged.';
comment on trigger claims_status_machine on impact.claims is 'Status changes follow machine impact_claim and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000146009', 'ada-0146');
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) select format('00000000-0000-7000-8000-00000014600%s', n)::uuid, text2ltree, 'probe', 1, 'kWh', '[2020-01-01,)' from (values (1, 'probe_0146.a'::extensions.ltree), (2, 'probe_0146.b')) v(n, text2ltree);
insert into impact.records (occurred_at, subject_kind, subject_id, metric_code, quantity, unit, result_base, factor_id) values (now(), 'organisation', '00000000-0000-7000-8000-000000146003', 'co2e', 2, 't', 7, '00000000-0000-7000-8000-000000146001') returning result_base = 2000;
select blueprint.raises($$ update impact.emission_factors set value = 2 where id = '00000000-0000-7000-8000-000000146001' $$, '55006', 'was used');
update impact.emission_factors set during = '[2020-01-01,2099-01-01)' where id = '00000000-0000-7000-8000-000000146001' returning true;
update impact.emission_factors set value = 2, updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146002' returning value = 2 and updated_at > now();
insert into impact.reporting_periods (id, name, entity_key, during, status) values ('00000000-0000-7000-8000-000000146004', 'probe', 'organisation:00000000-0000-7000-8000-000000146003', daterange((now() - interval '2 days')::date, (now() + interval '2 days')::date), 'open');
update impact.reporting_periods set status = 'closed' where id = '00000000-0000-7000-8000-000000146004';
select blueprint.raises($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', '00000000-0000-7000-8000-000000146003', 'co2e', 1, 'kg', 1) $$, '55000', 'period probe is closed');
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', '00000000-0000-7000-8000-000000146008', 'co2e', 1, 'kg', 1) returning true;
insert into impact.reporting_periods (name, entity_key, during, version, restates_id) select 'probe again', entity_key, during, 2, id from impact.reporting_periods where id = '00000000-0000-7000-8000-000000146004';
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', '00000000-0000-7000-8000-000000146003', 'co2e', 1, 'kg', 1) returning true;
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000146005', 'probe-0146', 1, 10, 'C-0146', 'Gold Standard', 2025, 10);
insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000146005', 7, 'order', 'x');
select blueprint.raises($$ insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000146005', 4, 'order', 'x') $$, '23514', 'retirements_within_offset_check');
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) values ('00000000-0000-7000-8000-000000146006', 'organisation', '00000000-0000-7000-8000-000000146003', 'co2e', 10, 'kg', '[2026-01-01,2027-01-01)');
insert into impact.goals (id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on) values ('00000000-0000-7000-8000-000000146007', 'organisation', '00000000-0000-7000-8000-000000146003', 'co2e', '00000000-0000-7000-8000-000000146006', 5, 'kg', '2026-01-01', '2026-12-31');
insert into impact.claims (id, metric_code, quantity, unit, public_code, claim_sha256) values ('00000000-0000-7000-8000-00000014600a', 'co2e', 1, 'kg', 'P-0146', sha256(''));
insert into impact.verifications (target_kind, target_id, verifier_id, verdict) values ('claim', '00000000-0000-7000-8000-00000014600a', '00000000-0000-7000-8000-000000146009', 'questioned');
update impact.goals set status = 'achieved' where id = '00000000-0000-7000-8000-000000146007' returning true;
select sql, blueprint.raises(sql, state, why) from (values ($$ update impact.goals set status = 'active' where id = '00000000-0000-7000-8000-000000146007' $$, '23514', 'achieved -> active'), ($$ update impact.reporting_periods set status = 'open' where id = '00000000-0000-7000-8000-000000146004' $$, '23514', 'closed -> open'),
  ($$ update impact.claims set status = 'revoked' where public_code = 'P-0146' $$, '23514', 'asserted -> revoked'), ($$ update impact.claims set public_code = 'P-0146-b' where public_code = 'P-0146' $$, '55006', 'public_code'), ($$ update impact.reporting_periods set entity_key = 'x' where id = '00000000-0000-7000-8000-000000146004' $$, '55006', 'entity_key'),
  ($$ update impact.records set calc = '{}' where subject_id = '00000000-0000-7000-8000-000000146003' $$, '55006', 'records'), ($$ delete from impact.records where subject_id = '00000000-0000-7000-8000-000000146003' $$, '55006', 'records'), ($$ delete from impact.retirements where offset_id = '00000000-0000-7000-8000-000000146005' $$, '55006', 'retirements'),
  ($$ truncate impact.retirements $$, '55006', 'retirements'), ($$ update impact.verifications set method = 'x' where verifier_id = '00000000-0000-7000-8000-000000146009' $$, '55006', 'verifications'), ($$ truncate impact.verifications $$, '55006', 'verifications'), ($$ truncate impact.records cascade $$, '55006', 'records'),
  ($$ update impact.emission_factors set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146002' $$, '55006', 'created_at'), ($$ update impact.baselines set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146006' $$, '55006', 'created_at'),
  ($$ update impact.offsets set created_at = now() - interval '1 day' where certificate_no = 'C-0146' $$, '55006', 'created_at'), ($$ update impact.goals set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146007' $$, '55006', 'created_at')) v(sql, state, why);
update impact.baselines set metadata = '{"a": 1}', updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146006' returning updated_at > now();
update impact.offsets set metadata = '{"a": 1}', updated_at = now() - interval '1 day' where certificate_no = 'C-0146' returning updated_at > now();
update impact.goals set evidence = '{"a": 1}', updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146007' returning updated_at > now();
update impact.reporting_periods set name = 'y', updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000146004' returning updated_at > now();
update impact.claims set metadata = '{"a": 1}', updated_at = now() - interval '1 day' where public_code = 'P-0146' returning updated_at > now();
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['impact.keep_used_factor()', 'impact.guard_record()', 'impact.guard_retirement()']) f;

-- revert
drop trigger claims_status_machine on impact.claims;
drop trigger reporting_periods_status_machine on impact.reporting_periods;
drop trigger goals_status_machine on impact.goals;
select core.define_machine('impact_claim', '{}'), core.define_machine('reporting_period', '{}'), core.define_machine('impact_goal', '{}');
select core.detach_standard('impact.records'), core.detach_standard('impact.retirements'), core.detach_standard('impact.verifications'), core.detach_standard('impact.emission_factors'), core.detach_standard('impact.baselines'), core.detach_standard('impact.offsets'),
  core.detach_standard('impact.goals'), core.detach_standard('impact.reporting_periods'), core.detach_standard('impact.claims');
drop trigger retirements_guard on impact.retirements;
drop trigger records_guard on impact.records;
drop trigger emission_factors_keep on impact.emission_factors;
drop function impact.guard_retirement, impact.guard_record, impact.keep_used_factor;

-- task: BUILD_0147 create_views
-- title: Views footprint_summary, factor_coverage, offset_balance and public_impact
-- does: Month by month what was caused and what was offset, which activities lack a regional or recent factor, what is left of each offset, and the verified benefit for everybody. All with the reader's rights.
-- proves: only verified claims count, left is tonnes less retired, an activity that fell back to global is listed, the summary nets offsets.
-- needs: BUILD_0145
create view impact.footprint_summary with (security_invoker = true) as
  select s.month, s.metric_code, s.scope, sum(s.gross) as gross, sum(s.offset_kg) as offset_kg, sum(s.gross - s.offset_kg) as net
  from (
    select date_trunc('month', r.occurred_at, 'UTC') as month, r.metric_code, r.scope, r.result_base as gross, 0::numeric as offset_kg from impact.records r
    union all
    select date_trunc('month', t.occurred_at, 'UTC') as month, 'co2e'::text as metric_code, 0 as scope, 0::numeric as gross, t.tonnes * 1000 as offset_kg from impact.retirements t) s
  group by s.month, s.metric_code, s.scope;

create view impact.factor_coverage with (security_invoker = true) as
  select r.activity::text as activity, r.region, f.region as factor_region, count(*) as records, bool_or(f.region <> r.region) as is_fallback, bool_or(lower(f.during) < (r.occurred_at at time zone 'UTC')::date - 1096) as is_old
  from impact.records r join impact.emission_factors f on f.id = r.factor_id
  where f.region <> r.region or lower(f.during) < (r.occurred_at at time zone 'UTC')::date - 1096
  group by r.activity::text, r.region, f.region;

create view impact.offset_balance with (security_invoker = true) as
  select o.id as offset_id, o.registry, o.certificate_no, o.standard, o.vintage, o.tonnes, coalesce(t.retired, 0) as retired, o.tonnes - coalesce(t.retired, 0) as left_tonnes
  from impact.offsets o left join (select r.offset_id, sum(r.tonnes) as retired from impact.retirements r group by r.offset_id) t on t.offset_id = o.id;

create view impact.public_impact with (security_invoker = true) as
  select c.metric_code, sum(c.quantity * u.factor_to_base) as total, m.base_unit as unit, count(*) as claims
  from impact.claims c join impact.metrics m on m.code = c.metric_code join impact.units u on u.code = c.unit
  where c.status = 'verified' group by c.metric_code, m.base_unit;

grant select on impact.footprint_summary, impact.factor_coverage to hc_analyst, hc_auditor;
grant select on impact.offset_balance to hc_finance, hc_auditor;
grant select on impact.public_impact to hc_anon, hc_analyst, hc_auditor;

comment on view impact.footprint_summary is 'Per month (UTC), metric and scope: gross, offset and net in base units; retirements stand under scope 0.';
comment on view impact.factor_coverage is 'Activities recorded with a factor of another region or older than three years.';
comment on view impact.offset_balance is 'Tonnes held, retired and left of each offset.';
comment on view impact.public_impact is 'Verified benefit per metric, nothing personal.';

-- verify
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000147001', 'probe_0147.grid', 'probe', 1, 'kWh', '[2020-01-01,)');
insert into impact.metrics (code, name, dimension, base_unit, direction, description) values ('probe_0147', 'Probe', 'mass', 'kg', 'higher_better', 'x');
select impact.record_activity('organisation', '00000000-0000-7000-8000-000000147002', 'probe_0147.grid', 5, 'kWh', now(), 'FR') is not null;
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, scope) values ('organisation', '00000000-0000-7000-8000-000000147002', 'probe_0147', 3, 'kg', 3, 1);
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000147003', 'probe-0147', 1, 10, 'C-0147', 'Gold Standard', 2025, 10);
insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000147003', 3, 'order', 'x');
insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256, status) values ('probe_0147', 2, 't', 'P-0147-1', sha256(''), 'verified'), ('probe_0147', 500, 'kg', 'P-0147-2', sha256(''), 'verified'), ('probe_0147', 9, 'kg', 'P-0147-3', sha256(''), 'asserted');
select total = 2500 and unit = 'kg' and claims = 2 from impact.public_impact where metric_code = 'probe_0147';
select tonnes = 10 and retired = 3 and left_tonnes = 7 from impact.offset_balance where offset_id = '00000000-0000-7000-8000-000000147003';
select factor_region = 'global' and region = 'FR' and is_fallback and records = 1 from impact.factor_coverage where activity = 'probe_0147.grid';
select gross = 3 and offset_kg = 0 and net = 3 and scope = 1 and month = date_trunc('month', now(), 'UTC') from impact.footprint_summary where metric_code = 'probe_0147';
select offset_kg >= 3000 and net = - offset_kg from impact.footprint_summary where metric_code = 'co2e' and scope = 0 and month = date_trunc('month', now(), 'UTC');
select v, bool_and(has_table_privilege(r, 'impact.' || v, 'select')) and has_table_privilege('hc_anon', 'impact.' || v, 'select') = (v = 'public_impact') from (values ('footprint_summary', 'hc_analyst,hc_auditor'), ('factor_coverage', 'hc_analyst,hc_auditor'), ('offset_balance', 'hc_finance,hc_auditor'), ('public_impact', 'hc_anon,hc_analyst,hc_auditor')) t(v, roles), unnest(string_to_array(roles, ',')) r group by v;
select bool_and(reloptions @> '{security_invoker=true}') from pg_class where relnamespace = 'impact'::regnamespace and relname in ('footprint_summary', 'factor_coverage', 'offset_balance', 'public_impact');

-- task: BUILD_0148 create_jsonb_indexes
-- title: Index calculation JSONB and offset project attributes
-- does: records_by_input(key, value) finds every record that used something, as a grid mix, in all months; offsets_in(country, standard) the offsets of a kind, claims_with_evidence(sha256) the claims that rest on a document. All through GIN indexes.
-- proves: two records of a grid mix, one offset and one claim are found, and each query reads its index.
-- needs: BUILD_0005, BUILD_0142
create index records_calc_idx on impact.records using gin (calc jsonb_path_ops);
create index offsets_project_idx on impact.offsets using gin (project jsonb_path_ops);
create index claims_evidence_idx on impact.claims using gin (evidence jsonb_path_ops);

create function impact.records_by_input(key text, value text) returns table (record_id uuid, occurred_at timestamptz, subject_kind text, subject_id uuid, result_base numeric)
  language sql stable security definer
begin atomic
  select r.id, r.occurred_at, r.subject_kind, r.subject_id, r.result_base from impact.records r where r.calc @> jsonb_build_object(key, value) order by r.occurred_at, r.id;
end;

create function impact.offsets_in(country text, standard text) returns table (offset_id uuid, certificate_no text, vintage int, tonnes numeric)
  language sql stable security definer
begin atomic
  select o.id, o.certificate_no, o.vintage, o.tonnes from impact.offsets o where o.project @> jsonb_build_object('country', country) and o.standard = offsets_in.standard order by o.vintage, o.id;
end;

create function impact.claims_with_evidence(sha256 text) returns table (claim_id uuid, public_code text, status text)
  language sql stable security definer
begin atomic
  select c.id, c.public_code, c.status from impact.claims c where c.evidence @> jsonb_build_array(jsonb_build_object('sha256', claims_with_evidence.sha256)) order by c.id;
end;

comment on index impact.records_calc_idx is 'Records by an input of their calculation (impact.records_by_input).';
comment on index impact.offsets_project_idx is 'Offsets by attributes of their project (impact.offsets_in).';
comment on index impact.claims_evidence_idx is 'Claims by a document (impact.claims_with_evidence).';
comment on function impact.records_by_input is 'Records whose calculation used this, as grid DE-2025. Security definer: for audit and the worker.';
comment on function impact.offsets_in is 'Offsets of a country and standard, oldest vintage first. Security definer: for audit and the worker.';
comment on function impact.claims_with_evidence is 'Claims that rest on a document, by its SHA-256 in hex. Security definer: for audit and the worker.';

grant execute on function impact.records_by_input, impact.offsets_in, impact.claims_with_evidence to hc_auditor, hc_worker;

-- verify
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, calc, occurred_at) select 'organisation', '00000000-0000-7000-8000-000000148001', 'co2e', 1, 'kg', 1, jsonb_build_object('grid', case n when 3 then 'x' else 'DE-0148' end), now() + n * interval '20 days' from generate_series(1, 3) n;
insert into impact.offsets (registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes, project) values ('probe-0148', 1, 10, 'C-0148-1', 'Probe 0148', 2025, 10, '{"country": "KE"}'), ('probe-0148', 11, 20, 'C-0148-2', 'Probe 0148', 2025, 10, '{"country": "IN"}');
insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256, evidence) values ('co2e', 1, 'kg', 'P-0148', sha256(''), '[{"sha256": "0148"}]');
set local role hc_auditor;
select count(*) = 2 from impact.records_by_input('grid', 'DE-0148');
select array_agg(certificate_no) = '{C-0148-1}' from impact.offsets_in('KE', 'Probe 0148');
select count(*) = 1 from impact.claims_with_evidence('0148');
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values ($$ select from impact.records where calc @> '{"grid": "x"}' $$, 'records_calc_idx'), ($$ select from impact.offsets where project @> '{"country": "KE"}' $$, 'offsets_project_idx'), ($$ select from impact.claims where evidence @> '[{"sha256": "x"}]' $$, 'claims_evidence_idx')) v(sql, index);
select f, has_function_privilege('hc_auditor', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['impact.records_by_input(text, text)', 'impact.offsets_in(text, text)', 'impact.claims_with_evidence(text)']) f;
