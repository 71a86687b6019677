create table core.members (since date) inherits (core.users);
