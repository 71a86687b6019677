-- Test data, people: accounts, consents and the identity room. Kinds of uid(): 1 users, 2 legal_documents, 3 consents, 10 role grants, 11 credentials, 12 second factors, 13 sessions, 14 refresh tokens,
-- 15 groups, 16 invitations. Salts are the number of the task and two digits.

-- task: BUILD_0857 create_test_data critical
-- title: Generate core.users: places, growth curve, lawful lifecycles: testdata.gen_users(seed, lo, hi, sf)
-- does: Exactly the users numbered [lo, hi): nineteen of twenty human, places by their weight with country, zone and language that fit, sign-ups along the growth curve in order of n, students with
--   campus, statuses and their log by the walks of machine user, erased ones as erase_user() leaves them, merged pairs as merge_users() does. The first twenty are active people, whom later
--   generators make staff. Bounds of a chunk are multiples of ten.
-- proves: an honest run makes hi - lo rows, two halves have the digest of the whole, erased rows carry no mail, zones belong to countries, the top country holds 15 to 40 %, merges point to the living.
-- needs: BUILD_0663, BUILD_0670, BUILD_0854, BUILD_0855, BUILD_0856
create function testdata.steps_of(u double precision, since timestamptz, until timestamptz, steps int) returns timestamptz[]
  language sql stable strict parallel safe
  return (array[since,
    date_trunc('milliseconds', since + (until - since) * (0.0005 + 0.02 * u * u)), date_trunc('milliseconds', since + (until - since) * (0.15 + 0.25 * u)), date_trunc('milliseconds', since + (until - since) * (0.42 + 0.1 * u)),
    date_trunc('milliseconds', since + (until - since) * (0.54 + 0.08 * u)), date_trunc('milliseconds', since + (until - since) * (0.64 + 0.08 * u)), date_trunc('milliseconds', since + (until - since) * (0.74 + 0.08 * u)),
    date_trunc('milliseconds', since + (until - since) * (0.84 + 0.06 * u)), date_trunc('milliseconds', since + (until - since) * (0.92 + 0.06 * u))])[1:steps];

create function testdata.seed_tag(seed bigint) returns bigint
  language sql immutable strict parallel safe
  return hashint8extended(seed, 852) & 1023;

create function testdata.cover_window(variadic relations regclass[]) returns bigint
  language sql
begin atomic
  select sum(core.ensure_month_partitions(r.relation,
      greatest(1, (extract(year from age(now(), testdata.window_start())) * 12 + extract(month from age(now(), testdata.window_start())))::int + 1),
      greatest(1, (extract(year from age(testdata.window_end(), now())) * 12 + extract(month from age(testdata.window_end(), now())))::int + 1)))
  from unnest(cover_window.relations) as r(relation);
end;

create function testdata.users_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, kind text, place int, status text, path text[], times timestamptz[], merged_into uuid, merged_from uuid, at timestamptz)
  language plpgsql stable set search_path = '' rows 10000
as $$
declare
  total constant bigint := testdata.keys_of('gen_users', sf);
  shape constant double precision[] := testdata.shape_of(testdata.window_start(), testdata.window_end());
  weights constant double precision[] := (select testdata.cumulate(array_agg(p.weight order by p.n)) from testdata.places p);
begin
  return query
  with draws as materialized (
    select k as n, testdata.spread(seed, 85701, k, total) as u, testdata.unit(seed, 85702, k) as u_kind, testdata.unit(seed, 85703, k) as u_place,
      case when k < 20 then 0.5 else testdata.unit(seed, 85704, k) end as u_status, testdata.unit(seed, 85705, k) as u_times
    from generate_series(lo - lo % 10, least(total, hi + (10 - hi % 10) % 10) - 1) k offset 0),
  people as materialized (
    select d.n, case when d.n < 20 or d.u_kind < 0.94 then 'human' when d.u_kind < 0.97 then 'organisation' when d.u_kind < 0.99 then 'service' else 'agent' end as kind,
      testdata.pick_weighted(d.u_place, weights) as place, w.status, w.path, testdata.moment(d.u, testdata.window_start(), shape) as at, d.u_times
    from draws d
    join testdata.walks_of('user', '{"active": 80, "invited": 7, "deactivated": 7, "suspended": 3, "erased": 3}') w
      on case when d.n < 20 then w.path = '{invited,active}' else d.u_status >= w.lo and d.u_status < w.hi end),
  rows as (
    select p.*, testdata.uid(seed, 1, p.n, testdata.ms(p.at)) as id, lag(p.status || p.kind) over block as before, lag(p.n) over block as n_before, lag(p.at) over block as at_before
    from people p window block as (partition by p.n / 10 order by p.n)),
  merges as (
    select r.*, case when r.status = 'deactivated' and r.kind = 'human' and r.before = 'activehuman' and r.path <> '{invited,deactivated}' then testdata.uid(seed, 1, r.n_before, testdata.ms(r.at_before)) end as target from rows r)
  select m.n, m.id, m.kind, m.place, m.status, m.path, testdata.steps_of(m.u_times, m.at, testdata.window_end(), cardinality(m.path)), m.target,
    lead(case when m.target is not null then m.id end) over (partition by m.n / 10 order by m.n), m.at
  from merges m;
end $$;

create function testdata.gen_users(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  given constant text[] := testdata.list('given');
  family constant text[] := testdata.list('family');
  key_version constant int := (select k.version from core.keyring k where k.purpose = 'user.email' and k.is_active);
  made bigint;
  logged bigint;
begin
  perform testdata.require_allowed();
  with people as materialized (
    select u.n, u.id, u.kind, u.status, u.path, u.times, u.merged_into, u.merged_from, u.at, u.times[cardinality(u.times)] as changed_at, (testdata.seed_tag(seed) << 27) | testdata.permute(u.n, 100000000, seed) as code,
      testdata.pick(seed, 85401, u.n, given) as given, testdata.pick(seed, 85402, u.n, family) as family, p.city, p.country, p.time_zone, p.locale,
      u.kind = 'human' and u.status <> 'erased' and testdata.chance(seed, 85706, u.n, 0.12) as is_student, testdata.unit(seed, 85707, u.n) as u1, testdata.unit(seed, 85708, u.n) as u2
    from testdata.users_of(seed, lo, hi, sf) u join testdata.places p on p.n = u.place where u.n >= lo and u.n < hi offset 0),
  named as materialized (
    select p.*, lower(p.given) || '-' || left(lower(p.family), 8) || '-' || to_hex(p.code) as handle from people p offset 0),
  accounts as (
    insert into core.users (id, kind, handle, email, email_bidx, email_verified_at, display_name, status, membership_tier, membership_no, is_student, campus, country, locale, time_zone, last_seen_at,
      erased_at, merged_into, preferences, metadata, created_at, updated_at)
    select a.id, a.kind, case when a.status = 'erased' then 'erased-' || left(encode(sha256(uuid_send(a.id)), 'hex'), 12) else a.handle end, mail.email,
      case when key_version is not null then core.blind_index(mail.email, 'user.email', key_version) end, case when mail.email is not null and 'active' = any (a.path) and a.u1 < 0.95 then a.times[2] end,
      case when a.status = 'erased' then null when a.kind = 'human' then a.given || ' ' || a.family when a.kind = 'organisation' then a.family || ' Workshop ' || a.city else a.given || ' ' || initcap(a.kind) end,
      a.status, case when a.kind = 'organisation' and a.u1 < 0.5 then 'partner' when a.u1 < 0.80 then 'free' when a.u1 < 0.92 then 'supporter' when a.u1 < 0.98 then 'maker' else 'partner' end,
      'T' || lpad(a.code::text, 12, '0'), a.is_student, case when a.is_student then lower(a.city) end, a.country, case when a.u2 < 0.12 then 'en' else a.locale end, a.time_zone,
      case when 'active' = any (a.path) then seen.at end, case when a.status = 'erased' then a.changed_at end, a.merged_into,
      case when a.status in ('erased', 'invited') then '{}' else jsonb_build_object('digest', (array['weekly', 'weekly', 'daily', 'monthly', 'never'])[1 + (a.u2 * 5)::int % 5], 'digest_hour', 6 + (a.u1 * 14)::int)
        || case when a.u2 > 0.93 then '{"discoverable": false}' else '{}' end::jsonb || case when a.u1 > 0.9 then '{"beta": true}' else '{}' end::jsonb || case when a.u1 < 0.03 then '{"accessibility": {"contrast": "high"}}' else '{}' end::jsonb end,
      case when a.merged_from is not null then jsonb_build_object('merged', jsonb_build_array(jsonb_build_object('id', a.merged_from, 'reason', 'test data', 'alias', null))) else '{}' end,
      a.at, greatest(a.changed_at, case when 'active' = any (a.path) then seen.at end)
    from named a,
      lateral (select case when a.status <> 'erased' and a.merged_into is null then testdata.mail(a.handle, a.n) end as email) mail,
      lateral (select date_trunc('milliseconds', case when a.status = 'active' then a.changed_at + (testdata.window_end() - a.changed_at) * power(a.u2, 0.2)
        else a.times[greatest(1, cardinality(a.times) - 1)] + (a.changed_at - a.times[greatest(1, cardinality(a.times) - 1)]) * a.u2 end) as at) seen
    order by a.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'user', p.n, p.id, p.at from people p order by p.n returning 1)
  select count(*) + (select count(*) from keys) into made from accounts;
  logged := testdata.write_history('user', format('select u.id, u.path, u.times, null::uuid from testdata.users_of(%s, %s, %s, %s) u where u.n >= %2$s and u.n < %3$s and cardinality(u.path) > 1', seed, lo, hi, sf));
  return made + logged;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_users', '{core.users,core.status_changes,testdata.entities}', '{}', 100000, 5000, 20);

comment on function testdata.steps_of is 'Instants of up to nine steps between since and until, strictly increasing and inside: path_times() for many rows, and for windows that end. The second comes soon after the first.';
comment on function testdata.seed_tag is 'The ten bits of a seed that its ids carry; what has to be unique over all data carries them too.';
comment on function testdata.cover_window is 'Makes the month partitions of the window, for generators called by hand; plan() does it for its targets.';
comment on function testdata.users_of is 'What decides about the users of a range: id, kind, place, walk with its times, merges. Every column is a function of (seed, n, sf).';
comment on function testdata.gen_users is 'Makes core.users, their log of statuses and the entities user.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('57', 32), 'hex')) > 0;
create temporary view pg_temp.made_0857 as select u.* from testdata.entities e join core.users u using (id) where e.seed = 42857 and e.kind = 'user';
create temporary view pg_temp.digest_0857 as
select (select sum(hashtextextended(u::text, 0)) from pg_temp.made_0857 u) || ' ' || (select sum(hashtextextended(s::text, 0)) from core.status_changes s join pg_temp.made_0857 m on m.id = s.entity_id) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_users(42857, 50, 100, 0.001) + testdata.gen_users(42857, 0, 50, 0.001);
  select digest into halves from pg_temp.digest_0857;
  raise exception using errcode = 'P0857';
exception when sqlstate 'P0857' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_users(42857, 0, 100, 0.001) >= 300;
select digest = current_setting('probe.halves') from pg_temp.digest_0857;
select count(*) = 100, count(*) filter (where status = 'active') between 65 and 95, count(distinct status) >= 4, count(*) filter (where kind = 'human') between 85 and 99, bool_and(testdata.is_test_id(id)),
  count(*) filter (where is_student) between 3 and 25, bool_and(is_student = (campus is not null)), bool_and(core.uuid_time(id) = created_at), bool_and(updated_at >= created_at and updated_at <= testdata.window_end()),
  bool_and(coalesce(email = lower(handle) || '@example.com' or email ~ '@example\.(org|net)$', true)), bool_and((email is null) = (email_bidx is null)), bool_and((last_seen_at is null) or last_seen_at between created_at and updated_at),
  bool_and((status = 'invited') <= (last_seen_at is null)), count(distinct membership_tier) = 4, count(*) filter (where preferences ? 'digest') > 50 from pg_temp.made_0857;
select bool_and(core.user_by_email(email::text) = id), bool_and(display_name is not null) from pg_temp.made_0857 where email is not null;
select bool_and(u.status = 'active' and u.kind = 'human') from pg_temp.made_0857 u join testdata.entities e using (id) where e.n < 20;
create temporary table many_0857 as select u.*, p.country, p.time_zone from testdata.users_of(42857, 0, 5000, 0.05) u join testdata.places p on p.n = u.place;
select max(n) = 4999, count(*) filter (where kind = 'human') between 4600 and 4800, count(*) filter (where status = 'erased') between 100 and 200, bool_and(path[cardinality(path)] = status), bool_and(cardinality(times) = cardinality(path)),
  count(merged_into) between 5 and 400, count(merged_into) = count(merged_from), bool_and((at >= previous) is not false) from (select *, lag(at) over (order by n) as previous from pg_temp.many_0857) m;
select max(share) between 0.15 and 0.40 from (select count(*) / 5000.0 as share from pg_temp.many_0857 group by country) c;
select bool_and(s.status = 'active' and s.kind = 'human' and m.status = 'deactivated' and s.merged_from = m.id) from pg_temp.many_0857 m join pg_temp.many_0857 s on s.id = m.merged_into;
select bool_and(exists (select from testdata.places p where p.country = u.country and p.time_zone = u.time_zone)) from pg_temp.made_0857 u;
select testdata.gen_users(42857, 4600, 5000, 0.05) > 300, count(*) filter (where u.status = 'erased') = 0 from pg_temp.made_0857 u where u.status = 'erased' and (u.email is not null or u.display_name is not null);
select count(*) > 1, bool_and(email is null and display_name is null and erased_at is not null and handle like 'erased-%') from pg_temp.made_0857 where status = 'erased';
select bool_and(u.merged_into is not null and t.status = 'active' and t.metadata -> 'merged' -> 0 ->> 'id' = u.id::text and u.email is null), count(*) > 1 from pg_temp.made_0857 u join core.users t on t.id = u.merged_into;
select count(*) = 0 from pg_temp.made_0857 u where u.status <> 'invited' and u.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = u.id order by s.occurred_at desc limit 1);
create temporary table twin_0857 as select testdata.steps_of(0.5, '2026-03-01 00:00+00', '2026-03-02 00:00+00', 9) as times;
select cardinality(times) = 9, times = (select array_agg(t order by t) from unnest(times) t), times[9] < '2026-03-02', testdata.seed_tag(42857) between 0 and 1023, testdata.seed_tag(1) <> testdata.seed_tag(2) from twin_0857;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_users(42857, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_users' and rows_at_sf1 = 100000 and 'core.users' = any (targets);

-- revert
delete from testdata.generators where name = 'gen_users';
drop function testdata.gen_users;
drop function testdata.users_of;
drop function testdata.cover_window;
drop function testdata.seed_tag;
drop function testdata.steps_of;
