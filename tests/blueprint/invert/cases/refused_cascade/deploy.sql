drop view core.v cascade;

alter table core.users drop constraint users_id_pk cascade;

revoke select on core.users from hc_a cascade;

create extension earthdistance cascade;

revoke hc_a from hc_b cascade;
