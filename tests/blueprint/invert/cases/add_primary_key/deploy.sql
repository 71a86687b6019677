alter table core.t add constraint t_a_b_pk primary key (a, b);
