select case typtype
    when 'e' then format('create type %s as enum (%s);', oid::regtype,
      (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_enum where enumtypid = pg_type.oid))
    when 'c' then format('create type %s as (%s);', oid::regtype, (
      select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum)
      from pg_attribute where attrelid = typrelid and attnum > 0 and not attisdropped))
  end || {dressing} || coalesce((
    select string_agg(format(E'\ncomment on column %s.%I is %L;', pg_type.oid::regtype, attname, description), '' order by attnum)
    from pg_attribute join pg_description on (objoid, classoid, objsubid) = (attrelid, 'pg_class'::regclass, attnum)
    where attrelid = typrelid), '')
from pg_type where oid = {oid} and typtype in ('e', 'c')
union all
select 'refused: only enum and composite types can be made anew from the catalog: write the revert'
from pg_type where oid = {oid} and typtype not in ('e', 'c')
