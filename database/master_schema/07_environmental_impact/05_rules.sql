-- Room impact, rules: who reads what, and what everything is.

-- task: BUILD_0151 implement_feature critical
-- title: Row policies for impact: public verified totals, owners' details
-- does: Units, metrics and factors are open to all; records show to who they are about (customer of an order, operator of a factory, its projects, runs and shipments), to analysis and audit; verified claims and published reports are public; offsets
--   belong to finance. Records and retirements come in through functions alone.
-- proves: anon reads a verified claim and no record, the customer of an order sees its records and another member none, a direct insert into records raises 42501, finance sees offsets.
-- needs: BUILD_0102, BUILD_0144, BUILD_0149, BUILD_0731
create function impact.my_subjects() returns uuid[]
  language sql stable security definer set search_path = ''
as $$
  with factory as (select f.id from core.microfactories f where f.operator_id = core.current_user_id()),
  mine as (select o.id from production.orders o where o.customer_id = core.current_user_id() or o.microfactory_id in (select f.id from factory f))
  select coalesce(array_agg(s.id), '{}') from (
    select core.current_user_id() as id union all select f.id from factory f union all select m.id from mine m
    union all select p.id from production.projects p where p.microfactory_id in (select f.id from factory f)
    union all select h.id from production.shipments h where h.order_id in (select m.id from mine m)
    union all select r.id from production.runs r join production.work_orders w on w.id = r.work_order_id where w.order_id in (select m.id from mine m)) s
  where s.id is not null
$$;

create policy units_select on impact.units for select to hc_anon, hc_agent, hc_worker, hc_analyst, hc_auditor using (true);
create policy metrics_select on impact.metrics for select to hc_anon, hc_agent, hc_worker, hc_analyst, hc_auditor using (true);
create policy emission_factors_select on impact.emission_factors for select to hc_anon, hc_agent, hc_worker, hc_analyst, hc_auditor using (true);
create policy records_own_select on impact.records for select to hc_member using (subject_id = any ((select impact.my_subjects())::uuid[]));
create policy records_staff_select on impact.records for select to hc_analyst, hc_auditor using (true);
create policy baselines_select on impact.baselines for select to hc_analyst, hc_auditor using (true);
create policy goals_own_select on impact.goals for select to hc_member using (owner_id = any ((select impact.my_subjects())::uuid[]));
create policy goals_staff_select on impact.goals for select to hc_analyst, hc_auditor using (true);
create policy offsets_select on impact.offsets for select to hc_finance, hc_auditor using (true);
create policy retirements_select on impact.retirements for select to hc_finance, hc_auditor, hc_analyst using (true);
create policy reporting_periods_public_select on impact.reporting_periods for select to hc_anon using (status = 'published');
create policy reporting_periods_staff_select on impact.reporting_periods for select to hc_finance, hc_compliance, hc_analyst, hc_auditor using (true);
create policy report_lines_public_select on impact.report_lines for select to hc_anon using (exists (select from impact.reporting_periods p where p.id = period_id and p.status = 'published'));
create policy report_lines_staff_select on impact.report_lines for select to hc_finance, hc_compliance, hc_analyst, hc_auditor using (true);
create policy claims_public_select on impact.claims for select to hc_anon, hc_agent using (status = 'verified');
create policy claims_staff_select on impact.claims for select to hc_moderator, hc_compliance, hc_analyst, hc_auditor using (true);
create policy claim_records_select on impact.claim_records for select to hc_compliance, hc_auditor using (true);
create policy verifications_select on impact.verifications for select to hc_compliance, hc_auditor using (true);

grant select on impact.units, impact.metrics, impact.emission_factors to hc_anon, hc_agent, hc_worker, hc_analyst, hc_auditor;
grant select on impact.records, impact.goals to hc_member, hc_analyst, hc_auditor;
grant select on impact.baselines to hc_analyst, hc_auditor;
grant select on impact.offsets to hc_finance, hc_auditor;
grant select on impact.retirements to hc_finance, hc_analyst, hc_auditor;
grant select (id, name, entity_key, during, version, restates_id, reason, status, closed_at, published_at) on impact.reporting_periods to hc_anon, hc_analyst, hc_auditor;
grant select on impact.report_lines to hc_anon, hc_analyst, hc_auditor;
grant select (id, donation_id, project_id, metric_code, quantity, unit, evidence, status, public_code, claim_sha256, asserted_at, verified_at) on impact.claims to hc_anon, hc_agent, hc_analyst, hc_auditor;
grant select on impact.claim_records, impact.verifications to hc_compliance, hc_auditor;
grant usage on schema impact to hc_agent;
grant execute on function impact.my_subjects to hc_member;

comment on function impact.my_subjects is 'What is the current person''s: orders, factories, their projects, shipments and runs; for policies. Security definer: read once per statement, past row security.';
comment on policy units_select on impact.units is 'Everybody reads units.';
comment on policy metrics_select on impact.metrics is 'Everybody reads metrics.';
comment on policy emission_factors_select on impact.emission_factors is 'Everybody reads factors.';
comment on policy records_own_select on impact.records is 'People see what is about theirs.';
comment on policy records_staff_select on impact.records is 'Analysis and audit read.';
comment on policy baselines_select on impact.baselines is 'Analysis and audit read.';
comment on policy goals_own_select on impact.goals is 'People see goals of theirs.';
comment on policy goals_staff_select on impact.goals is 'Analysis and audit read.';
comment on policy offsets_select on impact.offsets is 'Finance and audit read.';
comment on policy retirements_select on impact.retirements is 'Finance, analysis and audit read; everybody checks certificates by function.';
comment on policy reporting_periods_public_select on impact.reporting_periods is 'Published periods are public.';
comment on policy reporting_periods_staff_select on impact.reporting_periods is 'Staff read all periods.';
comment on policy report_lines_public_select on impact.report_lines is 'Lines of published periods are public.';
comment on policy report_lines_staff_select on impact.report_lines is 'Staff read all lines.';
comment on policy claims_public_select on impact.claims is 'Verified claims are public, without persons.';
comment on policy claims_staff_select on impact.claims is 'Staff read all claims.';
comment on policy claim_records_select on impact.claim_records is 'Compliance and audit read.';
comment on policy verifications_select on impact.verifications is 'Compliance and audit read.';

-- verify
insert into core.users (id, handle) select format('00000000-0000-7000-8000-00000015100%s', n)::uuid, 'u-0151-' || n from generate_series(1, 3) n;
insert into core.microfactories (id, operator_id, slug, name) values ('00000000-0000-7000-8000-000000151011', '00000000-0000-7000-8000-000000151003', 'works-0151', 'Works');
insert into production.orders (id, customer_id, microfactory_id) values ('00000000-0000-7000-8000-000000151012', '00000000-0000-7000-8000-000000151001', '00000000-0000-7000-8000-000000151011');
insert into production.shipments (id, order_id) values ('00000000-0000-7000-8000-000000151013', '00000000-0000-7000-8000-000000151012');
insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('order', '00000000-0000-7000-8000-000000151012', 'co2e', 1, 'kg', 1), ('shipment', '00000000-0000-7000-8000-000000151013', 'co2e', 1, 'kg', 1), ('microfactory', '00000000-0000-7000-8000-000000151011', 'co2e', 1, 'kg', 1);
insert into impact.claims (metric_code, quantity, unit, public_code, claim_sha256, status) values ('co2e', 1, 'kg', 'P-0151-1', sha256(''), 'verified'), ('co2e', 1, 'kg', 'P-0151-2', sha256(''), 'asserted');
insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values ('00000000-0000-7000-8000-000000151014', 'probe-0151', 1, 10, 'C-0151', 'Gold Standard', 2025, 10);
insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000151014', 1, 'order', 'x');
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) values ('00000000-0000-7000-8000-000000151015', 'order', '00000000-0000-7000-8000-000000151012', 'co2e', 2, 'kg', '[2026-01-01,2027-01-01)');
insert into impact.goals (owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on) values ('order', '00000000-0000-7000-8000-000000151012', 'co2e', '00000000-0000-7000-8000-000000151015', 1, 'kg', '2026-01-01', '2026-12-31');
insert into impact.reporting_periods (id, name, entity_key, during, status) values ('00000000-0000-7000-8000-000000151016', 'p', 'probe-0151', '[2020-01-01,2021-01-01)', 'published'), ('00000000-0000-7000-8000-000000151017', 'q', 'probe-0151', '[2021-01-01,2022-01-01)', 'open');
insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256) select id, 'co2e', 1, 1, 'kg', 1, sha256('') from impact.reporting_periods where entity_key = 'probe-0151';
insert into impact.claim_records (claim_id, record_id, record_at, subject_id) select c.id, r.id, r.occurred_at, r.subject_id from impact.claims c, impact.records r where c.public_code = 'P-0151-1' and r.subject_id = '00000000-0000-7000-8000-000000151012';
insert into impact.verifications (target_kind, target_id, verifier_id, verdict) values ('claim', '00000000-0000-7000-8000-000000151014', '00000000-0000-7000-8000-000000151001', 'verified');
insert into impact.emission_factors (activity, source, value, denominator_unit, during) values ('probe_0151', 'probe', 1, 'kWh', '[2020-01-01,)');
set local role hc_anon;
select (select array_agg(public_code) = '{P-0151-1}' from (select public_code from impact.claims) c where public_code like 'P-0151-%'), (select count(*) = 1 from (select entity_key from impact.reporting_periods) p where entity_key = 'probe-0151'), (select count(*) = 1 from impact.report_lines where period_id in ('00000000-0000-7000-8000-000000151016', '00000000-0000-7000-8000-000000151017')),
  (select count(*) >= 30 from impact.units), (select count(*) >= 5 from impact.metrics), (select count(*) = 1 from impact.emission_factors where activity_key = 'probe_0151'), blueprint.raises('select from impact.records', '42501'), blueprint.raises('select asserted_by from impact.claims', '42501'), blueprint.raises('select from impact.offsets', '42501');
set local role hc_agent;
select count(*) = 1, (select count(*) >= 5 from impact.metrics), (select count(*) >= 30 from impact.units), (select count(*) = 1 from impact.emission_factors where activity_key = 'probe_0151') from (select public_code from impact.claims) c where public_code like 'P-0151-%';
set local role hc_worker;
select count(*) >= 5, (select count(*) >= 30 from impact.units), (select count(*) = 1 from impact.emission_factors where activity_key = 'probe_0151') from impact.metrics;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000151001');
set local role hc_member;
select count(*) = 2, (select count(*) = 1 from impact.goals where owner_id = '00000000-0000-7000-8000-000000151012') from impact.records where subject_id::text like '00000000-0000-7000-8000-00000015101_';
select sql, blueprint.raises(sql, '42501') from unnest(array[$$ insert into impact.records (subject_kind, subject_id, metric_code, quantity, unit, result_base) values ('order', '00000000-0000-7000-8000-000000151012', 'co2e', 1, 'kg', 1) $$,
  $$ insert into impact.retirements (offset_id, tonnes, beneficiary_kind, reason) values ('00000000-0000-7000-8000-000000151014', 1, 'order', 'x') $$, 'select from impact.baselines', 'select from impact.verifications', 'select from impact.retirements']) sql;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000151003');
set local role hc_member;
select count(*) = 3 from impact.records where subject_id::text like '00000000-0000-7000-8000-00000015101_';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000151002');
set local role hc_member;
select count(*) = 0, (select count(*) = 0 from impact.goals where owner_id = '00000000-0000-7000-8000-000000151012') from impact.records where subject_id::text like '00000000-0000-7000-8000-00000015101_';
set local role hc_finance;
select (select count(*) = 1 from impact.offsets where certificate_no = 'C-0151'), (select count(*) = 1 from impact.retirements where offset_id = '00000000-0000-7000-8000-000000151014'), (select count(*) = 2 from (select entity_key from impact.reporting_periods) p where entity_key = 'probe-0151'), (select count(*) = 2 from impact.report_lines where period_id in ('00000000-0000-7000-8000-000000151016', '00000000-0000-7000-8000-000000151017'));
set local role hc_moderator;
select count(*) = 2 from (select public_code from impact.claims) c where public_code like 'P-0151-%';
set local role hc_compliance;
select (select count(*) = 1 from impact.verifications where target_id = '00000000-0000-7000-8000-000000151014'), (select count(*) = 1 from impact.claim_records where subject_id = '00000000-0000-7000-8000-000000151012'), (select count(*) = 2 from (select public_code from impact.claims) c where public_code like 'P-0151-%'), (select count(*) = 2 from (select entity_key from impact.reporting_periods) p where entity_key = 'probe-0151'),
  (select count(*) = 2 from impact.report_lines where period_id in ('00000000-0000-7000-8000-000000151016', '00000000-0000-7000-8000-000000151017'));
set local role hc_analyst;
select (select count(*) = 3 from impact.records where subject_id::text like '00000000-0000-7000-8000-00000015101_'), (select count(*) = 1 from impact.goals where owner_id = '00000000-0000-7000-8000-000000151012'), (select count(*) = 1 from impact.baselines where id = '00000000-0000-7000-8000-000000151015'), (select count(*) = 1 from impact.retirements where offset_id = '00000000-0000-7000-8000-000000151014'),
  (select count(*) = 2 from (select public_code from impact.claims) c where public_code like 'P-0151-%'), (select count(*) >= 5 from impact.metrics), (select count(*) >= 30 from impact.units), (select count(*) = 1 from impact.emission_factors where activity_key = 'probe_0151'), (select count(*) = 2 from (select entity_key from impact.reporting_periods) p where entity_key = 'probe-0151'),
  (select count(*) = 2 from impact.report_lines where period_id in ('00000000-0000-7000-8000-000000151016', '00000000-0000-7000-8000-000000151017'));
set local role hc_auditor;
select (select count(*) = 3 from impact.records where subject_id::text like '00000000-0000-7000-8000-00000015101_'), (select count(*) = 1 from impact.goals where owner_id = '00000000-0000-7000-8000-000000151012'), (select count(*) = 1 from impact.baselines where id = '00000000-0000-7000-8000-000000151015'), (select count(*) = 1 from impact.retirements where offset_id = '00000000-0000-7000-8000-000000151014'),
  (select count(*) = 2 from (select public_code from impact.claims) c where public_code like 'P-0151-%'), (select count(*) = 1 from impact.offsets where certificate_no = 'C-0151'), (select count(*) = 1 from impact.verifications where target_id = '00000000-0000-7000-8000-000000151014'), (select count(*) = 1 from impact.claim_records where subject_id = '00000000-0000-7000-8000-000000151012'),
  (select count(*) = 2 from (select entity_key from impact.reporting_periods) p where entity_key = 'probe-0151'), (select count(*) = 2 from impact.report_lines where period_id in ('00000000-0000-7000-8000-000000151016', '00000000-0000-7000-8000-000000151017')), (select count(*) >= 5 from impact.metrics), (select count(*) >= 30 from impact.units), (select count(*) = 1 from impact.emission_factors where activity_key = 'probe_0151');
set local role hc_owner;
select c, bool_and(has_column_privilege(r, 'impact.claims', c, 'select')) from unnest(string_to_array('id,donation_id,project_id,metric_code,quantity,unit,evidence,status,public_code,claim_sha256,asserted_at,verified_at', ',')) c, unnest(array['hc_anon', 'hc_agent', 'hc_analyst', 'hc_auditor']) r group by c;
select c, bool_and(has_column_privilege(r, 'impact.reporting_periods', c, 'select')) from unnest(string_to_array('id,name,entity_key,during,version,restates_id,reason,status,closed_at,published_at', ',')) c, unnest(array['hc_anon', 'hc_analyst', 'hc_auditor']) r group by c;
select has_function_privilege('hc_member', 'impact.my_subjects()', 'execute') and not has_function_privilege('hc_agent', 'impact.my_subjects()', 'execute');

-- task: BUILD_0150 add_comments
-- title: Document impact objects with methodology and data quality notes
-- does: Everything in the room says what it is and by which method: scopes of the GHG Protocol, GWP basis, what uncertainty means, units. impact.methodology lists each metric with formula, sources and last review, for publication.
-- proves: nothing in the room is undocumented, each seeded metric has a formula and a source, the source of a planted factor appears, everybody may read it.
-- needs: BUILD_0010, BUILD_0146, BUILD_0147, BUILD_0151
create view impact.methodology with (security_invoker = true) as
  select m.code as metric, m.name, m.base_unit as unit, m.direction, m.description, m.formula ->> 'text' as formula,
    array(select jsonb_array_elements_text(coalesce(m.formula -> 'sources', '[]')) union select f.source from impact.emission_factors f where f.metric_code = m.code order by 1) as sources, m.reviewed_on
  from impact.metrics m;

grant select on impact.methodology to hc_anon, hc_agent, hc_worker, hc_analyst, hc_auditor;

comment on view impact.methodology is 'How each metric is worked out and from which sources, for publication.';

comment on table impact.units is 'Units with their exact size in the base unit of their dimension. Reference data. @distribution reference';
comment on column impact.units.code is 'UCUM spelling, as kWh or t*km.';
comment on column impact.units.name is 'Name.';
comment on column impact.units.dimension is 'As mass or energy; conversion stays within one.';
comment on column impact.units.vector is 'Powers of base dimensions: {"mass": 1, "length": 1}.';
comment on column impact.units.factor_to_base is 'Size in base units.';
comment on column impact.units.offset_to_base is 'Zero point in base units, of temperatures.';
comment on column impact.units.is_base is 'The base unit of its dimension.';

comment on table impact.metrics is 'What is measured. Reference data. @distribution reference';
comment on column impact.metrics.code is 'As co2e.';
comment on column impact.metrics.name is 'Name as shown.';
comment on column impact.metrics.dimension is 'Dimension of its units.';
comment on column impact.metrics.base_unit is 'Unit of results.';
comment on column impact.metrics.direction is 'lower_better or higher_better.';
comment on column impact.metrics.description is 'What it means and by which standard.';
comment on column impact.metrics.formula is 'How it is worked out: {"text", "sources"}.';
comment on column impact.metrics.reviewed_on is 'Last review of the method.';

comment on table impact.emission_factors is 'What an activity causes per unit, in time and region; frozen once used. Uncertainty is one standard deviation in percent. @distribution reference';
comment on column impact.emission_factors.id is 'Version 7 UUID.';
comment on column impact.emission_factors.activity is 'Place in the activity tree, as electricity.grid.';
comment on column impact.emission_factors.activity_key is 'The same as text, for the temporal key.';
comment on column impact.emission_factors.metric_code is 'What it causes.';
comment on column impact.emission_factors.region is 'global, continent (XE, ...), country or part of it.';
comment on column impact.emission_factors.source is 'Who published it.';
comment on column impact.emission_factors.gwp_basis is 'AR4, AR5 or AR6: global warming potentials over 100 years.';
comment on column impact.emission_factors.value is 'How much per unit.';
comment on column impact.emission_factors.numerator_unit is 'Unit of what is caused.';
comment on column impact.emission_factors.denominator_unit is 'Unit of the activity.';
comment on column impact.emission_factors.uncertainty_pct is 'Standard deviation in percent.';
comment on column impact.emission_factors.during is 'When it holds.';
comment on column impact.emission_factors.version is 'Counts up with each supersession.';
comment on column impact.emission_factors.superseded_by is 'The version that followed.';
comment on column impact.emission_factors.reason is 'Why this version came.';
comment on column impact.emission_factors.metadata is 'Notes.';
comment on column impact.emission_factors.created_at is 'When it was entered.';
comment on column impact.emission_factors.updated_at is 'When the row last really changed.';

comment on table impact.baselines is 'Where goals start from. @distribution local';
comment on column impact.baselines.id is 'Version 7 UUID.';
comment on column impact.baselines.subject_kind is 'Whose, as organisation.';
comment on column impact.baselines.subject_id is 'Which one.';
comment on column impact.baselines.metric_code is 'The metric.';
comment on column impact.baselines.value is 'The value.';
comment on column impact.baselines.unit is 'Its unit.';
comment on column impact.baselines.method is 'measured, calculated or estimated.';
comment on column impact.baselines.during is 'The time it stands for.';
comment on column impact.baselines.metadata is 'Notes.';
comment on column impact.baselines.created_at is 'When it was entered.';
comment on column impact.baselines.updated_at is 'When the row last really changed.';

comment on table impact.records is 'What was caused, with the factor as it was; append-only, by UTC month. Scopes are those of the GHG Protocol. @distribution subject_id';
comment on column impact.records.id is 'Version 7 UUID.';
comment on column impact.records.occurred_at is 'When it was caused; partition key (UTC months).';
comment on column impact.records.subject_id is 'By what.';
comment on column impact.records.subject_kind is 'order, run, shipment, event, content, organisation, project or microfactory.';
comment on column impact.records.metric_code is 'The metric.';
comment on column impact.records.quantity is 'How much, in unit.';
comment on column impact.records.unit is 'Unit of the metric.';
comment on column impact.records.activity is 'What was done.';
comment on column impact.records.region is 'Where.';
comment on column impact.records.activity_value is 'How much of it.';
comment on column impact.records.activity_unit is 'Unit of the activity.';
comment on column impact.records.factor_id is 'The factor that was used.';
comment on column impact.records.factor_value is 'Its value, frozen.';
comment on column impact.records.result_base is 'Quantity in the metric''s base unit.';
comment on column impact.records.uncertainty_pct is 'Of amount and factor together, in percent.';
comment on column impact.records.quality is 'A to D: how near the factor was.';
comment on column impact.records.method is 'measured, calculated or estimated.';
comment on column impact.records.scope is '1, 2 or 3.';
comment on column impact.records.calc is 'Inputs and notes of the calculation.';
comment on column impact.records.corrects_id is 'The record it corrects.';
comment on column impact.records.corrects_at is 'Time of that.';
comment on column impact.records.source_ref is 'Where it came from; recorded once.';
comment on column impact.records.recorded_by is 'Who recorded it.';
comment on column impact.records.recorded_at is 'When.';

comment on table impact.offsets is 'Offsets bought, by registry and serials. @distribution local';
comment on column impact.offsets.id is 'Version 7 UUID.';
comment on column impact.offsets.registry is 'Who keeps them.';
comment on column impact.offsets.serial_from is 'First serial.';
comment on column impact.offsets.serial_to is 'Last serial.';
comment on column impact.offsets.certificate_no is 'Certificate of the purchase.';
comment on column impact.offsets.standard is 'As Gold Standard.';
comment on column impact.offsets.project is 'Attributes of the project: country, type, ...';
comment on column impact.offsets.vintage is 'Year of the reduction.';
comment on column impact.offsets.tonnes is 'Tonnes CO2e.';
comment on column impact.offsets.purchased_on is 'When they were bought.';
comment on column impact.offsets.cost_usd is 'What they cost.';
comment on column impact.offsets.status is 'held, exhausted or cancelled.';
comment on column impact.offsets.metadata is 'Notes.';
comment on column impact.offsets.created_at is 'When they were entered.';
comment on column impact.offsets.updated_at is 'When the row last really changed.';

comment on table impact.retirements is 'Tonnes used up for somebody; append-only. @distribution local';
comment on column impact.retirements.id is 'Version 7 UUID.';
comment on column impact.retirements.occurred_at is 'When.';
comment on column impact.retirements.offset_id is 'Of which offset.';
comment on column impact.retirements.tonnes is 'How many.';
comment on column impact.retirements.beneficiary_kind is 'For what, as order.';
comment on column impact.retirements.beneficiary_id is 'For which.';
comment on column impact.retirements.reason is 'Why.';
comment on column impact.retirements.serial_from is 'First serial.';
comment on column impact.retirements.serial_to is 'Last serial.';
comment on column impact.retirements.certificate_no is 'Our certificate.';
comment on column impact.retirements.certificate_sha256 is 'Digest of what it says.';

comment on table impact.goals is 'Targets with a way to get there. @distribution local';
comment on column impact.goals.id is 'Version 7 UUID.';
comment on column impact.goals.owner_kind is 'Whose, as organisation.';
comment on column impact.goals.owner_id is 'Which one.';
comment on column impact.goals.metric_code is 'The metric.';
comment on column impact.goals.baseline_id is 'Where it starts from.';
comment on column impact.goals.target_value is 'What is to be reached.';
comment on column impact.goals.unit is 'Its unit.';
comment on column impact.goals.starts_on is 'When it begins.';
comment on column impact.goals.due_on is 'When it is due.';
comment on column impact.goals.status is 'State machine impact_goal: draft, active, achieved, missed, cancelled.';
comment on column impact.goals.trajectory is 'linear or step.';
comment on column impact.goals.evidence is 'Numbers it was settled with.';
comment on column impact.goals.created_at is 'When it was set.';
comment on column impact.goals.updated_at is 'When the row last really changed.';

comment on table impact.reporting_periods is 'Periods that are closed, published and restated. @distribution local';
comment on column impact.reporting_periods.id is 'Version 7 UUID.';
comment on column impact.reporting_periods.name is 'As 2026.';
comment on column impact.reporting_periods.entity_key is 'platform, or kind:id of a subject.';
comment on column impact.reporting_periods.during is 'The days.';
comment on column impact.reporting_periods.version is '1, then one more per restatement.';
comment on column impact.reporting_periods.restates_id is 'The version before.';
comment on column impact.reporting_periods.reason is 'Why it is restated.';
comment on column impact.reporting_periods.status is 'State machine reporting_period: open, closing, closed, published, restated.';
comment on column impact.reporting_periods.closed_by is 'Who closed it.';
comment on column impact.reporting_periods.closed_at is 'When.';
comment on column impact.reporting_periods.published_by is 'Who published it, somebody else.';
comment on column impact.reporting_periods.published_at is 'When.';
comment on column impact.reporting_periods.created_at is 'When it was opened.';
comment on column impact.reporting_periods.updated_at is 'When the row last really changed.';

comment on table impact.report_lines is 'Sums of a period, frozen when it was closed. @distribution local';
comment on column impact.report_lines.period_id is 'The period.';
comment on column impact.report_lines.metric_code is 'The metric.';
comment on column impact.report_lines.scope is '1, 2 or 3.';
comment on column impact.report_lines.dimension_key is '* for all.';
comment on column impact.report_lines.value is 'The sum.';
comment on column impact.report_lines.unit is 'Base unit of the metric.';
comment on column impact.report_lines.record_count is 'Of how many records.';
comment on column impact.report_lines.inputs_sha256 is 'Digest over these records.';

comment on table impact.claims is 'Benefits claimed for donations and projects. @distribution local';
comment on column impact.claims.id is 'Version 7 UUID.';
comment on column impact.claims.donation_id is 'Of which donation.';
comment on column impact.claims.project_id is 'Of which project.';
comment on column impact.claims.metric_code is 'The metric.';
comment on column impact.claims.quantity is 'How much.';
comment on column impact.claims.unit is 'Its unit.';
comment on column impact.claims.evidence is '[{"sha256", "title"}, ...].';
comment on column impact.claims.status is 'State machine impact_claim: asserted, verified, rejected, revoked.';
comment on column impact.claims.public_code is 'By which anybody finds it; never changes.';
comment on column impact.claims.claim_sha256 is 'Digest of what was asserted.';
comment on column impact.claims.asserted_by is 'Who asserts it.';
comment on column impact.claims.asserted_at is 'When.';
comment on column impact.claims.verified_at is 'When it was verified.';
comment on column impact.claims.metadata is 'Notes.';
comment on column impact.claims.created_at is 'When the row was made.';
comment on column impact.claims.updated_at is 'When the row last really changed.';

comment on table impact.claim_records is 'Records a claim rests on. @distribution local';
comment on column impact.claim_records.claim_id is 'The claim.';
comment on column impact.claim_records.record_id is 'The record.';
comment on column impact.claim_records.record_at is 'Its time.';
comment on column impact.claim_records.subject_id is 'Its subject.';
comment on column impact.claim_records.is_live is 'The claim stands; a record is in one live claim at most.';

comment on table impact.verifications is 'Who checked what with which result; append-only. @distribution local';
comment on column impact.verifications.id is 'Version 7 UUID.';
comment on column impact.verifications.occurred_at is 'When.';
comment on column impact.verifications.target_kind is 'record, claim or period.';
comment on column impact.verifications.target_id is 'Which one.';
comment on column impact.verifications.verifier_id is 'Who.';
comment on column impact.verifications.verdict is 'verified, rejected or questioned.';
comment on column impact.verifications.method is 'How.';
comment on column impact.verifications.statement is 'In words.';
comment on column impact.verifications.evidence_asset_id is 'Document.';

-- verify
select count(*) = 0 from blueprint.undocumented('impact');
insert into impact.emission_factors (activity, source, value, denominator_unit, during) values ('probe_0150', 'Probe source 0150', 1, 'kWh', '[2020-01-01,)');
select count(*) = 5 and bool_and(formula <> '' and cardinality(sources) >= 1 and reviewed_on is not null) from impact.methodology where metric in ('co2e', 'water', 'waste', 'energy', 'units_donated');
set local role hc_anon;
select 'Probe source 0150' = any (sources) and 'GHG Protocol Corporate Standard' = any (sources) from impact.methodology where metric = 'co2e';
set local role hc_owner;
select value = 'subject_id' from blueprint.annotations('impact.records') where tag = 'distribution';
select bool_and(has_table_privilege(r, 'impact.methodology', 'select')) from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_analyst', 'hc_auditor']) r;
select reloptions @> '{security_invoker=true}' from pg_class where oid = 'impact.methodology'::regclass;
