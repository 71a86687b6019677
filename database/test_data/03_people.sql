-- Test data, people: accounts, consents and the identity room. Kinds of uid(): 1 users, 2 legal_documents, 3 consents, 10 role grants, 11 credentials, 12 second factors, 13 sessions, 14 refresh tokens,
-- 15 groups, 16 invitations. Salts are the number of the task and two digits.

-- task: BUILD_0857 create_test_data critical drill
-- title: Generate core.users: places, growth curve, lawful lifecycles: testdata.gen_users(seed, lo, hi, sf)
-- does: Exactly the users numbered [lo, hi): nineteen of twenty human, places by their weight with country, zone and language that fit, sign-ups along the growth curve in order of n, students with
--   campus, statuses and their log by the walks of machine user, erased ones as erase_user() leaves them, merged pairs as merge_users() does. The first twenty are active people, whom later
--   generators make staff. Bounds of a chunk are multiples of ten.
-- proves: an honest run makes hi - lo rows, two halves have the digest of the whole, erased rows carry no mail, zones belong to countries, the top country holds 15 to 40 %, merges point to the living.
-- needs: BUILD_0663, BUILD_0670, BUILD_0854, BUILD_0855, BUILD_0856
create function testdata.steps_of(u double precision, since timestamptz, until timestamptz, steps int) returns timestamptz[]
  language sql stable parallel safe
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
  ended constant timestamptz := testdata.window_end();
  begun constant timestamptz := testdata.window_start();
  total constant bigint := testdata.keys_of('gen_users', sf);
  span constant testdata.span := testdata.span();
  weights constant double precision[] := (select testdata.cumulate(array_agg(p.weight order by p.n)) from testdata.places p);
begin
  return query
  with draws as materialized (
    select k as n, testdata.spread(seed, 85701, k, total) as u, testdata.unit(seed, 85702, k) as u_kind, testdata.unit(seed, 85703, k) as u_place,
      case when k < 20 then 0.5 else testdata.unit(seed, 85704, k) end as u_status, testdata.unit(seed, 85705, k) as u_times
    from generate_series(lo - lo % 10, least(total, hi + (10 - hi % 10) % 10) - 1) k offset 0),
  people as materialized (
    select d.n, case when d.n < 20 or d.u_kind < 0.94 then 'human' when d.u_kind < 0.97 then 'organisation' when d.u_kind < 0.99 then 'service' else 'agent' end as kind,
      testdata.pick_weighted(d.u_place, weights) as place, w.status, w.path, testdata.moment(d.u, begun, span.shape) as at, d.u_times
    from draws d
    join testdata.walks_of('user', '{"active": 80, "invited": 7, "deactivated": 7, "suspended": 3, "erased": 3}') w
      on case when d.n < 20 then w.path = '{invited,active}' else d.u_status >= w.lo and d.u_status < w.hi end),
  rows as (
    select p.*, testdata.uid(seed, 1, p.n, testdata.ms(p.at)) as id, lag(p.status || p.kind) over block as before, lag(p.n) over block as n_before, lag(p.at) over block as at_before
    from people p window block as (partition by p.n / 10 order by p.n)),
  merges as (
    select r.*, case when r.status = 'deactivated' and r.kind = 'human' and r.before = 'activehuman' and r.path <> '{invited,deactivated}' then testdata.uid(seed, 1, r.n_before, testdata.ms(r.at_before)) end as target from rows r)
  select m.n, m.id, m.kind, m.place, m.status, m.path, testdata.steps_of(m.u_times, m.at, ended, cardinality(m.path)), m.target,
    lead(case when m.target is not null then m.id end) over (partition by m.n / 10 order by m.n), m.at
  from merges m;
end $$;

create function testdata.gen_users(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  given constant text[] := testdata.list('given');
  family constant text[] := testdata.list('family');
  key_version constant int := (select k.version from core.keyring k where k.purpose = 'user.email' and k.is_active);
  made bigint;
  ways testdata.walked[];
begin
  perform testdata.require_allowed();
  with people as materialized (
    select u.n, u.id, u.kind, u.status, u.path, u.times, u.merged_into, u.merged_from, u.at, u.times[cardinality(u.times)] as changed_at, (testdata.seed_tag(seed) << 27) | testdata.permute(u.n, 100000000, seed) as code,
      testdata.pick(seed, 85401, u.n, given) as given, testdata.pick(seed, 85402, u.n, family) as family, p.city, p.country, p.time_zone, p.locale,
      u.kind = 'human' and u.status <> 'erased' and testdata.chance(seed, 85706, u.n, 0.12) as is_student, testdata.unit(seed, 85707, u.n) as u1, testdata.unit(seed, 85708, u.n) as u2
    from testdata.users_of(seed, lo, hi, sf) u join testdata.places p on p.n = u.place where u.n >= lo and u.n < hi offset 0),
  named as materialized (
    select h.*, case when h.status <> 'erased' and h.merged_into is null then testdata.mail(h.handle, h.n) end as email
    from (select p.*, lower(p.given) || '-' || left(lower(p.family), 8) || '-' || to_hex(p.code) as handle from people p offset 0) h offset 0),
  accounts as (
    insert into core.users (id, kind, handle, email, email_bidx, email_verified_at, display_name, status, membership_tier, membership_no, is_student, campus, country, locale, time_zone, last_seen_at,
      erased_at, merged_into, preferences, metadata, created_at, updated_at)
    select a.id, a.kind, case when a.status = 'erased' then 'erased-' || left(encode(sha256(uuid_send(a.id)), 'hex'), 12) else a.handle end, a.email,
      case when key_version is not null then core.blind_index(a.email, 'user.email', key_version) end, case when a.email is not null and 'active' = any (a.path) and a.u1 < 0.95 then a.times[2] end,
      case when a.status = 'erased' then null when a.kind = 'human' then a.given || ' ' || a.family when a.kind = 'organisation' then a.family || ' Workshop ' || a.city else a.given || ' ' || initcap(a.kind) end,
      a.status, case when a.kind = 'organisation' and a.u1 < 0.5 then 'partner' when a.u1 < 0.80 then 'free' when a.u1 < 0.92 then 'supporter' when a.u1 < 0.98 then 'maker' else 'partner' end,
      'T' || lpad(a.code::text, 12, '0'), a.is_student, case when a.is_student then lower(a.city) end, a.country, case when a.u2 < 0.12 then 'en' else a.locale end, a.time_zone,
      case when 'active' = any (a.path) then seen.at end, case when a.status = 'erased' then a.changed_at end, a.merged_into,
      case when a.status in ('erased', 'invited') then '{}' else jsonb_build_object('digest', (array['weekly', 'weekly', 'daily', 'monthly', 'never'])[1 + (a.u2 * 5)::int % 5], 'digest_hour', 6 + (a.u1 * 14)::int)
        || case when a.u2 > 0.93 then '{"discoverable": false}' else '{}' end::jsonb || case when a.u1 > 0.9 then '{"beta": true}' else '{}' end::jsonb || case when a.u1 < 0.03 then '{"accessibility": {"contrast": "high"}}' else '{}' end::jsonb end,
      case when a.merged_from is not null then jsonb_build_object('merged', jsonb_build_array(jsonb_build_object('id', a.merged_from, 'reason', 'test data', 'alias', null))) else '{}' end,
      a.at, greatest(a.changed_at, case when 'active' = any (a.path) then seen.at end)
    from named a,
      lateral (select date_trunc('milliseconds', case when a.status = 'active' then a.changed_at + (ended - a.changed_at) * power(a.u2, 0.2)
        else a.times[greatest(1, cardinality(a.times) - 1)] + (a.changed_at - a.times[greatest(1, cardinality(a.times) - 1)]) * a.u2 end) as at) seen
    order by a.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'user', p.n, p.id, p.at from people p order by p.n returning 1)
  select count(*) + (select count(*) from keys), (select array_agg(row(p.id, p.path, p.times, null)::testdata.walked) from people p where cardinality(p.path) > 1) into made, ways from accounts;
  return made + testdata.write_history('user', ways);
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

-- task: BUILD_0858 create_test_data drill
-- title: Generate core.legal_documents and core.consents with re-consent waves and valid evidence
-- does: gen_legal_documents: three versions of four kinds of text with adjoining periods, in a locale of private use that belongs to the seed, so that they meet no real text. gen_consents: everybody who
--   was active accepts terms and privacy at sign-up and again after each new version, most within days; the charter 80 %, marketing 35 %, of which a fifth withdraws; some withdraw the terms as they
--   leave. Digests are those of record_consent(), addresses come from reserved nets, erased people are reduced.
-- proves: verify_consent() accepts 200 rows, every active user has_consent('tos'), each decision lies in the period of its text, each withdrawal supersedes a grant of the same person and kind.
-- needs: BUILD_0673, BUILD_0677, BUILD_0678, BUILD_0857
create function testdata.seed_locale(seed bigint) returns text
  language sql immutable strict parallel safe
  return case when testdata.seed_tag(seed) < 1000 then 'en-Qaaa-' else 'en-Qaab-' end || lpad((testdata.seed_tag(seed) % 1000)::text, 3, '0');

create function testdata.gen_legal_documents(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  begun constant timestamptz := testdata.window_start();
  made bigint;
begin
  perform testdata.require_allowed();
  with texts as (
    select k.n, v.kind, v.is_required, v.title, 1 + k.n % 3 as version, testdata.prose(seed, 85801, k.n, 6) as body,
      date_trunc('minute', begun - interval '1 day' + (ended - begun) * (array[0, 0.4, 0.7])[1 + k.n % 3]) as since,
      date_trunc('minute', begun - interval '1 day' + (ended - begun) * (array[0.4, 0.7])[1 + k.n % 3]) as until
    from generate_series(lo, least(hi, 12) - 1) k(n)
    join (values (0, 'tos', true, 'Terms of use'), (1, 'privacy', true, 'Privacy notice'), (2, 'charter_pledge', false, 'Pledge to the charter'), (3, 'marketing', false, 'News and offers')) v(place, kind, is_required, title) on v.place = k.n / 3),
  made_ as (
    insert into core.legal_documents (id, kind, version, locale, title, body, body_sha256, is_required, grace, effective, metadata, created_at, updated_at)
    select testdata.uid(seed, 2, t.n, testdata.ms(t.since)), t.kind, t.version, testdata.seed_locale(seed), t.title || ', version ' || t.version, t.body, sha256(convert_to(t.body, 'UTF8')), t.is_required, '30 days',
      tstzrange(t.since, t.until), '{"testdata": true}', t.since, t.since
    from texts t order by t.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'legal_document', t.n, testdata.uid(seed, 2, t.n, testdata.ms(t.since)), t.since from texts t returning 1)
  select count(*) + (select count(*) from keys) into made from made_;
  return made;
end $$;

create function testdata.gen_consents(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  proofs constant jsonb[] := array(select jsonb_build_object('form', case when v = 1 then 'signup' else 'renewal' end, 'button', 'I agree', 'revision', v) from generate_series(1, 3) v order by v);
  made bigint;
begin
  perform testdata.require_allowed();
  with texts as materialized (
    select e.n / 3 as k, 1 + e.n % 3 as v, d.id, d.body_sha256, lower(d.effective) as since, coalesce(upper(d.effective), 'infinity') as until from testdata.entities e join core.legal_documents d using (id)
    where e.seed = gen_consents.seed and e.kind = 'legal_document'),
  people as materialized (
    select u.n, u.id, u.kind, u.times[array_position(u.path, 'active')] as since, coalesce(u.times[array_position(u.path, 'active') + 1], 'infinity') as gone,
      case when u.status = 'erased' then u.times[cardinality(u.times)] end as erased_at, testdata.unit(seed, 85802, u.n) as u1
    from testdata.users_of(seed, lo, hi, sf) u where u.n >= lo and u.n < hi and 'active' = any (u.path) offset 0),
  granted as materialized (
    select p.*, t.k, t.v, t.id as document_id, t.body_sha256, t.until,
      case when p.since >= t.since then p.since else date_trunc('milliseconds', t.since + interval '1 day' * least(testdata.exponential(testdata.unit(seed, 85803, p.n * 12 + t.k * 3 + t.v), 5), 24 + p.u1)) end as at
    from people p join texts t on p.since < t.until and (t.k < 2 or p.since >= t.since)
    where case t.k when 2 then testdata.chance(seed, 85804, p.n, 0.8) when 3 then testdata.chance(seed, 85805, p.n, 0.35) else true end offset 0),
  stayed as materialized (
    select g.*, lead(g.at) over (partition by g.n, g.k order by g.v) as next_at from granted g where g.at < least(g.gone, ended)),
  decided as (
    select s.n, s.id, s.kind, s.erased_at, s.u1, s.k, s.v as slot, s.document_id, s.body_sha256, 'granted' as decision, s.at from stayed s
    union all
    select s.n, s.id, s.kind, s.erased_at, s.u1, s.k, 0, s.document_id, s.body_sha256, 'withdrawn', date_trunc('milliseconds', case s.k when 0 then s.gone
      else s.at + (least(s.until, s.gone, ended) - s.at) * (0.1 + 0.8 * s.u1) end)
    from stayed s where s.next_at is null and case s.k when 0 then s.gone < least(s.until, ended) and testdata.chance(seed, 85806, s.n, 0.3) when 3 then testdata.chance(seed, 85807, s.n, 0.2) else false end),
  proved as materialized (
    select d.*, testdata.uid(seed, 3, d.n * 16 + d.k * 4 + d.slot, testdata.ms(d.at)) as consent_id,
      case when d.kind in ('service', 'agent') then 'api' when d.u1 < 0.82 then 'web' when d.u1 < 0.95 then 'wix' else 'paper' end as channel,
      case when d.decision = 'withdrawn' then '{"reason": "test data"}'::jsonb else proofs[d.slot] end as proof
    from decided d offset 0),
  made_ as (
    insert into core.consents (id, user_id, document_id, decision, occurred_at, recorded_at, channel, ip, user_agent, evidence_sha256, proof, supersedes_id, reduced_at)
    select p.consent_id, p.id, p.document_id, p.decision, p.at, p.at, p.channel, case when p.channel = 'web' and p.erased_at is null then testdata.ip(seed, p.n) end,
      case when p.channel = 'web' and p.erased_at is null then (array['Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605.1'])[1 + p.n % 3] end,
      core.consent_evidence(p.id, p.decision, p.body_sha256, p.at, p.proof), p.proof, lag(p.consent_id) over (partition by p.n, p.k order by p.at), p.erased_at
    from proved p order by p.n, p.k, p.at returning 1)
  select count(*) into made from made_;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_legal_documents', '{core.legal_documents,testdata.entities}', '{}', 12, 1000, 12),
  ('gen_consents', '{core.consents}', '{gen_users,gen_legal_documents}', 100000, 5000, 20);

comment on function testdata.seed_locale is 'Locale of private use (en-Qaaa-042) of a seed''s legal texts.';
comment on function testdata.gen_legal_documents is 'Makes twelve texts, however large the scale, and the entities legal_document (kind * 3 + version - 1).';
comment on function testdata.gen_consents is 'Makes the decisions of the users numbered [lo, hi).';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0;
select testdata.gen_users(42858, 0, 100, 0.001) > 0, testdata.gen_legal_documents(42858, 0, 12, 0.001) = 24, testdata.gen_legal_documents(42858, 12, 40, 0.001) = 0;
create temporary view pg_temp.made_0858 as select e.n, c.*, d.kind, d.version, d.effective from testdata.entities e join core.consents c on c.user_id = e.id join core.legal_documents d on d.id = c.document_id where e.seed = 42858 and e.kind = 'user';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_consents(42858, 50, 100, 0.001) + testdata.gen_consents(42858, 0, 50, 0.001);
  select sum(hashtextextended(m::text, 0))::text into halves from pg_temp.made_0858 m;
  raise exception using errcode = 'P0858';
exception when sqlstate 'P0858' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_consents(42858, 0, 100, 0.001) > 250;
select count(*) > 250, sum(hashtextextended(m::text, 0))::text = current_setting('probe.halves') from pg_temp.made_0858 m;
select count(*) = 200, bool_and(core.verify_consent(s.id)) from (select id from pg_temp.made_0858 order by n, occurred_at limit 200) s;
select count(*) > 60, bool_and(core.has_consent(u.id, 'tos', testdata.window_end() - interval '1 second') and core.has_consent(u.id, 'privacy', testdata.window_end())) from testdata.entities e join core.users u using (id)
where e.seed = 42858 and u.status = 'active' and e.kind = 'user';
select count(*) filter (where not occurred_at <@ effective) = 0, count(distinct version) = 3, count(distinct channel) >= 3, bool_and((channel = 'web' and reduced_at is null) = (ip is not null)),
  count(*) filter (where kind = 'tos' and decision = 'granted' and supersedes_id is not null) > 40, bool_and(occurred_at = recorded_at and occurred_at < testdata.window_end()) from pg_temp.made_0858;
select count(*) > 2, bool_and(b.decision = 'granted' and b.kind = w.kind and b.user_id = w.user_id and b.occurred_at <= w.occurred_at) from pg_temp.made_0858 w left join pg_temp.made_0858 b on b.id = w.supersedes_id where w.decision = 'withdrawn';
select count(distinct user_id) filter (where kind = 'charter_pledge') * 1.0 / count(distinct user_id) between 0.65 and 0.92, count(distinct user_id) filter (where kind = 'marketing') * 1.0 / count(distinct user_id) between 0.2 and 0.5 from pg_temp.made_0858;
select count(*) = 8 from (select upper(d.effective) = lead(lower(d.effective)) over (partition by d.kind order by d.version) as adjoins from core.legal_documents d where d.locale = testdata.seed_locale(42858)) p where adjoins;
select testdata.seed_locale(1) <> testdata.seed_locale(2);
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.gen_consents(42858, 0, 10, 0.001)', 'select testdata.gen_legal_documents(42858, 0, 10, 0.001)']) sql;
select count(*) = 2, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name in ('gen_consents', 'gen_legal_documents');

-- revert
delete from testdata.generators where name in ('gen_consents', 'gen_legal_documents');
drop function testdata.gen_consents;
drop function testdata.gen_legal_documents;
drop function testdata.seed_locale;

-- task: BUILD_0871 create_test_data drill
-- title: Generate the identity room: profiles, known-password logins, sessions, roles, groups, invitations
-- does: A profile with mixed visibility and the role member for everybody; for people who were active a password of testdata.password(n), whose sixteen bcrypt digests were computed once, second factors whose codes
--   testdata.totp_code() tells, sessions of one to three devices with their families of refresh tokens. The first twenty are the staff: two admins, three moderators, two of finance, two of compliance, an
--   auditor, five operators, granted by the first and logged. Every twenty-fifth active person leads a group of a tree, whose invitations are open, used and over.
-- proves: begin_login() and login_password() accept testdata.password(n) for 20 people and refuse another, each family has one unused token that is its last, nobody granted himself a privileged role,
--   periods of a role do not overlap, every user has a profile, two halves have the digest of the whole.
-- needs: BUILD_0046, BUILD_0049, BUILD_0052, BUILD_0059, BUILD_0857
create function testdata.password(n bigint) returns text
  language sql immutable strict parallel safe
  return 'hinge-' || lpad((n & 15)::text, 2, '0') || '-craft';

create function testdata.password_phc(n bigint) returns text
  language sql immutable strict parallel safe
  return (array['$2a$04$mNIdDkiDo9rRxA.1Uno/0eoYqPIfVQi5RD.o4ovQaaqJuBa0D9cwi', '$2a$04$wqgAJzLpzH8nWaY3kbDlmu.86cs1OBDYlEZ/Lq8q84VH0dDEGf44y', '$2a$04$X98XIv5TfOOEljuY.Bt/zOOoJi.Gg.XdGnKR4466KLu7TfF72L.e.', '$2a$04$/x4sZbYUhDK/GSrsQyz0kO9X0n5K3Ow4TbpYOj3hlYCb4aTHCwkFi',
    '$2a$04$ZooKGyH1jAw4gPQQdU8oT.dk4I0P/AyfisDKLqSOgBSvalSk9KMce', '$2a$04$Xip/mk4NENpxHiZyClUUC.sc9ee3Q8cMMEONW6D9g3QLlGx8JCA4S', '$2a$04$fYL/Ygqh5QHYlQVi5jZyPeldeh8tU/gI.CG4IdFBxs6lWgMi3d5f6', '$2a$04$YXgWJYfpy/kPN5uSrjLLFOOWN0iGxvDiCiinzJrm1FM1vGlpe1eFS',
    '$2a$04$WO7YdfBz9jWh/3SNIIeafO0mvnLIKnXxJczrYFpuyDLI0zzJM99AO', '$2a$04$HH1qbcu626eQuAkdNVx/7OeYIm.U5VgfuyhUeHyjbsdvsS2hQvKX2', '$2a$04$E0modwVgfqp3Psq.MjCgb.L6C1mjgdoXvEH1MZoD6x.QAJK2r1wLG', '$2a$04$Y.5KodjRBApt6mPgGM9SJO8p30x7EA8iV4XK60Mx2wFu7eVnmhFla',
    '$2a$04$Zuex3.fC5gQziteur3xpJ.ABUc/oCsejxVTaD9BxNkTJsr6wvimzK', '$2a$04$0v.IDSH7l8lR6sj/i4cjw.Tcw2129M3KN/JxcokcWosdhxNS2E8gC', '$2a$04$0IW1sV1MqvVtmlTv.y.MMO9s11IXIFJy8SxgQ2UzpedniwFJmKRTu', '$2a$04$kYEe/W5gSuSWRckUoT4/iuxl2Km0et86jprVa27v.1N2ZXESfcrUy'])[1 + (n & 15)];

create function testdata.totp_code(secret bytea, at timestamptz) returns text
  language sql immutable strict parallel safe
begin atomic
  select lpad(((((get_byte(m.mac, o.o) & 127) << 24) | (get_byte(m.mac, o.o + 1) << 16) | (get_byte(m.mac, o.o + 2) << 8) | get_byte(m.mac, o.o + 3)) % 1000000)::text, 6, '0')
  from (select extensions.hmac(int8send(floor(extract(epoch from totp_code.at) / 30)::bigint), totp_code.secret, 'sha1') as mac) m, lateral (select get_byte(m.mac, 19) & 15 as o) o;
end;

create function testdata.gen_identity(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  g record;
  staff constant text[] := '{admin,admin,moderator,moderator,moderator,finance,finance,compliance,compliance,auditor,operator,operator,operator,operator,operator}';
  chief constant uuid := (select e.id from testdata.entities e where e.seed = gen_identity.seed and e.kind = 'user' and e.n = 0);
  tag constant text := to_hex(testdata.seed_tag(seed));
  logs constant boolean := lo < 20 and current_setting('session_replication_role') <> 'replica';
  made bigint;
begin
  perform testdata.require_allowed();
  if logs then
    alter table identity.user_roles disable trigger user_roles_log;  -- it would write the time of the load; the log of these grants is written below with theirs
  end if;
  select * into g from testdata.grammar('en');
  -- what identity.welcome_user() made where triggers fire, with its random ids and the time of the load
  delete from identity.user_roles r using testdata.entities e where e.seed = gen_identity.seed and e.kind = 'user' and e.n >= lo and e.n < hi and r.user_id = e.id and r.role_code = 'member';
  delete from identity.profiles p using testdata.entities e where e.seed = gen_identity.seed and e.kind = 'user' and e.n >= lo and e.n < hi and p.user_id = e.id;
  with everybody as materialized (
    select u.n, u.id, u.kind, u.status, u.at, p.city, p.region, p.country, u.times[array_position(u.path, 'active')] as since, coalesce(a.last_seen_at, u.at) as seen_at, u.times[array_position(u.path, 'active') + 1] as gone_at,
      testdata.unit(seed, 87101, u.n) as u1, testdata.unit(seed, 87102, u.n) as u2
    from testdata.users_of(seed, lo - lo % 25, hi, sf) u join core.users a on a.id = u.id join testdata.places p on p.n = u.place where u.n < hi offset 0),
  people as materialized (select e.*, e.kind = 'human' and e.since is not null and e.status <> 'erased' as signs_in from everybody e where e.n >= lo),
  profiles as (
    insert into identity.profiles (user_id, bio, city, region, country, pronouns, twin_name, social, interests, visibility, metadata, created_at, updated_at)
    select p.id, case when p.status <> 'erased' and p.u1 < 0.6 then testdata.sentence(seed, 87110, p.n, g.openers, g.subjects, g.verbs, g.endings) end, case when p.status <> 'erased' and p.u2 < 0.7 then p.city end,
      case when p.status <> 'erased' and p.u2 < 0.5 then p.region end, case when p.status <> 'erased' then p.country end, case when p.status <> 'erased' and p.kind = 'human' and p.u1 < 0.3 then (array['she/her', 'he/him', 'they/them'])[1 + p.n % 3] end,
      case when p.status <> 'erased' and p.u1 > 0.9 then 'Twin ' || p.n end, case when p.status <> 'erased' and p.u2 < 0.2 then jsonb_build_object('mastodon', '@' || tag || '-' || p.n || '@example.org') else '{}' end,
      case when p.status <> 'erased' then (array['{hinges,printing}', '{wood}', '{}', '{metal,teaching}', '{repair}'])[1 + p.n % 5]::text[] else '{}' end,
      (array['{}', '{"bio": "public", "city": "members"}', '{"city": "private", "social": "private"}', '{"bio": "members", "interests": "public"}'])[1 + p.n % 4]::jsonb, '{}', p.at, p.at
    from people p order by p.n returning 1),
  granted as materialized (
    select p.n * 4 as slot, p.id, 'member' as role, null::uuid as by, 'sign-up' as reason, p.at as since, null::timestamptz as until from people p
    union all
    select p.n * 4 + 1, p.id, staff[p.n + 1], case when p.n > 0 then chief end, 'staff', p.at + interval '1 hour', null from people p where p.n < 15
    union all
    select p.n * 4 + 2, p.id, 'designer', chief, 'portfolio', p.since + interval '1 minute', case when p.u2 < 0.3 then p.since + interval '180 days' end from people p where p.n >= 15 and p.signs_in and p.u1 < 0.15
    union all
    select p.n * 4 + 3, p.id, 'designer', chief, 'portfolio, again', p.since + interval '200 days', null from people p where p.n >= 15 and p.signs_in and p.u1 < 0.15 and p.u2 < 0.15 and p.since + interval '200 days' < ended),
  roles as (
    insert into identity.user_roles (id, user_id, role_code, granted_by, reason, during, created_at, updated_at)
    select testdata.uid(seed, 10, r.slot, testdata.ms(r.since)), r.id, r.role, r.by, r.reason, tstzrange(r.since, r.until), r.since, r.since from granted r order by r.slot returning 1),
  logged as (
    insert into core.status_changes (id, occurred_at, machine, entity_id, from_status, to_status, actor_id, actor_role, reason, payload)
    select testdata.uid(seed, 17, r.slot, testdata.ms(r.since)), r.since, 'user_role', r.id, '-', 'held', r.by, 'hc_admin', r.reason, jsonb_build_object('role', r.role, 'scope', 'global:*', 'during', tstzrange(r.since, r.until))
    from granted r join identity.roles k on k.code = r.role and k.is_privileged returning 1),
  credentials as (
    insert into identity.credentials (id, user_id, kind, label, secret_hash, secret_sealed, params, enrolled_at, last_used_at, created_at, updated_at)
    select testdata.uid(seed, 11, p.n, testdata.ms(p.since)), p.id, 'password', null, testdata.password_phc(p.n), null, '{}'::jsonb, p.since, greatest(p.since, p.seen_at), p.since, greatest(p.since, p.seen_at) from people p where p.signs_in
    union all
    select testdata.uid(seed, 12, p.n, testdata.ms(p.since)), p.id, 'totp', 'authenticator', null, substr(sha256(convert_to('totp ' || seed || ' ' || p.n, 'UTF8')), 1, 20), '{"confirmed": true, "last_step": 0}', p.since, greatest(p.since, p.seen_at), p.since, greatest(p.since, p.seen_at)
    from people p where p.signs_in and (p.n < 20 or p.u2 < 0.15)
    returning 1),
  visits as materialized (
    select p.n * 4 + k as slot, p.id as user_id, p.n, k as visit, date_trunc('milliseconds', p.since + (greatest(p.seen_at, p.since) - p.since) * ((k + p.u1) / 3)) as at, greatest(p.seen_at, p.since) as last, p.status, p.gone_at, 1 + (p.n + k) % 3 as tokens,
      (array['{"os": "Linux", "kind": "desktop"}', '{"os": "Android", "kind": "phone"}', '{"os": "iOS", "kind": "phone"}', '{"os": "Windows", "kind": "desktop"}', '{"os": "macOS", "kind": "laptop"}'])[1 + (p.n + k % 2) % 5]::jsonb as device
    from people p, generate_series(0, (p.u2 * 3)::int % 3) k where p.signs_in offset 0),
  used as materialized (
    select v.*, testdata.uid(seed, 13, v.slot, testdata.ms(v.at)) as session_id, date_trunc('milliseconds', v.at + least(v.last - v.at, interval '8 hours')) as last_at,
      case when v.status <> 'active' then coalesce(v.gone_at, v.last) when testdata.chance(seed, 87103, v.slot, 0.2) then v.at + least(v.last - v.at, interval '9 hours') end as revoked_at
    from visits v offset 0),
  sessions as (
    insert into identity.sessions (id, user_id, auth_level, ip, user_agent_hash, device, created_at, last_seen_at, expires_at, absolute_expires_at, revoked_at, revoke_reason)
    select u.session_id, u.user_id, case when u.n < 20 then 'aal2' else 'aal1' end, testdata.ip(seed, u.n * 2 + u.visit % 2), sha256(convert_to(u.device::text, 'UTF8')), u.device, u.at, u.last_at, u.last_at + interval '14 days', u.at + interval '90 days',
      u.revoked_at, case when u.revoked_at is not null then case when u.status <> 'active' then 'account_' || u.status else 'logout' end end
    from used u order by u.slot returning 1),
  tokens as (
    insert into identity.refresh_tokens (token_sha256, session_id, generation, parent_sha256, issued_at, used_at, expires_at)
    select sha256(convert_to(concat_ws(' ', 'refresh', seed, u.slot, k), 'UTF8')), u.session_id, k, case when k > 1 then sha256(convert_to(concat_ws(' ', 'refresh', seed, u.slot, k - 1), 'UTF8')) end, u.at + (u.last_at - u.at) * ((k - 1.0::double precision) / u.tokens),
      case when k < u.tokens then u.at + (u.last_at - u.at) * (k / u.tokens::double precision) end, u.at + (u.last_at - u.at) * ((k - 1.0::double precision) / u.tokens) + interval '14 days'
    from used u, generate_series(1, u.tokens) k order by u.slot, k returning 1),
  leaders as materialized (
    select e.n, e.id, e.since, testdata.uid(seed, 15, e.n, testdata.ms(e.since)) as group_id from everybody e where e.n % 25 = 0 and e.status = 'active' and e.kind = 'human' and e.since < ended - interval '2 hours'),
  joined as materialized (
    select l.group_id, l.n as leader_n, p.id as user_id, p.n, case when p.n = l.n then 'owner' when p.n % 25 = 1 then 'manager' else 'member' end as role, case when p.n = l.n then l.since else greatest(l.since, p.since) + interval '2 hours' end as at, p.gone_at
    from leaders l join people p on p.n / 25 = l.n / 25 and p.since is not null and p.n % 25 < 9 and greatest(l.since, p.since) < ended - interval '2 hours' and (p.gone_at is null or p.gone_at > greatest(l.since, p.since) + interval '2 hours')),
  groups as (
    insert into identity.groups (id, slug, name, kind, owner_id, path, join_policy, created_at, updated_at)
    select l.group_id, 'group-' || tag || '-' || l.n, initcap(testdata.pick(seed, 87104, l.n, '{knuckle,hinge,bearing,bracket,spring,pin}')) || ' ' || (array['circle', 'campus', 'works', 'house'])[1 + l.n / 25 % 4] || ' ' || l.n, (array['team', 'campus', 'organisation', 'household'])[1 + l.n / 25 % 4], l.id,
      case when l.n / 25 % 4 = 0 then 't' || tag || '_' || l.n else 't' || tag || '_' || l.n - l.n % 100 || '.t' || tag || '_' || l.n end::extensions.ltree, (array['invite', 'open', 'request'])[1 + l.n / 25 % 3], l.since, l.since
    from leaders l where l.n >= lo order by l.n returning 1),
  members as (
    insert into identity.group_members (group_id, user_id, role, during) select j.group_id, j.user_id, j.role, tstzrange(j.at, j.gone_at) from joined j order by j.n returning 1),
  invitations as (
    insert into identity.invitations (id, invited_by, target_kind, target_id, role, token_sha256, max_uses, expires_at, accepted_at, accepted_by, created_at, updated_at)
    select testdata.uid(seed, 16, l.n * 4 + k, testdata.ms(i.at)), l.id, 'group', l.group_id, 'member', sha256(convert_to(concat_ws(' ', 'invitation', seed, l.n, k), 'UTF8')), case when k = 1 and j.user_id is not null then 0 else 1 end,
      case k when 0 then ended + interval '7 days' else i.at + interval '7 days' end, case when k = 1 then j.at end, case when k = 1 then j.user_id end, i.at, coalesce(case when k = 1 then j.at end, i.at)
    from leaders l left join joined j on j.leader_n = l.n and j.n = l.n + 2, generate_series(0, 2) k, lateral (select case when k = 1 and j.at is not null then j.at - interval '1 hour' else l.since + interval '1 hour' end as at) i
    where l.n >= lo order by l.n, k returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'group', l.n, l.group_id, l.since from leaders l where l.n >= lo returning 1)
  select (select count(*) from profiles) + (select count(*) from roles) + (select count(*) from logged) + (select count(*) from credentials) + (select count(*) from sessions) + (select count(*) from tokens) + (select count(*) from groups)
    + (select count(*) from members) + (select count(*) from invitations) + (select count(*) from keys) into made;
  if logs then
    alter table identity.user_roles enable trigger user_roles_log;
  end if;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_identity', '{identity.profiles,identity.user_roles,identity.credentials,identity.sessions,identity.refresh_tokens,identity.groups,identity.group_members,identity.invitations,core.status_changes,testdata.entities}', '{gen_users}', 100000, 5000, 20);

comment on function testdata.password is 'The password of user n.';
comment on function testdata.password_phc is 'Its bcrypt digest of cost 4, computed once: a load of a million people pays for none.';
comment on function testdata.totp_code is 'The six digits an authenticator shows for a secret (RFC 6238).';
comment on function testdata.gen_identity is 'Makes the identity room of the users numbered [lo, hi), the log of privileged grants and the entities group (keyed by their leader). Bounds of a chunk are multiples of 25.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('71', 32), 'hex')) > 0;
select testdata.gen_users(42871, 0, 100, 0.001) > 0;
create temporary view pg_temp.people_0871 as select e.n, u.* from testdata.entities e join core.users u using (id) where e.seed = 42871 and e.kind = 'user';
create temporary view pg_temp.rows_0871 as
select 'profiles' as name, x::text as value from identity.profiles x join pg_temp.people_0871 p on p.id = x.user_id
union all select 'roles', x::text from identity.user_roles x join pg_temp.people_0871 p on p.id = x.user_id
union all select 'credentials', x::text from identity.credentials x join pg_temp.people_0871 p on p.id = x.user_id
union all select 'sessions', x::text from identity.sessions x join pg_temp.people_0871 p on p.id = x.user_id
union all select 'tokens', t::text from identity.sessions x join pg_temp.people_0871 p on p.id = x.user_id join identity.refresh_tokens t on t.session_id = x.id
union all select 'groups', x::text from identity.groups x join pg_temp.people_0871 p on p.id = x.owner_id
union all select 'members', x::text from identity.group_members x join pg_temp.people_0871 p on p.id = x.user_id
union all select 'invitations', x::text from identity.invitations x join pg_temp.people_0871 p on p.id = x.invited_by
union all select 'log', x::text from core.status_changes x join pg_temp.people_0871 p on p.id = x.entity_id and x.machine = 'user_role';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_identity(42871, 50, 100, 0.001) + testdata.gen_identity(42871, 0, 50, 0.001);
  select sum(hashtextextended(name || value, 0))::text into halves from pg_temp.rows_0871;
  raise exception using errcode = 'P0871';
exception when sqlstate 'P0871' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_identity(42871, 0, 100, 0.001) > 600;
select sum(hashtextextended(name || value, 0))::text = current_setting('probe.halves'), count(distinct name) = 9 from pg_temp.rows_0871;
select count(*) = 100, bool_and(f.user_id is not null and f.updated_at = f.created_at), count(distinct f.visibility) = 4, count(f.bio) > 30, bool_and(p.status <> 'erased' or num_nonnulls(f.bio, f.city, f.pronouns) = 0) from pg_temp.people_0871 p left join identity.profiles f on f.user_id = p.id;
create temporary table attempts_0871 as
select p.n, p.id, a.attempt, extensions.crypt(testdata.password(p.n), a.phc) = a.phc as right_one, extensions.crypt('hinge-99-craft', a.phc) = a.phc as wrong_one
from (select * from pg_temp.people_0871 where n between 20 and 60 and kind = 'human' and status = 'active' order by n limit 20) p, lateral identity.begin_login(p.email::text, testdata.ip(42871, 900 + p.n)) a;
select count(*) = 20, bool_and(right_one), not bool_or(wrong_one), count(distinct testdata.password(n)) > 8 from attempts_0871;
select blueprint.raises(format('select identity.login_password(%L, %L)', attempt, wrong_one), '28P01') from attempts_0871 limit 1;
select count(*) = 20, bool_and(identity.login_password(attempt, right_one) ? 'refresh_token') from attempts_0871;
select testdata.totp_code('12345678901234567890', 'epoch'::timestamptz + interval '59 seconds') = '287082', testdata.totp_code('12345678901234567890', 'epoch'::timestamptz + interval '1111111109 seconds') = '081804';
select count(*) >= 20, bool_and(length(c.secret_sealed) = 20 and testdata.totp_code(c.secret_sealed, '2026-10-01 12:00+00') ~ '^\d{6}$') from identity.credentials c join pg_temp.people_0871 p on p.id = c.user_id where c.kind = 'totp';
select count(*) > 60, bool_and(live = 1 and last_is_live), max(generations) = 3 from (
  select s.id, count(*) filter (where t.used_at is null) as live, bool_and((t.used_at is null) = (t.generation = m.newest)) as last_is_live, count(*) as generations
  from identity.sessions s join pg_temp.people_0871 p on p.id = s.user_id join identity.refresh_tokens t on t.session_id = s.id, lateral (select max(x.generation) as newest from identity.refresh_tokens x where x.session_id = s.id) m
  where s.created_at < testdata.window_end() and testdata.is_test_id(s.id) group by s.id) f;
select bool_and(s.created_at >= p.created_at and s.last_seen_at <= p.last_seen_at), bool_and(p.status = 'active' or s.revoked_at is not null), count(*) filter (where s.revoke_reason = 'logout') > 3 from identity.sessions s join pg_temp.people_0871 p on p.id = s.user_id where testdata.is_test_id(s.id);
select count(*) = 10, bool_and(r.granted_by is distinct from r.user_id) from identity.user_roles r join pg_temp.people_0871 p on p.id = r.user_id join identity.roles k on k.code = r.role_code and k.is_privileged;
select count(*) = 10, bool_and(s.payload ->> 'scope' = 'global:*' and s.reason = 'staff') from core.status_changes s join pg_temp.people_0871 p on p.id = s.entity_id where s.machine = 'user_role';
select count(*) filter (where r.role_code = 'member') = 100, count(*) filter (where r.role_code = 'designer') > 4, count(*) filter (where exists (select from identity.user_roles o where o.user_id = r.user_id and o.role_code = r.role_code and o.id <> r.id and o.during && r.during)) = 0 from identity.user_roles r join pg_temp.people_0871 p on p.id = r.user_id;
select count(*) >= 3, bool_and(extensions.nlevel(g.path) in (1, 2)), bool_and((select count(*) = 1 from identity.group_members m where m.group_id = g.id and m.role = 'owner' and m.user_id = g.owner_id)), count(distinct g.kind) >= 3 from identity.groups g join pg_temp.people_0871 p on p.id = g.owner_id;
select count(*) >= 9, count(*) filter (where i.accepted_at is not null) > 0, count(*) filter (where i.accepted_at is null and i.expires_at > testdata.window_end()) >= 3, count(*) filter (where i.accepted_at is null and i.expires_at <= testdata.window_end()) > 0 from identity.invitations i join pg_temp.people_0871 p on p.id = i.invited_by;
select tgenabled = 'O' from pg_trigger where tgname = 'user_roles_log' and tgrelid = 'identity.user_roles'::regclass;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_identity(42871, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_identity' and after = '{gen_users}';

-- revert
delete from testdata.generators where name = 'gen_identity';
drop function testdata.gen_identity;
drop function testdata.totp_code;
drop function testdata.password_phc;
drop function testdata.password;
