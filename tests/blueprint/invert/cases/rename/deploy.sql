alter table core.users rename column name to title;

alter table core.users rename constraint users_id_pk to people_id_pk;

alter table core.users rename to people;

alter index core.users_name_idx rename to people_title_idx;

alter function core.f(int) rename to g;

alter domain core.email rename constraint email_check to address_check;

alter domain core.email rename to address;

alter type core.mood rename value 'calm' to 'quiet';

alter type core.mood rename to temper;

alter type core.pair rename attribute a to b;

alter policy p on core.people rename to q;

alter view core.v rename column id to nr;

alter role hc_a rename to hc_c;

alter schema core rename to heart;
