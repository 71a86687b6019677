-- Everything a revert must bring back, one row per object: (section, identity, definition). Run under search_path = ''.
with ours as (
    select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
  ),
  member as (select classid, objid from pg_depend where deptype = 'e')
select 'schema' as section, nspname::text as identity, jsonb_build_object('owner', nspowner::regrole,
    'acl', (select jsonb_agg(e::text order by e::text) from aclexplode(coalesce(nspacl, acldefault('n', nspowner))) e)) as definition
from pg_namespace where oid in (table ours)
union all
select 'relation', c.oid::regclass::text, jsonb_build_object('kind', relkind, 'owner', relowner::regrole, 'persistence', relpersistence,
    'options', (select jsonb_agg(o order by o) from unnest(reloptions) o),
    'toast', (select t.reloptions from pg_class t where t.oid = c.reltoastrelid), 'rls', relrowsecurity, 'force', relforcerowsecurity,
    'identity', relreplident, 'populated', relispopulated, 'bound', pg_get_expr(relpartbound, c.oid), 'key', pg_get_partkeydef(c.oid),
    'view', case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
    'parents', (select jsonb_agg(inhparent::regclass order by inhseqno) from pg_inherits where inhrelid = c.oid),
    'acl', (select jsonb_agg(e::text order by e::text)
            from aclexplode(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) e))
from pg_class c where relnamespace in (table ours) and relkind not in ('i', 'I', 't') and (1259, c.oid) not in (table member)
union all
select 'column', attrelid::regclass || '.' || attname, jsonb_build_object(
    'position', row_number() over (partition by attrelid order by attnum), 'type', format_type(atttypid, atttypmod), 'null', not attnotnull,
    'default', (select pg_get_expr(adbin, adrelid) from pg_attrdef d where (adrelid, adnum) = (attrelid, attnum)), 'identity', attidentity,
    'generated', attgenerated, 'storage', attstorage, 'compression', attcompression, 'statistics', attstattarget, 'options', attoptions,
    'local', attislocal, 'inherited', attinhcount, 'collation', attcollation::regcollation,
    'acl', (select jsonb_agg(e::text order by e::text) from aclexplode(attacl) e))
from pg_attribute join pg_class c on c.oid = attrelid
where relnamespace in (table ours) and attnum > 0 and not attisdropped and relkind <> 't' and (1259, c.oid) not in (table member)
union all
select 'constraint', coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text) || '.' || conname, jsonb_build_object(
    'definition', pg_get_constraintdef(oid), 'valid', convalidated, 'deferrable', condeferrable, 'deferred', condeferred,
    'local', conislocal, 'inherited', coninhcount, 'enforced', conenforced)
from pg_constraint where connamespace in (table ours)
union all
select 'index', indexrelid::regclass::text, jsonb_build_object('definition', pg_get_indexdef(indexrelid), 'valid', indisvalid,
    'clustered', indisclustered, 'replident', indisreplident, 'owner', relowner::regrole,
    'parent', (select inhparent::regclass from pg_inherits where inhrelid = indexrelid))
from pg_index join pg_class c on c.oid = indexrelid where relnamespace in (table ours)
union all
select 'trigger', tgrelid::regclass || '.' || tgname, jsonb_build_object('definition', pg_get_triggerdef(t.oid), 'enabled', tgenabled)
from pg_trigger t join pg_class c on c.oid = tgrelid where not tgisinternal and relnamespace in (table ours)
union all
select 'rule', ev_class::regclass || '.' || rulename, jsonb_build_object('definition', pg_get_ruledef(r.oid), 'enabled', ev_enabled)
from pg_rewrite r join pg_class c on c.oid = ev_class where relnamespace in (table ours) and rulename <> '_RETURN'
union all
select 'policy', polrelid::regclass || '.' || polname, jsonb_build_object('command', polcmd, 'permissive', polpermissive,
    'roles', (select jsonb_agg(coalesce(nullif(r, 0)::regrole::text, 'public') order by 1) from unnest(polroles) r),
    'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))
from pg_policy
union all
select 'routine', oid::regprocedure::text, jsonb_build_object('owner', proowner::regrole,
    'definition', case when prokind <> 'a' then pg_get_functiondef(oid) end,
    'acl', (select jsonb_agg(e::text order by e::text) from aclexplode(coalesce(proacl, acldefault('f', proowner))) e))
from pg_proc where pronamespace in (table ours) and (1255, oid) not in (table member)
union all
select 'type', oid::regtype::text, jsonb_build_object('kind', typtype, 'owner', typowner::regrole, 'null', not typnotnull, 'default', typdefault,
    'base', format_type(nullif(typbasetype, 0), typtypmod),
    'labels', (select jsonb_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = t.oid),
    'acl', (select jsonb_agg(e::text order by e::text) from aclexplode(coalesce(typacl, acldefault('T', typowner))) e))
from pg_type t where typnamespace in (table ours) and (1247, oid) not in (table member)
union all
select 'sequence', seqrelid::regclass::text, to_jsonb(s) - 'seqrelid' || jsonb_build_object('owned by', (
    select refobjid::regclass || '.' || refobjsubid from pg_depend where (classid, objid) = (1259, seqrelid) and deptype in ('a', 'i') and refobjsubid > 0))
from pg_sequence s join pg_class c on c.oid = seqrelid where relnamespace in (table ours)
union all
select 'statistics', stxnamespace::regnamespace || '.' || stxname, jsonb_build_object('definition', pg_get_statisticsobjdef(oid),
    'target', stxstattarget, 'owner', stxowner::regrole) from pg_statistic_ext
union all
select 'comment', concat_ws(' ', i.type, i.identity), to_jsonb(description)
from pg_description d, pg_identify_object(classoid, objoid, objsubid) i
where objoid >= 16384 or (classoid, objoid) = (2615, 2200)
union all
select 'shared comment', concat_ws(' ', i.type, i.identity), to_jsonb(description)
from pg_shdescription, pg_identify_object(classoid, objoid, 0) i
union all
select 'role', rolname, to_jsonb(r) - 'oid' - 'rolpassword' - 'rolconfig' from pg_roles r where rolname !~ '^pg_'
union all
select 'membership', roleid::regrole || ' ' || member::regrole || ' ' || grantor::regrole, to_jsonb(m) - 'oid' - 'roleid' - 'member' - 'grantor'
from pg_auth_members m
union all
select 'setting', setdatabase || ' ' || coalesce(nullif(setrole, 0)::regrole::text, 'all'), (select jsonb_agg(s order by s) from unnest(setconfig) s)
from pg_db_role_setting
union all
select 'default privileges', concat_ws(' ', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace, defaclobjtype),
  (select jsonb_agg(e::text order by e::text) from aclexplode(defaclacl) e) from pg_default_acl
union all
select 'database', datname, jsonb_build_object('owner', datdba::regrole, 'limit', datconnlimit,
    'acl', (select jsonb_agg(e::text order by e::text) from aclexplode(coalesce(datacl, acldefault('d', datdba))) e))
from pg_database where datname = current_database()
union all
select 'extension', extname, jsonb_build_object('version', extversion, 'schema', extnamespace::regnamespace) from pg_extension
union all
select 'event trigger', evtname, to_jsonb(e) - 'oid' - 'evtname' from pg_event_trigger e
union all
select 'publication', pubname, to_jsonb(p) - 'oid' || jsonb_build_object('tables', (
    select jsonb_agg(prrelid::regclass order by 1) from pg_publication_rel where prpubid = p.oid)) from pg_publication p
union all
select 'cast', castsource::regtype || ' ' || casttarget::regtype, to_jsonb(castcontext) from pg_cast where oid >= 16384 and (2605, oid) not in (table member)
union all
select 'operator', oid::regoperator::text, to_jsonb(oprcode::regproc) from pg_operator where oid >= 16384 and (2617, oid) not in (table member)
union all
select 'operator class', opcname, to_jsonb(opcmethod) from pg_opclass where oid >= 16384 and (2616, oid) not in (table member)
union all
select 'operator family', opfname, to_jsonb(opfmethod) from pg_opfamily where oid >= 16384 and (2753, oid) not in (table member)
union all
select 'collation', collname, to_jsonb(collowner::regrole) from pg_collation where oid >= 16384
union all
select 'conversion', conname, to_jsonb(conowner::regrole) from pg_conversion where oid >= 16384
union all
select 'text search', cfgname, (select jsonb_agg(concat_ws(' ', maptokentype, mapseqno, mapdict::regdictionary) order by maptokentype, mapseqno)
  from pg_ts_config_map where mapcfg = c.oid) from pg_ts_config c where oid >= 16384
union all
select 'dictionary', dictname, to_jsonb(dictinitoption) from pg_ts_dict where oid >= 16384
union all
select 'wrapper', fdwname, to_jsonb(fdwoptions) from pg_foreign_data_wrapper
union all
select 'server', srvname, to_jsonb(srvoptions) from pg_foreign_server
union all
select 'user mapping', umid::text, to_jsonb(usename) from pg_user_mappings
union all
select 'language', lanname, to_jsonb(lanowner::regrole) from pg_language
union all
select 'access method', amname, to_jsonb(amtype) from pg_am
union all
select 'transform', trftype::regtype || ' ' || trflang, null from pg_transform
