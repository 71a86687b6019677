"""A pytest plugin for who builds on the platform: every test gets the built database to itself, in a fraction of a second.

It is loaded by itself where the package is installed (entry point `hingecraft`). A throw-away server in memory is started
once a session (once a worker of pytest-xdist), the database is built on it once, and each test gets a copy of its own:

    def test_a_member_sees_the_own_row(hingecraft):
        ada = hingecraft.ask("insert into core.users (handle) values ('ada') returning id")
        with hingecraft.acting(ada) as connection:
            assert connection.execute("select count(*) from core.users").fetchone() == (1,)
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.analysis import Analyst
from hingecraft.blueprint.engine import Engine, Options
from hingecraft.blueprint.load import load
from hingecraft.blueprint.run import build
from hingecraft.blueprint.wire import Wire
from hingecraft.postgres import Server, connect, copy_database, scratch_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import psycopg

    from hingecraft.blueprint.load import Blueprint
    from hingecraft.testdata.seeds import Seed

_numbers = count(1)


@dataclass(frozen=True)
class Clone:
    """A database of the test's own. Connections commit each statement by themselves unless it says otherwise."""

    server: Server
    name: str

    @property
    def dsn(self) -> str:
        return self.server.dsn_of(self.name)

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """A connection as the superuser of the throw-away server."""
        return connect(self.server, dbname=self.name, **options)

    def run(self, sql: str) -> None:
        """Run statements as the superuser."""
        with self.connect() as connection:
            connection.execute(sql.encode())

    def ask(self, sql: str) -> Any:
        """The one value of a query, None without a row."""
        with self.connect() as connection:
            row = connection.execute(sql.encode()).fetchone()
        return row[0] if row else None

    @contextmanager
    def acting(
        self, user: UUID | str | None = None, role: str = "hc_member", *, claims: dict[str, Any] | None = None, plain: bool = False
    ) -> Iterator[psycopg.Connection[Any]]:
        """A connection in one transaction as `role`, with the claims of `user`; it commits at the end, or rolls back with an error.

        The claims are made the way the platform makes them (core.act_as, signed once signatures are enforced). `plain` puts
        them in request.jwt.claims as they are, as somebody would who forges them.
        """
        from psycopg import sql
        from psycopg.types.json import Jsonb

        with self.connect(autocommit=False) as connection:
            if plain:
                said = {"role": role, **({"sub": str(user)} if user else {}), **(claims or {})}
                connection.execute("select set_config('request.jwt.claims', %s::text, true)", (Jsonb(said),))
            elif user is not None:
                connection.execute("select core.act_as(%s, %s, %s)", (user, role, Jsonb(claims or {})))
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            yield connection
            connection.commit()

    def seed(self, scale: str = "nano", seed: int = 42, **options: Any) -> Seed:
        """Fill it with made-up rows; see hingecraft.testdata.load."""
        from dataclasses import replace

        from hingecraft.testdata import load as load_seed

        return load_seed(replace(self.server, dsn=self.dsn, dbname=self.name), scale=scale, seed=seed, **options)


@pytest.fixture(scope="session")
def hingecraft_server() -> Iterator[Server]:
    """A throw-away server of the session, in memory where there is room."""
    with scratch_server(name="pytest") as server:
        yield server


@pytest.fixture(scope="session")
def hingecraft_blueprint() -> Blueprint:
    """The blueprint that is built for the tests. Override it to build tasks of your own as well."""
    return load()


@pytest.fixture(scope="session")
def hingecraft_template(hingecraft_server: Server, hingecraft_blueprint: Blueprint) -> str:
    """The name of a database with every written task applied, which clones are made from. Leave it as it is."""
    name = "hingecraft_template"
    with connect(hingecraft_server, dbname="postgres") as admin:
        admin.execute(f"create database {name}".encode())
    wire = Wire(connect(hingecraft_server, dbname=name))
    try:
        report = build(hingecraft_blueprint, Engine(wire, Analyst(), Options()), hingecraft_blueprint.order)
    finally:
        wire.close()
    if report.error is not None:
        raise report.error
    return name


@pytest.fixture
def hingecraft(hingecraft_server: Server, hingecraft_template: str) -> Iterator[Clone]:
    """The built database, for this test alone; gone when it ends."""
    with cloned(hingecraft_server, hingecraft_template) as name:
        yield Clone(hingecraft_server, name)


@contextmanager
def cloned(server: Server, template: str) -> Iterator[str]:
    """A copy of a database for as long as the block runs."""
    name = f"test_{next(_numbers)}"
    with connect(server, dbname="postgres") as admin:
        copy_database(admin, template, name, strategy="file_copy")
        try:
            yield name
        finally:
            admin.execute(f"drop database {name} with (force)".encode())
