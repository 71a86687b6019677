-- the new owner's own privileges merged into the owner's: they are granted anew
select format('alter %s owner to %I;', {object}, pg_get_userbyid(thing.owner)) || coalesce((
  select string_agg(format(E'\ngrant %s on %s to %I%s;', lower(privilege_type), {on}, pg_get_userbyid(grantee),
    case when is_grantable then ' with grant option' end), '' order by privilege_type)
  from aclexplode(thing.acl) as entry where entry.grantee = incoming.oid), '')
from (select {owner} as owner, {acl} as acl from {catalog} where oid = {oid}) as thing,
  lateral (select {role_named} as oid from (select {new}::text as grantee_name) as named) as incoming
where incoming.oid is distinct from thing.owner
