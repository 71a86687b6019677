select format('alter %s %s;', {object}, coalesce('set default ' || typdefault, 'drop default')) from pg_type where oid = {oid}
