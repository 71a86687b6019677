create schema core;
create table core.users (name text);
create index users_name_idx on core.users (lower(name));
