{family}
select string_agg({options_restored}, E'\n' order by relation)
from (select relation, format('alter %s alter column %s', relation, spelled) as alter_options, coalesce(attoptions, '{}') as before
      from col) as options
