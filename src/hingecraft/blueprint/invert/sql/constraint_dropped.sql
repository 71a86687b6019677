select {constraint_definition} from pg_constraint where oid = {oid}
