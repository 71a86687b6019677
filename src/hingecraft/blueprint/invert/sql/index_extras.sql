-- what hangs on an index beside its definition
concat(
  (select format(E'\nalter table %s cluster on %I;', indrelid::regclass, relname)
   from pg_class where oid = pg_index.indexrelid and indisclustered),
  (select format(E'\nalter table %s replica identity using index %I;', indrelid::regclass, relname)
   from pg_class where oid = pg_index.indexrelid and indisreplident),
  (select format(E'\ncomment on index %s is %L;', indexrelid::regclass, description) from pg_description
   where (objoid, classoid, objsubid) = (indexrelid, 'pg_class'::regclass, 0))
)
