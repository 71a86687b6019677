{dressing} || {column_dressing}
|| coalesce((select string_agg(E'\n' || pg_get_triggerdef(oid) || ';' || coalesce((
      select format(E'\ncomment on trigger %I on %s is %L;', tgname, tgrelid::regclass, description) from pg_description
      where (objoid, classoid) = (pg_trigger.oid, 'pg_trigger'::regclass)), ''), '' order by tgname)
    from pg_trigger where tgrelid = pg_class.oid and not tgisinternal), '')
|| coalesce((select string_agg(E'\n' || pg_get_ruledef(oid), '' order by rulename)
    from pg_rewrite where ev_class = pg_class.oid and rulename <> '_RETURN'), '')
