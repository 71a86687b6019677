-- comments and privileges of an object as if it had just been made: what a new version still wants follows
do $reset$
declare
  statement text;
begin
  for statement in
    with object as (
      select {object}::text as spelled, {on}::text as target, {oid} as oid, {owner} as owner, {acl} as acl,
        ({acl_type})::text as acl_type, ({default_type})::text as default_type, {schema}::oid as schema, {columns} as columns
      from pg_catalog.{catalog} where oid = {oid}
    ),
    held as (
      select distinct target, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee
      from object, lateral (
        select * from aclexplode(acl)
        union
        select entry.* from pg_catalog.pg_attribute, aclexplode(attacl) as entry where columns and attrelid = oid
      ) as entry
      where grantee <> owner
    ),
    fresh as (
      select target, privilege_type, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee
      from object, lateral (
        select entry.* from aclexplode(coalesce((
          select defaclacl from pg_catalog.pg_default_acl
          where defaclrole = owner and defaclnamespace = 0 and defaclobjtype = default_type::"char"),
          acldefault(acl_type::"char", owner))) as entry
        union
        select entry.* from pg_catalog.pg_default_acl, aclexplode(defaclacl) as entry
        where defaclrole = owner and defaclnamespace = schema and defaclobjtype = default_type::"char"
      ) as entry
      where entry.grantee <> owner
    )
    select format('revoke all on %s from %s', target, grantee) from held
    union all
    select format('grant %s on %s to %s', privilege_type, target, grantee) from fresh
    union all
    select format('comment on %s is null', spelled) from object
    union all
    select format('comment on column %s.%I is null', attrelid::regclass, attname)
    from object join pg_catalog.pg_attribute on columns and attrelid = oid and attnum > 0 and not attisdropped
    where col_description(attrelid, attnum) is not null
  loop
    execute statement;
  end loop;
end $reset$
