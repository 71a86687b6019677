-- Room learning, layer 09: skills as a tree with prerequisites between them, courses made of modules, who learns what and how far, assessments, certificates and mentorships.

-- task: BUILD_0181 create_sql_file critical
-- title: Open room learning with its contract: skills as a tree and a prerequisite DAG
-- does: Schema learning, registered as layer 9 with what it provides, what it stands on and its three invariants.
-- proves: the contract names three invariants, a member makes nothing here (42501), a fresh table forces row security and a fresh function is closed.
-- needs: BUILD_0005, BUILD_0015
select blueprint.open_room('learning', 9, '09_learning_skills',
  '{"provides": ["skills", "courses", "paths", "assessments", "certificates", "mentorship"], "requires": ["core.users", "core.content", "core.assets"], "rls": "learner, instructor, mentor",
    "invariants": ["prerequisites are acyclic", "progress never falls", "keys of assessments are hidden"]}',
  'Skills, courses, assessments, certificates and mentorships.');

grant usage on schema learning to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;

-- verify
select layer = 9 and contract -> 'provides' ? 'certificates' and jsonb_array_length(contract -> 'invariants') = 3 from blueprint.rooms where schema_name = 'learning';
create table learning.probe_0181 (id int);
create function learning.probe_0181() returns int language sql return 1;
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'learning.probe_0181'::regclass;
select role, has_schema_privilege(role, 'learning', 'usage') and not has_schema_privilege(role, 'learning', 'create') from unnest(array['hc_anon', 'hc_member', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;
select role, not has_function_privilege(role, 'learning.probe_0181()', 'execute') from unnest(array['hc_anon', 'hc_worker']) role;
set local role hc_member;
select blueprint.raises('select from learning.probe_0181', '42501'), blueprint.raises('create table learning.mine (id int)', '42501');

-- task: BUILD_0182 create_tables critical
-- title: Create the fifteen learning tables and seed the maker skill tree
-- does: Skills with edges and holders, courses with modules and the skills they teach or require, paths, enrolments with progress, assessments with attempts, certifications with certificates,
--   mentorships. An attempt knows whether it passed; sixty maker skills with their prerequisites are there as rows.
-- proves: fabrication.cnc.milling lies below fabrication, passed follows score and pass mark, a toy course joins up from skill to certificate, keys refuse a second row, all force row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0021, BUILD_0181, BUILD_0661
create table learning.skills (
  id uuid default uuidv7() constraint skills_id_pk primary key,
  path extensions.ltree not null constraint skills_path_key unique,
  code text not null constraint skills_code_key unique,
  name text not null,
  description text,
  level_scale jsonb not null default '["none", "aware", "assisted", "independent", "expert", "teaches"]',
  half_life_days int,
  status text not null default 'active',
  metadata jsonb not null default '{}' constraint skills_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table learning.skill_edges (
  skill_id uuid not null,
  requires_id uuid not null,
  min_level int not null default 1,
  constraint skill_edges_skill_id_requires_id_pk primary key (skill_id, requires_id)
);

create table learning.user_skills (
  user_id uuid not null,
  skill_id uuid not null,
  level int not null default 0,
  evidence jsonb not null default '[]',
  assessed_at timestamptz not null default now(),
  expires_at timestamptz,
  source text not null default 'evidence',
  constraint user_skills_user_id_skill_id_pk primary key (user_id, skill_id)
);

create table learning.courses (
  id uuid default uuidv7() constraint courses_id_pk primary key,
  code text not null constraint courses_code_key unique,
  title text not null,
  instructor_id uuid not null,
  category_id uuid,
  difficulty int not null default 1,
  status text not null default 'draft',
  estimated_minutes int not null default 0,
  seats int,
  withdraw_days int not null default 14,
  requires_consents text[] not null default '{}',
  published_at timestamptz,
  outline jsonb not null default '{}' constraint courses_outline_check check (jsonb_typeof(outline) = 'object'),
  rating numeric(3, 2),
  metadata jsonb not null default '{}' constraint courses_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table learning.modules (
  id uuid default uuidv7() constraint modules_id_key unique,
  course_id uuid not null,
  position int not null,
  title text not null,
  kind text not null default 'reading',
  content_id uuid,
  asset_id uuid,
  assessment_id uuid,
  minutes int not null default 10,
  completion_rule jsonb not null default '{"type": "percent", "at_least": 100}',
  constraint modules_course_id_position_pk primary key (course_id, position)
);

create table learning.course_skills (
  course_id uuid not null,
  skill_id uuid not null,
  direction text not null,
  level int not null default 1,
  constraint course_skills_course_id_skill_id_direction_pk primary key (course_id, skill_id, direction)
);

create table learning.paths (
  id uuid default uuidv7() constraint paths_id_pk primary key,
  slug core.slug not null constraint paths_slug_key unique,
  title text not null,
  goal_skill_id uuid not null,
  curator_id uuid,
  for_user_id uuid,
  metadata jsonb not null default '{}' constraint paths_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table learning.path_steps (
  path_id uuid not null,
  position int not null,
  course_id uuid not null,
  is_optional boolean not null default false,
  unlock jsonb not null default '{}',
  constraint path_steps_path_id_position_pk primary key (path_id, position)
);

create table learning.enrolments (
  id uuid default uuidv7() constraint enrolments_id_pk primary key,
  user_id uuid not null,
  course_id uuid not null,
  status text not null default 'enrolled',
  cohort text not null default 'open',
  progress_pct numeric(5, 2) not null default 0,
  completed_at timestamptz,
  waived_by uuid,
  reason text,
  metadata jsonb not null default '{}' constraint enrolments_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now()
);

create table learning.progress (
  enrolment_id uuid not null,
  module_id uuid not null,
  state text not null default 'started',
  percent numeric(5, 2) not null default 0,
  seconds_spent int not null default 0,
  last_event_at timestamptz not null default now(),
  state_data jsonb not null default '{}' constraint progress_state_data_check check (jsonb_typeof(state_data) = 'object'),
  constraint progress_enrolment_id_module_id_pk primary key (enrolment_id, module_id)
);

create table learning.assessments (
  id uuid default uuidv7() constraint assessments_id_pk primary key,
  course_id uuid,
  skill_id uuid,
  title text not null,
  kind text not null default 'quiz',
  items jsonb not null default '[]',
  draw int,
  pass_mark int not null default 60,
  max_attempts int not null default 3,
  cooldown interval not null default '0',
  metadata jsonb not null default '{}' constraint assessments_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table learning.attempts (
  id uuid default uuidv7() constraint attempts_id_pk primary key,
  assessment_id uuid not null,
  user_id uuid not null,
  number int not null default 1,
  seed bigint not null default 0,
  item_ids text[] not null default '{}',
  started_at timestamptz not null default now(),
  submitted_at timestamptz,
  answers jsonb not null default '{}' constraint attempts_answers_check check (jsonb_typeof(answers) = 'object'),
  score numeric,
  max_score numeric,
  pass_mark int not null default 60,
  passed boolean generated always as (score * 100 >= pass_mark * max_score and max_score > 0) stored,
  graded_by uuid,
  graded_at timestamptz,
  constraint attempts_assessment_id_user_id_number_key unique (assessment_id, user_id, number)
);

create table learning.certifications (
  id uuid default uuidv7() constraint certifications_id_pk primary key,
  code text not null constraint certifications_code_key unique,
  title text not null,
  requirements jsonb not null default '{}' constraint certifications_requirements_check check (jsonb_typeof(requirements) = 'object'),
  validity interval,
  issuer text not null default 'HingeCraft',
  skill_id uuid,
  metadata jsonb not null default '{}' constraint certifications_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table learning.certificates (
  id uuid default uuidv7() constraint certificates_id_pk primary key,
  number text not null constraint certificates_number_key unique,
  certification_id uuid not null,
  user_id uuid not null,
  issued_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  revoke_reason text,
  renews_id uuid,
  credential jsonb not null constraint certificates_credential_check check (jsonb_typeof(credential) = 'object'),
  credential_sha256 core.sha256 not null,
  public_code text not null
);

create table learning.mentorships (
  id uuid default uuidv7() constraint mentorships_id_pk primary key,
  mentor_id uuid not null,
  mentee_id uuid not null,
  skill_id uuid not null,
  status text not null default 'offered',
  during tstzrange not null default tstzrange(now(), null),
  goals jsonb not null default '[]' constraint mentorships_goals_check check (jsonb_typeof(goals) = 'array'),
  sessions_count int not null default 0,
  mentor_feedback jsonb constraint mentorships_mentor_feedback_check check (jsonb_typeof(mentor_feedback) = 'object'),
  mentee_feedback jsonb constraint mentorships_mentee_feedback_check check (jsonb_typeof(mentee_feedback) = 'object'),
  ended_at timestamptz,
  metadata jsonb not null default '{}' constraint mentorships_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

insert into learning.skills (path, code, name, half_life_days)
select f[1]::extensions.ltree, f[2], f[3], nullif(f[4], '')::int
from string_to_table($skills$fabrication|fabrication|Fabrication|
fabrication.printing|printing|3D printing|1460
fabrication.printing.fdm|fdm|Filament printing|1095
fabrication.printing.sla|sla|Resin printing|1095
fabrication.printing.sls|sls|Powder printing|1095
fabrication.printing.calibration|print_calibration|Printer calibration|730
fabrication.cnc|cnc|CNC machining|1460
fabrication.cnc.milling|cnc_milling|CNC milling|1095
fabrication.cnc.turning|cnc_turning|CNC turning|1095
fabrication.cnc.cam|cam|Toolpaths (CAM)|730
fabrication.cnc.routing|cnc_routing|CNC routing|1095
fabrication.laser|laser|Laser cutting|1095
fabrication.laser.safety|laser_safety|Laser safety|730
fabrication.sheet|sheet_metal|Sheet metal|1460
fabrication.sheet.bending|bending|Bending|1460
fabrication.sheet.welding|welding|Welding|1095
fabrication.wood|woodworking|Woodworking|2190
fabrication.wood.joinery|joinery|Joinery|2190
fabrication.casting|casting|Casting and moulding|1460
fabrication.finishing|finishing|Finishing|1825
fabrication.assembly|assembly|Assembly|1825
fabrication.workshop_safety|workshop_safety|Workshop safety|730
design|design|Design|
design.sketching|sketching|Sketching|2190
design.cad|cad|Solid modelling|1460
design.cad.parametric|parametric_cad|Parametric modelling|1095
design.cad.openscad|openscad|Code CAD|1095
design.cad.assemblies|cad_assemblies|Assemblies|1095
design.hinges|hinge_design|Hinge design|1460
design.hinges.living|living_hinges|Living hinges|1460
design.hinges.friction|friction_hinges|Friction hinges|1460
design.hinges.load|hinge_loads|Loads on hinges|1095
design.tolerances|tolerances|Tolerances and fits|1460
design.materials|materials|Choosing materials|1460
design.dfm|dfm|Design for manufacture|1095
design.documentation|technical_documentation|Technical documentation|1825
design.licensing|open_licences|Open licences|1095
electronics|electronics|Electronics|
electronics.soldering|soldering|Soldering|1460
electronics.microcontrollers|microcontrollers|Microcontrollers|1095
electronics.sensors|sensors|Sensors|1095
quality|quality|Quality|
quality.measuring|measuring|Measuring|1460
quality.spc|spc|Control charts|1095
quality.testing|load_testing|Load testing|1095
quality.inspection|inspection|Inspection|1095
maintenance|maintenance|Maintenance|
maintenance.printers|printer_maintenance|Printer maintenance|1095
maintenance.mills|mill_maintenance|Mill maintenance|1095
community|community|Community|
community.teaching|teaching|Teaching|1825
community.mentoring|mentoring|Mentoring|1825
community.moderation|moderation|Moderation|1095
community.accessibility|accessibility|Accessibility|1095
sustainability|sustainability|Sustainability|
sustainability.repair|repair|Repair|1825
sustainability.footprint|footprint|Footprint of a product|730
sustainability.recycling|recycling|Recycling plastics|1095
business|business|Running a microfactory|
business.quoting|quoting|Quoting|1095
business.scheduling|scheduling|Scheduling|1095
business.logistics|logistics|Shipping|1095$skills$, e'\n') line, lateral (select string_to_array(line, '|') as f) fields;

insert into learning.skill_edges (skill_id, requires_id, min_level)
select s.id, r.id, e.min_level
from (values ('fdm', 'printing', 1), ('sla', 'printing', 1), ('sls', 'printing', 2), ('print_calibration', 'fdm', 2), ('cnc_milling', 'workshop_safety', 2), ('cnc_milling', 'cam', 1), ('cnc_turning', 'workshop_safety', 2),
    ('cnc_routing', 'workshop_safety', 2), ('cnc_routing', 'cam', 1), ('cam', 'cad', 2), ('laser', 'laser_safety', 2), ('welding', 'workshop_safety', 2), ('joinery', 'woodworking', 2), ('cad', 'sketching', 1),
    ('parametric_cad', 'cad', 2), ('openscad', 'cad', 1), ('cad_assemblies', 'parametric_cad', 2), ('hinge_design', 'parametric_cad', 2), ('hinge_design', 'tolerances', 2), ('living_hinges', 'hinge_design', 2),
    ('living_hinges', 'materials', 2), ('friction_hinges', 'hinge_design', 2), ('hinge_loads', 'hinge_design', 2), ('dfm', 'tolerances', 2), ('dfm', 'materials', 2), ('microcontrollers', 'soldering', 1),
    ('sensors', 'microcontrollers', 1), ('spc', 'measuring', 2), ('load_testing', 'measuring', 2), ('inspection', 'measuring', 2), ('printer_maintenance', 'fdm', 3), ('mill_maintenance', 'cnc_milling', 3),
    ('mentoring', 'teaching', 2), ('quoting', 'dfm', 2), ('scheduling', 'quoting', 1)) e(skill, requires, min_level)
join learning.skills s on s.code = e.skill join learning.skills r on r.code = e.requires;

-- verify
select path operator(extensions.<@) 'fabrication'::extensions.ltree and half_life_days = 1095 from learning.skills where code = 'cnc_milling' and path::text = 'fabrication.cnc.milling';
select count(*) >= 60, count(*) filter (where path operator(extensions.@>) 'fabrication.cnc.milling'::extensions.ltree) = 3 from learning.skills;
select count(*) >= 30, bool_and(e.min_level > 0) from learning.skill_edges e join learning.skills s on s.id = e.skill_id join learning.skills r on r.id = e.requires_id;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000182001', 'ada-0182'), ('00000000-0000-7000-8000-000000182002', 'bob-0182');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000182011', 'probe_0182', 'probe_0182', 'Probe') returning status = 'active' and metadata = '{}' and jsonb_array_length(level_scale) = 6 and created_at = now() and updated_at = now();
insert into learning.skills (path, code, name) values ('probe_0182.b', 'probe_0182b', 'Probe') returning id is not null;
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000182021', 'probe-0182', 'Probe', '00000000-0000-7000-8000-000000182002')
returning difficulty = 1 and status = 'draft' and estimated_minutes = 0 and withdraw_days = 14 and requires_consents = '{}' and outline = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
insert into learning.courses (code, title, instructor_id) values ('probe-0182b', 'Probe', '00000000-0000-7000-8000-000000182002') returning id is not null;
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000182031', '00000000-0000-7000-8000-000000182021', 1, 'One') returning kind = 'reading' and minutes = 10 and completion_rule = '{"type": "percent", "at_least": 100}';
insert into learning.modules (course_id, position, title) values ('00000000-0000-7000-8000-000000182021', 2, 'Two') returning id is not null;
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000182021', '00000000-0000-7000-8000-000000182011', 'teaches') returning level = 1;
insert into learning.skill_edges (skill_id, requires_id) select '00000000-0000-7000-8000-000000182011', id from learning.skills where code = 'cad' returning min_level = 1;
insert into learning.user_skills (user_id, skill_id) values ('00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182011') returning level = 0 and evidence = '[]' and source = 'evidence' and assessed_at = now();
insert into learning.paths (id, slug, title, goal_skill_id) values ('00000000-0000-7000-8000-000000182041', 'probe-0182', 'Probe', '00000000-0000-7000-8000-000000182011') returning metadata = '{}' and created_at = now() and updated_at = now();
insert into learning.paths (slug, title, goal_skill_id) values ('probe-0182b', 'Probe', '00000000-0000-7000-8000-000000182011') returning id is not null;
insert into learning.path_steps (path_id, position, course_id) values ('00000000-0000-7000-8000-000000182041', 1, '00000000-0000-7000-8000-000000182021') returning not is_optional and unlock = '{}';
insert into learning.enrolments (id, user_id, course_id) values ('00000000-0000-7000-8000-000000182051', '00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182021')
returning status = 'enrolled' and cohort = 'open' and progress_pct = 0 and metadata = '{}' and created_at > now() and updated_at = now();
insert into learning.enrolments (user_id, course_id) values ('00000000-0000-7000-8000-000000182002', '00000000-0000-7000-8000-000000182021') returning id is not null;
insert into learning.progress (enrolment_id, module_id) values ('00000000-0000-7000-8000-000000182051', '00000000-0000-7000-8000-000000182031') returning state = 'started' and percent = 0 and seconds_spent = 0 and state_data = '{}' and last_event_at = now();
insert into learning.assessments (id, course_id, title) values ('00000000-0000-7000-8000-000000182061', '00000000-0000-7000-8000-000000182021', 'Quiz')
returning kind = 'quiz' and items = '[]' and pass_mark = 60 and max_attempts = 3 and cooldown = '0' and metadata = '{}' and created_at = now() and updated_at = now();
insert into learning.assessments (title, course_id) values ('Quiz', '00000000-0000-7000-8000-000000182021') returning id is not null;
insert into learning.attempts (assessment_id, user_id, number, score, max_score, pass_mark, submitted_at) values ('00000000-0000-7000-8000-000000182061', '00000000-0000-7000-8000-000000182001', 1, 6, 10, 60, now()), ('00000000-0000-7000-8000-000000182061', '00000000-0000-7000-8000-000000182001', 2, 5.9, 10, 60, now())
returning passed = (score = 6), id is not null, seed = 0 and item_ids = '{}' and answers = '{}' and started_at = now();
insert into learning.attempts (id, assessment_id, user_id) values ('00000000-0000-7000-8000-000000182062', '00000000-0000-7000-8000-000000182061', '00000000-0000-7000-8000-000000182002') returning number = 1 and pass_mark = 60 and passed is null;
insert into learning.certifications (id, code, title) values ('00000000-0000-7000-8000-000000182071', 'probe-0182', 'Probe') returning requirements = '{}' and issuer = 'HingeCraft' and metadata = '{}' and created_at = now() and updated_at = now();
insert into learning.certifications (code, title) values ('probe-0182b', 'Probe') returning id is not null;
insert into learning.certificates (id, number, certification_id, user_id, credential, credential_sha256, public_code) values ('00000000-0000-7000-8000-000000182072', 'P-0182', '00000000-0000-7000-8000-000000182071', '00000000-0000-7000-8000-000000182001', '{}', sha256('x'), 'code-0182-a')
returning issued_at = now();
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0182-2', '00000000-0000-7000-8000-000000182071', '00000000-0000-7000-8000-000000182002', '{}', sha256('x'), 'code-0182-b') returning id is not null;
insert into learning.mentorships (id, mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000182081', '00000000-0000-7000-8000-000000182002', '00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182011')
returning status = 'offered' and during = tstzrange(now(), null) and goals = '[]' and sessions_count = 0 and metadata = '{}' and created_at = now() and updated_at = now();
insert into learning.mentorships (mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182002', '00000000-0000-7000-8000-000000182011') returning id is not null;
select count(*) = 1 from learning.user_skills us join learning.course_skills cs using (skill_id) join learning.courses c on c.id = cs.course_id join learning.modules m on m.course_id = c.id and m.position = 1
  join learning.enrolments e on e.course_id = c.id join learning.progress p on p.enrolment_id = e.id and p.module_id = m.id join learning.path_steps ps on ps.course_id = c.id where us.user_id = '00000000-0000-7000-8000-000000182001';
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into learning.skills (path, code, name) values ('probe_0182', 'x-0182', 'x') $$, 'skills_path_key'), ($$ insert into learning.skills (path, code, name) values ('x_0182', 'probe_0182', 'x') $$, 'skills_code_key'),
  ($$ insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000182011', 'x_0182', 'x-0182', 'x') $$, 'skills_id_pk'),
  ($$ insert into learning.skill_edges select * from learning.skill_edges where skill_id = '00000000-0000-7000-8000-000000182011' $$, 'skill_edges_skill_id_requires_id_pk'),
  ($$ insert into learning.user_skills (user_id, skill_id) values ('00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182011') $$, 'user_skills_user_id_skill_id_pk'),
  ($$ insert into learning.courses (code, title, instructor_id) values ('probe-0182', 'x', '00000000-0000-7000-8000-000000182002') $$, 'courses_code_key'),
  ($$ insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000182021', 'x', 'x', '00000000-0000-7000-8000-000000182002') $$, 'courses_id_pk'),
  ($$ insert into learning.modules (course_id, position, title) values ('00000000-0000-7000-8000-000000182021', 1, 'x') $$, 'modules_course_id_position_pk'),
  ($$ insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000182031', '00000000-0000-7000-8000-000000182021', 9, 'x') $$, 'modules_id_key'),
  ($$ insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000182021', '00000000-0000-7000-8000-000000182011', 'teaches') $$, 'course_skills_course_id_skill_id_direction_pk'),
  ($$ insert into learning.paths (slug, title, goal_skill_id) values ('probe-0182', 'x', '00000000-0000-7000-8000-000000182011') $$, 'paths_slug_key'),
  ($$ insert into learning.paths (id, slug, title, goal_skill_id) values ('00000000-0000-7000-8000-000000182041', 'x-0182', 'x', '00000000-0000-7000-8000-000000182011') $$, 'paths_id_pk'),
  ($$ insert into learning.path_steps (path_id, position, course_id) values ('00000000-0000-7000-8000-000000182041', 1, '00000000-0000-7000-8000-000000182021') $$, 'path_steps_path_id_position_pk'),
  ($$ insert into learning.enrolments (id, user_id, course_id, status) values ('00000000-0000-7000-8000-000000182051', '00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182021', 'withdrawn') $$, 'enrolments_id_pk'),
  ($$ insert into learning.progress (enrolment_id, module_id) values ('00000000-0000-7000-8000-000000182051', '00000000-0000-7000-8000-000000182031') $$, 'progress_enrolment_id_module_id_pk'),
  ($$ insert into learning.assessments (id, title, course_id) values ('00000000-0000-7000-8000-000000182061', 'x', '00000000-0000-7000-8000-000000182021') $$, 'assessments_id_pk'),
  ($$ insert into learning.attempts (assessment_id, user_id, number) values ('00000000-0000-7000-8000-000000182061', '00000000-0000-7000-8000-000000182001', 1) $$, 'attempts_assessment_id_user_id_number_key'),
  ($$ insert into learning.attempts (id, assessment_id, user_id, number) values ('00000000-0000-7000-8000-000000182062', '00000000-0000-7000-8000-000000182061', '00000000-0000-7000-8000-000000182002', 2) $$, 'attempts_id_pk'),
  ($$ insert into learning.certifications (code, title) values ('probe-0182', 'x') $$, 'certifications_code_key'), ($$ insert into learning.certifications (id, code, title) values ('00000000-0000-7000-8000-000000182071', 'x', 'x') $$, 'certifications_id_pk'),
  ($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0182', '00000000-0000-7000-8000-000000182071', '00000000-0000-7000-8000-000000182001', '{}', sha256('x'), 'code-0182-x') $$, 'certificates_number_key'),
  ($$ insert into learning.certificates (id, number, certification_id, user_id, credential, credential_sha256, public_code) values ('00000000-0000-7000-8000-000000182072', 'P-0182-3', '00000000-0000-7000-8000-000000182071', '00000000-0000-7000-8000-000000182001', '{}', sha256('x'), 'code-0182-x') $$, 'certificates_id_pk'),
  ($$ insert into learning.mentorships (id, mentor_id, mentee_id, skill_id, status, during) values ('00000000-0000-7000-8000-000000182081', '00000000-0000-7000-8000-000000182002', '00000000-0000-7000-8000-000000182001', '00000000-0000-7000-8000-000000182011', 'ended', tstzrange('2000-01-01', '2001-01-01')) $$, 'mentorships_id_pk')) v(sql, rule);
select rule, blueprint.raises(sql, '23514', rule) from (values
  ($$ update learning.skills set metadata = '[]' where code = 'cad' $$, 'skills_metadata_check'), ($$ update learning.courses set outline = '[]' where code = 'probe-0182' $$, 'courses_outline_check'),
  ($$ update learning.courses set metadata = '[]' where code = 'probe-0182' $$, 'courses_metadata_check'), ($$ update learning.paths set metadata = '[]' where slug = 'probe-0182' $$, 'paths_metadata_check'),
  ($$ update learning.enrolments set metadata = '[]' where cohort = 'open' $$, 'enrolments_metadata_check'), ($$ update learning.progress set state_data = '[]' where enrolment_id = '00000000-0000-7000-8000-000000182051' $$, 'progress_state_data_check'),
  ($$ update learning.assessments set metadata = '[]' where title = 'Quiz' $$, 'assessments_metadata_check'), ($$ update learning.attempts set answers = '[]' where id = '00000000-0000-7000-8000-000000182062' $$, 'attempts_answers_check'),
  ($$ update learning.certifications set requirements = '[]' where code = 'probe-0182' $$, 'certifications_requirements_check'), ($$ update learning.certifications set metadata = '[]' where code = 'probe-0182' $$, 'certifications_metadata_check'),
  ($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0182-4', '00000000-0000-7000-8000-000000182071', '00000000-0000-7000-8000-000000182001', '[]', sha256('x'), 'code-0182-c') $$, 'certificates_credential_check'),
  ($$ update learning.mentorships set goals = '{}' where status = 'offered' $$, 'mentorships_goals_check'), ($$ update learning.mentorships set mentor_feedback = '[]' where status = 'offered' $$, 'mentorships_mentor_feedback_check'),
  ($$ update learning.mentorships set mentee_feedback = '[]' where status = 'offered' $$, 'mentorships_mentee_feedback_check'), ($$ update learning.mentorships set metadata = '[]' where status = 'offered' $$, 'mentorships_metadata_check')) v(sql, rule);
select relname, relrowsecurity and relforcerowsecurity from pg_class where relnamespace = 'learning'::regnamespace and relkind = 'r'
  and relname in ('skills', 'skill_edges', 'user_skills', 'courses', 'modules', 'course_skills', 'paths', 'path_steps', 'enrolments', 'progress', 'assessments', 'attempts', 'certifications', 'certificates', 'mentorships');

-- task: BUILD_0183 create_indexes
-- title: Index skill tree, skill holders, live enrolments and certificate lookups
-- does: The skill tree by GiST and by name typed badly, holders of a skill best first, live enrolments of a person and of a course, attempts newest first, certificates by code and holder,
--   mentorships of a mentor in time.
-- proves: each query of the room can be served by the index made for it, and a public code is unique.
-- needs: BUILD_0005, BUILD_0021, BUILD_0182
create index skills_path_idx on learning.skills using gist (path extensions.gist_ltree_ops);
create index skills_name_trgm_idx on learning.skills using gin (name extensions.gin_trgm_ops);
create index skill_edges_requires_id_idx on learning.skill_edges (requires_id);
create index user_skills_skill_id_level_idx on learning.user_skills (skill_id, level desc);
create index course_skills_skill_id_direction_idx on learning.course_skills (skill_id, direction);
create index enrolments_user_id_live_idx on learning.enrolments (user_id, created_at desc) where status in ('waitlisted', 'enrolled', 'active');
create index enrolments_course_id_status_idx on learning.enrolments (course_id, status, created_at);
create index attempts_user_id_assessment_id_number_idx on learning.attempts (user_id, assessment_id, number desc);
create unique index certificates_public_code_key on learning.certificates (public_code);
create index certificates_user_id_idx on learning.certificates (user_id, issued_at desc);
create index mentorships_mentor_id_during_idx on learning.mentorships using gist (mentor_id, during);

comment on index learning.skills_path_idx is 'Subtree of a skill (path <@) and its ancestors.';
comment on index learning.skills_name_trgm_idx is 'Skills by a name typed badly.';
comment on index learning.skill_edges_requires_id_idx is 'What a skill unlocks; and the foreign key.';
comment on index learning.user_skills_skill_id_level_idx is 'Holders of a skill, best first; and the foreign key.';
comment on index learning.course_skills_skill_id_direction_idx is 'Courses that teach or require a skill; and the foreign key.';
comment on index learning.enrolments_user_id_live_idx is 'What somebody learns now.';
comment on index learning.enrolments_course_id_status_idx is 'Learners of a course by state in order of arrival: seats, waiting list, cohorts; and the foreign key.';
comment on index learning.attempts_user_id_assessment_id_number_idx is 'Attempts of a person at an assessment, newest first.';
comment on index learning.certificates_public_code_key is 'The certificate behind a public code.';
comment on index learning.certificates_user_id_idx is 'Certificates of a person, newest first; and the foreign key.';
comment on index learning.mentorships_mentor_id_during_idx is 'What a mentor does at a time; and the foreign key.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from learning.skills where path operator(extensions.<@) 'fabrication.cnc'::extensions.ltree $$, 'skills_path_idx'),
  ($$ select from learning.skills where name operator(extensions.%) 'CNC miling' $$, 'skills_name_trgm_idx'),
  ($$ select skill_id from learning.skill_edges where requires_id = '00000000-0000-7000-8000-000000183001' $$, 'skill_edges_requires_id_idx'),
  ($$ select user_id from learning.user_skills where skill_id = '00000000-0000-7000-8000-000000183001' order by level desc limit 5 $$, 'user_skills_skill_id_level_idx'),
  ($$ select course_id from learning.course_skills where skill_id = '00000000-0000-7000-8000-000000183001' and direction = 'teaches' $$, 'course_skills_skill_id_direction_idx'),
  ($$ select id from learning.enrolments where user_id = '00000000-0000-7000-8000-000000183001' and status in ('waitlisted', 'enrolled', 'active') order by created_at desc $$, 'enrolments_user_id_live_idx'),
  ($$ select id from learning.enrolments where course_id = '00000000-0000-7000-8000-000000183001' and status = 'waitlisted' order by created_at limit 1 $$, 'enrolments_course_id_status_idx'),
  ($$ select id from learning.attempts where user_id = '00000000-0000-7000-8000-000000183001' and assessment_id = '00000000-0000-7000-8000-000000183001' order by number desc limit 1 $$, 'attempts_user_id_assessment_id_number_idx'),
  ($$ select id from learning.certificates where user_id = '00000000-0000-7000-8000-000000183001' order by issued_at desc $$, 'certificates_user_id_idx'),
  ($$ select id from learning.certificates where public_code = 'x' $$, 'certificates_public_code_key')) v(sql, index);
select bool_or(blueprint.plan_uses($$ select id from learning.mentorships where mentor_id = '00000000-0000-7000-8000-000000183001' and during @> now() $$, index))  -- the key of pairs (0189) serves, too
from unnest(array['mentorships_mentor_id_during_idx', 'mentorships_pair_during_key']) index;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000183001', 'ada-0183');
insert into learning.certifications (id, code, title) values ('00000000-0000-7000-8000-000000183071', 'probe-0183', 'Probe');
insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0183', '00000000-0000-7000-8000-000000183071', '00000000-0000-7000-8000-000000183001', '{}', sha256('x'), 'code-0183-a');
select blueprint.raises($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0183-2', '00000000-0000-7000-8000-000000183071', '00000000-0000-7000-8000-000000183001', '{}', sha256('x'), 'code-0183-a') $$, '23505', 'certificates_public_code_key');

-- task: BUILD_0184 create_foreign_keys critical
-- title: Link learning tables to users, content, assets and skills
-- does: Every id points to a row that is there: parts go with their course or enrolment, everything else keeps what it points to from being deleted; each key has its index.
-- proves: a course with enrolments stays (23503) while draft modules can go, a course without learners takes its modules along, each key refuses a stranger, none is without index.
-- needs: BUILD_0022, BUILD_0182, BUILD_0183, BUILD_0691, BUILD_0781
alter table learning.skill_edges
  add constraint skill_edges_skill_id_fk foreign key (skill_id) references learning.skills (id),
  add constraint skill_edges_requires_id_fk foreign key (requires_id) references learning.skills (id);
alter table learning.user_skills
  add constraint user_skills_user_id_fk foreign key (user_id) references core.users (id),
  add constraint user_skills_skill_id_fk foreign key (skill_id) references learning.skills (id);
alter table learning.courses
  add constraint courses_instructor_id_fk foreign key (instructor_id) references core.users (id),
  add constraint courses_category_id_fk foreign key (category_id) references core.terms (id);
alter table learning.modules
  add constraint modules_course_id_fk foreign key (course_id) references learning.courses (id) on delete cascade,
  add constraint modules_content_id_fk foreign key (content_id) references core.content (id),
  add constraint modules_asset_id_fk foreign key (asset_id) references core.assets (id),
  add constraint modules_assessment_id_fk foreign key (assessment_id) references learning.assessments (id);
alter table learning.course_skills
  add constraint course_skills_course_id_fk foreign key (course_id) references learning.courses (id) on delete cascade,
  add constraint course_skills_skill_id_fk foreign key (skill_id) references learning.skills (id);
alter table learning.paths
  add constraint paths_goal_skill_id_fk foreign key (goal_skill_id) references learning.skills (id),
  add constraint paths_curator_id_fk foreign key (curator_id) references core.users (id),
  add constraint paths_for_user_id_fk foreign key (for_user_id) references core.users (id);
alter table learning.path_steps
  add constraint path_steps_path_id_fk foreign key (path_id) references learning.paths (id) on delete cascade,
  add constraint path_steps_course_id_fk foreign key (course_id) references learning.courses (id);
alter table learning.enrolments
  add constraint enrolments_user_id_fk foreign key (user_id) references core.users (id),
  add constraint enrolments_course_id_fk foreign key (course_id) references learning.courses (id),
  add constraint enrolments_waived_by_fk foreign key (waived_by) references core.users (id);
alter table learning.progress
  add constraint progress_enrolment_id_fk foreign key (enrolment_id) references learning.enrolments (id) on delete cascade,
  add constraint progress_module_id_fk foreign key (module_id) references learning.modules (id);
alter table learning.assessments
  add constraint assessments_course_id_fk foreign key (course_id) references learning.courses (id),
  add constraint assessments_skill_id_fk foreign key (skill_id) references learning.skills (id);
alter table learning.attempts
  add constraint attempts_assessment_id_fk foreign key (assessment_id) references learning.assessments (id),
  add constraint attempts_user_id_fk foreign key (user_id) references core.users (id),
  add constraint attempts_graded_by_fk foreign key (graded_by) references core.users (id);
alter table learning.certifications add constraint certifications_skill_id_fk foreign key (skill_id) references learning.skills (id);
alter table learning.certificates
  add constraint certificates_certification_id_fk foreign key (certification_id) references learning.certifications (id),
  add constraint certificates_user_id_fk foreign key (user_id) references core.users (id),
  add constraint certificates_renews_id_fk foreign key (renews_id) references learning.certificates (id);
alter table learning.mentorships
  add constraint mentorships_mentor_id_fk foreign key (mentor_id) references core.users (id),
  add constraint mentorships_mentee_id_fk foreign key (mentee_id) references core.users (id),
  add constraint mentorships_skill_id_fk foreign key (skill_id) references learning.skills (id);

create index courses_instructor_id_idx on learning.courses (instructor_id);
create index courses_category_id_idx on learning.courses (category_id);
create index modules_content_id_idx on learning.modules (content_id) where content_id is not null;
create index modules_asset_id_idx on learning.modules (asset_id) where asset_id is not null;
create index modules_assessment_id_idx on learning.modules (assessment_id) where assessment_id is not null;
create index paths_goal_skill_id_idx on learning.paths (goal_skill_id);
create index paths_curator_id_idx on learning.paths (curator_id) where curator_id is not null;
create index paths_for_user_id_idx on learning.paths (for_user_id) where for_user_id is not null;
create index path_steps_course_id_idx on learning.path_steps (course_id);
create index enrolments_user_id_idx on learning.enrolments (user_id);
create index enrolments_waived_by_idx on learning.enrolments (waived_by) where waived_by is not null;
create index progress_module_id_idx on learning.progress (module_id);
create index assessments_course_id_idx on learning.assessments (course_id) where course_id is not null;
create index assessments_skill_id_idx on learning.assessments (skill_id) where skill_id is not null;
create index attempts_graded_by_idx on learning.attempts (graded_by) where graded_by is not null;
create index certifications_skill_id_idx on learning.certifications (skill_id) where skill_id is not null;
create index certificates_certification_id_idx on learning.certificates (certification_id);
create index certificates_renews_id_idx on learning.certificates (renews_id) where renews_id is not null;
create index mentorships_mentee_id_idx on learning.mentorships (mentee_id);
create index mentorships_skill_id_idx on learning.mentorships (skill_id);

comment on index learning.courses_instructor_id_idx is 'Courses somebody gives; and the foreign key.';
comment on index learning.courses_category_id_idx is 'Courses of a category; and the foreign key.';
comment on index learning.modules_content_id_idx is 'Modules that show a text; the foreign key.';
comment on index learning.modules_asset_id_idx is 'Modules that show a file; the foreign key.';
comment on index learning.modules_assessment_id_idx is 'Modules an assessment completes; the foreign key.';
comment on index learning.paths_goal_skill_id_idx is 'Paths to a skill; and the foreign key.';
comment on index learning.paths_curator_id_idx is 'Paths of a curator; the foreign key.';
comment on index learning.paths_for_user_id_idx is 'Plans of a person; the foreign key.';
comment on index learning.path_steps_course_id_idx is 'Paths a course is on; the foreign key.';
comment on index learning.enrolments_user_id_idx is 'Everything somebody ever began; the foreign key.';
comment on index learning.enrolments_waived_by_idx is 'Whom an instructor let in; the foreign key.';
comment on index learning.progress_module_id_idx is 'Learners of a module; the foreign key.';
comment on index learning.assessments_course_id_idx is 'Assessments of a course; the foreign key.';
comment on index learning.assessments_skill_id_idx is 'Assessments of a skill; the foreign key.';
comment on index learning.attempts_graded_by_idx is 'What somebody graded; the foreign key.';
comment on index learning.certifications_skill_id_idx is 'Certifications of a skill; the foreign key.';
comment on index learning.certificates_certification_id_idx is 'Holders of a certification; the foreign key.';
comment on index learning.certificates_renews_id_idx is 'What renewed a certificate; the foreign key.';
comment on index learning.mentorships_mentee_id_idx is 'Mentorships of a mentee; the foreign key.';
comment on index learning.mentorships_skill_id_idx is 'Mentorships in a skill; the foreign key.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000184001', 'ada-0184');
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000184021', 'probe-0184', 'Probe', '00000000-0000-7000-8000-000000184001'), ('00000000-0000-7000-8000-000000184022', 'probe-0184b', 'Probe', '00000000-0000-7000-8000-000000184001');
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000184031', '00000000-0000-7000-8000-000000184021', 1, 'One'), ('00000000-0000-7000-8000-000000184032', '00000000-0000-7000-8000-000000184021', 2, 'Two'), ('00000000-0000-7000-8000-000000184033', '00000000-0000-7000-8000-000000184022', 1, 'One');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000184011', 'probe_0184', 'probe_0184', 'Probe');
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000184022', '00000000-0000-7000-8000-000000184011', 'teaches');
insert into learning.enrolments (id, user_id, course_id) values ('00000000-0000-7000-8000-000000184051', '00000000-0000-7000-8000-000000184001', '00000000-0000-7000-8000-000000184021');
insert into learning.progress (enrolment_id, module_id) values ('00000000-0000-7000-8000-000000184051', '00000000-0000-7000-8000-000000184031');
insert into learning.paths (id, slug, title, goal_skill_id) values ('00000000-0000-7000-8000-000000184041', 'probe-0184', 'Probe', '00000000-0000-7000-8000-000000184011');
insert into learning.path_steps (path_id, position, course_id) values ('00000000-0000-7000-8000-000000184041', 1, '00000000-0000-7000-8000-000000184021');
insert into learning.assessments (id, title, course_id) values ('00000000-0000-7000-8000-000000184061', 'Quiz', '00000000-0000-7000-8000-000000184021');
insert into learning.certifications (id, code, title) values ('00000000-0000-7000-8000-000000184071', 'probe-0184', 'Probe');
select blueprint.raises($$ delete from learning.courses where code = 'probe-0184' $$, '23503');
delete from learning.modules where id = '00000000-0000-7000-8000-000000184032' returning true;
delete from learning.courses where code = 'probe-0184b' returning true;
select not exists (select from learning.modules where id = '00000000-0000-7000-8000-000000184033'), not exists (select from learning.course_skills where course_id = '00000000-0000-7000-8000-000000184022');
select rule, blueprint.raises(replace(sql, '?', '''00000000-0000-7000-8000-00000018400f'''), '23503', rule) from (values
  ($$ update learning.skill_edges set skill_id = ? where requires_id = (select id from learning.skills where code = 'sketching') $$, 'skill_edges_skill_id_fk'), ($$ insert into learning.skill_edges values ('00000000-0000-7000-8000-000000184011', ?) $$, 'skill_edges_requires_id_fk'),
  ($$ insert into learning.user_skills (user_id, skill_id) values (?, '00000000-0000-7000-8000-000000184011') $$, 'user_skills_user_id_fk'), ($$ insert into learning.user_skills (user_id, skill_id) values ('00000000-0000-7000-8000-000000184001', ?) $$, 'user_skills_skill_id_fk'),
  ($$ update learning.courses set instructor_id = ? where code = 'probe-0184' $$, 'courses_instructor_id_fk'), ($$ update learning.courses set category_id = ? where code = 'probe-0184' $$, 'courses_category_id_fk'),
  ($$ insert into learning.modules (course_id, position, title) values (?, 1, 'x') $$, 'modules_course_id_fk'), ($$ update learning.modules set content_id = ? where course_id = '00000000-0000-7000-8000-000000184021' $$, 'modules_content_id_fk'),
  ($$ update learning.modules set asset_id = ? where course_id = '00000000-0000-7000-8000-000000184021' $$, 'modules_asset_id_fk'), ($$ update learning.modules set assessment_id = ? where course_id = '00000000-0000-7000-8000-000000184021' $$, 'modules_assessment_id_fk'),
  ($$ insert into learning.course_skills values (?, '00000000-0000-7000-8000-000000184011', 'teaches') $$, 'course_skills_course_id_fk'), ($$ insert into learning.course_skills values ('00000000-0000-7000-8000-000000184021', ?, 'teaches') $$, 'course_skills_skill_id_fk'),
  ($$ update learning.paths set goal_skill_id = ? where slug = 'probe-0184' $$, 'paths_goal_skill_id_fk'), ($$ update learning.paths set curator_id = ? where slug = 'probe-0184' $$, 'paths_curator_id_fk'), ($$ update learning.paths set for_user_id = ? where slug = 'probe-0184' $$, 'paths_for_user_id_fk'),
  ($$ insert into learning.path_steps (path_id, position, course_id) values (?, 1, '00000000-0000-7000-8000-000000184021') $$, 'path_steps_path_id_fk'), ($$ update learning.path_steps set course_id = ? where path_id = '00000000-0000-7000-8000-000000184041' $$, 'path_steps_course_id_fk'),
  ($$ insert into learning.enrolments (user_id, course_id) values (?, '00000000-0000-7000-8000-000000184021') $$, 'enrolments_user_id_fk'), ($$ insert into learning.enrolments (user_id, course_id) values ('00000000-0000-7000-8000-000000184001', ?) $$, 'enrolments_course_id_fk'),
  ($$ update learning.enrolments set waived_by = ? where id = '00000000-0000-7000-8000-000000184051' $$, 'enrolments_waived_by_fk'),
  ($$ insert into learning.progress (enrolment_id, module_id) values (?, '00000000-0000-7000-8000-000000184031') $$, 'progress_enrolment_id_fk'), ($$ insert into learning.progress (enrolment_id, module_id) values ('00000000-0000-7000-8000-000000184051', ?) $$, 'progress_module_id_fk'),
  ($$ update learning.assessments set course_id = ? where id = '00000000-0000-7000-8000-000000184061' $$, 'assessments_course_id_fk'), ($$ update learning.assessments set skill_id = ? where id = '00000000-0000-7000-8000-000000184061' $$, 'assessments_skill_id_fk'),
  ($$ insert into learning.attempts (assessment_id, user_id) values (?, '00000000-0000-7000-8000-000000184001') $$, 'attempts_assessment_id_fk'), ($$ insert into learning.attempts (assessment_id, user_id) values ('00000000-0000-7000-8000-000000184061', ?) $$, 'attempts_user_id_fk'),
  ($$ insert into learning.attempts (assessment_id, user_id, graded_by) values ('00000000-0000-7000-8000-000000184061', '00000000-0000-7000-8000-000000184001', ?) $$, 'attempts_graded_by_fk'),
  ($$ update learning.certifications set skill_id = ? where code = 'probe-0184' $$, 'certifications_skill_id_fk'),
  ($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0184', ?, '00000000-0000-7000-8000-000000184001', '{}', sha256('x'), 'code-0184-a') $$, 'certificates_certification_id_fk'),
  ($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code) values ('P-0184', '00000000-0000-7000-8000-000000184071', ?, '{}', sha256('x'), 'code-0184-a') $$, 'certificates_user_id_fk'),
  ($$ insert into learning.certificates (number, certification_id, user_id, credential, credential_sha256, public_code, renews_id) values ('P-0184', '00000000-0000-7000-8000-000000184071', '00000000-0000-7000-8000-000000184001', '{}', sha256('x'), 'code-0184-a', ?) $$, 'certificates_renews_id_fk'),
  ($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id) values (?, '00000000-0000-7000-8000-000000184001', '00000000-0000-7000-8000-000000184011') $$, 'mentorships_mentor_id_fk'),
  ($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000184001', ?, '00000000-0000-7000-8000-000000184011') $$, 'mentorships_mentee_id_fk'),
  ($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id) select '00000000-0000-7000-8000-000000184001', id, ? from core.users where handle <> 'ada-0184' limit 1 $$, 'mentorships_skill_id_fk')) v(sql, rule)
where rule <> 'mentorships_skill_id_fk';
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000184002', 'bob-0184');
select blueprint.raises($$ insert into learning.mentorships (mentor_id, mentee_id, skill_id) values ('00000000-0000-7000-8000-000000184001', '00000000-0000-7000-8000-000000184002', '00000000-0000-7000-8000-00000018400f') $$, '23503', 'mentorships_skill_id_fk');
delete from learning.path_steps where path_id = '00000000-0000-7000-8000-000000184041';
insert into learning.path_steps (path_id, position, course_id) values ('00000000-0000-7000-8000-000000184041', 2, '00000000-0000-7000-8000-000000184021');
delete from learning.paths where slug = 'probe-0184' returning true;
select count(*) = 0 from learning.path_steps where path_id = '00000000-0000-7000-8000-000000184041';
select count(*) = 0 from blueprint.unindexed_fks('learning');
