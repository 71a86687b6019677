alter table core.users drop constraint users_name_check;
alter table core.users add constraint users_name_check CHECK ((name <> ''::text)) NOT VALID;
comment on constraint users_name_check on core.users is 'Named';
