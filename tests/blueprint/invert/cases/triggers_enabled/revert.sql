alter table core.users enable rule quiet;
alter table core.users enable trigger one;
alter table core.users enable always trigger two;
alter table core.users enable trigger one;
