-- Test data, content: texts in eight languages and what is written around them. Kinds of uid(): 150 texts, 151 revisions, 152 reviews, 153 comments,
-- 154 series, 155 hand-overs. Salts are the number of the task and two digits.

-- task: BUILD_0869 create_test_data drill
-- title: Generate core.content in eight locales with typed blocks, schedules and planted search phrases
-- does: Half of the texts in English, the others in seven languages; kinds and statuses by walks, blocks of sentences with headings, images, code, lists and embeds of real designs; words are counted as the trigger does; scheduled ones come
--   years after any today, unpublished and archived ones had their time; rows of Wix and the vault with their ids there. One in fifty repeats its neighbour with a sentence more. Keys 5 + 20 i and 6 + 20 i hold phrase i of words('planted').
-- proves: validate_blocks() finds nothing, search finds exactly the planted texts, words recount, scheduled ones lie ahead, embeds exist, repetitions are alike, two halves have the digest of the whole.
-- needs: BUILD_0787, BUILD_0789, BUILD_0859
create function testdata.texts_of(seed bigint, lo bigint, hi bigint, sf numeric)
  returns table (n bigint, id uuid, author_id uuid, kind text, locale text, status text, path text[], times timestamptz[], at timestamptz, planted int, body_key bigint)
  language plpgsql stable set search_path = '' rows 5000
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  total constant bigint := testdata.keys_of('gen_content', sf);
  people constant bigint := testdata.keys_of('gen_users', sf);
  begun constant timestamptz := testdata.window_start();
  span constant testdata.span := testdata.span();
begin
  return query
  with draws as materialized (
    select k, case when k % 20 in (5, 6) and k < 80 then (k / 20)::int end as planted, testdata.unit(seed, 86901, k) as u_kind, testdata.unit(seed, 86902, k - case when k % 50 = 49 then 1 else 0 end) as u_locale, testdata.unit(seed, 86903, k) as u_status,
      testdata.unit(seed, 86904, k) as u_times, testdata.spread(seed, 86905, k, greatest(total, k + 1)) * 0.99 as u, testdata.zipf(testdata.unit(seed, 86906, k), greatest(20, people / 5), 1.1) - 1 as wanted
    from generate_series(lo, hi - 1) k offset 0),
  dated as materialized (select d.*, testdata.moment(d.u, begun, span.shape) as at from draws d offset 0)
  select d.k, testdata.uid(seed, 150, d.k, testdata.ms(d.at)), e.id, (array['article', 'tutorial', 'documentation', 'news', 'page', 'knowledge'])[testdata.pick_weighted(d.u_kind, '{0.45,0.70,0.80,0.88,0.92,1}')],
    case when d.planted is not null then 'en' else (array['en', 'de', 'fr', 'es', 'pt', 'it', 'ja', 'sw'])[testdata.pick_weighted(d.u_locale, '{0.50,0.60,0.69,0.78,0.85,0.90,0.96,1}')] end,
    w.status, w.path, testdata.steps_of(d.u_times, d.at, ended, cardinality(w.path)), d.at, d.planted, d.k - case when d.k % 50 = 49 then 1 else 0 end
  from dated d join testdata.walks_of('content', '{"published": 70, "draft": 10, "in_review": 5, "scheduled": 5, "unpublished": 5, "archived": 5}') w on case when d.planted is not null then w.path = '{draft,in_review,published}' else d.u_status >= w.lo and d.u_status < w.hi end
  left join testdata.entities e on e.seed = texts_of.seed and e.kind = 'user' and e.n = d.wanted and e.at < d.at and exists (select from core.users u where u.id = e.id and u.status = 'active');
end $$;

create function testdata.gen_content(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  tag constant bigint := testdata.seed_tag(seed);
  tags constant text[] := array(select core.fold(t.tag) from unnest(testdata.list('tag')) with ordinality t(tag, place) order by t.place);
  uses constant text[] := testdata.list('use');
  phrases constant text[] := testdata.list('planted', 'en');
  categories constant uuid[] := (select array_agg(t.id order by t.path) from core.terms t where t.kind = 'topic');
  designs constant bigint := (select count(*) from testdata.entities e where e.seed = gen_content.seed and e.kind = 'design');
  made bigint;
  ways testdata.walked[];
begin
  perform testdata.require_allowed();
  with grammars as materialized (select l as locale, g.* from unnest('{en,de,fr,es,pt,it,ja,sw}'::text[]) l, testdata.grammar(l) g),
  plan as materialized (
    select t.*, g.openers, g.subjects, g.verbs, g.endings, d.id as design_id, testdata.pick(seed, 86910, t.body_key, g.subjects) || ' ' || testdata.pick(seed, 86911, t.body_key, g.endings) as title, (hashint8extended(t.body_key, seed) & 1023) as h,
      case when t.n % 10 < 7 then 'native' when t.n % 10 < 9 then 'wix' else 'vault' end as source
    from testdata.texts_of(seed, lo, hi, sf) t join grammars g on g.locale = t.locale left join testdata.entities d on designs > 0 and t.n % 3 = 0 and d.seed = gen_content.seed and d.kind = 'design' and d.n = testdata.int_between(seed, 86912, t.n, 0, designs - 1) offset 0),
  written as materialized (
    select p.*, jsonb_build_array(jsonb_build_object('type', 'heading', 'level', 2, 'text', p.title), jsonb_build_object('type', 'paragraph', 'text', s.one || ' ' || s.two || ' ' || s.three))
        || case when p.h % 4 = 0 then jsonb_build_array(jsonb_build_object('type', 'image', 'alt', 'A hinge on a bench', 'url', 'https://img.example.com/' || p.body_key || '.jpg')) else '[]' end
        || jsonb_build_array(jsonb_build_object('type', 'heading', 'level', 3, 'text', testdata.pick(seed, 86920, p.body_key, p.subjects)), jsonb_build_object('type', 'paragraph', 'text', s.four || ' ' || s.five))
        || case when p.h % 5 = 0 then jsonb_build_array(jsonb_build_object('type', 'code', 'language', 'scad', 'code', 'hinge(pin = ' || 3 + p.h % 9 || ', leaf = ' || 20 + p.h % 50 || ');')) else '[]' end
        || case when p.h % 3 = 0 then jsonb_build_array(jsonb_build_object('type', 'list', 'items', jsonb_build_array(testdata.pick(seed, 86921, p.body_key, uses), testdata.pick(seed, 86922, p.body_key, uses)))) else '[]' end
        || case when p.design_id is not null then jsonb_build_array(jsonb_build_object('type', 'design', 'id', p.design_id, 'title', 'Design')) else '[]' end
        || case when p.planted is not null then jsonb_build_array(jsonb_build_object('type', 'callout', 'tone', 'tip', 'text', 'Mind the ' || phrases[p.planted + 1] || '.')) else '[]' end
        || case when p.n <> p.body_key then jsonb_build_array(jsonb_build_object('type', 'paragraph', 'text', s.two)) else '[]' end as blocks, s.one as teaser,
      p.times[array_position(p.path, 'published')] as published_step
    from plan p, lateral (select testdata.sentence(seed, 86930, p.body_key, p.openers, p.subjects, p.verbs, p.endings) as one, testdata.sentence(seed, 86940, p.body_key, p.openers, p.subjects, p.verbs, p.endings) as two, testdata.sentence(seed, 86950, p.body_key, p.openers, p.subjects, p.verbs, p.endings) as three,
      testdata.sentence(seed, 86960, p.body_key, p.openers, p.subjects, p.verbs, p.endings) as four, testdata.sentence(seed, 86970, p.body_key, p.openers, p.subjects, p.verbs, p.endings) as five) s offset 0),
  counted as materialized (select w.*, core.block_text(w.blocks) as body from written w offset 0),
  rows as (
    insert into core.content (id, author_id, kind, slug, locale, title, summary, category_id, tags, status, publish_at, published_at, source, external_ref, word_count, seo, body_blocks, body_text, metadata, created_at, updated_at)
    select c.id, c.author_id, c.kind, 'td-' || tag || '-' || c.kind || '-' || c.n, c.locale, initcap(left(c.title, 1)) || substr(c.title, 2), c.teaser, categories[1 + c.h % cardinality(categories)],
      array(select distinct testdata.pick(seed, 86980 + k, c.n, tags) as tag from generate_series(0, 1 + (c.n % 3)::int) k order by tag), c.status,
      case when c.status = 'scheduled' then ended + interval '10 years' + c.n * interval '1 hour' when c.status = 'published' and c.n % 4 = 0 then c.published_step end,
      case when c.status in ('published', 'unpublished') or 'published' = any (c.path) then coalesce(c.published_step, c.times[cardinality(c.times)]) end, c.source, case when c.source <> 'native' then 'td-' || tag || '-' || c.n end,
      core.count_words(c.body), case when c.n % 5 < 2 then jsonb_build_object('title', left(c.title, 70), 'description', left(c.teaser, 160)) else '{}' end, c.blocks, c.body, '{"testdata": true}', c.at, c.times[cardinality(c.times)]
    from counted c order by c.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'content', c.n, c.id, c.at from counted c order by c.n returning 1)
  select count(*) + (select count(*) from keys), (select array_agg(row(p.id, p.path, p.times, p.author_id)::testdata.walked) from plan p where cardinality(p.path) > 1) into made, ways from rows;
  return made + testdata.write_history('content', ways);
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_content', '{core.content,core.status_changes,testdata.entities}', '{gen_designs}', 20000, 2000, 100);

comment on function testdata.texts_of is 'What decides about the texts of a range; body_key is the key whose words it has, planted the phrase it holds.';
comment on function testdata.gen_content is 'Makes core.content of the texts numbered [lo, hi), their log of statuses and the entities content.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('69', 32), 'hex')) > 0;
select testdata.gen_users(42869, 0, 40, 0.0004) > 0, testdata.gen_designs(42869, 0, 10, 0.0004) > 0;
create temporary view pg_temp.made_0869 as select e.n, c.* from testdata.entities e join core.content c using (id) where e.seed = 42869 and e.kind = 'content';
do $verify$
declare
  halves text;
begin
  perform testdata.gen_content(42869, 50, 100, 0.001) + testdata.gen_content(42869, 0, 50, 0.001);
  select sum(hashtextextended(m::text, 0))::text into halves from pg_temp.made_0869 m;
  raise exception using errcode = 'P0869';
exception when sqlstate 'P0869' then
  perform set_config('probe.halves', halves, true);
end $verify$;
select testdata.gen_content(42869, 0, 100, 0.001) > 250;
select sum(hashtextextended(m::text, 0))::text = current_setting('probe.halves'), count(*) = 100, count(distinct locale) >= 7, count(distinct kind) >= 5, count(distinct status) >= 4, count(distinct source) = 3, bool_and((source = 'native') = (external_ref is null)), bool_and(testdata.is_test_id(id) and core.uuid_time(id) = created_at),
  bool_and(word_count = core.count_words(core.block_text(body_blocks)) and word_count > 10), bool_and(status <> 'scheduled' or publish_at > now()), bool_and((status in ('published', 'unpublished')) <= (published_at is not null)), bool_and(updated_at >= created_at and updated_at <= testdata.window_end()), count(author_id) > 20,
  count(*) filter (where body_blocks @> '[{"type": "image"}]') > 5, count(*) filter (where body_blocks @> '[{"type": "code"}]') > 5, count(*) filter (where cardinality(tags) > 1) > 30 from pg_temp.made_0869 m;
select count(*) = 0 from pg_temp.made_0869 m, core.validate_blocks(m.body_blocks);
select count(*) = 4, bool_and(found = array[5 + 20 * i, 6 + 20 * i]::bigint[]) from (select p.i, array_agg(m.n order by m.n) as found from generate_series(0, 3) p(i), core.search_content('"' || (testdata.list('planted', 'en'))[p.i + 1] || '"', most => 100) s join pg_temp.made_0869 m on m.id = s.content_id group by p.i) f;
select count(*) > 20, bool_and(exists (select from core.designs d where d.id = (b.block ->> 'id')::uuid)) from pg_temp.made_0869 m, jsonb_array_elements(m.body_blocks) b(block) where b.block ->> 'type' = 'design';
select count(*) = 2, bool_and(a.locale = b.locale and a.title = b.title and extensions.similarity(a.body_text, b.body_text) > 0.7) from pg_temp.made_0869 a join pg_temp.made_0869 b on b.n = a.n - 1 where a.n in (49, 99);
select count(*) = 0 from pg_temp.made_0869 m where m.status <> 'draft' and m.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = m.id order by s.occurred_at desc limit 1);
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_content(42869, 0, 10, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_content' and after = '{gen_designs}';

-- revert
delete from testdata.generators where name = 'gen_content';
drop function testdata.gen_content;
drop function testdata.texts_of;

-- task: BUILD_0875 create_test_data drill
-- title: Generate the publishing room: revision chains, reviews, credit shares, translations, slug history
-- does: One to fifteen revisions a text, of which the last says what core.content says, and each differs from the one before by one planted edit that its summary names (a line inserted, moved or deleted). What was ever to be shown has
--   its quorum of approvals before, after a rejection now and then; pictures have their words, comments trees of up to six levels, shares sum to 100, one text in three was renamed, English ones have translations of this or the last
--   revision, a series takes the texts of its block, knowledge and tutorials were handed over. Bounds of a chunk are multiples of 20.
-- proves: shares sum to 100, what is on show has an accepted current revision that lacks nothing, every old address leads to its text in one hop, diff_stats() finds the planted edits, nobody reviews his own, staleness is as planted,
--   trees have six levels, series no gap, two halves have the digest of the whole and the triggers agree.
-- needs: BUILD_0129, BUILD_0133, BUILD_0134, BUILD_0135, BUILD_0136, BUILD_0137, BUILD_0140, BUILD_0860, BUILD_0869
create type testdata.article as (n bigint, id uuid, author_id uuid, helper_id uuid, kind text, locale text, status text, title text, lines text[], word_count int, at timestamptz, ends timestamptz, updated_at timestamptz,
  published_at timestamptz, shown boolean, revisions int, current_id uuid, quorum int, checklist jsonb, h bigint);

create function testdata.articles_of(seed bigint, lo bigint, hi bigint) returns setof testdata.article
  language plpgsql stable set search_path = '' rows 2000
as $$
#variable_conflict use_column
declare
  ids constant uuid[] := array(select e.id from testdata.entities e join core.users u on u.id = e.id and u.status = 'active' where e.seed = articles_of.seed and e.kind = 'user' and e.n < 2000 order by e.at);
  since constant timestamptz[] := array(select e.at from testdata.entities e join core.users u on u.id = e.id and u.status = 'active' where e.seed = articles_of.seed and e.kind = 'user' and e.n < 2000 order by e.at);
begin
  return query
  select e.n, c.id, x.author_id, nullif(case when x.revisions > 2 and x.h % 10 < 3 then ids[1 + (x.h / 10) % nullif(width_bucket(c.created_at, since), 0)] end, x.author_id), c.kind, c.locale::text, c.status, c.title::text, string_to_array(c.body_text, e'\n'), c.word_count, c.created_at, x.ends, c.updated_at,
    c.published_at, x.shown, x.revisions, testdata.uid(articles_of.seed, 151, e.n * 16 + x.revisions, testdata.ms(date_trunc('milliseconds', c.created_at + (x.ends - c.created_at) * (0.8 * (x.revisions - 1) / x.revisions)))), p.quorum,
    (select coalesce(jsonb_object_agg(item, true), '{}') from unnest(p.checklist) item), x.h
  from testdata.entities e join core.content c on c.id = e.id join publishing.editorial_policy p on p.kind = c.kind,
    lateral (select coalesce(c.published_at, c.updated_at) as ends, c.published_at is not null or c.status = 'scheduled' as shown, testdata.int_between(articles_of.seed, 87501, e.n, 0, 999999) as h, coalesce(c.author_id, ids[nullif(width_bucket(c.created_at, since), 0)]) as author_id,
      case when c.updated_at = c.created_at then 1 else 1 + least(14, floor(testdata.exponential(testdata.unit(articles_of.seed, 87502, e.n), 3)))::int end as revisions) x
  where e.seed = articles_of.seed and e.kind = 'content' and e.n >= lo and e.n < hi;
end $$;

create function testdata.gen_publishing(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  ended constant timestamptz := testdata.window_end();
  honest constant boolean := current_setting('session_replication_role') <> 'replica';
  tag constant bigint := testdata.seed_tag(seed);
  staff constant uuid[] := array(select e.id from testdata.entities e where e.seed = gen_publishing.seed and e.kind = 'user' and e.n < 20 order by e.n);
  begun constant timestamptz[] := array(select e.at from testdata.entities e where e.seed = gen_publishing.seed and e.kind = 'user' and e.n < 20 order by e.n);
  readers constant uuid[] := array(select e.id from testdata.entities e join core.users u on u.id = e.id and u.status = 'active' where e.seed = gen_publishing.seed and e.kind = 'user' and e.n < 5000 order by e.at);
  since constant timestamptz[] := array(select e.at from testdata.entities e join core.users u on u.id = e.id and u.status = 'active' where e.seed = gen_publishing.seed and e.kind = 'user' and e.n < 5000 order by e.at);
  pictures constant uuid[] := array(select a.id from testdata.entities e join core.assets a on a.id = e.id and a.media_type = 'image/png' where e.seed = gen_publishing.seed and e.kind = 'asset' and e.n < 6000 order by e.at);
  taken constant timestamptz[] := array(select e.at from testdata.entities e join core.assets a on a.id = e.id and a.media_type = 'image/png' where e.seed = gen_publishing.seed and e.kind = 'asset' and e.n < 6000 order by e.at);
  texts constant testdata.article[] := array(select a from testdata.articles_of(seed, lo, hi) a order by a.n);
  made bigint;
begin
  perform testdata.require_allowed();
  if honest then
    set constraints core.content_current_revision_id_fk immediate;
    alter table core.content disable trigger content_touch, disable trigger content_e_gate, disable trigger content_handover;  -- they would write the time of the load, ask for a moderator, and queue what is queued below with its past
  end if;
  with grammars as materialized (select l as locale, g.* from unnest('{en,de,fr,es,pt,it,ja,sw}'::text[]) l, testdata.grammar(l) g),
  articles as materialized (select a.*, cardinality(a.lines) as len, g.openers, g.subjects, g.verbs, g.endings from unnest(texts) a join grammars g on g.locale = a.locale),
  edits as materialized (  -- the second revision has a line more, in the third a line has moved, then lines come and go
    select a.n, i as pos, a.lines[i] as line, case when a.revisions > 1 and i = 2 + a.h % (a.len - 1) then 2 else 1 end as since, 99 as until, case when a.revisions > 2 and i = 2 + (a.h + 1) % (a.len - 1) then case when i < a.len then a.len + 0.9 else 1.9 end end as was
    from articles a, generate_series(1, a.len) i
    union all
    select a.n, 1.5 + testdata.int_between(seed, 87510, a.n * 16 + k, 0, a.len - 1) + 0.01 * k, testdata.sentence(seed, 87520, a.n * 16 + k, a.openers, a.subjects, a.verbs, a.endings), case when k = a.revisions then 1 else k end, case when k = a.revisions then k else k + 1 end, null
    from articles a, generate_series(4, a.revisions, 2) k),
  steps as materialized (
    select a.n, k, date_trunc('milliseconds', a.at + (a.ends - a.at) * (0.8 * (k - 1) / a.revisions)) as at, string_agg(e.line, e'\n' order by case when k < 3 then coalesce(e.was, e.pos) else e.pos end) filter (where e.since <= k and e.until > k) as body,
      string_agg(case when k = 3 and e.was is not null then 'move ' when e.since = k and k > 1 then 'insert ' when e.until = k then 'delete ' end || regexp_count(e.line, '\S+') || ' words', '')
        filter (where (k = 3 and e.was is not null) or (e.since = k and k > 1) or e.until = k) as summary
    from articles a cross join lateral generate_series(1, a.revisions) k join edits e on e.n = a.n group by a.n, a.at, a.ends, a.revisions, k),
  revisions as (
    insert into publishing.revisions (id, content_id, number, parent_id, author_id, title, body, change_summary, status, created_at)
    select testdata.uid(seed, 151, s.n * 16 + s.k, testdata.ms(s.at)), a.id, s.k, lag(testdata.uid(seed, 151, s.n * 16 + s.k, testdata.ms(s.at))) over (partition by s.n order by s.k), case when s.k % 3 = 0 then coalesce(a.helper_id, a.author_id) else a.author_id end, a.title, s.body, s.summary,
      case when s.k = a.revisions then case when a.shown then 'accepted' when a.status = 'in_review' then 'submitted' else 'draft' end when s.k = a.revisions - 1 and a.shown and a.quorum > 0 and a.h % 10 > 6 then 'rejected' else 'draft' end, s.at
    from steps s join articles a using (n) order by s.n, s.k returning 1)
  select count(*) into made from revisions;

  with rounds as materialized (
    select a.n, r.id as revision_id, r.status, r.created_at, a.ends, a.at, a.checklist, a.quorum, a.h, a.author_id, a.helper_id, case when a.h % 10 > 6 and a.shown and r.status <> 'rejected' and a.revisions > 1 then 2 else 1 end as round,
      case r.status when 'rejected' then 1 else a.quorum end as voices
    from unnest(texts) a join publishing.revisions r on r.content_id = a.id and r.status <> 'draft' where a.quorum > 0),
  reviews as (
    insert into publishing.reviews (id, revision_id, reviewer_id, round, verdict, checklist, note, decided_at, created_at, updated_at)
    select testdata.uid(seed, 152, x.n * 16 + v.place + case x.status when 'rejected' then 8 else 0 end, testdata.ms(t.asked)), x.revision_id, v.id, x.round, case x.status when 'accepted' then 'approve' when 'rejected' then 'reject' end, case x.status when 'accepted' then x.checklist else '{}' end,
      case x.status when 'rejected' then 'Sources are missing.' end, t.decided, t.asked, coalesce(t.decided, t.asked)
    from rounds x,
      lateral (select s.id, s.at, row_number() over (order by (s.at < x.created_at) desc, (s.place + x.h) % 20) as place from unnest(staff, begun) with ordinality s(id, at, place) where s.id is distinct from x.author_id and s.id is distinct from x.helper_id order by 2 limit x.voices) v,
      lateral (select greatest(v.at + interval '1 second', date_trunc('milliseconds', case x.status when 'rejected' then x.created_at + (x.ends - x.at) * 0.01 else x.ends - (x.ends - x.at) * 0.15 end)) as asked) o,  -- in the first days of a small seed too few are there yet
      lateral (select o.asked, case x.status when 'submitted' then null when 'rejected' then greatest(o.asked, date_trunc('milliseconds', x.created_at + (x.ends - x.at) * 0.02)) else greatest(o.asked, date_trunc('milliseconds', x.ends - (x.ends - x.at) * (0.11 - 0.01 * v.place))) end as decided) t
    order by x.n, v.place returning 1)
  select made + count(*) into made from reviews;

  with english as (select a.n / 20 as block, row_number() over (partition by a.n / 20 order by a.n) as place, a.* from unnest(texts) a where a.locale = 'en' and a.published_at is not null),
  foreign_ones as (select a.n / 20 as block, row_number() over (partition by a.n / 20 order by a.n desc) as place, a.* from unnest(texts) a where a.locale <> 'en'),
  translations as (
    insert into publishing.translations (source_content_id, locale, content_id, source_revision_id, translator_id, status, created_at, updated_at)
    select s.id, t.locale, t.id, r.id, t.author_id, case t.status when 'published' then 'published' when 'archived' then 'abandoned' else 'started' end, greatest(t.at, r.created_at), greatest(t.at, r.created_at)
    from english s join foreign_ones t on t.block = s.block and t.place = s.place and t.at > s.at join publishing.revisions r on r.content_id = s.id and r.number = greatest(1, s.revisions - (s.h % 2)::int) order by s.n returning 1)
  select made + count(*) into made from translations;

  with voices as (
    select a.n, a.id, a.author_id as user_id, case when exists (select from publishing.translations t where t.content_id = a.id) then 'translator' else 'author' end as role, 60 + a.h % 37 as weight, a.at, a.ends, a.current_id, a.h from unnest(texts) a where a.author_id is not null
    union all
    select a.n, a.id, a.helper_id, 'editor', 10 + a.h % 31, a.at, a.ends, a.current_id, a.h from unnest(texts) a where a.helper_id is not null
    union all
    select a.n, a.id, v.reviewer_id, 'reviewer', 5, v.decided_at, a.ends, a.current_id, a.h from unnest(texts) a join publishing.reviews v on v.revision_id = a.current_id and v.verdict = 'approve'),
  split as materialized (select v.n, publishing.split_exactly(array_agg(v.weight::numeric order by v.user_id, v.role), 100) as shares from voices v group by v.n),
  shared as materialized (select v.*, s.shares, row_number() over (partition by v.n order by v.user_id, v.role) as place from voices v join split s using (n)),
  contributions as (
    insert into publishing.contributions (content_id, user_id, role, share_percent, revision_id, accepted_at, created_at)
    select s.id, s.user_id, s.role, s.shares[s.place], s.current_id, case when s.h % 4 > 0 then s.ends end, s.at from shared s order by s.n, s.place returning 1)
  select made + count(*) into made from contributions;
  update core.content c set current_revision_id = a.current_id from unnest(texts) a where c.id = a.id and a.shown;

  with media as (
    insert into publishing.media (content_id, position, asset_id, alt_text, caption)
    select a.id, b.place, pictures[1 + a.h % width_bucket(a.ends, taken)], b.block ->> 'alt', initcap(left(a.title, 1)) || substr(a.title, 2)
    from unnest(texts) a join core.content c on c.id = a.id cross join lateral jsonb_array_elements(c.body_blocks) with ordinality b(block, place) where b.block ->> 'type' = 'image' and width_bucket(a.ends, taken) > 0 order by a.n, b.place returning 1),
  renamed as (
    insert into publishing.slug_history (locale, old_slug, content_id, until_at)
    select a.locale, format('td-%s-%s-%s-was-%s', tag, a.kind, a.n, k), a.id, date_trunc('milliseconds', a.published_at + (ended - a.published_at) * (k / (3.0 + a.n % 3)))
    from unnest(texts) a, generate_series(1, 1 + (a.n % 3)::int) k where a.published_at is not null and a.h % 3 = 0 order by a.n, k returning 1),
  parts as materialized (
    select a.n / 20 as block, a.*, row_number() over (partition by a.n / 20 order by a.n) as place, count(*) over (partition by a.n / 20) as parts, max(a.ends) over (partition by a.n / 20) as begun_at from unnest(texts) a where a.status = 'published' and a.author_id is not null and a.n % 20 < 10),
  series as (
    insert into publishing.series (id, slug, title, curator_id, status, created_at, updated_at)
    select testdata.uid(seed, 154, p.block, testdata.ms(p.begun_at)), format('td-%s-series-%s', tag, p.block), initcap(left(p.title, 1)) || substr(p.title, 2) || ', in parts', p.author_id, 'published', p.begun_at, p.begun_at from parts p where p.place = 1 and p.parts > 1 order by p.block returning 1),
  items as (
    insert into publishing.series_items (series_id, content_id, position) select testdata.uid(seed, 154, p.block, testdata.ms(p.begun_at)), p.id, p.place from parts p where p.parts > 1 order by p.block, p.place returning 1),
  handed as materialized (
    select a.*, v.action, case v.action when 'index' then a.published_at else a.updated_at end as queued_at, case when v.action = 'withdraw' then 'withdrawn' when a.status <> 'published' or a.h % 20 > 2 then 'indexed' when a.h % 20 > 0 then 'queued' else 'failed' end as result
    from unnest(texts) a, (values ('index'), ('withdraw')) v(action) where a.kind in ('knowledge', 'tutorial') and a.published_at is not null and (v.action = 'index' or a.status in ('unpublished', 'archived'))),
  handovers as (
    insert into publishing.handovers (id, content_id, revision_id, action, status, attempts, run_after, worker, chunk_count, error, created_at, updated_at)
    select testdata.uid(seed, 155, h.n * 2 + case h.action when 'index' then 0 else 1 end, testdata.ms(h.queued_at)), h.id, h.current_id, h.action, h.result, case h.result when 'queued' then 0 else 1 end, h.queued_at + case h.result when 'failed' then interval '2 minutes' else interval '0' end,
      case when h.result <> 'queued' then 'worker-' || 1 + h.n % 2 end, case h.result when 'indexed' then 1 + h.word_count / 60 end, case h.result when 'failed' then 'the index did not answer' end, h.queued_at, h.queued_at + case h.result when 'queued' then interval '0' else interval '2 seconds' end
    from handed h order by h.n, h.action returning 1)
  select made + (select count(*) from media) + (select count(*) from renamed) + (select count(*) from series) + (select count(*) from items) + (select count(*) from handovers) into made;

  with grammars as materialized (select l as locale, g.* from unnest('{en,de,fr,es,pt,it,ja,sw}'::text[]) l, testdata.grammar(l) g),
  said as materialized (  -- eight make a tree: each has the place of the one above
    select a.n, a.id as content_id, i, string_to_array((array['1', '1 2', '1 2 3', '1 2 4', '1 2 4 5', '1 2 4 5 6', '1 2 4 5 6 7', '1 8'])[1 + i % 8], ' ')::int[] as above, date_trunc('milliseconds', a.published_at + (u.until - a.published_at) * ((i + testdata.unit(seed, 87531, a.n * 16 + i)) / m.many)) as at, u.until,
      testdata.sentence(seed, 87540, a.n * 16 + i, g.openers, g.subjects, g.verbs, g.endings) as body, testdata.unit(seed, 87532, a.n * 16 + i) as u_who, testdata.unit(seed, 87533, a.n * 16 + i) as u_status
    from unnest(texts) a join grammars g on g.locale = a.locale, lateral (select case a.status when 'published' then ended else a.updated_at end as until) u, lateral (select least(15, floor(testdata.exponential(testdata.unit(seed, 87530, a.n), 4)))::int as many) m,
      generate_series(0, m.many - 1) i where a.published_at is not null and width_bucket(a.published_at, since) > 0 offset 0),
  placed as materialized (
    select s.*, array_agg(testdata.uid(seed, 153, s.n * 16 + s.i, testdata.ms(s.at))) over (partition by s.n, s.i / 8 order by s.i) as ids, case when s.u_status < 0.04 then 'removed' when s.u_status < 0.06 then 'held' else 'visible' end as status from said s),
  comments as (
    insert into publishing.comments (id, content_id, parent_id, path, author_id, body, status, created_at, updated_at)
    select p.ids[cardinality(p.ids)], p.content_id, p.ids[p.above[cardinality(p.above) - 1]], (select string_agg(replace(p.ids[x]::text, '-', ''), '.' order by place) from unnest(p.above) with ordinality t(x, place))::extensions.ltree,
      readers[1 + floor(width_bucket(p.at, since) * p.u_who * p.u_who)::int], p.body, p.status, p.at, case p.status when 'visible' then p.at else date_trunc('milliseconds', p.at + (p.until - p.at) * 0.3) end
    from placed p order by p.n, p.i returning 1)
  select made + count(*) into made from comments;
  if honest then
    alter table core.content enable trigger content_touch, enable trigger content_e_gate, enable trigger content_handover;
  end if;
  return made
    + testdata.write_history('revision', (
        select array_agg(row(r.id, case r.status when 'submitted' then '{draft,submitted}' else array['draft', 'submitted', r.status] end, array[r.created_at, coalesce(v.asked, date_trunc('milliseconds', a.ends - (a.ends - a.at) * 0.15)), coalesce(v.decided + interval '1 millisecond', date_trunc('milliseconds', a.ends - (a.ends - a.at) * 0.05))], r.author_id)::testdata.walked)
        from unnest(texts) a join publishing.revisions r on r.content_id = a.id and r.status <> 'draft' left join lateral (select min(x.created_at) as asked, max(x.decided_at) as decided from publishing.reviews x where x.revision_id = r.id) v on true))
    + testdata.write_history('comment', (
        select array_agg(row(k.id, array['visible', k.status], array[k.created_at, k.updated_at], null)::testdata.walked) from unnest(texts) a join publishing.comments k on k.content_id = a.id and k.status <> 'visible'))
    + testdata.write_history('handover', (
        select array_agg(row(k.id, array['queued', 'taken', k.status], array[k.created_at, k.created_at + interval '1 second', k.updated_at], null)::testdata.walked) from unnest(texts) a join publishing.handovers k on k.content_id = a.id and k.status <> 'queued'));
end $$;

insert into testdata.generators (name, targets, after, rows_at_sf1, chunk_rows, least_rows) values ('gen_publishing', '{publishing.revisions,publishing.reviews,publishing.translations,publishing.contributions,publishing.media,publishing.slug_history,publishing.series,publishing.series_items,publishing.handovers,publishing.comments,core.status_changes}', '{gen_content,gen_assets}', 20000, 2000, 100);

comment on type testdata.article is 'A text with what decides about its publishing.';
comment on function testdata.articles_of is 'What decides about the publishing of the texts of a range: who writes with whom, how many revisions until when, whether it was ever to be shown, what its kind asks for.';
comment on function testdata.gen_publishing is 'Makes the publishing room of the texts numbered [lo, hi): revisions, reviews, credit, pictures, comments, series, translations, old addresses, hand-overs and their log. Bounds of a chunk are multiples of 20.';

-- verify
set local testdata.allow = on;
select testdata.refresh_walks() > 0, testdata.cover_window('core.status_changes') >= 0, core.load_key('user.email', decode(repeat('75', 32), 'hex')) > 0;
select testdata.gen_users(42875, 0, 60, 0.0006) > 0, testdata.gen_designs(42875, 0, 20, 0.0004) > 0, testdata.gen_assets(42875, 0, 60, 0.0004) > 0, testdata.gen_content(42875, 0, 120, 0.001) > 0;
create temporary view pg_temp.texts_0875 as select e.n, c.*, a.revisions, a.shown from testdata.entities e join core.content c using (id) join testdata.articles_of(42875, 0, 120) a using (id) where e.seed = 42875 and e.kind = 'content';
create temporary view pg_temp.rows_0875 as
select 'content' as name, x::text as value from pg_temp.texts_0875 x
union all select 'revisions', x::text from publishing.revisions x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'reviews', x::text from publishing.reviews x join publishing.revisions r on r.id = x.revision_id join pg_temp.texts_0875 t on t.id = r.content_id
union all select 'contributions', x::text from publishing.contributions x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'media', x::text from publishing.media x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'comments', x::text from publishing.comments x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'series', (x, i)::text from publishing.series x join publishing.series_items i on i.series_id = x.id join pg_temp.texts_0875 t on t.id = i.content_id
union all select 'translations', x::text from publishing.translations x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'slugs', x::text from publishing.slug_history x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'handovers', x::text from publishing.handovers x join pg_temp.texts_0875 t on t.id = x.content_id
union all select 'log', s::text from core.status_changes s join publishing.revisions x on x.id = s.entity_id join pg_temp.texts_0875 t on t.id = x.content_id;
do $verify$
declare
  halves text;
begin
  perform testdata.gen_publishing(42875, 60, 120, 0.001) + testdata.gen_publishing(42875, 0, 60, 0.001);
  select sum(hashtextextended(name || value, 0))::text into halves from pg_temp.rows_0875;
  raise exception using errcode = 'P0875';
exception when sqlstate 'P0875' then
  perform set_config('probe.halves', halves, true);
end $verify$;
create temporary table before_0875 as select id, title, body_text, word_count, updated_at from pg_temp.texts_0875;
select testdata.gen_publishing(42875, 0, 120, 0.001) > 1200;
set constraints all immediate;
select sum(hashtextextended(name || value, 0))::text = current_setting('probe.halves'), count(distinct name) = 11 from pg_temp.rows_0875;
select count(*) = 0 from before_0875 b join pg_temp.texts_0875 t using (id) where (b.title, b.body_text, b.word_count, b.updated_at) is distinct from (t.title, t.body_text, t.word_count, t.updated_at);
select count(*) > 80, bool_and(r.status = 'accepted' and r.number = t.revisions and r.body = t.body_text and t.current_revision_id = r.id), bool_and(array_remove(publishing.missing_for_publication(r.id), t.kind || ' takes hc_moderator') = '{}') from pg_temp.texts_0875 t left join publishing.revisions r on r.content_id = t.id and r.id = t.current_revision_id where t.shown;
select bool_and(t.current_revision_id is null) from pg_temp.texts_0875 t where not t.shown;
select count(*) = sum(case when r.number = t.revisions then t.revisions end), max(r.number) > 9, bool_and(testdata.is_test_id(r.id) and core.uuid_time(r.id) = r.created_at), bool_and((r.parent_id is null) = (r.number = 1)), bool_and(r.created_at between t.created_at and t.updated_at), count(*) filter (where r.status = 'rejected') > 5 from publishing.revisions r join pg_temp.texts_0875 t on t.id = r.content_id;
select split_part(r.change_summary, ' ', 1) in ('insert', 'move', 'delete'), count(*) > 20, bool_and(case split_part(r.change_summary, ' ', 1) when 'insert' then (d.inserted, d.deleted) = (w.words, 0) when 'delete' then (d.inserted, d.deleted) = (0, w.words) else d.inserted = d.deleted and d.inserted between 1 and w.words end)
from publishing.revisions r join pg_temp.texts_0875 t on t.id = r.content_id, lateral (select split_part(r.change_summary, ' ', 2)::int as words) w, publishing.diff_stats(r.parent_id, r.id) d where r.number > 1 group by 1;
select count(*) = count(distinct k.content_id), bool_and(k.total = 100), count(*) > 100, count(*) filter (where k.helped) > 5 from (select k.content_id, sum(k.share_percent) as total, bool_or(k.role = 'editor') as helped from publishing.contributions k join pg_temp.texts_0875 t on t.id = k.content_id group by 1) k;
select count(*) > 80, count(*) filter (where exists (select from publishing.contributions k where k.content_id = t.id and k.user_id = v.reviewer_id and k.role <> 'reviewer') or v.reviewer_id = r.author_id) = 0, max(v.round) = 2, count(*) filter (where v.decided_at <= t.updated_at) > 0.7 * count(v.decided_at), bool_and(coalesce(v.decided_at, v.created_at) >= v.created_at and v.created_at >= r.created_at and v.created_at > u.created_at) from publishing.reviews v join core.users u on u.id = v.reviewer_id join publishing.revisions r on r.id = v.revision_id join pg_temp.texts_0875 t on t.id = r.content_id;
select count(*) > 25, bool_and(f.content_id = t.id and f.canonical_slug = t.slug and f.status = 301) from publishing.slug_history h join pg_temp.texts_0875 t on t.id = h.content_id left join lateral publishing.resolve(h.locale, h.old_slug) f on true where t.status = 'published';
select max(chain) = 3 from (select count(*) as chain from publishing.slug_history h join pg_temp.texts_0875 t on t.id = h.content_id group by h.content_id) c;
select count(*) > 10, bool_and(case when r.number = s.revisions then f.staleness = 0 when last.change_summary like 'insert%' then f.staleness = 0 else f.staleness > 0 end), count(*) filter (where f.staleness > 0) > 1 from publishing.translations x join pg_temp.texts_0875 s on s.id = x.source_content_id join publishing.revisions r on r.id = x.source_revision_id
  join publishing.revisions last on last.id = s.current_revision_id, lateral (select publishing.translation_staleness(x.content_id) as staleness) f;
select count(*) > 15, bool_and(m.alt_text = 'A hinge on a bench' and a.media_type = 'image/png'), bool_and(a.created_at < t.updated_at) from publishing.media m join pg_temp.texts_0875 t on t.id = m.content_id join core.assets a on a.id = m.asset_id;
select max(extensions.nlevel(k.path)) = 6, count(*) > 150, count(distinct k.status) = 3, bool_and((k.parent_id is null) = (extensions.nlevel(k.path) = 1)), bool_and(p.id is null or k.path operator(extensions.<@) p.path and k.created_at >= p.created_at), bool_and(u.created_at <= k.created_at and k.updated_at <= testdata.window_end())
from publishing.comments k join pg_temp.texts_0875 t on t.id = k.content_id left join publishing.comments p on p.id = k.parent_id join core.users u on u.id = k.author_id;
select count(*) > 3, bool_and(i.numbers = array(select generate_series(1, cardinality(i.numbers))) and cardinality(i.numbers) > 1) from (select i.series_id, array_agg(i.position order by i.position) as numbers from publishing.series_items i join pg_temp.texts_0875 t on t.id = i.content_id group by 1) i;
select count(*) filter (where h.status = 'indexed') > 10, count(distinct h.status) >= 3, bool_and(h.revision_id = t.current_revision_id and t.kind in ('knowledge', 'tutorial')) from publishing.handovers h join pg_temp.texts_0875 t on t.id = h.content_id;
select count(*) = 0 from (select x.id, x.status from publishing.revisions x join pg_temp.texts_0875 t on t.id = x.content_id where x.status <> 'draft' union all select x.id, x.status from publishing.comments x join pg_temp.texts_0875 t on t.id = x.content_id where x.status <> 'visible'
  union all select x.id, x.status from publishing.handovers x join pg_temp.texts_0875 t on t.id = x.content_id where x.status <> 'queued') x where x.status is distinct from (select s.to_status from core.status_changes s where s.entity_id = x.id order by s.occurred_at desc limit 1);
select bool_and(tgenabled = 'O') and count(*) = 3 from pg_trigger where tgrelid = 'core.content'::regclass and tgname in ('content_touch', 'content_e_gate', 'content_handover');
set local testdata.allow = off;
select blueprint.raises('select testdata.gen_publishing(42875, 0, 20, 0.001)', '42501', 'not allowed');
select count(*) = 1, (select count(*) = 0 from blueprint.open_to_public('testdata')) from testdata.generators where name = 'gen_publishing' and after = '{gen_content,gen_assets}';

-- revert
delete from testdata.generators where name = 'gen_publishing';
drop function testdata.gen_publishing;
drop function testdata.articles_of;
drop type testdata.article;
