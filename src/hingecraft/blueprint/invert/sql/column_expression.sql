select format('alter table %s alter column %I set expression as (%s);', attrelid::regclass, attname, pg_get_expr(adbin, adrelid))
from pg_attribute join pg_attrdef on (adrelid, adnum) = (attrelid, attnum)
where attrelid = {oid} and attname = {part}
