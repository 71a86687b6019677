-- Test data, the tools: what every generator is made of. Row n of a generator is a pure function of (seed, n), so that key ranges can be made
-- in any order, by any number of workers, again after a crash, and always come out the same. Nothing here runs where real people are.

-- task: BUILD_0851 create_test_data critical
-- title: Open the test-data room: profiles, seeds, generators, chunks, findings and the production guard
-- does: Room testdata, closed to every request role. profiles say how much and which time, seeds what was asked for, generators what can be made and after what,
--   chunks the key ranges with what became of them, findings what checks found. require_allowed() stops everything unless testdata.allow is on and this is no production database.
-- proves: require_allowed() raises 42501 by default and in production and passes with the setting; members and admins have no way in; overlapping chunks of one generator
--   raise 23P01, an empty one 23514.
-- needs: BUILD_0005, BUILD_0015, BUILD_0021
select blueprint.open_room('testdata', null, 'test_data', '{"provides": ["testdata.plan", "testdata.work"], "requires": ["core"], "rls": "owner only", "retention": "until teardown"}',
  'Made-up rows for every room, from a seed. Closed to requests; refused in production.');

create table testdata.profiles (
  code text constraint profiles_code_pk primary key,
  sf numeric not null constraint profiles_sf_check check (sf > 0),
  window_days int not null constraint profiles_window_days_check check (window_days > 0),
  until timestamptz not null default '2026-11-01 00:00+00',
  about text not null
);

create table testdata.seeds (
  id uuid default uuidv7() constraint seeds_id_pk primary key,
  profile text not null constraint seeds_profile_fk references testdata.profiles (code),
  seed bigint not null,
  mode text not null default 'fast' constraint seeds_mode_check check (mode in ('fast', 'honest')),
  status text not null default 'planned' constraint seeds_status_check check (status in ('planned', 'loading', 'loaded', 'failed', 'removing')),
  sf numeric not null constraint seeds_sf_check check (sf > 0),
  since timestamptz not null,
  until timestamptz not null,
  before jsonb not null default '{}' constraint seeds_before_check check (jsonb_typeof(before) = 'object'),
  proof jsonb constraint seeds_proof_check check (jsonb_typeof(proof) = 'object'),
  shape double precision[] storage external,
  created_at timestamptz not null default clock_timestamp(),
  loaded_at timestamptz,
  constraint seeds_seed_key unique (seed),
  constraint seeds_until_check check (since < until)
);

create table testdata.generators (
  name text constraint generators_name_pk primary key,
  targets text[] not null,
  after text[] not null default '{}',
  rows_at_sf1 bigint not null constraint generators_rows_at_sf1_check check (rows_at_sf1 > 0),
  chunk_rows bigint not null default 10000 constraint generators_chunk_rows_check check (chunk_rows > 0),
  least_rows bigint not null default 20 constraint generators_least_rows_check check (least_rows >= 0)
);

create table testdata.chunks (
  id bigint generated always as identity constraint chunks_id_pk primary key,
  seed_id uuid not null constraint chunks_seed_id_fk references testdata.seeds (id) on delete cascade,
  generator text not null constraint chunks_generator_fk references testdata.generators (name),
  lo bigint not null,
  hi bigint not null,
  status text not null default 'planned' constraint chunks_status_check check (status in ('planned', 'done', 'failed')),
  rows bigint,
  ms numeric,
  error text,
  done_at timestamptz,
  constraint chunks_hi_check check (lo < hi),
  constraint chunks_seed_id_generator_lo_hi_excl exclude using gist (seed_id with =, generator with =, int8range(lo, hi) with &&)
);

create index seeds_profile_idx on testdata.seeds (profile);
create index chunks_generator_lo_idx on testdata.chunks (generator, lo);
create index chunks_seed_id_status_idx on testdata.chunks (seed_id, status, id);

create table testdata.findings (
  id bigint generated always as identity constraint findings_id_pk primary key,
  seed_id uuid constraint findings_seed_id_fk references testdata.seeds (id) on delete cascade,
  check_name text not null,
  subject text not null,
  found jsonb not null constraint findings_found_check check (jsonb_typeof(found) = 'object'),
  found_at timestamptz not null default clock_timestamp()
);

create index findings_seed_id_check_name_idx on testdata.findings (seed_id, check_name);

create table testdata.entities (
  seed bigint not null,
  kind text not null,
  n bigint not null,
  id uuid not null,
  at timestamptz not null,
  constraint entities_seed_kind_n_pk primary key (seed, kind, n)
);

create index entities_id_idx on testdata.entities (id);

create function testdata.require_allowed() returns void
  language plpgsql stable set search_path = ''
as $$
begin
  if lower(coalesce(current_setting('hingecraft.environment', true), '')) in ('production', 'prod', 'live') then
    raise exception using errcode = '42501', message = 'this is a production database: it takes no test data',
      hint = 'The setting hingecraft.environment says so.';
  elsif coalesce(nullif(current_setting('testdata.allow', true), ''), 'off')::boolean is not true then
    raise exception using errcode = '42501', message = 'test data is not allowed here', hint = 'hc seed sets testdata.allow = on for its own session.';
  end if;
end $$;

insert into testdata.profiles (code, sf, window_days, about) values
  ('nano', 0.001, 120, 'The smallest, some 70,000 rows over all rooms: for tests.'),
  ('demo', 0.002, 120, 'Something to look at after the first build.'),
  ('small', 0.1, 540, 'A tenth of sf1: for tests of volume.'),
  ('sf1', 1, 730, '100,000 people and their traces over two years.'),
  ('sf10', 10, 730, 'Ten times sf1.');

comment on table testdata.profiles is 'How much and over which time. @distribution local';
comment on column testdata.profiles.code is 'As hc seed knows it.';
comment on column testdata.profiles.sf is 'Scale factor: 1 is 100,000 people.';
comment on column testdata.profiles.window_days is 'How many days before the end the data begins.';
comment on column testdata.profiles.until is 'End of the window, fixed so that a seed gives the same rows on any day.';
comment on column testdata.profiles.about is 'What it is good for.';
comment on table testdata.seeds is 'Data sets asked for, one a seed. @distribution local';
comment on column testdata.seeds.id is 'Version 7 UUID.';
comment on column testdata.seeds.profile is 'How much.';
comment on column testdata.seeds.seed is 'The number everything follows from; only one data set of it at a time.';
comment on column testdata.seeds.mode is 'fast: triggers and foreign keys rest (session_replication_role replica). honest: all of them fire.';
comment on column testdata.seeds.status is 'planned, loading, loaded, failed or removing.';
comment on column testdata.seeds.sf is 'Scale factor it was planned with.';
comment on column testdata.seeds.since is 'Begin of the window.';
comment on column testdata.seeds.until is 'End of the window.';
comment on column testdata.seeds.before is 'What teardown puts back: number series, partitions, balances.';
comment on column testdata.seeds.proof is 'What prove_no_pii() signed.';
comment on column testdata.seeds.shape is 'shape_of() its window.';
comment on column testdata.seeds.created_at is 'When it was planned.';
comment on column testdata.seeds.loaded_at is 'When the last chunk was done.';
comment on table testdata.generators is 'What can be made: testdata.<name>(seed, lo, hi, sf) inserts exactly the rows numbered [lo, hi) and returns how many. @distribution local';
comment on column testdata.generators.name is 'Function in testdata.';
comment on column testdata.generators.targets is 'Tables it fills, as schema.name.';
comment on column testdata.generators.after is 'Generators whose rows it needs.';
comment on column testdata.generators.rows_at_sf1 is 'How many keys at scale factor 1.';
comment on column testdata.generators.chunk_rows is 'Keys a chunk.';
comment on column testdata.generators.least_rows is 'Keys at any scale: below it nothing would be worth a look.';
comment on table testdata.chunks is 'Key ranges of a seed and what became of them. @distribution local';
comment on column testdata.chunks.id is 'In the order of planning: needs first.';
comment on column testdata.chunks.seed_id is 'Which data set.';
comment on column testdata.chunks.generator is 'What makes it.';
comment on column testdata.chunks.lo is 'First key.';
comment on column testdata.chunks.hi is 'First key that is not in it.';
comment on column testdata.chunks.status is 'planned, done or failed.';
comment on column testdata.chunks.rows is 'Rows made, in all tables.';
comment on column testdata.chunks.ms is 'Milliseconds it took.';
comment on column testdata.chunks.error is 'What stopped it.';
comment on column testdata.chunks.done_at is 'When it was done.';
comment on table testdata.findings is 'What the checks of a seed found; no rows, no faults. @distribution local';
comment on column testdata.findings.id is 'In order of finding.';
comment on column testdata.findings.seed_id is 'Which data set.';
comment on column testdata.findings.check_name is 'Which check.';
comment on column testdata.findings.subject is 'Table, column or rule.';
comment on column testdata.findings.found is 'What and where, with sample keys.';
comment on column testdata.findings.found_at is 'When.';
comment on table testdata.entities is 'Ids by key for what other generators point to: person n, design n, ... @distribution local';
comment on column testdata.entities.seed is 'Seed of the data set.';
comment on column testdata.entities.kind is 'What it is: user, design, donation, ...';
comment on column testdata.entities.n is 'Key within its kind.';
comment on column testdata.entities.id is 'Primary key of the row.';
comment on column testdata.entities.at is 'When it began.';
comment on index testdata.seeds_profile_idx is 'Seeds of a profile; and the foreign key.';
comment on index testdata.chunks_generator_lo_idx is 'Chunks of a generator in order; and the foreign key.';
comment on index testdata.chunks_seed_id_status_idx is 'The next chunk to do.';
comment on index testdata.findings_seed_id_check_name_idx is 'Findings of a seed and check.';
comment on index testdata.entities_id_idx is 'Key of a row.';
comment on function testdata.require_allowed is 'Raises 42501 unless testdata.allow is on and hingecraft.environment names no production. Every writing function of this room asks first.';

-- verify
select blueprint.raises('select testdata.require_allowed()', '42501', 'not allowed here');
set local testdata.allow = on;
select not blueprint.raises('select testdata.require_allowed()', '42501');
set local hingecraft.environment = 'Production';
select blueprint.raises('select testdata.require_allowed()', '42501', 'production');
select role, not has_schema_privilege(role, 'testdata', 'usage') from unnest(array['hc_anon', 'hc_member', 'hc_admin', 'hc_agent', 'hc_worker', 'hc_analyst']) role;
select array_agg(code order by sf) @> '{nano,demo,small,sf1,sf10}', bool_and(until = '2026-11-01 00:00+00') from testdata.profiles;
insert into testdata.generators (name, targets, rows_at_sf1) values ('gen_probe_0851', '{a.b}', 10) returning after = '{}' and chunk_rows = 10000 and least_rows = 20;
insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000851001', 'nano', -851, 1, now(), now() + interval '1 day')
returning mode = 'fast' and status = 'planned' and jsonb_typeof(before) = 'object' and created_at is not null;
insert into testdata.seeds (profile, seed, sf, since, until) values ('nano', -852, 1, now(), now() + interval '1 day') returning id is not null;
insert into testdata.chunks (seed_id, generator, lo, hi) values ('00000000-0000-7000-8000-000000851001', 'gen_probe_0851', 0, 10) returning status = 'planned' and id > 0;
insert into testdata.findings (seed_id, check_name, subject, found) values ('00000000-0000-7000-8000-000000851001', 'x', 'y', '{}') returning id > 0 and found_at is not null;
insert into testdata.profiles (code, sf, window_days, about) values ('probe_0851', 1, 1, 'x') returning until = '2026-11-01 00:00+00';
insert into testdata.entities (seed, kind, n, id, at) values (-851, 'x', 1, uuidv7(), now()) returning true;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.chunks (seed_id, generator, lo, hi) values ('00000000-0000-7000-8000-000000851001', 'gen_probe_0851', 9, 20) $$, '23P01', 'chunks_seed_id_generator_lo_hi_excl'),
  ($$ insert into testdata.chunks (seed_id, generator, lo, hi) values ('00000000-0000-7000-8000-000000851001', 'gen_probe_0851', 20, 20) $$, '23514', 'chunks_hi_check'),
  ($$ insert into testdata.chunks (seed_id, generator, lo, hi) values (uuidv7(), 'gen_probe_0851', 20, 21) $$, '23503', 'chunks_seed_id_fk'),
  ($$ insert into testdata.chunks (seed_id, generator, lo, hi) values ('00000000-0000-7000-8000-000000851001', 'gen_none', 20, 21) $$, '23503', 'chunks_generator_fk'),
  ($$ update testdata.chunks set status = 'odd' where generator = 'gen_probe_0851' $$, '23514', 'chunks_status_check'),
  ($$ insert into testdata.chunks (id, seed_id, generator, lo, hi) overriding system value select id, seed_id, generator, 50, 60 from testdata.chunks where generator = 'gen_probe_0851' $$, '23505', 'chunks_id_pk'),
  ($$ insert into testdata.findings (id, check_name, subject, found) overriding system value select id, '', '', '{}' from testdata.findings where check_name = 'x' $$, '23505', 'findings_id_pk'),
  ($$ insert into testdata.findings (seed_id, check_name, subject, found) values (uuidv7(), '', '', '{}') $$, '23503', 'findings_seed_id_fk'),
  ($$ insert into testdata.findings (check_name, subject, found) values ('', '', '[]') $$, '23514', 'findings_found_check'),
  ($$ insert into testdata.seeds (profile, seed, sf, since, until) values ('nano', -851, 1, now(), now() + interval '1 day') $$, '23505', 'seeds_seed_key'),
  ($$ insert into testdata.seeds (id, profile, seed, sf, since, until) values ('00000000-0000-7000-8000-000000851001', 'nano', -8511, 1, now(), now() + interval '1 day') $$, '23505', 'seeds_id_pk'),
  ($$ insert into testdata.seeds (profile, seed, sf, since, until) values ('none', -8511, 1, now(), now() + interval '1 day') $$, '23503', 'seeds_profile_fk'),
  ($$ update testdata.seeds set mode = 'x' where seed = -851 $$, '23514', 'seeds_mode_check'),
  ($$ update testdata.seeds set status = 'x' where seed = -851 $$, '23514', 'seeds_status_check'),
  ($$ update testdata.seeds set sf = 0 where seed = -851 $$, '23514', 'seeds_sf_check'),
  ($$ update testdata.seeds set until = since where seed = -851 $$, '23514', 'seeds_until_check'),
  ($$ update testdata.seeds set before = '[]' where seed = -851 $$, '23514', 'seeds_before_check'),
  ($$ update testdata.seeds set proof = '[]' where seed = -851 $$, '23514', 'seeds_proof_check'),
  ($$ insert into testdata.profiles (code, sf, window_days, about) values ('nano', 1, 1, '') $$, '23505', 'profiles_code_pk'),
  ($$ insert into testdata.profiles (code, sf, window_days, about) values ('p', 0, 1, '') $$, '23514', 'profiles_sf_check'),
  ($$ insert into testdata.profiles (code, sf, window_days, about) values ('p', 1, 0, '') $$, '23514', 'profiles_window_days_check'),
  ($$ insert into testdata.generators (name, targets, rows_at_sf1) values ('gen_probe_0851', '{}', 1) $$, '23505', 'generators_name_pk'),
  ($$ update testdata.generators set rows_at_sf1 = 0 where name = 'gen_probe_0851' $$, '23514', 'generators_rows_at_sf1_check'),
  ($$ update testdata.generators set chunk_rows = 0 where name = 'gen_probe_0851' $$, '23514', 'generators_chunk_rows_check'),
  ($$ update testdata.generators set least_rows = -1 where name = 'gen_probe_0851' $$, '23514', 'generators_least_rows_check'),
  ($$ insert into testdata.entities (seed, kind, n, id, at) values (-851, 'x', 1, uuidv7(), now()) $$, '23505', 'entities_seed_kind_n_pk')) v(sql, state, rule);
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select id from testdata.chunks where seed_id = '00000000-0000-7000-8000-000000851001' and status = 'planned' order by id limit 1 $$, 'chunks_seed_id_status_idx'),
  ($$ select hi from testdata.chunks where generator = 'x' order by lo limit 1 $$, 'chunks_generator_lo_idx'), ($$ select from testdata.seeds where profile = 'nano' $$, 'seeds_profile_idx'),
  ($$ select from testdata.findings where seed_id = '00000000-0000-7000-8000-000000851001' and check_name = 'x' $$, 'findings_seed_id_check_name_idx'),
  ($$ select n from testdata.entities where id = '00000000-0000-7000-8000-000000851001' $$, 'entities_id_idx')) v(sql, index);
select relname, relrowsecurity and relforcerowsecurity from pg_class where relnamespace = 'testdata'::regnamespace and relname in ('profiles', 'seeds', 'generators', 'chunks', 'findings', 'entities');
select count(*) = 0 from blueprint.open_to_public('testdata');

-- task: BUILD_0852 create_test_data critical
-- title: Build seeded hash primitives: testdata.h, unit, permute and recognisable uuidv7 ids by uid()
-- does: h() mixes seed, salt and key to 64 bits; unit(), int_between() and chance() draw from it; permute() is a bijection for draws without repeats; uid() is a version 7 UUID
--   with the time it should have and a tag by which is_test_id() knows it. One expression each, without a SET clause, so that the planner inlines them.
-- proves: permute is a bijection on 10,000, uid gives its time back, equal arguments agree and another seed differs, is_test_id knows ours among 50,000 others, unit() is inlined.
-- needs: BUILD_0016, BUILD_0851
create function testdata.h(seed bigint, salt int, n bigint) returns bigint
  language sql immutable strict parallel safe
  return hashint8extended(n, hashint8extended(salt::bigint, seed));

create function testdata.unit(seed bigint, salt int, n bigint) returns double precision
  language sql immutable strict parallel safe
  return (hashint8extended(n, hashint8extended(salt::bigint, seed)) & 9007199254740991)::double precision / 9007199254740992.0::double precision;

create function testdata.int_between(seed bigint, salt int, n bigint, smallest bigint, largest bigint) returns bigint
  language sql immutable strict parallel safe
  return smallest + (hashint8extended(n, hashint8extended(salt::bigint, seed)) & 4611686018427387903) % (largest - smallest + 1);

create function testdata.chance(seed bigint, salt int, n bigint, p double precision) returns boolean
  language sql immutable strict parallel safe
  return testdata.unit(seed, salt, n) < p;

create function testdata.permute(i bigint, n bigint, seed bigint) returns bigint
  language sql immutable strict parallel safe
  return (i * ('{1073741827,1073741831,1073741833,1073741839,1073741843,1073741857,1073741891,1073741909}'::bigint[])[1 + (seed & 7)]
    + (hashint8extended(n, seed) & 1073741823)) % n;

create function testdata.uid(seed bigint, kind int, n bigint, ms bigint) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex((ms << 16) | 28672 | (kind & 4095)), 16, '0')
    || to_hex('-9223372036854775808'::bigint | ((n & 268435455) << 34) | ((hashint8extended(seed, 852) & 1023) << 24) | 8279002))::uuid;

create function testdata.key_of(id uuid) returns bigint
  language sql immutable strict parallel safe
  return (('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint >> 34) & 268435455;

create function testdata.is_test_id(id uuid) returns boolean
  language sql immutable parallel safe
  return right(id::text, 6) = '7e53da' and uuid_extract_version(id) = 7;

create function testdata.ms(at timestamptz) returns bigint
  language sql stable strict parallel safe
  return floor(date_part('epoch', at) * 1000 + 0.0005::double precision)::bigint;  -- half a microsecond, for what binary fractions lose

comment on function testdata.h is 'Sixty-four well mixed bits of (seed, salt, n); salt keeps the draws of one row apart.';
comment on function testdata.unit is 'Uniform in [0, 1) of (seed, salt, n).';
comment on function testdata.int_between is 'Uniform integer in [smallest, largest].';
comment on function testdata.chance is 'True with probability p.';
comment on function testdata.permute is 'Bijection of [0, n), n up to 2^30: multiplication by a prime above n. For draws without repeats.';
comment on function testdata.uid is 'Version 7 UUID with time ms, kind (12 bits), key (28 bits), ten bits of the seed and the tag is_test_id() knows.';
comment on function testdata.key_of is 'The key n that uid() put into an id.';
comment on function testdata.is_test_id is 'Whether uid() made this id. A real one is taken for it once in 16 million.';
comment on function testdata.ms is 'Milliseconds since 1970, as uid() takes them.';

-- verify
select count(distinct testdata.permute(i, 10000, 42)) = 10000, min(testdata.permute(i, 10000, 42)) = 0, max(testdata.permute(i, 10000, 42)) = 9999, count(*) filter (where testdata.permute(i, 10000, 42) = i) < 100
from generate_series(0, 9999) i;
select core.uuid_time(testdata.uid(42, 1, 7, 1767225600123)) = timestamptz '2026-01-01 00:00:00.123+00', testdata.ms('2026-01-01 00:00:00.123+00') = 1767225600123;
select testdata.uid(42, 1, 7, 1767225600123) = testdata.uid(42, 1, 7, 1767225600123), testdata.uid(42, 1, 7, 1767225600123) <> testdata.uid(43, 1, 7, 1767225600123), testdata.uid(42, 1, 7, 0) <> testdata.uid(42, 2, 7, 0);
select testdata.key_of(testdata.uid(42, 5, 268435455, 0)) = 268435455, testdata.key_of(testdata.uid(42, 5, 7, 99)) = 7;
select count(distinct testdata.uid(42, 3, n, 0)) = 2000, bool_and(testdata.is_test_id(testdata.uid(42, 3, n, n))) from generate_series(1, 2000) n;
select count(*) filter (where testdata.is_test_id(id)) <= 1 from (select uuidv7() as id from generate_series(1, 50000)) fresh;  -- one in 16 million looks like ours by chance
select testdata.h(1, 2, 3) = testdata.h(1, 2, 3), testdata.h(1, 2, 3) <> testdata.h(2, 2, 3), testdata.h(1, 2, 3) <> testdata.h(1, 3, 3), not testdata.is_test_id(gen_random_uuid());
select min(u) >= 0, max(u) < 1, abs(avg(u) - 0.5) < 0.01, count(*) filter (where testdata.chance(42, 1, n, 0.25)) between 2350 and 2650
from (select n, testdata.unit(42, 1, n) as u from generate_series(1, 10000) n) draws;
select min(i) = -2, max(i) = 2, count(distinct i) = 5 from (select testdata.int_between(42, 1, n, -2, 2) as i from generate_series(1, 200) n) draws;
do $verify$
declare
  plan text;
begin
  execute 'explain (verbose, format json) select testdata.unit(42, 1, n) from generate_series(1, 3) n' into plan;
  if plan !~ 'hashint8extended' or plan ~ 'unit\(' then
    raise exception 'not inlined: %', plan;
  end if;
end $verify$;
select count(*) = 0 from blueprint.open_to_public('testdata');

-- task: BUILD_0853 create_test_data
-- title: Build distributions and the activity calendar: zipf, lognormal, pick_weighted and moment()
-- does: Inverse distribution functions of a uniform draw (zipf by the bounded Pareto, exponential, normal, lognormal, poisson), pick_weighted() for categories, and the calendar:
--   weights of the 168 hours of a week and of the months since the begin, which shape_of() turns into one curve over a window; moment() places a draw on it.
-- proves: 20,000 draws keep to each declared law (Kolmogorov distance below 0.01), moment() never falls and stays in its window, 20:00 gets four times the rows of 04:00, weights of sum 0 raise 22023.
-- needs: BUILD_0852
create function testdata.zipf(u double precision, n bigint, s double precision) returns bigint
  language sql immutable parallel safe
  return least(n, floor(power(1 + u * (power((n + 1)::double precision, 1 - s) - 1), 1 / (1 - s)))::bigint);

create function testdata.exponential(u double precision, mean double precision) returns double precision
  language sql immutable strict parallel safe
  return - mean * ln(1 - u);

create function testdata.normal(u double precision) returns double precision
  language sql immutable strict parallel safe
  return (power(u, 0.1349) - power(1 - u, 0.1349)) / 0.1975;

create function testdata.lognormal(u double precision, median double precision, sigma double precision) returns double precision
  language sql immutable strict parallel safe
  return median * exp(sigma * (power(u, 0.1349) - power(1 - u, 0.1349)) / 0.1975);

create function testdata.poisson(u double precision, lambda double precision) returns int
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  k int := 0;
  p double precision := exp(-lambda);
  reached double precision := p;
begin
  while reached < u and k < 10 * lambda + 100 loop
    k := k + 1;
    p := p * lambda / k;
    reached := reached + p;
  end loop;
  return k;
end $$;

create function testdata.cumulate(weights double precision[]) returns double precision[]
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  total constant double precision := (select sum(w) from unnest(weights) w);
begin
  if coalesce(total, 0) <= 0 or exists (select from unnest(weights) w where w < 0) then
    raise exception using errcode = '22023', message = 'weights must be at least 0 and not all 0';
  end if;
  return array(select sum(w) over (order by place) / total from unnest(weights) with ordinality t(w, place) order by place);
end $$;

create function testdata.pick_weighted(u double precision, cum double precision[]) returns int
  language sql immutable parallel safe
  return least(width_bucket(u, cum) + 1, cardinality(cum));

create table testdata.calendar (
  unit text not null constraint calendar_unit_check check (unit in ('hour_of_week', 'month')),
  position int not null,
  weight double precision not null constraint calendar_weight_check check (weight >= 0),
  constraint calendar_unit_position_pk primary key (unit, position)
);

insert into testdata.calendar (unit, position, weight)
select 'hour_of_week', d * 24 + place::int - 1, weight * case when d >= 5 then 1.25 else 1 end
from generate_series(0, 6) d,
  unnest(array[0.45, 0.3, 0.2, 0.16, 0.15, 0.2, 0.35, 0.6, 0.9, 1.0, 1.05, 1.05, 1.1, 1.0, 1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 1.6, 1.5, 1.15, 0.75]::double precision[]) with ordinality hours(weight, place)
union all
select 'month', m, power(1.03, m) * case m % 12 when 3 then 1.15 when 10 then 1.4 when 11 then 1.7 else 1 end from generate_series(0, 47) m;

create function testdata.shape_of(since timestamptz, until timestamptz) returns double precision[]
  language sql stable
begin atomic
  with weights as materialized (
    select array_agg(c.weight order by c.position) filter (where c.unit = 'hour_of_week') as of_hour, array_agg(c.weight order by c.position) filter (where c.unit = 'month') as of_month,
      ((extract(isodow from shape_of.since at time zone 'UTC') - 1) * 24 + extract(hour from shape_of.since at time zone 'UTC'))::int as first_hour
    from testdata.calendar c)
  select array[0::double precision] || testdata.cumulate(array(select w.of_hour[1 + (w.first_hour + h.hour) % 168] * w.of_month[1 + least(47, h.hour / 730)]
    from weights w, generate_series(0, ceil(extract(epoch from shape_of.until - shape_of.since) / 3600)::int - 1) as h(hour)));
end;

create function testdata.spread(seed bigint, salt int, i bigint, total bigint) returns double precision
  language sql immutable strict parallel safe
  return (i + (hashint8extended(i, hashint8extended(salt::bigint, seed)) & 1048575)::double precision / 1048576) / total;

create function testdata.moment(u double precision, since timestamptz, shape double precision[]) returns timestamptz
  language sql stable strict parallel safe
  return date_trunc('milliseconds', since + interval '1 hour' * (width_bucket(u, shape) - 1
    + (u - shape[width_bucket(u, shape)]) / (shape[width_bucket(u, shape) + 1] - shape[width_bucket(u, shape)])));

create function testdata.local_moment(at timestamptz, zone text) returns timestamptz
  language sql stable strict parallel safe
  return (at at time zone 'UTC') at time zone zone;

comment on table testdata.calendar is 'When people are awake and how the platform grows: weights, not counts. @distribution local';
comment on column testdata.calendar.unit is 'hour_of_week (0 is Monday 00:00) or month (since the begin of the window).';
comment on column testdata.calendar.position is 'Which hour or month.';
comment on column testdata.calendar.weight is 'How much happens then, against the others.';
comment on function testdata.zipf is 'Rank 1..n of a uniform draw under the bounded Pareto law with exponent s (not 1): P(rank <= k) = ((k+1)^(1-s) - 1) / ((n+1)^(1-s) - 1).';
comment on function testdata.exponential is 'Waiting time with a mean.';
comment on function testdata.normal is 'Standard normal quantile by Tukey''s lambda distribution (0.1349), off by less than 0.002 of probability.';
comment on function testdata.lognormal is 'Lognormal quantile by its median and the sigma of its logarithm.';
comment on function testdata.poisson is 'Poisson quantile by inversion; lambda up to some hundred.';
comment on function testdata.cumulate is 'Cumulative shares of weights, as pick_weighted() and moment() take them; 22023 when they say nothing.';
comment on function testdata.pick_weighted is 'Place 1..n of a uniform draw among cumulative shares.';
comment on function testdata.shape_of is 'Share of everything that has happened by each hour of a window (UTC), from 0 to 1: daily and weekly rhythm, growth and campaign months. Generators ask span(), for which it is made once.';
comment on function testdata.spread is 'A uniform draw for row i of total in order of i: what moment() takes to keep rows in order of time.';
comment on function testdata.moment is 'The instant at which a share u of everything has happened, to the millisecond. u and shape want to be columns or variables: then this is inlined, 15 times faster.';
comment on function testdata.local_moment is 'The same time of day in a zone.';

-- verify
create temporary table draws_0853 as select testdata.unit(42, 853, n) as u from generate_series(1, 20000) n;
select law, max(distance) < 0.01 from (
  select law, greatest(abs(row_number() over (partition by law order by x) / 20000.0 - cdf), abs((row_number() over (partition by law order by x) - 1) / 20000.0 - cdf)) as distance
  from (
    select 'exponential' as law, x, 1 - exp(-x / 5) as cdf from draws_0853, lateral (select testdata.exponential(u, 5)) e(x)
    union all select 'normal', x, (1 + erf(x / sqrt(2))) / 2 from draws_0853, lateral (select testdata.normal(u)) e(x)
    union all select 'lognormal', x, (1 + erf(ln(x / 3) / 0.8 / sqrt(2))) / 2 from draws_0853, lateral (select testdata.lognormal(u, 3, 0.8)) e(x)) laws) steps group by law;
select max(abs(reached - (power(k + 1, -0.1) - 1) / (power(101, -0.1) - 1))) < 0.01, min(k) = 1, max(k) <= 100
from (select k, sum(count(*)) over (order by k) / 20000.0 as reached from (select testdata.zipf(u, 100, 1.1) as k from draws_0853) z group by k) z;
select abs(avg(k) - 4) < 0.1, abs(variance(k) - 4) < 0.2 from (select testdata.poisson(u, 4) as k from draws_0853 limit 5000) p;
select testdata.cumulate('{1,0,3}') = '{0.25,0.25,1}', testdata.pick_weighted(0.2, '{0.25,0.25,1}') = 1, testdata.pick_weighted(0.3, '{0.25,0.25,1}') = 3, testdata.pick_weighted(1, '{0.5,1}') = 2;
select weights, blueprint.raises(format('select testdata.cumulate(%L)', weights), '22023') from unnest(array['{0,0}', '{}', '{-1,3}']) weights;
create temporary table moments_0853 as
select i, testdata.moment(u, '2026-01-05 00:00+00', (select testdata.shape_of('2026-01-05 00:00+00', '2026-03-02 12:00+00'))) as at
from (select i, testdata.spread(42, 1, i, 5000) as u from generate_series(0, 4999) i offset 0) draws;
select bool_and(at >= previous) filter (where previous is not null), min(at) >= '2026-01-05 00:00+00', max(at) < '2026-03-02 12:00+00', bool_and(date_trunc('milliseconds', at) = at)
from (select at, lag(at) over (order by i) as previous from moments_0853) m;
select count(*) filter (where extract(hour from at at time zone 'UTC') = 20) > 4 * count(*) filter (where extract(hour from at at time zone 'UTC') = 4),
  count(*) filter (where at >= '2026-02-09') > count(*) filter (where at < '2026-01-31') * 0.7 from moments_0853;
select testdata.local_moment('2026-01-05 08:00+00', 'Asia/Tokyo') = '2026-01-05 08:00+09', testdata.spread(1, 1, 3, 10) between 0.3 and 0.4;
select sum(weight) filter (where unit = 'hour_of_week' and position % 24 = 20) > 4 * sum(weight) filter (where unit = 'hour_of_week' and position % 24 = 4), count(*) = 216 from testdata.calendar;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.calendar values ('year', 1, 1) $$, '23514', 'calendar_unit_check'), ($$ insert into testdata.calendar values ('month', 100, -1) $$, '23514', 'calendar_weight_check'),
  ($$ insert into testdata.calendar values ('month', 1, 1) $$, '23505', 'calendar_unit_position_pk')) v(sql, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'testdata.calendar'::regclass;
select count(*) = 0 from blueprint.open_to_public('testdata');

-- task: BUILD_0855 create_test_data
-- title: Walk every state machine lawfully: testdata.walks, walk(), write_history() and honest replay()
-- does: walks holds all simple paths of every machine from its first status, made again by refresh_walks(). walks_of() turns a mix of final statuses into ranges of a uniform draw,
--   walk() reads one, path_times() gives each step its instant, write_history() writes core.status_changes for many rows at once, replay() takes the steps as real updates.
-- proves: for every machine 200 walks use allowed steps only and end where they say, a new transition adds paths after a refresh, times strictly increase, reasons stand where they are due, replay raises nothing.
-- needs: BUILD_0020, BUILD_0853
create table testdata.walks (
  machine text not null,
  final_status text not null,
  path text[] not null,
  weight double precision not null constraint walks_weight_check check (weight > 0),
  constraint walks_machine_path_pk primary key (machine, path)
);

create function testdata.first_statuses(machine text) returns setof text
  language sql stable set search_path = ''
as $$
  with births as (select t.to_status from core.state_transitions t where t.machine = first_statuses.machine and t.from_status = ''),
  machines as (  -- the arguments of enforce_transition(): machine, and a column other than status
    select g.tgrelid, string_to_array(encode(g.tgargs, 'escape'), '\000') as args from pg_catalog.pg_trigger g where g.tgfoid = 'core.enforce_transition'::regproc),
  defaults as (
    select distinct split_part(pg_get_expr(d.adbin, d.adrelid), '''', 2) as status
    from machines m
    join pg_catalog.pg_attribute a on a.attrelid = m.tgrelid and a.attname = coalesce(nullif(m.args[2], ''), 'status')
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where m.args[1] = first_statuses.machine),
  roots as (
    select t.from_status from core.state_transitions t where t.machine = first_statuses.machine and t.from_status <> ''
    except select t.to_status from core.state_transitions t where t.machine = first_statuses.machine)
  select to_status from births
  union all
  select status from defaults where not exists (select from births) and exists (select from core.state_transitions t where t.machine = first_statuses.machine and status in (t.from_status, t.to_status))
  union all
  select from_status from roots where not exists (select from births)
    and not exists (select from defaults d join core.state_transitions t on t.machine = first_statuses.machine and d.status in (t.from_status, t.to_status))
$$;

create function testdata.refresh_walks() returns bigint
  language plpgsql set search_path = ''
as $$
declare
  made bigint;
begin
  delete from testdata.walks;
  insert into testdata.walks (machine, final_status, path, weight)
  with recursive step (machine, path) as (
    select m.machine, array[f.status] from (select distinct t.machine from core.state_transitions t) m, lateral testdata.first_statuses(m.machine) f(status)
    union all
    select s.machine, s.path || t.to_status from step s
    join core.state_transitions t on t.machine = s.machine and t.from_status = s.path[cardinality(s.path)]
    where t.to_status <> all (s.path) and cardinality(s.path) < 9)
  select s.machine, s.path[cardinality(s.path)], s.path, 1.0 / cardinality(s.path) ^ 2 from step s;
  get diagnostics made = row_count;
  return made;
end $$;

create function testdata.walks_of(machine text, mix jsonb) returns table (lo double precision, hi double precision, status text, path text[])
  language plpgsql stable set search_path = ''
as $$
begin
  if exists (select from jsonb_object_keys(mix) k where not exists (select from testdata.walks w where w.machine = walks_of.machine and w.final_status = k)) then
    raise exception using errcode = '22023', message = format('%s: no walk ends in %s', machine,
      (select string_agg(k, ', ') from jsonb_object_keys(mix) k where not exists (select from testdata.walks w where w.machine = walks_of.machine and w.final_status = k))),
      hint = 'testdata.refresh_walks() reads the machines again.';
  end if;
  return query
  select coalesce(lag(r.reached) over (order by r.place), 0), case when lead(r.place) over (order by r.place) is null then 1 else r.reached end, r.final_status, r.path
  from (
    select row_number() over (order by w.final_status, w.path) as place, w.final_status, w.path,
      sum(share.value::double precision * w.weight / total.weight) over (order by w.final_status, w.path) / (select sum(m.value::double precision) from jsonb_each_text(mix) m) as reached
    from jsonb_each_text(mix) share(key, value)
    join testdata.walks w on w.machine = walks_of.machine and w.final_status = share.key,
    lateral (select sum(t.weight) as weight from testdata.walks t where t.machine = w.machine and t.final_status = w.final_status) total) r
  order by r.place;
end $$;

create function testdata.walk(seed bigint, n bigint, machine text, mix jsonb, out status text, out path text[]) returns record
  language sql stable set search_path = ''
as $$
  select w.status, w.path from testdata.walks_of(machine, mix) w where testdata.unit(seed, 855, n) < w.hi order by w.lo limit 1
$$;

create function testdata.path_times(seed bigint, n bigint, since timestamptz, steps int, median interval default '1 day', sigma double precision default 0.8) returns timestamptz[]
  language sql stable
begin atomic
  select array_agg(t.at order by t.k) from (
    select k.k, date_trunc('milliseconds', path_times.since + interval '1 second' * sum(case when k.k = 1 then 0
      else greatest(0.002, testdata.lognormal(testdata.unit(path_times.seed, 85500 + k.k, path_times.n), extract(epoch from path_times.median)::double precision, path_times.sigma)) end) over (order by k.k)) as at
    from generate_series(1, path_times.steps) as k(k)) t;
end;

create type testdata.walked as (entity_id uuid, path text[], times timestamptz[], actor_id uuid);

create function testdata.write_history(machine text, walks testdata.walked[]) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  written bigint;
begin
  insert into core.status_changes (id, occurred_at, machine, entity_id, from_status, to_status, actor_id, actor_role, reason)
  select (lpad(to_hex((testdata.ms(w.times[k.k]) << 16) | 28672 | 855), 16, '0') || to_hex(134217728 | (((w.hash << 4) + k.k) & 67108863)) || right(w.entity, 9))::uuid, w.times[k.k], write_history.machine, w.entity_id, w.path[k.k - 1], w.path[k.k],
    w.actor_id, coalesce(t.guard_role, 'hc_worker'), case when t.requires_reason then 'test data' end
  from (
    select s.*, s.entity_id::text as entity, hashtextextended(s.entity_id::text, 0) as hash from unnest(walks) s where cardinality(s.path) > 1 offset 0) w
  cross join lateral generate_series(2, cardinality(w.path)) as k(k)
  left join core.state_transitions t on t.machine = write_history.machine and t.from_status = w.path[k.k - 1] and t.to_status = w.path[k.k];
  get diagnostics written = row_count;
  return written;
end $$;

create function testdata.write_history(machine text, source text) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  walks testdata.walked[];
begin
  execute format('select array_agg(row(s.entity_id, s.path, s.times, s.actor_id)::testdata.walked) from (%s) s(entity_id, path, times, actor_id)', source) into walks;
  return testdata.write_history(machine, walks);
end $$;

create function testdata.replay(relation regclass, machine text, source text, status_column text default 'status') returns bigint
  language plpgsql set search_path = ''
as $$
declare
  step record;
  moved bigint := 0;
  here bigint;
begin
  for step in execute format($q$
    select k.k, s.path[k.k - 1] as before, s.path[k.k] as after, t.guard_role
    from (%s) s(entity_id, path) cross join lateral generate_series(2, cardinality(s.path)) as k(k)
    left join core.state_transitions t on t.machine = $1 and t.from_status = s.path[k.k - 1] and t.to_status = s.path[k.k]
    group by 1, 2, 3, 4 order by 1, 2, 3$q$, source) using machine
  loop
    perform core.act_as('00000000-0000-7000-8000-000000000855', coalesce(step.guard_role, 'hc_worker'));
    perform core.give_reason('test data');
    execute format('update %s t set %I = $1 from (%s) s(entity_id, path) where t.id = s.entity_id and s.path[$2 - 1] = $3 and s.path[$2] = $1 and t.%2$I = $3', relation, status_column, source)
      using step.after, step.k, step.before;
    get diagnostics here = row_count;
    moved := moved + here;
  end loop;
  return moved;
end $$;

comment on table testdata.walks is 'Ways through the state machines, as refresh_walks() last found them. @distribution local';
comment on column testdata.walks.machine is 'Machine of core.state_transitions.';
comment on column testdata.walks.final_status is 'Where it ends.';
comment on column testdata.walks.path is 'Statuses from the first to the last.';
comment on column testdata.walks.weight is 'Short ways are taken more often.';
comment on function testdata.first_statuses is 'Where rows of a machine begin: its births, else the default of the column it guards, else what nothing leads to.';
comment on function testdata.refresh_walks is 'Reads all machines again; returns how many ways there are. plan() does it.';
comment on function testdata.walks_of is 'A mix of final statuses ({"active": 9, "suspended": 1}) as ranges [lo, hi) of a uniform draw: join a generator with it. 22023 for a status no walk ends in.';
comment on function testdata.walk is 'The walk of one key; for many keys join walks_of().';
comment on function testdata.path_times is 'The instants of the steps of a path: since, then lognormal dwell times, strictly increasing.';
comment on type testdata.walked is 'The way of one entity through its machine: statuses, the instant of each, and who took the steps.';
comment on function testdata.write_history(text, testdata.walked[]) is 'Writes the log of transitions for the ways of entities; returns the number of rows. Their ids end as that of the entity: with its seed.';
comment on function testdata.write_history(text, text) is 'The same for a query of (entity_id, path, times, actor_id), for what lies in tables; a generator that has its ways at hand passes them.';
comment on function testdata.replay is 'Takes the steps of a query of (entity_id, path) as updates, under the role each step asks for and with a reason; returns the number of updates.';

-- verify
create temporary table refreshed_0855 as select testdata.refresh_walks() as made;
select count(*) = (select made from refreshed_0855), count(distinct machine) = (select count(distinct machine) from core.state_transitions) from testdata.walks;
select blueprint.open_room('probe_0855');
create table probe_0855.things (id uuid primary key, status text not null default 'a');
create trigger things_status after insert or update of status on probe_0855.things for each row execute function core.enforce_transition('probe_0855', 'status');
select core.define_machine('probe_0855', '{"a": ["b"], "b": [{"to": "c", "guard": "hc_moderator"}, {"to": "d", "reason": true}]}') = 3;
select array_agg(s) = '{a}' from testdata.first_statuses('probe_0855') s;
select testdata.refresh_walks() >= 4;
select m.machine, count(*) = 60, bool_and(w.path[cardinality(w.path)] = w.status), bool_and(coalesce((
    select bool_and(exists (select from core.state_transitions t where t.machine = m.machine and t.from_status = w.path[k - 1] and t.to_status = w.path[k])) from generate_series(2, cardinality(w.path)) k), true))
from (select machine, jsonb_object_agg(final_status, 1 + length(final_status) % 3) as mix from (select distinct machine, final_status from testdata.walks) f group by machine) m,
  lateral (select testdata.unit(42, 855, n) as u from generate_series(1, 60) n) draws join lateral testdata.walks_of(m.machine, m.mix) w on u >= w.lo and u < w.hi
group by m.machine;
select array_agg(path::text order by path) = array['{a}', '{a,b}', '{a,b,c}', '{a,b,d}'] from testdata.walks where machine = 'probe_0855';
select core.define_machine('probe_0855', '{"a": ["b"], "b": [{"to": "c", "guard": "hc_moderator"}, {"to": "d", "reason": true}], "c": ["a", "e"]}') = 5, testdata.refresh_walks() >= 5;
select array_agg(path::text order by path) = array['{a}', '{a,b}', '{a,b,c}', '{a,b,c,e}', '{a,b,d}'] from testdata.walks where machine = 'probe_0855';
select (testdata.walk(42, 1, 'probe_0855', '{"d": 1}')).path = '{a,b,d}', (testdata.walk(42, 1, 'probe_0855', '{"d": 1}')).status = 'd', blueprint.raises($$ select testdata.walks_of('probe_0855', '{"z": 1}') $$, '22023', 'no walk ends in z');
select abs(count(*) filter (where w.status = 'd') - 750) < 60 from (select testdata.unit(7, 1, n) as u from generate_series(1, 1000) n) d join testdata.walks_of('probe_0855', '{"d": 3, "e": 1}') w on u >= w.lo and u < w.hi;
select bool_and(times[1] = '2026-03-01 00:00+00' and times[2] > times[1] and times[3] > times[2] and cardinality(times) = 3) from (select testdata.path_times(42, n, '2026-03-01 00:00+00', 3) as times from generate_series(1, 50) n) t;
insert into probe_0855.things (id) select testdata.uid(42, 1, n, 0) from generate_series(1, 20) n;
create temporary view pg_temp.walked_0855 as select testdata.uid(42, 1, n, 0) as id, w.path from generate_series(1, 20) n, testdata.walk(42, n, 'probe_0855', '{"c": 1, "d": 1}') w;
select testdata.replay('probe_0855.things', 'probe_0855', 'select * from pg_temp.walked_0855') = 40;
select count(*) = 20, bool_and(t.status = w.path[3]), count(distinct t.status) = 2 from probe_0855.things t join pg_temp.walked_0855 w using (id);
select count(*) = 40, count(*) filter (where to_status = 'd' and reason is null) = 0 from core.status_changes where machine = 'probe_0855';
select testdata.write_history('probe_0855', $$ select testdata.uid(43, 1, 1, 0), '{a,b,d}'::text[], testdata.path_times(42, 1, now(), 3, '1 hour', 0.1), null::uuid $$) = 2;
select array_agg(from_status || to_status order by occurred_at) = '{ab,bd}', array_agg(reason order by occurred_at) = '{NULL,test data}', bool_and(testdata.is_test_id(id) and core.uuid_time(id) = date_trunc('milliseconds', occurred_at)), count(distinct left(id::text, 27)) = 2, bool_and(right(id::text, 9) = right(entity_id::text, 9)) from core.status_changes where entity_id = testdata.uid(43, 1, 1, 0);
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into testdata.walks values ('probe_0855', 'a', '{a}', 1) $$, '23505', 'walks_machine_path_pk'), ($$ insert into testdata.walks values ('probe_0855', 'x', '{x}', 0) $$, '23514', 'walks_weight_check')) v(sql, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'testdata.walks'::regclass;
select count(*) = 0 from blueprint.open_to_public('testdata');

-- task: BUILD_0856 create_test_data critical
-- title: Load seeds by parallel, resumable key ranges: testdata.plan, run_chunk, work in fast or honest mode
-- does: plan() orders the generators by what waits for them, cuts their keys into chunks and makes the month partitions of the window; run_chunk() makes one chunk, whole or not at all;
--   procedure work() takes chunk after chunk (SKIP LOCKED, so any number of sessions may), commits each, and goes on where a killed one stopped. fast: session_replication_role is
--   replica and whoever calls is a superuser; honest: triggers and foreign keys fire. Generators ask window_start(), window_end() and keys_of().
-- proves: a toy generator gives the same rows in one chunk, in seven and in reverse order, a chunk that fails leaves nothing and is made again, a cycle is refused, a partitioned target covers the window.
-- needs: BUILD_0017, BUILD_0855
-- lint: allow function-search-path: a procedure that commits may have no SET clause; every name in it is qualified
-- lint: allow mutation: a verify is one transaction and work() commits; tests/testdata holds it
create function testdata.window_start() returns timestamptz
  language sql stable
  return coalesce(nullif(current_setting('testdata.since', true), '')::timestamptz, timestamptz '2026-07-04 00:00+00');

create function testdata.window_end() returns timestamptz
  language sql stable
  return coalesce(nullif(current_setting('testdata.until', true), '')::timestamptz, timestamptz '2026-11-01 00:00+00');

create type testdata.span as (since timestamptz, until timestamptz, shape double precision[]);

create function testdata.span() returns testdata.span
  language sql stable
begin atomic
  select row(w.since, w.until, coalesce((select s.shape from testdata.seeds s where s.since = w.since and s.until = w.until limit 1), testdata.shape_of(w.since, w.until)))::testdata.span
  from (select testdata.window_start() as since, testdata.window_end() as until) w;
end;

create function testdata.keys_of(generator text, sf numeric) returns bigint
  language sql stable
begin atomic
  select greatest(g.least_rows, ceil(g.rows_at_sf1 * keys_of.sf)::bigint) from testdata.generators g where g.name = keys_of.generator;
end;

create function testdata.generator_order() returns table (name text, height int)
  language plpgsql stable set search_path = ''
as $$
begin
  if exists (
    with recursive reach (origin, name) as (
      select g.name, a from testdata.generators g, unnest(g.after) a
      union
      select r.origin, a from reach r join testdata.generators g on g.name = r.name, unnest(g.after) a)
    select from reach r where r.origin = r.name)
  then
    raise exception using errcode = '22023', message = 'generators wait for each other in a circle', hint = 'Look at testdata.generators.after.';
  end if;
  return query
  with recursive layer (name, height) as (
    select g.name, 0 from testdata.generators g
    union
    select a, l.height + 1 from layer l join testdata.generators g using (name), unnest(g.after) a)
  select l.name, max(l.height) from layer l group by l.name order by 2 desc, 1;
end $$;

create function testdata.plan(profile text, seed bigint, mode text default 'fast', sf numeric default null, until timestamptz default null) returns uuid
  language plpgsql set search_path = ''
as $$
declare
  p testdata.profiles;
  made uuid;
  target text;
  partitions text[];
  back int;
begin
  perform testdata.require_allowed();
  select * into p from testdata.profiles f where f.code = plan.profile;
  if not found then
    raise exception using errcode = '22023', message = format('there is no profile %s', profile), hint = (select string_agg(f.code, ', ' order by f.sf) from testdata.profiles f);
  elsif exists (select from testdata.seeds s where (hashint8extended(s.seed, 852) & 1023) = (hashint8extended(plan.seed, 852) & 1023)) then
    raise exception using errcode = '22023', message = format('seed %s would make ids of a seed that is loaded', seed), hint = 'Take another seed, or remove the loaded one first.';
  end if;
  perform testdata.refresh_walks();
  insert into testdata.seeds (profile, seed, mode, sf, since, until, shape)
  select plan.profile, plan.seed, plan.mode, coalesce(plan.sf, p.sf), w.since, w.until, testdata.shape_of(w.since, w.until)
  from (select coalesce(plan.until, p.until) - make_interval(days => p.window_days) as since, coalesce(plan.until, p.until) as until) w
  returning id into made;
  back := greatest(1, (extract(year from age(now(), coalesce(plan.until, p.until) - make_interval(days => p.window_days))) * 12
    + extract(month from age(now(), coalesce(plan.until, p.until) - make_interval(days => p.window_days))))::int + 1);
  partitions := array(select c.oid::regclass::text from pg_catalog.pg_class c where c.relispartition and c.relkind = 'r');
  for target in
    select distinct t from testdata.generators g, unnest(g.targets || 'core.status_changes'::text) t
    join pg_catalog.pg_partitioned_table k on k.partrelid = to_regclass(t) where k.partstrat = 'r'
  loop
    perform core.ensure_month_partitions(target::regclass, back, 3);
  end loop;
  update testdata.seeds s set before = s.before || jsonb_build_object('partitions', (
      select coalesce(jsonb_agg(c.oid::regclass::text), '[]') from pg_catalog.pg_class c where c.relispartition and c.relkind = 'r' and c.oid::regclass::text <> all (partitions)))
  where s.id = made;
  insert into testdata.chunks (seed_id, generator, lo, hi)
  select made, g.name, lo, least(lo + g.chunk_rows, testdata.keys_of(g.name, coalesce(plan.sf, p.sf)))
  from testdata.generator_order() o join testdata.generators g using (name),
    generate_series(0, testdata.keys_of(g.name, coalesce(plan.sf, p.sf)) - 1, g.chunk_rows) lo
  order by o.height desc, g.name, lo;
  return made;
end $$;

create function testdata.run_chunk(chunk bigint) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  c testdata.chunks;
  s testdata.seeds;
  made bigint;
  began constant timestamptz := clock_timestamp();
begin
  perform testdata.require_allowed();
  select * into c from testdata.chunks k where k.id = chunk for update;
  select * into s from testdata.seeds k where k.id = c.seed_id;
  if c.status = 'done' then
    return 0;
  elsif (s.mode = 'fast') <> (current_setting('session_replication_role') = 'replica') then
    raise exception using errcode = '55000', message = format('seed %s is %s, and session_replication_role is %s', s.seed, s.mode, current_setting('session_replication_role')),
      hint = 'hc seed sets it: replica for fast, origin for honest.';
  end if;
  perform set_config('testdata.since', s.since::text, true), set_config('testdata.until', s.until::text, true);
  execute format('select testdata.%I($1, $2, $3, $4)', c.generator) into made using s.seed, c.lo, c.hi, s.sf;
  update testdata.chunks k set status = 'done', rows = made, error = null, done_at = clock_timestamp(), ms = extract(epoch from clock_timestamp() - began) * 1000 where k.id = chunk;
  return made;
end $$;

create function testdata.next_chunk(seed_id uuid) returns bigint
  language sql
begin atomic
  select c.id from testdata.chunks c join testdata.generators g on g.name = c.generator
  where c.seed_id = next_chunk.seed_id and c.status <> 'done'
    and not exists (select from testdata.chunks w where w.seed_id = c.seed_id and w.status <> 'done' and w.generator = any (g.after))
  order by c.id limit 1 for update of c skip locked;
end;

create function testdata.analyze_after(chunk bigint) returns int
  language plpgsql set search_path = ''
as $$
declare
  target text;
  analyzed int := 0;
begin
  for target in
    select distinct t from testdata.chunks c join testdata.generators g on g.name = c.generator, unnest(g.targets || 'testdata.entities'::text) t
    where c.id = chunk and (
      select sum(o.rows) >= 1000 and bool_and(o.status = 'done') from testdata.chunks o where o.seed_id = c.seed_id and o.generator = c.generator)
      and (t <> 'core.status_changes' or not exists (  -- nearly all write it, and none reads it before it is whole
        select from testdata.chunks o join testdata.generators w on w.name = o.generator where o.seed_id = c.seed_id and o.status <> 'done' and t = any (w.targets)))
  loop
    execute 'analyze only ' || target::regclass;  -- partitions wait for the end of the load
    analyzed := analyzed + 1;
  end loop;
  return analyzed;
end $$;

create procedure testdata.work(seed_id uuid)
  language plpgsql
as $$
declare
  gate constant int := pg_catalog.hashtext(seed_id::text);
  chunk bigint;
  failure text;
begin
  update testdata.seeds set status = 'loading' where id = work.seed_id and status in ('planned', 'failed', 'loading');
  commit;
  loop
    chunk := testdata.next_chunk(work.seed_id);
    if chunk is null then
      commit;
      exit when not exists (select from testdata.chunks c where c.seed_id = work.seed_id and c.status <> 'done');
      perform pg_catalog.pg_sleep(0.05);  -- what is left waits for another worker's chunk
      continue;
    end if;
    perform pg_catalog.pg_advisory_lock_shared(856, gate), pg_catalog.pg_advisory_unlock_shared(856, gate);
    begin
      perform testdata.run_chunk(chunk);
    exception when others then
      failure := sqlstate || ' ' || sqlerrm;
      update testdata.chunks set status = 'failed', error = failure where id = chunk;
      update testdata.seeds set status = 'failed' where id = work.seed_id;
    end;
    if failure is not null then
      commit;
      raise exception using errcode = '55000', message = 'chunk ' || chunk || ' failed: ' || failure, hint = 'What was done stays; call work() again after mending it.';
    end if;
    perform pg_catalog.pg_advisory_lock(856, gate);  -- nobody begins what comes after it before it is analyzed
    commit;
    perform testdata.analyze_after(chunk);
    commit;
    perform pg_catalog.pg_advisory_unlock(856, gate);
  end loop;
  update testdata.seeds set status = 'loaded', loaded_at = pg_catalog.clock_timestamp() where id = work.seed_id and status = 'loading';
  commit;
end $$;

comment on function testdata.window_start is 'Begin of the window of the running chunk; of profile nano when a generator is called by hand.';
comment on function testdata.window_end is 'End of the window of the running chunk; of profile nano when a generator is called by hand.';
comment on type testdata.span is 'A window and its shape_of(). A variable of this type, unlike one of an array, hands its array to every row without a copy.';
comment on function testdata.span is 'The window of the running chunk with its shape, as plan() kept it.';
comment on function testdata.keys_of is 'How many keys a generator has at a scale factor.';
comment on function testdata.generator_order is 'Generators with the length of the longest row of others that wait for them, that one first: sessions run out of work last. 22023 for a circle.';
comment on function testdata.plan is 'Plans a data set and returns its id: partitions, chunks in order. 22023 for an unknown profile or a seed whose ids would meet those of a loaded one.';
comment on function testdata.run_chunk is 'Makes a chunk, whole or not at all, and returns the number of rows; 0 when it was done already. 55000 when session_replication_role does not fit the mode.';
comment on function testdata.next_chunk is 'The next chunk whose needs are done, locked; null when there is none just now.';
comment on function testdata.analyze_after is 'Analyzes what a generator filled when this was its last chunk and it made 1,000 rows or more: the generators after it are planned on what is there. Returns the number of tables.';
comment on procedure testdata.work is 'Makes chunks until none is left, a commit each. Any number of sessions may call it at once, and again after a crash. No SET clause, for it commits.';

-- verify
select blueprint.raises($$ select testdata.plan('nano', -856) $$, '42501');
set local testdata.allow = on;
select testdata.keys_of('none', 1) is null, testdata.window_start() = '2026-07-04 00:00+00', testdata.window_end() = '2026-11-01 00:00+00';
delete from testdata.seeds;
delete from testdata.generators;
update testdata.profiles set window_days = 40;
select blueprint.open_room('probe_0856');
create table probe_0856.rows (seed bigint, n bigint, at timestamptz, constraint rows_n_key unique (seed, n, at)) partition by range (at);
create function testdata.gen_probe_0856(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language plpgsql set search_path = '' as $$
begin
  insert into probe_0856.rows select seed, n, testdata.window_start() + n * interval '23 hours' from generate_series(lo, hi - 1) n;
  if nullif(current_setting('probe.poison', true), '')::bigint between lo and hi - 1 then
    raise exception 'poison';
  end if;
  return hi - lo;
end $$;
create function testdata.gen_after_0856(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint language sql as $$ select count(*) from probe_0856.rows where n >= lo and n < hi $$;
insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_after_0856', '{}', '{gen_probe_0856}', 100, 50, 10), ('gen_probe_0856', '{probe_0856.rows}', '{}', 40000, 6, 10);
select array_agg(name order by height desc) = '{gen_probe_0856,gen_after_0856}', array_agg(height order by height) = '{0,1}' from testdata.generator_order();
select testdata.keys_of('gen_probe_0856', 0.001) = 40, testdata.keys_of('gen_after_0856', 0.001) = 10;
select blueprint.raises($$ select testdata.plan('mega', -856) $$, '22023', 'no profile mega');
create temporary table planned_0856 as select testdata.plan('nano', -1000856, 'honest') as id;
select blueprint.raises($$ select testdata.plan('nano', -1000856, 'honest') $$, '22023', 'ids of a seed');
select count(*) filter (where c.generator = 'gen_probe_0856') = 7, count(*) = 8, min(lo) = 0, max(hi) = 40, (array_agg(c.generator order by c.id))[8] = 'gen_after_0856' from testdata.chunks c join planned_0856 p on p.id = c.seed_id;
select min(from_at) <= since, max(to_at) >= until, until = testdata.window_end() and until - since = interval '40 days' from core.month_partitions('probe_0856.rows'), testdata.seeds join planned_0856 using (id) group by since, until;
select before -> 'partitions' ? 'probe_0856.rows_2026_10' from testdata.seeds join planned_0856 using (id);
select testdata.next_chunk(id) = (select min(c.id) from testdata.chunks c where c.seed_id = p.id) from planned_0856 p;
select sum(made) = 40 from (select testdata.run_chunk(c.id) as made from testdata.chunks c join planned_0856 p on p.id = c.seed_id where c.generator = 'gen_probe_0856' order by c.lo desc) reversed;
update testdata.chunks c set rows = 166 from planned_0856 p where c.seed_id = p.id and c.generator = 'gen_probe_0856';
select min(testdata.analyze_after(c.id)) = 2, max(testdata.analyze_after(c.id)) = 2 from testdata.chunks c join planned_0856 p on p.id = c.seed_id where c.generator = 'gen_probe_0856';
select reltuples = 40 from pg_class where oid = 'probe_0856.rows'::regclass;
update testdata.chunks c set rows = 100 from planned_0856 p where c.seed_id = p.id and c.generator = 'gen_probe_0856';
select max(testdata.analyze_after(c.id)) = 0 from testdata.chunks c join planned_0856 p on p.id = c.seed_id;
update testdata.chunks c set rows = 1000, status = case when c.lo = 0 then 'planned' else 'done' end from planned_0856 p where c.seed_id = p.id and c.generator = 'gen_probe_0856';
select max(testdata.analyze_after(c.id)) = 0 from testdata.chunks c join planned_0856 p on p.id = c.seed_id;
update testdata.chunks c set status = 'done' from planned_0856 p where c.seed_id = p.id;
update testdata.chunks c set status = 'planned' from planned_0856 p where c.seed_id = p.id and c.generator = 'gen_after_0856';
update testdata.generators set targets = '{core.status_changes}' where name like 'gen_%_0856';
update testdata.chunks c set rows = 1000 from planned_0856 p where c.seed_id = p.id;
select max(testdata.analyze_after(c.id)) = 1 from testdata.chunks c join planned_0856 p on p.id = c.seed_id where c.generator = 'gen_probe_0856';
update testdata.generators set targets = '{}' where name = 'gen_after_0856';
select max(testdata.analyze_after(c.id)) = 2 from testdata.chunks c join planned_0856 p on p.id = c.seed_id where c.generator = 'gen_probe_0856';
select testdata.next_chunk(p.id) = c.id, testdata.run_chunk(c.id) = 10, testdata.run_chunk(c.id) = 0 from planned_0856 p join testdata.chunks c on c.seed_id = p.id and c.generator = 'gen_after_0856';
select testdata.next_chunk(id) is null, (select bool_and(c.status = 'done' and c.ms >= 0 and c.done_at is not null and c.rows > 0) from testdata.chunks c where c.seed_id = p.id) from planned_0856 p;
update testdata.generators set chunk_rows = 1000 where name = 'gen_probe_0856';
create temporary table whole_0856 as select testdata.plan('nano', -2000856, 'honest') as id;
set local probe.poison = 13;
select c.id, blueprint.raises(format('select testdata.run_chunk(%s)', c.id), 'P0001', 'poison'), c.status = 'planned' from testdata.chunks c join whole_0856 p on p.id = c.seed_id where c.generator = 'gen_probe_0856';
select count(*) = 0 from probe_0856.rows where seed = -2000856;
set local probe.poison = '';
select testdata.run_chunk(c.id) = 40 from testdata.chunks c join whole_0856 p on p.id = c.seed_id where c.generator = 'gen_probe_0856';
select count(distinct digest) = 1, count(*) = 2 from (select seed, sum(hashtextextended(format('%s %s', n, at), 0)) as digest from probe_0856.rows group by seed) digests;
create temporary table fast_0856 as select testdata.plan('demo', -3000856) as id;
select c.id, blueprint.raises(format('select testdata.run_chunk(%s)', c.id), '55000', 'session_replication_role') from fast_0856 p join testdata.chunks c on c.seed_id = p.id order by c.id limit 1;
select mode = 'fast' and sf = 0.002 from testdata.seeds where seed = -3000856;
update testdata.generators set after = '{gen_after_0856}' where name = 'gen_probe_0856';
select blueprint.raises('select testdata.generator_order()', '22023', 'circle');
select count(*) = 0 from blueprint.open_to_public('testdata');
