-- Scenario: gifts that cross the gate of identity checks, and what scenarios share: people, answers and steps. Kinds of uid(): 470 people.

-- task: BUILD_0881 create_test_data
-- title: Play a donation crossing the KYC threshold: testdata.play_kyc_threshold(seed)
-- does: players() makes the people of a scenario, answer() asks a question and gives a refusal as text, step() says whether what was found is what was expected. The play: three gifts of 900 USD pass, a fourth of 400 brings twelve
--   months to 3,100 and waits for one case, as does the next; another account that pays with the same card is added up with it; two people approve, what waits is released, posted and receipted once; a raised gate counts from its day on.
-- proves: all steps hold; with the gate at 10,000 step 4 expects kyc_required and finds confirmed, and the play goes on to its end; played again with the same seed it opens no second case; ledger and receipt have each gift once.
-- needs: BUILD_0174, BUILD_0176, BUILD_0749, BUILD_0758, BUILD_0854, BUILD_0857
create function testdata.players(seed bigint, kind int, story text, people int, since timestamptz) returns uuid[]
  language plpgsql set search_path = ''
as $$
declare
  made uuid[];
begin
  perform testdata.require_allowed();
  with fresh as (
    insert into core.users (id, handle, email, status, created_at, updated_at)
    select testdata.uid(seed, kind, k, testdata.ms(since)), h.handle, testdata.mail(h.handle, k), 'active', since, since
    from generate_series(1, people::bigint) k, lateral (select format('%s-%s-%s', story, to_hex(testdata.seed_tag(seed)), k) as handle) h order by k returning id)
  select array_agg(f.id) into made from fresh f;
  return made;
end $$;

create function testdata.answer(question text) returns text
  language plpgsql set search_path = ''
as $$
declare
  got text;
begin
  execute question into got;
  return got;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end $$;

create function testdata.step(inout step int, inout what text, inout expected text, inout found text, out ok boolean)
  language sql immutable parallel safe
begin atomic
  select step, what, expected, found, found is not distinct from expected;
end;

create function testdata.play_kyc_threshold(seed bigint) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  person constant uuid[] := testdata.players(seed, 470, 'gate', 6, date_trunc('day', now(), 'UTC') - interval '30 days');
  gift uuid[] := '{}';
  given record;
  asked record;
  intent uuid;
  got text;
begin
  perform core.act_as(person[6], 'hc_finance');
  if not exists (select from core.organisation_versions o where o.code = 'main' and o.during @> now()) then
    perform core.set_organisation('HingeCraft Test Foundation', '00-0000000', '{"city": "Testing"}');
  end if;
  for given in select * from (values (1, 1, 900), (2, 1, 900), (3, 1, 900), (4, 1, 400), (5, 1, 50), (6, 2, 100), (7, 3, 3100)) v(n, who, usd) loop
    perform core.act_as(person[given.who]);
    intent := treasury.create_intent('general', given.usd, 'USD', 'fiat', format('gate-%s-%s', tag, given.n)) ->> 'id';
    perform core.act_as(null, 'hc_worker');
    gift := gift || (treasury.apply_payment(intent, given.usd, format('GATE-%s-%s', tag, given.n), format('card-%s-%s', tag, given.who / 3)) ->> 'donation_id')::uuid;
    if given.n < 5 then
      asked := core.require_kyc(gift[given.n]);
      return query select * from testdata.step(given.n, format('gift %s, of %s USD', given.n, given.usd), case given.n when 4 then 'kyc_required' else 'confirmed' end, core.confirm_donation(gift[given.n]) ->> 'status');
    end if;
  end loop;
  return query select * from testdata.step(5, 'one case is open, for the sum of twelve months', 'basic, requested, 3100.00 of 3000.00; 1 case',
    (select format('%s, %s, %s of %s; %s case', k.level, k.status, d.metadata #>> '{decision,rules,2,value}', d.metadata #>> '{decision,rules,2,limit}', (select count(*) from core.kyc o where o.user_id = person[1])) from core.donations d join core.kyc k on k.id = d.kyc_id where d.id = gift[4]));
  got := concat_ws(', ', core.confirm_donation(gift[4]) ->> 'status', core.confirm_donation(gift[5]) ->> 'status');
  return query select * from testdata.step(6, 'asked again, and with a fifth gift, it is the same case', 'kyc_required, kyc_required, 1 case', format('%s, %s case', got, (select count(*) from core.kyc k where k.user_id = person[1])));
  return query select * from testdata.step(7, 'another account that pays with the same card is added up with it', 'kyc_required at 3250.00', (select format('%s at %s', c ->> 'status', c #>> '{rules,2,value}') from core.confirm_donation(gift[6]) c));

  got := testdata.answer(format('select core.submit_kyc(%L, %L, %L, %L)', asked.token, 'Testing', 'ref-' || tag, '{"country": "DE"}'));
  return query select * from testdata.step(8, 'the provider hands in and decides nothing', asked.case_id || ', 42501 verdicts are confirmed by hc_compliance', format('%s, %s', got, testdata.answer(format('select core.confirm_kyc_decision(%L)', asked.case_id))));
  perform core.act_as(person[4], 'hc_compliance');
  got := testdata.answer(format('select core.propose_kyc_decision(%L, %L)', asked.case_id, 'approved'));
  perform core.act_as(person[5], 'hc_compliance');
  got := testdata.answer(format('select core.confirm_kyc_decision(%L)', asked.case_id));
  return query select * from testdata.step(9, 'two people approve, and what waits is released', 'approved by two: confirmed, confirmed',
    (select format('%s by %s: %s', k.status, case when k.proposed_by = person[4] and k.decided_by = person[5] then 'two' else 'one' end, (select string_agg(d.status, ', ') from core.donations d where d.kyc_id = k.id)) from core.kyc k where k.id = asked.case_id));
  perform core.confirm_donation(g) from unnest(gift[1:5]) g;
  return query select * from testdata.step(10, 'each gift is posted once', '5 entries, 3150.00 USD', (select format('%s entries, %s USD', count(distinct e.id), sum(p.amount_usd)) from treasury.entries e join treasury.postings p on p.entry_id = e.id and p.amount_usd > 0 where e.source_kind = 'donation' and e.source_id = any (gift[1:5]::text[])));
  perform core.act_as(person[6], 'hc_finance');
  got := testdata.answer(format('select core.issue_receipt(%L)', gift[4]));
  got := case when got = testdata.answer(format('select core.issue_receipt(%L)', gift[4])) then 'one number' else got end;
  return query select * from testdata.step(11, 'it has one receipt', 'one number, 1 receipt of 400.00', format('%s, %s', got, (select format('%s receipt of %s', count(*), sum(r.amount_usd)) from core.receipts r where r.donation_id = gift[4])));

  perform core.act_as(person[4], 'hc_compliance');
  begin
    perform core.set_threshold('kyc_gate', 'US', 10000, now() + interval '1 day', 'scenario');
    got := core.confirm_donation(gift[7]) ->> 'status';
    perform core.set_threshold('kyc_gate', 'US', 10000, now() - interval '1 minute', 'scenario');
    got := format('%s, %s', got, core.confirm_donation(gift[7]) ->> 'status');
    raise exception using errcode = 'P0881', message = 'the gate is put back';
  exception when sqlstate 'P0881' then
    null;
  end;
  return query select * from testdata.step(12, 'a gate of 10,000 counts from its day on', 'kyc_required, confirmed', got);
  return query select * from testdata.step(13, 'and is put back', 'kyc_required', core.confirm_donation(gift[7]) ->> 'status');
  perform core.act_as(null, 'hc_worker');
end $$;

comment on function testdata.players is 'Makes the people of a scenario, active ones whose handles begin with its name, and returns their ids in order.';
comment on function testdata.answer is 'What a query of one value answers, as text: the value, or state and message of what it raised.';
comment on function testdata.step is 'A step of a scenario: ok when what was found is what was expected.';
comment on function testdata.play_kyc_threshold is 'Gifts cross the KYC gate, are held, released, posted and receipted. Steps with what was expected and found. Its rows stay, but for a gate that it raises.';

-- verify
select blueprint.raises('select testdata.play_kyc_threshold(42881)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0881 as select * from testdata.play_kyc_threshold(42881);
select step, what, expected, found, ok from pg_temp.play_0881 order by ok, step;
select count(*) = 13, array_agg(step order by step) = array(select generate_series(1, 13)) from pg_temp.play_0881;
select blueprint.raises('select testdata.play_kyc_threshold(42881)', '23505'), count(*) = 1 from core.kyc k join core.users u on u.id = k.user_id where u.handle = 'gate-' || to_hex(testdata.seed_tag(42881)) || '-1' and testdata.is_test_id(u.id);
select core.act_as(null, 'hc_compliance'), core.set_threshold('kyc_gate', 'US', 10000, now() - interval '1 hour', 'probe') is not null;
create temporary table raised_0881 as select * from testdata.play_kyc_threshold(42882);
select found = 'confirmed' and not ok and expected = 'kyc_required' from pg_temp.raised_0881 where step = 4;
select count(*) = 13, count(*) filter (where step < 4 and ok) = 3, (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_temp.raised_0881;
select testdata.answer('select 1') = '1', testdata.answer('select 1 / 0') = '22012 division by zero';
select ok, not (testdata.step(1, 'x', 'a', null)).ok from testdata.step(1, 'x', null, null);
