drop foreign table core.remote;
drop user mapping for hc_a server far;
drop server far;
drop foreign data wrapper nothing;
