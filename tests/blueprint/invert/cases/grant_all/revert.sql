revoke insert (name), references (name), select (name), update (name) on table core.users from hc_b;
revoke delete, insert, maintain, references, trigger, truncate, update on table core.users from hc_a;
