select format('alter %s set %s;', {object}, case relpersistence when 'p' then 'logged' else 'unlogged' end) from pg_class where oid = {oid}
