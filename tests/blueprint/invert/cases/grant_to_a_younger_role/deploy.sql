create table core.users (id int);

create role hc_reader;

grant select on core.users to hc_reader;

alter table core.users owner to hc_reader;
