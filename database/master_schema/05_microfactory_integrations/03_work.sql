-- Room production, work: from an order to finished pieces, what the floor and the customer see of it, and who sees which rows.

-- task: BUILD_0105 create_functions critical
-- title: Order and work functions: submit_order, plan_work, start_run, finish_run
-- does: submit_order() takes released versions the customer may see, with overrides inside their family's schema, under the next number; plan_work() makes a work order per item and
--   step; start_run() and finish_run() open and close a run for the factory's people. Statuses, counts and machines follow by triggers.
-- proves: an unreleased version and a bad override raise, planning twice is idempotent, three good and one scrap show as 3/1 and close the range, strangers are refused,
--   the order is ready when its work is done.
-- needs: BUILD_0005, BUILD_0058, BUILD_0072, BUILD_0104, BUILD_0106, BUILD_0681, BUILD_0757
create function production.my_factories() returns uuid[]
  language sql stable security definer
begin atomic
  select coalesce(array_agg(f.id), '{}') from core.microfactories f
  where f.operator_id = core.current_user_id() or exists (
    select from identity.user_roles r where r.user_id = core.current_user_id() and r.scope_kind = 'microfactory' and r.scope_id = f.id and r.role_code = 'operator' and r.during @> now());
end;

create function production.require_floor(factory uuid) returns void
  language plpgsql stable set search_path = ''
as $$
begin
  if factory is null or not (factory = any (production.my_factories()) or core.has_role('hc_admin')) then
    raise exception using errcode = '42501', message = 'this is for the people of the factory';
  end if;
end $$;

create function production.order_number() returns text
  language sql
  return core.next_number('order');

create function production.submit_order(request jsonb) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  item record;
  problem text;
  made uuid;
begin
  if me is null then
    raise exception using errcode = '42501', message = 'orders are made by people who are signed in';
  elsif jsonb_typeof(request -> 'items') is distinct from 'array' or request -> 'items' = '[]' then
    raise exception using errcode = '22023', message = 'an order has items: [{"version_id": ..., "quantity": ...}]';
  end if;
  insert into production.orders (customer_id, project_id, due_on, requirements)
  values (me, (request ->> 'project_id')::uuid, (request ->> 'due_on')::date, coalesce(request -> 'requirements', '{}')) returning id into made;
  for item in
    select i.ordinality as line_no, (i.value ->> 'version_id')::uuid as version_id, (i.value ->> 'quantity')::int as quantity, coalesce(i.value -> 'overrides', '{}') as overrides,
      (i.value ->> 'material_term_id')::uuid as material_term_id, v.id is not null as is_released, s.family, s.schema_version, s.params
    from jsonb_array_elements(request -> 'items') with ordinality i
    left join core.designs d on d.deleted_at is null and (d.owner_id = me or d.visibility in ('public', 'community') or d.id = any (core.linked_designs()) or d.id = any (core.joined_designs()))
      and d.id = (select x.design_id from design.versions x where x.id = (i.value ->> 'version_id')::uuid)
    left join design.versions v on v.id = (i.value ->> 'version_id')::uuid and v.design_id = d.id and v.released_at is not null and v.yanked_at is null
    left join design.hinge_specs s on s.version_id = v.id
    order by i.ordinality
  loop
    if not item.is_released then
      raise exception using errcode = '22023', message = format('line %s: only released versions can be ordered', item.line_no);
    elsif item.overrides <> '{}' then
      select string_agg(f.json_path || ': ' || f.message, '; ') into problem from design.validate_spec(item.family, item.schema_version, item.params || item.overrides) f;
      if item.family is null or problem is not null then
        raise exception using errcode = '22023', message = format('line %s: %s', item.line_no, coalesce(problem, 'this version has no parameters'));
      end if;
    end if;
    insert into production.order_items (order_id, line_no, version_id, spec_overrides, material_term_id, quantity)
    values (made, item.line_no, item.version_id, item.overrides, item.material_term_id, item.quantity);
  end loop;
  update production.orders o set number = production.order_number(), status = 'submitted' where o.id = made;  -- the number last: its counter is locked from here on
  return made;
end $$;

create function production.plan_work("order" uuid) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  planned production.orders;
  made int;
begin
  select * into planned from production.orders o where o.id = "order" for update;
  perform production.require_floor(planned.microfactory_id);
  if planned.status not in ('accepted', 'in_production') then
    raise exception using errcode = '55000', message = format('an order is planned once it is accepted, this one is %s', planned.status);
  end if;
  insert into production.work_orders (order_id, line_no, sequence, process_term_id, quantity_planned)
  select i.order_id, i.line_no, s.sequence, t.id, i.quantity
  from production.order_items i
  cross join lateral jsonb_array_elements_text(coalesce(nullif(planned.requirements -> 'steps', '[]'), nullif((select to_jsonb(f.accepted_processes[1:1]::text[]) from core.microfactories f where f.id = planned.microfactory_id), '[]'), '[null]')) with ordinality s(path, sequence)
  left join core.terms t on t.path::text = s.path
  where i.order_id = planned.id
  on conflict on constraint work_orders_order_id_line_no_sequence_key do nothing;
  get diagnostics made = row_count;
  return made;
end $$;

create function production.start_run(work_order uuid, machine uuid, operator uuid default core.current_user_id()) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  work record;
  made uuid;
begin
  select w.id, o.id as order_id, o.status, o.microfactory_id, m.microfactory_id as machine_at into work
  from production.work_orders w join production.orders o on o.id = w.order_id join production.machines m on m.id = machine where w.id = work_order for update of w;
  perform production.require_floor(work.microfactory_id);
  if work.machine_at <> work.microfactory_id then
    raise exception using errcode = '22023', message = 'the machine stands in another factory';
  elsif work.status not in ('accepted', 'in_production') then
    raise exception using errcode = '55000', message = format('nothing runs for an order that is %s', work.status);
  end if;
  insert into production.runs (work_order_id, machine_id, operator_id, during) values (work_order, machine, operator, tstzrange(clock_timestamp(), null)) returning id into made;
  update production.orders o set status = 'in_production' where o.id = work.order_id and o.status = 'accepted';
  return made;
end $$;

create function production.finish_run(run uuid, good int, scrap int default 0, kwh numeric default null, outcome text default 'done') returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  open record;
begin
  select r.id, r.outcome, o.id as order_id, o.microfactory_id into open
  from production.runs r join production.work_orders w on w.id = r.work_order_id join production.orders o on o.id = w.order_id where r.id = run for update of r;
  perform production.require_floor(open.microfactory_id);
  if open.outcome is not null then
    raise exception using errcode = '55000', message = 'this run is finished';
  end if;
  update production.runs r set good_count = good, scrap_count = scrap, energy_kwh = kwh, outcome = finish_run.outcome, during = tstzrange(lower(r.during), greatest(clock_timestamp(), lower(r.during) + interval '1 microsecond')) where r.id = run;
  update production.orders o set status = 'ready' where o.id = open.order_id and o.status = 'in_production'
    and not exists (select from production.work_orders w where w.order_id = o.id and w.status not in ('done', 'scrapped'))
    and not exists (select from production.order_items i where i.order_id = o.id and not exists (select from production.work_orders w where w.order_id = o.id and w.line_no = i.line_no));
end $$;

grant execute on function production.my_factories, production.submit_order, production.plan_work, production.start_run, production.finish_run to hc_member;

comment on function production.my_factories is 'Factories the current person runs or has role operator in. Security definer: asked by policies, about tables they guard.';
comment on function production.require_floor is 'Raises 42501 unless the caller belongs to the factory or administers the platform. For owner functions.';
comment on function production.order_number is 'Next number of series order, without gaps: MO-2026-000123. For owner functions, late in the transaction.';
comment on function production.submit_order is 'Orders {"items": [{"version_id", "quantity", "overrides", "material_term_id"}], "due_on", "project_id", "requirements"} for the current person. Security definer: orders are written by functions only.';
comment on function production.plan_work is 'Work orders per item and step (requirements.steps, else the factory''s first process, else one without); again: only what is missing. Returns how many were made. Security definer: the floor writes work through functions.';
comment on function production.start_run is 'Opens a run of a work order on a machine of the same factory. Security definer: the floor writes runs through functions.';
comment on function production.finish_run is 'Closes a run with its pieces and energy; when all work of the order is done, the order is ready. Security definer: the floor writes runs through functions.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000105001', 'ada-0105'), ('00000000-0000-7000-8000-000000105002', 'bob-0105'), ('00000000-0000-7000-8000-000000105003', 'eve-0105');
insert into core.designs (id, owner_id, slug, title, visibility, licence_spdx) values ('00000000-0000-7000-8000-000000105004', '00000000-0000-7000-8000-000000105003', 'probe-0105', 'Probe', 'public', 'MIT'), ('00000000-0000-7000-8000-000000105005', '00000000-0000-7000-8000-000000105003', 'secret-0105', 'Probe', 'private', 'MIT');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values
  ('00000000-0000-7000-8000-000000105006', '00000000-0000-7000-8000-000000105004', 1, sha256('105'), '00000000-0000-7000-8000-000000105003', 'MIT', now()),
  ('00000000-0000-7000-8000-000000105007', '00000000-0000-7000-8000-000000105004', 2, sha256('105b'), '00000000-0000-7000-8000-000000105003', 'MIT', null),
  ('00000000-0000-7000-8000-000000105008', '00000000-0000-7000-8000-000000105005', 1, sha256('105c'), '00000000-0000-7000-8000-000000105003', 'MIT', now());
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000105006', 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}');
insert into core.microfactories (id, operator_id, slug, name, accepted_processes) values ('00000000-0000-7000-8000-000000105009', '00000000-0000-7000-8000-000000105002', 'works-0105', 'Works', '{process}'), ('00000000-0000-7000-8000-00000010500a', '00000000-0000-7000-8000-000000105003', 'other-0105', 'Other', '{process}');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-00000010500b', '00000000-0000-7000-8000-000000105009', 'S-1', 'M', 'mill', 'available'), ('00000000-0000-7000-8000-00000010500c', '00000000-0000-7000-8000-00000010500a', 'S-1', 'M', 'mill', 'available');
select blueprint.raises($$ select production.submit_order('{"items": [{"version_id": "00000000-0000-7000-8000-000000105006", "quantity": 1}]}') $$, '42501', 'signed in');
select core.act_as('00000000-0000-7000-8000-000000105001');
set local role hc_member;
select sql, blueprint.raises(format('select production.submit_order(%L)', sql), '22023', why) from (values
  ('{"items": []}', 'has items'), ('{"items": [{"version_id": "00000000-0000-7000-8000-000000105007", "quantity": 1}]}', 'line 1: only released'), ('{"items": [{"version_id": "00000000-0000-7000-8000-000000105008", "quantity": 1}]}', 'only released'),
  ('{"items": [{"version_id": "00000000-0000-7000-8000-000000105006", "quantity": 1, "overrides": {"pin_mm": 11}}]}', '$.pin_mm: the pin does not fit')) v(sql, why);
select set_config('probe.order', production.submit_order('{"items": [{"version_id": "00000000-0000-7000-8000-000000105006", "quantity": 4, "overrides": {"pin_mm": 6}}], "requirements": {"steps": ["process", "finish"]}}')::text, true) is not null;
set local role hc_owner;
select o.status = 'submitted' and o.number ~ '^MO-\d{4}-\d{6}$' and i.quantity = 4 and i.spec_overrides = '{"pin_mm": 6}' and o.customer_id = '00000000-0000-7000-8000-000000105001' from production.orders o join production.order_items i on i.order_id = o.id where o.id::text = current_setting('probe.order');
update production.orders set status = 'quoted' where id::text = current_setting('probe.order');
select core.act_as('00000000-0000-7000-8000-000000105002');
update production.orders set microfactory_id = '00000000-0000-7000-8000-000000105009' where id::text = current_setting('probe.order');
set local role hc_member;
select production.my_factories() = '{00000000-0000-7000-8000-000000105009}', blueprint.raises(format('select production.plan_work(%L)', current_setting('probe.order')), '55000', 'quoted');
set local role hc_owner;
update production.orders set status = 'accepted' where id::text = current_setting('probe.order');
set local role hc_member;
select production.plan_work(current_setting('probe.order')::uuid) = 2, production.plan_work(current_setting('probe.order')::uuid) = 0;
set local role hc_owner;
select count(*) = 2 and bool_and(w.quantity_planned = 4 and w.status = 'planned' and t.path::text = case w.sequence when 1 then 'process' else 'finish' end) from production.work_orders w join core.terms t on t.id = w.process_term_id where order_id::text = current_setting('probe.order');
select set_config('probe.work1', (select id::text from production.work_orders where order_id::text = current_setting('probe.order') and sequence = 1), true) is not null, set_config('probe.work2', (select id::text from production.work_orders where order_id::text = current_setting('probe.order') and sequence = 2), true) is not null;
set local role hc_member;
select blueprint.raises(format('select production.start_run(%L, %L)', current_setting('probe.work1'), '00000000-0000-7000-8000-00000010500c'), '22023', 'another factory');
select set_config('probe.run', production.start_run(current_setting('probe.work1')::uuid, '00000000-0000-7000-8000-00000010500b')::text, true) is not null;
set local role hc_owner;
select status = 'in_production' from production.orders where id::text = current_setting('probe.order');
select upper_inf(during) and operator_id = '00000000-0000-7000-8000-000000105002' from production.runs where id::text = current_setting('probe.run');
select core.act_as('00000000-0000-7000-8000-000000105003');
set local role hc_member;
select sql, blueprint.raises(sql, '42501', 'people of the factory') from (values (format('select production.plan_work(%L)', current_setting('probe.order'))), (format('select production.finish_run(%L, 1)', current_setting('probe.run'))),
  (format('select production.start_run(%L, %L)', current_setting('probe.work1'), '00000000-0000-7000-8000-00000010500c'))) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000105002');
set local role hc_member;
select production.finish_run(current_setting('probe.run')::uuid, 3, 1, 0.5);
select blueprint.raises(format('select production.finish_run(%L, 1)', current_setting('probe.run')), '55000', 'finished');
set local role hc_owner;
select r.good_count = 3 and r.scrap_count = 1 and r.energy_kwh = 0.5 and r.outcome = 'done' and not upper_inf(r.during) and not isempty(r.during) and w.quantity_good = 3 and w.quantity_scrap = 1 and w.status = 'paused' from production.runs r join production.work_orders w on w.id = r.work_order_id where r.id::text = current_setting('probe.run');
set local role hc_member;
select production.finish_run(production.start_run(current_setting('probe.work1')::uuid, '00000000-0000-7000-8000-00000010500b'), 1);
set local role hc_owner;
select status = 'in_production' from production.orders where id::text = current_setting('probe.order');
set local role hc_member;
select production.finish_run(production.start_run(current_setting('probe.work2')::uuid, '00000000-0000-7000-8000-00000010500b'), 4);
set local role hc_owner;
select status = 'ready', blueprint.raises(format('select production.start_run(%L, %L)', current_setting('probe.work2'), '00000000-0000-7000-8000-00000010500b'), '55000', 'ready') from production.orders where id::text = current_setting('probe.order');
insert into identity.user_roles (user_id, role_code, scope_kind, scope_id) values ('00000000-0000-7000-8000-000000105001', 'operator', 'microfactory', '00000000-0000-7000-8000-000000105009');
select core.act_as('00000000-0000-7000-8000-000000105001');
select production.my_factories() = '{00000000-0000-7000-8000-000000105009}';
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef
from unnest(array['production.my_factories()', 'production.submit_order(jsonb)', 'production.plan_work(uuid)', 'production.start_run(uuid, uuid, uuid)', 'production.finish_run(uuid, int, int, numeric, text)']) f join pg_proc on oid = f::regprocedure;
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['production.require_floor(uuid)', 'production.order_number()']) f;

-- task: BUILD_0107 create_views
-- title: Views order_board, machine_oee, stock_position and factory_load
-- does: order_board shows where each open order stands and whether it is late, machine_oee availability x performance x quality per machine and day, stock_position what is there,
--   reserved and to be ordered per material and factory, factory_load booked against open hours of the next 14 days. Each shows what its reader's row security shows.
-- proves: an 8 h window with a 6 h run of 90 good in 100 at a known rate gives the product computed by hand, a material below its reorder point is flagged, an order due
--   yesterday is late, four booked of eight open hours are half.
-- needs: BUILD_0105, BUILD_0106
create view production.order_board with (security_invoker) as
  select o.id, o.number, o.microfactory_id, o.status as stage, now() - o.created_at as age, o.due_on, o.promised_on,
    coalesce(w.planned, 0) as pieces_planned, coalesce(w.good, 0) as pieces_good,
    case when o.status in ('shipped', 'delivered', 'cancelled', 'refunded') then 'none' when o.due_on < current_date then 'late' when o.promised_on > o.due_on or o.due_on < current_date + 3 then 'at risk' else 'none' end as due_risk
  from production.orders o
  left join (select x.order_id, sum(x.quantity_planned) as planned, sum(x.quantity_good) as good from production.work_orders x group by x.order_id) w on w.order_id = o.id
  where o.status <> 'draft';

create view production.machine_oee with (security_invoker) as
  with windows as (
    select w.machine_id, (lower(w.during) at time zone 'UTC')::date as day, sum(extract(epoch from upper(w.during) - lower(w.during))) filter (where w.kind = 'open') as open_s,
      sum(extract(epoch from upper(w.during) - lower(w.during))) filter (where w.kind = 'maintenance') as maintenance_s
    from production.machine_windows w group by 1, 2
  ), ran as (
    select r.machine_id, (lower(r.during) at time zone 'UTC')::date as day, sum(extract(epoch from upper(r.during) - lower(r.during))) as run_s, sum(r.good_count) as good, sum(r.scrap_count) as scrap
    from production.runs r where r.outcome is not null group by 1, 2
  ), factors as (
    select w.machine_id, w.day, r.run_s / nullif(w.open_s - coalesce(w.maintenance_s, 0), 0) as availability, (r.good + r.scrap) / nullif(r.run_s / 3600 * m.ideal_rate_per_h, 0) as performance, r.good::numeric / nullif(r.good + r.scrap, 0) as quality
    from windows w join ran r on r.machine_id = w.machine_id and r.day = w.day join production.machines m on m.id = w.machine_id
  )
  select f.machine_id, f.day, round(f.availability, 4) as availability, round(f.performance, 4) as performance, round(f.quality, 4) as quality, round(f.availability * f.performance * f.quality, 4) as oee from factors f;

create view production.stock_position with (security_invoker) as
  select l.microfactory_id, m.id as material_id, m.sku, m.unit, sum(l.quantity_on_hand) as on_hand, sum(l.quantity_reserved) as reserved, sum(l.quantity_on_hand - l.quantity_reserved) as available,
    sum(l.quantity_on_hand) filter (where l.expires_on < current_date) as expired, sum(l.quantity_on_hand - l.quantity_reserved) < m.reorder_point as is_to_reorder
  from production.stock_lots l join production.materials m on m.id = l.material_id
  group by l.microfactory_id, m.id;

create view production.factory_load with (security_invoker) as
  with horizon as (select tstzrange(now(), now() + interval '14 days') as days),
  open_time as (
    select w.machine_id, sum(extract(epoch from upper(w.during * h.days) - lower(w.during * h.days))) as s from production.machine_windows w, horizon h where w.kind = 'open' and w.during && h.days group by 1
  ), booked as (
    select b.machine_id, sum(extract(epoch from upper(b.during * h.days) - lower(b.during * h.days))) as s from production.bookings b, horizon h
    where b.during && h.days and (b.status = 'confirmed' or (b.status = 'held' and (b.expires_at is null or b.expires_at > now()))) group by 1
  )
  select m.microfactory_id, round(sum(o.s) / 3600, 2) as open_hours, round(coalesce(sum(b.s), 0) / 3600, 2) as booked_hours, round(coalesce(sum(b.s), 0) / nullif(sum(o.s), 0), 4) as load
  from production.machines m join open_time o on o.machine_id = m.id left join booked b on b.machine_id = m.id
  group by m.microfactory_id;

grant select on production.order_board, production.machine_oee, production.stock_position, production.factory_load to hc_member, hc_auditor;

comment on view production.order_board is 'Open and past orders with stage, age, pieces and due risk (late, at risk, none), as far as their reader sees them.';
comment on column production.order_board.id is 'The order.';
comment on column production.order_board.number is 'Its number.';
comment on column production.order_board.microfactory_id is 'Who makes it.';
comment on column production.order_board.stage is 'Status of the order.';
comment on column production.order_board.age is 'Since it was made.';
comment on column production.order_board.due_on is 'When the customer wants it.';
comment on column production.order_board.promised_on is 'When the factory promised it.';
comment on column production.order_board.pieces_planned is 'Pieces of all steps.';
comment on column production.order_board.pieces_good is 'Good ones so far.';
comment on column production.order_board.due_risk is 'late, at risk or none.';
comment on view production.machine_oee is 'Overall equipment effectiveness per machine and UTC day: availability x performance x quality.';
comment on column production.machine_oee.machine_id is 'The machine.';
comment on column production.machine_oee.day is 'UTC day the windows and runs began.';
comment on column production.machine_oee.availability is 'Run time in open time less maintenance.';
comment on column production.machine_oee.performance is 'Pieces made in those of the ideal rate.';
comment on column production.machine_oee.quality is 'Good pieces in all.';
comment on column production.machine_oee.oee is 'Their product.';
comment on view production.stock_position is 'What a factory has of a material.';
comment on column production.stock_position.microfactory_id is 'The factory.';
comment on column production.stock_position.material_id is 'The material.';
comment on column production.stock_position.sku is 'Its article number.';
comment on column production.stock_position.unit is 'Unit of the quantities.';
comment on column production.stock_position.on_hand is 'In all lots.';
comment on column production.stock_position.reserved is 'Promised to work.';
comment on column production.stock_position.available is 'Less what is reserved.';
comment on column production.stock_position.expired is 'In lots past their date.';
comment on column production.stock_position.is_to_reorder is 'Less is available than the reorder point.';
comment on view production.factory_load is 'Booked against open machine hours of the next 14 days; holds that ran out do not count.';
comment on column production.factory_load.microfactory_id is 'The factory.';
comment on column production.factory_load.open_hours is 'Open hours of its machines.';
comment on column production.factory_load.booked_hours is 'Booked hours.';
comment on column production.factory_load.load is 'Share of open hours that is booked.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000107001', 'ada-0107');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000107002', '00000000-0000-7000-8000-000000107001', 'probe-0107', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000107003', '00000000-0000-7000-8000-000000107002', 1, sha256('107'), '00000000-0000-7000-8000-000000107001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000107004', '00000000-0000-7000-8000-000000107001', 'works-0107', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind, status, ideal_rate_per_h) values ('00000000-0000-7000-8000-000000107005', '00000000-0000-7000-8000-000000107004', 'S-1', 'M', 'mill', 'available', 20);
insert into production.machine_windows (machine_id, during) values ('00000000-0000-7000-8000-000000107005', '[2026-01-05 08:00+00,2026-01-05 16:00+00)'), ('00000000-0000-7000-8000-000000107005', tstzrange(now() + interval '1 day', now() + interval '32 hours'));
insert into production.bookings (machine_id, during, status, expires_at) values ('00000000-0000-7000-8000-000000107005', tstzrange(now() + interval '1 day', now() + interval '27 hours'), 'confirmed', null),
  ('00000000-0000-7000-8000-000000107005', tstzrange(now() + interval '27 hours', now() + interval '28 hours'), 'held', now() + interval '5 minutes'), ('00000000-0000-7000-8000-000000107005', tstzrange(now() + interval '28 hours', now() + interval '29 hours'), 'held', now() - interval '5 minutes'),
  ('00000000-0000-7000-8000-000000107005', tstzrange(now() + interval '29 hours', now() + interval '30 hours'), 'released', null);
insert into production.orders (id, customer_id, number, status, due_on, microfactory_id) values ('00000000-0000-7000-8000-000000107006', '00000000-0000-7000-8000-000000107001', 'PROBE-0107', 'accepted', current_date - 1, '00000000-0000-7000-8000-000000107004');
insert into production.order_items (order_id, line_no, version_id, quantity) values ('00000000-0000-7000-8000-000000107006', 1, '00000000-0000-7000-8000-000000107003', 100);
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000107007', '00000000-0000-7000-8000-000000107006', 1, 100);
insert into production.runs (work_order_id, machine_id, during, outcome, good_count, scrap_count) values ('00000000-0000-7000-8000-000000107007', '00000000-0000-7000-8000-000000107005', '[2026-01-05 08:00+00,2026-01-05 14:00+00)', 'done', 90, 10);
select availability = 0.75, performance = 0.8333, quality = 0.9, oee = 0.5625, day = '2026-01-05' from production.machine_oee where machine_id = '00000000-0000-7000-8000-000000107005';
select stage = 'accepted' and due_risk = 'late' and pieces_planned = 100 and pieces_good = 90 and age >= interval '0' from production.order_board where number = 'PROBE-0107';
select open_hours = 8 and booked_hours = 4 and load = 0.5 from production.factory_load where microfactory_id = '00000000-0000-7000-8000-000000107004';
insert into production.materials (id, sku, name, reorder_point) values ('00000000-0000-7000-8000-000000107008', 'PROBE-0107', 'Brass', 10), ('00000000-0000-7000-8000-000000107009', 'PROBE-0107-B', 'Steel', 1);
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) values ('00000000-0000-7000-8000-00000010700a', '00000000-0000-7000-8000-000000107004', '00000000-0000-7000-8000-000000107008', 'L-1'), ('00000000-0000-7000-8000-00000010700b', '00000000-0000-7000-8000-000000107004', '00000000-0000-7000-8000-000000107009', 'L-2');
insert into production.stock_movements (lot_id, kind, quantity) values ('00000000-0000-7000-8000-00000010700a', 'receipt', 12), ('00000000-0000-7000-8000-00000010700b', 'receipt', 12);
update production.stock_lots set quantity_reserved = 4 where id = '00000000-0000-7000-8000-00000010700a';
select sku, on_hand = 12, is_to_reorder = (sku = 'PROBE-0107'), available = case sku when 'PROBE-0107' then 8 else 12 end from production.stock_position where microfactory_id = '00000000-0000-7000-8000-000000107004';
select v, reloptions::text like '%security_invoker%' from unnest(array['order_board', 'machine_oee', 'stock_position', 'factory_load']) v join pg_class on oid = ('production.' || v)::regclass;
select v, role, has_table_privilege(role, 'production.' || v, 'select') = (role <> 'hc_anon')
from unnest(array['order_board', 'machine_oee', 'stock_position', 'factory_load']) v, unnest(array['hc_anon', 'hc_member', 'hc_auditor']) role;

-- task: BUILD_0108 create_jsonb_indexes
-- title: Index machine parameters, order requirements and carrier events JSONB
-- does: production.machines_with(parameters) finds machines by what they have, as five axes and coolant; orders_requiring(requirements) orders that need a certificate or the like;
--   shipments_with_event(code) parcels with a scan, as stuck in customs. Each shows what its caller may see.
-- proves: the one five-axis mill, the parcel in customs and the order that needs a certificate are found, each through its GIN index.
-- needs: BUILD_0005, BUILD_0102
create index machine_capabilities_parameters_idx on production.machine_capabilities using gin (parameters jsonb_path_ops);
create index orders_requirements_idx on production.orders using gin (requirements jsonb_path_ops);
create index shipments_events_idx on production.shipments using gin (events jsonb_path_ops);

comment on index production.machine_capabilities_parameters_idx is 'Machines by what they have (production.machines_with).';
comment on index production.orders_requirements_idx is 'Orders by what they need (production.orders_requiring).';
comment on index production.shipments_events_idx is 'Parcels by a scan (production.shipments_with_event).';

create function production.machines_with(parameters jsonb) returns setof uuid
  language sql stable
begin atomic
  select distinct c.machine_id from production.machine_capabilities c where c.parameters @> machines_with.parameters and c.during @> now();
end;

create function production.orders_requiring(requirements jsonb) returns setof uuid
  language sql stable
begin atomic
  select o.id from production.orders o where o.requirements @> orders_requiring.requirements;
end;

create function production.shipments_with_event(code text) returns setof uuid
  language sql stable
begin atomic
  select s.id from production.shipments s where s.events @> jsonb_build_array(jsonb_build_object('code', code));
end;

grant execute on function production.machines_with to hc_anon, hc_auditor;
grant execute on function production.orders_requiring, production.shipments_with_event to hc_member, hc_auditor;

comment on function production.machines_with is 'Machines that have all the parameters now, as {"axes": 5, "coolant": true}.';
comment on function production.orders_requiring is 'Orders whose requirements contain the given ones, as {"certificate": "3.1"}.';
comment on function production.shipments_with_event is 'Parcels with a scan of this code, as CUSTOMS_HOLD.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000108001', 'ada-0108');
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000108002', '00000000-0000-7000-8000-000000108001', 'works-0108', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind) values ('00000000-0000-7000-8000-000000108003', '00000000-0000-7000-8000-000000108002', 'S-1', 'M', 'mill'), ('00000000-0000-7000-8000-000000108004', '00000000-0000-7000-8000-000000108002', 'S-2', 'M', 'mill');
insert into production.machine_capabilities (machine_id, process_term_id, envelope_mm, tolerance_mm, parameters) select m.id::uuid, t.id, '{300,200,100}', 0.1, m.parameters::jsonb
from core.terms t, (values ('00000000-0000-7000-8000-000000108003', '{"axes": 5, "coolant": true, "probe": 108}'), ('00000000-0000-7000-8000-000000108004', '{"axes": 3, "probe": 108}')) m(id, parameters) where t.path::text = 'process';
insert into production.orders (id, customer_id, requirements) values ('00000000-0000-7000-8000-000000108005', '00000000-0000-7000-8000-000000108001', '{"certificate": "3.1-0108"}');
insert into production.shipments (id, order_id, events) values ('00000000-0000-7000-8000-000000108006', '00000000-0000-7000-8000-000000108005', '[{"code": "CUSTOMS_HOLD_0108"}]');
select array_agg(m) = '{00000000-0000-7000-8000-000000108003}' from production.machines_with('{"axes": 5, "probe": 108}') m;
select array_agg(o) = '{00000000-0000-7000-8000-000000108005}' from production.orders_requiring('{"certificate": "3.1-0108"}') o;
select array_agg(s) = '{00000000-0000-7000-8000-000000108006}' from production.shipments_with_event('CUSTOMS_HOLD_0108') s;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from production.machine_capabilities where parameters @> '{"axes": 5}' $$, 'machine_capabilities_parameters_idx'), ($$ select from production.orders where requirements @> '{"certificate": "3.1"}' $$, 'orders_requirements_idx'),
  ($$ select from production.shipments where events @> '[{"code": "CUSTOMS_HOLD"}]' $$, 'shipments_events_idx')) v(sql, index);
select f, has_function_privilege(role, f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege(closed, f, 'execute')
from (values ('production.machines_with(jsonb)', 'hc_anon', 'hc_analyst'), ('production.orders_requiring(jsonb)', 'hc_member', 'hc_anon'), ('production.shipments_with_event(text)', 'hc_member', 'hc_anon')) v(f, role, closed);
