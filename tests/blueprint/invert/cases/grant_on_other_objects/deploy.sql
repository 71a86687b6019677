revoke usage on type core.mood from public;

grant usage on domain core.email to hc_a;

grant usage, select on sequence core.s to hc_a;

grant usage on foreign data wrapper nothing to hc_a;

grant usage on foreign server far to hc_a;

revoke usage on language sql from public;
