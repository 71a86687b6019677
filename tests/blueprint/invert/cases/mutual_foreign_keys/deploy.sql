create table core.a (id int constraint a_id_pk primary key, b_id int);

create table core.b (id int constraint b_id_pk primary key, a_id int constraint b_a_id_fk references core.a);

alter table core.a add constraint a_b_id_fk foreign key (b_id) references core.b;
