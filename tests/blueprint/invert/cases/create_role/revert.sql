revoke usage on schema public from hc_writer;
drop role hc_writer;
