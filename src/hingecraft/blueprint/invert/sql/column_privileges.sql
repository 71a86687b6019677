-- the columns named, or (a table-wide revoke takes them along) all that have privileges of their own
with target as (
    select '' as prefix, {on}::text as spelled, quote_ident(attname) as col, relowner as owner, attacl as acl, 'c' as acl_type
    from pg_class join pg_attribute on attrelid = pg_class.oid
    where pg_class.oid = {oid} and attnum > 0 and not attisdropped
      and case when cardinality({columns}) = 0 then attacl is not null else attname = any ({columns}) end
  ),
{privileges_change}
