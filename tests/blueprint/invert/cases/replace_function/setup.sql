create schema core;
create function core.f(a int) returns int language plpgsql set search_path = '' as $$ begin return a; end $$;
comment on function core.f is 'F';
revoke execute on function core.f from public;
