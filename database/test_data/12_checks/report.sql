-- Volume and speed of a load: what a seed planned and made, what room it takes, how fast its chunks were, and what another scale would take. testdata.report(seed_id) says it in jsonb, report_text() in Markdown; baseline() measures
-- a generator against inserting the same rows from a ready table. Nothing here is a finding: too slow or too large is for the reader to say.

-- task: BUILD_0899 create_test_data drill
-- title: Report volume and speed of a load: testdata.report(seed) in rows, bytes and rows per second
-- does: report() counts the rows of a seed in every table of every room, so that what was filled unplanned shows, beside heap, index and toast bytes, bytes a row and partitions used; generators with their keys, rows, median and tenth
--   percentile of rows a second over the chunks, and the slowest chunk; and a forecast for another scale: rows by keys, time by a line through the chunks (a cost a chunk and a cost a row), disk by bytes a row. baseline() makes keys of
--   a scratch seed three times, inserts the same rows again from a ready table, undoes all of it and keeps the best ratio and the WAL a row, which the report then shows.
-- proves: made is count(*) for each table and the sum of the chunks, a table that no plan names is reported, a forecast for twice the scale is within 25 % of that load in rows, time and disk, baseline(gen_analytics) is at most 2.5 and
--   leaves no row.
-- needs: BUILD_0005, BUILD_0856, BUILD_0867, BUILD_0891
create table testdata.measures (
  generator text constraint measures_generator_pk primary key,
  rows bigint not null default 0 constraint measures_rows_check check (rows >= 0),
  made_ms numeric,
  copied_ms numeric,
  wal_bytes numeric,
  measured_at timestamptz not null default clock_timestamp()
);

create function testdata.measure_tables(seed_id uuid) returns table (relation text, is_planned boolean, keys bigint, made bigint, of_all bigint, heap bigint, indexes bigint, toast bigint, partitions bigint)
  language plpgsql stable set search_path = ''
as $$
declare
  seed constant bigint := testdata.seed_of(seed_id);
  own text;
  found boolean;
begin
  for relation, is_planned, keys in
    select t.relation, k.keys is not null, k.keys
    from (select format('%I.%I', n.nspname, c.relname) as relation from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join blueprint.rooms r on r.schema_name = n.nspname
      where c.relkind in ('r', 'p') and not c.relispartition and (n.nspname <> 'testdata' or c.relname = 'entities')) t
    left join (
      select t.relation, sum(c.keys) as keys from (select g.name, unnest(g.targets) as relation from testdata.generators g) t
      join (select c.generator, sum(c.hi - c.lo) as keys from testdata.chunks c where c.seed_id = measure_tables.seed_id group by 1) c on c.generator = t.name group by 1) k on k.relation = t.relation
    order by 1
  loop
    own := testdata.rows_of_seed(relation::regclass, seed);
    continue when not is_planned and own = 'true';
    execute format('select exists (select from %s r where %s)', relation, own) into found;
    continue when not found and not is_planned;
    execute format('select count(*), count(*) filter (where %1$s), count(distinct r.tableoid) filter (where %1$s) from %2$s r', own, relation) into of_all, made, partitions;
    select sum(pg_relation_size(p.relid)), sum(pg_indexes_size(p.relid)), sum(coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)) into heap, indexes, toast
    from (select relation::regclass as relid union select t.relid from pg_partition_tree(relation::regclass) t) p join pg_catalog.pg_class c on c.oid = p.relid and c.relkind = 'r';
    return next;
  end loop;
end $$;

create function testdata.measure_generators(seed_id uuid, times numeric default 2)
  returns table (generator text, keys bigint, chunks bigint, rows bigint, ms numeric, p50 numeric, p10 numeric, slowest jsonb, keys_then bigint, rows_then numeric, ms_then numeric)
  language sql stable
begin atomic
  select m.generator, m.keys, m.chunks, m.rows, m.ms, m.p50, m.p10, m.slowest, m.keys_then, m.rows_then,
    case when m.chunks >= 3 and m.a_row > 0 and m.a_chunk > 0 then round((m.a_chunk * ceil(m.keys_then::numeric / m.chunk_rows) + m.a_row * m.rows_then)::numeric) else round(m.ms * m.keys_then / m.keys) end
  from (
    select c.generator, g.chunk_rows, sum(c.hi - c.lo)::bigint as keys, count(*) as chunks, coalesce(sum(c.rows), 0)::bigint as rows, round(coalesce(sum(c.ms), 0), 1) as ms,
      round(percentile_cont(0.5) within group (order by (c.rows / nullif(c.ms, 0) * 1000)::double precision)::numeric) as p50, round(percentile_cont(0.1) within group (order by (c.rows / nullif(c.ms, 0) * 1000)::double precision)::numeric) as p10,
      (array_agg(jsonb_build_object('generator', c.generator, 'lo', c.lo, 'hi', c.hi, 'rows', c.rows, 'ms', round(c.ms, 1)) order by c.ms desc nulls last))[1] as slowest,
      regr_slope(c.ms::double precision, c.rows::double precision) as a_row, regr_intercept(c.ms::double precision, c.rows::double precision) as a_chunk,
      testdata.keys_of(c.generator, s.sf * measure_generators.times) as keys_then, round(coalesce(sum(c.rows), 0) * testdata.keys_of(c.generator, s.sf * measure_generators.times) / sum(c.hi - c.lo)) as rows_then
    from testdata.chunks c join testdata.generators g on g.name = c.generator join testdata.seeds s on s.id = c.seed_id where c.seed_id = measure_generators.seed_id group by c.generator, g.chunk_rows, s.sf) m
  order by m.ms desc, m.generator;
end;

create function testdata.report(seed_id uuid, times numeric default 2) returns jsonb
  language sql stable set search_path = ''
as $$
  with seed as (select s.*, testdata.seed_of(s.id) as number from testdata.seeds s where s.id = report.seed_id),
  generators as materialized (select g.*, m.wal_bytes, m.rows as measured, m.made_ms, m.copied_ms from testdata.measure_generators(report.seed_id, report.times) g left join testdata.measures m on m.generator = g.generator),
  grows as (
    select t.relation, sum(g.rows_then) / nullif(sum(g.rows), 0) as factor, max(round(g.wal_bytes / nullif(g.measured, 0))) as wal_a_row from generators g join testdata.generators k on k.name = g.generator cross join unnest(k.targets) t(relation) group by 1),
  tables as materialized (
    select t.*, t.heap + t.indexes + t.toast as bytes, round((t.heap + t.indexes + t.toast)::numeric / nullif(t.of_all, 0)) as bytes_a_row, round((t.heap + t.indexes + t.toast)::numeric * t.made / nullif(t.of_all, 0)) as own_bytes, g.factor, g.wal_a_row
    from testdata.measure_tables(report.seed_id) t left join grows g on g.relation = t.relation)
  select jsonb_build_object('seed', s.number, 'profile', s.profile, 'sf', s.sf, 'mode', s.mode, 'status', s.status,
    'made', (select sum(t.made) from tables t), 'by_chunks', (select sum(g.rows) from generators g), 'bytes', (select sum(t.own_bytes) from tables t), 'ms', (select sum(g.ms) from generators g),
    'unplanned', (select coalesce(jsonb_agg(t.relation order by t.relation), '[]') from tables t where not t.is_planned),
    'slowest', (select g.slowest from generators g order by (g.slowest ->> 'ms')::numeric desc nulls last limit 1),
    'forecast', jsonb_build_object('times', report.times, 'rows', (select sum(g.rows_then) from generators g), 'ms', (select sum(g.ms_then) from generators g), 'bytes', (select round(sum(t.own_bytes * coalesce(t.factor, 1))) from tables t)),
    'generators', (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('generator', g.generator, 'keys', g.keys, 'chunks', g.chunks, 'rows', g.rows, 'ms', g.ms, 'rows_a_second_p50', g.p50, 'rows_a_second_p10', g.p10, 'slowest', g.slowest, 'wal_a_row', round(g.wal_bytes / nullif(g.measured, 0)),
      'overhead', round(g.made_ms / nullif(g.copied_ms, 0), 2))) order by g.ms desc, g.generator) from generators g),
    'tables', (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('table', t.relation, 'planned', t.is_planned, 'keys', t.keys, 'made', t.made, 'of', t.of_all, 'heap', t.heap, 'indexes', t.indexes, 'toast', t.toast, 'bytes_a_row', t.bytes_a_row, 'wal_a_row', t.wal_a_row, 'partitions', t.partitions)) order by t.made desc, t.relation) from tables t))
  from seed s
$$;

create function testdata.report_text(report jsonb) returns text
  language sql immutable set search_path = ''
as $$
  select concat_ws(e'\n', format('# Seed %s: %s, scale %s, %s', report ->> 'seed', report ->> 'profile', report ->> 'sf', report ->> 'mode'), '',
    format('%s rows in %s, %s MB; the slowest chunk was %s [%s, %s) with %s ms.', report ->> 'made', (select count(*) from jsonb_array_elements(report -> 'tables')) || ' tables', round((report ->> 'bytes')::numeric / 1e6, 1), report #>> '{slowest,generator}', report #>> '{slowest,lo}', report #>> '{slowest,hi}', report #>> '{slowest,ms}'),
    case when (report ->> 'made')::numeric is distinct from (report ->> 'by_chunks')::numeric then format('The chunks say %s rows.', report ->> 'by_chunks') end,
    case when report -> 'unplanned' <> '[]' then format('Filled, and in no plan: %s.', (select string_agg(u, ', ') from jsonb_array_elements_text(report -> 'unplanned') u)) end,
    format('At %s times the scale: about %s rows, %s seconds in one session, %s MB.', report #>> '{forecast,times}', report #>> '{forecast,rows}', round((report #>> '{forecast,ms}')::numeric / 1000, 1), round((report #>> '{forecast,bytes}')::numeric / 1e6, 1)), '',
    '| generator | keys | chunks | rows | ms | rows/s, median | rows/s, p10 | WAL a row | overhead |', '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
    (select string_agg(format('| %s | %s | %s | %s | %s | %s | %s | %s | %s |', g ->> 'generator', g ->> 'keys', g ->> 'chunks', g ->> 'rows', g ->> 'ms', g ->> 'rows_a_second_p50', g ->> 'rows_a_second_p10', g ->> 'wal_a_row', g ->> 'overhead'), e'\n' order by n) from jsonb_array_elements(report -> 'generators') with ordinality x(g, n)), '',
    '| table | keys | rows | heap kB | index kB | toast kB | bytes a row | WAL a row | partitions |', '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
    (select string_agg(format('| %s | %s | %s | %s | %s | %s | %s | %s | %s |', t ->> 'table', coalesce(t ->> 'keys', 'unplanned'), t ->> 'made', (t ->> 'heap')::bigint / 1024, (t ->> 'indexes')::bigint / 1024, (t ->> 'toast')::bigint / 1024, t ->> 'bytes_a_row', t ->> 'wal_a_row', t ->> 'partitions'), e'\n' order by n) from jsonb_array_elements(report -> 'tables') with ordinality x(t, n)))
$$;

create function testdata.baseline(generator text, n bigint) returns numeric
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  g testdata.generators;
  scratch constant bigint := (select -s from generate_series(899, 9999) s where not exists (select from testdata.seeds d where testdata.seed_tag(d.seed) = testdata.seed_tag(-s)) limit 1);
  sf numeric;
  need record;
  mark xid;
  ready jsonb[] := '{}';
  part jsonb;
  columns text[] := '{}';
  begun timestamptz;
  lsn pg_lsn;
  made bigint;
  made_ms numeric := 'infinity';
  copied_ms numeric := 'infinity';
  wal numeric := 'infinity';
begin
  perform testdata.require_allowed();
  select * into g from testdata.generators k where k.name = generator;
  if g.name is null then
    raise exception using errcode = '22023', message = format('there is no generator %s', generator);
  end if;
  sf := greatest(0.001, n::numeric / g.rows_at_sf1);
  begin  -- and nothing of this stays
    perform testdata.refresh_walks(), testdata.cover_window(variadic array(select distinct t::regclass from testdata.generators k, unnest(k.targets || 'core.status_changes'::text) t join pg_catalog.pg_partitioned_table p on p.partrelid = to_regclass(t)));
    for need in
      with recursive needs (name) as (select unnest(g.after) union select unnest(k.after) from needs d join testdata.generators k on k.name = d.name)
      select o.name from testdata.generator_order() o where o.name in (select d.name from needs d) order by o.height desc, o.name
    loop
      execute format('select testdata.%I($1, 0, $2, $3)', need.name) using scratch, testdata.keys_of(need.name, sf), sf;
    end loop;
    for turn in 1..3 loop
      begin
        insert into testdata.measures (generator) values ('') returning xmin into mark;
        lsn := pg_current_wal_insert_lsn();
        begun := clock_timestamp();
        execute format('select testdata.%I($1, 0, $2, $3)', generator) into made using scratch, n, sf;
        made_ms := least(made_ms, extract(epoch from clock_timestamp() - begun) * 1000);
        wal := least(wal, pg_current_wal_insert_lsn() - lsn);
        for i in 1..cardinality(g.targets) * (turn = 1)::int loop
          execute format('select coalesce(jsonb_agg(to_jsonb(r)), %L) from %s r where r.xmin = $1', '[]', g.targets[i]::regclass) into part using mark;
          ready := ready || part;
        end loop;
        raise sqlstate 'HC899';
      exception when sqlstate 'HC899' then null;
      end;
      for i in 1..cardinality(g.targets) * (turn = 1)::int loop
        columns := columns || (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_catalog.pg_attribute a where a.attrelid = g.targets[i]::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '');
        execute format('create temporary table %I as select %s from jsonb_populate_recordset(null::%s, $1)', 'ready_' || i, columns[i], g.targets[i]::regclass) using ready[i];
      end loop;
      begin
        begun := clock_timestamp();
        for i in 1..cardinality(g.targets) loop
          execute format('insert into %s (%s) overriding system value select %2$s from pg_temp.%I', g.targets[i]::regclass, columns[i], 'ready_' || i);
        end loop;
        copied_ms := least(copied_ms, extract(epoch from clock_timestamp() - begun) * 1000);
        raise sqlstate 'HC899';
      exception when sqlstate 'HC899' then null;
      end;
    end loop;
    raise sqlstate 'HC899';
  exception when sqlstate 'HC899' then null;
  end;
  insert into testdata.measures as m (generator, rows, made_ms, copied_ms, wal_bytes) values (generator, made, made_ms, copied_ms, wal)
  on conflict on constraint measures_generator_pk do update set rows = excluded.rows, made_ms = excluded.made_ms, copied_ms = excluded.copied_ms, wal_bytes = excluded.wal_bytes, measured_at = excluded.measured_at;
  return round(made_ms / copied_ms, 2);
end $$;

comment on table testdata.measures is 'What baseline() last measured of a generator. @distribution local';
comment on column testdata.measures.generator is 'Which generator.';
comment on column testdata.measures.rows is 'Rows it made in the measurement.';
comment on column testdata.measures.made_ms is 'Best time of three to make them.';
comment on column testdata.measures.copied_ms is 'Best time of three to insert the same rows from a ready table.';
comment on column testdata.measures.wal_bytes is 'Least WAL of three while making them; other sessions write into it, too.';
comment on column testdata.measures.measured_at is 'When.';
comment on function testdata.measure_tables is 'Rows of a seed in each table that its plan names or that holds any, all rows of the table, its bytes, and the partitions the seed uses. Reads every table.';
comment on function testdata.measure_generators is 'Keys, rows and times of a seed by generator, rows a second over the chunks, and what times the scale would give: rows by keys, milliseconds by a line through three chunks or more, else by keys.';
comment on function testdata.report is 'Volume and speed of a load as jsonb: totals, unplanned tables, the slowest chunk, generators, tables, and a forecast for times the scale. Null for no such seed.';
comment on function testdata.report_text is 'A report as Markdown.';
comment on function testdata.baseline is 'How many times longer a generator takes than inserting the same rows from a ready table, for keys [0, n) of a scratch seed that is undone; kept in testdata.measures. Honest or fast, as the session is; generators with foreign keys among their own rows in fast only.';

-- verify
set local testdata.allow = on;
delete from testdata.seeds;
delete from testdata.generators where name <> all ('{gen_analytics}');  -- visitors without accounts: what is needed before is measured with the probe
select testdata.baseline('gen_analytics', 1000) <= 2.5 or testdata.baseline('gen_analytics', 2000) <= 2.5 or testdata.baseline('gen_analytics', 3000) <= 2.5;  -- the larger, the less somebody else's work counts
select rows between 5000 and 25000 and made_ms > 0 and copied_ms > 0 and wal_bytes / rows between 100 and 5000 and measured_at > now() from testdata.measures where generator = 'gen_analytics';
select count(*) = 0 from core.analytics a where testdata.is_of_seed(a.id, -899);
select blueprint.raises($$ select testdata.baseline('gen_none', 1) $$, '22023', 'no generator');
select blueprint.open_room('probe_0899');
create table probe_0899.rows (id uuid, at timestamptz, words text, constraint rows_id_pk primary key (id, at)) partition by range (at);
create table probe_0899.notes (id uuid primary key, words text);
create table probe_0899.things (id uuid primary key, doubled bigint generated always as (n * 2) stored, n bigint generated always as identity);
create function testdata.gen_things_0899(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$
begin
  insert into probe_0899.things (id) select testdata.uid(seed, 4000, n, 0) from generate_series(lo, hi - 1) n;
  return hi - lo;
end $$;
create function testdata.gen_probe_0899(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$
begin
  insert into probe_0899.rows select testdata.uid(seed, 4001, n, 0), testdata.window_start() + n * interval '20 minutes', repeat('word ', 120) from generate_series(lo, hi - 1) n;
  return hi - lo;
end $$;
insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_probe_0899', '{probe_0899.rows}', '{gen_things_0899}', 2000000, 500, 10),
  ('gen_things_0899', '{probe_0899.things}', '{}', 100000, 100, 10);
delete from testdata.generators where name = 'gen_analytics';
create temporary table seeds_0899 as select 1 as times, testdata.plan('nano', -8990001, 'honest', 0.001) as id union all select 2, testdata.plan('nano', -8990002, 'honest', 0.002);
select sum(testdata.run_chunk(c.id)) = 2100 from (select k.id from testdata.chunks k join pg_temp.seeds_0899 s on s.id = k.seed_id where s.times = 1 order by k.id) c;
update testdata.chunks set ms = 40 + rows * 0.05 where ms is not null;  -- so that time follows a law, not the machine
create temporary table reports_0899 as select s.times, testdata.report(s.id) as r from seeds_0899 s where s.times = 1;
select sum(testdata.run_chunk(c.id)) = 4200 from (select k.id from testdata.chunks k join pg_temp.seeds_0899 s on s.id = k.seed_id where s.times = 2 order by k.id) c;
update testdata.chunks k set ms = 40 + k.rows * 0.05 + case when k.lo = 500 then 7 else 0 end from pg_temp.seeds_0899 s where s.id = k.seed_id and s.times = 2;
insert into probe_0899.notes values (testdata.uid(-8990002, 4002, 1, 0), 'what no plan names');
insert into reports_0899 select s.times, testdata.report(s.id) from seeds_0899 s where s.times = 2;
-- the forecast of the first is what became of the second
select bool_and(abs((a.r #>> array['forecast', what])::numeric / case what when 'rows' then (b.r ->> 'made')::numeric else (b.r ->> what)::numeric end - 1) < 0.25), count(*) = 3 from reports_0899 a, reports_0899 b, unnest(array['rows', 'ms', 'bytes']) what where a.times = 1 and b.times = 2;
select (r ->> 'made')::bigint = (r ->> 'by_chunks')::bigint + times - 1 and (r ->> 'by_chunks')::bigint = 2100 * times, r -> 'unplanned' = case times when 2 then '["probe_0899.notes"]' else '[]' end::jsonb, (r #>> '{forecast,times}')::int = 2, r ->> 'mode' = 'honest' and r ->> 'profile' = 'nano' from reports_0899;
select bool_and((t ->> 'made')::bigint = k.made and (t ->> 'of')::bigint >= k.made), count(*) = 3, bool_and((t ->> 'heap')::bigint > 0 and (t ->> 'indexes')::bigint > 0) from reports_0899, jsonb_array_elements(r -> 'tables') t join (
  values ('probe_0899.things', 200), ('probe_0899.rows', 4000), ('probe_0899.notes', 1)) k(relation, made) on k.relation = t ->> 'table' where times = 2;
select (t ->> 'partitions')::int = (select count(distinct tableoid) from probe_0899.rows where testdata.is_of_seed(id, -8990002)) and (t ->> 'partitions')::int >= 2 and (t ->> 'keys')::int = 4000 and (t ->> 'planned')::boolean
  and (t ->> 'heap')::bigint = (select sum(pg_relation_size(relid)) from pg_partition_tree('probe_0899.rows') where isleaf) and (t ->> 'indexes')::bigint = (select sum(pg_indexes_size(relid)) from pg_partition_tree('probe_0899.rows') where isleaf) and (t ->> 'toast')::bigint >= 0
  and (t ->> 'bytes_a_row')::numeric = round(((t ->> 'heap')::numeric + (t ->> 'indexes')::numeric + (t ->> 'toast')::numeric) / 6000) from reports_0899, jsonb_array_elements(r -> 'tables') t where times = 2 and t ->> 'table' = 'probe_0899.rows';
select (g ->> 'keys')::int = 4000 and (g ->> 'chunks')::int = 8 and (g ->> 'rows')::int = 4000 and (g ->> 'rows_a_second_p50')::int = round(500 / 0.065) and (g ->> 'rows_a_second_p10')::int between round(500 / 0.072) and round(500 / 0.065) - 1 and not g ? 'overhead' from reports_0899, jsonb_array_elements(r -> 'generators') g where times = 2 and g ->> 'generator' = 'gen_probe_0899';
select r -> 'slowest' @> '{"generator": "gen_probe_0899", "lo": 500, "hi": 1000, "rows": 500, "ms": 72}' from reports_0899 where times = 2;
insert into testdata.measures (generator, rows, made_ms, copied_ms, wal_bytes) values ('gen_probe_0899', 10, 3, 2, 1230);
select g ->> 'overhead' = '1.50' and g ->> 'wal_a_row' = '123', t ->> 'wal_a_row' = '123' from seeds_0899 s, testdata.report(s.id) r, jsonb_array_elements(r -> 'generators') g, jsonb_array_elements(r -> 'tables') t where s.times = 2 and g ->> 'generator' = 'gen_probe_0899' and t ->> 'table' = 'probe_0899.rows';
select text ~ '^# Seed -8990002: nano, scale 0.002, honest\n' and text ~ '\nFilled, and in no plan: probe_0899.notes\.\n' and text ~ '\nThe chunks say \d+ rows\.\n' and text ~ '\nAt 2 times the scale: about \d+ rows, [\d.]+ seconds in one session, [\d.]+ MB\.\n' and text ~ '\n\| gen_probe_0899 \| 4000 \| 8 \| 4000 \|'
  and text ~ '\n\| probe_0899.notes \| unplanned \| 1 \|' and text ~ '\n\| probe_0899.rows \| 4000 \| 4000 \|' and text ~ 'gen_probe_0899 \[500, 1000\) with 72.0 ms' from reports_0899, testdata.report_text(r) text where times = 2;
delete from testdata.measures;
select testdata.baseline('gen_probe_0899', 300) > 0, testdata.baseline('gen_things_0899', 20) > 0;
select count(*) = 2, bool_and(m.rows = case m.generator when 'gen_probe_0899' then 300 else 20 end), (select count(*) = 300 from probe_0899.things), (select count(*) = 6000 from probe_0899.rows), not exists (select from testdata.entities e where e.seed between -9999 and -899) from testdata.measures m where m.generator like 'gen%0899';
select testdata.report(uuidv7()) is null;
select rule, blueprint.raises(sql, state, rule) from (values ($$ insert into testdata.measures (generator) values ('gen_probe_0899') $$, '23505', 'measures_generator_pk'), ($$ insert into testdata.measures (generator, rows) values ('x', -1) $$, '23514', 'measures_rows_check')) v(sql, state, rule);
set local testdata.allow = off;
select blueprint.raises($$ select testdata.baseline('gen_users', 1) $$, '42501', 'not allowed');
select count(*) = 0, (select relrowsecurity and relforcerowsecurity from pg_class where oid = 'testdata.measures'::regclass) from blueprint.open_to_public('testdata');
