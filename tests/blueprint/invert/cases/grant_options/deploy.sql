grant select on core.users to hc_a with grant option;

revoke grant option for update on core.users from hc_b;

revoke grant option for delete on core.users from hc_b;
