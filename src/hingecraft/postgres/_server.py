"""The server a command works on: somebody's, through a DSN, or the embedded one, started when it is not running."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._binaries import MAJOR
from ._cluster import EmbeddedCluster
from ._connect import connect
from .errors import Unreachable, Unsuitable

if TYPE_CHECKING:
    import psycopg

DATABASE = "hingecraft"
_PASSING = (
    "is starting up",
    "is shutting down",
    "in recovery mode",
    "not yet accepting connections",
    "closed the connection unexpectedly",
    "Connection refused",
    "Connection reset",
    "No such file or directory",
)
_FACTS = """
select current_setting('server_version_num')::int, current_setting('server_version'), pg_is_in_recovery(),
       current_setting('server_encoding'), (select rolsuper from pg_roles where rolname = current_user),
       current_database()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is known to answer and to be suitable."""

    dsn: str = field(repr=False)
    dbname: str
    version: str
    version_num: int
    superuser: bool
    embedded: bool
    durable: bool = True

    def __str__(self) -> str:
        return f"{'embedded PostgreSQL' if self.embedded else 'PostgreSQL'} {self.version}, database {self.dbname}"

    def dsn_of(self, dbname: str) -> str:
        """Return the DSN of another database of this server."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(self.dsn, dbname=dbname)


def open_server(dsn: str | None = None) -> Server:
    """Return the server to work on: `dsn`, else HINGECRAFT_DSN, else the embedded one, started when not running.

    Raises ServerError (exit status 3) when it cannot be reached, started or used.
    """
    if given := dsn or os.environ.get("HINGECRAFT_DSN"):
        with connect(given) as connection:
            return _suitable(connection, given, embedded=False)
    return open_cluster(EmbeddedCluster())


def open_cluster(cluster: EmbeddedCluster, *, durable: bool = True) -> Server:
    """Start a cluster of ours when it is not running, make the database when it is missing, and return the server."""

    def knock() -> Server:
        dsn = cluster.conninfo(cluster.start(), DATABASE)
        with _connect_or_create(dsn) as connection:
            return _suitable(connection, dsn, embedded=True, durable=durable)

    try:
        return knock()
    except Unreachable as error:
        if not _will_pass(error):
            raise
    import tenacity

    return tenacity.retry(
        retry=tenacity.retry_if_exception(_will_pass),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(30),
        reraise=True,
    )(knock)()


def _will_pass(error: BaseException) -> bool:
    """Whether this is the answer of a server that is just coming back or going, or was killed a moment ago."""
    return isinstance(error, Unreachable) and any(word in error.message for word in _PASSING)


def _connect_or_create(dsn: str) -> psycopg.Connection:
    try:
        return connect(dsn, embedded=True)
    except Unreachable as error:
        if "does not exist" not in error.message:
            raise
    from psycopg import errors

    faster = (errors.DuplicateDatabase, errors.UniqueViolation)
    with connect(dsn, dbname="postgres", embedded=True) as connection, contextlib.suppress(*faster):
        connection.execute(f"create database {DATABASE}")
    return connect(dsn, embedded=True)


def _suitable(connection: psycopg.Connection, dsn: str, *, embedded: bool, durable: bool = True) -> Server:
    """Return the server behind a connection. Raises Unsuitable when the platform cannot be built on it."""
    row = connection.execute(_FACTS).fetchone()
    assert row is not None
    number, version, in_recovery, encoding, superuser, dbname = row
    needed = f"PostgreSQL {MAJOR} or newer"
    if number < MAJOR * 10_000:
        raise Unsuitable(
            f"The server is PostgreSQL {version} and {needed} is needed.",
            hint="Upgrade it, name another one, or leave the DSN out to use the embedded server.",
            found=version,
            needed=needed,
        )
    if in_recovery:
        raise Unsuitable(
            "The server is a standby, which can only be read.",
            hint="Name its primary.",
            found="standby",
            needed="primary",
        )
    if encoding != "UTF8":
        raise Unsuitable(
            f"The database {dbname} is encoded in {encoding} and UTF8 is needed.",
            hint="Make one with: create database ... encoding 'UTF8' template template0.",
            found=encoding,
            needed="UTF8",
        )
    return Server(
        dsn=dsn,
        dbname=dbname,
        version=version.split()[0],
        version_num=number,
        superuser=bool(superuser),
        embedded=embedded,
        durable=durable,
    )
