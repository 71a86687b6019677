-- Who the backend :pid waits for, in words.
select format('pid %s (%s%s), %s for %s: %s', b.pid, b.usename, coalesce(' ' || nullif(b.application_name, ''), ''), b.state,
  justify_interval(date_trunc('second', clock_timestamp() - b.xact_start)), left(regexp_replace(b.query, '\s+', ' ', 'g'), 120))
from unnest(pg_catalog.pg_blocking_pids(:pid)) as blocking(pid) join pg_catalog.pg_stat_activity b using (pid)
