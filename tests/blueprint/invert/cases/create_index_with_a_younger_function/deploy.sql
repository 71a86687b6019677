create table core.users (name text);

create function core.fold(text) returns text language sql immutable return lower($1);

create index users_fold_idx on core.users (core.fold(name));

alter table core.users add constraint users_name_check check (core.fold(name) <> ''), alter column name set default core.fold('X');
