-- Room learning, people: mentors for who wants to learn from somebody, and what to learn next.

-- task: BUILD_0199 implement_feature
-- title: Mentor matching with capacity, availability and feedback
-- does: match_mentors(skill) ranks who is two levels ahead and has room by level, language, distance of zones and what earlier mentees said; request_mentorship(), answer_mentorship() under the
--   mentor's lock, end_mentorship(); feedback of both sides is shown once both gave it or two weeks have passed.
-- proves: a full mentor is not proposed, a mentor in the same zone comes before an equal one ten hours away, feedback stays hidden until both gave it, accepting keeps to the capacity.
-- needs: BUILD_0185, BUILD_0186, BUILD_0191, BUILD_0665
create function learning.mentor_capacity(person uuid) returns int
  language sql stable set search_path = ''
as $$
  select coalesce(case when jsonb_typeof(u.preferences -> 'mentor_capacity') = 'number' then (u.preferences ->> 'mentor_capacity')::int end, 0)
  from core.users u where u.id = person and u.status = 'active'
$$;

create function learning.mentor_load(person uuid) returns bigint
  language sql stable set search_path = ''
as $$ select count(*) from learning.mentorships m where m.mentor_id = person and m.status in ('active', 'paused') $$;

create function learning.match_mentors(skill uuid, most int default 5) returns table (mentor_id uuid, handle text, level int, hours_apart numeric, rating numeric, score numeric)
  language sql stable security definer set search_path = ''
as $$
  with me as (
    select u.id, u.locale, u.time_zone, learning.skill_level(u.id, skill) as level from core.users u where u.id = core.current_user_id()),
  candidate as (
    select u.id, u.handle::text as handle, h.level, me.level as mine, (u.locale = me.locale)::int as speaks,
      least(abs(d.hours), 24 - abs(d.hours)) as hours, (
        select avg((m.mentee_feedback ->> 'rating')::numeric) from learning.mentorships m where m.mentor_id = u.id and m.mentee_feedback ? 'rating') as rating
    from me join learning.user_skills us on us.skill_id = match_mentors.skill and us.user_id <> me.id join core.users u on u.id = us.user_id and u.status = 'active',
      lateral (select learning.skill_level(u.id, match_mentors.skill) as level) h,
      lateral (select extract(epoch from (now() at time zone u.time_zone) - (now() at time zone me.time_zone))::numeric / 3600 as hours) d
    where h.level >= me.level + 2 and learning.mentor_load(u.id) < learning.mentor_capacity(u.id)
      and not exists (select from learning.mentorships m where m.mentor_id = u.id and m.mentee_id = me.id and m.skill_id = match_mentors.skill and m.status in ('offered', 'active', 'paused')))
  select c.id, c.handle, c.level, round(c.hours, 2), round(c.rating, 2), round(10 * least(c.level - c.mine, 3) + 10 * c.speaks - 2 * c.hours + 3 * coalesce(c.rating, 3), 2)
  from candidate c order by 6 desc, c.handle limit most
$$;

create function learning.request_mentorship(mentor uuid, skill uuid, goals jsonb default '[]') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if core.current_user_id() is null or mentor = core.current_user_id() then
    raise exception using errcode = '42501', message = 'mentors are somebody else';
  elsif learning.skill_level(mentor, skill) < learning.skill_level(core.current_user_id(), skill) + 2 or learning.mentor_load(mentor) >= learning.mentor_capacity(mentor) then
    raise exception using errcode = '55000', message = 'this mentor has no room, or is not far enough ahead', hint = 'learning.match_mentors() proposes others.';
  end if;
  insert into learning.mentorships (mentor_id, mentee_id, skill_id, goals) values (mentor, core.current_user_id(), skill, goals) returning id into made;
  return made;
end $$;

create function learning.answer_mentorship(mentorship uuid, accepts boolean) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  m learning.mentorships;
begin
  perform from core.users u where u.id = core.current_user_id() for no key update;  -- one answer of a mentor at a time
  select * into m from learning.mentorships x where x.id = mentorship and x.mentor_id = core.current_user_id() and x.status = 'offered' for update;
  if not found then
    raise exception using errcode = '42501', message = 'there is no such request to you';
  elsif accepts and learning.mentor_load(m.mentor_id) >= learning.mentor_capacity(m.mentor_id) then
    raise exception using errcode = '55000', message = 'you mentor as many as you said you would', hint = 'End one, or raise mentor_capacity in your preferences.';
  end if;
  update learning.mentorships x set status = case when accepts then 'active' else 'declined' end, ended_at = case when not accepts then clock_timestamp() end,
    during = case when accepts then x.during else tstzrange(lower(x.during), greatest(lower(x.during) + interval '1 microsecond', clock_timestamp())) end where x.id = mentorship returning status into m.status;
  return m.status;
end $$;

create function learning.set_mentorship(mentorship uuid, to_status text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  m learning.mentorships;
begin
  select * into m from learning.mentorships x where x.id = mentorship and core.current_user_id() in (x.mentor_id, x.mentee_id) and x.status in ('active', 'paused') for update;
  if not found then
    raise exception using errcode = '42501', message = 'this is no mentorship of yours that goes on';
  elsif to_status not in ('active', 'paused', 'completed', 'ended') then
    raise exception using errcode = '22023', message = 'a mentorship is active, paused, completed or ended';
  end if;
  update learning.mentorships x set status = to_status, ended_at = case when to_status in ('completed', 'ended') then clock_timestamp() end,
    during = case when to_status in ('completed', 'ended') then tstzrange(lower(x.during), greatest(lower(x.during) + interval '1 microsecond', clock_timestamp())) else x.during end where x.id = mentorship;
  return to_status;
end $$;

create function learning.give_feedback(mentorship uuid, rating int, words text default null) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  m learning.mentorships;
  said constant jsonb := jsonb_strip_nulls(jsonb_build_object('rating', rating, 'words', words, 'at', clock_timestamp()));
begin
  select * into m from learning.mentorships x where x.id = mentorship and core.current_user_id() in (x.mentor_id, x.mentee_id) and x.ended_at is not null for update;
  if not found then
    raise exception using errcode = '42501', message = 'feedback is given on one''s own mentorships, when they are over';
  elsif rating < 1 or rating > 5 then
    raise exception using errcode = '22023', message = 'a rating is 1 to 5';
  elsif (case core.current_user_id() when m.mentor_id then m.mentor_feedback else m.mentee_feedback end) is not null then
    raise exception using errcode = '55000', message = 'feedback is given once';
  end if;
  update learning.mentorships x
  set mentor_feedback = case core.current_user_id() when m.mentor_id then said else x.mentor_feedback end, mentee_feedback = case core.current_user_id() when m.mentee_id then said else x.mentee_feedback end
  where x.id = mentorship;
  return true;
end $$;

create function learning.mentorship_feedback(mentorship uuid, at timestamptz default now()) returns table (of_mentor jsonb, of_mentee jsonb)
  language sql stable security definer set search_path = ''
as $$
  select m.mentor_feedback, m.mentee_feedback from learning.mentorships m
  where m.id = mentorship and core.current_user_id() in (m.mentor_id, m.mentee_id)
    and (num_nonnulls(m.mentor_feedback, m.mentee_feedback) = 2 or (num_nonnulls(m.mentor_feedback, m.mentee_feedback) = 1 and m.ended_at < at - interval '14 days'))
$$;

grant execute on function learning.match_mentors, learning.request_mentorship, learning.answer_mentorship, learning.set_mentorship, learning.give_feedback, learning.mentorship_feedback to hc_member;

comment on function learning.mentor_capacity is 'How many mentees somebody wants (preferences.mentor_capacity), 0 by default.';
comment on function learning.mentor_load is 'Mentees somebody has.';
comment on function learning.match_mentors is 'Mentors for the current person, best first: up to three levels ahead, same language, near zone, good ratings; nobody who is full. Security definer: reads levels and choices.';
comment on function learning.request_mentorship is 'Asks a mentor; 55000 when there is no room, 23P01 when it was asked already. Security definer: mentorships are written by functions.';
comment on function learning.answer_mentorship is 'Takes or declines a request, one at a time, within the capacity. Security definer: mentorships are written by functions.';
comment on function learning.set_mentorship is 'Pauses, goes on with or ends a mentorship, by either side. Security definer: mentorships are written by functions.';
comment on function learning.give_feedback is 'One rating (1..5) and words of each side, when it is over. Security definer: mentorships are written by functions.';
comment on function learning.mentorship_feedback is 'What both sides said, once both have or two weeks have passed. Security definer: feedback is granted to nobody.';

-- verify
insert into core.users (id, handle, email, status, time_zone, preferences) values ('00000000-0000-7000-8000-000000199001', 'ada-0199', 'ada-0199@example.org', 'active', 'UTC', '{}'), ('00000000-0000-7000-8000-000000199002', 'near-0199', 'near-0199@example.org', 'active', 'UTC', '{"mentor_capacity": 1}'),
  ('00000000-0000-7000-8000-000000199003', 'far-0199', 'far-0199@example.org', 'active', 'Etc/GMT-10', '{"mentor_capacity": 1}'), ('00000000-0000-7000-8000-000000199004', 'full-0199', 'full-0199@example.org', 'active', 'UTC', '{"mentor_capacity": 1}'),
  ('00000000-0000-7000-8000-000000199005', 'shy-0199', 'shy-0199@example.org', 'active', 'UTC', '{}'), ('00000000-0000-7000-8000-000000199006', 'bob-0199', 'bob-0199@example.org', 'active', 'UTC', '{}');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000199011', 'probe_0199', 'probe_0199', 'Probe');
insert into learning.user_skills (user_id, skill_id, level, source) select format('00000000-0000-7000-8000-00000019900%s', n)::uuid, '00000000-0000-7000-8000-000000199011', 4, 'import' from generate_series(2, 5) n;
insert into learning.mentorships (mentor_id, mentee_id, skill_id, status) values ('00000000-0000-7000-8000-000000199004', '00000000-0000-7000-8000-000000199006', '00000000-0000-7000-8000-000000199011', 'active');
create temporary table asked_0199 (n int, id uuid);
grant select, insert on pg_temp.asked_0199 to hc_member;
select core.act_as('00000000-0000-7000-8000-000000199001');
set local role hc_member;
select array_agg(handle order by score desc) = '{near-0199,far-0199}', max(hours_apart) = 10, max(score) - min(score) = 20 from learning.match_mentors('00000000-0000-7000-8000-000000199011');
insert into pg_temp.asked_0199 select 1, learning.request_mentorship('00000000-0000-7000-8000-000000199002', '00000000-0000-7000-8000-000000199011', '["first hinge"]');
select array_agg(handle) = '{far-0199}' from learning.match_mentors('00000000-0000-7000-8000-000000199011');
select rule, blueprint.raises(sql, state) from (values ('full', $$ select learning.request_mentorship('00000000-0000-7000-8000-000000199004', '00000000-0000-7000-8000-000000199011') $$, '55000'), ('self', $$ select learning.request_mentorship('00000000-0000-7000-8000-000000199001', '00000000-0000-7000-8000-000000199011') $$, '42501'),
  ('twice', $$ select learning.request_mentorship('00000000-0000-7000-8000-000000199002', '00000000-0000-7000-8000-000000199011') $$, '23P01')) v(rule, sql, state);
select blueprint.raises(format('select learning.answer_mentorship(%L, true)', id), '42501'), blueprint.raises(format('select learning.set_mentorship(%L, %L)', id, 'paused'), '42501') from pg_temp.asked_0199;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000199006');
set local role hc_member;
insert into pg_temp.asked_0199 select 2, learning.request_mentorship('00000000-0000-7000-8000-000000199002', '00000000-0000-7000-8000-000000199011');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000199002');
set local role hc_member;
select learning.answer_mentorship(id, true) = 'active' from pg_temp.asked_0199 where n = 1;
select blueprint.raises(format('select learning.answer_mentorship(%L, true)', id), '55000', 'as many as'), learning.answer_mentorship(id, false) = 'declined' from pg_temp.asked_0199 where n = 2;
select blueprint.raises(format('select learning.give_feedback(%L, 5)', id), '42501', 'when they are over'), blueprint.raises(format('select learning.set_mentorship(%L, %L)', id, 'lost'), '22023'), learning.set_mentorship(id, 'paused') = 'paused', learning.set_mentorship(id, 'active') = 'active', learning.set_mentorship(id, 'completed') = 'completed' from pg_temp.asked_0199 where n = 1;
select blueprint.raises(format('select learning.give_feedback(%L, 6)', id), '22023'), learning.give_feedback(id, 4, 'curious'), blueprint.raises(format('select learning.give_feedback(%L, 5)', id), '55000', 'once') from pg_temp.asked_0199 where n = 1;
select not exists (select from learning.mentorship_feedback(id)), exists (select from learning.mentorship_feedback(id, now() + interval '15 days')) from pg_temp.asked_0199 where n = 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000199001');
set local role hc_member;
select not exists (select from learning.mentorship_feedback(id)), learning.give_feedback(id, 5) from pg_temp.asked_0199 where n = 1;
select of_mentor ->> 'words' = 'curious' and of_mentee ->> 'rating' = '5' from pg_temp.asked_0199 a, learning.mentorship_feedback(a.id) where n = 1;
select rating = 5 from learning.match_mentors('00000000-0000-7000-8000-000000199011') where handle = 'near-0199';
set local role hc_owner;
select status = 'completed' and upper(during) is not null and ended_at is not null and goals = '["first hinge"]' from learning.mentorships m join pg_temp.asked_0199 a using (id) where n = 1;
select learning.mentor_capacity('00000000-0000-7000-8000-000000199005') = 0, learning.mentor_load('00000000-0000-7000-8000-000000199004') = 1;
select core.act_as('00000000-0000-7000-8000-000000199005');
set local role hc_member;
select not exists (select from learning.mentorship_feedback(id)) from pg_temp.asked_0199 where n = 1;
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['learning.match_mentors(uuid, int)', 'learning.request_mentorship(uuid, uuid, jsonb)', 'learning.answer_mentorship(uuid, boolean)', 'learning.set_mentorship(uuid, text)', 'learning.give_feedback(uuid, int, text)', 'learning.mentorship_feedback(uuid, timestamptz)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0200 implement_feature
-- title: Next-course recommendations from gaps, co-enrolment and production demand
-- does: recommend() ranks published courses for the current person by the gaps they close on the way to its plans, by what those took who finished the same courses (cosine, from five on),
--   and by processes with work and nobody assigned; each with its reasons. What is done, begun or dismissed does not come again.
-- proves: the course others completed with the same one comes first as co_completed, a process in demand lifts its course, a dismissed course never returns, another's dismissal is invisible.
-- needs: BUILD_0022, BUILD_0107, BUILD_0185, BUILD_0186, BUILD_0192
create table learning.dismissals (
  user_id uuid not null constraint dismissals_user_id_fk references core.users (id),
  course_id uuid not null constraint dismissals_course_id_fk references learning.courses (id) on delete cascade,
  dismissed_at timestamptz not null default now(),
  constraint dismissals_user_id_course_id_pk primary key (user_id, course_id)
);

create index dismissals_course_id_idx on learning.dismissals (course_id);

create policy dismissals_own_select on learning.dismissals for select to hc_member using (user_id = (select core.current_user_id()));

grant select on learning.dismissals to hc_member;

create function learning.demand() returns table (skill_id uuid, work_orders bigint)
  language sql stable set search_path = ''
as $$
  select s.id, count(*) from production.work_orders w join core.terms t on t.id = w.process_term_id join learning.skills s on s.code = regexp_replace(t.path::text, '^.*\.', '')
  where w.status in ('planned', 'ready') and w.assigned_to is null group by s.id
$$;

create function learning.recommend(most int default 5) returns table (course_id uuid, code text, score numeric, reasons text[])
  language sql stable security definer set search_path = ''
as $$
  with me as (select core.current_user_id() as id),
  finished as (select e.course_id, e.user_id from learning.enrolments e where e.status = 'completed'),
  mine as (select f.course_id from finished f, me where f.user_id = me.id),
  goal as (
    select distinct c.skill_id, c.min_level from me join learning.paths p on p.for_user_id = me.id, lateral (select * from learning.closure(p.goal_skill_id) union all select p.goal_skill_id, 1, 0) c(skill_id, min_level, depth)
    where learning.skill_level(me.id, c.skill_id) < c.min_level),
  together as (
    select o.course_id, max(o.n / sqrt((select count(*) from finished a where a.course_id = o.course_id) * (select count(*) from finished b where b.course_id = o.with_course))) as cosine
    from (select f.course_id, g.course_id as with_course, count(*)::double precision as n from finished f join finished g on g.user_id = f.user_id and g.course_id <> f.course_id where g.course_id in (select m.course_id from mine m) group by 1, 2 having count(*) >= 5) o
    group by o.course_id),
  reason as (
    select cs.course_id, 'closes_gap' as why, 2.0 * count(*) as weight from learning.course_skills cs join goal g on g.skill_id = cs.skill_id and cs.level >= g.min_level where cs.direction = 'teaches' group by cs.course_id
    union all
    select t.course_id, 'co_completed', (5 * t.cosine)::numeric from together t
    union all
    select cs.course_id, 'in_demand', least(3, ln(1 + sum(d.work_orders)))::numeric from learning.course_skills cs join learning.demand() d on d.skill_id = cs.skill_id, me
    where cs.direction = 'teaches' and learning.skill_level(me.id, cs.skill_id) < cs.level group by cs.course_id)
  select c.id, c.code, round(sum(r.weight), 3), array_agg(r.why order by r.weight desc)
  from reason r join learning.courses c on c.id = r.course_id and c.status = 'published', me
  where me.id is not null and not exists (select from learning.dismissals d where d.user_id = me.id and d.course_id = c.id)
    and not exists (select from learning.enrolments e where e.user_id = me.id and e.course_id = c.id and e.status in ('waitlisted', 'enrolled', 'active', 'completed'))
  group by c.id order by 3 desc, c.code limit most
$$;

create function learning.dismiss(course uuid) returns void
  language sql security definer set search_path = ''
as $$ insert into learning.dismissals (user_id, course_id) select core.current_user_id(), course where core.current_user_id() is not null on conflict do nothing $$;

grant execute on function learning.recommend, learning.dismiss to hc_member;

comment on table learning.dismissals is 'Courses somebody does not want to be told of again. @distribution local';
comment on column learning.dismissals.user_id is 'Who.';
comment on column learning.dismissals.course_id is 'Which course.';
comment on column learning.dismissals.dismissed_at is 'When.';
comment on index learning.dismissals_course_id_idx is 'Who dismissed a course; the foreign key.';
comment on policy dismissals_own_select on learning.dismissals is 'People see what they dismissed.';
comment on function learning.demand is 'Skills whose process has open work that nobody is assigned to.';
comment on function learning.recommend is 'Courses for the current person with their reasons: closes_gap (plans), co_completed (cosine over finished courses, five people at least), in_demand (open work). Security definer: reads what others finished, of which only sums leave.';
comment on function learning.dismiss is 'Do not propose this course again. Security definer: dismissals are written by functions.';

-- verify
insert into core.users (id, handle, email, status) select format('00000000-0000-7000-8000-00000020000%s', n)::uuid, 'p' || n || '-0200', 'p' || n || '-0200@example.org', 'active' from generate_series(1, 8) n;
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000200011', 'probe_0200', 'probe_0200', 'Probe'), ('00000000-0000-7000-8000-000000200012', 'goal_0200', 'goal_0200', 'Goal');
insert into learning.courses (id, code, title, instructor_id) select format('00000000-0000-7000-8000-00000020002%s', n)::uuid, code, code, '00000000-0000-7000-8000-000000200008' from (values (1, 'done-0200'), (2, 'together-0200'), (3, 'demand-0200'), (4, 'gap-0200'), (5, 'other-0200')) v(n, code);
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000200023', '00000000-0000-7000-8000-000000200011', 'teaches'), ('00000000-0000-7000-8000-000000200024', '00000000-0000-7000-8000-000000200012', 'teaches');
update learning.courses set status = 'published', published_at = now() where code like '%-0200';
insert into learning.enrolments (user_id, course_id, status, completed_at) select format('00000000-0000-7000-8000-00000020000%s', n)::uuid, format('00000000-0000-7000-8000-00000020002%s', c)::uuid, 'completed', now() from generate_series(1, 6) n, generate_series(1, 2) c where not (n = 1 and c = 2);
insert into learning.paths (slug, title, goal_skill_id, for_user_id) values ('goal-0200', 'Goal', '00000000-0000-7000-8000-000000200012', '00000000-0000-7000-8000-000000200001');
select core.act_as('00000000-0000-7000-8000-000000200001');
set local role hc_member;
select array_agg(code order by score desc) = '{together-0200,gap-0200}', (array_agg(reasons[1] order by score desc))[1] = 'co_completed', (array_agg(reasons[1] order by score desc))[2] = 'closes_gap', max(score) = round((5 * 5 / sqrt(30))::numeric, 3) from learning.recommend() where code like '%-0200';
set local role hc_owner;
insert into core.terms (id, kind, path, labels) values ('00000000-0000-7000-8000-000000200031', 'process', 'process.probe_0200', '{"en": "Probe"}');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000200009', 'buyer-0200');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000200041', '00000000-0000-7000-8000-000000200009', 'probe-0200', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000200042', '00000000-0000-7000-8000-000000200041', 1, sha256('200'), '00000000-0000-7000-8000-000000200009', 'CC0-1.0', now());
insert into production.orders (id, customer_id) values ('00000000-0000-7000-8000-000000200043', '00000000-0000-7000-8000-000000200009');
insert into production.order_items (order_id, line_no, version_id, quantity, unit_price_usd) values ('00000000-0000-7000-8000-000000200043', 1, '00000000-0000-7000-8000-000000200042', 9, 1);
insert into production.work_orders (order_id, line_no, sequence, quantity_planned, process_term_id) select '00000000-0000-7000-8000-000000200043', 1, n, 1, '00000000-0000-7000-8000-000000200031' from generate_series(1, 4) n;
select work_orders = 4 from learning.demand() where skill_id = '00000000-0000-7000-8000-000000200011';
set local role hc_member;
select array_agg(code order by score desc) = '{together-0200,gap-0200,demand-0200}', bool_or(code = 'demand-0200' and reasons = '{in_demand}' and score = round(ln(5::numeric), 3)) from learning.recommend() where code like '%-0200';
select learning.dismiss('00000000-0000-7000-8000-000000200022') is null, learning.dismiss('00000000-0000-7000-8000-000000200022') is null;
select array_agg(code order by score desc) = '{gap-0200,demand-0200}' from learning.recommend(9) where code like '%-0200';
select count(*) = 1 from learning.dismissals;
select count(*) <= 1 from learning.recommend(1);
select blueprint.raises('insert into learning.dismissals (user_id, course_id) values (uuidv7(), uuidv7())', '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000200002');
set local role hc_member;
select count(*) = 0 from learning.dismissals;
set local role hc_owner;
insert into learning.dismissals (user_id, course_id) values ('00000000-0000-7000-8000-000000200002', '00000000-0000-7000-8000-000000200025') returning dismissed_at = now();
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into learning.dismissals (user_id, course_id) values ('00000000-0000-7000-8000-000000200002', '00000000-0000-7000-8000-000000200025') $$, '23505', 'dismissals_user_id_course_id_pk'),
  ($$ insert into learning.dismissals (user_id, course_id) values ('00000000-0000-7000-8000-0000002000ff', '00000000-0000-7000-8000-000000200025') $$, '23503', 'dismissals_user_id_fk'),
  ($$ insert into learning.dismissals (user_id, course_id) values ('00000000-0000-7000-8000-000000200002', '00000000-0000-7000-8000-0000002000ff') $$, '23503', 'dismissals_course_id_fk')) v(sql, state, rule);
select blueprint.plan_uses($$ select user_id from learning.dismissals where course_id = '00000000-0000-7000-8000-000000200025' $$, 'dismissals_course_id_idx');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'learning.dismissals'::regclass;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.recommend(int)', 'learning.dismiss(uuid)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');
