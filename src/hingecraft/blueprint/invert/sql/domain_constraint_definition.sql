format('alter %s add constraint %I %s;', {domain}, conname, pg_get_constraintdef(oid)) || coalesce((
  select format(E'\ncomment on constraint %I on %s is %L;', conname, {domain}, description)
  from pg_description where (objoid, classoid) = (pg_constraint.oid, 'pg_constraint'::regclass)), '')
