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
select col, blueprint.raises(format($$ insert into core.receipts (id, kind, number, tax_year, donor, organisation, amount_usd, statement_text, verification_code, metadata)
  values (%s, 'annual_statement', 'HC-1951-975109', 1951, %s, %s, 1, 'x', 'PROBE0751DDD', %s) $$, id, donor, org, meta), state, rule) from (values
  ('id', $$ '00000000-0000-7000-8000-000000751021' $$, $$ '{}' $$, $$ '{"legal_name": "Probe", "ein": "12-3456789"}' $$, $$ '{}' $$, '23505', 'receipts_id_pk'), ('donor', 'default', $$ '[]' $$, $$ '{"legal_name": "Probe", "ein": "12-3456789"}' $$, $$ '{}' $$, '23514', 'receipts_donor_check'),
  ('org', 'default', $$ '{}' $$, $$ '[]' $$, $$ '{}' $$, '23514', 'receipts_organisation_check'), ('meta', 'default', $$ '{}' $$, $$ '{"legal_name": "Probe", "ein": "12-3456789"}' $$, $$ '[]' $$, '23514', 'receipts_metadata_check')) v(col, id, donor, org, meta, state, rule);
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

-- task: BUILD_0752 create_table_indexes
-- title: Index receipts by donor year, donation and code
-- does: A donor's receipts of a year, those of a gift, the one of a number or a code, what waits to be rendered; a receipt is replaced once.
-- proves: year list and rendering queue are served by their indexes; a number, a code and a second successor are refused.
-- needs: BUILD_0005, BUILD_0751
create index receipts_donor_id_tax_year_idx on core.receipts (donor_id, tax_year) where donor_id is not null;
create index receipts_donation_id_issued_at_idx on core.receipts (donation_id, issued_at desc) where donation_id is not null;
create unique index receipts_number_key on core.receipts (number);
create unique index receipts_verification_code_key on core.receipts (verification_code);
create index receipts_to_render_idx on core.receipts (issued_at) where pdf_asset_id is null;
create unique index receipts_replaces_id_key on core.receipts (replaces_id) where replaces_id is not null;

comment on index core.receipts_donor_id_tax_year_idx is 'Receipts of a donor and year; and the foreign key.';
comment on index core.receipts_donation_id_issued_at_idx is 'Receipts of a gift, newest first; and the foreign key.';
comment on index core.receipts_number_key is 'The receipt of a number.';
comment on index core.receipts_verification_code_key is 'The receipt of a code (core.verify_receipt).';
comment on index core.receipts_to_render_idx is 'Receipts without a file, oldest first.';
comment on index core.receipts_replaces_id_key is 'What took the place of a receipt, one at most; and the foreign key.';

-- verify
insert into core.receipts (id, kind, number, tax_year, organisation, amount_usd, statement_text, verification_code)
select ('00000000-0000-7000-8000-00000075200' || n)::uuid, 'annual_statement', 'HC-2001-97520' || n, 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 5, 'Gifts.', 'PROBE0752AA' || n from generate_series(1, 2) n;
select cols, blueprint.raises(format($$ insert into core.receipts (kind, tax_year, organisation, amount_usd, statement_text, number, verification_code, replaces_id) values ('annual_statement', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 5, 'Gifts.', %s) $$, cols), '23505', rule) from (values
  ($$ 'HC-2001-975201', 'PROBE0752BB1', null $$, 'receipts_number_key'), ($$ 'HC-2001-975203', 'PROBE0752AA1', null $$, 'receipts_verification_code_key')) v(cols, rule);
insert into core.receipts (kind, tax_year, organisation, amount_usd, statement_text, number, verification_code, replaces_id) values ('annual_statement', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 5, 'Gifts.', 'HC-2001-975204', 'PROBE0752AA4', '00000000-0000-7000-8000-000000752001');
select blueprint.raises($$ insert into core.receipts (kind, tax_year, organisation, amount_usd, statement_text, number, verification_code, replaces_id) values ('annual_statement', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 5, 'Gifts.', 'HC-2001-975205', 'PROBE0752AA5', '00000000-0000-7000-8000-000000752001') $$, '23505', 'receipts_replaces_id_key');
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.receipts where donor_id = '00000000-0000-7000-8000-000000752001' and tax_year = 2026 $$, 'receipts_donor_id_tax_year_idx'), ($$ select from core.receipts where donation_id = '00000000-0000-7000-8000-000000752001' order by issued_at desc $$, 'receipts_donation_id_issued_at_idx'),
  ($$ select from core.receipts where number = 'x' $$, 'receipts_number_key'), ($$ select from core.receipts where verification_code = 'x' $$, 'receipts_verification_code_key'), ($$ select from core.receipts where pdf_asset_id is null order by issued_at limit 10 $$, 'receipts_to_render_idx'),
  ($$ select from core.receipts where replaces_id = '00000000-0000-7000-8000-000000752001' $$, 'receipts_replaces_id_key')) v(sql, index);

-- task: BUILD_0753 create_table_constraints critical
-- title: Constrain receipts: one live original, numbers, EIN, disclosure text
-- does: A gift has one first original, and each receipt one successor, so one is live; numbers carry the tax year, organisations an EIN, benefits their good-faith sentence; property is described and never valued by us, corrections and voids
--   say what they replace, amounts are positive except in a void.
-- proves: each rule refuses the row that breaks it: a second original 23505, EIN 12345, benefits without the sentence, a void that replaces nothing 23514.
-- needs: BUILD_0691, BUILD_0751, BUILD_0752
create unique index receipts_donation_id_key on core.receipts (donation_id) where kind = 'original' and replaces_id is null;
create index receipts_replaced_by_id_idx on core.receipts (replaced_by_id) where replaced_by_id is not null;
create index receipts_pdf_asset_id_idx on core.receipts (pdf_asset_id) where pdf_asset_id is not null;

alter table core.receipts
  add constraint receipts_kind_check check (kind in ('original', 'corrected', 'void', 'annual_statement')),
  add constraint receipts_number_check check (number ~ ('^HC-' || tax_year::text || '-\d{6,}$')),
  add constraint receipts_tax_year_check check (tax_year <= extract(year from issued_at at time zone 'UTC')),
  add constraint receipts_ein_check check (jsonb_typeof(organisation) <> 'object' or coalesce(organisation ->> 'ein' ~ '^\d{2}-\d{7}$' and organisation ->> 'legal_name' <> '', false)),
  add constraint receipts_amount_usd_check check (amount_usd > 0 or kind = 'void' and amount_usd = 0),
  add constraint receipts_goods_value_usd_check check (goods_value_usd = 0 or goods_value_usd > 0 and statement_text ~* 'good[- ]faith'),
  add constraint receipts_property_description_check check (length(property_description) >= 3 and length(property_description) <= 500 and property_description !~* '(\$|\m(USD|EUR))\s*\d|\d\s*(\$|(USD|EUR)\M)'),
  add constraint receipts_replaces_id_check check (replaces_id <> id and (replaces_id is not null or kind in ('original', 'annual_statement')) or replaces_id is null and kind in ('original', 'annual_statement')),
  add constraint receipts_donation_id_check check ((kind = 'annual_statement') = (donation_id is null)),
  add constraint receipts_statement_text_check check (statement_text <> ''),
  add constraint receipts_verification_code_check check (verification_code ~ '^[0-9A-Z]{12}$'),
  add constraint receipts_donation_id_fk foreign key (donation_id) references core.donations (id),
  add constraint receipts_donor_id_fk foreign key (donor_id) references core.users (id),
  add constraint receipts_replaces_id_fk foreign key (replaces_id) references core.receipts (id),
  add constraint receipts_replaced_by_id_fk foreign key (replaced_by_id) references core.receipts (id),
  add constraint receipts_pdf_asset_id_fk foreign key (pdf_asset_id) references core.assets (id);

comment on index core.receipts_donation_id_key is 'A gift has one first original; what follows takes the place of another receipt: corrections, voids, and an original after a void.';
comment on index core.receipts_replaced_by_id_idx is 'What a receipt took the place of; and the foreign key.';
comment on index core.receipts_pdf_asset_id_idx is 'The receipt of a file; and the foreign key.';
comment on constraint receipts_tax_year_check on core.receipts is 'Issued in the tax year or later.';
comment on constraint receipts_goods_value_usd_check on core.receipts is 'What the donor got is valued in good faith, and the text says so.';
comment on constraint receipts_property_description_check on core.receipts is 'Property is described; its value is the donor''s to state.';
comment on constraint receipts_replaces_id_check on core.receipts is 'Corrections and voids say what they replace.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000753001', 'ada-0753');
insert into core.donations (id, chain, currency, amount_usd) values ('00000000-0000-7000-8000-000000753011', 'fiat', 'USD', 100);
insert into core.receipts (id, donation_id, number, tax_year, organisation, amount_usd, goods_value_usd, statement_text, property_description, verification_code) values
  ('00000000-0000-7000-8000-000000753021', '00000000-0000-7000-8000-000000753011', 'HC-2001-975301', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 100, 10, 'In return you got a hinge; our good-faith estimate of its value is 10.', '100.5 USDC-ethereum (USD Coin)', 'PROBE0753AA1');
insert into core.receipts (id, kind, replaces_id, donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000753022', 'void', '00000000-0000-7000-8000-000000753021', '00000000-0000-7000-8000-000000753011', 'HC-2001-975302', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 0, 'Void.', 'PROBE0753AA2');
insert into core.receipts (id, kind, replaces_id, donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000753023', 'original', '00000000-0000-7000-8000-000000753022', '00000000-0000-7000-8000-000000753011', 'HC-2001-975303', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 100, 'Thank you.', 'PROBE0753AA3');
select rule, blueprint.raises(format($$ insert into core.receipts (donation_id, number, tax_year, verification_code, organisation, statement_text, kind, amount_usd, goods_value_usd, property_description, replaces_id, %s) values (%L, 'HC-2001-975309', 2001, 'PROBE0753AA9', %L, %L, %L, %s, %s, %L, %L, %s) $$,
    coalesce(col, 'donor'), donation, '{"legal_name": "Probe", "ein": "' || ein || '"}', txt, kind, amount, goods, prop, rep, coalesce(val, '''{}''')), state, rule)
from (values
  ('23505', 'receipts_donation_id_key', '00000000-0000-7000-8000-000000753011', '12-3456789', 'x', 'original', 1, 0, null, null, null, null), ('23514', 'receipts_ein_check', null, '12345', 'x', 'annual_statement', 1, 0, null, null, null, null),
  ('23514', 'receipts_kind_check', '00000000-0000-7000-8000-000000753011', '12-3456789', 'x', 'copy', 1, 0, null, '00000000-0000-7000-8000-000000753021', null, null), ('23514', 'receipts_amount_usd_check', null, '12-3456789', 'x', 'annual_statement', 0, 0, null, null, null, null),
  ('23514', 'receipts_goods_value_usd_check', null, '12-3456789', 'x', 'annual_statement', 9, 5, null, null, null, null), ('23514', 'receipts_property_description_check', null, '12-3456789', 'x', 'annual_statement', 9, 0, '0.01 BTC worth 600 USD', null, null, null),
  ('23514', 'receipts_replaces_id_check', '00000000-0000-7000-8000-000000753011', '12-3456789', 'x', 'void', 0, 0, null, null, null, null), ('23514', 'receipts_donation_id_check', null, '12-3456789', 'x', 'corrected', 1, 0, null, '00000000-0000-7000-8000-000000753021', null, null),
  ('23514', 'receipts_statement_text_check', null, '12-3456789', '', 'annual_statement', 1, 0, null, null, null, null), ('23514', 'receipts_tax_year_check', null, '12-3456789', 'x', 'annual_statement', 1, 0, null, null, 'issued_at', '''2000-12-31 23:00+00'''),
  ('23503', 'receipts_donor_id_fk', null, '12-3456789', 'x', 'annual_statement', 1, 0, null, null, 'donor_id', 'uuidv7()'), ('23503', 'receipts_replaces_id_fk', null, '12-3456789', 'x', 'annual_statement', 1, 0, null, '00000000-0000-7000-8000-00000075302f', null, null),
  ('23503', 'receipts_replaced_by_id_fk', null, '12-3456789', 'x', 'annual_statement', 1, 0, null, null, 'replaced_by_id', 'uuidv7()'), ('23503', 'receipts_pdf_asset_id_fk', null, '12-3456789', 'x', 'annual_statement', 1, 0, null, null, 'pdf_asset_id', 'uuidv7()'),
  ('23503', 'receipts_donation_id_fk', '00000000-0000-7000-8000-00000075301f', '12-3456789', 'x', 'original', 1, 0, null, null, null, null)) v(state, rule, donation, ein, txt, kind, amount, goods, prop, rep, col, val);
select blueprint.raises($$ insert into core.receipts (kind, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('annual_statement', 'HC-2002-975309', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 1, 'x', 'PROBE0753AA9') $$, '23514', 'receipts_number_check'),
  blueprint.raises($$ insert into core.receipts (kind, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('annual_statement', 'HC-2001-975309', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 1, 'x', 'short') $$, '23514', 'receipts_verification_code_check');
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.receipts where replaced_by_id = '00000000-0000-7000-8000-000000753021' $$, 'receipts_replaced_by_id_idx'), ($$ select from core.receipts where pdf_asset_id = '00000000-0000-7000-8000-000000753021' $$, 'receipts_pdf_asset_id_idx')) v(sql, index);

-- task: BUILD_0754 create_table_triggers critical
-- title: Attach receipt triggers: immutable content, hash and status of the donation
-- does: A receipt gets the digest of what it says and never changes, save that file, mailing and successor are set once. Issuing one marks the gift, a correction or void the receipt it replaces.
--   Nothing is deleted.
-- proves: an amount does not change, the file is set once and not twice, the digest recomputes, the gift knows its number, the replaced receipt its successor, delete and truncate raise.
-- needs: BUILD_0014, BUILD_0753
create function core.receipt_digest(receipt core.receipts) returns bytea
  language sql immutable
  return sha256(convert_to(jsonb_build_array((receipt).number, (receipt).kind, (receipt).donation_id, (receipt).donor_id, (receipt).replaces_id, (receipt).tax_year, extract(epoch from (receipt).issued_at), (receipt).donor, (receipt).organisation,
    (receipt).amount_usd, (receipt).property_description, (receipt).goods_value_usd, (receipt).needs_form_8283, (receipt).needs_appraisal, (receipt).statement_text)::text, 'UTF8'));

create function core.stamp_receipt() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.content_sha256 := core.receipt_digest(new);
  return new;
end $$;

create function core.guard_receipt() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  free constant text[] := array['pdf_asset_id', 'emailed_at', 'replaced_by_id', 'updated_at', 'deductible_usd', '_id', '_createdDate', '_updatedDate', '_owner'];
begin
  if to_jsonb(new) - free <> to_jsonb(old) - free or old.pdf_asset_id is not null and new.pdf_asset_id is distinct from old.pdf_asset_id
      or old.emailed_at is not null and new.emailed_at is distinct from old.emailed_at or old.replaced_by_id is not null and new.replaced_by_id is distinct from old.replaced_by_id then
    raise exception using errcode = '55006', schema = 'core', table = 'receipts', message = 'a receipt stays as it was issued; file, mailing and successor are set once', hint = 'Correct or void it: core.correct_receipt(), core.void_receipt().';
  end if;
  return new;
end $$;

create function core.mark_receipt() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update core.receipts r set replaced_by_id = new.id where r.id = new.replaces_id;
  update core.donations d
  set metadata = (d.metadata - array['receipt', 'receipt_void', 'receipt_due']) || case new.kind when 'void' then jsonb_build_object('receipt_void', new.number) else jsonb_build_object('receipt', new.number) end
  where d.id = new.donation_id;
  return null;
end $$;

create trigger receipts_stamp before insert on core.receipts for each row execute function core.stamp_receipt();
create trigger receipts_guard before update on core.receipts for each row execute function core.guard_receipt();
create trigger receipts_mark after insert on core.receipts for each row when (new.donation_id is not null or new.replaces_id is not null) execute function core.mark_receipt();
create trigger receipts_no_delete before delete on core.receipts for each row execute function core.forbid_change();
create trigger receipts_no_truncate before truncate on core.receipts for each statement execute function core.forbid_change();

select core.attach_standard('core.receipts');

comment on function core.receipt_digest is 'SHA-256 over what a receipt says, as a JSON array of its columns. For owner functions.';
comment on function core.stamp_receipt is 'Trigger of core.receipts: the digest.';
comment on function core.guard_receipt is 'Trigger of core.receipts: content stays, file, mailing and successor are set once.';
comment on function core.mark_receipt is 'Trigger of core.receipts: tells the gift and the receipt that was replaced. Security definer: who issues writes neither.';
comment on trigger receipts_stamp on core.receipts is 'The digest of what it says.';
comment on trigger receipts_guard on core.receipts is 'Receipts stay as issued.';
comment on trigger receipts_mark on core.receipts is 'Gift and predecessor know.';
comment on trigger receipts_no_delete on core.receipts is 'Receipts are kept.';
comment on trigger receipts_no_truncate on core.receipts is 'Receipts are kept.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000754001', 'ada-0754');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000754031', '00000000-0000-7000-8000-000000754001', 'a.pdf', 'application/pdf', 1), ('00000000-0000-7000-8000-000000754032', '00000000-0000-7000-8000-000000754001', 'b.pdf', 'application/pdf', 1);
insert into core.donations (id, chain, currency, amount_usd, metadata) values ('00000000-0000-7000-8000-000000754011', 'fiat', 'USD', 100, '{"receipt_due": "correct"}');
insert into core.receipts (id, donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000754021', '00000000-0000-7000-8000-000000754011', 'HC-2001-975401', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 100, 'Thank you.', 'PROBE0754AA1')
returning content_sha256 is not null;
select content_sha256 = core.receipt_digest(r) and content_sha256 = sha256(convert_to(jsonb_build_array(number, kind, donation_id, donor_id, replaces_id, tax_year, extract(epoch from issued_at), donor, organisation, amount_usd, property_description, goods_value_usd, needs_form_8283, needs_appraisal, statement_text)::text, 'UTF8'))
from core.receipts r where id = '00000000-0000-7000-8000-000000754021';
select metadata = '{"receipt": "HC-2001-975401"}' from core.donations where id = '00000000-0000-7000-8000-000000754011';
update core.receipts set pdf_asset_id = '00000000-0000-7000-8000-000000754031', emailed_at = now() where id = '00000000-0000-7000-8000-000000754021' returning updated_at >= now();
insert into core.receipts (id, kind, replaces_id, donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000754022', 'void', '00000000-0000-7000-8000-000000754021', '00000000-0000-7000-8000-000000754011', 'HC-2001-975402', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 0, 'Void.', 'PROBE0754AA2');
select replaced_by_id = '00000000-0000-7000-8000-000000754022' from core.receipts where id = '00000000-0000-7000-8000-000000754021';
select metadata = '{"receipt_void": "HC-2001-975402"}' from core.donations where id = '00000000-0000-7000-8000-000000754011';
insert into core.receipts (replaces_id, donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000754022', '00000000-0000-7000-8000-000000754011', 'HC-2001-975404', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 100, 'Thank you.', 'PROBE0754AA4');
select metadata = '{"receipt": "HC-2001-975404"}' from core.donations where id = '00000000-0000-7000-8000-000000754011';
select change, blueprint.raises(format($$ update core.receipts set %s where id = '00000000-0000-7000-8000-000000754021' $$, change), '55006') from unnest(array['amount_usd = 1', $$ statement_text = 'x' $$, $$ pdf_asset_id = '00000000-0000-7000-8000-000000754032' $$, 'pdf_asset_id = null', 'emailed_at = null', 'replaced_by_id = null', 'content_sha256 = null', $$ metadata = '{"a": 1}' $$]) change;
select blueprint.raises($$ delete from core.receipts where id = '00000000-0000-7000-8000-000000754021' $$, '55006', 'delete'), blueprint.raises('truncate core.receipts cascade', '55006', 'truncate');
update core.receipts set updated_at = now() - interval '1 day' where number = 'HC-2001-975404' returning updated_at = created_at;
select (select count(*) = 1 from pg_trigger where tgrelid = 'core.receipts'::regclass and tgname = 'receipts_freeze' and tgenabled = 'O'), bool_and(not has_function_privilege('hc_member', f, 'execute')) from unnest(array['core.receipt_digest(core.receipts)', 'core.stamp_receipt()', 'core.guard_receipt()', 'core.mark_receipt()']) f;
grant usage on schema core to hc_replicator;
grant insert on core.receipts to hc_replicator;
create policy probe_0754 on core.receipts for insert to hc_replicator with check (true);
grant execute on function core.receipt_digest to hc_replicator;
insert into core.donations (id, chain, currency, amount_usd) values ('00000000-0000-7000-8000-000000754012', 'fiat', 'USD', 100);
set local role hc_replicator;
insert into core.receipts (donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000754012', 'HC-2001-975403', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 100, 'Thank you.', 'PROBE0754AA3');
set local role hc_owner;
select metadata ->> 'receipt' = 'HC-2001-975403' from core.donations where id = '00000000-0000-7000-8000-000000754012';

-- revert
select core.detach_standard('core.receipts');
drop trigger receipts_mark on core.receipts;
drop trigger receipts_guard on core.receipts;
drop trigger receipts_stamp on core.receipts;
drop function core.mark_receipt, core.guard_receipt, core.stamp_receipt, core.receipt_digest;

-- task: BUILD_0755 create_table_jsonb_indexes
-- title: Index donor snapshot JSONB for state filings and address campaigns
-- does: core.receipts_in_region(country, region, year) adds up live receipts for the charity reports of states, core.receipts_for_contact(digest) finds those of a mail, so that a guest can claim them.
-- proves: two receipts of California are added up through the expression index and a replaced one is left out, the contact look-up uses GIN.
-- needs: BUILD_0005, BUILD_0751
create index receipts_donor_idx on core.receipts using gin (donor jsonb_path_ops);
create index receipts_region_tax_year_idx on core.receipts ((donor #>> '{address,region}'), tax_year);

comment on index core.receipts_donor_idx is 'Receipts by what donors are known by (core.receipts_for_contact).';
comment on index core.receipts_region_tax_year_idx is 'Receipts of a state and year (core.receipts_in_region).';

create function core.receipts_in_region(country text, region text, year int) returns table (receipts bigint, donors bigint, amount_usd numeric, goods_usd numeric)
  language sql stable
begin atomic
  select count(*), count(distinct coalesce(r.donor_id::text, r.donor ->> 'mail_sha256', r.id::text)), coalesce(sum(r.amount_usd), 0)::numeric, coalesce(sum(r.goods_value_usd), 0)::numeric from core.receipts r
  where r.donor #>> '{address,region}' = receipts_in_region.region and r.tax_year = year and r.donor #>> '{address,country}' = receipts_in_region.country and r.kind in ('original', 'corrected') and r.replaced_by_id is null;
end;

create function core.receipts_for_contact(mail_sha256 text) returns setof uuid
  language sql stable
begin atomic
  select r.id from core.receipts r where r.donor @> jsonb_build_object('mail_sha256', receipts_for_contact.mail_sha256) and r.donor_id is null;
end;

comment on function core.receipts_in_region is 'Live receipts of a state and year: how many, of how many donors, gifts and what was given for them.';
comment on function core.receipts_for_contact is 'Guests'' receipts of a mail, by the SHA-256 of its lower-case text in hexadecimal.';

grant execute on function core.receipts_in_region, core.receipts_for_contact to hc_finance, hc_auditor;

-- verify
insert into core.donations (id, chain, currency, amount_usd) select ('00000000-0000-7000-8000-00000075501' || n)::uuid, 'fiat', 'USD', 100 from generate_series(1, 4) n;
insert into core.receipts (id, donation_id, number, tax_year, organisation, amount_usd, statement_text, verification_code, donor)
select ('00000000-0000-7000-8000-00000075502' || n)::uuid, ('00000000-0000-7000-8000-00000075501' || n)::uuid, 'HC-2001-97550' || n, 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', n * 10, 'Thank you.', 'PROBE0755AA' || n, jsonb_build_object('mail_sha256', 'probe0755-' || n % 2, 'address', jsonb_build_object('country', 'US', 'region', region))
from (values (1, 'P7'), (2, 'P7'), (3, 'P8'), (4, 'P7')) v(n, region);
insert into core.receipts (donation_id, kind, replaces_id, number, tax_year, organisation, amount_usd, statement_text, verification_code) values ('00000000-0000-7000-8000-000000755014', 'void', '00000000-0000-7000-8000-000000755024', 'HC-2001-975505', 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 0, 'Void.', 'PROBE0755AA5');
update core.receipts set replaced_by_id = (select id from core.receipts where number = 'HC-2001-975505') where number = 'HC-2001-975504';
select receipts = 2 and donors = 2 and amount_usd = 30 and goods_usd = 0 from core.receipts_in_region('US', 'P7', 2001);
select array_agg(r order by r) = '{00000000-0000-7000-8000-000000755021,00000000-0000-7000-8000-000000755023}' from core.receipts_for_contact('probe0755-1') r;
select index, blueprint.plan_uses(sql, index) from (values ($$ select * from core.receipts_in_region('US', 'CA', 2026) $$, 'receipts_region_tax_year_idx'), ($$ select * from core.receipts_for_contact('x') $$, 'receipts_donor_idx')) v(sql, index);
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_auditor']) role, unnest(array['core.receipts_in_region(text, text, int)', 'core.receipts_for_contact(text)']) f;

-- task: BUILD_0756 add_wix_columns
-- title: Add Wix columns to core.receipts (owner = donor or system)
-- does: The four columns by which Wix knows a row; members see number and statement of their receipts there, never the snapshot of the donor.
-- proves: a guest's receipt is owned by system and a member's by the member, setting the file moves _updatedDate, a write raises 428C9, the snapshot stays hidden.
-- needs: BUILD_0666, BUILD_0691, BUILD_0751
alter table core.receipts
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (coalesce(donor_id::text, 'system')) virtual;

comment on column core.receipts."_id" is 'The id, as Wix names it. @wix read';
comment on column core.receipts."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.receipts."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.receipts."_owner" is 'The donor, or system. @wix read';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000756001', 'ada-0756');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000756031', '00000000-0000-7000-8000-000000756001', 'a.pdf', 'application/pdf', 1);
insert into core.receipts (id, donor_id, kind, number, tax_year, organisation, amount_usd, statement_text, verification_code)
select ('00000000-0000-7000-8000-00000075602' || n)::uuid, u::uuid, 'annual_statement', 'HC-2001-97560' || n, 2001, '{"legal_name": "Probe", "ein": "12-3456789"}', 5, 'Gifts.', 'PROBE0756AA' || n from (values (1, null), (2, '00000000-0000-7000-8000-000000756001')) v(n, u);
update core.receipts set pdf_asset_id = '00000000-0000-7000-8000-000000756031', updated_at = created_at + interval '1 hour' where id = '00000000-0000-7000-8000-000000756021' returning "_updatedDate" = updated_at and "_owner" = 'system';
select "_id" = id::text, "_owner" = coalesce(donor_id::text, 'system'), "_createdDate" = created_at from core.receipts where id in ('00000000-0000-7000-8000-000000756021', '00000000-0000-7000-8000-000000756022');
select c, blueprint.raises(format('update core.receipts set %I = null', c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.receipts'), count(*) filter (where column_name in ('donor', 'organisation', 'metadata', 'verification_code')) = 0, count(*) filter (where column_name in ('number', 'statement_text')) = 2, bool_and(access = 'read') from core.wix_columns('core.receipts');

-- task: BUILD_0758 implement_table_feature critical
-- title: Issue receipts by US rules: core.issue_receipt(donation)
-- does: A confirmed gift that nothing went back of gets its receipt once: money with its amount, property described with the value on our own record only, the acknowledgement, the words about goods
--   and services, and what form 8283 and an appraisal take, by the thresholds of its day. After a void it gets another number only when it was confirmed again since, as when a chain gave it back.
--   core.organisation_versions holds name, EIN and address of the organisation in time.
-- proves: 600 USD of bitcoin need form 8283, 6,000 an appraisal too, 100 in cash neither; issuing twice gives one number; a pending, a refunded and an anonymous gift without request raise; a voided receipt
--   stays void until the gift is confirmed again, then another number takes its place; numbers have no gap.
-- needs: BUILD_0020, BUILD_0040, BUILD_0703, BUILD_0711, BUILD_0747, BUILD_0754, BUILD_0757
create table core.organisation_versions (
  id uuid default uuidv7() constraint organisation_versions_id_pk primary key,
  code text not null default 'main' constraint organisation_versions_code_check check (code ~ '^[a-z][a-z0-9_]{0,31}$'),
  legal_name text not null constraint organisation_versions_legal_name_check check (length(legal_name) between 1 and 200),
  ein text not null constraint organisation_versions_ein_check check (ein ~ '^\d{2}-\d{7}$'),
  address jsonb not null constraint organisation_versions_address_check check (jsonb_typeof(address) = 'object'),
  during tstzrange not null,
  constraint organisation_versions_code_during_key unique (code, during without overlaps)
);

create policy organisation_versions_select on core.organisation_versions for select to hc_anon, hc_worker, hc_auditor using (true);

grant select on core.organisation_versions to hc_anon, hc_worker, hc_auditor;

create function core.set_organisation(legal_name text, ein text, address jsonb, since timestamptz default now()) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
begin
  if not core.has_role('hc_finance') then
    raise exception using errcode = '42501', message = 'the organisation is entered by hc_finance';
  end if;
  return core.replace_period('core.organisation_versions', '{"code": "main"}', jsonb_build_object('id', uuidv7(), 'legal_name', legal_name, 'ein', ein, 'address', address), since);
end $$;

create function core.receipt_check_char(body text) returns text
  language sql immutable strict parallel safe
  return (select substr('23456789ABCDEFGHJKMNPQRSTUVWXYZ', ((31 - sum(n * (strpos('23456789ABCDEFGHJKMNPQRSTUVWXYZ', c) - 1)) % 31) * 13 % 31)::int + 1, 1)
    from regexp_split_to_table(left(body, 11), '') with ordinality l(c, n));

create function core.receipt_code() returns text
  language sql volatile
  return (select b.body || core.receipt_check_char(b.body)
    from (select string_agg(substr('23456789ABCDEFGHJKMNPQRSTUVWXYZ', get_byte(r.bytes, n) % 31 + 1, 1), '' order by n) as body from (select extensions.gen_random_bytes(11) as bytes) r, generate_series(0, 10) n) b);

create function core.issue_receipt(donation uuid, on_request boolean default false) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  gift core.donations;
  org core.organisation_versions;
  last core.receipts;
  year int;
  issued text;
  is_property boolean;
  words text;
begin
  select * into gift from core.donations d where d.id = donation for update;
  select * into last from core.receipts r where r.donation_id = donation and r.replaced_by_id is null;
  if last.kind <> 'void' then
    return last.number;
  elsif last.kind = 'void' and not exists (select from core.status_changes s where s.entity_id = donation and s.to_status = 'confirmed' and s.id > last.id) then
    raise exception using errcode = '55000', message = 'the receipt of this donation was voided', hint = 'A new one is given when the donation is confirmed again.';
  elsif gift.status is null or gift.status not in ('confirmed', 'reconciled') or gift.refunded_usd > 0 then
    raise exception using errcode = '55000', message = 'receipts are for confirmed donations that nothing was refunded of';
  elsif gift.is_anonymous and not on_request then
    raise exception using errcode = '55000', message = 'anonymous donors get a receipt when they ask for it';
  end if;
  select * into org from core.organisation_versions o where o.code = 'main' and o.during @> now();
  if org.id is null then
    raise exception using errcode = '55000', message = 'name and EIN of the organisation are not entered', hint = 'core.set_organisation()';
  end if;
  year := extract(year from gift.confirmed_at at time zone 'UTC');
  is_property := gift.amount_crypto is not null;
  words := format('%s (EIN %s) acknowledges with thanks your gift of %s, received on %s.', org.legal_name, org.ein,
      case when is_property then trim_scale(gift.amount_crypto) || ' ' || gift.currency else to_char(gift.amount_usd, 'FM999,999,999,990.00') || ' USD' end, to_char(gift.confirmed_at at time zone 'UTC', 'YYYY-MM-DD'))
    || case when gift.goods_value_usd = 0 then ' No goods or services were provided in exchange.'
      else format(' In exchange you received goods or services; our good-faith estimate of their value is %s USD. The deductible amount is limited to what exceeds it.', to_char(gift.goods_value_usd, 'FM999,999,999,990.00')) end
    || case when is_property then ' The value of property is for the donor to determine.' else '' end
    || coalesce((select format(' This takes the place of receipt %s, which is void.', v.number) from core.receipts v where v.id = last.replaces_id), '');
  insert into core.receipts (number, donation_id, donor_id, replaces_id, tax_year, donor, organisation, amount_usd, property_description, goods_value_usd, needs_form_8283, needs_appraisal, statement_text, verification_code, metadata)
  select core.next_number('receipt', year::text), donation, gift.donor_id, last.id, year,
    jsonb_strip_nulls(jsonb_build_object('name', coalesce(gift.donor_name, u.display_name), 'mail', coalesce(gift.donor_email, u.email)::text, 'mail_sha256', encode(sha256(convert_to(lower(coalesce(gift.donor_email, u.email)::text), 'UTF8')), 'hex'),
      'address', gift.metadata -> 'donor_address')),
    jsonb_build_object('legal_name', org.legal_name, 'ein', org.ein, 'address', org.address), gift.amount_usd,
    case when is_property then format('%s %s (%s)', trim_scale(gift.amount_crypto), gift.currency, c.name) end, gift.goods_value_usd,
    is_property and gift.amount_usd > core.threshold('form_8283', 'US', gift.confirmed_at), is_property and gift.amount_usd > core.threshold('appraisal', 'US', gift.confirmed_at), words, core.receipt_code(),
    jsonb_build_object('acknowledgement_required', gift.amount_usd >= core.threshold('receipt_acknowledgement', 'US', gift.confirmed_at), 'disclosure_required', gift.goods_value_usd > 0 and gift.amount_usd > core.threshold('quid_pro_quo', 'US', gift.confirmed_at))
  from core.currencies c left join core.users u on u.id = gift.donor_id where c.code = gift.currency
  returning number into issued;
  return issued;
end $$;

comment on table core.organisation_versions is 'Name, EIN and address of the organisation, each for its time; receipts copy them. @distribution local';
comment on column core.organisation_versions.id is 'Version 7 UUID.';
comment on column core.organisation_versions.code is 'main: one organisation issues receipts.';
comment on column core.organisation_versions.legal_name is 'Name as registered.';
comment on column core.organisation_versions.ein is 'Employer identification number, 12-3456789.';
comment on column core.organisation_versions.address is 'Address as printed.';
comment on column core.organisation_versions.during is 'When it holds.';
comment on policy organisation_versions_select on core.organisation_versions is 'Printed on every receipt.';
comment on function core.set_organisation is 'Enters name, EIN and address from a time on (hc_finance). Security definer: nobody writes the table.';
comment on function core.receipt_check_char is 'Last character of a code: weighted sum modulo 31, so that every wrong character and every swap of neighbours shows.';
comment on function core.receipt_code is 'A code of 12 characters without 0, 1, I, L and O; the last one checks the others. For owner functions.';
comment on function core.issue_receipt is 'Number of the live receipt of a gift, issued if there is none yet, or if the gift was confirmed again after it was voided. Security definer: nobody writes receipts.';

grant execute on function core.set_organisation to hc_finance;
grant execute on function core.issue_receipt to hc_worker, hc_finance;

-- verify
insert into core.users (id, handle, display_name) values ('00000000-0000-7000-8000-000000758001', 'ada-0758', 'Ada');
insert into core.donations (id, donor_id, chain, currency, amount_crypto, amount_usd, status, confirmed_at, fmv_rate_at, goods_value_usd, is_anonymous, refunded_usd, metadata, donor_email)
select ('00000000-0000-7000-8000-00000075801' || n)::uuid, u::uuid, case when c is null then 'fiat' else 'bitcoin' end, case when c is null then 'USD' else 'BTC' end, c, usd, s, case when s <> 'pending' then timestamptz '2001-05-05' end, now(), goods, anon, back, '{"donor_address": {"country": "US", "region": "CA"}}', mail
from (values (1, '00000000-0000-7000-8000-000000758001', 0.01, 600, 'confirmed', 0, false, 0, null), (2, null, 0.1, 6000, 'confirmed', 0, false, 0, 'Guest-0758@Example.org'), (3, null, null, 100, 'reconciled', 80, false, 0, null), (4, null, null, 100, 'pending', 0, false, 0, null), (5, null, null, 100, 'confirmed', 0, true, 0, null), (6, null, null, 100, 'confirmed', 0, false, 1, null),
  (7, null, 0.01, 500, 'confirmed', 0, false, 0, null)) v(n, u, c, usd, s, goods, anon, back, mail);
select core.act_as('00000000-0000-7000-8000-000000758001', 'hc_member');
select blueprint.raises($$ select core.set_organisation('X', '12-3456789', '{}') $$, '42501', 'hc_finance');
select core.act_as('00000000-0000-7000-8000-000000758001', 'hc_finance');
set local role hc_finance;
select core.set_organisation('Probe Foundation', '12-3456789', '{"city": "Berlin"}') ->> 'ein' = '12-3456789';
select core.issue_receipt('00000000-0000-7000-8000-000000758011') like 'HC-2001-%', core.issue_receipt('00000000-0000-7000-8000-000000758011') = core.issue_receipt('00000000-0000-7000-8000-000000758011');
select core.issue_receipt('00000000-0000-7000-8000-000000758012') > core.issue_receipt('00000000-0000-7000-8000-000000758011'), core.issue_receipt('00000000-0000-7000-8000-000000758013') is not null, core.issue_receipt('00000000-0000-7000-8000-000000758015', true) is not null, core.issue_receipt('00000000-0000-7000-8000-000000758017') is not null;
select n, blueprint.raises(format('select core.issue_receipt(%L)', '00000000-0000-7000-8000-00000075801' || n), '55000', why) from (values (4, 'confirmed donations'), (6, 'refunded'), (9, 'confirmed donations')) v(n, why);
set local role hc_owner;
select array_agg(format('%s %s %s', needs_form_8283, needs_appraisal, property_description) order by donation_id) = array['t f 0.01 BTC (Bitcoin)', 't t 0.1 BTC (Bitcoin)', 'f f ', 'f f ', 'f f 0.01 BTC (Bitcoin)'], bool_and(core.receipt_check_char(verification_code) = right(verification_code, 1) and length(verification_code) = 12),
  bool_and(organisation ->> 'legal_name' = 'Probe Foundation' and tax_year = 2001 and donor #>> '{address,region}' = 'CA') from core.receipts where donation_id::text like '%75801_';
select donor ->> 'mail_sha256' = encode(sha256('guest-0758@example.org'), 'hex') and statement_text like '%gift of 0.1 BTC, received on 2001-05-05. No goods or services%determine.' and metadata @> '{"acknowledgement_required": true}' from core.receipts where donation_id = '00000000-0000-7000-8000-000000758012';
select statement_text like '%100.00 USD%good-faith estimate of their value is 80.00 USD%' and deductible_usd = 20 and metadata @> '{"disclosure_required": true, "acknowledgement_required": false}' from core.receipts where donation_id = '00000000-0000-7000-8000-000000758013';
select donor ->> 'name' = 'Ada' from core.receipts where donation_id = '00000000-0000-7000-8000-000000758011';
insert into core.receipts (kind, replaces_id, donation_id, tax_year, number, organisation, amount_usd, statement_text, verification_code)
select 'void', r.id, r.donation_id, 2001, core.next_number('receipt', '2001'), r.organisation, 0, 'Void.', core.receipt_code() from core.receipts r where r.donation_id = '00000000-0000-7000-8000-000000758017';
insert into core.status_changes (machine, entity_id, from_status, to_status) values ('donation', '00000000-0000-7000-8000-000000758017', 'confirmed', 'reconciled'), ('donation', '00000000-0000-7000-8000-000000758011', 'flagged', 'confirmed');
select blueprint.raises($$ select core.issue_receipt('00000000-0000-7000-8000-000000758017') $$, '55000', 'was voided');
insert into core.status_changes (machine, entity_id, from_status, to_status) values ('donation', '00000000-0000-7000-8000-000000758017', 'flagged', 'confirmed');
select core.issue_receipt('00000000-0000-7000-8000-000000758017') = core.issue_receipt('00000000-0000-7000-8000-000000758017');
select array_agg(r.kind order by r.number) = '{original,void,original}', count(*) filter (where r.replaced_by_id is null) = 1, max(r.statement_text) filter (where r.replaces_id = v.id) like '%determine. This takes the place of receipt ' || min(r.number) || ', which is void.', max(d.metadata ->> 'receipt') = max(r.number)
from core.receipts r join core.donations d on d.id = r.donation_id join core.receipts v on v.donation_id = r.donation_id and v.kind = 'void' where r.donation_id = '00000000-0000-7000-8000-000000758017' group by v.id, v.number;
select count(*) = 0 from core.number_gaps('receipt', '2001');
select blueprint.raises($$ select core.issue_receipt('00000000-0000-7000-8000-000000758018') $$, '55000'), core.receipt_check_char('23456789ABC') is not null, count(distinct core.receipt_code()) = 3 from generate_series(1, 3) n where core.receipt_code() <> n::text;
select bool_and(core.receipt_check_char(overlay(code placing case substr(code, n, 1) when 'X' then 'Y' else 'X' end from n)) <> right(code, 1)) from core.receipt_code() code, generate_series(1, 11) n;
insert into core.donations (id, chain, currency, amount_usd, status, confirmed_at, fmv_rate_at, is_anonymous) values ('00000000-0000-7000-8000-000000758019', 'fiat', 'USD', 5, 'confirmed', '2001-05-05', now(), true);
select blueprint.raises($$ select core.issue_receipt('00000000-0000-7000-8000-000000758019') $$, '55000', 'ask for it');
select vals, blueprint.raises(format('insert into core.organisation_versions (code, legal_name, ein, address, during) values (%s)', vals), state, rule) from (values ($$ 'Probe', 'x', '12-3456789', '{}', '[2000-01-01 00:00+00,)' $$, '23514', 'organisation_versions_code_check'), ($$ 'probe', '', '12-3456789', '{}', '[2000-01-01 00:00+00,)' $$, '23514', 'organisation_versions_legal_name_check'),
  ($$ 'probe', 'x', '123', '{}', '[2000-01-01 00:00+00,)' $$, '23514', 'organisation_versions_ein_check'), ($$ 'probe', 'x', '12-3456789', '[]', '[2000-01-01 00:00+00,)' $$, '23514', 'organisation_versions_address_check'), ($$ 'main', 'x', '12-3456789', '{}', '[2000-01-01 00:00+00,)' $$, '23P01', 'organisation_versions_code_during_key')) v(vals, state, rule);
select blueprint.raises($$ insert into core.organisation_versions select id, 'probe', legal_name, ein, address, during from core.organisation_versions where legal_name = 'Probe Foundation' $$, '23505', 'organisation_versions_id_pk');
insert into core.organisation_versions (legal_name, ein, address, during) values ('x', '12-3456789', '{}', '[1900-01-01 00:00+00,1901-01-01 00:00+00)') returning code = 'main' and id is not null;
select has_function_privilege('hc_worker', 'core.issue_receipt(uuid, boolean)', 'execute') and not has_function_privilege('hc_member', 'core.issue_receipt(uuid, boolean)', 'execute') and not has_function_privilege('hc_member', 'core.set_organisation(text, text, jsonb, timestamptz)', 'execute')
  and not has_function_privilege('hc_worker', 'core.receipt_code()', 'execute') and not has_function_privilege('hc_worker', 'core.receipt_check_char(text)', 'execute'), (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.organisation_versions'::regclass);
select role, has_table_privilege(role, 'core.organisation_versions', 'select') from unnest(array['hc_anon', 'hc_worker', 'hc_auditor']) role;
set local role hc_anon;
select count(*) >= 1 from core.organisation_versions where legal_name = 'Probe Foundation';

-- task: BUILD_0759 implement_table_feature
-- title: Annual donor statements with exact reconciliation
-- does: core.issue_annual_statement(donor, year) lists the live receipts of a year net of refunds, totals by fund and kind, and takes the place of an earlier statement when something changed;
--   while a gift of that year is under review it refuses. The batch goes on where it stopped.
-- proves: of three gifts one refunded the total is the sum of two, again gives the same number, a later change a replacing statement, a gift under review raises, the batch issues each once and resumes.
-- needs: BUILD_0704, BUILD_0710, BUILD_0758
create function core.issue_annual_statement(person uuid, year int) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  org core.organisation_versions;
  held core.receipts;
  lines jsonb;
  totals jsonb;
  net numeric;
  issued text;
begin
  perform from core.users u where u.id = person for update;
  if exists (select from core.donations d where d.donor_id = person and d.status in ('pending', 'flagged', 'kyc_required') and d.created_at >= make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC') and d.created_at < make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC')) then
    raise exception using errcode = '55000', message = format('a donation of %s is still under review', year);
  end if;
  select jsonb_agg(jsonb_build_object('number', s.number, 'on', s.received_on, 'fund', s.fund_code, 'kind', s.kind, 'what', s.property_description, 'amount_usd', s.net) order by s.number), sum(s.net)
  into lines, net
  from (select r.number, (d.confirmed_at at time zone 'UTC')::date as received_on, d.fund_code, case when d.amount_crypto is null then 'money' else 'property' end as kind, r.property_description, (r.amount_usd - d.refunded_usd)::numeric as net
    from core.receipts r join core.donations d on d.id = r.donation_id
    where r.donor_id = person and r.tax_year = year and r.kind in ('original', 'corrected') and r.replaced_by_id is null and d.refunded_usd < r.amount_usd) s;
  if lines is null then
    return null;
  end if;
  select jsonb_object_agg(t.key, t.total) into totals from (select (l ->> 'fund') || ', ' || (l ->> 'kind') as key, sum((l ->> 'amount_usd')::numeric) as total from jsonb_array_elements(lines) l group by 1) t;
  select * into held from core.receipts r where r.donor_id = person and r.tax_year = year and r.kind = 'annual_statement' and r.replaced_by_id is null order by r.issued_at desc limit 1;
  if held.metadata -> 'lines' = lines then
    return held.number;
  end if;
  select * into org from core.organisation_versions o where o.code = 'main' and o.during @> now();
  if org.id is null then
    raise exception using errcode = '55000', message = 'name and EIN of the organisation are not entered', hint = 'core.set_organisation()';
  end if;
  insert into core.receipts (number, donor_id, kind, replaces_id, tax_year, donor, organisation, amount_usd, statement_text, verification_code, metadata)
  select core.next_number('receipt', year::text), person, 'annual_statement', held.id, year, jsonb_strip_nulls(jsonb_build_object('name', u.display_name, 'mail', u.email::text)), jsonb_build_object('legal_name', org.legal_name, 'ein', org.ein, 'address', org.address), net,
    format('%s (EIN %s) received from you in %s %s gifts, net of refunds. Values of property are our own record; no goods or services beyond those named on the single receipts were provided.', org.legal_name, org.ein, year, jsonb_array_length(lines)),
    core.receipt_code(), jsonb_build_object('lines', lines, 'totals', totals)
  from core.users u where u.id = person returning number into issued;
  return issued;
end $$;

create function core.issue_annual_statements(year int, after uuid default null, batch int default 100) returns table (donor_id uuid, number text)
  language plpgsql security definer set search_path = ''
as $$
begin
  for donor_id in
    select distinct r.donor_id from core.receipts r where r.tax_year = year and r.kind in ('original', 'corrected') and r.replaced_by_id is null and (after is null or r.donor_id > after) and r.donor_id is not null order by r.donor_id limit batch
  loop
    begin
      number := core.issue_annual_statement(donor_id, year);
    exception when object_not_in_prerequisite_state then
      number := null;  -- under review: the next run finds it again
    end;
    return next;
  end loop;
end $$;

comment on function core.issue_annual_statement is 'Number of the statement of a donor and year, issued when there is none or something changed since; null without gifts. Security definer: nobody writes receipts.';
comment on function core.issue_annual_statements is 'Statements of the next donors after a cursor (their id), null where a gift is under review; pass the last id back to go on. Security definer: for the worker.';

grant execute on function core.issue_annual_statement, core.issue_annual_statements to hc_worker, hc_finance;

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000075900' || n)::uuid, 'p' || n || '-0759' from generate_series(1, 3) n;
insert into core.donations (id, donor_id, chain, currency, amount_usd, status, confirmed_at, fmv_rate_at, fund_code, created_at)
select ('00000000-0000-7000-8000-00000075901' || n)::uuid, ('00000000-0000-7000-8000-00000075900' || u)::uuid, 'fiat', 'USD', usd, s, case when s = 'confirmed' then timestamptz '2002-05-05' end, now(), f, '2002-05-05' from (values (1, 1, 100.10, 'confirmed', 'general'), (2, 1, 50, 'confirmed', 'movement'), (3, 1, 70, 'confirmed', 'general'), (4, 2, 5, 'confirmed', 'general'), (5, 3, 5, 'confirmed', 'general'), (6, 3, 5, 'flagged', 'general')) v(n, u, usd, s, f);
select core.act_as('00000000-0000-7000-8000-000000759001', 'hc_finance');
select core.set_organisation('Probe Foundation', '12-3456789', '{}') is not null;
select bool_and(core.issue_receipt(id) is not null) from core.donations where id::text like '%75901_' and status = 'confirmed';
select core.give_reason('gave twice');
update core.donations set refunded_usd = 70, status = 'refunded', refunded_at = now() where id = '00000000-0000-7000-8000-000000759013';
set local role hc_worker;
select core.issue_annual_statement('00000000-0000-7000-8000-000000759001', 2002) like 'HC-2002-%', core.issue_annual_statement('00000000-0000-7000-8000-000000759001', 2002) = core.issue_annual_statement('00000000-0000-7000-8000-000000759001', 2002), core.issue_annual_statement('00000000-0000-7000-8000-000000759001', 2001) is null;
select blueprint.raises($$ select core.issue_annual_statement('00000000-0000-7000-8000-000000759003', 2002) $$, '55000', 'under review');
set local role hc_owner;
select count(*) = 1 and bool_and(amount_usd = 150.10 and metadata -> 'totals' = '{"general, money": 100.10, "movement, money": 50.00}' and jsonb_array_length(metadata -> 'lines') = 2) from core.receipts where donor_id = '00000000-0000-7000-8000-000000759001' and kind = 'annual_statement';
select (select sum(amount_usd) from core.donation_totals(null, '2002-05-05', '2002-05-06')) >= (select sum(amount_usd) from core.receipts where donor_id = '00000000-0000-7000-8000-000000759001' and kind = 'annual_statement');
update core.donations set refunded_usd = 20 where id = '00000000-0000-7000-8000-000000759012';
select core.issue_annual_statement('00000000-0000-7000-8000-000000759001', 2002) is not null;
select array_agg(amount_usd order by number) = '{150.10,130.10}' and count(*) filter (where replaced_by_id is null and amount_usd = 130.10 and replaces_id is not null) = 1 from core.receipts where donor_id = '00000000-0000-7000-8000-000000759001' and kind = 'annual_statement';
set local role hc_worker;
select array_agg(donor_id) = '{00000000-0000-7000-8000-000000759001}' from core.issue_annual_statements(2002, '00000000-0000-7000-8000-000000759000', 1);
select array_agg(donor_id) = '{00000000-0000-7000-8000-000000759002,00000000-0000-7000-8000-000000759003}', array_agg(number is null) = '{f,t}' from core.issue_annual_statements(2002, '00000000-0000-7000-8000-000000759001', 2);
set local role hc_owner;
select count(*) = 3 from core.receipts where donor_id::text like '%75900_' and kind = 'annual_statement';
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['hc_finance', 'hc_worker']) role, unnest(array['core.issue_annual_statement(uuid, int)', 'core.issue_annual_statements(int, uuid, int)']) f;

-- task: BUILD_0760 implement_table_feature critical
-- title: Correct, void and publicly verify receipts
-- does: core.correct_receipt() and void_receipt() add the row that takes the place of another (finance, with a reason; above 5,000 USD when a second person asks for the same). core.verify_receipt(code, number)
--   tells anybody whether a receipt is valid, corrected or void, with year, band and organisation and nothing of the donor, 20 times a minute.
-- proves: a valid code answers valid and after voiding void, a mistyped one fails by its check digit, a correction of 6,000 USD takes two people, no donor field is returned, the 21st question raises.
-- needs: BUILD_0758
create table core.receipt_changes (
  id uuid default uuidv7() constraint receipt_changes_id_pk primary key,
  receipt_id uuid not null constraint receipt_changes_receipt_id_fk references core.receipts (id),
  kind text not null constraint receipt_changes_kind_check check (kind in ('corrected', 'void')),
  changes jsonb not null,
  reason text not null constraint receipt_changes_reason_check check (length(btrim(reason)) between 3 and 500),
  requested_by uuid not null,
  confirmed_by uuid,
  new_receipt_id uuid constraint receipt_changes_new_receipt_id_fk references core.receipts (id),
  created_at timestamptz not null default now(),
  constraint receipt_changes_confirmed_by_check check (confirmed_by <> requested_by)
);

create index receipt_changes_receipt_id_idx on core.receipt_changes (receipt_id);
create index receipt_changes_new_receipt_id_idx on core.receipt_changes (new_receipt_id) where new_receipt_id is not null;

create table core.receipt_checks (
  client text,
  minute timestamptz,
  asked int not null default 1,
  constraint receipt_checks_client_minute_pk primary key (client, minute)
);

create function core.replace_receipt(receipt uuid, kind text, changes jsonb, reason text) returns text
  language plpgsql set search_path = ''
as $$
declare
  old core.receipts;
  me constant uuid := core.current_user_id();
  asked core.receipt_changes;
  fresh record;
begin
  if not core.has_role('hc_finance') or me is null then
    raise exception using errcode = '42501', message = 'receipts are corrected and voided by hc_finance';
  end if;
  select * into old from core.receipts r where r.id = receipt for update;
  if old.id is null or old.replaced_by_id is not null or old.kind not in ('original', 'corrected') then
    raise exception using errcode = '55000', message = 'only the live receipt of a donation is corrected or voided';
  elsif changes - array['amount_usd', 'goods_value_usd', 'property_description', 'statement_text', 'donor'] <> '{}' then
    raise exception using errcode = '22023', message = 'amount_usd, goods_value_usd, property_description, statement_text and donor can be corrected';
  end if;
  select * into asked from core.receipt_changes c where c.receipt_id = receipt and c.kind = replace_receipt.kind and c.changes = replace_receipt.changes and c.new_receipt_id is null order by c.created_at limit 1;
  if asked.id is null then
    insert into core.receipt_changes (receipt_id, kind, changes, reason, requested_by) values (receipt, replace_receipt.kind, replace_receipt.changes, replace_receipt.reason, me) returning * into asked;
  end if;
  if greatest(old.amount_usd, (changes ->> 'amount_usd')::numeric) > 5000 and asked.requested_by = me then
    return null;
  end if;
  insert into core.receipts (number, donation_id, donor_id, kind, replaces_id, tax_year, donor, organisation, amount_usd, property_description, goods_value_usd, needs_form_8283, needs_appraisal, statement_text, verification_code, metadata)
  select core.next_number('receipt', old.tax_year::text), old.donation_id, old.donor_id, replace_receipt.kind, old.id, old.tax_year, coalesce(changes -> 'donor', old.donor), old.organisation, n.amount, coalesce(changes ->> 'property_description', old.property_description),
    case replace_receipt.kind when 'void' then 0 else coalesce((changes ->> 'goods_value_usd')::numeric, old.goods_value_usd) end,
    old.property_description is not null and n.amount > core.threshold('form_8283'), old.property_description is not null and n.amount > core.threshold('appraisal'),
    case replace_receipt.kind when 'void' then format('Receipt %s is void.', old.number) else coalesce(changes ->> 'statement_text', old.statement_text) || format(' This corrects receipt %s.', old.number) end, core.receipt_code(), jsonb_build_object('reason', replace_receipt.reason)
  from (select case replace_receipt.kind when 'void' then 0 else coalesce((changes ->> 'amount_usd')::numeric, old.amount_usd) end as amount) n
  returning id, number into fresh;
  update core.receipt_changes c set new_receipt_id = fresh.id, confirmed_by = nullif(me, c.requested_by) where c.id = asked.id;
  return fresh.number;
end $$;

create function core.correct_receipt(receipt uuid, changes jsonb, reason text) returns text
  language sql security definer
  return core.replace_receipt(receipt, 'corrected', changes, reason);

create function core.void_receipt(receipt uuid, reason text) returns text
  language sql security definer
  return core.replace_receipt(receipt, 'void', '{}', reason);

create function core.verify_receipt(code text, number text) returns jsonb
  language plpgsql security definer set search_path = ''
as $$
declare
  typed constant text := upper(regexp_replace(code, '[\s-]', '', 'g'));
  who constant text := coalesce(host(core.client_ip()), 'local');
  times int;
  found_one core.receipts;
begin
  if coalesce(length(typed) <> 12 or core.receipt_check_char(typed) <> right(typed, 1), true) then
    return '{"status": "mistyped"}';
  end if;
  insert into core.receipt_checks as c (client, minute) values (who, date_trunc('minute', clock_timestamp(), 'UTC')) on conflict on constraint receipt_checks_client_minute_pk do update set asked = c.asked + 1 returning c.asked into times;
  delete from core.receipt_checks c where c.client = who and c.minute < now() - interval '1 hour';
  if times > 20 then
    raise exception using errcode = '53400', message = 'too many questions, wait a minute';
  end if;
  select * into found_one from core.receipts r where r.verification_code = typed and r.number = btrim(verify_receipt.number);
  if found_one.id is null then
    return '{"status": "unknown"}';
  end if;
  return jsonb_build_object('status', case when found_one.kind = 'void' then 'void' when found_one.replaced_by_id is null then 'valid' else (select case r.kind when 'void' then 'void' else 'corrected' end from core.receipts r where r.id = found_one.replaced_by_id) end,
    'tax_year', found_one.tax_year, 'organisation', found_one.organisation ->> 'legal_name', 'ein', found_one.organisation ->> 'ein',
    'amount', case when found_one.amount_usd < 250 then 'under 250' when found_one.amount_usd < 1000 then '250 to 1,000' when found_one.amount_usd < 5000 then '1,000 to 5,000' else '5,000 and more' end);
end $$;

create policy receipt_changes_staff_select on core.receipt_changes for select to hc_finance, hc_auditor using (true);

grant select on core.receipt_changes to hc_finance, hc_auditor;
grant execute on function core.correct_receipt, core.void_receipt to hc_finance;
grant execute on function core.verify_receipt to hc_anon;

comment on table core.receipt_changes is 'Corrections and voids: who asked, who confirmed, and why. @retention 10 years @distribution local';
comment on column core.receipt_changes.id is 'Version 7 UUID.';
comment on column core.receipt_changes.receipt_id is 'The receipt to be replaced.';
comment on column core.receipt_changes.kind is 'corrected or void.';
comment on column core.receipt_changes.changes is 'What changes. @pii retain';
comment on column core.receipt_changes.reason is 'Why.';
comment on column core.receipt_changes.requested_by is 'Who asked first.';
comment on column core.receipt_changes.confirmed_by is 'Who asked for the same, above 5,000 USD.';
comment on column core.receipt_changes.new_receipt_id is 'What took its place; null while it waits for the second person.';
comment on column core.receipt_changes.created_at is 'When it was asked for.';
comment on table core.receipt_checks is 'How often an address asked core.verify_receipt() in a minute. @retention 1 hour @distribution local';
comment on column core.receipt_checks.client is 'Address that asked. @pii delete';
comment on column core.receipt_checks.minute is 'In which minute.';
comment on column core.receipt_checks.asked is 'How often.';
comment on index core.receipt_changes_receipt_id_idx is 'Changes of a receipt; and the foreign key.';
comment on index core.receipt_changes_new_receipt_id_idx is 'The change behind a receipt; and the foreign key.';
comment on policy receipt_changes_staff_select on core.receipt_changes is 'Finance and audit see changes.';
comment on function core.replace_receipt is 'Adds the row that corrects or voids a receipt; null while it waits for a second person. For owner functions.';
comment on function core.correct_receipt is 'Number of the receipt that corrects another one (hc_finance); null: above 5,000 USD a second person has to ask for the same. Security definer: nobody writes receipts.';
comment on function core.void_receipt is 'Number of the receipt that voids another one (hc_finance); null: above 5,000 USD a second person has to ask for the same. Security definer: nobody writes receipts.';
comment on function core.verify_receipt is 'What anybody may know of a receipt by code and number: valid, corrected, void, unknown or mistyped (found by the check digit alone). Security definer: receipts are private.';

-- verify
insert into core.donations (id, chain, currency, amount_usd, status, confirmed_at, fmv_rate_at, donor_email) select ('00000000-0000-7000-8000-00000076001' || n)::uuid, 'fiat', 'USD', usd, 'confirmed', '2003-05-05', now(), 'g-0760@example.org' from (values (1, 100), (2, 6000)) v(n, usd);
select core.act_as('00000000-0000-7000-8000-000000760001', 'hc_finance');
select core.set_organisation('Probe Foundation', '12-3456789', '{}') is not null, core.issue_receipt('00000000-0000-7000-8000-000000760011') is not null, core.issue_receipt('00000000-0000-7000-8000-000000760012') is not null;
create temporary table issued on commit drop as select id, donation_id, number, verification_code as code, right(donation_id::text, 1) as n from core.receipts where donation_id::text like '%76001_';
grant select on pg_temp.issued to hc_anon;
set local role hc_anon;
select core.verify_receipt(lower(overlay(code placing '-' || substr(code, 5, 1) from 5 for 1)), number) = '{"ein": "12-3456789", "amount": "under 250", "status": "valid", "tax_year": 2003, "organisation": "Probe Foundation"}', core.verify_receipt(overlay(code placing case substr(code, 3, 1) when 'X' then 'Y' else 'X' end from 3), number) = '{"status": "mistyped"}',
  core.verify_receipt(code, 'HC-2003-000000') = '{"status": "unknown"}', core.verify_receipt(null, number) ->> 'status' = 'mistyped', core.verify_receipt('short', number) ->> 'status' = 'mistyped', blueprint.raises('select from core.receipts', '42501') from pg_temp.issued where n = '1';
set local role hc_finance;
select core.correct_receipt(id, '{"amount_usd": 90}', 'typing error') like 'HC-2003-%' from pg_temp.issued where n = '1';
select core.correct_receipt(id, '{"amount_usd": 5900}', 'typing error') is null, core.correct_receipt(id, '{"amount_usd": 5900}', 'typing error') is null, blueprint.raises(format($$ select core.correct_receipt(%L, '{"number": 1}', 'typing error') $$, id), '22023'),
  blueprint.raises(format($$ select core.void_receipt(%L, '') $$, id), '23514', 'receipt_changes_reason_check') from pg_temp.issued where n = '2';
select blueprint.raises(format($$ select core.void_receipt(%L, 'again') $$, id), '55000', 'live receipt') from pg_temp.issued where n = '1';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000760002', 'hc_finance');
select core.correct_receipt(id, '{"amount_usd": 5900}', 'typing error') is not null from pg_temp.issued where n = '2';
select core.void_receipt(r.id, 'wrong donor') is not null from core.receipts r where r.donation_id = '00000000-0000-7000-8000-000000760011' and r.replaced_by_id is null;
select array_agg(format('%s %s %s', r.kind, r.amount_usd, core.verify_receipt(r.verification_code, r.number) ->> 'status') order by r.number) = array['original 100.00 corrected', 'original 6000.00 corrected', 'corrected 90.00 void', 'corrected 5900.00 valid', 'void 0.00 void'], bool_and(r.content_sha256 = core.receipt_digest(r)) from core.receipts r where donation_id::text like '%76001_';
select confirmed_by = '00000000-0000-7000-8000-000000760002' and requested_by = '00000000-0000-7000-8000-000000760001' and new_receipt_id is not null and id is not null and created_at = now() from core.receipt_changes where changes = '{"amount_usd": 5900}' and receipt_id in (select id from pg_temp.issued);
select metadata ? 'receipt_void' from core.donations where id = '00000000-0000-7000-8000-000000760011';
select blueprint.raises(format('select core.verify_receipt(%L, %L) from generate_series(1, 21)', code, number), '53400', 'wait a minute') from pg_temp.issued where n = '1';
select core.act_as('00000000-0000-7000-8000-000000760002', 'hc_member');
select blueprint.raises(format($$ select core.void_receipt(%L, 'because') $$, id), '42501', 'hc_finance') from pg_temp.issued where n = '2';
select vals, blueprint.raises(format('insert into core.receipt_changes (changes, receipt_id, kind, reason, requested_by, confirmed_by, new_receipt_id) select %L, %s from pg_temp.issued where n = %L', '{}', vals, '2'), state, rule) from (values ($$ uuidv7(), 'void', 'why', uuidv7(), null, null $$, '23503', 'receipt_changes_receipt_id_fk'), ($$ id, 'gone', 'why', uuidv7(), null, null $$, '23514', 'receipt_changes_kind_check'),
  ($$ id, 'void', 'why', id, id, null $$, '23514', 'receipt_changes_confirmed_by_check'), ($$ id, 'void', 'why', id, null, uuidv7() $$, '23503', 'receipt_changes_new_receipt_id_fk')) v(vals, state, rule);
select blueprint.raises('insert into core.receipt_changes select * from core.receipt_changes', '23505', 'receipt_changes_id_pk'), blueprint.raises('insert into core.receipt_checks select * from core.receipt_checks', '23505', 'receipt_checks_client_minute_pk');
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.receipt_changes where receipt_id = '00000000-0000-7000-8000-000000760001' $$, 'receipt_changes_receipt_id_idx'), ($$ select from core.receipt_changes where new_receipt_id = '00000000-0000-7000-8000-000000760001' $$, 'receipt_changes_new_receipt_id_idx')) v(sql, index);
insert into core.receipt_checks (client, minute) values ('probe', now()) returning asked = 1;
select f, has_function_privilege('hc_finance', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.correct_receipt(uuid, jsonb, text)', 'core.void_receipt(uuid, text)']) f;
select has_function_privilege('hc_anon', 'core.verify_receipt(text, text)', 'execute') and not has_function_privilege('hc_worker', 'core.verify_receipt(text, text)', 'execute') and not has_function_privilege('hc_finance', 'core.replace_receipt(uuid, text, jsonb, text)', 'execute'), bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.receipt_changes'::regclass, 'core.receipt_checks'::regclass);
set local role hc_finance;
select count(*) = 3 from core.receipt_changes where receipt_id in (select id from core.receipts where donation_id::text like '%76001_');
set local role hc_auditor;
select count(*) = 3 from core.receipt_changes where receipt_id in (select id from core.receipts where donation_id::text like '%76001_');
