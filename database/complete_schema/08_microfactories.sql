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
