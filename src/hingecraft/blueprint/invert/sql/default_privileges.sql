-- a global entry replaces the built-in default, an entry of a schema adds to it (acldefault('c', ..) is empty)
with target as (
    select 'alter default privileges ' || coalesce('for role ' || {role}::text || ' ', '')
        || coalesce('in schema ' || {schema_name}::text || ' ', '') as prefix,
      {objects}::text as spelled, null::text as col, role.oid as owner,
      case when {schema_name}::text is null then entry.defaclacl else coalesce(entry.defaclacl, acldefault('c', 0)) end as acl,
      case {type} when 'S' then 's' else {type} end as acl_type
    from (
        select coalesce({role_named}, (select oid from pg_roles where rolname = current_user)) as oid
        from (select coalesce({role}, 'current_user') as grantee_name) as named
      ) as role
      left join pg_default_acl as entry on defaclrole = role.oid and defaclobjtype = {type}
        and defaclnamespace = coalesce(to_regnamespace({schema_name})::oid, 0)
  ),
{privileges_change}
