select pg_get_triggerdef(oid) || ';' || {trigger_extras} from pg_trigger where oid = {oid}
