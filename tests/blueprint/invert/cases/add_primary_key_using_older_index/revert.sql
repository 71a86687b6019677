alter table core.t drop constraint t_a_pk;
alter table core.t alter column a drop not null;
CREATE UNIQUE INDEX t_a_idx ON core.t USING btree (a);
comment on index core.t_a_idx is 'First';
