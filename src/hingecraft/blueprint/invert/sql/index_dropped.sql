select {index_definition} from pg_index where indexrelid = {oid}
