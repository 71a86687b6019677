grant all on core.users to hc_a;

grant all (name) on core.users to hc_b;

revoke all on schema core from hc_a;
