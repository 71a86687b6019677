alter domain attic.email set schema core;
alter function attic.f(integer) set schema core;
alter table attic.users set schema core;
