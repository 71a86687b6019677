create or replace function core.f(a int) returns int language sql immutable return a + 1;

create or replace function core.g() returns int return 1;

comment on function core.g is 'G';

grant execute on function core.g to public;
