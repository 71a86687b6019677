drop index if exists core.users_born_idx;

create index users_name_idx on core.users (name);
