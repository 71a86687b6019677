create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create function core.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touch before update on core.users for each row when (old.id > 1) execute function core.touch();
alter table core.users disable trigger touch;
comment on trigger touch on core.users is 'T';
