select format(E'alter %s drop constraint %I;\n', {table}, conname) || {constraint_definition}
from pg_constraint where oid = {oid} and not convalidated
