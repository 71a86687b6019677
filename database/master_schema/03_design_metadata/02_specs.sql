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
  select '$' as json_path, 'type' as code, 'a spec is an object of parameters' as message, params, '"object"'::jsonb as expected where jsonb_typeof(params) is distinct from 'object'
  union all
  select '$.' || r.key, 'required' as code, r.key || ' is missing', null::jsonb as got, s.properties -> r.key
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
  select '$.' || (x.rule ->> 'path'), 'cross_rule' as code, x.rule ->> 'message', a.value, to_jsonb(limit_value)
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

-- task: BUILD_0073 implement_feature
-- title: Semantic diff of hinge specs and versions with suggested semver bump
-- does: design.diff_specs() compares parameters within a tolerance and says whether a difference is cosmetic, functional or breaking, by the family's schema; diff_versions() adds files
--   (added, removed, changed, moved), parts and licence; suggest_bump() makes patch, minor or major of it.
-- proves: a finish is cosmetic and a patch, a pin breaking and major, noise of 1e-9 nothing; a renamed file of the same digest is moved, another licence major.
-- needs: BUILD_0065
create function design.diff_specs(a jsonb, b jsonb, family text, version int default 1) returns table (path text, before jsonb, after jsonb, delta numeric, relative numeric, class text)
  language sql stable security definer
begin atomic
  select '$.' || k.key, a -> k.key, b -> k.key, n.delta, round(n.delta / nullif(abs(n.was), 0), 6), coalesce(s.json_schema #>> array['properties', k.key, 'x-class'], 'functional')
  from (select jsonb_object_keys(coalesce(a, '{}')) union select jsonb_object_keys(coalesce(b, '{}'))) k(key)
  left join design.spec_schemas s on s.family = diff_specs.family and s.version = diff_specs.version,
  lateral (select case when jsonb_typeof(a -> k.key) = 'number' then (a ->> k.key)::numeric end as was, case when jsonb_typeof(b -> k.key) = 'number' then (b ->> k.key)::numeric end as is_now) v,
  lateral (select v.was, v.is_now - v.was as delta) n
  where a -> k.key is distinct from b -> k.key
    and (n.delta is null or abs(n.delta) > coalesce((s.json_schema #>> array['properties', k.key, 'x-tolerance'])::numeric, 0.000001) * greatest(abs(v.was), abs(v.is_now)))
  order by 1;
end;

create function design.diff_versions(v1 uuid, v2 uuid) returns table (area text, kind text, path text, before jsonb, after jsonb, class text)
  language sql stable
begin atomic
  with files as (
    select coalesce(x.path, y.path) as path, x.path is null as is_new, y.path is null as is_gone, x.sha256 as was, y.sha256 as is_now, coalesce(y.role, x.role) as role
    from (select f.* from design.files f where f.version_id = v1) x full join (select f.* from design.files f where f.version_id = v2) y on y.path = x.path
    where x.sha256 is distinct from y.sha256
  ), moved as (
    select g.path as from_path, n.path as to_path from files g join files n on n.is_new and g.is_gone and n.is_now = g.was
  )
  select 'files'::text as area, case when f.is_new then 'added' when f.is_gone then 'removed' else 'changed' end as kind, f.path, to_jsonb(encode(f.was, 'hex')) as before, to_jsonb(encode(f.is_now, 'hex')) as after,
    case when f.role in ('photo', 'doc') then 'cosmetic' else 'functional' end as class
  from files f where not exists (select from moved m where m.from_path = f.path or m.to_path = f.path)
  union all
  select 'files' as area, 'moved' as kind, m.to_path, to_jsonb(m.from_path), to_jsonb(m.to_path), 'cosmetic' as class from moved m
  union all
  select 'spec' as area, case when d.before is null then 'added' when d.after is null then 'removed' else 'changed' end, d.path, d.before, d.after, case when x.family is distinct from y.family then 'breaking' else d.class end
  from (select s.* from design.hinge_specs s where s.version_id = v1) x full join (select s.* from design.hinge_specs s where s.version_id = v2) y on true, lateral design.diff_specs(x.params, y.params, coalesce(y.family, x.family), coalesce(y.schema_version, x.schema_version)) d
  union all
  select 'bom' as area, case when x.quantity is null then 'added' when y.quantity is null then 'removed' else 'changed' end, coalesce(x.item, y.item), to_jsonb(x.quantity), to_jsonb(y.quantity), 'functional' as class
  from (select coalesce(b.term_id, b.part_design_id)::text as item, sum(b.quantity) as quantity from design.bom_items b where b.version_id = v1 group by 1) x
  full join (select coalesce(b.term_id, b.part_design_id)::text as item, sum(b.quantity) as quantity from design.bom_items b where b.version_id = v2 group by 1) y on y.item = x.item
  where x.quantity is distinct from y.quantity
  union all
  select 'licence' as area, 'changed' as kind, 'licence' as path, to_jsonb(x.licence_spdx), to_jsonb(y.licence_spdx), 'breaking' as class from design.versions x, design.versions y where x.id = v1 and y.id = v2 and x.licence_spdx is distinct from y.licence_spdx
  order by 1, 3, 2;
end;

create function design.suggest_bump(v1 uuid, v2 uuid) returns text
  language sql stable
begin atomic
  select case max(case d.class when 'breaking' then 3 when 'functional' then 2 else 1 end) when 3 then 'major' when 2 then 'minor' when 1 then 'patch' else 'none' end from design.diff_versions(v1, v2) d;
end;

grant execute on function design.diff_specs, design.diff_versions, design.suggest_bump to hc_anon, hc_auditor;

comment on function design.diff_specs is 'Differences of two sets of parameters beyond the tolerance (x-tolerance of the schema, else one millionth), with class cosmetic, functional or breaking. Security definer: schemas are public knowledge.';
comment on function design.diff_versions is 'Differences of two versions in files, spec, parts and licence. Runs as its caller.';
comment on function design.suggest_bump is 'major, minor, patch or none: the least step of the label that a change of versions takes.';

-- verify
select array_agg(path || ' ' || class order by path) = '{"$.finish cosmetic","$.pin_mm breaking"}', bool_or(path = '$.pin_mm' and delta = 1 and relative = 0.2) from design.diff_specs('{"pin_mm": 5, "finish": "raw", "load_n": 100}', '{"pin_mm": 6, "finish": "brushed", "load_n": 100.000000001}', 'butt');
select array_agg(path || ' ' || class) = '{"$.load_n functional"}' and bool_and(before is null and after = '7') from design.diff_specs('{}', '{"load_n": 7}', 'butt');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000073001', 'ada-0073');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000073002', '00000000-0000-7000-8000-000000073001', 'probe-0073', 'Probe'), ('00000000-0000-7000-8000-000000073003', '00000000-0000-7000-8000-000000073001', 'part-0073', 'Part');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000073004', '00000000-0000-7000-8000-000000073001', 'a.step', 'model/step', 1, sha256('0073a'), 'uploaded'), ('00000000-0000-7000-8000-000000073005', '00000000-0000-7000-8000-000000073001', 'b.jpg', 'image/jpeg', 1, sha256('0073b'), 'uploaded');
select core.act_as('00000000-0000-7000-8000-000000073001');
select set_config('probe.v' || n, design.commit_version('00000000-0000-7000-8000-000000073002', 'V' || n, files::jsonb, jsonb_build_object('family', 'barrel', 'version', 1, 'params', '{"leaf_length_mm": 40, "knuckle_mm": 10, "load_n": 100, "material": "brass"}'::jsonb || params::jsonb), licence, bom => bom::jsonb)::text, true) is not null
from (values (1, '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000073004"}]', '{"pin_mm": 5, "finish": "raw"}', 'MIT', '[]'), (2, '[{"path": "c/a.step", "asset_id": "00000000-0000-7000-8000-000000073004"}]', '{"pin_mm": 5, "finish": "brushed"}', 'MIT', '[]'),
  (3, '[{"path": "c/a.step", "asset_id": "00000000-0000-7000-8000-000000073004"}, {"path": "b.jpg", "role": "photo", "asset_id": "00000000-0000-7000-8000-000000073005"}]', '{"pin_mm": 6, "finish": "brushed"}', 'MIT', '[{"part_design_id": "00000000-0000-7000-8000-000000073003", "quantity": 2}]'),
  (4, '[{"path": "c/a.step", "asset_id": "00000000-0000-7000-8000-000000073005"}]', '{"pin_mm": 6, "finish": "brushed"}', 'CC0-1.0', '[{"part_design_id": "00000000-0000-7000-8000-000000073003", "quantity": 2}]')) v(n, files, params, licence, bom);
select array_agg(concat_ws(' ', area, kind, path, class)) = '{"files moved c/a.step cosmetic","spec changed $.finish cosmetic"}' from design.diff_versions(current_setting('probe.v1')::uuid, current_setting('probe.v2')::uuid);
select array_agg(concat_ws(' ', area, kind, class)) = '{"bom added functional","files added cosmetic","spec changed breaking"}' from design.diff_versions(current_setting('probe.v2')::uuid, current_setting('probe.v3')::uuid);
select array_agg(concat_ws(' ', area, kind, path, class)) = '{"files removed b.jpg cosmetic","files changed c/a.step functional","licence changed licence breaking"}' from design.diff_versions(current_setting('probe.v3')::uuid, current_setting('probe.v4')::uuid);
select design.suggest_bump(current_setting('probe.v1')::uuid, current_setting('probe.v2')::uuid) = 'patch', design.suggest_bump(current_setting('probe.v2')::uuid, current_setting('probe.v3')::uuid) = 'major', design.suggest_bump(current_setting('probe.v1')::uuid, current_setting('probe.v1')::uuid) = 'none';
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['design.diff_specs(jsonb, jsonb, text, int)', 'design.diff_versions(uuid, uuid)', 'design.suggest_bump(uuid, uuid)']) f;
select prosecdef from pg_proc where oid = 'design.diff_specs(jsonb, jsonb, text, int)'::regprocedure;

-- task: BUILD_0074 implement_feature
-- title: Hinge mechanics: derived strength, mass and cost estimates per family
-- does: design.material_properties holds density, shear strength and price per material with their source; design.derive(params, family) works out area, volume, mass, bounding box, pin
--   shear, safety, bearing pressure, a class of cycles and cost, kept in hinge_specs.derived; check_load(version, load) says pass, marginal or fail.
-- proves: a pin of 6 mm under 1,000 N in three knuckles bears 17.68 MPa in double shear, twice the load is half the safety, derived is filled by itself, a hinge without pin has no shear.
-- needs: BUILD_0005, BUILD_0062, BUILD_0066, BUILD_0072
create table design.material_properties (
  material text constraint material_properties_material_pk primary key,
  density_g_cm3 numeric not null constraint material_properties_density_g_cm3_check check (density_g_cm3 > 0),
  shear_mpa numeric not null constraint material_properties_shear_mpa_check check (shear_mpa > 0),
  cost_usd_kg numeric not null constraint material_properties_cost_usd_kg_check check (cost_usd_kg >= 0),
  source text not null
);

create policy material_properties_select on design.material_properties for select to hc_anon, hc_auditor using (true);

grant select on design.material_properties to hc_anon, hc_auditor;

insert into design.material_properties (material, density_g_cm3, shear_mpa, cost_usd_kg, source) values
  ('steel', 7.85, 135, 1.5, 'S235: 0.577 of yield 235 MPa (von Mises)'), ('stainless', 7.93, 120, 4.5, '1.4301: 0.577 of yield 210 MPa'), ('brass', 8.5, 110, 8, 'CuZn39Pb3: 0.577 of yield 190 MPa'),
  ('aluminium', 2.7, 145, 4, 'EN AW-6061 T6: 0.577 of yield 250 MPa'), ('nylon', 1.14, 35, 30, 'PA12 sintered: data sheets of makers, guide value'), ('pp', 0.9, 17, 3, 'Polypropylene homopolymer: guide value'),
  ('petg', 1.27, 25, 22, 'PETG printed: guide value across layers'), ('pla', 1.24, 30, 20, 'PLA printed: guide value across layers');

create function design.derive(params jsonb, family text) returns jsonb
  language sql stable security definer
begin atomic
  select jsonb_strip_nulls(jsonb_build_object(
    'leaf_area_mm2', round(s.area, 2), 'volume_mm3', round(s.volume, 2), 'mass_g', round(s.volume / 1000 * m.density_g_cm3, 2), 'cost_usd', round(s.volume / 1000000 * m.density_g_cm3 * m.cost_usd_kg, 4),
    'bbox_mm', jsonb_build_array(coalesce(g.length, g.cup), coalesce(2 * g.width + coalesce(g.knuckle, 0), g.cup, g.knuckle), greatest(g.thickness, g.knuckle, g.cup)),
    'min_feature_mm', least(g.thickness, g.web, (g.knuckle - g.pin) / 2),
    'pin_shear_mpa', round(t.tau, 3), 'safety_factor', round(m.shear_mpa / nullif(t.tau, 0), 3), 'bearing_mpa', round(t.bearing, 3),
    'cycles_class', case when t.bearing is null then null when t.bearing < m.shear_mpa / 50 then 'heavy' when t.bearing < m.shear_mpa / 10 then 'medium' else 'light' end))
  from (select (params ->> 'leaf_length_mm')::numeric as length, (params ->> 'leaf_width_mm')::numeric as width, (params ->> 'leaf_thickness_mm')::numeric as thickness, (params ->> 'pin_mm')::numeric as pin,
    (params ->> 'knuckle_mm')::numeric as knuckle, coalesce((params ->> 'knuckles')::numeric, 3) as knuckles, (params ->> 'load_n')::numeric as load, (params ->> 'web_mm')::numeric as web, (params ->> 'cup_mm')::numeric as cup offset 0) g,  -- each worked out once
  lateral (select 2 * g.length * g.width as area,
    coalesce(2 * g.length * g.width * g.thickness, 0) + coalesce(pi()::numeric / 4 * g.knuckle ^ 2 * g.length, 0) + coalesce(pi()::numeric / 4 * g.cup ^ 2 * 12, 0) as volume offset 0) s,
  lateral (select g.load / ((g.knuckles - 1) * pi()::numeric / 4 * g.pin ^ 2) as tau, g.load / (g.pin * coalesce(g.length, g.cup) / 2) as bearing offset 0) t
  left join design.material_properties m on m.material = params ->> 'material';
end;

create function design.check_load(version uuid, load_n numeric) returns table (verdict text, factor numeric)
  language sql stable
begin atomic
  select case when f.factor >= 2 then 'pass' when f.factor >= 1 then 'marginal' else 'fail' end, f.factor
  from (select (design.derive(s.params || jsonb_build_object('load_n', check_load.load_n), s.family) ->> 'safety_factor')::numeric as factor from design.hinge_specs s where s.version_id = check_load.version) f
  where f.factor is not null;
end;

create function design.fill_derived() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.derived := coalesce(design.derive(new.params, new.family), '{}');
  return new;
end $$;

create trigger hinge_specs_zz_derive before insert on design.hinge_specs for each row execute function design.fill_derived();

grant execute on function design.derive to hc_anon, hc_agent;
grant execute on function design.check_load to hc_anon, hc_auditor;

comment on table design.material_properties is 'What estimates go by, per material of the spec schemas. Guide values for comparison, no proof of strength. @distribution reference';
comment on column design.material_properties.material is 'Value of parameter material.';
comment on column design.material_properties.density_g_cm3 is 'Density in g/cm3.';
comment on column design.material_properties.shear_mpa is 'Shear strength in MPa.';
comment on column design.material_properties.cost_usd_kg is 'Price in USD per kg.';
comment on column design.material_properties.source is 'Where the strength comes from.';
comment on policy material_properties_select on design.material_properties is 'Guide values are public knowledge.';
comment on function design.derive is 'Estimates for parameters of a hinge: pin in shear at (knuckles - 1) planes, load_n across it. family is for families to come. Security definer: guide values are public knowledge.';
comment on function design.check_load is 'Whether a version bears a load: pass from safety 2, marginal from 1; no row without a pin. Runs as its caller.';
comment on function design.fill_derived is 'Trigger of design.hinge_specs: works out derived.';
comment on trigger hinge_specs_zz_derive on design.hinge_specs is 'Runs last (by name), on checked parameters.';

-- verify
select (d ->> 'pin_shear_mpa')::numeric between 17.5 and 17.86, (d ->> 'safety_factor')::numeric = round(135 / 17.6839, 3), d -> 'bbox_mm' = '[80, 70, 10]', (d ->> 'leaf_area_mm2')::numeric = 4800, (d ->> 'min_feature_mm')::numeric = 2,
  (d ->> 'mass_g')::numeric = round((4800 * 2 + pi()::numeric / 4 * 100 * 80) / 1000 * 7.85, 2), (d ->> 'bearing_mpa')::numeric = 4.167, d ->> 'cycles_class' = 'medium', (d ->> 'cost_usd')::numeric > 0
from design.derive('{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 6, "knuckle_mm": 10, "knuckles": 3, "load_n": 1000, "material": "steel"}', 'butt') d;
select not design.derive('{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "web_mm": 0.4, "material": "pp"}', 'living') ? 'pin_shear_mpa', design.derive('{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "web_mm": 0.4, "material": "pp"}', 'living') ->> 'min_feature_mm' = '0.4';
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000074001', 'ada-0074');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000074002', '00000000-0000-7000-8000-000000074001', 'probe-0074', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000074003', '00000000-0000-7000-8000-000000074002', 1, sha256('74'), '00000000-0000-7000-8000-000000074001');
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000074003', 'butt', '{"leaf_length_mm": 80, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 6, "knuckle_mm": 10, "knuckles": 3, "load_n": 1000, "material": "steel"}')
returning (derived ->> 'pin_shear_mpa')::numeric between 17.5 and 17.86;
select a.factor = round(2 * b.factor, 3) or abs(a.factor - 2 * b.factor) < 0.002, a.verdict = 'pass' and b.verdict = 'pass' and c.verdict = 'marginal' and d.verdict = 'fail'
from design.check_load('00000000-0000-7000-8000-000000074003', 1000) a, design.check_load('00000000-0000-7000-8000-000000074003', 2000) b, design.check_load('00000000-0000-7000-8000-000000074003', 5000) c, design.check_load('00000000-0000-7000-8000-000000074003', 9000) d;
select rule, blueprint.raises(format('insert into design.material_properties values (%s)', vals), state, rule) from (values ('material_properties_material_pk', '23505', $$ 'steel', 1, 1, 1, 'x' $$), ('material_properties_density_g_cm3_check', '23514', $$ 'x', 0, 1, 1, 'x' $$),
  ('material_properties_shear_mpa_check', '23514', $$ 'x', 1, 0, 1, 'x' $$), ('material_properties_cost_usd_kg_check', '23514', $$ 'x', 1, 1, -1, 'x' $$)) v(rule, state, vals);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'design.material_properties'::regclass;
select has_function_privilege('hc_anon', 'design.derive(jsonb, text)', 'execute') and has_function_privilege('hc_agent', 'design.derive(jsonb, text)', 'execute') and not has_function_privilege('hc_analyst', 'design.derive(jsonb, text)', 'execute'), (select prosecdef from pg_proc where oid = 'design.derive(jsonb, text)'::regprocedure),
  has_function_privilege('hc_anon', 'design.check_load(uuid, numeric)', 'execute') and has_function_privilege('hc_auditor', 'design.check_load(uuid, numeric)', 'execute') and not has_function_privilege('hc_analyst', 'design.check_load(uuid, numeric)', 'execute'), not has_function_privilege('hc_member', 'design.fill_derived()', 'execute'), has_table_privilege('hc_auditor', 'design.material_properties', 'select');
set local role hc_anon;
select count(*) >= 8 from design.material_properties;
set local role hc_auditor;
select count(*) >= 8 from design.material_properties;
