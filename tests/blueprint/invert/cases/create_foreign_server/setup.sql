create role hc_a;
create role hc_b;
create schema core;
