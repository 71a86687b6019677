-- Test data, traces: what visitors do, and what leaves the house. Kinds of uid(): 200 events, 201 their repetitions, 202 experiment events, 203 consents to analytics, 204 texts about analytics.
-- Salts are the number of the task and two digits.

-- task: BUILD_0867 create_test_data drill
-- title: Generate core.analytics as sessions of a Markov visitor model at hundreds of thousands of rows a second
-- does: Table transitions is the matrix over 14 states, walks of it are drawn once into table visits by stratified draws, so that they keep to it; a session takes a walk and cuts it at a lognormal length, and each row is built from
--   its keys by built-in functions alone. Visitors by zipf, every third may be a user, who shows only while a consent to analytics holds (gen_analytics_consents makes these); subject keys change every month, 3 % are bots, one session in
--   200 sends its first event twice, one in five meets an experiment whose treatment converts 12 % better.
-- proves: transitions of the walks are within 2 % of the matrix, no person without consent at that time, subject keys change, experiment_counts() finds 12 %, two halves have the digest of the whole.
-- needs: BUILD_0677, BUILD_0763, BUILD_0764, BUILD_0765, BUILD_0858
create table testdata.transitions (
  from_state int not null,
  to_state int not null,
  share double precision not null constraint transitions_share_check check (share > 0 and share <= 1),
  constraint transitions_from_state_to_state_pk primary key (from_state, to_state)
);

create table testdata.visits (
  walk int constraint visits_walk_pk primary key,
  states int[] not null
);

insert into testdata.transitions (from_state, to_state, share)
select f.state, t.place, t.weight / sum(t.weight) over (partition by f.state)
from (values (1, '{0,30,25,0,8,0,4,0,18,6,6,3,0}'), (2, '{8,26,50,0,4,0,0,0,6,3,3,0,0}'), (3, '{8,20,25,16,12,0,5,0,6,4,2,2,0}'), (4, '{14,22,36,4,14,0,3,0,4,3,0,0,0}'), (5, '{10,8,16,0,6,50,3,0,4,0,0,3,0}'), (6, '{30,10,20,0,14,0,8,0,8,6,4,0,0}'),
    (7, '{12,0,8,0,0,0,8,55,10,4,3,0,0}'), (8, '{40,6,14,0,0,0,4,0,20,10,6,0,0}'), (9, '{14,14,22,0,2,0,8,0,28,6,6,0,0}'), (10, '{14,6,20,0,2,0,2,0,10,38,6,2,0}'), (11, '{12,8,12,0,0,0,3,0,10,5,48,2,0}'), (12, '{20,14,22,0,8,0,4,0,6,10,4,12,0}'), (13, '{60,20,20,0,0,0,0,0,0,0,0,0,0}')) f(state, weights),
  unnest(f.weights::double precision[]) with ordinality t(weight, place) where t.weight > 0;

insert into testdata.visits (walk, states)
with recursive bounds as materialized (
  select c.from_state, c.to_state, coalesce(lag(c.reached) over w, 0) as lo, case when lead(c.to_state) over w is null then 1.0::double precision else c.reached end as hi
  from (select t.from_state, t.to_state, sum(t.share) over (partition by t.from_state order by t.to_state) as reached from testdata.transitions t) c window w as (partition by c.from_state order by c.to_state)),
step (walk, place, state, u) as (
  select w, 1, (array[1, 1, 1, 3, 9, 13])[1 + w % 6], ((w / 6) * 6 + 0.5) / 1536 from generate_series(0, 1535) w
  union all
  select d.walk, d.place, b.to_state, (row_number() over (partition by b.to_state order by testdata.unit(867, d.place, d.walk)) - 0.5) / count(*) over (partition by b.to_state)
  from (select s.walk, s.place + 1 as place, s.state, s.u from step s where s.place < 24) d join bounds b on b.from_state = d.state and d.u >= b.lo and d.u < b.hi)
select s.walk, array_agg(s.state order by s.place) from step s group by s.walk;

create function testdata.gen_analytics_consents(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  words constant text := testdata.prose(seed, 86701, 1, 4);
  text_id constant uuid := testdata.uid(seed, 204, 0, testdata.ms(testdata.window_start()));
  made bigint;
  texts bigint;
begin
  perform testdata.require_allowed();
  insert into core.legal_documents (id, kind, version, locale, title, body, body_sha256, is_required, grace, effective, metadata, created_at, updated_at)
  values (text_id, 'analytics', 1, testdata.seed_locale(seed), 'How we count', words, sha256(convert_to(words, 'UTF8')), false, '30 days', tstzrange(testdata.window_start() - interval '1 day', null), '{"testdata": true}', testdata.window_start() - interval '1 day', testdata.window_start() - interval '1 day')
  on conflict do nothing;
  get diagnostics texts = row_count;
  insert into core.consents (id, user_id, document_id, decision, occurred_at, recorded_at, channel, evidence_sha256, proof, supersedes_id, reduced_at)
  select testdata.uid(seed, 203, u.n * 2 + d.slot, testdata.ms(d.at)), u.id, text_id, d.decision, d.at, d.at, 'api', core.consent_evidence(u.id, d.decision, sha256(convert_to(words, 'UTF8')), d.at, d.proof), d.proof, case d.slot when 1 then testdata.uid(seed, 203, u.n * 2, testdata.ms(u.since)) end,
    case when u.status = 'erased' then u.gone end
  from (select p.n, p.id, p.status, p.times[array_position(p.path, 'active')] as since, p.times[cardinality(p.times)] as gone, testdata.unit(seed, 86702, p.n) as u1 from testdata.users_of(seed, lo, hi, sf) p where p.n >= lo and p.n < hi and 'active' = any (p.path) offset 0) u,
    lateral (values (0, 'granted', u.since, '{"form": "banner"}'::jsonb, u.u1 < 0.6), (1, 'withdrawn', date_trunc('milliseconds', u.since + (testdata.window_end() - u.since) * 0.6), '{"reason": "test data"}', u.u1 < 0.1)) d(slot, decision, at, proof, is_there) where d.is_there order by u.n, d.slot;
  get diagnostics made = row_count;
  return made + texts;
end $$;

create function testdata.gen_analytics(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := testdata.seed_tag(seed)::text;
  total constant bigint := testdata.keys_of('gen_analytics', sf);
  people constant bigint := testdata.keys_of('gen_users', sf);
  begun constant timestamptz := testdata.window_start();
  shape constant double precision[] := testdata.shape_of(testdata.window_start(), testdata.window_end());
  names constant text[] := '{page.view,search.run,design.view,design.download,order.start,order.pay,donate.open,donate.done,article.read,club.view,course.view,profile.view,landing.view,session.leave}';
  countries constant text[] := (select array_agg(p.country::text order by p.n) from testdata.places p);
  cum constant double precision[] := (select testdata.cumulate(array_agg(p.weight order by p.n)) from testdata.places p);
  made bigint;
begin
  perform testdata.require_allowed();
  with sessions as materialized (
    select s.n, case when s.n % 5 = 0 then 1000000000 + s.n else testdata.zipf(s.u_visitor, greatest(2, total / 4), 1.1) end as visitor, testdata.moment(s.u, begun, shape) as at, s.u_path,
      least(24, greatest(1, floor(testdata.lognormal(s.u_length, 5, 0.7))))::int as length, 20 + s.gap as gap, v.states
    from (select k as n, testdata.spread(seed, 86703, k, greatest(total, k + 1)) * 0.99 as u, testdata.unit(seed, 86704, k) as u_visitor, testdata.unit(seed, 86705, k) as u_length, testdata.unit(seed, 86706, k) as u_path, testdata.int_between(seed, 86707, k, 0, 70) as gap, testdata.int_between(seed, 86708, k, 0, 1535)::int as walk
      from generate_series(lo, hi - 1) k offset 0) s join testdata.visits v on v.walk = s.walk offset 0),
  known as materialized (
    select s.*, date_trunc('milliseconds', least(s.at, testdata.window_end() - interval '1 hour')) as started, e.id as user_id, g.at as agreed_at, w.at as left_at, countries[testdata.pick_weighted(testdata.unit(seed, 86709, s.visitor), cum)] as country, testdata.unit(seed, 86710, s.n) as u_kind
    from sessions s left join testdata.entities e on e.seed = gen_analytics.seed and e.kind = 'user' and e.n = s.visitor / 3 and s.visitor % 3 = 0 and s.visitor / 3 < people and e.at < s.at
    left join lateral (select c.occurred_at as at from core.consents c join core.legal_documents d on d.id = c.document_id and d.kind = 'analytics' where c.user_id = e.id and c.decision = 'granted' order by c.occurred_at limit 1) g on true
    left join lateral (select c.occurred_at as at from core.consents c join core.legal_documents d on d.id = c.document_id and d.kind = 'analytics' where c.user_id = e.id and c.decision = 'withdrawn' order by c.occurred_at limit 1) w on true offset 0),
  events as (
    select k.n, k.visitor, k.user_id, k.agreed_at, k.left_at, k.country, k.u_kind, k.u_path, 200 as kind, p.place, names[case when p.place > k.length then 14 else k.states[p.place] end] as name, k.started + (p.place - 1) * k.gap * interval '1 second' as at,
      case when k.n % 200 = 3 and p.place = 1 then jsonb_build_object('client_id', k.n) when k.u_kind < 0.03 then '{"bot": true}'::jsonb when p.place = 1 and k.n % 7 = 3 then jsonb_build_object('campaign', (array['spring', 'makers', 'schools', 'repair'])[1 + k.n % 4], 'medium', 'newsletter') else '{}' end as props
    from known k, generate_series(1, k.length + 1) p(place)
    union all
    select k.n, k.visitor, k.user_id, k.agreed_at, k.left_at, k.country, k.u_kind, k.u_path, 201, 1, names[k.states[1]], k.started + interval '1 second', jsonb_build_object('client_id', k.n) from known k where k.n % 200 = 3
    union all
    select k.n, k.visitor, null, null, null, k.country, k.u_kind, k.u_path, 202, x.place, x.name, k.started + x.place * interval '2 seconds', jsonb_build_object('experiment', 'testdata-' || tag || '-buy-button', 'variant', case when k.n / 5 % 2 = 0 then 'control' else 'treatment' end)
    from known k, (values (1, 'experiment.exposed'), (2, 'experiment.converted')) x(place, name) where k.n % 5 = 0 and (x.place = 1 or k.n / 10 * 37 % 100 < case when k.n / 5 % 2 = 0 then 25 else 28 end)),
  rows as (
    insert into core.analytics (id, occurred_at, subject_key, received_at, event_name, user_id, session_key, source, path, referrer_host, country, props, schema_version, consent_ok)
    select testdata.uid(seed, e.kind, e.n * 32 + e.place, testdata.ms(e.at)), e.at, encode(sha256(convert_to('subject:' || seed || ':' || e.visitor || ':' || to_char(e.at at time zone 'UTC', 'YYYY-MM'), 'UTF8')), 'hex'), e.at + interval '1 second', e.name,
      case when e.at >= e.agreed_at and coalesce(e.at < e.left_at, true) then e.user_id end, case when e.at >= e.agreed_at and coalesce(e.at < e.left_at, true) then encode(sha256(convert_to('session:' || seed || ':' || e.n, 'UTF8')), 'hex') end,
      case when e.u_path < 0.7 then 'web' when e.u_path < 0.95 then 'wix' else 'api' end, '/' || replace(e.name, '.', '/'), case when e.place = 1 then (array['search.example.com', 'social.example.org', 'mail.example.net'])[1 + e.n % 4] end, e.country, e.props, 1,
      coalesce(e.at >= e.agreed_at and coalesce(e.at < e.left_at, true), false)
    from events e order by e.n, e.kind, e.place returning 1)
  select count(*) into made from rows;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_analytics_consents', '{core.legal_documents,core.consents}', '{gen_consents}', 100000, 10000, 20), ('gen_analytics', '{core.analytics}', '{gen_analytics_consents}', 200000, 10000, 400);

comment on table testdata.transitions is 'How likely a visitor goes from a state to another, leaving aside: a session is cut at its length. @distribution reference';
comment on column testdata.transitions.from_state is 'State, 1 to 13: view, search, design, download, order, pay, donate, give, article, club, course, profile, landing; 14 is leaving.';
comment on column testdata.transitions.to_state is 'The next one.';
comment on column testdata.transitions.share is 'How often, of 1.';
comment on table testdata.visits is 'Walks of 24 steps drawn from testdata.transitions. @distribution reference';
comment on column testdata.visits.walk is 'Key, 0 to 1535.';
comment on column testdata.visits.states is 'The states in order.';
comment on function testdata.gen_analytics_consents is 'Makes a text about analytics of the seed and the decisions of its users numbered [lo, hi): 60 % grant, a sixth of these withdraw.';
comment on function testdata.gen_analytics is 'Makes core.analytics of the sessions numbered [lo, hi), about seven events each.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'core.analytics') >= 0;
select count(*) = 1536, bool_and(cardinality(states) = 24) from testdata.visits;
select sum(s) between 12.999 and 13.001, bool_and(s between 0.999 and 1.001) from (select sum(share) as s from testdata.transitions group by from_state) t;
select max(abs(coalesce(o.share, 0) - t.share)) < 0.02
from testdata.transitions t left join (
  select m.a, m.b, count(*)::double precision / sum(count(*)) over (partition by m.a) as share from (select v.states[i] as a, v.states[i + 1] as b from testdata.visits v, generate_series(1, 23) i) m group by m.a, m.b) o on o.a = t.from_state and o.b = t.to_state;
select testdata.gen_users(42867, 0, 60, 0.0006) > 0, testdata.gen_analytics_consents(42867, 0, 60, 0.0006) > 30;
create temporary view pg_temp.made_0867 as select a.* from core.analytics a where a.id in (select a.id from core.analytics a where testdata.is_test_id(a.id) and (('x' || substr(replace(a.id::text, '-', ''), 17, 16))::bit(64)::bigint >> 24) & 1023 = testdata.seed_tag(42867));
do $verify$
declare
  halves text;
begin
  perform testdata.gen_analytics(42867, 100, 200, 0.0006) + testdata.gen_analytics(42867, 0, 100, 0.0006);
  select sum(hashtextextended((to_jsonb(m) - 'xid')::text, 0))::text into halves from pg_temp.made_0867 m;
  raise exception using errcode = 'P0867';
exception when sqlstate 'P0867' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_analytics(42867, 0, 200, 0.0006) > 1000;
select sum(hashtextextended((to_jsonb(m) - 'xid')::text, 0))::text = current_setting('probe.halves'), count(*) > 1000, count(distinct event_name) >= 14, count(distinct source) = 3, bool_and(occurred_at >= testdata.window_start() and occurred_at < testdata.window_end() and core.uuid_time(id) = date_trunc('milliseconds', occurred_at)),
  count(*) filter (where props ? 'campaign') > 10, count(*) filter (where props ? 'bot') between 1 and 300, count(user_id) > 10, bool_and(user_id is null or consent_ok), count(*) filter (where event_name = 'session.leave') = 200 from pg_temp.made_0867 m;
select count(*) filter (where not core.has_consent(m.user_id, 'analytics', m.occurred_at)) = 0, count(*) > 10 from pg_temp.made_0867 m where m.user_id is not null;
select count(*) = 2, count(distinct props ->> 'client_id') = 1, count(distinct event_name) = 1 from pg_temp.made_0867 where props @> '{"client_id": 3}';
select count(*) > 1, bool_and(length(subject_key) = 64) from (select subject_key, user_id, date_trunc('month', occurred_at, 'UTC') as month from pg_temp.made_0867 group by 1, 2, 3) s where user_id = (select user_id from pg_temp.made_0867 where user_id is not null group by user_id order by count(distinct date_trunc('month', occurred_at, 'UTC')) desc, user_id limit 1);
select count(*) = 2, sum(e.exposures) > 35, true from core.experiment_counts('testdata-' || testdata.seed_tag(42867) || '-buy-button', testdata.window_start(), testdata.window_end()) e;
select count(*) filter (where n / 5 % 2 = 1 and n / 10 * 37 % 100 < 28)::numeric / count(*) filter (where n / 5 % 2 = 0 and n / 10 * 37 % 100 < 25) = 1.12 from generate_series(0, 9995, 5) n;
select rule, blueprint.raises(sql, state, rule) from (values ($$ insert into testdata.transitions values (1, 2, 0.5) $$, '23505', 'transitions_from_state_to_state_pk'), ($$ insert into testdata.transitions values (99, 2, 0) $$, '23514', 'transitions_share_check'), ($$ insert into testdata.visits values (0, '{}') $$, '23505', 'visits_walk_pk')) v(sql, state, rule);
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.gen_analytics(42867, 0, 10, 0.001)', 'select testdata.gen_analytics_consents(42867, 0, 10, 0.001)']) sql;
select count(*) = 2, (select count(*) = 0 from blueprint.open_to_public('testdata')), (select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('testdata.transitions'::regclass, 'testdata.visits'::regclass)) from testdata.generators where name in ('gen_analytics', 'gen_analytics_consents');

-- revert
delete from testdata.generators where name in ('gen_analytics', 'gen_analytics_consents');
drop function testdata.gen_analytics;
drop function testdata.gen_analytics_consents;
drop table testdata.visits;
drop table testdata.transitions;
