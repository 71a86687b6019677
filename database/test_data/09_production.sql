-- Test data, production and impact. Kinds of uid(): 300 machines, 301 windows, 302 orders, 303 quotes, 304 work orders, 305 bookings, 306 runs, 307 quality checks, 308 materials, 309 lots of material, 310 issues to runs,
-- 311 receipts of material, 312 finished lots, 313 receipts of pieces, 314 issues to parcels, 315 parcels; 320 factors, 321 records, 322 corrections, 323 offsets, 324 retirements, 325 baselines, 326 goals, 327 periods, 328 claims,
-- 329 verifications. Salts are the number of the task and two digits.

-- task: BUILD_0874 create_test_data drill
-- title: Generate the production room: orders to shipments with genealogy, quality data and telemetry
-- does: What happens in the factories numbered [lo, hi): four machines with weekly windows, at most one job a machine and week, so that bookings never meet; orders of versions released by then, from draft to delivered, quotes whose
--   parts are the total, two runs an order, material from lots in the order they came (FEFO), movements, checks with one drifting machine in twenty, a parcel a run with its scans, telemetry of a sine with noise and planted spikes.
--   Where triggers fire, those that would count again what is written counted rest for the chunk.
-- proves: no booking overlaps or leaves its window, on hand is the sum of movements and never negative, nothing ships that was not made, trace_back() of parcels ends in receipts, the drifting machines and only they break the
--   control chart, two halves have the digest of the whole.
-- needs: BUILD_0106, BUILD_0109, BUILD_0116, BUILD_0118, BUILD_0864, BUILD_0872
create function testdata.jobs_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, m int, key bigint, order_id uuid, factory_id uuid, machine_id uuid, operator_id uuid, customer_id uuid, version_id uuid, at timestamptz, starts timestamptz, middle timestamptz, ends timestamptz,
    quantity int, first_good int, scrap int, kg numeric, power_w numeric, rate numeric, status text, path text[], times timestamptz[], total numeric, setup numeric, unit_price numeric, machining numeric, material numeric, margin numeric)
  language plpgsql stable set search_path = '' rows 500
as $$
#variable_conflict use_variable
declare
  since constant timestamptz := date_trunc('week', testdata.window_start(), 'UTC');
  until constant timestamptz := testdata.window_end();
  people record;
  designs record;
begin
  select array_agg(e.id order by e.at, e.n) as ids, array_agg(e.at order by e.at, e.n) as ats into people
  from testdata.entities e join core.users u on u.id = e.id and u.status = 'active' where e.seed = jobs_of.seed and e.kind = 'user';
  select array_agg(v.id order by v.released_at, v.id) as ids, array_agg(v.released_at order by v.released_at, v.id) as ats into designs
  from testdata.entities e join core.designs d on d.id = e.id and d.visibility in ('public', 'community') join design.versions v on v.design_id = d.id and v.released_at is not null where e.seed = jobs_of.seed and e.kind = 'design';
  return query
  with slots as materialized (
    select f.n, g.m, (f.n * 4 + g.m) * 256 + w.w as key, f.id as factory_id, f.at as factory_at, x.operator_id, since + interval '7 days' * w.w as monday
    from testdata.entities f join core.microfactories x on x.id = f.id and x.status in ('active', 'paused', 'retired') cross join generate_series(0, 3) as g(m) cross join generate_series(2, 2 + ceil(extract(epoch from until - since) / 604800)::int) as w(w)
    where f.seed = jobs_of.seed and f.kind = 'microfactory' and f.n >= lo and f.n < hi and testdata.chance(seed, 87401, (f.n * 4 + g.m) * 256 + w.w, 0.55) offset 0),
  drawn as materialized (
    select s.*, date_trunc('milliseconds', s.monday - interval '1 day' * (8 + 6 * testdata.unit(seed, 87402, s.key))) as at, testdata.unit(seed, 87403, s.key) as u, testdata.unit(seed, 87404, s.key) as u_who, testdata.unit(seed, 87405, s.key) as u_what,
      testdata.int_between(seed, 87406, s.key, 6, 60)::int as quantity, date_trunc('minute', s.monday + interval '6 hours' + interval '20 hours' * testdata.unit(seed, 87407, s.key), 'UTC') as starts, 2 + s.m as rate, 800 + 400 * s.m as power_w
    from slots s),
  ordered as materialized (
    select d.*, d.quantity * (2 + d.key % 9)::int / 100 + (d.key % 2)::int as scrap, d.starts + interval '1 minute' * ceil((d.quantity + 6) * 60 * 1.1 / d.rate) as ends, d.monday + interval '21 days' < until as is_past,
      testdata.zipf(d.u_who, greatest(1, d.here), 1.2)::int as who, width_bucket(d.at, designs.ats) as known
    from (select w.*, width_bucket(w.at, people.ats) as here from drawn w offset 0) d where d.at > d.factory_at + interval '2 days' and d.at + interval '3 days' < until and d.at > since),
  priced as materialized (
    select o.*, case when o.is_past then case when o.u < 0.8 then 'delivered' when o.u < 0.87 then 'shipped' when o.u < 0.92 then 'ready' when o.u < 0.97 then 'cancelled' else 'refunded' end
        else case when o.u < 0.1 then 'draft' when o.u < 0.25 then 'submitted' when o.u < 0.4 then 'quoted' else 'accepted' end end as status,
      (o.quantity + o.scrap) * (0.05 + (o.key % 7) * 0.02) as kg, round(o.quantity / o.rate * (15 + 5 * o.m), 2) as machining, round((o.quantity * (0.05 + (o.key % 7) * 0.02) * 22 * 1.05)::numeric, 2) as material
    from ordered o where o.known > 0 and o.here > 0),
  totalled as materialized (select p.*, round((10 + p.machining + p.material) * 0.15, 2) as margin, 10 + p.machining + p.material + round((10 + p.machining + p.material) * 0.15, 2) as total from priced p)
  select t.n, t.m, t.key, testdata.uid(seed, 302, t.key, testdata.ms(t.at)), t.factory_id, testdata.uid(seed, 300, t.n * 4 + t.m, testdata.ms(t.factory_at) + 3600000), t.operator_id, people.ids[t.who], designs.ids[1 + floor(t.u_what * t.known)::int], t.at, t.starts,
    date_trunc('minute', t.starts + (t.ends - t.starts) * 0.6, 'UTC'), t.ends, t.quantity, t.quantity * 6 / 10, t.scrap, t.kg::numeric, t.power_w::numeric, t.rate::numeric, t.status,
    case t.status when 'draft' then '{draft}' when 'submitted' then '{draft,submitted}' when 'quoted' then '{draft,submitted,quoted}' when 'accepted' then '{draft,submitted,quoted,accepted}' when 'cancelled' then '{draft,submitted,quoted,accepted,cancelled}'
      when 'ready' then '{draft,submitted,quoted,accepted,in_production,ready}' when 'shipped' then '{draft,submitted,quoted,accepted,in_production,ready,shipped}' when 'delivered' then '{draft,submitted,quoted,accepted,in_production,ready,shipped,delivered}'
      else '{draft,submitted,quoted,accepted,in_production,ready,shipped,delivered,refunded}' end::text[],
    array[t.at, t.at + interval '1 hour', t.at + interval '1 day', t.at + interval '2 days', case t.status when 'cancelled' then t.at + interval '3 days' else t.starts end, t.ends, t.ends + interval '1 day', t.ends + interval '4 days', t.ends + interval '12 days'],
    t.total, t.total - t.quantity * trunc((t.total - 10) / t.quantity, 2), trunc((t.total - 10) / t.quantity, 2), t.machining, t.material, t.margin
  from totalled t;
end $$;

create function testdata.gen_production(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  since constant timestamptz := date_trunc('week', testdata.window_start(), 'UTC');
  until constant timestamptz := testdata.window_end();
  stamps constant boolean := current_setting('session_replication_role') <> 'replica';
  tag constant text := to_hex(testdata.seed_tag(seed));
  every constant interval := make_interval(secs => least(3600, greatest(42, 14 / sf::double precision)));  -- ten million points at scale factor 1
  turn constant double precision := 2 * pi() / 86400;
  order_walks testdata.walked[];
  quote_walks testdata.walked[];
  work_walks testdata.walked[];
  parcel_walks testdata.walked[];
  made bigint := 0;
  here bigint;
begin
  perform testdata.require_allowed();
  if stamps then
    set constraints all immediate;
    alter table production.order_items disable trigger order_items_total_insert;
    alter table production.stock_movements disable trigger stock_movements_move;
    alter table production.stock_lots disable trigger stock_lots_born_empty;
    alter table production.runs disable trigger runs_follow;
    alter table production.quality_checks disable trigger quality_checks_judge;
  end if;
  with floor as materialized (
    select e.n, e.id, e.at, x.accepted_processes, g.m, testdata.uid(seed, 300, e.n * 4 + g.m, testdata.ms(e.at) + 3600000) as machine_id
    from testdata.entities e join core.microfactories x on x.id = e.id and x.status in ('active', 'paused', 'retired') cross join generate_series(0, 3) as g(m) where e.seed = gen_production.seed and e.kind = 'microfactory' and e.n >= lo and e.n < hi),
  machines as (
    insert into production.machines (id, microfactory_id, serial, model, kind, status, hourly_rate_usd, power_w, ideal_rate_per_h, created_at, updated_at)
    select f.machine_id, f.id, 'TD-' || f.m, (array['Prusa MK4', 'Haas Mini', 'Trotec Speedy', 'Formlabs 4'])[f.m + 1], (array['printer', 'mill', 'laser', 'printer'])[f.m + 1], 'available', 15 + 5 * f.m, 800 + 400 * f.m, 2 + f.m, f.at + interval '1 hour', f.at + interval '1 day' from floor f order by f.n, f.m returning 1),
  able as (
    insert into production.machine_capabilities (machine_id, process_term_id, during, envelope_mm, tolerance_mm)
    select f.machine_id, t.id, tstzrange(f.at + interval '1 hour', null), array[250, 210, 200], 0.1 from floor f join core.terms t on t.kind = 'process' and t.path operator(extensions.=) f.accepted_processes[1 + f.m % cardinality(f.accepted_processes)] returning 1),
  open as (
    insert into production.machine_windows (id, machine_id, kind, during)
    select testdata.uid(seed, 301, (f.n * 4 + f.m) * 256 + w, testdata.ms(since + interval '7 days' * w)), f.machine_id, 'open', tstzrange(since + interval '7 days' * w + interval '6 hours', since + interval '7 days' * w + interval '4 days 20 hours')
    from floor f cross join generate_series(0, 4 + ceil(extract(epoch from until - since) / 604800)::int) w where since + interval '7 days' * w > f.at returning 1),
  serviced as (
    insert into production.machine_windows (id, machine_id, kind, during)
    select testdata.uid(seed, 301, 134217728 + (f.n * 4 + f.m) * 256 + w, testdata.ms(since + interval '7 days' * w)), f.machine_id, 'maintenance', tstzrange(since + interval '7 days' * w + interval '5 days 8 hours', since + interval '7 days' * w + interval '5 days 12 hours')
    from floor f cross join generate_series(0, ceil(extract(epoch from until - since) / 604800)::int, 4) w where since + interval '7 days' * w > f.at returning 1),
  stuff as (
    insert into production.materials (id, sku, term_id, name, unit, unit_cost_usd, reorder_point, density_g_cm3, supplier, created_at, updated_at)
    select testdata.uid(seed, 308, f.n, testdata.ms(f.at)), 'TD-' || tag || '-' || f.n, (select t.id from core.terms t where t.kind = 'material' order by t.path offset f.n % 5 limit 1), (array['PLA', 'steel', 'brass', 'birch', 'nylon'])[1 + f.n % 5], 'kg', 22, 20, 1.2, '{"name": "Example Supply"}', f.at, f.at
    from floor f where f.m = 0 order by f.n returning 1)
  select (select count(*) from machines) + (select count(*) from able) + (select count(*) from open) + (select count(*) from serviced) + (select count(*) from stuff) into here;
  made := made + here;

  with jobs as materialized (
    select j.*, testdata.uid(seed, 303, j.key, testdata.ms(j.times[3])) as quote_id, testdata.uid(seed, 304, j.key, testdata.ms(j.times[4])) as work_id from testdata.jobs_of(seed, lo, hi, sf) j),
  asked as (
    insert into production.orders (id, number, customer_id, microfactory_id, status, total_usd, setup_usd, fee_usd, due_on, promised_on, requirements, created_at, updated_at)
    select j.order_id, case when j.status <> 'draft' then 'T' || tag || '-' || j.key end, j.customer_id, case when 'accepted' = any (j.path) then j.factory_id end, j.status, case when 'accepted' = any (j.path) then j.total else 0 end, case when 'accepted' = any (j.path) then j.setup else 0 end,
      case when j.status = 'cancelled' then round(j.total * 0.1, 2) else 0 end, (j.ends at time zone 'UTC')::date + 10, case when 'accepted' = any (j.path) then (j.ends at time zone 'UTC')::date + 5 end, '{}', j.at, j.times[cardinality(j.path)] from jobs j order by j.key returning 1),
  items as (
    insert into production.order_items (order_id, line_no, version_id, quantity, unit_price_usd) select j.order_id, 1, j.version_id, j.quantity, case when 'accepted' = any (j.path) then j.unit_price end from jobs j returning 1),
  quoted as (
    insert into production.quotes (id, order_id, microfactory_id, status, total_usd, setup_usd, lead_time_days, valid_until, breakdown, created_at, updated_at)
    select j.quote_id, j.order_id, j.factory_id, case when 'accepted' = any (j.path) then 'accepted' else 'offered' end, j.total, 10, 14, j.times[3] + interval '14 days',
      jsonb_build_object('parts', jsonb_build_object('setup_usd', 10, 'machining_usd', j.machining, 'material_usd', j.material, 'finishing_usd', 0, 'margin_usd', j.margin), 'lines', jsonb_build_array(jsonb_build_object('line_no', 1, 'machining_usd', j.machining, 'material_usd', j.material, 'finishing_usd', 0))),
      j.times[3], case when 'accepted' = any (j.path) then j.times[4] else j.times[3] end from jobs j where 'quoted' = any (j.path) returning 1),
  planned as (
    insert into production.work_orders (id, order_id, line_no, machine_id, sequence, status, planned, quantity_planned, quantity_good, quantity_scrap, assigned_to, created_at, updated_at)
    select j.work_id, j.order_id, 1, j.machine_id, 1, case when 'ready' = any (j.path) then 'done' else 'ready' end, tstzrange(j.starts, j.ends), j.quantity, case when 'ready' = any (j.path) then j.quantity else 0 end, case when 'ready' = any (j.path) then j.scrap else 0 end, j.operator_id,
      j.times[4], case when 'ready' = any (j.path) then j.ends else j.times[4] end from jobs j where 'accepted' = any (j.path) and j.status <> 'cancelled' returning 1),
  booked as (
    insert into production.bookings (id, machine_id, work_order_id, during, status, created_at)
    select testdata.uid(seed, 305, j.key, testdata.ms(j.times[4])), j.machine_id, j.work_id, tstzrange(j.starts, j.ends), 'confirmed', j.times[4] from jobs j where 'accepted' = any (j.path) and j.status <> 'cancelled' returning 1),
  worked as materialized (
    select x.*, testdata.uid(seed, 306, x.run_key, testdata.ms(x.begins)) as run_id, testdata.uid(seed, 312, x.run_key, testdata.ms(x.stops)) as piece_id, testdata.uid(seed, 315, x.run_key, testdata.ms(x.times[7])) as parcel_id
    from (
      select j.*, r.r, j.key * 2 + r.r as run_key, case r.r when 0 then j.starts else j.middle end as begins, case r.r when 0 then j.middle else j.ends end as stops,
        case r.r when 0 then j.first_good else j.quantity - j.first_good end as good, case r.r when 0 then j.scrap else 0 end as bad, round(j.kg * case r.r when 0 then j.first_good + j.scrap else j.quantity - j.first_good end / (j.quantity + j.scrap), 4) as used
      from jobs j cross join generate_series(0, 1) as r(r) where 'ready' = any (j.path) offset 0) x),
  reached as materialized (select w.*, sum(w.used) over (partition by w.n order by w.begins, w.run_key) as after from worked w),
  issued as materialized (  -- first in, first out: what a run takes lies between two sums, a lot holds 100 kg
    select r.*, l.l, least(r.after, (l.l + 1) * 100) - greatest(r.after - r.used, l.l * 100) as part from reached r cross join generate_series(floor((r.after - r.used) / 100)::int, ceil(r.after / 100)::int - 1) as l(l)),
  lots as materialized (
    select i.*, testdata.uid(seed, 309, i.n * 4096 + i.l, testdata.ms(i.at)) as id
    from (select i.n, i.l, i.factory_id, min(i.begins) - interval '3 days' as at, sum(i.part) as used from issued i where i.part > 0 group by i.n, i.l, i.factory_id) i),
  delivered as (
    insert into production.stock_lots (id, microfactory_id, material_id, lot_code, received_on, expires_on, quantity_on_hand, origin, created_at, updated_at)
    select l.id, l.factory_id, testdata.uid(seed, 308, l.n, testdata.ms(f.at)), 'L-' || l.l, (l.at at time zone 'UTC')::date, (l.at at time zone 'UTC')::date + 365, 100 - l.used, jsonb_build_object('supplier', 'Example Supply', 'heat', 'H-' || l.n || '-' || l.l), l.at, l.at
    from lots l join testdata.entities f on f.id = l.factory_id and f.seed = gen_production.seed and f.kind = 'microfactory' order by l.n, l.l returning 1),
  pieces as (
    insert into production.stock_lots (id, microfactory_id, version_id, lot_code, received_on, quantity_on_hand, origin, created_at, updated_at)
    select w.piece_id, w.factory_id, w.version_id, 'RUN-' || w.run_id, (w.stops at time zone 'UTC')::date, case when 'shipped' = any (w.path) then 0 else w.good end, jsonb_build_object('run_id', w.run_id), w.stops, w.stops from worked w returning 1),
  runs as (
    insert into production.runs (id, work_order_id, machine_id, operator_id, during, good_count, scrap_count, energy_kwh, material_lot_id, finished_lot_id, outcome, created_at, updated_at)
    select w.run_id, w.work_id, w.machine_id, w.operator_id, tstzrange(w.begins, w.stops), w.good, w.bad, round(w.power_w / 1000 * extract(epoch from w.stops - w.begins) / 3600, 3),
      testdata.uid(seed, 309, w.n * 4096 + l.l, testdata.ms(l.at)), w.piece_id, case w.r when 0 then 'partial' else 'done' end, w.begins, w.stops
    from reached w join lots l on l.n = w.n and l.l = floor((w.after - w.used) / 100)::int order by w.begins, w.run_key returning 1),
  moved as (
    insert into production.stock_movements (id, occurred_at, lot_id, kind, quantity, run_id, order_id, reason, actor_id)
    select testdata.uid(seed, 311, l.n * 4096 + l.l, testdata.ms(l.at)), l.at, l.id, 'receipt', 100, null, null, null, null from lots l
    union all
    select testdata.uid(seed, 310, i.run_key * 4 + i.l % 4, testdata.ms(i.begins)), i.begins, l.id, 'issue', - i.part, i.run_id, i.order_id, null, i.operator_id from issued i join lots l on l.n = i.n and l.l = i.l where i.part > 0
    union all
    select testdata.uid(seed, 313, w.run_key, testdata.ms(w.stops)), w.stops, w.piece_id, 'receipt', w.good, w.run_id, null, null, null from worked w
    union all
    select testdata.uid(seed, 314, w.run_key, testdata.ms(w.times[7])), w.times[7], w.piece_id, 'issue', - w.good, null, w.order_id, 'shipment ' || w.parcel_id, null from worked w where 'shipped' = any (w.path) returning 1),
  numbered as (
    select w.*, c.c, w.begins + (w.stops - w.begins) * (c.c + 1) / 6 as checked_at, row_number() over (partition by w.machine_id order by w.begins, c.c) as place, testdata.normal(testdata.unit(seed, 87420, w.run_key * 8 + c.c)) as noise from worked w cross join generate_series(0, 4) as c(c)),
  checks as (  -- a process in control goes up and down; one machine in twenty drifts away and is set back
    insert into production.quality_checks (id, run_id, operator_id, stage, sample_no, characteristic, nominal, lower_limit, upper_limit, measured, gauge, created_at, updated_at)
    select testdata.uid(seed, 307, c.run_key * 8 + c.c, testdata.ms(c.checked_at)), c.run_id, c.operator_id, 'in_process', c.c + 1, 'pin_mm', 5, 4.7, 5.3, round((5 + case when (c.n * 4 + c.m) % 20 = 3 then 0.006 * (c.place % 40) + 0.002 * c.noise else 0.02 * (case when c.place % 2 = 0 then 1 else -1 end) * (0.3 + least(1.7, abs(c.noise))) end)::numeric, 4),
      'caliper', date_trunc('milliseconds', c.checked_at), date_trunc('milliseconds', c.checked_at) from numbered c order by c.checked_at returning 1),
  sent as (
    insert into production.shipments (id, order_id, carrier, tracking_no, status, shipped_at, delivered_at, weight_g, distance_km, events, created_at, updated_at)
    select w.parcel_id, w.order_id, 'TestPost', 'T' || tag || '-' || w.run_key, case w.status when 'shipped' then 'in_transit' else 'delivered' end, w.times[7], case when w.status <> 'shipped' then w.times[8] end, round(w.kg * 1000 * w.good / (w.quantity + w.scrap)),
      20 + testdata.int_between(seed, 87440, w.run_key, 0, 780), jsonb_build_array(jsonb_build_object('id', 'a' || w.run_key, 'at', to_char((w.times[7] + interval '6 hours') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'code', 'sorted', 'status', 'in_transit'))
        || case when w.status <> 'shipped' then jsonb_build_array(jsonb_build_object('id', 'b' || w.run_key, 'at', to_char(w.times[8] at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'code', 'delivered', 'status', 'delivered')) else '[]' end,
      w.times[7], case when w.status <> 'shipped' then w.times[8] else w.times[7] + interval '6 hours' end from worked w where 'shipped' = any (w.path) returning 1),
  packed as (
    insert into production.shipment_items (shipment_id, order_id, line_no, quantity, lot_id)
    select w.parcel_id, w.order_id, 1, w.good, w.piece_id from worked w where 'shipped' = any (w.path) returning 1),
  keys as (insert into testdata.entities (seed, kind, n, id, at) select seed, 'order', j.key, j.order_id, j.at from jobs j order by j.key returning 1)
  select (select count(*) from asked) + (select count(*) from items) + (select count(*) from quoted) + (select count(*) from planned) + (select count(*) from booked) + (select count(*) from delivered) + (select count(*) from pieces) + (select count(*) from runs) + (select count(*) from moved)
    + (select count(*) from checks) + (select count(*) from sent) + (select count(*) from packed) + (select count(*) from keys),
    (select array_agg(row(j.order_id, j.path, j.times, j.customer_id)::testdata.walked) from jobs j),
    (select array_agg(row(j.quote_id, '{offered,accepted}', j.times[3:4], j.customer_id)::testdata.walked) from jobs j where 'accepted' = any (j.path)),
    (select array_agg(row(j.work_id, case when 'ready' = any (j.path) then '{planned,ready,running,done}' else '{planned,ready}' end::text[], array[j.times[4], j.times[4] + interval '1 minute', j.starts, j.ends], j.operator_id)::testdata.walked)
      from jobs j where 'accepted' = any (j.path) and j.status <> 'cancelled'),
    (select array_agg(row(w.parcel_id, case w.status when 'shipped' then '{packed,in_transit}' else '{packed,in_transit,delivered}' end::text[], array[w.times[7], w.times[7] + interval '6 hours', w.times[8]], w.operator_id)::testdata.walked)
      from worked w where 'shipped' = any (w.path))
  into here, order_walks, quote_walks, work_walks, parcel_walks;
  made := made + here;

  -- what half the machines felt: a daily wave with noise and planted spikes
  insert into production.telemetry (machine_id, metric, occurred_at, run_id, value, unit)
  select p.machine_id, 'spindle_c', p.at, p.id, 60 + 5 * sin(date_part('epoch', p.at) * turn) + testdata.normal((p.bits & 1048575)::double precision / 1048576) + case when p.bits >> 57 = 0 then 40 else 0 end, 'degC'
  from (
    select r.id, r.machine_id, t.at, timestamptz_hash_extended(t.at, r.draw) as bits
    from (select r.id, r.machine_id, testdata.h(seed, 87430, testdata.key_of(r.id)) as draw, lower(r.during) as begins, upper(r.during) as stops
      from testdata.entities e join production.machines m on m.microfactory_id = e.id join production.runs r on r.machine_id = m.id
      where e.seed = gen_production.seed and e.kind = 'microfactory' and e.n >= lo and e.n < hi and testdata.key_of(r.id) >> 1 & 1 = 0 order by lower(r.during), r.id) r,
      generate_series(r.begins, r.stops - interval '1 minute', every) as t(at) offset 0) p;
  get diagnostics here = row_count;
  made := made + here;
  if stamps then
    set constraints all immediate;
    alter table production.order_items enable trigger order_items_total_insert;
    alter table production.stock_movements enable trigger stock_movements_move;
    alter table production.stock_lots enable trigger stock_lots_born_empty;
    alter table production.runs enable trigger runs_follow;
    alter table production.quality_checks enable trigger quality_checks_judge;
  end if;
  return made
    + testdata.write_history('order', order_walks) + testdata.write_history('quote', quote_walks) + testdata.write_history('work_order', work_walks) + testdata.write_history('shipment', parcel_walks)
    + testdata.write_history('machine', format($q$ select m.id, '{commissioning,available}'::text[], array[m.created_at, m.updated_at], x.operator_id from testdata.entities e join core.microfactories x on x.id = e.id join production.machines m on m.microfactory_id = e.id
        where e.seed = %s and e.kind = 'microfactory' and e.n >= %s and e.n < %s $q$, seed, lo, hi));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows)
values ('gen_production', '{production.machines,production.machine_capabilities,production.machine_windows,production.materials,production.orders,production.order_items,production.quotes,production.work_orders,production.bookings,production.stock_lots,production.runs,production.stock_movements,production.quality_checks,production.telemetry,production.shipments,production.shipment_items}',
  '{gen_users,gen_microfactories,gen_design_room}', 120, 5, 40);

comment on function testdata.jobs_of is 'The plan of the orders of the factories of a range, one a machine and week: who, what, when, how many, at what price, and their walk with its times.';
comment on function testdata.gen_production is 'Makes the production room factory by factory, and the entities order.';

-- verify
set local testdata.allow = on;
set local testdata.since = '2026-03-01 00:00+00';
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'production.telemetry') >= 0;
select testdata.gen_users(42874, 0, 40, 0.0004) > 0, testdata.gen_designs(42874, 0, 60, 0.0004) > 0, testdata.gen_assets(42874, 0, 180, 0.0004) > 0, testdata.gen_design_room(42874, 0, 60, 0.0004) > 0, testdata.gen_microfactories(42874, 0, 3, 0.0004) > 0;
create temporary view pg_temp.floor_0874 as select f.id, e.n from testdata.entities e join core.microfactories f using (id) where e.seed = 42874 and e.kind = 'microfactory';
create temporary view pg_temp.orders_0874 as select o.*, e.n from testdata.entities e join production.orders o using (id) where e.seed = 42874 and e.kind = 'order';
create temporary view pg_temp.lots_0874 as select l.* from production.stock_lots l join pg_temp.floor_0874 f on f.id = l.microfactory_id;
create temporary view pg_temp.runs_0874 as select r.*, w.order_id from pg_temp.orders_0874 o join production.work_orders w on w.order_id = o.id join production.runs r on r.work_order_id = w.id;
create temporary view pg_temp.digest_0874 as
select concat_ws(' ', (select sum(hashtextextended(o::text, 0)) from pg_temp.orders_0874 o), (select sum(hashtextextended(l::text, 0)) from pg_temp.lots_0874 l), (select sum(hashtextextended(r::text, 0)) from pg_temp.runs_0874 r), (select sum(hashtextextended(m::text, 0)) from production.stock_movements m join pg_temp.lots_0874 l on l.id = m.lot_id),
  (select sum(hashtextextended(q::text, 0)) from production.quality_checks q join pg_temp.runs_0874 r on r.id = q.run_id), (select sum(hashtextextended(s::text, 0)) from production.shipments s join pg_temp.orders_0874 o on o.id = s.order_id), (select sum(hashtextextended(t::text, 0)) from production.telemetry t join pg_temp.runs_0874 r on r.id = t.run_id)) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_production(42874, 1, 3, 0.0004) + testdata.gen_production(42874, 0, 1, 0.0004);
  select digest into halves from pg_temp.digest_0874;
  raise exception using errcode = 'P0874';
exception when sqlstate 'P0874' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_production(42874, 0, 3, 0.0004) > 400;
select digest = current_setting('probe.halves') from pg_temp.digest_0874;
select count(*) > 30, count(distinct status) >= 5, count(*) filter (where status = 'delivered') > 10, bool_and(core.uuid_time(id) = created_at and testdata.is_test_id(id) and updated_at between created_at and testdata.window_end()) from pg_temp.orders_0874;
select bool_and(v.released_at <= o.created_at and u.created_at <= o.created_at), bool_and(o.total_usd = coalesce(i.line_total, 0) + o.setup_usd) from pg_temp.orders_0874 o join production.order_items i on i.order_id = o.id join design.versions v on v.id = i.version_id join core.users u on u.id = o.customer_id;
select count(*) > 25, bool_and(q.total_usd = (select sum(p.value::text::numeric) from jsonb_each(q.breakdown -> 'parts') p)), bool_and(q.status <> 'accepted' or q.total_usd = o.total_usd) from production.quotes q join pg_temp.orders_0874 o on o.id = q.order_id;
select count(*) > 20, bool_and(exists (select from production.machine_windows w where w.machine_id = b.machine_id and w.kind = 'open' and w.during @> b.during)), count(*) filter (where exists (select from production.bookings x where x.machine_id = b.machine_id and x.id <> b.id and x.during && b.during)) = 0
from production.bookings b join production.machines m on m.id = b.machine_id join pg_temp.floor_0874 f on f.id = m.microfactory_id;
select count(*) > 40, bool_and(l.quantity_on_hand >= 0 and l.quantity_on_hand = (select sum(m.quantity) from production.stock_movements m where m.lot_id = l.id)), bool_and((select min(m.occurred_at) from production.stock_movements m where m.lot_id = l.id and m.kind = 'receipt') <= (select min(m.occurred_at) from production.stock_movements m where m.lot_id = l.id))
from pg_temp.lots_0874 l;
select count(*) = 0 from pg_temp.lots_0874 a join pg_temp.lots_0874 b on b.microfactory_id = a.microfactory_id and b.material_id = a.material_id and b.expires_on > a.expires_on
where (select max(m.occurred_at) from production.stock_movements m where m.lot_id = a.id) > (select min(m.occurred_at) from production.stock_movements m where m.lot_id = b.id and m.kind = 'issue');
select count(*) > 15, bool_and(r.good = w.quantity_good and r.scrap = w.quantity_scrap), bool_and(coalesce((select sum(i.quantity) from production.shipment_items i where i.order_id = w.order_id), 0) <= w.quantity_good), bool_and((select -sum(m.quantity) from production.stock_movements m where m.order_id = w.order_id and m.run_id is not null) > 0)
from production.work_orders w join (select x.work_order_id, sum(x.good_count) as good, sum(x.scrap_count) as scrap from pg_temp.runs_0874 x group by 1) r on r.work_order_id = w.id;
select core.act_as('00000000-0000-7000-8000-000000874001', 'hc_auditor');
select count(*) > 15, bool_and(t.ends) from (select s.id, (select bool_or(b.depth = 1 and b.material_sku is not null and exists (select from production.stock_movements m where m.lot_id = b.lot_id and m.kind = 'receipt')) from production.trace_back(s.id) b) as ends
  from production.shipments s join pg_temp.orders_0874 o on o.id = s.order_id order by s.id limit 50) t;
select count(*) >= 8, count(*) filter (where n % 5 = 0 and serial = 'TD-3') >= 1, bool_and(broken = (n % 5 = 0 and serial = 'TD-3')) from (select f.n, m.serial, bool_or(c.rule is not null) as broken from pg_temp.floor_0874 f join production.machines m on m.microfactory_id = f.id, lateral production.control_chart(m.id, 'pin_mm') c group by f.n, m.serial having count(*) >= 20) m;
select count(*) > 100, count(*) filter (where t.value > 85) between 1 and 40, avg(t.value) filter (where t.value < 85) between 55 and 65 from production.telemetry t join pg_temp.runs_0874 r on r.id = t.run_id;
select count(*) = 0 from pg_temp.orders_0874 o where o.status <> 'draft' and o.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = o.id order by s.occurred_at desc limit 1);
select count(distinct s.machine) = 4 from core.status_changes s where s.machine in ('quote', 'work_order', 'shipment', 'machine') and testdata.is_test_id(s.entity_id);
select count(*) = 5 from pg_trigger g where g.tgname in ('order_items_total_insert', 'stock_movements_move', 'stock_lots_born_empty', 'runs_follow', 'quality_checks_judge') and g.tgenabled = 'O';
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_production(42874, 0, 1, 0.0004)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_production' and 'gen_design_room' = any (after) and cardinality(targets) = 16;

-- revert
delete from testdata.generators where name = 'gen_production';
drop function testdata.gen_production;
drop function testdata.jobs_of;

-- task: BUILD_0876 create_test_data drill
-- title: Generate the impact room: factors over years, records with frozen factors, offsets, periods, claims
-- does: gen_factors: factors of three activities, grid power for every country with a place, one a year over the window (source TESTDATA and the tag of the seed). gen_impact, factory by factory: records of what its runs, orders, parcels
--   and months really used, with the factor frozen in, one in thirty corrected; offsets with partial retirements, a goal that is ahead or behind, months that are closed and published with their lines, and claims of units donated, for
--   confirmed gifts where there are some, checked by somebody else.
-- proves: each result recomputes from activity and factor, closed periods verify, retired tonnes stay within the offset, no record is in two live claims, claims are intact, units used convert there and back, two halves have the digest of the whole.
-- needs: BUILD_0147, BUILD_0152, BUILD_0154, BUILD_0157, BUILD_0158, BUILD_0159, BUILD_0160, BUILD_0874
create function testdata.gen_factors(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  first_year constant int := extract(year from testdata.window_start())::int - 1;
  last_year constant int := extract(year from testdata.window_end())::int;
  made bigint;
begin
  perform testdata.require_allowed();
  insert into impact.emission_factors (id, activity, region, source, value, numerator_unit, denominator_unit, uncertainty_pct, during, created_at, updated_at)
  select testdata.uid(seed, 320, k.n * 16 + y - first_year, testdata.ms(d.at)), k.activity::extensions.ltree, k.region, 'TESTDATA ' || to_hex(testdata.seed_tag(seed)), round((k.value * power(0.97, y - first_year))::numeric, 6), 'kg', k.unit, 8, daterange(make_date(y, 1, 1), make_date(y + 1, 1, 1)), d.at, d.at
  from (
    select v.n, v.activity, v.region, v.unit, v.value from (values (0, 'material', 'global', 'kg', 3.1), (1, 'freight.road', 'global', 't*km', 0.105), (2, 'electricity.grid', 'global', 'kWh', 0.44)) v(n, activity, region, unit, value)
    union all
    select 2 + row_number() over (order by p.country), 'electricity.grid', p.country, 'kWh', 0.05 + 0.7 * testdata.unit(876, 1, hashtextextended(p.country, 0)) from (select distinct q.country::text as country from testdata.places q) p) k
  cross join generate_series(first_year, last_year) y cross join lateral (select make_date(y, 1, 1)::timestamp at time zone 'UTC' as at) d
  where k.n >= lo and k.n < hi order by k.n, y;
  get diagnostics made = row_count;
  return made;
end $$;

create function testdata.gen_impact(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  since constant timestamptz := testdata.window_start();
  until constant timestamptz := testdata.window_end();
  tag constant text := to_hex(testdata.seed_tag(seed));
  staff constant uuid[] := array(select e.id from testdata.entities e where e.seed = gen_impact.seed and e.kind = 'user' and e.n < 20 order by e.n);
  gifts constant uuid[] := array(select d.id from testdata.entities e join core.donations d on d.id = e.id and d.status in ('confirmed', 'reconciled') where e.seed = gen_impact.seed and e.kind = 'donation' order by e.n);
  given_at constant timestamptz[] := array(select d.confirmed_at from testdata.entities e join core.donations d on d.id = e.id and d.status in ('confirmed', 'reconciled') where e.seed = gen_impact.seed and e.kind = 'donation' order by e.n);
  made bigint := 0;
  here bigint;
begin
  perform testdata.require_allowed();
  if exists (select from pg_catalog.pg_class c where c.oid in ('production.orders'::regclass, 'production.runs'::regclass, 'production.stock_movements'::regclass, 'testdata.entities'::regclass) and c.reltuples < 0) then
    analyze production.orders, production.work_orders, production.runs, production.stock_movements, production.shipments, testdata.entities;  -- just loaded: without numbers the joins go row by row
  end if;
  with works as materialized (
    select e.n, e.id, e.at, x.country::text as country from testdata.entities e join core.microfactories x on x.id = e.id where e.seed = gen_impact.seed and e.kind = 'microfactory' and e.n >= lo and e.n < hi),
  asked as materialized (select w.n, w.country, x.id, testdata.key_of(x.id) * 16 as key from works w join production.orders x on x.microfactory_id = w.id),
  did as materialized (
    select o.n, o.key + 1 + (testdata.key_of(r.id) & 1) as key, 'run' as subject_kind, r.id as subject_id, upper(r.during) as at, 'electricity.grid' as activity, o.country as region, r.energy_kwh as amount, 'kWh' as unit, 2 as scope
    from asked o join production.work_orders k on k.order_id = o.id join production.runs r on r.work_order_id = k.id
    union all
    select o.n, o.key + 5, 'order', o.id, max(m.occurred_at), 'material', 'global', - sum(m.quantity), 'kg', 3
    from asked o join production.stock_movements m on m.order_id = o.id and m.run_id is not null and m.kind = 'issue' group by o.n, o.key, o.id having sum(m.quantity) < 0
    union all
    select o.n, o.key + 7 + (testdata.key_of(s.id) & 1), 'shipment', s.id, s.shipped_at, 'freight.road', 'global', round(s.weight_g * s.distance_km / 1000000, 9), 't*km', 3
    from asked o join production.shipments s on s.order_id = o.id
    union all
    select w.n, 134217728 + w.n * 64 + m.m, 'microfactory', w.id, t.at, 'electricity.grid', w.country, 200 + testdata.int_between(seed, 87601, w.n * 64 + m.m, 0, 700), 'kWh', 2
    from works w cross join generate_series(0, 60) as m(m) cross join lateral (select date_trunc('month', since, 'UTC') + interval '1 month' * m.m + interval '20 days' as at) t where t.at > w.at and t.at > since and t.at < until),
  measured as materialized (
    select d.*, testdata.uid(seed, 321, d.key, testdata.ms(d.at)) as record_id, f.id as factor_id, f.value, f.uncertainty_pct, trim_scale(d.amount * f.value) as kg, 'testdata ' || tag || ' ' || d.key as source_ref
    from did d join impact.emission_factors f on f.source = 'TESTDATA ' || tag and f.activity_key = d.activity and f.region = d.region and f.during @> (d.at at time zone 'UTC')::date),
  written as (
    insert into impact.records (id, occurred_at, subject_id, subject_kind, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct, quality, method, scope, calc, source_ref, recorded_by, recorded_at)
    select m.record_id, m.at, m.subject_id, m.subject_kind, 'co2e', m.kg, 'kg', m.activity::extensions.ltree, m.region, m.amount, m.unit, m.factor_id, m.value, m.kg, m.uncertainty_pct, 'A', 'calculated', m.scope, '{}', m.source_ref, null, m.at from measured m order by m.at, m.key returning 1),
  keyed as (insert into impact.record_keys (source_ref, record_id, record_at) select m.source_ref, m.record_id, m.at from measured m returning 1),
  corrected as (
    insert into impact.records (id, occurred_at, subject_id, subject_kind, metric_code, quantity, unit, activity, region, activity_value, activity_unit, factor_id, factor_value, result_base, uncertainty_pct, quality, method, scope, calc, corrects_id, corrects_at, recorded_by, recorded_at)
    select testdata.uid(seed, 322, m.key * 2 + (p.part + 1) / 2, testdata.ms(m.at)), m.at, m.subject_id, m.subject_kind, 'co2e', trim_scale(p.amount * m.value), 'kg', m.activity::extensions.ltree, m.region, p.amount, m.unit, m.factor_id, m.value, trim_scale(p.amount * m.value), m.uncertainty_pct, 'A', 'calculated', m.scope,
      jsonb_build_object('reason', 'meter read again', 'part', case p.part when -1 then 'reversal' else 'correction' end), m.record_id, m.at, null, m.at
    from measured m cross join lateral (values (-1, - m.amount), (1, round(m.amount * 1.1, 9))) p(part, amount) where testdata.chance(seed, 87602, m.key, 0.03) order by m.at, m.key, p.part returning 1)
  select (select count(*) from written) + (select count(*) from keyed) + (select count(*) from corrected) into here;
  made := made + here;

  with works as materialized (select e.n, e.id, e.at from testdata.entities e where e.seed = gen_impact.seed and e.kind = 'microfactory' and e.n >= lo and e.n < hi),
  held as (
    insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, project, vintage, tonnes, purchased_on, cost_usd, status, created_at, updated_at)
    select testdata.uid(seed, 323, w.n, testdata.ms(w.at)), 'TESTREG-' || tag, w.n * 1000 + 1, w.n * 1000 + 100, 'TD-' || tag || '-' || w.n, 'TEST-VCS', '{"country": "KE", "kind": "cookstoves"}', extract(year from since)::int - 1, 100, (w.at at time zone 'UTC')::date, 1800, 'held', w.at, w.at from works w order by w.n returning 1),
  retired as (
    insert into impact.retirements (id, occurred_at, offset_id, tonnes, beneficiary_kind, beneficiary_id, reason, serial_from, serial_to, certificate_no, certificate_sha256)
    select testdata.uid(seed, 324, w.n * 4 + k, testdata.ms(w.at + (until - w.at) * k / 4)), date_trunc('milliseconds', w.at + (until - w.at) * k / 4), testdata.uid(seed, 323, w.n, testdata.ms(w.at)), 5, 'microfactory', w.id, 'running footprint', c.serial, c.serial + 4, c.number,
      sha256(convert_to(concat_ws('|', c.number, 'TESTREG-' || tag, 5, 'microfactory', w.id, 'running footprint'), 'UTF8'))
    from works w cross join generate_series(1, 3) k cross join lateral (select w.n * 1000 + 1 + 5 * (k - 1) as serial, format('HC-TD-%s-%s-%s-%s', tag, w.n, w.n * 1000 + 1 + 5 * (k - 1), w.n * 1000 + 5 * k) as number) c order by w.n, k returning 1),
  based as (
    insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, method, during, created_at, updated_at)
    select testdata.uid(seed, 325, w.n, testdata.ms(w.at)), 'microfactory', w.id, 'co2e', case w.n % 2 when 0 then 500 else 0.05 end, 't', 'estimated', daterange((since at time zone 'UTC')::date - 365, (since at time zone 'UTC')::date), w.at, w.at from works w returning 1),
  aimed as (
    insert into impact.goals (id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on, status, trajectory, created_at, updated_at)
    select testdata.uid(seed, 326, w.n, testdata.ms(w.at)), 'microfactory', w.id, 'co2e', testdata.uid(seed, 325, w.n, testdata.ms(w.at)), case w.n % 2 when 0 then 250 else 0.02 end, 't', (since at time zone 'UTC')::date, (until at time zone 'UTC')::date + 365, 'active', 'linear', w.at, w.at from works w returning 1),
  projects as (
    insert into production.projects (id, slug, title, microfactory_id, goal_units, units_done, status, starts_on, created_at, updated_at)
    select testdata.uid(seed, 330, w.n, testdata.ms(w.at)), 'td-' || tag || '-' || w.n, 'Hinges for schools ' || w.n, w.id, 200, 60, 'running', (w.at at time zone 'UTC')::date, w.at, w.at from works w returning 1),
  given as materialized (
    select w.n, c, w.n * 4 + c as key, testdata.uid(seed, 330, w.n, testdata.ms(w.at)) as project_id, case when given_at[w.n * 3 + c] <= w.at + (until - w.at) * (0.3 + 0.15 * c) then gifts[w.n * 3 + c] end as donation_id, date_trunc('milliseconds', w.at + (until - w.at) * (0.3 + 0.15 * c)) as at, 10 * c as units, 'HCB-T' || upper(tag) || '-' || w.n * 4 + c as code from works w cross join generate_series(1, 3) c),
  counted as (
    insert into impact.records (id, occurred_at, subject_id, subject_kind, metric_code, quantity, unit, result_base, quality, method, scope, source_ref, recorded_by, recorded_at)
    select testdata.uid(seed, 321, 201326592 + g.key, testdata.ms(g.at)), g.at, g.project_id, 'project', 'units_donated', g.units, 'item', g.units, 'A', 'measured', 3, 'testdata ' || tag || ' given ' || g.key, null, g.at from given g order by g.at, g.key returning 1),
  claimed as (
    insert into impact.claims (id, donation_id, project_id, metric_code, quantity, unit, evidence, status, public_code, claim_sha256, asserted_by, asserted_at, verified_at, created_at, updated_at)
    select testdata.uid(seed, 328, g.key, testdata.ms(g.at) + 86400000), g.donation_id, case when g.donation_id is null then g.project_id end, 'units_donated', g.units, 'item', '[]', case when g.c < 3 then 'verified' else 'asserted' end, g.code,
      sha256(convert_to(jsonb_build_array('hc-claim-1', g.code, g.donation_id, case when g.donation_id is null then g.project_id end, 'units_donated', g.units, 'item', '[]'::jsonb, (extract(epoch from g.at + interval '1 day') * 1000000)::bigint, jsonb_build_array(testdata.uid(seed, 321, 201326592 + g.key, testdata.ms(g.at))))::text, 'UTF8')),
      staff[2], g.at + interval '1 day', case when g.c < 3 then g.at + interval '3 days' end, g.at + interval '1 day', case when g.c < 3 then g.at + interval '3 days' else g.at + interval '1 day' end from given g returning 1),
  rests as (
    insert into impact.claim_records (claim_id, record_id, record_at, subject_id)
    select testdata.uid(seed, 328, g.key, testdata.ms(g.at) + 86400000), testdata.uid(seed, 321, 201326592 + g.key, testdata.ms(g.at)), g.at, g.project_id from given g returning 1),
  checked as (
    insert into impact.verifications (id, occurred_at, target_kind, target_id, verifier_id, verdict, method, statement)
    select testdata.uid(seed, 329, g.key, testdata.ms(g.at + interval '3 days')), g.at + interval '3 days', 'claim', testdata.uid(seed, 328, g.key, testdata.ms(g.at) + 86400000), staff[3], 'verified', 'review', 'Counted on site.' from given g where g.c < 3 returning 1),
  periods as (
    insert into impact.reporting_periods (id, name, entity_key, during, status, closed_by, closed_at, published_by, published_at, created_at, updated_at)
    select testdata.uid(seed, 327, w.n * 64 + m, testdata.ms(p.ends)), to_char(p.begins at time zone 'UTC', 'YYYY-MM') || ' of factory ' || w.n, 'microfactory:' || w.id, daterange((p.begins at time zone 'UTC')::date, (p.ends at time zone 'UTC')::date), case when p.ends + interval '20 days' < until then 'published' else 'closed' end,
      staff[4], p.ends + interval '3 days', case when p.ends + interval '20 days' < until then staff[5] end, case when p.ends + interval '20 days' < until then p.ends + interval '10 days' end, p.ends, case when p.ends + interval '20 days' < until then p.ends + interval '10 days' else p.ends + interval '3 days' end
    from works w cross join generate_series(0, 60) m cross join lateral (select date_trunc('month', since, 'UTC') + interval '1 month' * m as begins, date_trunc('month', since, 'UTC') + interval '1 month' * (m + 1) as ends) p where p.ends > w.at and p.ends + interval '3 days' < until returning 1)
  select (select count(*) from held) + (select count(*) from retired) + (select count(*) from based) + (select count(*) from aimed) + (select count(*) from projects) + (select count(*) from counted) + (select count(*) from claimed) + (select count(*) from rests) + (select count(*) from checked) + (select count(*) from periods) into here;
  made := made + here;
  insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256)
  select p.id, r.metric_code, r.scope, sum(r.result_base), m.base_unit, count(*),  -- as impact.period_lines(), for all months at once
    sha256(convert_to(string_agg(concat_ws('|', r.id, (extract(epoch from r.occurred_at) * 1000000)::bigint, r.subject_id, r.quantity, r.unit, r.factor_id, r.factor_value, r.result_base), e'\n' order by r.id), 'UTF8'))
  from testdata.entities e join impact.reporting_periods p on p.entity_key = 'microfactory:' || e.id join impact.records r on r.subject_id = e.id and r.subject_kind = 'microfactory' and r.occurred_at >= lower(p.during)::timestamp at time zone 'UTC' and r.occurred_at < upper(p.during)::timestamp at time zone 'UTC'
  join impact.metrics m on m.code = r.metric_code where e.seed = gen_impact.seed and e.kind = 'microfactory' and e.n >= lo and e.n < hi group by p.id, r.metric_code, r.scope, m.base_unit;
  get diagnostics here = row_count;
  return made + here
    + testdata.write_history('impact_claim', format($q$ select c.id, '{asserted,verified}'::text[], array[c.asserted_at, c.verified_at], v.verifier_id
        from generate_series(%2$s::bigint, %3$s - 1) n cross join generate_series(1, 3) k join impact.claims c on c.public_code = 'HCB-T%1$s-' || n * 4 + k and c.status = 'verified' join impact.verifications v on v.target_id = c.id $q$, upper(tag), lo, hi))
    + testdata.write_history('reporting_period', format($q$ select p.id, case p.status when 'published' then '{open,closed,published}' else '{open,closed}' end::text[], array[p.created_at, p.closed_at, p.published_at], p.closed_by
        from testdata.entities e join impact.reporting_periods p on p.entity_key = 'microfactory:' || e.id where e.seed = %s and e.kind = 'microfactory' and e.n >= %s and e.n < %s $q$, seed, lo, hi));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_factors', '{impact.emission_factors}', '{}', 100, 1000, 100),
  ('gen_impact', '{impact.records,impact.record_keys,impact.offsets,impact.retirements,impact.baselines,impact.goals,impact.reporting_periods,impact.report_lines,impact.claims,impact.claim_records,impact.verifications,production.projects}', '{gen_factors,gen_production,gen_donations}', 120, 40, 40);

comment on function testdata.gen_factors is 'Makes the emission factors of a seed: material, freight and grid power of every country with a place, one a year.';
comment on function testdata.gen_impact is 'Makes the impact room factory by factory: records, corrections, offsets, goals, claims and closed months.';

-- verify
set local testdata.allow = on;
set local testdata.since = '2026-04-01 00:00+00';
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'production.telemetry', 'impact.records') >= 0;
select testdata.gen_users(42876, 0, 40, 0.0004) > 0, testdata.gen_designs(42876, 0, 60, 0.0004) > 0, testdata.gen_assets(42876, 0, 180, 0.0004) > 0, testdata.gen_design_room(42876, 0, 60, 0.0004) > 0, testdata.gen_microfactories(42876, 0, 2, 0.0004) > 0,
  testdata.gen_production(42876, 0, 2, 0.0004) > 0, testdata.gen_factors(42876, 0, 100, 0.0004) > 30;
create temporary view pg_temp.records_0876 as select r.* from impact.records r where r.source_ref like 'testdata ' || to_hex(testdata.seed_tag(42876)) || ' %' or r.corrects_id in (select k.record_id from impact.record_keys k where k.source_ref like 'testdata ' || to_hex(testdata.seed_tag(42876)) || ' %');
create temporary view pg_temp.claims_0876 as select c.* from impact.claims c where c.public_code like 'HCB-T' || upper(to_hex(testdata.seed_tag(42876))) || '-%';
create temporary view pg_temp.periods_0876 as select p.* from testdata.entities e join impact.reporting_periods p on p.entity_key = 'microfactory:' || e.id where e.seed = 42876 and e.kind = 'microfactory';
create temporary view pg_temp.digest_0876 as
select concat_ws(' ', (select sum(hashtextextended(r::text, 0)) from pg_temp.records_0876 r), (select sum(hashtextextended(c::text, 0)) from pg_temp.claims_0876 c), (select sum(hashtextextended(p::text, 0)) from pg_temp.periods_0876 p), (select sum(hashtextextended(o::text, 0)) from impact.offsets o where o.registry = 'TESTREG-' || to_hex(testdata.seed_tag(42876))),
  (select sum(hashtextextended(l::text, 0)) from impact.report_lines l join pg_temp.periods_0876 p on p.id = l.period_id)) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_impact(42876, 1, 2, 0.0004) + testdata.gen_impact(42876, 0, 1, 0.0004);
  select digest into halves from pg_temp.digest_0876;
  raise exception using errcode = 'P0876';
exception when sqlstate 'P0876' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_impact(42876, 0, 2, 0.0004) > 100;
select digest = current_setting('probe.halves') from pg_temp.digest_0876;
select count(*) > 40, count(distinct subject_kind) = 5, bool_and(result_base = impact.convert_units(r.activity_value, r.activity_unit, f.denominator_unit) * r.factor_value and f.value = r.factor_value and f.during @> (r.occurred_at at time zone 'UTC')::date) filter (where r.factor_id is not null),
  count(r.corrects_id) > 0, bool_and(core.uuid_time(r.id) = r.occurred_at and testdata.is_test_id(r.id)) from pg_temp.records_0876 r left join impact.emission_factors f on f.id = r.factor_id;
select bool_and(x.reversed = - o.result_base) from pg_temp.records_0876 o join (select c.corrects_id, sum(c.result_base) filter (where c.calc ->> 'part' = 'reversal') as reversed from pg_temp.records_0876 c where c.corrects_id is not null group by 1) x on x.corrects_id = o.id;
select count(*) > 6, bool_and(u.back = u.activity_value) from (select r.activity_value, impact.convert(impact.convert(r.activity_value, r.activity_unit, b.code), b.code, r.activity_unit) as back from pg_temp.records_0876 r join impact.units a on a.code = r.activity_unit join impact.units b on b.dimension = a.dimension and b.is_base) u;
select bool_and(r.activity_value = q.energy_kwh) from pg_temp.records_0876 r join production.runs q on q.id = r.subject_id and r.subject_kind = 'run' where r.corrects_id is null;
select count(*) >= 4, bool_and(impact.verify_period(p.id)), bool_and(exists (select from impact.report_lines l where l.period_id = p.id) = exists (select from impact.period_lines(p.id))), count(*) filter (where p.status = 'published') > 2, bool_and(p.published_by is distinct from p.closed_by) from pg_temp.periods_0876 p;
select count(*) = 2, bool_and(b.retired = 15 and b.left_tonnes = 85), bool_and((select bool_and(v.is_intact) from impact.retirements r, lateral impact.retirement_by_certificate(r.certificate_no) v where r.offset_id = b.offset_id)) from impact.offset_balance b where b.registry = 'TESTREG-' || to_hex(testdata.seed_tag(42876));
select array_agg(distinct p.state order by p.state) = '{ahead,behind}' from testdata.entities e join impact.goals g on g.owner_id = e.id, lateral impact.goal_progress(g.id, date '2026-10-31') p where e.seed = 42876 and e.kind = 'microfactory';
select count(*) = 6, count(*) filter (where c.status = 'verified') = 4, bool_and(c.claim_sha256 = impact.claim_digest(c::impact.claims)), bool_and(v.verifier_id <> c.asserted_by) filter (where c.status = 'verified'), (select count(*) = count(distinct r.record_id) from impact.claim_records r join pg_temp.claims_0876 k on k.id = r.claim_id where r.is_live)
from (select x.* from impact.claims x) c join pg_temp.claims_0876 k on k.id = c.id left join impact.verifications v on v.target_id = c.id;
select count(*) = 0 from pg_temp.claims_0876 c join core.donations d on d.id = c.donation_id where d.confirmed_at > c.asserted_at;
select bool_and(w.is_intact) and count(*) = 4 from pg_temp.claims_0876 c, lateral impact.claim_by_code(c.public_code) w;
select count(*) filter (where s.machine = 'impact_claim') = 4, count(*) filter (where s.machine = 'reporting_period') > 6 from core.status_changes s where s.entity_id in (select id from pg_temp.claims_0876 union all select id from pg_temp.periods_0876);
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_impact(42876, 0, 1, 0.0004)', '42501', 'not allowed'), blueprint.raises('select testdata.gen_factors(42876, 0, 1, 0.0004)', '42501', 'not allowed');
select count(*) = 2, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name in ('gen_impact', 'gen_factors') and targets <> '{}';

-- revert
delete from testdata.generators where name in ('gen_impact', 'gen_factors');
drop function testdata.gen_impact;
drop function testdata.gen_factors;
