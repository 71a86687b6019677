create table core.users (id int, name text, check (id > 0));

create index on core.users (id);

alter table core.users add check (name <> '');

create statistics on id, name from core.users;
