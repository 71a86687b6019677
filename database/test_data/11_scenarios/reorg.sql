-- Scenario: a chain that takes blocks back, with a gift in them. Kinds of uid(): 480 people, 481 deposit wallets.

-- task: BUILD_0882 create_test_data
-- title: Play a chain reorganisation that orphans a confirmed donation: testdata.play_reorg(seed)
-- does: A network of its own, like bitcoin, so that no other block is touched. A gift is confirmed at three blocks, posted and receipted; a longer branch has not got it: its transaction is orphaned, finance voids the receipt, compliance
--   lets it wait again, which takes it out of the books; two blocks later the same row is confirmed and booked again, and another receipt is given; a second branch has
--   the money go elsewhere, compliance fails the gift, and the wallet is reconciled. A branch deeper than ever stops for a human.
-- proves: every step holds: the books have the gift, nothing, the gift and nothing, which a reconciliation takes for nothing; receipts follow, one live at most; one transaction a gift throughout; one live block a height; only compliance moves a flagged gift.
-- needs: BUILD_0174, BUILD_0176, BUILD_0179, BUILD_0708, BUILD_0729, BUILD_0758, BUILD_0760, BUILD_0862, BUILD_0881
create function testdata.play_reorg(seed bigint) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  born constant timestamptz := date_trunc('day', now(), 'UTC') - interval '30 days';
  person constant uuid[] := testdata.players(seed, 480, 'reorg', 3, born);
  chain constant text := 'regtest-' || tag;
  currency constant text := 'RTC' || upper(tag);
  wallet constant uuid[] := array[testdata.uid(seed, 481, 1, testdata.ms(born)), testdata.uid(seed, 481, 2, testdata.ms(born))];
  observed jsonb[];
  gift uuid[] := '{}';
  movement uuid[] := '{}';
  intent jsonb;
  reorg jsonb;
  got text;
  state constant text := $q$ select concat_ws(', ', t.status, d.status, (select sum(p.amount_usd) from treasury.entries e join treasury.postings p on p.entry_id = e.id join treasury.accounts a on a.id = p.account_id where starts_with(e.source_id, d.id::text) and a.wallet_id = d.to_wallet_id) || ' in the books')
    from core.donations d join core.transactions t on t.donation_id = d.id where d.id = %L $q$;
begin
  insert into core.chains (code, family, native_currency, required_confirmations, reorg_depth, typical_delay, dust_amount, address_pattern, txid_pattern)
  select chain, c.family, currency, c.required_confirmations, c.reorg_depth, c.typical_delay, c.dust_amount, c.address_pattern, c.txid_pattern from core.chains c where c.code = 'bitcoin';
  insert into core.currencies (code, name, kind, chain, decimals) values (currency, 'Scenario ' || tag, 'native', chain, 8);
  insert into core.wallets (id, chain, address, custody, status, metadata, created_at, updated_at) select wallet[k], chain, testdata.address('bitcoin', seed, 882000000 + k), 'public', 'active', '{"pool": "general"}', born, born from generate_series(1, 2) k;
  insert into treasury.accounts (code, path, name, type, currency, wallet_id, normal_side) select format('assets.reorg%s.a%s', tag, k), format('assets.reorg%s.a%s', tag, k)::extensions.ltree, 'Scenario ' || tag, 'asset', currency, wallet[k], 'debit' from generate_series(1, 2) k;
  insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values (currency, 'USD', 'scenario-' || tag, now(), 60000, true);
  perform core.act_as(person[2], 'hc_finance');
  if not exists (select from core.organisation_versions o where o.code = 'main' and o.during @> now()) then
    perform core.set_organisation('HingeCraft Test Foundation', '00-0000000', '{"city": "Testing"}');
  end if;
  for k in 1 .. 2 loop
    perform core.act_as(person[1]);
    intent := treasury.create_intent('general', 600, currency, chain, format('reorg-%s-%s', tag, k));
    perform core.act_as(null, 'hc_worker');
    observed[k] := jsonb_build_object('chain', chain, 'address', intent ->> 'pay_address', 'currency', currency, 'amount', intent -> 'pay_amount', 'txid', testdata.txid('bitcoin', seed, 882000000 + k), 'block_at', now());
    gift[k] := treasury.apply_payment((intent ->> 'id')::uuid, (intent ->> 'pay_amount')::numeric, observed[k] ->> 'txid', testdata.address('bitcoin', seed, 882000010 + k)) ->> 'donation_id';
  end loop;

  perform treasury.observe_block(chain, h, 'a' || h, 'a' || h - 1) from generate_series(99, 101) h;
  perform core.record_transaction(observed[1] || '{"block_height": 100, "block_hash": "a100"}');
  movement[1] := (select t.id from core.transactions t where t.chain = chain and t.txid = observed[1] ->> 'txid');
  perform core.match_transaction(movement[1]);
  perform core.apply_chain_head(chain, 101);
  execute format(state, gift[1]) into got;
  return query select * from testdata.step(1, 'with two blocks it waits', 'confirming, pending', got);
  perform treasury.observe_block(chain, 102, 'a102', 'a101');
  perform core.apply_chain_head(chain, 102);
  execute format(state, gift[1]) into got;
  return query select * from testdata.step(2, 'with three it is confirmed and posted', 'confirmed, confirmed, 600.00 in the books', got);
  perform core.act_as(person[2], 'hc_finance');
  perform core.issue_receipt(gift[1]);

  perform core.act_as(null, 'hc_worker');
  reorg := treasury.observe_block(chain, 100, 'b100', 'a99');
  perform treasury.observe_block(chain, h, 'b' || h, 'b' || h - 1) from generate_series(101, 103) h;
  execute format(state, gift[1]) into got;
  return query select * from testdata.step(3, 'a longer branch has not got it', 'depth 3, 3 blocks and 1 transaction taken back: orphaned, flagged, 600.00 in the books',
    format('depth %s, %s blocks and %s transaction taken back: %s', reorg ->> 'reorg_depth', reorg ->> 'blocks', reorg ->> 'transactions', got));
  return query select * from testdata.step(4, 'no worker moves it', 'flagged, 42501 flagged donations are released by hc_compliance', format('%s, %s', core.confirm_donation(gift[1]) ->> 'status', testdata.answer(format('select core.release_donation(%L, %L, %L)', gift[1], 'pending', 'worker'))));
  perform core.act_as(person[2], 'hc_finance');
  got := (select core.void_receipt(r.id, 'its block was taken back') from core.receipts r where r.donation_id = gift[1] and r.kind = 'original');
  perform core.act_as(person[3], 'hc_compliance');
  perform testdata.answer(format('select core.release_donation(%L, %L, %L)', gift[1], 'pending', 'waits for the new branch'));
  execute format(state, gift[1]) into got;
  return query select * from testdata.step(5, 'receipt void, and the gift waits outside the books', 'original and void: orphaned, pending, 0.00 in the books', format('%s: %s', (select string_agg(r.kind, ' and ' order by r.number) from core.receipts r where r.donation_id = gift[1]), got));

  perform core.act_as(null, 'hc_worker');
  got := core.record_transaction(observed[1] || '{"block_height": 102, "block_hash": "b102"}');
  perform treasury.observe_block(chain, 104, 'b104', 'b103');
  return query select * from testdata.step(6, 'two blocks later it is there again, in the same row', 'updated, 1 row, the same', format('%s, %s', got, (select format('%s row, %s', count(*), case when bool_and(t.id = movement[1] and t.donation_id = gift[1]) then 'the same' end) from core.transactions t where t.wallet_id = wallet[1])));
  perform core.apply_chain_head(chain, 104);
  execute format(state, gift[1]) into got;
  return query select * from testdata.step(7, 'it is confirmed and booked again', 'confirmed, confirmed, 600.00 in the books', got);
  perform core.act_as(person[2], 'hc_finance');
  got := testdata.answer(format('select core.issue_receipt(%L)', gift[1]));
  return query select * from testdata.step(8, 'another receipt takes the place of the void one', 'original, void, original is live and issued',
    (select string_agg(r.kind || case when r.replaced_by_id is null then ' is live' else '' end || case when r.number = got then ' and issued' else '' end, ', ' order by r.number) from core.receipts r where r.donation_id = gift[1]));

  perform core.act_as(null, 'hc_worker');
  reorg := treasury.observe_block(chain, 102, 'c102', 'b101');
  perform treasury.observe_block(chain, h, 'c' || h, 'c' || h - 1) from generate_series(103, 105) h;
  perform core.act_as(person[3], 'hc_compliance');
  perform testdata.answer(format('select core.release_donation(%L, %L, %L)', gift[1], 'failed', 'spent elsewhere on the other branch'));
  execute format(state, gift[1]) into got;
  return query select * from testdata.step(9, 'a second branch has the money go elsewhere: it fails for good', 'depth 3; orphaned, failed, 0.00 in the books; flagged twice, ended by hc_compliance', format('depth %s; %s; %s', reorg ->> 'reorg_depth', got,
    (select format('flagged %s, ended by %s', case count(*) filter (where s.to_status = 'flagged') when 2 then 'twice' end, max(s.actor_role) filter (where s.to_status = 'failed')) from core.status_changes s where s.machine = 'donation' and s.entity_id = gift[1])));
  perform core.act_as(person[1], 'hc_finance');
  perform core.void_receipt(r.id, 'spent elsewhere') from core.receipts r where r.donation_id = gift[1] and r.replaced_by_id is null;
  got := treasury.start_reconciliation(wallet[1], now(), 0, currency);
  perform core.act_as(person[2], 'hc_finance');
  perform testdata.answer(format('select treasury.sign_off(%L)', got));
  return query select * from testdata.step(10, 'its wallet has nothing to explain', '4 entries, 0 items, signed_off', (select format('%s entries, %s items, %s', (select count(*) from treasury.postings p join treasury.accounts a on a.id = p.account_id where a.wallet_id = wallet[1]),
    (select count(*) from treasury.reconciliation_items i where i.reconciliation_id = r.id), r.status) from treasury.reconciliations r where r.id = got::uuid));

  perform core.act_as(null, 'hc_worker');
  perform treasury.observe_block(chain, h, 'c' || h, 'c' || h - 1) from generate_series(106, 113) h;
  perform core.record_transaction(observed[2] || '{"block_height": 106, "block_hash": "c106"}');
  movement[2] := (select t.id from core.transactions t where t.chain = chain and t.txid = observed[2] ->> 'txid');
  perform core.match_transaction(movement[2]);
  perform core.apply_chain_head(chain, 113);
  perform core.record_transaction(observed[2] || '{"block_height": 106, "block_hash": "c106", "confirmations": 8}');
  reorg := treasury.observe_block(chain, 106, 'd106', 'c105');
  perform core.apply_chain_head(chain, 120);
  execute format(state, gift[2]) into got;
  return query select * from testdata.step(11, 'a branch deeper than ever stops for a human', 'depth 8, too deep: orphaned, flagged, 600.00 in the books; deeper than ever', format('depth %s, %s: %s; %s', reorg ->> 'reorg_depth', case when (reorg ->> 'too_deep')::boolean then 'too deep' end, got,
    (select substring(s.reason from 'deeper than ever$') from core.status_changes s where s.machine = 'donation' and s.entity_id = gift[2] and s.to_status = 'flagged')));
  return query select * from testdata.step(12, 'one transaction a gift, one live block a height', '2 transactions of 2 gifts, 8 heights of 8 live blocks, a to d', (select format('%s transactions of %s gifts, ', count(*), count(distinct t.donation_id)) from core.transactions t where t.wallet_id = any (wallet))
    || (select format('%s heights of %s live blocks, %s to %s', count(distinct c.height) filter (where c.orphaned_at is null), count(*) filter (where c.orphaned_at is null), min(left(c.block_hash, 1)), max(left(c.block_hash, 1))) from treasury.chain_checkpoints c where c.chain = chain));
end $$;

comment on function testdata.play_reorg is 'Gifts in blocks that are taken back, on a network of the scenario. Steps with what was expected and found. Its rows stay.';

-- verify
select blueprint.raises('select testdata.play_reorg(42882)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0882 as select * from testdata.play_reorg(42882);
select step, what, expected, found, ok from pg_temp.play_0882 order by ok, step;
select count(*) = 12, array_agg(step order by step) = array(select generate_series(1, 12)), (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_temp.play_0882;
set constraints all immediate;
select count(*) = 2, bool_and(testdata.is_test_id(d.donor_id)), count(*) filter (where d.status = 'failed') = 1 from core.donations d where d.chain = 'regtest-' || to_hex(testdata.seed_tag(42882));
select count(*) = 0 from (select sum(p.amount_usd) as total from treasury.entries e join treasury.postings p on p.entry_id = e.id join core.donations d on starts_with(e.source_id, d.id::text) where d.chain = 'regtest-' || to_hex(testdata.seed_tag(42882)) group by e.id) t where t.total <> 0;
