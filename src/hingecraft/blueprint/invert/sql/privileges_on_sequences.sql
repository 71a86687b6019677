with target as (
    select '' as prefix, 'sequence ' || oid::regclass as spelled, null::text as col, relowner as owner, relacl as acl, 's' as acl_type
    from pg_class where relnamespace = to_regnamespace({name}) and relkind = 'S'
  ),
{privileges_change}
