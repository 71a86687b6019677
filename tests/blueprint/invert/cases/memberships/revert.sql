revoke pg_monitor from hc_c;
grant hc_c to hc_b with admin false, inherit true, set true;
grant hc_a to hc_b with admin true, inherit false, set true;
