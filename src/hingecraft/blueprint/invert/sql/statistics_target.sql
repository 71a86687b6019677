select format('alter %s set statistics %s;', {object}, coalesce(stxstattarget::text, 'default')) from pg_statistic_ext where oid = {oid}
