-- Room community, documentation: what every table and column is for, which are about people, how long rows are kept and where they live.

-- task: BUILD_0090 add_comments
-- title: Document community objects with retention and moderation notes
-- does: Comments on every table and column of the room with their marks: @pii of what people wrote, @retention of messages and reports, @distribution of each table; community.misplaced_keys() lists tables
--   whose primary key lacks the column they are distributed by.
-- proves: nothing in room community is undocumented, the five tables of a club are distributed by club_id and no key lacks its column; a planted one is listed.
-- needs: BUILD_0010, BUILD_0086, BUILD_0088, BUILD_0089, BUILD_0091
create function community.misplaced_keys(room text default 'community') returns table (relation text, distribution text)
  language sql stable
begin atomic
  select c.oid::regclass::text, a.value
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = room
  cross join lateral blueprint.annotations(c.oid) a
  where c.relkind in ('r', 'p') and not c.relispartition and a.column_name is null and a.tag = 'distribution' and a.value not in ('reference', 'local')
    and not exists (
      select from pg_catalog.pg_index i join pg_catalog.pg_attribute k on k.attrelid = i.indrelid and k.attname = a.value
      where i.indrelid = c.oid and i.indisprimary and k.attnum = any (string_to_array(i.indkey::text, ' ')::int2[]))
  order by 1;
end;

comment on function community.misplaced_keys is 'Tables of a room whose primary key does not contain the column of their @distribution.';

comment on table community.clubs is 'Clubs: rooms for talk and events. next_seq is the counter of messages, under the row lock. @distribution reference';
comment on column community.clubs.id is 'Version 7 UUID.';
comment on column community.clubs.slug is 'Its address, unique.';
comment on column community.clubs.name is 'Its name.';
comment on column community.clubs.category_id is 'Topic in the taxonomy.';
comment on column community.clubs.description is 'What it is about.';
comment on column community.clubs.kind is 'open, request or private.';
comment on column community.clubs.status is 'active, archived or banned.';
comment on column community.clubs.created_by is 'Who made it.';
comment on column community.clubs.next_seq is 'Number the next message gets.';
comment on column community.clubs.slow_mode_s is 'Seconds between two messages of a member.';
comment on column community.clubs.settings is 'Choices of the club: digest, points, message_retention_months, ...';
comment on column community.clubs.last_message_at is 'When somebody last wrote.';
comment on column community.clubs.member_count is 'Members who are neither waiting nor banned.';
comment on column community.clubs.metadata is 'Notes of the platform.';
comment on column community.clubs.created_at is 'When the row was made.';
comment on column community.clubs.updated_at is 'When the row last really changed.';

comment on table community.memberships is 'Who belongs to a club, and as what. @distribution club_id';
comment on column community.memberships.club_id is 'The club.';
comment on column community.memberships.user_id is 'Who.';
comment on column community.memberships.role is 'owner, moderator, member, muted, banned or pending.';
comment on column community.memberships.joined_at is 'Since when.';
comment on column community.memberships.left_at is 'Until when; a ban outlasts it.';
comment on column community.memberships.muted_until is 'When a mute ends, by itself.';
comment on column community.memberships.notify is 'What the inbox tells: all, mentions or none.';

comment on table community.threads is 'Threads of a club. @distribution club_id';
comment on column community.threads.id is 'Version 7 UUID.';
comment on column community.threads.club_id is 'The club.';
comment on column community.threads.title is 'What it is about.';
comment on column community.threads.created_by is 'Who opened it.';
comment on column community.threads.root_seq is 'Message it began with.';
comment on column community.threads.answer_seq is 'Message that answered it.';
comment on column community.threads.status is 'open, locked or resolved.';
comment on column community.threads.reply_count is 'Messages in it.';
comment on column community.threads.last_seq is 'Number of its last message.';
comment on column community.threads.last_message_at is 'When that was written.';
comment on column community.threads.created_at is 'When the row was made.';
comment on column community.threads.updated_at is 'When the row last really changed.';

comment on table community.messages is 'Messages, by month; numbered without a gap per club. @distribution club_id @retention 36 months, or settings.message_retention_months of the club';
comment on column community.messages.id is 'Version 7 UUID.';
comment on column community.messages.occurred_at is 'When it was sent; partition key (UTC months).';
comment on column community.messages.club_id is 'The club.';
comment on column community.messages.seq is 'Number in the club: 1, 2, 3 ...';
comment on column community.messages.thread_id is 'Thread it belongs to.';
comment on column community.messages.reply_to_seq is 'Message it replies to.';
comment on column community.messages.author_id is 'Who wrote it; null for the platform.';
comment on column community.messages.kind is 'text, image, file, system or poll.';
comment on column community.messages.body is 'What was said, null when redacted. @pii';
comment on column community.messages.mentions is 'Who is mentioned.';
comment on column community.messages.attachments is 'Attached: [{asset_id, name, ...}].';
comment on column community.messages.edited_at is 'When it was last edited.';
comment on column community.messages.held_at is 'Since when it waits for a moderator.';
comment on column community.messages.redacted_at is 'When it was emptied.';
comment on column community.messages.redaction_reason is 'Why.';

comment on table community.reactions is 'Reactions to messages. @distribution club_id';
comment on column community.reactions.club_id is 'The club.';
comment on column community.reactions.message_seq is 'Number of the message.';
comment on column community.reactions.user_id is 'Who reacted.';
comment on column community.reactions.emoji is 'With what.';
comment on column community.reactions.created_at is 'When.';

comment on table community.read_cursors is 'How far somebody has read a club; never goes back. @distribution club_id';
comment on column community.read_cursors.club_id is 'The club.';
comment on column community.read_cursors.user_id is 'Who.';
comment on column community.read_cursors.last_read_seq is 'Number of the last message read.';
comment on column community.read_cursors.read_at is 'When it last moved.';

comment on table community.events is 'Meetings, workshops, webinars and hackathons. @distribution reference';
comment on column community.events.id is 'Version 7 UUID.';
comment on column community.events.club_id is 'Club that holds it, if one does.';
comment on column community.events.organiser_id is 'Who holds it.';
comment on column community.events.title is 'What it is.';
comment on column community.events.kind is 'meetup, workshop, webinar or hackathon.';
comment on column community.events.during is 'From when to when.';
comment on column community.events.time_zone is 'Zone it is announced in.';
comment on column community.events.venue_key is 'Room: one event at a time.';
comment on column community.events.location is 'Address or link.';
comment on column community.events.capacity is 'Seats; null: no limit.';
comment on column community.events.has_waitlist is 'Whether one may wait for a seat.';
comment on column community.events.status is 'State machine event: draft, scheduled, cancelled, finished.';
comment on column community.events.metadata is 'Notes of the platform.';
comment on column community.events.created_at is 'When the row was made.';
comment on column community.events.updated_at is 'When the row last really changed.';

comment on table community.attendance is 'Who comes to an event. @distribution reference';
comment on column community.attendance.event_id is 'The event.';
comment on column community.attendance.user_id is 'Who.';
comment on column community.attendance.status is 'registered, waitlisted, attended, no_show or cancelled.';
comment on column community.attendance.position is 'Place in the line of those who wait.';
comment on column community.attendance.registered_at is 'When they registered.';
comment on column community.attendance.checked_in_at is 'When they came.';

comment on table community.reports is 'What people reported, with evidence frozen at that moment. @distribution reference @retention 24 months';
comment on column community.reports.id is 'Version 7 UUID.';
comment on column community.reports.reporter_id is 'Who reported.';
comment on column community.reports.target_kind is 'message, user, design, content or comment.';
comment on column community.reports.target_id is 'What.';
comment on column community.reports.target_author_id is 'Whose.';
comment on column community.reports.club_id is 'In which club, if in one.';
comment on column community.reports.reason_code is 'spam, hate, ...';
comment on column community.reports.severity is '1 to 3.';
comment on column community.reports.note is 'What the reporter said. @pii';
comment on column community.reports.evidence is 'What was reported as it was, with sha256.';
comment on column community.reports.status is 'State machine report: open, triaged, actioned, dismissed.';
comment on column community.reports.assigned_to is 'Which moderator.';
comment on column community.reports.created_at is 'When the row was made.';
comment on column community.reports.updated_at is 'When the row last really changed.';

comment on table community.moderation_actions is 'What moderators did; append-only, undone by a row that reverses. @distribution reference @retention 24 months';
comment on column community.moderation_actions.id is 'Version 7 UUID.';
comment on column community.moderation_actions.occurred_at is 'When.';
comment on column community.moderation_actions.report_id is 'Because of which report.';
comment on column community.moderation_actions.moderator_id is 'Who.';
comment on column community.moderation_actions.action is 'warn, redact, mute, ban, restore or dismiss.';
comment on column community.moderation_actions.target_kind is 'On what kind.';
comment on column community.moderation_actions.target_id is 'On what.';
comment on column community.moderation_actions.target_author_id is 'Whose.';
comment on column community.moderation_actions.club_id is 'In which club.';
comment on column community.moderation_actions.during is 'For how long.';
comment on column community.moderation_actions.reason is 'Why; not told to the reporter.';
comment on column community.moderation_actions.prior is 'What was before, so that it can come back.';
comment on column community.moderation_actions.reverses_id is 'Action it undoes.';

comment on table community.reputation_entries is 'Points earned and taken back; append-only. @distribution reference';
comment on column community.reputation_entries.id is 'Version 7 UUID.';
comment on column community.reputation_entries.occurred_at is 'When they count from.';
comment on column community.reputation_entries.user_id is 'Whose.';
comment on column community.reputation_entries.club_id is 'In which club, if in one.';
comment on column community.reputation_entries.points is 'Points, negative for a reversal.';
comment on column community.reputation_entries.reason_code is 'Reason in community.reputation_rules, or reversed_ and it.';
comment on column community.reputation_entries.source_kind is 'What kind earned them.';
comment on column community.reputation_entries.source_id is 'What earned them; once per reason.';

comment on table community.follows is 'Who follows what. @distribution reference';
comment on column community.follows.follower_id is 'Who.';
comment on column community.follows.kind is 'user, design, club or term.';
comment on column community.follows.target_id is 'What.';
comment on column community.follows.created_at is 'Since when.';

comment on table community.feed_entries is 'Activities: one origin per actor, copied to followers; by month. @distribution user_id @retention 60 days';
comment on column community.feed_entries.id is 'Version 7 UUID.';
comment on column community.feed_entries.occurred_at is 'When; partition key (UTC months).';
comment on column community.feed_entries.user_id is 'Whose feed; of an origin: the actor.';
comment on column community.feed_entries.actor_id is 'Who did it.';
comment on column community.feed_entries.verb is 'What he did.';
comment on column community.feed_entries.object_kind is 'design, content, club, event, user ...';
comment on column community.feed_entries.object_id is 'With what.';
comment on column community.feed_entries.origin_id is 'The origin it was copied from; of an origin: itself.';
comment on column community.feed_entries.is_pull is 'Not copied: pulled when a feed is read.';
comment on column community.feed_entries.seen_at is 'When the reader saw it.';

-- verify
select count(*) = 0 from blueprint.undocumented('community');
select array_agg(c.relname::text order by c.relname::text) @> '{memberships,messages,reactions,read_cursors,threads}' from pg_class c, blueprint.annotations(c.oid) a where c.relnamespace = 'community'::regnamespace and a.tag = 'distribution' and a.value = 'club_id';
select count(*) = 0 from community.misplaced_keys();
create table community.probe_0090 (id int primary key, club_id uuid);
comment on table community.probe_0090 is 'Probe. @distribution club_id';
select relation = 'community.probe_0090' and distribution = 'club_id' from community.misplaced_keys() where relation ~ 'probe_0090';
select t, c, exists (select from blueprint.annotations(('community.' || t)::regclass) where column_name = c and tag = 'pii') from (values ('messages', 'body'), ('reports', 'note')) v(t, c);
select value like term || '%' from (values ('messages', '36 months'), ('reports', '24 months')) v(t, term), blueprint.annotations(('community.' || t)::regclass) where tag = 'retention';
select count(*) = 13 from pg_class c, blueprint.annotations(c.oid) a where c.relnamespace = 'community'::regnamespace and a.tag = 'distribution' and a.column_name is null
  and c.relname in ('clubs', 'memberships', 'threads', 'messages', 'reactions', 'read_cursors', 'events', 'attendance', 'reports', 'moderation_actions', 'reputation_entries', 'follows', 'feed_entries');
select not has_function_privilege('hc_member', 'community.misplaced_keys(text)', 'execute');
