pg_class.oid::regclass || coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '') || E' as\n' || pg_get_viewdef(pg_class.oid)
