-- What the current transaction made or changed in the catalog, whoever ran it and however deep in a DO block:
-- catalog rows carry the transaction that wrote them. Read it before any savepoint is opened, for a
-- subtransaction has a transaction id of its own. What initdb made (below 16384) is passed over by the indexes. Columns: classid, objid, objsubid, object_type, identity, schema_name.
with me as materialized (select pg_current_xact_id()::xid as xid),
touched as materialized (
  select 'pg_class'::regclass as classid, oid as objid, 0 as objsubid from pg_class where pg_class.oid >= 16384 and pg_class.xmin = (select xid from me) and relkind <> 't' and relpersistence <> 't'
  union all select 'pg_class'::regclass, attrelid, attnum from pg_attribute join pg_class c on c.oid = attrelid
            where attrelid >= 16384 and pg_attribute.xmin = (select xid from me) and attnum > 0 and not attisdropped and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  union all select 'pg_constraint'::regclass, oid, 0 from pg_constraint where pg_constraint.oid >= 16384 and pg_constraint.xmin = (select xid from me) and contype <> 'n'
  union all select 'pg_proc'::regclass, oid, 0 from pg_proc where pg_proc.oid >= 16384 and pg_proc.xmin = (select xid from me)
  union all select 'pg_type'::regclass, oid, 0 from pg_type where pg_type.oid >= 16384 and pg_type.xmin = (select xid from me) and typrelid = 0 and typcategory <> 'A'
  union all select 'pg_trigger'::regclass, oid, 0 from pg_trigger where pg_trigger.oid >= 16384 and pg_trigger.xmin = (select xid from me) and not tgisinternal
  union all select 'pg_policy'::regclass, oid, 0 from pg_policy where pg_policy.oid >= 16384 and pg_policy.xmin = (select xid from me)
  union all select 'pg_namespace'::regclass, oid, 0 from pg_namespace where pg_namespace.oid >= 16384 and pg_namespace.xmin = (select xid from me) and nspname !~ '^pg_'
  union all select 'pg_extension'::regclass, oid, 0 from pg_extension where pg_extension.oid >= 16384 and pg_extension.xmin = (select xid from me)
  union all select 'pg_statistic_ext'::regclass, oid, 0 from pg_statistic_ext where pg_statistic_ext.oid >= 16384 and pg_statistic_ext.xmin = (select xid from me)
  union all select 'pg_default_acl'::regclass, oid, 0 from pg_default_acl where pg_default_acl.oid >= 16384 and pg_default_acl.xmin = (select xid from me)
  union all select 'pg_event_trigger'::regclass, oid, 0 from pg_event_trigger where pg_event_trigger.xmin = (select xid from me)
  union all select 'pg_publication'::regclass, oid, 0 from pg_publication where pg_publication.oid >= 16384 and pg_publication.xmin = (select xid from me)
  union all select 'pg_ts_config'::regclass, oid, 0 from pg_ts_config where pg_ts_config.oid >= 16384 and pg_ts_config.xmin = (select xid from me)
  union all select 'pg_ts_dict'::regclass, oid, 0 from pg_ts_dict where pg_ts_dict.oid >= 16384 and pg_ts_dict.xmin = (select xid from me)
  union all select 'pg_foreign_server'::regclass, oid, 0 from pg_foreign_server where pg_foreign_server.oid >= 16384 and pg_foreign_server.xmin = (select xid from me)
  union all select 'pg_operator'::regclass, oid, 0 from pg_operator where pg_operator.oid >= 16384 and pg_operator.xmin = (select xid from me)
  union all select 'pg_cast'::regclass, oid, 0 from pg_cast where pg_cast.oid >= 16384 and pg_cast.xmin = (select xid from me)
  union all select 'pg_authid'::regclass, oid, 0 from pg_authid where pg_authid.oid >= 16384 and pg_authid.xmin = (select xid from me)
  union all select 'pg_auth_members'::regclass, oid, 0 from pg_auth_members where pg_auth_members.oid >= 16384 and pg_auth_members.xmin = (select xid from me))
select t.classid::oid, t.objid, t.objsubid, i.type as object_type, i.identity, i.schema as schema_name
from (
  select * from touched t
  where not exists (select from pg_depend d where d.classid = t.classid and d.objid = t.objid and d.deptype = 'e') offset 0) t,
  lateral pg_identify_object(t.classid, t.objid, t.objsubid) i
where i.identity is not null and i.schema is distinct from 'pg_toast'
