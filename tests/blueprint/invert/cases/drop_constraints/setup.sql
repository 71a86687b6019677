create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
alter table core.users add constraint users_name_key unique nulls not distinct (name) with (fillfactor = 80), add constraint users_name_check check (name <> '') not valid;
alter table core.users cluster on users_name_key;
comment on index core.users_name_key is 'Names';
comment on constraint users_name_check on core.users is 'Named';
