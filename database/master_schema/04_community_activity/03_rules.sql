-- Room community, rules and views: who reads what, and the lists of members, moderators and organisers.

-- task: BUILD_0091 implement_feature critical
-- title: Row policies for clubs, messages, events, reports and feeds
-- does: Everybody sees clubs that are open or ask first, members theirs and what is said there; authors edit their words for 24 hours; cursors, follows and feed are one's own; reports are for their
--   reporter, the moderators of the club and hc_moderator, moderation actions for the latter two. Messages, memberships and the rest are written by functions.
-- proves: a stranger sees no message of a private club, a banned one none, a moderator of a club its reports alone, an edit after 24 hours changes no row, anon sees an open club and no members.
-- needs: BUILD_0086, BUILD_0089
create function community.my_clubs(variadic roles text[] default '{owner,moderator,member,muted}') returns uuid[]
  language sql stable security definer
  return array(select m.club_id from community.memberships m where m.user_id = core.current_user_id() and m.left_at is null and m.role = any (roles));

create policy clubs_public_select on community.clubs for select to hc_anon, hc_agent using (kind <> 'private' and status = 'active');
create policy clubs_own_select on community.clubs for select to hc_member using (id = any ((select community.my_clubs())::uuid[]));
create policy clubs_staff_select on community.clubs for select to hc_moderator, hc_auditor using (true);
create policy memberships_club_select on community.memberships for select to hc_member
  using (user_id = (select core.current_user_id()) or club_id = any ((select community.my_clubs())::uuid[]));
create policy memberships_staff_select on community.memberships for select to hc_moderator, hc_auditor using (true);
create policy memberships_own_update on community.memberships for update to hc_member using (user_id = (select core.current_user_id()));
create policy threads_club_select on community.threads for select to hc_member using (club_id = any ((select community.my_clubs())::uuid[]));
create policy threads_staff_select on community.threads for select to hc_moderator, hc_auditor using (true);
create policy messages_club_select on community.messages for select to hc_member
  using (club_id = any ((select community.my_clubs())::uuid[]) and (held_at is null or author_id = (select core.current_user_id()) or club_id = any ((select community.my_clubs('owner', 'moderator'))::uuid[])));
create policy messages_staff_select on community.messages for select to hc_moderator, hc_auditor using (true);
create policy messages_own_update on community.messages for update to hc_member
  using (author_id = (select core.current_user_id()) and occurred_at > now() - interval '24 hours' and redacted_at is null and club_id = any ((select community.my_clubs('owner', 'moderator', 'member'))::uuid[]));
create policy reactions_club_select on community.reactions for select to hc_member using (club_id = any ((select community.my_clubs())::uuid[]));
create policy reactions_staff_select on community.reactions for select to hc_moderator, hc_auditor using (true);
create policy reactions_own_insert on community.reactions for insert to hc_member
  with check (user_id = (select core.current_user_id()) and club_id = any ((select community.my_clubs('owner', 'moderator', 'member'))::uuid[]));
create policy reactions_own_delete on community.reactions for delete to hc_member using (user_id = (select core.current_user_id()));
create policy read_cursors_own_select on community.read_cursors for select to hc_member using (user_id = (select core.current_user_id()));
create policy events_public_select on community.events for select to hc_anon, hc_agent
  using (status <> 'draft' and (club_id is null or club_id in (select c.id from community.clubs c where c.kind <> 'private')));
create policy events_own_select on community.events for select to hc_member using (organiser_id = (select core.current_user_id()) or (status <> 'draft' and club_id = any ((select community.my_clubs())::uuid[])));
create policy events_staff_select on community.events for select to hc_moderator, hc_auditor using (true);
create policy attendance_own_select on community.attendance for select to hc_member
  using (user_id = (select core.current_user_id()) or event_id in (select e.id from community.events e where e.organiser_id = (select core.current_user_id())));
create policy attendance_staff_select on community.attendance for select to hc_moderator, hc_auditor using (true);
create policy reports_own_select on community.reports for select to hc_member
  using (reporter_id = (select core.current_user_id()) or club_id = any ((select community.my_clubs('owner', 'moderator'))::uuid[]));
create policy reports_staff_select on community.reports for select to hc_moderator, hc_auditor using (true);
create policy moderation_actions_club_select on community.moderation_actions for select to hc_member using (club_id = any ((select community.my_clubs('owner', 'moderator'))::uuid[]));
create policy moderation_actions_staff_select on community.moderation_actions for select to hc_moderator, hc_auditor using (true);
create policy reputation_entries_own_select on community.reputation_entries for select to hc_member using (user_id = (select core.current_user_id()));
create policy reputation_entries_staff_select on community.reputation_entries for select to hc_moderator, hc_auditor using (true);
create policy follows_own on community.follows to hc_member using (follower_id = (select core.current_user_id()));
create policy feed_entries_own_select on community.feed_entries for select to hc_member using (user_id = (select core.current_user_id()));

grant execute on function community.my_clubs to hc_member;
grant select on community.clubs, community.events to hc_anon, hc_agent, hc_auditor;
grant select on community.memberships, community.threads, community.messages, community.reactions, community.attendance, community.reports, community.moderation_actions, community.reputation_entries to hc_member, hc_auditor;
grant select on community.read_cursors, community.follows, community.feed_entries to hc_member;
grant update (notify) on community.memberships to hc_member;
grant update (body) on community.messages to hc_member;
grant insert (club_id, message_seq, emoji), delete on community.reactions to hc_member;
grant insert (kind, target_id), delete on community.follows to hc_member;

comment on function community.my_clubs is 'Clubs of the current person in which the role is one of the given; without arguments: not waiting and not banned. Security definer: asked by policies, which would otherwise ask themselves.';
comment on policy clubs_public_select on community.clubs is 'Everybody sees clubs that are open or ask first.';
comment on policy clubs_own_select on community.clubs is 'Members see their clubs.';
comment on policy clubs_staff_select on community.clubs is 'Moderation and audit see every club.';
comment on policy memberships_club_select on community.memberships is 'Members see who is in their clubs, and everybody the own memberships.';
comment on policy memberships_staff_select on community.memberships is 'Moderation and audit see every membership.';
comment on policy memberships_own_update on community.memberships is 'People choose what they are told, as far as column grants allow.';
comment on policy threads_club_select on community.threads is 'Threads are for members.';
comment on policy threads_staff_select on community.threads is 'Moderation and audit see every thread.';
comment on policy messages_club_select on community.messages is 'Messages are for members; held ones for their author and the moderators.';
comment on policy messages_staff_select on community.messages is 'Moderation and audit see every message.';
comment on policy messages_own_update on community.messages is 'Authors edit their words for 24 hours, as far as column grants allow.';
comment on policy reactions_club_select on community.reactions is 'Reactions are for members.';
comment on policy reactions_staff_select on community.reactions is 'Moderation and audit see every reaction.';
comment on policy reactions_own_insert on community.reactions is 'Members react in their own name.';
comment on policy reactions_own_delete on community.reactions is 'People take reactions back.';
comment on policy read_cursors_own_select on community.read_cursors is 'What somebody read is nobody else''s business.';
comment on policy events_public_select on community.events is 'Everybody sees events outside of private clubs.';
comment on policy events_own_select on community.events is 'Organisers see their events, members those of their clubs.';
comment on policy events_staff_select on community.events is 'Moderation and audit see every event.';
comment on policy attendance_own_select on community.attendance is 'People see their seats, organisers who comes.';
comment on policy attendance_staff_select on community.attendance is 'Moderation and audit see who comes.';
comment on policy reports_own_select on community.reports is 'Reporters see their reports, moderators of a club those of it.';
comment on policy reports_staff_select on community.reports is 'Moderation and audit see every report.';
comment on policy moderation_actions_club_select on community.moderation_actions is 'Moderators of a club see what was done in it.';
comment on policy moderation_actions_staff_select on community.moderation_actions is 'Moderation and audit see everything that was done.';
comment on policy reputation_entries_own_select on community.reputation_entries is 'People see their points.';
comment on policy reputation_entries_staff_select on community.reputation_entries is 'Moderation and audit see all points.';
comment on policy follows_own on community.follows is 'What somebody follows is nobody else''s business.';
comment on policy feed_entries_own_select on community.feed_entries is 'A feed is its reader''s.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000009100' || n)::uuid, 'u' || n || '-0091' from generate_series(1, 5) n;
insert into community.clubs (id, slug, name, kind) values ('00000000-0000-7000-8000-000000091011', 'open-0091', 'Probe', 'open'), ('00000000-0000-7000-8000-000000091012', 'private-0091', 'Probe', 'private');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000091011', '00000000-0000-7000-8000-000000091001', 'owner'), ('00000000-0000-7000-8000-000000091012', '00000000-0000-7000-8000-000000091001', 'owner'),
  ('00000000-0000-7000-8000-000000091012', '00000000-0000-7000-8000-000000091002', 'member'), ('00000000-0000-7000-8000-000000091012', '00000000-0000-7000-8000-000000091003', 'banned'), ('00000000-0000-7000-8000-000000091011', '00000000-0000-7000-8000-000000091004', 'moderator');
insert into community.threads (club_id, title) select id, 'Probe' from community.clubs where slug like '%-0091';
insert into community.messages (club_id, seq, author_id, body, occurred_at, held_at) select c.id, n, '00000000-0000-7000-8000-000000091002', 'm' || n, now() - case n when 2 then interval '25 hours' else '0' end, case n when 3 then now() end from community.clubs c, generate_series(1, 3) n where slug like '%-0091';
insert into community.reactions (club_id, message_seq, user_id, emoji) select id, 1, '00000000-0000-7000-8000-000000091001', '+1' from community.clubs where slug like '%-0091';
insert into community.read_cursors (club_id, user_id) values ('00000000-0000-7000-8000-000000091012', '00000000-0000-7000-8000-000000091002'), ('00000000-0000-7000-8000-000000091012', '00000000-0000-7000-8000-000000091001');
insert into community.events (id, club_id, organiser_id, title, during, status) values ('00000000-0000-7000-8000-000000091031', '00000000-0000-7000-8000-000000091011', '00000000-0000-7000-8000-000000091001', 'Probe', tstzrange(now(), now() + interval '1 hour'), 'scheduled'),
  ('00000000-0000-7000-8000-000000091032', '00000000-0000-7000-8000-000000091012', '00000000-0000-7000-8000-000000091001', 'Probe', tstzrange(now(), now() + interval '1 hour'), 'scheduled'), ('00000000-0000-7000-8000-000000091033', null, '00000000-0000-7000-8000-000000091001', 'Probe', tstzrange(now(), now() + interval '1 hour'), 'draft');
insert into community.attendance (event_id, user_id) values ('00000000-0000-7000-8000-000000091031', '00000000-0000-7000-8000-000000091002'), ('00000000-0000-7000-8000-000000091031', '00000000-0000-7000-8000-000000091004');
insert into community.reports (reporter_id, target_kind, target_id, reason_code, club_id) select '00000000-0000-7000-8000-000000091002', 'user', '00000000-0000-7000-8000-000000091003', 'spam', id from community.clubs where slug = 'private-0091';
insert into community.reports (reporter_id, target_kind, target_id, reason_code, club_id) select '00000000-0000-7000-8000-000000091005', 'user', '00000000-0000-7000-8000-000000091003', 'spam', id from community.clubs where slug = 'open-0091';
insert into community.moderation_actions (action, target_kind, target_id, reason, club_id) select 'warn', 'user', '00000000-0000-7000-8000-000000091003', 'probe', id from community.clubs where slug like '%-0091';
insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id) select id, 1, 'answer_accepted', 'message', uuidv7() from core.users where handle in ('u1-0091', 'u2-0091');
insert into community.follows (follower_id, kind, target_id) select id, 'club', '00000000-0000-7000-8000-000000091011' from core.users where handle in ('u1-0091', 'u2-0091');
insert into community.feed_entries (user_id, actor_id, verb, object_kind, object_id, origin_id) select id, id, 'probe0091', 'club', uuidv7(), uuidv7() from core.users where handle in ('u1-0091', 'u2-0091');
create function pg_temp.seen() returns text language sql as $$
  select concat_ws(' ', (select count(*) from community.clubs where slug like '%-0091'), (select count(*) from community.memberships where club_id in ('00000000-0000-7000-8000-000000091011', '00000000-0000-7000-8000-000000091012')),
    (select count(*) from community.threads where club_id in ('00000000-0000-7000-8000-000000091011', '00000000-0000-7000-8000-000000091012')), (select count(*) from community.messages where author_id = '00000000-0000-7000-8000-000000091002'),
    (select count(*) from community.reactions where user_id = '00000000-0000-7000-8000-000000091001'), (select count(*) from community.events where organiser_id = '00000000-0000-7000-8000-000000091001'),
    (select count(*) from community.attendance where event_id = '00000000-0000-7000-8000-000000091031'), (select count(*) from community.reports where target_id = '00000000-0000-7000-8000-000000091003'),
    (select count(*) from community.moderation_actions where target_id = '00000000-0000-7000-8000-000000091003'), (select count(*) from community.reputation_entries where user_id in ('00000000-0000-7000-8000-000000091001', '00000000-0000-7000-8000-000000091002'))) $$;
grant execute on function pg_temp.seen to public;
set local role hc_anon;
select array_agg(slug::text) = '{open-0091}' from community.clubs where slug like '%-0091';
select count(*) = 1 and bool_and(club_id = '00000000-0000-7000-8000-000000091011') from community.events where organiser_id = '00000000-0000-7000-8000-000000091001';
select blueprint.raises('select from community.memberships', '42501'), blueprint.raises('select from community.messages', '42501');
set local role hc_agent;
select count(*) = 1 from community.clubs where slug like '%-0091';
select count(*) = 1 from community.events where organiser_id = '00000000-0000-7000-8000-000000091001';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000091001');
set local role hc_member;
select pg_temp.seen() = '2 5 2 6 2 3 2 2 2 1', (select count(*) from community.read_cursors) = 1, (select count(*) from community.follows) = 1, (select count(*) from community.feed_entries where verb = 'probe0091') = 1;
select sql, blueprint.raises(sql, '42501') from (values ($$ insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000091011', 9, 'x') $$), ($$ update community.memberships set role = 'owner' $$), ($$ update community.messages set seq = 9 $$),
  ($$ insert into community.reactions (club_id, message_seq, user_id, emoji) values ('00000000-0000-7000-8000-000000091011', 1, '00000000-0000-7000-8000-000000091002', 'x') $$)) v(sql);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000091002');
set local role hc_member;
select pg_temp.seen() = '2 3 1 3 1 2 1 1 0 1';
with edited as (update community.messages set body = body || '!' where author_id = '00000000-0000-7000-8000-000000091002' returning seq, club_id) select array_agg(seq order by seq) = '{1,3}' and bool_and(club_id = '00000000-0000-7000-8000-000000091012') from edited;
with told as (update community.memberships set notify = 'none' returning user_id) select count(*) = 1 from told;
insert into community.reactions (club_id, message_seq, emoji) values ('00000000-0000-7000-8000-000000091012', 1, '-1');
select blueprint.raises($$ insert into community.reactions (club_id, message_seq, emoji) values ('00000000-0000-7000-8000-000000091011', 1, '-1') $$, '42501', 'row-level');
with gone as (delete from community.reactions returning user_id) select count(*) = 1 and bool_and(user_id = '00000000-0000-7000-8000-000000091002') from gone;
insert into community.follows (kind, target_id) values ('user', '00000000-0000-7000-8000-000000091001') returning follower_id = '00000000-0000-7000-8000-000000091002';
with gone as (delete from community.follows returning 1) select count(*) = 2 from gone;
set local role hc_owner;
select count(*) = 1 from community.follows where target_id = '00000000-0000-7000-8000-000000091011';
select core.act_as('00000000-0000-7000-8000-000000091003');
set local role hc_member;
select pg_temp.seen() = '1 1 0 0 0 1 0 0 0 0';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000091004');
set local role hc_member;
select pg_temp.seen() = '1 2 1 3 1 1 1 1 1 0', (select bool_and(club_id = '00000000-0000-7000-8000-000000091011') from community.reports);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000091005');
set local role hc_member;
select pg_temp.seen() = '1 0 0 0 0 1 0 1 0 0';
set local role hc_moderator;
select pg_temp.seen() = '2 5 2 6 2 3 2 2 2 2';
set local role hc_auditor;
select pg_temp.seen() = '2 5 2 6 2 3 2 2 2 2';
set local role hc_owner;
select c, has_column_privilege('hc_member', 'community.reactions', c, 'insert') from unnest(array['club_id', 'message_seq', 'emoji']) c;
select c, has_column_privilege('hc_member', 'community.follows', c, 'insert') from unnest(array['kind', 'target_id']) c;
select prosecdef from pg_proc where oid = 'community.my_clubs(text[])'::regprocedure;
select has_function_privilege('hc_member', 'community.my_clubs(text[])', 'execute') and not has_function_privilege('hc_anon', 'community.my_clubs(text[])', 'execute');

-- task: BUILD_0087 create_views
-- title: Views club_overview, my_clubs, moderation_queue and event_calendar
-- does: club_overview counts members, messages and authors of seven days; my_clubs shows role, unread and mute; moderation_queue the open reports by severity and age with evidence and how often their
--   target was acted on; event_calendar the local start for the reader, seats left and the own status. Each reader sees what row security shows.
-- proves: three messages of others are three unread, the calendar shows Berlin time and no seat left when full, the queue is sorted and counts repeats, the overview adds up.
-- needs: BUILD_0091
create function community.seats_left(event uuid) returns int
  language sql stable security definer
  return (select greatest(e.capacity - (select count(*) from community.attendance a where a.event_id = e.id and a.status in ('registered', 'attended')), 0)::int from community.events e where e.id = event);

create view community.club_overview with (security_invoker) as
  select c.id, c.slug, c.name, c.kind, c.member_count, coalesce(m.messages, 0) as messages_7d, coalesce(m.authors, 0) as authors_7d, c.last_message_at
  from community.clubs c
  left join lateral (select count(*) as messages, count(distinct k.author_id) as authors from community.messages k where k.club_id = c.id and k.occurred_at > now() - interval '7 days') m on true;

create view community.my_clubs with (security_invoker) as
  select c.id, c.slug, c.name, m.role, m.notify, m.muted_until, c.last_message_at,
    (select count(*) from community.messages k where k.club_id = c.id and k.seq > coalesce(r.last_read_seq, 0) and k.author_id is distinct from m.user_id) as unread
  from community.memberships m join community.clubs c on c.id = m.club_id
  left join community.read_cursors r on r.club_id = m.club_id and r.user_id = m.user_id
  where m.user_id = (select core.current_user_id()) and m.left_at is null and m.role not in ('pending', 'banned');

create view community.moderation_queue with (security_invoker) as
  select r.id, r.club_id, r.target_kind, r.target_id, r.target_author_id, r.reason_code, r.severity, r.evidence, r.status, r.assigned_to, now() - r.created_at as age,
    (select count(*) from community.moderation_actions a where a.target_author_id = r.target_author_id and a.action in ('warn', 'redact', 'mute', 'ban')) as earlier_actions,
    row_number() over (order by r.severity desc, r.created_at, r.id) as rank
  from community.reports r where r.status in ('open', 'triaged');

create view community.event_calendar with (security_invoker) as
  select e.id, e.club_id, e.title, e.kind, e.status, lower(e.during) as starts_at, upper(e.during) as ends_at, lower(e.during) at time zone coalesce(u.time_zone, e.time_zone) as local_start,
    e.capacity, a.status as my_status, community.seats_left(e.id) as seats_left
  from community.events e
  left join core.users u on u.id = (select core.current_user_id())
  left join community.attendance a on a.event_id = e.id and a.user_id = (select core.current_user_id())
  where e.status <> 'draft';

grant execute on function community.seats_left to hc_member;
grant select on community.club_overview, community.moderation_queue, community.event_calendar to hc_member, hc_auditor;
grant select on community.my_clubs to hc_member;

comment on function community.seats_left is 'Seats left at an event, null where there is no limit. Security definer: who comes is not seen by everybody, how many are left is.';
comment on view community.club_overview is 'Clubs with their last seven days.';
comment on view community.my_clubs is 'Clubs of the current person with what is unread.';
comment on view community.moderation_queue is 'Reports that wait, most severe and oldest first (rank).';
comment on view community.event_calendar is 'Events in the time zone of the reader.';

-- verify
insert into core.users (id, handle, time_zone) values ('00000000-0000-7000-8000-000000087001', 'ada-0087', 'Europe/Berlin'), ('00000000-0000-7000-8000-000000087002', 'bob-0087', 'UTC');
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000087011', 'probe-0087', 'Probe');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000087011', '00000000-0000-7000-8000-000000087001', 'owner'), ('00000000-0000-7000-8000-000000087011', '00000000-0000-7000-8000-000000087002', 'member');
insert into community.messages (club_id, seq, author_id, body) select '00000000-0000-7000-8000-000000087011', n, case n when 3 then '00000000-0000-7000-8000-000000087001'::uuid else '00000000-0000-7000-8000-000000087002' end, 'm' || n from generate_series(1, 5) n;
insert into community.read_cursors (club_id, user_id, last_read_seq) values ('00000000-0000-7000-8000-000000087011', '00000000-0000-7000-8000-000000087001', 1);
insert into community.events (id, club_id, organiser_id, title, during, capacity) values ('00000000-0000-7000-8000-000000087031', '00000000-0000-7000-8000-000000087011', '00000000-0000-7000-8000-000000087002', 'Probe', tstzrange('2026-01-05 18:00+00', '2026-01-05 20:00+00'), 1);
insert into community.attendance (event_id, user_id) values ('00000000-0000-7000-8000-000000087031', '00000000-0000-7000-8000-000000087002');
insert into community.reports (reporter_id, target_kind, target_id, target_author_id, reason_code, severity, club_id) values ('00000000-0000-7000-8000-000000087001', 'user', '00000000-0000-7000-8000-000000087002', '00000000-0000-7000-8000-000000087002', 'spam', 1, '00000000-0000-7000-8000-000000087011'),
  ('00000000-0000-7000-8000-000000087001', 'comment', '00000000-0000-7000-8000-000000087002', '00000000-0000-7000-8000-000000087002', 'hate', 3, '00000000-0000-7000-8000-000000087011'), ('00000000-0000-7000-8000-000000087001', 'design', '00000000-0000-7000-8000-000000087002', null, 'spam', 2, '00000000-0000-7000-8000-000000087011');
update community.reports set status = 'dismissed' where target_kind = 'design' and reporter_id = '00000000-0000-7000-8000-000000087001';
insert into community.moderation_actions (action, target_kind, target_id, target_author_id, reason, club_id) values ('warn', 'user', '00000000-0000-7000-8000-000000087002', '00000000-0000-7000-8000-000000087002', 'x', '00000000-0000-7000-8000-000000087011');
select core.act_as('00000000-0000-7000-8000-000000087001');
set local role hc_member;
select unread = 3 and role = 'owner' and notify = 'all' from community.my_clubs;
select messages_7d = 5 and authors_7d = 2 and member_count = 2 and last_message_at = now() from community.club_overview where slug = 'probe-0087';
select local_start = '2026-01-05 19:00' and seats_left = 0 and my_status is null from community.event_calendar where id = '00000000-0000-7000-8000-000000087031';
select array_agg(target_kind order by rank) = '{comment,user}' and bool_and(earlier_actions = 1 and age = '0') from community.moderation_queue;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000087002');
set local role hc_member;
select my_status = 'registered' and local_start = '2026-01-05 18:00' from community.event_calendar where id = '00000000-0000-7000-8000-000000087031';
select count(*) = 0 from community.moderation_queue;
set local role hc_owner;
select v, has_table_privilege('hc_member', 'community.' || v, 'select') and has_table_privilege('hc_auditor', 'community.' || v, 'select') = (v <> 'my_clubs') and not has_table_privilege('hc_anon', 'community.' || v, 'select') and (select 'security_invoker=true' = any (reloptions) from pg_class where oid = ('community.' || v)::regclass)
from unnest(array['club_overview', 'moderation_queue', 'event_calendar', 'my_clubs']) v;
select has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('community.seats_left(uuid)')) v(f);
