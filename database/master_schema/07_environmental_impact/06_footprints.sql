-- Room impact, footprints: what a design would cause and what an order caused, stage by stage.

-- task: BUILD_0155 implement_feature
-- title: Product footprint of a design, order or shipment from BOM, energy and transport
-- does: footprint_of_version() estimates from the masses of the bill of materials, through all parts, and the factory's energy per kilogram; footprint_of_order() takes what really happened: material issued to its runs (scrap is in it), energy of the
--   runs, weight times distance of its shipments. Rows per stage with value, share and factor; compare_versions() and order_label() per good piece.
-- proves: an order of 0.2 kg, 1.5 kWh and 0.04 t*km equals the hand calculation to 1e-9 and its shares add up to 100, changing the material changes that stage alone, the label divides by good pieces, a stranger is refused.
-- needs: BUILD_0023, BUILD_0151, BUILD_0154
create function impact.stage_rows(stages jsonb, region text, at date) returns table (stage text, metric text, value numeric, unit text, share numeric, factor_id uuid, quality text)
  language sql stable set search_path = ''
as $$
  with costed as (
    select s.stage, impact.convert_units(s.amount, s.unit, (f.factor).denominator_unit) * impact.convert((f.factor).value, (f.factor).numerator_unit, 'kg') as value, (f.factor).id as factor_id, f.quality
    from jsonb_to_recordset(stages) s(stage text, activity text, amount numeric, unit text), lateral impact.factor_for(s.activity, stage_rows.region, stage_rows.at, 'AR6') f where s.amount <> 0)
  select c.stage, 'co2e', c.value, 'kg', 100 * c.value / nullif(sum(c.value) over (), 0), c.factor_id, c.quality from costed c order by c.value desc, c.stage
$$;

create function impact.footprint_of_version(version uuid, factory uuid default null, at date default current_date) returns table (stage text, metric text, value numeric, unit text, share numeric, factor_id uuid, quality text)
  language sql stable security definer set search_path = ''
as $$
  with recursive line (depth, trail, term_id, part_design_id, times, mass_kg) as (
    select 1, array[]::uuid[] || b.part_design_id, b.term_id, b.part_design_id, b.quantity, case when b.unit in ('kg', 'g', 't', 'lb', 'oz') then impact.convert(b.quantity, b.unit, 'kg') else b.quantity * b.mass_g / 1000 end
    from design.bom_items b where b.version_id = version
    union all
    select l.depth + 1, l.trail || b.part_design_id, b.term_id, b.part_design_id, l.times * b.quantity, l.times * case when b.unit in ('kg', 'g', 't', 'lb', 'oz') then impact.convert(b.quantity, b.unit, 'kg') else b.quantity * b.mass_g / 1000 end
    from line l join core.designs d on d.id = l.part_design_id join design.bom_items b on b.version_id = d.head_version_id
    where l.depth < 10 and (b.part_design_id is null or b.part_design_id <> all (l.trail))),
  mass as (
    select t.path::text as activity, sum(l.mass_kg) as kg from line l join core.terms t on t.id = l.term_id where l.mass_kg is not null and l.part_design_id is null group by t.path),
  place as (
    select coalesce((select coalesce(f.energy_profile ->> 'grid_region', f.country::text) from core.microfactories f where f.id = factory), 'global') as region,
      (select (f.energy_profile ->> 'kwh_per_kg')::numeric from core.microfactories f where f.id = factory and f.energy_profile ->> 'kwh_per_kg' ~ '^\d+(\.\d+)?$') as kwh_per_kg),
  stages as (
    select jsonb_agg(jsonb_build_object('stage', s.stage, 'activity', s.activity, 'amount', s.amount, 'unit', s.unit)) as list from (
      select m.activity as stage, m.activity, m.kg as amount, 'kg' as unit from mass m
      union all select 'energy', 'electricity.grid', p.kwh_per_kg * (select sum(m.kg) from mass m), 'kWh' from place p where p.kwh_per_kg > 0) s)
  select r.* from stages s, place p, lateral impact.stage_rows(coalesce(s.list, '[]'), p.region, footprint_of_version.at) r
$$;

create function impact.footprint_of_order(ordered uuid) returns table (stage text, metric text, value numeric, unit text, share numeric, factor_id uuid, quality text)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  o production.orders;
  region text;
  stages jsonb;
begin
  select x.* into o from production.orders x where x.id = ordered and (ordered = any (impact.my_subjects()) or core.request_role() in ('hc_worker', 'hc_owner', 'hc_analyst', 'hc_auditor'));
  if o.id is null then
    raise exception using errcode = '42501', message = 'there is no such order of yours';
  end if;
  region := coalesce((select coalesce(f.energy_profile ->> 'grid_region', f.country::text) from core.microfactories f where f.id = o.microfactory_id), 'global');
  select jsonb_agg(jsonb_build_object('stage', s.stage, 'activity', s.activity, 'amount', s.amount, 'unit', s.unit)) into stages
  from (
    select coalesce(t.path::text, 'material') as stage, coalesce(t.path::text, 'material') as activity, - sum(impact.convert_units(v.quantity, m.unit, 'kg')) as amount, 'kg' as unit
    from production.work_orders w join production.runs r on r.work_order_id = w.id join production.stock_movements v on v.run_id = r.id and v.kind in ('issue', 'return', 'scrap')
    join production.stock_lots l on l.id = v.lot_id join production.materials m on m.id = l.material_id left join core.terms t on t.id = m.term_id
    where w.order_id = ordered group by t.path
    union all
    select 'energy', 'electricity.grid', sum(r.energy_kwh), 'kWh' from production.work_orders w join production.runs r on r.work_order_id = w.id where w.order_id = ordered having sum(r.energy_kwh) > 0
    union all
    select 'transport', 'freight.road', sum(h.weight_g * h.distance_km) / 1000000, 't*km' from production.shipments h where h.order_id = ordered having sum(h.weight_g * h.distance_km) > 0) s;
  return query select r.* from impact.stage_rows(coalesce(stages, '[]'), region, (o.created_at at time zone 'UTC')::date) r;
end $$;

create function impact.compare_versions(before uuid, after uuid, factory uuid default null, at date default current_date) returns table (stage text, before_kg numeric, after_kg numeric, difference numeric)
  language sql stable set search_path = ''
as $$
  select coalesce(a.stage, b.stage), coalesce(a.value, 0), coalesce(b.value, 0), coalesce(b.value, 0) - coalesce(a.value, 0)
  from impact.footprint_of_version(before, factory, compare_versions.at) a full join impact.footprint_of_version(after, factory, compare_versions.at) b on b.stage = a.stage order by 1
$$;

create function impact.order_label(ordered uuid) returns jsonb
  language sql stable set search_path = ''
as $$
  select jsonb_build_object('order', ordered, 'pieces', p.good, 'kg_co2e', f.total, 'kg_co2e_per_piece', case when p.good > 0 then round(f.total / p.good, 9) end, 'grade', f.grade)
  from (select coalesce(sum(x.value), 0) as total, max(x.quality) as grade from impact.footprint_of_order(ordered) x) f,
    (select coalesce(sum(r.good_count), 0) as good from production.work_orders w join production.runs r on r.work_order_id = w.id where w.order_id = ordered) p
$$;

comment on function impact.stage_rows is 'Prices stages {stage, activity, amount, unit} with the best factor of a region at a date: kg CO2e, share of the sum, factor, grade. For the footprint functions.';
comment on function impact.footprint_of_version is 'Estimate of a version: masses of its bill of materials through all parts, and energy per kilogram of the factory where that is known. Security definer: reads designs for analysis and the worker.';
comment on function impact.footprint_of_order is 'What an order caused: material issued to its runs less what came back (scrap is in it), energy of the runs, transport of its shipments. For its customer, its factory, analysis and audit. Security definer: customers read no runs.';
comment on function impact.compare_versions is 'Two versions stage by stage.';
comment on function impact.order_label is 'Label of an order: kilograms CO2e in all and per good piece, and the weakest grade of its factors. For the worker, who prints it.';

grant execute on function impact.footprint_of_version, impact.compare_versions to hc_worker, hc_analyst, hc_auditor;
grant execute on function impact.footprint_of_order to hc_member, hc_worker, hc_analyst, hc_auditor;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000155001', 'ada-0155'), ('00000000-0000-7000-8000-000000155002', 'bob-0155');
insert into core.terms (path, kind, labels) values ('material.probe155a', 'material', '{"en": "A"}'), ('material.probe155b', 'material', '{"en": "B"}');
insert into impact.emission_factors (activity, region, source, value, denominator_unit, during) values ('material.probe155a', 'global', 'probe', 3, 'kg', '[2020-01-01,)'), ('material.probe155b', 'global', 'probe', 5, 'kg', '[2020-01-01,)'), ('electricity.grid', 'ZW', 'probe-0155', 0.4, 'kWh', '[2020-01-01,)'), ('freight.road', 'ZW', 'probe-0155', 0.1, 't*km', '[2020-01-01,)');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000155003', '00000000-0000-7000-8000-000000155001', 'probe-0155', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx) select format('00000000-0000-7000-8000-00000015501%s', n)::uuid, '00000000-0000-7000-8000-000000155003', n, sha256(convert_to('0155' || n, 'UTF8')), '00000000-0000-7000-8000-000000155001', 'MIT' from generate_series(1, 2) n;
insert into design.bom_items (version_id, line_no, term_id, quantity, unit, mass_g) select format('00000000-0000-7000-8000-00000015501%s', v)::uuid, l, t.id, q, u, m from (values (1, 1, 'a', 200, 'g', null), (1, 2, 'b', 2, 'pcs', 50), (2, 1, 'b', 200, 'g', null), (2, 2, 'b', 2, 'pcs', 50)) x(v, l, term, q, u, m) join core.terms t on t.path::text = 'material.probe155' || x.term;
insert into core.microfactories (id, operator_id, slug, name, country, energy_profile) values ('00000000-0000-7000-8000-000000155004', '00000000-0000-7000-8000-000000155002', 'works-0155', 'Works', 'ZW', '{"kwh_per_kg": 10}');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000155005', '00000000-0000-7000-8000-000000155004', 'S-1', 'M', 'mill', 'available');
update design.versions set released_at = now(), label = '1.0.0' where id = '00000000-0000-7000-8000-000000155011';
insert into production.orders (id, customer_id, number, status, microfactory_id) values ('00000000-0000-7000-8000-000000155006', '00000000-0000-7000-8000-000000155001', 'PROBE-0155', 'accepted', '00000000-0000-7000-8000-000000155004');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000155006', 1, '00000000-0000-7000-8000-000000155011', 5);
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000155007', '00000000-0000-7000-8000-000000155006', 1, 5);
insert into production.runs (id, work_order_id, machine_id, during, outcome, good_count, scrap_count, energy_kwh) values ('00000000-0000-7000-8000-000000155008', '00000000-0000-7000-8000-000000155007', '00000000-0000-7000-8000-000000155005', '[2026-01-05 08:00+00,2026-01-05 14:00+00)', 'done', 4, 1, 1.5);
insert into production.materials (id, sku, name, unit, term_id) select '00000000-0000-7000-8000-000000155009', 'PROBE-0155', 'PLA', 'g', id from core.terms where path::text = 'material.probe155a';
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-00000015500a', '00000000-0000-7000-8000-000000155004', '00000000-0000-7000-8000-000000155009', 'L-1');
insert into production.stock_movements (lot_id, kind, quantity, run_id) values ('00000000-0000-7000-8000-00000015500a', 'receipt', 1000, null), ('00000000-0000-7000-8000-00000015500a', 'issue', -250, '00000000-0000-7000-8000-000000155008'), ('00000000-0000-7000-8000-00000015500a', 'return', 50, '00000000-0000-7000-8000-000000155008');
insert into production.shipments (order_id, weight_g, distance_km) values ('00000000-0000-7000-8000-000000155006', 200, 200);
select core.act_as('00000000-0000-7000-8000-000000155001');
set local role hc_member;
select count(*) = 3, abs(sum(value) - 1.204) < 1e-9, abs(sum(share) - 100) < 1e-9, bool_and(abs(value - case stage when 'material.probe155a' then 0.6 when 'energy' then 0.6 else 0.004 end) < 1e-9 and metric = 'co2e' and unit = 'kg' and factor_id is not null) from impact.footprint_of_order('00000000-0000-7000-8000-000000155006');
set local role hc_owner;
select impact.order_label('00000000-0000-7000-8000-000000155006') @> '{"pieces": 4, "kg_co2e_per_piece": 0.301}';
select core.act_as('00000000-0000-7000-8000-00000015500f');
set local role hc_member;
select blueprint.raises($$ select impact.footprint_of_order('00000000-0000-7000-8000-000000155006') $$, '42501', 'of yours');
set local role hc_analyst;
select count(*) = 3 and abs(sum(value) - (0.6 + 0.5 + 1.2)) < 1e-9 and abs(sum(share) - 100) < 1e-9 from impact.footprint_of_version('00000000-0000-7000-8000-000000155011', '00000000-0000-7000-8000-000000155004');
select count(*) = 2 from impact.footprint_of_version('00000000-0000-7000-8000-000000155011');
select array_agg(stage || ' ' || trim_scale(difference) order by stage) = '{energy 0,material.probe155a -0.6,material.probe155b 1}' from impact.compare_versions('00000000-0000-7000-8000-000000155011', '00000000-0000-7000-8000-000000155012', '00000000-0000-7000-8000-000000155004');
set local role hc_owner;
select f, has_function_privilege('hc_worker', f, 'execute') = worker and has_function_privilege('hc_member', f, 'execute') = member and has_function_privilege('hc_analyst', f, 'execute') = worker and has_function_privilege('hc_auditor', f, 'execute') = worker and not has_function_privilege('hc_anon', f, 'execute') from (values ('impact.stage_rows(jsonb, text, date)', false, false),
  ('impact.footprint_of_version(uuid, uuid, date)', true, false), ('impact.footprint_of_order(uuid)', true, true), ('impact.compare_versions(uuid, uuid, uuid, date)', true, false), ('impact.order_label(uuid)', false, false)) v(f, worker, member);
