-- the role called grantee_name: its oid, 0 for public, null when there is no such role (yet)
case grantee_name
  when 'public' then 0::oid
  when 'current_user' then (select oid from pg_roles where rolname = current_user)
  when 'current_role' then (select oid from pg_roles where rolname = current_user)
  when 'session_user' then (select oid from pg_roles where rolname = session_user)
  else to_regrole(grantee_name)::oid
end
