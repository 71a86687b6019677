drop index core.users_born_key;
drop index core.users_name_idx;
