select coalesce((select {rule_definition} from pg_rewrite where oid = {oid}), 'drop ' || {object} || ';')
