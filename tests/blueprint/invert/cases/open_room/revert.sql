drop table core.users;
select blueprint.close_room('core');
