alter table core.users drop column nr;
alter table core.users alter column id drop identity;
