create role hc_a;
create role hc_b;
alter role hc_a set search_path = core, "$user", public;
alter role hc_a set work_mem = '5MB';
alter role hc_b set search_path = '';
alter role hc_b in database postgres set work_mem = '6MB';
alter role hc_a set temp_tablespaces = '';
