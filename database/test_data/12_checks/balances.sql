-- Checks of a seed: numbers that are kept beside what they count. A row of testdata.derivations is all that a further one takes.

-- task: BUILD_0893 create_test_data drill
-- title: Check balances of a seed: recompute every maintained number and the whole ledger
-- does: derivations lists what is stored and how it follows from other rows, both as SQL over the row: entries with their lines, chain and balance, wallets in the books and on the chain, stock against movements, shipped
--   against produced, next_seq, member_count, reply_count, progress_pct, ratings, rollups against events, number series against numbers used, and more. testdata.check_balances(seed_id) recomputes each for the rows of a
--   seed in one statement and notes stored and recomputed value. That each entry is zero makes the trial balance zero, so that one wrong line is one finding.
-- proves: what triggers and functions keep has no finding; a posting off by 0.01, a lot by 1, a member_count and a series value by 1 are exactly four findings with row, stored and recomputed value.
-- needs: BUILD_0138, BUILD_0212, BUILD_0740, BUILD_0757, BUILD_0768, BUILD_0876, BUILD_0877, BUILD_0878, BUILD_0891
create table testdata.derivations (
  relation text not null,
  attribute text not null,
  stored text not null,
  recomputed text not null,
  condition text not null default 'true',
  constraint derivations_relation_attribute_pk primary key (relation, attribute)
);

insert into testdata.derivations (relation, attribute, stored, recomputed, condition) values
  ('treasury.entries', 'lines, chain and balance',
    $$jsonb_build_object('lines', encode(r.payload_sha256, 'hex'), 'before', encode(r.prev_sha256, 'hex'), 'entry', encode(r.entry_sha256, 'hex'), 'off', null)$$,
    $$jsonb_build_object('lines', case when r.payload_sha256 is not null then encode(treasury.postings_digest(r.id), 'hex') end,
      'before', (select encode(b.entry_sha256, 'hex') from treasury.entries b where b.seq = r.seq - 1), 'entry', encode(treasury.entry_digest(r), 'hex'),
      'off', (select jsonb_object_agg(o.unit, o.off) from (
        select p.currency as unit, sum(p.amount) as off from treasury.postings p where p.entry_id = r.id and r.kind not in ('fx', 'refund', 'sweep') group by p.currency having sum(p.amount) <> 0
        union all
        select 'in USD', sum(p.amount_usd) from treasury.postings p where p.entry_id = r.id having sum(p.amount_usd) <> 0) o))$$, 'true'),
  ('core.wallets', 'position', '(select jsonb_object_agg(p.currency, p.ledger) from treasury.wallet_positions p where p.wallet_id = r.id)', '(select jsonb_object_agg(p.currency, p.on_chain) from treasury.wallet_positions p where p.wallet_id = r.id)',
    'r.owner_id is null and exists (select from treasury.accounts a where a.wallet_id = r.id)'),
  ('treasury.reconciliations', 'ledger_balance', 'r.ledger_balance', 'treasury.wallet_ledger(r.wallet_id, r.currency, r.as_of)', $$r.status = 'signed_off'$$),
  ('treasury.payment_intents', 'received_amount', 'r.received_amount', 'coalesce((select sum(p.amount) from treasury.intent_payments p where p.intent_id = r.id), 0)', 'true'),
  ('core.donations', 'refunded_usd', 'r.refunded_usd', 'coalesce((select sum(f.amount_usd) from core.refunds f where f.donation_id = r.id), 0)', 'true'),
  ('core.number_series', 'last_value', 'r.last_value',
    $$(select case when count(*) = 0 then r.last_value else nullif(r.last_value - sum(case g.problem when 'missing' then 1 when 'never given' then -1 else 0 end), r.last_value) end from core.number_gaps(r.series, r.period) g)$$,
    $$to_regclass(r.used_in) is not null and not (r.is_yearly and r.period = '*')$$),
  ('core.analytics_rollups', 'events', 'r.events',
    $$(select count(*) from core.analytics a where a.event_name = r.event_name and a.occurred_at >= r.bucket and a.occurred_at < r.bucket + ('1 ' || r.grain)::interval and a.xid < r.watermark)$$,
    $$r.dim_key = '*' and r.bucket >= (select min(m.from_at) from core.month_partitions('core.analytics') m)$$),
  ('core.microfactories', 'rating', 'r.rating', 'case when abs(r.rating - core.score_microfactory(r.id)) <= 0.05 then r.rating else core.score_microfactory(r.id) end', 'r.rating is not null'),
  ('core.designs', 'head_version_id', 'r.head_version_id', '(select v.id from design.versions v where v.design_id = r.id and v.yanked_at is null order by v.number desc limit 1)', 'true'),
  ('core.designs', 'spec_summary', 'r.spec_summary', $$(select jsonb_strip_nulls(jsonb_build_object('family', h.family, 'material', h.params -> 'material', 'load_n', h.params -> 'load_n', 'pin_mm', h.params -> 'pin_mm')) from design.hinge_specs h where h.version_id = r.head_version_id)$$,
    'exists (select from design.hinge_specs h where h.version_id = r.head_version_id)'),
  ('core.content', 'word_count', 'r.word_count', 'core.count_words(r.body_text)', 'true'),
  ('community.clubs', 'next_seq', 'r.next_seq', '(select greatest(count(*), max(m.seq)) + 1 from community.messages m where m.club_id = r.id)', 'true'),
  ('community.clubs', 'member_count', 'r.member_count', $$(select count(*) from community.memberships m where m.club_id = r.id and m.left_at is null and m.role not in ('pending', 'banned'))$$, 'true'),
  ('community.clubs', 'last_message_at', 'r.last_message_at', '(select max(m.occurred_at) from community.messages m where m.club_id = r.id)', 'true'),
  ('community.threads', 'reply_count', 'r.reply_count', '(select count(*) from community.messages m where m.club_id = r.club_id and m.thread_id = r.id)', 'true'),
  ('community.threads', 'last_seq', 'r.last_seq', '(select max(m.seq) from community.messages m where m.club_id = r.club_id and m.thread_id = r.id)', 'true'),
  ('community.read_cursors', 'last_read_seq', 'r.last_read_seq', 'least(r.last_read_seq, (select c.next_seq - 1 from community.clubs c where c.id = r.club_id))', 'true'),
  ('publishing.comments', 'up and down', 'array[r.up, r.down]', 'array[(select count(*)::int from publishing.comment_votes v where v.comment_id = r.id and v.value = 1), (select count(*)::int from publishing.comment_votes v where v.comment_id = r.id and v.value = -1)]', 'true'),
  ('production.orders', 'total_usd', 'r.total_usd', 'coalesce((select sum(i.line_total) from production.order_items i where i.order_id = r.id), 0) + r.setup_usd', 'true'),
  ('production.order_items', 'shipped', '(select sum(s.quantity) from production.shipment_items s where s.order_id = r.order_id and s.line_no = r.line_no)',
    'least((select sum(s.quantity) from production.shipment_items s where s.order_id = r.order_id and s.line_no = r.line_no), (select coalesce(sum(w.quantity_good), 0) from production.work_orders w where w.order_id = r.order_id and w.line_no = r.line_no))',
    'exists (select from production.shipment_items s where s.order_id = r.order_id and s.line_no = r.line_no)'),
  ('production.work_orders', 'quantity_good and quantity_scrap', 'array[r.quantity_good, r.quantity_scrap]',
    'coalesce((select array[sum(x.good_count), sum(x.scrap_count)]::int[] from production.runs x where x.work_order_id = r.id and x.outcome is not null having count(*) > 0), array[0, 0])', 'true'),
  ('production.stock_lots', 'quantity_on_hand', 'r.quantity_on_hand', 'coalesce((select sum(m.quantity) from production.stock_movements m where m.lot_id = r.id), 0)', 'true'),
  ('impact.reporting_periods', 'lines', $$(select jsonb_agg(to_jsonb(l) - 'period_id' - 'dimension_key' order by l.metric_code, l.scope) from impact.report_lines l where l.period_id = r.id and l.dimension_key = '*')$$,
    '(select jsonb_agg(to_jsonb(l) order by l.metric_code, l.scope) from impact.period_lines(r.id) l)', $$r.status in ('closed', 'published')$$),
  ('impact.claims', 'quantity', 'r.quantity', 'least(r.quantity, (select sum(x.result_base) from impact.claim_records c join impact.records x on x.id = c.record_id and x.occurred_at = c.record_at where c.claim_id = r.id))', 'true'),
  ('impact.offsets', 'retired', '(select sum(x.tonnes) from impact.retirements x where x.offset_id = r.id)', 'least((select sum(x.tonnes) from impact.retirements x where x.offset_id = r.id), r.tonnes)', 'true'),
  ('learning.enrolments', 'progress_pct', 'r.progress_pct', 'learning.course_completion(r.id)', 'true'),
  ('automation.aggregate_heads', 'last_seq', 'r.last_seq', '(select max(o.aggregate_seq) from automation.outbox o where o.aggregate_kind = r.aggregate_kind and o.aggregate_id = r.aggregate_id)', 'true');

create function testdata.check_balances(seed_id uuid) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  seed bigint;
  noted bigint;
begin
  perform testdata.require_allowed();
  seed := testdata.seed_of(seed_id);
  select coalesce(sum(testdata.note(seed_id, 'balances', d.relation || ' ' || d.attribute, format('select %s, d.stored, d.recomputed from %s r cross join lateral (select %s as stored, %s as recomputed) d where (%s) and (%s) and d.stored is distinct from d.recomputed',
    testdata.key_columns(d.relation::regclass), d.relation, d.stored, d.recomputed, testdata.rows_of_seed(d.relation::regclass, seed), d.condition))), 0) into noted
  from testdata.derivations d where to_regclass(d.relation) is not null;
  return noted;
end $$;

comment on table testdata.derivations is 'What is stored beside what it follows from. @distribution local';
comment on column testdata.derivations.relation is 'Table.';
comment on column testdata.derivations.attribute is 'Column, or what the number is about.';
comment on column testdata.derivations.stored is 'SQL over the row r: what is there.';
comment on column testdata.derivations.recomputed is 'SQL over the row r: what should be there; for a bound, the least of both.';
comment on column testdata.derivations.condition is 'SQL over the row r: where it holds.';
comment on function testdata.check_balances is 'Notes every derivation that rows of the seed break, with stored and recomputed value; returns the number of findings. Number series and rollups belong to all seeds.';

-- verify
select blueprint.raises('select testdata.check_balances(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.check_balances(uuidv7())', 'P0002', 'no seed');
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'community.messages', 'community.feed_entries') >= 0;
insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000893001', 'nano', 42893, 0.0004, testdata.window_start(), testdata.window_end());
select testdata.gen_users(42893, 0, 40, 0.0004) > 0, testdata.gen_community(42893, 0, 2, 0.0004) > 0;
create temporary view pg_temp.of_0893 as select n, testdata.uid(42893, 4093, n, 0) as id from generate_series(1, 9) n;
select blueprint.open_room('probe_0893');
create table probe_0893.things (number text primary key);
insert into core.number_series (series, prefix, used_in, is_yearly, last_value) values ('probe_0893', 'PA', 'probe_0893.things', false, 2), ('late_0893', 'PL', 'probe_0893.none', false, 5), ('other_0893', 'PO', null, false, 4);
insert into core.number_series (series, period, prefix, used_in, is_yearly, last_value) values ('yearly_0893', '*', 'PY', 'probe_0893.things', true, 7), ('yearly_0893', '2026', 'PY', 'probe_0893.things', true, 1);
insert into probe_0893.things select s.number from core.number_series n, lateral (select core.format_number(n.prefix, n.period, n.width, v) as number from generate_series(1, n.last_value) v) s where n.used_in = 'probe_0893.things' and (n.series, n.period) <> ('yearly_0893', '*');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) select id, '2026-10-02', 'adjustment', 'probe_0893', n::text from pg_temp.of_0893 where n <= 2;
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd)
select u.id, l.line, a.id, 'USD', l.amount, l.amount from pg_temp.of_0893 u, (values (1, 'assets.cash.bank', 10), (2, 'income.fx_gain', -10)) l(line, code, amount) join treasury.accounts a on a.code = l.code where u.n <= 2;
insert into core.microfactories (id, operator_id, slug, name) select u.id, e.id, 'works-0893', 'Works' from pg_temp.of_0893 u join testdata.entities e on e.seed = 42893 and e.kind = 'user' and e.n = 0 where u.n = 1;
insert into production.materials (id, sku, name) select id, 'PROBE-0893', 'Brass' from pg_temp.of_0893 where n = 1;
insert into production.stock_lots (id, microfactory_id, material_id, lot_code) select u.id, f.id, f.id, 'L-' || u.n from pg_temp.of_0893 u, pg_temp.of_0893 f where u.n <= 2 and f.n = 1;
insert into production.stock_movements (id, lot_id, kind, quantity) select id, id, 'receipt', 5 from pg_temp.of_0893 where n <= 2;
insert into testdata.derivations (relation, attribute, stored, recomputed) values ('probe_0893.none', 'x', '1', '2');
select (select count(*) from pg_temp.of_0893 u join production.stock_lots l using (id) where l.quantity_on_hand = 5) = 2, testdata.check_balances('00000000-0000-7000-8000-000000893001') = 0;
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd) select u.id, 3, a.id, 'USD', 0.01, 0.01 from pg_temp.of_0893 u, treasury.accounts a where u.n = 2 and a.code = 'expense.fx_loss';
alter table production.stock_lots disable trigger stock_lots_moved_only;
update production.stock_lots l set quantity_on_hand = 6 from pg_temp.of_0893 u where u.id = l.id and u.n = 2;
update community.clubs c set member_count = c.member_count + 1 where c.id = (select max(k.id::text)::uuid from community.clubs k where testdata.is_of_seed(k.id, 42893));
update core.number_series set last_value = 3 where series = 'probe_0893';
select testdata.check_balances('00000000-0000-7000-8000-000000893001') = 4;
create temporary view pg_temp.found_0893 as select f.subject, f.found -> 'rows' as rows, f.found -> 'samples' -> 0 as sample from testdata.findings f where f.seed_id = '00000000-0000-7000-8000-000000893001' and f.check_name = 'balances';
select count(*) = 4, bool_and(rows = '1'), array_agg(subject order by subject collate "C") = '{community.clubs member_count,core.number_series last_value,production.stock_lots quantity_on_hand,"treasury.entries lines, chain and balance"}' from pg_temp.found_0893;
select sample ->> 'id' = u.id::text, sample #>> '{stored,off}' is null, sample #> '{recomputed,off}' = '{"USD": 0.01, "in USD": 0.01}' from pg_temp.found_0893, pg_temp.of_0893 u where u.n = 2 and subject like 'treasury%';
select sample = jsonb_build_object('id', u.id, 'stored', 6, 'recomputed', 5) from pg_temp.found_0893, pg_temp.of_0893 u where u.n = 2 and subject like 'production%';
select sample = '{"series": "probe_0893", "period": "*", "stored": 3, "recomputed": 2}' from pg_temp.found_0893 where subject like 'core%';
select (sample -> 'stored')::int = (sample -> 'recomputed')::int + 1, sample ->> 'id' = (select max(k.id::text) from community.clubs k where testdata.is_of_seed(k.id, 42893)) from pg_temp.found_0893 where subject like 'community%';
update core.number_series set last_value = 1 where series = 'probe_0893';
insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000893002', 'nano', 42894, 0.0004, testdata.window_start(), testdata.window_end());
select testdata.check_balances('00000000-0000-7000-8000-000000893002') = 1;
select found #> '{samples,0,recomputed}' = '2' from testdata.findings where seed_id = '00000000-0000-7000-8000-000000893002';
select blueprint.raises($$ insert into testdata.derivations select * from testdata.derivations limit 1 $$, '23505', 'derivations_relation_attribute_pk'), relrowsecurity and relforcerowsecurity from pg_class where oid = 'testdata.derivations'::regclass;
select count(*) = 0 from blueprint.open_to_public('testdata');
