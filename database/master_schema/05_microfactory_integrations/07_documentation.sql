-- Room production, documentation: what every table and column holds, in which unit, and what machines measure.

-- task: BUILD_0110 add_comments
-- title: Document production objects with units and sampling notes
-- does: Every table and column of room production says what it holds, with SI units; @pii marks what is about a customer, @retention how long raw measurements stay, @distribution how rows spread.
--   production.metrics lists what machines measure, production.metric_catalogue shows it with unit, expected range and alarm limits.
-- proves: nothing in room production is undocumented, metric_catalogue gives degC for nozzle_temperature to anon, addresses and tracking numbers are marked as personal, telemetry has its retention.
-- needs: BUILD_0005, BUILD_0010, BUILD_0103, BUILD_0104, BUILD_0106, BUILD_0107, BUILD_0108, BUILD_0109, BUILD_0111, BUILD_0112, BUILD_0113, BUILD_0114, BUILD_0115, BUILD_0116, BUILD_0117, BUILD_0118, BUILD_0119, BUILD_0120
create table production.metrics (
  metric text constraint metrics_metric_pk primary key,
  unit core.unit_code not null,
  expected_low numeric not null,
  expected_high numeric not null,
  alarm_low numeric not null,
  alarm_high numeric not null,
  sampling text not null,
  constraint metrics_range_check check (alarm_low <= expected_low and expected_low <= expected_high and expected_high <= alarm_high)
);

insert into production.metrics (metric, unit, expected_low, expected_high, alarm_low, alarm_high, sampling) values
  ('nozzle_temperature', 'degC', 180, 280, 0, 320, 'every second while printing'), ('bed_temperature', 'degC', 20, 110, 0, 130, 'every 5 seconds'), ('chamber_temperature', 'degC', 15, 70, 0, 90, 'every 10 seconds'),
  ('spindle_speed', 'rpm', 0, 24000, 0, 30000, 'every second'), ('spindle_load', '%', 0, 90, 0, 110, 'every second'), ('feed_rate', 'mm/s', 0, 500, 0, 1000, 'every second'), ('power', 'W', 0, 5000, 0, 10000, 'every 10 seconds'),
  ('vibration', 'mm/s', 0, 4.5, 0, 11.2, 'root mean square, every 10 seconds (ISO 20816 zones)'), ('laser_power', 'W', 0, 100, 0, 150, 'every second'), ('relative_humidity', '%', 10, 60, 0, 90, 'every minute');

create policy metrics_select on production.metrics for select to hc_anon, hc_auditor using (true);

create view production.metric_catalogue with (security_invoker) as
  select m.metric, m.unit::text as unit, m.expected_low, m.expected_high, m.alarm_low, m.alarm_high, m.sampling from production.metrics m;

grant select on production.metrics, production.metric_catalogue to hc_anon, hc_auditor;

comment on table production.metrics is 'What machines measure. Guide values for makers of machines; a machine may send other metrics too. @distribution reference';
comment on column production.metrics.metric is 'Name of the metric.';
comment on column production.metrics.unit is 'Unit, in UCUM spelling.';
comment on column production.metrics.expected_low is 'Least value to expect.';
comment on column production.metrics.expected_high is 'Largest value to expect.';
comment on column production.metrics.alarm_low is 'Below this something is wrong.';
comment on column production.metrics.alarm_high is 'Above this something is wrong.';
comment on column production.metrics.sampling is 'How often it is taken.';
comment on policy metrics_select on production.metrics is 'Guide values are public knowledge.';
comment on view production.metric_catalogue is 'Metrics with unit, expected range, alarm limits and sampling.';
comment on column production.metric_catalogue.metric is 'Name of the metric.';
comment on column production.metric_catalogue.unit is 'Unit.';
comment on column production.metric_catalogue.expected_low is 'Least value to expect.';
comment on column production.metric_catalogue.expected_high is 'Largest value to expect.';
comment on column production.metric_catalogue.alarm_low is 'Alarm below.';
comment on column production.metric_catalogue.alarm_high is 'Alarm above.';
comment on column production.metric_catalogue.sampling is 'How often it is taken.';

comment on table production.projects is 'Community production projects. @distribution local';
comment on column production.projects.id is 'Version 7 UUID.';
comment on column production.projects.slug is 'Name in addresses.';
comment on column production.projects.title is 'Title as shown.';
comment on column production.projects.microfactory_id is 'Who makes it.';
comment on column production.projects.design_id is 'What is made.';
comment on column production.projects.fund_code is 'Fund it is paid from.';
comment on column production.projects.goal_units is 'Pieces wanted.';
comment on column production.projects.units_done is 'Pieces made.';
comment on column production.projects.status is 'proposed, funded, running, completed or cancelled.';
comment on column production.projects.starts_on is 'First day.';
comment on column production.projects.ends_on is 'Last day.';
comment on column production.projects.beneficiaries is 'Who gets them.';
comment on column production.projects.metadata is 'Notes of the platform.';
comment on column production.projects.created_at is 'When it was proposed.';
comment on column production.projects.updated_at is 'When the row last really changed.';

comment on table production.machines is 'Machines of microfactories. @distribution machine_id';
comment on column production.machines.id is 'Version 7 UUID.';
comment on column production.machines.microfactory_id is 'Where it stands.';
comment on column production.machines.serial is 'Serial number, unique in the factory.';
comment on column production.machines.model is 'Make and model.';
comment on column production.machines.kind is 'Kind, as mill or printer.';
comment on column production.machines.status is 'State machine machine: commissioning, available, busy, maintenance, down, retired.';
comment on column production.machines.hourly_rate_usd is 'Price of an hour in USD.';
comment on column production.machines.power_w is 'Power in watts.';
comment on column production.machines.ideal_rate_per_h is 'Pieces an hour at best.';
comment on column production.machines.settings is 'Settings of the machine.';
comment on column production.machines.telemetry_key_sha256 is 'Digest of the key it sends under. @secret';
comment on column production.machines.metadata is 'Notes of the platform.';
comment on column production.machines.created_at is 'When it was set up.';
comment on column production.machines.updated_at is 'When the row last really changed.';

comment on table production.machine_capabilities is 'What a machine can do, in time. @distribution machine_id';
comment on column production.machine_capabilities.machine_id is 'The machine.';
comment on column production.machine_capabilities.process_term_id is 'Process of the taxonomy.';
comment on column production.machine_capabilities.during is 'For how long.';
comment on column production.machine_capabilities.materials is 'Paths of materials it takes, with all below.';
comment on column production.machine_capabilities.envelope_mm is 'Three measures in mm, in any order.';
comment on column production.machine_capabilities.tolerance_mm is 'Tolerance in mm.';
comment on column production.machine_capabilities.min_feature_mm is 'Smallest feature in mm.';
comment on column production.machine_capabilities.max_load_kg is 'Heaviest part in kg.';
comment on column production.machine_capabilities.parameters is 'Further facts, as {"axes": 5}.';

comment on table production.machine_windows is 'When a machine may work and when it is in maintenance. @distribution machine_id';
comment on column production.machine_windows.id is 'Version 7 UUID.';
comment on column production.machine_windows.machine_id is 'The machine.';
comment on column production.machine_windows.kind is 'open or maintenance.';
comment on column production.machine_windows.during is 'From and until.';

comment on table production.bookings is 'Times of a machine that work has taken; live ones never overlap. @distribution machine_id';
comment on column production.bookings.id is 'Version 7 UUID.';
comment on column production.bookings.machine_id is 'The machine.';
comment on column production.bookings.work_order_id is 'For which work.';
comment on column production.bookings.during is 'From and until.';
comment on column production.bookings.status is 'held, confirmed or released.';
comment on column production.bookings.expires_at is 'When a hold runs out.';
comment on column production.bookings.created_at is 'When it was booked.';

comment on table production.orders is 'Orders of customers. @distribution local';
comment on column production.orders.id is 'Version 7 UUID.';
comment on column production.orders.number is 'Number without gaps, given on submission.';
comment on column production.orders.customer_id is 'Whose order.';
comment on column production.orders.microfactory_id is 'Who makes it, once accepted.';
comment on column production.orders.project_id is 'Project it belongs to.';
comment on column production.orders.status is 'State machine order.';
comment on column production.orders.currency is 'Currency the customer is shown.';
comment on column production.orders.total_usd is 'Sum of lines and set-up in USD.';
comment on column production.orders.setup_usd is 'Set-up and what does not divide into unit prices, in USD.';
comment on column production.orders.fee_usd is 'Fee of a cancellation in USD.';
comment on column production.orders.due_on is 'When the customer wants it.';
comment on column production.orders.promised_on is 'When the factory promised it.';
comment on column production.orders.ship_to_sealed is 'Address, encrypted outside the database. @pii @secret';
comment on column production.orders.requirements is 'Steps, certificates and the like.';
comment on column production.orders.metadata is 'Notes of the platform.';
comment on column production.orders.created_at is 'When it was made.';
comment on column production.orders.updated_at is 'When the row last really changed.';

comment on table production.order_items is 'Lines of an order. @distribution local';
comment on column production.order_items.order_id is 'The order.';
comment on column production.order_items.line_no is 'Counts from 1.';
comment on column production.order_items.version_id is 'Released version that is made.';
comment on column production.order_items.spec_overrides is 'Parameters other than the versions, valid by its schema.';
comment on column production.order_items.material_term_id is 'Material of the taxonomy.';
comment on column production.order_items.quantity is 'Pieces.';
comment on column production.order_items.unit_price_usd is 'Price of a piece in USD, fixed by the accepted quote.';
comment on column production.order_items.line_total is 'quantity x unit price.';

comment on table production.quotes is 'Offers of factories for an order. @distribution local';
comment on column production.quotes.id is 'Version 7 UUID.';
comment on column production.quotes.order_id is 'The order.';
comment on column production.quotes.microfactory_id is 'Who offers.';
comment on column production.quotes.status is 'State machine quote: offered, accepted, declined, expired.';
comment on column production.quotes.total_usd is 'Price in USD.';
comment on column production.quotes.setup_usd is 'Set-up in USD, part of the total.';
comment on column production.quotes.lead_time_days is 'Days from acceptance.';
comment on column production.quotes.valid_until is 'Until when it can be accepted.';
comment on column production.quotes.breakdown is 'parts that add up to the total, and lines.';
comment on column production.quotes.metadata is 'Notes of the platform.';
comment on column production.quotes.created_at is 'When it was offered.';
comment on column production.quotes.updated_at is 'When the row last really changed.';

comment on table production.work_orders is 'What is to be done for a line, step by step. @distribution local';
comment on column production.work_orders.id is 'Version 7 UUID.';
comment on column production.work_orders.order_id is 'The order.';
comment on column production.work_orders.line_no is 'Its line.';
comment on column production.work_orders.machine_id is 'Machine it is planned on.';
comment on column production.work_orders.sequence is 'Step, from 1.';
comment on column production.work_orders.process_term_id is 'Process of the taxonomy.';
comment on column production.work_orders.status is 'State machine work_order: planned, ready, running, paused, done, quality_hold, scrapped.';
comment on column production.work_orders.planned is 'When it is planned.';
comment on column production.work_orders.quantity_planned is 'Pieces wanted.';
comment on column production.work_orders.quantity_good is 'Good pieces of its runs.';
comment on column production.work_orders.quantity_scrap is 'Scrapped pieces of its runs.';
comment on column production.work_orders.priority is 'Smaller comes first.';
comment on column production.work_orders.instructions is 'What to mind.';
comment on column production.work_orders.assigned_to is 'Who does it.';
comment on column production.work_orders.created_at is 'When it was planned first.';
comment on column production.work_orders.updated_at is 'When the row last really changed.';

comment on table production.runs is 'One go of a machine at a work order. @distribution machine_id';
comment on column production.runs.id is 'Version 7 UUID.';
comment on column production.runs.work_order_id is 'The work.';
comment on column production.runs.machine_id is 'The machine.';
comment on column production.runs.operator_id is 'Who ran it.';
comment on column production.runs.during is 'From and until; open while it runs.';
comment on column production.runs.good_count is 'Good pieces.';
comment on column production.runs.scrap_count is 'Scrapped pieces.';
comment on column production.runs.energy_kwh is 'Energy in kWh.';
comment on column production.runs.material_lot_id is 'First lot it took.';
comment on column production.runs.finished_lot_id is 'Lot its good pieces are in.';
comment on column production.runs.program_sha256 is 'Digest of the program.';
comment on column production.runs.outcome is 'done, partial or aborted; null while it runs.';
comment on column production.runs.anomalies is 'Measurements that lay far out.';
comment on column production.runs.created_at is 'When it was begun.';
comment on column production.runs.updated_at is 'When the row last really changed.';

comment on table production.telemetry is 'Measurements of machines, by month. @retention 13 months raw @distribution machine_id';
comment on column production.telemetry.machine_id is 'The machine.';
comment on column production.telemetry.metric is 'What was measured, see production.metric_catalogue.';
comment on column production.telemetry.occurred_at is 'When; partition key (UTC months).';
comment on column production.telemetry.run_id is 'Run that was open.';
comment on column production.telemetry.value is 'Value in the unit.';
comment on column production.telemetry.unit is 'Unit as sent.';
comment on column production.telemetry.quality is '0 is good; other values are the machines.';

comment on table production.quality_checks is 'Checks of parts; what was measured never changes. @distribution machine_id';
comment on column production.quality_checks.id is 'Version 7 UUID.';
comment on column production.quality_checks.run_id is 'Run that made the part.';
comment on column production.quality_checks.operator_id is 'Who made it.';
comment on column production.quality_checks.inspector_id is 'Who checked; for final checks somebody else.';
comment on column production.quality_checks.stage is 'in_process or final.';
comment on column production.quality_checks.sample_no is 'Number of the sample.';
comment on column production.quality_checks.characteristic is 'What was measured, as bore.';
comment on column production.quality_checks.nominal is 'Wanted value, in the unit of the characteristic (mm for lengths).';
comment on column production.quality_checks.lower_limit is 'Least value.';
comment on column production.quality_checks.upper_limit is 'Largest value.';
comment on column production.quality_checks.measured is 'Measured value.';
comment on column production.quality_checks.verdict is 'pass or fail by the limits.';
comment on column production.quality_checks.gauge is 'Instrument.';
comment on column production.quality_checks.evidence_asset_id is 'Photo or report.';
comment on column production.quality_checks.disposition is 'accept, rework, scrap or concession.';
comment on column production.quality_checks.disposition_reason is 'Why, for concessions.';
comment on column production.quality_checks.metadata is 'Further facts.';
comment on column production.quality_checks.created_at is 'When it was checked.';
comment on column production.quality_checks.updated_at is 'When the row last really changed.';

comment on table production.materials is 'Materials that are bought and kept in stock. @distribution reference';
comment on column production.materials.id is 'Version 7 UUID.';
comment on column production.materials.sku is 'Article number.';
comment on column production.materials.term_id is 'Material of the taxonomy.';
comment on column production.materials.name is 'Name.';
comment on column production.materials.unit is 'Unit of quantities and cost.';
comment on column production.materials.unit_cost_usd is 'Price of a unit in USD.';
comment on column production.materials.reorder_point is 'Below this, order.';
comment on column production.materials.lead_time_days is 'Days until it comes.';
comment on column production.materials.supplier is 'Who delivers it.';
comment on column production.materials.density_g_cm3 is 'Density in g/cm3.';
comment on column production.materials.recycled_share is 'Recycled share, 0 to 1.';
comment on column production.materials.created_at is 'When it was listed.';
comment on column production.materials.updated_at is 'When the row last really changed.';

comment on table production.stock_lots is 'Lots in stock: of a material, or of finished pieces. @distribution local';
comment on column production.stock_lots.id is 'Version 7 UUID.';
comment on column production.stock_lots.microfactory_id is 'Where it lies.';
comment on column production.stock_lots.material_id is 'Material, or null.';
comment on column production.stock_lots.version_id is 'Version of finished pieces, or null.';
comment on column production.stock_lots.lot_code is 'Code on the lot.';
comment on column production.stock_lots.received_on is 'When it came.';
comment on column production.stock_lots.expires_on is 'Last day it may be used.';
comment on column production.stock_lots.quantity_on_hand is 'What is there: the sum of its movements.';
comment on column production.stock_lots.quantity_reserved is 'Promised to work, at most what is there.';
comment on column production.stock_lots.certificate_asset_id is 'Certificate of the supplier.';
comment on column production.stock_lots.origin is 'Where it came from.';
comment on column production.stock_lots.created_at is 'When it was taken in.';
comment on column production.stock_lots.updated_at is 'When the row last really changed.';

comment on table production.stock_movements is 'Everything that came, went or was corrected; append-only. @distribution local';
comment on column production.stock_movements.id is 'Version 7 UUID.';
comment on column production.stock_movements.occurred_at is 'When.';
comment on column production.stock_movements.lot_id is 'The lot.';
comment on column production.stock_movements.kind is 'receipt, issue, return, adjust, scrap or transfer.';
comment on column production.stock_movements.quantity is 'Signed, in the unit of the material or pieces.';
comment on column production.stock_movements.run_id is 'Run it went into or came from.';
comment on column production.stock_movements.order_id is 'Order it was for.';
comment on column production.stock_movements.reason is 'Why; required for corrections.';
comment on column production.stock_movements.actor_id is 'Who moved it.';

comment on table production.shipments is 'Parcels of an order. @distribution local';
comment on column production.shipments.id is 'Version 7 UUID.';
comment on column production.shipments.order_id is 'The order.';
comment on column production.shipments.carrier is 'Who carries it; pickup for nobody.';
comment on column production.shipments.tracking_no is 'Number of the carrier. @pii retain';
comment on column production.shipments.status is 'State machine shipment: packed, handed_over, in_transit, delivered, lost, returned.';
comment on column production.shipments.shipped_at is 'When it left.';
comment on column production.shipments.delivered_at is 'When it arrived.';
comment on column production.shipments.weight_g is 'Weight in grams.';
comment on column production.shipments.distance_km is 'Way in km, for impact.';
comment on column production.shipments.proof_asset_id is 'Proof of delivery.';
comment on column production.shipments.events is 'Scans of the carrier, as they came.';
comment on column production.shipments.metadata is 'Notes of the platform.';
comment on column production.shipments.created_at is 'When it was packed.';
comment on column production.shipments.updated_at is 'When the row last really changed.';

comment on table production.shipment_items is 'What is in a parcel. @distribution local';
comment on column production.shipment_items.shipment_id is 'The parcel.';
comment on column production.shipment_items.order_id is 'The order.';
comment on column production.shipment_items.line_no is 'Its line.';
comment on column production.shipment_items.quantity is 'Pieces.';
comment on column production.shipment_items.lot_id is 'Lot they are from.';

-- verify
select count(*) = 0 from blueprint.undocumented('production');
select column_name, bool_or(tag = 'pii') from (select * from blueprint.annotations('production.orders') union all select * from blueprint.annotations('production.shipments')) a where column_name in ('ship_to_sealed', 'tracking_no') group by 1;
select count(*) = 2 from (select * from blueprint.annotations('production.orders') union all select * from blueprint.annotations('production.shipments')) a where tag = 'pii';
select bool_or(tag = 'retention' and value like '13 months%') and bool_or(tag = 'distribution' and value = 'machine_id') from blueprint.annotations('production.telemetry') where column_name is null;
set local role hc_anon;
select unit = 'degC' and expected_low < expected_high and alarm_low <= expected_low and alarm_high >= expected_high from production.metric_catalogue where metric = 'nozzle_temperature';
set local role hc_auditor;
select count(*) >= 10 from production.metric_catalogue;
set local role hc_owner;
select blueprint.raises($$ insert into production.metrics select * from production.metrics where metric = 'power' $$, '23505', 'metrics_metric_pk'), blueprint.raises($$ update production.metrics set alarm_high = 0 where metric = 'power' $$, '23514', 'metrics_range_check');
select relrowsecurity and relforcerowsecurity, has_table_privilege('hc_auditor', 'production.metrics', 'select'), (select reloptions::text like '%security_invoker%' from pg_class where oid = 'production.metric_catalogue'::regclass) from pg_class where oid = 'production.metrics'::regclass;
select attname, col_description(attrelid, attnum) is not null from pg_attribute where attrelid = 'production.metric_catalogue'::regclass and attnum > 0;
