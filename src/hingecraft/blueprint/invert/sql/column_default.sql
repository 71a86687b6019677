{family}
select string_agg(format('alter %s alter column %s %s;', relation, spelled, coalesce((
    select 'set default ' || pg_get_expr(adbin, adrelid) from pg_attrdef where (adrelid, adnum) = (attrelid, attnum)),
  'drop default')), E'\n' order by relation)
from col
