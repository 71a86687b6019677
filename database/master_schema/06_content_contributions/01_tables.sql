-- Room publishing, layer 06: how texts come about and who deserves credit. Revisions are immutable and core.content points to the accepted one;
-- reviews, contributions, translations and hand-overs hang on them. Members write through functions only.

-- task: BUILD_0121 create_sql_file critical
-- title: Open room publishing with its contract: immutable revisions over core.content
-- does: Schema publishing, registered as layer 6 with its contract and its two invariants. What hc_owner makes here is closed to everybody until it is granted.
-- proves: the room is registered with both invariants, a table here forces row security, and neither it nor a function is open to members (42501).
-- needs: BUILD_0015
select blueprint.open_room('publishing', 6, '06_content_contributions',
  '{"provides": ["revisions", "reviews", "contributions", "translations", "handovers"], "requires": ["core.content"], "rls": "authors, reviewers, public when published",
    "invariants": ["published text is an accepted revision", "shares of a text sum to 100"], "retention": {"drafts": "24 months"}}',
  'How texts come about: revisions, reviews, credit, translations, and their hand-over to the knowledge base.');

grant usage on schema publishing to hc_anon, hc_agent, hc_worker, hc_auditor;

-- verify
select layer = 6 and jsonb_array_length(contract -> 'invariants') = 2 and contract -> 'provides' ? 'revisions' from blueprint.rooms where schema_name = 'publishing';
create table publishing.probe_0121 (id int);
create function publishing.probe_0121() returns int language sql return 1;
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'publishing.probe_0121'::regclass;
select has_schema_privilege(role, 'publishing', 'usage') and not has_schema_privilege(role, 'publishing', 'create') from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor']) role;
select not has_function_privilege('hc_worker', 'publishing.probe_0121()', 'execute') and not has_function_privilege('hc_member', 'publishing.probe_0121()', 'execute');
insert into publishing.probe_0121 values (1) returning id = 1;
set local role hc_member;
select blueprint.raises('select from publishing.probe_0121', '42501');

-- task: BUILD_0122 create_tables critical
-- title: Create the publishing tables revisions .. handovers and view articles
-- does: Revisions with the digest of their text, media, comment trees, reviews, contributions, series, translations, old addresses and hand-overs, the editorial policy of each kind as rows,
--   and publishing.articles: core.content with the text that is shown.
-- proves: a text with two revisions, media and a comment joins up and articles shows the current body; keys refuse a second row; every table forces row security.
-- needs: BUILD_0005, BUILD_0021, BUILD_0034, BUILD_0121, BUILD_0691, BUILD_0781, BUILD_0789
create table publishing.editorial_policy (
  kind text constraint editorial_policy_kind_pk primary key,
  quorum int not null,
  checklist text[] not null default '{}',
  staff_only boolean not null default false,
  licence_spdx text not null default 'CC-BY-SA-4.0',
  source text not null default 'editorial board'
);

create table publishing.revisions (
  id uuid default uuidv7() constraint revisions_id_pk primary key,
  content_id uuid not null,
  number int not null,
  parent_id uuid,
  author_id uuid,
  title text not null,
  body text not null,
  body_sha256 core.sha256 generated always as (core.token_digest(body)) stored,
  change_summary text,
  status text not null default 'draft',
  created_at timestamptz not null default now()
);

create table publishing.media (
  content_id uuid not null,
  position int not null,
  asset_id uuid not null,
  kind text not null default 'image',
  alt_text text,
  caption text,
  credit text,
  focal jsonb not null default '{}',
  constraint media_content_id_position_pk primary key (content_id, position)
);

create table publishing.comments (
  id uuid default uuidv7() constraint comments_id_pk primary key,
  content_id uuid not null,
  parent_id uuid,
  path extensions.ltree,
  author_id uuid,
  body text not null,
  status text not null default 'visible',
  up int not null default 0,
  down int not null default 0,
  score real not null default 0,
  edited_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table publishing.reviews (
  id uuid default uuidv7() constraint reviews_id_pk primary key,
  revision_id uuid not null,
  reviewer_id uuid not null,
  round int not null default 1,
  verdict text,
  checklist jsonb not null default '{}',
  note text,
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reviews_revision_id_reviewer_id_key unique (revision_id, reviewer_id)
);

create table publishing.contributions (
  content_id uuid not null,
  user_id uuid not null,
  role text not null,
  share_percent numeric(5, 2),
  source text not null default 'auto',
  revision_id uuid,
  accepted_at timestamptz,
  disputed_at timestamptz,
  note text,
  created_at timestamptz not null default now(),
  constraint contributions_content_id_user_id_role_pk primary key (content_id, user_id, role)
);

create table publishing.series (
  id uuid default uuidv7() constraint series_id_pk primary key,
  slug core.slug not null constraint series_slug_key unique,
  title text not null,
  curator_id uuid not null,
  status text not null default 'draft',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table publishing.series_items (
  series_id uuid not null,
  content_id uuid not null,
  position int not null,
  constraint series_items_series_id_content_id_pk primary key (series_id, content_id)
);

create table publishing.translations (
  source_content_id uuid not null,
  locale core.locale_tag not null,
  content_id uuid not null constraint translations_content_id_key unique,
  source_revision_id uuid,
  translator_id uuid,
  status text not null default 'started',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint translations_source_content_id_locale_pk primary key (source_content_id, locale)
);

create table publishing.slug_history (
  locale core.locale_tag not null,
  old_slug core.slug not null,
  content_id uuid not null,
  until_at timestamptz not null default now(),
  constraint slug_history_locale_old_slug_pk primary key (locale, old_slug)
);

create table publishing.handovers (
  id uuid default uuidv7() constraint handovers_id_pk primary key,
  content_id uuid not null,
  revision_id uuid not null,
  action text not null default 'index',
  target text not null default 'knowledge',
  status text not null default 'queued',
  attempts int not null default 0,
  run_after timestamptz not null default now(),
  worker text,
  lease_until timestamptz,
  chunk_count int,
  error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint handovers_revision_id_action_key unique (revision_id, action)
);

create view publishing.articles with (security_invoker) as
  select c.id, c.kind, c.slug, c.locale, c.title, c.summary, c.author_id, c.category_id, c.tags, c.status, c.publish_at, c.published_at, c.word_count, c.reading_minutes, c.seo,
    r.id as revision_id, r.number as revision_number, coalesce(r.body, core.render_markdown(c.body_blocks)) as body, r.body_sha256
  from core.content c left join publishing.revisions r on r.id = c.current_revision_id;

insert into publishing.editorial_policy (kind, quorum, checklist, staff_only) values
  ('knowledge', 2, '{sources,safety}', false), ('documentation', 1, '{tested}', false), ('tutorial', 1, '{tested,safety}', false), ('article', 1, '{sources}', false), ('news', 0, '{}', true), ('page', 0, '{}', true);

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000122001', 'ada-0122'), ('00000000-0000-7000-8000-000000122002', 'bob-0122');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000122003', '00000000-0000-7000-8000-000000122001', 'a.png', 'image/png', 1);
insert into core.content (id, author_id, slug, title) values ('00000000-0000-7000-8000-000000122011', '00000000-0000-7000-8000-000000122001', 'a-0122', 'Probe'), ('00000000-0000-7000-8000-000000122012', '00000000-0000-7000-8000-000000122001', 'b-0122', 'Blocks only'), ('00000000-0000-7000-8000-000000122013', null, 'c-0122', 'Third');
update core.content set locale = 'de', body_blocks = '[{"type": "paragraph", "text": "Aus Blöcken."}]' where slug = 'b-0122';
insert into publishing.revisions (id, content_id, number, parent_id, author_id, title, body) values
  ('00000000-0000-7000-8000-000000122021', '00000000-0000-7000-8000-000000122011', 1, null, '00000000-0000-7000-8000-000000122001', 'Probe', 'One.'),
  ('00000000-0000-7000-8000-000000122022', '00000000-0000-7000-8000-000000122011', 2, '00000000-0000-7000-8000-000000122021', '00000000-0000-7000-8000-000000122001', 'Probe', 'Two.')
returning status = 'draft' and created_at = now() and body_sha256 = sha256(convert_to(body, 'UTF8'));
insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000122012', 1, 'Probe', 'x') returning id is not null;
insert into publishing.media (content_id, position, asset_id, alt_text) values ('00000000-0000-7000-8000-000000122011', 1, '00000000-0000-7000-8000-000000122003', 'A hinge') returning kind = 'image' and focal = '{}';
insert into publishing.comments (content_id, author_id, body) values ('00000000-0000-7000-8000-000000122011', '00000000-0000-7000-8000-000000122002', 'Nice.')
returning id is not null and status = 'visible' and up = 0 and down = 0 and score = 0 and created_at = now() and updated_at = now();
insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-000000122022', '00000000-0000-7000-8000-000000122002') returning id is not null and round = 1 and checklist = '{}' and created_at = now() and updated_at = now();
insert into publishing.contributions (content_id, user_id, role, share_percent) values ('00000000-0000-7000-8000-000000122011', '00000000-0000-7000-8000-000000122001', 'author', 100) returning source = 'auto' and created_at = now();
insert into publishing.series (id, slug, title, curator_id) values ('00000000-0000-7000-8000-000000122031', 'probe-0122', 'Probe', '00000000-0000-7000-8000-000000122001') returning status = 'draft' and created_at = now() and updated_at = now();
insert into publishing.series (slug, title, curator_id) values ('probe-0122-b', 'Probe', '00000000-0000-7000-8000-000000122001') returning id is not null;
insert into publishing.series_items (series_id, content_id, position) values ('00000000-0000-7000-8000-000000122031', '00000000-0000-7000-8000-000000122011', 1);
insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000122011', 'de', '00000000-0000-7000-8000-000000122012') returning status = 'started' and created_at = now() and updated_at = now();
insert into publishing.slug_history (locale, old_slug, content_id) values ('en', 'old-0122', '00000000-0000-7000-8000-000000122011') returning until_at = now();
insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-000000122011', '00000000-0000-7000-8000-000000122022')
returning id is not null and action = 'index' and target = 'knowledge' and status = 'queued' and attempts = 0 and run_after = now() and created_at = now() and updated_at = now();
update core.content set current_revision_id = '00000000-0000-7000-8000-000000122022' where slug = 'a-0122';
select a.body = 'Two.' and a.revision_number = 2 and m.alt_text = 'A hinge' and k.body = 'Nice.' from publishing.articles a join publishing.media m on m.content_id = a.id join publishing.comments k on k.content_id = a.id where a.slug = 'a-0122';
select body = 'Aus Blöcken.' from publishing.articles where slug = 'b-0122';
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into publishing.editorial_policy (kind, quorum) values ('news', 1) $$, '23505', 'editorial_policy_kind_pk'),
  ($$ insert into publishing.revisions (id, content_id, number, title, body) values ('00000000-0000-7000-8000-000000122021', '00000000-0000-7000-8000-000000122011', 9, 'Probe', 'x') $$, '23505', 'revisions_id_pk'),
  ($$ insert into publishing.media (content_id, position, asset_id, alt_text) values ('00000000-0000-7000-8000-000000122011', 1, '00000000-0000-7000-8000-000000122003', 'A hinge') $$, '23505', 'media_content_id_position_pk'),
  ($$ insert into publishing.comments (id, content_id, body) select c.id, c.content_id, 'x' from publishing.comments c where body = 'Nice.' $$, '23505', 'comments_id_pk'),
  ($$ insert into publishing.reviews (id, revision_id, reviewer_id) select r.id, '00000000-0000-7000-8000-000000122021', r.reviewer_id from publishing.reviews r where revision_id = '00000000-0000-7000-8000-000000122022' $$, '23505', 'reviews_id_pk'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-000000122022', '00000000-0000-7000-8000-000000122002') $$, '23505', 'reviews_revision_id_reviewer_id_key'),
  ($$ insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-000000122011', '00000000-0000-7000-8000-000000122001', 'author') $$, '23505', 'contributions_content_id_user_id_role_pk'),
  ($$ insert into publishing.series (id, slug, title, curator_id) values ('00000000-0000-7000-8000-000000122031', 'probe-0122-c', 'Probe', '00000000-0000-7000-8000-000000122001') $$, '23505', 'series_id_pk'),
  ($$ insert into publishing.series (slug, title, curator_id) values ('probe-0122', 'Probe', '00000000-0000-7000-8000-000000122001') $$, '23505', 'series_slug_key'),
  ($$ insert into publishing.series_items (series_id, content_id, position) values ('00000000-0000-7000-8000-000000122031', '00000000-0000-7000-8000-000000122011', 2) $$, '23505', 'series_items_series_id_content_id_pk'),
  ($$ insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000122011', 'de', '00000000-0000-7000-8000-000000122013') $$, '23505', 'translations_source_content_id_locale_pk'),
  ($$ insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000122011', 'fr', '00000000-0000-7000-8000-000000122012') $$, '23505', 'translations_content_id_key'),
  ($$ insert into publishing.slug_history (locale, old_slug, content_id) values ('en', 'old-0122', '00000000-0000-7000-8000-000000122012') $$, '23505', 'slug_history_locale_old_slug_pk'),
  ($$ insert into publishing.handovers (id, content_id, revision_id, action) select h.id, h.content_id, h.revision_id, 'withdraw' from publishing.handovers h where revision_id = '00000000-0000-7000-8000-000000122022' $$, '23505', 'handovers_id_pk'),
  ($$ insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-000000122011', '00000000-0000-7000-8000-000000122022') $$, '23505', 'handovers_revision_id_action_key'),
  ($$ update publishing.revisions set body_sha256 = sha256('x') where content_id = '00000000-0000-7000-8000-000000122011' $$, '428C9', 'body_sha256')) v(sql, state, rule);
select quorum = 2 and not staff_only and licence_spdx = 'CC-BY-SA-4.0' and source = 'editorial board' from publishing.editorial_policy where kind = 'knowledge';
insert into publishing.editorial_policy (kind, quorum) values ('probe0122', 1) returning checklist = '{}' and not staff_only and licence_spdx = 'CC-BY-SA-4.0' and source = 'editorial board';
select count(*) = 11 and bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relnamespace = 'publishing'::regnamespace
  and relname in ('editorial_policy', 'revisions', 'media', 'comments', 'reviews', 'contributions', 'series', 'series_items', 'translations', 'slug_history', 'handovers');

-- task: BUILD_0123 create_indexes
-- title: Index revision chains, comment trees, review queues and hand-over backlog
-- does: The latest revision of a text, what an author wrote, subtrees of comments, open rounds, contributions of a person, translations of a language, the backlog of the hand-over.
-- proves: each query can be served by the index made for it.
-- needs: BUILD_0005, BUILD_0122
create index revisions_author_id_created_at_idx on publishing.revisions (author_id, created_at desc);
create unique index revisions_content_id_number_key on publishing.revisions (content_id, number desc);
create index comments_path_idx on publishing.comments using gist (path);
create index comments_content_id_created_at_idx on publishing.comments (content_id, created_at);
create index reviews_revision_id_round_idx on publishing.reviews (revision_id, round);
create index contributions_user_id_idx on publishing.contributions (user_id);
create index translations_locale_status_idx on publishing.translations (locale, status);
create index handovers_run_after_idx on publishing.handovers (run_after) where status in ('queued', 'failed', 'taken');
create index media_asset_id_idx on publishing.media (asset_id);

comment on index publishing.revisions_author_id_created_at_idx is 'What an author wrote, newest first; and the foreign key.';
comment on index publishing.revisions_content_id_number_key is 'Revisions of a text, latest first; each number once.';
comment on index publishing.comments_path_idx is 'A comment with all below it.';
comment on index publishing.comments_content_id_created_at_idx is 'Comments of a text in order of time; and the foreign key.';
comment on index publishing.reviews_revision_id_round_idx is 'Reviews of a revision by round; and the foreign key.';
comment on index publishing.contributions_user_id_idx is 'What a person contributed to; and the foreign key.';
comment on index publishing.translations_locale_status_idx is 'Translations into a language by state.';
comment on index publishing.handovers_run_after_idx is 'Backlog of the hand-over, due first (publishing.take_handover).';
comment on index publishing.media_asset_id_idx is 'Where a file is used; and the foreign key.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from publishing.revisions where author_id = '00000000-0000-7000-8000-000000123001' order by created_at desc $$, 'revisions_author_id_created_at_idx'),
  ($$ select from publishing.revisions where content_id = '00000000-0000-7000-8000-000000123001' order by number desc limit 1 $$, 'revisions_content_id_number_key'),
  ($$ select from publishing.comments where path operator(extensions.<@) 'a.b' $$, 'comments_path_idx'),
  ($$ select from publishing.comments where content_id = '00000000-0000-7000-8000-000000123001' order by created_at $$, 'comments_content_id_created_at_idx'),
  ($$ select from publishing.reviews where revision_id = '00000000-0000-7000-8000-000000123001' order by round $$, 'reviews_revision_id_round_idx'),
  ($$ select from publishing.contributions where user_id = '00000000-0000-7000-8000-000000123001' $$, 'contributions_user_id_idx'),
  ($$ select from publishing.translations where locale = 'de' and status = 'started' $$, 'translations_locale_status_idx'),
  ($$ select from publishing.handovers where status in ('queued', 'failed', 'taken') and run_after <= now() order by run_after limit 1 $$, 'handovers_run_after_idx'),
  ($$ select from publishing.media where asset_id = '00000000-0000-7000-8000-000000123001' $$, 'media_asset_id_idx')) v(sql, index);
insert into core.content (id, slug, title) values ('00000000-0000-7000-8000-000000123011', 'a-0123', 'Probe');
insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000123011', 1, 'Probe', 'x');
select blueprint.raises($$ insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000123011', 1, 'Probe', 'y') $$, '23505', 'revisions_content_id_number_key');

-- task: BUILD_0124 create_foreign_keys critical
-- title: Link publishing to content, users and assets; close core.content.current_revision_id
-- does: Children go with their text where they have no meaning without it; revisions, assets in use and people hold back. core.content.current_revision_id is checked at commit, so that a
--   text and its first revision may come in any order.
-- proves: text before revision commits and a revision that never comes does not, an asset used as media cannot be deleted (23503), every foreign key is enforced and indexed.
-- needs: BUILD_0123, BUILD_0691
alter table publishing.revisions
  add constraint revisions_content_id_fk foreign key (content_id) references core.content (id),
  add constraint revisions_parent_id_fk foreign key (parent_id) references publishing.revisions (id),
  add constraint revisions_author_id_fk foreign key (author_id) references core.users (id);
alter table publishing.media
  add constraint media_content_id_fk foreign key (content_id) references core.content (id) on delete cascade,
  add constraint media_asset_id_fk foreign key (asset_id) references core.assets (id);
alter table publishing.comments
  add constraint comments_content_id_fk foreign key (content_id) references core.content (id) on delete cascade,
  add constraint comments_parent_id_fk foreign key (parent_id) references publishing.comments (id) on delete cascade,
  add constraint comments_author_id_fk foreign key (author_id) references core.users (id);
alter table publishing.reviews
  add constraint reviews_revision_id_fk foreign key (revision_id) references publishing.revisions (id),
  add constraint reviews_reviewer_id_fk foreign key (reviewer_id) references core.users (id);
alter table publishing.contributions
  add constraint contributions_content_id_fk foreign key (content_id) references core.content (id) on delete cascade,
  add constraint contributions_user_id_fk foreign key (user_id) references core.users (id),
  add constraint contributions_revision_id_fk foreign key (revision_id) references publishing.revisions (id) on delete set null;
alter table publishing.series add constraint series_curator_id_fk foreign key (curator_id) references core.users (id);
alter table publishing.series_items
  add constraint series_items_series_id_fk foreign key (series_id) references publishing.series (id) on delete cascade,
  add constraint series_items_content_id_fk foreign key (content_id) references core.content (id) on delete cascade;
alter table publishing.translations
  add constraint translations_source_content_id_fk foreign key (source_content_id) references core.content (id) on delete cascade,
  add constraint translations_content_id_fk foreign key (content_id) references core.content (id) on delete cascade,
  add constraint translations_source_revision_id_fk foreign key (source_revision_id) references publishing.revisions (id),
  add constraint translations_translator_id_fk foreign key (translator_id) references core.users (id);
alter table publishing.slug_history add constraint slug_history_content_id_fk foreign key (content_id) references core.content (id) on delete cascade;
alter table publishing.handovers
  add constraint handovers_content_id_fk foreign key (content_id) references core.content (id),
  add constraint handovers_revision_id_fk foreign key (revision_id) references publishing.revisions (id);
alter table core.content add constraint content_current_revision_id_fk foreign key (current_revision_id) references publishing.revisions (id) deferrable initially deferred;

create index revisions_parent_id_idx on publishing.revisions (parent_id);
create index comments_parent_id_idx on publishing.comments (parent_id);
create index comments_author_id_idx on publishing.comments (author_id);
create index reviews_reviewer_id_idx on publishing.reviews (reviewer_id);
create index contributions_revision_id_idx on publishing.contributions (revision_id);
create index series_curator_id_idx on publishing.series (curator_id);
create index series_items_content_id_idx on publishing.series_items (content_id);
create index translations_source_revision_id_idx on publishing.translations (source_revision_id);
create index translations_translator_id_idx on publishing.translations (translator_id);
create index slug_history_content_id_idx on publishing.slug_history (content_id);
create index handovers_content_id_idx on publishing.handovers (content_id);
create index content_current_revision_id_idx on core.content (current_revision_id) where current_revision_id is not null;

comment on index publishing.revisions_parent_id_idx is 'Foreign key: what came of a revision.';
comment on index publishing.comments_parent_id_idx is 'Replies to a comment; and the foreign key.';
comment on index publishing.comments_author_id_idx is 'Comments of a person; and the foreign key.';
comment on index publishing.reviews_reviewer_id_idx is 'Reviews of a person; and the foreign key.';
comment on index publishing.contributions_revision_id_idx is 'Foreign key: for which revision shares were computed.';
comment on index publishing.series_curator_id_idx is 'Series of a curator; and the foreign key.';
comment on index publishing.series_items_content_id_idx is 'Series a text is part of; and the foreign key.';
comment on index publishing.translations_source_revision_id_idx is 'Foreign key: what was translated from a revision.';
comment on index publishing.translations_translator_id_idx is 'Translations of a person; and the foreign key.';
comment on index publishing.slug_history_content_id_idx is 'Old addresses of a text; and the foreign key.';
comment on index publishing.handovers_content_id_idx is 'Hand-overs of a text; and the foreign key.';
comment on index core.content_current_revision_id_idx is 'Foreign key: which text shows a revision.';
comment on constraint content_current_revision_id_fk on core.content is 'What is shown is a revision; checked at commit, so that a text and its first revision may come in any order.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000124001', 'ada-0124');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000124003', '00000000-0000-7000-8000-000000124001', 'a.png', 'image/png', 1);
insert into core.content (id, slug, title, current_revision_id) values ('00000000-0000-7000-8000-000000124011', 'a-0124', 'Probe', '00000000-0000-7000-8000-000000124021');
insert into publishing.revisions (id, content_id, number, title, body) values ('00000000-0000-7000-8000-000000124021', '00000000-0000-7000-8000-000000124011', 1, 'Probe', 'x');
set constraints core.content_current_revision_id_fk immediate;
set constraints core.content_current_revision_id_fk deferred;
insert into publishing.media (content_id, position, asset_id, alt_text) values ('00000000-0000-7000-8000-000000124011', 1, '00000000-0000-7000-8000-000000124003', 'A hinge');
insert into core.content (id, slug, title, locale) values ('00000000-0000-7000-8000-000000124012', 'b-0124', 'Probe', 'de');
insert into publishing.series (id, slug, title, curator_id) values ('00000000-0000-7000-8000-000000124031', 'probe-0124', 'Probe', '00000000-0000-7000-8000-000000124001');
insert into publishing.comments (id, content_id, body) values ('00000000-0000-7000-8000-000000124041', '00000000-0000-7000-8000-000000124012', 'x');
insert into publishing.comments (content_id, parent_id, body) values ('00000000-0000-7000-8000-000000124012', '00000000-0000-7000-8000-000000124041', 'y');
insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-000000124012', '00000000-0000-7000-8000-000000124001', 'author');
insert into publishing.series_items (series_id, content_id, position) values ('00000000-0000-7000-8000-000000124031', '00000000-0000-7000-8000-000000124012', 1);
insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000124011', 'de', '00000000-0000-7000-8000-000000124012');
insert into publishing.slug_history (locale, old_slug, content_id) values ('de', 'old-0124', '00000000-0000-7000-8000-000000124012');
select rule, blueprint.raises(sql, '23503', rule) from (values
  ($$ update core.content set current_revision_id = '00000000-0000-7000-8000-00000012400f' where slug = 'a-0124'; set constraints core.content_current_revision_id_fk immediate $$, 'content_current_revision_id_fk'),
  ($$ delete from core.assets where id = '00000000-0000-7000-8000-000000124003' $$, 'media_asset_id_fk'),
  ($$ delete from core.content where slug = 'a-0124' $$, 'revisions_content_id_fk'),
  ($$ insert into publishing.revisions (content_id, number, title, body, parent_id) values ('00000000-0000-7000-8000-000000124011', 2, 'Probe', 'x', '00000000-0000-7000-8000-00000012400f') $$, 'revisions_parent_id_fk'),
  ($$ insert into publishing.revisions (content_id, number, title, body, author_id) values ('00000000-0000-7000-8000-000000124011', 2, 'Probe', 'x', '00000000-0000-7000-8000-00000012400f') $$, 'revisions_author_id_fk'),
  ($$ insert into publishing.media (content_id, position, asset_id, alt_text) values ('00000000-0000-7000-8000-00000012400f', 1, '00000000-0000-7000-8000-000000124003', 'A hinge') $$, 'media_content_id_fk'),
  ($$ insert into publishing.comments (content_id, body) values ('00000000-0000-7000-8000-00000012400f', 'x') $$, 'comments_content_id_fk'),
  ($$ insert into publishing.comments (content_id, body, author_id) values ('00000000-0000-7000-8000-000000124011', 'x', '00000000-0000-7000-8000-00000012400f') $$, 'comments_author_id_fk'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-00000012400f', '00000000-0000-7000-8000-000000124001') $$, 'reviews_revision_id_fk'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-000000124021', '00000000-0000-7000-8000-00000012400f') $$, 'reviews_reviewer_id_fk'),
  ($$ insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-00000012400f', '00000000-0000-7000-8000-000000124001', 'author') $$, 'contributions_content_id_fk'),
  ($$ insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-000000124011', '00000000-0000-7000-8000-00000012400f', 'author') $$, 'contributions_user_id_fk'),
  ($$ insert into publishing.contributions (content_id, user_id, role, revision_id) values ('00000000-0000-7000-8000-000000124011', '00000000-0000-7000-8000-000000124001', 'author', '00000000-0000-7000-8000-00000012400f') $$, 'contributions_revision_id_fk'),
  ($$ insert into publishing.series (slug, title, curator_id) values ('probe-0124-b', 'Probe', '00000000-0000-7000-8000-00000012400f') $$, 'series_curator_id_fk'),
  ($$ insert into publishing.series_items (series_id, content_id, position) values ('00000000-0000-7000-8000-00000012400f', '00000000-0000-7000-8000-000000124011', 1) $$, 'series_items_series_id_fk'),
  ($$ insert into publishing.series_items (series_id, content_id, position) values ('00000000-0000-7000-8000-000000124031', '00000000-0000-7000-8000-00000012400f', 1) $$, 'series_items_content_id_fk'),
  ($$ insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-00000012400f', 'fr', '00000000-0000-7000-8000-000000124011') $$, 'translations_source_content_id_fk'),
  ($$ insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000124011', 'fr', '00000000-0000-7000-8000-00000012400f') $$, 'translations_content_id_fk'),
  ($$ update publishing.translations set source_revision_id = '00000000-0000-7000-8000-00000012400f' where content_id = '00000000-0000-7000-8000-000000124012' $$, 'translations_source_revision_id_fk'),
  ($$ update publishing.translations set translator_id = '00000000-0000-7000-8000-00000012400f' where content_id = '00000000-0000-7000-8000-000000124012' $$, 'translations_translator_id_fk'),
  ($$ insert into publishing.slug_history (locale, old_slug, content_id) values ('en', 'x-0124', '00000000-0000-7000-8000-00000012400f') $$, 'slug_history_content_id_fk'),
  ($$ insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-00000012400f', '00000000-0000-7000-8000-000000124021') $$, 'handovers_content_id_fk'),
  ($$ insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-000000124011', '00000000-0000-7000-8000-00000012400f') $$, 'handovers_revision_id_fk')) v(sql, rule);
delete from core.content where slug = 'b-0124';
select (select count(*) from publishing.comments where content_id = '00000000-0000-7000-8000-000000124012') = 0, (select count(*) from publishing.slug_history where old_slug = 'old-0124') = 0;
insert into core.content (id, slug, title) values ('00000000-0000-7000-8000-000000124013', 'c-0124', 'Probe');
select blueprint.raises($$ insert into publishing.comments (content_id, parent_id, body) values ('00000000-0000-7000-8000-000000124013', '00000000-0000-7000-8000-00000012400f', 'x') $$, '23503');
select count(*) = 0 from blueprint.unindexed_fks('publishing');
select count(*) = 0 from blueprint.unindexed_fks('core') where constraint_name = 'content_current_revision_id_fk';
select conname, confdeltype = action::"char" from (values ('contributions_revision_id_fk', 'n'), ('comments_parent_id_fk', 'c')) v(conname, action) join pg_constraint using (conname);
