-- Core table kyc: cases of verifying who somebody is, reduced to what has to be kept. Results are read by compliance alone; the person sees a status.
-- Here are also the thresholds of law and policy, as rows that hold for a time.

-- task: BUILD_0747 implement_table_feature critical
-- title: Versioned compliance thresholds: core.compliance_thresholds and core.threshold(rule, at)
-- does: Amounts of law and policy per rule and jurisdiction, each for a time and with its source, never two at once. threshold() answers for the
--   jurisdiction, else for the US, else for all; set_threshold() lets compliance begin a new version.
-- proves: setting kyc_gate to 2500 from 1 July leaves 3000 on 30 June, an overlapping row raises 23P01, unknown places fall back, an unknown rule
--   raises 22023 instead of passing as null, only compliance may change and only with a reason.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0040
create table core.compliance_thresholds (
  id uuid default uuidv7() constraint compliance_thresholds_id_pk primary key,
  rule text not null constraint compliance_thresholds_rule_check check (rule ~ '^[a-z][a-z0-9_]{1,47}$'),
  jurisdiction text not null default 'US' constraint compliance_thresholds_jurisdiction_check check (jurisdiction ~ '^([A-Z]{2}(-[A-Z0-9]{1,3})?|\*)$'),
  amount_usd core.fiat_amount not null constraint compliance_thresholds_amount_usd_check check (amount_usd >= 0),
  effective tstzrange not null,
  reason text not null constraint compliance_thresholds_reason_check check (length(reason) between 3 and 500),
  set_by uuid default core.current_user_id(),
  created_at timestamptz not null default now(),
  constraint compliance_thresholds_rule_jurisdiction_effective_key unique (rule, jurisdiction, effective without overlaps)
);

insert into core.compliance_thresholds (rule, amount_usd, effective, reason) values
  ('kyc_gate', 3000, '[2000-01-01 00:00+00,)', '31 CFR 1010.410(f) takes 3,000 USD or more; house policy on sums of 12 months; to be confirmed by counsel'),
  ('aml_enhanced', 10000, '[2000-01-01 00:00+00,)', '31 CFR 1010.311 takes more than 10,000 USD; house policy; to be confirmed by counsel'),
  ('receipt_acknowledgement', 250, '[2000-01-01 00:00+00,)', '26 U.S.C. 170(f)(8), IRS publication 1771; to be confirmed by counsel'),
  ('quid_pro_quo', 75, '[2000-01-01 00:00+00,)', '26 U.S.C. 6115, IRS publication 1771; to be confirmed by counsel'),
  ('form_8283', 500, '[2000-01-01 00:00+00,)', '26 U.S.C. 170(f)(11)(B), form 8283; to be confirmed by counsel'),
  ('appraisal', 5000, '[2000-01-01 00:00+00,)', '26 U.S.C. 170(f)(11)(C), IRS CCA 202302012 for crypto; to be confirmed by counsel');

create function core.threshold(rule text, jurisdiction text default 'US', at timestamptz default now()) returns core.fiat_amount
  language plpgsql stable parallel safe set search_path = ''
as $$
declare
  found_amount core.fiat_amount;
begin
  select t.amount_usd into found_amount from core.compliance_thresholds t
  where t.rule = threshold.rule and t.jurisdiction in (threshold.jurisdiction, 'US', '*') and t.effective @> threshold.at
  order by t.jurisdiction = threshold.jurisdiction desc, t.jurisdiction = 'US' desc limit 1;
  if found_amount is null then
    raise exception using errcode = '22023', message = format('no threshold %L holds for %s at %s', rule, coalesce(jurisdiction, '*'), at);
  end if;
  return found_amount;
end $$;

create function core.set_threshold(rule text, jurisdiction text, amount_usd numeric, since timestamptz, reason text) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'thresholds are set by hc_compliance';
  end if;
  return core.replace_period('core.compliance_thresholds', jsonb_build_object('rule', rule, 'jurisdiction', jurisdiction),
    jsonb_build_object('id', uuidv7(), 'amount_usd', amount_usd, 'reason', reason), since, 'effective');
end $$;

create policy compliance_thresholds_select on core.compliance_thresholds for select to hc_anon, hc_worker, hc_auditor, hc_analyst using (true);

grant select on core.compliance_thresholds to hc_anon, hc_worker, hc_auditor, hc_analyst;

grant execute on function core.threshold to hc_anon, hc_worker, hc_auditor, hc_analyst;

grant execute on function core.set_threshold to hc_compliance;

comment on table core.compliance_thresholds is 'Amounts at which law or policy asks for something, each for its time. @distribution reference';
comment on column core.compliance_thresholds.id is 'Version 7 UUID.';
comment on column core.compliance_thresholds.rule is 'kyc_gate, aml_enhanced, receipt_acknowledgement, quid_pro_quo, form_8283, appraisal, ...';
comment on column core.compliance_thresholds.jurisdiction is 'Country or subdivision (US, US-CA), or * for all.';
comment on column core.compliance_thresholds.amount_usd is 'The amount.';
comment on column core.compliance_thresholds.effective is 'When it holds; versions of a rule and place do not overlap.';
comment on column core.compliance_thresholds.reason is 'Source of the amount, or why it was changed.';
comment on column core.compliance_thresholds.set_by is 'Who set it; null for the first ones.';
comment on column core.compliance_thresholds.created_at is 'When it was entered.';
comment on policy compliance_thresholds_select on core.compliance_thresholds is 'The rules are no secret.';
comment on function core.threshold is 'Amount of a rule at a time: of the jurisdiction, else of the US, else of all. 22023 when none holds, so that a gate cannot stand open for want of a row.';
comment on function core.set_threshold is 'Ends the version of rule and jurisdiction that holds at since and begins another (hc_compliance). Security definer: nobody writes the table.';

-- verify
select array_agg(core.threshold(rule)::numeric order by rule) = array[10000, 5000, 500, 3000, 75, 250]::numeric[]
from unnest(array['kyc_gate', 'aml_enhanced', 'receipt_acknowledgement', 'quid_pro_quo', 'form_8283', 'appraisal']) rule where core.threshold(rule, 'US', '2001-01-01 00:00+00') > 0;
insert into core.compliance_thresholds (rule, jurisdiction, amount_usd, effective, reason) values ('probe_0747', '*', 1, '[2000-01-01 00:00+00,)', 'probe'), ('probe_0747', 'DE', 2, '[2000-01-01 00:00+00,)', 'probe');
insert into core.compliance_thresholds (rule, amount_usd, effective, reason) values ('probe_0747', 3000, '[2000-01-01 00:00+00,)', 'probe') returning jurisdiction = 'US' and id is not null and created_at = now() and set_by is null;
select core.act_as('00000000-0000-7000-8000-000000747001', 'hc_compliance');
set local role hc_compliance;
select core.set_threshold('probe_0747', 'US', 2500, '2026-07-01 00:00+00', 'Board decision 7') @> '{"amount_usd": 2500, "set_by": "00000000-0000-7000-8000-000000747001"}';
select core.threshold('probe_0747', 'US', '2026-06-30 23:59+00') = 3000, core.threshold('probe_0747', 'US', '2026-07-01 00:00+00') = 2500, core.threshold('probe_0747', 'DE') = 2,
  core.threshold('probe_0747', 'FR', '2026-07-01 00:00+00') = 2500, blueprint.raises($$ select core.threshold('probe_0747', 'US', '1999-01-01') $$, '22023', 'probe_0747');
select blueprint.raises($$ select core.set_threshold('probe_0747', 'US', 2500, '2026-08-01', '') $$, '23514', 'compliance_thresholds_reason_check'), blueprint.raises('update core.compliance_thresholds set amount_usd = 0', '42501');
set local role hc_owner;
delete from core.compliance_thresholds where rule = 'probe_0747' and jurisdiction = 'US';
select core.threshold('probe_0747', 'FR') = 1;
select vals, blueprint.raises(format('insert into core.compliance_thresholds (rule, jurisdiction, amount_usd, effective, reason) values (%s)', vals), state, rule) from (values
  ($$ 'probe_0747', '*', 5, '[2026-01-01 00:00+00,)', 'again' $$, '23P01', 'compliance_thresholds_rule_jurisdiction_effective_key'), ($$ 'P', '*', 5, '[2026-01-01 00:00+00,)', 'why' $$, '23514', 'compliance_thresholds_rule_check'),
  ($$ 'probe_0747', 'usa', 5, '[2026-01-01 00:00+00,)', 'why' $$, '23514', 'compliance_thresholds_jurisdiction_check'), ($$ 'probe_0747', 'FR', -5, '[2026-01-01 00:00+00,)', 'why' $$, '23514', 'compliance_thresholds_amount_usd_check')) v(vals, state, rule);
select blueprint.raises($$ insert into core.compliance_thresholds (id, rule, amount_usd, effective, reason) select id, 'probe_c', 1, effective, reason from core.compliance_thresholds where rule = 'probe_0747' $$, '23505', 'compliance_thresholds_id_pk');
select core.act_as('00000000-0000-7000-8000-000000747001', 'hc_finance');
select blueprint.raises($$ select core.set_threshold('probe_0747', 'US', 1, now(), 'because') $$, '42501', 'hc_compliance'), not has_function_privilege('hc_finance', 'core.set_threshold(text, text, numeric, timestamptz, text)', 'execute');
select role, has_function_privilege(role, 'core.threshold(text, text, timestamptz)', 'execute') and has_table_privilege(role, 'core.compliance_thresholds', 'select') from unnest(array['hc_anon', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;
select relrowsecurity and relforcerowsecurity and not has_function_privilege('hc_monitor', 'core.threshold(text, text, timestamptz)', 'execute') from pg_class where oid = 'core.compliance_thresholds'::regclass;
set local role hc_anon;
select core.threshold('probe_0747', 'DE') = 2;

-- task: BUILD_0741 create_table critical
-- title: Create core.kyc as minimised verification cases with strict policies
-- does: One row per case: whom, why, how far, and a result without documents. Compliance reads all of it, audit all but the result; the person reads the
--   view core.my_kyc and nothing of the table.
-- proves: the subject sees the own status in core.my_kyc and no row of the table, finance and admin get 42501 on the result, compliance reads it.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0691, BUILD_0701
create table core.kyc (
  id uuid default uuidv7() constraint kyc_id_pk primary key,
  user_id uuid,
  donation_id uuid,
  subject_key text,
  provider text not null default 'manual',
  provider_ref text,
  level text not null default 'basic',
  trigger_reason text not null default 'manual',
  status text not null default 'requested',
  requested_at timestamptz not null default now(),
  link_sha256 bytea,
  link_expires_at timestamptz,
  proposed_verdict text,
  proposed_by uuid,
  proposed_at timestamptz,
  decided_at timestamptz,
  decided_by uuid,
  valid_during tstzrange,
  document_asset_id uuid,
  result jsonb constraint kyc_result_check check (jsonb_typeof(result) = 'object'),
  result_sha256 core.sha256,
  rejection_code text,
  retention_until timestamptz,
  metadata jsonb not null default '{}' constraint kyc_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create policy kyc_compliance_select on core.kyc for select to hc_compliance, hc_auditor using (true);

grant select (id, status) on core.kyc to hc_member;
grant select on core.kyc to hc_compliance;
grant select (id, user_id, donation_id, provider, level, trigger_reason, status, requested_at, proposed_verdict, proposed_by, proposed_at, decided_at, decided_by, valid_during, rejection_code, retention_until,
    result_sha256, created_at, updated_at) on core.kyc to hc_auditor;

create view core.my_kyc with (security_barrier) as
  select id, level, status, requested_at, decided_at, upper(valid_during) as valid_until from core.kyc where user_id = (select core.current_user_id());

grant select on core.my_kyc to hc_member;

comment on table core.kyc is 'Cases of verifying who a donor is; documents stay with the provider. @retention 5 years after the decision @distribution local';
comment on column core.kyc.id is 'Version 7 UUID. @wix never';
comment on column core.kyc.user_id is 'Whose case; null for guests. @wix never';
comment on column core.kyc.donation_id is 'The gift that brought it up. @wix never';
comment on column core.kyc.subject_key is 'user:<id>, or donation and a digest of what guests are known by: one open case a subject and level. @secret @wix never';
comment on column core.kyc.provider is 'Who verifies. @wix never';
comment on column core.kyc.provider_ref is 'Number of the case there. @wix never';
comment on column core.kyc.level is 'basic or enhanced. @wix never';
comment on column core.kyc.trigger_reason is 'threshold, aml, ofac, manual or periodic. @wix never';
comment on column core.kyc.status is 'State machine kyc: requested, submitted, in_review, approved, rejected, expired, cancelled. @wix never';
comment on column core.kyc.requested_at is 'When it was asked for. @wix never';
comment on column core.kyc.link_sha256 is 'Digest of the token in the link that was sent. @secret @wix never';
comment on column core.kyc.link_expires_at is 'When the link lapses. @wix never';
comment on column core.kyc.proposed_verdict is 'What the first pair of eyes proposes: approved or rejected. @wix never';
comment on column core.kyc.proposed_by is 'Whose eyes. @wix never';
comment on column core.kyc.proposed_at is 'When. @wix never';
comment on column core.kyc.decided_at is 'When it was decided. @wix never';
comment on column core.kyc.decided_by is 'By whom; never the person itself. @wix never';
comment on column core.kyc.valid_during is 'How long an approval holds; null otherwise. @wix never';
comment on column core.kyc.document_asset_id is 'A document kept with us, only where the provider keeps none. @wix never';
comment on column core.kyc.result is 'Minimised result: flags, country, score, checks; no numbers, pictures or dates of birth; kept as the law on money laundering wants. @pii retain @wix never';
comment on column core.kyc.result_sha256 is 'Digest of a result that was purged. @wix never';
comment on column core.kyc.rejection_code is 'Why it was rejected. @wix never';
comment on column core.kyc.retention_until is 'When result and document go. @wix never';
comment on column core.kyc.metadata is 'Notes of the platform: reminders, legal_hold, note. @wix never';
comment on column core.kyc.created_at is 'When the row was made. @wix never';
comment on column core.kyc.updated_at is 'When the row last really changed. @wix never';
comment on policy kyc_compliance_select on core.kyc is 'Compliance reads every case, audit what its column grants show.';
comment on view core.my_kyc is 'Own cases as their subject may see them: how far, never why. Runs as its owner on purpose: it shows six columns of what row security hides.';
comment on column core.my_kyc.id is 'The case.';
comment on column core.my_kyc.level is 'basic or enhanced.';
comment on column core.my_kyc.status is 'How far it is.';
comment on column core.my_kyc.requested_at is 'When it was asked for.';
comment on column core.my_kyc.decided_at is 'When it was decided.';
comment on column core.my_kyc.valid_until is 'When an approval lapses.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000741001', 'ada-0741'), ('00000000-0000-7000-8000-000000741002', 'bob-0741');
insert into core.kyc (id, user_id, provider_ref, result) values ('00000000-0000-7000-8000-000000741011', '00000000-0000-7000-8000-000000741001', 'ref-0741', '{"flags": ["pep"]}')
returning status = 'requested' and level = 'basic' and provider = 'manual' and trigger_reason = 'manual' and requested_at = now() and metadata = '{}' and created_at = now() and updated_at = now();
insert into core.kyc (user_id) values ('00000000-0000-7000-8000-000000741002') returning id is not null and result is null;
select vals, blueprint.raises(format($$ insert into core.kyc (user_id, id, result, metadata) values ('00000000-0000-7000-8000-000000741002', %s) $$, vals), state, rule) from (values
  ($$ '00000000-0000-7000-8000-000000741011', null, '{}' $$, '23505', 'kyc_id_pk'), ($$ uuidv7(), '[]', '{}' $$, '23514', 'kyc_result_check'), ($$ uuidv7(), null, '[]' $$, '23514', 'kyc_metadata_check')) v(vals, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.kyc'::regclass;
select core.act_as('00000000-0000-7000-8000-000000741001');
set local role hc_member;
select count(*) = 1 and bool_and(status = 'requested' and level = 'basic' and valid_until is null and decided_at is null and requested_at is not null) from core.my_kyc;
select count(id) = 0, bool_and(status = 'requested') is null from core.kyc;
select blueprint.raises('select result from core.kyc', '42501'), blueprint.raises($$ insert into core.kyc (level) values ('basic') $$, '42501');
set local role hc_finance;
select blueprint.raises('select result from core.kyc', '42501');
set local role hc_admin;
select blueprint.raises('select result from core.kyc', '42501');
set local role hc_compliance;
select count(*) = 1 from core.kyc where id = '00000000-0000-7000-8000-000000741011' and result @> '{"flags": ["pep"]}';
set local role hc_auditor;
select count(*) = 2, blueprint.raises('select result from core.kyc', '42501') from core.kyc where user_id in ('00000000-0000-7000-8000-000000741001', '00000000-0000-7000-8000-000000741002');
set local role hc_owner;
select c, has_column_privilege('hc_auditor', 'core.kyc', c, 'select') from unnest(string_to_array('id,user_id,donation_id,provider,level,trigger_reason,status,requested_at,proposed_verdict,proposed_by,'
  'proposed_at,decided_at,decided_by,valid_during,rejection_code,retention_until,result_sha256,created_at,updated_at', ',')) c;

-- task: BUILD_0742 create_table_indexes
-- title: Index KYC cases by subject, queue and expiry
-- does: The cases of a person and of a gift, the queue of compliance, who is verified at a time, and what has to be purged; a case of a provider is there once.
-- proves: queue, validity at an instant and retention sweep are served by their indexes; a provider's case twice raises 23505.
-- needs: BUILD_0005, BUILD_0021, BUILD_0741
create index kyc_user_id_requested_at_idx on core.kyc (user_id, requested_at desc);
create index kyc_donation_id_idx on core.kyc (donation_id) where donation_id is not null;
create unique index kyc_provider_provider_ref_key on core.kyc (provider, provider_ref);
create index kyc_open_idx on core.kyc (status, requested_at) where status in ('requested', 'submitted', 'in_review');
create index kyc_valid_idx on core.kyc using gist (user_id, level, valid_during) where status = 'approved';
create index kyc_retention_until_idx on core.kyc (retention_until) where result is not null;

comment on index core.kyc_user_id_requested_at_idx is 'Cases of a person, newest first; and the foreign key.';
comment on index core.kyc_donation_id_idx is 'Cases of a gift; and the foreign key.';
comment on index core.kyc_provider_provider_ref_key is 'The case of a provider''s number.';
comment on index core.kyc_open_idx is 'Queue of compliance, oldest first.';
comment on index core.kyc_valid_idx is 'Who is verified at a time.';
comment on index core.kyc_retention_until_idx is 'Results to be purged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000742001', 'ada-0742');
insert into core.kyc (user_id, provider_ref) values ('00000000-0000-7000-8000-000000742001', 'ref-0742');
select blueprint.raises($$ insert into core.kyc (user_id, provider_ref) values ('00000000-0000-7000-8000-000000742001', 'ref-0742') $$, '23505', 'kyc_provider_provider_ref_key');
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.kyc where user_id = '00000000-0000-7000-8000-000000742001' order by requested_at desc $$, 'kyc_user_id_requested_at_idx'), ($$ select from core.kyc where donation_id = '00000000-0000-7000-8000-000000742001' $$, 'kyc_donation_id_idx'),
  ($$ select from core.kyc where provider = 'x' and provider_ref = 'y' $$, 'kyc_provider_provider_ref_key'), ($$ select from core.kyc where status = 'submitted' order by requested_at $$, 'kyc_open_idx'),
  ($$ select from core.kyc where user_id = '00000000-0000-7000-8000-000000742001' and level = 'basic' and valid_during @> now() and status = 'approved' $$, 'kyc_valid_idx'), ($$ select from core.kyc where retention_until < now() and result is not null $$, 'kyc_retention_until_idx')) v(sql, index);

-- task: BUILD_0743 create_table_constraints critical
-- title: Constrain KYC: subject present, four eyes, validity without overlap; add core.donations.kyc_id FK
-- does: A case is about a person or a gift, an approval has its time, its decider and is not decided by the person itself, approvals of a level do not overlap, a rejection has a code,
--   and a result holds listed keys only: no numbers of documents, pictures or birthdays.
-- proves: self-approval, a forbidden key and each other broken rule raise, an overlapping approval raises 23P01, an unknown case of a gift 23503.
-- needs: BUILD_0021, BUILD_0691, BUILD_0701, BUILD_0741, BUILD_0742
create function core.is_minimal_kyc(result jsonb) returns boolean
  language sql immutable strict parallel safe
  return jsonb_typeof(result) = 'object' and (case jsonb_typeof(result) when 'object' then result else '{}' end - array['flags', 'country', 'score', 'checks', 'risk', 'provider_status', 'document_type', 'age_over_18', 'reviewed_at']) = '{}';

alter table core.kyc
  add constraint kyc_subject_check check (user_id is not null or donation_id is not null),
  add constraint kyc_level_check check (level in ('basic', 'enhanced')),
  add constraint kyc_trigger_reason_check check (trigger_reason in ('threshold', 'aml', 'ofac', 'manual', 'periodic')),
  add constraint kyc_status_check check (status in ('requested', 'submitted', 'in_review', 'approved', 'rejected', 'expired', 'cancelled')),
  add constraint kyc_decided_by_check check (decided_by <> user_id and proposed_by <> user_id or decided_by is null and proposed_by is null or user_id is null or proposed_by is null and decided_by <> user_id or decided_by is null and proposed_by <> user_id),
  add constraint kyc_four_eyes_check check (level <> 'enhanced' or status not in ('approved', 'rejected') or proposed_by <> decided_by),
  add constraint kyc_approved_check check (status <> 'approved' or decided_by is not null and decided_at is not null and valid_during is not null),
  add constraint kyc_rejected_check check (status <> 'rejected' or decided_by is not null and decided_at is not null and rejection_code is not null),
  add constraint kyc_proposed_verdict_check check (proposed_verdict in ('approved', 'rejected')),
  add constraint kyc_result_minimal_check check (core.is_minimal_kyc(result)),
  add constraint kyc_user_id_level_valid_during_key unique (user_id, level, valid_during without overlaps),
  add constraint kyc_user_id_fk foreign key (user_id) references core.users (id),
  add constraint kyc_donation_id_fk foreign key (donation_id) references core.donations (id),
  add constraint kyc_decided_by_fk foreign key (decided_by) references core.users (id),
  add constraint kyc_proposed_by_fk foreign key (proposed_by) references core.users (id),
  add constraint kyc_document_asset_id_fk foreign key (document_asset_id) references core.assets (id);

alter table core.donations add constraint donations_kyc_id_fk foreign key (kyc_id) references core.kyc (id);

create index kyc_decided_by_idx on core.kyc (decided_by) where decided_by is not null;
create index kyc_proposed_by_idx on core.kyc (proposed_by) where proposed_by is not null;
create index kyc_document_asset_id_idx on core.kyc (document_asset_id) where document_asset_id is not null;
create index donations_kyc_id_idx on core.donations (kyc_id) where kyc_id is not null;

comment on function core.is_minimal_kyc is 'Whether a result holds listed keys only: flags, country, score, checks, risk, provider_status, document_type, age_over_18, reviewed_at.';
comment on constraint kyc_decided_by_check on core.kyc is 'Nobody proposes or decides the own case.';
comment on constraint kyc_four_eyes_check on core.kyc is 'Enhanced cases take two people.';
comment on constraint kyc_result_minimal_check on core.kyc is 'No numbers of documents, pictures or birthdays.';
comment on index core.kyc_decided_by_idx is 'Decisions of a person; and the foreign key.';
comment on index core.kyc_proposed_by_idx is 'Proposals of a person; and the foreign key.';
comment on index core.kyc_document_asset_id_idx is 'The case of a document; and the foreign key.';
comment on index core.donations_kyc_id_idx is 'Gifts that wait for a case; and the foreign key.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000743001', 'ada-0743'), ('00000000-0000-7000-8000-000000743002', 'bob-0743'), ('00000000-0000-7000-8000-000000743003', 'eve-0743');
insert into core.kyc (user_id, level, status, proposed_by, proposed_verdict, decided_by, decided_at, valid_during, result, requested_at) values
  ('00000000-0000-7000-8000-000000743001', 'enhanced', 'approved', '00000000-0000-7000-8000-000000743002', 'approved', '00000000-0000-7000-8000-000000743003', now(), '[2026-01-01 00:00+00,2027-01-01 00:00+00)', '{"flags": [], "country": "DE"}', now()),
  ('00000000-0000-7000-8000-000000743001', 'basic', 'approved', null, null, '00000000-0000-7000-8000-000000743003', now(), '[2026-01-01 00:00+00,2027-01-01 00:00+00)', null, now());
select cols, blueprint.raises(format('insert into core.kyc (%s) values (%s)', cols, vals), state, rule) from (values
  ('level', $$ 'basic' $$, '23514', 'kyc_subject_check'), ('user_id, level', $$ '00000000-0000-7000-8000-000000743001', 'super' $$, '23514', 'kyc_level_check'), ('user_id, trigger_reason', $$ '00000000-0000-7000-8000-000000743001', 'mood' $$, '23514', 'kyc_trigger_reason_check'),
  ('user_id, status', $$ '00000000-0000-7000-8000-000000743001', 'lost' $$, '23514', 'kyc_status_check'),
  ('user_id, status, decided_by, decided_at, valid_during', $$ '00000000-0000-7000-8000-000000743001', 'approved', '00000000-0000-7000-8000-000000743001', now(), '[2028-01-01 00:00+00,)' $$, '23514', 'kyc_decided_by_check'),
  ('user_id, proposed_by', $$ '00000000-0000-7000-8000-000000743001', '00000000-0000-7000-8000-000000743001' $$, '23514', 'kyc_decided_by_check'),
  ('user_id, level, status, proposed_by, decided_by, decided_at, valid_during', $$ '00000000-0000-7000-8000-000000743001', 'enhanced', 'approved', '00000000-0000-7000-8000-000000743002', '00000000-0000-7000-8000-000000743002', now(), '[2028-01-01 00:00+00,)' $$, '23514', 'kyc_four_eyes_check'),
  ('user_id, status', $$ '00000000-0000-7000-8000-000000743001', 'approved' $$, '23514', 'kyc_approved_check'), ('user_id, status, decided_by, decided_at', $$ '00000000-0000-7000-8000-000000743001', 'rejected', '00000000-0000-7000-8000-000000743002', now() $$, '23514', 'kyc_rejected_check'),
  ('user_id, proposed_verdict', $$ '00000000-0000-7000-8000-000000743001', 'maybe' $$, '23514', 'kyc_proposed_verdict_check'), ('user_id, result', $$ '00000000-0000-7000-8000-000000743001', '{"document_number": "X1"}' $$, '23514', 'kyc_result_minimal_check'),
  ('user_id, status, decided_by, decided_at, valid_during', $$ '00000000-0000-7000-8000-000000743001', 'approved', '00000000-0000-7000-8000-000000743002', now(), '[2026-12-31 00:00+00,)' $$, '23P01', 'kyc_user_id_level_valid_during_key'),
  ('user_id', 'uuidv7()', '23503', 'kyc_user_id_fk'), ('donation_id', 'uuidv7()', '23503', 'kyc_donation_id_fk'), ('user_id, decided_by', $$ '00000000-0000-7000-8000-000000743001', uuidv7() $$, '23503', 'kyc_decided_by_fk'),
  ('user_id, proposed_by', $$ '00000000-0000-7000-8000-000000743001', uuidv7() $$, '23503', 'kyc_proposed_by_fk'), ('user_id, document_asset_id', $$ '00000000-0000-7000-8000-000000743001', uuidv7() $$, '23503', 'kyc_document_asset_id_fk')) v(cols, vals, state, rule);
select blueprint.raises($$ insert into core.donations (chain, currency, amount_usd, kyc_id) values ('fiat', 'USD', 1, uuidv7()) $$, '23503', 'donations_kyc_id_fk'), not core.is_minimal_kyc('[]'), not has_function_privilege('hc_member', 'core.is_minimal_kyc(jsonb)', 'execute');
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.kyc where decided_by = '00000000-0000-7000-8000-000000743001' $$, 'kyc_decided_by_idx'), ($$ select from core.kyc where proposed_by = '00000000-0000-7000-8000-000000743001' $$, 'kyc_proposed_by_idx'),
  ($$ select from core.kyc where document_asset_id = '00000000-0000-7000-8000-000000743001' $$, 'kyc_document_asset_id_idx'), ($$ select from core.donations where kyc_id = '00000000-0000-7000-8000-000000743001' $$, 'donations_kyc_id_idx')) v(sql, index);

-- task: BUILD_0744 create_table_triggers critical
-- title: Attach KYC triggers: status machine 'kyc', retention stamp, access audit
-- does: A case goes from requested over submitted and in_review to approved or rejected (compliance), or lapses. Five years after it is closed its result goes; until then a closed case
--   stays as it is, save for the purge and the end of its validity. core.kyc_result() hands a result to compliance and writes down who asked why.
-- proves: finance cannot approve (42501), a decided case cannot be edited, reading a result leaves one record and takes a reason, the retention is stamped, the log refuses changes.
-- needs: BUILD_0014, BUILD_0020, BUILD_0040, BUILD_0741, BUILD_0743
create table core.kyc_accesses (
  id uuid default uuidv7() constraint kyc_accesses_id_pk primary key,
  kyc_id uuid not null constraint kyc_accesses_kyc_id_fk references core.kyc (id),
  actor_id uuid,
  actor_role text not null,
  reason text not null constraint kyc_accesses_reason_check check (length(btrim(reason)) between 3 and 500),
  occurred_at timestamptz not null default clock_timestamp()
);

create index kyc_accesses_kyc_id_occurred_at_idx on core.kyc_accesses (kyc_id, occurred_at desc);

create function core.stamp_kyc_retention() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.retention_until := coalesce(new.decided_at, now()) + interval '5 years';
  return new;
end $$;

create function core.guard_closed_kyc() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  free constant text[] := array['status', 'result', 'result_sha256', 'document_asset_id', 'link_sha256', 'link_expires_at', 'valid_during', 'metadata', 'updated_at', '_id', '_createdDate', '_updatedDate', '_owner'];
begin
  if to_jsonb(new) - free <> to_jsonb(old) - free or new.result is distinct from old.result and new.result is not null or new.document_asset_id is distinct from old.document_asset_id and new.document_asset_id is not null
      or new.valid_during is distinct from old.valid_during and not coalesce(new.valid_during <@ old.valid_during, false) then
    raise exception using errcode = '55006', schema = 'core', table = 'kyc', message = 'a closed case stays as it is';
  end if;
  return new;
end $$;

create function core.kyc_result(kyc_case uuid, reason text) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'results are read by hc_compliance';
  end if;
  insert into core.kyc_accesses (kyc_id, actor_id, actor_role, reason) values (kyc_case, core.current_user_id(), core.request_role(), kyc_result.reason);
  return (select k.result from core.kyc k where k.id = kyc_case);
end $$;

create trigger kyc_retention before insert or update on core.kyc for each row when (new.status in ('approved', 'rejected', 'expired', 'cancelled') and new.retention_until is null) execute function core.stamp_kyc_retention();
create trigger kyc_closed_guard before update on core.kyc for each row when (old.status in ('approved', 'rejected', 'expired', 'cancelled')) execute function core.guard_closed_kyc();

select core.attach_standard('core.kyc', 'std', 'user_id', 'donation_id');
select core.attach_standard('core.kyc_accesses', 'log');

select core.define_machine('kyc', '{
  "requested": ["submitted", "expired", "cancelled"],
  "submitted": ["in_review", "cancelled"],
  "in_review": [{"to": "approved", "guard": "hc_compliance"}, {"to": "rejected", "guard": "hc_compliance"}, "cancelled"],
  "approved": ["expired"]}');

create trigger kyc_status_machine after update of status on core.kyc for each row execute function core.enforce_transition('kyc');

create policy kyc_accesses_staff_select on core.kyc_accesses for select to hc_compliance, hc_auditor using (true);

grant select on core.kyc_accesses to hc_compliance, hc_auditor;
grant execute on function core.kyc_result to hc_compliance;

comment on table core.kyc_accesses is 'Who read which result and why; append-only. @retention 10 years @distribution local';
comment on column core.kyc_accesses.id is 'Version 7 UUID.';
comment on column core.kyc_accesses.kyc_id is 'The case.';
comment on column core.kyc_accesses.actor_id is 'Who read.';
comment on column core.kyc_accesses.actor_role is 'In which role.';
comment on column core.kyc_accesses.reason is 'Why.';
comment on column core.kyc_accesses.occurred_at is 'When.';
comment on index core.kyc_accesses_kyc_id_occurred_at_idx is 'Who read a case; and the foreign key.';
comment on policy kyc_accesses_staff_select on core.kyc_accesses is 'Compliance and audit see who read.';
comment on function core.stamp_kyc_retention is 'Trigger of core.kyc: five years after it was closed.';
comment on function core.guard_closed_kyc is 'Trigger of core.kyc: of a closed case only status, end of validity, link and notes change, and result and document only go.';
comment on function core.kyc_result is 'The result of a case, for compliance, with a reason that is written down. Security definer: writes the log.';
comment on trigger kyc_retention on core.kyc is 'Closed cases know when their result goes.';
comment on trigger kyc_closed_guard on core.kyc is 'Closed cases stay.';
comment on trigger kyc_status_machine on core.kyc is 'Status changes follow machine kyc and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000744001', 'ada-0744'), ('00000000-0000-7000-8000-000000744002', 'bob-0744');
insert into core.kyc (id, user_id, result) values ('00000000-0000-7000-8000-000000744011', '00000000-0000-7000-8000-000000744001', '{"flags": ["pep"]}') returning retention_until is null;
insert into core.kyc (id, user_id, status) values ('00000000-0000-7000-8000-000000744012', '00000000-0000-7000-8000-000000744001', 'cancelled') returning retention_until = now() + interval '5 years';
update core.kyc set status = 'submitted', updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000744011' returning updated_at >= now();
update core.kyc set status = 'in_review' where id = '00000000-0000-7000-8000-000000744011';
select core.act_as('00000000-0000-7000-8000-000000744002', 'hc_finance');
select blueprint.raises($$ update core.kyc set status = 'approved', decided_by = '00000000-0000-7000-8000-000000744002', decided_at = now(), valid_during = core.period(now()) where id = '00000000-0000-7000-8000-000000744011' $$, '42501', 'takes hc_compliance'),
  blueprint.raises($$ select core.kyc_result('00000000-0000-7000-8000-000000744011', 'curious') $$, '42501', 'hc_compliance');
select core.act_as('00000000-0000-7000-8000-000000744002', 'hc_compliance');
update core.kyc set status = 'approved', decided_by = '00000000-0000-7000-8000-000000744002', decided_at = now(), valid_during = core.period(now(), now() + interval '2 years') where id = '00000000-0000-7000-8000-000000744011' returning retention_until = now() + interval '5 years';
select change, blueprint.raises(format($$ update core.kyc set %s where id = '00000000-0000-7000-8000-000000744011' $$, change), state, why) from (values ('decided_at = null', '55006', 'closed case'), ($$ result = '{"flags": []}' $$, '55006', 'closed case'), ($$ valid_during = core.period(now()) $$, '55006', 'closed case'), ('document_asset_id = uuidv7()', '55006', 'closed case'),
  ($$ status = 'in_review' $$, '23514', 'approved -> in_review'), ($$ user_id = '00000000-0000-7000-8000-000000744002' $$, '55006', 'kyc'), ($$ created_at = now() - interval '1 day' $$, '55006', 'kyc')) v(change, state, why);
update core.kyc set valid_during = core.period(lower(valid_during), now() + interval '1 year'), metadata = '{"legal_hold": "x"}' where id = '00000000-0000-7000-8000-000000744011' returning true;
insert into core.kyc (id, user_id) values ('00000000-0000-7000-8000-000000744013', '00000000-0000-7000-8000-000000744001');
select blueprint.raises($$ update core.kyc set user_id = '00000000-0000-7000-8000-000000744002' where id = '00000000-0000-7000-8000-000000744013' $$, '55006', 'user_id');
set local role hc_compliance;
select core.kyc_result('00000000-0000-7000-8000-000000744011', 'periodic review') = '{"flags": ["pep"]}', blueprint.raises($$ select core.kyc_result('00000000-0000-7000-8000-000000744011', ' ') $$, '23514', 'kyc_accesses_reason_check'), blueprint.raises($$ select core.kyc_result(uuidv7(), 'looking') $$, '23503', 'kyc_accesses_kyc_id_fk');
select count(*) = 1 and bool_and(actor_id = '00000000-0000-7000-8000-000000744002' and reason = 'periodic review' and actor_role = 'hc_compliance' and id is not null and occurred_at >= now()) from core.kyc_accesses where kyc_id = '00000000-0000-7000-8000-000000744011';
set local role hc_auditor;
select count(*) = 1 from core.kyc_accesses where kyc_id = '00000000-0000-7000-8000-000000744011';
set local role hc_owner;
select sql, blueprint.raises(sql, state, why) from (values ($$ update core.kyc_accesses set reason = 'none' $$, '55006', 'kyc_accesses'), ('delete from core.kyc_accesses', '55006', 'kyc_accesses'), ('truncate core.kyc_accesses', '55006', 'kyc_accesses'),
  ($$ insert into core.kyc_accesses select * from core.kyc_accesses $$, '23505', 'kyc_accesses_id_pk')) v(sql, state, why);
select blueprint.plan_uses($$ select from core.kyc_accesses where kyc_id = '00000000-0000-7000-8000-000000744011' order by occurred_at desc $$, 'kyc_accesses_kyc_id_occurred_at_idx'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.kyc_accesses'::regclass),
  not has_function_privilege('hc_member', 'core.kyc_result(uuid, text)', 'execute'), not has_function_privilege('hc_member', 'core.guard_closed_kyc()', 'execute') and not has_function_privilege('hc_member', 'core.stamp_kyc_retention()', 'execute');

-- revert
drop trigger kyc_status_machine on core.kyc;
select core.define_machine('kyc', '{}');
select core.detach_standard('core.kyc');
drop trigger kyc_closed_guard on core.kyc;
drop trigger kyc_retention on core.kyc;
drop function core.kyc_result, core.guard_closed_kyc, core.stamp_kyc_retention;
drop table core.kyc_accesses;

-- task: BUILD_0745 create_table_jsonb_indexes
-- title: Index KYC result JSONB for risk reviews
-- does: core.kyc_with_flag(flag) and core.kyc_by_country(code) for compliance, and core.kyc_due_diligence(countries): open approvals of exposed people or risky countries, to be looked at again.
-- proves: kyc_with_flag returns the two cases via GIN for compliance and raises 42501 for a member, due diligence lists what is valid now only.
-- needs: BUILD_0005, BUILD_0741, BUILD_0742
create index kyc_result_idx on core.kyc using gin (result jsonb_path_ops);

comment on index core.kyc_result_idx is 'Cases by flag and country (core.kyc_with_flag, core.kyc_by_country).';

create function core.kyc_with_flag(flag text) returns setof uuid
  language sql stable
begin atomic
  select k.id from core.kyc k where k.result @> jsonb_build_object('flags', jsonb_build_array(flag));
end;

create function core.kyc_by_country(code text) returns setof uuid
  language sql stable
begin atomic
  select k.id from core.kyc k where k.result @> jsonb_build_object('country', code);
end;

create function core.kyc_due_diligence(countries text[], at timestamptz default now()) returns table (kyc_id uuid, why text)
  language sql stable
begin atomic
  select k.id, case when k.result @> '{"flags": ["pep"]}' then 'pep' else 'country ' || (k.result ->> 'country') end from core.kyc k
  where k.status = 'approved' and k.valid_during @> kyc_due_diligence.at and (k.result @> '{"flags": ["pep"]}' or k.result ->> 'country' = any (countries)) order by k.id;
end;

comment on function core.kyc_with_flag is 'Cases whose result has a flag, as pep.';
comment on function core.kyc_by_country is 'Cases of a country.';
comment on function core.kyc_due_diligence is 'Approvals in force of exposed people and of countries named as risky: to be reviewed.';

grant execute on function core.kyc_with_flag, core.kyc_by_country, core.kyc_due_diligence to hc_compliance;

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000074500' || n)::uuid, 'p' || n || '-0745' from generate_series(1, 4) n;
insert into core.kyc (id, user_id, status, decided_by, decided_at, valid_during, result)
select ('00000000-0000-7000-8000-00000074501' || n)::uuid, ('00000000-0000-7000-8000-00000074500' || n)::uuid, 'approved', '00000000-0000-7000-8000-000000745004', '2000-01-01', during::tstzrange, result::jsonb
from (values (1, '[2000-01-01 00:00+00,2001-01-01 00:00+00)', '{"flags": ["pep", "probe0745"], "country": "DE"}'), (2, '[1990-01-01 00:00+00,1991-01-01 00:00+00)', '{"flags": ["probe0745"], "country": "ZZ"}'), (3, '[2000-01-01 00:00+00,2001-01-01 00:00+00)', '{"country": "ZZ"}')) v(n, during, result);
drop index core.kyc_retention_until_idx;  -- partial on result too: in a table this small it would be as cheap
select core.act_as('00000000-0000-7000-8000-000000745004', 'hc_compliance');
set local role hc_compliance;
select array_agg(k order by k) = '{00000000-0000-7000-8000-000000745011,00000000-0000-7000-8000-000000745012}' from core.kyc_with_flag('probe0745') k;
select array_agg(k order by k) = '{00000000-0000-7000-8000-000000745012,00000000-0000-7000-8000-000000745013}' from core.kyc_by_country('ZZ') k;
select array_agg(right(kyc_id::text, 1) || why order by kyc_id) = '{1pep,"3country ZZ"}' from core.kyc_due_diligence('{ZZ}', '2000-06-01 00:00+00') where kyc_id::text like '%74501_';
select blueprint.plan_uses($$ select * from core.kyc_with_flag('pep') $$, 'kyc_result_idx'), blueprint.plan_uses($$ select * from core.kyc_by_country('DE') $$, 'kyc_result_idx');
set local role hc_member;
select blueprint.raises($$ select core.kyc_with_flag('pep') $$, '42501'), blueprint.raises($$ select core.kyc_by_country('pep') $$, '42501'), blueprint.raises($$ select core.kyc_due_diligence('{}') $$, '42501');
set local role hc_owner;
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.kyc_with_flag(text)', 'core.kyc_by_country(text)', 'core.kyc_due_diligence(text[], timestamptz)']) f;

-- task: BUILD_0746 add_wix_columns
-- title: Add Wix columns to core.kyc (owner = subject) and keep it out of public collections
-- does: The four columns exist so that tools may treat all core tables alike, and every column is marked @wix never: the Wix layer has nothing
--   of this table to show, and core.wix_exposable() refuses it.
-- proves: the columns agree with their sources, wix_columns() is empty and wix_exposable() false, nothing of it is granted to members, a write raises 428C9.
-- needs: BUILD_0666, BUILD_0741
alter table core.kyc
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (coalesce(user_id::text, 'system')) stored;

comment on column core.kyc."_id" is 'The id, as Wix would name it. @wix never';
comment on column core.kyc."_createdDate" is 'created_at, as Wix would name it. @wix never';
comment on column core.kyc."_updatedDate" is 'updated_at, as Wix would name it. @wix never';
comment on column core.kyc."_owner" is 'The subject, or system. Stored, not virtual: so core.wix_exposable() refuses the table. @wix never';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000746001', 'ada-0746');
insert into core.kyc (user_id) values ('00000000-0000-7000-8000-000000746001') returning "_id" = id::text and "_owner" = user_id::text and "_createdDate" = created_at and "_updatedDate" = updated_at;
select c, blueprint.raises(format('update core.kyc set %I = null', c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select count(*) = 0, not core.wix_exposable('core.kyc') and core.wix_exposable('core.users') from core.wix_columns('core.kyc');
select c, has_column_privilege('hc_compliance', 'core.kyc', c, 'select') and not has_column_privilege('hc_member', 'core.kyc', c, 'select') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;

-- task: BUILD_0748 implement_table_feature critical
-- title: Decide when verification is needed and open the case once: core.require_kyc()
-- does: core.kyc_needed() adds up twelve months of a donor, by account, mail and address, and names the level its sum asks for; require_kyc(donation) opens at most one case a subject and level,
--   with a link for 72 hours and reminders, and tells a gift which case it waits for. core.reverify_kyc() opens periodic cases before approvals of donors lapse.
-- proves: two qualifying gifts open one case, a valid approval needs none, an enhanced sum with only a basic approval opens an enhanced case, guests are known by address, older gifts do not count.
--   That two sessions open one case is raced.
-- needs: BUILD_0034, BUILD_0702, BUILD_0743, BUILD_0747
create unique index kyc_subject_key_level_key on core.kyc (subject_key, level) where status in ('requested', 'submitted', 'in_review');
create index kyc_subject_key_idx on core.kyc (subject_key) where subject_key is not null;

create function core.kyc_subject(person uuid, from_address text, donor_email text, donation uuid) returns text
  language sql immutable parallel safe
  return case when person is not null then 'user:' || person when donor_email is not null then 'mail:' || encode(sha256(convert_to(lower(donor_email), 'UTF8')), 'hex')
    when from_address is not null then 'address:' || encode(sha256(convert_to(from_address, 'UTF8')), 'hex') else 'donation:' || donation end;

create function core.kyc_valid(person uuid, level text, at timestamptz default now()) returns boolean
  language sql stable
  return exists (select from core.kyc k where k.user_id = person and k.status = 'approved' and k.level in (kyc_valid.level, 'enhanced') and k.valid_during @> at);

create function core.kyc_needed(person uuid, from_address text, donor_email text, amount_usd numeric, at timestamptz default now(), donation uuid default null)
  returns table (level text, rule text, total numeric, threshold numeric, is_valid boolean)
  language sql stable
begin atomic
  with given as (
    select kyc_needed.amount_usd + coalesce(sum(d.amount_usd - d.refunded_usd), 0) as total from core.donations d
    where (d.donor_id = person or d.from_address = kyc_needed.from_address or d.donor_email operator(extensions.=) kyc_needed.donor_email::extensions.citext)
      and d.id is distinct from donation and d.status in ('confirmed', 'reconciled', 'kyc_required') and d.created_at > at - interval '12 months'),
  judged as (
    select g.total, t.enhanced, t.gate, case when g.total >= t.enhanced then 'enhanced' when g.total >= t.gate then 'basic' end as level
    from given g, (select core.threshold('aml_enhanced', 'US', at)::numeric as enhanced, core.threshold('kyc_gate', 'US', at)::numeric as gate) t)
  select j.level, case j.level when 'enhanced' then 'aml_enhanced' else 'kyc_gate' end, j.total, case j.level when 'enhanced' then j.enhanced else j.gate end,
    j.level is null or core.kyc_valid(person, j.level, at) or exists (select from core.kyc k
      where person is null and k.subject_key = core.kyc_subject(person, kyc_needed.from_address, kyc_needed.donor_email, donation) and k.status = 'approved' and k.level in (j.level, 'enhanced') and k.valid_during @> at)
  from judged j;
end;

create function core.require_kyc(donation uuid, out case_id uuid, out opened boolean, out token text) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  need record;
  subject text;
  minted record := core.mint_token('kyc');
begin
  opened := false;
  select * into gift from core.donations d where d.id = donation;
  if gift.id is null then
    raise exception using errcode = '22023', message = format('there is no donation %s', donation);
  end if;
  select * into need from core.kyc_needed(gift.donor_id, gift.from_address, gift.donor_email::text, coalesce(gift.amount_usd, 0), now(), donation);
  if need.level is null or need.is_valid then
    return;
  end if;
  subject := core.kyc_subject(gift.donor_id, gift.from_address, gift.donor_email::text, donation);
  insert into core.kyc as k (user_id, donation_id, subject_key, level, trigger_reason, link_sha256, link_expires_at, metadata)
  values (gift.donor_id, donation, subject, need.level, 'threshold', minted.digest, now() + interval '72 hours', jsonb_build_object('reminders', jsonb_build_array(now() + interval '24 hours', now() + interval '48 hours', now() + interval '66 hours')))
  on conflict (subject_key, level) where status in ('requested', 'submitted', 'in_review') do nothing returning k.id into case_id;
  if case_id is not null then
    opened := true;
    token := minted.token;
  else
    select k.id into case_id from core.kyc k where k.subject_key = subject and k.level = need.level and k.status in ('requested', 'submitted', 'in_review');
  end if;
  update core.donations d set kyc_id = case_id where d.id = donation and d.kyc_id is distinct from case_id;
end $$;

create function core.reverify_kyc(at timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  opened int;
begin
  insert into core.kyc (user_id, subject_key, level, trigger_reason)
  select distinct k.user_id, 'user:' || k.user_id, k.level, 'periodic' from core.kyc k
  where k.status = 'approved' and k.user_id is not null and upper(k.valid_during) > at and upper(k.valid_during) <= at + interval '30 days'
    and exists (select from core.donations d where d.donor_id = k.user_id and d.created_at > at - interval '12 months')
  on conflict (subject_key, level) where status in ('requested', 'submitted', 'in_review') do nothing;
  get diagnostics opened = row_count;
  return opened;
end $$;

comment on index core.kyc_subject_key_level_key is 'One open case a subject and level.';
comment on index core.kyc_subject_key_idx is 'Approvals of guests.';
comment on function core.kyc_subject is 'What a donor is known by: account, digest of the mail or of the address, or the gift alone. For owner functions.';
comment on function core.kyc_valid is 'Whether a person is verified at that level, or above, at a time.';
comment on function core.kyc_needed is 'Level that the sum of twelve months asks for (null: none), by which rule, the sum, the threshold, and whether an approval covers it. Amounts at the threshold count as over it (31 CFR 1010.410: "or more"). For owner functions.';
comment on function core.require_kyc is 'The case a gift has to wait for, opened if there is none; the token of its link is handed out once. All null when none is needed. Security definer: cases are granted to nobody.';
comment on function core.reverify_kyc is 'Opens periodic cases for donors of the last year whose approval lapses within 30 days; returns how many. Security definer: for the worker.';

grant execute on function core.require_kyc, core.reverify_kyc to hc_worker;
grant execute on function core.kyc_valid to hc_compliance;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000748001', 'ada-0748'), ('00000000-0000-7000-8000-000000748002', 'bob-0748'), ('00000000-0000-7000-8000-000000748003', 'cem-0748'), ('00000000-0000-7000-8000-000000748009', 'eve-0748');
insert into core.donations (id, donor_id, chain, currency, amount_crypto, amount_usd, from_address, donor_email, status, confirmed_at, fmv_rate_at, created_at)
select ('00000000-0000-7000-8000-00000074801' || n)::uuid, ('00000000-0000-7000-8000-00000074800' || u)::uuid, 'ethereum', 'ETH', 1, usd, addr, mail, s, case s when 'confirmed' then now() end, case s when 'confirmed' then now() end, now() - age::interval
from (values (1, 1, 4000, null, null, 'pending', '0'), (2, 1, 3500, null, null, 'pending', '0'), (3, 2, 12000, null, null, 'pending', '0'), (4, null, 2000, '0xa0748', null, 'confirmed', '0'), (5, null, 1000, '0xa0748', null, 'pending', '0'), (6, null, 999, '0xb0748', 'G-0748@example.org', 'pending', '0'),
  (7, null, 2500, '0xc0748', 'g-0748@example.org', 'confirmed', '13 months'), (8, 3, 10, null, null, 'confirmed', '0')) v(n, u, usd, addr, mail, s, age);
insert into core.kyc (user_id, status, decided_by, decided_at, valid_during) values ('00000000-0000-7000-8000-000000748002', 'approved', '00000000-0000-7000-8000-000000748009', now(), core.period(now() - interval '1 day', now() + interval '1 year')),
  ('00000000-0000-7000-8000-000000748003', 'approved', '00000000-0000-7000-8000-000000748009', now(), core.period(now() - interval '1 year', now() + interval '20 days'));
set local role hc_worker;
select opened and core.looks_like_token(token) and case_id is not null from core.require_kyc('00000000-0000-7000-8000-000000748011');
select not opened and token is null and case_id is not null from core.require_kyc('00000000-0000-7000-8000-000000748012');
select not opened and case_id is null from core.require_kyc('00000000-0000-7000-8000-000000748016');
select opened from core.require_kyc('00000000-0000-7000-8000-000000748013');
select opened from core.require_kyc('00000000-0000-7000-8000-000000748015');
select blueprint.raises('select core.require_kyc(uuidv7())', '22023', 'no donation');
set local role hc_owner;
select count(distinct k.id) = 1 and count(*) = 2 and bool_and(k.level = 'basic' and k.link_expires_at = now() + interval '72 hours' and jsonb_array_length(k.metadata -> 'reminders') = 3 and k.link_sha256 is not null) from core.donations d join core.kyc k on k.id = d.kyc_id where d.id in ('00000000-0000-7000-8000-000000748011', '00000000-0000-7000-8000-000000748012');
select k.level = 'enhanced' and k.status = 'requested' from core.donations d join core.kyc k on k.id = d.kyc_id where d.id = '00000000-0000-7000-8000-000000748013';
select k.user_id is null and k.level = 'basic' and k.subject_key like 'address:%' and k.subject_key !~ 'a0748' from core.donations d join core.kyc k on k.id = d.kyc_id where d.id = '00000000-0000-7000-8000-000000748015';
select level is null and total = 999 and is_valid from core.kyc_needed(null, '0xb0748', 'g-0748@EXAMPLE.org', 999, now(), '00000000-0000-7000-8000-000000748016');
select level = 'basic' and rule = 'kyc_gate' and total = 3499 and threshold = 3000 and not is_valid from core.kyc_needed(null, '0xb0748', 'g-0748@example.org', 999, now() - interval '2 months', '00000000-0000-7000-8000-000000748016');
select core.kyc_valid('00000000-0000-7000-8000-000000748002', 'basic') and not core.kyc_valid('00000000-0000-7000-8000-000000748002', 'enhanced') and not core.kyc_valid('00000000-0000-7000-8000-000000748002', 'basic', now() + interval '2 years');
select is_valid and level = 'basic' from core.kyc_needed('00000000-0000-7000-8000-000000748002', null, null, 3000);
update core.kyc set status = 'cancelled' where user_id = '00000000-0000-7000-8000-000000748001';
select opened from core.require_kyc('00000000-0000-7000-8000-000000748011');
set local role hc_worker;
select core.reverify_kyc() >= 1;
select core.reverify_kyc() = 0;
set local role hc_owner;
select count(*) = 1 and bool_and(trigger_reason = 'periodic' and level = 'basic') from core.kyc where user_id = '00000000-0000-7000-8000-000000748003' and status = 'requested';
select blueprint.raises($$ insert into core.kyc (user_id, subject_key, level) values ('00000000-0000-7000-8000-000000748003', 'user:00000000-0000-7000-8000-000000748003', 'basic') $$, '23505', 'kyc_subject_key_level_key'),
  blueprint.plan_uses($$ select from core.kyc where subject_key = 'x' $$, 'kyc_subject_key_idx');
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.require_kyc(uuid)', 'core.reverify_kyc(timestamptz)']) f;
select has_function_privilege('hc_compliance', 'core.kyc_valid(uuid, text, timestamptz)', 'execute') and not has_function_privilege('hc_member', 'core.kyc_valid(uuid, text, timestamptz)', 'execute')
  and not has_function_privilege('hc_worker', 'core.kyc_subject(uuid, text, text, uuid)', 'execute') and not has_function_privilege('hc_worker', 'core.kyc_needed(uuid, text, text, numeric, timestamptz, uuid)', 'execute');

-- task: BUILD_0749 implement_table_feature critical
-- title: Four-eyes decisions that release waiting donations
-- does: The worker hands in what the provider found with the token of the link (core.submit_kyc); compliance proposes a verdict and confirms it, by another person where the case is enhanced. An approval
--   holds 24 months, ends an older one and lets the waiting gifts be judged again; a rejection flags them.
-- proves: the same person cannot confirm an enhanced case, an approval moves two waiting gifts to confirmed, a rejection flags them, a provider call cannot approve (42501), a token works once.
-- needs: BUILD_0707, BUILD_0744
create function core.submit_kyc(token text, provider text, provider_ref text, result jsonb) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  submitted uuid;
begin
  update core.kyc k set status = 'submitted', provider = submit_kyc.provider, provider_ref = submit_kyc.provider_ref, result = submit_kyc.result, link_sha256 = null, link_expires_at = null
  where k.link_sha256 = core.token_digest(token) and k.link_expires_at > now() and k.status = 'requested' returning k.id into submitted;
  if submitted is null then
    raise exception using errcode = '28000', message = 'the token is unknown, used or expired';
  end if;
  return submitted;
end $$;

create function core.propose_kyc_decision(kyc_case uuid, verdict text, note text default null) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_compliance') or core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'verdicts are proposed by hc_compliance';
  elsif coalesce(verdict not in ('approved', 'rejected'), true) or verdict = 'rejected' and coalesce(btrim(note), '') = '' then
    raise exception using errcode = '22023', message = 'a verdict is approved, or rejected with a code';
  end if;
  update core.kyc k set status = 'in_review' where k.id = kyc_case and k.status = 'submitted';
  update core.kyc k set proposed_verdict = verdict, proposed_by = core.current_user_id(), proposed_at = now(), rejection_code = case verdict when 'rejected' then note end,
    metadata = case when note is null then k.metadata else k.metadata || jsonb_build_object('note', note) end
  where k.id = kyc_case and k.status = 'in_review';
  if not found then
    raise exception using errcode = '55000', message = 'the case is not submitted';
  end if;
end $$;

create function core.confirm_kyc_decision(kyc_case uuid) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  decided core.kyc;
  waiting uuid;
  gifts jsonb := '[]';
begin
  if not core.has_role('hc_compliance') or core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'verdicts are confirmed by hc_compliance';
  end if;
  select * into decided from core.kyc k where k.id = kyc_case for update;
  if decided.status is distinct from 'in_review' or decided.proposed_verdict is null then
    raise exception using errcode = '55000', message = 'no verdict was proposed';
  elsif decided.level = 'enhanced' and decided.proposed_by = core.current_user_id() then
    raise exception using errcode = '42501', message = 'an enhanced case is confirmed by another person';
  end if;
  if decided.proposed_verdict = 'approved' then
    update core.kyc k set valid_during = core.period(lower(k.valid_during), now()) where k.user_id = decided.user_id and k.level = decided.level and k.status = 'approved' and k.valid_during @> now() and lower(k.valid_during) < now();
    update core.kyc k set status = 'approved', decided_by = core.current_user_id(), decided_at = now(), valid_during = core.period(now(), now() + interval '24 months') where k.id = kyc_case;
  else
    update core.kyc k set status = 'rejected', decided_by = core.current_user_id(), decided_at = now() where k.id = kyc_case;
  end if;
  for waiting in select d.id from core.donations d where d.kyc_id = kyc_case and d.status = 'kyc_required' order by d.created_at, d.id loop
    if decided.proposed_verdict = 'approved' then
      gifts := gifts || jsonb_build_object('donation_id', waiting, 'status', core.confirm_donation(waiting) ->> 'status');
    else
      perform core.give_reason('kyc rejected: ' || decided.rejection_code);
      update core.donations d set status = 'flagged' where d.id = waiting;
      perform core.give_reason(null);
      gifts := gifts || jsonb_build_object('donation_id', waiting, 'status', 'flagged');
    end if;
  end loop;
  return jsonb_build_object('status', decided.proposed_verdict, 'donations', gifts);
end $$;

comment on function core.submit_kyc is 'Takes the minimised result of a provider for the case of a link token. Security definer: for the worker, which decides nothing.';
comment on function core.propose_kyc_decision is 'First pair of eyes (hc_compliance): approved, or rejected with a code as note. Security definer: nobody writes cases.';
comment on function core.confirm_kyc_decision is 'Second pair of eyes (another one where the case is enhanced): decides, and judges the waiting gifts anew or flags them. Security definer: nobody writes cases.';

grant execute on function core.submit_kyc to hc_worker;
grant execute on function core.propose_kyc_decision, core.confirm_kyc_decision to hc_compliance;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000749001', 'ada-0749'), ('00000000-0000-7000-8000-000000749002', 'bob-0749'), ('00000000-0000-7000-8000-000000749008', 'eve-0749'), ('00000000-0000-7000-8000-000000749009', 'fay-0749');
insert into core.donations (id, donor_id, chain, currency, amount_usd, status) select ('00000000-0000-7000-8000-00000074901' || n)::uuid, ('00000000-0000-7000-8000-00000074900' || u)::uuid, 'fiat', 'USD', usd, 'pending' from (values (1, 1, 6000), (2, 1, 7000), (3, 2, 3500)) v(n, u, usd);
insert into core.kyc (id, user_id, status, level, proposed_by, decided_by, decided_at, valid_during) values ('00000000-0000-7000-8000-000000749020', '00000000-0000-7000-8000-000000749001', 'approved', 'basic', null, '00000000-0000-7000-8000-000000749009', now(), core.period(now() - interval '1 year', now() + interval '1 month'));
create temporary table asked on commit drop as select n, r.* from (values (3)) v(n), core.require_kyc('00000000-0000-7000-8000-000000749013') r;
grant all on pg_temp.asked to hc_worker;
select core.confirm_donation(id) ->> 'status' = case when id = '00000000-0000-7000-8000-000000749011' then 'confirmed' else 'kyc_required' end from core.donations where id::text like '%74901_' order by id;
insert into core.kyc (id, user_id, subject_key, level, status) select '00000000-0000-7000-8000-000000749022', '00000000-0000-7000-8000-000000749001', 'probe-0749', 'enhanced', 'submitted';
insert into core.donations (id, donor_id, chain, currency, amount_usd, status, kyc_id) values ('00000000-0000-7000-8000-000000749014', '00000000-0000-7000-8000-000000749001', 'fiat', 'USD', 20, 'kyc_required', '00000000-0000-7000-8000-000000749022');
update core.donations set kyc_id = '00000000-0000-7000-8000-000000749022' where id = '00000000-0000-7000-8000-000000749012';
set local role hc_worker;
select core.submit_kyc(token, 'probe', 'ref-0749', '{"country": "DE"}') = case_id from pg_temp.asked;
select blueprint.raises(format($$ select core.submit_kyc(%L, 'probe', 'ref-0749b', '{}') $$, token), '28000'), blueprint.raises(format($$ select core.confirm_kyc_decision(%L) $$, case_id), '42501') from pg_temp.asked;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000749008', 'hc_finance');
select blueprint.raises($$ select core.propose_kyc_decision('00000000-0000-7000-8000-000000749022', 'approved') $$, '42501', 'hc_compliance'), blueprint.raises($$ select core.confirm_kyc_decision('00000000-0000-7000-8000-000000749022') $$, '42501', 'hc_compliance');
select core.act_as('00000000-0000-7000-8000-000000749008', 'hc_compliance');
set local role hc_compliance;
select blueprint.raises($$ select core.confirm_kyc_decision('00000000-0000-7000-8000-000000749022') $$, '55000', 'proposed'), blueprint.raises($$ select core.propose_kyc_decision('00000000-0000-7000-8000-000000749022', 'rejected') $$, '22023'), blueprint.raises($$ select core.propose_kyc_decision(uuidv7(), 'approved') $$, '55000');
select core.propose_kyc_decision('00000000-0000-7000-8000-000000749022', 'approved', 'papers seen');
select blueprint.raises($$ select core.confirm_kyc_decision('00000000-0000-7000-8000-000000749022') $$, '42501', 'another person');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000749009', 'hc_compliance');
set local role hc_compliance;
select verdict ->> 'status' = 'approved' and jsonb_path_query_array(verdict, '$.donations[*].status') = '["confirmed", "confirmed"]' from core.confirm_kyc_decision('00000000-0000-7000-8000-000000749022') verdict;
select core.propose_kyc_decision(kyc_id, 'rejected', 'mismatch') is not null, core.confirm_kyc_decision(kyc_id) = jsonb_build_object('status', 'rejected', 'donations', jsonb_build_array(jsonb_build_object('donation_id', '00000000-0000-7000-8000-000000749013', 'status', 'flagged'))) from core.donations where id = '00000000-0000-7000-8000-000000749013';
set local role hc_owner;
select status = 'approved' and valid_during = core.period(now(), now() + interval '24 months') and decided_by = '00000000-0000-7000-8000-000000749009' and proposed_by = '00000000-0000-7000-8000-000000749008' and metadata ->> 'note' = 'papers seen' from core.kyc where id = '00000000-0000-7000-8000-000000749022';
select k.status = 'rejected' and k.rejection_code = 'mismatch' and k.result = '{"country": "DE"}' and k.provider = 'probe' from core.donations d join core.kyc k on k.id = d.kyc_id where d.id = '00000000-0000-7000-8000-000000749013';
insert into core.kyc (id, user_id, level, status, proposed_by, proposed_verdict) values ('00000000-0000-7000-8000-000000749023', '00000000-0000-7000-8000-000000749001', 'basic', 'in_review', '00000000-0000-7000-8000-000000749009', 'approved');
select core.confirm_kyc_decision('00000000-0000-7000-8000-000000749023') = '{"status": "approved", "donations": []}', (select upper(valid_during) > now() from core.kyc where id = '00000000-0000-7000-8000-000000749020');
select upper(valid_during) = now() from core.kyc where id = '00000000-0000-7000-8000-000000749020';
select f, has_function_privilege('hc_compliance', f, 'execute') and not has_function_privilege('hc_worker', f, 'execute') from unnest(array['core.propose_kyc_decision(uuid, text, text)', 'core.confirm_kyc_decision(uuid)']) f;
select has_function_privilege('hc_worker', 'core.submit_kyc(text, text, text, jsonb)', 'execute') and not has_function_privilege('hc_member', 'core.submit_kyc(text, text, text, jsonb)', 'execute');

-- task: BUILD_0750 implement_table_feature
-- title: Retention and minimisation: core.purge_kyc(now) with proof
-- does: Result and document of cases past their retention go, unless a legal hold stands, and a digest of what went stays with status, dates and decider; lapsed links go too.
--   core.kyc_inventory() says what personal data is held, since when, until when and why.
-- proves: a case past retention loses its result and keeps status and digest, a held one stays, a second run does nothing, the inventory counts one less.
-- needs: BUILD_0744
create function core.purge_kyc(at timestamptz default now()) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  purged int;
  held int;
  links int;
begin
  select count(*) into held from core.kyc k left join core.users u on u.id = k.user_id where k.retention_until <= at and (k.result is not null or k.document_asset_id is not null) and (k.metadata ? 'legal_hold' or u.metadata ? 'legal_hold');
  update core.kyc k
  set result_sha256 = sha256(convert_to(coalesce(k.result::text, '') || coalesce(k.document_asset_id::text, ''), 'UTF8')), result = null, document_asset_id = null
  where k.retention_until <= at and (k.result is not null or k.document_asset_id is not null) and not k.metadata ? 'legal_hold' and not exists (select from core.users u where u.id = k.user_id and u.metadata ? 'legal_hold');
  get diagnostics purged = row_count;
  update core.kyc k set link_sha256 = null, link_expires_at = null where k.link_expires_at <= at;
  get diagnostics links = row_count;
  return jsonb_build_object('purged', purged, 'held', held, 'links', links);
end $$;

create function core.kyc_inventory() returns table (data text, cases bigint, since timestamptz, until timestamptz, basis text)
  language sql stable security definer
begin atomic
  select 'result' as data, count(*) as cases, min(k.requested_at) as since, max(k.retention_until) as until, 'anti-money-laundering record, 5 years after the decision' as basis from core.kyc k where k.result is not null
  union all
  select 'document' as data, count(*) as cases, min(k.requested_at) as since, max(k.retention_until) as until, 'anti-money-laundering record, 5 years after the decision' as basis from core.kyc k where k.document_asset_id is not null
  union all
  select 'link' as data, count(*) as cases, min(k.requested_at) as since, max(k.link_expires_at) as until, 'to let the donor hand in, 72 hours' as basis from core.kyc k where k.link_sha256 is not null;
end;

comment on function core.purge_kyc is 'Purges what is past its retention and not on hold; returns the counts. Security definer: for the worker.';
comment on function core.kyc_inventory is 'Personal data held in cases: how much, since when, until when, and why. Security definer: shows counts only.';

grant execute on function core.purge_kyc to hc_worker;
grant execute on function core.kyc_inventory to hc_compliance, hc_auditor;

-- verify
insert into core.users (id, handle, metadata) values ('00000000-0000-7000-8000-000000750001', 'ada-0750', '{}'), ('00000000-0000-7000-8000-000000750002', 'bob-0750', '{"legal_hold": "case"}');
insert into core.kyc (id, user_id, status, result, requested_at, retention_until, metadata, link_sha256, link_expires_at)
select ('00000000-0000-7000-8000-00000075001' || n)::uuid, ('00000000-0000-7000-8000-00000075000' || u)::uuid, 'cancelled', '{"country": "DE"}', '1960-01-01', '1970-01-01', meta::jsonb, case when n = 1 then '\x0750'::bytea end, case when n = 1 then timestamptz '1960-01-04' end from (values (1, 1, '{}'), (2, 2, '{}'), (3, 1, '{"legal_hold": "x"}')) v(n, u, meta);
create temporary table before on commit drop as select * from core.kyc_inventory();
set local role hc_worker;
select core.purge_kyc('1971-01-01') = '{"purged": 1, "held": 2, "links": 1}';
select core.purge_kyc('1971-01-01') = '{"purged": 0, "held": 2, "links": 0}';
set local role hc_owner;
select result is null and status = 'cancelled' and result_sha256 = sha256('{"country": "DE"}') and link_sha256 is null from core.kyc where id = '00000000-0000-7000-8000-000000750011';
select count(*) = 2 from core.kyc where id in ('00000000-0000-7000-8000-000000750012', '00000000-0000-7000-8000-000000750013') and result is not null and result_sha256 is null;
select data, b.cases - i.cases = case data when 'document' then 0 else 1 end, i.basis is not null from core.kyc_inventory() i join pg_temp.before b using (data);
select count(*) = 3 from core.kyc_inventory();
select has_function_privilege('hc_worker', 'core.purge_kyc(timestamptz)', 'execute') and not has_function_privilege('hc_member', 'core.purge_kyc(timestamptz)', 'execute'), has_function_privilege('hc_compliance', 'core.kyc_inventory()', 'execute') and has_function_privilege('hc_auditor', 'core.kyc_inventory()', 'execute') and not has_function_privilege('hc_worker', 'core.kyc_inventory()', 'execute');
set local role hc_auditor;
select since is not null from core.kyc_inventory() where data = 'result';
