create or replace function core.f(a int) returns int language sql return a + 1;
