select blueprint.open_room('core', 'The core');

create table core.users (id int);

grant usage on schema core to hc_owner;
