drop table core.more;
drop table core.numbers;
