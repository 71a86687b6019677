-- Room extensions, layer 01: what PostgreSQL's own libraries bring. All of them live in schema extensions, so that functions with an empty
-- search_path name them; what the installation wants of each, what this server can do, and what stands in where one is absent is data here.

-- task: BUILD_0021 create_sql_file critical
-- title: Open room extensions and install the required trusted extensions there
-- does: Schema extensions holds pgcrypto, btree_gin, btree_gist, pg_trgm, ltree, citext and unaccent, usable by every hc_ role and creatable by none;
--   a server without one of the libraries is told at once which are missing.
-- proves: with an empty search_path a member digests, walks ltree, compares trigrams and citext, and meets an exclusion on uuid (23P01);
--   a missing library is named (58P01); no role may create anything in the schema.
-- needs: BUILD_0005, BUILD_0011
select blueprint.open_room('extensions', 1, '01_core_extensions',
  '{"provides": ["extensions", "requirements", "capabilities"], "requires": ["blueprint"], "rls": "read all, hc_owner writes"}',
  'Every extension of the installation, apart from public so that functions with an empty search_path name what they use.');

create function extensions.require(variadic names text[]) returns void
  language plpgsql set search_path = ''
as $$
declare
  missing text := (select string_agg(n, ', ' order by n) from unnest(names) n
                   where n not in (select a.name from pg_catalog.pg_available_extensions a));
begin
  if missing is not null then
    raise exception 'this server lacks the extension libraries: %', missing
      using errcode = 'undefined_file',
        hint = 'Install the contrib package of this PostgreSQL (Debian and Red Hat: postgresql-contrib), then run the build again.';
  end if;
end $$;

comment on function extensions.require is 'Raises 58P01 naming every extension library that this server does not have.';

select extensions.require('pgcrypto', 'btree_gin', 'btree_gist', 'pg_trgm', 'ltree', 'citext', 'unaccent');

create extension pgcrypto with schema extensions;

create extension btree_gin with schema extensions;

create extension btree_gist with schema extensions;

create extension pg_trgm with schema extensions;

create extension ltree with schema extensions;

create extension citext with schema extensions;

create extension unaccent with schema extensions;

grant usage on schema extensions to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;

-- verify
set local search_path = '';
create table extensions.probe_0021 (k uuid, constraint probe_0021_k_excl exclude using gist (k with =));
create index probe_0021_k_idx on extensions.probe_0021 using gin (k);
create policy probe_0021_all on extensions.probe_0021 to hc_member using (true) with check (true);
grant insert, select on extensions.probe_0021 to hc_member;
set local role hc_member;
select encode(extensions.digest('abc', 'sha1'), 'hex') = 'a9993e364706816aba3e25717850c26c9cd0d89d',
  'process'::extensions.ltree operator(extensions.@>) 'process.cnc.milling',
  extensions.similarity('hinge', 'hinges') > 0.6,
  'A@x.org'::extensions.citext operator(extensions.=) 'a@X.ORG'::extensions.citext,
  extensions.unaccent('extensions.unaccent', 'É') = 'E';
insert into extensions.probe_0021 values ('00000000-0000-7000-8000-000000000021');
select blueprint.raises($$ insert into extensions.probe_0021 values ('00000000-0000-7000-8000-000000000021') $$, '23P01', 'probe_0021_k_excl');
set local role hc_owner;
select blueprint.raises($$ select extensions.require('pgcrypto', 'absent_one', 'missing_two') $$, '58P01', 'absent_one, missing_two'),
  not has_function_privilege('hc_anon', 'extensions.require(text[])', 'execute');
select role, has_schema_privilege(role, 'extensions', 'usage'), not has_schema_privilege(role, 'extensions', 'create')
from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor']) role;
select r.layer = 1 from blueprint.rooms r where r.schema_name = 'extensions';

-- revert
drop extension unaccent;
drop extension citext;
drop extension ltree;
drop extension pg_trgm;
drop extension btree_gist;
drop extension btree_gin;
drop extension pgcrypto;
drop function extensions.require;
select blueprint.close_room('extensions');

-- task: BUILD_0022 create_tables critical
-- title: Create extensions.requirements, extensions.probes and the shared taxonomy core.terms
-- does: requirements states what the installation wants of each extension and what stands in without it, in 16 rows; probes logs what a server answered;
--   core.terms is the one tree of topics, materials, processes, tools and finishes that designs, content, machines and courses refer to.
-- proves: every installed extension and each optional one is listed; a term below 'process' is found as its descendant by hc_anon, and searchable without
--   its accents; keys, kinds and outcomes are checked; request roles read and write nothing.
-- needs: BUILD_0015, BUILD_0021, BUILD_0036
create table extensions.requirements (
  name text constraint requirements_name_pk primary key,
  schema text not null default 'extensions',
  min_version text not null,
  is_required boolean not null default false,
  purpose text not null,
  probe_sql text not null,
  preload_setting text,
  fallback text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table extensions.probes (
  id uuid default uuidv7() constraint probes_id_pk primary key,
  name text not null,
  occurred_at timestamptz not null default clock_timestamp(),
  installed_version text,
  available_version text,
  outcome text not null constraint probes_outcome_check check (outcome in ('ok', 'absent', 'outdated', 'broken')),
  detail jsonb not null default '{}' constraint probes_detail_check check (jsonb_typeof(detail) = 'object')
);

create function core.term_search_text(labels jsonb, synonyms text[]) returns text
  language sql immutable parallel safe
  return (
    select coalesce('|' || string_agg(word, '|' order by word collate "C") || '|', '') from (
      select core.fold(label #>> '{}') from jsonb_path_query(labels, 'strict $.* ? (@.type() == "string")', silent => true) label
      union
      select core.fold(synonym) from unnest(synonyms) synonym
    ) words(word));

create table core.terms (
  id uuid default uuidv7() constraint terms_id_pk primary key,
  path extensions.ltree not null,
  kind text not null constraint terms_kind_check check (kind in ('topic', 'material', 'process', 'tool', 'finish')),
  labels jsonb not null,
  synonyms text[] not null default '{}',
  label_search text not null generated always as (core.term_search_text(labels, synonyms)) stored,
  sort int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  metadata jsonb not null default '{}' constraint terms_metadata_check check (jsonb_typeof(metadata) = 'object')
);

comment on function core.term_search_text is 'Folded labels of all locales and synonyms between bars: what taxonomy search looks through. |laser cutting| in it is an exact hit.';

insert into extensions.requirements (name, min_version, is_required, purpose, probe_sql, preload_setting, fallback) values
  ('pgcrypto', '1.3', true, 'HMAC, SHA-1 and random bytes for blind indexes, tokens and derived ids',
    $$ select encode(extensions.digest('abc', 'sha1'), 'hex') = 'a9993e364706816aba3e25717850c26c9cd0d89d' $$, null, null),
  ('btree_gin', '1.3', true, 'Scalars and arrays in one GIN index',
    $$ select exists (select from pg_catalog.pg_opclass c join pg_catalog.pg_am a on a.oid = c.opcmethod where a.amname = 'gin' and c.opcname = 'uuid_ops') $$, null, null),
  ('btree_gist', '1.8', true, 'Keys WITHOUT OVERLAPS and exclusion on uuid and text', $$ select extensions.int4_dist(1, 3) = 2 $$, null, null),
  ('pg_trgm', '1.6', true, 'Search that forgives typing errors', $$ select extensions.similarity('hinge', 'hinges') > 0.6 $$, null, null),
  ('ltree', '1.2', true, 'Paths of the taxonomy and of groups', $$ select 'a.b'::extensions.ltree operator(extensions.<@) 'a' $$, null, null),
  ('citext', '1.6', true, 'Mail addresses and handles without case', $$ select 'A'::extensions.citext operator(extensions.=) 'a' $$, null, null),
  ('unaccent', '1.1', true, 'core.fold(): search without accents', $$ select extensions.unaccent('extensions.unaccent'::regdictionary, 'é') = 'e' $$, null, null),
  ('vector', '0.7', false, 'Embeddings and nearest neighbours',
    $$ select '[3,4]'::extensions.vector operator(extensions.<->) '[0,0]' = 5 $$, null, 'Search is lexical only (BM25 and trigrams).'),
  ('pg_stat_statements', '1.11', false, 'What statements cost: tuning, unused rights, deprecations',
    $$ select dealloc >= 0 from extensions.pg_stat_statements_info $$, 'pg_stat_statements.max', 'extensions.top_statements is empty; use the server log.'),
  ('uuid-ossp', '1.1', false, 'Second opinion on core.uuid_v5()',
    $$ select extensions.uuid_generate_v5(extensions.uuid_ns_dns(), 'www.example.com') = '2ed6657d-e927-568b-95e1-2665a8aea6a2' $$, null, 'core.uuid_v5() alone; its check has the RFC vector.'),
  ('postgres_fdw', '1.1', false, 'Reads from an older HingeCraft database while it is migrated',
    $$ select exists (select from pg_catalog.pg_foreign_data_wrapper where fdwname = 'postgres_fdw') $$, null, 'Legacy data is loaded from dumps.'),
  ('sslinfo', '1.2', false, 'Client certificate of a connection in policies', $$ select extensions.ssl_is_used() is not null $$, null, 'pg_stat_ssl, for monitoring roles only.'),
  ('amcheck', '1.4', false, 'Proof that indexes and heaps are sound',
    $$ select to_regprocedure('extensions.bt_index_check(regclass,boolean,boolean)') is not null $$, null, 'Data checksums and the pg_amcheck of a restored backup.'),
  ('pg_prewarm', '1.2', false, 'Warm cache after a restart', $$ select to_regproc('extensions.pg_prewarm') is not null $$, null, 'The cache warms by use.'),
  ('pg_buffercache', '1.4', false, 'What the cache holds', $$ select to_regproc('extensions.pg_buffercache_summary') is not null $$, null, 'Hit ratios from pg_statio views.'),
  ('pgstattuple', '1.5', false, 'Bloat measured exactly', $$ select to_regproc('extensions.pgstattuple_approx') is not null $$, null, 'Bloat is estimated from statistics.');

insert into core.terms (path, kind, labels, sort) values
  ('topic', 'topic', '{"en": "Topics", "de": "Themen"}', 1),
  ('material', 'material', '{"en": "Materials", "de": "Werkstoffe"}', 2),
  ('process', 'process', '{"en": "Processes", "de": "Verfahren"}', 3),
  ('tool', 'tool', '{"en": "Tools", "de": "Werkzeuge"}', 4),
  ('finish', 'finish', '{"en": "Finishes", "de": "Oberflächen"}', 5);

create policy requirements_read on extensions.requirements for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor using (true);

create policy probes_read on extensions.probes for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor using (true);

create policy terms_read on core.terms for select to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor using (true);

comment on policy requirements_read on extensions.requirements is 'Reference data: every role reads all of it.';
comment on policy probes_read on extensions.probes is 'Reference data: every role reads all of it.';
comment on policy terms_read on core.terms is 'Reference data: everybody reads the taxonomy, signed in or not.';

grant select on extensions.requirements, extensions.probes, core.terms to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;

-- verify
select count(*) >= 16 and count(*) filter (where r.is_required) >= 7 and not exists (
  select from pg_extension e where e.extnamespace = 'extensions'::regnamespace and e.extname not in (select name from extensions.requirements))
from extensions.requirements r;
insert into extensions.requirements (name, min_version, purpose, probe_sql, fallback) values ('probe_0022', '1.0', 'probe', 'select true', 'none')
returning schema = 'extensions', not is_required, created_at = now(), updated_at = now();
insert into extensions.probes (name, outcome) values ('probe_0022', 'ok') returning uuid_extract_version(id) = 7, occurred_at > now(), detail = '{}';
insert into core.terms (path, kind, labels) values ('process.probe_0022', 'process', '{"en": "Probe"}')
returning uuid_extract_version(id) = 7, synonyms = '{}', sort = 0, created_at = now(), updated_at = now(), metadata = '{}', label_search = '|probe|';
insert into core.terms (path, kind, labels, synonyms) values ('process.probe_0022.milling', 'process', '{"en": "Milling", "de": "Fräsen "}', '{Fraesen,FRÄSEN}');
select label_search = '|fraesen|frasen|milling|' from core.terms where path::text = 'process.probe_0022.milling';
select core.term_search_text('[]', '{}') = '', core.term_search_text('{"en": 1}', null) = '';
select rule, blueprint.raises(sql, state, rule) from (values
  ('requirements_name_pk', $$ insert into extensions.requirements select * from extensions.requirements where name = 'ltree' $$, '23505'),
  ('probes_id_pk', $$ insert into extensions.probes select * from extensions.probes where name = 'probe_0022' $$, '23505'),
  ('probes_outcome_check', $$ insert into extensions.probes (name, outcome) values ('ltree', 'fine') $$, '23514'),
  ('probes_detail_check', $$ insert into extensions.probes (name, outcome, detail) values ('ltree', 'ok', '[]') $$, '23514'),
  ('terms_id_pk', $$ insert into core.terms (id, path, kind, labels) select id, 'process.probe_0022.copy', kind, labels from core.terms where path::text = 'process' $$, '23505'),
  ('terms_kind_check', $$ insert into core.terms (path, kind, labels) values ('colour', 'colour', '{"en": "Colours"}') $$, '23514'),
  ('terms_metadata_check', $$ update core.terms set metadata = '[]' where path::text = 'process' $$, '23514')
) rules(rule, sql, state);
select relation, relrowsecurity and relforcerowsecurity and bool_and(has_table_privilege(role, relation::regclass, 'select') and not has_table_privilege(role, relation::regclass, 'insert,update,delete'))
from unnest(array['extensions.requirements', 'extensions.probes', 'core.terms']) relation join pg_class on oid = relation::regclass,
  unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor']) role
group by relation, relrowsecurity, relforcerowsecurity;
select not has_function_privilege('hc_replicator', 'core.term_search_text(jsonb, text[])', 'execute');
select attrelid::regclass, bool_and(attnotnull) from pg_attribute
where attrelid = any ('{extensions.requirements,extensions.probes,core.terms}'::regclass[]) and attname = any ('{id,name,schema,min_version,is_required,purpose,probe_sql,created_at,updated_at,
  occurred_at,outcome,detail,path,kind,labels,synonyms,label_search,sort,metadata}')
group by attrelid;
set local role hc_anon;
select count(*) = 1 from core.terms where path operator(extensions.<@) 'process' and labels ->> 'de' = 'Fräsen ';
select exists (select from extensions.requirements), exists (select from extensions.probes);

-- task: BUILD_0025 create_functions critical
-- title: Provide probe(), probe_all() and capability() to know what this server can do
-- does: capability(name) says whether an extension can be used now: installed in its schema, new enough and loaded where it must be preloaded; others
--   branch on it. probe(name) tries one for real and logs the outcome, probe_all() every one.
-- proves: every required extension probes ok; a broken, an outdated, a false and an absent one are logged as such without aborting
--   the caller; capability() is true of required ones and of nothing else unless it is there; members cannot probe (42501).
-- needs: BUILD_0022
create function extensions.at_least(version text, minimum text) returns boolean
  language sql immutable strict parallel safe
  return string_to_array(substring(version from '^\d+(?:\.\d+)*'), '.')::int[] >= string_to_array(minimum, '.')::int[];

create function extensions.capability(extension text) returns boolean
  language sql stable parallel safe
  return exists (
    select from pg_catalog.pg_extension e left join extensions.requirements r on r.name = e.extname
    where e.extname = capability.extension
      and (r.name is null or e.extnamespace = to_regnamespace(quote_ident(r.schema)) and extensions.at_least(e.extversion, r.min_version)
        and (r.preload_setting is null or exists (select from pg_catalog.pg_settings s where s.name = r.preload_setting))));

create function extensions.probe(extension text) returns extensions.probes
  language plpgsql security definer set search_path = ''
as $$
declare
  wanted extensions.requirements;
  result extensions.probes;
  attempt refcursor;
  works boolean;
begin
  select r.* into strict wanted from extensions.requirements r where r.name = extension;
  select e.extversion into result.installed_version from pg_catalog.pg_extension e where e.extname = extension;
  select a.default_version into result.available_version from pg_catalog.pg_available_extensions a where a.name = extension;
  result.outcome := case when result.installed_version is null then 'absent' when not extensions.at_least(result.installed_version, wanted.min_version) then 'outdated' end;
  if result.outcome is null then
    begin
      open attempt for execute 'select (' || wanted.probe_sql || ')';  -- a cursor refuses more than one statement
      fetch attempt into works;
      close attempt;
      result.outcome := case when works then 'ok' else 'broken' end;
    exception when others then
      result.outcome := 'broken';
      result.detail := jsonb_build_object('sqlstate', sqlstate, 'message', sqlerrm);
    end;
  end if;
  insert into extensions.probes (name, installed_version, available_version, outcome, detail)
  values (extension, result.installed_version, result.available_version, result.outcome, coalesce(result.detail, '{}'))
  returning * into result;
  return result;
end $$;

create function extensions.probe_all() returns setof extensions.probes
  language sql
begin atomic
  select p.* from extensions.requirements r, extensions.probe(r.name) p order by r.is_required desc, r.name;
end;

comment on function extensions.at_least is 'True when a version (1.8, 13.0-1) is at least minimum (dotted digits).';
comment on function extensions.capability is 'True when an extension can be used now: installed in its schema, at least its min_version, and preloaded where it must be. What is optional branches on this.';
comment on function extensions.probe is 'Tries an extension with its probe_sql and logs the outcome: ok, absent, outdated or broken. P0002 for one that is not listed. Security definer: no role may write the log.';
comment on function extensions.probe_all is 'Probes every listed extension, required ones first.';

grant execute on function extensions.capability, extensions.at_least to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;

grant execute on function extensions.probe, extensions.probe_all to hc_admin, hc_monitor;

-- verify
insert into extensions.requirements (name, min_version, purpose, probe_sql, fallback) values ('plpgsql', '1', 'probe', 'select 1 / 0 = 0', 'none'), ('absent_0025', '1', 'probe', 'select true', 'none');
set local role hc_monitor;
select count(*) filter (where r.is_required and p.outcome = 'ok' and p.occurred_at > now()) = count(*) filter (where r.is_required),
  bool_and(p.outcome = 'broken' and p.detail ->> 'sqlstate' = '22012' and p.installed_version = p.available_version) filter (where p.name = 'plpgsql'),
  bool_and(p.outcome = 'absent' and p.installed_version is null) filter (where p.name = 'absent_0025')
from extensions.probe_all() p join extensions.requirements r using (name);
select count(*) >= 18 from extensions.probes where occurred_at >= now();
set local role hc_owner;
update extensions.requirements set probe_sql = 'select false' where name = 'plpgsql';
select (extensions.probe('plpgsql')).outcome = 'broken';
update extensions.requirements set min_version = '1.0.1' where name = 'plpgsql';
select (extensions.probe('plpgsql')).outcome = 'outdated', blueprint.raises($$ select extensions.probe('nope') $$, 'P0002');
select not extensions.capability('plpgsql'), not extensions.capability('nope'), not extensions.capability('absent_0025'), bool_and(extensions.capability(name)) from extensions.requirements where is_required;
update extensions.requirements set schema = 'pg_catalog', min_version = '1.0' where name = 'plpgsql';
select extensions.capability('plpgsql');
update extensions.requirements set preload_setting = 'probe_0025.loaded' where name = 'plpgsql';
set local probe_0025.loaded = 'on';  -- anybody can set that: no proof of a library
select not extensions.capability('plpgsql');
update extensions.requirements set preload_setting = 'plpgsql.check_asserts' where name = 'plpgsql';
select extensions.capability('plpgsql');
select extensions.at_least('13.0-1', '12.4'), extensions.at_least('1.10', '1.9'), not extensions.at_least('1.8', '1.8.1');
select f, bool_and(has_function_privilege(role, f::regprocedure, 'execute')), not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from (values ('extensions.capability(text)', '{hc_anon,hc_agent,hc_worker,hc_auditor,hc_analyst,hc_monitor}'::text[]), ('extensions.at_least(text, text)', '{hc_anon,hc_agent,hc_worker,hc_auditor,hc_analyst,hc_monitor}'),
  ('extensions.probe(text)', '{hc_admin,hc_monitor}'), ('extensions.probe_all()', '{hc_admin,hc_monitor}')) functions(f, roles), unnest(roles) role
group by f;
set local role hc_member;
select blueprint.raises($$ select extensions.probe('ltree') $$, '42501', 'probe'), extensions.capability('ltree');

-- task: BUILD_0027 create_views
-- title: Show views extensions.status and core.term_tree
-- does: status says of each extension what is installed, whether it is fit, and if not what to do or what stands in; term_tree shows the taxonomy in the
--   language of the request, with depth and number of children.
-- proves: an absent optional extension has verdict fallback and its text, a required one missing, an old one outdated, an unloaded one not loaded, a failed probe
--   broken; a term reads German for locale de and de-AT, English otherwise, and a merged term is gone.
-- needs: BUILD_0024, BUILD_0025
create view extensions.status with (security_invoker = true) as
select r.name, r.is_required, r.purpose, r.min_version, e.extversion as installed_version, a.default_version as available_version,
  coalesce(e.extversion <> a.default_version, false) as update_available, p.outcome as last_outcome, p.occurred_at as last_probed_at, v.verdict,
  case v.verdict
    when 'missing' then case when a.name is null then 'install the library, then ' else '' end || format('create extension %I with schema %I', r.name, r.schema)
    when 'fallback' then r.fallback
    when 'outdated' then format('alter extension %I update', r.name)
    when 'not loaded' then format('add %s to shared_preload_libraries and restart; until then: %s', r.name, coalesce(r.fallback, 'nothing'))
    when 'broken' then coalesce(p.detail ->> 'message', 'its probe says no')
  end as remedy
from extensions.requirements r
left join pg_catalog.pg_extension e on e.extname = r.name
left join pg_catalog.pg_available_extensions a on a.name = r.name
left join lateral (select l.outcome, l.occurred_at, l.detail from extensions.probes l where l.name = r.name order by l.occurred_at desc limit 1) p on true
cross join lateral (select case
    when e.oid is null then case when r.is_required then 'missing' else 'fallback' end
    when not extensions.at_least(e.extversion, r.min_version) then 'outdated'
    when r.preload_setting is not null and not exists (select from pg_catalog.pg_settings s where s.name = r.preload_setting) then 'not loaded'
    when p.outcome = 'broken' then 'broken'
    else 'ok' end) v(verdict);

create view core.term_tree with (security_invoker = true) as
select t.id, t.path, t.parent_path, t.kind, extensions.nlevel(t.path) as depth,
  coalesce(t.labels ->> l.locale, t.labels ->> split_part(l.locale, '-', 1), t.labels ->> 'en', extensions.ltree2text(extensions.subpath(t.path, -1))) as label,
  (select count(*) from core.terms c where c.parent_path operator(extensions.=) t.path and not c.metadata ? 'merged_into') as children, t.sort
from core.terms t cross join (select core.claims() ->> 'locale') l(locale)
where not t.metadata ? 'merged_into';

comment on view extensions.status is 'Each extension as it stands: verdict ok, fallback, missing, outdated, not loaded or broken, and the remedy.';
comment on column extensions.status.update_available is 'The server has another version than the one installed.';
comment on column extensions.status.last_outcome is 'Outcome of the latest probe, null before the first.';
comment on column extensions.status.verdict is 'ok; fallback (optional and absent); missing (required and absent); outdated; not loaded; broken (by its last probe).';
comment on column extensions.status.remedy is 'What to do about it, or what stands in meanwhile; null when ok.';
comment on view core.term_tree is 'The taxonomy in the language of the request (claim locale, else its language, else English); merged terms are left out. Order by path for the tree.';
comment on column core.term_tree.depth is 'Labels in the path; the five roots have 1.';
comment on column core.term_tree.label is 'Label in the locale of the request, else in English, else the last label of the path.';
comment on column core.term_tree.children is 'Direct children that are not merged away.';

grant select on extensions.status to hc_admin, hc_auditor, hc_monitor;

grant select on core.term_tree to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;

-- verify
insert into extensions.requirements (name, min_version, is_required, purpose, probe_sql, preload_setting, fallback) values
  ('absent_0027', '1', false, 'probe', 'select true', null, 'Nothing stands in.'), ('missing_0027', '1', true, 'probe', 'select true', null, null), ('plpgsql', '999', true, 'probe', 'select true', null, null);
update extensions.requirements set preload_setting = 'probe_0027.never' where name = 'ltree';
insert into extensions.probes (name, occurred_at, outcome, detail) values ('citext', '2026-01-01', 'ok', '{}'), ('citext', now() + interval '1 day', 'broken', '{"message": "it broke"}');
set local role hc_monitor;
select s.name, s.verdict = e.verdict, s.remedy is not distinct from e.remedy, s.update_available is false, s.purpose is not null
from extensions.status s join (values
  ('absent_0027', 'fallback', 'Nothing stands in.'), ('missing_0027', 'missing', 'install the library, then create extension missing_0027 with schema extensions'),
  ('plpgsql', 'outdated', 'alter extension plpgsql update'), ('ltree', 'not loaded', 'add ltree to shared_preload_libraries and restart; until then: nothing'),
  ('citext', 'broken', 'it broke'), ('pg_trgm', 'ok', null)) e(name, verdict, remedy) using (name);
select count(*) = 6 from extensions.status where name in ('absent_0027', 'missing_0027', 'plpgsql', 'ltree', 'citext', 'pg_trgm');
set local role hc_owner;
insert into core.terms (path, kind, labels) values ('process.probe_0027', 'process', '{"en": "Cutting", "de": "Trennen"}'), ('process.probe_0027.sawing', 'process', '{"en": "Sawing"}');
insert into core.terms (path, kind, labels, metadata) values ('process.probe_0027.gone', 'process', '{"en": "Gone"}', '{"merged_into": "elsewhere"}');
select core.act_as(null, 'hc_anon', '{"locale": "de-AT"}');
set local role hc_anon;
select label = 'Trennen', depth = 2, children = 1, parent_path operator(extensions.=) 'process' from core.term_tree where path::text = 'process.probe_0027';
set local role hc_owner;
select core.act_as(null, 'hc_anon');
set local role hc_anon;
select array_agg(label order by path) = '{Cutting,Sawing}' from core.term_tree where path operator(extensions.<@) 'process.probe_0027';
select view, bool_and(has_table_privilege(role, view::regclass, 'select')), not has_table_privilege('hc_replicator', view::regclass, 'select')
from (values ('extensions.status', '{hc_admin,hc_auditor,hc_monitor}'::text[]), ('core.term_tree', '{hc_anon,hc_agent,hc_worker,hc_auditor,hc_analyst}')) views(view, roles), unnest(roles) role
group by view;

-- task: BUILD_0030 add_comments
-- title: Document extensions and taxonomy with purpose, cost and trust level of each extension
-- does: Says on every extension why it is here, what leans on it and whether it needs a superuser, and on the three tables what their columns mean;
--   extensions.dependents(name) lists what would fall with an extension.
-- proves: nothing in the room is undocumented, each extension states its trust, the terms table its distribution; dependents('citext') lists core.email and
--   a table column of that type, and nothing of the extension itself.
-- needs: BUILD_0010, BUILD_0022
create function extensions.dependents(extension text) returns table (object_type text, identity text)
  language sql stable
begin atomic
  with recursive members as (
    select d.classid, d.objid from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
    where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'e' and e.extname = dependents.extension
  ), falling (classid, objid, objsubid) as (
    select m.classid, m.objid, 0 from members m
    union
    select further.* from falling f cross join lateral (
      select d.classid, d.objid, d.objsubid from pg_catalog.pg_depend d
      where d.refclassid = f.classid and d.refobjid = f.objid and f.objsubid in (0, d.refobjsubid) and d.deptype <> 'e'
      union all  -- a part takes its whole along: a rule its view, an index its constraint
      select d.refclassid, d.refobjid, d.refobjsubid from pg_catalog.pg_depend d
      where d.classid = f.classid and d.objid = f.objid and d.deptype = 'i'
    ) further
  )
  select i.type, i.identity from falling f, pg_catalog.pg_identify_object(f.classid, f.objid, f.objsubid) i
  where not exists (select from pg_catalog.pg_depend d where d.classid = f.classid and d.objid = f.objid and d.deptype in ('e', 'i'))
  order by 1, 2;
end;

comment on function extensions.dependents is 'Everything outside an extension that would fall with it, directly or not (pg_depend): what drop extension ... cascade would take.';

comment on extension pgcrypto is 'HMAC, SHA-1 and random bytes: blind indexes, tokens, derived ids. Trusted: no superuser needed. It has no AEAD; encryption happens outside.';
comment on extension btree_gin is 'Scalars beside arrays and trigrams in one GIN index, as in core.terms. Trusted: no superuser needed. Costs as any GIN index does: slower writes.';
comment on extension btree_gist is 'Scalars in GiST: every key WITHOUT OVERLAPS and every exclusion by uuid or text leans on it. Trusted: no superuser needed.';
comment on extension pg_trgm is 'Trigrams: search that forgives typing errors, and LIKE on an index. Trusted: no superuser needed. Its indexes are about as large as the text.';
comment on extension ltree is 'Paths as values: taxonomy, groups, accepted processes. Trusted: no superuser needed.';
comment on extension citext is 'Text without case: core.email and core.handle. Trusted: no superuser needed. With an empty search_path write operator(extensions.=), or text is compared.';
comment on extension unaccent is 'The dictionary of core.fold(), pinned by name. Trusted: no superuser needed. New rules in a server upgrade ask for a reindex of folded indexes.';

comment on table extensions.requirements is 'What the installation wants of each extension, and what stands in where an optional one is absent. Written by tasks alone. @distribution local';
comment on column extensions.requirements.name is 'Name as in pg_available_extensions.';
comment on column extensions.requirements.schema is 'Schema it must be in to be of use, as its callers name it.';
comment on column extensions.requirements.min_version is 'Least version that has what is used, dotted digits.';
comment on column extensions.requirements.is_required is 'The build fails without it; otherwise fallback says what happens.';
comment on column extensions.requirements.purpose is 'What it is for.';
comment on column extensions.requirements.probe_sql is 'One SELECT of one boolean that is true when the extension works.';
comment on column extensions.requirements.preload_setting is 'A setting that exists only when its library was preloaded; null where none must be.';
comment on column extensions.requirements.fallback is 'What happens without it.';
comment on column extensions.requirements.created_at is 'When the row was written.';
comment on column extensions.requirements.updated_at is 'When it last changed.';
comment on table extensions.probes is 'Log of what this server answered when an extension was tried. Append-only. @distribution local';
comment on column extensions.probes.id is 'Version 7 UUID.';
comment on column extensions.probes.name is 'Which extension was tried.';
comment on column extensions.probes.occurred_at is 'When.';
comment on column extensions.probes.installed_version is 'Version in this database, null when it is not installed.';
comment on column extensions.probes.available_version is 'Version the server would install, null when it has no library.';
comment on column extensions.probes.outcome is 'ok, absent, outdated (below min_version) or broken (probe_sql raised or was not true).';
comment on column extensions.probes.detail is 'sqlstate and message of a broken probe.';
comment on table core.terms is 'The shared taxonomy: one tree per kind, which designs, content, machines and courses refer to. Read by all, moved and merged by moderators. @distribution reference';
comment on column core.terms.id is 'Version 7 UUID; what foreign keys refer to, so that moving a term changes no reference.';
comment on column core.terms.path is 'Place in the tree, lower case, beginning with the kind: process.cnc.milling.';
comment on column core.terms.kind is 'topic, material, process, tool or finish: the root of the path.';
comment on column core.terms.labels is 'Name per locale; en is always there: {"en": "Milling", "de": "Fräsen"}.';
comment on column core.terms.synonyms is 'Other names people search by.';
comment on column core.terms.label_search is 'Labels and synonyms, folded, between bars; generated, see core.term_search_text().';
comment on column core.terms.sort is 'Order among siblings.';
comment on column core.terms.created_at is 'When the term was made.';
comment on column core.terms.updated_at is 'When it last changed.';
comment on column core.terms.metadata is 'Object for what has no column; merged_into marks a term that now stands for another.';

grant execute on function extensions.dependents to hc_admin, hc_monitor;

-- verify
create table core.probe_0030 (mail core.email);
create view core.probe_0030_view as select mail from core.probe_0030;
select array_agg(object_type || ' ' || identity) @> array['type core.email', 'table column core.probe_0030.mail', 'view core.probe_0030_view'],
  not bool_or(identity like '%extensions.citext%' and object_type in ('type', 'cast', 'operator class'))
from extensions.dependents('citext');
select not exists (select from extensions.dependents('no such extension'));
select not exists (select from blueprint.undocumented('extensions'));
select not exists (select from blueprint.undocumented('core') u where u.identity like 'core.terms%');
select extname, obj_description(oid, 'pg_extension') like '%Trusted: no superuser needed.%' from pg_extension where extname in (select name from extensions.requirements where is_required);
select obj_description('core.terms'::regclass) like '%@distribution reference%';
select has_function_privilege(role, 'extensions.dependents(text)', 'execute'), not has_function_privilege('hc_replicator', 'extensions.dependents(text)', 'execute')
from unnest(array['hc_admin', 'hc_monitor']) role;

-- task: BUILD_0038 implement_feature superuser
-- title: Vector capability: optional pgvector with ann_opclass() advice and l2-normalised storage type choice
-- does: Installs pgvector where the server has it. ann_opclass(dims, metric, quantise) says which type and operator class to index with, whether HNSW and
--   IVFFlat can, and how to write the index; core.unit_vector() normalises, so that the inner product ranks like the cosine.
-- proves: 3,072 dimensions by cosine answer halfvec_cosine_ops and every advice that says hnsw builds an HNSW index; wrong metrics and sizes raise 22023;
--   a unit vector has length 1; without pgvector the advice still answers and capability('vector') is false.
-- needs: BUILD_0025
do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'vector' and installed_version is null) then
    create extension vector with schema extensions;
    comment on extension vector is 'Embeddings: vector, halfvec, sparsevec and their HNSW and IVFFlat indexes; the knowledge room leans on it. Untrusted: installed by a superuser. Optional.';
  end if;
end $$;

set local role hc_owner;

create function extensions.ann_opclass(dims int, metric text default 'cosine', quantise text default 'none',
    out type_name text, out opclass text, out hnsw boolean, out ivfflat boolean, out rerank boolean, out index_expression text)
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  on_bits constant boolean := metric in ('hamming', 'jaccard');
begin
  if (metric in ('l2', 'ip', 'cosine', 'l1', 'hamming', 'jaccard') and quantise in ('none', 'half', 'binary') and dims between 1 and 64000) is not true then
    raise exception 'no index for % dimensions, metric "%", quantise "%"', dims, metric, quantise using errcode = 'invalid_parameter_value',
      hint = 'Metrics: l2, ip, cosine, l1, hamming, jaccard. Quantise: none, half, binary. At most 64,000 dimensions.';
  end if;
  type_name := case when on_bits or quantise = 'binary' or dims > 4000 then 'bit' when quantise = 'half' or dims > 2000 then 'halfvec' else 'vector' end;
  opclass := case when on_bits then 'bit_' || metric || '_ops' when type_name = 'bit' then 'bit_hamming_ops' else type_name || '_' || metric || '_ops' end;
  hnsw := true;
  ivfflat := metric not in ('l1', 'jaccard') or opclass = 'bit_hamming_ops';
  rerank := type_name = 'bit' and not on_bits;
  index_expression := case
    when type_name = 'vector' or on_bits then '%1$I'
    when type_name = 'halfvec' then format('(%%1$I::extensions.halfvec(%s))', dims)
    else format('(extensions.binary_quantize(%%1$I)::bit(%s))', dims) end || ' extensions.' || opclass;
end $$;

comment on function extensions.ann_opclass is 'How to index vectors of dims dimensions: vector to 2,000, halfvec to 4,000, beyond that bits (rerank the hits exactly). index_expression is a format() template for the column name. Store unit vectors (core.unit_vector) and metric ip ranks like cosine, cheaper.';

grant execute on function extensions.ann_opclass to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;

do $$
begin
  if extensions.capability('vector') then
    create function core.unit_vector(value extensions.vector) returns extensions.vector
      language sql immutable strict parallel safe
      return case when extensions.vector_norm(value) > 0 then extensions.l2_normalize(value) end;
    comment on function core.unit_vector is 'The vector at length 1: of these, the inner product ranks like the cosine. Null for the zero vector, which has no direction.';
    grant execute on function core.unit_vector to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;
  end if;
end $$;

set local role none;

-- verify
select a.dims, t.opclass = a.opclass, t.type_name = a.type_name, t.hnsw, t.ivfflat = a.ivfflat, t.rerank = a.rerank from (values
  (384, 'cosine', 'none', 'vector', 'vector_cosine_ops', true, false), (3072, 'cosine', 'none', 'halfvec', 'halfvec_cosine_ops', true, false), (384, 'ip', 'half', 'halfvec', 'halfvec_ip_ops', true, false),
  (8000, 'l2', 'none', 'bit', 'bit_hamming_ops', true, true), (384, 'l1', 'none', 'vector', 'vector_l1_ops', false, false), (512, 'jaccard', 'none', 'bit', 'bit_jaccard_ops', false, false), (512, 'l1', 'binary', 'bit', 'bit_hamming_ops', true, true)
) a(dims, metric, quantise, type_name, opclass, ivfflat, rerank), extensions.ann_opclass(a.dims, a.metric, a.quantise) t;
select bad, blueprint.raises('select extensions.ann_opclass(' || bad || ')', '22023', 'no index') from unnest(array['384, ''taxicab''', '0', '64001', '384, ''l2'', ''ternary''', '384, null']) bad;
do $$
declare
  a record;
begin
  if extensions.capability('vector') then
    create table extensions.probe_0038 (typed extensions.vector(384), untyped extensions.vector, bits bit(512));
    for a in select format(t.index_expression, m.column_name) as expression from (values (384, 'l2', 'none', 'typed'), (384, 'ip', 'none', 'typed'), (384, 'cosine', 'none', 'typed'), (384, 'l1', 'none', 'typed'),
        (384, 'ip', 'half', 'typed'), (3072, 'cosine', 'none', 'untyped'), (8000, 'l2', 'none', 'untyped'), (512, 'hamming', 'none', 'bits'), (512, 'jaccard', 'none', 'bits')
      ) m(dims, metric, quantise, column_name), extensions.ann_opclass(dims, metric, quantise) t loop
      execute 'create index on extensions.probe_0038 using hnsw (' || a.expression || ')';
    end loop;
    if (abs(extensions.vector_norm(core.unit_vector('[3,4]')) - 1) < 1e-6) is not true or core.unit_vector('[0,0]') is not null
      or not (select bool_and(has_function_privilege(role, 'core.unit_vector(extensions.vector)', 'execute')) from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role)
      or has_function_privilege('hc_replicator', 'core.unit_vector(extensions.vector)', 'execute') then
      raise 'core.unit_vector does not normalise, or is open to the wrong roles';
    end if;
  elsif exists (select from pg_available_extensions where name = 'vector') then
    raise 'pgvector is there and was not installed';
  end if;
end $$;
select bool_and(has_function_privilege(role, 'extensions.ann_opclass(int, text, text)', 'execute')), not has_function_privilege('hc_replicator', 'extensions.ann_opclass(int, text, text)', 'execute')
from unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role;

-- revert
drop function extensions.ann_opclass;
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'vector' and extnamespace = 'extensions'::regnamespace) then
    drop function core.unit_vector;
    drop extension vector;
  end if;
end $$;

-- task: BUILD_0039 implement_feature superuser
-- title: Statement statistics view extensions.top_statements with a safe fallback
-- does: Installs pg_stat_statements where the server has it, closed to everybody but monitoring; top_statements ranks this database's statements by time,
--   literals normalised away and the text cut. Where it is absent or not preloaded the view is there and empty, and extensions.status says so.
-- proves: a statement run five times shows five calls to hc_monitor (no row and no error where the library is not loaded); members are denied (42501),
--   the extension's own view included.
-- needs: BUILD_0025
do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_stat_statements' and installed_version is null) then
    create extension pg_stat_statements with schema extensions;
    comment on extension pg_stat_statements is 'Cost of statements for extensions.top_statements and what is built on it. Untrusted: installed by a superuser and preloaded; costs 1 to 3 % of short statements. Optional.';
    revoke select on extensions.pg_stat_statements, extensions.pg_stat_statements_info from public;
    revoke execute on function extensions.pg_stat_statements, extensions.pg_stat_statements_info from public;
    grant select on extensions.pg_stat_statements, extensions.pg_stat_statements_info to hc_monitor, hc_owner;
    grant execute on function extensions.pg_stat_statements, extensions.pg_stat_statements_info to hc_monitor, hc_owner;
  end if;
end $$;

set local role hc_owner;

create function extensions.statement_statistics() returns table (queryid bigint, calls bigint, total_ms double precision, mean_ms double precision, rows bigint,
    cache_hit numeric, wal_bytes numeric, share numeric, query text)
  language plpgsql set search_path = ''
as $$
begin
  if extensions.capability('pg_stat_statements') then
    return query
    select s.queryid, s.calls, s.total_exec_time, s.total_exec_time / nullif(s.calls, 0), s.rows,
      round(s.shared_blks_hit::numeric / nullif(s.shared_blks_hit + s.shared_blks_read, 0), 4), s.wal_bytes,
      round((s.total_exec_time / nullif(sum(s.total_exec_time) over (), 0))::numeric, 4), left(regexp_replace(left(s.query, 1000), '\s+', ' ', 'g'), 500)
    from extensions.pg_stat_statements s join pg_catalog.pg_database d on d.oid = s.dbid and d.datname = current_database();
  end if;
end $$;

create view extensions.top_statements with (security_invoker = true) as
select s.* from extensions.statement_statistics() s order by s.total_ms desc;

comment on function extensions.statement_statistics is 'What extensions.top_statements shows; no rows where pg_stat_statements cannot be used. Sees other roles'' statements only as far as the caller may (pg_monitor).';
comment on view extensions.top_statements is 'Statements of this database by the time they took since the last reset; empty where pg_stat_statements cannot be used (see extensions.status).';
comment on column extensions.top_statements.queryid is 'Identity of the normalised statement, as in pg_stat_activity.query_id.';
comment on column extensions.top_statements.calls is 'Times it ran.';
comment on column extensions.top_statements.total_ms is 'Execution time altogether.';
comment on column extensions.top_statements.mean_ms is 'Execution time per call.';
comment on column extensions.top_statements.rows is 'Rows returned or touched altogether.';
comment on column extensions.top_statements.cache_hit is 'Share of its shared blocks found in cache, 0 to 1; null when it read none.';
comment on column extensions.top_statements.wal_bytes is 'WAL written altogether.';
comment on column extensions.top_statements.share is 'Its share of the time of all statements, 0 to 1.';
comment on column extensions.top_statements.query is 'Its text on one line with literals as $1, $2, ..., the first 500 characters.';

grant select on extensions.top_statements to hc_monitor;

grant execute on function extensions.statement_statistics to hc_monitor;

set local role none;

-- verify
select 39 as probe_0039_statement where 'secret_literal' <> '';
select 39 as probe_0039_statement where 'secret_literal' <> '';
select 39 as probe_0039_statement where 'secret_literal' <> '';
select 39 as probe_0039_statement where 'secret_literal' <> '';
select 39 as probe_0039_statement where 'secret_literal' <> '';
set local role hc_monitor;
select case when extensions.capability('pg_stat_statements') and current_setting('pg_stat_statements.track', true) <> 'none'
  then coalesce(max(calls) >= 5 and bool_and(query not like '%secret_literal%' and total_ms >= 0 and mean_ms <= total_ms and share between 0 and 1 and rows >= 5), false)
  else count(*) = 0 end
from extensions.top_statements where query like 'select % as probe_0039_statement%';
set local role hc_member;
select blueprint.raises('select from extensions.top_statements', '42501', 'top_statements'), blueprint.raises('select extensions.statement_statistics()', '42501', 'statement_statistics');
set local role none;
select not has_function_privilege('hc_replicator', 'extensions.statement_statistics()', 'execute');
select coalesce(has_table_privilege('hc_anon', to_regclass('extensions.pg_stat_statements'), 'select'), false) = false,
  to_regclass('extensions.pg_stat_statements') is not null or not exists (select from pg_available_extensions where name = 'pg_stat_statements');

-- revert
drop view extensions.top_statements;
drop function extensions.statement_statistics;
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_stat_statements' and extnamespace = 'extensions'::regnamespace) then
    drop extension pg_stat_statements;
  end if;
end $$;
