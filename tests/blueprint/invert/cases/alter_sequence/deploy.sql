alter sequence core.s increment by 5 no maxvalue no cycle cache 7;

alter sequence core.s owned by none;

alter sequence core.free owned by core.users.id;
