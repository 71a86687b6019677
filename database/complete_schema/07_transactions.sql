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
comment on column core.transactions.wallet_id is 'Our side of it. @wix never';
comment on column core.transactions.donation_id is 'The gift it brought, or gives back.';
comment on column core.transactions.kind is 'incoming, outgoing, sweep, exchange, fee or refund.';
comment on column core.transactions.chain is 'The network.';
comment on column core.transactions.currency is 'What moved.';
comment on column core.transactions.amount_crypto is 'How much, always positive; kind says which way. Of fiat too.';
comment on column core.transactions.fee_crypto is 'What the network took from the wallet on top. @wix never';
comment on column core.transactions.amount_usd is 'Value at that time.';
comment on column core.transactions.txid is 'Id on the chain; null of what we have not sent yet.';
comment on column core.transactions.log_index is 'Which movement of the transaction. @wix never';
comment on column core.transactions.block_height is 'Block it is in.';
comment on column core.transactions.block_hash is 'Its hash.';
comment on column core.transactions.block_at is 'Its time.';
comment on column core.transactions.confirmations is 'Blocks from there on, its own included.';
comment on column core.transactions.status is 'State machine transaction: seen, confirming, confirmed, orphaned, replaced, failed.';
comment on column core.transactions.counterparty_address is 'The other side. @pii retain @wix never';
comment on column core.transactions.replaces_id is 'The transaction that this one replaced on the network. @wix never';
comment on column core.transactions.raw is 'What the provider said: memo, logs, ... @wix never';
comment on column core.transactions.metadata is 'Notes of the platform: conflicts, ... @wix never';
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

-- task: BUILD_0722 create_table_indexes
-- title: Index transactions by wallet time, open status, chain position
-- does: Statements of a wallet without a sort, the open ones and the blocks that may be taken back by partial indexes, look-ups by gift, counterparty and successor;
--   a movement is there once.
-- proves: each query of the platform can be served by its index; the same movement twice raises 23505.
-- needs: BUILD_0005, BUILD_0721
create unique index transactions_chain_txid_log_index_wallet_id_key on core.transactions (chain, txid, log_index, wallet_id);
create index transactions_wallet_id_block_height_idx on core.transactions (wallet_id, block_height desc nulls first);
create index transactions_donation_id_idx on core.transactions (donation_id) where donation_id is not null;
create index transactions_chain_block_height_idx on core.transactions (chain, block_height) where status in ('confirming', 'confirmed');
create index transactions_open_idx on core.transactions (status, created_at) where status in ('seen', 'confirming');
create index transactions_counterparty_address_idx on core.transactions (counterparty_address) where counterparty_address is not null;
create index transactions_replaces_id_idx on core.transactions (replaces_id) where replaces_id is not null;
create index transactions_created_at_brin_idx on core.transactions using brin (created_at);

comment on index core.transactions_chain_txid_log_index_wallet_id_key is 'A movement as it is observed. What is not sent yet has no txid and may be there more than once.';
comment on index core.transactions_wallet_id_block_height_idx is 'Statement of a wallet, newest first; and the foreign key.';
comment on index core.transactions_donation_id_idx is 'Movements of a gift; and the foreign key.';
comment on index core.transactions_chain_block_height_idx is 'What a block brought, when it is taken back (core.orphan_block).';
comment on index core.transactions_open_idx is 'What is not settled, oldest first.';
comment on index core.transactions_counterparty_address_idx is 'Movements with an address.';
comment on index core.transactions_replaces_id_idx is 'What replaced a transaction; and the foreign key.';
comment on index core.transactions_created_at_brin_idx is 'Movements of a period, for reports over the whole table.';

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000722001', 'ethereum', '0x0000000000000000000000000000000000722001', 'hot', 'active');
insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid) values ('00000000-0000-7000-8000-000000722001', 'ethereum', 'ETH', 1, '0x' || repeat('0722', 16));
select blueprint.raises($$ insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid) values ('00000000-0000-7000-8000-000000722001', 'ethereum', 'ETH', 2, '0x' || repeat('0722', 16)) $$, '23505', 'transactions_chain_txid_log_index_wallet_id_key');
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.transactions where chain = 'x' and txid = 'x' $$, 'transactions_chain_txid_log_index_wallet_id_key'), ($$ select from core.transactions where wallet_id = '00000000-0000-7000-8000-000000722001' order by block_height desc nulls first $$, 'transactions_wallet_id_block_height_idx'),
  ($$ select from core.transactions where donation_id = '00000000-0000-7000-8000-000000722001' $$, 'transactions_donation_id_idx'), ($$ select from core.transactions where chain = 'bitcoin' and block_height = 7 and status in ('confirming', 'confirmed') $$, 'transactions_chain_block_height_idx'),
  ($$ select from core.transactions where status = 'seen' order by created_at $$, 'transactions_open_idx'), ($$ select from core.transactions where counterparty_address = 'x' $$, 'transactions_counterparty_address_idx'),
  ($$ select from core.transactions where replaces_id = '00000000-0000-7000-8000-000000722001' $$, 'transactions_replaces_id_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'core.transactions_created_at_brin_idx'::regclass;

-- task: BUILD_0723 create_table_constraints critical
-- title: Constrain transactions: identity on chain, positive amounts, block facts
-- does: A movement belongs to a wallet and a currency of its chain, amounts are positive, what came in or is settled has an id of the chain's shape, what is confirmed has its
--   block, a replacement replaces one of the same wallet, a fee belongs to no gift.
-- proves: each rule refuses the row that breaks it, and lets honest ones pass, drafts of outgoing ones included.
-- needs: BUILD_0721, BUILD_0722
create function core.check_txid() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  wrong record;
begin
  select f.chain, f.txid into wrong from fresh f join core.chains c on c.code = f.chain where f.txid !~ c.txid_pattern limit 1;
  if wrong.chain is not null then
    raise exception using errcode = '23514', schema = 'core', table = 'transactions', column = 'txid', constraint = 'transactions_txid_check',
      message = format('%s is no transaction id of %s', left(wrong.txid, 80), wrong.chain);
  end if;
  return null;
end $$;

create trigger transactions_txid_inserted after insert on core.transactions referencing new table as fresh for each statement execute function core.check_txid();
create trigger transactions_txid_updated after update on core.transactions referencing new table as fresh for each statement execute function core.check_txid();

create unique index wallets_id_chain_key on core.wallets (id, chain);
create unique index transactions_id_wallet_id_chain_key on core.transactions (id, wallet_id, chain);

alter table core.transactions
  add constraint transactions_kind_check check (kind in ('incoming', 'outgoing', 'sweep', 'exchange', 'fee', 'refund')),
  add constraint transactions_status_check check (status in ('seen', 'confirming', 'confirmed', 'orphaned', 'replaced', 'failed')),
  add constraint transactions_amount_crypto_check check (amount_crypto > 0),
  add constraint transactions_log_index_check check (log_index >= 0 and confirmations >= 0 and block_height >= 0),
  add constraint transactions_txid_required_check check (txid is not null or kind <> 'incoming' and status in ('seen', 'failed')),
  add constraint transactions_confirmed_check check (status <> 'confirmed' or chain in ('custodial', 'fiat') or block_height is not null and block_hash is not null and block_at is not null),
  add constraint transactions_orphaned_check check (status <> 'orphaned' or block_hash is not null),
  add constraint transactions_donation_id_check check (kind <> 'fee' or donation_id is null),
  add constraint transactions_replaces_id_check check (replaces_id <> id),
  add constraint transactions_wallet_id_chain_fk foreign key (wallet_id, chain) references core.wallets (id, chain),
  add constraint transactions_chain_currency_fk foreign key (chain, currency) references core.currencies (chain, code),
  add constraint transactions_donation_id_fk foreign key (donation_id) references core.donations (id),
  add constraint transactions_replaces_id_fk foreign key (replaces_id, wallet_id, chain) references core.transactions (id, wallet_id, chain);

comment on function core.check_txid is 'Statement trigger of core.transactions: ids have the shape of their chain. Security definer: whoever records need not read chains.';
comment on trigger transactions_txid_inserted on core.transactions is 'Ids have the shape of their chain.';
comment on trigger transactions_txid_updated on core.transactions is 'Ids have the shape of their chain.';
comment on index core.wallets_id_chain_key is 'Lets a movement name wallet and chain together.';
comment on index core.transactions_id_wallet_id_chain_key is 'Lets a replacement name transaction, wallet and chain together.';
comment on constraint transactions_txid_required_check on core.transactions is 'Only what we have not sent yet has no id.';
comment on constraint transactions_confirmed_check on core.transactions is 'What is confirmed is in a block, where there are blocks.';
comment on constraint transactions_wallet_id_chain_fk on core.transactions is 'The wallet is on that chain. @unindexed the index on wallet_id serves it';
comment on constraint transactions_chain_currency_fk on core.transactions is 'The currency lives on that chain. @unindexed currencies are never deleted, and every insert would pay for it';
comment on constraint transactions_replaces_id_fk on core.transactions is 'Same wallet, same chain. @unindexed the index on replaces_id serves it';

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000723001', 'ethereum', '0x0000000000000000000000000000000000723001', 'hot', 'active'), ('00000000-0000-7000-8000-000000723002', 'ethereum', '0x0000000000000000000000000000000000723002', 'hot', 'active'),
  ('00000000-0000-7000-8000-000000723003', 'bitcoin', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'cold', 'active');
insert into core.donations (id, chain, currency, amount_crypto) values ('00000000-0000-7000-8000-000000723011', 'ethereum', 'ETH', 1);
insert into core.transactions (id, wallet_id, chain, currency, amount_crypto, txid, status, block_height, block_hash, block_at) values ('00000000-0000-7000-8000-000000723021', '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0723', 16), 'confirmed', 1, 'h', now());
insert into core.transactions (wallet_id, chain, currency, amount_crypto, kind, donation_id, replaces_id) values ('00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, 'outgoing', '00000000-0000-7000-8000-000000723011', '00000000-0000-7000-8000-000000723021'),
  ('00000000-0000-7000-8000-000000723001', 'ethereum', 'USDC-ethereum', 1, 'outgoing', null, null);
select cols, blueprint.raises(format($$ insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid, %s) values (%s) $$, cols, vals), state, rule) from (values
  ('kind', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), 'gift' $$, '23514', 'transactions_kind_check'), ('status', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), 'lost' $$, '23514', 'transactions_status_check'),
  ('kind', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 0, '0x' || repeat('0724', 16), 'incoming' $$, '23514', 'transactions_amount_crypto_check'), ('fee_crypto', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), -1 $$, '23514', 'crypto_amount'),
  ('log_index', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), -1 $$, '23514', 'transactions_log_index_check'), ('kind', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, null, 'incoming' $$, '23514', 'transactions_txid_required_check'),
  ('status', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), 'confirmed' $$, '23514', 'transactions_confirmed_check'), ('status', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), 'orphaned' $$, '23514', 'transactions_orphaned_check'),
  ('kind, donation_id', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), 'fee', '00000000-0000-7000-8000-000000723011' $$, '23514', 'transactions_donation_id_check'),
  ('id, replaces_id', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), '00000000-0000-7000-8000-000000723022', '00000000-0000-7000-8000-000000723022' $$, '23514', 'transactions_replaces_id_check'),
  ('kind', $$ '00000000-0000-7000-8000-000000723003', 'bitcoin', 'SOL', 1, repeat('0724', 16), 'incoming' $$, '23503', 'transactions_chain_currency_fk'), ('kind', $$ '00000000-0000-7000-8000-000000723003', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), 'incoming' $$, '23503', 'transactions_wallet_id_chain_fk'),
  ('donation_id', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), uuidv7() $$, '23503', 'transactions_donation_id_fk'), ('replaces_id', $$ '00000000-0000-7000-8000-000000723002', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 16), '00000000-0000-7000-8000-000000723021' $$, '23503', 'transactions_replaces_id_fk'),
  ('kind', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, repeat('0724', 16), 'incoming' $$, '23514', 'transactions_txid_check'), ('kind', $$ '00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, '0x' || repeat('0723', 16), 'incoming' $$, '23505', 'transactions_chain_txid_log_index_wallet_id_key')) v(cols, vals, state, rule);
select blueprint.raises($$ update core.transactions set txid = 'x' where replaces_id is not null and wallet_id = '00000000-0000-7000-8000-000000723001' $$, '23514', 'transactions_txid_check'),
  (select count(*) = 2 from pg_index where indexrelid in ('core.wallets_id_chain_key'::regclass, 'core.transactions_id_wallet_id_chain_key'::regclass) and indisunique), not has_function_privilege('hc_member', 'core.check_txid()', 'execute');
grant usage on schema core to hc_replicator;
grant insert, select on core.transactions to hc_replicator;
create policy probe_0723 on core.transactions to hc_replicator using (true);
set local role hc_replicator;
select blueprint.raises($$ insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid) values ('00000000-0000-7000-8000-000000723001', 'ethereum', 'ETH', 1, 'x') $$, '23514', 'transactions_txid_check');

-- task: BUILD_0724 create_table_triggers critical
-- title: Attach transaction triggers: status machine 'transaction', immutable amounts
-- does: A movement goes from seen over confirming to confirmed, may be taken back and seen again, replaced (by one that names it) or failed. From confirmed on amount, id,
--   wallet and kind stay; nothing is deleted. Its confirmations are those of its gift.
-- proves: a confirmed amount does not change, orphaned to seen works, a replacement needs its successor, delete and truncate raise, the gift's confirmations follow.
-- needs: BUILD_0014, BUILD_0020, BUILD_0723
create function core.guard_replaced() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from core.transactions t where t.replaces_id = new.id) then
    raise exception using errcode = '23514', schema = 'core', table = 'transactions', column = 'status', constraint = 'transactions_replaced_check', message = 'no transaction says that it replaced this one';
  end if;
  return new;
end $$;

create function core.push_confirmations() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update core.donations d set confirmations = case when new.status in ('orphaned', 'replaced', 'failed') then 0 else new.confirmations end
  where d.id = new.donation_id and d.confirmations <> case when new.status in ('orphaned', 'replaced', 'failed') then 0 else new.confirmations end;
  return null;
end $$;

create trigger transactions_replaced_guard before update of status on core.transactions for each row when (new.status = 'replaced' and old.status <> 'replaced') execute function core.guard_replaced();

create trigger transactions_freeze_facts before update on core.transactions for each row
  when (old.status in ('confirmed', 'orphaned', 'replaced') and (old.wallet_id is distinct from new.wallet_id or old.kind is distinct from new.kind or old.chain is distinct from new.chain or old.currency is distinct from new.currency
    or old.amount_crypto is distinct from new.amount_crypto or old.fee_crypto is distinct from new.fee_crypto or old.txid is distinct from new.txid or old.log_index is distinct from new.log_index))
  execute function core.freeze_columns('wallet_id', 'kind', 'chain', 'currency', 'amount_crypto', 'fee_crypto', 'txid', 'log_index');

create trigger transactions_no_delete before delete on core.transactions for each row execute function core.forbid_change();
create trigger transactions_no_truncate before truncate on core.transactions for each statement execute function core.forbid_change();

create trigger transactions_push_inserted after insert on core.transactions for each row when (new.donation_id is not null and new.confirmations > 0 and new.kind = 'incoming') execute function core.push_confirmations();
create trigger transactions_push_updated after update on core.transactions for each row
  when (new.donation_id is not null and new.kind = 'incoming' and (old.confirmations <> new.confirmations or old.status <> new.status or old.donation_id is distinct from new.donation_id)) execute function core.push_confirmations();

select core.attach_standard('core.transactions');

select core.define_machine('transaction', '{
  "seen": ["confirming", "orphaned", "replaced", "failed"],
  "confirming": ["confirmed", "orphaned", "replaced", "failed"],
  "confirmed": ["orphaned"],
  "orphaned": ["seen", "replaced", "failed"]}');

create trigger transactions_status_machine after update of status on core.transactions for each row execute function core.enforce_transition('transaction');

comment on function core.guard_replaced is 'Trigger of core.transactions: replaced needs the successor. Security definer: the successor counts whoever may see it.';
comment on function core.push_confirmations is 'Trigger of core.transactions: confirmations of the gift. Security definer: whoever records movements writes no gifts.';
comment on trigger transactions_replaced_guard on core.transactions is 'Replaced needs a successor that says so.';
comment on trigger transactions_freeze_facts on core.transactions is 'What moved stays from confirmed on.';
comment on trigger transactions_no_delete on core.transactions is 'Movements are kept.';
comment on trigger transactions_no_truncate on core.transactions is 'Movements are kept.';
comment on trigger transactions_push_inserted on core.transactions is 'The gift knows its confirmations.';
comment on trigger transactions_push_updated on core.transactions is 'The gift knows its confirmations.';
comment on trigger transactions_status_machine on core.transactions is 'Status changes follow machine transaction and are logged.';

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000724001', 'ethereum', '0x0000000000000000000000000000000000724001', 'hot', 'active');
insert into core.donations (id, chain, currency, amount_crypto) select ('00000000-0000-7000-8000-00000072401' || n)::uuid, 'ethereum', 'ETH', 1 from generate_series(1, 2) n;
insert into core.transactions (id, donation_id, wallet_id, chain, currency, amount_crypto, txid, block_height, block_hash, block_at, confirmations)
select ('00000000-0000-7000-8000-00000072402' || n)::uuid, ('00000000-0000-7000-8000-00000072401' || n)::uuid, '00000000-0000-7000-8000-000000724001', 'ethereum', 'ETH', 1, '0x' || repeat('0724', 15) || lpad(n::text, 4, '0'), 5, 'h', now(), n - 1 from generate_series(1, 2) n;
select array_agg(confirmations order by id) = '{0,1}' from core.donations where id::text like '%72401_';
update core.transactions set confirmations = 3, status = 'confirming', amount_crypto = 1.5, updated_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000724021' returning updated_at >= now();
select confirmations = 3 from core.donations where id = '00000000-0000-7000-8000-000000724011';
update core.transactions set status = 'confirmed', confirmations = 12 where id = '00000000-0000-7000-8000-000000724021';
select c, blueprint.raises(format($$ update core.transactions set %s = %s where id = '00000000-0000-7000-8000-000000724021' $$, c, v), '55006', c) from (values ('amount_crypto', '2'), ('fee_crypto', '2'), ('wallet_id', 'uuidv7()'), ('kind', $$ 'sweep' $$), ('chain', $$ 'x' $$), ('currency', $$ 'X2' $$), ('txid', $$ 'x' $$), ('log_index', '3')) t(c, v);
select sql, blueprint.raises(sql, state, why) from (values ($$ update core.transactions set status = 'seen' where id = '00000000-0000-7000-8000-000000724021' $$, '23514', 'confirmed -> seen'), ($$ update core.transactions set status = 'replaced' where id = '00000000-0000-7000-8000-000000724022' $$, '23514', 'transactions_replaced_check'),
  ($$ delete from core.transactions where id = '00000000-0000-7000-8000-000000724022' $$, '55006', 'delete'), ('truncate core.transactions cascade', '55006', 'core.transactions keeps'), ($$ update core.transactions set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000724021' $$, '55006', 'created_at')) v(sql, state, why);
update core.transactions set status = 'orphaned' where id = '00000000-0000-7000-8000-000000724021';
select confirmations = 0 from core.donations where id = '00000000-0000-7000-8000-000000724011';
update core.transactions set status = 'seen', block_hash = 'h2' where id = '00000000-0000-7000-8000-000000724021' returning status = 'seen';
insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid, replaces_id) values ('00000000-0000-7000-8000-000000724001', 'ethereum', 'ETH', 1, '0x' || repeat('7240', 16), '00000000-0000-7000-8000-000000724022');
update core.transactions set status = 'replaced' where id = '00000000-0000-7000-8000-000000724022' returning status = 'replaced';
select array_agg(to_status order by occurred_at) = '{confirming,confirmed,orphaned,seen}' from core.status_changes where entity_id = '00000000-0000-7000-8000-000000724021';
grant usage on schema core to hc_replicator;
grant insert, select, update on core.transactions to hc_replicator;
create policy probe_0724 on core.transactions to hc_replicator using (id in ('00000000-0000-7000-8000-000000724021', '00000000-0000-7000-8000-000000724022')) with check (true);
insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid, replaces_id) values ('00000000-0000-7000-8000-000000724001', 'ethereum', 'ETH', 1, '0x' || repeat('7241', 16), '00000000-0000-7000-8000-000000724021');
set local role hc_replicator;
update core.transactions set confirmations = 2 where id = '00000000-0000-7000-8000-000000724021' returning confirmations = 2;
update core.transactions set status = 'replaced' where id = '00000000-0000-7000-8000-000000724021' returning status = 'replaced';
set local role hc_owner;
select not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.guard_replaced()', 'core.push_confirmations()']) f;

-- revert
drop trigger transactions_status_machine on core.transactions;
select core.define_machine('transaction', '{}');
select core.detach_standard('core.transactions');
drop trigger transactions_push_updated on core.transactions;
drop trigger transactions_push_inserted on core.transactions;
drop trigger transactions_replaced_guard on core.transactions;
drop function core.push_confirmations, core.guard_replaced;

-- task: BUILD_0725 create_table_jsonb_indexes
-- title: Index raw provider JSONB for memo and event lookups
-- does: core.transactions_with_memo(chain, memo) finds what stellar and solana say with a payment, core.transactions_with_log(contract, topic) token transfers by their logs.
-- proves: the memo finds its one row through the expression index, the log look-up uses the GIN index.
-- needs: BUILD_0005, BUILD_0721
create index transactions_raw_idx on core.transactions using gin (raw jsonb_path_ops);
create index transactions_memo_idx on core.transactions ((raw ->> 'memo')) where raw ? 'memo';

comment on index core.transactions_raw_idx is 'Movements by their logs (core.transactions_with_log).';
comment on index core.transactions_memo_idx is 'Movements by memo (core.transactions_with_memo).';

create function core.transactions_with_memo(chain text, memo text) returns setof uuid
  language sql stable
begin atomic
  select t.id from core.transactions t where t.raw ? 'memo' and t.raw ->> 'memo' = transactions_with_memo.memo and t.chain = transactions_with_memo.chain;
end;

create function core.transactions_with_log(contract text, topic text) returns setof uuid
  language sql stable
begin atomic
  select t.id from core.transactions t where t.raw @> jsonb_build_object('logs', jsonb_build_array(jsonb_build_object('address', contract, 'topics', jsonb_build_array(topic))));
end;

comment on function core.transactions_with_memo is 'Movements of a chain that carry a memo.';
comment on function core.transactions_with_log is 'Movements whose transaction logged a topic at a contract: raw {"logs": [{"address": ..., "topics": [...]}]}.';

grant execute on function core.transactions_with_memo, core.transactions_with_log to hc_finance, hc_auditor;

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000725001', 'ethereum', '0x0000000000000000000000000000000000725001', 'hot', 'active');
insert into core.transactions (id, wallet_id, chain, currency, amount_crypto, txid, raw) values
  ('00000000-0000-7000-8000-000000725011', '00000000-0000-7000-8000-000000725001', 'ethereum', 'ETH', 1, '0x' || repeat('0725', 16), '{"memo": "HC-0725"}'),
  ('00000000-0000-7000-8000-000000725012', '00000000-0000-7000-8000-000000725001', 'ethereum', 'USDC-ethereum', 1, '0x' || repeat('725a', 16), '{"logs": [{"address": "0xprobe0725", "topics": ["transfer", "x"]}]}');
select array_agg(t) = '{00000000-0000-7000-8000-000000725011}' from core.transactions_with_memo('ethereum', 'HC-0725') t;
select count(*) = 0 from core.transactions_with_memo('polygon', 'HC-0725') t;
select array_agg(t) = '{00000000-0000-7000-8000-000000725012}' from core.transactions_with_log('0xprobe0725', 'transfer') t;
select index, blueprint.plan_uses(sql, index) from (values ($$ select * from core.transactions_with_memo('stellar', 'HC-42') $$, 'transactions_memo_idx'), ($$ select * from core.transactions_with_log('a', 'b') $$, 'transactions_raw_idx')) v(sql, index);
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['core.transactions_with_memo(text, text)', 'core.transactions_with_log(text, text)']) f;

-- task: BUILD_0726 add_wix_columns
-- title: Add Wix columns to core.transactions (owner = system)
-- does: The four columns by which Wix knows a row; core.wix_transactions adds the address of the explorer page.
-- proves: the owner is system, a status change moves _updatedDate, a write raises 428C9, raw and counterparty stay hidden, the view has the explorer's address.
-- needs: BUILD_0666, BUILD_0711, BUILD_0721
alter table core.transactions
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as ('system') virtual;

create view core.wix_transactions with (security_invoker) as
  select t."_id", t."_createdDate", t."_updatedDate", t."_owner", t.kind, t.chain, t.currency, t.amount_crypto as amount, t.status, t.confirmations, replace(c.explorer_url_template, '{txid}', t.txid) as "explorerUrl"
  from core.transactions t join core.chains c on c.code = t.chain;

grant select ("_id", "_createdDate", "_updatedDate", "_owner") on core.transactions to hc_member;
grant select on core.wix_transactions to hc_member;

comment on column core.transactions."_id" is 'The id, as Wix names it. @wix read';
comment on column core.transactions."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.transactions."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.transactions."_owner" is 'Always system. @wix read';
comment on view core.wix_transactions is 'Movements as Wix shows them to finance, and to donors those of their gifts.';
comment on column core.wix_transactions."_id" is 'The id.';
comment on column core.wix_transactions."_createdDate" is 'When it was first seen.';
comment on column core.wix_transactions."_updatedDate" is 'When it last changed.';
comment on column core.wix_transactions."_owner" is 'system';
comment on column core.wix_transactions.kind is 'incoming, outgoing, ...';
comment on column core.wix_transactions.chain is 'The network.';
comment on column core.wix_transactions.currency is 'What moved.';
comment on column core.wix_transactions.amount is 'How much.';
comment on column core.wix_transactions.status is 'How far it is.';
comment on column core.wix_transactions.confirmations is 'Blocks from there on.';
comment on column core.wix_transactions."explorerUrl" is 'Where everybody can look it up.';

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000726001', 'ethereum', '0x0000000000000000000000000000000000726001', 'hot', 'active');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000726002', 'ada-0726');
insert into core.donations (id, donor_id, chain, currency, amount_crypto) values ('00000000-0000-7000-8000-000000726003', '00000000-0000-7000-8000-000000726002', 'ethereum', 'ETH', 1);
insert into core.transactions (id, donation_id, wallet_id, chain, currency, amount_crypto, txid) values ('00000000-0000-7000-8000-000000726011', '00000000-0000-7000-8000-000000726003', '00000000-0000-7000-8000-000000726001', 'ethereum', 'ETH', 1, '0x' || repeat('0726', 16));
update core.transactions set status = 'confirming', updated_at = created_at + interval '1 hour' where id = '00000000-0000-7000-8000-000000726011' returning "_updatedDate" = updated_at and "_updatedDate" >= "_createdDate" and "_owner" = 'system' and "_id" = id::text and "_createdDate" = created_at;
select c, blueprint.raises(format('update core.transactions set %I = null', c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.transactions'), count(*) filter (where column_name in ('raw', 'counterparty_address', 'metadata')) = 0, bool_and(access = 'read') from core.wix_columns('core.transactions');
select c, has_column_privilege('hc_member', 'core.transactions', c, 'select') and not has_column_privilege('hc_anon', 'core.transactions', c, 'select') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.act_as('00000000-0000-7000-8000-000000726002');
set local role hc_member;
select count(*) = 1 and bool_and("explorerUrl" = 'https://etherscan.io/tx/0x' || repeat('0726', 16)) from core.wix_transactions;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-00000072600f');
set local role hc_member;
select count(*) = 0 from core.wix_transactions;

-- task: BUILD_0727 implement_table_feature critical
-- title: Idempotent ingest of chain observations: core.record_transaction(jsonb)
-- does: An observation is the movement by chain, id, log index and wallet: the same again writes nothing, more confirmations or a new block update, another amount is kept as
--   a conflict and never overwrites, one seen in another block after a reorganisation is the same row again. record_transactions() takes batches in any order.
-- proves: a batch of 100 replayed thrice in changed order leaves 100 rows in the same state, an altered amount is reported and kept aside, rubbish raises 22023.
-- needs: BUILD_0724
create function core.advance_transaction(transaction uuid) returns text
  language plpgsql set search_path = ''
as $$
declare
  movement core.transactions;
  enough int;
begin
  select t.* into movement from core.transactions t where t.id = transaction for update;
  select c.required_confirmations into enough from core.chains c where c.code = movement.chain;
  if movement.status = 'seen' and (movement.block_height is not null or movement.confirmations > 0) then
    update core.transactions t set status = 'confirming' where t.id = transaction;
    movement.status := 'confirming';
  end if;
  if movement.status = 'confirming' and movement.confirmations >= enough and (movement.block_hash is not null and movement.block_at is not null or movement.chain in ('custodial', 'fiat')) then
    update core.transactions t set status = 'confirmed' where t.id = transaction;
    movement.status := 'confirmed';
  end if;
  return movement.status;
end $$;

create function core.record_transaction(observation jsonb) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  network constant text := observation ->> 'chain';
  seen core.transactions;
  held core.transactions;
  old uuid;
  aside jsonb;
begin
  select w.id into seen.wallet_id from core.wallets w where w.chain = network and (w.id = core.as_uuid(observation ->> 'wallet_id') or w.address_norm = core.normal_address(network, observation ->> 'address'));
  if seen.wallet_id is null or not exists (select from core.currencies c where c.chain = network and c.code = observation ->> 'currency')
      or not coalesce(pg_input_is_valid(observation ->> 'amount', 'core.crypto_amount') and (observation ->> 'amount')::numeric > 0, false)
      or not coalesce(observation ->> 'txid' ~ (select c.txid_pattern from core.chains c where c.code = network), false) then
    raise exception using errcode = '22023', message = 'the observation names no wallet of ours, currency, amount or transaction id that could be', detail = left(observation::text, 500);
  end if;
  seen.kind := coalesce(observation ->> 'kind', 'incoming');
  seen.currency := observation ->> 'currency';
  seen.amount_crypto := (observation ->> 'amount')::numeric;
  seen.fee_crypto := coalesce((observation ->> 'fee')::numeric, 0);
  seen.log_index := coalesce((observation ->> 'log_index')::int, 0);
  seen.block_height := (observation ->> 'block_height')::bigint;
  seen.block_hash := observation ->> 'block_hash';
  seen.block_at := (observation ->> 'block_at')::timestamptz;
  seen.confirmations := coalesce((observation ->> 'confirmations')::int, 0);
  insert into core.transactions as t (wallet_id, kind, chain, currency, amount_crypto, fee_crypto, txid, log_index, block_height, block_hash, block_at, confirmations, counterparty_address, raw)
  values (seen.wallet_id, seen.kind, network, seen.currency, seen.amount_crypto, seen.fee_crypto, observation ->> 'txid', seen.log_index, seen.block_height, seen.block_hash, seen.block_at, seen.confirmations,
    observation ->> 'counterparty', coalesce(observation -> 'raw', '{}'))
  on conflict (chain, txid, log_index, wallet_id) do nothing returning t.id into seen.id;
  if seen.id is not null then
    if observation ? 'replaces' then
      update core.transactions t set replaces_id = r.id from core.transactions r where t.id = seen.id and r.chain = network and r.txid = observation ->> 'replaces' and r.wallet_id = seen.wallet_id and r.log_index = seen.log_index returning r.id into old;
      update core.transactions t set status = 'replaced', metadata = t.metadata || jsonb_build_object('double_spend', t.amount_crypto <> seen.amount_crypto) where t.id = old and t.status in ('seen', 'confirming', 'orphaned');
    end if;
    perform core.advance_transaction(seen.id);
    return 'inserted';
  end if;
  select t.* into held from core.transactions t where t.chain = network and t.txid = observation ->> 'txid' and t.log_index = seen.log_index and t.wallet_id = seen.wallet_id for update;
  if held.amount_crypto <> seen.amount_crypto or held.currency <> seen.currency or held.kind <> seen.kind then
    aside := jsonb_build_array(jsonb_build_object('kind', seen.kind, 'currency', seen.currency, 'amount', seen.amount_crypto));
    update core.transactions t set metadata = jsonb_set(t.metadata, '{conflicts}', coalesce(t.metadata -> 'conflicts', '[]') || aside) where t.id = held.id and not coalesce(t.metadata -> 'conflicts', '[]') @> aside;
    return 'conflict';
  elsif held.status = 'orphaned' and seen.block_hash is distinct from held.block_hash and seen.block_hash is not null then
    update core.transactions t set status = 'seen', block_height = seen.block_height, block_hash = seen.block_hash, block_at = seen.block_at, confirmations = seen.confirmations where t.id = held.id;
  elsif held.status in ('seen', 'confirming', 'confirmed') and (seen.confirmations > held.confirmations or held.block_hash is null and seen.block_hash is not null) then
    update core.transactions t
    set confirmations = greatest(t.confirmations, seen.confirmations), block_height = coalesce(seen.block_height, t.block_height), block_hash = coalesce(seen.block_hash, t.block_hash), block_at = coalesce(seen.block_at, t.block_at)
    where t.id = held.id;
  else
    return 'unchanged';
  end if;
  perform core.advance_transaction(held.id);
  return 'updated';
end $$;

create function core.record_transactions(batch jsonb) returns jsonb
  language sql
begin atomic
  select jsonb_build_object('inserted', count(*) filter (where r.outcome = 'inserted'), 'updated', count(*) filter (where r.outcome = 'updated'), 'unchanged', count(*) filter (where r.outcome = 'unchanged'), 'conflict', count(*) filter (where r.outcome = 'conflict'))
  from (select core.record_transaction(o.observation) as outcome from jsonb_array_elements(batch) o(observation) offset 0) r;
end;

comment on function core.advance_transaction is 'Moves a movement to confirming and confirmed as its block and confirmations allow; returns its status. For owner functions.';
comment on function core.record_transaction is 'Takes one observation: inserted, updated, unchanged or conflict. {chain, address or wallet_id, currency, amount, txid, log_index, kind, fee, block_height, block_hash, block_at, confirmations, counterparty, replaces, raw}. Security definer: for the worker, which writes no table.';
comment on function core.record_transactions is 'Takes an array of observations in any order and returns how many were inserted, updated, unchanged and in conflict.';

grant execute on function core.record_transaction, core.record_transactions to hc_worker;

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000727001', 'ethereum', '0x0000000000000000000000000000000000727abc', 'hot', 'active');
create temporary table seen on commit drop as select n, jsonb_build_object('chain', 'ethereum', 'address', '0x0000000000000000000000000000000000727ABC', 'currency', 'ETH', 'amount', 0.01 * n, 'txid', '0x' || repeat('0727', 15) || lpad(n::text, 4, '0'), 'block_height', 100, 'block_hash', 'h', 'block_at', '2026-01-01T00:00:00Z',
  'confirmations', 5 + n % 10, 'raw', '{"memo": "m"}'::jsonb) as o from generate_series(1, 100) n;
grant select on pg_temp.seen to hc_worker;
set local role hc_worker;
select core.record_transactions((select jsonb_agg(o - 'block_hash' - 'block_at' - 'block_height' || '{"confirmations": 0}' order by n % 7, n) from pg_temp.seen where n <= 50)) = '{"inserted": 50, "updated": 0, "unchanged": 0, "conflict": 0}';
select core.record_transactions((select jsonb_agg(o order by n % 13, n) from pg_temp.seen)) = '{"inserted": 50, "updated": 50, "unchanged": 0, "conflict": 0}';
select core.record_transactions((select jsonb_agg(o order by n % 17, n desc) from pg_temp.seen)) = '{"inserted": 0, "updated": 0, "unchanged": 100, "conflict": 0}';
select core.record_transaction(o || '{"confirmations": 1}') = 'unchanged', core.record_transaction(o || '{"amount": 9}') = 'conflict', core.record_transaction(o || '{"amount": 9}') = 'conflict' from pg_temp.seen where n = 1;
select fault, blueprint.raises(format('select core.record_transaction(%L)', o || fault), '22023', 'no wallet of ours') from pg_temp.seen, unnest(array['{"address": "0x00"}', '{"currency": "SOL"}', '{"amount": "-1"}', '{"amount": null}', '{"txid": "x"}', '{"txid": null}', '{"chain": "moon"}']::jsonb[]) fault where n = 1;
set local role hc_owner;
select count(*) = 100, sum(amount_crypto) = 50.5, count(*) filter (where status = 'confirmed' and confirmations >= 12) = 30, count(*) filter (where status = 'confirming' and confirmations < 12) = 70, bool_and(block_hash = 'h') from core.transactions where wallet_id = '00000000-0000-7000-8000-000000727001';
select amount_crypto = 0.01 and metadata -> 'conflicts' = '[{"kind": "incoming", "amount": 9.000000000000000000, "currency": "ETH"}]' from core.transactions where txid = '0x' || repeat('0727', 15) || '0001';
update core.transactions set status = 'orphaned', confirmations = 0 where txid = '0x' || repeat('0727', 15) || '0002';
select core.record_transaction(o) = 'unchanged', core.record_transaction(o || '{"block_hash": "h2", "block_height": 101}') = 'updated' from pg_temp.seen where n = 2;
select status = 'confirming' and block_hash = 'h2' and block_height = 101 and confirmations = 7 from core.transactions where txid = '0x' || repeat('0727', 15) || '0002';
select core.record_transaction(o || jsonb_build_object('txid', '0x' || repeat('7270', 16), 'replaces', o ->> 'txid', 'amount', 5)) = 'inserted' from pg_temp.seen where n = 3;
select status = 'replaced' and metadata @> '{"double_spend": true}' from core.transactions where txid = '0x' || repeat('0727', 15) || '0003';
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.record_transaction(jsonb)', 'core.record_transactions(jsonb)']) f;
select not has_function_privilege('hc_worker', 'core.advance_transaction(uuid)', 'execute');

-- task: BUILD_0728 implement_table_feature critical
-- title: Handle chain reorganisations: core.orphan_block(chain, height, hash)
-- does: What a block brought is orphaned when it is taken back: pending gifts are at no confirmation again, confirmed ones go to compliance with the depth as reason. Seen in another
--   block the same row lives on.
-- proves: orphaning resets a pending gift and flags a confirmed one, another block of that height stays, doing it again changes nothing, re-inclusion revives the row with the new hash.
-- needs: BUILD_0704, BUILD_0727
create function core.orphan_block(chain text, height bigint, hash text) returns table (transaction_id uuid, donation_id uuid, effect text)
  language plpgsql security definer set search_path = ''
as $$
declare
  lost record;
  settled constant int := (select c.reorg_depth from core.chains c where c.code = orphan_block.chain);
  before_reason constant text := current_setting('core.reason', true);
begin
  for lost in
    select t.id, t.donation_id, t.kind, t.confirmations, d.status as gift from core.transactions t left join core.donations d on d.id = t.donation_id
    where t.chain = orphan_block.chain and t.block_height = height and t.block_hash = hash and t.status in ('confirming', 'confirmed') order by t.id for update of t
  loop
    update core.transactions t set status = 'orphaned', confirmations = 0 where t.id = lost.id;
    transaction_id := lost.id; donation_id := lost.donation_id;
    effect := case when lost.kind <> 'incoming' or lost.gift is null then 'orphaned' when lost.gift in ('confirmed', 'reconciled') then 'flagged' else 'reset' end;
    if effect = 'flagged' then
      perform set_config('core.reason', format('block %s of %s was taken back at depth %s%s', height, orphan_block.chain, lost.confirmations, case when lost.confirmations > settled then ', deeper than ever' else '' end), true);
      update core.donations d set status = 'flagged' where d.id = lost.donation_id;
    end if;
    return next;
  end loop;
  perform set_config('core.reason', coalesce(before_reason, ''), true);
end $$;

comment on function core.orphan_block is 'Takes a block back: its movements and what became of their gifts (orphaned, reset or flagged). Security definer: for the worker and the treasury.';

grant execute on function core.orphan_block to hc_worker;

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000728001', 'ethereum', '0x0000000000000000000000000000000000728001', 'hot', 'active');
insert into core.donations (id, chain, currency, amount_crypto, amount_usd, status, confirmed_at, fmv_rate_at) values ('00000000-0000-7000-8000-000000728011', 'ethereum', 'ETH', 1, 100, 'pending', null, null), ('00000000-0000-7000-8000-000000728012', 'ethereum', 'ETH', 1, 100, 'confirmed', now(), now());
insert into core.transactions (id, donation_id, kind, wallet_id, chain, currency, amount_crypto, txid, block_height, block_hash, block_at, confirmations, status)
select ('00000000-0000-7000-8000-00000072802' || n)::uuid, ('00000000-0000-7000-8000-00000072801' || d)::uuid, k, '00000000-0000-7000-8000-000000728001', 'ethereum', 'ETH', 1, '0x' || repeat('0728', 15) || lpad(n::text, 4, '0'), 728, h, now(), c, s
from (values (1, 1, 'incoming', 'h-0728', 5, 'confirming'), (2, 2, 'incoming', 'h-0728', 70, 'confirmed'), (3, null, 'incoming', 'h-0728', 5, 'confirming'), (4, null, 'incoming', 'other', 5, 'confirming')) v(n, d, k, h, c, s);
select confirmations = 5 from core.donations where id = '00000000-0000-7000-8000-000000728011';
set local role hc_worker;
select array_agg(right(transaction_id::text, 1) || effect order by transaction_id) = '{1reset,2flagged,3orphaned}' from core.orphan_block('ethereum', 728, 'h-0728');
select count(*) = 0 from core.orphan_block('ethereum', 728, 'h-0728');
set local role hc_owner;
select array_agg(status || confirmations order by id) = '{pending0,flagged0}' from core.donations where id in ('00000000-0000-7000-8000-000000728011', '00000000-0000-7000-8000-000000728012');
select array_agg(status order by id) = '{orphaned,orphaned,orphaned,confirming}' from core.transactions where wallet_id = '00000000-0000-7000-8000-000000728001';
select reason like 'block 728 of ethereum % depth 70, deeper than ever' from core.status_changes where entity_id = '00000000-0000-7000-8000-000000728012' and to_status = 'flagged';
select core.record_transaction(jsonb_build_object('chain', 'ethereum', 'wallet_id', wallet_id, 'currency', 'ETH', 'amount', 1, 'txid', txid, 'block_height', 729, 'block_hash', 'h-0729', 'block_at', now(), 'confirmations', 2)) = 'updated' from core.transactions where id = '00000000-0000-7000-8000-000000728021';
select count(*) = 1 and bool_and(t.status = 'confirming' and t.block_hash = 'h-0729' and d.confirmations = 2) from core.transactions t join core.donations d on d.id = t.donation_id where t.txid = '0x' || repeat('0728', 15) || '0001';
select has_function_privilege('hc_worker', 'core.orphan_block(text, bigint, text)', 'execute') and not has_function_privilege('hc_member', 'core.orphan_block(text, bigint, text)', 'execute');

-- task: BUILD_0729 implement_table_feature critical
-- title: Match incoming transactions to donations: core.match_transaction(id)
-- does: In this order: the reservation of the deposit address, the reference in the memo, exact amount and wallet within 48 hours; a match that is the only one is linked. Amounts within
--   1 % and matches that are not alone become candidates with scores for core.link_transaction() by finance. What nobody claims for 24 hours becomes a guest's gift.
-- proves: a memo links at once, a reserved address too, two equal amounts stay two candidates, finance links one and a member cannot, an unclaimed one becomes a guest gift after 24 hours, once.
-- needs: BUILD_0704, BUILD_0720, BUILD_0725
create table core.match_candidates (
  transaction_id uuid constraint match_candidates_transaction_id_fk references core.transactions (id),
  donation_id uuid constraint match_candidates_donation_id_fk references core.donations (id),
  rule text not null constraint match_candidates_rule_check check (rule in ('reservation', 'memo', 'amount', 'near_amount')),
  score numeric(4, 3) not null constraint match_candidates_score_check check (score >= 0 and score <= 1),
  created_at timestamptz not null default now(),
  constraint match_candidates_transaction_id_donation_id_pk primary key (transaction_id, donation_id)
);

create index match_candidates_donation_id_idx on core.match_candidates (donation_id);

create function core.join_transaction(transaction uuid, donation uuid) returns void
  language plpgsql set search_path = ''
as $$
begin
  update core.transactions t set donation_id = donation where t.id = transaction and t.donation_id is null;
  update core.donations d
  set txid = coalesce(d.txid, t.txid), confirmations = t.confirmations, from_address = coalesce(d.from_address, t.counterparty_address), to_wallet_id = coalesce(d.to_wallet_id, t.wallet_id), status = case d.status when 'created' then 'pending' else d.status end
  from core.transactions t where t.id = transaction and d.id = donation and d.confirmed_at is null;
  delete from core.match_candidates m where m.transaction_id = transaction;
end $$;

create function core.match_transaction(transaction uuid) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  movement core.transactions;
  best record;
begin
  select t.* into movement from core.transactions t where t.id = transaction and t.kind = 'incoming' for update;
  if movement.id is null then
    raise exception using errcode = '22023', message = format('there is no incoming transaction %s', transaction);
  elsif movement.donation_id is not null then
    return jsonb_build_object('donation_id', movement.donation_id, 'rule', 'linked');
  end if;
  delete from core.match_candidates m where m.transaction_id = transaction;
  insert into core.match_candidates (transaction_id, donation_id, rule, score)
  select transaction, d.id, r.rule, r.score
  from core.donations d, lateral (select case
      when exists (select from core.deposit_reservations v where v.wallet_id = movement.wallet_id and v.released_at is null and v.reference = d.payment_ref) then 'reservation'
      when d.payment_ref = movement.raw ->> 'memo' then 'memo'
      when d.amount_crypto = movement.amount_crypto then 'amount' else 'near_amount' end) n(rule),
    lateral (select n.rule, case n.rule when 'reservation' then 1 when 'memo' then 0.99 when 'amount' then 0.9 else round(0.8 - abs(d.amount_crypto - movement.amount_crypto) / movement.amount_crypto, 3) end) r(rule, score)
  where d.chain = movement.chain and d.currency = movement.currency and d.status in ('created', 'pending') and d.status not in ('reconciled', 'failed')
    and not exists (select from core.transactions o where o.donation_id = d.id and o.kind = 'incoming')
    and (n.rule in ('reservation', 'memo') or coalesce(d.to_wallet_id, movement.wallet_id) = movement.wallet_id
      and d.created_at > movement.created_at - interval '48 hours' and abs(d.amount_crypto - movement.amount_crypto) <= movement.amount_crypto * 0.01);
  select m.donation_id, m.rule, count(*) over (partition by m.score) as equals into best from core.match_candidates m where m.transaction_id = transaction order by m.score desc, m.donation_id limit 1;
  if best.equals = 1 and best.rule <> 'near_amount' then
    perform core.join_transaction(transaction, best.donation_id);
    return jsonb_build_object('donation_id', best.donation_id, 'rule', best.rule);
  end if;
  return jsonb_build_object('candidates', (select count(*) from core.match_candidates m where m.transaction_id = transaction));
end $$;

create function core.link_transaction(transaction uuid, donation uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'transactions are linked by hc_finance';
  elsif not exists (select from core.transactions t join core.donations d on d.chain = t.chain and d.currency = t.currency where t.id = transaction and t.donation_id is null and t.kind = 'incoming' and d.id = donation) then
    raise exception using errcode = '22023', message = 'only an unlinked incoming transaction is linked, to a donation of the same currency';
  end if;
  perform core.join_transaction(transaction, donation);
end $$;

create function core.adopt_transactions(at timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  movement core.transactions;
  guest uuid;
  adopted int := 0;
begin
  for movement in
    select t.* from core.transactions t where t.kind = 'incoming' and t.donation_id is null and t.status in ('seen', 'confirming', 'confirmed') and t.created_at <= at - interval '24 hours'
      and not exists (select from core.match_candidates m where m.transaction_id = t.id) order by t.created_at for update skip locked
  loop
    insert into core.donations (chain, currency, amount_crypto, amount_usd, txid, from_address, to_wallet_id, fund_code, status, confirmations, metadata)
    select movement.chain, movement.currency, movement.amount_crypto, nullif(movement.amount_usd, 0), movement.txid, movement.counterparty_address, movement.wallet_id, coalesce(w.metadata ->> 'pool', 'general'), 'pending', movement.confirmations, '{"source": "unmatched"}'
    from core.wallets w where w.id = movement.wallet_id and movement.chain <> 'fiat' on conflict do nothing returning id into guest;
    if guest is not null then
      update core.transactions t set donation_id = guest where t.id = movement.id;
      adopted := adopted + 1;
    end if;
  end loop;
  return adopted;
end $$;

create policy match_candidates_staff_select on core.match_candidates for select to hc_finance, hc_auditor using (true);

grant select on core.match_candidates to hc_finance, hc_auditor;
grant execute on function core.match_transaction, core.adopt_transactions to hc_worker;
grant execute on function core.link_transaction to hc_finance;

comment on table core.match_candidates is 'Gifts an incoming transaction may belong to, until one is chosen. @distribution local';
comment on column core.match_candidates.transaction_id is 'The transaction.';
comment on column core.match_candidates.donation_id is 'The gift.';
comment on column core.match_candidates.rule is 'Why: reservation, memo, amount or near_amount.';
comment on column core.match_candidates.score is 'How sure, up to 1.';
comment on column core.match_candidates.created_at is 'When it was found.';
comment on index core.match_candidates_donation_id_idx is 'Transactions that may be a gift''s; and the foreign key.';
comment on policy match_candidates_staff_select on core.match_candidates is 'Finance chooses, audit sees.';
comment on function core.join_transaction is 'Links a transaction to a gift. For owner functions.';
comment on function core.match_transaction is 'Links an incoming transaction to the one gift it can be, or says how many candidates there are. Security definer: for the worker.';
comment on function core.link_transaction is 'Links an incoming transaction to the gift that finance chose (hc_finance). Security definer: nobody writes money.';
comment on function core.adopt_transactions is 'Makes guest gifts of what came in 24 hours ago and belongs to nothing; returns how many. Security definer: for the worker.';

-- verify
insert into core.wallets (id, chain, address, custody, status, metadata) select ('00000000-0000-7000-8000-00000072900' || n)::uuid, 'polygon', '0x000000000000000000000000000000000072900' || n, 'public', 'active', '{"pool": "movement"}' from generate_series(1, 2) n;
insert into core.donations (id, chain, currency, amount_crypto, payment_ref, to_wallet_id) select ('00000000-0000-7000-8000-00000072901' || n)::uuid, 'polygon', 'POL', a, r, case when n < 5 then '00000000-0000-7000-8000-000000729001'::uuid end from (values (1, 7, 'memo-0729'), (2, 5, null), (3, 5, null), (4, 11, null), (5, 3, 'reserved-0729')) v(n, a, r);
insert into core.deposit_reservations (wallet_id, chain, fund_code, reference, expires_at) values ('00000000-0000-7000-8000-000000729002', 'polygon', 'movement', 'reserved-0729', now() + interval '1 day');
insert into core.transactions (id, wallet_id, chain, currency, amount_crypto, txid, raw, counterparty_address, confirmations, created_at)
select ('00000000-0000-7000-8000-00000072902' || n)::uuid, ('00000000-0000-7000-8000-00000072900' || w)::uuid, 'polygon', 'POL', a, '0x' || repeat('0729', 15) || lpad(n::text, 4, '0'), raw::jsonb, '0xfrom', 1, now() - age::interval
from (values (1, 1, 7, '{"memo": "memo-0729"}', '0'), (2, 1, 5, '{}', '0'), (3, 1, 11.05, '{}', '0'), (4, 2, 2.5, '{}', '0'), (5, 1, 99, '{}', '25 hours'), (6, 1, 98, '{}', '23 hours')) v(n, w, a, raw, age);
set local role hc_worker;
select core.match_transaction('00000000-0000-7000-8000-000000729021') = '{"rule": "memo", "donation_id": "00000000-0000-7000-8000-000000729011"}', core.match_transaction('00000000-0000-7000-8000-000000729022') = '{"candidates": 2}', core.match_transaction('00000000-0000-7000-8000-000000729023') = '{"candidates": 1}',
  core.match_transaction('00000000-0000-7000-8000-000000729024') = '{"rule": "reservation", "donation_id": "00000000-0000-7000-8000-000000729015"}', core.match_transaction('00000000-0000-7000-8000-000000729025') = '{"candidates": 0}', blueprint.raises('select core.match_transaction(uuidv7())', '22023');
select core.match_transaction('00000000-0000-7000-8000-000000729021') ->> 'rule' = 'linked', core.match_transaction('00000000-0000-7000-8000-000000729022') = '{"candidates": 2}';
select core.adopt_transactions(now()) >= 1;
select core.adopt_transactions(now()) = 0;
set local role hc_owner;
select d.status = 'pending' and d.txid = t.txid and d.from_address = '0xfrom' and d.confirmations = 1 from core.donations d join core.transactions t on t.donation_id = d.id where d.id = '00000000-0000-7000-8000-000000729011';
select count(*) = 2, bool_and(score = 0.9 and rule = 'amount') from core.match_candidates where transaction_id = '00000000-0000-7000-8000-000000729022';
select rule = 'near_amount' and score > 0.79 from core.match_candidates where transaction_id = '00000000-0000-7000-8000-000000729023';
select d.donor_id is null and d.status = 'pending' and d.amount_crypto = 99 and d.fund_code = 'movement' and d.metadata @> '{"source": "unmatched"}' from core.donations d join core.transactions t on t.donation_id = d.id where t.id = '00000000-0000-7000-8000-000000729025';
select donation_id is null from core.transactions where id = '00000000-0000-7000-8000-000000729026';
select core.act_as('00000000-0000-7000-8000-00000072900f', 'hc_member');
select blueprint.raises($$ select core.link_transaction('00000000-0000-7000-8000-000000729022', '00000000-0000-7000-8000-000000729012') $$, '42501', 'hc_finance');
select core.act_as('00000000-0000-7000-8000-00000072900f', 'hc_finance');
set local role hc_finance;
select count(*) = 2 from core.match_candidates where transaction_id = '00000000-0000-7000-8000-000000729022';
select core.link_transaction('00000000-0000-7000-8000-000000729022', '00000000-0000-7000-8000-000000729012');
select donation_id = '00000000-0000-7000-8000-000000729012' from core.transactions where id = '00000000-0000-7000-8000-000000729022';
select blueprint.raises($$ select core.link_transaction('00000000-0000-7000-8000-000000729022', '00000000-0000-7000-8000-000000729013') $$, '22023', 'unlinked'), count(*) = 0 from core.match_candidates where transaction_id = '00000000-0000-7000-8000-000000729022';
set local role hc_auditor;
select count(*) = 1 from core.match_candidates where transaction_id = '00000000-0000-7000-8000-000000729023';
set local role hc_owner;
select vals, blueprint.raises(format('insert into core.match_candidates (transaction_id, donation_id, rule, score) values (%s)', vals), state, rule) from (values
  ($$ uuidv7(), '00000000-0000-7000-8000-000000729012', 'memo', 1 $$, '23503', 'match_candidates_transaction_id_fk'), ($$ '00000000-0000-7000-8000-000000729022', uuidv7(), 'memo', 1 $$, '23503', 'match_candidates_donation_id_fk'), ($$ '00000000-0000-7000-8000-000000729022', '00000000-0000-7000-8000-000000729012', 'luck', 1 $$, '23514', 'match_candidates_rule_check'),
  ($$ '00000000-0000-7000-8000-000000729022', '00000000-0000-7000-8000-000000729012', 'memo', 2 $$, '23514', 'match_candidates_score_check'), ($$ '00000000-0000-7000-8000-000000729023', '00000000-0000-7000-8000-000000729014', 'memo', 1 $$, '23505', 'match_candidates_transaction_id_donation_id_pk')) v(vals, state, rule);
insert into core.match_candidates (transaction_id, donation_id, rule, score) values ('00000000-0000-7000-8000-000000729026', '00000000-0000-7000-8000-000000729012', 'memo', 1) returning created_at = now();
select blueprint.plan_uses($$ select from core.match_candidates where donation_id = '00000000-0000-7000-8000-000000729012' $$, 'match_candidates_donation_id_idx'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.match_candidates'::regclass);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.match_transaction(uuid)', 'core.adopt_transactions(timestamptz)']) f;
select has_function_privilege('hc_finance', 'core.link_transaction(uuid, uuid)', 'execute') and not has_function_privilege('hc_member', 'core.link_transaction(uuid, uuid)', 'execute') and not has_function_privilege('hc_worker', 'core.join_transaction(uuid, uuid)', 'execute');

-- task: BUILD_0730 implement_table_feature
-- title: Track stuck and replaced transactions: replacement, fee analysis and alerts
-- does: core.replace_transaction(old, new) hands the gift and its history to the successor on the network, stuck_transactions() lists what we sent and should be settled by now with
--   the place of its fee among recent ones, fee_summary() says what fees cost, dust_transactions() what is not worth moving.
-- proves: after a replacement the gift points to the successor and the old row is replaced, a cheap transaction of six hours is stuck at percentile 0, the median is right, dust is named.
-- needs: BUILD_0724
create function core.replace_transaction(old uuid, new uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  before core.transactions;
begin
  select t.* into before from core.transactions t where t.id = old for update;
  update core.transactions t set replaces_id = old, donation_id = coalesce(t.donation_id, before.donation_id)
  where t.id = new and t.wallet_id = before.wallet_id and t.chain = before.chain and t.id <> old and t.status in ('seen', 'confirming', 'confirmed') and before.status in ('seen', 'confirming', 'orphaned') and t.replaces_id is null;
  if not found then
    raise exception using errcode = '22023', message = 'an open transaction is replaced by a live one of the same wallet';
  end if;
  update core.transactions t set status = 'replaced', donation_id = null, metadata = t.metadata || jsonb_build_object('replaced_by', new, 'donation_id', t.donation_id, 'double_spend', t.amount_crypto <> n.amount_crypto)
  from core.transactions n where t.id = old and n.id = new;
  update core.donations d set txid = n.txid, confirmations = n.confirmations from core.transactions n where n.id = new and d.id = before.donation_id and d.confirmed_at is null;
end $$;

create function core.stuck_transactions(at timestamptz default now()) returns table (transaction_id uuid, chain text, txid text, waiting interval, fee_crypto numeric, fee_percentile numeric)
  language sql stable
begin atomic
  select t.id, t.chain, t.txid, stuck_transactions.at - t.created_at, t.fee_crypto::numeric,
    (select round(count(*) filter (where r.fee_crypto < t.fee_crypto)::numeric / nullif(count(*), 0), 2)
      from core.transactions r where r.chain = t.chain and r.kind <> 'incoming' and r.status = 'confirmed' and r.created_at > stuck_transactions.at - interval '30 days')
  from core.transactions t join core.chains c on c.code = t.chain
  where t.status in ('seen', 'confirming') and t.kind <> 'incoming' and t.txid is not null and t.created_at < stuck_transactions.at - c.typical_delay order by t.created_at, t.id;
end;

create function core.fee_summary(chain text, since timestamptz, until timestamptz) returns table (currency text, sent bigint, fees numeric, median_fee numeric, p90_fee numeric, fee_share numeric)
  language sql stable
begin atomic
  select t.currency::text, count(*), sum(t.fee_crypto)::numeric, (percentile_disc(0.5) within group (order by t.fee_crypto::numeric)), (percentile_disc(0.9) within group (order by t.fee_crypto::numeric)),
    case when t.currency = c.native_currency then round(sum(t.fee_crypto) / sum(t.amount_crypto), 8) end
  from core.transactions t join core.chains c on c.code = t.chain
  where t.chain = fee_summary.chain and t.kind <> 'incoming' and t.status = 'confirmed' and t.created_at >= since and t.created_at < until group by t.currency, c.native_currency order by t.currency;
end;

create function core.dust_transactions(chain text) returns setof uuid
  language sql stable
begin atomic
  select t.id from core.transactions t join core.chains c on c.code = t.chain
  where t.chain = dust_transactions.chain and t.currency = c.native_currency and t.kind = 'incoming' and t.amount_crypto < c.dust_amount and t.status in ('seen', 'confirming', 'confirmed');
end;

comment on function core.replace_transaction is 'The network took new instead of old (same nonce, or RBF): gift and history go on with new. Security definer: for the worker.';
comment on function core.stuck_transactions is 'What we sent and is not settled within the usual time of its chain, oldest first, and which share of recent fees was lower.';
comment on function core.fee_summary is 'Fees of what we sent on a chain in a period: sum, median, 90th percentile, and their share of the amount where both are in one currency.';
comment on function core.dust_transactions is 'Incoming movements smaller than what moving them costs.';

grant execute on function core.replace_transaction to hc_worker;
grant execute on function core.stuck_transactions, core.fee_summary, core.dust_transactions to hc_finance, hc_auditor;

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000730001', 'polygon', '0x0000000000000000000000000000000000730001', 'hot', 'active'), ('00000000-0000-7000-8000-000000730002', 'polygon', '0x0000000000000000000000000000000000730002', 'hot', 'active');
insert into core.donations (id, chain, currency, amount_crypto, status, txid) values ('00000000-0000-7000-8000-000000730011', 'polygon', 'POL', 2, 'pending', '0x' || repeat('0730', 15) || '0001');
insert into core.transactions (id, donation_id, kind, wallet_id, chain, currency, amount_crypto, fee_crypto, txid, status, block_height, block_hash, block_at, confirmations, created_at)
select ('00000000-0000-7000-8000-00000073002' || n)::uuid, ('00000000-0000-7000-8000-00000073001' || d)::uuid, k, '00000000-0000-7000-8000-000000730001', 'polygon', 'POL', a, f, '0x' || repeat('0730', 15) || lpad(n::text, 4, '0'), s, 7, 'h', now(), c, timestamptz '1973-01-01 00:00+00' - age::interval
from (values (1, 1, 'incoming', 2, 0, 'confirming', 3, '0'), (2, null, 'incoming', 2, 0, 'confirming', 1, '0'), (3, null, 'outgoing', 10, 0.01, 'confirmed', 128, '2 days'), (4, null, 'outgoing', 10, 0.03, 'confirmed', 128, '2 days'), (5, null, 'sweep', 10, 0.02, 'confirmed', 128, '2 days'),
  (6, null, 'outgoing', 10, 0.001, 'seen', 0, '6 hours'), (7, null, 'outgoing', 10, 0.001, 'seen', 0, '5 minutes'), (8, null, 'incoming', 0.000001, 0, 'seen', 0, '0')) v(n, d, k, a, f, s, c, age);
set local role hc_worker;
select core.replace_transaction('00000000-0000-7000-8000-000000730021', '00000000-0000-7000-8000-000000730022');
set local role hc_owner;
select o.status = 'replaced' and o.donation_id is null and o.metadata @> '{"double_spend": false, "donation_id": "00000000-0000-7000-8000-000000730011"}' and n.replaces_id = o.id and n.donation_id = d.id and d.txid = n.txid and d.confirmations = 1
from core.transactions o, core.transactions n, core.donations d where o.id = '00000000-0000-7000-8000-000000730021' and n.id = '00000000-0000-7000-8000-000000730022' and d.id = '00000000-0000-7000-8000-000000730011';
select a, blueprint.raises(format('select core.replace_transaction(%L, %L)', '00000000-0000-7000-8000-00000073002' || a, '00000000-0000-7000-8000-00000073002' || b), '22023') from (values (3, 4), (1, 2), (7, 7)) v(a, b);
select array_agg(transaction_id) = '{00000000-0000-7000-8000-000000730026}' and bool_and(waiting = interval '6 hours' and fee_percentile = 0) from core.stuck_transactions('1973-01-01 00:00+00') where chain = 'polygon' and transaction_id::text like '%7300__';
select currency = 'POL' and sent = 3 and fees = 0.06 and median_fee = 0.02 and p90_fee = 0.03 and fee_share = 0.002 from core.fee_summary('polygon', '1972-12-01', '1973-01-01 00:00+00');
select count(*) filter (where d = '00000000-0000-7000-8000-000000730028') = 1 and count(*) filter (where d = '00000000-0000-7000-8000-000000730022') = 0 from core.dust_transactions('polygon') d;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['core.stuck_transactions(timestamptz)', 'core.fee_summary(text, timestamptz, timestamptz)', 'core.dust_transactions(text)']) f;
select has_function_privilege('hc_worker', 'core.replace_transaction(uuid, uuid)', 'execute') and not has_function_privilege('hc_member', 'core.replace_transaction(uuid, uuid)', 'execute');
