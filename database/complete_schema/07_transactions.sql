-- Core table transactions: movements on chains and at custodians, as observed. Observations come in any order and more than once; blocks are taken back;
-- amounts do not change once confirmed.

-- task: BUILD_0721 create_table critical
-- title: Create core.transactions for chain and custodial movements with policies
-- does: One row per movement of a wallet. Finance, compliance and audit read all, donors the movements of their gifts without what providers said;
--   nobody writes but owner functions.
-- proves: the donor sees the transaction of the own gift without raw, others see none, finance sees all, a member's insert raises 42501.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0701
create table core.transactions (
  id uuid default uuidv7() constraint transactions_id_pk primary key,
  wallet_id uuid not null,
  donation_id uuid,
  kind text not null default 'incoming',
  chain text not null,
  currency core.currency_code not null,
  amount_crypto core.crypto_amount not null,
  fee_crypto core.crypto_amount not null default 0,
  amount_usd core.fiat_amount,
  txid text,
  log_index int not null default 0,
  block_height bigint,
  block_hash text,
  block_at timestamptz,
  confirmations int not null default 0,
  status text not null default 'seen',
  counterparty_address text,
  replaces_id uuid,
  raw jsonb not null default '{}' constraint transactions_raw_check check (jsonb_typeof(raw) = 'object'),
  metadata jsonb not null default '{}' constraint transactions_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create policy transactions_donor_select on core.transactions for select to hc_member
  using (donation_id in (select d.id from core.donations d where d.donor_id = (select core.current_user_id())));
create policy transactions_staff_select on core.transactions for select to hc_finance, hc_compliance, hc_auditor using (true);

grant select (id, wallet_id, donation_id, kind, chain, currency, amount_crypto, fee_crypto, amount_usd, txid, log_index, block_height, block_hash, block_at, confirmations, status, created_at, updated_at)
  on core.transactions to hc_member;
grant select on core.transactions to hc_finance, hc_compliance, hc_auditor;

comment on table core.transactions is 'Movements of wallets on chains and at custodians, as observed. @retention 10 years @distribution local';
comment on column core.transactions.id is 'Version 7 UUID.';
comment on column core.transactions.wallet_id is 'Our side of it.';
comment on column core.transactions.donation_id is 'The gift it brought, or gives back.';
comment on column core.transactions.kind is 'incoming, outgoing, sweep, exchange, fee or refund.';
comment on column core.transactions.chain is 'The network.';
comment on column core.transactions.currency is 'What moved.';
comment on column core.transactions.amount_crypto is 'How much, always positive; kind says which way. Of fiat too.';
comment on column core.transactions.fee_crypto is 'What the network took from the wallet on top.';
comment on column core.transactions.amount_usd is 'Value at that time.';
comment on column core.transactions.txid is 'Id on the chain; null of what we have not sent yet.';
comment on column core.transactions.log_index is 'Which movement of the transaction.';
comment on column core.transactions.block_height is 'Block it is in.';
comment on column core.transactions.block_hash is 'Its hash.';
comment on column core.transactions.block_at is 'Its time.';
comment on column core.transactions.confirmations is 'Blocks from there on, its own included.';
comment on column core.transactions.status is 'State machine transaction: seen, confirming, confirmed, orphaned, replaced, failed.';
comment on column core.transactions.counterparty_address is 'The other side. @pii retain';
comment on column core.transactions.replaces_id is 'The transaction that this one replaced on the network.';
comment on column core.transactions.raw is 'What the provider said: memo, logs, ...';
comment on column core.transactions.metadata is 'Notes of the platform: conflicts, ...';
comment on column core.transactions.created_at is 'When it was first seen.';
comment on column core.transactions.updated_at is 'When the row last really changed.';
comment on policy transactions_donor_select on core.transactions is 'Donors see the movements of their gifts.';
comment on policy transactions_staff_select on core.transactions is 'Finance, compliance and audit see every movement.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000721001', 'ada-0721'), ('00000000-0000-7000-8000-000000721002', 'bob-0721');
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000721021', 'ethereum', '0x0000000000000000000000000000000000721021', 'hot', 'active');
insert into core.donations (id, donor_id, chain, currency, amount_crypto, to_wallet_id) values
  ('00000000-0000-7000-8000-000000721011', '00000000-0000-7000-8000-000000721001', 'ethereum', 'ETH', 0.5, '00000000-0000-7000-8000-000000721021');
insert into core.transactions (id, wallet_id, donation_id, chain, currency, amount_crypto, txid) values
  ('00000000-0000-7000-8000-000000721031', '00000000-0000-7000-8000-000000721021', '00000000-0000-7000-8000-000000721011', 'ethereum', 'ETH', 0.5, '0x' || repeat('0721', 16))
returning kind = 'incoming' and fee_crypto = 0 and log_index = 0 and confirmations = 0 and status = 'seen' and raw = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid) values ('00000000-0000-7000-8000-000000721021', 'ethereum', 'ETH', 0.7, '0x' || repeat('072b', 16)) returning id is not null;
select cols, blueprint.raises(format($$ insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid, %s) values ('00000000-0000-7000-8000-000000721021', 'ethereum', 'ETH', 1, '0x%s', %s) $$, cols, repeat('0722', 16), vals), state, rule)
from (values ('id', $$ '00000000-0000-7000-8000-000000721031' $$, '23505', 'transactions_id_pk'), ('raw', $$ '[]' $$, '23514', 'transactions_raw_check'), ('metadata', $$ '[]' $$, '23514', 'transactions_metadata_check')) v(cols, vals, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.transactions'::regclass;
select core.act_as('00000000-0000-7000-8000-000000721001');
set local role hc_member;
select count(*) = 1 and bool_and(amount_crypto = 0.5) from core.transactions;
select sql, blueprint.raises(sql, '42501') from (values ('select raw from core.transactions'), ('select counterparty_address from core.transactions'), ($$ update core.transactions set status = 'failed' $$),
  ($$ insert into core.transactions (wallet_id, chain, currency, amount_crypto) values ('00000000-0000-7000-8000-000000721021', 'ethereum', 'ETH', 1) $$)) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000721002');
set local role hc_member;
select count(*) = 0 from core.transactions;
set local role hc_finance;
select count(*) = 2, bool_and(raw = '{}') from core.transactions where wallet_id = '00000000-0000-7000-8000-000000721021';
set local role hc_compliance;
select count(*) = 2, bool_and(raw = '{}') from core.transactions where wallet_id = '00000000-0000-7000-8000-000000721021';
set local role hc_auditor;
select count(*) = 2, bool_and(raw = '{}') from core.transactions where wallet_id = '00000000-0000-7000-8000-000000721021';
set local role hc_owner;
select c, has_column_privilege('hc_member', 'core.transactions', c, 'select') from unnest(string_to_array('id,wallet_id,donation_id,kind,chain,currency,amount_crypto,fee_crypto,amount_usd,txid,log_index,block_height,'
  'block_hash,block_at,confirmations,status,created_at,updated_at', ',')) c;
