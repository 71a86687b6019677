pg_get_indexdef(indexrelid) || ';' || {index_extras}
