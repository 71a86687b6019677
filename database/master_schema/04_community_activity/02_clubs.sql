-- Room community, clubs: who belongs to them, what follows by itself, what a row must be, and who reads it.

-- task: BUILD_0085 create_functions critical
-- title: Club functions: create_club, join_club, leave_club, is_member, can_post
-- does: Who makes a club owns it; joining honours open, request and private and bans; owners and moderators approve and set roles, the last owner stays. is_member() and can_post() say what policies and
--   messages go by.
-- proves: joining a private club raises, a request waits until it is approved, a banned person stays out, the last owner cannot leave, a muted one cannot post until the mute is over.
-- needs: BUILD_0036, BUILD_0084
create function community.club_role(club uuid, person uuid default core.current_user_id()) returns text
  language sql stable
  return (select m.role from community.memberships m where m.club_id = club and m.user_id = person and m.left_at is null);

create function community.is_member(club uuid, person uuid default core.current_user_id()) returns boolean
  language sql stable security definer
  return coalesce(community.club_role(club, person) not in ('pending', 'banned'), false);

create function community.can_post(club uuid, person uuid default core.current_user_id()) returns boolean
  language sql stable security definer
  return exists (
    select from community.memberships m join community.clubs c on c.id = m.club_id
    where m.club_id = club and m.user_id = person and m.left_at is null and c.status = 'active' and (m.role in ('owner', 'moderator', 'member') or m.role = 'muted' and m.muted_until <= now()));

create function community.runs_club(club uuid) returns boolean
  language sql stable
  return coalesce(community.club_role(club) in ('owner', 'moderator'), false) or core.has_role('hc_moderator');

create function community.create_club(name text, kind text default 'open', category uuid default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'a club is made by somebody who is signed in';
  end if;
  insert into community.clubs (slug, name, kind, category_id, created_by)
  values (core.slugify(create_club.name, 'community.clubs'), create_club.name, create_club.kind, category, core.current_user_id()) returning id into made;
  insert into community.memberships (club_id, user_id, role) values (made, core.current_user_id(), 'owner');
  return made;
end $$;

create function community.join_club(club uuid) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  joined community.clubs;
  role text;
begin
  select * into joined from community.clubs c where c.id = club for share;
  role := (select m.role from community.memberships m where m.club_id = club and m.user_id = core.current_user_id() and (m.left_at is null or m.role = 'banned'));
  if core.current_user_id() is null or joined.id is null or joined.status <> 'active' or role = 'banned' or (joined.kind = 'private' and role is null) then
    raise exception using errcode = '42501', message = 'this club cannot be joined', hint = 'Private clubs are joined by invitation.';
  elsif role is not null then
    return role;
  end if;
  insert into community.memberships (club_id, user_id, role) values (club, core.current_user_id(), case joined.kind when 'open' then 'member' else 'pending' end)
  on conflict on constraint memberships_club_id_user_id_pk do update set role = excluded.role, joined_at = now(), left_at = null
  returning memberships.role into role;
  return role;
end $$;

create function community.approve_join(club uuid, person uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not community.runs_club(club) then
    raise exception using errcode = '42501', message = 'members are admitted by owners and moderators of the club';
  end if;
  update community.memberships m set role = 'member', joined_at = now() where m.club_id = club and m.user_id = person and m.role = 'pending';
  if not found then
    raise exception using errcode = '55000', message = 'nobody waits under this name';
  end if;
end $$;

create function community.leave_club(club uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from community.clubs c where c.id = club for update;
  if community.club_role(club) = 'owner' and (select count(*) = 1 from community.memberships m where m.club_id = club and m.role = 'owner' and m.left_at is null) then
    raise exception using errcode = '55000', message = 'the last owner stays', hint = 'Make somebody else owner first, or archive the club.';
  end if;
  update community.memberships m set left_at = now() where m.club_id = club and m.user_id = core.current_user_id() and m.role = 'banned';
  delete from community.memberships m where m.club_id = club and m.user_id = core.current_user_id() and m.role <> 'banned';
end $$;

create function community.set_role(club uuid, person uuid, role text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from community.clubs c where c.id = club for update;
  if not (community.club_role(club) = 'owner' or core.has_role('hc_moderator')) or set_role.role not in ('owner', 'moderator', 'member') then
    raise exception using errcode = '42501', message = 'owner, moderator and member are given by owners of the club';
  elsif set_role.role <> 'owner' and not exists (select from community.memberships m where m.club_id = club and m.role = 'owner' and m.left_at is null and m.user_id <> person) then
    raise exception using errcode = '55000', message = 'a club has an owner';
  end if;
  update community.memberships m set role = set_role.role, muted_until = null where m.club_id = club and m.user_id = person and m.left_at is null and m.role not in ('banned', 'pending');
  if not found then
    raise exception using errcode = '55000', message = 'roles are for members of the club';
  end if;
end $$;

grant execute on function community.is_member, community.can_post, community.create_club, community.join_club, community.approve_join, community.leave_club, community.set_role to hc_member;

comment on function community.club_role is 'Role of a person in a club, null when there is none. For owner functions.';
comment on function community.is_member is 'Whether a person is in a club, not waiting and not banned. Security definer: asked about clubs whose members one does not see.';
comment on function community.can_post is 'Whether a person may post: member of an active club, not muted any more. Security definer: asked about clubs whose members one does not see.';
comment on function community.runs_club is 'Whether the current person is owner or moderator of a club, or hc_moderator. For owner functions.';
comment on function community.create_club is 'Makes a club (open, request or private) and its maker the owner. Security definer: memberships are written by functions only.';
comment on function community.join_club is 'Joins a club or asks to; returns the role: member or pending. Security definer: memberships are written by functions only.';
comment on function community.approve_join is 'Admits somebody who waits. Security definer: memberships are written by functions only.';
comment on function community.leave_club is 'Leaves a club; a ban outlasts it. Security definer: memberships are written by functions only.';
comment on function community.set_role is 'Makes a member owner, moderator or member. Security definer: memberships are written by functions only.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000008500' || n)::uuid, 'u' || n || '-0085' from generate_series(1, 4) n;
create temporary table made (kind text, id uuid) on commit drop;
grant all on pg_temp.made to hc_member;
select core.act_as('00000000-0000-7000-8000-000000085001');
set local role hc_member;
insert into pg_temp.made select k, community.create_club('Probe 0085 ' || k, k) from unnest(array['open', 'request', 'private']) k;
select blueprint.raises(format('select community.leave_club(%L)', id), '55000', 'last owner') from pg_temp.made;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000085002');
set local role hc_member;
select community.join_club(id) = 'member' from pg_temp.made where kind = 'open';
select community.is_member(id), community.can_post(id), community.join_club(id) = 'member' from pg_temp.made where kind = 'open';
select community.join_club(id) = 'pending' from pg_temp.made where kind = 'request';
select not community.is_member(id), not community.can_post(id), blueprint.raises(format('select community.approve_join(%L, %L)', id, core.current_user_id()), '42501') from pg_temp.made where kind = 'request';
select blueprint.raises(format('select community.join_club(%L)', id), '42501', 'cannot be joined') from pg_temp.made where kind = 'private';
select blueprint.raises(format('select community.set_role(%L, %L, ''owner'')', id, core.current_user_id()), '42501') from pg_temp.made where kind = 'open';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000085001');
set local role hc_member;
select community.approve_join(id, '00000000-0000-7000-8000-000000085002') is not null from pg_temp.made where kind = 'request';
select community.is_member(id, '00000000-0000-7000-8000-000000085002'), blueprint.raises(format('select community.approve_join(%L, ''00000000-0000-7000-8000-000000085003'')', id), '55000') from pg_temp.made where kind = 'request';
select community.set_role(id, '00000000-0000-7000-8000-000000085002', 'owner') is not null from pg_temp.made where kind = 'request';
select community.leave_club(id) is not null from pg_temp.made where kind = 'request';
select not community.is_member(id) from pg_temp.made where kind = 'request';
select blueprint.raises(format('select community.set_role(%L, ''00000000-0000-7000-8000-000000085001'', ''member'')', id), '55000', 'has an owner'), blueprint.raises(format('select community.set_role(%L, ''00000000-0000-7000-8000-000000085003'', ''member'')', id), '55000', 'for members'),
  blueprint.raises(format('select community.set_role(%L, ''00000000-0000-7000-8000-000000085002'', ''banned'')', id), '42501') from pg_temp.made where kind = 'open';
set local role hc_owner;
select slug = 'probe-0085-open' and created_by = '00000000-0000-7000-8000-000000085001' and kind = 'open' from community.clubs c join pg_temp.made m using (id, kind) where kind = 'open';
update community.memberships set role = 'banned' where user_id = '00000000-0000-7000-8000-000000085002' and club_id = (select id from pg_temp.made where kind = 'open');
select core.act_as('00000000-0000-7000-8000-000000085002');
select blueprint.raises(format('select community.join_club(%L)', id), '42501'), not community.is_member(id) from pg_temp.made where kind = 'open';
select community.leave_club(id) is not null from pg_temp.made where kind = 'open';
select blueprint.raises(format('select community.join_club(%L)', id), '42501') from pg_temp.made where kind = 'open';
update community.memberships set role = 'muted', muted_until = now() + interval '1 hour', left_at = null where user_id = '00000000-0000-7000-8000-000000085002' and club_id = (select id from pg_temp.made where kind = 'open');
select community.is_member(id), not community.can_post(id) from pg_temp.made where kind = 'open';
update community.memberships set muted_until = now() where user_id = '00000000-0000-7000-8000-000000085002' and club_id = (select id from pg_temp.made where kind = 'open');
select community.can_post(id) from pg_temp.made where kind = 'open';
update community.clubs set status = 'archived' where id = (select id from pg_temp.made where kind = 'open');
select not community.can_post(id), blueprint.raises(format('select community.join_club(%L)', id), '42501') from pg_temp.made where kind = 'open';
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select community.create_club('Nobody') $$, '42501');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['community.is_member(uuid, uuid)', 'community.can_post(uuid, uuid)', 'community.create_club(text, text, uuid)', 'community.join_club(uuid)',
  'community.approve_join(uuid, uuid)', 'community.leave_club(uuid)', 'community.set_role(uuid, uuid, text)']) f;
select not has_function_privilege('hc_member', 'community.club_role(uuid, uuid)', 'execute'), not has_function_privilege('hc_member', 'community.runs_club(uuid)', 'execute');

-- task: BUILD_0089 create_constraints critical
-- title: Constrain community data: message shape, seats, ranges, self-relations
-- does: A message has 1 to 8,000 characters unless it has attachments or was redacted for a reason; events last at most 14 days and share no room at a time; seats, emoji, mutes and slow mode have
--   bounds; nobody follows himself; words come from their vocabularies.
-- proves: each rule refuses the row that breaks it: an empty message, an overlapping booking (23P01), following oneself, a redaction without reason.
-- needs: BUILD_0021, BUILD_0082
alter table community.clubs
  add constraint clubs_name_check check (length(name) between 3 and 80),
  add constraint clubs_kind_check check (kind in ('open', 'request', 'private')),
  add constraint clubs_status_check check (status in ('active', 'archived', 'banned')),
  add constraint clubs_slow_mode_s_check check (slow_mode_s between 0 and 3600),
  add constraint clubs_next_seq_check check (next_seq > 0),
  add constraint clubs_settings_check check (jsonb_typeof(settings) = 'object'),
  add constraint clubs_metadata_check check (jsonb_typeof(metadata) = 'object');
alter table community.memberships
  add constraint memberships_role_check check (role in ('owner', 'moderator', 'member', 'muted', 'banned', 'pending')),
  add constraint memberships_muted_until_check check ((role = 'muted') = (muted_until is not null)),
  add constraint memberships_notify_check check (notify in ('all', 'mentions', 'none'));
alter table community.threads
  add constraint threads_title_check check (length(title) between 3 and 200),
  add constraint threads_status_check check (status in ('open', 'locked', 'resolved')),
  add constraint threads_answer_seq_check check ((status = 'resolved') = (answer_seq is not null));
alter table community.messages
  add constraint messages_seq_check check (seq > 0),
  add constraint messages_kind_check check (kind in ('text', 'image', 'file', 'system', 'poll')),
  add constraint messages_body_check check (case when redacted_at is not null then body is null else coalesce(length(body), 0) <= 8000 and (coalesce(length(body), 0) >= 1 or attachments <> '[]') end),
  add constraint messages_attachments_check check (jsonb_typeof(attachments) = 'array' and jsonb_array_length(attachments) <= 20),
  add constraint messages_mentions_check check (cardinality(mentions) <= 20),
  add constraint messages_reply_to_seq_check check (reply_to_seq < seq),
  add constraint messages_redaction_reason_check check ((redacted_at is null) = (redaction_reason is null));
alter table community.reactions add constraint reactions_emoji_check check (octet_length(emoji) between 1 and 16);
alter table community.read_cursors add constraint read_cursors_last_read_seq_check check (last_read_seq >= 0);
alter table community.events
  add constraint events_title_check check (length(title) between 3 and 200),
  add constraint events_kind_check check (kind in ('meetup', 'workshop', 'webinar', 'hackathon')),
  add constraint events_status_check check (status in ('draft', 'scheduled', 'cancelled', 'finished')),
  add constraint events_during_check check (not lower_inf(during) and not upper_inf(during) and not isempty(during) and upper(during) <= lower(during) + '14 days'::interval),
  add constraint events_capacity_check check (capacity > 0),
  add constraint events_location_check check (jsonb_typeof(location) = 'object'),
  add constraint events_metadata_check check (jsonb_typeof(metadata) = 'object'),
  add constraint events_venue_key_during_excl exclude using gist (venue_key with =, during with &&) where (status <> 'cancelled');
alter table community.attendance
  add constraint attendance_status_check check (status in ('registered', 'waitlisted', 'attended', 'no_show', 'cancelled')),
  add constraint attendance_position_check check ((status = 'waitlisted') = (position is not null) and position > 0);
alter table community.reports
  add constraint reports_target_kind_check check (target_kind in ('message', 'user', 'design', 'content', 'comment')),
  add constraint reports_status_check check (status in ('open', 'triaged', 'actioned', 'dismissed')),
  add constraint reports_severity_check check (severity between 1 and 3),
  add constraint reports_evidence_check check (jsonb_typeof(evidence) = 'object'),
  add constraint reports_not_self_check check (target_author_id <> reporter_id);
create unique index reports_reporter_id_target_key on community.reports (reporter_id, target_kind, target_id) where status in ('open', 'triaged');
alter table community.moderation_actions
  add constraint moderation_actions_action_check check (action in ('warn', 'redact', 'mute', 'ban', 'delist', 'restore', 'dismiss')),
  add constraint moderation_actions_reverses_id_check check ((action = 'restore') = (reverses_id is not null)),
  add constraint moderation_actions_reason_check check (length(btrim(reason)) > 0);
alter table community.reputation_entries add constraint reputation_entries_points_check check (points between -1000 and 1000);
alter table community.follows
  add constraint follows_kind_check check (kind in ('user', 'design', 'club', 'term')),
  add constraint follows_not_self_check check (target_id <> follower_id);

comment on index community.reports_reporter_id_target_key is 'One open report per reporter and target.';
comment on constraint messages_body_check on community.messages is 'A message says something, or shows something, or was redacted.';
comment on constraint events_venue_key_during_excl on community.events is 'One event at a time in a room.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000089001', 'ada-0089'), ('00000000-0000-7000-8000-000000089002', 'bob-0089');
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000089011', 'probe-0089', 'Probe');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000089011', '00000000-0000-7000-8000-000000089001', 'owner');
insert into community.threads (club_id, title) values ('00000000-0000-7000-8000-000000089011', 'Probe');
insert into community.messages (club_id, seq, attachments) values ('00000000-0000-7000-8000-000000089011', 1, '[{"name": "x"}]');
insert into community.messages (club_id, seq, redacted_at, redaction_reason) values ('00000000-0000-7000-8000-000000089011', 2, now(), 'spam');
insert into community.events (id, organiser_id, title, during, venue_key) values ('00000000-0000-7000-8000-000000089031', '00000000-0000-7000-8000-000000089001', 'Probe', tstzrange(now(), now() + interval '1 hour'), 'room-0089');
insert into community.events (organiser_id, title, during, venue_key) values ('00000000-0000-7000-8000-000000089001', 'Probe', tstzrange(now() + interval '1 hour', now() + interval '2 hours'), 'room-0089');
insert into community.reports (reporter_id, target_kind, target_id, reason_code) values ('00000000-0000-7000-8000-000000089001', 'user', '00000000-0000-7000-8000-000000089002', 'spam');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ update community.clubs set name = 'P' where slug = 'probe-0089' $$, '23514', 'clubs_name_check'), ($$ update community.clubs set kind = 'odd' where slug = 'probe-0089' $$, '23514', 'clubs_kind_check'),
  ($$ update community.clubs set status = 'odd' where slug = 'probe-0089' $$, '23514', 'clubs_status_check'), ($$ update community.clubs set slow_mode_s = 3601 where slug = 'probe-0089' $$, '23514', 'clubs_slow_mode_s_check'),
  ($$ update community.clubs set next_seq = 0 where slug = 'probe-0089' $$, '23514', 'clubs_next_seq_check'), ($$ update community.clubs set settings = '[]' where slug = 'probe-0089' $$, '23514', 'clubs_settings_check'), ($$ update community.clubs set metadata = '[]' where slug = 'probe-0089' $$, '23514', 'clubs_metadata_check'),
  ($$ update community.memberships set role = 'king' where club_id = '00000000-0000-7000-8000-000000089011' $$, '23514', 'memberships_role_check'), ($$ update community.memberships set muted_until = now() where club_id = '00000000-0000-7000-8000-000000089011' $$, '23514', 'memberships_muted_until_check'),
  ($$ update community.memberships set notify = 'odd' where club_id = '00000000-0000-7000-8000-000000089011' $$, '23514', 'memberships_notify_check'),
  ($$ update community.threads set title = 'P' where club_id = '00000000-0000-7000-8000-000000089011' $$, '23514', 'threads_title_check'), ($$ update community.threads set status = 'odd' where club_id = '00000000-0000-7000-8000-000000089011' $$, '23514', 'threads_status_check'),
  ($$ update community.threads set status = 'resolved' where club_id = '00000000-0000-7000-8000-000000089011' $$, '23514', 'threads_answer_seq_check'),
  ($$ insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000089011', 0, 'x') $$, '23514', 'messages_seq_check'), ($$ insert into community.messages (club_id, seq, body, kind) values ('00000000-0000-7000-8000-000000089011', 3, 'x', 'odd') $$, '23514', 'messages_kind_check'),
  ($$ insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000089011', 3, '') $$, '23514', 'messages_body_check'), ($$ insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000089011', 3, repeat('x', 8001)) $$, '23514', 'messages_body_check'),
  ($$ insert into community.messages (club_id, seq, body, redacted_at, redaction_reason) values ('00000000-0000-7000-8000-000000089011', 3, 'x', now(), 'spam') $$, '23514', 'messages_body_check'),
  ($$ insert into community.messages (club_id, seq, body, attachments) values ('00000000-0000-7000-8000-000000089011', 3, 'x', '{}') $$, '23514', 'messages_attachments_check'),
  ($$ insert into community.messages (club_id, seq, body, mentions) values ('00000000-0000-7000-8000-000000089011', 3, 'x', array_fill('00000000-0000-7000-8000-000000089001'::uuid, array[21])) $$, '23514', 'messages_mentions_check'),
  ($$ insert into community.messages (club_id, seq, body, reply_to_seq) values ('00000000-0000-7000-8000-000000089011', 3, 'x', 3) $$, '23514', 'messages_reply_to_seq_check'),
  ($$ insert into community.messages (club_id, seq, redacted_at) values ('00000000-0000-7000-8000-000000089011', 3, now()) $$, '23514', 'messages_redaction_reason_check'),
  ($$ insert into community.reactions (club_id, message_seq, user_id, emoji) values ('00000000-0000-7000-8000-000000089011', 1, '00000000-0000-7000-8000-000000089001', repeat('x', 17)) $$, '23514', 'reactions_emoji_check'),
  ($$ insert into community.read_cursors (club_id, user_id, last_read_seq) values ('00000000-0000-7000-8000-000000089011', '00000000-0000-7000-8000-000000089001', -1) $$, '23514', 'read_cursors_last_read_seq_check'),
  ($$ update community.events set title = 'P' where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_title_check'), ($$ update community.events set kind = 'odd' where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_kind_check'),
  ($$ update community.events set status = 'odd' where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_status_check'), ($$ update community.events set during = tstzrange(now(), now() + interval '15 days'), venue_key = null where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_during_check'),
  ($$ update community.events set during = tstzrange(now(), null), venue_key = null where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_during_check'), ($$ update community.events set capacity = 0 where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_capacity_check'),
  ($$ update community.events set location = '[]' where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_location_check'), ($$ update community.events set metadata = '[]' where id = '00000000-0000-7000-8000-000000089031' $$, '23514', 'events_metadata_check'),
  ($$ update community.events set during = tstzrange(now(), now() + interval '90 minutes') where id = '00000000-0000-7000-8000-000000089031' $$, '23P01', 'events_venue_key_during_excl'),
  ($$ insert into community.attendance (event_id, user_id, status) values ('00000000-0000-7000-8000-000000089031', '00000000-0000-7000-8000-000000089001', 'odd') $$, '23514', 'attendance_status_check'),
  ($$ insert into community.attendance (event_id, user_id, status) values ('00000000-0000-7000-8000-000000089031', '00000000-0000-7000-8000-000000089001', 'waitlisted') $$, '23514', 'attendance_position_check'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code) values ('00000000-0000-7000-8000-000000089001', 'moon', '00000000-0000-7000-8000-000000089002', 'spam') $$, '23514', 'reports_target_kind_check'),
  ($$ update community.reports set status = 'odd' where reporter_id = '00000000-0000-7000-8000-000000089001' $$, '23514', 'reports_status_check'), ($$ update community.reports set severity = 4 where reporter_id = '00000000-0000-7000-8000-000000089001' $$, '23514', 'reports_severity_check'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code, evidence) values ('00000000-0000-7000-8000-000000089001', 'design', '00000000-0000-7000-8000-000000089002', 'spam', '[]') $$, '23514', 'reports_evidence_check'), ($$ update community.reports set target_author_id = reporter_id where reporter_id = '00000000-0000-7000-8000-000000089001' $$, '23514', 'reports_not_self_check'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code) values ('00000000-0000-7000-8000-000000089001', 'user', '00000000-0000-7000-8000-000000089002', 'hate') $$, '23505', 'reports_reporter_id_target_key'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason) values ('odd', 'user', '00000000-0000-7000-8000-000000089002', 'x') $$, '23514', 'moderation_actions_action_check'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason) values ('restore', 'user', '00000000-0000-7000-8000-000000089002', 'x') $$, '23514', 'moderation_actions_reverses_id_check'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason) values ('warn', 'user', '00000000-0000-7000-8000-000000089002', ' ') $$, '23514', 'moderation_actions_reason_check'),
  ($$ insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id) values ('00000000-0000-7000-8000-000000089001', 1001, 'answer_accepted', 'message', uuidv7()) $$, '23514', 'reputation_entries_points_check'),
  ($$ insert into community.follows (follower_id, kind, target_id) values ('00000000-0000-7000-8000-000000089001', 'odd', '00000000-0000-7000-8000-000000089002') $$, '23514', 'follows_kind_check'),
  ($$ insert into community.follows (follower_id, kind, target_id) values ('00000000-0000-7000-8000-000000089001', 'user', '00000000-0000-7000-8000-000000089001') $$, '23514', 'follows_not_self_check')) v(sql, state, rule);

-- task: BUILD_0086 create_triggers critical
-- title: Community triggers: member_count, last_message_at, mention parsing, owner invariant
-- does: Members of a club and replies of a thread are counted, the last message noted; @handles become mentions, at most twenty; an edit is stamped; an active club keeps an owner at commit; events and
--   reports follow their machines; standard triggers.
-- proves: member_count follows joining and leaving, '@ada and @nobody' mentions ada alone, demoting the only owner fails at commit, a report goes from open to triaged and not back.
-- needs: BUILD_0014, BUILD_0020, BUILD_0084, BUILD_0089
create function community.count_members() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if tg_op in ('UPDATE', 'DELETE') and old.left_at is null and old.role not in ('pending', 'banned') then
    update community.clubs c set member_count = c.member_count - 1 where c.id = old.club_id;
  end if;
  if tg_op in ('INSERT', 'UPDATE') and new.left_at is null and new.role not in ('pending', 'banned') then
    update community.clubs c set member_count = c.member_count + 1 where c.id = new.club_id;
  end if;
  return null;
end $$;

create function community.note_messages() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  update community.clubs c set last_message_at = greatest(c.last_message_at, m.at)
  from (select n.club_id, max(n.occurred_at) as at from new_rows n group by n.club_id) m where c.id = m.club_id;
  update community.threads t set reply_count = t.reply_count + m.n, last_seq = greatest(t.last_seq, m.seq), last_message_at = greatest(t.last_message_at, m.at)
  from (select n.club_id, n.thread_id, count(*)::int as n, max(n.seq) as seq, max(n.occurred_at) as at from new_rows n where n.thread_id is not null group by n.club_id, n.thread_id) m
  where t.club_id = m.club_id and t.id = m.thread_id;
  return null;
end $$;

create function community.parse_mentions() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  new.mentions := array(
    select u.id from (select m[1] as handle, min(n) as n from regexp_matches(new.body, '(?:^|[^[:alnum:]_@])@([A-Za-z0-9][A-Za-z0-9_-]{1,28}[A-Za-z0-9])', 'g') with ordinality r(m, n) group by m[1] order by 2 limit 20) h
    join core.users u on u.handle operator(extensions.=) h.handle::extensions.citext and u.status = 'active' order by h.n);
  if tg_op = 'UPDATE' and new.body is null then  -- core.erase_user() takes the words away, the number stays
    new.redacted_at := now();
    new.redaction_reason := 'erased';
  elsif tg_op = 'UPDATE' then
    new.edited_at := clock_timestamp();
  end if;
  return new;
end $$;

create function community.keep_owner() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if exists (select from community.clubs c where c.id = old.club_id and c.status = 'active')
      and not exists (select from community.memberships m where m.club_id = old.club_id and m.role = 'owner' and m.left_at is null) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = 'memberships_owner_check', message = 'an active club keeps an owner';
  end if;
  return null;
end $$;

create trigger memberships_count after insert or delete or update of role, left_at on community.memberships for each row execute function community.count_members();
create trigger messages_note after insert on community.messages referencing new table as new_rows for each statement execute function community.note_messages();
create trigger messages_mentions before insert on community.messages for each row when (new.body like '%@%') execute function community.parse_mentions();
create trigger messages_edited before update of body on community.messages for each row when (new.body is distinct from old.body and new.redacted_at is null) execute function community.parse_mentions();
create constraint trigger memberships_owner after delete or update of role, left_at on community.memberships deferrable initially deferred
  for each row when (old.role = 'owner') execute function community.keep_owner();

select core.define_machine('event', '{"draft": ["scheduled", "cancelled"], "scheduled": ["cancelled", "finished"]}');
select core.define_machine('report', '{"open": ["triaged", "actioned", "dismissed"], "triaged": ["actioned", "dismissed"]}');

create trigger events_status_machine after update of status on community.events for each row execute function core.enforce_transition('event');
create trigger reports_status_machine after update of status on community.reports for each row execute function core.enforce_transition('report');

select core.attach_standard('community.clubs'), core.attach_standard('community.threads', 'std', 'club_id'), core.attach_standard('community.events', 'std', 'organiser_id'), core.attach_standard('community.reports', 'std', 'evidence', 'target_id', 'reporter_id'),
  core.attach_standard('community.moderation_actions', 'log'), core.attach_standard('community.reputation_entries', 'log');

comment on function community.count_members is 'Trigger of community.memberships: keeps clubs.member_count.';
comment on function community.note_messages is 'Trigger of community.messages: notes the last message of club and thread and counts replies, once a statement.';
comment on function community.parse_mentions is 'Trigger of community.messages: @handles of active people become mentions, in order; an edit is stamped, and words taken away by an erasure leave a redacted message. Security definer: members do not read accounts.';
comment on function community.keep_owner is 'Trigger of community.memberships at commit: an active club has an owner.';
comment on trigger memberships_count on community.memberships is 'Members are counted.';
comment on trigger messages_note on community.messages is 'Clubs and threads know their last message.';
comment on trigger messages_mentions on community.messages is 'Who is mentioned.';
comment on trigger messages_edited on community.messages is 'Who is mentioned now, and when it was edited.';
comment on trigger memberships_owner on community.memberships is 'An active club keeps an owner.';
comment on trigger events_status_machine on community.events is 'Status changes follow machine event and are logged.';
comment on trigger reports_status_machine on community.reports is 'Status changes follow machine report and are logged.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000086001', 'ada-0086', 'ada-0086@example.org', 'active'), ('00000000-0000-7000-8000-000000086002', 'bob-0086', 'bob-0086@example.org', 'active');
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000086011', 'probe-0086', 'Probe');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000086011', '00000000-0000-7000-8000-000000086001', 'owner'), ('00000000-0000-7000-8000-000000086011', '00000000-0000-7000-8000-000000086002', 'pending');
select member_count = 1 from community.clubs where slug = 'probe-0086';
update community.memberships set role = 'member' where user_id = '00000000-0000-7000-8000-000000086002';
select member_count = 2 from community.clubs where slug = 'probe-0086';
delete from community.memberships where user_id = '00000000-0000-7000-8000-000000086002';
select member_count = 1 from community.clubs where slug = 'probe-0086';
set constraints community.memberships_owner immediate;
select blueprint.raises($$ update community.memberships set role = 'member' where user_id = '00000000-0000-7000-8000-000000086001' $$, '23514', 'memberships_owner_check'), blueprint.raises($$ delete from community.memberships where user_id = '00000000-0000-7000-8000-000000086001' $$, '23514', 'memberships_owner_check');
set constraints community.memberships_owner deferred;
insert into community.threads (id, club_id, title, root_seq) values ('00000000-0000-7000-8000-000000086021', '00000000-0000-7000-8000-000000086011', 'Probe', 1);
insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000086011', 1, '@Ada-0086 and @nobody-0086, mail@bob-0086 is none') returning mentions = '{00000000-0000-7000-8000-000000086001}';
insert into community.messages (club_id, seq, thread_id, body) values ('00000000-0000-7000-8000-000000086011', 2, '00000000-0000-7000-8000-000000086021', 'a'), ('00000000-0000-7000-8000-000000086011', 3, '00000000-0000-7000-8000-000000086021', 'b');
select c.last_message_at = now() and t.reply_count = 2 and t.last_seq = 3 and t.last_message_at = now() from community.clubs c join community.threads t on t.club_id = c.id where c.slug = 'probe-0086';
create policy probe_0086 on community.messages to hc_member using (true);
grant select, update (body) on community.messages to hc_member;
set local role hc_member;
update community.messages set body = 'now @bob-0086' where club_id = '00000000-0000-7000-8000-000000086011' and seq = 1 returning mentions = '{00000000-0000-7000-8000-000000086002}' and edited_at >= now();
set local role hc_owner;
update community.messages set body = null where club_id = '00000000-0000-7000-8000-000000086011' and seq = 2 returning redacted_at = now() and redaction_reason = 'erased' and edited_at is null;
insert into community.events (id, organiser_id, title, during) values ('00000000-0000-7000-8000-000000086031', '00000000-0000-7000-8000-000000086001', 'Probe', tstzrange(now(), now() + interval '1 hour'));
insert into community.reports (id, reporter_id, target_kind, target_id, reason_code) values ('00000000-0000-7000-8000-000000086041', '00000000-0000-7000-8000-000000086001', 'user', '00000000-0000-7000-8000-000000086002', 'spam');
update community.events set status = 'cancelled' where id = '00000000-0000-7000-8000-000000086031';
update community.reports set status = 'triaged' where id = '00000000-0000-7000-8000-000000086041' returning updated_at > now();
insert into community.moderation_actions (id, action, target_kind, target_id, reason) values ('00000000-0000-7000-8000-000000086051', 'warn', 'user', '00000000-0000-7000-8000-000000086002', 'x');
insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id) values ('00000000-0000-7000-8000-000000086001', 1, 'answer_accepted', 'message', '00000000-0000-7000-8000-000000086021');
select sql, blueprint.raises(sql, state, why) from (values
  ($$ update community.events set status = 'scheduled' where id = '00000000-0000-7000-8000-000000086031' $$, '23514', 'cancelled -> scheduled'), ($$ update community.reports set status = 'open' where id = '00000000-0000-7000-8000-000000086041' $$, '23514', 'triaged -> open'),
  ($$ update community.reports set evidence = '{"a": 1}' where id = '00000000-0000-7000-8000-000000086041' $$, '55006', 'evidence'), ($$ update community.threads set club_id = uuidv7() where id = '00000000-0000-7000-8000-000000086021' $$, '55006', 'club_id'),
  ($$ update community.events set organiser_id = '00000000-0000-7000-8000-000000086002' where id = '00000000-0000-7000-8000-000000086031' $$, '55006', 'organiser_id'), ($$ update community.clubs set created_at = '2020-01-01' where slug = 'probe-0086' $$, '55006', 'created_at'),
  ($$ update community.moderation_actions set reason = 'y' where id = '00000000-0000-7000-8000-000000086051' $$, '55006', 'update'), ($$ delete from community.reputation_entries where user_id = '00000000-0000-7000-8000-000000086001' $$, '55006', 'delete')) v(sql, state, why);
select count(*) = 4 from pg_trigger where tgrelid::regclass::text in ('community.clubs', 'community.threads', 'community.events', 'community.reports') and tgfoid = 'core.touch_updated_at'::regproc and tgenabled = 'O';
select count(*) = 4 from pg_trigger where tgrelid::regclass::text in ('community.moderation_actions', 'community.reputation_entries') and tgfoid = 'core.forbid_change'::regproc and tgenabled = 'O';
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['community.count_members()', 'community.note_messages()', 'community.parse_mentions()', 'community.keep_owner()']) f;

-- revert
select core.detach_standard('community.clubs'), core.detach_standard('community.threads'), core.detach_standard('community.events'), core.detach_standard('community.reports'), core.detach_standard('community.moderation_actions'), core.detach_standard('community.reputation_entries');
drop trigger reports_status_machine on community.reports;
drop trigger events_status_machine on community.events;
select core.define_machine('report', '{}'), core.define_machine('event', '{}');
drop trigger memberships_owner on community.memberships;
drop trigger messages_edited on community.messages;
drop trigger messages_mentions on community.messages;
drop trigger messages_note on community.messages;
drop trigger memberships_count on community.memberships;
drop function community.keep_owner, community.parse_mentions, community.note_messages, community.count_members;

-- task: BUILD_0088 create_jsonb_indexes
-- title: Index message attachments, club settings and report evidence JSONB
-- does: community.messages_with_asset(asset) finds messages by an attached file, clubs_with_setting(key, value) clubs for digests, reports_with_hash(sha256) reports of the same abusive media.
-- proves: a file is found in one of two months, a setting in its club, two reports of one image by its digest; the plans read the GIN indexes.
-- needs: BUILD_0005, BUILD_0082
create index messages_attachments_idx on community.messages using gin (attachments jsonb_path_ops);
create index clubs_settings_idx on community.clubs using gin (settings jsonb_path_ops);
create index reports_evidence_idx on community.reports using gin (evidence jsonb_path_ops);

comment on index community.messages_attachments_idx is 'Messages by an attached file (community.messages_with_asset).';
comment on index community.clubs_settings_idx is 'Clubs by a setting (community.clubs_with_setting).';
comment on index community.reports_evidence_idx is 'Reports of the same media (community.reports_with_hash).';

create function community.messages_with_asset(asset uuid) returns table (message_id uuid, club_id uuid, seq bigint, occurred_at timestamptz)
  language sql stable security definer
begin atomic
  select m.id, m.club_id, m.seq, m.occurred_at from community.messages m where m.attachments @> jsonb_build_array(jsonb_build_object('asset_id', asset)) order by m.occurred_at;
end;

create function community.clubs_with_setting(key text, value jsonb) returns setof uuid
  language sql stable security definer
begin atomic
  select c.id from community.clubs c where c.settings @> jsonb_build_object(key, value) and c.status = 'active' order by c.id;
end;

create function community.reports_with_hash(sha256 text) returns table (report_id uuid, target_kind text, target_id uuid, status text)
  language sql stable security definer
begin atomic
  select r.id, r.target_kind, r.target_id, r.status from community.reports r where r.evidence @> jsonb_build_object('sha256', reports_with_hash.sha256) order by r.created_at, r.id;
end;

grant execute on function community.messages_with_asset, community.reports_with_hash to hc_moderator, hc_worker;
grant execute on function community.clubs_with_setting to hc_worker;

comment on function community.messages_with_asset is 'Messages with an attached file, in every month. Security definer: row security would disable the GIN index; it is for staff and jobs.';
comment on function community.clubs_with_setting is 'Active clubs with a setting, as ("digest", "weekly"). Security definer: the worker reads no table.';
comment on function community.reports_with_hash is 'Reports whose evidence has this digest (hex). Security definer: row security would disable the GIN index; it is for staff and jobs.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000088001', 'ada-0088'), ('00000000-0000-7000-8000-000000088002', 'bob-0088');
insert into community.clubs (id, slug, name, settings) values ('00000000-0000-7000-8000-000000088011', 'probe-0088', 'Probe', '{"probe0088": "weekly"}');
insert into community.messages (club_id, seq, body, attachments, occurred_at) values ('00000000-0000-7000-8000-000000088011', 1, 'x', '[]', now()), ('00000000-0000-7000-8000-000000088011', 2, 'y', '[{"asset_id": "00000000-0000-7000-8000-000000088021"}]', date_trunc('month', now(), 'UTC') + interval '40 days');
insert into community.reports (reporter_id, target_kind, target_id, reason_code, evidence) values ('00000000-0000-7000-8000-000000088001', 'user', '00000000-0000-7000-8000-000000088002', 'spam', '{"sha256": "probe0088"}'), ('00000000-0000-7000-8000-000000088002', 'user', '00000000-0000-7000-8000-000000088001', 'spam', '{"sha256": "probe0088"}');
set local role hc_worker;
select array_agg(seq) = '{2}' from community.messages_with_asset('00000000-0000-7000-8000-000000088021');
select array_agg(c) = '{00000000-0000-7000-8000-000000088011}' from community.clubs_with_setting('probe0088', '"weekly"') c;
select count(*) = 2 from community.reports_with_hash('probe0088');
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from community.messages where attachments @> '[{"asset_id": "x"}]' $$, 'messages_attachments_idx'), ($$ select from community.clubs where settings @> '{"digest": "weekly"}' $$, 'clubs_settings_idx'),
  ($$ select from community.reports where evidence @> '{"sha256": "x"}' $$, 'reports_evidence_idx')) v(sql, index);
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from (values ('hc_worker', 'community.messages_with_asset(uuid)'), ('hc_moderator', 'community.messages_with_asset(uuid)'), ('hc_worker', 'community.reports_with_hash(text)'),
  ('hc_moderator', 'community.reports_with_hash(text)'), ('hc_worker', 'community.clubs_with_setting(text, jsonb)')) v(role, f);
