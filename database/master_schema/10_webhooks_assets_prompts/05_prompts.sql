-- Room automation, prompts: a library of versions that somebody else approved, rendered with typed variables, and run, scored and compared before a new version takes over.

-- task: BUILD_0219 implement_feature critical
-- title: Prompt library: typed variables, approved versions, safe rendering
-- does: save_prompt() adds a version with the schema of its variables, approve_version() takes a second person, activate_version() puts it into use. render_prompt() checks types, required ones and lengths, refuses what is not
--   declared, pulls in partials ({{> key}}, no cycles) and gives text, digest and a token estimate; what inputs contain is never expanded. diff_versions() shows lines that differ.
-- proves: a missing variable is named, an injected {{secret}} stays text, self-approval, an undeclared input, a wrong type and an include cycle raise, equal inputs give equal digests, a stranger renders no private prompt.
-- needs: BUILD_0205, BUILD_0209
create function automation.save_prompt(key text, template text, variables jsonb default '{}', title text default null, visibility text default null, model_prefs jsonb default '{}') returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  p automation.prompts;
  version uuid;
begin
  if me is null then
    raise exception using errcode = '28000', message = 'who saves a prompt is signed in';
  end if;
  insert into automation.prompts as q (key, title, owner_id, visibility) values (save_prompt.key, coalesce(title, save_prompt.key), me, coalesce(visibility, 'private')) on conflict on constraint prompts_key_key do nothing;
  select q.* into p from automation.prompts q where q.key = save_prompt.key for update;
  if p.owner_id is distinct from me and not (p.visibility = 'team' or core.has_role('hc_moderator')) then
    raise exception using errcode = '42501', message = format('prompt %s belongs to somebody else', key);
  end if;
  update automation.prompts q set title = coalesce(save_prompt.title, q.title), visibility = coalesce(save_prompt.visibility, q.visibility)
  where q.id = p.id and q.owner_id = me and (q.title, q.visibility) is distinct from (coalesce(save_prompt.title, q.title), coalesce(save_prompt.visibility, q.visibility));
  insert into automation.prompt_versions (prompt_id, number, author_id, template, variables, model_prefs)
  select p.id, coalesce(max(v.number), 0) + 1, me, save_prompt.template, save_prompt.variables, save_prompt.model_prefs from automation.prompt_versions v where v.prompt_id = p.id
  returning id into version;
  return version;
end $$;

create function automation.approve_version(version uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v automation.prompt_versions;
begin
  select x.* into v from automation.prompt_versions x where x.id = version for update;
  if v.status is distinct from 'draft' then
    raise exception using errcode = '55000', message = 'only a draft is approved';
  elsif coalesce(v.author_id = core.current_user_id(), true) then
    raise exception using errcode = '42501', message = 'somebody else than its author approves a version';
  elsif not core.has_role('hc_moderator') and not exists (select from automation.prompts p where p.id = v.prompt_id and p.owner_id = core.current_user_id()) then
    raise exception using errcode = '42501', message = 'the owner or moderation approves versions';
  end if;
  update automation.prompt_versions x set status = 'approved', approved_by = core.current_user_id(), approved_at = now() where x.id = version;
end $$;

create function automation.activate_version(version uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update automation.prompts p set active_version_id = version from automation.prompt_versions v
  where v.id = version and v.status = 'approved' and p.id = v.prompt_id and (p.owner_id = core.current_user_id() or core.has_role('hc_moderator') or core.request_role() in ('hc_worker', 'hc_owner'));
  if not found then
    raise exception using errcode = '42501', message = 'the owner activates approved versions of his prompt';
  end if;
end $$;

create function automation.expand_includes(template text, trail text[] default '{}') returns text
  language plpgsql stable set search_path = ''
as $$
declare
  include text;
  part text;
  result text := template;
begin
  for include in select distinct m[1] from regexp_matches(template, '\{\{>\s*([a-z0-9-]+)\s*\}\}', 'g') m loop
    if include = any (trail) then
      raise exception using errcode = '22023', message = format('prompts include each other: %s', array_to_string(trail || include, ' > '));
    end if;
    select v.template into part from automation.prompts p join automation.prompt_versions v on v.id = p.active_version_id where p.key = include;
    if part is null then
      raise exception using errcode = '22023', message = format('there is no active prompt %s to include', include);
    end if;
    result := regexp_replace(result, '\{\{>\s*' || include || '\s*\}\}', replace(automation.expand_includes(part, trail || include), '\', '\\'), 'g');
  end loop;
  return result;
end $$;

create function automation.render_prompt(key text, inputs jsonb default '{}', number int default null, out text text, out sha256 bytea, out tokens int, out version_id uuid) returns record
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v automation.prompt_versions;
  rule record;
  given jsonb;
  complete jsonb := '{}';
begin
  select x.* into v from automation.prompts p join automation.prompt_versions x on x.prompt_id = p.id
  where p.key = render_prompt.key and (case when render_prompt.number is null then x.id = p.active_version_id else x.number = render_prompt.number end)
    and (p.owner_id = core.current_user_id() or x.author_id = core.current_user_id() or p.visibility <> 'private' and x.status = 'approved' or core.request_role() in ('hc_worker', 'hc_owner'));
  if v.id is null then
    raise exception using errcode = '22023', message = format('there is no prompt %s for you, or no such version', key);
  end if;
  if exists (select from jsonb_object_keys(inputs) k where not v.variables ? k) then
    raise exception using errcode = '22023', message = format('%s does not know %s', key, (select string_agg(k, ', ' order by k) from jsonb_object_keys(inputs) k where not v.variables ? k));
  end if;
  for rule in select r.key as name, r.value as spec from jsonb_each(v.variables) r loop
    given := coalesce(nullif(inputs -> rule.name, 'null'), rule.spec -> 'default');
    if given is null and coalesce((rule.spec ->> 'required')::boolean, true) then
      raise exception using errcode = '22023', message = format('variable %s is missing', rule.name);
    elsif jsonb_typeof(given) <> coalesce(rule.spec ->> 'type', jsonb_typeof(given)) then
      raise exception using errcode = '22023', message = format('variable %s is %s, not %s', rule.name, jsonb_typeof(given), rule.spec ->> 'type');
    elsif length(given #>> '{}') > coalesce((rule.spec ->> 'max_length')::int, 20000) then
      raise exception using errcode = '22023', message = format('variable %s has more than %s characters', rule.name, coalesce((rule.spec ->> 'max_length')::int, 20000));
    end if;
    complete := complete || jsonb_build_object(rule.name, coalesce(given, '""'));
  end loop;
  text := automation.render_template(automation.expand_includes(v.template, array[key]), complete);
  sha256 := pg_catalog.sha256(convert_to(text, 'UTF8'));
  tokens := ceil(length(text) / 4.0);
  version_id := v.id;
end $$;

create function automation.diff_versions(before uuid, after uuid) returns table (change text, line_no bigint, line text)
  language sql stable security definer set search_path = ''
as $$
  with a as (select l.line, l.n, row_number() over (partition by l.line order by l.n) as copy from automation.prompt_versions v, string_to_table(v.template, e'\n') with ordinality l(line, n) where v.id = before),
  b as (select l.line, l.n, row_number() over (partition by l.line order by l.n) as copy from automation.prompt_versions v, string_to_table(v.template, e'\n') with ordinality l(line, n) where v.id = after)
  select case when a.line is null then '+' else '-' end, coalesce(a.n, b.n), coalesce(a.line, b.line) from a full join b on b.line = a.line and b.copy = a.copy where a.line is null or b.line is null order by 2, 1 desc
$$;

comment on function automation.save_prompt is 'A new draft of an own prompt (or of the team''s), made when it is not there. variables: {"name": {"type": "string", "required": true, "max_length": 100, "default": ...}}. Security definer: members write no prompts.';
comment on function automation.approve_version is 'A second person, owner or moderation, approves a draft. Security definer: members write no prompts.';
comment on function automation.activate_version is 'Puts an approved version into use. Security definer: members write no prompts.';
comment on function automation.expand_includes is 'Template with its partials {{> key}} pulled in, from their active versions; a cycle raises. For owner functions.';
comment on function automation.render_prompt is 'Text of a prompt with these inputs, its digest, about how many tokens it is, and the version; the active one unless a number is given. Security definer: repeats the rule of who may see a prompt.';
comment on function automation.diff_versions is 'Lines that one version has and the other has not. Security definer: for staff and the worker.';

grant execute on function automation.save_prompt, automation.approve_version, automation.activate_version to hc_member;
grant execute on function automation.render_prompt to hc_member, hc_agent, hc_worker;
grant execute on function automation.diff_versions to hc_moderator, hc_worker;

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000219001', 'ada-0219'), ('00000000-0000-7000-8000-000000219002', 'bob-0219');
create temporary table versions (name text, id uuid) on commit drop;
grant all on pg_temp.versions to hc_member, hc_moderator, hc_agent;
select blueprint.raises($$ select automation.save_prompt('x-0219', 'x') $$, '28000');
select core.act_as('00000000-0000-7000-8000-000000219001');
set local role hc_member;
insert into pg_temp.versions values ('part', automation.save_prompt('part-0219', 'Be kind, {{name}}.', '{"name": {}}', 'Part', 'public')),
  ('main', automation.save_prompt('main-0219', e'{{> part-0219}}\nAsk: {{question}} {{times}}', '{"name": {"type": "string"}, "question": {"type": "string", "max_length": 30}, "times": {"type": "number", "default": 3}, "note": {"required": false}}', 'Main', 'public')),
  ('second', automation.save_prompt('main-0219', e'{{> part-0219}}\nAsk again: {{question}}', '{"name": {}, "question": {}}')), ('private', automation.save_prompt('private-0219', 'x')),
  ('loop', automation.save_prompt('loop-0219', 'loop {{> loop-two-0219}}', '{}', null, 'public')), ('loop-two', automation.save_prompt('loop-two-0219', '{{> loop-0219}}', '{}', null, 'public'));
select blueprint.raises(format('select automation.approve_version(%L)', id), '42501', 'somebody else'), blueprint.raises(format('select automation.activate_version(%L)', id), '42501', 'approved') from pg_temp.versions where name = 'main';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000219002');
set local role hc_member;
select blueprint.raises(format('select automation.approve_version(%L)', id), '42501', 'owner or moderation'), blueprint.raises($$ select automation.save_prompt('main-0219', 'mine') $$, '42501', 'somebody else') from pg_temp.versions where name = 'main';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000219002', 'hc_moderator');
set local role hc_moderator;
select automation.approve_version(id) from pg_temp.versions where name <> 'second' and name <> 'private';
select blueprint.raises(format('select automation.approve_version(%L)', id), '55000', 'draft') from pg_temp.versions where name = 'main';
select automation.activate_version(id) from pg_temp.versions where name in ('part', 'main', 'loop', 'loop-two');
select array_agg(change || line_no || line order by line_no, change) = array['+2Ask again: {{question}}', '-2Ask: {{question}} {{times}}'] from automation.diff_versions((select id from pg_temp.versions where name = 'main'), (select id from pg_temp.versions where name = 'second'));
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000219002');
set local role hc_member;
select r.text = e'Be kind, Bob.\nAsk: show { {secret} } 3' and r.sha256 = sha256(convert_to(r.text, 'UTF8')) and r.tokens = 10 and r.version_id = (select id from pg_temp.versions where name = 'main') from automation.render_prompt('main-0219', '{"name": "Bob", "question": "show {{secret}}"}') r;
select (automation.render_prompt('main-0219', '{"name": "Bob", "question": "q"}')).sha256 = (automation.render_prompt('main-0219', '{"question": "q", "name": "Bob"}')).sha256, (automation.render_prompt('main-0219', '{"name": "Eve", "question": "q"}')).sha256 <> (automation.render_prompt('main-0219', '{"name": "Bob", "question": "q"}')).sha256;
select sql, blueprint.raises(sql, '22023', why) from (values ($$ select automation.render_prompt('main-0219', '{"name": "Bob"}') $$, 'variable question is missing'), ($$ select automation.render_prompt('main-0219', '{"name": "Bob", "question": "q", "other": 1}') $$, 'does not know other'),
  ($$ select automation.render_prompt('main-0219', '{"name": 1, "question": "q"}') $$, 'name is number, not string'), ($$ select automation.render_prompt('main-0219', jsonb_build_object('name', 'x', 'question', repeat('q', 31))) $$, 'more than 30'),
  ($$ select automation.render_prompt('loop-0219') $$, 'include each other: loop-0219 > loop-two-0219 > loop-0219'), ($$ select automation.render_prompt('private-0219', number => 1) $$, 'no prompt private-0219 for you'), ($$ select automation.render_prompt('main-0219', '{"name": "x", "question": "q"}', 2) $$, 'no prompt')) v(sql, why);
set local role hc_agent;
select r.text like 'Be kind%' from automation.render_prompt('main-0219', '{"name": "x", "question": "q"}', 1) r;
set local role hc_owner;
select approved_by = '00000000-0000-7000-8000-000000219002' and author_id = '00000000-0000-7000-8000-000000219001' and number = 1 from automation.prompt_versions v join pg_temp.versions t using (id) where t.name = 'main';
select f, has_function_privilege('hc_member', f, 'execute') = member and has_function_privilege('hc_agent', f, 'execute') = agent and has_function_privilege('hc_worker', f, 'execute') = worker and not has_function_privilege('hc_analyst', f, 'execute') from (values ('automation.save_prompt(text, text, jsonb, text, text, jsonb)', true, false, false), ('automation.approve_version(uuid)', true, false, false),
  ('automation.activate_version(uuid)', true, false, false), ('automation.render_prompt(text, jsonb, int)', true, true, true), ('automation.diff_versions(uuid, uuid)', false, false, true), ('automation.expand_includes(text, text[])', false, false, false)) v(f, member, agent, worker);

-- task: BUILD_0220 implement_feature critical
-- title: Record prompt runs, score them and gate activation on regression
-- does: record_run() keeps what a version answered; evaluate() scores its answers to the prompt's test cases (contains, regex, json_schema, numeric_tolerance, similarity); compare_versions() gives the paired mean difference with a
--   bootstrap interval that repeats. A version that scores more than 0.02 below the active one is not activated without a reason, which is logged.
-- proves: eight of ten cases passed score 0.8 and do not replace 1.0 without a reason, with one they do and the audit log knows, the mean difference is exact and the interval repeats, each scorer judges its samples.
-- needs: BUILD_0021, BUILD_0212, BUILD_0219, BUILD_0773
create function automation.record_run(version uuid, model text, inputs jsonb, output text, tokens_in int default null, tokens_out int default null, latency_ms int default null, cost_usd numeric default 0, case_id uuid default null, agent_id text default null) returns uuid
  language sql security definer set search_path = ''
as $$
  insert into automation.prompt_runs (prompt_id, prompt_version_id, model, inputs, output, tokens_in, tokens_out, latency_ms, cost_usd, agent_id, trace)
  select v.prompt_id, v.id, record_run.model, record_run.inputs, record_run.output, record_run.tokens_in, record_run.tokens_out, record_run.latency_ms, record_run.cost_usd, record_run.agent_id, jsonb_strip_nulls(jsonb_build_object('case_id', case_id))
  from automation.prompt_versions v where v.id = version returning id
$$;

create function automation.score_output(expectation jsonb, output text) returns numeric
  language plpgsql stable set search_path = ''
as $$
begin
  case expectation ->> 'scorer'
    when 'contains' then return (position(lower(expectation ->> 'value') in lower(output)) > 0)::int;
    when 'regex' then return (output ~ (expectation ->> 'value'))::int;
    when 'json_schema' then return (core.as_jsonb(output) is not null and not exists (select from automation.schema_problems(expectation -> 'value', core.as_jsonb(output))))::int;
    when 'numeric_tolerance' then return coalesce((abs(substring(output, '-?\d+(?:\.\d+)?')::numeric - (expectation ->> 'value')::numeric) <= coalesce((expectation ->> 'tolerance')::numeric, 0))::int, 0);
    when 'similarity' then return round(extensions.similarity(output, expectation ->> 'value')::numeric, 4);
    else raise exception using errcode = '22023', message = format('there is no scorer %L', expectation ->> 'scorer');
  end case;
end $$;

create function automation.evaluate(version uuid, model text) returns numeric
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into automation.evaluations as e (prompt_version_id, case_id, run_id, scorer, model, score, passed, notes)
  select v.id, c.id, r.id, x.expectation ->> 'scorer', evaluate.model, avg(coalesce(automation.score_output(x.expectation, r.output), 0)), bool_and(coalesce(automation.score_output(x.expectation, r.output), 0) >= coalesce((x.expectation ->> 'pass_at')::numeric, 1)), case when r.id is null then 'no run' end
  from automation.prompt_versions v
  join automation.eval_cases c on c.prompt_id = v.prompt_id
  cross join lateral jsonb_array_elements(c.expectations) x(expectation)
  left join lateral (
    select p.id, p.output from automation.prompt_runs p where p.prompt_version_id = v.id and p.model = evaluate.model and p.trace ->> 'case_id' = c.id::text and p.status = 'succeeded' order by p.occurred_at desc, p.id desc limit 1) r on true
  where v.id = version
  group by v.id, c.id, r.id, x.expectation ->> 'scorer'
  on conflict on constraint evaluations_prompt_version_id_case_id_scorer_model_key do update set run_id = excluded.run_id, score = excluded.score, passed = excluded.passed, notes = excluded.notes;
  return automation.version_score(version, evaluate.model);
end $$;

create function automation.version_score(version uuid, model text default null) returns numeric
  language sql stable set search_path = ''
as $$
  select round(sum(e.score * c.weight) / sum(c.weight), 6) from automation.evaluations e join automation.eval_cases c on c.id = e.case_id where e.prompt_version_id = version and (version_score.model is null or e.model = version_score.model)
$$;

create function automation.compare_versions(before uuid, after uuid, resamples int default 500, out cases bigint, out mean_difference numeric, out low numeric, out high numeric) returns record
  language sql stable security definer set search_path = ''
as $$
  with pairs as (
    select row_number() over (order by a.case_id) - 1 as n, b.score - a.score as difference
    from (select e.case_id, avg(e.score) as score from automation.evaluations e where e.prompt_version_id = before group by 1) a join (select e.case_id, avg(e.score) as score from automation.evaluations e where e.prompt_version_id = after group by 1) b on b.case_id = a.case_id),
  size as (select count(*) as n from pairs),
  means as (
    select s.i, avg(p.difference) as mean from generate_series(1, least(resamples, 2000)) s(i) cross join size cross join lateral generate_series(1, size.n) d(j) join pairs p on p.n = ((hashint8extended(s.i * 100003 + d.j, 220) % size.n) + size.n) % size.n group by s.i)
  select (select size.n from size), (select avg(p.difference) from pairs p), (select percentile_cont(0.025) within group (order by m.mean::double precision)::numeric from means m), (select percentile_cont(0.975) within group (order by m.mean::double precision)::numeric from means m)
$$;

create function automation.gate_activation() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  before constant numeric := automation.version_score(old.active_version_id);
  after constant numeric := automation.version_score(new.active_version_id);
begin
  if coalesce(after, 0) < before - 0.02 then
    if nullif(current_setting('core.reason', true), '') is null then
      raise exception using errcode = '55000', message = format('the version scores %s, the active one %s', coalesce(after::text, 'nothing'), before), hint = 'Give a reason with core.give_reason() to activate it all the same.';
    end if;
    insert into core.audit_logs (action, entity_schema, entity_table, entity_id, changed)
    values ('override', 'automation', 'prompts', new.id::text, jsonb_build_object('fields', jsonb_build_array('active_version_id'), 'old', jsonb_build_object('active_version_id', old.active_version_id, 'score', before), 'new', jsonb_build_object('active_version_id', new.active_version_id, 'score', after)));
  end if;
  return null;
end $$;

create trigger prompts_gate after update of active_version_id on automation.prompts for each row
  when (old.active_version_id is not null and new.active_version_id is distinct from old.active_version_id) execute function automation.gate_activation();

comment on function automation.record_run is 'Keeps a run of a version; case_id names the test case it answers. Security definer: agents and workers write no table.';
comment on function automation.score_output is 'How well an answer meets an expectation {"scorer", "value", ...}, 0 to 1.';
comment on function automation.evaluate is 'Scores the latest answers of a version to the test cases of its prompt (none: 0) and returns the weighted mean. Security definer: the worker writes no table.';
comment on function automation.version_score is 'Weighted mean score of a version, over all models or one; null when it was never evaluated.';
comment on function automation.compare_versions is 'Cases both versions were scored on, mean difference, and its 95 % bootstrap interval over resamples that a hash chooses, so that it repeats. Security definer: for staff and the worker.';
comment on function automation.gate_activation is 'Trigger of automation.prompts: no activation that loses more than 0.02 without a reason, which is logged. Security definer: owners may not write the audit log.';
comment on trigger prompts_gate on automation.prompts is 'A worse version takes a reason.';

grant execute on function automation.record_run to hc_agent, hc_worker;
grant execute on function automation.evaluate to hc_worker, hc_moderator;
grant execute on function automation.compare_versions to hc_worker, hc_moderator;

-- verify
select expectation, output, automation.score_output(expectation::jsonb, output) = score from (values ('{"scorer": "contains", "value": "Hinge"}', 'a hinge', 1), ('{"scorer": "contains", "value": "x"}', 'a', 0), ('{"scorer": "regex", "value": "^\\d+$"}', '42', 1), ('{"scorer": "regex", "value": "^\\d+$"}', 'x', 0),
  ('{"scorer": "json_schema", "value": {"type": "object", "required": ["a"]}}', '{"a": 1}', 1), ('{"scorer": "json_schema", "value": {"type": "object", "required": ["a"]}}', '{}', 0), ('{"scorer": "json_schema", "value": {}}', 'no json', 0),
  ('{"scorer": "numeric_tolerance", "value": 10, "tolerance": 0.5}', 'about 10.4 mm', 1), ('{"scorer": "numeric_tolerance", "value": 10, "tolerance": 0.5}', '11', 0), ('{"scorer": "numeric_tolerance", "value": 10}', 'none', 0), ('{"scorer": "similarity", "value": "hinge"}', 'hinge', 1)) v(expectation, output, score);
select blueprint.raises($$ select automation.score_output('{"scorer": "taste"}', 'x') $$, '22023', 'taste');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000220001', 'ada-0220');
insert into automation.prompts (id, key, title, owner_id) values ('00000000-0000-7000-8000-000000220002', 'probe-0220', 'Probe', '00000000-0000-7000-8000-000000220001');
insert into automation.prompt_versions (id, prompt_id, number, template, status, approved_at) select format('00000000-0000-7000-8000-00000022001%s', n)::uuid, '00000000-0000-7000-8000-000000220002', n, 'x' || n, 'approved', now() from generate_series(1, 2) n;
insert into automation.eval_cases (id, prompt_id, name, expectations) select format('00000000-0000-7000-8000-0000002201%s', 20 + n)::uuid, '00000000-0000-7000-8000-000000220002', 'case ' || n, '[{"scorer": "contains", "value": "good"}]' from generate_series(1, 10) n;
set local role hc_agent;
select count(automation.record_run(format('00000000-0000-7000-8000-00000022001%s', v)::uuid, 'm', '{}', case when v = 2 and c > 8 then 'bad' else 'good' end, 10, 5, 100, 0.01, format('00000000-0000-7000-8000-0000002201%s', 20 + c)::uuid, 'agent')) = 20 from generate_series(1, 2) v, generate_series(1, 10) c;
set local role hc_worker;
select automation.evaluate('00000000-0000-7000-8000-000000220011', 'm') = 1, automation.evaluate('00000000-0000-7000-8000-000000220012', 'm') = 0.8;
select cases = 10 and mean_difference = -0.2 and low < -0.2 and high > -0.2 and high <= 0 and low >= -0.7 from automation.compare_versions('00000000-0000-7000-8000-000000220011', '00000000-0000-7000-8000-000000220012');
select (a).low = (b).low and (a).high = (b).high from (select automation.compare_versions('00000000-0000-7000-8000-000000220011', '00000000-0000-7000-8000-000000220012', 100) as a, automation.compare_versions('00000000-0000-7000-8000-000000220011', '00000000-0000-7000-8000-000000220012', 100) as b) c;
set local role hc_owner;
select automation.version_score('00000000-0000-7000-8000-000000220012') = 0.8, automation.version_score(uuidv7()) is null, automation.version_score('00000000-0000-7000-8000-000000220012', 'other') is null;
select count(*) = 10 and bool_and(agent_id = 'agent' and cost_usd = 0.01 and latency_ms = 100 and tokens_in = 10 and tokens_out = 5) from automation.prompt_runs where prompt_version_id = '00000000-0000-7000-8000-000000220011';
select count(*) filter (where not passed) = 2 and bool_and(run_id is not null) from automation.evaluations where prompt_version_id = '00000000-0000-7000-8000-000000220012';
select core.act_as('00000000-0000-7000-8000-000000220001');
set local role hc_member;
select automation.activate_version('00000000-0000-7000-8000-000000220011');
select blueprint.raises($$ select automation.activate_version('00000000-0000-7000-8000-000000220012') $$, '55000', 'scores 0.8');
select core.give_reason('half the price');
select automation.activate_version('00000000-0000-7000-8000-000000220012');
set local role hc_owner;
select active_version_id = '00000000-0000-7000-8000-000000220012' from automation.prompts where key = 'probe-0220';
select count(*) = 1 and bool_and(reason = 'half the price' and actor_id = '00000000-0000-7000-8000-000000220001') from core.audit_logs where action = 'override' and entity_id = '00000000-0000-7000-8000-000000220002';
grant update (active_version_id), select on automation.prompts to hc_moderator;
create policy probe_0220 on automation.prompts to hc_moderator using (true);
update automation.prompts set active_version_id = '00000000-0000-7000-8000-000000220011' where key = 'probe-0220';
set local role hc_moderator;
update automation.prompts set active_version_id = '00000000-0000-7000-8000-000000220012' where key = 'probe-0220';
set local role hc_owner;
select count(*) = 2 from core.audit_logs where action = 'override' and entity_id = '00000000-0000-7000-8000-000000220002';
select f, has_function_privilege('hc_worker', f, 'execute') = worker and has_function_privilege('hc_agent', f, 'execute') = agent and has_function_privilege('hc_moderator', f, 'execute') = staff and not has_function_privilege('hc_analyst', f, 'execute') from (values ('automation.record_run(uuid, text, jsonb, text, int, int, int, numeric, uuid, text)', true, true, false),
  ('automation.evaluate(uuid, text)', true, false, true), ('automation.compare_versions(uuid, uuid, int)', true, false, true), ('automation.version_score(uuid, text)', false, false, false), ('automation.score_output(jsonb, text)', false, false, false), ('automation.gate_activation()', false, false, false)) v(f, worker, agent, staff);
