alter role hc_a set search_path = other;

alter role hc_a reset work_mem;

alter role hc_b reset all;

alter role hc_b in database postgres set work_mem = '7MB';

alter role all set lock_timeout = '1s';

alter database postgres set statement_timeout = '2s';

alter database postgres set timezone = 'UTC';
