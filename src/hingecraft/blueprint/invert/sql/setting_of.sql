pg_db_role_setting
where setdatabase = coalesce((select oid from pg_database where datname = {database}), 0)
  and setrole = coalesce(case {role} when 'current_user' then (select oid from pg_roles where rolname = current_user)
    else to_regrole({role})::oid end, 0)
