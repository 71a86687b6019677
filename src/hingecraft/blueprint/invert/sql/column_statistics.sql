{family}
select string_agg(format('alter %s alter column %s set statistics %s;', relation, spelled, coalesce(attstattarget::text, 'default')), E'\n' order by relation)
from col
