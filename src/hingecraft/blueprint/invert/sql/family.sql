-- the relation and all that inherits from it: a column's properties are set on all of them
with recursive family as (
    select {oid} as relid
    union all
    select inhrelid from pg_inherits join family on inhparent = relid
  ),
  col as (
    select pg_attribute.*, relkind, case relkind
        when 'v' then 'view ' when 'm' then 'materialized view ' when 'f' then 'foreign table ' when 'i' then 'index ' when 'I' then 'index '
        else case when exists (select from pg_inherits where inhparent = relid) then 'table only ' else 'table ' end
      end || relid::regclass as relation,
      case when relkind in ('i', 'I') then attnum::text else quote_ident(attname) end as spelled
    from family join pg_class on pg_class.oid = relid join pg_attribute on attrelid = relid
    where case when relkind in ('i', 'I') then attnum::text else attname end = {part} and not attisdropped
  )
