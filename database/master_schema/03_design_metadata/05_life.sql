-- Room design, life of designs: forks and whose work they carry, their family tree, what is alike, the marketplace, locks while editing, and the way to a release.

-- task: BUILD_0075 implement_feature critical
-- title: Fork with licence compatibility check and attribution chain
-- does: design.fork(version, title, licence) begins a design of one's own with the same content by reference, where the licences allow it: share-alike keeps its licence, no-derivatives and
--   missing licences refuse, conditional ones want their condition acknowledged. design.attribution(version) names everybody to credit.
-- proves: CC-BY-SA-4.0 forked as CC0-1.0 raises with the rule, as itself it works, shares the stored files and credits the author through two generations; an unacknowledged condition,
--   an invisible draft and a version without licence raise.
-- needs: BUILD_0005, BUILD_0065, BUILD_0066, BUILD_0071
create function design.sees_version(version uuid) returns boolean
  language sql stable security definer
begin atomic
  select exists (
    select from design.versions v join core.designs d on d.id = v.design_id
    where v.id = version and (d.id = any (design.my_designs()) or core.has_role('hc_moderator')
      or (v.released_at is not null and ((d.deleted_at is null and d.status in ('released', 'deprecated') and (d.visibility = 'public' or (d.visibility = 'community' and core.has_role('hc_member')))) or d.id = any (core.linked_designs())))));
end;

create function design.fork(version uuid, title text, licence text, acknowledged text default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  origin design.versions;
  rule design.licence_compatibility;
  content jsonb;
  made uuid := uuidv7();
  first uuid := uuidv7();
begin
  select * into origin from design.versions v where v.id = version and design.sees_version(version);
  if me is null or origin.id is null then
    raise exception using errcode = '42501', message = 'people who are signed in fork versions they see';
  elsif origin.yanked_at is not null then
    raise exception using errcode = '55000', message = 'this version was withdrawn';
  end if;
  select * into rule from design.licence_compatibility c where c.inbound_spdx = origin.licence_spdx and c.outbound_spdx = fork.licence;
  if rule.verdict is null or rule.verdict = 'forbidden' then
    raise exception using errcode = '22023', message = format('%s cannot be forked as %s: %s', coalesce(origin.licence_spdx, 'a version without licence'), licence, coalesce(rule.note, 'no rule allows it'));
  elsif rule.verdict = 'conditional' and acknowledged is distinct from rule.condition then
    raise exception using errcode = '22023', message = format('%s as %s has a condition to acknowledge', origin.licence_spdx, licence), detail = rule.condition, hint = 'Pass the condition as acknowledged.';
  end if;
  content := design.checkout(origin.id);
  insert into core.designs (id, owner_id, title, summary, tags, kind, category_id, licence_spdx, forked_from_version_id, metadata, slug)
  select made, me, fork.title, d.summary, d.tags, d.kind, d.category_id, fork.licence, origin.id, jsonb_strip_nulls(jsonb_build_object('acknowledged', acknowledged)),
    core.slugify(fork.title, 'core.designs', 'slug', jsonb_build_object('owner_id', me))
  from core.designs d where d.id = origin.design_id;
  insert into design.versions (id, design_id, number, content_sha256, message, author_id, licence_spdx)
  values (first, made, 1, design.manifest_sha256(content -> 'files', nullif(content -> 'spec', 'null'), licence, content -> 'bom'), format('Fork of version %s', origin.number), me, licence);
  insert into design.version_edges (child_id, parent_id, kind) values (first, origin.id, 'fork');
  insert into design.files (version_id, path, asset_id, role, sha256, byte_size) select first, f.path, f.asset_id, f.role, f.sha256, f.byte_size from design.files f where f.version_id = origin.id;
  insert into design.hinge_specs (version_id, family, schema_version, params) select first, s.family, s.schema_version, s.params from design.hinge_specs s where s.version_id = origin.id;
  insert into design.bom_items (version_id, line_no, term_id, part_design_id, quantity, unit, mass_g, make_or_buy, notes)
  select first, b.line_no, b.term_id, b.part_design_id, b.quantity, b.unit, b.mass_g, b.make_or_buy, b.notes from design.bom_items b where b.version_id = origin.id;
  update core.designs d set head_version_id = first where d.id = made;
  return made;
end $$;

create function design.attribution(version uuid) returns table (depth int, author_id uuid, author text, design_id uuid, title text, version_number int, licence text)
  language sql stable security definer
begin atomic
  with recursive origins (version_id, depth) as (
    select e.parent_id, 1 from design.version_edges e where e.child_id = attribution.version and design.sees_version(attribution.version)
    union
    select e.parent_id, o.depth + 1 from origins o join design.version_edges e on e.child_id = o.version_id where o.depth < 1000
  )
  select min(o.depth), v.author_id, coalesce(u.display_name, u.handle::text, 'erased'), v.design_id, d.title, v.number, v.licence_spdx
  from origins o join design.versions v on v.id = o.version_id join core.designs d on d.id = v.design_id left join core.public_users u on u.id = v.author_id
  group by v.id, u.display_name, u.handle, d.title order by 1, v.id;
end;

grant execute on function design.fork to hc_member;
grant execute on function design.attribution to hc_anon, hc_auditor;

comment on function design.sees_version is 'Whether the caller may see a version, for functions that run as their owner. Security definer: it repeats the policies of design.versions.';
comment on function design.fork is 'A new private design of the current person with the content of a version, if the licences allow it; returns its id. Security definer: versions are written by functions only.';
comment on function design.attribution is 'Everybody whose versions a version came from, nearest first, across designs. Security definer: credit is due even for what is private by now.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000075001', 'ada-0075', 'ada-0075@example.org', 'active'), ('00000000-0000-7000-8000-000000075002', 'bob-0075', 'bob-0075@example.org', 'active'), ('00000000-0000-7000-8000-000000075003', 'eve-0075', 'eve-0075@example.org', 'active');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000075004', '00000000-0000-7000-8000-000000075001', 'a.step', 'model/step', 1, sha256('0075a'), 'uploaded');
insert into core.designs (id, owner_id, slug, title, tags) values ('00000000-0000-7000-8000-000000075005', '00000000-0000-7000-8000-000000075001', 'gate', 'Gate', '{gate}');
select core.act_as('00000000-0000-7000-8000-000000075001');
select set_config('probe.bare', design.commit_version('00000000-0000-7000-8000-000000075005', 'No licence', '[]')::text, true) is not null;
select set_config('probe.sa', design.commit_version('00000000-0000-7000-8000-000000075005', 'SA', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000075004"}]', '{"family": "barrel", "version": 1, "params": {"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}}', 'CC-BY-SA-4.0',
  bom => jsonb_build_array(jsonb_build_object('term_id', (select id from core.terms where path::text = 'material'), 'quantity', 1)))::text, true) is not null;
select set_config('probe.by', design.commit_version('00000000-0000-7000-8000-000000075005', 'BY', '[]', licence => 'CC-BY-4.0')::text, true) is not null;
update design.versions set released_at = now() where id::text in (current_setting('probe.sa'), current_setting('probe.by'));
update core.designs set status = 'in_review' where id = '00000000-0000-7000-8000-000000075005';
update core.designs set status = 'released', published_at = now(), visibility = 'public' where id = '00000000-0000-7000-8000-000000075005';
select core.act_as('00000000-0000-7000-8000-000000075002');
set local role hc_member;
select why, blueprint.raises(format('select design.fork(%L, %L, %s)', v, 'Fork', rest), state, why) from (values
  (current_setting('probe.sa'), $$ 'CC0-1.0' $$, '22023', 'keeps its licence (share-alike)'), (current_setting('probe.by'), $$ 'MIT' $$, '22023', 'condition to acknowledge'), (current_setting('probe.by'), $$ 'MIT', 'yes' $$, '22023', 'condition to acknowledge'),
  (current_setting('probe.bare'), $$ 'MIT' $$, '42501', 'versions they see'), (current_setting('probe.sa'), $$ 'Nope' $$, '22023', 'no rule')) v(v, rest, state, why);
select set_config('probe.fork', design.fork(current_setting('probe.sa')::uuid, 'My gate', 'CC-BY-SA-4.0')::text, true) is not null;
select design.fork(current_setting('probe.by')::uuid, 'My gate', 'MIT', 'Keep the notices and name the authors of CC-BY-4.0 parts.') is not null;
set local role hc_owner;
select d.owner_id = '00000000-0000-7000-8000-000000075002' and d.visibility = 'private' and d.status = 'draft' and d.slug = 'my-gate' and d.tags = '{gate}' and d.forked_from_version_id::text = current_setting('probe.sa') and d.spec_summary ->> 'pin_mm' = '5' and f.asset_id = '00000000-0000-7000-8000-000000075004'
  and v.content_sha256 = (select content_sha256 from design.versions where id::text = current_setting('probe.sa')) and b.quantity = 1 and e.kind = 'fork'
from core.designs d join design.versions v on v.id = d.head_version_id join design.files f on f.version_id = v.id join design.bom_items b on b.version_id = v.id join design.version_edges e on e.child_id = v.id where d.id::text = current_setting('probe.fork');
select metadata ->> 'acknowledged' like 'Keep the notices%' from core.designs where owner_id = '00000000-0000-7000-8000-000000075002' and slug = 'my-gate-2';
select set_config('probe.mine', design.commit_version(current_setting('probe.fork')::uuid, 'Changed', '[]', licence => 'CC-BY-SA-4.0')::text, true) is not null;
set local role hc_member;
select array_agg(author order by depth) = '{bob-0075,ada-0075,ada-0075}', array_agg(depth order by depth) = '{1,2,3}', bool_or(title = 'Gate' and licence = 'CC-BY-SA-4.0') from design.attribution(current_setting('probe.mine')::uuid);
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000075003');
set local role hc_member;
select count(*) = 0 from design.attribution(current_setting('probe.mine')::uuid);
set local role hc_owner;
select not design.sees_version(current_setting('probe.mine')::uuid), design.sees_version(current_setting('probe.sa')::uuid), prosecdef, not has_function_privilege('hc_member', oid, 'execute') from pg_proc where oid = 'design.sees_version(uuid)'::regprocedure;
update design.versions set yanked_at = now(), yank_reason = 'cracks' where id::text = current_setting('probe.sa');
select blueprint.raises(format('select design.fork(%L, %L, %L)', current_setting('probe.sa'), 'Fork', 'CC-BY-SA-4.0'), '55000', 'withdrawn');
select has_function_privilege('hc_member', 'design.fork(uuid, text, text, text)', 'execute') and not has_function_privilege('hc_anon', 'design.fork(uuid, text, text, text)', 'execute'), (select prosecdef from pg_proc where oid = 'design.fork(uuid, text, text, text)'::regprocedure),
  has_function_privilege('hc_anon', 'design.attribution(uuid)', 'execute') and has_function_privilege('hc_auditor', 'design.attribution(uuid)', 'execute') and not has_function_privilege('hc_analyst', 'design.attribution(uuid)', 'execute'), (select prosecdef from pg_proc where oid = 'design.attribution(uuid)'::regprocedure);

-- task: BUILD_0076 implement_feature
-- title: Version graph: lineage, merge-base and fork tree as recursive queries
-- does: design.lineage(version, direction, max_depth) lists ancestors or descendants across designs, each once with its depth; merge_base(a, b) the nearest common ancestors,
--   is_ancestor(a, b) whether one came from the other, fork_tree(design) the forks of a design and theirs in order with counts. All show what their caller may see.
-- proves: on a diamond with a fork the merge base is the fork point, lineage lists each node once in both directions and stops at max_depth, is_ancestor is right both ways.
-- needs: BUILD_0065
create function design.lineage(version uuid, direction text default 'ancestors', max_depth int default 100) returns table (version_id uuid, depth int)
  language sql stable
begin atomic
  with recursive walk (version_id, depth) as (
    select lineage.version, 0
    union all
    select case lineage.direction when 'descendants' then e.child_id else e.parent_id end, w.depth + 1
    from walk w join design.version_edges e on case lineage.direction when 'descendants' then e.parent_id else e.child_id end = w.version_id
    where w.depth < lineage.max_depth
  ) search breadth first by version_id set place cycle version_id set is_cycle using trail
  select w.version_id, min(w.depth) from walk w where not w.is_cycle group by w.version_id order by min(w.depth), w.version_id;
end;

create function design.is_ancestor(a uuid, b uuid) returns boolean
  language sql stable
begin atomic
  select a <> b and exists (select from design.lineage(b) l where l.version_id = a);
end;

create function design.merge_base(a uuid, b uuid) returns setof uuid
  language sql stable
begin atomic
  with common as (
    select x.version_id from design.lineage(a) x join design.lineage(b) y on y.version_id = x.version_id
  )
  select c.version_id from common c
  where not exists (select from common o cross join lateral design.lineage(o.version_id) l where o.version_id <> c.version_id and l.version_id = c.version_id) order by 1;
end;

create function design.fork_tree(design uuid) returns table (design_id uuid, title text, depth int, path uuid[], forks bigint)
  language sql stable
begin atomic
  with recursive tree (design_id, depth, path, place) as (
    select d.id, 0, array[d.id], array[]::text[] from core.designs d where d.id = fork_tree.design
    union all
    select d.id, t.depth + 1, t.path || d.id, t.place || (to_char(d.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || d.id)
    from tree t join design.versions v on v.design_id = t.design_id join core.designs d on d.forked_from_version_id = v.id where t.depth < 50 and d.id <> all (t.path)
  )
  select t.design_id, d.title, t.depth, t.path, (select count(*) from core.designs f join design.versions v on v.id = f.forked_from_version_id where v.design_id = t.design_id)
  from tree t join core.designs d on d.id = t.design_id order by t.place;
end;

grant execute on function design.lineage, design.is_ancestor, design.merge_base, design.fork_tree to hc_anon, hc_auditor;

comment on function design.lineage is 'Ancestors (or descendants) of a version with their least distance, itself at 0, nearest first. Runs as its caller.';
comment on function design.is_ancestor is 'Whether a is an ancestor of b. Runs as its caller.';
comment on function design.merge_base is 'Common ancestors that are no ancestors of another one: where two versions parted. Runs as its caller.';
comment on function design.fork_tree is 'The design and its forks, depth first and oldest first; path names the designs on the way. Runs as its caller.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000076001', 'ada-0076');
insert into core.designs (id, owner_id, slug, title, forked_from_version_id) values ('00000000-0000-7000-8000-000000076002', '00000000-0000-7000-8000-000000076001', 'a-0076', 'Origin', null), ('00000000-0000-7000-8000-000000076003', '00000000-0000-7000-8000-000000076001', 'b-0076', 'Fork', '00000000-0000-7000-8000-000000076012'),
  ('00000000-0000-7000-8000-000000076004', '00000000-0000-7000-8000-000000076001', 'c-0076', 'Fork of fork', '00000000-0000-7000-8000-000000076016');
insert into design.versions (id, design_id, number, content_sha256, author_id) select ('00000000-0000-7000-8000-00000007601' || n)::uuid, case when n <= 5 then '00000000-0000-7000-8000-000000076002'::uuid else '00000000-0000-7000-8000-000000076003' end, n, sha256(('76' || n)::bytea), '00000000-0000-7000-8000-000000076001' from generate_series(1, 7) n;
-- 1 - 2 - 3 - 5 (merge of 3 and 4), 2 - 4; fork of 2: 6 - 7
insert into design.version_edges (child_id, parent_id, kind) select ('00000000-0000-7000-8000-00000007601' || c)::uuid, ('00000000-0000-7000-8000-00000007601' || p)::uuid, k from (values (2, 1, 'parent'), (3, 2, 'parent'), (4, 2, 'parent'), (5, 3, 'parent'), (5, 4, 'merge'), (6, 2, 'fork'), (7, 6, 'parent')) e(c, p, k);
create function pg_temp.v(n int) returns uuid return ('00000000-0000-7000-8000-00000007601' || n)::uuid;
select array_agg(right(version_id::text, 1) || '@' || depth) = '{5@0,3@1,4@1,2@2,1@3}' from design.lineage(pg_temp.v(5));
select array_agg(right(version_id::text, 1) || '@' || depth) = '{2@0,3@1,4@1,6@1,5@2,7@2}' from design.lineage(pg_temp.v(2), 'descendants');
select array_agg(right(version_id::text, 1)) = '{5,3,4}' from design.lineage(pg_temp.v(5), max_depth => 1);
select (select array_agg(m) from design.merge_base(pg_temp.v(5), pg_temp.v(7)) m) = array[pg_temp.v(2)], (select array_agg(m) from design.merge_base(pg_temp.v(3), pg_temp.v(4)) m) = array[pg_temp.v(2)], (select array_agg(m) from design.merge_base(pg_temp.v(3), pg_temp.v(5)) m) = array[pg_temp.v(3)];
select design.is_ancestor(pg_temp.v(1), pg_temp.v(7)), not design.is_ancestor(pg_temp.v(7), pg_temp.v(1)), not design.is_ancestor(pg_temp.v(3), pg_temp.v(7)), not design.is_ancestor(pg_temp.v(3), pg_temp.v(3));
select array_agg(format('%s %s %s', cardinality(path), title, forks)) = '{"1 Origin 1","2 Fork 1","3 Fork of fork 0"}', array_agg(depth) = '{0,1,2}' from design.fork_tree('00000000-0000-7000-8000-000000076002');
select f, has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_auditor', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['design.lineage(uuid, text, int)', 'design.is_ancestor(uuid, uuid)', 'design.merge_base(uuid, uuid)', 'design.fork_tree(uuid)']) f;

-- task: BUILD_0077 implement_feature
-- title: Similar designs: normalised parameter distance plus trigram title similarity
-- does: design.nearest_specs(version, k, family_only) ranks the heads one may see by the mean relative difference of their parameters (a missing one counts full) and the likeness of titles,
--   and flags what is almost the same by somebody else and no fork.
-- proves: a spec copied with 1 % change ranks first and is flagged, the same as a fork is not, another family is absent with family_only and there without.
-- needs: BUILD_0068, BUILD_0071
create function design.nearest_specs(version uuid, k int default 10, family_only boolean default true) returns table (version_id uuid, design_id uuid, title text, distance numeric, score numeric, is_near_duplicate boolean)
  language sql stable security definer
begin atomic
  with mine as (
    select s.family, s.params, d.id as design_id, d.title, d.owner_id, d.forked_from_version_id
    from design.hinge_specs s join design.versions v on v.id = s.version_id join core.designs d on d.id = v.design_id
    where s.version_id = version and (d.id = any (design.my_designs()) or core.has_role('hc_moderator') or (v.released_at is not null and d.deleted_at is null and d.status in ('released', 'deprecated') and (d.visibility = 'public' or (d.visibility = 'community' and core.has_role('hc_member')))))
  ), candidates as (
    select s.version_id, s.params, d.id as design_id, d.title, d.owner_id, d.forked_from_version_id
    from mine m join design.hinge_specs s on s.family = m.family or (not family_only and s.params @> jsonb_build_object('material', m.params -> 'material'))
    join core.designs d on d.head_version_id = s.version_id join design.versions v on v.id = s.version_id
    where d.id <> m.design_id and d.deleted_at is null
      and (d.id = any (design.my_designs()) or (v.released_at is not null and d.status in ('released', 'deprecated') and (d.visibility = 'public' or (d.visibility = 'community' and core.has_role('hc_member')))))
  ), compared as (
    select c.*, m.owner_id as my_owner, m.design_id as my_design, m.forked_from_version_id as my_origin, extensions.similarity(c.title, m.title)::numeric as likeness, (
      select avg(case
        when m.params -> p.key is null or c.params -> p.key is null then 1
        when jsonb_typeof(m.params -> p.key) = 'number' and jsonb_typeof(c.params -> p.key) = 'number'
          then coalesce(abs((m.params ->> p.key)::numeric - (c.params ->> p.key)::numeric) / nullif(greatest(abs((m.params ->> p.key)::numeric), abs((c.params ->> p.key)::numeric)), 0), 0)
        when m.params -> p.key = c.params -> p.key then 0 else 1 end)
      from (select jsonb_object_keys(m.params) union select jsonb_object_keys(c.params)) p(key)) as distance
    from mine m, candidates c
  )
  select x.version_id, x.design_id, x.title, round(x.distance, 4), round(0.7 * (1 - x.distance) + 0.3 * x.likeness, 4),
    x.distance < 0.02 and x.owner_id <> x.my_owner
      and not exists (select from design.versions v where v.id in (x.forked_from_version_id, x.my_origin) and v.design_id in (x.design_id, x.my_design))
  from compared x order by 5 desc, x.version_id limit greatest(least(k, 100), 0);
end;

grant execute on function design.nearest_specs to hc_anon, hc_agent;

comment on function design.nearest_specs is 'Heads most like a version by parameters and title, best first; is_near_duplicate: within 2 %, by another owner, no fork of one another. Security definer: row security would keep it from the indexes; it repeats the policies of design.versions.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000077001', 'ada-0077'), ('00000000-0000-7000-8000-000000077002', 'bob-0077');
insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at, forked_from_version_id)
select ('00000000-0000-7000-8000-00000007701' || n)::uuid, case owner when 'ada' then '00000000-0000-7000-8000-000000077001'::uuid else '00000000-0000-7000-8000-000000077002' end, 'probe-0077-' || n, title, visibility, 'released', 'MIT', ('00000000-0000-7000-8000-00000007702' || n)::uuid, now(),
  case when n = 3 then '00000000-0000-7000-8000-000000077021'::uuid end
from (values (1, 'ada', 'Zq0077 gate hinge', 'public'), (2, 'bob', 'Zq0077 gate hinge', 'public'), (3, 'bob', 'Zq0077 gate', 'public'), (4, 'bob', 'Other', 'public'), (5, 'bob', 'Zq0077 gate hinge', 'private'), (6, 'bob', 'Zq0077 gate hinge', 'public')) v(n, owner, title, visibility);
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) select ('00000000-0000-7000-8000-00000007702' || n)::uuid, ('00000000-0000-7000-8000-00000007701' || n)::uuid, 1, sha256(('77' || n)::bytea), '00000000-0000-7000-8000-000000077001', 'MIT', now() from generate_series(1, 6) n;
insert into design.hinge_specs (version_id, family, params) select ('00000000-0000-7000-8000-00000007702' || n)::uuid, family, params::jsonb from (values
  (1, 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass", "finish": "zq0077"}'), (2, 'barrel', '{"leaf_length_mm": 40.4, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass", "finish": "zq0077"}'),
  (3, 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass", "finish": "zq0077"}'), (4, 'barrel', '{"leaf_length_mm": 80, "pin_mm": 9, "knuckle_mm": 20, "load_n": 900, "material": "steel"}'),
  (5, 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass", "finish": "zq0077"}'),
  (6, 'butt', '{"leaf_length_mm": 40, "leaf_width_mm": 30, "leaf_thickness_mm": 2, "pin_mm": 5, "knuckle_mm": 10, "knuckles": 3, "load_n": 100, "material": "brass", "finish": "zq0077"}')) v(n, family, params);
select core.act_as('00000000-0000-7000-8000-000000077001');
set local role hc_member;
select (array_agg(right(version_id::text, 1)))[1:2] = '{2,3}', bool_and(is_near_duplicate = (right(version_id::text, 1) = '2')), bool_and(right(version_id::text, 2) not in ('25', '26')), bool_or(right(version_id::text, 2) = '24'), bool_or(distance = 0.0017), max(score) > 0.99
from design.nearest_specs('00000000-0000-7000-8000-000000077021', 100) where version_id::text like '%07702_';
select bool_or(right(version_id::text, 2) = '26') from design.nearest_specs('00000000-0000-7000-8000-000000077021', 100, false);
select count(*) = 1 from design.nearest_specs('00000000-0000-7000-8000-000000077021', 1);
select count(*) = 0 from design.nearest_specs('00000000-0000-7000-8000-000000077025', 5);
set local role hc_owner;
select has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and prosecdef from unnest(array['design.nearest_specs(uuid, int, boolean)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0078 implement_feature
-- title: Marketplace ranking with Bayesian rating, freshness and abuse resistance
-- does: design.refresh_rank() scores listings by the Bayesian mean of verified stars (ten votes of 3.8 as prior), orders on a log scale, freshness with a half-life of 60 days and open
--   reports; people who share a group with the seller do not count. design.marketplace() pages through what is on offer by words, licence, family and price, with facet counts on the first page.
-- proves: one five-star rating ranks below fifty of 4.7, ratings of the seller's group change nothing, two pages by cursor have no doublet, a forged cursor raises 22023.
-- needs: BUILD_0005, BUILD_0042, BUILD_0069, BUILD_0071
create function design.refresh_rank(listing uuid default null, at timestamptz default now()) returns int
  language sql security definer
begin atomic
  with scored as (
    select l.id, round((38.0 + coalesce(sum(r.stars), 0)) / (10 + count(r.stars))
        + 0.2 * ln(1 + greatest(coalesce((l.stats ->> 'orders')::numeric, 0), 0))
        + 0.5 * power(0.5, greatest(extract(epoch from refresh_rank.at - coalesce(l.listed_at, l.created_at)), 0) / 5184000)
        - 0.5 * greatest(coalesce((l.stats ->> 'open_reports')::numeric, 0), 0), 6) as score
    from design.listings l join core.designs d on d.id = l.design_id
    left join design.listing_ratings r on r.listing_id = l.id and r.verified_purchase and r.user_id <> d.owner_id and not exists (
      select from identity.group_members s join identity.group_members o on o.group_id = s.group_id where s.user_id = d.owner_id and o.user_id = r.user_id)
    where (refresh_rank.listing is null or l.id = refresh_rank.listing) and l.status in ('listed', 'sold_out')
    group by l.id
  ), changed as (
    update design.listings l set rank_score = s.score from scored s where s.id = l.id and l.rank_score <> s.score returning 1
  )
  select count(*)::int from changed;
end;

create function design.marketplace(q text default null, filters jsonb default '{}', after_cursor text default null, max_hits int default 20)
  returns table (listing_id uuid, design_id uuid, title text, licence text, price_usd numeric, rank_score numeric, next_cursor text, facets jsonb)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  place text[] := regexp_match(after_cursor, '^(-?\d{1,6}(?:\.\d{1,9})?)_([0-9a-f-]{36})$');
begin
  if after_cursor is not null and (place is null or core.as_uuid(place[2]) is null) then
    raise exception using errcode = '22023', message = 'this is not a cursor of ours', hint = 'Pass the cursor exactly as it was given, or none to start again.';
  end if;
  return query
  with found_all as (
    select l.id, l.design_id, d.title, d.licence_spdx, l.price_usd::numeric as price, l.rank_score, d.spec_summary ->> 'family' as family
    from design.listings l join core.designs d on d.id = l.design_id
    where l.status = 'listed' and d.deleted_at is null and d.visibility in ('public', 'community') and (q is null or d.title operator(extensions.%>) q or d.tags @> array[core.fold(q)])
      and (not filters ? 'licence' or d.licence_spdx = filters ->> 'licence') and (not filters ? 'family' or d.spec_summary ->> 'family' = filters ->> 'family')
      and (not filters ? 'max_price' or l.price_usd <= (filters ->> 'max_price')::numeric) and (not filters ? 'commercial' or exists (select from design.licences c where c.spdx_id = d.licence_spdx and c.permits_commercial))
  )
  select f.id, f.design_id, f.title, f.licence_spdx, f.price, f.rank_score, f.rank_score || '_' || f.id,
    case when after_cursor is null then jsonb_build_object(
      'licence', (select jsonb_object_agg(x.licence_spdx, x.n) from (select a.licence_spdx, count(*) as n from found_all a where a.licence_spdx is not null group by 1) x),
      'family', (select jsonb_object_agg(x.family, x.n) from (select a.family, count(*) as n from found_all a where a.family is not null group by 1) x)) end
  from found_all f where place is null or (f.rank_score, f.id) < (place[1]::numeric, place[2]::uuid)
  order by f.rank_score desc, f.id desc limit greatest(least(max_hits, 100), 1);
end $$;

grant execute on function design.refresh_rank to hc_worker;
grant execute on function design.marketplace to hc_anon, hc_agent;

comment on function design.refresh_rank is 'Scores one listing or all that are on offer; returns how many scores changed. For the worker. Security definer: scores are written by functions only.';
comment on function design.marketplace is 'Listings on offer, best first, page by page; filters licence, family, max_price, commercial. Facets come with the first page. Security definer: row security would keep it from the indexes; it shows what is listed.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-0000000781' || lpad(n::text, 2, '0'))::uuid, 'user-0078-' || n from generate_series(1, 60) n;
insert into core.designs (id, owner_id, slug, title, visibility, licence_spdx, spec_summary) select ('00000000-0000-7000-8000-00000007800' || n)::uuid, '00000000-0000-7000-8000-000000078101', 'probe-0078-' || n, 'Zq0078 hinge ' || n, 'public', case when n = 3 then 'MIT' else 'CC0-1.0' end, '{"family": "butt"}' from generate_series(1, 4) n;
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) select ('00000000-0000-7000-8000-00000007801' || n)::uuid, ('00000000-0000-7000-8000-00000007800' || n)::uuid, 1, sha256(('78' || n)::bytea), '00000000-0000-7000-8000-000000078101', 'MIT', now() from generate_series(1, 4) n;
insert into design.listings (id, design_id, version_id, price_usd, status, listed_at, stats) select ('00000000-0000-7000-8000-00000007802' || n)::uuid, ('00000000-0000-7000-8000-00000007800' || n)::uuid, ('00000000-0000-7000-8000-00000007801' || n)::uuid, 10 * n, 'listed', now(), case when n = 4 then '{"open_reports": 2}' else '{}' end::jsonb from generate_series(1, 4) n;
insert into design.listing_ratings (listing_id, user_id, stars, verified_purchase) select '00000000-0000-7000-8000-000000078022', ('00000000-0000-7000-8000-0000000781' || lpad(n::text, 2, '0'))::uuid, case when n % 10 < 3 then 4 else 5 end, true from generate_series(11, 60) n;
insert into design.listing_ratings (listing_id, user_id, stars, verified_purchase) values ('00000000-0000-7000-8000-000000078021', '00000000-0000-7000-8000-000000078105', 5, true), ('00000000-0000-7000-8000-000000078021', '00000000-0000-7000-8000-000000078106', 1, false);
select design.refresh_rank('00000000-0000-7000-8000-000000078021') = 1, design.refresh_rank('00000000-0000-7000-8000-000000078022') = 1, design.refresh_rank('00000000-0000-7000-8000-000000078023') = 1, design.refresh_rank('00000000-0000-7000-8000-000000078024') = 1;
select a.rank_score < b.rank_score and a.rank_score > c.rank_score and c.rank_score = 4.3 and d.rank_score = 3.3 from design.listings a, design.listings b, design.listings c, design.listings d
where a.id::text like '%078021' and b.id::text like '%078022' and c.id::text like '%078023' and d.id::text like '%078024';
insert into identity.groups (id, slug, name, owner_id) values ('00000000-0000-7000-8000-000000078030', 'probe-0078', 'x', '00000000-0000-7000-8000-000000078101');
insert into identity.group_members (group_id, user_id) values ('00000000-0000-7000-8000-000000078030', '00000000-0000-7000-8000-000000078101'), ('00000000-0000-7000-8000-000000078030', '00000000-0000-7000-8000-000000078105');
select design.refresh_rank('00000000-0000-7000-8000-000000078021') = 1, design.refresh_rank('00000000-0000-7000-8000-000000078021') = 0;
select rank_score = 4.3 from design.listings where id = '00000000-0000-7000-8000-000000078021';
select design.refresh_rank('00000000-0000-7000-8000-000000078023', now() + interval '60 days') = 1;
select rank_score = 4.05 from design.listings where id = '00000000-0000-7000-8000-000000078023';
set local role hc_anon;
select array_agg(right(listing_id::text, 2)) = '{22,21,23,24}', bool_and(facets @> '{"licence": {"MIT": 1, "CC0-1.0": 3}, "family": {"butt": 4}}') from design.marketplace('zq0078');
select a.listing_id <> b.listing_id and a.facets is not null and b.facets is null and b.title = 'Zq0078 hinge 1' from design.marketplace('zq0078', max_hits => 1) a, design.marketplace('zq0078', '{}', a.next_cursor, 1) b;
select array_agg(right(listing_id::text, 2)) = '{22,21}' from design.marketplace('zq0078', '{"max_price": 25, "licence": "CC0-1.0", "family": "butt", "commercial": true}');
select blueprint.raises($$ select design.marketplace(after_cursor => '1; drop') $$, '22023', 'not a cursor');
set local role hc_owner;
select has_function_privilege('hc_worker', 'design.refresh_rank(uuid, timestamptz)', 'execute') and not has_function_privilege('hc_member', 'design.refresh_rank(uuid, timestamptz)', 'execute'), (select bool_and(prosecdef) from pg_proc where oid in ('design.refresh_rank(uuid, timestamptz)'::regprocedure, 'design.marketplace(text, jsonb, text, int)'::regprocedure)),
  has_function_privilege('hc_anon', 'design.marketplace(text, jsonb, text, int)', 'execute') and has_function_privilege('hc_agent', 'design.marketplace(text, jsonb, text, int)', 'execute') and not has_function_privilege('hc_analyst', 'design.marketplace(text, jsonb, text, int)', 'execute');

-- task: BUILD_0079 implement_feature critical
-- title: Soft edit locks for co-editing with steal-after-expiry
-- does: design.acquire_lock(design, path, ttl) gives a token, or says who holds the path and for how long; renew_lock() and release_lock() take the token; a lock that ran out is taken over
--   in one statement. commit_version() refuses paths somebody else holds; locks(design) shows who is at work. The table is unlogged: a crash ends all locks.
-- proves: the second to ask is told the first, after expiry he gets it and the old token renews no more, a commit over a foreign lock raises 55P03, viewers get no lock.
-- needs: BUILD_0005, BUILD_0065, BUILD_0069, BUILD_0071
create function design.acquire_lock(design uuid, path text, ttl interval default '5 minutes', out token uuid, out holder uuid, out seconds_left int)
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if coalesce(design.role_in(acquire_lock.design), 'none') not in ('owner', 'editor') then
    raise exception using errcode = '42501', message = 'only its owner and editors lock paths of a design';
  elsif ttl <= interval '0' or ttl > interval '15 minutes' then
    raise exception using errcode = '22023', message = 'a lock lasts up to 15 minutes';
  end if;
  insert into design.edit_locks as l (design_id, path, user_id, acquired_at, expires_at) values (acquire_lock.design, acquire_lock.path, me, clock_timestamp(), clock_timestamp() + ttl)
  on conflict on constraint edit_locks_design_id_path_pk do update
  set user_id = me, acquired_at = excluded.acquired_at, expires_at = excluded.expires_at, token = gen_random_uuid()
  where l.expires_at <= clock_timestamp() or l.user_id = me
  returning l.token, l.user_id, extract(epoch from l.expires_at - l.acquired_at)::int into token, holder, seconds_left;
  if token is null then
    select l.user_id, ceil(extract(epoch from l.expires_at - clock_timestamp()))::int into holder, seconds_left from design.edit_locks l where l.design_id = acquire_lock.design and l.path = acquire_lock.path;
  end if;
end $$;

create function design.renew_lock(token uuid, ttl interval default '5 minutes') returns boolean
  language sql security definer
begin atomic
  with renewed as (
    update design.edit_locks l set acquired_at = clock_timestamp(), expires_at = clock_timestamp() + least(ttl, interval '15 minutes')
    where l.token = renew_lock.token and l.user_id = core.current_user_id() and l.expires_at > clock_timestamp() returning 1)
  select count(*) = 1 from renewed;
end;

create function design.release_lock(token uuid) returns boolean
  language sql security definer
begin atomic
  with released as (
    delete from design.edit_locks l where l.token = release_lock.token and l.user_id = core.current_user_id() returning 1)
  select count(*) = 1 from released;
end;

create function design.locks(design uuid) returns table (path text, user_id uuid, handle text, acquired_at timestamptz, seconds_left int)
  language sql stable security definer
begin atomic
  select l.path, l.user_id, u.handle::text, l.acquired_at, ceil(extract(epoch from l.expires_at - clock_timestamp()))::int
  from design.edit_locks l left join core.users u on u.id = l.user_id
  where l.design_id = locks.design and l.expires_at > clock_timestamp() and design.role_in(locks.design) is not null order by l.path;
end;

grant execute on function design.acquire_lock, design.renew_lock, design.release_lock, design.locks to hc_member;

comment on function design.acquire_lock is 'Locks a path for up to 15 minutes: token, or (token null) who holds it and for how many seconds. Again by the holder: a new token. Security definer: tokens are granted to nobody.';
comment on function design.renew_lock is 'Prolongs a lock that has not run out; false when it is gone. Security definer: tokens are granted to nobody.';
comment on function design.release_lock is 'Ends a lock; false when it is gone. Security definer: tokens are granted to nobody.';
comment on function design.locks is 'Who of a team edits which path, for the team. Security definer: tokens are granted to nobody.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000079001', 'ada-0079'), ('00000000-0000-7000-8000-000000079002', 'bob-0079'), ('00000000-0000-7000-8000-000000079003', 'eve-0079');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000079004', '00000000-0000-7000-8000-000000079001', 'probe-0079', 'Probe');
insert into core.assets (id, owner_id, filename, media_type, byte_size, sha256, status) values ('00000000-0000-7000-8000-000000079005', '00000000-0000-7000-8000-000000079002', 'a.step', 'model/step', 1, sha256('0079a'), 'uploaded');
insert into design.collaborators (design_id, user_id, role, accepted_at) values ('00000000-0000-7000-8000-000000079004', '00000000-0000-7000-8000-000000079002', 'editor', now()), ('00000000-0000-7000-8000-000000079004', '00000000-0000-7000-8000-000000079003', 'viewer', now());
select core.act_as('00000000-0000-7000-8000-000000079001');
set local role hc_member;
select set_config('probe.token', token::text, true) is not null and holder = '00000000-0000-7000-8000-000000079001' and seconds_left = 300 from design.acquire_lock('00000000-0000-7000-8000-000000079004', 'a.step');
select blueprint.raises($$ select design.acquire_lock('00000000-0000-7000-8000-000000079004', 'a.step', '1 hour') $$, '22023', '15 minutes');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000079002');
set local role hc_member;
select token is null and holder = '00000000-0000-7000-8000-000000079001' and seconds_left between 290 and 300 from design.acquire_lock('00000000-0000-7000-8000-000000079004', 'a.step');
select not design.renew_lock(current_setting('probe.token')::uuid), not design.release_lock(current_setting('probe.token')::uuid), blueprint.raises($$ select design.commit_version('00000000-0000-7000-8000-000000079004', '', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000079005"}]') $$, '55P03', 'a.step');
select count(*) = 1 and bool_and(path = 'a.step' and handle = 'ada-0079' and seconds_left between 290 and 300) from design.locks('00000000-0000-7000-8000-000000079004');
set local role hc_owner;
update design.edit_locks set acquired_at = now() - interval '10 minutes', expires_at = now() - interval '5 minutes' where design_id = '00000000-0000-7000-8000-000000079004';
set local role hc_member;
select token is not null and holder = '00000000-0000-7000-8000-000000079002' and set_config('probe.bob', token::text, true) <> current_setting('probe.token') from design.acquire_lock('00000000-0000-7000-8000-000000079004', 'a.step', '1 minute');
select design.renew_lock(current_setting('probe.bob')::uuid, '10 minutes'), design.commit_version('00000000-0000-7000-8000-000000079004', 'Bob''s', '[{"path": "a.step", "asset_id": "00000000-0000-7000-8000-000000079005"}]') is not null;
select seconds_left > 500 from design.locks('00000000-0000-7000-8000-000000079004');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000079001');
set local role hc_member;
select not design.renew_lock(current_setting('probe.token')::uuid), design.commit_version('00000000-0000-7000-8000-000000079004', 'Forced', '[{"path": "a.step", "role": "doc", "asset_id": "00000000-0000-7000-8000-000000079005"}]', force => true) is not null;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000079002');
set local role hc_member;
select design.release_lock(current_setting('probe.bob')::uuid), not design.release_lock(current_setting('probe.bob')::uuid);
select count(*) = 0 from design.locks('00000000-0000-7000-8000-000000079004');
set local role hc_owner;
insert into design.edit_locks (design_id, path, user_id, expires_at) values ('00000000-0000-7000-8000-000000079004', 'b.step', '00000000-0000-7000-8000-000000079002', now() + interval '5 minutes');
select core.act_as('00000000-0000-7000-8000-000000079003');
set local role hc_member;
select blueprint.raises($$ select design.acquire_lock('00000000-0000-7000-8000-000000079004', 'b.step') $$, '42501', 'owner and editors'), (select count(*) = 1 from design.locks('00000000-0000-7000-8000-000000079004'));
set local role hc_owner;
delete from design.collaborators where user_id = '00000000-0000-7000-8000-000000079003';
select count(*) = 0 from design.locks('00000000-0000-7000-8000-000000079004');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['design.acquire_lock(uuid, text, interval)', 'design.renew_lock(uuid, interval)', 'design.release_lock(uuid)', 'design.locks(uuid)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0080 implement_feature critical
-- title: Review rounds and release gate
-- does: design.request_review() opens a round and puts a draft into review, submit_review() gives a verdict (never the author's own), release() takes two approvals or one of a designer, no open
--   change request, a valid spec, a licence and a label that says at least what changed; yank() withdraws a version and puts the head back to the last good release.
-- proves: one plain approval raises and two release, a designer's one does, the author approves nothing, a minor label for a breaking change raises, an open change request raises, yank restores
--   the head.
-- needs: BUILD_0005, BUILD_0058, BUILD_0066, BUILD_0071, BUILD_0072, BUILD_0073, BUILD_0684
create function design.request_review(version uuid, reviewers uuid[]) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  v design.versions;
  opened int;
begin
  select * into v from design.versions x where x.id = version;
  if coalesce(design.role_in(v.design_id), 'none') not in ('owner', 'editor') then
    raise exception using errcode = '42501', message = 'owner and editors ask for reviews';
  elsif v.released_at is not null then
    raise exception using errcode = '55000', message = 'this version is released';
  elsif v.author_id = any (reviewers) then
    raise exception using errcode = '22023', message = 'nobody reviews his own version';
  end if;
  select coalesce(max(r.round), 0) + 1 into opened from design.reviews r where r.version_id = version;
  insert into design.reviews (version_id, reviewer_id, round) select version, r, opened from (select distinct unnest(reviewers)) u(r);
  update core.designs d set status = 'in_review' where d.id = v.design_id and d.status = 'draft';
  return opened;
end $$;

create function design.submit_review(version uuid, verdict text, checklist jsonb default '{}', body text default null) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  v design.versions;
  given uuid;
begin
  select * into v from design.versions x where x.id = version;
  if me is null or v.author_id = me then
    raise exception using errcode = '42501', message = 'nobody reviews his own version';
  end if;
  update design.reviews r set verdict = submit_review.verdict, checklist = submit_review.checklist, body = submit_review.body, submitted_at = now(), resolved_at = case when submit_review.verdict <> 'request_changes' then now() end
  where r.version_id = version and r.reviewer_id = me and r.round = (select max(x.round) from design.reviews x where x.version_id = version and x.reviewer_id = me) returning r.id into given;
  if given is null and design.role_in(v.design_id) in ('owner', 'editor', 'commenter') then
    insert into design.reviews (version_id, reviewer_id, round, verdict, checklist, body, submitted_at, resolved_at)
    values (version, me, coalesce((select max(x.round) from design.reviews x where x.version_id = version), 1), submit_review.verdict, submit_review.checklist, submit_review.body, now(), case when submit_review.verdict <> 'request_changes' then now() end) returning id into given;
  end if;
  if given is null then
    raise exception using errcode = '42501', message = 'you were not asked to review this version';
  end if;
  return given;
end $$;

create function design.release(version uuid, semver text) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v design.versions;
  last design.versions;
  bump text;
  wanted int[]; had int[];
  approvals bigint; by_designers bigint; objections bigint;
  findings text;
begin
  select x.* into v from design.versions x where x.id = version;
  perform from core.designs d where d.id = v.design_id for update;
  if coalesce(design.role_in(v.design_id), 'none') not in ('owner', 'editor') then
    raise exception using errcode = '42501', message = 'owner and editors release versions';
  elsif v.released_at is not null or v.yanked_at is not null then
    raise exception using errcode = '55000', message = 'a version is released once, and not after it was withdrawn';
  elsif v.licence_spdx is null then
    raise exception using errcode = '55000', message = 'a release takes a licence';
  elsif not pg_input_is_valid(semver, 'core.semver') then
    raise exception using errcode = '22023', message = format('"%s" is no semantic version', semver);
  end if;
  select count(*) filter (where r.verdict = 'approve'), count(*) filter (where r.verdict = 'approve' and 'designer' in (select identity.effective_roles(r.reviewer_id))), count(*) filter (where r.verdict = 'request_changes' and r.resolved_at is null)
  into approvals, by_designers, objections
  from (select distinct on (x.reviewer_id) x.* from design.reviews x where x.version_id = version and x.verdict is not null and x.reviewer_id <> v.author_id order by x.reviewer_id, x.round desc) r;
  if objections > 0 then
    raise exception using errcode = '55000', message = 'somebody asked for changes';
  elsif approvals < 2 and by_designers < 1 then
    raise exception using errcode = '55000', message = format('a release takes two approvals or one of a designer, there are %s', approvals);
  end if;
  select string_agg(f.json_path || ': ' || f.message, '; ') into findings from design.hinge_specs s, design.validate_spec(s.family, s.schema_version, s.params) f where s.version_id = version;
  if findings is not null then
    raise exception using errcode = '55000', message = findings;
  end if;
  select x.* into last from design.versions x where x.design_id = v.design_id and x.released_at is not null and x.label is not null order by x.released_at desc, x.number desc limit 1;
  if last.id is not null then
    bump := design.suggest_bump(last.id, version);
    wanted := regexp_match(semver, '^(\d+)\.(\d+)\.(\d+)')::int[];
    had := regexp_match(last.label, '^(\d+)\.(\d+)\.(\d+)')::int[];
    if wanted <= had or (bump = 'major' and wanted[1] <= had[1]) or (bump = 'minor' and wanted[1:2] <= had[1:2]) then
      raise exception using errcode = '22023', message = format('%s after %s: the change is %s', semver, last.label, bump);
    end if;
  end if;
  update design.versions x set released_at = clock_timestamp(), label = semver where x.id = version;
  update core.designs d set head_version_id = version where d.id = v.design_id;
  update core.designs d set status = 'in_review' where d.id = v.design_id and d.status = 'draft';
  update core.designs d set status = 'released', published_at = coalesce(d.published_at, now()) where d.id = v.design_id and d.status in ('in_review', 'deprecated');
end $$;

create function design.yank(version uuid, reason text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  v design.versions;
  good uuid;
begin
  select x.* into v from design.versions x where x.id = version;
  perform from core.designs d where d.id = v.design_id for update;
  if design.role_in(v.design_id) is distinct from 'owner' and not core.has_role('hc_moderator') then
    raise exception using errcode = '42501', message = 'owner or moderation withdraw a version';
  elsif coalesce(btrim(reason), '') = '' then
    raise exception using errcode = '22023', message = 'a version is withdrawn for a reason';
  end if;
  update design.versions x set yanked_at = clock_timestamp(), yank_reason = reason where x.id = version and x.yanked_at is null;
  select x.id into good from design.versions x where x.design_id = v.design_id and x.released_at is not null and x.yanked_at is null order by x.number desc limit 1;
  if good is not null then
    update core.designs d set head_version_id = good where d.id = v.design_id and d.head_version_id = version;
  else
    update core.designs d set status = 'deprecated' where d.id = v.design_id and d.status = 'released';
  end if;
  return good;
end $$;

grant execute on function design.request_review, design.submit_review, design.release, design.yank to hc_member;

comment on function design.request_review is 'Asks people to review a version (owner, editors) and returns the round; a draft goes into review. Security definer: reviews are written by functions only.';
comment on function design.submit_review is 'Gives the verdict approve, request_changes or comment on a version one was asked about or works on. Security definer: reviews are written by functions only.';
comment on function design.release is 'Releases a version under a semantic version, if reviews, spec, licence and label allow it. Security definer: versions are written by functions only.';
comment on function design.yank is 'Withdraws a version for a reason and returns the head that is shown instead, null when there is none: then the design is deprecated. Security definer: versions are written by functions only.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-00000008000' || n)::uuid, 'user-0080-' || n from generate_series(1, 5) n;
insert into identity.user_roles (user_id, role_code) values ('00000000-0000-7000-8000-000000080004', 'designer');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000080010', '00000000-0000-7000-8000-000000080001', 'probe-0080', 'Probe');
insert into design.collaborators (design_id, user_id, role, accepted_at) values ('00000000-0000-7000-8000-000000080010', '00000000-0000-7000-8000-000000080003', 'commenter', now());
create function pg_temp.as_user(n int) returns void language sql as $$ select core.act_as(('00000000-0000-7000-8000-00000008000' || n)::uuid) $$;
select pg_temp.as_user(1);
select set_config('probe.v' || n, design.commit_version('00000000-0000-7000-8000-000000080010', 'V' || n, '[]', jsonb_build_object('family', 'barrel', 'params', '{"leaf_length_mm": 40, "knuckle_mm": 10, "load_n": 100, "material": "brass"}'::jsonb || jsonb_build_object('pin_mm', 4 + n)), case when n < 4 then 'MIT' end)::text, true) is not null from generate_series(1, 4) n;
select blueprint.raises(format('select design.release(%L, %L)', current_setting('probe.v4'), '1.0.0'), '55000', 'takes a licence'), blueprint.raises(format('select design.release(%L, %L)', current_setting('probe.v1'), 'v1'), '22023', 'no semantic version');
set local role hc_member;
select blueprint.raises(format('select design.request_review(%L, %L)', current_setting('probe.v1'), '{00000000-0000-7000-8000-000000080001}'), '22023', 'his own'), blueprint.raises(format('select design.submit_review(%L, %L)', current_setting('probe.v1'), 'approve'), '42501', 'his own');
select design.request_review(current_setting('probe.v1')::uuid, '{00000000-0000-7000-8000-000000080002}') = 1;
select status = 'in_review' from core.designs where id = '00000000-0000-7000-8000-000000080010';
set local role hc_owner;
select pg_temp.as_user(5);
set local role hc_member;
select sql, blueprint.raises(sql, '42501', why) from (values (format('select design.submit_review(%L, %L)', current_setting('probe.v1'), 'approve'), 'not asked'), (format('select design.release(%L, %L)', current_setting('probe.v1'), '1.0.0'), 'release versions'),
  (format('select design.request_review(%L, %L)', current_setting('probe.v1'), '{}'), 'ask for reviews'), (format('select design.yank(%L, %L)', current_setting('probe.v1'), 'x'), 'withdraw')) v(sql, why);
set local role hc_owner;
select pg_temp.as_user(2);
set local role hc_member;
select design.submit_review(current_setting('probe.v1')::uuid, 'approve', '{"prints": true}', 'Nice') is not null;
set local role hc_owner;
select pg_temp.as_user(1);
set local role hc_member;
select blueprint.raises(format('select design.release(%L, %L)', current_setting('probe.v1'), '1.0.0'), '55000', 'there are 1');
set local role hc_owner;
select pg_temp.as_user(3);
set local role hc_member;
select design.submit_review(current_setting('probe.v1')::uuid, 'request_changes') is not null;
set local role hc_owner;
select pg_temp.as_user(1);
select blueprint.raises(format('select design.release(%L, %L)', current_setting('probe.v1'), '1.0.0'), '55000', 'asked for changes');
select pg_temp.as_user(3);
set local role hc_member;
select design.submit_review(current_setting('probe.v1')::uuid, 'approve') is not null;
set local role hc_owner;
select pg_temp.as_user(1);
set local role hc_member;
select design.release(current_setting('probe.v1')::uuid, '1.0.0');
select d.status = 'released' and d.head_version_id = v.id and v.label = '1.0.0' and v.released_at is not null, blueprint.raises(format('select design.release(%L, %L)', v.id, '1.0.1'), '55000', 'once'), blueprint.raises(format('select design.request_review(%L, %L)', v.id, '{}'), '55000', 'is released')
from core.designs d join design.versions v on v.design_id = d.id where v.id::text = current_setting('probe.v1');
select design.request_review(current_setting('probe.v2')::uuid, '{00000000-0000-7000-8000-000000080004}') = 1;
set local role hc_owner;
select pg_temp.as_user(4);
set local role hc_member;
select design.submit_review(current_setting('probe.v2')::uuid, 'approve') is not null;
set local role hc_owner;
select pg_temp.as_user(1);
set local role hc_member;
select label, blueprint.raises(format('select design.release(%L, %L)', current_setting('probe.v2'), label), '22023', 'the change is major') from unnest(array['1.1.0', '1.0.0', '0.9.0']) label;
select design.release(current_setting('probe.v2')::uuid, '2.0.0');
select head_version_id::text = current_setting('probe.v2') from core.designs where id = '00000000-0000-7000-8000-000000080010';
select blueprint.raises(format('select design.yank(%L, %L)', current_setting('probe.v2'), ' '), '22023', 'reason'), design.yank(current_setting('probe.v2')::uuid, 'cracks')::text = current_setting('probe.v1');
select head_version_id::text = current_setting('probe.v1') and spec_summary ->> 'pin_mm' = '5' from core.designs where id = '00000000-0000-7000-8000-000000080010';
select design.yank(current_setting('probe.v1')::uuid, 'cracks too') is null;
select status = 'deprecated' from core.designs where id = '00000000-0000-7000-8000-000000080010';
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') and prosecdef from unnest(array['design.request_review(uuid, uuid[])', 'design.submit_review(uuid, text, jsonb, text)', 'design.release(uuid, text)', 'design.yank(uuid, text)']) f join pg_proc on oid = f::regprocedure;
