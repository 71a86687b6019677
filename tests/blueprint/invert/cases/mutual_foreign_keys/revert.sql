alter table core.a drop constraint a_b_id_fk;
drop table core.b;
drop table core.a;
