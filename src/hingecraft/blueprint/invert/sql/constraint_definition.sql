-- with its comment and, for a key, what hangs on its index
format('alter %s add constraint %I %s;', {table}, conname, pg_get_constraintdef(pg_constraint.oid)) || concat(
  (select format(E'\nalter index %s set (%s);', oid::regclass, array_to_string(reloptions, ', '))
   from pg_class where oid = conindid and contype in ('p', 'u', 'x') and reloptions is not null),
  (select {index_extras} from pg_index where indexrelid = conindid and contype in ('p', 'u', 'x')),
  (select format(E'\ncomment on constraint %I on %s is %L;', conname, conrelid::regclass, description) from pg_description
   where (objoid, classoid) = (pg_constraint.oid, 'pg_constraint'::regclass))
)
