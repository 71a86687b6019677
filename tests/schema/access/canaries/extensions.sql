-- Room extensions: which extensions are asked for and what was found, reference data for everybody.
insert into extensions.requirements (name, min_version, is_required, purpose, probe_sql, fallback) values ('canary', '1', false, 'canary', 'select true', 'none');
insert into extensions.probes (id, name, outcome) values (id('probe'), 'canary', 'absent');
