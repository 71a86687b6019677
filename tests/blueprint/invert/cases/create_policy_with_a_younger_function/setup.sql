create role hc_a;
create role hc_b;
