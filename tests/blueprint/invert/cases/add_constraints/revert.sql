alter table core.orders drop constraint orders_id_not_null;
alter table core.users drop constraint users_born_excl;
alter table core.users drop constraint users_name_key;
alter table core.users drop constraint users_name_check;
alter table core.orders drop constraint orders_user_id_fk;
