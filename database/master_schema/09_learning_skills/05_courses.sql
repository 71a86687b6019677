-- Room learning, courses: cohorts with seats and a waiting list, and what a player reports while somebody learns.

-- task: BUILD_0194 implement_feature critical
-- title: Enrolment with cohorts, seats, waitlist and withdrawal rules
-- does: enrol(course, cohort) locks the course, asks for consents and prerequisites (or an instructor's waive()), and puts who finds no seat on the waiting list; withdraw() gives the seat to the
--   first who waits and, before the deadline, takes the attempts back; transfer() moves to another cohort with all progress, expire_idle() ends what nobody goes on with.
-- proves: with two seats and four learners two are enrolled and two wait in order, a withdrawal promotes the first, a waiver lets somebody in and is on record, a missing consent is refused.
-- needs: BUILD_0185, BUILD_0186, BUILD_0677
create function learning.seat_status(course uuid, cohort text) returns text
  language sql stable set search_path = ''
as $$
  select case when c.seats <= (select count(*) from learning.enrolments e where e.course_id = course and e.cohort = seat_status.cohort and e.status in ('enrolled', 'active')) then 'waitlisted' else 'enrolled' end
  from learning.courses c where c.id = course
$$;

create function learning.enrol(course uuid, cohort text) returns learning.enrolments
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  c learning.courses;
  lacking text;
  made learning.enrolments;
begin
  if me is null then
    raise exception using errcode = '42501', message = 'sign in to enrol';
  end if;
  select * into c from learning.courses x where x.id = course and x.status = 'published' for update;
  if not found then
    raise exception using errcode = 'P0002', message = 'there is no such course', hint = 'learning.course_catalogue lists those that are open.';
  end if;
  select string_agg(k, ', ') into lacking from unnest(c.requires_consents) k where not core.has_consent(me, k);
  if lacking is not null then
    raise exception using errcode = '55000', message = format('%s asks for your consent: %s', c.title, lacking), hint = 'core.record_consent() records it.';
  end if;
  select string_agg(format('%s %s (you have %s)', m.code, m.needs, m.has), ', ') into lacking from learning.missing_for(course, me) m;
  if lacking is not null then
    raise exception using errcode = '55000', message = format('%s requires %s', c.title, lacking), hint = 'Learn these first, or ask the instructor to let you in.';
  end if;
  insert into learning.enrolments (user_id, course_id, cohort, status) values (me, course, cohort, learning.seat_status(course, cohort)) returning * into made;
  return made;
end $$;

create function learning.waive(course uuid, person uuid, reason text, cohort text default 'open') returns learning.enrolments
  language plpgsql security definer set search_path = ''
as $$
declare
  made learning.enrolments;
begin
  perform from learning.courses c where c.id = course and c.status = 'published' and (c.instructor_id = core.current_user_id() or core.has_role('hc_moderator')) for update;
  if not found then
    raise exception using errcode = '42501', message = 'only who gives a course lets somebody in without what it requires';
  elsif coalesce(reason, '') = '' then
    raise exception using errcode = '22023', message = 'a waiver takes a reason';
  end if;
  insert into learning.enrolments (user_id, course_id, cohort, status, waived_by, reason) values (person, course, cohort, learning.seat_status(course, cohort), core.current_user_id(), reason) returning * into made;
  return made;
end $$;

create function learning.promote(course uuid, cohort text) returns uuid
  language plpgsql set search_path = ''
as $$
declare
  chosen uuid;
begin
  if learning.seat_status(course, cohort) = 'enrolled' then
    select e.id into chosen from learning.enrolments e where e.course_id = course and e.cohort = promote.cohort and e.status = 'waitlisted' order by e.created_at, e.id limit 1;
    update learning.enrolments e set status = 'enrolled' where e.id = chosen;
  end if;
  return chosen;
end $$;

create function learning.withdraw(enrolment uuid, reason text default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  e learning.enrolments;
  c learning.courses;
begin
  select * into e from learning.enrolments x where x.id = enrolment and x.user_id = core.current_user_id();
  select * into c from learning.courses x where x.id = e.course_id for update;
  select * into e from learning.enrolments x where x.id = enrolment and x.user_id = core.current_user_id() and x.status in ('waitlisted', 'enrolled', 'active') for update;
  if not found then
    raise exception using errcode = '42501', message = 'this is no live enrolment of yours';
  end if;
  update learning.enrolments x set status = 'withdrawn', reason = withdraw.reason where x.id = enrolment;
  if now() < e.created_at + make_interval(days => c.withdraw_days) then
    delete from learning.attempts a using learning.assessments s where s.id = a.assessment_id and s.course_id = c.id and a.user_id = e.user_id;
  end if;
  return learning.promote(c.id, e.cohort);
end $$;

create function learning.transfer(enrolment uuid, cohort text) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  e learning.enrolments;
begin
  select * into e from learning.enrolments x where x.id = enrolment and x.status in ('waitlisted', 'enrolled', 'active')
    and (x.user_id = core.current_user_id() or x.course_id = any (learning.taught_by(core.current_user_id())));
  if not found then
    raise exception using errcode = '42501', message = 'this is no live enrolment of yours';
  end if;
  perform from learning.courses c where c.id = e.course_id for update;
  if learning.seat_status(e.course_id, cohort) = 'waitlisted' then
    raise exception using errcode = '55000', message = format('cohort %s has no seat left', cohort);
  end if;
  update learning.enrolments x set cohort = transfer.cohort, status = case x.status when 'waitlisted' then 'enrolled' else x.status end where x.id = enrolment;
  perform learning.promote(e.course_id, e.cohort);
  return cohort;
end $$;

create function learning.taught_by(person uuid) returns uuid[]
  language sql stable set search_path = ''
as $$ select coalesce(array_agg(c.id), '{}') from learning.courses c where c.instructor_id = person $$;

create function learning.expire_idle(days int default 90) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  ended bigint;
begin
  with idle as (
    update learning.enrolments e set status = 'expired', reason = format('idle for %s days', days)
    where e.status in ('enrolled', 'active')
      and coalesce((select max(p.last_event_at) from learning.progress p where p.enrolment_id = e.id), e.created_at) < now() - make_interval(days => days)
    returning e.course_id, e.cohort),
  promoted as (select learning.promote(i.course_id, i.cohort) from (select distinct course_id, cohort from idle) i)
  select count(*) into ended from idle, lateral (select count(*) from promoted) p;
  return ended;
end $$;

grant execute on function learning.enrol(uuid, text), learning.waive, learning.withdraw, learning.transfer to hc_member;
grant execute on function learning.expire_idle to hc_worker;

comment on function learning.seat_status is 'enrolled while a cohort has a seat, waitlisted when it is full. Lock the course before.';
comment on function learning.enrol(uuid, text) is 'Enrols the current person in a cohort, or puts it on the waiting list: 55000 without a consent or a skill. The row lock of the course makes seats exact. Security definer: enrolments are written by functions.';
comment on function learning.waive is 'Lets a person in without what the course requires, on record with who and why; 42501 for all but who gives it. Security definer: enrolments are written by functions.';
comment on function learning.promote is 'Gives a free seat to the first who waits; returns the enrolment. Lock the course before.';
comment on function learning.withdraw is 'Ends a live enrolment of the current person and returns whom that promoted; before the deadline attempts are taken back. Security definer: enrolments are written by functions.';
comment on function learning.transfer is 'Moves an enrolment to another cohort with its progress, for its learner or who gives the course; 55000 when it is full. Security definer: enrolments are written by functions.';
comment on function learning.taught_by is 'Courses a person gives.';
comment on function learning.expire_idle is 'Ends enrolments without a step for so many days and gives their seats away; returns how many. Security definer: the worker writes no enrolment.';

-- verify
insert into core.users (id, handle, email, status) select format('00000000-0000-7000-8000-00000019400%s', n)::uuid, 'p' || n || '-0194', 'p' || n || '-0194@example.org', 'active' from generate_series(1, 7) n;
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000194011', 'probe_0194', 'probe_0194', 'Probe');
insert into learning.courses (id, code, title, instructor_id, seats) values ('00000000-0000-7000-8000-000000194021', 'probe-0194', 'Probe', '00000000-0000-7000-8000-000000194007', 2), ('00000000-0000-7000-8000-000000194022', 'skilled-0194', 'Skilled', '00000000-0000-7000-8000-000000194007', 2), ('00000000-0000-7000-8000-000000194023', 'asks-0194', 'Asks', '00000000-0000-7000-8000-000000194007', 2);
update learning.courses set requires_consents = '{probe_0194}' where code = 'asks-0194';
insert into learning.modules (id, course_id, position, title) values ('00000000-0000-7000-8000-000000194031', '00000000-0000-7000-8000-000000194021', 1, 'One');
insert into learning.course_skills (course_id, skill_id, direction) values ('00000000-0000-7000-8000-000000194022', '00000000-0000-7000-8000-000000194011', 'requires');
update learning.courses set status = 'published', published_at = now() where code like '%-0194';
insert into learning.assessments (id, course_id, title) values ('00000000-0000-7000-8000-000000194061', '00000000-0000-7000-8000-000000194021', 'Quiz');
create temporary table came_0194 (n int, id uuid, status text);
grant select, insert on pg_temp.came_0194 to hc_member;
create function pg_temp.come_0194(n int) returns text language plpgsql set search_path = '' as $$
declare e learning.enrolments;
begin
  perform core.act_as(format('00000000-0000-7000-8000-00000019400%s', n)::uuid);
  e := learning.enrol('00000000-0000-7000-8000-000000194021', 'spring');
  insert into pg_temp.came_0194 values (n, e.id, e.status);
  return e.status;
end $$;
select string_agg(pg_temp.come_0194(n), ' ' order by n) = 'enrolled enrolled waitlisted waitlisted' from generate_series(1, 4) n;
insert into learning.attempts (assessment_id, user_id) values ('00000000-0000-7000-8000-000000194061', '00000000-0000-7000-8000-000000194001');
insert into learning.progress (enrolment_id, module_id, percent) select id, '00000000-0000-7000-8000-000000194031', 30 from pg_temp.came_0194 where n = 2;
select core.act_as('00000000-0000-7000-8000-000000194001');
set local role hc_member;
select learning.withdraw(id, 'no time') = (select id from pg_temp.came_0194 where n = 3) from pg_temp.came_0194 where n = 1;
select blueprint.raises(format('select learning.withdraw(%L)', id), '42501') from pg_temp.came_0194 where n in (1, 2);
set local role hc_owner;
select array_agg(e.status order by c.n) = '{withdrawn,active,enrolled,waitlisted}', bool_or(e.reason = 'no time') from learning.enrolments e join pg_temp.came_0194 c using (id);
select not exists (select from learning.attempts where assessment_id = '00000000-0000-7000-8000-000000194061');
select core.act_as('00000000-0000-7000-8000-000000194002');
set local role hc_member;
select learning.transfer(id, 'autumn') = 'autumn' from pg_temp.came_0194 where n = 2;
select blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000194022', 'spring') $$, '55000', 'probe_0194 1'), blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000194023', 'spring') $$, '55000', 'consent: probe_0194'),
  blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-0000001940ff', 'spring') $$, 'P0002'), blueprint.raises($$ select learning.waive('00000000-0000-7000-8000-000000194022', '00000000-0000-7000-8000-000000194005', 'friend') $$, '42501');
select blueprint.raises(format('select learning.transfer(%L, %L)', id, 'x'), '42501') from pg_temp.came_0194 where n = 3;
set local role hc_owner;
select array_agg(e.status order by c.n) = '{withdrawn,active,enrolled,enrolled}', count(*) filter (where e.cohort = 'autumn') = 1 from learning.enrolments e join pg_temp.came_0194 c using (id);
select percent = 30 from learning.progress where module_id = '00000000-0000-7000-8000-000000194031';
select core.act_as('00000000-0000-7000-8000-000000194007');
set local role hc_member;
select (w).status = 'enrolled' and (w).waived_by = '00000000-0000-7000-8000-000000194007' and (w).reason = 'learnt it elsewhere' from learning.waive('00000000-0000-7000-8000-000000194022', '00000000-0000-7000-8000-000000194005', 'learnt it elsewhere') w;
select blueprint.raises($$ select learning.waive('00000000-0000-7000-8000-000000194022', '00000000-0000-7000-8000-000000194006', '') $$, '22023');
select blueprint.raises(format('select learning.transfer(%L, %L)', id, 'spring'), '55000', 'no seat') from pg_temp.came_0194 where n = 2;
set local role hc_owner;
insert into learning.enrolments (user_id, course_id, cohort, status) values ('00000000-0000-7000-8000-000000194006', '00000000-0000-7000-8000-000000194021', 'spring', 'waitlisted');
update learning.progress set last_event_at = now() where module_id = '00000000-0000-7000-8000-000000194031';
insert into learning.enrolments (id, user_id, course_id, cohort, created_at) values ('00000000-0000-7000-8000-000000194059', '00000000-0000-7000-8000-000000194005', '00000000-0000-7000-8000-000000194021', 'old', now() - interval '400 days');
select core.act_as(null, 'hc_worker');
set local role hc_worker;
select learning.expire_idle(365) >= 1;
set local role hc_owner;
select status = 'expired' and reason = 'idle for 365 days' from learning.enrolments where id = '00000000-0000-7000-8000-000000194059';
select core.act_as(null);
select blueprint.raises($$ select learning.enrol('00000000-0000-7000-8000-000000194021', 'x') $$, '42501', 'sign in');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.enrol(uuid, text)', 'learning.waive(uuid, uuid, text, text)', 'learning.withdraw(uuid, text)', 'learning.transfer(uuid, text)']) f;
select has_function_privilege('hc_worker', 'learning.expire_idle(int)', 'execute'), count(*) = 0 from blueprint.open_to_public('learning');

-- task: BUILD_0195 implement_feature
-- title: Progress events with completion rules and resume points
-- does: track(enrolment, events) takes a player's events in any order and any number of times, each counted once by its id; resume(enrolment) is where to go on; approve_module() completes what
--   a person must judge; streak(person) counts days in a row in the learner's zone; statements(enrolment) says it all in the shape of xAPI.
-- proves: the same batch twice counts its seconds once, a module that wants a quiz completes only by passing it, resume gives the last place, a streak holds over the change to summer time.
-- needs: BUILD_0185, BUILD_0186, BUILD_0191, BUILD_0194
create table learning.events (
  enrolment_id uuid not null constraint events_enrolment_id_fk references learning.enrolments (id) on delete cascade,
  event_id text not null,
  module_id uuid not null constraint events_module_id_fk references learning.modules (id),
  kind text not null default 'progress' constraint events_kind_check check (kind in ('progress', 'pause', 'seek', 'finish')),
  occurred_at timestamptz not null,
  seconds int not null default 0 constraint events_seconds_check check (seconds >= 0 and seconds <= 86400),
  percent numeric(5, 2) constraint events_percent_check check (percent >= 0 and percent <= 100),
  place numeric,
  constraint events_enrolment_id_event_id_pk primary key (enrolment_id, event_id)
);

create index events_module_id_idx on learning.events (module_id);
create index events_enrolment_id_occurred_at_idx on learning.events (enrolment_id, occurred_at desc);

create policy events_own_select on learning.events for select to hc_member using (enrolment_id = any ((select learning.my_enrolments())::uuid[]));

grant select on learning.events to hc_member;

create function learning.track(enrolment uuid, events jsonb) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  e learning.enrolments;
  taken int;
begin
  select * into e from learning.enrolments x where x.id = enrolment and x.user_id = core.current_user_id() for update;
  if not found then
    raise exception using errcode = '42501', message = 'this is not your enrolment';
  elsif e.status not in ('enrolled', 'active') then
    raise exception using errcode = '55000', message = format('this enrolment is %s', e.status);
  elsif exists (select from jsonb_to_recordset(events) as v(id text, module uuid, at timestamptz) where v.id is null or v.at is null or v.at > now() + interval '5 minutes'
      or not exists (select from learning.modules m where m.id = v.module and m.course_id = e.course_id)) then
    raise exception using errcode = '22023', message = 'every event has an id, a module of this course and a time that is not to come';
  end if;
  with fresh as (
    insert into learning.events as k (enrolment_id, event_id, module_id, kind, occurred_at, seconds, percent, place)
    select distinct on (v.id) enrolment, v.id, v.module, coalesce(v.kind, 'progress'), v.at, coalesce(v.seconds, 0), v.percent, v.place
    from jsonb_to_recordset(events) as v(id text, module uuid, kind text, at timestamptz, seconds int, percent numeric, place numeric) order by v.id
    on conflict do nothing returning k.*),
  totals as (
    select f.module_id, sum(f.seconds)::int as seconds, max(f.percent) as percent, max(f.occurred_at) as latest, (array_agg(f.place order by f.occurred_at desc) filter (where f.place is not null))[1] as place from fresh f group by f.module_id),
  written as (
    insert into learning.progress as p (enrolment_id, module_id, percent, seconds_spent, last_event_at, state_data)
    select enrolment, t.module_id, coalesce(t.percent, 0), t.seconds, t.latest, jsonb_strip_nulls(jsonb_build_object('place', t.place)) from totals t
    on conflict (enrolment_id, module_id) do update
    set percent = greatest(p.percent, excluded.percent), seconds_spent = p.seconds_spent + excluded.seconds_spent, last_event_at = greatest(p.last_event_at, excluded.last_event_at),
      state_data = case when excluded.last_event_at >= p.last_event_at then p.state_data || excluded.state_data else p.state_data end
    returning 1)
  select (select count(*) from fresh) into taken from (select count(*) from written) w;
  perform learning.settle(enrolment);
  return taken;
end $$;

create function learning.approve_module(enrolment uuid, module uuid) returns numeric
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from learning.enrolments e join learning.courses c on c.id = e.course_id join learning.modules m on m.course_id = c.id and m.id = module
      where e.id = enrolment and c.instructor_id = core.current_user_id() and e.user_id <> core.current_user_id()) then
    raise exception using errcode = '42501', message = 'only who gives a course approves its modules, and not for itself';
  end if;
  insert into learning.progress as p (enrolment_id, module_id, state_data) values (enrolment, module, jsonb_build_object('approved', true, 'approved_by', core.current_user_id()))
  on conflict (enrolment_id, module_id) do update set state_data = p.state_data || excluded.state_data;
  return learning.settle(enrolment);
end $$;

create function learning.resume(enrolment uuid) returns table (module_id uuid, title text, place numeric)
  language sql stable security definer set search_path = ''
as $$
  select m.id, m.title, coalesce((p.state_data ->> 'place')::numeric, 0)
  from learning.enrolments e join learning.modules m on m.course_id = e.course_id left join learning.progress p on p.enrolment_id = e.id and p.module_id = m.id
  where e.id = enrolment and e.user_id = core.current_user_id() and p.state is distinct from 'done'
  order by p.last_event_at desc nulls last, m.position limit 1
$$;

create function learning.streak(person uuid, at timestamptz default now()) returns int
  language sql stable set search_path = ''
as $$
  with days as (
    select distinct (v.occurred_at at time zone u.time_zone)::date as day, (at at time zone u.time_zone)::date as today
    from learning.events v join learning.enrolments e on e.id = v.enrolment_id join core.users u on u.id = e.user_id
    where e.user_id = person and v.occurred_at <= at and person = core.current_user_id()),
  runs as (select d.day, d.today, d.day - (row_number() over (order by d.day))::int as run from days d)
  select coalesce((select count(*)::int from runs r where r.run = (select l.run from runs l order by l.day desc limit 1) group by r.run having max(r.day) >= max(r.today) - 1), 0)
$$;

create function learning.statements(enrolment uuid) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', v.event_id, 'actor', jsonb_build_object('account', jsonb_build_object('homePage', 'https://hingecraft.example', 'name', e.user_id)),
    'verb', jsonb_build_object('id', 'http://adlnet.gov/expapi/verbs/' || case v.kind when 'finish' then 'completed' else 'progressed' end), 'object', jsonb_build_object('id', 'urn:uuid:' || v.module_id::text, 'objectType', 'Activity'),
    'result', jsonb_strip_nulls(jsonb_build_object('duration', format('PT%sS', v.seconds), 'score', case when v.percent is not null then jsonb_build_object('scaled', round(v.percent / 100, 4)) end)), 'timestamp', v.occurred_at) order by v.occurred_at, v.event_id), '[]')
  from learning.events v join learning.enrolments e on e.id = v.enrolment_id where e.id = enrolment and e.user_id = core.current_user_id()
$$;

grant execute on function learning.track, learning.approve_module, learning.resume, learning.streak, learning.statements to hc_member;

comment on table learning.events is 'What a player told, each event once by its id. @retention 36 months @distribution local';
comment on column learning.events.enrolment_id is 'Whose learning.';
comment on column learning.events.event_id is 'Id the player gave: a repeated one is left out.';
comment on column learning.events.module_id is 'Where.';
comment on column learning.events.kind is 'progress, pause, seek or finish.';
comment on column learning.events.occurred_at is 'When, by the player''s clock.';
comment on column learning.events.seconds is 'Time spent since the last event.';
comment on column learning.events.percent is 'How far, if known.';
comment on column learning.events.place is 'Where in the module to go on: seconds of a film, page of a text.';
comment on index learning.events_module_id_idx is 'Events of a module; and the foreign key.';
comment on index learning.events_enrolment_id_occurred_at_idx is 'Latest events of an enrolment.';
comment on policy events_own_select on learning.events is 'Events of enrolments one may read.';
comment on function learning.track is 'Takes a batch of events ({id, module, at, kind, seconds, percent, place}) of the current person and returns how many were new; 22023 changes nothing. Security definer: progress is written by functions.';
comment on function learning.approve_module is 'Completes a module that a person must judge; for who gives the course. Security definer: progress is written by functions.';
comment on function learning.resume is 'Module and place where the current person goes on. Security definer: one look at what policies would ask three times.';
comment on function learning.streak is 'Days in a row with an event, in the learner''s zone, up to today or yesterday; for the person itself.';
comment on function learning.statements is 'Events of an own enrolment as xAPI statements.';

-- verify
insert into core.users (id, handle, email, status, time_zone) values ('00000000-0000-7000-8000-000000195001', 'ada-0195', 'ada-0195@example.org', 'active', 'Europe/Berlin'), ('00000000-0000-7000-8000-000000195002', 'bob-0195', 'bob-0195@example.org', 'active', 'UTC');
insert into learning.skills (id, path, code, name) values ('00000000-0000-7000-8000-000000195011', 'probe_0195', 'probe_0195', 'Probe');
insert into learning.courses (id, code, title, instructor_id) values ('00000000-0000-7000-8000-000000195021', 'probe-0195', 'Probe', '00000000-0000-7000-8000-000000195002');
insert into learning.assessments (id, course_id, title, items) values ('00000000-0000-7000-8000-000000195061', '00000000-0000-7000-8000-000000195021', 'Quiz', '[{"id": "a", "type": "single", "prompt": "?", "options": ["x"], "key": "x", "points": 1}]');
insert into learning.modules (id, course_id, position, title, completion_rule, assessment_id) values ('00000000-0000-7000-8000-000000195031', '00000000-0000-7000-8000-000000195021', 1, 'Film', '{"type": "seconds", "at_least": 100}', null),
  ('00000000-0000-7000-8000-000000195032', '00000000-0000-7000-8000-000000195021', 2, 'Quiz', '{"type": "quiz_passed"}', '00000000-0000-7000-8000-000000195061'), ('00000000-0000-7000-8000-000000195033', '00000000-0000-7000-8000-000000195021', 3, 'Bench', '{"type": "manual"}', null);
insert into learning.enrolments (id, user_id, course_id) values ('00000000-0000-7000-8000-000000195051', '00000000-0000-7000-8000-000000195001', '00000000-0000-7000-8000-000000195021');
insert into learning.attempts (id, assessment_id, user_id) values ('00000000-0000-7000-8000-000000195062', '00000000-0000-7000-8000-000000195061', '00000000-0000-7000-8000-000000195001');
select core.act_as('00000000-0000-7000-8000-000000195001');
set local role hc_member;
select learning.track('00000000-0000-7000-8000-000000195051', '[{"id": "b", "module": "00000000-0000-7000-8000-000000195031", "at": "2026-03-29T09:00:00Z", "seconds": 30, "place": 70}, {"id": "a", "module": "00000000-0000-7000-8000-000000195031", "at": "2026-03-28T22:30:00Z", "seconds": 40, "place": 40}]') = 2;
select learning.track('00000000-0000-7000-8000-000000195051', '[{"id": "b", "module": "00000000-0000-7000-8000-000000195031", "at": "2026-03-29T09:00:00Z", "seconds": 30, "place": 70}, {"id": "a", "module": "00000000-0000-7000-8000-000000195031", "at": "2026-03-28T22:30:00Z", "seconds": 40, "place": 40}]') = 0;
select seconds_spent = 70 and state = 'started' and state_data ->> 'place' = '70' from learning.progress where module_id = '00000000-0000-7000-8000-000000195031';
select module_id = '00000000-0000-7000-8000-000000195031' and place = 70 from learning.resume('00000000-0000-7000-8000-000000195051');
select learning.track('00000000-0000-7000-8000-000000195051', '[{"id": "late", "module": "00000000-0000-7000-8000-000000195031", "at": "2026-03-27T12:00:00Z", "seconds": 30, "place": 10}, {"id": "q", "module": "00000000-0000-7000-8000-000000195032", "at": "2026-03-29T22:30:00Z", "percent": 100, "kind": "finish"}]') = 2;
select count(*) filter (where module_id = '00000000-0000-7000-8000-000000195031' and state = 'done' and state_data ->> 'place' = '70') = 1, count(*) filter (where module_id = '00000000-0000-7000-8000-000000195032' and state = 'started' and percent = 100) = 1 from learning.progress where enrolment_id = '00000000-0000-7000-8000-000000195051';
select learning.streak('00000000-0000-7000-8000-000000195001', '2026-03-30 05:00+00') = 4, learning.streak('00000000-0000-7000-8000-000000195001', '2026-03-29 20:00+00') = 3, learning.streak('00000000-0000-7000-8000-000000195001', '2026-04-05') = 0, learning.streak('00000000-0000-7000-8000-000000195002') = 0;
select learning.submit_attempt('00000000-0000-7000-8000-000000195062', '{"a": "x"}');
select state = 'done' from learning.progress where module_id = '00000000-0000-7000-8000-000000195032';
select module_id = '00000000-0000-7000-8000-000000195033' and place = 0 from learning.resume('00000000-0000-7000-8000-000000195051');
select jsonb_array_length(s) = 4 and s -> 0 ->> 'id' = 'late' and s -> 3 -> 'verb' ->> 'id' like '%/completed' and s -> 3 #>> '{result,score,scaled}' = '1.0000' from learning.statements('00000000-0000-7000-8000-000000195051') s;
select what, blueprint.raises(format('select learning.track(%L, %L)', '00000000-0000-7000-8000-000000195051', what), '22023') from unnest(array['[{"id": "x", "module": "00000000-0000-7000-8000-0000001950ff", "at": "2026-03-29"}]', '[{"module": "00000000-0000-7000-8000-000000195031", "at": "2026-03-29"}]', '[{"id": "x", "module": "00000000-0000-7000-8000-000000195031", "at": "2999-01-01"}]']) what;
select count(*) = 4 from learning.events where enrolment_id = '00000000-0000-7000-8000-000000195051';
select blueprint.raises($$ select learning.approve_module('00000000-0000-7000-8000-000000195051', '00000000-0000-7000-8000-000000195033') $$, '42501'), blueprint.raises('insert into learning.events default values', '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000195002');
set local role hc_member;
select learning.approve_module('00000000-0000-7000-8000-000000195051', '00000000-0000-7000-8000-000000195033') = 100, blueprint.raises($$ select learning.track('00000000-0000-7000-8000-000000195051', '[]') $$, '42501');
select jsonb_array_length(learning.statements('00000000-0000-7000-8000-000000195051')) = 0, not exists (select from learning.resume('00000000-0000-7000-8000-000000195051'));
set local role hc_owner;
select status = 'completed' from learning.enrolments where id = '00000000-0000-7000-8000-000000195051';
select core.act_as('00000000-0000-7000-8000-000000195001');
set local role hc_member;
select blueprint.raises($$ select learning.track('00000000-0000-7000-8000-000000195051', '[]') $$, '55000', 'completed');
set local role hc_owner;
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000195003', 'eve-0195', 'eve-0195@example.org', 'active');
select core.act_as('00000000-0000-7000-8000-000000195003');
set local role hc_member;
select count(*) = 0 from learning.events;
set local role hc_owner;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into learning.events (enrolment_id, event_id, module_id, occurred_at, kind) values ('00000000-0000-7000-8000-000000195051', 'x', '00000000-0000-7000-8000-000000195031', now(), 'x') $$, '23514', 'events_kind_check'),
  ($$ insert into learning.events (enrolment_id, event_id, module_id, occurred_at, seconds) values ('00000000-0000-7000-8000-000000195051', 'x', '00000000-0000-7000-8000-000000195031', now(), -1) $$, '23514', 'events_seconds_check'),
  ($$ insert into learning.events (enrolment_id, event_id, module_id, occurred_at, percent) values ('00000000-0000-7000-8000-000000195051', 'x', '00000000-0000-7000-8000-000000195031', now(), 101) $$, '23514', 'events_percent_check'),
  ($$ insert into learning.events (enrolment_id, event_id, module_id, occurred_at) values ('00000000-0000-7000-8000-000000195051', 'a', '00000000-0000-7000-8000-000000195031', now()) $$, '23505', 'events_enrolment_id_event_id_pk'),
  ($$ insert into learning.events (enrolment_id, event_id, module_id, occurred_at) values ('00000000-0000-7000-8000-0000001950ff', 'x', '00000000-0000-7000-8000-000000195031', now()) $$, '23503', 'events_enrolment_id_fk'),
  ($$ insert into learning.events (enrolment_id, event_id, module_id, occurred_at) values ('00000000-0000-7000-8000-000000195051', 'x', '00000000-0000-7000-8000-0000001950ff', now()) $$, '23503', 'events_module_id_fk')) v(sql, state, rule);
insert into learning.events (enrolment_id, event_id, module_id, occurred_at) values ('00000000-0000-7000-8000-000000195051', 'x', '00000000-0000-7000-8000-000000195031', now()) returning kind = 'progress' and seconds = 0;
select index, blueprint.plan_uses(sql, index) from (values ($$ select from learning.events where module_id = '00000000-0000-7000-8000-000000195031' $$, 'events_module_id_idx'), ($$ select event_id from learning.events where enrolment_id = '00000000-0000-7000-8000-000000195051' order by occurred_at desc limit 1 $$, 'events_enrolment_id_occurred_at_idx')) v(sql, index);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'learning.events'::regclass;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['learning.track(uuid, jsonb)', 'learning.approve_module(uuid, uuid)', 'learning.resume(uuid)', 'learning.streak(uuid, timestamptz)', 'learning.statements(uuid)']) f;
select count(*) = 0 from blueprint.open_to_public('learning');
