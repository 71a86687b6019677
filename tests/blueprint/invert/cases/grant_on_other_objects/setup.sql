create role hc_a;
create role hc_b;
create schema core;
create type core.mood as enum ('calm');
create domain core.email as text;
create sequence core.s;
create foreign data wrapper nothing;
create server far foreign data wrapper nothing;
