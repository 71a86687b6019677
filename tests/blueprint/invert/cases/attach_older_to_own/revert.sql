alter table core.log detach partition core.log_1;
drop table core.log;
