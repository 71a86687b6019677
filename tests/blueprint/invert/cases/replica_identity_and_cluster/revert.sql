alter table core.other cluster on other_id_idx;
alter table core.other replica identity using index other_id_idx;
alter table core.users set without cluster;
alter table core.users replica identity default;
