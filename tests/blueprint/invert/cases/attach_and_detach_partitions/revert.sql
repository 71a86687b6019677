alter table core.log attach partition core.log_2 FOR VALUES FROM (10) TO (20);
do $revert$
declare
  statement text;
  left_behind text[] := array(
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) from pg_catalog.pg_constraint
    where conrelid = 'core.log_1'::regclass and conparentid <> 0 and contype in ('p', 'u', 'x', 'f')
      and conname <> all ('{log_1_id_not_null,log_1_own_idx}'::text[])
    union all
    select format('drop index %s', indexrelid::regclass) from pg_catalog.pg_index
    join pg_catalog.pg_class on pg_class.oid = indexrelid
    where indrelid = 'core.log_1'::regclass and relispartition and relname <> all ('{log_1_id_not_null,log_1_own_idx}'::text[])
      and not exists (select from pg_catalog.pg_constraint where conindid = indexrelid));
begin
  alter table core.log detach partition core.log_1;
  foreach statement in array left_behind loop
    execute statement;
  end loop;
end $revert$;
