create role hc_writer login connection limit 3 in role hc_reader;

comment on role hc_writer is 'Writes';

alter role hc_writer set search_path = core, public;

grant usage on schema public to hc_writer;
