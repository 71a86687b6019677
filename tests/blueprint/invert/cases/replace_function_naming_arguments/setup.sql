create schema core;
create function core.f(int) returns int language sql return $1;
