-- Room learning, planning: what somebody lacks for a skill, the shortest way there, and what to learn next.

-- task: BUILD_0192 implement_feature
-- title: Prerequisite closure and readiness: what am I missing for X?
-- does: closure(skill) is everything a skill requires, each once with the highest level asked for on any way; missing_prerequisites(person, skill) names the gaps with the shortest course that
--   teaches each; unlocks(skill) is the other direction; readiness(person, skill) the share of the closure that is there, near things counting more.
-- proves: on a diamond each skill stands once with the highest level, somebody who lacks one of four gets that gap with its shortest course and a readiness of 75 %.
-- needs: BUILD_0185, BUILD_0186, BUILD_0191
create function learning.closure(skill uuid) returns table (skill_id uuid, min_level int, depth int)
  language sql stable
begin atomic
  with recursive down (skill_id, min_level, depth) as (
    select e.requires_id, e.min_level, 1 from learning.skill_edges e where e.skill_id = closure.skill
    union
    select e.requires_id, e.min_level, d.depth + 1 from down d join learning.skill_edges e on e.skill_id = d.skill_id)
  select d.skill_id, max(d.min_level), min(d.depth) from down d group by d.skill_id order by 3, 1;
end;

create function learning.unlocks(skill uuid) returns table (skill_id uuid, depth int)
  language sql stable
begin atomic
  with recursive up (skill_id, depth) as (
    select e.skill_id, 1 from learning.skill_edges e where e.requires_id = unlocks.skill
    union
    select e.skill_id, u.depth + 1 from up u join learning.skill_edges e on e.requires_id = u.skill_id)
  select u.skill_id, min(u.depth) from up u group by u.skill_id order by 2, 1;
end;

create function learning.missing_prerequisites(person uuid, skill uuid) returns table (skill_id uuid, code text, needs int, has int, course_id uuid, minutes int)
  language sql stable security definer set search_path = ''
as $$
  select c.skill_id, s.code, c.min_level, h.has, t.id, t.estimated_minutes
  from learning.closure(skill) c join learning.skills s on s.id = c.skill_id cross join lateral (select learning.skill_level(person, c.skill_id) as has) h
  left join lateral (
    select k.id, k.estimated_minutes from learning.course_skills cs join learning.courses k on k.id = cs.course_id and k.status = 'published'
    where cs.skill_id = c.skill_id and cs.direction = 'teaches' and cs.level >= c.min_level order by k.estimated_minutes, k.code limit 1) t on true
  where h.has < c.min_level and (person = core.current_user_id() or core.has_role('hc_worker') or core.has_role('hc_moderator') or person = any (learning.my_mentees()))
  order by c.depth desc, s.code
$$;

create function learning.readiness(person uuid, skill uuid) returns numeric
  language sql stable set search_path = ''
as $$
  select coalesce(round(100 * sum(case when learning.skill_level(person, c.skill_id) >= c.min_level then 1.0 / c.depth else 0 end) / sum(1.0 / c.depth), 1), 100)
  from learning.closure(skill) c
  where person = core.current_user_id() or core.has_role('hc_worker') or core.has_role('hc_moderator') or person = any (learning.my_mentees())
$$;

grant execute on function learning.closure, learning.unlocks to hc_anon, hc_agent;
grant execute on function learning.missing_prerequisites, learning.readiness to hc_member, hc_worker;

comment on function learning.closure is 'Everything a skill requires, each once, with the highest level any way asks for and the shortest distance.';
comment on function learning.unlocks is 'Skills that require this one, with their distance.';
comment on function learning.missing_prerequisites is 'What a person lacks for a skill, deepest first, with the shortest course that teaches it; for itself, its mentors and staff. Security definer: reads levels.';
comment on function learning.readiness is 'How much of a skill''s closure a person has, 0..100, a prerequisite at distance d counting 1/d; for itself, its mentors and staff.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000192001', 'ada-0192', 'ada-0192@example.org', 'active'), ('00000000-0000-7000-8000-000000192002', 'bob-0192', 'bob-0192@example.org', 'active');
insert into learning.skills (id, path, code, name) select format('00000000-0000-7000-8000-00000019201%s', n)::uuid, ('s' || n || '_0192')::extensions.ltree, 's' || n || '_0192', 'S' from generate_series(1, 6) n;
insert into learning.skill_edges (skill_id, requires_id, min_level) values ('00000000-0000-7000-8000-000000192011', '00000000-0000-7000-8000-000000192012', 1), ('00000000-0000-7000-8000-000000192011', '00000000-0000-7000-8000-000000192013', 1),
  ('00000000-0000-7000-8000-000000192012', '00000000-0000-7000-8000-000000192014', 2), ('00000000-0000-7000-8000-000000192013', '00000000-0000-7000-8000-000000192014', 3),
  ('00000000-0000-7000-8000-000000192016', '00000000-0000-7000-8000-000000192012', 1), ('00000000-0000-7000-8000-000000192016', '00000000-0000-7000-8000-000000192013', 1), ('00000000-0000-7000-8000-000000192016', '00000000-0000-7000-8000-000000192014', 1), ('00000000-0000-7000-8000-000000192016', '00000000-0000-7000-8000-000000192015', 1);
select count(*) = 3, max(min_level) filter (where skill_id = '00000000-0000-7000-8000-000000192014') = 3, max(depth) = 2 from learning.closure('00000000-0000-7000-8000-000000192011');
select array_agg(skill_id) @> '{00000000-0000-7000-8000-000000192011,00000000-0000-7000-8000-000000192016}', count(*) = 4 from learning.unlocks('00000000-0000-7000-8000-000000192014');
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000192001', '00000000-0000-7000-8000-000000192012', 2, 'import'), ('00000000-0000-7000-8000-000000192001', '00000000-0000-7000-8000-000000192013', 2, 'import'), ('00000000-0000-7000-8000-000000192001', '00000000-0000-7000-8000-000000192014', 3, 'import');
insert into learning.courses (id, code, title, instructor_id, estimated_minutes) values ('00000000-0000-7000-8000-000000192021', 'long-0192', 'Long', '00000000-0000-7000-8000-000000192002', 90), ('00000000-0000-7000-8000-000000192022', 'short-0192', 'Short', '00000000-0000-7000-8000-000000192002', 30), ('00000000-0000-7000-8000-000000192023', 'draft-0192', 'Draft', '00000000-0000-7000-8000-000000192002', 1);
insert into learning.course_skills (course_id, skill_id, direction, level) select id, '00000000-0000-7000-8000-000000192015', 'teaches', 1 from learning.courses where code like '%-0192';
update learning.courses set status = 'published', published_at = now() where code in ('long-0192', 'short-0192');
select core.act_as('00000000-0000-7000-8000-000000192001');
set local role hc_member;
select count(*) = 1 and bool_and(code = 's5_0192' and needs = 1 and has = 0 and course_id = '00000000-0000-7000-8000-000000192022' and minutes = 30) from learning.missing_prerequisites('00000000-0000-7000-8000-000000192001', '00000000-0000-7000-8000-000000192016');
select learning.readiness('00000000-0000-7000-8000-000000192001', '00000000-0000-7000-8000-000000192016') = 75.0, learning.readiness('00000000-0000-7000-8000-000000192001', '00000000-0000-7000-8000-000000192015') = 100;
select count(*) = 0 from learning.missing_prerequisites('00000000-0000-7000-8000-000000192002', '00000000-0000-7000-8000-000000192016');
set local role hc_anon;
select count(*) = 3 from learning.closure('00000000-0000-7000-8000-000000192011');
set local role hc_owner;
select core.act_as(null, 'hc_worker');
set local role hc_worker;
select count(*) = 4 from learning.missing_prerequisites('00000000-0000-7000-8000-000000192002', '00000000-0000-7000-8000-000000192016');
set local role hc_owner;
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') from unnest(array['learning.closure(uuid)', 'learning.unlocks(uuid)']) f;
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.missing_prerequisites(uuid, uuid)', 'learning.readiness(uuid, uuid)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0193 implement_feature
-- title: Plan a learning path to a goal skill by topological order and least effort
-- does: plan_path(goal, hours a week) picks published courses that cover what the current person lacks for a skill, always the one with the least minutes for each gap it closes (greedy set
--   cover, ties by code), puts each after what it requires and gives every step its dates and its reason; save_path() keeps the plan. Asked again, it plans from what is known by then.
-- proves: no course comes before what it requires, what is known adds none, the minutes are the least on the fixture, a gap that nothing teaches raises and is named.
-- needs: BUILD_0185, BUILD_0186, BUILD_0191, BUILD_0192
create function learning.plan_path(goal uuid, hours_per_week numeric default 4, person uuid default null)
  returns table (step int, course_id uuid, code text, minutes int, starts_on date, ends_on date, because text)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  me constant uuid := coalesce(person, core.current_user_id());
  gaps uuid[];
  levels jsonb;
  picked uuid[] := '{}';
  best uuid;
  lacking text;
  again boolean := true;
begin
  if hours_per_week <= 0 then
    raise exception using errcode = '22023', message = 'a plan takes more than 0 hours a week';
  elsif me is distinct from core.current_user_id() and not core.has_role('hc_worker') and not me = any (learning.my_mentees()) then
    raise exception using errcode = '42501', message = 'plans are made for oneself and one''s mentees';
  end if;
  levels := (select jsonb_object_agg(n.skill_id, n.level) from (
    select g.skill_id, max(g.level) as level from (select goal as skill_id, 1 as level union all select c.skill_id, c.min_level from learning.closure(goal) c) g
    where learning.skill_level(me, g.skill_id) < g.level group by g.skill_id) n);
  while again loop  -- what a picked course requires is a gap, too
    gaps := array(select k::uuid from jsonb_object_keys(levels) k
      where not exists (select from learning.course_skills cs where cs.course_id = any (picked) and cs.skill_id = k::uuid and cs.direction = 'teaches' and cs.level >= (levels ->> k)::int));
    again := gaps <> '{}';
    if again then
      select c.id into best
      from learning.courses c join learning.course_skills cs on cs.course_id = c.id and cs.direction = 'teaches' and cs.skill_id = any (gaps) and cs.level >= (levels ->> cs.skill_id::text)::int
      where c.status = 'published' and c.id <> all (picked)
      group by c.id order by greatest(c.estimated_minutes, 1)::numeric / count(*), c.code limit 1;
      if best is null then
        select string_agg(s.code || ' ' || (levels ->> s.id::text), ', ' order by s.code) into lacking from learning.skills s where s.id = any (gaps);
        raise exception using errcode = 'P0002', message = format('no course teaches %s', lacking), hint = 'Find a mentor for it: learning.match_mentors().';
      end if;
      picked := picked || best;
      levels := levels || coalesce((select jsonb_object_agg(r.skill_id, greatest(r.level, (levels ->> r.skill_id::text)::int)) from (
        select cs.skill_id, cs.level from learning.course_skills cs where cs.course_id = best and cs.direction = 'requires' and learning.skill_level(me, cs.skill_id) < cs.level) r), '{}');
    end if;
  end loop;
  return query
  with recursive needs (course, before) as (
    select distinct r.course_id, t.course_id
    from learning.course_skills r join lateral (select c.skill_id from learning.closure(r.skill_id) c union select r.skill_id) k on true
    join learning.course_skills t on t.skill_id = k.skill_id and t.direction = 'teaches' and t.course_id = any (picked) and t.course_id <> r.course_id
    where r.course_id = any (picked) and r.direction = 'requires'
    union
    select distinct x.course_id, t.course_id
    from learning.course_skills x join lateral learning.closure(x.skill_id) k on true
    join learning.course_skills t on t.skill_id = k.skill_id and t.direction = 'teaches' and t.course_id = any (picked) and t.course_id <> x.course_id
    where x.course_id = any (picked) and x.direction = 'teaches'),
  ranked (course, rank) as (
    select p, 0 from unnest(picked) p
    union
    select n.course, r.rank + 1 from ranked r join needs n on n.before = r.course where r.rank < cardinality(picked)),
  ordered as (
    select row_number() over (order by max(r.rank), c.code) as place, c.id, c.code, c.estimated_minutes, sum(c.estimated_minutes) over (order by max(r.rank), c.code) as reached
    from ranked r join learning.courses c on c.id = r.course group by c.id)
  select o.place::int, o.id, o.code, o.estimated_minutes,
    (current_date + ((o.reached - o.estimated_minutes) / (hours_per_week * 60) * 7)::int), (current_date + ceil(o.reached / (hours_per_week * 60) * 7)::int),
    'teaches ' || (select string_agg(s.code || ' ' || cs.level, ', ' order by s.code) from learning.course_skills cs join learning.skills s on s.id = cs.skill_id where cs.course_id = o.id and cs.direction = 'teaches' and levels ? s.id::text)
  from ordered o order by o.place;
end $$;

create function learning.save_path(goal uuid, hours_per_week numeric default 4) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  insert into learning.paths (slug, title, goal_skill_id, for_user_id)
  select 'plan-' || replace(uuidv7()::text, '-', ''), 'To ' || s.name, s.id, core.current_user_id() from learning.skills s where s.id = goal returning id into made;
  insert into learning.path_steps (path_id, position, course_id, unlock)
  select made, p.step, p.course_id, jsonb_build_object('from', p.starts_on, 'because', p.because) from learning.plan_path(goal, hours_per_week) p;
  return made;
end $$;

grant execute on function learning.plan_path, learning.save_path to hc_member;
grant execute on function learning.plan_path to hc_worker;

comment on function learning.plan_path is 'Courses that lead a person to a skill: greedy set cover by minutes a gap, in topological order, with dates and reasons; no rows when nothing is missing. P0002 for a gap nothing teaches, 42501 for another person, 22023 without hours. Security definer: reads levels.';
comment on function learning.save_path is 'Keeps the current person''s plan as a path of its own and returns it. Security definer: paths are written by functions.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000193001', 'ada-0193', 'ada-0193@example.org', 'active'), ('00000000-0000-7000-8000-000000193002', 'bob-0193', 'bob-0193@example.org', 'active');
insert into learning.skills (id, path, code, name) select format('00000000-0000-7000-8000-00000019301%s', n)::uuid, ('s' || n || '_0193')::extensions.ltree, 's' || n || '_0193', 'S' || n from generate_series(1, 5) n;
insert into learning.skill_edges (skill_id, requires_id) values ('00000000-0000-7000-8000-000000193011', '00000000-0000-7000-8000-000000193012'), ('00000000-0000-7000-8000-000000193012', '00000000-0000-7000-8000-000000193013'), ('00000000-0000-7000-8000-000000193012', '00000000-0000-7000-8000-000000193014');
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000193001', '00000000-0000-7000-8000-000000193014', 1, 'import');
insert into learning.courses (id, code, title, instructor_id, estimated_minutes) values ('00000000-0000-7000-8000-000000193021', 'a-0193', 'Goal', '00000000-0000-7000-8000-000000193002', 60), ('00000000-0000-7000-8000-000000193022', 'z-0193', 'Both', '00000000-0000-7000-8000-000000193002', 100),
  ('00000000-0000-7000-8000-000000193023', 'm-0193', 'Second', '00000000-0000-7000-8000-000000193002', 70), ('00000000-0000-7000-8000-000000193024', 'n-0193', 'Third', '00000000-0000-7000-8000-000000193002', 80), ('00000000-0000-7000-8000-000000193025', 'k-0193', 'Known', '00000000-0000-7000-8000-000000193002', 1);
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000193021', '00000000-0000-7000-8000-000000193011', 'teaches'), ('00000000-0000-7000-8000-000000193022', '00000000-0000-7000-8000-000000193012', 'teaches'), ('00000000-0000-7000-8000-000000193022', '00000000-0000-7000-8000-000000193013', 'teaches'),
  ('00000000-0000-7000-8000-000000193023', '00000000-0000-7000-8000-000000193012', 'teaches'), ('00000000-0000-7000-8000-000000193024', '00000000-0000-7000-8000-000000193013', 'teaches'), ('00000000-0000-7000-8000-000000193025', '00000000-0000-7000-8000-000000193014', 'teaches');
update learning.courses set status = 'published', published_at = now() where code like '_-0193';
select core.act_as('00000000-0000-7000-8000-000000193001');
set local role hc_member;
select array_agg(code order by step) = '{z-0193,a-0193}', sum(minutes) = 160, min(starts_on) = current_date, bool_and(ends_on > starts_on), bool_or(because = 'teaches s1_0193 1') from learning.plan_path('00000000-0000-7000-8000-000000193011', 10);
select count(*) = 0 from learning.plan_path('00000000-0000-7000-8000-000000193014');
select blueprint.raises($$ select learning.plan_path('00000000-0000-7000-8000-000000193015') $$, 'P0002', 's5_0193 1'), blueprint.raises($$ select learning.plan_path('00000000-0000-7000-8000-000000193011', 0) $$, '22023'),
  blueprint.raises($$ select learning.plan_path('00000000-0000-7000-8000-000000193011', 4, '00000000-0000-7000-8000-000000193002') $$, '42501');
select learning.save_path('00000000-0000-7000-8000-000000193011') is not null;
set local role hc_owner;
select p.title = 'To S1' and array_agg(s.course_id order by s.position) = '{00000000-0000-7000-8000-000000193022,00000000-0000-7000-8000-000000193021}' and bool_and(s.unlock ? 'because') from learning.paths p join learning.path_steps s on s.path_id = p.id where p.for_user_id = '00000000-0000-7000-8000-000000193001' group by p.id;
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000193001', '00000000-0000-7000-8000-000000193012', 1, 'import'), ('00000000-0000-7000-8000-000000193001', '00000000-0000-7000-8000-000000193013', 1, 'import');
select core.act_as(null, 'hc_worker');
set local role hc_worker;
select array_agg(code) = '{a-0193}' from learning.plan_path('00000000-0000-7000-8000-000000193011', 4, '00000000-0000-7000-8000-000000193001');
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.plan_path(uuid, numeric, uuid)', 'learning.save_path(uuid, numeric)']) f;
select has_function_privilege('hc_worker', 'learning.plan_path(uuid, numeric, uuid)', 'execute'), count(*) = 0 from blueprint.open_to_public('learning');
