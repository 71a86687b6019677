drop table core.log_1;
