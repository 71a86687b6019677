-- Room publishing, rules: look-ups inside JSON, what a row must be, and who reads it.

-- task: BUILD_0128 create_jsonb_indexes
-- title: Index revision checklists, media focal data and content blocks JSONB
-- does: publishing.reviews_failing(item) finds reviews that ticked an item as not fulfilled, publishing.articles_embedding(design) the texts that show a design, through the block index of
--   core.content; pictures are found by their focal data.
-- proves: the review that failed the sources and the article with the design are found, and the plans read the GIN indexes.
-- needs: BUILD_0005, BUILD_0122, BUILD_0785
create index reviews_checklist_idx on publishing.reviews using gin (checklist jsonb_path_ops);
create index media_focal_idx on publishing.media using gin (focal jsonb_path_ops);

comment on index publishing.reviews_checklist_idx is 'Reviews by what they ticked (publishing.reviews_failing).';
comment on index publishing.media_focal_idx is 'Pictures by focal data, as {"crop": "square"}.';

create function publishing.reviews_failing(item text) returns table (review_id uuid, revision_id uuid, reviewer_id uuid)
  language sql stable security definer
begin atomic
  select r.id, r.revision_id, r.reviewer_id from publishing.reviews r where r.checklist @> jsonb_build_object(item, false) order by r.id;
end;

create function publishing.articles_embedding(design uuid) returns table (content_id uuid, title text, locale core.locale_tag, slug core.slug)
  language sql stable
begin atomic
  select e.content_id, e.title, e.locale, e.slug from core.content_embedding('design', design) e;
end;

grant execute on function publishing.reviews_failing to hc_moderator, hc_worker;
grant execute on function publishing.articles_embedding to hc_anon, hc_agent;

comment on function publishing.reviews_failing is 'Reviews in which an item of the checklist was not fulfilled. Security definer: row security would disable the GIN index; it is granted to those who read every review.';
comment on function publishing.articles_embedding is 'Texts that show a design, as far as the caller may read them.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000128001', 'ada-0128');
insert into core.content (id, slug, title, status, published_at, body_blocks) values ('00000000-0000-7000-8000-000000128011', 'a-0128', 'Probe', 'published', now(), '[{"type": "design", "id": "00000000-0000-7000-8000-000000128009"}]');
insert into publishing.revisions (id, content_id, number, title, body) values ('00000000-0000-7000-8000-000000128021', '00000000-0000-7000-8000-000000128011', 1, 'Probe', 'x'), ('00000000-0000-7000-8000-000000128022', '00000000-0000-7000-8000-000000128011', 2, 'Probe', 'y');
insert into publishing.reviews (revision_id, reviewer_id, checklist) values ('00000000-0000-7000-8000-000000128021', '00000000-0000-7000-8000-000000128001', '{"probe0128": false}'), ('00000000-0000-7000-8000-000000128022', '00000000-0000-7000-8000-000000128001', '{"probe0128": true}');
set local role hc_worker;
select array_agg(revision_id) = '{00000000-0000-7000-8000-000000128021}' from publishing.reviews_failing('probe0128');
set local role hc_anon;
select array_agg(slug::text) = '{a-0128}' from publishing.articles_embedding('00000000-0000-7000-8000-000000128009');
set local role hc_owner;
select index, blueprint.plan_uses(sql, index) from (values
  ($$ select from publishing.reviews where checklist @> '{"sources": false}' $$, 'reviews_checklist_idx'), ($$ select from publishing.media where focal @> '{"crop": "square"}' $$, 'media_focal_idx')) v(sql, index);
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from (values ('hc_moderator', 'publishing.reviews_failing(text)'), ('hc_worker', 'publishing.reviews_failing(text)'),
  ('hc_anon', 'publishing.articles_embedding(uuid)'), ('hc_agent', 'publishing.articles_embedding(uuid)')) v(role, f);

-- task: BUILD_0129 create_constraints critical
-- title: Constrain publishing: alt text, shares, depth, self-review, redirect loops
-- does: Words come from their vocabularies, pictures say what they show, shares of a text sum to 100 at commit, comments go six levels deep, nobody reviews what he wrote, a translation is in
--   another language, a redirect never hides a live address, positions of a series are unique at the end of a statement.
-- proves: each rule refuses what breaks it: a picture without alternative text, 60 + 30 at commit, an author's own review, a seventh level.
-- needs: BUILD_0021, BUILD_0122
create function publishing.check_shares() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  text_id constant uuid := coalesce(new.content_id, old.content_id);
  total numeric := (select sum(k.share_percent) from publishing.contributions k where k.content_id = text_id);
begin
  if total <> 100 then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = 'contributions_sum_check', message = format('shares of a text sum to 100, these to %s', total);
  end if;
  return null;
end $$;

create function publishing.check_reviewer() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if exists (
    select from publishing.revisions r left join publishing.contributions k on k.content_id = r.content_id and k.role in ('author', 'editor')
    where r.id = new.revision_id and new.reviewer_id in (r.author_id, k.user_id)) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = 'reviews_reviewer_is_no_author_check', message = 'nobody reviews what he wrote';
  end if;
  return new;
end $$;

create function publishing.check_locales() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.source_content_id = new.content_id or new.locale = (select c.locale from core.content c where c.id = new.source_content_id) then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = 'translations_locale_check', message = 'a translation is in another language than its source';
  end if;
  return new;
end $$;

create function publishing.check_redirect() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if exists (select from core.content c where c.locale = new.locale and c.slug = new.old_slug and c.status <> 'archived') then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = 'slug_history_old_slug_check', message = 'a live address is no redirect';
  end if;
  return new;
end $$;

alter table publishing.editorial_policy add constraint editorial_policy_quorum_check check (quorum between 0 and 9);
alter table publishing.revisions
  add constraint revisions_number_check check (number > 0),
  add constraint revisions_title_check check (length(title) >= 3 and length(title) <= 200),
  add constraint revisions_body_check check (length(body) >= 1 and length(body) <= 500000),
  add constraint revisions_status_check check (status in ('draft', 'submitted', 'accepted', 'rejected'));
alter table publishing.media
  add constraint media_position_check check (position > 0),
  add constraint media_kind_check check (kind in ('image', 'video', 'audio', 'file')),
  add constraint media_alt_text_check check (kind <> 'image' or coalesce(length(btrim(alt_text)), 0) >= 3),
  add constraint media_focal_check check (jsonb_typeof(focal) = 'object');
alter table publishing.comments
  add constraint comments_body_check check (length(body) >= 1 and length(body) <= 5000),
  add constraint comments_status_check check (status in ('visible', 'held', 'removed')),
  add constraint comments_path_depth_check check (extensions.nlevel(path) <= 6);
alter table publishing.reviews
  add constraint reviews_round_check check (round > 0),
  add constraint reviews_verdict_check check (verdict in ('approve', 'changes', 'reject')),
  add constraint reviews_decided_at_check check ((verdict is null) = (decided_at is null)),
  add constraint reviews_checklist_check check (jsonb_typeof(checklist) = 'object');
alter table publishing.contributions
  add constraint contributions_role_check check (role in ('author', 'editor', 'reviewer', 'translator', 'illustrator')),
  add constraint contributions_share_percent_check check (share_percent between 0 and 100),
  add constraint contributions_source_check check (source in ('auto', 'claimed')),
  add constraint contributions_disputed_at_check check (accepted_at is null or disputed_at is null);
alter table publishing.series
  add constraint series_title_check check (length(title) between 3 and 200),
  add constraint series_status_check check (status in ('draft', 'published', 'archived'));
alter table publishing.series_items
  add constraint series_items_series_id_position_key unique (series_id, position) deferrable,
  add constraint series_items_position_check check (position > 0);
alter table publishing.translations add constraint translations_status_check check (status in ('started', 'published', 'abandoned'));
alter table publishing.handovers
  add constraint handovers_action_check check (action in ('index', 'withdraw')),
  add constraint handovers_status_check check (status in ('queued', 'taken', 'indexed', 'failed', 'withdrawn')),
  add constraint handovers_lease_until_check check ((status = 'taken') = (lease_until is not null)),
  add constraint handovers_chunk_count_check check (chunk_count >= 0);

create constraint trigger contributions_sum after insert or update of share_percent or delete on publishing.contributions deferrable initially deferred
  for each row execute function publishing.check_shares();
create trigger reviews_reviewer before insert or update of reviewer_id, revision_id on publishing.reviews for each row execute function publishing.check_reviewer();
create trigger translations_locales before insert or update of locale, source_content_id, content_id on publishing.translations for each row execute function publishing.check_locales();
create trigger slug_history_redirect before insert or update on publishing.slug_history for each row execute function publishing.check_redirect();

comment on function publishing.check_shares is 'Trigger of publishing.contributions at commit: computed shares of a text sum to 100.';
comment on function publishing.check_reviewer is 'Trigger of publishing.reviews: authors and editors of a text do not review it.';
comment on function publishing.check_locales is 'Trigger of publishing.translations: another text in another language.';
comment on function publishing.check_redirect is 'Trigger of publishing.slug_history: an address in use is no redirect.';
comment on trigger contributions_sum on publishing.contributions is 'Shares sum to 100 at commit.';
comment on trigger reviews_reviewer on publishing.reviews is 'Four eyes.';
comment on trigger translations_locales on publishing.translations is 'Another language than the source.';
comment on trigger slug_history_redirect on publishing.slug_history is 'No redirect hides a live address.';
comment on constraint series_items_series_id_position_key on publishing.series_items is 'Checked at the end of a statement, so that one statement may shift many.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000129001', 'ada-0129'), ('00000000-0000-7000-8000-000000129002', 'bob-0129'), ('00000000-0000-7000-8000-000000129003', 'eve-0129');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000129009', '00000000-0000-7000-8000-000000129001', 'a.png', 'image/png', 1);
insert into core.content (id, slug, title, locale) values ('00000000-0000-7000-8000-000000129011', 'a-0129', 'Probe', 'en'), ('00000000-0000-7000-8000-000000129012', 'b-0129', 'Probe', 'de');
insert into publishing.revisions (id, content_id, number, author_id, title, body) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129011', 1, '00000000-0000-7000-8000-000000129001', 'Probe', 'x');
insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129003', 'editor');
insert into publishing.comments (id, content_id, body) values ('00000000-0000-7000-8000-000000129031', '00000000-0000-7000-8000-000000129011', 'x');
insert into publishing.series (id, slug, title, curator_id) values ('00000000-0000-7000-8000-000000129041', 'probe-0129', 'Probe', '00000000-0000-7000-8000-000000129001');
insert into publishing.series_items (series_id, content_id, position) values ('00000000-0000-7000-8000-000000129041', '00000000-0000-7000-8000-000000129011', 1), ('00000000-0000-7000-8000-000000129041', '00000000-0000-7000-8000-000000129012', 2);
update publishing.series_items set position = 3 - position where series_id = '00000000-0000-7000-8000-000000129041';
insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129021') on conflict do nothing;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ update publishing.editorial_policy set quorum = 10 where kind = 'news' $$, '23514', 'editorial_policy_quorum_check'),
  ($$ insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000129011', 0, 'Probe', 'x') $$, '23514', 'revisions_number_check'),
  ($$ insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000129011', 2, 'P', 'x') $$, '23514', 'revisions_title_check'),
  ($$ insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000129011', 2, 'Probe', '') $$, '23514', 'revisions_body_check'),
  ($$ insert into publishing.revisions (content_id, number, title, body, status) values ('00000000-0000-7000-8000-000000129011', 2, 'Probe', 'x', 'odd') $$, '23514', 'revisions_status_check'),
  ($$ insert into publishing.media (content_id, position, asset_id, alt_text) values ('00000000-0000-7000-8000-000000129011', 0, '00000000-0000-7000-8000-000000129009', 'A hinge') $$, '23514', 'media_position_check'),
  ($$ insert into publishing.media (content_id, position, asset_id, kind) values ('00000000-0000-7000-8000-000000129011', 1, '00000000-0000-7000-8000-000000129009', 'smell') $$, '23514', 'media_kind_check'),
  ($$ insert into publishing.media (content_id, position, asset_id) values ('00000000-0000-7000-8000-000000129011', 1, '00000000-0000-7000-8000-000000129009') $$, '23514', 'media_alt_text_check'),
  ($$ insert into publishing.media (content_id, position, asset_id, kind, focal) values ('00000000-0000-7000-8000-000000129011', 1, '00000000-0000-7000-8000-000000129009', 'file', '[]') $$, '23514', 'media_focal_check'),
  ($$ insert into publishing.comments (content_id, body) values ('00000000-0000-7000-8000-000000129011', '') $$, '23514', 'comments_body_check'),
  ($$ insert into publishing.comments (content_id, body, status) values ('00000000-0000-7000-8000-000000129011', 'x', 'odd') $$, '23514', 'comments_status_check'),
  ($$ update publishing.comments set path = 'a.b.c.d.e.f.g' where id = '00000000-0000-7000-8000-000000129031' $$, '23514', 'comments_path_depth_check'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id, round) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129002', 0) $$, '23514', 'reviews_round_check'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id, verdict, decided_at) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129002', 'odd', now()) $$, '23514', 'reviews_verdict_check'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id, verdict) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129002', 'approve') $$, '23514', 'reviews_decided_at_check'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id, checklist) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129002', '[]') $$, '23514', 'reviews_checklist_check'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129001') $$, '23514', 'reviews_reviewer_is_no_author_check'),
  ($$ insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-000000129021', '00000000-0000-7000-8000-000000129003') $$, '23514', 'reviews_reviewer_is_no_author_check'),
  ($$ insert into publishing.contributions (content_id, user_id, role) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129001', 'muse') $$, '23514', 'contributions_role_check'),
  ($$ insert into publishing.contributions (content_id, user_id, role, share_percent) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129001', 'author', 101) $$, '23514', 'contributions_share_percent_check'),
  ($$ insert into publishing.contributions (content_id, user_id, role, source) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129001', 'author', 'odd') $$, '23514', 'contributions_source_check'),
  ($$ insert into publishing.contributions (content_id, user_id, role, accepted_at, disputed_at) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129001', 'author', now(), now()) $$, '23514', 'contributions_disputed_at_check'),
  ($$ insert into publishing.contributions (content_id, user_id, role, share_percent) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129001', 'author', 60), ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129002', 'translator', 30);
    set constraints publishing.contributions_sum immediate $$, '23514', 'contributions_sum_check'),
  ($$ update publishing.series set title = 'P' where slug = 'probe-0129' $$, '23514', 'series_title_check'),
  ($$ update publishing.series set status = 'odd' where slug = 'probe-0129' $$, '23514', 'series_status_check'),
  ($$ update publishing.series_items set position = 1 where series_id = '00000000-0000-7000-8000-000000129041' $$, '23505', 'series_items_series_id_position_key'),
  ($$ update publishing.series_items set position = position - 1 where series_id = '00000000-0000-7000-8000-000000129041' $$, '23514', 'series_items_position_check'),
  ($$ insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000129011', 'en', '00000000-0000-7000-8000-000000129012') $$, '23514', 'translations_locale_check'),
  ($$ insert into publishing.translations (source_content_id, locale, content_id, status) values ('00000000-0000-7000-8000-000000129011', 'de', '00000000-0000-7000-8000-000000129012', 'odd') $$, '23514', 'translations_status_check'),
  ($$ insert into publishing.slug_history (locale, old_slug, content_id) values ('de', 'b-0129', '00000000-0000-7000-8000-000000129011') $$, '23514', 'slug_history_old_slug_check'),
  ($$ insert into publishing.handovers (content_id, revision_id, action) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129021', 'odd') $$, '23514', 'handovers_action_check'),
  ($$ insert into publishing.handovers (content_id, revision_id, action, status) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129021', 'withdraw', 'odd') $$, '23514', 'handovers_status_check'),
  ($$ update publishing.handovers set lease_until = now() where revision_id = '00000000-0000-7000-8000-000000129021' $$, '23514', 'handovers_lease_until_check'),
  ($$ update publishing.handovers set chunk_count = -1 where revision_id = '00000000-0000-7000-8000-000000129021' $$, '23514', 'handovers_chunk_count_check')) v(sql, state, rule);
insert into publishing.contributions (content_id, user_id, role, share_percent) values ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129001', 'author', 60), ('00000000-0000-7000-8000-000000129011', '00000000-0000-7000-8000-000000129002', 'translator', 40);
set constraints publishing.contributions_sum immediate;
select blueprint.raises($$ delete from publishing.contributions where user_id = '00000000-0000-7000-8000-000000129002' $$, '23514', 'contributions_sum_check'), blueprint.raises($$ update publishing.contributions set share_percent = 41 where user_id = '00000000-0000-7000-8000-000000129002' $$, '23514', 'contributions_sum_check');
set constraints publishing.contributions_sum deferred;
insert into publishing.slug_history (locale, old_slug, content_id) values ('de', 'old-0129', '00000000-0000-7000-8000-000000129011') returning old_slug = 'old-0129';
select f, not has_function_privilege('hc_member', f, 'execute') from unnest(array['publishing.check_shares()', 'publishing.check_reviewer()', 'publishing.check_locales()', 'publishing.check_redirect()']) f;

-- task: BUILD_0131 implement_feature critical
-- title: Row policies for drafts, reviews, comments and published reading
-- does: Everybody reads what is on show: current revisions, media, visible comments, series, old addresses; authors their drafts and rounds, reviewers the revision assigned to them, moderators and
--   auditors everything. Notes of contributors are granted to nobody; nobody writes directly.
-- proves: anon sees one current revision and no draft, a reviewer the assigned draft only, an author his own, a direct insert into revisions raises (42501).
-- needs: BUILD_0124, BUILD_0126, BUILD_0129
create function publishing.my_contents() returns uuid[]
  language sql stable security definer
  return array(
    select c.id from core.content c where c.author_id = core.current_user_id()
    union
    select k.content_id from publishing.contributions k where k.user_id = core.current_user_id() and k.role in ('author', 'editor', 'translator'));

create function publishing.my_review_revisions() returns uuid[]
  language sql stable security definer
  return array(select r.revision_id from publishing.reviews r where r.reviewer_id = core.current_user_id());

create policy editorial_policy_select on publishing.editorial_policy for select to hc_anon, hc_agent, hc_auditor using (true);
create policy revisions_public_select on publishing.revisions for select to hc_anon, hc_agent using (id in (select c.current_revision_id from core.content c));
create policy revisions_own_select on publishing.revisions for select to hc_member
  using (content_id = any ((select publishing.my_contents())::uuid[]) or id = any ((select publishing.my_review_revisions())::uuid[]));
create policy revisions_staff_select on publishing.revisions for select to hc_moderator, hc_auditor using (true);
create policy media_select on publishing.media for select to hc_anon, hc_agent, hc_auditor using (content_id in (select c.id from core.content c));
create policy comments_public_select on publishing.comments for select to hc_anon, hc_agent using (status = 'visible' and content_id in (select c.id from core.content c));
create policy comments_own_select on publishing.comments for select to hc_member using (author_id = (select core.current_user_id()));
create policy comments_staff_select on publishing.comments for select to hc_moderator, hc_auditor using (true);
create policy reviews_own_select on publishing.reviews for select to hc_member
  using (reviewer_id = (select core.current_user_id()) or revision_id in (select r.id from publishing.revisions r where r.content_id = any ((select publishing.my_contents())::uuid[])));
create policy reviews_staff_select on publishing.reviews for select to hc_moderator, hc_auditor using (true);
create policy contributions_select on publishing.contributions for select to hc_anon, hc_agent, hc_auditor using (content_id in (select c.id from core.content c));
create policy series_public_select on publishing.series for select to hc_anon, hc_agent using (status = 'published');
create policy series_own_select on publishing.series for select to hc_member using (curator_id = (select core.current_user_id()));
create policy series_staff_select on publishing.series for select to hc_moderator, hc_auditor using (true);
create policy series_items_select on publishing.series_items for select to hc_anon, hc_agent, hc_auditor using (series_id in (select s.id from publishing.series s));
create policy translations_select on publishing.translations for select to hc_anon, hc_agent, hc_auditor using (source_content_id in (select c.id from core.content c));
create policy slug_history_select on publishing.slug_history for select to hc_anon, hc_agent, hc_auditor using (true);
create policy handovers_staff_select on publishing.handovers for select to hc_moderator, hc_auditor using (true);

grant execute on function publishing.my_contents, publishing.my_review_revisions to hc_member;
grant select on publishing.editorial_policy, publishing.revisions, publishing.media, publishing.comments, publishing.series, publishing.series_items, publishing.translations, publishing.slug_history to hc_anon, hc_agent, hc_auditor;
grant select (content_id, user_id, role, share_percent, source, revision_id, accepted_at, disputed_at, created_at) on publishing.contributions to hc_anon, hc_agent, hc_auditor;
grant select on publishing.reviews to hc_member, hc_auditor;
grant select on publishing.handovers to hc_moderator, hc_auditor;

comment on function publishing.my_contents is 'Texts the current person writes, edits or translates. Security definer: asked by policies, which would otherwise ask themselves.';
comment on function publishing.my_review_revisions is 'Revisions assigned to the current person for review. Security definer: asked by policies, which would otherwise ask themselves.';
comment on policy editorial_policy_select on publishing.editorial_policy is 'The rules of the house are no secret.';
comment on policy revisions_public_select on publishing.revisions is 'Who may read a text reads the revision it shows.';
comment on policy revisions_own_select on publishing.revisions is 'Authors, editors and translators read every revision of their texts, reviewers what is assigned to them.';
comment on policy revisions_staff_select on publishing.revisions is 'Moderation and audit read every revision.';
comment on policy media_select on publishing.media is 'Media follow their text.';
comment on policy comments_public_select on publishing.comments is 'Visible comments follow their text.';
comment on policy comments_own_select on publishing.comments is 'People see their comments in any state.';
comment on policy comments_staff_select on publishing.comments is 'Moderation and audit read every comment.';
comment on policy reviews_own_select on publishing.reviews is 'Reviewers see their reviews, authors those of their texts.';
comment on policy reviews_staff_select on publishing.reviews is 'Moderation and audit read every review.';
comment on policy contributions_select on publishing.contributions is 'Credit follows the text; notes have no grant.';
comment on policy series_public_select on publishing.series is 'Everybody sees published series.';
comment on policy series_own_select on publishing.series is 'Curators see their series in any state.';
comment on policy series_staff_select on publishing.series is 'Moderation and audit see every series.';
comment on policy series_items_select on publishing.series_items is 'Items follow their series.';
comment on policy translations_select on publishing.translations is 'Translations follow their source.';
comment on policy slug_history_select on publishing.slug_history is 'Redirects are public.';
comment on policy handovers_staff_select on publishing.handovers is 'Moderation and audit see the hand-over.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000131001', 'ada-0131'), ('00000000-0000-7000-8000-000000131002', 'bob-0131'), ('00000000-0000-7000-8000-000000131003', 'eve-0131'), ('00000000-0000-7000-8000-000000131004', 'tra-0131');
insert into core.assets (id, owner_id, filename, media_type, byte_size) values ('00000000-0000-7000-8000-000000131009', '00000000-0000-7000-8000-000000131001', 'a.png', 'image/png', 1);
insert into core.content (id, author_id, slug, title, kind) values ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131001', 'a-0131', 'Shown', 'page'), ('00000000-0000-7000-8000-000000131012', '00000000-0000-7000-8000-000000131001', 'b-0131', 'Draft', 'page');
insert into core.content (id, slug, title, locale) values ('00000000-0000-7000-8000-000000131013', 'c-0131', 'Deutsch', 'de'), ('00000000-0000-7000-8000-000000131014', 'd-0131', 'Deutsch', 'de');
insert into publishing.revisions (id, content_id, number, author_id, title, body) select ('00000000-0000-7000-8000-00000013102' || n)::uuid, ('00000000-0000-7000-8000-00000013101' || (n + 1) / 2)::uuid, 1 + (n + 1) % 2, '00000000-0000-7000-8000-000000131001', 'Revision', n::text from generate_series(1, 3) n;
update publishing.revisions set status = 'submitted' where content_id in ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131012');
update publishing.revisions set status = 'accepted' where id = '00000000-0000-7000-8000-000000131021';
select core.act_as('00000000-0000-7000-8000-000000131001', 'hc_moderator');
update core.content set status = 'published', current_revision_id = '00000000-0000-7000-8000-000000131021' where slug = 'a-0131';
insert into publishing.reviews (revision_id, reviewer_id) values ('00000000-0000-7000-8000-000000131022', '00000000-0000-7000-8000-000000131002');
insert into publishing.contributions (content_id, user_id, role, note) values ('00000000-0000-7000-8000-000000131012', '00000000-0000-7000-8000-000000131004', 'translator', 'private'), ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131001', 'author', 'private');
insert into publishing.media (content_id, position, asset_id, alt_text) select c, 1, '00000000-0000-7000-8000-000000131009', 'A hinge' from unnest(array['00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131012']::uuid[]) c;
insert into publishing.comments (content_id, author_id, body, status) values ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131003', 'seen', 'visible'), ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131003', 'held', 'held'), ('00000000-0000-7000-8000-000000131012', '00000000-0000-7000-8000-000000131003', 'hidden', 'visible');
insert into publishing.series (id, slug, title, curator_id, status) values ('00000000-0000-7000-8000-000000131031', 'a-0131', 'Probe', '00000000-0000-7000-8000-000000131001', 'published'), ('00000000-0000-7000-8000-000000131032', 'b-0131', 'Probe', '00000000-0000-7000-8000-000000131001', 'draft');
insert into publishing.series_items (series_id, content_id, position) select s.id, '00000000-0000-7000-8000-000000131011', 1 from publishing.series s where slug like '%-0131';
insert into publishing.translations (source_content_id, locale, content_id) values ('00000000-0000-7000-8000-000000131011', 'de', '00000000-0000-7000-8000-000000131013'), ('00000000-0000-7000-8000-000000131012', 'de', '00000000-0000-7000-8000-000000131014');
insert into publishing.slug_history (locale, old_slug, content_id) values ('en', 'old-0131', '00000000-0000-7000-8000-000000131011');
insert into publishing.handovers (content_id, revision_id) values ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131021') on conflict do nothing;
create function pg_temp.seen() returns text language sql as $$
  select concat_ws(' ', (select count(*) from publishing.revisions where author_id = '00000000-0000-7000-8000-000000131001'), (select count(*) from publishing.media where asset_id = '00000000-0000-7000-8000-000000131009'),
    (select count(*) from publishing.comments where author_id = '00000000-0000-7000-8000-000000131003'), (select count(*) from publishing.series where slug like '%-0131'), (select count(*) from publishing.series_items where content_id = '00000000-0000-7000-8000-000000131011'),
    (select count(*) from publishing.translations where source_content_id in ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131012')), (select count(*) from publishing.slug_history where old_slug = 'old-0131'),
    (select count(user_id) from publishing.contributions where content_id in ('00000000-0000-7000-8000-000000131011', '00000000-0000-7000-8000-000000131012')), (select count(*) from publishing.editorial_policy where kind = 'news')) $$;
grant execute on function pg_temp.seen to public;
set local role hc_anon;
select pg_temp.seen() = '1 1 1 1 1 1 1 1 1', blueprint.raises('select note from publishing.contributions', '42501'), blueprint.raises('select from publishing.reviews', '42501');
set local role hc_agent;
select pg_temp.seen() = '1 1 1 1 1 1 1 1 1';
set local role hc_member;
select pg_temp.seen() = '3 2 2 2 2 2 1 2 1', (select count(*) from publishing.reviews) = 1, blueprint.raises('select note from publishing.contributions', '42501'),
  blueprint.raises($$ insert into publishing.revisions (content_id, number, title, body) values ('00000000-0000-7000-8000-000000131011', 9, 'x', 'x') $$, '42501'), blueprint.raises($$ update publishing.comments set body = 'x' $$, '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000131002');
set local role hc_member;
select array_agg(id order by id) = '{00000000-0000-7000-8000-000000131021,00000000-0000-7000-8000-000000131022}' from publishing.revisions where author_id = '00000000-0000-7000-8000-000000131001';
select count(*) = 1 from publishing.reviews;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000131004');
set local role hc_member;
select array_agg(id order by id) = '{00000000-0000-7000-8000-000000131021,00000000-0000-7000-8000-000000131023}' from publishing.revisions where author_id = '00000000-0000-7000-8000-000000131001';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000131003');
set local role hc_member;
select pg_temp.seen() = '1 1 3 1 1 1 1 1 1', (select count(*) from publishing.reviews) = 0, blueprint.raises('select from publishing.handovers', '42501');
set local role hc_moderator;
select pg_temp.seen() = '3 2 3 2 2 2 1 2 1', (select count(*) from publishing.reviews where reviewer_id = '00000000-0000-7000-8000-000000131002') = 1, (select count(*) from publishing.handovers where content_id = '00000000-0000-7000-8000-000000131011') = 1;
set local role hc_auditor;
select pg_temp.seen() = '3 2 3 2 2 2 1 2 1', (select count(*) from publishing.reviews where reviewer_id = '00000000-0000-7000-8000-000000131002') = 1, (select count(*) from publishing.handovers where content_id = '00000000-0000-7000-8000-000000131011') = 1;
set local role hc_owner;
select role, c, has_column_privilege(role, 'publishing.contributions', c, 'select') from unnest(array['hc_anon', 'hc_agent', 'hc_auditor']) role, unnest(string_to_array('content_id,user_id,role,share_percent,source,revision_id,accepted_at,disputed_at,created_at', ',')) c;
select bool_and(prosecdef) from pg_proc where oid in ('publishing.my_contents()'::regprocedure, 'publishing.my_review_revisions()'::regprocedure);
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['publishing.my_contents()', 'publishing.my_review_revisions()']) f;
