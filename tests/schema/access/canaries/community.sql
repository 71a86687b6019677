-- Room community: ivy's clubs of every kind. In the private one ada is member, cal moderator, dot was, eve is banned; bob is muted in the open one.
insert into community.clubs (id, slug, name, kind, status, created_by)
select id('club ' || name), 'canary-' || name, 'Canary ' || name, kind, status, id('ivy')
from (values ('open', 'open', 'active'), ('asking', 'request', 'active'), ('private', 'private', 'active'), ('archived', 'open', 'archived')) c(name, kind, status);

insert into community.memberships (club_id, user_id, role, left_at, muted_until) values
  (id('club private'), id('ivy'), 'owner', null, null), (id('club private'), id('ada'), 'member', null, null), (id('club private'), id('cal'), 'moderator', null, null),
  (id('club private'), id('dot'), 'member', now(), null), (id('club private'), id('eve'), 'banned', null, null),
  (id('club asking'), id('eve'), 'pending', null, null), (id('club open'), id('bob'), 'muted', null, now() + interval '1 day'), (id('club archived'), id('ada'), 'member', null, null);

insert into community.threads (id, club_id, title, created_by) values
  (id('thread private'), id('club private'), 'Canary', id('ada')), (id('thread open'), id('club open'), 'Canary', id('bob'));

insert into community.messages (id, occurred_at, club_id, seq, author_id, body, held_at, redacted_at, redaction_reason)
select id('message ' || name), now() - age, id('club ' || club), seq, id(author), case when not is_redacted then 'canary' end, case when is_held then now() end,
  case when is_redacted then now() end, case when is_redacted then 'canary' end
from (values ('by ada', interval '0', 'private', 900001, 'ada', false, false), ('by ada old', '25 hours', 'private', 900002, 'ada', false, false),
  ('by ada held', '0', 'private', 900003, 'ada', true, false), ('by ivy held', '0', 'private', 900004, 'ivy', true, false), ('by ada redacted', '0', 'private', 900005, 'ada', false, true),
  ('by dot', '0', 'private', 900006, 'dot', false, false), ('by eve', '0', 'private', 900007, 'eve', false, false), ('by bob', '0', 'open', 900001, 'bob', false, false)
) m(name, age, club, seq, author, is_held, is_redacted);

insert into community.reactions (club_id, message_seq, user_id, emoji) values
  (id('club private'), 900001, id('cal'), 'canary'), (id('club private'), 900001, id('dot'), 'canary'), (id('club private'), 900001, id('ada'), 'canary'), (id('club open'), 900001, id('bob'), 'canary');
insert into community.read_cursors (club_id, user_id) values (id('club private'), id('ada')), (id('club open'), id('bob'));
insert into community.flood_buckets (club_id, user_id) values (id('club private'), id('ada'));
insert into community.sent_keys (club_id, author_id, client_key, message_id, seq) values (id('club private'), id('ada'), 'canary', id('message by ada'), 900001);

insert into community.events (id, club_id, organiser_id, title, during, status)
select id('event ' || name), case when club is not null then id('club ' || club) end, id('ivy'), 'Canary ' || name, tstzrange(now(), now() + interval '1 hour'), status
from (values ('for all', null, 'scheduled'), ('draft', null, 'draft'), ('private', 'private', 'scheduled'), ('private draft', 'private', 'draft'),
  ('asking', 'asking', 'cancelled'), ('archived', 'archived', 'finished')) e(name, club, status);
insert into community.attendance (event_id, user_id) values (id('event for all'), id('ada')), (id('event private'), id('bob'));

insert into community.reports (id, reporter_id, target_kind, target_id, club_id, reason_code) values
  (id('report by ada'), id('ada'), 'user', id('bob'), id('club private'), 'canary'), (id('report by bob'), id('bob'), 'user', id('ada'), null, 'canary');
insert into community.moderation_actions (id, moderator_id, action, target_kind, target_id, club_id, reason) values
  (id('warning'), id('moe'), 'warn', 'user', id('ada'), id('club private'), 'canary'), (id('ban'), id('moe'), 'ban', 'user', id('bob'), null, 'canary');
insert into community.reputation_entries (id, user_id, points, reason_code, source_kind, source_id) values
  (id('points ada'), id('ada'), 1, 'canary', 'canary', id('ada')), (id('points bob'), id('bob'), 1, 'canary', 'canary', id('bob'));
insert into community.follows (follower_id, kind, target_id) values (id('ada'), 'user', id('bob')), (id('bob'), 'user', id('ada'));
insert into community.feed_entries (id, user_id, actor_id, verb, object_kind, object_id, origin_id) values
  (id('feed ada'), id('ada'), id('bob'), 'canary', 'canary', id('bob'), id('bob')), (id('feed bob'), id('bob'), id('ada'), 'canary', 'canary', id('ada'), id('ada'));
insert into community.badges (code, threshold, label) values ('canary', 1, 'Canary');
insert into community.reputation_rules (reason_code, points, about) values ('canary', 1, 'canary');
