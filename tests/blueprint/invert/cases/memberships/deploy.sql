grant hc_a to hc_b with admin false, inherit true, set false;

revoke hc_c from hc_b;

grant pg_monitor to hc_c with inherit true, set false;
