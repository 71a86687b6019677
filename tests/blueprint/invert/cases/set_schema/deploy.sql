alter table core.users set schema attic;

alter function core.f(int) set schema attic;

alter domain core.email set schema attic;
