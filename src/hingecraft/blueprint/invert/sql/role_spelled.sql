case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end
