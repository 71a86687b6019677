create sequence core.numbers owned by core.users.id;
