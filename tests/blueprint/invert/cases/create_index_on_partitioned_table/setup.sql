create schema core;
create table core.log (at date) partition by range (at);
create table core.log_rest partition of core.log default;
