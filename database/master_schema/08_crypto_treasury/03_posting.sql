-- Room treasury, posting: where rates come from, how entries are posted once, and how gifts get into the books.

-- task: BUILD_0175 implement_feature critical
-- title: Exchange rates: ingestion, median of sources, triangulation and gaps
-- does: ingest_rates() takes batches again without harm; consensus_rate() is the median of the sources of 15 minutes without those more than 5 % off, which it names, over USD or EUR where the pair is not quoted;
--   a manual rate takes a reason and a second person and then goes before all; rate_gaps() lists hours without rate; value_donation() gives a gift its value and writes down how.
-- proves: the median ignores one source 20 % off and names it, a batch again adds nothing, the missing hour is found, a manual rate without reason or second person does not count.
-- needs: BUILD_0165, BUILD_0166, BUILD_0704
create table treasury.rate_overrides (
  id uuid default uuidv7() constraint rate_overrides_id_pk primary key,
  base text not null,
  quote text not null,
  rate numeric(38, 18) not null constraint rate_overrides_rate_check check (rate > 0),
  at timestamptz not null,
  reason text not null constraint rate_overrides_reason_check check (length(btrim(reason)) between 5 and 500),
  proposed_by uuid not null constraint rate_overrides_proposed_by_fk references core.users (id),
  confirmed_by uuid constraint rate_overrides_confirmed_by_fk references core.users (id),
  created_at timestamptz not null default now(),
  constraint rate_overrides_confirmed_by_check check (confirmed_by <> proposed_by)
);

create index rate_overrides_proposed_by_idx on treasury.rate_overrides (proposed_by);
create index rate_overrides_confirmed_by_idx on treasury.rate_overrides (confirmed_by);

create function treasury.ingest_rates(batch jsonb) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  added int;
begin
  insert into treasury.exchange_rates (base, quote, source, occurred_at, rate)
  select r.base, r.quote, r.source, r.at, r.rate from jsonb_to_recordset(batch) r(base text, quote text, source text, at timestamptz, rate numeric) where r.source <> 'manual' on conflict do nothing;
  get diagnostics added = row_count;
  return added;
end $$;

create function treasury.quoted_rate(base text, quote text, at timestamptz, out rate numeric, out sources int, out outliers text[], out method text) returns record
  language plpgsql stable set search_path = ''
as $$
declare
  b constant text := treasury.ticker(base);
  q constant text := treasury.ticker(quote);
begin
  if b = q then
    rate := 1; sources := 1; outliers := '{}'; method := 'same';
    return;
  end if;
  select r.rate into rate from treasury.exchange_rates r where r.base = b and r.quote = q and r.is_manual and r.occurred_at <= at and r.occurred_at > at - interval '24 hours' order by r.occurred_at desc limit 1;
  if rate is not null then
    sources := 1; outliers := '{}'; method := 'manual';
    return;
  end if;
  with latest as (
    select distinct on (r.source) r.source, r.rate from treasury.exchange_rates r where r.base = b and r.quote = q and not r.is_manual and r.occurred_at <= at and r.occurred_at > at - interval '15 minutes' order by r.source, r.occurred_at desc),
  middle as (select (min(m.rate) + max(m.rate)) / 2 as rate from (select l.rate, row_number() over (order by l.rate) as place, count(*) over () as total from latest l) m where m.place in ((m.total + 1) / 2, m.total / 2 + 1)),
  kept as (select l.source, l.rate, abs(l.rate - m.rate) <= m.rate * 0.05 as is_kept from latest l, middle m)
  select (select (min(m.rate) + max(m.rate)) / 2 from (select k.rate, row_number() over (order by k.rate) as place, count(*) over () as total from kept k where k.is_kept) m where m.place in ((m.total + 1) / 2, m.total / 2 + 1)),
    (select count(*) from kept k where k.is_kept), coalesce((select array_agg(k.source order by k.source) from kept k where not k.is_kept), '{}')
  into rate, sources, outliers;
  method := 'median';
end $$;

create function treasury.consensus_rate(base text, quote text, at timestamptz default now(), out rate numeric, out sources int, out outliers text[], out method text) returns record
  language plpgsql stable set search_path = ''
as $$
declare
  via text;
  one record;
  two record;
begin
  select c.rate, c.sources, c.outliers, c.method into rate, sources, outliers, method from treasury.quoted_rate(base, quote, at) c;
  if rate is null then
    foreach via in array array['USD', 'EUR'] loop
      select * into one from treasury.quoted_rate(base, via, at);
      select * into two from treasury.quoted_rate(quote, via, at);
      if one.rate is not null and two.rate is not null then
        rate := one.rate / two.rate; sources := least(one.sources, two.sources); outliers := one.outliers || two.outliers; method := 'via ' || via;
        return;
      end if;
    end loop;
  end if;
end $$;

create function treasury.override_rate(base text, quote text, rate numeric, at timestamptz, reason text) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  asked treasury.rate_overrides;
begin
  if not core.has_role('hc_finance') or me is null then
    raise exception using errcode = '42501', message = 'rates are entered by hc_finance';
  end if;
  select * into asked from treasury.rate_overrides o where o.base = override_rate.base and o.quote = override_rate.quote and o.rate = override_rate.rate and o.at = override_rate.at and o.confirmed_by is null for update;
  if asked.id is null then
    insert into treasury.rate_overrides (base, quote, rate, at, reason, proposed_by) values (override_rate.base, override_rate.quote, override_rate.rate, override_rate.at, override_rate.reason, me);
    return false;
  elsif asked.proposed_by = me then
    return false;
  end if;
  update treasury.rate_overrides o set confirmed_by = me where o.id = asked.id;
  insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual, entered_by) values (override_rate.base, override_rate.quote, 'manual', override_rate.at, override_rate.rate, true, me);
  return true;
end $$;

create function treasury.rate_gaps(base text, quote text, since timestamptz, until timestamptz) returns setof timestamptz
  language sql stable
begin atomic
  select h.hour from generate_series(date_trunc('hour', since, 'UTC'), until - interval '1 microsecond', interval '1 hour') h(hour)
  where not exists (select from treasury.exchange_rates r where r.base = rate_gaps.base and r.quote = rate_gaps.quote and r.occurred_at >= h.hour and r.occurred_at < h.hour + interval '1 hour') order by h.hour;
end;

create function treasury.value_donation(donation uuid, at timestamptz default now()) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  found_rate record;
  worth numeric;
begin
  select * into gift from core.donations d where d.id = donation and d.confirmed_at is null for update;
  if gift.id is null or gift.amount_crypto is null then
    raise exception using errcode = '55000', message = 'only crypto that is not confirmed yet is valued';
  end if;
  select * into found_rate from treasury.consensus_rate(gift.currency, 'USD', at);
  if found_rate.rate is null then
    raise exception using errcode = '55000', message = format('no rate of %s at %s', gift.currency, at);
  end if;
  worth := round(gift.amount_crypto * found_rate.rate, 2);
  update core.donations d
  set amount_usd = nullif(worth, 0), fmv_rate = found_rate.rate, fmv_rate_at = at, metadata = d.metadata || jsonb_build_object('fmv', jsonb_build_object('method', found_rate.method, 'sources', found_rate.sources, 'outliers', found_rate.outliers, 'rate', found_rate.rate, 'at', at))
  where d.id = donation;
  return worth;
end $$;

create policy rate_overrides_staff_select on treasury.rate_overrides for select to hc_finance, hc_auditor using (true);

grant select on treasury.rate_overrides to hc_finance, hc_auditor;
grant execute on function treasury.ingest_rates, treasury.value_donation to hc_worker;
grant execute on function treasury.override_rate to hc_finance;
grant execute on function treasury.consensus_rate, treasury.quoted_rate, treasury.rate_gaps to hc_finance, hc_auditor;

comment on table treasury.rate_overrides is 'Rates entered by hand: proposed, and counting once a second person entered the same. @distribution local';
comment on column treasury.rate_overrides.id is 'Version 7 UUID.';
comment on column treasury.rate_overrides.base is 'What is priced.';
comment on column treasury.rate_overrides.quote is 'In what.';
comment on column treasury.rate_overrides.rate is 'The rate.';
comment on column treasury.rate_overrides.at is 'When it held.';
comment on column treasury.rate_overrides.reason is 'Why by hand.';
comment on column treasury.rate_overrides.proposed_by is 'Who entered it first.';
comment on column treasury.rate_overrides.confirmed_by is 'Who entered the same.';
comment on column treasury.rate_overrides.created_at is 'When it was entered.';
comment on index treasury.rate_overrides_proposed_by_idx is 'Overrides of a person; and the foreign key.';
comment on index treasury.rate_overrides_confirmed_by_idx is 'Overrides a person confirmed; and the foreign key.';
comment on policy rate_overrides_staff_select on treasury.rate_overrides is 'Finance and audit see overrides.';
comment on function treasury.ingest_rates is 'Takes [{base, quote, source, at, rate}]; what is there already stays. Returns how many were new. Security definer: for the worker.';
comment on function treasury.quoted_rate is 'Median of the sources of 15 minutes that quote the pair, without outliers (more than 5 % off, named); a manual rate of 24 hours goes first. Null rate: none.';
comment on function treasury.consensus_rate is 'The quoted rate of a pair, else over USD or EUR. Null rate: none.';
comment on function treasury.override_rate is 'Enters a rate by hand (hc_finance); true once a second person entered the same. Security definer: nobody writes rates.';
comment on function treasury.rate_gaps is 'Hours of a period without any rate of the pair.';
comment on function treasury.value_donation is 'Values a crypto gift in USD at a time and writes down the method. Security definer: for the worker.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000175001', 'ada-0175'), ('00000000-0000-7000-8000-000000175002', 'bob-0175');
create temporary table batch on commit drop as select jsonb_agg(jsonb_build_object('base', b, 'quote', q, 'source', s, 'at', now() - age::interval, 'rate', r)) as b
from (values ('PXA', 'USD', 'a', '2 minutes', 100), ('PXA', 'USD', 'b', '3 minutes', 102), ('PXA', 'USD', 'c', '4 minutes', 120), ('PXA', 'USD', 'd', '5 minutes', 101), ('PXA', 'USD', 'a', '14 minutes', 300), ('PXA', 'USD', 'e', '16 minutes', 500), ('PXB', 'USD', 'a', '1 minute', 4), ('PXC', 'EUR', 'a', '1 minute', 8), ('PXD', 'EUR', 'a', '1 minute', 2)) v(b, q, s, age, r);
grant select on pg_temp.batch to hc_worker;
set local role hc_worker;
select treasury.ingest_rates(b) = 9 from pg_temp.batch;
select treasury.ingest_rates(b) = 0 from pg_temp.batch;
set local role hc_owner;
select rate = 101 and sources = 3 and outliers = '{c}' and method = 'median' from treasury.consensus_rate('PXA', 'USD');
select rate = 25.25 and method = 'via USD' from treasury.consensus_rate('PXA', 'PXB');
select rate = 4 and method = 'via EUR' from treasury.consensus_rate('PXC', 'PXD');
select rate is null from treasury.consensus_rate('PNONE', 'USD');
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate) select 'PXH', 'USD', 'a', date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 1 from unnest(array[1, 2, 4]) h;
select array_agg(g) = array[date_trunc('hour', now(), 'UTC') - interval '3 hours'] from treasury.rate_gaps('PXH', 'USD', now() - interval '4 hours', date_trunc('hour', now(), 'UTC')) g;
select core.act_as('00000000-0000-7000-8000-000000175001', 'hc_finance');
set local role hc_finance;
select blueprint.raises($$ select treasury.override_rate('PXA', 'USD', 90, now(), '') $$, '23514', 'rate_overrides_reason_check'), blueprint.raises($$ select treasury.override_rate('PXA', 'USD', 0, now(), 'feed was down') $$, '23514', 'rate_overrides_rate_check');
select not treasury.override_rate('PXA', 'USD', 90, now(), 'feed was down'), not treasury.override_rate('PXA', 'USD', 90, now(), 'feed was down');
set local role hc_owner;
select rate = 101 from treasury.consensus_rate('PXA', 'USD');
select core.act_as('00000000-0000-7000-8000-000000175002', 'hc_finance');
set local role hc_finance;
select treasury.override_rate('PXA', 'USD', 90, now(), 'feed was down');
set local role hc_owner;
select rate = 90 and method = 'manual' from treasury.consensus_rate('PXA', 'USD');
set local role hc_finance;
select count(*) = 1 and bool_and(confirmed_by = '00000000-0000-7000-8000-000000175002' and proposed_by = '00000000-0000-7000-8000-000000175001' and id is not null and created_at = now()) from treasury.rate_overrides where base = 'PXA';
set local role hc_auditor;
select count(*) = 1 from treasury.rate_overrides where base = 'PXA';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000175002', 'hc_compliance');
select blueprint.raises($$ select treasury.override_rate('PXA', 'USD', 90, now(), 'feed was down') $$, '42501', 'hc_finance');
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('ETH', 'USD', 'probe-0175', now(), 2000, true);
insert into core.donations (id, chain, currency, amount_crypto) values ('00000000-0000-7000-8000-000000175011', 'ethereum', 'ETH', 0.5);
set local role hc_worker;
select treasury.value_donation('00000000-0000-7000-8000-000000175011') = 1000, blueprint.raises('select treasury.value_donation(uuidv7())', '55000', 'not confirmed');
set local role hc_owner;
select amount_usd = 1000 and fmv_rate = 2000 and fmv_rate_at = now() and metadata #>> '{fmv,method}' = 'manual' from core.donations where id = '00000000-0000-7000-8000-000000175011';
select sql, blueprint.raises(sql, state, rule) from (values ($$ insert into treasury.rate_overrides select * from treasury.rate_overrides $$, '23505', 'rate_overrides_id_pk'), ($$ update treasury.rate_overrides set proposed_by = uuidv7() where base = 'PXA' $$, '23503', 'rate_overrides_proposed_by_fk'), ($$ update treasury.rate_overrides set confirmed_by = uuidv7() where base = 'PXA' $$, '23503', 'rate_overrides_confirmed_by_fk'),
  ($$ update treasury.rate_overrides set confirmed_by = proposed_by where base = 'PXA' $$, '23514', 'rate_overrides_confirmed_by_check')) v(sql, state, rule);
select index, blueprint.plan_uses(sql, index) from (values ($$ select from treasury.rate_overrides where proposed_by = '00000000-0000-7000-8000-000000175001' $$, 'rate_overrides_proposed_by_idx'), ($$ select from treasury.rate_overrides where confirmed_by = '00000000-0000-7000-8000-000000175001' $$, 'rate_overrides_confirmed_by_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['treasury.ingest_rates(jsonb)', 'treasury.value_donation(uuid, timestamptz)']) f;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['treasury.consensus_rate(text, text, timestamptz)', 'treasury.quoted_rate(text, text, timestamptz)', 'treasury.rate_gaps(text, text, timestamptz, timestamptz)']) f;
select not has_function_privilege('hc_member', 'treasury.override_rate(text, text, numeric, timestamptz, text)', 'execute'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'treasury.rate_overrides'::regclass);

-- task: BUILD_0172 implement_feature critical
-- title: Post balanced journal entries idempotently by source
-- does: post_entry() checks accounts, currencies and month, values lines without USD at the rate of the day, spreads the cent that rounding leaves over the largest remainders, and posts once a source: again the same gives
--   the same number, other lines raise.
-- proves: posting twice returns one number, changed lines under the same source raise 23505, a split of 0.01 in three balances, an inactive account, an unknown one and a closed month raise. That two sessions
--   post one entry is raced.
-- needs: BUILD_0166, BUILD_0169, BUILD_0175
create table treasury.closed_months (
  month date constraint closed_months_month_pk primary key constraint closed_months_month_check check (extract(day from month) = 1),
  closed_by uuid constraint closed_months_closed_by_fk references core.users (id),
  closed_at timestamptz not null default now(),
  reopen_asked_by uuid constraint closed_months_reopen_asked_by_fk references core.users (id)
);

create index closed_months_closed_by_idx on treasury.closed_months (closed_by);
create index closed_months_reopen_asked_by_idx on treasury.closed_months (reopen_asked_by);

create function treasury.post_entry(kind text, source_kind text, source_id text, effective_on date, lines jsonb, description text default null, reverses uuid default null) returns text
  language plpgsql set search_path = ''
as $$
declare
  held treasury.entries;
  fresh uuid := uuidv7();
  digest bytea;
  wrong text;
  line record;
  prepared jsonb := '[]';
  exact numeric;
  off int;
begin
  if jsonb_typeof(lines) <> 'array' or jsonb_array_length(lines) < 2 then
    raise exception using errcode = '22023', message = 'an entry has two lines at least';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('treasury.entries', 0));
  digest := sha256(convert_to(kind || effective_on || lines::text, 'UTF8'));
  select e.* into held from treasury.entries e where e.source_kind = post_entry.source_kind and e.source_id = post_entry.source_id;
  if held.id is not null then
    if held.request_sha256 = digest then
      return held.number;
    end if;
    raise exception using errcode = '23505', constraint = 'entries_source_kind_source_id_key', message = format('%s %s is posted as %s with other lines', source_kind, source_id, held.number), hint = 'Reverse it and post under another source.';
  elsif exists (select from treasury.closed_months m where m.month = date_trunc('month', effective_on)::date) then
    raise exception using errcode = '55000', message = format('%s is closed', to_char(effective_on, 'YYYY-MM'));
  end if;
  for line in
    select l.n, l.v ->> 'account' as code, a.id, a.is_active, a.currency as held_in, l.v ->> 'currency' as currency, (l.v ->> 'amount')::numeric as amount, (l.v ->> 'amount_usd')::numeric as usd, l.v ->> 'fund' as fund
    from jsonb_array_elements(lines) with ordinality l(v, n) left join treasury.accounts a on a.code = l.v ->> 'account' order by l.n
  loop
    wrong := case when line.id is null then format('there is no account %s', line.code) when not line.is_active then format('account %s is inactive', line.code) when line.held_in <> line.currency then format('account %s is kept in %s', line.code, line.held_in)
      when coalesce(line.amount, 0) = 0 then format('line %s has no amount', line.n) end;
    if wrong is not null then
      raise exception using errcode = '22023', message = wrong;
    end if;
    exact := coalesce(line.usd, line.amount * treasury.rate_at(line.currency, 'USD', least(now(), effective_on + time '23:59' at time zone 'UTC'), interval '24 hours'));
    prepared := prepared || jsonb_build_object('n', line.n, 'account_id', line.id, 'currency', line.currency, 'amount', line.amount, 'exact', exact, 'usd', round(exact, 2), 'fund', line.fund, 'given', line.usd is not null);
  end loop;
  off := - 100 * (select sum((p ->> 'usd')::numeric) from jsonb_array_elements(prepared) p);
  if off <> 0 and abs((select sum((p ->> 'exact')::numeric) from jsonb_array_elements(prepared) p)) < 0.005 then
    prepared := (
      select jsonb_agg(r.p || case when r.place <= abs(off) then jsonb_build_object('usd', (r.p ->> 'usd')::numeric + sign(off) * 0.01) else '{}' end order by (r.p ->> 'n')::int)
      from (select p, row_number() over (order by (p ->> 'given')::boolean, sign(off) * ((p ->> 'exact')::numeric - (p ->> 'usd')::numeric) desc, (p ->> 'n')::int) as place from jsonb_array_elements(prepared) p) r);
  end if;
  insert into treasury.entries (id, effective_on, kind, source_kind, source_id, description, reverses_id, request_sha256, payload_sha256)
  select fresh, post_entry.effective_on, post_entry.kind, post_entry.source_kind, post_entry.source_id, post_entry.description, reverses, digest,
    sha256(convert_to(string_agg(format('%s|%s|%s|%s|%s|%s', p ->> 'n', p ->> 'account_id', p ->> 'currency', (p ->> 'amount')::numeric(38, 18), (p ->> 'usd')::numeric(20, 2), p ->> 'fund'), e'\n' order by (p ->> 'n')::int), 'UTF8'))
  from jsonb_array_elements(prepared) p returning * into held;
  insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd, fund_code)
  select fresh, (p ->> 'n')::int, (p ->> 'account_id')::uuid, p ->> 'currency', (p ->> 'amount')::numeric, (p ->> 'usd')::numeric, p ->> 'fund' from jsonb_array_elements(prepared) p;
  return held.number;
end $$;

alter table treasury.entries add column request_sha256 core.sha256;

create policy closed_months_staff_select on treasury.closed_months for select to hc_finance, hc_auditor using (true);

grant select on treasury.closed_months to hc_finance, hc_auditor;

comment on column treasury.entries.request_sha256 is 'Digest of what was asked to be posted: the same source again has to ask for the same.';
comment on table treasury.closed_months is 'Months into which nothing is posted any more. @distribution local';
comment on column treasury.closed_months.month is 'First day of the month.';
comment on column treasury.closed_months.closed_by is 'Who closed it.';
comment on column treasury.closed_months.closed_at is 'When.';
comment on column treasury.closed_months.reopen_asked_by is 'Who wants it open again; a second person has to want it too.';
comment on index treasury.closed_months_closed_by_idx is 'Months somebody closed; and the foreign key.';
comment on index treasury.closed_months_reopen_asked_by_idx is 'Months somebody wants open; and the foreign key.';
comment on policy closed_months_staff_select on treasury.closed_months is 'Finance and audit see what is closed.';
comment on function treasury.post_entry is 'Posts an entry once a source and returns its number. Lines: [{account, currency, amount (debit +), amount_usd, fund}]; without amount_usd the rate of the day counts. For owner functions.';

-- verify
insert into treasury.accounts (code, path, name, type, normal_side, is_active) values ('assets.probe_0172', 'assets.probe_0172', 'x', 'asset', 'debit', false);
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('BTC', 'USD', 'probe-0172', now(), 60000, true);
select treasury.post_entry('donation', 'probe', '0172', current_date, '[{"account": "assets.crypto.btc.hot", "currency": "BTC", "amount": 0.01}, {"account": "income.donations.crypto", "currency": "BTC", "amount": -0.01, "fund": "general"}]', 'a gift') like 'JE-%';
select treasury.post_entry('donation', 'probe', '0172', current_date, '[{"account": "assets.crypto.btc.hot", "currency": "BTC", "amount": 0.01}, {"account": "income.donations.crypto", "currency": "BTC", "amount": -0.01, "fund": "general"}]', 'a gift') = number and payload_sha256 = treasury.postings_digest(id) and description = 'a gift'
from treasury.entries where source_kind = 'probe' and source_id = '0172';
select array_agg(amount_usd order by line_no) = '{600,-600}' and count(*) filter (where fund_code = 'general') = 1 from treasury.postings p join treasury.entries e on e.id = p.entry_id where e.source_kind = 'probe' and e.source_id = '0172';
select why, blueprint.raises(format('select treasury.post_entry(%L, %L, %L, %L, %L)', 'donation', 'probe', source, '2026-01-02', lines), state, why) from (values
  ('0172', '[{"account": "assets.crypto.btc.hot", "currency": "BTC", "amount": 0.02, "amount_usd": 1}, {"account": "income.donations.crypto", "currency": "BTC", "amount": -0.02, "amount_usd": -1}]', '23505', 'with other lines'), ('0172b', '[{"account": "assets.probe_0172", "currency": "BTC", "amount": 1, "amount_usd": 1}, {"account": "income.donations.crypto", "currency": "BTC", "amount": -1, "amount_usd": -1}]', '22023', 'inactive'),
  ('0172b', '[{"account": "assets.none", "currency": "BTC", "amount": 1, "amount_usd": 1}, {"account": "income.donations.crypto", "currency": "BTC", "amount": -1, "amount_usd": -1}]', '22023', 'no account'), ('0172b', '[{"account": "assets.crypto.btc.hot", "currency": "ETH", "amount": 1, "amount_usd": 1}, {"account": "income.donations.crypto", "currency": "ETH", "amount": -1, "amount_usd": -1}]', '22023', 'kept in BTC'),
  ('0172b', '[{"account": "assets.crypto.btc.hot", "currency": "BTC", "amount": 0}, {"account": "income.donations.crypto", "currency": "BTC", "amount": -1, "amount_usd": -1}]', '22023', 'no amount'), ('0172b', '[{"account": "assets.crypto.btc.hot", "currency": "BTC", "amount": 1}]', '22023', 'two lines')) v(source, lines, state, why);
select treasury.post_entry('donation', 'probe', '0172c', '2026-01-02', '[{"account": "assets.cash.bank", "currency": "USD", "amount": 0.01}, {"account": "income.other", "currency": "USD", "amount": -0.003333333333333333}, {"account": "income.other", "currency": "USD", "amount": -0.003333333333333333}, {"account": "income.other", "currency": "USD", "amount": -0.003333333333333334}]') is not null;
set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
select array_agg(amount_usd order by line_no) = '{0.01,0,0,-0.01}' from treasury.postings p join treasury.entries e on e.id = p.entry_id where e.source_kind = 'probe' and e.source_id = '0172c';
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000172001', 'ada-0172');
insert into treasury.closed_months (month, closed_by) values ('1999-12-01', '00000000-0000-7000-8000-000000172001') returning closed_at = now();
select blueprint.raises($$ select treasury.post_entry('donation', 'probe', '0172d', '1999-12-31', '[{"account": "assets.cash.bank", "currency": "USD", "amount": 1}, {"account": "income.other", "currency": "USD", "amount": -1}]') $$, '55000', '1999-12 is closed');
select sql, blueprint.raises('insert into treasury.closed_months (month, closed_by, reopen_asked_by) values ' || sql, state, rule) from (values ($$ ('1999-12-01', null, null) $$, '23505', 'closed_months_month_pk'), ($$ ('1999-11-02', null, null) $$, '23514', 'closed_months_month_check'), ($$ ('1999-11-01', uuidv7(), null) $$, '23503', 'closed_months_closed_by_fk'), ($$ ('1999-11-01', null, uuidv7()) $$, '23503', 'closed_months_reopen_asked_by_fk')) v(sql, state, rule);
select index, blueprint.plan_uses(sql, index) from (values ($$ select from treasury.closed_months where closed_by = '00000000-0000-7000-8000-000000172001' $$, 'closed_months_closed_by_idx'), ($$ select from treasury.closed_months where reopen_asked_by = '00000000-0000-7000-8000-000000172001' $$, 'closed_months_reopen_asked_by_idx')) v(sql, index);
select not has_function_privilege('hc_finance', 'treasury.post_entry(text, text, text, date, jsonb, text, uuid)', 'execute'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'treasury.closed_months'::regclass);
set local role hc_finance;
select count(*) = 1 from treasury.closed_months where month = '1999-12-01';
set local role hc_auditor;
select count(*) = 1 from treasury.closed_months where month = '1999-12-01';

-- task: BUILD_0174 implement_feature critical
-- title: Post confirmed donations, fees and refunds to the ledger automatically
-- does: Confirming a gift posts it: the asset of its wallet in its own currency and at its fair value against income of its fund, with the fee apart. Each refund posts what went back, the asset at the rate of that day and the
--   difference as gain or loss; a gift that fails after all or has to be confirmed again, as when its block was taken back, is reversed, and is booked again when it is. A closed month or a missing account leaves the gift confirmed and listed in treasury.unposted_donations(), which treasury.post_pending() works off.
-- proves: confirming 0.01 BTC makes one entry with its value and fund, a refund at another rate books the exact loss, a failed gift nets to zero, one that waits again too until it is confirmed again, replays post nothing, a closed month leaves it unposted and later it is posted.
-- needs: BUILD_0172, BUILD_0707
create function treasury.asset_account(wallet uuid, currency text) returns text
  language sql stable
  return coalesce((select a.code from treasury.accounts a where a.wallet_id = wallet and coalesce(a.currency, asset_account.currency) = asset_account.currency and a.is_active order by a.currency nulls last limit 1),
    (select a.code from treasury.accounts a where a.is_active and a.code = case when asset_account.currency = 'USD' then 'assets.cash.processor' when asset_account.currency like '%-custodial' then 'assets.crypto.custodial' when asset_account.currency like 'USDC-%' then 'assets.crypto.usdc' else 'assets.crypto.' || lower(asset_account.currency) || '.hot' end), 'assets.suspense');

create function treasury.post_donation(donation uuid) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  fund treasury.funds;
  money text;
  gross numeric;
  fee numeric;
begin
  select * into gift from core.donations d where d.id = donation and d.confirmed_at is not null;
  if gift.id is null then
    raise exception using errcode = '55000', message = 'only confirmed donations are posted';
  end if;
  select * into fund from treasury.funds f where f.code = gift.fund_code;
  money := case when gift.amount_crypto is null then 'USD' else gift.currency end;
  gross := coalesce(gift.amount_crypto, gift.amount_usd);
  fee := case when gift.fee_usd > 0 and gift.fee_usd < gift.amount_usd then round(gross * gift.fee_usd / gift.amount_usd, 18) else 0 end;
  return treasury.post_entry('donation', 'donation', donation::text, (gift.confirmed_at at time zone 'UTC')::date,
    jsonb_build_array(jsonb_build_object('account', treasury.asset_account(gift.to_wallet_id, money), 'currency', money, 'amount', gross - fee, 'amount_usd', gift.amount_usd - case when fee > 0 then gift.fee_usd else 0 end, 'fund', gift.fund_code))
    || case when fee > 0 then jsonb_build_array(jsonb_build_object('account', 'expense.fees.processing', 'currency', money, 'amount', fee, 'amount_usd', gift.fee_usd, 'fund', gift.fund_code)) else '[]' end
    || jsonb_build_array(jsonb_build_object('account', case when fund.kind <> 'unrestricted' then 'income.donations.restricted' when gift.amount_crypto is null then 'income.donations.fiat' else 'income.donations.crypto' end, 'currency', money, 'amount', - gross, 'amount_usd', - gift.amount_usd, 'fund', gift.fund_code)),
    'Gift ' || donation);
end $$;

create function treasury.post_refund(donation uuid, before_usd numeric, after_usd numeric) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  money text;
  back numeric;
  worth numeric;
  lines jsonb;
begin
  select * into gift from core.donations d where d.id = donation;
  money := case when gift.amount_crypto is null then 'USD' else gift.currency end;
  back := case when gift.amount_crypto is null then after_usd - before_usd else round(gift.amount_crypto * after_usd / gift.amount_usd, 18) - round(gift.amount_crypto * before_usd / gift.amount_usd, 18) end;
  worth := after_usd - before_usd;
  if gift.amount_crypto is not null then
    worth := coalesce(round(back * coalesce(treasury.find_rate(treasury.ticker(money), 'USD', now(), interval '24 hours'), gift.fmv_rate), 2), worth);
  end if;
  lines := jsonb_build_array(
    jsonb_build_object('account', case when (select f.kind from treasury.funds f where f.code = gift.fund_code) <> 'unrestricted' then 'income.donations.restricted' when gift.amount_crypto is null then 'income.donations.fiat' else 'income.donations.crypto' end, 'currency', money, 'amount', back, 'amount_usd', after_usd - before_usd, 'fund', gift.fund_code),
    jsonb_build_object('account', treasury.asset_account(gift.to_wallet_id, money), 'currency', money, 'amount', - back, 'amount_usd', - worth, 'fund', gift.fund_code));
  if worth <> after_usd - before_usd then
    lines := lines || jsonb_build_object('account', case when worth > after_usd - before_usd then 'expense.fx_loss' else 'income.fx_gain' end, 'currency', 'USD', 'amount', worth - (after_usd - before_usd), 'amount_usd', worth - (after_usd - before_usd), 'fund', gift.fund_code);
  end if;
  return treasury.post_entry('refund', 'donation_refund', format('%s:%s', donation, after_usd::numeric(20, 2)), (now() at time zone 'UTC')::date, lines, 'Refund of gift ' || donation);
end $$;

create function treasury.gift_entry(donation uuid, out id uuid, out stands boolean) returns record
  language sql stable
begin atomic
  with recursive turned as (
    select e.id, true as stands, 0 as turns from treasury.entries e where e.source_kind = 'donation' and e.source_id = donation::text
    union all
    select r.id, not t.stands, t.turns + 1 from treasury.entries r join turned t on r.reverses_id = t.id)
  select t.id, t.stands from turned t order by t.turns desc limit 1;
end;

create function treasury.post_gift_change() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  after_usd constant numeric := case when new.status = 'refunded' and new.refunded_usd = 0 then new.amount_usd else new.refunded_usd end;
  counts constant boolean := new.status not in ('failed', 'pending');
  held record;
begin
  begin
    select * into held from treasury.gift_entry(new.id);
    if counts <> held.stands then
      perform treasury.post_entry('reversal', 'donation_turn', format('%s:%s', new.id, held.id), (now() at time zone 'UTC')::date,
        (select jsonb_agg(jsonb_build_object('account', a.code, 'currency', p.currency, 'amount', - p.amount, 'amount_usd', - p.amount_usd, 'fund', p.fund_code) order by p.line_no) from treasury.postings p join treasury.accounts a on a.id = p.account_id where p.entry_id = held.id),
        format('Gift %s is %s', new.id, new.status), held.id);
    elsif counts and held.id is null then
      perform treasury.post_donation(new.id);
    end if;
    if after_usd > old.refunded_usd then
      perform treasury.post_refund(new.id, old.refunded_usd, after_usd);
    end if;
  exception when object_not_in_prerequisite_state or invalid_parameter_value then
    raise warning 'gift % is not posted yet: %', new.id, sqlerrm;  -- books that are closed do not undo a gift; treasury.unposted_donations() lists it
  end;
  return null;
end $$;

create trigger donations_post after update on core.donations for each row
  when (new.status in ('failed', 'pending') and old.status <> new.status and old.confirmed_at is not null
    or new.status in ('confirmed', 'reconciled', 'refunded') and (old.status is distinct from new.status and (old.confirmed_at is null or new.status = 'confirmed') or new.refunded_usd > old.refunded_usd or new.status = 'refunded' and old.status <> 'refunded')) execute function treasury.post_gift_change();

create function treasury.unposted_donations() returns table (donation_id uuid, what text, confirmed_at timestamptz)
  language sql stable security definer
begin atomic
  select d.id as donation_id, 'gift' as what, d.confirmed_at from core.donations d
  where d.status in ('confirmed', 'reconciled', 'refunded') and not exists (select from treasury.entries e where e.source_kind = 'donation' and e.source_id = d.id::text)
  union all
  select d.id as donation_id, 'refund' as what, d.confirmed_at from core.donations d
  where d.refunded_usd > 0 and d.status in ('confirmed', 'reconciled', 'refunded') and not exists (select from treasury.entries e where e.source_kind = 'donation_refund' and e.source_id = format('%s:%s', d.id, d.refunded_usd::numeric));
end;

create function treasury.post_pending(most int default 100) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  gift record;
  posted int := 0;
begin
  for gift in select u.donation_id, d.refunded_usd from treasury.unposted_donations() u join core.donations d on d.id = u.donation_id order by u.confirmed_at limit most loop
    begin
      perform treasury.post_donation(gift.donation_id);
      if gift.refunded_usd > 0 and not exists (select from treasury.entries e where e.source_kind = 'donation_refund' and starts_with(e.source_id, gift.donation_id::text)) then
        perform treasury.post_refund(gift.donation_id, 0, gift.refunded_usd);
      end if;
      posted := posted + 1;
    exception when object_not_in_prerequisite_state or invalid_parameter_value then
      null;  -- still not possible: it stays in the list
    end;
  end loop;
  return posted;
end $$;

grant execute on function treasury.post_pending to hc_worker;
grant execute on function treasury.unposted_donations to hc_worker, hc_finance, hc_auditor;

comment on function treasury.asset_account is 'Account of a wallet for a currency, else the general one of the currency, else suspense.';
comment on function treasury.post_donation is 'Posts a confirmed gift once. Security definer: called by whoever confirms.';
comment on function treasury.post_refund is 'Posts what went back between two states of refunded_usd. Security definer: called by whoever refunds.';
comment on function treasury.gift_entry is 'The last entry of a gift: its own, or what reversed it, or what booked it again by reversing that; and whether the gift stands in the books. Nothing for one that was never posted. For owner functions.';
comment on function treasury.post_gift_change is 'Trigger of core.donations: posts gifts and refunds, reverses gifts that do not count any more and books them again when they do. Security definer: whoever confirms writes no books.';
comment on trigger donations_post on core.donations is 'Confirmed gifts and refunds go into the books, gifts that are not confirmed any more out of them.';
comment on function treasury.unposted_donations is 'Gifts and refunds that are not in the books: should be none. Security definer: shows ids only.';
comment on function treasury.post_pending is 'Posts what could not be posted before; returns how many. Security definer: for the worker.';

-- verify
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate, is_manual) values ('BTC', 'USD', 'probe-0174', now(), 65000, true);
insert into core.donations (id, chain, currency, amount_crypto, amount_usd, fee_usd, fmv_rate, fund_code, status) values ('00000000-0000-7000-8000-000000174001', 'bitcoin', 'BTC', 0.01, 600, 0, 60000, 'scholarship', 'pending'), ('00000000-0000-7000-8000-000000174002', 'fiat', 'USD', null, 100, 3, null, 'general', 'pending');
set local role hc_worker;
select core.confirm_donation('00000000-0000-7000-8000-000000174001') ->> 'status' = 'confirmed', core.confirm_donation('00000000-0000-7000-8000-000000174002') ->> 'status' = 'confirmed';
set local role hc_owner;
select string_agg(format('%s %s %s %s', a.code, trim_scale(p.amount), p.amount_usd, p.fund_code), ', ' order by p.line_no) = 'assets.crypto.btc.hot 0.01 600.00 scholarship, income.donations.restricted -0.01 -600.00 scholarship' from treasury.entries e join treasury.postings p on p.entry_id = e.id join treasury.accounts a on a.id = p.account_id where e.source_kind = 'donation' and e.source_id = '00000000-0000-7000-8000-000000174001';
select string_agg(format('%s %s', a.code, p.amount_usd), ', ' order by p.line_no) = 'assets.cash.processor 97.00, expense.fees.processing 3.00, income.donations.fiat -100.00' from treasury.entries e join treasury.postings p on p.entry_id = e.id join treasury.accounts a on a.id = p.account_id where e.source_kind = 'donation' and e.source_id = '00000000-0000-7000-8000-000000174002';
select treasury.post_donation('00000000-0000-7000-8000-000000174001') = number, blueprint.raises('select treasury.post_donation(uuidv7())', '55000') from treasury.entries where source_kind = 'donation' and source_id = '00000000-0000-7000-8000-000000174001';
select core.act_as('00000000-0000-7000-8000-00000017400f', 'hc_finance'), core.give_reason('sent twice');
update core.donations set refunded_usd = 150 where id = '00000000-0000-7000-8000-000000174001';
update core.donations set refunded_usd = 600, status = 'refunded', refunded_at = now() where id = '00000000-0000-7000-8000-000000174001';
set constraints treasury.entries_balanced, treasury.postings_balanced immediate;
set constraints treasury.entries_balanced, treasury.postings_balanced deferred;
select array_agg(format('%s %s %s', a.code, trim_scale(p.amount), p.amount_usd) order by e.seq, p.line_no) = array['income.donations.restricted 0.0025 150.00', 'assets.crypto.btc.hot -0.0025 -162.50', 'expense.fx_loss 12.5 12.50', 'income.donations.restricted 0.0075 450.00', 'assets.crypto.btc.hot -0.0075 -487.50', 'expense.fx_loss 37.5 37.50'] from treasury.entries e join treasury.postings p on p.entry_id = e.id join treasury.accounts a on a.id = p.account_id where e.source_kind = 'donation_refund' and e.source_id like '00000000-0000-7000-8000-000000174001%';
update core.donations set status = 'flagged' where id = '00000000-0000-7000-8000-000000174002';
select core.act_as('00000000-0000-7000-8000-00000017400f', 'hc_compliance');
update core.donations set status = 'failed' where id = '00000000-0000-7000-8000-000000174002';
select sum(p.amount_usd) = 0 and count(*) = 6 and count(*) filter (where e.reverses_id is not null) = 3 from treasury.entries e join treasury.postings p on p.entry_id = e.id where e.source_id like '00000000-0000-7000-8000-000000174002%';
select bool_and(s.total = 0) from (select sum(p.amount) as total from treasury.entries e join treasury.postings p on p.entry_id = e.id where e.source_id like '00000000-0000-7000-8000-000000174002%' group by p.account_id) s;
insert into core.donations (id, chain, currency, amount_usd, status) values ('00000000-0000-7000-8000-000000174005', 'fiat', 'USD', 70, 'pending');
create function pg_temp.booked_0174() returns text language sql as $$ select format('%s in %s', sum(p.amount_usd), count(*)) from treasury.entries e join treasury.postings p on p.entry_id = e.id join treasury.accounts a on a.id = p.account_id where a.type = 'asset' and e.source_id like '00000000-0000-7000-8000-000000174005%' $$;
select core.confirm_donation('00000000-0000-7000-8000-000000174005') ->> 'status' = 'confirmed';
update core.donations set status = 'flagged' where id = '00000000-0000-7000-8000-000000174005' returning pg_temp.booked_0174() = '70.00 in 1';
select core.release_donation('00000000-0000-7000-8000-000000174005', 'pending', 'seen again') = 'pending';
select pg_temp.booked_0174() = '0.00 in 2';
select core.confirm_donation('00000000-0000-7000-8000-000000174005') ->> 'status' = 'confirmed';
select pg_temp.booked_0174() = '70.00 in 3';
select core.give_reason('block taken back');
update core.donations set status = 'flagged' where id = '00000000-0000-7000-8000-000000174005';
select core.release_donation('00000000-0000-7000-8000-000000174005', 'confirmed', 'false alarm') = 'confirmed';
select pg_temp.booked_0174() = '70.00 in 3';
select core.give_reason('block taken back');
update core.donations set status = 'flagged' where id = '00000000-0000-7000-8000-000000174005';
select core.release_donation('00000000-0000-7000-8000-000000174005', 'failed', 'spent elsewhere') = 'failed';
select pg_temp.booked_0174() = '0.00 in 4', (select not stands and id is not null from treasury.gift_entry('00000000-0000-7000-8000-000000174005')), (select id is null from treasury.gift_entry(uuidv7()));
insert into treasury.closed_months (month) values (date_trunc('month', now() at time zone 'UTC')::date);
insert into core.donations (id, chain, currency, amount_usd, status) values ('00000000-0000-7000-8000-000000174003', 'fiat', 'USD', 100, 'pending');
set local client_min_messages = 'error';
select core.confirm_donation('00000000-0000-7000-8000-000000174003') ->> 'status' = 'confirmed';
select count(*) filter (where donation_id = '00000000-0000-7000-8000-000000174003' and what = 'gift') = 1, count(*) filter (where donation_id = '00000000-0000-7000-8000-000000174001') = 0 from treasury.unposted_donations();
delete from treasury.closed_months where month = date_trunc('month', now() at time zone 'UTC')::date;
insert into core.donations (id, chain, currency, amount_usd, refunded_usd, status, confirmed_at, fmv_rate_at) values ('00000000-0000-7000-8000-000000174004', 'fiat', 'USD', 50, 20, 'confirmed', now(), now());
set local role hc_worker;
select treasury.post_pending(10000) >= 2;
select count(*) = 0 from treasury.unposted_donations() where donation_id in ('00000000-0000-7000-8000-000000174003', '00000000-0000-7000-8000-000000174004');
set local role hc_owner;
select treasury.asset_account(null, 'USDC-solana') = 'assets.crypto.usdc', treasury.asset_account(null, 'BTC-custodial') = 'assets.crypto.custodial', treasury.asset_account(null, 'EUR') = 'assets.suspense';
select has_function_privilege('hc_worker', 'treasury.post_pending(int)', 'execute') and not has_function_privilege('hc_finance', 'treasury.post_pending(int)', 'execute'), bool_and(has_function_privilege(role, 'treasury.unposted_donations()', 'execute')) and not has_function_privilege('hc_member', 'treasury.unposted_donations()', 'execute') from unnest(array['hc_worker', 'hc_finance', 'hc_auditor']) role;
select f, not has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_finance', f, 'execute') from unnest(array['treasury.asset_account(uuid, text)', 'treasury.post_donation(uuid)', 'treasury.post_refund(uuid, numeric, numeric)', 'treasury.post_gift_change()', 'treasury.gift_entry(uuid)']) f;
select bool_and(prosecdef) from pg_proc where oid in ('treasury.post_donation(uuid)'::regprocedure, 'treasury.post_refund(uuid, numeric, numeric)'::regprocedure, 'treasury.post_gift_change()'::regprocedure);
