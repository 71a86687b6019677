create temporary table found on commit drop as select id from core.users;
