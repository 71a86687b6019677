revoke execute on procedure core.p() from hc_a;
revoke execute on routine core.f() from hc_b;
revoke execute on routine core.p() from hc_b;
grant execute on function core.f() to public;
revoke usage on sequence core.s from hc_a;
revoke insert on table core.users from hc_a;
drop table core.fresh;
