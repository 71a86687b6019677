-- Room treasury, layer 08: the books. Every entry balances, nothing is edited, who proposes never approves. Debits are positive and credits negative,
-- each line in its own currency and in USD. Nobody writes tables but functions of the owner; money stays on one node.

-- task: BUILD_0161 create_sql_file critical
-- title: Open room treasury with its contract: balanced, append-only, four eyes, single node
-- does: Schema treasury, registered as layer 8 with what it provides, requires and never breaks. Finance, compliance and audit may enter, the worker may execute; members may not.
-- proves: the room is registered with three invariants, members have no way in (42501), finance has.
-- needs: BUILD_0005, BUILD_0015
select blueprint.open_room('treasury', 8, '08_crypto_treasury',
  '{"provides": ["ledger", "rates", "intents", "multisig", "screening", "reconciliation"], "requires": ["core.donations", "core.wallets", "core.transactions"],
    "invariants": ["every entry balances", "nothing posted is updated or deleted", "a proposer never approves"], "rls": "staff", "retention": {"entries": "10 years"}, "distribution": "local"}',
  'The books: funds, accounts, entries, rates, payments, approvals, screening. Debits positive, credits negative; append-only.');

grant usage on schema treasury to hc_finance, hc_compliance, hc_auditor, hc_worker;

-- verify
select layer = 8 and jsonb_array_length(contract -> 'invariants') = 3 and contract -> 'provides' ? 'ledger' from blueprint.rooms where schema_name = 'treasury';
select role, has_schema_privilege(role, 'treasury', 'usage') and not has_schema_privilege(role, 'treasury', 'create') from unnest(array['hc_finance', 'hc_compliance', 'hc_auditor', 'hc_worker']) role;
create table treasury.probe_0161 (id int);
grant select on treasury.probe_0161 to hc_member;
set local role hc_member;
select blueprint.raises('select from treasury.probe_0161', '42501', 'schema treasury'), not has_schema_privilege('hc_admin', 'treasury', 'usage');

-- task: BUILD_0162 create_tables critical
-- title: Create the treasury tables and seed funds and chart of accounts
-- does: Funds, accounts, entries and postings, rates by month, payment intents, signers, proposals, approvals, payouts, reconciliations, screenings, sanctions, budgets and checkpoints;
--   five funds and a chart of thirty accounts for a charity that takes crypto.
-- proves: the general fund and the accounts of hot bitcoin and crypto gifts exist, a two-line entry can be written and read, a rate of next month lands in its partition, keys refuse a second row.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0017, BUILD_0021, BUILD_0161
create table treasury.funds (
  id uuid default uuidv7() constraint funds_id_pk primary key,
  code text not null constraint funds_code_key unique,
  title text not null,
  kind text not null default 'unrestricted',
  goal_usd core.fiat_amount,
  status text not null default 'active',
  manager_id uuid,
  purposes text[] not null default '{}',
  during tstzrange not null default tstzrange(now(), null),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.accounts (
  id uuid default uuidv7() constraint accounts_id_pk primary key,
  code text not null constraint accounts_code_key unique,
  path extensions.ltree not null,
  name text not null,
  type text not null,
  currency text,
  wallet_id uuid,
  fund_code text,
  normal_side text not null,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.entries (
  id uuid default uuidv7() constraint entries_id_pk primary key,
  seq bigint,
  number text,
  posted_at timestamptz not null default clock_timestamp(),
  effective_on date not null,
  kind text not null,
  source_kind text not null,
  source_id text not null,
  description text,
  reverses_id uuid,
  posted_by uuid default core.current_user_id(),
  request_id text default core.request_id(),
  payload_sha256 core.sha256,
  prev_sha256 core.sha256,
  entry_sha256 core.sha256
);

create table treasury.postings (
  entry_id uuid,
  line_no int,
  account_id uuid not null,
  currency text not null,
  amount core.signed_crypto not null,
  amount_usd core.fiat_amount not null,
  fund_code text,
  constraint postings_entry_id_line_no_pk primary key (entry_id, line_no)
);

create table treasury.exchange_rates (
  base text,
  quote text,
  source text,
  occurred_at timestamptz,
  rate numeric(38, 18) not null,
  is_manual boolean not null default false,
  entered_by uuid,
  constraint exchange_rates_base_quote_source_occurred_at_pk primary key (base, quote, source, occurred_at)
) partition by range (occurred_at);

select core.ensure_month_partitions('treasury.exchange_rates');

create table treasury.payment_intents (
  id uuid default uuidv7() constraint payment_intents_id_pk primary key,
  user_id uuid,
  fund_code text not null,
  amount_usd core.fiat_amount not null,
  currency text not null,
  chain text not null,
  pay_address text,
  pay_amount core.crypto_amount,
  received_amount core.crypto_amount not null default 0,
  provider text,
  provider_ref text,
  idempotency_key text not null,
  status text not null default 'created',
  expires_at timestamptz not null,
  donation_id uuid,
  contact jsonb not null default '{}',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.wallet_signers (
  id uuid default uuidv7() constraint wallet_signers_id_pk primary key,
  wallet_id uuid not null,
  user_id uuid not null,
  key_fingerprint text,
  weight int not null default 1,
  during tstzrange not null default tstzrange(now(), null)
);

create table treasury.proposals (
  id uuid default uuidv7() constraint proposals_id_pk primary key,
  wallet_id uuid not null,
  kind text not null,
  to_address text not null,
  currency text not null,
  amount core.crypto_amount not null,
  amount_usd core.fiat_amount not null,
  payload_sha256 core.sha256,
  status text not null default 'draft',
  proposed_by uuid not null,
  expires_at timestamptz not null,
  executes_after timestamptz,
  transaction_id uuid,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.approvals (
  proposal_id uuid,
  signer_id uuid,
  payload_sha256 core.sha256,
  decision text not null default 'approve',
  signature bytea,
  occurred_at timestamptz not null default clock_timestamp(),
  constraint approvals_proposal_id_signer_id_payload_sha256_pk primary key (proposal_id, signer_id, payload_sha256)
);

create table treasury.payouts (
  id uuid default uuidv7() constraint payouts_id_pk primary key,
  proposal_id uuid not null,
  payee_id uuid,
  budget_id uuid not null,
  amount_usd core.fiat_amount not null,
  currency text not null,
  amount core.crypto_amount not null,
  purpose text,
  transaction_id uuid,
  entry_id uuid,
  status text not null default 'requested',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.reconciliations (
  id uuid default uuidv7() constraint reconciliations_id_pk primary key,
  wallet_id uuid not null,
  currency text not null,
  as_of timestamptz not null,
  statement_balance core.signed_crypto not null,
  ledger_balance core.signed_crypto not null,
  difference numeric(38, 18) generated always as (statement_balance - ledger_balance) stored,
  status text not null default 'open',
  statement_asset_id uuid,
  prepared_by uuid,
  signed_off_by uuid,
  signed_off_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.reconciliation_items (
  id uuid default uuidv7() constraint reconciliation_items_id_pk primary key,
  reconciliation_id uuid not null,
  transaction_id uuid,
  entry_id uuid,
  kind text not null,
  amount core.signed_crypto not null,
  resolved_by uuid,
  resolved_at timestamptz
);

create table treasury.aml_screenings (
  id uuid default uuidv7() constraint aml_screenings_id_pk primary key,
  occurred_at timestamptz not null default clock_timestamp(),
  subject_kind text not null,
  subject_id uuid not null,
  provider text not null default 'internal',
  score int not null default 0,
  matches jsonb not null default '[]',
  list_version text not null,
  verdict text not null
);

create table treasury.sanctions_entries (
  list text,
  uid text,
  name text not null,
  aliases text[] not null default '{}',
  addresses text[] not null default '{}',
  countries text[] not null default '{}',
  programme text,
  listed_on date,
  delisted_on date,
  list_version text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sanctions_entries_list_uid_pk primary key (list, uid)
);

create table treasury.budgets (
  id uuid default uuidv7() constraint budgets_id_pk primary key,
  fund_code text not null,
  account_id uuid not null,
  period daterange not null,
  limit_usd core.fiat_amount not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table treasury.chain_checkpoints (
  chain text,
  height bigint,
  block_hash text,
  parent_hash text,
  seen_at timestamptz not null default clock_timestamp(),
  orphaned_at timestamptz,
  constraint chain_checkpoints_chain_height_block_hash_pk primary key (chain, height, block_hash)
);

insert into treasury.funds (code, title, kind, purposes, during) values
  ('general', 'General fund', 'unrestricted', '{}', '[2000-01-01 00:00+00,)'), ('movement', 'Movement fund', 'unrestricted', '{}', '[2000-01-01 00:00+00,)'), ('microfactory', 'Microfactory fund', 'restricted', '{microfactory,machine,material}', '[2000-01-01 00:00+00,)'),
  ('scholarship', 'Scholarship fund', 'restricted', '{scholarship,course}', '[2000-01-01 00:00+00,)'), ('endowment', 'Endowment', 'endowment', '{investment}', '[2000-01-01 00:00+00,)');

insert into treasury.accounts (code, path, name, type, currency, normal_side)
select c, c::extensions.ltree, n, t, cur, case when t in ('asset', 'expense') then 'debit' else 'credit' end from (values
  ('assets.cash.bank', 'Bank', 'asset', 'USD'), ('assets.cash.processor', 'Card processor, not paid out yet', 'asset', 'USD'), ('assets.crypto.btc.hot', 'Bitcoin, hot', 'asset', 'BTC'), ('assets.crypto.btc.cold', 'Bitcoin, cold', 'asset', 'BTC'),
  ('assets.crypto.eth.hot', 'Ether, hot', 'asset', 'ETH'), ('assets.crypto.eth.cold', 'Ether, cold', 'asset', 'ETH'), ('assets.crypto.sol.hot', 'Solana, hot', 'asset', 'SOL'), ('assets.crypto.xlm.hot', 'Lumens, hot', 'asset', 'XLM'), ('assets.crypto.pol.hot', 'Polygon, hot', 'asset', 'POL'),
  ('assets.crypto.usdc', 'USD Coin on any chain', 'asset', null), ('assets.crypto.custodial', 'Held by custodians', 'asset', null), ('assets.receivable', 'Pledges', 'asset', null), ('assets.suspense', 'To be cleared', 'asset', null),
  ('liabilities.payable', 'Payable', 'liability', null), ('liabilities.refunds', 'Refunds not sent yet', 'liability', null), ('equity.net_assets.unrestricted', 'Net assets without restrictions', 'equity', null), ('equity.net_assets.restricted', 'Net assets with restrictions', 'equity', null), ('equity.opening', 'Opening balances', 'equity', null),
  ('income.donations.fiat', 'Gifts in money', 'income', null), ('income.donations.crypto', 'Gifts in crypto', 'income', null), ('income.donations.restricted', 'Gifts to restricted funds', 'income', null), ('income.fx_gain', 'Gains on rates', 'income', 'USD'), ('income.other', 'Other income', 'income', null),
  ('expense.fees.network', 'Network fees', 'expense', null), ('expense.fees.processing', 'Processing fees', 'expense', null), ('expense.fx_loss', 'Losses on rates', 'expense', 'USD'), ('expense.programme.microfactory', 'Microfactories', 'expense', null), ('expense.programme.scholarship', 'Scholarships', 'expense', null),
  ('expense.programme.movement', 'Movement', 'expense', null), ('expense.administration', 'Administration', 'expense', null)) v(c, n, t, cur);

-- verify
select count(*) = 5 from treasury.funds where code in ('general', 'movement', 'microfactory', 'scholarship', 'endowment');
select count(*) = 3, bool_and(is_active and (normal_side = 'debit') = (type = 'asset')) from treasury.accounts where code in ('assets.crypto.btc.hot', 'income.donations.crypto', 'assets.cash.bank');
select count(*) >= 30 from treasury.accounts;
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000162001', '2026-01-02', 'donation', 'probe', '0162') returning posted_at >= now();
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd) select '00000000-0000-7000-8000-000000162001', n, a.id, 'BTC', x, x * 100 from (values (1, 'assets.crypto.btc.hot', 0.5), (2, 'income.donations.crypto', -0.5)) v(n, c, x) join treasury.accounts a on a.code = v.c;
select count(*) = 2 and sum(amount) = 0 and sum(amount_usd) = 0 from treasury.postings join treasury.entries e on e.id = entry_id where e.source_id = '0162';
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate) values ('PROBE', 'USD', 'probe', date_trunc('month', now(), 'UTC') + interval '40 days', 2)
returning tableoid::regclass::text = 'treasury.exchange_rates' || to_char((date_trunc('month', now(), 'UTC') + interval '40 days') at time zone 'UTC', '_YYYY_MM') and not is_manual;
insert into treasury.funds (code, title) values ('probe-0162', 'Probe') returning kind = 'unrestricted' and status = 'active' and purposes = '{}' and lower(during) = now() and id is not null and created_at = now() and updated_at = now();
insert into treasury.accounts (id, code, path, name, type, normal_side) values ('00000000-0000-7000-8000-000000162003', 'assets.probe_0162', 'assets.probe_0162', 'Probe', 'asset', 'debit') returning is_active and created_at = now() and updated_at = now();
insert into treasury.accounts (code, path, name, type, normal_side) values ('assets.probe_0162b', 'assets.probe_0162b', 'Probe', 'asset', 'debit') returning id is not null;
insert into treasury.aml_screenings (id, subject_kind, subject_id, list_version, verdict) values ('00000000-0000-7000-8000-000000162006', 'donation', uuidv7(), 'v1', 'clear') returning provider = 'internal' and score = 0 and matches = '[]' and occurred_at >= now();
insert into treasury.aml_screenings (subject_kind, subject_id, list_version, verdict) values ('donation', uuidv7(), 'v1', 'clear') returning id is not null;
insert into treasury.sanctions_entries (list, uid, name, list_version) values ('PROBE-0162', '1', 'x', 'v1') returning aliases = '{}' and addresses = '{}' and countries = '{}' and created_at = now() and updated_at = now();
select target, blueprint.raises(format('insert into treasury.%s', target), '23505', rule) from (values ($$ funds (code, title) values ('general', 'x') $$, 'funds_code_key'), ($$ funds (id, code, title) select id, 'probe-b', 'x' from treasury.funds where code = 'probe-0162' $$, 'funds_id_pk'),
  ($$ accounts (code, path, name, type, normal_side) values ('assets.cash.bank', 'assets.cash.bank', 'x', 'asset', 'debit') $$, 'accounts_code_key'), ($$ accounts (id, code, path, name, type, normal_side) values ('00000000-0000-7000-8000-000000162003', 'assets.x', 'assets.x', 'x', 'asset', 'debit') $$, 'accounts_id_pk'),
  ($$ entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000162001', '2026-01-02', 'donation', 'probe', '0162b') $$, 'entries_id_pk'), ($$ postings select * from treasury.postings where entry_id = '00000000-0000-7000-8000-000000162001' $$, 'postings_entry_id_line_no_pk'),
  ($$ exchange_rates select * from treasury.exchange_rates where base = 'PROBE' and source = 'probe' $$, '_pkey'), ($$ aml_screenings (id, subject_kind, subject_id, list_version, verdict) values ('00000000-0000-7000-8000-000000162006', 'donation', uuidv7(), 'v1', 'clear') $$, 'aml_screenings_id_pk'),
  ($$ sanctions_entries (list, uid, name, list_version) values ('PROBE-0162', '1', 'x', 'v1') $$, 'sanctions_entries_list_uid_pk')) v(target, rule) where target not like ' exchange_rates%' or exists (select from treasury.exchange_rates);
select count(*) = 6 from pg_constraint where contype = 'p' and conname in ('payment_intents_id_pk', 'wallet_signers_id_pk', 'proposals_id_pk', 'payouts_id_pk', 'reconciliations_id_pk', 'budgets_id_pk') and conrelid::regclass::text like 'treasury.%';
select count(*) = 4 from pg_constraint where contype = 'p' and conname in ('reconciliation_items_id_pk', 'approvals_proposal_id_signer_id_payload_sha256_pk', 'chain_checkpoints_chain_height_block_hash_pk', 'exchange_rates_base_quote_source_occurred_at_pk') and conrelid::regclass::text like 'treasury.%';
select count(*) = 0 from blueprint.rls_gaps('treasury');
select t || '.' || c, pg_get_expr(d.adbin, d.adrelid) = e from (values ('payment_intents', 'status', '''created''::text'), ('payment_intents', 'received_amount', '0'), ('payment_intents', 'contact', '''{}''::jsonb'), ('payment_intents', 'metadata', '''{}''::jsonb'), ('payment_intents', 'id', 'uuidv7()'), ('payment_intents', 'created_at', 'now()'), ('payment_intents', 'updated_at', 'now()'),
    ('wallet_signers', 'id', 'uuidv7()'), ('wallet_signers', 'weight', '1'), ('wallet_signers', 'during', 'tstzrange(now(), NULL::timestamp with time zone)'), ('proposals', 'id', 'uuidv7()'), ('proposals', 'status', '''draft''::text'), ('proposals', 'metadata', '''{}''::jsonb'), ('proposals', 'created_at', 'now()'), ('proposals', 'updated_at', 'now()'),
    ('approvals', 'decision', '''approve''::text'), ('approvals', 'occurred_at', 'clock_timestamp()'), ('payouts', 'id', 'uuidv7()'), ('payouts', 'status', '''requested''::text'), ('payouts', 'created_at', 'now()'), ('payouts', 'updated_at', 'now()'), ('reconciliations', 'id', 'uuidv7()'), ('reconciliations', 'status', '''open''::text'),
    ('reconciliations', 'difference', '((statement_balance)::numeric - (ledger_balance)::numeric)'), ('reconciliations', 'created_at', 'now()'), ('reconciliations', 'updated_at', 'now()'), ('reconciliation_items', 'id', 'uuidv7()'), ('budgets', 'id', 'uuidv7()'), ('budgets', 'created_at', 'now()'), ('budgets', 'updated_at', 'now()'), ('chain_checkpoints', 'seen_at', 'clock_timestamp()'),
    ('entries', 'id', 'uuidv7()'), ('entries', 'posted_by', 'core.current_user_id()'), ('entries', 'request_id', 'core.request_id()')) v(t, c, e)
join pg_attribute a on a.attrelid = ('treasury.' || t)::regclass and a.attname = c left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum;

-- revert
drop table treasury.chain_checkpoints, treasury.budgets, treasury.sanctions_entries, treasury.aml_screenings, treasury.reconciliation_items, treasury.reconciliations, treasury.payouts, treasury.approvals,
  treasury.proposals, treasury.wallet_signers, treasury.payment_intents, treasury.exchange_rates, treasury.postings, treasury.entries, treasury.accounts, treasury.funds;

-- task: BUILD_0163 create_indexes
-- title: Index postings, rates, intents, screenings and sanctions names
-- does: Balances from an index alone, the latest rate without a sort, open intents and proposals, screenings of a subject, sanctioned names typed badly and sanctioned addresses. A source is posted once.
-- proves: each query is served by its index; the same source twice raises 23505.
-- needs: BUILD_0005, BUILD_0021, BUILD_0162
create index postings_account_id_entry_id_idx on treasury.postings (account_id, entry_id) include (amount, amount_usd);
create index entries_posted_at_idx on treasury.entries (posted_at);
create index entries_effective_on_idx on treasury.entries (effective_on);
create unique index entries_source_kind_source_id_key on treasury.entries (source_kind, source_id);
create index accounts_path_idx on treasury.accounts using gist (path);
create index exchange_rates_base_quote_occurred_at_idx on treasury.exchange_rates (base, quote, occurred_at desc);
create index payment_intents_open_idx on treasury.payment_intents (status, expires_at) where status in ('created', 'awaiting', 'partial');
create unique index payment_intents_idempotency_key_key on treasury.payment_intents (idempotency_key);
create unique index payment_intents_provider_provider_ref_key on treasury.payment_intents (provider, provider_ref) where provider_ref is not null;
create index proposals_status_idx on treasury.proposals (status);
create index aml_screenings_subject_idx on treasury.aml_screenings (subject_kind, subject_id, occurred_at desc);
create index sanctions_entries_name_trgm_idx on treasury.sanctions_entries using gin (name extensions.gin_trgm_ops);
create index sanctions_entries_addresses_idx on treasury.sanctions_entries using gin (addresses);

comment on index treasury.postings_account_id_entry_id_idx is 'Balance of an account from the index alone; and the foreign key.';
comment on index treasury.entries_posted_at_idx is 'Entries in order of posting.';
comment on index treasury.entries_effective_on_idx is 'Entries of a period.';
comment on index treasury.entries_source_kind_source_id_key is 'The entry of a source: posted once.';
comment on index treasury.accounts_path_idx is 'Accounts below a node of the chart.';
comment on index treasury.exchange_rates_base_quote_occurred_at_idx is 'Latest rate of a pair.';
comment on index treasury.payment_intents_open_idx is 'Intents that may expire.';
comment on index treasury.payment_intents_idempotency_key_key is 'The intent of a key.';
comment on index treasury.payment_intents_provider_provider_ref_key is 'The intent of a provider''s number.';
comment on index treasury.proposals_status_idx is 'Proposals by status.';
comment on index treasury.aml_screenings_subject_idx is 'Screenings of a subject, newest first.';
comment on index treasury.sanctions_entries_name_trgm_idx is 'Sanctioned names typed badly.';
comment on index treasury.sanctions_entries_addresses_idx is 'The sanctioned party of an address.';

-- verify
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000163001', '2026-01-02', 'donation', 'probe', '0163');
select blueprint.raises($$ insert into treasury.entries (effective_on, kind, source_kind, source_id) values ('2026-01-02', 'donation', 'probe', '0163') $$, '23505', 'entries_source_kind_source_id_key');
select count(*) = 2 from pg_index where indisunique and indexrelid in ('treasury.payment_intents_idempotency_key_key'::regclass, 'treasury.payment_intents_provider_provider_ref_key'::regclass);
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select sum(amount) from treasury.postings where account_id = '00000000-0000-7000-8000-000000163001' $$, 'postings_account_id_entry_id_idx'), ($$ select id from treasury.entries order by posted_at desc limit 5 $$, 'entries_posted_at_idx'), ($$ select id from treasury.entries where effective_on >= '2026-01-01' order by effective_on $$, 'entries_effective_on_idx'),
  ($$ select id from treasury.entries where source_kind = 'x' and source_id = 'y' $$, 'entries_source_kind_source_id_key'), ($$ select code from treasury.accounts where path operator(extensions.<@) 'assets.crypto' $$, 'accounts_path_idx'),
  ($$ select rate from treasury.exchange_rates where base = 'BTC' and quote = 'USD' order by occurred_at desc limit 1 $$, 'exchange_rates_base_quote_occurred_at_idx'), ($$ select id from treasury.payment_intents where status = 'awaiting' and expires_at < now() $$, 'payment_intents_open_idx'),
  ($$ select id from treasury.payment_intents where idempotency_key = 'x' $$, 'payment_intents_idempotency_key_key'), ($$ select id from treasury.payment_intents where provider = 'x' and provider_ref = 'y' $$, 'payment_intents_provider_provider_ref_key'), ($$ select id from treasury.proposals where status = 'open' $$, 'proposals_status_idx'),
  ($$ select verdict from treasury.aml_screenings where subject_kind = 'donation' and subject_id = '00000000-0000-7000-8000-000000163001' order by occurred_at desc limit 1 $$, 'aml_screenings_subject_idx'), ($$ select uid from treasury.sanctions_entries where name operator(extensions.%) 'Jon Smyth' $$, 'sanctions_entries_name_trgm_idx'),
  ($$ select uid from treasury.sanctions_entries where addresses @> '{0xbad}' $$, 'sanctions_entries_addresses_idx')) v(sql, index);

-- task: BUILD_0164 create_foreign_keys critical
-- title: Link treasury to funds, wallets, users and close core.donations.fund_code
-- does: Postings stand on entries and accounts, accounts on wallets, intents on gifts, payouts on proposals, budgets, transactions and entries, signers on wallets and people; a gift names an existing fund.
--   Nothing that is referenced can be deleted.
-- proves: a gift to an unknown fund raises 23503, an account with postings cannot be deleted, every foreign key of the room has its index.
-- needs: BUILD_0005, BUILD_0162, BUILD_0163, BUILD_0691, BUILD_0721, BUILD_0723, BUILD_0702
alter table treasury.funds add constraint funds_manager_id_fk foreign key (manager_id) references core.users (id);
alter table treasury.accounts
  add constraint accounts_currency_fk foreign key (currency) references core.currencies (code),
  add constraint accounts_wallet_id_fk foreign key (wallet_id) references core.wallets (id),
  add constraint accounts_fund_code_fk foreign key (fund_code) references treasury.funds (code);
alter table treasury.entries add constraint entries_reverses_id_fk foreign key (reverses_id) references treasury.entries (id);
alter table treasury.postings
  add constraint postings_entry_id_fk foreign key (entry_id) references treasury.entries (id),
  add constraint postings_account_id_fk foreign key (account_id) references treasury.accounts (id),
  add constraint postings_currency_fk foreign key (currency) references core.currencies (code),
  add constraint postings_fund_code_fk foreign key (fund_code) references treasury.funds (code);
alter table treasury.payment_intents
  add constraint payment_intents_user_id_fk foreign key (user_id) references core.users (id),
  add constraint payment_intents_fund_code_fk foreign key (fund_code) references treasury.funds (code),
  add constraint payment_intents_chain_currency_fk foreign key (chain, currency) references core.currencies (chain, code),
  add constraint payment_intents_donation_id_fk foreign key (donation_id) references core.donations (id);
alter table treasury.wallet_signers
  add constraint wallet_signers_wallet_id_fk foreign key (wallet_id) references core.wallets (id),
  add constraint wallet_signers_user_id_fk foreign key (user_id) references core.users (id);
alter table treasury.proposals
  add constraint proposals_wallet_id_fk foreign key (wallet_id) references core.wallets (id),
  add constraint proposals_currency_fk foreign key (currency) references core.currencies (code),
  add constraint proposals_proposed_by_fk foreign key (proposed_by) references core.users (id),
  add constraint proposals_transaction_id_fk foreign key (transaction_id) references core.transactions (id);
alter table treasury.approvals
  add constraint approvals_proposal_id_fk foreign key (proposal_id) references treasury.proposals (id),
  add constraint approvals_signer_id_fk foreign key (signer_id) references core.users (id);
alter table treasury.budgets
  add constraint budgets_fund_code_fk foreign key (fund_code) references treasury.funds (code),
  add constraint budgets_account_id_fk foreign key (account_id) references treasury.accounts (id);
alter table treasury.payouts
  add constraint payouts_proposal_id_fk foreign key (proposal_id) references treasury.proposals (id),
  add constraint payouts_payee_id_fk foreign key (payee_id) references core.users (id),
  add constraint payouts_budget_id_fk foreign key (budget_id) references treasury.budgets (id),
  add constraint payouts_currency_fk foreign key (currency) references core.currencies (code),
  add constraint payouts_transaction_id_fk foreign key (transaction_id) references core.transactions (id),
  add constraint payouts_entry_id_fk foreign key (entry_id) references treasury.entries (id);
alter table treasury.reconciliations
  add constraint reconciliations_wallet_id_fk foreign key (wallet_id) references core.wallets (id),
  add constraint reconciliations_currency_fk foreign key (currency) references core.currencies (code),
  add constraint reconciliations_statement_asset_id_fk foreign key (statement_asset_id) references core.assets (id),
  add constraint reconciliations_prepared_by_fk foreign key (prepared_by) references core.users (id),
  add constraint reconciliations_signed_off_by_fk foreign key (signed_off_by) references core.users (id);
alter table treasury.reconciliation_items
  add constraint reconciliation_items_reconciliation_id_fk foreign key (reconciliation_id) references treasury.reconciliations (id) on delete cascade,
  add constraint reconciliation_items_transaction_id_fk foreign key (transaction_id) references core.transactions (id),
  add constraint reconciliation_items_entry_id_fk foreign key (entry_id) references treasury.entries (id),
  add constraint reconciliation_items_resolved_by_fk foreign key (resolved_by) references core.users (id);
alter table treasury.chain_checkpoints add constraint chain_checkpoints_chain_fk foreign key (chain) references core.chains (code);
alter table core.donations add constraint donations_fund_code_fk foreign key (fund_code) references treasury.funds (code);

create index funds_manager_id_idx on treasury.funds (manager_id);
create index accounts_currency_idx on treasury.accounts (currency);
create index accounts_wallet_id_idx on treasury.accounts (wallet_id);
create index accounts_fund_code_idx on treasury.accounts (fund_code);
create unique index entries_reverses_id_key on treasury.entries (reverses_id);
create index postings_fund_code_idx on treasury.postings (fund_code);
create index postings_currency_idx on treasury.postings (currency);
create index payment_intents_user_id_idx on treasury.payment_intents (user_id);
create index payment_intents_fund_code_idx on treasury.payment_intents (fund_code);
create index payment_intents_chain_currency_idx on treasury.payment_intents (chain, currency);
create unique index payment_intents_donation_id_key on treasury.payment_intents (donation_id);
create index wallet_signers_wallet_id_idx on treasury.wallet_signers (wallet_id);
create index wallet_signers_user_id_idx on treasury.wallet_signers (user_id);
create index proposals_wallet_id_idx on treasury.proposals (wallet_id);
create index proposals_currency_idx on treasury.proposals (currency);
create index proposals_proposed_by_idx on treasury.proposals (proposed_by);
create index proposals_transaction_id_idx on treasury.proposals (transaction_id);
create index approvals_signer_id_idx on treasury.approvals (signer_id);
create index budgets_fund_code_idx on treasury.budgets (fund_code);
create index budgets_account_id_idx on treasury.budgets (account_id);
create unique index payouts_proposal_id_key on treasury.payouts (proposal_id);
create index payouts_payee_id_idx on treasury.payouts (payee_id);
create index payouts_budget_id_idx on treasury.payouts (budget_id);
create index payouts_currency_idx on treasury.payouts (currency);
create index payouts_transaction_id_idx on treasury.payouts (transaction_id);
create index payouts_entry_id_idx on treasury.payouts (entry_id);
create index reconciliations_wallet_id_as_of_idx on treasury.reconciliations (wallet_id, as_of desc);
create index reconciliations_currency_idx on treasury.reconciliations (currency);
create index reconciliations_statement_asset_id_idx on treasury.reconciliations (statement_asset_id);
create index reconciliations_prepared_by_idx on treasury.reconciliations (prepared_by);
create index reconciliations_signed_off_by_idx on treasury.reconciliations (signed_off_by);
create index reconciliation_items_reconciliation_id_idx on treasury.reconciliation_items (reconciliation_id);
create index reconciliation_items_transaction_id_idx on treasury.reconciliation_items (transaction_id);
create index reconciliation_items_entry_id_idx on treasury.reconciliation_items (entry_id);
create index reconciliation_items_resolved_by_idx on treasury.reconciliation_items (resolved_by);

-- verify
select count(*) = 0 from blueprint.unindexed_fks('treasury');
select count(*) = 38, bool_and(c.confdeltype = case c.conname when 'reconciliation_items_reconciliation_id_fk' then 'c' else 'a' end::"char") from pg_constraint c
where c.contype = 'f' and c.convalidated and (c.conrelid::regclass::text || '.' || c.conname) in ('treasury.funds.funds_manager_id_fk', 'treasury.accounts.accounts_currency_fk', 'treasury.accounts.accounts_wallet_id_fk', 'treasury.accounts.accounts_fund_code_fk', 'treasury.entries.entries_reverses_id_fk',
  'treasury.postings.postings_entry_id_fk', 'treasury.postings.postings_account_id_fk', 'treasury.postings.postings_currency_fk', 'treasury.postings.postings_fund_code_fk', 'treasury.payment_intents.payment_intents_user_id_fk', 'treasury.payment_intents.payment_intents_fund_code_fk', 'treasury.payment_intents.payment_intents_chain_currency_fk',
  'treasury.payment_intents.payment_intents_donation_id_fk', 'treasury.wallet_signers.wallet_signers_wallet_id_fk', 'treasury.wallet_signers.wallet_signers_user_id_fk', 'treasury.proposals.proposals_wallet_id_fk', 'treasury.proposals.proposals_currency_fk', 'treasury.proposals.proposals_proposed_by_fk', 'treasury.proposals.proposals_transaction_id_fk',
  'treasury.approvals.approvals_proposal_id_fk', 'treasury.approvals.approvals_signer_id_fk', 'treasury.budgets.budgets_fund_code_fk', 'treasury.budgets.budgets_account_id_fk', 'treasury.payouts.payouts_proposal_id_fk', 'treasury.payouts.payouts_payee_id_fk', 'treasury.payouts.payouts_budget_id_fk', 'treasury.payouts.payouts_currency_fk',
  'treasury.payouts.payouts_transaction_id_fk', 'treasury.payouts.payouts_entry_id_fk', 'treasury.reconciliations.reconciliations_wallet_id_fk', 'treasury.reconciliations.reconciliations_currency_fk', 'treasury.reconciliations.reconciliations_statement_asset_id_fk', 'treasury.reconciliations.reconciliations_prepared_by_fk',
  'treasury.reconciliations.reconciliations_signed_off_by_fk', 'treasury.reconciliation_items.reconciliation_items_reconciliation_id_fk', 'treasury.reconciliation_items.reconciliation_items_transaction_id_fk', 'treasury.reconciliation_items.reconciliation_items_entry_id_fk', 'treasury.reconciliation_items.reconciliation_items_resolved_by_fk');
select blueprint.raises($$ insert into core.donations (chain, currency, amount_usd, fund_code) values ('fiat', 'USD', 1, 'moon') $$, '23503', 'donations_fund_code_fk'), blueprint.raises($$ insert into treasury.chain_checkpoints (chain, height, block_hash) values ('moon', 1, 'x') $$, '23503', 'chain_checkpoints_chain_fk');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000164001', '2026-01-02', 'donation', 'probe', '0164');
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd) select '00000000-0000-7000-8000-000000164001', n, a.id, 'BTC', x, x * 100 from (values (1, 'assets.crypto.btc.hot', 0.5), (2, 'income.donations.crypto', -0.5)) v(n, c, x) join treasury.accounts a on a.code = v.c;
select blueprint.raises($$ delete from treasury.accounts where code = 'assets.crypto.btc.hot' $$, '23503', 'postings_account_id_fk');
select i, indisunique from unnest(array['entries_reverses_id_key', 'payment_intents_donation_id_key', 'payouts_proposal_id_key']) i join pg_index on indexrelid = ('treasury.' || i)::regclass;
select blueprint.plan_uses($$ select as_of from treasury.reconciliations where wallet_id = '00000000-0000-7000-8000-000000164001' order by as_of desc limit 1 $$, 'reconciliations_wallet_id_as_of_idx');
