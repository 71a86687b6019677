select format('alter %s attach partition %s %s;', {table}, oid::regclass, pg_get_expr(relpartbound, oid))
from pg_class where oid = {oid} and relispartition
