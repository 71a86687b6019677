alter table core.users drop constraint users_name_check, add constraint users_name_check check (name <> 'x');
