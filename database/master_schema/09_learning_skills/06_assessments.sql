-- Room learning, assessments: how attempts are drawn and graded, what evidence a skill stands on, and certificates that anybody can check.

-- task: BUILD_0196 implement_feature critical
-- title: Assessments: seeded item selection, scoring, regrade and item analysis
-- does: start_attempt() draws the items of an attempt from a seed, the same for the same attempt, and hands them out without keys; grade_manual() adds what a person must judge,
--   regrade() replaces the key of an item and scores every graded attempt again, on record; item_analysis() gives difficulty and discrimination of each item.
-- proves: the same seed draws the same items, a numeric item of 25.4 mm takes 1 in, regrade changes exactly the affected attempts, discrimination equals the correlation computed by hand.
-- needs: BUILD_0185, BUILD_0186, BUILD_0191
create function learning.draw_items(items jsonb, draw int, seed bigint) returns text[]
  language sql immutable parallel safe
begin atomic
  select coalesce(array_agg(d.id order by d.place), '{}') from (
    select i.item ->> 'id' as id, row_number() over (order by hashtextextended(i.item ->> 'id', seed)) as place from jsonb_array_elements(items) as i(item)) d
  where d.place <= coalesce(draw, d.place);
end;

create function learning.hand_out(items jsonb, item_ids text[], seed bigint) returns jsonb
  language sql immutable parallel safe
begin atomic
  select coalesce(jsonb_agg(i.item - 'key' - 'tolerance' - 'rubric' || case when i.item ? 'options' then jsonb_build_object('options', (
      select jsonb_agg(o.value order by hashtextextended(o.value::text, seed)) from jsonb_array_elements(i.item -> 'options') as o(value))) else '{}' end order by array_position(item_ids, i.item ->> 'id')), '[]')
  from jsonb_array_elements(items) as i(item) where i.item ->> 'id' = any (item_ids);
end;

create function learning.start_attempt(assessment uuid, out attempt_id uuid, out items jsonb) returns record
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  a learning.assessments;
  turn int;
  seed bigint;
  drawn text[];
begin
  select * into a from learning.assessments x where x.id = assessment and (x.course_id is null or exists (
    select from learning.enrolments e where e.course_id = x.course_id and e.user_id = me and e.status in ('enrolled', 'active', 'completed'))) for no key update;
  if not found or me is null then
    raise exception using errcode = '42501', message = 'this assessment belongs to a course you are not enrolled in';
  end if;
  select 1 + count(*) into turn from learning.attempts t where t.assessment_id = assessment and t.user_id = me;
  seed := hashtextextended(assessment::text || me::text, turn);
  drawn := learning.draw_items(a.items, a.draw, seed);
  insert into learning.attempts (assessment_id, user_id, number, seed, item_ids, pass_mark) values (assessment, me, turn, seed, drawn, a.pass_mark) returning id into attempt_id;
  items := learning.hand_out(a.items, drawn, seed);
end $$;

create function learning.grade_manual(attempt uuid, points jsonb) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  t learning.attempts;
  a learning.assessments;
  g record;
  extra numeric;
begin
  select * into t from learning.attempts x where x.id = attempt for update;
  select * into a from learning.assessments x where x.id = t.assessment_id;
  if not found or t.user_id = core.current_user_id() or not exists (select from learning.courses c where c.id = a.course_id and c.instructor_id = core.current_user_id()) then
    raise exception using errcode = '42501', message = 'only who gives the course grades in it, and not itself';
  elsif t.submitted_at is null or t.graded_at is not null then
    raise exception using errcode = '55000', message = 'this attempt is not waiting to be graded';
  end if;
  select * into g from learning.grade(a.items, t.item_ids, t.answers);
  select sum(least(greatest((points ->> (i ->> 'id'))::numeric, 0), (i ->> 'points')::numeric)) into extra from jsonb_array_elements(a.items) i where i ->> 'type' = 'manual' and (t.item_ids = '{}' or i ->> 'id' = any (t.item_ids));
  if (select count(*) from jsonb_array_elements(a.items) i where i ->> 'type' = 'manual' and (t.item_ids = '{}' or i ->> 'id' = any (t.item_ids)) and not points ? (i ->> 'id')) > 0 then
    raise exception using errcode = '22023', message = 'give points for every item that a person must judge';
  end if;
  update learning.attempts x set score = g.score + coalesce(extra, 0), max_score = g.max_score, graded_by = core.current_user_id(), graded_at = clock_timestamp() where x.id = attempt returning * into t;
  if t.passed then
    perform learning.settle(e.id) from learning.enrolments e join learning.modules m on m.course_id = e.course_id and m.assessment_id = a.id
    join learning.progress p on p.enrolment_id = e.id and p.module_id = m.id where e.user_id = t.user_id and e.status in ('enrolled', 'active');
  end if;
  return t.passed;
end $$;

create function learning.regrade(assessment uuid, item text, new_key jsonb, reason text) returns table (attempt_id uuid, before numeric, after numeric, passed boolean)
  language plpgsql security definer set search_path = ''
as $$
declare
  a learning.assessments;
begin
  select x.* into a from learning.assessments x join learning.courses c on c.id = x.course_id where x.id = assessment and c.instructor_id = core.current_user_id() for update of x;
  if not found then
    raise exception using errcode = '42501', message = 'only who gives the course regrades in it';
  elsif not exists (select from jsonb_array_elements(a.items) i where i ->> 'id' = item and i ->> 'type' <> 'manual') or coalesce(reason, '') = '' then
    raise exception using errcode = '22023', message = 'name an item of this assessment that is not judged by a person, and the reason';
  end if;
  update learning.assessments x
  set items = (select jsonb_agg(case when i ->> 'id' = item then i || jsonb_build_object('key', new_key) else i end order by place) from jsonb_array_elements(x.items) with ordinality t(i, place)),
    metadata = x.metadata || jsonb_build_object('regrades', coalesce(x.metadata -> 'regrades', '[]') || jsonb_build_object('item', item, 'at', clock_timestamp(), 'by', core.current_user_id(), 'reason', reason,
      'old_key', (select i -> 'key' from jsonb_array_elements(x.items) i where i ->> 'id' = item)))
  where x.id = assessment;
  perform set_config('learning.regrade', assessment::text, true);
  return query
  with scored as (
    select t.id, t.score as before, t.score
        - learning.score_item(old.body, t.answers -> regrade.item) * (old.body ->> 'points')::numeric + learning.score_item(old.body || jsonb_build_object('key', new_key), t.answers -> regrade.item) * (old.body ->> 'points')::numeric as after
    from learning.attempts t, lateral (select i as body from jsonb_array_elements(a.items) i where i ->> 'id' = regrade.item) old
    where t.assessment_id = assessment and t.graded_at is not null and (t.item_ids = '{}' or regrade.item = any (t.item_ids)))
  update learning.attempts t set score = s.after, graded_at = clock_timestamp()
  from scored s where t.id = s.id and s.after <> s.before returning t.id, s.before, s.after, t.passed;
  perform set_config('learning.regrade', '', true);
end $$;

create function learning.item_analysis(assessment uuid) returns table (item text, answers bigint, difficulty numeric, discrimination numeric)
  language sql stable security definer set search_path = ''
as $$
  select i ->> 'id', count(*), round(avg(f.share), 4), round(corr(f.share::double precision, t.score::double precision)::numeric, 4)
  from learning.assessments a join learning.courses c on c.id = a.course_id and (c.instructor_id = core.current_user_id() or core.has_role('hc_worker') or core.has_role('hc_moderator')),
    jsonb_array_elements(a.items) i join learning.attempts t on t.graded_at is not null and (t.item_ids = '{}' or i ->> 'id' = any (t.item_ids)),
    lateral (select learning.score_item(i, t.answers -> (i ->> 'id')) as share) f
  where a.id = item_analysis.assessment and t.assessment_id = a.id and i ->> 'type' <> 'manual' group by i ->> 'id' order by 1
$$;

grant execute on function learning.start_attempt, learning.grade_manual, learning.regrade, learning.item_analysis to hc_member;
grant execute on function learning.item_analysis to hc_worker;

comment on function learning.draw_items is 'Ids of the items of an attempt: draw of them, in an order that the seed alone decides.';
comment on function learning.hand_out is 'Items as a learner may see them: no key, no tolerance, no rubric, options in an order of their own.';
comment on function learning.start_attempt is 'Begins an attempt of the current person and hands out its items; 42501 without an enrolment, 23514 over the limit or too soon. Security definer: items are granted to nobody.';
comment on function learning.grade_manual is 'Points of who gives the course for what a person must judge ({"item": points}); returns whether the attempt passed. Security definer: learners'' attempts are closed.';
comment on function learning.regrade is 'Replaces the key of an item and scores graded attempts again, on record in the assessment; returns those that changed. Security definer: keys are granted to nobody.';
comment on function learning.item_analysis is 'Share of points given (difficulty) and correlation with the score (point-biserial discrimination) of each closed item. Security definer: keys are granted to nobody.';

-- verify
insert into core.users (id, handle, email, status) select format('00000000-0000-7000-8000-00000019600%s', n)::uuid, 'p' || n || '-0196', 'p' || n || '-0196@example.org', 'active' from generate_series(1, 7) n;
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000196021', 'probe-0196', 'Probe', '00000000-0000-7000-8000-000000196007');
insert into learning.assessments (id, course_id, title, draw, items, max_attempts) values ('00000000-0000-7000-8000-000000196061', '00000000-0000-7000-8000-000000196021', 'Quiz', 2,
  '[{"id": "a", "type": "single", "prompt": "?", "options": ["x", "y", "z"], "key": "x", "points": 1}, {"id": "b", "type": "numeric", "unit": "mm", "tolerance": 0.1, "prompt": "?", "key": 25.4, "points": 2}, {"id": "c", "type": "single", "prompt": "?", "options": ["x", "y"], "key": "y", "points": 1}]', 9),
  ('00000000-0000-7000-8000-000000196062', '00000000-0000-7000-8000-000000196021', 'All', null, '[{"id": "a", "type": "single", "prompt": "?", "options": ["x", "y"], "key": "x", "points": 1}, {"id": "b", "type": "single", "prompt": "?", "options": ["x", "y"], "key": "x", "points": 1}]', 9),
  ('00000000-0000-7000-8000-000000196063', '00000000-0000-7000-8000-000000196021', 'Bench', null, '[{"id": "a", "type": "single", "prompt": "?", "options": ["x", "y"], "key": "x", "points": 1}, {"id": "m", "type": "manual", "prompt": "?", "key": null, "rubric": "secret", "points": 3}]', 9);
insert into learning.modules (id, course_id, position, title, completion_rule, assessment_id) values ('00000000-0000-7000-8000-000000196031', '00000000-0000-7000-8000-000000196021', 1, 'Bench', '{"type": "quiz_passed"}', '00000000-0000-7000-8000-000000196063');
insert into learning.enrolments (id, user_id, course_id) select format('00000000-0000-7000-8000-00000019605%s', n)::uuid, format('00000000-0000-7000-8000-00000019600%s', n)::uuid, '00000000-0000-7000-8000-000000196021' from generate_series(1, 4) n;
insert into learning.progress (enrolment_id, module_id, percent) values ('00000000-0000-7000-8000-000000196051', '00000000-0000-7000-8000-000000196031', 50);
select learning.draw_items(items, 2, 7) = learning.draw_items(items, 2, 7), cardinality(learning.draw_items(items, 2, 7)) = 2, cardinality(learning.draw_items(items, null, 7)) = 3,
  (select count(distinct learning.draw_items(items, 2, s)) > 2 from generate_series(1, 30) s) from learning.assessments where id = '00000000-0000-7000-8000-000000196061';
select jsonb_array_length(h) = 2 and not h::text like '%key%' and not h::text like '%tolerance%' and not h::text like '%rubric%' and h -> 0 ->> 'id' = 'c', learning.hand_out(items, '{c,a}', 5) = h from learning.assessments, lateral (select learning.hand_out(items, '{c,a}', 5) as h) o where id = '00000000-0000-7000-8000-000000196061';
create temporary table begun_0196 (n int, id uuid, items jsonb);
grant select, insert on pg_temp.begun_0196 to hc_member;
select core.act_as('00000000-0000-7000-8000-000000196001');
set local role hc_member;
insert into pg_temp.begun_0196 select 1, s.attempt_id, s.items from learning.start_attempt('00000000-0000-7000-8000-000000196061') s;
insert into pg_temp.begun_0196 select 2, s.attempt_id, s.items from learning.start_attempt('00000000-0000-7000-8000-000000196063') s;
select jsonb_array_length(items) = 2, not items::text like '%key%' from pg_temp.begun_0196 where n = 1;
select learning.submit_attempt(id, '{"a": "x", "m": "see photo"}') is null from pg_temp.begun_0196 where n = 2;
set local role hc_owner;
select t.number = 1 and t.pass_mark = 60 and t.item_ids = learning.draw_items(a.items, 2, t.seed) and b.items = learning.hand_out(a.items, t.item_ids, t.seed) from learning.attempts t join learning.assessments a on a.id = t.assessment_id join pg_temp.begun_0196 b on b.id = t.id where b.n = 1;
insert into learning.attempts (id, assessment_id, user_id, submitted_at, answers, score, max_score, graded_at)
select format('00000000-0000-7000-8000-00000019607%s', n)::uuid, '00000000-0000-7000-8000-000000196062', format('00000000-0000-7000-8000-00000019600%s', n)::uuid, now(), answers::jsonb, score, 2, now()
from (values (1, '{"a": "x", "b": "x"}', 2), (2, '{"a": "x", "b": "y"}', 1), (3, '{"a": "y", "b": "y"}', 0), (4, '{"a": "y", "b": "x"}', 1)) v(n, answers, score);
select blueprint.raises($$ select learning.grade_manual('00000000-0000-7000-8000-000000196071', '{}') $$, '42501');
select core.act_as('00000000-0000-7000-8000-000000196007');
set local role hc_member;
select item = 'a' and answers = 4 and difficulty = 0.5 and discrimination = round(((2 * 1 + 1 * 1 - 4 * 0.5 * 1) / (4 * 0.5 * sqrt(0.5)))::numeric, 4) from learning.item_analysis('00000000-0000-7000-8000-000000196062') where item = 'a';
create temporary table changed_0196 as select * from learning.regrade('00000000-0000-7000-8000-000000196062', 'b', '"y"', 'the drawing was wrong');
select array_agg(attempt_id order by attempt_id) = array(select format('00000000-0000-7000-8000-00000019607%s', n)::uuid from generate_series(1, 4) n), bool_or(attempt_id = '00000000-0000-7000-8000-000000196071' and before = 2 and after = 1 and not passed), bool_or(attempt_id = '00000000-0000-7000-8000-000000196072' and after = 2 and passed) from pg_temp.changed_0196;
select count(*) = 0 from learning.regrade('00000000-0000-7000-8000-000000196062', 'b', '"y"', 'again');
select rule, blueprint.raises(sql, state) from (values ('other item', $$ select learning.regrade('00000000-0000-7000-8000-000000196062', 'z', '"y"', 'x') $$, '22023'), ('no reason', $$ select learning.regrade('00000000-0000-7000-8000-000000196062', 'b', '"x"', '') $$, '22023')) v(rule, sql, state);
select blueprint.raises(format('select learning.grade_manual(%L, %L)', id, '{}'), '22023', 'every item'), learning.grade_manual(id, '{"m": 9}') from pg_temp.begun_0196 where n = 2;
select blueprint.raises(format('select learning.grade_manual(%L, %L)', id, '{"m": 1}'), '55000') from pg_temp.begun_0196 where n = 2;
set local role hc_owner;
select score = 4 and max_score = 4 and graded_by = '00000000-0000-7000-8000-000000196007' from learning.attempts t join pg_temp.begun_0196 b using (id) where n = 2;
select status = 'completed' from learning.enrolments where id = '00000000-0000-7000-8000-000000196051';
select jsonb_array_length(metadata -> 'regrades') = 2 and metadata #>> '{regrades,0,reason}' = 'the drawing was wrong' and metadata #>> '{regrades,0,old_key}' = 'x' from learning.assessments where id = '00000000-0000-7000-8000-000000196062';
select blueprint.raises($$ update learning.attempts set score = 0 where id = '00000000-0000-7000-8000-000000196072' $$, '55006');
select core.act_as('00000000-0000-7000-8000-000000196005');
set local role hc_member;
select blueprint.raises($$ select learning.start_attempt('00000000-0000-7000-8000-000000196061') $$, '42501'), blueprint.raises($$ select learning.regrade('00000000-0000-7000-8000-000000196062', 'b', '"x"', 'x') $$, '42501'), blueprint.raises(format('select learning.grade_manual(%L, %L)', id, '{"m": 1}'), '42501') from pg_temp.begun_0196 where n = 2;
select count(*) = 0 from learning.item_analysis('00000000-0000-7000-8000-000000196062');
set local role hc_owner;
select core.act_as(null, 'hc_worker');
set local role hc_worker;
select count(*) = 2 from learning.item_analysis('00000000-0000-7000-8000-000000196062');
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.start_attempt(uuid)', 'learning.grade_manual(uuid, jsonb)', 'learning.regrade(uuid, text, jsonb, text)', 'learning.item_analysis(uuid)']) f;
select has_function_privilege('hc_worker', 'learning.item_analysis(uuid)', 'execute'), count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0197 implement_feature
-- title: Skills evidence with decay, endorsement weight and level computation
-- does: add_evidence(person, skill, kind, ref, weight) counts each kind and reference once: the worker adds courses, runs and reviews, members endorse each other with the weight of their own
--   level; explain_level(person, skill) shows every piece with what is left of it.
-- proves: the same reference counts once, after one half-life level 3 is level 2, an endorsement by somebody without the skill adds nothing, nobody endorses itself, level 4 takes a run and a review.
-- needs: BUILD_0185, BUILD_0186, BUILD_0191
create function learning.add_evidence(person uuid, skill uuid, kind text, ref text, weight numeric default 1) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if kind not in ('course', 'run', 'review', 'machine', 'endorsement') or weight <= 0 or weight > 16 or coalesce(ref, '') = '' then
    raise exception using errcode = '22023', message = 'evidence is a course, run, review, machine or endorsement with a reference and a weight up to 16';
  elsif not exists (select from learning.skills s where s.id = skill and s.status = 'active') then
    raise exception using errcode = 'P0002', message = 'there is no such skill';
  elsif kind = 'endorsement' then
    if me is null or me = person then
      raise exception using errcode = '42501', message = 'nobody endorses itself';
    end if;
    return learning.put_evidence(person, skill, kind, me::text, round(least(weight, 1) * learning.skill_level(me, skill) / 5, 4));
  elsif not (core.has_role('hc_worker') or core.has_role('hc_moderator')) then
    raise exception using errcode = '42501', message = 'this kind of evidence is added by the platform';
  end if;
  return learning.put_evidence(person, skill, kind, ref, weight);
end $$;

create function learning.explain_level(person uuid, skill uuid, at timestamptz default now()) returns table (kind text, ref text, weight numeric, since timestamptz, counts numeric, level int)
  language sql stable security definer set search_path = ''
as $$
  select e ->> 'kind', e ->> 'ref', (e ->> 'weight')::numeric, (e ->> 'at')::timestamptz, learning.points(jsonb_build_array(e), s.half_life_days, at), learning.skill_level(person, skill, at)
  from learning.user_skills us join learning.skills s on s.id = us.skill_id, jsonb_array_elements(us.evidence) e
  where us.user_id = person and us.skill_id = skill and (person = core.current_user_id() or person = any (learning.my_mentees()) or core.has_role('hc_worker') or core.has_role('hc_moderator'))
  order by 5 desc, 1, 2
$$;

grant execute on function learning.add_evidence, learning.explain_level to hc_member, hc_worker;

comment on function learning.add_evidence is 'Adds evidence once per kind and reference (an endorsement: once per endorser, worth a fifth a level of its own) and returns the level. 42501 for kinds the platform adds, 22023 for nonsense. Security definer: skills are written by functions.';
comment on function learning.explain_level is 'Every piece of evidence with what is left of it at a time, and the level they make; for the person, its mentors and staff. Security definer: reads evidence.';

-- verify
insert into core.users (id, handle, email, status) select format('00000000-0000-7000-8000-00000019700%s', n)::uuid, 'p' || n || '-0197', 'p' || n || '-0197@example.org', 'active' from generate_series(1, 3) n;
insert into learning.skills (id, path, code, name, half_life_days) values ('00000000-0000-7000-8000-000000197011', 'probe_0197', 'probe_0197', 'Probe', 100);
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000197002', '00000000-0000-7000-8000-000000197011', 5, 'import');
select core.act_as(null, 'hc_worker');
set local role hc_worker;
select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'run', 'run-1', 4) = 3, learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'run', 'run-1', 4) = 3;
select count(*) = 1, min(counts) = 4, min(level) = 3 from learning.explain_level('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011');
select min(counts) = 2 and min(level) = 2 from learning.explain_level('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', now() + interval '100 days');
select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'run', 'run-2', 8) = 3, learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'review', 'rev-1', 1) = 4;
select rule, blueprint.raises(sql, state) from (values ('kind', $$ select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'luck', 'x') $$, '22023'), ('weight', $$ select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'run', 'x', 17) $$, '22023'),
  ('ref', $$ select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'run', '') $$, '22023'), ('skill', $$ select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-0000001970ff', 'run', 'x') $$, 'P0002')) v(rule, sql, state);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000197003');
set local role hc_member;
select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'endorsement', 'good') = 4, blueprint.raises($$ select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'run', 'x') $$, '42501');
select count(*) = 0 from learning.explain_level('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000197002');
set local role hc_member;
select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'endorsement', 'good', 9) = 4;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000197001');
set local role hc_member;
select count(*) = 5, max(weight) filter (where kind = 'endorsement') = 1, min(weight) filter (where kind = 'endorsement') = 0 from learning.explain_level('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011');
select blueprint.raises($$ select learning.add_evidence('00000000-0000-7000-8000-000000197001', '00000000-0000-7000-8000-000000197011', 'endorsement', 'me') $$, '42501', 'nobody endorses itself');
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.add_evidence(uuid, uuid, text, text, numeric)', 'learning.explain_level(uuid, uuid, timestamptz)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0198 implement_feature critical
-- title: Verifiable certificates: issue, public check, revoke, renew
-- does: issue_certificate(person, certification) issues only where every requirement holds, with a credential in the shape of W3C Verifiable Credentials and its digest; verify_certificate(code,
--   credential) tells anybody valid, expired, revoked or tampered; revoke_certificate() says why, renew_certificate() checks again and keeps the line.
-- proves: unmet requirements raise and are named, one changed character is tampered, revoked and expired are told apart, a renewal points to what it renews, the linked skill has its evidence.
-- needs: BUILD_0185, BUILD_0186, BUILD_0189, BUILD_0191, BUILD_0197, BUILD_0757
insert into core.number_series (series, prefix, width, used_in) values ('certificate', 'HCC', 6, 'learning.certificates');

create function learning.unmet(certification uuid, person uuid) returns text[]
  language sql stable security definer set search_path = ''
as $$
  select array(
    select format('skill %s %s (has %s)', r.key, r.value, coalesce(learning.skill_level(person, s.id), 0)) from learning.certifications c, jsonb_each_text(coalesce(c.requirements -> 'skills', '{}')) r left join learning.skills s on s.code = r.key
    where c.id = certification and coalesce(learning.skill_level(person, s.id), 0) < r.value::int
    union all
    select 'course ' || k from learning.certifications c, jsonb_array_elements_text(coalesce(c.requirements -> 'courses', '[]')) k
    where c.id = certification and not exists (select from learning.enrolments e join learning.courses o on o.id = e.course_id where o.code = k and e.user_id = person and e.status = 'completed')
    union all
    select 'assessment ' || a.title from learning.certifications c, jsonb_array_elements_text(coalesce(c.requirements -> 'assessments', '[]')) k left join learning.assessments a on a.id = core.as_uuid(k)
    where c.id = certification and not exists (select from learning.attempts t where t.assessment_id = a.id and t.user_id = person and t.passed)
    order by 1)
$$;

create function learning.issue_certificate(person uuid, certification uuid, renews uuid default null) returns learning.certificates
  language plpgsql security definer set search_path = ''
as $$
declare
  c learning.certifications;
  lacking text[];
  made learning.certificates;
begin
  if person is distinct from core.current_user_id() and not (core.has_role('hc_worker') or core.has_role('hc_moderator')) then
    raise exception using errcode = '42501', message = 'certificates are asked for by who earned them';
  end if;
  select * into c from learning.certifications x where x.id = certification;
  if not found then
    raise exception using errcode = 'P0002', message = 'there is no such certification';
  end if;
  lacking := learning.unmet(certification, person);
  if lacking <> '{}' then
    raise exception using errcode = '55000', message = format('%s still takes: %s', c.title, array_to_string(lacking, ', '));
  end if;
  made.id := uuidv7();
  made.number := core.next_number('certificate');
  made.issued_at := date_trunc('seconds', clock_timestamp());
  made.expires_at := made.issued_at + c.validity;
  made.public_code := encode(extensions.gen_random_bytes(12), 'hex');
  made.credential := jsonb_strip_nulls(jsonb_build_object('@context', jsonb_build_array('https://www.w3.org/ns/credentials/v2'), 'type', jsonb_build_array('VerifiableCredential', 'SkillCertificate'), 'id', 'urn:uuid:' || made.id::text,
    'issuer', c.issuer, 'validFrom', to_char(made.issued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'validUntil', to_char(made.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'credentialSubject', jsonb_build_object('id', 'urn:uuid:' || person::text, 'achievement', jsonb_build_object('code', c.code, 'name', c.title, 'number', made.number))));
  insert into learning.certificates (id, number, certification_id, user_id, issued_at, expires_at, renews_id, credential, credential_sha256, public_code)
  values (made.id, made.number, certification, person, made.issued_at, made.expires_at, renews, made.credential, sha256(convert_to(made.credential::text, 'UTF8')), made.public_code) returning * into made;
  if c.skill_id is not null then
    perform learning.put_evidence(person, c.skill_id, 'certificate', made.id::text, 4);
  end if;
  return made;
end $$;

create function learning.verify_certificate(public_code text, credential jsonb default null) returns table (status text, title text, number text, issued_at timestamptz, expires_at timestamptz, revoke_reason text)
  language sql stable security definer set search_path = ''
as $$
  select case when verify_certificate.credential is not null and sha256(convert_to(verify_certificate.credential::text, 'UTF8')) <> c.credential_sha256 or c.credential <> '{}' and sha256(convert_to(c.credential::text, 'UTF8')) <> c.credential_sha256 then 'tampered'
      when c.revoked_at is not null then 'revoked' when c.expires_at <= now() then 'expired' else 'valid' end,
    k.title, c.number, c.issued_at, c.expires_at, c.revoke_reason
  from learning.certificates c join learning.certifications k on k.id = c.certification_id where c.public_code = verify_certificate.public_code
$$;

create function learning.revoke_certificate(certificate uuid, reason text) returns timestamptz
  language plpgsql security definer set search_path = ''
as $$
declare
  at timestamptz;
begin
  if not core.has_role('hc_moderator') then
    raise exception using errcode = '42501', message = 'revoking a certificate takes hc_moderator';
  elsif coalesce(reason, '') = '' then
    raise exception using errcode = '22023', message = 'a revocation takes a reason';
  end if;
  update learning.certificates c set revoked_at = clock_timestamp(), revoke_reason = reason where c.id = certificate and c.revoked_at is null returning c.revoked_at into at;
  return at;
end $$;

create function learning.renew_certificate(certificate uuid) returns learning.certificates
  language plpgsql security definer set search_path = ''
as $$
declare
  c learning.certificates;
begin
  select * into c from learning.certificates x where x.id = certificate;
  if not found or c.revoked_at is not null then
    raise exception using errcode = '55000', message = 'a certificate that is revoked or unknown is not renewed';
  elsif exists (select from learning.certificates x where x.renews_id = certificate) then
    raise exception using errcode = '55000', message = 'this certificate was renewed already';
  end if;
  return learning.issue_certificate(c.user_id, c.certification_id, certificate);
end $$;

grant execute on function learning.unmet, learning.issue_certificate, learning.revoke_certificate, learning.renew_certificate to hc_member, hc_worker;
grant execute on function learning.verify_certificate to hc_anon, hc_agent, hc_worker;

comment on function learning.unmet is 'What a person lacks for a certification ({"skills": {"code": level}, "courses": ["code"], "assessments": ["id"]}). Security definer: reads levels.';
comment on function learning.issue_certificate is 'Issues a certificate with a gapless number, for its holder or the worker: 55000 while a requirement is unmet. Security definer: certificates are written by functions.';
comment on function learning.verify_certificate is 'What a public code is worth: valid, expired, revoked, or tampered when the credential shown is not the one issued; no row for an unknown code. Security definer: anybody may check.';
comment on function learning.revoke_certificate is 'Revokes a certificate once, with the reason; null when it was revoked before. Security definer: certificates are written by functions.';
comment on function learning.renew_certificate is 'Issues the successor of a certificate, which is renewed once. Security definer: certificates are written by functions.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000198001', 'ada-0198', 'ada-0198@example.org', 'active'), ('00000000-0000-7000-8000-000000198002', 'bob-0198', 'bob-0198@example.org', 'active');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000198011', 'probe_0198', 'probe_0198', 'Probe'), ('00000000-0000-7000-8000-000000198012', 'linked_0198', 'linked_0198', 'Linked');
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000198021', 'probe-0198', 'Probe', '00000000-0000-7000-8000-000000198002');
insert into learning.assessments (id, course_id, title) values ('00000000-0000-7000-8000-000000198061', '00000000-0000-7000-8000-000000198021', 'Exam-0198');
insert into learning.certifications (id, code, title, validity, skill_id, requirements) values ('00000000-0000-7000-8000-000000198071', 'probe-0198', 'Probe', '1 year', '00000000-0000-7000-8000-000000198012', '{"skills": {"probe_0198": 2}, "courses": ["probe-0198"], "assessments": ["00000000-0000-7000-8000-000000198061"]}'),
  ('00000000-0000-7000-8000-000000198072', 'free-0198', 'Free', '1 second', null, '{}');
create temporary table issued_0198 (n int, id uuid, code text, credential jsonb);
grant select, insert on pg_temp.issued_0198 to hc_member, hc_worker, hc_anon;
select core.act_as('00000000-0000-7000-8000-000000198001');
set local role hc_member;
select blueprint.raises($$ select learning.issue_certificate('00000000-0000-7000-8000-000000198001', '00000000-0000-7000-8000-000000198071') $$, '55000', 'assessment Exam-0198, course probe-0198, skill probe_0198 2 (has 0)'),
  blueprint.raises($$ select learning.issue_certificate('00000000-0000-7000-8000-000000198002', '00000000-0000-7000-8000-000000198072') $$, '42501'), blueprint.raises($$ select learning.issue_certificate('00000000-0000-7000-8000-000000198001', '00000000-0000-7000-8000-0000001980ff') $$, 'P0002');
set local role hc_owner;
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000198001', '00000000-0000-7000-8000-000000198011', 2, 'import');
insert into learning.enrolments (user_id, course_id, status, completed_at) values ('00000000-0000-7000-8000-000000198001', '00000000-0000-7000-8000-000000198021', 'completed', now());
insert into learning.attempts (assessment_id, user_id, submitted_at, score, max_score, graded_at) values ('00000000-0000-7000-8000-000000198061', '00000000-0000-7000-8000-000000198001', now(), 1, 1, now());
set local role hc_member;
select learning.unmet('00000000-0000-7000-8000-000000198071', '00000000-0000-7000-8000-000000198001') = '{}';
insert into pg_temp.issued_0198 select 1, (c).id, (c).public_code, (c).credential from learning.issue_certificate('00000000-0000-7000-8000-000000198001', '00000000-0000-7000-8000-000000198071') c;
set local role hc_owner;
select c.number ~ '^HCC-\d{4}-\d{6}$' and c.expires_at = c.issued_at + interval '1 year' and c.credential #>> '{credentialSubject,achievement,number}' = c.number and c.credential ? 'validUntil' and c.credential -> 'type' ? 'VerifiableCredential' and length(c.public_code) = 24 from learning.certificates c join pg_temp.issued_0198 using (id);
select learning.skill_level('00000000-0000-7000-8000-000000198001', '00000000-0000-7000-8000-000000198012') = 3;
insert into learning.certificates (id, number, certification_id, user_id, issued_at, credential, credential_sha256, public_code) values ('00000000-0000-7000-8000-000000198081', 'P-0198', '00000000-0000-7000-8000-000000198072', '00000000-0000-7000-8000-000000198001', now() - interval '1 day', '{"a": 1}', sha256('{"a": 1}'), 'code-0198-expired'),
  ('00000000-0000-7000-8000-000000198082', 'P-0198-2', '00000000-0000-7000-8000-000000198072', '00000000-0000-7000-8000-000000198001', now(), '{"a": 2}', sha256('{"a": 1}'), 'code-0198-forged');
select core.act_as(null);
set local role hc_anon;
select status = 'valid' and title = 'Probe' from pg_temp.issued_0198 i, learning.verify_certificate(i.code) where i.n = 1;
set local role hc_owner;
update learning.certificates set credential = '{}' where id = (select id from pg_temp.issued_0198 where n = 1) returning credential = '{}';
set local role hc_anon;
select v.status = 'valid', t.status = 'tampered' from pg_temp.issued_0198 i, learning.verify_certificate(i.code, i.credential) v, learning.verify_certificate(i.code, jsonb_set(i.credential, '{issuer}', '"Hingecraft"')) t where i.n = 1;
select (select status from learning.verify_certificate('code-0198-expired')) = 'expired', (select status from learning.verify_certificate('code-0198-forged')) = 'tampered', not exists (select from learning.verify_certificate('nothing'));
set local role hc_owner;
select core.act_as(null, 'hc_worker');
set local role hc_worker;
insert into pg_temp.issued_0198 select 2, (r).id, (r).public_code, (r).credential from pg_temp.issued_0198 i, learning.renew_certificate(i.id) r where i.n = 1;
select blueprint.raises(format('select learning.renew_certificate(%L)', id), '55000', 'renewed already') from pg_temp.issued_0198 where n = 1;
select blueprint.raises(format('select learning.revoke_certificate(%L, %L)', id, 'x'), '42501') from pg_temp.issued_0198 where n = 1;
set local role hc_owner;
select c.renews_id = i.id from learning.certificates c join pg_temp.issued_0198 r on r.id = c.id and r.n = 2, pg_temp.issued_0198 i where i.n = 1;
select core.act_as('00000000-0000-7000-8000-000000198002', 'hc_moderator');
grant select on pg_temp.issued_0198 to hc_moderator;
set local role hc_moderator;
select blueprint.raises(format('select learning.revoke_certificate(%L, %L)', id, ''), '22023'), learning.revoke_certificate(id, 'fraud') is not null from pg_temp.issued_0198 where n = 1;
select learning.revoke_certificate(id, 'again') is null, blueprint.raises(format('select learning.renew_certificate(%L)', id), '55000', 'revoked') from pg_temp.issued_0198 where n = 1;
set local role hc_anon;
select status = 'revoked' and revoke_reason = 'fraud' from pg_temp.issued_0198 i, learning.verify_certificate(i.code) where i.n = 1;
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.unmet(uuid, uuid)', 'learning.issue_certificate(uuid, uuid, uuid)', 'learning.revoke_certificate(uuid, text)', 'learning.renew_certificate(uuid)']) f;
select role, has_function_privilege(role, 'learning.verify_certificate(text, jsonb)', 'execute') from unnest(array['hc_anon', 'hc_agent', 'hc_worker']) role;
select count(*) = 0 from blueprint.open_to_public('learning');

-- revert
drop function learning.renew_certificate, learning.revoke_certificate, learning.verify_certificate, learning.issue_certificate, learning.unmet;
delete from core.number_series where series = 'certificate';
