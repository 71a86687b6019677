-- `target` lists objects with their privileges before; only what a statement changed goes back
  wanted as (
    select target.*, grantee_name, {role_named} as grantee, privilege
    from target, unnest({grantees}) as named (grantee_name),
      lateral unnest(case acl_type
        when 'c' then array['INSERT', 'REFERENCES', 'SELECT', 'UPDATE']
        else array(select privilege_type from aclexplode(acldefault(acl_type::"char", 10)) where grantee = 10)
      end) as possible (privilege)
    where cardinality({privileges}) = 0 or lower(privilege) = any ({privileges})
  ),
  before as (
    select wanted.*, (
      select bool_or(entry.is_grantable)
      from aclexplode(coalesce(acl, acldefault(acl_type::"char", owner))) as entry
      where entry.grantee = wanted.grantee and entry.privilege_type = wanted.privilege and entry.grantor = {grantor}
    ) as is_grantable
    from wanted
  ),
  change as (
    select prefix, spelled, grantee_name, case
        when {granted} and is_grantable is null then 'revoke'
        when {granted} and {option} and not is_grantable then 'revoke grant option for'
        when not {granted} and is_grantable then 'grant with'
        when not {granted} and not {option} and not is_grantable then 'grant'
      end as verb,
      string_agg(lower(privilege) || coalesce(' (' || col || ')', ''), ', ' order by privilege, col) as list
    from before group by 1, 2, 3, 4
  )
select string_agg(prefix || format(case verb
      when 'revoke' then 'revoke %s on %s from %s;'
      when 'revoke grant option for' then 'revoke grant option for %s on %s from %s;'
      when 'grant' then 'grant %s on %s to %s;'
      else 'grant %s on %s to %s with grant option;'
    end, list, spelled, grantee_name), E'\n' order by spelled, grantee_name, verb)
from change where verb is not null
