-- Checks of a seed: what points somewhere finds something there. A check testdata.check_<name>(seed_id) looks at the rows of its seed, writes what is wrong to testdata.findings and returns how many
-- findings that were; hc seed verify runs all there are. What the other checks are made of is here too: is_of_seed(), rows_of_seed(), key_columns(),
-- note() and seed_of().

-- task: BUILD_0891 create_test_data drill
-- title: Check references of a seed: every foreign key, soft reference and promised child
-- does: testdata.check_references(seed_id) takes every foreign key from the catalog (composite, temporal, NOT VALID), every soft reference of view soft_refs (kind and id, uuid[] members, jsonb paths) and every promise
--   (a released design has a version, an order an item, a confirmed donation an entry with postings), one anti-join each, and notes five sample rows. What soft_refs must be told stands in declared_refs; columns named as usual
--   (user_id, confirmed_by, subject_kind and subject_id) are found in the catalog, as are the kinds: machines and tables.
-- proves: a small seed has no finding and a check for each key and soft reference; a deleted parent, a broken mention, an order without items, a kind nobody knows and a period that is not covered are found with table and key.
-- needs: BUILD_0162, BUILD_0856, BUILD_0873, BUILD_0874
create function testdata.is_of_seed(id uuid, seed bigint) returns boolean
  language sql immutable parallel safe
  return substring(uuid_send(id), 13) = substring(uuid_send(testdata.uid(seed, 0, 0, 0)), 13) and get_byte(uuid_send(id), 11) & 3 = get_byte(uuid_send(testdata.uid(seed, 0, 0, 0)), 11);

create function testdata.rows_of_seed(relation regclass, seed bigint) returns text
  language sql stable
begin atomic
  select coalesce(string_agg(format('testdata.is_of_seed(r.%I, %s)', c.attname, rows_of_seed.seed), ' or ' order by c.attnum) filter (where c.is_key),
    string_agg(format('testdata.is_of_seed(r.%I, %s)', c.attname, rows_of_seed.seed), ' or ' order by c.attnum), 'true')
  from (
    select a.attname, a.attnum, exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::int2[])) as is_key
    from pg_catalog.pg_attribute a where a.attrelid = rows_of_seed.relation and a.attnum > 0 and a.atttypid = 'pg_catalog.uuid'::regtype) c;
end;

create function testdata.key_columns(relation regclass) returns text
  language sql stable
begin atomic
  select coalesce(string_agg(format('r.%I', a.attname), ', ' order by a.attnum), 'r.*')
  from pg_catalog.pg_attribute a join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::int2[]) where a.attrelid = key_columns.relation;
end;

create function testdata.note(seed_id uuid, check_name text, subject text, faults text) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  noted bigint;
begin
  execute format($q$
    insert into testdata.findings (seed_id, check_name, subject, found)
    select $1, $2, $3, jsonb_build_object('rows', max(s.rows), 'samples', jsonb_agg(s.sample))
    from (select count(*) over () as rows, to_jsonb(f) as sample from (%s) f order by 2 limit 5) s having count(*) > 0$q$, faults) using seed_id, check_name, subject;
  get diagnostics noted = row_count;
  return noted;
exception when others then
  raise exception using errcode = sqlstate, message = format('check %s of %s: %s', check_name, subject, sqlerrm), detail = faults;
end $$;

create function testdata.foreign_keys() returns table (name text, child regclass, parent regclass, columns text, present text, pairs text, child_period text, parent_period text)
  language sql stable
begin atomic
  select format('%s %s', f.conrelid::regclass, f.conname), f.conrelid, f.confrelid,
    (select string_agg(format('r.%I', a.attname), ', ' order by a.attnum) from pg_catalog.pg_attribute a where a.attrelid = f.conrelid and a.attnum > 0
      and (a.attnum = any (f.conkey) or exists (select from pg_catalog.pg_index i where i.indrelid = f.conrelid and i.indisprimary and a.attnum = any (i.indkey::int2[])))),
    string_agg(format('r.%I is not null', c.attname), ' and '), string_agg(format('t.%I operator(%I.%s) r.%I', t.attname, n.nspname, o.oprname, c.attname), ' and ') filter (where not (f.conperiod and u.place = cardinality(f.conkey))),
    max(c.attname) filter (where f.conperiod and u.place = cardinality(f.conkey)), max(t.attname) filter (where f.conperiod and u.place = cardinality(f.conkey))
  from pg_catalog.pg_constraint f cross join lateral unnest(f.conkey, f.confkey, f.conpfeqop) with ordinality u(child, parent, equals, place)
  join pg_catalog.pg_attribute c on c.attrelid = f.conrelid and c.attnum = u.child join pg_catalog.pg_attribute t on t.attrelid = f.confrelid and t.attnum = u.parent
  join pg_catalog.pg_operator o on o.oid = u.equals join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
  where f.contype = 'f' and f.conparentid = 0 group by f.oid, f.conrelid, f.confrelid, f.conname, f.conkey;
end;

create view testdata.kinds with (security_invoker = true) as
with tables as (
  select c.oid, format('%I.%I', n.nspname, c.relname) as relation, c.relname::text as name, a.attname::text as key
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey::int2[]) and a.atttypid = 'pg_catalog.uuid'::regtype
  where c.relkind in ('r', 'p') and not c.relispartition and (a.attname = 'id' or i.indnkeyatts = 1) and n.nspname not in ('blueprint', 'testdata'))
select t.relation as kind, t.relation, t.key from tables t
union
select regexp_replace(t.name, 's$', ''), t.relation, t.key from tables t
union
select split_part(pg_get_triggerdef(g.oid), '''', 2), t.relation, t.key from tables t join pg_catalog.pg_trigger g on g.tgrelid = t.oid and g.tgfoid = 'core.enforce_transition'::regproc;

create table testdata.declared_refs (
  relation text not null,
  attribute text not null,
  ids text not null,
  kind text not null,
  constraint declared_refs_relation_attribute_ids_pk primary key (relation, attribute, ids)
);

insert into testdata.declared_refs (relation, attribute, ids, kind) values
  ('core.status_changes', 'entity_id', 'r.entity_id', $$case r.machine when 'user_role' then 'user' else r.machine end$$),
  ('core.users', 'metadata', $$(jsonb_path_query(r.metadata, '$.merged[*].id') #>> '{}')::uuid$$, $$'user'$$),
  ('core.transactions', 'raw', $$(r.raw ->> 'donation_id')::uuid$$, $$'donation'$$),
  ('core.transactions', 'raw', $$(r.raw ->> 'replaced_by')::uuid$$, $$'transaction'$$),
  ('core.content', 'body_blocks', $$core.as_uuid(jsonb_path_query(r.body_blocks, '$[*] ? (@.type == "design").id') #>> '{}')$$, $$'design'$$),
  ('core.asset_links', 'holder_id', 'r.holder_id', 'r.holder'),
  ('core.audit_logs', 'entity_id', $$case when r.action in ('insert', 'update') then core.as_uuid(r.entity_id) end$$, $$r.entity_schema || '.' || r.entity_table$$),
  ('core.audit_leaves', 'row_ids', 'unnest(r.row_ids)', $$'core.audit_logs'$$),
  ('community.messages', 'mentions', 'unnest(r.mentions)', $$'user'$$),
  ('community.messages', 'attachments', $$(jsonb_path_query(r.attachments, '$[*].asset_id') #>> '{}')::uuid$$, $$'asset'$$),
  ('community.messages', 'reply_to_seq', $$case when r.reply_to_seq is not null then coalesce((select m.id from community.messages m where m.club_id = r.club_id and m.seq = r.reply_to_seq limit 1), r.club_id) end$$, $$'message'$$),
  ('community.reactions', 'message_seq', $$coalesce((select m.id from community.messages m where m.club_id = r.club_id and m.seq = r.message_seq limit 1), r.club_id)$$, $$'message'$$),
  ('community.threads', 'root_seq', $$coalesce((select m.id from community.messages m where m.club_id = r.club_id and m.seq = r.root_seq limit 1), r.club_id)$$, $$'message'$$),
  ('community.follows', 'target_id', 'r.target_id', 'r.kind'),
  ('community.feed_entries', 'origin_id', 'r.origin_id', $$'community.feed_entries'$$),
  ('impact.verifications', 'target_id', 'r.target_id', $$case r.target_kind when 'period' then 'reporting_period' else r.target_kind end$$),
  ('impact.restatement_list', 'record_id', 'r.record_id', $$'record'$$),
  ('treasury.entries', 'source_id', $$core.as_uuid(split_part(r.source_id, ':', 1))$$, $$split_part(r.source_kind, '_', 1)$$),
  ('production.stock_lots', 'origin', $$(r.origin ->> 'run_id')::uuid$$, $$'run'$$),
  ('learning.user_skills', 'evidence', $$core.as_uuid(jsonb_path_query(r.evidence, '$[*].ref') #>> '{}')$$, $$jsonb_path_query(r.evidence, '$[*].kind') #>> '{}'$$),
  ('learning.certifications', 'requirements', $$(jsonb_path_query(r.requirements, '$.assessments[*]') #>> '{}')::uuid$$, $$'assessment'$$),
  ('learning.certificates', 'credential', $$replace(r.credential #>> '{credentialSubject,id}', 'urn:uuid:', '')::uuid$$, $$'user'$$),
  ('automation.deliveries', 'event_id', 'r.event_id', $$'automation.outbox'$$),
  ('automation.deliveries', 'replay_of', 'r.replay_of', $$'automation.deliveries'$$),
  ('automation.delivery_attempts', 'delivery_id', 'r.delivery_id', $$'automation.deliveries'$$),
  ('automation.evaluations', 'run_id', 'r.run_id', $$'automation.prompt_runs'$$);

create view testdata.soft_refs with (security_invoker = true) as
select d.relation, d.attribute, d.ids, d.kind from testdata.declared_refs d where to_regclass(d.relation) is not null
union all
select format('%I.%I', n.nspname, c.relname), a.attname::text, format('r.%I', a.attname),
  case when k.attname is not null then format('r.%I', k.attname) when a.attname ~ '(_by|_to)$|^(user|actor|author)_id$' then '''user''' else quote_literal(regexp_replace(a.attname, '_id$', '')) end
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and a.atttypid = 'pg_catalog.uuid'::regtype
left join pg_catalog.pg_attribute k on k.attrelid = c.oid and a.attname like '%\_id' and k.attname = regexp_replace(a.attname, '_id$', '_kind')
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('blueprint', 'testdata') and a.attname ~ '_(id|by|to)$'
  and not exists (select from pg_catalog.pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and a.attnum = any (f.conkey))
  and not exists (select from testdata.declared_refs d where d.relation = format('%I.%I', n.nspname, c.relname) and d.attribute = a.attname);

create table testdata.promises (
  relation text not null,
  condition text not null,
  child text not null,
  constraint promises_relation_condition_child_pk primary key (relation, condition, child)
);

insert into testdata.promises (relation, condition, child) values
  ('core.designs', $$r.status = 'released'$$, 'select from design.versions v where v.design_id = r.id and v.released_at is not null'),
  ('production.orders', 'true', 'select from production.order_items i where i.order_id = r.id'),
  ('production.shipments', 'true', 'select from production.shipment_items i where i.shipment_id = r.id'),
  ('core.donations', $$r.status in ('confirmed', 'reconciled') and not exists (select from treasury.entries e where e.source_kind = 'donation' and e.source_id = r.id::text)$$,
    $$select from core.transactions t join treasury.entries e on e.source_kind = 'transaction' and e.source_id = t.id::text where t.donation_id = r.id$$),  -- one or the other, so that both are anti-joins
  ('treasury.entries', 'true', 'select from treasury.postings p where p.entry_id = r.id'),
  ('community.clubs', $$r.status = 'active'$$, $$select from community.memberships m where m.club_id = r.id and m.role = 'owner' and m.left_at is null$$),
  ('learning.courses', $$r.status = 'published'$$, 'select from learning.modules m where m.course_id = r.id');

create function testdata.reference_checks(seed bigint) returns table (via text, subject text, faults text)
  language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  soft record;
  found text[];
begin
  return query
  select 'foreign key', f.name, format('select %s from %s r where (%s) and %s and not %s', f.columns, f.child, testdata.rows_of_seed(f.child, seed), f.present,
    case when f.parent_period is null then format('exists (select from %s t where %s)', f.parent, f.pairs)
      else format('coalesce((select range_agg(t.%I) from %s t where %s) @> r.%I, false)', f.parent_period, f.parent, f.pairs, f.child_period) end)
  from testdata.foreign_keys() f;
  for soft in select * from testdata.soft_refs loop
    execute format('select array_agg(distinct k.kind) from %s r cross join lateral (select %s as id, %s as kind) k where (%s) and k.id is not null', soft.relation, soft.ids, soft.kind, testdata.rows_of_seed(soft.relation::regclass, seed)) into found;
    via := 'soft reference';
    subject := format('%s %s', soft.relation, soft.ids);
    faults := format('select to_jsonb(r) as row, k.* from %s r cross join lateral (select %s as id, %s as kind) k where (%s) and k.id is not null and not case k.kind %s else false end', soft.relation, soft.ids, soft.kind,
      testdata.rows_of_seed(soft.relation::regclass, seed), coalesce((
        select string_agg(format('when %L then %s', b.kind, b.there), ' ') from (
          select k.kind, string_agg(format('exists (select from %s t where t.%I = k.id)', k.relation, k.key), ' or ') as there from testdata.kinds k where k.kind = any (found) group by k.kind) b), 'when null then false'));
    return next;
  end loop;
  return query
  select 'promise', format('%s where %s', p.relation, p.condition), format('select r.id from %s r where (%s) and %s and not exists (%s)', p.relation, testdata.rows_of_seed(p.relation::regclass, seed), p.condition, p.child)
  from testdata.promises p where to_regclass(p.relation) is not null;
end $$;

create function testdata.seed_of(seed_id uuid) returns bigint
  language plpgsql stable set search_path = ''
as $$
declare
  found bigint;
begin
  select s.seed into found from testdata.seeds s where s.id = seed_of.seed_id;
  if found is null then
    raise exception using errcode = 'P0002', message = format('there is no seed with the id %s', seed_id), hint = 'hc seed status lists them.';
  end if;
  return found;
end $$;

create function testdata.check_references(seed_id uuid) returns bigint
  language plpgsql set search_path = '' set enable_nestloop = off  -- right after a load there are no statistics yet
as $$
declare
  noted bigint;
begin
  perform testdata.require_allowed();
  select coalesce(sum(testdata.note(seed_id, 'references', c.subject, c.faults)), 0) into noted from testdata.reference_checks(testdata.seed_of(seed_id)) c;
  return noted;
end $$;

comment on function testdata.is_of_seed is 'Whether uid() made this id for this seed. Inlined: with the seed as a literal it is two comparisons of bytes.';
comment on function testdata.rows_of_seed is 'The condition that a row r of a table belongs to a seed: a uuid of its key does, or any uuid where the key has none; true for tables without uuids, which belong to all.';
comment on function testdata.key_columns is 'The columns of the key of a table, of its row r; all columns where it has none.';
comment on function testdata.note is 'Writes one finding for the rows of a query, with their number and the first five, and returns how many findings that are: 0 or 1.';
comment on function testdata.foreign_keys is 'Foreign keys as SQL: of a row r of the child and a row t of the parent, the key columns, that they are there, and that they agree, apart from a period.';
comment on view testdata.kinds is 'What a word in a column such as subject_kind means: a table by its name, by its name without the plural, or by the machine that guards it. A word may mean several tables.';
comment on column testdata.kinds.kind is 'The word: core.designs, design, user_role, ...';
comment on column testdata.kinds.relation is 'The table.';
comment on column testdata.kinds.key is 'Its column id, or the only column of its key.';
comment on table testdata.declared_refs is 'References without a foreign key that names do not tell, or tell wrongly. @distribution local';
comment on column testdata.declared_refs.relation is 'Table.';
comment on column testdata.declared_refs.attribute is 'Column; its usual reading rests.';
comment on column testdata.declared_refs.ids is 'SQL over the row r: the id, or a set of ids. null is no reference.';
comment on column testdata.declared_refs.kind is 'SQL over the row r: what the id is of, a kind of testdata.kinds; a set where ids is one.';
comment on view testdata.soft_refs is 'References without a foreign key: the declared ones, and uuid columns named as usual (person_by, actor_id, x_kind with x_id, x_id), so that new tables join by themselves.';
comment on column testdata.soft_refs.relation is 'Table.';
comment on column testdata.soft_refs.attribute is 'Column.';
comment on column testdata.soft_refs.ids is 'SQL over the row r: the id, or a set of ids.';
comment on column testdata.soft_refs.kind is 'SQL over the row r: what the id is of.';
comment on table testdata.promises is 'Rows that must have a child. @distribution local';
comment on column testdata.promises.relation is 'Table, with a column id.';
comment on column testdata.promises.condition is 'SQL over the row r: who must.';
comment on column testdata.promises.child is 'SQL over the row r: a query that has a row.';
comment on function testdata.reference_checks is 'The queries of check_references(), each of rows that are wrong: one a foreign key, soft reference and promise.';
comment on function testdata.seed_of is 'The seed of a data set; P0002 for none.';
comment on function testdata.check_references is 'Notes every foreign key, soft reference and promise that rows of the seed break; returns the number of findings.';

-- verify
select blueprint.raises('select testdata.check_references(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.check_references(uuidv7())', 'P0002', 'no seed');
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'community.messages', 'community.feed_entries') >= 0;
insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000891001', 'nano', 42891, 0.0004, testdata.window_start(), testdata.window_end());
select testdata.gen_users(42891, 0, 40, 0.0004) > 0, testdata.gen_designs(42891, 0, 10, 0.0004) > 0, testdata.gen_community(42891, 0, 1, 0.0004) > 0;
create temporary view pg_temp.of_0891 as select n, testdata.uid(42891, 4091, n, 0) as id from generate_series(1, 9) n;
select testdata.is_of_seed(u.id, 42891), not testdata.is_of_seed(u.id, 42892), not testdata.is_of_seed(u.id, 42891 + k.k), not testdata.is_of_seed(uuidv7(), 42891) from pg_temp.of_0891 u,
  (select min(k) as k from generate_series(1, 9999) k where testdata.seed_tag(42891 + k) & 255 = testdata.seed_tag(42891) & 255 and testdata.seed_tag(42891 + k) <> testdata.seed_tag(42891)) k;
select blueprint.open_room('probe_0891');
create table probe_0891.users (id uuid primary key, status text);
create trigger users_status after update of status on probe_0891.users for each row execute function core.enforce_transition('person_0891', 'status');
create table probe_0891.shelves (room text, shelf int, during daterange, primary key (room, shelf, during without overlaps));
create table probe_0891.books (a uuid, b uuid, room text, shelf int, during daterange, keeper_kind text, keeper_id uuid, bound_by uuid, club_id uuid, primary key (a, b));
create table probe_0891.rooms (room text, floor int, primary key (room, floor));
create table probe_0891.labels (id int primary key, room text, floor int);
insert into probe_0891.users (id) select id from pg_temp.of_0891 where n = 5;
insert into probe_0891.shelves values ('r', 1, '[2026-01-01,2026-02-01)'), ('r', 1, '[2026-02-01,2026-03-01)'), ('r', 2, '[2026-01-01,2026-02-01)');
insert into probe_0891.books (a, b, room, shelf, during, keeper_kind, keeper_id, bound_by, club_id)
select uuidv7(), u.id, case when u.n < 9 then 'r' end, case u.n when 1 then 1 else 2 end, '[2026-01-15,2026-02-15)', case u.n when 3 then 'ghost' else 'user' end, case when u.n in (2, 3, 5) then u.id else e.id end, case u.n when 4 then u.id else e.id end, case u.n when 6 then u.id else c.id end
from pg_temp.of_0891 u join testdata.entities e on e.seed = 42891 and e.kind = 'user' and e.n = u.n, (select c.id from community.clubs c where testdata.is_of_seed(c.id, 42891)) c;
insert into probe_0891.books (a, b, room, shelf, during) values (uuidv7(), testdata.uid(42892, 4091, 1, 0), 'r', 3, '[2026-01-15,2026-02-15)');
alter table probe_0891.books add constraint books_shelf_fk foreign key (room, shelf, period during) references probe_0891.shelves (room, shelf, period during) not valid;
insert into probe_0891.rooms values ('r', 1), ('s', 2);
insert into probe_0891.labels values (1, 'r', 1), (2, 'r', 2), (3, null, 7);
alter table probe_0891.labels add constraint labels_room_fk foreign key (room, floor) references probe_0891.rooms (room, floor) not valid;
insert into production.orders (id, customer_id) select u.id, e.id from pg_temp.of_0891 u join testdata.entities e on e.seed = 42891 and e.kind = 'user' and e.n = u.n where u.n = 1;
insert into community.messages (id, club_id, seq, author_id, body, mentions, occurred_at) select testdata.uid(42891, 4091, 1, testdata.ms('2026-10-30 00:00+00')), c.id, 9999, c.created_by, 'hello', array[u.id, c.created_by], '2026-10-30 00:00+00'
from pg_temp.of_0891 u, community.clubs c where u.n = 1 and testdata.is_of_seed(c.id, 42891);
insert into testdata.declared_refs (relation, attribute, ids, kind) values ('probe_0891.none', 'x', 'r.x', 'r.y');
insert into testdata.promises (relation, condition, child) values ('probe_0891.none', 'true', 'select'), ('probe_0891.labels', 'r.id = 1', 'select from probe_0891.rooms m where m.room = r.room and m.floor = r.floor'),
  ('probe_0891.labels', 'r.id = 2', 'select from probe_0891.rooms m where m.room = r.room and m.floor = r.floor');
select testdata.key_columns('probe_0891.books') = 'r.a, r.b', testdata.key_columns('pg_temp.of_0891') = 'r.*';
select testdata.check_references('00000000-0000-7000-8000-000000891001') = 8;
create temporary view pg_temp.found_0891 as select f.subject, f.found, f.found -> 'samples' as samples from testdata.findings f where f.seed_id = '00000000-0000-7000-8000-000000891001' and f.check_name = 'references';
select count(*) = 8, bool_and(subject = any (array['community.messages unnest(r.mentions)', 'probe_0891.books books_shelf_fk', 'probe_0891.books r.bound_by', 'probe_0891.books r.club_id', 'probe_0891.books r.keeper_id', 'probe_0891.labels labels_room_fk', 'probe_0891.labels where r.id = 2',
  'production.orders where true'])) from pg_temp.found_0891;
select found -> 'rows' = '7', jsonb_array_length(samples) = 5, samples -> 0 ?& '{a,b,room,shelf,during}', not samples -> 0 ? 'keeper_id' from pg_temp.found_0891 where subject = 'probe_0891.books books_shelf_fk';
select samples = '[{"id": 2, "room": "r", "floor": 2}]' from pg_temp.found_0891 where subject = 'probe_0891.labels labels_room_fk';
select found -> 'rows' = '2', samples @> '[{"kind": "user"}, {"kind": "ghost"}]' from pg_temp.found_0891 where subject = 'probe_0891.books r.keeper_id';
select samples -> 0 ->> 'id' = u.id::text, samples -> 0 -> 'row' ->> 'body' = 'hello', found -> 'rows' = '1' from pg_temp.found_0891, pg_temp.of_0891 u where u.n = 1 and subject = 'community.messages unnest(r.mentions)';
select found = jsonb_build_object('rows', 1, 'samples', jsonb_build_array(jsonb_build_object('id', u.id))) from pg_temp.found_0891, pg_temp.of_0891 u where u.n = 1 and subject = 'production.orders where true';
select count(*) filter (where via = 'foreign key') = (select count(*) from pg_constraint where contype = 'f' and conparentid = 0), count(*) filter (where via = 'soft reference') = (select count(*) from testdata.soft_refs),
  count(*) filter (where via = 'promise') = (select count(*) from testdata.promises where to_regclass(relation) is not null) from testdata.reference_checks(42891);
select want, exists (select from testdata.kinds k where (k.kind, k.relation, k.key) = (want[1], want[2], want[3])) = (want[4] = 'yes') from (values
  (array['person_0891', 'probe_0891.users', 'id', 'yes']), ('{core.status_changes,core.status_changes,id,yes}'), ('{profile,identity.profiles,user_id,yes}'), ('{user,probe_0891.users,id,yes}'), ('{message,community.messages,id,yes}'),
  ('{membership,community.memberships,club_id,no}'), ('{run,blueprint.runs,id,no}'), ('{core.analytics,core.analytics,occurred_at,no}')) v(want);
select count(*) = 1, bool_and(kind = 'r.kind') from testdata.soft_refs where relation = 'community.follows' and attribute = 'target_id';
select attribute, kind = want from (values ('posted_by', '''user'''), ('subject_id', 'r.subject_kind'), ('machine_id', '''machine''')) v(attribute, want) join testdata.soft_refs s using (attribute) where s.relation in ('treasury.entries', 'treasury.aml_screenings', 'production.telemetry');
select blueprint.raises($$ select testdata.note('00000000-0000-7000-8000-000000891001', 'probe', 'thing', 'select 1 from nowhere') $$, '42P01', 'check probe of thing');
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into testdata.declared_refs select * from testdata.declared_refs limit 1 $$, 'declared_refs_relation_attribute_ids_pk'), ($$ insert into testdata.promises select * from testdata.promises limit 1 $$, 'promises_relation_condition_child_pk')) v(sql, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.declared_refs'::regclass, 'testdata.promises'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
