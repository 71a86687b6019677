"""One run at a time on a database: a session advisory lock, polled and never waited in.

A waiter inside pg_advisory_lock holds a snapshot, with which a CREATE INDEX CONCURRENTLY of the holder deadlocks
(and leaves an INVALID index). The lock dies with its connection, so nothing has to be cleaned up after a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

KEY = "hashtextextended('hingecraft blueprint', 0)"
_HOLDER = f"""
  select a.pid, format('pid %s (%s%s) since %s', a.pid, a.usename, coalesce(' ' || nullif(a.application_name, ''), ''),
                       to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'))
  from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.mode = 'ExclusiveLock'
    and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = {KEY}"""


class _Held(Exception):
    """Another session holds the lock."""


def hold(connection: psycopg.Connection[Any], wait: float, on_wait: Callable[[str], None] = lambda _: None) -> None:
    """Take the lock for as long as the connection lives, trying for `wait` seconds.

    Raises LockedError, which names the holder. Reading commands need no lock.
    """
    from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

    def say(_: object) -> None:
        on_wait(holder(connection) or "a run that just ended")

    retrying = Retrying(
        retry=retry_if_exception_type(_Held),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        stop=stop_after_delay(wait),
        before_sleep=say,
        reraise=True,
    )
    try:
        retrying(_try, connection)
    except _Held:
        name = holder(connection) or "another run"
        raise LockedError(
            f"Another run works on this database: {name}.",
            hint="Wait for it to end, or give --wait SECONDS.",
            holder=name,
        ) from None


def holder(connection: psycopg.Connection[Any]) -> str | None:
    """Who holds the lock, in words; None when nobody does."""
    row = connection.execute(_HOLDER).fetchone()
    return str(row[1]) if row else None


def _try(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(f"select pg_catalog.pg_try_advisory_lock({KEY})").fetchone()
    if not row or not row[0]:
        raise _Held
