alter table core.users drop column email;
drop domain core.email;
