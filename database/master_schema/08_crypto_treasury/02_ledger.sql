-- Room treasury, the ledger: what balances, what never changes, and what is read from it.

-- task: BUILD_0165 create_functions critical
-- title: Treasury functions: account_balance, fund_balance, rate_at, observe_block
-- does: Balances of accounts and funds at a time; a rate direct, inverse or over USD that is never older than asked for; the fair value of an amount; the checkpoints of a chain, which notice a block
--   that was taken back and orphan what it brought.
-- proves: rates invert and cross exactly, a stale one raises, another hash at a known height reports the depth and orphans the blocks above.
-- needs: BUILD_0163, BUILD_0164, BUILD_0728
create function treasury.ticker(currency text) returns text
  language sql immutable strict parallel safe
  return split_part(currency, '-', 1);

create function treasury.account_balance(account text, at timestamptz default 'infinity') returns table (currency text, balance numeric, balance_usd numeric)
  language sql stable
begin atomic
  select p.currency, sum(p.amount)::numeric, sum(p.amount_usd)::numeric from treasury.postings p join treasury.accounts a on a.id = p.account_id
  where a.code = account and (account_balance.at = 'infinity' or exists (select from treasury.entries e where e.id = p.entry_id and e.posted_at <= account_balance.at)) group by p.currency order by p.currency;
end;

create function treasury.fund_balance(fund text, at timestamptz default 'infinity') returns numeric
  language sql stable
  return (select coalesce(- sum(p.amount_usd), 0)::numeric from treasury.postings p join treasury.accounts a on a.id = p.account_id and a.type in ('income', 'expense', 'equity') join treasury.entries e on e.id = p.entry_id where p.fund_code = fund and e.posted_at <= at);

create function treasury.find_rate(base text, quote text, at timestamptz, max_age interval) returns numeric
  language sql stable
  return coalesce(
    (select r.rate from treasury.exchange_rates r where r.base = find_rate.base and r.quote = find_rate.quote and r.occurred_at <= at and r.occurred_at > at - max_age order by r.occurred_at desc, r.is_manual desc, r.source limit 1),
    (select 1 / r.rate from treasury.exchange_rates r where r.base = find_rate.quote and r.quote = find_rate.base and r.occurred_at <= at and r.occurred_at > at - max_age order by r.occurred_at desc, r.is_manual desc, r.source limit 1));

create function treasury.rate_at(base text, quote text, at timestamptz default now(), max_age interval default '1 hour') returns numeric
  language plpgsql stable set search_path = ''
as $$
declare
  b constant text := treasury.ticker(base);
  q constant text := treasury.ticker(quote);
  rate constant numeric := case when b = q then 1 else coalesce(treasury.find_rate(b, q, at, max_age), treasury.find_rate(b, 'USD', at, max_age) * treasury.find_rate('USD', q, at, max_age)) end;
begin
  if rate is null then
    raise exception using errcode = '55000', message = format('no rate of %s in %s within %s before %s', b, q, max_age, at), hint = 'treasury.ingest_rates() brings rates.';
  end if;
  return rate;
end $$;

create function treasury.fair_value(currency text, amount numeric, at timestamptz default now(), max_age interval default '1 hour') returns numeric
  language sql stable
  return round(amount * treasury.rate_at(currency, 'USD', at, max_age), 2);

create function treasury.observe_block(chain text, height bigint, hash text, parent_hash text default null) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  lost record;
  first_lost bigint;
  orphaned int := 0;
  touched int := 0;
  depth bigint := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('treasury.chain:' || chain, 0));
  select min(c.height) into first_lost from treasury.chain_checkpoints c
  where c.chain = observe_block.chain and c.orphaned_at is null and (c.height = observe_block.height and c.block_hash <> hash or c.height = observe_block.height - 1 and c.block_hash <> observe_block.parent_hash);
  if first_lost is not null then
    select max(c.height) - first_lost + 1 into depth from treasury.chain_checkpoints c where c.chain = observe_block.chain and c.orphaned_at is null;
    for lost in select c.height, c.block_hash from treasury.chain_checkpoints c where c.chain = observe_block.chain and c.orphaned_at is null and c.height >= first_lost and c.block_hash <> hash order by c.height desc loop
      update treasury.chain_checkpoints c set orphaned_at = clock_timestamp() where c.chain = observe_block.chain and c.height = lost.height and c.block_hash = lost.block_hash;
      touched := touched + (select count(*) from core.orphan_block(observe_block.chain, lost.height, lost.block_hash));
      orphaned := orphaned + 1;
    end loop;
  end if;
  insert into treasury.chain_checkpoints (chain, height, block_hash, parent_hash) values (observe_block.chain, observe_block.height, hash, observe_block.parent_hash)
  on conflict on constraint chain_checkpoints_chain_height_block_hash_pk do update set orphaned_at = null;
  return jsonb_build_object('reorg_depth', depth, 'blocks', orphaned, 'transactions', touched, 'too_deep', depth > coalesce((select c.reorg_depth from core.chains c where c.code = observe_block.chain), 0));
end $$;

comment on function treasury.ticker is 'What rates are quoted in: BTC of BTC-custodial.';
comment on function treasury.account_balance is 'Balance of an account per currency and in USD, of all entries posted up to a time; debits positive.';
comment on function treasury.fund_balance is 'Net assets of a fund in USD up to a time.';
comment on function treasury.find_rate is 'Latest rate of a pair, or of its inverse, within max_age before at; null without.';
comment on function treasury.rate_at is 'Rate of a pair: direct, inverse, or over USD; 55000 when none is young enough.';
comment on function treasury.fair_value is 'Value of an amount in USD, to the cent.';
comment on function treasury.observe_block is 'Keeps a block of a chain. Another hash at its height, or at that of its parent, takes blocks back: depth, blocks and transactions come back. Security definer: for the worker.';

grant execute on function treasury.account_balance, treasury.fund_balance, treasury.rate_at, treasury.fair_value, treasury.ticker, treasury.find_rate to hc_finance, hc_auditor;
grant execute on function treasury.observe_block to hc_worker;

-- verify
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate) values ('PBTC', 'USD', 'probe', now() - interval '10 minutes', 50000), ('PBTC', 'USD', 'probe', now() - interval '30 minutes', 40000), ('PEUR', 'USD', 'probe', now() - interval '10 minutes', 1.25), ('POLD', 'USD', 'probe', now() - interval '2 hours', 1);
select treasury.rate_at('PBTC', 'USD') = 50000, treasury.rate_at('USD', 'PBTC') = 0.00002, treasury.rate_at('PBTC', 'PEUR') = 40000, treasury.rate_at('PBTC-custodial', 'USD', now() - interval '20 minutes') = 40000, treasury.rate_at('USD', 'USD') = 1, treasury.fair_value('PBTC', 0.01) = 500, treasury.fair_value('PBTC', 0.00000009) = 0.00;
select blueprint.raises($$ select treasury.rate_at('POLD', 'USD') $$, '55000', 'POLD'), treasury.rate_at('POLD', 'USD', now(), '3 hours') = 1, blueprint.raises($$ select treasury.rate_at('PNONE', 'USD') $$, '55000', 'PNONE');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000165001', '2026-01-02', 'donation', 'probe', '0165');
insert into treasury.accounts (code, path, name, type, normal_side) values ('assets.probe_0165', 'assets.probe_0165', 'x', 'asset', 'debit'), ('income.probe_0165', 'income.probe_0165', 'x', 'income', 'credit');
insert into treasury.funds (code, title) values ('probe-0165', 'x');
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd, fund_code) select '00000000-0000-7000-8000-000000165001', n, a.id, 'BTC', x, x * 100, 'probe-0165' from (values (1, 'assets.probe_0165', 0.5), (2, 'income.probe_0165', -0.5)) v(n, c, x) join treasury.accounts a on a.code = v.c;
select currency = 'BTC' and balance = 0.5 and balance_usd = 50 from treasury.account_balance('assets.probe_0165');
select count(*) = 0, treasury.fund_balance('probe-0165') = 50, treasury.fund_balance('probe-0165', now() - interval '1 day') = 0 from treasury.account_balance('assets.probe_0165', now() - interval '1 day');
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000165011', 'polygon', '0x0000000000000000000000000000000000165011', 'hot', 'active');
insert into core.transactions (id, wallet_id, chain, currency, amount_crypto, txid, status, block_height, block_hash, block_at, confirmations) values ('00000000-0000-7000-8000-000000165012', '00000000-0000-7000-8000-000000165011', 'polygon', 'POL', 1, '0x' || repeat('0165', 16), 'confirming', -0 + 9000000000000000002, 'b-0165', now(), 1);
set local role hc_worker;
select treasury.observe_block('polygon', 9000000000000000001, 'a-0165') ->> 'reorg_depth' = '0', treasury.observe_block('polygon', 9000000000000000002, 'b-0165', 'a-0165') ->> 'reorg_depth' = '0', treasury.observe_block('polygon', 9000000000000000003, 'c-0165', 'b-0165') = '{"blocks": 0, "too_deep": false, "reorg_depth": 0, "transactions": 0}';
select treasury.observe_block('polygon', 9000000000000000002, 'b2-0165', 'a-0165') = '{"blocks": 2, "too_deep": false, "reorg_depth": 2, "transactions": 1}';
set local role hc_owner;
select array_agg(block_hash order by height, block_hash) = '{a-0165,b2-0165}' from treasury.chain_checkpoints where block_hash like '%-0165' and orphaned_at is null;
select status = 'orphaned' from core.transactions where id = '00000000-0000-7000-8000-000000165012';
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['treasury.account_balance(text, timestamptz)', 'treasury.fund_balance(text, timestamptz)', 'treasury.rate_at(text, text, timestamptz, interval)', 'treasury.fair_value(text, numeric, timestamptz, interval)', 'treasury.ticker(text)', 'treasury.find_rate(text, text, timestamptz, interval)']) f;
select has_function_privilege('hc_worker', 'treasury.observe_block(text, bigint, text, text)', 'execute') and not has_function_privilege('hc_member', 'treasury.observe_block(text, bigint, text, text)', 'execute');

-- task: BUILD_0166 create_triggers critical
-- title: Treasury triggers: append-only ledger, balanced entries at commit, hash chain
-- does: Entries, postings, approvals and screenings take no update, delete or truncate. Each entry gets its place, a gapless number and a digest over the one before. When the transaction commits
--   an entry has two lines at least, is zero in USD and, unless it exchanges or refunds, in every currency, with accounts of the right currency. Status machines for the rest.
-- proves: an unbalanced entry fails when its constraints are checked (23514) and not before, an update of a posting raises, the chain recomputes, wrong steps raise. That numbers and chain hold with concurrent writers is raced.
-- needs: BUILD_0014, BUILD_0020, BUILD_0164, BUILD_0757
create function treasury.entry_digest(entry treasury.entries) returns bytea
  language sql immutable
  return sha256(coalesce((entry).prev_sha256::bytea, ''::bytea) || convert_to(jsonb_build_array((entry).seq, (entry).number, extract(epoch from (entry).posted_at), (entry).effective_on, (entry).kind, (entry).source_kind, (entry).source_id, (entry).description, (entry).reverses_id,
    encode((entry).payload_sha256, 'hex'))::text, 'UTF8'));

create function treasury.postings_digest(entry uuid) returns bytea
  language sql stable
  return (select sha256(convert_to(coalesce(string_agg(format('%s|%s|%s|%s|%s|%s', p.line_no, p.account_id, p.currency, p.amount, p.amount_usd, p.fund_code), e'\n' order by p.line_no), ''), 'UTF8')) from treasury.postings p where p.entry_id = entry);

create function treasury.stamp_entry() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  last record;
begin
  perform pg_advisory_xact_lock(hashtextextended('treasury.entries', 0));
  new.posted_at := clock_timestamp();
  new.number := core.next_number('entry');
  select e.seq, e.entry_sha256 into last from treasury.entries e where e.seq is not null order by e.seq desc limit 1;
  new.seq := coalesce(last.seq, 0) + 1;
  new.prev_sha256 := last.entry_sha256;
  new.entry_sha256 := treasury.entry_digest(new);
  return new;
end $$;

create function treasury.check_entry() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  entry treasury.entries;
  broken text;
begin
  select * into entry from treasury.entries e where e.id = case tg_table_name when 'entries' then (to_jsonb(new) ->> 'id')::uuid else (to_jsonb(new) ->> 'entry_id')::uuid end;
  select case when count(*) < 2 then 'has fewer than two lines' when sum(p.amount_usd) <> 0 then format('is off by %s USD', sum(p.amount_usd))
      when bool_or(a.currency <> p.currency) then 'posts another currency than that of the account' when entry.payload_sha256 <> treasury.postings_digest(entry.id) then 'has other lines than its digest' end
  into broken from treasury.postings p join treasury.accounts a on a.id = p.account_id where p.entry_id = entry.id;
  if broken is null and entry.kind not in ('fx', 'refund', 'sweep') then
    select 'is off by ' || string_agg(format('%s %s', trim_scale(s.amount), s.currency), ', ') into broken  -- a limit here would read the whole ledger by currency
    from (select p.currency, sum(p.amount) as amount from treasury.postings p where p.entry_id = entry.id group by p.currency) s where s.amount <> 0;
  end if;
  if broken is not null then
    raise exception using errcode = '23514', schema = 'treasury', table = 'entries', constraint = 'entries_balanced_check', message = format('entry %s %s', entry.number, broken);
  end if;
  return null;
end $$;

create function treasury.verify_chain(since bigint default 1) returns table (seq bigint, fault text)
  language sql stable
begin atomic
  select c.seq, c.fault from (
    select e.seq, case when e.seq <> coalesce(lag(e.seq) over w, since - 1) + 1 then 'missing before' when lag(e.entry_sha256) over w is distinct from e.prev_sha256 and e.seq > since then 'not linked'
      when e.entry_sha256 <> treasury.entry_digest(e) then 'altered' when e.payload_sha256 <> treasury.postings_digest(e.id) then 'other lines' end as fault
    from treasury.entries e where e.seq >= since window w as (order by e.seq)) c
  where c.fault is not null order by c.seq;
end;

create unique index entries_seq_key on treasury.entries (seq);
create unique index entries_number_key on treasury.entries (number);

create trigger entries_stamp before insert on treasury.entries for each row execute function treasury.stamp_entry();
create constraint trigger entries_balanced after insert on treasury.entries deferrable initially deferred for each row execute function treasury.check_entry();
create constraint trigger postings_balanced after insert on treasury.postings deferrable initially deferred for each row execute function treasury.check_entry();

select core.attach_standard('treasury.entries', 'log');
select core.attach_standard('treasury.postings', 'log');
select core.attach_standard('treasury.approvals', 'log');
select core.attach_standard('treasury.aml_screenings', 'log');
select core.attach_standard('treasury.funds', 'std', 'code');
select core.attach_standard('treasury.accounts', 'std', 'code', 'type', 'currency');
select core.attach_standard('treasury.payment_intents', 'std', 'idempotency_key', 'fund_code', 'currency', 'chain');
select core.attach_standard('treasury.proposals', 'std', 'proposed_by');
select core.attach_standard('treasury.payouts', 'std', 'proposal_id', 'budget_id');
select core.attach_standard('treasury.reconciliations', 'std', 'wallet_id', 'as_of', 'prepared_by');
select core.attach_standard('treasury.sanctions_entries');
select core.attach_standard('treasury.budgets', 'std', 'fund_code', 'account_id');

select core.define_machine('proposal', '{"draft": ["open"], "open": ["approved", "rejected", "expired"], "approved": ["executed", "expired", "open"]}'), core.define_machine('payout', '{"requested": ["approved", "rejected", "cancelled", "executed"], "approved": ["executed", "cancelled"]}'),
  core.define_machine('payment_intent', '{"created": ["awaiting", "partial", "paid", "expired", "cancelled"], "awaiting": ["partial", "paid", "expired", "cancelled"], "partial": ["paid", "expired"], "expired": ["partial", "paid"]}'), core.define_machine('reconciliation', '{"open": ["signed_off", "abandoned"]}');

create trigger proposals_status_machine after update of status on treasury.proposals for each row execute function core.enforce_transition('proposal');
create trigger payouts_status_machine after update of status on treasury.payouts for each row execute function core.enforce_transition('payout');
create trigger payment_intents_status_machine after update of status on treasury.payment_intents for each row execute function core.enforce_transition('payment_intent');
create trigger reconciliations_status_machine after update of status on treasury.reconciliations for each row execute function core.enforce_transition('reconciliation');

comment on function treasury.entry_digest is 'SHA-256 over the digest of the entry before and what this one says.';
comment on function treasury.postings_digest is 'SHA-256 over the lines of an entry in order.';
comment on function treasury.stamp_entry is 'Trigger of entries: place, number and digest, one writer at a time until it commits.';
comment on function treasury.check_entry is 'Deferred trigger of entries and postings: the whole entry, when the transaction commits. Security definer: at commit the role is that of the caller, who reads nothing.';
comment on function treasury.verify_chain is 'Entries whose place, link, content or lines do not agree with their digests; no row: the chain holds.';
comment on index treasury.entries_seq_key is 'Place in the chain.';
comment on index treasury.entries_number_key is 'The entry of a number.';
comment on trigger entries_stamp on treasury.entries is 'Place, number and digest.';
comment on trigger entries_balanced on treasury.entries is 'Balances at commit.';
comment on trigger postings_balanced on treasury.postings is 'Balances at commit, whoever adds a line and when.';
comment on trigger proposals_status_machine on treasury.proposals is 'Status changes follow machine proposal and are logged.';
comment on trigger payouts_status_machine on treasury.payouts is 'Status changes follow machine payout and are logged.';
comment on trigger payment_intents_status_machine on treasury.payment_intents is 'Status changes follow machine payment_intent and are logged.';
comment on trigger reconciliations_status_machine on treasury.reconciliations is 'Status changes follow machine reconciliation and are logged.';

grant execute on function treasury.verify_chain, treasury.entry_digest, treasury.postings_digest to hc_auditor;

-- verify
create function treasury.probe_0166(source text, kind text, lines jsonb, digest bytea default null) returns void language sql as $$
  insert into treasury.entries (effective_on, kind, source_kind, source_id, payload_sha256) values ('2026-01-02', kind, 'probe-0166', source, digest);
  insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd)
  select e.id, l.n, a.id, l.line ->> 'c', (l.line ->> 'a')::numeric, (l.line ->> 'u')::numeric from treasury.entries e, jsonb_array_elements(lines) with ordinality l(line, n) join treasury.accounts a on a.code = l.line ->> 'x' where e.source_kind = 'probe-0166' and e.source_id = source;
$$;
select treasury.probe_0166('good', 'donation', '[{"x": "assets.crypto.btc.hot", "c": "BTC", "a": 1, "u": 10}, {"x": "income.donations.crypto", "c": "BTC", "a": -1, "u": -10}]');
select treasury.probe_0166('fx', 'fx', '[{"x": "assets.crypto.btc.hot", "c": "BTC", "a": -1, "u": -10}, {"x": "assets.cash.bank", "c": "USD", "a": 10, "u": 10}]');
set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
select blueprint.raises('update treasury.entries set kind = kind', '55006', 'treasury.entries keeps');
alter table treasury.entries disable trigger entries_append_only;
update treasury.entries set description = 'forged' where source_kind = 'probe-0166' and source_id = 'good';
select count(*) = 1 and bool_and(fault = 'altered') from treasury.verify_chain((select seq from treasury.entries where source_kind = 'probe-0166' and source_id = 'good'));
update treasury.entries set description = null where source_kind = 'probe-0166' and source_id = 'good';
alter table treasury.entries enable trigger entries_append_only;
set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
select source, blueprint.raises(format('select treasury.probe_0166(%L, %L, %L, %L)', source, kind, lines, digest), 'HCOK0'), blueprint.raises(format('set constraints treasury.entries_balanced, treasury.postings_balanced deferred; select treasury.probe_0166(%L, %L, %L, %L); set constraints treasury.%s immediate', source, kind, lines, digest, rule), '23514', why) from (values
  ('one', 'donation', '[{"x": "assets.crypto.btc.hot", "c": "BTC", "a": 1, "u": 10}]', null, 'entries_balanced', 'two lines'), ('none', 'donation', '[]', null, 'entries_balanced', 'two lines'),
  ('usd', 'donation', '[{"x": "assets.crypto.btc.hot", "c": "BTC", "a": 1, "u": 10}, {"x": "income.donations.crypto", "c": "BTC", "a": -1, "u": -9}]', null, 'postings_balanced', '1.00 USD'), ('btc', 'donation', '[{"x": "assets.crypto.btc.hot", "c": "BTC", "a": 1, "u": 10}, {"x": "income.donations.crypto", "c": "BTC", "a": -2, "u": -10}]', null, 'postings_balanced', '-1 BTC'),
  ('cur', 'fx', '[{"x": "assets.crypto.btc.hot", "c": "ETH", "a": 1, "u": 10}, {"x": "income.donations.crypto", "c": "ETH", "a": -1, "u": -10}]', null, 'postings_balanced', 'another currency'), ('dig', 'donation', '[{"x": "assets.crypto.btc.hot", "c": "BTC", "a": 1, "u": 10}, {"x": "income.donations.crypto", "c": "BTC", "a": -1, "u": -10}]', '\x' || repeat('00', 32), 'entries_balanced', 'digest')) v(source, kind, lines, digest, rule, why);
select b.seq = a.seq + 1 and b.prev_sha256 = a.entry_sha256 and b.entry_sha256 = treasury.entry_digest(b) and a.number < b.number and b.number like 'JE-%' and b.entry_sha256 <> a.entry_sha256 from treasury.entries a, treasury.entries b where a.source_id = 'good' and a.source_kind = 'probe-0166' and b.source_id = 'fx' and b.source_kind = 'probe-0166';
select count(*) = 0 from treasury.verify_chain((select min(seq) from treasury.entries where source_kind = 'probe-0166'));
select t, blueprint.raises(format('update treasury.%s set %s = %2$s', t, c), '55006', t), blueprint.raises(format('delete from treasury.%s', t), '55006', t), blueprint.raises(format('truncate treasury.%s cascade', t), '55006', format('treasury.%s keeps', t)) from (values ('entries', 'kind'), ('postings', 'amount')) v(t, c);
insert into treasury.aml_screenings (subject_kind, subject_id, list_version, verdict) values ('donation', uuidv7(), 'v1', 'clear');
select blueprint.raises('update treasury.aml_screenings set score = 1', '55006'), blueprint.raises('delete from treasury.aml_screenings', '55006'), blueprint.raises('truncate treasury.aml_screenings', '55006'), blueprint.raises('truncate treasury.approvals', '55006');
select count(*) = 21 from pg_trigger where not tgisinternal and tgenabled = 'O' and (tgrelid::regclass::text, tgname) in (('treasury.approvals', 'approvals_append_only'), ('treasury.funds', 'funds_freeze'), ('treasury.funds', 'funds_touch'), ('treasury.accounts', 'accounts_freeze'), ('treasury.accounts', 'accounts_touch'), ('treasury.payment_intents', 'payment_intents_freeze'), ('treasury.payment_intents', 'payment_intents_touch'),
  ('treasury.proposals', 'proposals_freeze'), ('treasury.proposals', 'proposals_touch'), ('treasury.payouts', 'payouts_freeze'), ('treasury.payouts', 'payouts_touch'), ('treasury.reconciliations', 'reconciliations_freeze'), ('treasury.reconciliations', 'reconciliations_touch'), ('treasury.sanctions_entries', 'sanctions_entries_touch'), ('treasury.budgets', 'budgets_freeze'), ('treasury.budgets', 'budgets_touch'),
  ('treasury.proposals', 'proposals_status_machine'), ('treasury.payouts', 'payouts_status_machine'), ('treasury.payment_intents', 'payment_intents_status_machine'), ('treasury.reconciliations', 'reconciliations_status_machine'), ('treasury.sanctions_entries', 'sanctions_entries_freeze'));
insert into treasury.payment_intents (id, fund_code, amount_usd, currency, chain, idempotency_key, expires_at) values ('00000000-0000-7000-8000-000000166011', 'general', 5, 'USD', 'fiat', 'probe-0166', now());
select blueprint.raises($$ update treasury.payment_intents set fund_code = 'movement' where idempotency_key = 'probe-0166' $$, '55006', 'fund_code');
update treasury.payment_intents set status = 'cancelled' where idempotency_key = 'probe-0166';
select blueprint.raises($$ update treasury.payment_intents set status = 'awaiting' where idempotency_key = 'probe-0166' $$, '23514', 'cancelled -> awaiting');
select string_agg(machine, ',' order by machine) = 'payment_intent,payout,proposal,reconciliation' from (select distinct machine from core.state_transitions where machine in ('proposal', 'payout', 'payment_intent', 'reconciliation')) m;
select f, has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege('hc_finance', f, 'execute') from unnest(array['treasury.verify_chain(bigint)', 'treasury.entry_digest(treasury.entries)', 'treasury.postings_digest(uuid)']) f;
select f, not has_function_privilege('hc_finance', f, 'execute') from unnest(array['treasury.stamp_entry()', 'treasury.check_entry()']) f;
select count(*) = 2 from pg_index where indisunique and indexrelid in ('treasury.entries_seq_key'::regclass, 'treasury.entries_number_key'::regclass);
select prosecdef from pg_proc where oid = 'treasury.check_entry()'::regprocedure;

-- revert
drop trigger proposals_status_machine on treasury.proposals;
drop trigger payouts_status_machine on treasury.payouts;
drop trigger payment_intents_status_machine on treasury.payment_intents;
drop trigger reconciliations_status_machine on treasury.reconciliations;
select core.define_machine(m, '{}') from unnest(array['proposal', 'payout', 'payment_intent', 'reconciliation']) m;
select core.detach_standard(('treasury.' || t)::regclass) from unnest(array['entries', 'postings', 'approvals', 'aml_screenings', 'funds', 'accounts', 'payment_intents', 'proposals', 'payouts', 'reconciliations', 'sanctions_entries', 'budgets']) t;
drop trigger postings_balanced on treasury.postings;
drop trigger entries_balanced on treasury.entries;
drop trigger entries_stamp on treasury.entries;
drop index treasury.entries_number_key, treasury.entries_seq_key;
drop function treasury.verify_chain, treasury.check_entry, treasury.stamp_entry, treasury.postings_digest, treasury.entry_digest;

-- task: BUILD_0167 create_views
-- title: Views trial_balance, fund_statement, donation_summary and wallet_positions
-- does: With the rights of who asks: debits and credits of every account, in and out of every fund by month, gifts by month, chain and currency, and what the books and the chain say a wallet holds.
-- proves: debits equal credits after 200 generated entries, the closing of a month is the opening of the next, an unposted movement shows as difference.
-- needs: BUILD_0165, BUILD_0166, BUILD_0719
create view treasury.trial_balance with (security_invoker) as
  select a.code as account, a.name, a.type, coalesce(sum(p.amount_usd) filter (where p.amount_usd > 0), 0)::numeric as debit, coalesce(- sum(p.amount_usd) filter (where p.amount_usd < 0), 0)::numeric as credit, coalesce(sum(p.amount_usd), 0)::numeric as balance
  from treasury.accounts a left join treasury.postings p on p.account_id = a.id group by a.id;

create view treasury.fund_statement with (security_invoker) as
  select m.fund_code, m.month, (m.closing - m.income + m.outgo)::numeric as opening, m.income as inflow, m.outgo as outflow, m.closing
  from (select p.fund_code, date_trunc('month', e.effective_on)::date as month, coalesce(- sum(p.amount_usd) filter (where p.amount_usd < 0), 0)::numeric as income, coalesce(sum(p.amount_usd) filter (where p.amount_usd > 0), 0)::numeric as outgo,
      sum(- sum(p.amount_usd)) over (partition by p.fund_code order by date_trunc('month', e.effective_on)::date)::numeric as closing
    from treasury.postings p join treasury.entries e on e.id = p.entry_id join treasury.accounts a on a.id = p.account_id and a.type in ('income', 'expense', 'equity')
    where p.fund_code is not null group by p.fund_code, date_trunc('month', e.effective_on)::date) m;

create view treasury.donation_summary with (security_invoker) as
  select date_trunc('month', d.confirmed_at, 'UTC') as month, d.chain, d.currency::text as currency, count(*) as gifts, sum(d.amount_crypto)::numeric as amount, sum(d.amount_usd - d.refunded_usd)::numeric as amount_usd
  from core.donations d where d.status in ('confirmed', 'reconciled') group by date_trunc('month', d.confirmed_at, 'UTC'), d.chain, d.currency;

create view treasury.wallet_positions with (security_invoker) as
  select w.id as wallet_id, w.chain, c.currency, c.ledger, c.on_chain, (c.on_chain - c.ledger)::numeric as difference,
    (select max(r.signed_off_at) from treasury.reconciliations r where r.wallet_id = w.id and r.currency = c.currency and r.status = 'signed_off') as reconciled_at
  from core.wallets w, lateral (
    select x.currency, sum(x.ledger)::numeric as ledger, sum(x.on_chain)::numeric as on_chain from (
      select p.currency, p.amount::numeric as ledger, 0::numeric as on_chain from treasury.accounts a join treasury.postings p on p.account_id = a.id where a.wallet_id = w.id
      union all
      select m.currency, 0::numeric, m.moved from core.wallet_movements m where m.wallet_id = w.id and m.status = 'confirmed') x group by x.currency) c
  where w.owner_id is null;

comment on view treasury.trial_balance is 'Debits, credits and balance of every account in USD; the balances add up to zero.';
comment on column treasury.trial_balance.account is 'Code of the account.';
comment on column treasury.trial_balance.name is 'Its name.';
comment on column treasury.trial_balance.type is 'asset, liability, equity, income or expense.';
comment on column treasury.trial_balance.debit is 'Sum of debits.';
comment on column treasury.trial_balance.credit is 'Sum of credits.';
comment on column treasury.trial_balance.balance is 'Debits less credits.';
comment on view treasury.fund_statement is 'In and out of a fund by month, in USD.';
comment on column treasury.fund_statement.fund_code is 'The fund.';
comment on column treasury.fund_statement.month is 'First day of the month.';
comment on column treasury.fund_statement.opening is 'Net assets before.';
comment on column treasury.fund_statement.inflow is 'What came in.';
comment on column treasury.fund_statement.outflow is 'What went out.';
comment on column treasury.fund_statement.closing is 'Net assets after.';
comment on view treasury.donation_summary is 'Confirmed gifts by month, chain and currency.';
comment on column treasury.donation_summary.month is 'Month of confirmation, UTC.';
comment on column treasury.donation_summary.chain is 'The network.';
comment on column treasury.donation_summary.currency is 'What was given.';
comment on column treasury.donation_summary.gifts is 'How many.';
comment on column treasury.donation_summary.amount is 'How much of it; null for fiat.';
comment on column treasury.donation_summary.amount_usd is 'Value when received, less refunds.';
comment on view treasury.wallet_positions is 'What the books and the chain say the organisation''s wallets hold.';
comment on column treasury.wallet_positions.wallet_id is 'The wallet.';
comment on column treasury.wallet_positions.chain is 'Its chain.';
comment on column treasury.wallet_positions.currency is 'What it holds.';
comment on column treasury.wallet_positions.ledger is 'According to the books.';
comment on column treasury.wallet_positions.on_chain is 'According to confirmed movements.';
comment on column treasury.wallet_positions.difference is 'Movements that are not posted (or the other way round).';
comment on column treasury.wallet_positions.reconciled_at is 'When it was last signed off.';

grant select on treasury.trial_balance, treasury.fund_statement, treasury.donation_summary, treasury.wallet_positions to hc_finance, hc_auditor;

-- verify
insert into treasury.funds (code, title) values ('probe-0167', 'x');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) select ('00000000-0000-7000-8001-' || lpad(n::text, 12, '0'))::uuid, date '1999-01-01' + n, 'donation', 'probe-0167', n::text from generate_series(1, 200) n;
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd, fund_code)
select ('00000000-0000-7000-8001-' || lpad(n::text, 12, '0'))::uuid, l, a.id, 'BTC', s * (1 + n * 7919 % 977) / 100.0, s * (1 + n * 104729 % 9973) / 100.0, 'probe-0167' from generate_series(1, 200) n, (values (1, 1), (2, -1)) v(l, s) join treasury.accounts a on a.code = case l when 1 then 'assets.crypto.btc.cold' else 'income.other' end;
set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
select sum(debit) = sum(credit) and sum(balance) = 0, count(*) filter (where account = 'income.other' and balance < 0 and type = 'income' and name is not null) = 1 from treasury.trial_balance;
select count(*) = 7, bool_and(opening = coalesce(before, 0)), bool_and(closing = opening + inflow - outflow) from (select *, lag(closing) over (order by month) as before from treasury.fund_statement where fund_code = 'probe-0167') s;
insert into core.donations (chain, currency, amount_usd, refunded_usd, status, confirmed_at, fmv_rate_at) select 'fiat', 'GBP', 10, 1, 'confirmed', '1972-05-05', now() from generate_series(1, 2);
select gifts = 2 and amount is null and amount_usd = 18 from treasury.donation_summary where month = '1972-05-01 00:00+00' and currency = 'GBP' and chain = 'fiat';
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000167001', 'ethereum', '0x0000000000000000000000000000000000167001', 'hot', 'active');
insert into treasury.accounts (code, path, name, type, currency, wallet_id, normal_side) values ('assets.probe_0167', 'assets.probe_0167', 'x', 'asset', 'ETH', '00000000-0000-7000-8000-000000167001', 'debit');
insert into core.transactions (wallet_id, kind, chain, currency, amount_crypto, txid, status, block_height, block_hash, block_at) values ('00000000-0000-7000-8000-000000167001', 'incoming', 'ethereum', 'ETH', 2, '0x' || repeat('0167', 16), 'confirmed', 1, 'h', now());
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000167002', '2026-01-02', 'donation', 'probe', '0167');
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd) select '00000000-0000-7000-8000-000000167002', n, a.id, 'ETH', x, x from (values (1, 'assets.probe_0167', 1.5), (2, 'income.donations.crypto', -1.5)) v(n, c, x) join treasury.accounts a on a.code = v.c;
insert into treasury.reconciliations (wallet_id, currency, as_of, statement_balance, ledger_balance, status, signed_off_at) values ('00000000-0000-7000-8000-000000167001', 'ETH', now(), 0, 0, 'signed_off', now());
select currency = 'ETH' and ledger = 1.5 and on_chain = 2 and difference = 0.5 and reconciled_at = now() and chain = 'ethereum' from treasury.wallet_positions where wallet_id = '00000000-0000-7000-8000-000000167001';
select v, role, has_table_privilege(role, 'treasury.' || v, 'select') and not has_table_privilege('hc_member', 'treasury.' || v, 'select') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['trial_balance', 'fund_statement', 'donation_summary', 'wallet_positions']) v;

-- task: BUILD_0169 create_constraints critical
-- title: Constrain treasury: amounts, thresholds, signer periods, budgets and proposals
-- does: No line of zero, and USD with the sign of the amount; signers and budgets for periods that do not overlap; an approval of what is proposed now, never by the proposer; paid intents name their gift; who prepares a
--   reconciliation does not sign it; an account of a wallet is kept in a currency of its chain; words come from their vocabularies.
-- proves: a zero posting, a proposer's approval and each other broken rule raise 23514, an overlapping signer 23P01, a second reversal 23505.
-- needs: BUILD_0021, BUILD_0162, BUILD_0163, BUILD_0164
create function treasury.guard_approval() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  proposal treasury.proposals;
begin
  select * into proposal from treasury.proposals p where p.id = new.proposal_id for share;
  if new.payload_sha256 is distinct from proposal.payload_sha256 then
    raise exception using errcode = '23514', schema = 'treasury', table = 'approvals', column = 'payload_sha256', constraint = 'approvals_payload_sha256_check', message = 'this is not what is proposed now';
  elsif new.signer_id = proposal.proposed_by then
    raise exception using errcode = '23514', schema = 'treasury', table = 'approvals', column = 'signer_id', constraint = 'approvals_signer_id_check', message = 'who proposes does not approve';
  end if;
  return new;
end $$;

create function treasury.guard_account() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from core.wallets w join core.currencies c on c.chain = w.chain where w.id = new.wallet_id and c.code = new.currency) then
    raise exception using errcode = '23514', schema = 'treasury', table = 'accounts', column = 'currency', constraint = 'accounts_wallet_currency_check', message = 'the account of a wallet is kept in a currency of its chain';
  end if;
  return new;
end $$;

create trigger approvals_guard before insert on treasury.approvals for each row execute function treasury.guard_approval();
create trigger accounts_guard before insert or update of wallet_id on treasury.accounts for each row when (new.wallet_id is not null) execute function treasury.guard_account();

alter table treasury.postings
  add constraint postings_amount_check check (amount <> 0),
  add constraint postings_amount_usd_check check (sign(amount_usd) in (0, sign(amount)));
alter table treasury.funds
  add constraint funds_kind_check check (kind in ('unrestricted', 'restricted', 'endowment')),
  add constraint funds_status_check check (status in ('active', 'closed')),
  add constraint funds_code_check check (code ~ '^[a-z][a-z0-9-]{1,47}$');
alter table treasury.accounts
  add constraint accounts_type_check check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
  add constraint accounts_normal_side_check check (normal_side = case when type in ('asset', 'expense') then 'debit' else 'credit' end);
alter table treasury.entries add constraint entries_kind_check check (kind in ('donation', 'fee', 'fx', 'sweep', 'refund', 'payout', 'adjustment', 'reversal', 'closing')),
  add constraint entries_reverses_id_check check ((kind = 'reversal') = (reverses_id is not null));
alter table treasury.exchange_rates add constraint exchange_rates_rate_check check (rate > 0 and base <> quote);
alter table treasury.payment_intents
  add constraint payment_intents_amount_usd_check check (amount_usd > 0),
  add constraint payment_intents_status_check check (status in ('created', 'awaiting', 'partial', 'paid', 'expired', 'cancelled')),
  add constraint payment_intents_paid_check check (status <> 'paid' or donation_id is not null),
  add constraint payment_intents_contact_check check (jsonb_typeof(contact) = 'object');
alter table treasury.wallet_signers
  add constraint wallet_signers_weight_check check (weight between 1 and 100),
  add constraint wallet_signers_wallet_id_user_id_during_key unique (wallet_id, user_id, during without overlaps);
alter table treasury.proposals
  add constraint proposals_kind_check check (kind in ('payout', 'sweep', 'exchange', 'refund')),
  add constraint proposals_amount_check check (amount > 0 and amount_usd >= 0),
  add constraint proposals_status_check check (status in ('draft', 'open', 'approved', 'executed', 'rejected', 'expired')),
  add constraint proposals_executed_check check (status <> 'executed' or transaction_id is not null);
alter table treasury.approvals add constraint approvals_decision_check check (decision in ('approve', 'reject'));
alter table treasury.payouts add constraint payouts_amount_usd_check check (amount_usd > 0 and amount > 0), add constraint payouts_status_check check (status in ('requested', 'approved', 'executed', 'rejected', 'cancelled'));
alter table treasury.reconciliations
  add constraint reconciliations_signed_off_by_check check (signed_off_by <> prepared_by),
  add constraint reconciliations_status_check check (status in ('open', 'signed_off', 'abandoned') and (status <> 'signed_off' or difference = 0));
alter table treasury.reconciliation_items add constraint reconciliation_items_kind_check check (kind in ('matched', 'missing_in_ledger', 'missing_on_chain', 'amount_diff'));
alter table treasury.aml_screenings
  add constraint aml_screenings_score_check check (score between 0 and 100),
  add constraint aml_screenings_verdict_check check (verdict in ('clear', 'review', 'block')),
  add constraint aml_screenings_subject_kind_check check (subject_kind in ('donation', 'wallet', 'user')),
  add constraint aml_screenings_matches_check check (jsonb_typeof(matches) = 'array');
alter table treasury.budgets
  add constraint budgets_limit_usd_check check (limit_usd >= 0),
  add constraint budgets_fund_code_account_id_period_key unique (fund_code, account_id, "period" without overlaps);

comment on function treasury.guard_approval is 'Trigger of approvals: what is proposed now, and not by its proposer. Security definer: whoever approves need not read all proposals.';
comment on function treasury.guard_account is 'Trigger of accounts: a wallet''s account has a currency of its chain. Security definer: reads wallets.';
comment on trigger approvals_guard on treasury.approvals is 'What is proposed now, and not by its proposer.';
comment on trigger accounts_guard on treasury.accounts is 'A wallet''s account has a currency of its chain.';
comment on constraint postings_amount_usd_check on treasury.postings is 'USD has the sign of the amount, or is less than a cent.';
comment on constraint reconciliations_status_check on treasury.reconciliations is 'Only a difference of zero is signed off.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000016900' || n)::uuid, 'p' || n || '-0169' from generate_series(1, 3) n;
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000169011', 'ethereum', '0x0000000000000000000000000000000000169011', 'hot', 'active');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000169021', '2026-01-02', 'donation', 'probe', '0169');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id, reverses_id) values ('00000000-0000-7000-8000-000000169022', '2026-01-02', 'reversal', 'probe', '0169r', '00000000-0000-7000-8000-000000169021');
insert into treasury.wallet_signers (wallet_id, user_id, during) values ('00000000-0000-7000-8000-000000169011', '00000000-0000-7000-8000-000000169001', '[2000-01-01 00:00+00,)');
insert into treasury.proposals (id, wallet_id, kind, to_address, currency, amount, amount_usd, payload_sha256, proposed_by, expires_at) values ('00000000-0000-7000-8000-000000169031', '00000000-0000-7000-8000-000000169011', 'sweep', 'x', 'ETH', 1, 1, sha256('a'), '00000000-0000-7000-8000-000000169001', now());
insert into treasury.budgets (fund_code, account_id, period, limit_usd) select 'general', id, '[1990-01-01,1991-01-01)', 5 from treasury.accounts where code = 'expense.administration';
select target, blueprint.raises('insert into treasury.' || target, state, rule) from (values
  ($$ postings (entry_id, line_no, account_id, currency, amount, amount_usd) select '00000000-0000-7000-8000-000000169021', 1, id, 'BTC', 0, 0 from treasury.accounts where code = 'income.other' $$, '23514', 'postings_amount_check'), ($$ postings (entry_id, line_no, account_id, currency, amount, amount_usd) select '00000000-0000-7000-8000-000000169021', 1, id, 'BTC', 1, -1 from treasury.accounts where code = 'income.other' $$, '23514', 'postings_amount_usd_check'),
  ($$ funds (code, title, kind) values ('probe', 'x', 'slush') $$, '23514', 'funds_kind_check'), ($$ funds (code, title, status) values ('probe', 'x', 'lost') $$, '23514', 'funds_status_check'), ($$ funds (code, title) values ('P', 'x') $$, '23514', 'funds_code_check'),
  ($$ accounts (code, path, name, type, normal_side) values ('x', 'x', 'x', 'hope', 'credit') $$, '23514', 'accounts_type_check'), ($$ accounts (code, path, name, type, normal_side) values ('x', 'x', 'x', 'asset', 'credit') $$, '23514', 'accounts_normal_side_check'),
  ($$ accounts (code, path, name, type, normal_side, currency, wallet_id) values ('x', 'x', 'x', 'asset', 'debit', 'BTC', '00000000-0000-7000-8000-000000169011') $$, '23514', 'accounts_wallet_currency_check'),
  ($$ entries (effective_on, kind, source_kind, source_id) values ('2026-01-01', 'magic', 'probe', '0169m') $$, '23514', 'entries_kind_check'), ($$ entries (effective_on, kind, source_kind, source_id) values ('2026-01-01', 'reversal', 'probe', '0169m') $$, '23514', 'entries_reverses_id_check'),
  ($$ entries (effective_on, kind, source_kind, source_id, reverses_id) values ('2026-01-02', 'reversal', 'probe', '0169s', '00000000-0000-7000-8000-000000169021') $$, '23505', 'entries_reverses_id_key'), ($$ exchange_rates (base, quote, source, occurred_at, rate) values ('PA', 'PB', 'x', now(), 0) $$, '23514', 'exchange_rates_rate_check'),
  ($$ payment_intents (fund_code, amount_usd, currency, chain, idempotency_key, expires_at) values ('general', 0, 'USD', 'fiat', 'probe-0169', now()) $$, '23514', 'payment_intents_amount_usd_check'), ($$ payment_intents (fund_code, amount_usd, currency, chain, idempotency_key, expires_at, status) values ('general', 1, 'USD', 'fiat', 'probe-0169', now(), 'lost') $$, '23514', 'payment_intents_status_check'),
  ($$ payment_intents (fund_code, amount_usd, currency, chain, idempotency_key, expires_at, status) values ('general', 1, 'USD', 'fiat', 'probe-0169', now(), 'paid') $$, '23514', 'payment_intents_paid_check'), ($$ payment_intents (fund_code, amount_usd, currency, chain, idempotency_key, expires_at, contact) values ('general', 1, 'USD', 'fiat', 'probe-0169', now(), '[]') $$, '23514', 'payment_intents_contact_check'),
  ($$ wallet_signers (wallet_id, user_id, weight) values ('00000000-0000-7000-8000-000000169011', '00000000-0000-7000-8000-000000169002', 0) $$, '23514', 'wallet_signers_weight_check'), ($$ wallet_signers (wallet_id, user_id) values ('00000000-0000-7000-8000-000000169011', '00000000-0000-7000-8000-000000169001') $$, '23P01', 'wallet_signers_wallet_id_user_id_during_key'),
  ($$ proposals (wallet_id, kind, to_address, currency, amount, amount_usd, proposed_by, expires_at) values ('00000000-0000-7000-8000-000000169011', 'theft', 'x', 'ETH', 1, 1, '00000000-0000-7000-8000-000000169001', now()) $$, '23514', 'proposals_kind_check'),
  ($$ proposals (wallet_id, kind, to_address, currency, amount, amount_usd, proposed_by, expires_at) values ('00000000-0000-7000-8000-000000169011', 'sweep', 'x', 'ETH', 0, 1, '00000000-0000-7000-8000-000000169001', now()) $$, '23514', 'proposals_amount_check'),
  ($$ proposals (wallet_id, kind, to_address, currency, amount, amount_usd, proposed_by, expires_at, status) values ('00000000-0000-7000-8000-000000169011', 'sweep', 'x', 'ETH', 1, 1, '00000000-0000-7000-8000-000000169001', now(), 'lost') $$, '23514', 'proposals_status_check'),
  ($$ proposals (wallet_id, kind, to_address, currency, amount, amount_usd, proposed_by, expires_at, status) values ('00000000-0000-7000-8000-000000169011', 'sweep', 'x', 'ETH', 1, 1, '00000000-0000-7000-8000-000000169001', now(), 'executed') $$, '23514', 'proposals_executed_check'),
  ($$ approvals (proposal_id, signer_id, payload_sha256) values ('00000000-0000-7000-8000-000000169031', '00000000-0000-7000-8000-000000169001', sha256('a')) $$, '23514', 'approvals_signer_id_check'), ($$ approvals (proposal_id, signer_id, payload_sha256) values ('00000000-0000-7000-8000-000000169031', '00000000-0000-7000-8000-000000169002', sha256('b')) $$, '23514', 'approvals_payload_sha256_check'),
  ($$ approvals (proposal_id, signer_id, payload_sha256, decision) values ('00000000-0000-7000-8000-000000169031', '00000000-0000-7000-8000-000000169002', sha256('a'), 'maybe') $$, '23514', 'approvals_decision_check'),
  ($$ payouts (proposal_id, budget_id, amount_usd, currency, amount) values (uuidv7(), uuidv7(), 0, 'USD', 1) $$, '23514', 'payouts_amount_usd_check'), ($$ payouts (proposal_id, budget_id, amount_usd, currency, amount, status) values (uuidv7(), uuidv7(), 1, 'USD', 1, 'lost') $$, '23514', 'payouts_status_check'),
  ($$ reconciliations (wallet_id, currency, as_of, statement_balance, ledger_balance, prepared_by, signed_off_by) values ('00000000-0000-7000-8000-000000169011', 'ETH', now(), 1, 1, '00000000-0000-7000-8000-000000169001', '00000000-0000-7000-8000-000000169001') $$, '23514', 'reconciliations_signed_off_by_check'),
  ($$ reconciliations (wallet_id, currency, as_of, statement_balance, ledger_balance, status) values ('00000000-0000-7000-8000-000000169011', 'ETH', now(), 1, 2, 'signed_off') $$, '23514', 'reconciliations_status_check'), ($$ reconciliation_items (reconciliation_id, kind, amount) values (uuidv7(), 'odd', 1) $$, '23514', 'reconciliation_items_kind_check'),
  ($$ aml_screenings (subject_kind, subject_id, list_version, verdict, score) values ('donation', uuidv7(), 'v', 'clear', 101) $$, '23514', 'aml_screenings_score_check'), ($$ aml_screenings (subject_kind, subject_id, list_version, verdict) values ('donation', uuidv7(), 'v', 'fine') $$, '23514', 'aml_screenings_verdict_check'),
  ($$ aml_screenings (subject_kind, subject_id, list_version, verdict) values ('dog', uuidv7(), 'v', 'clear') $$, '23514', 'aml_screenings_subject_kind_check'), ($$ aml_screenings (subject_kind, subject_id, list_version, verdict, matches) values ('donation', uuidv7(), 'v', 'clear', '{}') $$, '23514', 'aml_screenings_matches_check'),
  ($$ budgets (fund_code, account_id, period, limit_usd) select 'general', id, '[1995-01-01,1996-01-01)', -5 from treasury.accounts where code = 'expense.administration' $$, '23514', 'budgets_limit_usd_check'), ($$ budgets (fund_code, account_id, period, limit_usd) select 'general', id, '[1990-06-01,1992-01-01)', 5 from treasury.accounts where code = 'expense.administration' $$, '23P01', 'budgets_fund_code_account_id_period_key')) v(target, state, rule);
insert into treasury.approvals (proposal_id, signer_id, payload_sha256) values ('00000000-0000-7000-8000-000000169031', '00000000-0000-7000-8000-000000169002', sha256('a')) returning decision = 'approve';
select count(*) = 2 from pg_proc where oid in ('treasury.guard_approval()'::regprocedure, 'treasury.guard_account()'::regprocedure) and prosecdef and not has_function_privilege('hc_finance', oid, 'execute');
