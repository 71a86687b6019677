-- Room impact, factors: units that combine, the factor that fits best, activities recorded once with their uncertainty, and what happens when a factor is superseded.

-- task: BUILD_0152 implement_feature
-- title: Unit algebra: compound units, offsets and exact round trips
-- does: parse_unit() takes products and quotients of units apart into an exact fraction and a vector of dimensions; convert_units() converts between any two of the same vector with one division, temperatures with their zero points;
--   convert_factor() states an emission factor in other units. An unknown unit names the nearest one.
-- proves: 1 kWh is 3.6 MJ exactly, 0.4 kg/kWh 111.111111111111 g/MJ, 20 degC 293.15 K and back, t*km is 1000 kg*km, kg/kWh is no kg, kwhh suggests kWh.
-- needs: BUILD_0145
create function impact.parse_unit(unit text, out numerator numeric, out denominator numeric, out zero numeric, out vector jsonb) returns record
  language plpgsql stable set search_path = ''
as $$
declare
  part record;
  u impact.units;
begin
  select x.* into u from impact.units x where x.code = unit;
  numerator := coalesce(u.factor_to_base, 1);
  denominator := 1;
  zero := coalesce(u.offset_to_base, 0);
  vector := coalesce(u.vector, '{}');
  if u.code is not null then
    return;
  end if;
  for part in select m[1] as op, m[2] as code from regexp_matches('*' || unit, '([*/])([^*/]+)', 'g') m loop
    select x.* into u from impact.units x where x.code = part.code;
    if u.code is null then
      raise exception using errcode = '22023', message = format('there is no unit %s', part.code),
        hint = format('Did you mean %s?', (select x.code from impact.units x order by extensions.similarity(x.code::text, part.code) desc, length(x.code::text), x.code limit 1));
    end if;
    if part.op = '*' then
      numerator := numerator * u.factor_to_base;
    else
      denominator := denominator * u.factor_to_base;
    end if;
    vector := (
      select coalesce(jsonb_object_agg(s.key, s.power), '{}') from (
        select k.key, sum(k.power) as power from (
          select e.key, e.value::text::int as power from jsonb_each(vector) e union all select e.key, e.value::text::int * case part.op when '*' then 1 else -1 end from jsonb_each(u.vector) e) k
        group by k.key having sum(k.power) <> 0) s);
  end loop;
end $$;

create function impact.convert_units(value numeric, from_unit text, to_unit text) returns numeric
  language plpgsql stable set search_path = ''
as $$
declare
  f constant record := impact.parse_unit(from_unit);
  t constant record := impact.parse_unit(to_unit);
begin
  if f.vector <> t.vector then
    raise exception using errcode = '22023', message = format('%s %s does not convert to %s %s', from_unit, f.vector, to_unit, t.vector);
  end if;
  return trim_scale(((value * f.numerator + f.zero * f.denominator) * t.denominator - t.zero * f.denominator * t.denominator) / (f.denominator * t.numerator));
end $$;

create function impact.convert_factor(factor uuid, numerator_unit text, denominator_unit text) returns numeric
  language sql stable set search_path = ''
as $$
  select impact.convert_units(impact.convert_units(f.value, f.numerator_unit, convert_factor.numerator_unit), convert_factor.denominator_unit, f.denominator_unit) from impact.emission_factors f where f.id = factor
$$;

comment on function impact.parse_unit is 'A unit, also compound as kg/kWh, as an exact fraction of base units, its zero point and its vector of dimensions; unknown parts raise 22023 and name the nearest unit.';
comment on function impact.convert_units is 'Value in another unit of the same dimensions, compound ones too, with one division, all in numeric.';
comment on function impact.convert_factor is 'Value of an emission factor in other units, as g per MJ.';

grant execute on function impact.parse_unit, impact.convert_units to hc_anon, hc_worker, hc_analyst, hc_auditor;
grant execute on function impact.convert_factor to hc_worker, hc_auditor;

-- verify
select value, f, t, round(impact.convert_units(value, f, t), 12) = round(expected, 12) from (values (1, 'kWh', 'MJ', 3.6), (0.4, 'kg/kWh', 'g/MJ', 111.111111111111), (20, 'degC', 'K', 293.15), (293.15, 'K', 'degC', 20), (1, 't*km', 'kg*km', 1000), (1, 'kg*m', 'm*kg', 1), (90, 'km/h', 'm/s', 25), (1, 'kg/l', 'g/ml', 1), (3, 'l/l*kg', 'kg', 3)) v(value, f, t, expected);
select impact.convert_units(impact.convert_units(7, 'kWh', 'MJ'), 'MJ', 'kWh') = 7, impact.convert_units(impact.convert_units(37, 'degC', 'K'), 'K', 'degC') = 37;
select (impact.parse_unit('kg/kWh')).vector = '{"mass": 1, "energy": -1}', (impact.parse_unit('m*m')).vector = '{"length": 2}', (impact.parse_unit('m/m')).vector = '{}';
select blueprint.raises($$ select impact.convert_units(1, 'kg/kWh', 'kg') $$, '22023', 'does not convert'), blueprint.raises($$ select impact.parse_unit('kwhh') $$, '22023', 'no unit kwhh');
create function pg_temp.hint_0152() returns text language plpgsql as $$ declare h text; begin perform impact.parse_unit('kg/kwhh'); return null; exception when others then get stacked diagnostics h = pg_exception_hint; return h; end $$;
select pg_temp.hint_0152() = 'Did you mean kWh?';
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000152001', 'probe_0152', 'probe', 0.36, 'kWh', '[2020-01-01,)');
select impact.convert_factor('00000000-0000-7000-8000-000000152001', 'g', 'MJ') = 100;
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') and has_function_privilege('hc_anon', f, 'execute') = (f not like '%factor%') and has_function_privilege('hc_analyst', f, 'execute') = (f not like '%factor%') and not has_function_privilege('hc_replicator', f, 'execute') from unnest(array['impact.parse_unit(text)', 'impact.convert_units(numeric, text, text)', 'impact.convert_factor(uuid, text, text)']) f;

-- task: BUILD_0153 implement_feature critical
-- title: Resolve emission factors by activity tree, region chain and date
-- does: factor_for(activity, region, at, basis) takes the most specific factor there is: the activity before its ancestors, the region before its country, continent and the world, the newest that held at the date; with how far it is
--   off and a grade for it. factor_trace() lists what was considered. Nothing at all raises with the nearest activities.
-- proves: solar power in DE-BY falls back to grid power in DE at distance 2, grade C; before the newer version began the older one is taken; an unknown activity names candidates.
-- needs: BUILD_0021, BUILD_0145, BUILD_0149, BUILD_0151
create table impact.region_parents (
  region text constraint region_parents_region_pk primary key,
  parent text not null constraint region_parents_parent_check check (parent ~ '^(global|X[A-Z])$')
);

insert into impact.region_parents (region, parent)
select r, c from (values ('XE', 'AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV MT NL NO PL PT RO RS SE SI SK UA'), ('XA', 'AE BD CN HK ID IL IN JP KR LK MY NP PH PK SA SG TH TR TW VN'), ('XF', 'CM EG ET GH KE MA MG MW NG RW SN TN TZ UG ZA ZM ZW'),
  ('XN', 'CA CR CU DO GT HN HT JM MX NI PA SV US'), ('XS', 'AR BO BR CL CO EC PE PY UY VE'), ('XO', 'AU FJ NZ PG')) v(c, regions), string_to_table(v.regions, ' ') r;

create function impact.region_chain(region text) returns table (region text, distance int)
  language sql stable set search_path = ''
as $$
  select c.region, (row_number() over (order by c.n) - 1)::int from (
    select region_chain.region, 1 as n where region_chain.region <> 'global'
    union all select split_part(region_chain.region, '-', 1), 2 where region_chain.region like '%-%'
    union all select p.parent, 3 from impact.region_parents p where p.region = split_part(region_chain.region, '-', 1)
    union all select 'global', 4) c
$$;

create function impact.factor_trace(activity text, region text, at date, basis text) returns table (factor_id uuid, factor_activity text, factor_region text, activity_distance int, region_distance int, during daterange, is_chosen boolean)
  language sql stable security definer set search_path = ''
as $$
  select f.id, f.activity_key, f.region, extensions.nlevel(factor_trace.activity::extensions.ltree) - extensions.nlevel(f.activity), c.distance, f.during,
    row_number() over (order by extensions.nlevel(f.activity) desc, c.distance, lower(f.during) desc, f.version desc, f.id) = 1
  from impact.emission_factors f join impact.region_chain(factor_trace.region) c on c.region = f.region
  where f.activity operator(extensions.@>) factor_trace.activity::extensions.ltree and f.gwp_basis = basis and f.during @> factor_trace.at and f.metric_code = 'co2e'
  order by extensions.nlevel(f.activity) desc, c.distance, lower(f.during) desc, f.version desc, f.id
$$;

create function impact.factor_for(activity text, region text, at date, basis text, out factor impact.emission_factors, out distance int, out quality text) returns record
  language plpgsql stable set search_path = ''
as $$
declare
  chosen record;
begin
  select t.* into chosen from impact.factor_trace(activity, region, at, basis) t where t.is_chosen;
  if chosen.factor_id is null then
    raise exception using errcode = '22023', message = format('there is no %s factor for %s in %s on %s', basis, activity, region, at),
      hint = 'Near are: ' || coalesce((select string_agg(n.activity_key, ', ') from (select f.activity_key from impact.emission_factors f group by f.activity_key order by max(extensions.similarity(f.activity_key, factor_for.activity)) desc, f.activity_key limit 3) n), 'none');
  end if;
  select f.* into factor from impact.emission_factors f where f.id = chosen.factor_id;
  distance := chosen.activity_distance + chosen.region_distance;
  quality := case distance when 0 then 'A' when 1 then 'B' when 2 then 'C' else 'D' end;
end $$;

comment on table impact.region_parents is 'Continent of a country, private codes XE Europe, XA Asia, XF Africa, XN North and Central America, XS South America, XO Oceania (after UN M49). @distribution reference';
comment on column impact.region_parents.region is 'ISO 3166 country.';
comment on column impact.region_parents.parent is 'Its continent.';
comment on function impact.region_chain is 'Region, country, continent, global: where factors are looked for, with the distance.';
comment on function impact.factor_trace is 'Every factor that could serve, best first, and why: how far activity and region are off. Security definer: callers need not read how regions lie.';
comment on function impact.factor_for(text, text, date, text) is 'The factor that serves best, how far it is off in steps, and a grade A to D; 22023 with near activities when there is none.';

grant execute on function impact.factor_trace, impact.factor_for(text, text, date, text) to hc_worker, hc_analyst, hc_auditor;

-- verify
insert into impact.emission_factors (id, activity, region, source, value, denominator_unit, during, gwp_basis) select format('00000000-0000-7000-8000-00000015300%s', n)::uuid, a::extensions.ltree, r, 'probe' || n, v, 'kWh', d::daterange, b from (values
  (1, 'probe153.grid', 'DE', 0.4, '[2020-01-01,2025-01-01)', 'AR6'), (2, 'probe153.grid', 'DE', 0.38, '[2025-01-01,)', 'AR6'), (3, 'probe153.grid', 'global', 0.5, '[2020-01-01,)', 'AR6'), (4, 'probe153', 'DE-BY', 0.9, '[2020-01-01,)', 'AR6'), (5, 'probe153.grid', 'XE', 0.3, '[2020-01-01,)', 'AR6'), (6, 'probe153.grid', 'DE', 0.41, '[2020-01-01,)', 'AR5')) v(n, a, r, v, d, b);
set local role hc_worker;
select activity, region, at, (f.factor).value = value and f.distance = off and f.quality = grade from (values ('probe153.grid.solar', 'DE-BY', '2026-01-01', 'AR6', 0.38, 2, 'C'), ('probe153.grid.solar', 'DE-BY', '2024-01-01', 'AR6', 0.4, 2, 'C'), ('probe153.grid', 'DE', '2026-01-01', 'AR6', 0.38, 0, 'A'), ('probe153.grid', 'FR', '2026-01-01', 'AR6', 0.3, 1, 'B'),
  ('probe153.grid', 'US', '2026-01-01', 'AR6', 0.5, 2, 'C'), ('probe153.other', 'DE-BY', '2026-01-01', 'AR6', 0.9, 1, 'B'), ('probe153.grid', 'DE', '2026-01-01', 'AR5', 0.41, 0, 'A')) v(activity, region, at, basis, value, off, grade), lateral impact.factor_for(activity, region, at::date, basis) f;
select blueprint.raises($$ select impact.factor_for('probe154.grid', 'DE', '2026-01-01', 'AR6') $$, '22023', 'no AR6 factor for probe154.grid'), blueprint.raises($$ select impact.factor_for('probe153.grid', 'DE', '2010-01-01', 'AR6') $$, '22023', 'no AR6 factor');
select array_agg(right(factor_id::text, 1) || activity_distance || region_distance || is_chosen::text) = array['211true', '512false', '313false', '420false'] from impact.factor_trace('probe153.grid.solar', 'DE-BY', '2026-01-01', 'AR6');
set local role hc_owner;
select array_agg(region || distance) = '{DE-BY0,DE1,XE2,global3}' from impact.region_chain('DE-BY');
select array_agg(region || distance) = '{global0}' from impact.region_chain('global');
select blueprint.raises($$ insert into impact.region_parents values ('DE', 'XE') $$, '23505', 'region_parents_region_pk'), blueprint.raises($$ insert into impact.region_parents values ('QQ', 'Europe') $$, '23514', 'region_parents_parent_check');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'impact.region_parents'::regclass;
select f, bool_and(has_function_privilege(r, f, 'execute')) and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['impact.factor_trace(text, text, date, text)', 'impact.factor_for(text, text, date, text)']) f, unnest(array['hc_worker', 'hc_analyst', 'hc_auditor']) r group by f;
select not has_function_privilege('hc_anon', 'impact.region_chain(text)', 'execute');

-- task: BUILD_0154 implement_feature critical
-- title: Record activities with frozen factors, uncertainty and idempotency
-- does: record_activity(.., source_ref) stores what came from a source once, converts any unit, combines the uncertainties of amount and factor and grades the factor; record_activities() takes a list, all or none; correct_record() leaves the original
--   and writes its reversal and the new value.
-- proves: the same source twice is one record, 3 % and 4 % combine to 5 %, a list with one bad unit stores none, a correction changes the total by the difference and keeps the original.
-- needs: BUILD_0146, BUILD_0152, BUILD_0153
create table impact.record_keys (
  source_ref text constraint record_keys_source_ref_pk primary key constraint record_keys_source_ref_check check (length(source_ref) >= 1 and length(source_ref) <= 200),
  record_id uuid not null,
  record_at timestamptz not null
);

create function impact.record_activity(subject_kind text, subject_id uuid, activity text, amount numeric, unit text, at timestamptz, region text, source_ref text, amount_uncertainty_pct numeric, scope int, calc jsonb default '{}') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  best constant record := impact.factor_for(activity, region, (at at time zone 'UTC')::date, 'AR6');
  f constant impact.emission_factors := best.factor;
  quantity constant numeric := impact.convert_units(amount, unit, f.denominator_unit) * f.value;
  made uuid := uuidv7();
begin
  insert into impact.record_keys as k (source_ref, record_id, record_at) values (record_activity.source_ref, made, at) on conflict on constraint record_keys_source_ref_pk do nothing;
  if not found then
    return (select k.record_id from impact.record_keys k where k.source_ref = record_activity.source_ref);
  end if;
  insert into impact.records (id, occurred_at, subject_kind, subject_id, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct, quality, scope, calc, source_ref)
  values (made, at, record_activity.subject_kind, record_activity.subject_id, f.metric_code, quantity, f.numerator_unit, activity::extensions.ltree, record_activity.region, amount, record_activity.unit, f.id, f.value, quantity,
    round(sqrt(f.uncertainty_pct ^ 2 + coalesce(amount_uncertainty_pct, 0) ^ 2), 6), best.quality, coalesce(record_activity.scope, 3), coalesce(record_activity.calc, '{}'), record_activity.source_ref);
  return made;
end $$;

create function impact.record_activities(activities jsonb) returns uuid[]
  language sql set search_path = ''
as $$
  select array_agg(impact.record_activity(a.subject_kind, a.subject_id, a.activity, a.amount, a.unit, a.at, coalesce(a.region, 'global'), a.source_ref, a.amount_uncertainty_pct, a.scope, a.calc) order by a.source_ref)
  from jsonb_to_recordset(activities) a(subject_kind text, subject_id uuid, activity text, amount numeric, unit text, at timestamptz, region text, source_ref text, amount_uncertainty_pct numeric, scope int, calc jsonb)
$$;

create function impact.correct_record(record uuid, amount numeric, reason text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  r impact.records;
  made uuid;
begin
  select x.* into r from impact.records x where x.id = record and x.corrects_id is null and x.activity_value is not null;
  if r.id is null or coalesce(reason, '') = '' then
    raise exception using errcode = '22023', message = 'an original record of an activity is corrected, with a reason';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('impact.correct_record:' || record, 0));
  insert into impact.records (occurred_at, subject_kind, subject_id, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct, quality, scope, calc, corrects_id, corrects_at)
  select r.occurred_at, r.subject_kind, r.subject_id, r.metric_code, - sum(x.quantity), r.unit, r.activity, r.region, - sum(x.activity_value), r.activity_unit, r.factor_id, r.factor_value, - sum(x.result_base), r.uncertainty_pct, r.quality, r.scope, jsonb_build_object('reason', reason, 'part', 'reversal'), r.id, r.occurred_at
  from impact.records x where x.occurred_at = r.occurred_at and x.subject_id = r.subject_id and (x.id = r.id or x.corrects_id = r.id);
  insert into impact.records (occurred_at, subject_kind, subject_id, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct, quality, scope, calc, corrects_id, corrects_at)
  select r.occurred_at, r.subject_kind, r.subject_id, r.metric_code, q.quantity, r.unit, r.activity, r.region, correct_record.amount, r.activity_unit, r.factor_id, r.factor_value, q.quantity, r.uncertainty_pct, r.quality, r.scope, jsonb_build_object('reason', reason, 'part', 'correction'), r.id, r.occurred_at
  from (select impact.convert_units(correct_record.amount, r.activity_unit, f.denominator_unit) * r.factor_value as quantity from impact.emission_factors f where f.id = r.factor_id) q
  returning id into made;
  return made;
end $$;

comment on table impact.record_keys is 'Which sources were recorded, so that none is recorded twice. @distribution local';
comment on column impact.record_keys.source_ref is 'As run:<id>:energy.';
comment on column impact.record_keys.record_id is 'The record.';
comment on column impact.record_keys.record_at is 'Its time.';
comment on function impact.record_activity(text, uuid, text, numeric, text, timestamptz, text, text, numeric, int, jsonb) is 'Stores an activity once per source_ref with the best factor frozen, uncertainties combined by root of squares, and the factor''s grade; the record''s id either way. Security definer: nobody writes records directly.';
comment on function impact.record_activities is 'Stores a list of activities, all or none.';
comment on function impact.correct_record is 'Corrects the amount of a record: its reversal and the new value are written beside it; the id of the new one. Security definer: nobody writes records directly.';

grant execute on function impact.record_activity(text, uuid, text, numeric, text, timestamptz, text, text, numeric, int, jsonb), impact.record_activities, impact.correct_record to hc_worker;

-- verify
insert into impact.emission_factors (id, activity, region, source, value, denominator_unit, during, uncertainty_pct) values ('00000000-0000-7000-8000-000000154001', 'probe154.grid', 'DE', 'probe', 0.4, 'kWh', '[2020-01-01,)', 3);
create temporary table made (id uuid) on commit drop;
grant all on pg_temp.made to hc_worker;
set local role hc_worker;
insert into pg_temp.made select impact.record_activity('organisation', '00000000-0000-7000-8000-000000154002', 'probe154.grid.solar', 36, 'MJ', now(), 'DE-BY', 'probe-0154-1', 4, 2, '{"grid": "DE-2025"}') from generate_series(1, 2);
select count(distinct id) = 1 from pg_temp.made;
set local role hc_owner;
select count(*) = 1 and bool_and(result_base = 4 and quantity = 4 and uncertainty_pct = 5 and quality = 'C' and scope = 2 and source_ref = 'probe-0154-1' and factor_value = 0.4 and activity_value = 36 and calc = '{"grid": "DE-2025"}') from impact.records where subject_id = '00000000-0000-7000-8000-000000154002';
set local role hc_worker;
select blueprint.raises(format($$ select impact.record_activities('[{"subject_kind": "organisation", "subject_id": "00000000-0000-7000-8000-000000154002", "activity": "probe154.grid", "amount": 1, "unit": "kWh", "at": %s, "source_ref": "probe-0154-2", "region": "DE"},
  {"subject_kind": "organisation", "subject_id": "00000000-0000-7000-8000-000000154002", "activity": "probe154.grid", "amount": 1, "unit": "kg", "at": %1$s, "source_ref": "probe-0154-3", "region": "DE"}]') $$, to_json(now())), '22023', 'does not convert');
select cardinality(impact.record_activities(jsonb_build_array(jsonb_build_object('subject_kind', 'organisation', 'subject_id', '00000000-0000-7000-8000-000000154002', 'activity', 'probe154.grid', 'amount', 5, 'unit', 'kWh', 'at', now(), 'source_ref', 'probe-0154-2', 'region', 'DE'),
  jsonb_build_object('subject_kind', 'organisation', 'subject_id', '00000000-0000-7000-8000-000000154002', 'activity', 'probe154.grid', 'amount', 10, 'unit', 'kWh', 'at', now(), 'source_ref', 'probe-0154-4', 'region', 'DE')))) = 2;
set local role hc_owner;
select impact.total('organisation', '00000000-0000-7000-8000-000000154002', 'co2e') = 10, (select bool_and(scope = 3 and uncertainty_pct = 3) from impact.records where source_ref in ('probe-0154-2', 'probe-0154-4'));
set local role hc_worker;
select impact.correct_record(id, 18, 'meter misread') is not null from pg_temp.made limit 1;
set local role hc_owner;
select impact.total('organisation', '00000000-0000-7000-8000-000000154002', 'co2e') = 8;
set local role hc_worker;
select impact.correct_record(id, 54, 'misread again') is not null from pg_temp.made limit 1;
select blueprint.raises($$ select impact.correct_record(id, 18, '') from pg_temp.made limit 1 $$, '22023', 'reason'), blueprint.raises($$ select impact.correct_record(uuidv7(), 18, 'x') $$, '22023', 'original');
set local role hc_owner;
select impact.total('organisation', '00000000-0000-7000-8000-000000154002', 'co2e') = 12;
select result_base = 4 from impact.records where source_ref = 'probe-0154-1';
select count(*) = 4 and bool_and(corrects_id = (select id from pg_temp.made limit 1)) from impact.records where subject_id = '00000000-0000-7000-8000-000000154002' and corrects_id is not null;
select blueprint.raises($$ insert into impact.record_keys values ('probe-0154-1', uuidv7(), now()) $$, '23505', 'record_keys_source_ref_pk'), blueprint.raises($$ insert into impact.record_keys values ('', uuidv7(), now()) $$, '23514', 'record_keys_source_ref_check');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'impact.record_keys'::regclass;
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['impact.record_activity(text, uuid, text, numeric, text, timestamptz, text, text, numeric, int, jsonb)', 'impact.record_activities(jsonb)', 'impact.correct_record(uuid, numeric, text)']) f;

-- task: BUILD_0156 implement_feature
-- title: Propagate superseded factors: impact preview and recalculation as corrections
-- does: supersede_factor() ends a factor and begins its next version; recalculation_preview() shows what records since then would change; apply_recalculation() writes the differences as corrections where the period is open, and puts the others
--   on the list for a restatement. It may run again: what was done is not done twice.
-- proves: the preview's change is what the totals change by, a second run writes nothing, a record in a closed period is unchanged and on the list, the old factor holds until the day before.
-- needs: BUILD_0154
create table impact.restatement_list (
  record_id uuid,
  factor_id uuid constraint restatement_list_factor_id_fk references impact.emission_factors (id),
  difference numeric not null,
  listed_at timestamptz not null default now(),
  constraint restatement_list_record_id_factor_id_pk primary key (record_id, factor_id)
);

create index restatement_list_factor_id_idx on impact.restatement_list (factor_id);

create function impact.supersede_factor(factor uuid, value numeric, valid_from date, reason text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  f impact.emission_factors;
  made uuid;
begin
  select x.* into f from impact.emission_factors x where x.id = factor and x.superseded_by is null for update;
  if f.id is null or not f.during @> valid_from or valid_from = lower(f.during) or coalesce(supersede_factor.reason, '') = '' then
    raise exception using errcode = '22023', message = 'a factor in force is superseded once, from a day within its time on, with a reason';
  end if;
  update impact.emission_factors x set during = daterange(lower(f.during), valid_from) where x.id = factor;
  insert into impact.emission_factors (activity, metric_code, region, source, gwp_basis, value, numerator_unit, denominator_unit, uncertainty_pct, during, version, reason)
  values (f.activity, f.metric_code, f.region, f.source, f.gwp_basis, supersede_factor.value, f.numerator_unit, f.denominator_unit, f.uncertainty_pct, daterange(valid_from, upper(f.during)), f.version + 1, supersede_factor.reason)
  returning id into made;
  update impact.emission_factors x set superseded_by = made where x.id = factor;
  return made;
end $$;

create function impact.recalculation_preview(factor uuid) returns table (record_id uuid, occurred_at timestamptz, subject_kind text, subject_id uuid, old_result numeric, new_result numeric, difference numeric, is_closed boolean)
  language sql stable security definer set search_path = ''
as $$
  select r.id, r.occurred_at, r.subject_kind, r.subject_id, s.net, s.net / nullif(f.value, 0) * n.value, s.net / nullif(f.value, 0) * n.value - s.net,
    exists (
      select from impact.reporting_periods p
      where p.entity_key in ('platform', r.subject_kind || ':' || r.subject_id) and p.during @> (r.occurred_at at time zone 'UTC')::date and p.status in ('closed', 'published', 'restated')
        and not exists (select from impact.reporting_periods v where v.entity_key = p.entity_key and v.during && p.during and v.version > p.version))
  from impact.emission_factors f
  join impact.emission_factors n on n.id = f.superseded_by
  join impact.records r on r.factor_id = f.id and r.corrects_id is null and n.during @> (r.occurred_at at time zone 'UTC')::date,
    lateral (select sum(x.result_base) as net from impact.records x where x.occurred_at = r.occurred_at and x.subject_id = r.subject_id and (x.id = r.id or x.corrects_id = r.id) and not x.calc ? 'recalculation') s
  where f.id = factor and not exists (select from impact.records c where c.corrects_id = r.id and c.calc ->> 'recalculation' = factor::text)
  order by r.occurred_at, r.id
$$;

create function impact.apply_recalculation(factor uuid, out corrected bigint, out listed bigint, out change numeric) returns record
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from impact.emission_factors f where f.id = factor for update;
  with preview as materialized (select p.* from impact.recalculation_preview(factor) p),
  written as (
    insert into impact.records (occurred_at, subject_kind, subject_id, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct, quality, scope, calc, corrects_id, corrects_at)
    select r.occurred_at, r.subject_kind, r.subject_id, r.metric_code, q.quantity, m.base_unit, r.activity, r.region, q.part * r.activity_value, r.activity_unit, q.factor_id, q.factor_value, q.quantity, r.uncertainty_pct, r.quality, r.scope, jsonb_build_object('recalculation', factor), r.id, r.occurred_at
    from preview p join impact.records r on r.id = p.record_id and r.occurred_at = p.occurred_at join impact.metrics m on m.code = r.metric_code join impact.emission_factors n on n.id = (select f.superseded_by from impact.emission_factors f where f.id = factor),
      lateral (values (-1, - p.old_result, r.factor_id, r.factor_value), (1, p.new_result, n.id, n.value)) q(part, quantity, factor_id, factor_value)
    where not p.is_closed
    returning result_base),
  put as (
    insert into impact.restatement_list (record_id, factor_id, difference) select p.record_id, factor, p.difference from preview p where p.is_closed on conflict on constraint restatement_list_record_id_factor_id_pk do nothing returning 1)
  select (select count(*) / 2 from written), (select count(*) from put), (select coalesce(sum(w.result_base), 0) from written w) into corrected, listed, change;
end $$;

comment on table impact.restatement_list is 'Records of closed periods that a superseded factor would change: for the next restatement. @distribution local';
comment on column impact.restatement_list.record_id is 'The record.';
comment on column impact.restatement_list.factor_id is 'The factor it used.';
comment on column impact.restatement_list.difference is 'By how much it would change.';
comment on column impact.restatement_list.listed_at is 'When it was listed.';
comment on index impact.restatement_list_factor_id_idx is 'What waits because of a factor; and the foreign key.';
comment on function impact.supersede_factor is 'Ends a factor the day before and begins its next version with another value. Security definer: nobody writes factors directly.';
comment on function impact.recalculation_preview is 'Records since then that used the superseded factor: what they are now, what they would be, and whether their period is closed. Security definer: for staff and the worker.';
comment on function impact.apply_recalculation is 'Writes the differences as corrections in open periods and lists the closed ones: how many of each, and the net change. Security definer: nobody writes records directly.';

grant execute on function impact.supersede_factor, impact.recalculation_preview, impact.apply_recalculation to hc_worker;

-- verify
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000156001', 'probe156.grid', 'probe', 0.4, 'kWh', '[2020-01-01,)');
insert into impact.reporting_periods (id, name, entity_key, during) values ('00000000-0000-7000-8000-000000156002', 'probe', 'organisation:00000000-0000-7000-8000-000000156004', daterange((now() - interval '2 days')::date, (now() + interval '2 days')::date));
set local role hc_worker;
select count(impact.record_activity('organisation', format('00000000-0000-7000-8000-00000015600%s', s)::uuid, 'probe156.grid', 10, 'kWh', at, 'global', 'probe-0156-' || n, null, 1)) = 3 from (values (1, 3, now()), (2, 4, now()), (3, 3, now() - interval '20 days')) v(n, s, at);
set local role hc_owner;
update impact.reporting_periods set status = 'closed' where id = '00000000-0000-7000-8000-000000156002';
set local role hc_worker;
select blueprint.raises($$ select impact.supersede_factor('00000000-0000-7000-8000-000000156001', 0.3, '2019-01-01', 'x') $$, '22023', 'within its time'), blueprint.raises($$ select impact.supersede_factor('00000000-0000-7000-8000-000000156001', 0.3, '2026-01-01', '') $$, '22023', 'with a reason');
select impact.supersede_factor('00000000-0000-7000-8000-000000156001', 0.3, (now() - interval '5 days')::date, 'new grid mix') is not null;
select blueprint.raises($$ select impact.supersede_factor('00000000-0000-7000-8000-000000156001', 0.3, '2021-01-01', 'x') $$, '22023', 'once');
select count(*) = 2 and bool_and(old_result = 4 and new_result = 3 and difference = -1) and count(*) filter (where is_closed) = 1 from impact.recalculation_preview('00000000-0000-7000-8000-000000156001');
select corrected = 1 and listed = 1 and change = -1 from impact.apply_recalculation('00000000-0000-7000-8000-000000156001');
select corrected = 0 and listed = 0 and change = 0 from impact.apply_recalculation('00000000-0000-7000-8000-000000156001');
set local role hc_owner;
select impact.total('organisation', '00000000-0000-7000-8000-000000156003', 'co2e') = 7, impact.total('organisation', '00000000-0000-7000-8000-000000156004', 'co2e') = 4;
select upper(during) = (now() - interval '5 days')::date and superseded_by is not null and value = 0.4 from impact.emission_factors where id = '00000000-0000-7000-8000-000000156001';
select value = 0.3 and version = 2 and reason = 'new grid mix' and upper_inf(during) from impact.emission_factors where activity_key = 'probe156.grid' and version = 2;
select count(*) = 1 and bool_and(l.difference = -1 and l.listed_at = now()) from impact.restatement_list l where factor_id = '00000000-0000-7000-8000-000000156001';
select blueprint.raises($$ insert into impact.restatement_list select * from impact.restatement_list where factor_id = '00000000-0000-7000-8000-000000156001' $$, '23505', 'restatement_list_record_id_factor_id_pk'), blueprint.raises($$ insert into impact.restatement_list values (uuidv7(), uuidv7(), 1) $$, '23503', 'restatement_list_factor_id_fk'),
  blueprint.plan_uses($$ select from impact.restatement_list where factor_id = '00000000-0000-7000-8000-000000156001' $$, 'restatement_list_factor_id_idx');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'impact.restatement_list'::regclass;
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['impact.supersede_factor(uuid, numeric, date, text)', 'impact.recalculation_preview(uuid)', 'impact.apply_recalculation(uuid)']) f;
