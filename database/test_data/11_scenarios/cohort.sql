-- Scenario: a cohort from its first applicant to a certificate that is revoked. Kinds of uid(): 410 people, 411 course, 412 modules, 413 assessment, 414 certification, 415 an old certificate.

-- task: BUILD_0889 create_test_data
-- title: Play a learning cohort from enrolment to revoked certificate: testdata.play_cohort(seed)
-- does: A course of six modules with 200 seats (or as many as asked for) and a prerequisite: applicants wait, five are stopped, withdrawals promote, players report late and twice, one in ten drops out and is seen to be at risk, an item
--   with a wrong key is found by item analysis and regraded, pause and limit of attempts hold, certificates go to who meets all rules; one is revoked, one has expired, one is tampered with; mentors take what they said.
--   Thirds of the learners are planted: who passes anyway, who passes by the regrade alone, who never does.
-- proves: all steps hold with forty seats: seats never exceeded, the regrade moves exactly the planted learners, certificates are as many as the oracle says, verify_certificate() tells the four apart;
--   who is no guest of this database is refused.
-- needs: BUILD_0185, BUILD_0189, BUILD_0194, BUILD_0195, BUILD_0196, BUILD_0198, BUILD_0199, BUILD_0187, BUILD_0881
create function testdata.play_cohort(seed bigint, seats int default 200) returns table (step int, what text, expected text, found text, ok boolean)
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant text := to_hex(testdata.seed_tag(seed));
  born constant timestamptz := date_trunc('day', now(), 'UTC') - interval '2 years';
  applicants constant int := seats + seats * 3 / 20;
  leaving constant int := seats / 20;
  person constant uuid[] := testdata.players(seed, 410, 'cohort', applicants + 12, born);
  teacher constant uuid := person[applicants + 6];
  moderator constant uuid := person[applicants + 7];
  mentor constant uuid := person[applicants + 8];
  course constant uuid := testdata.uid(seed, 411, 1, testdata.ms(born));
  quiz constant uuid := testdata.uid(seed, 413, 1, testdata.ms(born));
  certification constant uuid := testdata.uid(seed, 414, 1, testdata.ms(born));
  module constant uuid[] := array(select testdata.uid(seed, 412, k, testdata.ms(born)) from generate_series(1, 6) k order by k);
  needed constant uuid := (select s.id from learning.skills s where s.code = 'workshop_safety');
  taught constant uuid := (select s.id from learning.skills s where s.code = 'tolerances');
  learner record;
  attempt uuid;
  batch jsonb;
  made learning.certificates;
  refusals text[] := '{}';
  counted bigint := 0;
  got text;
  i int;
begin
  update core.users u set preferences = '{"mentor_capacity": 2}' where u.id = mentor;
  insert into learning.user_skills (user_id, skill_id, level, source) select person[k], needed, 2, 'import' from generate_series(1, applicants) k;
  insert into learning.user_skills (user_id, skill_id, level, source) values (mentor, taught, 5, 'import');
  insert into learning.courses (id, code, title, instructor_id, seats, created_at, updated_at) values (course, 'cohort-' || tag, 'Tolerances for hinges', teacher, seats, born, born);
  insert into learning.assessments (id, course_id, title, items, pass_mark, max_attempts, cooldown)
  select quiz, course, 'Quiz of the cohort', jsonb_agg(jsonb_build_object('id', 'i' || j, 'type', 'single', 'prompt', 'Question ' || j, 'options', '["a", "b", "c"]'::jsonb, 'key', case j when 7 then 'b' else 'a' end, 'points', 1) order by j), 60, 2, interval '1 day' from generate_series(0, 9) j;
  insert into learning.modules (id, course_id, position, title, kind, assessment_id, completion_rule)
  select module[k], course, k, 'Module ' || k, case k when 6 then 'quiz' else 'video' end, case k when 6 then quiz end, case k when 6 then '{"type": "quiz_passed"}' else '{"type": "percent", "at_least": 100}' end::jsonb from generate_series(1, 6) k;
  insert into learning.course_skills (course_id, skill_id, direction, level) values (course, needed, 'requires', 2), (course, taught, 'teaches', 2);
  insert into learning.certifications (id, code, title, requirements, validity) values (certification, 'cohort-' || tag, 'Certificate of the cohort', jsonb_build_object('courses', jsonb_build_array('cohort-' || tag), 'assessments', jsonb_build_array(quiz), 'skills', jsonb_build_object('tolerances', 1)), interval '1 year');
  update learning.courses c set status = 'published', published_at = now() where c.id = course;

  for i in 1 .. applicants + 5 loop
    perform core.act_as(person[i]);
    refusals := refusals || testdata.answer(format('select learning.enrol(%L, %L)', course, 'spring'));
  end loop;
  return query select * from testdata.step(1, 'seats are taken, the others wait', format('%s enrolled, %s waiting', seats, applicants - seats), (select format('%s enrolled, %s waiting', count(*) filter (where e.status = 'enrolled'), count(*) filter (where e.status = 'waitlisted')) from learning.enrolments e where e.course_id = course));
  return query select * from testdata.step(2, 'five lack the prerequisite', '5 of 5 name it', (select format('%s of %s name it', count(*) filter (where r like '%workshop\_safety 2%'), count(*)) from unnest(refusals) r where r like '55000 %'));

  for i in 1 .. leaving loop
    perform core.act_as(person[i]);
    counted := counted + (learning.withdraw((select e.id from learning.enrolments e where e.course_id = course and e.user_id = person[i]), 'no time') = (select e.id from learning.enrolments e where e.course_id = course and e.user_id = person[seats + i]))::int;
  end loop;
  return query select * from testdata.step(3, 'each withdrawal promotes the first who waits', format('%s promoted, %s enrolled', leaving, seats), format('%s promoted, %s enrolled', counted, (select count(*) from learning.enrolments e where e.course_id = course and e.status = 'enrolled')));

  counted := 0;
  for learner in select e.id, e.user_id, row_number() over (order by array_position(person, e.user_id)) as n from learning.enrolments e where e.course_id = course and e.status = 'enrolled' loop
    perform core.act_as(learner.user_id);
    batch := (select jsonb_agg(jsonb_build_object('id', format('%s-%s', learner.n, k), 'module', module[k], 'at', now() - case when learner.n % 10 = 0 then interval '21 days' else interval '6 hours' end + interval '1 minute' * k, 'seconds', 60, 'percent', 100, 'place', k) order by k desc)
      from generate_series(1, case when learner.n % 10 = 0 then 2 else 5 end) k);
    perform learning.track(learner.id, batch);
    if learner.n <= 5 then
      counted := counted + learning.track(learner.id, batch) + learning.track(learner.id, jsonb_build_array(jsonb_build_object('id', 'late-' || learner.n, 'module', module[1], 'at', now() - interval '2 days', 'percent', 10, 'place', 99)));
    end if;
  end loop;
  return query select * from testdata.step(4, 'events that come again count once, late ones move nothing back', '5 new, 5 at 100 %, seconds 60', (select format('%s new, %s at 100 %%, seconds %s', counted, count(*) filter (where p.percent = 100), max(p.seconds_spent)) from learning.progress p join learning.events v on v.enrolment_id = p.enrolment_id and v.module_id = p.module_id and v.event_id like 'late-%' where p.module_id = module[1]));
  return query select * from testdata.step(5, 'who dropped out is at risk', (select string_agg((10 * k)::text, ' ' order by k) from generate_series(1, seats / 10) k), (select string_agg((array_position(person, r) - leaving)::text, ' ' order by array_position(person, r)) from learning.cohort_board b, unnest(b.at_risk) r where b.course_id = course and b.cohort = 'spring'));

  -- thirds: all right; six right of which one has the wrong key; four right of which one has the wrong key
  for learner in select e.id, e.user_id, row_number() over (order by array_position(person, e.user_id)) as n from learning.enrolments e where e.course_id = course and e.status = 'active' loop
    continue when learner.n % 10 = 0;
    perform core.act_as(learner.user_id);
    attempt := (select a.attempt_id from learning.start_attempt(quiz) a);
    perform learning.submit_attempt(attempt, (select jsonb_object_agg('i' || j, case when j = 7 then case learner.n % 3 when 2 then 'b' else 'a' end when j < case learner.n % 3 when 0 then 10 when 1 then 5 else 3 end then 'a' else 'c' end) from generate_series(0, 9) j));
    perform learning.track(learner.id, jsonb_build_array(jsonb_build_object('id', 'quiz', 'module', module[6], 'at', now() - interval '1 hour')));
  end loop;
  return query select * from testdata.step(6, 'a third passes at first', (select count(*)::text from generate_series(1, seats) n where n % 10 > 0 and n % 3 = 0), (select count(*)::text from learning.attempts t where t.assessment_id = quiz and t.passed));
  perform core.act_as(teacher);
  return query select * from testdata.step(7, 'item analysis names the item with the wrong key', 'i7', (select string_agg(a.item, ', ') from learning.item_analysis(quiz) a where a.discrimination < 0));
  return query select * from testdata.step(8, 'the regrade lifts exactly the planted third', (select string_agg(n::text, ' ' order by n) from generate_series(1, seats) n where n % 10 > 0 and n % 3 = 1),
    (select string_agg(p.n::text, ' ' order by p.n) from learning.regrade(quiz, 'i7', '"a"', 'the key was wrong') r join learning.attempts t on t.id = r.attempt_id, lateral (select array_position(person, t.user_id) - leaving as n) p where r.passed and r.before < 6));

  refusals := '{}';
  for learner in select t.user_id from learning.attempts t where t.assessment_id = quiz and not t.passed order by t.user_id limit 1 loop
    perform core.act_as(learner.user_id);
    for i in 1 .. 3 loop
      begin
        if i = 1 then
          perform learning.start_attempt(quiz);
        else  -- now() is the begin of the transaction, before the attempt that was handed in
          insert into learning.attempts (assessment_id, user_id, number, started_at) values (quiz, learner.user_id, i, clock_timestamp());
        end if;
        refusals := refusals || 'begun'::text;
      exception when sqlstate '23514' then
        refusals := refusals || case when sqlerrm like '%may begin at%' then 'pause' else 'limit' end;
      end;
      if i = 1 then
        update learning.assessments a set cooldown = interval '0' where a.id = quiz;
      end if;
    end loop;
  end loop;
  return query select * from testdata.step(9, 'a pause, then a second attempt, then the limit', 'pause, begun, limit', array_to_string(refusals, ', '));

  for learner in select e.id, e.user_id from learning.enrolments e join learning.attempts t on t.user_id = e.user_id and t.assessment_id = quiz and t.passed where e.course_id = course and e.status = 'active' loop
    perform core.act_as(learner.user_id);
    perform learning.track(learner.id, jsonb_build_array(jsonb_build_object('id', 'again', 'module', module[6], 'at', now() - interval '1 minute')));
  end loop;
  refusals := '{}';
  for learner in select e.user_id from learning.enrolments e where e.course_id = course and e.status <> 'waitlisted' order by array_position(person, e.user_id) loop
    perform core.act_as(learner.user_id);
    refusals := refusals || left(testdata.answer(format('select (learning.issue_certificate(%L, %L)).number', learner.user_id, certification)), 5);
  end loop;
  return query select * from testdata.step(10, 'certificates go to who completed and passed, nobody else', (select format('%s issued, %s refused', count(*) filter (where n % 10 > 0 and n % 3 < 2), count(*) filter (where n % 10 = 0 or n % 3 = 2) + leaving) from generate_series(1, seats) n),
    format('%s issued, %s refused', (select count(*) from learning.certificates k where k.certification_id = certification and exists (select from learning.attempts t where t.assessment_id = quiz and t.user_id = k.user_id and t.passed)), (select count(*) from unnest(refusals) r where r = '55000')));

  perform core.act_as(moderator, 'hc_moderator');
  select k.* into made from learning.certificates k where k.certification_id = certification order by k.number limit 1;
  perform learning.revoke_certificate(made.id, 'fraud');
  batch := jsonb_build_object('id', 'urn:uuid:' || testdata.uid(seed, 415, 1, testdata.ms(born)), 'issuer', 'HingeCraft');
  insert into learning.certificates (id, number, certification_id, user_id, issued_at, credential, credential_sha256, public_code)
  values (testdata.uid(seed, 415, 1, testdata.ms(born)), 'T-cohort-' || tag, certification, mentor, born, batch, sha256(convert_to(batch::text, 'UTF8')), 'cohort-old-' || tag);
  return query select * from testdata.step(11, 'anybody can tell valid, revoked, expired and tampered', 'valid, revoked, expired, tampered', (select concat_ws(', ', (select v.status from learning.verify_certificate(k.public_code, k.credential) v), (select v.status from learning.verify_certificate(made.public_code) v),
      (select v.status from learning.verify_certificate('cohort-old-' || tag) v), (select v.status from learning.verify_certificate(k.public_code, k.credential || '{"issuer": "Somebody"}') v))
    from learning.certificates k where k.certification_id = certification and k.revoked_at is null and k.expires_at > now() order by k.number limit 1));

  refusals := '{}';
  for i in applicants + 9 .. applicants + 12 loop  -- the last one looks only
    perform core.act_as(person[i]);
    refusals := refusals || format('proposed %s', (select count(*) from learning.match_mentors(taught, 1000) m where m.mentor_id = mentor));
    continue when i = applicants + 12;
    got := testdata.answer(format('select learning.request_mentorship(%L, %L)', mentor, taught));
    perform core.act_as(mentor);
    refusals := refusals || case when core.as_uuid(got) is null then left(got, 5) else testdata.answer(format('select learning.answer_mentorship(%L, true)', got)) end;
  end loop;
  return query select * from testdata.step(12, 'a mentor takes two and is proposed no more', 'proposed 1, active, proposed 1, active, proposed 0, 55000, proposed 0', array_to_string(refusals, ', '));
  perform core.act_as(null, 'hc_worker');
end $$;

comment on function testdata.play_cohort is 'A cohort of seats learners from application to certificate, with everything that may go wrong. Steps with what was expected and found. Its rows stay.';

-- verify
select blueprint.raises('select testdata.play_cohort(42889, 20)', '42501', 'not allowed');
set local testdata.allow = on;
create temporary table play_0889 as select * from testdata.play_cohort(42889, 40);
select step, what, expected, found, ok from pg_temp.play_0889 order by ok, step;
select count(*) = 12, array_agg(step order by step) = array(select generate_series(1, 12)) from pg_temp.play_0889;
select count(*) = 46, bool_and(testdata.is_test_id(e.user_id)) from learning.enrolments e join learning.courses c on c.id = e.course_id where c.code = 'cohort-' || to_hex(testdata.seed_tag(42889));
select pronargdefaults = 1 and pg_get_expr(proargdefaults, 0) = '200', (select count(*) = 0 from blueprint.open_to_public('testdata')) from pg_proc where oid = 'testdata.play_cohort'::regproc;
