create table core.log_1 (at date);

alter table core.log attach partition core.log_1 default;
