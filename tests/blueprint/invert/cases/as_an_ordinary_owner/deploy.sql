drop function core.f;

drop view core.v;

grant select on core.users to hc_a;

grant usage on schema public to hc_a;

create schema attic;

create table attic.old (id int);

grant usage on schema attic to hc_a;
