select format('alter table %s %s;', oid::regclass, coalesce((
    select 'cluster on ' || quote_ident(i.relname) from pg_index join pg_class i on i.oid = indexrelid
    where indrelid = pg_class.oid and indisclustered), 'set without cluster'))
from pg_class where oid = {oid}
