select {routine_definition} from pg_proc where oid = {oid} and prokind <> 'a'
