-- Room publishing, people and readers: who deserves which share, translations and their age, comment trees, series, and the hand-over to the knowledge base.

-- task: BUILD_0135 implement_feature critical
-- title: Contribution credit computed from surviving text
-- does: publishing.compute_shares() gives each author of lines that survive a share by words, approving reviewers and translators a floor of 5 percent, rounded by largest remainder to exactly 100;
--   people accept or dispute. Shares that all accepted stay until the next revision. Only undisputed, accepted shares are payable; royalties() splits an amount to the cent.
-- proves: 600 and 400 surviving words and a reviewer give 57, 38 and 5; accepted shares are not computed anew before the next revision, a dispute blocks the payable view, 100.01 splits without a lost cent.
-- needs: BUILD_0129, BUILD_0133
create function publishing.split_exactly(weights numeric[], total numeric) returns numeric[]
  language sql immutable parallel safe
begin atomic
  with part as (
    select w.n, trunc(total * w.weight / nullif(sum(w.weight) over (), 0), 2) as floor, total * w.weight / nullif(sum(w.weight) over (), 0) as exact from unnest(weights) with ordinality w(weight, n)),
  ranked as (
    select p.n, p.floor, row_number() over (order by p.exact - p.floor desc, p.n) as rank, round((total - sum(p.floor) over ()) * 100) as left_over from part p)
  select array_agg(r.floor + case when r.rank <= r.left_over then 0.01 else 0 end order by r.n) from ranked r;
end;

create function publishing.compute_shares(content uuid, floor_percent numeric default 5) returns table (user_id uuid, role text, share_percent numeric)
  language plpgsql security definer set search_path = ''
as $$
declare
  shown constant uuid := (select coalesce(c.current_revision_id, (select r.id from publishing.revisions r where r.content_id = c.id order by r.number desc limit 1)) from core.content c where c.id = content);
  credit record;
begin
  perform from core.content c where c.id = content for update;
  if exists (select from publishing.contributions k where k.content_id = content and k.share_percent is not null)
      and not exists (select from publishing.contributions k where k.content_id = content and (k.accepted_at is null or k.revision_id is distinct from shown)) then
    return query select k.user_id, k.role, k.share_percent from publishing.contributions k where k.content_id = content order by k.user_id, k.role;
    return;
  end if;
  with words as (
    select b.author_id as who, sum(core.count_words(b.text))::numeric as n from publishing.blame(content) b where b.author_id is not null group by b.author_id having sum(core.count_words(b.text)) > 0),
  helpers as (
    select distinct v.reviewer_id as who, 'reviewer' as part from publishing.reviews v where v.revision_id = shown and v.verdict = 'approve'
    union
    select k.user_id, 'translator' from publishing.contributions k where k.content_id = content and k.role = 'translator'),
  floors as (select least(floor_percent, 50.0 / greatest(count(*), 1)) as each, count(*) as n from helpers),
  weights as (
    select w.who, 'author' as part, (100 - f.each * f.n) * w.n / sum(w.n) over () as weight from words w, floors f
    union all
    select h.who, h.part, case when exists (select from words) then f.each else 1 end from helpers h, floors f),
  ordered as (select w.*, row_number() over (order by w.who, w.part) as n from weights w),
  exact as (select publishing.split_exactly(array_agg(o.weight order by o.n), 100) as shares from ordered o)
  insert into publishing.contributions as k (content_id, user_id, role, share_percent, source, revision_id)
  select content, o.who, o.part, e.shares[o.n], 'auto', shown from ordered o, exact e where e.shares is not null
  on conflict on constraint contributions_content_id_user_id_role_pk do update
  set share_percent = excluded.share_percent, revision_id = excluded.revision_id, accepted_at = null, disputed_at = null;
  update publishing.contributions k set share_percent = 0, revision_id = shown, accepted_at = null, disputed_at = null
  where k.content_id = content and k.revision_id is distinct from shown;
  return query select k.user_id, k.role, k.share_percent from publishing.contributions k where k.content_id = content order by k.user_id, k.role;
end $$;

create function publishing.accept_share(content uuid) returns bigint
  language sql security definer
begin atomic
  with mine as (update publishing.contributions k set accepted_at = now(), disputed_at = null where k.content_id = content and k.user_id = core.current_user_id() and k.share_percent is not null returning 1)
  select count(*) from mine;
end;

create function publishing.dispute_share(content uuid, note text) returns bigint
  language sql security definer
begin atomic
  with mine as (update publishing.contributions k set disputed_at = now(), accepted_at = null, note = dispute_share.note where k.content_id = content and k.user_id = core.current_user_id() and k.share_percent is not null returning 1)
  select count(*) from mine;
end;

create view publishing.payable_shares with (security_invoker) as
  select k.content_id, k.user_id, sum(k.share_percent) as share_percent
  from publishing.contributions k
  where k.share_percent > 0 and not exists (
    select from publishing.contributions o where o.content_id = k.content_id and o.share_percent > 0 and (o.disputed_at is not null or o.accepted_at is null))
  group by k.content_id, k.user_id;

create function publishing.royalties(content uuid, amount numeric) returns table (user_id uuid, share_percent numeric, amount numeric)
  language sql stable security definer
begin atomic
  with payable as (select p.user_id, p.share_percent, row_number() over (order by p.user_id) as n from publishing.payable_shares p where p.content_id = content),
  split as (select publishing.split_exactly(array_agg(p.share_percent order by p.n), royalties.amount) as amounts from payable p)
  select p.user_id, p.share_percent, s.amounts[p.n] from payable p, split s order by p.n;
end;

grant execute on function publishing.accept_share, publishing.dispute_share to hc_member;
grant execute on function publishing.compute_shares to hc_worker;
grant execute on function publishing.royalties to hc_finance, hc_worker;
grant select on publishing.payable_shares to hc_member, hc_auditor;

comment on function publishing.split_exactly is 'An amount by weights, in hundredths, by largest remainder: the parts sum to the amount.';
comment on function publishing.compute_shares is 'Computes the shares of a text from what survives of each author, with a floor for reviewers and translators; accepted ones stay until the next revision. Security definer: the worker writes no table.';
comment on function publishing.accept_share is 'The current person accepts the own shares of a text; returns how many. Security definer: nobody writes contributions directly.';
comment on function publishing.dispute_share is 'The current person disputes the own shares of a text; returns how many. Security definer: nobody writes contributions directly.';
comment on view publishing.payable_shares is 'Shares of texts in which everybody accepted and nobody disputes.';
comment on function publishing.royalties is 'Splits an amount by the payable shares of a text, to the cent; no row while a share is open. Security definer: the worker reads no table.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000135001', 'ada-0135'), ('00000000-0000-7000-8000-000000135002', 'bob-0135'), ('00000000-0000-7000-8000-000000135003', 'rev-0135');
insert into core.content (id, author_id, slug, title) values ('00000000-0000-7000-8000-000000135011', '00000000-0000-7000-8000-000000135001', 'a-0135', 'Probe');
insert into publishing.revisions (id, content_id, number, parent_id, author_id, title, body) values
  ('00000000-0000-7000-8000-000000135021', '00000000-0000-7000-8000-000000135011', 1, null, '00000000-0000-7000-8000-000000135001', 'Probe', repeat('word ', 600)),
  ('00000000-0000-7000-8000-000000135022', '00000000-0000-7000-8000-000000135011', 2, '00000000-0000-7000-8000-000000135021', '00000000-0000-7000-8000-000000135002', 'Probe', repeat('word ', 600) || e'\n' || repeat('more ', 400));
update publishing.revisions set status = 'submitted' where content_id = '00000000-0000-7000-8000-000000135011';
insert into publishing.reviews (revision_id, reviewer_id, verdict, decided_at) values ('00000000-0000-7000-8000-000000135022', '00000000-0000-7000-8000-000000135003', 'approve', now());
select core.act_as('00000000-0000-7000-8000-000000135001');
set local role hc_worker;
select array_agg(concat_ws(' ', right(user_id::text, 1), role, share_percent)) = '{"1 author 57.00","2 author 38.00","3 reviewer 5.00"}' from publishing.compute_shares('00000000-0000-7000-8000-000000135011');
select count(*) = 0 from publishing.royalties('00000000-0000-7000-8000-000000135011', 100);
set local role hc_member;
select publishing.accept_share('00000000-0000-7000-8000-000000135011') = 1;
set local role hc_owner;
set constraints publishing.contributions_sum immediate;
set constraints publishing.contributions_sum deferred;
select core.act_as('00000000-0000-7000-8000-000000135002');
set local role hc_member;
select publishing.dispute_share('00000000-0000-7000-8000-000000135011', 'I wrote more') = 1;
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000135003');
select publishing.accept_share('00000000-0000-7000-8000-000000135011') = 1;
select count(*) = 0 from publishing.payable_shares where content_id = '00000000-0000-7000-8000-000000135011';
select note = 'I wrote more' and accepted_at is null from publishing.contributions where user_id = '00000000-0000-7000-8000-000000135002';
select core.act_as('00000000-0000-7000-8000-000000135002');
select publishing.accept_share('00000000-0000-7000-8000-000000135011') = 1;
select count(*) = 3 and sum(share_percent) = 100 from publishing.payable_shares where content_id = '00000000-0000-7000-8000-000000135011';
set local role hc_worker;
select array_agg(amount) = '{57.01,38.00,5.00}' and sum(amount) = 100.01 from publishing.royalties('00000000-0000-7000-8000-000000135011', 100.01);
select core.act_as('00000000-0000-7000-8000-000000135001');
select count(*) = 3 from publishing.compute_shares('00000000-0000-7000-8000-000000135011', 10);
set local role hc_owner;
select bool_and(accepted_at is not null) and sum(share_percent) = 100 and bool_or(share_percent = 57) from publishing.contributions where content_id = '00000000-0000-7000-8000-000000135011';
insert into publishing.revisions (content_id, number, parent_id, author_id, title, body) values ('00000000-0000-7000-8000-000000135011', 3, '00000000-0000-7000-8000-000000135022', '00000000-0000-7000-8000-000000135002', 'Probe', 'only mine');
select array_agg(concat_ws(' ', right(user_id::text, 1), role, share_percent)) = '{"1 author 0.00","2 author 100.00","3 reviewer 0.00"}' from publishing.compute_shares('00000000-0000-7000-8000-000000135011');
select bool_and(accepted_at is null) from publishing.contributions where content_id = '00000000-0000-7000-8000-000000135011';
select publishing.split_exactly('{1,1,1}', 100) = '{33.34,33.33,33.33}', publishing.split_exactly('{1,1,1}', 0.02) = '{0.01,0.01,0.00}';
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from (values ('hc_member', 'publishing.accept_share(uuid)'), ('hc_member', 'publishing.dispute_share(uuid, text)'), ('hc_worker', 'publishing.compute_shares(uuid, numeric)'),
  ('hc_worker', 'publishing.royalties(uuid, numeric)'), ('hc_finance', 'publishing.royalties(uuid, numeric)')) v(role, f);
select not has_function_privilege('hc_member', 'publishing.compute_shares(uuid, numeric)', 'execute'), not has_function_privilege('hc_member', 'publishing.split_exactly(numeric[], numeric)', 'execute'), has_table_privilege('hc_member', 'publishing.payable_shares', 'select') and has_table_privilege('hc_auditor', 'publishing.payable_shares', 'select'),
  (select 'security_invoker=true' = any (reloptions) from pg_class where oid = 'publishing.payable_shares'::regclass);

-- task: BUILD_0137 implement_feature
-- title: Translations with staleness and locale fallback
-- does: publishing.start_translation() begins the text in another language, mark_translated() says that it is up to date with the source; translation_staleness() is the share of source words that
--   changed since. articles_for() picks one text per article along the reader's languages (de-AT, de, en), hreflang() lists the published ones, missing_translations() what readers would want most.
-- proves: 30 of 100 changed words are 30 percent, a reader of de-AT gets the German text and of fr the English one, hreflang has both, the missing one is listed with its readers.
-- needs: BUILD_0129, BUILD_0133, BUILD_0761
create function publishing.locale_chain(locale text) returns text[]
  language sql immutable parallel safe
  return (select array_agg(x order by n) from (select distinct on (x) x, n from unnest(array[locale, regexp_replace(locale, '-[^-]*$', ''), split_part(locale, '-', 1), 'en']) with ordinality u(x, n) order by x, n) d);

create function publishing.start_translation(content uuid, locale text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  source core.content;
  made uuid;
begin
  select * into source from core.content c where c.id = content and (c.status = 'published' or publishing.may_edit(content));
  if source.id is null or core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'what is published is translated, by somebody who is signed in';
  end if;
  insert into core.content (author_id, kind, title, locale, category_id, tags) values (core.current_user_id(), source.kind, source.title, start_translation.locale, source.category_id, source.tags) returning id into made;
  insert into publishing.translations (source_content_id, locale, content_id, source_revision_id, translator_id) values (content, start_translation.locale, made, source.current_revision_id, core.current_user_id());
  insert into publishing.contributions (content_id, user_id, role) values (made, core.current_user_id(), 'translator');
  return made;
end $$;

create function publishing.mark_translated(translation uuid) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update publishing.translations t set source_revision_id = s.current_revision_id, status = case c.status when 'published' then 'published' else t.status end
  from core.content s, core.content c where t.content_id = translation and s.id = t.source_content_id and c.id = t.content_id and publishing.may_edit(translation);
  if not found then
    raise exception using errcode = '42501', message = 'a translation is marked by those who edit it';
  end if;
end $$;

create function publishing.translation_staleness(translation uuid) returns numeric
  language sql stable security definer
  return (
    select case when t.source_revision_id = s.current_revision_id then 0 else round(100.0 * w.deleted / nullif(w.total, 0), 1) end
    from publishing.translations t
    join core.content s on s.id = t.source_content_id
    join publishing.revisions old on old.id = t.source_revision_id
    join publishing.revisions new on new.id = s.current_revision_id
    cross join lateral publishing.word_changes(old.body, new.body) w
    where t.content_id = translation);

create function publishing.articles_for(locale text, kind text default null, most int default 50) returns table (source_id uuid, content_id uuid, text_locale core.locale_tag, slug core.slug, title text)
  language sql stable
begin atomic
  select x.source_id, x.id, x.locale, x.slug, x.title
  from (
    select distinct on (coalesce(t.source_content_id, c.id)) coalesce(t.source_content_id, c.id) as source_id, c.id, c.locale, c.slug, c.title, c.published_at
    from core.content c left join publishing.translations t on t.content_id = c.id
    where c.status = 'published' and (c.publish_at is null or c.publish_at <= now()) and (articles_for.kind is null or c.kind = articles_for.kind) and c.locale = any (publishing.locale_chain(articles_for.locale))
    order by coalesce(t.source_content_id, c.id), array_position(publishing.locale_chain(articles_for.locale), c.locale::text)) x
  order by x.published_at desc, x.id limit most;
end;

create function publishing.hreflang(content uuid) returns table (locale core.locale_tag, slug core.slug)
  language sql stable
begin atomic
  select c.locale, c.slug
  from core.content c
  where c.status = 'published' and (c.id = coalesce((select t.source_content_id from publishing.translations t where t.content_id = hreflang.content), hreflang.content)
    or c.id in (select t.content_id from publishing.translations t where t.source_content_id = coalesce((select s.source_content_id from publishing.translations s where s.content_id = hreflang.content), hreflang.content)))
  order by c.locale;
end;

create function publishing.missing_translations(locale text, most int default 50) returns table (content_id uuid, title text, readers bigint)
  language sql stable security definer
begin atomic
  select c.id, c.title, count(distinct a.subject_key)
  from core.content c
  left join core.analytics a on a.event_name = 'article.read' and a.occurred_at > now() - interval '30 days' and a.props @> jsonb_build_object('content_id', c.id)
  where c.status = 'published' and split_part(c.locale, '-', 1) <> split_part(missing_translations.locale, '-', 1)
    and not exists (select from publishing.translations t where t.content_id = c.id)
    and not exists (select from publishing.translations t where t.source_content_id = c.id and split_part(t.locale, '-', 1) = split_part(missing_translations.locale, '-', 1) and t.status <> 'abandoned')
  group by c.id, c.title
  order by count(distinct a.subject_key) desc, c.id limit most;
end;

grant execute on function publishing.start_translation, publishing.mark_translated, publishing.missing_translations to hc_member;
grant execute on function publishing.locale_chain, publishing.translation_staleness, publishing.articles_for, publishing.hreflang to hc_anon, hc_agent;

comment on function publishing.locale_chain is 'Languages to try for a reader: de-AT, de, en.';
comment on function publishing.start_translation is 'Begins a text in another language and makes the current person its translator. Security definer: nobody writes translations directly.';
comment on function publishing.mark_translated is 'Says that a translation follows the present source. Security definer: nobody writes translations directly.';
comment on function publishing.translation_staleness is 'Percent of the words of the translated source that changed since; null where there are no revisions. Security definer: it compares revisions that readers may not see.';
comment on function publishing.articles_for is 'Published articles, each in the first language of the reader''s chain that it has.';
comment on function publishing.hreflang is 'Languages and addresses of a published text and its translations.';
comment on function publishing.missing_translations is 'Published texts without a translation into a language, most readers of the last 30 days first. Security definer: members read no analytics; only counts come out.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000137001', 'ada-0137'), ('00000000-0000-7000-8000-000000137002', 'tra-0137');
insert into core.content (id, author_id, slug, title, kind) values ('00000000-0000-7000-8000-000000137011', '00000000-0000-7000-8000-000000137001', 'a-0137', 'Probe', 'page'), ('00000000-0000-7000-8000-000000137012', '00000000-0000-7000-8000-000000137001', 'b-0137', 'Alone', 'page');
insert into publishing.revisions (id, content_id, number, title, body) values ('00000000-0000-7000-8000-000000137021', '00000000-0000-7000-8000-000000137011', 1, 'Probe', (select string_agg('w' || i, ' ') from generate_series(1, 100) i)),
  ('00000000-0000-7000-8000-000000137022', '00000000-0000-7000-8000-000000137011', 2, 'Probe', (select string_agg(case when i % 10 < 3 then 'x' else 'w' end || i, ' ') from generate_series(1, 100) i)), ('00000000-0000-7000-8000-000000137023', '00000000-0000-7000-8000-000000137012', 1, 'Alone', 'x');
select core.act_as('00000000-0000-7000-8000-000000137001', 'hc_moderator');
update core.content set status = 'published', current_revision_id = case slug when 'a-0137' then '00000000-0000-7000-8000-000000137021'::uuid else '00000000-0000-7000-8000-000000137023' end where slug like '_-0137';
create temporary table made (id uuid) on commit drop;
grant all on pg_temp.made to hc_member;
select core.act_as('00000000-0000-7000-8000-000000137002');
set local role hc_member;
insert into pg_temp.made select publishing.start_translation('00000000-0000-7000-8000-000000137011', 'de');
select publishing.translation_staleness(id) = 0 from pg_temp.made;
set local role hc_owner;
select t.translator_id = '00000000-0000-7000-8000-000000137002' and t.source_revision_id = '00000000-0000-7000-8000-000000137021' and c.locale = 'de' and c.status = 'draft' and k.role = 'translator' from publishing.translations t join pg_temp.made m on m.id = t.content_id join core.content c using (id) join publishing.contributions k using (content_id);
select core.act_as('00000000-0000-7000-8000-000000137001', 'hc_moderator');
update core.content set current_revision_id = '00000000-0000-7000-8000-000000137022' where slug = 'a-0137';
update core.content c set status = 'published', body_blocks = '[{"type": "paragraph", "text": "Hallo"}]' from pg_temp.made m where c.id = m.id;
set local role hc_anon;
select publishing.translation_staleness(t.content_id) = 30.0 from publishing.translations t where t.source_content_id = '00000000-0000-7000-8000-000000137011';
select text_locale = 'de' from publishing.articles_for('de-AT') where source_id = '00000000-0000-7000-8000-000000137011';
select text_locale = 'en' and content_id = source_id from publishing.articles_for('fr', 'page') where source_id = '00000000-0000-7000-8000-000000137011';
select count(*) = 0 from publishing.articles_for('fr', 'news') where source_id = '00000000-0000-7000-8000-000000137011';
select array_agg(locale || ' ' || slug) = '{"de probe","en a-0137"}' or array_agg(locale::text) = '{de,en}' from publishing.hreflang('00000000-0000-7000-8000-000000137011');
select array_agg(h.locale::text) = '{de,en}' from publishing.translations t, publishing.hreflang(t.content_id) h where t.source_content_id = '00000000-0000-7000-8000-000000137011';
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000137002');
insert into core.analytics (subject_key, event_name, props) select 's' || i, 'article.read', '{"content_id": "00000000-0000-7000-8000-000000137012"}' from generate_series(1, 3) i;
set local role hc_member;
select publishing.mark_translated(id) is not null, publishing.translation_staleness(id) = 30 from pg_temp.made;
select publishing.translation_staleness(id) = 0 from pg_temp.made;
select readers = 3 from publishing.missing_translations('de', 100000) where content_id = '00000000-0000-7000-8000-000000137012';
select count(*) = 0 from publishing.missing_translations('de', 100000) where content_id = '00000000-0000-7000-8000-000000137011';
set local role hc_owner;
select status = 'published' from publishing.translations where source_content_id = '00000000-0000-7000-8000-000000137011';
select core.act_as('00000000-0000-7000-8000-00000013700f');
select blueprint.raises(format('select publishing.mark_translated(%L)', id), '42501') from pg_temp.made;
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select publishing.start_translation('00000000-0000-7000-8000-000000137011', 'fr') $$, '42501');
select publishing.locale_chain('de-AT') = '{de-AT,de,en}', publishing.locale_chain('en') = '{en}', publishing.locale_chain('zh-Hant-TW') = '{zh-Hant-TW,zh-Hant,zh,en}';
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['publishing.start_translation(uuid, text)', 'publishing.mark_translated(uuid)', 'publishing.missing_translations(text, int)']) f;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') from unnest(array['hc_anon', 'hc_agent']) role,
  unnest(array['publishing.locale_chain(text)', 'publishing.translation_staleness(uuid)', 'publishing.articles_for(text, text, int)', 'publishing.hreflang(uuid)']) f;

-- task: BUILD_0138 implement_feature critical
-- title: Threaded comments with ordering, holding and rate limits
-- does: publishing.comment() adds to a published text, at most ten in ten minutes (54000); links of newcomers are held. Editing ends after 15 minutes, removal keeps the thread under a stub.
--   comment_tree() pages depth-first, best (Wilson score) or newest first, so many replies per branch; vote() counts once per person.
-- proves: a parent removed leaves its replies under a stub, the best order is the Wilson order of a known vote set, a second vote replaces the first, a newcomer's link is held, the eleventh raises.
-- needs: BUILD_0126, BUILD_0131
create table publishing.comment_votes (
  comment_id uuid not null constraint comment_votes_comment_id_fk references publishing.comments (id) on delete cascade,
  user_id uuid not null constraint comment_votes_user_id_fk references core.users (id),
  value int not null constraint comment_votes_value_check check (value in (-1, 1)),
  voted_at timestamptz not null default now(),
  constraint comment_votes_comment_id_user_id_pk primary key (comment_id, user_id)
);

create index comment_votes_user_id_idx on publishing.comment_votes (user_id);

create function publishing.wilson(up int, down int) returns real
  language sql immutable parallel safe
  return case when up + down = 0 then 0 else ((up + 1.9208) / (up + down) - 1.96 * sqrt((up::float8 * down) / (up + down) + 0.9604) / (up + down)) / (1 + 3.8416 / (up + down)) end;

create function publishing.comment(content uuid, parent uuid, body text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  person constant uuid := core.current_user_id();
  newcomer boolean;
  made uuid;
begin
  if person is null or not exists (select from core.content c where c.id = content and c.status = 'published' and (c.publish_at is null or c.publish_at <= now())) then
    raise exception using errcode = '42501', message = 'what is published is commented on, by somebody who is signed in';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('publishing.comments', hashtextextended(person::text, 0)));
  if (select count(*) from publishing.comments c where c.author_id = person and c.created_at > now() - interval '10 minutes') >= 10 then
    raise exception using errcode = '54000', message = 'ten comments in ten minutes are enough', hint = 'Wait a little.';
  end if;
  newcomer := (select count(*) from publishing.comments c where c.author_id = person and c.status = 'visible') < 3 and not core.has_role('hc_moderator');
  insert into publishing.comments (content_id, parent_id, author_id, body, status)
  values (content, parent, person, comment.body, case when newcomer and comment.body ~* '(https?://|www\.)' then 'held' else 'visible' end)
  returning id into made;
  return made;
end $$;

create function publishing.edit_comment(comment uuid, body text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update publishing.comments c set body = edit_comment.body, edited_at = now()
  where c.id = comment and c.author_id = core.current_user_id() and c.created_at > now() - interval '15 minutes' and c.status <> 'removed';
  if not found then
    raise exception using errcode = '55000', message = 'a comment is edited by its author within 15 minutes';
  end if;
end $$;

create function publishing.remove_comment(comment uuid, reason text default null) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform core.give_reason(reason);
  update publishing.comments c set status = 'removed' where c.id = comment and (c.author_id = core.current_user_id() or core.has_role('hc_moderator'));
  if not found then
    raise exception using errcode = '42501', message = 'a comment is removed by its author or a moderator';
  end if;
  perform core.give_reason(null);
end $$;

create function publishing.vote(comment uuid, value int) returns real
  language plpgsql security definer set search_path = ''
as $$
declare
  result real;
begin
  if core.current_user_id() is null or exists (select from publishing.comments c where c.id = comment and (c.status <> 'visible' or c.author_id = core.current_user_id())) then
    raise exception using errcode = '42501', message = 'visible comments of others are voted on';
  end if;
  perform from publishing.comments c where c.id = comment for update;
  insert into publishing.comment_votes (comment_id, user_id, value) values (comment, core.current_user_id(), vote.value)
  on conflict on constraint comment_votes_comment_id_user_id_pk do update set value = excluded.value, voted_at = now();
  update publishing.comments c set up = v.up, down = v.down, score = publishing.wilson(v.up, v.down)
  from (select count(*) filter (where k.value = 1)::int as up, count(*) filter (where k.value = -1)::int as down from publishing.comment_votes k where k.comment_id = comment) v
  where c.id = comment returning c.score into result;
  return result;
end $$;

create function publishing.comment_tree(content uuid, sort text default 'best', after uuid default null, most int default 50, per_branch int default 20)
  returns table (comment_id uuid, depth int, author_id uuid, body text, score real, created_at timestamptz, hidden_replies bigint)
  language sql stable security definer
begin atomic
  with recursive ranked as (
    select c.id, c.parent_id, c.author_id, c.body, c.status, c.score, c.created_at, c.path,
      row_number() over (partition by c.parent_id order by case sort when 'best' then c.score end desc nulls last, c.created_at desc, c.id) as rank, count(*) over (partition by c.parent_id) as siblings
    from publishing.comments c
    where c.content_id = comment_tree.content and exists (
        select from core.content t where t.id = comment_tree.content and (t.status = 'published' and (t.publish_at is null or t.publish_at <= now()) or core.has_role('hc_moderator')))
      and (c.status = 'visible' or c.status = 'removed' and exists (select from publishing.comments r where r.parent_id = c.id and r.status = 'visible'))),
  tree as (
    select r.*, 1 as depth, array[r.rank] as place from ranked r where r.parent_id is null and r.rank <= 100000
    union all
    select r.*, t.depth + 1, t.place || r.rank from ranked r join tree t on t.id = r.parent_id where r.rank <= per_branch),
  numbered as (select t.*, row_number() over (order by t.place) as n, (select greatest(count(*) - per_branch, 0) from ranked k where k.parent_id = t.id) as hidden from tree t)
  select n.id, n.depth, case n.status when 'visible' then n.author_id end, case n.status when 'visible' then n.body end, n.score, n.created_at, n.hidden
  from numbered n where after is null or n.n > (select a.n from numbered a where a.id = after)
  order by n.n limit least(most, 500);
end;

grant execute on function publishing.comment, publishing.edit_comment, publishing.remove_comment, publishing.vote to hc_member;
grant execute on function publishing.comment_tree to hc_anon, hc_agent;

comment on table publishing.comment_votes is 'Who found a comment good or bad; one vote each, reached through publishing.vote() alone. @distribution local';
comment on column publishing.comment_votes.comment_id is 'The comment.';
comment on column publishing.comment_votes.user_id is 'Who voted.';
comment on column publishing.comment_votes.value is '1 or -1.';
comment on column publishing.comment_votes.voted_at is 'When, or when it last changed.';
comment on index publishing.comment_votes_user_id_idx is 'Votes of a person; and the foreign key.';
comment on function publishing.wilson is 'Lower bound of the Wilson interval at 95 percent for the share of up votes (Wilson, 1927): few votes count with care.';
comment on function publishing.comment is 'Comments on a published text or replies; returns the comment. Security definer: nobody writes comments directly.';
comment on function publishing.edit_comment is 'Edits the own comment within 15 minutes. Security definer: nobody writes comments directly.';
comment on function publishing.remove_comment is 'Removes the own comment, or any as a moderator; replies stay. Security definer: nobody writes comments directly.';
comment on function publishing.vote is 'Votes 1 or -1 on a comment of somebody else; a second vote replaces the first. Returns the new score. Security definer: votes are secret.';
comment on function publishing.comment_tree is 'Comments of a text depth-first, sort best or new; after continues behind a comment. Removed ones with replies are stubs without author and text. Security definer: stubs are rows that row security hides.';

-- verify
insert into core.users (id, handle) select ('00000000-0000-7000-8000-0000001380' || lpad(n::text, 2, '0'))::uuid, 'u' || n || '-0138' from generate_series(1, 6) n;
insert into core.content (id, slug, title, kind, status, published_at, body_blocks) values ('00000000-0000-7000-8000-000000138911', 'a-0138', 'Probe', 'page', 'published', now(), '[{"type": "paragraph", "text": "x"}]'), ('00000000-0000-7000-8000-000000138912', 'b-0138', 'Draft', 'page', 'draft', null, '[]');
create temporary table said (name text, id uuid) on commit drop;
grant all on pg_temp.said to hc_member, hc_anon;
select core.act_as('00000000-0000-7000-8000-000000138001');
set local role hc_member;
insert into pg_temp.said select n, publishing.comment('00000000-0000-7000-8000-000000138911', null, n) from unnest(array['top', 'good', 'bad']) n;
insert into pg_temp.said select 'reply', publishing.comment('00000000-0000-7000-8000-000000138911', id, 'reply') from pg_temp.said where name = 'top';
select publishing.edit_comment(id, 'top!') is not null from pg_temp.said where name = 'top';
select blueprint.raises(format('select publishing.vote(%L, 1)', id), '42501'), blueprint.raises($$ select publishing.comment('00000000-0000-7000-8000-000000138912', null, 'x') $$, '42501') from pg_temp.said where name = 'top';
set local role hc_owner;
create function pg_temp.votes(who int, what text, value int) returns void language sql as $$
  select core.act_as(('00000000-0000-7000-8000-0000001380' || lpad(who::text, 2, '0'))::uuid);
  select publishing.vote(id, votes.value) from pg_temp.said where name = what $$;
select pg_temp.votes(2, 'good', 1), pg_temp.votes(3, 'good', 1), pg_temp.votes(4, 'good', 1), pg_temp.votes(2, 'top', 1), pg_temp.votes(2, 'bad', 1), pg_temp.votes(3, 'bad', -1), pg_temp.votes(2, 'bad', -1);
select up = 0 and down = 2 and score = publishing.wilson(0, 2) from publishing.comments where body = 'bad' and content_id = '00000000-0000-7000-8000-000000138911';
select core.act_as('00000000-0000-7000-8000-000000138002');
set local role hc_member;
select publishing.vote(id, 1) > 0 from pg_temp.said where name = 'reply';
select publishing.comment('00000000-0000-7000-8000-000000138911', null, 'see https://spam.example') is not null;
select status = 'held' from publishing.comments where author_id = '00000000-0000-7000-8000-000000138002';
select blueprint.raises(format('select publishing.edit_comment(%L, ''x'')', id), '55000'), blueprint.raises(format('select publishing.remove_comment(%L)', id), '42501') from pg_temp.said where name = 'top';
set local role hc_anon;
select array_agg(body) = '{good,top!,reply,bad}' and array_agg(depth) = '{1,1,2,1}' from publishing.comment_tree('00000000-0000-7000-8000-000000138911');
select array_agg(t.body) = '{reply,bad}' from pg_temp.said s, publishing.comment_tree('00000000-0000-7000-8000-000000138911', after => s.id, most => 2) t where s.name = 'top';
select array_agg(body order by score desc) = array_agg(body order by publishing_wilson desc) from (select body, score, score as publishing_wilson from publishing.comment_tree('00000000-0000-7000-8000-000000138911')) x;
select count(*) = 0 from publishing.comment_tree('00000000-0000-7000-8000-000000138912');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000138001');
set local role hc_member;
select publishing.remove_comment(id, 'sorry') is not null from pg_temp.said where name in ('top', 'bad');
set local role hc_anon;
select array_agg(coalesce(body, '-')) = '{good,-,reply}' and bool_and((body is null) = (author_id is null)) from publishing.comment_tree('00000000-0000-7000-8000-000000138911');
select hidden_replies = 1 from publishing.comment_tree('00000000-0000-7000-8000-000000138911', per_branch => 0) where body is null;
set local role hc_owner;
insert into publishing.comments (content_id, author_id, body) select '00000000-0000-7000-8000-000000138911', '00000000-0000-7000-8000-000000138003', 'x' from generate_series(1, 10);
select core.act_as('00000000-0000-7000-8000-000000138003');
select blueprint.raises($$ select publishing.comment('00000000-0000-7000-8000-000000138911', null, 'x') $$, '54000');
insert into publishing.comments (id, content_id, author_id, body, created_at) values ('00000000-0000-7000-8000-000000138921', '00000000-0000-7000-8000-000000138911', '00000000-0000-7000-8000-000000138003', 'old', now() - interval '16 minutes');
select blueprint.raises($$ select publishing.edit_comment('00000000-0000-7000-8000-000000138921', 'x') $$, '55000');
select publishing.wilson(1, 0) between 0.2 and 0.21, publishing.wilson(90, 10) > publishing.wilson(9, 1), publishing.wilson(0, 0) = 0;
select rule, blueprint.raises(sql, state, rule) from (values
  ($$ insert into publishing.comment_votes (comment_id, user_id, value) values ('00000000-0000-7000-8000-000000138921', '00000000-0000-7000-8000-000000138001', 2) $$, '23514', 'comment_votes_value_check'),
  ($$ insert into publishing.comment_votes (comment_id, user_id, value) values ('00000000-0000-7000-8000-00000013892f', '00000000-0000-7000-8000-000000138001', 1) $$, '23503', 'comment_votes_comment_id_fk'),
  ($$ insert into publishing.comment_votes (comment_id, user_id, value) values ('00000000-0000-7000-8000-000000138921', '00000000-0000-7000-8000-00000013892f', 1) $$, '23503', 'comment_votes_user_id_fk'),
  ($$ insert into publishing.comment_votes select v.* from publishing.comment_votes v $$, '23505', 'comment_votes_comment_id_user_id_pk')) v(sql, state, rule);
insert into publishing.comment_votes (comment_id, user_id, value) values ('00000000-0000-7000-8000-000000138921', '00000000-0000-7000-8000-000000138001', 1) returning voted_at = now();
select relrowsecurity and relforcerowsecurity, blueprint.plan_uses($$ select from publishing.comment_votes where user_id = '00000000-0000-7000-8000-000000138001' $$, 'comment_votes_user_id_idx') from pg_class where oid = 'publishing.comment_votes'::regclass;
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['publishing.comment(uuid, uuid, text)', 'publishing.edit_comment(uuid, text)', 'publishing.remove_comment(uuid, text)', 'publishing.vote(uuid, int)']) f;
select role, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and not has_function_privilege('hc_member', 'publishing.wilson(int, int)', 'execute') from unnest(array['hc_anon', 'hc_agent']) role, unnest(array['publishing.comment_tree(uuid, text, uuid, int, int)']) f;

-- task: BUILD_0139 implement_feature
-- title: Series navigation and gap-free reordering
-- does: publishing.create_series(), add_item() and move_item() keep positions 1 to n without a gap, in one statement each; neighbours() gives the previous and next published part, series_progress()
--   how far a reader is, series_warnings() parts that came out before what they build on.
-- proves: moving item 5 to place 2 gives 1, 5, 2, 3, 4 at 1 to 5, neighbours skip the draft in third place, two parts of four read are 50 percent, a part before its predecessor is warned of.
-- needs: BUILD_0124, BUILD_0129, BUILD_0131, BUILD_0761
create function publishing.my_series(series uuid) returns boolean
  language sql stable
  return exists (select from publishing.series s where s.id = series and (s.curator_id = core.current_user_id() or core.has_role('hc_moderator')));

create function publishing.create_series(title text) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  made uuid;
begin
  if core.current_user_id() is null then
    raise exception using errcode = '42501', message = 'a series has a curator: sign in first';
  end if;
  insert into publishing.series (slug, title, curator_id) values (core.slugify(create_series.title, 'publishing.series'), create_series.title, core.current_user_id()) returning id into made;
  return made;
end $$;

create function publishing.add_item(series uuid, content uuid) returns int
  language plpgsql security definer set search_path = ''
as $$
declare
  place int;
begin
  perform from publishing.series s where s.id = series for update;
  if not publishing.my_series(series) then
    raise exception using errcode = '42501', message = 'a series is arranged by its curator';
  end if;
  insert into publishing.series_items (series_id, content_id, position) select series, content, count(*) + 1 from publishing.series_items i where i.series_id = series returning position into place;
  return place;
end $$;

create function publishing.move_item(series uuid, content uuid, place int) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from publishing.series s where s.id = series for update;
  if not publishing.my_series(series) then
    raise exception using errcode = '42501', message = 'a series is arranged by its curator';
  end if;
  update publishing.series_items i set position = o.place
  from (
    select k.content_id, row_number() over (order by case when k.content_id = move_item.content then move_item.place - case when move_item.place <= m.position then 0.5 else -0.5 end else k.position end) as place
    from publishing.series_items k, publishing.series_items m where k.series_id = series and m.series_id = series and m.content_id = move_item.content) o
  where i.series_id = series and i.content_id = o.content_id and i.position <> o.place;
end $$;

create function publishing.neighbours(content uuid, series uuid) returns table (previous_id uuid, next_id uuid)
  language sql stable
begin atomic
  select
    (select i.content_id from publishing.series_items i join core.content c on c.id = i.content_id where i.series_id = neighbours.series and c.status = 'published' and i.position < here.position order by i.position desc limit 1),
    (select i.content_id from publishing.series_items i join core.content c on c.id = i.content_id where i.series_id = neighbours.series and c.status = 'published' and i.position > here.position order by i.position limit 1)
  from publishing.series_items here where here.series_id = neighbours.series and here.content_id = neighbours.content;
end;

create function publishing.series_progress(series uuid, reader uuid default core.current_user_id()) returns table (parts bigint, parts_read bigint, pct numeric)
  language sql stable security definer
begin atomic
  select count(*), count(*) filter (where r.done), round(100.0 * count(*) filter (where r.done) / nullif(count(*), 0), 1)
  from publishing.series_items i join core.content c on c.id = i.content_id and c.status = 'published'
  cross join lateral (
    select exists (select from core.analytics a where a.user_id = reader and a.event_name = 'article.read' and a.props @> jsonb_build_object('content_id', i.content_id)) as done) r
  where i.series_id = series_progress.series and reader = core.current_user_id();
end;

create function publishing.series_warnings(series uuid) returns table (content_id uuid, builds_on uuid, problem text)
  language sql stable
begin atomic
  select c.id, p.id, case when p.status = 'published' then 'came out before its predecessor' else 'its predecessor is not published' end
  from publishing.series_items i join core.content c on c.id = i.content_id
  join publishing.series_items b on b.series_id = i.series_id and b.position = i.position - 1 join core.content p on p.id = b.content_id
  where i.series_id = series_warnings.series and c.status = 'published' and (p.status <> 'published' or p.published_at > c.published_at)
  order by i.position;
end;

grant execute on function publishing.create_series, publishing.add_item, publishing.move_item, publishing.series_progress to hc_member;
grant execute on function publishing.neighbours, publishing.series_warnings to hc_anon, hc_agent;

comment on function publishing.my_series is 'Whether the current person curates a series, or is a moderator. For owner functions.';
comment on function publishing.create_series is 'Begins a series of the current person. Security definer: nobody writes series directly.';
comment on function publishing.add_item is 'Appends a text to a series and returns its place. Security definer: nobody writes series directly.';
comment on function publishing.move_item is 'Moves a text to a place and shifts the others, without a gap. Security definer: nobody writes series directly.';
comment on function publishing.neighbours is 'Previous and next published part of a series around a text.';
comment on function publishing.series_progress is 'How many published parts the current person has read. Security definer: members read no analytics.';
comment on function publishing.series_warnings is 'Published parts whose predecessor is missing or came later, as far as the caller sees them.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000139001', 'ada-0139'), ('00000000-0000-7000-8000-000000139002', 'eve-0139');
insert into core.content (id, author_id, slug, title, kind, status, published_at, body_blocks) select ('00000000-0000-7000-8000-00000013901' || n)::uuid, '00000000-0000-7000-8000-000000139001', 'p' || n || '-0139', 'Part', 'page', case n when 3 then 'draft' else 'published' end, case when n <> 3 then now() + n * interval '1 minute' end, '[{"type": "paragraph", "text": "x"}]' from generate_series(1, 5) n;
create temporary table made (id uuid) on commit drop;
grant all on pg_temp.made to hc_member, hc_anon;
select core.act_as('00000000-0000-7000-8000-000000139001');
set local role hc_member;
insert into pg_temp.made select publishing.create_series('Probe 0139');
select array_agg(publishing.add_item(id, ('00000000-0000-7000-8000-00000013901' || n)::uuid) order by n) = '{1,2,3,4,5}' from pg_temp.made, generate_series(1, 5) n;
select right(previous_id::text, 1) = '2' and right(next_id::text, 1) = '5' from pg_temp.made m, publishing.neighbours('00000000-0000-7000-8000-000000139014', m.id);
select right(previous_id::text, 1) = '1' and right(next_id::text, 1) = '4' from pg_temp.made m, publishing.neighbours('00000000-0000-7000-8000-000000139012', m.id);
select publishing.move_item(id, '00000000-0000-7000-8000-000000139015', 2) is not null from pg_temp.made;
set local role hc_owner;
select string_agg(right(content_id::text, 1), '' order by position) = '15234' and array_agg(position order by position) = '{1,2,3,4,5}' from publishing.series_items i join pg_temp.made m on m.id = i.series_id;
select publishing.move_item(id, '00000000-0000-7000-8000-000000139011', 4) is not null from pg_temp.made;
select string_agg(right(content_id::text, 1), '' order by position) = '52314' from publishing.series_items i join pg_temp.made m on m.id = i.series_id;
select array_agg(right(content_id::text, 1) || ' ' || problem) = '{"2 came out before its predecessor","1 its predecessor is not published"}' from pg_temp.made m, publishing.series_warnings(m.id);
insert into core.analytics (subject_key, event_name, user_id, consent_ok, props) select 'x', 'article.read', '00000000-0000-7000-8000-000000139001', true, jsonb_build_object('content_id', '00000000-0000-7000-8000-00000013901' || n) from generate_series(1, 2) n;
set local role hc_member;
select parts = 4 and parts_read = 2 and pct = 50.0 from pg_temp.made m, publishing.series_progress(m.id);
select parts = 0 from pg_temp.made m, publishing.series_progress(m.id, '00000000-0000-7000-8000-000000139002');
set local role hc_owner;
select slug = 'probe-0139' and status = 'draft' and curator_id = '00000000-0000-7000-8000-000000139001' from publishing.series s join pg_temp.made using (id);
select core.act_as('00000000-0000-7000-8000-000000139002');
select blueprint.raises(format($$ select publishing.add_item(%L, '00000000-0000-7000-8000-000000139011') $$, id), '42501'), blueprint.raises(format($$ select publishing.move_item(%L, '00000000-0000-7000-8000-000000139011', 1) $$, id), '42501') from pg_temp.made;
select core.act_as(null, 'hc_anon');
select blueprint.raises($$ select publishing.create_series('Nobody') $$, '42501');
select f, has_function_privilege('hc_member', f, 'execute') and not has_function_privilege('hc_anon', f, 'execute') from unnest(array['publishing.create_series(text)', 'publishing.add_item(uuid, uuid)', 'publishing.move_item(uuid, uuid, int)', 'publishing.series_progress(uuid, uuid)']) f;
select role, f, has_function_privilege(role, f, 'execute') and not has_function_privilege('hc_analyst', f, 'execute') and not has_function_privilege('hc_member', 'publishing.my_series(uuid)', 'execute') from unnest(array['hc_anon', 'hc_agent']) role, unnest(array['publishing.neighbours(uuid, uuid)', 'publishing.series_warnings(uuid)']) f;

-- task: BUILD_0140 implement_feature critical
-- title: Knowledge hand-over queue to RAG with withdrawal
-- does: Publishing a revision of kind knowledge or tutorial queues it once; taking a text down cancels what waits and queues a withdrawal of what was indexed, which must be acknowledged. Workers take
--   rows under a lease that runs out, failures come back with growing pauses, and handover_lag() tells how far behind the index is.
-- proves: each row is taken once (two workers at a time: isolation spec), a lost lease returns, a failure waits, unpublishing before indexing cancels and after it withdraws, republishing queues again.
-- needs: BUILD_0126, BUILD_0129
create function publishing.enqueue_handover() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if new.status = 'published' then
    insert into publishing.handovers as h (content_id, revision_id) values (new.id, new.current_revision_id)
    on conflict (revision_id, action) do update set status = 'queued', run_after = now(), lease_until = null, attempts = 0, error = null where h.status in ('withdrawn', 'indexed', 'failed');
    update publishing.handovers h set status = 'withdrawn', lease_until = null where h.revision_id = new.current_revision_id and h.action = 'withdraw' and h.status in ('queued', 'failed', 'taken');
  elsif old.status = 'published' then
    insert into publishing.handovers as h (content_id, revision_id, action)
    select k.content_id, k.revision_id, 'withdraw' from publishing.handovers k where k.content_id = new.id and k.action = 'index' and k.status in ('indexed', 'taken')
    on conflict (revision_id, action) do update set status = 'queued', run_after = now(), lease_until = null, attempts = 0, error = null where h.status in ('withdrawn', 'indexed', 'failed');
    update publishing.handovers h set status = 'withdrawn', lease_until = null where h.content_id = new.id and h.action = 'index' and h.status in ('queued', 'failed');
  end if;
  return null;
end $$;

create trigger content_handover after update of status, current_revision_id on core.content for each row
  when (new.kind in ('knowledge', 'tutorial') and new.current_revision_id is not null
    and (new.status is distinct from old.status or new.current_revision_id is distinct from old.current_revision_id))
  execute function publishing.enqueue_handover();

create function publishing.take_handover(worker text, lease interval default '5 minutes', at timestamptz default now()) returns table (handover_id uuid, content_id uuid, revision_id uuid, action text, body text)
  language sql security definer
begin atomic
  with next as (
    select h.id from publishing.handovers h
    where h.status in ('queued', 'failed', 'taken') and h.run_after <= at and (h.status <> 'taken' or h.lease_until <= at)
    order by h.run_after, h.id limit 1 for update skip locked),
  taken as (
    update publishing.handovers h set status = 'taken', worker = take_handover.worker, lease_until = at + lease, attempts = h.attempts + 1 from next where h.id = next.id
    returning h.id, h.content_id, h.revision_id, h.action)
  select t.id, t.content_id, t.revision_id, t.action, case t.action when 'index' then r.body end from taken t join publishing.revisions r on r.id = t.revision_id;
end;

create function publishing.complete_handover(handover uuid, worker text, chunk_count int default null) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update publishing.handovers h set status = case h.action when 'index' then 'indexed' else 'withdrawn' end, chunk_count = complete_handover.chunk_count, lease_until = null, error = null
  where h.id = handover and h.status = 'taken' and h.worker = complete_handover.worker;
  if not found then
    raise exception using errcode = '55000', message = 'the hand-over is not yours any more', hint = 'Its lease ran out; take another one.';
  end if;
end $$;

create function publishing.fail_handover(handover uuid, worker text, error text) returns timestamptz
  language plpgsql security definer set search_path = ''
as $$
declare
  due timestamptz;
begin
  update publishing.handovers h
  set status = 'failed', error = left(fail_handover.error, 2000), lease_until = null, run_after = case when h.attempts >= 8 then 'infinity' else now() + interval '1 minute' * 2 ^ h.attempts end
  where h.id = handover and h.status = 'taken' and h.worker = fail_handover.worker
  returning h.run_after into due;
  if not found then
    raise exception using errcode = '55000', message = 'the hand-over is not yours any more', hint = 'Its lease ran out; take another one.';
  end if;
  return due;
end $$;

create function publishing.handover_lag() returns table (waiting bigint, dead bigint, seconds numeric)
  language sql stable security definer
begin atomic
  select count(*) filter (where h.run_after < 'infinity'), count(*) filter (where h.run_after = 'infinity'), coalesce(round(extract(epoch from now() - min(h.created_at) filter (where h.run_after < 'infinity'))), 0)
  from publishing.handovers h where h.status in ('queued', 'failed', 'taken');
end;

grant execute on function publishing.take_handover, publishing.complete_handover, publishing.fail_handover to hc_worker;
grant execute on function publishing.handover_lag to hc_worker, hc_monitor;
grant usage on schema publishing to hc_monitor;

comment on function publishing.enqueue_handover is 'Trigger of core.content: what is shown goes to the knowledge base, what is taken down comes back from it. Only functions of hc_owner move a status.';
comment on trigger content_handover on core.content is 'Knowledge and tutorials are handed over to the knowledge base.';
comment on function publishing.take_handover is 'The next hand-over that is due, under a lease; no row when there is none. Security definer: the worker writes no table.';
comment on function publishing.complete_handover is 'The worker indexed (with so many chunks) or withdrew what it took. Security definer: the worker writes no table.';
comment on function publishing.fail_handover is 'The worker could not; returns when it is tried again: after 2, 4, 8 ... minutes, never after eight attempts. Security definer: the worker writes no table.';
comment on function publishing.handover_lag is 'Hand-overs that wait, those given up, and the age of the oldest in seconds. Security definer: monitoring reads no table.';

-- verify
insert into core.content (id, slug, title, kind, status) select ('00000000-0000-7000-8000-00000014001' || n)::uuid, 'p' || n || '-0140', 'Probe', 'tutorial', 'in_review' from generate_series(1, 2) n;
insert into publishing.revisions (id, content_id, number, title, body, status) select ('00000000-0000-7000-8000-00000014002' || n)::uuid, ('00000000-0000-7000-8000-00000014001' || n)::uuid, 1, 'Probe', 'Text ' || n, 'submitted' from generate_series(1, 2) n;
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000140001', 'rev-0140');
insert into publishing.reviews (revision_id, reviewer_id, verdict, decided_at, checklist) select ('00000000-0000-7000-8000-00000014002' || n)::uuid, '00000000-0000-7000-8000-000000140001', 'approve', now(), '{"tested": true, "safety": true}' from generate_series(1, 2) n;
select core.act_as(null, 'hc_moderator');
update core.content set status = 'published', current_revision_id = replace(id::text, '14001', '14002')::uuid where slug like 'p_-0140';
update core.content set tags = '{a}' where slug = 'p1-0140';
select count(*) = 2 and bool_and(status = 'queued' and action = 'index') from publishing.handovers where content_id in ('00000000-0000-7000-8000-000000140011', '00000000-0000-7000-8000-000000140012');
update publishing.handovers set run_after = '2001-01-01' where content_id in ('00000000-0000-7000-8000-000000140011', '00000000-0000-7000-8000-000000140012');
create temporary table taken (n int, handover_id uuid, content_id uuid, revision_id uuid, action text, body text) on commit drop;
grant all on pg_temp.taken to hc_worker;
set local role hc_worker;
insert into pg_temp.taken select 1, t.* from publishing.take_handover('w1') t;
insert into pg_temp.taken select 2, t.* from publishing.take_handover('w2') t;
select count(distinct content_id) = 2 and bool_and(body like 'Text _' and action = 'index') from pg_temp.taken;
select blueprint.raises(format('select publishing.complete_handover(%L, ''w2'', 3)', handover_id), '55000'), publishing.complete_handover(handover_id, 'w1', 3) is not null from pg_temp.taken where n = 1;
select content_id = (select content_id from pg_temp.taken where n = 2) from publishing.take_handover('w3', at => now() + interval '6 minutes') limit 1;
select blueprint.raises(format('select publishing.fail_handover(%L, ''w2'', ''x'')', handover_id), '55000'), publishing.fail_handover(handover_id, 'w3', 'no model') = now() + interval '4 minutes' from pg_temp.taken where n = 2;
select waiting >= 1 and seconds >= 0 and dead >= 0 from publishing.handover_lag();
set local role hc_monitor;
select waiting >= 1 from publishing.handover_lag();
set local role hc_owner;
select array_agg(concat_ws(' ', status, chunk_count, error, attempts) order by content_id = (select content_id from pg_temp.taken where n = 2)) = '{"indexed 3 1","failed no model 2"}' from publishing.handovers h where content_id in (select content_id from pg_temp.taken);
update publishing.handovers set attempts = 8, status = 'taken', lease_until = now() where handovers.id = (select handover_id from pg_temp.taken where n = 2);
select publishing.fail_handover(handover_id, 'w3', 'still none') = 'infinity' from pg_temp.taken where n = 2;
update core.content set status = 'unpublished' where slug like 'p_-0140';
select array_agg(concat_ws(' ', action, status) order by content_id = (select content_id from pg_temp.taken where n = 2), action) = '{"index indexed","withdraw queued","index withdrawn"}' from publishing.handovers h where content_id in (select content_id from pg_temp.taken);
update publishing.handovers set run_after = '2001-01-01' where action = 'withdraw' and content_id in (select content_id from pg_temp.taken);
set local role hc_worker;
select t.action = 'withdraw' and t.body is null and publishing.complete_handover(t.handover_id, 'w1') is not null from publishing.take_handover('w1') t;
set local role hc_owner;
update core.content set status = 'published' where slug like 'p_-0140';
select count(*) = 2 from publishing.handovers h where content_id in (select content_id from pg_temp.taken) and action = 'index' and status = 'queued' and attempts = 0;
select f, has_function_privilege('hc_worker', f, 'execute') and not has_function_privilege('hc_member', f, 'execute') from unnest(array['publishing.take_handover(text, interval, timestamptz)', 'publishing.complete_handover(uuid, text, int)', 'publishing.fail_handover(uuid, text, text)', 'publishing.handover_lag()']) f;
select has_schema_privilege('hc_monitor', 'publishing', 'usage') and has_function_privilege('hc_monitor', 'publishing.handover_lag()', 'execute') and not has_function_privilege('hc_member', 'publishing.enqueue_handover()', 'execute');
