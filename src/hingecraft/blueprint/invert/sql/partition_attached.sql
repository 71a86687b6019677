-- attaching copies the parent's indexes and keys to the partition; detaching leaves them there
select format(E'do $revert$\ndeclare\n  statement text;\n  left_behind text[] := array(\n'
    '    select format(''alter table %%s drop constraint %%I'', conrelid::regclass, conname) from pg_catalog.pg_constraint\n'
    '    where conrelid = %1$L::regclass and conparentid <> 0 and contype in (''p'', ''u'', ''x'', ''f'')\n'
    '      and conname <> all (%2$L::text[])\n'
    '    union all\n'
    '    select format(''drop index %%s'', indexrelid::regclass) from pg_catalog.pg_index\n'
    '    join pg_catalog.pg_class on pg_class.oid = indexrelid\n'
    '    where indrelid = %1$L::regclass and relispartition and relname <> all (%2$L::text[])\n'
    '      and not exists (select from pg_catalog.pg_constraint where conindid = indexrelid));\n'
    'begin\n  %3$s\n  foreach statement in array left_behind loop\n    execute statement;\n  end loop;\nend $revert$;',
  oid::regclass, array(
    select relname from pg_index join pg_class i on i.oid = indexrelid where indrelid = pg_class.oid
    union
    select conname from pg_constraint where conrelid = pg_class.oid
    order by 1)::text[], {detach})
from pg_class where oid = {oid}
