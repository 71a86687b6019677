create schema core;
create table core.t (a int, b int not null, c int);
