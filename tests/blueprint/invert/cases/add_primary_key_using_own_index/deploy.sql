create unique index t_a_idx on core.t (a);

alter table core.t add constraint t_a_pk primary key using index t_a_idx;
