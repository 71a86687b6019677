-- Room design, layer 03: what core.designs consists of. Versions are immutable and content-addressed, each under a licence; beside them stand
-- hinge specs by family, bills of material, collaborators, reviews and the marketplace. Thirteen tables, their keys and what they point to.

-- task: BUILD_0061 create_sql_file critical
-- title: Open room design with its contract: immutable, content-addressed versions under a licence
-- does: Schema design, registered as layer 3 with its contract. What hc_owner makes here is closed until it is granted, function by function, table by policies.
-- proves: the contract names the invariants, hc_member and hc_designer make nothing here (42501), a fresh table and a fresh function are closed.
-- needs: BUILD_0005, BUILD_0015
select blueprint.open_room('design', 3, '03_design_metadata',
  '{"provides": ["versions", "hinge specs", "licences", "reviews", "listings"], "requires": ["core.designs", "core.assets", "core.terms"], "rls": "parent design",
    "invariants": ["a version never changes, save that it is released or yanked once", "a released version has a licence", "same content, same version"]}',
  'What designs consist of: versions, files, hinge specs, parts, people, reviews and listings.');

grant usage on schema design to hc_anon, hc_agent, hc_worker, hc_auditor;

-- verify
select layer = 3 and contract -> 'provides' ? 'hinge specs' and jsonb_array_length(contract -> 'invariants') = 3 from blueprint.rooms where schema_name = 'design';
create table design.probe_0061 (id int);
create function design.probe_0061() returns int language sql return 1;
select role, has_schema_privilege(role, 'design', 'usage') and not has_schema_privilege(role, 'design', 'create') from unnest(array['hc_anon', 'hc_member', 'hc_designer', 'hc_agent', 'hc_worker', 'hc_auditor']) role;
select role, not has_function_privilege(role, 'design.probe_0061()', 'execute') from unnest(array['hc_anon', 'hc_worker']) role;
set local role hc_member;
select blueprint.raises('select from design.probe_0061', '42501'), blueprint.raises('create table design.mine (id int)', '42501');

-- task: BUILD_0062 create_tables critical
-- title: Create the thirteen design tables versions .. edit_locks and seed licences
-- does: Licences with what they ask and which goes into which, spec schemas per hinge family, versions with their edges, files, specs and bills of material,
--   collaborators, reviews, listings with ratings and edit locks (unlogged). Nine SPDX licences and five hinge families are there as rows.
-- proves: CERN-OHL-S-2.0 is share-alike, the five families are there, a version with file, spec and part joins up, keys refuse a second row, every table forces row security.
-- needs: BUILD_0005, BUILD_0013, BUILD_0022, BUILD_0061, BUILD_0661, BUILD_0681, BUILD_0691
create table design.licences (
  spdx_id text constraint licences_spdx_id_pk primary key,
  name text not null,
  kind text not null,
  permits_commercial boolean not null default true,
  permits_derivatives boolean not null default true,
  share_alike boolean not null default false,
  requires_attribution boolean not null default true,
  text_url core.http_url not null
);

create table design.licence_compatibility (
  inbound_spdx text not null,
  outbound_spdx text not null,
  verdict text not null,
  condition text,
  note text,
  constraint licence_compatibility_inbound_spdx_outbound_spdx_pk primary key (inbound_spdx, outbound_spdx)
);

create table design.spec_schemas (
  family text not null,
  version int not null,
  json_schema jsonb not null,
  units jsonb not null,
  status text not null default 'active',
  constraint spec_schemas_family_version_pk primary key (family, version)
);

create table design.versions (
  id uuid default uuidv7() constraint versions_id_pk primary key,
  design_id uuid not null,
  number int not null,
  label core.semver,
  content_sha256 core.sha256 not null,
  message text not null default '',
  author_id uuid not null,
  licence_spdx text,
  created_at timestamptz not null default now(),
  released_at timestamptz,
  yanked_at timestamptz,
  yank_reason text,
  constraint versions_design_id_number_key unique (design_id, number),
  constraint versions_design_id_content_sha256_key unique (design_id, content_sha256)
);

create table design.version_edges (
  child_id uuid not null,
  parent_id uuid not null,
  kind text not null default 'parent',
  constraint version_edges_child_id_parent_id_pk primary key (child_id, parent_id)
);

create table design.files (
  version_id uuid not null,
  path text not null,
  asset_id uuid not null,
  role text not null default 'cad',
  sha256 core.sha256 not null,
  byte_size bigint not null,
  constraint files_version_id_path_pk primary key (version_id, path)
);

create table design.hinge_specs (
  version_id uuid constraint hinge_specs_version_id_pk primary key,
  family text not null,
  schema_version int not null default 1,
  params jsonb not null,
  derived jsonb not null default '{}',
  params_sha256 core.sha256
);

create table design.bom_items (
  version_id uuid not null,
  line_no int not null,
  term_id uuid,
  part_design_id uuid,
  quantity numeric not null,
  unit core.unit_code not null default 'pcs',
  mass_g numeric,
  make_or_buy text not null default 'make',
  notes text,
  constraint bom_items_version_id_line_no_pk primary key (version_id, line_no)
);

create table design.collaborators (
  design_id uuid not null,
  user_id uuid not null,
  role text not null default 'viewer',
  invited_by uuid,
  invited_at timestamptz not null default now(),
  accepted_at timestamptz,
  during tstzrange not null default tstzrange(now(), null),
  constraint collaborators_design_id_user_id_pk primary key (design_id, user_id)
);

create table design.reviews (
  id uuid default uuidv7() constraint reviews_id_pk primary key,
  version_id uuid not null,
  reviewer_id uuid not null,
  round int not null default 1,
  verdict text,
  checklist jsonb not null default '{}',
  body text,
  anchors jsonb not null default '[]',
  submitted_at timestamptz,
  resolved_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reviews_version_id_reviewer_id_round_key unique (version_id, reviewer_id, round)
);

create table design.listings (
  id uuid default uuidv7() constraint listings_id_pk primary key,
  design_id uuid not null,
  version_id uuid not null,
  status text not null default 'draft',
  price_usd core.fiat_amount not null,
  currency core.currency_code not null default 'USD',
  royalty_percent core.percent not null default 0,
  min_quantity int not null default 1,
  stats jsonb not null default '{}',
  rank_score numeric not null default 0,
  listed_at timestamptz,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table design.listing_ratings (
  listing_id uuid not null,
  user_id uuid not null,
  stars int not null,
  body text,
  verified_purchase boolean not null default false,
  created_at timestamptz not null default now(),
  constraint listing_ratings_listing_id_user_id_pk primary key (listing_id, user_id)
);

create unlogged table design.edit_locks (
  design_id uuid not null,
  path text not null,
  user_id uuid not null,
  acquired_at timestamptz not null default now(),
  expires_at timestamptz not null,
  token uuid not null default gen_random_uuid(),
  constraint edit_locks_design_id_path_pk primary key (design_id, path)
);

insert into design.licences (spdx_id, name, kind, permits_derivatives, share_alike, requires_attribution, text_url) values
  ('CERN-OHL-S-2.0', 'CERN Open Hardware Licence, strongly reciprocal', 'hardware', true, true, true, 'https://spdx.org/licenses/CERN-OHL-S-2.0.html'),
  ('CERN-OHL-W-2.0', 'CERN Open Hardware Licence, weakly reciprocal', 'hardware', true, true, true, 'https://spdx.org/licenses/CERN-OHL-W-2.0.html'),
  ('CERN-OHL-P-2.0', 'CERN Open Hardware Licence, permissive', 'hardware', true, false, true, 'https://spdx.org/licenses/CERN-OHL-P-2.0.html'),
  ('CC0-1.0', 'Creative Commons Zero', 'content', true, false, false, 'https://spdx.org/licenses/CC0-1.0.html'),
  ('CC-BY-4.0', 'Creative Commons Attribution', 'content', true, false, true, 'https://spdx.org/licenses/CC-BY-4.0.html'),
  ('CC-BY-SA-4.0', 'Creative Commons Attribution, share alike', 'content', true, true, true, 'https://spdx.org/licenses/CC-BY-SA-4.0.html'),
  ('CC-BY-ND-4.0', 'Creative Commons Attribution, no derivatives', 'content', false, false, true, 'https://spdx.org/licenses/CC-BY-ND-4.0.html'),
  ('MIT', 'MIT License', 'software', true, false, true, 'https://spdx.org/licenses/MIT.html'),
  ('GPL-3.0-or-later', 'GNU General Public License 3 or later', 'software', true, true, true, 'https://spdx.org/licenses/GPL-3.0-or-later.html');

insert into design.licence_compatibility (inbound_spdx, outbound_spdx, verdict, condition, note)
select i.spdx_id, o.spdx_id, v.verdict, case v.verdict when 'conditional' then 'Keep the notices and name the authors of ' || i.spdx_id || ' parts.' end, v.note
from design.licences i, design.licences o, lateral (select * from (values
  (1, not i.permits_derivatives, 'forbidden', i.spdx_id || ' permits no derivatives'),
  (2, i.spdx_id = o.spdx_id, 'allowed', 'same licence'),
  (3, i.spdx_id = 'CC0-1.0', 'allowed', 'public domain'),
  (4, i.spdx_id = 'CC-BY-SA-4.0' and o.spdx_id = 'GPL-3.0-or-later', 'conditional', 'one-way compatibility declared by Creative Commons in 2015'),
  (5, i.share_alike, 'forbidden', i.spdx_id || ' keeps its licence (share-alike)'),
  (6, not o.requires_attribution, 'forbidden', o.spdx_id || ' would drop the attribution that ' || i.spdx_id || ' asks for'),
  (7, true, 'conditional', 'permissive with attribution')) rules(rank, applies, verdict, note) where applies order by rank limit 1) v;

insert into design.spec_schemas (family, version, json_schema, units)
select family, 1, jsonb_build_object('type', 'object', 'additionalProperties', false, 'required', required, 'x-rules', rules,
    'properties', (select jsonb_object_agg(p.name, p.definition) from jsonb_each('{
      "leaf_length_mm": {"type": "number", "minimum": 5, "maximum": 4000, "x-class": "breaking", "description": "Length of a leaf along the pin"},
      "leaf_width_mm": {"type": "number", "minimum": 3, "maximum": 500, "x-class": "breaking", "description": "Width of a leaf, knuckle excluded"},
      "leaf_thickness_mm": {"type": "number", "minimum": 0.2, "maximum": 30, "x-class": "functional", "description": "Thickness of a leaf"},
      "pin_mm": {"type": "number", "minimum": 0.5, "maximum": 60, "x-class": "breaking", "description": "Diameter of the pin"},
      "knuckle_mm": {"type": "number", "minimum": 1, "maximum": 120, "x-class": "breaking", "description": "Outer diameter of a knuckle"},
      "knuckles": {"type": "integer", "minimum": 2, "maximum": 400, "x-class": "functional", "description": "Number of knuckles of both leaves"},
      "web_mm": {"type": "number", "minimum": 0.1, "maximum": 3, "x-class": "functional", "description": "Thickness of the bending web"},
      "cup_mm": {"type": "number", "enum": [26, 35, 40], "x-class": "breaking", "description": "Diameter of the cup bore"},
      "angle_deg": {"type": "number", "minimum": 0, "maximum": 360, "multipleOf": 0.5, "x-class": "functional", "description": "Opening angle"},
      "clearance_mm": {"type": "number", "minimum": 0.02, "maximum": 3, "x-class": "functional", "description": "Radial clearance between pin and knuckle"},
      "screw_mm": {"type": "number", "minimum": 1, "maximum": 12, "x-class": "breaking", "description": "Diameter of the screw holes"},
      "screws": {"type": "integer", "minimum": 0, "maximum": 400, "x-class": "functional", "description": "Screws of both leaves"},
      "load_n": {"type": "number", "minimum": 0, "maximum": 50000, "x-class": "functional", "description": "Load across the pin it is made for"},
      "cycles": {"type": "integer", "minimum": 1, "maximum": 100000000, "x-class": "functional", "description": "Movements it is made for"},
      "material": {"type": "string", "enum": ["steel", "stainless", "brass", "aluminium", "nylon", "pp", "petg", "pla"], "x-class": "functional", "description": "Material of leaves and pin"},
      "finish": {"type": "string", "x-class": "cosmetic", "description": "Surface, as brushed or anodised"},
      "process": {"type": "string", "enum": ["fdm", "sla", "sls", "cnc", "cast", "sheet"], "x-class": "functional", "description": "How it is made"}}') p(name, definition)
      where p.name = any (keys))),
  (select jsonb_object_agg(k, case when k like '%\_mm' then 'mm' when k like '%\_n' then 'N' when k like '%\_deg' then 'deg' else '1' end) from unnest(keys) k where k not in ('material', 'finish', 'process'))
from (values
  ('butt', '["leaf_length_mm", "leaf_width_mm", "leaf_thickness_mm", "pin_mm", "knuckle_mm", "knuckles", "load_n", "material"]'::jsonb,
    '{leaf_length_mm,leaf_width_mm,leaf_thickness_mm,pin_mm,knuckle_mm,knuckles,angle_deg,clearance_mm,screw_mm,screws,load_n,cycles,material,finish,process}'::text[]),
  ('piano', '["leaf_length_mm", "leaf_width_mm", "leaf_thickness_mm", "pin_mm", "knuckle_mm", "knuckles", "load_n", "material"]',
    '{leaf_length_mm,leaf_width_mm,leaf_thickness_mm,pin_mm,knuckle_mm,knuckles,angle_deg,clearance_mm,screw_mm,screws,load_n,cycles,material,finish,process}'),
  ('barrel', '["leaf_length_mm", "pin_mm", "knuckle_mm", "load_n", "material"]', '{leaf_length_mm,pin_mm,knuckle_mm,knuckles,angle_deg,clearance_mm,load_n,cycles,material,finish,process}'),
  ('living', '["leaf_length_mm", "leaf_width_mm", "leaf_thickness_mm", "web_mm", "material"]', '{leaf_length_mm,leaf_width_mm,leaf_thickness_mm,web_mm,angle_deg,load_n,cycles,material,finish,process}'),
  ('concealed', '["cup_mm", "pin_mm", "angle_deg", "load_n", "material"]', '{leaf_length_mm,leaf_width_mm,leaf_thickness_mm,cup_mm,pin_mm,angle_deg,clearance_mm,screw_mm,screws,load_n,cycles,material,finish,process}')
) families(family, required, keys),
lateral (select coalesce(jsonb_agg(r.rule), '[]') as rules from (values
    ('{"path": "pin_mm", "less_than": "knuckle_mm", "message": "the pin does not fit into the knuckle"}'::jsonb),
    ('{"path": "screw_mm", "less_than": "leaf_width_mm", "factor": 2, "message": "the leaf does not cover the screws"}'),
    ('{"path": "web_mm", "less_than": "leaf_thickness_mm", "message": "the web is not thinner than the leaf"}'),
    ('{"path": "clearance_mm", "at_least_by": "process", "least": {"fdm": 0.3, "sls": 0.25, "sla": 0.1, "cast": 0.2, "sheet": 0.05, "cnc": 0.02}, "message": "less clearance than the process can make"}')
  ) r(rule) where r.rule ->> 'path' = any (keys) and coalesce(r.rule ->> 'less_than', 'material') = any (keys)) r;

-- verify
select count(*) = 9 and bool_and(share_alike) filter (where spdx_id = 'CERN-OHL-S-2.0') and bool_and(not permits_derivatives) filter (where spdx_id = 'CC-BY-ND-4.0')
from design.licences where spdx_id in ('CERN-OHL-S-2.0', 'CERN-OHL-W-2.0', 'CERN-OHL-P-2.0', 'CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-ND-4.0', 'MIT', 'GPL-3.0-or-later');
select i, o, c.verdict = v.verdict from (values ('CC-BY-SA-4.0', 'CC0-1.0', 'forbidden'), ('CC-BY-SA-4.0', 'CC-BY-SA-4.0', 'allowed'), ('CC-BY-4.0', 'CC-BY-SA-4.0', 'conditional'), ('CC-BY-4.0', 'CC0-1.0', 'forbidden'),
  ('CC0-1.0', 'MIT', 'allowed'), ('CC-BY-ND-4.0', 'CC-BY-ND-4.0', 'forbidden'), ('CC-BY-SA-4.0', 'GPL-3.0-or-later', 'conditional')) v(i, o, verdict)
left join design.licence_compatibility c on (c.inbound_spdx, c.outbound_spdx) = (i, o);
select array_agg(family order by family) = '{barrel,butt,concealed,living,piano}', bool_and(status = 'active'), bool_or(family = 'butt' and units ->> 'pin_mm' = 'mm' and json_schema -> 'properties' ? 'knuckle_mm'
  and not json_schema -> 'properties' ? 'cup_mm' and jsonb_array_length(json_schema -> 'x-rules') = 3) from design.spec_schemas where version = 1 and family in ('butt', 'piano', 'barrel', 'living', 'concealed');
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000062001', 'ada-0062'), ('00000000-0000-7000-8000-000000062002', 'bob-0062');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000062003', '00000000-0000-7000-8000-000000062001', 'a.step', 'model/step', 1);
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000062004', '00000000-0000-7000-8000-000000062001', 'probe-0062', 'Probe');
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx) values
  ('00000000-0000-7000-8000-000000062005', '00000000-0000-7000-8000-000000062004', 1, sha256('62'), '00000000-0000-7000-8000-000000062001', 'CC0-1.0')
returning message = '' and created_at = now() and released_at is null;
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values
  ('00000000-0000-7000-8000-000000062006', '00000000-0000-7000-8000-000000062004', 2, sha256('62b'), '00000000-0000-7000-8000-000000062001', 'CC0-1.0', now());
insert into design.versions (design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000062004', 3, sha256('62c'), '00000000-0000-7000-8000-000000062001') returning id is not null;
insert into design.version_edges (child_id, parent_id) values ('00000000-0000-7000-8000-000000062006', '00000000-0000-7000-8000-000000062005') returning kind = 'parent';
insert into design.files (version_id, path, asset_id, sha256, byte_size) values ('00000000-0000-7000-8000-000000062005', 'a.step', '00000000-0000-7000-8000-000000062003', sha256('a'), 1) returning role = 'cad';
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000062005', 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}') returning schema_version = 1 and derived is not null;
insert into design.bom_items (version_id, line_no, term_id, quantity) select '00000000-0000-7000-8000-000000062005', 1, id, 2 from core.terms where path::text = 'material' returning unit::text = 'pcs' and make_or_buy = 'make';
insert into design.collaborators (design_id, user_id) values ('00000000-0000-7000-8000-000000062004', '00000000-0000-7000-8000-000000062002') returning role = 'viewer' and invited_at = now() and now() <@ during;
insert into design.reviews (version_id, reviewer_id) values ('00000000-0000-7000-8000-000000062005', '00000000-0000-7000-8000-000000062002') returning id is not null and round = 1 and checklist = '{}' and anchors = '[]' and created_at = now() and updated_at = now();
insert into design.listings (id, design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000062007', '00000000-0000-7000-8000-000000062004', '00000000-0000-7000-8000-000000062006', 5)
returning status = 'draft' and currency = 'USD' and royalty_percent = 0 and min_quantity = 1 and stats = '{}' and rank_score = 0 and metadata = '{}' and created_at = now() and updated_at = now();
insert into design.listings (design_id, version_id, price_usd, status) values ('00000000-0000-7000-8000-000000062004', '00000000-0000-7000-8000-000000062006', 5, 'closed') returning id is not null;
insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000062007', '00000000-0000-7000-8000-000000062002', 4) returning not verified_purchase and created_at = now();
insert into design.edit_locks (design_id, path, user_id, expires_at) values ('00000000-0000-7000-8000-000000062004', 'a.step', '00000000-0000-7000-8000-000000062001', now() + interval '5 minutes') returning acquired_at = now() and token is not null;
insert into design.licences (spdx_id, name, kind, text_url) values ('Probe-0062', 'x', 'content', 'https://example.org') returning permits_commercial and permits_derivatives and not share_alike and requires_attribution;
insert into design.spec_schemas (family, version, json_schema, units) values ('probe', 1, '{"type": "object", "properties": {}}', '{}') returning status = 'active';
select count(*) = 1 from design.versions v join design.files f on f.version_id = v.id join design.hinge_specs s on s.version_id = v.id join design.bom_items b on b.version_id = v.id join design.version_edges e on e.parent_id = v.id
where v.design_id = '00000000-0000-7000-8000-000000062004';
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into design.licences select * from design.licences where spdx_id = 'MIT' $$, 'licences_spdx_id_pk'),
  ($$ insert into design.licence_compatibility select * from design.licence_compatibility limit 1 $$, 'licence_compatibility_inbound_spdx_outbound_spdx_pk'),
  ($$ insert into design.spec_schemas select * from design.spec_schemas where family = 'butt' $$, 'spec_schemas_family_version_pk'),
  ($$ insert into design.versions (id, design_id, number, content_sha256, author_id) select id, design_id, 9, sha256('62d'), author_id from design.versions where content_sha256 = sha256('62') $$, 'versions_id_pk'),
  ($$ insert into design.versions (design_id, number, content_sha256, author_id) select design_id, 1, sha256('62d'), author_id from design.versions where content_sha256 = sha256('62') $$, 'versions_design_id_number_key'),
  ($$ insert into design.versions (design_id, number, content_sha256, author_id) select design_id, 9, content_sha256, author_id from design.versions where content_sha256 = sha256('62') $$, 'versions_design_id_content_sha256_key'),
  ($$ insert into design.version_edges select * from design.version_edges where parent_id = '00000000-0000-7000-8000-000000062005' $$, 'version_edges_child_id_parent_id_pk'),
  ($$ insert into design.files select * from design.files where version_id = '00000000-0000-7000-8000-000000062005' $$, 'files_version_id_path_pk'),
  ($$ insert into design.hinge_specs select * from design.hinge_specs where version_id = '00000000-0000-7000-8000-000000062005' $$, 'hinge_specs_version_id_pk'),
  ($$ insert into design.bom_items select * from design.bom_items where version_id = '00000000-0000-7000-8000-000000062005' $$, 'bom_items_version_id_line_no_pk'),
  ($$ insert into design.collaborators select * from design.collaborators where design_id = '00000000-0000-7000-8000-000000062004' $$, 'collaborators_design_id_user_id_pk'),
  ($$ insert into design.reviews (id, version_id, reviewer_id, round) select id, version_id, reviewer_id, 2 from design.reviews where version_id = '00000000-0000-7000-8000-000000062005' $$, 'reviews_id_pk'),
  ($$ insert into design.reviews (version_id, reviewer_id) select version_id, reviewer_id from design.reviews where version_id = '00000000-0000-7000-8000-000000062005' $$, 'reviews_version_id_reviewer_id_round_key'),
  ($$ insert into design.listings (id, design_id, version_id, price_usd, status) select id, design_id, version_id, 1, 'closed' from design.listings where design_id = '00000000-0000-7000-8000-000000062004' $$, 'listings_id_pk'),
  ($$ insert into design.listing_ratings select * from design.listing_ratings where listing_id = '00000000-0000-7000-8000-000000062007' $$, 'listing_ratings_listing_id_user_id_pk'),
  ($$ insert into design.edit_locks select * from design.edit_locks where design_id = '00000000-0000-7000-8000-000000062004' $$, 'edit_locks_design_id_path_pk')) v(sql, rule);
select count(*) = 13 and bool_and(relrowsecurity and relforcerowsecurity), count(*) filter (where relpersistence = 'u') = 1 from pg_class where relnamespace = 'design'::regnamespace and relname in
  ('licences', 'licence_compatibility', 'spec_schemas', 'versions', 'version_edges', 'files', 'hinge_specs', 'bom_items', 'collaborators', 'reviews', 'listings', 'listing_ratings', 'edit_locks');

-- task: BUILD_0063 create_indexes
-- title: Index version history, file hashes, lineage, BOM use and listing rank
-- does: The newest versions of a design, versions and files of a digest, children of a version, designs that use a part or material, designs of a collaborator,
--   the best listings in order, reviews of a round and locks that ran out.
-- proves: each query can be served by the index made for it, the best listings without a sort.
-- needs: BUILD_0005, BUILD_0062
create index versions_design_id_number_idx on design.versions (design_id, number desc) include (released_at);
create index versions_content_sha256_idx on design.versions (content_sha256);
create index version_edges_parent_id_idx on design.version_edges (parent_id);
create index files_sha256_idx on design.files (sha256);
create index files_asset_id_idx on design.files (asset_id);
create index bom_items_term_id_idx on design.bom_items (term_id) where term_id is not null;
create index bom_items_part_design_id_idx on design.bom_items (part_design_id) where part_design_id is not null;
create index collaborators_user_id_idx on design.collaborators (user_id);
create index listings_rank_score_idx on design.listings (rank_score desc, id) where status = 'listed';
create index reviews_version_id_round_idx on design.reviews (version_id, round);
create index edit_locks_expires_at_idx on design.edit_locks (expires_at);

comment on index design.versions_design_id_number_idx is 'History of a design, newest first, with what is released.';
comment on index design.versions_content_sha256_idx is 'Where the same content was committed before, in any design.';
comment on index design.version_edges_parent_id_idx is 'Children of a version; and the foreign key.';
comment on index design.files_sha256_idx is 'Versions that hold a file of this digest.';
comment on index design.files_asset_id_idx is 'Versions that use a stored file; and the foreign key.';
comment on index design.bom_items_term_id_idx is 'Designs that use a material; and the foreign key.';
comment on index design.bom_items_part_design_id_idx is 'Designs that use a part; and the foreign key.';
comment on index design.collaborators_user_id_idx is 'Designs somebody works on; and the foreign key.';
comment on index design.listings_rank_score_idx is 'The marketplace, best first, page by page.';
comment on index design.reviews_version_id_round_idx is 'Reviews of a round of a version.';
comment on index design.edit_locks_expires_at_idx is 'Locks that ran out.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select number, released_at from design.versions where design_id = '00000000-0000-7000-8000-000000063001' order by number desc limit 20 $$, 'versions_design_id_number_idx'),
  ($$ select from design.versions where content_sha256 = '\x00' $$, 'versions_content_sha256_idx'),
  ($$ select child_id from design.version_edges where parent_id = '00000000-0000-7000-8000-000000063001' $$, 'version_edges_parent_id_idx'),
  ($$ select version_id from design.files where sha256 = '\x00' $$, 'files_sha256_idx'),
  ($$ select version_id from design.files where asset_id = '00000000-0000-7000-8000-000000063001' $$, 'files_asset_id_idx'),
  ($$ select version_id from design.bom_items where term_id = '00000000-0000-7000-8000-000000063001' $$, 'bom_items_term_id_idx'),
  ($$ select version_id from design.bom_items where part_design_id = '00000000-0000-7000-8000-000000063001' $$, 'bom_items_part_design_id_idx'),
  ($$ select design_id from design.collaborators where user_id = '00000000-0000-7000-8000-000000063001' $$, 'collaborators_user_id_idx'),
  ($$ select id from design.listings where status = 'listed' order by rank_score desc, id limit 20 $$, 'listings_rank_score_idx'),
  ($$ select id from design.reviews where version_id = '00000000-0000-7000-8000-000000063001' and round = 1 $$, 'reviews_version_id_round_idx'),
  ($$ select from design.edit_locks where expires_at < now() $$, 'edit_locks_expires_at_idx')) v(sql, index);
set local enable_seqscan = off;
create function pg_temp.plan(sql text) returns jsonb language plpgsql as $$ declare p jsonb; begin execute 'explain (format json) ' || sql into p; return p; end $$;
select not pg_temp.plan('select id from design.listings where status = ''listed'' order by rank_score desc, id limit 20')::text ~ '"Sort"';

-- task: BUILD_0064 create_foreign_keys critical
-- title: Connect design tables and close the loop core.designs.head_version_id -> design.versions
-- does: Everything below a version goes with it, a version with its design; files hold back their asset, parts their design, forks their origin. core.designs points to
--   its head and its origin by keys that are checked at commit, and to licence and category.
-- proves: design and first version insert in either order, an asset in use cannot be deleted (23503), a version that others descend from holds its design back,
--   every key refuses a stranger and is indexed.
-- needs: BUILD_0005, BUILD_0062, BUILD_0063, BUILD_0681, BUILD_0691
alter table design.licence_compatibility
  add constraint licence_compatibility_inbound_spdx_fk foreign key (inbound_spdx) references design.licences (spdx_id) on delete cascade,
  add constraint licence_compatibility_outbound_spdx_fk foreign key (outbound_spdx) references design.licences (spdx_id) on delete cascade;
alter table design.versions
  add constraint versions_design_id_fk foreign key (design_id) references core.designs (id) on delete cascade deferrable initially deferred,
  add constraint versions_author_id_fk foreign key (author_id) references core.users (id),
  add constraint versions_licence_spdx_fk foreign key (licence_spdx) references design.licences (spdx_id);
alter table design.version_edges
  add constraint version_edges_child_id_fk foreign key (child_id) references design.versions (id) on delete cascade,
  add constraint version_edges_parent_id_fk foreign key (parent_id) references design.versions (id) deferrable initially deferred;
alter table design.files
  add constraint files_version_id_fk foreign key (version_id) references design.versions (id) on delete cascade,
  add constraint files_asset_id_fk foreign key (asset_id) references core.assets (id);
alter table design.hinge_specs
  add constraint hinge_specs_version_id_fk foreign key (version_id) references design.versions (id) on delete cascade,
  add constraint hinge_specs_family_schema_version_fk foreign key (family, schema_version) references design.spec_schemas (family, version);
alter table design.bom_items
  add constraint bom_items_version_id_fk foreign key (version_id) references design.versions (id) on delete cascade,
  add constraint bom_items_term_id_fk foreign key (term_id) references core.terms (id),
  add constraint bom_items_part_design_id_fk foreign key (part_design_id) references core.designs (id);
alter table design.collaborators
  add constraint collaborators_design_id_fk foreign key (design_id) references core.designs (id) on delete cascade,
  add constraint collaborators_user_id_fk foreign key (user_id) references core.users (id),
  add constraint collaborators_invited_by_fk foreign key (invited_by) references core.users (id);
alter table design.reviews
  add constraint reviews_version_id_fk foreign key (version_id) references design.versions (id) on delete cascade,
  add constraint reviews_reviewer_id_fk foreign key (reviewer_id) references core.users (id);
alter table design.listings
  add constraint listings_design_id_fk foreign key (design_id) references core.designs (id),
  add constraint listings_version_id_fk foreign key (version_id) references design.versions (id);
alter table design.listing_ratings
  add constraint listing_ratings_listing_id_fk foreign key (listing_id) references design.listings (id) on delete cascade,
  add constraint listing_ratings_user_id_fk foreign key (user_id) references core.users (id);
alter table design.edit_locks
  add constraint edit_locks_design_id_fk foreign key (design_id) references core.designs (id) on delete cascade,
  add constraint edit_locks_user_id_fk foreign key (user_id) references core.users (id) on delete cascade;
alter table core.designs
  add constraint designs_head_version_id_fk foreign key (head_version_id) references design.versions (id) deferrable initially deferred,
  add constraint designs_forked_from_version_id_fk foreign key (forked_from_version_id) references design.versions (id) deferrable initially deferred,
  add constraint designs_licence_spdx_fk foreign key (licence_spdx) references design.licences (spdx_id),
  add constraint designs_category_id_fk foreign key (category_id) references core.terms (id);

create index licence_compatibility_outbound_spdx_idx on design.licence_compatibility (outbound_spdx);
create index versions_author_id_idx on design.versions (author_id);
create index versions_licence_spdx_idx on design.versions (licence_spdx);
create index hinge_specs_family_schema_version_idx on design.hinge_specs (family, schema_version);
create index collaborators_invited_by_idx on design.collaborators (invited_by);
create index reviews_reviewer_id_idx on design.reviews (reviewer_id);
create index listings_design_id_idx on design.listings (design_id);
create index listings_version_id_idx on design.listings (version_id);
create index listing_ratings_user_id_idx on design.listing_ratings (user_id);
create index edit_locks_user_id_idx on design.edit_locks (user_id);
create index designs_head_version_id_idx on core.designs (head_version_id);
create index designs_forked_from_version_id_idx on core.designs (forked_from_version_id) where forked_from_version_id is not null;
create index designs_licence_spdx_idx on core.designs (licence_spdx);
create index designs_category_id_idx on core.designs (category_id);

comment on index design.licence_compatibility_outbound_spdx_idx is 'What may go into a licence; and the foreign key.';
comment on index design.versions_author_id_idx is 'Commits of a person; and the foreign key.';
comment on index design.versions_licence_spdx_idx is 'Foreign key: versions under a licence.';
comment on index design.hinge_specs_family_schema_version_idx is 'Specs of a family; and the foreign key.';
comment on index design.collaborators_invited_by_idx is 'Foreign key: who invited.';
comment on index design.reviews_reviewer_id_idx is 'Reviews a person is asked for; and the foreign key.';
comment on index design.listings_design_id_idx is 'Listings of a design; and the foreign key.';
comment on index design.listings_version_id_idx is 'Foreign key: listings of a version.';
comment on index design.listing_ratings_user_id_idx is 'Foreign key: ratings somebody gave.';
comment on index design.edit_locks_user_id_idx is 'Foreign key: locks somebody holds.';
comment on index core.designs_head_version_id_idx is 'Foreign key: the design a version is the head of.';
comment on index core.designs_forked_from_version_id_idx is 'Forks of a version; and the foreign key.';
comment on index core.designs_licence_spdx_idx is 'Foreign key: designs under a licence.';
comment on index core.designs_category_id_idx is 'Designs of a category; and the foreign key.';
comment on constraint designs_head_version_id_fk on core.designs is 'Checked at commit: design and first version refer to each other.';
comment on constraint designs_forked_from_version_id_fk on core.designs is 'Checked at commit, as a fork is made in one go.';
comment on constraint version_edges_parent_id_fk on design.version_edges is 'Checked at commit: a whole history goes with its design, but not from under a fork.';
comment on constraint versions_design_id_fk on design.versions is 'Checked at commit; versions go only with their design.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000064001', 'ada-0064');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000064002', '00000000-0000-7000-8000-000000064001', 'a.step', 'model/step', 1);
insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at) values
  ('00000000-0000-7000-8000-000000064011', '00000000-0000-7000-8000-000000064003', 1, sha256('64'), '00000000-0000-7000-8000-000000064001', 'MIT', now());
insert into core.designs (id, owner_id, slug, title, head_version_id, licence_spdx) values ('00000000-0000-7000-8000-000000064003', '00000000-0000-7000-8000-000000064001', 'a-0064', 'Probe', '00000000-0000-7000-8000-000000064011', 'MIT');
insert into core.designs (id, owner_id, slug, title, head_version_id, forked_from_version_id) values
  ('00000000-0000-7000-8000-000000064004', '00000000-0000-7000-8000-000000064001', 'b-0064', 'Probe', '00000000-0000-7000-8000-000000064012', '00000000-0000-7000-8000-000000064011');
insert into design.versions (id, design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000064012', '00000000-0000-7000-8000-000000064004', 1, sha256('64'), '00000000-0000-7000-8000-000000064001');
insert into design.version_edges (child_id, parent_id, kind) values ('00000000-0000-7000-8000-000000064012', '00000000-0000-7000-8000-000000064011', 'fork');
insert into design.files (version_id, path, asset_id, sha256, byte_size) values ('00000000-0000-7000-8000-000000064012', 'a.step', '00000000-0000-7000-8000-000000064002', sha256('a'), 1);
insert into design.listings (id, design_id, version_id, price_usd, status) values ('00000000-0000-7000-8000-000000064005', '00000000-0000-7000-8000-000000064003', '00000000-0000-7000-8000-000000064011', 1, 'closed');
set constraints all immediate;
select rule, blueprint.raises(sql, '23503', rule) from (values
  ($$ insert into design.licence_compatibility (inbound_spdx, outbound_spdx, verdict) values ('Nope', 'MIT', 'allowed') $$, 'licence_compatibility_inbound_spdx_fk'),
  ($$ insert into design.licence_compatibility (inbound_spdx, outbound_spdx, verdict) values ('MIT', 'Nope', 'allowed') $$, 'licence_compatibility_outbound_spdx_fk'),
  ($$ insert into design.versions (design_id, number, content_sha256, author_id) values (uuidv7(), 1, sha256('64'), '00000000-0000-7000-8000-000000064001') $$, 'versions_design_id_fk'),
  ($$ insert into design.versions (design_id, number, content_sha256, author_id) values ('00000000-0000-7000-8000-000000064003', 9, sha256('649'), uuidv7()) $$, 'versions_author_id_fk'),
  ($$ insert into design.versions (design_id, number, content_sha256, author_id, licence_spdx) values ('00000000-0000-7000-8000-000000064003', 9, sha256('649'), '00000000-0000-7000-8000-000000064001', 'Nope') $$, 'versions_licence_spdx_fk'),
  ($$ insert into design.version_edges (child_id, parent_id) values ('ffffffff-0000-7000-8000-00000006400f', '00000000-0000-7000-8000-000000064011') $$, 'version_edges_child_id_fk'),
  ($$ insert into design.version_edges (child_id, parent_id) values ('00000000-0000-7000-8000-000000064012', '00000000-0000-7000-8000-00000006400f') $$, 'version_edges_parent_id_fk'),
  ($$ insert into design.files (version_id, path, asset_id, sha256, byte_size) values (uuidv7(), 'x', '00000000-0000-7000-8000-000000064002', sha256('a'), 1) $$, 'files_version_id_fk'),
  ($$ insert into design.files (version_id, path, asset_id, sha256, byte_size) values ('00000000-0000-7000-8000-000000064012', 'x', uuidv7(), sha256('a'), 1) $$, 'files_asset_id_fk'),
  ($$ insert into design.hinge_specs (version_id, family, params) values (uuidv7(), 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}') $$, 'hinge_specs_version_id_fk'),
  ($$ insert into design.bom_items (version_id, line_no, part_design_id, quantity) values (uuidv7(), 1, '00000000-0000-7000-8000-000000064003', 1) $$, 'bom_items_version_id_fk'),
  ($$ insert into design.bom_items (version_id, line_no, term_id, quantity) values ('00000000-0000-7000-8000-000000064012', 1, uuidv7(), 1) $$, 'bom_items_term_id_fk'),
  ($$ insert into design.bom_items (version_id, line_no, part_design_id, quantity) values ('00000000-0000-7000-8000-000000064012', 1, uuidv7(), 1) $$, 'bom_items_part_design_id_fk'),
  ($$ insert into design.collaborators (design_id, user_id) values (uuidv7(), '00000000-0000-7000-8000-000000064001') $$, 'collaborators_design_id_fk'),
  ($$ insert into design.collaborators (design_id, user_id) values ('00000000-0000-7000-8000-000000064003', uuidv7()) $$, 'collaborators_user_id_fk'),
  ($$ insert into design.collaborators (design_id, user_id, invited_by) values ('00000000-0000-7000-8000-000000064003', '00000000-0000-7000-8000-000000064001', uuidv7()) $$, 'collaborators_invited_by_fk'),
  ($$ insert into design.reviews (version_id, reviewer_id) values (uuidv7(), '00000000-0000-7000-8000-000000064001') $$, 'reviews_version_id_fk'),
  ($$ insert into design.reviews (version_id, reviewer_id) values ('00000000-0000-7000-8000-000000064012', uuidv7()) $$, 'reviews_reviewer_id_fk'),
  ($$ insert into design.listings (design_id, version_id, price_usd, status) values (uuidv7(), '00000000-0000-7000-8000-000000064011', 1, 'closed') $$, 'listings_design_id_fk'),
  ($$ insert into design.listings (design_id, version_id, price_usd) values ('00000000-0000-7000-8000-000000064003', uuidv7(), 1) $$, 'listings_version_id_fk'),
  ($$ insert into design.listing_ratings (listing_id, user_id, stars) values (uuidv7(), '00000000-0000-7000-8000-000000064001', 5) $$, 'listing_ratings_listing_id_fk'),
  ($$ insert into design.listing_ratings (listing_id, user_id, stars) values ('00000000-0000-7000-8000-000000064005', uuidv7(), 5) $$, 'listing_ratings_user_id_fk'),
  ($$ insert into design.edit_locks (design_id, path, user_id, expires_at) values (uuidv7(), 'x', '00000000-0000-7000-8000-000000064001', now() + interval '1 minute') $$, 'edit_locks_design_id_fk'),
  ($$ insert into design.edit_locks (design_id, path, user_id, expires_at) values ('00000000-0000-7000-8000-000000064003', 'x', uuidv7(), now() + interval '1 minute') $$, 'edit_locks_user_id_fk'),
  ($$ insert into core.designs (owner_id, slug, title, head_version_id) values ('00000000-0000-7000-8000-000000064001', 'c-0064', 'Probe', uuidv7()) $$, 'designs_head_version_id_fk'),
  ($$ insert into core.designs (owner_id, slug, title, forked_from_version_id) values ('00000000-0000-7000-8000-000000064001', 'c-0064', 'Probe', uuidv7()) $$, 'designs_forked_from_version_id_fk'),
  ($$ insert into core.designs (owner_id, slug, title, licence_spdx) values ('00000000-0000-7000-8000-000000064001', 'c-0064', 'Probe', 'Nope') $$, 'designs_licence_spdx_fk'),
  ($$ insert into core.designs (owner_id, slug, title, category_id) values ('00000000-0000-7000-8000-000000064001', 'c-0064', 'Probe', uuidv7()) $$, 'designs_category_id_fk'),
  ($$ delete from core.assets where id = '00000000-0000-7000-8000-000000064002' $$, 'files_asset_id_fk')) v(sql, rule);
insert into design.hinge_specs (version_id, family, params) values ('00000000-0000-7000-8000-000000064012', 'barrel', '{"leaf_length_mm": 40, "pin_mm": 5, "knuckle_mm": 10, "load_n": 100, "material": "brass"}');
select blueprint.raises($$ delete from design.spec_schemas where family = 'barrel' $$, '23503', 'hinge_specs_family_schema_version_fk'),
  blueprint.raises($$ delete from core.designs where id = '00000000-0000-7000-8000-000000064003' $$, '23503');
delete from core.designs where id = '00000000-0000-7000-8000-000000064004';
select not exists (select from design.versions where design_id = '00000000-0000-7000-8000-000000064004'), not exists (select from design.files where path = 'a.step' and version_id = '00000000-0000-7000-8000-000000064012'),
  not exists (select from design.version_edges where child_id = '00000000-0000-7000-8000-000000064012'), not exists (select from design.hinge_specs where version_id = '00000000-0000-7000-8000-000000064012');
select count(*) = 0 from blueprint.unindexed_fks('design');
select count(*) = 0 from blueprint.unindexed_fks('core') where table_name = 'core.designs';
