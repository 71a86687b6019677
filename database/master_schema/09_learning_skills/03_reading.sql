-- Room learning, reading: who sees what, the views people work with, and look-ups inside JSON.

-- task: BUILD_0187 create_views
-- title: Views my_learning, course_catalogue, skill_matrix and cohort_board
-- does: my_learning is what the current person learns, with the next module and the days since the last step; course_catalogue what can be learnt, with skills and seats; skill_matrix the
--   best level of each group in each skill, for staffing; cohort_board how a cohort stands, with who is at risk. All run as who asks.
-- proves: the next module is the first incomplete one, the matrix names the level of the best holder, the idle learner is flagged, seats count down.
-- needs: BUILD_0042, BUILD_0185
create view learning.my_learning with (security_invoker) as
  select e.id as enrolment_id, e.course_id, c.title, e.cohort, e.status, e.progress_pct, n.id as next_module_id, n.title as next_title,
    extract(day from now() - coalesce((select max(p.last_event_at) from learning.progress p where p.enrolment_id = e.id), e.created_at))::int as days_idle
  from learning.enrolments e join learning.courses c on c.id = e.course_id
  left join lateral (
    select m.id, m.title from learning.modules m
    where m.course_id = e.course_id and not exists (select from learning.progress p where p.enrolment_id = e.id and p.module_id = m.id and p.state = 'done')
    order by m.position limit 1) n on true
  where e.user_id = (select core.current_user_id()) and e.status in ('waitlisted', 'enrolled', 'active');

create view learning.course_catalogue with (security_invoker) as
  select c.id, c.code, c.title, c.difficulty, c.estimated_minutes, c.rating, c.published_at,
    c.seats - (select count(*) from learning.enrolments e where e.course_id = c.id and e.status in ('enrolled', 'active')) as seats_left,
    array(select s.name || ' ' || cs.level from learning.course_skills cs join learning.skills s on s.id = cs.skill_id where cs.course_id = c.id and cs.direction = 'teaches' order by s.name) as teaches,
    array(select s.name || ' ' || cs.level from learning.course_skills cs join learning.skills s on s.id = cs.skill_id where cs.course_id = c.id and cs.direction = 'requires' order by s.name) as requires
  from learning.courses c where c.status = 'published';

create view learning.skill_matrix with (security_invoker) as
  select gm.group_id, us.skill_id, s.code, max(us.level) as best_level, count(*) filter (where us.level > 0) as holders
  from identity.group_members gm join learning.user_skills us on us.user_id = gm.user_id join learning.skills s on s.id = us.skill_id
  where gm.during @> now() group by gm.group_id, us.skill_id, s.code;

create view learning.cohort_board with (security_invoker) as
  select e.course_id, e.cohort, count(*) as learners, count(*) filter (where e.status = 'completed') as completed,
    percentile_cont(array[0.25, 0.5, 0.75]::double precision[]) within group (order by e.progress_pct::double precision) as quartiles,
    array_agg(e.user_id order by e.user_id) filter (where e.status in ('enrolled', 'active')
      and coalesce((select max(p.last_event_at) from learning.progress p where p.enrolment_id = e.id), e.created_at) < now() - interval '14 days') as at_risk,
    (select round(100.0 * count(*) filter (where a.passed) / nullif(count(*) filter (where a.graded_at is not null), 0), 1)
     from learning.attempts a join learning.assessments x on x.id = a.assessment_id where x.course_id = e.course_id) as pass_rate
  from learning.enrolments e where e.status <> 'withdrawn' group by e.course_id, e.cohort;

grant select on learning.my_learning, learning.skill_matrix, learning.cohort_board to hc_member;
grant select on learning.course_catalogue to hc_anon;

comment on view learning.my_learning is 'What the current person learns now, with the first module that is not done and the days since the last step.';
comment on view learning.course_catalogue is 'Courses that can be taken: what they teach and require, and seats left (of those the reader may see; null: no limit).';
comment on view learning.skill_matrix is 'Best level and number of holders of each skill in each group, for staffing.';
comment on view learning.cohort_board is 'How a cohort stands: quartiles of progress, who was idle for two weeks, pass rate of the course.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000187001', 'ada-0187'), ('00000000-0000-7000-8000-000000187002', 'bob-0187');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000187011', 'probe_0187', 'probe_0187', 'Probe');
insert into learning.courses (id, code, title, instructor_id, seats) values ('00000000-0000-7000-8000-000000187021', 'probe-0187', 'Probe', '00000000-0000-7000-8000-000000187002', 5);
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000187031', '00000000-0000-7000-8000-000000187021', 1, 'One'), ('00000000-0000-7000-8000-000000187032', '00000000-0000-7000-8000-000000187021', 2, 'Two'), ('00000000-0000-7000-8000-000000187033', '00000000-0000-7000-8000-000000187021', 3, 'Three');
insert into learning.course_skills (course_id, skill_id, direction, level) values ('00000000-0000-7000-8000-000000187021', '00000000-0000-7000-8000-000000187011', 'teaches', 2);
update learning.courses set status = 'published', published_at = now() where code = 'probe-0187';
insert into learning.enrolments (id, user_id, course_id, status, created_at) values ('00000000-0000-7000-8000-000000187051', '00000000-0000-7000-8000-000000187001', '00000000-0000-7000-8000-000000187021', 'active', now() - interval '40 days'), ('00000000-0000-7000-8000-000000187052', '00000000-0000-7000-8000-000000187002', '00000000-0000-7000-8000-000000187021', 'active', now() - interval '40 days');
insert into learning.progress (enrolment_id, module_id, percent, state, last_event_at) values ('00000000-0000-7000-8000-000000187051', '00000000-0000-7000-8000-000000187031', 100, 'done', now() - interval '20 days'), ('00000000-0000-7000-8000-000000187052', '00000000-0000-7000-8000-000000187031', 50, 'started', now());
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000187001', '00000000-0000-7000-8000-000000187011', 3, 'import'), ('00000000-0000-7000-8000-000000187002', '00000000-0000-7000-8000-000000187011', 1, 'import');
insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000187061', 'probe-0187', 'A', '00000000-0000-7000-8000-000000187001');
insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000187061', '00000000-0000-7000-8000-000000187001'), ('00000000-0000-7000-8000-000000187061', '00000000-0000-7000-8000-000000187002') on conflict do nothing;
select core.act_as('00000000-0000-7000-8000-000000187001');
select next_module_id = '00000000-0000-7000-8000-000000187032' and days_idle = 20 and title = 'Probe' from learning.my_learning where course_id = '00000000-0000-7000-8000-000000187021';
select seats_left = 3 and teaches = '{Probe 2}' and requires = '{}' from learning.course_catalogue where code = 'probe-0187';
select best_level = 3 and holders = 2 from learning.skill_matrix where group_id = '00000000-0000-7000-8000-000000187061' and code = 'probe_0187';
select learners = 2 and at_risk = '{00000000-0000-7000-8000-000000187001}' and quartiles[2] >= 0 and completed = 0 from learning.cohort_board where course_id = '00000000-0000-7000-8000-000000187021';
select v, has_table_privilege('hc_member', v, 'select') and (select reloptions @> '{security_invoker=true}' from pg_class where oid = v::regclass) from unnest(array['learning.my_learning', 'learning.skill_matrix', 'learning.cohort_board', 'learning.course_catalogue']) v;
select has_table_privilege('hc_anon', 'learning.course_catalogue', 'select'), not has_table_privilege('hc_anon', 'learning.my_learning', 'select');

-- task: BUILD_0188 create_jsonb_indexes
-- title: Index skill evidence, course outlines and attempt answers JSONB
-- does: holders_with_evidence(kind, ref) names who learnt by something (on machine X), courses_covering(topic) the courses whose outline names a topic, item_answers() what was answered to an item.
-- proves: two users are found by a machine and the plan reads the GIN index, the course by its topic, and item_answers returns exactly the answers to that item.
-- needs: BUILD_0005, BUILD_0182
create index user_skills_evidence_idx on learning.user_skills using gin (evidence jsonb_path_ops);
create index courses_outline_idx on learning.courses using gin (outline jsonb_path_ops);
create index attempts_answers_idx on learning.attempts using gin (answers);

comment on index learning.user_skills_evidence_idx is 'Who learnt by what (learning.holders_with_evidence).';
comment on index learning.courses_outline_idx is 'Courses by topic (learning.courses_covering).';
comment on index learning.attempts_answers_idx is 'Attempts that answered an item (learning.item_answers).';

create function learning.holders_with_evidence(kind text, ref text) returns table (user_id uuid, skill_id uuid, level int)
  language sql stable security definer
begin atomic
  select us.user_id, us.skill_id, us.level from learning.user_skills us where us.evidence @> jsonb_build_array(jsonb_build_object('kind', holders_with_evidence.kind, 'ref', holders_with_evidence.ref)) order by us.level desc, us.user_id;
end;

create function learning.courses_covering(topic text) returns table (course_id uuid, code text, title text)
  language sql stable security definer
begin atomic
  select c.id, c.code, c.title from learning.courses c where c.outline @> jsonb_build_object('topics', jsonb_build_array(topic)) and c.status = 'published' order by c.code;
end;

create function learning.item_answers(assessment uuid, item text) returns table (attempt_id uuid, user_id uuid, answer jsonb)
  language sql stable security definer
begin atomic
  select a.id, a.user_id, a.answers -> item_answers.item from learning.attempts a where a.assessment_id = assessment and a.answers ? item_answers.item order by a.submitted_at, a.id;
end;

grant execute on function learning.courses_covering to hc_anon;
grant execute on function learning.holders_with_evidence, learning.item_answers to hc_worker;

comment on function learning.holders_with_evidence is 'Holders whose evidence names this kind and reference, best first. Security definer: the worker reads no skill.';
comment on function learning.courses_covering is 'Published courses whose outline names the topic. Security definer: row security would disable the index; the policy''s condition stands in it.';
comment on function learning.item_answers is 'Answers to one item, for item analysis. Security definer: the worker reads no attempt.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000188001', 'ada-0188'), ('00000000-0000-7000-8000-000000188002', 'bob-0188'), ('00000000-0000-7000-8000-000000188003', 'eve-0188');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000188011', 'probe_0188', 'probe_0188', 'Probe');
insert into learning.user_skills (user_id, skill_id, level, evidence) values ('00000000-0000-7000-8000-000000188001', '00000000-0000-7000-8000-000000188011', 2, '[{"kind": "machine", "ref": "m-0188", "weight": 1, "at": "2026-01-01"}]'),
  ('00000000-0000-7000-8000-000000188002', '00000000-0000-7000-8000-000000188011', 3, '[{"kind": "course", "ref": "x"}, {"kind": "machine", "ref": "m-0188"}]'), ('00000000-0000-7000-8000-000000188003', '00000000-0000-7000-8000-000000188011', 1, '[{"kind": "machine", "ref": "other"}, {"kind": "course", "ref": "m-0188"}]');
insert into learning.courses (code, title, instructor_id, status, published_at, outline) values ('probe-0188', 'Probe', '00000000-0000-7000-8000-000000188001', 'published', now(), '{"topics": ["probe0188"]}'), ('draft-0188', 'Probe', '00000000-0000-7000-8000-000000188001', 'draft', null, '{"topics": ["probe0188"]}');
insert into learning.assessments (id, skill_id, title) values ('00000000-0000-7000-8000-000000188061', '00000000-0000-7000-8000-000000188011', 'Quiz');
insert into learning.attempts (assessment_id, user_id, answers) values ('00000000-0000-7000-8000-000000188061', '00000000-0000-7000-8000-000000188001', '{"a": 1, "b": 2}'), ('00000000-0000-7000-8000-000000188061', '00000000-0000-7000-8000-000000188002', '{"b": 3}');
set local role hc_worker;
select array_agg(user_id) = '{00000000-0000-7000-8000-000000188002,00000000-0000-7000-8000-000000188001}' from learning.holders_with_evidence('machine', 'm-0188');
select count(*) = 1 and bool_and(answer = '1') from learning.item_answers('00000000-0000-7000-8000-000000188061', 'a');
select count(*) = 2 from learning.item_answers('00000000-0000-7000-8000-000000188061', 'b');
set local role hc_anon;
select array_agg(code) = '{probe-0188}' from learning.courses_covering('probe0188');
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from learning.user_skills where evidence @> '[{"kind": "machine", "ref": "m"}]' $$, 'user_skills_evidence_idx'), ($$ select from learning.courses where outline @> '{"topics": ["x"]}' $$, 'courses_outline_idx'),
  ($$ select from learning.attempts where answers ? 'a' $$, 'attempts_answers_idx')) v(sql, index);
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['learning.holders_with_evidence(text, text)', 'learning.item_answers(uuid, text)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0191 implement_feature critical
-- title: Row policies for learners, instructors, mentors and verifiers
-- does: Everybody reads skills, certifications and what is published; learners their enrolments, progress, attempts, skills and certificates; instructors the cohorts and attempts of their
--   courses, which they may grade; mentors the skills of their mentees; staff everything but keys. Items of an assessment are granted to nobody. skills_of() shows what a profile lets be seen.
-- proves: A sees none of B's attempts, the instructor grades the own course and not another's, items raise 42501, a mentor sees the mentee's level and a stranger does not, drafts are hidden.
-- needs: BUILD_0060, BUILD_0184, BUILD_0185
-- lint: allow mutation: as invoker the my_* and open_* functions answer the same, through the policies of what they read, and slowly
create function learning.my_courses() returns uuid[]
  language sql stable security definer set search_path = ''
as $$ select coalesce(array_agg(c.id), '{}') from learning.courses c where c.instructor_id = core.current_user_id() $$;

create function learning.open_courses() returns uuid[]
  language sql stable security definer set search_path = ''
as $$ select coalesce(array_agg(c.id), '{}') from learning.courses c where c.status <> 'draft' or c.instructor_id = core.current_user_id() $$;

create function learning.open_paths() returns uuid[]
  language sql stable security definer set search_path = ''
as $$ select coalesce(array_agg(p.id), '{}') from learning.paths p where p.for_user_id is null or p.for_user_id = core.current_user_id() $$;

create function learning.my_enrolments() returns uuid[]
  language sql stable security definer set search_path = ''
as $$ select coalesce(array_agg(e.id), '{}') from learning.enrolments e left join learning.courses c on c.id = e.course_id where e.user_id = core.current_user_id() or c.instructor_id = core.current_user_id() $$;

create function learning.my_assessments() returns uuid[]
  language sql stable security definer set search_path = ''
as $$ select coalesce(array_agg(a.id), '{}') from learning.assessments a join learning.courses c on c.id = a.course_id where c.instructor_id = core.current_user_id() $$;

create function learning.my_mentees() returns uuid[]
  language sql stable security definer set search_path = ''
as $$ select coalesce(array_agg(m.mentee_id), '{}') from learning.mentorships m where m.mentor_id = core.current_user_id() and m.status in ('active', 'paused') $$;

create function learning.skills_of(person uuid) returns table (code text, name text, level int)
  language sql stable security definer set search_path = ''
as $$
  select s.code, s.name, learning.skill_level(person, s.id)
  from learning.user_skills us join learning.skills s on s.id = us.skill_id join identity.profiles p on p.user_id = us.user_id
  where us.user_id = person and (person = core.current_user_id()
    or case coalesce(p.visibility ->> 'skills', 'private') when 'public' then true when 'members' then core.has_role('hc_member') and core.current_user_id() is not null else false end)
  order by s.code
$$;

create policy skills_select on learning.skills for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst using (true);
create policy skill_edges_select on learning.skill_edges for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst using (true);
create policy certifications_select on learning.certifications for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst using (true);
create policy courses_open_select on learning.courses for select to hc_anon, hc_agent using (status <> 'draft' or instructor_id = (select core.current_user_id()));
create policy courses_staff_select on learning.courses for select to hc_moderator, hc_auditor using (true);
create policy modules_open_select on learning.modules for select to hc_anon, hc_agent using (course_id = any ((select learning.open_courses())::uuid[]));
create policy modules_staff_select on learning.modules for select to hc_moderator, hc_auditor using (true);
create policy course_skills_open_select on learning.course_skills for select to hc_anon, hc_agent using (course_id = any ((select learning.open_courses())::uuid[]));
create policy course_skills_staff_select on learning.course_skills for select to hc_moderator, hc_auditor using (true);
create policy paths_open_select on learning.paths for select to hc_anon, hc_agent using (for_user_id is null or for_user_id = (select core.current_user_id()));
create policy path_steps_open_select on learning.path_steps for select to hc_anon, hc_agent using (path_id = any ((select learning.open_paths())::uuid[]));
create policy paths_staff_select on learning.paths for select to hc_moderator, hc_auditor using (true);
create policy path_steps_staff_select on learning.path_steps for select to hc_moderator, hc_auditor using (true);
create policy assessments_staff_select on learning.assessments for select to hc_moderator, hc_auditor using (true);
create policy user_skills_own_select on learning.user_skills for select to hc_member using (user_id = (select core.current_user_id()) or user_id = any ((select learning.my_mentees())::uuid[]));
create policy user_skills_staff_select on learning.user_skills for select to hc_moderator, hc_auditor using (true);
create policy enrolments_own_select on learning.enrolments for select to hc_member using (user_id = (select core.current_user_id()) or course_id = any ((select learning.my_courses())::uuid[]));
create policy enrolments_staff_select on learning.enrolments for select to hc_moderator, hc_auditor using (true);
create policy progress_own_select on learning.progress for select to hc_member using (enrolment_id = any ((select learning.my_enrolments())::uuid[]));
create policy progress_staff_select on learning.progress for select to hc_moderator, hc_auditor using (true);
create policy assessments_open_select on learning.assessments for select to hc_member using (course_id is null or course_id = any ((select learning.open_courses())::uuid[]));
create policy attempts_own_select on learning.attempts for select to hc_member using (user_id = (select core.current_user_id()) or assessment_id = any ((select learning.my_assessments())::uuid[]));
create policy attempts_staff_select on learning.attempts for select to hc_moderator, hc_auditor using (true);
create policy attempts_grade_update on learning.attempts for update to hc_member using (assessment_id = any ((select learning.my_assessments())::uuid[])) with check (graded_by = (select core.current_user_id()));
create policy certificates_own_select on learning.certificates for select to hc_member using (user_id = (select core.current_user_id()));
create policy certificates_staff_select on learning.certificates for select to hc_moderator, hc_auditor using (true);
create policy mentorships_own_select on learning.mentorships for select to hc_member using (mentor_id = (select core.current_user_id()) or mentee_id = (select core.current_user_id()));
create policy mentorships_staff_select on learning.mentorships for select to hc_moderator, hc_auditor using (true);

grant select on learning.skills, learning.skill_edges, learning.certifications to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;
grant select on learning.courses, learning.modules, learning.course_skills, learning.paths, learning.path_steps to hc_anon, hc_agent, hc_auditor;
grant select on learning.user_skills, learning.enrolments, learning.progress, learning.attempts, learning.certificates to hc_member, hc_auditor;
grant select (id, mentor_id, mentee_id, skill_id, status, during, goals, sessions_count, ended_at, created_at, updated_at) on learning.mentorships to hc_member, hc_auditor;
grant select (id, course_id, skill_id, title, kind, draw, pass_mark, max_attempts, cooldown, created_at, updated_at) on learning.assessments to hc_member, hc_auditor;
grant update (score, max_score, graded_by, graded_at) on learning.attempts to hc_member;
grant execute on function learning.open_courses, learning.open_paths, learning.skills_of to hc_anon, hc_agent;
grant execute on function learning.my_courses, learning.my_enrolments, learning.my_assessments, learning.my_mentees to hc_member;

comment on function learning.my_courses is 'Courses the current person gives. Security definer: asked by policies.';
comment on function learning.open_courses is 'Courses the current person may read: published ones and own drafts. Security definer: asked by policies.';
comment on function learning.open_paths is 'Paths the current person may read: general ones and own plans. Security definer: asked by policies.';
comment on function learning.my_enrolments is 'Enrolments of the current person and of those in courses it gives. Security definer: asked by policies.';
comment on function learning.my_assessments is 'Assessments of courses the current person gives. Security definer: asked by policies.';
comment on function learning.my_mentees is 'Whom the current person mentors; taking a mentor is the consent. Security definer: asked by policies.';
comment on function learning.skills_of is 'Levels of a person, as far as its profile shows skills (private unless said otherwise). Security definer: row security knows rows, not choices.';
comment on policy skills_select on learning.skills is 'Skills are no secret.';
comment on policy skill_edges_select on learning.skill_edges is 'Prerequisites are no secret.';
comment on policy certifications_select on learning.certifications is 'What can be certified is no secret.';
comment on policy courses_open_select on learning.courses is 'Published courses, and drafts by who gives them.';
comment on policy courses_staff_select on learning.courses is 'Moderation and audit read every course.';
comment on policy modules_open_select on learning.modules is 'Modules of courses one may read.';
comment on policy modules_staff_select on learning.modules is 'Moderation and audit read every module.';
comment on policy course_skills_open_select on learning.course_skills is 'Skills of courses one may read.';
comment on policy course_skills_staff_select on learning.course_skills is 'Moderation and audit read all.';
comment on policy paths_open_select on learning.paths is 'General paths and own plans.';
comment on policy path_steps_open_select on learning.path_steps is 'Steps of paths one may read.';
comment on policy paths_staff_select on learning.paths is 'Moderation and audit read every plan.';
comment on policy path_steps_staff_select on learning.path_steps is 'Moderation and audit read every plan.';
comment on policy assessments_staff_select on learning.assessments is 'Moderation and audit read all, without items.';
comment on policy user_skills_own_select on learning.user_skills is 'Own skills and those of mentees.';
comment on policy user_skills_staff_select on learning.user_skills is 'Moderation and audit read all.';
comment on policy enrolments_own_select on learning.enrolments is 'Own enrolments and those in own courses.';
comment on policy enrolments_staff_select on learning.enrolments is 'Moderation and audit read all.';
comment on policy progress_own_select on learning.progress is 'Progress of enrolments one may read.';
comment on policy progress_staff_select on learning.progress is 'Moderation and audit read all.';
comment on policy assessments_open_select on learning.assessments is 'Assessments of courses one may read, without items.';
comment on policy attempts_own_select on learning.attempts is 'Own attempts and those in own courses.';
comment on policy attempts_staff_select on learning.attempts is 'Moderation and audit read all.';
comment on policy attempts_grade_update on learning.attempts is 'Who gives a course grades in it, by its own name.';
comment on policy certificates_own_select on learning.certificates is 'Own certificates; others check a code (learning.verify_certificate).';
comment on policy certificates_staff_select on learning.certificates is 'Moderation and audit read all.';
comment on policy mentorships_own_select on learning.mentorships is 'Both sides of a mentorship; feedback comes by function.';
comment on policy mentorships_staff_select on learning.mentorships is 'Moderation and audit read all.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000191001', 'ada-0191', 'ada-0191@example.org', 'active'), ('00000000-0000-7000-8000-000000191002', 'bob-0191', 'bob-0191@example.org', 'active'), ('00000000-0000-7000-8000-000000191003', 'ivy-0191', 'ivy-0191@example.org', 'active'), ('00000000-0000-7000-8000-000000191004', 'joe-0191', 'joe-0191@example.org', 'active');
insert into identity.profiles (user_id) values ('00000000-0000-7000-8000-000000191001') on conflict do nothing;
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000191011', 'probe_0191', 'probe_0191', 'Probe');
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000191021', 'probe-0191', 'Probe', '00000000-0000-7000-8000-000000191003'), ('00000000-0000-7000-8000-000000191022', 'other-0191', 'Other', '00000000-0000-7000-8000-000000191004'), ('00000000-0000-7000-8000-000000191023', 'draft-0191', 'Draft', '00000000-0000-7000-8000-000000191003');
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000191031', '00000000-0000-7000-8000-000000191021', 1, 'One'), ('00000000-0000-7000-8000-000000191033', '00000000-0000-7000-8000-000000191023', 1, 'One');
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000191021', '00000000-0000-7000-8000-000000191011', 'teaches'), ('00000000-0000-7000-8000-000000191023', '00000000-0000-7000-8000-000000191011', 'teaches');
update learning.courses set status = 'published', published_at = now() where code in ('probe-0191', 'other-0191');
insert into learning.paths (id, slug, title, goal_skill_id, for_user_id) values ('00000000-0000-7000-8000-000000191041', 'open-0191', 'Open', '00000000-0000-7000-8000-000000191011', null), ('00000000-0000-7000-8000-000000191042', 'mine-0191', 'Mine', '00000000-0000-7000-8000-000000191011', '00000000-0000-7000-8000-000000191001');
insert into learning.path_steps (path_id, position, course_id) values ('00000000-0000-7000-8000-000000191041', 1, '00000000-0000-7000-8000-000000191021'), ('00000000-0000-7000-8000-000000191042', 1, '00000000-0000-7000-8000-000000191021');
insert into learning.enrolments (id, user_id, course_id) values ('00000000-0000-7000-8000-000000191051', '00000000-0000-7000-8000-000000191001', '00000000-0000-7000-8000-000000191021'), ('00000000-0000-7000-8000-000000191052', '00000000-0000-7000-8000-000000191002', '00000000-0000-7000-8000-000000191021');
insert into learning.progress (enrolment_id, module_id, percent) values ('00000000-0000-7000-8000-000000191051', '00000000-0000-7000-8000-000000191031', 10), ('00000000-0000-7000-8000-000000191052', '00000000-0000-7000-8000-000000191031', 10);
insert into learning.assessments (id, course_id, title) values ('00000000-0000-7000-8000-000000191061', '00000000-0000-7000-8000-000000191021', 'Quiz'), ('00000000-0000-7000-8000-000000191062', '00000000-0000-7000-8000-000000191022', 'Quiz'), ('00000000-0000-7000-8000-000000191063', '00000000-0000-7000-8000-000000191023', 'Hidden');
insert into learning.attempts (id, assessment_id, user_id, submitted_at, max_score) values ('00000000-0000-7000-8000-000000191071', '00000000-0000-7000-8000-000000191061', '00000000-0000-7000-8000-000000191001', now(), 10), ('00000000-0000-7000-8000-000000191072', '00000000-0000-7000-8000-000000191061', '00000000-0000-7000-8000-000000191002', now(), 10), ('00000000-0000-7000-8000-000000191073', '00000000-0000-7000-8000-000000191062', '00000000-0000-7000-8000-000000191001', now(), 10);
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000191001', '00000000-0000-7000-8000-000000191011', 2, 'import'), ('00000000-0000-7000-8000-000000191002', '00000000-0000-7000-8000-000000191011', 3, 'import');
insert into learning.certifications (id, code, title) values ('00000000-0000-7000-8000-000000191081', 'probe-0191', 'Probe');
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0191', '00000000-0000-7000-8000-000000191081', '00000000-0000-7000-8000-000000191001', '{}', sha256('x'), 'code-0191-a'), ('P-0191-2', '00000000-0000-7000-8000-000000191081', '00000000-0000-7000-8000-000000191002', '{}', sha256('x'), 'code-0191-b');
insert into learning.mentorships (id, mentor_id, mentee_id, skill_id, status) values ('00000000-0000-7000-8000-000000191091', '00000000-0000-7000-8000-000000191003', '00000000-0000-7000-8000-000000191001', '00000000-0000-7000-8000-000000191011', 'active'), ('00000000-0000-7000-8000-000000191092', '00000000-0000-7000-8000-000000191004', '00000000-0000-7000-8000-000000191002', '00000000-0000-7000-8000-000000191011', 'active');
create function pg_temp.seen_0191() returns text language sql as $$
  select format('%s courses, %s modules, %s taught, %s paths, %s steps, %s enrolments, %s progress, %s assessments, %s attempts, %s skills, %s certificates, %s mentorships',
    (select count(*) from learning.courses where code like '%-0191'), (select count(*) from learning.modules where id::text like '%191031' or id::text like '%191033'), (select count(*) from learning.course_skills where skill_id = '00000000-0000-7000-8000-000000191011'),
    (select count(*) from learning.paths where slug::text like '%-0191'), (select count(*) from learning.path_steps where path_id::text like '%19104_'), (select count(*) from learning.enrolments where id::text like '%19105_'),
    (select count(*) from learning.progress where module_id = '00000000-0000-7000-8000-000000191031'), (select count(*) from learning.assessments where id::text like '%19106_'), (select count(*) from learning.attempts where id::text like '%19107_'),
    (select count(*) from learning.user_skills where skill_id = '00000000-0000-7000-8000-000000191011'), (select count(*) from learning.certificates where number like 'P-0191%'), (select count(*) from learning.mentorships where id::text like '%19109_')) $$;
grant execute on function pg_temp.seen_0191 to hc_member;
select core.act_as('00000000-0000-7000-8000-000000191001');
set local role hc_member;
select pg_temp.seen_0191() = '2 courses, 1 modules, 1 taught, 2 paths, 2 steps, 1 enrolments, 1 progress, 2 assessments, 2 attempts, 1 skills, 1 certificates, 1 mentorships';
select blueprint.raises('select items from learning.assessments', '42501'), blueprint.raises('select mentor_feedback from learning.mentorships', '42501');
select sql, blueprint.raises(sql, '42501') from unnest(array['insert into learning.enrolments (user_id, course_id) values (uuidv7(), uuidv7())', 'update learning.progress set percent = 100', 'delete from learning.attempts', 'update learning.attempts set answers = ''{}''', 'update learning.user_skills set level = 5', 'insert into learning.certificates default values']) sql;
with graded as (update learning.attempts set score = 9, graded_by = '00000000-0000-7000-8000-000000191001', graded_at = now() where id = '00000000-0000-7000-8000-000000191071' returning 1) select count(*) = 0 from graded;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000191003');
set local role hc_member;
select pg_temp.seen_0191() = '3 courses, 2 modules, 2 taught, 1 paths, 1 steps, 2 enrolments, 2 progress, 3 assessments, 2 attempts, 1 skills, 0 certificates, 1 mentorships';
with graded as (update learning.attempts set score = 9, graded_by = '00000000-0000-7000-8000-000000191003', graded_at = now() where id::text like '%19107_' and user_id = '00000000-0000-7000-8000-000000191001' returning id) select array_agg(id) = '{00000000-0000-7000-8000-000000191071}' from graded;
select blueprint.raises($$ update learning.attempts set score = 1, graded_by = '00000000-0000-7000-8000-000000191004' where id = '00000000-0000-7000-8000-000000191072' $$, '42501');
select count(*) = 0 from learning.skills_of('00000000-0000-7000-8000-000000191001');
set local role hc_owner;
update identity.profiles set visibility = '{"skills": "members"}' where user_id = '00000000-0000-7000-8000-000000191001';
set local role hc_member;
select level = 2 from learning.skills_of('00000000-0000-7000-8000-000000191001') where code = 'probe_0191';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000191001');
set local role hc_member;
select level = 2 from learning.skills_of('00000000-0000-7000-8000-000000191001') where code = 'probe_0191';
set local role hc_owner;
select core.act_as(null);
set local role hc_anon;
select count(*) = 0 from learning.skills_of('00000000-0000-7000-8000-000000191001');
select (select count(*) from learning.courses where code like '%-0191') = 2, (select count(*) from learning.modules where id::text like '%191031' or id::text like '%191033') = 1, (select count(*) from learning.paths where slug::text like '%-0191') = 1, (select count(*) from learning.path_steps where path_id::text like '%19104_') = 1,
  (select count(*) from learning.course_skills where skill_id = '00000000-0000-7000-8000-000000191011') = 1, exists (select from learning.skills where code = 'probe_0191'), exists (select from learning.certifications where code = 'probe-0191'), exists (select from learning.skill_edges);
select blueprint.raises('select from learning.enrolments', '42501'), blueprint.raises('select from learning.attempts', '42501');
set local role hc_auditor;
select (select count(*) from learning.courses where code like '%-0191') = 3, (select count(*) from learning.modules where id::text like '%191031' or id::text like '%191033') = 2, (select count(*) from learning.course_skills where skill_id = '00000000-0000-7000-8000-000000191011') = 2,
  (select count(*) from learning.enrolments where id::text like '%19105_') = 2, (select count(*) from learning.progress where module_id = '00000000-0000-7000-8000-000000191031') = 2, (select count(*) from learning.attempts where id::text like '%19107_') = 3,
  (select count(*) from learning.user_skills where skill_id = '00000000-0000-7000-8000-000000191011') = 2, (select count(*) from learning.certificates where number like 'P-0191%') = 2, (select count(*) from learning.mentorships where id::text like '%19109_') = 2, (select count(*) from learning.paths where slug::text like '%-0191') = 2, (select count(*) from learning.path_steps where path_id::text like '%19104_') = 2, (select count(*) from learning.assessments where id::text like '%19106_') = 3;
set local role hc_owner;
select role, t, has_table_privilege(role, 'learning.' || t, 'select') from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role, unnest(array['skills', 'skill_edges', 'certifications']) t;
select role, t, has_table_privilege(role, 'learning.' || t, 'select') from unnest(array['hc_anon', 'hc_agent', 'hc_auditor']) role, unnest(array['courses', 'modules', 'course_skills', 'paths', 'path_steps']) t;
select role, t, has_table_privilege(role, 'learning.' || t, 'select') from unnest(array['hc_member', 'hc_auditor']) role, unnest(array['user_skills', 'enrolments', 'progress', 'attempts', 'certificates']) t;
select role, c, has_column_privilege(role, 'learning.mentorships', c, 'select') from unnest(array['hc_member', 'hc_auditor']) role, unnest(string_to_array('id,mentor_id,mentee_id,skill_id,status,during,goals,sessions_count,ended_at,created_at,updated_at', ',')) c;
select role, c, has_column_privilege(role, 'learning.assessments', c, 'select') from unnest(array['hc_member', 'hc_auditor']) role, unnest(string_to_array('id,course_id,skill_id,title,kind,draw,pass_mark,max_attempts,cooldown,created_at,updated_at', ',')) c;
select c, has_column_privilege('hc_member', 'learning.attempts', c, 'update') from unnest(array['score', 'max_score', 'graded_by', 'graded_at']) c;
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') from unnest(array['learning.open_courses()', 'learning.open_paths()', 'learning.skills_of(uuid)']) f;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.my_courses()', 'learning.my_enrolments()', 'learning.my_assessments()', 'learning.my_mentees()']) f;
select count(*) = 0 from blueprint.open_to_public('learning');
