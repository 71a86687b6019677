rtrim(pg_get_functiondef(pg_proc.oid), E'\n') || ';'
