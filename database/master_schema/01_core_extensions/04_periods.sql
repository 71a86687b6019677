-- Room extensions, time: rows that hold for a period. Tables keep periods apart by UNIQUE (..., during WITHOUT OVERLAPS) on btree_gist;
-- here are the moves on such tables that everybody needs: end, replace, and look up as of a time.

-- task: BUILD_0040 implement_feature critical
-- title: Temporal toolkit on btree_gist: periods, close_period(), replace_period() and as_of()
-- does: period() builds '[)' ranges and refuses empty ones; close_period() ends the open period of a row, replace_period() ends a version and begins the
--   next in one statement of truth, as_of() gives the version of a time. All run with the caller's rights on any table with a period column.
-- proves: on a table unique without overlaps a replacement leaves two adjacent versions and keeps a later one apart, an overlapping insert raises 23P01,
--   as_of gives the right version on both sides of the edge; half a key (21000), empty periods and ends before the start (22023) and a missing version (P0002) raise.
-- needs: BUILD_0005, BUILD_0013
create function core.period(since timestamptz, until timestamptz default null) returns tstzrange
  language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if since >= until then
    raise exception 'a period cannot end at % and begin at %', until, since using errcode = 'invalid_parameter_value';
  end if;
  return tstzrange(since, until);
end $$;

create function core.as_of(relation regclass, key jsonb, at timestamptz default now(), period_column text default 'during') returns jsonb
  language plpgsql stable set search_path = ''
as $$
declare
  versions jsonb;
begin
  execute format('select pg_catalog.jsonb_agg(t) from %1$s t, pg_catalog.jsonb_populate_record(null::%1$s, $1) k where t.%2$I @> $2%3$s', relation, period_column,
      (select string_agg(format(' and t.%1$I = k.%1$I', name), '') from jsonb_object_keys(key) name))
    into versions using key, at;
  if jsonb_array_length(versions) > 1 then
    raise exception 'key % of % names % rows at %', key, relation, jsonb_array_length(versions), at using errcode = 'cardinality_violation';
  end if;
  return versions -> 0;
end $$;

create function core.close_period(relation regclass, id uuid, at timestamptz default now(), period_column text default 'during') returns tstzrange
  language plpgsql set search_path = ''
as $$
declare
  period tstzrange;
begin
  execute format('select t.%2$I from %1$s t where t.id = $1 and upper_inf(t.%2$I) for update', relation, period_column) into period using id;
  if period is null then
    raise exception 'row % of % has no open period', id, relation using errcode = 'no_data_found';
  end if;
  period := core.period(lower(period), at);
  execute format('update %1$s t set %2$I = $2 where t.id = $1', relation, period_column) using id, period;
  return period;
end $$;

create function core.replace_period(relation regclass, key jsonb, new_row jsonb, at timestamptz default now(), period_column text default 'during') returns jsonb
  language plpgsql set search_path = ''
as $$
declare
  old constant tstzrange := core.as_of(relation, key, at, period_column) ->> period_column;
  same_key constant text := (select string_agg(format(' and t.%1$I = k.%1$I', name), '') from jsonb_object_keys(key) name);
  next_start timestamptz;
  fresh jsonb;
begin
  if old is not null then
    execute format('update %1$s t set %2$I = $3 from pg_catalog.jsonb_populate_record(null::%1$s, $1) k where t.%2$I @> $2%3$s', relation, period_column, same_key)
      using key, at, core.period(lower(old), at);
  end if;
  execute format('select min(lower(t.%2$I)) from %1$s t, pg_catalog.jsonb_populate_record(null::%1$s, $1) k where lower(t.%2$I) >= $2%3$s', relation, period_column, same_key)
    into next_start using key, at;
  fresh := new_row || key || jsonb_build_object(period_column, core.period(at, least(upper(old), next_start)));
  execute format('insert into %1$s as t (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1) returning to_jsonb(t)', relation,
      (select string_agg(quote_ident(name), ', ') from jsonb_object_keys(fresh) name))
    into fresh using fresh;
  return fresh;
end $$;

comment on function core.period is 'Period [since, until); without until it is open. Raises 22023 where it would be empty.';
comment on function core.as_of is 'The version of key (column: value, ...) that holds at a time, as jsonb; null when there is none, 21000 when the key names more than one row.';
comment on function core.close_period is 'Ends the open period of row id at a time and returns it. P0002 when the row has none, 22023 when it would end before it begins.';
comment on function core.replace_period is 'Ends the version of key that holds at a time and inserts new_row || key from then on, until the old end or the next version''s start; columns not named take their defaults, nothing is carried over. Returns the new row. Fails with 22023 when a version begins at that very time, with 21000 when the key names more than one row.';

grant execute on function core.period, core.as_of, core.close_period, core.replace_period to hc_anon, hc_worker, hc_auditor, hc_analyst;

-- verify
create table core.probe_0040 (id uuid default uuidv7() primary key, k text, region text default 'US', amount int, note text, during tstzrange not null,
  constraint probe_0040_k_during_key unique (k, region, during without overlaps));
insert into core.probe_0040 (k, amount, note, during) values
  ('a', 1, 'first', core.period('2026-01-01 00:00+00')), ('b', 7, 'other', core.period('2026-01-01 00:00+00', '2026-02-01 00:00+00')), ('b', 9, 'later', core.period('2026-06-01 00:00+00'));
insert into core.probe_0040 (k, region, during) select 'c', region, core.period('2026-01-01 00:00+00') from unnest('{US,EU}'::text[]) region;
select core.replace_period('core.probe_0040', '{"k": "a"}', '{"amount": 2}', '2026-03-01 00:00+00') @> '{"k": "a", "amount": 2, "note": null, "region": "US"}',
  core.replace_period('core.probe_0040', '{"k": "b", "region": "US"}', '{"amount": 8}', '2026-04-01 00:00+00') ->> 'amount' = '8';
select count(*) = 5, bool_and(p.during = core.period(v.since, v.until)) from core.probe_0040 p join (values
  ('a', 1, '2026-01-01 00:00+00'::timestamptz, '2026-03-01 00:00+00'::timestamptz), ('a', 2, '2026-03-01 00:00+00', null),
  ('b', 7, '2026-01-01 00:00+00', '2026-02-01 00:00+00'), ('b', 8, '2026-04-01 00:00+00', '2026-06-01 00:00+00'), ('b', 9, '2026-06-01 00:00+00', null)
) v(k, amount, since, until) using (k, amount);
select core.as_of('core.probe_0040', '{"k": "a"}', '2026-02-28 23:59:59+00') ->> 'amount' = '1', core.as_of('core.probe_0040', '{"k": "a"}', '2026-03-01 00:00+00') ->> 'amount' = '2',
  core.as_of('core.probe_0040', '{"k": "b"}', '2026-03-01 00:00+00') is null, core.as_of('core.probe_0040', '{"k": "a"}') ->> 'amount' = '2';
select core.close_period('core.probe_0040', id, '2026-05-01 00:00+00') = tstzrange('2026-03-01 00:00+00', '2026-05-01 00:00+00') from core.probe_0040 where amount = 2;
select case_name, blueprint.raises(sql, state, mentions) from (values
  ('overlap', $$ insert into core.probe_0040 (k, during) values ('a', core.period('2026-04-30 00:00+00')) $$, '23P01', 'probe_0040_k_during_key'),
  ('empty', $$ select core.period('2026-01-01 00:00+00', '2026-01-01 00:00+00') $$, '22023', 'cannot end'),
  ('same start', $$ select core.replace_period('core.probe_0040', '{"k": "a"}', '{}', '2026-03-01 00:00+00') $$, '22023', 'cannot end'),
  ('closed', $$ select core.close_period('core.probe_0040', id) from core.probe_0040 where amount = 2 $$, 'P0002', 'no open period'),
  ('before start', $$ select core.close_period('core.probe_0040', id, '2026-05-01 00:00+00') from core.probe_0040 where amount = 9 $$, '22023', 'cannot end'),
  ('half a key', $$ select core.replace_period('core.probe_0040', '{"k": "c"}', '{}') $$, '21000', 'names 2 rows'),
  ('unknown column', $$ select core.replace_period('core.probe_0040', '{"k": "a"}', '{"amuont": 1}', '2026-07-01 00:00+00') $$, '42703', 'amuont')
) v(case_name, sql, state, mentions);
select upper_inf(core.period('2026-01-01 00:00+00')) and lower_inf(core.period(null, '2026-01-01 00:00+00'));
select f, bool_and(has_function_privilege(role, f::regprocedure, 'execute')), not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from unnest(array['core.period(timestamptz, timestamptz)', 'core.as_of(regclass, jsonb, timestamptz, text)', 'core.close_period(regclass, uuid, timestamptz, text)',
    'core.replace_period(regclass, jsonb, jsonb, timestamptz, text)']) f, unnest(array['hc_anon', 'hc_worker', 'hc_auditor', 'hc_analyst']) role
group by f;
