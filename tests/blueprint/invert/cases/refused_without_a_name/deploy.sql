create index on core.users (id);

alter table core.users add check (id > 0);

create statistics on id, name from core.users;

alter domain core.email add check (value <> '');

comment on table users is 'x';

alter table users alter column name set default 'x';
