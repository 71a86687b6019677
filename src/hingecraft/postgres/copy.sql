-- What CREATE DATABASE ... TEMPLATE leaves out, as statements: owner, privileges, comment and settings of the database itself.
-- :source and :name are the two databases.
with source as (
  select d.oid, d.datdba::regrole as owner, coalesce(d.datacl, acldefault('d', d.datdba)) as acl, shobj_description(d.oid, 'pg_database') as comment
  from pg_catalog.pg_database d where d.datname = :source)
select statement
from (
  select 1, format('alter database %I owner to %s', :name, owner) from source
  union all
  select 2, format('revoke all on database %I from public', :name)
  union all
  select 3, format('grant %s on database %I to %s%s', a.privilege_type, :name, case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
    case when a.is_grantable then ' with grant option' else '' end)
  from source, aclexplode(acl) a
  union all
  select 4, format('comment on database %I is %L', :name, comment) from source where comment is not null
  union all
  select 5, format('alter %sdatabase %I set %s = %s', case s.setrole when 0 then '' else format('role %s in ', s.setrole::regrole) end, :name,
    split_part(c.setting, '=', 1), quote_literal(substr(c.setting, strpos(c.setting, '=') + 1)))
  from source join pg_catalog.pg_db_role_setting s on s.setdatabase = source.oid, unnest(s.setconfig) as c(setting)
) as statements(rank, statement)
order by rank
