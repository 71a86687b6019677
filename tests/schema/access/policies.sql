-- Every permissive policy of a request role that narrows something, with the statements that open it wide and put it back.
select n.nspname || '.' || c.relname as name, p.polname as policy,
  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as verb,
  format('alter policy %I on %s %s %s', p.polname, c.oid::regclass, case when p.polqual is not null then 'using (true)' end,
    case when p.polwithcheck is not null or p.polcmd in ('w', '*') then 'with check (true)' end) as opened,
  format('alter policy %I on %s %s %s', p.polname, c.oid::regclass, 'using (' || pg_get_expr(p.polqual, c.oid) || ')',
    case when p.polwithcheck is not null or p.polcmd in ('w', '*') then 'with check (' || coalesce(pg_get_expr(p.polwithcheck, c.oid), pg_get_expr(p.polqual, c.oid)) || ')' end) as restored
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace join blueprint.rooms r on r.schema_name = n.nspname
where p.polpermissive and not c.relispartition and 'hc_owner'::regrole <> all (p.polroles)
  and coalesce(pg_get_expr(p.polqual, c.oid), '') || coalesce(pg_get_expr(p.polwithcheck, c.oid), '') <> 'true'
order by 1, 2
