alter database postgres reset timezone;
alter database postgres reset statement_timeout;
alter role all reset lock_timeout;
alter role hc_b in database postgres set work_mem to '6MB';
alter role hc_b set search_path to '';
alter role hc_a set work_mem to '5MB';
alter role hc_a set search_path to core, "$user", public;
