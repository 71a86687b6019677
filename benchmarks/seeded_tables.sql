-- The tables a seed filled, in an order that need not matter (foreign keys rest): name, columns that can be copied, and what tells its rows from those the build made.
select c.oid::regclass::text, array_agg(a.attname order by a.attnum),
  case when bool_or(a.attname = 'id' and a.atttypid = 'uuid'::regtype) then 'testdata.is_test_id(t.id)' else 'true' end
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relkind in ('r', 'p') and not c.relispartition and c.oid in (
  select unnest(g.targets || '{core.status_changes}')::regclass from testdata.generators g)
group by c.oid
