-- Room community, conduct and company: reports and what follows from them, events, notifications and the home feed.

-- task: BUILD_0097 implement_feature critical
-- title: Reports with frozen evidence and moderation actions that can be reversed
-- does: community.report() keeps what was reported as it was, with its digest; three people hold a message or comment until somebody looks. take_action() warns, redacts, mutes or bans (moderators of the club,
--   or hc_moderator) or takes a design off the market (hc_moderator), logs what was before and tells the reporter; reverse_action() undoes it.
-- proves: an edit after a report leaves the evidence, the third reporter hides the message, a mute of an hour blocks and ends by itself, reversing a ban lets the user post and reversing a delisting lists the design again, a stranger acts on nothing.
-- needs: BUILD_0066, BUILD_0085, BUILD_0086, BUILD_0089, BUILD_0126, BUILD_0681
create function community.snapshot(kind text, target uuid, out author uuid, out club uuid, out evidence jsonb)
  language plpgsql stable set search_path = ''
as $$
declare
  said jsonb;
begin
  case kind
    when 'message' then select m.author_id, m.club_id, jsonb_build_object('body', m.body, 'attachments', m.attachments, 'seq', m.seq) into author, club, said from community.messages m where m.id = target;
    when 'comment' then select c.author_id, jsonb_build_object('body', c.body, 'content_id', c.content_id) into author, said from publishing.comments c where c.id = target;
    when 'content' then select c.author_id, jsonb_build_object('title', c.title, 'summary', c.summary) into author, said from core.content c where c.id = target;
    when 'design' then select d.owner_id, jsonb_build_object('title', d.title, 'summary', d.summary) into author, said from core.designs d where d.id = target;
    when 'user' then select u.id, jsonb_build_object('handle', u.handle, 'display_name', u.display_name) into author, said from core.users u where u.id = target;
    else raise exception using errcode = '22023', message = format('a %s cannot be reported', kind);
  end case;
  if said is null then
    raise exception using errcode = '22023', message = 'there is nothing of this kind to report';
  end if;
  evidence := said || jsonb_build_object('at', now(), 'sha256', encode(sha256(convert_to(said::text, 'UTF8')), 'hex'));
end $$;

create function community.report(kind text, target uuid, reason_code text, note text default null, severity int default 1) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  taken record;
  made uuid;
begin
  if core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'reports are made by somebody who is signed in';
  end if;
  select * into taken from community.snapshot(kind, target);
  if taken.club is not null and not community.is_member(taken.club) and not core.has_role('hc_moderator') then
    raise exception using errcode = '42501', message = 'one reports what one can see';
  end if;
  insert into community.reports (reporter_id, target_kind, target_id, target_author_id, club_id, reason_code, severity, note, evidence)
  values (core.current_user_id(), kind, target, taken.author, taken.club, report.reason_code, report.severity, report.note, taken.evidence)
  returning id into made;
  if (select count(distinct r.reporter_id) from community.reports r where r.target_kind = report.kind and r.target_id = target and r.status in ('open', 'triaged')) >= 3 then
    update community.messages m set held_at = now() where report.kind = 'message' and m.id = target and m.held_at is null;
    update publishing.comments c set status = 'held' where report.kind = 'comment' and c.id = target and c.status = 'visible';
  end if;
  return made;
end $$;

create function community.take_action(report uuid, action text, reason text, during interval default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  acted community.reports;
  prior jsonb;
  made uuid;
begin
  select * into acted from community.reports r where r.id = report for update;
  if acted.id is null or acted.status not in ('open', 'triaged') then
    raise exception using errcode = '55000', message = 'there is no open report of this number';
  elsif not (core.has_role('hc_moderator') or coalesce(community.club_role(acted.club_id) in ('owner', 'moderator'), false)) or acted.target_author_id = core.current_user_id() then
    raise exception using errcode = '42501', message = 'reports are acted on by moderators of the club or of the platform, never on oneself';
  elsif action not in ('warn', 'redact', 'mute', 'ban', 'delist', 'dismiss') or (action = 'mute') <> (during is not null) or (action in ('mute', 'ban') and acted.club_id is null) or (action = 'redact' and acted.target_kind not in ('message', 'comment'))
      or (action = 'delist' and acted.target_kind <> 'design') then
    raise exception using errcode = '22023', message = 'warn, redact (messages and comments), mute for a time and ban (in a club), delist (designs), or dismiss';
  end if;
  if action in ('mute', 'ban') then
    select jsonb_build_object('role', m.role, 'muted_until', m.muted_until) into prior from community.memberships m where m.club_id = acted.club_id and m.user_id = acted.target_author_id;
    if prior ->> 'role' = 'owner' then
      raise exception using errcode = '42501', message = 'owners of a club are neither muted nor banned in it';
    end if;
    insert into community.memberships as m (club_id, user_id, role, muted_until) values (acted.club_id, acted.target_author_id, case action when 'mute' then 'muted' else 'banned' end, now() + during)
    on conflict on constraint memberships_club_id_user_id_pk do update set role = excluded.role, muted_until = excluded.muted_until;
  elsif action = 'redact' and acted.target_kind = 'message' then
    select jsonb_build_object('body', m.body, 'attachments', m.attachments) into prior from community.messages m where m.id = acted.target_id;
    update community.messages m set body = null, attachments = '[]', mentions = '{}', redacted_at = now(), redaction_reason = reason where m.id = acted.target_id and m.redacted_at is null;
  elsif action = 'redact' then
    update publishing.comments c set status = 'removed' where c.id = acted.target_id and c.status <> 'removed';
  elsif action = 'delist' then
    perform core.give_reason(reason);
    update design.listings l set status = 'suspended' where l.design_id = acted.target_id and l.status = 'listed' returning jsonb_build_object('listing_id', l.id) into prior;
  elsif action = 'dismiss' then
    update community.messages m set held_at = null where acted.target_kind = 'message' and m.id = acted.target_id;
    update publishing.comments c set status = 'visible' where acted.target_kind = 'comment' and c.id = acted.target_id and c.status = 'held';
  end if;
  insert into community.moderation_actions (report_id, moderator_id, action, target_kind, target_id, target_author_id, club_id, during, reason, prior)
  values (report, core.current_user_id(), take_action.action, acted.target_kind, acted.target_id, acted.target_author_id, acted.club_id, case when during is not null then tstzrange(now(), now() + during) end, take_action.reason, coalesce(prior, '{}'))
  returning id into made;
  update community.reports r set status = case action when 'dismiss' then 'dismissed' else 'actioned' end, assigned_to = core.current_user_id()
  where r.target_kind = acted.target_kind and r.target_id = acted.target_id and r.status in ('open', 'triaged');
  return made;
end $$;

create function community.reverse_action(action uuid, reason text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  undone community.moderation_actions;
  made uuid;
begin
  select * into undone from community.moderation_actions a where a.id = reverse_action.action and a.action <> 'restore';
  if undone.id is null or not (core.has_role('hc_moderator') or coalesce(community.club_role(undone.club_id) in ('owner', 'moderator'), false)) then
    raise exception using errcode = '42501', message = 'actions are reversed by moderators of the club or of the platform';
  end if;
  insert into community.moderation_actions (report_id, moderator_id, action, target_kind, target_id, target_author_id, club_id, reason, reverses_id)
  values (undone.report_id, core.current_user_id(), 'restore', undone.target_kind, undone.target_id, undone.target_author_id, undone.club_id, reverse_action.reason, undone.id) returning id into made;
  if undone.action in ('mute', 'ban') and undone.prior ? 'role' then
    update community.memberships m set role = case when undone.prior ->> 'role' = 'muted' then 'member' else undone.prior ->> 'role' end, muted_until = null, left_at = null where m.club_id = undone.club_id and m.user_id = undone.target_author_id and m.role in ('muted', 'banned');
  elsif undone.action in ('mute', 'ban') then
    delete from community.memberships m where m.club_id = undone.club_id and m.user_id = undone.target_author_id and m.role in ('muted', 'banned');
  elsif undone.action = 'redact' and undone.target_kind = 'message' then
    update community.messages m set body = undone.prior ->> 'body', attachments = coalesce(undone.prior -> 'attachments', '[]'), redacted_at = null, redaction_reason = null, held_at = null where m.id = undone.target_id;
  elsif undone.action = 'redact' then
    perform core.give_reason(reason);
    update publishing.comments c set status = 'visible' where c.id = undone.target_id and c.status = 'removed';
  elsif undone.action = 'delist' then
    perform core.give_reason(reason);
    update design.listings l set status = 'listed' where l.id = (undone.prior ->> 'listing_id')::uuid and l.status = 'suspended';
  end if;
  return made;
end $$;

create function community.my_reports() returns table (report_id uuid, target_kind text, target_id uuid, status text, outcome text)
  language sql stable security definer
begin atomic
  select r.id, r.target_kind, r.target_id, r.status, (select a.action from community.moderation_actions a where a.target_kind = r.target_kind and a.target_id = r.target_id and a.occurred_at >= r.created_at order by a.occurred_at desc limit 1)
  from community.reports r where r.reporter_id = core.current_user_id() order by r.created_at desc, r.id;
end;

grant execute on function community.report, community.take_action, community.reverse_action, community.my_reports to hc_member;

comment on function community.snapshot is 'What is reported as it is now, with author, club and digest. For owner functions.';
comment on function community.report is 'Reports a message, user, design, content or comment; one open report each. Security definer: reports are written by functions only.';
comment on function community.take_action is 'Acts on a report and closes all about the same target. Security definer: moderators of clubs write through this alone.';
comment on function community.reverse_action is 'Undoes an action, once; what was before comes back. Security definer: moderators of clubs write through this alone.';
comment on function community.my_reports is 'Reports of the current person with what came of them, but not who decided or why. Security definer: outcomes are told, notes are not.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000009700' || n)::uuid, 'u' || n || '-0097' from generate_series(1, 6) n;
insert into community.clubs (id, slug, name, next_seq) values ('00000000-0000-7000-8000-000000097011', 'probe-0097', 'Probe', 3);
insert into community.memberships (club_id, user_id, role) select '00000000-0000-7000-8000-000000097011', ('00000000-0000-7000-8000-00000009700' || n)::uuid, case n when 1 then 'owner' else 'member' end from generate_series(1, 5) n;
insert into community.messages (id, club_id, seq, author_id, body) values ('00000000-0000-7000-8000-000000097021', '00000000-0000-7000-8000-000000097011', 1, '00000000-0000-7000-8000-000000097002', 'bad words'), ('00000000-0000-7000-8000-000000097022', '00000000-0000-7000-8000-000000097011', 2, '00000000-0000-7000-8000-000000097002', 'worse');
create temporary table made (name text, id uuid) on commit drop;
grant all on pg_temp.made to hc_member;
select core.act_as('00000000-0000-7000-8000-000000097003');
set local role hc_member;
insert into pg_temp.made select 'r1', community.report('message', '00000000-0000-7000-8000-000000097021', 'hate', 'see');
select blueprint.raises($$ select community.report('message', '00000000-0000-7000-8000-000000097021', 'hate') $$, '23505'), blueprint.raises($$ select community.report('moon', '00000000-0000-7000-8000-000000097021', 'hate') $$, '22023', 'cannot be reported'), blueprint.raises($$ select community.report('content', '00000000-0000-7000-8000-000000097021', 'hate') $$, '22023', 'nothing');
select blueprint.raises(format('select community.take_action(%L, ''warn'', ''x'')', id), '42501') from pg_temp.made;
set local role hc_owner;
update community.messages set body = 'nice words' where id = '00000000-0000-7000-8000-000000097021';
select evidence ->> 'body' = 'bad words' and length(evidence ->> 'sha256') = 64 and target_author_id = '00000000-0000-7000-8000-000000097002' and club_id = '00000000-0000-7000-8000-000000097011' and note = 'see' from community.reports r join pg_temp.made using (id);
create function pg_temp.reports(who int, target uuid) returns uuid language sql as $$ select core.act_as(('00000000-0000-7000-8000-00000009700' || who)::uuid); select community.report('message', target, 'hate') $$;
select pg_temp.reports(4, '00000000-0000-7000-8000-000000097021') is not null;
select held_at is null from community.messages where id = '00000000-0000-7000-8000-000000097021';
select pg_temp.reports(5, '00000000-0000-7000-8000-000000097021') is not null;
select held_at = now() from community.messages where id = '00000000-0000-7000-8000-000000097021';
select core.act_as('00000000-0000-7000-8000-000000097006');
select blueprint.raises($$ select community.report('message', '00000000-0000-7000-8000-000000097022', 'hate') $$, '42501', 'can see');
select core.act_as('00000000-0000-7000-8000-000000097001');
set local role hc_member;
select blueprint.raises(format('select community.take_action(%L, ''mute'', ''x'')', id), '22023'), blueprint.raises(format('select community.take_action(%L, ''odd'', ''x'')', id), '22023') from pg_temp.made where name = 'r1';
insert into pg_temp.made select 'mute', community.take_action(id, 'mute', 'calm down', interval '1 hour') from pg_temp.made where name = 'r1';
select not community.can_post('00000000-0000-7000-8000-000000097011', '00000000-0000-7000-8000-000000097002'), blueprint.raises(format('select community.take_action(%L, ''warn'', ''x'')', id), '55000') from pg_temp.made where name = 'r1';
set local role hc_owner;
select count(*) = 3 and bool_and(status = 'actioned' and assigned_to = '00000000-0000-7000-8000-000000097001') from community.reports where target_id = '00000000-0000-7000-8000-000000097021';
update community.memberships set muted_until = now() - interval '1 second' where user_id = '00000000-0000-7000-8000-000000097002';
select community.can_post('00000000-0000-7000-8000-000000097011', '00000000-0000-7000-8000-000000097002');
insert into pg_temp.made select 'r2', pg_temp.reports(3, '00000000-0000-7000-8000-000000097022');
set local role hc_member;
select status = 'open' and outcome is null from community.my_reports() where target_id = '00000000-0000-7000-8000-000000097022';
select outcome = 'mute' and status = 'actioned' from community.my_reports() where target_id = '00000000-0000-7000-8000-000000097021';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000097001');
insert into pg_temp.made select 'ban', community.take_action(id, 'ban', 'enough') from pg_temp.made where name = 'r2';
select not community.is_member('00000000-0000-7000-8000-000000097011', '00000000-0000-7000-8000-000000097002');
set local role hc_member;
select community.reverse_action(id, 'mistake') is not null from pg_temp.made where name = 'ban';
select community.can_post('00000000-0000-7000-8000-000000097011', '00000000-0000-7000-8000-000000097002'), blueprint.raises(format('select community.reverse_action(%L, ''again'')', id), '23505') from pg_temp.made where name = 'ban';
set local role hc_owner;
insert into pg_temp.made select 'r3', pg_temp.reports(4, '00000000-0000-7000-8000-000000097022');
select blueprint.raises(format('select community.reverse_action(%L, ''x'')', id), '42501') from pg_temp.made where name = 'mute';
select core.act_as('00000000-0000-7000-8000-000000097006', 'hc_moderator');
insert into pg_temp.made select 'redact', community.take_action(id, 'redact', 'hate speech') from pg_temp.made where name = 'r3';
select body is null and redaction_reason = 'hate speech' from community.messages where id = '00000000-0000-7000-8000-000000097022';
select community.reverse_action(id, 'satire') is not null from pg_temp.made where name = 'redact';
select body = 'worse' and redacted_at is null from community.messages where id = '00000000-0000-7000-8000-000000097022';
select moderator_id = '00000000-0000-7000-8000-000000097006' and reason = 'hate speech' and prior ->> 'body' = 'worse' and report_id is not null from community.moderation_actions where action = 'redact' and target_id = '00000000-0000-7000-8000-000000097022';
insert into pg_temp.made select 'r4', pg_temp.reports(3, '00000000-0000-7000-8000-000000097021');
select core.act_as('00000000-0000-7000-8000-000000097006', 'hc_moderator');
select community.take_action(id, 'dismiss', 'fine now') is not null from pg_temp.made where name = 'r4';
select held_at is null from community.messages where id = '00000000-0000-7000-8000-000000097021';
select community.report('user', '00000000-0000-7000-8000-000000097002', 'spam') is not null, blueprint.raises($$ select community.report('user', '00000000-0000-7000-8000-000000097006', 'spam') $$, '23514', 'not_self');
insert into core.content (id, author_id, slug, title) values ('00000000-0000-7000-8000-000000097031', '00000000-0000-7000-8000-000000097002', 'probe-0097', 'Probe');
insert into publishing.comments (id, content_id, author_id, body) values ('00000000-0000-7000-8000-000000097032', '00000000-0000-7000-8000-000000097031', '00000000-0000-7000-8000-000000097002', 'rude');
select community.take_action(community.report('comment', '00000000-0000-7000-8000-000000097032', 'hate'), 'redact', 'rude') is not null, community.report('content', '00000000-0000-7000-8000-000000097031', 'spam') is not null;
select status = 'removed' from publishing.comments where id = '00000000-0000-7000-8000-000000097032';
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000097041', '00000000-0000-7000-8000-000000097002', 'probe-0097', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000097042', '00000000-0000-7000-8000-000000097041', 1, sha256('0097'), '00000000-0000-7000-8000-000000097002', 'MIT', now());
insert into design.listings (design_id, version_id, price_usd, status) select '00000000-0000-7000-8000-000000097041', '00000000-0000-7000-8000-000000097042', 5, s from unnest('{listed,draft}'::text[]) s;
insert into pg_temp.made select 'delist', community.take_action(community.report('design', '00000000-0000-7000-8000-000000097041', 'plagiarism'), 'delist', 'copied');
select array_agg(status order by status) = '{draft,suspended}' from design.listings where design_id = '00000000-0000-7000-8000-000000097041';
select blueprint.raises(format('select community.take_action(%L, ''delist'', ''x'')', id), '22023', 'delist (designs)') from community.reports where target_id = '00000000-0000-7000-8000-000000097031';
select community.reverse_action(id, 'licensed') is not null from pg_temp.made where name = 'delist';
select array_agg(status order by status) = '{draft,listed}' from design.listings where design_id = '00000000-0000-7000-8000-000000097041';
insert into pg_temp.made select 'closed', community.take_action(community.report('design', '00000000-0000-7000-8000-000000097041', 'plagiarism'), 'delist', 'copied');
update design.listings set status = 'closed' where status = 'suspended' and design_id = '00000000-0000-7000-8000-000000097041';
select community.reverse_action(id, 'licensed') is not null from pg_temp.made where name = 'closed';
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select community.report('user', '00000000-0000-7000-8000-000000097002', 'spam') $$, '42501');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['community.report(text, uuid, text, text, int)', 'community.take_action(uuid, text, text, interval)', 'community.reverse_action(uuid, text)', 'community.my_reports()']) f;
select not has_function_privilege('hc_member', 'community.snapshot(text, uuid)', 'execute');

-- task: BUILD_0098 implement_feature critical
-- title: Event registration with capacity, waitlist promotion and check-in
-- does: community.rsvp() seats people under the lock of the event while seats last and queues the others; who cancels makes room for the first in line. check_in() takes the six-digit code the organiser shows, which
--   changes every five minutes; close_event() marks who did not come and awards who did; export_ics() gives a calendar file.
-- proves: of four for two seats two are seated and two wait at 1 and 2, a cancellation seats the first, a wrong or old code is refused, closing awards, the file has DTSTART in UTC; concurrent RSVPs never
--   overbook (isolation spec).
-- needs: BUILD_0032, BUILD_0085, BUILD_0086, BUILD_0089, BUILD_0091, BUILD_0099
create function community.rsvp(event uuid, going boolean default true) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  wanted community.events;
  person constant uuid := core.current_user_id();
  mine community.attendance;
  result text;
begin
  select * into wanted from community.events e where e.id = event for update;
  select * into mine from community.attendance a where a.event_id = event and a.user_id = person;
  if person is null or wanted.id is null or (wanted.club_id is not null and not community.is_member(wanted.club_id) and (select c.kind = 'private' from community.clubs c where c.id = wanted.club_id)) then
    raise exception using errcode = '42501', message = 'there is no such event for you';
  elsif wanted.status <> 'scheduled' or upper(wanted.during) <= now() then
    raise exception using errcode = '55000', message = 'the event takes no registrations';
  elsif going and mine.status in ('registered', 'waitlisted', 'attended') then
    return mine.status;
  elsif not going then
    update community.attendance a set status = 'cancelled', position = null where a.event_id = event and a.user_id = person and a.status in ('registered', 'waitlisted');
    if mine.status = 'waitlisted' then
      update community.attendance a set position = a.position - 1 where a.event_id = event and a.position > mine.position;
    elsif mine.status = 'registered' then
      update community.attendance a set status = 'registered', position = null where a.event_id = event and a.position = 1;
      update community.attendance a set position = a.position - 1 where a.event_id = event and a.position > 1;
    end if;
    return 'cancelled';
  end if;
  result := case when wanted.capacity is null or (select count(*) from community.attendance a where a.event_id = event and a.status in ('registered', 'attended')) < wanted.capacity then 'registered' else 'waitlisted' end;
  if result = 'waitlisted' and not wanted.has_waitlist then
    raise exception using errcode = '55000', message = 'the event is full';
  end if;
  insert into community.attendance as a (event_id, user_id, status, position)
  values (event, person, result, case result when 'waitlisted' then (select coalesce(max(w.position), 0) + 1 from community.attendance w where w.event_id = event) end)
  on conflict on constraint attendance_event_id_user_id_pk do update set status = excluded.status, position = excluded.position, registered_at = now();
  return result;
end $$;

create function community.event_mac(event uuid, at timestamptz) returns text
  language sql stable
  return lpad(((('x' || encode(substr(core.keyed_mac(convert_to(event::text || floor(extract(epoch from at) / 300)::text, 'UTF8'), 'event.code'), 1, 4), 'hex'))::bit(32)::bigint) % 1000000)::text, 6, '0');

create function community.event_code(event uuid, at timestamptz default now()) returns text
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if not exists (select from community.events e where e.id = event and (e.organiser_id = core.current_user_id() or core.has_role('hc_moderator'))) then
    raise exception using errcode = '42501', message = 'the code is for the organiser to show';
  end if;
  return community.event_mac(event, at);
end $$;

create function community.check_in(event uuid, code text, at timestamptz default now()) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if code is null or code not in (community.event_mac(event, at), community.event_mac(event, at - interval '5 minutes')) then
    raise exception using errcode = '28000', message = 'this code does not open this event', hint = 'It changes every five minutes.';
  end if;
  update community.attendance a set status = 'attended', position = null, checked_in_at = at
  from community.events e
  where e.id = event and a.event_id = e.id and a.user_id = core.current_user_id() and a.status in ('registered', 'attended') and e.status = 'scheduled'
    and at >= lower(e.during) - interval '1 hour' and at < upper(e.during);
  if not found then
    raise exception using errcode = '55000', message = 'check-in is for who has a seat, from an hour before until the end';
  end if;
end $$;

create function community.close_event(event uuid) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  closed community.events;
  missed bigint;
begin
  update community.events e set status = 'finished' where e.id = event and e.status = 'scheduled' and (e.organiser_id = core.current_user_id() or core.has_role('hc_moderator')) returning * into closed;
  if closed.id is null then
    raise exception using errcode = '42501', message = 'a running event is closed by its organiser';
  end if;
  update community.attendance a set status = 'no_show' where a.event_id = event and a.status = 'registered';
  get diagnostics missed = row_count;
  perform community.award(a.user_id, 'event_attended', 'event', event, closed.club_id) from community.attendance a where a.event_id = event and a.status = 'attended' and a.user_id <> closed.organiser_id;
  if exists (select from community.attendance a where a.event_id = event and a.status = 'attended') then
    perform community.award(closed.organiser_id, 'event_hosted', 'event', event, closed.club_id);
  end if;
  return missed;
end $$;

create function community.export_ics(event uuid) returns text
  language sql stable
begin atomic
  select array_to_string(array['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//HingeCraft//Community//EN', 'BEGIN:VEVENT', 'UID:' || e.id || '@hingecraft',
    'DTSTAMP:' || to_char(e.updated_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'), 'DTSTART:' || to_char(lower(e.during) at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'), 'DTEND:' || to_char(upper(e.during) at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'),
    'SUMMARY:' || left(regexp_replace(regexp_replace(e.title, '([\\;,])', '\\\1', 'g'), '\s+', ' ', 'g'), 60), case e.status when 'cancelled' then 'STATUS:CANCELLED' else 'STATUS:CONFIRMED' end, 'END:VEVENT', 'END:VCALENDAR', ''], chr(13) || chr(10))
  from community.events e where e.id = event;
end;

grant execute on function community.rsvp, community.event_code, community.check_in, community.close_event to hc_member;
grant execute on function community.export_ics to hc_anon, hc_agent;

comment on function community.rsvp is 'Registers the current person or takes it back; returns registered, waitlisted or cancelled. Security definer: seats are given by functions only.';
comment on function community.event_mac is 'Six digits of an event for five minutes, from the key event.code. For owner functions.';
comment on function community.event_code is 'Code the organiser shows at the door. Security definer: it reads the key.';
comment on function community.check_in is 'The current person is there: takes the code of these or the last five minutes. Security definer: seats are given by functions only.';
comment on function community.close_event is 'Ends an event; returns how many did not come. Security definer: seats are given by functions only.';
comment on function community.export_ics is 'Event as iCalendar (RFC 5545), times in UTC, as far as the caller may see it.';

-- verify
select core.load_key('event.code', decode(repeat('98', 32), 'hex')) > 0;
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000009800' || n)::uuid, 'u' || n || '-0098' from generate_series(1, 5) n;
insert into community.clubs (id, slug, name, kind) values ('00000000-0000-7000-8000-000000098011', 'probe-0098', 'Probe', 'private');
insert into community.events (id, organiser_id, title, during, capacity, has_waitlist, club_id) values
  ('00000000-0000-7000-8000-000000098031', '00000000-0000-7000-8000-000000098005', 'Hinges, pins; leaves', tstzrange(now(), now() + interval '2 hours'), 2, true, null),
  ('00000000-0000-7000-8000-000000098032', '00000000-0000-7000-8000-000000098005', 'Full', tstzrange('2101-01-05 18:00+00', '2101-01-05 20:00+00'), 1, false, null),
  ('00000000-0000-7000-8000-000000098033', '00000000-0000-7000-8000-000000098005', 'Private', tstzrange(now(), now() + interval '2 hours'), null, true, '00000000-0000-7000-8000-000000098011');
create function pg_temp.goes(who int, event uuid, going boolean default true) returns text language sql as $$ select core.act_as(('00000000-0000-7000-8000-00000009800' || who)::uuid); select community.rsvp(event, going) $$;
select pg_temp.goes(1, '00000000-0000-7000-8000-000000098031') = 'registered';
set local role hc_member;
select community.rsvp('00000000-0000-7000-8000-000000098031') = 'registered';
set local role hc_owner;
select pg_temp.goes(2, '00000000-0000-7000-8000-000000098031') = 'registered';
select pg_temp.goes(3, '00000000-0000-7000-8000-000000098031') = 'waitlisted';
select pg_temp.goes(4, '00000000-0000-7000-8000-000000098031') = 'waitlisted';
select array_agg(position order by user_id) filter (where status = 'waitlisted') = '{1,2}' from community.attendance where event_id = '00000000-0000-7000-8000-000000098031';
select pg_temp.goes(1, '00000000-0000-7000-8000-000000098031', false) = 'cancelled';
select array_agg(concat_ws(' ', status, position) order by user_id) = '{cancelled,registered,registered,"waitlisted 1"}' from community.attendance where event_id = '00000000-0000-7000-8000-000000098031';
select pg_temp.goes(1, '00000000-0000-7000-8000-000000098031') = 'waitlisted';
select pg_temp.goes(4, '00000000-0000-7000-8000-000000098031', false) = 'cancelled';
select position = 1 from community.attendance where user_id = '00000000-0000-7000-8000-000000098001';
select pg_temp.goes(1, '00000000-0000-7000-8000-000000098032') = 'registered';
select blueprint.raises($$ select pg_temp.goes(2, '00000000-0000-7000-8000-000000098032') $$, '55000', 'full'), blueprint.raises($$ select pg_temp.goes(2, '00000000-0000-7000-8000-000000098033') $$, '42501');
select core.act_as('00000000-0000-7000-8000-000000098002');
set local role hc_member;
select blueprint.raises($$ select community.event_code('00000000-0000-7000-8000-000000098031') $$, '42501'), blueprint.raises($$ select community.close_event('00000000-0000-7000-8000-000000098031') $$, '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000098005');
create temporary table code (now text, late text) on commit drop;
grant all on pg_temp.code to hc_member;
set local role hc_member;
insert into pg_temp.code select community.event_code('00000000-0000-7000-8000-000000098031'), community.event_code('00000000-0000-7000-8000-000000098031', now() - interval '11 minutes');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000098002');
set local role hc_member;
select now ~ '^\d{6}$' and now <> late, blueprint.raises(format($$ select community.check_in('00000000-0000-7000-8000-000000098031', %L) $$, late), '28000'), blueprint.raises($$ select community.check_in('00000000-0000-7000-8000-000000098031', null) $$, '28000'),
  community.check_in('00000000-0000-7000-8000-000000098031', now) is not null from pg_temp.code;
select blueprint.raises(format($$ select community.check_in('00000000-0000-7000-8000-000000098031', %L, now() + interval '3 hours') $$, now), '28000') from pg_temp.code;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000098004');
select blueprint.raises(format($$ select community.check_in('00000000-0000-7000-8000-000000098031', %L) $$, now), '55000') from pg_temp.code;
select core.act_as('00000000-0000-7000-8000-000000098005');
set local role hc_member;
select community.close_event('00000000-0000-7000-8000-000000098031') = 1;
set local role hc_owner;
select array_agg(concat_ws(' ', status, checked_in_at = now()) order by user_id) = '{waitlisted,"attended t",no_show,cancelled}' from community.attendance where event_id = '00000000-0000-7000-8000-000000098031';
select array_agg(concat_ws(' ', right(user_id::text, 1), reason_code, points) order by user_id) = '{"2 event_attended 5","5 event_hosted 20"}' from community.reputation_entries where source_id = '00000000-0000-7000-8000-000000098031';
select blueprint.raises($$ select pg_temp.goes(3, '00000000-0000-7000-8000-000000098031') $$, '55000', 'no registrations') and true;
set local role hc_anon;
select community.export_ics('00000000-0000-7000-8000-000000098032') like e'BEGIN:VCALENDAR\r\n%DTSTART:21010105T180000Z\r\nDTEND:21010105T200000Z\r\nSUMMARY:Full\r\n%END:VCALENDAR\r\n', community.export_ics('00000000-0000-7000-8000-000000098031') like '%SUMMARY:Hinges\\, pins\\; leaves%', community.export_ics('00000000-0000-7000-8000-000000098033') is null;
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['community.rsvp(uuid, boolean)', 'community.event_code(uuid, timestamptz)', 'community.check_in(uuid, text, timestamptz)', 'community.close_event(uuid)']) f;
select role, has_function_privilege(role, 'community.export_ics(uuid)', 'execute') and not has_function_privilege('hc_analyst', 'community.export_ics(uuid)', 'execute') and not has_function_privilege('hc_member', 'community.event_mac(uuid, timestamptz)', 'execute') from unnest(array['hc_anon', 'hc_agent']) role;
