select format(E'alter %s drop constraint %I;\n', {domain}, conname) || {domain_constraint_definition}
from pg_constraint where oid = {oid} and not convalidated
