-- whom a grant on an object of this owner counts as granted by: the owner, where the role acting here may act as the owner
case when pg_has_role(owner, 'usage') then owner else (select oid from pg_roles where rolname = current_user) end
