-- Room learning, documentation: what every table and column is for, which hold keys or personal data, and how long rows stay.

-- task: BUILD_0190 add_comments
-- title: Document learning objects, hide answer keys, state retention
-- does: Comments on all that has none yet: @secret marks the keys of assessments, @pii answers, evidence and feedback, @retention how long attempts and certificates stay. The view
--   assessment_public shows items without the fields that give them away, and exists as long as items are marked.
-- proves: nothing in room learning is undocumented, the marks are there, and assessment_public of a quiz holds no key at any depth.
-- needs: BUILD_0010, BUILD_0183, BUILD_0184, BUILD_0186, BUILD_0187, BUILD_0188, BUILD_0189, BUILD_0191, BUILD_0192, BUILD_0193, BUILD_0194, BUILD_0195, BUILD_0196, BUILD_0197, BUILD_0198, BUILD_0199, BUILD_0200
comment on table learning.skills is 'Skills as a tree. @distribution reference';
comment on column learning.skills.id is 'Version 7 UUID.';
comment on column learning.skills.path is 'Place in the tree, as fabrication.cnc.milling.';
comment on column learning.skills.code is 'Short name in addresses and requirements; never changes.';
comment on column learning.skills.name is 'As shown.';
comment on column learning.skills.description is 'What somebody with it can do.';
comment on column learning.skills.level_scale is 'Words for levels 0..5.';
comment on column learning.skills.half_life_days is 'After so many days evidence counts half; null: it does not fade.';
comment on column learning.skills.status is 'active or retired.';
comment on column learning.skills.metadata is 'Notes of the platform.';
comment on column learning.skills.created_at is 'When the row was made.';
comment on column learning.skills.updated_at is 'When the row last really changed.';

comment on table learning.skill_edges is 'What a skill requires; acyclic. @distribution reference';
comment on column learning.skill_edges.skill_id is 'The skill.';
comment on column learning.skill_edges.requires_id is 'What it requires.';
comment on column learning.skill_edges.min_level is 'At which level, 1..5.';

comment on table learning.user_skills is 'Who can do what, on which evidence. @distribution local';
comment on column learning.user_skills.user_id is 'Who.';
comment on column learning.user_skills.skill_id is 'What.';
comment on column learning.user_skills.level is 'Level when it was last computed; learning.skill_level() says what it is worth now.';
comment on column learning.user_skills.evidence is 'Pieces of evidence: kind, ref, weight, at. @pii';
comment on column learning.user_skills.assessed_at is 'When the level was computed.';
comment on column learning.user_skills.expires_at is 'When it ends, for levels from elsewhere.';
comment on column learning.user_skills.source is 'evidence, course, assessment or import.';

comment on table learning.courses is 'Courses; their structure stays once they are published. @distribution local';
comment on column learning.courses.id is 'Version 7 UUID.';
comment on column learning.courses.code is 'Short name; never changes.';
comment on column learning.courses.title is 'As shown.';
comment on column learning.courses.instructor_id is 'Who gives it.';
comment on column learning.courses.category_id is 'Term it is filed under.';
comment on column learning.courses.difficulty is '1 to 5.';
comment on column learning.courses.status is 'State machine course: draft, published, archived.';
comment on column learning.courses.estimated_minutes is 'How long it takes.';
comment on column learning.courses.seats is 'Seats a cohort, null for no limit.';
comment on column learning.courses.withdraw_days is 'How long a withdrawal takes attempts back.';
comment on column learning.courses.requires_consents is 'Kinds of legal texts a learner must have agreed to.';
comment on column learning.courses.published_at is 'When it was published.';
comment on column learning.courses.outline is 'Topics and goals: {"topics": [...]}.';
comment on column learning.courses.rating is 'Mean rating, 1 to 5.';
comment on column learning.courses.metadata is 'Notes of the platform.';
comment on column learning.courses.created_at is 'When the row was made.';
comment on column learning.courses.updated_at is 'When the row last really changed.';

comment on table learning.modules is 'Parts of a course in order. @distribution local';
comment on column learning.modules.id is 'Version 7 UUID.';
comment on column learning.modules.course_id is 'The course.';
comment on column learning.modules.position is 'Place, from 1.';
comment on column learning.modules.title is 'As shown.';
comment on column learning.modules.kind is 'video, reading, quiz or practical.';
comment on column learning.modules.content_id is 'Text it shows.';
comment on column learning.modules.asset_id is 'File it shows.';
comment on column learning.modules.assessment_id is 'What must be passed, for rule quiz_passed.';
comment on column learning.modules.minutes is 'How long it takes.';
comment on column learning.modules.completion_rule is 'type percent, seconds, quiz_passed or manual, with at_least.';

comment on table learning.course_skills is 'What a course teaches and requires. @distribution local';
comment on column learning.course_skills.course_id is 'The course.';
comment on column learning.course_skills.skill_id is 'The skill.';
comment on column learning.course_skills.direction is 'teaches or requires.';
comment on column learning.course_skills.level is 'Up to or from which level.';

comment on table learning.paths is 'Ways to a skill: general ones, and plans of a person. @distribution local';
comment on column learning.paths.id is 'Version 7 UUID.';
comment on column learning.paths.slug is 'Name in addresses.';
comment on column learning.paths.title is 'As shown.';
comment on column learning.paths.goal_skill_id is 'Where it leads.';
comment on column learning.paths.curator_id is 'Who keeps it.';
comment on column learning.paths.for_user_id is 'Whose plan it is, null for everybody.';
comment on column learning.paths.metadata is 'Notes of the platform.';
comment on column learning.paths.created_at is 'When the row was made.';
comment on column learning.paths.updated_at is 'When the row last really changed.';

comment on table learning.path_steps is 'Courses of a path in order. @distribution local';
comment on column learning.path_steps.path_id is 'The path.';
comment on column learning.path_steps.position is 'Place, from 1.';
comment on column learning.path_steps.course_id is 'The course.';
comment on column learning.path_steps.is_optional is 'May be left out.';
comment on column learning.path_steps.unlock is 'When it begins and why it is there.';

comment on table learning.enrolments is 'Who takes which course, and how far. @distribution local';
comment on column learning.enrolments.id is 'Version 7 UUID.';
comment on column learning.enrolments.user_id is 'Who; never changes.';
comment on column learning.enrolments.course_id is 'What; never changes.';
comment on column learning.enrolments.status is 'State machine enrolment: waitlisted, enrolled, active, completed, withdrawn, expired.';
comment on column learning.enrolments.cohort is 'Group that learns together.';
comment on column learning.enrolments.progress_pct is 'How much is done, kept by learning.settle().';
comment on column learning.enrolments.completed_at is 'When the last module was done.';
comment on column learning.enrolments.waived_by is 'Who let somebody in without what the course requires.';
comment on column learning.enrolments.reason is 'Why: of a waiver, a withdrawal, an expiry.';
comment on column learning.enrolments.metadata is 'Notes of the platform.';
comment on column learning.enrolments.created_at is 'When the row was made.';
comment on column learning.enrolments.updated_at is 'When the row last really changed.';

comment on table learning.progress is 'How far somebody is in a module; never falls. @distribution local';
comment on column learning.progress.enrolment_id is 'Whose learning.';
comment on column learning.progress.module_id is 'Where.';
comment on column learning.progress.state is 'started or done.';
comment on column learning.progress.percent is 'How far.';
comment on column learning.progress.seconds_spent is 'How long.';
comment on column learning.progress.last_event_at is 'Last step.';
comment on column learning.progress.state_data is 'place to go on, approved and by whom.';

comment on table learning.assessments is 'Quizzes and practicals with their bank of items. @distribution local';
comment on column learning.assessments.id is 'Version 7 UUID.';
comment on column learning.assessments.course_id is 'Course it belongs to.';
comment on column learning.assessments.skill_id is 'Skill it is evidence for.';
comment on column learning.assessments.title is 'As shown.';
comment on column learning.assessments.kind is 'quiz, practical or peer.';
comment on column learning.assessments.items is 'Bank of items with their keys; granted to nobody. @secret';
comment on column learning.assessments.draw is 'How many items an attempt draws, null for all.';
comment on column learning.assessments.pass_mark is 'Per cent of the points.';
comment on column learning.assessments.max_attempts is 'How often.';
comment on column learning.assessments.cooldown is 'Pause between attempts.';
comment on column learning.assessments.metadata is 'Notes of the platform.';
comment on column learning.assessments.created_at is 'When the row was made.';
comment on column learning.assessments.updated_at is 'When the row last really changed.';

comment on table learning.attempts is 'Attempts at assessments; graded ones stay. @retention 36 months @distribution local';
comment on column learning.attempts.id is 'Version 7 UUID.';
comment on column learning.attempts.assessment_id is 'Which assessment.';
comment on column learning.attempts.user_id is 'Who.';
comment on column learning.attempts.number is 'Counts from 1.';
comment on column learning.attempts.seed is 'What items and options are drawn by.';
comment on column learning.attempts.item_ids is 'Items drawn, in order; empty: all.';
comment on column learning.attempts.started_at is 'When it began.';
comment on column learning.attempts.submitted_at is 'When it was submitted.';
comment on column learning.attempts.answers is 'Answers by item. @pii';
comment on column learning.attempts.score is 'Points reached.';
comment on column learning.attempts.max_score is 'Points there were.';
comment on column learning.attempts.pass_mark is 'Pass mark when it began.';
comment on column learning.attempts.passed is 'Whether the score reaches the pass mark.';
comment on column learning.attempts.graded_by is 'Who graded what a person must judge.';
comment on column learning.attempts.graded_at is 'When it was graded.';

comment on table learning.certifications is 'What can be certified. @distribution reference';
comment on column learning.certifications.id is 'Version 7 UUID.';
comment on column learning.certifications.code is 'Short name; never changes.';
comment on column learning.certifications.title is 'As shown.';
comment on column learning.certifications.requirements is '{"skills": {"code": level}, "courses": ["code"], "assessments": ["id"]}.';
comment on column learning.certifications.validity is 'How long a certificate lasts, null for ever.';
comment on column learning.certifications.issuer is 'Who issues it.';
comment on column learning.certifications.skill_id is 'Skill it is evidence for.';
comment on column learning.certifications.metadata is 'Notes of the platform.';
comment on column learning.certifications.created_at is 'When the row was made.';
comment on column learning.certifications.updated_at is 'When the row last really changed.';

comment on table learning.certificates is 'Certificates; they are revoked, never changed or deleted. @retention permanent @distribution local';
comment on column learning.certificates.id is 'Version 7 UUID.';
comment on column learning.certificates.number is 'Gapless a year, as HCC-2026-000001.';
comment on column learning.certificates.certification_id is 'What is certified.';
comment on column learning.certificates.user_id is 'Who holds it.';
comment on column learning.certificates.issued_at is 'When it was issued.';
comment on column learning.certificates.expires_at is 'When it ends, null for never.';
comment on column learning.certificates.revoked_at is 'When it was revoked.';
comment on column learning.certificates.revoke_reason is 'Why.';
comment on column learning.certificates.renews_id is 'What it renews.';
comment on column learning.certificates.credential is 'The credential as issued, shaped like W3C Verifiable Credentials. @pii';
comment on column learning.certificates.credential_sha256 is 'SHA-256 of its canonical text.';
comment on column learning.certificates.public_code is 'What anybody can check it by.';

comment on table learning.mentorships is 'Who learns from whom. @distribution local';
comment on column learning.mentorships.id is 'Version 7 UUID.';
comment on column learning.mentorships.mentor_id is 'Who teaches; never changes.';
comment on column learning.mentorships.mentee_id is 'Who learns; never changes.';
comment on column learning.mentorships.skill_id is 'What; never changes.';
comment on column learning.mentorships.status is 'State machine mentorship: offered, active, paused, completed, ended, declined.';
comment on column learning.mentorships.during is 'From the request to its end.';
comment on column learning.mentorships.goals is 'What the mentee wants.';
comment on column learning.mentorships.sessions_count is 'Meetings so far.';
comment on column learning.mentorships.mentor_feedback is 'What the mentor said; shown by function. @pii';
comment on column learning.mentorships.mentee_feedback is 'What the mentee said; shown by function. @pii';
comment on column learning.mentorships.ended_at is 'When it ended.';
comment on column learning.mentorships.metadata is 'Notes of the platform.';
comment on column learning.mentorships.created_at is 'When the row was made.';
comment on column learning.mentorships.updated_at is 'When the row last really changed.';
create view learning.assessment_public with (security_barrier) as
  select a.id, a.course_id, a.skill_id, a.title, a.kind, a.draw, a.pass_mark, a.max_attempts, a.cooldown,
    (select coalesce(jsonb_agg(i.item - 'key' - 'tolerance' - 'rubric' order by i.place), '[]') from jsonb_array_elements(a.items) with ordinality as i(item, place)) as items
  from learning.assessments a left join learning.courses c on c.id = a.course_id
  where exists (select from pg_catalog.pg_attribute t where t.attrelid = 'learning.assessments'::regclass and t.attname = 'items' and col_description(t.attrelid, t.attnum) like '%@secret%') and (c.id is null or c.status <> 'draft');

grant select on learning.assessment_public to hc_member;

comment on view learning.assessment_public is 'Assessments of published courses with their items, without keys, tolerances and rubrics. Runs as its owner on purpose: items are granted to nobody.';

-- verify
select count(*) = 0 from blueprint.undocumented('learning');
select col, exists (select from blueprint.annotations(split_part(col, ' ', 1)::regclass) a where a.column_name = split_part(col, ' ', 2) and a.tag = split_part(col, ' ', 3))
from unnest(array['learning.assessments items secret', 'learning.attempts answers pii', 'learning.user_skills evidence pii', 'learning.mentorships mentor_feedback pii', 'learning.certificates credential pii']) col;
select t, obj_description(t::regclass) like '%@retention%' from unnest(array['learning.attempts', 'learning.certificates', 'learning.events']) t;
select count(*) = 15 from pg_class c where c.relnamespace = 'learning'::regnamespace and c.relkind = 'r' and obj_description(c.oid) ~ '@distribution (local|reference)'
  and c.relname in ('skills', 'skill_edges', 'user_skills', 'courses', 'modules', 'course_skills', 'paths', 'path_steps', 'enrolments', 'progress', 'assessments', 'attempts', 'certifications', 'certificates', 'mentorships');
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000190001', 'ada-0190', 'ada-0190@example.org', 'active');
insert into learning.courses (id, code, title, instructor_id, status, published_at) values ('00000000-0000-7000-8000-000000190021', 'probe-0190', 'Probe', '00000000-0000-7000-8000-000000190001', 'published', now()), ('00000000-0000-7000-8000-000000190022', 'draft-0190', 'Draft', '00000000-0000-7000-8000-000000190001', 'draft', null);
insert into learning.assessments (id, course_id, title, items) select id, '00000000-0000-7000-8000-000000190021', 'Quiz', '[{"id": "a", "type": "numeric", "unit": "mm", "tolerance": 0.1, "prompt": "?", "key": 1, "points": 1, "rubric": "x"}]' from (values ('00000000-0000-7000-8000-000000190061'::uuid)) v(id);
insert into learning.assessments (id, course_id, title) values ('00000000-0000-7000-8000-000000190062', '00000000-0000-7000-8000-000000190022', 'Hidden');
select core.act_as('00000000-0000-7000-8000-000000190001');
set local role hc_member;
select items #>> '{0,prompt}' = '?' and not items @? '$.**.key' and not items @? '$.**.tolerance' and not items @? '$.**.rubric' from learning.assessment_public where id = '00000000-0000-7000-8000-000000190061';
select count(*) = 0 from learning.assessment_public where id = '00000000-0000-7000-8000-000000190062';
set local role hc_owner;
select has_table_privilege('hc_member', 'learning.assessment_public', 'select') and not has_table_privilege('hc_anon', 'learning.assessment_public', 'select');
