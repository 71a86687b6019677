drop table core.a;
alter table core.b rename column y to x;
alter table core.b rename to a;
drop table core.a;
