grant select on core.users to hc_a;

grant usage on schema core to hc_a;

revoke insert on core.users from hc_a;
