-- Scenario: a club that grows from fifty to thousands in three days, over the end of a month. Kinds of uid(): 400 members, 401 clubs, 402 messages.

-- task: BUILD_0885 create_test_data
-- title: Play a viral club that takes 1,000,000 messages in three days: testdata.play_viral_club(seed, n)
-- does: One open club, n messages in bursts that come ever faster over the last end of a month, so that two partitions fill; then paging, unread and mention counts, slow mode, a flood of the same text, three reports that hold a
--   message and a moderator who redacts it run against it through the public functions. Each step says what was expected and found; the last ones give rate and latencies.
-- proves: every step holds: numbers without a gap over the border of the partitions, pages that give each message once, unread() as counted by hand for up to 50 members, one held and redacted, a plan that reads one partition;
--   a message taken away shows as the steps that fail.
-- needs: BUILD_0093, BUILD_0096, BUILD_0097, BUILD_0853, BUILD_0881
create function testdata.play_viral_club(seed bigint, n bigint default 1000000) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  border constant timestamptz := date_trunc('month', now() - interval '3 days', 'UTC');
  since constant timestamptz := border - interval '36 hours';
  members constant int := greatest(60, least(20000, n / 50))::int;
  tag constant text := to_hex(testdata.seed_tag(seed));
  club constant uuid := testdata.uid(seed, 401, 1, testdata.ms(since));
  person constant uuid[] := testdata.players(seed, 400, 'viral', members, since - interval '1 day');
  began timestamptz;
  spent interval[] := '{}';
  before bigint;
  seen bigint := 0;
  pages int := 0;
  page bigint[];
  line text;
  reports uuid[] := '{}';
  plan text;
  got text;
  bad uuid;
  bad_seq bigint;
  i int;
begin
  perform core.ensure_month_partitions('community.messages', 2, 1);
  insert into community.clubs (id, slug, name, created_by, next_seq, created_at, updated_at) values (club, 'viral-' || tag, 'Viral club ' || tag, person[1], n + 1, since, since);
  insert into community.memberships (club_id, user_id, role, joined_at)
  select club, person[k], case k when 1 then 'owner' when 2 then 'moderator' else 'member' end, case when k <= 50 then since else since + interval '72 hours' * ln(1 + 19 * (k - 50.0) / (members - 50.0)) / ln(20.0) end from generate_series(1, members) k;
  began := clock_timestamp();
  insert into community.messages (id, occurred_at, club_id, seq, reply_to_seq, author_id, body)
  select testdata.uid(seed, 402, m.i, testdata.ms(m.at)), m.at, club, m.i, case when m.i % 10 > 1 then m.i - m.i % 10 + 1 end, person[m.k],
    case when m.i % 50 = 7 then '@viral-' || tag || '-' || 1 + m.i / 50 % 40 || ' ' else '' end || 'message ' || m.i
  from (
    select g.i, testdata.zipf(testdata.unit(seed, 88501, g.i), 50 + ((members - 50) * g.i / n), 1.1)::int as k,  -- ten at a time, the first half hour of which is in the burst
      since + interval '71 hours' * (ln(1 + 19 * (g.i - g.i % 10)::double precision / n) / ln(20.0) + 0.3 * (g.i % 10) / 10 * (ln(1 + 19 * (g.i - g.i % 10 + 10)::double precision / n) - ln(1 + 19 * (g.i - g.i % 10)::double precision / n)) / ln(20.0)) as at
    from generate_series(1, n) as g(i)) m;
  spent := array[clock_timestamp() - began];

  return query select * from testdata.step(1, 'the club counts its members', members::text, (select c.member_count::text from community.clubs c where c.id = club));
  return query select * from testdata.step(2, 'numbers have no gap', format('%s messages, 1 to %1$s, next %s', n, n + 1), (select format('%s messages, %s to %s, next %s', count(*), min(m.seq), max(m.seq), (select c.next_seq from community.clubs c where c.id = club)) from community.messages m where m.club_id = club));
  return query select * from testdata.step(3, 'two partitions are filled and numbers rise over their border', '2, rising', (select format('%s, %s', count(*), case when max(p.last) filter (where p.place = 1) + 1 = max(p.first) filter (where p.place = 2) then 'rising' else 'not rising' end)
    from (select row_number() over (order by min(m.occurred_at)) as place, min(m.seq) as first, max(m.seq) as last from community.messages m where m.club_id = club group by m.tableoid) p));

  perform core.act_as(person[3]);
  before := null;
  loop
    began := clock_timestamp();
    page := array(select h.seq from community.history(club, before, 200) h);
    spent := spent || (clock_timestamp() - began);
    exit when cardinality(page) = 0 or pages = 500;
    seen := seen + (select count(distinct s) from unnest(page) s where before is null or s < before);
    before := page[cardinality(page)];
    pages := pages + 1;
  end loop;
  return query select * from testdata.step(4, 'pages of history give each message once', least(n, 100000)::text, seen::text);

  insert into community.read_cursors (club_id, user_id, last_read_seq) select club, person[k], n * (k % 11) / 10 from generate_series(1, least(50, members)) k where k % 11 < 10;
  seen := 0;
  for i in 1 .. least(50, members) loop
    perform core.act_as(person[i]);
    seen := seen + (select count(*) from community.unread() u where u.club_id = club
      and (u.unread, u.mentions) = (select count(*), count(*) filter (where m.body like '@viral-' || tag || '-' || i || ' %') from community.messages m where m.club_id = club and m.author_id <> person[i] and m.seq > case when i % 11 < 10 then n * (i % 11) / 10 else 0 end));
  end loop;
  return query select * from testdata.step(5, 'unread() and its mentions agree with a count by hand', least(50, members)::text, seen::text);
  return query select * from testdata.step(6, 'mentions are found by their index', (select count(*)::text from generate_series(1, n) g where g % 50 = 7 and 1 + g / 50 % 40 = 5), (select count(*)::text from community.messages m where m.club_id = club and m.mentions @> person[5:5]));

  update community.clubs c set slow_mode_s = 30 where c.id = club;
  perform core.act_as(person[4]);
  perform community.send_message(club, 'before slow mode');
  return query select * from testdata.step(7, 'slow mode makes members wait', '54000 not so fast: slow mode', testdata.answer(format('select community.send_message(%L, %L)', club, 'too soon')));
  update community.clubs c set slow_mode_s = 0 where c.id = club;
  perform core.act_as(person[6]);
  got := testdata.answer(format('select string_agg((community.send_message(%L, %L)).seq::text, '', '') from generate_series(1, 3)', club, 'Crossposted: come to our club'));
  return query select * from testdata.step(8, 'a bot that says the same thrice is stopped', '54000 not so fast: the same text again', got);

  select m.id, m.seq into bad, bad_seq from community.messages m where m.club_id = club and m.author_id <> all (person[7:9] || person[2:2]) order by m.seq limit 1;
  for i in 7 .. 9 loop
    perform core.act_as(person[i]);
    reports := reports || community.report('message', bad, 'spam');
    if i = 8 then
      return query select * from testdata.step(9, 'two reports hold nothing', '0', (select count(*)::text from community.messages m where m.club_id = club and m.held_at is not null));
    end if;
  end loop;
  return query select * from testdata.step(10, 'the third holds the message', '1: ' || bad_seq, (select format('%s: %s', count(*), min(m.seq)) from community.messages m where m.club_id = club and m.held_at is not null));
  perform core.act_as(person[2]);
  perform community.take_action(reports[1], 'redact', 'spam');
  return query select * from testdata.step(11, 'a moderator redacts it and settles all three', '1 redacted, 3 actioned', format('%s redacted, %s actioned', (select count(*) from community.messages m where m.club_id = club and m.redacted_at is not null and m.body is null), (select count(*) from community.reports r where r.id = any (reports) and r.status = 'actioned')));
  perform core.act_as(null, 'hc_worker');

  plan := '';
  for line in execute format('explain (format text) select count(*) from community.messages m where m.club_id = %L and m.occurred_at >= %L and m.occurred_at < %L', club, border, border + interval '1 day') loop
    plan := plan || line || e'\n';
  end loop;
  return query select * from testdata.step(12, 'a day of the new month reads one partition', 'messages_' || to_char(border at time zone 'UTC', 'YYYY_MM'), (select string_agg(distinct r[1], ', ') from regexp_matches(plan, 'on (messages_\d{4}_\d{2}) ', 'g') r));
  return query select s.step, s.what, s.expected, s.found, s.found::numeric > 100 from testdata.step(13, 'messages a second, taken in', 'more than 100', round(n / extract(epoch from spent[1]))::text) s;
  return query select s.step, s.what, s.expected, s.found, split_part(s.found, ' and ', 2)::numeric < 1000 from testdata.step(14, 'a page, median and worst of twenty, in milliseconds', 'below 1000 each',
    (select format('%s and %s', round((percentile_cont(0.5) within group (order by extract(epoch from s)::double precision * 1000))::numeric, 2), round((percentile_cont(0.95) within group (order by extract(epoch from s)::double precision * 1000))::numeric, 2)) from unnest(spent[2:]) s)) s;
end $$;

comment on function testdata.play_viral_club is 'A club goes viral: n messages in 72 hours over the end of a month, then everything that reads, slows and cleans it. Steps with what was expected and found. Its rows stay.';

-- verify
select blueprint.raises('select testdata.play_viral_club(42885, 200)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0885 as select * from testdata.play_viral_club(42885, 600);
select step, what, expected, found, ok from pg_temp.play_0885 order by ok, step;
select count(*) = 14, array_agg(step order by step) = array(select generate_series(1, 14)) from pg_temp.play_0885;
select count(distinct m.tableoid) = 2, bool_and(testdata.is_test_id(m.id)) from community.messages m join community.clubs c on c.id = m.club_id where c.slug = 'viral-' || to_hex(testdata.seed_tag(42885)) and m.seq <= 600;
select pronargdefaults = 1 and pg_get_expr(proargdefaults, 0) like '%1000000%', (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_proc where oid = 'testdata.play_viral_club'::regproc;
create function pg_temp.lose_0885() returns trigger language plpgsql as 'begin return null; end';
create trigger probe_0885 before insert on community.messages for each row when (new.seq = 120 and new.body = 'message 120') execute function pg_temp.lose_0885();
select array_agg(step order by step) filter (where not ok) = '{2,4}', count(*) = 14 from testdata.play_viral_club(42895, 200);
