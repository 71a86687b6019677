select {policy_definition} from pg_policy where oid = {oid}
