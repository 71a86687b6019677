create role hc_a;
create role hc_b;
create schema core authorization hc_b;
create function core.f(a int, b int) returns int language sql return a;
comment on function core.f is 'F''s';
revoke execute on function core.f from public;
grant execute on function core.f to hc_a with grant option;
alter function core.f owner to hc_b;
