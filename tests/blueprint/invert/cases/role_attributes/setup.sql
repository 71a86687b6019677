create role hc_a nologin connection limit 5 valid until '2030-01-01';
