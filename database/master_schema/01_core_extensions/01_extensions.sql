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
