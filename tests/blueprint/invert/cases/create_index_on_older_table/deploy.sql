create index users_name_idx on core.users (name) where born is not null;

create unique index users_born_key on core.users (born);

comment on index core.users_name_idx is 'By name';
