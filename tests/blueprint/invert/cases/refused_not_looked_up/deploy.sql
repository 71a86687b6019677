alter publication feed set table core.users;

alter extension pgcrypto update;

alter server far options (add x 'y');

create or replace aggregate core.total(int) (sfunc = int4pl, stype = int);

create type core.base;

create schema core create table t (i int);

comment on cast (int as text) is 'x';

reassign owned by hc_a to hc_b;

security label on table core.users is 'x';

alter index core.i attach partition core.j;

alter table core.users set access method heap2;

alter text search configuration core.c alter mapping for word with simple;

grant set on parameter work_mem to hc_a;

drop operator core.= (int, int);
