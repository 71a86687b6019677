-- Checks of a seed: causes come before effects, and ids, histories and places tell the same story.

-- task: BUILD_0894 create_test_data drill
-- title: Check time in a seed: causes before effects, histories, windows, id clocks and partitions
-- does: testdata.check_time(seed_id) reads tables, keys and machines from the catalog: no row is older than one it points to (but for keys of time_exceptions, which point ahead), status_changes are an unbroken path from a first
--   status to that of the row, updated_at is not before created_at, nothing has happened after the window, ids of version 7 carry the time of their row to the millisecond, and where a partitioned table has a BRIN index over time
--   neighbours on disk are neighbours in time (serial correlation). time_rules adds what only holds while something is valid: memberships, sessions, approvals by signers, kyc, factors, consents.
-- proves: generated rows have no finding; a message before joining, a gap in a history, an id of another time, a parent that comes later, a row after the window and a kyc used after it expired are found and named; shuffled rows fail.
-- needs: BUILD_0865, BUILD_0876, BUILD_0877, BUILD_0891
create table testdata.time_exceptions (
  subject text constraint time_exceptions_subject_pk primary key,
  reason text not null
);

insert into testdata.time_exceptions (subject, reason) values
  ('community.feed_entries feed_entries_user_id_fk', 'who follows somebody gets what that one did before'),
  ('core.designs designs_head_version_id_fk', 'the head is the newest version'),
  ('core.content content_current_revision_id_fk', 'the current revision is a newer one'),
  ('publishing.contributions contributions_revision_id_fk', 'shares are counted again with every revision'),
  ('automation.prompts prompts_active_version_id_fk', 'the active version is a newer one'),
  ('automation.renditions renditions_rendition_asset_id_fk', 'a rendition is asked for before it is made'),
  ('core.donations donations_kyc_id_fk', 'a gift waits for its case'),
  ('core.receipts receipts_replaced_by_id_fk', 'what replaces comes later'),
  ('core.transactions transactions_replaces_id_fk', 'two of a kind are seen in any order'),
  ('production.runs runs_finished_lot_id_fk', 'the lot is what the run makes'),
  ('treasury.payment_intents payment_intents_donation_id_fk', 'the gift is what the intent becomes'),
  ('treasury.proposals proposals_transaction_id_fk', 'the transaction is what carries it out'),
  ('treasury.payouts payouts_transaction_id_fk', 'the transaction is what carries it out'),
  ('treasury.payouts payouts_entry_id_fk', 'the entry is what books it');

create table testdata.time_rules (
  relation text not null,
  rule text not null,
  broken text not null,
  constraint time_rules_relation_rule_pk primary key (relation, rule)
);

insert into testdata.time_rules (relation, rule, broken) values
  ('community.messages', 'written by a member', 'r.author_id is not null and not exists (select from community.memberships m where m.club_id = r.club_id and m.user_id = r.author_id and m.joined_at <= r.occurred_at and coalesce(m.left_at >= r.occurred_at, true))'),
  ('identity.sessions', 'inside the life of the account', 'exists (select from core.users u where u.id = r.user_id and r.last_seen_at > u.erased_at)'),
  ('core.donations', 'the case is valid', $$r.confirmed_at is not null and exists (select from core.kyc k where k.id = r.kyc_id and k.status <> 'requested' and not coalesce(k.valid_during @> r.confirmed_at, false))$$),
  ('core.consents', 'the text is in force', $$r.decision = 'granted' and not exists (select from core.legal_documents d where d.id = r.document_id and d.effective @> r.occurred_at)$$),
  ('impact.records', 'the factor is valid', 'r.factor_id is not null and not exists (select from impact.emission_factors f where f.id = r.factor_id and f.during @> (r.occurred_at at time zone $z$UTC$z$)::date)'),
  ('treasury.approvals', 'the signer is valid', 'not exists (select from treasury.proposals p join treasury.wallet_signers s on s.wallet_id = p.wallet_id and s.user_id = r.signer_id and s.during @> r.occurred_at where p.id = r.proposal_id)'),
  ('production.bookings', 'inside an open window', $$r.status <> 'released' and not exists (select from production.machine_windows w where w.machine_id = r.machine_id and w.kind = 'open' and w.during @> r.during)$$);

create function testdata.birth_of(relation regclass) returns text
  language sql stable
begin atomic
  select a.attname::text from pg_catalog.pg_attribute a
  where a.attrelid = birth_of.relation and a.atttypid = 'pg_catalog.timestamptz'::regtype
    and a.attname = any ('{created_at,occurred_at,joined_at,registered_at,issued_at,started_at,requested_at,asserted_at,linked_at,posted_at,read_at,voted_at,assessed_at,seen_at,added_at,reserved_at}'::text[])
  order by a.attname <> 'created_at', a.attname <> 'occurred_at', a.attnum limit 1;
end;

create function testdata.time_checks(seed bigint, until timestamptz) returns table (rule text, subject text, faults text)
  language sql stable set search_path = ''
as $$
  with tables as (
    select c.oid::regclass as relation, testdata.rows_of_seed(c.oid, seed) as ours, testdata.key_columns(c.oid) as key, testdata.birth_of(c.oid) as birth
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('blueprint', 'testdata', 'extensions', 'pg_catalog', 'information_schema', 'pg_toast') and c.relpersistence <> 't'),
  times as (
    select t.*, a.attname::text as field, a.atttypid from tables t join pg_catalog.pg_attribute a on a.attrelid = t.relation and a.attnum > 0 and a.attgenerated <> 'v' where t.ours <> 'true'),
  machines as (
    select distinct t.*, split_part(pg_get_triggerdef(g.oid), '''', 2) as machine, coalesce((regexp_match(pg_get_triggerdef(g.oid), $r$enforce_transition\('[^']*', '([^']*)'$r$))[1], 'status') as field
    from tables t join pg_catalog.pg_trigger g on g.tgrelid = t.relation and g.tgfoid = 'core.enforce_transition'::regproc)
  select 'not before its parent', f.name, format('select %s, r.%I, t.%I as parent_%3$s from %s r join %s t on %s where (%s) and (%s) and t.%3$I > r.%2$I', f.columns, c.birth, p.birth, f.child, f.parent, f.pairs, c.ours, replace(p.ours, '(r.', '(t.'))
  from testdata.foreign_keys() f join tables c on c.relation = f.child join tables p on p.relation = f.parent
  where c.birth is not null and p.birth is not null and p.ours <> 'true' and not exists (select from testdata.time_exceptions e where e.subject = f.name)
  union all
  select 'an unbroken history', m.relation || ' ' || m.machine, format($q$
    select r.id, r.%I, h.path from %s r cross join (select array(select testdata.first_statuses(%L)) as statuses) f left join (
      select s.entity_id, array_agg(s.from_status || '>' || s.to_status order by s.occurred_at, s.id) as path, bool_or(s.from_status <> s.before) as broken, min(s.from_status) filter (where s.before is null) as first, (array_agg(s.to_status order by s.occurred_at desc, s.id desc))[1] as last
      from (select c.*, lag(c.to_status) over (partition by c.entity_id order by c.occurred_at, c.id) as before from core.status_changes c where c.machine = %3$L and testdata.is_of_seed(c.entity_id, %s)) s group by s.entity_id) h on h.entity_id = r.id
    where (%s) and (coalesce(h.broken, false) or coalesce(h.last <> r.%1$I, false) or coalesce(h.first, r.%1$I) <> all (f.statuses))$q$, m.field, m.relation, m.machine, seed, m.ours)
  from machines m
  union all
  select 'updated after made', t.relation::text, format('select %s, r.created_at, r.updated_at from %s r where (%s) and r.updated_at < r.created_at', t.key, t.relation, t.ours)
  from times t where t.field = 'updated_at' and t.birth = 'created_at'
  union all
  select 'nothing after the window', t.relation || ' ' || t.field, format('select %s, r.%I as at from %s r where (%s) and r.%2$I > %5$L', t.key, t.field, t.relation, t.ours, until)
  from times t where t.atttypid = 'pg_catalog.timestamptz'::regtype and t.field !~ '(expires_at|_until|_after|publish_at|next_attempt_at|link_expires_at)$'
  union all
  select 'the clock of the id', t.relation::text, format('select %s, core.uuid_time(r.id) as id_at from %s r where testdata.is_of_seed(r.id, %s) and core.uuid_time(r.id) <> date_trunc(''milliseconds'', r.%I)', concat_ws(', ', t.key, 'r.' || quote_ident(t.birth)), t.relation, seed, t.birth)
  from times t where t.field = 'id' and t.atttypid = 'pg_catalog.uuid'::regtype and t.birth in ('created_at', 'occurred_at')
  union all
  select 'neighbours in time', t.relation::text, format($q$
    select sum(p.correlation * p.rows) / sum(p.rows) as correlation, sum(p.rows) as rows from (
      select corr(n.at, n.before) as correlation, count(*) as rows from (
        select r.tableoid, extract(epoch from r.%1$I) as at, lag(extract(epoch from r.%1$I)) over (partition by r.tableoid order by r.ctid) as before from %2$s r where %3$s) n group by n.tableoid having count(*) >= 100) p
    having sum(p.correlation * p.rows) / sum(p.rows) < 0.95 - 5 / sqrt(sum(p.rows))$q$, t.field, t.relation, t.ours)
  from times t
  where exists (select from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid and x.relkind = 'I' join pg_catalog.pg_am m on m.oid = x.relam and m.amname = 'brin' join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = t.relation and a.attname = t.field and t.atttypid = 'pg_catalog.timestamptz'::regtype)
  union all
  select 'while it is valid', e.relation || ' ' || e.rule, format('select to_jsonb(r) as row from %s r where (%s) and (%s)', e.relation, testdata.rows_of_seed(e.relation::regclass, seed), e.broken)
  from testdata.time_rules e where to_regclass(e.relation) is not null
$$;

create function testdata.check_time(seed_id uuid) returns bigint
  language plpgsql set search_path = '' set enable_nestloop = off  -- right after a load there are no statistics yet
as $$
declare
  noted bigint;
begin
  perform testdata.require_allowed();
  select coalesce(sum(testdata.note(seed_id, 'time', c.rule || ': ' || c.subject, c.faults)), 0) into noted
  from testdata.time_checks(testdata.seed_of(seed_id), (select case s.mode when 'fast' then s.until else greatest(s.until, clock_timestamp()) end from testdata.seeds s where s.id = seed_id)) c;  -- in an honest load triggers tell the time
  return noted;
end $$;

comment on table testdata.time_exceptions is 'Foreign keys whose parent may be the younger one. @distribution local';
comment on column testdata.time_exceptions.subject is 'Table and constraint, as testdata.foreign_keys() names them.';
comment on column testdata.time_exceptions.reason is 'Why it points ahead.';
comment on table testdata.time_rules is 'What only holds while something else is valid. @distribution local';
comment on column testdata.time_rules.relation is 'Table.';
comment on column testdata.time_rules.rule is 'What holds, in words.';
comment on column testdata.time_rules.broken is 'SQL over the row r: true where it does not hold.';
comment on function testdata.birth_of is 'The column that says when a row of a table began; null for none.';
comment on function testdata.time_checks is 'The queries of check_time(), each of rows that are wrong. Tables without a uuid belong to no seed and are left out.';
comment on function testdata.check_time is 'Notes every rule of time that rows of the seed break; returns the number of findings.';

-- verify
select blueprint.raises('select testdata.check_time(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.check_time(uuidv7())', 'P0002', 'no seed');
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'community.messages', 'community.feed_entries') >= 0;
insert into testdata.seeds (id, profile, mode, seed, sf, since, until) values ('00000000-0000-7000-8000-000000894001', 'nano', 'honest', 42895, 0.0004, testdata.window_start(), testdata.window_end());
select testdata.gen_users(42895, 0, 40, 0.0004) > 0, testdata.gen_community(42895, 0, 1, 0.0004) > 0;
create temporary view pg_temp.people_0894 as select e.n, e.id, e.at, u.status from testdata.entities e join core.users u using (id) where e.seed = 42895 and e.kind = 'user';
create temporary view pg_temp.of_0894 as select n, testdata.window_start() + interval '30 days' as at, testdata.uid(42895, 4094, n, testdata.ms(testdata.window_start() + interval '30 days')) as id from generate_series(1, 9) n;
select blueprint.open_room('probe_0894');
create table probe_0894.things (id uuid primary key, user_id uuid constraint things_user_id_fk references core.users (id), later_id uuid constraint things_later_id_fk references core.users (id), created_at timestamptz not null, updated_at timestamptz not null, used_at timestamptz, expires_at timestamptz, status text not null default 'a');
create trigger things_status after update of status on probe_0894.things for each row execute function core.enforce_transition('probe_0894', 'status');
create table probe_0894.sorted (id uuid, occurred_at timestamptz, primary key (id, occurred_at)) partition by range (occurred_at);
create table probe_0894.shuffled (id uuid, occurred_at timestamptz, primary key (id, occurred_at)) partition by range (occurred_at);
create table probe_0894.small (id uuid, occurred_at timestamptz, primary key (id, occurred_at)) partition by range (occurred_at);
create table probe_0894.sorted_all partition of probe_0894.sorted default;
create table probe_0894.shuffled_all partition of probe_0894.shuffled default;
create table probe_0894.small_all partition of probe_0894.small default;
create index on probe_0894.sorted using brin (occurred_at);
create index on probe_0894.shuffled using brin (occurred_at);
create index on probe_0894.small using brin (occurred_at);
insert into probe_0894.sorted select testdata.uid(42895, 4094, i, testdata.ms(o.at) + i * 60000), o.at + i * interval '1 minute' from pg_temp.of_0894 o, generate_series(0, 300) i where o.n = 1 order by i;
insert into probe_0894.shuffled select testdata.uid(42895, 4094, i, testdata.ms(o.at) + i * 60000), o.at + i * interval '1 minute' from pg_temp.of_0894 o, generate_series(0, 300) i where o.n = 1 order by testdata.h(894, 1, i);
insert into probe_0894.small select testdata.uid(42895, 4094, i, testdata.ms(o.at) + i * 60000), o.at + i * interval '1 minute' from pg_temp.of_0894 o, generate_series(0, 90) i where o.n = 1 order by testdata.h(894, 1, i);
insert into testdata.time_exceptions values ('probe_0894.things things_later_id_fk', 'a probe');
insert into probe_0894.things (id, status, user_id, later_id, created_at, updated_at, used_at, expires_at)
select o.id, case o.n when 4 then 'b' else 'a' end, case o.n when 1 then y.id else x.id end, y.id, case o.n when 2 then o.at + interval '1 ms' else o.at end, case o.n when 3 then o.at - interval '1 s' else o.at + interval '1 s' end, case o.n when 4 then now() + interval '1 hour' else testdata.window_end() end, now() + interval '1 year'
from pg_temp.of_0894 o, pg_temp.people_0894 x, pg_temp.people_0894 y where x.n = 0 and y.n = 39;
select core.define_machine('probe_0894', '{"a": ["b"], "b": ["c"], "c": ["a"]}') = 3;
insert into core.status_changes (id, occurred_at, machine, entity_id, from_status, to_status)
select testdata.uid(42895, 4094, v.k, testdata.ms(o.at) + v.k), o.at + v.k * interval '1 ms', 'probe_0894', o.id, v.before, v.after
from pg_temp.of_0894 o join (values (5, 1, 'a', 'b'), (5, 2, 'b', 'c'), (6, 3, 'a', 'b'), (6, 4, 'c', 'a'), (7, 5, 'b', 'c'), (7, 6, 'c', 'a'), (8, 7, 'a', 'b'), (8, 8, 'b', 'c'), (8, 9, 'c', 'a')) v(n, k, before, after) using (n);
insert into community.messages (id, occurred_at, club_id, seq, author_id, body) select testdata.uid(42895, 4094, 1, testdata.ms(m.joined_at) - 60000), m.joined_at - interval '1 minute', m.club_id, 9999, m.user_id, 'early'
from community.memberships m join community.clubs c on c.id = m.club_id and c.created_by <> m.user_id where testdata.is_of_seed(m.club_id, 42895) order by m.joined_at desc limit 1;
insert into core.kyc (id, user_id, status, level, requested_at, proposed_at, decided_by, decided_at, valid_during, created_at, updated_at)
select o.id, x.id, 'approved', 'basic', o.at, null, y.id, o.at, core.period(o.at, o.at + interval '1 day'), o.at, o.at from pg_temp.of_0894 o, pg_temp.people_0894 x, pg_temp.people_0894 y where o.n = 1 and x.n = 0 and y.n = 1;
insert into core.donations (id, donor_id, chain, currency, amount_usd, status, confirmed_at, fmv_rate_at, kyc_id, created_at, updated_at)
select o.id, x.id, 'fiat', 'USD', 10, 'confirmed', o.at + o.n * interval '9 hours', o.at, k.id, o.at, o.at + interval '5 days' from pg_temp.of_0894 o, pg_temp.of_0894 k, pg_temp.people_0894 x where o.n in (1, 7) and k.n = 1 and x.n = 0;
select testdata.check_time('00000000-0000-7000-8000-000000894001') = 10;
create temporary view pg_temp.found_0894 as select f.subject, f.found -> 'rows' as rows, f.found -> 'samples' as samples from testdata.findings f where f.seed_id = '00000000-0000-7000-8000-000000894001' and f.check_name = 'time';
select want, count(f.subject) = 1, bool_and(f.rows = want[2]::jsonb) from (values
  (array['not before its parent: probe_0894.things things_user_id_fk', '1']), ('{"an unbroken history: probe_0894.things probe_0894", 4}'), ('{"an unbroken history: core.donations donation", 2}'), ('{"an unbroken history: core.kyc kyc", 1}'),
  ('{"updated after made: probe_0894.things", 1}'), ('{"nothing after the window: probe_0894.things used_at", 1}'), ('{"the clock of the id: probe_0894.things", 1}'), ('{"neighbours in time: probe_0894.shuffled", 1}'),
  ('{"while it is valid: community.messages written by a member", 1}'), ('{"while it is valid: core.donations the case is valid", 1}')) v(want) left join pg_temp.found_0894 f on f.subject = want[1] group by want;
select what, samples #>> path = o.id::text from (values ('not before%', '{0,id}'::text[], 1), ('%kyc', '{0,id}', 1), ('updated%', '{0,id}', 3), ('nothing%', '{0,id}', 4), ('the clock%', '{0,id}', 2), ('%case is valid', '{0,row,id}', 7)) v(what, path, n) join pg_temp.found_0894 f on f.subject like what join pg_temp.of_0894 o using (n);
select array_agg(s -> 'path' order by s ->> 'id') = array['null', '["a>b", "b>c"]', '["a>b", "c>a"]', '["b>c", "c>a"]']::jsonb[] from pg_temp.found_0894, jsonb_array_elements(samples) s where subject like '%things probe_0894';
select samples #>> '{0,row,body}' = 'early' from pg_temp.found_0894 where subject like '%written by a member';
select abs((samples #>> '{0,correlation}')::numeric) < 0.4 from pg_temp.found_0894 where subject like 'neighbours%';
select count(*) filter (where c.subject in ('probe_0894.sorted', 'probe_0894.small', 'probe_0894.shuffled')) = 3, count(*) filter (where c.subject = 'core.status_changes') = 0 from testdata.time_checks(42895, now()) c where c.rule = 'neighbours in time';
select testdata.birth_of('core.users') = 'created_at', testdata.birth_of('core.status_changes') = 'occurred_at', testdata.birth_of('community.memberships') = 'joined_at', testdata.birth_of('identity.group_members') is null;
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into testdata.time_exceptions select * from testdata.time_exceptions limit 1 $$, 'time_exceptions_subject_pk'), ($$ insert into testdata.time_rules select * from testdata.time_rules limit 1 $$, 'time_rules_relation_rule_pk')) v(sql, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.time_exceptions'::regclass, 'testdata.time_rules'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
