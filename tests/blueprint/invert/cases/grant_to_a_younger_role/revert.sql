alter table core.users owner to current_user;
revoke all on table core.users from hc_reader;
drop role hc_reader;
drop table core.users;
