-- Room design, specs: what the parameters of a hinge must be, how they are searched, compared and worked out into strength, mass and cost.

-- task: BUILD_0072 implement_feature
-- title: Validate hinge parameters against their family schema with precise findings
-- does: design.validate_spec(family, version, params) lists what is wrong, each with path, code, message, what was got and what expected: types, required and unknown
--   keys, ranges, enums, steps and cross rules (x-rules of the schema). A trigger refuses a spec with any finding and names all paths at once.
-- proves: pin 12 in knuckle 10 and the unknown key pim are exactly two findings and the insert names both; every kind of finding has its code; an honest spec has none.
-- needs: BUILD_0005, BUILD_0062
create function design.validate_spec(family text, version int, params jsonb) returns table (json_path text, code text, message text, got jsonb, expected jsonb)
  language sql stable security definer
begin atomic
  with schema as (
    select s.json_schema, s.json_schema -> 'properties' as properties from design.spec_schemas s where s.family = validate_spec.family and s.version = validate_spec.version
  ), given as (
    select p.key, p.value, s.properties -> p.key as rule,
      case when jsonb_typeof(p.value) = 'number' then (p.value #>> '{}')::numeric end as number
    from schema s, jsonb_each(case jsonb_typeof(params) when 'object' then params else '{}' end) p
  )
  select '$'::text as json_path, 'unknown_family'::text as code, format('there is no schema %s of family %s', version, family) as message, to_jsonb(family) as got, null::jsonb as expected
  where not exists (select from schema)
  union all
  select '$', 'type', 'a spec is an object of parameters', params, '"object"'::jsonb where jsonb_typeof(params) is distinct from 'object'
  union all
  select '$.' || r.key, 'required', r.key || ' is missing', null, s.properties -> r.key
  from schema s, jsonb_array_elements_text(s.json_schema -> 'required') r(key) where not params ? r.key
  union all
  select '$.' || g.key, f.code, f.message, g.value, f.expected
  from given g, lateral (values
    (1, 'unknown_key', g.key || ' is no parameter of this family', null::jsonb, g.rule is null),
    (2, 'type', format('%s is no %s', g.key, g.rule ->> 'type'), g.rule -> 'type',
      case g.rule ->> 'type' when 'number' then g.number is null when 'integer' then g.number is null or g.number <> trunc(g.number) when 'string' then jsonb_typeof(g.value) <> 'string' else false end),
    (3, 'enum', g.key || ' is none of the values allowed', g.rule -> 'enum', g.rule ? 'enum' and not g.rule -> 'enum' @> g.value),
    (4, 'minimum', g.key || ' is too small', g.rule -> 'minimum', g.number < (g.rule ->> 'minimum')::numeric),
    (5, 'maximum', g.key || ' is too large', g.rule -> 'maximum', g.number > (g.rule ->> 'maximum')::numeric),
    (6, 'multiple_of', format('%s is no multiple of %s', g.key, g.rule ->> 'multipleOf'), g.rule -> 'multipleOf', g.number % (g.rule ->> 'multipleOf')::numeric <> 0)
  ) f(rank, code, message, expected, applies)
  where f.applies
  union all
  select '$.' || (x.rule ->> 'path'), 'cross_rule', x.rule ->> 'message', a.value, to_jsonb(limit_value)
  from schema s, jsonb_array_elements(s.json_schema -> 'x-rules') x(rule), given a,
  lateral (select coalesce(
      (select b.number from given b where b.key = x.rule ->> 'less_than'),
      (select (x.rule -> 'least' ->> (b.value #>> '{}'))::numeric from given b where b.key = x.rule ->> 'at_least_by')) as limit_value) l
  where a.key = x.rule ->> 'path' and a.number is not null and limit_value is not null
    and case when x.rule ? 'less_than' then a.number * coalesce((x.rule ->> 'factor')::numeric, 1) >= limit_value else a.number < limit_value end
  order by 1, 2;
end;

create function design.check_hinge_spec() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  findings text := (select string_agg(f.json_path || ': ' || f.message, '; ') from design.validate_spec(new.family, new.schema_version, new.params) f);
begin
  if findings is not null then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = 'params', constraint = 'hinge_specs_params_valid', message = findings,
      hint = 'design.validate_spec() lists what is wrong.';
  end if;
  return new;
end $$;

create trigger hinge_specs_check before insert on design.hinge_specs for each row execute function design.check_hinge_spec();

grant execute on function design.validate_spec to hc_anon, hc_agent, hc_worker;

comment on function design.validate_spec is 'What is wrong with the parameters of a hinge, one row a finding: codes unknown_family, type, required, unknown_key, enum, minimum, maximum, multiple_of, cross_rule. No row: valid. Security definer: schemas are public knowledge, their table is not.';
comment on function design.check_hinge_spec is 'Trigger of design.hinge_specs: refuses a spec with findings (23514) and names every path.';
comment on trigger hinge_specs_check on design.hinge_specs is 'Only valid parameters are kept.';

-- verify
select count(*) = 0 from design.validate_spec('butt', 1, '{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 6, "knuckle_mm": 10, "knuckles": 3, "load_n": 300, "material": "brass", "angle_deg": 180, "process": "cnc", "clearance_mm": 0.1}');
select array_agg(json_path || ' ' || code order by json_path) = '{"$.pim unknown_key","$.pin_mm cross_rule"}', bool_and(code <> 'cross_rule' or (got = '12' and expected = '10' and message like '%does not fit%'))
from design.validate_spec('butt', 1, '{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 12, "knuckle_mm": 10, "knuckles": 3, "load_n": 300, "material": "brass", "pim": 1}');
select array_agg(json_path || ' ' || code order by json_path, code) = '{"$.angle_deg multiple_of","$.clearance_mm cross_rule","$.finish type","$.knuckles type","$.leaf_length_mm minimum","$.leaf_width_mm maximum","$.load_n type","$.material enum","$.pin_mm required","$.screw_mm cross_rule"}'
from design.validate_spec('butt', 1, '{"leaf_length_mm": 1, "leaf_width_mm": 501, "leaf_thickness_mm": 2, "knuckle_mm": 10, "knuckles": 3.5, "load_n": "300", "material": "wood", "angle_deg": 90.3, "process": "fdm", "clearance_mm": 0.1, "finish": 7, "screw_mm": 300}')
where json_path <> '$.screw_mm' or code <> 'maximum';
select json_path = '$' and code = 'unknown_family' from design.validate_spec('gate', 1, '{}');
select bool_or(json_path = '$' and code = 'type') from design.validate_spec('butt', 1, '[]');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000072001', 'ada-0072');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000072002', '00000000-0000-7000-8000-000000072001', 'probe-0072', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000072003', '00000000-0000-7000-8000-000000072002', 1, sha256('72'), '00000000-0000-7000-8000-000000072001');
select blueprint.raises($$ insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000072003', 'butt',
  '{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 12, "knuckle_mm": 10, "knuckles": 3, "load_n": 300, "material": "brass", "pim": 1}') $$, '23514', '$.pim: pim is no parameter of this family; $.pin_mm: the pin does not fit');
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000072003', 'butt',
  '{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 6, "knuckle_mm": 10, "knuckles": 3, "load_n": 300, "material": "brass"}') returning family = 'butt';
select has_function_privilege('hc_anon', 'design.validate_spec(text, int, jsonb)', 'execute') and has_function_privilege('hc_agent', 'design.validate_spec(text, int, jsonb)', 'execute') and has_function_privilege('hc_worker', 'design.validate_spec(text, int, jsonb)', 'execute') and not has_function_privilege('hc_analyst', 'design.validate_spec(text, int, jsonb)', 'execute'),
  not has_function_privilege('hc_member', 'design.check_hinge_spec()', 'execute'), (select prosecdef from pg_proc where oid = 'design.validate_spec(text, int, jsonb)'::regprocedure);
set local role hc_anon;
select count(*) = 8 from design.validate_spec('butt', 1, '{}');
