create or replace view core.people as select id, name, born from core.users;
