-- Room community, layer 04: clubs and what is said and done in them. Each club numbers its messages without a gap under its own row lock; whatever belongs to a club
-- carries club_id and stays with it. Messages, memberships, reports and reputation are written by functions; reactions and follows by their people.

-- task: BUILD_0081 create_sql_file critical
-- title: Open room community with its contract: per-club order, colocated by club_id
-- does: Schema community, registered as layer 4 with its contract: the order per club and the distribution by club_id. What hc_owner makes here is closed until it is granted.
-- proves: the room is registered with layer 4, its order and distribution, and a table here forces row security and is closed to members (42501).
-- needs: BUILD_0015
select blueprint.open_room('community', 4, '04_community_activity',
  '{"provides": ["clubs", "messages", "events", "moderation", "reputation", "feed"], "requires": ["core.users", "core.terms"], "rls": "members of the club, own rows, staff",
    "ordering": "gapless seq per club", "distribution": "club_id", "retention": {"messages": "36 months or club setting", "reports": "24 months"}}',
  'Clubs and what is said and done in them: messages, events, moderation, reputation and the home feed.');

grant usage on schema community to hc_anon, hc_agent, hc_worker, hc_auditor;

-- verify
select layer = 4 and contract ->> 'distribution' = 'club_id' and contract ->> 'ordering' = 'gapless seq per club' and contract -> 'provides' ? 'clubs' from blueprint.rooms where schema_name = 'community';
create table community.probe_0081 (id int);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'community.probe_0081'::regclass;
select has_schema_privilege(role, 'community', 'usage') and not has_schema_privilege(role, 'community', 'create') from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor']) role;
insert into community.probe_0081 values (1) returning id = 1;
set local role hc_member;
select blueprint.raises('select from community.probe_0081', '42501');

-- task: BUILD_0082 create_tables critical
-- title: Create the thirteen community tables with monthly partitions for messages and feed
-- does: Clubs, memberships, threads, messages by month, reactions, read cursors, events, attendance, reports, moderation actions, reputation, follows and feed entries by month.
-- proves: a message of now and one of next month land in different partitions and one of ten years ahead is refused (23514); keys refuse a second row; every table forces row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0017, BUILD_0081, BUILD_0661
create table community.clubs (
  id uuid default uuidv7() constraint clubs_id_pk primary key,
  slug core.slug not null constraint clubs_slug_key unique,
  name text not null,
  category_id uuid,
  description text,
  kind text not null default 'open',
  status text not null default 'active',
  created_by uuid,
  next_seq bigint not null default 1,
  slow_mode_s int not null default 0,
  settings jsonb not null default '{}',
  last_message_at timestamptz,
  member_count int not null default 0,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table community.memberships (
  club_id uuid not null,
  user_id uuid not null,
  role text not null default 'member',
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  muted_until timestamptz,
  notify text not null default 'all',
  constraint memberships_club_id_user_id_pk primary key (club_id, user_id)
);

create table community.threads (
  id uuid default uuidv7(),
  club_id uuid not null,
  title text not null,
  created_by uuid,
  root_seq bigint,
  answer_seq bigint,
  status text not null default 'open',
  reply_count int not null default 0,
  last_seq bigint,
  last_message_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint threads_club_id_id_pk primary key (club_id, id),
  constraint threads_club_id_root_seq_key unique (club_id, root_seq)
);

create table community.messages (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  club_id uuid not null,
  seq bigint not null,
  thread_id uuid,
  reply_to_seq bigint,
  author_id uuid,
  kind text not null default 'text',
  body text,
  mentions uuid[] not null default '{}',
  attachments jsonb not null default '[]',
  edited_at timestamptz,
  held_at timestamptz,
  redacted_at timestamptz,
  redaction_reason text,
  constraint messages_id_occurred_at_club_id_pk primary key (id, occurred_at, club_id),
  constraint messages_club_id_seq_occurred_at_key unique (club_id, seq, occurred_at)
) partition by range (occurred_at);

create table community.reactions (
  club_id uuid not null,
  message_seq bigint not null,
  user_id uuid not null default core.current_user_id(),
  emoji text not null,
  created_at timestamptz not null default now(),
  constraint reactions_club_id_message_seq_user_id_emoji_pk primary key (club_id, message_seq, user_id, emoji)
);

create table community.read_cursors (
  club_id uuid not null,
  user_id uuid not null,
  last_read_seq bigint not null default 0,
  read_at timestamptz not null default now(),
  constraint read_cursors_club_id_user_id_pk primary key (club_id, user_id)
);

create table community.events (
  id uuid default uuidv7() constraint events_id_pk primary key,
  club_id uuid,
  organiser_id uuid not null,
  title text not null,
  kind text not null default 'meetup',
  during tstzrange not null,
  time_zone text not null default 'UTC',
  venue_key text,
  location jsonb not null default '{}',
  capacity int,
  has_waitlist boolean not null default true,
  status text not null default 'scheduled',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table community.attendance (
  event_id uuid not null,
  user_id uuid not null,
  status text not null default 'registered',
  position int,
  registered_at timestamptz not null default now(),
  checked_in_at timestamptz,
  constraint attendance_event_id_user_id_pk primary key (event_id, user_id)
);

create table community.reports (
  id uuid default uuidv7() constraint reports_id_pk primary key,
  reporter_id uuid not null,
  target_kind text not null,
  target_id uuid not null,
  target_author_id uuid,
  club_id uuid,
  reason_code text not null,
  severity int not null default 1,
  note text,
  evidence jsonb not null default '{}',
  status text not null default 'open',
  assigned_to uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table community.moderation_actions (
  id uuid default uuidv7() constraint moderation_actions_id_pk primary key,
  occurred_at timestamptz not null default clock_timestamp(),
  report_id uuid,
  moderator_id uuid,
  action text not null,
  target_kind text not null,
  target_id uuid not null,
  target_author_id uuid,
  club_id uuid,
  during tstzrange,
  reason text not null,
  prior jsonb not null default '{}',
  reverses_id uuid
);

create table community.reputation_entries (
  id uuid default uuidv7() constraint reputation_entries_id_pk primary key,
  occurred_at timestamptz not null default now(),
  user_id uuid not null,
  club_id uuid,
  points int not null,
  reason_code text not null,
  source_kind text not null,
  source_id uuid not null,
  constraint reputation_entries_user_id_reason_code_source_id_key unique (user_id, reason_code, source_id)
);

create table community.follows (
  follower_id uuid not null default core.current_user_id(),
  kind text not null,
  target_id uuid not null,
  created_at timestamptz not null default now(),
  constraint follows_follower_id_kind_target_id_pk primary key (follower_id, kind, target_id)
);

create table community.feed_entries (
  id uuid default uuidv7(),
  occurred_at timestamptz not null default now(),
  user_id uuid not null,
  actor_id uuid not null,
  verb text not null,
  object_kind text not null,
  object_id uuid not null,
  origin_id uuid not null,
  is_pull boolean not null default false,
  seen_at timestamptz,
  constraint feed_entries_id_occurred_at_user_id_pk primary key (id, occurred_at, user_id)
) partition by range (occurred_at);

select core.ensure_month_partitions('community.messages'), core.ensure_month_partitions('community.feed_entries');

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000082001', 'ada-0082'), ('00000000-0000-7000-8000-000000082002', 'bob-0082');
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000082011', 'probe-0082', 'Probe')
returning kind = 'open' and status = 'active' and next_seq = 1 and slow_mode_s = 0 and settings = '{}' and member_count = 0 and metadata = '{}' and created_at = now() and updated_at = now();
insert into community.clubs (slug, name) values ('probe-0082-b', 'Probe') returning id is not null;
insert into community.memberships (club_id, user_id) values ('00000000-0000-7000-8000-000000082011', '00000000-0000-7000-8000-000000082001') returning role = 'member' and joined_at = now() and notify = 'all';
insert into community.threads (id, club_id, title, root_seq) values ('00000000-0000-7000-8000-000000082021', '00000000-0000-7000-8000-000000082011', 'Probe', 1) returning status = 'open' and reply_count = 0 and created_at = now() and updated_at = now();
insert into community.threads (club_id, title) values ('00000000-0000-7000-8000-000000082011', 'Probe') returning id is not null;
insert into community.messages (club_id, seq, author_id, body) values ('00000000-0000-7000-8000-000000082011', 1, '00000000-0000-7000-8000-000000082001', 'now') returning id is not null and occurred_at = now() and kind = 'text' and mentions = '{}' and attachments = '[]';
insert into community.messages (club_id, seq, author_id, body, occurred_at) values ('00000000-0000-7000-8000-000000082011', 2, '00000000-0000-7000-8000-000000082001', 'next', date_trunc('month', now(), 'UTC') + interval '40 days');
select count(distinct tableoid) = 2 from community.messages where club_id = '00000000-0000-7000-8000-000000082011';
select blueprint.raises($$ insert into community.messages (club_id, seq, body, occurred_at) values ('00000000-0000-7000-8000-000000082011', 3, 'x', now() + interval '10 years') $$, '23514', 'no partition');
select count(*) >= 5 from core.month_partitions('community.messages');
select count(*) >= 5 from core.month_partitions('community.feed_entries');
insert into community.reactions (club_id, message_seq, user_id, emoji) values ('00000000-0000-7000-8000-000000082011', 1, '00000000-0000-7000-8000-000000082001', '+1') returning created_at = now();
insert into community.read_cursors (club_id, user_id) values ('00000000-0000-7000-8000-000000082011', '00000000-0000-7000-8000-000000082001') returning last_read_seq = 0 and read_at = now();
insert into community.events (id, organiser_id, title, during) values ('00000000-0000-7000-8000-000000082031', '00000000-0000-7000-8000-000000082001', 'Probe', tstzrange(now(), now() + interval '1 hour'))
returning kind = 'meetup' and time_zone = 'UTC' and location = '{}' and has_waitlist and status = 'scheduled' and metadata = '{}' and created_at = now() and updated_at = now();
insert into community.events (organiser_id, title, during) values ('00000000-0000-7000-8000-000000082001', 'Probe', tstzrange(now(), now() + interval '1 hour')) returning id is not null;
insert into community.attendance (event_id, user_id) values ('00000000-0000-7000-8000-000000082031', '00000000-0000-7000-8000-000000082001') returning status = 'registered' and registered_at = now();
insert into community.reports (reporter_id, target_kind, target_id, reason_code) values ('00000000-0000-7000-8000-000000082001', 'user', '00000000-0000-7000-8000-000000082002', 'spam') returning id is not null and severity = 1 and evidence = '{}' and status = 'open' and created_at = now() and updated_at = now();
insert into community.moderation_actions (action, target_kind, target_id, reason) values ('warn', 'user', '00000000-0000-7000-8000-000000082002', 'probe 0082') returning id is not null and occurred_at >= now() and prior = '{}';
insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id) values ('00000000-0000-7000-8000-000000082001', 1, 'answer_accepted', 'message', '00000000-0000-7000-8000-000000082021') returning id is not null and occurred_at = now();
insert into community.follows (follower_id, kind, target_id) values ('00000000-0000-7000-8000-000000082001', 'user', '00000000-0000-7000-8000-000000082002') returning created_at = now();
insert into community.feed_entries (user_id, actor_id, verb, object_kind, object_id, origin_id) values ('00000000-0000-7000-8000-000000082001', '00000000-0000-7000-8000-000000082002', 'published', 'design', uuidv7(), uuidv7()) returning id is not null and occurred_at = now() and not is_pull;
select core.act_as('00000000-0000-7000-8000-000000082002');
insert into community.reactions (club_id, message_seq, emoji) values ('00000000-0000-7000-8000-000000082011', 1, '+1') returning user_id = '00000000-0000-7000-8000-000000082002';
insert into community.follows (kind, target_id) values ('user', '00000000-0000-7000-8000-000000082001') returning follower_id = '00000000-0000-7000-8000-000000082002';
select core.act_as(null);
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000082011', 'probe-0082-c', 'Probe') $$, 'clubs_id_pk'), ($$ insert into community.clubs (slug, name) values ('probe-0082', 'Probe') $$, 'clubs_slug_key'),
  ($$ insert into community.memberships (club_id, user_id) values ('00000000-0000-7000-8000-000000082011', '00000000-0000-7000-8000-000000082001') $$, 'memberships_club_id_user_id_pk'),
  ($$ insert into community.threads (id, club_id, title) values ('00000000-0000-7000-8000-000000082021', '00000000-0000-7000-8000-000000082011', 'Probe') $$, 'threads_club_id_id_pk'),
  ($$ insert into community.threads (club_id, title, root_seq) values ('00000000-0000-7000-8000-000000082011', 'Probe', 1) $$, 'threads_club_id_root_seq_key'),
  ($$ insert into community.messages (id, club_id, seq, body) select m.id, m.club_id, 9, 'x' from community.messages m where m.club_id = '00000000-0000-7000-8000-000000082011' and m.seq = 1 $$, 'messages_2'),
  ($$ insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000082011', 1, 'x') $$, 'messages_2'),
  ($$ insert into community.reactions (club_id, message_seq, user_id, emoji) values ('00000000-0000-7000-8000-000000082011', 1, '00000000-0000-7000-8000-000000082001', '+1') $$, 'reactions_club_id_message_seq_user_id_emoji_pk'),
  ($$ insert into community.read_cursors (club_id, user_id) values ('00000000-0000-7000-8000-000000082011', '00000000-0000-7000-8000-000000082001') $$, 'read_cursors_club_id_user_id_pk'),
  ($$ insert into community.events (id, organiser_id, title, during) values ('00000000-0000-7000-8000-000000082031', '00000000-0000-7000-8000-000000082001', 'Probe', tstzrange(now(), now() + interval '1 hour')) $$, 'events_id_pk'),
  ($$ insert into community.attendance (event_id, user_id) values ('00000000-0000-7000-8000-000000082031', '00000000-0000-7000-8000-000000082001') $$, 'attendance_event_id_user_id_pk'),
  ($$ insert into community.reports (id, reporter_id, target_kind, target_id, reason_code) select r.id, '00000000-0000-7000-8000-000000082002', 'user', '00000000-0000-7000-8000-000000082001', 'spam' from community.reports r where reporter_id = '00000000-0000-7000-8000-000000082001' $$, 'reports_id_pk'),
  ($$ insert into community.moderation_actions (id, action, target_kind, target_id, reason) select a.id, 'warn', 'user', a.target_id, 'x' from community.moderation_actions a where reason = 'probe 0082' $$, 'moderation_actions_id_pk'),
  ($$ insert into community.reputation_entries (id, user_id, points, reason_code, source_kind, source_id) select e.id, e.user_id, 1, 'event_attended', 'event', uuidv7() from community.reputation_entries e where user_id = '00000000-0000-7000-8000-000000082001' $$, 'reputation_entries_id_pk'),
  ($$ insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id) values ('00000000-0000-7000-8000-000000082001', 1, 'answer_accepted', 'message', '00000000-0000-7000-8000-000000082021') $$, 'reputation_entries_user_id_reason_code_source_id_key'),
  ($$ insert into community.follows (follower_id, kind, target_id) values ('00000000-0000-7000-8000-000000082001', 'user', '00000000-0000-7000-8000-000000082002') $$, 'follows_follower_id_kind_target_id_pk'),
  ($$ insert into community.feed_entries select e.* from community.feed_entries e where user_id = '00000000-0000-7000-8000-000000082001' $$, 'feed_entries_2')) v(sql, rule);
select count(*) = 13 and bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relnamespace = 'community'::regnamespace and relname in
  ('clubs', 'memberships', 'threads', 'messages', 'reactions', 'read_cursors', 'events', 'attendance', 'reports', 'moderation_actions', 'reputation_entries', 'follows', 'feed_entries');
select count(*) = 0 from blueprint.rls_gaps('community');

-- revert
drop table community.feed_entries, community.follows, community.reputation_entries, community.moderation_actions, community.reports, community.attendance, community.events,
  community.read_cursors, community.reactions, community.messages, community.threads, community.memberships, community.clubs;

-- task: BUILD_0083 create_indexes
-- title: Index message streams, mentions, memberships, event calendar and moderation queue
-- does: Messages of a club by number, of a thread, of an author, those that mention somebody; clubs of a person and by name; events by time; open reports; the feed; who follows what.
-- proves: each query can be served by the index made for it, the latest fifty of a club backwards through the key of club and number, with old months pruned.
-- needs: BUILD_0021, BUILD_0082
create index messages_club_id_seq_idx on community.messages (club_id, seq desc);
create index messages_club_id_thread_id_seq_idx on community.messages (club_id, thread_id, seq);
create index messages_author_id_occurred_at_idx on community.messages (author_id, occurred_at desc);
create index messages_mentions_idx on community.messages using gin (mentions);
create index messages_occurred_at_brin_idx on community.messages using brin (occurred_at);
create index memberships_user_id_idx on community.memberships (user_id) where left_at is null;
create index clubs_name_trgm_idx on community.clubs using gin (name extensions.gin_trgm_ops);
create index events_during_idx on community.events using gist (during);
create index events_club_id_starts_at_idx on community.events (club_id, lower(during));
create index reports_status_created_at_idx on community.reports (status, created_at) where status in ('open', 'triaged');
create index feed_entries_user_id_occurred_at_idx on community.feed_entries (user_id, occurred_at desc);
create index follows_kind_target_id_idx on community.follows (kind, target_id);
create index reputation_entries_user_id_occurred_at_idx on community.reputation_entries (user_id, occurred_at desc);

comment on index community.messages_club_id_seq_idx is 'Latest messages of a club and pages before a number (community.history).';
comment on index community.messages_club_id_thread_id_seq_idx is 'Messages of a thread; and the foreign key.';
comment on index community.messages_author_id_occurred_at_idx is 'What somebody wrote lately; and the foreign key.';
comment on index community.messages_mentions_idx is 'Messages that mention somebody.';
comment on index community.messages_occurred_at_brin_idx is 'Messages of a period, for reports.';
comment on index community.memberships_user_id_idx is 'Clubs of a person.';
comment on index community.clubs_name_trgm_idx is 'Clubs by a name typed badly.';
comment on index community.events_during_idx is 'Events at a time.';
comment on index community.events_club_id_starts_at_idx is 'Events of a club in order; and the foreign key.';
comment on index community.reports_status_created_at_idx is 'Reports that wait, oldest first.';
comment on index community.feed_entries_user_id_occurred_at_idx is 'Feed of a person, newest first.';
comment on index community.follows_kind_target_id_idx is 'Who follows something.';
comment on index community.reputation_entries_user_id_occurred_at_idx is 'Points of a person, newest first; and the foreign key.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from community.messages where club_id = '00000000-0000-7000-8000-000000083001' and occurred_at > now() - interval '1 day' order by seq desc limit 50 $$, 'messages_club_id_seq_idx'),
  ($$ select from community.messages where club_id = '00000000-0000-7000-8000-000000083001' and thread_id = '00000000-0000-7000-8000-000000083002' order by seq $$, 'messages_club_id_thread_id_seq_idx'),
  ($$ select from community.messages where author_id = '00000000-0000-7000-8000-000000083001' order by occurred_at desc limit 5 $$, 'messages_author_id_occurred_at_idx'),
  ($$ select from community.messages where mentions @> '{00000000-0000-7000-8000-000000083001}' $$, 'messages_mentions_idx'),
  ($$ select from community.memberships where user_id = '00000000-0000-7000-8000-000000083001' and left_at is null $$, 'memberships_user_id_idx'),
  ($$ select from community.clubs where name operator(extensions.%) 'hnige' $$, 'clubs_name_trgm_idx'),
  ($$ select from community.events where during && tstzrange(now(), now() + interval '7 days') $$, 'events_during_idx'),
  ($$ select from community.events where club_id = '00000000-0000-7000-8000-000000083001' order by lower(during) $$, 'events_club_id_starts_at_idx'),
  ($$ select from community.reports where status = 'open' order by created_at limit 5 $$, 'reports_status_created_at_idx'),
  ($$ select from community.feed_entries where user_id = '00000000-0000-7000-8000-000000083001' order by occurred_at desc limit 20 $$, 'feed_entries_user_id_occurred_at_idx'),
  ($$ select from community.follows where kind = 'user' and target_id = '00000000-0000-7000-8000-000000083001' $$, 'follows_kind_target_id_idx'),
  ($$ select from community.reputation_entries where user_id = '00000000-0000-7000-8000-000000083001' order by occurred_at desc $$, 'reputation_entries_user_id_occurred_at_idx')) v(sql, index);
select amname = 'brin' and indisvalid from pg_index join pg_class c on c.oid = indexrelid join pg_am a on a.oid = relam where indexrelid = 'community.messages_occurred_at_brin_idx'::regclass;

-- task: BUILD_0084 create_foreign_keys critical
-- title: Link community tables to users, terms and each other
-- does: Cursors go with their membership, attendance with its event; clubs with messages, people and events hold back. Keys between tables of a club carry club_id.
-- proves: leaving takes the cursor along, a club with messages cannot be deleted (23503), a thread of another club is refused, every foreign key is enforced and indexed.
-- needs: BUILD_0022, BUILD_0083, BUILD_0661
alter table community.clubs
  add constraint clubs_category_id_fk foreign key (category_id) references core.terms (id),
  add constraint clubs_created_by_fk foreign key (created_by) references core.users (id);
alter table community.memberships
  add constraint memberships_club_id_fk foreign key (club_id) references community.clubs (id) on delete cascade,
  add constraint memberships_user_id_fk foreign key (user_id) references core.users (id);
alter table community.threads
  add constraint threads_club_id_fk foreign key (club_id) references community.clubs (id),
  add constraint threads_created_by_fk foreign key (created_by) references core.users (id);
alter table community.messages
  add constraint messages_club_id_fk foreign key (club_id) references community.clubs (id),
  add constraint messages_club_id_thread_id_fk foreign key (club_id, thread_id) references community.threads (club_id, id),
  add constraint messages_author_id_fk foreign key (author_id) references core.users (id);
alter table community.reactions
  add constraint reactions_club_id_fk foreign key (club_id) references community.clubs (id) on delete cascade,
  add constraint reactions_user_id_fk foreign key (user_id) references core.users (id);
alter table community.read_cursors
  add constraint read_cursors_club_id_user_id_fk foreign key (club_id, user_id) references community.memberships (club_id, user_id) on delete cascade;
alter table community.events
  add constraint events_club_id_fk foreign key (club_id) references community.clubs (id),
  add constraint events_organiser_id_fk foreign key (organiser_id) references core.users (id);
alter table community.attendance
  add constraint attendance_event_id_fk foreign key (event_id) references community.events (id) on delete cascade,
  add constraint attendance_user_id_fk foreign key (user_id) references core.users (id);
alter table community.reports
  add constraint reports_reporter_id_fk foreign key (reporter_id) references core.users (id),
  add constraint reports_target_author_id_fk foreign key (target_author_id) references core.users (id),
  add constraint reports_club_id_fk foreign key (club_id) references community.clubs (id),
  add constraint reports_assigned_to_fk foreign key (assigned_to) references core.users (id);
alter table community.moderation_actions
  add constraint moderation_actions_report_id_fk foreign key (report_id) references community.reports (id),
  add constraint moderation_actions_moderator_id_fk foreign key (moderator_id) references core.users (id),
  add constraint moderation_actions_target_author_id_fk foreign key (target_author_id) references core.users (id),
  add constraint moderation_actions_club_id_fk foreign key (club_id) references community.clubs (id),
  add constraint moderation_actions_reverses_id_key unique (reverses_id),
  add constraint moderation_actions_reverses_id_fk foreign key (reverses_id) references community.moderation_actions (id);
alter table community.reputation_entries
  add constraint reputation_entries_user_id_fk foreign key (user_id) references core.users (id),
  add constraint reputation_entries_club_id_fk foreign key (club_id) references community.clubs (id);
alter table community.follows add constraint follows_follower_id_fk foreign key (follower_id) references core.users (id) on delete cascade;
alter table community.feed_entries add constraint feed_entries_user_id_fk foreign key (user_id) references core.users (id);

create index clubs_category_id_idx on community.clubs (category_id);
create index clubs_created_by_idx on community.clubs (created_by);
create index memberships_person_idx on community.memberships (user_id, club_id);
create index threads_created_by_idx on community.threads (created_by);
create index reactions_user_id_idx on community.reactions (user_id);
create index events_organiser_id_idx on community.events (organiser_id);
create index attendance_user_id_idx on community.attendance (user_id);
create index reports_reporter_id_idx on community.reports (reporter_id);
create index reports_target_author_id_idx on community.reports (target_author_id);
create index reports_club_id_idx on community.reports (club_id);
create index reports_assigned_to_idx on community.reports (assigned_to);
create index moderation_actions_report_id_idx on community.moderation_actions (report_id);
create index moderation_actions_moderator_id_idx on community.moderation_actions (moderator_id);
create index moderation_actions_target_author_id_idx on community.moderation_actions (target_author_id, occurred_at desc);
create index moderation_actions_club_id_idx on community.moderation_actions (club_id);
create index reputation_entries_club_id_idx on community.reputation_entries (club_id, occurred_at);

comment on index community.clubs_category_id_idx is 'Clubs of a topic; and the foreign key.';
comment on index community.clubs_created_by_idx is 'Clubs somebody made; and the foreign key.';
comment on index community.memberships_person_idx is 'Foreign key: all memberships of a person, past ones too.';
comment on index community.threads_created_by_idx is 'Threads somebody opened; and the foreign key.';
comment on index community.reactions_user_id_idx is 'Reactions of a person; and the foreign key.';
comment on index community.events_organiser_id_idx is 'Events of an organiser; and the foreign key.';
comment on index community.attendance_user_id_idx is 'Events of a person; and the foreign key.';
comment on index community.reports_reporter_id_idx is 'Reports of a person; and the foreign key.';
comment on index community.reports_target_author_id_idx is 'Reports about a person; and the foreign key.';
comment on index community.reports_club_id_idx is 'Reports of a club; and the foreign key.';
comment on index community.reports_assigned_to_idx is 'Reports of a moderator; and the foreign key.';
comment on index community.moderation_actions_report_id_idx is 'What followed from a report; and the foreign key.';
comment on index community.moderation_actions_moderator_id_idx is 'What a moderator did; and the foreign key.';
comment on index community.moderation_actions_target_author_id_idx is 'What was done about a person, newest first; and the foreign key.';
comment on index community.moderation_actions_club_id_idx is 'What was done in a club; and the foreign key.';
comment on index community.reputation_entries_club_id_idx is 'Points of a club in order of time; and the foreign key.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000084001', 'ada-0084');
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000084011', 'probe-0084', 'Probe'), ('00000000-0000-7000-8000-000000084012', 'probe-0084-b', 'Probe');
insert into community.memberships (club_id, user_id) values ('00000000-0000-7000-8000-000000084011', '00000000-0000-7000-8000-000000084001');
insert into community.read_cursors (club_id, user_id) values ('00000000-0000-7000-8000-000000084011', '00000000-0000-7000-8000-000000084001');
insert into community.threads (id, club_id, title) values ('00000000-0000-7000-8000-000000084021', '00000000-0000-7000-8000-000000084012', 'Probe');
insert into community.messages (club_id, seq, body) values ('00000000-0000-7000-8000-000000084011', 1, 'x');
insert into community.events (id, organiser_id, title, during) values ('00000000-0000-7000-8000-000000084031', '00000000-0000-7000-8000-000000084001', 'Probe', tstzrange(now(), now() + interval '1 hour'));
insert into community.attendance (event_id, user_id) values ('00000000-0000-7000-8000-000000084031', '00000000-0000-7000-8000-000000084001');
delete from community.memberships where club_id = '00000000-0000-7000-8000-000000084011';
delete from community.events where id = '00000000-0000-7000-8000-000000084031';
select (select count(*) from community.read_cursors where club_id = '00000000-0000-7000-8000-000000084011') = 0, (select count(*) from community.attendance where user_id = '00000000-0000-7000-8000-000000084001') = 0;
select rule, blueprint.raises(replace(sql, '0f', '00000000-0000-7000-8000-00000008400f'), '23503', rule) from (values
  ($$ delete from community.clubs where slug = 'probe-0084' $$, 'messages_club_id_fk'),
  ($$ insert into community.clubs (slug, name, category_id) values ('probe-0084-c', 'Probe', '0f') $$, 'clubs_category_id_fk'), ($$ insert into community.clubs (slug, name, created_by) values ('probe-0084-c', 'Probe', '0f') $$, 'clubs_created_by_fk'),
  ($$ insert into community.memberships (club_id, user_id) values ('0f', '00000000-0000-7000-8000-000000084001') $$, 'memberships_club_id_fk'), ($$ insert into community.memberships (club_id, user_id) values ('00000000-0000-7000-8000-000000084011', '0f') $$, 'memberships_user_id_fk'),
  ($$ insert into community.threads (club_id, title) values ('0f', 'Probe') $$, 'threads_club_id_fk'), ($$ insert into community.threads (club_id, title, created_by) values ('00000000-0000-7000-8000-000000084011', 'Probe', '0f') $$, 'threads_created_by_fk'),
  ($$ insert into community.messages (club_id, seq, body) values ('0f', 2, 'x') $$, 'messages_club_id_fk'), ($$ insert into community.messages (club_id, seq, body, author_id) values ('00000000-0000-7000-8000-000000084011', 2, 'x', '0f') $$, 'messages_author_id_fk'),
  ($$ insert into community.messages (club_id, seq, body, thread_id) values ('00000000-0000-7000-8000-000000084011', 2, 'x', '00000000-0000-7000-8000-000000084021') $$, 'messages_club_id_thread_id_fk'),
  ($$ insert into community.reactions (club_id, message_seq, user_id, emoji) values ('0f', 1, '00000000-0000-7000-8000-000000084001', '+1') $$, 'reactions_club_id_fk'),
  ($$ insert into community.reactions (club_id, message_seq, user_id, emoji) values ('00000000-0000-7000-8000-000000084011', 1, '0f', '+1') $$, 'reactions_user_id_fk'),
  ($$ insert into community.read_cursors (club_id, user_id) values ('00000000-0000-7000-8000-000000084011', '00000000-0000-7000-8000-000000084001') $$, 'read_cursors_club_id_user_id_fk'),
  ($$ insert into community.events (organiser_id, title, during, club_id) values ('00000000-0000-7000-8000-000000084001', 'Probe', tstzrange(now(), now() + interval '1 hour'), '0f') $$, 'events_club_id_fk'),
  ($$ insert into community.events (organiser_id, title, during) values ('0f', 'Probe', tstzrange(now(), now() + interval '1 hour')) $$, 'events_organiser_id_fk'),
  ($$ insert into community.attendance (event_id, user_id) values ('0f', '00000000-0000-7000-8000-000000084001') $$, 'attendance_event_id_fk'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code) values ('0f', 'user', '0f', 'spam') $$, 'reports_reporter_id_fk'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code, target_author_id) values ('00000000-0000-7000-8000-000000084001', 'user', '0f', 'spam', '0f') $$, 'reports_target_author_id_fk'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code, club_id) values ('00000000-0000-7000-8000-000000084001', 'user', '0f', 'spam', '0f') $$, 'reports_club_id_fk'),
  ($$ insert into community.reports (reporter_id, target_kind, target_id, reason_code, assigned_to) values ('00000000-0000-7000-8000-000000084001', 'user', '0f', 'spam', '0f') $$, 'reports_assigned_to_fk'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason, report_id) values ('warn', 'user', '0f', 'x', '0f') $$, 'moderation_actions_report_id_fk'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason, moderator_id) values ('warn', 'user', '0f', 'x', '0f') $$, 'moderation_actions_moderator_id_fk'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason, target_author_id) values ('warn', 'user', '0f', 'x', '0f') $$, 'moderation_actions_target_author_id_fk'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason, club_id) values ('warn', 'user', '0f', 'x', '0f') $$, 'moderation_actions_club_id_fk'),
  ($$ insert into community.moderation_actions (action, target_kind, target_id, reason, reverses_id) values ('restore', 'user', '0f', 'x', '0f') $$, 'moderation_actions_reverses_id_fk'),
  ($$ insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id) values ('0f', 1, 'answer_accepted', 'message', '0f') $$, 'reputation_entries_user_id_fk'),
  ($$ insert into community.reputation_entries (user_id, points, reason_code, source_kind, source_id, club_id) values ('00000000-0000-7000-8000-000000084001', 1, 'answer_accepted', 'message', '0f', '0f') $$, 'reputation_entries_club_id_fk'),
  ($$ insert into community.follows (follower_id, kind, target_id) values ('0f', 'user', '00000000-0000-7000-8000-000000084001') $$, 'follows_follower_id_fk'),
  ($$ insert into community.feed_entries (user_id, actor_id, verb, object_kind, object_id, origin_id) values ('0f', '0f', 'published', 'design', '0f', '0f') $$, 'feed_entries_user_id_fk')) v(sql, rule);
select convalidated from pg_constraint where conname = 'attendance_user_id_fk' and confrelid = 'core.users'::regclass;
insert into community.moderation_actions (id, action, target_kind, target_id, reason) values ('00000000-0000-7000-8000-000000084041', 'warn', 'user', '00000000-0000-7000-8000-000000084001', 'x');
insert into community.moderation_actions (action, target_kind, target_id, reason, reverses_id) values ('restore', 'user', '00000000-0000-7000-8000-000000084001', 'x', '00000000-0000-7000-8000-000000084041');
select blueprint.raises($$ insert into community.moderation_actions (action, target_kind, target_id, reason, reverses_id) values ('restore', 'user', '00000000-0000-7000-8000-000000084001', 'x', '00000000-0000-7000-8000-000000084041') $$, '23505', 'moderation_actions_reverses_id_key');
select count(*) = 0 from blueprint.unindexed_fks('community');
select index, blueprint.plan_uses(sql, index) from (values ($$ select from community.memberships where user_id = '00000000-0000-7000-8000-000000084001' order by club_id $$, 'memberships_person_idx')) v(sql, index);
