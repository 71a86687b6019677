grant update on table core.users to hc_b with grant option;
revoke grant option for select on table core.users from hc_a;
