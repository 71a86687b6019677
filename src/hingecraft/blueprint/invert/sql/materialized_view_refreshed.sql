select format('refresh materialized view %s with no data;', oid::regclass) from pg_class where oid = {oid} and not relispopulated
