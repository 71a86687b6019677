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
comment on column core.donations.donor_email is 'Where the receipt goes. @pii @wix write';
comment on column core.donations.is_anonymous is 'The name is shown nowhere. @wix write';
comment on column core.donations.chain is 'Network it came over, fiat for cards and banks. @wix write';
comment on column core.donations.currency is 'What was given. @wix write';
comment on column core.donations.amount_crypto is 'How much of it; null for fiat.';
comment on column core.donations.amount_usd is 'Fair market value when it was received; of fiat the amount in USD. @wix write';
comment on column core.donations.fmv_rate is 'USD for one unit, as used.';
comment on column core.donations.fmv_rate_at is 'Time of that rate.';
comment on column core.donations.fee_usd is 'What processors kept. @wix never';
comment on column core.donations.refunded_usd is 'What went back so far. @wix never';
comment on column core.donations.txid is 'Transaction on the chain, or number at the processor.';
comment on column core.donations.from_address is 'Where it came from. @pii retain';
comment on column core.donations.to_wallet_id is 'Wallet it went to. @wix never';
comment on column core.donations.payment_ref is 'Reference of the payment: the same one is the same gift. @wix never';
comment on column core.donations.fund_code is 'Fund it is for (treasury.funds). @wix write';
comment on column core.donations.status is 'State machine donation: created, pending, kyc_required, flagged, confirmed, reconciled, failed, refunded.';
comment on column core.donations.confirmations is 'Blocks on top of its transaction, as last seen.';
comment on column core.donations.required_confirmations is 'How many it needs; the chain''s when it was made. @wix never';
comment on column core.donations.aml_score is 'Risk from 0 to 100. @wix never';
comment on column core.donations.ofac_hit is 'Sender or donor is on a sanctions list. @wix never';
comment on column core.donations.kyc_id is 'Case that has to be decided first, or was. @wix never';
comment on column core.donations.dedication is 'Words of the donor, shown once moderated. @pii';
comment on column core.donations.goods_value_usd is 'Value of what the donor got for it.';
comment on column core.donations.benefit is 'What was promised: outcome, project, units.';
comment on column core.donations.confirmed_at is 'When it was confirmed; amounts do not change from then on.';
comment on column core.donations.refunded_at is 'When the last of it went back.';
comment on column core.donations.recurring_key is 'Gifts of one standing order share it. @wix never';
comment on column core.donations.metadata is 'Notes of the platform: decision, receipt, dedication_moderated, ... @wix never';
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

-- task: BUILD_0702 create_table_indexes
-- title: Index donations for work queues, donors, funds and chain lookups
-- does: A partial index for the queue of open gifts, ordered ones for donors, funds and standing orders, look-ups by reference, transaction, wallet and by
--   what guests are known by. A transaction brings a wallet one gift, a payment reference is one gift.
-- proves: each query of the platform can be served by its index; the same reference and the same transaction are refused.
-- needs: BUILD_0005, BUILD_0701
create index donations_open_idx on core.donations (status, created_at) where status not in ('reconciled', 'failed');
create index donations_donor_id_created_at_idx on core.donations (donor_id, created_at desc) where donor_id is not null;
create index donations_fund_code_confirmed_at_idx on core.donations (fund_code, confirmed_at);
create unique index donations_payment_ref_key on core.donations (payment_ref) where payment_ref is not null;
create unique index donations_chain_txid_to_wallet_id_key on core.donations (chain, txid, to_wallet_id) nulls not distinct where txid is not null;
create index donations_to_wallet_id_idx on core.donations (to_wallet_id) where to_wallet_id is not null;
create index donations_recurring_key_created_at_idx on core.donations (recurring_key, created_at) where recurring_key is not null;
create index donations_from_address_idx on core.donations (from_address) where from_address is not null;
create index donations_donor_email_idx on core.donations (donor_email) where donor_email is not null;
create index donations_created_at_brin_idx on core.donations using brin (created_at);

comment on index core.donations_open_idx is 'Queue of what is still to be done, oldest first.';
comment on index core.donations_donor_id_created_at_idx is 'Gifts of a donor, newest first; and the foreign key.';
comment on index core.donations_fund_code_confirmed_at_idx is 'Gifts to a fund in a period; and the foreign key.';
comment on index core.donations_payment_ref_key is 'The gift of a payment reference.';
comment on index core.donations_chain_txid_to_wallet_id_key is 'The gift of a transaction.';
comment on index core.donations_to_wallet_id_idx is 'Gifts to a wallet; and the foreign key.';
comment on index core.donations_recurring_key_created_at_idx is 'Gifts of a standing order.';
comment on index core.donations_from_address_idx is 'Gifts from an address, for the sum of twelve months.';
comment on index core.donations_donor_email_idx is 'Gifts of a guest, for the sum of twelve months and to claim them.';
comment on index core.donations_created_at_brin_idx is 'Gifts of a period, for reports over the whole table.';

-- verify
insert into core.donations (chain, currency, amount_crypto, txid, payment_ref) values ('bitcoin', 'BTC', 0.01, repeat('0702', 16), 'ref-0702');
select blueprint.raises($$ insert into core.donations (chain, currency, amount_crypto, payment_ref) values ('bitcoin', 'BTC', 0.01, 'ref-0702') $$, '23505', 'donations_payment_ref_key'),
  blueprint.raises($$ insert into core.donations (chain, currency, amount_crypto, txid) values ('bitcoin', 'BTC', 0.01, repeat('0702', 16)) $$, '23505', 'donations_chain_txid_to_wallet_id_key');
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.donations where status = 'pending' and status not in ('reconciled', 'failed') order by created_at $$, 'donations_open_idx'),
  ($$ select from core.donations where donor_id = '00000000-0000-7000-8000-000000702001' order by created_at desc limit 10 $$, 'donations_donor_id_created_at_idx'),
  ($$ select from core.donations where fund_code = 'movement' and confirmed_at >= '2026-01-01' $$, 'donations_fund_code_confirmed_at_idx'),
  ($$ select from core.donations where payment_ref = 'x' $$, 'donations_payment_ref_key'), ($$ select from core.donations where chain = 'bitcoin' and txid = 'x' $$, 'donations_chain_txid_to_wallet_id_key'),
  ($$ select from core.donations where to_wallet_id = '00000000-0000-7000-8000-000000702001' $$, 'donations_to_wallet_id_idx'), ($$ select from core.donations where recurring_key = 'x' order by created_at $$, 'donations_recurring_key_created_at_idx'),
  ($$ select from core.donations where from_address = 'x' $$, 'donations_from_address_idx'), ($$ select from core.donations where donor_email = 'x@example.org'::core.email $$, 'donations_donor_email_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'core.donations_created_at_brin_idx'::regclass;

-- task: BUILD_0703 create_table_constraints critical
-- title: Constrain donations: amounts, chain/fiat consistency, lifecycle facts, no double txid
-- does: Amounts are positive, money of states comes over chain fiat and has no crypto amount, what is confirmed has its value and time, a sanctions hit is
--   never confirmed, anonymous gifts carry no name, refunds stay within the amount; chain, currency, wallet and donor exist and belong together.
-- proves: each rule refuses the row that breaks it, and lets honest ones pass.
-- needs: BUILD_0701, BUILD_0702
alter table core.donations
  add constraint donations_status_check check (status in ('created', 'pending', 'kyc_required', 'flagged', 'confirmed', 'reconciled', 'failed', 'refunded')),
  add constraint donations_amount_usd_check check (amount_usd > 0),
  add constraint donations_amount_crypto_check check (amount_crypto > 0),
  add constraint donations_chain_amount_check check ((chain = 'fiat') = (amount_crypto is null)),
  add constraint donations_fmv_rate_check check (fmv_rate > 0),
  add constraint donations_fee_usd_check check (fee_usd >= 0),
  add constraint donations_confirmed_check check (status not in ('confirmed', 'reconciled', 'refunded') or confirmed_at is not null and fmv_rate_at is not null and amount_usd is not null),
  add constraint donations_ofac_hit_check check (not (ofac_hit and status in ('confirmed', 'reconciled'))),
  add constraint donations_aml_score_check check (aml_score between 0 and 100),
  add constraint donations_goods_value_usd_check check (goods_value_usd >= 0 and goods_value_usd <= coalesce(amount_usd, goods_value_usd)),
  add constraint donations_donor_name_check check (length(donor_name) <= 200 and not is_anonymous or donor_name is null),
  add constraint donations_refunded_usd_check check (refunded_usd >= 0 and refunded_usd <= coalesce(amount_usd, 0)),
  add constraint donations_refunded_at_check check (status <> 'refunded' or refunded_at is not null),
  add constraint donations_confirmations_check check (confirmations >= 0 and required_confirmations >= 0),
  add constraint donations_dedication_check check (length(dedication) <= 500),
  add constraint donations_chain_currency_fk foreign key (chain, currency) references core.currencies (chain, code),
  add constraint donations_donor_id_fk foreign key (donor_id) references core.users (id),
  add constraint donations_to_wallet_id_fk foreign key (to_wallet_id) references core.wallets (id);

comment on constraint donations_chain_amount_check on core.donations is 'Fiat comes over chain fiat and has no crypto amount; everything else has one.';
comment on constraint donations_confirmed_check on core.donations is 'What is confirmed has its fair market value, and the times of both.';
comment on constraint donations_ofac_hit_check on core.donations is 'A sanctions hit is never confirmed; not by compliance either, before the hit is cleared.';
comment on constraint donations_donor_name_check on core.donations is 'Anonymous gifts carry no name.';
comment on constraint donations_chain_currency_fk on core.donations is 'The currency lives on that chain. @unindexed currencies are never deleted, and every insert would pay for it';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000703001', 'ada-0703');
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000703011', 'ethereum', '0x0000000000000000000000000000000000703011', 'hot', 'active');
insert into core.donations (donor_id, chain, currency, amount_crypto, amount_usd, to_wallet_id, txid, status, confirmed_at, fmv_rate, fmv_rate_at, goods_value_usd, aml_score, is_anonymous, required_confirmations)
values ('00000000-0000-7000-8000-000000703001', 'ethereum', 'ETH', 1, 2000, '00000000-0000-7000-8000-000000703011', '0x' || repeat('0703', 16), 'confirmed', now(), 2000, now(), 2000, 100, true, 12);
select cols, blueprint.raises(format('insert into core.donations (chain, currency, %s) values (%s)', cols, vals), state, rule) from (values
  ('amount_usd, status', $$ 'fiat', 'USD', 1, 'lost' $$, '23514', 'donations_status_check'), ('amount_usd', $$ 'fiat', 'USD', 0 $$, '23514', 'donations_amount_usd_check'),
  ('amount_crypto', $$ 'bitcoin', 'BTC', 0 $$, '23514', 'donations_amount_crypto_check'), ('amount_usd, amount_crypto', $$ 'fiat', 'USD', 1, 1 $$, '23514', 'donations_chain_amount_check'),
  ('amount_usd', $$ 'bitcoin', 'BTC', 1 $$, '23514', 'donations_chain_amount_check'), ('amount_crypto, fmv_rate', $$ 'bitcoin', 'BTC', 1, 0 $$, '23514', 'donations_fmv_rate_check'),
  ('amount_usd, fee_usd', $$ 'fiat', 'USD', 1, -1 $$, '23514', 'donations_fee_usd_check'),
  ('amount_crypto, amount_usd, status, confirmed_at', $$ 'bitcoin', 'BTC', 1, 10, 'confirmed', now() $$, '23514', 'donations_confirmed_check'),
  ('amount_usd, status, confirmed_at, fmv_rate_at, ofac_hit', $$ 'fiat', 'USD', 1, 'confirmed', now(), now(), true $$, '23514', 'donations_ofac_hit_check'),
  ('amount_usd, aml_score', $$ 'fiat', 'USD', 1, 101 $$, '23514', 'donations_aml_score_check'), ('amount_usd, goods_value_usd', $$ 'fiat', 'USD', 1, 2 $$, '23514', 'donations_goods_value_usd_check'),
  ('amount_usd, is_anonymous, donor_name', $$ 'fiat', 'USD', 1, true, 'Ada' $$, '23514', 'donations_donor_name_check'), ('amount_usd, refunded_usd', $$ 'fiat', 'USD', 1, 2 $$, '23514', 'donations_refunded_usd_check'),
  ('amount_usd, status, confirmed_at, fmv_rate_at', $$ 'fiat', 'USD', 1, 'refunded', now(), now() $$, '23514', 'donations_refunded_at_check'), ('amount_usd, confirmations', $$ 'fiat', 'USD', 1, -1 $$, '23514', 'donations_confirmations_check'),
  ('amount_usd, dedication', $$ 'fiat', 'USD', 1, repeat('x', 501) $$, '23514', 'donations_dedication_check'), ('amount_crypto', $$ 'bitcoin', 'SOL', 1 $$, '23503', 'donations_chain_currency_fk'),
  ('amount_usd, donor_id', $$ 'fiat', 'USD', 1, '00000000-0000-7000-8000-00000070300f' $$, '23503', 'donations_donor_id_fk'), ('amount_crypto, to_wallet_id', $$ 'bitcoin', 'BTC', 1, '00000000-0000-7000-8000-00000070300f' $$, '23503', 'donations_to_wallet_id_fk'),
  ('amount_crypto, to_wallet_id, txid', $$ 'ethereum', 'ETH', 1, '00000000-0000-7000-8000-000000703011', '0x' || repeat('0703', 16) $$, '23505', 'donations_chain_txid_to_wallet_id_key')) v(cols, vals, state, rule);

-- task: BUILD_0704 create_table_triggers critical
-- title: Attach donation triggers: status machine 'donation', frozen money after confirmation
-- does: A gift goes from created over pending to confirmed and reconciled, or to failed, flagged or kyc_required; compliance alone releases what is flagged and
--   finance refunds and reconciles, with reasons. From confirmation on money, donor and rate stay. The chain says how many confirmations it needs.
-- proves: pending to reconciled raises, an amount does not change after confirmation, flagged to confirmed by finance raises 42501 and by compliance with a
--   reason works and is logged, the confirmations come from the chain.
-- needs: BUILD_0014, BUILD_0020, BUILD_0703
create function core.set_required_confirmations() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  new.required_confirmations := (select c.required_confirmations from core.chains c where c.code = new.chain);
  return new;
end $$;

create trigger donations_required_confirmations before insert on core.donations for each row when (new.required_confirmations is null) execute function core.set_required_confirmations();

create trigger donations_freeze_money before update on core.donations for each row
  when (old.confirmed_at is not null and (old.donor_id is distinct from new.donor_id or old.chain is distinct from new.chain or old.currency is distinct from new.currency
    or old.amount_crypto is distinct from new.amount_crypto or old.amount_usd is distinct from new.amount_usd or old.fmv_rate is distinct from new.fmv_rate or old.fmv_rate_at is distinct from new.fmv_rate_at
    or old.txid is distinct from new.txid or old.to_wallet_id is distinct from new.to_wallet_id or old.confirmed_at is distinct from new.confirmed_at))
  execute function core.freeze_columns('donor_id', 'chain', 'currency', 'amount_crypto', 'amount_usd', 'fmv_rate', 'fmv_rate_at', 'txid', 'to_wallet_id', 'confirmed_at');

select core.attach_standard('core.donations');

select core.define_machine('donation', '{
  "created": ["pending", "failed", "flagged"],
  "pending": ["confirmed", "failed", "flagged", "kyc_required"],
  "kyc_required": ["pending", "flagged", "failed"],
  "flagged": [{"to": "pending", "guard": "hc_compliance", "reason": true}, {"to": "confirmed", "guard": "hc_compliance", "reason": true}, {"to": "failed", "guard": "hc_compliance", "reason": true}],
  "confirmed": [{"to": "reconciled", "guard": "hc_finance"}, {"to": "refunded", "guard": "hc_finance", "reason": true}, {"to": "flagged", "reason": true}],
  "reconciled": [{"to": "refunded", "guard": "hc_finance", "reason": true}, {"to": "flagged", "reason": true}]}');

create trigger donations_status_machine after update of status on core.donations for each row execute function core.enforce_transition('donation');

comment on function core.set_required_confirmations is 'Trigger of core.donations: what the chain asks for, unless the row says it. Security definer: whoever enters a gift need not read chains.';
comment on trigger donations_required_confirmations on core.donations is 'The chain says how deep is settled.';
comment on trigger donations_freeze_money on core.donations is 'Money, donor and rate stay from confirmation on.';
comment on trigger donations_status_machine on core.donations is 'Status changes follow machine donation and are logged.';

-- verify
insert into core.donations (id, chain, currency, amount_crypto, amount_usd) values ('00000000-0000-7000-8000-000000704001', 'bitcoin', 'BTC', 0.01, 600) returning required_confirmations = 3;
insert into core.donations (id, chain, currency, amount_usd, required_confirmations) values ('00000000-0000-7000-8000-000000704002', 'fiat', 'USD', 50, 1) returning required_confirmations = 1;
update core.donations set status = 'pending', updated_at = now() - interval '1 day' where id in ('00000000-0000-7000-8000-000000704001', '00000000-0000-7000-8000-000000704002') returning updated_at >= now();
select sql, blueprint.raises(sql, state, why) from (values
  ($$ update core.donations set status = 'reconciled', confirmed_at = now(), fmv_rate_at = now() where id = '00000000-0000-7000-8000-000000704001' $$, '23514', 'pending -> reconciled'),
  ($$ update core.donations set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000704001' $$, '55006', 'created_at')) v(sql, state, why);
update core.donations set amount_usd = 610 where id = '00000000-0000-7000-8000-000000704001' returning amount_usd = 610;
update core.donations set status = 'confirmed', confirmed_at = now(), fmv_rate_at = now(), fmv_rate = 61000 where id = '00000000-0000-7000-8000-000000704001';
select c, blueprint.raises(format($$ update core.donations set %s = %s where id = '00000000-0000-7000-8000-000000704001' $$, c, v), '55006', c) from (values ('amount_usd', '1'), ('amount_crypto', '1'), ('fmv_rate', '1'), ('fmv_rate_at', $$ now() + interval '1 day' $$),
  ('donor_id', 'uuidv7()'), ('txid', $$ 'x' $$), ('to_wallet_id', 'uuidv7()'), ('confirmed_at', 'null'), ('chain', $$ 'x' $$), ('currency', $$ 'X2' $$)) t(c, v);
update core.donations set dedication = 'For Grace' where id = '00000000-0000-7000-8000-000000704001' returning dedication is not null;
select blueprint.raises($$ update core.donations set status = 'refunded', refunded_at = now() where id = '00000000-0000-7000-8000-000000704001' $$, '42501', 'takes hc_finance');
update core.donations set status = 'flagged' where id = '00000000-0000-7000-8000-000000704002';
select core.give_reason('false alarm'), core.act_as('00000000-0000-7000-8000-00000070400f', 'hc_finance');
select blueprint.raises($$ update core.donations set status = 'confirmed', confirmed_at = now(), fmv_rate_at = now() where id = '00000000-0000-7000-8000-000000704002' $$, '42501', 'takes hc_compliance');
select core.act_as('00000000-0000-7000-8000-00000070400f', 'hc_compliance');
update core.donations set status = 'confirmed', confirmed_at = now(), fmv_rate_at = now() where id = '00000000-0000-7000-8000-000000704002' returning status = 'confirmed';
select count(*) = 1 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000704002' and to_status = 'confirmed' and reason = 'false alarm' and actor_role = 'hc_compliance';
select not has_function_privilege('hc_member', 'core.set_required_confirmations()', 'execute');
grant usage on schema core to hc_replicator;
grant insert on core.donations to hc_replicator;
create policy probe_0704 on core.donations for insert to hc_replicator with check (true);
set local role hc_replicator;
insert into core.donations (id, chain, currency, amount_crypto) values ('00000000-0000-7000-8000-000000704003', 'ethereum', 'ETH', 1);
set local role hc_owner;
select required_confirmations = 12 from core.donations where id = '00000000-0000-7000-8000-000000704003';

-- revert
drop trigger donations_status_machine on core.donations;
select core.define_machine('donation', '{}');
select core.detach_standard('core.donations');
drop trigger donations_required_confirmations on core.donations;
drop function core.set_required_confirmations;

-- task: BUILD_0705 create_table_jsonb_indexes
-- title: Index benefit JSONB to find donations by promised outcome
-- does: donations_promising(outcome, project) finds the gifts something was promised for, benefit_totals(outcome) adds up the promised units,
--   open_promises(age) lists what is promised for longer and not fulfilled.
-- proves: the two gifts of an outcome and project come through the GIN index, the total is the sum of their units, the old promise is listed until fulfilled.
-- needs: BUILD_0005, BUILD_0701
create index donations_benefit_idx on core.donations using gin (benefit jsonb_path_ops);

comment on index core.donations_benefit_idx is 'Gifts by what was promised for them (core.donations_promising).';

create function core.donations_promising(outcome text, project text) returns setof uuid
  language sql stable
begin atomic
  select d.id from core.donations d where d.benefit @> jsonb_build_object('outcome', outcome, 'project', project) and d.status <> 'failed';
end;

create function core.benefit_totals(outcome text) returns table (project text, gifts bigint, units numeric)
  language sql stable
begin atomic
  select d.benefit ->> 'project', count(*), sum((d.benefit ->> 'units')::numeric) from core.donations d
  where d.benefit @> jsonb_build_object('outcome', outcome) and d.status <> 'failed' group by d.benefit ->> 'project' order by d.benefit ->> 'project';
end;

create function core.open_promises(age interval default '12 months', at timestamptz default now()) returns table (donation_id uuid, outcome text, project text, units numeric, promised_at timestamptz)
  language sql stable
begin atomic
  select d.id, d.benefit ->> 'outcome', d.benefit ->> 'project', (d.benefit ->> 'units')::numeric, d.created_at from core.donations d
  where d.benefit ? 'outcome' and not d.benefit ? 'fulfilled_at' and d.status in ('confirmed', 'reconciled') and d.created_at < open_promises.at - age order by d.created_at, d.id;
end;

comment on function core.donations_promising is 'Gifts for which an outcome was promised in a project.';
comment on function core.benefit_totals is 'Promised units of an outcome per project.';
comment on function core.open_promises is 'Confirmed gifts whose promise is older than age and has no fulfilled_at, oldest first.';

grant execute on function core.donations_promising, core.benefit_totals, core.open_promises to hc_finance, hc_auditor;

-- verify
insert into core.donations (id, chain, currency, amount_usd, benefit, status, confirmed_at, fmv_rate_at, created_at) values
  ('00000000-0000-7000-8000-000000705001', 'fiat', 'USD', 10, '{"outcome": "probe_0705", "project": "p", "units": 3}', 'confirmed', now(), now(), now() - interval '2 years'),
  ('00000000-0000-7000-8000-000000705002', 'fiat', 'USD', 10, '{"outcome": "probe_0705", "project": "p", "units": 4.5, "fulfilled_at": "2026-01-01"}', 'confirmed', now(), now(), now() - interval '2 years'),
  ('00000000-0000-7000-8000-000000705003', 'fiat', 'USD', 10, '{"outcome": "probe_0705", "project": "q", "units": 1}', 'created', null, null, now());
select array_agg(d order by d) = '{00000000-0000-7000-8000-000000705001,00000000-0000-7000-8000-000000705002}' from core.donations_promising('probe_0705', 'p') d;
select array_agg(project || gifts || units) = '{p27.5,q11}' from core.benefit_totals('probe_0705');
select array_agg(donation_id) = '{00000000-0000-7000-8000-000000705001}' from core.open_promises() where outcome = 'probe_0705';
select blueprint.plan_uses($$ select core.donations_promising('a', 'b') $$, 'donations_benefit_idx') or blueprint.plan_uses($$ select * from core.donations_promising('a', 'b') $$, 'donations_benefit_idx');
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role,
  unnest(array['core.donations_promising(text, text)', 'core.benefit_totals(text)', 'core.open_promises(interval, timestamptz)']) f;

-- task: BUILD_0706 add_wix_columns
-- title: Add Wix columns to core.donations (owner = donor or system)
-- does: The four columns by which Wix knows a row. The payment page writes what the form has (marks @wix write); core.wix_donations is what Wix shows, without
--   anything of the donor where the gift is anonymous.
-- proves: a guest's gift is owned by system and a member's by the member, a status change moves _updatedDate, a write raises 428C9, an anonymous row of the
--   view shows no donor.
-- needs: BUILD_0666, BUILD_0701
alter table core.donations
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (coalesce(donor_id::text, 'system')) virtual;

create view core.wix_donations with (security_invoker) as
  select "_id", "_createdDate", "_updatedDate", case when is_anonymous then 'system' else "_owner" end as "_owner",
    case when not is_anonymous then donor_name end as "donorName", case when not is_anonymous then donor_email::text end as "donorEmail", amount_usd as amount, currency, chain, amount_crypto as "cryptoAmount", fund_code as fund, status
  from core.donations;

grant select ("_id", "_createdDate", "_updatedDate", "_owner") on core.donations to hc_member;
grant select on core.wix_donations to hc_member;

comment on column core.donations."_id" is 'The id, as Wix names it. @wix read';
comment on column core.donations."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.donations."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.donations."_owner" is 'The donor, or system. @wix read';
comment on view core.wix_donations is 'Gifts as Wix shows them to who may see them; anonymous ones without donor.';
comment on column core.wix_donations."_id" is 'The id.';
comment on column core.wix_donations."_createdDate" is 'When it was made.';
comment on column core.wix_donations."_updatedDate" is 'When it last changed.';
comment on column core.wix_donations."_owner" is 'The donor; system for guests and anonymous ones.';
comment on column core.wix_donations."donorName" is 'Name, unless anonymous.';
comment on column core.wix_donations."donorEmail" is 'Mail, unless anonymous.';
comment on column core.wix_donations.amount is 'Value in USD.';
comment on column core.wix_donations.currency is 'What was given.';
comment on column core.wix_donations.chain is 'Network it came over.';
comment on column core.wix_donations."cryptoAmount" is 'How much of it, null for fiat.';
comment on column core.wix_donations.fund is 'Fund it is for.';
comment on column core.wix_donations.status is 'How far it is.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000706001', 'ada-0706');
insert into core.donations (id, donor_id, chain, currency, amount_usd, is_anonymous, donor_email) values ('00000000-0000-7000-8000-000000706011', null, 'fiat', 'USD', 5, false, 'guest-0706@example.org'),
  ('00000000-0000-7000-8000-000000706012', '00000000-0000-7000-8000-000000706001', 'fiat', 'USD', 5, false, 'ada-0706@example.org'), ('00000000-0000-7000-8000-000000706013', '00000000-0000-7000-8000-000000706001', 'fiat', 'USD', 5, true, 'ada-0706@example.org');
update core.donations set status = 'pending', updated_at = created_at + interval '1 hour' where id = '00000000-0000-7000-8000-000000706011' returning "_updatedDate" = updated_at and "_owner" = 'system';
select "_id" = id::text, "_owner" = coalesce(donor_id::text, 'system'), "_createdDate" = created_at from core.donations where id::text like '%7060__';
select c, blueprint.raises(format('update core.donations set %I = null', c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.donations'), count(*) filter (where column_name in ('aml_score', 'ofac_hit', 'from_address', 'donor_name', 'metadata')) = 0, count(*) filter (where access = 'write') = 6 from core.wix_columns('core.donations');
select c, has_column_privilege('hc_member', 'core.donations', c, 'select') and not has_column_privilege('hc_anon', 'core.donations', c, 'select') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.act_as('00000000-0000-7000-8000-000000706001');
set local role hc_member;
select count(*) = 2, count(*) filter (where "_owner" = 'system' and "donorEmail" is null and "donorName" is null) = 1, count(*) filter (where "donorEmail" = 'ada-0706@example.org' and amount = 5) = 1 from core.wix_donations;

-- task: BUILD_0707 implement_table_feature critical
-- title: Compliance gate on confirmation: thresholds, KYC, AML and OFAC
-- does: core.confirm_donation(id) asks sanctions, risk score and the sum of twelve months, one donor at a time: flagged, kyc_required (and the case is opened) or
--   confirmed with its value. The decision explains every rule and stays in the row; asked again it answers the same. core.release_donation() is how
--   compliance lets a flagged gift go, or fails it.
-- proves: 2,000 and 1,500 USD from one address cross the gate, the rule is named and a case is open; an approval lets the retry confirm; a hit and a high score
--   flag; members cannot call it; compliance releases with a reason, and never a hit; a gift that was confirmed before keeps its time. That two gifts at once cannot both stay below the gate is raced.
-- needs: BUILD_0704, BUILD_0748
create function core.confirm_donation(donation uuid) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  need record;
  opened uuid;
  outcome text := 'confirmed';
  rules jsonb;
  decision jsonb;
  before_reason constant text := current_setting('core.reason', true);
begin
  select * into gift from core.donations d where d.id = donation;
  if gift.id is null then
    raise exception using errcode = '22023', message = format('there is no donation %s', donation);
  end if;
  perform pg_advisory_xact_lock(hashtextextended(k, 0)) from (  -- gifts of one donor are judged one after the other, or two could stay below the gate together
    select distinct k from unnest(array['donor:' || gift.donor_id, 'mail:' || lower(gift.donor_email::text), 'address:' || gift.from_address]) k where k is not null order by k) keys;
  select * into gift from core.donations d where d.id = donation for update;
  if gift.status not in ('created', 'pending', 'kyc_required') then
    return coalesce(gift.metadata -> 'decision', '{}') || jsonb_build_object('status', gift.status);
  elsif gift.amount_usd is null then
    raise exception using errcode = '55000', message = format('donation %s has no value in USD yet', donation), hint = 'Set amount_usd and fmv_rate_at first.';
  end if;
  select * into need from core.kyc_needed(gift.donor_id, gift.from_address, gift.donor_email::text, gift.amount_usd, now(), gift.id);
  rules := jsonb_build_array(
    jsonb_build_object('rule', 'ofac', 'passed', not gift.ofac_hit),
    jsonb_build_object('rule', 'aml_score', 'passed', coalesce(gift.aml_score, 0) < 75, 'value', gift.aml_score, 'limit', 75),
    jsonb_build_object('rule', coalesce(need.rule, 'kyc_gate'), 'passed', need.level is null or need.is_valid, 'value', need.total, 'limit', need.threshold, 'level', need.level));
  if gift.ofac_hit or gift.aml_score >= 75 then
    outcome := 'flagged';
  elsif need.level is not null and not need.is_valid then
    outcome := 'kyc_required';
    opened := (core.require_kyc(donation)).case_id;
  end if;
  decision := jsonb_build_object('status', outcome, 'at', now(), 'rules', rules, 'kyc_id', opened);
  perform set_config('core.reason', 'core.confirm_donation', true);
  if gift.status = 'created' or gift.status = 'kyc_required' and outcome <> 'kyc_required' then
    update core.donations d set status = 'pending' where d.id = donation;
  end if;
  update core.donations d
  set status = outcome, metadata = d.metadata || jsonb_build_object('decision', decision), confirmed_at = case outcome when 'confirmed' then coalesce(d.confirmed_at, now()) else d.confirmed_at end,
    fmv_rate_at = case outcome when 'confirmed' then coalesce(d.fmv_rate_at, now()) else d.fmv_rate_at end,
    fmv_rate = case outcome when 'confirmed' then coalesce(d.fmv_rate, d.amount_usd / d.amount_crypto, 1) else d.fmv_rate end
  where d.id = donation;
  perform set_config('core.reason', coalesce(before_reason, ''), true);
  return decision;
end $$;

create function core.release_donation(donation uuid, verdict text, reason text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  moved text;
begin
  if not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'flagged donations are released by hc_compliance';
  elsif coalesce(verdict not in ('pending', 'confirmed', 'failed'), true) or coalesce(length(btrim(reason)), 0) < 3 then
    raise exception using errcode = '22023', message = 'a release takes a verdict (pending, confirmed or failed) and a reason';
  end if;
  perform core.give_reason(reason);
  update core.donations d
  set status = verdict, confirmed_at = case verdict when 'confirmed' then coalesce(d.confirmed_at, now()) else d.confirmed_at end, fmv_rate_at = case verdict when 'confirmed' then coalesce(d.fmv_rate_at, now()) else d.fmv_rate_at end
  where d.id = donation and d.status = 'flagged' returning d.status into moved;
  perform core.give_reason(null);
  if moved is null then
    raise exception using errcode = '55000', message = format('donation %s is not flagged', donation);
  end if;
  return moved;
end $$;

comment on function core.confirm_donation is 'Judges a gift and moves it to confirmed, kyc_required or flagged; returns the decision with every rule. What is decided stays decided. Security definer: status and scores are granted to nobody together.';
comment on function core.release_donation is 'Lets a flagged gift go on, or fails it (hc_compliance, with a reason); a sanctions hit has to be cleared first. Security definer: nobody writes the status.';

grant execute on function core.confirm_donation to hc_worker, hc_finance;
grant execute on function core.release_donation to hc_compliance;

-- verify
insert into core.donations (id, chain, currency, amount_crypto, amount_usd, from_address, status, confirmed_at, fmv_rate_at) values
  ('00000000-0000-7000-8000-000000707001', 'ethereum', 'ETH', 1, 2000, '0xprobe0707', 'pending', null, null), ('00000000-0000-7000-8000-000000707002', 'ethereum', 'ETH', 0.75, 1500, '0xprobe0707', 'created', null, null);
insert into core.donations (id, chain, currency, amount_usd, ofac_hit, aml_score) values ('00000000-0000-7000-8000-000000707003', 'fiat', 'USD', 5, true, null), ('00000000-0000-7000-8000-000000707004', 'fiat', 'USD', 5, false, 75), ('00000000-0000-7000-8000-000000707005', 'fiat', 'USD', 5, false, 74);
insert into core.donations (id, chain, currency, amount_crypto) values ('00000000-0000-7000-8000-000000707006', 'bitcoin', 'BTC', 1);
set local role hc_worker;
select decision ->> 'status' = 'confirmed' and decision @> '{"rules": [{"rule": "ofac", "passed": true}, {"rule": "aml_score", "passed": true}, {"rule": "kyc_gate", "passed": true, "value": 2000.00, "limit": 3000.00}]}' from core.confirm_donation('00000000-0000-7000-8000-000000707001') decision;
select decision ->> 'status' = 'kyc_required' and decision @> '{"rules": [{"rule": "kyc_gate", "passed": false, "value": 3500.00, "level": "basic"}]}' and decision ->> 'kyc_id' is not null from core.confirm_donation('00000000-0000-7000-8000-000000707002') decision;
select core.confirm_donation('00000000-0000-7000-8000-000000707003') ->> 'status' = 'flagged', core.confirm_donation('00000000-0000-7000-8000-000000707004') ->> 'status' = 'flagged', core.confirm_donation('00000000-0000-7000-8000-000000707005') ->> 'status' = 'confirmed';
select core.confirm_donation('00000000-0000-7000-8000-000000707001') ->> 'status' = 'confirmed', blueprint.raises($$ select core.confirm_donation('00000000-0000-7000-8000-000000707006') $$, '55000', 'no value'), blueprint.raises($$ select core.confirm_donation(uuidv7()) $$, '22023', 'no donation');
set local role hc_owner;
select status = 'confirmed' and confirmed_at = now() and fmv_rate_at = now() and fmv_rate = 2000 and metadata #>> '{decision,status}' = 'confirmed' from core.donations where id = '00000000-0000-7000-8000-000000707001';
select d.status = 'kyc_required' and d.confirmed_at is null and k.status = 'requested' and k.trigger_reason = 'threshold' and k.donation_id = d.id from core.donations d join core.kyc k on k.id = d.kyc_id where d.id = '00000000-0000-7000-8000-000000707002';
select core.act_as('00000000-0000-7000-8000-00000070700f', 'hc_compliance');
update core.kyc set status = 'submitted' where donation_id = '00000000-0000-7000-8000-000000707002';
update core.kyc set status = 'in_review' where donation_id = '00000000-0000-7000-8000-000000707002';
insert into core.users (id, handle) values ('00000000-0000-7000-8000-00000070700f', 'eve-0707');
update core.kyc set status = 'approved', decided_by = '00000000-0000-7000-8000-00000070700f', decided_at = now(), valid_during = core.period(now(), now() + interval '1 year') where donation_id = '00000000-0000-7000-8000-000000707002';
select core.confirm_donation('00000000-0000-7000-8000-000000707002') ->> 'status' = 'confirmed';
set local role hc_compliance;
select blueprint.raises($$ select core.release_donation('00000000-0000-7000-8000-000000707003', 'confirmed', 'looked at it') $$, '23514', 'donations_ofac_hit_check'), blueprint.raises($$ select core.release_donation('00000000-0000-7000-8000-000000707004', 'confirmed', '') $$, '22023'),
  blueprint.raises($$ select core.release_donation('00000000-0000-7000-8000-000000707001', 'failed', 'looked at it') $$, '55000', 'not flagged'), core.release_donation('00000000-0000-7000-8000-000000707004', 'confirmed', 'spoke to the bank') = 'confirmed';
set local role hc_owner;
insert into core.donations (id, chain, currency, amount_usd, donor_email, status, confirmed_at, fmv_rate_at, fmv_rate) select ('00000000-0000-7000-8000-00000070700' || n)::uuid, 'fiat', 'USD', usd, 'probe-0707@example.org', 'flagged', now() - interval '1 day', now() - interval '1 day', 1 from (values (7, 10), (8, 5000)) v(n, usd);
select core.release_donation(d.id, 'pending', 'seen again') = 'pending', core.confirm_donation(d.id) ->> 'status' = case d.amount_usd when 10 then 'confirmed' else 'kyc_required' end from core.donations d where d.donor_email = 'probe-0707@example.org' order by d.id;
select count(*) = 2, bool_and(confirmed_at = now() - interval '1 day' and fmv_rate_at = confirmed_at) from core.donations where donor_email = 'probe-0707@example.org';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-00000070700f', 'hc_finance');
select blueprint.raises($$ select core.release_donation('00000000-0000-7000-8000-000000707003', 'failed', 'looked at it') $$, '42501', 'hc_compliance');
select role, has_function_privilege(role, 'core.confirm_donation(uuid)', 'execute') = (role in ('hc_worker', 'hc_finance')), has_function_privilege(role, 'core.release_donation(uuid, text, text)', 'execute') = (role = 'hc_compliance')
from unnest(array['hc_worker', 'hc_finance', 'hc_compliance', 'hc_member']) role;

-- task: BUILD_0708 implement_table_feature critical
-- title: Advance confirmations from chain heights and settle automatically
-- does: core.apply_chain_head(chain, height) counts the blocks on top of every open transaction, which counts those of its gift, and confirms gifts that have enough;
--   gifts that saw no transaction for 48 hours fail. core.settle_donations() does the last two for chains without blocks too.
-- proves: a bitcoin gift at height 100 confirms at head 102 and not at 101, after its block is taken back a pending one is at 0 again, a form of two days ago
--   without payment fails, a gift without value waits.
-- needs: BUILD_0707, BUILD_0727
create function core.settle_donations(chain text, at timestamptz default now(), out judged int, out confirmed int, out failed int) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  waiting uuid;
begin
  judged := 0; confirmed := 0;
  for waiting in
    select d.id from core.donations d
    where d.chain = settle_donations.chain and d.status = 'pending' and d.status not in ('reconciled', 'failed') and d.amount_usd is not null
      and d.confirmations >= d.required_confirmations and d.required_confirmations > 0 order by d.created_at for update skip locked
  loop
    judged := judged + 1;
    confirmed := confirmed + (core.confirm_donation(waiting) ->> 'status' = 'confirmed')::int;
  end loop;
  perform core.give_reason('no payment within 48 hours');
  update core.donations d set status = 'failed' where d.chain = settle_donations.chain and d.status = 'created' and d.status not in ('reconciled', 'failed') and d.created_at < at - interval '48 hours'
    and not exists (select from core.transactions t where t.donation_id = d.id);
  get diagnostics failed = row_count;
  perform core.give_reason(null);
end $$;

create function core.apply_chain_head(chain text, height bigint, at timestamptz default now(), out advanced int, out judged int, out confirmed int, out failed int) returns record
  language plpgsql security definer set search_path = ''
as $$
begin
  with moved as (
    update core.transactions t set confirmations = greatest(height - t.block_height + 1, 0)
    where t.chain = apply_chain_head.chain and t.status in ('seen', 'confirming') and t.block_height is not null and t.confirmations is distinct from greatest(height - t.block_height + 1, 0)::int returning t.id)
  select count(core.advance_transaction(m.id)) into advanced from moved m;
  select s.judged, s.confirmed, s.failed into judged, confirmed, failed from core.settle_donations(chain, at) s;
end $$;

comment on function core.settle_donations is 'Judges pending gifts of a chain that have their confirmations, and fails forms without payment for 48 hours. Gifts without a value wait. Security definer: for the worker.';
comment on function core.apply_chain_head is 'What a new head of a chain means: confirmations of open transactions and their gifts, then core.settle_donations(). Security definer: for the worker.';

grant execute on function core.settle_donations, core.apply_chain_head to hc_worker;

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000708001', 'bitcoin', 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', 'hot', 'active');
insert into core.donations (id, chain, currency, amount_crypto, amount_usd, status, to_wallet_id, created_at) values
  ('00000000-0000-7000-8000-000000708011', 'bitcoin', 'BTC', 0.01, 600, 'pending', '00000000-0000-7000-8000-000000708001', now()), ('00000000-0000-7000-8000-000000708012', 'bitcoin', 'BTC', 0.02, 1200, 'pending', '00000000-0000-7000-8000-000000708001', now()),
  ('00000000-0000-7000-8000-000000708013', 'bitcoin', 'BTC', 0.03, null, 'created', '00000000-0000-7000-8000-000000708001', now() - interval '49 hours'), ('00000000-0000-7000-8000-000000708014', 'bitcoin', 'BTC', 0.03, null, 'pending', '00000000-0000-7000-8000-000000708001', now() - interval '49 hours');
insert into core.transactions (id, donation_id, wallet_id, chain, currency, amount_crypto, txid, block_height, block_hash, block_at)
select ('00000000-0000-7000-8000-00000070802' || n)::uuid, ('00000000-0000-7000-8000-00000070801' || n)::uuid, '00000000-0000-7000-8000-000000708001', 'bitcoin', 'BTC', 0.01 * n, repeat('0708', 15) || lpad(n::text, 4, '0'), h, 'hash-0708-' || h, now() from (values (1, 100), (2, 101), (4, 100)) v(n, h);
set local role hc_worker;
select advanced >= 3 and confirmed = 0 from core.apply_chain_head('bitcoin', 101);
select confirmed = 1 and judged = 1 from core.apply_chain_head('bitcoin', 102);
select advanced = 0 and confirmed = 0 from core.apply_chain_head('bitcoin', 102);
set local role hc_owner;
select array_agg(status || confirmations order by id) = '{confirmed3,pending2,failed0,pending3}' from core.donations where id::text like '%7080__';
select array_agg(status || confirmations order by id) = '{confirmed3,confirming2,confirmed3}' from core.transactions where id::text like '%70802_';
update core.transactions set status = 'orphaned', confirmations = 0 where id = '00000000-0000-7000-8000-000000708022';
select confirmations = 0 and status = 'pending' from core.donations where id = '00000000-0000-7000-8000-000000708012';
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.apply_chain_head(text, bigint, timestamptz)', 'core.settle_donations(text, timestamptz)']) f;
set local role hc_worker;
select confirmed = 0 from core.settle_donations('bitcoin');

-- task: BUILD_0709 implement_table_feature critical
-- title: Refund donations fully or partly with linked transactions
-- does: core.refund_donation() gives back part or all of a confirmed gift within 90 days, on its own chain and never to an address under suspicion; it writes core.refunds and
--   an outgoing transaction yet to be sent. When all went back the gift is refunded; a receipt is marked for correction, a standing order ends on request.
-- proves: 60 then 50 of 100 raises, 60 and 40 end in refunded, another chain's address, a flagged address, an old gift and a member raise, the receipt is marked.
-- needs: BUILD_0704, BUILD_0721
create table core.refunds (
  id uuid default uuidv7() constraint refunds_id_pk primary key,
  donation_id uuid not null constraint refunds_donation_id_fk references core.donations (id),
  amount_usd core.fiat_amount not null constraint refunds_amount_usd_check check (amount_usd > 0),
  amount_crypto core.crypto_amount,
  to_address text not null,
  reason text not null constraint refunds_reason_check check (length(btrim(reason)) between 3 and 500),
  transaction_id uuid constraint refunds_transaction_id_fk references core.transactions (id),
  requested_by uuid default core.current_user_id(),
  created_at timestamptz not null default now()
);

create index refunds_donation_id_idx on core.refunds (donation_id);
create index refunds_transaction_id_idx on core.refunds (transaction_id) where transaction_id is not null;

select core.attach_standard('core.refunds', 'log');

create function core.refund_donation(donation uuid, amount_usd numeric, reason text, to_address text, stop_recurring boolean default false) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  is_last boolean;
  crypto numeric;
  outgoing uuid;
  refund uuid;
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'refunds are made by hc_finance';
  end if;
  select * into gift from core.donations d where d.id = donation for update;
  if gift.status is null or gift.status not in ('confirmed', 'reconciled') then
    raise exception using errcode = '55000', message = 'only confirmed donations are refunded';
  elsif gift.confirmed_at < now() - interval '90 days' then
    raise exception using errcode = '55000', message = 'donations are refunded within 90 days';
  elsif amount_usd <= 0 or gift.refunded_usd + amount_usd > gift.amount_usd or amount_usd <> round(amount_usd, 2) then
    raise exception using errcode = '22023', message = format('between 0.01 and %s USD can be refunded', gift.amount_usd - gift.refunded_usd);
  elsif to_address !~ (select c.address_pattern from core.chains c where c.code = gift.chain) then
    raise exception using errcode = '22023', message = format('a refund goes back over %s, where %s... is no address', gift.chain, left(to_address, 12));
  elsif exists (select from core.donations d where d.from_address = refund_donation.to_address and (d.ofac_hit or d.status = 'flagged' or d.aml_score >= 75))
      or exists (select from core.wallets w where w.chain = gift.chain and w.address_norm = core.normal_address(gift.chain, refund_donation.to_address) and w.status = 'frozen') then
    raise exception using errcode = '55000', message = 'the address is under suspicion: ask compliance';
  end if;
  is_last := gift.refunded_usd + amount_usd = gift.amount_usd;
  crypto := case when gift.amount_crypto is null then null
    when is_last then gift.amount_crypto - coalesce((select sum(r.amount_crypto) from core.refunds r where r.donation_id = donation), 0)
    else round(gift.amount_crypto * refund_donation.amount_usd / gift.amount_usd, (select c.decimals from core.currencies c where c.code = gift.currency)) end;
  if gift.to_wallet_id is not null then
    insert into core.transactions (wallet_id, donation_id, kind, chain, currency, amount_crypto, amount_usd, counterparty_address)
    values (gift.to_wallet_id, donation, 'refund', gift.chain, gift.currency, coalesce(crypto, refund_donation.amount_usd), refund_donation.amount_usd, refund_donation.to_address) returning id into outgoing;
  end if;
  insert into core.refunds (donation_id, amount_usd, amount_crypto, to_address, reason, transaction_id)
  values (donation, refund_donation.amount_usd, crypto, refund_donation.to_address, refund_donation.reason, outgoing) returning id into refund;
  perform core.give_reason(reason);
  update core.donations d
  set refunded_usd = d.refunded_usd + refund_donation.amount_usd, status = case when is_last then 'refunded' else d.status end, refunded_at = case when is_last then now() end,
    metadata = d.metadata || case when d.metadata ? 'receipt' then jsonb_build_object('receipt_due', case when is_last then 'void' else 'correct' end) else '{}' end
      || case when stop_recurring and d.recurring_key is not null then jsonb_build_object('recurring_stopped_at', now()) else '{}' end
  where d.id = donation;
  perform core.give_reason(null);
  return refund;
end $$;

create policy refunds_staff_select on core.refunds for select to hc_finance, hc_compliance, hc_auditor using (true);

grant select on core.refunds to hc_finance, hc_compliance, hc_auditor;
grant execute on function core.refund_donation to hc_finance;

comment on table core.refunds is 'What went back of gifts, and why; append-only. @retention 10 years @distribution local';
comment on column core.refunds.id is 'Version 7 UUID.';
comment on column core.refunds.donation_id is 'The gift.';
comment on column core.refunds.amount_usd is 'How much of its value.';
comment on column core.refunds.amount_crypto is 'How much of what was given; the last refund takes the rest, to the last unit.';
comment on column core.refunds.to_address is 'Where it goes. @pii retain';
comment on column core.refunds.reason is 'Why.';
comment on column core.refunds.transaction_id is 'The outgoing transaction; null when a processor does it.';
comment on column core.refunds.requested_by is 'Who refunded.';
comment on column core.refunds.created_at is 'When.';
comment on index core.refunds_donation_id_idx is 'Refunds of a gift; and the foreign key.';
comment on index core.refunds_transaction_id_idx is 'The refund of a transaction; and the foreign key.';
comment on policy refunds_staff_select on core.refunds is 'Finance, compliance and audit see refunds.';
comment on function core.refund_donation is 'Refunds part or all of a gift and returns the refund (hc_finance). Security definer: nobody writes money.';

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000709001', 'ethereum', '0x0000000000000000000000000000000000709001', 'hot', 'active');
insert into core.donations (id, chain, currency, amount_crypto, amount_usd, status, confirmed_at, fmv_rate_at, to_wallet_id, metadata, recurring_key) values
  ('00000000-0000-7000-8000-000000709011', 'ethereum', 'ETH', 0.1, 100, 'confirmed', now(), now(), '00000000-0000-7000-8000-000000709001', '{"receipt": "HC-1"}', 'monthly-0709'),
  ('00000000-0000-7000-8000-000000709012', 'ethereum', 'ETH', 0.1, 100, 'confirmed', now() - interval '91 days', now(), '00000000-0000-7000-8000-000000709001', '{}', null),
  ('00000000-0000-7000-8000-000000709013', 'ethereum', 'ETH', 0.1, 100, 'pending', null, null, '00000000-0000-7000-8000-000000709001', '{}', null);
insert into core.donations (chain, currency, amount_crypto, from_address, status) values ('ethereum', 'ETH', 1, '0x0000000000000000000000000000000000709bad', 'flagged');
select core.act_as('00000000-0000-7000-8000-000000709009', 'hc_member');
select blueprint.raises($$ select core.refund_donation('00000000-0000-7000-8000-000000709011', 60, 'wrong sum', '0x0000000000000000000000000000000000709aaa') $$, '42501', 'hc_finance');
select core.act_as('00000000-0000-7000-8000-000000709009', 'hc_finance');
set local role hc_finance;
select core.refund_donation('00000000-0000-7000-8000-000000709011', 60, 'wrong sum', '0x0000000000000000000000000000000000709aaa') is not null;
select status = 'confirmed' and refunded_usd = 60 and metadata ->> 'receipt_due' = 'correct' from core.donations where id = '00000000-0000-7000-8000-000000709011';
select args, blueprint.raises(format('select core.refund_donation(%s)', args), state, why) from (values
  ($$ '00000000-0000-7000-8000-000000709011', 50, 'wrong sum', '0x0000000000000000000000000000000000709aaa' $$, '22023', '40.00'), ($$ '00000000-0000-7000-8000-000000709011', 1, 'wrong sum', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' $$, '22023', 'over ethereum'),
  ($$ '00000000-0000-7000-8000-000000709011', 1, 'wrong sum', '0x0000000000000000000000000000000000709bad' $$, '55000', 'suspicion'), ($$ '00000000-0000-7000-8000-000000709012', 1, 'wrong sum', '0x0000000000000000000000000000000000709aaa' $$, '55000', '90 days'),
  ($$ '00000000-0000-7000-8000-000000709013', 1, 'wrong sum', '0x0000000000000000000000000000000000709aaa' $$, '55000', 'only confirmed'), ($$ '00000000-0000-7000-8000-000000709011', 1, '', '0x0000000000000000000000000000000000709aaa' $$, '23514', 'refunds_reason_check')) v(args, state, why);
select core.refund_donation('00000000-0000-7000-8000-000000709011', 40, 'the rest', '0x0000000000000000000000000000000000709aaa', true) is not null;
select status = 'refunded' and refunded_usd = 100 and refunded_at = now() and metadata ->> 'receipt_due' = 'void' and metadata ? 'recurring_stopped_at' from core.donations where id = '00000000-0000-7000-8000-000000709011';
select count(*) = 2 and sum(r.amount_crypto) = 0.1 and bool_and(t.kind = 'refund' and t.txid is null and t.amount_crypto = r.amount_crypto and t.counterparty_address = r.to_address and r.requested_by = '00000000-0000-7000-8000-000000709009')
from core.refunds r join core.transactions t on t.id = r.transaction_id where r.donation_id = '00000000-0000-7000-8000-000000709011';
set local role hc_owner;
select sql, blueprint.raises(sql, state, why) from (values ($$ update core.refunds set amount_usd = 1 $$, '55006', 'refunds'), ($$ delete from core.refunds $$, '55006', 'refunds'), ('truncate core.refunds', '55006', 'refunds'),
  ($$ insert into core.refunds (donation_id, amount_usd, to_address, reason) values ('00000000-0000-7000-8000-000000709011', 0, 'x', 'why') $$, '23514', 'refunds_amount_usd_check'), ($$ insert into core.refunds (donation_id, amount_usd, to_address, reason) values (uuidv7(), 1, 'x', 'why') $$, '23503', 'refunds_donation_id_fk'),
  ($$ insert into core.refunds (donation_id, amount_usd, to_address, reason, transaction_id) values ('00000000-0000-7000-8000-000000709011', 1, 'x', 'why', uuidv7()) $$, '23503', 'refunds_transaction_id_fk'), ($$ insert into core.refunds select * from core.refunds where reason = 'the rest' $$, '23505', 'refunds_id_pk')) v(sql, state, why);
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.refunds where donation_id = '00000000-0000-7000-8000-000000709011' $$, 'refunds_donation_id_idx'), ($$ select from core.refunds where transaction_id = '00000000-0000-7000-8000-000000709011' $$, 'refunds_transaction_id_idx')) v(sql, index);
insert into core.refunds (donation_id, amount_usd, to_address, reason) values ('00000000-0000-7000-8000-000000709012', 1, 'x', 'why') returning id is not null and created_at = now();
select role, has_table_privilege(role, 'core.refunds', 'select') and not has_table_privilege(role, 'core.refunds', 'insert') from unnest(array['hc_finance', 'hc_compliance', 'hc_auditor']) role;
select not has_function_privilege('hc_member', 'core.refund_donation(uuid, numeric, text, text, boolean)', 'execute'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.refunds'::regclass);
set local role hc_auditor;
select count(*) = 3 from core.refunds where donation_id in ('00000000-0000-7000-8000-000000709011', '00000000-0000-7000-8000-000000709012');

-- revert
drop function core.refund_donation;
drop table core.refunds;

-- task: BUILD_0710 implement_table_feature
-- title: Public donor wall and exact totals without personal data
-- does: core.donor_wall shows first names (or Anonymous), fund, a rounded band, the month and moderated dedications of confirmed gifts; core.donation_totals(fund, from, to)
--   adds up exactly, net of refunds, and merges groups of fewer than three donors into other.
-- proves: anon reads both, anonymous donors show no name, the totals equal the hand sum net of a refund, a fund of two donors appears as other.
-- needs: BUILD_0704
create view core.donor_wall with (security_barrier) as
  select case when is_anonymous or donor_name is null then 'Anonymous' else split_part(btrim(donor_name), ' ', 1) end as name, fund_code,
    case when amount_usd < 25 then 'under 25' when amount_usd < 100 then '25 to 100' when amount_usd < 500 then '100 to 500' when amount_usd < 1000 then '500 to 1,000' when amount_usd < 5000 then '1,000 to 5,000' else '5,000 and more' end as band,
    date_trunc('month', confirmed_at, 'UTC') as month, case when metadata @> '{"dedication_moderated": true}' then dedication end as dedication
  from core.donations where status in ('confirmed', 'reconciled') and refunded_usd < amount_usd;

create function core.donation_totals(fund text default null, since timestamptz default '-infinity', until timestamptz default 'infinity') returns table (fund_code text, currency text, gifts numeric, amount numeric, amount_usd numeric)
  language sql stable security definer
begin atomic
  with counted as (
    select d.fund_code, d.currency::text as currency, coalesce(d.donor_id::text, d.donor_email::text, d.from_address, d.id::text) as donor, (d.amount_usd - d.refunded_usd)::numeric as net_usd,
      case when d.amount_crypto is null then d.amount_usd - d.refunded_usd else round(d.amount_crypto * (d.amount_usd - d.refunded_usd) / d.amount_usd, 18) end::numeric as net
    from core.donations d
    where d.status in ('confirmed', 'reconciled', 'refunded') and d.confirmed_at >= donation_totals.since and d.confirmed_at < donation_totals.until and (donation_totals.fund is null or d.fund_code = donation_totals.fund)),
  grouped as (
    select c.fund_code, c.currency, count(distinct c.donor) as donors, count(*) filter (where c.net_usd > 0) as gifts, sum(c.net) as amount, sum(c.net_usd) as amount_usd from counted c group by c.fund_code, c.currency)
  select case when g.donors < 3 then 'other' else g.fund_code end, g.currency, sum(g.gifts), sum(g.amount), sum(g.amount_usd)
  from grouped g group by 1, g.currency order by 1, g.currency;
end;

grant select on core.donor_wall to hc_anon;
grant execute on function core.donation_totals to hc_anon, hc_worker;

comment on view core.donor_wall is 'Confirmed gifts as everybody may see them. Runs as its owner on purpose: it shows what row security hides, rounded and without identity.';
comment on column core.donor_wall.name is 'First name, or Anonymous.';
comment on column core.donor_wall.fund_code is 'Fund.';
comment on column core.donor_wall.band is 'Value in USD, as a band.';
comment on column core.donor_wall.month is 'Month of confirmation, UTC.';
comment on column core.donor_wall.dedication is 'Dedication, once a moderator saw it.';
comment on function core.donation_totals is 'Confirmed gifts per fund and currency, exact and net of refunds; groups of fewer than three donors are merged into other. Security definer: everybody may know the sums.';

-- verify
insert into core.donations (chain, currency, amount_usd, refunded_usd, fund_code, donor_name, is_anonymous, donor_email, status, confirmed_at, fmv_rate_at, dedication, metadata) values
  ('fiat', 'USD', 100.10, 0, 'general', 'Ada Lovelace', false, 'a-0710@example.org', 'confirmed', '1971-01-05', now(), 'For Grace', '{"dedication_moderated": true}'), ('fiat', 'USD', 50, 20.05, 'general', null, true, 'b-0710@example.org', 'reconciled', '1971-01-06', now(), 'rude', '{}'),
  ('fiat', 'USD', 10, 0, 'general', 'Cem', false, 'c-0710@example.org', 'confirmed', '1971-02-05', now(), null, '{}'), ('fiat', 'USD', 7, 0, 'general', 'Dora', false, 'd-0710@example.org', 'pending', null, null, null, '{}'),
  ('fiat', 'USD', 3, 0, 'movement', 'Eve', false, 'e-0710@example.org', 'confirmed', '1971-02-05', now(), null, '{}'), ('fiat', 'USD', 4, 0, 'movement', 'Fay', false, 'f-0710@example.org', 'confirmed', '1971-02-05', now(), null, '{}');
insert into core.donations (chain, currency, amount_crypto, amount_usd, refunded_usd, donor_email, status, confirmed_at, fmv_rate_at) values ('bitcoin', 'BTC', 0.5, 100, 25, 'b-0710@example.org', 'confirmed', '1971-01-07', now());
set local role hc_anon;
select array_agg(name || '/' || band || '/' || coalesce(dedication, '-') order by name, band) = array['Ada/100 to 500/For Grace', 'Anonymous/100 to 500/-', 'Anonymous/25 to 100/-', 'Cem/under 25/-', 'Eve/under 25/-', 'Fay/under 25/-'], bool_and(fund_code is not null)
from core.donor_wall where month in ('1971-01-01 00:00+00', '1971-02-01 00:00+00');
select array_agg(format('%s %s %s %s %s', fund_code, currency, gifts, trim_scale(amount), amount_usd) order by 1) = array['general USD 3 140.05 140.05', 'other BTC 1 0.375 75.00', 'other USD 2 7 7.00'] from core.donation_totals(null, '1971-01-01', '1972-01-01') t;
select sum(amount_usd) = 7 and bool_and(fund_code = 'other') from core.donation_totals('movement', '1971-01-01', '1972-01-01');
select sum(amount_usd) = 130.05 from core.donation_totals('general', '1971-01-01', '1971-02-01') where currency = 'USD';
select blueprint.raises('select from core.donations', '42501'), blueprint.raises('select donor_email from core.donor_wall', '42703');
set local role hc_owner;
select has_function_privilege('hc_worker', 'core.donation_totals(text, timestamptz, timestamptz)', 'execute') and not has_function_privilege('hc_agent', 'core.donation_totals(text, timestamptz, timestamptz)', 'execute');
