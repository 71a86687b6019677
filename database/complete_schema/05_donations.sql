-- Core table donations: gifts in money and crypto, from the form to the receipt. Amounts are numeric, frozen from confirmation on; a gift is confirmed
-- through core.confirm_donation() alone, which asks thresholds, KYC, AML and sanctions.

-- task: BUILD_0701 create_table critical
-- title: Create core.donations with donor, finance and compliance policies
-- does: One row per gift. Donors read theirs without scores, finance reads all and writes what the gift is for, compliance writes scores and hits; nobody
--   else writes, and nobody writes amounts or status.
-- proves: donor A reads the own rows without aml_score, B none; finance reads all and cannot set aml_score (42501), compliance can.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0711
create table core.donations (
  id uuid default uuidv7() constraint donations_id_pk primary key,
  donor_id uuid,
  donor_name text,
  donor_email core.email,
  is_anonymous boolean not null default false,
  chain text not null,
  currency core.currency_code not null,
  amount_crypto core.crypto_amount,
  amount_usd core.fiat_amount,
  fmv_rate numeric(38, 18),
  fmv_rate_at timestamptz,
  fee_usd core.fiat_amount not null default 0,
  refunded_usd core.fiat_amount not null default 0,
  txid text,
  from_address text,
  to_wallet_id uuid,
  payment_ref text,
  fund_code text not null default 'general',
  status text not null default 'created',
  confirmations int not null default 0,
  required_confirmations int,
  aml_score int,
  ofac_hit boolean not null default false,
  kyc_id uuid,
  dedication text,
  goods_value_usd core.fiat_amount not null default 0,
  benefit jsonb not null default '{}' constraint donations_benefit_check check (jsonb_typeof(benefit) = 'object'),
  confirmed_at timestamptz,
  refunded_at timestamptz,
  recurring_key text,
  metadata jsonb not null default '{}' constraint donations_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create policy donations_own_select on core.donations for select to hc_member using (donor_id = (select core.current_user_id()));
create policy donations_staff_select on core.donations for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy donations_staff_update on core.donations for update to hc_finance, hc_compliance using (true);

grant select (id, donor_id, donor_name, donor_email, is_anonymous, chain, currency, amount_crypto, amount_usd, fmv_rate, fmv_rate_at, fee_usd, refunded_usd, txid, from_address, to_wallet_id,
    payment_ref, fund_code, status, confirmations, required_confirmations, dedication, goods_value_usd, benefit, confirmed_at, refunded_at, recurring_key, created_at, updated_at) on core.donations to hc_member;
grant select on core.donations to hc_finance, hc_compliance, hc_auditor;
grant update (fund_code, dedication, goods_value_usd, benefit) on core.donations to hc_finance;
grant update (aml_score, ofac_hit) on core.donations to hc_compliance;

comment on table core.donations is 'Gifts, one row each, from the form to the receipt. @retention 10 years @distribution local';
comment on column core.donations.id is 'Version 7 UUID.';
comment on column core.donations.donor_id is 'Account of the donor, null for guests; frozen from confirmation on.';
comment on column core.donations.donor_name is 'Name as the donor gave it; null when anonymous. @pii';
comment on column core.donations.donor_email is 'Where the receipt goes. @pii';
comment on column core.donations.is_anonymous is 'The name is shown nowhere.';
comment on column core.donations.chain is 'Network it came over, fiat for cards and banks.';
comment on column core.donations.currency is 'What was given.';
comment on column core.donations.amount_crypto is 'How much of it; null for fiat.';
comment on column core.donations.amount_usd is 'Fair market value when it was received; of fiat the amount in USD.';
comment on column core.donations.fmv_rate is 'USD for one unit, as used.';
comment on column core.donations.fmv_rate_at is 'Time of that rate.';
comment on column core.donations.fee_usd is 'What processors kept.';
comment on column core.donations.refunded_usd is 'What went back so far.';
comment on column core.donations.txid is 'Transaction on the chain, or number at the processor.';
comment on column core.donations.from_address is 'Where it came from. @pii retain';
comment on column core.donations.to_wallet_id is 'Wallet it went to.';
comment on column core.donations.payment_ref is 'Reference of the payment: the same one is the same gift.';
comment on column core.donations.fund_code is 'Fund it is for (treasury.funds).';
comment on column core.donations.status is 'State machine donation: created, pending, kyc_required, flagged, confirmed, reconciled, failed, refunded.';
comment on column core.donations.confirmations is 'Blocks on top of its transaction, as last seen.';
comment on column core.donations.required_confirmations is 'How many it needs; the chain''s when it was made.';
comment on column core.donations.aml_score is 'Risk from 0 to 100.';
comment on column core.donations.ofac_hit is 'Sender or donor is on a sanctions list.';
comment on column core.donations.kyc_id is 'Case that has to be decided first, or was.';
comment on column core.donations.dedication is 'Words of the donor, shown once moderated. @pii';
comment on column core.donations.goods_value_usd is 'Value of what the donor got for it.';
comment on column core.donations.benefit is 'What was promised: outcome, project, units.';
comment on column core.donations.confirmed_at is 'When it was confirmed; amounts do not change from then on.';
comment on column core.donations.refunded_at is 'When the last of it went back.';
comment on column core.donations.recurring_key is 'Gifts of one standing order share it.';
comment on column core.donations.metadata is 'Notes of the platform: decision, receipt, dedication_moderated, ...';
comment on column core.donations.created_at is 'When the row was made.';
comment on column core.donations.updated_at is 'When the row last really changed.';
comment on policy donations_own_select on core.donations is 'Donors read their gifts, without scores.';
comment on policy donations_staff_select on core.donations is 'Finance, compliance and audit read every gift.';
comment on policy donations_staff_update on core.donations is 'Finance says what a gift is for, compliance what it is worth trusting; column grants keep the two apart.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000701001', 'ada-0701'), ('00000000-0000-7000-8000-000000701002', 'bob-0701');
insert into core.donations (id, donor_id, chain, currency, amount_usd) values ('00000000-0000-7000-8000-000000701011', '00000000-0000-7000-8000-000000701001', 'fiat', 'USD', 25)
returning status = 'created' and not is_anonymous and fund_code = 'general' and fee_usd = 0 and refunded_usd = 0 and confirmations = 0 and not ofac_hit and goods_value_usd = 0 and benefit = '{}' and metadata = '{}'
  and created_at = now() and updated_at = now();
insert into core.donations (donor_email, chain, currency, amount_crypto, txid, payment_ref) values ('guest-0701@example.org', 'bitcoin', 'BTC', 0.01, repeat('07', 32), 'ref-0701') returning id is not null;
select cols, blueprint.raises(format('insert into core.donations (chain, currency, amount_usd, %s) values (%L, %L, 5, %s)', cols, 'fiat', 'USD', vals), state, rule) from (values
  ('id', $$ '00000000-0000-7000-8000-000000701011' $$, '23505', 'donations_id_pk'), ('benefit', $$ '[]' $$, '23514', 'donations_benefit_check'), ('metadata', $$ '[]' $$, '23514', 'donations_metadata_check')) v(cols, vals, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.donations'::regclass;
select core.act_as('00000000-0000-7000-8000-000000701001');
set local role hc_member;
select count(*) = 1 and bool_and(amount_usd = 25) from core.donations;
select sql, blueprint.raises(sql, '42501') from (values ('select aml_score from core.donations'), ('select metadata from core.donations'), ('update core.donations set amount_usd = 1'), ('delete from core.donations'),
  ($$ insert into core.donations (chain, currency, amount_usd) values ('fiat', 'USD', 1) $$)) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000701002');
set local role hc_member;
select count(*) = 0 from core.donations;
set local role hc_finance;
select count(*) = 2, bool_and(aml_score is null) from core.donations where id = '00000000-0000-7000-8000-000000701011' or payment_ref = 'ref-0701';
with changed as (update core.donations set dedication = 'For Grace', benefit = '{"units": 2}', goods_value_usd = 1, fund_code = 'general' where id = '00000000-0000-7000-8000-000000701011' returning 1) select count(*) = 1 from changed;
select blueprint.raises('update core.donations set aml_score = 1', '42501'), blueprint.raises('update core.donations set ofac_hit = false', '42501'), blueprint.raises('update core.donations set amount_usd = 1', '42501');
set local role hc_compliance;
with changed as (update core.donations set aml_score = 10, ofac_hit = false where id = '00000000-0000-7000-8000-000000701011' returning aml_score) select count(*) = 1 from changed;
select blueprint.raises($$ update core.donations set status = 'confirmed' $$, '42501'), count(*) = 2 from core.donations where id = '00000000-0000-7000-8000-000000701011' or payment_ref = 'ref-0701';
set local role hc_auditor;
select count(*) = 2, bool_or(aml_score = 10) from core.donations where id = '00000000-0000-7000-8000-000000701011' or payment_ref = 'ref-0701';
set local role hc_owner;
select c, has_column_privilege('hc_member', 'core.donations', c, 'select') from unnest(string_to_array('id,donor_id,donor_name,donor_email,is_anonymous,chain,currency,amount_crypto,amount_usd,fmv_rate,fmv_rate_at,fee_usd,'
  'refunded_usd,txid,from_address,to_wallet_id,payment_ref,fund_code,status,confirmations,required_confirmations,dedication,goods_value_usd,benefit,confirmed_at,refunded_at,recurring_key,created_at,updated_at', ',')) c;
