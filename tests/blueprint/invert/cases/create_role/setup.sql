create role hc_reader;
