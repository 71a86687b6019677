drop table core.users;

alter table core.users drop column name;

alter table core.users alter column name type varchar(5);

alter type core.mood add value 'sad';

drop sequence core.s;

alter sequence core.s restart;

alter table core.users alter column id drop identity;

alter table core.users alter column id drop expression;

drop role hc_a;

drop extension pgcrypto;

alter role hc_a password 'x';

alter type core.pair drop attribute b;
