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

create index designs_owner_id_updated_at_idx on core.designs (owner_id, updated_at desc);

create function core.linked_designs() returns uuid[]
  language sql stable security definer set search_path = ''
as $$
  select array[]::uuid[]
$$;

create function core.joined_designs() returns uuid[]
  language sql stable security definer set search_path = ''
as $$
  select array[]::uuid[]
$$;

create policy designs_public_select on core.designs for select to hc_anon
  using ((visibility = 'public' and status in ('released', 'deprecated') and deleted_at is null) or id = any ((select core.linked_designs())::uuid[]));

create policy designs_member_select on core.designs for select to hc_member
  using (owner_id = (select core.current_user_id()) or (visibility = 'community' and status in ('released', 'deprecated') and deleted_at is null) or id = any ((select core.joined_designs())::uuid[]));

create policy designs_own_insert on core.designs for insert to hc_member with check (owner_id = (select core.current_user_id()));

create policy designs_own_update on core.designs for update to hc_member using (owner_id = (select core.current_user_id()));

create policy designs_staff_select on core.designs for select to hc_moderator, hc_compliance, hc_auditor using (true);

grant execute on function core.linked_designs to hc_anon;

grant execute on function core.joined_designs to hc_member;

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
comment on index core.designs_owner_id_updated_at_idx is 'Designs of an owner, last changed first; the foreign key, and the own rows in policies.';
comment on function core.linked_designs is 'Slot: designs that the share link in the claims opens. None yet; BUILD_0688 fills it. Security definer: asked by the policies of the table it reads.';
comment on function core.joined_designs is 'Slot: designs the current person works on with others. None yet; BUILD_0071 fills it. Security definer: asked by the policies of the table it reads.';
comment on policy designs_public_select on core.designs is 'Everybody sees what is public and was released, and what a share link opens.';
comment on policy designs_member_select on core.designs is 'Owners see their designs in any state, trash included; members what is for the community and was released, and what they work on.';
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
select blueprint.plan_uses($$ select id from core.designs where owner_id = '00000000-0000-7000-8000-000000681001' order by updated_at desc limit 20 $$, 'designs_owner_id_updated_at_idx');
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
select core.linked_designs() = '{}' and has_function_privilege('hc_anon', 'core.linked_designs()', 'execute') and not has_function_privilege('hc_agent', 'core.linked_designs()', 'execute');
select core.joined_designs() = '{}' and has_function_privilege('hc_member', 'core.joined_designs()', 'execute') and not has_function_privilege('hc_anon', 'core.joined_designs()', 'execute');
select p, prosecdef from unnest(array['core.linked_designs()', 'core.joined_designs()']) p join pg_proc on oid = p::regprocedure;
select c, has_column_privilege('hc_member', 'core.designs', c, 'insert'), has_column_privilege('hc_member', 'core.designs', c, 'update') = (c <> 'owner_id')
from unnest(array['owner_id', 'slug', 'title', 'summary', 'category_id', 'tags', 'kind', 'visibility', 'licence_spdx']) c;

-- task: BUILD_0682 create_table_indexes
-- title: Index designs for galleries, tags, titles and owners
-- does: The public gallery newest first, designs of a tag, titles typed badly. Owners, category and origin are indexed with their foreign keys (BUILD_0681, BUILD_0064).
-- proves: each query can be served by the index made for it, a page of the gallery without a sort.
-- needs: BUILD_0005, BUILD_0021, BUILD_0681
create index designs_published_at_id_idx on core.designs (published_at desc, id desc) where visibility = 'public' and status = 'released' and deleted_at is null;
create index designs_tags_idx on core.designs using gin (tags);
create index designs_title_idx on core.designs using gin (title extensions.gin_trgm_ops);

comment on index core.designs_published_at_id_idx is 'The public gallery, newest first, page by page.';
comment on index core.designs_tags_idx is 'Designs that carry tags (core.similar_designs).';
comment on index core.designs_title_idx is 'Designs by a title typed badly, and similar ones.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select id from core.designs where visibility = 'public' and status = 'released' and deleted_at is null and (published_at, id) < (now(), '00000000-0000-7000-8000-000000682001') order by published_at desc, id desc limit 20 $$, 'designs_published_at_id_idx'),
  ($$ select id from core.designs where tags @> '{brass}' $$, 'designs_tags_idx'),
  ($$ select id from core.designs where title ilike '%hinge%' $$, 'designs_title_idx')) v(sql, index);
set local enable_seqscan = off;
set local enable_bitmapscan = off;
create function pg_temp.plan(sql text) returns jsonb language plpgsql as $$ declare p jsonb; begin execute 'explain (format json) ' || sql into p; return p; end $$;
select not pg_temp.plan($$ select id from core.designs where visibility = 'public' and status = 'released' and deleted_at is null order by published_at desc, id desc limit 20 $$)::text ~ '"Sort"';

-- task: BUILD_0683 create_table_constraints critical
-- title: Constrain designs: unique slug per owner, publishable only with licence, clean tags
-- does: A slug is given once per owner outside the trash; what others see has a licence, what is released a head and a date; up to twelve tags in lower case, each once;
--   what is in the trash is not public; words come from their vocabularies.
-- proves: each rule refuses the row that breaks it, by name; a slug is free again after deletion.
-- needs: BUILD_0005, BUILD_0681
create function core.are_tags(tags text[]) returns boolean
  language sql immutable parallel safe
begin atomic
  select cardinality(tags) <= 12 and coalesce(bool_and(coalesce(tag = lower(tag) and tag = btrim(tag) and length(tag) >= 1 and length(tag) <= 40, false)) and count(distinct tag) = count(*), true)
  from unnest(tags) tag;
end;

comment on function core.are_tags is 'Whether tags are at most twelve, in lower case, trimmed, each once and of 1 to 40 characters.';

grant execute on function core.are_tags to hc_member, hc_worker;

alter table core.designs
  add constraint designs_title_check check (length(title) >= 3 and length(title) <= 140),
  add constraint designs_tags_check check (tags = '{}' or core.are_tags(tags)),
  add constraint designs_kind_check check (kind in ('hinge', 'part', 'assembly')),
  add constraint designs_visibility_check check (visibility in ('private', 'unlisted', 'community', 'public')),
  add constraint designs_status_check check (status in ('draft', 'in_review', 'released', 'deprecated', 'archived')),
  add constraint designs_licence_required_check check (visibility not in ('community', 'public') or licence_spdx is not null),
  add constraint designs_head_required_check check (status <> 'released' or head_version_id is not null),
  add constraint designs_published_at_check check (status not in ('released', 'deprecated') or published_at is not null),
  add constraint designs_deleted_at_check check (deleted_at is null or visibility <> 'public'),
  add constraint designs_spec_summary_check check (jsonb_typeof(spec_summary) = 'object');

create unique index designs_owner_id_slug_key on core.designs (owner_id, slug) where deleted_at is null;

comment on index core.designs_owner_id_slug_key is 'One live design per owner and name in addresses.';
comment on constraint designs_licence_required_check on core.designs is 'What others see has a licence.';
comment on constraint designs_head_required_check on core.designs is 'What is released has a version to show.';
comment on constraint designs_published_at_check on core.designs is 'What is or was released last has its date.';
comment on constraint designs_deleted_at_check on core.designs is 'What is in the trash is not public.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000683001', 'ada-0683');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000683011', '00000000-0000-7000-8000-000000683001', 'one', 'One hinge');
select cols, blueprint.raises(format($$ insert into core.designs (owner_id, title, slug%s) values ('00000000-0000-7000-8000-000000683001', %s) $$, cols, vals), state, rule) from (values
  ('', $$ 'ab', 'x' $$, '23514', 'designs_title_check'),
  (', tags', $$ 'Probe', 'x', '{a,b,c,d,e,f,g,h,i,j,k,l,m}' $$, '23514', 'designs_tags_check'),
  (', kind', $$ 'Probe', 'x', 'toy' $$, '23514', 'designs_kind_check'),
  (', visibility', $$ 'Probe', 'x', 'secret' $$, '23514', 'designs_visibility_check'),
  (', status', $$ 'Probe', 'x', 'lost' $$, '23514', 'designs_status_check'),
  (', visibility', $$ 'Probe', 'x', 'public' $$, '23514', 'designs_licence_required_check'),
  (', visibility', $$ 'Probe', 'x', 'community' $$, '23514', 'designs_licence_required_check'),
  (', status, published_at', $$ 'Probe', 'x', 'released', now() $$, '23514', 'designs_head_required_check'),
  (', deleted_at, visibility, licence_spdx', $$ 'Probe', 'x', now(), 'public', 'MIT' $$, '23514', 'designs_deleted_at_check'),
  (', spec_summary', $$ 'Probe', 'x', '[]' $$, '23514', 'designs_spec_summary_check'),
  ('', $$ 'Probe', 'one' $$, '23505', 'designs_owner_id_slug_key')) v(cols, vals, state, rule);
update core.designs set deleted_at = now() where id = '00000000-0000-7000-8000-000000683011';
insert into core.designs (owner_id, slug, title) values ('00000000-0000-7000-8000-000000683001', 'one', 'One again') returning slug = 'one';
-- the trigger of BUILD_0684 sets the date, this rule guards what goes round it
select pg_get_constraintdef(oid) like '%published_at IS NOT NULL%' from pg_constraint where conname = 'designs_published_at_check';
select tags, core.are_tags(tags) = good from (values ('{brass,hinge}'::text[], true), ('{}', true), ('{Brass}', false), ('{brass,brass}', false), ('{" a"}', false), ('{""}', false), ('{null}', false)) v(tags, good);
select has_function_privilege('hc_member', 'core.are_tags(text[])', 'execute') and has_function_privilege('hc_worker', 'core.are_tags(text[])', 'execute') and not has_function_privilege('hc_anon', 'core.are_tags(text[])', 'execute');

-- task: BUILD_0684 create_table_triggers critical
-- title: Attach design triggers: status machine 'design', slug, tag folding, publish stamp
-- does: A slug is made of the title where none is given, tags are folded, sorted and given once, the first release stamps published_at for good; the owner changes by an accepted
--   offer or an administrator's merge alone. Owners retire and revive designs by core.set_design_status(); releasing is the design room's.
-- proves: 'Ünïque Hinge' gets unique-hinge, {Brass,brass } becomes {brass}, a second release keeps the date, archived to released and a change of owner raise, nobody releases by hand.
-- needs: BUILD_0005, BUILD_0014, BUILD_0020, BUILD_0036, BUILD_0683
create function core.normalise_design() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  new.title := btrim(regexp_replace(new.title, '\s+', ' ', 'g'));
  if new.slug is null then
    new.slug := core.slugify(new.title, 'core.designs', 'slug', jsonb_build_object('owner_id', new.owner_id));
  end if;
  new.tags := array(select distinct core.fold(tag) collate "C" from unnest(new.tags) tag where core.fold(tag) <> '' order by 1);
  if tg_op = 'UPDATE' and old.published_at is not null then
    new.published_at := old.published_at;
  elsif new.status in ('released', 'deprecated') then
    new.published_at := coalesce(new.published_at, now());
  else
    new.published_at := null;
  end if;
  return new;
end $$;

create function core.guard_design_owner() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if current_setting('core.design_transfer', true) is distinct from new.id::text and not core.has_role('hc_admin') then
    raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, column = 'owner_id',
      message = 'a design changes hands by an accepted offer', hint = 'core.offer_design(), core.accept_design_offer().';
  end if;
  return new;
end $$;

create trigger designs_a_normalise before insert on core.designs for each row
  when (new.slug is null or new.tags <> '{}' or new.status in ('released', 'deprecated') or new.published_at is not null or new.title <> btrim(new.title) or new.title ~ '\s\s') execute function core.normalise_design();
create trigger designs_a_normalise_change before update of title, slug, tags, status, published_at on core.designs for each row execute function core.normalise_design();
create trigger designs_b_owner before update of owner_id on core.designs for each row when (new.owner_id is distinct from old.owner_id) execute function core.guard_design_owner();

select core.attach_standard('core.designs', 'std', 'forked_from_version_id');

select core.define_machine('design', '{
  "draft": ["in_review", "archived"],
  "in_review": ["draft", "released"],
  "released": ["deprecated", "archived"],
  "deprecated": ["released", "archived"],
  "archived": ["draft"]}');

create trigger designs_status_machine after update of status on core.designs for each row execute function core.enforce_transition('design');

create function core.set_design_status(design uuid, status text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from core.designs d where d.id = design and (d.owner_id = core.current_user_id() or core.has_role('hc_moderator'))) then
    raise exception using errcode = '42501', message = 'only its owner or moderation changes the status of a design';
  elsif set_design_status.status = 'released' and not exists (select from core.designs d where d.id = design and d.status = 'deprecated') then
    raise exception using errcode = '42501', message = 'a design is released by releasing a version';
  end if;
  update core.designs d set status = set_design_status.status where d.id = design;
end $$;

grant execute on function core.set_design_status to hc_member;

comment on function core.normalise_design is 'Trigger of core.designs: title trimmed, slug of the title where none is given, tags folded, sorted and once, first release stamped. Security definer: it looks for slugs in rows the writer cannot see.';
comment on function core.guard_design_owner is 'Trigger of core.designs: the owner changes by core.accept_design_offer() or an administrator alone (55006).';
comment on function core.set_design_status is 'Archives, deprecates, revives or takes back a design (owner or moderation). Security definer: members may not write the status. Releasing goes by a version; only a deprecated design comes back this way.';
comment on trigger designs_a_normalise on core.designs is 'Runs before the other triggers (by name), so that they see what is stored; rows that are as they should be pass by.';
comment on trigger designs_a_normalise_change on core.designs is 'Changed titles, slugs, tags and dates are stored as new ones are.';
comment on trigger designs_b_owner on core.designs is 'Designs change hands by acceptance.';
comment on trigger designs_status_machine on core.designs is 'Status changes follow machine design and are logged.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000684001', 'ada-0684'), ('00000000-0000-7000-8000-000000684002', 'bob-0684');
insert into core.designs (id, owner_id, title, tags) values ('00000000-0000-7000-8000-000000684011', '00000000-0000-7000-8000-000000684001', ' Ünïque  Hinge ', '{Brass,"brass ",Ångström,""}')
returning slug = 'unique-hinge' and title = 'Ünïque Hinge' and tags = '{angstrom,brass}' and published_at is null;
insert into core.designs (owner_id, title, published_at) values ('00000000-0000-7000-8000-000000684001', 'Ünïque Hinge', now()) returning slug = 'unique-hinge-2' and published_at is null;
insert into core.designs (owner_id, slug, title, tags, published_at) values ('00000000-0000-7000-8000-000000684001', 'given', 'Given  name', '{B,a}', now()) returning title = 'Given name' and tags = '{a,b}' and published_at is null;
update core.designs set tags = '{Z}', slug = null where owner_id = '00000000-0000-7000-8000-000000684001' and slug = 'given' returning tags = '{z}' and slug = 'given-name';
update core.designs set status = 'in_review' where id = '00000000-0000-7000-8000-000000684011';
update core.designs set status = 'released', head_version_id = '00000000-0000-7000-8000-000000684021' where id = '00000000-0000-7000-8000-000000684011' returning published_at = now();
update core.designs set published_at = '2020-01-01' where id = '00000000-0000-7000-8000-000000684011' returning published_at = now();
update core.designs set status = 'archived' where id = '00000000-0000-7000-8000-000000684011';
select blueprint.raises($$ update core.designs set status = 'released' where id = '00000000-0000-7000-8000-000000684011' $$, '23514', 'archived -> released');
select rule, blueprint.raises(format('update core.designs set %s where id = %L', change, '00000000-0000-7000-8000-000000684011'), '55006', rule) from (values
  ('accepted offer', $$ owner_id = '00000000-0000-7000-8000-000000684002' $$), ('created_at', $$ created_at = '2020-01-01' $$), ('forked_from_version_id', $$ forked_from_version_id = uuidv7() $$)) v(rule, change);
update core.designs set updated_at = '2026-01-01' where id = '00000000-0000-7000-8000-000000684011';
update core.designs set summary = 'x' where id = '00000000-0000-7000-8000-000000684011' returning updated_at >= now();
select count(*) = 3 from core.status_changes where entity_id = '00000000-0000-7000-8000-000000684011' and machine = 'design';
select core.act_as('00000000-0000-7000-8000-000000684002', 'hc_admin', '{"aal": "aal2"}');
update core.designs set owner_id = '00000000-0000-7000-8000-000000684002' where id = '00000000-0000-7000-8000-000000684011' returning owner_id = '00000000-0000-7000-8000-000000684002';
update core.designs set owner_id = '00000000-0000-7000-8000-000000684001' where id = '00000000-0000-7000-8000-000000684011';
select core.act_as('00000000-0000-7000-8000-000000684001');
set local role hc_member;
select core.set_design_status('00000000-0000-7000-8000-000000684011', 'draft');
select blueprint.raises($$ select core.set_design_status('00000000-0000-7000-8000-000000684011', 'released') $$, '42501', 'releasing a version');
set local role hc_owner;
update core.designs set status = 'in_review' where id = '00000000-0000-7000-8000-000000684011';
update core.designs set status = 'released' where id = '00000000-0000-7000-8000-000000684011' returning published_at = now();
set local role hc_member;
select core.set_design_status('00000000-0000-7000-8000-000000684011', 'deprecated');
select core.set_design_status('00000000-0000-7000-8000-000000684011', 'released');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000684002');
set local role hc_member;
select blueprint.raises($$ select core.set_design_status('00000000-0000-7000-8000-000000684011', 'archived') $$, '42501', 'only its owner');
set local role hc_owner;
select has_function_privilege('hc_member', 'core.set_design_status(uuid, text)', 'execute') and not has_function_privilege('hc_anon', 'core.set_design_status(uuid, text)', 'execute'),
  not has_function_privilege('hc_member', 'core.normalise_design()', 'execute'), not has_function_privilege('hc_member', 'core.guard_design_owner()', 'execute'), (select prosecdef from pg_proc where oid = 'core.normalise_design()'::regprocedure);

-- revert
drop function core.set_design_status;
drop trigger designs_status_machine on core.designs;
select core.define_machine('design', '{}');
select core.detach_standard('core.designs');
drop trigger designs_b_owner on core.designs;
drop trigger designs_a_normalise_change on core.designs;
drop trigger designs_a_normalise on core.designs;
drop function core.guard_design_owner, core.normalise_design;

-- task: BUILD_0685 create_jsonb_indexes
-- title: Index spec_summary JSONB for parametric gallery filters
-- does: core.find_designs(filter, min_load, max_load, cursor, limit) pages through the public gallery by what the head's spec says, as concealed hinges in brass for 300 N and more,
--   without touching the design room.
-- proves: two of five designs fit and come in two pages without a doublet, private ones never, and the indexes can serve.
-- needs: BUILD_0005, BUILD_0016, BUILD_0681
create index designs_spec_summary_idx on core.designs using gin (spec_summary jsonb_path_ops);
create index designs_load_n_idx on core.designs (((spec_summary ->> 'load_n')::numeric)) where visibility = 'public';

comment on index core.designs_spec_summary_idx is 'Designs by family, material, ... (core.find_designs).';
comment on index core.designs_load_n_idx is 'Public designs by load.';

create function core.find_designs(filter jsonb default '{}', min_load numeric default null, max_load numeric default null, cursor text default null, max_hits int default 20)
  returns table (id uuid, slug text, title text, spec_summary jsonb, published_at timestamptz, next_cursor text)
  language sql stable security definer
begin atomic
  select d.id, d.slug::text, d.title, d.spec_summary, d.published_at, core.encode_cursor(d.published_at, d.id)
  from core.designs d, core.decode_cursor(cursor) c
  where d.visibility = 'public' and d.status in ('released', 'deprecated') and d.deleted_at is null
    and d.spec_summary @> filter
    and (min_load is null or (d.spec_summary ->> 'load_n')::numeric >= min_load) and (max_load is null or (d.spec_summary ->> 'load_n')::numeric <= max_load)
    and (cursor is null or (d.published_at, d.id) < (c.at, c.id))
  order by d.published_at desc, d.id desc limit greatest(least(max_hits, 100), 1);
end;

grant execute on function core.find_designs to hc_anon, hc_agent;

comment on function core.find_designs is 'Public designs whose spec contains the filter and whose load lies in the range, newest first; next_cursor of the last row gets the next page. Security definer: row security would keep it from the GIN index; it repeats the public policy.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000685001', 'ada-0685');
insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at, spec_summary)
select ('00000000-0000-7000-8000-00000068501' || n)::uuid, '00000000-0000-7000-8000-000000685001', 'hinge-' || n, 'Hinge ' || n, visibility, 'released', 'MIT', uuidv7(), now(), spec::jsonb from (values
  (1, 'public', '{"family": "concealed", "material": "probe-0685", "load_n": 300}'), (2, 'public', '{"family": "concealed", "material": "probe-0685", "load_n": 450}'),
  (3, 'public', '{"family": "concealed", "material": "probe-0685", "load_n": 200}'), (4, 'public', '{"family": "butt", "material": "probe-0685", "load_n": 900}'),
  (5, 'unlisted', '{"family": "concealed", "material": "probe-0685", "load_n": 500}')) v(n, visibility, spec);
set local role hc_anon;
select array_agg(slug order by slug) = '{hinge-1,hinge-2}' from core.find_designs('{"family": "concealed", "material": "probe-0685"}', 300, null);
select array_agg(slug order by slug) = '{hinge-1}' from core.find_designs('{"family": "concealed", "material": "probe-0685"}', 300, 400);
select a.slug = 'hinge-2' and b.slug = 'hinge-1' from core.find_designs('{"family": "concealed", "material": "probe-0685"}', 300, max_hits => 1) a, core.find_designs('{"family": "concealed", "material": "probe-0685"}', 300, null, a.next_cursor, 1) b;
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select id from core.designs where spec_summary @> '{"material": "brass"}' $$, 'designs_spec_summary_idx'),
  ($$ select id from core.designs where visibility = 'public' and (spec_summary ->> 'load_n')::numeric >= 300 $$, 'designs_load_n_idx')) v(sql, index);
select has_function_privilege('hc_anon', f, 'execute') and has_function_privilege('hc_agent', f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and prosecdef from unnest(array['core.find_designs(jsonb, numeric, numeric, text, int)']) f join pg_proc on oid = f::regprocedure;

-- task: BUILD_0686 add_wix_columns
-- title: Add Wix columns to core.designs (owner = owner_id)
-- does: Four virtual columns that cannot disagree with the real ones; the Wix layer may write title, summary, tags and visibility, the rest is read-only for it.
-- proves: a new title moves _updatedDate, the four follow their sources and cannot be written (428C9), a policy may use _owner, wix_columns() knows what is writable.
-- needs: BUILD_0005, BUILD_0666, BUILD_0681
alter table core.designs
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (owner_id::text) virtual;

comment on column core.designs."_id" is 'The id, as Wix names it. @wix read';
comment on column core.designs."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.designs."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.designs."_owner" is 'owner_id, as Wix names it. @wix read';
comment on column core.designs.title is 'Title as shown. @wix write';
comment on column core.designs.summary is 'What it is good for, in a few sentences. @wix write';
comment on column core.designs.tags is 'Free words, folded and sorted. @wix write';
comment on column core.designs.visibility is 'private, unlisted (by share link), community (members) or public. @wix write';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000686001', 'ada-0686');
insert into core.designs (id, owner_id, slug, title) values ('00000000-0000-7000-8000-000000686011', '00000000-0000-7000-8000-000000686001', 'probe', 'Probe');
update core.designs set title = 'Probe 2', updated_at = created_at + interval '1 hour' where id = '00000000-0000-7000-8000-000000686011' returning "_updatedDate" > "_createdDate";
select "_id" = id::text and "_owner" = owner_id::text and "_createdDate" = created_at and "_updatedDate" = updated_at from core.designs where id = '00000000-0000-7000-8000-000000686011';
select c, blueprint.raises(format('update core.designs set %I = null', c), '428C9') from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.designs'), (select array_agg(column_name order by column_name) from core.wix_columns('core.designs') where access = 'write') = '{summary,tags,title,visibility}';
create policy designs_probe_0686 on core.designs for select to hc_analyst using ("_owner" = '00000000-0000-7000-8000-000000686001');
grant select on core.designs to hc_analyst;
set local role hc_analyst;
select count(*) = 1 and bool_and(title = 'Probe 2') from core.designs;

-- task: BUILD_0687 implement_table_feature
-- title: Similar titles and tags: core.similar_designs(design, k)
-- does: core.similar_designs(design, k) ranks designs the caller may see by 0.6 x likeness of the title, 0.4 x share of common tags and a little for the same category, and flags what is
--   almost the same (above 0.9); candidates come from the trigram and tag indexes.
-- proves: the near twin of 'Brass barrel hinge 8mm' ranks first and is flagged, a private design of somebody else never appears, fewer than k is fine.
-- needs: BUILD_0681, BUILD_0682, BUILD_0686
create function core.similar_designs(design uuid, k int default 10) returns table (id uuid, slug text, title text, score numeric, is_near_duplicate boolean)
  language sql stable security definer
begin atomic
  with mine as (
    select d.id, d.title, d.tags, d.category_id from core.designs d where d.id = design and (d.owner_id = core.current_user_id() or core.has_role('hc_moderator')
      or (d.visibility in ('public', 'community') and d.status in ('released', 'deprecated') and d.deleted_at is null and (d.visibility = 'public' or core.has_role('hc_member'))))
  ), candidates as (
    select c.id from mine m join core.designs c on c.title operator(extensions.%) m.title
    union
    select c.id from mine m join core.designs c on c.tags && m.tags
  ), scored as (
    select d.id, d.slug::text as slug, d.title,
      least(1, 0.6 * extensions.similarity(d.title, m.title)::numeric
        + 0.4 * coalesce((select count(*) from unnest(d.tags) t where t = any (m.tags))::numeric / nullif((select count(*) from (select unnest(d.tags) union select unnest(m.tags)) u), 0), 0)
        + case when d.category_id = m.category_id then 0.05 else 0 end) as score
    from mine m, candidates c join core.designs d on d.id = c.id
    where d.id <> m.id and d.deleted_at is null
      and (d.owner_id = core.current_user_id() or (d.status in ('released', 'deprecated') and (d.visibility = 'public' or (d.visibility = 'community' and core.has_role('hc_member')))))
  )
  select s.id, s.slug, s.title, round(s.score, 3), s.score > 0.9 from scored s order by s.score desc, s.id limit greatest(least(k, 100), 0);
end;

grant execute on function core.similar_designs to hc_anon, hc_agent;

comment on function core.similar_designs is 'Designs like this one among those the caller may see, best first; is_near_duplicate above 0.9. Security definer: row security would keep it from the trigram and tag indexes; it repeats the policies of own, public and community designs.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000687001', 'ada-0687'), ('00000000-0000-7000-8000-000000687002', 'bob-0687');
insert into core.designs (id, owner_id, slug, title, tags, visibility, status, licence_spdx, head_version_id, published_at)
select ('00000000-0000-7000-8000-00000068701' || n)::uuid, case owner when 'ada' then '00000000-0000-7000-8000-000000687001'::uuid else '00000000-0000-7000-8000-000000687002' end, 'hinge-' || n, title, tags::text[], visibility, status, 'MIT',
  uuidv7(), case when status = 'released' then now() end
from (values (1, 'ada', 'Brass barrel hinge 8mm zq0687', '{brass,zq0687}', 'private', 'draft'), (2, 'bob', 'Brass barrel hinge 8mm zq0687', '{brass,zq0687}', 'public', 'released'),
  (3, 'bob', 'Steel barrel hinge 9mm zq0687', '{steel,zq0687}', 'community', 'released'), (4, 'bob', 'Brass barrel hinge 8mm zq0687', '{brass,zq0687}', 'private', 'draft'),
  (5, 'bob', 'Entirely else', '{wood,zq0687}', 'public', 'released')) v(n, owner, title, tags, visibility, status);
select core.act_as('00000000-0000-7000-8000-000000687001');
set local role hc_member;
select (array_agg(slug))[1:1] = '{hinge-2}', bool_and(is_near_duplicate = (slug = 'hinge-2')), bool_and(slug <> 'hinge-4'), count(*) filter (where slug in ('hinge-2', 'hinge-3', 'hinge-5')) = 3, max(score) = 1 from core.similar_designs('00000000-0000-7000-8000-000000687011', 50);
select count(*) = 2 from core.similar_designs('00000000-0000-7000-8000-000000687011', 2);
select count(*) = 0 from core.similar_designs('00000000-0000-7000-8000-000000687014', 5);
set local role hc_anon;
select core.current_user_id() is not null, (select bool_and(slug <> 'hinge-3') from core.similar_designs('00000000-0000-7000-8000-000000687012', 50));
set local role hc_owner;
select has_function_privilege('hc_anon', 'core.similar_designs(uuid, int)', 'execute') and has_function_privilege('hc_agent', 'core.similar_designs(uuid, int)', 'execute') and not has_function_privilege('hc_analyst', 'core.similar_designs(uuid, int)', 'execute') and prosecdef
from pg_proc where oid = 'core.similar_designs(uuid, int)'::regprocedure;

-- task: BUILD_0688 implement_table_feature critical
-- title: Decide visibility in one place: core.can_view_design() and share links for unlisted designs
-- does: core.create_share_link(design, ttl) gives a link signed under key design.share and bound to the design's share_epoch; the gateway puts it into the claim share, where
--   core.linked_designs() proves it for the policies. core.rotate_share_links() ends all links of a design. core.can_view_design() says what the policies say.
-- proves: anon with a live link sees the unlisted design, not after expiry, rotation, tampering or once it is private; can_view_design agrees with SELECT in all cases of
--   visibility and role; only the owner makes links.
-- needs: BUILD_0005, BUILD_0032, BUILD_0033, BUILD_0681
-- lint: allow or-replace: fills the slot that BUILD_0681 left for share links
alter table core.designs add column share_epoch int not null default 1;

comment on column core.designs.share_epoch is 'Counts up when all share links of the design end. @wix never';

create function core.share_link_mac(design uuid, expires bigint, epoch int, key_version int) returns text
  language sql stable
  return left(translate(encode(core.keyed_mac(convert_to(concat_ws('.', design, expires, epoch), 'UTF8'), 'design.share', key_version), 'base64'), e'+/=\n', '-_'), 32);

create or replace function core.linked_designs() returns uuid[]
  language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(d.id), '{}')
  from regexp_match(core.claims() ->> 'share', '^([0-9a-f-]{36})\.([0-9]{1,12})\.([0-9]{1,9})\.([0-9]{1,3})\.([A-Za-z0-9_-]{32})$') p
  join core.designs d on d.id = core.as_uuid(p[1])
  where d.visibility = 'unlisted' and d.deleted_at is null and d.share_epoch = p[3]::int
    and p[2]::bigint > extract(epoch from clock_timestamp())
    and core.same_digest(convert_to(core.share_link_mac(d.id, p[2]::bigint, p[3]::int, p[4]::int), 'UTF8'), convert_to(p[5], 'UTF8'))
$$;

create function core.create_share_link(design uuid, ttl interval default '7 days') returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  made core.designs;
  expires constant bigint := extract(epoch from clock_timestamp() + ttl)::bigint;
  version constant int := core.key_version('design.share');
begin
  select * into made from core.designs d where d.id = design and d.owner_id = core.current_user_id();
  if made.id is null then
    raise exception using errcode = '42501', message = 'only its owner shares a design';
  elsif made.visibility <> 'unlisted' then
    raise exception using errcode = '55000', message = 'share links open unlisted designs', hint = 'Set its visibility to unlisted first.';
  elsif ttl <= interval '0' or ttl > interval '1 year' then
    raise exception using errcode = '22023', message = 'a share link lives up to a year';
  end if;
  return concat_ws('.', made.id, expires, made.share_epoch, version, core.share_link_mac(made.id, expires, made.share_epoch, version));
end $$;

create function core.rotate_share_links(design uuid) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  epoch int;
begin
  update core.designs d set share_epoch = d.share_epoch + 1 where d.id = design and d.owner_id = core.current_user_id() returning d.share_epoch into epoch;
  if epoch is null then
    raise exception using errcode = '42501', message = 'only its owner ends the links of a design';
  end if;
  return epoch;
end $$;

create function core.can_view_design(design uuid) returns boolean
  language sql stable
begin atomic
  select exists (select from core.designs d where d.id = design);
end;

grant execute on function core.create_share_link, core.rotate_share_links to hc_member;
grant execute on function core.can_view_design to hc_anon, hc_auditor;

comment on function core.share_link_mac is 'Seal of a share link: 32 characters of the MAC over design, expiry and epoch. For owner functions.';
comment on function core.linked_designs is 'Designs that the share link in the claims opens: unlisted, in time, of the current epoch, with a true seal. Security definer: asked by the policies of the table it reads, under a key nobody may read.';
comment on function core.create_share_link is 'A link that opens an unlisted design to whoever has it, until it expires or the links are rotated. Security definer: the key is closed to callers.';
comment on function core.rotate_share_links is 'Ends all share links of a design. Security definer: members may not write the epoch.';
comment on function core.can_view_design is 'Whether the caller may see a design. Runs as its caller: it is what the policies of core.designs say, and cannot disagree. In policies of other tables: exists (select from core.designs ...).';

-- verify
select core.load_key('design.share', repeat('s', 32)::bytea) > 0;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000688001', 'ada-0688'), ('00000000-0000-7000-8000-000000688002', 'bob-0688');
insert into core.designs (id, owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at)
select ('00000000-0000-7000-8000-00000068801' || n)::uuid, '00000000-0000-7000-8000-000000688001', visibility, 'Probe ' || n, visibility, 'released', 'MIT', uuidv7(), now() from unnest(array['private', 'unlisted', 'community', 'public']) with ordinality v(visibility, n);
select core.act_as('00000000-0000-7000-8000-000000688001');
set local role hc_member;
select set_config('probe.link', core.create_share_link('00000000-0000-7000-8000-000000688012', '1 hour'), true) ~ '^00000000-0000-7000-8000-000000688012\.';
select sql, blueprint.raises(format('select core.create_share_link(%s)', sql), state, why) from (values
  ($$ '00000000-0000-7000-8000-000000688014' $$, '55000', 'unlisted'), ($$ '00000000-0000-7000-8000-000000688012', '2 years' $$, '22023', 'up to a year')) v(sql, state, why);
select count(*) = 4 and bool_and(core.can_view_design(id)) from core.designs where owner_id = '00000000-0000-7000-8000-000000688001';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000688002');
set local role hc_member;
select blueprint.raises($$ select core.create_share_link('00000000-0000-7000-8000-000000688012') $$, '42501', 'only its owner'), blueprint.raises($$ select core.rotate_share_links('00000000-0000-7000-8000-000000688012') $$, '42501', 'only its owner');
select array_agg(n order by n) = '{3,4}' from generate_series(1, 4) n where core.can_view_design(('00000000-0000-7000-8000-00000068801' || n)::uuid);
select array_agg(slug::text order by slug) = '{community,public}' from core.designs where owner_id = '00000000-0000-7000-8000-000000688001';
set local role hc_owner;
select core.act_as(null, 'hc_anon');
set local role hc_anon;
select array_agg(n) = '{4}' from generate_series(1, 4) n where core.can_view_design(('00000000-0000-7000-8000-00000068801' || n)::uuid);
select array_agg(slug::text) = '{public}' from core.designs where owner_id = '00000000-0000-7000-8000-000000688001';
set local role hc_owner;
select core.act_as(null, 'hc_anon', jsonb_build_object('share', current_setting('probe.link')));
set local role hc_anon;
select array_agg(slug::text order by slug) = '{public,unlisted}' from core.designs where owner_id = '00000000-0000-7000-8000-000000688001';
select core.can_view_design('00000000-0000-7000-8000-000000688012');
set local role hc_owner;
select bad, (select core.linked_designs() = '{}' from core.act_as(null, 'hc_anon', jsonb_build_object('share', bad))) from (values
  (overlay(current_setting('probe.link') placing '1' from 36 for 1)), (current_setting('probe.link') || 'x'), (regexp_replace(current_setting('probe.link'), '\.1\.', '.2.')), ('x'), (''),
  (concat_ws('.', '00000000-0000-7000-8000-000000688012', 1000, 1, core.key_version('design.share'), core.share_link_mac('00000000-0000-7000-8000-000000688012', 1000, 1, core.key_version('design.share')))),
  (concat_ws('.', '00000000-0000-7000-8000-000000688011', 99999999999, 1, core.key_version('design.share'), core.share_link_mac('00000000-0000-7000-8000-000000688011', 99999999999, 1, core.key_version('design.share')))),
  (regexp_replace(current_setting('probe.link'), '\.\d+\.([A-Za-z0-9_-]+)$', '.250.\1'))) v(bad);
select core.act_as('00000000-0000-7000-8000-000000688001');
set local role hc_member;
select core.rotate_share_links('00000000-0000-7000-8000-000000688012') = 2;
set local role hc_owner;
select core.act_as(null, 'hc_anon', jsonb_build_object('share', current_setting('probe.link')));
set local role hc_anon;
select not core.can_view_design('00000000-0000-7000-8000-000000688012');
set local role hc_owner;
select has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['core.create_share_link(uuid, interval)', 'core.rotate_share_links(uuid)']) f;
select role, has_function_privilege(role, 'core.can_view_design(uuid)', 'execute') = granted from (values ('hc_anon', true), ('hc_auditor', true), ('hc_analyst', false)) v(role, granted);
select not has_function_privilege('hc_member', 'core.share_link_mac(uuid, bigint, int, int)', 'execute'), prosecdef from pg_proc where oid = 'core.linked_designs()'::regprocedure;

-- task: BUILD_0689 implement_table_feature
-- title: Facet counts for the gallery: core.design_facets(filter jsonb)
-- does: core.design_facets(filter) counts the released designs its caller may see by family, material, category (rolled up the tree), licence, tags (the thirty commonest) and load band,
--   in one pass; each facet leaves out its own filter, so that several values of it can be chosen.
-- proves: on ten designs the counts are those made by hand, choosing a material leaves the counts of materials and narrows those of families, anon counts public designs only.
-- needs: BUILD_0022, BUILD_0681, BUILD_0685
create function core.design_facets(filter jsonb default '{}') returns table (facet text, value text, count bigint)
  language sql stable
begin atomic
  with matched as (
    select v.facet, v.value, v.ok,
      (f.family and f.material and f.category and f.licence and f.tags and f.load_band) as all_ok,
      (not f.family)::int + (not f.material)::int + (not f.category)::int + (not f.licence)::int + (not f.tags)::int + (not f.load_band)::int as misses
    from core.designs d left join core.terms t on t.id = d.category_id,
    lateral (select d.spec_summary ->> 'family' as family, d.spec_summary ->> 'material' as material, d.licence_spdx as licence,
      case when (d.spec_summary ->> 'load_n')::numeric < 100 then 'below 100 N' when (d.spec_summary ->> 'load_n')::numeric < 1000 then '100 to 1000 N' when (d.spec_summary ->> 'load_n')::numeric >= 1000 then 'from 1000 N' end as load_band) s,
    lateral (select
      not filter ? 'family' or coalesce(filter -> 'family' @> to_jsonb(s.family), false) as family,
      not filter ? 'material' or coalesce(filter -> 'material' @> to_jsonb(s.material), false) as material,
      not filter ? 'category' or coalesce(t.path operator(extensions.<@) (filter ->> 'category')::extensions.ltree, false) as category,
      not filter ? 'licence' or coalesce(filter -> 'licence' @> to_jsonb(s.licence), false) as licence,
      not filter ? 'tags' or to_jsonb(d.tags) @> (filter -> 'tags') as tags,
      not filter ? 'load_band' or coalesce(filter -> 'load_band' @> to_jsonb(s.load_band), false) as load_band) f,
    lateral (
      values ('family'::text, s.family, f.family), ('material', s.material, f.material), ('licence', s.licence, f.licence), ('load_band', s.load_band, f.load_band)
      union all
      select 'tags' as facet, tag, f.tags from unnest(d.tags) tag
      union all
      select 'category' as facet, extensions.ltree2text(extensions.subpath(t.path, 0, depth)), f.category from generate_series(1, extensions.nlevel(t.path)) depth
    ) v(facet, value, ok)
    where d.status in ('released', 'deprecated') and d.deleted_at is null and v.value is not null
  ), counted as (
    select m.facet, m.value, count(*) as count, row_number() over (partition by m.facet order by count(*) desc, m.value) as place
    from matched m where m.all_ok or (m.misses = 1 and not m.ok)
    group by m.facet, m.value
  )
  select c.facet, c.value, c.count from counted c where c.facet <> 'tags' or c.place <= 30 order by c.facet, c.count desc, c.value;
end;

grant execute on function core.design_facets to hc_anon, hc_auditor;

comment on function core.design_facets is 'Counts per facet and value under a filter as {"material": ["brass"], "tags": ["door"], "category": "topic.hinges"}. Runs as its caller: counts what row security shows.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000689001', 'ada-0689');
insert into core.terms (id, path, kind, labels) values ('00000000-0000-7000-8000-000000689002', 'topic.probe0689', 'topic', '{"en": "Probe"}'), ('00000000-0000-7000-8000-000000689003', 'topic.probe0689.doors', 'topic', '{"en": "Doors"}');
insert into core.designs (owner_id, slug, title, visibility, status, licence_spdx, head_version_id, published_at, tags, category_id, spec_summary)
select '00000000-0000-7000-8000-000000689001', 'hinge-' || n, 'Hinge ' || n, case when n = 10 then 'community' else 'public' end, 'released', case when n <= 4 then 'MIT' else 'CC0-1.0' end, uuidv7(), now(),
  case when n % 2 = 0 then '{even,zq0689}' else '{zq0689}' end::text[], case when n <= 3 then '00000000-0000-7000-8000-000000689003'::uuid else '00000000-0000-7000-8000-000000689002' end,
  jsonb_build_object('family', case when n <= 6 then 'butt' else 'living' end, 'material', case when n % 3 = 0 then 'brass' else 'steel' end, 'load_n', n * 90)
from generate_series(1, 10) n;
select core.act_as('00000000-0000-7000-8000-000000689001');
set local role hc_member;
select array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'family') = '{butt=6,living=4}', array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'material') = '{brass=3,steel=7}',
  array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'licence') = '{CC0-1.0=6,MIT=4}', array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'load_band') = '{"100 to 1000 N=9","below 100 N=1"}',
  bool_or(facet = 'category' and value = 'topic.probe0689' and count = 10), bool_or(facet = 'category' and value = 'topic.probe0689.doors' and count = 3), bool_or(facet = 'tags' and value = 'even' and count = 5)
from core.design_facets('{"tags": ["zq0689"]}') where value <> 'topic' or facet <> 'category';
select array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'material') = '{brass=3,steel=7}', array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'family') = '{butt=2,living=1}'
from core.design_facets('{"tags": ["zq0689"], "material": ["brass"]}');
select array_agg(format('%s=%s', value, count) order by value) filter (where facet = 'family') = '{butt=3}', bool_or(facet = 'category' and value = 'topic.probe0689' and count = 6)
from core.design_facets('{"tags": ["zq0689"], "category": "topic.probe0689.doors", "family": ["butt"]}');
select bool_or(facet = 'licence' and value = 'CC0-1.0' and count = 6), bool_and(facet <> 'family' or value <> 'living') from core.design_facets('{"tags": ["zq0689"], "licence": ["MIT"], "load_band": ["100 to 1000 N"]}');
set local role hc_anon;
select sum(count) = 9 from core.design_facets('{"tags": ["zq0689"]}') where facet = 'family';
set local role hc_owner;
select has_function_privilege('hc_anon', 'core.design_facets(jsonb)', 'execute') and has_function_privilege('hc_auditor', 'core.design_facets(jsonb)', 'execute') and not has_function_privilege('hc_analyst', 'core.design_facets(jsonb)', 'execute');

-- task: BUILD_0690 implement_table_feature critical
-- title: Transfer ownership with acceptance, and trash with restore window
-- does: core.offer_design() and accept_design_offer() move a design to somebody who wants it, with another slug where the name is taken; authors of versions stay. core.trash_design() hides,
--   restore_design() brings back within 30 days, purge_trashed() removes what nobody forked, ordered or listed and leaves a tombstone of the rest.
-- proves: an offer changes nothing until it is accepted by its addressee, then the new owner edits and the slug gets -2; day 29 restores, day 31 raises; purging takes one design
--   and leaves the other as a tombstone.
-- needs: BUILD_0005, BUILD_0684
create table core.design_offers (
  id uuid default uuidv7() constraint design_offers_id_pk primary key,
  design_id uuid not null constraint design_offers_design_id_fk references core.designs (id) on delete cascade,
  from_user uuid not null constraint design_offers_from_user_fk references core.users (id),
  to_user uuid not null constraint design_offers_to_user_fk references core.users (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '14 days',
  accepted_at timestamptz,
  constraint design_offers_to_user_check check (to_user <> from_user)
);

create unique index design_offers_design_id_key on core.design_offers (design_id) where accepted_at is null;
create index design_offers_design_id_idx on core.design_offers (design_id);
create index design_offers_from_user_idx on core.design_offers (from_user);
create index design_offers_to_user_idx on core.design_offers (to_user);

create policy design_offers_own_select on core.design_offers for select to hc_member using (to_user = (select core.current_user_id()) or from_user = (select core.current_user_id()));

grant select on core.design_offers to hc_member;

create function core.offer_design(design uuid, to_user uuid) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  offer uuid;
begin
  perform from core.designs d where d.id = design and d.owner_id = core.current_user_id() and d.deleted_at is null for update;
  if not found then
    raise exception using errcode = '42501', message = 'only its owner offers a design';
  elsif to_user = core.current_user_id() then
    raise exception using errcode = '22023', message = 'a design is offered to somebody else';
  end if;
  delete from core.design_offers o where o.design_id = design and o.accepted_at is null;
  insert into core.design_offers (design_id, from_user, to_user) values (design, core.current_user_id(), offer_design.to_user) returning id into offer;
  return offer;
end $$;

create function core.accept_design_offer(offer uuid) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  taken core.design_offers;
  offered core.designs;
begin
  select * into taken from core.design_offers o where o.id = offer and o.to_user = me for update;
  if taken.id is null then
    raise exception using errcode = '42501', message = 'this offer is not for you';
  end if;
  select * into offered from core.designs d where d.id = taken.design_id for update;
  if taken.accepted_at is not null or taken.expires_at <= now() or offered.owner_id <> taken.from_user or offered.deleted_at is not null then
    raise exception using errcode = '55000', message = 'this offer is over';
  end if;
  update core.design_offers o set accepted_at = now() where o.id = offer;
  perform set_config('core.design_transfer', offered.id::text, true);
  update core.designs d set owner_id = me,
    slug = case when exists (select from core.designs x where x.owner_id = me and x.slug = d.slug) then core.slugify(d.slug, 'core.designs', 'slug', jsonb_build_object('owner_id', me)) else d.slug end
  where d.id = offered.id returning * into offered;
  perform set_config('core.design_transfer', '', true);
  return offered.slug;
end $$;

create function core.trash_design(design uuid, at timestamptz default now()) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update core.designs d set deleted_at = at, metadata = d.metadata || jsonb_build_object('visibility_before_trash', d.visibility), visibility = 'private'
  where d.id = design and d.deleted_at is null and (d.owner_id = core.current_user_id() or core.has_role('hc_moderator'));
  if not found then
    raise exception using errcode = '42501', message = 'only its owner or moderation trashes a design, once';
  end if;
end $$;

create function core.restore_design(design uuid, at timestamptz default now()) returns text
  language plpgsql security definer set search_path = ''
as $$
declare
  found_one core.designs;
begin
  select * into found_one from core.designs d where d.id = design and d.deleted_at is not null and (d.owner_id = core.current_user_id() or core.has_role('hc_moderator')) for update;
  if found_one.id is null then
    raise exception using errcode = '42501', message = 'only its owner or moderation restores a design from the trash';
  elsif at >= found_one.deleted_at + interval '30 days' or found_one.metadata ? 'tombstone' then
    raise exception using errcode = '55000', message = 'a design can be restored for 30 days';
  end if;
  update core.designs d set deleted_at = null, visibility = d.metadata ->> 'visibility_before_trash', metadata = d.metadata - 'visibility_before_trash',
    slug = case when exists (select from core.designs x where x.owner_id = d.owner_id and x.slug = d.slug and x.id <> d.id and x.deleted_at is null)
      then core.slugify(d.slug, 'core.designs', 'slug', jsonb_build_object('owner_id', d.owner_id)) else d.slug end
  where d.id = design returning * into found_one;
  return found_one.slug;
end $$;

create function core.purge_trashed(at timestamptz default now()) returns table (design_id uuid, outcome text)
  language plpgsql security definer set search_path = ''
as $$
begin
  for design_id in
    select d.id from core.designs d where d.deleted_at <= at - interval '30 days' and not d.metadata ? 'tombstone' order by d.deleted_at for update skip locked
  loop
    begin
      set constraints all deferred;
      delete from core.designs d where d.id = purge_trashed.design_id;
      set constraints all immediate;  -- forks, orders and listings speak up here, not at commit
      set constraints all deferred;
      outcome := 'purged';
    exception when foreign_key_violation or object_in_use then
      update core.designs d set title = 'Deleted design', summary = null, tags = '{}', metadata = d.metadata || '{"tombstone": true}' where d.id = purge_trashed.design_id;
      outcome := 'tombstone';
    end;
    return next;
  end loop;
end $$;

grant execute on function core.offer_design, core.accept_design_offer, core.trash_design, core.restore_design to hc_member;
grant execute on function core.purge_trashed to hc_worker;

comment on table core.design_offers is 'Designs offered to somebody else; one open offer a design. @distribution local';
comment on column core.design_offers.id is 'Version 7 UUID.';
comment on column core.design_offers.design_id is 'What is offered.';
comment on column core.design_offers.from_user is 'Who owned it then.';
comment on column core.design_offers.to_user is 'Who may accept.';
comment on column core.design_offers.created_at is 'When it was offered.';
comment on column core.design_offers.expires_at is 'Until when it can be accepted.';
comment on column core.design_offers.accepted_at is 'When it was accepted.';
comment on index core.design_offers_design_id_key is 'One open offer a design.';
comment on index core.design_offers_design_id_idx is 'Offers of a design; and the foreign key.';
comment on index core.design_offers_from_user_idx is 'Offers somebody made; and the foreign key.';
comment on index core.design_offers_to_user_idx is 'Offers somebody has; and the foreign key.';
comment on policy design_offers_own_select on core.design_offers is 'Both sides see an offer.';
comment on function core.offer_design is 'Offers an own design to somebody; an earlier open offer of it ends. Security definer: offers are written by functions only.';
comment on function core.accept_design_offer is 'Takes an offered design over and returns its slug, another one where the name is taken; authors of versions stay. Security definer: owners change by this alone.';
comment on function core.trash_design is 'Puts a design into the trash: private until restored. Security definer: members may not write deleted_at.';
comment on function core.restore_design is 'Brings a design back from the trash within 30 days and returns its slug. Security definer: members may not write deleted_at.';
comment on function core.purge_trashed is 'Removes what lay in the trash for 30 days; what others forked, ordered or listed stays as a tombstone. For the nightly job. Security definer: the worker deletes no design itself.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000690001', 'ada-0690'), ('00000000-0000-7000-8000-000000690002', 'bob-0690'), ('00000000-0000-7000-8000-000000690003', 'eve-0690');
insert into core.designs (id, owner_id, slug, title, visibility) values ('00000000-0000-7000-8000-000000690011', '00000000-0000-7000-8000-000000690001', 'gate', 'Gate hinge', 'unlisted'), ('00000000-0000-7000-8000-000000690012', '00000000-0000-7000-8000-000000690002', 'gate', 'Gate of Bob', 'private'),
  ('00000000-0000-7000-8000-000000690013', '00000000-0000-7000-8000-000000690002', 'kept', 'Kept hinge', 'private');
select core.act_as('00000000-0000-7000-8000-000000690002');
set local role hc_member;
select blueprint.raises($$ select core.offer_design('00000000-0000-7000-8000-000000690011', '00000000-0000-7000-8000-000000690002') $$, '42501', 'only its owner');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000690001');
set local role hc_member;
select set_config('probe.old', core.offer_design('00000000-0000-7000-8000-000000690011', '00000000-0000-7000-8000-000000690002')::text, true) is not null;
select set_config('probe.offer', core.offer_design('00000000-0000-7000-8000-000000690011', '00000000-0000-7000-8000-000000690002')::text, true) is not null;
select count(*) = 1 from core.design_offers where design_id = '00000000-0000-7000-8000-000000690011';
select blueprint.raises(format('select core.accept_design_offer(%L)', current_setting('probe.offer')), '42501', 'not for you'), blueprint.raises($$ select core.offer_design('00000000-0000-7000-8000-000000690011', '00000000-0000-7000-8000-000000690001') $$, '22023');
select owner_id = '00000000-0000-7000-8000-000000690001' from core.designs where id = '00000000-0000-7000-8000-000000690011';
set local role hc_owner;
select expires_at = now() + interval '14 days' and created_at = now() from core.design_offers where id::text = current_setting('probe.offer');
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.design_offers'::regclass;
select core.act_as('00000000-0000-7000-8000-000000690003');
set local role hc_member;
select count(*) = 0 from core.design_offers;
set local role hc_owner;
select rule, blueprint.raises(format('insert into core.design_offers (design_id, from_user, to_user, accepted_at, id) values (%s)', vals), state, rule) from (values
  ('design_offers_id_pk', '23505', format($$ '00000000-0000-7000-8000-000000690012', '00000000-0000-7000-8000-000000690001', '00000000-0000-7000-8000-000000690002', now(), %L $$, current_setting('probe.offer'))),
  ('design_offers_design_id_fk', '23503', $$ uuidv7(), '00000000-0000-7000-8000-000000690001', '00000000-0000-7000-8000-000000690002', now(), uuidv7() $$),
  ('design_offers_from_user_fk', '23503', $$ '00000000-0000-7000-8000-000000690012', uuidv7(), '00000000-0000-7000-8000-000000690002', now(), uuidv7() $$),
  ('design_offers_to_user_fk', '23503', $$ '00000000-0000-7000-8000-000000690012', '00000000-0000-7000-8000-000000690001', uuidv7(), now(), uuidv7() $$),
  ('design_offers_to_user_check', '23514', $$ '00000000-0000-7000-8000-000000690012', '00000000-0000-7000-8000-000000690001', '00000000-0000-7000-8000-000000690001', now(), uuidv7() $$),
  ('design_offers_design_id_key', '23505', $$ '00000000-0000-7000-8000-000000690011', '00000000-0000-7000-8000-000000690001', '00000000-0000-7000-8000-000000690002', null, uuidv7() $$)) v(rule, state, vals);
select index, blueprint.plan_uses(sql, index) from (values ($$ select from core.design_offers where from_user = uuidv7() $$, 'design_offers_from_user_idx'), ($$ select from core.design_offers where to_user = uuidv7() $$, 'design_offers_to_user_idx'),
  ($$ select from core.design_offers where design_id = '00000000-0000-7000-8000-000000690011' $$, 'design_offers_design_id_idx')) v(sql, index);
select core.act_as('00000000-0000-7000-8000-000000690002');
set local role hc_member;
select blueprint.raises(format('select core.accept_design_offer(%L)', current_setting('probe.old')), '42501'), core.accept_design_offer(current_setting('probe.offer')::uuid) = 'gate-2';
select owner_id = '00000000-0000-7000-8000-000000690002', blueprint.raises(format('select core.accept_design_offer(%L)', current_setting('probe.offer')), '55000', 'over') from core.designs where id = '00000000-0000-7000-8000-000000690011';
with changed as (update core.designs set title = 'Gate hinge of Bob' where id = '00000000-0000-7000-8000-000000690011' returning 1) select count(*) = 1 from changed;
select core.trash_design('00000000-0000-7000-8000-000000690011');
select deleted_at = now() and visibility = 'private', blueprint.raises($$ select core.trash_design('00000000-0000-7000-8000-000000690011') $$, '42501') from core.designs where id = '00000000-0000-7000-8000-000000690011';
select blueprint.raises($$ select core.restore_design('00000000-0000-7000-8000-000000690011', now() + interval '31 days') $$, '55000', '30 days'), core.restore_design('00000000-0000-7000-8000-000000690011', now() + interval '29 days') = 'gate-2';
select deleted_at is null and visibility = 'unlisted' from core.designs where id = '00000000-0000-7000-8000-000000690011';
select core.trash_design('00000000-0000-7000-8000-000000690011', now() - interval '31 days'), core.trash_design('00000000-0000-7000-8000-000000690013', now() - interval '31 days'), core.trash_design('00000000-0000-7000-8000-000000690012', now() - interval '29 days');
set local role hc_owner;
create table core.probe_0690 (design_id uuid references core.designs (id));
insert into core.probe_0690 values ('00000000-0000-7000-8000-000000690013');
set local role hc_worker;
select bool_or(design_id = '00000000-0000-7000-8000-000000690011' and outcome = 'purged'), bool_or(design_id = '00000000-0000-7000-8000-000000690013' and outcome = 'tombstone'), bool_and(design_id <> '00000000-0000-7000-8000-000000690012') from core.purge_trashed();
set local role hc_owner;
select count(*) = 2 and bool_or(title = 'Deleted design' and metadata ? 'tombstone') from core.designs where owner_id = '00000000-0000-7000-8000-000000690002';
select core.act_as('00000000-0000-7000-8000-000000690001');
set local role hc_member;
select count(*) = 0 from core.design_offers;
select blueprint.raises($$ select core.trash_design('00000000-0000-7000-8000-000000690013') $$, '42501'), blueprint.raises($$ select core.restore_design('00000000-0000-7000-8000-000000690013') $$, '42501'), blueprint.raises($$ insert into core.design_offers default values $$, '42501');
set local role hc_owner;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute')
from unnest(array['core.offer_design(uuid, uuid)', 'core.accept_design_offer(uuid)', 'core.trash_design(uuid, timestamptz)', 'core.restore_design(uuid, timestamptz)']) f;
select has_function_privilege('hc_worker', 'core.purge_trashed(timestamptz)', 'execute') and not has_function_privilege('hc_member', 'core.purge_trashed(timestamptz)', 'execute');
