"""Golden cases of the inverter: setup.sql, deploy.sql and the revert.sql (or refused.txt) that must come of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.postgres import Server, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

SNAPSHOT = Path(__file__).with_name("snapshot.sql").read_text(encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write what the inverter says into the golden files")


Catalog = dict[tuple[str, str], Any]


@pytest.fixture(scope="session")
def scratchpad(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with connect(server, dbname="postgres") as connection:
        connection.autocommit = False
        yield connection


@pytest.fixture
def conn(scratchpad: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """A transaction in an empty database that is rolled back, roles and all."""
    scratchpad.rollback()
    yield scratchpad
    scratchpad.rollback()


def differences(before: Catalog, after: Catalog) -> list[str]:
    """One line per object that is not what it was."""
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return [f"{key}: {before.get(key)} -> {after.get(key)}" for key in keys]


def catalog(conn: psycopg.Connection[Any]) -> Catalog:
    """Everything the catalog says, seen as the superuser, in names instead of numbers."""
    conn.execute("savepoint looking; set local role none; set local search_path = ''")
    found = {(section, identity): definition for section, identity, definition in conn.execute(SNAPSHOT.encode())}
    conn.execute("rollback to looking; release looking")
    return found
