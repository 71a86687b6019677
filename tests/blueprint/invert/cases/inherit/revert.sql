alter table core.members no inherit core.users;
