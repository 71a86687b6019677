create schema core;
create table core.log_1 (at date);
