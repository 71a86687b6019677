alter table core.users replica identity full;

alter table core.users cluster on users_id_idx;

alter table core.other replica identity nothing;

alter table core.other set without cluster;
