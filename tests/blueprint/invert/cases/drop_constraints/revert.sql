alter table core.users add constraint users_id_pk PRIMARY KEY (id);
alter table core.users add constraint users_name_check CHECK ((name <> ''::text)) NOT VALID;
comment on constraint users_name_check on core.users is 'Named';
alter table core.users add constraint users_name_key UNIQUE NULLS NOT DISTINCT (name);
alter index core.users_name_key set (fillfactor=80);
alter table core.users cluster on users_name_key;
comment on index core.users_name_key is 'Names';
