create or replace view core.people as select id, lower(name) as name from core.users;

create or replace view core.fresh as select 1 as one;
