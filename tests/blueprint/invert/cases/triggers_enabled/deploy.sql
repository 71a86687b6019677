alter table core.users disable trigger one;

alter table core.users disable trigger user;

alter table core.users disable rule quiet;
