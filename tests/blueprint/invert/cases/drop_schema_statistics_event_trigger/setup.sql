create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create schema attic authorization hc_b;
comment on schema attic is 'Old';
grant usage on schema attic to hc_a;
create statistics core.s (dependencies) on id, name from core.users;
alter statistics core.s set statistics 5;
comment on statistics core.s is 'S';
create function core.note() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger note on ddl_command_end when tag in ('CREATE TABLE', 'DROP TABLE') execute function core.note();
alter event trigger note enable always;
comment on event trigger note is 'N';
