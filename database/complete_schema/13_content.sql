-- Core table content: the canonical registry of published things (articles, tutorials, pages, knowledge), whatever they come from.
-- Short texts live here as typed blocks; long ones as revisions of room publishing, whose current text is mirrored in body_text for search.

-- task: BUILD_0781 create_table critical
-- title: Create core.content, the canonical registry of published things, with policies
-- does: One row per article, tutorial, page, ... in one language. Everybody reads what is published, or scheduled and due; authors read all of theirs and edit their drafts;
--   moderators and auditors read everything. Status and schedule move through functions only.
-- proves: anon reads the published row whose instant has come, the author also the draft, a moderator all; reading_minutes = ceil(words / 220) and cannot be
--   written (428C9); a member writes own drafts and nothing of others.
-- needs: BUILD_0005, BUILD_0022, BUILD_0661
create table core.content (
  id uuid default uuidv7() constraint content_id_pk primary key,
  author_id uuid default core.current_user_id() constraint content_author_id_fk references core.users (id),
  kind text not null default 'article',
  slug core.slug not null,
  locale core.locale_tag not null default 'en',
  title text not null,
  summary text,
  category_id uuid constraint content_category_id_fk references core.terms (id),
  tags text[] not null default '{}',
  status text not null default 'draft',
  publish_at timestamptz,
  published_at timestamptz,
  current_revision_id uuid,
  source text not null default 'native',
  external_ref text,
  word_count int not null default 0,
  reading_minutes int generated always as ((word_count + 219) / 220) stored,
  seo jsonb not null default '{}',
  body_blocks jsonb not null default '[]',
  body_text text,
  metadata jsonb not null default '{}' constraint content_metadata_check check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index content_author_id_updated_at_idx on core.content (author_id, updated_at desc);
create index content_category_id_idx on core.content (category_id);

create policy content_public_select on core.content for select to hc_anon, hc_agent
  using (status in ('published', 'scheduled') and (publish_at is null or publish_at <= now()));

create policy content_own_select on core.content for select to hc_member using (author_id = (select core.current_user_id()));

create policy content_own_insert on core.content for insert to hc_member with check (author_id = (select core.current_user_id()) and status = 'draft');

create policy content_own_update on core.content for update to hc_member
  using (author_id = (select core.current_user_id()) and status in ('draft', 'unpublished'));

create policy content_staff_select on core.content for select to hc_moderator, hc_auditor using (true);

grant select on core.content to hc_anon, hc_agent, hc_auditor;
grant insert (kind, slug, locale, title, summary, category_id, tags, seo, body_blocks) on core.content to hc_member;
grant update (slug, title, summary, category_id, tags, seo, body_blocks) on core.content to hc_member;

comment on table core.content is 'What is, was or will be published: one row per text and language. @distribution reference';
comment on column core.content.id is 'Version 7 UUID.';
comment on column core.content.author_id is 'Who wrote it; null when the platform did. Changes by transfer only.';
comment on column core.content.kind is 'article, tutorial, documentation, news, page or knowledge.';
comment on column core.content.slug is 'Part of its address, unique in its language while not archived.';
comment on column core.content.locale is 'Language, a BCP 47 tag.';
comment on column core.content.title is 'Title, 3 to 200 characters.';
comment on column core.content.summary is 'Teaser; made from the text where nobody wrote one.';
comment on column core.content.category_id is 'Topic in the taxonomy.';
comment on column core.content.tags is 'Free tags, in lower case.';
comment on column core.content.status is 'State machine content: draft, in_review, scheduled, published, unpublished, archived.';
comment on column core.content.publish_at is 'Not readable before; policies compare it, whether or not the job ran.';
comment on column core.content.published_at is 'First publication; stays.';
comment on column core.content.current_revision_id is 'Revision of room publishing that is shown; null where the blocks are the text.';
comment on column core.content.source is 'Where it comes from: native, wix, vault or import.';
comment on column core.content.external_ref is 'Its id there; none for native ones.';
comment on column core.content.word_count is 'Words of body_text.';
comment on column core.content.reading_minutes is 'At 220 words a minute, rounded up.';
comment on column core.content.seo is 'For search engines: title, description, keywords, image, canonical, robots.';
comment on column core.content.body_blocks is 'The text as typed blocks (core.validate_blocks).';
comment on column core.content.body_text is 'Plain text of the blocks or of the current revision: what search and word counts read. Kept by triggers.';
comment on column core.content.metadata is 'Notes of the platform: unpublish_at, ...';
comment on column core.content.created_at is 'When the row was made.';
comment on column core.content.updated_at is 'When the row last really changed.';
comment on index core.content_author_id_updated_at_idx is 'Texts of an author, last edited first; and the foreign key.';
comment on index core.content_category_id_idx is 'Texts of a topic; and the foreign key.';
comment on policy content_public_select on core.content is 'Everybody reads what is published, and what is scheduled from its instant on.';
comment on policy content_own_select on core.content is 'Authors see their texts in any state.';
comment on policy content_own_insert on core.content is 'Members begin drafts of their own.';
comment on policy content_own_update on core.content is 'Authors edit what is not on show, as far as column grants allow.';
comment on policy content_staff_select on core.content is 'Moderation and audit read everything.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000781001', 'ada-0781'), ('00000000-0000-7000-8000-000000781002', 'bob-0781');
insert into core.content (id, author_id, slug, title, status, publish_at, published_at, word_count, body_blocks) values
  ('00000000-0000-7000-8000-000000781011', '00000000-0000-7000-8000-000000781001', 'shown-0781', 'Shown', 'published', null, now(), 0, '[{"type": "paragraph", "text": "Out."}]'),
  ('00000000-0000-7000-8000-000000781013', '00000000-0000-7000-8000-000000781001', 'embargo-0781', 'Embargo', 'published', now() + interval '1 hour', now(), 0, '[{"type": "paragraph", "text": "Soon."}]'),
  ('00000000-0000-7000-8000-000000781014', '00000000-0000-7000-8000-000000781001', 'later-0781', 'Later', 'scheduled', now() + interval '1 hour', null, 0, '[{"type": "paragraph", "text": "Soon."}]');
insert into core.content (id, author_id, slug, title) values ('00000000-0000-7000-8000-000000781012', '00000000-0000-7000-8000-000000781001', 'draft-0781', 'Draft')
returning kind = 'article' and locale = 'en' and tags = '{}' and status = 'draft' and source = 'native' and word_count = 0 and reading_minutes = 0 and seo = '{}' and body_blocks = '[]' and metadata = '{}' and created_at = now() and updated_at = now();
insert into core.content (slug, title) values ('nobody-0781', 'Nobody') returning id is not null and author_id is null;
update core.content set word_count = 220 where slug = 'nobody-0781' returning reading_minutes = 1;
update core.content set word_count = 221 where slug = 'nobody-0781' returning reading_minutes = 2;
select blueprint.raises($$ update core.content set reading_minutes = 1 $$, '428C9');
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.content (id, slug, title) values ('00000000-0000-7000-8000-000000781011', 'twice-0781', 'Twice') $$, '23505', 'content_id_pk'),
  ($$ insert into core.content (author_id, slug, title) values ('00000000-0000-7000-8000-00000078100f', 'who-0781', 'Who') $$, '23503', 'content_author_id_fk'),
  ($$ insert into core.content (category_id, slug, title) values ('00000000-0000-7000-8000-00000078100f', 'who-0781', 'Who') $$, '23503', 'content_category_id_fk'),
  ($$ insert into core.content (metadata, slug, title) values ('[]', 'who-0781', 'Who') $$, '23514', 'content_metadata_check')) v(sql, state, rule);
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.content where author_id = '00000000-0000-7000-8000-000000781001' order by updated_at desc $$, 'content_author_id_updated_at_idx'),
  ($$ select from core.content where category_id = '00000000-0000-7000-8000-000000781001' $$, 'content_category_id_idx')) v(sql, index);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.content'::regclass;
set local role hc_anon;
select array_agg(slug::text) = '{shown-0781}' from core.content where slug like '%-0781';
set local role hc_agent;
select array_agg(slug::text) = '{shown-0781}' from core.content where slug like '%-0781';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000781001');
set local role hc_member;
select count(*) = 4 from core.content where slug like '%-0781';
with changed as (update core.content set title = 'Draft 2' where slug like '%-0781' returning slug) select array_agg(slug::text) = '{draft-0781}' from changed;
select sql, blueprint.raises(sql, '42501') from (values ($$ update core.content set status = 'published' $$), ($$ update core.content set author_id = null $$), ($$ update core.content set published_at = now() $$),
  ($$ delete from core.content $$)) v(sql);
insert into core.content (kind, slug, title) values ('page', 'mine-0781', 'Mine') returning author_id = '00000000-0000-7000-8000-000000781001' and status = 'draft';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000781002');
set local role hc_member;
select array_agg(slug::text) = '{shown-0781}' from core.content where slug like '%-0781';
with changed as (update core.content set title = 'Stolen' where slug like '%-0781' returning slug) select count(*) = 0 from changed;
set local role hc_owner;
select core.act_as(null);
set local role hc_member;
select blueprint.raises($$ insert into core.content (slug, title) values ('anon-0781', 'Anon') $$, '42501', 'row-level security');
set local role hc_moderator;
select count(*) = 6 from core.content where slug like '%-0781';
set local role hc_auditor;
select count(*) = 6 from core.content where slug like '%-0781';
set local role hc_owner;
select c, has_column_privilege('hc_member', 'core.content', c, 'insert') from unnest(string_to_array('kind,slug,locale,title,summary,category_id,tags,seo,body_blocks', ',')) c;
select c, has_column_privilege('hc_member', 'core.content', c, 'update') from unnest(string_to_array('slug,title,summary,category_id,tags,seo,body_blocks', ',')) c;
