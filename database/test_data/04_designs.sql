-- Test data, designs: projects, files, microfactories and the design room. Kinds of uid(): 50 designs, 51 assets, 52 microfactories, 53 versions, 54 reviews, 55 listings.
-- Salts are the number of the task and two digits.

-- task: BUILD_0859 create_test_data drill
-- title: Generate core.designs: zipf owners, plausible hinge titles, tags and spec summaries
-- does: Owners by zipf(1.05) among the first fifth of the people, as far as they are active; kinds 60/25/15; titles of adjective, family, use and material; tags by zipf over some 300 terms; a licence
--   whenever others see it; parameters that the schemas of the design room accept, whose load follows the square of the pin within 20 %; category from the taxonomy; an archived and a trashed tail.
--   Rows of walks that lead to a release stop at in_review: gen_design_room releases them. designs_of() tells the whole plan.
-- proves: an honest run passes all constraints, the top 1 % of owners hold over 15 %, load and squared pin correlate above 0.8, tags are folded and once, two halves have the digest of the whole,
--   and find_designs() returns a planted spec once it is released.
-- needs: BUILD_0066, BUILD_0072, BUILD_0684, BUILD_0685, BUILD_0857
create function testdata.designs_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, owner_n bigint, owner_id uuid, kind text, status text, path text[], times timestamptz[], at timestamptz, visibility text, licence text, family text, params jsonb, releases boolean)
  language plpgsql stable set search_path = '' rows 10000
as $$
declare
  ended constant timestamptz := testdata.window_end();
  begun constant timestamptz := testdata.window_start();
  people constant bigint := testdata.keys_of('gen_users', sf);
  span constant testdata.span := testdata.span();
begin
  return query
  with draws as materialized (
    select k as n, testdata.zipf(testdata.unit(seed, 85901, k), greatest(20, people / 5), 1.05) - 1 as wanted, testdata.unit(seed, 85902, k) as u, testdata.unit(seed, 85903, k) as u_kind,
      testdata.unit(seed, 85904, k) as u_status, testdata.unit(seed, 85905, k) as u_times, testdata.unit(seed, 85906, k) as u_seen, testdata.unit(seed, 85907, k) as u_licence, testdata.unit(seed, 85908, k) as u_family,
      testdata.int_between(seed, 85909, k, 4, 20) as half_pins, testdata.unit(seed, 85910, k) as u_load, testdata.int_between(seed, 85911, k, 0, 999) as size
    from generate_series(lo, hi - 1) k offset 0),
  owned as materialized (
    select d.*, case when w.status = 'active' and w.kind in ('human', 'organisation') then d.wanted else d.wanted % 20 end as owner_n, (d.half_pins / 2.0)::numeric as pin,
      case when d.u_family < 0.45 then 'butt' when d.u_family < 0.65 then 'piano' when d.u_family < 0.85 then 'barrel' else 'concealed' end as family,
      (array['steel', 'stainless', 'brass', 'aluminium', 'nylon', 'pp', 'petg', 'pla'])[1 + d.size % 8] as material
    from draws d left join testdata.entities e on e.seed = designs_of.seed and e.kind = 'user' and e.n = d.wanted left join core.users w on w.id = e.id offset 0),
  placed as materialized (
    select o.*, e.id as owner_id, testdata.moment(o.since_owner, begun, span.shape) as at, w.status, w.path,
      case when o.u_kind < 0.60 or o.u_kind >= 0.85 then jsonb_build_object('material', o.material, 'pin_mm', trim_scale(o.pin), 'load_n', round(8 * o.pin * o.pin * (0.82 + 0.36 * o.u_load)::numeric), 'angle_deg', 90 + o.size % 19 * 5,
        'process', case when o.size % 8 < 4 then (array['cnc', 'sheet', 'cast'])[1 + o.size % 3] else (array['fdm', 'sls', 'sla'])[1 + o.size % 3] end, 'clearance_mm', 0.3 + o.size % 5 * 0.1)
        || case when o.family <> 'concealed' then jsonb_build_object('knuckle_mm', trim_scale(2 * o.pin), 'knuckles', 3 + o.size % 3 * 2, 'leaf_length_mm', 30 + o.size % 40 * 5) else jsonb_build_object('cup_mm', (array[26, 35, 40])[1 + o.size % 3]) end
        || case when o.family in ('butt', 'piano') then jsonb_build_object('leaf_width_mm', 15 + o.size % 30, 'leaf_thickness_mm', 1 + o.size % 5 * 0.5, 'screws', 4 + o.size % 4 * 2, 'screw_mm', 3 + o.size % 3) else '{}' end end as params
    from (select o.*, f.share + (1 - f.share) * o.u as since_owner  -- once its owner and the twenty who judge designs are there
      from owned o, lateral (select greatest((o.owner_n + 1)::double precision / people, 20::double precision / greatest(people, 25)) as share offset 0) f offset 0) o
    join testdata.entities e on e.seed = designs_of.seed and e.kind = 'user' and e.n = o.owner_n
    join testdata.walks_of('design', '{"draft": 22, "in_review": 8, "released": 58, "deprecated": 4, "archived": 8}') w on o.u_status >= w.lo and o.u_status < w.hi offset 0)
  select p.n, testdata.uid(seed, 50, p.n, testdata.ms(p.at)), p.owner_n, p.owner_id, case when p.u_kind < 0.60 then 'hinge' when p.u_kind < 0.85 then 'part' else 'assembly' end, p.status, p.path,
    testdata.steps_of(p.u_times, p.at, ended, cardinality(p.path)), p.at, case when p.u_seen < 0.55 then 'public' when p.u_seen < 0.70 then 'community' when p.u_seen < 0.80 then 'unlisted' else 'private' end,
    (array['CERN-OHL-S-2.0', 'CERN-OHL-P-2.0', 'CERN-OHL-P-2.0', 'CC-BY-SA-4.0', 'CC-BY-4.0', 'CERN-OHL-W-2.0', 'CC0-1.0'])[1 + floor(p.u_licence * 7)::int],
    case when p.u_kind < 0.60 or p.u_kind >= 0.85 then p.family end, p.params, 'released' = any (p.path)
  from placed p;
end $$;

create function testdata.gen_designs(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  adjectives constant text[] := testdata.list('adjective', 'en');
  uses constant text[] := testdata.list('use');
  parts constant text[] := '{pin,leaf,knuckle,bushing,spring,bracket}';
  terms constant text[] := (select array_agg(t.term order by t.place) from (select distinct on (core.fold(w.value)) core.fold(w.value) as term, w.place from (
    select x.value, case x.list when 'tag' then 0 else 1000 end + x.pos as place from testdata.words x where x.list in ('tag', 'use', 'family_of_hinge', 'material', 'process', 'topic')
    union all select x.value || ' hinge', 2000 + x.pos from testdata.words x where x.list in ('use', 'family_of_hinge', 'material')
    union all select x.value || ' part', 3000 + x.pos from testdata.words x where x.list in ('use', 'material')) w order by core.fold(w.value), w.place) t);
  categories constant uuid[] := (select array_agg(t.id order by t.path) from core.terms t where t.kind = 'topic');
  made bigint;
  ways testdata.walked[];
begin
  perform testdata.require_allowed();
  with plan as materialized (
    select d.*, case when d.releases then 'in_review' else d.status end as reached, d.times[case when d.releases then array_position(d.path, 'in_review') else cardinality(d.path) end] as changed_at,
      not d.releases and testdata.chance(seed, 85920, d.n, 0.09) as is_trashed, replace(testdata.pick(seed, 85921, d.n, uses), '_', ' ') as use, initcap(testdata.pick(seed, 85922, d.n, adjectives)) as adjective, testdata.pick(seed, 85923, d.n, parts) as part
    from testdata.designs_of(seed, lo, hi, sf) d offset 0),
  titled as materialized (
    select p.*, p.adjective || case p.kind when 'part' then ' ' || p.part || ' for a ' || p.use || ' hinge' else ' ' || p.family || case p.kind when 'assembly' then ' hinge set for a ' else ' hinge for a ' end || p.use || ', ' || (p.params ->> 'material') end as title,
      case when p.is_trashed then date_trunc('milliseconds', p.changed_at + (ended - p.changed_at) * 0.5) end as deleted_at
    from plan p offset 0),
  rows as (
    insert into core.designs (id, owner_id, slug, title, summary, category_id, tags, kind, visibility, status, licence_spdx, spec_summary, deleted_at, metadata, created_at, updated_at)
    select t.id, t.owner_id, btrim(regexp_replace(lower(t.title), '[^a-z0-9]+', '-', 'g'), '-') || '-' || t.n, t.title, 'A ' || t.kind || ' for a ' || t.use || case when t.params is null then '' else ', made for ' || (t.params ->> 'load_n') || ' N' end || '.',
      categories[1 + t.n % cardinality(categories)],
      array(select distinct terms[testdata.zipf(testdata.unit(seed, 85930 + k, t.n), cardinality(terms), 1.05)] collate "C" from generate_series(1, 2 + (t.n % 4)::int) k order by 1), t.kind,
      case when t.is_trashed then 'private' else t.visibility end, t.reached, case when t.visibility <> 'private' or t.releases then t.licence end,
      case when t.params is null then '{}' else jsonb_build_object('family', t.family, 'material', t.params -> 'material', 'load_n', t.params -> 'load_n', 'pin_mm', t.params -> 'pin_mm') end,
      t.deleted_at, case when t.is_trashed then jsonb_build_object('visibility_before_trash', t.visibility) else '{}' end, t.at, coalesce(t.deleted_at, t.changed_at)
    from titled t order by t.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'design', t.n, t.id, t.at from titled t order by t.n returning 1)
  select count(*) + (select count(*) from keys),
    (select array_agg(row(p.id, p.path[1:case when p.releases then array_position(p.path, 'in_review') else cardinality(p.path) end], p.times, p.owner_id)::testdata.walked) from plan p)
  into made, ways from rows;
  return made + testdata.write_history('design', ways);
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_designs', '{core.designs,core.status_changes,testdata.entities}', '{gen_users}', 50000, 2500, 60);

comment on function testdata.designs_of is 'The plan of the designs of a range: owner, walk with its times, visibility, licence and parameters of the spec (null for parts). Asks the entities user; every column is a function of (seed, n, sf).';
comment on function testdata.gen_designs is 'Makes core.designs up to draft, in_review or archived, their log and the entities design.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0;
select testdata.gen_users(42859, 0, 100, 0.001) > 0;
create temporary view pg_temp.made_0859 as select e.n, d.* from testdata.entities e join core.designs d using (id) where e.seed = 42859 and e.kind = 'design';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_designs(42859, 60, 120, 0.001) + testdata.gen_designs(42859, 0, 60, 0.001);
  select sum(hashtextextended(m::text, 0))::text into halves from pg_temp.made_0859 m;
  raise exception using errcode = 'P0859';
exception when sqlstate 'P0859' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_designs(42859, 0, 120, 0.001) > 240;
select count(*) = 120, sum(hashtextextended(m::text, 0))::text = current_setting('probe.halves'), array_agg(distinct m.status order by m.status) = '{archived,draft,in_review}', count(distinct m.owner_id) > 8, count(deleted_at) between 1 and 12,
  count(*) filter (where m.kind = 'hinge') between 58 and 88, count(*) filter (where m.kind = 'part') > 15, count(*) filter (where m.kind = 'assembly') > 6, bool_and(core.uuid_time(m.id) = m.created_at and m.updated_at between m.created_at and testdata.window_end())
from pg_temp.made_0859 m;
select bool_and(m.created_at >= u.created_at and u.status = 'active'), bool_and(m.tags = array(select distinct core.fold(t) collate "C" from unnest(m.tags) t order by 1) and cardinality(m.tags) between 1 and 5), bool_and(m.licence_spdx is not null or m.visibility = 'private'),
  bool_and(m.published_at is null), bool_and(m.category_id is not null), max(n) = 119 from pg_temp.made_0859 m join core.users u on u.id = m.owner_id;
select corr((spec_summary ->> 'load_n')::numeric, power((spec_summary ->> 'pin_mm')::numeric, 2)) > 0.8, count(*) > 60,
  bool_and(abs((spec_summary ->> 'load_n')::numeric / (8 * power((spec_summary ->> 'pin_mm')::numeric, 2)) - 1) < 0.2) from pg_temp.made_0859 where spec_summary <> '{}';
select sum(k) filter (where place <= 20) > 0.15 * sum(k), count(distinct owner_n) > 100 from (select z as owner_n, count(*) as k, row_number() over (order by count(*) desc) as place
  from (select testdata.zipf(testdata.unit(42859, 85901, n), 2000, 1.05) as z from generate_series(0, 4999) n) draws group by z) owners;
select count(*) = 0 from pg_temp.made_0859 m where m.status <> 'draft' and m.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = m.id order by s.occurred_at desc limit 1);
select count(*) > 50, count(f.json_path) = 0 from testdata.designs_of(42859, 0, 120, 0.001) d left join lateral design.validate_spec(d.family, 1, d.params) f on true where d.params is not null;
create temporary table planted_0859 as select d.* from testdata.designs_of(42859, 0, 120, 0.001) d where d.releases and d.visibility = 'public' and d.params is not null order by d.n limit 1;
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx) select '00000000-0000-7000-8000-000000859001', id, 1, sha256('0859'), owner_id, licence from planted_0859;
insert into design.hinge_specs (version_id, family, params) select '00000000-0000-7000-8000-000000859001', family, params from planted_0859;
create temporary table before_0859 as select d.spec_summary, d.licence_spdx from core.designs d join planted_0859 p using (id);
update core.designs d set head_version_id = '00000000-0000-7000-8000-000000859001', status = 'released' from planted_0859 p where p.id = d.id;
select count(*) = 1, bool_and(f.spec_summary = b.spec_summary) from planted_0859 p, before_0859 b, core.find_designs(b.spec_summary, (b.spec_summary ->> 'load_n')::numeric - 1, (b.spec_summary ->> 'load_n')::numeric + 1, null, 100) f where f.id = p.id;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_designs(42859, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_designs' and after = '{gen_users}';

-- revert
delete from testdata.generators where name = 'gen_designs';
drop function testdata.gen_designs;
drop function testdata.designs_of;

-- task: BUILD_0860 create_test_data drill
-- title: Generate core.assets with real hashes: testdata.asset_bytes() rebuilds every small file
-- does: Three files a design and of its owner: a model, a picture or paper, something more; lognormal sizes, what reading them told (even triangles, positive boxes, nine of ten watertight), walks of machine asset
--   within minutes of the upload, and one in twelve with the bytes of somebody else's file under the same storage key. Files up to 64 KiB have bytes, which asset_bytes() makes again: their digest and size
--   are true, so that upload code can be tried from end to end.
-- proves: digest and length of the bytes of 200 files are those of their rows, 6 to 10 % share their content, ready rows were scanned, purged ones have no key, pictures and films alone have width and height.
-- needs: BUILD_0693, BUILD_0694, BUILD_0859
create function testdata.content_bytes(seed bigint, content bigint, media_type text, size bigint) returns bytea
  language sql immutable strict parallel safe
  return substr(case media_type when 'image/png' then '\x89504e470d0a1a0a'::bytea when 'video/mp4' then '\x00000018667479706d703432'::bytea when 'application/pdf' then '\x255044462d312e370a'::bytea
      when 'model/step' then '\x49534f2d31303330332d32313b0a'::bytea else '\x736f6c69642068696e67650a'::bytea end
    || convert_to(repeat(encode(sha256(convert_to(seed::text || ' ' || content::text, 'UTF8')), 'hex') || e'\n', (size / 65)::int + 1), 'UTF8'), 1, size::int);

create function testdata.assets_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, owner_id uuid, status text, path text[], times timestamptz[], at timestamptz, content bigint, media_type text, size bigint)
  language plpgsql stable set search_path = '' rows 10000
as $$
declare
  ended constant timestamptz := testdata.window_end();
begin
  return query
  with designs as materialized (
    select d.n, d.owner_id, d.at, lag(d.owner_id) over (partition by d.n / 2 order by d.n) as neighbour from testdata.designs_of(seed, lo / 3 - lo / 3 % 2, (hi + 2) / 3, sf) d),
  files as materialized (
    select 3 * d.n + slot as n, slot, d.owner_id, d.at + interval '1 millisecond' * slot as at,
      case when d.neighbour is not null and d.neighbour <> d.owner_id and testdata.chance(seed, 86001, 3 * d.n + slot, 0.1) then 3 * d.n - 3 + slot else 3 * d.n + slot end as content,
      testdata.unit(seed, 86002, 3 * d.n + slot) as u_status, testdata.unit(seed, 86003, 3 * d.n + slot) as u_times
    from designs d, generate_series(0, 2) slot where 3 * d.n + slot >= lo and 3 * d.n + slot < hi offset 0),
  known as materialized (
    select f.*, case f.slot when 0 then case when testdata.chance(seed, 86004, f.content, 0.4) then 'model/step' else 'model/stl' end
        when 1 then case when testdata.chance(seed, 86004, f.content, 0.8) then 'image/png' else 'application/pdf' end
        else case when testdata.chance(seed, 86004, f.content, 0.15) then 'video/mp4' when testdata.chance(seed, 86004, f.content, 0.5) then 'application/pdf' else 'model/stl' end end as media,
      testdata.unit(seed, 86005, f.content) as u_size, w.status, w.path, testdata.steps_of(f.u_times, f.at, least(f.at + interval '20 minutes', ended), cardinality(w.path)) as soon
    from files f join testdata.walks_of('asset', '{"ready": 84, "scanned": 3, "uploaded": 3, "pending": 3, "quarantined": 3, "purged": 4}') w on f.u_status >= w.lo and f.u_status < w.hi offset 0)
  select k.n, testdata.uid(seed, 51, k.n, testdata.ms(k.at)), k.owner_id, k.status, k.path,
    case when k.status = 'purged' then k.soon[:cardinality(k.path) - 1] || date_trunc('milliseconds', k.at + (ended - k.at) * (0.5 + 0.5 * k.u_times)) else k.soon end, k.at, k.content, k.media,
    least(64 + testdata.lognormal(k.u_size, case k.media when 'video/mp4' then 4000000 when 'model/stl' then 9000 when 'model/step' then 12000 else 6000 end, 0.9), 2e9)::bigint
  from known k;
end $$;

create function testdata.gen_assets(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  uses constant text[] := testdata.list('use');
  made bigint;
  ways testdata.walked[];
begin
  perform testdata.require_allowed();
  with files as materialized (
    select a.*, a.times[cardinality(a.times)] as changed_at, sha256(case when a.size <= 65536 then testdata.content_bytes(seed, a.content, a.media_type, a.size) else convert_to(seed || ' ' || a.content, 'UTF8') end) as digest,
      testdata.int_between(seed, 86010, a.content, 0, 9999) as draw, case when a.path && '{scanned,ready,quarantined}' then a.times[array_position(a.path, 'uploaded') + 1] end as scanned_at
    from testdata.assets_of(seed, lo, hi, sf) a offset 0),
  rows as (
    insert into core.assets (id, owner_id, sha256, storage_backend, storage_key, filename, media_type, byte_size, width, height, duration_ms, classification, status, technical, metadata, created_at, updated_at, purged_at)
    select f.id, f.owner_id, f.digest, 's3', case when f.status <> 'purged' then 'testdata/' || encode(f.digest, 'hex') end,
      replace(testdata.pick(seed, 86011, f.n, uses), ' ', '_') || '-' || f.n || case f.media_type when 'model/step' then '.step' when 'model/stl' then '.stl' when 'image/png' then '.png' when 'video/mp4' then '.mp4' else '.pdf' end,
      f.media_type, f.size, case when f.media_type in ('image/png', 'video/mp4') then (array[640, 1280, 1920, 3840])[1 + f.draw % 4] end, case when f.media_type in ('image/png', 'video/mp4') then (array[480, 720, 1080, 2160])[1 + f.draw % 4] end,
      case when f.media_type = 'video/mp4' then 5000 + f.draw * 30 end, (array['public', 'internal', 'public', 'internal', 'internal', 'restricted', 'public', 'internal', 'public', 'public'])[1 + f.n % 10], f.status,
      case when f.scanned_at is null then '{}' else jsonb_build_object('scanned_at', f.scanned_at at time zone 'UTC', 'sniffed_type', f.media_type)
        || case when f.media_type like 'model/%' then jsonb_build_object('triangles', 12 + f.draw * 2, 'bbox_mm', jsonb_build_array(20 + f.draw % 180, 10 + f.draw % 90, 4 + f.draw % 30), 'watertight', f.draw % 10 > 0) else '{}' end end,
      jsonb_build_object('seed', seed, 'content', f.content), f.at, f.changed_at, case when f.status = 'purged' then f.changed_at end
    from files f order by f.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'asset', f.n, f.id, f.at from files f order by f.n returning 1)
  select count(*) + (select count(*) from keys), (select array_agg(row(f.id, f.path, f.times, f.owner_id)::testdata.walked) from files f where cardinality(f.path) > 1) into made, ways from rows;
  return made + testdata.write_history('asset', ways);
end $$;

create function testdata.asset_bytes(asset uuid) returns bytea
  language sql stable
begin atomic
  select testdata.content_bytes((a.metadata ->> 'seed')::bigint, (a.metadata ->> 'content')::bigint, a.media_type, a.byte_size)
  from core.assets a where a.id = asset_bytes.asset and testdata.is_test_id(a.id) and a.byte_size <= 65536 and a.metadata ? 'content';
end;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_assets', '{core.assets,core.status_changes,testdata.entities}', '{gen_users}', 150000, 3000, 180);

comment on function testdata.content_bytes is 'The bytes of a content: the magic of its type, then its digest over and over.';
comment on function testdata.assets_of is 'The plan of the files of a range; files 3n to 3n + 2 belong to design n and its owner. content is the key whose bytes it has: its own or its neighbour''s.';
comment on function testdata.gen_assets is 'Makes core.assets, their log and the entities asset.';
comment on function testdata.asset_bytes is 'The bytes of a file up to 64 KiB, null for larger and for real ones.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0;
select testdata.gen_users(42860, 0, 40, 0.002) > 0;
create temporary view pg_temp.made_0860 as select e.n, a.* from testdata.entities e join core.assets a using (id) where e.seed = 42860 and e.kind = 'asset';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_assets(42860, 151, 300, 0.002) + testdata.gen_assets(42860, 0, 151, 0.002);
  select sum(hashtextextended(m::text, 0))::text into halves from pg_temp.made_0860 m;
  raise exception using errcode = 'P0860';
exception when sqlstate 'P0860' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_assets(42860, 0, 300, 0.002) > 1300;
select count(*) = 300, sum(hashtextextended(m::text, 0))::text = current_setting('probe.halves'), count(distinct media_type) = 5, bool_and(storage_key like 'testdata/%' or status = 'purged'), count(distinct classification) = 3,
  bool_and((status <> 'ready') or technical ? 'scanned_at'), bool_and((status = 'purged') = (storage_key is null) and (status = 'purged') = (purged_at is not null)), count(*) filter (where status = 'purged') > 3, count(*) filter (where status = 'ready') between 210 and 285,
  bool_and((media_type in ('image/png', 'video/mp4')) = (width is not null) and (width is null) = (height is null) and (media_type = 'video/mp4') = (duration_ms is not null)), bool_and(updated_at between created_at and testdata.window_end())
from pg_temp.made_0860 m;
select count(*) = 200, bool_and(sha256(bytes) = digest and length(bytes) = byte_size) from (select testdata.asset_bytes(id) as bytes, sha256::bytea as digest, byte_size from pg_temp.made_0860 where byte_size <= 65536 order by n limit 200) f;
select count(*) > 1, bool_and(testdata.asset_bytes(id) is null) from pg_temp.made_0860 where byte_size > 65536;
select testdata.asset_bytes(uuidv7()) is null, count(*) = 5 from (values ('model/stl', '\x736f6c6964'), ('model/step', '\x49534f2d'), ('application/pdf', '\x255044462d'), ('image/png', '\x89504e47'), ('video/mp4', '\x0000001866747970')) v(media, magic)
where substr(testdata.content_bytes(1, 2, media, 100), 1, length(magic::bytea)) = magic::bytea;
select max(k) = 2, bool_and(k = owners), bool_and(keys <= 1) from (select count(*) as k, count(distinct owner_id) as owners, count(distinct storage_key) as keys from pg_temp.made_0860 group by sha256) c;
select sum(k) filter (where k > 1) * 1.0 / sum(k) between 0.06 and 0.10 from (select count(*) as k from testdata.assets_of(42860, 0, 3000, 0.002) group by content) c;
select bool_and((technical ->> 'triangles')::int % 2 = 0 and (technical #>> '{bbox_mm,2}')::numeric > 0), avg((technical ->> 'watertight')::boolean::int) between 0.8 and 0.98, count(*) > 120 from pg_temp.made_0860 where technical ? 'triangles';
select count(*) > 100, bool_and(m.owner_id = d.owner_id and m.created_at >= d.at) from pg_temp.made_0860 m join testdata.designs_of(42860, 0, 100, 0.002) d on d.n = m.n / 3;
select count(*) = 0 from pg_temp.made_0860 m where m.status <> 'pending' and m.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = m.id order by s.occurred_at desc limit 1);
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_assets(42860, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_assets' and after = '{gen_users}';

-- revert
delete from testdata.generators where name = 'gen_assets';
drop function testdata.asset_bytes;
drop function testdata.gen_assets;
drop function testdata.assets_of;
drop function testdata.content_bytes;

-- task: BUILD_0864 create_test_data drill
-- title: Generate core.microfactories placed on real cities with hours, grids and reachable processes
-- does: 120 x sqrt(sf) workshops, at least forty, within 18 km of a city drawn by its weight, with its country and zone; hours with lunch breaks, night shifts and holidays, certificates that end, the share of
--   renewables of the grid, walks of machine microfactory. Each accepts four process terms in turn, so that every leaf of the taxonomy has two that are active; where the taxonomy has no leaves yet,
--   paths are made of the word list.
-- proves: each lies within 25 km of a place of its country, is_open() answers for all of them at 50 instants, each leaf term has two active factories, the log ends in the status of the row.
-- needs: BUILD_0734, BUILD_0735, BUILD_0737, BUILD_0738, BUILD_0857
create function testdata.microfactories_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, operator_id uuid, place int, status text, path text[], times timestamptz[], at timestamptz, processes extensions.ltree[])
  language plpgsql stable set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  leaves constant extensions.ltree[] := coalesce((select array_agg(t.path order by t.path) from core.terms t where t.kind = 'process' and extensions.nlevel(t.path) > 1 and not exists (select from core.terms c where c.path operator(extensions.<@) t.path and c.id <> t.id)),
    (select array_agg(('process.' || lower(w.value))::extensions.ltree order by w.pos) from (select replace(x.value, ' ', '_') as value, x.pos from testdata.words x where x.list = 'process') w));
  weights constant double precision[] := (select testdata.cumulate(array_agg(p.weight order by p.n)) from testdata.places p);
begin
  return query
  with drawn as (
    select k as n, testdata.unit(seed, 86401, k) as u_place, case when k < greatest(2, ceil(cardinality(leaves) / 2.0)) then null else testdata.unit(seed, 86402, k) end as u_status, testdata.unit(seed, 86403, k) as u
    from generate_series(lo, least(hi, greatest(40, ceil(120 * sqrt(sf))::bigint)) - 1) k offset 0),
  run as (
    select d.*, coalesce(own.id, staff.id) as operator_id, date_trunc('milliseconds', coalesce(own.at, staff.at) + (ended - coalesce(own.at, staff.at)) * (0.4 * d.u * d.u)) as at, w.status, w.path
    from drawn d join testdata.walks_of('microfactory', '{"active": 70, "onboarding": 10, "applied": 8, "paused": 7, "retired": 5}') w on case when d.u_status is null then w.path = '{applied,onboarding,active}' else d.u_status >= w.lo and d.u_status < w.hi end
    join testdata.entities staff on staff.seed = microfactories_of.seed and staff.kind = 'user' and staff.n = d.n % 20
    left join (testdata.entities own join core.users u on u.id = own.id and u.status = 'active' and u.kind in ('human', 'organisation')) on own.seed = microfactories_of.seed and own.kind = 'user' and own.n = d.n + 20)
  select r.n, testdata.uid(seed, 52, r.n, testdata.ms(r.at)), r.operator_id, testdata.pick_weighted(r.u_place, weights), r.status, r.path, testdata.steps_of(r.u, r.at, ended, cardinality(r.path)), r.at,
    array(select distinct leaves[1 + ((4 * r.n + j) % cardinality(leaves))::int] from generate_series(0, 3) j order by 1)
  from run r;
end $$;

create function testdata.gen_microfactories(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  weekdays constant jsonb := '{"mon": 0, "tue": 0, "wed": 0, "thu": 0, "fri": 0}';
  made bigint;
begin
  perform testdata.require_allowed();
  with works as materialized (
    select m.*, p.city, p.region, p.country, p.time_zone, p.latitude, p.longitude, m.times[cardinality(m.times)] as changed_at, testdata.unit(seed, 86410, m.n) as u1, testdata.unit(seed, 86411, m.n) as u2,
      (array['Workshop', 'Works', 'Fab', 'Makerspace', 'Hinge House'])[1 + m.n % 5] as suffix,
      case m.n % 4 when 0 then '[["08:00", "12:00"], ["13:00", "17:00"]]' when 1 then '[["09:00", "18:00"]]' when 2 then '[["00:00", "06:00"], ["18:00", "24:00"]]' else '[["10:00", "13:30"], ["14:00", "20:00"]]' end::jsonb as hours
    from testdata.microfactories_of(seed, lo, hi, sf) m join testdata.places p on p.n = m.place offset 0),
  rows as (
    insert into core.microfactories (id, operator_id, slug, name, description, status, country, region, city, latitude, longitude, time_zone, service_radius_km, opening_hours, contact_email, certifications, energy_profile, accepted_processes, metadata, created_at, updated_at)
    select w.id, w.operator_id, btrim(regexp_replace(core.fold(w.city), '[^a-z0-9]+', '-', 'g'), '-') || '-' || to_hex((testdata.seed_tag(seed) << 12) + w.n), w.city || ' ' || w.suffix, testdata.prose(seed, 86412, w.n, 2), w.status, w.country, w.region, w.city,
      round((w.latitude + (18 * sqrt(w.u1) * sin(2 * pi() * w.u2) / 111.2)::numeric), 6), round((w.longitude + (18 * sqrt(w.u1) * cos(2 * pi() * w.u2) / (111.2 * cos(radians(w.latitude::double precision))))::numeric), 6), w.time_zone,
      (array[25, 50, 100, 300])[1 + (w.n / 3 % 4)::int],
      (select jsonb_object_agg(d.key, w.hours) from jsonb_each(weekdays) d) || case when w.n % 3 = 0 then '{"sat": [["10:00", "14:00"]]}' else '{}' end::jsonb
        || jsonb_build_object('exceptions', jsonb_build_object(to_char(ended - interval '20 days', 'YYYY-MM-DD'), '[]'::jsonb, to_char(ended - interval '45 days', 'YYYY-MM-DD'), '[["10:00", "14:00"]]'::jsonb, extract(year from ended) || '-12-25', '[]'::jsonb)),
      testdata.mail('works-' || to_hex((testdata.seed_tag(seed) << 12) + w.n), w.n),
      jsonb_build_array(jsonb_build_object('standard', 'safety', 'number', 'S-' || w.n, 'valid_until', to_char(ended + interval '1 day' * (w.u1 * 700 - 60), 'YYYY-MM-DD')))
        || case when w.u2 < 0.4 then jsonb_build_array(jsonb_build_object('standard', 'ISO-9001', 'number', 'Q-' || w.n, 'valid_until', to_char(ended + interval '1 day' * (w.u2 * 1000 - 100), 'YYYY-MM-DD'))) else '[]' end,
      jsonb_build_object('grid_region', w.country, 'renewable_share', round((0.1 + 0.8 * testdata.unit(864, 0, hashtextextended(w.country::text, 0)))::numeric, 2)), w.processes,
      case when 'active' = any (w.path) then '{"test_print": "passed"}' else '{}' end::jsonb, w.at, w.changed_at
    from works w order by w.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'microfactory', w.n, w.id, w.at from works w returning 1)
  select count(*) + (select count(*) from keys) into made from rows;
  return made + testdata.write_history('microfactory', format('select m.id, m.path, m.times, m.operator_id from testdata.microfactories_of(%s, %s, %s, %s) m where cardinality(m.path) > 1', seed, lo, hi, sf));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_microfactories', '{core.microfactories,core.status_changes,testdata.entities}', '{gen_users}', 120, 400, 40);

comment on function testdata.microfactories_of is 'The plan of the workshops of a range: operator, place, walk with its times, processes. Asks the entities user and the taxonomy.';
comment on function testdata.gen_microfactories is 'Makes core.microfactories (120 x sqrt(sf), at least 40), their log and the entities microfactory.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0;
insert into core.terms (path, kind, labels) values ('process.probe_0864', 'process', '{"en": "Probe"}'), ('process.probe_0864.a', 'process', '{"en": "A"}'), ('process.probe_0864.b', 'process', '{"en": "B"}'), ('process.probe_0864c', 'process', '{"en": "C"}');
select testdata.gen_users(42864, 0, 60, 0.001) > 0;
create temporary view pg_temp.made_0864 as select e.n, m.* from testdata.entities e join core.microfactories m using (id) where e.seed = 42864 and e.kind = 'microfactory';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_microfactories(42864, 20, 40, 0.001) + testdata.gen_microfactories(42864, 0, 20, 0.001);
  select sum(hashtextextended(m::text, 0))::text into halves from pg_temp.made_0864 m;
  raise exception using errcode = 'P0864';
exception when sqlstate 'P0864' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_microfactories(42864, 0, 60, 0.001) > 100;
select count(*) = 40, sum(hashtextextended(m::text, 0))::text = current_setting('probe.halves'), count(distinct status) >= 3, count(*) filter (where status = 'active') between 18 and 38, count(distinct operator_id) > 10,
  bool_and(updated_at between created_at and testdata.window_end()), count(distinct country) > 5 from pg_temp.made_0864 m;
select bool_and(exists (select from testdata.places p where p.country = m.country and p.time_zone = m.time_zone and core.distance_km(p.latitude, p.longitude, m.latitude, m.longitude) <= 25)), bool_and(m.created_at >= u.created_at and u.status = 'active')
from pg_temp.made_0864 m join core.users u on u.id = m.operator_id;
select count(*) = 40, bool_and(answers = 50), bool_or(open > 0 and open < 50) from (select m.n, count(*) filter (where o is not null) as answers, count(*) filter (where o) as open
  from pg_temp.made_0864 m, generate_series(0, 49) i, lateral core.is_open(m.id, timestamptz '2026-09-01 00:00+00' + interval '7 hours 13 minutes' * i) o group by m.n) a;
select count(*) >= 3, bool_and(two) from (select t.path, (select count(*) >= 2 from pg_temp.made_0864 m where m.status = 'active' and m.accepted_processes @> array[t.path]) as two
  from core.terms t where t.kind = 'process' and extensions.nlevel(t.path) > 1 and not exists (select from core.terms c where c.path operator(extensions.<@) t.path and c.id <> t.id)) l;
select count(*) = 0 from pg_temp.made_0864 m where m.status <> 'applied' and m.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = m.id order by s.occurred_at desc limit 1);
select count(*) > 10, bool_and(jsonb_array_length(certifications) >= 1 and certifications -> 0 ->> 'standard' = 'safety'), count(*) filter (where core.is_certified(certifications, 'safety', date '2026-11-01')) > 10 from pg_temp.made_0864;
select testdata.gen_microfactories(42864, 60, 70, 0.001) = 0;
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_microfactories(42864, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_microfactories' and after = '{gen_users}';

-- revert
delete from testdata.generators where name = 'gen_microfactories';
drop function testdata.gen_microfactories;
drop function testdata.microfactories_of;

-- task: BUILD_0872 create_test_data drill
-- title: Generate the design room: version graphs, fork trees, hinge specs, BOMs, reviews and listings
-- does: gen_design_room: one to twelve versions a design with true content_sha256, files of gen_assets, specs inside their schemas with derived values, bills of parts of other designs, reviews by others, then the
--   release with rising labels and head, listings with ratings. gen_design_forks: designs hang on older released ones, the oldest most, at most eight deep and only where licences agree.
--   Where triggers fire, those of core.designs that stamp the time of the load, log it and freeze the origin rest for the chunk; what they would write is written with the times of the plan.
-- proves: manifest_sha256() recomputes for every version, validate_spec() finds nothing, lineage() and explode_bom() end, no fork breaks licence_compatibility, every released design has a released head,
--   two halves have the digest of the whole.
-- needs: BUILD_0063, BUILD_0067, BUILD_0068, BUILD_0072, BUILD_0074, BUILD_0076, BUILD_0081, BUILD_0859, BUILD_0860
create function testdata.version_at(v int, first_release int, at timestamptz, released timestamptz, until timestamptz) returns timestamptz
  language sql stable strict parallel safe
  return date_trunc('milliseconds', case when v <= first_release then at + (released - at) * (v / (first_release + 1.0::double precision)) else released + (until - released) * ((v - first_release) / 4.0::double precision) end);

create function testdata.room_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, owner_n bigint, owner_id uuid, kind text, status text, path text[], times timestamptz[], at timestamptz, visibility text, licence text, family text, params jsonb, releases boolean,
    versions int, first_release int, released timestamptz, until timestamptz)
  language sql stable set search_path = ''
as $$
  with counted as (
    select d.*, least(1 + floor(testdata.exponential(testdata.unit(seed, 87201, d.n), 2.2))::int, case when d.params is null then 1 + files.ready else 12 end) as nv, coalesce(d.times[array_position(d.path, 'released')],
        case when cardinality(d.times) > 1 then d.times[cardinality(d.times)] else d.at + (testdata.window_end() - d.at) * 0.5 end) as tr, coalesce(d.times[array_position(d.path, 'released') + 1], testdata.window_end()) as te
    from testdata.designs_of(seed, lo, hi, sf) d,
      lateral (select count(*)::int as ready from testdata.entities e join core.assets a on a.id = e.id and a.status = 'ready' where e.seed = room_of.seed and e.kind = 'asset' and e.n >= 3 * d.n and e.n < 3 * d.n + 3) files)
  select c.n, c.id, c.owner_n, c.owner_id, c.kind, c.status, c.path, c.times, c.at, c.visibility, c.licence, c.family, c.params, c.releases, c.nv, f.r0, c.tr, c.te
  from counted c, lateral (select case when c.releases then greatest(1, c.nv - (c.n % 3)::int) else c.nv end as r0) f
$$;

create function testdata.gen_design_room(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  ended constant timestamptz := testdata.window_end();
  g record;
  stamps constant boolean := current_setting('session_replication_role') <> 'replica';
  parts constant bigint[] := (select array_agg(e.n order by e.n) from testdata.entities e join core.designs d on d.id = e.id where e.seed = gen_design_room.seed and e.kind = 'design' and d.kind = 'part');
  made bigint;
  ways testdata.walked[];
begin
  perform testdata.require_allowed();
  if stamps then
    set constraints all immediate;
    alter table core.designs disable trigger designs_status_machine, disable trigger designs_touch;
  end if;
  select * into g from testdata.grammar('en');
  with room as materialized (  -- versions of a design differ by their cycles alone, which no estimate asks for
    select r.*, design.canonical(r.params) as plain, case when r.params is not null then coalesce(design.derive(r.params, r.family), '{}') end as derived from testdata.room_of(seed, lo, hi, sf) r offset 0),
  usable as materialized (
    select r.n, a.id as asset_id, a.filename as path, a.sha256, a.byte_size, case a.media_type when 'model/step' then 'cad' when 'model/stl' then 'mesh' when 'image/png' then 'photo' else 'doc' end as role, row_number() over (partition by r.n order by e.n) as place
    from room r join testdata.entities e on e.seed = gen_design_room.seed and e.kind = 'asset' and e.n >= 3 * r.n and e.n < 3 * r.n + 3 join core.assets a on a.id = e.id and a.status = 'ready'),
  needed as materialized (
    select x.n, row_number() over (partition by x.n order by x.part_n)::int as line_no, x.part_id, 1 + x.part_n % 4 as quantity from (
      select distinct on (r.n, p.id) r.n, e.n as part_n, p.id as part_id
      from room r cross join generate_series(1, 4) j join testdata.entities e on e.seed = gen_design_room.seed and e.kind = 'design' and e.n = parts[1 + (testdata.h(gen_design_room.seed, 87202 + j, r.n) & 1048575) % cardinality(parts)]
      join core.designs p on p.id = e.id where r.kind = 'assembly' and e.at < r.at order by r.n, p.id) x),
  files_of as materialized (
    select u.n, jsonb_agg(jsonb_build_object('path', u.path, 'role', u.role, 'sha256', encode(u.sha256, 'hex')) order by u.place) as items from usable u group by u.n),
  bom_of as materialized (
    select b.n, jsonb_agg(jsonb_build_object('part_design_id', b.part_id, 'quantity', b.quantity)) as items from needed b group by b.n),
  made_of as materialized (
    select m.*, testdata.uid(seed, 53, m.n * 16 + m.v, testdata.ms(m.made_at)) as version_id, m.releases and m.v >= m.first_release as is_release, m.params || m.cycles as spec, m.plain || m.cycles as plain_spec
    from (select r.*, v, testdata.version_at(v, r.first_release, r.at, r.released, r.until) as made_at, jsonb_build_object('cycles', 10000 * v) as cycles from room r, generate_series(1, r.versions) v offset 0) m offset 0),
  content as materialized (
    select m.*, case when m.is_release then case when v = m.first_release then m.released else date_trunc('milliseconds', m.made_at + (m.until - m.released) * 0.05) end end as released_at,
      coalesce((select jsonb_agg(t.item) from jsonb_array_elements(f.items) with ordinality t(item, place) where t.place <= v - (m.params is null)::int), '[]') as files, coalesce(b.items, '[]') as bom
    from made_of m left join files_of f on f.n = m.n left join bom_of b on b.n = m.n offset 0),
  versions as (
    insert into design.versions (id, design_id, number, label, content_sha256, message, author_id, licence_spdx, created_at, released_at)
    select c.version_id, c.id, c.v, case when c.is_release then '1.' || c.v - c.first_release || '.0' end,
      design.manifest_sha256(c.files, case when c.spec is not null then jsonb_build_object('family', c.family, 'params', c.plain_spec) end, c.licence, c.bom),
      case when c.v = 1 then 'First drawing' else testdata.sentence(seed, 87210, c.n * 16 + c.v, g.openers, g.subjects, g.verbs, g.endings) end, c.owner_id, c.licence, c.made_at, c.released_at
    from content c order by c.n, c.v returning 1),
  edges as (
    insert into design.version_edges (child_id, parent_id, kind) select p.version_id, p.parent_id, 'parent' from (select c.version_id, lag(c.version_id) over (partition by c.n order by c.v) as parent_id from content c) p where p.parent_id is not null returning 1),
  files as (
    insert into design.files (version_id, path, asset_id, role, sha256, byte_size) select c.version_id, u.path, u.asset_id, u.role, u.sha256, u.byte_size from content c join usable u on u.n = c.n and u.place <= c.v - (c.params is null)::int returning 1),
  specs as (
    insert into design.hinge_specs (version_id, family, schema_version, params, derived, params_sha256)
    select c.version_id, c.family, 1, c.spec, c.derived, sha256(convert_to(c.plain_spec::text, 'UTF8')) from content c where c.spec is not null returning 1),
  items as (
    insert into design.bom_items (version_id, line_no, part_design_id, quantity, unit, make_or_buy) select c.version_id, b.line_no, b.part_id, b.quantity, 'pcs', 'make' from content c join needed b on b.n = c.n returning 1),
  judged as materialized (
    select c.version_id, c.n * 16 + c.v as slot, j, e.id as reviewer_id, c.made_at, c.released_at, j = 1 and testdata.chance(gen_design_room.seed, 87203, c.n * 16 + c.v, 0.25) as twice
    from content c cross join generate_series(1, 2) j join testdata.entities e on e.seed = gen_design_room.seed and e.kind = 'user' and e.n = (c.n + 7 * j + case when (c.n + 7 * j) % 20 = c.owner_n then 1 else 0 end) % 20 where c.is_release),
  reviews as (
    insert into design.reviews (id, version_id, reviewer_id, round, verdict, checklist, body, submitted_at, resolved_at, created_at, updated_at)
    select testdata.uid(seed, 54, j.slot * 4 + j.j * 2 + round - 1, testdata.ms(t.asked)), j.version_id, j.reviewer_id, round, case when j.twice and round = 1 then 'request_changes' else 'approve' end, '{"dimensions": true, "licence": true}',
      testdata.sentence(seed, 87220, j.slot * 4 + j.j * 2 + round, g.openers, g.subjects, g.verbs, g.endings), t.answered, case when j.twice and round = 1 then date_trunc('milliseconds', j.made_at + (j.released_at - j.made_at) * 0.6) end, t.asked,
      case when j.twice and round = 1 then date_trunc('milliseconds', j.made_at + (j.released_at - j.made_at) * 0.6) else t.answered end
    from judged j, generate_series(1, case when j.twice then 2 else 1 end) round,
      lateral (select date_trunc('milliseconds', j.made_at + (j.released_at - j.made_at) * (0.2 + 0.4 * (round - 1))) as asked, date_trunc('milliseconds', j.made_at + (j.released_at - j.made_at) * (0.5 + 0.4 * (round - 1))) as answered) t
    returning 1),
  shown as materialized (
    select c.n, c.id, c.owner_n, c.version_id, date_trunc('milliseconds', c.released_at + (ended - c.released_at) * 0.1) as at, w.status, w.path, testdata.unit(seed, 87204, c.n) as u
    from content c join testdata.walks_of('listing', '{"listed": 80, "sold_out": 8, "closed": 12}') w on testdata.unit(seed, 87205, c.n) >= w.lo and testdata.unit(seed, 87205, c.n) < w.hi
    where c.v = c.versions and c.status = 'released' and c.visibility = 'public' and testdata.chance(seed, 87206, c.n, 0.4) and 'listed' = any (w.path)),
  dated as materialized (select s.*, testdata.uid(seed, 55, s.n, testdata.ms(s.at)) as listing_id, testdata.steps_of(s.u, s.at, ended, cardinality(s.path)) as times from shown s),
  listings as (
    insert into design.listings (id, design_id, version_id, status, price_usd, royalty_percent, min_quantity, listed_at, created_at, updated_at)
    select d.listing_id, d.id, d.version_id, d.status, round(testdata.lognormal(d.u, 14, 0.7)::numeric, 2), (d.n % 6) * 2.5, 1 + d.n % 3, d.times[array_position(d.path, 'listed')], d.at, d.times[cardinality(d.times)] from dated d returning 1),
  ratings as (
    insert into design.listing_ratings (listing_id, user_id, stars, body, created_at)
    select d.listing_id, e.id, 5 - (testdata.h(gen_design_room.seed, 87230 + j, d.n) & 7)::int / 3, case when j = 1 then testdata.sentence(gen_design_room.seed, 87231, d.n, g.openers, g.subjects, g.verbs, g.endings) end,
      date_trunc('milliseconds', d.times[array_position(d.path, 'listed')] + (ended - d.times[array_position(d.path, 'listed')]) * (j * 0.15))
    from dated d cross join lateral generate_series(1, (d.n % 5)::int) j join testdata.entities e on e.seed = gen_design_room.seed and e.kind = 'user' and e.n = (d.n + j * 3) % 20 where e.n <> d.owner_n returning 1),
  logged as (
    insert into core.status_changes (id, occurred_at, machine, entity_id, from_status, to_status, actor_role)
    select testdata.uid(seed, 56, d.n * 16 + k, testdata.ms(d.times[k])), d.times[k], 'listing', d.listing_id, d.path[k - 1], d.path[k], 'hc_worker' from dated d, generate_series(2, cardinality(d.path)) k returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at)
    select seed, 'version', c.n, c.version_id, c.made_at from content c where c.v = c.versions union all select seed, 'listing', d.n, d.listing_id, d.at from dated d returning 1)
  select (select count(*) from versions) + (select count(*) from edges) + (select count(*) from files) + (select count(*) from specs) + (select count(*) from items) + (select count(*) from reviews) + (select count(*) from listings)
    + (select count(*) from ratings) + (select count(*) from logged) + (select count(*) from keys),
    (select array_agg(row(r.id, r.path, r.times, r.owner_id)::testdata.walked) from room r) into made, ways;
  update core.designs d set head_version_id = v.id, licence_spdx = v.licence_spdx, status = w.path[cardinality(w.path)],
    published_at = case when w.path[cardinality(w.path)] in ('released', 'deprecated') then w.times[array_position(w.path, 'released')] end, updated_at = greatest(d.updated_at, w.times[cardinality(w.times)], v.created_at, v.released_at)
  from unnest(ways) w, testdata.entities e join design.versions v on v.id = e.id
  where e.seed = gen_design_room.seed and e.kind = 'version' and e.n >= lo and e.n < hi and d.id = v.design_id and w.entity_id = v.design_id;
  made := made + testdata.write_history('design', (
    select array_agg(row(w.entity_id, w.path[array_position(w.path, 'in_review'):], w.times[array_position(w.path, 'in_review'):], w.actor_id)::testdata.walked) from unnest(ways) w where 'released' = any (w.path)));
  if stamps then
    alter table core.designs enable trigger designs_status_machine, enable trigger designs_touch;
  end if;
  return made;
end $$;

create function testdata.gen_design_forks(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = '' set enable_nestloop = off
as $$
declare
  stamps constant boolean := current_setting('session_replication_role') <> 'replica';
  made bigint;
begin
  perform testdata.require_allowed();
  if stamps then
    set constraints all immediate;
    alter table core.designs disable trigger designs_freeze, disable trigger designs_touch;
  end if;
  with levels as materialized (
    select k as n, least(8, 1 + floor(testdata.exponential(testdata.unit(seed, 87241, k), 1.5))::int) as level from generate_series(lo, hi - 1) k where testdata.chance(seed, 87240, k, 0.5)),
  wanted as materialized (
    select l.n, l.level, j, floor(l.n * power(testdata.unit(seed, 87242 + j, l.n), 2))::bigint as parent_n from levels l, generate_series(1, 24) j offset 0),
  children as materialized (
    select l.n, e.at, d.id, d.owner_id, d.licence_spdx, v.id as child_id
    from levels l join testdata.entities e on e.seed = gen_design_forks.seed and e.kind = 'design' and e.n = l.n join core.designs d on d.id = e.id join design.versions v on v.design_id = d.id and v.number = 1),
  parents as materialized (
    select e.n, d.owner_id, v.licence_spdx, v.released_at, v.id as parent_id
    from testdata.entities e join core.designs d on d.id = e.id and d.visibility in ('public', 'community') and d.status in ('released', 'deprecated') join design.versions v on v.design_id = d.id and v.label = '1.0.0'
    where e.seed = gen_design_forks.seed and e.kind = 'design' and e.n < hi),
  fitting as (
    select distinct on (w.n) w.n, d.id, d.child_id, p.parent_id
    from wanted w join children d on d.n = w.n join parents p on p.n = w.parent_n and p.owner_id <> d.owner_id and p.released_at < d.at
    join design.licence_compatibility c on c.inbound_spdx = p.licence_spdx and c.outbound_spdx = d.licence_spdx and c.verdict <> 'forbidden'
    where case when testdata.chance(gen_design_forks.seed, 87240, w.parent_n, 0.5) then least(8, 1 + floor(testdata.exponential(testdata.unit(gen_design_forks.seed, 87241, w.parent_n), 1.5))::int) else 0 end < w.level
    order by w.n, w.j),
  edges as (
    insert into design.version_edges (child_id, parent_id, kind) select f.child_id, f.parent_id, 'fork' from fitting f order by f.n returning 1),
  moved as (
    update core.designs d set forked_from_version_id = f.parent_id from fitting f where d.id = f.id returning 1)
  select (select count(*) from edges) + 0 * (select count(*) from moved) into made;
  if stamps then
    alter table core.designs enable trigger designs_freeze, enable trigger designs_touch;
  end if;
  return made;
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values
  ('gen_design_room', '{design.versions,design.version_edges,design.files,design.hinge_specs,design.bom_items,design.reviews,design.listings,design.listing_ratings,core.status_changes,testdata.entities}', '{gen_designs,gen_assets}', 50000, 1000, 60),
  ('gen_design_forks', '{design.version_edges}', '{gen_design_room}', 50000, 5000, 60);

comment on function testdata.version_at is 'When version v of a design was made: up to the first release evenly before it, later ones after it.';
comment on function testdata.room_of is 'The plan of designs with their number of versions, the number of the first release, its time (or that of the last change), and until when more come.';
comment on function testdata.gen_design_room is 'Makes versions and what belongs to them, reviews, listings and ratings of the designs numbered [lo, hi), releases them, and the entities version (the head, by key of its design) and listing.';
comment on function testdata.gen_design_forks is 'Hangs designs numbered [lo, hi) on versions of older ones, once all have theirs. Without nested loops: in the middle of a load the statistics know nothing of the tables yet.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0;
select testdata.gen_users(42872, 0, 40, 0.0004) > 0, testdata.gen_designs(42872, 0, 60, 0.0004) > 0, testdata.gen_assets(42872, 0, 180, 0.0004) > 0;
create temporary view pg_temp.versions_0872 as select e.n, d.id as design, d.status, d.head_version_id, v.* from testdata.entities e join core.designs d using (id) join design.versions v on v.design_id = d.id where e.seed = 42872 and e.kind = 'design';
create temporary view pg_temp.rows_0872 as
select 'versions' as name, v::text as value from pg_temp.versions_0872 v
union all select 'designs', d::text from testdata.entities e join core.designs d using (id) where e.seed = 42872 and e.kind = 'design'
union all select 'edges', x::text from pg_temp.versions_0872 v join design.version_edges x on x.child_id = v.id
union all select 'files', x::text from pg_temp.versions_0872 v join design.files x on x.version_id = v.id
union all select 'specs', x::text from pg_temp.versions_0872 v join design.hinge_specs x on x.version_id = v.id
union all select 'bom', x::text from pg_temp.versions_0872 v join design.bom_items x on x.version_id = v.id
union all select 'reviews', x::text from pg_temp.versions_0872 v join design.reviews x on x.version_id = v.id
union all select 'listings', x::text from pg_temp.versions_0872 v join design.listings x on x.version_id = v.id
union all select 'log', x::text from testdata.entities e join core.status_changes x on x.entity_id = e.id where e.seed = 42872 and e.kind in ('design', 'listing');
do $verify$
declare
  halves text;
begin
  perform testdata.gen_design_room(42872, 30, 60, 0.0004) + testdata.gen_design_room(42872, 0, 30, 0.0004) + testdata.gen_design_forks(42872, 30, 60, 0.0004) + testdata.gen_design_forks(42872, 0, 30, 0.0004);
  select sum(hashtextextended(name || value, 0))::text into halves from pg_temp.rows_0872;
  raise exception using errcode = 'P0872';
exception when sqlstate 'P0872' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_design_room(42872, 0, 60, 0.0004) > 400, testdata.gen_design_forks(42872, 0, 60, 0.0004) > 1;
select sum(hashtextextended(name || value, 0))::text = current_setting('probe.halves'), count(distinct name) = 9 from pg_temp.rows_0872;
select count(*) > 120, count(distinct n) = 60, max(number) between 5 and 12, bool_and(core.uuid_time(id) = created_at), bool_and(content_sha256 = design.manifest_sha256(
    coalesce((select jsonb_agg(to_jsonb(f) - 'sha256' || jsonb_build_object('sha256', encode(f.sha256, 'hex'))) from design.files f where f.version_id = v.id), '[]'),
    (select jsonb_build_object('family', s.family, 'version', s.schema_version, 'params', s.params) from design.hinge_specs s where s.version_id = v.id), v.licence_spdx,
    coalesce((select jsonb_agg(jsonb_strip_nulls(to_jsonb(b) - 'version_id' - 'line_no')) from design.bom_items b where b.version_id = v.id), '[]'))) from pg_temp.versions_0872 v;
select count(*) > 60, count(*) filter (where f.code is not null) = 0, bool_and(s.derived = design.derive(s.params, s.family)) from pg_temp.versions_0872 v join design.hinge_specs s on s.version_id = v.id left join lateral design.validate_spec(s.family, s.schema_version, s.params) f on true;
select count(*) > 15, bool_and(head_version_id is not null and published_at is not null), bool_and(h.released_at is not null and h.label is not null and h.number = (select max(number) from design.versions x where x.design_id = d.id)) from testdata.entities e join core.designs d using (id) left join design.versions h on h.id = d.head_version_id
where e.seed = 42872 and e.kind = 'design' and d.status = 'released';
select count(*) > 20, bool_and(label = '1.' || place - 1 || '.0') from (select label, row_number() over (partition by n order by number) as place from pg_temp.versions_0872 where released_at is not null) l;
select count(*) > 40, bool_and(r.reviewer_id <> v.author_id), bool_and(r.submitted_at >= v.created_at and r.submitted_at <= v.released_at), count(*) filter (where r.verdict = 'request_changes' and r.resolved_at is not null) > 1,
  min(approvals) = 2 from pg_temp.versions_0872 v join design.reviews r on r.version_id = v.id, lateral (select count(*) filter (where x.verdict = 'approve') as approvals from design.reviews x where x.version_id = v.id) a;
select count(*) > 1, bool_and(c.verdict <> 'forbidden' and p.released_at < d.created_at and x.parent_id is not null) from testdata.entities e join core.designs d using (id) join design.versions p on p.id = d.forked_from_version_id
left join design.licence_compatibility c on c.inbound_spdx = p.licence_spdx and c.outbound_spdx = d.licence_spdx left join design.versions one on one.design_id = d.id and one.number = 1 left join design.version_edges x on x.child_id = one.id and x.parent_id = p.id and x.kind = 'fork' where e.seed = 42872 and e.kind = 'design';
select max(l.depth) < 110, bool_and(l.reached = l.ids) from pg_temp.versions_0872 v, lateral (select max(depth) as depth, count(*) as reached, count(distinct version_id) as ids from design.lineage(v.id)) l where v.id = v.head_version_id;
select count(*) > 3, max(b.depth) < 5 from pg_temp.versions_0872 v, lateral design.explode_bom(v.id) b where v.id = v.head_version_id;
select count(*) > 1, bool_and(l.listed_at >= v.released_at), bool_and(l.updated_at <= testdata.window_end()), (select count(*) > 0 from pg_temp.versions_0872 w join design.listings k on k.version_id = w.id join design.listing_ratings r on r.listing_id = k.id and r.created_at >= k.listed_at and not r.verified_purchase) from pg_temp.versions_0872 v join design.listings l on l.version_id = v.id;
select count(*) = 0 from testdata.entities e join core.designs d using (id) where e.seed = 42872 and e.kind = 'design' and d.status <> 'draft' and d.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = d.id order by s.occurred_at desc limit 1);
select count(*) = 4, bool_and(tgenabled = 'O') from pg_trigger where tgrelid = 'core.designs'::regclass and tgname in ('designs_status_machine', 'designs_touch', 'designs_freeze', 'designs_head');
set local testdata.allow = off;
select sql, blueprint.raises(sql, '42501', 'not allowed') from unnest(array['select testdata.gen_design_room(42872, 0, 10, 0.001)', 'select testdata.gen_design_forks(42872, 0, 10, 0.001)']) sql;
select count(*) = 2, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name in ('gen_design_room', 'gen_design_forks');

-- revert
delete from testdata.generators where name in ('gen_design_room', 'gen_design_forks');
drop function testdata.gen_design_forks;
drop function testdata.gen_design_room;
drop function testdata.room_of;
drop function testdata.version_at;
