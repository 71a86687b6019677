create schema core;
create table core.log (at date) partition by range (at);
create index log_at_idx on core.log (at);
