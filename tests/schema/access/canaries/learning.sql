-- Room learning: ivy's courses in each state, ada and bob in them; cal mentors ada, dot did.
insert into learning.skills (id, path, code, name) values (id('skill'), 'canary', 'canary', 'Canary'), (id('skill before'), 'canary.before', 'canary-before', 'Canary');
insert into learning.skill_edges (skill_id, requires_id) values (id('skill'), id('skill before'));
insert into learning.user_skills (user_id, skill_id, expires_at) select id(name), id('skill'), now() + interval '1 year' from unnest(array['ada', 'bob']) name;
insert into learning.mentorships (id, mentor_id, mentee_id, skill_id, status, during, mentor_feedback) values
  (id('mentorship cal'), id('cal'), id('ada'), id('skill'), 'active', running(), '{"canary": 1}'), (id('mentorship dot'), id('dot'), id('ada'), id('skill'), 'ended', past(), null),
  (id('mentorship offered'), id('eve'), id('bob'), id('skill'), 'offered', running(), null);

insert into learning.courses (id, code, title, instructor_id, status, published_at)
select id('course ' || name), 'canary-' || replace(name, ' ', '-'), 'Canary', id(instructor), status, now()
from (values ('ivy', 'ivy', 'published'), ('ivy draft', 'ivy', 'draft'), ('ivy archived', 'ivy', 'archived'), ('bob draft', 'bob', 'draft')) c(name, instructor, status);
insert into learning.course_skills (course_id, skill_id, direction) select id('course ' || name), id('skill'), 'teaches' from unnest(array['ivy', 'ivy draft', 'bob draft']) name;
insert into learning.modules (id, course_id, position, title) select id('module ' || name), id('course ' || name), 1, 'Canary' from unnest(array['ivy', 'ivy draft', 'bob draft']) name;

insert into learning.assessments (id, course_id, skill_id, title) select id('assessment ' || name), id('course ' || name), null, 'Canary' from unnest(array['ivy', 'ivy draft', 'bob draft']) name;
insert into learning.assessments (id, course_id, skill_id, title) values (id('assessment of a skill'), null, id('skill'), 'Canary');
insert into learning.attempts (id, assessment_id, user_id, number, submitted_at, score, max_score, graded_by, started_at) values
  (id('attempt ada'), id('assessment ivy'), id('ada'), 1, now(), 1, 2, id('ivy'), now()), (id('attempt ada again'), id('assessment ivy'), id('ada'), 2, null, null, null, null, now()),
  (id('attempt eve'), id('assessment bob draft'), id('eve'), 1, now(), 1, 3, id('ivy'), now()), (id('attempt bob'), id('assessment of a skill'), id('bob'), 1, null, null, null, null, now());

insert into learning.enrolments (id, user_id, course_id) values
  (id('enrolment ada'), id('ada'), id('course ivy')), (id('enrolment bob'), id('bob'), id('course ivy')), (id('enrolment eve'), id('eve'), id('course bob draft'));
insert into learning.progress (enrolment_id, module_id) select id('enrolment ' || name), id('module ivy') from unnest(array['ada', 'bob', 'eve']) name;
insert into learning.events (enrolment_id, event_id, module_id, occurred_at) select id('enrolment ' || name), 'canary', id('module ivy'), now() from unnest(array['ada', 'bob', 'eve']) name;
insert into learning.dismissals (user_id, course_id) values (id('ada'), id('course ivy')), (id('bob'), id('course ivy'));

insert into learning.certifications (id, code, title) values (id('certification'), 'canary', 'Canary');
insert into learning.certificates (id, number, certification_id, user_id, credential, credential_sha256, public_code)
select id('certificate ' || name), 'canary ' || name, id('certification'), id(name), '{}', digest('credential'), 'canary-' || name from unnest(array['ada', 'bob']) name;

insert into learning.paths (id, slug, title, goal_skill_id, curator_id, for_user_id) values
  (id('path'), 'canary', 'Canary', id('skill'), id('ivy'), null), (id('plan of ada'), 'canary-ada', 'Canary', id('skill'), id('ivy'), id('ada')), (id('plan of bob'), 'canary-bob', 'Canary', id('skill'), null, id('bob'));
insert into learning.path_steps (path_id, position, course_id) select id(path), 1, id('course ivy') from unnest(array['path', 'plan of ada', 'plan of bob']) path;
