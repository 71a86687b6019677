-- Scenario: a large payout out of a wallet of three signers, and every way in which it must not go out. Kinds of uid(): 440 people, 441 wallet, 442 budget.

-- task: BUILD_0883 create_test_data
-- title: Play a 60,000 USD multisig payout with every way it must be refused: testdata.play_multisig_payout(seed)
-- does: A wallet of two of three, a fund for machines, a budget of 100,000: an address nobody allowed, another purpose and too much are refused; so are the proposer's own approval, one of something else, one of a signer whose term is
--   over, the same signer twice and going out within the day of the time lock. With two approvals and after the lock it goes out once, is posted, told again without effect, and the wallet is reconciled by two people.
-- proves: all twelve steps hold; one payout, one outgoing transaction and one entry are there; without the check of the time lock step 10 says that it went out.
-- needs: BUILD_0179, BUILD_0180, BUILD_0862, BUILD_0881
create function testdata.play_multisig_payout(seed bigint) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  born constant timestamptz := date_trunc('day', now(), 'UTC') - interval '30 days';
  person constant uuid[] := testdata.players(seed, 440, 'payout', 6, born);
  wallet constant uuid := testdata.uid(seed, 441, 1, testdata.ms(born));
  budget constant uuid := testdata.uid(seed, 442, 1, testdata.ms(born));
  supplier constant text := testdata.address('ethereum', seed, 883000002);
  txid constant text := testdata.txid('ethereum', seed, 883000002);
  observed constant jsonb := jsonb_build_object('chain', 'ethereum', 'wallet_id', wallet, 'currency', 'USDC-ethereum', 'block_height', 883, 'block_hash', 'payout-' || tag, 'block_at', now(), 'confirmations', 12);
  request constant text := 'select treasury.request_payout(%L, %L, %L, %L, %s, %L, %L)';
  p treasury.proposals;
  payout uuid;
  got text;
begin
  insert into core.wallets (id, chain, address, custody, status, threshold_m, threshold_n, label, created_at, updated_at) values (wallet, 'ethereum', testdata.address('ethereum', seed, 883000001), 'multisig', 'active', 2, 3, 'Scenario ' || tag, born, born);
  insert into treasury.wallet_signers (wallet_id, user_id, during) select wallet, person[k], core.period(born, case k when 4 then born + interval '10 days' end) from generate_series(1, 4) k;
  insert into treasury.funds (code, title, kind, purposes) values ('payout-' || tag, 'Scenario ' || tag, 'restricted', '{machine}');
  insert into treasury.accounts (code, path, name, type, currency, wallet_id, normal_side) values ('assets.payout' || tag, ('assets.payout' || tag)::extensions.ltree, 'Scenario ' || tag, 'asset', 'USDC-ethereum', wallet, 'debit');
  insert into treasury.budgets (id, fund_code, account_id, period, limit_usd) select budget, 'payout-' || tag, a.id, daterange(current_date - 30, current_date + 30), 100000 from treasury.accounts a where a.code = 'expense.programme.microfactory';
  insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('USDC', 'USD', 'scenario-' || tag, now(), 1, true);
  perform treasury.post_entry('adjustment', 'scenario', 'payout-' || tag, current_date, jsonb_build_array(jsonb_build_object('account', 'assets.payout' || tag, 'currency', 'USDC-ethereum', 'amount', 80000, 'amount_usd', 80000, 'fund', 'payout-' || tag),
    jsonb_build_object('account', 'equity.opening', 'currency', 'USDC-ethereum', 'amount', -80000, 'amount_usd', -80000, 'fund', 'payout-' || tag)));
  perform core.act_as(null, 'hc_worker');
  perform core.record_transaction(observed || jsonb_build_object('amount', 80000, 'txid', testdata.txid('ethereum', seed, 883000001)));

  perform core.act_as(person[1], 'hc_finance');
  return query select * from testdata.step(1, 'an address that compliance does not know', '22023 this address is not allowed yet: ask compliance', testdata.answer(format(request, person[5], budget, wallet, 'USDC-ethereum', 60000, supplier, 'machine')));
  perform core.act_as(person[6], 'hc_compliance');
  perform treasury.allow_address('ethereum', supplier, 'Supplier ' || tag);
  perform core.act_as(person[1], 'hc_finance');
  return query select * from testdata.step(2, 'a purpose the fund is not for', format('22023 fund payout-%s is for machine', tag), testdata.answer(format(request, person[5], budget, wallet, 'USDC-ethereum', 60000, supplier, 'party')));
  return query select * from testdata.step(3, 'more than the budget has', '55000 100000.00 USD are available, 120000.00 were asked for', testdata.answer(format(request, person[5], budget, wallet, 'USDC-ethereum', 120000, supplier, 'machine')));
  payout := core.as_uuid(testdata.answer(format(request, person[5], budget, wallet, 'USDC-ethereum', 60000, supplier, 'machine')));
  select x.* into p from treasury.proposals x join treasury.payouts o on o.proposal_id = x.id where o.id = payout;
  return query select * from testdata.step(4, 'what the budget has is committed', 'open, 60000.00 committed, 40000.00 available', (select format('%s, %s committed, %s available', p.status, b.committed, b.available) from treasury.budget_status('payout-' || tag) b));
  return query select * from testdata.step(5, 'who proposes does not approve', '23514 who proposes does not approve', testdata.answer(format('select treasury.approve(%L, %L)', p.id, p.payload_sha256)));
  perform core.act_as(person[2], 'hc_finance');
  return query select * from testdata.step(6, 'an approval of another amount', '23514 this is not what is proposed now', testdata.answer(format('select treasury.approve(%L, %L)', p.id, treasury.proposal_digest(wallet, 'payout', supplier, 'USDC-ethereum', 61000))));
  perform core.act_as(person[4], 'hc_finance');
  return query select * from testdata.step(7, 'a signer whose term is over', '42501 only a signer of the wallet decides', testdata.answer(format('select treasury.approve(%L, %L)', p.id, p.payload_sha256)));
  perform core.act_as(person[2], 'hc_finance');
  got := testdata.answer(format('select treasury.approve(%L, %L)', p.id, p.payload_sha256));
  return query select * from testdata.step(8, 'one signer twice is one signer', 'open, 23505', format('%s, %s', got, left(testdata.answer(format('select treasury.approve(%L, %L)', p.id, p.payload_sha256)), 5)));
  perform core.act_as(person[3], 'hc_finance');
  got := testdata.answer(format('select treasury.approve(%L, %L)', p.id, p.payload_sha256));
  return query select * from testdata.step(9, 'the second signer approves it, for tomorrow', 'approved, in 24 h', (select format('%s, in %s h', got, trim_scale(extract(epoch from x.executes_after - now()) / 3600)) from treasury.proposals x where x.id = p.id));

  perform core.act_as(person[1], 'hc_finance');
  return query select * from testdata.step(10, 'it does not go out within the day', '55000 locked until', left(testdata.answer(format('select treasury.execute_payout(%L, %L, %L)', payout, txid, now() + interval '23 hours 59 minutes')), 18));
  got := testdata.answer(format('select treasury.execute_payout(%L, %L, %L)', payout, txid, now() + interval '25 hours'));
  got := case testdata.answer(format('select treasury.execute_payout(%L, %L, %L)', payout, txid, now() + interval '26 hours')) when got then 'the same entry' else got end
    || ', ' || left(testdata.answer(format('select treasury.execute_payout(%L, %L, %L)', payout, testdata.txid('ethereum', seed, 883000003), now() + interval '26 hours')), 5);
  return query select * from testdata.step(11, 'afterwards it goes out and is posted, once', 'the same entry, 55000: 1 transaction, 1 entry of 60000.00 and -60000.00, 60000.00 spent',
    (select format('%s: %s transaction, %s entry of %s, %s spent', got, (select count(*) from core.transactions t where t.wallet_id = wallet and t.kind = 'outgoing'), count(distinct e.id), string_agg(l.amount_usd::text, ' and ' order by l.line_no), (select b.spent from treasury.budget_status('payout-' || tag) b))
      from treasury.entries e join treasury.postings l on l.entry_id = e.id where e.source_kind = 'payout' and e.source_id = payout::text));
  perform core.act_as(null, 'hc_worker');
  perform core.record_transaction(observed || jsonb_build_object('amount', 60000, 'txid', txid, 'kind', 'outgoing'));
  perform core.act_as(person[1], 'hc_finance');
  got := testdata.answer(format('select treasury.start_reconciliation(%L, %L, 20000, %L)', wallet, now() + interval '26 hours', 'USDC-ethereum'));
  perform core.act_as(person[2], 'hc_finance');
  perform testdata.answer(format('select treasury.sign_off(%L)', core.as_uuid(got)));
  return query select * from testdata.step(12, 'chain, books and statement agree, and another person signs', 'signed_off, 2 matched of 2, differences 0 and 0', (select format('%s, %s matched of %s, differences %s and %s', r.status, count(*) filter (where i.kind = 'matched'), count(*), trim_scale(r.difference), trim_scale(w.difference))
    from treasury.reconciliations r join treasury.reconciliation_items i on i.reconciliation_id = r.id join treasury.wallet_positions w on w.wallet_id = r.wallet_id where r.id = core.as_uuid(got) group by r.id, w.difference));
  perform core.act_as(null, 'hc_worker');
end $$;

comment on function testdata.play_multisig_payout is 'A payout of 60,000 USD goes through every refusal, out and into the books. Steps with what was expected and found. Its rows stay.';

-- verify
select blueprint.raises('select testdata.play_multisig_payout(42883)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0883 as select * from testdata.play_multisig_payout(42883);
select step, what, expected, found, ok from pg_temp.play_0883 order by ok, step;
select count(*) = 12, array_agg(step order by step) = array(select generate_series(1, 12)), (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_temp.play_0883;
select count(*) = 1, bool_and(o.status = 'executed' and t.kind = 'outgoing' and t.status = 'confirmed' and e.kind = 'payout') from core.users u join treasury.payouts o on o.payee_id = u.id join core.transactions t on t.id = o.transaction_id join treasury.entries e on e.id = o.entry_id where u.handle like 'payout-' || to_hex(testdata.seed_tag(42883)) || '-%' and testdata.is_test_id(t.wallet_id);
set constraints all immediate;
set constraints all deferred;
do $verify$
declare
  locked constant text := pg_get_functiondef('treasury.execute_proposal'::regproc);
begin
  if locked !~ 'at < p\.executes_after' then
    raise exception 'the time lock is checked elsewhere now';
  end if;
  execute replace(locked, 'at < p.executes_after', 'false');
end $verify$;
select count(*) = 12, array_agg(step) filter (where not ok) = '{10}', bool_or(found like 'JE-%') from testdata.play_multisig_payout(42893);
