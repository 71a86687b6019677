-- Room community, messages: sending in order, reading, slow mode, points for what helps, and threads.

-- task: BUILD_0092 implement_feature critical
-- title: Send messages with gapless per-club sequence and idempotent client keys
-- does: community.send_message() takes the next number of the club under its row lock, so that numbers have no gap and their order is the order of commits; the same client key of an author within a day
--   gives the first message again. redact_message() empties a message for a reason; history() pages back by number.
-- proves: numbers go 1 to n, a resent key adds no row, pages join without overlap, a stranger cannot send, a reply and a thread belong to the club; concurrent senders and an undone one leave no gap
--   (isolation spec).
-- needs: BUILD_0085, BUILD_0086, BUILD_0091, BUILD_0698
create unlogged table community.sent_keys (
  club_id uuid not null,
  author_id uuid not null,
  client_key text not null constraint sent_keys_client_key_check check (length(client_key) between 1 and 100),
  message_id uuid not null,
  seq bigint not null,
  sent_at timestamptz not null default now(),
  constraint sent_keys_club_id_author_id_client_key_pk primary key (club_id, author_id, client_key)
);

create function community.send_message(club uuid, body text, client_key text default null, thread uuid default null, reply_to_seq bigint default null, attachments jsonb default '[]', kind text default 'text', out id uuid, out seq bigint)
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
begin
  select c.next_seq into seq from community.clubs c where c.id = club for update;  -- held to the end: numbers are given in the order of commits
  if person is null or not community.can_post(club) or send_message.kind = 'system' then
    raise exception using errcode = '42501', message = 'messages are sent by members of the club who may post';
  end if;
  if client_key is not null then
    select k.message_id, k.seq into id, send_message.seq from community.sent_keys k
    where k.club_id = club and k.author_id = person and k.client_key = send_message.client_key and k.sent_at > now() - interval '1 day';
    if found then
      return;
    end if;
    select c.next_seq into seq from community.clubs c where c.id = club;
  end if;
  if thread is not null and not exists (select from community.threads t where t.club_id = club and t.id = thread and t.status <> 'locked') then
    raise exception using errcode = '55000', message = 'the thread is not open';
  elsif reply_to_seq >= seq or reply_to_seq < 1 then
    raise exception using errcode = '22023', message = 'one replies to an earlier message of the club';
  elsif exists (select from jsonb_array_elements(attachments) a left join core.assets f on f.id = core.as_uuid(a ->> 'asset_id') and f.owner_id = person and f.status <> 'purged' where a ? 'asset_id' and f.id is null) then
    raise exception using errcode = '42501', message = 'one attaches files of one''s own';
  end if;
  insert into community.messages (club_id, seq, thread_id, reply_to_seq, author_id, kind, body, attachments)
  values (club, send_message.seq, thread, send_message.reply_to_seq, person, send_message.kind, send_message.body, send_message.attachments)
  returning messages.id into id;
  update community.clubs c set next_seq = send_message.seq + 1 where c.id = club;
  insert into core.asset_links (asset_id, holder, holder_id)
  select distinct (a ->> 'asset_id')::uuid, 'community.messages', send_message.id from jsonb_array_elements(attachments) a where a ? 'asset_id';
  if client_key is not null then
    insert into community.sent_keys as k (club_id, author_id, client_key, message_id, seq) values (club, person, send_message.client_key, send_message.id, send_message.seq)
    on conflict on constraint sent_keys_club_id_author_id_client_key_pk do update set message_id = excluded.message_id, seq = excluded.seq, sent_at = now();
  end if;
end $$;

create function community.redact_message(club uuid, message_seq bigint, reason text) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  redacted uuid;
begin
  update community.messages m set body = null, attachments = '[]', mentions = '{}', redacted_at = now(), redaction_reason = reason
  where m.club_id = club and m.seq = message_seq and m.redacted_at is null and (m.author_id = core.current_user_id() or community.runs_club(club))
  returning m.id into redacted;
  if redacted is null then
    raise exception using errcode = '42501', message = 'a message is redacted by its author or a moderator';
  end if;
  delete from core.asset_links l where l.holder = 'community.messages' and l.holder_id = redacted;
end $$;

create function community.history(club uuid, before_seq bigint default null, most int default 50) returns setof community.messages
  language sql stable
begin atomic
  select m.* from community.messages m where m.club_id = club and (before_seq is null or m.seq < before_seq) order by m.seq desc limit least(most, 200);
end;

create function community.forget_sent_keys() returns bigint
  language sql security definer
begin atomic
  with gone as (delete from community.sent_keys k where k.sent_at <= now() - interval '1 day' returning 1) select count(*) from gone;
end;

grant execute on function community.send_message, community.redact_message, community.history to hc_member;
grant execute on function community.forget_sent_keys to hc_worker;

comment on table community.sent_keys is 'Client keys of the last day, so that a message sent twice is one; lost in a crash, which is harmless. @distribution club_id @retention 1 day';
comment on column community.sent_keys.club_id is 'The club.';
comment on column community.sent_keys.author_id is 'Who sent it.';
comment on column community.sent_keys.client_key is 'Key the client made for the message.';
comment on column community.sent_keys.message_id is 'The message.';
comment on column community.sent_keys.seq is 'Its number.';
comment on column community.sent_keys.sent_at is 'When it was sent.';
comment on function community.send_message is 'Sends a message of the current person and returns its id and number. Security definer: nobody writes messages directly.';
comment on function community.redact_message is 'Empties a message; its number stays. Security definer: nobody writes messages directly.';
comment on function community.history is 'Messages of a club before a number, latest first, as far as the caller may see them.';
comment on function community.forget_sent_keys is 'Drops client keys older than a day; returns how many. Security definer: the worker writes no table.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000009200' || n)::uuid, 'u' || n || '-0092' from generate_series(1, 3) n;
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000092011', 'probe-0092', 'Probe'), ('00000000-0000-7000-8000-000000092012', 'other-0092', 'Probe');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000092011', '00000000-0000-7000-8000-000000092001', 'owner'), ('00000000-0000-7000-8000-000000092011', '00000000-0000-7000-8000-000000092002', 'member');
insert into community.threads (id, club_id, title, status) values ('00000000-0000-7000-8000-000000092021', '00000000-0000-7000-8000-000000092012', 'Elsewhere', 'open'), ('00000000-0000-7000-8000-000000092022', '00000000-0000-7000-8000-000000092011', 'Locked', 'locked'), ('00000000-0000-7000-8000-000000092023', '00000000-0000-7000-8000-000000092011', 'Open', 'open');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000092031', '00000000-0000-7000-8000-000000092001', 'a.png', 'image/png', 1), ('00000000-0000-7000-8000-000000092032', '00000000-0000-7000-8000-000000092002', 'b.png', 'image/png', 1);
select core.act_as('00000000-0000-7000-8000-000000092001');
set local role hc_member;
select seq = 1 from community.send_message('00000000-0000-7000-8000-000000092011', 'one', 'k1');
select seq = 1 from community.send_message('00000000-0000-7000-8000-000000092011', 'one again', 'k1');
select seq = 2 from community.send_message('00000000-0000-7000-8000-000000092011', 'two', 'k2', '00000000-0000-7000-8000-000000092023', 1);
select seq = 3 from community.send_message('00000000-0000-7000-8000-000000092011', null, attachments => '[{"asset_id": "00000000-0000-7000-8000-000000092031"}, {"name": "link"}]', kind => 'image');
select sql, blueprint.raises(sql, state, why) from (values
  ($$ select community.send_message('00000000-0000-7000-8000-000000092011', 'x', thread => '00000000-0000-7000-8000-000000092021') $$, '55000', 'not open'), ($$ select community.send_message('00000000-0000-7000-8000-000000092011', 'x', thread => '00000000-0000-7000-8000-000000092022') $$, '55000', 'not open'),
  ($$ select community.send_message('00000000-0000-7000-8000-000000092011', 'x', reply_to_seq => 4) $$, '22023', 'earlier'), ($$ select community.send_message('00000000-0000-7000-8000-000000092012', 'x') $$, '42501', 'may post'), ($$ select community.send_message('00000000-0000-7000-8000-000000092011', 'x', kind => 'system') $$, '42501', 'may post'),
  ($$ select community.send_message('00000000-0000-7000-8000-000000092011', 'x', attachments => '[{"asset_id": "00000000-0000-7000-8000-000000092032"}]') $$, '42501', 'of one')) v(sql, state, why);
select seq = 4 from community.send_message('00000000-0000-7000-8000-000000092011', 'four');
select seq = 5 from community.send_message('00000000-0000-7000-8000-000000092011', 'five');
select array_agg(seq) = '{5,4}' from community.history('00000000-0000-7000-8000-000000092011', most => 2);
select array_agg(seq) = '{3,2,1}' from community.history('00000000-0000-7000-8000-000000092011', 4, 3);
set local role hc_owner;
select next_seq = 6 from community.clubs where slug = 'probe-0092';
select count(*) = 5 and max(seq) = 5 and bool_or(thread_id is not null and reply_to_seq = 1) from community.messages where club_id = '00000000-0000-7000-8000-000000092011';
select count(*) = 1 from core.asset_links where asset_id = '00000000-0000-7000-8000-000000092031';
update community.sent_keys set sent_at = now() - interval '25 hours' where client_key = 'k1' and author_id = '00000000-0000-7000-8000-000000092001';
select seq = 6 from community.send_message('00000000-0000-7000-8000-000000092011', 'one, a day later', 'k1');
select core.act_as('00000000-0000-7000-8000-000000092002');
set local role hc_member;
select blueprint.raises($$ select community.redact_message('00000000-0000-7000-8000-000000092011', 3, 'x') $$, '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000092001');
set local role hc_member;
select community.redact_message('00000000-0000-7000-8000-000000092011', 3, 'wrong file') is not null;
select body is null and redaction_reason = 'wrong file' and attachments = '[]' from community.history('00000000-0000-7000-8000-000000092011', 4, 1);
set local role hc_owner;
select count(*) = 0 from core.asset_links where asset_id = '00000000-0000-7000-8000-000000092031';
update community.sent_keys set sent_at = now() - interval '25 hours' where author_id = '00000000-0000-7000-8000-000000092001';
set local role hc_worker;
select community.forget_sent_keys() >= 2;
set local role hc_owner;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into community.sent_keys (club_id, author_id, client_key, message_id, seq) values (uuidv7(), uuidv7(), '', uuidv7(), 1) $$, '23514', 'sent_keys_client_key_check'),
  ($$ insert into community.sent_keys (club_id, author_id, client_key, message_id, seq) select x, x, 'k', x, n from (select uuidv7() as x) u, generate_series(1, 2) n $$, '23505', 'sent_keys_club_id_author_id_client_key_pk')) v(sql, state, rule);
insert into community.sent_keys (club_id, author_id, client_key, message_id, seq) values (uuidv7(), uuidv7(), 'k', uuidv7(), 1) returning sent_at = now();
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'community.sent_keys'::regclass;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['community.send_message(uuid, text, text, uuid, bigint, jsonb, text)', 'community.redact_message(uuid, bigint, text)', 'community.history(uuid, bigint, int)']) f;
select has_function_privilege('hc_worker', 'community.forget_sent_keys()', 'execute') and not has_function_privilege('hc_member', 'community.forget_sent_keys()', 'execute');

-- task: BUILD_0093 implement_feature
-- title: Read cursors and unread counts that never go backwards
-- does: community.mark_read() moves the cursor of the current person forward, never back and never beyond the last message; mark_all_read() does so in every club; unread() counts per club what others wrote
--   since, and how often one was mentioned.
-- proves: 10 then 5 keeps 10, beyond the end is clamped, three new messages of which one is mine and one mentions me are two unread and one mention.
-- needs: BUILD_0092
create function community.mark_read(club uuid, seq bigint) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  reached bigint;
begin
  if not community.is_member(club) then
    raise exception using errcode = '42501', message = 'one reads in clubs one is a member of';
  end if;
  insert into community.read_cursors as r (club_id, user_id, last_read_seq)
  select club, core.current_user_id(), greatest(least(mark_read.seq, c.next_seq - 1), 0) from community.clubs c where c.id = club
  on conflict on constraint read_cursors_club_id_user_id_pk do update
  set last_read_seq = greatest(r.last_read_seq, excluded.last_read_seq), read_at = case when excluded.last_read_seq > r.last_read_seq then now() else r.read_at end
  returning last_read_seq into reached;
  return reached;
end $$;

create function community.mark_all_read() returns bigint
  language sql
begin atomic
  select count(community.mark_read(m.club_id, 9223372036854775807)) from community.memberships m
  where m.user_id = core.current_user_id() and m.left_at is null and m.role not in ('pending', 'banned');
end;

create function community.unread() returns table (club_id uuid, unread bigint, mentions bigint)
  language sql stable
begin atomic
  select m.club_id, count(k.id), count(k.id) filter (where k.mentions @> array[m.user_id])
  from community.memberships m
  left join community.read_cursors r on r.club_id = m.club_id and r.user_id = m.user_id
  left join community.messages k on k.club_id = m.club_id and k.seq > coalesce(r.last_read_seq, 0) and k.author_id is distinct from m.user_id and k.held_at is null
  where m.user_id = core.current_user_id() and m.left_at is null and m.role not in ('pending', 'banned')
  group by m.club_id, m.user_id order by m.club_id;
end;

grant execute on function community.mark_read, community.mark_all_read, community.unread to hc_member;

comment on function community.mark_read is 'Moves the own cursor of a club forward; returns where it is. Security definer: cursors are written by functions only.';
comment on function community.mark_all_read is 'Moves the own cursors to the end; returns in how many clubs.';
comment on function community.unread is 'Unread messages and mentions per club of the current person, in one query.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000093001', 'ada-0093', 'ada-0093@example.org', 'active'), ('00000000-0000-7000-8000-000000093002', 'bob-0093', 'bob-0093@example.org', 'active'), ('00000000-0000-7000-8000-000000093003', 'eve-0093', null, 'invited');
insert into community.clubs (id, slug, name, next_seq) values ('00000000-0000-7000-8000-000000093011', 'probe-0093', 'Probe', 14);
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000093011', '00000000-0000-7000-8000-000000093001', 'owner'), ('00000000-0000-7000-8000-000000093011', '00000000-0000-7000-8000-000000093002', 'member');
insert into community.messages (club_id, seq, author_id, body) select '00000000-0000-7000-8000-000000093011', n, case n when 12 then '00000000-0000-7000-8000-000000093001'::uuid else '00000000-0000-7000-8000-000000093002' end, case n when 13 then 'hi @ada-0093' else 'm' || n end from generate_series(1, 13) n;
select core.act_as('00000000-0000-7000-8000-000000093001');
set local role hc_member;
select community.mark_read('00000000-0000-7000-8000-000000093011', 10) = 10;
select community.mark_read('00000000-0000-7000-8000-000000093011', 5) = 10;
select unread = 2 and mentions = 1 from community.unread();
select community.mark_read('00000000-0000-7000-8000-000000093011', 999) = 13;
select unread = 0 and mentions = 0 from community.unread();
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000093002');
set local role hc_member;
select unread = 1 from community.unread();
select community.mark_all_read() = 1;
select unread = 0 from community.unread();
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000093003');
select blueprint.raises($$ select community.mark_read('00000000-0000-7000-8000-000000093011', 1) $$, '42501'), (select count(*) from community.unread()) = 0;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['community.mark_read(uuid, bigint)', 'community.mark_all_read()', 'community.unread()']) f;

-- task: BUILD_0096 implement_feature critical
-- title: Slow mode and flood control per club and user
-- does: What a member sends passes the slow mode of the club, a bucket of ten that refills one a second, a guard against the same text three times a minute and one against links of accounts younger than
--   a day; 54000 says after how many seconds to try again. Moderators and jobs are exempt.
-- proves: the second message inside slow mode raises with its pause, the eleventh of a burst raises, the same text thrice raises, a newcomer's link raises, a moderator sends on.
-- needs: BUILD_0092
create unlogged table community.flood_buckets (
  club_id uuid not null,
  user_id uuid not null,
  tokens numeric(6, 3) not null default 10 constraint flood_buckets_tokens_check check (tokens >= 0 and tokens <= 10),
  refilled_at timestamptz not null default clock_timestamp(),
  constraint flood_buckets_club_id_user_id_pk primary key (club_id, user_id)
);

create function community.hold_flood() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
  sent record;
  wait numeric;
  left_over numeric;
  problem text;
begin
  for sent in select n.club_id, min(n.seq) as seq, max(n.body) as body, count(*) as n from new_rows n where n.author_id = person group by n.club_id loop
    continue when community.runs_club(sent.club_id);
    select c.slow_mode_s - extract(epoch from clock_timestamp() - p.at), 'slow mode' into wait, problem
    from community.clubs c, lateral (select max(m.occurred_at) as at from community.messages m where m.club_id = c.id and m.author_id = person and m.seq < sent.seq and m.occurred_at > now() - interval '1 hour') p
    where c.id = sent.club_id and c.slow_mode_s > 0 and p.at is not null;
    if wait is null or wait <= 0 then
      insert into community.flood_buckets as b (club_id, user_id, tokens) values (sent.club_id, person, 10 - least(sent.n, 10))
      on conflict on constraint flood_buckets_club_id_user_id_pk do update
      set tokens = greatest(least(10, b.tokens + round(extract(epoch from clock_timestamp() - b.refilled_at), 3)) - sent.n, 0), refilled_at = clock_timestamp()
      where least(10, b.tokens + extract(epoch from clock_timestamp() - b.refilled_at)) >= sent.n
      returning b.tokens into left_over;
      if left_over is null then
        wait := 1; problem := 'too many at once';
      elsif (select count(*) from community.messages m where m.club_id = sent.club_id and m.author_id = person and m.occurred_at > now() - interval '60 seconds' and core.fold(m.body) = core.fold(sent.body)) >= 3 then
        wait := 60; problem := 'the same text again';
      elsif sent.body ~* '(https?://|www\.)' then
        select extract(epoch from u.created_at + interval '24 hours' - now()), 'links of new accounts' into wait, problem from core.users u where u.id = person and u.created_at > now() - interval '24 hours';
      end if;
    end if;
    if wait > 0 then
      raise exception using errcode = '54000', message = format('not so fast: %s', problem), detail = format('retry_after %s', ceil(wait));
    end if;
  end loop;
  return null;
end $$;

create trigger messages_flood after insert on community.messages referencing new table as new_rows for each statement execute function community.hold_flood();

comment on table community.flood_buckets is 'How much each member may still send at once; lost in a crash, which is harmless. @distribution club_id';
comment on column community.flood_buckets.club_id is 'The club.';
comment on column community.flood_buckets.user_id is 'The member.';
comment on column community.flood_buckets.tokens is 'Messages left, ten at most.';
comment on column community.flood_buckets.refilled_at is 'When they were counted last; one more a second since.';
comment on function community.hold_flood is 'Trigger of community.messages: slow mode, bursts, repetitions and links of newcomers, for what the current person sends. Messages are inserted by functions of hc_owner, so it sees them all.';
comment on trigger messages_flood on community.messages is 'Nobody floods a club.';

-- verify
insert into core.users (id, handle, created_at) values ('00000000-0000-7000-8000-000000096001', 'ada-0096', now()), ('00000000-0000-7000-8000-000000096002', 'bob-0096', now() - interval '2 days'), ('00000000-0000-7000-8000-000000096003', 'eve-0096', now());
insert into community.clubs (id, slug, name, slow_mode_s) values ('00000000-0000-7000-8000-000000096011', 'slow-0096', 'Probe', 30), ('00000000-0000-7000-8000-000000096012', 'fast-0096', 'Probe', 0);
insert into community.memberships (club_id, user_id, role) select c.id, u.id, case u.handle::text when 'ada-0096' then 'owner' else 'member' end from community.clubs c, core.users u where c.slug like '%-0096' and u.handle::text like '%-0096';
create function pg_temp.send(club text, body text) returns bigint language sql as $$ select (community.send_message(c.id, body)).seq from community.clubs c where c.slug = club $$;
select core.act_as('00000000-0000-7000-8000-000000096002');
select pg_temp.send('slow-0096', 'first') = 1;
select blueprint.raises($$ select pg_temp.send('slow-0096', 'second') $$, '54000', 'retry_after 30');
select count(pg_temp.send('fast-0096', 'm' || n)) = 9 from generate_series(1, 9) n;
select pg_temp.send('fast-0096', 'see https://example.org') = 10;
select blueprint.raises($$ select pg_temp.send('fast-0096', 'eleventh') $$, '54000', 'retry_after 1');
select tokens < 1 and refilled_at >= now() from community.flood_buckets where user_id = '00000000-0000-7000-8000-000000096002' and club_id = '00000000-0000-7000-8000-000000096012';
select core.act_as('00000000-0000-7000-8000-000000096003');
select pg_temp.send('fast-0096', 'Buy now') = 11, pg_temp.send('fast-0096', 'buy NOW ') = 12;
select blueprint.raises($$ select pg_temp.send('fast-0096', 'BUY now') $$, '54000', 'retry_after 60'), blueprint.raises($$ select pg_temp.send('fast-0096', 'www.spam.example') $$, '54000', 'links of new accounts');
select core.act_as('00000000-0000-7000-8000-000000096001');
select count(pg_temp.send('slow-0096', 'same')) = 12 from generate_series(1, 12) n;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ update community.flood_buckets set tokens = 11 where user_id = '00000000-0000-7000-8000-000000096003' $$, '23514', 'flood_buckets_tokens_check'), ($$ insert into community.flood_buckets (club_id, user_id) select b.club_id, b.user_id from community.flood_buckets b $$, '23505', 'flood_buckets_club_id_user_id_pk')) v(sql, state, rule);
insert into community.flood_buckets (club_id, user_id) values (uuidv7(), uuidv7()) returning tokens = 10 and refilled_at >= now();
select relrowsecurity and relforcerowsecurity, not has_function_privilege('hc_member', 'community.hold_flood()', 'execute') from pg_class where oid = 'community.flood_buckets'::regclass;

-- task: BUILD_0099 implement_feature critical
-- title: Reputation ledger with caps, decay and badges
-- does: community.award() gives the points of a reason once per source, up to 200 a day; a club may set its own points. reputation() is their sum with a half-life of 180 days, leaderboard() ranks with
--   ties, badges() by thresholds; reverse_award() takes back what a moderated source earned.
-- proves: the same source counts once, points of 180 days count half, the daily cap holds, a reversal brings the score back, ties share a rank, a badge comes with its threshold.
-- needs: BUILD_0084, BUILD_0086, BUILD_0089
create table community.reputation_rules (
  reason_code text constraint reputation_rules_reason_code_pk primary key constraint reputation_rules_reason_code_check check (reason_code ~ '^[a-z][a-z_]{2,39}$'),
  points int not null constraint reputation_rules_points_check check (points between 1 and 100),
  about text not null,
  source text not null default 'community policy'
);

create table community.badges (
  code text constraint badges_code_pk primary key,
  threshold int not null constraint badges_threshold_check check (threshold > 0),
  label text not null
);

insert into community.reputation_rules (reason_code, points, about) values
  ('answer_accepted', 15, 'An answer resolved a thread.'), ('event_attended', 5, 'Came to an event.'), ('event_hosted', 20, 'Held an event.'), ('design_released', 25, 'Released a design.'),
  ('article_published', 20, 'Published a text.'), ('review_given', 10, 'Reviewed a text.'), ('message_liked', 1, 'A message was liked.');
insert into community.badges (code, threshold, label) values ('helper', 50, 'Helper'), ('mentor', 250, 'Mentor'), ('pillar', 1000, 'Pillar of the community');

create policy reputation_rules_select on community.reputation_rules for select to hc_anon, hc_agent, hc_auditor using (true);
create policy badges_select on community.badges for select to hc_anon, hc_agent, hc_auditor using (true);
grant select on community.reputation_rules, community.badges to hc_anon, hc_agent, hc_auditor;

create function community.award(person uuid, reason text, source_kind text, source uuid, club uuid default null, at timestamptz default now()) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  due int := (select coalesce((select (c.settings #>> array['points', reason])::int from community.clubs c where c.id = club), r.points) from community.reputation_rules r where r.reason_code = reason);
  given int;
begin
  if due is null then
    raise exception using errcode = '22023', message = format('no points are known for %s', reason);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('community.reputation', hashtextextended(person::text, 0)));
  due := greatest(least(due, 200 - (select coalesce(sum(e.points) filter (where e.points > 0), 0) from community.reputation_entries e
    where e.user_id = person and e.occurred_at >= date_trunc('day', at, 'UTC') and e.occurred_at < date_trunc('day', at, 'UTC') + interval '1 day')), 0);
  insert into community.reputation_entries (user_id, club_id, points, reason_code, source_kind, source_id, occurred_at) values (person, club, due, reason, award.source_kind, source, at)
  on conflict on constraint reputation_entries_user_id_reason_code_source_id_key do nothing returning points into given;
  return coalesce(given, 0);
end $$;

create function community.reverse_award(source_kind text, source uuid) returns bigint
  language sql security definer
begin atomic
  with taken as (
    insert into community.reputation_entries (user_id, club_id, points, reason_code, source_kind, source_id, occurred_at)
    select e.user_id, e.club_id, -e.points, 'reversed_' || e.reason_code, e.source_kind, e.source_id, e.occurred_at from community.reputation_entries e
    where e.source_kind = reverse_award.source_kind and e.source_id = source and e.points > 0
    on conflict on constraint reputation_entries_user_id_reason_code_source_id_key do nothing returning 1)
  select count(*) from taken;
end;

create function community.reputation(person uuid, at timestamptz default now()) returns numeric
  language sql stable security definer
  return (select round(coalesce(sum(e.points * 0.5 ^ (extract(epoch from reputation.at - e.occurred_at) / 15552000)), 0), 2) from community.reputation_entries e where e.user_id = person and e.occurred_at <= reputation.at);

create function community.leaderboard(club uuid default null, since interval default '30 days', most int default 20) returns table (rank bigint, user_id uuid, handle core.handle, points bigint)
  language sql stable security definer
begin atomic
  select rank() over (order by s.points desc), u.id, u.handle, s.points
  from (select e.user_id, sum(e.points) as points from community.reputation_entries e where e.occurred_at > now() - since and (club is null or e.club_id = club) group by e.user_id having sum(e.points) > 0) s
  join core.public_users u on u.id = s.user_id
  order by s.points desc, u.id limit least(most, 100);
end;

create function community.badges(person uuid) returns table (code text, label text)
  language sql stable security definer
begin atomic
  select b.code, b.label from community.badges b where b.threshold <= (select sum(e.points) from community.reputation_entries e where e.user_id = person) order by b.threshold;
end;

grant execute on function community.award, community.reverse_award to hc_worker;
grant execute on function community.reputation, community.leaderboard, community.badges to hc_anon, hc_agent;

comment on table community.reputation_rules is 'Points per reason; a club may set its own under settings.points. @distribution reference';
comment on column community.reputation_rules.reason_code is 'Reason.';
comment on column community.reputation_rules.points is 'Points.';
comment on column community.reputation_rules.about is 'What for.';
comment on column community.reputation_rules.source is 'Who decided it.';
comment on table community.badges is 'Badges by points ever earned. @distribution reference';
comment on column community.badges.code is 'Badge.';
comment on column community.badges.threshold is 'Points it takes.';
comment on column community.badges.label is 'Name of it.';
comment on policy reputation_rules_select on community.reputation_rules is 'What earns points is no secret.';
comment on policy badges_select on community.badges is 'Badges are no secret.';
comment on function community.award is 'Gives the points of a reason for a source, once, up to 200 a day (UTC); returns the points given. Security definer: the ledger is written by functions only.';
comment on function community.reverse_award is 'Takes back what a source earned, at its own time, so that it never counted; returns how many entries. Security definer: the ledger is written by functions only.';
comment on function community.reputation is 'Score of a person: points halve every 180 days. Security definer: the score is public, the entries are not.';
comment on function community.leaderboard is 'Most points of a time, in a club or everywhere; equal points share a rank. Security definer: sums are public, the entries are not.';
comment on function community.badges is 'Badges of a person. Security definer: badges are public, the entries are not.';

-- verify
insert into core.users (id, handle, email, status) select ('00000000-0000-7000-8000-00000009900' || n)::uuid, 'u' || n || '-0099', 'u' || n || '-0099@example.org', 'active' from generate_series(1, 3) n;
insert into community.clubs (id, slug, name, settings) values ('00000000-0000-7000-8000-000000099011', 'probe-0099', 'Probe', '{"points": {"answer_accepted": 30}}');
set local role hc_worker;
select community.award('00000000-0000-7000-8000-000000099001', 'answer_accepted', 'message', '00000000-0000-7000-8000-000000099021') = 15;
select community.award('00000000-0000-7000-8000-000000099001', 'answer_accepted', 'message', '00000000-0000-7000-8000-000000099021') = 0;
select community.award('00000000-0000-7000-8000-000000099002', 'answer_accepted', 'message', '00000000-0000-7000-8000-000000099022', '00000000-0000-7000-8000-000000099011') = 30;
select community.award('00000000-0000-7000-8000-000000099003', 'design_released', 'design', '00000000-0000-7000-8000-000000099023', at => now() - interval '180 days') = 25;
select sum(community.award('00000000-0000-7000-8000-000000099001', 'design_released', 'design', uuidv7())) = 185 from generate_series(1, 9);
select community.award('00000000-0000-7000-8000-000000099001', 'design_released', 'design', '00000000-0000-7000-8000-000000099024') = 0;
select blueprint.raises($$ select community.award('00000000-0000-7000-8000-000000099001', 'smile', 'x', uuidv7()) $$, '22023');
set local role hc_anon;
select community.reputation('00000000-0000-7000-8000-000000099003') between 12.4 and 12.6, community.reputation('00000000-0000-7000-8000-000000099001') = 200, community.reputation('00000000-0000-7000-8000-000000099003', now() - interval '181 days') = 0;
select array_agg(code) = '{helper}' from community.badges('00000000-0000-7000-8000-000000099001');
select rank = 1 and user_id = '00000000-0000-7000-8000-000000099002' and points = 30 and handle = 'u2-0099' from community.leaderboard('00000000-0000-7000-8000-000000099011');
set local role hc_worker;
select community.award('00000000-0000-7000-8000-000000099003', 'answer_accepted', 'message', '00000000-0000-7000-8000-000000099025', '00000000-0000-7000-8000-000000099011') = 30;
set local role hc_agent;
select array_agg(rank) = '{1,1}' from community.leaderboard('00000000-0000-7000-8000-000000099011');
set local role hc_worker;
select community.reverse_award('message', '00000000-0000-7000-8000-000000099021') = 1, community.reverse_award('design', '00000000-0000-7000-8000-000000099023') = 1;
set local role hc_anon;
select community.reputation('00000000-0000-7000-8000-000000099001') = 185, community.reputation('00000000-0000-7000-8000-000000099003') = 30;
select (select count(*) from community.reputation_rules) >= 7, (select count(*) from community.badges) >= 3;
set local role hc_agent;
select (select count(*) from community.reputation_rules) >= 7, (select count(*) from community.badges) >= 3;
set local role hc_auditor;
select (select count(*) from community.reputation_rules) >= 7, (select count(*) from community.badges) >= 3;
set local role hc_owner;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into community.reputation_rules (reason_code, points, about) values ('X', 1, 'x') $$, '23514', 'reputation_rules_reason_code_check'), ($$ insert into community.reputation_rules (reason_code, points, about) values ('smile', 0, 'x') $$, '23514', 'reputation_rules_points_check'),
  ($$ insert into community.reputation_rules (reason_code, points, about) values ('review_given', 1, 'x') $$, '23505', 'reputation_rules_reason_code_pk'), ($$ insert into community.badges values ('zero', 0, 'x') $$, '23514', 'badges_threshold_check'), ($$ insert into community.badges values ('helper', 1, 'x') $$, '23505', 'badges_code_pk')) v(sql, state, rule);
insert into community.reputation_rules (reason_code, points, about) values ('probe', 1, 'x') returning source = 'community policy';
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('community.reputation_rules'::regclass, 'community.badges'::regclass);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['community.award(uuid, text, text, uuid, uuid, timestamptz)', 'community.reverse_award(text, uuid)']) f;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent']) role, unnest(array['community.reputation(uuid, timestamptz)', 'community.leaderboard(uuid, interval, int)', 'community.badges(uuid)']) f;

-- task: BUILD_0094 implement_feature
-- title: Threads: open, reply, lock, resolve with accepted answer
-- does: community.open_thread() begins one, on a message if wanted; send_message(thread) replies; its opener or a moderator locks it; resolve_thread() marks the answer and awards its author once;
--   thread_list() sorts by activity or shows the unanswered, by cursor; move_to_thread() keeps the numbers of messages.
-- proves: replying to a locked thread raises 55000, resolving twice awards once, unanswered lists threads without a reply of another, pages do not overlap, moved messages keep their number.
-- needs: BUILD_0016, BUILD_0092, BUILD_0099
create function community.open_thread(club uuid, title text, root_seq bigint default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if not community.can_post(club) then
    raise exception using errcode = '42501', message = 'threads are opened by members who may post';
  elsif root_seq is not null and not exists (select from community.messages m where m.club_id = club and m.seq = open_thread.root_seq) then
    raise exception using errcode = '22023', message = 'there is no such message in the club';
  end if;
  insert into community.threads (club_id, title, created_by, root_seq, last_message_at) values (club, open_thread.title, core.current_user_id(), open_thread.root_seq, now()) returning id into made;
  return made;
end $$;

create function community.lock_thread(club uuid, thread uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update community.threads t set status = 'locked' where t.club_id = club and t.id = thread and t.status = 'open' and (t.created_by = core.current_user_id() or community.runs_club(club));
  if not found then
    raise exception using errcode = '42501', message = 'an open thread is locked by its opener or a moderator';
  end if;
end $$;

create function community.resolve_thread(club uuid, thread uuid, answer_seq bigint) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  answer community.messages;
begin
  select * into answer from community.messages m where m.club_id = club and m.thread_id = thread and m.seq = answer_seq;
  update community.threads t set status = 'resolved', answer_seq = answer.seq
  where t.club_id = club and t.id = thread and answer.id is not null and t.status <> 'locked' and (t.created_by = core.current_user_id() or community.runs_club(club));
  if not found then
    raise exception using errcode = '42501', message = 'a thread is resolved by its opener or a moderator, with a message of it';
  end if;
  if answer.author_id is null or answer.author_id = (select t.created_by from community.threads t where t.club_id = club and t.id = thread) then
    return 0;
  end if;
  return community.award(answer.author_id, 'answer_accepted', 'thread', thread, club);
end $$;

create function community.move_to_thread(club uuid, seqs bigint[], thread uuid) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  moved bigint;
begin
  if not community.runs_club(club) then
    raise exception using errcode = '42501', message = 'messages are moved by moderators';
  end if;
  update community.messages m set thread_id = thread where m.club_id = club and m.seq = any (seqs) and m.thread_id is distinct from thread;
  get diagnostics moved = row_count;
  update community.threads t set reply_count = s.n, last_seq = s.seq, last_message_at = coalesce(s.at, t.last_message_at)
  from (select k.id, count(m.id)::int as n, max(m.seq) as seq, max(m.occurred_at) as at from community.threads k left join community.messages m on m.club_id = k.club_id and m.thread_id = k.id where k.club_id = club group by k.id) s
  where t.club_id = club and t.id = s.id and (t.reply_count, t.last_seq) is distinct from (s.n, s.seq);
  return moved;
end $$;

create function community.thread_list(club uuid, sort text default 'active', cursor text default null, most int default 20) returns table (thread_id uuid, title text, status text, reply_count int, last_message_at timestamptz, next_cursor text)
  language sql stable
begin atomic
  select t.id, t.title, t.status, t.reply_count, t.place, core.encode_cursor(t.place, t.id)
  from (select k.*, coalesce(k.last_message_at, k.created_at) as place from community.threads k where k.club_id = club) t, core.decode_cursor(cursor) c
  where (c.id is null or (t.place, t.id) < (c.at, c.id))
    and (sort <> 'unanswered' or t.status = 'open' and not exists (select from community.messages m where m.club_id = club and m.thread_id = t.id and m.author_id is distinct from t.created_by))
  order by t.place desc, t.id desc limit least(most, 100);
end;

grant execute on function community.open_thread, community.lock_thread, community.resolve_thread, community.move_to_thread, community.thread_list to hc_member;

comment on function community.open_thread is 'Opens a thread in a club. Security definer: threads are written by functions only.';
comment on function community.lock_thread is 'Ends the replies to a thread. Security definer: threads are written by functions only.';
comment on function community.resolve_thread is 'Marks the answer of a thread and returns the points its author got; once per thread. Security definer: threads are written by functions only.';
comment on function community.move_to_thread is 'Moves messages into a thread; their numbers stay. Security definer: messages are written by functions only.';
comment on function community.thread_list is 'Threads of a club by last activity, or those nobody else replied to, page by page.';

-- verify
insert into core.users (id, handle, email, status) select ('00000000-0000-7000-8000-00000009400' || n)::uuid, 'u' || n || '-0094', 'u' || n || '-0094@example.org', 'active' from generate_series(1, 3) n;
insert into community.clubs (id, slug, name) values ('00000000-0000-7000-8000-000000094011', 'probe-0094', 'Probe');
insert into community.memberships (club_id, user_id, role) values ('00000000-0000-7000-8000-000000094011', '00000000-0000-7000-8000-000000094001', 'member'), ('00000000-0000-7000-8000-000000094011', '00000000-0000-7000-8000-000000094002', 'member'), ('00000000-0000-7000-8000-000000094011', '00000000-0000-7000-8000-000000094003', 'owner');
create temporary table made (name text, id uuid) on commit drop;
grant all on pg_temp.made to hc_member;
select core.act_as('00000000-0000-7000-8000-000000094001');
set local role hc_member;
select seq = 1 from community.send_message('00000000-0000-7000-8000-000000094011', 'root');
insert into pg_temp.made select n, community.open_thread('00000000-0000-7000-8000-000000094011', n || ' thread', case n when 'first' then 1 end) from unnest(array['first', 'second', 'third']) n;
select blueprint.raises($$ select community.open_thread('00000000-0000-7000-8000-000000094011', 'nowhere', 99) $$, '22023');
select seq = 2 from pg_temp.made, community.send_message('00000000-0000-7000-8000-000000094011', 'me again', thread => id) where name = 'first';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000094002');
set local role hc_member;
select seq = 3 from pg_temp.made m, community.send_message('00000000-0000-7000-8000-000000094011', 'the answer', thread => m.id) where name = 'first';
select seq = 4 from community.send_message('00000000-0000-7000-8000-000000094011', 'stray');
select blueprint.raises(format('select community.lock_thread(''00000000-0000-7000-8000-000000094011'', %L)', id), '42501'), blueprint.raises(format('select community.resolve_thread(''00000000-0000-7000-8000-000000094011'', %L, 3)', id), '42501'),
  blueprint.raises(format('select community.move_to_thread(''00000000-0000-7000-8000-000000094011'', ''{4}'', %L)', id), '42501') from pg_temp.made where name = 'first';
select count(*) = 2 and not bool_or(title like 'first%') from community.thread_list('00000000-0000-7000-8000-000000094011', 'unanswered');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000094001');
set local role hc_member;
select community.resolve_thread('00000000-0000-7000-8000-000000094011', id, 3) = 15 from pg_temp.made where name = 'first';
select community.resolve_thread('00000000-0000-7000-8000-000000094011', id, 3) = 0, blueprint.raises(format('select community.resolve_thread(''00000000-0000-7000-8000-000000094011'', %L, 4)', id), '42501') from pg_temp.made where name = 'first';
select community.lock_thread('00000000-0000-7000-8000-000000094011', id) is not null from pg_temp.made where name = 'second';
select blueprint.raises(format('select community.send_message(''00000000-0000-7000-8000-000000094011'', ''x'', thread => %L)', id), '55000', 'not open') from pg_temp.made where name = 'second';
select count(*) = 3 and count(distinct t.thread_id) = 3 from (select f.* from community.thread_list('00000000-0000-7000-8000-000000094011', most => 1) f union all select r.* from community.thread_list('00000000-0000-7000-8000-000000094011', most => 1) f, community.thread_list('00000000-0000-7000-8000-000000094011', cursor => f.next_cursor) r) t;
set local role hc_owner;
select status = 'resolved' and answer_seq = 3 and reply_count = 2 and last_seq = 3 and root_seq = 1 from community.threads where title = 'first thread' and club_id = '00000000-0000-7000-8000-000000094011';
select core.act_as('00000000-0000-7000-8000-000000094003');
set local role hc_member;
select community.move_to_thread('00000000-0000-7000-8000-000000094011', '{3,4}', id) = 2 from pg_temp.made where name = 'third';
set local role hc_owner;
select array_agg(seq order by seq) = '{3,4}' from community.messages where thread_id = (select id from pg_temp.made where name = 'third');
select array_agg(concat_ws(' ', reply_count, last_seq) order by title) = '{"1 2",0,"2 4"}' from community.threads where club_id = '00000000-0000-7000-8000-000000094011';
select core.act_as('00000000-0000-7000-8000-00000009400f');
select blueprint.raises($$ select community.open_thread('00000000-0000-7000-8000-000000094011', 'stranger') $$, '42501');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['community.open_thread(uuid, text, bigint)', 'community.lock_thread(uuid, uuid)', 'community.resolve_thread(uuid, uuid, bigint)', 'community.move_to_thread(uuid, bigint[], uuid)', 'community.thread_list(uuid, text, text, int)']) f;
