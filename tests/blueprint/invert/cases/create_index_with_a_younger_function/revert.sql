alter table core.users alter column name drop default;
alter table core.users drop constraint users_name_check;
drop index core.users_fold_idx;
drop function core.fold(text);
drop table core.users;
