create foreign data wrapper nothing;

create server far foreign data wrapper nothing options (host 'h');

create user mapping for hc_a server far;

create foreign table core.remote (id int) server far;

grant usage on foreign server far to hc_a;
