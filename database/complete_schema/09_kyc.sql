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
comment on column core.kyc.id is 'Version 7 UUID.';
comment on column core.kyc.user_id is 'Whose case; null for guests.';
comment on column core.kyc.donation_id is 'The gift that brought it up.';
comment on column core.kyc.subject_key is 'user:<id>, or donation and a digest of what guests are known by: one open case a subject and level. @secret';
comment on column core.kyc.provider is 'Who verifies.';
comment on column core.kyc.provider_ref is 'Number of the case there.';
comment on column core.kyc.level is 'basic or enhanced.';
comment on column core.kyc.trigger_reason is 'threshold, aml, ofac, manual or periodic.';
comment on column core.kyc.status is 'State machine kyc: requested, submitted, in_review, approved, rejected, expired, cancelled.';
comment on column core.kyc.requested_at is 'When it was asked for.';
comment on column core.kyc.link_sha256 is 'Digest of the token in the link that was sent. @secret';
comment on column core.kyc.link_expires_at is 'When the link lapses.';
comment on column core.kyc.proposed_verdict is 'What the first pair of eyes proposes: approved or rejected.';
comment on column core.kyc.proposed_by is 'Whose eyes.';
comment on column core.kyc.proposed_at is 'When.';
comment on column core.kyc.decided_at is 'When it was decided.';
comment on column core.kyc.decided_by is 'By whom; never the person itself.';
comment on column core.kyc.valid_during is 'How long an approval holds; null otherwise.';
comment on column core.kyc.document_asset_id is 'A document kept with us, only where the provider keeps none.';
comment on column core.kyc.result is 'Minimised result: flags, country, score, checks; no numbers, pictures or dates of birth. @pii';
comment on column core.kyc.result_sha256 is 'Digest of a result that was purged.';
comment on column core.kyc.rejection_code is 'Why it was rejected.';
comment on column core.kyc.retention_until is 'When result and document go.';
comment on column core.kyc.metadata is 'Notes of the platform: reminders, legal_hold, note.';
comment on column core.kyc.created_at is 'When the row was made.';
comment on column core.kyc.updated_at is 'When the row last really changed.';
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
select count(*) = 0, bool_and(status = 'requested') is null from core.kyc;
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
