select format('create domain %s as %s%s%s;', oid::regtype, format_type(typbasetype, typtypmod),
    ' default ' || typdefault, (
      select string_agg(format(E'\n  constraint %I %s', conname, pg_get_constraintdef(oid)), '' order by conname)
      from pg_constraint where contypid = pg_type.oid))
  || {dressing} || coalesce((
    select string_agg(format(E'\ncomment on constraint %I on domain %s is %L;', conname, contypid::regtype, description), '' order by conname)
    from pg_constraint join pg_description on (objoid, classoid) = (pg_constraint.oid, 'pg_constraint'::regclass)
    where contypid = pg_type.oid), '')
from pg_type where oid = {oid} and typtype = 'd'
