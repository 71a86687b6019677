create schema core;

create table core.users (id int constraint users_id_pk primary key, name text default 'x', born date);
create view core.people with (security_invoker = true) as select id, name from core.users with local check option;
comment on view core.people is 'People';
