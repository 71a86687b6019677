-- defaults of a view's columns, and every column's privileges and comment
coalesce((
  select string_agg(concat(
    case when relkind = 'v' then (
      select format(E'\nalter view %s alter column %I set default %s;', pg_class.oid::regclass, attname, pg_get_expr(adbin, adrelid))
      from pg_attrdef where (adrelid, adnum) = (attrelid, attnum)) end,
    (select string_agg(format(E'\ngrant %s (%I) on %s to %s%s;', lower(privilege_type), attname, attrelid::regclass,
       {role_spelled}, case when is_grantable then ' with grant option' end), '' order by grantee, privilege_type)
     from aclexplode(attacl)),
    (select format(E'\ncomment on column %s.%I is %L;', attrelid::regclass, attname, description) from pg_description
     where (objoid, classoid, objsubid) = (attrelid, 'pg_class'::regclass, attnum))), '' order by attnum)
  from pg_attribute where attrelid = pg_class.oid and attnum > 0 and not attisdropped), '')
