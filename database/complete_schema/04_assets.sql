-- Core table assets: the registry of stored files. Bytes lie in object storage; here stand owner, digest, state and who may see them.

-- task: BUILD_0691 create_table
-- title: Create core.assets, the registry of stored files, with policies
-- does: One row per stored file of an owner. Owners see all of theirs and may rename or reclassify them, everybody sees what is public and ready,
--   staff see all; storage keys are granted to nobody.
-- proves: anon sees a public ready asset but no pending or restricted one, the owner sees all three, B cannot update A's, nobody reads the storage key.
-- needs: BUILD_0005, BUILD_0661
create table core.assets (
  id uuid default uuidv7() constraint assets_id_pk primary key,
  owner_id uuid not null constraint assets_owner_id_fk references core.users (id),
  sha256 core.sha256,
  storage_backend text not null default 's3',
  storage_key text,
  filename text not null,
  media_type text not null,
  byte_size bigint not null constraint assets_byte_size_check check (byte_size > 0),
  width int,
  height int,
  duration_ms bigint,
  classification text not null default 'internal',
  status text not null default 'pending',
  purge_after timestamptz,
  usage_count bigint not null default 0,
  technical jsonb not null default '{}' constraint assets_technical_check check (jsonb_typeof(technical) = 'object'),
  metadata jsonb not null default '{}' constraint assets_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index assets_owner_id_created_at_idx on core.assets (owner_id, created_at desc);

create policy assets_public_select on core.assets for select to hc_anon using (classification = 'public' and status = 'ready');

create policy assets_own_select on core.assets for select to hc_member using (owner_id = (select core.current_user_id()));

create policy assets_own_update on core.assets for update to hc_member using (owner_id = (select core.current_user_id()));

create policy assets_staff_select on core.assets for select to hc_moderator, hc_compliance, hc_auditor using (true);

grant select (id, owner_id, sha256, filename, media_type, byte_size, width, height, duration_ms, classification, status, purge_after, usage_count, technical, metadata,
    created_at, updated_at) on core.assets to hc_anon, hc_auditor;

grant update (filename, classification, metadata) on core.assets to hc_member;

comment on table core.assets is 'Stored files: what they are, whose they are, in which state. The bytes lie in object storage. @distribution reference';
comment on column core.assets.id is 'Version 7 UUID.';
comment on column core.assets.owner_id is 'Whose file it is.';
comment on column core.assets.sha256 is 'Digest of the bytes, known from status uploaded on.';
comment on column core.assets.storage_backend is 'Which store holds the bytes.';
comment on column core.assets.storage_key is 'Where in the store; handed out only as signed tickets. @secret';
comment on column core.assets.filename is 'Name as the owner gave it.';
comment on column core.assets.media_type is 'As image/png.';
comment on column core.assets.byte_size is 'Size in bytes.';
comment on column core.assets.width is 'Pixels, of pictures and films.';
comment on column core.assets.height is 'Pixels, of pictures and films.';
comment on column core.assets.duration_ms is 'Milliseconds, of sound and films.';
comment on column core.assets.classification is 'public, internal or restricted.';
comment on column core.assets.status is 'State machine asset: pending, uploaded, scanned, quarantined, ready, purged.';
comment on column core.assets.purge_after is 'When unused bytes go.';
comment on column core.assets.usage_count is 'References, as last counted.';
comment on column core.assets.technical is 'What reading the bytes told: exif, mesh statistics, scan results.';
comment on column core.assets.metadata is 'Notes of the platform.';
comment on column core.assets.created_at is 'When it was registered.';
comment on column core.assets.updated_at is 'When the row last really changed.';
comment on index core.assets_owner_id_created_at_idx is 'Files of an owner, newest first; and the foreign key.';
comment on policy assets_public_select on core.assets is 'Everybody sees what is public and ready.';
comment on policy assets_own_select on core.assets is 'Owners see their files in any state.';
comment on policy assets_own_update on core.assets is 'Owners rename and reclassify their files, as far as column grants allow.';
comment on policy assets_staff_select on core.assets is 'Moderation, compliance and audit see every file.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000691001', 'ada-0691'), ('00000000-0000-7000-8000-000000691002', 'bob-0691');
insert into core.assets (id, owner_id, sha256, filename, media_type, byte_size, classification, status, technical) values
  ('00000000-0000-7000-8000-000000691011', '00000000-0000-7000-8000-000000691001', sha256('11'), 'hinge.png', 'image/png', 10, 'public', 'ready', '{"scanned_at": "2026-01-01"}'),
  ('00000000-0000-7000-8000-000000691013', '00000000-0000-7000-8000-000000691001', sha256('13'), 'id.pdf', 'application/pdf', 10, 'restricted', 'ready', '{"scanned_at": "2026-01-01"}');
insert into core.assets (owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000691001', 'draft.png', 'image/png', 10)
returning id is not null and status = 'pending' and classification = 'internal' and storage_backend = 's3' and usage_count = 0 and technical = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
select cols, blueprint.raises(format($$ insert into core.assets (%s, filename, media_type, byte_size) values (%s) $$, cols, vals), state, rule) from (values
  ('owner_id', $$ '00000000-0000-7000-8000-00000069100f', 'a', 'b/c', 1 $$, '23503', 'assets_owner_id_fk'),
  ('owner_id', $$ '00000000-0000-7000-8000-000000691001', 'a', 'b/c', 0 $$, '23514', 'assets_byte_size_check'),
  ('owner_id, technical', $$ '00000000-0000-7000-8000-000000691001', '[]', 'a', 'b/c', 1 $$, '23514', 'assets_technical_check'),
  ('owner_id, metadata', $$ '00000000-0000-7000-8000-000000691001', '[]', 'a', 'b/c', 1 $$, '23514', 'assets_metadata_check'),
  ('owner_id, id', $$ '00000000-0000-7000-8000-000000691001', '00000000-0000-7000-8000-000000691011', 'a', 'b/c', 1 $$, '23505', 'assets_id_pk')) v(cols, vals, state, rule);
select blueprint.plan_uses($$ select id from core.assets where owner_id = '00000000-0000-7000-8000-000000691001' order by created_at desc $$, 'assets_owner_id_created_at_idx');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.assets'::regclass;
set local role hc_anon;
select count(*) = 1 and bool_and(filename = 'hinge.png') from core.assets where owner_id = '00000000-0000-7000-8000-000000691001';
select blueprint.raises('select storage_key from core.assets', '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000691001');
set local role hc_member;
select count(*) = 3 from core.assets where owner_id = '00000000-0000-7000-8000-000000691001';
with changed as (update core.assets set filename = 'hinge-2.png', classification = 'public', metadata = '{"a": 1}' where id = '00000000-0000-7000-8000-000000691011' returning 1) select count(*) = 1 from changed;
select blueprint.raises($$ update core.assets set status = 'ready' $$, '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000691002');
set local role hc_member;
with changed as (update core.assets set filename = 'mine.png' where owner_id = '00000000-0000-7000-8000-000000691001' returning 1) select count(*) = 0 from changed;
select count(*) = 1 from core.assets where owner_id = '00000000-0000-7000-8000-000000691001';
set local role hc_moderator;
select count(*) = 3 from core.assets where owner_id = '00000000-0000-7000-8000-000000691001';
set local role hc_compliance;
select count(*) = 3 from core.assets where owner_id = '00000000-0000-7000-8000-000000691001';
set local role hc_auditor;
select count(*) = 3 from core.assets where owner_id = '00000000-0000-7000-8000-000000691001';
set local role hc_owner;
select c, has_column_privilege('hc_anon', 'core.assets', c, 'select') and has_column_privilege('hc_auditor', 'core.assets', c, 'select')
from unnest(string_to_array('id,owner_id,sha256,filename,media_type,byte_size,width,height,duration_ms,classification,status,purge_after,usage_count,technical,metadata,created_at,updated_at', ',')) c;

-- task: BUILD_0692 create_table_indexes
-- title: Index assets by hash, key, processing state and purge date
-- does: One index per question: who else has these bytes, which rows share a stored object, what waits for processing, what is to be purged, files of a type. Owners share
--   objects by key, so the key is not unique; whose bytes they are says the unique rule of BUILD_0693.
-- proves: each of the queries can be served by the index made for it.
-- needs: BUILD_0005, BUILD_0691
create index assets_sha256_idx on core.assets (sha256);
create index assets_storage_backend_storage_key_idx on core.assets (storage_backend, storage_key) where storage_key is not null;
create index assets_status_created_at_idx on core.assets (status, created_at) where status in ('pending', 'uploaded', 'scanned');
create index assets_purge_after_idx on core.assets (purge_after) where purge_after is not null;
create index assets_media_type_idx on core.assets (media_type text_pattern_ops);

comment on index core.assets_sha256_idx is 'Rows with the same bytes (core.register_asset).';
comment on index core.assets_storage_backend_storage_key_idx is 'Rows that share a stored object: the last one takes it along.';
comment on index core.assets_status_created_at_idx is 'The processing queue: what is not ready, oldest first.';
comment on index core.assets_purge_after_idx is 'What is to be purged, soonest first.';
comment on index core.assets_media_type_idx is 'Files of a family of types, as image/%.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.assets where sha256 = sha256('x') $$, 'assets_sha256_idx'),
  ($$ select from core.assets where storage_backend = 's3' and storage_key = 'x' $$, 'assets_storage_backend_storage_key_idx'),
  ($$ select from core.assets where status = 'uploaded' order by created_at limit 10 $$, 'assets_status_created_at_idx'),
  ($$ select from core.assets where purge_after <= now() order by purge_after limit 10 $$, 'assets_purge_after_idx'),
  ($$ select from core.assets where media_type like 'image/%' $$, 'assets_media_type_idx')) v(sql, index);

-- task: BUILD_0693 create_table_constraints critical
-- title: Constrain assets: sizes, media types, hash and state honesty
-- does: At most 5 GiB, a digest from upload on, a type of the form type/subtype, a plain file name, the same bytes once per owner while they live; a purged row has no key, a ready
--   one was scanned or is exempt; measures are positive and no key climbs upwards.
-- proves: each rule refuses the row that breaks it, and the same bytes may come again after a purge.
-- needs: BUILD_0691
alter table core.assets
  add constraint assets_byte_size_limit_check check (byte_size <= '5368709120'::bigint),
  add constraint assets_sha256_known_check check (sha256 is not null or status in ('pending', 'purged')),
  add constraint assets_media_type_check check (media_type ~ '^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$'),
  add constraint assets_filename_check check (length(filename) >= 1 and length(filename) <= 255 and filename !~ '[/\\[:cntrl:]]' and filename !~ '^\.{1,2}$'),
  add constraint assets_classification_check check (classification in ('public', 'internal', 'restricted')),
  add constraint assets_status_check check (status in ('pending', 'uploaded', 'scanned', 'quarantined', 'ready', 'purged')),
  add constraint assets_storage_key_check check (storage_key !~ '(^|/)\.\.(/|$)' and storage_key !~ '^/'),
  add constraint assets_purged_has_no_key_check check (status <> 'purged' or storage_key is null),
  add constraint assets_ready_is_scanned_check check (status <> 'ready' or technical ?| array['scanned_at', 'scan_exempt']),
  add constraint assets_measures_check check (width > 0 and height > 0 and duration_ms >= 0),
  add constraint assets_usage_count_check check (usage_count >= 0);

create unique index assets_owner_id_sha256_key on core.assets (owner_id, sha256) where status <> 'purged';

comment on index core.assets_owner_id_sha256_key is 'The same bytes once per owner, while they live.';
comment on constraint assets_ready_is_scanned_check on core.assets is 'Nothing is handed out that no scanner saw, unless it is exempt for a reason.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000693001', 'ada-0693');
insert into core.assets (id, owner_id, sha256, filename, media_type, byte_size, storage_key, width, height, duration_ms, status) values
  ('00000000-0000-7000-8000-000000693011', '00000000-0000-7000-8000-000000693001', sha256('1'), 'ok..name.svg', 'image/svg+xml', 5368709120, 'sha256/ab', 1, 1, 0, 'uploaded');
select rule, blueprint.raises(format($$ insert into core.assets (owner_id, filename, media_type, byte_size, %s) values ('00000000-0000-7000-8000-000000693001', %s) $$, cols, vals), state, rule) from (values
  ('status', $$ 'a', 'b/c', 5368709121, 'pending' $$, '23514', 'assets_byte_size_limit_check'),
  ('status', $$ 'a', 'b/c', 1, 'uploaded' $$, '23514', 'assets_sha256_known_check'),
  ('status', $$ 'a', 'image', 1, 'pending' $$, '23514', 'assets_media_type_check'),
  ('status', $$ '../a', 'b/c', 1, 'pending' $$, '23514', 'assets_filename_check'),
  ('status', $$ e'a\tb', 'b/c', 1, 'pending' $$, '23514', 'assets_filename_check'),
  ('classification', $$ 'a', 'b/c', 1, 'secret' $$, '23514', 'assets_classification_check'),
  ('status, sha256', $$ 'a', 'b/c', 1, 'lost', sha256('2') $$, '23514', 'assets_status_check'),
  ('storage_key', $$ 'a', 'b/c', 1, 'a/../b' $$, '23514', 'assets_storage_key_check'),
  ('status, storage_key', $$ 'a', 'b/c', 1, 'purged', 'a/b' $$, '23514', 'assets_purged_has_no_key_check'),
  ('status, sha256', $$ 'a', 'b/c', 1, 'ready', sha256('2') $$, '23514', 'assets_ready_is_scanned_check'),
  ('width', $$ 'a', 'b/c', 1, 0 $$, '23514', 'assets_measures_check'),
  ('height', $$ 'a', 'b/c', 1, 0 $$, '23514', 'assets_measures_check'),
  ('usage_count', $$ 'a', 'b/c', 1, -1 $$, '23514', 'assets_usage_count_check'),
  ('sha256', $$ 'a', 'b/c', 1, sha256('1') $$, '23505', 'assets_owner_id_sha256_key')) v(cols, vals, state, rule);
update core.assets set status = 'purged', storage_key = null where id = '00000000-0000-7000-8000-000000693011';
insert into core.assets (owner_id, sha256, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000693001', sha256('1'), 'again.svg', 'image/svg+xml', 1) returning status = 'pending';
insert into core.assets (owner_id, sha256, filename, media_type, byte_size, status, technical) values ('00000000-0000-7000-8000-000000693001', sha256('3'), 'icon.svg', 'image/svg+xml', 1, 'ready', '{"scan_exempt": "made here"}') returning status = 'ready';

-- task: BUILD_0694 create_table_triggers critical
-- title: Attach asset triggers: status machine 'asset', frozen content identity
-- does: Machine asset: pending, uploaded, scanned, ready, and quarantined or purged from anywhere; only a moderator with a reason releases what is quarantined. Digest, size and key are
--   frozen once the bytes are there; a purge clears the key and stamps purged_at; a type that is not what the bytes say is noted in technical.
-- proves: pending to ready raises, a digest changed after upload raises, a release by a member raises 42501 and by a moderator takes a reason, a purge leaves no key.
-- needs: BUILD_0014, BUILD_0020, BUILD_0691, BUILD_0693
alter table core.assets add column purged_at timestamptz;

grant select (purged_at) on core.assets to hc_anon, hc_auditor;

create function core.keep_asset() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.status = 'purged' and old.status <> 'purged' then
    new.storage_key := null;
    new.purge_after := null;
    new.purged_at := now();
  elsif old.status <> 'pending' and (new.sha256 is distinct from old.sha256 or new.byte_size <> old.byte_size or new.storage_key is distinct from old.storage_key) then
    raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name,
      message = 'digest, size and key of an uploaded file cannot change', hint = 'Other bytes are another asset.';
  end if;
  if new.technical ->> 'sniffed_type' <> new.media_type then
    new.technical := new.technical || jsonb_build_object('type_mismatch', true);
  end if;
  return new;
end $$;

create trigger assets_a_keep before update on core.assets for each row
  when (old.status is distinct from new.status or old.sha256 is distinct from new.sha256 or old.byte_size is distinct from new.byte_size
    or old.storage_key is distinct from new.storage_key or old.technical is distinct from new.technical)
  execute function core.keep_asset();

select core.attach_standard('core.assets', 'std');

select core.define_machine('asset', '{
  "pending": ["uploaded", "purged"],
  "uploaded": ["scanned", "quarantined", "purged"],
  "scanned": ["ready", "quarantined", "purged"],
  "ready": ["quarantined", "purged"],
  "quarantined": [{"to": "ready", "guard": "hc_moderator", "reason": true}, {"to": "purged", "reason": true}]}');

create trigger assets_status_machine after update of status on core.assets for each row execute function core.enforce_transition('asset');

comment on column core.assets.purged_at is 'When the bytes went.';
comment on function core.keep_asset is 'Trigger of core.assets: a purge clears the key; digest, size and key of an uploaded file are frozen; technical.type_mismatch says that the bytes are not of the type given.';
comment on trigger assets_a_keep on core.assets is 'Content identity is frozen after upload.';
comment on trigger assets_status_machine on core.assets is 'Status changes follow machine asset and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000694001', 'ada-0694');
insert into core.assets (id, owner_id, sha256, filename, media_type, byte_size, storage_key) values ('00000000-0000-7000-8000-000000694011', '00000000-0000-7000-8000-000000694001', sha256('1'), 'a.stl', 'model/stl', 10, 'sha256/0694');
select core.act_as('00000000-0000-7000-8000-000000694001');
select blueprint.raises($$ update core.assets set status = 'ready', technical = '{"scanned_at": "now"}' where owner_id = '00000000-0000-7000-8000-000000694001' $$, '23514', 'pending -> ready');
update core.assets set byte_size = 11 where owner_id = '00000000-0000-7000-8000-000000694001' returning byte_size = 11 and updated_at > now();
update core.assets set status = 'uploaded' where owner_id = '00000000-0000-7000-8000-000000694001';
select sql, blueprint.raises(sql, '55006', 'cannot change') from (values ($$ update core.assets set sha256 = sha256('2') where owner_id = '00000000-0000-7000-8000-000000694001' $$), ($$ update core.assets set byte_size = 12 where owner_id = '00000000-0000-7000-8000-000000694001' $$),
  ($$ update core.assets set storage_key = 'b' where owner_id = '00000000-0000-7000-8000-000000694001' $$), ($$ update core.assets set created_at = '2020-01-01' where owner_id = '00000000-0000-7000-8000-000000694001' $$)) v(sql);
update core.assets set technical = '{"scanned_at": "now", "sniffed_type": "text/html"}', status = 'scanned' where owner_id = '00000000-0000-7000-8000-000000694001' returning technical @> '{"type_mismatch": true}';
update core.assets set status = 'quarantined' where owner_id = '00000000-0000-7000-8000-000000694001';
select blueprint.raises($$ update core.assets set status = 'ready' where owner_id = '00000000-0000-7000-8000-000000694001' $$, '42501', 'takes hc_moderator');
select core.act_as('00000000-0000-7000-8000-000000694001', 'hc_moderator');
select blueprint.raises($$ update core.assets set status = 'ready' where owner_id = '00000000-0000-7000-8000-000000694001' $$, '23514', 'takes a reason');
select core.give_reason('false alarm');
update core.assets set status = 'ready', purge_after = now() where owner_id = '00000000-0000-7000-8000-000000694001' returning status = 'ready';
update core.assets set status = 'purged' where owner_id = '00000000-0000-7000-8000-000000694001' returning storage_key is null and purge_after is null and purged_at = now() and sha256 = sha256('1');
select array_agg(to_status order by occurred_at) = '{uploaded,scanned,quarantined,ready,purged}' from core.status_changes where entity_id = '00000000-0000-7000-8000-000000694011';
select role, has_column_privilege(role, 'core.assets', 'purged_at', 'select') from unnest(array['hc_anon', 'hc_auditor']) role;
select not has_function_privilege('hc_member', 'core.keep_asset()', 'execute');

-- revert
drop trigger assets_status_machine on core.assets;
select core.define_machine('asset', '{}');
select core.detach_standard('core.assets');
drop trigger assets_a_keep on core.assets;
drop function core.keep_asset;
alter table core.assets drop column purged_at;

-- task: BUILD_0695 create_jsonb_indexes
-- title: Index technical JSONB for mesh and image searches
-- does: core.printable_meshes(bed, watertight) finds meshes that fit a printer in any orientation, core.assets_missing(step) the files for which a step (thumbnail, scan, ...) was not done;
--   a GIN index finds files by what reading them told, a B-tree meshes by triangles, which are whole numbers.
-- proves: the watertight mesh of 150 mm fits a bed of 200 mm lying on any side, the one of 250 mm and the leaking one do not, somebody else's internal mesh is not shown;
--   a file without thumbnail is missing it; both indexes can serve.
-- needs: BUILD_0005, BUILD_0691, BUILD_0693
alter table core.assets add constraint assets_triangles_check check ((technical ->> 'triangles') ~ '^[0-9]{1,18}$');

create index assets_technical_idx on core.assets using gin (technical jsonb_path_ops);
create index assets_triangles_idx on core.assets (((technical ->> 'triangles')::bigint));

comment on index core.assets_technical_idx is 'Files by what reading the bytes told, as {"watertight": true}.';
comment on index core.assets_triangles_idx is 'Meshes by number of triangles.';

create function core.fits_box(size jsonb, box numeric[]) returns boolean
  language sql immutable parallel safe
begin atomic
  select coalesce(bool_and(s.mm <= b.mm), false) and count(s.mm) = cardinality(box)
  from (select x::numeric as mm, row_number() over (order by x::numeric) as rank from jsonb_array_elements_text(case jsonb_typeof(size) when 'array' then size else '[]' end) x) s
  full join (select y as mm, row_number() over (order by y) as rank from unnest(box) y) b using (rank);
end;

create function core.printable_meshes(max_bbox_mm numeric[], watertight boolean default true, most int default 100) returns table (asset_id uuid, filename text, bbox_mm jsonb, triangles bigint)
  language sql stable security definer
begin atomic
  select a.id, a.filename, a.technical -> 'bbox_mm', (a.technical ->> 'triangles')::bigint
  from core.assets a
  where a.technical @> jsonb_build_object('watertight', watertight) and a.status = 'ready'
    and (a.classification = 'public' or a.owner_id = core.current_user_id() or core.has_role('hc_moderator'))
    and core.fits_box(a.technical -> 'bbox_mm', max_bbox_mm)
  order by (a.technical ->> 'triangles')::bigint, a.id
  limit least(most, 1000);
end;

create function core.assets_missing(step text, most int default 100) returns table (asset_id uuid, media_type text, created_at timestamptz)
  language sql stable security definer
begin atomic
  select a.id, a.media_type, a.created_at from core.assets a
  where a.status in ('uploaded', 'scanned', 'ready') and not a.technical ? step
  order by a.created_at, a.id limit most;
end;

grant execute on function core.printable_meshes to hc_anon, hc_agent, hc_worker;
grant execute on function core.assets_missing to hc_worker;

comment on function core.fits_box is 'Whether measures (a JSON array in mm) fit into a box when turned: both sorted, each side no longer.';
comment on function core.printable_meshes is 'Ready meshes that fit a print bed in any orientation, lightest first, as far as the caller may see them. Security definer: row security would disable the GIN index; it repeats the rule of who sees a file.';
comment on function core.assets_missing is 'Stored files for which a step left nothing in technical (scanned_at, thumbnail, ...), oldest first. Security definer: the worker that does the step reads no table.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000695001', 'ada-0695'), ('00000000-0000-7000-8000-000000695002', 'bob-0695');
insert into core.assets (owner_id, sha256, filename, media_type, byte_size, status, classification, technical) select o, sha256(f::bytea), f, 'model/stl', 10, 'ready', c, t::jsonb || '{"scanned_at": "2026-01-01", "probe0695": true}'
from (values
  (uuid '00000000-0000-7000-8000-000000695001', 'fits-0695', 'public', '{"bbox_mm": [150, 20, 199.5], "watertight": true, "triangles": 12}'),
  ('00000000-0000-7000-8000-000000695001', 'large-0695', 'public', '{"bbox_mm": [250, 20, 20], "watertight": true, "triangles": 12}'),
  ('00000000-0000-7000-8000-000000695001', 'leaks-0695', 'public', '{"bbox_mm": [150, 20, 20], "watertight": false, "triangles": 12, "thumbnail": "x"}'),
  ('00000000-0000-7000-8000-000000695001', 'flat-0695', 'public', '{"bbox_mm": [150, 20], "watertight": true, "triangles": 12}'),
  ('00000000-0000-7000-8000-000000695002', 'hidden-0695', 'internal', '{"bbox_mm": [150, 20, 20], "watertight": true, "triangles": 4}')) v(o, f, c, t);
select core.fits_box('[1, 300, 2]', '{2,3,300}') and not core.fits_box('[1, 300, 3]', '{2,2,300}') and not core.fits_box(null, '{1}') and not core.fits_box('[]', '{1}');
select blueprint.raises($$ insert into core.assets (owner_id, filename, media_type, byte_size, technical) values ('00000000-0000-7000-8000-000000695001', 'x', 'a/b', 1, '{"triangles": "many"}') $$, '23514', 'assets_triangles_check');
select core.act_as('00000000-0000-7000-8000-000000695001');
set local role hc_anon;
select array_agg(filename) = '{fits-0695}' from core.printable_meshes('{200,200,200}') where filename like '%-0695';
set local role hc_worker;
select array_agg(filename) = '{fits-0695}' from core.printable_meshes('{200,20,200}') where filename like '%-0695';
select count(*) = 4 and not bool_or(media_type <> 'model/stl') from core.assets_missing('thumbnail', 100000) m where created_at = now() and media_type = 'model/stl';
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.assets where technical @> '{"watertight": true}' $$, 'assets_technical_idx'),
  ($$ select from core.assets where (technical ->> 'triangles')::bigint between 5 and 50 $$, 'assets_triangles_idx')) v(sql, index);
select role, has_function_privilege(role, 'core.printable_meshes(numeric[], boolean, int)', 'execute') and not has_function_privilege('hc_analyst', 'core.printable_meshes(numeric[], boolean, int)', 'execute') from unnest(array['hc_anon', 'hc_agent', 'hc_worker']) role;
select has_function_privilege('hc_worker', 'core.assets_missing(text, int)', 'execute') and not has_function_privilege('hc_member', 'core.assets_missing(text, int)', 'execute') and not has_function_privilege('hc_member', 'core.fits_box(jsonb, numeric[])', 'execute');

-- task: BUILD_0696 add_wix_columns
-- title: Add Wix columns to core.assets (owner = owner_id)
-- does: Four virtual columns; the table is marked @wix media: a collection to read, of which name and notes may be edited. Where the bytes lie is never shown.
-- proves: the columns follow their sources after an update, cannot be written (428C9) and are granted like them; wix_columns() leaves storage_key out and lets notes be written.
-- needs: BUILD_0010, BUILD_0666, BUILD_0691
alter table core.assets
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (owner_id::text) virtual;

grant select ("_id", "_createdDate", "_updatedDate", "_owner") on core.assets to hc_anon, hc_auditor;

comment on table core.assets is 'Stored files: what they are, whose they are, in which state. The bytes lie in object storage. @distribution reference @wix media';
comment on column core.assets.filename is 'Name as the owner gave it. @wix write';
comment on column core.assets.metadata is 'Notes of the platform. @wix write';
comment on column core.assets."_id" is 'The id, as Wix names it. @wix read';
comment on column core.assets."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.assets."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.assets."_owner" is 'Whose file it is, as Wix names it. @wix read';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000696001', 'ada-0696');
insert into core.assets (owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000696001', 'a.png', 'image/png', 1);
update core.assets set updated_at = created_at + interval '1 hour', filename = 'b.png' where owner_id = '00000000-0000-7000-8000-000000696001';
select "_id" = id::text and "_owner" = owner_id::text and "_createdDate" = created_at and "_updatedDate" = updated_at from core.assets where owner_id = '00000000-0000-7000-8000-000000696001';
select c, blueprint.raises(format('update core.assets set %I = null', c), '428C9') and has_column_privilege('hc_anon', 'core.assets', c, 'select') and has_column_privilege('hc_auditor', 'core.assets', c, 'select')
from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.assets'), (select value from blueprint.annotations('core.assets') where column_name is null and tag = 'wix') = 'media';
select count(*) filter (where column_name = 'storage_key') = 0, count(*) filter (where access = 'write' and column_name in ('filename', 'metadata')) = 2, count(*) filter (where access = 'write') = 2 from core.wix_columns('core.assets');

-- task: BUILD_0697 implement_table_feature critical
-- title: Register uploads with content deduplication: core.register_asset()
-- does: core.register_asset() gives the current person a row for bytes of a digest and says whether they must be uploaded: not if the person has them, nor if they are public. Equal bytes
--   share one stored object, named by its digest. core.complete_upload() takes the store's word for size and digest, core.expire_uploads() drops what never came.
-- proves: the same bytes twice are one row and need one upload, another owner's row shares the key, but private bytes must be shown to be had; a wrong size or digest raises;
--   after 24 hours a pending row is purged.
-- needs: BUILD_0692, BUILD_0693, BUILD_0694
create function core.register_asset(sha256 bytea, size bigint, media_type text, filename text, classification text default 'internal', out asset_id uuid, out upload_needed boolean)
  language plpgsql security definer set search_path = ''
as $$
declare
  owner constant uuid := core.current_user_id();
  mine core.assets;
  twin core.assets;
begin
  if owner is null then
    raise exception using errcode = '42501', message = 'files belong to somebody: sign in first';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('core.assets', hashtextextended(owner::text, 0)));
  select * into mine from core.assets a where a.owner_id = owner and a.sha256 = register_asset.sha256 and a.status <> 'purged';
  if mine.id is not null then
    asset_id := mine.id;
    upload_needed := mine.status = 'pending';
    return;
  end if;
  -- who knows a digest need not have the bytes: only what everybody may load is given without an upload
  select * into twin from core.assets a
  where a.sha256 = register_asset.sha256 and a.byte_size = size and a.status = 'ready' and a.classification = 'public' order by a.created_at limit 1;
  insert into core.assets (owner_id, sha256, storage_key, filename, media_type, byte_size, classification, status, width, height, duration_ms, technical)
  values (owner, register_asset.sha256, 'sha256/' || encode(register_asset.sha256, 'hex'), register_asset.filename, coalesce(twin.media_type, register_asset.media_type), size, register_asset.classification,
    case when twin.id is null then 'pending' else 'ready' end, twin.width, twin.height, twin.duration_ms, coalesce(twin.technical, '{}'))
  returning id into asset_id;
  upload_needed := twin.id is null;
end $$;

create function core.complete_upload(asset uuid, etag text, size bigint) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  expected core.assets;
begin
  select * into expected from core.assets a where a.id = asset for update;
  if expected.id is null or expected.status <> 'pending' then
    raise exception using errcode = '55000', message = 'there is no such upload to complete';
  elsif size is distinct from expected.byte_size or lower(etag) is distinct from encode(expected.sha256, 'hex') then
    raise exception using errcode = '22023', message = 'what was stored is not what was registered',
      detail = format('registered: %s bytes, sha256 %s; stored: %s bytes, %s', expected.byte_size, encode(expected.sha256, 'hex'), size, etag);
  end if;
  update core.assets a set status = 'uploaded' where a.id = asset;
end $$;

create function core.expire_uploads(at timestamptz default now()) returns bigint
  language sql security definer
begin atomic
  with expired as (update core.assets a set status = 'purged' where a.status = 'pending' and a.created_at <= at - interval '24 hours' returning 1)
  select count(*) from expired;
end;

grant execute on function core.register_asset to hc_member, hc_worker;
grant execute on function core.complete_upload, core.expire_uploads to hc_worker;

comment on function core.register_asset is 'A row of the current person for bytes of this digest, and whether they must be uploaded. Security definer: keys and states are written by functions only.';
comment on function core.complete_upload is 'The store says what arrived: size and SHA-256 in hex (its checksum). 22023 when it is something else. Security definer: the worker writes no table.';
comment on function core.expire_uploads is 'Purges registrations whose bytes did not come within 24 hours; returns how many. Security definer: the worker writes no table.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000697001', 'ada-0697'), ('00000000-0000-7000-8000-000000697002', 'bob-0697');
create temporary table made (who text, asset_id uuid, upload_needed boolean) on commit drop;
grant all on pg_temp.made to hc_member, hc_worker;
select core.act_as('00000000-0000-7000-8000-000000697001');
set local role hc_member;
insert into pg_temp.made select 'ada', * from core.register_asset(sha256('0697'), 4, 'model/stl', 'a.stl', 'public') returning upload_needed;
select asset_id = (select m.asset_id from pg_temp.made m) and upload_needed from core.register_asset(sha256('0697'), 4, 'model/stl', 'again.stl');
set local role hc_worker;
select sql, blueprint.raises(format(sql, asset_id), '22023', 'not what was registered') from pg_temp.made, (values
  ($$ select core.complete_upload(%L, encode(sha256('0697'), 'hex'), 5) $$), ($$ select core.complete_upload(%L, encode(sha256('other'), 'hex'), 4) $$), ($$ select core.complete_upload(%L, null, 4) $$)) v(sql);
select core.complete_upload(asset_id, upper(encode(sha256('0697'), 'hex')), 4) is not null from pg_temp.made;
select blueprint.raises(format($$ select core.complete_upload(%L, encode(sha256('0697'), 'hex'), 4) $$, asset_id), '55000') from pg_temp.made;
set local role hc_member;
select asset_id = (select m.asset_id from pg_temp.made m) and not upload_needed from core.register_asset(sha256('0697'), 4, 'model/stl', 'again.stl');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000697002');
insert into pg_temp.made select 'bob', * from core.register_asset(sha256('0697'), 4, 'model/stl', 'b.stl') returning upload_needed;
select count(*) = 2 and count(distinct a.id) = 2 and count(distinct storage_key) = 1 and array_agg(a.status order by who) = '{uploaded,pending}' from pg_temp.made join core.assets a on a.id = asset_id;
select core.expire_uploads(now() + interval '23 hours') >= 0, (select status = 'pending' from core.assets where owner_id = '00000000-0000-7000-8000-000000697002');
set local role hc_worker;
select core.expire_uploads(now() + interval '25 hours') >= 1;
set local role hc_owner;
select status = 'purged' and storage_key is null from core.assets where owner_id = '00000000-0000-7000-8000-000000697002';
update core.assets set status = 'scanned', technical = '{"scanned_at": "2026-01-01", "triangles": 12}' where owner_id = '00000000-0000-7000-8000-000000697001';
update core.assets set status = 'ready' where owner_id = '00000000-0000-7000-8000-000000697001';
select not upload_needed from core.register_asset(sha256('0697'), 4, 'model/stl', 'b.stl');
select status = 'ready' and storage_key = 'sha256/' || encode(sha256('0697'), 'hex') and technical ->> 'triangles' = '12' and classification = 'internal' from core.assets where owner_id = '00000000-0000-7000-8000-000000697002' and status <> 'purged';
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select core.register_asset(sha256('0697'), 4, 'model/stl', 'b.stl') $$, '42501', 'sign in');
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_member', f, 'execute') = expected and not has_function_privilege('hc_anon', f, 'execute')
from (values ('core.register_asset(bytea, bigint, text, text, text)', true), ('core.complete_upload(uuid, text, bigint)', false), ('core.expire_uploads(timestamptz)', false)) v(f, expected);

-- task: BUILD_0698 implement_table_feature
-- title: Find references and orphans across all foreign keys: core.asset_references()
-- does: core.asset_references(asset) walks every foreign key to core.assets; what refers to files inside JSON says so in core.asset_links. refresh_asset_usage() counts in batches,
--   orphan_assets() lists ready files nobody refers to, purge_orphans() marks them for 30 days, spares what is referred to again and purges the rest.
-- proves: a file used by a probe table shows that row, by a link too; without them it is an orphan, marked, rescued by a new reference and purged without one, and only the last
--   row of a shared object gives its key up.
-- needs: BUILD_0694
create table core.asset_links (
  asset_id uuid not null constraint asset_links_asset_id_fk references core.assets (id),
  holder text not null constraint asset_links_holder_check check (holder ~ '^[a-z_]+[.][a-z_]+$'),
  holder_id uuid not null,
  created_at timestamptz not null default now(),
  constraint asset_links_asset_id_holder_holder_id_pk primary key (asset_id, holder, holder_id)
);

create index asset_links_holder_holder_id_idx on core.asset_links (holder, holder_id);

create function core.asset_foreign_keys() returns table (relation text, field text, keys text)
  language sql stable
begin atomic
  select k.conrelid::regclass::text, a.attname::text, (
    select string_agg(format('t.%I', p.attname), ', ' order by o.place)
    from pg_catalog.pg_index i cross join lateral unnest(string_to_array(i.indkey::text, ' ')::int2[]) with ordinality o(attnum, place)
    join pg_catalog.pg_attribute p on p.attrelid = i.indrelid and p.attnum = o.attnum where i.indrelid = k.conrelid and i.indisprimary)
  from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  where k.contype = 'f' and k.confrelid = 'core.assets'::regclass and k.conparentid = 0
  order by 1, 2;
end;

create function core.asset_references(asset uuid) returns table (table_name text, column_name text, row_id text)
  language plpgsql stable security definer set search_path = ''
as $$
declare
  key record;
begin
  for key in select * from core.asset_foreign_keys() loop
    return query execute format('select %L, %L, concat_ws('' '', %s) from %s t where t.%I = $1', key.relation, key.field, coalesce(key.keys, 't.ctid'), key.relation, key.field) using asset;
  end loop;
end $$;

create function core.referenced_assets(assets uuid[]) returns uuid[]
  language plpgsql stable set search_path = ''
as $$
declare
  found uuid[] := '{}';
begin
  if assets <> '{}' then
    execute format('select array(select w.asset from unnest($1) w(asset) where %s)', (select string_agg(format('exists (select from %s t where t.%I = w.asset)', k.relation, k.field), ' or ') from core.asset_foreign_keys() k)) into found using assets;
  end if;
  return found;
end $$;

create function core.refresh_asset_usage(after uuid default null, batch int default 1000) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  ids uuid[] := array(select a.id from core.assets a where after is null or a.id > after order by a.id limit batch);
  counts text := (select string_agg(format('select t.%I as id from %s t where t.%1$I = any ($1)', k.field, k.relation), ' union all ') from core.asset_foreign_keys() k);
begin
  execute format('update core.assets a set usage_count = u.uses
    from (select i.id, count(r.id) as uses from unnest($1) i(id) left join (%s) r on r.id = i.id group by i.id) u
    where a.id = u.id and a.usage_count <> u.uses', counts) using ids;
  return ids[batch];
end $$;

create function core.orphan_assets(min_age interval default '7 days', most int default 100) returns table (asset_id uuid, owner_id uuid, byte_size bigint, purge_after timestamptz)
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return query execute format('select a.id, a.owner_id, a.byte_size, a.purge_after from core.assets a where a.status = ''ready'' and a.created_at <= now() - $1 %s order by a.created_at, a.id limit $2',
    (select string_agg(format('and not exists (select from %s t where t.%I = a.id)', k.relation, k.field), ' ') from core.asset_foreign_keys() k)) using min_age, most;
end $$;

create function core.purge_orphans(most int default 100, at timestamptz default now(), min_age interval default '7 days') returns table (asset_id uuid, action text, delete_key text)
  language plpgsql security definer set search_path = ''
as $$
declare
  locked constant uuid[] := array(select a.id from core.assets a where a.purge_after <= at and a.status = 'ready' order by a.purge_after limit most for update skip locked);
  needed constant uuid[] := core.referenced_assets(locked);
  due record;
begin
  for due in select a.id, a.storage_backend, a.storage_key from core.assets a where a.id = any (locked) order by a.id loop
    asset_id := due.id;
    action := case when due.id = any (needed) then 'rescued' else 'purged' end;
    delete_key := null;
    if action = 'rescued' then
      update core.assets a set purge_after = null where a.id = due.id;
    else
      update core.assets a set status = 'purged' where a.id = due.id;
      delete_key := case when not exists (select from core.assets a where a.storage_backend = due.storage_backend and a.storage_key = due.storage_key) then due.storage_key end;
    end if;
    return next;
  end loop;
  return query
    update core.assets a set purge_after = at + interval '30 days'
    from core.orphan_assets(min_age, most) o where a.id = o.asset_id and a.purge_after is null
    returning a.id, 'marked', null::text;
end $$;

grant execute on function core.asset_references to hc_moderator, hc_worker;
grant execute on function core.refresh_asset_usage, core.orphan_assets, core.purge_orphans to hc_worker;

comment on table core.asset_links is 'References to files that live inside JSON, as attachments of messages, so that nothing in use is taken for an orphan. @distribution local';
comment on column core.asset_links.asset_id is 'The file.';
comment on column core.asset_links.holder is 'Table whose row refers to it, as community.messages.';
comment on column core.asset_links.holder_id is 'That row.';
comment on column core.asset_links.created_at is 'Since when.';
comment on index core.asset_links_holder_holder_id_idx is 'Links of a row, to drop them with it.';
comment on function core.asset_foreign_keys is 'Every foreign key to core.assets: table, column and the primary key of the table.';
comment on function core.asset_references is 'Rows that refer to a file, over all foreign keys. Security definer: it reads tables of every room.';
comment on function core.referenced_assets is 'Those of the given files that something refers to, over all foreign keys. For owner functions.';
comment on function core.refresh_asset_usage is 'Counts the references of the next batch of files after an id into usage_count; returns the id to go on from, null when all are done. Security definer: it reads tables of every room.';
comment on function core.orphan_assets is 'Ready files of some age that nothing refers to, oldest first. Security definer: it reads tables of every room.';
comment on function core.purge_orphans is 'One round of clearing: due files are purged, or rescued when something refers to them again; new orphans are marked for 30 days. delete_key: the stored object that no row needs any more. Security definer: the worker writes no table.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000698001', 'ada-0698'), ('00000000-0000-7000-8000-000000698002', 'bob-0698');
insert into core.assets (id, owner_id, sha256, storage_key, filename, media_type, byte_size, status, technical, created_at)
select ('00000000-0000-7000-8000-00000069801' || n)::uuid, '00000000-0000-7000-8000-000000698001', sha256(n::text::bytea), 'sha256/0698-' || n, 'a.stl', 'model/stl', 10, 'ready', '{"scanned_at": "2026-01-01"}', '2001-01-01' from generate_series(1, 3) n;
insert into core.assets (owner_id, sha256, storage_key, filename, media_type, byte_size, status, technical) values ('00000000-0000-7000-8000-000000698002', sha256('2'), 'sha256/0698-2', 'a.stl', 'model/stl', 10, 'ready', '{"scanned_at": "2026-01-01"}');
create table core.probe_0698 (a int, b text, asset_id uuid references core.assets (id), primary key (a, b));
insert into core.probe_0698 values (1, 'x', '00000000-0000-7000-8000-000000698011');
insert into core.asset_links (asset_id, holder, holder_id) values ('00000000-0000-7000-8000-000000698012', 'community.messages', '00000000-0000-7000-8000-000000698001') returning created_at = now();
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.asset_links (asset_id, holder, holder_id) values ('00000000-0000-7000-8000-000000698012', 'messages', '00000000-0000-7000-8000-000000698001') $$, '23514', 'asset_links_holder_check'),
  ($$ insert into core.asset_links (asset_id, holder, holder_id) values ('00000000-0000-7000-8000-00000069801f', 'a.b', '00000000-0000-7000-8000-000000698001') $$, '23503', 'asset_links_asset_id_fk'),
  ($$ insert into core.asset_links (asset_id, holder, holder_id) values ('00000000-0000-7000-8000-000000698012', 'community.messages', '00000000-0000-7000-8000-000000698001') $$, '23505', 'asset_links_asset_id_holder_holder_id_pk')) v(sql, state, rule);
select relrowsecurity and relforcerowsecurity, blueprint.plan_uses($$ select from core.asset_links where holder = 'x' and holder_id = '00000000-0000-7000-8000-000000698001' $$, 'asset_links_holder_holder_id_idx') from pg_class where oid = 'core.asset_links'::regclass;
set local role hc_worker;
select array_agg(concat_ws('|', table_name, column_name, row_id)) = '{core.probe_0698|asset_id|1 x}' from core.asset_references('00000000-0000-7000-8000-000000698011');
select table_name = 'core.asset_links' from core.asset_references('00000000-0000-7000-8000-000000698012');
select core.refresh_asset_usage('00000000-0000-7000-8000-000000698010', 3) = '00000000-0000-7000-8000-000000698013';
select array_agg(asset_id) = '{00000000-0000-7000-8000-000000698013}' from core.orphan_assets(most => 10) where asset_id::text like '%00069801_';
set local role hc_owner;
select array_agg(usage_count order by id) = '{1,1,0}' from core.assets where owner_id = '00000000-0000-7000-8000-000000698001';
delete from core.asset_links where holder_id = '00000000-0000-7000-8000-000000698001';
set local role hc_worker;
select count(*) = 2 and bool_and(action = 'marked') from core.purge_orphans(10) where asset_id::text like '%00069801_';
set local role hc_owner;
select array_agg(purge_after = now() + interval '30 days' order by id) = '{null,t,t}' from core.assets where owner_id = '00000000-0000-7000-8000-000000698001';
insert into core.probe_0698 values (2, 'y', '00000000-0000-7000-8000-000000698013');
select array_agg(concat_ws(' ', right(asset_id::text, 1), action, delete_key) order by asset_id) = '{"2 purged","3 rescued"}' from core.purge_orphans(10, now() + interval '31 days') where asset_id::text like '%00069801_';
select array_agg(concat_ws(' ', status, purge_after) order by id) = '{ready,purged,ready}' from core.assets where owner_id = '00000000-0000-7000-8000-000000698001';
update core.assets set purge_after = '2002-01-01' where owner_id = '00000000-0000-7000-8000-000000698002';
select delete_key = 'sha256/0698-2' and action = 'purged' from core.purge_orphans(1);
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_moderator', f, 'execute') = expected and not has_function_privilege('hc_member', f, 'execute')
from (values ('core.asset_references(uuid)', true), ('core.refresh_asset_usage(uuid, int)', false), ('core.orphan_assets(interval, int)', false), ('core.purge_orphans(int, timestamptz, interval)', false)) v(f, expected);
select not has_function_privilege('hc_member', 'core.asset_foreign_keys()', 'execute'), not has_function_privilege('hc_member', 'core.referenced_assets(uuid[])', 'execute');

-- task: BUILD_0699 implement_table_feature critical
-- title: Signed download tickets with expiry, audience and revocation
-- does: core.download_ticket(asset, ttl) gives who may see a ready file a path with expiry, audience and HMAC; restricted ones are for their reader alone and an hour at most.
--   core.check_ticket() is what the download server asks; a rotated key counts until the last of its tickets is over, core.revoke_tickets(asset) ends all at once.
-- proves: a ticket holds, and does not after its time, for another reader or file, with a flipped byte, after revocation or quarantine; the old key counts for a day after a rotation;
--   strangers and quarantined files get none.
-- needs: BUILD_0032, BUILD_0033, BUILD_0694
create function core.ticket_mac(path text, exp bigint, aud text, epoch text, key_version int default null) returns text
  language sql stable
  return translate(encode(core.keyed_mac(convert_to(concat_ws(e'\n', path, exp, aud, epoch), 'UTF8'), 'asset.ticket', key_version), 'base64'), e'+/=\n', '-_');

create function core.download_ticket(asset uuid, ttl interval default '10 minutes') returns text
  language plpgsql stable security definer set search_path = ''
as $$
declare
  reader constant uuid := core.current_user_id();
  file core.assets;
  aud text;
  exp bigint;
begin
  select * into file from core.assets a
  where a.id = asset and a.status = 'ready' and (a.classification = 'public' or a.owner_id = reader or core.has_role('hc_moderator') or core.has_role('hc_compliance'));
  if file.id is null then
    raise exception using errcode = '42501', message = 'there is no such file to load';
  elsif ttl is null or ttl <= interval '0' or ttl > (case file.classification when 'restricted' then interval '1 hour' else interval '24 hours' end) then
    raise exception using errcode = '22023', message = 'a ticket is good for a day at most, for an hour where the file is restricted';
  end if;
  aud := case file.classification when 'public' then '*' else reader::text end;
  exp := ceil(extract(epoch from now() + ttl));
  return format('/assets/%s?exp=%s&aud=%s&sig=%s.%s', asset, exp, aud, core.key_version('asset.ticket'),
    core.ticket_mac('/assets/' || asset, exp, aud, coalesce(file.metadata ->> 'ticket_epoch', '0')));
end $$;

create function core.check_ticket(path text, exp bigint, aud text, sig text, at timestamptz default now()) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  version int;
  epoch text;
begin
  if exp is null or exp <= extract(epoch from at) or sig !~ '^\d{1,3}[.][A-Za-z0-9_-]{43}$' or path !~ '^/assets/[0-9a-f-]{36}$' or aud is null then
    return false;
  end if;
  select k.version into version from core.keyring k
  where k.purpose = 'asset.ticket' and k.version = split_part(sig, '.', 1)::int
    and (k.is_active or extract(epoch from k.retired_at + interval '24 hours') >= exp);
  select coalesce(a.metadata ->> 'ticket_epoch', '0') into epoch from core.assets a where a.id = core.as_uuid(substr(path, 9)) and a.status = 'ready';
  if version is null or epoch is null then
    return false;
  end if;
  return core.same_digest(convert_to(split_part(sig, '.', 2), 'UTF8'), convert_to(core.ticket_mac(path, exp, aud, epoch, version), 'UTF8'));
end $$;

create function core.revoke_tickets(asset uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update core.assets a set metadata = a.metadata || jsonb_build_object('ticket_epoch', uuidv7())
  where a.id = asset and (a.owner_id = core.current_user_id() or core.has_role('hc_moderator'));
  if not found then
    raise exception using errcode = '42501', message = 'tickets are revoked by the owner of the file or by a moderator';
  end if;
end $$;

grant execute on function core.download_ticket to hc_anon, hc_worker;
grant execute on function core.check_ticket to hc_worker;
grant execute on function core.revoke_tickets to hc_member, hc_worker;

comment on function core.ticket_mac is 'HMAC-SHA256 of a ticket as base64url, over path, expiry, audience and the epoch of the file. For owner functions.';
comment on function core.download_ticket is 'Path under which the caller may load a file for a while: ?exp=..&aud=..&sig=version.mac. aud is the reader, * for public files. Security definer: it reads the key.';
comment on function core.check_ticket is 'Whether a ticket holds for this audience at a time; compares in constant time. Security definer: the download server reads neither keys nor files.';
comment on function core.revoke_tickets is 'Ends every ticket of a file (owner or moderator). Security definer: it writes what members may not.';

-- verify
select core.load_key('asset.ticket', decode(repeat('ab', 32), 'hex')) > 0;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000699001', 'ada-0699'), ('00000000-0000-7000-8000-000000699002', 'bob-0699');
insert into core.assets (id, owner_id, sha256, filename, media_type, byte_size, status, classification, technical)
select ('00000000-0000-7000-8000-00000069901' || n)::uuid, '00000000-0000-7000-8000-000000699001', sha256(n::text::bytea), 'a.pdf', 'application/pdf', 10, 'ready', (array['public', 'internal', 'restricted'])[n], '{"scanned_at": "2026-01-01"}' from generate_series(1, 3) n;
create temporary table tickets (n int, path text, exp bigint, aud text, sig text) on commit drop;
grant all on pg_temp.tickets to hc_member, hc_worker;
select core.act_as('00000000-0000-7000-8000-000000699001');
set local role hc_member;
insert into pg_temp.tickets select n, t[1], t[2]::bigint, t[3], t[4] from generate_series(1, 3) n, regexp_match(core.download_ticket(('00000000-0000-7000-8000-00000069901' || n)::uuid, '1 hour'), '^(.*)\?exp=(\d+)&aud=(.*)&sig=(.*)$') t;
select blueprint.raises($$ select core.download_ticket('00000000-0000-7000-8000-000000699013', '2 hours') $$, '22023'), blueprint.raises($$ select core.download_ticket('00000000-0000-7000-8000-000000699011', '25 hours') $$, '22023'),
  blueprint.raises($$ select core.download_ticket('00000000-0000-7000-8000-000000699011', '-1 hours') $$, '22023');
set local role hc_worker;
select array_agg(aud order by n) = '{*,00000000-0000-7000-8000-000000699001,00000000-0000-7000-8000-000000699001}', bool_and(core.check_ticket(path, exp, aud, sig) and core.check_ticket(path, exp, aud, sig, now() + interval '59 minutes')) from pg_temp.tickets;
select n, not core.check_ticket(path, exp, aud, sig, now() + interval '61 minutes') and not core.check_ticket(path, exp + 1, aud, sig) and not core.check_ticket(path, exp, '00000000-0000-7000-8000-000000699002', sig)
  and not core.check_ticket('/assets/00000000-0000-7000-8000-00000069901' || (n % 3 + 1), exp, aud, sig) and not core.check_ticket(path, exp, aud, overlay(sig placing case right(sig, 5) when 'AAAAA' then 'BBBBB' else 'AAAAA' end from length(sig) - 4))
  and not core.check_ticket(path, exp, aud, '9' || sig) and not core.check_ticket(path, exp, aud, 'x') and not core.check_ticket(path, exp, null, sig) and not core.check_ticket('/etc/passwd', exp, aud, sig) from pg_temp.tickets;
set local role hc_owner;
select core.load_key('asset.ticket', decode(repeat('cd', 32), 'hex')) > 0;
select bool_and(core.check_ticket(path, exp, aud, sig)) from pg_temp.tickets;
update core.keyring set retired_at = now() - interval '2 days' where purpose = 'asset.ticket' and not is_active;
select not bool_or(core.check_ticket(path, exp, aud, sig)) from pg_temp.tickets;
update core.keyring set retired_at = now() where purpose = 'asset.ticket' and not is_active;
update core.assets set status = 'quarantined' where id = '00000000-0000-7000-8000-000000699012';
set local role hc_worker;
select core.revoke_tickets('00000000-0000-7000-8000-000000699011') is not null;
set local role hc_owner;
select array_agg(core.check_ticket(path, exp, aud, sig) order by n) = '{f,f,t}' from pg_temp.tickets;
select blueprint.raises($$ select core.download_ticket('00000000-0000-7000-8000-000000699012') $$, '42501');
select core.act_as('00000000-0000-7000-8000-000000699002');
select core.download_ticket('00000000-0000-7000-8000-000000699011') like '%aud=*&sig=%', blueprint.raises($$ select core.download_ticket('00000000-0000-7000-8000-000000699013') $$, '42501'), blueprint.raises($$ select core.revoke_tickets('00000000-0000-7000-8000-000000699011') $$, '42501');
select has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_anon', f, 'execute') = anon and has_function_privilege('hc_member', f, 'execute') = member
from (values ('core.download_ticket(uuid, interval)', true, true), ('core.check_ticket(text, bigint, text, text, timestamptz)', false, false), ('core.revoke_tickets(uuid)', false, true)) v(f, anon, member);
select not has_function_privilege('hc_analyst', 'core.download_ticket(uuid, interval)', 'execute'), not has_function_privilege('hc_worker', 'core.ticket_mac(text, bigint, text, text, int)', 'execute');

-- task: BUILD_0700 implement_table_feature critical
-- title: Storage quotas per membership tier with reservations
-- does: core.storage_quotas holds the limit of each tier; a registration reserves its size at once, under a lock per owner, and raises 53100 beyond the limit. Jobs of the platform are not
--   limited. core.storage_usage(user) tells used and free, core.storage_report() the largest users and when they are full if they go on like the last 30 days.
-- proves: two uploads of 60 MB on a tier of 100 MB, one raises (at once too: isolation spec), the same bytes count once, a better tier lifts the limit, a purge frees it,
--   a job is not limited; the report foresees the day.
-- needs: BUILD_0663, BUILD_0697
create table core.storage_quotas (
  tier text constraint storage_quotas_tier_pk primary key constraint storage_quotas_tier_check check (tier in ('free', 'supporter', 'maker', 'partner')),
  bytes bigint not null constraint storage_quotas_bytes_check check (bytes >= 0),
  source text not null default 'platform policy',
  updated_at timestamptz not null default now()
);

insert into core.storage_quotas (tier, bytes) values ('free', 2147483648), ('supporter', 10737418240), ('maker', 53687091200), ('partner', 536870912000);

create policy storage_quotas_select on core.storage_quotas for select to hc_anon, hc_auditor using (true);

grant select on core.storage_quotas to hc_anon, hc_auditor;

create function core.storage_used(person uuid) returns bigint
  language sql stable
  return (select coalesce(sum(f.byte_size), 0)::bigint from (
    select max(a.byte_size) as byte_size from core.assets a where a.owner_id = person and a.status <> 'purged' group by coalesce(a.sha256::bytea, uuid_send(a.id))) f);

create function core.storage_usage(person uuid default core.current_user_id()) returns table (used bigint, quota bigint, free bigint)
  language sql stable security definer
begin atomic
  select s.used, q.bytes, greatest(q.bytes - s.used, 0)
  from core.users u join core.storage_quotas q on q.tier = u.membership_tier cross join lateral (select core.storage_used(u.id) as used) s
  where u.id = person and (person = core.current_user_id() or core.has_role('hc_moderator'));
end;

create function core.reserve_storage() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
  used bigint;
  quota bigint;
begin
  if person is not null and core.has_role('hc_member') and not core.has_role('hc_admin') and exists (select from registered r where r.owner_id = person) then
    perform pg_advisory_xact_lock(hashtextextended('core.assets', hashtextextended(person::text, 0)));
    used := core.storage_used(person);
    select q.bytes into quota from core.users u join core.storage_quotas q on q.tier = u.membership_tier where u.id = person;
    if used > quota then
      raise exception using errcode = '53100', message = 'the storage of this account is full',
        detail = format('%s of %s with this file', pg_size_pretty(used), pg_size_pretty(quota)), hint = 'Delete files, or take a higher tier.';
    end if;
  end if;
  return null;
end $$;

create trigger assets_quota after insert on core.assets referencing new table as registered for each statement execute function core.reserve_storage();

create function core.storage_report(most int default 20, at timestamptz default now()) returns table (user_id uuid, used bigint, quota bigint, pct numeric, days_to_full numeric)
  language sql stable security definer
begin atomic
  select u.id, s.used, q.bytes, round(100.0 * s.used / nullif(q.bytes, 0), 1), round(30.0 * greatest(q.bytes - s.used, 0) / nullif(s.grown, 0), 1)
  from (select a.owner_id, sum(a.byte_size)::bigint as used, coalesce(sum(a.byte_size) filter (where a.created_at > at - interval '30 days'), 0)::bigint as grown
    from core.assets a where a.status <> 'purged' group by a.owner_id) s
  join core.users u on u.id = s.owner_id join core.storage_quotas q on q.tier = u.membership_tier
  order by s.used desc, u.id limit most;
end;

grant execute on function core.storage_usage to hc_member, hc_worker;
grant execute on function core.storage_report to hc_admin, hc_worker;

comment on table core.storage_quotas is 'How much each membership tier may store. @distribution reference';
comment on column core.storage_quotas.tier is 'Tier of core.users.membership_tier.';
comment on column core.storage_quotas.bytes is 'Limit in bytes.';
comment on column core.storage_quotas.source is 'Who decided it.';
comment on column core.storage_quotas.updated_at is 'When it was set.';
comment on policy storage_quotas_select on core.storage_quotas is 'The limits are no secret.';
comment on function core.storage_used is 'Bytes an account stores or has registered: each content once. For owner functions.';
comment on function core.storage_usage is 'Used, quota and free bytes of an account, for itself or a moderator. Security definer: it sees registrations that row security would hide.';
comment on function core.reserve_storage is 'Trigger of core.assets: what the current person registers fits the quota (53100), one registration after the other. Rows are inserted by functions of hc_owner, so it sees them all.';
comment on trigger assets_quota on core.assets is 'A registration reserves its size.';
comment on function core.storage_report is 'Largest accounts with share of their quota and days until full at the growth of the last 30 days (null: not growing). Security definer: it counts over all files.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000700001', 'ada-0700'), ('00000000-0000-7000-8000-000000700002', 'bob-0700');
update core.storage_quotas set bytes = 100000000 where tier = 'free';
update core.storage_quotas set bytes = 200000000 where tier = 'maker';
select core.act_as('00000000-0000-7000-8000-000000700001');
set local role hc_member;
select upload_needed from core.register_asset(sha256('0700a'), 60000000, 'video/mp4', 'a.mp4');
select upload_needed from core.register_asset(sha256('0700a'), 60000000, 'video/mp4', 'a.mp4');
select blueprint.raises($$ select core.register_asset(sha256('0700b'), 60000000, 'video/mp4', 'b.mp4') $$, '53100', 'full');
select used = 60000000 and quota = 100000000 and free = 40000000 from core.storage_usage();
select upload_needed from core.register_asset(sha256('0700c'), 40000000, 'video/mp4', 'c.mp4');
select count(*) = 0 from core.storage_usage('00000000-0000-7000-8000-000000700002');
set local role hc_worker;
select blueprint.raises($$ select core.register_asset(sha256('0700b'), 60000000, 'video/mp4', 'b.mp4') $$, '53100', 'full');
set local role hc_owner;
update core.users set membership_tier = 'maker' where handle = 'ada-0700';
select upload_needed from core.register_asset(sha256('0700b'), 60000000, 'video/mp4', 'b.mp4');
update core.assets set status = 'purged' where owner_id = '00000000-0000-7000-8000-000000700001' and sha256 = sha256('0700b');
update core.users set membership_tier = 'free' where handle = 'ada-0700';
select used = 100000000 and free = 0 from core.storage_usage();
set local role hc_worker;
select used = 100000000 and quota = 100000000 and pct = 100.0 and days_to_full = 0 from core.storage_report(1000000) where user_id = '00000000-0000-7000-8000-000000700001';
select core.act_as(null, 'hc_admin');
set local role hc_owner;
insert into core.assets (owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000700002', 'b.mp4', 'video/mp4', 150000000);
update core.assets set byte_size = 20000000 where owner_id = '00000000-0000-7000-8000-000000700002';
set local role hc_worker;
select days_to_full = 120.0 and pct = 20.0 from core.storage_report(1000000) where user_id = '00000000-0000-7000-8000-000000700002';
set local role hc_moderator;
select used = 20000000 from core.storage_usage('00000000-0000-7000-8000-000000700002');
set local role hc_anon;
select count(*) = 4 from core.storage_quotas;
set local role hc_auditor;
select count(*) = 4 from core.storage_quotas;
set local role hc_owner;
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.storage_quotas'::regclass;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.storage_quotas values ('gold', 1, 'x') $$, '23514', 'storage_quotas_tier_check'), ($$ update core.storage_quotas set bytes = -1 $$, '23514', 'storage_quotas_bytes_check'),
  ($$ insert into core.storage_quotas (tier, bytes) values ('free', 1) $$, '23505', 'storage_quotas_tier_pk')) v(sql, state, rule);
delete from core.storage_quotas where tier = 'partner';
insert into core.storage_quotas (tier, bytes) values ('partner', 1) returning source = 'platform policy' and updated_at = now();
select f, has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_member', f, 'execute') = member and has_function_privilege('hc_admin', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from (values ('core.storage_usage(uuid)', true), ('core.storage_report(int, timestamptz)', false)) v(f, member);
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.storage_used(uuid)', 'core.reserve_storage()']) f;
