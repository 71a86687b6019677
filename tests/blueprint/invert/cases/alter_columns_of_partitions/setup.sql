create schema core;
create table core.log (at date, note text default 'a') partition by range (at);
create table core.log_rest partition of core.log default;
alter table core.log_rest alter column note set default 'b', alter column note set statistics 5;
