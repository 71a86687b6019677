drop index core.users_email_about_idx;
alter table core.users drop column about;
alter table core.users drop column email;
