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

-- task: BUILD_0782 create_table_indexes
-- title: Index content for listings, slugs, categories and scheduling
-- does: An address is unique in its language while the text is not archived, an external item comes once; listings page by keyset, the job finds what is due, titles typed badly
--   are found by trigrams.
-- proves: each query can be served by the index made for it, a second live slug of a language and a second row of an external item are refused (23505).
-- needs: BUILD_0005, BUILD_0021, BUILD_0781
create unique index content_locale_slug_key on core.content (locale, slug) where status <> 'archived';
create unique index content_source_external_ref_key on core.content (source, external_ref);
create index content_kind_published_at_idx on core.content (kind, published_at desc, id) where status = 'published';
create index content_publish_at_idx on core.content (publish_at) where status = 'scheduled';
create index content_tags_idx on core.content using gin (tags);
create index content_title_trgm_idx on core.content using gin (title extensions.gin_trgm_ops);

comment on index core.content_locale_slug_key is 'The text of an address; one live text each.';
comment on index core.content_source_external_ref_key is 'The row of an external item (core.upsert_external_content).';
comment on index core.content_kind_published_at_idx is 'Latest published texts of a kind, page by page.';
comment on index core.content_publish_at_idx is 'What is due (core.publish_due).';
comment on index core.content_tags_idx is 'Texts with a tag.';
comment on index core.content_title_trgm_idx is 'Titles typed badly (core.search_content).';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.content where locale = 'en' and slug = 'x' and status <> 'archived' $$, 'content_locale_slug_key'),
  ($$ select from core.content where source = 'wix' and external_ref = 'x' $$, 'content_source_external_ref_key'),
  ($$ select from core.content where status = 'published' and kind = 'tutorial' and (published_at, id) < (now(), '00000000-0000-7000-8000-000000782001') order by published_at desc, id limit 20 $$, 'content_kind_published_at_idx'),
  ($$ select from core.content where status = 'scheduled' and publish_at <= now() order by publish_at $$, 'content_publish_at_idx'),
  ($$ select from core.content where tags @> '{brass}' $$, 'content_tags_idx'),
  ($$ select from core.content where title operator(extensions.%) 'hnige' $$, 'content_title_trgm_idx')) v(sql, index);
insert into core.content (slug, title, status) values ('probe-0782', 'Old one', 'archived'), ('probe-0782', 'New one', 'draft');
insert into core.content (slug, title, source, external_ref) values ('probe-0782-b', 'From outside', 'wix', 'item-0782');
select rule, blueprint.raises(sql, '23505', rule) from (values
  ($$ insert into core.content (slug, title) values ('probe-0782', 'Third') $$, 'content_locale_slug_key'),
  ($$ insert into core.content (slug, title, source, external_ref) values ('probe-0782-c', 'Again', 'wix', 'item-0782') $$, 'content_source_external_ref_key')) v(sql, rule);

-- task: BUILD_0783 create_table_constraints critical
-- title: Constrain content: states, schedule, SEO lengths, external identity
-- does: What is published has a time and a text, what is scheduled an instant that lay ahead when it was set, what comes from outside an id there; words come from their vocabularies,
--   search-engine fields are short, blocks are typed objects, tags at most twelve distinct words in lower case.
-- proves: each rule refuses the row that breaks it, by name.
-- needs: BUILD_0781
create function core.is_tag_list(tags text[]) returns boolean
  language sql immutable parallel safe
begin atomic
  select cardinality(tags) <= 12 and coalesce(bool_and(coalesce(t ~ '^[^[:space:][:upper:],]([^[:upper:],[:cntrl:]]{0,38}[^[:space:][:upper:],])?$', false)), true) and count(distinct t) = cardinality(tags) from unnest(tags) t;
end;

create function core.check_schedule() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.publish_at <= now() and (tg_op = 'INSERT' or old.status <> 'scheduled' or old.publish_at is distinct from new.publish_at) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = 'publish_at', constraint = 'content_scheduled_check',
      message = 'a text is scheduled for a time to come', hint = 'Publish it at once instead.';
  end if;
  return new;
end $$;

create trigger content_b_schedule before insert or update of status, publish_at on core.content for each row
  when (new.status = 'scheduled') execute function core.check_schedule();

alter table core.content
  add constraint content_kind_check check (kind in ('article', 'tutorial', 'documentation', 'news', 'page', 'knowledge')),
  add constraint content_status_check check (status in ('draft', 'in_review', 'scheduled', 'published', 'unpublished', 'archived')),
  add constraint content_source_check check (source in ('native', 'wix', 'vault', 'import')),
  add constraint content_title_check check (length(title) >= 3 and length(title) <= 200),
  add constraint content_tags_check check (core.is_tag_list(tags)),
  add constraint content_word_count_check check (word_count >= 0),
  add constraint content_published_has_text_check check (status <> 'published' or (published_at is not null and (body_blocks <> '[]' or current_revision_id is not null))),
  add constraint content_unpublished_keeps_published_at_check check (status <> 'unpublished' or published_at is not null),
  add constraint content_scheduled_check check (status <> 'scheduled' or publish_at is not null),
  add constraint content_external_ref_check check (source = 'native' or external_ref is not null),
  add constraint content_seo_check check (case jsonb_typeof(seo) when 'object' then seo - array['title', 'description', 'keywords', 'image', 'canonical', 'robots'] = '{}'
    and coalesce(length(seo ->> 'title'), 0) <= 70 and coalesce(length(seo ->> 'description'), 0) <= 170 else false end),
  add constraint content_body_blocks_check check (jsonb_typeof(body_blocks) = 'array' and not body_blocks @? 'strict $[*] ? (@.type() != "object")' and not body_blocks @? 'lax $[*] ? (!(exists (@."type")))');

comment on function core.is_tag_list is 'Whether an array is a list of tags: at most twelve, distinct, one to forty characters each, in lower case, without commas.';
comment on function core.check_schedule is 'Trigger of core.content: when a schedule is set, its instant lies ahead.';
comment on trigger content_b_schedule on core.content is 'Schedules are for the future.';
comment on constraint content_published_has_text_check on core.content is 'What is on show has a text and the time it came out.';
comment on constraint content_external_ref_check on core.content is 'What comes from outside can be found there again.';

grant execute on function core.is_tag_list to hc_member, hc_worker;

-- verify
insert into core.content (slug, title, status, published_at, body_blocks, tags, seo, source, external_ref) values
  ('probe-0783', 'Fine', 'published', now(), '[{"type": "paragraph", "text": "x"}]', '{brass,laser cutting}', '{"title": "Fine", "robots": "noindex"}', 'wix', 'item-0783');
insert into core.content (slug, title, status, publish_at) values ('probe-0783-b', 'Later', 'scheduled', now() + interval '1 day');
select rule, blueprint.raises(format($$ insert into core.content (slug, %s) values ('eve-0783', %s) $$, cols, vals), '23514', rule) from (values
  ('title, kind', $$ 'Eve', 'poem' $$, 'content_kind_check'), ('title, status', $$ 'Eve', 'limbo' $$, 'content_status_check'), ('title, source, external_ref', $$ 'Eve', 'moon', 'x' $$, 'content_source_check'),
  ('title', $$ 'Ev' $$, 'content_title_check'), ('title', $$ repeat('x', 201) $$, 'content_title_check'), ('title, word_count', $$ 'Eve', -1 $$, 'content_word_count_check'),
  ('title, tags', $$ 'Eve', array(select 't' || i from generate_series(1, 13) i) $$, 'content_tags_check'),
  ('title, status, published_at', $$ 'Eve', 'published', now() $$, 'content_published_has_text_check'),
  ('title, status', $$ 'Eve', 'unpublished' $$, 'content_unpublished_keeps_published_at_check'),
  ('title, status', $$ 'Eve', 'scheduled' $$, 'content_scheduled_check'), ('title, status, publish_at', $$ 'Eve', 'scheduled', now() $$, 'content_scheduled_check'),
  ('title, source', $$ 'Eve', 'wix' $$, 'content_external_ref_check'),
  ('title, seo', $$ 'Eve', jsonb_build_object('title', repeat('x', 90)) $$, 'content_seo_check'), ('title, seo', $$ 'Eve', jsonb_build_object('description', repeat('x', 171)) $$, 'content_seo_check'),
  ('title, seo', $$ 'Eve', '{"rank": 1}' $$, 'content_seo_check'), ('title, seo', $$ 'Eve', '[]' $$, 'content_seo_check'),
  ('title, body_blocks', $$ 'Eve', '{}' $$, 'content_body_blocks_check')) v(cols, vals, rule);
select blueprint.raises(format($$ insert into core.content (slug, title, body_blocks) values ('eve-0783', 'Eve', %L) $$, blocks), state) from (values ('[1]', '23514'), ('[[{"type": "paragraph", "text": "x"}]]', '23514'), ('[{"text": "x"}]', '23514')) v(blocks, state);
select blueprint.raises($$ update core.content set publish_at = now() - interval '1 day' where slug = 'probe-0783-b' $$, '23514', 'time to come'), blueprint.raises($$ update core.content set publish_at = null where slug = 'probe-0783-b' $$, '23514', 'content_scheduled_check');
select tags, core.is_tag_list(tags::text[]) = fine from (values ('{}', true), ('{a,laser cutting}', true), ('{Brass}', false), ('{a,a}', false), ('{null}', false), ('{""}', false), ('{" a"}', false)) v(tags, fine);
select has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('core.is_tag_list(text[])')) v(f);
select not has_function_privilege('hc_member', 'core.check_schedule()', 'execute');

-- task: BUILD_0784 create_table_triggers critical
-- title: Attach content triggers: status machine 'content', slug, word count, publish stamp
-- does: A text without an address gets one from its title, free in its language; plain text and words follow the blocks, a missing summary is its beginning, tags are folded; published_at
--   is stamped once. Machine content asks for a review, or a moderator, between draft and publication; an author changes by core.transfer_content() only.
-- proves: draft to published by a member raises, a slug collides to -2 within a language and not across, words are counted, the stamp survives a second publication, an author's
--   change by UPDATE raises.
-- needs: BUILD_0014, BUILD_0020, BUILD_0036, BUILD_0782, BUILD_0783
create function core.block_text(blocks jsonb) returns text
  language sql immutable parallel safe
begin atomic
  select string_agg(part.value #>> '{}', e'\n' order by b.place, part.place)
  from jsonb_array_elements(case jsonb_typeof(blocks) when 'array' then blocks else '[]' end) with ordinality b(block, place)
  cross join lateral jsonb_path_query(b.block, 'strict $.keyvalue() ? (@."key" == "text" || @."key" == "title" || @."key" == "items" || @."key" == "code" || @."key" == "caption" || @."key" == "header" || @."key" == "rows")."value".** ? (@.type() == "string")', silent => true)
    with ordinality part(value, place);
end;

create function core.count_words(value text) returns int
  language sql immutable parallel safe
  return coalesce(regexp_count(value, '[[:alnum:]]+([''’.-][[:alnum:]]+)*'), 0);

create function core.prepare_content() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  new.tags := array(select distinct core.fold(t) as tag from unnest(new.tags) t order by tag);
  new.slug := coalesce(new.slug, core.slugify(new.title, 'core.content', 'slug', jsonb_build_object('locale', new.locale)));
  if new.body_blocks is distinct from (case tg_op when 'UPDATE' then old.body_blocks else '[]' end) then
    new.body_text := core.block_text(new.body_blocks);
    new.word_count := core.count_words(new.body_text);
  end if;
  new.summary := coalesce(nullif(btrim(new.summary), ''),
    case when length(new.body_text) <= 160 then new.body_text else regexp_replace(left(new.body_text, 160), '\s+\S*$', '') || '…' end);
  if tg_op = 'UPDATE' and old.published_at is not null then
    new.published_at := old.published_at;
  elsif new.status = 'published' then
    new.published_at := coalesce(new.published_at, least(new.publish_at, now()));
  end if;
  return new;
end $$;

create function core.keep_author() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if current_setting('core.transfer', true) is distinct from old.id::text and not core.has_role('hc_admin') then
    raise exception using errcode = '55006', schema = tg_table_schema, table = tg_table_name, column = 'author_id',
      message = 'the author of a text cannot change', hint = 'core.transfer_content() hands it over.';
  end if;
  return new;
end $$;

create trigger content_a_prepare before insert or update of title, slug, locale, summary, tags, status, published_at, body_blocks, body_text on core.content
  for each row execute function core.prepare_content();

create trigger content_author before update of author_id on core.content for each row
  when (old.author_id is distinct from new.author_id) execute function core.keep_author();

select core.attach_standard('core.content', 'std', 'source', 'external_ref');

select core.define_machine('content', '{
  "draft": ["in_review", {"to": "scheduled", "guard": "hc_moderator"}, {"to": "published", "guard": "hc_moderator"}, "archived"],
  "in_review": ["draft", "scheduled", "published"],
  "scheduled": ["published", "draft", "unpublished", "archived"],
  "published": ["unpublished", "archived"],
  "unpublished": ["draft", "in_review", {"to": "published", "guard": "hc_moderator"}, "archived"]}');

create trigger content_status_machine after update of status on core.content for each row execute function core.enforce_transition('content');

create function core.transfer_content(content uuid, new_author uuid, reason text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform set_config('core.transfer', content::text, true);
  update core.content c
  set author_id = new_author, metadata = c.metadata || jsonb_build_object('transfers', coalesce(c.metadata -> 'transfers', '[]') || jsonb_build_object('from', c.author_id, 'by', core.current_user_id(), 'at', now(), 'reason', reason))
  where c.id = content and (c.author_id = core.current_user_id() or core.has_role('hc_moderator'))
    and exists (select from core.users u where u.id = new_author and u.status = 'active');
  if not found then
    raise exception using errcode = '42501', message = 'a text is handed over by its author or a moderator, to somebody active';
  end if;
  perform set_config('core.transfer', '', true);
end $$;

grant execute on function core.transfer_content to hc_member, hc_worker;

comment on function core.block_text is 'Plain text of typed blocks, a line per string, as search and word counts read it.';
comment on function core.count_words is 'Words of a text: runs of letters and digits, joined by apostrophes, points or hyphens.';
comment on function core.prepare_content is 'Trigger of core.content: address, plain text, word count, summary, tags and publication stamp. Security definer: the address must be free among texts its author cannot see.';
comment on function core.keep_author is 'Trigger of core.content: only core.transfer_content() and a merge of accounts change the author.';
comment on trigger content_a_prepare on core.content is 'Runs before the other triggers (by name), so that they see what is stored.';
comment on trigger content_author on core.content is 'Authors change by transfer only.';
comment on trigger content_status_machine on core.content is 'Status changes follow machine content and are logged.';
comment on function core.transfer_content is 'Hands a text over to another active author and notes it in metadata.transfers. Security definer: members may not write the author.';

-- verify
insert into core.users (id, handle, email, status) values ('00000000-0000-7000-8000-000000784001', 'ada-0784', 'ada-0784@example.org', 'active'), ('00000000-0000-7000-8000-000000784002', 'bob-0784', 'bob-0784@example.org', 'active');
select core.act_as('00000000-0000-7000-8000-000000784001');
set local role hc_member;
insert into core.content (title, tags, summary, body_blocks) values ('Probe 0784', '{Brass,brass,Ünique}', '  ', jsonb_build_array('{"type": "heading", "level": 1, "text": "It''s a hinge"}'::jsonb, jsonb_build_object('type', 'list', 'items', jsonb_build_array('one 2.5', repeat('word ', 40)))))
returning slug = 'probe-0784' and word_count = 45 and tags = '{brass,unique}' and length(summary) <= 161 and summary like 'It''s a hinge%word…' and body_text like e'It''s a hinge\none 2.5\nword %';
insert into core.content (title, locale, body_blocks) values ('Probe 0784', 'de', '[{"type": "paragraph", "text": "kurz"}]') returning slug = 'probe-0784' and summary = 'kurz';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000784002');
set local role hc_member;
insert into core.content (title, summary) values ('Probe 0784', ' Mine ') returning slug = 'probe-0784-2' and summary = 'Mine' and word_count = 0;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000784001');
select blueprint.raises($$ update core.content set status = 'published' where slug = 'probe-0784' and locale = 'en' $$, '42501', 'takes hc_moderator');
update core.content set status = 'in_review' where slug = 'probe-0784';
update core.content set status = 'published' where slug = 'probe-0784' and locale = 'en' returning published_at = now();
update core.content set status = 'scheduled', publish_at = now() + interval '1 day' where slug = 'probe-0784' and locale = 'de' returning published_at is null;
update core.content set status = 'unpublished' where slug = 'probe-0784' and locale = 'en';
update core.content set published_at = now() - interval '1 year' where slug = 'probe-0784' and locale = 'en' returning published_at = now();
select core.act_as('00000000-0000-7000-8000-000000784001', 'hc_moderator');
update core.content set status = 'published' where slug = 'probe-0784' and locale = 'en' returning published_at = now() and updated_at > now();
select array_agg(to_status order by occurred_at) = '{in_review,published,unpublished,published}' from core.status_changes s join core.content c on c.id = entity_id where slug = 'probe-0784' and locale = 'en';
select sql, blueprint.raises(sql, state, why) from (values
  ($$ update core.content set status = 'draft' where slug = 'probe-0784' and locale = 'en' $$, '23514', 'published -> draft'),
  ($$ update core.content set author_id = '00000000-0000-7000-8000-000000784002' where slug = 'probe-0784' $$, '55006', 'author'),
  ($$ update core.content set source = 'wix', external_ref = 'x' where slug = 'probe-0784' $$, '55006', 'source'),
  ($$ update core.content set external_ref = 'x' where slug = 'probe-0784' $$, '55006', 'external_ref'),
  ($$ update core.content set created_at = '2020-01-01' where slug = 'probe-0784' $$, '55006', 'created_at')) v(sql, state, why);
select core.act_as('00000000-0000-7000-8000-000000784001');
set local role hc_member;
select blueprint.raises(format($$ select core.transfer_content('%s', '00000000-0000-7000-8000-00000078400f', 'gift') $$, id), '42501') from core.content where slug = 'probe-0784' and locale = 'en';
select core.transfer_content(id, '00000000-0000-7000-8000-000000784002', 'gift') is not null from core.content where slug = 'probe-0784' and locale = 'en';
set local role hc_owner;
select author_id = '00000000-0000-7000-8000-000000784002' and metadata #>> '{transfers,0,from}' = '00000000-0000-7000-8000-000000784001' and metadata #>> '{transfers,0,reason}' = 'gift', blueprint.raises(format($$ select core.transfer_content('%s', '00000000-0000-7000-8000-000000784001', 'back') $$, id), '42501')
from core.content where slug = 'probe-0784' and locale = 'en';
select core.count_words('Don''t stop: 3.5 mm, well-made.') = 5, core.count_words('') = 0, core.count_words(null) = 0, core.block_text('[]') is null;
select has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('core.transfer_content(uuid, uuid, text)')) v(f);
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.block_text(jsonb)', 'core.count_words(text)', 'core.prepare_content()', 'core.keep_author()']) f;

-- revert
drop function core.transfer_content;
drop trigger content_status_machine on core.content;
select core.define_machine('content', '{}');
select core.detach_standard('core.content');
drop trigger content_author on core.content;
drop trigger content_a_prepare on core.content;
drop function core.keep_author, core.prepare_content, core.count_words, core.block_text;

-- task: BUILD_0785 create_jsonb_indexes
-- title: Index body_blocks JSONB for embeds and link audits
-- does: core.content_embedding(kind, id) finds texts with a block of that kind and id (a design, an image), core.content_linking(host) those that link to a host, through a GIN index over
--   the hosts in the blocks: for the panels "used in" and broken links.
-- proves: two pages embed a design and one links to a host, drafts of others are not shown, and the plans read the two indexes.
-- needs: BUILD_0005, BUILD_0781
create function core.block_hosts(blocks jsonb) returns text[]
  language sql immutable parallel safe
  return (select coalesce(array_agg(distinct lower(m[1])), '{}') from regexp_matches(blocks #>> '{}', 'https?://([A-Za-z0-9.-]+)', 'g') m);

create index content_body_blocks_idx on core.content using gin (body_blocks jsonb_path_ops);
create index content_hosts_idx on core.content using gin (core.block_hosts(body_blocks));

comment on index core.content_body_blocks_idx is 'Texts by what a block holds (core.content_embedding).';
comment on index core.content_hosts_idx is 'Texts by the hosts they link to (core.content_linking).';

create function core.content_embedding(kind text, id uuid) returns table (content_id uuid, title text, locale core.locale_tag, slug core.slug, status text)
  language sql stable security definer
begin atomic
  select c.id, c.title, c.locale, c.slug, c.status from core.content c
  where c.body_blocks @> jsonb_build_array(jsonb_build_object('type', content_embedding.kind, 'id', content_embedding.id))
    and (c.status in ('published', 'scheduled') and (c.publish_at is null or c.publish_at <= now()) or c.author_id = core.current_user_id() or core.has_role('hc_moderator'))
  order by c.published_at desc nulls last, c.id;
end;

create function core.content_linking(host text) returns table (content_id uuid, title text, locale core.locale_tag, slug core.slug, status text)
  language sql stable security definer
begin atomic
  select c.id, c.title, c.locale, c.slug, c.status from core.content c
  where core.block_hosts(c.body_blocks) @> array[lower(content_linking.host)]
    and (c.status in ('published', 'scheduled') and (c.publish_at is null or c.publish_at <= now()) or c.author_id = core.current_user_id() or core.has_role('hc_moderator'))
  order by c.published_at desc nulls last, c.id;
end;

grant execute on function core.content_embedding, core.content_linking to hc_anon, hc_agent, hc_worker;
grant execute on function core.block_hosts to hc_member, hc_worker;

comment on function core.block_hosts is 'Hosts of the http and https links in blocks, distinct, in lower case.';
comment on function core.content_embedding is 'Texts with a block of this type and id, newest first, as far as the caller may read them. Security definer: row security would disable the GIN index; it repeats the rule of who reads what.';
comment on function core.content_linking is 'Texts that link to a host, newest first, as far as the caller may read them. Security definer: row security would disable the GIN index; it repeats the rule of who reads what.';

-- verify
insert into core.content (author_id, slug, title, status, published_at, body_blocks) values
  (null, 'one-0785', 'One', 'published', now(), '[{"type": "design", "id": "00000000-0000-7000-8000-000000785001"}, {"type": "paragraph", "text": "See [it](https://Probe-0785.example/a) and http://other-0785.example."}]'),
  (null, 'two-0785', 'Two', 'published', now() - interval '1 day', '[{"type": "paragraph", "text": "x"}, {"type": "design", "id": "00000000-0000-7000-8000-000000785001"}]'),
  (null, 'hidden-0785', 'Hidden', 'draft', null, '[{"type": "design", "id": "00000000-0000-7000-8000-000000785001"}, {"type": "paragraph", "text": "https://probe-0785.example"}]');
set local role hc_anon;
select array_agg(slug::text) = '{one-0785,two-0785}' from core.content_embedding('design', '00000000-0000-7000-8000-000000785001');
select array_agg(slug::text) = '{one-0785}' from core.content_linking('PROBE-0785.example');
set local role hc_agent;
select count(*) = 0 from core.content_embedding('image', '00000000-0000-7000-8000-000000785001');
set local role hc_owner;
select core.act_as(null, 'hc_moderator');
set local role hc_worker;
select (select count(*) from core.content_embedding('design', '00000000-0000-7000-8000-000000785001')) = 3, (select count(*) from core.content_linking('probe-0785.example')) = 2;
set local role hc_owner;
select core.block_hosts('[{"text": "https://B.example/x http://a.example http://b.example"}]') = '{a.example,b.example}', core.block_hosts('[]') = '{}';
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.content where body_blocks @> '[{"type": "design", "id": "x"}]' $$, 'content_body_blocks_idx'),
  ($$ select from core.content where core.block_hosts(body_blocks) @> '{example.org}' $$, 'content_hosts_idx')) v(sql, index);
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent', 'hc_worker']) role, unnest(array['core.content_embedding(text, uuid)', 'core.content_linking(text)']) f;
select has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from (values ('core.block_hosts(jsonb)')) v(f);

-- task: BUILD_0786 add_wix_columns
-- title: Add Wix columns to core.content (owner = author)
-- does: Four virtual columns; texts of nobody belong to "system". The table is marked @wix write source=wix: rows that come from Wix may be saved from there, native ones only read; title
--   and slug are its title fields.
-- proves: the columns follow their sources after an update, cannot be written (428C9) and are granted; a row of Wix keeps its external id; title and slug are writable, the author is not.
-- needs: BUILD_0010, BUILD_0666, BUILD_0781
alter table core.content
  add column "_id" text generated always as (id::text) virtual,
  add column "_createdDate" timestamptz generated always as (created_at) virtual,
  add column "_updatedDate" timestamptz generated always as (updated_at) virtual,
  add column "_owner" text generated always as (coalesce(author_id::text, 'system')) virtual;

comment on table core.content is 'What is, was or will be published: one row per text and language. @distribution reference @wix write source=wix';
comment on column core.content.title is 'Title, 3 to 200 characters. @wix write';
comment on column core.content.slug is 'Part of its address, unique in its language while not archived. @wix write';
comment on column core.content.summary is 'Teaser; made from the text where nobody wrote one. @wix write';
comment on column core.content.tags is 'Free tags, in lower case. @wix write';
comment on column core.content.body_blocks is 'The text as typed blocks (core.validate_blocks). @wix write';
comment on column core.content."_id" is 'The id, as Wix names it. @wix read';
comment on column core.content."_createdDate" is 'created_at, as Wix names it. @wix read';
comment on column core.content."_updatedDate" is 'updated_at, as Wix names it. @wix read';
comment on column core.content."_owner" is 'The author, as Wix names it. @wix read';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000786001', 'ada-0786');
insert into core.content (author_id, slug, title, source, external_ref) values ('00000000-0000-7000-8000-000000786001', 'a-0786', 'From Wix', 'wix', 'item-0786'), (null, 'b-0786', 'Ours', 'native', null);
update core.content set updated_at = created_at + interval '1 hour', title = 'From Wix 2' where slug = 'a-0786';
select "_id" = id::text and "_owner" = author_id::text and "_createdDate" = created_at and "_updatedDate" = updated_at and external_ref = 'item-0786' from core.content where slug = 'a-0786';
select "_owner" = 'system' from core.content where slug = 'b-0786';
select c, blueprint.raises(format('update core.content set %I = null', c), '428C9') and has_column_privilege('hc_anon', 'core.content', c, 'select') and has_column_privilege('hc_auditor', 'core.content', c, 'select')
from unnest(array['_id', '_createdDate', '_updatedDate', '_owner']) c;
select core.wix_exposable('core.content'), (select value from blueprint.annotations('core.content') where column_name is null and tag = 'wix') = 'write source=wix';
select array_agg(column_name order by column_name) = '{body_blocks,slug,summary,tags,title}' from core.wix_columns('core.content') where access = 'write';

-- task: BUILD_0787 implement_table_feature critical
-- title: Full-text search over content: generated tsvector and core.search_content(q)
-- does: search_tsv weighs title, summary, tags and text in the words of the language; core.search_content() takes what people type ("a phrase" -without), ranks by cover density and
--   freshness, marks the hits of the page only, pages by cursor, and suggests a word where nothing was found.
-- proves: 'running hinges' finds 'hinge that runs', a phrase and a minus are respected, 'hnige' suggests hinge, drafts are never found, pages do not overlap, the plan reads the GIN index.
-- needs: BUILD_0016, BUILD_0669, BUILD_0782, BUILD_0784
select extensions.show_limit();  -- loads pg_trgm: only then may its parameter be set by a function of a plain role

create function core.text_config(locale text) returns regconfig
  language sql immutable parallel safe
  return case split_part(locale, '-', 1)
    when 'en' then 'pg_catalog.english'::regconfig when 'de' then 'pg_catalog.german'::regconfig when 'fr' then 'pg_catalog.french'::regconfig when 'es' then 'pg_catalog.spanish'::regconfig
    when 'it' then 'pg_catalog.italian'::regconfig when 'pt' then 'pg_catalog.portuguese'::regconfig when 'nl' then 'pg_catalog.dutch'::regconfig else 'pg_catalog.simple'::regconfig end;

create function core.content_tsv(locale text, title text, summary text, tags text[], body_text text) returns tsvector
  language sql immutable parallel safe
  return setweight(to_tsvector(core.text_config(locale), coalesce(title, '')), 'A')
    || setweight(to_tsvector(core.text_config(locale), coalesce(summary, '')), 'B')
    || setweight(array_to_tsvector(array(select t from unnest(tags) t where t <> '')), 'B')
    || setweight(to_tsvector(core.text_config(locale), left(coalesce(body_text, ''), 500000)), 'C');

alter table core.content add column search_tsv tsvector generated always as (core.content_tsv(locale::text, title, summary, tags, body_text)) stored;

create index content_search_tsv_idx on core.content using gin (search_tsv);

create function core.search_content(q text, locale text default 'en', kind text default null, cursor text default null, most int default 20)
  returns table (content_id uuid, title text, slug core.slug, content_kind text, score real, headline text, next_cursor text, suggestion text)
  language sql stable security definer set search_path = '' set pg_trgm.word_similarity_threshold = 0.15
as $$
  with wanted as (select websearch_to_tsquery(core.text_config(search_content.locale), search_content.q) as query, (core.decode_cursor(search_content.cursor)).*),
  hit as (
    select c.id, c.title, c.slug, c.kind, c.body_text, w.query, timestamptz 'epoch' + interval '1 microsecond' * round(1000000
      * ts_rank_cd(c.search_tsv, w.query, 32) * (0.75 + 0.25 / (1 + greatest(current_date - c.published_at::date, 0) / 365.0))) as place
    from core.content c, wanted w
    where c.search_tsv @@ w.query and c.status = 'published' and (c.publish_at is null or c.publish_at <= now())
      and split_part(c.locale, '-', 1) = split_part(search_content.locale, '-', 1) and (search_content.kind is null or c.kind = search_content.kind)),
  page as (
    select h.* from hit h, wanted w where w.id is null or (h.place, h.id) < (w.at, w.id) order by h.place desc, h.id desc limit least(most, 100))
  select p.id, p.title, p.slug, p.kind, extract(epoch from p.place)::real, ts_headline(core.text_config(search_content.locale), coalesce(p.body_text, p.title), p.query, 'MaxFragments=2, MaxWords=18, MinWords=6'),
    core.encode_cursor(p.place, p.id), null
  from (select * from page order by place desc, id desc) p
  union all
  select null, null, null, null, null, null, null, s.word
  from (
    select w.word
    from core.content c, lateral regexp_split_to_table(core.fold(c.title), '[^[:alnum:]]+') w(word)
    where not exists (select from hit) and length(btrim(search_content.q)) > 2 and search_content.q operator(extensions.<%) c.title and c.status = 'published' and (c.publish_at is null or c.publish_at <= now())
      and length(w.word) > 2
    order by greatest(extensions.similarity(w.word, core.fold(search_content.q)), case when core.letters(w.word) = core.letters(search_content.q) then 0.6 end) desc, w.word limit 1) s
$$;

grant execute on function core.search_content to hc_anon, hc_agent, hc_worker;
grant execute on function core.text_config, core.content_tsv to hc_member, hc_worker;

comment on column core.content.search_tsv is 'Words of title (A), summary and tags (B) and text (C) in the language of the row.';
comment on index core.content_search_tsv_idx is 'Full-text search (core.search_content).';
comment on function core.text_config is 'Text search configuration of a language tag; simple where there is none.';
comment on function core.content_tsv is 'Weighted search vector of a text; the expression of core.content.search_tsv.';
comment on function core.search_content is 'Published texts of a language by what people type, best first; next_cursor of the last row continues. Where nothing is found, one row with a suggestion. Security definer: row security would disable the GIN index; it repeats the rule of who reads what.';

-- verify
insert into core.content (slug, title, status, published_at, body_blocks, kind, tags, locale) values
  ('runs-0787', 'Probe0787 hinge that runs', 'published', now(), '[{"type": "paragraph", "text": "A brass pin turns in steel probe0787 for years."}]', 'article', '{pin0787}', 'en'),
  ('old-0787', 'Probe0787 hinge that runs', 'published', now() - interval '3 years', '[{"type": "paragraph", "text": "A steel pin probe0787 turns."}]', 'tutorial', '{}', 'en'),
  ('german-0787', 'Probe0787 Scharniere', 'published', now(), '[{"type": "paragraph", "text": "Läuft und läuft."}]', 'article', '{}', 'de'),
  ('draft-0787', 'Probe0787 hinge that runs', 'draft', null, '[{"type": "paragraph", "text": "secret probe0787"}]', 'article', '{}', 'en');
set local role hc_anon;
select array_agg(slug::text order by score desc) = '{runs-0787,old-0787}' from core.search_content('probe0787 running hinges');
select array_agg(slug::text) = '{old-0787}' from core.search_content('probe0787 "pin probe0787" -brass');
select array_agg(slug::text) = '{old-0787}' from core.search_content('probe0787 hinges', kind => 'tutorial');
select array_agg(slug::text) = '{german-0787}' from core.search_content('probe0787 Scharnier', 'de-AT');
select slug = 'runs-0787' and headline is null is false from core.search_content('pin0787');
select headline like '%<b>brass</b>%' from core.search_content('probe0787 brass');
select first.slug = 'runs-0787' and second.slug = 'old-0787' and (select count(*) from core.search_content('probe0787 hinge', cursor => second.next_cursor)) = 0
from core.search_content('probe0787 hinge', most => 1) first, core.search_content('probe0787 hinge', cursor => first.next_cursor, most => 1) second;
select count(*) = 1 and bool_and(content_id is null and suggestion = 'probe0787') from core.search_content('probe0778');
set local role hc_owner;
insert into core.content (slug, title, status, published_at, body_blocks) values ('typo-0787', 'Hinge', 'published', now(), '[{"type": "paragraph", "text": "x"}]');
set local role hc_agent;
select suggestion = 'hinge' from core.search_content('hnige');
select count(*) = 0 from core.search_content('');
set local role hc_owner;
select blueprint.plan_uses($$ select from core.content where search_tsv @@ websearch_to_tsquery('english', 'hinge') $$, 'content_search_tsv_idx');
select core.text_config('pt-BR') = 'portuguese'::regconfig and core.text_config('xx') = 'simple'::regconfig;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent', 'hc_worker']) role, unnest(array['core.search_content(text, text, text, text, int)']) f;
select f, has_function_privilege('hc_member', f, 'execute') and has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['core.text_config(text)', 'core.content_tsv(text, text, text, text[], text)']) f;

-- revert
drop function core.search_content;
alter table core.content drop column search_tsv;
drop function core.content_tsv, core.text_config;

-- task: BUILD_0788 implement_table_feature critical
-- title: Scheduled publishing and expiry: core.publish_due(now)
-- does: core.publish_due() publishes what is due, each row once however many workers there are, and takes down what has passed metadata.unpublish_at. The embargo does not depend on it: policies
--   compare publish_at. core.reschedule_content() moves an instant, core.content_calendar shows what comes.
-- proves: before its instant nobody but the author reads a text, after it everybody does before the job ran; the job publishes it once and takes the expired one down; two workers share
--   twenty rows (isolation spec).
-- needs: BUILD_0784
create index content_unpublish_at_idx on core.content ((metadata ->> 'unpublish_at')) where status = 'published';

create function core.publish_due(at timestamptz default now(), most int default 1000) returns table (content_id uuid, status text)
  language sql security definer
begin atomic
  with due as (
    select c.id from core.content c where c.status = 'scheduled' and c.publish_at <= at order by c.publish_at limit most for update skip locked),
  published as (update core.content c set status = 'published' from due where c.id = due.id returning c.id, c.status),
  over as (
    select c.id from core.content c where c.status = 'published' and c.metadata ->> 'unpublish_at' is not null and (c.metadata ->> 'unpublish_at')::timestamptz <= at
    order by c.metadata ->> 'unpublish_at' limit most for update skip locked),
  hidden as (update core.content c set status = 'unpublished' from over where c.id = over.id returning c.id, c.status)
  select p.id, p.status from published p union all select h.id, h.status from hidden h;
end;

create function core.reschedule_content(content uuid, publish_at timestamptz) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update core.content c set publish_at = reschedule_content.publish_at
  where c.id = content and c.status = 'scheduled' and (c.author_id = core.current_user_id() or core.has_role('hc_moderator'));
  if not found then
    raise exception using errcode = '42501', message = 'a scheduled text is moved by its author or a moderator';
  end if;
end $$;

create view core.content_calendar with (security_invoker) as
  select c.id, c.kind, c.locale, c.title, c.author_id, coalesce(e.at, c.publish_at) as at, e.what
  from core.content c
  cross join lateral (values ('publish', case c.status when 'scheduled' then c.publish_at end), ('unpublish', case when c.status in ('scheduled', 'published') then (c.metadata ->> 'unpublish_at')::timestamptz end)) e(what, at)
  where e.at is not null;

grant execute on function core.publish_due to hc_worker;
grant execute on function core.reschedule_content to hc_member, hc_worker;
grant select on core.content_calendar to hc_member, hc_auditor;

comment on index core.content_unpublish_at_idx is 'Published texts that come down one day (core.publish_due).';
comment on function core.publish_due is 'Publishes and takes down what is due at a time; the rows and what became of them. Security definer: the worker writes no table.';
comment on function core.reschedule_content is 'Moves the instant of a scheduled text, into the future. Security definer: members may not write the schedule.';
comment on view core.content_calendar is 'What will be published or taken down when, as far as the reader may see the texts.';
comment on column core.content_calendar.id is 'The text.';
comment on column core.content_calendar.kind is 'Its kind.';
comment on column core.content_calendar.locale is 'Its language.';
comment on column core.content_calendar.title is 'Its title.';
comment on column core.content_calendar.author_id is 'Its author.';
comment on column core.content_calendar.at is 'When.';
comment on column core.content_calendar.what is 'publish or unpublish.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000788001', 'ada-0788');
alter table core.content disable trigger content_b_schedule;
insert into core.content (author_id, slug, title, status, publish_at, body_blocks, metadata) values
  ('00000000-0000-7000-8000-000000788001', 'due-0788', 'Due', 'scheduled', now() - interval '1 second', '[{"type": "paragraph", "text": "x"}]', '{}'),
  ('00000000-0000-7000-8000-000000788001', 'soon-0788', 'Soon', 'scheduled', now() + interval '1 second', '[{"type": "paragraph", "text": "x"}]', '{}'),
  ('00000000-0000-7000-8000-000000788001', 'over-0788', 'Over', 'published', null, '[{"type": "paragraph", "text": "x"}]', jsonb_build_object('unpublish_at', now())),
  ('00000000-0000-7000-8000-000000788001', 'stays-0788', 'Stays', 'published', null, '[{"type": "paragraph", "text": "x"}]', jsonb_build_object('unpublish_at', now() + interval '1 day'));
set constraints all immediate;
alter table core.content enable trigger content_b_schedule;
set local role hc_anon;
select array_agg(slug::text order by slug) = '{due-0788,over-0788,stays-0788}' from core.content where slug like '%-0788';
set local role hc_worker;
select count(*) filter (where status = 'published') >= 1, count(*) filter (where status = 'unpublished') >= 1 from core.publish_due();
select count(*) = 0 from core.publish_due();
set local role hc_owner;
select array_agg(slug || ' ' || status order by slug) = '{due-0788 published,over-0788 unpublished,soon-0788 scheduled,stays-0788 published}' from core.content where slug like '%-0788';
select published_at = publish_at from core.content where slug = 'due-0788';
select core.act_as('00000000-0000-7000-8000-000000788001');
set local role hc_member;
select array_agg(title || ' ' || what order by at) = '{Soon publish,Stays unpublish}' and bool_and(at > now()) from core.content_calendar where author_id = '00000000-0000-7000-8000-000000788001' and title in ('Soon', 'Stays', 'Due');
select core.reschedule_content(id, now() + interval '1 hour') is not null from core.content where slug = 'soon-0788';
select blueprint.raises(format('select core.reschedule_content(%L, now())', id), '23514', 'time to come') from core.content where slug = 'soon-0788';
select blueprint.raises(format('select core.reschedule_content(%L, now() + interval ''1 day'')', id), '42501') from core.content where slug = 'due-0788';
set local role hc_worker;
select count(*) >= 1 from core.publish_due(now() + interval '2 hours');
set local role hc_owner;
select status = 'published' and published_at = now() from core.content where slug = 'soon-0788';
select blueprint.plan_uses($$ select from core.content where status = 'published' and metadata ->> 'unpublish_at' <= '2026-01-01' order by metadata ->> 'unpublish_at' $$, 'content_unpublish_at_idx');
select has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_member', f, 'execute') = member and not has_function_privilege('hc_anon', f, 'execute')
from (values ('core.publish_due(timestamptz, int)', false), ('core.reschedule_content(uuid, timestamptz)', true)) v(f, member);
select has_table_privilege('hc_auditor', 'core.content_calendar', 'select');

-- task: BUILD_0789 implement_table_feature critical
-- title: Validate and render block content: core.validate_blocks(), core.render_markdown()
-- does: Nine types of blocks with what each must hold; core.validate_blocks() lists path and problem, and a trigger refuses what has any. core.render_markdown() and core.block_text() render,
--   core.outline() gives the tree of headings, core.excerpt() the beginning; HTML is escaped and script links never stored.
-- proves: a heading of level 9 and an image without alt are two findings, a javascript: link is refused, the Markdown of the fixture is as expected, the outline nests by level.
-- needs: BUILD_0784
create function core.validate_blocks(blocks jsonb) returns table (path text, problem text)
  language sql immutable parallel safe
begin atomic
  with block as (
    select format('$[%s]', e.place - 1) as path, o.b, o.b ->> 'type' as type, o.b ->> 'text' as text
    from jsonb_array_elements(case jsonb_typeof(blocks) when 'array' then blocks else '[]' end) with ordinality e(element, place)
    cross join lateral (select case jsonb_typeof(e.element) when 'object' then e.element else '{}' end as b) o
  )
  select '$' as path, 'must be an array of at most 2,000 blocks' as problem where jsonb_typeof(blocks) is distinct from 'array' or jsonb_array_length(case jsonb_typeof(blocks) when 'array' then blocks else '[]' end) > 2000
  union all
  select k.path || coalesce(c.at, ''), c.problem
  from block k cross join lateral (values
    ('', 'is no object with a type', k.type is null),
    ('.type', format('%s is no type of block', k.type), k.type is not null and k.type not in ('paragraph', 'heading', 'image', 'code', 'list', 'quote', 'table', 'design', 'callout')),
    ('.text', 'needs a text of 1 to 20,000 characters', k.type in ('paragraph', 'quote', 'callout') and not coalesce(jsonb_typeof(k.b -> 'text') = 'string' and length(k.text) >= 1 and length(k.text) <= 20000, false)),
    ('.text', 'needs a text of 1 to 300 characters', k.type = 'heading' and not coalesce(jsonb_typeof(k.b -> 'text') = 'string' and length(k.text) >= 1 and length(k.text) <= 300, false)),
    ('.level', 'needs a level of 1 to 6', k.type = 'heading' and not coalesce(k.b ->> 'level' ~ '^[1-6]$', false)),
    ('.alt', 'needs an alternative text of 3 to 300 characters', k.type = 'image' and not coalesce(length(btrim(k.b ->> 'alt')) >= 3 and length(k.b ->> 'alt') <= 300, false)),
    ('', 'needs an asset_id or a url', k.type = 'image' and not (k.b ?| array['asset_id', 'url'])),
    ('.code', 'needs code of at most 100,000 characters', k.type = 'code' and not coalesce(jsonb_typeof(k.b -> 'code') = 'string' and length(k.b ->> 'code') <= 100000, false)),
    ('.items', 'needs 1 to 500 items, each a text', k.type = 'list' and not coalesce(jsonb_typeof(k.b -> 'items') = 'array' and k.b @? 'strict $."items"[*]' and not k.b @? 'strict $."items"[*] ? (@.type() != "string")' and not k.b @? 'lax $."items"[500]', false)),
    ('.rows', 'needs rows of equally many cells, each a text', k.type = 'table' and not coalesce(jsonb_typeof(k.b -> 'rows') = 'array' and k.b @? 'strict $."rows"[*]' and not k.b @? 'strict $."rows"[*] ? (@.type() != "array")'
      and not k.b @? 'strict $."rows"[*][*] ? (@.type() != "string")' and (select count(distinct s #>> '{}') = 1 from jsonb_path_query(k.b, 'strict $."rows"[*].size()', silent => true) s), false)),
    ('.id', 'needs the id of a design', k.type = 'design' and not coalesce(pg_input_is_valid(k.b ->> 'id', 'uuid'), false)),
    ('.tone', 'is info, tip, warning or danger', k.type = 'callout' and k.b ? 'tone' and k.b ->> 'tone' not in ('info', 'tip', 'warning', 'danger')),
    ('.url', 'is no address', (k.b ->> 'url') !~* '^(https?://|/|mailto:)'),
    ('', 'has a link that runs a script', (k.b - 'code') #>> '{}' ~* '(\]\(|(href|src)\s*=\s*\\?["'']?)\s*(javascript|vbscript|data)\s*:')
  ) c(at, problem, found)
  where c.found;
end;

create function core.check_blocks() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  found constant text := (select string_agg(p.path || ' ' || p.problem, '; ') from (select * from core.validate_blocks(new.body_blocks) limit 5) p);
begin
  if found is not null then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, column = 'body_blocks', constraint = 'content_body_blocks_check',
      message = 'the blocks are not well-formed: ' || found, hint = 'core.validate_blocks() lists every problem.';
  end if;
  return new;
end $$;

create trigger content_c_blocks before insert or update of body_blocks on core.content for each row
  when (new.body_blocks <> '[]' and jsonb_typeof(new.body_blocks) = 'array') execute function core.check_blocks();

create function core.escape_html(value text) returns text
  language sql immutable strict parallel safe
  return replace(replace(replace(value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;');

create function core.render_markdown(blocks jsonb) returns text
  language sql immutable parallel safe
begin atomic
  select string_agg(case b ->> 'type'
      when 'heading' then repeat('#', (b ->> 'level')::int) || ' ' || core.escape_html(b ->> 'text')
      when 'image' then format('![%s](%s)', core.escape_html(b ->> 'alt'), coalesce(b ->> 'url', '/assets/' || (b ->> 'asset_id'))) || coalesce(e'\n*' || core.escape_html(b ->> 'caption') || '*', '')
      when 'code' then format(e'```%s\n%s\n```', regexp_replace(coalesce(b ->> 'language', ''), '[^A-Za-z0-9+-]', '', 'g'), b ->> 'code')
      when 'list' then (select string_agg(case when b -> 'ordered' = 'true' then n || '. ' else '- ' end || core.escape_html(item), e'\n' order by n) from jsonb_array_elements_text(b -> 'items') with ordinality i(item, n))
      when 'quote' then '> ' || replace(core.escape_html(b ->> 'text'), e'\n', e'\n> ') || coalesce(e'\n> — ' || core.escape_html(b ->> 'cite'), '')
      when 'table' then (
        select string_agg('| ' || (select string_agg(replace(core.escape_html(cell), '|', '\|'), ' | ' order by c) from jsonb_array_elements_text(r) with ordinality x(cell, c)) || ' |'
          || case n when 1 then e'\n|' || repeat(' --- |', jsonb_array_length(r)) else '' end, e'\n' order by n) from jsonb_array_elements(b -> 'rows') with ordinality rows(r, n))
      when 'design' then format('[%s](/designs/%s)', core.escape_html(coalesce(b ->> 'title', 'Design')), b ->> 'id')
      when 'callout' then format('> **%s:** ', initcap(coalesce(b ->> 'tone', 'info'))) || replace(core.escape_html(b ->> 'text'), e'\n', e'\n> ')
      else core.escape_html(b ->> 'text') end, e'\n\n' order by place)
  from jsonb_array_elements(blocks) with ordinality e(b, place);
end;

create function core.outline(blocks jsonb) returns table (place int, level int, text text, parent int)
  language sql immutable parallel safe
begin atomic
  with heading as (
    select (e.n - 1)::int as place, (e.b ->> 'level')::int as level, e.b ->> 'text' as text
    from jsonb_array_elements(blocks) with ordinality e(b, n) where e.b ->> 'type' = 'heading')
  select h.place, h.level, h.text, (select p.place from heading p where p.place < h.place and p.level < h.level order by p.place desc limit 1)
  from heading h order by h.place;
end;

create function core.excerpt(blocks jsonb, most int default 200) returns text
  language sql immutable parallel safe
  return (select case when length(t) <= most then t else regexp_replace(left(t, most), '\s+\S*$', '') || '…' end
    from (select string_agg(b ->> 'text', ' ' order by n) as t from jsonb_array_elements(blocks) with ordinality e(b, n) where b ->> 'type' in ('paragraph', 'quote')) x);

grant execute on function core.validate_blocks, core.render_markdown, core.outline, core.excerpt, core.escape_html to hc_anon, hc_agent, hc_worker;

comment on function core.validate_blocks is 'What is wrong with typed blocks, as JSON path and sentence; no row when nothing is. Types: paragraph, heading, image, code, list, quote, table, design, callout.';
comment on function core.check_blocks is 'Trigger of core.content: refuses blocks that core.validate_blocks() finds fault with.';
comment on trigger content_c_blocks on core.content is 'Blocks are well-formed before they are stored.';
comment on function core.escape_html is 'Text with &, < and > as entities.';
comment on function core.render_markdown is 'Blocks as Markdown; HTML in them is escaped, but for code.';
comment on function core.outline is 'Headings of a text in order, each with the place of the heading it stands under (null: top).';
comment on function core.excerpt is 'Beginning of a text: paragraphs and quotes, cut at a word.';

-- verify
select array_agg(path || ' ' || problem) = array['$[0].level needs a level of 1 to 6', '$[1].alt needs an alternative text of 3 to 300 characters']
from core.validate_blocks('[{"type": "heading", "level": 9, "text": "x"}, {"type": "image", "url": "https://example.org/a.png"}, {"type": "paragraph", "text": "fine"}]');
select block, (select string_agg(path || ' ' || problem, ';') from core.validate_blocks(block::jsonb)) like problem from (values
  ('{}', '$ must be an array%'), ('[1]', '$[0] is no object%'), ('[{"text": "x"}]', '$[0] is no object%'), ('[{"type": "video"}]', '$[0].type video is no type%'), ('[{"type": "paragraph"}]', '$[0].text needs a text of 1 to 20,000%'),
  ('[{"type": "heading", "level": 1, "text": ""}]', '$[0].text needs a text of 1 to 300%'), ('[{"type": "image", "alt": "A pin"}]', '$[0] needs an asset_id or a url'), ('[{"type": "code"}]', '$[0].code needs%'), ('[{"type": "list", "items": []}]', '$[0].items needs%'),
  ('[{"type": "list", "items": ["a", 1]}]', '$[0].items needs%'), ('[{"type": "table", "rows": [["a"], ["a", "b"]]}]', '$[0].rows needs%'), ('[{"type": "design", "id": "x"}]', '$[0].id needs%'), ('[{"type": "callout", "text": "x", "tone": "loud"}]', '$[0].tone is info%'),
  ('[{"type": "image", "alt": "A pin", "url": "javascript:alert(1)"}]', '$[0].url is no address'), ('[{"type": "paragraph", "text": "[x]( JavaScript:alert(1))"}]', '$[0] has a link that runs a script'),
  ('[{"type": "paragraph", "text": "<a href=\"data:text/html,x\">"}]', '$[0] has a link that runs a script')) v(block, problem);
select blueprint.raises($$ insert into core.content (slug, title, body_blocks) values ('eve-0789', 'Eve', '[{"type": "paragraph", "text": "[x](javascript:alert(1))"}]') $$, '23514', 'runs a script');
insert into core.content (slug, title, body_blocks) values ('ada-0789', 'Ada', '[{"type": "code", "code": "[x](javascript:y)"}]') returning word_count > 0;
select blueprint.raises($$ update core.content set body_blocks = '[{"type": "heading", "level": 9, "text": "x"}]' where slug = 'ada-0789' $$, '23514', 'needs a level');
select core.render_markdown(blocks) = e'# Hinges &amp; pins\n\nA &lt;b&gt;bold&lt;/b&gt; [link](https://example.org)\n\n## Parts\n\n- pin\n- leaf\n\n1. drill\n\n```sql\nselect 1 < 2\n```\n\n> Well made.\n> — Ada\n\n| a\\|b | c |\n| --- | --- |\n| 1 | 2 |\n\n'
    '![A pin](/assets/00000000-0000-7000-8000-000000789001)\n*Brass*\n\n[Lid](/designs/00000000-0000-7000-8000-000000789002)\n\n> **Warning:** Sharp.',
  core.excerpt(blocks) = 'A <b>bold</b> [link](https://example.org) Well made.', core.excerpt(blocks, 12) = 'A…',
  (select array_agg(concat_ws(' ', place, level, text, parent)) from core.outline(blocks)) = '{"0 1 Hinges & pins","2 2 Parts 0"}', not exists (select from core.validate_blocks(blocks))
from (values (jsonb '[{"type": "heading", "level": 1, "text": "Hinges & pins"}, {"type": "paragraph", "text": "A <b>bold</b> [link](https://example.org)"}, {"type": "heading", "level": 2, "text": "Parts"}, {"type": "list", "items": ["pin", "leaf"]},
  {"type": "list", "ordered": true, "items": ["drill"]}, {"type": "code", "language": "sql", "code": "select 1 < 2"}, {"type": "quote", "text": "Well made.", "cite": "Ada"}, {"type": "table", "rows": [["a|b", "c"], ["1", "2"]]},
  {"type": "image", "asset_id": "00000000-0000-7000-8000-000000789001", "alt": "A pin", "caption": "Brass"}, {"type": "design", "id": "00000000-0000-7000-8000-000000789002", "title": "Lid"}, {"type": "callout", "tone": "warning", "text": "Sharp."}]')) v(blocks);
select array_agg(parent order by place) = '{null,0,1,2,0}' from core.outline('[{"type": "heading", "level": 1, "text": "a"}, {"type": "heading", "level": 2, "text": "b"}, {"type": "heading", "level": 3, "text": "c"}, {"type": "heading", "level": 4, "text": "d"}, {"type": "heading", "level": 2, "text": "e"}]') o;
select f, role, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent', 'hc_worker']) role,
  unnest(array['core.validate_blocks(jsonb)', 'core.render_markdown(jsonb)', 'core.outline(jsonb)', 'core.excerpt(jsonb, int)', 'core.escape_html(text)']) f;
select not has_function_privilege('hc_member', 'core.check_blocks()', 'execute');

-- task: BUILD_0790 implement_table_feature critical
-- title: Synchronise external content without echo or overwrite: core.upsert_external_content()
-- does: A remote item makes or updates its row unless the payload is old or the same; an edit on both sides since the last sync is stored as a conflict and overwrites nothing; a remote
--   removal takes the text down and keeps the row. core.resolve_content_conflict() ends a conflict with ours, theirs or a merge.
-- proves: replays and older payloads change nothing, an edit on both sides yields one open conflict and no loss, each of the three ways ends it, a removal unpublishes and keeps the row.
-- needs: BUILD_0782, BUILD_0784, BUILD_0789
create table core.content_sync (
  content_id uuid constraint content_sync_content_id_pk primary key constraint content_sync_content_id_fk references core.content (id) on delete cascade,
  state text not null default 'in_sync' constraint content_sync_state_check check (state in ('in_sync', 'conflict', 'removed')),
  remote_sha256 core.sha256 not null,
  remote_updated_at timestamptz not null,
  local_sha256 core.sha256 not null,
  synced_at timestamptz not null default now()
);

create table core.content_conflicts (
  id uuid default uuidv7() constraint content_conflicts_id_pk primary key,
  content_id uuid not null constraint content_conflicts_content_id_fk references core.content (id) on delete cascade,
  remote jsonb not null constraint content_conflicts_remote_check check (jsonb_typeof(remote) = 'object'),
  remote_updated_at timestamptz not null,
  detected_at timestamptz not null default now(),
  resolution text constraint content_conflicts_resolution_check check (resolution in ('ours', 'theirs', 'merged')),
  resolved_by uuid constraint content_conflicts_resolved_by_fk references core.users (id),
  resolved_at timestamptz,
  constraint content_conflicts_resolved_at_check check ((resolution is null) = (resolved_at is null))
);

create unique index content_conflicts_content_id_key on core.content_conflicts (content_id) where resolved_at is null;
create index content_conflicts_content_id_idx on core.content_conflicts (content_id, detected_at desc);
create index content_conflicts_resolved_by_idx on core.content_conflicts (resolved_by) where resolved_by is not null;

create policy content_sync_staff_select on core.content_sync for select to hc_moderator, hc_auditor using (true);
create policy content_conflicts_staff_select on core.content_conflicts for select to hc_moderator, hc_auditor using (true);

grant select on core.content_sync, core.content_conflicts to hc_moderator, hc_auditor;

create function core.content_sha256(content uuid) returns bytea
  language sql stable
  return (select sha256(convert_to(jsonb_build_array(c.title, c.slug, c.summary, c.tags, c.body_blocks)::text, 'UTF8')) from core.content c where c.id = content);

create function core.apply_external_content(content uuid, payload jsonb, remote_updated_at timestamptz) returns void
  language plpgsql set search_path = ''
as $$
begin
  update core.content c
  set title = coalesce(payload ->> 'title', c.title), slug = coalesce(payload ->> 'slug', c.slug), summary = coalesce(payload ->> 'summary', c.summary),
    tags = case jsonb_typeof(payload -> 'tags') when 'array' then array(select jsonb_array_elements_text(payload -> 'tags')) else c.tags end, body_blocks = coalesce(nullif(payload -> 'blocks', 'null'), c.body_blocks)
  where c.id = content;
  if payload ->> 'status' = 'published' and (select c.status in ('draft', 'unpublished') and c.body_blocks <> '[]' from core.content c where c.id = content) then
    update core.content c set status = 'in_review' where c.id = content;
    update core.content c set status = 'published' where c.id = content;
  end if;
  insert into core.content_sync as s (content_id, remote_sha256, remote_updated_at, local_sha256)
  values (content, sha256(convert_to(payload::text, 'UTF8')), apply_external_content.remote_updated_at, core.content_sha256(content))
  on conflict (content_id) do update set state = 'in_sync', remote_sha256 = excluded.remote_sha256, remote_updated_at = excluded.remote_updated_at, local_sha256 = excluded.local_sha256, synced_at = now();
end $$;

create function core.upsert_external_content(source text, external_ref text, payload jsonb, remote_updated_at timestamptz, out content_id uuid, out outcome text)
  language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  known core.content_sync;
  digest constant bytea := sha256(convert_to(payload::text, 'UTF8'));
begin
  if source = 'native' or jsonb_typeof(payload) <> 'object' or remote_updated_at is null then
    raise exception using errcode = '22023', message = 'external content comes from outside, as an object with the time of its last change';
  end if;
  perform pg_advisory_xact_lock(hashtextextended(source || ' ' || external_ref, 781));
  select c.id into content_id from core.content c where c.source = upsert_external_content.source and c.external_ref = upsert_external_content.external_ref;
  select * into known from core.content_sync s where s.content_id = upsert_external_content.content_id for update;
  if content_id is null and payload -> 'deleted' = 'true' then
    outcome := 'unknown';
  elsif content_id is null then
    insert into core.content (author_id, kind, locale, title, slug, source, external_ref)
    values (null, coalesce(payload ->> 'kind', 'article'), coalesce(payload ->> 'locale', 'en'), payload ->> 'title', payload ->> 'slug', upsert_external_content.source, upsert_external_content.external_ref)
    returning id into content_id;
    perform core.apply_external_content(content_id, payload, remote_updated_at);
    outcome := 'created';
  elsif known.remote_sha256 = digest then
    outcome := 'unchanged';
  elsif known.remote_updated_at >= remote_updated_at then
    outcome := 'stale';
  elsif payload -> 'deleted' = 'true' then
    update core.content c set status = 'unpublished' where c.id = upsert_external_content.content_id and c.status in ('published', 'scheduled') and (c.status = 'published' or c.published_at is not null);
    update core.content c set status = 'draft' where c.id = upsert_external_content.content_id and c.status = 'scheduled';
    insert into core.content_sync as s (content_id, state, remote_sha256, remote_updated_at, local_sha256)
    values (upsert_external_content.content_id, 'removed', digest, upsert_external_content.remote_updated_at, core.content_sha256(upsert_external_content.content_id))
    on conflict on constraint content_sync_content_id_pk do update set state = 'removed', remote_sha256 = excluded.remote_sha256, remote_updated_at = excluded.remote_updated_at, synced_at = now();
    outcome := 'removed';
  elsif known.local_sha256 <> core.content_sha256(content_id) then
    insert into core.content_conflicts (content_id, remote, remote_updated_at) values (upsert_external_content.content_id, payload, upsert_external_content.remote_updated_at)
    on conflict (content_id) where resolved_at is null do update set remote = excluded.remote, remote_updated_at = excluded.remote_updated_at;
    update core.content_sync s set state = 'conflict', remote_sha256 = digest, remote_updated_at = upsert_external_content.remote_updated_at where s.content_id = upsert_external_content.content_id;
    outcome := 'conflict';
  else
    perform core.apply_external_content(content_id, payload, remote_updated_at);
    outcome := 'updated';
  end if;
end $$;

create function core.resolve_content_conflict(conflict uuid, resolution text, merged jsonb default null) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  open core.content_conflicts;
begin
  if not core.has_role('hc_moderator') then
    raise exception using errcode = '42501', message = 'conflicts are resolved by hc_moderator';
  end if;
  update core.content_conflicts c set resolution = resolve_content_conflict.resolution, resolved_at = now(), resolved_by = core.current_user_id()
  where c.id = conflict and c.resolved_at is null returning * into open;
  if open.id is null or resolution is null or (resolution = 'merged') <> (merged is not null) then
    raise exception using errcode = '22023', message = 'an open conflict ends with ours, theirs, or merged and the merged fields';
  end if;
  if resolution <> 'ours' then
    perform core.apply_external_content(open.content_id, coalesce(merged, open.remote), open.remote_updated_at);
  end if;
  update core.content_sync s
  set state = 'in_sync', local_sha256 = core.content_sha256(open.content_id), remote_sha256 = sha256(convert_to(open.remote::text, 'UTF8')), remote_updated_at = open.remote_updated_at, synced_at = now()
  where s.content_id = open.content_id;
end $$;

grant execute on function core.upsert_external_content to hc_worker;
grant execute on function core.resolve_content_conflict to hc_moderator, hc_worker;

comment on table core.content_sync is 'Where each external text stands: what the other side last said, and what we had then. @distribution local';
comment on column core.content_sync.content_id is 'The text.';
comment on column core.content_sync.state is 'in_sync, conflict or removed (by the other side).';
comment on column core.content_sync.remote_sha256 is 'Digest of the last payload: the same again is no news.';
comment on column core.content_sync.remote_updated_at is 'When the other side last changed it: what is older is stale.';
comment on column core.content_sync.local_sha256 is 'Digest of our fields after the last sync: another one means edited here.';
comment on column core.content_sync.synced_at is 'When the last payload was taken.';
comment on table core.content_conflicts is 'Remote edits that met local ones; one open per text. @distribution local';
comment on column core.content_conflicts.id is 'Version 7 UUID.';
comment on column core.content_conflicts.content_id is 'The text.';
comment on column core.content_conflicts.remote is 'What the other side wanted last.';
comment on column core.content_conflicts.remote_updated_at is 'When it changed there.';
comment on column core.content_conflicts.detected_at is 'When the sides first differed.';
comment on column core.content_conflicts.resolution is 'ours, theirs or merged.';
comment on column core.content_conflicts.resolved_by is 'Who decided.';
comment on column core.content_conflicts.resolved_at is 'When.';
comment on index core.content_conflicts_content_id_key is 'One open conflict per text.';
comment on index core.content_conflicts_content_id_idx is 'Conflicts of a text, newest first; and the foreign key.';
comment on index core.content_conflicts_resolved_by_idx is 'Foreign key: conflicts somebody decided.';
comment on policy content_sync_staff_select on core.content_sync is 'Moderation and audit see where texts stand.';
comment on policy content_conflicts_staff_select on core.content_conflicts is 'Moderation and audit see conflicts.';
comment on function core.content_sha256 is 'Digest of the fields of a text that are synchronised.';
comment on function core.apply_external_content is 'Writes a payload {title, slug, summary, tags, blocks, status} into a text and notes the sync. For owner functions.';
comment on function core.upsert_external_content is 'Takes a remote item: created, updated, unchanged, stale, conflict, removed or unknown (removed before it was known). Security definer: the worker writes no table.';
comment on function core.resolve_content_conflict is 'Ends a conflict (hc_moderator): ours keeps the text, theirs takes the payload, merged takes the given fields. Security definer: nobody writes these tables.';

-- verify
create temporary table seen (n int, content_id uuid, outcome text) on commit drop;
grant all on pg_temp.seen to hc_worker;
set local role hc_worker;
insert into pg_temp.seen
select 1, * from core.upsert_external_content('wix', 'item-0790', '{"title": "From Wix 0790", "tags": ["brass"], "status": "published", "blocks": [{"type": "paragraph", "text": "One."}]}', '2026-01-01+00');
select outcome = 'unchanged' from core.upsert_external_content('wix', 'item-0790', '{"title": "From Wix 0790", "tags": ["brass"], "status": "published", "blocks": [{"type": "paragraph", "text": "One."}]}', '2026-01-02+00');
select outcome = 'stale' from core.upsert_external_content('wix', 'item-0790', '{"title": "Older 0790"}', '2025-12-31+00');
select outcome = 'updated' from core.upsert_external_content('wix', 'item-0790', '{"title": "Newer 0790", "summary": "Short."}', '2026-01-03+00');
select outcome = 'unknown' and content_id is null from core.upsert_external_content('wix', 'item-0790-b', '{"deleted": true}', '2026-01-03+00');
select blueprint.raises($$ select core.upsert_external_content('native', 'x', '{}', now()) $$, '22023');
set local role hc_owner;
select outcome = 'created' and title = 'Newer 0790' and slug = 'from-wix-0790' and tags = '{brass}' and summary = 'Short.' and status = 'published' and body_text = 'One.' and source = 'wix' and external_ref = 'item-0790' from pg_temp.seen join core.content c on c.id = content_id;
update core.content set title = 'Ours 0790' where external_ref = 'item-0790';
set local role hc_worker;
select outcome = 'conflict' from core.upsert_external_content('wix', 'item-0790', '{"title": "Theirs 0790"}', '2026-01-04+00');
select outcome = 'conflict' from core.upsert_external_content('wix', 'item-0790', '{"title": "Theirs 0790 again"}', '2026-01-05+00');
set local role hc_moderator;
select count(*) = 1 and bool_and(remote ->> 'title' = 'Theirs 0790 again' and detected_at = now() and resolution is null) from core.content_conflicts where remote ->> 'title' like '%0790%';
select state = 'conflict' from core.content_sync where content_id = (select content_id from core.content_conflicts where remote ->> 'title' like '%0790%');
set local role hc_owner;
select title = 'Ours 0790' from core.content where external_ref = 'item-0790';
select blueprint.raises(format('select core.resolve_content_conflict(%L, ''ours'')', id), '42501') from core.content_conflicts where remote ->> 'title' like '%0790%';
select core.act_as(null, 'hc_moderator');
select blueprint.raises(format('select core.resolve_content_conflict(%L, ''merged'')', id), '22023'), blueprint.raises(format('select core.resolve_content_conflict(%L, ''mine'')', id), '23514') from core.content_conflicts where remote ->> 'title' like '%0790%';
create temporary table clash on commit drop as select id from core.content_conflicts where remote ->> 'title' like '%0790%';
grant all on pg_temp.clash to hc_worker;
set local role hc_worker;
select core.resolve_content_conflict(id, 'ours') is not null from pg_temp.clash;
select outcome = 'unchanged' from core.upsert_external_content('wix', 'item-0790', '{"title": "Theirs 0790 again"}', '2026-01-06+00');
select outcome = 'updated' from core.upsert_external_content('wix', 'item-0790', '{"title": "Round two 0790"}', '2026-01-07+00');
set local role hc_owner;
update core.content set summary = 'Ours.' where external_ref = 'item-0790';
select outcome = 'conflict' from core.upsert_external_content('wix', 'item-0790', '{"title": "Theirs 0790 three"}', '2026-01-08+00');
select core.resolve_content_conflict(id, 'theirs') is not null from core.content_conflicts where remote ->> 'title' = 'Theirs 0790 three';
select title = 'Theirs 0790 three' and summary = 'Ours.' from core.content where external_ref = 'item-0790';
update core.content set summary = 'Ours again.' where external_ref = 'item-0790';
select outcome = 'conflict' from core.upsert_external_content('wix', 'item-0790', '{"title": "Theirs 0790 four"}', '2026-01-09+00');
select core.resolve_content_conflict(id, 'merged', '{"title": "Both 0790"}') is not null from core.content_conflicts where remote ->> 'title' = 'Theirs 0790 four';
select title = 'Both 0790' and summary = 'Ours again.' from core.content where external_ref = 'item-0790';
select state = 'in_sync' and remote_updated_at = '2026-01-09+00' from core.content_sync s join core.content c on c.id = content_id where external_ref = 'item-0790';
select outcome = 'removed' from core.upsert_external_content('wix', 'item-0790', '{"deleted": true}', '2026-01-10+00');
select status = 'unpublished' and title = 'Both 0790' and state = 'removed' from core.content_sync s join core.content c on c.id = content_id where external_ref = 'item-0790';
select outcome = 'updated' from core.upsert_external_content('wix', 'item-0790', '{"title": "Back 0790", "status": "published"}', '2026-01-11+00');
select status = 'published' and state = 'in_sync' and synced_at = now() from core.content_sync s join core.content c on c.id = content_id where external_ref = 'item-0790';
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into core.content_sync select s.* from core.content_sync s $$, '23505', 'content_sync_content_id_pk'), ($$ update core.content_sync set state = 'odd' $$, '23514', 'content_sync_state_check'),
  ($$ insert into core.content_sync (content_id, remote_sha256, remote_updated_at, local_sha256) values ('00000000-0000-7000-8000-00000079000f', sha256('x'), now(), sha256('x')) $$, '23503', 'content_sync_content_id_fk'),
  ($$ insert into core.content_conflicts select c.* from core.content_conflicts c $$, '23505', 'content_conflicts_id_pk'),
  ($$ insert into core.content_conflicts (content_id, remote, remote_updated_at) values ('00000000-0000-7000-8000-00000079000f', '{}', now()) $$, '23503', 'content_conflicts_content_id_fk'),
  ($$ update core.content_conflicts set remote = '[]' $$, '23514', 'content_conflicts_remote_check'), ($$ update core.content_conflicts set resolved_at = null $$, '23514', 'content_conflicts_resolved_at_check'),
  ($$ update core.content_conflicts set resolved_by = '00000000-0000-7000-8000-00000079000f' $$, '23503', 'content_conflicts_resolved_by_fk')) v(sql, state, rule);
insert into core.content_conflicts (content_id, remote, remote_updated_at) select content_id, '{}', now() from pg_temp.seen returning id is not null;
select blueprint.raises($$ insert into core.content_conflicts (content_id, remote, remote_updated_at) select content_id, '{}', now() from pg_temp.seen $$, '23505', 'content_conflicts_content_id_key');
insert into core.content (slug, title) values ('sync-0790', 'Sync');
insert into core.content_sync (content_id, remote_sha256, remote_updated_at, local_sha256) select id, sha256('x'), now(), sha256('x') from core.content where slug = 'sync-0790' returning state = 'in_sync';
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from core.content_conflicts where content_id = '00000000-0000-7000-8000-000000790001' order by detected_at desc $$, 'content_conflicts_content_id_idx'),
  ($$ select from core.content_conflicts where resolved_by = '00000000-0000-7000-8000-000000790001' $$, 'content_conflicts_resolved_by_idx')) v(sql, index);
select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where oid in ('core.content_sync'::regclass, 'core.content_conflicts'::regclass);
set local role hc_auditor;
select exists (select from core.content_sync), exists (select from core.content_conflicts);
set local role hc_owner;
select has_function_privilege('hc_worker', f, 'execute') and has_function_privilege('hc_moderator', f, 'execute') = staff and not has_function_privilege('hc_member', f, 'execute')
from (values ('core.upsert_external_content(text, text, jsonb, timestamptz)', false), ('core.resolve_content_conflict(uuid, text, jsonb)', true)) v(f, staff);
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['core.content_sha256(uuid)', 'core.apply_external_content(uuid, jsonb, timestamptz)']) f;
