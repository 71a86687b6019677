drop view if exists core.nothing;

drop function if exists core.nothing(int);

drop policy if exists nothing on core.users;

comment on table core.users is 'x';
