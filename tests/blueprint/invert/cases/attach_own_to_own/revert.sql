drop table core.log;
