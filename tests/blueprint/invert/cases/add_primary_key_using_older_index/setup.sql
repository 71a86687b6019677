create schema core;
create table core.t (a int, b int not null, c int);
create unique index t_a_idx on core.t (a);
comment on index core.t_a_idx is 'First';
