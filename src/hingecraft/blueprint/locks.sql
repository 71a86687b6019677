-- Every table, its file, and the strongest lock this transaction holds on it (null for none that others would feel).
select c.oid, c.oid::regclass, coalesce(pg_relation_filenode(c.oid), 0),
  (select l.mode from pg_locks l
   where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.relation = c.oid and l.granted
   order by array_position(array['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock'], l.mode) limit 1)
from pg_class c
where c.relkind in ('r', 'p', 'm') and c.relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)
