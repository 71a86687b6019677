-- Core table designs: a row per design project. Who may see it follows from visibility and status; its files, specs and versions are in room design.

-- task: BUILD_0681 create_table critical
-- title: Create core.designs with visibility-aware policies
-- does: One row per design project. Owners see and edit theirs in any state (status moves through functions), everybody sees public released ones, members
--   those for the community too; what lies in the trash shows to its owner and staff alone.
-- proves: anon sees the public released design only, a member the community one as well, the owner the private draft; B cannot update A's row nor give a design to somebody else.
-- needs: BUILD_0005, BUILD_0022, BUILD_0661
create table core.designs (
  id uuid default uuidv7() constraint designs_id_pk primary key,
  owner_id uuid not null constraint designs_owner_id_fk references core.users (id),
  slug core.slug not null,
  title text not null,
  summary text,
  category_id uuid,
  tags text[] not null default '{}',
  kind text not null default 'hinge',
  visibility text not null default 'private',
  status text not null default 'draft',
  head_version_id uuid,
  forked_from_version_id uuid,
  licence_spdx text,
  spec_summary jsonb not null default '{}',
  published_at timestamptz,
  deleted_at timestamptz,
  metadata jsonb not null default '{}' constraint designs_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index designs_owner_id_idx on core.designs (owner_id);

create policy designs_public_select on core.designs for select to hc_anon
  using (visibility = 'public' and status in ('released', 'deprecated') and deleted_at is null);

create policy designs_member_select on core.designs for select to hc_member
  using (owner_id = (select core.current_user_id()) or (visibility = 'community' and status in ('released', 'deprecated') and deleted_at is null));

create policy designs_own_insert on core.designs for insert to hc_member with check (owner_id = (select core.current_user_id()));

create policy designs_own_update on core.designs for update to hc_member using (owner_id = (select core.current_user_id()));

create policy designs_staff_select on core.designs for select to hc_moderator, hc_compliance, hc_auditor using (true);

grant select on core.designs to hc_anon, hc_auditor;

grant insert (owner_id, slug, title, summary, category_id, tags, kind, visibility, licence_spdx) on core.designs to hc_member;

grant update (slug, title, summary, category_id, tags, kind, visibility, licence_spdx) on core.designs to hc_member;

comment on table core.designs is 'Design projects: what is drawn, by whom, for whom to see. Versions, files and specs are in room design. @distribution reference';
comment on column core.designs.id is 'Version 7 UUID.';
comment on column core.designs.owner_id is 'Whose design it is; moves only by an accepted offer (BUILD_0690).';
comment on column core.designs.slug is 'Name in addresses, unique per owner.';
comment on column core.designs.title is 'Title as shown.';
comment on column core.designs.summary is 'What it is good for, in a few sentences.';
comment on column core.designs.category_id is 'Term of the taxonomy.';
comment on column core.designs.tags is 'Free words, folded and sorted.';
comment on column core.designs.kind is 'hinge, part or assembly.';
comment on column core.designs.visibility is 'private, unlisted (by share link), community (members) or public.';
comment on column core.designs.status is 'State machine design: draft, in_review, released, deprecated, archived.';
comment on column core.designs.head_version_id is 'Version shown; the design room moves it.';
comment on column core.designs.forked_from_version_id is 'Version this design began as a copy of.';
comment on column core.designs.licence_spdx is 'Licence of the head, an SPDX id.';
comment on column core.designs.spec_summary is 'family, material, load_n, pin_mm of the head: what galleries filter by.';
comment on column core.designs.published_at is 'First release; never moves.';
comment on column core.designs.deleted_at is 'When it went to the trash; restorable for 30 days.';
comment on column core.designs.metadata is 'Notes of the platform.';
comment on column core.designs.created_at is 'When the project was begun.';
comment on column core.designs.updated_at is 'When the row last really changed.';
comment on index core.designs_owner_id_idx is 'Foreign key, and the own rows in policies.';
comment on policy designs_public_select on core.designs is 'Everybody sees what is public and was released.';
comment on policy designs_member_select on core.designs is 'Owners see their designs in any state, trash included; members what is for the community and was released.';
comment on policy designs_own_insert on core.designs is 'Members begin designs of their own.';
comment on policy designs_own_update on core.designs is 'Owners edit their designs, as far as column grants allow; giving one away takes acceptance.';
comment on policy designs_staff_select on core.designs is 'Moderation, compliance and audit see every design.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000681001', 'ada-0681'), ('00000000-0000-7000-8000-000000681002', 'bob-0681');
insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at, deleted_at) values
  ('00000000-0000-7000-8000-000000681011', '00000000-0000-7000-8000-000000681001', 'open', 'Open hinge', 'public', 'released', 'CC0-1.0', '00000000-0000-7000-8000-000000681021', now(), null),
  ('00000000-0000-7000-8000-000000681012', '00000000-0000-7000-8000-000000681001', 'ours', 'Our hinge', 'community', 'released', 'CC0-1.0', '00000000-0000-7000-8000-000000681022', now(), null),
  ('00000000-0000-7000-8000-000000681013', '00000000-0000-7000-8000-000000681001', 'sketch', 'Public sketch', 'public', 'draft', 'CC0-1.0', null, null, null),
  ('00000000-0000-7000-8000-000000681014', '00000000-0000-7000-8000-000000681001', 'gone', 'Trashed hinge', 'community', 'released', 'CC0-1.0', '00000000-0000-7000-8000-000000681024', now(), now()),
  ('00000000-0000-7000-8000-000000681015', '00000000-0000-7000-8000-000000681001', 'ours-sketch', 'Our sketch', 'community', 'draft', 'CC0-1.0', null, null, null);
insert into core.designs (owner_id, slug, title) values ('00000000-0000-7000-8000-000000681001', 'draft', 'Private draft')
returning id is not null and visibility = 'private' and status = 'draft' and kind = 'hinge' and tags = '{}' and spec_summary = '{}' and metadata = '{}' and created_at = now() and updated_at = now();
select cols, blueprint.raises(format($$ insert into core.designs (slug, title, %s) values ('x-0681', 'Probe', %s) $$, cols, vals), state, rule) from (values
  ('owner_id', $$ '00000000-0000-7000-8000-00000068100f' $$, '23503', 'designs_owner_id_fk'),
  ('owner_id, metadata', $$ '00000000-0000-7000-8000-000000681001', '[]' $$, '23514', 'designs_metadata_check'),
  ('owner_id, id', $$ '00000000-0000-7000-8000-000000681001', '00000000-0000-7000-8000-000000681011' $$, '23505', 'designs_id_pk')) v(cols, vals, state, rule);
select blueprint.plan_uses($$ select id from core.designs where owner_id = '00000000-0000-7000-8000-000000681001' $$, 'designs_owner_id_idx');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.designs'::regclass;
set local role hc_anon;
select array_agg(slug::text) = '{open}' from core.designs where owner_id = '00000000-0000-7000-8000-000000681001';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000681002');
set local role hc_member;
select array_agg(slug::text order by slug) = '{open,ours}' from core.designs where owner_id = '00000000-0000-7000-8000-000000681001';
with changed as (update core.designs set title = 'Mine now' where owner_id = '00000000-0000-7000-8000-000000681001' returning 1) select count(*) = 0 from changed;
insert into core.designs (owner_id, slug, title) values ('00000000-0000-7000-8000-000000681002', 'bobs', 'Bob''s hinge');
select blueprint.raises($$ insert into core.designs (owner_id, slug, title) values ('00000000-0000-7000-8000-000000681001', 'forged', 'Forged') $$, '42501', 'row-level security');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000681001');
set local role hc_member;
select count(*) = 6 from core.designs where owner_id = '00000000-0000-7000-8000-000000681001';
with changed as (update core.designs set title = 'Open hinge 2' where slug = 'open' and owner_id = '00000000-0000-7000-8000-000000681001' returning 1) select count(*) = 1 from changed;
select sql, blueprint.raises(sql, '42501') from (values ($$ update core.designs set status = 'released' $$), ('update core.designs set owner_id = null'), ('delete from core.designs'),
  ('update core.designs set head_version_id = null')) v(sql);
set local role hc_moderator;
select count(*) = 6 from core.designs where owner_id = '00000000-0000-7000-8000-000000681001';
set local role hc_compliance;
select count(*) = 6 from core.designs where owner_id = '00000000-0000-7000-8000-000000681001';
set local role hc_auditor;
select count(*) = 6 from core.designs where owner_id = '00000000-0000-7000-8000-000000681001';
set local role hc_owner;
select c, has_column_privilege('hc_member', 'core.designs', c, 'insert'), has_column_privilege('hc_member', 'core.designs', c, 'update') = (c <> 'owner_id')
from unnest(array['owner_id', 'slug', 'title', 'summary', 'category_id', 'tags', 'kind', 'visibility', 'licence_spdx']) c;
