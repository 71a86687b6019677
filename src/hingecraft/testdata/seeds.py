"""Data sets from a seed: any number of sessions make chunk after chunk, and a killed load goes on where it was."""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from hingecraft.errors import Exit, HingecraftError, UsageError
from hingecraft.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hingecraft.postgres import Server

_FOLDER = files(__package__)
_SCALES = {0.1: "small", 1.0: "sf1", 10.0: "sf10"}

# A chunk is a few big statements: compiling them costs more than it gives, sorts and hashes go to disk early, a commit that is lost
# is a chunk made again, and the samples between generators only have to show how large a table has become.
_SETTINGS = {
    "jit": "off",
    "work_mem": "16MB",
    "random_page_cost": "1.1",
    "default_statistics_target": "10",
    "synchronous_commit": "off",
}


class NotPrepared(HingecraftError):
    """The database has no room for test data."""

    code = "no_test_data_room"
    exit_status = Exit.SERVER


class LoadFailed(HingecraftError):
    """A chunk could not be made; what was done before it stays."""

    code = "load_failed"


class CheckFailed(HingecraftError):
    """A check could not be carried out, whatever the rows are like."""

    code = "check_failed"


@dataclass(frozen=True)
class Seed:
    """A data set and how far it is. `seconds` is the working time of all sessions together."""

    seed: int
    profile: str
    sf: float
    mode: str
    status: str
    chunks: int
    done: int
    rows: int
    seconds: float
    id: str

    @property
    def loaded(self) -> bool:
        return self.status == "loaded"


@dataclass(frozen=True)
class Finding:
    """Something a check of a seed found."""

    check: str
    subject: str
    found: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of a scenario: what should have been, and what was."""

    number: int
    what: str
    expected: str | None
    found: str | None
    ok: bool


def seeds(server: Server) -> list[Seed]:
    """Every data set, oldest first. Raises NotPrepared on a database without the room."""
    with connect(server) as connection:
        _require_room(connection)
        return [Seed(*row) for row in connection.execute((_FOLDER / "seeds.sql").read_bytes()).fetchall()]


def find(server: Server, seed: int) -> Seed | None:
    """The data set of a seed, if there is one."""
    return next((s for s in seeds(server) if s.seed == seed), None)


def profile_of(scale: str) -> tuple[str, float | None]:
    """A profile's name, or a number as profile and scale factor. Raises UsageError for neither."""
    try:
        factor = float(scale)
    except ValueError:
        return scale, None
    if factor <= 0:
        raise UsageError(f"A scale is more than 0, not {scale}.", hint="hc seed --scale demo, or 0.1, 1, 10.")
    return _SCALES.get(factor, "sf1"), factor


def load(
    server: Server,
    *,
    scale: str = "demo",
    seed: int = 42,
    jobs: int = 2,
    mode: str | None = None,
    watch: Callable[[Seed], None] = lambda _: None,
    every: float = 0.2,
) -> Seed:
    """Make a data set, or go on with one that was begun; `watch` is told how far it is, every some seconds.

    `mode` is fast (triggers and foreign keys rest; takes a superuser) or honest; None takes fast where it can.
    Raises LoadFailed, and UsageError for an unknown scale.
    """
    mode = mode or ("fast" if server.superuser else "honest")
    known = find(server, seed)
    if known is None:
        profile, factor = profile_of(scale)
        with _worker(server, "honest") as connection:  # planning makes partitions, whose guards are triggers
            try:
                connection.execute("select testdata.plan(%s, %s, %s, %s::numeric)", (profile, seed, mode, factor))
            except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
                raise UsageError(f"{str(error.diag.message_primary).capitalize()}.", hint=error.diag.message_hint or "") from error
        known = find(server, seed)
        assert known is not None
    if not known.loaded:
        _work(server, known, jobs, watch, every)
    found = find(server, seed)
    assert found is not None
    watch(found)
    return found


def _work(server: Server, seed: Seed, jobs: int, watch: Callable[[Seed], None], every: float) -> None:
    def work() -> None:
        with _worker(server, seed.mode) as connection:
            connection.execute("call testdata.work(%s)", (seed.id,))

    with ThreadPoolExecutor(jobs, thread_name_prefix="seed") as pool:
        futures = [pool.submit(work) for _ in range(jobs)]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=every, return_when=FIRST_EXCEPTION)
            if (now := find(server, seed.seed)) is not None:
                watch(now)
    for future in futures:
        try:
            future.result()
        except psycopg.Error as error:
            raise LoadFailed(
                f"Seed {seed.seed}: {error.diag.message_primary or error}",
                hint="What was done stays. The same command goes on where it stopped; hc seed remove takes it away.",
                seed=seed.seed,
            ) from error
    analyze(server, jobs)


def analyze(server: Server, jobs: int = 2) -> None:
    """Gather the planner's statistics of every table that generators fill, in as many sessions."""
    with connect(server) as connection:
        tables = [table for (table,) in connection.execute((_FOLDER / "targets.sql").read_bytes()).fetchall()]

    def one(table: str) -> None:
        with connect(server, application_name="hingecraft seed") as connection:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(*table.split("."))))

    with ThreadPoolExecutor(jobs, thread_name_prefix="analyze") as pool:
        list(pool.map(one, tables))


def verify(
    server: Server, seed: Seed, *, jobs: int = 2, watch: Callable[[int, int], None] = lambda _done, _of: None
) -> tuple[list[str], list[Finding]]:
    """Put a loaded seed to every check that is built, in as many sessions; returns their names and what they found.

    `watch` hears after each check how many of how many are done. Raises CheckFailed for a broken check; the others are then broken off,
    as they are by an interrupt.
    """
    with _worker(server, "honest") as connection:
        checks = [name for (name,) in connection.execute((_FOLDER / "checks.sql").read_bytes()).fetchall()]
        connection.execute("delete from testdata.findings where seed_id = %s", (seed.id,))

    at_work: list[psycopg.Connection[Any]] = []

    def one(check: str) -> None:
        with _worker(server, "honest") as connection:
            at_work.append(connection)
            try:
                connection.execute(sql.SQL("select testdata.{}(%s)").format(sql.Identifier(check)), (seed.id,))
            except psycopg.Error as error:
                raise CheckFailed(f"{check}: {error.diag.message_primary or error}", hint=error.diag.context or "", check=check) from error

    with ThreadPoolExecutor(jobs, thread_name_prefix="check") as pool:
        asked = [pool.submit(one, check) for check in checks]
        try:
            for done, check in enumerate(as_completed(asked), 1):
                check.result()
                watch(done, len(checks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for session in at_work:
                if not session.closed:
                    session.cancel_safe(timeout=5)
            raise
    with connect(server, application_name="hingecraft seed") as connection:
        rows = connection.execute(
            "select check_name, subject, found from testdata.findings where seed_id = %s order by check_name, id", (seed.id,)
        )
        return checks, [Finding(*row) for row in rows.fetchall()]


def play(server: Server, scenario: str, seed: int) -> list[Step]:
    """Play a scenario to its end, in a transaction that is kept. Raises UsageError for one that is not built."""
    with _worker(server, "honest") as connection:
        names = [name.removeprefix("play_") for (name,) in connection.execute((_FOLDER / "scenarios.sql").read_bytes()).fetchall()]
        if scenario not in names:
            raise UsageError(f"There is no scenario {scenario}.", hint=", ".join(names) or "None is built here.")
        played = connection.execute(
            sql.SQL("select step, what, expected, found, ok from testdata.{}(%s)").format(sql.Identifier(f"play_{scenario}")), (seed,)
        )
        return [Step(*row) for row in played.fetchall()]


def remove(server: Server, seed: Seed) -> None:
    """Take a data set away without a trace, chunk by chunk. Raises LoadFailed when a real row stands on one of it."""
    with _worker(server, "fast" if server.superuser else "honest") as connection:
        try:
            connection.execute("call testdata.teardown(%s)", (seed.id,))
        except psycopg.Error as error:
            raise LoadFailed(
                f"Seed {seed.seed}: {error.diag.message_primary or error}", hint=error.diag.message_hint or "", seed=seed.seed
            ) from error


@contextlib.contextmanager
def _worker(server: Server, mode: str) -> Iterator[psycopg.Connection[Any]]:
    """A session that may make test data, as hc_owner."""
    with connect(server, application_name="hingecraft seed") as connection:
        _require_room(connection)
        if mode == "fast":
            connection.execute("set session_replication_role = replica")
        if server.superuser:  # an autovacuum of a partition that is to go gives way after that
            connection.execute("set deadlock_timeout = '20ms'")
        for name, value in _SETTINGS.items():
            connection.execute("select set_config(%s, %s, false)", (name, value))
        connection.execute("set testdata.allow = on; set role hc_owner")
        yield connection


def _require_room(connection: psycopg.Connection[Any]) -> None:
    if connection.execute("select to_regprocedure('testdata.work(uuid)') is null").fetchone() == (True,):
        raise NotPrepared("This database has no room for test data.", hint="hc build makes it.")
