select concat_ws(E'\n',
  case when {parameters} then format('alter sequence %s as %s increment by %s minvalue %s maxvalue %s start with %s cache %s%s;',
    seqrelid::regclass, seqtypid::regtype, seqincrement, seqmin, seqmax, seqstart, seqcache,
    case when seqcycle then ' cycle' else ' no cycle' end) end,
  case when {owned_by} then format('alter sequence %s owned by %s;', seqrelid::regclass, coalesce((
    select refobjid::regclass || '.' || quote_ident(attname)
    from pg_depend join pg_attribute on attrelid = refobjid and attnum = refobjsubid
    where (classid, objid) = ('pg_class'::regclass, seqrelid) and refclassid = 'pg_class'::regclass and deptype = 'a'), 'none')) end)
from pg_sequence where seqrelid = {oid}
