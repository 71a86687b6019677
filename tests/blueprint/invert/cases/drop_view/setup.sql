create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create role hc_a;
create role hc_b;
create view core.people with (security_invoker = true) as select id, name from core.users;
comment on view core.people is 'People';
comment on column core.people.id is 'Number';
grant select on core.people to hc_a with grant option;
grant update (name) on core.people to hc_b;
alter view core.people owner to hc_b;
create function core.put() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger put instead of insert on core.people for each row execute function core.put();
comment on trigger put on core.people is 'Put';
