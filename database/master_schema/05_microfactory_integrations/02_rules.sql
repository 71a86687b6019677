-- Room production, rules: how rows are found, what they point to, what they must be, and what moves with them.

-- task: BUILD_0103 create_indexes
-- title: Index order queues, machine calendars, lot expiry and telemetry ranges
-- does: Orders of a customer and of a factory, the next work order of a machine, calendars by GiST, lots in stock by expiry, telemetry by block range, open parcels, checks of a run.
-- proves: each query can be served by the index made for it, the next work order of a machine without a sort.
-- needs: BUILD_0005, BUILD_0102
create index orders_customer_id_created_at_idx on production.orders (customer_id, created_at desc);
create index orders_microfactory_id_status_idx on production.orders (microfactory_id, status);
create index work_orders_machine_id_status_priority_idx on production.work_orders (machine_id, status, priority);
create index bookings_machine_id_during_idx on production.bookings using gist (machine_id, during);
create index machine_windows_machine_id_during_idx on production.machine_windows using gist (machine_id, during);
create index stock_lots_material_id_expires_on_idx on production.stock_lots (material_id, expires_on) where quantity_on_hand > 0;
create index telemetry_occurred_at_idx on production.telemetry using brin (occurred_at);
create index shipments_status_idx on production.shipments (status) where status not in ('delivered', 'returned', 'lost');
create index quality_checks_run_id_characteristic_idx on production.quality_checks (run_id, characteristic);

comment on index production.orders_customer_id_created_at_idx is 'Orders of a customer, newest first; and the foreign key.';
comment on index production.orders_microfactory_id_status_idx is 'Queue of a factory by status; and the foreign key.';
comment on index production.work_orders_machine_id_status_priority_idx is 'Next work order of a machine; and the foreign key.';
comment on index production.bookings_machine_id_during_idx is 'Calendar of a machine, released bookings too; and the foreign key.';
comment on index production.machine_windows_machine_id_during_idx is 'Open hours and maintenance of a machine at a time; and the foreign key.';
comment on index production.stock_lots_material_id_expires_on_idx is 'Lots in stock, first expired first (production.allocate).';
comment on index production.telemetry_occurred_at_idx is 'Points of a period over all machines.';
comment on index production.shipments_status_idx is 'Parcels under way.';
comment on index production.quality_checks_run_id_characteristic_idx is 'Checks of a run by characteristic; and the foreign key.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select id from production.orders where customer_id = '00000000-0000-7000-8000-000000103001' order by created_at desc $$, 'orders_customer_id_created_at_idx'),
  ($$ select id from production.orders where microfactory_id = '00000000-0000-7000-8000-000000103001' and status = 'submitted' $$, 'orders_microfactory_id_status_idx'),
  ($$ select id from production.work_orders where machine_id = '00000000-0000-7000-8000-000000103001' and status = 'ready' order by priority limit 1 $$, 'work_orders_machine_id_status_priority_idx'),
  ($$ select id from production.bookings where machine_id = '00000000-0000-7000-8000-000000103001' and during @> now() $$, 'bookings_machine_id_during_idx'),
  ($$ select id from production.stock_lots where material_id = '00000000-0000-7000-8000-000000103001' and quantity_on_hand > 0 order by expires_on $$, 'stock_lots_material_id_expires_on_idx'),
  ($$ select id from production.shipments where status = 'in_transit' $$, 'shipments_status_idx'),
  ($$ select id from production.quality_checks where run_id = '00000000-0000-7000-8000-000000103001' and characteristic = 'bore' $$, 'quality_checks_run_id_characteristic_idx')) v(sql, index);
set local enable_seqscan = off;
create function pg_temp.plan(sql text) returns jsonb language plpgsql as $$ declare p jsonb; begin execute 'explain (format json) ' || sql into p; return p; end $$;
select not pg_temp.plan($$ select id from production.work_orders where machine_id = '00000000-0000-7000-8000-000000103001' and status = 'ready' order by priority limit 1 $$)::text ~ '"Sort"';
-- the key of BUILD_0109 serves windows as well, and so does the primary key telemetry of one machine
select indisvalid and pg_get_indexdef(indexrelid) like '% gist (machine_id, during)' from pg_index where indexrelid = 'production.machine_windows_machine_id_during_idx'::regclass;
select indisvalid and pg_get_indexdef(indexrelid) like '% brin (occurred_at)' from pg_index where indexrelid = 'production.telemetry_occurred_at_idx'::regclass;

-- task: BUILD_0104 create_foreign_keys critical
-- title: Link production to factories, designs, users, terms and itself
-- does: What belongs to an order or machine goes with it; versions, lots and people are held back by what was made of, from and by them. Telemetry has no keys:
--   it is written by the thousand and outlives nothing.
-- proves: a version in an order cannot be deleted (23503), every key refuses a stranger and is indexed, items go with their order.
-- needs: BUILD_0005, BUILD_0010, BUILD_0064, BUILD_0102, BUILD_0103, BUILD_0691, BUILD_0731
alter table production.projects
  add constraint projects_microfactory_id_fk foreign key (microfactory_id) references core.microfactories (id),
  add constraint projects_design_id_fk foreign key (design_id) references core.designs (id);
alter table production.machines add constraint machines_microfactory_id_fk foreign key (microfactory_id) references core.microfactories (id);
alter table production.machine_capabilities
  add constraint machine_capabilities_machine_id_fk foreign key (machine_id) references production.machines (id) on delete cascade,
  add constraint machine_capabilities_process_term_id_fk foreign key (process_term_id) references core.terms (id);
alter table production.machine_windows add constraint machine_windows_machine_id_fk foreign key (machine_id) references production.machines (id) on delete cascade;
alter table production.bookings
  add constraint bookings_machine_id_fk foreign key (machine_id) references production.machines (id),
  add constraint bookings_work_order_id_fk foreign key (work_order_id) references production.work_orders (id);
alter table production.orders
  add constraint orders_customer_id_fk foreign key (customer_id) references core.users (id),
  add constraint orders_microfactory_id_fk foreign key (microfactory_id) references core.microfactories (id),
  add constraint orders_project_id_fk foreign key (project_id) references production.projects (id);
alter table production.order_items
  add constraint order_items_order_id_fk foreign key (order_id) references production.orders (id) on delete cascade,
  add constraint order_items_version_id_fk foreign key (version_id) references design.versions (id),
  add constraint order_items_material_term_id_fk foreign key (material_term_id) references core.terms (id);
alter table production.quotes
  add constraint quotes_order_id_fk foreign key (order_id) references production.orders (id) on delete cascade,
  add constraint quotes_microfactory_id_fk foreign key (microfactory_id) references core.microfactories (id);
alter table production.work_orders
  add constraint work_orders_order_id_line_no_fk foreign key (order_id, line_no) references production.order_items (order_id, line_no),
  add constraint work_orders_machine_id_fk foreign key (machine_id) references production.machines (id),
  add constraint work_orders_process_term_id_fk foreign key (process_term_id) references core.terms (id),
  add constraint work_orders_assigned_to_fk foreign key (assigned_to) references core.users (id);
alter table production.runs
  add constraint runs_work_order_id_fk foreign key (work_order_id) references production.work_orders (id),
  add constraint runs_machine_id_fk foreign key (machine_id) references production.machines (id),
  add constraint runs_operator_id_fk foreign key (operator_id) references core.users (id),
  add constraint runs_material_lot_id_fk foreign key (material_lot_id) references production.stock_lots (id),
  add constraint runs_finished_lot_id_fk foreign key (finished_lot_id) references production.stock_lots (id);
alter table production.quality_checks
  add constraint quality_checks_run_id_fk foreign key (run_id) references production.runs (id),
  add constraint quality_checks_operator_id_fk foreign key (operator_id) references core.users (id),
  add constraint quality_checks_inspector_id_fk foreign key (inspector_id) references core.users (id),
  add constraint quality_checks_evidence_asset_id_fk foreign key (evidence_asset_id) references core.assets (id);
alter table production.materials add constraint materials_term_id_fk foreign key (term_id) references core.terms (id);
alter table production.stock_lots
  add constraint stock_lots_microfactory_id_fk foreign key (microfactory_id) references core.microfactories (id),
  add constraint stock_lots_material_id_fk foreign key (material_id) references production.materials (id),
  add constraint stock_lots_version_id_fk foreign key (version_id) references design.versions (id),
  add constraint stock_lots_certificate_asset_id_fk foreign key (certificate_asset_id) references core.assets (id);
alter table production.stock_movements
  add constraint stock_movements_lot_id_fk foreign key (lot_id) references production.stock_lots (id),
  add constraint stock_movements_run_id_fk foreign key (run_id) references production.runs (id),
  add constraint stock_movements_order_id_fk foreign key (order_id) references production.orders (id);
alter table production.shipments
  add constraint shipments_order_id_fk foreign key (order_id) references production.orders (id),
  add constraint shipments_proof_asset_id_fk foreign key (proof_asset_id) references core.assets (id);
alter table production.shipment_items
  add constraint shipment_items_shipment_id_fk foreign key (shipment_id) references production.shipments (id) on delete cascade,
  add constraint shipment_items_order_id_line_no_fk foreign key (order_id, line_no) references production.order_items (order_id, line_no),
  add constraint shipment_items_lot_id_fk foreign key (lot_id) references production.stock_lots (id);

create index projects_microfactory_id_idx on production.projects (microfactory_id);
create index projects_design_id_idx on production.projects (design_id);
create index machine_capabilities_process_term_id_idx on production.machine_capabilities (process_term_id);
create index bookings_work_order_id_idx on production.bookings (work_order_id);
create index orders_project_id_idx on production.orders (project_id);
create index order_items_version_id_idx on production.order_items (version_id);
create index order_items_material_term_id_idx on production.order_items (material_term_id);
create index quotes_order_id_idx on production.quotes (order_id);
create index quotes_microfactory_id_idx on production.quotes (microfactory_id);
create index work_orders_process_term_id_idx on production.work_orders (process_term_id);
create index work_orders_assigned_to_idx on production.work_orders (assigned_to);
create index runs_work_order_id_idx on production.runs (work_order_id);
create index runs_machine_id_idx on production.runs (machine_id);
create index runs_operator_id_idx on production.runs (operator_id);
create index runs_material_lot_id_idx on production.runs (material_lot_id);
create index runs_finished_lot_id_idx on production.runs (finished_lot_id);
create index quality_checks_operator_id_idx on production.quality_checks (operator_id);
create index quality_checks_inspector_id_idx on production.quality_checks (inspector_id);
create index quality_checks_evidence_asset_id_idx on production.quality_checks (evidence_asset_id);
create index materials_term_id_idx on production.materials (term_id);
create index stock_lots_material_id_idx on production.stock_lots (material_id);
create index stock_lots_version_id_idx on production.stock_lots (version_id);
create index stock_lots_certificate_asset_id_idx on production.stock_lots (certificate_asset_id);
create index stock_movements_lot_id_occurred_at_idx on production.stock_movements (lot_id, occurred_at);
create index stock_movements_run_id_idx on production.stock_movements (run_id);
create index stock_movements_order_id_idx on production.stock_movements (order_id);
create index shipments_order_id_idx on production.shipments (order_id);
create index shipments_proof_asset_id_idx on production.shipments (proof_asset_id);
create index shipment_items_order_id_line_no_idx on production.shipment_items (order_id, line_no);
create index shipment_items_lot_id_idx on production.shipment_items (lot_id);

comment on index production.projects_microfactory_id_idx is 'Projects of a factory; and the foreign key.';
comment on index production.projects_design_id_idx is 'Projects of a design; and the foreign key.';
comment on index production.machine_capabilities_process_term_id_idx is 'Machines for a process; and the foreign key.';
comment on index production.bookings_work_order_id_idx is 'Bookings of a work order; and the foreign key.';
comment on index production.orders_project_id_idx is 'Orders of a project; and the foreign key.';
comment on index production.order_items_version_id_idx is 'Orders of a version; and the foreign key.';
comment on index production.order_items_material_term_id_idx is 'Foreign key: items of a material.';
comment on index production.quotes_order_id_idx is 'Quotes of an order; and the foreign key.';
comment on index production.quotes_microfactory_id_idx is 'Quotes of a factory; and the foreign key.';
comment on index production.work_orders_process_term_id_idx is 'Foreign key: work of a process.';
comment on index production.work_orders_assigned_to_idx is 'Work of a person; and the foreign key.';
comment on index production.runs_work_order_id_idx is 'Runs of a work order; and the foreign key.';
comment on index production.runs_machine_id_idx is 'Runs of a machine; and the foreign key.';
comment on index production.runs_operator_id_idx is 'Foreign key: runs of an operator.';
comment on index production.runs_material_lot_id_idx is 'What was made of a lot; and the foreign key.';
comment on index production.runs_finished_lot_id_idx is 'Which run made a lot; and the foreign key.';
comment on index production.quality_checks_operator_id_idx is 'Foreign key: checks of an operator''s parts.';
comment on index production.quality_checks_inspector_id_idx is 'Foreign key: checks of an inspector.';
comment on index production.quality_checks_evidence_asset_id_idx is 'Foreign key: checks a file is evidence of.';
comment on index production.materials_term_id_idx is 'Materials of a term; and the foreign key.';
comment on index production.stock_lots_material_id_idx is 'Foreign key: all lots of a material, empty ones too.';
comment on index production.stock_lots_version_id_idx is 'Finished lots of a version; and the foreign key.';
comment on index production.stock_lots_certificate_asset_id_idx is 'Foreign key: lots of a certificate.';
comment on index production.stock_movements_lot_id_occurred_at_idx is 'History of a lot; and the foreign key.';
comment on index production.stock_movements_run_id_idx is 'Lots that went into a run; and the foreign key.';
comment on index production.stock_movements_order_id_idx is 'Foreign key: movements for an order.';
comment on index production.shipments_order_id_idx is 'Parcels of an order; and the foreign key.';
comment on index production.shipments_proof_asset_id_idx is 'Foreign key: parcels a file proves delivered.';
comment on index production.shipment_items_order_id_line_no_idx is 'Parcels of an item; and the foreign key.';
comment on index production.shipment_items_lot_id_idx is 'Parcels a lot went into (recalls); and the foreign key.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000104001', 'ada-0104');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000104002', '00000000-0000-7000-8000-000000104001', 'probe-0104', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000104003', '00000000-0000-7000-8000-000000104002', 1, sha256('104'), '00000000-0000-7000-8000-000000104001', 'CC0-1.0', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000104004', '00000000-0000-7000-8000-000000104001', 'works-0104', 'Works');
insert into production.projects (id, slug, title, goal_units) values ('00000000-0000-7000-8000-000000104005', 'probe-0104', 'Probe', 5);
insert into production.machines (id, microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000104006', '00000000-0000-7000-8000-000000104004', 'S-1', 'M', 'mill');
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000104007', '00000000-0000-7000-8000-000000104001'), ('00000000-0000-7000-8000-000000104008', '00000000-0000-7000-8000-000000104001');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000104007', 1, '00000000-0000-7000-8000-000000104003', 3), ('00000000-0000-7000-8000-000000104008', 1, '00000000-0000-7000-8000-000000104003', 3);
insert into production.quotes (order_id, microfactory_id, total_usd, valid_until) values ('00000000-0000-7000-8000-000000104008', '00000000-0000-7000-8000-000000104004', 10, now() + interval '7 days');
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000104009', '00000000-0000-7000-8000-000000104007', 1, 3);
insert into production.runs (id, work_order_id, machine_id, during, outcome) values ('00000000-0000-7000-8000-00000010400a', '00000000-0000-7000-8000-000000104009', '00000000-0000-7000-8000-000000104006', '[2026-01-05 08:00+00,2026-01-05 09:00+00)', 'done');
insert into production.materials (id, sku, name) values ('00000000-0000-7000-8000-00000010400b', 'PROBE-0104', 'Brass');
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-00000010400c', '00000000-0000-7000-8000-000000104004', '00000000-0000-7000-8000-00000010400b', 'L-1');
insert into production.shipments (id, order_id) values ('00000000-0000-7000-8000-00000010400d', '00000000-0000-7000-8000-000000104007');
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select '00000000-0000-7000-8000-000000104006', id, '{300,200,100}', 0.1 from core.terms where path::text = 'process';
select rule, blueprint.raises(sql, '23503', rule) from (values
  ($$ update production.projects set microfactory_id = uuidv7() where slug = 'probe-0104' $$, 'projects_microfactory_id_fk'),
  ($$ update production.projects set design_id = uuidv7() where slug = 'probe-0104' $$, 'projects_design_id_fk'),
  ($$ insert into production.machines (microfactory_id, serial, model, kind) values (uuidv7(), 'S', 'M', 'mill') $$, 'machines_microfactory_id_fk'),
  ($$ insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select uuidv7(), process_term_id, envelope_mm, 1 from production.machine_capabilities where machine_id = '00000000-0000-7000-8000-000000104006' $$, 'machine_capabilities_machine_id_fk'),
  ($$ insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) values ('00000000-0000-7000-8000-000000104006', uuidv7(), '{1,1,1}', 1) $$, 'machine_capabilities_process_term_id_fk'),
  ($$ insert into production.machine_windows (machine_id, during) values (uuidv7(), '[2026-01-05,2026-01-06)') $$, 'machine_windows_machine_id_fk'),
  ($$ insert into production.bookings (machine_id, during) values (uuidv7(), '[2026-01-05,2026-01-06)') $$, 'bookings_machine_id_fk'),
  ($$ insert into production.bookings (machine_id, work_order_id, during) values ('00000000-0000-7000-8000-000000104006', uuidv7(), '[2026-01-05,2026-01-06)') $$, 'bookings_work_order_id_fk'),
  ($$ insert into production.orders (customer_id) values (uuidv7()) $$, 'orders_customer_id_fk'),
  ($$ insert into production.orders (customer_id, microfactory_id) values ('00000000-0000-7000-8000-000000104001', uuidv7()) $$, 'orders_microfactory_id_fk'),
  ($$ insert into production.orders (customer_id, project_id) values ('00000000-0000-7000-8000-000000104001', uuidv7()) $$, 'orders_project_id_fk'),
  ($$ insert into production.order_items (order_id, line_no, version_id, quantity) values (uuidv7(), 1, '00000000-0000-7000-8000-000000104003', 1) $$, 'order_items_order_id_fk'),
  ($$ insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000104007', 9, uuidv7(), 1) $$, 'order_items_version_id_fk'),
  ($$ insert into production.order_items (order_id, line_no, version_id, quantity, material_term_id) values ('00000000-0000-7000-8000-000000104007', 9, '00000000-0000-7000-8000-000000104003', 1, uuidv7()) $$, 'order_items_material_term_id_fk'),
  ($$ insert into production.quotes (order_id, microfactory_id, total_usd, valid_until) values (uuidv7(), '00000000-0000-7000-8000-000000104004', 1, now() + interval '1 day') $$, 'quotes_order_id_fk'),
  ($$ insert into production.quotes (order_id, microfactory_id, total_usd, valid_until) values ('00000000-0000-7000-8000-000000104007', uuidv7(), 1, now() + interval '1 day') $$, 'quotes_microfactory_id_fk'),
  ($$ insert into production.work_orders (order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000104007', 7, 1) $$, 'work_orders_order_id_line_no_fk'),
  ($$ update production.work_orders set machine_id = uuidv7() where id = '00000000-0000-7000-8000-000000104009' $$, 'work_orders_machine_id_fk'),
  ($$ update production.work_orders set process_term_id = uuidv7() where id = '00000000-0000-7000-8000-000000104009' $$, 'work_orders_process_term_id_fk'),
  ($$ update production.work_orders set assigned_to = uuidv7() where id = '00000000-0000-7000-8000-000000104009' $$, 'work_orders_assigned_to_fk'),
  ($$ insert into production.runs (work_order_id, machine_id, during, outcome) values (uuidv7(), '00000000-0000-7000-8000-000000104006', '[2026-01-07,2026-01-08)', 'done') $$, 'runs_work_order_id_fk'),
  ($$ insert into production.runs (work_order_id, machine_id, during, outcome) values ('00000000-0000-7000-8000-000000104009', uuidv7(), '[2026-01-07,2026-01-08)', 'done') $$, 'runs_machine_id_fk'),
  ($$ update production.runs set operator_id = uuidv7() where id = '00000000-0000-7000-8000-00000010400a' $$, 'runs_operator_id_fk'),
  ($$ update production.runs set material_lot_id = uuidv7() where id = '00000000-0000-7000-8000-00000010400a' $$, 'runs_material_lot_id_fk'),
  ($$ update production.runs set finished_lot_id = uuidv7() where id = '00000000-0000-7000-8000-00000010400a' $$, 'runs_finished_lot_id_fk'),
  ($$ insert into production.quality_checks (run_id, characteristic) values (uuidv7(), 'bore') $$, 'quality_checks_run_id_fk'),
  ($$ insert into production.quality_checks (run_id, characteristic, inspector_id) values ('00000000-0000-7000-8000-00000010400a', 'bore', uuidv7()) $$, 'quality_checks_inspector_id_fk'),
  ($$ insert into production.quality_checks (run_id, characteristic, evidence_asset_id) values ('00000000-0000-7000-8000-00000010400a', 'bore', uuidv7()) $$, 'quality_checks_evidence_asset_id_fk'),
  ($$ update production.materials set term_id = uuidv7() where sku = 'PROBE-0104' $$, 'materials_term_id_fk'),
  ($$ insert into production.stock_lots (microfactory_id, material_id, lot_code) values (uuidv7(), '00000000-0000-7000-8000-00000010400b', 'L-2') $$, 'stock_lots_microfactory_id_fk'),
  ($$ insert into production.stock_lots (microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-000000104004', uuidv7(), 'L-2') $$, 'stock_lots_material_id_fk'),
  ($$ insert into production.stock_lots (microfactory_id, version_id, lot_code) values ('00000000-0000-7000-8000-000000104004', uuidv7(), 'L-2') $$, 'stock_lots_version_id_fk'),
  ($$ update production.stock_lots set certificate_asset_id = uuidv7() where lot_code = 'L-1' and microfactory_id = '00000000-0000-7000-8000-000000104004' $$, 'stock_lots_certificate_asset_id_fk'),
  ($$ insert into production.stock_movements (lot_id, kind, quantity) values (uuidv7(), 'receipt', 1) $$, 'stock_movements_lot_id_fk'),
  ($$ insert into production.stock_movements (lot_id, kind, quantity, run_id) values ('00000000-0000-7000-8000-00000010400c', 'receipt', 1, uuidv7()) $$, 'stock_movements_run_id_fk'),
  ($$ insert into production.stock_movements (lot_id, kind, quantity, order_id) values ('00000000-0000-7000-8000-00000010400c', 'receipt', 1, uuidv7()) $$, 'stock_movements_order_id_fk'),
  ($$ insert into production.shipments (order_id) values (uuidv7()) $$, 'shipments_order_id_fk'),
  ($$ update production.shipments set proof_asset_id = uuidv7() where id = '00000000-0000-7000-8000-00000010400d' $$, 'shipments_proof_asset_id_fk'),
  ($$ insert into production.shipment_items (shipment_id, order_id, line_no, quantity) values (uuidv7(), '00000000-0000-7000-8000-000000104007', 1, 1) $$, 'shipment_items_shipment_id_fk'),
  ($$ insert into production.shipment_items (shipment_id, order_id, line_no, quantity) values ('00000000-0000-7000-8000-00000010400d', '00000000-0000-7000-8000-000000104007', 9, 1) $$, 'shipment_items_order_id_line_no_fk'),
  ($$ insert into production.shipment_items (shipment_id, order_id, line_no, quantity, lot_id) values ('00000000-0000-7000-8000-00000010400d', '00000000-0000-7000-8000-000000104007', 1, 1, uuidv7()) $$, 'shipment_items_lot_id_fk')) v(sql, rule);
-- a version in use stays, whoever refuses first: this key, or the immutability of BUILD_0066
select blueprint.raises(sql, '23503') or blueprint.raises(sql, '55006') from (values ($$ delete from design.versions where id = '00000000-0000-7000-8000-000000104003' $$)) v(sql);
select contype = 'f' and convalidated from pg_constraint where conname = 'quality_checks_operator_id_fk';
delete from production.orders where id = '00000000-0000-7000-8000-000000104008';
select not exists (select from production.order_items where order_id = '00000000-0000-7000-8000-000000104008'), not exists (select from production.quotes where order_id = '00000000-0000-7000-8000-000000104008');
select blueprint.raises($$ delete from production.orders where id = '00000000-0000-7000-8000-000000104007' $$, '23503');
select count(*) = 0 from blueprint.unindexed_fks('production');

-- task: BUILD_0106 create_triggers critical
-- title: Production triggers: status machines, stock on hand, counters and machine state
-- does: Statuses follow the machines order, quote, work_order, shipment and machine; a movement changes what its lot has on hand under the row's lock and nothing else may; an
--   open run keeps its machine busy, a closed one adds its pieces to the work order; an order's total follows its items; movements are append-only.
-- proves: issuing more than is there raises 23514, on hand is the sum of movements and cannot be set, the total follows an item, quoted to shipped raises, a run moves
--   machine and work order and its counts arrive once.
-- needs: BUILD_0005, BUILD_0014, BUILD_0020, BUILD_0104
select core.define_machine('order', '{
  "draft": ["submitted", {"to": "cancelled", "reason": true}],
  "submitted": ["quoted", {"to": "cancelled", "reason": true}],
  "quoted": ["accepted", "submitted", {"to": "cancelled", "reason": true}],
  "accepted": ["in_production", {"to": "cancelled", "reason": true}],
  "in_production": ["ready", {"to": "quality_hold", "reason": true}, {"to": "cancelled", "reason": true}],
  "quality_hold": ["in_production", {"to": "cancelled", "reason": true}],
  "ready": ["shipped", {"to": "quality_hold", "reason": true}, {"to": "cancelled", "reason": true}],
  "shipped": ["delivered"],
  "delivered": [{"to": "refunded", "guard": "hc_finance", "reason": true}],
  "cancelled": [{"to": "refunded", "guard": "hc_finance", "reason": true}]}');
select core.define_machine('quote', '{"offered": ["accepted", "declined", "expired"]}');
select core.define_machine('work_order', '{
  "planned": ["ready", "running", {"to": "done", "label": "Recorded afterwards"}, "scrapped"],
  "ready": ["planned", "running", {"to": "done", "label": "Recorded afterwards"}, "scrapped"],
  "running": ["paused", "done", {"to": "quality_hold", "reason": true}, "scrapped"],
  "paused": ["running", "done", {"to": "quality_hold", "reason": true}, "scrapped"],
  "done": ["running", {"to": "quality_hold", "reason": true}],
  "quality_hold": ["running", "paused", "done", "scrapped"]}');
select core.define_machine('shipment', '{
  "packed": ["handed_over", "in_transit", "delivered"],
  "handed_over": ["in_transit", "delivered", "lost", "returned"],
  "in_transit": ["delivered", "lost", "returned"],
  "lost": ["in_transit", "delivered", "returned"],
  "delivered": [{"to": "returned", "reason": true}]}');
select core.define_machine('machine', '{
  "commissioning": ["available", "retired"],
  "available": ["busy", "maintenance", "down", "retired"],
  "busy": ["available", "down"],
  "maintenance": ["available", "down", "retired"],
  "down": ["available", "maintenance", "retired"]}');

create trigger orders_status_machine after update of status on production.orders for each row execute function core.enforce_transition('order');
create trigger quotes_status_machine after update of status on production.quotes for each row execute function core.enforce_transition('quote');
create trigger work_orders_status_machine after update of status on production.work_orders for each row execute function core.enforce_transition('work_order');
create trigger shipments_status_machine after update of status on production.shipments for each row execute function core.enforce_transition('shipment');
create trigger machines_status_machine after update of status on production.machines for each row execute function core.enforce_transition('machine');

select core.attach_standard('production.projects');
select core.attach_standard('production.machines', 'std', 'microfactory_id');
select core.attach_standard('production.orders');
select core.attach_standard('production.quotes', 'std', 'order_id', 'microfactory_id');
select core.attach_standard('production.work_orders', 'std', 'order_id', 'line_no');
select core.attach_standard('production.runs', 'std', 'work_order_id', 'machine_id');
select core.attach_standard('production.quality_checks', 'std', 'run_id', 'characteristic', 'measured');
select core.attach_standard('production.materials');
select core.attach_standard('production.stock_lots', 'std', 'microfactory_id', 'material_id', 'version_id');
select core.attach_standard('production.stock_movements', 'log');
select core.attach_standard('production.shipments', 'std', 'order_id');

create function production.move_stock() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update production.stock_lots l set quantity_on_hand = l.quantity_on_hand + new.quantity where l.id = new.lot_id;
  return null;
end $$;

create trigger stock_movements_move after insert on production.stock_movements for each row execute function production.move_stock();
create trigger stock_lots_born_empty before insert on production.stock_lots for each row when (new.quantity_on_hand <> 0) execute function core.forbid_change();
create trigger stock_lots_moved_only before update of quantity_on_hand on production.stock_lots
  for each row when (pg_catalog.pg_trigger_depth() = 0 and new.quantity_on_hand is distinct from old.quantity_on_hand) execute function core.forbid_change();

create function production.follow_run() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  was_open constant boolean := tg_op = 'UPDATE' and old.outcome is null;
  more_good constant int := new.good_count - case when was_open or tg_op = 'INSERT' then 0 else old.good_count end;
  more_scrap constant int := new.scrap_count - case when was_open or tg_op = 'INSERT' then 0 else old.scrap_count end;
begin
  if new.outcome is null and tg_op = 'INSERT' then
    if (select m.status not in ('available', 'commissioning') from production.machines m where m.id = new.machine_id for update) then
      raise exception using errcode = '55000', message = 'the machine is not available', hint = 'It is busy, down, in maintenance or retired.';
    end if;
    if (select w.status in ('quality_hold', 'scrapped') from production.work_orders w where w.id = new.work_order_id for update) then
      raise exception using errcode = '55000', message = 'this work is on hold or scrapped';
    end if;
    update production.machines m set status = 'busy' where m.id = new.machine_id and m.status = 'available';
    update production.work_orders w set status = 'running', machine_id = coalesce(w.machine_id, new.machine_id) where w.id = new.work_order_id and w.status <> 'running';
  elsif new.outcome is not null then
    if was_open then
      update production.machines m set status = 'available' where m.id = new.machine_id and m.status = 'busy';
    end if;
    update production.work_orders w set quantity_good = w.quantity_good + more_good, quantity_scrap = w.quantity_scrap + more_scrap,
      status = case when w.status in ('quality_hold', 'scrapped') then w.status when w.quantity_good + more_good >= w.quantity_planned then 'done' when w.status = 'running' and was_open then 'paused' else w.status end
    where w.id = new.work_order_id;
  end if;
  return null;
end $$;

create trigger runs_follow after insert or update of outcome, good_count, scrap_count on production.runs for each row execute function production.follow_run();

create function production.name_operator() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  new.operator_id := (select r.operator_id from production.runs r where r.id = new.run_id);
  return new;
end $$;

create trigger quality_checks_operator before insert on production.quality_checks for each row execute function production.name_operator();

create function production.total_order() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update production.orders o set total_usd = coalesce((select sum(i.line_total) from production.order_items i where i.order_id = o.id), 0) + o.setup_usd
  where o.id in (select c.order_id from changed c);
  return null;
end $$;

create trigger order_items_total_insert after insert on production.order_items referencing new table as changed for each statement execute function production.total_order();
create trigger order_items_total_update after update on production.order_items referencing new table as changed for each statement execute function production.total_order();
create trigger order_items_total_delete after delete on production.order_items referencing old table as changed for each statement execute function production.total_order();

comment on function production.move_stock is 'Trigger of stock_movements: adds the quantity to the lot under its row lock; below zero the check of the lot refuses (23514). Security definer: writers of movements may not write lots.';
comment on function production.follow_run is 'Trigger of runs: an open run makes its machine busy and its work order running; a closed one frees the machine and adds its pieces. Security definer: operators may not write statuses.';
comment on function production.name_operator is 'Trigger of quality_checks: who made the part, so that the inspector can be somebody else. Security definer: inspectors may not read every run.';
comment on function production.total_order is 'Trigger of order_items: the total of an order is the sum of its lines and its set-up. Security definer: customers may not write totals.';
comment on trigger orders_status_machine on production.orders is 'Status changes follow machine order and are logged.';
comment on trigger quotes_status_machine on production.quotes is 'Status changes follow machine quote and are logged.';
comment on trigger work_orders_status_machine on production.work_orders is 'Status changes follow machine work_order and are logged.';
comment on trigger shipments_status_machine on production.shipments is 'Status changes follow machine shipment and are logged.';
comment on trigger machines_status_machine on production.machines is 'Status changes follow machine machine and are logged.';
comment on trigger stock_movements_move on production.stock_movements is 'What moves changes what is on hand.';
comment on trigger stock_lots_born_empty on production.stock_lots is 'A lot begins empty: its first receipt is a movement.';
comment on trigger stock_lots_moved_only on production.stock_lots is 'What is on hand changes by movements alone.';
comment on trigger runs_follow on production.runs is 'Machine and work order follow the run.';
comment on trigger quality_checks_operator on production.quality_checks is 'Takes the operator from the run.';
comment on trigger order_items_total_insert on production.order_items is 'The total follows new items.';
comment on trigger order_items_total_update on production.order_items is 'The total follows changed items.';
comment on trigger order_items_total_delete on production.order_items is 'The total follows dropped items.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000106001', 'ada-0106');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000106002', '00000000-0000-7000-8000-000000106001', 'probe-0106', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000106003', '00000000-0000-7000-8000-000000106002', 1, sha256('106'), '00000000-0000-7000-8000-000000106001', 'CC0-1.0', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000106004', '00000000-0000-7000-8000-000000106001', 'works-0106', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000106005', '00000000-0000-7000-8000-000000106004', 'S-1', 'M', 'mill', 'available');
insert into production.orders (id, customer_id, setup_usd) values ('00000000-0000-7000-8000-000000106006', '00000000-0000-7000-8000-000000106001', 5);
insert into production.order_items (order_id, line_no, version_id, quantity, unit_price_usd) values ('00000000-0000-7000-8000-000000106006', 1, '00000000-0000-7000-8000-000000106003', 4, 2.5), ('00000000-0000-7000-8000-000000106006', 2, '00000000-0000-7000-8000-000000106003', 1, 1);
select total_usd = 16 from production.orders where id = '00000000-0000-7000-8000-000000106006';
update production.order_items set quantity = 5 where order_id = '00000000-0000-7000-8000-000000106006' and line_no = 1;
select total_usd = 18.5 from production.orders where id = '00000000-0000-7000-8000-000000106006';
delete from production.order_items where order_id = '00000000-0000-7000-8000-000000106006' and line_no = 2;
select total_usd = 17.5 from production.orders where id = '00000000-0000-7000-8000-000000106006';
insert into production.orders (id, customer_id, number, status) values ('00000000-0000-7000-8000-000000106007', '00000000-0000-7000-8000-000000106001', 'PROBE-0106', 'quoted');
select blueprint.raises($$ update production.orders set status = 'shipped' where number = 'PROBE-0106' $$, '23514', 'quoted -> shipped'), blueprint.raises($$ update production.orders set status = 'cancelled' where number = 'PROBE-0106' $$, '23514', 'takes a reason');
insert into production.quotes (order_id, microfactory_id, status, total_usd, valid_until) values ('00000000-0000-7000-8000-000000106007', '00000000-0000-7000-8000-000000106004', 'declined', 1, now() + interval '1 day');
insert into production.shipments (id, order_id, status, carrier, tracking_no) values ('00000000-0000-7000-8000-000000106008', '00000000-0000-7000-8000-000000106006', 'returned', 'DHL', 'T-0106');
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000106009', '00000000-0000-7000-8000-000000106006', 1, 5);
select blueprint.raises($$ update production.quotes set status = 'accepted' where order_id = '00000000-0000-7000-8000-000000106007' $$, '23514', 'declined -> accepted'),
  blueprint.raises($$ update production.shipments set status = 'packed' where tracking_no = 'T-0106' $$, '23514', 'returned -> packed'),
  blueprint.raises($$ update production.work_orders set status = 'paused' where id = '00000000-0000-7000-8000-000000106009' $$, '23514', 'planned -> paused'),
  blueprint.raises($$ update production.machines set status = 'commissioning' where id = '00000000-0000-7000-8000-000000106005' $$, '23514', 'available -> commissioning');
insert into production.runs (id, work_order_id, machine_id, operator_id, during) values ('00000000-0000-7000-8000-00000010600a', '00000000-0000-7000-8000-000000106009', '00000000-0000-7000-8000-000000106005', '00000000-0000-7000-8000-000000106001', tstzrange(now() - interval '1 hour', null));
select m.status = 'busy', w.status = 'running', w.machine_id = m.id from production.machines m, production.work_orders w where m.id = '00000000-0000-7000-8000-000000106005' and w.id = '00000000-0000-7000-8000-000000106009';
update production.runs set good_count = 2 where id = '00000000-0000-7000-8000-00000010600a';
insert into production.quality_checks (id, run_id, characteristic, measured) values ('00000000-0000-7000-8000-00000010600b', '00000000-0000-7000-8000-00000010600a', 'bore', 5) returning operator_id = '00000000-0000-7000-8000-000000106001';
update production.runs set good_count = 3, scrap_count = 1, outcome = 'done', during = tstzrange(lower(during), now()) where id = '00000000-0000-7000-8000-00000010600a';
select m.status = 'available', w.status = 'paused', w.quantity_good = 3, w.quantity_scrap = 1 from production.machines m, production.work_orders w where m.id = '00000000-0000-7000-8000-000000106005' and w.id = '00000000-0000-7000-8000-000000106009';
update production.runs set good_count = 5 where id = '00000000-0000-7000-8000-00000010600a';
select status = 'done' and quantity_good = 5 from production.work_orders where id = '00000000-0000-7000-8000-000000106009';
insert into production.runs (id, work_order_id, machine_id) values ('00000000-0000-7000-8000-00000010600e', '00000000-0000-7000-8000-000000106009', '00000000-0000-7000-8000-000000106005');
update production.work_orders set status = 'scrapped' where id = '00000000-0000-7000-8000-000000106009';
update production.runs set outcome = 'aborted', during = tstzrange(lower(during), clock_timestamp()) where id = '00000000-0000-7000-8000-00000010600e';
select w.status = 'scrapped' and w.quantity_good = 5 and m.status = 'available', blueprint.raises($$ insert into production.runs (work_order_id, machine_id, during) values ('00000000-0000-7000-8000-000000106009', '00000000-0000-7000-8000-000000106005', tstzrange(now() + interval '1 hour', null)) $$, '55000', 'on hold or scrapped')
from production.work_orders w, production.machines m where w.id = '00000000-0000-7000-8000-000000106009' and m.id = '00000000-0000-7000-8000-000000106005';
update production.machines set status = 'maintenance' where id = '00000000-0000-7000-8000-000000106005';
select blueprint.raises($$ insert into production.runs (work_order_id, machine_id, during) values ('00000000-0000-7000-8000-000000106009', '00000000-0000-7000-8000-000000106005', tstzrange(now() + interval '1 hour', null)) $$, '55000', 'not available');
insert into production.materials (id, sku, name) values ('00000000-0000-7000-8000-00000010600c', 'PROBE-0106', 'Brass');
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-00000010600d', '00000000-0000-7000-8000-000000106004', '00000000-0000-7000-8000-00000010600c', 'L-1');
insert into production.stock_movements (lot_id, kind, quantity, reason) values ('00000000-0000-7000-8000-00000010600d', 'receipt', 5, null), ('00000000-0000-7000-8000-00000010600d', 'issue', -3, null);
select quantity_on_hand = 2 and quantity_on_hand = (select sum(m.quantity) from production.stock_movements m where m.lot_id = l.id) from production.stock_lots l where id = '00000000-0000-7000-8000-00000010600d';
insert into production.projects (slug, title, goal_units) values ('probe-0106', 'Probe', 1);
select rule, blueprint.raises(sql, state, rule) from (values
  ('stock_lots_quantity_on_hand_check', '23514', $$ insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-00000010600d', 'issue', -3) $$),
  ('production.stock_lots keeps', '55006', $$ update production.stock_lots set quantity_on_hand = 9 where id = '00000000-0000-7000-8000-00000010600d' $$),
  ('production.stock_lots keeps', '55006', $$ insert into production.stock_lots (microfactory_id, material_id, lot_code, quantity_on_hand) values ('00000000-0000-7000-8000-000000106004', '00000000-0000-7000-8000-00000010600c', 'L-2', 1) $$),
  ('update is refused', '55006', $$ update production.stock_movements set quantity = 9 where lot_id = '00000000-0000-7000-8000-00000010600d' $$),
  ('production.stock_movements keeps', '55006', 'truncate production.stock_movements'),
  ('created_at', '55006', $$ update production.projects set created_at = '2020-01-01' where slug = 'probe-0106' $$),
  ('microfactory_id', '55006', $$ update production.machines set microfactory_id = uuidv7() where id = '00000000-0000-7000-8000-000000106005' $$),
  ('created_at', '55006', $$ update production.orders set created_at = '2020-01-01' where id = '00000000-0000-7000-8000-000000106006' $$),
  ('order_id', '55006', $$ update production.quotes set order_id = uuidv7() where order_id = '00000000-0000-7000-8000-000000106007' $$),
  ('line_no', '55006', $$ update production.work_orders set line_no = 2 where id = '00000000-0000-7000-8000-000000106009' $$),
  ('machine_id', '55006', $$ update production.runs set machine_id = uuidv7() where id = '00000000-0000-7000-8000-00000010600a' $$),
  ('measured', '55006', $$ update production.quality_checks set measured = 1 where id = '00000000-0000-7000-8000-00000010600b' $$),
  ('created_at', '55006', $$ update production.materials set created_at = '2020-01-01' where sku = 'PROBE-0106' $$),
  ('material_id', '55006', $$ update production.stock_lots set material_id = uuidv7() where id = '00000000-0000-7000-8000-00000010600d' $$),
  ('order_id', '55006', $$ update production.shipments set order_id = uuidv7() where tracking_no = 'T-0106' $$)) v(rule, state, sql);
update production.projects set updated_at = '2026-01-01' where slug = 'probe-0106';
update production.projects set title = 'Renamed' where slug = 'probe-0106' returning updated_at >= now();
update production.machines set power_w = 7, updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-000000106005' returning updated_at >= now();
update production.orders set due_on = '2027-01-01', updated_at = '2026-01-01' where number = 'PROBE-0106' returning updated_at >= now();
update production.quotes set lead_time_days = 3, updated_at = '2026-01-01' where order_id = '00000000-0000-7000-8000-000000106007' returning updated_at >= now();
update production.work_orders set priority = 3, updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-000000106009' returning updated_at >= now();
update production.runs set energy_kwh = 3, updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-00000010600a' returning updated_at >= now();
update production.quality_checks set gauge = 'x', updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-00000010600b' returning updated_at >= now();
update production.materials set name = 'x', updated_at = '2026-01-01' where sku = 'PROBE-0106' returning updated_at >= now();
update production.stock_lots set expires_on = '2030-01-01', updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-00000010600d' returning updated_at >= now();
update production.shipments set weight_g = 3, updated_at = '2026-01-01' where tracking_no = 'T-0106' returning updated_at >= now();
select f, not has_function_privilege('hc_worker', f, 'execute') from unnest(array['production.move_stock()', 'production.follow_run()', 'production.name_operator()', 'production.total_order()']) f;
select f, prosecdef from unnest(array['production.move_stock()', 'production.follow_run()', 'production.name_operator()', 'production.total_order()']) f join pg_proc on oid = f::regprocedure;

-- revert
drop trigger order_items_total_delete on production.order_items;
drop trigger order_items_total_update on production.order_items;
drop trigger order_items_total_insert on production.order_items;
drop trigger quality_checks_operator on production.quality_checks;
drop trigger runs_follow on production.runs;
drop trigger stock_lots_moved_only on production.stock_lots;
drop trigger stock_lots_born_empty on production.stock_lots;
drop trigger stock_movements_move on production.stock_movements;
drop function production.total_order, production.name_operator, production.follow_run, production.move_stock;
select core.detach_standard(('production.' || t)::regclass)
from unnest(array['projects', 'machines', 'orders', 'quotes', 'work_orders', 'runs', 'quality_checks', 'materials', 'stock_lots', 'stock_movements', 'shipments']) t;
drop trigger machines_status_machine on production.machines;
drop trigger shipments_status_machine on production.shipments;
drop trigger work_orders_status_machine on production.work_orders;
drop trigger quotes_status_machine on production.quotes;
drop trigger orders_status_machine on production.orders;
select core.define_machine(m, '{}') from unnest(array['order', 'quote', 'work_order', 'shipment', 'machine']) m;

-- task: BUILD_0109 create_constraints critical
-- title: Constrain schedules and quantities with temporal and exclusion constraints
-- does: Windows of a kind do not overlap, a machine is booked and runs once at a time, an order has one accepted quote and parcels under way a tracking number; words come from
--   their vocabularies, quantities and prices have their signs, limits their order, and the final inspector is not the maker.
-- proves: each rule refuses the row that breaks it, by name; a released booking makes room.
-- needs: BUILD_0005, BUILD_0102
alter table production.projects
  add constraint projects_status_check check (status in ('proposed', 'funded', 'running', 'completed', 'cancelled')),
  add constraint projects_goal_units_check check (goal_units > 0 and units_done >= 0),
  add constraint projects_ends_on_check check (ends_on >= starts_on),
  add constraint projects_beneficiaries_check check (jsonb_typeof(beneficiaries) = 'array' and jsonb_typeof(metadata) = 'object');
alter table production.machines
  add constraint machines_status_check check (status in ('commissioning', 'available', 'busy', 'maintenance', 'down', 'retired')),
  add constraint machines_hourly_rate_usd_check check (hourly_rate_usd >= 0),
  add constraint machines_power_w_check check (power_w >= 0 and ideal_rate_per_h > 0),
  add constraint machines_settings_check check (jsonb_typeof(settings) = 'object' and jsonb_typeof(metadata) = 'object');
alter table production.machine_capabilities
  add constraint machine_capabilities_envelope_mm_check check (cardinality(envelope_mm) = 3 and 0 < all (envelope_mm)),
  add constraint machine_capabilities_tolerance_mm_check check (tolerance_mm > 0 and min_feature_mm > 0 and max_load_kg > 0),
  add constraint machine_capabilities_parameters_check check (jsonb_typeof(parameters) = 'object');
alter table production.machine_windows
  add constraint machine_windows_kind_check check (kind in ('open', 'maintenance')),
  add constraint machine_windows_machine_id_kind_during_key unique (machine_id, kind, during without overlaps);
alter table production.bookings
  add constraint bookings_status_check check (status in ('held', 'confirmed', 'released')),
  add constraint bookings_during_check check (not isempty(during) and not lower_inf(during) and not upper_inf(during)),
  add constraint bookings_machine_id_during_excl exclude using gist (machine_id with =, during with &&) where (status <> 'released');
alter table production.orders
  add constraint orders_status_check check (status in ('draft', 'submitted', 'quoted', 'accepted', 'in_production', 'quality_hold', 'ready', 'shipped', 'delivered', 'cancelled', 'refunded')),
  add constraint orders_number_required_check check (number is not null or status in ('draft', 'cancelled')),
  add constraint orders_total_usd_check check (total_usd >= 0 and setup_usd >= 0 and fee_usd >= 0),
  add constraint orders_requirements_check check (jsonb_typeof(requirements) = 'object' and jsonb_typeof(metadata) = 'object');
alter table production.order_items
  add constraint order_items_line_no_check check (line_no > 0),
  add constraint order_items_quantity_check check (quantity > 0),
  add constraint order_items_unit_price_usd_check check (unit_price_usd >= 0),
  add constraint order_items_spec_overrides_check check (jsonb_typeof(spec_overrides) = 'object');
alter table production.quotes
  add constraint quotes_status_check check (status in ('offered', 'accepted', 'declined', 'expired')),
  add constraint quotes_total_usd_check check (total_usd >= 0 and setup_usd >= 0 and setup_usd <= total_usd),
  add constraint quotes_lead_time_days_check check (lead_time_days >= 0),
  add constraint quotes_breakdown_check check (jsonb_typeof(breakdown) = 'object' and jsonb_typeof(metadata) = 'object');
create unique index quotes_order_id_accepted_key on production.quotes (order_id) where status = 'accepted';
alter table production.work_orders
  add constraint work_orders_status_check check (status in ('planned', 'ready', 'running', 'paused', 'done', 'quality_hold', 'scrapped')),
  add constraint work_orders_sequence_check check (sequence > 0),
  add constraint work_orders_quantity_check check (quantity_planned > 0 and quantity_good >= 0 and quantity_scrap >= 0 and quantity_good + quantity_scrap <= ceil(quantity_planned * 1.2)),
  add constraint work_orders_instructions_check check (jsonb_typeof(instructions) = 'object');
alter table production.runs
  add constraint runs_outcome_check check (outcome in ('done', 'partial', 'aborted')),
  add constraint runs_during_check check (not isempty(during) and not lower_inf(during) and (outcome is null) = upper_inf(during)),
  add constraint runs_good_count_check check (good_count >= 0 and scrap_count >= 0 and energy_kwh >= 0),
  add constraint runs_anomalies_check check (jsonb_typeof(anomalies) = 'array'),
  add constraint runs_machine_id_during_excl exclude using gist (machine_id with =, during with &&);
alter table production.quality_checks
  add constraint quality_checks_limits_check check (lower_limit <= upper_limit),
  add constraint quality_checks_stage_check check (stage in ('in_process', 'final')),
  add constraint quality_checks_inspector_id_check check (stage <> 'final' or inspector_id <> operator_id),
  add constraint quality_checks_disposition_check check (disposition in ('accept', 'rework', 'scrap', 'concession') and (disposition <> 'concession' or disposition_reason is not null)),
  add constraint quality_checks_metadata_check check (jsonb_typeof(metadata) = 'object');
alter table production.materials
  add constraint materials_unit_cost_usd_check check (unit_cost_usd >= 0 and reorder_point >= 0 and lead_time_days >= 0 and density_g_cm3 > 0),
  add constraint materials_recycled_share_check check (recycled_share >= 0 and recycled_share <= 1),
  add constraint materials_supplier_check check (jsonb_typeof(supplier) = 'object');
alter table production.stock_lots
  add constraint stock_lots_content_check check (num_nonnulls(material_id, version_id) = 1),
  add constraint stock_lots_expires_on_check check (expires_on >= received_on),
  add constraint stock_lots_origin_check check (jsonb_typeof(origin) = 'object');
alter table production.stock_movements
  add constraint stock_movements_kind_check check (kind in ('receipt', 'issue', 'return', 'adjust', 'scrap', 'transfer')),
  add constraint stock_movements_quantity_check check (case when kind in ('receipt', 'return') then quantity > 0 when kind in ('issue', 'scrap') then quantity < 0 else quantity <> 0 end),
  add constraint stock_movements_reason_check check (kind <> 'adjust' or reason is not null);
alter table production.shipments
  add constraint shipments_status_check check (status in ('packed', 'handed_over', 'in_transit', 'delivered', 'lost', 'returned')),
  add constraint shipments_tracking_no_check check (tracking_no is not null or carrier = 'pickup' or status = 'packed'),
  add constraint shipments_delivered_at_check check ((status = 'delivered') <= (delivered_at is not null)),
  add constraint shipments_weight_g_check check (weight_g >= 0 and distance_km >= 0),
  add constraint shipments_events_check check (jsonb_typeof(events) = 'array' and jsonb_typeof(metadata) = 'object');
alter table production.shipment_items add constraint shipment_items_quantity_check check (quantity > 0);

comment on index production.quotes_order_id_accepted_key is 'One accepted quote an order.';
comment on constraint bookings_machine_id_during_excl on production.bookings is 'A machine is booked by one job at a time; released bookings make room.';
comment on constraint runs_machine_id_during_excl on production.runs is 'A machine runs one job at a time.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000109001', 'ada-0109');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000109002', '00000000-0000-7000-8000-000000109001', 'probe-0109', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000109003', '00000000-0000-7000-8000-000000109002', 1, sha256('109'), '00000000-0000-7000-8000-000000109001', 'CC0-1.0', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000109004', '00000000-0000-7000-8000-000000109001', 'works-0109', 'Works');
insert into production.projects (slug, title, goal_units, starts_on) values ('probe-0109', 'Probe', 5, '2026-01-01');
insert into production.machines (id, microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000109005', '00000000-0000-7000-8000-000000109004', 'S-1', 'M', 'mill');
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select '00000000-0000-7000-8000-000000109005', id, '{300,200,100}', 0.1 from core.terms where path::text = 'process';
insert into production.machine_windows (machine_id, during) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 08:00+00,2026-01-05 16:00+00)');
insert into production.machine_windows (machine_id, during, kind) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 09:00+00,2026-01-05 10:00+00)', 'maintenance');
insert into production.bookings (id, machine_id, during) values ('00000000-0000-7000-8000-000000109006', '00000000-0000-7000-8000-000000109005', '[2026-01-05 10:00+00,2026-01-05 12:00+00)');
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000109007', '00000000-0000-7000-8000-000000109001');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000109007', 1, '00000000-0000-7000-8000-000000109003', 10);
insert into production.quotes (id, order_id, microfactory_id, total_usd, valid_until, status) values ('00000000-0000-7000-8000-000000109008', '00000000-0000-7000-8000-000000109007', '00000000-0000-7000-8000-000000109004', 10, now() + interval '7 days', 'accepted');
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000109009', '00000000-0000-7000-8000-000000109007', 1, 10);
insert into production.runs (id, work_order_id, machine_id, operator_id, during, outcome) values ('00000000-0000-7000-8000-00000010900a', '00000000-0000-7000-8000-000000109009', '00000000-0000-7000-8000-000000109005', '00000000-0000-7000-8000-000000109001', '[2026-01-05 10:00+00,2026-01-05 12:00+00)', 'done');
insert into production.materials (id, sku, name) values ('00000000-0000-7000-8000-00000010900b', 'PROBE-0109', 'Brass');
insert into production.stock_lots (id, microfactory_id, material_id, lot_code, received_on) values ('00000000-0000-7000-8000-00000010900c', '00000000-0000-7000-8000-000000109004', '00000000-0000-7000-8000-00000010900b', 'L-1', '2026-01-05');
insert into production.shipments (id, order_id) values ('00000000-0000-7000-8000-00000010900d', '00000000-0000-7000-8000-000000109007');
insert into production.quality_checks (id, run_id, operator_id, characteristic) values ('00000000-0000-7000-8000-00000010900e', '00000000-0000-7000-8000-00000010900a', '00000000-0000-7000-8000-000000109001', 'bore');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into production.projects (slug, title, goal_units, status) values ('x-0109', 'x', 1, 'dreamt') $$, '23514', 'projects_status_check'),
  ($$ update production.projects set goal_units = 0 where slug = 'probe-0109' $$, '23514', 'projects_goal_units_check'),
  ($$ update production.projects set ends_on = '2025-01-01' where slug = 'probe-0109' $$, '23514', 'projects_ends_on_check'),
  ($$ update production.projects set beneficiaries = '{}' where slug = 'probe-0109' $$, '23514', 'projects_beneficiaries_check'),
  ($$ insert into production.machines (microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000109004', 'S-9', 'M', 'mill', 'broken') $$, '23514', 'machines_status_check'),
  ($$ update production.machines set hourly_rate_usd = -1 where id = '00000000-0000-7000-8000-000000109005' $$, '23514', 'machines_hourly_rate_usd_check'),
  ($$ update production.machines set power_w = -1 where id = '00000000-0000-7000-8000-000000109005' $$, '23514', 'machines_power_w_check'),
  ($$ update production.machines set settings = '[]' where id = '00000000-0000-7000-8000-000000109005' $$, '23514', 'machines_settings_check'),
  ($$ update production.machine_capabilities set envelope_mm = '{1,2}' where machine_id = '00000000-0000-7000-8000-000000109005' $$, '23514', 'machine_capabilities_envelope_mm_check'),
  ($$ update production.machine_capabilities set tolerance_mm = 0 where machine_id = '00000000-0000-7000-8000-000000109005' $$, '23514', 'machine_capabilities_tolerance_mm_check'),
  ($$ update production.machine_capabilities set parameters = '[]' where machine_id = '00000000-0000-7000-8000-000000109005' $$, '23514', 'machine_capabilities_parameters_check'),
  ($$ update production.machine_windows set kind = 'party' where machine_id = '00000000-0000-7000-8000-000000109005' and kind = 'open' $$, '23514', 'machine_windows_kind_check'),
  ($$ insert into production.machine_windows (machine_id, during) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 15:00+00,2026-01-05 18:00+00)') $$, '23P01', 'machine_windows_machine_id_kind_during_key'),
  ($$ insert into production.bookings (machine_id, during) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 11:00+00,2026-01-05 13:00+00)') $$, '23P01', 'bookings_machine_id_during_excl'),
  ($$ insert into production.bookings (machine_id, during, status) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 13:00+00,2026-01-05 14:00+00)', 'maybe') $$, '23514', 'bookings_status_check'),
  ($$ insert into production.bookings (machine_id, during) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 13:00+00,)') $$, '23514', 'bookings_during_check'),
  ($$ insert into production.orders (customer_id, number, status) values ('00000000-0000-7000-8000-000000109001', 'PROBE-0109', 'lost') $$, '23514', 'orders_status_check'),
  ($$ insert into production.orders (customer_id, status) values ('00000000-0000-7000-8000-000000109001', 'submitted') $$, '23514', 'orders_number_required_check'),
  ($$ update production.orders set fee_usd = -1 where id = '00000000-0000-7000-8000-000000109007' $$, '23514', 'orders_total_usd_check'),
  ($$ update production.orders set requirements = '[]' where id = '00000000-0000-7000-8000-000000109007' $$, '23514', 'orders_requirements_check'),
  ($$ insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000109007', 0, '00000000-0000-7000-8000-000000109003', 1) $$, '23514', 'order_items_line_no_check'),
  ($$ update production.order_items set quantity = 0 where order_id = '00000000-0000-7000-8000-000000109007' $$, '23514', 'order_items_quantity_check'),
  ($$ update production.order_items set unit_price_usd = -1 where order_id = '00000000-0000-7000-8000-000000109007' $$, '23514', 'order_items_unit_price_usd_check'),
  ($$ update production.order_items set spec_overrides = '[]' where order_id = '00000000-0000-7000-8000-000000109007' $$, '23514', 'order_items_spec_overrides_check'),
  ($$ insert into production.quotes (order_id, microfactory_id, total_usd, valid_until, status) values ('00000000-0000-7000-8000-000000109007', '00000000-0000-7000-8000-000000109004', 1, now(), 'maybe') $$, '23514', 'quotes_status_check'),
  ($$ insert into production.quotes (order_id, microfactory_id, total_usd, valid_until, status) values ('00000000-0000-7000-8000-000000109007', '00000000-0000-7000-8000-000000109004', 1, now(), 'accepted') $$, '23505', 'quotes_order_id_accepted_key'),
  ($$ update production.quotes set setup_usd = 99 where id = '00000000-0000-7000-8000-000000109008' $$, '23514', 'quotes_total_usd_check'),
  ($$ update production.quotes set lead_time_days = -1 where id = '00000000-0000-7000-8000-000000109008' $$, '23514', 'quotes_lead_time_days_check'),
  ($$ update production.quotes set breakdown = '[]' where id = '00000000-0000-7000-8000-000000109008' $$, '23514', 'quotes_breakdown_check'),
  ($$ insert into production.work_orders (order_id, line_no, sequence, quantity_planned, status) values ('00000000-0000-7000-8000-000000109007', 1, 2, 1, 'lost') $$, '23514', 'work_orders_status_check'),
  ($$ update production.work_orders set sequence = 0 where id = '00000000-0000-7000-8000-000000109009' $$, '23514', 'work_orders_sequence_check'),
  ($$ update production.work_orders set quantity_good = 10, quantity_scrap = 3 where id = '00000000-0000-7000-8000-000000109009' $$, '23514', 'work_orders_quantity_check'),
  ($$ update production.work_orders set instructions = '[]' where id = '00000000-0000-7000-8000-000000109009' $$, '23514', 'work_orders_instructions_check'),
  ($$ update production.runs set outcome = 'fun' where id = '00000000-0000-7000-8000-00000010900a' $$, '23514', 'runs_outcome_check'),
  ($$ insert into production.runs (work_order_id, machine_id, during) values ('00000000-0000-7000-8000-000000109009', '00000000-0000-7000-8000-000000109005', '[2026-01-06 10:00+00,2026-01-06 12:00+00)') $$, '23514', 'runs_during_check'),
  ($$ update production.runs set energy_kwh = -1 where id = '00000000-0000-7000-8000-00000010900a' $$, '23514', 'runs_good_count_check'),
  ($$ update production.runs set anomalies = '{}' where id = '00000000-0000-7000-8000-00000010900a' $$, '23514', 'runs_anomalies_check'),
  ($$ insert into production.runs (work_order_id, machine_id, during, outcome) values ('00000000-0000-7000-8000-000000109009', '00000000-0000-7000-8000-000000109005', '[2026-01-05 11:00+00,2026-01-05 13:00+00)', 'done') $$, '23P01', 'runs_machine_id_during_excl'),
  ($$ insert into production.quality_checks (run_id, characteristic, lower_limit, upper_limit) values ('00000000-0000-7000-8000-00000010900a', 'bore', 2, 1) $$, '23514', 'quality_checks_limits_check'),
  ($$ update production.quality_checks set stage = 'first' where id = '00000000-0000-7000-8000-00000010900e' $$, '23514', 'quality_checks_stage_check'),
  ($$ update production.quality_checks set stage = 'final', inspector_id = '00000000-0000-7000-8000-000000109001' where id = '00000000-0000-7000-8000-00000010900e' $$, '23514', 'quality_checks_inspector_id_check'),
  ($$ update production.quality_checks set disposition = 'concession' where id = '00000000-0000-7000-8000-00000010900e' $$, '23514', 'quality_checks_disposition_check'),
  ($$ update production.quality_checks set metadata = '[]' where id = '00000000-0000-7000-8000-00000010900e' $$, '23514', 'quality_checks_metadata_check'),
  ($$ update production.materials set unit_cost_usd = -1 where sku = 'PROBE-0109' $$, '23514', 'materials_unit_cost_usd_check'),
  ($$ update production.materials set recycled_share = 2 where sku = 'PROBE-0109' $$, '23514', 'materials_recycled_share_check'),
  ($$ update production.materials set supplier = '[]' where sku = 'PROBE-0109' $$, '23514', 'materials_supplier_check'),
  ($$ insert into production.stock_lots (microfactory_id, lot_code) values ('00000000-0000-7000-8000-000000109004', 'L-2') $$, '23514', 'stock_lots_content_check'),
  ($$ update production.stock_lots set expires_on = '2025-01-01' where id = '00000000-0000-7000-8000-00000010900c' $$, '23514', 'stock_lots_expires_on_check'),
  ($$ update production.stock_lots set origin = '[]' where id = '00000000-0000-7000-8000-00000010900c' $$, '23514', 'stock_lots_origin_check'),
  ($$ insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-00000010900c', 'theft', 1) $$, '23514', 'stock_movements_kind_check'),
  ($$ insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-00000010900c', 'receipt', -1) $$, '23514', 'stock_movements_quantity_check'),
  ($$ insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-00000010900c', 'adjust', 1) $$, '23514', 'stock_movements_reason_check'),
  ($$ insert into production.shipments (order_id, status) values ('00000000-0000-7000-8000-000000109007', 'sunk') $$, '23514', 'shipments_status_check'),
  ($$ insert into production.shipments (order_id, carrier, status) values ('00000000-0000-7000-8000-000000109007', 'DHL', 'handed_over') $$, '23514', 'shipments_tracking_no_check'),
  ($$ insert into production.shipments (order_id, status) values ('00000000-0000-7000-8000-000000109007', 'delivered') $$, '23514', 'shipments_delivered_at_check'),
  ($$ update production.shipments set weight_g = -1 where id = '00000000-0000-7000-8000-00000010900d' $$, '23514', 'shipments_weight_g_check'),
  ($$ update production.shipments set events = '{}' where id = '00000000-0000-7000-8000-00000010900d' $$, '23514', 'shipments_events_check'),
  ($$ insert into production.shipment_items (shipment_id, order_id, line_no, quantity) values ('00000000-0000-7000-8000-00000010900d', '00000000-0000-7000-8000-000000109007', 1, 0) $$, '23514', 'shipment_items_quantity_check')) v(sql, state, rule);
update production.bookings set status = 'released' where id = '00000000-0000-7000-8000-000000109006';
insert into production.bookings (machine_id, during) values ('00000000-0000-7000-8000-000000109005', '[2026-01-05 11:00+00,2026-01-05 13:00+00)') returning status = 'held';
