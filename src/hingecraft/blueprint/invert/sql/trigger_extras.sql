concat(
  case tgenabled when 'O' then null else format(E'\nalter table %s %s trigger %I;', tgrelid::regclass, {enabled}, tgname) end,
  (select format(E'\ncomment on trigger %I on %s is %L;', tgname, tgrelid::regclass, description) from pg_description
   where (objoid, classoid) = (pg_trigger.oid, 'pg_trigger'::regclass))
)
