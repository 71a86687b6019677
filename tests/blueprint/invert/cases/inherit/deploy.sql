alter table core.members inherit core.users;
