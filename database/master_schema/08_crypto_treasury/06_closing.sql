-- Room treasury, closing: the books against the chain, entries taken back, months and years closed.

-- task: BUILD_0179 implement_feature critical
-- title: Reconcile wallets against chain and provider statements
-- does: start_reconciliation() matches the confirmed movements of a wallet up to a time with the entries on its account, by source, transaction, or amount within two days, and lists what is missing on either side or differs; an entry
--   and the one that takes it back are nothing together;
--   resolve_item() names the entry that mends it, sign_off() takes a difference of zero, nothing open and another person, and reconciles the gifts. reconciliation_ageing() lists what is open for how long.
-- proves: a wallet with one unposted fee shows one item and the fee as difference; after posting it another person signs off and the gift is reconciled; the preparer cannot, nor while something is open;
--   what was taken back, once or twice, is no item, and what stands is one.
-- needs: BUILD_0166, BUILD_0167, BUILD_0169, BUILD_0172, BUILD_0174, BUILD_0719
create function treasury.wallet_ledger(wallet uuid, currency text, at timestamptz) returns numeric
  language sql stable
  return (select coalesce(sum(p.amount), 0)::numeric from treasury.postings p join treasury.accounts a on a.id = p.account_id and a.wallet_id = wallet join treasury.entries e on e.id = p.entry_id where p.currency = wallet_ledger.currency and e.effective_on <= (at at time zone 'UTC')::date);

create function treasury.start_reconciliation(wallet uuid, as_of timestamptz, statement_balance numeric, currency text, statement_asset uuid default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if not core.has_role('hc_finance') or core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'reconciliations are prepared by hc_finance';
  elsif not exists (select from treasury.accounts a where a.wallet_id = wallet) then
    raise exception using errcode = '22023', message = 'this wallet has no account in the books';
  end if;
  insert into treasury.reconciliations (wallet_id, currency, as_of, statement_balance, ledger_balance, statement_asset_id, prepared_by)
  values (wallet, start_reconciliation.currency, start_reconciliation.as_of, start_reconciliation.statement_balance, treasury.wallet_ledger(wallet, start_reconciliation.currency, start_reconciliation.as_of), statement_asset, core.current_user_id()) returning id into made;
  with recursive moved as (  -- amounts of a transaction and its fee count apart
    select m.transaction_id, m.kind = 'fee' and t.kind <> 'fee' as is_fee, m.moved, m.moved_at, t.donation_id, t.kind from core.wallet_movements m join core.transactions t on t.id = m.transaction_id
    where m.wallet_id = wallet and m.currency = start_reconciliation.currency and m.status = 'confirmed' and m.moved_at <= start_reconciliation.as_of),
  booked as (
    select e.id as entry_id, sum(p.amount)::numeric as amount, e.source_kind, e.source_id, e.effective_on, e.seq, e.reverses_id from treasury.postings p join treasury.accounts a on a.id = p.account_id and a.wallet_id = wallet join treasury.entries e on e.id = p.entry_id
    where p.currency = start_reconciliation.currency and e.effective_on <= (start_reconciliation.as_of at time zone 'UTC')::date group by e.id),
  by_source as (
    select distinct on (m.transaction_id, m.is_fee) m.transaction_id, m.is_fee, b.entry_id, m.moved, b.amount from moved m join booked b
      on b.source_kind = case when m.is_fee then 'transaction_fee' else 'transaction' end and b.source_id = m.transaction_id::text or not m.is_fee and m.kind = 'incoming' and b.source_kind = 'donation' and b.source_id = m.donation_id::text
      or not m.is_fee and b.source_kind = 'payout' and exists (select from treasury.payouts o where o.id::text = b.source_id and o.transaction_id = m.transaction_id)
    order by m.transaction_id, m.is_fee, b.entry_id),
  rest_moved as (select m.*, row_number() over (partition by m.moved order by m.moved_at, m.transaction_id) as place from moved m where not exists (select from by_source s where s.transaction_id = m.transaction_id and s.is_fee = m.is_fee)),
  turned as (  -- an entry, what took it back, what took that back
    select b.entry_id, b.seq, b.entry_id as first_id from booked b where not exists (select from booked o where o.entry_id = b.reverses_id)
    union all
    select b.entry_id, b.seq, t.first_id from turned t join booked b on b.reverses_id = t.entry_id),
  standing as (  -- two in a row are nothing: of an odd number one is left
    select t.entry_id, row_number() over (partition by t.first_id order by t.seq) as place, count(*) over (partition by t.first_id) as n from turned t where not exists (select from by_source s where s.entry_id = t.entry_id)),
  rest_booked as (select b.*, row_number() over (partition by b.amount order by b.effective_on, b.entry_id) as place from booked b join standing s on s.entry_id = b.entry_id and s.place = 1 and s.n % 2 = 1),
  by_amount as (select m.transaction_id, m.is_fee, b.entry_id from rest_moved m join rest_booked b on b.amount = m.moved and b.place = m.place and b.effective_on between (m.moved_at at time zone 'UTC')::date - 2 and (m.moved_at at time zone 'UTC')::date + 2)
  insert into treasury.reconciliation_items (reconciliation_id, transaction_id, entry_id, kind, amount)
  select made, s.transaction_id, s.entry_id, case when s.moved = s.amount then 'matched' else 'amount_diff' end, s.moved - case when s.moved = s.amount then 0 else s.amount end from by_source s
  union all
  select made, a.transaction_id, a.entry_id, 'matched', m.moved from by_amount a join rest_moved m on m.transaction_id = a.transaction_id and m.is_fee = a.is_fee
  union all
  select made, m.transaction_id, null, 'missing_in_ledger', m.moved from rest_moved m where not exists (select from by_amount a where a.transaction_id = m.transaction_id and a.is_fee = m.is_fee)
  union all
  select made, null, b.entry_id, 'missing_on_chain', b.amount from rest_booked b where not exists (select from by_amount a where a.entry_id = b.entry_id);
  return made;
end $$;

create function treasury.resolve_item(item uuid, entry uuid) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  open_one treasury.reconciliations;
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'items are resolved by hc_finance';
  end if;
  update treasury.reconciliation_items i set entry_id = coalesce(i.entry_id, entry), resolved_by = core.current_user_id(), resolved_at = clock_timestamp()
  from treasury.reconciliations r where i.id = item and i.kind <> 'matched' and i.resolved_at is null and r.id = i.reconciliation_id and r.status = 'open' and exists (select from treasury.entries e where e.id = entry) returning r.* into open_one;
  if open_one.id is null then
    raise exception using errcode = '22023', message = 'an open item is resolved by an entry';
  end if;
  update treasury.reconciliations r set ledger_balance = treasury.wallet_ledger(r.wallet_id, r.currency, greatest(r.as_of, now())) - coalesce((
      select sum(p.amount) from treasury.postings p join treasury.accounts a on a.id = p.account_id and a.wallet_id = r.wallet_id join treasury.entries e on e.id = p.entry_id
      where p.currency = r.currency and e.effective_on > (r.as_of at time zone 'UTC')::date and not exists (select from treasury.reconciliation_items i where i.reconciliation_id = r.id and i.entry_id = e.id)), 0)
  where r.id = open_one.id returning r.difference into open_one.difference;
  return open_one.difference;
end $$;

create function treasury.sign_off(reconciliation uuid) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  r treasury.reconciliations;
  reconciled int;
begin
  if not core.has_role('hc_finance') or core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'reconciliations are signed off by hc_finance';
  end if;
  select x.* into r from treasury.reconciliations x where x.id = reconciliation for update;
  if r.status is distinct from 'open' then
    raise exception using errcode = '55000', message = 'only an open reconciliation is signed off';
  elsif r.prepared_by = core.current_user_id() then
    raise exception using errcode = '42501', message = 'who prepared it does not sign it off';
  elsif r.difference <> 0 or exists (select from treasury.reconciliation_items i where i.reconciliation_id = reconciliation and i.kind <> 'matched' and i.resolved_at is null) then
    raise exception using errcode = '55000', message = format('a difference of %s or open items remain', trim_scale(r.difference));
  end if;
  update treasury.reconciliations x set status = 'signed_off', signed_off_by = core.current_user_id(), signed_off_at = now() where x.id = reconciliation;
  update core.donations d set status = 'reconciled' from treasury.reconciliation_items i join core.transactions t on t.id = i.transaction_id where i.reconciliation_id = reconciliation and t.kind = 'incoming' and d.id = t.donation_id and d.status = 'confirmed';
  get diagnostics reconciled = row_count;
  return reconciled;
end $$;

create function treasury.reconciliation_ageing(at timestamptz default now()) returns table (wallet_id uuid, reconciliation_id uuid, kind text, items bigint, amount numeric, open_for interval)
  language sql stable
begin atomic
  select r.wallet_id, r.id, i.kind, count(*), sum(abs(i.amount))::numeric, reconciliation_ageing.at - r.created_at from treasury.reconciliations r join treasury.reconciliation_items i on i.reconciliation_id = r.id and i.kind <> 'matched' and i.resolved_at is null
  where r.status = 'open' group by r.id, i.kind order by r.created_at, r.id, i.kind;
end;

grant execute on function treasury.start_reconciliation, treasury.resolve_item, treasury.sign_off to hc_finance;
grant execute on function treasury.reconciliation_ageing to hc_finance, hc_auditor;

comment on function treasury.wallet_ledger is 'What the books say a wallet holds of a currency at the end of a day (UTC).';
comment on function treasury.start_reconciliation is 'Prepares a reconciliation with its items (hc_finance). Security definer: nobody writes them.';
comment on function treasury.resolve_item is 'Names the entry that mends an item and returns the difference that is left (hc_finance). Security definer: nobody writes items.';
comment on function treasury.sign_off is 'Signs a reconciliation off and reconciles its gifts; how many comes back (hc_finance, not the preparer). Security definer: nobody writes them.';
comment on function treasury.reconciliation_ageing is 'Open items by wallet and kind, and for how long.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000017900' || n)::uuid, 'p' || n || '-0179' from generate_series(1, 2) n;
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000179011', 'ethereum', '0x0000000000000000000000000000000000179011', 'hot', 'active');
insert into treasury.accounts (code, path, name, type, currency, wallet_id, normal_side) values ('assets.probe_0179', 'assets.probe_0179', 'x', 'asset', 'ETH', '00000000-0000-7000-8000-000000179011', 'debit');
insert into core.donations (id, chain, currency, amount_crypto, amount_usd, status, to_wallet_id) values ('00000000-0000-7000-8000-000000179021', 'ethereum', 'ETH', 2, 400, 'pending', '00000000-0000-7000-8000-000000179011');
select core.confirm_donation('00000000-0000-7000-8000-000000179021') ->> 'status' = 'confirmed';
insert into core.transactions (id, wallet_id, donation_id, kind, chain, currency, amount_crypto, fee_crypto, txid, status, block_height, block_hash, block_at)
select ('00000000-0000-7000-8000-00000017903' || n)::uuid, '00000000-0000-7000-8000-000000179011', d::uuid, k, 'ethereum', 'ETH', a, f, '0x' || repeat('0179', 15) || lpad(n::text, 4, '0'), 'confirmed', 1, 'h', now() - interval '1 hour' from (values (1, '00000000-0000-7000-8000-000000179021', 'incoming', 2, 0), (2, null, 'sweep', 0.5, 0.01)) v(n, d, k, a, f);
select treasury.post_entry('sweep', 'hand', 'probe-0179', (now() at time zone 'UTC')::date, '[{"account": "assets.probe_0179", "currency": "ETH", "amount": -0.5, "amount_usd": -100}, {"account": "assets.crypto.eth.cold", "currency": "ETH", "amount": 0.5, "amount_usd": 100}]') is not null;
select core.act_as('00000000-0000-7000-8000-000000179001', 'hc_member');
select f, blueprint.raises(f, '42501', 'hc_finance') from unnest(array['select treasury.start_reconciliation(uuidv7(), now(), 1, ''ETH'')', 'select treasury.resolve_item(uuidv7(), uuidv7())', 'select treasury.sign_off(uuidv7())']) f;
select core.act_as('00000000-0000-7000-8000-000000179001', 'hc_finance');
create temporary table r on commit drop as select treasury.start_reconciliation('00000000-0000-7000-8000-000000179011', now(), 1.49, 'ETH') as id;
grant select on pg_temp.r to hc_finance;
select array_agg(format('%s %s', kind, trim_scale(amount)) order by kind, amount) = array['matched -0.5', 'matched 2', 'missing_in_ledger -0.01'] from treasury.reconciliation_items i join pg_temp.r on r.id = i.reconciliation_id;
select difference = -0.01 and ledger_balance = 1.5 and prepared_by = '00000000-0000-7000-8000-000000179001' from treasury.reconciliations join pg_temp.r using (id);
select items = 1 and amount = 0.01 and kind = 'missing_in_ledger' and open_for > interval '1 day' from treasury.reconciliation_ageing(now() + interval '2 days') a join pg_temp.r on r.id = a.reconciliation_id;
set local role hc_finance;
select blueprint.raises(format('select treasury.sign_off(%L)', id), '42501', 'does not sign') from pg_temp.r;
select blueprint.raises('select treasury.start_reconciliation(uuidv7(), now(), 1, ''ETH'')', '22023', 'no account'), blueprint.raises('select treasury.resolve_item(uuidv7(), uuidv7())', '22023');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000179002', 'hc_finance');
select blueprint.raises(format('select treasury.sign_off(%L)', id), '55000', 'difference of -0.01') from pg_temp.r;
select treasury.post_entry('fee', 'transaction_fee', '00000000-0000-7000-8000-000000179032', (now() at time zone 'UTC')::date, '[{"account": "assets.probe_0179", "currency": "ETH", "amount": -0.01, "amount_usd": -2}, {"account": "expense.fees.network", "currency": "ETH", "amount": 0.01, "amount_usd": 2}]') is not null;
select treasury.resolve_item(i.id, e.id) = 0 from treasury.reconciliation_items i join pg_temp.r on r.id = i.reconciliation_id, treasury.entries e where i.kind = 'missing_in_ledger' and e.source_kind = 'transaction_fee' and e.source_id = '00000000-0000-7000-8000-000000179032';
set local role hc_finance;
select treasury.sign_off(id) = 1, blueprint.raises(format('select treasury.sign_off(%L)', id), '55000', 'only an open') from pg_temp.r;
set local role hc_owner;
select status = 'reconciled' from core.donations where id = '00000000-0000-7000-8000-000000179021';
select status = 'signed_off' and signed_off_by = '00000000-0000-7000-8000-000000179002' and difference = 0 from treasury.reconciliations join pg_temp.r using (id);
create temporary table again on commit drop as select treasury.start_reconciliation('00000000-0000-7000-8000-000000179011', now(), 1.49, 'ETH') as id;
select count(*) = 3, bool_and(kind = 'matched') from treasury.reconciliation_items i join pg_temp.again a on a.id = i.reconciliation_id;
create function pg_temp.entry_0179(of text, amount numeric, takes_back text default null) returns text language sql as $$
  select treasury.post_entry(case when takes_back is null then 'adjustment' else 'reversal' end, 'hand', of, (now() at time zone 'UTC')::date, jsonb_build_array(jsonb_build_object('account', 'assets.probe_0179', 'currency', 'ETH', 'amount', amount, 'amount_usd', amount), jsonb_build_object('account', 'assets.crypto.eth.cold', 'currency', 'ETH', 'amount', - amount, 'amount_usd', - amount)),
    null, (select e.id from treasury.entries e where e.source_kind || ':' || e.source_id = takes_back)) $$;
select pg_temp.entry_0179('0179a', 7) < pg_temp.entry_0179('0179b', -7, 'hand:0179a'), pg_temp.entry_0179('0179c', 8) < pg_temp.entry_0179('0179d', -8, 'hand:0179c'), pg_temp.entry_0179('0179e', 8, 'hand:0179d') is not null,
  pg_temp.entry_0179('0179f', -2, 'donation:00000000-0000-7000-8000-000000179021') is not null, pg_temp.entry_0179('0179g', 2, 'hand:0179f') is not null;
create temporary table turned on commit drop as select treasury.start_reconciliation('00000000-0000-7000-8000-000000179011', now(), 1.49, 'ETH') as id;
select array_agg(concat_ws(' ', i.kind, trim_scale(i.amount), e.source_id) order by i.kind, i.amount) filter (where i.transaction_id is null) = '{missing_on_chain 8 0179c}', count(*) filter (where i.kind = 'matched') = 3, count(*) = 4
from treasury.reconciliation_items i join pg_temp.turned t on t.id = i.reconciliation_id left join treasury.entries e on e.id = i.entry_id;
select f, has_function_privilege('hc_finance', f, 'execute') and not has_function_privilege('hc_compliance', f, 'execute') from unnest(array['treasury.start_reconciliation(uuid, timestamptz, numeric, text, uuid)', 'treasury.resolve_item(uuid, uuid)', 'treasury.sign_off(uuid)', 'treasury.reconciliation_ageing(timestamptz)']) f;
select has_function_privilege('hc_auditor', 'treasury.reconciliation_ageing(timestamptz)', 'execute') and not has_function_privilege('hc_finance', 'treasury.wallet_ledger(uuid, text, timestamptz)', 'execute'), bool_and(prosecdef) from pg_proc where oid in ('treasury.start_reconciliation(uuid, timestamptz, numeric, text, uuid)'::regprocedure, 'treasury.resolve_item(uuid, uuid)'::regprocedure);

-- task: BUILD_0173 implement_feature critical
-- title: Reverse entries and close accounting months
-- does: reverse_entry() posts the mirror of an entry, once. close_month() closes a month whose reconciliations are signed off and whose books are zero; nothing is posted into it until two people of finance want it open again, which is logged.
--   close_year() moves income and expense of each fund to its net assets.
-- proves: an entry and its reversal are zero per account and a second reversal raises; posting into a closed month raises until two people reopen it; an open reconciliation keeps a month open; after a year is closed income is zero and net assets have it.
-- needs: BUILD_0166, BUILD_0172, BUILD_0179
create table treasury.month_events (
  id uuid default uuidv7() constraint month_events_id_pk primary key,
  month date not null,
  event text not null constraint month_events_event_check check (event in ('closed', 'reopen_asked', 'reopened')),
  actor_id uuid,
  reason text,
  occurred_at timestamptz not null default clock_timestamp()
);

select core.attach_standard('treasury.month_events', 'log');

create function treasury.reverse_entry(number text, effective_on date, reason text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  e treasury.entries;
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'entries are reversed by hc_finance';
  elsif coalesce(length(btrim(reason)), 0) < 3 then
    raise exception using errcode = '22023', message = 'a reversal takes a reason';
  end if;
  select x.* into e from treasury.entries x where x.number = reverse_entry.number;
  if e.id is null or e.kind = 'reversal' then
    raise exception using errcode = '22023', message = format('there is no entry %s to reverse', number);
  elsif exists (select from treasury.entries x where x.reverses_id = e.id) then
    raise exception using errcode = '55000', message = format('entry %s is reversed already', number);
  end if;
  return treasury.post_entry('reversal', 'entry', e.id::text, effective_on,
    (select jsonb_agg(jsonb_build_object('account', a.code, 'currency', p.currency, 'amount', - p.amount, 'amount_usd', - p.amount_usd, 'fund', p.fund_code) order by p.line_no) from treasury.postings p join treasury.accounts a on a.id = p.account_id where p.entry_id = e.id), reason, e.id);
end $$;

create function treasury.close_month(month date) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'months are closed by hc_finance';
  elsif month <> date_trunc('month', month) or month + interval '1 month' > (now() at time zone 'UTC')::date + 1 then
    raise exception using errcode = '22023', message = 'a month is closed by its first day, once it is over';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('treasury.entries', 0));
  if exists (select from treasury.reconciliations r where r.status = 'open' and r.as_of >= month and r.as_of < month + interval '1 month') then
    raise exception using errcode = '55000', message = 'reconciliations of this month are not signed off';
  elsif (select coalesce(sum(p.amount_usd), 0) <> 0 from treasury.postings p join treasury.entries e on e.id = p.entry_id where e.effective_on >= month and e.effective_on < month + interval '1 month') then
    raise exception using errcode = '55000', message = 'the books of this month are not zero';
  end if;
  insert into treasury.closed_months (month, closed_by) values (close_month.month, core.current_user_id());
  insert into treasury.month_events (month, event, actor_id) values (close_month.month, 'closed', core.current_user_id());
end $$;

create function treasury.reopen_month(month date, reason text) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  closed treasury.closed_months;
begin
  if not core.has_role('hc_finance') or me is null then
    raise exception using errcode = '42501', message = 'months are reopened by hc_finance';
  end if;
  select m.* into closed from treasury.closed_months m where m.month = reopen_month.month for update;
  if closed.month is null or coalesce(length(btrim(reason)), 0) < 3 then
    raise exception using errcode = '22023', message = 'a closed month is reopened, with a reason';
  elsif closed.reopen_asked_by is null or closed.reopen_asked_by = me then
    update treasury.closed_months m set reopen_asked_by = me where m.month = reopen_month.month;
    insert into treasury.month_events (month, event, actor_id, reason) values (reopen_month.month, 'reopen_asked', me, reopen_month.reason);
    return false;
  end if;
  delete from treasury.closed_months m where m.month = reopen_month.month;
  insert into treasury.month_events (month, event, actor_id, reason) values (reopen_month.month, 'reopened', me, reopen_month.reason);
  return true;
end $$;

create function treasury.close_year(year int) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  lines jsonb;
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'years are closed by hc_finance';
  elsif make_date(year, 12, 31) >= (now() at time zone 'UTC')::date then
    raise exception using errcode = '22023', message = 'a year is closed once it is over';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('treasury.entries', 0));
  with used as (
    select a.code, p.currency, p.fund_code, sum(p.amount) as amount, sum(p.amount_usd) as usd from treasury.postings p join treasury.entries e on e.id = p.entry_id join treasury.accounts a on a.id = p.account_id and a.type in ('income', 'expense')
    where e.effective_on >= make_date(year, 1, 1) and e.effective_on <= make_date(year, 12, 31) group by a.code, p.currency, p.fund_code having sum(p.amount) <> 0),
  mirror as (
    select u.code, u.currency, u.fund_code, - u.amount as amount, - u.usd as usd from used u
    union all
    select case when coalesce(f.kind, 'unrestricted') = 'unrestricted' then 'equity.net_assets.unrestricted' else 'equity.net_assets.restricted' end, u.currency, u.fund_code, u.amount, u.usd from used u left join treasury.funds f on f.code = u.fund_code)
  select jsonb_agg(jsonb_build_object('account', m.code, 'currency', m.currency, 'amount', m.amount, 'amount_usd', m.usd, 'fund', m.fund_code) order by m.fund_code, m.currency, m.code, m.amount) into lines from mirror m;
  return case when lines is not null then treasury.post_entry('closing', 'year', year::text, make_date(year, 12, 31), lines, 'Closing of ' || year) end;
end $$;

create policy month_events_staff_select on treasury.month_events for select to hc_finance, hc_auditor using (true);

grant select on treasury.month_events to hc_finance, hc_auditor;
grant execute on function treasury.reverse_entry, treasury.close_month, treasury.reopen_month, treasury.close_year to hc_finance;

comment on table treasury.month_events is 'Who closed and reopened months, and why; append-only. @retention 10 years @distribution local';
comment on column treasury.month_events.id is 'Version 7 UUID.';
comment on column treasury.month_events.month is 'First day of the month.';
comment on column treasury.month_events.event is 'closed, reopen_asked or reopened.';
comment on column treasury.month_events.actor_id is 'Who.';
comment on column treasury.month_events.reason is 'Why it was reopened.';
comment on column treasury.month_events.occurred_at is 'When.';
comment on policy month_events_staff_select on treasury.month_events is 'Finance and audit read.';
comment on function treasury.reverse_entry is 'Posts the mirror of an entry, once, and returns its number (hc_finance). Security definer: nobody writes books.';
comment on function treasury.close_month is 'Closes a month that is over, signed off and zero (hc_finance). Security definer: nobody writes books.';
comment on function treasury.reopen_month is 'Asks for a closed month to be open again; true once a second person did (hc_finance). Security definer: nobody writes books.';
comment on function treasury.close_year is 'Moves income and expense of a year to the net assets of each fund; number of the entry, null without any (hc_finance). Security definer: nobody writes books.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000017300' || n)::uuid, 'p' || n || '-0173' from generate_series(1, 2) n;
insert into treasury.funds (code, title, kind, purposes) values ('probe-0173', 'x', 'restricted', '{course}');
insert into treasury.accounts (code, path, name, type, normal_side) values ('assets.probe_0173', 'assets.probe_0173', 'x', 'asset', 'debit'), ('income.probe_0173', 'income.probe_0173', 'x', 'income', 'credit'), ('expense.probe_0173', 'expense.probe_0173', 'x', 'expense', 'debit');
create temporary table e on commit drop as select n, treasury.post_entry('donation', 'probe-0173', n::text, d, jsonb_build_array(jsonb_build_object('account', 'assets.probe_0173', 'currency', 'USD', 'amount', a, 'fund', 'probe-0173'), jsonb_build_object('account', c, 'currency', 'USD', 'amount', - a, 'fund', 'probe-0173'))) as number
from (values (1, date '1998-03-05', 100, 'income.probe_0173'), (2, '1998-03-06', 7, 'income.probe_0173'), (3, '1998-04-07', -30, 'expense.probe_0173')) v(n, d, a, c);
grant select on pg_temp.e to hc_finance;
select core.act_as('00000000-0000-7000-8000-000000173001', 'hc_member');
select f, blueprint.raises(f, '42501', 'hc_finance') from unnest(array['select treasury.reverse_entry(''x'', current_date, ''why'')', 'select treasury.close_month(''1998-03-01'')', 'select treasury.reopen_month(''1998-03-01'', ''why'')', 'select treasury.close_year(1998)']) f;
select core.act_as('00000000-0000-7000-8000-000000173001', 'hc_finance');
set local role hc_finance;
select treasury.reverse_entry(number, '1998-03-07', 'wrong fund') like 'JE-%', blueprint.raises(format('select treasury.reverse_entry(%L, %L, %L)', number, '1998-03-07', 'again'), '55000', 'reversed already'), blueprint.raises(format('select treasury.reverse_entry(%L, %L, %L)', number, '1998-03-07', ''), '22023', 'reason') from pg_temp.e where n = 2;
select blueprint.raises($$ select treasury.reverse_entry('JE-0', '1998-03-07', 'again') $$, '22023', 'no entry');
set local role hc_owner;
select sum(p.amount) = 0 and count(*) = 4 and count(distinct p.account_id) = 2 from treasury.postings p join treasury.entries x on x.id = p.entry_id where x.number = (select number from pg_temp.e where n = 2) or x.reverses_id = (select y.id from treasury.entries y where y.number = (select number from pg_temp.e where n = 2));
select bool_and(s.total = 0) from (select sum(p.amount) as total from treasury.postings p join treasury.entries x on x.id = p.entry_id where x.number = (select number from pg_temp.e where n = 2) or x.reverses_id = (select y.id from treasury.entries y where y.number = (select number from pg_temp.e where n = 2)) group by p.account_id) s;
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000173011', 'ethereum', '0x0000000000000000000000000000000000173011', 'hot', 'active');
insert into treasury.reconciliations (id, wallet_id, currency, as_of, statement_balance, ledger_balance) values ('00000000-0000-7000-8000-000000173012', '00000000-0000-7000-8000-000000173011', 'ETH', '1998-03-31', 1, 1);
set local role hc_finance;
select blueprint.raises($$ select treasury.close_month('1998-03-01') $$, '55000', 'not signed off'), blueprint.raises($$ select treasury.close_month('1998-03-02') $$, '22023', 'first day'), blueprint.raises(format('select treasury.close_month(%L)', date_trunc('month', now())::date), '22023', 'once it is over'), blueprint.raises($$ select treasury.close_year(extract(year from now())::int) $$, '22023', 'once it is over');
set local role hc_owner;
update treasury.reconciliations set status = 'abandoned' where id = '00000000-0000-7000-8000-000000173012';
set local role hc_finance;
select treasury.close_month('1998-03-01');
select blueprint.raises($$ select treasury.reopen_month('1998-03-01', '') $$, '22023'), blueprint.raises($$ select treasury.reopen_month('1998-02-01', 'late invoice') $$, '22023');
select not treasury.reopen_month('1998-03-01', 'late invoice'), not treasury.reopen_month('1998-03-01', 'late invoice'), blueprint.raises(format('select treasury.reverse_entry(%L, %L, %L)', number, '1998-03-07', 'late'), '55000', '1998-03 is closed') from pg_temp.e where n = 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000173002', 'hc_finance');
set local role hc_finance;
select treasury.reopen_month('1998-03-01', 'late invoice');
select array_agg(event order by occurred_at) = '{closed,reopen_asked,reopen_asked,reopened}', bool_and(actor_id is not null and id is not null) from treasury.month_events where month = '1998-03-01';
select treasury.close_year(1998) like 'JE-%', treasury.close_year(1997) is null;
set local role hc_auditor;
select count(*) = 4 from treasury.month_events where month = '1998-03-01';
set local role hc_owner;
set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
select bool_and(s.total = 0) from (select sum(p.amount_usd) as total from treasury.postings p join treasury.accounts a on a.id = p.account_id where a.code in ('income.probe_0173', 'expense.probe_0173') group by a.code) s;
select sum(p.amount_usd) = -70 from treasury.postings p join treasury.accounts a on a.id = p.account_id where a.code = 'equity.net_assets.restricted' and p.fund_code = 'probe-0173';
set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
select sql, blueprint.raises(sql, state, why) from (values ($$ update treasury.month_events set reason = 'none' $$, '55006', 'month_events'), ('delete from treasury.month_events', '55006', 'month_events'), ('truncate treasury.month_events', '55006', 'month_events'), ('insert into treasury.month_events select * from treasury.month_events', '23505', 'month_events_id_pk'), ($$ insert into treasury.month_events (month, event) values ('1998-01-01', 'lost') $$, '23514', 'month_events_event_check')) v(sql, state, why);
insert into treasury.month_events (month, event) values ('1998-01-01', 'closed') returning occurred_at >= now();
select f, has_function_privilege('hc_finance', f, 'execute') and not has_function_privilege('hc_compliance', f, 'execute') from unnest(array['treasury.reverse_entry(text, date, text)', 'treasury.close_month(date)', 'treasury.reopen_month(date, text)', 'treasury.close_year(int)']) f;
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'treasury.month_events'::regclass;

-- revert
drop function treasury.close_year, treasury.reopen_month, treasury.close_month, treasury.reverse_entry;
drop table treasury.month_events;
