-- Room production, orders: what an order costs and who may accept it, how it ends early, which lot went where, and how it reaches its customer.

-- task: BUILD_0114 implement_feature critical
-- title: Quotes: transparent price build-up, expiry and single acceptance
-- does: production.make_quote() adds up set-up, machine hours x rate, material mass x price x (1 + scrap), finishing and margin into a breakdown whose parts are the total to the cent;
--   accept_quote() declines the rivals, fixes unit prices (what does not divide goes to the set-up), promises a date and accepts the order, under the order's lock. expire_quotes() ends what ran out.
-- proves: the parts are the total, and the order's total the quote's; accepting declines the other, a second or expired acceptance and a stranger's raise, expiry sends the order back.
-- needs: BUILD_0005, BUILD_0074, BUILD_0105, BUILD_0106, BUILD_0109, BUILD_0111
create function production.make_quote("order" uuid, factory uuid, options jsonb default '{}') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  asked production.orders;
  machine record;
  parts jsonb;
  lines jsonb;
  before_margin numeric;
  made uuid;
begin
  perform production.require_floor(factory);
  select * into asked from production.orders o where o.id = "order" for update;
  if asked.status is null or asked.status not in ('submitted', 'quoted') then
    raise exception using errcode = '55000', message = 'only submitted orders are quoted';
  end if;
  select m.hourly_rate_usd as rate, m.ideal_rate_per_h as per_hour into machine from production.machines m
  where m.microfactory_id = factory and m.status in ('available', 'busy') and m.ideal_rate_per_h > 0 and (not options ? 'machine_id' or m.id = (options ->> 'machine_id')::uuid) order by m.hourly_rate_usd / m.ideal_rate_per_h, m.id limit 1;
  if machine is null then
    raise exception using errcode = '55000', message = 'the factory has no machine with a rate per hour that could make this';
  end if;
  select jsonb_agg(jsonb_build_object('line_no', i.line_no, 'machining_usd', round(i.quantity / machine.per_hour * machine.rate, 2),
      'material_usd', round(i.quantity * coalesce((s.derived ->> 'mass_g')::numeric, 0) / 1000 * coalesce(x.price, 0) * (1 + coalesce((options ->> 'scrap')::numeric, 0.05)), 2),
      'finishing_usd', round(i.quantity * coalesce((options ->> 'finishing_usd')::numeric, 0), 2)) order by i.line_no)
  into lines
  from production.order_items i left join design.hinge_specs s on s.version_id = i.version_id
  left join lateral (select min(m.unit_cost_usd) as price from production.materials m where m.term_id = i.material_term_id and m.unit = 'kg') x on true
  where i.order_id = asked.id;
  select jsonb_build_object('setup_usd', round(coalesce((options ->> 'setup_usd')::numeric, 10), 2), 'machining_usd', sum((l ->> 'machining_usd')::numeric), 'material_usd', sum((l ->> 'material_usd')::numeric), 'finishing_usd', sum((l ->> 'finishing_usd')::numeric))
  into parts from jsonb_array_elements(lines) l;
  select sum(p.value::text::numeric) into before_margin from jsonb_each(parts) p;
  parts := parts || jsonb_build_object('margin_usd', round(before_margin * coalesce((options ->> 'margin')::numeric, 0.15), 2));
  insert into production.quotes (order_id, microfactory_id, setup_usd, total_usd, lead_time_days, valid_until, breakdown)
  select asked.id, factory, (parts ->> 'setup_usd')::numeric, sum(p.value::text::numeric), coalesce((options ->> 'lead_time_days')::int, 14), now() + make_interval(days => coalesce((options ->> 'valid_days')::int, 14)), jsonb_build_object('parts', parts, 'lines', lines) from jsonb_each(parts) p
  returning id into made;
  update production.orders o set status = 'quoted' where o.id = asked.id and o.status = 'submitted';
  return made;
end $$;

create function production.accept_quote(quote uuid) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  taken production.quotes;
  ordered production.orders;
  costs numeric;
  priced numeric;
  total numeric;
begin
  select o.* into ordered from production.orders o where o.id = (select q.order_id from production.quotes q where q.id = quote) for update;  -- acceptances of one order go one by one
  select * into taken from production.quotes q where q.id = quote for update;
  if ordered.customer_id is null or ordered.customer_id is distinct from core.current_user_id() then
    raise exception using errcode = '42501', message = 'customers accept quotes for their orders';
  elsif ordered.status <> 'quoted' or taken.status <> 'offered' then
    raise exception using errcode = '55000', message = format('this quote is %s, the order %s', taken.status, ordered.status);
  elsif taken.valid_until <= now() then
    raise exception using errcode = '55000', message = 'this quote expired';
  end if;
  update production.quotes q set status = 'declined' where q.order_id = ordered.id and q.id <> quote and q.status = 'offered';
  update production.quotes q set status = 'accepted' where q.id = quote;
  select sum((l ->> 'machining_usd')::numeric + (l ->> 'material_usd')::numeric + (l ->> 'finishing_usd')::numeric) into costs from jsonb_array_elements(taken.breakdown -> 'lines') l;
  select sum(i.quantity * trunc((taken.total_usd - taken.setup_usd) * p.share / i.quantity, 2)) into priced
  from production.order_items i, lateral (select case when costs > 0 then ((l ->> 'machining_usd')::numeric + (l ->> 'material_usd')::numeric + (l ->> 'finishing_usd')::numeric) / costs else 0 end as share from jsonb_array_elements(taken.breakdown -> 'lines') l where (l ->> 'line_no')::int = i.line_no) p
  where i.order_id = ordered.id;
  update production.orders o set microfactory_id = taken.microfactory_id, setup_usd = taken.total_usd - coalesce(priced, 0), total_usd = taken.total_usd, promised_on = current_date + taken.lead_time_days, status = 'accepted' where o.id = ordered.id;
  update production.order_items i set unit_price_usd = trunc((taken.total_usd - taken.setup_usd) * p.share / i.quantity, 2)
  from (select (l ->> 'line_no')::int as line_no, case when costs > 0 then ((l ->> 'machining_usd')::numeric + (l ->> 'material_usd')::numeric + (l ->> 'finishing_usd')::numeric) / costs else 0 end as share from jsonb_array_elements(taken.breakdown -> 'lines') l) p
  where i.order_id = ordered.id and p.line_no = i.line_no;
  select o.total_usd into total from production.orders o where o.id = ordered.id;
  return total;
end $$;

create function production.expire_quotes(at timestamptz default now()) returns int
  language sql security definer
begin atomic
  with expired as (
    update production.quotes q set status = 'expired' where q.status = 'offered' and q.valid_until <= at returning q.order_id, q.id
  ), returned as (
    update production.orders o set status = 'submitted'
    where o.status = 'quoted' and o.id in (select e.order_id from expired e) and not exists (select from production.quotes q where q.order_id = o.id and q.status = 'offered' and q.valid_until > at) returning 1
  )
  select (count(*) + 0 * (select count(*) from returned))::int from expired;
end;

grant execute on function production.make_quote, production.accept_quote to hc_member;
grant execute on function production.expire_quotes to hc_worker;

comment on function production.make_quote is 'Quotes an order for a factory; options: setup_usd (10), scrap (0.05), finishing_usd a piece (0), margin (0.15), valid_days (14), lead_time_days (14), machine_id (else the cheapest a piece). Security definer: quotes are written by functions only.';
comment on function production.accept_quote is 'Accepts a live quote for an own order and returns its total. Security definer: orders and quotes are written by functions only.';
comment on function production.expire_quotes is 'Ends quotes that ran out and returns how many; orders left without a live one are submitted again. For the worker. Security definer: it writes no table itself.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000114001', 'ada-0114'), ('00000000-0000-7000-8000-000000114002', 'bob-0114');
insert into core.designs (id, owner_id, slug, title, visibility, licence_spdx) values ('00000000-0000-7000-8000-000000114003', '00000000-0000-7000-8000-000000114001', 'probe-0114', 'Probe', 'public', 'MIT');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000114004', '00000000-0000-7000-8000-000000114003', 1, sha256('114'), '00000000-0000-7000-8000-000000114001', 'MIT', now());
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000114004', 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}');
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000114005', '00000000-0000-7000-8000-000000114001', 'works-0114', 'Works');
insert into production.machines (microfactory_id, serial, model, kind, status, hourly_rate_usd, ideal_rate_per_h) values ('00000000-0000-7000-8000-000000114005', 'S-1', 'M', 'mill', 'available', 30, 7);
insert into core.terms (id, path, kind, labels) values ('00000000-0000-7000-8000-000000114006', 'material.probe0114', 'material', '{"en": "Brass"}');
insert into production.materials (sku, name, term_id, unit_cost_usd) values ('PROBE-0114', 'Brass', '00000000-0000-7000-8000-000000114006', 8);
select core.act_as('00000000-0000-7000-8000-000000114002');
set local role hc_member;
select set_config('probe.order', production.submit_order('{"items": [{"version_id": "00000000-0000-7000-8000-000000114004", "quantity": 7, "material_term_id": "00000000-0000-7000-8000-000000114006"}, {"version_id": "00000000-0000-7000-8000-000000114004", "quantity": 3}]}')::text, true) is not null;
select blueprint.raises(format('select production.make_quote(%L, %L)', current_setting('probe.order'), '00000000-0000-7000-8000-000000114005'), '42501', 'people of the factory');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000114001');
set local role hc_member;
select set_config('probe.q1', production.make_quote(current_setting('probe.order')::uuid, '00000000-0000-7000-8000-000000114005', '{"setup_usd": 12.34, "margin": 0.2, "finishing_usd": 0.5}')::text, true) is not null;
select set_config('probe.q2', production.make_quote(current_setting('probe.order')::uuid, '00000000-0000-7000-8000-000000114005', '{"valid_days": 1}')::text, true) is not null;
select blueprint.raises(format('select production.accept_quote(%L)', current_setting('probe.q1')), '42501', 'their orders'), blueprint.raises(format('select production.make_quote(%L, %L, %L)', current_setting('probe.order'), '00000000-0000-7000-8000-000000114005', '{"machine_id": "00000000-0000-7000-8000-00000011400f"}'), '55000', 'no machine');
select (select sum(p.value::text::numeric) from jsonb_each(q.breakdown -> 'parts') p) = q.total_usd, q.breakdown #>> '{parts,machining_usd}' = '42.86', q.breakdown #>> '{parts,finishing_usd}' = '5.00', q.breakdown #>> '{lines,0,material_usd}' = round(7 * round(pi()::numeric / 4 * 100 * 40 / 1000 * 8.5, 2) / 1000 * 8 * 1.05, 2)::text,
  q.breakdown #>> '{lines,1,material_usd}' = '0.00', q.setup_usd = 12.34, q.valid_until = now() + interval '14 days' from production.quotes q where q.id::text = current_setting('probe.q1');
set local role hc_owner;
select status = 'quoted' from production.orders where id::text = current_setting('probe.order');
select core.act_as('00000000-0000-7000-8000-000000114002');
set local role hc_member;
select production.accept_quote(current_setting('probe.q1')::uuid) = (select total_usd from production.quotes where id::text = current_setting('probe.q1'));
select o.status = 'accepted' and o.microfactory_id = '00000000-0000-7000-8000-000000114005' and o.promised_on = current_date + 14 and o.total_usd = q.total_usd and o.setup_usd >= 12.34 and o.setup_usd < 12.60 from production.orders o join production.quotes q on q.order_id = o.id where q.id::text = current_setting('probe.q1');
select array_agg(status order by status) = '{accepted,declined}', bool_and(blueprint.raises(format('select production.accept_quote(%L)', id), '55000', 'the order accepted')) from production.quotes where order_id::text = current_setting('probe.order');
select blueprint.raises(format('select production.make_quote(%L, %L)', current_setting('probe.order'), '00000000-0000-7000-8000-000000114005'), '42501');
set local role hc_owner;
insert into production.orders (id, customer_id, number, status) values ('00000000-0000-7000-8000-000000114010', '00000000-0000-7000-8000-000000114002', 'PROBE-0114', 'quoted'), ('00000000-0000-7000-8000-000000114011', '00000000-0000-7000-8000-000000114002', 'PROBE-0114-B', 'quoted');
insert into production.quotes (id, order_id, microfactory_id, total_usd, valid_until) values ('00000000-0000-7000-8000-000000114012', '00000000-0000-7000-8000-000000114010', '00000000-0000-7000-8000-000000114005', 5, now() - interval '1 day'), (uuidv7(), '00000000-0000-7000-8000-000000114011', '00000000-0000-7000-8000-000000114005', 5, now() + interval '1 day');
select blueprint.raises($$ select production.accept_quote('00000000-0000-7000-8000-000000114012') $$, '55000', 'expired');
set local role hc_worker;
select production.expire_quotes() >= 1;
set local role hc_owner;
select number, status = case number when 'PROBE-0114' then 'submitted' else 'quoted' end from production.orders where number like 'PROBE-0114%';
select status = 'expired' from production.quotes where id = '00000000-0000-7000-8000-000000114012';
select core.act_as('00000000-0000-7000-8000-000000114001');
select blueprint.raises(format('select production.make_quote(%L, %L)', current_setting('probe.order'), '00000000-0000-7000-8000-000000114005'), '55000', 'only submitted');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['production.make_quote(uuid, uuid, jsonb)', 'production.accept_quote(uuid)']) f join pg_proc on oid = f::regprocedure;
select has_function_privilege('hc_worker', 'production.expire_quotes(timestamptz)', 'execute') and not has_function_privilege('hc_member', 'production.expire_quotes(timestamptz)', 'execute') and prosecdef from pg_proc where oid = 'production.expire_quotes(timestamptz)'::regprocedure;

-- task: BUILD_0115 implement_feature critical
-- title: Order lifecycle with cancellation rules, holds and customer timeline
-- does: production.cancellation_fees says what share is due by stage; cancel_order() is free before acceptance, costs it after and is impossible once shipped, gives bookings up and scraps open
--   work. hold_order() and resume_order() stop and go on; recalculate_promise() takes the date from the bookings; timeline() tells customers what happened in their own time.
-- proves: cancelling in production costs the share of the stage, a shipped order cannot be cancelled, holds take a reason, the timeline is in order, in local time and without internal notes.
-- needs: BUILD_0005, BUILD_0105, BUILD_0106, BUILD_0109, BUILD_0111
create table production.cancellation_fees (
  stage text constraint cancellation_fees_stage_pk primary key,
  percent core.percent not null,
  source text not null
);

create policy cancellation_fees_select on production.cancellation_fees for select to hc_anon, hc_auditor using (true);

grant select on production.cancellation_fees to hc_anon, hc_auditor;

insert into production.cancellation_fees (stage, percent, source) values
  ('draft', 0, 'House rule'), ('submitted', 0, 'House rule'), ('quoted', 0, 'House rule'), ('accepted', 10, 'House rule, to be confirmed by counsel'), ('in_production', 50, 'House rule, to be confirmed by counsel'),
  ('quality_hold', 25, 'House rule, to be confirmed by counsel'), ('ready', 80, 'House rule, to be confirmed by counsel');

create function production.cancel_order("order" uuid, reason text) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  ending production.orders;
  fee numeric;
begin
  select * into ending from production.orders o where o.id = "order" for update;
  if ending.id is null or not (ending.customer_id = core.current_user_id() or coalesce(ending.microfactory_id = any (production.my_factories()), false) or core.has_role('hc_moderator')) then
    raise exception using errcode = '42501', message = 'customers, the factory or staff cancel an order';
  end if;
  select round(ending.total_usd * f.percent / 100, 2) into fee from production.cancellation_fees f where f.stage = ending.status;
  if fee is null then
    raise exception using errcode = '55000', message = format('an order that is %s cannot be cancelled', ending.status);
  elsif ending.customer_id is distinct from core.current_user_id() then
    fee := 0;  -- nobody pays for what the other side ends
  end if;
  perform core.give_reason(reason);
  update production.orders o set status = 'cancelled', fee_usd = fee where o.id = ending.id;
  update production.bookings b set status = 'released' where b.status <> 'released' and b.work_order_id in (select w.id from production.work_orders w where w.order_id = ending.id);
  update production.work_orders w set status = 'scrapped' where w.order_id = ending.id and w.status in ('planned', 'ready', 'running', 'paused', 'quality_hold');
  update production.quotes q set status = 'declined' where q.order_id = ending.id and q.status = 'offered';
  perform core.give_reason(null);
  return fee;
end $$;

create function production.hold_order("order" uuid, reason text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform production.require_floor((select o.microfactory_id from production.orders o where o.id = "order"));
  perform core.give_reason(reason);
  update production.orders o set status = 'quality_hold' where o.id = "order";
  perform core.give_reason(null);
end $$;

create function production.resume_order("order" uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform production.require_floor((select o.microfactory_id from production.orders o where o.id = "order"));
  update production.orders o set status = 'in_production' where o.id = "order" and o.status = 'quality_hold';
  if not found then
    raise exception using errcode = '55000', message = 'this order is not on hold';
  end if;
end $$;

create function production.recalculate_promise("order" uuid, transit_days int default 3) returns date
  language plpgsql security definer set search_path = ''
as $$
declare
  promised date;
begin
  perform production.require_floor((select o.microfactory_id from production.orders o where o.id = "order"));
  update production.orders o set promised_on = (
    select coalesce((max(upper(b.during)) at time zone 'UTC')::date + transit_days, o.promised_on) from production.work_orders w join production.bookings b on b.work_order_id = w.id and b.status <> 'released' where w.order_id = o.id)
  where o.id = "order" returning o.promised_on into promised;
  return promised;
end $$;

create function production.timeline("order" uuid) returns table (occurred_at timestamptz, local_time timestamp, kind text, what text)
  language sql stable security definer
begin atomic
  select e.at, e.at at time zone u.time_zone, e.kind, e.what
  from production.orders o join core.users u on u.id = o.customer_id, lateral (
    select o.created_at as at, 'order'::text as kind, 'Order made'::text as what
    union all
    select c.occurred_at, 'order' as kind, 'Order ' || replace(c.to_status, '_', ' ') from core.status_changes c where c.entity_id = o.id and c.machine = 'order'
    union all
    select lower(r.during), 'production' as kind, 'Production started' as what from production.work_orders w join production.runs r on r.work_order_id = w.id where w.order_id = o.id
    union all
    select upper(r.during), 'production' as kind, format('%s pieces made', r.good_count) from production.work_orders w join production.runs r on r.work_order_id = w.id where w.order_id = o.id and r.outcome is not null
    union all
    select q.created_at, 'quality' as kind, case q.verdict when 'pass' then 'Final check passed' else 'Final check' end from production.work_orders w join production.runs r on r.work_order_id = w.id join production.quality_checks q on q.run_id = r.id where w.order_id = o.id and q.stage = 'final'
    union all
    select (v.event ->> 'at')::timestamptz, 'shipment' as kind, coalesce(v.event ->> 'text', v.event ->> 'code') from production.shipments s, jsonb_array_elements(s.events) v(event) where s.order_id = o.id and v.event ? 'at'
    union all
    select s.shipped_at, 'shipment' as kind, 'Handed to ' || s.carrier from production.shipments s where s.order_id = o.id and s.shipped_at is not null
    union all
    select s.delivered_at, 'shipment' as kind, 'Delivered' as what from production.shipments s where s.order_id = o.id and s.delivered_at is not null
  ) e
  where o.id = "order" and (o.customer_id = core.current_user_id() or o.microfactory_id = any (production.my_factories()) or core.has_role('hc_moderator'))
  order by e.at, e.kind, e.what;
end;

grant execute on function production.cancel_order, production.hold_order, production.resume_order, production.recalculate_promise, production.timeline to hc_member;

comment on table production.cancellation_fees is 'Share of the total that a customer owes who cancels, by stage; stages that are not here cannot be cancelled. @distribution reference';
comment on column production.cancellation_fees.stage is 'Status of the order.';
comment on column production.cancellation_fees.percent is 'Share of the total.';
comment on column production.cancellation_fees.source is 'Where the rule comes from.';
comment on policy cancellation_fees_select on production.cancellation_fees is 'Fees are public.';
comment on function production.cancel_order is 'Cancels an order for a reason and returns the fee: the customer''s by stage, nothing when the factory or staff cancel. Security definer: orders are written by functions only.';
comment on function production.hold_order is 'Puts an order on quality hold for a reason (its factory). Security definer: orders are written by functions only.';
comment on function production.resume_order is 'Goes on after a quality hold (its factory). Security definer: orders are written by functions only.';
comment on function production.recalculate_promise is 'Promises the end of the last booking and the transit days (its factory); returns the date. Security definer: orders are written by functions only.';
comment on function production.timeline is 'What happened to an order, oldest first, in the customer''s own time and without reasons and notes. Security definer: customers read no runs and checks.';

-- verify
insert into core.users (id, handle, time_zone) values ('00000000-0000-7000-8000-000000115001', 'ada-0115', 'UTC'), ('00000000-0000-7000-8000-000000115002', 'bob-0115', 'Asia/Tokyo'), ('00000000-0000-7000-8000-000000115003', 'eve-0115', 'UTC');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000115004', '00000000-0000-7000-8000-000000115001', 'probe-0115', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000115005', '00000000-0000-7000-8000-000000115004', 1, sha256('115'), '00000000-0000-7000-8000-000000115001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000115006', '00000000-0000-7000-8000-000000115001', 'works-0115', 'Works');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000115007', '00000000-0000-7000-8000-000000115006', 'S-1', 'M', 'mill', 'available');
insert into production.orders (id, customer_id, microfactory_id, number, status) select ('00000000-0000-7000-8000-00000011501' || n)::uuid, '00000000-0000-7000-8000-000000115002', '00000000-0000-7000-8000-000000115006', 'PROBE-0115-' || n, status
from (values (1, 'in_production'), (2, 'shipped'), (3, 'submitted'), (4, 'accepted'), (5, 'ready')) v(n, status);
insert into production.order_items (order_id, line_no, version_id, quantity, unit_price_usd) select ('00000000-0000-7000-8000-00000011501' || n)::uuid, 1, '00000000-0000-7000-8000-000000115005', 10, 10.01 from generate_series(1, 5) n;
insert into production.work_orders (id, order_id, line_no, quantity_planned) values ('00000000-0000-7000-8000-000000115020', '00000000-0000-7000-8000-000000115011', 1, 10);
insert into production.bookings (id, machine_id, work_order_id, during) values ('00000000-0000-7000-8000-000000115021', '00000000-0000-7000-8000-000000115007', '00000000-0000-7000-8000-000000115020', '[2999-01-05 08:00+00,2999-01-05 09:00+00)');
insert into production.runs (id, work_order_id, machine_id, operator_id, during, outcome, good_count) values ('00000000-0000-7000-8000-000000115022', '00000000-0000-7000-8000-000000115020', '00000000-0000-7000-8000-000000115007', '00000000-0000-7000-8000-000000115001', '[2026-01-05 08:00+00,2026-01-05 09:00+00)', 'done', 4);
insert into production.quality_checks (run_id, characteristic, stage, inspector_id, measured, created_at) values ('00000000-0000-7000-8000-000000115022', 'bore', 'final', '00000000-0000-7000-8000-000000115003', 5, '2026-01-05 10:00+00');
insert into production.shipments (order_id, events, shipped_at, carrier, tracking_no) values ('00000000-0000-7000-8000-000000115011', '[{"id": "1", "code": "SORTED", "at": "2026-01-06T08:00:00Z", "note": "secret"}]', '2026-01-05 12:00+00', 'DHL', 'T-0115');
select core.act_as('00000000-0000-7000-8000-000000115001');
set local role hc_member;
select production.recalculate_promise('00000000-0000-7000-8000-000000115011') = '2999-01-08', blueprint.raises($$ select production.hold_order('00000000-0000-7000-8000-000000115011', '') $$, '23514', 'takes a reason');
select production.hold_order('00000000-0000-7000-8000-000000115011', 'internal: bad batch');
select status = 'quality_hold' from production.orders where number = 'PROBE-0115-1';
select production.resume_order('00000000-0000-7000-8000-000000115011');
select status = 'in_production', blueprint.raises($$ select production.resume_order('00000000-0000-7000-8000-000000115011') $$, '55000', 'not on hold') from production.orders where number = 'PROBE-0115-1';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000115002');
set local role hc_member;
select (array_agg(what))[1:5] = array['Production started', '4 pieces made', 'Final check passed', 'Handed to DHL', 'SORTED'], bool_and(local_time = occurred_at at time zone 'Asia/Tokyo'), array_agg(occurred_at) = array_agg(occurred_at order by occurred_at), bool_and(what !~ 'internal|bad batch|secret'),
  bool_or(what = 'Order quality hold') and bool_or(what = 'Order in production') and bool_or(what = 'Order made') from production.timeline('00000000-0000-7000-8000-000000115011');
select production.cancel_order('00000000-0000-7000-8000-000000115011', 'changed my mind') = 50.05, production.cancel_order('00000000-0000-7000-8000-000000115013', 'x') = 0, production.cancel_order('00000000-0000-7000-8000-000000115014', 'x') = 10.01;
select blueprint.raises($$ select production.cancel_order('00000000-0000-7000-8000-000000115012', 'x') $$, '55000', 'that is shipped'), blueprint.raises($$ select production.hold_order('00000000-0000-7000-8000-000000115012', 'x') $$, '42501'), blueprint.raises($$ select production.resume_order('00000000-0000-7000-8000-000000115012') $$, '42501'), blueprint.raises($$ select production.recalculate_promise('00000000-0000-7000-8000-000000115012') $$, '42501');
set local role hc_owner;
select o.status = 'cancelled' and o.fee_usd = 50.05 and w.status = 'scrapped' and b.status = 'released' from production.orders o join production.work_orders w on w.order_id = o.id join production.bookings b on b.work_order_id = w.id where o.number = 'PROBE-0115-1';
select reason = 'changed my mind' from core.status_changes where entity_id = '00000000-0000-7000-8000-000000115011' and to_status = 'cancelled';
select core.act_as('00000000-0000-7000-8000-000000115003');
set local role hc_member;
select blueprint.raises($$ select production.cancel_order('00000000-0000-7000-8000-000000115015', 'x') $$, '42501', 'cancel an order'), (select count(*) = 0 from production.timeline('00000000-0000-7000-8000-000000115015'));
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000115001');
set local role hc_member;
select production.cancel_order('00000000-0000-7000-8000-000000115015', 'machine broke') = 0;
set local role hc_anon;
select count(*) = 7 from production.cancellation_fees where stage in ('draft', 'submitted', 'quoted', 'accepted', 'in_production', 'quality_hold', 'ready');
set local role hc_auditor;
select count(*) >= 7 from production.cancellation_fees;
set local role hc_owner;
select blueprint.raises($$ insert into production.cancellation_fees values ('ready', 1, 'x') $$, '23505', 'cancellation_fees_stage_pk'), relrowsecurity and relforcerowsecurity from pg_class where oid = 'production.cancellation_fees'::regclass;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['production.cancel_order(uuid, text)', 'production.hold_order(uuid, text)', 'production.resume_order(uuid)', 'production.recalculate_promise(uuid, int)', 'production.timeline(uuid)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0116 implement_feature critical
-- title: Runs with material genealogy: which lot went into which part
-- does: production.consume(run, lot, quantity) issues a lot to a run; finishing a run puts its good pieces into a finished lot. trace_forward(lot) names the orders and customers a lot went
--   into, over any number of steps, trace_back(shipment) the machines, operators, lots and certificates a parcel came from.
-- proves: recall of a lot lists exactly the two orders that contain it, one through a part made of it, trace_back shows machine, operator, lot and certificate, a lot of another factory is refused.
-- needs: BUILD_0005, BUILD_0105, BUILD_0106, BUILD_0111
create function production.consume(run uuid, lot uuid, quantity numeric) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  used record;
  moved uuid;
begin
  select r.id, w.order_id, m.microfactory_id into used from production.runs r join production.work_orders w on w.id = r.work_order_id join production.machines m on m.id = r.machine_id where r.id = run;
  perform production.require_floor(used.microfactory_id);
  if quantity is null or quantity <= 0 or not exists (select from production.stock_lots l where l.id = lot and l.microfactory_id = used.microfactory_id) then
    raise exception using errcode = '22023', message = 'a run takes a positive quantity of a lot of its factory';
  end if;
  update production.stock_lots l set quantity_reserved = greatest(l.quantity_reserved - quantity, 0) where l.id = lot and l.quantity_reserved > 0;
  insert into production.stock_movements (lot_id, kind, quantity, run_id, order_id) values (lot, 'issue', -quantity, run, used.order_id) returning id into moved;
  update production.runs r set material_lot_id = lot where r.id = run and r.material_lot_id is null;
  return moved;
end $$;

create function production.keep_pieces() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  insert into production.stock_lots (microfactory_id, version_id, lot_code, origin)
  select m.microfactory_id, i.version_id, 'RUN-' || new.id, jsonb_build_object('run_id', new.id)
  from production.machines m, production.work_orders w join production.order_items i on i.order_id = w.order_id and i.line_no = w.line_no where m.id = new.machine_id and w.id = new.work_order_id
  returning id into made;
  insert into production.stock_movements (lot_id, kind, quantity, run_id) values (made, 'receipt', new.good_count, new.id);
  update production.runs r set finished_lot_id = made where r.id = new.id;
  return null;
end $$;

create trigger runs_keep_pieces after update of outcome on production.runs for each row when (old.outcome is null and new.outcome is not null and new.good_count > 0 and new.finished_lot_id is null) execute function production.keep_pieces();

create function production.trace_forward(lot uuid) returns table (order_id uuid, number text, customer_id uuid, depth int, shipped int)
  language sql stable security definer
begin atomic
  with recursive reached (lot_id, order_id, depth) as (
    select trace_forward.lot, null::uuid, 0
    where exists (select from production.stock_lots l where l.id = trace_forward.lot and (l.microfactory_id = any (production.my_factories()) or core.has_role('hc_moderator') or core.has_role('hc_auditor')))
    union
    select r.finished_lot_id, w.order_id, x.depth + 1
    from reached x join production.stock_movements m on m.lot_id = x.lot_id and m.kind = 'issue' and m.run_id is not null join production.runs r on r.id = m.run_id join production.work_orders w on w.id = r.work_order_id
    where x.depth < 50
  )
  select o.id, o.number, o.customer_id, min(x.depth), coalesce((select sum(i.quantity)::int from production.shipments s join production.shipment_items i on i.shipment_id = s.id where s.order_id = o.id), 0)
  from reached x join production.orders o on o.id = x.order_id group by o.id order by 4, o.id;
end;

create function production.trace_back(shipment uuid) returns table (depth int, lot_id uuid, lot_code text, run_id uuid, machine_id uuid, operator_id uuid, material_sku text, supplier jsonb, certificate_asset_id uuid)
  language sql stable security definer
begin atomic
  with recursive came (lot_id, depth) as (
    select i.lot_id, 0 from production.shipment_items i join production.shipments s on s.id = i.shipment_id join production.orders o on o.id = s.order_id
    where i.shipment_id = trace_back.shipment and i.lot_id is not null and (o.microfactory_id = any (production.my_factories()) or core.has_role('hc_moderator') or core.has_role('hc_auditor'))
    union
    select m.lot_id, c.depth + 1 from came c join production.runs r on r.finished_lot_id = c.lot_id join production.stock_movements m on m.run_id = r.id and m.kind = 'issue' where c.depth < 50
  )
  select c.depth, l.id, l.lot_code, r.id, r.machine_id, r.operator_id, t.sku, coalesce(nullif(l.origin, '{}'), t.supplier), l.certificate_asset_id
  from came c join production.stock_lots l on l.id = c.lot_id left join production.runs r on r.finished_lot_id = l.id left join production.materials t on t.id = l.material_id order by c.depth, l.id;
end;

grant execute on function production.consume to hc_member;
grant execute on function production.trace_forward, production.trace_back to hc_member, hc_auditor;

comment on function production.consume is 'Issues a quantity of a lot to a run of the same factory, reserved stock first. Security definer: writes the run.';
comment on function production.keep_pieces is 'Trigger of production.runs: good pieces become a finished lot with a receipt. Security definer: writes stock.';
comment on function production.trace_forward is 'Orders that a lot went into, directly or through parts: the list of a recall; for the factory and staff. Security definer: follows lots over all tables.';
comment on function production.trace_back is 'Lots, runs, machines, operators and certificates a parcel came from; for the factory and staff. Security definer: follows lots over all tables.';
comment on trigger runs_keep_pieces on production.runs is 'Good pieces of a finished run go into stock.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000116001', 'ada-0116'), ('00000000-0000-7000-8000-000000116002', 'bob-0116'), ('00000000-0000-7000-8000-000000116003', 'eve-0116');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000116004', '00000000-0000-7000-8000-000000116001', 'probe-0116', 'Probe');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000116005', '00000000-0000-7000-8000-000000116001', 'cert.pdf', 'application/pdf', 1);
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000116006', '00000000-0000-7000-8000-000000116004', 1, sha256('116'), '00000000-0000-7000-8000-000000116001', 'MIT', now());
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000116007', '00000000-0000-7000-8000-000000116001', 'works-0116', 'Works'), ('00000000-0000-7000-8000-000000116008', '00000000-0000-7000-8000-000000116003', 'other-0116', 'Other');
insert into production.machines (id, microfactory_id, serial, model, kind, status) values ('00000000-0000-7000-8000-000000116009', '00000000-0000-7000-8000-000000116007', 'S-1', 'M', 'mill', 'available');
insert into production.orders (id, customer_id, microfactory_id, number, status) select ('00000000-0000-7000-8000-00000011601' || n)::uuid, '00000000-0000-7000-8000-000000116002', '00000000-0000-7000-8000-000000116007', 'PROBE-0116-' || n, 'accepted' from generate_series(1, 3) n;
insert into production.order_items (order_id, line_no, version_id, quantity) select ('00000000-0000-7000-8000-00000011601' || n)::uuid, 1, '00000000-0000-7000-8000-000000116006', 5 from generate_series(1, 3) n;
insert into production.work_orders (id, order_id, line_no, quantity_planned) select ('00000000-0000-7000-8000-00000011602' || n)::uuid, ('00000000-0000-7000-8000-00000011601' || n)::uuid, 1, 5 from generate_series(1, 3) n;
insert into production.materials (id, sku, name, supplier) values ('00000000-0000-7000-8000-000000116030', 'PROBE-0116', 'Brass', '{"name": "Mill"}');
insert into production.stock_lots (id, microfactory_id, material_id, lot_code, certificate_asset_id) values ('00000000-0000-7000-8000-000000116031', '00000000-0000-7000-8000-000000116007', '00000000-0000-7000-8000-000000116030', 'HEAT-1', '00000000-0000-7000-8000-000000116005'), ('00000000-0000-7000-8000-000000116032', '00000000-0000-7000-8000-000000116007', '00000000-0000-7000-8000-000000116030', 'HEAT-2', null),
  ('00000000-0000-7000-8000-000000116033', '00000000-0000-7000-8000-000000116008', '00000000-0000-7000-8000-000000116030', 'HEAT-3', null);
insert into production.stock_movements (lot_id, kind, quantity) select ('00000000-0000-7000-8000-00000011603' || n)::uuid, 'receipt', 100 from generate_series(1, 3) n;
update production.stock_lots set quantity_reserved = 4 where id = '00000000-0000-7000-8000-000000116031';
select core.act_as('00000000-0000-7000-8000-000000116001');
set local role hc_member;
-- order 1 takes HEAT-1, order 2 takes the pieces of order 1, order 3 takes HEAT-2
select set_config('probe.run1', production.start_run('00000000-0000-7000-8000-000000116021', '00000000-0000-7000-8000-000000116009')::text, true) is not null;
select production.consume(current_setting('probe.run1')::uuid, '00000000-0000-7000-8000-000000116031', 3) is not null, blueprint.raises(format('select production.consume(%L, %L, 1)', current_setting('probe.run1'), '00000000-0000-7000-8000-000000116033'), '22023'), blueprint.raises(format('select production.consume(%L, %L, -1)', current_setting('probe.run1'), '00000000-0000-7000-8000-000000116031'), '22023');
select production.finish_run(current_setting('probe.run1')::uuid, 5);
select set_config('probe.lot1', finished_lot_id::text, true) is not null and material_lot_id = '00000000-0000-7000-8000-000000116031' from production.runs where id::text = current_setting('probe.run1');
select l.quantity_on_hand = 97 and l.quantity_reserved = 1 and f.quantity_on_hand = 5 and f.version_id = '00000000-0000-7000-8000-000000116006' from production.stock_lots l, production.stock_lots f where l.id = '00000000-0000-7000-8000-000000116031' and f.id::text = current_setting('probe.lot1');
select set_config('probe.run2', production.start_run('00000000-0000-7000-8000-000000116022', '00000000-0000-7000-8000-000000116009')::text, true) is not null;
select production.consume(current_setting('probe.run2')::uuid, current_setting('probe.lot1')::uuid, 2) is not null;
select production.finish_run(current_setting('probe.run2')::uuid, 5);
select set_config('probe.run3', production.start_run('00000000-0000-7000-8000-000000116023', '00000000-0000-7000-8000-000000116009')::text, true) is not null;
select production.consume(current_setting('probe.run3')::uuid, '00000000-0000-7000-8000-000000116032', 2) is not null;
select production.finish_run(current_setting('probe.run3')::uuid, 5);
set local role hc_owner;
insert into production.shipments (id, order_id) values ('00000000-0000-7000-8000-000000116040', '00000000-0000-7000-8000-000000116012');
insert into production.shipment_items (shipment_id, order_id, line_no, quantity, lot_id) select '00000000-0000-7000-8000-000000116040', '00000000-0000-7000-8000-000000116012', 1, 5, finished_lot_id from production.runs where id::text = current_setting('probe.run2');
set local role hc_member;
select array_agg(number) = '{PROBE-0116-1,PROBE-0116-2}', array_agg(depth) = '{1,2}', array_agg(shipped) = '{0,5}', bool_and(customer_id = '00000000-0000-7000-8000-000000116002') from production.trace_forward('00000000-0000-7000-8000-000000116031');
select count(*) = 3, bool_or(depth = 0 and run_id::text = current_setting('probe.run2') and machine_id = '00000000-0000-7000-8000-000000116009' and operator_id = '00000000-0000-7000-8000-000000116001'),
  bool_or(depth = 2 and lot_code = 'HEAT-1' and material_sku = 'PROBE-0116' and supplier ->> 'name' = 'Mill' and certificate_asset_id = '00000000-0000-7000-8000-000000116005') from production.trace_back('00000000-0000-7000-8000-000000116040');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000116003');
set local role hc_member;
select (select count(*) from production.trace_forward('00000000-0000-7000-8000-000000116031')) = 0, (select count(*) from production.trace_back('00000000-0000-7000-8000-000000116040')) = 0, blueprint.raises(format('select production.consume(%L, %L, 1)', current_setting('probe.run1'), '00000000-0000-7000-8000-000000116031'), '42501');
set local role hc_auditor;
select (select count(*) from production.trace_forward('00000000-0000-7000-8000-000000116031')) = 2;
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef, has_function_privilege('hc_auditor', f, 'execute') = (f like '%trace%') from unnest(array['production.consume(uuid, uuid, numeric)', 'production.trace_forward(uuid)', 'production.trace_back(uuid)']) f join pg_proc on oid = f::regprocedure;
select not has_function_privilege('hc_member', 'production.keep_pieces()', 'execute') and prosecdef from pg_proc where oid = 'production.keep_pieces()'::regprocedure;
