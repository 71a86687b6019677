"""A copy of a database, whole: CREATE DATABASE ... TEMPLATE leaves out what the database itself was given."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_STATEMENTS = (files(__package__) / "copy.sql").read_text()


def copy_database(admin: psycopg.Connection[Any], source: str, name: str, *, strategy: str = "wal_log") -> None:
    """Make `name` from `source`, which nobody may be connected to, with its owner, privileges, comment and settings.

    `admin` is an autocommit connection to another database. Raises psycopg.Error when it cannot be made.
    """
    from psycopg import sql

    admin.execute(
        sql.SQL("create database {} template {} strategy {}").format(sql.Identifier(name), sql.Identifier(source), sql.SQL(strategy))
    )
    query = _STATEMENTS.replace(":source", sql.quote(source)).replace(":name", sql.quote(name))
    for (statement,) in admin.execute(query.encode()).fetchall():
        admin.execute(str(statement).encode())
