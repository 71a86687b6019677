drop index core.users_name_idx, core.users_born_idx;
