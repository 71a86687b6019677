{family}
select string_agg(concat(
    (select format(E'alter %s alter column %s set (%s);\n', relation, spelled, string_agg(option, ', '))
     from unnest(attoptions) as option where split_part(option, '=', 1) = any ({options}) having count(*) > 0),
    (select format(E'alter %s alter column %s reset (%s);\n', relation, spelled, string_agg(name, ', '))
     from unnest({options}) as name
     where name not in (select split_part(option, '=', 1) from unnest(attoptions) as option) having count(*) > 0)
  ), '' order by relation)
from col
