-- Room testdata: how made-up rows are made, which no request role has to do with.
insert into testdata.calendar (unit, position, weight) values ('month', 900, 1);
insert into testdata.profiles (code, sf, window_days, about) values ('canary', 1, 1, 'canary');
insert into testdata.seeds (id, profile, seed, sf, since, until, before) values (id('seed'), 'canary', 900001, 1, now() - interval '1 day', now(), '{}');
insert into testdata.chunks (seed_id, generator, lo, hi) values (id('seed'), 'canary', 1, 2);
insert into testdata.entities (seed, kind, n, id, at) values (900001, 'canary', 1, id('entity'), now());
insert into testdata.findings (check_name, subject, found) values ('canary', 'canary', '{}');
insert into testdata.generators (name, targets, rows_at_sf1) values ('canary', '{core.users}', 1);
insert into testdata.measures (generator, rows) values ('canary', 1);
insert into testdata.outage_attempts (seed, delivery_id, attempt_no, hook, event, at) values (900001, id('outage'), 1, 1, 0, '0');
insert into testdata.places (n, city, region, country, latitude, longitude, time_zone, locale, weight) values (900001, 'Canary', 'Canary', 'DE', 1, 1, 'UTC', 'de', 1);
insert into testdata.walks (machine, final_status, path, weight) values ('canary', 'b', '{a,b}', 1);
insert into testdata.words (list, locale, pos, value) values ('canary', 'en', 1, 'canary');
