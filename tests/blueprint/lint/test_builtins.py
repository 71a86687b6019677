"""The lists of PostgreSQL's own names are those of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.lint.names import builtin_functions, builtin_types
from hingecraft.postgres import Server, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

FUNCTIONS = "select distinct proname::text from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
TYPES = """
select typname::text from pg_type
where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'd', 'p', 'r', 'm') and typname !~ '^_'
"""


@pytest.fixture
def conn(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with connect(server, dbname="postgres") as connection:
        yield connection


def test_functions_are_the_servers(conn: psycopg.Connection[Any]) -> None:
    assert {name for (name,) in conn.execute(FUNCTIONS)} == builtin_functions()


def test_types_are_the_servers(conn: psycopg.Connection[Any]) -> None:
    assert {name for (name,) in conn.execute(TYPES)} <= builtin_types()
