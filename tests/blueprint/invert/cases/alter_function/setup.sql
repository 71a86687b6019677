create schema core;
create function core.f(a int default 1) returns int language plpgsql cost 5 set work_mem = '5MB' as $$ begin return a; end $$;
