alter table core.t drop constraint t_a_pk;
alter table core.t alter column a drop not null;
