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
insert into core.assets (id, owner_id, filename, media_type, byte_size, classification, status) values
  ('00000000-0000-7000-8000-000000691011', '00000000-0000-7000-8000-000000691001', 'hinge.png', 'image/png', 10, 'public', 'ready'),
  ('00000000-0000-7000-8000-000000691013', '00000000-0000-7000-8000-000000691001', 'id.pdf', 'application/pdf', 10, 'restricted', 'ready');
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
