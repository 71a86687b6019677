-- The checks a loaded seed can be put to: testdata.check_<name>(seed uuid), as far as they are built.
select p.proname from pg_proc p
where p.pronamespace = 'testdata'::regnamespace and p.proname ~ '^check_' and p.pronargs = 1 and p.proargtypes[0] = 'uuid'::regtype order by 1
