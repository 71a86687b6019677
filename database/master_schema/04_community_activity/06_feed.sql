-- Room community, what reaches a person: the inbox of mentions, replies and follows, and the home feed of those one follows.

-- task: BUILD_0095 implement_feature
-- title: Notifications inbox of mentions, replies and follows with digest settings
-- does: community.notifications() merges mentions, replies to one's messages, what followed people published and events of the next day, one item per thread or subject; memberships choose all, mentions or none,
--   and quiet hours of the person's zone put items off until they end. digest(user, period) gives the same as JSON for a mail.
-- proves: ten replies in one thread are one item of count ten, notify mentions hides plain replies and none everything, an item of the night appears in the morning, pages do not overlap.
-- needs: BUILD_0016, BUILD_0086, BUILD_0089, BUILD_0091, BUILD_0781
create function community.after_quiet(at timestamptz, time_zone text, quiet jsonb) returns timestamptz
  language sql stable
begin atomic
  select case
    when q.starts is null or q.ends is null or q.starts = q.ends then at
    when q.starts < q.ends and q.hour >= q.starts and q.hour < q.ends or q.starts > q.ends and q.hour < q.ends then (date_trunc('day', q.local) + make_interval(hours => q.ends)) at time zone time_zone
    when q.starts > q.ends and q.hour >= q.starts then (date_trunc('day', q.local) + make_interval(days => 1, hours => q.ends)) at time zone time_zone
    else at end
  from (select at at time zone after_quiet.time_zone as local, extract(hour from at at time zone after_quiet.time_zone)::int as hour, (quiet ->> 'from')::int as starts, (quiet ->> 'to')::int as ends) q;
end;

create function community.inbox(person uuid, since timestamptz, until timestamptz) returns table (kind text, group_key text, club_id uuid, item_count bigint, latest_at timestamptz, sample text)
  language sql stable
begin atomic
  with item as (
    select case when m.mentions @> array[person] then 'mention' else 'reply' end as kind, coalesce(m.thread_id::text, m.club_id || ' ' || coalesce(m.reply_to_seq, 0)) as subject, m.club_id, m.occurred_at as at, left(m.body, 140) as sample
    from community.memberships k
    join community.messages m on m.club_id = k.club_id and m.occurred_at > since and m.occurred_at <= until and m.author_id is distinct from person and m.held_at is null and m.redacted_at is null
    where k.user_id = person and k.left_at is null and k.role not in ('pending', 'banned')
      and (m.mentions @> array[person] and k.notify in ('all', 'mentions')
        or k.notify = 'all' and m.reply_to_seq is not null and exists (select from community.messages o where o.club_id = m.club_id and o.seq = m.reply_to_seq and o.author_id = person))
    union all
    select 'follow' as kind, c.author_id::text, null as uuid, c.published_at, c.title
    from community.follows f join core.content c on c.author_id = f.target_id and c.status = 'published' and c.published_at > since and c.published_at <= until
    where f.follower_id = person and f.kind = 'user'
    union all
    select 'event' as kind, e.id::text, e.club_id, lower(e.during) - interval '1 day', e.title
    from community.attendance a join community.events e on e.id = a.event_id
    where a.user_id = person and a.status = 'registered' and e.status = 'scheduled' and lower(e.during) - interval '1 day' > since and lower(e.during) - interval '1 day' <= until),
  due as (
    select i.* from item i join core.users u on u.id = person where community.after_quiet(i.at, u.time_zone, u.preferences -> 'quiet_hours') <= until)
  select d.kind, d.kind || ':' || d.subject, (array_agg(d.club_id))[1], count(*), max(d.at), (array_agg(d.sample order by d.at desc))[1] from due d group by d.kind, d.subject;
end;

create function community.notifications(since timestamptz default now() - interval '7 days', cursor text default null, most int default 50, until timestamptz default now())
  returns table (kind text, group_key text, club_id uuid, item_count bigint, latest_at timestamptz, sample text, next_cursor text)
  language sql stable security definer
begin atomic
  select i.kind, i.group_key, i.club_id, i.item_count, i.latest_at, i.sample, core.encode_cursor(i.latest_at, md5(i.group_key)::uuid)
  from community.inbox(core.current_user_id(), since, until) i, core.decode_cursor(cursor) c
  where c.id is null or (i.latest_at, md5(i.group_key)::uuid) < (c.at, c.id)
  order by i.latest_at desc, md5(i.group_key)::uuid desc limit least(most, 200);
end;

create function community.digest(person uuid, period interval default '1 day', until timestamptz default now()) returns jsonb
  language sql stable security definer
  return (
    select jsonb_build_object('user_id', person, 'since', until - period, 'until', until, 'total', coalesce(sum(i.item_count), 0),
      'items', coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'group', i.group_key, 'count', i.item_count, 'at', i.latest_at, 'text', i.sample) order by i.latest_at desc), '[]'))
    from community.inbox(person, until - period, until) i);

grant execute on function community.notifications to hc_member;
grant execute on function community.digest to hc_worker;

comment on function community.after_quiet is 'When something of a time may disturb: at once, or at the end of the quiet hours {"from": 22, "to": 7} in the zone of the person.';
comment on function community.inbox is 'What happened for a person in a span, one row per thread or subject, quiet hours and choices honoured. For owner functions.';
comment on function community.notifications is 'Inbox of the current person, latest first, page by page. Security definer: it shows of clubs what the memberships of the person allow.';
comment on function community.digest is 'Inbox of a person over a period as JSON, for the mail. Security definer: the worker reads no table.';

-- verify
insert into core.users (id, handle, email, status, time_zone, preferences) values ('00000000-0000-7000-8000-000000095001', 'ada-0095', 'ada-0095@example.org', 'active', 'Europe/Berlin', '{}'), ('00000000-0000-7000-8000-000000095002', 'bob-0095', 'bob-0095@example.org', 'active', 'UTC', '{}');
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000095011', 'probe-0095', 'Probe');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000095011', '00000000-0000-7000-8000-000000095001', 'owner'), ('00000000-0000-7000-8000-000000095011', '00000000-0000-7000-8000-000000095002', 'member');
insert into community.threads (id, club_id, title) values ('00000000-0000-7000-8000-000000095021', '00000000-0000-7000-8000-000000095011', 'Probe');
insert into community.messages (club_id, seq, author_id, body, thread_id) values ('00000000-0000-7000-8000-000000095011', 1, '00000000-0000-7000-8000-000000095001', 'mine', '00000000-0000-7000-8000-000000095021');
insert into community.messages (club_id, seq, author_id, body, thread_id, reply_to_seq) select '00000000-0000-7000-8000-000000095011', n, '00000000-0000-7000-8000-000000095002', 'reply ' || n, '00000000-0000-7000-8000-000000095021', 1 from generate_series(2, 11) n;
insert into community.messages (club_id, seq, author_id, body) values ('00000000-0000-7000-8000-000000095011', 12, '00000000-0000-7000-8000-000000095002', 'hey @ada-0095');
insert into community.follows (follower_id, kind, target_id) values ('00000000-0000-7000-8000-000000095001', 'user', '00000000-0000-7000-8000-000000095002');
insert into core.content (author_id, slug, title, status, published_at, body_blocks) values ('00000000-0000-7000-8000-000000095002', 'probe-0095', 'News of Bob', 'published', now(), '[{"type": "paragraph", "text": "x"}]');
insert into community.events (id, organiser_id, title, during) values ('00000000-0000-7000-8000-000000095031', '00000000-0000-7000-8000-000000095002', 'Tomorrow', tstzrange(now() + interval '20 hours', now() + interval '22 hours'));
insert into community.attendance (event_id, user_id) values ('00000000-0000-7000-8000-000000095031', '00000000-0000-7000-8000-000000095001');
select core.act_as('00000000-0000-7000-8000-000000095001');
set local role hc_member;
select array_agg(concat_ws(' ', kind, item_count) order by kind) = '{"event 1","follow 1","mention 1","reply 10"}' and bool_or(sample = 'News of Bob') from community.notifications();
select count(*) = 4 and count(distinct n.group_key) = 4 from (select f.* from community.notifications(most => 2) f union all select r.* from (select next_cursor from community.notifications(most => 2) order by latest_at, md5(group_key)::uuid limit 1) c, community.notifications(cursor => c.next_cursor) r) n;
update community.memberships set notify = 'mentions';
select array_agg(kind order by kind) = '{event,follow,mention}' from community.notifications();
update community.memberships set notify = 'none';
select array_agg(kind order by kind) = '{event,follow}' from community.notifications();
set local role hc_owner;
update community.memberships set notify = 'all' where user_id = '00000000-0000-7000-8000-000000095001';
select at, community.after_quiet(at::timestamptz, 'Europe/Berlin', quiet::jsonb) = due::timestamptz from (values
  ('2026-01-05 22:30+00', '{"from": 22, "to": 7}', '2026-01-06 06:00+00'), ('2026-01-06 03:00+00', '{"from": 22, "to": 7}', '2026-01-06 06:00+00'), ('2026-01-06 12:00+00', '{"from": 22, "to": 7}', '2026-01-06 12:00+00'),
  ('2026-01-06 12:30+00', '{"from": 13, "to": 15}', '2026-01-06 14:00+00'), ('2026-01-06 12:30+00', null, '2026-01-06 12:30+00')) v(at, quiet, due);
update core.users set preferences = jsonb_build_object('quiet_hours', jsonb_build_object('from', extract(hour from now() at time zone 'Europe/Berlin')::int, 'to', (extract(hour from now() at time zone 'Europe/Berlin')::int + 2) % 24)) where handle = 'ada-0095';
set local role hc_member;
select count(*) = 0 from community.notifications() where kind in ('mention', 'reply', 'follow');
select count(*) = 3 from community.notifications(until => now() + interval '3 hours') where kind in ('mention', 'reply', 'follow');
set local role hc_worker;
select (d ->> 'total')::int >= 12 and jsonb_array_length(d -> 'items') >= 3 and d -> 'items' @> '[{"kind": "reply", "count": 10}]' from community.digest('00000000-0000-7000-8000-000000095001', '1 day', now() + interval '3 hours') d;
select has_function_privilege('hc_worker', 'community.digest(uuid, interval, timestamptz)', 'execute') and not has_function_privilege('hc_member', 'community.digest(uuid, interval, timestamptz)', 'execute'),
  has_function_privilege('hc_member', 'community.notifications(timestamptz, text, int, timestamptz)', 'execute') and not has_function_privilege('hc_anon', 'community.notifications(timestamptz, text, int, timestamptz)', 'execute'),
  not has_function_privilege('hc_member', 'community.inbox(uuid, timestamptz, timestamptz)', 'execute'), not has_function_privilege('hc_member', 'community.after_quiet(timestamptz, text, jsonb)', 'execute');

-- task: BUILD_0100 implement_feature critical
-- title: Home feed with hybrid fan-out and ranked keyset paging
-- does: community.publish_activity() writes an activity once for its actor and copies it to each follower while they are fewer than 5,000; of others the feed pulls when it is read. feed() groups what somebody did in a
--   day, ranks by time and closeness, hides what the reader may not see, marks as seen and pages by cursor. Following fills in the latest, unfollowing takes them away.
-- proves: a follower of a normal and of a pulled actor sees both once, a private design is seen by its owner alone, unfollowing removes, following fills in, pages do not repeat, closeness ranks.
-- needs: BUILD_0016, BUILD_0085, BUILD_0091, BUILD_0681, BUILD_0781
create function community.may_see(viewer uuid, kind text, object uuid) returns boolean
  language sql stable
  return case kind
    when 'design' then exists (select from core.designs d where d.id = object and d.deleted_at is null and (d.owner_id = viewer or d.visibility in ('public', 'community')))
    when 'content' then exists (select from core.content c where c.id = object and (c.author_id = viewer or c.status = 'published' and (c.publish_at is null or c.publish_at <= now())))
    when 'club' then exists (select from community.clubs c where c.id = object and (c.kind <> 'private' or community.is_member(c.id, viewer)))
    when 'event' then exists (select from community.events e left join community.clubs c on c.id = e.club_id where e.id = object and (c.id is null or c.kind <> 'private' or community.is_member(c.id, viewer)))
    else true end;

create function community.publish_activity(actor uuid, verb text, object_kind text, object uuid, fan_out_below int default 5000) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  origin constant uuid := uuidv7();
  followers constant bigint := (select count(*) from (select from community.follows f where f.kind = 'user' and f.target_id = actor limit fan_out_below) f);
  told bigint := 0;
begin
  insert into community.feed_entries (id, user_id, actor_id, verb, object_kind, object_id, origin_id, is_pull)
  values (origin, actor, actor, publish_activity.verb, publish_activity.object_kind, object, origin, followers >= fan_out_below);
  if followers < fan_out_below then
    insert into community.feed_entries (user_id, actor_id, verb, object_kind, object_id, origin_id)
    select f.follower_id, actor, publish_activity.verb, publish_activity.object_kind, object, origin from community.follows f where f.kind = 'user' and f.target_id = actor;
    get diagnostics told = row_count;
  end if;
  return told;
end $$;

create function community.follow_feed() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into community.feed_entries (user_id, actor_id, verb, object_kind, object_id, origin_id, occurred_at)
    select new.follower_id, o.actor_id, o.verb, o.object_kind, o.object_id, o.origin_id, o.occurred_at
    from community.feed_entries o
    where o.user_id = new.target_id and o.id = o.origin_id and not o.is_pull and o.occurred_at > now() - interval '30 days'
    order by o.occurred_at desc limit 20;
  else
    delete from community.feed_entries e where e.user_id = old.follower_id and e.actor_id = old.target_id;
  end if;
  return null;
end $$;

create trigger follows_feed_in after insert on community.follows for each row when (new.kind = 'user') execute function community.follow_feed();
create trigger follows_feed_out after delete on community.follows for each row when (old.kind = 'user') execute function community.follow_feed();

create function community.feed(cursor text default null, most int default 30) returns table (actor_id uuid, verb text, object_kind text, object_ids uuid[], item_count bigint, latest_at timestamptz, is_new boolean, next_cursor text)
  language sql security definer
begin atomic
  with me as (select core.current_user_id() as id),
  entry as (
    select e.id, e.actor_id, e.verb, e.object_kind, e.object_id, e.occurred_at, e.seen_at from community.feed_entries e, me where e.user_id = me.id and e.actor_id <> me.id and e.occurred_at > now() - interval '60 days'
    union all
    select null as id, e.actor_id, e.verb, e.object_kind, e.object_id, e.occurred_at, null as seen_at
    from me join community.follows f on f.follower_id = me.id and f.kind = 'user' join community.feed_entries e on e.user_id = f.target_id and e.actor_id = f.target_id and e.is_pull and e.occurred_at > now() - interval '60 days'),
  closeness as (
    select m.author_id as actor_id, least(count(*), 12) as reactions
    from me join community.reactions r on r.user_id = me.id and r.created_at > now() - interval '30 days' join community.messages m on m.club_id = r.club_id and m.seq = r.message_seq group by m.author_id),
  grouped as (
    select e.actor_id, e.verb, e.object_kind, array_agg(distinct e.object_id) as object_ids, count(distinct e.object_id) as item_count, max(e.occurred_at) as latest_at, bool_or(e.seen_at is null) as is_new, array_agg(e.id) filter (where e.id is not null) as entries,
      max(e.occurred_at) + interval '1 hour' * coalesce(max(k.reactions), 0) as place, md5(concat_ws('|', e.actor_id, e.verb, e.object_kind, date_trunc('day', e.occurred_at, 'UTC')))::uuid as id
    from entry e cross join me left join closeness k on k.actor_id = e.actor_id
    where community.may_see(me.id, e.object_kind, e.object_id)
    group by e.actor_id, e.verb, e.object_kind, date_trunc('day', e.occurred_at, 'UTC')),
  page as (
    select g.* from grouped g, core.decode_cursor(cursor) c where c.id is null or (g.place, g.id) < (c.at, c.id) order by g.place desc, g.id desc limit least(most, 100)),
  seen as (
    update community.feed_entries e set seen_at = now() from me, page p where e.user_id = me.id and e.id = any (p.entries) and e.seen_at is null returning 1)
  select p.actor_id, p.verb, p.object_kind, p.object_ids, p.item_count, p.latest_at, p.is_new, core.encode_cursor(p.place, p.id) from page p order by p.place desc, p.id desc;
end;

grant execute on function community.publish_activity to hc_worker;
grant execute on function community.feed to hc_member;

comment on function community.may_see is 'Whether a person may see an object of a feed. For owner functions.';
comment on function community.publish_activity is 'Tells the followers of an actor what he did; returns to how many it was copied. Security definer: feeds are written by functions only.';
comment on function community.follow_feed is 'Trigger of community.follows: the latest of whom one follows comes into the feed, and goes with the follow. Security definer: followers may not write feeds.';
comment on trigger follows_feed_in on community.follows is 'Following fills in the latest.';
comment on trigger follows_feed_out on community.follows is 'Unfollowing takes it away.';
comment on function community.feed is 'Home feed of the current person, page by page; what comes out counts as seen. Security definer: it reads what followed people did, as far as the reader may see it.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000010000' || n)::uuid, 'u' || n || '-0100' from generate_series(1, 5) n;
insert into core.designs (id, owner_id, slug, title, visibility, licence_spdx) values ('00000000-0000-7000-8000-000000100021', '00000000-0000-7000-8000-000000100001', 'public-0100', 'Public hinge', 'public', 'CERN-OHL-S-2.0'), ('00000000-0000-7000-8000-000000100022', '00000000-0000-7000-8000-000000100001', 'private-0100', 'Private hinge', 'private', 'CERN-OHL-S-2.0');
insert into community.clubs (id, slug, name, kind) values ('00000000-0000-7000-8000-000000100011', 'probe-0100', 'Probe', 'private');
insert into community.follows (follower_id, kind, target_id) values ('00000000-0000-7000-8000-000000100003', 'user', '00000000-0000-7000-8000-000000100001'), ('00000000-0000-7000-8000-000000100003', 'user', '00000000-0000-7000-8000-000000100002');
set local role hc_worker;
select community.publish_activity('00000000-0000-7000-8000-000000100001', 'released', 'design', '00000000-0000-7000-8000-000000100021') = 1;
select community.publish_activity('00000000-0000-7000-8000-000000100001', 'released', 'design', '00000000-0000-7000-8000-000000100022') = 1;
select community.publish_activity('00000000-0000-7000-8000-000000100002', 'joined', 'user', '00000000-0000-7000-8000-000000100005', 1) = 0;
select community.publish_activity('00000000-0000-7000-8000-000000100001', 'founded', 'club', '00000000-0000-7000-8000-000000100011') = 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000100003');
set local role hc_member;
select array_agg(concat_ws(' ', right(actor_id::text, 1), verb, item_count) order by actor_id) = '{"1 released 1","2 joined 1"}' and bool_and(is_new) and bool_or(object_ids = '{00000000-0000-7000-8000-000000100021}') from community.feed();
select count(*) = 1 from community.feed() where not is_new;
select count(*) = 2 and count(distinct f.actor_id) = 2 from (select a.* from community.feed(most => 1) a union all select b.* from community.feed(most => 1) a, lateral community.feed(a.next_cursor) b) f;
delete from community.follows where target_id = '00000000-0000-7000-8000-000000100001';
select array_agg(verb) = '{joined}' from community.feed();
insert into community.follows (kind, target_id) values ('user', '00000000-0000-7000-8000-000000100001');
select count(*) = 2 from community.feed();
set local role hc_owner;
select count(*) = 0 from community.feed_entries where user_id = '00000000-0000-7000-8000-000000100004';
update community.feed_entries set occurred_at = now() - interval '3 hours' where actor_id = '00000000-0000-7000-8000-000000100001';
select verb = 'joined' from community.feed(most => 1);
insert into community.messages (club_id, seq, author_id, body) select '00000000-0000-7000-8000-000000100011', n, '00000000-0000-7000-8000-000000100001', 'm' || n from generate_series(1, 6) n;
insert into community.reactions (club_id, message_seq, user_id, emoji) select '00000000-0000-7000-8000-000000100011', n, '00000000-0000-7000-8000-000000100003', '+1' from generate_series(1, 6) n;
select verb = 'released' from community.feed(most => 1);
select kind, community.may_see(viewer, kind, object) = sees from (values ('design', uuid '00000000-0000-7000-8000-000000100001', uuid '00000000-0000-7000-8000-000000100022', true), ('design', '00000000-0000-7000-8000-000000100003', '00000000-0000-7000-8000-000000100022', false),
  ('club', '00000000-0000-7000-8000-000000100003', '00000000-0000-7000-8000-000000100011', false), ('user', '00000000-0000-7000-8000-000000100003', '00000000-0000-7000-8000-000000100001', true), ('content', '00000000-0000-7000-8000-000000100003', '00000000-0000-7000-8000-000000100001', false)) v(kind, viewer, object, sees);
select has_function_privilege('hc_worker', 'community.publish_activity(uuid, text, text, uuid, int)', 'execute') and not has_function_privilege('hc_member', 'community.publish_activity(uuid, text, text, uuid, int)', 'execute'),
  has_function_privilege('hc_member', 'community.feed(text, int)', 'execute') and not has_function_privilege('hc_anon', 'community.feed(text, int)', 'execute'), not has_function_privilege('hc_member', 'community.follow_feed()', 'execute'), not has_function_privilege('hc_member', 'community.may_see(uuid, text, uuid)', 'execute');
