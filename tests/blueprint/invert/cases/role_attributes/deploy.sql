alter role hc_a login createdb noinherit connection limit 7 valid until '2031-01-01' replication bypassrls;
