"""What leaves the database as SQL gives the same database again: the export through psql, a dump through its restore."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.catalog import Snapshot, differences, snapshot
from hingecraft.blueprint.export import export
from hingecraft.postgres import EmbeddedCluster

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from tests.conftest import Database


def psql(database: Database, sql: str) -> subprocess.CompletedProcess[str]:
    command = [str(EmbeddedCluster().programs()["psql"]), "-X", "-q", "-v", "ON_ERROR_STOP=1", database.dsn]
    return subprocess.run(command, input=sql, capture_output=True, text=True, check=False)


def catalog_of(database: Database, blueprint: Blueprint) -> Snapshot:
    with database.engine() as engine:
        return snapshot(engine.wire, blueprint)


def unlike(expected: Database, found: Database, blueprint: Blueprint) -> list[str]:
    return [str(d) for d in differences(catalog_of(expected, blueprint), catalog_of(found, blueprint))]


@pytest.mark.parametrize("verify", [False, True])
def test_psql_alone_builds_the_same_catalog_from_the_export(built: Database, empty: Database, blueprint: Blueprint, verify: bool) -> None:
    done = psql(empty, "".join(export(blueprint.order, verify=verify)))
    assert done.stderr == ""
    assert unlike(built, empty, blueprint) == []


def test_psql_stops_at_what_fails(empty: Database, blueprint: Blueprint) -> None:
    done = psql(empty, "".join(export([blueprint["BUILD_0001"], blueprint["BUILD_0003"]])))
    assert done.returncode == 3
    assert "does not exist" in done.stderr


def test_a_dump_restored_has_the_same_catalog(built: Database, empty: Database, blueprint: Blueprint) -> None:
    """What fails here reads back otherwise than it was written (BETWEEN inside AND, unnamed columns after UNION).

    Write it the way it reads back, or a restored database has drift. The database itself is not part of a dump.
    """
    dump = subprocess.run([str(EmbeddedCluster().programs()["pg_dump"]), built.dsn], capture_output=True, text=True, check=True)
    done = psql(empty, dump.stdout)
    assert done.stderr == ""
    assert [d for d in unlike(built, empty, blueprint) if not d.startswith("database")] == []
