create publication feed for table core.users;

create publication all_of_it for tables in schema core;
