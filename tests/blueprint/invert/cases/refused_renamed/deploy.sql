alter table core.users rename to people;

comment on table core.people is 'x';

alter table core.people alter column name set default 'y';
