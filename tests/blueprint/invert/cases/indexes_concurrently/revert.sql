drop index core.users_name_idx;
