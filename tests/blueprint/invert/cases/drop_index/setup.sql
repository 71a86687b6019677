create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create index users_name_idx on core.users using btree (lower(name) desc nulls last) include (born) where id > 1;
comment on index core.users_name_idx is 'N';
create unique index users_born_idx on core.users (born);
alter table core.users cluster on users_born_idx;
