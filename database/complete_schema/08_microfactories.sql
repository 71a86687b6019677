-- Core table microfactories: workshops that make what the community designs: where they are, when they are open, what they can do, how well they do it.

-- task: BUILD_0731 create_table critical
-- title: Create core.microfactories with public profile policies
-- does: One row per workshop. Everybody reads the active ones without their mail address, operators read and edit their own profile and may apply for a new one,
--   staff see all; status and rating move through functions.
-- proves: anon reads an active factory without contact_email and no applied one; the operator changes the own description, not the status (42501), and not that of another.
-- needs: BUILD_0005, BUILD_0022, BUILD_0661
create table core.microfactories (
  id uuid default uuidv7() constraint microfactories_id_pk primary key,
  operator_id uuid not null constraint microfactories_operator_id_fk references core.users (id),
  slug core.slug not null,
  name text not null,
  description text,
  status text not null default 'applied',
  country core.country_code,
  region text,
  city text,
  latitude numeric(9, 6),
  longitude numeric(9, 6),
  time_zone text,
  service_radius_km int not null default 50,
  opening_hours jsonb not null default '{}',
  contact_email core.email,
  certifications jsonb not null default '[]',
  energy_profile jsonb not null default '{}',
  accepted_processes extensions.ltree[] not null default '{}',
  rating numeric(3, 2),
  metadata jsonb not null default '{}' constraint microfactories_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index microfactories_operator_id_idx on core.microfactories (operator_id);

create policy microfactories_public_select on core.microfactories for select to hc_anon using (status = 'active');

create policy microfactories_own_select on core.microfactories for select to hc_member using (operator_id = (select core.current_user_id()));

create policy microfactories_own_insert on core.microfactories for insert to hc_member with check (operator_id = (select core.current_user_id()) and status = 'applied');

create policy microfactories_own_update on core.microfactories for update to hc_member using (operator_id = (select core.current_user_id()));

create policy microfactories_staff_select on core.microfactories for select to hc_moderator, hc_finance, hc_compliance, hc_auditor using (true);

grant select (id, operator_id, slug, name, description, status, country, region, city, latitude, longitude, time_zone, service_radius_km, opening_hours,
    certifications, energy_profile, accepted_processes, rating, metadata, created_at, updated_at) on core.microfactories to hc_anon;

grant select on core.microfactories to hc_moderator, hc_compliance, hc_auditor;

grant insert (operator_id, slug, name, description, country, region, city, latitude, longitude, time_zone, service_radius_km, opening_hours, contact_email,
    certifications, energy_profile, accepted_processes) on core.microfactories to hc_member;

grant update (slug, name, description, country, region, city, latitude, longitude, time_zone, service_radius_km, opening_hours, contact_email,
    certifications, energy_profile, accepted_processes) on core.microfactories to hc_member;

comment on table core.microfactories is 'Workshops of the network: place, hours, processes, certificates, rating. @distribution reference';
comment on column core.microfactories.id is 'Version 7 UUID.';
comment on column core.microfactories.operator_id is 'Who runs it.';
comment on column core.microfactories.slug is 'Name in addresses, unique.';
comment on column core.microfactories.name is 'Name as shown.';
comment on column core.microfactories.description is 'What the workshop says about itself.';
comment on column core.microfactories.status is 'State machine microfactory: applied, onboarding, active, paused, retired.';
comment on column core.microfactories.country is 'ISO 3166 code.';
comment on column core.microfactories.region is 'State or region.';
comment on column core.microfactories.city is 'Town.';
comment on column core.microfactories.latitude is 'Degrees north, WGS 84.';
comment on column core.microfactories.longitude is 'Degrees east, WGS 84.';
comment on column core.microfactories.time_zone is 'IANA zone the opening hours are in.';
comment on column core.microfactories.service_radius_km is 'How far it delivers, in km.';
comment on column core.microfactories.opening_hours is 'Weekly spans {"mon": [["08:00", "16:00"]]} and exceptions by date: {"exceptions": {"2026-12-24": []}}.';
comment on column core.microfactories.contact_email is 'Where orders are announced; never public. @pii';
comment on column core.microfactories.certifications is 'List of {"standard": "ISO-9001", "number": ..., "valid_until": "2027-01-31"}.';
comment on column core.microfactories.energy_profile is 'grid_region, renewable_share (0 to 1), ...';
comment on column core.microfactories.accepted_processes is 'Paths of process terms the workshop offers.';
comment on column core.microfactories.rating is 'Service quality from 0 to 5 (core.rate_microfactory), null before the first judgement.';
comment on column core.microfactories.metadata is 'Notes of the platform.';
comment on column core.microfactories.created_at is 'When it applied.';
comment on column core.microfactories.updated_at is 'When the row last really changed.';
comment on index core.microfactories_operator_id_idx is 'Workshops of an operator; and the foreign key.';
comment on policy microfactories_public_select on core.microfactories is 'Everybody sees active workshops; the mail address has no grant.';
comment on policy microfactories_own_select on core.microfactories is 'Operators see their workshops in any state.';
comment on policy microfactories_own_insert on core.microfactories is 'Members apply for themselves.';
comment on policy microfactories_own_update on core.microfactories is 'Operators edit their profile, as far as column grants allow.';
comment on policy microfactories_staff_select on core.microfactories is 'Staff see every workshop.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000731001', 'ada-0731'), ('00000000-0000-7000-8000-000000731002', 'bob-0731');
insert into core.microfactories (id, operator_id, slug, name, status, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes) values
  ('00000000-0000-7000-8000-000000731011', '00000000-0000-7000-8000-000000731001', 'works-0731', 'Works', 'active', 52.52, 13.405, 'Europe/Berlin', '{"mon": [["08:00", "16:00"]]}', 'works-0731@example.org', '{process}');
insert into core.microfactories (operator_id, slug, name) values ('00000000-0000-7000-8000-000000731001', 'shed-0731', 'Shed')
returning id is not null and status = 'applied' and service_radius_km = 50 and opening_hours = '{}' and certifications = '[]' and energy_profile = '{}' and accepted_processes = '{}' and metadata = '{}'
  and created_at = now() and updated_at = now();
select cols, blueprint.raises(format($$ insert into core.microfactories (slug, name, %s) values ('x-0731', 'Probe', %s) $$, cols, vals), state, rule) from (values
  ('operator_id', $$ '00000000-0000-7000-8000-00000073100f' $$, '23503', 'microfactories_operator_id_fk'),
  ('operator_id, metadata', $$ '00000000-0000-7000-8000-000000731001', '[]' $$, '23514', 'microfactories_metadata_check'),
  ('operator_id, id', $$ '00000000-0000-7000-8000-000000731001', '00000000-0000-7000-8000-000000731011' $$, '23505', 'microfactories_id_pk')) v(cols, vals, state, rule);
select blueprint.plan_uses($$ select id from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001' $$, 'microfactories_operator_id_idx');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.microfactories'::regclass;
set local role hc_anon;
select array_agg(name) = '{Works}' from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
select blueprint.raises('select contact_email from core.microfactories', '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000731001');
set local role hc_member;
select count(*) = 2 from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
with changed as (update core.microfactories set description = 'We mill' where slug = 'works-0731' returning 1) select count(*) = 1 from changed;
insert into core.microfactories (operator_id, slug, name) values ('00000000-0000-7000-8000-000000731001', 'third-0731', 'Third');
select sql, blueprint.raises(sql, '42501') from (values ($$ update core.microfactories set status = 'active' $$), ('update core.microfactories set rating = 5'), ('select contact_email from core.microfactories'),
  ('delete from core.microfactories'), ($$ insert into core.microfactories (operator_id, slug, name) values ('00000000-0000-7000-8000-000000731002', 'forged-0731', 'Forged') $$)) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000731002');
set local role hc_member;
with changed as (update core.microfactories set description = 'mine' where operator_id = '00000000-0000-7000-8000-000000731001' returning 1) select count(*) = 0 from changed;
select count(*) = 1 from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
set local role hc_moderator;
select count(*) = 3 and count(contact_email) = 1 from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
set local role hc_finance;
select count(*) = 3 from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
set local role hc_compliance;
select count(*) = 3 and count(contact_email) = 1 from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
set local role hc_auditor;
select count(*) = 3 and count(contact_email) = 1 from core.microfactories where operator_id = '00000000-0000-7000-8000-000000731001';
set local role hc_owner;
select c, has_column_privilege('hc_anon', 'core.microfactories', c, 'select')
from unnest(string_to_array('id,operator_id,slug,name,description,status,country,region,city,latitude,longitude,time_zone,service_radius_km,opening_hours,certifications,energy_profile,accepted_processes,rating,metadata,created_at,updated_at', ',')) c;
select c, has_column_privilege('hc_member', 'core.microfactories', c, 'insert'), has_column_privilege('hc_member', 'core.microfactories', c, 'update') = (c <> 'operator_id')
from unnest(string_to_array('operator_id,slug,name,description,country,region,city,latitude,longitude,time_zone,service_radius_km,opening_hours,contact_email,certifications,energy_profile,accepted_processes', ',')) c;

-- task: BUILD_0732 create_table_indexes
-- title: Index microfactories by place, process and status
-- does: Active workshops of a country and region, workshops in a box of coordinates, by process anywhere in the tree, and by a name typed badly. Operators are indexed by BUILD_0731.
-- proves: each query can be served by the index made for it.
-- needs: BUILD_0005, BUILD_0021, BUILD_0731
create index microfactories_country_region_idx on core.microfactories (country, region) where status = 'active';
create index microfactories_place_idx on core.microfactories using gist (point(longitude::float8, latitude::float8));
create index microfactories_accepted_processes_idx on core.microfactories using gist (accepted_processes extensions.gist__ltree_ops);
create index microfactories_name_idx on core.microfactories using gin (name extensions.gin_trgm_ops);

comment on index core.microfactories_country_region_idx is 'Active workshops of a country and region.';
comment on index core.microfactories_place_idx is 'Workshops in a box of coordinates (core.microfactories_near).';
comment on index core.microfactories_accepted_processes_idx is 'Workshops that offer a process or one below it.';
comment on index core.microfactories_name_idx is 'Workshops by a name typed badly.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select id from core.microfactories where country >= 'DE' and status = 'active' order by country, region limit 5 $$, 'microfactories_country_region_idx'),
  ($$ select id from core.microfactories where point(longitude::float8, latitude::float8) <@ box(point(13, 52), point(14, 53)) $$, 'microfactories_place_idx'),
  ($$ select id from core.microfactories where accepted_processes operator(extensions.<@) 'process.cnc' $$, 'microfactories_accepted_processes_idx'),
  ($$ select id from core.microfactories where name ilike '%works%' $$, 'microfactories_name_idx')) v(sql, index);

-- task: BUILD_0733 create_table_constraints critical
-- title: Constrain microfactories: coordinates, hours, rating and activation facts
-- does: A slug is given once, coordinates are both there and on earth, hours are weekly spans with exceptions by date, zones exist, words come from their vocabularies; an active workshop
--   has a place, a zone, a mail address, hours and a process.
-- proves: each rule refuses the row that breaks it, by name; overlapping spans on a Monday and on an exception are refused.
-- needs: BUILD_0005, BUILD_0663, BUILD_0731
create function core.is_opening_hours(hours jsonb) returns boolean
  language sql immutable parallel safe
  return core.is_weekly_hours(hours - 'exceptions') and (not hours ? 'exceptions' or (jsonb_typeof(hours -> 'exceptions') = 'object' and not exists (
    select from jsonb_each(case jsonb_typeof(hours -> 'exceptions') when 'object' then hours -> 'exceptions' else '{}' end) e
    where not pg_input_is_valid(e.key, 'date') or e.key !~ '^\d{4}-\d\d-\d\d$' or not core.is_weekly_hours(jsonb_build_object('mon', e.value)))));

comment on function core.is_opening_hours is 'Whether opening hours are weekly spans (core.is_weekly_hours), with exceptions {"2026-12-24": []} or special spans by date.';

grant execute on function core.is_opening_hours to hc_member, hc_worker;

alter table core.microfactories
  add constraint microfactories_slug_key unique (slug),
  add constraint microfactories_name_check check (length(name) >= 2 and length(name) <= 120),
  add constraint microfactories_status_check check (status in ('applied', 'onboarding', 'active', 'paused', 'retired')),
  add constraint microfactories_latitude_check check (latitude >= '-90'::integer::numeric and latitude <= 90),
  add constraint microfactories_longitude_check check (longitude >= '-180'::integer::numeric and longitude <= 180),
  add constraint microfactories_place_check check ((latitude is null) = (longitude is null)),
  add constraint microfactories_time_zone_check check (core.is_time_zone(time_zone)),
  add constraint microfactories_service_radius_km_check check (service_radius_km >= 1 and service_radius_km <= 2000),
  add constraint microfactories_opening_hours_check check (opening_hours = '{}' or core.is_opening_hours(opening_hours)),
  add constraint microfactories_certifications_check check (jsonb_typeof(certifications) = 'array'),
  add constraint microfactories_energy_profile_check check (jsonb_typeof(energy_profile) = 'object'
    and (not energy_profile ? 'renewable_share' or coalesce((energy_profile ->> 'renewable_share') ~ '^(0(\.\d+)?|1(\.0+)?)$', false))),
  add constraint microfactories_rating_check check (rating >= 0 and rating <= 5),
  add constraint microfactories_active_check check (status <> 'active' or (latitude is not null and time_zone is not null and contact_email is not null and opening_hours - 'exceptions' <> '{}'
    and cardinality(accepted_processes) >= 1));

comment on constraint microfactories_active_check on core.microfactories is 'An active workshop can be found, reached and visited, and makes something.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000733001', 'ada-0733');
insert into core.microfactories (id, operator_id, slug, name, status, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes, energy_profile) values
  ('00000000-0000-7000-8000-000000733011', '00000000-0000-7000-8000-000000733001', 'works-0733', 'Works', 'active', 52.52, 13.405, 'Europe/Berlin', '{"mon": [["08:00", "16:00"]], "exceptions": {"2026-12-24": [], "2026-12-31": [["08:00", "12:00"]]}}', 'works-0733@example.org', '{process}', '{"renewable_share": 0.8}');
select change, blueprint.raises(format('update core.microfactories set %s where slug = %L', change, 'works-0733'), '23514', rule) from (values
  ($$ name = 'x' $$, 'microfactories_name_check'), ($$ latitude = 91 $$, 'microfactories_latitude_check'), ($$ longitude = -181 $$, 'microfactories_longitude_check'), ($$ longitude = null $$, 'microfactories_place_check'),
  ($$ time_zone = 'Mars/Base' $$, 'microfactories_time_zone_check'), ($$ service_radius_km = 2001 $$, 'microfactories_service_radius_km_check'), ($$ certifications = '{}' $$, 'microfactories_certifications_check'),
  ($$ opening_hours = '{"mon": [["08:00", "12:00"], ["11:00", "16:00"]]}' $$, 'microfactories_opening_hours_check'), ($$ opening_hours = '{"mon": [["08:00", "12:00"]], "exceptions": {"2026-12-24": [["08:00", "12:00"], ["11:00", "16:00"]]}}' $$, 'microfactories_opening_hours_check'),
  ($$ opening_hours = '{"mon": [["08:00", "12:00"]], "exceptions": {"2026-13-24": []}}' $$, 'microfactories_opening_hours_check'), ($$ opening_hours = '{"mon": [["08:00", "12:00"]], "exceptions": []}' $$, 'microfactories_opening_hours_check'),
  ($$ energy_profile = '{"renewable_share": 2}' $$, 'microfactories_energy_profile_check'), ($$ rating = 5.1 $$, 'microfactories_rating_check'), ($$ opening_hours = '{}' $$, 'microfactories_active_check'), ($$ contact_email = null $$, 'microfactories_active_check'),
  ($$ accepted_processes = '{}' $$, 'microfactories_active_check'), ($$ time_zone = null $$, 'microfactories_active_check'), ($$ latitude = null, longitude = null $$, 'microfactories_active_check')) v(change, rule);
select blueprint.raises($$ insert into core.microfactories (operator_id, slug, name) values ('00000000-0000-7000-8000-000000733001', 'works-0733', 'Works') $$, '23505', 'microfactories_slug_key'),
  blueprint.raises($$ insert into core.microfactories (operator_id, slug, name, status) values ('00000000-0000-7000-8000-000000733001', 'x-0733', 'Works', 'sleeping') $$, '23514', 'microfactories_status_check');
select has_function_privilege('hc_member', 'core.is_opening_hours(jsonb)', 'execute') and has_function_privilege('hc_worker', 'core.is_opening_hours(jsonb)', 'execute') and not has_function_privilege('hc_anon', 'core.is_opening_hours(jsonb)', 'execute');

-- task: BUILD_0734 create_table_triggers critical
-- title: Attach microfactory triggers: status machine 'microfactory', slug, zone checks
-- does: A slug is made of name and city where none is given; the status follows machine microfactory, activation takes a moderator, pausing and retiring a reason, and each change is in
--   core.status_changes, where the order layer sees it. Operators pause and retire by core.set_microfactory_status().
-- proves: applied to active raises, an operator's activation raises 42501, a pause without reason raises, works-berlin is made of name and city, id and creation stay.
-- needs: BUILD_0005, BUILD_0014, BUILD_0020, BUILD_0036, BUILD_0733
create function core.name_microfactory() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if new.slug is null then
    new.slug := core.slugify(concat_ws(' ', new.name, new.city), 'core.microfactories');
  end if;
  return new;
end $$;

create trigger microfactories_a_name before insert or update of slug on core.microfactories for each row when (new.slug is null) execute function core.name_microfactory();

select core.attach_standard('core.microfactories');

select core.define_machine('microfactory', '{
  "applied": ["onboarding", {"to": "retired", "reason": true}],
  "onboarding": ["applied", {"to": "active", "guard": "hc_moderator", "label": "Activate"}, {"to": "retired", "reason": true}],
  "active": [{"to": "paused", "reason": true, "label": "Pause"}, {"to": "retired", "reason": true}],
  "paused": [{"to": "active", "guard": "hc_moderator", "label": "Activate"}, {"to": "retired", "reason": true}]}');

create trigger microfactories_status_machine after update of status on core.microfactories for each row execute function core.enforce_transition('microfactory');

create function core.pause_microfactories() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  given constant text := nullif(current_setting('core.reason', true), '');
begin
  perform core.give_reason(coalesce(given, 'the account of the operator has ended'));
  update core.microfactories f set status = 'paused' where f.operator_id = new.id and f.status = 'active';
  perform core.give_reason(given);
  return null;
end $$;

create trigger users_pause_microfactories after update of status on core.users for each row
  when (new.status in ('suspended', 'deactivated', 'erased')) execute function core.pause_microfactories();

create function core.set_microfactory_status(factory uuid, status text, reason text default null) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from core.microfactories f where f.id = factory and (f.operator_id = core.current_user_id() or core.has_role('hc_moderator'))) then
    raise exception using errcode = '42501', message = 'only its operator or moderation changes the status of a microfactory';
  end if;
  perform core.give_reason(reason);
  update core.microfactories f set status = set_microfactory_status.status where f.id = factory;
  perform core.give_reason(null);
end $$;

grant execute on function core.set_microfactory_status to hc_member;

comment on function core.name_microfactory is 'Trigger of core.microfactories: slug of name and city where none is given. Security definer: it looks for slugs in rows the writer cannot see.';
comment on function core.pause_microfactories is 'Trigger of core.users: pauses the active microfactories of an account that ends; nobody answers there.';
comment on trigger users_pause_microfactories on core.users is 'No workshop is open whose operator is not.';
comment on function core.set_microfactory_status is 'Moves a microfactory on, with a reason where one is due (operator, moderation). Security definer: members may not write the status.';
comment on trigger microfactories_a_name on core.microfactories is 'Names in addresses.';
comment on trigger microfactories_status_machine on core.microfactories is 'Status changes follow machine microfactory and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000734001', 'ada-0734'), ('00000000-0000-7000-8000-000000734002', 'bob-0734');
insert into core.microfactories (id, operator_id, name, city, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes) values
  ('00000000-0000-7000-8000-000000734011', '00000000-0000-7000-8000-000000734001', 'Zq0734 Works', 'Zürich', 52.52, 13.405, 'Europe/Berlin', '{"mon": [["08:00", "16:00"]]}', 'works-0734@example.org', '{process}') returning slug = 'zq0734-works-zurich';
insert into core.microfactories (operator_id, name, city) values ('00000000-0000-7000-8000-000000734001', 'Zq0734 Works', 'Zürich') returning slug = 'zq0734-works-zurich-2';
select blueprint.raises($$ update core.microfactories set status = 'active' where slug = 'zq0734-works-zurich' $$, '23514', 'applied -> active'), blueprint.raises($$ update core.microfactories set created_at = '2020-01-01' where slug = 'zq0734-works-zurich' $$, '55006', 'created_at');
update core.microfactories set updated_at = '2026-01-01' where slug = 'zq0734-works-zurich';
select core.act_as('00000000-0000-7000-8000-000000734001');
set local role hc_member;
update core.microfactories set description = 'x' where slug = 'zq0734-works-zurich';
select core.set_microfactory_status('00000000-0000-7000-8000-000000734011', 'onboarding');
select updated_at >= now(), blueprint.raises($$ select core.set_microfactory_status('00000000-0000-7000-8000-000000734011', 'active') $$, '42501', 'takes hc_moderator') from core.microfactories where slug = 'zq0734-works-zurich';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000734002', 'hc_moderator');
set local role hc_moderator;
select core.set_microfactory_status('00000000-0000-7000-8000-000000734011', 'active');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000734001');
set local role hc_member;
select blueprint.raises($$ select core.set_microfactory_status('00000000-0000-7000-8000-000000734011', 'paused') $$, '23514', 'takes a reason');
select core.set_microfactory_status('00000000-0000-7000-8000-000000734011', 'paused', 'holidays');
set local role hc_owner;
select count(*) = 3 and bool_or(to_status = 'paused' and reason = 'holidays') from core.status_changes where entity_id = '00000000-0000-7000-8000-000000734011' and machine = 'microfactory';
select blueprint.raises($$ update core.microfactories set status = 'retired' where id = '00000000-0000-7000-8000-000000734011' $$, '23514', 'takes a reason');
select core.act_as('00000000-0000-7000-8000-000000734002', 'hc_moderator');
update core.microfactories set status = 'active' where id = '00000000-0000-7000-8000-000000734011';
update core.users set status = 'active', email = 'ada-0734@example.org' where id = '00000000-0000-7000-8000-000000734001';
select status = 'active' from core.microfactories where id = '00000000-0000-7000-8000-000000734011';
select core.give_reason('left');
update core.users set status = 'deactivated' where id = '00000000-0000-7000-8000-000000734001';
select status = 'paused', current_setting('core.reason') = 'left', (select bool_or(s.reason = 'left') from core.status_changes s where s.entity_id = f.id) from core.microfactories f where id = '00000000-0000-7000-8000-000000734011';
select core.give_reason(null);
select core.act_as('00000000-0000-7000-8000-000000734002');
set local role hc_member;
select blueprint.raises($$ select core.set_microfactory_status('00000000-0000-7000-8000-000000734011', 'retired', 'x') $$, '42501', 'only its operator');
set local role hc_owner;
select has_function_privilege('hc_member', 'core.set_microfactory_status(uuid, text, text)', 'execute') and not has_function_privilege('hc_anon', 'core.set_microfactory_status(uuid, text, text)', 'execute'), not has_function_privilege('hc_member', 'core.name_microfactory()', 'execute'), not has_function_privilege('hc_member', 'core.pause_microfactories()', 'execute'),
  (select prosecdef from pg_proc where oid = 'core.name_microfactory()'::regprocedure);

-- revert
drop trigger users_pause_microfactories on core.users;
drop function core.pause_microfactories;
drop function core.set_microfactory_status;
drop trigger microfactories_status_machine on core.microfactories;
select core.define_machine('microfactory', '{}');
select core.detach_standard('core.microfactories');
drop trigger microfactories_a_name on core.microfactories;
drop function core.name_microfactory;

-- task: BUILD_0735 create_jsonb_indexes
-- title: Index certifications and energy profile JSONB
-- does: core.factories_certified(standard, on) finds active workshops whose certificate is in force on a day, core.factories_with_renewables(share) those that run on at least that share of
--   renewable energy.
-- proves: the workshop with a valid ISO-9001 is found and the expired and the inactive one are not; each query can be served by its index.
-- needs: BUILD_0005, BUILD_0731
create index microfactories_certifications_idx on core.microfactories using gin (certifications jsonb_path_ops);
create index microfactories_energy_profile_idx on core.microfactories using gin (energy_profile jsonb_path_ops);
create index microfactories_renewable_share_idx on core.microfactories (((energy_profile ->> 'renewable_share')::numeric)) where status = 'active';

comment on index core.microfactories_certifications_idx is 'Workshops with a certificate (core.factories_certified).';
comment on index core.microfactories_energy_profile_idx is 'Workshops by energy profile, as {"grid_region": "DE"}.';
comment on index core.microfactories_renewable_share_idx is 'Active workshops by share of renewable energy (core.factories_with_renewables).';

create function core.is_certified(certifications jsonb, standard text, on_day date default current_date) returns boolean
  language sql stable
  return exists (select from jsonb_array_elements(certifications) c where c ->> 'standard' = standard and (c ->> 'valid_until') ~ '^\d{4}-\d\d-\d\d$' and c ->> 'valid_until' >= on_day::text);

create function core.factories_certified(standard text, on_day date default current_date) returns setof uuid
  language sql stable security definer
begin atomic
  select f.id from core.microfactories f
  where f.status = 'active' and f.certifications @> jsonb_build_array(jsonb_build_object('standard', standard)) and core.is_certified(f.certifications, standard, on_day);
end;

create function core.factories_with_renewables(min_share numeric) returns setof uuid
  language sql stable security definer
begin atomic
  select f.id from core.microfactories f where f.status = 'active' and (f.energy_profile ->> 'renewable_share')::numeric >= min_share order by (f.energy_profile ->> 'renewable_share')::numeric desc;
end;

grant execute on function core.factories_certified, core.factories_with_renewables to hc_anon, hc_agent;

comment on function core.is_certified is 'Whether a list of certificates has one of this standard that is valid on the day.';
comment on function core.factories_certified is 'Active workshops whose certificate of a standard is valid on a day. Security definer: row security would keep it from the GIN index; it repeats the public policy.';
comment on function core.factories_with_renewables is 'Active workshops with at least this share (0 to 1) of renewable energy, most first. Security definer: as core.factories_certified().';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000735001', 'ada-0735');
insert into core.microfactories (id, operator_id, slug, name, status, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes, certifications, energy_profile)
select ('00000000-0000-7000-8000-00000073501' || n)::uuid, '00000000-0000-7000-8000-000000735001', 'works-0735-' || n, 'Works', status, 52.52, 13.405, 'Europe/Berlin', '{"mon": [["08:00", "16:00"]]}', 'works-0735@example.org', '{process}', certs::jsonb, energy::jsonb
from (values (1, 'active', '[{"standard": "ISO-0735", "valid_until": "2999-01-31"}]', '{"renewable_share": 1}'), (2, 'active', '[{"standard": "ISO-0735", "valid_until": "2020-01-31"}]', '{"renewable_share": 0.2}'), (3, 'onboarding', '[{"standard": "ISO-0735", "valid_until": "2999-01-31"}]', '{"renewable_share": 1}'),
  (4, 'active', '[{"standard": "ISO-0735"}]', '{}')) v(n, status, certs, energy);
set local role hc_anon;
select array_agg(right(f::text, 1)) = '{1}' from core.factories_certified('ISO-0735') f;
select array_agg(right(f::text, 1) order by f) = '{1,2}' from core.factories_certified('ISO-0735', '2020-01-31') f;
select array_agg(right(f::text, 1)) = '{1}' from core.factories_with_renewables(0.9) f where f::text like '%07350%' or f::text like '%07351%';
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values ($$ select id from core.microfactories where certifications @> '[{"standard": "ISO-9001"}]' $$, 'microfactories_certifications_idx'), ($$ select id from core.microfactories where energy_profile @> '{"grid_region": "DE"}' $$, 'microfactories_energy_profile_idx'),
  ($$ select id from core.microfactories where status = 'active' and (energy_profile ->> 'renewable_share')::numeric >= 0.5 order by (energy_profile ->> 'renewable_share')::numeric desc limit 5 $$, 'microfactories_renewable_share_idx')) v(sql, index);
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and prosecdef from unnest(array['core.factories_certified(text, date)', 'core.factories_with_renewables(numeric)']) f join pg_proc on oid = f::regprocedure;
select not has_function_privilege('hc_anon', 'core.is_certified(jsonb, text, date)', 'execute');

-- task: BUILD_0736 add_wix_columns
-- title: Add Wix columns to core.microfactories (owner = operator)
-- does: Four virtual columns that cannot disagree with the real ones; the public map collection reads place, hours and processes, never the mail address, and writes nothing.
-- proves: the four follow their sources after an update, _owner is the operator, they cannot be written (428C9), wix_columns() leaves the mail address out.
-- needs: BUILD_0666, BUILD_0005, BUILD_0731
alter table core.microfactories
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (operator_id::text) virtual;

grant select ("_id", "_createdDate", "_updatedDate", "_owner") on core.microfactories to hc_anon;

comment on column core.microfactories."_id" is 'The id, as Wix names it. @wix read';
comment on column core.microfactories."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.microfactories."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.microfactories."_owner" is 'operator_id, as Wix names it. @wix read';
comment on column core.microfactories.contact_email is 'Where orders are announced; never public. @pii @wix never';
comment on column core.microfactories.metadata is 'Notes of the platform. @wix never';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000736001', 'ada-0736');
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000736011', '00000000-0000-7000-8000-000000736001', 'works-0736', 'Works');
update core.microfactories set description = 'x', updated_at = created_at + interval '1 hour' where slug = 'works-0736' returning "_updatedDate" > "_createdDate";
select "_id" = id::text and "_owner" = '00000000-0000-7000-8000-000000736001' and "_createdDate" = created_at and "_updatedDate" = updated_at from core.microfactories where slug = 'works-0736';
select c, blueprint.raises(format('update core.microfactories set %I = null', c), '428C9'), has_column_privilege('hc_anon', 'core.microfactories', c, 'select') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.microfactories'), (select count(*) filter (where column_name in ('contact_email', 'metadata')) = 0 and bool_and(access = 'read') and count(*) filter (where column_name in ('latitude', 'longitude', '_id')) = 3 from core.wix_columns('core.microfactories'));

-- task: BUILD_0738 implement_table_feature
-- title: Evaluate opening hours across time zones and holidays: core.is_open()
-- does: core.open_spans() turns weekly hours and exceptions by date into instants of the workshop's zone; is_open() asks for one, next_opening() for the next, working_hours_between() adds
--   up real hours, clock changes included.
-- proves: in the night of the clock change a span of four hours on the wall has three or five, a holiday is closed, an exception opens a Sunday, next_opening on Friday 19:00 is Monday 08:00.
-- needs: BUILD_0733
create function core.open_spans(factory uuid, since timestamptz, until timestamptz) returns setof tstzrange
  language sql stable security definer
begin atomic
  select s.span * tstzrange(since, until)
  from core.microfactories f, generate_series((since at time zone f.time_zone)::date - 1, (until at time zone f.time_zone)::date + 1, interval '1 day') day,
    jsonb_array_elements(coalesce(f.opening_hours -> 'exceptions' -> to_char(day, 'YYYY-MM-DD'), f.opening_hours -> (array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[extract(isodow from day)::int], '[]')) hours,
    lateral (select (day::date + (hours ->> 0)::time) at time zone f.time_zone as opens, case hours ->> 1 when '24:00' then (day::date + 1)::timestamp else day::date + (hours ->> 1)::time end at time zone f.time_zone as closes) t,
    lateral (select case when t.opens < t.closes then tstzrange(t.opens, t.closes) else 'empty' end as span) s
  where f.id = factory and f.time_zone is not null and s.span && tstzrange(since, until)
  order by 1;
end;

create function core.is_open(factory uuid, at timestamptz default now()) returns boolean
  language sql stable
begin atomic
  select exists (select from core.open_spans(factory, at, at + interval '1 microsecond') s);
end;

create function core.next_opening(factory uuid, at timestamptz default now()) returns timestamptz
  language sql stable
begin atomic
  select coalesce((select min(lower(s)) from core.open_spans(factory, at, at + interval '14 days') s), (select min(lower(s)) from core.open_spans(factory, at, at + interval '370 days') s));
end;

create function core.working_hours_between(factory uuid, since timestamptz, until timestamptz) returns numeric
  language sql stable
begin atomic
  select coalesce(round(sum(extract(epoch from upper(s) - lower(s))) / 3600, 4), 0) from core.open_spans(factory, since, until) s where since < until;
end;

grant execute on function core.open_spans, core.is_open, core.next_opening, core.working_hours_between to hc_anon, hc_agent, hc_worker;

comment on function core.open_spans is 'When a workshop is open between two instants; exceptions by date stand in for the weekly spans of that day. Security definer: hours are public knowledge, also of workshops that are paused.';
comment on function core.is_open is 'Whether a workshop is open at an instant.';
comment on function core.next_opening is 'The instant itself when it is open, else when it opens next within a year; null when it does not.';
comment on function core.working_hours_between is 'Open hours between two instants, as they pass on a real clock.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000738001', 'ada-0738');
insert into core.microfactories (id, operator_id, slug, name, time_zone, opening_hours) values ('00000000-0000-7000-8000-000000738011', '00000000-0000-7000-8000-000000738001', 'works-0738', 'Works', 'Europe/Berlin',
  '{"mon": [["08:00", "16:00"]], "tue": [["22:00", "24:00"]], "wed": [["00:00", "06:00"]], "fri": [["08:00", "18:00"]], "exceptions": {"2026-03-29": [["00:00", "04:00"]], "2026-10-25": [["00:00", "04:00"]], "2026-12-25": [], "2026-12-27": [["10:00", "12:00"]]}}');
select core.working_hours_between('00000000-0000-7000-8000-000000738011', '2026-03-28 20:00+01', '2026-03-29 20:00+02') = 3, core.working_hours_between('00000000-0000-7000-8000-000000738011', '2026-10-24 20:00+02', '2026-10-25 20:00+01') = 5,
  core.working_hours_between('00000000-0000-7000-8000-000000738011', '2026-01-05 10:00+01', '2026-01-05 12:30+01') = 2.5, core.working_hours_between('00000000-0000-7000-8000-000000738011', '2026-01-05 12:00+01', '2026-01-05 10:00+01') = 0,
  core.working_hours_between('00000000-0000-7000-8000-000000738011', '2026-01-06 12:00+01', '2026-01-07 12:00+01') = 8;
set local role hc_anon;
select core.is_open('00000000-0000-7000-8000-000000738011', '2026-01-05 08:00+01'), not core.is_open('00000000-0000-7000-8000-000000738011', '2026-01-05 16:00+01'), core.is_open('00000000-0000-7000-8000-000000738011', '2026-01-06 23:59+01'), core.is_open('00000000-0000-7000-8000-000000738011', '2026-01-07 00:00+01'),
  not core.is_open('00000000-0000-7000-8000-000000738011', '2026-12-25 09:00+01'), core.is_open('00000000-0000-7000-8000-000000738011', '2026-12-27 11:00+01');
select core.next_opening('00000000-0000-7000-8000-000000738011', '2026-01-09 19:00+01') = '2026-01-12 08:00+01', core.next_opening('00000000-0000-7000-8000-000000738011', '2026-01-12 09:00+01') = '2026-01-12 09:00+01';
set local role hc_owner;
update core.microfactories set opening_hours = '{"exceptions": {"2026-12-27": [["10:00", "12:00"]]}}' where slug = 'works-0738';
select core.next_opening('00000000-0000-7000-8000-000000738011', '2026-01-09 19:00+01') = '2026-12-27 10:00+01', core.next_opening('00000000-0000-7000-8000-000000738011', '2027-01-09 19:00+01') is null;
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute')
from unnest(array['core.open_spans(uuid, timestamptz, timestamptz)', 'core.is_open(uuid, timestamptz)', 'core.next_opening(uuid, timestamptz)', 'core.working_hours_between(uuid, timestamptz, timestamptz)']) f;
select prosecdef from pg_proc where oid = 'core.open_spans(uuid, timestamptz, timestamptz)'::regprocedure;

-- task: BUILD_0737 implement_table_feature
-- title: Find factories near a place that can make it: core.microfactories_near()
-- does: core.microfactories_near() looks through a box of coordinates by the index, round the antimeridian and over the poles, then by great-circle distance; it keeps active workshops within the
--   radius and their own, with the process or one below it, open at an instant if asked, nearest and then best rated first.
-- proves: Berlin and Munich are 504 km apart, 179.9 E finds 179.9 W, a search at the pole finds across it, process.cnc finds process.cnc.milling, a workshop's radius and hours count.
-- needs: BUILD_0732, BUILD_0738
create function core.distance_km(lat1 numeric, lon1 numeric, lat2 numeric, lon2 numeric) returns numeric
  language sql immutable strict parallel safe
  return round((2 * 6371.0088 * asin(least(1, sqrt(sin(radians((lat2 - lat1)::float8) / 2) ^ 2 + cos(radians(lat1::float8)) * cos(radians(lat2::float8)) * sin(radians((lon2 - lon1)::float8) / 2) ^ 2))))::numeric, 1);

create function core.microfactories_near(lat numeric, lon numeric, radius_km numeric default 100, process extensions.ltree default null, open_at timestamptz default null, max_hits int default 20)
  returns table (id uuid, slug text, name text, km numeric, rating numeric)
  language sql stable security definer
begin atomic
  with reach as (
    select radius_km::float8 / 111.0 as dlat, lat::float8 as lat, lon::float8 as lon
  ), boxes as (
    select box(point(r.lon - w.dlon + shift, r.lat - r.dlat), point(r.lon + w.dlon + shift, r.lat + r.dlat)) as area
    from reach r, lateral (select case when abs(r.lat) + r.dlat >= 89.9 then 360 else least(360, r.dlat / cos(radians(abs(r.lat) + r.dlat))) end as dlon) w, unnest(array[-360, 0, 360]) shift
  )
  select f.id, f.slug::text, f.name, d.km, f.rating
  from core.microfactories f, lateral (select core.distance_km(lat, lon, f.latitude, f.longitude) as km) d
  where f.status = 'active' and point(f.longitude::float8, f.latitude::float8) <@ any (array(select b.area from boxes b))
    and d.km <= radius_km and d.km <= f.service_radius_km
    and (process is null or f.accepted_processes operator(extensions.<@) process)
    and (open_at is null or core.is_open(f.id, open_at))
  order by d.km, f.rating desc nulls last, f.id limit greatest(least(max_hits, 100), 1);
end;

grant execute on function core.microfactories_near to hc_anon, hc_agent, hc_worker;
grant execute on function core.distance_km to hc_anon, hc_agent, hc_worker;

comment on function core.distance_km is 'Great-circle distance in km with a tenth of precision (haversine, mean radius 6,371.0088 km).';
comment on function core.microfactories_near is 'Active workshops within radius_km whose own radius reaches the place, with process (or one below it) and open at open_at where given, nearest first. Security definer: row security would keep it from the GiST index; it repeats the public policy.';

-- verify
select core.distance_km(52.52, 13.405, 48.137, 11.575) between 503 and 505, core.distance_km(0, 179.9, 0, -179.9) between 22.2 and 22.3, core.distance_km(10, 10, 10, 10) = 0;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000737001', 'ada-0737');
insert into core.microfactories (operator_id, slug, name, status, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes, service_radius_km, rating)
select '00000000-0000-7000-8000-000000737001', slug || '-0737', 'Works', status, lat, lon, 'UTC', '{"mon": [["08:00", "16:00"]]}', 'works-0737@example.org', process::extensions.ltree[], radius, rating
from (values ('west', 'active', 10.0, -179.9, '{process.zq0737.milling}', 2000, null), ('pole', 'active', 89.9, 120, '{process.zq0737}', 2000, null), ('pole2', 'active', 89.9, -60, '{process.zq0737}', 2000, null), ('near', 'active', 10.1, 179.5, '{process.zq0737}', 2000, 4), ('best', 'active', 10.1, 179.5, '{process.zq0737}', 2000, 5),
  ('small', 'active', 10.1, 179.5, '{process.zq0737}', 1, 5), ('other', 'active', 10.1, 179.5, '{process.zr0737}', 2000, 5), ('shut', 'onboarding', 10.0, 179.9, '{process.zq0737}', 2000, 5)) v(slug, status, lat, lon, process, radius, rating);
set local role hc_anon;
select array_agg(slug) = '{west-0737,best-0737,near-0737}', bool_and(km = case slug when 'west-0737' then 21.9 else km end) from core.microfactories_near(10, 179.9, 100, 'process.zq0737');
select array_agg(slug) = '{west-0737}' from core.microfactories_near(10, 179.9, 100, 'process.zq0737.milling');
select array_agg(slug order by slug) = '{pole-0737,pole2-0737}' from core.microfactories_near(89.95, 120, 50, 'process.zq0737');
select array_agg(slug) = '{west-0737}' from core.microfactories_near(10, -179.95, 20, 'process.zq0737');
select (select count(*) from core.microfactories_near(10, 179.9, 100, 'process.zq0737', '2026-01-05 09:00+00')) = 3, (select count(*) from core.microfactories_near(10, 179.9, 100, 'process.zq0737', '2026-01-05 07:00+00')) = 0, (select count(*) from core.microfactories_near(10, 179.9, 100, 'process.zq0737', max_hits => 1)) = 1;
set local role hc_owner;
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and prosecdef = (f like '%near%')
from unnest(array['core.distance_km(numeric, numeric, numeric, numeric)', 'core.microfactories_near(numeric, numeric, numeric, extensions.ltree, timestamptz, int)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0739 implement_table_feature critical
-- title: Onboarding checklist that gates activation
-- does: core.onboarding_checklist(factory) lists agreement, identity check, place, hours, process, safety certificate, energy profile and test print with their evidence;
--   activate_factory() refuses while mandatory ones are open and names them; pause_lapsed() pauses active workshops whose mandatory item lapsed, every night.
-- proves: two open items are both named, completing them activates, an operator cannot, the expiry of the safety certificate pauses with the reason.
-- needs: BUILD_0005, BUILD_0677, BUILD_0734, BUILD_0735, BUILD_0748
create function core.onboarding_checklist(factory uuid, at timestamptz default now()) returns table (item text, is_mandatory boolean, done boolean, evidence text)
  language sql stable security definer
begin atomic
  select c.item, c.is_mandatory, coalesce(c.done, false), c.evidence
  from core.microfactories f, lateral (values
    (1, 'agreement', true, core.has_consent(f.operator_id, 'microfactory_agreement', at), 'consent to kind microfactory_agreement'),
    (2, 'operator identity check', true, core.kyc_valid(f.operator_id, 'basic', at), 'approved case of level basic'),
    (3, 'coordinates', true, f.latitude is not null and f.time_zone is not null, format('%s, %s', f.latitude, f.longitude)),
    (4, 'opening hours', true, f.opening_hours - 'exceptions' <> '{}', 'weekly spans'),
    (5, 'one process', true, cardinality(f.accepted_processes) >= 1, array_to_string(f.accepted_processes::text[], ', ')),
    (6, 'contact', true, f.contact_email is not null, 'mail address'),
    (7, 'safety certificate', true, core.is_certified(f.certifications, 'safety', (at at time zone 'UTC')::date), 'certificate of standard safety in force'),
    (8, 'test print review', true, f.metadata ->> 'test_print' = 'passed', 'metadata.test_print'),
    (9, 'energy profile', false, f.energy_profile ? 'renewable_share', 'renewable_share')) c(place, item, is_mandatory, done, evidence)
  where f.id = factory and (f.operator_id = core.current_user_id() or core.has_role('hc_moderator') or core.has_role('hc_auditor') or core.has_role('hc_worker') or core.has_role('hc_owner'))
  order by c.place;
end;

create function core.pass_test_print(factory uuid, note text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_moderator') then
    raise exception using errcode = '42501', message = 'moderation reviews test prints';
  end if;
  update core.microfactories f set metadata = f.metadata || jsonb_build_object('test_print', 'passed', 'test_print_note', note) where f.id = factory;
end $$;

create function core.activate_factory(factory uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  missing text;
begin
  if not core.has_role('hc_moderator') then
    raise exception using errcode = '42501', message = 'moderation activates microfactories';
  end if;
  select string_agg(c.item, ', ') into missing from core.onboarding_checklist(factory) c where c.is_mandatory and not c.done;
  if missing is not null then
    raise exception using errcode = '55000', message = format('still open: %s', missing), hint = 'core.onboarding_checklist() says what each takes.';
  end if;
  update core.microfactories f set status = 'onboarding' where f.id = factory and f.status = 'applied';
  update core.microfactories f set status = 'active' where f.id = factory and f.status in ('onboarding', 'paused');
end $$;

create function core.pause_lapsed(at timestamptz default now()) returns table (factory uuid, lapsed text)
  language plpgsql security definer set search_path = ''
as $$
begin
  for factory, lapsed in
    select f.id, string_agg(c.item, ', ') from core.microfactories f, core.onboarding_checklist(f.id, pause_lapsed.at) c
    where f.status = 'active' and c.is_mandatory and not c.done group by f.id
  loop
    perform core.give_reason('lapsed: ' || lapsed);
    update core.microfactories f set status = 'paused' where f.id = factory;
    return next;
  end loop;
  perform core.give_reason(null);
end $$;

grant execute on function core.onboarding_checklist to hc_member, hc_auditor, hc_worker;
grant execute on function core.pass_test_print, core.activate_factory to hc_moderator;
grant execute on function core.pause_lapsed to hc_worker;

comment on function core.onboarding_checklist is 'What a workshop needs to be active, and whether it is there at an instant; for its operator and staff. Security definer: consents and identity checks have no grant.';
comment on function core.pass_test_print is 'Notes that the test print was reviewed and passed (moderation). Security definer: metadata is written by functions only.';
comment on function core.activate_factory is 'Activates a workshop whose mandatory items are done, else raises 55000 naming the open ones (moderation). Security definer: the status is written by functions only.';
comment on function core.pause_lapsed is 'Pauses active workshops whose mandatory items lapsed, with them as reason; for the nightly job. Security definer: the worker writes no table.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000739001', 'ada-0739'), ('00000000-0000-7000-8000-000000739002', 'bob-0739');
insert into core.microfactories (id, operator_id, slug, name, latitude, longitude, time_zone, opening_hours, contact_email, accepted_processes, certifications, metadata) values
  ('00000000-0000-7000-8000-000000739011', '00000000-0000-7000-8000-000000739001', 'works-0739', 'Works', 52.52, 13.405, 'Europe/Berlin', '{"mon": [["08:00", "16:00"]]}', 'works-0739@example.org', '{process}', format('[{"standard": "safety", "valid_until": "%s"}]', current_date + 10)::jsonb, '{}');
insert into core.kyc (user_id, status, decided_by, decided_at, valid_during) values ('00000000-0000-7000-8000-000000739001', 'approved', '00000000-0000-7000-8000-000000739002', now(), core.period(now() - interval '1 day', now() + interval '1 year'));
select core.act_as('00000000-0000-7000-8000-000000739001');
set local role hc_member;
select array_agg(item order by item) = '{agreement,"energy profile","test print review"}', bool_and(evidence is not null) from core.onboarding_checklist('00000000-0000-7000-8000-000000739011') where not done;
select blueprint.raises($$ select core.activate_factory('00000000-0000-7000-8000-000000739011') $$, '42501'), blueprint.raises($$ select core.pass_test_print('00000000-0000-7000-8000-000000739011', 'x') $$, '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000739002');
set local role hc_member;
select count(*) = 0 from core.onboarding_checklist('00000000-0000-7000-8000-000000739011');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000739002', 'hc_moderator');
set local role hc_moderator;
select blueprint.raises($$ select core.activate_factory('00000000-0000-7000-8000-000000739011') $$, '55000', 'still open: agreement, test print review');
select core.pass_test_print('00000000-0000-7000-8000-000000739011', 'Clean');
set local role hc_owner;
insert into core.legal_documents (id, kind, locale, title, body, body_sha256, version, effective) values ('00000000-0000-7000-8000-000000739004', 'microfactory_agreement', 'zu', 'Agreement', 'Work well. 0739', sha256('Work well. 0739'), 739, tstzrange(now() - interval '1 day', null));
insert into core.consents (user_id, document_id, channel, evidence_sha256, occurred_at) values ('00000000-0000-7000-8000-000000739001', '00000000-0000-7000-8000-000000739004', 'api', sha256('0739'), now());
set local role hc_moderator;
select core.activate_factory('00000000-0000-7000-8000-000000739011');
select status = 'active' from core.microfactories where id = '00000000-0000-7000-8000-000000739011';
set local role hc_worker;
select count(*) = 0 from core.pause_lapsed() where factory = '00000000-0000-7000-8000-000000739011';
select count(*) = 1 and bool_and(lapsed = 'safety certificate') from core.pause_lapsed(now() + interval '11 days') where factory = '00000000-0000-7000-8000-000000739011';
set local role hc_owner;
select f.status = 'paused' and c.reason = 'lapsed: safety certificate' from core.microfactories f join core.status_changes c on c.entity_id = f.id and c.to_status = 'paused' where f.id = '00000000-0000-7000-8000-000000739011';
select role, has_function_privilege(role, 'core.onboarding_checklist(uuid, timestamptz)', 'execute') from unnest(array['hc_member', 'hc_auditor', 'hc_worker']) role;
select f, has_function_privilege('hc_moderator', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') and prosecdef from unnest(array['core.pass_test_print(uuid, text)', 'core.activate_factory(uuid)']) f join pg_proc on oid = f::regprocedure;
select has_function_privilege('hc_worker', 'core.pause_lapsed(timestamptz)', 'execute') and not has_function_privilege('hc_member', 'core.pause_lapsed(timestamptz)', 'execute') and not has_function_privilege('hc_anon', 'core.onboarding_checklist(uuid, timestamptz)', 'execute');

-- task: BUILD_0740 implement_table_feature
-- title: Service quality score from verified feedback and delivery facts
-- does: core.rate_microfactory(factory, stars, order) takes one rating per delivered order of its customer; production tells on-time share and defects by core.factory_facts(). The rating is
--   0.7 x stars (ten votes of 3.8 as prior, half-life 12 months, outliers half) + 0.3 x 5 x (0.6 x on time + 0.4 x without defects), facts shrunk to 0.8 by sample / (sample + 20).
-- proves: one five-star workshop scores below fifty of 4.6, self-rating, a foreign and an unknown order raise, a bad on-time share lowers the score by its weight, old ratings fade.
-- needs: BUILD_0005, BUILD_0106, BUILD_0734
create table core.microfactory_ratings (
  microfactory_id uuid not null constraint microfactory_ratings_microfactory_id_fk references core.microfactories (id) on delete cascade,
  order_ref text not null,
  user_id uuid not null constraint microfactory_ratings_user_id_fk references core.users (id),
  stars int not null constraint microfactory_ratings_stars_check check (stars >= 1 and stars <= 5),
  created_at timestamptz not null default now(),
  constraint microfactory_ratings_microfactory_id_order_ref_pk primary key (microfactory_id, order_ref)
);

create table core.microfactory_facts (
  microfactory_id uuid constraint microfactory_facts_microfactory_id_pk primary key constraint microfactory_facts_microfactory_id_fk references core.microfactories (id) on delete cascade,
  on_time_share numeric not null constraint microfactory_facts_on_time_share_check check (on_time_share >= 0 and on_time_share <= 1),
  defect_rate numeric not null constraint microfactory_facts_defect_rate_check check (defect_rate >= 0 and defect_rate <= 1),
  sample int not null constraint microfactory_facts_sample_check check (sample >= 0),
  updated_at timestamptz not null default now()
);

create index microfactory_ratings_user_id_idx on core.microfactory_ratings (user_id);

create policy microfactory_ratings_own_select on core.microfactory_ratings for select to hc_member using (user_id = (select core.current_user_id()));

grant select on core.microfactory_ratings to hc_member;

create function core.score_microfactory(factory uuid, at timestamptz default now()) returns numeric
  language sql stable security definer
begin atomic
  with rated as (
    select r.stars, power(0.5, greatest(extract(epoch from at - r.created_at), 0) / 31557600) as weight, avg(r.stars) over () as mean, stddev_samp(r.stars) over () as spread, count(*) over () as n
    from core.microfactory_ratings r where r.microfactory_id = factory
  ), voted as (
    select (38 + coalesce(sum(r.stars * w.weight), 0)) / (10 + coalesce(sum(w.weight), 0)) as stars
    from rated r, lateral (select r.weight * case when r.n >= 10 and abs(r.stars - r.mean) > 2 * r.spread then 0.5 else 1 end as weight) w
  ), facts as (
    select coalesce((select 0.8 + (0.6 * f.on_time_share + 0.4 * (1 - f.defect_rate) - 0.8) * f.sample / (f.sample + 20.0) from core.microfactory_facts f where f.microfactory_id = factory), 0.8) as quality
  )
  select round(0.7 * v.stars + 0.3 * 5 * f.quality, 2) from voted v, facts f;
end;

create function core.rate_microfactory(factory uuid, stars int, order_ref text) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  scored numeric;
begin
  if exists (select from core.microfactories f where f.id = factory and f.operator_id = me) then
    raise exception using errcode = '42501', message = 'nobody rates his own microfactory';
  elsif not exists (select from production.orders o where o.number = order_ref and o.customer_id = me and o.microfactory_id = factory and o.status = 'delivered') then
    raise exception using errcode = '42501', message = 'customers rate a delivered order of theirs';
  end if;
  insert into core.microfactory_ratings (microfactory_id, order_ref, user_id, stars) values (factory, order_ref, me, stars)
  on conflict on constraint microfactory_ratings_microfactory_id_order_ref_pk do update set stars = excluded.stars;
  update core.microfactories f set rating = core.score_microfactory(factory) where f.id = factory returning f.rating into scored;
  return scored;
end $$;

create function core.factory_facts(factory uuid, facts jsonb) returns numeric
  language sql security definer
begin atomic
  insert into core.microfactory_facts (microfactory_id, on_time_share, defect_rate, sample)
  values (factory, (facts ->> 'on_time_share')::numeric, (facts ->> 'defect_rate')::numeric, (facts ->> 'sample')::int)
  on conflict (microfactory_id) do update set on_time_share = excluded.on_time_share, defect_rate = excluded.defect_rate, sample = excluded.sample, updated_at = now();
  update core.microfactories f set rating = core.score_microfactory(factory) where f.id = factory returning f.rating;
end;

grant execute on function core.rate_microfactory to hc_member;
grant execute on function core.factory_facts, core.score_microfactory to hc_worker;

comment on table core.microfactory_ratings is 'Stars of customers, one a delivered order. @distribution reference';
comment on column core.microfactory_ratings.microfactory_id is 'The workshop.';
comment on column core.microfactory_ratings.order_ref is 'Number of the order.';
comment on column core.microfactory_ratings.user_id is 'The customer.';
comment on column core.microfactory_ratings.stars is '1 to 5.';
comment on column core.microfactory_ratings.created_at is 'When; ratings fade with a half-life of 12 months.';
comment on table core.microfactory_facts is 'What production knows of a workshop''s deliveries. @distribution reference';
comment on column core.microfactory_facts.microfactory_id is 'The workshop.';
comment on column core.microfactory_facts.on_time_share is 'Share of orders delivered in time.';
comment on column core.microfactory_facts.defect_rate is 'Share of pieces that failed.';
comment on column core.microfactory_facts.sample is 'Orders it comes from.';
comment on column core.microfactory_facts.updated_at is 'When it was told.';
comment on index core.microfactory_ratings_user_id_idx is 'Foreign key, and the own ratings in the policy.';
comment on policy microfactory_ratings_own_select on core.microfactory_ratings is 'Customers see what they gave; others see the rating of the workshop.';
comment on function core.score_microfactory is 'Rating of a workshop at an instant, by the formula of BUILD_0740. Security definer: ratings of others.';
comment on function core.rate_microfactory is 'Rates a workshop for a delivered order (its customer; again: corrects) and returns the new rating. Security definer: ratings are written by functions only.';
comment on function core.factory_facts is 'Takes {"on_time_share", "defect_rate", "sample"} from production and returns the new rating. Security definer: the worker writes no table.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000740001', 'ada-0740'), ('00000000-0000-7000-8000-000000740002', 'bob-0740');
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000740011', '00000000-0000-7000-8000-000000740001', 'one-0740', 'One'), ('00000000-0000-7000-8000-000000740012', '00000000-0000-7000-8000-000000740001', 'many-0740', 'Many');
insert into production.orders (number, customer_id, microfactory_id, status) values ('PROBE-0740-1', '00000000-0000-7000-8000-000000740002', '00000000-0000-7000-8000-000000740011', 'delivered'), ('PROBE-0740-2', '00000000-0000-7000-8000-000000740002', '00000000-0000-7000-8000-000000740011', 'shipped'),
  ('PROBE-0740-3', '00000000-0000-7000-8000-000000740001', '00000000-0000-7000-8000-000000740011', 'delivered');
insert into core.microfactory_ratings (microfactory_id, order_ref, user_id, stars) select '00000000-0000-7000-8000-000000740012', 'R-' || n, '00000000-0000-7000-8000-000000740002', case when n % 5 < 2 then 4 else 5 end from generate_series(1, 50) n;
select core.score_microfactory('00000000-0000-7000-8000-000000740012') = round(0.7 * (38 + 230) / 60.0 + 1.2, 2);
select core.act_as('00000000-0000-7000-8000-000000740001');
set local role hc_member;
select blueprint.raises($$ select core.rate_microfactory('00000000-0000-7000-8000-000000740011', 5, 'PROBE-0740-3') $$, '42501', 'his own'), (select count(*) = 0 from core.microfactory_ratings);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000740002');
set local role hc_member;
select ref, blueprint.raises(format($$ select core.rate_microfactory('00000000-0000-7000-8000-000000740011', 5, %L) $$, ref), '42501', 'delivered order') from unnest(array['PROBE-0740-2', 'PROBE-0740-3', 'none']) ref;
select core.rate_microfactory('00000000-0000-7000-8000-000000740011', 1, 'PROBE-0740-1') < 3.8, core.rate_microfactory('00000000-0000-7000-8000-000000740011', 5, 'PROBE-0740-1') = round(0.7 * 43 / 11.0 + 1.2, 2);
select count(*) = 51 from core.microfactory_ratings;
set local role hc_worker;
select core.score_microfactory('00000000-0000-7000-8000-000000740011') < core.score_microfactory('00000000-0000-7000-8000-000000740012'), core.score_microfactory('00000000-0000-7000-8000-000000740011', now() + interval '365.25 days') = round(0.7 * (38 + 2.5) / 10.5 + 1.2, 2);
select core.factory_facts('00000000-0000-7000-8000-000000740011', '{"on_time_share": 1, "defect_rate": 0, "sample": 20}') = round(0.7 * 43 / 11.0 + 1.5 * 0.9, 2);
select core.factory_facts('00000000-0000-7000-8000-000000740011', '{"on_time_share": 0.5, "defect_rate": 0, "sample": 20}') = round(0.7 * 43 / 11.0 + 1.5 * 0.75, 2);
set local role hc_owner;
select f.rating = round(0.7 * 43 / 11.0 + 1.5 * 0.75, 2) and x.updated_at = now() and r.created_at = now() from core.microfactories f join core.microfactory_facts x on x.microfactory_id = f.id join core.microfactory_ratings r on r.microfactory_id = f.id where f.slug = 'one-0740';
insert into core.microfactory_ratings (microfactory_id, order_ref, user_id, stars) values ('00000000-0000-7000-8000-000000740012', 'R-51', '00000000-0000-7000-8000-000000740002', 1);
select core.score_microfactory('00000000-0000-7000-8000-000000740012') = round(0.7 * (38 + 230 + 0.5) / 60.5 + 1.2, 2);
select rule, blueprint.raises(sql, state, rule) from (values
  ('microfactory_ratings_microfactory_id_fk', '23503', $$ insert into core.microfactory_ratings values (uuidv7(), 'x', '00000000-0000-7000-8000-000000740002', 5) $$), ('microfactory_ratings_user_id_fk', '23503', $$ insert into core.microfactory_ratings values ('00000000-0000-7000-8000-000000740011', 'x', uuidv7(), 5) $$),
  ('microfactory_ratings_stars_check', '23514', $$ insert into core.microfactory_ratings values ('00000000-0000-7000-8000-000000740011', 'x', '00000000-0000-7000-8000-000000740002', 6) $$), ('microfactory_ratings_microfactory_id_order_ref_pk', '23505', $$ insert into core.microfactory_ratings values ('00000000-0000-7000-8000-000000740012', 'R-1', '00000000-0000-7000-8000-000000740002', 5) $$),
  ('microfactory_facts_microfactory_id_fk', '23503', $$ insert into core.microfactory_facts values (uuidv7(), 1, 0, 1) $$), ('microfactory_facts_on_time_share_check', '23514', $$ insert into core.microfactory_facts values ('00000000-0000-7000-8000-000000740012', 2, 0, 1) $$),
  ('microfactory_facts_defect_rate_check', '23514', $$ insert into core.microfactory_facts values ('00000000-0000-7000-8000-000000740012', 1, 2, 1) $$), ('microfactory_facts_sample_check', '23514', $$ insert into core.microfactory_facts values ('00000000-0000-7000-8000-000000740012', 1, 0, -1) $$),
  ('microfactory_facts_microfactory_id_pk', '23505', $$ insert into core.microfactory_facts values ('00000000-0000-7000-8000-000000740011', 1, 0, 1) $$)) v(rule, state, sql);
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('core.microfactory_ratings'::regclass, 'core.microfactory_facts'::regclass);
select blueprint.plan_uses($$ select from core.microfactory_ratings where user_id = '00000000-0000-7000-8000-000000740002' $$, 'microfactory_ratings_user_id_idx'), has_function_privilege('hc_member', 'core.rate_microfactory(uuid, int, text)', 'execute') and not has_function_privilege('hc_anon', 'core.rate_microfactory(uuid, int, text)', 'execute');
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') and prosecdef from unnest(array['core.factory_facts(uuid, jsonb)', 'core.score_microfactory(uuid, timestamptz)']) f join pg_proc on oid = f::regprocedure;
