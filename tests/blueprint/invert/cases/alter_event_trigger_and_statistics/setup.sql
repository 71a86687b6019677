create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create function core.note() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger note on sql_drop execute function core.note();
alter event trigger note enable replica;
create statistics core.s on id, name from core.users;
