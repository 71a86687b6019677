-- Scenario: an order that meets scrap, rework, partial delivery and a recall. Kinds of uid(): 420 people, 421 design, 422 version, 423 factory, 424 machine, 425 terms, 426 material, 427 lots, 428 asset, 429 factors.

-- task: BUILD_0884 create_test_data
-- title: Play a microfactory order with scrap, rework and partial delivery: testdata.play_scrap_and_rework(seed)
-- does: Forty hinges through the public functions, from matching and quote to rating: a first run with 34 good and 6 scrap of a lot whose pins drift, the control chart that stops the work, four parts reworked, a second lot for the rest,
--   parcels of 30 and 10, the recall of the bad lot, the footprint with its scrap, delivery and stars. Each step says what was expected and found.
-- proves: every step holds: good and scrap are the parts consumed, the recall names the one customer, forty go out of forty, scrap weighs on the footprint by its share of the mass, the order ends delivered.
-- needs: BUILD_0112, BUILD_0113, BUILD_0114, BUILD_0116, BUILD_0118, BUILD_0119, BUILD_0120, BUILD_0155, BUILD_0740, BUILD_0881
create function testdata.play_scrap_and_rework(seed bigint) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  born constant timestamptz := date_trunc('day', now(), 'UTC') - interval '30 days';
  ms constant bigint := testdata.ms(born);
  person constant uuid[] := testdata.players(seed, 420, 'scrap', 4, born);
  customer constant uuid := person[1];
  operator constant uuid := person[3];
  inspector constant uuid := person[4];
  design constant uuid := testdata.uid(seed, 421, 1, ms);
  version constant uuid := testdata.uid(seed, 422, 1, ms);
  factory constant uuid := testdata.uid(seed, 423, 1, ms);
  machine constant uuid := testdata.uid(seed, 424, 1, ms);
  lot constant uuid[] := array[testdata.uid(seed, 427, 1, ms), testdata.uid(seed, 427, 2, ms)];
  ordered uuid;
  second uuid;
  quote uuid;
  work uuid;
  booking uuid;
  run uuid[] := '{}';
  parcel uuid[] := '{}';
  pieces uuid;
begin
  insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at, created_at, updated_at) values (design, person[2], 'scrap-' || tag, 'Barrel hinge ' || tag, 'public', 'released', 'MIT', version, born, born, born);
  insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, created_at, released_at) values (version, design, 1, sha256(convert_to('scrap ' || tag, 'UTF8')), person[2], 'MIT', born, born);
  insert into design.hinge_specs (version_id, family, params) values (version, 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass", "process": "cnc", "clearance_mm": 0.2}');
  insert into core.terms (id, path, kind, labels) values (testdata.uid(seed, 425, 1, ms), ('process.scrap' || tag)::extensions.ltree, 'process', '{"en": "Scenario"}'), (testdata.uid(seed, 425, 2, ms), ('process.scrap' || tag || '.cnc')::extensions.ltree, 'process', '{"en": "Scenario"}'),
    (testdata.uid(seed, 425, 3, ms), ('material.scrap' || tag)::extensions.ltree, 'material', '{"en": "Scenario brass"}');
  insert into core.microfactories (id, operator_id, slug, name, status, country, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes, created_at, updated_at)
  values (factory, operator, 'scrap-' || tag, 'Works ' || tag, 'active', 'DE', 52.5, 13.4, 'UTC', '{"mon": [["08:00", "16:00"]]}', 'scrap-' || tag || '@example.org', array[('process.scrap' || tag || '.cnc')::extensions.ltree], born, born);
  insert into production.machines (id, microfactory_id, serial, model, kind, status, hourly_rate_usd, power_w, ideal_rate_per_h) values (machine, factory, 'S-1', 'Mill', 'mill', 'available', 30, 1500, 8);
  insert into production.machine_capabilities (machine_id, process_term_id, during, materials, envelope_mm, tolerance_mm) values (machine, testdata.uid(seed, 425, 2, ms), tstzrange(born, null), array[('material.scrap' || tag)::extensions.ltree], '{310,120,60}', 0.05);
  insert into production.machine_windows (machine_id, during) values (machine, tstzrange(now() - interval '1 day', now() + interval '5 days'));
  insert into production.materials (id, sku, term_id, name, unit_cost_usd) values (testdata.uid(seed, 426, 1, ms), 'SCRAP-' || tag, testdata.uid(seed, 425, 3, ms), 'Brass', 9);
  insert into production.stock_lots (id, microfactory_id, material_id, lot_code, expires_on, origin) select lot[k], factory, testdata.uid(seed, 426, 1, ms), 'LOT-' || k, current_date + 100 * k, jsonb_build_object('heat', 'H' || k) from generate_series(1, 2) k;
  insert into production.stock_movements (lot_id, kind, quantity) values (lot[1], 'receipt', 2), (lot[2], 'receipt', 50);
  insert into core.assets (id, owner_id, filename, media_type, byte_size) values (testdata.uid(seed, 428, 1, ms), operator, 'proof.png', 'image/png', 1);
  insert into impact.emission_factors (id, activity, region, source, value, denominator_unit, during)
  select testdata.uid(seed, 429, v.n, ms), v.activity::extensions.ltree, v.region, 'SCENARIO ' || tag, v.value, v.unit, daterange('2020-01-01', null)
  from (values (1, 'material.scrap' || tag, 'global', 4.5, 'kg'), (2, 'electricity.grid', 'DE', 0.38, 'kWh'), (3, 'freight.road', 'global', 0.1, 't*km')) v(n, activity, region, value, unit);

  perform core.act_as(customer);
  return query select * from testdata.step(1, 'matching proposes the machine', 'S-1', (select m.serial from production.find_machines(version, ('material.scrap' || tag)::extensions.ltree, 40, 52.5, 13.4) f join production.machines m on m.id = f.machine_id where f.machine_id = machine));
  ordered := production.submit_order(jsonb_build_object('items', jsonb_build_array(jsonb_build_object('version_id', version, 'quantity', 40, 'material_term_id', testdata.uid(seed, 425, 3, ms)))));
  perform core.act_as(operator);
  quote := production.make_quote(ordered, factory);
  perform core.act_as(customer);
  perform production.accept_quote(quote);
  return query select * from testdata.step(2, 'the parts of the quote are the total of the order', (select sum(p.value::text::numeric)::text from production.quotes q, jsonb_each(q.breakdown -> 'parts') p where q.id = quote), (select o.total_usd::text from production.orders o where o.id = ordered));
  perform core.act_as(operator);
  perform production.plan_work(ordered);
  work := (select w.id from production.work_orders w where w.order_id = ordered);
  booking := production.hold(machine, work, production.find_slot(machine, interval '5 hours'));
  perform production.confirm(booking);
  return query select * from testdata.step(3, 'the machine is booked inside its window', 'confirmed', (select b.status from production.bookings b join production.machine_windows w on w.machine_id = b.machine_id and w.during @> b.during where b.id = booking));

  run := array[production.start_run(work, machine, operator)];
  perform production.consume(run[1], lot[1], 2);
  perform production.finish_run(run[1], 34, 6, 7.5, 'partial');
  insert into production.quality_checks (run_id, inspector_id, characteristic, nominal, lower_limit, upper_limit, measured, sample_no) select run[1], inspector, 'pin_mm', 5, 4.8, 5.2, 5 + 0.012 * k, k from generate_series(1, 12) k;
  return query select * from testdata.step(4, 'pins that drift put the work on hold', '34 good, 6 scrap, quality_hold, evidence pin_mm', (select format('%s good, %s scrap, %s, evidence %s', w.quantity_good, w.quantity_scrap, w.status, (select split_part(c.reason, ':', 1) from core.status_changes c where c.entity_id = work and c.to_status = 'quality_hold')) from production.work_orders w where w.id = work));
  return query select * from testdata.step(5, 'nothing runs while it is on hold', '55000 this work is on hold or scrapped', testdata.answer(format('select production.start_run(%L, %L, %L)', work, machine, operator)));
  insert into identity.user_roles (user_id, role_code, scope_kind, scope_id, granted_by, reason) select inspector, 'operator', 'microfactory', factory, operator, 'quality' where exists (select from identity.roles r where r.code = 'operator');
  perform core.act_as(inspector);
  perform production.disposition(q.id, 'rework', 'ream the bore') from production.quality_checks q where q.run_id = run[1] and q.sample_no > 8;
  return query select * from testdata.step(6, 'the inspector sends four parts to rework', '4', (select count(*)::text from production.quality_checks q where q.run_id = run[1] and q.disposition = 'rework' and q.inspector_id = inspector));

  perform core.act_as(operator);
  update production.work_orders w set status = 'paused' where w.id = work;
  update production.runs r set good_count = 38, scrap_count = 2 where r.id = run[1];
  pieces := (select r.finished_lot_id from production.runs r where r.id = run[1]);
  insert into production.stock_movements (lot_id, kind, quantity, run_id, reason) values (pieces, 'receipt', 4, run[1], 'reworked');
  run := run || production.start_run(work, machine, operator);
  perform production.consume(run[2], lot[2], 0.1);
  perform production.finish_run(run[2], 2, 0, 0.4);
  return query select * from testdata.step(7, 'after rework and a second lot the order is ready', '40 good, 2 scrap, done, ready', (select format('%s good, %s scrap, %s, %s', w.quantity_good, w.quantity_scrap, w.status, o.status) from production.work_orders w join production.orders o on o.id = w.order_id where w.id = work));
  return query select * from testdata.step(8, 'good and scrap are the parts consumed, at 50 g', '42', (select trim_scale(- sum(m.quantity) / 0.05)::text from production.stock_movements m where m.run_id = any (run) and m.kind = 'issue'));

  parcel := array[production.ship(ordered, jsonb_build_array(jsonb_build_object('line_no', 1, 'quantity', 30, 'lot_id', pieces)), 'TestPost', 'SCRAP-' || tag || '-1', 400)];
  return query select * from testdata.step(9, 'nothing is shipped that was not made', '22023 line 1: 30 of 40 produced are shipped, 11 do not go',
    testdata.answer(format('select production.ship(%L, %L, %L, %L, 400)', ordered, '[{"line_no": 1, "quantity": 11}]', 'TestPost', 'SCRAP-' || tag || '-x')));
  perform production.cycle_count((select r.finished_lot_id from production.runs r where r.id = run[2]), 0, 'put to the rest');
  perform production.cycle_count(pieces, 10, 'put to the rest');
  parcel := parcel || production.ship(ordered, jsonb_build_array(jsonb_build_object('line_no', 1, 'quantity', 10, 'lot_id', pieces)), 'TestPost', 'SCRAP-' || tag || '-2', 400);
  return query select * from testdata.step(10, 'thirty and ten go out', '40 shipped, 0 left', format('%s shipped, %s left', (select sum(i.quantity) from production.shipment_items i where i.order_id = ordered), (select trim_scale(l.quantity_on_hand) from production.stock_lots l where l.id = pieces)));
  perform core.act_as(person[2]);  -- what another customer gets is of the good lot
  second := production.submit_order(jsonb_build_object('items', jsonb_build_array(jsonb_build_object('version_id', version, 'quantity', 2, 'material_term_id', testdata.uid(seed, 425, 3, ms)))));
  perform core.act_as(operator);
  quote := production.make_quote(second, factory);
  perform core.act_as(person[2]);
  perform production.accept_quote(quote);
  perform core.act_as(operator);
  perform production.plan_work(second);
  run := run || production.start_run((select w.id from production.work_orders w where w.order_id = second), machine, operator);
  perform production.consume(run[3], lot[2], 0.1);
  perform production.finish_run(run[3], 2, 0, 0.4);
  return query select * from testdata.step(11, 'the recall of the bad lot names one customer of two', format('1 order of %s, 40 shipped; of the other lot 2', customer), (select format('%s order of %s, %s shipped; of the other lot %s', count(*), min(t.customer_id::text), sum(t.shipped), (select count(*) from production.trace_forward(lot[2]))) from production.trace_forward(lot[1]) t));
  return query select * from testdata.step(12, 'the parcel leads back to the lot', 'LOT-1', (select string_agg(distinct b.lot_code, ', ') from production.trace_back(parcel[1]) b where b.material_sku is not null));

  perform core.act_as(customer);
  return query select * from testdata.step(13, 'scrap weighs on the footprint by its share of the mass', '0.050000', (select round(f.value / (40 * 0.05 * 4.5) - 1, 6)::text from impact.footprint_of_order(ordered) f where f.stage = 'material.scrap' || tag));
  perform production.record_scan('TestPost', 'SCRAP-' || tag || '-1', jsonb_build_object('id', '1', 'at', now(), 'status', 'delivered'));
  return query select * from testdata.step(14, 'one of two parcels there: not delivered yet', 'shipped', (select o.status from production.orders o where o.id = ordered));
  perform core.act_as(operator);
  perform production.deliver(parcel[2], testdata.uid(seed, 428, 1, ms));
  return query select * from testdata.step(15, 'with the second the order is delivered', 'delivered', (select o.status from production.orders o where o.id = ordered));
  perform core.act_as(customer);
  return query select * from testdata.step(16, 'four stars move the rating from its prior', '3.87', trim_scale(core.rate_microfactory(factory, 4, (select o.number from production.orders o where o.id = ordered)))::text);
  perform core.act_as(null, 'hc_worker');
end $$;

comment on function testdata.play_scrap_and_rework is 'An order of forty with scrap, rework, two parcels and a recall, through the public functions. Steps with what was expected and found. Its rows stay.';

-- verify
select blueprint.raises('select testdata.play_scrap_and_rework(42884)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0884 as select * from testdata.play_scrap_and_rework(42884);
select step, what, expected, found, ok from pg_temp.play_0884 order by ok, step;
select count(*) = 16, array_agg(step order by step) = array(select generate_series(1, 16)) from pg_temp.play_0884;
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from production.orders o where o.customer_id = testdata.uid(42884, 420, 1, testdata.ms(date_trunc('day', now(), 'UTC') - interval '30 days')) and o.status = 'delivered';
