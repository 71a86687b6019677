-- Room impact, layer 07: what making and giving does to the world. Quantities always have a unit, emission factors hold for a time and a region and stay as they were used, results are
-- frozen in records, closed periods and claims. Thirteen tables, their indexes, references and rules.

-- task: BUILD_0141 create_sql_file critical
-- title: Open room impact with its contract: unit-aware, versioned factors, frozen results
-- does: Schema impact, registered as layer 7 with its contract. What hc_owner makes here is closed until it is granted.
-- proves: the contract names the three invariants, a fresh table forces row security and is closed to members (42501).
-- needs: BUILD_0005, BUILD_0015
select blueprint.open_room('impact', 7, '07_environmental_impact',
  '{"provides": ["metrics", "factors", "records", "offsets", "goals", "reports", "claims"], "requires": ["core.users", "production", "core.donations"], "rls": "subject owner and public totals",
    "invariants": ["no quantity without a unit", "factors do not change after use", "closed periods are frozen"]}',
  'What making and giving does to the world: factors, records, offsets, goals, reports and claims.');

grant usage on schema impact to hc_anon, hc_worker, hc_auditor, hc_analyst;

-- verify
select layer = 7 and contract -> 'provides' ? 'claims' and jsonb_array_length(contract -> 'invariants') = 3 from blueprint.rooms where schema_name = 'impact';
create table impact.probe_0141 (id int);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'impact.probe_0141'::regclass;
select role, has_schema_privilege(role, 'impact', 'usage') and not has_schema_privilege(role, 'impact', 'create') from unnest(array['hc_anon', 'hc_member', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;
set local role hc_member;
select blueprint.raises('select from impact.probe_0141', '42501');

-- task: BUILD_0142 create_tables critical
-- title: Create the thirteen impact tables and seed units and metrics
-- does: Units with exact factors to their base, metrics, emission factors in time, baselines, records by month, offsets and retirements, goals, reporting periods with lines, claims with their records, verifications;
--   thirty-three units and five metrics are there.
-- proves: kWh, MJ, t*km, kg and l have their dimensions, a record of next month lands in its partition, metrics have base units of their dimension, defaults fill in, keys refuse a second row, every table forces row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0017, BUILD_0021, BUILD_0141, BUILD_0661
create table impact.units (
  code core.unit_code constraint units_code_pk primary key,
  name text not null,
  dimension text not null,
  vector jsonb not null default '{}',
  factor_to_base numeric not null,
  offset_to_base numeric not null default 0,
  is_base boolean not null default false
);

create table impact.metrics (
  code text constraint metrics_code_pk primary key,
  name text not null,
  dimension text not null,
  base_unit core.unit_code not null,
  direction text not null,
  description text not null,
  formula jsonb not null default '{}',
  reviewed_on date not null default current_date
);

create table impact.emission_factors (
  id uuid default uuidv7() constraint emission_factors_id_pk primary key,
  activity extensions.ltree not null,
  activity_key text generated always as (activity::text) stored,
  metric_code text not null default 'co2e',
  region text not null default 'global',
  source text not null,
  gwp_basis text not null default 'AR6',
  value numeric not null,
  numerator_unit core.unit_code not null default 'kg',
  denominator_unit core.unit_code not null,
  uncertainty_pct numeric not null default 10,
  during daterange not null,
  version int not null default 1,
  superseded_by uuid,
  reason text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table impact.baselines (
  id uuid default uuidv7() constraint baselines_id_pk primary key,
  subject_kind text not null,
  subject_id uuid not null,
  metric_code text not null,
  value numeric not null,
  unit core.unit_code not null,
  method text not null default 'calculated',
  during daterange not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table impact.records (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  subject_id uuid,
  subject_kind text not null,
  metric_code text not null,
  quantity numeric not null,
  unit core.unit_code not null,
  activity extensions.ltree,
  region text,
  activity_value numeric,
  activity_unit core.unit_code,
  factor_id uuid,
  factor_value numeric,
  result_base numeric not null,
  uncertainty_pct numeric,
  quality text,
  method text not null default 'calculated',
  scope int not null default 3,
  calc jsonb not null default '{}',
  corrects_id uuid,
  corrects_at timestamptz,
  source_ref text,
  recorded_by uuid default core.current_user_id(),
  recorded_at timestamptz not null default now(),
  constraint records_id_occurred_at_subject_id_pk primary key (id, occurred_at, subject_id)
) partition by range (occurred_at);

create table impact.offsets (
  id uuid default uuidv7() constraint offsets_id_pk primary key,
  registry text not null,
  serial_from bigint not null,
  serial_to bigint not null,
  certificate_no text not null constraint offsets_certificate_no_key unique,
  standard text not null,
  project jsonb not null default '{}',
  vintage int not null,
  tonnes numeric not null,
  purchased_on date not null default current_date,
  cost_usd core.fiat_amount not null default 0,
  status text not null default 'held',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table impact.retirements (
  id uuid default uuidv7() constraint retirements_id_pk primary key,
  occurred_at timestamptz not null default clock_timestamp(),
  offset_id uuid not null,
  tonnes numeric not null,
  beneficiary_kind text not null,
  beneficiary_id uuid,
  reason text not null,
  serial_from bigint,
  serial_to bigint,
  certificate_no text constraint retirements_certificate_no_key unique,
  certificate_sha256 core.sha256
);

create table impact.goals (
  id uuid default uuidv7() constraint goals_id_pk primary key,
  owner_kind text not null,
  owner_id uuid not null,
  metric_code text not null,
  baseline_id uuid not null,
  target_value numeric not null,
  unit core.unit_code not null,
  starts_on date not null,
  due_on date not null,
  status text not null default 'active',
  trajectory text not null default 'linear',
  evidence jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table impact.reporting_periods (
  id uuid default uuidv7() constraint reporting_periods_id_pk primary key,
  name text not null,
  entity_key text not null default 'platform',
  during daterange not null,
  version int not null default 1,
  restates_id uuid,
  reason text,
  status text not null default 'open',
  closed_by uuid,
  closed_at timestamptz,
  published_by uuid,
  published_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table impact.report_lines (
  period_id uuid,
  metric_code text,
  scope int,
  dimension_key text default '*',
  value numeric not null,
  unit core.unit_code not null,
  record_count bigint not null,
  inputs_sha256 core.sha256 not null,
  constraint report_lines_period_id_metric_code_scope_dimension_key_pk primary key (period_id, metric_code, scope, dimension_key)
);

create table impact.claims (
  id uuid default uuidv7() constraint claims_id_pk primary key,
  donation_id uuid,
  project_id uuid,
  metric_code text not null,
  quantity numeric not null,
  unit core.unit_code not null,
  evidence jsonb not null default '[]',
  status text not null default 'asserted',
  public_code text not null constraint claims_public_code_key unique,
  claim_sha256 core.sha256 not null,
  asserted_by uuid default core.current_user_id(),
  asserted_at timestamptz not null default now(),
  verified_at timestamptz,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table impact.claim_records (
  claim_id uuid,
  record_id uuid,
  record_at timestamptz not null,
  subject_id uuid not null,
  is_live boolean not null default true,
  constraint claim_records_claim_id_record_id_pk primary key (claim_id, record_id)
);

create table impact.verifications (
  id uuid default uuidv7() constraint verifications_id_pk primary key,
  occurred_at timestamptz not null default clock_timestamp(),
  target_kind text not null,
  target_id uuid not null,
  verifier_id uuid not null,
  verdict text not null,
  method text,
  statement text,
  evidence_asset_id uuid
);

select core.ensure_month_partitions('impact.records');

insert into impact.units (code, name, dimension, vector, factor_to_base, offset_to_base, is_base) values
  ('kg', 'kilogram', 'mass', '{"mass": 1}', 1, 0, true), ('g', 'gram', 'mass', '{"mass": 1}', 0.001, 0, false), ('t', 'tonne', 'mass', '{"mass": 1}', 1000, 0, false), ('lb', 'pound', 'mass', '{"mass": 1}', 0.45359237, 0, false), ('oz', 'ounce', 'mass', '{"mass": 1}', 0.028349523125, 0, false),
  ('J', 'joule', 'energy', '{"energy": 1}', 1, 0, true), ('Wh', 'watt hour', 'energy', '{"energy": 1}', 3600, 0, false), ('kWh', 'kilowatt hour', 'energy', '{"energy": 1}', 3600000, 0, false), ('MWh', 'megawatt hour', 'energy', '{"energy": 1}', 3600000000, 0, false),
  ('MJ', 'megajoule', 'energy', '{"energy": 1}', 1000000, 0, false), ('GJ', 'gigajoule', 'energy', '{"energy": 1}', 1000000000, 0, false),
  ('m3', 'cubic metre', 'volume', '{"length": 3}', 1, 0, true), ('l', 'litre', 'volume', '{"length": 3}', 0.001, 0, false), ('ml', 'millilitre', 'volume', '{"length": 3}', 0.000001, 0, false), ('gal', 'US gallon', 'volume', '{"length": 3}', 0.003785411784, 0, false),
  ('m', 'metre', 'distance', '{"length": 1}', 1, 0, true), ('km', 'kilometre', 'distance', '{"length": 1}', 1000, 0, false), ('cm', 'centimetre', 'distance', '{"length": 1}', 0.01, 0, false), ('mm', 'millimetre', 'distance', '{"length": 1}', 0.001, 0, false), ('mi', 'mile', 'distance', '{"length": 1}', 1609.344, 0, false),
  ('kg*m', 'kilogram metre', 'mass_distance', '{"mass": 1, "length": 1}', 1, 0, true), ('t*km', 'tonne kilometre', 'mass_distance', '{"mass": 1, "length": 1}', 1000000, 0, false), ('kg*km', 'kilogram kilometre', 'mass_distance', '{"mass": 1, "length": 1}', 1000, 0, false),
  ('m2', 'square metre', 'area', '{"length": 2}', 1, 0, true), ('ha', 'hectare', 'area', '{"length": 2}', 10000, 0, false), ('s', 'second', 'time', '{"time": 1}', 1, 0, true), ('min', 'minute', 'time', '{"time": 1}', 60, 0, false), ('h', 'hour', 'time', '{"time": 1}', 3600, 0, false), ('d', 'day', 'time', '{"time": 1}', 86400, 0, false),
  ('K', 'kelvin', 'temperature', '{"temperature": 1}', 1, 0, true), ('degC', 'degree Celsius', 'temperature', '{"temperature": 1}', 1, 273.15, false), ('degF', 'degree Fahrenheit', 'temperature', '{"temperature": 1}', 0.55555555555555555556, 255.37222222222222222, false), ('item', 'item', 'count', '{"count": 1}', 1, 0, true);

insert into impact.metrics (code, name, dimension, base_unit, direction, description, formula) values
  ('co2e', 'Greenhouse gases', 'mass', 'kg', 'lower_better', 'CO2 equivalents by the GHG Protocol, GWP over 100 years.', '{"text": "sum of activity x factor", "sources": ["GHG Protocol Corporate Standard", "IPCC AR6 WG1 chapter 7"]}'), ('water', 'Water use', 'volume', 'm3', 'lower_better', 'Fresh water taken and not given back.', '{"text": "sum of activity x factor", "sources": ["ISO 14046"]}'),
  ('waste', 'Waste', 'mass', 'kg', 'lower_better', 'Material that left the loop.', '{"text": "sum of scrap mass", "sources": ["GRI 306"]}'), ('energy', 'Energy use', 'energy', 'J', 'lower_better', 'Final energy used.', '{"text": "sum of energy", "sources": ["ISO 50001"]}'), ('units_donated', 'Units donated', 'count', 'item', 'higher_better', 'Products handed over to those they were made for.', '{"text": "count of units delivered", "sources": ["production records"]}');

-- verify
select u.code, u.dimension = v.dimension and u.factor_to_base > 0 from (values ('kWh', 'energy'), ('MJ', 'energy'), ('t*km', 'mass_distance'), ('kg', 'mass'), ('l', 'volume')) v(code, dimension) left join impact.units u on u.code = v.code;
select count(*) >= 30 from impact.units;
select count(*) >= 5, bool_and(u.dimension = m.dimension and u.is_base) from impact.metrics m left join impact.units u on u.code = m.base_unit;
insert into impact.units (code, name, dimension, factor_to_base) values ('probe142', 'Probe', 'probe', 1) returning vector = '{}' and offset_to_base = 0 and not is_base;
insert into impact.metrics (code, name, dimension, base_unit, direction, description) values ('probe_0142', 'Probe', 'count', 'item', 'lower_better', 'x') returning formula = '{}' and reviewed_on = current_date;
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000142001', 'probe_0142.a', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)')
returning metric_code = 'co2e' and region = 'global' and gwp_basis = 'AR6' and numerator_unit = 'kg' and uncertainty_pct = 10 and version = 1 and metadata = '{}' and activity_key = 'probe_0142.a' and created_at = now() and updated_at = now();
insert into impact.emission_factors (activity, source, value, denominator_unit, during) values ('probe_0142.b', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)') returning id is not null;
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) values ('00000000-0000-7000-8000-000000142002', 'organisation', '00000000-0000-7000-8000-000000142009', 'co2e', 1, 'kg', '[2026-01-01,2027-01-01)') returning method = 'calculated' and metadata = '{}' and created_at = now() and updated_at = now();
insert into impact.baselines (subject_kind, subject_id, metric_code, value, unit, during) values ('organisation', '00000000-0000-7000-8000-000000142008', 'co2e', 1, 'kg', '[2026-01-01,2027-01-01)') returning id is not null;
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', '00000000-0000-7000-8000-000000142009', 'co2e', 1, 'kg', 1) returning id is not null and occurred_at = now() and method = 'calculated' and scope = 3 and calc = '{}' and recorded_by is null and recorded_at = now();
insert into core.users (id, handle) values ('00000000-0000-7000-8000-00000014200f', 'ada-0142');
select core.act_as('00000000-0000-7000-8000-00000014200f');
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', '00000000-0000-7000-8000-000000142008', 'co2e', 1, 'kg', 1) returning recorded_by = '00000000-0000-7000-8000-00000014200f';
insert into impact.records (id, occurred_at, subject_kind, subject_id, metric_code, quantity, unit, result_base, recorded_by) values ('00000000-0000-7000-8000-000000142003', now() + interval '32 days', 'organisation', '00000000-0000-7000-8000-000000142009', 'co2e', 1, 'kg', 1, null);
select count(distinct tableoid) = 2 from impact.records where subject_id = '00000000-0000-7000-8000-000000142009';
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000142004', 'probe', 1, 10, 'C-0142', 'Gold Standard', 2025, 10) returning project = '{}' and purchased_on = current_date and cost_usd = 0 and status = 'held' and metadata = '{}' and created_at = now() and updated_at = now();
insert into impact.offsets (registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('probe', 11, 20, 'C-0142-b', 'Gold Standard', 2025, 10) returning id is not null;
insert into impact.retirements (id, offset_id, tonnes, beneficiary_kind, reason, certificate_no) values ('00000000-0000-7000-8000-000000142005', '00000000-0000-7000-8000-000000142004', 1, 'order', 'x', 'R-0142') returning occurred_at > now();
insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000142004', 1, 'order', 'x') returning id is not null;
insert into impact.goals (id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on) values ('00000000-0000-7000-8000-000000142006', 'organisation', '00000000-0000-7000-8000-000000142009', 'co2e', '00000000-0000-7000-8000-000000142002', 0.5, 'kg', '2026-01-01', '2026-12-31')
returning status = 'active' and trajectory = 'linear' and evidence = '{}' and created_at = now() and updated_at = now();
insert into impact.goals (owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on) values ('organisation', '00000000-0000-7000-8000-000000142009', 'co2e', '00000000-0000-7000-8000-000000142002', 0.5, 'kg', '2026-01-01', '2026-12-31') returning id is not null;
insert into impact.reporting_periods (id, name, entity_key, during) values ('00000000-0000-7000-8000-000000142007', '2020', 'probe-0142', '[2020-01-01,2021-01-01)') returning version = 1 and status = 'open' and created_at = now() and updated_at = now();
insert into impact.reporting_periods (name, during) values ('1900', '[1900-01-01,1900-02-01)') returning id is not null and entity_key = 'platform';
insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) values ('00000000-0000-7000-8000-000000142007', 'co2e', 1, 1, 'kg', 1, sha256('')) returning dimension_key = '*';
insert into impact.claims (id, metric_code, quantity, unit, public_code, claim_sha256) values ('00000000-0000-7000-8000-00000014200a', 'co2e', 1, 'kg', 'P-0142', sha256('0142')) returning evidence = '[]' and status = 'asserted' and asserted_at = now() and metadata = '{}' and created_at = now() and updated_at = now() and asserted_by = '00000000-0000-7000-8000-00000014200f';
insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256) values ('co2e', 1, 'kg', 'P-0142-b', sha256('0142')) returning id is not null;
insert into impact.claim_records (claim_id, record_id, record_at, subject_id) select '00000000-0000-7000-8000-00000014200a', id, occurred_at, subject_id from impact.records where id = '00000000-0000-7000-8000-000000142003' returning is_live;
insert into impact.verifications (id, target_kind, target_id, verifier_id, verdict) values ('00000000-0000-7000-8000-00000014200b', 'claim', '00000000-0000-7000-8000-00000014200a', '00000000-0000-7000-8000-00000014200f', 'verified') returning occurred_at > now();
insert into impact.verifications (target_kind, target_id, verifier_id, verdict) values ('record', '00000000-0000-7000-8000-000000142003', '00000000-0000-7000-8000-00000014200f', 'verified') returning id is not null;
select rule, blueprint.raises(format('insert into impact.%I (%s) select %2$s from impact.%1$I where %3$s', t, cols, cond), '23505', rule) from (values
  ('units', 'code, name, dimension, factor_to_base', $$ code = 'kg' $$, 'units_code_pk'), ('metrics', 'code, name, dimension, base_unit, direction, description', $$ code = 'co2e' $$, 'metrics_code_pk'),
  ('emission_factors', 'id, activity, source, value, denominator_unit, during', $$ id = '00000000-0000-7000-8000-000000142001' $$, 'emission_factors_id_pk'), ('baselines', 'id, subject_kind, subject_id, metric_code, value, unit, during', $$ id = '00000000-0000-7000-8000-000000142002' $$, 'baselines_id_pk'),
  ('records', 'id, occurred_at, subject_kind, subject_id, metric_code, quantity, unit, result_base', $$ id = '00000000-0000-7000-8000-000000142003' $$, 'records_'), ('offsets', 'id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes', $$ id = '00000000-0000-7000-8000-000000142004' $$, 'offsets_id_pk'),
  ('offsets', 'registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes', $$ id = '00000000-0000-7000-8000-000000142004' $$, 'offsets_certificate_no_key'), ('retirements', 'id, offset_id, tonnes, beneficiary_kind, reason', $$ id = '00000000-0000-7000-8000-000000142005' $$, 'retirements_id_pk'),
  ('retirements', 'offset_id, tonnes, beneficiary_kind, reason, certificate_no', $$ id = '00000000-0000-7000-8000-000000142005' $$, 'retirements_certificate_no_key'), ('goals', 'id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on', $$ id = '00000000-0000-7000-8000-000000142006' $$, 'goals_id_pk'),
  ('reporting_periods', 'id, name, during', $$ id = '00000000-0000-7000-8000-000000142007' $$, 'reporting_periods_id_pk'), ('report_lines', 'period_id, metric_code, scope, dimension_key, value, unit, record_count, inputs_sha256', $$ period_id = '00000000-0000-7000-8000-000000142007' $$, 'report_lines_period_id_metric_code_scope_dimension_key_pk'),
  ('claims', 'id, metric_code, quantity, unit, public_code, claim_sha256', $$ id = '00000000-0000-7000-8000-00000014200a' $$, 'claims_id_pk'), ('claims', 'metric_code, quantity, unit, public_code, claim_sha256', $$ id = '00000000-0000-7000-8000-00000014200a' $$, 'claims_public_code_key'),
  ('claim_records', 'claim_id, record_id, record_at, subject_id', $$ claim_id = '00000000-0000-7000-8000-00000014200a' $$, 'claim_records_claim_id_record_id_pk'), ('verifications', 'id, target_kind, target_id, verifier_id, verdict', $$ id = '00000000-0000-7000-8000-00000014200b' $$, 'verifications_id_pk')) v(t, cols, cond, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where relnamespace = 'impact'::regnamespace and relname in ('units', 'metrics', 'emission_factors', 'baselines', 'records', 'offsets', 'retirements', 'goals', 'reporting_periods', 'report_lines', 'claims', 'claim_records', 'verifications');

-- revert
drop table impact.verifications, impact.claim_records, impact.claims, impact.report_lines, impact.reporting_periods, impact.goals, impact.retirements, impact.offsets, impact.records, impact.baselines, impact.emission_factors, impact.metrics, impact.units;

-- task: BUILD_0143 create_indexes
-- title: Index impact records by subject and metric, factors by activity tree, open claims
-- does: Records of a subject and of a metric are index ranges in the months concerned, factors are found by place in the activity tree and by region, claims by donation or project, retirements and goals by what they belong to.
-- proves: each query can be served by the index made for it, a metric's month reads one partition.
-- needs: BUILD_0005, BUILD_0142
create index records_subject_occurred_at_idx on impact.records (subject_kind, subject_id, occurred_at);
create index records_metric_code_occurred_at_idx on impact.records (metric_code, occurred_at);
create index records_occurred_at_brin_idx on impact.records using brin (occurred_at);
create index emission_factors_activity_idx on impact.emission_factors using gist (activity);
create index emission_factors_region_during_idx on impact.emission_factors (region, lower(during));
create index retirements_offset_id_idx on impact.retirements (offset_id);
create index goals_owner_idx on impact.goals (owner_kind, owner_id);
create index claims_donation_id_idx on impact.claims (donation_id);
create index claims_project_id_idx on impact.claims (project_id);
create index report_lines_metric_code_idx on impact.report_lines (metric_code);
create index verifications_target_idx on impact.verifications (target_kind, target_id);
create unique index claim_records_record_id_live_key on impact.claim_records (record_id) where is_live;

comment on index impact.records_subject_occurred_at_idx is 'Records of an order, run, shipment, ...';
comment on index impact.records_metric_code_occurred_at_idx is 'Records of a metric in a time; and the foreign key.';
comment on index impact.records_occurred_at_brin_idx is 'Times of long reports.';
comment on index impact.emission_factors_activity_idx is 'Factors under an activity, and its ancestors.';
comment on index impact.emission_factors_region_during_idx is 'Factors of a region in time.';
comment on index impact.retirements_offset_id_idx is 'Retirements of an offset; and the foreign key.';
comment on index impact.goals_owner_idx is 'Goals of somebody.';
comment on index impact.claims_donation_id_idx is 'Claims of a donation; and the foreign key.';
comment on index impact.claims_project_id_idx is 'Claims of a project; and the foreign key.';
comment on index impact.report_lines_metric_code_idx is 'Lines of a metric; and the foreign key.';
comment on index impact.verifications_target_idx is 'Verifications of something.';
comment on index impact.claim_records_record_id_live_key is 'No record is claimed twice.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from impact.records where subject_kind = 'order' and subject_id = '00000000-0000-7000-8000-000000143001' order by occurred_at $$, 'records_subject_occurred_at_idx'), ($$ select from impact.emission_factors where activity operator(extensions.<@) 'electricity' $$, 'emission_factors_activity_idx'),
  ($$ select from impact.records where metric_code = 'co2e' and occurred_at >= now() order by occurred_at $$, 'records_metric_code_occurred_at_idx'), ($$ select from impact.emission_factors where region = 'DE' and lower(during) < '2026-01-01' order by lower(during) $$, 'emission_factors_region_during_idx'),
  ($$ select from impact.retirements where offset_id = uuidv7() $$, 'retirements_offset_id_idx'), ($$ select from impact.goals where owner_kind = 'user' and owner_id = '00000000-0000-7000-8000-000000143001' $$, 'goals_owner_idx'), ($$ select from impact.claims where donation_id = '00000000-0000-7000-8000-000000143001' $$, 'claims_donation_id_idx'),
  ($$ select from impact.claims where project_id = '00000000-0000-7000-8000-000000143001' $$, 'claims_project_id_idx'), ($$ select from impact.report_lines where metric_code = 'co2e' $$, 'report_lines_metric_code_idx'), ($$ select from impact.verifications where target_kind = 'claim' and target_id = '00000000-0000-7000-8000-000000143001' $$, 'verifications_target_idx')) v(sql, index);
create function pg_temp.plan_0143(sql text) returns jsonb language plpgsql as $$ declare plan json; begin execute 'explain (format json) ' || sql into plan; return plan; end $$;
select count(distinct r) = 1 from pg_temp.plan_0143(format('select sum(result_base) from impact.records where metric_code = %L and occurred_at >= %L and occurred_at < %L', 'co2e', date_trunc('month', now(), 'UTC'), date_trunc('month', now(), 'UTC') + interval '1 month')) plan, jsonb_path_query(plan, 'strict $.**."Relation Name"', silent => true) r;
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'impact.records_occurred_at_brin_idx'::regclass;
insert into impact.records (id, subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('00000000-0000-7000-8000-000000143002', 'organisation', '00000000-0000-7000-8000-000000143003', 'co2e', 1, 'kg', 1);
insert into impact.claims (id, metric_code, quantity, unit, public_code, claim_sha256) select format('00000000-0000-7000-8000-00000014301%s', n)::uuid, 'co2e', 1, 'kg', 'P-0143-' || n, sha256('') from generate_series(1, 2) n;
insert into impact.claim_records (claim_id, record_id, record_at, subject_id) values ('00000000-0000-7000-8000-000000143011', '00000000-0000-7000-8000-000000143002', now(), '00000000-0000-7000-8000-000000143003');
select blueprint.raises($$ insert into impact.claim_records (claim_id, record_id, record_at, subject_id) values ('00000000-0000-7000-8000-000000143012', '00000000-0000-7000-8000-000000143002', now(), '00000000-0000-7000-8000-000000143003') $$, '23505', 'claim_records_record_id_live_key');

-- task: BUILD_0144 create_foreign_keys critical
-- title: Link impact rows to metrics, units, factors, users and donations
-- does: Records, factors, baselines, goals, lines and claims have known metrics and units; a record keeps the factor it used and the record it corrects; retirements keep their offset; claims name donations or projects that are there.
-- proves: a used factor, metric and offset cannot be deleted (23503), each reference refuses what is not there, no foreign key lacks its index.
-- needs: BUILD_0005, BUILD_0102, BUILD_0142, BUILD_0143, BUILD_0661, BUILD_0691, BUILD_0701
alter table impact.metrics add constraint metrics_base_unit_fk foreign key (base_unit) references impact.units (code);
alter table impact.emission_factors
  add constraint emission_factors_metric_code_fk foreign key (metric_code) references impact.metrics (code),
  add constraint emission_factors_superseded_by_fk foreign key (superseded_by) references impact.emission_factors (id);
alter table impact.baselines add constraint baselines_metric_code_fk foreign key (metric_code) references impact.metrics (code), add constraint baselines_unit_fk foreign key (unit) references impact.units (code);
alter table impact.records
  add constraint records_metric_code_fk foreign key (metric_code) references impact.metrics (code),
  add constraint records_unit_fk foreign key (unit) references impact.units (code),
  add constraint records_factor_id_fk foreign key (factor_id) references impact.emission_factors (id),
  add constraint records_corrects_fk foreign key (corrects_id, corrects_at, subject_id) references impact.records (id, occurred_at, subject_id),
  add constraint records_recorded_by_fk foreign key (recorded_by) references core.users (id);
alter table impact.retirements add constraint retirements_offset_id_fk foreign key (offset_id) references impact.offsets (id);
alter table impact.goals
  add constraint goals_metric_code_fk foreign key (metric_code) references impact.metrics (code),
  add constraint goals_unit_fk foreign key (unit) references impact.units (code),
  add constraint goals_baseline_id_fk foreign key (baseline_id) references impact.baselines (id);
alter table impact.reporting_periods
  add constraint reporting_periods_restates_id_fk foreign key (restates_id) references impact.reporting_periods (id),
  add constraint reporting_periods_closed_by_fk foreign key (closed_by) references core.users (id),
  add constraint reporting_periods_published_by_fk foreign key (published_by) references core.users (id);
alter table impact.report_lines
  add constraint report_lines_period_id_fk foreign key (period_id) references impact.reporting_periods (id) on delete cascade,
  add constraint report_lines_metric_code_fk foreign key (metric_code) references impact.metrics (code);
alter table impact.claims
  add constraint claims_donation_id_fk foreign key (donation_id) references core.donations (id),
  add constraint claims_project_id_fk foreign key (project_id) references production.projects (id),
  add constraint claims_metric_code_fk foreign key (metric_code) references impact.metrics (code),
  add constraint claims_asserted_by_fk foreign key (asserted_by) references core.users (id);
alter table impact.claim_records
  add constraint claim_records_claim_id_fk foreign key (claim_id) references impact.claims (id) on delete cascade,
  add constraint claim_records_record_fk foreign key (record_id, record_at, subject_id) references impact.records (id, occurred_at, subject_id);
alter table impact.verifications
  add constraint verifications_verifier_id_fk foreign key (verifier_id) references core.users (id),
  add constraint verifications_evidence_asset_id_fk foreign key (evidence_asset_id) references core.assets (id);

create index metrics_base_unit_idx on impact.metrics (base_unit);
create index emission_factors_metric_code_idx on impact.emission_factors (metric_code);
create index emission_factors_superseded_by_idx on impact.emission_factors (superseded_by);
create index baselines_metric_code_idx on impact.baselines (metric_code);
create index baselines_unit_idx on impact.baselines (unit);
create index records_unit_idx on impact.records (unit);
create index records_factor_id_idx on impact.records (factor_id);
create index records_corrects_idx on impact.records (corrects_id, corrects_at, subject_id);
create index records_recorded_by_idx on impact.records (recorded_by);
create index goals_metric_code_idx on impact.goals (metric_code);
create index goals_unit_idx on impact.goals (unit);
create index goals_baseline_id_idx on impact.goals (baseline_id);
create index reporting_periods_restates_id_idx on impact.reporting_periods (restates_id);
create index reporting_periods_closed_by_idx on impact.reporting_periods (closed_by);
create index reporting_periods_published_by_idx on impact.reporting_periods (published_by);
create index claims_metric_code_idx on impact.claims (metric_code);
create index claims_asserted_by_idx on impact.claims (asserted_by);
create index claim_records_record_idx on impact.claim_records (record_id, record_at, subject_id);
create index verifications_verifier_id_idx on impact.verifications (verifier_id);
create index verifications_evidence_asset_id_idx on impact.verifications (evidence_asset_id);

comment on index impact.metrics_base_unit_idx is 'The foreign key.';
comment on index impact.emission_factors_metric_code_idx is 'The foreign key.';
comment on index impact.emission_factors_superseded_by_idx is 'The foreign key.';
comment on index impact.baselines_metric_code_idx is 'The foreign key.';
comment on index impact.baselines_unit_idx is 'The foreign key.';
comment on index impact.records_unit_idx is 'The foreign key.';
comment on index impact.records_factor_id_idx is 'Records that used a factor; and the foreign key.';
comment on index impact.records_corrects_idx is 'Corrections of a record; and the foreign key.';
comment on index impact.records_recorded_by_idx is 'The foreign key.';
comment on index impact.goals_metric_code_idx is 'The foreign key.';
comment on index impact.goals_unit_idx is 'The foreign key.';
comment on index impact.goals_baseline_id_idx is 'The foreign key.';
comment on index impact.reporting_periods_restates_id_idx is 'Restatements of a period; and the foreign key.';
comment on index impact.reporting_periods_closed_by_idx is 'The foreign key.';
comment on index impact.reporting_periods_published_by_idx is 'The foreign key.';
comment on index impact.claims_metric_code_idx is 'The foreign key.';
comment on index impact.claims_asserted_by_idx is 'Claims of a person; and the foreign key.';
comment on index impact.claim_records_record_idx is 'Claims of a record; and the foreign key.';
comment on index impact.verifications_verifier_id_idx is 'The foreign key.';
comment on index impact.verifications_evidence_asset_id_idx is 'The foreign key.';

-- verify
select count(*) = 0 from blueprint.unindexed_fks('impact');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000144009', 'ada-0144');
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000144001', 'probe_0144', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)');
insert into impact.records (id, occurred_at, subject_kind, subject_id, metric_code, quantity, unit, result_base, factor_id) values ('00000000-0000-7000-8000-000000144002', now(), 'organisation', '00000000-0000-7000-8000-000000144003', 'co2e', 1, 'kg', 1, '00000000-0000-7000-8000-000000144001');
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000144004', 'probe', 1, 10, 'C-0144', 'Gold Standard', 2025, 10);
insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000144004', 1, 'order', 'x');
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) values ('00000000-0000-7000-8000-000000144005', 'organisation', '00000000-0000-7000-8000-000000144003', 'co2e', 1, 'kg', '[2026-01-01,2027-01-01)');
insert into impact.reporting_periods (id, name, entity_key, during) values ('00000000-0000-7000-8000-000000144006', '2020', 'probe-0144', '[2020-01-01,2021-01-01)');
insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) values ('00000000-0000-7000-8000-000000144006', 'co2e', 1, 1, 'kg', 1, sha256(''));
insert into impact.claims (id, metric_code, quantity, unit, public_code, claim_sha256) values ('00000000-0000-7000-8000-000000144007', 'co2e', 1, 'kg', 'P-0144', sha256(''));
insert into impact.claim_records (claim_id, record_id, record_at, subject_id) values ('00000000-0000-7000-8000-000000144007', '00000000-0000-7000-8000-000000144002', now(), '00000000-0000-7000-8000-000000144003');
set constraints all immediate;
select rule, blueprint.raises(sql, '23503', rule) from (values
  ($$ delete from impact.emission_factors where id = '00000000-0000-7000-8000-000000144001' $$, 'records_factor_id_fk'), ($$ delete from impact.offsets where id = '00000000-0000-7000-8000-000000144004' $$, 'retirements_offset_id_fk'),
  ($$ update impact.metrics set base_unit = 'parsec' where code = 'waste' $$, 'metrics_base_unit_fk'),
  ($$ insert into impact.emission_factors (activity, metric_code, source, value, denominator_unit, during) values ('probe_0144.b', 'none', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)') $$, 'emission_factors_metric_code_fk'),
  ($$ update impact.emission_factors set superseded_by = uuidv7() where id = '00000000-0000-7000-8000-000000144001' $$, 'emission_factors_superseded_by_fk'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, recorded_by) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, '00000000-0000-7000-8000-00000014400f') $$, 'records_recorded_by_fk'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, corrects_id, corrects_at, method) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, uuidv7(), now(), 'calculated') $$, 'records_corrects_fk'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, factor_id) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, uuidv7()) $$, 'records_factor_id_fk'),
  ($$ insert into impact.goals (owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on) values ('organisation', uuidv7(), 'co2e', uuidv7(), 0.5, 'kg', '2026-01-01', '2026-12-31') $$, 'goals_baseline_id_fk'),
  ($$ insert into impact.reporting_periods (name, entity_key, during, version, restates_id) values ('x', 'probe-0144', '[2020-01-01,2021-01-01)', 2, uuidv7()) $$, 'reporting_periods_restates_id_fk'),
  ($$ insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) values (uuidv7(), 'co2e', 1, 1, 'kg', 1, sha256('')) $$, 'report_lines_period_id_fk'),
  ($$ insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) values ('00000000-0000-7000-8000-000000144006', 'none', 1, 1, 'kg', 1, sha256('')) $$, 'report_lines_metric_code_fk'),
  ($$ insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256, donation_id) values ('co2e', 1, 'kg', 'x-0144', sha256(''), uuidv7()) $$, 'claims_donation_id_fk'), ($$ insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256, project_id) values ('co2e', 1, 'kg', 'x-0144', sha256(''), uuidv7()) $$, 'claims_project_id_fk'),
  ($$ insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256, asserted_by) values ('co2e', 1, 'kg', 'x-0144', sha256(''), uuidv7()) $$, 'claims_asserted_by_fk'),
  ($$ insert into impact.claim_records (claim_id, record_id, record_at, subject_id) values (uuidv7(), '00000000-0000-7000-8000-000000144002', now(), '00000000-0000-7000-8000-000000144003') $$, 'claim_records_'),
  ($$ insert into impact.claim_records (claim_id, record_id, record_at, subject_id) values ('00000000-0000-7000-8000-000000144007', uuidv7(), now(), '00000000-0000-7000-8000-000000144003') $$, 'claim_records_record_fk'),
  ($$ insert into impact.verifications (target_kind, target_id, verifier_id, verdict) values ('claim', uuidv7(), uuidv7(), 'verified') $$, 'verifications_verifier_id_fk'),
  ($$ insert into impact.verifications (target_kind, target_id, verifier_id, verdict, evidence_asset_id) values ('claim', uuidv7(), '00000000-0000-7000-8000-000000144009', 'verified', uuidv7()) $$, 'verifications_evidence_asset_id_fk')) v(sql, rule)
where rule <> 'claim_records_';
select count(*) = 9 from pg_constraint where contype = 'f' and conparentid = 0 and connamespace = 'impact'::regnamespace and conname in ('baselines_metric_code_fk', 'baselines_unit_fk', 'records_metric_code_fk', 'records_unit_fk', 'goals_metric_code_fk', 'goals_unit_fk', 'claims_metric_code_fk', 'reporting_periods_closed_by_fk', 'reporting_periods_published_by_fk')
  and confdeltype = 'a';
delete from impact.claims where id = '00000000-0000-7000-8000-000000144007';
select not exists (select from impact.claim_records where claim_id = '00000000-0000-7000-8000-000000144007');
delete from impact.reporting_periods where id = '00000000-0000-7000-8000-000000144006';
select not exists (select from impact.report_lines where period_id = '00000000-0000-7000-8000-000000144006');

-- task: BUILD_0149 create_constraints critical
-- title: Constrain impact: temporal factors, dimensions, tonnage, goals and claims
-- does: A factor, a baseline and a period (per version) hold alone in their time; units fit their metric and factors their dimensions; values are not negative unless they remove, tonnes are positive, ends come after starts, targets beat their
--   baseline, scopes are 1 to 3, words come from their vocabularies.
-- proves: each rule refuses the row that breaks it: an overlapping factor and period (23P01), a litre on co2e, a worse target, a scope 4 (23514).
-- needs: BUILD_0005, BUILD_0021, BUILD_0142, BUILD_0144
create function impact.check_unit() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  given constant text := to_jsonb(new) ->> tg_argv[0];
begin
  if not exists (select from impact.metrics m join impact.units u on u.dimension = m.dimension where m.code = new.metric_code and u.code = given) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = tg_argv[0], constraint = tg_table_name || '_unit_fits_metric_check', message = format('%s does not measure %s', given, new.metric_code);
  end if;
  return null;
end $$;

create function impact.check_goal() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if not exists (
      select from impact.baselines b join impact.metrics m on m.code = b.metric_code join impact.units g on g.code = new.unit join impact.units u on u.code = b.unit
      where b.id = new.baseline_id and b.metric_code = new.metric_code
        and case m.direction when 'lower_better' then new.target_value * g.factor_to_base < b.value * u.factor_to_base else new.target_value * g.factor_to_base > b.value * u.factor_to_base end) then
    raise exception using errcode = '23514', schema = 'impact', table = 'goals', constraint = 'goals_target_beats_baseline_check', message = 'a target is better than its baseline, of the same metric';
  end if;
  return null;
end $$;

alter table impact.units add constraint units_factor_to_base_check check (factor_to_base > 0 and (not is_base or factor_to_base = 1 and offset_to_base = 0)), add constraint units_vector_check check (jsonb_typeof(vector) = 'object');
create unique index units_dimension_key on impact.units (dimension) where is_base;
alter table impact.metrics add constraint metrics_direction_check check (direction in ('lower_better', 'higher_better'));
alter table impact.emission_factors
  add constraint emission_factors_value_check check (value >= 0 or activity_key like 'removal%'),
  add constraint emission_factors_gwp_basis_check check (gwp_basis in ('AR4', 'AR5', 'AR6')),
  add constraint emission_factors_region_check check (region ~ '^(global|[A-Z]{2}(-[A-Z0-9]{1,3})?)$'),
  add constraint emission_factors_uncertainty_pct_check check (uncertainty_pct >= 0 and uncertainty_pct <= 1000),
  add constraint emission_factors_during_check check (not isempty(during) and not lower_inf(during)),
  add constraint emission_factors_activity_region_source_during_key unique (activity_key, metric_code, region, source, gwp_basis, during without overlaps);
alter table impact.baselines
  add constraint baselines_value_check check (value >= 0),
  add constraint baselines_method_check check (method in ('measured', 'calculated', 'estimated')),
  add constraint baselines_subject_metric_during_key unique (subject_kind, subject_id, metric_code, during without overlaps);
alter table impact.records
  add constraint records_method_check check (method in ('measured', 'calculated', 'estimated')),
  add constraint records_scope_check check (scope >= 1 and scope <= 3),
  add constraint records_quantity_check check (quantity >= 0 or corrects_id is not null or activity_value is not null and factor_value < 0),
  add constraint records_corrects_check check ((corrects_id is null) = (corrects_at is null)),
  add constraint records_subject_kind_check check (subject_kind in ('order', 'run', 'shipment', 'event', 'content', 'organisation', 'project', 'microfactory')),
  add constraint records_calc_check check (jsonb_typeof(calc) = 'object');
alter table impact.offsets
  add constraint offsets_tonnes_check check (tonnes > 0),
  add constraint offsets_serial_check check (serial_to >= serial_from),
  add constraint offsets_vintage_check check (vintage >= 1990 and vintage <= 2100),
  add constraint offsets_status_check check (status in ('held', 'exhausted', 'cancelled')),
  add constraint offsets_project_check check (jsonb_typeof(project) = 'object'),
  add constraint offsets_registry_serial_excl exclude using gist (registry with =, int8range(serial_from, serial_to, '[]') with &&);
alter table impact.retirements add constraint retirements_tonnes_check check (tonnes > 0);
alter table impact.goals
  add constraint goals_due_on_check check (due_on > starts_on),
  add constraint goals_status_check check (status in ('draft', 'active', 'achieved', 'missed', 'cancelled')),
  add constraint goals_trajectory_check check (trajectory in ('linear', 'step'));
alter table impact.reporting_periods
  add constraint reporting_periods_status_check check (status in ('open', 'closing', 'closed', 'published', 'restated')),
  add constraint reporting_periods_version_check check (version > 0 and (version = 1) = (restates_id is null)),
  add constraint reporting_periods_entity_key_version_during_key unique (entity_key, version, during without overlaps),
  add constraint reporting_periods_published_by_check check (published_by <> closed_by);
alter table impact.report_lines add constraint report_lines_scope_check check (scope >= 1 and scope <= 3 and record_count >= 0);
alter table impact.claims
  add constraint claims_quantity_check check (quantity > 0),
  add constraint claims_status_check check (status in ('asserted', 'verified', 'rejected', 'revoked')),
  add constraint claims_subject_check check (num_nonnulls(donation_id, project_id) <= 1),
  add constraint claims_evidence_check check (jsonb_typeof(evidence) = 'array');
alter table impact.verifications
  add constraint verifications_target_kind_check check (target_kind in ('record', 'claim', 'period')),
  add constraint verifications_verdict_check check (verdict in ('verified', 'rejected', 'questioned'));

create constraint trigger records_unit_fits after insert on impact.records for each row execute function impact.check_unit('unit');
create constraint trigger baselines_unit_fits after insert or update on impact.baselines for each row execute function impact.check_unit('unit');
create constraint trigger goals_unit_fits after insert or update on impact.goals for each row execute function impact.check_unit('unit');
create constraint trigger claims_unit_fits after insert or update of unit, metric_code on impact.claims for each row execute function impact.check_unit('unit');
create constraint trigger factors_unit_fits after insert or update on impact.emission_factors for each row execute function impact.check_unit('numerator_unit');
create constraint trigger goals_target after insert or update on impact.goals for each row execute function impact.check_goal();

comment on index impact.units_dimension_key is 'One base unit a dimension.';
comment on function impact.check_unit is 'Trigger: the unit named by the argument measures the row''s metric.';
comment on function impact.check_goal is 'Trigger of impact.goals: the target is better than the baseline.';
comment on trigger records_unit_fits on impact.records is 'Units fit the metric.';
comment on trigger baselines_unit_fits on impact.baselines is 'Units fit the metric.';
comment on trigger goals_unit_fits on impact.goals is 'Units fit the metric.';
comment on trigger claims_unit_fits on impact.claims is 'Units fit the metric.';
comment on trigger factors_unit_fits on impact.emission_factors is 'Units fit the metric.';
comment on trigger goals_target on impact.goals is 'Targets beat their baseline.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000149001', 'ada-0149');
insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values ('00000000-0000-7000-8000-000000149002', 'probe_0149', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)');
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) values ('00000000-0000-7000-8000-000000149003', 'organisation', '00000000-0000-7000-8000-000000149009', 'co2e', 1, 't', '[2026-01-01,2027-01-01)');
insert into impact.goals (id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on) values ('00000000-0000-7000-8000-000000149004', 'organisation', '00000000-0000-7000-8000-000000149009', 'co2e', '00000000-0000-7000-8000-000000149003', 900, 'kg', '2026-01-01', '2026-12-31');
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000149005', 'probe-0149', 1, 10, 'C-0149', 'Gold Standard', 2025, 10);
insert into impact.reporting_periods (id, name, entity_key, during) values ('00000000-0000-7000-8000-000000149006', '2020', 'probe-0149', '[2020-01-01,2021-01-01)');
insert into impact.claims (id, metric_code, quantity, unit, public_code, claim_sha256) values ('00000000-0000-7000-8000-000000149007', 'co2e', 1, 'kg', 'P-0149', sha256(''));
set constraints all immediate;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into impact.units (code, name, dimension, factor_to_base) values ('x149', 'x', 'x', 0) $$, '23514', 'units_factor_to_base_check'), ($$ insert into impact.units (code, name, dimension, factor_to_base, vector) values ('x149', 'x', 'x', 1, '[]') $$, '23514', 'units_vector_check'),
  ($$ insert into impact.units (code, name, dimension, factor_to_base, is_base) values ('x149', 'x', 'mass', 1, true) $$, '23505', 'units_dimension_key'), ($$ update impact.metrics set direction = 'up' where code = 'waste' $$, '23514', 'metrics_direction_check'),
  ($$ insert into impact.emission_factors (activity, source, value, denominator_unit, during) values ('probe_0149.b', 'probe', -1, 'kWh', '[2026-01-01,2027-01-01)') $$, '23514', 'emission_factors_value_check'),
  ($$ insert into impact.emission_factors (activity, source, value, denominator_unit, during, gwp_basis) values ('probe_0149.b', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)', 'AR9') $$, '23514', 'emission_factors_gwp_basis_check'),
  ($$ insert into impact.emission_factors (activity, source, value, denominator_unit, during, region) values ('probe_0149.b', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)', 'Germany') $$, '23514', 'emission_factors_region_check'),
  ($$ insert into impact.emission_factors (activity, source, value, denominator_unit, during, uncertainty_pct) values ('probe_0149.b', 'probe', 1, 'kWh', '[2026-01-01,2027-01-01)', -1) $$, '23514', 'emission_factors_uncertainty_pct_check'),
  ($$ insert into impact.emission_factors (activity, source, value, denominator_unit, during) values ('probe_0149.b', 'probe', 1, 'kWh', '(,2027-01-01)') $$, '23514', 'emission_factors_during_check'),
  ($$ insert into impact.emission_factors (activity, source, value, denominator_unit, during) values ('probe_0149', 'probe', 2, 'kWh', '[2026-06-01,2028-01-01)') $$, '23P01', 'emission_factors_activity_region_source_during_key'),
  ($$ insert into impact.emission_factors (activity, source, value, numerator_unit, denominator_unit, during) values ('probe_0149.b', 'probe', 1, 'l', 'kWh', '[2026-01-01,2027-01-01)') $$, '23514', 'emission_factors_unit_fits_metric_check'),
  ($$ update impact.baselines set value = -1 where id = '00000000-0000-7000-8000-000000149003' $$, '23514', 'baselines_value_check'), ($$ update impact.baselines set method = 'guessed' where id = '00000000-0000-7000-8000-000000149003' $$, '23514', 'baselines_method_check'), ($$ update impact.baselines set unit = 'l' where id = '00000000-0000-7000-8000-000000149003' $$, '23514', 'baselines_unit_fits_metric_check'),
  ($$ insert into impact.baselines (subject_kind, subject_id, metric_code, value, unit, during) values ('organisation', '00000000-0000-7000-8000-000000149009', 'co2e', 1, 't', '[2026-06-01,2027-01-01)') $$, '23P01', 'baselines_subject_metric_during_key'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', uuidv7(), 'co2e', 1, 'l', 1) $$, '23514', 'l does not measure co2e'), ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, method) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, 'guessed') $$, '23514', 'records_method_check'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, scope) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, 4) $$, '23514', 'records_scope_check'), ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('organisation', uuidv7(), 'co2e', -1, 'kg', -1) $$, '23514', 'records_quantity_check'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, corrects_at) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, now()) $$, '23514', 'records_corrects_check'), ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('moon', uuidv7(), 'co2e', 1, 'kg', 1) $$, '23514', 'records_subject_kind_check'),
  ($$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base, calc) values ('organisation', uuidv7(), 'co2e', 1, 'kg', 1, '[]') $$, '23514', 'records_calc_check'), ($$ update impact.offsets set tonnes = 0 where certificate_no = 'C-0149' $$, '23514', 'offsets_tonnes_check'),
  ($$ update impact.offsets set serial_to = 0 where certificate_no = 'C-0149' $$, '23514', 'offsets_serial_check'), ($$ update impact.offsets set vintage = 1900 where certificate_no = 'C-0149' $$, '23514', 'offsets_vintage_check'), ($$ update impact.offsets set status = 'lost' where certificate_no = 'C-0149' $$, '23514', 'offsets_status_check'),
  ($$ update impact.offsets set project = '[]' where certificate_no = 'C-0149' $$, '23514', 'offsets_project_check'), ($$ insert into impact.offsets (registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('probe-0149', 10, 20, 'C-0149-b', 'Gold Standard', 2025, 10) $$, '23P01', 'offsets_registry_serial_excl'),
  ($$ insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000149005', 0, 'order', 'x') $$, '23514', 'retirements_tonnes_check'), ($$ update impact.goals set due_on = starts_on where id = '00000000-0000-7000-8000-000000149004' $$, '23514', 'goals_due_on_check'),
  ($$ update impact.goals set status = 'lost' where id = '00000000-0000-7000-8000-000000149004' $$, '23514', 'goals_status_check'), ($$ update impact.goals set trajectory = 'wild' where id = '00000000-0000-7000-8000-000000149004' $$, '23514', 'goals_trajectory_check'),
  ($$ update impact.goals set target_value = 1001 where id = '00000000-0000-7000-8000-000000149004' $$, '23514', 'goals_target_beats_baseline_check'), ($$ update impact.goals set unit = 'l' where id = '00000000-0000-7000-8000-000000149004' $$, '23514', 'unit_fits_metric'),
  ($$ update impact.reporting_periods set status = 'lost' where id = '00000000-0000-7000-8000-000000149006' $$, '23514', 'reporting_periods_status_check'), ($$ insert into impact.reporting_periods (name, entity_key, during, version) values ('x', 'probe-0149', '[2030-01-01,2031-01-01)', 2) $$, '23514', 'reporting_periods_version_check'),
  ($$ insert into impact.reporting_periods (name, entity_key, during) values ('x', 'probe-0149', '[2020-06-01,2020-07-01)') $$, '23P01', 'reporting_periods_entity_key_version_during_key'),
  ($$ update impact.reporting_periods set closed_by = '00000000-0000-7000-8000-000000149001', published_by = '00000000-0000-7000-8000-000000149001' where id = '00000000-0000-7000-8000-000000149006' $$, '23514', 'reporting_periods_published_by_check'),
  ($$ insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) values ('00000000-0000-7000-8000-000000149006', 'co2e', 4, 1, 'kg', 1, sha256('')) $$, '23514', 'report_lines_scope_check'),
  ($$ update impact.claims set quantity = 0 where public_code = 'P-0149' $$, '23514', 'claims_quantity_check'), ($$ update impact.claims set status = 'lost' where public_code = 'P-0149' $$, '23514', 'claims_status_check'), ($$ update impact.claims set evidence = '{}' where public_code = 'P-0149' $$, '23514', 'claims_evidence_check'),
  ($$ update impact.claims set donation_id = uuidv7(), project_id = uuidv7() where public_code = 'P-0149' $$, '23514', 'claims_subject_check'), ($$ update impact.claims set unit = 'l' where public_code = 'P-0149' $$, '23514', 'claims_unit_fits_metric_check'),
  ($$ insert into impact.verifications (target_kind, target_id, verifier_id, verdict) values ('moon', uuidv7(), '00000000-0000-7000-8000-000000149001', 'verified') $$, '23514', 'verifications_target_kind_check'), ($$ insert into impact.verifications (target_kind, target_id, verifier_id, verdict) values ('claim', uuidv7(), '00000000-0000-7000-8000-000000149001', 'maybe') $$, '23514', 'verifications_verdict_check')) v(sql, state, rule);
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['impact.check_unit()', 'impact.check_goal()']) f;
