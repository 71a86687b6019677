create view core.people with (security_invoker=true) as
 SELECT id,
    name
   FROM core.users;
alter view core.people owner to hc_b;
grant select on table core.people to hc_a with grant option;
comment on view core.people is 'People';
comment on column core.people.id is 'Number';
grant update (name) on core.people to hc_b;
CREATE TRIGGER put INSTEAD OF INSERT ON core.people FOR EACH ROW EXECUTE FUNCTION core.put();
comment on trigger put on core.people is 'Put';
