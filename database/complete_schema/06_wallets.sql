-- Core table wallets, with the chains and currencies all money is told in: addresses of the organisation and of people. Public halves only; private keys
-- never come here.

-- task: BUILD_0711 create_table critical
-- title: Create core.chains, core.currencies and core.wallets with policies
-- does: Seven chains with what counts as settled on them, the currencies that live on each, and one row per address. Owners read theirs and may
--   register more, everybody sees the organisation's public active addresses, finance, compliance and audit see all.
-- proves: chains are bitcoin to fiat, a user sees own wallets and the organisation's public one and never another user's, finance sees cold ones, addresses
--   that differ in case only are one on EVM chains and two on solana.
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0661
create table core.chains (
  code text constraint chains_code_pk primary key constraint chains_code_check check (code ~ '^[a-z][a-z0-9-]{1,31}$'),
  family text not null constraint chains_family_check check (family in ('bitcoin', 'evm', 'solana', 'stellar', 'custodial', 'fiat')),
  native_currency core.currency_code not null,
  required_confirmations int not null constraint chains_required_confirmations_check check (required_confirmations >= 0),
  reorg_depth int not null constraint chains_reorg_depth_check check (reorg_depth >= 0),
  typical_delay interval not null,
  dust_amount core.crypto_amount not null default 0,
  address_pattern text not null,
  txid_pattern text not null,
  explorer_url_template text,
  is_active boolean not null default true
);

create table core.currencies (
  code core.currency_code constraint currencies_code_pk primary key,
  name text not null,
  kind text not null constraint currencies_kind_check check (kind in ('fiat', 'native', 'token')),
  chain text not null constraint currencies_chain_fk references core.chains (code),
  iso4217 text constraint currencies_iso4217_check check ((kind = 'fiat') = (iso4217 is not null)),
  decimals int not null constraint currencies_decimals_check check (decimals between 0 and 18),
  contract_address text,
  is_active boolean not null default true,
  constraint currencies_chain_code_key unique (chain, code)
);

create function core.normal_address(chain text, address text) returns text
  language sql immutable strict parallel safe
  return case when address ~* '^0x[0-9a-f]{40}$' or chain = 'bitcoin' and address ~* '^(bc|tb|bcrt)1' then lower(btrim(address)) else btrim(address) end;

create table core.wallets (
  id uuid default uuidv7() constraint wallets_id_pk primary key,
  owner_id uuid constraint wallets_owner_id_fk references core.users (id),
  chain text not null constraint wallets_chain_fk references core.chains (code),
  address text not null,
  address_norm text generated always as (core.normal_address(chain, address)) stored,
  label text,
  custody text not null default 'user',
  status text not null default 'unverified',
  threshold_m int,
  threshold_n int,
  derivation_path text,
  xpub_fingerprint text,
  verified_at timestamptz,
  verification jsonb not null default '{}' constraint wallets_verification_check check (jsonb_typeof(verification) = 'object'),
  metadata jsonb not null default '{}' constraint wallets_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index wallets_owner_id_idx on core.wallets (owner_id) where owner_id is not null;
create index wallets_chain_custody_status_idx on core.wallets (chain, custody, status);

insert into core.chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, dust_amount, address_pattern, txid_pattern, explorer_url_template) values
  ('bitcoin', 'bitcoin', 'BTC', 3, 6, '1 hour', 0.00000546, '^([13mn2][1-9A-HJ-NP-Za-km-z]{25,34}|((bc|tb)1[02-9ac-hj-np-z]{11,71}|(BC|TB)1[02-9AC-HJ-NP-Z]{11,71}))$', '^[0-9a-f]{64}$', 'https://mempool.space/tx/{txid}'),
  ('ethereum', 'evm', 'ETH', 12, 64, '5 minutes', 0.00001, '^0x[0-9a-fA-F]{40}$', '^0x[0-9a-f]{64}$', 'https://etherscan.io/tx/{txid}'),
  ('solana', 'solana', 'SOL', 32, 150, '1 minute', 0.000005, '^[1-9A-HJ-NP-Za-km-z]{32,44}$', '^[1-9A-HJ-NP-Za-km-z]{64,88}$', 'https://explorer.solana.com/tx/{txid}'),
  ('stellar', 'stellar', 'XLM', 1, 1, '30 seconds', 0.00001, '^G[A-Z2-7]{55}$', '^[0-9a-f]{64}$', 'https://stellar.expert/explorer/public/tx/{txid}'),
  ('polygon', 'evm', 'POL', 128, 256, '10 minutes', 0.00001, '^0x[0-9a-fA-F]{40}$', '^0x[0-9a-f]{64}$', 'https://polygonscan.com/tx/{txid}'),
  ('custodial', 'custodial', 'USDC-custodial', 1, 0, '1 hour', 0, '^[A-Za-z0-9][A-Za-z0-9._:@+-]{2,127}$', '^[A-Za-z0-9][A-Za-z0-9._:-]{2,127}$', null),
  ('fiat', 'fiat', 'USD', 0, 0, '3 days', 0, '^[A-Za-z0-9][A-Za-z0-9 ._:@+-]{2,127}$', '^[A-Za-z0-9][A-Za-z0-9._:-]{2,127}$', null);

insert into core.currencies (code, name, kind, chain, iso4217, decimals, contract_address) values
  ('USD', 'US dollar', 'fiat', 'fiat', '840', 2, null), ('EUR', 'Euro', 'fiat', 'fiat', '978', 2, null), ('GBP', 'Pound sterling', 'fiat', 'fiat', '826', 2, null),
  ('BTC', 'Bitcoin', 'native', 'bitcoin', null, 8, null), ('ETH', 'Ether', 'native', 'ethereum', null, 18, null), ('SOL', 'Solana', 'native', 'solana', null, 9, null),
  ('XLM', 'Stellar lumen', 'native', 'stellar', null, 7, null), ('POL', 'Polygon', 'native', 'polygon', null, 18, null),
  ('USDC-ethereum', 'USD Coin', 'token', 'ethereum', null, 6, '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'), ('USDC-solana', 'USD Coin', 'token', 'solana', null, 6, 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'),
  ('USDC-stellar', 'USD Coin', 'token', 'stellar', null, 7, 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN'), ('USDC-polygon', 'USD Coin', 'token', 'polygon', null, 6, '0x3c499c542cef5e3811e1192ce70d8cc03d5c3359'),
  ('BTC-custodial', 'Bitcoin held by a custodian', 'token', 'custodial', null, 8, 'BTC'), ('ETH-custodial', 'Ether held by a custodian', 'token', 'custodial', null, 18, 'ETH'),
  ('USDC-custodial', 'USD Coin held by a custodian', 'token', 'custodial', null, 6, 'USDC');

create policy chains_select on core.chains for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst using (true);
create policy currencies_select on core.currencies for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst using (true);
create policy wallets_public_select on core.wallets for select to hc_anon using (owner_id is null and custody = 'public' and status = 'active');
create policy wallets_own_select on core.wallets for select to hc_member using (owner_id = (select core.current_user_id()));
create policy wallets_own_insert on core.wallets for insert to hc_member with check (owner_id = (select core.current_user_id()) and custody = 'user');
create policy wallets_own_update on core.wallets for update to hc_member using (owner_id = (select core.current_user_id()));
create policy wallets_staff_select on core.wallets for select to hc_finance, hc_compliance, hc_auditor using (true);

grant select on core.chains, core.currencies to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;
grant select (id, chain, address, address_norm, label, custody, status, created_at, updated_at) on core.wallets to hc_anon;
grant select (owner_id, verified_at, verification, metadata) on core.wallets to hc_member;
grant insert (owner_id, chain, address, label, custody) on core.wallets to hc_member;
grant update (label) on core.wallets to hc_member;
grant select on core.wallets to hc_finance, hc_compliance, hc_auditor;
grant execute on function core.normal_address to hc_anon, hc_worker;

comment on table core.chains is 'Networks that money moves on, card and bank (fiat) and custodians included. @distribution reference';
comment on column core.chains.code is 'As bitcoin.';
comment on column core.chains.family is 'Which rules its addresses follow.';
comment on column core.chains.native_currency is 'Code of the currency fees are paid in.';
comment on column core.chains.required_confirmations is 'From how many blocks on a movement counts as settled.';
comment on column core.chains.reorg_depth is 'Deeper than this no block was ever taken back.';
comment on column core.chains.typical_delay is 'By then a movement is settled, or worth a look.';
comment on column core.chains.dust_amount is 'Smaller amounts cost more than they bring.';
comment on column core.chains.address_pattern is 'Shape of addresses, a regular expression.';
comment on column core.chains.txid_pattern is 'Shape of transaction ids.';
comment on column core.chains.explorer_url_template is 'Where people look a transaction up; {txid} stands for it.';
comment on column core.chains.is_active is 'New movements are taken.';
comment on table core.currencies is 'Currencies; each lives on one chain. @distribution reference';
comment on column core.currencies.code is 'As USD, BTC, USDC-solana.';
comment on column core.currencies.name is 'As people say it.';
comment on column core.currencies.kind is 'fiat, native or token.';
comment on column core.currencies.chain is 'Where it lives.';
comment on column core.currencies.iso4217 is 'Numeric code of money issued by states.';
comment on column core.currencies.decimals is 'Smallest unit, as 8 of bitcoin.';
comment on column core.currencies.contract_address is 'Contract or issuer of a token.';
comment on column core.currencies.is_active is 'New movements are taken.';
comment on table core.wallets is 'Addresses of the organisation (no owner) and of people. No private keys, ever. @distribution local';
comment on column core.wallets.id is 'Version 7 UUID.';
comment on column core.wallets.owner_id is 'Whose it is; null: the organisation''s.';
comment on column core.wallets.chain is 'The network.';
comment on column core.wallets.address is 'The address as given. @pii retain';
comment on column core.wallets.address_norm is 'The address as compared (core.normal_address).';
comment on column core.wallets.label is 'Name its owner knows it by. @pii';
comment on column core.wallets.custody is 'public, hot, cold, multisig or custodial of the organisation; user of people.';
comment on column core.wallets.status is 'State machine wallet: unverified, active, frozen, retired.';
comment on column core.wallets.threshold_m is 'Signatures a multisig needs.';
comment on column core.wallets.threshold_n is 'Signers it has.';
comment on column core.wallets.derivation_path is 'Where in the tree of keys, as m/84''/0''/0''/0/7. @secret';
comment on column core.wallets.xpub_fingerprint is 'Fingerprint of the public key it derives from. @secret';
comment on column core.wallets.verified_at is 'When its owner last proved to hold the key.';
comment on column core.wallets.verification is 'How: method, checked_at.';
comment on column core.wallets.metadata is 'Notes of the platform: pool, ...';
comment on column core.wallets.created_at is 'When the row was made.';
comment on column core.wallets.updated_at is 'When the row last really changed.';
comment on function core.normal_address is 'An address as it is compared: EVM and bech32 in lower case, others, where case counts, as they are.';
comment on index core.wallets_owner_id_idx is 'Wallets of a person; and the foreign key.';
comment on index core.wallets_chain_custody_status_idx is 'Wallets of a chain by role and state; and the foreign key.';
comment on policy chains_select on core.chains is 'Everybody may know them.';
comment on policy currencies_select on core.currencies is 'Everybody may know them.';
comment on policy wallets_public_select on core.wallets is 'Where to give to.';
comment on policy wallets_own_select on core.wallets is 'People read their wallets.';
comment on policy wallets_own_insert on core.wallets is 'People register addresses of their own; they count when proven (core.confirm_wallet).';
comment on policy wallets_own_update on core.wallets is 'People rename their wallets.';
comment on policy wallets_staff_select on core.wallets is 'Finance, compliance and audit read every wallet.';

-- verify
select array_agg(code order by code) @> '{bitcoin,custodial,ethereum,fiat,polygon,solana,stellar}', bool_and(c.is_active) from core.chains c where code in ('bitcoin', 'custodial', 'ethereum', 'fiat', 'polygon', 'solana', 'stellar');
select count(*) = 7 from core.chains c join core.currencies n on n.code = c.native_currency and n.chain = c.code where c.code in ('bitcoin', 'custodial', 'ethereum', 'fiat', 'polygon', 'solana', 'stellar');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000711001', 'ada-0711'), ('00000000-0000-7000-8000-000000711002', 'bob-0711');
insert into core.wallets (id, owner_id, chain, address) values ('00000000-0000-7000-8000-000000711011', '00000000-0000-7000-8000-000000711001', 'ethereum', '0x0000000000000000000000000000000000711011')
returning status = 'unverified' and custody = 'user' and verification = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into core.wallets (id, chain, address, custody, status) values
  ('00000000-0000-7000-8000-000000711021', 'polygon', '0x0000000000000000000000000000000000711ABC', 'public', 'active'), ('00000000-0000-7000-8000-000000711022', 'polygon', '0x0000000000000000000000000000000000711022', 'cold', 'active'),
  ('00000000-0000-7000-8000-000000711023', 'polygon', '0x0000000000000000000000000000000000711023', 'public', 'unverified');
select core.normal_address('ethereum', '0xAB00000000000000000000000000000000711011') = core.normal_address('ethereum', '0xab00000000000000000000000000000000711011'), core.normal_address('bitcoin', 'BC1QAA') = 'bc1qaa',
  core.normal_address('bitcoin', '1Aa') = '1Aa', core.normal_address('solana', 'bc1Q') = 'bc1Q', (select address_norm = '0x0000000000000000000000000000000000711abc' from core.wallets where id = '00000000-0000-7000-8000-000000711021');
select target, vals, blueprint.raises(format('insert into core.%s values (%s)', target, vals), state, rule) from (values
  ('chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern)', $$ 'bitcoin', 'bitcoin', 'BTC', 1, 1, '1 h', '', '' $$, '23505', 'chains_code_pk'),
  ('chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern)', $$ 'Bad', 'bitcoin', 'BTC', 1, 1, '1 h', '', '' $$, '23514', 'chains_code_check'),
  ('chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern)', $$ 'probe', 'tulip', 'BTC', 1, 1, '1 h', '', '' $$, '23514', 'chains_family_check'),
  ('chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern)', $$ 'probe', 'evm', 'BTC', -1, 1, '1 h', '', '' $$, '23514', 'chains_required_confirmations_check'),
  ('chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern)', $$ 'probe', 'evm', 'BTC', 1, -1, '1 h', '', '' $$, '23514', 'chains_reorg_depth_check'),
  ('currencies (code, name, kind, chain, decimals)', $$ 'BTC', 'x', 'native', 'bitcoin', 8 $$, '23505', 'currencies_code_pk'), ('currencies (code, name, kind, chain, decimals)', $$ 'PROBE', 'x', 'shell', 'bitcoin', 8 $$, '23514', 'currencies_kind_check'),
  ('currencies (code, name, kind, chain, decimals)', $$ 'PROBE', 'x', 'native', 'moon', 8 $$, '23503', 'currencies_chain_fk'), ('currencies (code, name, kind, chain, decimals)', $$ 'PROBE', 'x', 'fiat', 'fiat', 8 $$, '23514', 'currencies_iso4217_check'),
  ('currencies (code, name, kind, chain, decimals)', $$ 'PROBE', 'x', 'native', 'bitcoin', 19 $$, '23514', 'currencies_decimals_check'),
  ('wallets (id, owner_id, chain, address)', $$ '00000000-0000-7000-8000-000000711011', '00000000-0000-7000-8000-000000711001', 'solana', 'probe' $$, '23505', 'wallets_id_pk'),
  ('wallets (owner_id, chain, address)', $$ '00000000-0000-7000-8000-00000071100f', 'ethereum', '0x0000000000000000000000000000000000711099' $$, '23503', 'wallets_owner_id_fk'),
  ('wallets (owner_id, chain, address, verification)', $$ '00000000-0000-7000-8000-000000711001', 'ethereum', '0x0000000000000000000000000000000000711099', '[]' $$, '23514', 'wallets_verification_check'),
  ('wallets (owner_id, chain, address, metadata)', $$ '00000000-0000-7000-8000-000000711001', 'ethereum', '0x0000000000000000000000000000000000711099', '[]' $$, '23514', 'wallets_metadata_check')) v(target, vals, state, rule);
select blueprint.raises($$ insert into core.wallets (owner_id, chain, address) values ('00000000-0000-7000-8000-000000711001', 'moon', 'x') $$, '23503', 'wallets_chain_fk'), (select count(*) = 1 from pg_constraint where conname = 'currencies_chain_code_key');
insert into core.chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, address_pattern, txid_pattern) values ('probe-0711', 'evm', 'BTC', 1, 1, '1 h', '', '') returning is_active and dust_amount = 0;
insert into core.currencies (code, name, kind, chain, decimals) values ('PROBE', 'x', 'native', 'probe-0711', 8) returning is_active;
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.wallets where owner_id = '00000000-0000-7000-8000-000000711001' $$, 'wallets_owner_id_idx'),
  ($$ select from core.wallets where chain = 'bitcoin' and custody = 'hot' and status = 'active' $$, 'wallets_chain_custody_status_idx')) v(sql, index);
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.wallets'::regclass, 'core.chains'::regclass, 'core.currencies'::regclass);
set local role hc_anon;
select count(*) = 1 and bool_and(address like '%711ABC') from core.wallets where id >= '00000000-0000-7000-8000-000000711000' and id < '00000000-0000-7000-8000-000000711fff';
select count(*) > 6, blueprint.raises('select owner_id from core.wallets', '42501'), core.normal_address('solana', 'x') = 'x' from core.chains;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000711001');
set local role hc_member;
select array_agg(id::text order by id) = '{00000000-0000-7000-8000-000000711011,00000000-0000-7000-8000-000000711021}' from core.wallets where id >= '00000000-0000-7000-8000-000000711000' and id < '00000000-0000-7000-8000-000000711fff';
insert into core.wallets (owner_id, chain, address, label, custody) values ('00000000-0000-7000-8000-000000711001', 'polygon', '0x0000000000000000000000000000000000711012', 'mine', 'user');
with changed as (update core.wallets set label = 'renamed' returning 1) select count(*) = 2 from changed;
select sql, blueprint.raises(sql, '42501') from (values
  ($$ insert into core.wallets (owner_id, chain, address) values ('00000000-0000-7000-8000-000000711002', 'polygon', '0x0000000000000000000000000000000000711013') $$),
  ($$ insert into core.wallets (owner_id, chain, address, custody) values ('00000000-0000-7000-8000-000000711001', 'polygon', '0x0000000000000000000000000000000000711013', 'hot') $$),
  ('select derivation_path from core.wallets'), ($$ update core.wallets set status = 'active' $$), ('select xpub_fingerprint from core.wallets')) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000711002');
set local role hc_member;
select count(*) = 1, bool_and(verification = '{}' and metadata = '{}' and verified_at is null and owner_id is null and label is null and custody = 'public' and status = 'active' and created_at <= updated_at and address_norm <> '' and chain = 'polygon')
from core.wallets where id >= '00000000-0000-7000-8000-000000711000' and id < '00000000-0000-7000-8000-000000711fff';
set local role hc_finance;
select count(*) = 4, bool_and(derivation_path is null and xpub_fingerprint is null) from core.wallets where id >= '00000000-0000-7000-8000-000000711000' and id < '00000000-0000-7000-8000-000000711fff';
set local role hc_compliance;
select count(*) = 4, bool_and(derivation_path is null) from core.wallets where id >= '00000000-0000-7000-8000-000000711000' and id < '00000000-0000-7000-8000-000000711fff';
set local role hc_auditor;
select count(*) = 4, bool_and(derivation_path is null) from core.wallets where id >= '00000000-0000-7000-8000-000000711000' and id < '00000000-0000-7000-8000-000000711fff';
set local role hc_owner;
select role, has_table_privilege(role, 'core.chains', 'select') and has_table_privilege(role, 'core.currencies', 'select') from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;
select has_function_privilege('hc_worker', 'core.normal_address(text, text)', 'execute') and not has_function_privilege('hc_agent', 'core.normal_address(text, text)', 'execute');
set local role hc_agent;
select (select count(*) > 6 from core.chains), (select count(*) > 6 from core.currencies);
