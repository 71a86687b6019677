select format('comment on %s is %s;', {object}, coalesce(quote_literal(description), 'null'))
from (select {oid} as oid, {sub} as sub) as here,
  lateral (select coalesce(
    (select d.description from pg_description d
     where (d.objoid, d.classoid, d.objsubid) = (here.oid, '{catalog}'::regclass, here.sub)),
    (select d.description from pg_shdescription d where (d.objoid, d.classoid) = (here.oid, '{catalog}'::regclass))
  ) as description) as before
where here.oid is not null and here.sub is not null
