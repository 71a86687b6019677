create schema core;
create table core.t (a int, b int generated always as (a + 1) virtual, c int generated always as (a + 1) stored);
