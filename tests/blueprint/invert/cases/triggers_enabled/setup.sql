create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create function core.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger one before update on core.users for each row execute function core.touch();
create trigger two before update on core.users for each row execute function core.touch();
alter table core.users enable always trigger two;
create rule quiet as on delete to core.users do instead nothing;
