"""Connections, all of them: one place that names the application and turns refusals into sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import Unreachable

if TYPE_CHECKING:
    import psycopg

    from ._server import Server

CONNECT_TIMEOUT = 10

# Said aloud for our own server, since the caller's PG variables speak of another one.
_OURS = {
    "hostaddr": "",
    "options": "",
    "channel_binding": "prefer",
    "require_auth": "",
    "sslmode": "prefer",
    "sslnegotiation": "postgres",
    "gssencmode": "disable",
    "target_session_attrs": "any",
}


def connect(
    server: Server | str,
    *,
    dbname: str | None = None,
    autocommit: bool = True,
    application_name: str = "hingecraft",
    embedded: bool = False,
    **options: Any,
) -> psycopg.Connection:
    """Open a connection; to our own server the caller's PG variables say nothing.

    Raises Unreachable in one sentence, without the password, when that fails.
    """
    import psycopg

    dsn = server if isinstance(server, str) else server.dsn
    if embedded or (not isinstance(server, str) and server.embedded):
        options = {**_OURS, **options}
    known = parsed(dsn)
    if dbname is not None:
        options["dbname"] = dbname
    if "connect_timeout" not in known:
        options.setdefault("connect_timeout", CONNECT_TIMEOUT)
    try:
        return psycopg.connect(dsn, autocommit=autocommit, application_name=application_name, client_encoding="utf8", **options)
    except psycopg.OperationalError as error:
        where = " ".join(f"{key}={value}" for key, value in {**known, **options}.items() if key in ("host", "port", "dbname"))
        raise Unreachable(
            f"The server ({where}) cannot be reached: {_first_line(error)}",
            hint="Is it running, and do address, database and user in the DSN fit?",
            sqlstate=error.sqlstate,
        ) from error


def parsed(dsn: str) -> dict[str, Any]:
    """Return a connection string's parts. Raises Unreachable without repeating it: a password may be inside."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        return dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError:
        raise Unreachable("The DSN is not a connection string.", hint="It looks like postgresql://user@host:5432/database.") from None


def _first_line(error: psycopg.Error) -> str:
    """libpq tells the story of every address it tried; the last one is the one that counts."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and "Multiple connection" not in line]
    return lines[-1] if lines and lines[0].startswith("- ") else " ".join(lines)
