-- Room treasury, payments: from the form to the gift, and from the proposal over approvals to what is paid out of a budget.

-- task: BUILD_0176 implement_feature critical
-- title: Payment intents from form to confirmed donation, safely repeatable
-- does: create_intent() allots an address (or leaves it to the processor) and quotes an amount for twenty minutes, once a key. apply_payment() takes each transaction once: exact and more is paid, less is partial and a top-up
--   completes it, late money counts at the rate of its day and is marked. One intent becomes one gift. expire_intents() ends what nobody paid and settles what stayed partial.
-- proves: the same key gives the same intent, other content under it raises; 60 % is partial, a top-up completes it, the same transaction again changes nothing; a late payment is taken at the current rate; never a second gift.
-- needs: BUILD_0164, BUILD_0165, BUILD_0166, BUILD_0707, BUILD_0720
create table treasury.intent_payments (
  intent_id uuid constraint intent_payments_intent_id_fk references treasury.payment_intents (id),
  txid text,
  amount core.crypto_amount not null constraint intent_payments_amount_check check (amount > 0),
  from_address text,
  received_at timestamptz not null,
  constraint intent_payments_intent_id_txid_pk primary key (intent_id, txid)
);

create function treasury.intent_status(intent uuid) returns jsonb
  language sql stable security definer
  return (select jsonb_build_object('id', i.id, 'status', i.status, 'fund', i.fund_code, 'amount_usd', i.amount_usd, 'currency', i.currency, 'chain', i.chain, 'pay_address', i.pay_address, 'pay_amount', trim_scale(i.pay_amount), 'received', trim_scale(i.received_amount),
    'missing', trim_scale(greatest(i.pay_amount - i.received_amount, 0)), 'expires_at', i.expires_at, 'donation_id', i.donation_id) from treasury.payment_intents i where i.id = intent);

create function treasury.create_intent(fund text, usd numeric, currency text, chain text, idempotency_key text, contact jsonb default '{}') returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  held treasury.payment_intents;
  fresh constant uuid := uuidv7();
  units int;
  place record;
  quoted numeric;
begin
  perform pg_advisory_xact_lock(hashtextextended('treasury.intent:' || idempotency_key, 0));
  select i.* into held from treasury.payment_intents i where i.idempotency_key = create_intent.idempotency_key;
  if held.id is not null then
    if (held.fund_code, held.amount_usd, held.currency, held.chain) is distinct from (fund, usd::core.fiat_amount, create_intent.currency, create_intent.chain) then
      raise exception using errcode = '23505', constraint = 'payment_intents_idempotency_key_key', message = 'this key belongs to another payment';
    end if;
    return treasury.intent_status(held.id);
  end if;
  select c.decimals into units from core.currencies c where c.code = create_intent.currency and c.chain = create_intent.chain and c.is_active;
  if units is null or coalesce(usd <= 0 or usd > 10000000, true) or coalesce(length(idempotency_key), 0) < 8 or not exists (select from treasury.funds f where f.code = fund and f.status = 'active' and f.during @> now()) then
    raise exception using errcode = '22023', message = 'a payment takes an open fund, an amount in USD, a currency of the chain and a key of 8 characters at least';
  end if;
  quoted := case when create_intent.chain = 'fiat' and create_intent.currency = 'USD' then usd else ceil(usd / treasury.rate_at(create_intent.currency, 'USD') * 10 ^ units) / 10 ^ units end;
  if create_intent.chain not in ('fiat', 'custodial') then
    select a.address, a.wallet_id into place from core.allocate_deposit_address(fund, create_intent.chain, fresh::text) a;
    insert into treasury.payment_intents (id, user_id, fund_code, amount_usd, currency, chain, pay_address, pay_amount, idempotency_key, status, expires_at, contact, metadata)
    values (fresh, core.current_user_id(), fund, usd, create_intent.currency, create_intent.chain, place.address, quoted, create_intent.idempotency_key, 'awaiting', now() + interval '20 minutes', create_intent.contact, jsonb_build_object('wallet_id', place.wallet_id));
  else
    insert into treasury.payment_intents (id, user_id, fund_code, amount_usd, currency, chain, pay_amount, idempotency_key, status, expires_at, contact)
    values (fresh, core.current_user_id(), fund, usd, create_intent.currency, create_intent.chain, quoted, create_intent.idempotency_key, 'awaiting', now() + interval '20 minutes', create_intent.contact);
  end if;
  return treasury.intent_status(fresh);
end $$;

create function treasury.settle_intent(intent uuid, at timestamptz) returns uuid
  language plpgsql set search_path = ''
as $$
declare
  i treasury.payment_intents;
  first_payment treasury.intent_payments;
  late boolean;
  worth numeric;
  gift uuid;
begin
  select p.* into i from treasury.payment_intents p where p.id = intent for update;
  select p.* into first_payment from treasury.intent_payments p where p.intent_id = intent order by p.received_at, p.txid limit 1;
  late := exists (select from treasury.intent_payments p where p.intent_id = intent and p.received_at > i.expires_at);
  worth := case when late and i.currency <> 'USD' then treasury.fair_value(i.currency, i.received_amount, at, '24 hours') else round(i.amount_usd * i.received_amount / i.pay_amount, 2) end;
  if i.donation_id is not null then
    update core.donations d set amount_crypto = case when i.chain <> 'fiat' then i.received_amount end, amount_usd = worth where d.id = i.donation_id and d.confirmed_at is null;
    return i.donation_id;
  end if;
  insert into core.donations (donor_id, donor_name, donor_email, is_anonymous, chain, currency, amount_crypto, amount_usd, fmv_rate, fmv_rate_at, txid, from_address, to_wallet_id, payment_ref, fund_code, status, metadata)
  values (i.user_id, case when coalesce(i.contact ->> 'anonymous', '') <> 'true' then i.contact ->> 'name' end, i.contact ->> 'mail', coalesce(i.contact ->> 'anonymous', '') = 'true', i.chain, i.currency, case when i.chain <> 'fiat' then i.received_amount end, worth,
    worth / i.received_amount, at, first_payment.txid, first_payment.from_address, core.as_uuid(i.metadata ->> 'wallet_id'), intent::text, i.fund_code, 'pending', jsonb_build_object('intent', intent) || case when late then '{"late": true}'::jsonb else '{}'::jsonb end)
  returning id into gift;
  update treasury.payment_intents p set donation_id = gift, status = 'paid' where p.id = intent;
  return gift;
end $$;

create function treasury.apply_payment(intent uuid, amount numeric, txid text, from_address text default null, at timestamptz default now()) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  i treasury.payment_intents;
begin
  select p.* into i from treasury.payment_intents p where p.id = intent for update;
  if i.id is null or i.status = 'cancelled' or coalesce(amount <= 0, true) or txid is null then
    raise exception using errcode = '22023', message = 'there is no such intent to be paid, or no amount or transaction';
  end if;
  insert into treasury.intent_payments (intent_id, txid, amount, from_address, received_at) values (intent, apply_payment.txid, apply_payment.amount, apply_payment.from_address, at) on conflict on constraint intent_payments_intent_id_txid_pk do nothing;
  if found then
    update treasury.payment_intents p set received_amount = p.received_amount + apply_payment.amount where p.id = intent returning p.* into i;
    if i.donation_id is not null or i.received_amount >= i.pay_amount * 0.995 then
      perform treasury.settle_intent(intent, at);
    elsif i.status <> 'partial' then
      update treasury.payment_intents p set status = 'partial' where p.id = intent;
    end if;
  end if;
  return treasury.intent_status(intent);
end $$;

create function treasury.expire_intents(at timestamptz default now()) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  stale uuid;
  expired int;
  settled int := 0;
begin
  for stale in select i.id from treasury.payment_intents i where i.status = 'partial' and i.expires_at < at - interval '24 hours' order by i.id for update skip locked loop
    perform treasury.settle_intent(stale, at);
    settled := settled + 1;
  end loop;
  update treasury.payment_intents i set status = 'expired' where i.status in ('created', 'awaiting') and i.expires_at < at;
  get diagnostics expired = row_count;
  return jsonb_build_object('expired', expired, 'settled', settled);
end $$;

create policy intent_payments_staff_select on treasury.intent_payments for select to hc_finance, hc_auditor using (true);

grant select on treasury.intent_payments to hc_finance, hc_auditor;
grant execute on function treasury.create_intent, treasury.apply_payment, treasury.expire_intents, treasury.intent_status to hc_worker;

comment on table treasury.intent_payments is 'Transactions that paid an intent, each once. @retention 10 years @distribution local';
comment on column treasury.intent_payments.intent_id is 'The intent.';
comment on column treasury.intent_payments.txid is 'The transaction.';
comment on column treasury.intent_payments.amount is 'How much it brought.';
comment on column treasury.intent_payments.from_address is 'Where from. @pii retain';
comment on column treasury.intent_payments.received_at is 'When.';
comment on policy intent_payments_staff_select on treasury.intent_payments is 'Finance and audit read.';
comment on function treasury.intent_status is 'What whoever knows its id may know of an intent; null for an unknown one. Security definer: for the worker.';
comment on function treasury.create_intent is 'The intent of a key, with address, amount and end of the quote. Security definer: for the worker.';
comment on function treasury.settle_intent is 'Makes the gift of an intent, or brings the amount of an unconfirmed one up to date. For owner functions.';
comment on function treasury.apply_payment is 'Takes a transaction for an intent, once; half a per cent too little is enough. Security definer: for the worker.';
comment on function treasury.expire_intents is 'Ends intents nobody paid and settles those that stayed partial for a day. Security definer: for the worker.';

-- verify
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('POL', 'USD', 'probe-0176', now(), 0.5, true);
insert into core.wallets (id, chain, address, custody, status, metadata) select ('00000000-0000-7000-8000-00000017600' || n)::uuid, 'polygon', '0x000000000000000000000000000000000017600' || n, 'public', 'active', '{"pool": "movement"}' from generate_series(1, 9) n;
insert into treasury.funds (code, title) values ('probe-0176', 'x');
update core.wallets set metadata = '{"pool": "probe-0176"}' where id::text like '%17600_';
set local role hc_worker;
create temporary table i on commit drop as select n, treasury.create_intent('probe-0176', 100, 'POL', 'polygon', 'key-0176-' || n, '{"name": "Ada", "mail": "ada-0176@example.org"}') as s from generate_series(1, 4) n;
grant select on pg_temp.i to hc_owner;
select count(distinct s ->> 'pay_address') = 4, bool_and(s @> '{"status": "awaiting", "pay_amount": 200, "received": 0}' and (s ->> 'expires_at')::timestamptz = now() + interval '20 minutes') from pg_temp.i;
select treasury.create_intent('probe-0176', 100, 'POL', 'polygon', 'key-0176-1') ->> 'id' = s ->> 'id', blueprint.raises($$ select treasury.create_intent('probe-0176', 101, 'POL', 'polygon', 'key-0176-1') $$, '23505', 'another payment') from pg_temp.i where n = 1;
select args, blueprint.raises(format('select treasury.create_intent(%s)', args), '22023') from unnest(array[$$ 'none', 1, 'POL', 'polygon', 'key-0176-9' $$, $$ 'probe-0176', 0, 'POL', 'polygon', 'key-0176-9' $$, $$ 'probe-0176', 1, 'BTC', 'polygon', 'key-0176-9' $$, $$ 'probe-0176', 1, 'POL', 'polygon', 'short' $$]) args;
select treasury.create_intent('probe-0176', 40, 'USD', 'fiat', 'key-0176-fiat') @> '{"pay_amount": 40, "pay_address": null}';
select treasury.apply_payment((s ->> 'id')::uuid, 120, '0x' || repeat('0176', 16), '0xfrom') @> '{"status": "partial", "received": 120, "missing": 80, "donation_id": null}', treasury.apply_payment((s ->> 'id')::uuid, 120, '0x' || repeat('0176', 16), '0xfrom') @> '{"status": "partial", "received": 120}' from pg_temp.i where n = 1;
select treasury.apply_payment((s ->> 'id')::uuid, 80, '0x' || repeat('176a', 16)) @> '{"status": "paid", "received": 200, "missing": 0}' from pg_temp.i where n = 1;
select treasury.apply_payment((s ->> 'id')::uuid, 220, '0x' || repeat('176b', 16)) @> '{"status": "paid"}' from pg_temp.i where n = 2;
select treasury.apply_payment((s ->> 'id')::uuid, 20, '0x' || repeat('176c', 16)) @> '{"status": "paid", "received": 240}' from pg_temp.i where n = 2;
select treasury.expire_intents(now() + interval '21 minutes') ->> 'expired' <> '0';
select treasury.intent_status((s ->> 'id')::uuid) ->> 'status' = 'expired', blueprint.raises(format('select treasury.apply_payment(%L, 0, %L)', s ->> 'id', 'x'), '22023') from pg_temp.i where n = 3;
set local role hc_owner;
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('POL', 'USD', 'probe-0176', now() + interval '25 minutes', 0.8, true), ('POL', 'USD', 'probe-0176', now() + interval '24 hours', 0.8, true);
set local role hc_worker;
select treasury.apply_payment((s ->> 'id')::uuid, 200, '0x' || repeat('176d', 16), null, now() + interval '30 minutes') ->> 'status' = 'paid' from pg_temp.i where n = 3;
select treasury.apply_payment((s ->> 'id')::uuid, 50, '0x' || repeat('176e', 16), null, now() + interval '30 minutes') ->> 'status' = 'partial' from pg_temp.i where n = 4;
select treasury.expire_intents(now() + interval '25 hours') ->> 'settled' <> '0';
set local role hc_owner;
select array_agg(format('%s %s %s %s %s', n, trim_scale(d.amount_crypto), d.amount_usd, d.status, d.metadata ? 'late') order by n) = array['1 200 100.00 pending f', '2 240 120.00 pending f', '3 200 160.00 pending t', '4 50 40.00 pending t'], bool_and(d.donor_name = 'Ada' and d.fund_code = 'probe-0176' and d.to_wallet_id is not null and d.payment_ref = s ->> 'id') from pg_temp.i join core.donations d on d.payment_ref = s ->> 'id';
select d.txid = '0x' || repeat('0176', 16) and d.from_address = '0xfrom' from core.donations d join pg_temp.i on d.payment_ref = s ->> 'id' and n = 1;
select vals, blueprint.raises('insert into treasury.intent_payments (intent_id, txid, amount, received_at) ' || vals, state, rule) from (values ($$ values (uuidv7(), 'x', 1, now()) $$, '23503', 'intent_payments_intent_id_fk'), ($$ select intent_id, 'y', 0, now() from treasury.intent_payments where from_address = '0xfrom' $$, '23514', 'intent_payments_amount_check'),
  ($$ select intent_id, txid, 1, now() from treasury.intent_payments where from_address = '0xfrom' $$, '23505', 'intent_payments_intent_id_txid_pk')) v(vals, state, rule);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_finance', f, 'execute') from unnest(array['treasury.create_intent(text, numeric, text, text, text, jsonb)', 'treasury.apply_payment(uuid, numeric, text, text, timestamptz)', 'treasury.expire_intents(timestamptz)', 'treasury.intent_status(uuid)']) f;
select not has_function_privilege('hc_worker', 'treasury.settle_intent(uuid, timestamptz)', 'execute'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'treasury.intent_payments'::regclass);
set local role hc_finance;
select count(*) >= 6 from treasury.intent_payments where txid like '0x%176%';
set local role hc_auditor;
select count(*) >= 6 from treasury.intent_payments where txid like '0x%176%';

-- task: BUILD_0177 implement_feature critical
-- title: Multisig proposals: hash-bound approvals, thresholds, time lock and expiry
-- does: propose() fixes what is to be paid in a digest, to addresses that compliance allowed only; approve() counts signers of the wallet who were signers then, to the threshold, and two people above 10,000 USD; above 50,000 a day passes
--   before execute() may record the transaction, once. Any edit makes a new digest, for which earlier approvals do not count; proposals lapse after a week.
-- proves: two of three pass with two distinct signers only, a wrong digest raises, an edit voids, execution before the lock, twice or late raises, an ex-signer and a stranger cannot approve, an address not allowed is refused.
-- needs: BUILD_0040, BUILD_0165, BUILD_0166, BUILD_0169
create table treasury.allowed_addresses (
  chain text constraint allowed_addresses_chain_fk references core.chains (code),
  address_norm text,
  label text not null,
  added_by uuid,
  added_at timestamptz not null default now(),
  constraint allowed_addresses_chain_address_norm_pk primary key (chain, address_norm)
);

create function treasury.proposal_digest(wallet uuid, kind text, to_address text, currency text, amount numeric) returns bytea
  language sql immutable
  return sha256(convert_to(jsonb_build_array(wallet, kind, to_address, currency, trim_scale(amount))::text, 'UTF8'));

create function treasury.void_approvals() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.payload_sha256 := treasury.proposal_digest(new.wallet_id, new.kind, new.to_address, new.currency, new.amount);
  if new.status = 'approved' then
    new.status := 'open';
    new.executes_after := null;
  end if;
  return new;
end $$;

create trigger proposals_a_edit before update on treasury.proposals for each row
  when (old.wallet_id <> new.wallet_id or old.kind <> new.kind or old.to_address <> new.to_address or old.currency <> new.currency or old.amount <> new.amount) execute function treasury.void_approvals();

create function treasury.allow_address(chain text, address text, label text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_compliance') then
    raise exception using errcode = '42501', message = 'addresses are allowed by hc_compliance';
  end if;
  insert into treasury.allowed_addresses (chain, address_norm, label, added_by) values (allow_address.chain, core.normal_address(allow_address.chain, address), allow_address.label, core.current_user_id()) on conflict on constraint allowed_addresses_chain_address_norm_pk do nothing;
end $$;

create function treasury.propose(wallet uuid, kind text, currency text, amount numeric, to_address text, note text default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  payer core.wallets;
  made uuid;
begin
  if not core.has_role('hc_finance') or core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'payments are proposed by hc_finance';
  end if;
  select w.* into payer from core.wallets w where w.id = wallet and w.owner_id is null and w.status = 'active';
  if payer.id is null or not exists (select from core.currencies c where c.code = propose.currency and c.chain = payer.chain) then
    raise exception using errcode = '22023', message = 'payments leave an active wallet of the organisation in a currency of its chain';
  elsif not exists (select from treasury.allowed_addresses a where a.chain = payer.chain and a.address_norm = core.normal_address(payer.chain, propose.to_address)) then
    raise exception using errcode = '22023', message = 'this address is not allowed yet: ask compliance';
  end if;
  insert into treasury.proposals (wallet_id, kind, to_address, currency, amount, amount_usd, payload_sha256, status, proposed_by, expires_at, metadata)
  values (wallet, propose.kind, propose.to_address, propose.currency, propose.amount, treasury.fair_value(propose.currency, propose.amount, now(), '24 hours'), treasury.proposal_digest(wallet, propose.kind, propose.to_address, propose.currency, propose.amount), 'open', core.current_user_id(), now() + interval '7 days',
    jsonb_strip_nulls(jsonb_build_object('note', note)))
  returning id into made;
  return made;
end $$;

create function treasury.approve(proposal uuid, payload_sha256 bytea, signature bytea default null, decision text default 'approve') returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  p treasury.proposals;
  payer core.wallets;
  me constant uuid := core.current_user_id();
  tally record;
begin
  select x.* into p from treasury.proposals x where x.id = proposal for update;
  if p.status is distinct from 'open' or p.expires_at <= now() then
    raise exception using errcode = '55000', message = 'the proposal is not open any more';
  elsif not exists (select from treasury.wallet_signers s where s.wallet_id = p.wallet_id and s.user_id = me and s.during @> now()) then
    raise exception using errcode = '42501', message = 'only a signer of the wallet decides';
  end if;
  insert into treasury.approvals (proposal_id, signer_id, payload_sha256, decision, signature) values (proposal, me, approve.payload_sha256, approve.decision, approve.signature);
  select w.* into payer from core.wallets w where w.id = p.wallet_id;
  select coalesce(sum(s.weight) filter (where a.decision = 'approve'), 0) as weight, count(distinct a.signer_id) filter (where a.decision = 'approve') as people, coalesce(sum(s.weight) filter (where a.decision = 'reject'), 0) as against,
    (select coalesce(sum(t.weight), 0) from treasury.wallet_signers t where t.wallet_id = p.wallet_id and t.during @> now() and t.user_id <> p.proposed_by) as total
  into tally from treasury.approvals a join treasury.wallet_signers s on s.wallet_id = p.wallet_id and s.user_id = a.signer_id and s.during @> a.occurred_at where a.proposal_id = proposal and a.payload_sha256 = p.payload_sha256;
  if tally.weight >= coalesce(payer.threshold_m, 1) and (tally.people >= 2 or p.amount_usd <= 10000) then
    update treasury.proposals x set status = 'approved', executes_after = case when p.amount_usd > 50000 then now() + interval '24 hours' else now() end where x.id = proposal;
    return 'approved';
  elsif tally.total - tally.against < coalesce(payer.threshold_m, 1) then
    update treasury.proposals x set status = 'rejected' where x.id = proposal;
    return 'rejected';
  end if;
  return 'open';
end $$;

create function treasury.execute_proposal(proposal uuid, txid text, at timestamptz default now()) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  p treasury.proposals;
  sent uuid;
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'payments are executed by hc_finance';
  end if;
  select x.* into p from treasury.proposals x where x.id = proposal for update;
  if p.status is distinct from 'approved' then
    raise exception using errcode = '55000', message = 'only an approved proposal is executed, once';
  elsif at < p.executes_after then
    raise exception using errcode = '55000', message = format('locked until %s', p.executes_after);
  elsif at >= p.expires_at then
    raise exception using errcode = '55000', message = 'the proposal has lapsed';
  end if;
  insert into core.transactions (wallet_id, kind, chain, currency, amount_crypto, amount_usd, txid, counterparty_address)
  select p.wallet_id, case p.kind when 'payout' then 'outgoing' else p.kind end, w.chain, p.currency, p.amount, p.amount_usd, execute_proposal.txid, p.to_address from core.wallets w where w.id = p.wallet_id returning id into sent;
  update treasury.proposals x set status = 'executed', transaction_id = sent where x.id = proposal;
  return sent;
end $$;

create function treasury.expire_proposals(at timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  lapsed int;
begin
  update treasury.proposals p set status = 'expired' where p.status in ('open', 'approved') and p.expires_at <= at;
  get diagnostics lapsed = row_count;
  return lapsed;
end $$;

create policy allowed_addresses_staff_select on treasury.allowed_addresses for select to hc_finance, hc_compliance, hc_auditor using (true);

grant select on treasury.allowed_addresses to hc_finance, hc_compliance, hc_auditor;
grant execute on function treasury.allow_address to hc_compliance;
grant execute on function treasury.propose, treasury.approve, treasury.execute_proposal, treasury.proposal_digest to hc_finance;
grant execute on function treasury.expire_proposals to hc_worker;

comment on table treasury.allowed_addresses is 'Where payments may go; compliance decides. @distribution local';
comment on column treasury.allowed_addresses.chain is 'The network.';
comment on column treasury.allowed_addresses.address_norm is 'The address as compared. @pii retain';
comment on column treasury.allowed_addresses.label is 'Whose it is.';
comment on column treasury.allowed_addresses.added_by is 'Who allowed it.';
comment on column treasury.allowed_addresses.added_at is 'When.';
comment on policy allowed_addresses_staff_select on treasury.allowed_addresses is 'Finance, compliance and audit read.';
comment on function treasury.proposal_digest is 'What approvals are bound to: wallet, kind, address, currency and amount.';
comment on function treasury.void_approvals is 'Trigger of proposals: an edit makes a new digest, and an approved one is open again.';
comment on trigger proposals_a_edit on treasury.proposals is 'Edits void approvals.';
comment on function treasury.allow_address is 'Allows an address as goal of payments (hc_compliance). Security definer: nobody writes the list.';
comment on function treasury.propose is 'Proposes a payment to an allowed address (hc_finance); lapses after a week. Security definer: nobody writes proposals.';
comment on function treasury.approve is 'Decides as a signer of the wallet on what is proposed now: open, approved or rejected comes back. Security definer: nobody writes approvals.';
comment on function treasury.execute_proposal is 'Records the transaction of an approved proposal after its time lock, once (hc_finance). Security definer: nobody writes movements.';
comment on function treasury.expire_proposals is 'Ends proposals whose week is over; returns how many. Security definer: for the worker.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000017700' || n)::uuid, 'p' || n || '-0177' from generate_series(1, 6) n;
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('ETH', 'USD', 'probe-0177', now(), 2000, true);
insert into core.wallets (id, chain, address, custody, status, threshold_m, threshold_n) values ('00000000-0000-7000-8000-000000177011', 'ethereum', '0x0000000000000000000000000000000000177011', 'multisig', 'active', 2, 3), ('00000000-0000-7000-8000-000000177012', 'ethereum', '0x0000000000000000000000000000000000177012', 'hot', 'active', null, null);
insert into treasury.wallet_signers (wallet_id, user_id, during) select w::uuid, ('00000000-0000-7000-8000-00000017700' || n)::uuid, case when n = 4 then core.period(now() - interval '2 years', now() - interval '1 year') else core.period(now() - interval '1 year') end from unnest(array['00000000-0000-7000-8000-000000177011', '00000000-0000-7000-8000-000000177012']) w, generate_series(1, 4) n;
select core.act_as('00000000-0000-7000-8000-000000177006', 'hc_compliance');
select treasury.allow_address('ethereum', '0x0000000000000000000000000000000000177AAA', 'Supplier'), treasury.allow_address('ethereum', '0x0000000000000000000000000000000000177aaa', 'Supplier'), blueprint.raises($$ select treasury.propose('00000000-0000-7000-8000-000000177011', 'payout', 'ETH', 1, '0x0000000000000000000000000000000000177aaa') $$, '42501', 'hc_finance');
select core.act_as('00000000-0000-7000-8000-000000177001', 'hc_finance');
select blueprint.raises($$ select treasury.allow_address('ethereum', 'x', 'x') $$, '42501', 'hc_compliance'), blueprint.raises($$ select treasury.propose('00000000-0000-7000-8000-000000177011', 'payout', 'ETH', 1, '0x0000000000000000000000000000000000177bbb') $$, '22023', 'not allowed'), blueprint.raises($$ select treasury.propose('00000000-0000-7000-8000-000000177011', 'payout', 'BTC', 1, '0x0000000000000000000000000000000000177aaa') $$, '22023', 'active wallet');
create temporary table p on commit drop as select n, treasury.propose(case when n = 3 then '00000000-0000-7000-8000-000000177012' else '00000000-0000-7000-8000-000000177011' end::uuid, 'payout', 'ETH', case n when 2 then 30 when 3 then 6 else 1 end, '0x0000000000000000000000000000000000177aaa', 'invoice') as id from generate_series(1, 4) n;
grant select on pg_temp.p to hc_finance;
create function treasury.probe_0177(who int, n int, decision text default 'approve') returns text language plpgsql as $$ begin perform core.act_as(('00000000-0000-7000-8000-00000017700' || who)::uuid, 'hc_finance'); return (select treasury.approve(x.id, x.payload_sha256, null, decision) from treasury.proposals x join pg_temp.p using (id) where p.n = probe_0177.n); end $$;
select blueprint.raises('select treasury.probe_0177(1, 1)', '23514', 'approvals_signer_id_check'), blueprint.raises('select treasury.probe_0177(4, 1)', '42501', 'signer'), blueprint.raises('select treasury.probe_0177(5, 1)', '42501', 'signer');
select treasury.probe_0177(2, 1) = 'open';
select blueprint.raises('select treasury.probe_0177(2, 1)', '23505'), blueprint.raises(format('select treasury.approve(%L, sha256(%L))', id, 'x'), '23514', 'approvals_payload_sha256_check'), blueprint.raises(format('select treasury.execute_proposal(%L, %L)', id, '0x' || repeat('0177', 16)), '55000', 'only an approved') from pg_temp.p where n = 1;
update treasury.proposals set amount = 2 where id = (select id from pg_temp.p where n = 1) returning payload_sha256 = treasury.proposal_digest(wallet_id, kind, to_address, currency, 2);
select treasury.probe_0177(3, 1) = 'open';
select treasury.probe_0177(2, 1) = 'approved';
update treasury.proposals set amount = 3 where id = (select id from pg_temp.p where n = 1) returning status = 'open' and executes_after is null;
select treasury.probe_0177(3, 1) = 'open', treasury.probe_0177(2, 1) = 'approved';
select treasury.probe_0177(3, 2) = 'open', treasury.probe_0177(2, 2) = 'approved';
select treasury.probe_0177(2, 3) = 'open', treasury.probe_0177(3, 3) = 'approved';
select treasury.probe_0177(2, 4, 'reject') = 'rejected';
set local role hc_finance;
select treasury.execute_proposal(id, '0x' || repeat('0177', 16)) is not null, blueprint.raises(format('select treasury.execute_proposal(%L, %L)', id, '0x' || repeat('0177', 16)), '55000', 'once') from pg_temp.p where n = 1;
select blueprint.raises(format('select treasury.execute_proposal(%L, %L)', id, '0x' || repeat('177a', 16)), '55000', 'locked until'), blueprint.raises(format('select treasury.execute_proposal(%L, %L, now() + interval %L)', id, '0x' || repeat('177a', 16), '8 days'), '55000', 'lapsed'), treasury.execute_proposal(id, '0x' || repeat('177a', 16), now() + interval '25 hours') is not null from pg_temp.p where n = 2;
set local role hc_owner;
select t.kind = 'outgoing' and t.amount_crypto = 3 and t.status = 'seen' and x.transaction_id = t.id and x.status = 'executed' and x.metadata ->> 'note' = 'invoice' from pg_temp.p join treasury.proposals x using (id) join core.transactions t on t.id = x.transaction_id where n = 1;
select core.act_as('00000000-0000-7000-8000-000000177006', 'hc_compliance');
select blueprint.raises(format('select treasury.execute_proposal(%L, %L)', id, '0x' || repeat('177c', 16)), '42501', 'hc_finance') from pg_temp.p where n = 3;
set local role hc_worker;
select treasury.expire_proposals(now() + interval '8 days') >= 1;
set local role hc_owner;
select status = 'expired' from treasury.proposals join pg_temp.p using (id) where n = 3;
select blueprint.raises($$ insert into treasury.allowed_addresses select * from treasury.allowed_addresses where label = 'Supplier' $$, '23505', 'allowed_addresses_chain_address_norm_pk'), blueprint.raises($$ insert into treasury.allowed_addresses (chain, address_norm, label) values ('moon', 'x', 'x') $$, '23503', 'allowed_addresses_chain_fk'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'treasury.allowed_addresses'::regclass);
insert into treasury.allowed_addresses (chain, address_norm, label) values ('ethereum', 'probe-0177', 'x') returning added_at = now();
select f, has_function_privilege('hc_finance', f, 'execute') and not has_function_privilege('hc_compliance', f, 'execute') from unnest(array['treasury.propose(uuid, text, text, numeric, text, text)', 'treasury.approve(uuid, bytea, bytea, text)', 'treasury.execute_proposal(uuid, text, timestamptz)', 'treasury.proposal_digest(uuid, text, text, text, numeric)']) f;
select has_function_privilege('hc_compliance', 'treasury.allow_address(text, text, text)', 'execute') and not has_function_privilege('hc_finance', 'treasury.allow_address(text, text, text)', 'execute') and has_function_privilege('hc_worker', 'treasury.expire_proposals(timestamptz)', 'execute') and not has_function_privilege('hc_finance', 'treasury.expire_proposals(timestamptz)', 'execute') and not has_function_privilege('hc_finance', 'treasury.void_approvals()', 'execute');
select bool_and(prosecdef) from pg_proc where oid in ('treasury.allow_address(text, text, text)'::regprocedure, 'treasury.propose(uuid, text, text, numeric, text, text)'::regprocedure, 'treasury.approve(uuid, bytea, bytea, text)'::regprocedure);
select role, has_table_privilege(role, 'treasury.allowed_addresses', 'select') from unnest(array['hc_finance', 'hc_compliance', 'hc_auditor']) role;
set local role hc_auditor;
select count(*) = 1 from treasury.allowed_addresses where label = 'Supplier';

-- task: BUILD_0180 implement_feature critical
-- title: Budgets, commitments and payouts with spend control
-- does: budget_status() shows limit, committed, spent and available; request_payout() makes a proposal for what is available, judged under the lock of the budget, and of a restricted fund for its purposes only; execute_payout()
--   records and posts it, once. At the end of a period open commitments are released; budget_forecast() says where spending leads.
-- proves: a second payout beyond what is available raises, a restricted fund refuses another purpose, executing moves committed to spent and posts the entry, releasing gives back, the forecast is right. That two
--   payouts at once cannot both fit is raced.
-- needs: BUILD_0172, BUILD_0174, BUILD_0177
create function treasury.budget_status(fund text, at date default current_date) returns table (budget_id uuid, account text, limit_usd numeric, committed numeric, spent numeric, available numeric)
  language sql stable security definer
begin atomic
  select b.id, a.code, b.limit_usd::numeric, u.committed, u.spent, (b.limit_usd - u.committed - u.spent)::numeric from treasury.budgets b join treasury.accounts a on a.id = b.account_id,
    lateral (select coalesce(sum(p.amount_usd) filter (where p.status in ('requested', 'approved')), 0)::numeric as committed, coalesce(sum(p.amount_usd) filter (where p.status = 'executed'), 0)::numeric as spent from treasury.payouts p where p.budget_id = b.id) u
  where b.fund_code = fund and b.period @> budget_status.at order by a.code;
end;

create function treasury.request_payout(payee uuid, budget uuid, wallet uuid, currency text, amount numeric, to_address text, purpose text default null, at date default current_date) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  b treasury.budgets;
  fund treasury.funds;
  proposal uuid;
  worth numeric;
  open_usd numeric;
  made uuid;
begin
  select x.* into b from treasury.budgets x where x.id = budget for update;
  select f.* into fund from treasury.funds f where f.code = b.fund_code;
  if b.id is null or not b.period @> at then
    raise exception using errcode = '22023', message = 'there is no such budget at that time';
  elsif fund.kind <> 'unrestricted' and not coalesce(purpose = any (fund.purposes), false) then
    raise exception using errcode = '22023', message = format('fund %s is for %s', fund.code, array_to_string(fund.purposes, ', '));
  end if;
  proposal := treasury.propose(wallet, 'payout', currency, amount, to_address, purpose);
  select p.amount_usd into worth from treasury.proposals p where p.id = proposal;
  select b.limit_usd - coalesce(sum(p.amount_usd), 0) into open_usd from treasury.payouts p where p.budget_id = budget and p.status in ('requested', 'approved', 'executed');
  if worth > open_usd then
    raise exception using errcode = '55000', message = format('%s USD are available, %s were asked for', open_usd, worth);
  end if;
  insert into treasury.payouts (proposal_id, payee_id, budget_id, amount_usd, currency, amount, purpose) values (proposal, payee, budget, worth, request_payout.currency, request_payout.amount, request_payout.purpose) returning id into made;
  return made;
end $$;

create function treasury.execute_payout(payout uuid, txid text, at timestamptz default now()) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  p treasury.payouts;
  b treasury.budgets;
  sent uuid;
  posted text;
begin
  select x.* into p from treasury.payouts x where x.id = payout for update;
  if p.status = 'executed' and exists (select from core.transactions t where t.id = p.transaction_id and t.txid = execute_payout.txid) then
    return (select e.number from treasury.entries e where e.id = p.entry_id);
  elsif p.status is null or p.status not in ('requested', 'approved') then
    raise exception using errcode = '55000', message = 'only an open payout is executed, once';
  end if;
  sent := treasury.execute_proposal(p.proposal_id, txid, at);
  select x.* into b from treasury.budgets x where x.id = p.budget_id;
  posted := treasury.post_entry('payout', 'payout', payout::text, (at at time zone 'UTC')::date, jsonb_build_array(
    jsonb_build_object('account', (select a.code from treasury.accounts a where a.id = b.account_id), 'currency', p.currency, 'amount', p.amount, 'amount_usd', p.amount_usd, 'fund', b.fund_code),
    jsonb_build_object('account', treasury.asset_account((select t.wallet_id from core.transactions t where t.id = sent), p.currency), 'currency', p.currency, 'amount', - p.amount, 'amount_usd', - p.amount_usd, 'fund', b.fund_code)), p.purpose);
  update treasury.payouts x set status = 'executed', transaction_id = sent, entry_id = (select e.id from treasury.entries e where e.number = posted) where x.id = payout;
  return posted;
end $$;

create function treasury.release_commitments(at date default current_date) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  released int;
begin
  update treasury.proposals p set status = 'expired' from treasury.payouts o join treasury.budgets b on b.id = o.budget_id where o.proposal_id = p.id and o.status in ('requested', 'approved') and upper(b.period) <= at and p.status in ('open', 'approved');
  update treasury.payouts o set status = 'cancelled' from treasury.budgets b where b.id = o.budget_id and o.status in ('requested', 'approved') and (upper(b.period) <= at or exists (select from treasury.proposals p where p.id = o.proposal_id and p.status in ('rejected', 'expired')));
  get diagnostics released = row_count;
  return released;
end $$;

create function treasury.budget_forecast(budget uuid, at date default current_date) returns table (spent numeric, per_day numeric, projected numeric, over_limit boolean)
  language sql stable
begin atomic
  select u.spent, round(u.spent / u.days, 2), round(u.spent / u.days * (upper(b.period) - lower(b.period)), 2), u.spent / u.days * (upper(b.period) - lower(b.period)) > b.limit_usd
  from treasury.budgets b, lateral (select coalesce(sum(p.amount_usd), 0)::numeric as spent, greatest(least(budget_forecast.at, upper(b.period)) - lower(b.period), 1) as days from treasury.payouts p where p.budget_id = b.id and p.status = 'executed') u
  where b.id = budget;
end;

grant execute on function treasury.budget_status, treasury.budget_forecast to hc_finance, hc_auditor;
grant execute on function treasury.request_payout, treasury.execute_payout to hc_finance;
grant execute on function treasury.release_commitments to hc_worker;

comment on function treasury.budget_status is 'Budgets of a fund at a day: limit, committed by open payouts, spent, available. Security definer: shows sums only.';
comment on function treasury.request_payout is 'Proposes a payout within what its budget has left, one at a time per budget (hc_finance, through treasury.propose). Security definer: nobody writes payouts.';
comment on function treasury.execute_payout is 'Executes the proposal of a payout and posts it, once; the number of the entry comes back, also when the same transaction is told again. Security definer: nobody writes books.';
comment on function treasury.release_commitments is 'Cancels open payouts whose budget has ended or whose proposal was rejected or lapsed; returns how many. Security definer: for the worker.';
comment on function treasury.budget_forecast is 'What is spent a day so far, where that leads by the end of the period, and whether it is over the limit.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000018000' || n)::uuid, 'p' || n || '-0180' from generate_series(1, 3) n;
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('POL', 'USD', 'probe-0180', now(), 1, true);
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000180011', 'polygon', '0x0000000000000000000000000000000000180011', 'hot', 'active');
insert into treasury.wallet_signers (wallet_id, user_id, during) values ('00000000-0000-7000-8000-000000180011', '00000000-0000-7000-8000-000000180002', core.period(now() - interval '1 year'));
insert into treasury.allowed_addresses (chain, address_norm, label) values ('polygon', '0x0000000000000000000000000000000000180aaa', 'x');
insert into treasury.funds (code, title, kind, purposes) values ('probe-0180', 'x', 'restricted', '{course}');
insert into treasury.budgets (id, fund_code, account_id, period, limit_usd) select ('00000000-0000-7000-8000-00000018002' || n)::uuid, 'probe-0180', a.id, case n when 1 then daterange(current_date - 10, current_date + 10) else daterange(current_date - 100, current_date - 50) end, 100 from generate_series(1, 2) n, treasury.accounts a where a.code = 'expense.programme.scholarship';
select core.act_as('00000000-0000-7000-8000-000000180001', 'hc_finance');
set local role hc_finance;
create temporary table o on commit drop as select treasury.request_payout('00000000-0000-7000-8000-000000180003', '00000000-0000-7000-8000-000000180021', '00000000-0000-7000-8000-000000180011', 'POL', 60, '0x0000000000000000000000000000000000180aaa', 'course') as id;
grant select on pg_temp.o to hc_owner;
select blueprint.raises($$ select treasury.request_payout(null, '00000000-0000-7000-8000-000000180021', '00000000-0000-7000-8000-000000180011', 'POL', 60, '0x0000000000000000000000000000000000180aaa', 'course') $$, '55000', '40.00 USD are available'),
  blueprint.raises($$ select treasury.request_payout(null, '00000000-0000-7000-8000-000000180021', '00000000-0000-7000-8000-000000180011', 'POL', 1, '0x0000000000000000000000000000000000180aaa', 'party') $$, '22023', 'is for course'), blueprint.raises($$ select treasury.request_payout(null, '00000000-0000-7000-8000-000000180021', '00000000-0000-7000-8000-000000180011', 'POL', 1, '0x0000000000000000000000000000000000180aaa') $$, '22023', 'is for course'),
  blueprint.raises($$ select treasury.request_payout(null, '00000000-0000-7000-8000-000000180022', '00000000-0000-7000-8000-000000180011', 'POL', 1, '0x0000000000000000000000000000000000180aaa', 'course') $$, '22023', 'no such budget'), blueprint.raises(format('select treasury.execute_payout(%L, %L)', id, '0x' || repeat('0180', 16)), '55000', 'approved') from pg_temp.o;
select committed = 60 and spent = 0 and available = 40 and limit_usd = 100 and account = 'expense.programme.scholarship' from treasury.budget_status('probe-0180');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000180002', 'hc_finance');
select treasury.approve(p.id, p.payload_sha256) = 'approved' from treasury.proposals p join treasury.payouts x on x.proposal_id = p.id join pg_temp.o on o.id = x.id;
set local role hc_finance;
select treasury.execute_payout(id, '0x' || repeat('0180', 16)) like 'JE-%', blueprint.raises(format('select treasury.execute_payout(%L, %L)', id, '0x' || repeat('180a', 16)), '55000', 'once') from pg_temp.o;
select treasury.execute_payout(id, '0x' || repeat('0180', 16)) like 'JE-%' from pg_temp.o;
select committed = 0 and spent = 60 and available = 40 from treasury.budget_status('probe-0180');
set local role hc_owner;
set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
select x.status = 'executed' and t.txid = '0x' || repeat('0180', 16) and (select array_agg(p.amount_usd order by p.line_no) = '{60,-60}' and bool_and(p.fund_code = 'probe-0180') from treasury.postings p where p.entry_id = x.entry_id) from treasury.payouts x join core.transactions t on t.id = x.transaction_id join pg_temp.o on o.id = x.id;
select spent = 60 and per_day = 6 and projected = 120 and over_limit from treasury.budget_forecast('00000000-0000-7000-8000-000000180021');
set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
select core.act_as('00000000-0000-7000-8000-000000180001', 'hc_finance');
select treasury.request_payout(null, '00000000-0000-7000-8000-000000180021', '00000000-0000-7000-8000-000000180011', 'POL', 40, '0x0000000000000000000000000000000000180aaa', 'course') is not null;
set local role hc_worker;
select treasury.release_commitments(current_date + 10) >= 1;
set local role hc_owner;
select committed = 0 and available = 40 from treasury.budget_status('probe-0180');
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_compliance', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['treasury.budget_status(text, date)', 'treasury.budget_forecast(uuid, date)']) f;
select f, has_function_privilege('hc_finance', f, 'execute') and not has_function_privilege('hc_compliance', f, 'execute') from unnest(array['treasury.request_payout(uuid, uuid, uuid, text, numeric, text, text, date)', 'treasury.execute_payout(uuid, text, timestamptz)']) f;
select has_function_privilege('hc_worker', 'treasury.release_commitments(date)', 'execute') and not has_function_privilege('hc_finance', 'treasury.release_commitments(date)', 'execute'), prosecdef from pg_proc where oid = 'treasury.budget_status(text, date)'::regprocedure;
