-- owner, privileges and comment of an object, for its making anew by the role that asks;
-- `fresh` is what that role's default privileges would grant on the new object
(with thing as (
    select {owner} as owner, {acl} as acl, ({acl_type})::"char" as acl_type, ({default_type})::"char" as default_type,
      {schema}::oid as schema
    from {catalog} where oid = {oid}
  ),
  me as (select oid from pg_roles where rolname = current_user),
  before as (
    select grantee, privilege_type, is_grantable
    from thing, aclexplode(coalesce(acl, acldefault(acl_type, owner)))
  ),
  fresh as (
    select case grantee when me.oid then thing.owner else grantee end as grantee, privilege_type, is_grantable
    from thing, me, lateral (
      select entry.* from aclexplode(coalesce(
        (select defaclacl from pg_default_acl
         where defaclrole = me.oid and defaclnamespace = 0 and defaclobjtype = default_type),
        acldefault(acl_type, me.oid))) as entry
      union
      select entry.* from pg_default_acl, aclexplode(defaclacl) as entry
      where defaclrole = me.oid and defaclnamespace = thing.schema and defaclobjtype = default_type
    ) as entry
  )
select concat(
  (select format(E'\nalter %s owner to %I;', {object}, pg_get_userbyid(owner)) from thing, me where owner <> me.oid),
  (select string_agg(format(E'\nrevoke %s on %s from %s;', lower(privilege_type), {on}, {role_spelled}), ''
     order by grantee, privilege_type)
   from (select grantee, privilege_type from fresh except select grantee, privilege_type from before) as surplus),
  (select string_agg(format(E'\nrevoke grant option for %s on %s from %s;', lower(privilege_type), {on}, {role_spelled}), ''
     order by grantee, privilege_type)
   from fresh where is_grantable and (grantee, privilege_type, false) in (table before)),
  (select string_agg(format(E'\ngrant %s on %s to %s%s;', lower(privilege_type), {on}, {role_spelled},
     case when is_grantable then ' with grant option' end), '' order by grantee, privilege_type)
   from (table before except table fresh) as missing
   where (grantee, privilege_type, true) not in (table fresh)),
  (select format(E'\ncomment on %s is %L;', {object}, description) from pg_description
   where (objoid, classoid, objsubid) = ({oid}, '{catalog}'::regclass, 0))
))
