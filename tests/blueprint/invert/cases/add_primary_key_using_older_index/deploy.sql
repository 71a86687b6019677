alter table core.t add constraint t_a_pk primary key using index t_a_idx;
