create schema core;
create table core.log (at date) partition by range (at);
