-- Test data, teardown: a seed goes without a trace, with what triggers made beside its rows. What is its own is known by rows_of(); what only names it goes too, unless a real row stands behind.

-- task: BUILD_0900 create_test_data drill
-- title: Tear a seed down without trace: testdata.teardown(seed_id), resumable and proven by digests
-- does: teardown() takes tables away in groups, what refers before what is referred to, a commit each; call it again after a crash. Gone with the rows of the seed is what triggers made beside them in honest mode (events, logs, counters).
--   Seals of the audit log go back to the last one before it; what is real is sealed again. strangers() lists real rows that stand on the seed or are numbered after it: then nothing is deleted. teardown_finish() sets the number series back to where they were, drops partitions that the plan made and that are empty, and forgets
--   the seed. Where triggers are on, those of the tables rest meanwhile; foreign keys never do. strays() counts what names a seed, in every table there is.
-- proves: digests of all tables before the plan and after the teardown are equal, strays() finds none, a real message in a test club refuses it and nothing is deleted, a broken-off one goes on, next_number() continues the old series, two seeds go in any order.
-- needs: BUILD_0873, BUILD_0898
-- lint: allow function-search-path: a procedure that commits may have no SET clause; every name in it is qualified
create function testdata.note_before() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  target record;
  mark bigint;
  marks jsonb := '{}';
begin
  for target in  -- what a generator fills with rows that carry no ids is cut back to the key it had
    select distinct c.oid::regclass as relation, a.attname as key from testdata.generators g, unnest(g.targets) as t(name) join pg_catalog.pg_class c on c.oid = to_regclass(t.name)
    join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] and a.atttypid = 'int8'::regtype
    where testdata.rows_of(c.oid, new.seed) = 'false'
  loop
    execute format('select coalesce(max(t.%I), 0) from %s t', target.key, target.relation) into mark;
    marks := marks || jsonb_build_object(target.relation::text, jsonb_build_array(target.key, mark));
  end loop;
  new.before := new.before || jsonb_build_object('marks', marks, 'series', (select coalesce(jsonb_object_agg(n.series || ' ' || n.period, n.last_value), '{}') from core.number_series n));
  return new;
end $$;

create trigger seeds_note_before before insert on testdata.seeds for each row execute function testdata.note_before();

create function testdata.naming(relation regclass, seed bigint, out says text, out is_real text) returns record
  language sql stable
begin atomic
  with tag as (select quote_literal(testdata.tails(naming.seed)::text) || '::text[]' as tails, quote_literal('(' || array_to_string(testdata.tails(naming.seed), '|') || ')$') as ending),
  target as (select exists (select from testdata.generators g, unnest(g.targets) as t(target) where to_regclass(t.target) = naming.relation) as is_one),
  names as (
    select format('right(t.%I::text, 9) = any (%s)', c.name, tag.tails) as says, case when c.parent is not null then format('t.%I is not null and not testdata.is_test_id(t.%1$I)', c.name) end as other,
      case when c.parent is not null and target.is_one and exists (select from testdata.uuid_columns(naming.relation) o where o.is_own) then format('right(t.%I::text, 9) = any (%s)', c.name, tag.tails) end as hangs
    from testdata.uuid_columns(naming.relation) c, tag, target
    union all
    select format('t.%I ~ %s', a.attname, tag.ending), null::text as other, null::text as hangs from pg_catalog.pg_attribute a, tag
    where a.attrelid = naming.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.atttypid = 'text'::regtype and a.attname like '%\_id')
  select coalesce(string_agg(n.says, ' or '), 'false'), coalesce(concat_ws(' or ', string_agg(n.other, ' or '), string_agg(n.hangs, ' or ')), '') from names n;
end;

create function testdata.room_tables() returns table (relation regclass)
  language sql stable
begin atomic
  select c.oid::regclass from pg_catalog.pg_class c join blueprint.rooms r on r.schema_name = c.relnamespace::regnamespace::text
  where c.relkind in ('r', 'p') and not c.relispartition and (r.schema_name <> 'testdata' or exists (select from testdata.generators g, unnest(g.targets) as t(target) where to_regclass(t.target) = c.oid));
end;

create function testdata.filled_tables() returns table (relation regclass)
  language plpgsql stable set search_path = ''
as $$
declare
  is_filled boolean;
begin
  for relation in select r.relation from testdata.room_tables() r order by r.relation::text loop
    execute format('select exists (select from %s)', relation) into is_filled;
    if is_filled then
      return next;
    end if;
  end loop;
end $$;

create function testdata.strangers(seed_id uuid) returns table (relation regclass, key jsonb, problem text)
  language plpgsql stable set search_path = ''
as $$
declare
  s testdata.seeds;
  own text;
  named record;
  series record;
begin
  select * into s from testdata.seeds k where k.id = strangers.seed_id;
  for relation in select f.relation from testdata.filled_tables() f order by f.relation::text loop
    named := testdata.naming(relation, s.seed);
    continue when named.is_real = '';
    return query execute format($q$
      select %L::regclass, (select jsonb_object_agg(k.name, to_jsonb(t) -> k.name) from unnest($1) as k(name)), 'stands on a row of the seed' from %1$s t
      where (%s) is not true and (%s) and (%s) limit 20$q$, relation, testdata.rows_of(relation, s.seed), named.says, named.is_real)
      using (select array_agg(a.attname::text order by a.attnum) from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::int2[]) where i.indrelid = strangers.relation and i.indisprimary);
  end loop;
  for relation, own in  -- what is cut back may not be referred to by what stays
    select c.conrelid::regclass, format('t.%I > %s', a.attname, m.mark ->> 1) from jsonb_each(s.before -> 'marks') as m(relation, mark) join pg_catalog.pg_constraint c on c.confrelid = to_regclass(m.relation) and c.contype = 'f' and not s.before -> 'marks' ? c.conrelid::regclass::text
    join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
  loop
    return query execute format('select %L::regclass, to_jsonb(t), ''stands on what came after the seed'' from %1$s t where %s limit 20', relation, own);
  end loop;
  for series in select n.*, '^' || concat_ws('-', n.prefix, nullif(n.period, '*')) || '-([0-9]+)$' as form from core.number_series n where to_regclass(n.used_in) is not null and (n.period <> '*' or not n.is_yearly) order by 1, 2 loop
    relation := series.used_in::regclass;
    own := testdata.rows_of(relation, s.seed);
    return query execute format($q$
      select %1$L::regclass, jsonb_build_object(%2$L, t.%2$I), 'is numbered after the seed' from %1$s t
      where (%3$s) is not true and substring(t.%2$I from $1)::bigint > (select min(substring(t.%2$I from $1)::bigint) from %1$s t where %4$s) limit 20$q$,
      relation, series.used_as, concat_ws(' or ', own, (select string_agg('(' || testdata.rows_of(relation, o.seed) || ')', ' or ') from testdata.seeds o where o.id <> s.id)), own)
      using series.form;
  end loop;
end $$;

create function testdata.strays(seed bigint) returns table (relation regclass, rows bigint)
  language plpgsql stable set search_path = ''
as $$
begin
  for relation in select f.relation from testdata.filled_tables() f order by f.relation::text loop
    execute format('select count(*) from %s t where (%s) or (%s)', relation, testdata.rows_of(relation, seed), (testdata.naming(relation, seed)).says) into rows;
    if rows > 0 then
      return next;
    end if;
  end loop;
end $$;

create function testdata.teardown_steps() returns table (step bigint, relations regclass[])
  language sql stable
begin atomic
  with recursive reach (origin, relation) as (
    select f.relation, f.relation from testdata.filled_tables() f
    union
    select r.origin, c.confrelid::regclass from reach r join pg_catalog.pg_constraint c on c.conrelid = r.relation and c.contype = 'f'),
  depths as (select r.origin, array_agg(r.relation::oid order by r.relation::oid) as below, count(*) as depth from reach r group by r.origin)
  select row_number() over (order by min(d.depth) desc, min(d.origin::text)), array_agg(d.origin order by d.origin::text) from depths d group by d.below;
end;

create function testdata.teardown_step(seed_id uuid, relations regclass[]) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  s testdata.seeds;
  relation regclass;
  named record;
  condition text;
  found boolean;
  gone bigint := 0;
  doomed text[] := '{}';
  resting text[] := '{}';
begin
  perform testdata.require_allowed();
  update testdata.seeds k set status = 'removing' where k.id = teardown_step.seed_id returning * into s;
  foreach relation in array relations loop
    named := testdata.naming(relation, s.seed);
    condition := case when s.before -> 'marks' ? relation::text then format('t.%I > %s', s.before -> 'marks' -> relation::text ->> 0, s.before -> 'marks' -> relation::text ->> 1)
      else format('((%s) or (%s) and (%s) is not true)', testdata.rows_of(relation, s.seed), named.says, coalesce(nullif(named.is_real, ''), 'false')) end;
    execute format('select exists (select from %s t where %s)', relation, condition) into found;
    if found then
      doomed := doomed || format('delete from %s t where %s returning 1', relation, condition);
      if current_setting('session_replication_role') <> 'replica' then
        resting := resting || array(select format('alter table %s %%s trigger %I', relation, g.tgname) from pg_catalog.pg_trigger g where g.tgrelid = relation and not g.tgisinternal and g.tgenabled = 'O');
      end if;
    end if;
  end loop;
  if doomed <> '{}' then
    execute (select coalesce(string_agg(format(r, 'disable'), '; '), '') from unnest(resting) r);
    -- tables that refer to each other go in one statement: foreign keys look at its end
    execute 'with ' || (select string_agg(format('d%s as (%s)', place, d), ', ') from unnest(doomed) with ordinality as u(d, place))
      || ' select ' || (select string_agg(format('(select count(*) from d%s)', place), ' + ') from generate_series(1, cardinality(doomed)) place) into gone;
    execute (select coalesce(string_agg(format(r, 'enable'), '; '), '') from unnest(resting) r);
  end if;
  return gone;
end $$;

create function testdata.teardown_finish(seed_id uuid) returns void
  language plpgsql set search_path = ''
as $$
declare
  s testdata.seeds;
  series record;
  used bigint;
  partition text;
  is_empty boolean;
begin
  perform testdata.require_allowed();
  delete from testdata.findings f where f.seed_id = teardown_finish.seed_id;  -- in replica mode nothing cascades
  delete from testdata.chunks c where c.seed_id = teardown_finish.seed_id;
  delete from testdata.seeds k where k.id = teardown_finish.seed_id returning * into s;
  if exists (select from testdata.strays(s.seed)) then
    raise exception using errcode = '55000', message = format('seed %s is still in %s', s.seed, (select string_agg(format('%s (%s)', t.relation, t.rows), ', ') from testdata.strays(s.seed) t));
  end if;
  for series in select n.*, '^' || concat_ws('-', n.prefix, nullif(n.period, '*')) || '-([0-9]+)$' as form, (s.before #>> array['series', n.series || ' ' || n.period])::bigint as was from core.number_series n where to_regclass(n.used_in) is not null and (n.period <> '*' or not n.is_yearly) for update loop
    execute format('select max(substring(t.%I from $1)::bigint) from %s t', series.used_as, series.used_in::regclass) into used using series.form;
    update core.number_series n set last_value = greatest(series.was, used) where n.series = series.series and n.period = series.period and n.last_value > greatest(series.was, used);
    delete from core.number_series n where n.series = series.series and n.period = series.period and series.period <> '*' and series.was is null and used is null;
  end loop;
  if exists (select from testdata.seeds) then  -- what was before this seed is now what was before those that came after it
    update testdata.seeds k set before = k.before || jsonb_build_object('marks', s.before -> 'marks', 'series', s.before -> 'series') where k.created_at > s.created_at;
    update testdata.seeds k set before = jsonb_set(k.before, '{partitions}', (k.before -> 'partitions') || (s.before -> 'partitions')) where k.id = (select l.id from testdata.seeds l order by l.created_at desc limit 1);
  else
    delete from testdata.walks;
    for partition in select p from jsonb_array_elements_text(s.before -> 'partitions') p where to_regclass(p) is not null loop
      execute format('select not exists (select from %s)', partition::regclass) into is_empty;
      if is_empty then
        execute format('alter table %s detach partition %s', (select i.inhparent::regclass from pg_catalog.pg_inherits i where i.inhrelid = partition::regclass), partition::regclass);
        execute format('drop table %s', partition::regclass);
      end if;
    end loop;
  end if;
end $$;

create procedure testdata.teardown(seed_id uuid)
  language plpgsql
as $$
declare
  strangers text;
  relations regclass[];
begin
  perform testdata.require_allowed();
  if not exists (select from testdata.seeds k where k.id = teardown.seed_id) then
    raise exception using errcode = '22023', message = 'there is no seed ' || coalesce(teardown.seed_id::text, 'null');
  end if;
  select pg_catalog.string_agg(pg_catalog.format('%s %s %s', g.relation, g.key, g.problem), e'\n') into strangers from testdata.strangers(teardown.seed_id) g;
  if strangers is not null then
    raise exception using errcode = '55006', message = 'real rows stand on this seed: ' || pg_catalog.split_part(strangers, e'\n', 1), detail = strangers, hint = 'Take them away first; nothing was deleted.';
  end if;
  for relations in select t.relations from testdata.teardown_steps() t order by t.step loop
    perform testdata.teardown_step(teardown.seed_id, relations);
    commit;
  end loop;
  perform testdata.teardown_finish(teardown.seed_id);
  commit;
end $$;

comment on function testdata.note_before is 'Notes where the number series stand when a seed is planned, and the last key of targets whose rows carry no ids, as the seals of the audit log.';
comment on trigger seeds_note_before on testdata.seeds is 'So that teardown() can set them back.';
comment on function testdata.naming is 'Conditions over alias t: the row names a seed (an id of it in a column of ids, or at the end of a text column called ..._id); and, if it is none of its own, a real row stands behind: somebody real is in it, or it is of a table of which a seed makes all rows itself. Empty when none can.';
comment on function testdata.room_tables is 'Tables a seed can leave something in: those of all rooms, and of this one the targets of generators.';
comment on function testdata.filled_tables is 'Those of them that hold rows.';
comment on function testdata.strangers is 'Real rows that a teardown would tear with it: what stands on rows of the seed, and what is numbered after it; up to twenty a table.';
comment on function testdata.strays is 'Rows that are of a seed or name it, by table.';
comment on function testdata.teardown_steps is 'Tables in the order of a teardown: what refers before what is referred to, and what refers to each other together.';
comment on function testdata.teardown_step is 'Takes rows of a seed out of tables, and what names it there; returns how many. Again: 0.';
comment on function testdata.teardown_finish is 'Sets series back, drops empty partitions that the plan made, and forgets the seed; 55000 while anything of it is left. With other seeds about, they take over what was before.';
comment on procedure testdata.teardown is 'Takes a seed away, a commit each group of tables; again after a crash. 55006 with a list when real rows stand on it: then nothing is deleted. No SET clause, for it commits.';

-- verify
set local testdata.allow = on;
select blueprint.open_room('probe_0900');
insert into core.number_series (series, prefix, used_in, used_as) values ('probe_0900', 'PX', 'probe_0900.papers', 'no'), ('plain_0900', 'PY', 'probe_0900.heads', 'no'), ('none_0900', 'PZ', 'probe_0900.none', 'no');
update core.number_series set is_yearly = false where series = 'plain_0900';
create table probe_0900.kinds (id uuid primary key default uuidv7());
create table probe_0900.papers (id uuid primary key default uuidv7(), no text, user_id uuid references core.users);
create table probe_0900.heads (id uuid primary key, no text, tail_id uuid, kind_id uuid references probe_0900.kinds);
create table probe_0900.tails (id uuid primary key default uuidv7(), head_id uuid references probe_0900.heads);
alter table probe_0900.heads add foreign key (tail_id) references probe_0900.tails;
create table probe_0900.logs (id uuid default uuidv7(), at timestamptz, entity_id text, note text) partition by range (at);
create table probe_0900.seals (no bigint, part int, primary key (no, part));
alter table probe_0900.seals add unique (no);
create table probe_0900.leaves (no bigint references probe_0900.seals (no), leaf int, primary key (no, leaf));
create table probe_0900.anchors (no bigint references probe_0900.seals (no));
create table probe_0900.notes (n int primary key, paper_id uuid, author_id uuid references core.users, text text);
create trigger tails_stay before delete on probe_0900.tails for each row execute function core.forbid_change();
create trigger tails_off before insert on probe_0900.tails for each row execute function core.forbid_change();
alter table probe_0900.tails disable trigger tails_off;
create function testdata.gen_probe_0900(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$
declare
  one constant uuid := testdata.uid(seed, 4001, lo, 0);
begin
  insert into probe_0900.papers (id, no) values (testdata.uid(seed, 4003, lo, 0), core.next_number('probe_0900', '2025'));
  insert into probe_0900.papers values (one, core.next_number('probe_0900', '2026'), (select e.id from testdata.entities e where e.seed = gen_probe_0900.seed and e.kind = 'user' and e.n = 0)), (testdata.uid(seed, 4002, lo, 0), core.next_number('probe_0900', '2026'), null);
  insert into probe_0900.heads select one, core.next_number('plain_0900'), null, k.id from probe_0900.kinds k;
  insert into probe_0900.tails values (one, one);
  update probe_0900.heads set tail_id = one where id = one;
  insert into probe_0900.logs values (one, '2026-10-05 00:00+00', null, null), (default, '2026-10-05 00:00+00', one::text, 'by a trigger');
  insert into probe_0900.notes values (lo + 1000 * testdata.seed_tag(seed), one, null, '');
  insert into probe_0900.seals select coalesce(max(no), 0) + 1, 1 from probe_0900.seals;
  insert into probe_0900.leaves select max(no), 1 from probe_0900.seals;
  return 7;
end $$;
insert into probe_0900.kinds default values;
insert into probe_0900.seals values (1, 1);
insert into probe_0900.leaves values (1, 1);
insert into probe_0900.anchors values (1);
insert into probe_0900.papers (no) values (core.next_number('probe_0900', '2026'));
insert into core.users (id, kind, handle) values ('00000000-0000-7000-8000-000000900001', 'human', 'probe-0900');
delete from testdata.generators where name <> all (array['gen_users', 'gen_community']);
update testdata.generators set least_rows = 2 where name = 'gen_community';
insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_probe_0900', '{probe_0900.papers,probe_0900.heads,probe_0900.tails,probe_0900.logs,probe_0900.seals,probe_0900.leaves,testdata.entities}', '{gen_users}', 1, 1, 1);
delete from testdata.walks;
create function pg_temp.digests_0900() returns table (relation text, digest text) language plpgsql as $$
begin
  for relation in select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace::regnamespace::text = any (select r.schema_name from blueprint.rooms r where r.schema_name <> 'blueprint') order by 1 loop
    execute format('select count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)), 0) from %s t', relation) into digest;
    return next;
  end loop;
end $$;
create temporary table before_0900 as select * from pg_temp.digests_0900();
create temporary table parts_0900 as select c.oid from pg_class c where c.relispartition;
create temporary table seeds_0900 (no int, id uuid);
insert into seeds_0900 select 1, testdata.plan('nano', -900001, 'honest', 0.0003);
select testdata.run_chunk(c.id) > 0 from testdata.chunks c join seeds_0900 s on s.id = c.seed_id order by c.id;
select before -> 'series' = '{"probe_0900 2026": 1}' from (select jsonb_build_object('series', jsonb_object_agg(k, v)) as before from testdata.seeds s, jsonb_each(s.before -> 'series') e(k, v) where s.seed = -900001 and k like 'probe_0900%' and k <> 'probe_0900 *') b;
-- who is in the way, and who is not
select not exists (select from testdata.strangers(s.id)), count(*) = 1 from seeds_0900 s group by s.id;
create temporary table club_0900 as select c.id, c.next_seq, e.id as user_id from testdata.entities k join community.clubs c using (id), testdata.entities e where k.seed = -900001 and k.kind = 'club' and e.seed = -900001 and e.kind = 'user' and e.n = 1 order by k.n limit 1;
insert into community.messages (club_id, seq, author_id, kind, body) select id, next_seq, '00000000-0000-7000-8000-000000900001', 'text', 'Hello' from club_0900;
insert into community.follows (follower_id, kind, target_id) select '00000000-0000-7000-8000-000000900001', 'user', user_id from club_0900;
insert into probe_0900.notes select 1, testdata.uid(-900001, 4001, 0, 0), '00000000-0000-7000-8000-000000900001', 'of somebody real';
insert into probe_0900.notes select 2, null, '00000000-0000-7000-8000-000000900001', testdata.uid(-900001, 4001, 0, 0)::text;
insert into probe_0900.tails values (default, testdata.uid(-900001, 4001, 0, 0));
insert into probe_0900.anchors values (2);
insert into probe_0900.papers (no) values (core.next_number('probe_0900', '2026'));
create temporary table strangers_0900 as select g.* from seeds_0900 s, testdata.strangers(s.id) g;
select array_agg(distinct relation::text order by relation::text) filter (where relation::text <> 'community.feed_entries') = '{community.follows,community.messages,probe_0900.anchors,probe_0900.notes,probe_0900.papers,probe_0900.tails}', count(*) filter (where relation::text <> 'community.feed_entries') = 6,
  max(key ->> 'n') = '1', max(key ->> 'no') = 'PX-2026-000004', max(key ->> 'follower_id') = '00000000-0000-7000-8000-000000900001', count(*) filter (where problem = 'is numbered after the seed') = 1 from strangers_0900;
create temporary table blocked_0900 as select * from pg_temp.digests_0900();
select blueprint.raises(format('call testdata.teardown(%L)', id), '55006', 'real rows stand on this seed'), blueprint.raises('call testdata.teardown(uuidv7())', '22023', 'there is no seed'), blueprint.raises(format('select testdata.teardown_finish(%L)', id), '55000', 'is still in') from seeds_0900;
select not exists (select * from pg_temp.digests_0900() except select * from blocked_0900);
delete from community.messages where author_id = '00000000-0000-7000-8000-000000900001';
delete from community.follows where follower_id = '00000000-0000-7000-8000-000000900001';
delete from community.feed_entries where user_id = '00000000-0000-7000-8000-000000900001' or actor_id = '00000000-0000-7000-8000-000000900001';
delete from probe_0900.notes where n = 1;
delete from probe_0900.anchors where no = 2;
alter table probe_0900.tails disable trigger tails_stay;
delete from probe_0900.tails where not testdata.is_test_id(id);
alter table probe_0900.tails enable trigger tails_stay;
delete from probe_0900.papers where no = 'PX-2026-000004';
-- two more, numbered after the first: seeds go in any order
insert into seeds_0900 select 2, testdata.plan('nano', -900002, 'honest', 0.0002);
insert into seeds_0900 select 3, testdata.plan('nano', -900003, 'honest', 0.0002);
select testdata.run_chunk(c.id) > 0 from testdata.chunks c join seeds_0900 s on s.id = c.seed_id and s.no > 1 and c.generator <> 'gen_community' order by c.id;
insert into probe_0900.logs values (default, '2026-08-05 00:00+00', null, 'of somebody real');
insert into testdata.findings (seed_id, check_name, subject, found) select id, 'x', 'y', '{}' from seeds_0900;
select not exists (select from seeds_0900 s, testdata.strangers(s.id)), (select count(*) = 3 from pg_temp.digests_0900() d join blocked_0900 b using (relation) where relation in ('probe_0900.papers', 'probe_0900.heads', 'probe_0900.logs') and d.digest <> b.digest);
select count(*) > 20, bool_and(r.position < o.position)
from (select t.step as position, t.relations, u.relation::text from testdata.teardown_steps() t, unnest(t.relations) u(relation)) o join pg_constraint c on c.confrelid = o.relation::regclass and c.contype = 'f'
  join (select t.step as position, t.relations, u.relation from testdata.teardown_steps() t, unnest(t.relations) u(relation)) r on r.relation = c.conrelid and r.position <> o.position;
select count(*) = 3, bool_and(case when '{probe_0900.heads}' && relations then relations = '{probe_0900.heads,probe_0900.tails}' else cardinality(relations) = 1 end), count(distinct step) = 3 from testdata.teardown_steps() where relations && '{probe_0900.papers,probe_0900.heads,core.status_changes}';
-- broken off, gone on with, and once more for nothing
create temporary table strays_0900 as select t.* from testdata.strays(-900001) t;
select sum(testdata.teardown_step(s.id, t.relations)) > 5 from seeds_0900 s, (select relations from testdata.teardown_steps() where relations && '{probe_0900.tails,community.reactions,probe_0900.logs}' order by step) t where s.no = 1;
create temporary table left_0900 as select t.* from testdata.strays(-900001) t;
select s.status = 'removing', not exists (select from left_0900 where relation::text like any (array['probe_0900.tails', 'probe_0900.heads', 'probe_0900.logs', 'community.reactions'])), exists (select from left_0900 where relation = 'core.users'::regclass),
  (select array_agg(relation::text) @> '{probe_0900.tails,probe_0900.heads,probe_0900.logs,probe_0900.notes,probe_0900.papers,community.reactions,core.users,core.status_changes,testdata.entities}' and sum(rows) filter (where relation = 'probe_0900.logs'::regclass) = 2 from strays_0900)
from testdata.seeds s where s.seed = -900001;
select array_agg(tgname || tgenabled::text order by tgname) = '{tails_offD,tails_stayO}' from pg_trigger where tgrelid = 'probe_0900.tails'::regclass and not tgisinternal;
select array_agg(no order by no) = '{1,2,3,4}' from probe_0900.seals;
select s.no, sum(testdata.teardown_step(s.id, t.relations)) > 50 from (select * from seeds_0900 where no = 2) s, (select relations from testdata.teardown_steps() order by step) t group by s.no;
select testdata.teardown_finish(id) is not null, (select count(*) = 2 from testdata.strays(-900003) where relation in ('probe_0900.tails'::regclass, 'probe_0900.papers'::regclass)) from seeds_0900 where no = 2;
select s.no, sum(testdata.teardown_step(s.id, t.relations)) > 200 from (select * from seeds_0900 where no = 1) s, (select relations from testdata.teardown_steps() order by step) t group by s.no;
select sum(testdata.teardown_step(s.id, t.relations)) = 0 from seeds_0900 s, testdata.teardown_steps() t where s.no = 1 and t.relations && '{probe_0900.papers,core.users,core.status_changes}';
select testdata.teardown_finish(id) is not null, exists (select from testdata.walks), to_regclass('probe_0900.logs_2026_10') is not null from seeds_0900 where no = 1;
select array_agg(no) = '{1}' from probe_0900.seals;
insert into probe_0900.seals values (2, 1);
select last_value = 8, exists (select from core.number_series where series = 'probe_0900' and period = '2025') from core.number_series where series = 'probe_0900' and period = '2026';
select sum(testdata.teardown_step(s.id, t.relations)) > 50 from (select * from seeds_0900 where no = 3) s, (select relations from testdata.teardown_steps() order by step) t;
select testdata.teardown_finish(id) is not null from seeds_0900 where no = 3;
select array_agg(d.relation order by d.relation) = '{probe_0900.logs,probe_0900.notes}' from pg_temp.digests_0900() d full join before_0900 b using (relation) where d.digest is distinct from b.digest;
select count(*) = 1, max(note) = 'of somebody real', (select count(*) = 1 from probe_0900.notes), (select array_agg(c.oid::regclass::text) = '{probe_0900.logs_2026_08}' from pg_class c where c.relispartition and c.relkind = 'r' and not c.oid in (select oid from parts_0900)) from probe_0900.logs;
select core.next_number('probe_0900', '2026') = 'PX-2026-000002', core.next_number('plain_0900') = 'PY-000001', core.next_number('probe_0900', '2025') = 'PX-2025-000001';
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['call testdata.teardown(uuidv7())', $$ select testdata.teardown_step(uuidv7(), '{}') $$, 'select testdata.teardown_finish(uuidv7())']) sql;
select count(*) = 0 from blueprint.open_to_public('testdata');
