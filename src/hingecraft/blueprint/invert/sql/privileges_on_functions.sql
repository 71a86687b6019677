with target as (
    select '' as prefix, 'function ' || oid::regprocedure as spelled, null::text as col, proowner as owner, proacl as acl, 'f' as acl_type
    from pg_proc where pronamespace = to_regnamespace({name}) and prokind <> 'p'
  ),
{privileges_change}
