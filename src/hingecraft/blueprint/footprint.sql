-- What the current transaction made or changed in the catalog, whoever ran it and however deep in a DO block:
-- catalog rows carry the transaction that wrote them. Read it before any savepoint is opened, for a
-- subtransaction has a transaction id of its own. Columns: classid, objid, objsubid, object_type, identity, schema_name.
with me as materialized (select pg_current_xact_id()::xid as xid),
touched as materialized (
  select 'pg_class'::regclass as classid, oid as objid, 0 as objsubid from pg_class, me where pg_class.xmin = me.xid and relkind <> 't' and relpersistence <> 't'
  union all select 'pg_class'::regclass, attrelid, attnum from pg_attribute join pg_class c on c.oid = attrelid, me
            where pg_attribute.xmin = me.xid and attnum > 0 and not attisdropped and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  union all select 'pg_constraint'::regclass, oid, 0 from pg_constraint, me where pg_constraint.xmin = me.xid and contype <> 'n'
  union all select 'pg_proc'::regclass, oid, 0 from pg_proc, me where pg_proc.xmin = me.xid
  union all select 'pg_type'::regclass, oid, 0 from pg_type, me where pg_type.xmin = me.xid and typrelid = 0 and typcategory <> 'A'
  union all select 'pg_trigger'::regclass, oid, 0 from pg_trigger, me where pg_trigger.xmin = me.xid and not tgisinternal
  union all select 'pg_policy'::regclass, oid, 0 from pg_policy, me where pg_policy.xmin = me.xid
  union all select 'pg_namespace'::regclass, oid, 0 from pg_namespace, me where pg_namespace.xmin = me.xid and nspname !~ '^pg_'
  union all select 'pg_extension'::regclass, oid, 0 from pg_extension, me where pg_extension.xmin = me.xid
  union all select 'pg_statistic_ext'::regclass, oid, 0 from pg_statistic_ext, me where pg_statistic_ext.xmin = me.xid
  union all select 'pg_default_acl'::regclass, oid, 0 from pg_default_acl, me where pg_default_acl.xmin = me.xid
  union all select 'pg_event_trigger'::regclass, oid, 0 from pg_event_trigger, me where pg_event_trigger.xmin = me.xid
  union all select 'pg_publication'::regclass, oid, 0 from pg_publication, me where pg_publication.xmin = me.xid
  union all select 'pg_ts_config'::regclass, oid, 0 from pg_ts_config, me where pg_ts_config.xmin = me.xid
  union all select 'pg_ts_dict'::regclass, oid, 0 from pg_ts_dict, me where pg_ts_dict.xmin = me.xid
  union all select 'pg_foreign_server'::regclass, oid, 0 from pg_foreign_server, me where pg_foreign_server.xmin = me.xid
  union all select 'pg_operator'::regclass, oid, 0 from pg_operator, me where pg_operator.xmin = me.xid
  union all select 'pg_cast'::regclass, oid, 0 from pg_cast, me where pg_cast.xmin = me.xid
  union all select 'pg_authid'::regclass, oid, 0 from pg_authid, me where pg_authid.xmin = me.xid
  union all select 'pg_auth_members'::regclass, oid, 0 from pg_auth_members, me where pg_auth_members.xmin = me.xid)
select t.classid::oid, t.objid, t.objsubid, i.type as object_type, i.identity, i.schema as schema_name
from (
  select * from touched t
  where not exists (select from pg_depend d where d.classid = t.classid and d.objid = t.objid and d.deptype = 'e') offset 0) t,
  lateral pg_identify_object(t.classid, t.objid, t.objsubid) i
where i.identity is not null and i.schema is distinct from 'pg_toast'
