select {domain_constraint_definition} from pg_constraint where oid = {oid}
