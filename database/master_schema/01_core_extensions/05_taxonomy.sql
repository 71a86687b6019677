-- Room extensions, taxonomy: core.terms kept as a tree without orphans, in every language, found in spite of typing errors, and changed as a whole.

-- task: BUILD_0023 create_indexes critical
-- title: Index core.terms with GiST ltree, trigram GIN and mixed btree_gin operator classes
-- does: One index per question: subtree, misspelt label, kind with synonyms, siblings in order; a path is given once. The operator classes are the ones
--   later rooms use again.
-- proves: each question's plan names its index; a second term at one path is refused (23505).
-- needs: BUILD_0022
alter table core.terms add constraint terms_path_key unique (path);

create index terms_path_idx on core.terms using gist (path extensions.gist_ltree_ops);

create index terms_label_search_idx on core.terms using gin (label_search extensions.gin_trgm_ops);

create index terms_kind_synonyms_idx on core.terms using gin (kind, synonyms);

create index terms_kind_sort_idx on core.terms (kind, sort);

create index probes_name_occurred_at_idx on extensions.probes (name, occurred_at desc);

comment on constraint terms_path_key on core.terms is 'A path names one term; what parent_path refers to.';
comment on index core.terms_path_idx is 'Subtree of a term (path <@), ancestors (@>) and patterns (~ lquery).';
comment on index core.terms_label_search_idx is 'core.similar_terms(): misspelt words and prefixes of any label or synonym.';
comment on index core.terms_kind_synonyms_idx is 'Terms of a kind that carry all given synonyms; both in one index by btree_gin.';
comment on index core.terms_kind_sort_idx is 'Terms of a kind in their order, for pickers.';
comment on index extensions.probes_name_occurred_at_idx is 'Latest probe of an extension, for extensions.status; and the foreign key.';

-- verify
select index, blueprint.plan_uses(sql, index) from (values
  ('terms_path_idx', $$ select id from core.terms where path operator(extensions.<@) 'process' $$),
  ('terms_label_search_idx', $$ select id from core.terms where label_search operator(extensions.%) 'mling' $$),
  ('terms_label_search_idx', $$ select id from core.terms where 'mling' operator(extensions.<%) label_search $$),
  ('terms_kind_sort_idx', $$ select id from core.terms where kind = 'process' order by sort $$),
  ('probes_name_occurred_at_idx', $$ select id from extensions.probes where name = 'ltree' order by occurred_at desc limit 1 $$)
) questions(index, sql);
drop index core.terms_kind_sort_idx;
select blueprint.plan_uses($$ select id from core.terms where kind = 'process' and synonyms @> '{fraesen}' $$, 'terms_kind_synonyms_idx');
select blueprint.raises($$ insert into core.terms (path, kind, labels) values ('process', 'process', '{"en": "Again"}') $$, '23505', 'terms_path_key');

-- task: BUILD_0024 create_foreign_keys critical
-- title: Bind probes to requirements and terms to their parents by foreign keys
-- does: A probe belongs to a listed extension and follows its name; parent_path is generated from path and refers to the parent's, checked at commit, so a
--   subtree moves in one transaction and an orphan can never be committed.
-- proves: a term below nothing fails when constraints are checked (23503), also as what is left when a parent goes; a subtree renamed level by level passes;
--   probes follow a renamed requirement, and none can be of an unlisted one.
-- needs: BUILD_0005, BUILD_0023
alter table extensions.probes
  add constraint probes_name_fk foreign key (name) references extensions.requirements (name) on update cascade;

alter table core.terms
  add parent_path extensions.ltree generated always as (case when extensions.nlevel(path) > 1 then extensions.subpath(path, 0, -1) end) stored,
  add constraint terms_parent_path_fk foreign key (parent_path) references core.terms (path) deferrable initially deferred;

create index terms_parent_path_idx on core.terms (parent_path);

comment on column core.terms.parent_path is 'Path without its last label, null for a root; generated.';
comment on constraint terms_parent_path_fk on core.terms is 'No orphans. Checked at commit, so that a subtree can be moved row by row.';
comment on index core.terms_parent_path_idx is 'Children of a term, for core.term_tree; and the foreign key.';

-- verify
insert into core.terms (path, kind, labels) values ('process.probe_0024.x.y', 'process', '{"en": "y"}');
select blueprint.raises('set constraints all immediate', '23503', 'terms_parent_path_fk');
insert into core.terms (path, kind, labels) values ('process.probe_0024', 'process', '{"en": "probe"}'), ('process.probe_0024.x', 'process', '{"en": "x"}');
set constraints all immediate;
set constraints all deferred;
update core.terms set path = 'process.probe_0024_b' where path::text = 'process.probe_0024';
update core.terms set path = 'process.probe_0024_b.x' where path::text = 'process.probe_0024.x';
update core.terms set path = 'process.probe_0024_b.x.y' where path::text = 'process.probe_0024.x.y';
set constraints all immediate;
select count(*) = 3, bool_and(parent_path::text = regexp_replace(path::text, '\.[^.]+$', '')) from core.terms where path operator(extensions.<@) 'process.probe_0024_b';
select parent_path is null from core.terms where path::text = 'process';
select blueprint.raises($$ delete from core.terms where path::text = 'process.probe_0024_b' $$, '23503');
select blueprint.plan_uses($$ select id from core.terms where parent_path operator(extensions.=) 'process' $$, 'terms_parent_path_idx');
insert into extensions.requirements (name, min_version, purpose, probe_sql, fallback) values ('probe_0024', '1', 'probe', 'select true', 'none');
insert into extensions.probes (name, outcome) values ('probe_0024', 'absent');
update extensions.requirements set name = 'probe_0024_b' where name = 'probe_0024';
select count(*) = 1 from extensions.probes where name = 'probe_0024_b';
select blueprint.raises($$ insert into extensions.probes (name, outcome) values ('nope', 'absent') $$, '23503', 'probes_name_fk');
select not exists (select from blueprint.unindexed_fks('extensions')), not exists (select from blueprint.unindexed_fks('core') where table_name = 'core.terms');

-- task: BUILD_0026 create_triggers critical
-- title: Keep taxonomy paths, synonyms and the log of probes right by triggers
-- does: Paths are lower-cased, synonyms trimmed, sorted and given once, whatever their spelling; a term with children cannot go, not even until commit;
--   ids and dates of creation stay; probes are append-only; changed rows are stamped.
-- proves: a German label is found in its unaccented form, synonyms come out sorted and single; deleting a parent raises (23503), a whole subtree goes;
--   UPDATE, DELETE and TRUNCATE on probes raise, their renaming by a requirement does not; updated_at moves, created_at cannot.
-- needs: BUILD_0005, BUILD_0014, BUILD_0024, BUILD_0036
create function core.normalise_term() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.path := extensions.text2ltree(lower(extensions.ltree2text(new.path)));
  new.synonyms := array(
    select single.synonym from (
      select distinct on (core.fold(s)) btrim(s) as synonym from unnest(new.synonyms) s where btrim(s) <> '' order by core.fold(s), s collate "C"
    ) single order by core.fold(single.synonym) collate "C");
  return new;
end $$;

create function core.refuse_orphans() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if exists (select from core.terms t where t.parent_path operator(extensions.=) old.path) then
    raise exception 'term % has children', old.path
      using errcode = 'foreign_key_violation', constraint = tg_name, hint = 'Move or merge them first: core.term_move(), core.term_merge().';
  end if;
  return null;
end $$;

create trigger terms_normalise before insert or update of path, synonyms on core.terms
  for each row execute function core.normalise_term();

create trigger terms_refuse_orphans after delete on core.terms
  for each row execute function core.refuse_orphans();

create trigger terms_freeze before update on core.terms
  for each row when (old.id is distinct from new.id or old.created_at is distinct from new.created_at) execute function core.freeze_columns();

create trigger terms_touch before update on core.terms
  for each row execute function core.touch_updated_at();

create trigger requirements_touch before update on extensions.requirements
  for each row execute function core.touch_updated_at();

create trigger probes_append_only before update or delete on extensions.probes
  for each row when (pg_catalog.pg_trigger_depth() = 0) execute function core.forbid_change();

create trigger probes_no_truncate before truncate on extensions.probes
  for each statement execute function core.forbid_change();

comment on function core.normalise_term is 'Trigger of core.terms: path in lower case; synonyms trimmed, sorted, one per folded form.';
comment on function core.refuse_orphans is 'Trigger of core.terms: refuses at once what terms_parent_path_fk would refuse at commit.';
comment on trigger terms_normalise on core.terms is 'One spelling of paths, each synonym once.';
comment on trigger terms_refuse_orphans on core.terms is 'A term with children stays; a whole subtree may go in one statement.';
comment on trigger terms_freeze on core.terms is 'Id and date of creation stay.';
comment on trigger terms_touch on core.terms is 'Stamps updated_at.';
comment on trigger requirements_touch on extensions.requirements is 'Stamps updated_at.';
comment on trigger probes_append_only on extensions.probes is 'The log is never rewritten; only a renamed requirement takes its probes along (at trigger depth 1).';
comment on trigger probes_no_truncate on extensions.probes is 'The log is never emptied.';

-- verify
insert into core.terms (path, kind, labels, synonyms) values ('process.Probe_0026', 'process', '{"en": "Deburring"}', '{" trowal ",Schleifen,SCHLEIFEN,abrasive,""}')
returning path::text = 'process.probe_0026', synonyms = '{abrasive,SCHLEIFEN,trowal}';
update core.terms set labels = labels || '{"de": "Gleitschleifen für Bänder"}' where path::text = 'process.probe_0026';
select count(*) = 1 from core.terms where label_search like '%' || core.fold('fur BANDER') || '%' and path::text = 'process.probe_0026';
update core.terms set updated_at = '2026-01-01', sort = 7 where path::text = 'process.probe_0026' returning updated_at > '2026-01-02', updated_at >= now();
insert into core.terms (path, kind, labels) values ('process.probe_0026.child', 'process', '{"en": "Child"}');
select blueprint.raises($$ delete from core.terms where path::text = 'process.probe_0026' $$, '23503', 'terms_refuse_orphans'),
  blueprint.raises($$ update core.terms set created_at = '2020-01-01' where path::text = 'process.probe_0026' $$, '55006', 'created_at'),
  blueprint.raises('truncate extensions.probes', '55006', 'probes'),
  not blueprint.raises($$ delete from core.terms where path operator(extensions.<@) 'process.probe_0026' $$, '23503');
insert into extensions.requirements (name, min_version, purpose, probe_sql, fallback, updated_at) values ('probe_0026', '1', 'probe', 'select true', 'none', '2026-01-01');
insert into extensions.probes (name, outcome) values ('probe_0026', 'absent');
update extensions.requirements set name = 'probe_0026_b' where name = 'probe_0026' returning updated_at > '2026-01-02';
select count(*) = 1, bool_and(blueprint.raises(format('update extensions.probes set outcome = %L where id = %L', 'ok', id), '55006', 'update')),
  bool_and(blueprint.raises(format('delete from extensions.probes where id = %L', id), '55006', 'delete'))
from extensions.probes where name = 'probe_0026_b';
select f, not has_function_privilege('hc_replicator', f::regprocedure, 'execute') from unnest(array['core.normalise_term()', 'core.refuse_orphans()']) f;

-- task: BUILD_0028 create_jsonb_indexes
-- title: Index term label JSONB for locale lookups and untranslated reports
-- does: term_by_label(locale, label) finds terms by their exact name in a language through containment, terms are listed by English name through an
--   expression index, untranslated_terms(locale) says what a translator has to do.
-- proves: term_by_label('de', 'Fräsen') finds the term through the GIN index and not by its English name, the English list has its index;
--   untranslated_terms('fr') lists the term until it has a French label.
-- needs: BUILD_0005, BUILD_0024
create index terms_labels_idx on core.terms using gin (labels jsonb_path_ops);

create index terms_labels_en_idx on core.terms ((labels ->> 'en'));

create function core.term_by_label(locale text, label text) returns setof core.terms
  language sql stable parallel safe
begin atomic
  select t.* from core.terms t where t.labels @> jsonb_build_object(term_by_label.locale, term_by_label.label) and not t.metadata ? 'merged_into';
end;

create function core.untranslated_terms(locale text) returns setof core.terms
  language sql stable parallel safe
begin atomic
  select t.* from core.terms t where not t.labels ? untranslated_terms.locale and not t.metadata ? 'merged_into' order by t.path;
end;

comment on index core.terms_labels_idx is 'core.term_by_label(): labels @> {locale: label}.';
comment on index core.terms_labels_en_idx is 'Terms by English name, one or in order.';
comment on function core.term_by_label is 'Terms with exactly this label in this locale; merged ones are left out.';
comment on function core.untranslated_terms is 'Terms without a label in this locale, in tree order.';

grant execute on function core.term_by_label, core.untranslated_terms to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;

-- verify
insert into core.terms (path, kind, labels) values ('process.probe_0028', 'process', '{"en": "Probe 0028", "de": "Fräsen 0028"}');
insert into core.terms (path, kind, labels, metadata) values ('process.probe_0028.gone', 'process', '{"en": "Gone 0028", "de": "Fräsen 0028"}', '{"merged_into": "elsewhere"}');
select count(*) = 1 and bool_and(path::text = 'process.probe_0028') from core.term_by_label('de', 'Fräsen 0028');
select not exists (select from core.term_by_label('de', 'Probe 0028'));
select blueprint.plan_uses($$ select id from core.terms where labels @> '{"de": "Fräsen 0028"}' $$, 'terms_labels_idx'),
  blueprint.plan_uses($$ select id from core.terms where labels ->> 'en' = 'Probe 0028' $$, 'terms_labels_en_idx');
select array_agg(path::text) = '{process.probe_0028}' from core.untranslated_terms('fr') where path operator(extensions.<@) 'process.probe_0028';
update core.terms set labels = labels || '{"fr": "Fraisage"}' where path::text = 'process.probe_0028';
select not exists (select from core.untranslated_terms('fr') where path operator(extensions.<@) 'process.probe_0028');
select f, bool_and(has_function_privilege(role, f::regprocedure, 'execute')), not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from unnest(array['core.term_by_label(text, text)', 'core.untranslated_terms(text)']) f, unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role
group by f;

-- task: BUILD_0029 create_constraints
-- title: Constrain taxonomy depth, labels, kinds and requirement versions
-- does: Terms lie at most eight levels deep under the root of their kind, have an English label, texts only as labels and at most 40 synonyms; a
--   requirement has a dotted version and a probe that is one plain SELECT, and one that is optional says what stands in.
-- proves: each rule refuses its counter-example by name (23514), among them a nine-level path, labels without en, a numeric label, an optional requirement
--   without fallback and a probe holding DELETE, and lets its neighbour pass.
-- needs: BUILD_0005, BUILD_0022
alter table core.terms
  add constraint terms_path_depth_check check (extensions.nlevel(path) between 1 and 8),
  add constraint terms_path_root_check check (extensions.ltree2text(extensions.subpath(path, 0, 1)) = kind),
  add constraint terms_labels_check check (jsonb_typeof(labels) = 'object' and not jsonb_path_exists(labels, 'strict $.* ? (@.type() != "string" || @ == "")', silent => true)),
  add constraint terms_labels_en_check check (labels ? 'en'),
  add constraint terms_synonyms_check check (cardinality(synonyms) <= 40 and array_position(synonyms, null) is null);

alter table extensions.requirements
  add constraint requirements_min_version_check check (min_version ~ '^\d+(\.\d+)*$'),
  add constraint requirements_fallback_check check (is_required or fallback is not null),
  add constraint requirements_probe_sql_check check (probe_sql ~* '^\s*select\M' and probe_sql !~ ';'
    and probe_sql !~* '\m(insert|update|delete|merge|truncate|create|alter|drop|grant|revoke|copy|call|do|execute|into|set|set_config|lock|vacuum|nextval|setval|pg_read_file|dblink\w*|lo_\w+)\M');

comment on constraint terms_path_depth_check on core.terms is 'Eight levels are more than anybody browses.';
comment on constraint terms_path_root_check on core.terms is 'The first label of a path is its kind.';
comment on constraint terms_labels_check on core.terms is 'Labels are texts that say something.';
comment on constraint terms_labels_en_check on core.terms is 'English is what every other language falls back to.';
comment on constraint terms_synonyms_check on core.terms is 'Forty are a list, more are a mistake.';
comment on constraint requirements_min_version_check on extensions.requirements is 'Dotted digits, so that versions compare as numbers.';
comment on constraint requirements_fallback_check on extensions.requirements is 'Optional means that something is said about its absence.';
comment on constraint requirements_probe_sql_check on extensions.requirements is 'A probe looks and changes nothing: one SELECT without commands that write. Catches mistakes; only tasks may write here anyway.';

-- verify
select rule, note, blueprint.raises(sql, '23514', rule) from (
  select rule, note, format('insert into core.terms (path, kind, labels, synonyms) values (%L, %L, %L, %L)', path, kind, labels, synonyms) from (values
    ('terms_path_depth_check', 'nine levels', 'process.2.3.4.5.6.7.8.9', 'process', '{"en": "x"}', '{}'), ('terms_path_root_check', 'other root', 'process.probe', 'tool', '{"en": "x"}', '{}'),
    ('terms_labels_check', 'number', 'process.probe', 'process', '{"en": "x", "de": 1}', '{}'), ('terms_labels_check', 'empty', 'process.probe', 'process', '{"en": ""}', '{}'),
    ('terms_labels_check', 'array', 'process.probe', 'process', '["en"]', '{}'), ('terms_labels_en_check', 'no en', 'process.probe', 'process', '{"de": "x"}', '{}'),
    ('terms_synonyms_check', '41', 'process.probe', 'process', '{"en": "x"}', (select array_agg('s' || i) from generate_series(1, 41) i)::text)
  ) terms(rule, note, path, kind, labels, synonyms)
  union all
  select rule, note, format('insert into extensions.requirements (name, min_version, purpose, probe_sql, fallback) values (%L, %L, %L, %L, %L)', 'probe_0029', version, 'probe', probe, fallback) from (values
    ('requirements_min_version_check', 'letters', '1.x', 'select true', 'none'), ('requirements_fallback_check', 'none', '1', 'select true', null),
    ('requirements_probe_sql_check', 'delete', '1', 'with gone as (delete from core.terms returning 1) select true', 'none'), ('requirements_probe_sql_check', 'cte', '1', 'select true from (delete from core.terms) t', 'none'),
    ('requirements_probe_sql_check', 'two', '1', 'select true; select 1', 'none'), ('requirements_probe_sql_check', 'no select', '1', 'table core.terms', 'none'),
    ('requirements_probe_sql_check', 'into', '1', 'SELECT true INTO core.x', 'none'), ('requirements_probe_sql_check', 'setting', '1', 'select set_config(''role'', ''none'', true) is null', 'none')
  ) requirements(rule, note, version, probe, fallback)
) rules(rule, note, sql);
insert into core.terms (path, kind, labels, synonyms)
select 'process.2.3.4.5.6.7.8', 'process', '{"en": "x", "de": "y"}', array_agg('s' || i) from generate_series(1, 40) i
returning extensions.nlevel(path) = 8;
insert into extensions.requirements (name, min_version, purpose, probe_sql, fallback) values ('probe_0029', '1.10.2', 'probe', ' SELECT updated_at is not null from extensions.requirements limit 1', 'none')
returning not is_required;

-- task: BUILD_0035 implement_feature
-- title: Fuzzy taxonomy search core.similar_terms(q, kind, locale, limit)
-- does: Finds terms by what people type: exact labels and synonyms first, then words that look alike by trigram word similarity from 0.3, then nearer the
--   root; one or two letters are taken as the beginning of a word. Labels come in the wanted locale.
-- proves: 'quartz cuting' ranks the quartz cutting term first with score > 0.5, a synonym without its accents beats everything, two letters give the words that
--   begin with them, kind and limit hold, merged terms are gone; both searches can use the trigram index.
-- needs: BUILD_0023, BUILD_0024
select extensions.show_limit();  -- loads pg_trgm: only then may its parameter be set by a function of a plain role

create function core.similar_terms(q text, kind text default null, locale text default 'en', max_hits int default 10)
  returns table (term_id uuid, path extensions.ltree, label text, score real)
  language sql stable parallel safe set search_path = '' set pg_trgm.word_similarity_threshold = 0.3
begin atomic
  select t.id, t.path, coalesce(t.labels ->> similar_terms.locale, t.labels ->> split_part(similar_terms.locale, '-', 1), t.labels ->> 'en'), s.score
  from core.fold(similar_terms.q) f(word),
    core.terms t,
    lateral (select case when strpos(t.label_search, '|' || f.word || '|') > 0 then 1 else extensions.word_similarity(f.word, t.label_search) end::real) s(score)
  where (length(f.word) > 2 and f.word operator(extensions.<%) t.label_search
      or length(f.word) in (1, 2) and (t.label_search like '%|' || f.word || '%' or t.label_search like '% ' || f.word || '%'))
    and (similar_terms.kind is null or t.kind = similar_terms.kind) and not t.metadata ? 'merged_into'
  order by strpos(t.label_search, '|' || f.word || '|') > 0 desc, s.score desc, extensions.nlevel(t.path), t.path
  limit similar_terms.max_hits;
end;

comment on function core.similar_terms is 'Terms by what people type: exact names first (score 1), then by word similarity of 0.3 and more; one or two letters are the beginning of a word. path and label come along, label in locale, its language or English.';

grant execute on function core.similar_terms to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;

-- verify
insert into core.terms (path, kind, labels, synonyms, metadata) values
  ('process.probe_0035', 'process', '{"en": "Quartz working"}', '{}', '{}'),
  ('process.probe_0035.cutting', 'process', '{"en": "Quartz cutting", "de": "Quarzschnitt"}', '{"Zzyx Säge"}', '{}'),
  ('process.probe_0035.polishing', 'process', '{"en": "Quartz polishing"}', '{}', '{}'),
  ('process.probe_0035.gone', 'process', '{"en": "Quartz cuting"}', '{}', '{"merged_into": "elsewhere"}'),
  ('tool.probe_0035', 'tool', '{"en": "Cutter for quartz", "de": "Zzyx Säge mit Führung"}', '{}', '{}');
select (array_agg(path::text))[1] = 'process.probe_0035.cutting', (array_agg(score))[1] > 0.5, bool_and(score between 0.3 and 1), (array_agg(label))[1] = 'Quarzschnitt',
  not bool_or(path::text = 'process.probe_0035.gone'), bool_or(path::text = 'tool.probe_0035'), array_agg(score) = array_agg(score order by score desc)
from core.similar_terms('quartz cuting', locale => 'de-CH');
select array_agg(path::text) = '{process.probe_0035.cutting,tool.probe_0035}', (array_agg(score))[1] = 1 from core.similar_terms('ZZYX SAGE', max_hits => 2);
select array_agg(path::text) = '{process.probe_0035.cutting}' from core.similar_terms('zz', 'process');
select array_agg(path::text) = '{tool.probe_0035}' from core.similar_terms('zz', 'tool');
select count(*) = 1 from core.similar_terms('quartz', max_hits => 1);
select not exists (select from core.similar_terms('  ')), not exists (select from core.similar_terms(null));
select blueprint.plan_uses($$ select id from core.terms where 'quartz cuting' operator(extensions.<%) label_search $$, 'terms_label_search_idx'),
  blueprint.plan_uses($$ select id from core.terms where label_search like '%|zz%' or label_search like '% zz%' $$, 'terms_label_search_idx');
select has_function_privilege(role, f, 'execute'), not has_function_privilege('hc_replicator', f, 'execute')
from unnest(array['core.similar_terms(text, text, text, int)']) f, unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;
set local role hc_anon;
select exists (select from core.similar_terms('quartz cuting'));

-- revert
drop function core.similar_terms;

-- task: BUILD_0037 implement_feature
-- title: Subtree moves and merges in the taxonomy: term_move and term_merge
-- does: term_move() hangs a term with all below it under another parent; term_merge() lets one term stand for another: every foreign key to it is re-pointed,
--   labels and synonyms are united, children move or merge likewise, and a redirect stays in its place.
-- proves: moving three nodes keeps their ids and changes their paths, moving below oneself or onto another root raises (23514); a merge re-points a probe's
--   foreign key, unites words, takes children and earlier redirects along; members can do neither (42501).
-- needs: BUILD_0005, BUILD_0024
create function core.term_move(term uuid, new_parent uuid) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  source extensions.ltree;
  target extensions.ltree;
  moved bigint;
begin
  select t.path into strict source from core.terms t where t.id = term for update;
  select t.path into strict target from core.terms t where t.id = new_parent and not t.metadata ? 'merged_into' for update;
  if target operator(extensions.<@) source or extensions.subpath(target, 0, 1) operator(extensions.<>) extensions.subpath(source, 0, 1) then
    raise exception 'term % cannot move under %', source, target
      using errcode = 'check_violation', hint = 'A term moves within its kind, and not under itself.';
  end if;
  update core.terms t set path = target operator(extensions.||) extensions.subpath(t.path, extensions.nlevel(source) - 1)
  where t.path operator(extensions.<@) source;
  get diagnostics moved = row_count;
  return moved;
end $$;

create function core.term_merge(from_term uuid, into_term uuid) returns bigint
  language plpgsql security definer set search_path = ''
as $$
declare
  source core.terms;
  target core.terms;
  child record;
  reference record;
  repointed bigint := 0;
  n bigint;
begin
  select t.* into strict source from core.terms t where t.id = from_term for update;
  select t.* into strict target from core.terms t where t.id = into_term for update;
  if target.path operator(extensions.<@) source.path or source.kind <> target.kind or source.metadata ? 'merged_into' or target.metadata ? 'merged_into' then
    raise exception 'term % cannot be merged into %', source.path, target.path
      using errcode = 'check_violation', hint = 'Both are live and of one kind, and the second is not below the first.';
  end if;
  for child in
    select c.id, twin.id as twin_id from core.terms c
    left join core.terms twin on twin.path operator(extensions.=) (target.path operator(extensions.||) extensions.subpath(c.path, -1)) and twin.id <> from_term
    where c.parent_path operator(extensions.=) source.path and not c.metadata ? 'merged_into' order by c.path
  loop
    if child.twin_id is null then
      perform core.term_move(child.id, into_term);
    else
      repointed := repointed + core.term_merge(child.id, child.twin_id);
    end if;
  end loop;
  for reference in
    select c.conrelid::regclass as relation, a.attname as name from pg_catalog.pg_constraint c
    join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    join pg_catalog.pg_attribute k on k.attrelid = c.confrelid and k.attnum = c.confkey[1] and k.attname = 'id'
    where c.contype = 'f' and c.confrelid = 'core.terms'::regclass and c.conparentid = 0 and cardinality(c.conkey) = 1
  loop
    execute format('update %1$s set %2$I = $1 where %2$I = $2', reference.relation, reference.name) using into_term, from_term;
    get diagnostics n = row_count;
    repointed := repointed + n;
  end loop;
  update core.terms t set labels = source.labels || t.labels,
    synonyms = t.synonyms || source.synonyms || array(select l.value from jsonb_each_text(source.labels) l where t.labels ->> l.key <> l.value)
  where t.id = into_term;
  update core.terms t set synonyms = '{}', metadata = t.metadata || jsonb_build_object('merged_into', into_term, 'merged_at', now()) where t.id = from_term;
  update core.terms t set metadata = t.metadata || jsonb_build_object('merged_into', into_term) where t.metadata @> jsonb_build_object('merged_into', from_term);
  return repointed;
end $$;

comment on function core.term_move is 'Moves a term and all below it under new_parent; returns how many paths changed. Ids stay, so foreign keys do; paths kept elsewhere as values do not follow. Security definer: moderators change the tree by this alone.';
comment on function core.term_merge is 'Lets into_term stand for from_term and returns how many references were re-pointed. What from_term had goes over; it stays as a redirect (metadata.merged_into). Security definer: references live in tables that moderators cannot write.';

grant execute on function core.term_move, core.term_merge to hc_moderator;

-- verify
insert into core.terms (path, kind, labels, synonyms) values
  ('process.probe_0037', 'process', '{"en": "Probe"}', '{}'), ('process.probe_0037.a', 'process', '{"en": "A", "de": "A de"}', '{ay}'), ('process.probe_0037.a.x', 'process', '{"en": "X"}', '{}'),
  ('process.probe_0037.a.y', 'process', '{"en": "Y"}', '{}'), ('process.probe_0037.a.y.z', 'process', '{"en": "Z"}', '{}'), ('process.probe_0037.b', 'process', '{"en": "B", "fr": "B fr"}', '{bee}'),
  ('process.probe_0037.b.x', 'process', '{"en": "X too"}', '{}');
create table core.probe_0037 (term_id uuid references core.terms (id), path text);
insert into core.probe_0037 select id, path::text from core.terms where path operator(extensions.<@) 'process.probe_0037';
select set_config('probe.' || translate(path::text, '.', '_'), id::text, true) is not null from core.terms where path operator(extensions.<@) 'process.probe_0037';
set local role hc_moderator;
select core.term_move(current_setting('probe.process_probe_0037_a')::uuid, current_setting('probe.process_probe_0037_b')::uuid) = 4;
set constraints all immediate;
select array_agg(t.path::text order by p.path) = '{process.probe_0037.b.a,process.probe_0037.b.a.x,process.probe_0037.b.a.y,process.probe_0037.b.a.y.z}'
from core.terms t, (values ('process_probe_0037_a'), ('process_probe_0037_a_x'), ('process_probe_0037_a_y'), ('process_probe_0037_a_y_z')) p(path) where t.id = current_setting('probe.' || p.path)::uuid;
select blueprint.raises($$ select core.term_move(current_setting('probe.process_probe_0037_b')::uuid, current_setting('probe.process_probe_0037_a_y')::uuid) $$, '23514', 'cannot move'),
  blueprint.raises($$ select core.term_move(current_setting('probe.process_probe_0037_b')::uuid, (select id from core.terms where path::text = 'tool')) $$, '23514', 'cannot move'),
  blueprint.raises($$ select core.term_merge(current_setting('probe.process_probe_0037_b')::uuid, current_setting('probe.process_probe_0037_a')::uuid) $$, '23514', 'cannot be merged');
set constraints all deferred;
select core.term_move(current_setting('probe.process_probe_0037_a')::uuid, current_setting('probe.process_probe_0037')::uuid) = 4;
select core.term_merge(current_setting('probe.process_probe_0037_a')::uuid, current_setting('probe.process_probe_0037_b')::uuid) = 2;
set constraints all immediate;
select labels = '{"en": "B", "de": "A de", "fr": "B fr"}', synonyms @> '{A,ay,bee}', label_search like '%|ay|%' from core.terms where path::text = 'process.probe_0037.b';
select metadata ->> 'merged_into' = current_setting('probe.process_probe_0037_b'), metadata ? 'merged_at', synonyms = '{}' from core.terms where path::text = 'process.probe_0037.a';
select array_agg(path::text order by path) = '{process.probe_0037,process.probe_0037.b,process.probe_0037.b.x,process.probe_0037.b.y,process.probe_0037.b.y.z}'
from core.terms where path operator(extensions.<@) 'process.probe_0037' and not metadata ? 'merged_into';
select core.term_merge(current_setting('probe.process_probe_0037_b')::uuid, current_setting('probe.process_probe_0037')::uuid) = 2;
select bool_and(metadata ->> 'merged_into' = current_setting('probe.process_probe_0037')), count(*) = 2 from core.terms where path::text in ('process.probe_0037.a', 'process.probe_0037.b');
select blueprint.raises($$ select core.term_merge(current_setting('probe.process_probe_0037_a')::uuid, current_setting('probe.process_probe_0037')::uuid) $$, '23514', 'cannot be merged');
set local role hc_owner;
select array_agg(path order by path) = '{process.probe_0037,process.probe_0037.a,process.probe_0037.b}' from core.probe_0037 where term_id::text = current_setting('probe.process_probe_0037');
set local role hc_designer;
select blueprint.raises('select core.term_move(null, null)', '42501', 'term_move'), blueprint.raises('select core.term_merge(null, null)', '42501', 'term_merge');
