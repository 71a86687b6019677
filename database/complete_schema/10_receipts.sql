-- Core table receipts: acknowledgements of donations for the tax office. Rows do not change: a correction or a void is another row. Numbers come from
-- core.number_series, which leaves no gap.

-- task: BUILD_0757 implement_table_feature critical
-- title: Gapless number series: core.number_series and core.next_number(series, period)
-- does: Each series counts in one row a period, locked until the transaction ends: a number that was rolled back is given to the next. Yearly series begin
--   at 1 in each year; number_gaps() compares a series with the table that uses it.
-- proves: numbers come in order and formatted, a rollback gives its number back, a new year starts at 1, number_gaps() names a missing, a doubled and an
--   invented number, an unknown series raises 22023 and only owner functions may count.
-- needs: BUILD_0005, BUILD_0015
create table core.number_series (
  series text not null constraint number_series_series_check check (series ~ '^[a-z][a-z0-9_]{0,31}$'),
  period text not null default '*' constraint number_series_period_check check (period ~ '^(\*|\d{4})$'),
  last_value bigint not null default 0 constraint number_series_last_value_check check (last_value >= 0),
  prefix text not null constraint number_series_prefix_check check (prefix ~ '^[A-Z][A-Z0-9]{0,7}$'),
  width int not null default 6 constraint number_series_width_check check (width between 1 and 12),
  is_yearly boolean not null default true,
  used_in text,
  used_as text not null default 'number',
  constraint number_series_series_period_pk primary key (series, period),
  constraint number_series_is_yearly_check check (is_yearly or period = '*')
);

create policy number_series_staff_select on core.number_series for select to hc_finance, hc_auditor using (true);

grant select on core.number_series to hc_finance, hc_auditor;

insert into core.number_series (series, prefix, width, used_in) values
  ('receipt', 'HC', 6, 'core.receipts'), ('order', 'MO', 6, 'production.orders'), ('entry', 'JE', 6, 'treasury.entries');

create function core.format_number(prefix text, period text, width int, value bigint) returns text
  language sql immutable strict parallel safe
  return concat_ws('-', prefix, nullif(period, '*'), lpad(value::text, greatest(width, length(value::text)), '0'));

create function core.next_number(series text, period text default null) returns text
  language plpgsql set search_path = ''
as $$
declare
  counted core.number_series;
begin
  insert into core.number_series as s (series, period, last_value, prefix, width, is_yearly, used_in, used_as)
  select d.series, case when d.is_yearly then coalesce(next_number.period, to_char(now() at time zone 'UTC', 'YYYY')) else '*' end, 1, d.prefix, d.width, d.is_yearly, d.used_in, d.used_as
  from core.number_series d where d.series = next_number.series and d.period = '*'
  on conflict on constraint number_series_series_period_pk do update set last_value = s.last_value + 1
  returning * into counted;
  if counted.series is null then
    raise exception using errcode = '22023', message = format('there is no number series %L', series), hint = 'Insert its row with period * into core.number_series.';
  end if;
  return core.format_number(counted.prefix, counted.period, counted.width, counted.last_value);
end $$;

create function core.number_gaps(series text, period text default null) returns table (number text, problem text)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  counted core.number_series;
begin
  select * into counted from core.number_series s
  where s.series = number_gaps.series and s.period = case when s.is_yearly then coalesce(number_gaps.period, to_char(now() at time zone 'UTC', 'YYYY')) else '*' end;
  if counted.series is null then
    return;
  elsif to_regclass(counted.used_in) is null then
    raise exception using errcode = '55000', message = format('series %s is used in %s, which is not there', counted.series, coalesce(counted.used_in, 'no table'));
  end if;
  return query execute format($q$
    with used as (select u.%1$I::text as number, count(*) as times from %2$s u where starts_with(u.%1$I::text, $1) group by 1),
      given as (select core.format_number($2, $3, $4, n) as number from generate_series(1, $5) n)
    select coalesce(g.number, u.number), case when u.number is null then 'missing' when g.number is null then 'never given' else 'used twice' end
    from given g full join used u on u.number = g.number
    where u.number is null or g.number is null or u.times > 1 order by 1 $q$, counted.used_as, counted.used_in)
    using concat_ws('-', counted.prefix, nullif(counted.period, '*')) || '-', counted.prefix, counted.period, counted.width, counted.last_value;
end $$;

comment on table core.number_series is 'Counters of numbers without gaps. The row of period * describes a series (and counts one that never starts anew); yearly ones count in a row a year. @distribution local';
comment on column core.number_series.series is 'As receipt, order or entry.';
comment on column core.number_series.period is 'Year, or * for the description.';
comment on column core.number_series.last_value is 'Last number given out.';
comment on column core.number_series.prefix is 'What numbers begin with, as HC of HC-2026-000123.';
comment on column core.number_series.width is 'Digits at least.';
comment on column core.number_series.is_yearly is 'Starts at 1 each year.';
comment on column core.number_series.used_in is 'Table the numbers go to, as text; may be made later than the series.';
comment on column core.number_series.used_as is 'Its column.';
comment on policy number_series_staff_select on core.number_series is 'Finance and audit see how far the counters are.';
comment on function core.format_number is 'A number as it is written: HC-2026-000123, or JE-000123 in a series without years.';
comment on function core.next_number is 'The next number of a series, in the running UTC year unless period says another. Locks the counter until the transaction ends: take it late. For owner functions.';
comment on function core.number_gaps is 'Numbers of a series and period that are missing in its table, there twice, or there and never given. Security definer: it reads the table whatever the policies of its caller.';

grant execute on function core.number_gaps to hc_finance, hc_auditor;

-- verify
create table core.probe_0757 (number text);
insert into core.number_series (series, prefix, used_in) values ('probe', 'PR', 'core.probe_0757')
returning period = '*' and last_value = 0 and width = 6 and is_yearly and used_as = 'number';
insert into core.number_series (series, prefix, width, is_yearly) values ('probe_b', 'PB', 3, false), ('probe_d', 'PD', 6, true);
insert into core.probe_0757 select core.next_number('probe', '2026') from generate_series(1, 4);
select array_agg(number order by number) = array['PR-2026-000001', 'PR-2026-000002', 'PR-2026-000003', 'PR-2026-000004'], not exists (select from core.number_gaps('probe', '2026')) from core.probe_0757;
select blueprint.raises($$ select core.next_number('probe', '2026'), 1 / 0 $$, '22012');
select core.next_number('probe', '2026') = 'PR-2026-000005', core.next_number('probe', '2027') = 'PR-2027-000001', core.next_number('probe_d') = to_char(now() at time zone 'UTC', '"PD"-YYYY-000001'),
  core.next_number('probe_b') = 'PB-001', core.next_number('probe_b') = 'PB-002', core.format_number('A', '*', 2, 1234) = 'A-1234';
insert into core.probe_0757 values ('PR-2026-000003'), ('PR-2026-000099'), ('PR-2027-000001');
select array_agg(number || ' ' || problem order by number) = array['PR-2026-000003 used twice', 'PR-2026-000005 missing', 'PR-2026-000099 never given'] from core.number_gaps('probe', '2026');
select not exists (select from core.number_gaps('probe', '1999')), blueprint.raises($$ select core.number_gaps('probe_b') $$, '55000', 'no table'),
  blueprint.raises($$ select core.next_number('no_such') $$, '22023', 'no_such'), blueprint.raises($$ select core.next_number('probe', '26') $$, '23514', 'number_series_period_check');
select vals, blueprint.raises(format('insert into core.number_series (series, period, last_value, prefix, width, is_yearly) values (%s)', vals), state, rule) from (values
  ($$ 'Probe', '*', 0, 'P', 6, true $$, '23514', 'number_series_series_check'), ($$ 'probe_c', '*', -1, 'P', 6, true $$, '23514', 'number_series_last_value_check'),
  ($$ 'probe_c', '*', 0, 'p', 6, true $$, '23514', 'number_series_prefix_check'), ($$ 'probe_c', '*', 0, 'P', 0, true $$, '23514', 'number_series_width_check'),
  ($$ 'probe_c', '2026', 0, 'P', 6, false $$, '23514', 'number_series_is_yearly_check'), ($$ 'probe', '*', 0, 'P', 6, true $$, '23505', 'number_series_series_period_pk')) v(vals, state, rule);
select array_agg(prefix order by prefix) = '{HC,JE,MO}' from core.number_series where series in ('receipt', 'order', 'entry') and period = '*';
select role, has_function_privilege(role, 'core.number_gaps(text, text)', 'execute') and not has_function_privilege(role, 'core.next_number(text, text)', 'execute')
  and not has_function_privilege(role, 'core.format_number(text, text, int, bigint)', 'execute') and not has_table_privilege(role, 'core.number_series', 'update') from unnest(array['hc_finance', 'hc_auditor']) role;
select relrowsecurity and relforcerowsecurity and not has_function_privilege('hc_member', 'core.number_gaps(text, text)', 'execute') from pg_class where oid = 'core.number_series'::regclass;
set local role hc_finance;
select count(*) = 3 from core.number_series where series = 'probe';
select count(*) = 3 from core.number_gaps('probe', '2026');
set local role hc_auditor;
select count(*) = 3 from core.number_series where series = 'probe';

-- task: BUILD_0751 create_table critical
-- title: Create core.receipts for tax acknowledgements with policies
-- does: One row per acknowledgement, with what it said about donor, organisation and gift at that time. Donors read theirs, finance and audit all; the
--   deductible amount is computed. Nobody writes but owner functions.
-- proves: donor A reads the own receipt and B none, finance reads both, deductible_usd is amount minus goods and never below 0, and cannot be written (428C9).
-- needs: BUILD_0005, BUILD_0013, BUILD_0015, BUILD_0701
create table core.receipts (
  id uuid default uuidv7() constraint receipts_id_pk primary key,
  number text not null,
  donation_id uuid,
  donor_id uuid,
  kind text not null default 'original',
  replaces_id uuid,
  replaced_by_id uuid,
  tax_year int not null,
  issued_at timestamptz not null default now(),
  donor jsonb not null default '{}' constraint receipts_donor_check check (jsonb_typeof(donor) = 'object'),
  organisation jsonb not null constraint receipts_organisation_check check (jsonb_typeof(organisation) = 'object'),
  amount_usd core.fiat_amount not null,
  property_description text,
  goods_value_usd core.fiat_amount not null default 0,
  deductible_usd core.fiat_amount generated always as (greatest(amount_usd - goods_value_usd, 0)) stored,
  needs_form_8283 boolean not null default false,
  needs_appraisal boolean not null default false,
  statement_text text not null,
  content_sha256 core.sha256,
  pdf_asset_id uuid,
  emailed_at timestamptz,
  verification_code text not null,
  metadata jsonb not null default '{}' constraint receipts_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create policy receipts_own_select on core.receipts for select to hc_member using (donor_id = (select core.current_user_id()));

create policy receipts_staff_select on core.receipts for select to hc_finance, hc_auditor using (true);

grant select on core.receipts to hc_member, hc_auditor;

comment on table core.receipts is 'Acknowledgements of gifts, annual statements, corrections and voids. Rows stay as they were issued. @retention 10 years @distribution local';
comment on column core.receipts.id is 'Version 7 UUID.';
comment on column core.receipts.number is 'HC-2026-000123: gapless within the tax year, series receipt.';
comment on column core.receipts.donation_id is 'The gift; null for annual statements.';
comment on column core.receipts.donor_id is 'Account of the donor, null for guests.';
comment on column core.receipts.kind is 'original, corrected, void or annual_statement.';
comment on column core.receipts.replaces_id is 'The receipt that this one corrects, voids or supersedes. @wix never';
comment on column core.receipts.replaced_by_id is 'The receipt that took the place of this one; null while it is live. @wix never';
comment on column core.receipts.tax_year is 'Year of the gift, which is the year of its number.';
comment on column core.receipts.issued_at is 'When it was issued.';
comment on column core.receipts.donor is 'Name, mail and address of the donor as they were. @pii retain @wix never';
comment on column core.receipts.organisation is 'legal_name, ein and address of the organisation as they were. @wix never';
comment on column core.receipts.amount_usd is 'Value of the gift; of property the fair market value as recorded by the organisation. 0 in a void.';
comment on column core.receipts.property_description is 'Quantity and kind of what was given, when it was not money.';
comment on column core.receipts.goods_value_usd is 'Good-faith value of what the donor got for it.';
comment on column core.receipts.deductible_usd is 'Amount less goods, never below 0.';
comment on column core.receipts.needs_form_8283 is 'The donor files form 8283 with the return.';
comment on column core.receipts.needs_appraisal is 'The donor needs a qualified appraisal.';
comment on column core.receipts.statement_text is 'The words of the acknowledgement.';
comment on column core.receipts.content_sha256 is 'Digest of what it says, to show that nothing changed. @wix never';
comment on column core.receipts.pdf_asset_id is 'The rendered file, set once.';
comment on column core.receipts.emailed_at is 'When it was sent, set once.';
comment on column core.receipts.verification_code is 'What a third party types in to check it: 12 characters, the last a check digit. @wix never';
comment on column core.receipts.metadata is 'Notes of the platform. @wix never';
comment on column core.receipts.created_at is 'When the row was made.';
comment on column core.receipts.updated_at is 'When the row last really changed.';
comment on policy receipts_own_select on core.receipts is 'Donors read their receipts.';
comment on policy receipts_staff_select on core.receipts is 'Finance and audit read every receipt.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000751001', 'ada-0751'), ('00000000-0000-7000-8000-000000751002', 'bob-0751');
insert into core.donations (id, donor_id, chain, currency, amount_usd) values ('00000000-0000-7000-8000-000000751011', '00000000-0000-7000-8000-000000751001', 'fiat', 'USD', 100);
insert into core.receipts (id, number, donation_id, donor_id, tax_year, issued_at, organisation, amount_usd, goods_value_usd, statement_text, verification_code) values
  ('00000000-0000-7000-8000-000000751021', 'HC-1951-975101', '00000000-0000-7000-8000-000000751011', '00000000-0000-7000-8000-000000751001', 1951, '1951-06-01 12:00+00',
    '{"legal_name": "Probe", "ein": "12-3456789", "address": {}}', 100, 30, 'Thank you. The good-faith value of goods and services was 30 USD.', 'PROBE0751AAA')
returning deductible_usd = 70 and kind = 'original' and not needs_form_8283 and not needs_appraisal and donor = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into core.receipts (number, donor_id, kind, tax_year, organisation, amount_usd, goods_value_usd, statement_text, verification_code) values
  (format('HC-%s-975102', to_char(now() at time zone 'UTC', 'YYYY')), '00000000-0000-7000-8000-000000751001', 'annual_statement', extract(year from now() at time zone 'UTC')::int,
    '{"legal_name": "Probe", "ein": "12-3456789", "address": {}}', 50, 0, 'Gifts of the year.', 'PROBE0751BBB')
returning deductible_usd = 50 and issued_at = now() and id is not null and goods_value_usd = 0;
insert into core.receipts (number, donor_id, kind, tax_year, organisation, amount_usd, statement_text, verification_code)
values (format('HC-%s-975103', to_char(now() at time zone 'UTC', 'YYYY')), null, 'annual_statement', extract(year from now() at time zone 'UTC')::int, '{"legal_name": "Probe", "ein": "12-3456789", "address": {}}', 9, 'Gifts.', 'PROBE0751CCC')
returning goods_value_usd = 0;
select blueprint.raises($$ update core.receipts set deductible_usd = 1 $$, '428C9', 'deductible_usd');
select col, blueprint.raises(format($$ insert into core.receipts (id, number, tax_year, donor, organisation, amount_usd, statement_text, verification_code, metadata)
  values (%s, 'HC-1951-975109', 1951, %s, %s, 1, 'x', 'PROBE0751DDD', %s) $$, id, donor, org, meta), state, rule) from (values
  ('id', $$ '00000000-0000-7000-8000-000000751021' $$, $$ '{}' $$, $$ '{}' $$, $$ '{}' $$, '23505', 'receipts_id_pk'), ('donor', 'default', $$ '[]' $$, $$ '{}' $$, $$ '{}' $$, '23514', 'receipts_donor_check'),
  ('org', 'default', $$ '{}' $$, $$ '[]' $$, $$ '{}' $$, '23514', 'receipts_organisation_check'), ('meta', 'default', $$ '{}' $$, $$ '{}' $$, $$ '[]' $$, '23514', 'receipts_metadata_check')) v(col, id, donor, org, meta, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.receipts'::regclass;
select core.act_as('00000000-0000-7000-8000-000000751001');
set local role hc_member;
select count(*) = 2 and sum(deductible_usd) = 120 from core.receipts;
select blueprint.raises('delete from core.receipts', '42501'), blueprint.raises($$ update core.receipts set amount_usd = 1 $$, '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000751002');
set local role hc_member;
select count(*) = 0 from core.receipts;
set local role hc_finance;
select count(*) = 3 from core.receipts where verification_code like 'PROBE0751%';
set local role hc_auditor;
select count(*) = 3 from core.receipts where verification_code like 'PROBE0751%';
