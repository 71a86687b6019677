alter table core.users drop constraint users_name_key, drop constraint users_name_check;

alter table core.users drop constraint users_id_pk;
