alter table core.log attach partition core.log_1 for values from (0) to (10);

alter table core.log detach partition core.log_2;
