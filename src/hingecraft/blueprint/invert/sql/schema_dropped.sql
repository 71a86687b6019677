select format('create schema %I;', nspname) || {dressing} from pg_namespace where oid = {oid}
