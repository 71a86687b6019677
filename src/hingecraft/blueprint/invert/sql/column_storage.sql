{family}
select string_agg(format('alter %s alter column %s set storage %s;', relation, spelled,
  case attstorage when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' when 'm' then 'main' end), E'\n' order by relation)
from col
