create or replace function core.f(a int, b int default 2) returns int language sql return a + b;
