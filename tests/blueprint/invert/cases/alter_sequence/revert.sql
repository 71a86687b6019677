alter sequence core.free owned by none;
alter sequence core.s owned by core.users.id;
alter sequence core.s as integer increment by 2 minvalue 1 maxvalue 100 start with 1 cache 1 cycle;
