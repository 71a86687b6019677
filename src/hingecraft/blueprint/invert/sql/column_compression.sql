{family}
select string_agg(format('alter %s alter column %s set compression %s;', relation, spelled,
  case attcompression when 'p' then 'pglz' when 'l' then 'lz4' else 'default' end), E'\n' order by relation)
from col
