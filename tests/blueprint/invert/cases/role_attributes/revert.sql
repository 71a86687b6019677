alter role hc_a nologin nocreatedb inherit connection limit 5 valid until '2030-01-01 00:00:00+00' noreplication nobypassrls;
