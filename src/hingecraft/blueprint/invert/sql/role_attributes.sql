select format('alter role %s %s;', {role}, (
    select string_agg(case attribute
        when 'connection limit' then 'connection limit ' || rolconnlimit
        when 'valid until' then 'valid until ' || quote_literal(coalesce(rolvaliduntil, 'infinity'))
        else case when case attribute
            when 'superuser' then rolsuper when 'inherit' then rolinherit when 'createrole' then rolcreaterole
            when 'createdb' then rolcreatedb when 'login' then rolcanlogin when 'replication' then rolreplication
            when 'bypassrls' then rolbypassrls
          end then attribute else 'no' || attribute end
      end, ' ')
    from unnest({attributes}) as attribute))
from pg_roles where oid = coalesce(case {role} when 'current_user' then (select oid from pg_roles where rolname = current_user) end, to_regrole({role}))
