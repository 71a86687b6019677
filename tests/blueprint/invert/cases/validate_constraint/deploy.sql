alter table core.users validate constraint users_name_check;
