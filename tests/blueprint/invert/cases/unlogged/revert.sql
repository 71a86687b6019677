alter table core.users set logged;
