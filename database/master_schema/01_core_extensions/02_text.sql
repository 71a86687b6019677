-- Room extensions, text and names: one folding of text for every search, slugs for addresses, and ids derived from names.

-- task: BUILD_0036 implement_feature critical
-- title: Text folding and slugs: core.fold(text) immutable and core.slugify(text, taken, column, scope)
-- does: fold() is the one comparison form of text: compatibility-normalised, case-folded, without accents, single-spaced, and immutable, so it can be
--   indexed. slugify() makes an address of a title that is neither reserved nor taken in the given table, or in the given scope of it.
-- proves: spellings of one text fold alike, folding twice changes nothing and an index serves it; a taken slug gets -2 even within one insert,
--   'admin' becomes 'admin-1'; long and non-Latin titles give valid slugs.
-- needs: BUILD_0005, BUILD_0013
create function core.fold(value text) returns text
  language sql immutable strict parallel safe
  return btrim(regexp_replace(casefold(extensions.unaccent('extensions.unaccent'::regdictionary,
    casefold(normalize(value, nfkc) collate pg_catalog.pg_unicode_fast)) collate pg_catalog.pg_unicode_fast), '\s+', ' ', 'g'));

create function core.is_reserved_slug(slug text) returns boolean
  language sql immutable strict parallel safe
  return slug = any ('{about,account,accounts,admin,anonymous,api,app,assets,auth,console,contact,docs,donate,edit,everyone,feed,graphql,health,help,hingecraft,
    home,index,legal,login,logout,mail,me,metrics,moderator,new,news,"null",oauth,official,owner,privacy,public,root,rpc,search,security,settings,shop,signin,
    signout,signup,staff,static,status,support,system,team,terms,undefined,user,users,webhook,webhooks,wix,www}'::text[]);

create function core.slugify(title text, taken regclass default null, slug_column text default 'slug', scope jsonb default '{}') returns text
  language plpgsql set search_path = ''
as $$
declare
  base text := btrim(left(btrim(regexp_replace(core.fold(title), '[^a-z0-9]+', '-', 'g'), '-'), 80), '-');
  slug text;
  is_taken boolean := false;
  n int;
begin
  if base = '' then  -- nothing of the title can be written in an address
    base := 'x-' || left(encode(sha256(convert_to(core.fold(title), 'UTF8')), 'hex'), 12);
  end if;
  n := core.is_reserved_slug(base)::int;
  loop
    slug := case n when 0 then base else rtrim(left(base, 79 - length(n::text)), '-') || '-' || n end;
    if taken is not null then
      execute format('select exists (select from %1$s t, pg_catalog.jsonb_populate_record(null::%1$s, $2) s where t.%2$I = $1%3$s)', taken, slug_column,
          (select string_agg(format(' and t.%1$I = s.%1$I', k), '') from jsonb_object_keys(scope) k))
        into is_taken using slug, scope;
    end if;
    exit when not is_taken;
    n := greatest(n + 1, 2);
  end loop;
  return slug;
end $$;

comment on function core.fold is 'Comparison form of a text: NFKC, case-folded, without accents, single-spaced. Immutable by its pinned dictionary and collation, so indexable; reindex when a server upgrade brings new unaccent rules.';
comment on function core.is_reserved_slug is 'True for words that an address or a handle may not be, as the sites and the API use them.';
comment on function core.slugify is 'Address of a title: at most 80 of a-z, 0-9 and single hyphens, never reserved. With a table, -2, -3 ... is appended while slug_column holds it (within scope, e.g. {"owner_id": ...}). Volatile, so that it sees the rows of its own statement; two sessions may still agree on one: the unique key decides.';

grant execute on function core.fold, core.is_reserved_slug, core.slugify to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst, hc_monitor;

-- verify
select core.fold('  ÉCOLE   Straße ') = 'ecole strasse', core.fold(U&'E\0301cole  stra\00DFE') = 'ecole strasse', core.fold('İZMİR ﬁn') = 'izmir fin',
  bool_and(core.fold(core.fold(chr(i))) = core.fold(chr(i)))
from generate_series(160, 600) i;
create table core.probe_0036 (slug core.slug, owner_id int, title text);
create index probe_0036_title_idx on core.probe_0036 (core.fold(title) text_pattern_ops);
select blueprint.plan_uses($$ select slug from core.probe_0036 where core.fold(title) like 'ecole%' $$, 'probe_0036_title_idx');
insert into core.probe_0036 select core.slugify(title, 'core.probe_0036'), 1, title
from (values ('Überwurf – Scharnier №3'), ('Uberwurf Scharnier No3'), ('UBERWURF/SCHARNIER no3'), ('admin'), ('Admin'), (repeat('piano hinge ', 9)), (repeat('piano hinge ', 9)), ('蝶番')) v(title);
select array_agg(slug::text) @> array['uberwurf-scharnier-no3', 'uberwurf-scharnier-no3-2', 'uberwurf-scharnier-no3-3', 'admin-1', 'admin-2'],
  count(*) filter (where slug like 'piano-hinge-%-2' and length(slug) <= 80) = 1, count(*) filter (where slug ~ '^x-[0-9a-f]{12}$') = 1, max(length(slug)) <= 80
from core.probe_0036;
select core.slugify('Uberwurf Scharnier No3') = 'uberwurf-scharnier-no3', core.slugify(null, 'core.probe_0036') is null,
  core.slugify('Uberwurf Scharnier No3', 'core.probe_0036', 'slug', '{"owner_id": 2}') = 'uberwurf-scharnier-no3',
  core.slugify('Uberwurf Scharnier No3', 'core.probe_0036', 'slug', '{"owner_id": 1}') = 'uberwurf-scharnier-no3-4';
select f, bool_and(has_function_privilege(role, f::regprocedure, 'execute')), not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from unnest(array['core.fold(text)', 'core.is_reserved_slug(text)', 'core.slugify(text, regclass, text, jsonb)']) f,
  unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst', 'hc_monitor']) role
group by f;

-- task: BUILD_0031 implement_feature
-- title: Deterministic UUIDs: uuid_v5() native, checked against uuid-ossp where its library loads
-- does: core.uuid_v5() derives the same id from the same name everywhere (RFC 9562), core.ns() names the three namespaces of the platform: imports
--   and mirrors get ids that can be computed again. uuid-ossp comes along where the server has it, as a second opinion only.
-- proves: the RFC's vector comes out, text outside ASCII too; the namespaces differ and an unknown one raises 22023; uuid-ossp agrees where installed.
-- needs: BUILD_0025
do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'uuid-ossp' and installed_version is null) then
    begin
      create extension "uuid-ossp" with schema extensions;
    exception when undefined_file then
      raise notice 'uuid-ossp does not load here: %', sqlerrm;
      return;
    end;
    comment on extension "uuid-ossp" is 'Second opinion on core.uuid_v5() in its check; nothing depends on it. Trusted: no superuser needed. Optional.';
  end if;
end $$;

create function core.uuid_v5(namespace uuid, name text) returns uuid
  language sql immutable strict parallel safe
  return (
    select encode(set_byte(set_byte(d, 6, get_byte(d, 6) & 15 | 80), 8, get_byte(d, 8) & 63 | 128), 'hex')::uuid
    from substr(extensions.digest(uuid_send(namespace) || convert_to(name, 'UTF8'), 'sha1'), 1, 16) d);

create function core.ns(name text) returns uuid
  language plpgsql immutable strict parallel safe set search_path = ''
as $$
begin
  if name not in ('wix', 'chain', 'import') then
    raise exception 'there is no namespace "%"', name using errcode = 'invalid_parameter_value', hint = 'Namespaces: wix, chain, import.';
  end if;
  return core.uuid_v5(core.uuid_v5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'hingecraft.org'), name);
end $$;

comment on function core.uuid_v5 is 'Version 5 UUID of a name (RFC 9562): the same in every environment. Idempotent key of imports; not a secret, anybody can compute it.';
comment on function core.ns is 'Namespace for core.uuid_v5(): wix (site items), chain (chain, txid), import (legacy keys). Never changes, or imports would double.';

grant execute on function core.uuid_v5, core.ns to hc_anon, hc_agent, hc_worker, hc_auditor, hc_analyst;

-- verify
select core.uuid_v5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com') = '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  core.uuid_v5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'Fräsen') = '7dd6cbec-a385-5108-a7a3-734344f72fce',
  uuid_extract_version(core.uuid_v5(core.ns('import'), 'club-001')) = 5,
  count(distinct core.uuid_v5(core.ns(n), 'club-001')) = 3, bool_and(core.ns(n) = v), blueprint.raises($$ select core.ns('elsewhere') $$, '22023', 'elsewhere')
from (values ('wix', '52d5701d-6304-58dd-b878-dd3a69ff2c9f'::uuid), ('chain', '9555aa65-9d2f-52f4-a5f3-f8843107feec'), ('import', '85f4ee2c-398b-5920-aa2b-6676d3dc4ed6')) ns(n, v);
do $$
begin
  if extensions.capability('uuid-ossp') then
    if exists (select from generate_series(1, 50) i where core.uuid_v5(core.ns('wix'), 'ä' || i) <> extensions.uuid_generate_v5(core.ns('wix'), 'ä' || i)) then
      raise 'uuid-ossp derives other ids';
    end if;
  end if;
end $$;
select f, bool_and(has_function_privilege(role, f::regprocedure, 'execute')), not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from unnest(array['core.uuid_v5(uuid, text)', 'core.ns(text)']) f, unnest(array['hc_anon', 'hc_agent', 'hc_worker', 'hc_auditor', 'hc_analyst']) role
group by f;

-- revert
drop function core.ns, core.uuid_v5;
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'uuid-ossp' and extnamespace = 'extensions'::regnamespace) then
    drop extension "uuid-ossp";
  end if;
end $$;
