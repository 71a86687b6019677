alter table core.users rename to people;

comment on table core.people is 'x';

alter table core.people alter column name set default 'y';

alter schema core rename to heart;

comment on table heart.orders is 'x';

alter role hc_a rename to hc_b;

grant select on attic.orders to hc_b;
