create sequence core.numbers;

create table core.users (id bigint default nextval('core.numbers'));

alter sequence core.numbers owned by core.users.id;
