create table core.log (at date) partition by range (at);

alter table core.log attach partition core.log_1 default;
