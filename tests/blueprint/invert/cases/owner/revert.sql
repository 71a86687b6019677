alter view core.people owner to hingecraft;
alter function core.f owner to hingecraft;
alter schema core owner to hingecraft;
grant usage on schema core to hc_b;
alter table core.users owner to hingecraft;
grant insert on table core.users to hc_a;
grant select on table core.users to hc_a;
