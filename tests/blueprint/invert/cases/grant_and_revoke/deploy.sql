grant select, insert on core.users to hc_a;

revoke insert, update, select on core.users from hc_b;

grant select (name, born) on core.users to hc_b, hc_a;

grant usage on schema core to hc_a, public;

revoke all on function core.f from public;

grant execute on function core.f() to hc_b with grant option;

revoke truncate on core.users from current_user;
