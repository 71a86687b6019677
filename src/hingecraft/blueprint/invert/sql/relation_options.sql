-- a toast table keeps its own
with before as (
    select option from pg_class, unnest(reloptions) as option where oid = {oid}
    union all
    select 'toast.' || option from pg_class, unnest(reloptions) as option
    where oid = (select nullif(reltoastrelid, 0) from pg_class where oid = {oid})
  )
select concat_ws(E'\n',
  (select format('alter %s set (%s);', {object}, string_agg(option, ', ')) from before
   where split_part(option, '=', 1) = any ({options}) having count(*) > 0),
  (select format('alter %s reset (%s);', {object}, string_agg(name, ', ')) from unnest({options}) as name
   where name not in (select split_part(option, '=', 1) from before) having count(*) > 0))
where {oid} is not null
