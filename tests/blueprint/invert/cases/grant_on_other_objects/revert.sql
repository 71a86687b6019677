grant usage on language sql to public;
revoke usage on foreign server far from hc_a;
revoke usage on foreign data wrapper nothing from hc_a;
revoke select, usage on sequence core.s from hc_a;
revoke usage on domain core.email from hc_a;
grant usage on type core.mood to public;
