-- Room impact: measurements about orders, factories and persons, claims and periods in the states that make them public.
insert into impact.records (id, subject_id, subject_kind, metric_code, quantity, unit, result_base)
select id('record ' || subject), id(subject), kind, 'co2e', 1, 'kg', 1
from (values ('ada', 'organisation'), ('order ada', 'order'), ('order bob', 'order'), ('factory ivy', 'microfactory'), ('factory bob', 'microfactory'),
  ('project ivy proposed', 'project'), ('shipment ada', 'shipment'), ('run ada', 'run'), ('run eve', 'run'), ('text ada', 'content')) s(subject, kind);
insert into impact.record_keys (source_ref, record_id, record_at) values ('canary', id('record ada'), now());
insert into impact.baselines (id, subject_kind, subject_id, metric_code, value, unit, during) values (id('baseline'), 'microfactory', id('factory ivy'), 'co2e', 1, 'kg', '[2026-01-01,)');
insert into impact.goals (id, owner_kind, owner_id, metric_code, baseline_id, target_value, unit, starts_on, due_on)
select id('goal ' || owner), 'canary', id(owner), 'co2e', id('baseline'), 1, 'kg', '2026-01-01', '2027-01-01' from unnest(array['ada', 'factory ivy', 'factory bob']) owner;

insert into impact.claims (id, donation_id, metric_code, quantity, unit, status, public_code, claim_sha256, asserted_by)
select id('claim ' || status), id('gift ada'), 'co2e', 1, 'kg', status, 'canary-' || status, digest(status), id('ivy') from unnest(array['asserted', 'verified', 'rejected', 'revoked']) status;
insert into impact.claim_records (claim_id, record_id, record_at, subject_id) values (id('claim verified'), id('record ada'), now(), id('ada'));
insert into impact.verifications (id, target_kind, target_id, verifier_id, verdict) values (id('verification'), 'claim', id('claim verified'), id('com'), 'verified');

insert into impact.reporting_periods (id, name, during, status, closed_by, published_by)
select id('period ' || status), status, daterange(day, day + 1), status, id('fin'), id('com') from (values ('open', date '2026-01-01'), ('closed', '2026-01-02'), ('published', '2026-01-03'), ('restated', '2026-01-04')) p(status, day);
insert into impact.report_lines (period_id, metric_code, scope, value, unit, record_count, inputs_sha256)
select id('period ' || status), 'co2e', 1, 1, 'kg', 1, digest('inputs') from unnest(array['closed', 'published', 'restated']) status;

insert into impact.offsets (id, registry, serial_from, serial_to, certificate_no, standard, vintage, tonnes) values (id('offset'), 'canary', 1, 2, 'canary', 'canary', 2026, 1);
insert into impact.reservations (id, offset_id, tonnes, beneficiary_kind, beneficiary_id, expires_at) values (id('impact reservation'), id('offset'), 1, 'canary', id('ada'), now());
insert into impact.retirements (id, offset_id, tonnes, beneficiary_kind, reason) values (id('retirement'), id('offset'), 1, 'canary', 'canary');
insert into impact.restatement_list (record_id, factor_id, difference) values (id('record ada'), id('factor'), 1);

insert into impact.emission_factors (id, activity, source, value, denominator_unit, during) values (id('factor'), 'canary', 'canary', 1, 'kg', '[2026-01-01,)');
insert into impact.metrics (code, name, dimension, base_unit, direction, description) values ('canary', 'Canary', 'canary', 'kg', 'lower_better', 'canary');
insert into impact.units (code, name, dimension, factor_to_base) values ('canary', 'Canary', 'canary', 1);
insert into impact.region_parents (region, parent) values ('canary', 'global');
