alter table core.users set unlogged;
