alter table core.orders add constraint orders_user_id_fk foreign key (user_id) references core.users not valid;

alter table core.orders validate constraint orders_user_id_fk;

alter table core.users add constraint users_name_check check (name <> ''), add constraint users_name_key unique (name), add constraint users_born_excl exclude using gist (daterange(born, null) with &&);

comment on constraint users_name_check on core.users is 'Named';

alter table core.orders add constraint orders_id_not_null not null id;
