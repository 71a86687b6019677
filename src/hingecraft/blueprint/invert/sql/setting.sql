select format('alter %s %s;', {target}, coalesce((
    select format('set %s to %s', {parameter}, {setting_spelled})
    from (select unnest(setconfig) as setting from {setting_of}) as settings
    where lower(split_part(setting, '=', 1)) = lower({parameter})), 'reset ' || {parameter}))
where {role}::text is null or {role} = 'current_user' or to_regrole({role}) is not null
