format('create policy %I on %s%s%s to %s%s%s;', polname, polrelid::regclass,
  case when polpermissive then '' else ' as restrictive' end,
  case polcmd when '*' then '' when 'r' then ' for select' when 'a' then ' for insert' when 'w' then ' for update' when 'd' then ' for delete' end,
  (select string_agg({role_spelled}, ', ' order by position) from unnest(polroles) with ordinality as role (grantee, position)),
  E'\n  using (' || pg_get_expr(polqual, polrelid) || ')',
  E'\n  with check (' || pg_get_expr(polwithcheck, polrelid) || ')')
|| coalesce((select format(E'\ncomment on policy %I on %s is %L;', polname, polrelid::regclass, description) from pg_description
     where (objoid, classoid) = (pg_policy.oid, 'pg_policy'::regclass)), '')
