-- Test data, traces: what visitors do, what leaves the house, and what the audit log says of it. Kinds of uid(): 200 events, 201 their repetitions, 202 experiment events, 203 consents to analytics, 204 texts about analytics;
-- 205 steps of machines, 206 new rows, 207 logins, 208 logouts, 209 what staff did and failed logins. Salts are the number of the task and two digits.
-- For teardown: a seal covers all transactions of its range, so it may cover real rows beside those of a seed. Whatever was sealed from the first seal on whose leaves name an id of the seed (core.audit_leaves.row_ids,
-- testdata.tag_of) has to go with them, leaves first; real rows among them are open again then, and the next core.seal_audit() takes them. Where core.audit_anchors names such a seal, an outside witness knows it: refuse.
-- Months of core.audit_logs that plan() made leave only in replica mode, as an event trigger guards them.

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
  ended constant timestamptz := testdata.window_end();
  begun constant timestamptz := testdata.window_start();
  words constant text := testdata.prose(seed, 86701, 1, 4);
  text_id constant uuid := testdata.uid(seed, 204, 0, testdata.ms(testdata.window_start() - interval '1 day'));
  made bigint;
  texts bigint;
begin
  perform testdata.require_allowed();
  insert into core.legal_documents (id, kind, version, locale, title, body, body_sha256, is_required, grace, effective, metadata, created_at, updated_at)
  values (text_id, 'analytics', 1, testdata.seed_locale(seed), 'How we count', words, sha256(convert_to(words, 'UTF8')), false, '30 days', tstzrange(begun - interval '1 day', null), '{"testdata": true}', begun - interval '1 day', begun - interval '1 day')
  on conflict do nothing;
  get diagnostics texts = row_count;
  insert into core.consents (id, user_id, document_id, decision, occurred_at, recorded_at, channel, evidence_sha256, proof, supersedes_id, reduced_at)
  select testdata.uid(seed, 203, u.n * 2 + d.slot, testdata.ms(d.at)), u.id, text_id, d.decision, d.at, d.at, 'api', core.consent_evidence(u.id, d.decision, sha256(convert_to(words, 'UTF8')), d.at, d.proof), d.proof, case d.slot when 1 then testdata.uid(seed, 203, u.n * 2, testdata.ms(u.since)) end,
    case when u.status = 'erased' then u.gone end
  from (select p.n, p.id, p.status, p.times[array_position(p.path, 'active')] as since, p.times[cardinality(p.times)] as gone, testdata.unit(seed, 86702, p.n) as u1 from testdata.users_of(seed, lo, hi, sf) p where p.n >= lo and p.n < hi and 'active' = any (p.path) offset 0) u,
    lateral (values (0, 'granted', u.since, '{"form": "banner"}'::jsonb, u.u1 < 0.6), (1, 'withdrawn', date_trunc('milliseconds', u.since + (ended - u.since) * 0.6), '{"reason": "test data"}', u.u1 < 0.1)) d(slot, decision, at, proof, is_there) where d.is_there order by u.n, d.slot;
  get diagnostics made = row_count;
  return made + texts;
end $$;

create function testdata.gen_analytics(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  tag constant text := testdata.seed_tag(seed)::text;
  total constant bigint := testdata.keys_of('gen_analytics', sf);
  people constant bigint := testdata.keys_of('gen_users', sf);
  begun constant timestamptz := testdata.window_start();
  span constant testdata.span := testdata.span();
  names constant text[] := '{page.view,search.run,design.view,design.download,order.start,order.pay,donate.open,donate.done,article.read,club.view,course.view,profile.view,landing.view,session.leave}';
  paths constant text[] := (select array_agg('/' || replace(n.name, '.', '/') order by n.place) from unnest(names) with ordinality n(name, place));
  countries constant text[] := (select array_agg(p.country::text order by p.n) from testdata.places p);
  cum constant double precision[] := (select testdata.cumulate(array_agg(p.weight order by p.n)) from testdata.places p);
  honest constant boolean := current_setting('session_replication_role') <> 'replica';
  made bigint;
begin
  perform testdata.require_allowed();
  if honest then  -- the guard counts what comes in now, and this is long past
    alter table core.analytics disable trigger analytics_count;
  end if;
  with sessions as materialized (
    select s.n, case when s.n % 5 = 0 then 1000000000 + s.n else testdata.zipf(s.u_visitor, greatest(2, total / 4), 1.1) end as visitor, testdata.moment(s.u, begun, span.shape) as at, s.u_path,
      least(24, greatest(1, floor(testdata.lognormal(s.u_length, 5, 0.7))))::int as length, 20 + s.gap as gap, v.states
    from (select k as n, testdata.spread(seed, 86703, k, greatest(total, k + 1)) * 0.99 as u, testdata.unit(seed, 86704, k) as u_visitor, testdata.unit(seed, 86705, k) as u_length, testdata.unit(seed, 86706, k) as u_path, testdata.int_between(seed, 86707, k, 0, 70) as gap, testdata.int_between(seed, 86708, k, 0, 1535)::int as walk
      from generate_series(lo, hi - 1) k offset 0) s join testdata.visits v on v.walk = s.walk offset 0),
  known as materialized (
    select s.*, date_trunc('milliseconds', least(s.at, ended - interval '1 hour')) as started, e.id as user_id, g.at as agreed_at, w.at as left_at, countries[testdata.pick_weighted(testdata.unit(seed, 86709, s.visitor), cum)] as country, testdata.unit(seed, 86710, s.n) as u_kind
    from sessions s left join testdata.entities e on e.seed = gen_analytics.seed and e.kind = 'user' and e.n = s.visitor / 3 and s.visitor % 3 = 0 and s.visitor / 3 < people and e.at < s.at
    left join lateral (select c.occurred_at as at from core.consents c join core.legal_documents d on d.id = c.document_id and d.kind = 'analytics' where c.user_id = e.id and c.decision = 'granted' order by c.occurred_at limit 1) g on true
    left join lateral (select c.occurred_at as at from core.consents c join core.legal_documents d on d.id = c.document_id and d.kind = 'analytics' where c.user_id = e.id and c.decision = 'withdrawn' order by c.occurred_at limit 1) w on true offset 0),
  keyed as materialized (  -- keys are hashed once a session: that of the visitor changes with the month, rarely within one
    select k.*, encode(sha256(convert_to('session:' || seed || ':' || k.n, 'UTF8')), 'hex') as session_key, encode(sha256(convert_to('subject:' || seed || ':' || k.visitor || ':' || to_char(k.started at time zone 'UTC', 'YYYY-MM'), 'UTF8')), 'hex') as subject_key,
      (date_trunc('month', k.started at time zone 'UTC') + interval '1 month') at time zone 'UTC' as month_end, testdata.ms(k.started) as ms from known k),
  events as (
    select testdata.uid(seed, 200, k.n * 32 + p.place, k.ms + (p.place - 1) * k.gap * 1000) as id, k.n, k.visitor, k.user_id, k.agreed_at, k.left_at, k.country, k.u_path, k.session_key, k.subject_key, k.month_end, p.place, case when p.place > k.length then 14 else k.states[p.place] end as state, null as name,
      k.started + (p.place - 1) * k.gap * interval '1 second' as at,
      case when k.n % 200 = 3 and p.place = 1 then jsonb_build_object('client_id', k.n) when k.u_kind < 0.03 then '{"bot": true}'::jsonb when p.place = 1 and k.n % 7 = 3 then jsonb_build_object('campaign', (array['spring', 'makers', 'schools', 'repair'])[1 + k.n % 4], 'medium', 'newsletter') else '{}' end as props
    from keyed k, generate_series(1, k.length + 1) p(place)
    union all
    select testdata.uid(seed, 201, k.n * 32 + 1, k.ms + 1000), k.n, k.visitor, k.user_id, k.agreed_at, k.left_at, k.country, k.u_path, k.session_key, k.subject_key, k.month_end, 1, k.states[1], null, k.started + interval '1 second', jsonb_build_object('client_id', k.n) from keyed k where k.n % 200 = 3
    union all
    select testdata.uid(seed, 202, k.n * 32 + x.place, k.ms + x.place * 2000), k.n, k.visitor, null, null, null, k.country, k.u_path, k.session_key, k.subject_key, k.month_end, x.place, null, x.name, k.started + x.place * interval '2 seconds', jsonb_build_object('experiment', 'testdata-' || tag || '-buy-button', 'variant', case when k.n / 5 % 2 = 0 then 'control' else 'treatment' end)
    from keyed k, (values (1, 'experiment.exposed'), (2, 'experiment.converted')) x(place, name) where k.n % 5 = 0 and (x.place = 1 or k.n / 10 * 37 % 100 < case when k.n / 5 % 2 = 0 then 25 else 28 end)),
  rows as (
    insert into core.analytics (id, occurred_at, subject_key, received_at, event_name, user_id, session_key, source, path, referrer_host, country, props, schema_version, consent_ok)
    select e.id, e.at, case when e.at < e.month_end then e.subject_key else encode(sha256(convert_to('subject:' || seed || ':' || e.visitor || ':' || to_char(e.at at time zone 'UTC', 'YYYY-MM'), 'UTF8')), 'hex') end, e.at + interval '1 second', coalesce(e.name, names[e.state]),
      case when e.at >= e.agreed_at and coalesce(e.at < e.left_at, true) then e.user_id end, case when e.at >= e.agreed_at and coalesce(e.at < e.left_at, true) then e.session_key end,
      case when e.u_path < 0.7 then 'web' when e.u_path < 0.95 then 'wix' else 'api' end, coalesce('/' || replace(e.name, '.', '/'), paths[e.state]), case when e.place = 1 then (array['search.example.com', 'social.example.org', 'mail.example.net'])[1 + e.n % 4] end, e.country, e.props, 1,
      coalesce(e.at >= e.agreed_at and coalesce(e.at < e.left_at, true), false)
    from events e order by e.n, e.at returning 1)
  select count(*) into made from rows;
  if honest then
    alter table core.analytics enable trigger analytics_count;
  end if;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_analytics_consents', '{core.legal_documents,core.consents}', '{gen_consents}', 100000, 10000, 20), ('gen_analytics', '{core.analytics}', '{gen_analytics_consents}', 1400000, 10000, 400);

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
  perform testdata.gen_analytics(42867, 210, 420, 0.0006) + testdata.gen_analytics(42867, 0, 210, 0.0006);
  select sum(hashtextextended((to_jsonb(m) - 'xid')::text, 0))::text into halves from pg_temp.made_0867 m;
  raise exception using errcode = 'P0867';
exception when sqlstate 'P0867' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_analytics(42867, 0, 420, 0.0006) > 1000;
select sum(hashtextextended((to_jsonb(m) - 'xid')::text, 0))::text = current_setting('probe.halves'), count(*) > 1000, count(distinct event_name) >= 14, count(distinct source) = 3, bool_and(occurred_at >= testdata.window_start() and occurred_at < testdata.window_end() and core.uuid_time(id) = date_trunc('milliseconds', occurred_at)),
  count(*) filter (where props ? 'campaign') > 10, count(*) filter (where props ? 'bot') between 1 and 600, count(user_id) > 10, bool_and(user_id is null or consent_ok), count(*) filter (where event_name = 'session.leave') = 420 from pg_temp.made_0867 m;
select count(*) filter (where not core.has_consent(m.user_id, 'analytics', m.occurred_at)) = 0, count(*) > 10 from pg_temp.made_0867 m where m.user_id is not null;
select count(*) = 2, count(distinct props ->> 'client_id') = 1, count(distinct event_name) = 1 from pg_temp.made_0867 where props @> '{"client_id": 3}';
select count(*) > 1, bool_and(length(subject_key) = 64) from (select subject_key, user_id, date_trunc('month', occurred_at, 'UTC') as month from pg_temp.made_0867 group by 1, 2, 3) s where user_id = (select user_id from pg_temp.made_0867 where user_id is not null group by user_id order by count(distinct date_trunc('month', occurred_at, 'UTC')) desc, user_id limit 1);
select count(*) = 2, sum(e.exposures) > 35, true from core.experiment_counts('testdata-' || testdata.seed_tag(42867) || '-buy-button', testdata.window_start(), testdata.window_end()) e;
select count(*) filter (where n / 5 % 2 = 1 and n / 10 * 37 % 100 < 28)::numeric / count(*) filter (where n / 5 % 2 = 0 and n / 10 * 37 % 100 < 25) = 1.12 from generate_series(0, 9995, 5) n;
select rule, blueprint.raises(sql, state, rule) from (values ($$ insert into testdata.transitions values (1, 2, 0.5) $$, '23505', 'transitions_from_state_to_state_pk'), ($$ insert into testdata.transitions values (99, 2, 0) $$, '23514', 'transitions_share_check'), ($$ insert into testdata.visits values (0, '{}') $$, '23505', 'visits_walk_pk')) v(sql, state, rule);
select tgname, tgenabled = 'O', core.analytics_rate('page.view') = 0 from pg_trigger where tgname = 'analytics_count';
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.gen_analytics(42867, 0, 10, 0.001)', 'select testdata.gen_analytics_consents(42867, 0, 10, 0.001)']) sql;
select count(*) = 2, (select count(*) = 0 from blueprint.open_to_public('testdata')), (select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('testdata.transitions'::regclass, 'testdata.visits'::regclass)) from testdata.generators where name in ('gen_analytics', 'gen_analytics_consents');

-- revert
delete from testdata.generators where name in ('gen_analytics', 'gen_analytics_consents');
drop function testdata.gen_analytics;
drop function testdata.gen_analytics_consents;
drop table testdata.visits;
drop table testdata.transitions;

-- task: BUILD_0868 create_test_data drill
-- title: Generate core.audit_logs derived from the generated histories, sealed into a verifying chain
-- does: Every tenth step of a machine and all that staff took, new designs, texts, wallets, workshops and hooks, grants, logins, failures and logouts become entries with minimal diffs; on working days staff reads, exports and configures
--   between nine and five, and every two months somebody exports at night what he should not. Actors held their role at that time; rows of one actor and minute share request and transaction. Transactions lie between the last seal and the
--   snapshot horizon, under the lock of the sealer, so that no seal can miss them; gen_audit_seals then seals up to the horizon in twelve steps, as the platform would.
-- proves: verify_audit() says ok for every seal over generated and real rows, and each entry is sealed; every tenth step has its entry with old and new status; no secret column in changed; every actor held his role then; staff works by day
--   and the exports lie in the night; two halves have the digest of the whole.
-- needs: BUILD_0771, BUILD_0773, BUILD_0779, BUILD_0859, BUILD_0862, BUILD_0864, BUILD_0869, BUILD_0870, BUILD_0871
create function testdata.tag_of(id uuid) returns bigint
  language sql immutable parallel safe
  return case when right(id::text, 6) = '7e53da' and uuid_extract_version(id) = 7 then (('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint >> 24) & 1023 end;

create function testdata.slice(key bigint, keys bigint) returns timestamptz
  language sql stable
  return case when key <= 0 then '-infinity' when key >= keys then 'infinity' else testdata.window_start() + (testdata.window_end() - testdata.window_start()) * (key::double precision / keys) end;

create function testdata.is_audited(change uuid, actor_role text) returns boolean
  language sql immutable parallel safe
  return actor_role <> 'hc_worker' or hashtextextended(change::text, 868) % 10 = 0;

create function testdata.gen_audit_logs(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant bigint := testdata.seed_tag(seed);
  keys constant bigint := testdata.keys_of('gen_audit_logs', sf);
  people constant bigint := testdata.keys_of('gen_users', sf);
  begun constant timestamptz := testdata.window_start();
  until constant timestamptz := testdata.window_end();
  from_at constant timestamptz := testdata.slice(lo, keys);
  to_at constant timestamptz := testdata.slice(hi, keys);
  agents constant text[] := '{HingeCraft Web (Linux; desktop),HingeCraft App (Android; phone),HingeCraft App (iOS; phone),HingeCraft Web (Windows; desktop),HingeCraft Web (macOS; laptop)}';
  first_xid bigint;
  horizon bigint;
  made bigint;
begin
  perform testdata.require_allowed();
  perform pg_advisory_xact_lock_shared(hashtextextended('core.seal_audit', 0));  -- or a seal that does not see these rows yet could pass over them
  first_xid := greatest(3, (select s.xid_to::text::bigint from core.audit_seals s order by s.seal_no desc limit 1));
  horizon := greatest(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, first_xid + 1);
  with machines as materialized (
    select m.machine, c.relname::text as relation, n.nspname::text as room
    from (select distinct (regexp_match(pg_get_triggerdef(g.oid), $r$enforce_transition\('([^']*)'$r$))[1] as machine, g.tgrelid from pg_catalog.pg_trigger g where g.tgfoid = 'core.enforce_transition'::regproc and g.tgparentid = 0) m
    join pg_catalog.pg_class c on c.oid = m.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname in ('core', 'design', 'production', 'impact', 'community', 'learning')),
  holders as materialized (
    select u.user_id, k.db_role, u.during, p.time_zone from identity.user_roles u join identity.roles k on k.code = u.role_code join testdata.entities e on e.seed = gen_audit_logs.seed and e.kind = 'user' and e.n < 20 and e.id = u.user_id join core.users p on p.id = u.user_id where k.is_privileged or k.code = 'operator'),
  moves as materialized (
    select s.id, s.occurred_at, s.machine, s.entity_id, s.from_status, s.to_status, s.actor_id, s.actor_role from core.status_changes s
    where s.occurred_at >= from_at and s.occurred_at < to_at and testdata.tag_of(s.entity_id) = tag and testdata.is_audited(s.id, s.actor_role)),
  steps as (
    select 205 as kind, hashtextextended(s.id::text, 1) >> 5 as n, s.occurred_at + interval '1 millisecond' * (hashtextextended(s.id::text, 1) & 31) as at, case when s.actor_role = 'hc_worker' then s.actor_id else h.user_id end as actor_id, case when s.actor_role = 'hc_worker' then 'hc_member' else s.actor_role end as role,
      'update' as action, m.room, m.relation, s.entity_id::text as entity, jsonb_build_object('fields', '["status"]'::jsonb, 'old', jsonb_build_object('status', s.from_status), 'new', jsonb_build_object('status', s.to_status)) as changed,
      case when s.actor_role <> 'hc_worker' then (array['checked by hand', 'as reported', 'as decided in the weekly round', 'asked for by the owner'])[1 + (hashtextextended(s.id::text, 2) & 3)] end as reason, null::inet as ip
    from moves s join machines m on m.machine = s.machine
    left join lateral (select h.user_id from holders h where s.actor_role <> 'hc_worker' and h.db_role = s.actor_role and h.during @> s.occurred_at order by hashtextextended(h.user_id::text || s.id, 3) limit 1) h on true),
  grants as (
    select 205, testdata.key_of(s.id), s.occurred_at, s.actor_id, 'hc_admin', 'grant', 'identity', 'user_roles', s.entity_id::text, jsonb_build_object('fields', '["role_code"]'::jsonb, 'new', jsonb_build_object('role_code', s.payload -> 'role')), s.reason, null::inet
    from core.status_changes s where s.machine = 'user_role' and s.occurred_at >= from_at and s.occurred_at < to_at and testdata.tag_of(s.id) = tag),
  news as (
    select 206, e.n # (x.place * 99999989 & 268435455), e.at, x.owner_id, 'hc_member', 'insert', x.room, x.relation, e.id::text, jsonb_build_object('fields', (select jsonb_agg(f order by f) from jsonb_object_keys(x.entity) f), 'new', x.entity), null, null::inet
    from testdata.entities e join lateral (
      select 1 as place, 'core' as room, 'designs' as relation, d.owner_id, jsonb_build_object('kind', d.kind, 'owner_id', d.owner_id, 'status', 'draft', 'title', d.title, 'visibility', d.visibility) as entity from core.designs d where e.kind = 'design' and d.id = e.id
      union all select 2, 'core', 'content', c.author_id, jsonb_build_object('author_id', c.author_id, 'kind', c.kind, 'locale', c.locale, 'status', 'draft', 'title', c.title) from core.content c where e.kind = 'content' and c.id = e.id
      union all select 3, 'core', 'wallets', w.owner_id, jsonb_strip_nulls(jsonb_build_object('chain', w.chain, 'label', w.label, 'owner_id', w.owner_id)) from core.wallets w where e.kind = 'wallet' and w.id = e.id
      union all select 4, 'core', 'microfactories', m.operator_id, jsonb_build_object('city', m.city, 'country', m.country, 'name', m.name, 'operator_id', m.operator_id, 'status', 'applied') from core.microfactories m where e.kind = 'microfactory' and m.id = e.id
      union all select 5, 'core', 'webhooks', h.owner_id, jsonb_build_object('direction', h.direction, 'event_patterns', h.event_patterns, 'name', h.name, 'owner_id', h.owner_id, 'status', 'pending_verification') from core.webhooks h where e.kind = 'webhook' and h.id = e.id) x on true
    where e.seed = gen_audit_logs.seed and e.kind in ('design', 'content', 'wallet', 'microfactory', 'webhook') and (e.n % 10 = 0 or e.kind in ('microfactory', 'webhook')) and e.at >= from_at and e.at < to_at),
  visits as materialized (
    select testdata.key_of(s.id) as n, s.* from identity.sessions s where s.created_at >= from_at and s.created_at < to_at and testdata.tag_of(s.id) = tag),
  logins as (
    select 207, v.n, v.created_at, v.user_id, 'hc_member', 'login', 'identity', 'sessions', v.id::text, jsonb_build_object('auth_level', v.auth_level), null, v.ip from visits v
    union all select 208, v.n, v.revoked_at, v.user_id, 'hc_member', 'logout', 'identity', 'sessions', v.id::text, null, null, v.ip from visits v where v.revoke_reason = 'logout' and v.revoked_at < until
    union all select 209, v.n, v.created_at - interval '20 seconds', null, 'hc_anon', 'login_failed', 'core', 'users', v.user_id::text, '{"factor": "password"}', null, v.ip from visits v where v.n % 12 = 5 and v.created_at > begun + interval '1 minute'),
  days as materialized (
    select d, date_trunc('day', begun, 'UTC') + d * interval '1 day' as day from generate_series(0, extract(day from until - begun)::int) d where date_trunc('day', begun, 'UTC') + d * interval '1 day' >= from_at and date_trunc('day', begun, 'UTC') + d * interval '1 day' < to_at),
  duties as (
    select 209, (1 << 27) | d.d * 1024 + i * 4 + k, w.at, h.user_id, t.role, t.action, t.room, t.relation, case when t.room is null then null when t.relation = 'users' then p.id::text else '*' end, t.changed, t.reason, null::inet
    from days d cross join generate_series(0, 7 + (testdata.h(seed, 86801, d.d) & 7)::int) i
    join lateral (values (0, 'hc_compliance', 'read_sensitive', 'core', 'users', '{"fields": ["email", "display_name"]}'::jsonb, 'identity check'), (1, 'hc_finance', 'export', 'core', 'donations', '{"rows": 400, "format": "csv"}', 'reconciliation of the month'), (2, 'hc_moderator', 'read', 'community', 'reports', '{"fields": ["details", "reason"]}', null),
      (3, 'hc_admin', 'unmask', 'core', 'users', '{"fields": ["email"]}', 'question of a member'), (4, 'hc_auditor', 'read', 'core', 'audit_logs', '{"rows": 200}', null), (5, 'hc_operator', 'download', 'production', 'work_orders', '{"rows": 12, "format": "pdf"}', null),
      (6, 'hc_admin', 'configure', null, null, '{"fields": ["limits"]}', null), (7, 'hc_compliance', 'read_sensitive', 'core', 'users', '{"fields": ["country", "email"]}', 'screening')) t(place, role, action, room, relation, changed, reason) on t.place = testdata.h(seed, 86802, d.d * 64 + i) & 7
    join lateral (select h.* from holders h where h.db_role = t.role and h.during @> d.day order by hashtextextended(h.user_id::text, d.d * 64 + i) limit 1) h on true
    cross join generate_series(0, case when t.relation = 'users' then (testdata.h(seed, 86804, d.d * 64 + i) & 3)::int else 0 end) k
    cross join lateral (select testdata.local_moment(d.day + interval '9 hours' + date_trunc('milliseconds', interval '8 hours' * testdata.unit(seed, 86805, d.d * 64 + i)) + k * interval '4 seconds', h.time_zone) as at) w
    join testdata.entities p on p.seed = gen_audit_logs.seed and p.kind = 'user' and p.n = (testdata.h(seed, 86806, d.d * 64 + i * 4 + k) & 1073741823) % people
    where extract(isodow from d.day at time zone 'UTC') < 6 and h.during @> w.at and w.at < until),
  nights as (
    select 209, (1 << 27) | d.d * 1024 + 512 + k, testdata.local_moment(d.day + interval '2 hours' + date_trunc('milliseconds', interval '1 hour' * testdata.unit(seed, 86807, d.d)) + k * interval '9 seconds', h.time_zone), h.user_id, h.db_role, 'export', 'core', 'users', '*', jsonb_build_object('rows', 5000, 'format', 'csv', 'offset', k * 5000), 'list for the newsletter', testdata.ip(seed, 900000 + d.d)
    from days d join lateral (select h.* from holders h where h.db_role = 'hc_moderator' and h.during @> d.day - interval '1 day' order by hashtextextended(h.user_id::text, d.d) limit 1) h on true cross join generate_series(0, 17) k
    where d.d % 61 = 17),
  acts as materialized (
    select * from steps union all select * from grants union all select * from news union all select * from logins union all select * from duties union all select * from nights),
  known as (
    select a.*, case when m.user_id is not null or a.role not in ('hc_member', 'hc_admin') or a.kind = 209 then a.actor_id end as person
    from acts a left join lateral (select r.user_id from identity.user_roles r join identity.roles k on k.code = r.role_code and k.db_role = a.role where r.user_id = a.actor_id and r.during @> a.at limit 1) m on true),
  rows as (
    insert into core.audit_logs (id, occurred_at, xid, actor_id, actor_role, session_user_name, request_id, action, entity_schema, entity_table, entity_id, changed, ip, user_agent, reason)
    select testdata.uid(seed, k.kind, k.n, testdata.ms(k.at)), k.at, (first_xid + floor((horizon - first_xid) * least(0.999999, greatest(0, extract(epoch from date_trunc('minute', k.at) - begun) / extract(epoch from until - begun))))::bigint)::text::xid8, k.person,
      case when k.person is not null or k.role = 'hc_anon' then k.role else 'hc_worker' end, case when k.person is not null or k.role = 'hc_anon' then 'hc_authenticator' else 'hc_worker' end,
      case when k.person is not null or k.role = 'hc_anon' then left(encode(sha256(convert_to(concat_ws(' ', seed, k.person, k.ip, date_trunc('minute', k.at, 'UTC')), 'UTF8')), 'hex'), 20) end, k.action, k.room, k.relation, k.entity, k.changed,
      coalesce(k.ip, testdata.ip(seed, testdata.key_of(k.person) * 2)), case when k.person is not null or k.role = 'hc_anon' then agents[1 + testdata.key_of(coalesce(k.person, k.entity::uuid)) % 5] end, k.reason
    from known k order by k.at, k.kind, k.n returning 1)
  select count(*) into made from rows;
  return made;
end $$;

create function testdata.gen_audit_seals(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  before bigint;
  first_xid bigint;
  horizon bigint;
begin
  perform testdata.require_allowed();
  perform pg_advisory_xact_lock(hashtextextended('core.seal_audit', 0));
  before := coalesce((select max(s.seal_no) from core.audit_seals s), 0);
  horizon := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  first_xid := (select min(l.xid)::text::bigint from core.audit_logs l where l.xid >= coalesce((select s.xid_to from core.audit_seals s where s.seal_no = before), '0'));
  if first_xid < horizon then
    perform core.seal_audit((first_xid + ceil((horizon - first_xid) * step / 12.0))::text::xid8) from generate_series(1, 12) step;
  end if;
  return (select count(*) from core.audit_seals s where s.seal_no > before) + (select count(*) from core.audit_leaves l where l.seal_no > before);
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_audit_logs', '{core.audit_logs}', '{gen_identity,gen_wallets,gen_transactions,gen_kyc,gen_assets,gen_asset_jobs,gen_content,gen_design_room,gen_microfactories,gen_production,gen_impact,gen_community,gen_learning,gen_webhooks}', 1000, 10, 20),
  ('gen_audit_seals', '{core.audit_seals,core.audit_leaves}', '{gen_audit_logs}', 1, 1000, 1);

comment on function testdata.tag_of is 'The ten bits of the seed in an id (testdata.seed_tag), null when uid() did not make it. Not strict, so that the planner inlines it.';
comment on function testdata.slice is 'Where slice number key of keys begins: for generators whose keys are slices of the window. The first begins at -infinity, the last ends at infinity.';
comment on function testdata.is_audited is 'Whether the audit log tells of a generated step: all of staff, every tenth of the others.';
comment on function testdata.gen_audit_logs is 'Makes core.audit_logs of the slices of time numbered [lo, hi).';
comment on function testdata.gen_audit_seals is 'Seals all entries of ended transactions in up to twelve seals, real ones among them, as core.seal_audit() always does; one chunk, whatever its keys.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes', 'core.audit_logs') >= 0;
select testdata.gen_users(42868, 0, 60, 0.001) > 0, testdata.gen_identity(42868, 0, 60, 0.001) > 0, testdata.gen_microfactories(42868, 0, 10, 0.001) > 0, testdata.gen_designs(42868, 0, 60, 0.001) > 0, testdata.gen_webhooks(42868, 0, 40, 0.001) > 0;
create temporary view pg_temp.made_0868 as select l.* from core.audit_logs l where testdata.tag_of(l.id) = testdata.seed_tag(42868);
create temporary view pg_temp.steps_0868 as select s.* from core.status_changes s where testdata.tag_of(s.entity_id) = testdata.seed_tag(42868) and s.machine <> 'user_role';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_audit_logs(42868, 7, 20, 0.001) + testdata.gen_audit_logs(42868, 0, 7, 0.001);
  select sum(hashtextextended((to_jsonb(m) - 'xid')::text, 0))::text into halves from pg_temp.made_0868 m;
  raise exception using errcode = 'P0868';
exception when sqlstate 'P0868' then
  perform set_config('probe.halves', halves, true);
end $verify$;
insert into core.audit_logs (action, xid, reason) values ('job', coalesce((select max(xid_to) from core.audit_seals), '5'), 'a real one beside');
select set_config('probe.before', coalesce((select max(seal_no) from core.audit_seals), 0)::text, true) <> '';
create temporary table counted_0868 as select testdata.gen_audit_logs(42868, 0, 20, 0.001) as made;
select c.made = count(*), count(*) > 800, sum(hashtextextended((to_jsonb(m) - 'xid')::text, 0))::text = current_setting('probe.halves'), bool_and(core.uuid_time(m.id) = date_trunc('milliseconds', m.occurred_at) and m.occurred_at < testdata.window_end() + interval '1 second'),
  array_agg(distinct m.action) @> '{update,insert,grant,login,login_failed,logout,read_sensitive,export,read,unmask,configure,download}', count(distinct m.xid) > 10, bool_and(m.xid < pg_snapshot_xmin(pg_current_snapshot())) from pg_temp.made_0868 m, counted_0868 c group by c.made;
-- the steps: every tenth, and all of staff, with what changed and nothing else
select count(*) filter (where testdata.is_audited(testdata.uid(42868, 1, n, n), 'hc_worker')) between 160 and 240, bool_and(testdata.is_audited(testdata.uid(42868, 1, n, n), 'hc_finance')) from generate_series(1, 2000) n;
select count(*) > 10, count(*) filter (where s.actor_role <> 'hc_worker') > 0, count(*) filter (where s.actor_role = 'hc_worker') > 5, count(*) filter (where m.id is null or m.changed <> jsonb_build_object('fields', '["status"]'::jsonb, 'old', jsonb_build_object('status', s.from_status), 'new', jsonb_build_object('status', s.to_status))) = 0
from pg_temp.steps_0868 s left join pg_temp.made_0868 m on m.action = 'update' and m.entity_schema = 'core' and m.entity_table = replace(s.machine || 's', 'rys', 'ries') and m.entity_id = s.entity_id::text and m.occurred_at between s.occurred_at and s.occurred_at + interval '31 milliseconds' where testdata.is_audited(s.id, s.actor_role);
select count(*) filter (where action = 'update') = (select count(*) from pg_temp.steps_0868 s where testdata.is_audited(s.id, s.actor_role)), count(*) filter (where action = 'login') = (select count(*) from identity.sessions s where testdata.tag_of(s.id) = testdata.seed_tag(42868)),
  count(*) filter (where action = 'insert' and entity_table = 'designs') = 6, count(*) filter (where action = 'insert' and entity_table = 'webhooks') = 40, count(*) filter (where action = 'insert' and entity_table = 'microfactories') = 10, count(*) filter (where action = 'grant') > 5,
  count(*) filter (where action = 'logout') = (select count(*) from identity.sessions s where testdata.tag_of(s.id) = testdata.seed_tag(42868) and s.revoke_reason = 'logout' and s.revoked_at < testdata.window_end()) from pg_temp.made_0868;
select count(*) > 500, count(*) filter (where col_description(a.attrelid, a.attnum) ~ '@secret') = 0
from pg_temp.made_0868 m, jsonb_path_query(m.changed, '$.fields[*]') f, pg_attribute a where a.attrelid = to_regclass(m.entity_schema || '.' || m.entity_table) and a.attname = f #>> '{}';
select count(*) > 500, count(distinct m.actor_role) > 6, bool_and(exists (select from identity.user_roles r join identity.roles k on k.code = r.role_code where r.user_id = m.actor_id and k.db_role = m.actor_role and r.during @> m.occurred_at)) from pg_temp.made_0868 m where m.actor_id is not null;
select bool_and(actor_role in ('hc_worker', 'hc_anon')), bool_and((actor_role = 'hc_worker') = (request_id is null) and (request_id is null) = (user_agent is null)), count(*) > 10 from pg_temp.made_0868 where actor_id is null;
select count(*) > 20, bool_and(actors = 1 and minutes = 1) from (select count(*) as k, count(distinct (m.actor_id, m.ip)) as actors, count(distinct date_trunc('minute', m.occurred_at)) as minutes from pg_temp.made_0868 m where m.request_id is not null group by m.request_id having count(*) > 1) r;
select count(*) > 200, bool_and(t.at between '09:00' and '17:01' and extract(isodow from m.occurred_at at time zone u.time_zone) < 6) from pg_temp.made_0868 m join core.users u on u.id = m.actor_id, lateral (select (m.occurred_at at time zone u.time_zone)::time as at) t
where m.action in ('read', 'read_sensitive', 'unmask', 'configure', 'download') or m.action = 'export' and m.entity_table = 'donations';
select count(*) >= 18, bool_and(t.at between '02:00' and '03:05'), count(distinct m.actor_id) <= 2 from pg_temp.made_0868 m join core.users u on u.id = m.actor_id, lateral (select (m.occurred_at at time zone u.time_zone)::time as at) t where m.action = 'export' and m.entity_table = 'users';
-- the seals: a chain over generated and real rows
select testdata.gen_audit_seals(42868, 0, 1, 0.001) > 12;
select count(*) between 8 and 12, bool_and(v.verdict = 'ok') from core.verify_audit(current_setting('probe.before')::bigint + 1) v;
select count(*) = 0 from (select m.id from pg_temp.made_0868 m except select id from core.audit_leaves l, unnest(l.row_ids) id where l.seal_no > current_setting('probe.before')::bigint) open_ones;
select count(*) = 1 from core.audit_logs l join core.audit_leaves f on l.id = any (f.row_ids) and f.seal_no > current_setting('probe.before')::bigint where l.reason = 'a real one beside';
select testdata.gen_audit_seals(42868, 0, 1, 0.001) = 0, min(l.seal_no) = current_setting('probe.before')::bigint + 1 from core.audit_leaves l, unnest(l.row_ids) id where testdata.tag_of(id) = testdata.seed_tag(42868);
select testdata.tag_of(testdata.uid(42868, 5, 7, 99)) = testdata.seed_tag(42868), testdata.tag_of(gen_random_uuid()) is null,
  testdata.slice(0, 4) = '-infinity', testdata.slice(4, 4) = 'infinity', testdata.slice(1, 4) = testdata.window_start() + interval '30 days';
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.gen_audit_logs(42868, 0, 10, 0.001)', 'select testdata.gen_audit_seals(42868, 0, 1, 0.001)']) sql;
select count(*) = 2, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name in ('gen_audit_logs', 'gen_audit_seals');

-- revert
delete from testdata.generators where name in ('gen_audit_logs', 'gen_audit_seals');
drop function testdata.gen_audit_seals;
drop function testdata.gen_audit_logs;
drop function testdata.is_audited;
drop function testdata.slice;
drop function testdata.tag_of;
