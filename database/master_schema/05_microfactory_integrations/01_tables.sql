-- Room production, layer 05: how an order becomes parts. Machines with what they can do and when, orders with items, quotes and work orders,
-- runs with telemetry and checks, stock by lot, shipments. Seventeen tables, their indexes and what they point to.

-- task: BUILD_0101 create_sql_file critical
-- title: Open room production with its contract: machines book exclusively, stock never negative
-- does: Schema production, registered as layer 5 with its contract. What hc_owner makes here is closed until it is granted, function by function, table by policies.
-- proves: the contract names both invariants, hc_member makes nothing here (42501), a fresh table and a fresh function are closed.
-- needs: BUILD_0005, BUILD_0015
select blueprint.open_room('production', 5, '05_microfactory_integrations',
  '{"provides": ["machines", "bookings", "orders", "runs", "telemetry", "quality", "stock", "shipments"], "requires": ["core.microfactories", "design.versions"], "rls": "factory and customer",
    "retention": {"telemetry": "13 months"}, "invariants": ["a machine is booked by one job at a time", "the sum of a lot''s movements is what is on hand, never negative"]}',
  'How orders become parts: machines, bookings, quotes, runs, quality, stock and shipments.');

grant usage on schema production to hc_anon, hc_worker, hc_auditor;

-- verify
select layer = 5 and contract -> 'provides' ? 'stock' and contract ->> 'invariants' like '%booked by one job%never negative%' from blueprint.rooms where schema_name = 'production';
create table production.probe_0101 (id int);
create function production.probe_0101() returns int language sql return 1;
select role, has_schema_privilege(role, 'production', 'usage') and not has_schema_privilege(role, 'production', 'create') from unnest(array['hc_anon', 'hc_member', 'hc_operator', 'hc_worker', 'hc_auditor']) role;
select role, not has_function_privilege(role, 'production.probe_0101()', 'execute') from unnest(array['hc_anon', 'hc_worker']) role;
set local role hc_member;
select blueprint.raises('select from production.probe_0101', '42501'), blueprint.raises('create table production.mine (id int)', '42501');

-- task: BUILD_0102 create_tables critical
-- title: Create the seventeen production tables with monthly telemetry partitions
-- does: Projects; machines, their capabilities in time, windows and bookings; quotes, orders, items and work orders; runs, telemetry by month and quality checks whose
--   verdict is computed; materials, stock lots and their movements; shipments with their lines.
-- proves: an order with item, work order, run, check and shipment line joins up, the verdict follows the limits, telemetry of next month lands in its partition,
--   keys refuse a second row, every table forces row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0017, BUILD_0021, BUILD_0022, BUILD_0062, BUILD_0101, BUILD_0661, BUILD_0681, BUILD_0731
create table production.projects (
  id uuid default uuidv7() constraint projects_id_pk primary key,
  slug core.slug not null constraint projects_slug_key unique,
  title text not null,
  microfactory_id uuid,
  design_id uuid,
  fund_code text,
  goal_units int not null,
  units_done int not null default 0,
  status text not null default 'proposed',
  starts_on date,
  ends_on date,
  beneficiaries jsonb not null default '[]',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table production.machines (
  id uuid default uuidv7() constraint machines_id_pk primary key,
  microfactory_id uuid not null,
  serial text not null,
  model text not null,
  kind text not null,
  status text not null default 'commissioning',
  hourly_rate_usd numeric(12, 2) not null default 0,
  power_w numeric,
  ideal_rate_per_h numeric,
  settings jsonb not null default '{}',
  telemetry_key_sha256 core.sha256,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint machines_microfactory_id_serial_key unique (microfactory_id, serial)
);

create table production.machine_capabilities (
  machine_id uuid not null,
  process_term_id uuid not null,
  during tstzrange not null default tstzrange(now(), null),
  materials extensions.ltree[] not null default '{}',
  envelope_mm numeric[] not null,
  tolerance_mm numeric not null,
  min_feature_mm numeric,
  max_load_kg numeric,
  parameters jsonb not null default '{}',
  constraint machine_capabilities_machine_id_process_term_id_during_pk primary key (machine_id, process_term_id, during without overlaps)
);

create table production.machine_windows (
  id uuid default uuidv7() constraint machine_windows_id_pk primary key,
  machine_id uuid not null,
  kind text not null default 'open',
  during tstzrange not null
);

create table production.bookings (
  id uuid default uuidv7() constraint bookings_id_pk primary key,
  machine_id uuid not null,
  work_order_id uuid,
  during tstzrange not null,
  status text not null default 'held',
  expires_at timestamptz,
  created_at timestamptz not null default now()
);

create table production.orders (
  id uuid default uuidv7() constraint orders_id_pk primary key,
  number text constraint orders_number_key unique,
  customer_id uuid not null,
  microfactory_id uuid,
  project_id uuid,
  status text not null default 'draft',
  currency core.currency_code not null default 'USD',
  total_usd numeric(20, 2) not null default 0,
  setup_usd numeric(20, 2) not null default 0,
  fee_usd numeric(20, 2) not null default 0,
  due_on date,
  promised_on date,
  ship_to_sealed bytea,
  requirements jsonb not null default '{}',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table production.order_items (
  order_id uuid not null,
  line_no int not null,
  version_id uuid not null,
  spec_overrides jsonb not null default '{}',
  material_term_id uuid,
  quantity int not null,
  unit_price_usd numeric(20, 2),
  line_total numeric(20, 2) generated always as (quantity * unit_price_usd) stored,
  constraint order_items_order_id_line_no_pk primary key (order_id, line_no)
);

create table production.quotes (
  id uuid default uuidv7() constraint quotes_id_pk primary key,
  order_id uuid not null,
  microfactory_id uuid not null,
  status text not null default 'offered',
  total_usd numeric(20, 2) not null,
  setup_usd numeric(20, 2) not null default 0,
  lead_time_days int not null default 14,
  valid_until timestamptz not null,
  breakdown jsonb not null default '{}',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table production.work_orders (
  id uuid default uuidv7() constraint work_orders_id_pk primary key,
  order_id uuid not null,
  line_no int not null,
  machine_id uuid,
  sequence int not null default 1,
  process_term_id uuid,
  status text not null default 'planned',
  planned tstzrange,
  quantity_planned int not null,
  quantity_good int not null default 0,
  quantity_scrap int not null default 0,
  priority int not null default 100,
  instructions jsonb not null default '{}',
  assigned_to uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint work_orders_order_id_line_no_sequence_key unique (order_id, line_no, sequence)
);

create table production.runs (
  id uuid default uuidv7() constraint runs_id_pk primary key,
  work_order_id uuid not null,
  machine_id uuid not null,
  operator_id uuid,
  during tstzrange not null default tstzrange(now(), null),
  good_count int not null default 0,
  scrap_count int not null default 0,
  energy_kwh numeric(14, 3),
  material_lot_id uuid,
  finished_lot_id uuid,
  program_sha256 core.sha256,
  outcome text,
  anomalies jsonb not null default '[]',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table production.telemetry (
  machine_id uuid not null,
  metric text not null,
  occurred_at timestamptz not null,
  run_id uuid,
  value double precision not null,
  unit text,
  quality smallint not null default 0,
  constraint telemetry_machine_id_metric_occurred_at_pk primary key (machine_id, metric, occurred_at)
) partition by range (occurred_at);

select core.attach_standard('production.telemetry', 'log');
select core.ensure_month_partitions('production.telemetry');

create table production.quality_checks (
  id uuid default uuidv7() constraint quality_checks_id_pk primary key,
  run_id uuid not null,
  operator_id uuid,
  inspector_id uuid,
  stage text not null default 'in_process',
  sample_no int not null default 1,
  characteristic text not null,
  nominal numeric,
  lower_limit numeric,
  upper_limit numeric,
  measured numeric,
  verdict text generated always as (case when measured < lower_limit or measured > upper_limit then 'fail' when measured is not null then 'pass' end) stored,
  gauge text,
  evidence_asset_id uuid,
  disposition text,
  disposition_reason text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now()
);

create table production.materials (
  id uuid default uuidv7() constraint materials_id_pk primary key,
  sku text not null constraint materials_sku_key unique,
  term_id uuid,
  name text not null,
  unit core.unit_code not null default 'kg',
  unit_cost_usd numeric(14, 4) not null default 0,
  reorder_point numeric not null default 0,
  lead_time_days int not null default 14,
  supplier jsonb not null default '{}',
  density_g_cm3 numeric,
  recycled_share numeric not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table production.stock_lots (
  id uuid default uuidv7() constraint stock_lots_id_pk primary key,
  microfactory_id uuid not null,
  material_id uuid,
  version_id uuid,
  lot_code text not null,
  received_on date not null default current_date,
  expires_on date,
  quantity_on_hand numeric not null default 0 constraint stock_lots_quantity_on_hand_check check (quantity_on_hand >= 0),
  quantity_reserved numeric not null default 0 constraint stock_lots_quantity_reserved_check check (quantity_reserved >= 0 and quantity_reserved <= quantity_on_hand),
  certificate_asset_id uuid,
  origin jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint stock_lots_microfactory_id_lot_code_key unique (microfactory_id, lot_code)
);

create table production.stock_movements (
  id uuid default uuidv7() constraint stock_movements_id_pk primary key,
  occurred_at timestamptz not null default clock_timestamp(),
  lot_id uuid not null,
  kind text not null,
  quantity numeric not null,
  run_id uuid,
  order_id uuid,
  reason text,
  actor_id uuid default core.current_user_id()
);

create table production.shipments (
  id uuid default uuidv7() constraint shipments_id_pk primary key,
  order_id uuid not null,
  carrier text not null default 'pickup',
  tracking_no text,
  status text not null default 'packed',
  shipped_at timestamptz,
  delivered_at timestamptz,
  weight_g numeric,
  distance_km numeric,
  proof_asset_id uuid,
  events jsonb not null default '[]',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint shipments_carrier_tracking_no_key unique (carrier, tracking_no)
);

create table production.shipment_items (
  shipment_id uuid not null,
  order_id uuid not null,
  line_no int not null,
  quantity int not null,
  lot_id uuid,
  constraint shipment_items_shipment_id_order_id_line_no_pk primary key (shipment_id, order_id, line_no)
);

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000102001', 'ada-0102');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000102002', '00000000-0000-7000-8000-000000102001', 'probe-0102', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values
  ('00000000-0000-7000-8000-000000102003', '00000000-0000-7000-8000-000000102002', 1, sha256('102'), '00000000-0000-7000-8000-000000102001', 'CC0-1.0', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000102004', '00000000-0000-7000-8000-000000102001', 'works-0102', 'Works');
insert into production.projects (slug, title, goal_units) values ('probe-0102', 'Probe', 5) returning id is not null and units_done = 0 and status = 'proposed' and beneficiaries = '[]' and metadata = '{}' and created_at = now() and updated_at = now();
insert into production.machines (id, microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000102005', '00000000-0000-7000-8000-000000102004', 'S-1', 'M', 'mill')
returning status = 'commissioning' and hourly_rate_usd = 0 and settings = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into production.machines (microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000102004', 'S-2', 'M', 'mill') returning id is not null;
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select '00000000-0000-7000-8000-000000102005', id, '{300,200,100}', 0.1 from core.terms where path::text = 'process'
returning materials = '{}' and parameters = '{}' and now() <@ during;
insert into production.machine_windows (machine_id, during) values ('00000000-0000-7000-8000-000000102005', '[2026-01-05 08:00+00,2026-01-05 16:00+00)') returning id is not null and kind = 'open';
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000102006', '00000000-0000-7000-8000-000000102001')
returning status = 'draft' and currency = 'USD' and total_usd = 0 and setup_usd = 0 and fee_usd = 0 and requirements = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into production.orders (customer_id, number, status) values ('00000000-0000-7000-8000-000000102001', 'PROBE-0102', 'submitted') returning id is not null;
insert into production.order_items (order_id, line_no, version_id, quantity, unit_price_usd) values ('00000000-0000-7000-8000-000000102006', 1, '00000000-0000-7000-8000-000000102003', 3, 2.5) returning spec_overrides = '{}' and line_total = 7.5;
insert into production.quotes (order_id, microfactory_id, total_usd, valid_until) values ('00000000-0000-7000-8000-000000102006', '00000000-0000-7000-8000-000000102004', 10, now() + interval '7 days')
returning id is not null and status = 'offered' and setup_usd = 0 and lead_time_days = 14 and breakdown = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000102007', '00000000-0000-7000-8000-000000102006', 1, 3)
returning sequence = 1 and status = 'planned' and quantity_good = 0 and quantity_scrap = 0 and priority = 100 and instructions = '{}' and created_at = now() and updated_at = now();
insert into production.work_orders (order_id, line_no, sequence, quantity_planned) values ('00000000-0000-7000-8000-000000102006', 1, 2, 3) returning id is not null;
insert into production.bookings (machine_id, during) values ('00000000-0000-7000-8000-000000102005', '[2026-01-05 08:00+00,2026-01-05 09:00+00)') returning id is not null and status = 'held' and created_at = now();
insert into production.runs (id, work_order_id, machine_id, during, outcome) values ('00000000-0000-7000-8000-000000102008', '00000000-0000-7000-8000-000000102007', '00000000-0000-7000-8000-000000102005', '[2026-01-05 08:00+00,2026-01-05 09:00+00)', 'done')
returning good_count = 0 and scrap_count = 0 and anomalies = '[]' and created_at = now() and updated_at = now();
insert into production.runs (work_order_id, machine_id) values ('00000000-0000-7000-8000-000000102007', '00000000-0000-7000-8000-000000102005') returning id is not null and now() <@ during;
insert into production.telemetry (machine_id, metric, occurred_at, value) values ('00000000-0000-7000-8000-000000102005', 'nozzle_temperature', date_trunc('month', now(), 'UTC') + interval '35 days', 210)
returning quality = 0 and tableoid::regclass::text = 'production.telemetry' || to_char((date_trunc('month', now(), 'UTC') + interval '35 days') at time zone 'UTC', '_YYYY_MM');
insert into production.quality_checks (run_id, characteristic, lower_limit, upper_limit, measured) values ('00000000-0000-7000-8000-000000102008', 'bore', 4.9, 5.1, 5), ('00000000-0000-7000-8000-000000102008', 'bore', 4.9, 5.1, 5.11),
  ('00000000-0000-7000-8000-000000102008', 'bore', 4.9, 5.1, null)
returning id is not null and stage = 'in_process' and sample_no = 1 and metadata = '{}' and created_at >= now() and updated_at = now() and verdict is not distinct from case measured when 5 then 'pass' when 5.11 then 'fail' end;
insert into production.materials (id, sku, name) values ('00000000-0000-7000-8000-000000102009', 'PROBE-0102', 'Brass')
returning unit = 'kg' and unit_cost_usd = 0 and reorder_point = 0 and lead_time_days = 14 and supplier = '{}' and recycled_share = 0 and created_at = now() and updated_at = now();
insert into production.materials (sku, name) values ('PROBE-0102-B', 'Brass') returning id is not null;
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-00000010200a', '00000000-0000-7000-8000-000000102004', '00000000-0000-7000-8000-000000102009', 'L-1')
returning received_on = current_date and quantity_on_hand = 0 and quantity_reserved = 0 and origin = '{}' and created_at = now() and updated_at = now();
insert into production.stock_lots (microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-000000102004', '00000000-0000-7000-8000-000000102009', 'L-2') returning id is not null;
select core.act_as('00000000-0000-7000-8000-000000102001');
insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-00000010200a', 'receipt', 5) returning id is not null and occurred_at >= now() and actor_id = '00000000-0000-7000-8000-000000102001';
insert into production.shipments (id, order_id) values ('00000000-0000-7000-8000-00000010200b', '00000000-0000-7000-8000-000000102006') returning carrier = 'pickup' and status = 'packed' and events = '[]' and metadata = '{}' and created_at = now() and updated_at = now();
insert into production.shipments (order_id, carrier, tracking_no) values ('00000000-0000-7000-8000-000000102006', 'DHL', 'T-0102') returning id is not null;
insert into production.shipment_items (shipment_id, order_id, line_no, quantity) values ('00000000-0000-7000-8000-00000010200b', '00000000-0000-7000-8000-000000102006', 1, 1);
select count(*) = 3 from production.orders o join production.order_items i on i.order_id = o.id join production.work_orders w on w.order_id = o.id and w.line_no = i.line_no join production.runs r on r.work_order_id = w.id
join production.quality_checks q on q.run_id = r.id join production.shipment_items s on s.order_id = o.id and s.line_no = i.line_no where o.id = '00000000-0000-7000-8000-000000102006';
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into production.projects (id, slug, title, goal_units) select id, 'probe-0102-b', 'x', 1 from production.projects where slug = 'probe-0102' $$, '23505', 'projects_id_pk'),
  ($$ insert into production.projects (slug, title, goal_units) values ('probe-0102', 'x', 1) $$, '23505', 'projects_slug_key'),
  ($$ insert into production.machines (id, microfactory_id, serial, model, kind) select id, microfactory_id, 'S-9', model, kind from production.machines where id = '00000000-0000-7000-8000-000000102005' $$, '23505', 'machines_id_pk'),
  ($$ insert into production.machines (microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000102004', 'S-1', 'M', 'mill') $$, '23505', 'machines_microfactory_id_serial_key'),
  ($$ insert into production.machine_capabilities select * from production.machine_capabilities where machine_id = '00000000-0000-7000-8000-000000102005' $$, '23P01', 'machine_capabilities_machine_id_process_term_id_during_pk'),
  ($$ insert into production.machine_windows (id, machine_id, during) select id, machine_id, '[2026-02-05 08:00+00,2026-02-05 16:00+00)' from production.machine_windows where machine_id = '00000000-0000-7000-8000-000000102005' $$, '23505', 'machine_windows_id_pk'),
  ($$ insert into production.bookings (id, machine_id, during) select id, machine_id, '[2026-01-05 10:00+00,2026-01-05 11:00+00)' from production.bookings where machine_id = '00000000-0000-7000-8000-000000102005' $$, '23505', 'bookings_id_pk'),
  ($$ insert into production.orders (id, customer_id) select id, customer_id from production.orders where id = '00000000-0000-7000-8000-000000102006' $$, '23505', 'orders_id_pk'),
  ($$ insert into production.orders (number, customer_id) values ('PROBE-0102', '00000000-0000-7000-8000-000000102001') $$, '23505', 'orders_number_key'),
  ($$ insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000102006', 1, '00000000-0000-7000-8000-000000102003', 1) $$, '23505', 'order_items_order_id_line_no_pk'),
  ($$ insert into production.quotes (id, order_id, microfactory_id, total_usd, valid_until) select id, order_id, microfactory_id, 1, now() + interval '1 day' from production.quotes where order_id = '00000000-0000-7000-8000-000000102006' $$, '23505', 'quotes_id_pk'),
  ($$ insert into production.work_orders (id, order_id, line_no, sequence, quantity_planned) values ('00000000-0000-7000-8000-000000102007', '00000000-0000-7000-8000-000000102006', 1, 3, 1) $$, '23505', 'work_orders_id_pk'),
  ($$ insert into production.work_orders (order_id, line_no, sequence, quantity_planned) values ('00000000-0000-7000-8000-000000102006', 1, 1, 1) $$, '23505', 'work_orders_order_id_line_no_sequence_key'),
  ($$ insert into production.runs (id, work_order_id, machine_id, during, outcome) select id, work_order_id, machine_id, '[2026-01-06 08:00+00,2026-01-06 09:00+00)', 'done' from production.runs where id = '00000000-0000-7000-8000-000000102008' $$, '23505', 'runs_id_pk'),
  ($$ insert into production.telemetry select * from production.telemetry where machine_id = '00000000-0000-7000-8000-000000102005' $$, '23505', 'telemetry_2'),
  ($$ insert into production.quality_checks (id, run_id, characteristic) select id, run_id, characteristic from production.quality_checks where run_id = '00000000-0000-7000-8000-000000102008' limit 1 $$, '23505', 'quality_checks_id_pk'),
  ($$ insert into production.materials (id, sku, name) values ('00000000-0000-7000-8000-000000102009', 'PROBE-0102-C', 'x') $$, '23505', 'materials_id_pk'),
  ($$ insert into production.materials (sku, name) values ('PROBE-0102', 'x') $$, '23505', 'materials_sku_key'),
  ($$ insert into production.stock_lots (id, microfactory_id, material_id, lot_code) select id, microfactory_id, material_id, 'L-9' from production.stock_lots where id = '00000000-0000-7000-8000-00000010200a' $$, '23505', 'stock_lots_id_pk'),
  ($$ insert into production.stock_lots (microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-000000102004', '00000000-0000-7000-8000-000000102009', 'L-1') $$, '23505', 'stock_lots_microfactory_id_lot_code_key'),
  ($$ update production.stock_lots set quantity_reserved = 100 where id = '00000000-0000-7000-8000-00000010200a' $$, '23514', 'stock_lots_quantity_reserved_check'),
  ($$ update production.telemetry set value = 0 where machine_id = '00000000-0000-7000-8000-000000102005' $$, '55006', 'telemetry'),
  ($$ truncate production.telemetry $$, '55006', 'production.telemetry keeps'),
  ($$ insert into production.stock_movements (id, lot_id, kind, quantity) select id, lot_id, kind, quantity from production.stock_movements where lot_id = '00000000-0000-7000-8000-00000010200a' $$, '23505', 'stock_movements_id_pk'),
  ($$ insert into production.shipments (id, order_id) values ('00000000-0000-7000-8000-00000010200b', '00000000-0000-7000-8000-000000102006') $$, '23505', 'shipments_id_pk'),
  ($$ insert into production.shipments (order_id, carrier, tracking_no) values ('00000000-0000-7000-8000-000000102006', 'DHL', 'T-0102') $$, '23505', 'shipments_carrier_tracking_no_key'),
  ($$ insert into production.shipment_items select * from production.shipment_items where shipment_id = '00000000-0000-7000-8000-00000010200b' $$, '23505', 'shipment_items_shipment_id_order_id_line_no_pk')) v(sql, state, rule);
select partition, blueprint.raises('truncate ' || partition, '55006') from core.month_partitions('production.telemetry');
-- directly at first, by movements alone from BUILD_0106 on
select blueprint.raises(sql, '23514', 'stock_lots_quantity_on_hand_check') or blueprint.raises(sql, '55006', 'stock_lots')
from (values ($$ update production.stock_lots set quantity_on_hand = -1 where id = '00000000-0000-7000-8000-00000010200a' $$)) v(sql);
select count(*) = 17 and bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relnamespace = 'production'::regnamespace and relname in ('projects', 'machines', 'machine_capabilities', 'machine_windows', 'bookings', 'quotes',
  'orders', 'order_items', 'work_orders', 'runs', 'telemetry', 'quality_checks', 'materials', 'stock_lots', 'stock_movements', 'shipments', 'shipment_items');

-- revert
drop table production.shipment_items, production.shipments, production.stock_movements, production.stock_lots, production.materials, production.quality_checks, production.telemetry,
  production.runs, production.work_orders, production.quotes, production.order_items, production.orders, production.bookings, production.machine_windows, production.machine_capabilities,
  production.machines, production.projects;
