-- Test data, content: texts in eight languages and what is written around them. Kinds of uid(): 150 texts. Salts are the number of the task and two digits.

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
  total constant bigint := testdata.keys_of('gen_content', sf);
  people constant bigint := testdata.keys_of('gen_users', sf);
  begun constant timestamptz := testdata.window_start();
  shape constant double precision[] := testdata.shape_of(testdata.window_start(), testdata.window_end());
begin
  return query
  with draws as materialized (
    select k, case when k % 20 in (5, 6) and k < 80 then (k / 20)::int end as planted, testdata.unit(seed, 86901, k) as u_kind, testdata.unit(seed, 86902, k - case when k % 50 = 49 then 1 else 0 end) as u_locale, testdata.unit(seed, 86903, k) as u_status,
      testdata.unit(seed, 86904, k) as u_times, testdata.spread(seed, 86905, k, greatest(total, k + 1)) * 0.99 as u, testdata.zipf(testdata.unit(seed, 86906, k), greatest(20, people / 5), 1.1) - 1 as wanted
    from generate_series(lo, hi - 1) k offset 0),
  dated as materialized (select d.*, testdata.moment(d.u, begun, shape) as at from draws d offset 0)
  select d.k, testdata.uid(seed, 150, d.k, testdata.ms(d.at)), e.id, (array['article', 'tutorial', 'documentation', 'news', 'page', 'knowledge'])[testdata.pick_weighted(d.u_kind, '{0.45,0.70,0.80,0.88,0.92,1}')],
    case when d.planted is not null then 'en' else (array['en', 'de', 'fr', 'es', 'pt', 'it', 'ja', 'sw'])[testdata.pick_weighted(d.u_locale, '{0.50,0.60,0.69,0.78,0.85,0.90,0.96,1}')] end,
    w.status, w.path, testdata.steps_of(d.u_times, d.at, testdata.window_end(), cardinality(w.path)), d.at, d.planted, d.k - case when d.k % 50 = 49 then 1 else 0 end
  from dated d join testdata.walks_of('content', '{"published": 70, "draft": 10, "in_review": 5, "scheduled": 5, "unpublished": 5, "archived": 5}') w on case when d.planted is not null then w.path = '{draft,in_review,published}' else d.u_status >= w.lo and d.u_status < w.hi end
  left join testdata.entities e on e.seed = texts_of.seed and e.kind = 'user' and e.n = d.wanted and e.at < d.at and exists (select from core.users u where u.id = e.id and u.status = 'active');
end $$;

create function testdata.gen_content(seed bigint, lo bigint, hi bigint, sf numeric) returns bigint
  language plpgsql set search_path = ''
as $$
#variable_conflict use_variable
declare
  tag constant bigint := testdata.seed_tag(seed);
  tags constant text[] := testdata.list('tag');
  uses constant text[] := testdata.list('use');
  phrases constant text[] := testdata.list('planted', 'en');
  categories constant uuid[] := (select array_agg(t.id order by t.path) from core.terms t where t.kind = 'topic');
  designs constant bigint := (select count(*) from testdata.entities e where e.seed = gen_content.seed and e.kind = 'design');
  made bigint;
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
      array(select distinct core.fold(testdata.pick(seed, 86980 + k, c.n, tags)) as tag from generate_series(0, 1 + (c.n % 3)::int) k order by tag), c.status,
      case when c.status = 'scheduled' then testdata.window_end() + interval '10 years' + c.n * interval '1 hour' when c.status = 'published' and c.n % 4 = 0 then c.published_step end,
      case when c.status in ('published', 'unpublished') or 'published' = any (c.path) then coalesce(c.published_step, c.times[cardinality(c.times)]) end, c.source, case when c.source <> 'native' then 'td-' || tag || '-' || c.n end,
      core.count_words(c.body), case when c.n % 5 < 2 then jsonb_build_object('title', left(c.title, 70), 'description', left(c.teaser, 160)) else '{}' end, c.blocks, c.body, '{"testdata": true}', c.at, c.times[cardinality(c.times)]
    from counted c order by c.n returning 1),
  keys as (
    insert into testdata.entities (seed, kind, n, id, at) select seed, 'content', c.n, c.id, c.at from counted c order by c.n returning 1)
  select count(*) + (select count(*) from keys) into made from rows;
  return made + testdata.write_history('content', format('select t.id, t.path, t.times, t.author_id from testdata.texts_of(%s, %s, %s, %s) t where cardinality(t.path) > 1', seed, lo, hi, sf));
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
