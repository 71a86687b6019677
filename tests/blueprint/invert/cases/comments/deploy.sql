comment on table core.users is 'new';

comment on column core.users.name is 'Name';

comment on constraint users_id_pk on core.users is 'Key';

comment on index core.users_id_pk is 'Index';

comment on function core.f(int) is null;

comment on schema core is 'Heart';

comment on domain core.email is 'Address';

comment on constraint email_check on domain core.email is 'At';

comment on sequence core.s is 'S';

comment on type core.mood is 'M';

comment on role hc_a is 'A';

comment on role hc_b is null;

comment on extension pgcrypto is 'Crypto';

comment on policy p on core.users is 'P';

comment on database postgres is 'D';
