-- Room design, versions: how content becomes a version and stays one, what rows must be, who sees and writes them, and how they are read.

-- task: BUILD_0065 create_functions critical
-- title: Commit functions: manifest_sha256, commit_version and checkout
-- does: design.commit_version() makes a version of files, spec, parts and licence, numbered per design under the design's lock, and moves the head there; content that the design
--   has already is that version again. manifest_sha256() is the digest of the content in any order, checkout() gives it back.
-- proves: another order of files and spelling of numbers is the same digest and no new version, checkout equals what was committed, a foreign parent, somebody else's file and
--   a locked path are refused, only owner and editors commit.
-- needs: BUILD_0005, BUILD_0064
create function design.canonical(value jsonb) returns jsonb
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
begin
  if value::text !~ '\.\d*0(?!\d)' then  -- jsonb sorts keys itself: only a number like 5.10 is left to do
    return value;
  end if;
  return case jsonb_typeof(value)  -- only what holds something is a call of its own
    when 'object' then (
      select coalesce(jsonb_object_agg(e.key, case jsonb_typeof(e.value) when 'number' then to_jsonb(trim_scale(e.value::numeric)) when 'object' then design.canonical(e.value) when 'array' then design.canonical(e.value) else e.value end), '{}')
      from jsonb_each(value) e)
    when 'array' then (
      select coalesce(jsonb_agg(case jsonb_typeof(e.value) when 'number' then to_jsonb(trim_scale(e.value::numeric)) when 'object' then design.canonical(e.value) when 'array' then design.canonical(e.value) else e.value end order by e.ordinality), '[]')
      from jsonb_array_elements(value) with ordinality e)
    when 'number' then to_jsonb(trim_scale(value::numeric))
    else value end;
end $$;

create function design.manifest_sha256(files jsonb, spec jsonb, licence text, bom jsonb default '[]') returns bytea
  language sql immutable parallel safe
  return sha256(convert_to(jsonb_build_object(  -- numbers are in spec and parts only; a licence like CC-BY-4.0 would look like one
    'files', (select coalesce(jsonb_agg(jsonb_build_object('path', f ->> 'path', 'sha256', f ->> 'sha256', 'role', coalesce(f ->> 'role', 'cad')) order by f ->> 'path' collate "C"), '[]') from jsonb_array_elements(files) f),
    'spec', design.canonical(case jsonb_typeof(spec) when 'object' then '{"version": 1}'::jsonb || spec end), 'licence', licence,
    'bom', design.canonical((select coalesce(jsonb_agg(b order by b::text collate "C"), '[]') from (select '{"unit": "pcs", "make_or_buy": "make"}'::jsonb || jsonb_strip_nulls(x) from jsonb_array_elements(bom) x) items(b))))::text, 'UTF8'));

create function design.role_in(design uuid) returns text
  language sql stable security definer
begin atomic
  select coalesce(
    (select 'owner'::text from core.designs d where d.id = design and d.owner_id = core.current_user_id()),
    (select c.role from design.collaborators c where c.design_id = design and c.user_id = core.current_user_id() and c.accepted_at is not null and c.during @> now()));
end;

create function design.commit_version(design uuid, message text, files jsonb, spec jsonb default null, licence text default null, parents uuid[] default null, bom jsonb default '[]', force boolean default false) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  my_role constant text := design.role_in(commit_version.design);
  target core.designs;
  manifest jsonb;
  digest bytea;
  made uuid;
  held record;
begin
  select * into target from core.designs d where d.id = commit_version.design for update;  -- numbers follow each other, whoever commits
  if my_role is null or my_role not in ('owner', 'editor') then
    raise exception using errcode = '42501', message = 'only its owner and editors commit to a design';
  elsif target.deleted_at is not null or target.status = 'archived' then
    raise exception using errcode = '55000', message = 'nothing is committed to a design in the trash or the archive';
  end if;
  parents := coalesce(parents, array_remove(array[target.head_version_id], null));
  if exists (select from unnest(parents) p where not exists (select from design.versions v where v.id = p and v.design_id = target.id)) then
    raise exception using errcode = '22023', message = 'parents are versions of the same design', hint = 'design.fork() begins from another design.';
  end if;
  select l.path, l.user_id into held from design.edit_locks l join jsonb_array_elements(files) f on f ->> 'path' = l.path
  where l.design_id = target.id and l.user_id <> me and l.expires_at > clock_timestamp() limit 1;
  if found and not (force and my_role = 'owner') then
    raise exception using errcode = '55P03', message = format('%s is locked by somebody else', held.path), hint = 'The owner may force it.';
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('path', f ->> 'path', 'role', coalesce(f ->> 'role', 'cad'), 'asset_id', a.id, 'sha256', encode(a.sha256, 'hex'), 'byte_size', a.byte_size) order by f ->> 'path' collate "C"), '[]')
  into manifest
  from jsonb_array_elements(files) f left join core.assets a on a.id = (f ->> 'asset_id')::uuid and a.sha256 is not null
    and (a.owner_id = me or exists (select from design.files x join design.versions v on v.id = x.version_id where x.asset_id = a.id and v.design_id = target.id));
  if manifest @? '$[*] ? (@.asset_id == null)' then
    raise exception using errcode = '22023', message = format('%s: no stored file of yours', jsonb_path_query_first(manifest, '$[*] ? (@.asset_id == null).path') #>> '{}');
  end if;
  digest := design.manifest_sha256(manifest, spec, licence, bom);
  select v.id into made from design.versions v where v.design_id = target.id and v.content_sha256 = digest;
  if made is null then
    insert into design.versions (design_id, number, content_sha256, message, author_id, licence_spdx)
    select target.id, coalesce(max(v.number), 0) + 1, digest, coalesce(commit_version.message, ''), me, licence from design.versions v where v.design_id = target.id
    returning id into made;
    insert into design.version_edges (child_id, parent_id, kind) select made, p, case when n = 1 then 'parent' else 'merge' end from unnest(parents) with ordinality u(p, n);
    insert into design.files (version_id, path, asset_id, role, sha256, byte_size)
    select made, f ->> 'path', (f ->> 'asset_id')::uuid, f ->> 'role', decode(f ->> 'sha256', 'hex'), (f ->> 'byte_size')::bigint from jsonb_array_elements(manifest) f;
    insert into design.hinge_specs (version_id, family, schema_version, params) select made, spec ->> 'family', coalesce((spec ->> 'version')::int, 1), spec -> 'params' where jsonb_typeof(spec) = 'object';
    insert into design.bom_items (version_id, line_no, term_id, part_design_id, quantity, unit, mass_g, make_or_buy, notes)
    select made, b.n, (b.item ->> 'term_id')::uuid, (b.item ->> 'part_design_id')::uuid, (b.item ->> 'quantity')::numeric, coalesce(b.item ->> 'unit', 'pcs'), (b.item ->> 'mass_g')::numeric, coalesce(b.item ->> 'make_or_buy', 'make'), b.item ->> 'notes'
    from jsonb_array_elements(bom) with ordinality b(item, n);
  end if;
  update core.designs d set head_version_id = made where d.id = target.id and d.head_version_id is distinct from made;
  return made;
end $$;

create function design.checkout(version uuid) returns jsonb
  language sql stable
begin atomic
  select jsonb_build_object('design_id', v.design_id, 'number', v.number, 'message', v.message, 'licence', v.licence_spdx, 'content_sha256', encode(v.content_sha256, 'hex'),
    'files', (select coalesce(jsonb_agg(jsonb_build_object('path', f.path, 'asset_id', f.asset_id, 'role', f.role, 'sha256', encode(f.sha256, 'hex'), 'byte_size', f.byte_size) order by f.path collate "C"), '[]') from design.files f where f.version_id = v.id),
    'spec', (select jsonb_build_object('family', s.family, 'version', s.schema_version, 'params', s.params) from design.hinge_specs s where s.version_id = v.id),
    'bom', (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('term_id', b.term_id, 'part_design_id', b.part_design_id, 'quantity', b.quantity, 'unit', b.unit, 'mass_g', b.mass_g, 'make_or_buy', b.make_or_buy, 'notes', b.notes)) order by b.line_no), '[]')
      from design.bom_items b where b.version_id = v.id))
  from design.versions v where v.id = version;
end;

grant execute on function design.role_in, design.commit_version to hc_member;
grant execute on function design.checkout to hc_anon, hc_auditor;

comment on function design.canonical is 'The same JSON with numbers written one way (5, not 5.0), at any depth.';
comment on function design.manifest_sha256 is 'Digest of a version''s content: files by path, digest and role in any order, spec, licence and parts.';
comment on function design.role_in is 'owner, editor, commenter or viewer: what the current person is in a design, null for strangers. Security definer: asked about tables that policies guard.';
comment on function design.commit_version is 'Makes a version of files [{"path", "asset_id", "role"}], spec {"family", "version", "params"}, licence and parts, and moves the head to it; the same content again is the same version. force: the owner passes locks. Security definer: versions are written by functions only.';
comment on function design.checkout is 'What a version consists of, as its reader may see it; null when he may not.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000065001', 'ada-0065'), ('00000000-0000-7000-8000-000000065002', 'bob-0065'), ('00000000-0000-7000-8000-000000065003', 'eve-0065');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000065004', '00000000-0000-7000-8000-000000065001', 'probe-0065', 'Probe'), ('00000000-0000-7000-8000-000000065005', '00000000-0000-7000-8000-000000065001', 'other-0065', 'Other');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000065006', '00000000-0000-7000-8000-000000065001', 'a.step', 'model/step', 1, sha256('0065a'), 'uploaded'),
  ('00000000-0000-7000-8000-000000065007', '00000000-0000-7000-8000-000000065001', 'b.step', 'model/step', 2, sha256('0065b'), 'uploaded'), ('00000000-0000-7000-8000-000000065008', '00000000-0000-7000-8000-000000065003', 'c.step', 'model/step', 2, sha256('0065c'), 'uploaded');
insert into design.collaborators (design_id, user_id, role, accepted_at) values ('00000000-0000-7000-8000-000000065004', '00000000-0000-7000-8000-000000065002', 'editor', now()), ('00000000-0000-7000-8000-000000065004', '00000000-0000-7000-8000-000000065003', 'viewer', now());
select design.manifest_sha256('[{"path": "a", "sha256": "00"}, {"path": "b", "sha256": "11"}]', '{"params": {"pin": 5.0}}', 'MIT') = design.manifest_sha256('[{"sha256": "11", "path": "b", "role": "cad"}, {"path": "a", "sha256": "00"}]', '{"params": {"pin": 5}}', 'MIT'),
  design.manifest_sha256('[]', null, 'MIT') <> design.manifest_sha256('[]', null, null), design.manifest_sha256('[]', '{"a": 1}', null) <> design.manifest_sha256('[]', '{"a": 2}', null), design.manifest_sha256('[]', null, null, '[{"a": 1}]') <> design.manifest_sha256('[]', null, null), design.manifest_sha256('[]', '{"a": 1}', null, '[{"a": 1}]') = design.manifest_sha256('[]', '{"a": 1, "version": 1}', null, '[{"a": 1, "unit": "pcs", "notes": null}]'),
  design.canonical('{"b": [1.50, {"c": 2.0}], "a": "x"}')::text = '{"a": "x", "b": [1.5, {"c": 2}]}', design.canonical('{}') = '{}' and design.canonical('[]') = '[]',
  design.canonical('[5.0, [2.50], {"c": [1.0, "7.0"]}, "6.0"]')::text = '[5, [2.5], {"c": [1, "7.0"]}, "6.0"]', design.canonical('7.50')::text = '7.5',
  design.manifest_sha256('[]', null, 'CC-BY-4.0', '[{"quantity": 2.0}]') = design.manifest_sha256('[]', null, 'CC-BY-4.0', '[{"quantity": 2}]'), design.manifest_sha256('[]', null, 'CC-BY-4.0') <> design.manifest_sha256('[]', null, 'CC-BY-4');
select core.act_as('00000000-0000-7000-8000-000000065001');
set local role hc_member;
select set_config('probe.v1', design.commit_version('00000000-0000-7000-8000-000000065004', 'First', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000065006"}, {"path": "b.step", "asset_id": "00000000-0000-7000-8000-000000065007"}]',
  '{"family": "barrel", "version": 1, "params": {"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}}', 'MIT', bom => '[{"part_design_id": "00000000-0000-7000-8000-000000065005", "quantity": 2}]')::text, true) is not null;
select design.commit_version('00000000-0000-7000-8000-000000065004', 'Again', '[{"path": "b.step", "asset_id": "00000000-0000-7000-8000-000000065007"}, {"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000065006"}]',
  '{"params": {"leaf_length_mm": 40.0, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}, "family": "barrel", "version": 1}', 'MIT', bom => '[{"part_design_id": "00000000-0000-7000-8000-000000065005", "quantity": 2}]')::text = current_setting('probe.v1');
select set_config('probe.v2', design.commit_version('00000000-0000-7000-8000-000000065004', 'Second', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000065006"}]', licence => 'MIT')::text, true) <> current_setting('probe.v1');
select what, blueprint.raises(format('select design.commit_version(%s)', args), state, what) from (values
  ('no stored file', '22023', $$ '00000000-0000-7000-8000-000000065004', '', '[{"path": "c.step", "asset_id": "00000000-0000-7000-8000-000000065008"}]' $$),
  ('versions of the same design', '22023', $$ '00000000-0000-7000-8000-000000065005', '', '[]', parents => array[current_setting('probe.v1')::uuid] $$)) v(what, state, args);
set local role hc_owner;
select head_version_id::text = current_setting('probe.v2') from core.designs where id = '00000000-0000-7000-8000-000000065004';
select array_agg(number order by number) = '{1,2}' from design.versions where design_id = '00000000-0000-7000-8000-000000065004';
select count(*) = 1 and bool_and(parent_id::text = current_setting('probe.v1') and child_id::text = current_setting('probe.v2') and kind = 'parent') from design.version_edges where child_id::text in (current_setting('probe.v1'), current_setting('probe.v2'));
select c ->> 'number' = '1' and c ->> 'message' = 'First' and c ->> 'licence' = 'MIT' and jsonb_path_query_array(c, '$.files[*].path') = '["a.step", "b.step"]' and c #>> '{files,0,asset_id}' = '00000000-0000-7000-8000-000000065006'
  and c #> '{spec,params,pin_mm}' = '5' and c #>> '{bom,0,quantity}' = '2' and decode(c ->> 'content_sha256', 'hex') = design.manifest_sha256(c -> 'files', c -> 'spec', c ->> 'licence', '[{"part_design_id": "00000000-0000-7000-8000-000000065005", "quantity": 2}]')
from design.checkout(current_setting('probe.v1')::uuid) c;
insert into design.edit_locks (design_id, path, user_id, expires_at) values ('00000000-0000-7000-8000-000000065004', 'a.step', '00000000-0000-7000-8000-000000065001', clock_timestamp() + interval '5 minutes');
select core.act_as('00000000-0000-7000-8000-000000065002');
set local role hc_member;
select design.role_in('00000000-0000-7000-8000-000000065004') = 'editor', design.commit_version('00000000-0000-7000-8000-000000065004', 'Bob''s', '[{"path": "b.step", "asset_id": "00000000-0000-7000-8000-000000065007"}]') is not null;
select blueprint.raises($$ select design.commit_version('00000000-0000-7000-8000-000000065004', '', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000065007"}]', force => true) $$, '55P03', 'a.step is locked');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000065003');
set local role hc_member;
select blueprint.raises($$ select design.commit_version('00000000-0000-7000-8000-000000065004', '', '[]') $$, '42501', 'owner and editors'), blueprint.raises($$ select design.commit_version('00000000-0000-7000-8000-000000065005', '', '[]') $$, '42501', 'owner and editors'),
  design.role_in('00000000-0000-7000-8000-000000065004') = 'viewer' and design.role_in('00000000-0000-7000-8000-000000065005') is null;
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['design.role_in(uuid)', 'design.commit_version(uuid, text, jsonb, jsonb, text, uuid[], jsonb, boolean)']) f join pg_proc on oid = f::regprocedure;
select has_function_privilege('hc_anon', 'design.checkout(uuid)', 'execute') and has_function_privilege('hc_auditor', 'design.checkout(uuid)', 'execute') and not has_function_privilege('hc_analyst', 'design.checkout(uuid)', 'execute'),
  not has_function_privilege('hc_member', 'design.canonical(jsonb)', 'execute') and not has_function_privilege('hc_member', 'design.manifest_sha256(jsonb, jsonb, text, jsonb)', 'execute');

-- task: BUILD_0066 create_triggers critical
-- title: Design triggers: version immutability, spec projection to core.designs, status bookkeeping
-- does: A version changes by being released and yanked, each once; its files, spec and parts come with it in one transaction, never change and go only with their design. Moving the
--   head takes family, material, load and pin of its spec and its licence to core.designs; listings follow machine 'listing' and show released versions; a schema in use stays.
-- proves: changed messages and files and deletions raise (content that comes late: see its isolation spec), yank with a reason works once, a new head changes spec_summary, a listing of a draft version raises.
-- needs: BUILD_0005, BUILD_0014, BUILD_0020, BUILD_0064, BUILD_0065
create function design.guard_version() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    if exists (select from core.designs d where d.id = old.design_id) then
      raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, message = 'a version goes only with its design';
    end if;
    return old;
  elsif to_jsonb(new) - '{released_at,label,yanked_at,yank_reason}'::text[] <> to_jsonb(old) - '{released_at,label,yanked_at,yank_reason}'::text[]
      or (old.released_at is not null and (new.released_at, new.label) is distinct from (old.released_at, old.label))
      or (old.yanked_at is not null and (new.yanked_at, new.yank_reason) is distinct from (old.yanked_at, old.yank_reason)) then
    raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, message = 'a version never changes, save that it is released or yanked once';
  end if;
  return new;
end $$;

create function design.is_being_made(version uuid) returns boolean
  language sql stable security definer set search_path = ''
as $$
  -- a row that is visible while its transaction is in progress is one of our own, subtransactions included
  select coalesce(pg_xact_status(x.xid::text::xid8) = 'in progress', false)
  from design.versions v, lateral (select (pg_current_xact_id()::text::numeric) as mine) c,
    lateral (select floor(c.mine / 4294967296) * 4294967296 + v.xmin::text::numeric as guess) g,
    lateral (select g.guess - case when g.guess > c.mine + 2147483648 then 4294967296 else 0 end + case when g.guess < c.mine - 2147483648 then 4294967296 else 0 end as xid) x
  where v.id = version
$$;

create function design.guard_content() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    if design.is_being_made(new.version_id) is false then
      raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, message = 'content comes with its version, in one transaction';
    end if;
    return new;
  elsif tg_op = 'DELETE' and not exists (select from design.versions v where v.id = old.version_id) then
    return old;
  end if;
  raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, message = 'the content of a version never changes';
end $$;

create function design.digest_params() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.params_sha256 := sha256(convert_to(design.canonical(new.params)::text, 'UTF8'));
  return new;
end $$;

create function design.project_head() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  head record;
begin
  select v.licence_spdx, s.family, s.params into head from design.versions v left join design.hinge_specs s on s.version_id = v.id where v.id = new.head_version_id;
  if found then  -- a head that is not there yet is checked at commit
    new.spec_summary := jsonb_strip_nulls(jsonb_build_object('family', head.family, 'material', head.params -> 'material', 'load_n', head.params -> 'load_n', 'pin_mm', head.params -> 'pin_mm'));
    new.licence_spdx := coalesce(head.licence_spdx, new.licence_spdx);
  end if;
  return new;
end $$;

create function design.check_listing() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from design.versions v where v.id = new.version_id and v.design_id = new.design_id and v.released_at is not null and v.yanked_at is null)
      and exists (select from design.versions v where v.id = new.version_id) and new.status <> 'closed' then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = 'version_id', constraint = 'listings_version_released', message = 'a listing shows a released version of its design';
  end if;
  if new.status = 'listed' then
    new.listed_at := coalesce(new.listed_at, now());
  end if;
  return new;
end $$;

create function design.guard_schema() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from design.hinge_specs s where s.family = old.family and s.schema_version = old.version) then
    raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, message = format('schema %s of %s is in use: make a new version', old.version, old.family);
  end if;
  return new;
end $$;

create trigger versions_immutable before update or delete on design.versions for each row execute function design.guard_version();
create trigger files_immutable before insert or update or delete on design.files for each row execute function design.guard_content();
create trigger hinge_specs_immutable before insert or update or delete on design.hinge_specs for each row execute function design.guard_content();
create trigger bom_items_immutable before insert or update or delete on design.bom_items for each row execute function design.guard_content();
create trigger hinge_specs_digest before insert on design.hinge_specs for each row execute function design.digest_params();
create trigger spec_schemas_in_use before update of json_schema, units on design.spec_schemas for each row when (new.json_schema <> old.json_schema or new.units <> old.units) execute function design.guard_schema();
create trigger designs_head before insert or update of head_version_id on core.designs for each row when (new.head_version_id is not null) execute function design.project_head();
create trigger listings_a_check before insert or update of version_id, status on design.listings for each row execute function design.check_listing();

select core.attach_standard('design.reviews', 'std', 'version_id', 'reviewer_id');
select core.attach_standard('design.listings', 'std', 'design_id');
select core.define_machine('listing', '{
  "draft": ["listed", "closed"],
  "listed": ["sold_out", "closed", {"to": "suspended", "guard": "hc_moderator", "reason": true}],
  "sold_out": ["listed", "closed"],
  "suspended": [{"to": "listed", "guard": "hc_moderator"}, "closed"]}');
create trigger listings_status_machine after update of status on design.listings for each row execute function core.enforce_transition('listing');

comment on function design.guard_version is 'Trigger of design.versions: released and yanked once, else unchanged; deleted only with the design. Security definer: writers may not see the design.';
comment on function design.is_being_made is 'Whether the version was made by the transaction that asks; null when there is none. Security definer: asked by triggers about rows their writer may not see.';
comment on function design.guard_content is 'Trigger of files, specs and parts: they come with their version, do not change, and go with it. Security definer: as is_being_made().';
comment on function design.digest_params is 'Trigger of design.hinge_specs: digest of the parameters, however they were written.';
comment on function design.project_head is 'Trigger of core.designs: what galleries filter by comes from the head''s spec. Security definer: writers may not see the version.';
comment on function design.check_listing is 'Trigger of design.listings: released versions only; stamps listed_at. Security definer: sees every version.';
comment on function design.guard_schema is 'Trigger of design.spec_schemas: a schema in use stays. Security definer: sees every spec.';
comment on trigger versions_immutable on design.versions is 'Versions are immutable.';
comment on trigger files_immutable on design.files is 'Content of a version is immutable.';
comment on trigger hinge_specs_immutable on design.hinge_specs is 'Content of a version is immutable.';
comment on trigger bom_items_immutable on design.bom_items is 'Content of a version is immutable.';
comment on trigger hinge_specs_digest on design.hinge_specs is 'Computes params_sha256.';
comment on trigger spec_schemas_in_use on design.spec_schemas is 'Schemas in use stay.';
comment on trigger designs_head on core.designs is 'spec_summary and licence follow the head.';
comment on trigger listings_a_check on design.listings is 'Listings show released versions.';
comment on trigger listings_status_machine on design.listings is 'Status changes follow machine listing and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000066001', 'ada-0066'), ('00000000-0000-7000-8000-000000066002', 'bob-0066');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000066003', '00000000-0000-7000-8000-000000066001', 'probe-0066', 'Probe');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000066004', '00000000-0000-7000-8000-000000066001', 'a.step', 'model/step', 1, sha256('0066a'), 'uploaded');
select core.act_as('00000000-0000-7000-8000-000000066001');
select set_config('probe.v1', design.commit_version('00000000-0000-7000-8000-000000066003', 'First', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000066004"}]',
  '{"family": "barrel", "version": 1, "params": {"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}}', 'MIT', bom => jsonb_build_array(jsonb_build_object('term_id', (select id from core.terms where path::text = 'material'), 'quantity', 1)))::text, true) is not null;
select spec_summary = '{"family": "barrel", "material": "brass", "load_n": 100, "pin_mm": 5}' and licence_spdx = 'MIT' from core.designs where id = '00000000-0000-7000-8000-000000066003';
select params_sha256 = sha256(convert_to(params::text, 'UTF8')) from design.hinge_specs where version_id::text = current_setting('probe.v1');
select set_config('probe.v2', design.commit_version('00000000-0000-7000-8000-000000066003', 'Thicker', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000066004"}]',
  '{"family": "barrel", "version": 1, "params": {"leaf_length_mm": 40, "pin_mm": 6, "knuckle_mm": 10, "load_n": 100, "material": "brass"}}', 'MIT')::text, true) is not null;
select spec_summary ->> 'pin_mm' = '6' from core.designs where id = '00000000-0000-7000-8000-000000066003';
select why, blueprint.raises(sql, state, why) from (values
  ('never changes, save', '55006', format($$ update design.versions set message = 'Other' where id = %L $$, current_setting('probe.v1'))),
  ('goes only with its design', '55006', format('delete from design.versions where id = %L', current_setting('probe.v1'))),
  ('content of a version', '55006', format($$ update design.files set path = 'b.step' where version_id = %L $$, current_setting('probe.v1'))),
  ('content of a version', '55006', format('delete from design.files where version_id = %L', current_setting('probe.v1'))),
  ('content of a version', '55006', format($$ update design.hinge_specs set family = 'butt' where version_id = %L $$, current_setting('probe.v1'))),
  ('content of a version', '55006', format('update design.bom_items set quantity = 2 where version_id = %L', current_setting('probe.v1'))),
  ('is in use', '55006', $$ update design.spec_schemas set json_schema = json_schema || '{"title": "x"}' where family = 'barrel' and version = 1 $$),
  ('listings_version_released', '23514', format($$ insert into design.listings (design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000066003', %L, 1) $$, current_setting('probe.v1')))) v(why, state, sql);
select design.is_being_made(current_setting('probe.v1')::uuid), design.is_being_made(uuidv7()) is null;
select blueprint.raises($$ select 1 / count(*) from design.files where version_id::text = current_setting('probe.v1') and design.is_being_made(version_id) is false $$, '22012');
update design.versions set released_at = now(), label = '1.0.0' where id::text = current_setting('probe.v1') returning released_at = now();
update design.versions set yanked_at = now(), yank_reason = 'cracks' where id::text = current_setting('probe.v2') returning yank_reason = 'cracks';
select blueprint.raises(format('update design.versions set released_at = now() - interval %L where id = %L', '1 day', current_setting('probe.v1')), '55006'),
  blueprint.raises(format('update design.versions set yank_reason = %L where id = %L', 'other', current_setting('probe.v2')), '55006');
insert into design.listings (id, design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000066005', '00000000-0000-7000-8000-000000066003', current_setting('probe.v1')::uuid, 5);
update design.listings set status = 'listed', updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-000000066005' returning listed_at = now() and updated_at >= now();
select blueprint.raises($$ update design.listings set status = 'draft' where id = '00000000-0000-7000-8000-000000066005' $$, '23514', 'listed -> draft'), blueprint.raises($$ update design.listings set design_id = uuidv7() where id = '00000000-0000-7000-8000-000000066005' $$, '55006', 'design_id');
insert into design.reviews (id, version_id, reviewer_id) values ('00000000-0000-7000-8000-000000066006', current_setting('probe.v1')::uuid, '00000000-0000-7000-8000-000000066002');
update design.reviews set body = 'x', updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-000000066006' returning updated_at >= now();
select blueprint.raises($$ update design.reviews set reviewer_id = uuidv7() where id = '00000000-0000-7000-8000-000000066006' $$, '55006', 'reviewer_id');
select f, not has_function_privilege('hc_member', f, 'execute') and prosecdef from unnest(array['design.guard_version()', 'design.is_being_made(uuid)', 'design.guard_content()', 'design.project_head()', 'design.check_listing()', 'design.guard_schema()']) f join pg_proc on oid = f::regprocedure;
select not has_function_privilege('hc_member', 'design.digest_params()', 'execute');
delete from design.listings where id = '00000000-0000-7000-8000-000000066005';
set constraints all deferred;
delete from core.designs where id = '00000000-0000-7000-8000-000000066003';
set constraints all immediate;
select count(*) = 0 from design.versions where design_id = '00000000-0000-7000-8000-000000066003';

-- revert
drop trigger listings_status_machine on design.listings;
select core.define_machine('listing', '{}');
select core.detach_standard('design.listings');
select core.detach_standard('design.reviews');
drop trigger listings_a_check on design.listings;
drop trigger designs_head on core.designs;
drop trigger spec_schemas_in_use on design.spec_schemas;
drop trigger hinge_specs_digest on design.hinge_specs;
drop trigger bom_items_immutable on design.bom_items;
drop trigger hinge_specs_immutable on design.hinge_specs;
drop trigger files_immutable on design.files;
drop trigger versions_immutable on design.versions;
drop function design.guard_schema, design.check_listing, design.project_head, design.digest_params, design.guard_content, design.is_being_made, design.guard_version;

-- task: BUILD_0069 create_constraints critical
-- title: Constrain design data: versions, BOM, ratings, locks, listing and licence sanity
-- does: Numbers, words, quantities and paths are what they should be, a child is newer than its parent, what is released has a licence and what is yanked a reason, a part is
--   either a material or a design, locks last 15 minutes at most, one live listing a design, firmware does not come under a licence for texts.
-- proves: each rule refuses the row that breaks it, by name.
-- needs: BUILD_0005, BUILD_0062
alter table design.licences add constraint licences_kind_check check (kind in ('hardware', 'content', 'software'));
alter table design.licence_compatibility
  add constraint licence_compatibility_verdict_check check (verdict in ('allowed', 'conditional', 'forbidden')),
  add constraint licence_compatibility_condition_check check ((verdict = 'conditional') = (condition is not null));
alter table design.spec_schemas
  add constraint spec_schemas_version_check check (version >= 1),
  add constraint spec_schemas_status_check check (status in ('draft', 'active', 'retired')),
  add constraint spec_schemas_json_schema_check check (jsonb_typeof(json_schema) = 'object' and jsonb_typeof(json_schema -> 'properties') = 'object' and jsonb_typeof(units) = 'object');
alter table design.versions
  add constraint versions_number_check check (number >= 1),
  add constraint versions_released_at_check check (released_at is null or licence_spdx is not null),
  add constraint versions_yank_reason_check check ((yanked_at is null) = (yank_reason is null));
alter table design.version_edges
  add constraint version_edges_kind_check check (kind in ('parent', 'merge', 'fork', 'import')),
  add constraint version_edges_child_is_newer_check check (child_id > parent_id);
alter table design.files
  add constraint files_path_check check (length(path) >= 1 and length(path) <= 255 and path !~ '(^/|\\|(^|/)\.\.?(/|$)|//|[[:cntrl:]])'),
  add constraint files_role_check check (role in ('cad', 'mesh', 'drawing', 'firmware', 'doc', 'photo')),
  add constraint files_byte_size_check check (byte_size > 0);
alter table design.hinge_specs add constraint hinge_specs_params_check check (jsonb_typeof(params) = 'object' and jsonb_typeof(derived) = 'object');
alter table design.bom_items
  add constraint bom_items_line_no_check check (line_no >= 1),
  add constraint bom_items_content_check check (num_nonnulls(term_id, part_design_id) = 1),
  add constraint bom_items_quantity_check check (quantity > 0 and mass_g >= 0),
  add constraint bom_items_make_or_buy_check check (make_or_buy in ('make', 'buy'));
alter table design.collaborators
  add constraint collaborators_role_check check (role in ('owner', 'editor', 'commenter', 'viewer')),
  add constraint collaborators_during_check check (not isempty(during));
alter table design.reviews
  add constraint reviews_round_check check (round >= 1),
  add constraint reviews_verdict_check check (verdict in ('approve', 'request_changes', 'comment')),
  add constraint reviews_submitted_at_check check ((verdict is null) = (submitted_at is null)),
  add constraint reviews_checklist_check check (jsonb_typeof(checklist) = 'object' and jsonb_typeof(anchors) = 'array');
alter table design.listings
  add constraint listings_status_check check (status in ('draft', 'listed', 'suspended', 'sold_out', 'closed')),
  add constraint listings_price_usd_check check (price_usd >= 0),
  add constraint listings_royalty_percent_check check (royalty_percent <= 30),
  add constraint listings_min_quantity_check check (min_quantity >= 1),
  add constraint listings_stats_check check (jsonb_typeof(stats) = 'object' and jsonb_typeof(metadata) = 'object');
create unique index listings_design_id_key on design.listings (design_id) where status in ('listed', 'suspended', 'sold_out');
alter table design.listing_ratings
  add constraint listing_ratings_stars_check check (stars >= 1 and stars <= 5),
  add constraint listing_ratings_body_check check (length(body) <= 4000);
alter table design.edit_locks add constraint edit_locks_expires_at_check check (expires_at > acquired_at and expires_at <= acquired_at + interval '15 minutes');

create function design.check_file_licence() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from design.versions v join design.licences l on l.spdx_id = v.licence_spdx where v.id = new.version_id and l.kind = 'content' and l.requires_attribution) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = 'files_licence_fits', message = format('%s is firmware, and the licence is one for texts and pictures', new.path),
      hint = 'Creative Commons advises against its licences for software.';
  end if;
  return new;
end $$;

create trigger files_licence_fits before insert on design.files for each row when (new.role = 'firmware') execute function design.check_file_licence();

comment on function design.check_file_licence is 'Trigger of design.files: firmware does not come under a content licence (CC0 aside). Security definer: sees every version.';
comment on trigger files_licence_fits on design.files is 'The kind of licence fits the roles of files.';
comment on index design.listings_design_id_key is 'One live listing a design.';
comment on constraint version_edges_child_is_newer_check on design.version_edges is 'Version 7 ids grow with time: no version is its own ancestor.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000069001', 'ada-0069');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069001', 'probe-0069', 'Probe');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000069003', '00000000-0000-7000-8000-000000069001', 'a.step', 'model/step', 1);
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values ('00000000-0000-7000-8000-000000069004', '00000000-0000-7000-8000-000000069002', 1, sha256('69'), '00000000-0000-7000-8000-000000069001', 'CC-BY-4.0', now()),
  ('00000000-0000-7000-8000-000000069005', '00000000-0000-7000-8000-000000069002', 2, sha256('69b'), '00000000-0000-7000-8000-000000069001', null, null);
insert into design.listings (design_id, version_id, price_usd, status) values ('00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069004', 5, 'listed');
insert into design.listings (id, design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000069006', '00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069004', 5);
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ update design.licences set kind = 'x' where spdx_id = 'MIT' $$, '23514', 'licences_kind_check'),
  ($$ update design.licence_compatibility set verdict = 'maybe' where inbound_spdx = 'MIT' and verdict <> 'conditional' $$, '23514', 'licence_compatibility_verdict_check'),
  ($$ update design.licence_compatibility set condition = 'x' where verdict = 'allowed' $$, '23514', 'licence_compatibility_condition_check'),
  ($$ insert into design.spec_schemas (family, version, json_schema, units) values ('probe', 0, '{"properties": {}}', '{}') $$, '23514', 'spec_schemas_version_check'),
  ($$ insert into design.spec_schemas (family, version, json_schema, units, status) values ('probe', 1, '{"properties": {}}', '{}', 'odd') $$, '23514', 'spec_schemas_status_check'),
  ($$ insert into design.spec_schemas (family, version, json_schema, units) values ('probe', 1, '{"properties": []}', '{}') $$, '23514', 'spec_schemas_json_schema_check'),
  ($$ insert into design.versions (design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000069002', 0, sha256('69c'), '00000000-0000-7000-8000-000000069001') $$, '23514', 'versions_number_check'),
  ($$ update design.versions set released_at = now() where id = '00000000-0000-7000-8000-000000069005' $$, '23514', 'versions_released_at_check'),
  ($$ update design.versions set yanked_at = now() where id = '00000000-0000-7000-8000-000000069005' $$, '23514', 'versions_yank_reason_check'),
  ($$ insert into design.version_edges values ('00000000-0000-7000-8000-000000069005', '00000000-0000-7000-8000-000000069004', 'cousin') $$, '23514', 'version_edges_kind_check'),
  ($$ insert into design.version_edges values ('00000000-0000-7000-8000-000000069004', '00000000-0000-7000-8000-000000069005') $$, '23514', 'version_edges_child_is_newer_check'),
  ($$ insert into design.version_edges values ('00000000-0000-7000-8000-000000069004', '00000000-0000-7000-8000-000000069004') $$, '23514', 'version_edges_child_is_newer_check'),
  ($$ insert into design.files values ('00000000-0000-7000-8000-000000069005', '../x', '00000000-0000-7000-8000-000000069003', 'cad', sha256('a'), 1) $$, '23514', 'files_path_check'),
  ($$ insert into design.files values ('00000000-0000-7000-8000-000000069005', '/etc/x', '00000000-0000-7000-8000-000000069003', 'cad', sha256('a'), 1) $$, '23514', 'files_path_check'),
  ($$ insert into design.files values ('00000000-0000-7000-8000-000000069005', 'a/../x', '00000000-0000-7000-8000-000000069003', 'cad', sha256('a'), 1) $$, '23514', 'files_path_check'),
  ($$ insert into design.files values ('00000000-0000-7000-8000-000000069005', 'x', '00000000-0000-7000-8000-000000069003', 'song', sha256('a'), 1) $$, '23514', 'files_role_check'),
  ($$ insert into design.files values ('00000000-0000-7000-8000-000000069005', 'x', '00000000-0000-7000-8000-000000069003', 'cad', sha256('a'), 0) $$, '23514', 'files_byte_size_check'),
  ($$ insert into design.files values ('00000000-0000-7000-8000-000000069004', 'x.hex', '00000000-0000-7000-8000-000000069003', 'firmware', sha256('a'), 1) $$, '23514', 'files_licence_fits'),
  ($$ insert into design.hinge_specs (version_id, family, params, derived) values ('00000000-0000-7000-8000-000000069005', 'barrel', '[]', '{}') $$, '23514', 'hinge_specs_params'),
  ($$ insert into design.bom_items (version_id, line_no, part_design_id, quantity) values ('00000000-0000-7000-8000-000000069005', 0, '00000000-0000-7000-8000-000000069002', 1) $$, '23514', 'bom_items_line_no_check'),
  ($$ insert into design.bom_items (version_id, line_no, part_design_id, term_id, quantity) values ('00000000-0000-7000-8000-000000069005', 1, '00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069002', 1) $$, '23514', 'bom_items_content_check'),
  ($$ insert into design.bom_items (version_id, line_no, part_design_id, quantity) values ('00000000-0000-7000-8000-000000069005', 1, '00000000-0000-7000-8000-000000069002', 0) $$, '23514', 'bom_items_quantity_check'),
  ($$ insert into design.bom_items (version_id, line_no, part_design_id, quantity, make_or_buy) values ('00000000-0000-7000-8000-000000069005', 1, '00000000-0000-7000-8000-000000069002', 1, 'steal') $$, '23514', 'bom_items_make_or_buy_check'),
  ($$ insert into design.collaborators (design_id, user_id, role) values ('00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069001', 'king') $$, '23514', 'collaborators_role_check'),
  ($$ insert into design.collaborators (design_id, user_id, during) values ('00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069001', 'empty') $$, '23514', 'collaborators_during_check'),
  ($$ insert into design.reviews (version_id, reviewer_id, round) values ('00000000-0000-7000-8000-000000069005', '00000000-0000-7000-8000-000000069001', 0) $$, '23514', 'reviews_round_check'),
  ($$ insert into design.reviews (version_id, reviewer_id, verdict, submitted_at) values ('00000000-0000-7000-8000-000000069005', '00000000-0000-7000-8000-000000069001', 'shrug', now()) $$, '23514', 'reviews_verdict_check'),
  ($$ insert into design.reviews (version_id, reviewer_id, verdict) values ('00000000-0000-7000-8000-000000069005', '00000000-0000-7000-8000-000000069001', 'approve') $$, '23514', 'reviews_submitted_at_check'),
  ($$ insert into design.reviews (version_id, reviewer_id, checklist) values ('00000000-0000-7000-8000-000000069005', '00000000-0000-7000-8000-000000069001', '[]') $$, '23514', 'reviews_checklist_check'),
  ($$ insert into design.listings (design_id, version_id, price_usd, status) values ('00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069004', 1, 'odd') $$, '23514', 'listings_status_check'),
  ($$ insert into design.listings (design_id, version_id, price_usd, status) values ('00000000-0000-7000-8000-000000069002', '00000000-0000-7000-8000-000000069004', 1, 'listed') $$, '23505', 'listings_design_id_key'),
  ($$ update design.listings set price_usd = -1 where id = '00000000-0000-7000-8000-000000069006' $$, '23514', 'listings_price_usd_check'),
  ($$ update design.listings set royalty_percent = 31 where id = '00000000-0000-7000-8000-000000069006' $$, '23514', 'listings_royalty_percent_check'),
  ($$ update design.listings set min_quantity = 0 where id = '00000000-0000-7000-8000-000000069006' $$, '23514', 'listings_min_quantity_check'),
  ($$ update design.listings set stats = '[]' where id = '00000000-0000-7000-8000-000000069006' $$, '23514', 'listings_stats_check'),
  ($$ insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000069006', '00000000-0000-7000-8000-000000069001', 6) $$, '23514', 'listing_ratings_stars_check'),
  ($$ insert into design.listing_ratings (listing_id, user_id, stars, body) values ('00000000-0000-7000-8000-000000069006', '00000000-0000-7000-8000-000000069001', 5, repeat('x', 4001)) $$, '23514', 'listing_ratings_body_check'),
  ($$ insert into design.edit_locks (design_id, path, user_id, expires_at) values ('00000000-0000-7000-8000-000000069002', 'x', '00000000-0000-7000-8000-000000069001', now() + interval '1 hour') $$, '23514', 'edit_locks_expires_at_check')) v(sql, state, rule);
select conname = 'hinge_specs_params_check' and convalidated from pg_constraint where conname = 'hinge_specs_params_check';
select not has_function_privilege('hc_member', 'design.check_file_licence()', 'execute') and prosecdef from pg_proc where oid = 'design.check_file_licence()'::regprocedure;
