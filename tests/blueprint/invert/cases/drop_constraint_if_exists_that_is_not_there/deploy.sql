alter table core.users drop constraint if exists users_nothing_check;

comment on table core.users is 'x';
