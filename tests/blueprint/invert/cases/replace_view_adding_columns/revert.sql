drop view core.people;
create view core.people with (security_barrier=true) as
 SELECT id,
    name
   FROM core.users;
alter view core.people owner to hc_b;
grant select on table core.people to hc_a;
comment on view core.people is 'People';
comment on column core.people.id is 'Number';
alter view core.people alter column name set default 'n'::text;
grant update (name) on core.people to hc_b;
