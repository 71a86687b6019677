"""What a verb needs in its hands: the blueprint, the server, and an engine over a wire that watches for blockers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from hingecraft.blueprint.analysis import Analyst
    from hingecraft.blueprint.engine import Engine, Options
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.wire import Wire


def cache_folder() -> Path:
    """Where what was parsed is kept."""
    from hingecraft.postgres import home

    return home() / "cache"


def read_blueprint() -> Blueprint:
    """The blueprint of this checkout or wheel, parsed again only where it changed."""
    from hingecraft.blueprint.load import load

    return load(cache=cache_folder() / "blocks.json")


def analyst() -> Analyst:
    """What reads tasks, with its memory."""
    from hingecraft.blueprint.analysis import Analyst

    return Analyst(cache_folder() / "analysis.json")


@contextmanager
def connected(dsn: str | None) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database that `dsn` names, or to the embedded one, which is started when it does not run."""
    from hingecraft.postgres import connect, open_server

    with connect(open_server(dsn)) as connection:
        yield connection


@contextmanager
def at_work(
    dsn: str | None, options: Options, *, wait: float = 0, exclusive: bool = True, copy_if_filled: bool = False
) -> Iterator[Engine]:
    """An engine on the database; with `exclusive` nobody else builds there meanwhile.

    With `copy_if_filled` a database that holds many rows is left alone and a copy of it is worked on.
    """
    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.lock import hold
    from hingecraft.cli.output import note
    from hingecraft.postgres import open_server

    server = open_server(dsn)
    wire = wire_to(server)
    if copy_if_filled and rows_of(wire) > FILLED:
        wire.close()
        with copied(server) as name, at_work_in(server, name, options) as engine:
            yield engine
        return
    try:
        if exclusive:
            hold(wire.connection, wait, lambda holder: note(f"waiting for {holder}"))
        yield Engine(wire, analyst(), options, step_context=step_context(server))
    finally:
        wire.close()


def wire_to(server: Any, dbname: str | None = None) -> Wire:
    """A wire whose blockers are watched from a second connection."""
    from hingecraft.blueprint.wire import Wire
    from hingecraft.postgres import connect

    def watch() -> psycopg.Connection[Any]:
        return connect(server, dbname=dbname, application_name="hingecraft watch")

    return Wire(connect(server, dbname=dbname), watch)


def step_context(server: Any, dbname: str | None = None) -> Any:
    """What a Python step is given."""
    from hingecraft.blueprint.step import Context
    from hingecraft.postgres import connect, home

    def context(task: Any) -> Context:
        return Context(task=task, home=home(), connect=lambda: connect(server, dbname=dbname))

    return context


FILLED = 100_000
"""Rows (as far as statistics know) from which a database is filled and verified in a copy."""


def rows_of(wire: Wire) -> int:
    """Rows in the database, as far as statistics know."""
    sql = (
        "select coalesce(sum(greatest(reltuples, 0)), 0)::bigint from pg_catalog.pg_class "
        "where relkind = 'r' and relnamespace <> 'pg_catalog'::regnamespace"
    )
    return int(wire.must(sql).results[0].rows[0][0] or 0)


@contextmanager
def at_work_in(server: Any, dbname: str, options: Options) -> Iterator[Engine]:
    """An engine on another database of the same server."""
    from hingecraft.blueprint.engine import Engine

    wire = wire_to(server, dbname)
    try:
        yield Engine(wire, analyst(), options, step_context=step_context(server, dbname))
    finally:
        wire.close()


@contextmanager
def copied(server: Any) -> Iterator[str]:
    """A copy of the database for as long as the block runs."""
    import psycopg
    from psycopg import sql

    from hingecraft.errors import ServerError
    from hingecraft.postgres import connect, copy_database

    with connect(server) as connection:
        source = str(connection.info.dbname)
    name = f"{source}_verify"
    with connect(server, dbname="postgres") as admin:
        try:
            admin.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
            copy_database(admin, source, name)
        except psycopg.Error as error:
            raise ServerError(
                f"The database holds data, so it is verified in a copy, and the copy cannot be made: {error}".strip(),
                hint="End other sessions first, or give --live to check the database itself.",
            ) from error
        try:
            yield name
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
