alter index core.users_name_idx alter column 1 set statistics default;
