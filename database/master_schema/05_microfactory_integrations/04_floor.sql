-- Room production, floor: who sees which rows, which machine fits a design, when it is free, what it costs, and how an order ends early.

-- task: BUILD_0111 implement_feature critical
-- title: Row policies: customers see their orders, factories their floor
-- does: Customers read their orders, items, quotes and parcels; the people of a factory read its whole floor and write machines, windows, work plans, lots, movements and checks. Capabilities
--   of active factories are public, finance reads orders and quotes, audit everything. The sealed address comes out through production.ship_to() alone.
-- proves: operator A sees one of two of everything and writes nothing of B's, a customer sees orders but no stock, anon sees capabilities of the active factory only, nobody reads
--   the sealed address but the factory that ships.
-- needs: BUILD_0005, BUILD_0104, BUILD_0105
create function production.public_machines() returns uuid[]
  language sql stable security definer
begin atomic
  select coalesce(array_agg(m.id), '{}') from production.machines m join core.microfactories f on f.id = m.microfactory_id where f.status = 'active' and m.status <> 'retired';
end;

create function production.ship_to("order" uuid) returns bytea
  language plpgsql stable security definer set search_path = ''
as $$
declare
  found_one production.orders;
begin
  select * into found_one from production.orders o where o.id = "order";
  perform production.require_floor(found_one.microfactory_id);
  if found_one.status not in ('in_production', 'ready', 'shipped') then
    raise exception using errcode = '55000', message = 'the address is given out for shipping';
  end if;
  return found_one.ship_to_sealed;
end $$;

create policy projects_public_select on production.projects for select to hc_anon using (status in ('funded', 'running', 'completed'));
create policy projects_floor_select on production.projects for select to hc_member using (microfactory_id = any ((select production.my_factories())::uuid[]));
create policy machines_floor_select on production.machines for select to hc_member using (microfactory_id = any ((select production.my_factories())::uuid[]));
create policy machines_floor_insert on production.machines for insert to hc_member with check (microfactory_id = any ((select production.my_factories())::uuid[]));
create policy machines_floor_update on production.machines for update to hc_member using (microfactory_id = any ((select production.my_factories())::uuid[]));
create policy machine_capabilities_public_select on production.machine_capabilities for select to hc_anon using (machine_id = any ((select production.public_machines())::uuid[]));
create policy machine_capabilities_floor_select on production.machine_capabilities for select to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy machine_capabilities_floor_insert on production.machine_capabilities for insert to hc_member with check (exists (select from production.machines m where m.id = machine_id));
create policy machine_capabilities_floor_update on production.machine_capabilities for update to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy machine_capabilities_floor_delete on production.machine_capabilities for delete to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy machine_windows_floor_select on production.machine_windows for select to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy machine_windows_floor_insert on production.machine_windows for insert to hc_member with check (exists (select from production.machines m where m.id = machine_id));
create policy machine_windows_floor_delete on production.machine_windows for delete to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy bookings_floor_select on production.bookings for select to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy orders_select on production.orders for select to hc_member using (customer_id = (select core.current_user_id()) or microfactory_id = any ((select production.my_factories())::uuid[]));
create policy orders_finance_select on production.orders for select to hc_finance using (true);
create policy order_items_select on production.order_items for select to hc_member using (exists (select from production.orders o where o.id = order_id));
create policy quotes_select on production.quotes for select to hc_member
  using (microfactory_id = any ((select production.my_factories())::uuid[]) or exists (select from production.orders o where o.id = order_id and o.customer_id = (select core.current_user_id())));
create policy quotes_finance_select on production.quotes for select to hc_finance using (true);
create policy work_orders_floor_select on production.work_orders for select to hc_member using (exists (select from production.orders o where o.id = order_id and o.microfactory_id = any ((select production.my_factories())::uuid[])));
create policy work_orders_floor_update on production.work_orders for update to hc_member using (exists (select from production.orders o where o.id = order_id and o.microfactory_id = any ((select production.my_factories())::uuid[])));
create policy runs_floor_select on production.runs for select to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy telemetry_floor_select on production.telemetry for select to hc_member using (exists (select from production.machines m where m.id = machine_id));
create policy quality_checks_floor_select on production.quality_checks for select to hc_member using (exists (select from production.runs r where r.id = run_id));
create policy quality_checks_floor_insert on production.quality_checks for insert to hc_member
  with check (exists (select from production.runs r where r.id = run_id) and (inspector_id is null or inspector_id = (select core.current_user_id())));
create policy materials_select on production.materials for select to hc_member using (true);
create policy stock_lots_floor_select on production.stock_lots for select to hc_member using (microfactory_id = any ((select production.my_factories())::uuid[]));
create policy stock_lots_floor_insert on production.stock_lots for insert to hc_member with check (microfactory_id = any ((select production.my_factories())::uuid[]));
create policy stock_movements_floor_select on production.stock_movements for select to hc_member using (exists (select from production.stock_lots l where l.id = lot_id));
create policy stock_movements_floor_insert on production.stock_movements for insert to hc_member with check (exists (select from production.stock_lots l where l.id = lot_id));
create policy shipments_select on production.shipments for select to hc_member using (exists (select from production.orders o where o.id = order_id));
create policy shipment_items_select on production.shipment_items for select to hc_member using (exists (select from production.shipments s where s.id = shipment_id));

create policy projects_auditor_select on production.projects for select to hc_auditor using (true);
create policy machines_auditor_select on production.machines for select to hc_auditor using (true);
create policy machine_capabilities_auditor_select on production.machine_capabilities for select to hc_auditor using (true);
create policy machine_windows_auditor_select on production.machine_windows for select to hc_auditor using (true);
create policy bookings_auditor_select on production.bookings for select to hc_auditor using (true);
create policy orders_auditor_select on production.orders for select to hc_auditor using (true);
create policy order_items_auditor_select on production.order_items for select to hc_auditor using (true);
create policy quotes_auditor_select on production.quotes for select to hc_auditor using (true);
create policy work_orders_auditor_select on production.work_orders for select to hc_auditor using (true);
create policy runs_auditor_select on production.runs for select to hc_auditor using (true);
create policy telemetry_auditor_select on production.telemetry for select to hc_auditor using (true);
create policy quality_checks_auditor_select on production.quality_checks for select to hc_auditor using (true);
create policy materials_auditor_select on production.materials for select to hc_auditor using (true);
create policy stock_lots_auditor_select on production.stock_lots for select to hc_auditor using (true);
create policy stock_movements_auditor_select on production.stock_movements for select to hc_auditor using (true);
create policy shipments_auditor_select on production.shipments for select to hc_auditor using (true);
create policy shipment_items_auditor_select on production.shipment_items for select to hc_auditor using (true);

grant execute on function production.public_machines to hc_anon;
grant execute on function production.ship_to to hc_member;
grant select on production.projects, production.machine_capabilities to hc_anon, hc_auditor;
grant select (id, microfactory_id, serial, model, kind, status, hourly_rate_usd, power_w, ideal_rate_per_h, settings, metadata, created_at, updated_at) on production.machines to hc_member, hc_auditor;
grant select on production.machine_windows, production.bookings, production.order_items, production.quotes, production.work_orders, production.runs, production.telemetry, production.quality_checks, production.stock_lots,
  production.stock_movements, production.shipments, production.shipment_items to hc_member, hc_auditor;
grant select (id, number, customer_id, microfactory_id, project_id, status, currency, total_usd, setup_usd, fee_usd, due_on, promised_on, requirements, metadata, created_at, updated_at) on production.orders to hc_member, hc_auditor;
grant select (id, sku, term_id, name, unit, unit_cost_usd, reorder_point, lead_time_days, density_g_cm3, recycled_share, created_at, updated_at) on production.materials to hc_member, hc_auditor;
grant insert (microfactory_id, serial, model, kind, hourly_rate_usd, power_w, ideal_rate_per_h, settings), update (model, kind, status, hourly_rate_usd, power_w, ideal_rate_per_h, settings) on production.machines to hc_member;
grant insert, update, delete on production.machine_capabilities to hc_member;
grant insert (machine_id, kind, during), delete on production.machine_windows to hc_member;
grant update (machine_id, planned, priority, instructions, assigned_to) on production.work_orders to hc_member;
grant insert (run_id, inspector_id, stage, sample_no, characteristic, nominal, lower_limit, upper_limit, measured, gauge, evidence_asset_id) on production.quality_checks to hc_member;
grant insert (microfactory_id, material_id, lot_code, received_on, expires_on, certificate_asset_id, origin) on production.stock_lots to hc_member;
grant insert (lot_id, kind, quantity, run_id, order_id, reason) on production.stock_movements to hc_member;

comment on function production.public_machines is 'Machines of active factories. Security definer: asked by a policy, about tables its caller may not read.';
comment on function production.ship_to is 'The sealed address of an order, for the factory that ships it, once it is in production. Security definer: the column has no grant.';
comment on policy projects_auditor_select on production.projects is 'Audit sees every row.';
comment on policy machines_auditor_select on production.machines is 'Audit sees every row.';
comment on policy machine_capabilities_auditor_select on production.machine_capabilities is 'Audit sees every row.';
comment on policy machine_windows_auditor_select on production.machine_windows is 'Audit sees every row.';
comment on policy bookings_auditor_select on production.bookings is 'Audit sees every row.';
comment on policy orders_auditor_select on production.orders is 'Audit sees every row.';
comment on policy order_items_auditor_select on production.order_items is 'Audit sees every row.';
comment on policy quotes_auditor_select on production.quotes is 'Audit sees every row.';
comment on policy work_orders_auditor_select on production.work_orders is 'Audit sees every row.';
comment on policy runs_auditor_select on production.runs is 'Audit sees every row.';
comment on policy telemetry_auditor_select on production.telemetry is 'Audit sees every row.';
comment on policy quality_checks_auditor_select on production.quality_checks is 'Audit sees every row.';
comment on policy materials_auditor_select on production.materials is 'Audit sees every row.';
comment on policy stock_lots_auditor_select on production.stock_lots is 'Audit sees every row.';
comment on policy stock_movements_auditor_select on production.stock_movements is 'Audit sees every row.';
comment on policy shipments_auditor_select on production.shipments is 'Audit sees every row.';
comment on policy shipment_items_auditor_select on production.shipment_items is 'Audit sees every row.';
comment on policy projects_public_select on production.projects is 'Everybody sees projects that were funded.';
comment on policy projects_floor_select on production.projects is 'A factory sees its projects in any state.';
comment on policy machines_floor_select on production.machines is 'A factory sees its machines.';
comment on policy machines_floor_insert on production.machines is 'A factory sets up its machines.';
comment on policy machines_floor_update on production.machines is 'A factory changes its machines, as far as machine machine allows.';
comment on policy machine_capabilities_public_select on production.machine_capabilities is 'Everybody sees what active factories can do.';
comment on policy machine_capabilities_floor_select on production.machine_capabilities is 'Whoever sees a machine sees what it can do.';
comment on policy machine_capabilities_floor_insert on production.machine_capabilities is 'Whoever sees a machine says what it can do.';
comment on policy machine_capabilities_floor_update on production.machine_capabilities is 'Whoever sees a machine says what it can do.';
comment on policy machine_capabilities_floor_delete on production.machine_capabilities is 'Whoever sees a machine says what it can do.';
comment on policy machine_windows_floor_select on production.machine_windows is 'Whoever sees a machine sees its hours.';
comment on policy machine_windows_floor_insert on production.machine_windows is 'Whoever sees a machine sets its hours.';
comment on policy machine_windows_floor_delete on production.machine_windows is 'Whoever sees a machine sets its hours.';
comment on policy bookings_floor_select on production.bookings is 'Whoever sees a machine sees its calendar; it is written by functions.';
comment on policy orders_select on production.orders is 'Customers see their orders, factories those they make.';
comment on policy orders_finance_select on production.orders is 'Finance sees every order.';
comment on policy order_items_select on production.order_items is 'Whoever sees an order sees its items.';
comment on policy quotes_select on production.quotes is 'Customers see quotes for their orders, factories their own, not those of rivals.';
comment on policy quotes_finance_select on production.quotes is 'Finance sees every quote.';
comment on policy work_orders_floor_select on production.work_orders is 'A factory sees the work of its orders.';
comment on policy work_orders_floor_update on production.work_orders is 'A factory plans the work of its orders.';
comment on policy runs_floor_select on production.runs is 'Whoever sees a machine sees what it ran.';
comment on policy telemetry_floor_select on production.telemetry is 'Whoever sees a machine sees its measurements.';
comment on policy quality_checks_floor_select on production.quality_checks is 'Whoever sees a run sees its checks.';
comment on policy quality_checks_floor_insert on production.quality_checks is 'Whoever sees a run checks it, in the own name.';
comment on policy materials_select on production.materials is 'Members see the list of materials, suppliers aside.';
comment on policy stock_lots_floor_select on production.stock_lots is 'A factory sees its stock.';
comment on policy stock_lots_floor_insert on production.stock_lots is 'A factory takes lots in.';
comment on policy stock_movements_floor_select on production.stock_movements is 'Whoever sees a lot sees what moved.';
comment on policy stock_movements_floor_insert on production.stock_movements is 'Whoever sees a lot moves it.';
comment on policy shipments_select on production.shipments is 'Whoever sees an order sees its parcels.';
comment on policy shipment_items_select on production.shipment_items is 'Whoever sees a parcel sees what is in it.';

-- verify
create function pg_temp.id(kind int, n int) returns uuid return ('00000000-0000-7000-8000-00000111' || lpad(kind::text, 2, '0') || '0' || n)::uuid;
insert into core.users (id, handle) select pg_temp.id(k, n), format('user-0111-%s-%s', k, n) from generate_series(1, 2) k, generate_series(1, 2) n;  -- 1: operators, 2: customers
insert into core.designs (id, owner_id, slug, title) values (pg_temp.id(3, 1), pg_temp.id(1, 1), 'probe-0111', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values (pg_temp.id(4, 1), pg_temp.id(3, 1), 1, sha256('111'), pg_temp.id(1, 1), 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name, status, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes)
select pg_temp.id(5, n), pg_temp.id(1, n), 'works-0111-' || n, 'Works', case n when 1 then 'active' else 'onboarding' end, 52, 13, 'UTC', '{"mon": [["08:00", "16:00"]]}', 'works-0111@example.org', '{process}' from generate_series(1, 2) n;
insert into production.projects (id, slug, title, goal_units, microfactory_id) select pg_temp.id(6, n), 'probe-0111-' || n, 'Probe', 5, pg_temp.id(5, n) from generate_series(1, 2) n;
insert into production.machines (id, microfactory_id, serial, model, kind, status) select pg_temp.id(7, n), pg_temp.id(5, n), 'S-1', 'M', 'mill', 'available' from generate_series(1, 2) n;
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select pg_temp.id(7, n), t.id, '{300,200,100}', 0.1 from generate_series(1, 2) n, core.terms t where t.path::text = 'process';
insert into production.machine_windows (id, machine_id, during) select pg_temp.id(8, n), pg_temp.id(7, n), '[2026-01-05 08:00+00,2026-01-05 16:00+00)' from generate_series(1, 2) n;
insert into production.bookings (id, machine_id, during) select pg_temp.id(9, n), pg_temp.id(7, n), '[2026-01-05 08:00+00,2026-01-05 09:00+00)' from generate_series(1, 2) n;
insert into production.orders (id, customer_id, microfactory_id, number, status, ship_to_sealed) select pg_temp.id(10, n), pg_temp.id(2, n), pg_temp.id(5, n), 'PROBE-0111-' || n, case n when 1 then 'in_production' else 'accepted' end, '\x01' from generate_series(1, 2) n;
insert into production.order_items (order_id, line_no, version_id, quantity) select pg_temp.id(10, n), 1, pg_temp.id(4, 1), 10 from generate_series(1, 2) n;
insert into production.quotes (id, order_id, microfactory_id, total_usd, valid_until, status) select pg_temp.id(11, n), pg_temp.id(10, n), pg_temp.id(5, n), 10, now(), 'accepted' from generate_series(1, 2) n;
insert into production.work_orders (id, order_id, line_no, quantity_planned) select pg_temp.id(12, n), pg_temp.id(10, n), 1, 10 from generate_series(1, 2) n;
insert into production.runs (id, work_order_id, machine_id, during, outcome) select pg_temp.id(13, n), pg_temp.id(12, n), pg_temp.id(7, n), '[2026-01-05 08:00+00,2026-01-05 09:00+00)', 'done' from generate_series(1, 2) n;
insert into production.telemetry (machine_id, metric, occurred_at, value) select pg_temp.id(7, n), 'm', now(), 1 from generate_series(1, 2) n;
insert into production.quality_checks (id, run_id, characteristic) select pg_temp.id(14, n), pg_temp.id(13, n), 'bore' from generate_series(1, 2) n;
insert into production.materials (id, sku, name) values (pg_temp.id(15, 1), 'PROBE-0111', 'Brass');
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) select pg_temp.id(16, n), pg_temp.id(5, n), pg_temp.id(15, 1), 'L-1' from generate_series(1, 2) n;
insert into production.stock_movements (lot_id, kind, quantity) select pg_temp.id(16, n), 'receipt', 5 from generate_series(1, 2) n;
insert into production.shipments (id, order_id) select pg_temp.id(17, n), pg_temp.id(10, n) from generate_series(1, 2) n;
insert into production.shipment_items (shipment_id, order_id, line_no, quantity) select pg_temp.id(17, n), pg_temp.id(10, n), 1, 1 from generate_series(1, 2) n;
create function pg_temp.seen() returns text language plpgsql as $$
declare
  t record; n bigint; seen text := '';
begin
  for t in select * from (values ('projects', 'id', 6), ('machines', 'id', 7), ('machine_capabilities', 'machine_id', 7), ('machine_windows', 'id', 8), ('bookings', 'id', 9), ('orders', 'id', 10), ('order_items', 'order_id', 10), ('quotes', 'id', 11), ('work_orders', 'id', 12), ('runs', 'id', 13),
    ('telemetry', 'machine_id', 7), ('quality_checks', 'id', 14), ('stock_lots', 'id', 16), ('stock_movements', 'lot_id', 16), ('shipments', 'id', 17), ('shipment_items', 'shipment_id', 17), ('materials', 'id', 15)) v(name, field, kind)
  loop
    begin
      execute format('select count(*) from production.%I where %I in (%L, %L)', t.name, t.field, ('00000000-0000-7000-8000-00000111' || lpad(t.kind::text, 2, '0') || '01'), ('00000000-0000-7000-8000-00000111' || lpad(t.kind::text, 2, '0') || '02')) into n;
      seen := seen || n;
    exception when insufficient_privilege then
      seen := seen || '-';
    end;
  end loop;
  return seen;
end $$;
grant execute on function pg_temp.seen to hc_anon, hc_auditor;
set local role hc_anon;
select pg_temp.seen() = '0-1--------------';
set local role hc_owner;
select core.act_as(pg_temp.id(1, 1));
set local role hc_member;
select pg_temp.seen() = '11111111111111111', production.ship_to('00000000-0000-7000-8000-000001111001') = '\x01';
insert into production.machines (microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000001110501', 'S-2', 'M', 'mill');
update production.machines set model = 'N', status = 'maintenance' where id = '00000000-0000-7000-8000-000001110701' returning status = 'maintenance';
insert into production.machine_windows (machine_id, during) values ('00000000-0000-7000-8000-000001110701', '[2026-02-05 08:00+00,2026-02-05 16:00+00)');
update production.machine_capabilities set tolerance_mm = 0.2 where machine_id = '00000000-0000-7000-8000-000001110701' returning tolerance_mm = 0.2;
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select '00000000-0000-7000-8000-000001110701', id, '{1,1,1}', 0.1 from core.terms where path::text = 'finish';
update production.work_orders set priority = 7 where id = '00000000-0000-7000-8000-000001111201' returning priority = 7;
insert into production.quality_checks (run_id, characteristic, measured, inspector_id) values ('00000000-0000-7000-8000-000001111301', 'bore', 5, core.current_user_id()), ('00000000-0000-7000-8000-000001111301', 'bore', 5, null);
insert into production.stock_lots (microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-000001110501', '00000000-0000-7000-8000-000001111501', 'L-2');
insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-000001111601', 'receipt', 5);
select sql, blueprint.raises(sql, '42501', 'row-level security') from (values
  ($$ insert into production.machines (microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000001110502', 'S-2', 'M', 'mill') $$), ($$ insert into production.machine_windows (machine_id, during) values ('00000000-0000-7000-8000-000001110702', '[2026-02-05 08:00+00,2026-02-05 16:00+00)') $$),
  ($$ insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select '00000000-0000-7000-8000-000001110702', id, '{1,1,1}', 0.1 from core.terms where path::text = 'finish' $$),
  ($$ insert into production.quality_checks (run_id, characteristic, inspector_id) values ('00000000-0000-7000-8000-000001111301', 'bore', uuidv7()) $$),
  ($$ insert into production.quality_checks (run_id, characteristic) values ('00000000-0000-7000-8000-000001111302', 'bore') $$), ($$ insert into production.stock_lots (microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-000001110502', '00000000-0000-7000-8000-000001111501', 'L-2') $$),
  ($$ insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-000001111602', 'receipt', 5) $$)) v(sql);
select sql, blueprint.raises(sql, '42501') from (values ('select ship_to_sealed from production.orders'), ('select telemetry_key_sha256 from production.machines'), ('select supplier from production.materials'), ('update production.orders set total_usd = 0'), ('update production.stock_lots set quantity_reserved = 0'), ('delete from production.machines'),
  ($$ select production.ship_to('00000000-0000-7000-8000-000001111002') $$), ($$ insert into production.bookings (machine_id, during) values ('00000000-0000-7000-8000-000001110701', '[2026-02-05 08:00+00,2026-02-05 16:00+00)') $$), ('update production.quotes set total_usd = 0'), ('delete from production.telemetry')) v(sql);
with a as (update production.machines set model = 'mine' returning 1), c as (update production.machine_capabilities set tolerance_mm = 9 where machine_id = '00000000-0000-7000-8000-000001110702' returning 1), d as (delete from production.machine_capabilities where machine_id = '00000000-0000-7000-8000-000001110702' returning 1),
  e as (delete from production.machine_windows returning 1), f as (update production.work_orders set priority = 9 returning 1), g as (delete from production.machine_capabilities where machine_id = '00000000-0000-7000-8000-000001110701' returning 1)
select (select count(*) from a) = 2, (select count(*) from c) = 0, (select count(*) from d) = 0, (select count(*) from e) = 2, (select count(*) from f) = 1, (select count(*) from g) = 2;
set local role hc_owner;
select core.act_as(pg_temp.id(1, 2));
set local role hc_member;
with c as (update production.machine_capabilities set tolerance_mm = 9 where machine_id = '00000000-0000-7000-8000-000001110701' returning 1) select count(*) = 0, (select count(*) = 1 from production.machine_capabilities where machine_id = '00000000-0000-7000-8000-000001110702') from c;
select blueprint.raises($$ select production.ship_to('00000000-0000-7000-8000-000001111002') $$, '55000', 'for shipping'), right(pg_temp.seen(), 10) = '1111111111';
set local role hc_owner;
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm) select '00000000-0000-7000-8000-000001110701', id, '{1,1,1}', 0.1 from core.terms where path::text = 'process';
set local role hc_member;
with c as (update production.machine_capabilities set tolerance_mm = 9 where machine_id = '00000000-0000-7000-8000-000001110701' returning 1), d as (delete from production.machine_capabilities where machine_id = '00000000-0000-7000-8000-000001110701' returning 1) select (select count(*) from c) = 0, (select count(*) from d) = 0;
set local role hc_owner;
select core.act_as(pg_temp.id(2, 1));
set local role hc_member;
select pg_temp.seen() = '00100111000000111';
set local role hc_finance;
select array_agg(n) = '{2,2}' from (select count(*) as n from production.orders where number like 'PROBE-0111-_' union all select count(*) from production.quotes where id::text like '%00000111110_') x;
set local role hc_auditor;
select pg_temp.seen() ~ '^2[2-9][1-9]+$' and length(pg_temp.seen()) = 17;
set local role hc_owner;
update production.projects set status = 'funded' where slug = 'probe-0111-1';
set local role hc_anon;
select count(*) = 1 from production.projects where slug like 'probe-0111-_';
set local role hc_owner;
select t, c, p, has_column_privilege('hc_member', 'production.' || t, c, p), p <> 'select' or has_column_privilege('hc_auditor', 'production.' || t, c, p) from (values
  ('machines', 'select', 'id,microfactory_id,serial,model,kind,status,hourly_rate_usd,power_w,ideal_rate_per_h,settings,metadata,created_at,updated_at'), ('orders', 'select', 'id,number,customer_id,microfactory_id,project_id,status,currency,total_usd,setup_usd,fee_usd,due_on,promised_on,requirements,metadata,created_at,updated_at'),
  ('materials', 'select', 'id,sku,term_id,name,unit,unit_cost_usd,reorder_point,lead_time_days,density_g_cm3,recycled_share,created_at,updated_at'), ('machines', 'insert', 'microfactory_id,serial,model,kind,hourly_rate_usd,power_w,ideal_rate_per_h,settings'),
  ('machines', 'update', 'model,kind,status,hourly_rate_usd,power_w,ideal_rate_per_h,settings'), ('machine_windows', 'insert', 'machine_id,kind,during'), ('work_orders', 'update', 'machine_id,planned,priority,instructions,assigned_to'),
  ('quality_checks', 'insert', 'run_id,inspector_id,stage,sample_no,characteristic,nominal,lower_limit,upper_limit,measured,gauge,evidence_asset_id'), ('stock_lots', 'insert', 'microfactory_id,material_id,lot_code,received_on,expires_on,certificate_asset_id,origin'), ('stock_movements', 'insert', 'lot_id,kind,quantity,run_id,order_id,reason')) v(t, p, cols), unnest(string_to_array(cols, ',')) c;
select has_function_privilege('hc_anon', 'production.public_machines()', 'execute') and not has_function_privilege('hc_analyst', 'production.public_machines()', 'execute'), has_function_privilege('hc_member', 'production.ship_to(uuid)', 'execute') and not has_function_privilege('hc_anon', 'production.ship_to(uuid)', 'execute'),
  (select bool_and(prosecdef) from pg_proc where oid in ('production.public_machines()'::regprocedure, 'production.ship_to(uuid)'::regprocedure));

-- task: BUILD_0112 implement_feature
-- title: Match machines to a design version and material
-- does: production.find_machines() checks each machine of active factories against a version: process, material and what is above it in the tree, the bounding box in any order of axes, tolerance
--   and smallest feature, an open window; it scores what fits by distance, price, load and rating. explain: also what does not fit, and why.
-- proves: a part of 300 mm excludes the printer of 250 mm by its envelope, 100 x 20 x 300 fits 310 x 120 x 30 when turned, the nearer of two equal machines comes first.
-- needs: BUILD_0074, BUILD_0075, BUILD_0107, BUILD_0111, BUILD_0737
create function production.fits(part numeric[], envelope numeric[]) returns boolean
  language sql immutable parallel safe
  return (select bool_and(p <= e) from unnest(array(select x from unnest(part) x order by 1 desc), array(select y from unnest(envelope) y order by 1 desc)) u(p, e));

create function production.find_machines(version uuid, material extensions.ltree default null, quantity int default 1, near_lat numeric default null, near_lon numeric default null, max_hits int default 20, explain boolean default false)
  returns table (machine_id uuid, microfactory_id uuid, km numeric, hours numeric, score numeric, reasons text[])
  language sql stable security definer
begin atomic
  with wanted as (
    select array(select x::numeric from jsonb_array_elements_text(s.derived -> 'bbox_mm') x) as part, (s.derived ->> 'min_feature_mm')::numeric as feature, (s.params ->> 'clearance_mm')::numeric as clearance, s.params ->> 'process' as process
    from design.hinge_specs s where s.version_id = version and design.sees_version(version)
  ), judged as (
    select m.id, m.microfactory_id, m.hourly_rate_usd, m.ideal_rate_per_h, f.rating, core.distance_km(near_lat, near_lon, f.latitude, f.longitude) as km,
      coalesce((select l.load from production.factory_load l where l.microfactory_id = f.id), 0) as load,
      array_remove(array[
        case when w.process is not null and not extensions.ltree2text(t.path) ~ ('(^|\.)' || w.process || '(\.|$)') then 'process' end,
        case when material is not null and not c.materials operator(extensions.@>) material then 'material' end,
        case when not production.fits(w.part, c.envelope_mm) then 'envelope' end,
        case when c.tolerance_mm > w.clearance then 'tolerance' end,
        case when c.min_feature_mm > w.feature then 'min_feature' end,
        case when m.status not in ('available', 'busy') then 'machine ' || m.status end,
        case when not exists (select from production.machine_windows o where o.machine_id = m.id and o.kind = 'open' and upper(o.during) > now()) then 'no window' end], null) as reasons
    from wanted w, production.machine_capabilities c join production.machines m on m.id = c.machine_id join core.microfactories f on f.id = m.microfactory_id join core.terms t on t.id = c.process_term_id
    where f.status = 'active' and c.during @> now()
  ), best as (
    select distinct on (j.id) j.* from judged j order by j.id, cardinality(j.reasons)
  )
  select b.id, b.microfactory_id, b.km, round(quantity / b.ideal_rate_per_h, 2),
    case when b.reasons = '{}' then round(0.4 / (1 + coalesce(b.km, 0) / 100) + 0.3 / (1 + b.hourly_rate_usd / 50) + 0.15 * (1 - least(b.load, 1)) + 0.15 * coalesce(b.rating, 3) / 5, 4) end, b.reasons
  from best b where b.reasons = '{}' or explain order by 5 desc nulls last, b.id limit greatest(least(max_hits, 100), 1);
end;

grant execute on function production.find_machines to hc_member;

comment on function production.fits is 'Whether a part of these three measures fits into an envelope, turned by right angles.';
comment on function production.find_machines is 'Machines of active factories that can make a version one sees, best first; explain adds the others with reasons (process, material, envelope, tolerance, min_feature, machine ..., no window). Security definer: customers read no machines.';

-- verify
select production.fits('{100,20,300}', '{310,120,30}'), not production.fits('{100,40,300}', '{310,120,30}');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000112001', 'ada-0112'), ('00000000-0000-7000-8000-000000112002', 'bob-0112');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000112003', '00000000-0000-7000-8000-000000112001', 'probe-0112', 'Probe');
insert into core.terms (id, path, kind, labels) values ('00000000-0000-7000-8000-000000112004', 'process.probe0112', 'process', '{"en": "Probe"}'), ('00000000-0000-7000-8000-000000112005', 'process.probe0112.cnc', 'process', '{"en": "Probe"}'), ('00000000-0000-7000-8000-000000112006', 'process.probe0112.sls', 'process', '{"en": "Probe"}');
insert into design.versions (id, design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000112007', '00000000-0000-7000-8000-000000112003', 1, sha256('112'), '00000000-0000-7000-8000-000000112001');
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000112007', 'butt', '{"leaf_length_mm": 300, "leaf_width_mm": 45, "leaf_thickness_mm": 2, "pin_mm": 6, "knuckle_mm": 10, "knuckles": 3, "load_n": 300, "material": "brass", "process": "cnc", "clearance_mm": 0.1}');
insert into core.microfactories (id, operator_id, slug, name, status, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes)
select ('00000000-0000-7000-8000-00000011201' || n)::uuid, '00000000-0000-7000-8000-000000112002', 'works-0112-' || n, 'Works', case when n = 3 then 'paused' else 'active' end, 52, 13 + n, 'UTC', '{"mon": [["08:00", "16:00"]]}', 'works-0112@example.org', '{process}' from generate_series(1, 3) n;
insert into production.machines (id, microfactory_id, serial, model, kind, status, hourly_rate_usd, ideal_rate_per_h) select ('00000000-0000-7000-8000-00000011202' || n)::uuid, ('00000000-0000-7000-8000-00000011201' || f)::uuid, 'S-' || n, 'M', 'mill', status, 30, 4
from (values (1, 2, 'available'), (2, 1, 'available'), (3, 1, 'available'), (4, 1, 'down'), (5, 1, 'available'), (6, 3, 'available'), (7, 1, 'available'), (8, 1, 'available')) v(n, f, status);
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm, min_feature_mm, materials) select ('00000000-0000-7000-8000-00000011202' || n)::uuid, ('00000000-0000-7000-8000-00000011200' || p)::uuid, envelope::numeric[], tolerance, feature, '{material.metal}'
from (values (1, 5, '{310,120,30}', 0.05, 0.5), (2, 5, '{310,120,30}', 0.05, 0.5), (3, 5, '{250,250,250}', 0.05, 0.5), (4, 5, '{310,120,30}', 0.05, 0.5), (5, 6, '{310,120,30}', 0.05, 0.5), (6, 5, '{310,120,30}', 0.05, 0.5), (7, 5, '{310,120,30}', 0.2, 3), (8, 5, '{310,120,30}', 0.05, 0.5)) v(n, p, envelope, tolerance, feature);
insert into production.machine_windows (machine_id, during) select ('00000000-0000-7000-8000-00000011202' || n)::uuid, tstzrange(now(), now() + interval '1 day') from generate_series(1, 7) n;
select core.act_as('00000000-0000-7000-8000-000000112001');
set local role hc_member;
select array_agg(right(machine_id::text, 1)) = '{2,1}', bool_and(reasons = '{}' and score > 0 and hours = 2.5) from production.find_machines('00000000-0000-7000-8000-000000112007', 'material.metal.brass', 10, 52, 14) where machine_id::text like '%11202_';
select array_agg(right(machine_id::text, 1) || ' ' || array_to_string(reasons, '+') order by machine_id) = '{"3 envelope","4 machine down","5 process","7 tolerance+min_feature","8 no window"}' from production.find_machines('00000000-0000-7000-8000-000000112007', 'material.metal.brass', 1, 52, 14, 100, true) where machine_id::text like '%11202_' and score is null;
select bool_and(reasons @> '{material}') from production.find_machines('00000000-0000-7000-8000-000000112007', 'material.polymer', 1, 52, 14, 100, true) where machine_id::text like '%11202_';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000112002');
set local role hc_member;
select count(*) = 0 from production.find_machines('00000000-0000-7000-8000-000000112007', explain => true);
set local role hc_owner;
select has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['production.find_machines(uuid, extensions.ltree, int, numeric, numeric, int, boolean)']) f join pg_proc on oid = f::regprocedure;
select not has_function_privilege('hc_member', 'production.fits(numeric[], numeric[])', 'execute');

-- task: BUILD_0113 implement_feature critical
-- title: Schedule machines: earliest slot search and held bookings that expire
-- does: production.find_slot() takes windows less maintenance less bookings as multiranges and gives the earliest slot; hold() books it for a while inside open hours, confirm() and release()
--   settle it, reschedule() moves the holds of a work order to the next slots. Holds that ran out count for nothing and make room.
-- proves: with 8 to 12 booked of 8 to 16 a job of 3 hours gets 12 to 15, a hold outside open hours raises, a second hold of the slot raises 23P01, an expired one makes room, strangers are refused.
-- needs: BUILD_0005, BUILD_0105, BUILD_0109, BUILD_0111
create function production.free_time(machine uuid, at timestamptz default now()) returns tstzmultirange
  language sql stable security definer
begin atomic
  select coalesce((select range_agg(w.during) from production.machine_windows w where w.machine_id = machine and w.kind = 'open' and upper(w.during) > at), '{}')
    - coalesce((select range_agg(w.during) from production.machine_windows w where w.machine_id = machine and w.kind = 'maintenance'), '{}')
    - coalesce((select range_agg(b.during) from production.bookings b where b.machine_id = machine and (b.status = 'confirmed' or (b.status = 'held' and (b.expires_at is null or b.expires_at > clock_timestamp())))), '{}');
end;

create function production.find_slot(machine uuid, duration interval, after timestamptz default now()) returns tstzrange
  language sql stable
begin atomic
  select tstzrange(s.starts, s.starts + duration) from unnest(production.free_time(machine, after)) r(free), lateral (select greatest(lower(r.free), after) as starts) s
  where s.starts + duration <= upper(r.free) order by s.starts limit 1;
end;

create function production.hold(machine uuid, work_order uuid, during tstzrange, ttl interval default '1 hour') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  perform production.require_floor((select m.microfactory_id from production.machines m where m.id = machine));
  if isempty(during) or not coalesce((select range_agg(w.during) from production.machine_windows w where w.machine_id = machine and w.kind = 'open'), '{}')
      - coalesce((select range_agg(w.during) from production.machine_windows w where w.machine_id = machine and w.kind = 'maintenance'), '{}') @> during then
    raise exception using errcode = '22023', message = 'this is outside the open hours of the machine', hint = 'production.find_slot() gives the earliest slot.';
  elsif ttl <= interval '0' or ttl > interval '7 days' then
    raise exception using errcode = '22023', message = 'a hold lasts up to 7 days';
  end if;
  update production.bookings b set status = 'released' where b.machine_id = machine and b.status = 'held' and b.expires_at <= clock_timestamp() and b.during && hold.during;
  insert into production.bookings (machine_id, work_order_id, during, expires_at) values (machine, work_order, hold.during, clock_timestamp() + ttl) returning id into made;
  return made;
end $$;

create function production.confirm(booking uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform production.require_floor((select m.microfactory_id from production.bookings b join production.machines m on m.id = b.machine_id where b.id = booking));
  update production.bookings b set status = 'confirmed', expires_at = null where b.id = booking and b.status = 'held' and (b.expires_at is null or b.expires_at > clock_timestamp());
  if not found then
    raise exception using errcode = '55000', message = 'this hold ran out or is settled';
  end if;
end $$;

create function production.release(booking uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform production.require_floor((select m.microfactory_id from production.bookings b join production.machines m on m.id = b.machine_id where b.id = booking));
  update production.bookings b set status = 'released' where b.id = booking;
end $$;

create function production.reschedule(work_order uuid, after timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  old production.bookings;
  place timestamptz := after;
  slot tstzrange;
  moved int := 0;
begin
  for old in select * from production.bookings b where b.work_order_id = work_order and b.status = 'held' and lower(b.during) >= now() order by b.during for update loop
    perform production.require_floor((select m.microfactory_id from production.machines m where m.id = old.machine_id));
    update production.bookings b set status = 'released' where b.id = old.id;
    slot := production.find_slot(old.machine_id, upper(old.during) - lower(old.during), place);
    if slot is null then
      raise exception using errcode = '55000', message = 'there is no room in the open hours of the machine';
    end if;
    perform production.hold(old.machine_id, work_order, slot, greatest(old.expires_at - clock_timestamp(), interval '1 minute'));
    place := upper(slot);
    moved := moved + 1;
  end loop;
  return moved;
end $$;

grant execute on function production.free_time, production.find_slot to hc_member;
grant execute on function production.hold, production.confirm, production.release, production.reschedule to hc_member;

comment on function production.free_time is 'Open windows of a machine that end after an instant, less maintenance and live bookings. Security definer: customers read no calendars.';
comment on function production.find_slot is 'Earliest slot of a duration in the free time of a machine, null when there is none.';
comment on function production.hold is 'Holds a machine for a work order inside its open hours, for up to 7 days; 23P01 when somebody else has it. Security definer: bookings are written by functions only.';
comment on function production.confirm is 'Turns a live hold into a booking. Security definer: bookings are written by functions only.';
comment on function production.release is 'Gives a booking up. Security definer: bookings are written by functions only.';
comment on function production.reschedule is 'Moves the coming holds of a work order to the earliest slots after an instant, in their order; returns how many. Security definer: bookings are written by functions only.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000113001', 'ada-0113'), ('00000000-0000-7000-8000-000000113002', 'bob-0113');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000113003', '00000000-0000-7000-8000-000000113001', 'probe-0113', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000113004', '00000000-0000-7000-8000-000000113003', 1, sha256('113'), '00000000-0000-7000-8000-000000113001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000113005', '00000000-0000-7000-8000-000000113001', 'works-0113', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000113006', '00000000-0000-7000-8000-000000113005', 'S-1', 'M', 'mill');
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000113007', '00000000-0000-7000-8000-000000113002');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000113007', 1, '00000000-0000-7000-8000-000000113004', 1);
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000113008', '00000000-0000-7000-8000-000000113007', 1, 1);
insert into production.machine_windows (machine_id, during, kind) values ('00000000-0000-7000-8000-000000113006', '[2999-01-05 08:00+00,2999-01-05 16:00+00)', 'open'), ('00000000-0000-7000-8000-000000113006', '[2999-01-06 08:00+00,2999-01-06 16:00+00)', 'open'), ('00000000-0000-7000-8000-000000113006', '[2999-01-06 08:00+00,2999-01-06 09:00+00)', 'maintenance');
select core.act_as('00000000-0000-7000-8000-000000113001');
set local role hc_member;
select set_config('probe.first', production.hold('00000000-0000-7000-8000-000000113006', '00000000-0000-7000-8000-000000113008', '[2999-01-05 08:00+00,2999-01-05 12:00+00)')::text, true) is not null;
select production.find_slot('00000000-0000-7000-8000-000000113006', '3 hours') = '[2999-01-05 12:00+00,2999-01-05 15:00+00)', production.find_slot('00000000-0000-7000-8000-000000113006', '5 hours') = '[2999-01-06 09:00+00,2999-01-06 14:00+00)', production.find_slot('00000000-0000-7000-8000-000000113006', '9 hours') is null,
  production.find_slot('00000000-0000-7000-8000-000000113006', '1 hour', '2999-01-05 13:30+00') = '[2999-01-05 13:30+00,2999-01-05 14:30+00)';
select why, blueprint.raises(format($$ select production.hold('00000000-0000-7000-8000-000000113006', null, %s) $$, args), state, why) from (values
  ($$ '[2999-01-05 11:00+00,2999-01-05 13:00+00)' $$, '23P01', 'bookings_machine_id_during_excl'), ($$ '[2999-01-05 15:00+00,2999-01-05 17:00+00)' $$, '22023', 'open hours'), ($$ '[2999-01-06 08:00+00,2999-01-06 10:00+00)' $$, '22023', 'open hours'),
  ($$ '[2999-01-05 12:00+00,2999-01-05 13:00+00)', '8 days' $$, '22023', '7 days')) v(args, state, why);
select production.confirm(current_setting('probe.first')::uuid);
select status = 'confirmed' and expires_at is null, blueprint.raises(format('select production.confirm(%L)', current_setting('probe.first')), '55000', 'settled') from production.bookings where id::text = current_setting('probe.first');
select set_config('probe.second', production.hold('00000000-0000-7000-8000-000000113006', '00000000-0000-7000-8000-000000113008', '[2999-01-05 14:00+00,2999-01-05 16:00+00)')::text, true) is not null;
select production.reschedule('00000000-0000-7000-8000-000000113008') = 1;
select count(*) = 1 and bool_and(during = '[2999-01-05 12:00+00,2999-01-05 14:00+00)' and expires_at > now()) from production.bookings where work_order_id = '00000000-0000-7000-8000-000000113008' and status = 'held';
set local role hc_owner;
update production.bookings set expires_at = now() - interval '1 minute' where work_order_id = '00000000-0000-7000-8000-000000113008' and status = 'held';
set local role hc_member;
select production.find_slot('00000000-0000-7000-8000-000000113006', '1 hour') = '[2999-01-05 12:00+00,2999-01-05 13:00+00)', production.hold('00000000-0000-7000-8000-000000113006', null, '[2999-01-05 12:00+00,2999-01-05 13:00+00)') is not null;
select count(*) filter (where status = 'released') = 2 from production.bookings where work_order_id = '00000000-0000-7000-8000-000000113008';
select production.release(current_setting('probe.first')::uuid);
select production.find_slot('00000000-0000-7000-8000-000000113006', '4 hours') = '[2999-01-05 08:00+00,2999-01-05 12:00+00)';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000113002');
set local role hc_member;
select sql, blueprint.raises(sql, '42501', 'people of the factory') from (values ($$ select production.hold('00000000-0000-7000-8000-000000113006', null, '[2999-01-05 09:00+00,2999-01-05 10:00+00)') $$), (format('select production.confirm(%L)', current_setting('probe.first'))), (format('select production.release(%L)', current_setting('probe.first')))) v(sql);
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef = (f not like '%find_slot%')
from unnest(array['production.free_time(uuid, timestamptz)', 'production.find_slot(uuid, interval, timestamptz)', 'production.hold(uuid, uuid, tstzrange, interval)', 'production.confirm(uuid)', 'production.release(uuid)', 'production.reschedule(uuid, timestamptz)']) f join pg_proc on oid = f::regprocedure;
