create table core.a (x int);

alter table core.a rename to b;

alter table core.b rename column x to y;

comment on table core.b is 'B';

create table core.a (z int);
