select format('alter table %s replica identity %s;', oid::regclass, case relreplident
    when 'd' then 'default' when 'f' then 'full' when 'n' then 'nothing'
    else (select 'using index ' || quote_ident(i.relname) from pg_index join pg_class i on i.oid = indexrelid
          where indrelid = pg_class.oid and indisreplident)
  end)
from pg_class where oid = {oid}
