-- Checks of a seed: what must be there once is there once, in the heap as in the index, and parts come in the numbers they should, also with other seeds beside it.

-- task: BUILD_0895 create_test_data drill
-- title: Check keys and cardinalities of a seed, also across seeds loaded side by side
-- does: testdata.check_keys(seed_id) counts the keys of every unique index of every table of the plan in the heap, natural keys that no constraint declares (folded mail, normalised address, slug without its tag), parts per whole (one profile a
--   user, one to three tokens a session), ids that two tables or two seeds share, entities against the keys that were planned, and permute() over these. Where amcheck is there and allowed, it reads the indexes too. key_checks() lists it all;
--   natural_keys and cardinalities are data: a line takes a table in.
-- proves: two seeds beside each other have no finding, a folded mail twice, a second row for a pair, a shared id, a missing entity and an index that misses its heap are found, every table of the plan is covered.
-- needs: BUILD_0162, BUILD_0856, BUILD_0862, BUILD_0871, BUILD_0891, BUILD_0898
create table testdata.natural_keys (
  relation text not null,
  key text not null,
  condition text not null default 'true',
  constraint natural_keys_relation_key_pk primary key (relation, key)
);

create table testdata.cardinalities (
  relation text not null,
  condition text not null default 'true',
  parts text not null,
  least int not null constraint cardinalities_least_check check (least >= 0),
  most int,
  constraint cardinalities_relation_condition_parts_pk primary key (relation, condition, parts),
  constraint cardinalities_most_check check (most >= least)
);

create table testdata.planned_kinds (
  generator text not null,
  kind text not null,
  constraint planned_kinds_generator_kind_pk primary key (generator, kind)
);

insert into testdata.natural_keys (relation, key, condition) values
  ('core.users', 'core.fold(t.email::text)', 'true'), ('core.users', 'core.fold(t.handle::text)', 'true'), ('core.wallets', 'lower(t.address)', 't.chain <> ''solana'''), ('core.wallets', 'array[t.chain::text, t.address]', 'true'),
  ('community.clubs', 'core.fold(t.name)', 't.status = ''active'''), ('core.content', 'array[t.locale, core.fold(t.slug)]', 'true'), ('core.donations', 'array[t.chain::text, t.txid]', 't.txid is not null'),
  ('learning.courses', 'upper(t.code)', 'true'), ('treasury.entries', 'array[t.kind, t.source_kind, t.source_id]', 't.source_id is not null');

insert into testdata.cardinalities (relation, condition, parts, least, most) values
  ('core.users', 'true', 'from identity.profiles p where p.user_id = t.id', 1, 1),
  ('identity.sessions', 'true', 'from identity.refresh_tokens p where p.session_id = t.id', 1, 3),
  ('identity.groups', 'true', 'from identity.group_members p where p.group_id = t.id and p.role = ''owner'' and upper_inf(p.during)', 0, 1),
  ('core.designs', 't.status = ''released''', 'from design.versions p where p.design_id = t.id', 1, null),
  ('design.versions', 'true', 'from design.hinge_specs p where p.version_id = t.id', 0, 1),
  ('community.clubs', 'true', 'from community.memberships p where p.club_id = t.id and p.role = ''owner''', 1, 1),
  ('production.orders', 'true', 'from production.order_items p where p.order_id = t.id', 1, null),
  ('production.orders', 'true', 'from production.quotes p where p.order_id = t.id and p.status = ''accepted''', 0, 1),
  ('core.donations', 'true', 'from core.receipts p where p.donation_id = t.id and p.replaced_by_id is null', 0, 1),
  ('treasury.entries', 'true', 'from treasury.postings p where p.entry_id = t.id', 2, 5),
  ('learning.courses', 'true', 'from learning.modules p where p.course_id = t.id', 1, 12),
  ('learning.enrolments', 'true', 'from learning.progress p where p.enrolment_id = t.id', 0, 12);

insert into testdata.planned_kinds (generator, kind) values
  ('gen_users', 'user'), ('gen_designs', 'design'), ('gen_assets', 'asset'), ('gen_donations', 'donation'), ('gen_content', 'content'), ('gen_wallets', 'wallet'), ('gen_microfactories', 'microfactory'), ('gen_community', 'club'),
  ('gen_learning', 'course'), ('gen_legal_documents', 'legal_document'), ('gen_webhooks', 'webhook');

create function testdata.key_checks(seed bigint) returns table (relation text, subject text, via text, faults text)
  language plpgsql stable set search_path = ''
as $$
begin
  return query  -- the unique ones count the heap (offset 0), not the index
  with targets as (select distinct to_regclass(t.target) as oid from testdata.generators g, unnest(g.targets) as t(target) where to_regclass(t.target) is not null)
  select t.oid::text, i.indexrelid::regclass::text, 'unique index', format('select %s, count(*) from (select * from %s offset 0) t where %s%s group by %s having count(*) > 1', k.columns, t.oid, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), case when i.indnullsnotdistinct then '' else k.present end, k.columns)
  from targets t join pg_catalog.pg_index i on i.indrelid = t.oid and i.indisunique,
    lateral (select string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' order by n) as columns, string_agg(format(' and (%s) is not null', pg_get_indexdef(i.indexrelid, n, true)), '') as present from generate_series(1, i.indnkeyatts) n) k
  union all
  select n.relation, n.relation || ' ' || n.key, 'natural key', format('select %s as key, count(*) from %s t where %s is not null and (%s) group by 1 having count(*) > 1 and bool_or(%s)', n.key, n.relation, n.key, n.condition, testdata.rows_of(n.relation::regclass, seed))
  from testdata.natural_keys n where to_regclass(n.relation) is not null
  union all
  select c.relation, c.relation || ' ' || split_part(c.parts, ' ', 2), 'cardinality', format('select t.id, t.parts from (select t.id, (select count(*) %s) as parts from %s t where (%s) and (%s)) t where t.parts not between %s and %s',
    c.parts, c.relation, c.condition, testdata.rows_of(c.relation::regclass, seed), c.least, coalesce(c.most, 2147483647))
  from testdata.cardinalities c where to_regclass(c.relation) is not null and to_regclass(split_part(c.parts, ' ', 2)) is not null
  union all
  select null, 'ids of two tables', 'id', 'select u.id, array_agg(u.relation) as relations from (' || string_agg(format('select t.id, %L as relation from %s t where %s', t.oid, t.oid, testdata.rows_of(t.oid, seed)), ' union all ') || ') u group by u.id having count(distinct u.relation) > 1'
  from targets t where exists (select from testdata.uuid_columns(t.oid) u where u.is_own) and t.oid <> 'testdata.entities'::regclass
    and not exists (select from pg_catalog.pg_constraint f join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and f.conkey = array[a.attnum] and a.attname = 'id' where f.conrelid = t.oid and f.contype = 'f') having count(*) > 0
  union all
  select null, 'ids of two entities', 'id', format('select e.id, array_agg(e.kind || '' '' || e.n || '' of seed '' || e.seed) as entities from testdata.entities e group by e.id having count(*) > 1 and bool_or(e.seed = %s)', seed)
  union all
  select null, 'entities of ' || p.generator, 'plan', format('select made.n as made, %s as planned from (select count(*) as n from testdata.entities e where e.seed = %s and e.kind = %L) made where made.n <> %1$s', c.keys, seed, p.kind)
  from testdata.planned_kinds p join (select k.generator, max(k.hi) as keys from testdata.chunks k join testdata.seeds s on s.id = k.seed_id where s.seed = key_checks.seed and k.status = 'done' group by k.generator) c using (generator)
  union all
  select null, 'permute() over ' || c.generator, 'plan', format('select p, count(*) from (select testdata.permute(i, %s, %s) as p from generate_series(0, %1$s - 1) i) d group by p having count(*) > 1 or p < 0 or p >= %1$s', c.keys, seed)
  from (select k.generator, least(max(k.hi), 10000) as keys from testdata.chunks k join testdata.seeds s on s.id = k.seed_id where s.seed = key_checks.seed group by k.generator) c
  order by 3, 2;
end $$;

create function testdata.check_indexes(relation regclass) returns table (index regclass, problem text)
  language plpgsql set search_path = ''
as $$
begin
  if has_function_privilege(to_regprocedure('extensions.bt_index_check(regclass,boolean,boolean)'), 'execute') then
    for index in
      select i.indexrelid from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid and c.relkind = 'i' join pg_catalog.pg_am m on m.oid = c.relam and m.amname = 'btree'
      where i.indrelid = relation or i.indrelid in (select p.relid from pg_catalog.pg_partition_tree(relation) p)
    loop
      begin
        execute 'select extensions.bt_index_check($1, true, true)' using index;
      exception when index_corrupted or data_corrupted then
        problem := sqlerrm;
        return next;
      end;
    end loop;
  end if;
end $$;

create function testdata.check_keys(seed_id uuid) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  noted bigint;
  relation regclass;
begin
  perform testdata.require_allowed();
  select coalesce(sum(testdata.note(seed_id, 'keys', c.subject, c.faults)), 0) into noted from testdata.key_checks(testdata.seed_of(seed_id)) c;
  for relation in select distinct to_regclass(t.target) from testdata.generators g, unnest(g.targets) as t(target) where to_regclass(t.target) is not null loop
    noted := noted + testdata.note(seed_id, 'keys', relation::text, format('select c.index, c.problem from testdata.check_indexes(%L) c', relation));
  end loop;
  return noted;
end $$;

comment on table testdata.natural_keys is 'Keys that no constraint declares. @distribution local';
comment on column testdata.natural_keys.relation is 'Table.';
comment on column testdata.natural_keys.key is 'Expression over alias t that no two rows share.';
comment on column testdata.natural_keys.condition is 'Condition over alias t: which rows.';
comment on table testdata.cardinalities is 'How many parts a row has. @distribution local';
comment on column testdata.cardinalities.relation is 'Table of the whole, with a column id.';
comment on column testdata.cardinalities.condition is 'Condition over alias t: which rows.';
comment on column testdata.cardinalities.parts is 'FROM clause over t that finds the parts of a row.';
comment on column testdata.cardinalities.least is 'At least so many.';
comment on column testdata.cardinalities.most is 'At most so many; null for any number.';
comment on table testdata.planned_kinds is 'Generators that make an entity a key. @distribution local';
comment on column testdata.planned_kinds.generator is 'Generator.';
comment on column testdata.planned_kinds.kind is 'Kind of testdata.entities.';
comment on function testdata.key_checks is 'What check_keys() looks at: the table, what it is called, of which sort it is, and a query for what is wrong.';
comment on function testdata.check_indexes is 'Reads the btree indexes of a table by amcheck, where that is there and allowed.';
comment on function testdata.check_keys is 'Finds keys that are there twice and parts that are too few or too many in a loaded seed; returns the number of findings.';

-- verify
select blueprint.raises('select testdata.check_keys(uuidv7())', '42501', 'not allowed');
set local testdata.allow = on;
select blueprint.raises('select testdata.check_keys(uuidv7())', 'P0002', 'no seed');
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0;
insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000895001', 'nano', 42895, 0.0003, testdata.window_start(), testdata.window_end()), ('00000000-0000-7000-8000-000000895002', 'nano', 42896, 0.0003, testdata.window_start(), testdata.window_end());
select testdata.gen_users(seed, 0, 30, 0.0003) + testdata.gen_identity(seed, 0, 30, 0.0003) > 100 from testdata.seeds where seed in (42895, 42896);
insert into testdata.chunks (seed_id, generator, lo, hi, status) select s.id, 'gen_users', k.lo, k.lo + 10, case when k.lo < 30 then 'done' else 'planned' end from testdata.seeds s, unnest('{0,10,20,30}'::int[]) k(lo) where s.seed in (42895, 42896);
select seed, testdata.check_keys(id) = 0 from testdata.seeds where seed in (42895, 42896);
select count(*) > 40, count(*) filter (where not exists (select from testdata.key_checks(42895) c where c.relation::regclass = to_regclass(t.target))) = 0 from (select distinct target from testdata.generators g, unnest(g.targets) as u(target) where to_regclass(target) is not null) t(target)
where exists (select from pg_index i where i.indrelid = to_regclass(t.target) and i.indisunique);
select count(distinct via) = 5, count(*) filter (where subject = 'entities of gen_users') = 1, count(*) filter (where subject = 'permute() over gen_users') = 1 from testdata.key_checks(42895);
-- a toy with one fault of each sort
select blueprint.open_room('probe_0895');
create function probe_0895.same(x int) returns int language sql immutable return x;
create table probe_0895.things (id uuid constraint things_id_pk primary key, code int, note text, mail text);
create unique index things_same on probe_0895.things (probe_0895.same(code), note);
create unique index things_open on probe_0895.things (probe_0895.same(code)) where note <> 'shut';
create unique index things_nulls on probe_0895.things (probe_0895.same(code), (note = 'never')) nulls not distinct;
create table probe_0895.others (id uuid primary key, thing_id uuid);
create table probe_0895.twins (id uuid primary key references probe_0895.things);
create table probe_0895.parts (thing_id uuid, n int);
delete from testdata.generators g where g.name <> 'gen_users';
update testdata.generators set targets = '{core.users,testdata.entities,probe_0895.things,probe_0895.others,probe_0895.twins,probe_0895.none}';
delete from testdata.natural_keys;
delete from testdata.cardinalities;
insert into testdata.natural_keys (relation, key, condition) values ('probe_0895.things', 'lower(t.mail)', 't.code < 8'), ('probe_0895.none', 'x', 'true') returning true;
insert into testdata.natural_keys (relation, key) values ('probe_0895.others', 'null::int') returning condition = 'true';
insert into testdata.cardinalities (relation, parts, least, most) values ('probe_0895.things', 'from probe_0895.parts p where p.thing_id = t.id', 1, 2), ('probe_0895.none', 'from x', 1, 2), ('probe_0895.others', 'from probe_0895.no_parts', 1, 2) returning condition = 'true';
insert into testdata.cardinalities (relation, condition, parts, least) values ('probe_0895.things', 't.code = 3', 'from probe_0895.parts p where p.thing_id = t.id', 0) returning most is null;
create temporary view pg_temp.of_0895 as select n, testdata.uid(42895, 4095, n, 0) as id from generate_series(1, 9) n;
insert into probe_0895.things select id, n, case when n % 2 = 0 then 'shut' else 'open' end, 'm' || n from pg_temp.of_0895;
insert into probe_0895.parts select id, k from pg_temp.of_0895, generate_series(1, 2) k;
insert into probe_0895.twins select id from pg_temp.of_0895;
insert into probe_0895.others select testdata.uid(42895, 4096, n, 0) from generate_series(1, 3) n;
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 0;
update probe_0895.things set mail = case code when 1 then 'M2' when 8 then 'M3' when 9 then 'M3' else mail end;
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 1, testdata.check_keys('00000000-0000-7000-8000-000000895002') = 0;
select subject = 'probe_0895.things lower(t.mail)' and check_name = 'keys' and found = '{"rows": 1, "samples": [{"key": "m2", "count": 2}]}' from testdata.findings where seed_id = '00000000-0000-7000-8000-000000895001';
update probe_0895.things set mail = code;
insert into probe_0895.parts select id, 3 from pg_temp.of_0895 where n = 5;
delete from probe_0895.parts where thing_id = (select id from pg_temp.of_0895 where n = 6);
insert into probe_0895.others values (testdata.uid(42895, 4095, 7, 0)), (testdata.uid(42896, 4095, 7, 0));
insert into testdata.entities (seed, kind, n, id, at) select 42896, 'probe', 1, e.id, e.at from testdata.entities e where e.seed = 42895 and e.kind = 'user' and e.n = 3;
delete from testdata.entities where seed = 42895 and kind = 'user' and n = 29;
delete from testdata.findings;
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 4;
select array_agg(subject || ' ' || (found ->> 'rows') order by subject) = '{"entities of gen_users 1","ids of two entities 1","ids of two tables 1","probe_0895.things probe_0895.parts 2"}' from testdata.findings;
select count(*) = 3, bool_and(case when subject like 'entities%' then found -> 'samples' -> 0 = '{"made": 29, "planned": 30}' when subject = 'ids of two tables' then found -> 'samples' -> 0 ->> 'relations' = '["probe_0895.others", "probe_0895.things"]' or found -> 'samples' -> 0 ->> 'relations' = '["probe_0895.things", "probe_0895.others"]'
  else found -> 'samples' @> jsonb_build_array(jsonb_build_object('id', testdata.uid(42895, 4095, 5, 0), 'parts', 3)) end) from testdata.findings where subject <> 'ids of two entities';
select testdata.check_keys('00000000-0000-7000-8000-000000895002') = 1;
select bool_and(subject = 'ids of two entities') from testdata.findings where seed_id = '00000000-0000-7000-8000-000000895002';
-- what the heap says, whatever the index holds: the function under three of them changes its mind
delete from testdata.findings;
create or replace function probe_0895.same(x int) returns int language sql immutable return case when x < 5 then x else 5 end;
delete from testdata.planned_kinds;
insert into probe_0895.parts select id, 1 from pg_temp.of_0895 where n = 6;
delete from probe_0895.parts where n = 3;
delete from probe_0895.others where id = testdata.uid(42895, 4095, 7, 0);
delete from testdata.entities where kind = 'probe';
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 3;
select array_agg(subject || ' ' || (found ->> 'rows') order by subject) = '{"probe_0895.things_nulls 1","probe_0895.things_open 1","probe_0895.things_same 2"}' from testdata.findings;
create or replace function probe_0895.same(x int) returns int language sql immutable return null::int;
delete from testdata.findings;
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 1;
select array_agg(subject || ' ' || (found ->> 'rows')) = '{"probe_0895.things_nulls 1"}' from testdata.findings;
create or replace function probe_0895.same(x int) returns int language sql immutable return x;
create or replace function testdata.permute(i bigint, n bigint, seed bigint) returns bigint language sql immutable strict parallel safe return i / 2;
delete from testdata.findings;
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 1, testdata.check_keys('00000000-0000-7000-8000-000000895001') = 1;
select max(found ->> 'rows') = '20', bool_and(subject = 'permute() over gen_users') from testdata.findings;
create or replace function testdata.permute(i bigint, n bigint, seed bigint) returns bigint language sql immutable strict parallel safe return i;
-- amcheck, or what stands in for it here
select not exists (select from testdata.check_indexes('probe_0895.things'));
do $verify$
begin
  if to_regprocedure('extensions.bt_index_check(regclass,boolean,boolean)') is null then
    create function extensions.bt_index_check(index regclass, heapallindexed boolean, checkunique boolean) returns void language plpgsql as $$
    begin
      if index = 'probe_0895.things_id_pk'::regclass and heapallindexed and checkunique then
        raise exception using errcode = 'XX002', message = 'probe: item order invariant violated';
      end if;
    end $$;
    if not exists (select from testdata.check_indexes('probe_0895.things') c where c.index = 'probe_0895.things_id_pk'::regclass and c.problem like 'probe: item order%' having count(*) = 1)
      or exists (select from testdata.check_indexes('probe_0895.twins')) or testdata.check_keys('00000000-0000-7000-8000-000000895001') <> 1
    then
      raise exception 'what amcheck says is not passed on';
    end if;
  end if;
end $verify$;
update testdata.generators set targets = '{probe_0895.parts}';
select testdata.check_keys('00000000-0000-7000-8000-000000895001') = 0, not exists (select from testdata.key_checks(42895) where subject = 'ids of two tables');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.natural_keys values ('probe_0895.things', 'lower(t.mail)', '') $$, '23505', 'natural_keys_relation_key_pk'), ($$ insert into testdata.planned_kinds values ('a', 'b'), ('a', 'b') $$, '23505', 'planned_kinds_generator_kind_pk'),
  ($$ insert into testdata.cardinalities values ('probe_0895.none', 'true', 'from x', 1, 2) $$, '23505', 'cardinalities_relation_condition_parts_pk'),
  ($$ insert into testdata.cardinalities values ('a', 'b', 'c', -1, 2) $$, '23514', 'cardinalities_least_check'), ($$ insert into testdata.cardinalities values ('a', 'b', 'c', 3, 2) $$, '23514', 'cardinalities_most_check')) v(sql, state, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where oid in ('testdata.natural_keys'::regclass, 'testdata.cardinalities'::regclass, 'testdata.planned_kinds'::regclass);
select count(*) = 0 from blueprint.open_to_public('testdata');
