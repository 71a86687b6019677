create role hc_a;
create role hc_b;
create role hc_c;
grant hc_a to hc_b with admin true, inherit false;
grant hc_c to hc_b;
