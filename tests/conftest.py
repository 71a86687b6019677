"""Real servers for every test: one throw-away cluster a session, one database a test, cloned from a built template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.analysis import Analyst
from hingecraft.blueprint.engine import Engine, Options
from hingecraft.blueprint.load import Blueprint, database_folder, load
from hingecraft.blueprint.wire import Wire
from hingecraft.postgres import Server, connect
from hingecraft.testdata.pytest_plugin import Clone

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

_numbers = count(1)


@dataclass(frozen=True)
class Database(Clone):
    """A database of the test's own, with an engine for it."""

    analyst: Analyst

    @contextmanager
    def engine(self, kind: type[Engine] = Engine, **options: Any) -> Iterator[Any]:
        wire = Wire(self.connect(), self.connect)
        try:
            yield kind(wire, self.analyst, Options(**options))
        finally:
            wire.close()


@pytest.fixture(scope="session")
def server(hingecraft_server: Server) -> Server:
    return hingecraft_server


@pytest.fixture(scope="session")
def blueprint(hingecraft_blueprint: Blueprint) -> Blueprint:
    return hingecraft_blueprint


@pytest.fixture(scope="session")
def analyst() -> Analyst:
    return Analyst()


@pytest.fixture
def empty(server: Server, analyst: Analyst) -> Iterator[Database]:
    """An empty database."""
    name = f"empty_{next(_numbers)}"
    with connect(server, dbname="postgres") as admin:
        _drop_leftover_roles(admin)
        admin.execute(f"create database {name} strategy file_copy".encode())
        yield Database(server, name, analyst)
        admin.execute(f"drop database {name} with (force)".encode())


def _drop_leftover_roles(admin: psycopg.Connection[Any]) -> None:
    """Roles outlive a database that is dropped without a revert; a full revert in the next one would take them along."""
    if admin.execute("select from pg_shdepend where refobjid = to_regrole('hc_owner')").rowcount:
        return
    for (role,) in admin.execute(r"select quote_ident(rolname) from pg_roles where rolname like 'hc\_%'").fetchall():
        admin.execute(f"drop role {role}".encode())


@pytest.fixture
def built(hingecraft: Clone, analyst: Analyst) -> Database:
    """A database of the test's own with every written task applied."""
    return Database(hingecraft.server, hingecraft.name, analyst)


Workspace = Callable[..., Blueprint]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """The real blueprint plus tasks of the test's own: workspace("-- task: BUILD_1001 ...")."""
    root = tmp_path / "database"
    root.mkdir()
    for folder in database_folder().iterdir():
        if folder.is_dir():
            (root / folder.name).symlink_to(folder)

    def make(*blocks: str) -> Blueprint:
        (root / "local").mkdir(exist_ok=True)
        (root / "local" / "probe.sql").write_text("\n\n".join(blocks), encoding="utf-8")
        return load(root)

    return make


def block(number: int, deploy: str, verify: str, *, needs: str = "BUILD_0002", marks: str = "", revert: str | None = None) -> str:
    """The text of a task block."""
    head = (
        f"-- task: BUILD_{number:04d} probe {marks}\n-- title: Probe {number}\n-- does: makes {number}\n"
        f"-- proves: it is there\n-- needs: {needs}\n"
    )
    tail = f"\n-- revert\n{revert}\n" if revert is not None else ""
    return f"{head}{deploy}\n\n-- verify\n{verify}\n{tail}"
