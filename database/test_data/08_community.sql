-- Test data, community and learning. Kinds of uid(): 250 clubs, 251 threads, 252 messages, 253 events, 254 reports, 255 moderation actions, 256 reputation, 257 feed; 270 courses, 271 modules, 272 assessments,
-- 273 enrolments, 274 attempts, 275 certifications, 276 certificates, 277 mentorships. Salts are the number of the task and two digits.

-- task: BUILD_0873 create_test_data drill
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
  begun constant timestamptz := testdata.window_start();
  users constant bigint := testdata.keys_of('gen_users', sf);
  total constant bigint := testdata.keys_of('gen_community', sf);
  span constant testdata.span := testdata.span();
begin
  return query
  select k.n, testdata.uid(seed, 250, k.n, testdata.ms(k.at)), k.at, k.u, k.members, k.members * 28, k.n * 7 % 20
  from (
    select d.n, d.u, testdata.moment(d.u, begun, span.shape) as at, greatest(5, round(0.3 * users / power(testdata.permute(d.n, total, seed) + 1, 1.1)))::int as members
    from (select c as n, 20.0 / greatest(users, 25) + (1 - 20.0 / greatest(users, 25)) * 0.5 * testdata.unit(seed, 87301, c) as u from generate_series(lo, least(hi, total) - 1) c offset 0) d) k;
end $$;

create function testdata.members_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, k int, club_id uuid, user_id uuid, handle text, role text, joined_at timestamptz, silent_from timestamptz)
  language plpgsql stable set search_path = '' rows 5000
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  users constant bigint := testdata.keys_of('gen_users', sf);
begin
  return query
  select m.n, m.k, m.club_id, u.id, u.handle::text,
    case when m.k = 0 then 'owner' when m.k < 3 then 'moderator' when m.u_role < 0.05 then 'banned' when m.u_role < 0.09 then 'muted' when m.u_role > 0.96 then 'pending' else 'member' end, m.joined_at,
    case when m.k >= 3 and m.u_role < 0.09 then date_trunc('milliseconds', m.joined_at + (ended - m.joined_at) * (0.3 + 0.6 * m.u_time)) end
  from (
    select d.n, d.k, d.club_id, e.id, testdata.unit(seed, 87302, d.n << 24 | d.k) as u_role, testdata.unit(seed, 87303, d.n << 24 | d.k) as u_time,
      case when d.k = 0 then d.at else date_trunc('milliseconds', greatest(d.at, e.at) + (ended - greatest(d.at, e.at)) * 0.9 * power(testdata.unit(seed, 87304, d.n << 24 | d.k), 2)) end as joined_at
    from (
      select c.n, g.k, c.id as club_id, c.at, case when g.k = 0 then c.owner else testdata.permute(g.k, users, testdata.h(seed, 87305, c.n)) end as person, c.owner
      from testdata.clubs_of(seed, lo, hi, sf) c, generate_series(0, c.members) as g(k) where g.k < users offset 0) d
    join testdata.entities e on e.seed = members_of.seed and e.kind = 'user' and e.n = d.person
    where d.k = 0 or d.person <> d.owner) m
  join core.users u on u.id = m.id and u.status = 'active';
end $$;

create function testdata.gen_community(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = '' set enable_mergejoin = off  -- by club alone a large one meets itself
as $$
#variable_conflict use_variable
declare
  begun constant timestamptz := testdata.window_start();
  users constant bigint := testdata.keys_of('gen_users', sf);
  total constant bigint := testdata.keys_of('gen_community', sf);
  until constant timestamptz := testdata.window_end();
  span constant testdata.span := testdata.span();
  counted constant int := case when current_setting('session_replication_role') = 'replica' then 1 else 0 end;  -- triggers count from zero
  topics constant text[] := testdata.list('topic');
  uses constant text[] := testdata.list('use');
  adjectives constant text[] := testdata.list('adjective', 'en');
  g record;
  made bigint := 0;
  here bigint;
begin
  perform testdata.require_allowed();
  if counted = 0 then  -- these rows were last touched when they were last written in, not today
    alter table community.clubs disable trigger clubs_touch;
    alter table community.threads disable trigger threads_touch;
  end if;
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
  with people as materialized (
    select p.*, p.handle ~ '^[A-Za-z0-9][A-Za-z0-9_-]{1,28}[A-Za-z0-9]$' as has_name from testdata.members_of(seed, lo, hi, sf) p where p.role <> 'pending'),
  slots as (
    select c.n, c.id as club_id, c.u as u_club, c.members, j.j, (c.n << 24) | j.j as key, j.j = 0 or testdata.unit(seed, 87320, (c.n << 24) | j.j) < 0.35 as starts from testdata.clubs_of(seed, lo, hi, sf) c, generate_series(0, c.messages - 1) as j(j)),
  bursts as (select s.*, sum(s.starts::int) over (partition by s.n order by s.j) as burst from slots s),
  timed as (
    select b.*, date_trunc('milliseconds', testdata.moment(b.u, begun, span.shape) + interval '1 second'
      * sum(case when b.starts then 0 else 0.2 + testdata.exponential(testdata.unit(seed, 87322, b.key), 40) end * (1 + b.j % 4)) over (partition by b.n, b.burst order by b.j)) as at,
      testdata.zipf(testdata.unit(seed, 87323, b.key), b.members, 1.1)::int - 1 as k, case when testdata.unit(seed, 87325, b.key) < 0.06 then testdata.zipf(testdata.unit(seed, 87324, b.key), b.members, 1.1)::int - 1 end as k_named
    from (select s.*, s.u_club + (0.985 - s.u_club) * testdata.unit(seed, 87321, (s.n << 24) | s.burst) as u from bursts s offset 0) b offset 0),
  numbered as materialized (
    select t.n, t.club_id, t.key, t.burst, t.at, row_number() over (partition by t.n order by t.at, t.j) as seq, coalesce(a.user_id, o.user_id) as author_id, o.user_id as owner_id,
      p.user_id as named_id, p.handle as named, testdata.unit(seed, 87326, t.key) as u_fate,
      testdata.sentence(seed, 87330, t.key, g.openers, g.subjects, g.verbs, g.endings) as words
    from timed t join people o on o.n = t.n and o.k = 0
    left join people a on a.n = t.n and a.k = t.k and a.joined_at <= t.at and (a.silent_from is null or a.silent_from > t.at)
    left join people p on p.n = t.n and p.k = t.k_named and p.joined_at <= t.at and p.has_name),
  grouped as materialized (
    select m.n, m.burst, min(m.seq) as root_seq, count(*)::int as said, max(m.seq) as last_seq, max(m.at) as last_at, min(m.at) as at, min(m.key) as key
    from numbered m group by m.n, m.burst),
  chosen as materialized (
    select b.*, o.author_id as opener from grouped b join numbered o on o.n = b.n and o.seq = b.root_seq where b.said > 3 and testdata.unit(seed, 87332, b.key) < 0.5),
  opened as materialized (
    select b.*, testdata.uid(seed, 251, b.key, testdata.ms(b.at)) as thread_id, r.answer_seq, testdata.unit(seed, 87331, b.key) as u
    from chosen b left join (select m.n, m.burst, max(m.seq) as answer_seq from numbered m join chosen o on o.n = m.n and o.burst = m.burst where m.seq > o.root_seq and m.author_id <> o.opener group by m.n, m.burst) r on r.n = b.n and r.burst = b.burst),
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
    from final f order by f.at, f.n, f.seq returning 1),
  bad as materialized (
    select f.*, testdata.uid(seed, 254, f.key, testdata.ms(f.at) + 3600000) as report_id, e.evidence || jsonb_build_object('at', to_char((f.at + interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'), 'sha256', encode(sha256(convert_to(e.evidence::text, 'UTF8')), 'hex')) as evidence
    from final f, lateral (select jsonb_build_object('body', f.body, 'attachments', '[]'::jsonb, 'seq', f.seq) as evidence) e where f.is_bad),
  told as (
    insert into community.reports (id, reporter_id, target_kind, target_id, target_author_id, club_id, reason_code, severity, evidence, status, assigned_to, created_at, updated_at)
    select b.report_id, b.owner_id, 'message', b.id, b.author_id, b.club_id, 'spam', 1, b.evidence, 'actioned', b.owner_id, b.at + interval '1 hour', b.at + interval '2 hours' from bad b returning 1),
  acted as (
    insert into community.moderation_actions (id, occurred_at, report_id, moderator_id, action, target_kind, target_id, target_author_id, club_id, reason, prior)
    select testdata.uid(seed, 255, b.key, testdata.ms(b.at) + 7200000), b.at + interval '2 hours', b.report_id, b.owner_id, 'redact', 'message', b.id, b.author_id, b.club_id, 'spam', jsonb_build_object('body', b.body, 'attachments', '[]'::jsonb) from bad b returning 1),
  last_said as (
    select distinct on (f.n, f.author_id) f.n, f.author_id, f.id, f.body, f.seq from final f join people p on p.n = f.n and p.user_id = f.author_id and p.silent_from is not null where not f.is_bad order by f.n, f.author_id, f.seq desc),
  silenced as materialized (  -- bans and mutes, with what was reported as it was
    select p.*, o.user_id as owner_id, m.id as message_id, testdata.uid(seed, 254, (p.n << 14) + 134217728 + p.k, testdata.ms(p.silent_from)) as report_id,
      case when m.id is not null then jsonb_build_object('body', m.body, 'attachments', '[]'::jsonb, 'seq', m.seq) else jsonb_build_object('handle', p.handle) end as said
    from people p join people o on o.n = p.n and o.k = 0 left join last_said m on m.n = p.n and m.author_id = p.user_id where p.silent_from is not null),
  warned as (
    insert into community.reports (id, reporter_id, target_kind, target_id, target_author_id, club_id, reason_code, severity, evidence, status, assigned_to, created_at, updated_at)
    select s.report_id, s.owner_id, case when s.message_id is null then 'user' else 'message' end, coalesce(s.message_id, s.user_id), s.user_id, s.club_id, 'harassment', 2,
      s.said || jsonb_build_object('at', to_char(s.silent_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'), 'sha256', encode(sha256(convert_to(s.said::text, 'UTF8')), 'hex')), 'actioned', s.owner_id, s.silent_from, s.silent_from
    from silenced s returning 1),
  shut as (
    insert into community.moderation_actions (id, occurred_at, report_id, moderator_id, action, target_kind, target_id, target_author_id, club_id, during, reason, prior)
    select testdata.uid(seed, 255, (s.n << 14) + 134217728 + s.k, testdata.ms(s.silent_from)), s.silent_from, s.report_id, s.owner_id, case s.role when 'muted' then 'mute' else 'ban' end, case when s.message_id is null then 'user' else 'message' end,
      coalesce(s.message_id, s.user_id), s.user_id, s.club_id, case s.role when 'muted' then tstzrange(s.silent_from, s.silent_from + interval '7 days') end, 'harassment', '{"role": "member", "muted_until": null}'
    from silenced s returning 1),
  thanked as (
    insert into community.reputation_entries (id, occurred_at, user_id, club_id, points, reason_code, source_kind, source_id)
    select testdata.uid(seed, 256, t.key, testdata.ms(t.last_at)), t.last_at, a.author_id, a.club_id, 15, 'answer_accepted', 'thread', t.thread_id
    from opened t join numbered a on a.n = t.n and a.seq = t.answer_seq where t.u < 0.45 returning 1),
  liked as (
    insert into community.reactions (club_id, message_seq, user_id, emoji, created_at)
    select f.club_id, f.seq, coalesce(f.named_id, f.owner_id), (array['👍', '❤️', '🔩', '🎉'])[1 + (r.h & 3)], f.at + interval '1 second' * (1 + r.h % 3600)
    from final f, lateral (select testdata.h(seed, 87340, f.key) & 1073741823 as h) r where not f.is_bad and r.h % 100 < 18 returning 1)
  select (select count(*) from threads) + (select count(*) from said) + (select count(*) from told) + (select count(*) from acted) + (select count(*) from warned) + (select count(*) from shut) + (select count(*) from thanked) + (select count(*) from liked) into here;
  made := made + here;
  -- as note_messages() does
  update community.clubs c set last_message_at = m.at, updated_at = m.at
  from testdata.entities e, lateral (select k.occurred_at as at from community.messages k where k.club_id = e.id order by k.seq desc limit 1) m where e.seed = gen_community.seed and e.kind = 'club' and e.n >= lo and e.n < hi and c.id = e.id;
  if counted = 0 then
    alter table community.clubs enable trigger clubs_touch;
    alter table community.threads enable trigger threads_touch;
  end if;

  -- what was read, and events: one after the other, seats by time of registration
  with clubs as materialized (select * from testdata.clubs_of(seed, lo, hi, sf)),
  people as materialized (select * from testdata.members_of(seed, lo, hi, sf)),
  read as (
    insert into community.read_cursors (club_id, user_id, last_read_seq, read_at)
    select p.club_id, p.user_id, floor(c.messages * (1 - power(r.u, 3)))::bigint, date_trunc('milliseconds', p.joined_at + (until - p.joined_at) * (1 - power(r.u, 3)))
    from people p join clubs c on c.n = p.n, lateral (select testdata.unit(seed, 87350, p.n << 24 | p.k) as u) r where p.role not in ('pending', 'banned') and r.u < 0.9 returning 1),
  planned as materialized (
    select c.n, c.id as club_id, c.owner, i.i, testdata.uid(seed, 253, c.n * 16 + i.i, testdata.ms(b.at)) as id, b.at as created_at, date_trunc('hour', b.at + b.width * (0.5 + 0.4 * b.u), 'UTC') as starts, 2 + (testdata.h(seed, 87361, c.n * 16 + i.i) & 3) as hours,
      2 + (testdata.h(seed, 87362, c.n * 16 + i.i) & 1023)::int % greatest(3, least(c.members / 3, 100)) as seats, testdata.unit(seed, 87363, c.n * 16 + i.i) as u
    from clubs c, lateral (select least(12, 2 + c.members / 20) as most) e, generate_series(0, e.most - 1) as i(i),
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
    from dated d join people p on p.n = d.n and p.role in ('owner', 'moderator', 'member') and p.joined_at < least(d.starts, until) and testdata.unit(seed, 87367, (d.n * 16 + d.i) << 20 | p.k) < 0.3),
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
  select (select count(*) from read) + (select count(*) from held) + (select count(*) from seated) + (select count(*) from awarded) into here;
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
    + testdata.write_history('report', format($q$ select r.id, array['open', 'actioned'], array[r.created_at, r.updated_at], r.assigned_to
        from testdata.entities c join community.reports r on r.club_id = c.id where c.seed = %s and c.kind = 'club' and c.n >= %s and c.n < %s $q$, seed, lo, hi));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows)
values ('gen_community', '{community.clubs,community.memberships,community.threads,community.messages,community.reactions,community.read_cursors,community.events,community.attendance,community.reports,community.moderation_actions,community.reputation_entries,community.follows,community.feed_entries}',
  '{gen_users}', 2000, 25, 12);

comment on function testdata.clubs_of is 'What decides about the clubs of a range: id, begin, how many members and messages, key of the owner.';
comment on function testdata.members_of is 'Members of the clubs of a range: k = 0 owns, 1 and 2 moderate, silent_from is the ban or mute. Only active users; joined after the club and after signing up.';
comment on function testdata.gen_community is 'Makes the community room club by club, and the entities club.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'community.messages', 'community.feed_entries') >= 0, testdata.gen_users(42873, 0, 60, 0.001) > 60;
create temporary view pg_temp.clubs_0873 as select c.*, e.n from testdata.entities e join community.clubs c using (id) where e.seed = 42873 and e.kind = 'club';
create temporary view pg_temp.digest_0873 as
select concat_ws(' ', (select sum(hashtextextended(c::text, 0)) from pg_temp.clubs_0873 c), (select sum(hashtextextended(m::text, 0)) from community.messages m join pg_temp.clubs_0873 c on c.id = m.club_id),
  (select sum(hashtextextended(t::text, 0)) from community.threads t join pg_temp.clubs_0873 c on c.id = t.club_id), (select sum(hashtextextended(a::text, 0)) from community.attendance a join community.events e on e.id = a.event_id join pg_temp.clubs_0873 c on c.id = e.club_id),
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
select c.slug, max(m.seq) = count(*) and count(*) = c.next_seq - 1, bool_and(m.at_is_rising), max(m.occurred_at) = c.last_message_at and c.updated_at = c.last_message_at and c.updated_at < testdata.window_end()
from pg_temp.clubs_0873 c join (select k.*, coalesce(k.occurred_at >= lag(k.occurred_at) over (partition by k.club_id order by k.seq), true) as at_is_rising from community.messages k) m on m.club_id = c.id group by c.slug, c.next_seq, c.last_message_at, c.updated_at;
select count(*) = 0 from community.messages m join pg_temp.clubs_0873 c on c.id = m.club_id left join community.memberships p on p.club_id = m.club_id and p.user_id = m.author_id
where p.user_id is null or m.occurred_at < p.joined_at or m.occurred_at >= (select min(a.occurred_at) from community.moderation_actions a where a.club_id = m.club_id and a.target_author_id = m.author_id and a.action in ('mute', 'ban'));
select c.slug, count(*) filter (where p.role = 'owner') >= 1, c.member_count = count(*) filter (where p.role not in ('pending', 'banned')), bool_and(p.joined_at >= c.created_at and p.joined_at >= u.created_at)
from pg_temp.clubs_0873 c join community.memberships p on p.club_id = c.id join core.users u on u.id = p.user_id group by c.slug, c.member_count;
select count(*) > 3, bool_and(t.updated_at = t.last_message_at), bool_and(t.reply_count = (select count(*) from community.messages m where m.club_id = t.club_id and m.thread_id = t.id)), bool_and(t.last_seq = (select max(m.seq) from community.messages m where m.club_id = t.club_id and m.thread_id = t.id)),
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
select tgname, tgenabled = 'O' from pg_trigger where tgname in ('clubs_touch', 'threads_touch');
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_community(42873, 0, 1, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_community' and after = '{gen_users}' and cardinality(targets) = 13;
select relname, n.nspname = 'testdata' from pg_proc p join pg_namespace n on n.oid = p.pronamespace, lateral (select p.proname as relname) r where p.proname in ('clubs_of', 'members_of');

-- revert
delete from testdata.generators where name = 'gen_community';
drop function testdata.gen_community;
drop function testdata.members_of;
drop function testdata.clubs_of;

-- task: BUILD_0878 create_test_data drill
-- title: Generate the learning room: cohorts with drop-out, item-response answers, skills and certificates
-- does: Exactly the courses numbered [lo, hi), one a skill, with six modules, a quiz of ten items of planted difficulty of which one has a wrong key, and the certification it leads to. Learners come by zipf, study one evening
--   a week, drop out by a hazard a module and answer by a Rasch model; attempts keep to limit and pause, evidence decays, certificates go to who passed and completed, mentors keep to what they said.
-- proves: difficulty estimated by item_analysis() correlates above 0.9 with what was planted and its discrimination names the broken item, certificates verify and no holder lacks anything, halves are the whole.
-- needs: BUILD_0182, BUILD_0186, BUILD_0189, BUILD_0196, BUILD_0198, BUILD_0199, BUILD_0857
create function testdata.item_difficulty(seed bigint, course bigint, item int) returns double precision
  language sql immutable strict parallel safe
  return testdata.permute(item, 10, testdata.h(seed, 87803, course)) * 4.0 / 9 - 2;

create function testdata.broken_item(seed bigint, course bigint) returns int
  language sql immutable strict parallel safe
  return testdata.int_between(seed, 87804, course, 0, 9)::int;

create function testdata.courses_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, at timestamptz, published_at timestamptz, instructor bigint, learners int, code text, skill_id uuid, level int, assessment_id uuid, difficulties double precision[], broken int)
  language plpgsql stable set search_path = '' rows 20
as $$
#variable_conflict use_variable
declare
  begun constant timestamptz := testdata.window_start();
  users constant bigint := testdata.keys_of('gen_users', sf);
  total constant bigint := testdata.keys_of('gen_learning', sf);
  span constant testdata.span := testdata.span();
  skills constant uuid[] := array(select s.id from learning.skills s where extensions.nlevel(s.path) > 1 and s.status = 'active' order by s.code collate "C");
begin
  return query
  select d.n, testdata.uid(seed, 270, d.n, testdata.ms(d.at)), d.at, d.at + interval '2 days', d.n % 20, least(users, greatest(95, round(0.2 * users / power(testdata.permute(d.n, total, seed) + 1, 0.8))))::int,
    'T' || to_hex(testdata.seed_tag(seed) << 20 | d.n), skills[1 + testdata.permute(d.n, cardinality(skills), seed)], 2 + (d.n % 2)::int, testdata.uid(seed, 272, d.n, testdata.ms(d.at)),
    array(select testdata.item_difficulty(seed, d.n, j) from generate_series(0, 9) j order by j), testdata.broken_item(seed, d.n)
  from (select c as n, testdata.moment(20.0 / greatest(users, 25) + (1 - 20.0 / greatest(users, 25)) * 0.25 * testdata.unit(seed, 87805, c), begun, span.shape) as at from generate_series(lo, least(hi, total) - 1) c offset 0) d;
end $$;

create type testdata.learner as (n bigint, i int, person bigint, user_id uuid, course_id uuid, enrolment_id uuid, at timestamptz, slots timestamptz[], attempts int, hits int[], done int, partial int, status text, ended_at timestamptz);

create function testdata.learners_of(seed bigint, lo bigint, hi bigint, sf numeric) returns setof testdata.learner
  language plpgsql stable set search_path = '' rows 2000
as $$
#variable_conflict use_variable
declare
  users constant bigint := testdata.keys_of('gen_users', sf);
  until constant timestamptz := testdata.window_end();
begin
  return query
  with draws as materialized (
    select c.n, g.i, e.n as person, u.id as user_id, c.id as course_id, date_trunc('milliseconds', greatest(c.published_at, e.at) + (until - greatest(c.published_at, e.at)) * 0.45 * testdata.unit(seed, 87806, c.n << 32 | g.i)) as at,
      1 + (testdata.h(seed, 87807, c.n << 32 | g.i) & 1)::int as weeks, testdata.h(seed, 87808, c.n << 32 | g.i) & 1073741823 as h, floor(testdata.exponential(testdata.unit(seed, 87809, c.n << 32 | g.i), 14))::int as stays, testdata.unit(seed, 87810, c.n << 32 | g.i) as u, testdata.normal(testdata.unit(seed, 87802, e.n)) as ability, c.difficulties, c.broken
    from testdata.courses_of(seed, lo, hi, sf) c cross join generate_series(0, c.learners - 1) as g(i)
    join testdata.entities e on e.seed = learners_of.seed and e.kind = 'user' and e.n = testdata.permute(g.i, users, testdata.h(seed, 87801, c.n)) and e.n <> c.instructor
    join core.users u on u.id = e.id and u.status = 'active' and u.kind = 'human'),
  planned as materialized (  -- one evening a week, always the same
    select d.*, array(select m.monday + interval '1 day' * (7 * (1 + (k - 1) * d.weeks) + d.h % 7) + interval '1 minute' * (1080 + (d.h / 7) % 180 + (d.h / (k * 31)) % 20) from generate_series(1, 6) k) as slots,
      array(select (select sum(case when testdata.unit(seed, 87820 + a * 10 + j, d.n << 32 | d.person) < 1 / (1 + exp(case when j = d.broken then 2 * d.ability else d.difficulties[j + 1] - 0.3 * (a - 1) - d.ability end)) then 1 << j else 0 end)::int
        from generate_series(0, 9) j) from generate_series(1, 3) a) as hits
    from draws d, lateral (select date_trunc('week', d.at, 'UTC') as monday offset 0) m),
  reached as materialized (
    select p.*, width_bucket(until - interval '1 microsecond', p.slots) as in_time,
      case when bit_count(p.hits[1]::bit(10)) >= 4 then 1 when bit_count(p.hits[2]::bit(10)) >= 4 then 2 when bit_count(p.hits[3]::bit(10)) >= 4 then 3 end as passes from planned p),
  walked as materialized (
    select r.*, least(r.in_time, r.stays, case when r.passes is null then 3 else 6 end, 6) as done,
      case when r.in_time >= 4 and r.stays > 3 then coalesce(r.passes, 3) else 0 end as attempts from reached r),
  ended as (
    select w.*, case when w.done = 6 then 'completed' when w.done < w.in_time and w.slots[greatest(w.done, 1)] + interval '100 days' < until then case when w.u < 0.3 then 'withdrawn' else 'expired' end
        when w.done > 0 then 'active' else 'enrolled' end as status,
      case when w.done between 1 and 5 and w.done <> 3 and w.slots[w.done] + interval '1 day' < until then 10 + (w.h % 81)::int else 0 end as partial
    from walked w)
  select e.n, e.i, e.person, e.user_id, e.course_id, testdata.uid(seed, 273, e.n * 1048576 + e.i, testdata.ms(e.at)), e.at, e.slots, e.attempts, e.hits, e.done, e.partial, e.status,
    case e.status when 'completed' then e.slots[6] when 'withdrawn' then e.slots[greatest(e.done, 1)] + interval '3 days' when 'expired' then e.slots[greatest(e.done, 1)] + interval '90 days' end
  from ended e;
end $$;

create function testdata.gen_learning(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  total constant bigint := testdata.keys_of('gen_learning', sf);
  until constant timestamptz := testdata.window_end();
  honest constant boolean := current_setting('session_replication_role') <> 'replica';
  learners testdata.learner[];
  made bigint := 0;
  here bigint;
begin
  perform testdata.require_allowed();
  -- the structure before the course it belongs to: a published course takes none
  with courses as materialized (
    select c.*, s.code as skill, s.name, e.id as instructor_id from testdata.courses_of(seed, lo, hi, sf) c join learning.skills s on s.id = c.skill_id join testdata.entities e on e.seed = gen_learning.seed and e.kind = 'user' and e.n = c.instructor),
  quizzes as (
    insert into learning.assessments (id, course_id, skill_id, title, kind, items, pass_mark, max_attempts, cooldown, metadata, created_at, updated_at)
    select c.assessment_id, c.id, null, 'Quiz: ' || c.name, 'quiz', (
        select jsonb_agg(jsonb_build_object('id', 'i' || j, 'type', 'single', 'prompt', 'Question ' || j + 1 || ' about ' || lower(c.name), 'options', '["a", "b", "c", "d"]'::jsonb, 'key', chr(97 + (c.n + j)::int % 4), 'points', 1) order by j) from generate_series(0, 9) j),
      40, 3, interval '1 day', jsonb_build_object('broken_item', 'i' || testdata.broken_item(seed, c.n)), c.at, c.at from courses c returning 1),
  parts as (
    insert into learning.modules (id, course_id, position, title, kind, content_id, assessment_id, minutes, completion_rule)
    select testdata.uid(seed, 271, c.n * 8 + k, testdata.ms(c.at)), c.id, k, (array['What it is for', 'Seen once', 'Try it', 'Quiz', 'Seen in depth', 'Where to go from here'])[k], (array['reading', 'video', 'practical', 'quiz', 'video', 'reading'])[k],
      case when k in (1, 6) then t.id end, case when k = 4 then c.assessment_id end, 10 * k, case when k = 4 then '{"type": "quiz_passed"}' else '{"type": "percent", "at_least": 100}' end::jsonb
    from courses c cross join generate_series(1, 6) k left join testdata.entities t on t.seed = gen_learning.seed and t.kind = 'content' and t.n = (c.n * 2 + k / 6) returning 1),
  taught as (
    insert into learning.course_skills (course_id, skill_id, direction, level)
    select c.id, c.skill_id, 'teaches', c.level from courses c
    union all
    select c.id, e.requires_id, 'requires', 1 from courses c join learning.skill_edges e on e.skill_id = c.skill_id where c.n % 3 = 2 returning 1),
  certified as (
    insert into learning.certifications (id, code, title, requirements, validity, issuer, created_at, updated_at)
    select testdata.uid(seed, 275, c.n, testdata.ms(c.at)), c.code, 'Certificate in ' || lower(c.name), jsonb_build_object('courses', jsonb_build_array(c.code), 'assessments', jsonb_build_array(c.assessment_id)),
      (array[interval '2 years', null, interval '30 days', interval '3 years'])[1 + c.n % 4], 'HingeCraft', c.at, c.at from courses c returning 1),
  opened as (
    insert into learning.courses (id, code, title, instructor_id, difficulty, status, estimated_minutes, withdraw_days, published_at, outline, created_at, updated_at)
    select c.id, c.code, c.name || ' from the ground up', c.instructor_id, 1 + (c.n % 5)::int, case when c.n % 10 = 9 then 'archived' else 'published' end, 210, 14, c.published_at, '{}', c.at, case when c.n % 10 = 9 then until - interval '1 hour' else c.published_at end
    from courses c where (select count(*) from parts) + (select count(*) from taught) > 0 order by c.n returning 1),
  keys as (insert into testdata.entities (seed, kind, n, id, at) select seed, 'course', c.n, c.id, c.at from courses c order by c.n returning 1),
  masters as (
    insert into learning.user_skills (user_id, skill_id, level, evidence, assessed_at, source) select c.instructor_id, c.skill_id, 5, '[]', c.at, 'import' from courses c where c.n < 50 returning 1)
  select (select count(*) from opened) + (select count(*) from quizzes) + (select count(*) from parts) + (select count(*) from taught) + (select count(*) from certified) + (select count(*) from keys) + (select count(*) from masters) into here;
  made := made + here;
  if honest then
    alter table core.users disable trigger users_touch;
  end if;
  update core.users u set preferences = u.preferences || jsonb_build_object('mentor_capacity', 2 * ceil(total / 20.0)::int)
  from testdata.courses_of(seed, lo, hi, sf) c join testdata.entities e on e.seed = gen_learning.seed and e.kind = 'user' and e.n = c.instructor where u.id = e.id and not u.preferences ? 'mentor_capacity';
  if honest then
    alter table core.users enable trigger users_touch;
  end if;

  learners := array(select l::testdata.learner from testdata.learners_of(seed, lo, hi, sf) l);
  insert into learning.enrolments (id, user_id, course_id, status, cohort, progress_pct, completed_at, waived_by, reason, metadata, created_at, updated_at)
  select l.enrolment_id, l.user_id, l.course_id, l.status, to_char(l.at at time zone 'UTC', 'YYYY-MM'), round((l.done * 100 + l.partial)::numeric / 6, 2), case when l.status = 'completed' then l.ended_at end,
    case when c.n % 3 = 2 then k.instructor_id end, case when l.status = 'expired' then 'idle for 90 days' when c.n % 3 = 2 then 'knows it already' end, '{}', l.at, coalesce(l.ended_at, case when l.done > 0 then l.slots[l.done] else l.at end)
  from unnest(learners) l join testdata.courses_of(seed, lo, hi, sf) c on c.n = l.n join learning.courses k on k.id = c.id order by l.n, l.i;
  get diagnostics here = row_count;
  made := made + here;
  insert into learning.attempts (id, assessment_id, user_id, number, seed, item_ids, started_at, submitted_at, answers, score, max_score, pass_mark, graded_at)
  select testdata.uid(seed, 274, (l.n * 1048576 + l.i) * 4 + a.a, testdata.ms(s.at)), c.assessment_id, l.user_id, a.a, l.n * 4 + a.a, '{i0,i1,i2,i3,i4,i5,i6,i7,i8,i9}', s.at, s.at + interval '20 minutes', g.answers, g.score, 10, 40, s.at + interval '20 minutes'
  from unnest(learners) l join testdata.courses_of(seed, lo, hi, sf) c on c.n = l.n cross join generate_series(1, l.attempts) as a(a) cross join lateral (select l.slots[3] + interval '30 hours' * a.a as at) s
  cross join lateral (
    select jsonb_object_agg('i' || j, chr(97 + ((l.n + j)::int + case when l.hits[a.a] & (1 << j) > 0 then 0 else 1 + (l.i + j) % 3 end) % 4)) as answers, bit_count(l.hits[a.a]::bit(10)) as score from generate_series(0, 9) j) g
  order by l.n, l.i, a.a;
  get diagnostics here = row_count;
  made := made + here;
  insert into learning.progress (enrolment_id, module_id, state, percent, seconds_spent, last_event_at)
  select l.enrolment_id, testdata.uid(seed, 271, l.n * 8 + k.k, testdata.ms(c.at)), case when k.k <= l.done then 'done' else 'started' end, case when k.k <= l.done then 100 else l.partial end, 300 + (testdata.h(seed, 87870, (l.n * 1048576 + l.i) * 8 + k.k) & 1023)::int,
    case when k.k <= l.done then l.slots[k.k] else l.slots[l.done] + interval '1 day' end
  from unnest(learners) l join testdata.courses_of(seed, lo, hi, sf) c on c.n = l.n cross join generate_series(1, l.done + sign(l.partial)::int) as k(k) order by l.n, l.i, k.k;
  get diagnostics here = row_count;
  made := made + here;

  with finished as materialized (
    select l.*, c.skill_id, c.level, c.code, s.half_life_days, date_trunc('seconds', l.ended_at + interval '2 hours') as issued_at, testdata.uid(seed, 276, l.n * 1048576 + l.i, testdata.ms(l.ended_at)) as certificate_id, testdata.uid(seed, 275, l.n, testdata.ms(c.at)) as certification_id, testdata.unit(seed, 87880, l.n << 32 | l.i) as u
    from unnest(learners) l join testdata.courses_of(seed, lo, hi, sf) c on c.n = l.n join learning.skills s on s.id = c.skill_id where l.status = 'completed'),
  proven as materialized (
    select f.*, jsonb_build_array(jsonb_build_object('kind', 'course', 'ref', f.course_id, 'weight', power(2::numeric, f.level - 1), 'at', to_char(f.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'))) as evidence from finished f),
  able as (
    insert into learning.user_skills (user_id, skill_id, level, evidence, assessed_at, source)
    select p.user_id, p.skill_id, learning.level_of(learning.points(p.evidence, p.half_life_days, until), p.evidence), p.evidence, p.ended_at, 'evidence' from proven p where p.n < 50 order by p.n, p.i returning 1),
  issued as (
    insert into learning.certificates (id, number, certification_id, user_id, issued_at, expires_at, revoked_at, revoke_reason, credential, credential_sha256, public_code)
    select p.certificate_id, v.number, p.certification_id, p.user_id, p.issued_at, v.expires_at, case when p.u > 0.98 and p.issued_at + interval '5 days' < until then p.issued_at + interval '5 days' end, case when p.u > 0.98 and p.issued_at + interval '5 days' < until then 'fraud' end,
      v.credential, sha256(convert_to(v.credential::text, 'UTF8')), left(encode(sha256(uuid_send(p.certificate_id)), 'hex'), 24)
    from proven p join learning.certifications k on k.id = p.certification_id cross join lateral (select 'T' || to_hex((testdata.seed_tag(seed) << 40) | (p.n << 24) | p.i) as number, p.issued_at + k.validity as expires_at) w
    cross join lateral (
      select w.number, w.expires_at, jsonb_strip_nulls(jsonb_build_object('@context', jsonb_build_array('https://www.w3.org/ns/credentials/v2'), 'type', jsonb_build_array('VerifiableCredential', 'SkillCertificate'), 'id', 'urn:uuid:' || p.certificate_id::text,
        'issuer', k.issuer, 'validFrom', to_char(p.issued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'validUntil', to_char(w.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'credentialSubject', jsonb_build_object('id', 'urn:uuid:' || p.user_id::text, 'achievement', jsonb_build_object('code', k.code, 'name', k.title, 'number', w.number)))) as credential) v
    where p.u > 0.2 and p.issued_at < until order by p.n, p.i returning 1),
  paired as (
    insert into learning.mentorships (id, mentor_id, mentee_id, skill_id, status, during, goals, sessions_count, mentor_feedback, mentee_feedback, ended_at, created_at, updated_at)
    select testdata.uid(seed, 277, m.n * 4 + m.place, testdata.ms(m.at)), e.id, m.user_id, c.skill_id, s.status, tstzrange(m.at, case when s.status = 'active' then null else m.ends end), jsonb_build_array('finish the course'), case when s.status = 'declined' then 0 else 3 end,
      case when s.status = 'completed' then '{"rating": 5}'::jsonb end, case when s.status = 'completed' then jsonb_build_object('rating', 3 + m.n % 3) end, case when s.status <> 'active' then m.ends end, m.at, case when s.status = 'active' then m.at + interval '1 hour' else m.ends end
    from (select l.n, l.user_id, l.slots[1] as at, l.slots[1] + interval '3 hours' as ends, row_number() over (partition by l.n order by l.i) - 1 as place from unnest(learners) l where l.done > 0 and l.slots[1] + interval '3 hours' < until) m
    join testdata.courses_of(seed, lo, hi, sf) c on c.n = m.n join testdata.entities e on e.seed = gen_learning.seed and e.kind = 'user' and e.n = c.instructor cross join lateral (select (array['active', 'active', 'completed', 'declined'])[m.place + 1] as status) s where m.place < 4 returning 1)
  select (select count(*) from able) + (select count(*) from issued) + (select count(*) from paired) into here;
  made := made + here;
  return made
    + testdata.write_history('course', format($q$ select c.id, (array['draft', 'published', k.status])[1:case k.status when 'archived' then 3 else 2 end], array[c.at, c.published_at, k.updated_at], k.instructor_id from testdata.courses_of(%s, %s, %s, %s) c join learning.courses k on k.id = c.id $q$, seed, lo, hi, sf))
    + testdata.write_history('enrolment', array(
        select row(l.enrolment_id, case when l.done = 0 then array['enrolled', l.status] else (array['enrolled', 'active', l.status])[1:case l.status when 'active' then 2 else 3 end] end, case when l.done = 0 then array[l.at, l.ended_at] else array[l.at, l.slots[1], l.ended_at] end, l.user_id)::testdata.walked
        from unnest(learners) l where l.status <> 'enrolled'))
    + testdata.write_history('mentorship', format($q$ select m.id, case m.status when 'completed' then array['offered', 'active', 'completed'] else array['offered', m.status] end, array[m.created_at, case m.status when 'declined' then m.ended_at else m.created_at + interval '1 hour' end, m.ended_at], m.mentor_id
        from testdata.courses_of(%s, %s, %s, %s) c join testdata.entities e on e.seed = %1$s and e.kind = 'user' and e.n = c.instructor join learning.mentorships m on m.mentor_id = e.id and m.skill_id = c.skill_id $q$, seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows)
values ('gen_learning', '{learning.courses,learning.modules,learning.course_skills,learning.assessments,learning.certifications,learning.enrolments,learning.attempts,learning.progress,learning.user_skills,learning.certificates,learning.mentorships}',
  '{gen_users,gen_content}', 50, 5, 6);

comment on function testdata.item_difficulty is 'Planted difficulty of an item of the quiz of a course, -2 to 2 on the scale of the learners'' ability.';
comment on function testdata.broken_item is 'The item of a quiz whose key is wrong: the less somebody knows, the more often he hits it.';
comment on function testdata.courses_of is 'What decides about the courses of a range.';
comment on type testdata.learner is 'One learner of a course, as learners_of() decides about him.';
comment on function testdata.learners_of is 'Learners of the courses of a range and how far they come: slots are the six evenings, done the modules finished, hits the items of each attempt whose key is hit, as bits: a Rasch model with what one learns from the attempt before.';
comment on function testdata.gen_learning is 'Makes the learning room course by course, and the entities course. Gives instructors a mentor_capacity.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, testdata.gen_users(42878, 0, 100, 0.001) > 100;
create temporary view pg_temp.courses_0878 as select c.*, e.n from testdata.entities e join learning.courses c using (id) where e.seed = 42878 and e.kind = 'course';
create temporary view pg_temp.digest_0878 as
select concat_ws(' ', (select sum(hashtextextended(c::text, 0)) from pg_temp.courses_0878 c), (select sum(hashtextextended(e::text, 0)) from learning.enrolments e join pg_temp.courses_0878 c on c.id = e.course_id), (select sum(hashtextextended(p::text, 0)) from learning.progress p join learning.enrolments e on e.id = p.enrolment_id
    join pg_temp.courses_0878 c on c.id = e.course_id), (select sum(hashtextextended(t::text, 0)) from learning.attempts t join learning.assessments a on a.id = t.assessment_id join pg_temp.courses_0878 c on c.id = a.course_id),
  (select sum(hashtextextended(k::text, 0)) from learning.certificates k join learning.certifications f on f.id = k.certification_id join pg_temp.courses_0878 c on c.code = f.code), (select sum(hashtextextended(s::text, 0)) from learning.user_skills s where testdata.is_test_id(s.user_id) and s.user_id in (select id from testdata.entities where seed = 42878))) as digest;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_learning(42878, 1, 3, 0.001) + testdata.gen_learning(42878, 0, 1, 0.001);
  select digest into halves from pg_temp.digest_0878;
  raise exception using errcode = 'P0878';
exception when sqlstate 'P0878' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_learning(42878, 0, 3, 0.001) > 600;
select digest = current_setting('probe.halves') from pg_temp.digest_0878;
select count(*) = 3, bool_and(core.uuid_time(id) = created_at and testdata.is_test_id(id)), bool_and((select count(*) from learning.modules m where m.course_id = c.id) = 6) from pg_temp.courses_0878 c;
select core.act_as('00000000-0000-7000-8000-000000878001', 'hc_worker');
create temporary table items_0878 as select c.n, i.*, substr(i.item, 2)::int as j, a.metadata ->> 'broken_item' = i.item as is_broken from pg_temp.courses_0878 c join learning.assessments a on a.course_id = c.id cross join lateral learning.item_analysis(a.id) i;
select count(*) = 30, min(answers) > 25, corr(ln((1.02 - difficulty) / (difficulty + 0.02)), testdata.item_difficulty(42878, n, j)) filter (where not is_broken) > 0.9 from pg_temp.items_0878;
select n, (array_agg(is_broken order by discrimination))[1], min(discrimination) < 0, bool_and(discrimination > 0 or is_broken), bool_or(is_broken and j = testdata.broken_item(42878, n)) from pg_temp.items_0878 group by n;
select count(*) filter (where e.status = 'completed') > 15, count(distinct e.status) >= 3, bool_and(e.progress_pct = learning.course_completion(e.id)), bool_and((e.status = 'completed') = (e.progress_pct = 100)), bool_and(e.created_at >= c.published_at), count(distinct e.cohort) > 1
from learning.enrolments e join pg_temp.courses_0878 c on c.id = e.course_id;
select bool_and(p.state = case when learning.module_done(m, p, e.user_id) then 'done' else 'started' end), bool_and(p.last_event_at > e.created_at and p.last_event_at < testdata.window_end()), count(*) filter (where extract(hour from p.last_event_at at time zone 'UTC') between 18 and 21) = count(*)
from learning.progress p join learning.modules m on m.id = p.module_id join learning.enrolments e on e.id = p.enrolment_id join pg_temp.courses_0878 c on c.id = e.course_id;
select count(*) = 0 from (select p.last_event_at >= lead(p.last_event_at) over (partition by p.enrolment_id order by m.position) or p.state > lag(p.state) over (partition by p.enrolment_id order by m.position desc) as falls from learning.progress p
  join learning.modules m on m.id = p.module_id join pg_temp.courses_0878 c on c.id = m.course_id) x where falls;
select bool_and(t.score = g.score and t.max_score = g.max_score and g.open_items = 0), max(t.number) between 2 and 3, count(*) filter (where t.passed and t.number < (select max(o.number) from learning.attempts o where o.assessment_id = t.assessment_id and o.user_id = t.user_id)) = 0
from learning.attempts t join learning.assessments a on a.id = t.assessment_id join pg_temp.courses_0878 c on c.id = a.course_id, lateral learning.grade(a.items, t.item_ids, t.answers) g;
select count(*) > 10, bool_and(learning.unmet(k.certification_id, k.user_id) = '{}'), bool_and(v.status = case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' else 'valid' end)
from learning.certificates k join learning.certifications f on f.id = k.certification_id join pg_temp.courses_0878 c on c.code = f.code, lateral learning.verify_certificate(k.public_code, k.credential) v;
select count(*) > 15, bool_and(s.level between 1 and 3), bool_and(learning.points(s.evidence, 730, testdata.window_end()) < (s.evidence -> 0 ->> 'weight')::numeric) from learning.user_skills s join testdata.entities e on e.id = s.user_id and e.seed = 42878 where s.source = 'evidence';
select count(*) between 6 and 12, bool_and(learning.mentor_load(m.mentor_id) between 1 and learning.mentor_capacity(m.mentor_id)), bool_and(learning.skill_level(m.mentor_id, m.skill_id) = 5) from learning.mentorships m join testdata.entities e on e.id = m.mentor_id and e.seed = 42878;
select count(*) = 0 from learning.enrolments e join pg_temp.courses_0878 c on c.id = e.course_id where e.status <> 'enrolled' and e.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = e.id order by s.occurred_at desc limit 1);
select count(*) = 3 from core.status_changes s join pg_temp.courses_0878 c on c.id = s.entity_id where s.machine = 'course' and s.to_status = 'published';
select count(*) >= 6 from core.status_changes s join learning.mentorships m on m.id = s.entity_id and s.machine = 'mentorship' and s.to_status = m.status join testdata.entities e on e.id = m.mentor_id and e.seed = 42878;
select tgname, tgenabled = 'O', (select count(*) = 3 and bool_and(u.updated_at < testdata.window_end()) from core.users u where u.preferences ? 'mentor_capacity' and u.id in (select c.instructor_id from pg_temp.courses_0878 c)) from pg_trigger where tgname = 'users_touch';
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_learning(42878, 0, 1, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_learning' and 'gen_users' = any (after) and cardinality(targets) = 11;

-- revert
delete from testdata.generators where name = 'gen_learning';
drop function testdata.gen_learning;
drop function testdata.learners_of;
drop type testdata.learner;
drop function testdata.courses_of;
drop function testdata.broken_item;
drop function testdata.item_difficulty;
