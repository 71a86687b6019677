-- Room learning, rules: what a row must be, what happens when somebody learns, and what stays as it was.

-- task: BUILD_0189 create_constraints critical
-- title: Constrain learning: levels, attempts, windows, mentor overlap, certificate dates
-- does: Words come from their vocabularies, numbers stay in their range, nobody is enrolled twice at once, attempts keep to the limit and the pause of their assessment, items of an
--   assessment have the shape their grading needs, mentorships of a pair do not overlap, a certificate ends when its certification says.
-- proves: each rule refuses the row that breaks it, by name: a second live enrolment 23505, an attempt too many 23514, an overlapping mentorship 23P01, an item without key 23514.
-- needs: BUILD_0005, BUILD_0021, BUILD_0184
create function learning.is_item_list(items jsonb) returns boolean
  language sql immutable strict parallel safe
begin atomic
  select jsonb_typeof(items) = 'array' and not exists (
    select from jsonb_array_elements(items) i
    where not coalesce(jsonb_typeof(i) = 'object' and i ? 'id' and i ? 'key' and i ? 'prompt' and (i ->> 'points')::numeric > 0
      and case i ->> 'type' when 'single' then jsonb_typeof(i -> 'options') = 'array' and jsonb_typeof(i -> 'key') = 'string' when 'multiple' then jsonb_typeof(i -> 'options') = 'array' and jsonb_typeof(i -> 'key') = 'array'
        when 'numeric' then jsonb_typeof(i -> 'key') = 'number' when 'ordering' then jsonb_typeof(i -> 'key') = 'array' when 'manual' then true else false end, false))
    and (select count(distinct i ->> 'id') = count(*) from jsonb_array_elements(items) i);
end;

alter table learning.skills
  add constraint skills_code_check check (code ~ '^[a-z0-9_-]{2,60}$'),
  add constraint skills_status_check check (status in ('active', 'retired')),
  add constraint skills_half_life_days_check check (half_life_days > 0),
  add constraint skills_level_scale_check check (jsonb_typeof(level_scale) = 'array' and jsonb_array_length(level_scale) = 6);
alter table learning.skill_edges
  add constraint skill_edges_requires_id_check check (skill_id <> requires_id),
  add constraint skill_edges_min_level_check check (min_level >= 1 and min_level <= 5);
alter table learning.user_skills
  add constraint user_skills_level_check check (level >= 0 and level <= 5),
  add constraint user_skills_evidence_check check (jsonb_typeof(evidence) = 'array'),
  add constraint user_skills_expires_at_check check (expires_at > assessed_at),
  add constraint user_skills_source_check check (source in ('evidence', 'course', 'assessment', 'import'));
alter table learning.courses
  add constraint courses_status_check check (status in ('draft', 'published', 'archived')),
  add constraint courses_published_at_check check (status = 'draft' or published_at is not null),
  add constraint courses_difficulty_check check (difficulty >= 1 and difficulty <= 5),
  add constraint courses_estimated_minutes_check check (estimated_minutes >= 0),
  add constraint courses_seats_check check (seats > 0),
  add constraint courses_withdraw_days_check check (withdraw_days >= 0),
  add constraint courses_rating_check check (rating >= 1 and rating <= 5);
alter table learning.modules
  add constraint modules_position_check check (position > 0),
  add constraint modules_kind_check check (kind in ('video', 'reading', 'quiz', 'practical')),
  add constraint modules_minutes_check check (minutes > 0),
  add constraint modules_completion_rule_check check (completion_rule ->> 'type' in ('percent', 'seconds', 'quiz_passed', 'manual')),
  add constraint modules_assessment_id_check check (completion_rule ->> 'type' <> 'quiz_passed' or assessment_id is not null);
alter table learning.course_skills
  add constraint course_skills_direction_check check (direction in ('teaches', 'requires')),
  add constraint course_skills_level_check check (level >= 1 and level <= 5);
alter table learning.path_steps
  add constraint path_steps_position_check check (position > 0),
  add constraint path_steps_unlock_check check (jsonb_typeof(unlock) = 'object');
alter table learning.enrolments
  add constraint enrolments_status_check check (status in ('waitlisted', 'enrolled', 'active', 'completed', 'withdrawn', 'expired')),
  add constraint enrolments_progress_pct_check check (progress_pct >= 0 and progress_pct <= 100),
  add constraint enrolments_completed_at_check check ((status = 'completed') = (completed_at is not null)),
  add constraint enrolments_waived_by_check check (waived_by <> user_id);
create unique index enrolments_user_id_course_id_live_key on learning.enrolments (user_id, course_id) where status in ('waitlisted', 'enrolled', 'active');
alter table learning.progress
  add constraint progress_state_check check (state in ('started', 'done')),
  add constraint progress_percent_check check (percent >= 0 and percent <= 100),
  add constraint progress_seconds_spent_check check (seconds_spent >= 0);
alter table learning.assessments
  add constraint assessments_subject_check check (num_nonnulls(course_id, skill_id) >= 1),
  add constraint assessments_kind_check check (kind in ('quiz', 'practical', 'peer')),
  add constraint assessments_items_check check (learning.is_item_list(items)),
  add constraint assessments_draw_check check (draw > 0),
  add constraint assessments_pass_mark_check check (pass_mark >= 1 and pass_mark <= 100),
  add constraint assessments_max_attempts_check check (max_attempts > 0),
  add constraint assessments_cooldown_check check (cooldown >= '0'::interval);
alter table learning.attempts
  add constraint attempts_number_check check (number > 0),
  add constraint attempts_submitted_at_check check (submitted_at >= started_at),
  add constraint attempts_score_check check (score >= 0 and score <= max_score),
  add constraint attempts_graded_at_check check (graded_at is null or (submitted_at is not null and score is not null)),
  add constraint attempts_pass_mark_check check (pass_mark >= 1 and pass_mark <= 100);
alter table learning.certifications add constraint certifications_validity_check check (validity > '0'::interval);
alter table learning.certificates
  add constraint certificates_revoke_reason_check check ((revoked_at is null) = (revoke_reason is null)),
  add constraint certificates_renews_id_check check (renews_id <> id),
  add constraint certificates_public_code_check check (length(public_code) >= 8);
alter table learning.mentorships
  add constraint mentorships_status_check check (status in ('offered', 'active', 'paused', 'completed', 'ended', 'declined')),
  add constraint mentorships_mentee_id_check check (mentor_id <> mentee_id),
  add constraint mentorships_sessions_count_check check (sessions_count >= 0),
  add constraint mentorships_pair_during_key unique (mentor_id, mentee_id, skill_id, during without overlaps);

create function learning.check_attempt() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  a learning.assessments;
  latest timestamptz;
begin
  select * into a from learning.assessments x where x.id = new.assessment_id for no key update;
  if new.number > a.max_attempts then
    raise exception using errcode = '23514', table = 'attempts', constraint = 'attempts_max_attempts', message = format('%s allows %s attempts', a.title, a.max_attempts),
      hint = 'Ask the instructor for another one.';
  end if;
  select max(coalesce(t.submitted_at, t.started_at)) into latest from learning.attempts t where t.assessment_id = new.assessment_id and t.user_id = new.user_id;
  if new.started_at < latest + a.cooldown then
    raise exception using errcode = '23514', table = 'attempts', constraint = 'attempts_cooldown', message = format('the next attempt at %s may begin at %s', a.title, latest + a.cooldown);
  end if;
  return new;
end $$;

create trigger attempts_limits before insert on learning.attempts for each row execute function learning.check_attempt();

create function learning.check_expiry() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  due constant timestamptz := new.issued_at + (select c.validity from learning.certifications c where c.id = new.certification_id);
begin
  if new.expires_at is null then
    new.expires_at := due;
  elsif new.expires_at is distinct from due then
    raise exception using errcode = '23514', table = 'certificates', column = 'expires_at', constraint = 'certificates_validity', message = format('this certificate ends at %s', coalesce(due::text, 'no time'));
  end if;
  return new;
end $$;

create trigger certificates_expiry before insert on learning.certificates for each row execute function learning.check_expiry();

grant execute on function learning.is_item_list to hc_member, hc_worker;

comment on function learning.is_item_list is 'Whether a bank of items has ids, prompts, points and, by type (single, multiple, numeric, ordering, manual), the key its grading needs.';
comment on function learning.check_attempt is 'Holds attempts to the limit and the pause of their assessment, whose row it locks.';
comment on function learning.check_expiry is 'A certificate ends when the validity of its certification says.';
comment on trigger attempts_limits on learning.attempts is 'No attempt too many or too soon.';
comment on trigger certificates_expiry on learning.certificates is 'Ends when its certification says.';
comment on index learning.enrolments_user_id_course_id_live_key is 'One live enrolment a person and course.';
comment on constraint mentorships_pair_during_key on learning.mentorships is 'Mentorships of a pair in a skill do not overlap.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000189001', 'ada-0189'), ('00000000-0000-7000-8000-000000189002', 'bob-0189');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000189011', 'probe_0189', 'probe_0189', 'Probe');
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000189021', 'probe-0189', 'Probe', '00000000-0000-7000-8000-000000189002');
insert into learning.modules (course_id, position, title) values ('00000000-0000-7000-8000-000000189021', 1, 'One');
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000189021', '00000000-0000-7000-8000-000000189011', 'teaches');
insert into learning.enrolments (id, user_id, course_id) values ('00000000-0000-7000-8000-000000189051', '00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189021');
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000189039', '00000000-0000-7000-8000-000000189021', 9, 'Nine');
insert into learning.progress (enrolment_id, module_id) select '00000000-0000-7000-8000-000000189051', id from learning.modules where course_id = '00000000-0000-7000-8000-000000189021' and position = 1;
insert into learning.user_skills (user_id, skill_id) values ('00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189011');
insert into learning.paths (id, slug, title, goal_skill_id) values ('00000000-0000-7000-8000-000000189041', 'probe-0189', 'Probe', '00000000-0000-7000-8000-000000189011');
insert into learning.path_steps (path_id, position, course_id) values ('00000000-0000-7000-8000-000000189041', 1, '00000000-0000-7000-8000-000000189021');
insert into learning.assessments (id, course_id, title, max_attempts, cooldown) values ('00000000-0000-7000-8000-000000189061', '00000000-0000-7000-8000-000000189021', 'Quiz', 2, '1 hour');
insert into learning.attempts (id, assessment_id, user_id, started_at) values ('00000000-0000-7000-8000-000000189062', '00000000-0000-7000-8000-000000189061', '00000000-0000-7000-8000-000000189001', now() - interval '2 hours');
insert into learning.certifications (id, code, title, validity) values ('00000000-0000-7000-8000-000000189071', 'probe-0189', 'Probe', '1 year'), ('00000000-0000-7000-8000-000000189072', 'probe-0189b', 'Probe', null);
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0189', '00000000-0000-7000-8000-000000189071', '00000000-0000-7000-8000-000000189001', '{}', sha256('x'), 'code-0189-a') returning expires_at = issued_at + interval '1 year';
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0189-2', '00000000-0000-7000-8000-000000189072', '00000000-0000-7000-8000-000000189001', '{}', sha256('x'), 'code-0189-b') returning expires_at is null;
insert into learning.mentorships (mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000189002', '00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189011');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into learning.enrolments (user_id, course_id, status) values ('00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189021', 'waitlisted') $$, '23505', 'enrolments_user_id_course_id_live_key'),
  ($$ insert into learning.attempts (assessment_id, user_id, number) values ('00000000-0000-7000-8000-000000189061', '00000000-0000-7000-8000-000000189001', 3) $$, '23514', 'attempts_max_attempts'),
  ($$ insert into learning.attempts (assessment_id, user_id, number, started_at) values ('00000000-0000-7000-8000-000000189061', '00000000-0000-7000-8000-000000189001', 2, now() - interval '90 minutes') $$, '23514', 'attempts_cooldown'),
  ($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id, during) values ('00000000-0000-7000-8000-000000189002', '00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189011', tstzrange(now() + interval '1 day', null)) $$, '23P01', 'mentorships_pair_during_key'),
  ($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code, expires_at) values ('P-0189-3', '00000000-0000-7000-8000-000000189071', '00000000-0000-7000-8000-000000189001', '{}', sha256('x'), 'code-0189-c', now() + interval '2 years') $$, '23514', 'certificates_validity'),
  ($$ update learning.certificates set revoked_at = now() where number = 'P-0189' $$, '23514', 'certificates_revoke_reason_check'),
  ($$ insert into learning.certificates (id, number, certification_id, user_id, credential, credential_sha256, public_code, renews_id) values ('00000000-0000-7000-8000-000000189081', 'P-0189-9', '00000000-0000-7000-8000-000000189072', '00000000-0000-7000-8000-000000189001', '{}', sha256('x'), 'code-0189-z', '00000000-0000-7000-8000-000000189081') $$, '23514', 'certificates_renews_id_check'), ($$ insert into learning.certificates (id, number, certification_id, user_id, credential, credential_sha256, public_code, renews_id) values ('00000000-0000-7000-8000-000000189081', 'P-0189-9', '00000000-0000-7000-8000-000000189072', '00000000-0000-7000-8000-000000189001', '{}', sha256('x'), 'short', null) $$, '23514', 'certificates_public_code_check'),
  ($$ update learning.certifications set validity = '0' where code = 'probe-0189' $$, '23514', 'certifications_validity_check'),
  ($$ insert into learning.skills (path, code, name) values ('x_0189', 'A b', 'x') $$, '23514', 'skills_code_check'), ($$ update learning.skills set status = 'x' where code = 'probe_0189' $$, '23514', 'skills_status_check'),
  ($$ update learning.skills set half_life_days = 0 where code = 'probe_0189' $$, '23514', 'skills_half_life_days_check'), ($$ update learning.skills set level_scale = '["a"]' where code = 'probe_0189' $$, '23514', 'skills_level_scale_check'),
  ($$ insert into learning.skill_edges values ('00000000-0000-7000-8000-000000189011', '00000000-0000-7000-8000-000000189011') $$, '23514', 'skill_edges_requires_id_check'),
  ($$ insert into learning.skill_edges select '00000000-0000-7000-8000-000000189011', id, 6 from learning.skills where code = 'cad' $$, '23514', 'skill_edges_min_level_check'),
  ($$ update learning.user_skills set level = 6 where skill_id = '00000000-0000-7000-8000-000000189011' $$, '23514', 'user_skills_level_check'), ($$ update learning.user_skills set evidence = '{}' where skill_id = '00000000-0000-7000-8000-000000189011' $$, '23514', 'user_skills_evidence_check'),
  ($$ update learning.user_skills set expires_at = assessed_at where skill_id = '00000000-0000-7000-8000-000000189011' $$, '23514', 'user_skills_expires_at_check'), ($$ update learning.user_skills set source = 'x' where skill_id = '00000000-0000-7000-8000-000000189011' $$, '23514', 'user_skills_source_check'),
  ($$ update learning.courses set status = 'x', published_at = now() where code = 'probe-0189' $$, '23514', 'courses_status_check'), ($$ insert into learning.courses (code, title, instructor_id, status) values ('probe-0189b', 'x', '00000000-0000-7000-8000-000000189002', 'published') $$, '23514', 'courses_published_at_check'),
  ($$ update learning.courses set difficulty = 6 where code = 'probe-0189' $$, '23514', 'courses_difficulty_check'), ($$ update learning.courses set estimated_minutes = -1 where code = 'probe-0189' $$, '23514', 'courses_estimated_minutes_check'),
  ($$ update learning.courses set seats = 0 where code = 'probe-0189' $$, '23514', 'courses_seats_check'), ($$ update learning.courses set withdraw_days = -1 where code = 'probe-0189' $$, '23514', 'courses_withdraw_days_check'),
  ($$ update learning.courses set rating = 5.5 where code = 'probe-0189' $$, '23514', 'courses_rating_check'),
  ($$ insert into learning.modules (course_id, position, title) values ('00000000-0000-7000-8000-000000189021', 0, 'x') $$, '23514', 'modules_position_check'), ($$ insert into learning.modules (course_id, position, title, kind) values ('00000000-0000-7000-8000-000000189021', 2, 'x', 'x') $$, '23514', 'modules_kind_check'),
  ($$ insert into learning.modules (course_id, position, title, minutes) values ('00000000-0000-7000-8000-000000189021', 2, 'x', 0) $$, '23514', 'modules_minutes_check'),
  ($$ insert into learning.modules (course_id, position, title, completion_rule) values ('00000000-0000-7000-8000-000000189021', 2, 'x', '{"type": "luck"}') $$, '23514', 'modules_completion_rule_check'),
  ($$ insert into learning.modules (course_id, position, title, completion_rule) values ('00000000-0000-7000-8000-000000189021', 2, 'x', '{"type": "quiz_passed"}') $$, '23514', 'modules_assessment_id_check'),
  ($$ insert into learning.course_skills values ('00000000-0000-7000-8000-000000189021', '00000000-0000-7000-8000-000000189011', 'x') $$, '23514', 'course_skills_direction_check'),
  ($$ insert into learning.course_skills values ('00000000-0000-7000-8000-000000189021', '00000000-0000-7000-8000-000000189011', 'requires', 0) $$, '23514', 'course_skills_level_check'),
  ($$ update learning.path_steps set position = 0 where path_id = '00000000-0000-7000-8000-000000189041' $$, '23514', 'path_steps_position_check'), ($$ update learning.path_steps set unlock = '[]' where path_id = '00000000-0000-7000-8000-000000189041' $$, '23514', 'path_steps_unlock_check'),
  ($$ insert into learning.enrolments (user_id, course_id, status) values ('00000000-0000-7000-8000-000000189002', '00000000-0000-7000-8000-000000189021', 'x') $$, '23514', 'enrolments_status_check'), ($$ update learning.enrolments set progress_pct = 101 where id = '00000000-0000-7000-8000-000000189051' $$, '23514', 'enrolments_progress_pct_check'),
  ($$ update learning.enrolments set completed_at = now() where id = '00000000-0000-7000-8000-000000189051' $$, '23514', 'enrolments_completed_at_check'), ($$ update learning.enrolments set waived_by = user_id where id = '00000000-0000-7000-8000-000000189051' $$, '23514', 'enrolments_waived_by_check'),
  ($$ update learning.progress set state = 'x' where enrolment_id = '00000000-0000-7000-8000-000000189051' $$, '23514', 'progress_state_check'), ($$ update learning.progress set percent = 101 where enrolment_id = '00000000-0000-7000-8000-000000189051' $$, '23514', 'progress_percent_check'),
  ($$ insert into learning.progress (enrolment_id, module_id, seconds_spent) values ('00000000-0000-7000-8000-000000189051', '00000000-0000-7000-8000-000000189039', -1) $$, '23514', 'progress_seconds_spent_check'),
  ($$ insert into learning.assessments (title) values ('x') $$, '23514', 'assessments_subject_check'), ($$ update learning.assessments set kind = 'x' where id = '00000000-0000-7000-8000-000000189061' $$, '23514', 'assessments_kind_check'),
  ($$ update learning.assessments set items = '[{"id": "a", "type": "single", "prompt": "?", "options": ["x"], "points": 1}]' where id = '00000000-0000-7000-8000-000000189061' $$, '23514', 'assessments_items_check'),
  ($$ update learning.assessments set draw = 0 where id = '00000000-0000-7000-8000-000000189061' $$, '23514', 'assessments_draw_check'), ($$ update learning.assessments set pass_mark = 0 where id = '00000000-0000-7000-8000-000000189061' $$, '23514', 'assessments_pass_mark_check'),
  ($$ update learning.assessments set max_attempts = 0 where id = '00000000-0000-7000-8000-000000189061' $$, '23514', 'assessments_max_attempts_check'), ($$ update learning.assessments set cooldown = '-1 hour' where id = '00000000-0000-7000-8000-000000189061' $$, '23514', 'assessments_cooldown_check'),
  ($$ insert into learning.attempts (assessment_id, user_id, number) values ('00000000-0000-7000-8000-000000189061', '00000000-0000-7000-8000-000000189002', 0) $$, '23514', 'attempts_number_check'),
  ($$ update learning.attempts set submitted_at = started_at - interval '1 hour' where id = '00000000-0000-7000-8000-000000189062' $$, '23514', 'attempts_submitted_at_check'), ($$ update learning.attempts set score = 2, max_score = 1 where id = '00000000-0000-7000-8000-000000189062' $$, '23514', 'attempts_score_check'),
  ($$ update learning.attempts set graded_at = now() where id = '00000000-0000-7000-8000-000000189062' $$, '23514', 'attempts_graded_at_check'), ($$ insert into learning.attempts (assessment_id, user_id, pass_mark) values ('00000000-0000-7000-8000-000000189061', '00000000-0000-7000-8000-000000189002', 0) $$, '23514', 'attempts_pass_mark_check'),
  ($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id, status) values ('00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189002', '00000000-0000-7000-8000-000000189011', 'x') $$, '23514', 'mentorships_status_check'),
  ($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189001', '00000000-0000-7000-8000-000000189011') $$, '23514', 'mentorships_mentee_id_check'),
  ($$ update learning.mentorships set sessions_count = -1 where mentor_id = '00000000-0000-7000-8000-000000189002' $$, '23514', 'mentorships_sessions_count_check')) v(sql, state, rule);
select learning.is_item_list('[{"id": "a", "type": "single", "prompt": "?", "options": ["x", "y"], "key": "x", "points": 1}, {"id": "b", "type": "numeric", "prompt": "?", "key": 25.4, "points": 2}]'),
  not learning.is_item_list('[{"id": "a", "type": "numeric", "prompt": "?", "key": 1, "points": 1}, {"id": "a", "type": "numeric", "prompt": "?", "key": 1, "points": 1}]'), not learning.is_item_list('{}');
select role, has_function_privilege(role, 'learning.is_item_list(jsonb)', 'execute') from unnest(array['hc_member', 'hc_worker']) role;
select count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0185 create_functions critical
-- title: Learning functions: enrol, record_progress, submit_attempt, skill_level
-- does: enrol(course) checks requirements and seats, record_progress() notes how far somebody is and completes what its rule calls complete, submit_attempt() grades closed items,
--   skill_level() is what the evidence for a skill is worth at a time, with its decay; completing a course is evidence for what it teaches.
-- proves: enrolling without a required skill raises and lists it, a full course raises, after the last module the enrolment is complete and skill_level reflects the award, strangers are refused.
-- needs: BUILD_0012, BUILD_0184, BUILD_0189
create function learning.level_of(points numeric, evidence jsonb) returns int
  language sql immutable parallel safe
  return least(case when points >= 16 then 5 when points >= 8 then 4 when points >= 4 then 3 when points >= 2 then 2 when points >= 1 then 1 else 0 end,
    case when evidence @? '$[*] ? (@.kind == "run" && @.weight > 0)' and evidence @? '$[*] ? (@.kind == "review" && @.weight > 0)' then 5 else 3 end);

create function learning.points(evidence jsonb, half_life_days int, at timestamptz) returns numeric
  language sql stable parallel safe
begin atomic
  select coalesce(round(sum((e ->> 'weight')::numeric * case when half_life_days is null then 1 else power(0.5, greatest(0, extract(epoch from at - (e ->> 'at')::timestamptz) / 86400) / half_life_days) end), 6), 0)
  from jsonb_array_elements(evidence) e where (e ->> 'at')::timestamptz <= at;
end;

create function learning.skill_level(person uuid, skill uuid, at timestamptz default now()) returns int
  language sql stable security definer set search_path = ''
as $$
  select coalesce((
    select case when us.expires_at <= at then 0 when us.evidence = '[]' then us.level else learning.level_of(learning.points(us.evidence, s.half_life_days, at), us.evidence) end
    from learning.user_skills us join learning.skills s on s.id = us.skill_id where us.user_id = person and us.skill_id = skill), 0)
$$;

create function learning.put_evidence(person uuid, skill uuid, kind text, ref text, weight numeric, at timestamptz default now()) returns int
  language plpgsql set search_path = ''
as $$
declare
  found learning.user_skills;
begin
  insert into learning.user_skills (user_id, skill_id) values (person, skill) on conflict do nothing;
  select * into found from learning.user_skills us where us.user_id = person and us.skill_id = skill for update;
  if not found.evidence @> jsonb_build_array(jsonb_build_object('kind', kind, 'ref', ref)) then
    found.evidence := found.evidence || jsonb_build_object('kind', kind, 'ref', ref, 'weight', weight, 'at', at);
  end if;
  found.level := learning.level_of(learning.points(found.evidence, (select s.half_life_days from learning.skills s where s.id = skill), now()), found.evidence);
  update learning.user_skills us set evidence = found.evidence, level = found.level, assessed_at = now(), expires_at = null, source = 'evidence' where us.user_id = person and us.skill_id = skill;
  return found.level;
end $$;

create function learning.missing_for(course uuid, person uuid) returns table (code text, name text, needs int, has int)
  language sql stable security definer set search_path = ''
as $$
  select s.code, s.name, cs.level, h.has
  from learning.course_skills cs join learning.skills s on s.id = cs.skill_id, lateral (select learning.skill_level(person, cs.skill_id) as has) h
  where cs.course_id = course and cs.direction = 'requires' and h.has < cs.level order by s.code
$$;

create function learning.enrol(course uuid) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  c learning.courses;
  lacking text;
  made uuid;
begin
  if me is null then
    raise exception using errcode = '42501', message = 'sign in to enrol';
  end if;
  select * into c from learning.courses x where x.id = course and x.status = 'published' for update;
  if not found then
    raise exception using errcode = 'P0002', message = 'there is no such course', hint = 'learning.course_catalogue lists those that are open.';
  end if;
  select string_agg(format('%s %s (you have %s)', m.code, m.needs, m.has), ', ') into lacking from learning.missing_for(course, me) m;
  if lacking is not null then
    raise exception using errcode = '55000', message = format('%s requires %s', c.title, lacking), hint = 'Learn these first, or ask the instructor to let you in.';
  elsif c.seats <= (select count(*) from learning.enrolments e where e.course_id = course and e.status in ('enrolled', 'active')) then
    raise exception using errcode = '55000', message = format('%s has no seat left', c.title), hint = 'Enrol in a cohort to be put on its waiting list.';
  end if;
  insert into learning.enrolments (user_id, course_id) values (me, course) returning id into made;
  return made;
end $$;

create function learning.module_done(m learning.modules, p learning.progress, person uuid) returns boolean
  language sql stable set search_path = ''
as $$
  select coalesce(case m.completion_rule ->> 'type'
    when 'percent' then p.percent >= coalesce((m.completion_rule ->> 'at_least')::numeric, 100)
    when 'seconds' then p.seconds_spent >= (m.completion_rule ->> 'at_least')::int
    when 'quiz_passed' then exists (select from learning.attempts a where a.assessment_id = m.assessment_id and a.user_id = person and a.passed)
    when 'manual' then (p.state_data ->> 'approved')::boolean end, false)
$$;

create function learning.course_completion(enrolment uuid) returns numeric
  language sql stable set search_path = ''
as $$
  select coalesce(round(avg(case when p.state = 'done' then 100 else least(coalesce(p.percent, 0), 99) end), 2), 0)
  from learning.enrolments e join learning.modules m on m.course_id = e.course_id left join learning.progress p on p.enrolment_id = e.id and p.module_id = m.id
  where e.id = enrolment
$$;

create function learning.settle(enrolment uuid) returns numeric
  language plpgsql set search_path = ''
as $$
declare
  e learning.enrolments;
  reached numeric;
begin
  select * into e from learning.enrolments x where x.id = enrolment for update;
  update learning.progress p set state = 'done'
  from learning.modules m
  where p.enrolment_id = enrolment and m.id = p.module_id and p.state <> 'done' and learning.module_done(m, p, e.user_id);
  reached := learning.course_completion(enrolment);
  if e.status in ('enrolled', 'active') and reached = 100
      and not exists (select from learning.modules m where m.course_id = e.course_id and not exists (select from learning.progress p where p.enrolment_id = enrolment and p.module_id = m.id and p.state = 'done')) then
    update learning.enrolments x set progress_pct = 100, status = 'completed', completed_at = clock_timestamp() where x.id = enrolment;
    perform learning.put_evidence(e.user_id, cs.skill_id, 'course', e.course_id::text, power(2::numeric, cs.level - 1)) from learning.course_skills cs where cs.course_id = e.course_id and cs.direction = 'teaches';
  elsif e.status in ('enrolled', 'active') then
    update learning.enrolments x set progress_pct = reached, status = 'active' where x.id = enrolment and (x.progress_pct <> reached or x.status <> 'active');
  end if;
  return reached;
end $$;

create function learning.record_progress(enrolment uuid, module uuid, percent numeric, seconds int default 0) returns numeric
  language plpgsql security definer set search_path = ''
as $$
declare
  e learning.enrolments;
begin
  select * into e from learning.enrolments x where x.id = enrolment and x.user_id = core.current_user_id() for update;
  if not found then
    raise exception using errcode = '42501', message = 'this is not your enrolment';
  elsif e.status not in ('enrolled', 'active') then
    raise exception using errcode = '55000', message = format('this enrolment is %s', e.status), hint = 'Enrol again to go on.';
  elsif not exists (select from learning.modules m where m.id = module and m.course_id = e.course_id) then
    raise exception using errcode = '22023', message = 'this module belongs to another course';
  elsif percent < 0 or percent > 100 or seconds < 0 then
    raise exception using errcode = '22023', message = 'progress is 0 to 100 per cent, time is at least 0 seconds';
  end if;
  insert into learning.progress as p (enrolment_id, module_id, percent, seconds_spent) values (enrolment, module, percent, seconds)
  on conflict (enrolment_id, module_id) do update
  set percent = greatest(p.percent, excluded.percent), seconds_spent = p.seconds_spent + excluded.seconds_spent, last_event_at = now();
  return learning.settle(enrolment);
end $$;

create function learning.score_item(item jsonb, answer jsonb) returns numeric
  language sql immutable parallel safe
begin atomic
  select coalesce(case item ->> 'type'
    when 'single' then case when answer = item -> 'key' then 1 else 0 end
    when 'multiple' then (
      select greatest(0, count(*) filter (where item -> 'key' ? a.choice) - count(*) filter (where not item -> 'key' ? a.choice))::numeric / jsonb_array_length(item -> 'key')
      from jsonb_array_elements_text(case jsonb_typeof(answer) when 'array' then answer else '[]' end) as a(choice))
    when 'numeric' then case when abs(
        case jsonb_typeof(answer) when 'number' then (answer #>> '{}')::numeric
          when 'object' then (answer ->> 'value')::numeric * ('{"mm": 1, "cm": 10, "m": 1000, "in": 25.4, "ft": 304.8}'::jsonb ->> (answer ->> 'unit'))::numeric / ('{"mm": 1, "cm": 10, "m": 1000, "in": 25.4, "ft": 304.8}'::jsonb ->> (item ->> 'unit'))::numeric end
        - (item ->> 'key')::numeric) <= coalesce((item ->> 'tolerance')::numeric, 0) then 1 else 0 end
    when 'ordering' then (
      select count(*) filter (where k.value = answer -> (k.place::int - 1))::numeric / jsonb_array_length(item -> 'key') from jsonb_array_elements(item -> 'key') with ordinality as k(value, place)) end, 0);
end;

create function learning.grade(items jsonb, item_ids text[], answers jsonb, out score numeric, out max_score numeric, out open_items int) returns record
  language sql immutable parallel safe
begin atomic
  select coalesce(round(sum(case when i.item ->> 'type' <> 'manual' then learning.score_item(i.item, answers -> (i.item ->> 'id')) * (i.item ->> 'points')::numeric end), 4), 0),
    coalesce(sum((i.item ->> 'points')::numeric), 0), (count(*) filter (where i.item ->> 'type' = 'manual'))::int
  from jsonb_array_elements(items) as i(item) where item_ids = '{}' or i.item ->> 'id' = any (item_ids);
end;

create function learning.submit_attempt(attempt uuid, answers jsonb) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  t learning.attempts;
  a learning.assessments;
  g record;
begin
  select * into t from learning.attempts x where x.id = attempt and x.user_id = core.current_user_id() for update;
  if not found then
    raise exception using errcode = '42501', message = 'this is not your attempt';
  elsif t.submitted_at is not null then
    raise exception using errcode = '55000', message = 'this attempt was submitted already';
  elsif jsonb_typeof(answers) <> 'object' then
    raise exception using errcode = '22023', message = 'answers are an object of item ids';
  end if;
  select * into a from learning.assessments x where x.id = t.assessment_id;
  select * into g from learning.grade(a.items, t.item_ids, answers);
  update learning.attempts x
  set answers = submit_attempt.answers, submitted_at = clock_timestamp(), max_score = g.max_score, score = case when g.open_items = 0 then g.score end,
    graded_at = case when g.open_items = 0 then clock_timestamp() end
  where x.id = attempt returning * into t;
  if t.passed then
    perform learning.settle(e.id) from learning.enrolments e join learning.modules m on m.course_id = e.course_id and m.assessment_id = a.id
    join learning.progress p on p.enrolment_id = e.id and p.module_id = m.id where e.user_id = t.user_id and e.status in ('enrolled', 'active');
    if a.skill_id is not null then
      perform learning.put_evidence(t.user_id, a.skill_id, 'assessment', a.id::text, 2);
    end if;
  end if;
  return t.passed;
end $$;

grant execute on function learning.level_of, learning.points to hc_anon, hc_worker;
grant execute on function learning.skill_level, learning.missing_for, learning.enrol, learning.record_progress, learning.submit_attempt to hc_member;
grant execute on function learning.skill_level, learning.missing_for to hc_worker;

comment on function learning.level_of is 'Level 0..5 of a sum of points (1, 2, 4, 8, 16); above 3 only with evidence of kinds run and review.';
comment on function learning.points is 'What evidence is worth at a time: each weight halves with the half-life of its skill.';
comment on function learning.skill_level is 'Level of a person in a skill at a time; 0 when there is none or it expired. Security definer: policies show levels to few.';
comment on function learning.put_evidence is 'Adds evidence once per kind and ref, and returns the new level. For functions of this room.';
comment on function learning.missing_for is 'Skills a course requires and a person lacks. Security definer: reads levels.';
comment on function learning.enrol is 'Enrols the current person in a course that is open: 55000 without the required skills or a seat, P0002 when there is none. Security definer: enrolments are written by functions.';
comment on function learning.module_done is 'Whether a module counts as complete by its rule.';
comment on function learning.course_completion is 'How much of a course is done, 0..100, as the mean of its modules; 100 only when every one is.';
comment on function learning.settle is 'Brings an enrolment up to date with its progress: modules done, percentage, completion and its evidence, once. Locks the enrolment.';
comment on function learning.record_progress is 'Notes progress of the current person and returns the percentage of the course: 42501 for another''s enrolment, 55000 for one that is closed, 22023 for a strange module. Security definer: progress is written by functions.';
comment on function learning.score_item is 'Share of an item''s points, 0..1: single exact, multiple right less wrong choices, numeric within tolerance after conversion of its unit, ordering by places. 0 for what makes no sense.';
comment on function learning.grade is 'Points of closed items, points there are, and how many items a person must grade.';
comment on function learning.submit_attempt is 'Submits the current person''s attempt, once; returns whether it passed, null while somebody must grade it. Security definer: keys are granted to nobody.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000185001', 'ada-0185', 'ada-0185@example.org', 'active'), ('00000000-0000-7000-8000-000000185002', 'bob-0185', 'bob-0185@example.org', 'active'), ('00000000-0000-7000-8000-000000185003', 'eve-0185', 'eve-0185@example.org', 'active');
insert into learning.skills (id, path, code, name, half_life_days) values ('00000000-0000-7000-8000-000000185011', 'probe_0185', 'probe_0185', 'Probe', 100), ('00000000-0000-7000-8000-000000185012', 'other_0185', 'other_0185', 'Other', null);
insert into learning.courses (id, code, title, instructor_id, seats) values ('00000000-0000-7000-8000-000000185021', 'probe-0185', 'Probe', '00000000-0000-7000-8000-000000185002', 1), ('00000000-0000-7000-8000-000000185022', 'draft-0185', 'Draft', '00000000-0000-7000-8000-000000185002', 1);
insert into learning.assessments (id, course_id, skill_id, title, items, max_attempts) values ('00000000-0000-7000-8000-000000185061', '00000000-0000-7000-8000-000000185021', '00000000-0000-7000-8000-000000185012', 'Quiz',
  '[{"id": "a", "type": "single", "prompt": "?", "options": ["x", "y"], "key": "x", "points": 1}, {"id": "b", "type": "numeric", "prompt": "?", "key": 5, "points": 1}]', 9),
  ('00000000-0000-7000-8000-000000185069', '00000000-0000-7000-8000-000000185021', null, 'Practical', '[{"id": "m", "type": "manual", "prompt": "?", "key": null, "points": 1}]', 9);
insert into learning.modules (id, course_id, position, title, completion_rule, assessment_id) values ('00000000-0000-7000-8000-000000185031', '00000000-0000-7000-8000-000000185021', 1, 'One', '{"type": "percent", "at_least": 80}', null),
  ('00000000-0000-7000-8000-000000185032', '00000000-0000-7000-8000-000000185021', 2, 'Two', '{"type": "seconds", "at_least": 60}', null), ('00000000-0000-7000-8000-000000185033', '00000000-0000-7000-8000-000000185021', 3, 'Three', '{"type": "quiz_passed"}', '00000000-0000-7000-8000-000000185061');
insert into learning.course_skills (course_id, skill_id, direction, level) values ('00000000-0000-7000-8000-000000185021', '00000000-0000-7000-8000-000000185011', 'teaches', 3), ('00000000-0000-7000-8000-000000185021', '00000000-0000-7000-8000-000000185012', 'requires', 2);
update learning.courses set status = 'published', published_at = now() where code = 'probe-0185';
create temporary table mine_0185 (id uuid);
grant select, insert on pg_temp.mine_0185 to hc_member;
select core.act_as('00000000-0000-7000-8000-000000185001');
set local role hc_member;
select blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000185021') $$, '55000', 'other_0185 2 (you have 0)'), blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000185022') $$, 'P0002');
select code = 'other_0185' and needs = 2 and has = 0 from learning.missing_for('00000000-0000-7000-8000-000000185021', '00000000-0000-7000-8000-000000185001');
set local role hc_owner;
insert into learning.user_skills (user_id, skill_id, level, source) values ('00000000-0000-7000-8000-000000185001', '00000000-0000-7000-8000-000000185012', 2, 'import'), ('00000000-0000-7000-8000-000000185003', '00000000-0000-7000-8000-000000185012', 2, 'import');
set local role hc_member;
insert into pg_temp.mine_0185 select learning.enrol('00000000-0000-7000-8000-000000185021');
select learning.record_progress(id, '00000000-0000-7000-8000-000000185031', 40) between 13.3 and 13.4, learning.record_progress(id, '00000000-0000-7000-8000-000000185031', 80, 5) between 33.3 and 33.4 from pg_temp.mine_0185;
select rule, blueprint.raises(format(sql, (select id from pg_temp.mine_0185)), state, rule) from (values
  ($$ select learning.record_progress(%L, '00000000-0000-7000-8000-0000001850ff', 10) $$, '22023', 'another course'), ($$ select learning.record_progress(%L, '00000000-0000-7000-8000-000000185031', 101) $$, '22023', '0 to 100')) v(sql, state, rule);
set local role hc_owner;
select status = 'active' and progress_pct between 33.3 and 33.4 from learning.enrolments join pg_temp.mine_0185 using (id);
insert into learning.attempts (id, assessment_id, user_id, number) values ('00000000-0000-7000-8000-000000185062', '00000000-0000-7000-8000-000000185061', '00000000-0000-7000-8000-000000185001', 1), ('00000000-0000-7000-8000-000000185063', '00000000-0000-7000-8000-000000185061', '00000000-0000-7000-8000-000000185001', 2);
insert into learning.attempts (id, assessment_id, user_id, item_ids) values ('00000000-0000-7000-8000-000000185064', '00000000-0000-7000-8000-000000185069', '00000000-0000-7000-8000-000000185001', '{m}');
set local role hc_member;
select learning.record_progress(id, '00000000-0000-7000-8000-000000185032', 0, 60) is not null, learning.record_progress(id, '00000000-0000-7000-8000-000000185033', 100, 1) < 100 from pg_temp.mine_0185;
set local role hc_owner;
select status = 'active' from learning.enrolments join pg_temp.mine_0185 using (id);
set local role hc_member;
select learning.submit_attempt('00000000-0000-7000-8000-000000185062', '{"a": "x", "b": 6}') = false, learning.submit_attempt('00000000-0000-7000-8000-000000185064', '{"m": "see photo"}') is null;
select blueprint.raises($$ select learning.submit_attempt('00000000-0000-7000-8000-000000185062', '{}') $$, '55000', 'submitted already'), blueprint.raises($$ select learning.submit_attempt('00000000-0000-7000-8000-000000185063', '[]') $$, '22023');
select learning.submit_attempt('00000000-0000-7000-8000-000000185063', '{"a": "x", "b": 5}');
set local role hc_owner;
select status = 'completed' and progress_pct = 100 and completed_at is not null from learning.enrolments join pg_temp.mine_0185 using (id);
select level = 3 and evidence @> '[{"kind": "course", "ref": "00000000-0000-7000-8000-000000185021", "weight": 4}]' from learning.user_skills where user_id = '00000000-0000-7000-8000-000000185001' and skill_id = '00000000-0000-7000-8000-000000185011';
select score = 2 and max_score = 2 and passed and graded_at is not null from learning.attempts where id = '00000000-0000-7000-8000-000000185063';
select score is null and max_score = 1 and graded_at is null from learning.attempts where id = '00000000-0000-7000-8000-000000185064';
select learning.put_evidence('00000000-0000-7000-8000-000000185001', '00000000-0000-7000-8000-000000185011', 'course', '00000000-0000-7000-8000-000000185021', 4) = 3;
select learning.skill_level('00000000-0000-7000-8000-000000185001', '00000000-0000-7000-8000-000000185011') = 3, learning.skill_level('00000000-0000-7000-8000-000000185001', '00000000-0000-7000-8000-000000185011', now() + interval '100 days') = 2,
  learning.skill_level('00000000-0000-7000-8000-000000185001', '00000000-0000-7000-8000-000000185011', now() - interval '1 day') = 0, learning.skill_level('00000000-0000-7000-8000-000000185002', '00000000-0000-7000-8000-000000185011') = 0;
set local role hc_worker;
select learning.skill_level('00000000-0000-7000-8000-000000185001', '00000000-0000-7000-8000-000000185011') = 3;
set local role hc_owner;
select learning.level_of(20, '[]') = 3, learning.level_of(20, '[{"kind": "run", "weight": 1}, {"kind": "review", "weight": 1}]') = 5, learning.level_of(0.99, '[]') = 0, learning.points('[{"weight": 2, "at": "2026-01-01"}]', null, '2026-02-01') = 2;
select kind, learning.score_item(item::jsonb, answer::jsonb) = share from (values
  ('single', '{"type": "single", "key": "x"}', '"x"', 1), ('single wrong', '{"type": "single", "key": "x"}', '"y"', 0), ('multiple', '{"type": "multiple", "key": ["a", "b"]}', '["a"]', 0.5), ('multiple wrong', '{"type": "multiple", "key": ["a", "b"]}', '["a", "c"]', 0),
  ('numeric', '{"type": "numeric", "key": 25.4, "unit": "mm"}', '{"value": 1, "unit": "in"}', 1), ('numeric off', '{"type": "numeric", "key": 25.4, "unit": "mm", "tolerance": 0.1}', '25.6', 0), ('numeric near', '{"type": "numeric", "key": 25.4, "tolerance": 0.1}', '25.45', 1),
  ('ordering', '{"type": "ordering", "key": ["a", "b", "c", "d"]}', '["a", "b", "d", "c"]', 0.5), ('nonsense', '{"type": "multiple", "key": ["a"]}', '5', 0)) v(kind, item, answer, share);
set local role hc_member;
select blueprint.raises(format('select learning.record_progress(%L, %L, 1)', id, '00000000-0000-7000-8000-000000185031'), '55000', 'completed') from pg_temp.mine_0185;
set local role hc_owner;
insert into learning.enrolments (user_id, course_id) values ('00000000-0000-7000-8000-000000185002', '00000000-0000-7000-8000-000000185021');
select core.act_as('00000000-0000-7000-8000-000000185003');
set local role hc_member;
select blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000185021') $$, '55000', 'no seat'), blueprint.raises($$ select learning.submit_attempt('00000000-0000-7000-8000-000000185063', '{}') $$, '42501');
select blueprint.raises(format('select learning.record_progress(%L, %L, 1)', id, '00000000-0000-7000-8000-000000185031'), '42501') from pg_temp.mine_0185;
set local role hc_owner;
select core.act_as(null);
select blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000185021') $$, '42501', 'sign in');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.skill_level(uuid, uuid, timestamptz)', 'learning.missing_for(uuid, uuid)', 'learning.enrol(uuid)', 'learning.record_progress(uuid, uuid, numeric, int)', 'learning.submit_attempt(uuid, jsonb)']) f;
select f, has_function_privilege('hc_worker', f, 'execute') from unnest(array['learning.skill_level(uuid, uuid, timestamptz)', 'learning.missing_for(uuid, uuid)', 'learning.level_of(numeric, jsonb)', 'learning.points(jsonb, int, timestamptz)']) f;
select f, has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.level_of(numeric, jsonb)', 'learning.points(jsonb, int, timestamptz)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0186 create_triggers critical
-- title: Learning triggers: acyclic prerequisites, monotonic progress, completion cascade
-- does: Edges between skills and the requirements of a course refuse circles, progress never falls, any write of progress settles the enrolment, what is graded or issued stays as it is,
--   a published course keeps its structure (new_edition() copies it into a draft), courses, enrolments and mentorships follow their state machines.
-- proves: an edge that closes a circle raises with the circle, 80 then 60 stays 80, the last module completes once and raises the level, a graded attempt, a certificate and a published course refuse changes.
-- needs: BUILD_0014, BUILD_0020, BUILD_0184, BUILD_0185
create function learning.refuse_skill_cycle() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  circle text;
begin
  with recursive way (id, trail, codes) as (
    select new.requires_id, array[new.skill_id, new.requires_id], (select s.code from learning.skills s where s.id = new.skill_id) || ' -> ' || (select s.code from learning.skills s where s.id = new.requires_id)
    union all
    select e.requires_id, w.trail || e.requires_id, w.codes || ' -> ' || s.code from way w join learning.skill_edges e on e.skill_id = w.id join learning.skills s on s.id = e.requires_id
    where w.id <> new.skill_id and (e.requires_id = new.skill_id or e.requires_id <> all (w.trail)))
  select w.codes into circle from way w where w.id = new.skill_id limit 1;
  if found then
    raise exception using errcode = '23514', table = 'skill_edges', constraint = 'skill_edges_acyclic', message = format('skills would require themselves: %s', circle);
  end if;
  return null;
end $$;

create function learning.refuse_course_cycle() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  clash text;
begin
  with recursive above (id) as (
    select cs.skill_id from learning.course_skills cs where cs.course_id = new.course_id and cs.direction = 'teaches'
    union
    select e.skill_id from above a join learning.skill_edges e on e.requires_id = a.id)
  select s.code into clash from learning.course_skills r join above a on a.id = r.skill_id join learning.skills s on s.id = r.skill_id
  left join learning.course_skills t on t.course_id = r.course_id and t.skill_id = r.skill_id and t.direction = 'teaches'
  where r.course_id = new.course_id and r.direction = 'requires' and (t.level is null or r.level >= t.level) limit 1;
  if found then
    raise exception using errcode = '23514', table = 'course_skills', constraint = 'course_skills_acyclic', message = format('a course cannot require %s, which stands on what it teaches', clash);
  end if;
  return null;
end $$;

create function learning.keep_progress() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.percent := greatest(old.percent, new.percent);
  new.seconds_spent := greatest(old.seconds_spent, new.seconds_spent);
  if old.state = 'done' then
    new.state := 'done';
  end if;
  return new;
end $$;

create function learning.settle_enrolment() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  perform learning.settle(new.enrolment_id);
  return null;
end $$;

create function learning.refuse_regrading() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if coalesce(current_setting('learning.regrade', true), '') is distinct from new.assessment_id::text
      and (new.answers <> '{}' or to_jsonb(new) - '{answers,passed}'::text[] <> to_jsonb(old) - '{answers,passed}'::text[])  -- who is erased takes the answers along, and nothing else
  then
    raise exception using errcode = '55006', table = 'attempts', message = 'a graded attempt stays as it is', hint = 'learning.regrade() corrects an item for everybody.';
  end if;
  return new;
end $$;

create function learning.keep_published() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  touched constant uuid := coalesce(to_jsonb(new), to_jsonb(old)) ->> 'course_id';
begin
  if exists (select from learning.courses c where c.id = touched and c.status <> 'draft') then
    raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, message = 'the structure of a published course stays as it is', hint = 'learning.new_edition() copies it into a draft.';
  end if;
  return coalesce(new, old);
end $$;

create function learning.new_edition(course uuid) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if not exists (select from learning.courses c where c.id = course and (c.instructor_id = core.current_user_id() or core.has_role('hc_moderator'))) then
    raise exception using errcode = '42501', message = 'only who gives a course makes a new edition of it';
  end if;
  insert into learning.courses (code, title, instructor_id, category_id, difficulty, estimated_minutes, seats, withdraw_days, requires_consents, outline, metadata)
  select regexp_replace(c.code, '-e\d+$', '') || '-e' || 1 + (select count(*) from learning.courses x where regexp_replace(x.code, '-e\d+$', '') = regexp_replace(c.code, '-e\d+$', '')),
    c.title, c.instructor_id, c.category_id, c.difficulty, c.estimated_minutes, c.seats, c.withdraw_days, c.requires_consents, c.outline, c.metadata || jsonb_build_object('edition_of', c.id)
  from learning.courses c where c.id = course returning id into made;
  insert into learning.modules (course_id, position, title, kind, content_id, asset_id, assessment_id, minutes, completion_rule)
  select made, m.position, m.title, m.kind, m.content_id, m.asset_id, m.assessment_id, m.minutes, m.completion_rule from learning.modules m where m.course_id = course;
  insert into learning.course_skills (course_id, skill_id, direction, level) select made, cs.skill_id, cs.direction, cs.level from learning.course_skills cs where cs.course_id = course;
  return made;
end $$;

create constraint trigger skill_edges_acyclic after insert or update on learning.skill_edges for each row execute function learning.refuse_skill_cycle();
create constraint trigger course_skills_acyclic after insert or update on learning.course_skills for each row execute function learning.refuse_course_cycle();
create trigger progress_keep before update on learning.progress for each row execute function learning.keep_progress();
create trigger progress_settle after insert or update of percent, seconds_spent, state_data on learning.progress for each row execute function learning.settle_enrolment();
create trigger attempts_graded before update on learning.attempts for each row when (old.graded_at is not null) execute function learning.refuse_regrading();
create trigger certificates_freeze before update on learning.certificates for each row
  execute function core.freeze_columns('number', 'certification_id', 'user_id', 'issued_at', 'expires_at', 'renews_id', 'credential_sha256', 'public_code');
create trigger certificates_credential before update of credential on learning.certificates for each row when (new.credential <> '{}') execute function core.freeze_columns('credential');
create trigger certificates_revoked before update on learning.certificates for each row
  when (old.revoked_at is not null and (new.credential <> '{}' or new.revoked_at is distinct from old.revoked_at or new.revoke_reason is distinct from old.revoke_reason)) execute function core.forbid_change();
create trigger certificates_keep before delete on learning.certificates for each row execute function core.forbid_change();
create trigger modules_published before insert or update or delete on learning.modules for each row execute function learning.keep_published();
create trigger course_skills_published before insert or update or delete on learning.course_skills for each row execute function learning.keep_published();

select core.attach_standard('learning.skills', 'std', 'code');
select core.attach_standard('learning.courses', 'std', 'code');
select core.attach_standard('learning.paths', 'std');
select core.attach_standard('learning.enrolments', 'std', 'user_id', 'course_id');
select core.attach_standard('learning.assessments', 'std');
select core.attach_standard('learning.certifications', 'std', 'code');
select core.attach_standard('learning.mentorships', 'std', 'mentor_id', 'mentee_id', 'skill_id');

select core.define_machine('course', '{"draft": ["published"], "published": ["archived"], "archived": ["published"]}');
select core.define_machine('enrolment', '{"waitlisted": ["enrolled", "withdrawn"], "enrolled": ["active", "completed", "withdrawn", "expired"], "active": ["completed", "withdrawn", "expired"]}');
select core.define_machine('mentorship', '{"offered": ["active", "declined", "ended"], "active": ["paused", "completed", "ended"], "paused": ["active", "ended"]}');

create trigger courses_status_machine after update of status on learning.courses for each row execute function core.enforce_transition('course');
create trigger enrolments_status_machine after update of status on learning.enrolments for each row execute function core.enforce_transition('enrolment');
create trigger mentorships_status_machine after update of status on learning.mentorships for each row execute function core.enforce_transition('mentorship');

grant execute on function learning.new_edition to hc_member;

comment on function learning.refuse_skill_cycle is 'No skill requires itself, by whatever way; names the circle (23514).';
comment on function learning.refuse_course_cycle is 'A course requires nothing that stands on what it teaches (23514).';
comment on function learning.keep_progress is 'Progress never falls and done stays done.';
comment on function learning.settle_enrolment is 'Brings the enrolment up to date with its progress.';
comment on function learning.refuse_regrading is 'Graded attempts change by learning.regrade() alone (55006).';
comment on function learning.keep_published is 'Modules and skills of a published course stay as they are (55006).';
comment on function learning.new_edition is 'Copies a course with its structure into a draft and returns it; 42501 for all but who gives it. Security definer: instructors write no table.';
comment on trigger skill_edges_acyclic on learning.skill_edges is 'No circle.';
comment on trigger course_skills_acyclic on learning.course_skills is 'No circle.';
comment on trigger progress_keep on learning.progress is 'Never falls.';
comment on trigger progress_settle on learning.progress is 'Modules, percentage and completion follow.';
comment on trigger attempts_graded on learning.attempts is 'A graded attempt stays.';
comment on trigger certificates_freeze on learning.certificates is 'A certificate stays as issued, but for its revocation.';
comment on trigger certificates_credential on learning.certificates is 'A credential stays as issued until its holder is erased.';
comment on trigger certificates_revoked on learning.certificates is 'Revoked once and for all.';
comment on trigger certificates_keep on learning.certificates is 'Certificates are revoked, not deleted.';
comment on trigger modules_published on learning.modules is 'The structure of a published course stays.';
comment on trigger course_skills_published on learning.course_skills is 'The structure of a published course stays.';
comment on trigger courses_status_machine on learning.courses is 'Machine course.';
comment on trigger enrolments_status_machine on learning.enrolments is 'Machine enrolment.';
comment on trigger mentorships_status_machine on learning.mentorships is 'Machine mentorship.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000186001', 'ada-0186', 'ada-0186@example.org', 'active'), ('00000000-0000-7000-8000-000000186002', 'bob-0186', 'bob-0186@example.org', 'active');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000186011', 'a_0186', 'a_0186', 'A'), ('00000000-0000-7000-8000-000000186012', 'b_0186', 'b_0186', 'B'), ('00000000-0000-7000-8000-000000186013', 'c_0186', 'c_0186', 'C');
insert into learning.skill_edges (skill_id, requires_id) values ('00000000-0000-7000-8000-000000186011', '00000000-0000-7000-8000-000000186012'), ('00000000-0000-7000-8000-000000186012', '00000000-0000-7000-8000-000000186013');
select blueprint.raises($$ insert into learning.skill_edges (skill_id, requires_id) values ('00000000-0000-7000-8000-000000186013', '00000000-0000-7000-8000-000000186011') $$, '23514', 'c_0186 -> a_0186 -> b_0186 -> c_0186');
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000186021', 'probe-0186', 'Probe', '00000000-0000-7000-8000-000000186002');
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000186031', '00000000-0000-7000-8000-000000186021', 1, 'One'), ('00000000-0000-7000-8000-000000186032', '00000000-0000-7000-8000-000000186021', 2, 'Two');
insert into learning.course_skills (course_id, skill_id, direction, level) values ('00000000-0000-7000-8000-000000186021', '00000000-0000-7000-8000-000000186012', 'teaches', 2), ('00000000-0000-7000-8000-000000186021', '00000000-0000-7000-8000-000000186013', 'requires', 1), ('00000000-0000-7000-8000-000000186021', '00000000-0000-7000-8000-000000186012', 'requires', 1);
select blueprint.raises($$ insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000186021', '00000000-0000-7000-8000-000000186011', 'requires') $$, '23514', 'a_0186'),
  blueprint.raises($$ update learning.course_skills set level = 2 where course_id = '00000000-0000-7000-8000-000000186021' and direction = 'requires' and skill_id = '00000000-0000-7000-8000-000000186012' $$, '23514', 'b_0186');
insert into learning.enrolments (id, user_id, course_id) values ('00000000-0000-7000-8000-000000186051', '00000000-0000-7000-8000-000000186001', '00000000-0000-7000-8000-000000186021');
insert into learning.progress (enrolment_id, module_id, percent) values ('00000000-0000-7000-8000-000000186051', '00000000-0000-7000-8000-000000186031', 80);
update learning.progress set percent = 60, seconds_spent = 9 where module_id = '00000000-0000-7000-8000-000000186031' returning percent = 80;
update learning.progress set seconds_spent = 3 where module_id = '00000000-0000-7000-8000-000000186031' returning seconds_spent = 9;
select progress_pct = 40 and status = 'active' from learning.enrolments where id = '00000000-0000-7000-8000-000000186051';
update learning.progress set percent = 100 where module_id = '00000000-0000-7000-8000-000000186031';
select state = 'done' from learning.progress where module_id = '00000000-0000-7000-8000-000000186031';
update learning.progress set state = 'started' where module_id = '00000000-0000-7000-8000-000000186031' returning state = 'done';
insert into learning.progress (enrolment_id, module_id, percent) values ('00000000-0000-7000-8000-000000186051', '00000000-0000-7000-8000-000000186032', 100);
create temporary table once_0186 as select completed_at from learning.enrolments where id = '00000000-0000-7000-8000-000000186051';
update learning.progress set seconds_spent = 100 where module_id = '00000000-0000-7000-8000-000000186032';
select e.status = 'completed' and e.progress_pct = 100 and e.completed_at = o.completed_at from learning.enrolments e, pg_temp.once_0186 o where e.id = '00000000-0000-7000-8000-000000186051';
select level = 2 and jsonb_array_length(evidence) = 1 from learning.user_skills where user_id = '00000000-0000-7000-8000-000000186001' and skill_id = '00000000-0000-7000-8000-000000186012';
insert into learning.assessments (id, course_id, title) values ('00000000-0000-7000-8000-000000186061', '00000000-0000-7000-8000-000000186021', 'Quiz');
insert into learning.attempts (id, assessment_id, user_id, submitted_at, score, max_score, graded_at) values ('00000000-0000-7000-8000-000000186062', '00000000-0000-7000-8000-000000186061', '00000000-0000-7000-8000-000000186001', now(), 1, 2, now());
insert into learning.certifications (id, code, title) values ('00000000-0000-7000-8000-000000186071', 'probe-0186', 'Probe');
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0186', '00000000-0000-7000-8000-000000186071', '00000000-0000-7000-8000-000000186001', '{}', sha256('x'), 'code-0186-a');
insert into learning.mentorships (id, mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000186081', '00000000-0000-7000-8000-000000186002', '00000000-0000-7000-8000-000000186001', '00000000-0000-7000-8000-000000186011');
insert into learning.paths (id, slug, title, goal_skill_id) values ('00000000-0000-7000-8000-000000186041', 'probe-0186', 'Probe', '00000000-0000-7000-8000-000000186011');
update learning.courses set status = 'published', published_at = now() where code = 'probe-0186';
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ update learning.attempts set score = 2 where id = '00000000-0000-7000-8000-000000186062' $$, '55006', 'graded attempt'), ($$ update learning.attempts set answers = '{}', score = 2 where id = '00000000-0000-7000-8000-000000186062' $$, '55006', 'graded attempt'), ($$ update learning.certificates set credential = '{"a": 1}' where number = 'P-0186' $$, '55006', 'credential'), ($$ update learning.certificates set number = 'P-1' where number = 'P-0186' $$, '55006', 'number'),
  ($$ delete from learning.certificates where number = 'P-0186' $$, '55006', 'delete'), ($$ delete from learning.modules where course_id = '00000000-0000-7000-8000-000000186021' $$, '55006', 'modules'),
  ($$ insert into learning.modules (course_id, position, title) values ('00000000-0000-7000-8000-000000186021', 3, 'x') $$, '55006', 'published course'), ($$ update learning.course_skills set level = 5 where course_id = '00000000-0000-7000-8000-000000186021' and direction = 'teaches' $$, '55006', 'course_skills'),
  ($$ update learning.courses set status = 'draft' where code = 'probe-0186' $$, '23514', 'course'), ($$ update learning.enrolments set status = 'active', completed_at = null where id = '00000000-0000-7000-8000-000000186051' $$, '23514', 'enrolment'),
  ($$ update learning.mentorships set status = 'completed' where id = '00000000-0000-7000-8000-000000186081' $$, '23514', 'mentorship'),
  ($$ update learning.skills set code = 'x_0186' where code = 'a_0186' $$, '55006', 'code'), ($$ update learning.courses set code = 'x-0186' where code = 'probe-0186' $$, '55006', 'code'), ($$ update learning.enrolments set user_id = '00000000-0000-7000-8000-000000186002' where id = '00000000-0000-7000-8000-000000186051' $$, '55006', 'user_id'),
  ($$ update learning.certifications set code = 'x' where code = 'probe-0186' $$, '55006', 'code'), ($$ update learning.mentorships set skill_id = '00000000-0000-7000-8000-000000186012' where id = '00000000-0000-7000-8000-000000186081' $$, '55006', 'skill_id'),
  ($$ update learning.paths set created_at = now() - interval '1 day' where slug = 'probe-0186' $$, '55006', 'created_at'), ($$ update learning.assessments set created_at = now() - interval '1 day' where id = '00000000-0000-7000-8000-000000186061' $$, '55006', 'created_at')) v(sql, state, rule);
update learning.attempts set answers = '{}' where id = '00000000-0000-7000-8000-000000186062' returning answers = '{}' and score is not null;
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) select n, certification_id, user_id, '{"a": 1}', credential_sha256, public_code || right(n, 1) from learning.certificates, unnest('{P-0186-b,P-0186-c}'::text[]) n where number = 'P-0186';
update learning.certificates set credential = '{}' where number = 'P-0186-b' returning credential = '{}';
update learning.certificates set revoked_at = now(), revoke_reason = 'probe' where number in ('P-0186', 'P-0186-c') returning true;
select blueprint.raises($$ update learning.certificates set credential = '{}', revoked_at = null, revoke_reason = null where number = 'P-0186-c' $$, '55006'), blueprint.raises($$ update learning.certificates set credential = '{}', revoke_reason = 'other' where number = 'P-0186-c' $$, '55006');
update learning.certificates set credential = '{}' where number = 'P-0186-c' returning credential = '{}';
select blueprint.raises($$ update learning.certificates set revoked_at = null, revoke_reason = null where number = 'P-0186' $$, '55006');
update learning.skills set name = 'A2' where code = 'a_0186' returning updated_at > now();
update learning.courses set title = 'P2' where code = 'probe-0186' returning updated_at > now();
update learning.paths set title = 'P2' where slug = 'probe-0186' returning updated_at > now();
update learning.enrolments set reason = 'x' where id = '00000000-0000-7000-8000-000000186051' returning updated_at > now();
update learning.assessments set title = 'P2' where id = '00000000-0000-7000-8000-000000186061' returning updated_at > now();
update learning.certifications set title = 'P2' where code = 'probe-0186' returning updated_at > now();
update learning.mentorships set status = 'active' where id = '00000000-0000-7000-8000-000000186081' returning updated_at > now();
select count(*) = 1 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000186081' and to_status = 'active';
create temporary table edition_0186 (id uuid);
grant insert on pg_temp.edition_0186 to hc_member;
select core.act_as('00000000-0000-7000-8000-000000186002');
set local role hc_member;
insert into pg_temp.edition_0186 select learning.new_edition('00000000-0000-7000-8000-000000186021');
set local role hc_owner;
select c.code = 'probe-0186-e2' and c.status = 'draft' and (select count(*) from learning.modules m where m.course_id = c.id) = 2 and (select count(*) from learning.course_skills s where s.course_id = c.id) = 3 from learning.courses c join pg_temp.edition_0186 using (id);
select core.act_as('00000000-0000-7000-8000-000000186001');
set local role hc_member;
select blueprint.raises($$ select learning.new_edition('00000000-0000-7000-8000-000000186021') $$, '42501', 'only who gives');
set local role hc_owner;
select has_function_privilege('hc_member', 'learning.new_edition(uuid)', 'execute') and not has_function_privilege('hc_anon', 'learning.new_edition(uuid)', 'execute');
select count(*) = 0 from blueprint.open_to_public('learning');

-- revert
drop trigger courses_status_machine on learning.courses;
drop trigger enrolments_status_machine on learning.enrolments;
drop trigger mentorships_status_machine on learning.mentorships;
select core.define_machine(machine, '{}') from unnest(array['course', 'enrolment', 'mentorship']) machine;
select core.detach_standard(t::regclass) from unnest(array['learning.skills', 'learning.courses', 'learning.paths', 'learning.enrolments', 'learning.assessments', 'learning.certifications', 'learning.mentorships']) t;
drop trigger skill_edges_acyclic on learning.skill_edges;
drop trigger course_skills_acyclic on learning.course_skills;
drop trigger progress_keep on learning.progress;
drop trigger progress_settle on learning.progress;
drop trigger attempts_graded on learning.attempts;
drop trigger certificates_freeze on learning.certificates;
drop trigger certificates_credential on learning.certificates;
drop trigger certificates_revoked on learning.certificates;
drop trigger certificates_keep on learning.certificates;
drop trigger modules_published on learning.modules;
drop trigger course_skills_published on learning.course_skills;
drop function learning.new_edition, learning.keep_published, learning.refuse_regrading, learning.settle_enrolment, learning.keep_progress, learning.refuse_course_cycle, learning.refuse_skill_cycle;
