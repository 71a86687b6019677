alter policy p on core.users to hc_a using (id = 2) with check (id = 3);
