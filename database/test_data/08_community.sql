-- Test data, community and learning. Kinds of uid(): 250 clubs, 251 threads, 252 messages, 253 events, 254 reports, 255 moderation actions, 256 reputation, 257 feed; 270 courses, 271 modules, 272 assessments,
-- 273 enrolments, 274 attempts, 275 certifications, 276 certificates, 277 mentorships, 278 paths. Salts are the number of the task and two digits.

-- task: BUILD_0873 create_test_data
-- title: Generate the community room: clubs with gapless message streams, threads, events and moderation
-- does: Exactly the clubs numbered [lo, hi) with all that is in them: members by zipf(1.1), messages in bursts numbered by time, threads with accepted answers, mentions of members, reactions, cursors, events with
--   waiting lists, redactions, bans and mutes with their frozen evidence, reputation; and who follows the users u with u % clubs = n, with the feed of it. Where triggers count in honest mode, rows start at zero.
-- proves: per club max(seq) = count = next_seq - 1, nobody writes before joining or after a ban, unread() agrees with the rows, each club has an owner, two halves have the digest of the whole.
-- needs: BUILD_0086, BUILD_0089, BUILD_0092, BUILD_0093, BUILD_0097, BUILD_0100, BUILD_0857
create function testdata.clubs_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, at timestamptz, u double precision, members int, messages int, owner bigint)
  language plpgsql stable set search_path = '' rows 50
as $$
#variable_conflict use_variable
declare
  users constant bigint := testdata.keys_of('gen_users', sf);
  total constant bigint := testdata.keys_of('gen_community', sf);
  shape constant double precision[] := testdata.shape_of(testdata.window_start(), testdata.window_end());
begin
  return query
  select k.n, testdata.uid(seed, 250, k.n, testdata.ms(k.at)), k.at, k.u, k.members, k.members * 8, k.n * 7 % 20
  from (
    select d.n, d.u, testdata.moment(d.u, testdata.window_start(), shape) as at, greatest(5, round(0.3 * users / power(testdata.permute(d.n, total, seed) + 1, 1.1)))::int as members
    from (select c as n, 20.0 / greatest(users, 25) + (1 - 20.0 / greatest(users, 25)) * 0.5 * testdata.unit(seed, 87301, c) as u from generate_series(lo, least(hi, total) - 1) c offset 0) d) k;
end $$;

create function testdata.members_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, k int, club_id uuid, user_id uuid, handle text, role text, joined_at timestamptz, silent_from timestamptz)
  language plpgsql stable set search_path = '' rows 5000
as $$
#variable_conflict use_variable
declare
  users constant bigint := testdata.keys_of('gen_users', sf);
begin
  return query
  select m.n, m.k, m.club_id, u.id, u.handle::text,
    case when m.k = 0 then 'owner' when m.k < 3 then 'moderator' when m.u_role < 0.05 then 'banned' when m.u_role < 0.09 then 'muted' when m.u_role > 0.96 then 'pending' else 'member' end, m.joined_at,
    case when m.k >= 3 and m.u_role < 0.09 then date_trunc('milliseconds', m.joined_at + (testdata.window_end() - m.joined_at) * (0.3 + 0.6 * m.u_time)) end
  from (
    select d.n, d.k, d.club_id, e.id, testdata.unit(seed, 87302, d.n << 24 | d.k) as u_role, testdata.unit(seed, 87303, d.n << 24 | d.k) as u_time,
      case when d.k = 0 then d.at else date_trunc('milliseconds', greatest(d.at, e.at) + (testdata.window_end() - greatest(d.at, e.at)) * 0.9 * power(testdata.unit(seed, 87304, d.n << 24 | d.k), 2)) end as joined_at
    from (
      select c.n, g.k, c.id as club_id, c.at, case when g.k = 0 then c.owner else testdata.permute(g.k, users, testdata.h(seed, 87305, c.n)) end as person, c.owner
      from testdata.clubs_of(seed, lo, hi, sf) c, generate_series(0, c.members) as g(k) where g.k < users offset 0) d
    join testdata.entities e on e.seed = members_of.seed and e.kind = 'user' and e.n = d.person
    where d.k = 0 or d.person <> d.owner) m
  join core.users u on u.id = m.id and u.status = 'active';
end $$;

create function testdata.gen_community(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  users constant bigint := testdata.keys_of('gen_users', sf);
  total constant bigint := testdata.keys_of('gen_community', sf);
  until constant timestamptz := testdata.window_end();
  shape constant double precision[] := testdata.shape_of(testdata.window_start(), testdata.window_end());
  counted constant int := case when current_setting('session_replication_role') = 'replica' then 1 else 0 end;  -- triggers count from zero
  topics constant text[] := testdata.list('topic');
  uses constant text[] := testdata.list('use');
  adjectives constant text[] := testdata.list('adjective', 'en');
  g record;
  made bigint := 0;
  here bigint;
begin
  perform testdata.require_allowed();
  select * into g from testdata.grammar('en');
  with clubs as materialized (select * from testdata.clubs_of(seed, lo, hi, sf)),
  people as materialized (select * from testdata.members_of(seed, lo, hi, sf)),
  founded as (
    insert into community.clubs (id, slug, name, description, kind, status, created_by, next_seq, slow_mode_s, settings, last_message_at, member_count, metadata, created_at, updated_at)
    select c.id, translate(testdata.pick(seed, 87306, c.n, uses) || '-' || testdata.pick(seed, 87307, c.n, topics) || '-' || to_hex(testdata.seed_tag(seed) << 20 | c.n), '_ ', '--'),
      initcap(replace(testdata.pick(seed, 87308, c.n, adjectives) || ' ' || testdata.pick(seed, 87306, c.n, uses) || ' ' || testdata.pick(seed, 87307, c.n, topics), '_', ' ')) || ' ' || c.n,
      testdata.sentence(seed, 87310, c.n, g.openers, g.subjects, g.verbs, g.endings), case when r.u < 0.7 then 'open' when r.u < 0.9 then 'request' else 'private' end,
      case when r.v < 0.94 then 'active' when r.v < 0.98 then 'archived' else 'banned' end, p.user_id, c.messages + 1, case when r.v < 0.1 then 30 else 0 end,
      jsonb_build_object('digest', case when r.u < 0.5 then 'weekly' else 'daily' end), null, counted * (select count(*) from people q where q.n = c.n and q.role not in ('pending', 'banned')), '{}', c.at, c.at
    from clubs c join people p on p.n = c.n and p.k = 0, lateral (select testdata.unit(seed, 87309, c.n) as u, testdata.unit(seed, 87311, c.n) as v) r order by c.n returning 1),
  joined as (
    insert into community.memberships (club_id, user_id, role, joined_at, muted_until, notify)
    select p.club_id, p.user_id, p.role, p.joined_at, case when p.role = 'muted' then p.silent_from + interval '7 days' end, (array['all', 'all', 'mentions', 'none'])[1 + (testdata.h(seed, 87312, p.n << 24 | p.k) & 3)]
    from people p order by p.n, p.k returning 1),
  keys as (insert into testdata.entities (seed, kind, n, id, at) select seed, 'club', c.n, c.id, c.at from clubs c order by c.n returning 1)
  select (select count(*) from founded) + (select count(*) from joined) + (select count(*) from keys) into here;
  made := made + here;

  -- what is said: bursts begin along the calendar and get answers that come more and more slowly
  with people as materialized (select p.* from testdata.members_of(seed, lo, hi, sf) p where p.role <> 'pending'),
  slots as (
    select c.n, c.id as club_id, c.u as u_club, c.members, j.j, (c.n << 24) | j.j as key, j.j = 0 or testdata.unit(seed, 87320, (c.n << 24) | j.j) < 0.35 as starts from testdata.clubs_of(seed, lo, hi, sf) c, generate_series(0, c.messages - 1) as j(j)),
  bursts as (select s.*, sum(s.starts::int) over (partition by s.n order by s.j) as burst from slots s),
  timed as (
    select b.*, date_trunc('milliseconds', testdata.moment(b.u_club + (0.985 - b.u_club) * testdata.unit(seed, 87321, (b.n << 24) | b.burst), testdata.window_start(), shape) + interval '1 second'
      * sum(case when b.starts then 0 else 0.2 + testdata.exponential(testdata.unit(seed, 87322, b.key), 40) end * (1 + b.j % 4)) over (partition by b.n, b.burst order by b.j)) as at,
      testdata.zipf(testdata.unit(seed, 87323, b.key), b.members, 1.1)::int - 1 as k, testdata.zipf(testdata.unit(seed, 87324, b.key), b.members, 1.1)::int - 1 as k_named
    from bursts b),
  numbered as materialized (
    select t.n, t.club_id, t.key, t.burst, t.at, row_number() over (partition by t.n order by t.at, t.j) as seq, coalesce(a.user_id, o.user_id) as author_id, o.user_id as owner_id,
      case when testdata.unit(seed, 87325, t.key) < 0.06 and p.handle ~ '^[A-Za-z0-9][A-Za-z0-9_-]{1,28}[A-Za-z0-9]$' then p.user_id end as named_id, p.handle as named, testdata.unit(seed, 87326, t.key) as u_fate,
      testdata.sentence(seed, 87330, t.key, g.openers, g.subjects, g.verbs, g.endings) as words
    from timed t join people o on o.n = t.n and o.k = 0
    left join people a on a.n = t.n and a.k = t.k and a.joined_at <= t.at and (a.silent_from is null or a.silent_from > t.at)
    left join people p on p.n = t.n and p.k = t.k_named and p.joined_at <= t.at),
  grouped as materialized (
    select m.n, m.burst, min(m.seq) as root_seq, count(*)::int as said, max(m.seq) as last_seq, max(m.at) as last_at, (array_agg(m.author_id order by m.seq))[1] as opener, min(m.at) as at, min(m.key) as key
    from numbered m group by m.n, m.burst),
  opened as materialized (
    select b.*, testdata.uid(seed, 251, b.key, testdata.ms(b.at)) as thread_id, r.answer_seq, testdata.unit(seed, 87331, b.key) as u
    from grouped b left join (select m.n, m.burst, max(m.seq) as answer_seq from numbered m join grouped o on o.n = m.n and o.burst = m.burst where m.seq > o.root_seq and m.author_id <> o.opener group by m.n, m.burst) r on r.n = b.n and r.burst = b.burst
    where b.said > 3 and testdata.unit(seed, 87332, b.key) < 0.5),
  final as materialized (
    select m.*, case when m.seq > b.root_seq then t.thread_id end as thread_id, case when m.seq > b.root_seq and (t.thread_id is not null or m.u_fate > 0.7) then b.root_seq end as reply_to,
      case when m.named_id is not null then '@' || m.named || ' ' else '' end || m.words as body, m.u_fate < 0.008 and m.author_id <> m.owner_id as is_bad, testdata.uid(seed, 252, m.key * 61 + m.n, testdata.ms(m.at)) as id
    from numbered m join grouped b on b.n = m.n and b.burst = m.burst left join opened t on t.n = m.n and t.burst = m.burst),
  threads as (
    insert into community.threads (id, club_id, title, created_by, root_seq, answer_seq, status, reply_count, last_seq, last_message_at, created_at, updated_at)
    select t.thread_id, c.id, left(testdata.sentence(seed, 87335, t.key, g.openers, g.subjects, g.verbs, g.endings), 120), t.opener, t.root_seq, case when t.u < 0.45 then t.answer_seq end,
      case when t.u < 0.45 and t.answer_seq is not null then 'resolved' when t.u > 0.93 then 'locked' else 'open' end, counted * (t.said - 1), t.last_seq, t.last_at, t.at, t.last_at
    from opened t join testdata.entities c on c.seed = gen_community.seed and c.kind = 'club' and c.n = t.n order by t.n, t.root_seq returning 1),
  said as (
    insert into community.messages (id, occurred_at, club_id, seq, thread_id, reply_to_seq, author_id, kind, body, mentions, attachments, redacted_at, redaction_reason)
    select f.id, f.at, f.club_id, f.seq, f.thread_id, f.reply_to, f.author_id, 'text', case when not f.is_bad then f.body end, case when f.is_bad or f.named_id is null then '{}' else array[f.named_id] end, '[]',
      case when f.is_bad then f.at + interval '2 hours' end, case when f.is_bad then 'spam' end
    from final f order by f.n, f.seq returning 1),
  bad as materialized (
    select f.*, testdata.uid(seed, 254, f.key, testdata.ms(f.at) + 1) as report_id, e.evidence || jsonb_build_object('at', to_char((f.at + interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'), 'sha256', encode(sha256(convert_to(e.evidence::text, 'UTF8')), 'hex')) as evidence
    from final f, lateral (select jsonb_build_object('body', f.body, 'attachments', '[]'::jsonb, 'seq', f.seq) as evidence) e where f.is_bad),
  told as (
    insert into community.reports (id, reporter_id, target_kind, target_id, target_author_id, club_id, reason_code, severity, evidence, status, assigned_to, created_at, updated_at)
    select b.report_id, b.owner_id, 'message', b.id, b.author_id, b.club_id, 'spam', 1, b.evidence, 'actioned', b.owner_id, b.at + interval '1 hour', b.at + interval '2 hours' from bad b returning 1),
  acted as (
    insert into community.moderation_actions (id, occurred_at, report_id, moderator_id, action, target_kind, target_id, target_author_id, club_id, reason, prior)
    select testdata.uid(seed, 255, b.key, testdata.ms(b.at) + 7200000), b.at + interval '2 hours', b.report_id, b.owner_id, 'redact', 'message', b.id, b.author_id, b.club_id, 'spam', jsonb_build_object('body', b.body, 'attachments', '[]'::jsonb) from bad b returning 1),
  thanked as (
    insert into community.reputation_entries (id, occurred_at, user_id, club_id, points, reason_code, source_kind, source_id)
    select testdata.uid(seed, 256, t.key, testdata.ms(t.last_at)), t.last_at, a.author_id, a.club_id, 15, 'answer_accepted', 'thread', t.thread_id
    from opened t join numbered a on a.n = t.n and a.seq = t.answer_seq where t.u < 0.45 returning 1),
  liked as (
    insert into community.reactions (club_id, message_seq, user_id, emoji, created_at)
    select f.club_id, f.seq, coalesce(f.named_id, f.owner_id), (array['👍', '❤️', '🔩', '🎉'])[1 + (r.h & 3)], f.at + interval '1 second' * (1 + r.h % 3600)
    from final f, lateral (select testdata.h(seed, 87340, f.key) & 1073741823 as h) r where not f.is_bad and r.h % 100 < 18 returning 1)
  select (select count(*) from threads) + (select count(*) from said) + (select count(*) from told) + (select count(*) from acted) + (select count(*) from thanked) + (select count(*) from liked) into here;
  made := made + here;
  if counted = 1 then  -- as note_messages() does
    update community.clubs c set last_message_at = m.at, updated_at = m.at
    from testdata.entities e, lateral (select max(k.occurred_at) as at from community.messages k where k.club_id = e.id) m where e.seed = gen_community.seed and e.kind = 'club' and e.n >= lo and e.n < hi and c.id = e.id;
  end if;

  -- bans and mutes, with what was reported as it was
  with silenced as materialized (
    select p.*, o.user_id as owner_id, m.id as message_id, testdata.uid(seed, 254, (p.n << 14) + 134217728 + p.k, testdata.ms(p.silent_from)) as report_id,
      case when m.id is not null then jsonb_build_object('body', m.body, 'attachments', m.attachments, 'seq', m.seq) else jsonb_build_object('handle', p.handle) end as said
    from testdata.members_of(seed, lo, hi, sf) p join testdata.members_of(seed, lo, hi, sf) o on o.n = p.n and o.k = 0
    left join lateral (select k.id, k.body, k.attachments, k.seq from community.messages k where k.club_id = p.club_id and k.author_id = p.user_id and k.redacted_at is null order by k.occurred_at desc limit 1) m on true
    where p.silent_from is not null),
  told as (
    insert into community.reports (id, reporter_id, target_kind, target_id, target_author_id, club_id, reason_code, severity, evidence, status, assigned_to, created_at, updated_at)
    select s.report_id, s.owner_id, case when s.message_id is null then 'user' else 'message' end, coalesce(s.message_id, s.user_id), s.user_id, s.club_id, 'harassment', 2,
      s.said || jsonb_build_object('at', to_char(s.silent_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'), 'sha256', encode(sha256(convert_to(s.said::text, 'UTF8')), 'hex')), 'actioned', s.owner_id, s.silent_from, s.silent_from
    from silenced s returning 1),
  acted as (
    insert into community.moderation_actions (id, occurred_at, report_id, moderator_id, action, target_kind, target_id, target_author_id, club_id, during, reason, prior)
    select testdata.uid(seed, 255, (s.n << 14) + 134217728 + s.k, testdata.ms(s.silent_from)), s.silent_from, s.report_id, s.owner_id, case s.role when 'muted' then 'mute' else 'ban' end, case when s.message_id is null then 'user' else 'message' end,
      coalesce(s.message_id, s.user_id), s.user_id, s.club_id, case s.role when 'muted' then tstzrange(s.silent_from, s.silent_from + interval '7 days') end, 'harassment', '{"role": "member", "muted_until": null}'
    from silenced s returning 1),
  read as (
    insert into community.read_cursors (club_id, user_id, last_read_seq, read_at)
    select p.club_id, p.user_id, floor(c.messages * (1 - power(r.u, 3)))::bigint, date_trunc('milliseconds', p.joined_at + (until - p.joined_at) * (1 - power(r.u, 3)))
    from testdata.members_of(seed, lo, hi, sf) p join testdata.clubs_of(seed, lo, hi, sf) c on c.n = p.n, lateral (select testdata.unit(seed, 87350, p.n << 24 | p.k) as u) r where p.role not in ('pending', 'banned') and r.u < 0.9 returning 1)
  select (select count(*) from told) + (select count(*) from acted) + (select count(*) from read) into here;
  made := made + here;

  -- events: one after the other, seats by time of registration
  with planned as materialized (
    select c.n, c.id as club_id, c.owner, i.i, testdata.uid(seed, 253, c.n * 16 + i.i, testdata.ms(b.at)) as id, b.at as created_at, date_trunc('hour', b.at + b.width * (0.5 + 0.4 * b.u), 'UTC') as starts, 2 + (testdata.h(seed, 87361, c.n * 16 + i.i) & 3) as hours,
      2 + (testdata.h(seed, 87362, c.n * 16 + i.i) & 1023)::int % greatest(3, least(c.members / 3, 100)) as seats, testdata.unit(seed, 87363, c.n * 16 + i.i) as u
    from testdata.clubs_of(seed, lo, hi, sf) c, lateral (select least(12, 2 + c.members / 20) as most) e, generate_series(0, e.most - 1) as i(i),
      lateral (select date_trunc('milliseconds', c.at + (until + interval '20 days' - c.at) * i.i / e.most) as at, (until + interval '20 days' - c.at) / e.most as width, testdata.unit(seed, 87360, c.n * 16 + i.i) as u) b
    where b.at < until),
  dated as materialized (
    select p.*, p.starts + interval '1 hour' * p.hours as ends, case when p.u < 0.08 and p.created_at + (p.starts - p.created_at) / 2 < until then 'cancelled' when p.starts + interval '1 hour' * p.hours <= until then 'finished' else 'scheduled' end as status from planned p),
  held as (
    insert into community.events (id, club_id, organiser_id, title, kind, during, time_zone, venue_key, location, capacity, has_waitlist, status, metadata, created_at, updated_at)
    select d.id, d.club_id, o.id, left(initcap(replace(testdata.pick(seed, 87364, d.n * 16 + d.i, topics), '_', ' ')) || ' ' || (array['evening', 'workshop', 'clinic', 'sprint'])[1 + d.i % 4], 120), (array['meetup', 'workshop', 'webinar', 'hackathon'])[1 + d.i % 4],
      tstzrange(d.starts, d.ends), 'UTC', 'testdata-' || to_hex(testdata.seed_tag(seed) << 20 | d.n), '{"mode": "online"}', d.seats, true, d.status, '{}', d.created_at,
      case d.status when 'finished' then d.ends when 'cancelled' then d.created_at + (d.starts - d.created_at) / 2 else d.created_at end
    from dated d join testdata.entities o on o.seed = gen_community.seed and o.kind = 'user' and o.n = d.owner order by d.n, d.i returning 1),
  asked as (
    select d.*, p.user_id, date_trunc('milliseconds', greatest(d.created_at, p.joined_at) + (least(d.starts, until) - greatest(d.created_at, p.joined_at)) * testdata.unit(seed, 87365, (d.n * 16 + d.i) << 20 | p.k)) as asked_at, testdata.unit(seed, 87366, (d.n * 16 + d.i) << 20 | p.k) as u_came
    from dated d join testdata.members_of(seed, lo, hi, sf) p on p.n = d.n and p.role in ('owner', 'moderator', 'member') and p.joined_at < least(d.starts, until) and testdata.unit(seed, 87367, (d.n * 16 + d.i) << 20 | p.k) < 0.3),
  queued as (select a.*, row_number() over (partition by a.id order by a.asked_at, a.user_id) as place from asked a),
  settled as materialized (
    select q.*, case when q.status = 'cancelled' then 'cancelled' when q.place > q.seats then 'waitlisted' when q.status = 'scheduled' then 'registered' when q.u_came < 0.8 then 'attended' else 'no_show' end as came from queued q),
  seated as (
    insert into community.attendance (event_id, user_id, status, position, registered_at, checked_in_at)
    select s.id, s.user_id, s.came, case when s.came = 'waitlisted' then s.place - s.seats end, s.asked_at, case when s.came = 'attended' then s.starts + interval '1 minute' * floor(s.u_came * 30) end from settled s order by s.id, s.place returning 1),
  awarded as (
    insert into community.reputation_entries (id, occurred_at, user_id, club_id, points, reason_code, source_kind, source_id)
    select testdata.uid(seed, 256, 134217728 + (s.n * 16 + s.i) * 512 + s.place, testdata.ms(s.ends)), s.ends, s.user_id, s.club_id, 5, 'event_attended', 'event', s.id from settled s join testdata.entities o on o.seed = gen_community.seed and o.kind = 'user' and o.n = s.owner
    where s.came = 'attended' and s.user_id <> o.id returning 1)
  select (select count(*) from held) + (select count(*) from seated) + (select count(*) from awarded) into here;
  made := made + here;

  -- who follows whom; the feed of it comes after, so that following finds nothing to fill in
  with targets as materialized (
    select t.u, e.id, e.at, least(users - 1, floor(0.05 * users / power(testdata.permute(t.u, users, testdata.h(seed, 87370, 0)) + 1, 0.8) + 3 * testdata.unit(seed, 87371, t.u)))::int as followers
    from generate_series(lo, least(hi, total) - 1) as c(n), generate_series(c.n, users - 1, total) as t(u) join testdata.entities e on e.seed = gen_community.seed and e.kind = 'user' and e.n = t.u)
  insert into community.follows (follower_id, kind, target_id, created_at)
  select f.id, 'user', t.id, date_trunc('milliseconds', greatest(t.at, f.at) + (until - greatest(t.at, f.at)) * power(testdata.unit(seed, 87372, t.u << 24 | k.k), 2))
  from targets t cross join generate_series(0, t.followers - 1) as k(k) join testdata.entities f on f.seed = gen_community.seed and f.kind = 'user' and f.n = testdata.permute(k.k, users, testdata.h(seed, 87373, t.u)) where f.id <> t.id order by t.u, k.k;
  get diagnostics here = row_count;
  made := made + here;
  with origins as materialized (
    select t.u, e.id as actor_id, e.at, testdata.uid(seed, 257, t.u, testdata.ms(e.at)) as id, (select count(*) from community.follows f where f.kind = 'user' and f.target_id = e.id) as followers
    from generate_series(lo, least(hi, total) - 1) as c(n), generate_series(c.n, users - 1, total) as t(u) join testdata.entities e on e.seed = gen_community.seed and e.kind = 'user' and e.n = t.u)
  insert into community.feed_entries (id, occurred_at, user_id, actor_id, verb, object_kind, object_id, origin_id, is_pull)
  select o.id, o.at, o.actor_id, o.actor_id, 'joined', 'user', o.actor_id, o.id, o.followers >= 5000 from origins o where o.followers > 0
  union all
  select testdata.uid(seed, 257, 134217728 + f.n, testdata.ms(o.at)), o.at, w.follower_id, o.actor_id, 'joined', 'user', o.actor_id, o.id, false
  from origins o join community.follows w on w.kind = 'user' and w.target_id = o.actor_id join testdata.entities f on f.seed = gen_community.seed and f.kind = 'user' and f.id = w.follower_id where o.followers < 5000;
  get diagnostics here = row_count;
  return made + here
    + testdata.write_history('event', format($q$ select e.id, array['scheduled', e.status], array[e.created_at, case e.status when 'finished' then upper(e.during) else e.created_at + (lower(e.during) - e.created_at) / 2 end], e.organiser_id
        from testdata.entities c join community.events e on e.club_id = c.id where c.seed = %s and c.kind = 'club' and c.n >= %s and c.n < %s and e.status in ('finished', 'cancelled') $q$, seed, lo, hi))
    + testdata.write_history('report', format($q$ select r.id, array['open', 'actioned'], array[r.created_at, r.created_at + interval '1 hour'], r.assigned_to
        from testdata.entities c join community.reports r on r.club_id = c.id where c.seed = %s and c.kind = 'club' and c.n >= %s and c.n < %s $q$, seed, lo, hi));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows)
values ('gen_community', '{community.clubs,community.memberships,community.threads,community.messages,community.reactions,community.read_cursors,community.events,community.attendance,community.reports,community.moderation_actions,community.reputation_entries,community.follows,community.feed_entries}',
  '{gen_users}', 2000, 25, 12);

comment on function testdata.clubs_of is 'What decides about the clubs of a range: id, begin, how many members and messages, key of the owner.';
comment on function testdata.members_of is 'Members of the clubs of a range: k = 0 owns, 1 and 2 moderate, silent_from is the ban or mute. Only active users; joined after the club and after signing up.';
comment on function testdata.gen_community is 'Makes the community room club by club, and the entities club. In honest mode updated_at of clubs and threads is the time their counters were moved.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'community.messages', 'community.feed_entries') >= 0, testdata.gen_users(42873, 0, 60, 0.001) > 60;
create temporary view pg_temp.clubs_0873 as select c.*, e.n from testdata.entities e join community.clubs c using (id) where e.seed = 42873 and e.kind = 'club';
create temporary view pg_temp.digest_0873 as
select concat_ws(' ', (select sum(hashtextextended((to_jsonb(c) - 'updated_at')::text, 0)) from pg_temp.clubs_0873 c), (select sum(hashtextextended(m::text, 0)) from community.messages m join pg_temp.clubs_0873 c on c.id = m.club_id),
  (select sum(hashtextextended((to_jsonb(t) - 'updated_at')::text, 0)) from community.threads t join pg_temp.clubs_0873 c on c.id = t.club_id), (select sum(hashtextextended(a::text, 0)) from community.attendance a join community.events e on e.id = a.event_id join pg_temp.clubs_0873 c on c.id = e.club_id),
  (select sum(hashtextextended(r::text, 0)) from community.reports r join pg_temp.clubs_0873 c on c.id = r.club_id), (select sum(hashtextextended(f::text, 0)) from community.feed_entries f join testdata.entities e on e.id = f.actor_id and e.seed = 42873),
  (select sum(hashtextextended(r::text, 0)) from community.read_cursors r join pg_temp.clubs_0873 c on c.id = r.club_id)) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_community(42873, 3, 6, 0.001) + testdata.gen_community(42873, 0, 3, 0.001);
  select digest into halves from pg_temp.digest_0873;
  raise exception using errcode = 'P0873';
exception when sqlstate 'P0873' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_community(42873, 0, 6, 0.001) > 400;
select digest = current_setting('probe.halves') from pg_temp.digest_0873;
select count(*) = 6, bool_and(core.uuid_time(id) = created_at), bool_and(testdata.is_test_id(id)), max(member_count) > 2 * min(member_count) from pg_temp.clubs_0873;
select c.slug, max(m.seq) = count(*) and count(*) = c.next_seq - 1, bool_and(m.at_is_rising), max(m.occurred_at) = c.last_message_at and max(m.occurred_at) < testdata.window_end()
from pg_temp.clubs_0873 c join (select k.*, coalesce(k.occurred_at >= lag(k.occurred_at) over (partition by k.club_id order by k.seq), true) as at_is_rising from community.messages k) m on m.club_id = c.id group by c.slug, c.next_seq, c.last_message_at;
select count(*) = 0 from community.messages m join pg_temp.clubs_0873 c on c.id = m.club_id left join community.memberships p on p.club_id = m.club_id and p.user_id = m.author_id
where p.user_id is null or m.occurred_at < p.joined_at or m.occurred_at >= (select min(a.occurred_at) from community.moderation_actions a where a.club_id = m.club_id and a.target_author_id = m.author_id and a.action in ('mute', 'ban'));
select c.slug, count(*) filter (where p.role = 'owner') >= 1, c.member_count = count(*) filter (where p.role not in ('pending', 'banned')), bool_and(p.joined_at >= c.created_at and p.joined_at >= u.created_at)
from pg_temp.clubs_0873 c join community.memberships p on p.club_id = c.id join core.users u on u.id = p.user_id group by c.slug, c.member_count;
select count(*) > 3, bool_and(t.reply_count = (select count(*) from community.messages m where m.club_id = t.club_id and m.thread_id = t.id)), bool_and(t.last_seq = (select max(m.seq) from community.messages m where m.club_id = t.club_id and m.thread_id = t.id)),
  count(*) filter (where t.status = 'resolved') > 0, count(*) filter (where t.answer_seq is not null) = (select count(*) from community.reputation_entries r join pg_temp.clubs_0873 c on c.id = r.club_id where r.reason_code = 'answer_accepted')
from community.threads t join pg_temp.clubs_0873 c on c.id = t.club_id;
select count(*) > 5, bool_and(exists (select from community.memberships p where p.club_id = m.club_id and p.user_id = m.mentions[1])), bool_and(m.body like '@%') from community.messages m join pg_temp.clubs_0873 c on c.id = m.club_id where m.mentions <> '{}';
select core.act_as(m.user_id), (select bool_and(u.unread >= 0 and u.unread = (select count(*) from community.messages k where k.club_id = u.club_id and k.author_id <> m.user_id and k.seq > coalesce((select r.last_read_seq from community.read_cursors r where r.club_id = u.club_id and r.user_id = m.user_id), 0)))
  from community.unread() u) from (select distinct p.user_id from community.memberships p join pg_temp.clubs_0873 c on c.id = p.club_id where p.role = 'member' order by 1 limit 3) m;
select count(*) > 20, bool_and(r.last_read_seq >= 0 and r.last_read_seq < c.next_seq) from community.read_cursors r join pg_temp.clubs_0873 c on c.id = r.club_id;
select count(*) > 30, bool_and(r.created_at >= m.occurred_at) from community.reactions r join pg_temp.clubs_0873 c on c.id = r.club_id join community.messages m on m.club_id = r.club_id and m.seq = r.message_seq;
select e.id, e.status, count(*) filter (where a.status in ('registered', 'attended', 'no_show')) <= e.capacity, coalesce(max(a.position), 0) = count(a.position), bool_and(a.registered_at >= e.created_at and a.registered_at < lower(e.during))
from community.events e join pg_temp.clubs_0873 c on c.id = e.club_id join community.attendance a on a.event_id = e.id group by e.id;
select count(*) > 6, count(*) filter (where e.status = 'finished') > 3, bool_and(e.status = 'scheduled' or exists (select from core.status_changes s where s.machine = 'event' and s.entity_id = e.id and s.to_status = e.status)) from community.events e join pg_temp.clubs_0873 c on c.id = e.club_id;
select count(*) > 0, bool_and(r.evidence ->> 'sha256' = encode(sha256(convert_to((r.evidence - 'at' - 'sha256')::text, 'UTF8')), 'hex')), bool_and(exists (select from community.moderation_actions a where a.report_id = r.id and a.occurred_at >= r.created_at)),
  bool_and(exists (select from core.status_changes s where s.machine = 'report' and s.entity_id = r.id)) from community.reports r join pg_temp.clubs_0873 c on c.id = r.club_id;
select count(*) > 20, bool_and(f.created_at >= u.created_at and f.created_at <= testdata.window_end()), count(*) filter (where not exists (select from community.feed_entries w where w.user_id = f.follower_id and w.actor_id = f.target_id)) = 0
from community.follows f join testdata.entities e on e.id = f.target_id and e.seed = 42873 join core.users u on u.id = f.target_id;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_community(42873, 0, 1, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_community' and after = '{gen_users}' and cardinality(targets) = 13;
select relname, n.nspname = 'testdata' from pg_proc p join pg_namespace n on n.oid = p.pronamespace, lateral (select p.proname as relname) r where p.proname in ('clubs_of', 'members_of');

-- revert
delete from testdata.generators where name = 'gen_community';
drop function testdata.gen_community;
drop function testdata.members_of;
drop function testdata.clubs_of;
