with target as (
    select '' as prefix, 'table ' || oid::regclass as spelled, null::text as col, relowner as owner, relacl as acl, 'r' as acl_type
    from pg_class where relnamespace = to_regnamespace({name}) and relkind in ('r', 'v', 'm', 'f', 'p')
  ),
{privileges_change}
