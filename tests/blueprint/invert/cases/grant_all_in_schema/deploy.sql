create table core.fresh (id int);

grant select, insert on all tables in schema core to hc_a;

grant usage on all sequences in schema core to hc_a;

revoke execute on all functions in schema core from public;

grant execute on all routines in schema core to hc_b;

grant execute on all procedures in schema core to hc_a;
