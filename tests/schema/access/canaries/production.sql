-- Room production: machines of ivy's running and paused factories and of bob's, orders of ada and of bob at each.
insert into production.machines (id, microfactory_id, serial, model, kind, status, telemetry_key_sha256)
select id('machine ' || name), id('factory ' || factory), name, 'canary', 'canary', status, digest(name)
from (values ('ivy', 'ivy', 'available'), ('ivy retired', 'ivy', 'retired'), ('ivy paused', 'ivy paused', 'down'), ('bob', 'bob', 'commissioning')) m(name, factory, status);
insert into production.machine_capabilities (machine_id, process_term_id, during, envelope_mm, tolerance_mm)
select id('machine ' || name), id('topic'), running(), '{1,1,1}', 0.1 from unnest(array['ivy', 'ivy retired', 'ivy paused', 'bob']) name;
insert into production.machine_windows (id, machine_id, kind, during) select id('window ' || name), id('machine ' || name), 'open', past() from unnest(array['ivy', 'bob']) name;
insert into production.bookings (id, machine_id, during) select id('booking ' || name), id('machine ' || name), past() from unnest(array['ivy', 'bob']) name;
insert into production.telemetry (machine_id, metric, occurred_at, value) select id('machine ' || name), 'canary', now(), 1 from unnest(array['ivy', 'bob']) name;

insert into production.projects (id, slug, title, microfactory_id, goal_units, status) values
  (id('project ivy'), 'canary', 'Canary', id('factory ivy'), 1, 'running'), (id('project ivy proposed'), 'canary-proposed', 'Canary', id('factory ivy'), 1, 'proposed'),
  (id('project bob'), 'canary-bob', 'Canary', id('factory bob'), 1, 'cancelled'), (id('project of nobody'), 'canary-nobody', 'Canary', null, 1, 'proposed');

insert into production.orders (id, number, customer_id, microfactory_id, status, ship_to_sealed)
select id('order ' || name), 'CANARY-' || name, id(customer), case when factory is not null then id('factory ' || factory) end, status, digest('address')
from (values ('ada', 'ada', 'ivy', 'in_production'), ('ada draft', 'ada', null, 'draft'), ('bob', 'bob', 'ivy paused', 'ready'), ('eve', 'eve', 'bob', 'accepted')) o(name, customer, factory, status);
insert into production.order_items (order_id, line_no, version_id, quantity) select id('order ' || name), 1, id('version ada public'), 1 from unnest(array['ada', 'ada draft', 'bob', 'eve']) name;
insert into production.quotes (id, order_id, microfactory_id, total_usd, valid_until) values
  (id('quote ivy'), id('order ada'), id('factory ivy'), 10, now()), (id('quote of a rival'), id('order ada'), id('factory bob'), 9, now()), (id('quote bob'), id('order bob'), id('factory ivy paused'), 9, now());

insert into production.work_orders (id, order_id, line_no, machine_id, quantity_planned)
select id('work ' || name), id('order ' || name), 1, id('machine ivy'), 1 from unnest(array['ada', 'bob', 'eve']) name;
insert into production.runs (id, work_order_id, machine_id, operator_id, outcome, during) values
  (id('run ada'), id('work ada'), id('machine ivy'), id('cal'), 'done', past()), (id('run eve'), id('work eve'), id('machine bob'), id('bob'), 'done', past());
insert into production.quality_checks (id, run_id, inspector_id, characteristic) values (id('check ada'), id('run ada'), id('ivy'), 'canary'), (id('check of nobody'), id('run ada'), null, 'canary'), (id('check eve'), id('run eve'), id('bob'), 'canary');

insert into production.shipments (id, order_id) values (id('shipment ada'), id('order ada')), (id('shipment bob'), id('order bob')), (id('shipment eve'), id('order eve'));
insert into production.shipment_items (shipment_id, order_id, line_no, quantity) select id('shipment ' || name), id('order ' || name), 1, 1 from unnest(array['ada', 'bob', 'eve']) name;

insert into production.materials (id, sku, name, supplier) values (id('material'), 'CANARY', 'Canary', '{"canary": 1}');
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) select id('lot ' || name), id('factory ' || name), id('material'), 'canary' from unnest(array['ivy', 'ivy paused', 'bob']) name;
insert into production.stock_movements (id, lot_id, kind, quantity) select id('stock ' || name), id('lot ' || name), 'receipt', 1 from unnest(array['ivy', 'ivy paused', 'bob']) name;
insert into production.cancellation_fees (stage, percent, source) values ('canary', 1, 'canary');
insert into production.metrics (metric, unit, expected_low, expected_high, alarm_low, alarm_high, sampling) values ('canary', 'kg', 1, 1, 1, 1, 'canary');
