with target as (
    select '' as prefix, {on}::text as spelled, null::text as col, {owner} as owner, {acl} as acl, ({acl_type})::text as acl_type
    from {catalog} where oid = {oid}
  ),
{privileges_change}
