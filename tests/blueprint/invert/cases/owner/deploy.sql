alter table core.users owner to hc_a;

alter schema core owner to hc_b;

alter function core.f owner to hc_a;

alter view core.people owner to hc_b;
