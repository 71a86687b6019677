-- The scenarios that can be played: testdata.play_<name>(seed bigint).
select p.proname from pg_proc p where p.pronamespace = 'testdata'::regnamespace and p.proname ~ '^play_' order by 1
