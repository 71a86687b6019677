-- a superuser grants in the name of the bootstrap superuser (oid 10)
select case
    when membership.oid is null and {granted} then format('revoke %s from %s%s;', {role}, {member}, grantor_named)
    when membership.oid is null or ({granted} and not {options}) then null
    else format('grant %s to %s with admin %s, inherit %s, set %s%s;', {role}, {member},
      admin_option::text, inherit_option::text, set_option::text, grantor_named)
  end
from (select coalesce(' granted by ' || {grantor}::text, '') as grantor_named) as spelled
  cross join lateral (select {role_named} as oid from (select {member}::text as grantee_name) as named) as joining
  cross join lateral (
    select case when {grantor}::text is not null then {role_named}
      when (select rolsuper from pg_roles where rolname = current_user) then 10
      else (select oid from pg_roles where rolname = current_user) end as oid
    from (select {grantor}::text as grantee_name) as named
  ) as granting
  left join pg_auth_members as membership
    on (membership.roleid, membership.member, membership.grantor) = (to_regrole({role}), joining.oid, granting.oid)
