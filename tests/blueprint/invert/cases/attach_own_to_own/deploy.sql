create table core.log_1 (at date);

create table core.log (at date) partition by range (at);

alter table core.log attach partition core.log_1 default;

create index log_1_at_idx on core.log_1 (at);

create index log_at_idx on only core.log (at);

alter index core.log_at_idx attach partition core.log_1_at_idx;
