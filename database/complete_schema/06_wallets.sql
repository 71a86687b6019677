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
comment on column core.wallets.owner_id is 'Whose it is; null: the organisation''s. @wix never';
comment on column core.wallets.chain is 'The network.';
comment on column core.wallets.address is 'The address as given. @pii retain @wix read';
comment on column core.wallets.address_norm is 'The address as compared (core.normal_address). @pii retain @wix never';
comment on column core.wallets.label is 'Name its owner knows it by. @pii @wix read';
comment on column core.wallets.custody is 'public, hot, cold, multisig or custodial of the organisation; user of people. @wix never';
comment on column core.wallets.status is 'State machine wallet: unverified, active, frozen, retired.';
comment on column core.wallets.threshold_m is 'Signatures a multisig needs. @wix never';
comment on column core.wallets.threshold_n is 'Signers it has. @wix never';
comment on column core.wallets.derivation_path is 'Where in the tree of keys, as m/84''/0''/0''/0/7. @secret';
comment on column core.wallets.xpub_fingerprint is 'Fingerprint of the public key it derives from. @secret';
comment on column core.wallets.verified_at is 'When its owner last proved to hold the key. @wix never';
comment on column core.wallets.verification is 'How: method, checked_at. @wix never';
comment on column core.wallets.metadata is 'Notes of the platform: pool, ... @wix never';
comment on column core.wallets.created_at is 'When the row was made. @wix never';
comment on column core.wallets.updated_at is 'When the row last really changed. @wix never';
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
  ($$ select from core.wallets where chain >= 'bitcoin' order by chain, custody, status limit 5 $$, 'wallets_chain_custody_status_idx')) v(sql, index);
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

-- task: BUILD_0712 create_table_indexes
-- title: Index wallets by owner, address and role
-- does: An address is there once a chain however it is spelt, a token once a chain; the donate page and the search of finance have indexes of their own.
-- proves: look-ups by address, donate page and label are served by their indexes; the same address and the same token are refused.
-- needs: BUILD_0005, BUILD_0021, BUILD_0711
create unique index wallets_chain_address_norm_key on core.wallets (chain, address_norm);
create unique index currencies_chain_contract_address_key on core.currencies (chain, contract_address);
create index wallets_public_chain_idx on core.wallets (chain) where custody = 'public' and status = 'active';
create index wallets_label_trgm_idx on core.wallets using gin (label extensions.gin_trgm_ops);

comment on index core.wallets_chain_address_norm_key is 'The wallet of an address; retired ones keep theirs.';
comment on index core.currencies_chain_contract_address_key is 'The currency of a contract.';
comment on index core.wallets_public_chain_idx is 'Where to give to, for the donate page.';
comment on index core.wallets_label_trgm_idx is 'Wallets by a label typed badly.';

-- verify
insert into core.wallets (chain, address, custody) values ('ethereum', '0x0000000000000000000000000000000000712abc', 'hot');
select blueprint.raises($$ insert into core.wallets (chain, address, custody) values ('ethereum', '0x0000000000000000000000000000000000712abc', 'cold') $$, '23505', 'wallets_chain_address_norm_key'),
  blueprint.raises($$ insert into core.currencies (code, name, kind, chain, decimals, contract_address) values ('PROBE', 'x', 'token', 'ethereum', 6, '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48') $$, '23505', 'currencies_chain_contract_address_key');
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.wallets where chain = 'ethereum' order by address_norm $$, 'wallets_chain_address_norm_key'),
  ($$ select from core.currencies where chain = 'ethereum' order by contract_address $$, 'currencies_chain_contract_address_key'),
  ($$ select address from core.wallets where chain = 'bitcoin' and custody = 'public' and status = 'active' $$, 'wallets_public_chain_idx'),
  ($$ select from core.wallets where label operator(extensions.%) 'cold storge' $$, 'wallets_label_trgm_idx')) v(sql, index);

-- task: BUILD_0713 create_table_constraints critical
-- title: Constrain wallets: address shape, multisig arithmetic, no secrets ever
-- does: Addresses have the shape of their chain (BUILD_0717 adds the checksum), a multisig needs 1 to n of n signatures, people's
--   wallets have an owner and others none, and nothing that looks like a private key or a seed is stored anywhere in the row.
-- proves: a bitcoin address on ethereum, 3 of 2, an xprv, a WIF key, a seed phrase and a PEM key raise 23514, the same EVM address in other case 23505.
-- needs: BUILD_0711, BUILD_0712
create function core.holds_wallet_secret(content text) returns boolean
  language sql immutable strict parallel safe
  return content ~ '[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{20}'
    or content ~ '(^|[^0-9A-Za-z])([5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}|S[A-Z2-7]{55})($|[^0-9A-Za-z])'
    or content ~ '-----BEGIN [A-Z ]*PRIVATE KEY'
    or content ~ '(^|["\n])([a-z]{3,8} ){11,23}[a-z]{3,8}($|["\n])';

create function core.check_wallet_address() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  wrong record;
begin
  select f.chain, f.address into wrong from fresh f join core.chains c on c.code = f.chain where f.address !~ c.address_pattern limit 1;
  if wrong.chain is not null then
    raise exception using errcode = '23514', schema = 'core', table = 'wallets', column = 'address', constraint = 'wallets_address_check',
      message = format('%s... does not look like an address on %s', left(wrong.address, 20), wrong.chain);
  end if;
  return null;
end $$;

create trigger wallets_address_check after insert on core.wallets referencing new table as fresh for each statement execute function core.check_wallet_address();

alter table core.wallets
  add constraint wallets_custody_check check (custody in ('public', 'hot', 'cold', 'multisig', 'custodial', 'user')),
  add constraint wallets_status_check check (status in ('unverified', 'active', 'frozen', 'retired')),
  add constraint wallets_owner_id_check check ((custody = 'user') = (owner_id is not null)),
  add constraint wallets_threshold_check check (case when custody = 'multisig' then coalesce(threshold_m >= 1 and threshold_m <= threshold_n and threshold_n <= 15, false)
    else threshold_m is null and threshold_n is null end),
  add constraint wallets_label_check check (length(label) <= 120),
  add constraint wallets_no_secret_check check (not core.holds_wallet_secret(coalesce(label, '') || e'\n' || coalesce(derivation_path, '') || e'\n' || verification::text || e'\n' || metadata::text));

comment on function core.holds_wallet_secret is 'Whether a text holds an extended private key, a WIF key, a stellar seed, a PEM key, or a string of 12 to 24 short words and nothing else.';
comment on function core.check_wallet_address is 'Statement trigger of core.wallets: addresses have the shape of their chain. They are frozen, so inserts are all there is to check.';
comment on trigger wallets_address_check on core.wallets is 'Addresses have the shape of their chain.';
comment on constraint wallets_owner_id_check on core.wallets is 'People''s wallets have an owner, the organisation''s none.';
comment on constraint wallets_threshold_check on core.wallets is 'A multisig takes 1 to n of at most 15 signatures.';
comment on constraint wallets_no_secret_check on core.wallets is 'No private key comes here.';

grant execute on function core.holds_wallet_secret to hc_member, hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000713001', 'ada-0713');
insert into core.wallets (chain, address, custody, threshold_m, threshold_n) values ('ethereum', '0x0000000000000000000000000000000000713abc', 'multisig', 2, 3);
insert into core.wallets (chain, address, custody, label, metadata) values ('bitcoin', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'cold', 'Vault two in the cellar of the house, key with the board', '{"tx": "0000000000000000000000000000000000000000000000000000000000000000"}');
select cols, blueprint.raises(format('insert into core.wallets (chain, address, custody, %s) values (%s)', cols, vals), state, rule) from (values
  ('label', $$ 'ethereum', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'hot', 'x' $$, '23514', 'wallets_address_check'),
  ('label', $$ 'ethereum', '0x0000000000000000000000000000000000713ABC', 'hot', 'x' $$, '23505', 'wallets_chain_address_norm_key'),
  ('label', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'pocket', 'x' $$, '23514', 'wallets_custody_check'),
  ('status', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', 'lost' $$, '23514', 'wallets_status_check'),
  ('label', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'user', 'x' $$, '23514', 'wallets_owner_id_check'),
  ('owner_id', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', '00000000-0000-7000-8000-000000713001' $$, '23514', 'wallets_owner_id_check'),
  ('threshold_m, threshold_n', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'multisig', 3, 2 $$, '23514', 'wallets_threshold_check'),
  ('label', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'multisig', 'x' $$, '23514', 'wallets_threshold_check'),
  ('threshold_m, threshold_n', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', 1, 2 $$, '23514', 'wallets_threshold_check'),
  ('label', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', repeat('x', 121) $$, '23514', 'wallets_label_check'),
  ('metadata', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', '{"note": "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"}' $$, '23514', 'wallets_no_secret_check'),
  ('verification', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', '{"k": "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"}' $$, '23514', 'wallets_no_secret_check'),
  ('label', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', 'legal winner thank year wave sausage worth useful legal winner thank yellow' $$, '23514', 'wallets_no_secret_check'),
  ('derivation_path', $$ 'ethereum', '0x0000000000000000000000000000000000713001', 'hot', '-----BEGIN EC ' || 'PRIVATE KEY-----' $$, '23514', 'wallets_no_secret_check')) v(cols, vals, state, rule);
select has_function_privilege(role, 'core.holds_wallet_secret(text)', 'execute') and not has_function_privilege('hc_anon', 'core.holds_wallet_secret(text)', 'execute') and not has_function_privilege('hc_member', 'core.check_wallet_address()', 'execute')
from unnest(array['hc_member', 'hc_worker']) role;

-- task: BUILD_0714 create_table_triggers critical
-- title: Attach wallet triggers: normalise addresses, status machine 'wallet'
-- does: Chain and address never change; a wallet becomes active, frozen (by its owner or compliance, with a reason), active again (compliance, with a reason)
--   or retired for good. A changed proof is no proof yet. core.set_wallet_status() is how owners, finance and compliance take these steps.
-- proves: 0xAbC and 0xabc collide, editing an address raises, retired to active raises, a freeze without reason raises and with one is logged, finance
--   cannot freeze nor unfreeze, a new proof clears verified_at.
-- needs: BUILD_0014, BUILD_0020, BUILD_0711, BUILD_0712
create function core.guard_wallet_freeze() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if not core.has_role('hc_compliance') and new.owner_id is distinct from core.current_user_id() then
    raise exception using errcode = '42501', message = 'a wallet is frozen by its owner or by hc_compliance';
  end if;
  return new;
end $$;

create function core.clear_wallet_proof() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.verified_at := null;
  return new;
end $$;

create function core.set_wallet_status(wallet uuid, status text, reason text default null) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  moved text;
begin
  perform core.give_reason(reason);
  update core.wallets w set status = set_wallet_status.status
  where w.id = wallet and (core.has_role('hc_compliance') or w.owner_id = core.current_user_id() and set_wallet_status.status <> 'active' or w.owner_id is null and core.has_role('hc_finance'))
  returning w.status into moved;
  perform core.give_reason(null);
  if moved is null then
    raise exception using errcode = '42501', message = 'only the owner, finance (of the organisation''s) or compliance change a wallet';
  end if;
  return moved;
end $$;

create trigger wallets_freeze_guard before update of status on core.wallets for each row when (new.status = 'frozen' and old.status <> 'frozen') execute function core.guard_wallet_freeze();

create trigger wallets_clear_proof before update of verification on core.wallets for each row
  when (new.verification is distinct from old.verification and new.verified_at is not distinct from old.verified_at) execute function core.clear_wallet_proof();

select core.attach_standard('core.wallets', 'std', 'chain', 'address', 'owner_id');

select core.define_machine('wallet', '{
  "unverified": ["active", "retired"],
  "active": [{"to": "frozen", "reason": true}, "retired"],
  "frozen": [{"to": "active", "guard": "hc_compliance", "reason": true}, {"to": "retired", "guard": "hc_compliance", "reason": true}]}');

create trigger wallets_status_machine after update of status on core.wallets for each row execute function core.enforce_transition('wallet');

comment on function core.guard_wallet_freeze is 'Trigger of core.wallets: who may freeze.';
comment on function core.clear_wallet_proof is 'Trigger of core.wallets: a proof that changed has to be checked again.';
comment on function core.set_wallet_status is 'Freezes, unfreezes, retires or activates a wallet as machine wallet allows; people activate theirs by core.confirm_wallet(). Security definer: nobody writes the status.';
comment on trigger wallets_freeze_guard on core.wallets is 'Owner or compliance freeze.';
comment on trigger wallets_clear_proof on core.wallets is 'verified_at goes with the proof it belongs to.';
comment on trigger wallets_status_machine on core.wallets is 'Status changes follow machine wallet and are logged.';

grant execute on function core.set_wallet_status to hc_member;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000714001', 'ada-0714'), ('00000000-0000-7000-8000-000000714002', 'bob-0714');
insert into core.wallets (id, owner_id, chain, address, verified_at, verification) values ('00000000-0000-7000-8000-000000714011', '00000000-0000-7000-8000-000000714001', 'ethereum', '0xAAAA000000000000000000000000000000714011', now(), '{"method": "eip191"}');
insert into core.wallets (id, chain, address, custody) values ('00000000-0000-7000-8000-000000714012', 'ethereum', '0x0000000000000000000000000000000000714012', 'hot');
select sql, blueprint.raises(sql, state, why) from (values
  ($$ insert into core.wallets (chain, address, custody) values ('ethereum', '0xaaaa000000000000000000000000000000714011', 'hot') $$, '23505', 'wallets_chain_address_norm_key'),
  ($$ update core.wallets set address = '0x0000000000000000000000000000000000714013' where id = '00000000-0000-7000-8000-000000714011' $$, '55006', 'address'),
  ($$ update core.wallets set chain = 'polygon' where id = '00000000-0000-7000-8000-000000714011' $$, '55006', 'chain'),
  ($$ update core.wallets set owner_id = '00000000-0000-7000-8000-000000714002' where id = '00000000-0000-7000-8000-000000714011' $$, '55006', 'owner_id'),
  ($$ update core.wallets set status = 'frozen' where id = '00000000-0000-7000-8000-000000714011' $$, '42501', 'frozen by its owner')) v(sql, state, why);
update core.wallets set updated_at = now() - interval '1 day', label = 'x' where id = '00000000-0000-7000-8000-000000714011' returning updated_at >= now() and verified_at is not null;
update core.wallets set verification = '{"method": "eip191", "n": 2}' where id = '00000000-0000-7000-8000-000000714011' returning verified_at is null;
update core.wallets set status = 'active' where id in ('00000000-0000-7000-8000-000000714011', '00000000-0000-7000-8000-000000714012') returning status = 'active';
select core.act_as('00000000-0000-7000-8000-000000714001', 'hc_member');
set local role hc_member;
select blueprint.raises($$ select core.set_wallet_status('00000000-0000-7000-8000-000000714011', 'frozen') $$, '23514', 'takes a reason'), blueprint.raises($$ select core.set_wallet_status('00000000-0000-7000-8000-000000714012', 'frozen', 'x') $$, '42501');
select core.set_wallet_status('00000000-0000-7000-8000-000000714011', 'frozen', 'lost my phone') = 'frozen';
select blueprint.raises($$ select core.set_wallet_status('00000000-0000-7000-8000-000000714011', 'active', 'found it') $$, '42501');
set local role hc_owner;
select count(*) = 1 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000714011' and to_status = 'frozen' and reason = 'lost my phone';
select core.act_as('00000000-0000-7000-8000-000000714002', 'hc_finance');
set local role hc_finance;
select blueprint.raises($$ select core.set_wallet_status('00000000-0000-7000-8000-000000714011', 'active', 'x') $$, '42501'), blueprint.raises($$ select core.set_wallet_status('00000000-0000-7000-8000-000000714012', 'frozen', 'x') $$, '42501');
select core.set_wallet_status('00000000-0000-7000-8000-000000714012', 'retired') = 'retired', blueprint.raises($$ select core.set_wallet_status('00000000-0000-7000-8000-000000714012', 'active') $$, '23514', 'retired -> active');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000714002', 'hc_compliance');
set local role hc_compliance;
select core.set_wallet_status('00000000-0000-7000-8000-000000714011', 'active', 'spoke to her') = 'active';
set local role hc_owner;
select not has_function_privilege('hc_anon', 'core.set_wallet_status(uuid, text, text)', 'execute') and not has_function_privilege('hc_member', 'core.guard_wallet_freeze()', 'execute') and not has_function_privilege('hc_member', 'core.clear_wallet_proof()', 'execute');

-- revert
drop trigger wallets_status_machine on core.wallets;
select core.define_machine('wallet', '{}');
select core.detach_standard('core.wallets');
drop trigger wallets_clear_proof on core.wallets;
drop trigger wallets_freeze_guard on core.wallets;
drop function core.set_wallet_status, core.clear_wallet_proof, core.guard_wallet_freeze;

-- task: BUILD_0715 create_table_jsonb_indexes
-- title: Index verification JSONB for audits of ownership proofs
-- does: core.wallets_verified_by(method, since) lists wallets by the way their owner proved the key, core.stale_verifications(age) hot and multisig wallets
--   of the organisation whose last proof is too old or missing.
-- proves: wallets_verified_by('eip191') returns exactly the two through the GIN index, stale_verifications('180 days') the old one.
-- needs: BUILD_0005, BUILD_0711
create index wallets_verification_idx on core.wallets using gin (verification jsonb_path_ops);
create index wallets_checked_at_idx on core.wallets ((coalesce(verification ->> 'checked_at', ''))) where custody in ('hot', 'multisig');

comment on index core.wallets_verification_idx is 'Wallets by method of proof (core.wallets_verified_by).';
comment on index core.wallets_checked_at_idx is 'Oldest proofs of the wallets that can spend (core.stale_verifications); times are UTC text, 2026-01-02T03:04:05Z.';

create function core.utc_text(at timestamptz) returns text
  language sql stable strict parallel safe
  return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

create function core.wallets_verified_by(method text, since timestamptz default '-infinity') returns setof uuid
  language sql stable
begin atomic
  select w.id from core.wallets w
  where w.verification @> jsonb_build_object('method', wallets_verified_by.method)
    and (wallets_verified_by.since = '-infinity' or w.verification ->> 'checked_at' >= core.utc_text(wallets_verified_by.since));
end;

create function core.stale_verifications(age interval, at timestamptz default now()) returns table (wallet_id uuid, chain text, label text, checked_at text)
  language sql stable
begin atomic
  select w.id, w.chain, w.label, w.verification ->> 'checked_at' from core.wallets w
  where w.custody in ('hot', 'multisig') and w.status = 'active' and coalesce(w.verification ->> 'checked_at', '') < core.utc_text(stale_verifications.at - stale_verifications.age)
  order by coalesce(w.verification ->> 'checked_at', ''), w.id;
end;

comment on function core.utc_text is 'A time as it is written in JSON: 2026-01-02T03:04:05Z, so that texts sort as times do.';
comment on function core.wallets_verified_by is 'Wallets whose key was proven by a method, since a time; for finance and audit.';
comment on function core.stale_verifications is 'Active hot and multisig wallets whose proof is older than age, oldest first; missing ones count as oldest.';

grant execute on function core.utc_text, core.wallets_verified_by, core.stale_verifications to hc_finance, hc_compliance, hc_auditor;

-- verify
insert into core.wallets (id, chain, address, custody, status, verification) values
  ('00000000-0000-7000-8000-000000715011', 'ethereum', '0x0000000000000000000000000000000000715011', 'hot', 'active', '{"method": "probe-0715", "checked_at": "2026-01-02T03:04:05Z"}'),
  ('00000000-0000-7000-8000-000000715012', 'ethereum', '0x0000000000000000000000000000000000715012', 'hot', 'active', '{"method": "probe-0715", "checked_at": "2026-07-02T03:04:05Z"}'),
  ('00000000-0000-7000-8000-000000715013', 'ethereum', '0x0000000000000000000000000000000000715013', 'cold', 'active', '{"method": "letter"}');
select array_agg(id order by id) = '{00000000-0000-7000-8000-000000715011,00000000-0000-7000-8000-000000715012}' from core.wallets_verified_by('probe-0715') w(id);
select array_agg(id) = '{00000000-0000-7000-8000-000000715012}' from core.wallets_verified_by('probe-0715', '2026-06-01 00:00+00') w(id);
select array_agg(wallet_id) = '{00000000-0000-7000-8000-000000715011}' from core.stale_verifications('180 days', '2026-08-01 00:00+00') where wallet_id::text like '%715%';
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.wallets_verified_by('eip191') $$, 'wallets_verification_idx'),
  ($$ select id from core.wallets where custody in ('hot', 'multisig') and coalesce(verification ->> 'checked_at', '') < '2026' order by coalesce(verification ->> 'checked_at', '') $$, 'wallets_checked_at_idx')) v(sql, index);
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute')
from unnest(array['hc_finance', 'hc_compliance', 'hc_auditor']) role, unnest(array['core.wallets_verified_by(text, timestamptz)', 'core.stale_verifications(interval, timestamptz)', 'core.utc_text(timestamptz)']) f;

-- task: BUILD_0716 add_wix_columns
-- title: Add Wix columns to core.wallets (owner = owner_id or system)
-- does: The four columns by which Wix knows a row; of the others it sees chain, address, label and status.
-- proves: an organisation wallet is owned by system and a person's by the person, a change moves _updatedDate, a write raises 428C9, derivation data stays out.
-- needs: BUILD_0666, BUILD_0711
alter table core.wallets
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (coalesce(owner_id::text, 'system')) virtual;

grant select ("_id", "_createdDate", "_updatedDate") on core.wallets to hc_anon;
grant select ("_owner") on core.wallets to hc_member;

comment on column core.wallets."_id" is 'The id, as Wix names it. @wix read';
comment on column core.wallets."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.wallets."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.wallets."_owner" is 'Owner, or system for the organisation. @wix read';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000716001', 'ada-0716');
insert into core.wallets (id, owner_id, chain, address, custody) values ('00000000-0000-7000-8000-000000716011', null, 'ethereum', '0x0000000000000000000000000000000000716011', 'hot'),
  ('00000000-0000-7000-8000-000000716012', '00000000-0000-7000-8000-000000716001', 'ethereum', '0x0000000000000000000000000000000000716012', 'user');
update core.wallets set label = 'x', updated_at = created_at + interval '1 hour' where id = '00000000-0000-7000-8000-000000716011' returning "_updatedDate" = updated_at and "_updatedDate" >= "_createdDate";
select "_id" = id::text, "_owner" = coalesce(owner_id::text, 'system'), "_createdDate" = created_at from core.wallets where id in ('00000000-0000-7000-8000-000000716011', '00000000-0000-7000-8000-000000716012');
select c, blueprint.raises(format('update core.wallets set %I = null', c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select array_agg(column_name order by column_name) = array['_createdDate', '_id', '_owner', '_updatedDate', 'address', 'chain', 'id', 'label', 'status'], core.wix_exposable('core.wallets') from core.wix_columns('core.wallets');
select c, has_column_privilege('hc_anon', 'core.wallets', c, 'select') = (c <> '_owner') and has_column_privilege('hc_member', 'core.wallets', c, 'select') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;

-- task: BUILD_0717 implement_table_feature critical
-- title: Validate addresses with their checksums: core.is_valid_address(chain, address)
-- does: base58check, bech32 and bech32m (BIP-173, BIP-350), base58 of 32 bytes, StrKey (base32 with CRC16-XModem) and EIP-55 over a keccak-256 in
--   PL/pgSQL: an address with a typing error is no address. Wallets are held to it from here on.
-- proves: the published vectors classify right, 100 samples with one changed character are refused, keccak-256 gives its published digests.
-- needs: BUILD_0711, BUILD_0713
create function core.base58_decode(value text) returns bytea
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  number numeric := 0;
  digit int;
  hex text := '';
begin
  for i in 1 .. length(value) loop
    digit := strpos('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', substr(value, i, 1));
    if digit = 0 then
      return null;
    end if;
    number := number * 58 + digit - 1;
  end loop;
  while number > 0 loop
    hex := lpad(to_hex((number % 281474976710656)::bigint), 12, '0') || hex;
    number := div(number, 281474976710656);
  end loop;
  hex := ltrim(hex, '0');
  return decode(repeat('00', length(value) - length(ltrim(value, '1'))) || repeat('0', length(hex) % 2) || hex, 'hex');
end $$;

create function core.bech32_words(address text) returns int[]
  language sql immutable strict parallel safe
  return (select array_agg(strpos('qpzry9x8gf2tvdw0s3jn54khce6mua7l', c) - 1 order by n)
    from regexp_split_to_table(lower(regexp_replace(address, '^.*1', '')), '') with ordinality w(c, n));

create function core.bech32_verify(address text) returns text
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  prefix constant text := lower(regexp_replace(address, '1[^1]*$', ''));
  words int[];
  generator constant bigint[] := '{996825010,642813549,513874426,1027748829,705979059}';
  sum bigint := 1;
  top bigint;
  word int;
begin
  if length(address) > 90 or address !~ '^[!-~]+1[02-9ac-hj-np-zAC-HJ-NP-Z]{6,}$' or address <> lower(address) and address <> upper(address) then
    return null;
  end if;
  select array_agg(ascii(c) >> 5 order by n) || 0 || array_agg(ascii(c) & 31 order by n) into words from regexp_split_to_table(prefix, '') with ordinality p(c, n);
  foreach word in array words || core.bech32_words(address) loop
    top := sum >> 25;
    sum := ((sum & 33554431) << 5) # word;
    for i in 0 .. 4 loop
      if (top >> i) & 1 = 1 then
        sum := sum # generator[i + 1];
      end if;
    end loop;
  end loop;
  return case sum when 1 then 'bech32' when 734539939 then 'bech32m' end;
end $$;

create function core.is_segwit_address(address text) returns boolean
  language sql immutable strict parallel safe
begin atomic
  select coalesce(address ~* '^(bc|tb)1' and w.version <= 16 and w.encoding = case w.version when 0 then 'bech32' else 'bech32m' end
    and w.bits / 8 >= 2 and w.bits / 8 <= 40 and (w.version > 0 or w.bits / 8 in (20, 32)) and w.bits % 8 < 5 and w.last & ((1 << w.bits % 8) - 1) = 0, false)
  from (select core.bech32_verify(address) as encoding, s.words[1] as version, s.words[cardinality(s.words) - 6] as last, (cardinality(s.words) - 7) * 5 as bits from (select core.bech32_words(address) as words) s) w;
end;

create function core.is_strkey(address text) returns boolean
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  raw bytea;
  bits text;
  crc int := 0;
begin
  if address !~ '^G[A-Z2-7]{55}$' then
    return false;
  end if;
  select string_agg((strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', c) - 1)::bit(5)::text, '' order by n) into bits from regexp_split_to_table(address, '') with ordinality a(c, n);
  select decode(string_agg(lpad(to_hex(substr(bits, 8 * n + 1, 8)::bit(8)::int), 2, '0'), '' order by n), 'hex') into raw from generate_series(0, 34) n;
  for i in 0 .. 32 loop
    crc := crc # (get_byte(raw, i) << 8);
    for bit in 1 .. 8 loop
      crc := case when crc & 32768 = 0 then crc << 1 else (crc << 1) # 4129 end & 65535;
    end loop;
  end loop;
  return get_byte(raw, 0) = 48 and crc = get_byte(raw, 33) + (get_byte(raw, 34) << 8);
end $$;

create function core.keccak256(message bytea) returns bytea
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  round_constants constant text[] := '{0000000000000001,0000000000008082,800000000000808a,8000000080008000,000000000000808b,0000000080000001,8000000080008081,8000000000008009,000000000000008a,0000000000000088,0000000080008009,000000008000000a,000000008000808b,800000000000008b,8000000000008089,8000000000008003,8000000000008002,8000000000000080,000000000000800a,800000008000000a,8000000080008081,8000000000008080,0000000080000001,8000000080008008}';
  turns constant int[] := '{1,3,6,10,15,21,28,36,45,55,2,14,27,41,56,8,25,43,62,18,39,61,20,44}';
  places constant int[] := '{10,7,11,17,18,3,5,16,8,21,24,4,15,23,19,13,12,2,20,14,22,9,6,1}';
  gap constant int := 136 - length(message) % 136;
  padded constant bytea := message || case gap when 1 then '\x81'::bytea else '\x01'::bytea || decode(repeat('00', gap - 2), 'hex') || '\x80'::bytea end;
  a bigint[] := array_fill(0::bigint, array[25]);
  c bigint[] := array_fill(0::bigint, array[5]);
  d bigint;
  moved bigint;
  kept bigint;
begin
  for block in 0 .. length(padded) / 136 - 1 loop
    for i in 0 .. 16 loop
      a[i + 1] := a[i + 1] # reverse(substr(padded, block * 136 + i * 8 + 1, 8))::bigint;
    end loop;
    for round in 1 .. 24 loop
      for x in 1 .. 5 loop
        c[x] := a[x] # a[x + 5] # a[x + 10] # a[x + 15] # a[x + 20];
      end loop;
      for x in 1 .. 5 loop
        moved := c[x % 5 + 1];
        d := c[(x + 3) % 5 + 1] # ((moved << 1) | ((moved >> 63) & 1));
        a[x] := a[x] # d; a[x + 5] := a[x + 5] # d; a[x + 10] := a[x + 10] # d; a[x + 15] := a[x + 15] # d; a[x + 20] := a[x + 20] # d;
      end loop;
      moved := a[2];
      for i in 1 .. 24 loop
        kept := a[places[i] + 1];
        a[places[i] + 1] := (moved << turns[i]) | ((moved >> (64 - turns[i])) & ((1::bigint << turns[i]) - 1));
        moved := kept;
      end loop;
      for y in 0 .. 4 loop
        c := a[y * 5 + 1 : y * 5 + 5];
        for x in 1 .. 5 loop
          a[y * 5 + x] := c[x] # (~ c[x % 5 + 1] & c[(x + 1) % 5 + 1]);
        end loop;
      end loop;
      a[1] := a[1] # decode(round_constants[round], 'hex')::bigint;
    end loop;
  end loop;
  return reverse(a[1]::bytea) || reverse(a[2]::bytea) || reverse(a[3]::bytea) || reverse(a[4]::bytea);
end $$;

create function core.eip55(address text) returns text
  language sql immutable strict parallel safe
begin atomic
  with k as materialized (select encode(core.keccak256(convert_to(lower(substr(address, 3)), 'UTF8')), 'hex') collate "C" as hash)
  select '0x' || string_agg(case when substr(k.hash, l.n::int, 1) >= '8' then upper(l.c) else l.c end, '' order by l.n)
  from k, regexp_split_to_table(lower(substr(address, 3)), '') with ordinality l(c, n);
end;

create function core.is_valid_address(chain text, address text) returns boolean
  language plpgsql stable strict parallel safe set search_path = ''
as $$
declare
  network core.chains;
  raw bytea;
begin
  select * into network from core.chains c where c.code = chain;
  if network.code is null or address !~ network.address_pattern then
    return false;
  end if;
  case network.family
  when 'evm' then
    return substr(address, 3) in (lower(substr(address, 3)), upper(substr(address, 3))) or address = core.eip55(address);
  when 'bitcoin' then
    if address ~* '^(bc|tb)1' then
      return core.is_segwit_address(address);
    end if;
    raw := core.base58_decode(address);
    return length(raw) = 25 and get_byte(raw, 0) in (0, 5, 111, 196) and substr(sha256(sha256(substr(raw, 1, 21))), 1, 4) = substr(raw, 22);
  when 'solana' then
    return length(core.base58_decode(address)) = 32;
  when 'stellar' then
    return core.is_strkey(address);
  else
    return true;
  end case;
end $$;

create function core.check_wallet_checksum() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  wrong record;
begin
  select f.chain, f.address into wrong from fresh f where not core.is_valid_address(f.chain, f.address) limit 1;
  if wrong.chain is not null then
    raise exception using errcode = '23514', schema = 'core', table = 'wallets', column = 'address', constraint = 'wallets_address_checksum_check',
      message = format('%s... is no address on %s: its checksum is wrong', left(wrong.address, 20), wrong.chain);
  end if;
  return null;
end $$;

create trigger wallets_checksum_check after insert on core.wallets referencing new table as fresh for each statement execute function core.check_wallet_checksum();

comment on function core.check_wallet_checksum is 'Statement trigger of core.wallets: a mistyped address is refused.';
comment on trigger wallets_checksum_check on core.wallets is 'Addresses have the right checksum. Runs after wallets_address_check, by name.';
comment on function core.base58_decode is 'Bytes of a base58 text (bitcoin alphabet), null when a character is not in it.';
comment on function core.bech32_words is 'The 5-bit words after the last 1 of a bech32 text, checksum included; -1 for a foreign character.';
comment on function core.bech32_verify is 'bech32 (BIP-173) or bech32m (BIP-350) by the checksum of a text, null when it has neither.';
comment on function core.is_segwit_address is 'Whether a text is a witness address of bitcoin, main or test net: version, length, padding and the encoding that belongs to the version.';
comment on function core.is_strkey is 'Whether a text is a public key of stellar: G, 32 bytes, CRC16-XModem (SEP-23).';
comment on function core.keccak256 is 'Keccak-256 as ethereum uses it (before the padding of SHA-3); a few milliseconds.';
comment on function core.eip55 is 'An EVM address in the mixed case that carries its checksum (EIP-55).';
comment on function core.is_valid_address is 'Whether an address is one of its chain, checksum included; false for an unknown chain. EVM addresses in one case have no checksum to fail.';

grant execute on function core.is_valid_address, core.base58_decode, core.bech32_words, core.bech32_verify, core.is_segwit_address, core.is_strkey, core.keccak256, core.eip55 to hc_anon, hc_worker;

-- verify
select address, core.is_segwit_address(address) and core.is_valid_address('bitcoin', address) from unnest(array['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
  'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y', 'BC1SW50QGDZ25J', 'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', 'tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy',
  'tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0']) address;
select address, not core.is_segwit_address(address) from unnest(array['tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2', 'bc1rw5uspcuh', 'bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90',
  'BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7', 'bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du', 'bc1gmk9yu', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd',
  'bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4', 'BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL']) address;
select s, core.bech32_verify(s) is not distinct from expected from (values ('A12UEL5L', 'bech32'), ('abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw', 'bech32'), ('?1ezyfcl', 'bech32'), ('A1LQFN3A', 'bech32m'), ('split1checkupstagehandshakeupstreamerranterredcaperredlc445v', 'bech32m'),
  ('pzry9x0s0muk', null), ('1pzry9x0s0muk', null), ('x1b4n0q5v', null), ('li1dgmt3', null), ('A1G7SGD8', null), ('M1VUXWEZ', null)) v(s, expected);
select address, core.is_valid_address('bitcoin', address) = valid from (values ('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', true), ('3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', true), ('mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', true), ('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', false), ('1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0a', false)) v(address, valid);
select encode(core.keccak256(m), 'hex') = digest from (values (''::bytea, 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'), ('abc'::bytea, '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45')) v(m, digest);
select length(core.keccak256(convert_to(repeat('x', n), 'UTF8'))) = 32 from generate_series(135, 136) n;
select address, core.eip55(lower(address)) = address and core.is_valid_address('ethereum', address) and core.is_valid_address('polygon', lower(address)) from unnest(array['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359', '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB', '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb']) address;
select core.is_valid_address('ethereum', '0x52908400098527886E0F7030069857D2E4169EE7'), not core.is_valid_address('ethereum', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed'), core.is_valid_address('solana', 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'),
  not core.is_valid_address('solana', '111111111111111111111111111111111111'), core.is_valid_address('stellar', 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN'), not core.is_valid_address('moon', 'x'), core.is_valid_address('custodial', 'acct_1'), core.base58_decode('0') is null, core.base58_decode('112') = '\x000001';
select count(*) = 100, bool_and(not core.is_valid_address(chain, overlay(address placing case substr(address, at, 1) when c then d else c end from at)))
from (values ('bitcoin', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'q', 'p', 38), ('bitcoin', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'k', 'h', 30), ('stellar', 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN', 'A', 'B', 32)) v(chain, address, c, d, n), generate_series(5, n + 4) at;
insert into core.wallets (chain, address, custody) values ('bitcoin', 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7', 'cold');
select blueprint.raises($$ insert into core.wallets (chain, address, custody) values ('bitcoin', 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k8', 'cold') $$, '23514', 'wallets_address_checksum_check'), not has_function_privilege('hc_member', 'core.check_wallet_checksum()', 'execute');
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_agent', f, 'execute') from unnest(array['hc_anon', 'hc_worker']) role,
  unnest(array['core.is_valid_address(text, text)', 'core.base58_decode(text)', 'core.bech32_words(text)', 'core.bech32_verify(text)', 'core.is_segwit_address(text)', 'core.is_strkey(text)', 'core.keccak256(bytea)', 'core.eip55(text)']) f;

-- task: BUILD_0718 implement_table_feature critical
-- title: Prove wallet ownership with single-use challenges
-- does: core.wallet_challenge() words a text bound to origin, address and time (as EIP-4361) that its owner signs; the worker checks the signature and tells
--   core.confirm_wallet(), which uses the nonce up whatever the outcome, records the proof and activates the wallet. Five failures lock for an hour.
-- proves: a nonce works once, an expired and a foreign one raise, a member cannot confirm (42501), the fifth failure locks, the proof activates.
-- needs: BUILD_0034, BUILD_0714, BUILD_0715
create table core.wallet_challenges (
  nonce_sha256 bytea constraint wallet_challenges_nonce_sha256_pk primary key,
  wallet_id uuid not null constraint wallet_challenges_wallet_id_fk references core.wallets (id) on delete cascade,
  message text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  verified boolean,
  constraint wallet_challenges_expires_at_check check (expires_at > created_at and expires_at <= created_at + interval '1 hour'),
  constraint wallet_challenges_consumed_at_check check ((consumed_at is null) = (verified is null))
);

create index wallet_challenges_wallet_id_consumed_at_idx on core.wallet_challenges (wallet_id, consumed_at);

create function core.wallet_is_locked(wallet uuid) returns boolean
  language sql stable
  return (select count(*) >= 5 from core.wallet_challenges c where c.wallet_id = wallet and not c.verified and c.consumed_at > clock_timestamp() - interval '1 hour');

create function core.wallet_challenge(wallet uuid, origin text, out nonce text, out message text, out expires_at timestamptz) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  asked core.wallets;
begin
  select * into asked from core.wallets w where w.id = wallet and (w.owner_id = core.current_user_id() or w.owner_id is null and core.has_role('hc_finance'));
  if asked.id is null then
    raise exception using errcode = '42501', message = 'a wallet is proven by its owner';
  elsif asked.status in ('frozen', 'retired') or core.wallet_is_locked(wallet) then
    raise exception using errcode = '55000', message = 'this wallet takes no proof now', hint = 'Frozen and retired wallets take none; after five failures wait an hour.';
  elsif origin !~ '^[a-z0-9.-]{1,253}(:\d{1,5})?$' then
    raise exception using errcode = '22023', message = format('%s is no host', coalesce(origin, '(null)'));
  end if;
  nonce := encode(extensions.gen_random_bytes(16), 'hex');
  expires_at := clock_timestamp() + interval '10 minutes';
  message := format(e'%s wants you to sign in with your %s account:\n%s\n\nProve that you hold the key of this address. Signing moves no money.\n\nURI: https://%1$s\nVersion: 1\nChain ID: %4$s\nNonce: %5$s\nIssued At: %6$s\nExpiration Time: %7$s',
    origin, initcap(asked.chain), asked.address, case asked.chain when 'ethereum' then '1' when 'polygon' then '137' else asked.chain end, nonce, core.utc_text(clock_timestamp()), core.utc_text(expires_at));
  insert into core.wallet_challenges (nonce_sha256, wallet_id, message, expires_at) values (core.token_digest(nonce), wallet, message, wallet_challenge.expires_at);
end $$;

create function core.wallet_message(wallet uuid, nonce text) returns text
  language sql stable security definer
  return (select c.message from core.wallet_challenges c where c.nonce_sha256 = core.token_digest(wallet_message.nonce) and c.wallet_id = wallet and c.consumed_at is null and c.expires_at > now());

create function core.confirm_wallet(wallet uuid, nonce text, signature text, verified boolean, method text) returns text
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from core.wallets w where w.id = wallet for update;
  if core.wallet_is_locked(wallet) then
    raise exception using errcode = '55000', message = 'five proofs failed, wait an hour';
  end if;
  update core.wallet_challenges c set consumed_at = clock_timestamp(), verified = coalesce(confirm_wallet.verified, false)
  where c.nonce_sha256 = core.token_digest(nonce) and c.wallet_id = wallet and c.consumed_at is null and c.expires_at > now();
  if not found then
    raise exception using errcode = '28000', message = 'the nonce is unknown, used or expired', hint = 'Ask for another one with core.wallet_challenge().';
  elsif not coalesce(verified, false) then
    return case when core.wallet_is_locked(wallet) then 'locked' else 'failed' end;
  end if;
  update core.wallets w
  set verification = w.verification || jsonb_build_object('method', method, 'checked_at', core.utc_text(clock_timestamp()), 'signature_sha256', encode(sha256(convert_to(signature, 'UTF8')), 'hex')),
    verified_at = clock_timestamp(), status = case w.status when 'unverified' then 'active' else w.status end
  where w.id = wallet;
  return 'verified';
end $$;

comment on table core.wallet_challenges is 'Texts that were given out to be signed, and how it went; reached through functions alone. @retention 90 days @distribution local';
comment on column core.wallet_challenges.nonce_sha256 is 'Digest of the nonce in the text. @secret';
comment on column core.wallet_challenges.wallet_id is 'The wallet to be proven.';
comment on column core.wallet_challenges.message is 'The text to be signed. @secret';
comment on column core.wallet_challenges.created_at is 'When it was given out.';
comment on column core.wallet_challenges.expires_at is 'Ten minutes later.';
comment on column core.wallet_challenges.consumed_at is 'When it was answered, rightly or wrongly.';
comment on column core.wallet_challenges.verified is 'Whether the signature was good; null until answered.';
comment on index core.wallet_challenges_wallet_id_consumed_at_idx is 'Failures of the last hour; and the foreign key.';
comment on function core.wallet_is_locked is 'Five proofs of the wallet failed within the hour. For owner functions.';
comment on function core.wallet_challenge is 'A text for the owner of a wallet to sign, good for ten minutes and one answer. Security definer: challenges are granted to nobody.';
comment on function core.wallet_message is 'The text of an open challenge, for the worker that checks its signature; null when there is none. Security definer: challenges are granted to nobody.';
comment on function core.confirm_wallet is 'What the worker found about a signature: verified, failed or locked. The nonce is used up either way. Security definer: writes proof and status of the wallet.';

grant execute on function core.wallet_challenge to hc_member;
grant execute on function core.wallet_message, core.confirm_wallet to hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000718001', 'ada-0718');
insert into core.wallets (id, owner_id, chain, address) values ('00000000-0000-7000-8000-000000718011', '00000000-0000-7000-8000-000000718001', 'ethereum', '0x0000000000000000000000000000000000718011'),
  ('00000000-0000-7000-8000-000000718012', '00000000-0000-7000-8000-000000718001', 'ethereum', '0x0000000000000000000000000000000000718012');
create temporary table asked (n int, nonce text, message text, expires_at timestamptz) on commit drop;
grant all on pg_temp.asked to hc_member, hc_worker;
select core.act_as('00000000-0000-7000-8000-000000718001', 'hc_member');
set local role hc_member;
insert into pg_temp.asked select n, c.* from generate_series(1, 8) n, core.wallet_challenge(case when n = 7 then '00000000-0000-7000-8000-000000718012' else '00000000-0000-7000-8000-000000718011' end::uuid, case when n > 0 then 'give.example.org' end) c;
select bool_and(message like 'give.example.org wants%' || e'\n0x00000000000000000000000000000000007180%' || nonce || '%' and expires_at > now() + interval '9 minutes') and count(distinct nonce) = 8 from pg_temp.asked;
select blueprint.raises($$ select core.confirm_wallet('00000000-0000-7000-8000-000000718011', 'x', 'x', true, 'eip191') $$, '42501'), blueprint.raises($$ select core.wallet_challenge('00000000-0000-7000-8000-00000071801f', 'a') $$, '42501', 'by its owner'),
  blueprint.raises($$ select core.wallet_challenge('00000000-0000-7000-8000-000000718011', 'http://a') $$, '22023', 'no host'), blueprint.raises('select from core.wallet_challenges', '42501');
set local role hc_worker;
select core.wallet_message('00000000-0000-7000-8000-000000718011', nonce) = message, blueprint.raises(format($$ select core.confirm_wallet('00000000-0000-7000-8000-000000718012', %L, 's', true, 'eip191') $$, nonce), '28000') from pg_temp.asked where n = 1;
select core.confirm_wallet('00000000-0000-7000-8000-000000718011', nonce, 's', true, 'eip191') = 'verified' from pg_temp.asked where n = 1;
select blueprint.raises(format($$ select core.confirm_wallet('00000000-0000-7000-8000-000000718011', %L, 's', true, 'eip191') $$, nonce), '28000'), core.wallet_message('00000000-0000-7000-8000-000000718011', nonce) is null from pg_temp.asked where n = 1;
set local role hc_owner;
select status = 'active' and verified_at is not null and verification @> '{"method": "eip191"}' and verification ? 'checked_at' from core.wallets where id = '00000000-0000-7000-8000-000000718011';
update core.wallet_challenges set created_at = now() - interval '1 hour', expires_at = now() - interval '1 minute' where wallet_id = '00000000-0000-7000-8000-000000718012';
set local role hc_worker;
select blueprint.raises(format($$ select core.confirm_wallet('00000000-0000-7000-8000-000000718012', %L, 's', true, 'eip191') $$, nonce), '28000') from pg_temp.asked where n = 7;
select n, core.confirm_wallet('00000000-0000-7000-8000-000000718011', nonce, 's', false, 'eip191') = case n when 6 then 'locked' else 'failed' end from pg_temp.asked where n between 2 and 6;
select blueprint.raises(format($$ select core.confirm_wallet('00000000-0000-7000-8000-000000718011', %L, 's', true, 'eip191') $$, nonce), '55000', 'wait an hour') from pg_temp.asked where n = 8;
set local role hc_member;
select blueprint.raises($$ select core.wallet_challenge('00000000-0000-7000-8000-000000718011', 'a') $$, '55000');
set local role hc_owner;
select vals, blueprint.raises(format('insert into core.wallet_challenges (nonce_sha256, wallet_id, message, expires_at, consumed_at) values (%s)', vals), state, rule) from (values
  ($$ '\x0718', '00000000-0000-7000-8000-00000071801f', '', now() + interval '10 minutes', null $$, '23503', 'wallet_challenges_wallet_id_fk'), ($$ '\x0718', '00000000-0000-7000-8000-000000718011', '', now() + interval '1 day', null $$, '23514', 'wallet_challenges_expires_at_check'),
  ($$ '\x0718', '00000000-0000-7000-8000-000000718011', '', now() + interval '10 minutes', now() $$, '23514', 'wallet_challenges_consumed_at_check')) v(vals, state, rule);
select blueprint.raises($$ insert into core.wallet_challenges select * from core.wallet_challenges where wallet_id = '00000000-0000-7000-8000-000000718012' $$, '23505', 'wallet_challenges_nonce_sha256_pk'),
  blueprint.plan_uses($$ select from core.wallet_challenges where wallet_id = '00000000-0000-7000-8000-000000718011' and consumed_at > now() $$, 'wallet_challenges_wallet_id_consumed_at_idx');
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.wallet_message(uuid, text)', 'core.confirm_wallet(uuid, text, text, boolean, text)']) f;
select has_function_privilege('hc_member', 'core.wallet_challenge(uuid, text)', 'execute') and not has_function_privilege('hc_anon', 'core.wallet_challenge(uuid, text)', 'execute') and not has_function_privilege('hc_worker', 'core.wallet_is_locked(uuid)', 'execute'),
  (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.wallet_challenges'::regclass);

-- task: BUILD_0719 implement_table_feature critical
-- title: Balances at any instant: core.wallet_balance(wallet, at) and statement with running balance
-- does: The view core.wallet_movements gives every movement its sign and fees their own line in the currency they are paid in; balance, statement and the
--   search for wallets that went below zero add it up.
-- proves: 1.5 + 0.5 - 0.7 - 0.001 is 1.299 exactly and 1.5 earlier, the last running balance equals it, token fees fall on the native currency, an overdrawn
--   wallet is named with the transaction at fault.
-- needs: BUILD_0721
create view core.wallet_movements with (security_invoker) as
  select t.id as transaction_id, t.wallet_id, t.currency::text as currency, case t.kind when 'incoming' then t.amount_crypto else - t.amount_crypto end::numeric as moved, t.kind, t.status, coalesce(t.block_at, t.created_at) as moved_at, t.log_index
  from core.transactions t
  union all
  select t.id, t.wallet_id, c.native_currency::text, - t.fee_crypto::numeric, 'fee', t.status, coalesce(t.block_at, t.created_at), t.log_index
  from core.transactions t join core.chains c on c.code = t.chain where t.kind <> 'incoming' and t.fee_crypto > 0;

create function core.wallet_balance(wallet uuid, at timestamptz default 'infinity') returns table (currency text, balance numeric, pending numeric)
  language sql stable
begin atomic
  select m.currency, coalesce(sum(m.moved) filter (where m.status = 'confirmed'), 0), coalesce(sum(m.moved) filter (where m.status in ('seen', 'confirming')), 0)
  from core.wallet_movements m where m.wallet_id = wallet and m.moved_at <= wallet_balance.at and m.status in ('seen', 'confirming', 'confirmed')
  group by m.currency order by m.currency;
end;

create function core.wallet_statement(wallet uuid, currency text, since timestamptz default '-infinity', until timestamptz default 'infinity') returns table (moved_at timestamptz, transaction_id uuid, kind text, moved numeric, balance numeric)
  language sql stable
begin atomic
  select s.moved_at, s.transaction_id, s.kind, s.moved, s.balance from (
    select m.moved_at, m.transaction_id, m.kind, m.moved, sum(m.moved) over (order by m.moved_at, m.transaction_id, m.kind desc rows unbounded preceding) as balance
    from core.wallet_movements m where m.wallet_id = wallet and m.currency = wallet_statement.currency and m.status = 'confirmed') s
  where s.moved_at >= since and s.moved_at < until order by s.moved_at, s.transaction_id, s.kind desc;
end;

create function core.negative_wallets() returns table (wallet_id uuid, currency text, transaction_id uuid, moved_at timestamptz, balance numeric)
  language sql stable
begin atomic
  select distinct on (s.wallet_id, s.currency) s.wallet_id, s.currency, s.transaction_id, s.moved_at, s.balance from (
    select m.wallet_id, m.currency, m.transaction_id, m.moved_at, sum(m.moved) over (partition by m.wallet_id, m.currency order by m.moved_at, m.transaction_id, m.kind desc rows unbounded preceding) as balance
    from core.wallet_movements m where m.status = 'confirmed') s
  where s.balance < 0 order by s.wallet_id, s.currency, s.moved_at, s.transaction_id;
end;

grant select on core.wallet_movements to hc_finance, hc_auditor;
grant execute on function core.wallet_balance, core.wallet_statement, core.negative_wallets to hc_finance, hc_auditor;

comment on view core.wallet_movements is 'Movements with their sign; fees of what we send as lines of their own in the currency of the chain.';
comment on column core.wallet_movements.transaction_id is 'The transaction.';
comment on column core.wallet_movements.wallet_id is 'The wallet.';
comment on column core.wallet_movements.currency is 'What moved.';
comment on column core.wallet_movements.moved is 'In (positive) or out.';
comment on column core.wallet_movements.kind is 'As of the transaction, fee for the line of its fee.';
comment on column core.wallet_movements.status is 'As of the transaction.';
comment on column core.wallet_movements.moved_at is 'Time of its block, or when it was seen.';
comment on column core.wallet_movements.log_index is 'Which movement of the transaction.';
comment on function core.wallet_balance is 'Confirmed balance of a wallet per currency at a time, and what is still on its way.';
comment on function core.wallet_statement is 'Confirmed movements of a wallet in one currency with the balance after each; since inclusive, until exclusive.';
comment on function core.negative_wallets is 'Wallets that went below zero, with the first transaction at fault: something before it is missing.';

-- verify
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000719011', 'ethereum', '0x0000000000000000000000000000000000719011', 'hot', 'active'), ('00000000-0000-7000-8000-000000719012', 'ethereum', '0x0000000000000000000000000000000000719012', 'hot', 'active');
insert into core.transactions (id, wallet_id, kind, chain, currency, amount_crypto, fee_crypto, txid, status, block_height, block_hash, block_at, confirmations)
select ('00000000-0000-7000-8000-00000071902' || n)::uuid, ('00000000-0000-7000-8000-00000071901' || w)::uuid, kind, 'ethereum', cur, amount, fee, '0x' || repeat('0719', 15) || lpad(n::text, 4, '0'), status, 100 + n, 'h', timestamptz '2026-01-01 00:00+00' + n * interval '1 hour', 12
from (values (1, 1, 'incoming', 'ETH', 1.5, 0.1, 'confirmed'), (2, 1, 'incoming', 'ETH', 0.5, 0, 'confirmed'), (3, 1, 'outgoing', 'ETH', 0.7, 0.001, 'confirmed'), (4, 1, 'incoming', 'ETH', 9, 0, 'confirming'), (5, 1, 'incoming', 'ETH', 5, 0, 'orphaned'),
  (6, 2, 'incoming', 'USDC-ethereum', 100, 0, 'confirmed'), (7, 2, 'sweep', 'USDC-ethereum', 40, 0.002, 'confirmed')) v(n, w, kind, cur, amount, fee, status);
select currency = 'ETH' and balance = 1.299 and pending = 9 from core.wallet_balance('00000000-0000-7000-8000-000000719011');
select balance = 1.5 and pending = 0 from core.wallet_balance('00000000-0000-7000-8000-000000719011', '2026-01-01 01:30+00');
select array_agg(currency || ' ' || trim_scale(balance) order by currency) = array['ETH -0.002', 'USDC-ethereum 60'] from core.wallet_balance('00000000-0000-7000-8000-000000719012');
select array_agg(trim_scale(balance)) = array[1.5, 2, 1.3, 1.299] from core.wallet_statement('00000000-0000-7000-8000-000000719011', 'ETH');
select count(*) = 2 and max(balance) = 1.3 and bool_or(kind = 'fee' and moved = -0.001) from core.wallet_statement('00000000-0000-7000-8000-000000719011', 'ETH', '2026-01-01 03:00+00', '2026-01-01 04:00+00');
select count(*) = 1 and bool_and(currency = 'ETH' and transaction_id = '00000000-0000-7000-8000-000000719027' and balance = -0.002) from core.negative_wallets() where wallet_id in ('00000000-0000-7000-8000-000000719011', '00000000-0000-7000-8000-000000719012');
select role, has_table_privilege(role, 'core.wallet_movements', 'select'), bool_and(has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute'))
from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['core.wallet_balance(uuid, timestamptz)', 'core.wallet_statement(uuid, text, timestamptz, timestamptz)', 'core.negative_wallets()']) f group by role;
select not has_table_privilege('hc_member', 'core.wallet_movements', 'select');
set local role hc_finance;
select balance = 1.299 from core.wallet_balance('00000000-0000-7000-8000-000000719011');

-- task: BUILD_0720 implement_table_feature critical
-- title: Allocate fresh deposit addresses from a pool: core.allocate_deposit_address()
-- does: The pool of a fund are active public wallets of the organisation with metadata.pool = its code. allocate_deposit_address() binds an unused one to a reference
--   for a day, the same to the same reference, different ones to callers at the same time; recycle_unused() frees what never received anything.
-- proves: the same reference gets the same address, another one another, an empty pool raises, after expiry an unused address comes again and a funded one
--   never; low pools are reported. That concurrent callers get different addresses is raced.
-- needs: BUILD_0713, BUILD_0714, BUILD_0721
create table core.deposit_reservations (
  id uuid default uuidv7() constraint deposit_reservations_id_pk primary key,
  wallet_id uuid not null constraint deposit_reservations_wallet_id_fk references core.wallets (id),
  chain text not null constraint deposit_reservations_chain_fk references core.chains (code),
  fund_code text not null,
  reference text not null constraint deposit_reservations_reference_check check (length(reference) between 1 and 200),
  reserved_at timestamptz not null default now(),
  expires_at timestamptz not null,
  released_at timestamptz,
  constraint deposit_reservations_expires_at_check check (expires_at > reserved_at)
);

create unique index deposit_reservations_wallet_id_key on core.deposit_reservations (wallet_id) where released_at is null;
create unique index deposit_reservations_chain_reference_key on core.deposit_reservations (chain, reference) where released_at is null;
create index deposit_reservations_wallet_id_idx on core.deposit_reservations (wallet_id);
create index deposit_reservations_chain_reference_idx on core.deposit_reservations (chain, reference);
create index deposit_reservations_expires_at_idx on core.deposit_reservations (expires_at) where released_at is null;
create index wallets_pool_idx on core.wallets (chain, (metadata ->> 'pool')) where owner_id is null and custody = 'public' and status = 'active' and metadata ? 'pool';

create function core.allocate_deposit_address(fund text, chain text, reference text, out wallet_id uuid, out address text, out expires_at timestamptz) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  picked core.wallets;
begin
  perform pg_advisory_xact_lock(hashtextextended('core.deposit:' || chain || ':' || reference, 0));
  loop
    select r.wallet_id, w.address, r.expires_at into wallet_id, address, expires_at from core.deposit_reservations r join core.wallets w on w.id = r.wallet_id
    where r.chain = allocate_deposit_address.chain and r.reference = allocate_deposit_address.reference and r.released_at is null;
    exit when wallet_id is not null;
    select * into picked from core.wallets w
    where w.chain = allocate_deposit_address.chain and w.metadata ->> 'pool' = fund and w.owner_id is null and w.custody = 'public' and w.status = 'active' and w.metadata ? 'pool'
      and not exists (select from core.deposit_reservations r where r.wallet_id = w.id and r.released_at is null)
      and not exists (select from core.transactions t where t.wallet_id = w.id)
    order by w.id limit 1 for update skip locked;
    if picked.id is null then
      raise exception using errcode = '55000', message = format('no address of %s is free for fund %s', chain, fund), hint = 'Add wallets to the pool; core.pool_level() tells when it runs low.';
    end if;
    insert into core.deposit_reservations (wallet_id, chain, fund_code, reference, expires_at)  -- a caller whose snapshot is older than the last reservation finds it here, and looks again
    values (picked.id, picked.chain, fund, allocate_deposit_address.reference, now() + interval '24 hours') on conflict do nothing;
  end loop;
end $$;

create function core.recycle_unused(at timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  freed int;
begin
  update core.deposit_reservations r set released_at = at
  where r.released_at is null and r.expires_at <= at and not exists (select from core.transactions t where t.wallet_id = r.wallet_id);
  get diagnostics freed = row_count;
  return freed;
end $$;

create function core.pool_level(chain text, enough int default 20) returns table (pool text, free bigint, is_low boolean)
  language sql stable security definer
begin atomic
  select w.metadata ->> 'pool', count(*) filter (where not used.is_used), count(*) filter (where not used.is_used) < enough
  from core.wallets w, lateral (select exists (select from core.deposit_reservations r where r.wallet_id = w.id and r.released_at is null) or exists (select from core.transactions t where t.wallet_id = w.id) as is_used) used
  where w.chain = pool_level.chain and w.owner_id is null and w.custody = 'public' and w.status = 'active' and w.metadata ? 'pool'
  group by w.metadata ->> 'pool' order by w.metadata ->> 'pool';
end;

create policy deposit_reservations_staff_select on core.deposit_reservations for select to hc_finance, hc_auditor using (true);

grant select on core.deposit_reservations to hc_finance, hc_auditor;
grant execute on function core.allocate_deposit_address, core.recycle_unused, core.pool_level to hc_worker;
grant execute on function core.pool_level to hc_finance;

comment on table core.deposit_reservations is 'Which deposit address was given to which payment, and until when. @distribution local';
comment on column core.deposit_reservations.id is 'Version 7 UUID.';
comment on column core.deposit_reservations.wallet_id is 'The address.';
comment on column core.deposit_reservations.chain is 'Its chain.';
comment on column core.deposit_reservations.fund_code is 'Fund the payment is for.';
comment on column core.deposit_reservations.reference is 'The payment, as its payment_ref.';
comment on column core.deposit_reservations.reserved_at is 'When it was given.';
comment on column core.deposit_reservations.expires_at is 'A day later; what comes in after that still counts for it.';
comment on column core.deposit_reservations.released_at is 'When it went back to the pool unused.';
comment on index core.deposit_reservations_wallet_id_key is 'One payment an address at a time.';
comment on index core.deposit_reservations_chain_reference_key is 'One address a payment.';
comment on index core.deposit_reservations_wallet_id_idx is 'Who an address was given to over time; and the foreign key.';
comment on index core.deposit_reservations_chain_reference_idx is 'Addresses a payment ever had; and the foreign key.';
comment on index core.deposit_reservations_expires_at_idx is 'Reservations that lapsed (core.recycle_unused).';
comment on index core.wallets_pool_idx is 'The pool of a fund (core.allocate_deposit_address).';
comment on policy deposit_reservations_staff_select on core.deposit_reservations is 'Finance and audit see reservations.';
comment on function core.allocate_deposit_address is 'A deposit address for a payment, the same whenever it is asked for; 55000 when the pool is empty. Security definer: reservations are granted to nobody.';
comment on function core.recycle_unused is 'Gives lapsed addresses that never saw a transaction back to the pool; returns how many. Security definer: the worker owns no table.';
comment on function core.pool_level is 'Free addresses per fund on a chain, and whether they are fewer than enough. Security definer: the worker reads no table.';

-- verify
insert into core.wallets (id, chain, address, custody, status, metadata) select ('00000000-0000-7000-8000-00000072001' || n)::uuid, 'polygon', '0x000000000000000000000000000000000072001' || n, 'public', 'active', '{"pool": "probe-0720"}' from generate_series(1, 3) n;
insert into core.wallets (id, chain, address, custody, status, metadata) values ('00000000-0000-7000-8000-000000720014', 'polygon', '0x0000000000000000000000000000000000720014', 'public', 'unverified', '{"pool": "probe-0720"}');
select free = 3 and is_low from core.pool_level('polygon') where pool = 'probe-0720';
set local role hc_worker;
select wallet_id = '00000000-0000-7000-8000-000000720011' and address like '0x%720011' and expires_at = now() + interval '24 hours' from core.allocate_deposit_address('probe-0720', 'polygon', 'a-0720');
select wallet_id = '00000000-0000-7000-8000-000000720011' from core.allocate_deposit_address('probe-0720', 'polygon', 'a-0720');
select wallet_id = '00000000-0000-7000-8000-000000720012' from core.allocate_deposit_address('probe-0720', 'polygon', 'b-0720');
set local role hc_owner;
insert into core.transactions (wallet_id, chain, currency, amount_crypto, txid) values ('00000000-0000-7000-8000-000000720011', 'polygon', 'POL', 1, '0x' || repeat('0720', 16));
set local role hc_worker;
select free = 1 and not is_low from core.pool_level('polygon', 1) where pool = 'probe-0720';
select core.recycle_unused(now() + interval '23 hours') is not null;
set local role hc_owner;
select (select count(*) = 2 from core.deposit_reservations where fund_code = 'probe-0720' and released_at is null);
select core.recycle_unused(now() + interval '25 hours') >= 1;
select (select array_agg(reference) = '{a-0720}' from core.deposit_reservations where fund_code = 'probe-0720' and released_at is null);
select wallet_id = '00000000-0000-7000-8000-000000720012' from core.allocate_deposit_address('probe-0720', 'polygon', 'c-0720');
select wallet_id = '00000000-0000-7000-8000-000000720013' from core.allocate_deposit_address('probe-0720', 'polygon', 'd-0720');
select blueprint.raises($$ select core.allocate_deposit_address('probe-0720', 'polygon', 'e-0720') $$, '55000', 'probe-0720');
select vals, blueprint.raises(format('insert into core.deposit_reservations (fund_code, expires_at, wallet_id, chain, reference, id) values (%s)', '''probe-0720'', ' || vals), state, rule) from (values
  ($$ now() + interval '1 day', '00000000-0000-7000-8000-000000720011', 'polygon', 'x', uuidv7() $$, '23505', 'deposit_reservations_wallet_id_key'), ($$ now() + interval '1 day', '00000000-0000-7000-8000-000000720014', 'polygon', 'a-0720', uuidv7() $$, '23505', 'deposit_reservations_chain_reference_key'),
  ($$ now() + interval '1 day', '00000000-0000-7000-8000-00000072001f', 'polygon', 'x', uuidv7() $$, '23503', 'deposit_reservations_wallet_id_fk'), ($$ now() + interval '1 day', '00000000-0000-7000-8000-000000720014', 'moon', 'x', uuidv7() $$, '23503', 'deposit_reservations_chain_fk'),
  ($$ now(), '00000000-0000-7000-8000-000000720014', 'polygon', 'x', uuidv7() $$, '23514', 'deposit_reservations_expires_at_check'), ($$ now() + interval '1 day', '00000000-0000-7000-8000-000000720014', 'polygon', '', uuidv7() $$, '23514', 'deposit_reservations_reference_check')) v(vals, state, rule);
select blueprint.raises($$ insert into core.deposit_reservations select * from core.deposit_reservations where released_at is not null and fund_code = 'probe-0720' $$, '23505', 'deposit_reservations_id_pk');
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.deposit_reservations where wallet_id = '00000000-0000-7000-8000-000000720011' $$, 'deposit_reservations_wallet_id_idx'),
  ($$ select from core.deposit_reservations where chain = 'polygon' and reference = 'x' $$, 'deposit_reservations_chain_reference_idx'), ($$ select from core.deposit_reservations where expires_at < now() and released_at is null order by expires_at $$, 'deposit_reservations_expires_at_idx'),
  ($$ select from core.wallets where chain = 'polygon' and metadata ->> 'pool' = 'x' and owner_id is null and custody = 'public' and status = 'active' and metadata ? 'pool' $$, 'wallets_pool_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.allocate_deposit_address(text, text, text)', 'core.recycle_unused(timestamptz)', 'core.pool_level(text, int)']) f;
select has_function_privilege('hc_finance', 'core.pool_level(text, int)', 'execute'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.deposit_reservations'::regclass);
set local role hc_finance;
select count(*) = 4 from core.deposit_reservations where fund_code = 'probe-0720';
set local role hc_auditor;
select count(*) = 4 from core.deposit_reservations where fund_code = 'probe-0720';
