"""Runs over many tasks: build, revert and verify, resumable at any task, told step by step to whoever watches."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.change import Change, change_of, reapply
from hingecraft.blueprint.errors import BlockedError, RefusedError, TaskFailed
from hingecraft.blueprint.task import LEDGER_TASKS, Task
from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.ledger import Entry
    from hingecraft.blueprint.load import Blueprint

FILLED_ROWS = 10_000


@dataclass(frozen=True)
class Outcome:
    """What became of one task: applied, changed, unchanged, verified, reverted, unavailable or failed."""

    task: Task
    status: str
    ms: float = 0.0
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self.task.id, "status": self.status, "ms": round(self.ms, 2)}
        return entry | {"reason": self.reason} if self.reason else entry


class Watcher:
    """Whoever watches a run overrides what it wants to know."""

    def begins(self, tasks: list[Task]) -> None: ...

    def starts(self, task: Task) -> None: ...

    def ends(self, outcome: Outcome) -> None: ...

    def blocked(self, task: Task, blockers: tuple[str, ...]) -> None: ...


@dataclass
class Report:
    """A run from outside: its outcomes in order, the error that stopped it, and how long it took."""

    run: str
    outcomes: list[Outcome] = field(default_factory=list)
    error: HingecraftError | None = None
    seconds: float = 0.0

    def having(self, *statuses: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status in statuses]

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "applied": len(self.having("applied", "changed")),
            "skipped": len(self.having("unchanged")),
            "unavailable": len(self.having("unavailable")),
            "failed": len(self.having("failed")),
            "seconds": round(self.seconds, 3),
            "tasks": [outcome.as_json() for outcome in self.outcomes if outcome.status != "unchanged"],
            **({"error": self.error.as_json()} if self.error else {}),
        }


def build(blueprint: Blueprint, engine: Engine, tasks: Iterable[Task], watcher: Watcher | None = None) -> Report:
    """Apply what is not applied yet, re-apply what changed, in order, one transaction a task.

    Stops at the first failure, which is rolled back, recorded and returned in the report; everything before it stays.
    """
    watcher = watcher or Watcher()
    report = Report(engine.new_run())
    began = time.perf_counter()
    entries = engine.ledger.entries()
    wanted = blueprint.graph.closure(task.id for task in tasks)
    todo = [(task, change_of(task, entries.get(task.id))) for task in blueprint.order if task.id in wanted]
    work = [t for t, change in todo if change is not Change.NONE]
    report.outcomes += [Outcome(t, "unchanged") for t, change in todo if change is Change.NONE]
    watcher.begins(work)
    if work:
        engine.mute_statistics()
        _open_run(blueprint, engine, entries, "apply", {"tasks": len(work)})
        drifted = _drifted(engine) if entries else []
        _refuse_blocking_indexes(engine, work)
        status = "failed"
        try:
            missing: set[str] = set()
            for task, change in todo:
                if change is not Change.NONE:
                    _one(engine, task, change, watcher, report, missing)
            status = "succeeded"
        except HingecraftError as error:
            report.error = error
            if not engine.connection.closed and not engine.ledger.exists():
                report.outcomes = report.having("failed")  # the ledger's own tasks go together or not at all
        finally:
            if not engine.connection.closed:
                _close_run(engine, status, drifted)
        engine.analyst.save()
    report.seconds = time.perf_counter() - began
    return report


def _one(engine: Engine, task: Task, change: Change, watcher: Watcher, report: Report, missing: set[str]) -> None:
    watcher.starts(task)
    began = time.perf_counter()
    if reason := _unavailable(engine, task, missing):
        missing.add(task.id)
        engine.wire.must(f"begin; {engine.ledger.unavailable(task, reason)}; commit")
        status = "unavailable"
    else:
        reason = None
        status = "applied" if change is Change.NEW else "changed"
        engine.wire.on_blocked = lambda blockers: watcher.blocked(task, blockers)
        try:
            engine.freshen()
            _patiently(engine, task, change)
        except HingecraftError as error:
            outcome = Outcome(task, "failed", _ms(began), error.message)
            report.outcomes.append(outcome)
            watcher.ends(outcome)
            _record_failure(engine, task, error)
            raise
    outcome = Outcome(task, status, _ms(began), reason)
    report.outcomes.append(outcome)
    watcher.ends(outcome)


def _patiently(engine: Engine, task: Task, change: Change) -> None:
    if change is Change.NEW:
        _retrying(engine, lambda attempt: engine.apply(task, attempt))
    else:
        _retrying(engine, lambda _: reapply(engine, task, change))


def _retrying(engine: Engine, work: Callable[[int], None]) -> None:
    """Try again, later and later, while a lock is not granted; the last refusal names who holds it."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    retrying = Retrying(
        retry=retry_if_exception_type(BlockedError),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_after_attempt(engine.options.attempts),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            work(attempt.retry_state.attempt_number)


def revert(blueprint: Blueprint, engine: Engine, ids: Iterable[str], watcher: Watcher | None = None) -> Report:
    """Undo tasks and everything that stands on them, newest first. Ends with the ledger itself when all is named."""
    watcher = watcher or Watcher()
    report = Report(engine.new_run())
    began = time.perf_counter()
    applied = engine.ledger.applied_order()
    doomed = blueprint.graph.dependents(ids)
    order = [i for i in reversed(applied) if i in doomed and i not in LEDGER_TASKS]
    tasks: list[tuple[Task, ...]] = [
        (blueprint.tasks.get(i) or Task(i, "", "no longer in the blueprint", "", "", file="ledger"),) for i in order
    ]
    if ledger := tuple(blueprint.tasks[i] for i in reversed(LEDGER_TASKS) if i in applied and i in doomed):
        tasks.append(ledger)  # they came together and go together
    watcher.begins([task for group in tasks for task in group])
    if tasks:
        _open_run(blueprint, engine, engine.ledger.entries(), "revert", {"tasks": len(order)})
        drifted = _drifted(engine)
        status = "failed"
        try:
            for group in tasks:
                _undo(engine, group, watcher, report)
            status = "succeeded"
        except HingecraftError as error:
            report.error = error
        finally:
            if not engine.connection.closed:
                _close_run(engine, status, drifted)
    report.seconds = time.perf_counter() - began
    return report


def _undo(engine: Engine, group: tuple[Task, ...], watcher: Watcher, report: Report) -> None:
    watcher.starts(group[0])
    began = time.perf_counter()
    engine.wire.on_blocked = lambda blockers: watcher.blocked(group[0], blockers)
    try:
        _retrying(engine, lambda _: engine.revert(*group))
    except HingecraftError as error:
        report.outcomes.append(Outcome(group[0], "failed", _ms(began), error.message))
        watcher.ends(report.outcomes[-1])
        raise
    for task in group:
        report.outcomes.append(Outcome(task, "reverted", _ms(began)))
        watcher.ends(report.outcomes[-1])


def verify(engine: Engine, tasks: Iterable[Task], watcher: Watcher | None = None) -> Report:
    """Check applied tasks again. Nothing changes but the time of the last verification."""
    watcher = watcher or Watcher()
    report = Report(engine.new_run())
    began = time.perf_counter()
    entries = engine.ledger.entries()
    chosen = [t for t in tasks if (e := entries.get(t.id)) and e.applied and (engine.options.drills or not t.drill)]
    watcher.begins(chosen)
    good: list[str] = []
    for task in chosen:
        watcher.starts(task)
        start = time.perf_counter()
        reason = engine.verify(task)
        outcome = Outcome(task, "failed" if reason else "verified", _ms(start), reason)
        report.outcomes.append(outcome)
        watcher.ends(outcome)
        good += [] if reason else [task.id]
    if good:
        stamps = ";".join(engine.ledger.verified(i) for i in good)
        engine.wire.must(f"begin; {engine.ledger_role}; {stamps}; commit")
    report.seconds = time.perf_counter() - began
    return report


def _open_run(blueprint: Blueprint, engine: Engine, entries: dict[str, Entry], kind: str, options: dict[str, Any]) -> None:
    """The run's row, and the blueprint as the database should know it: with the ledger's own tasks when they come first."""
    begins = engine.ledger.run_begins(engine.run, kind, options, _git_commit(blueprint.root), engine.wire.keeper.info.backend_pid)
    register = engine.ledger.register(blueprint, engine.analyst) if kind == "apply" else ""
    if entries:
        engine.wire.must(f"begin; {engine.ledger_role}; {register}; {begins}; commit")
    else:
        engine.first_rows = lambda: f"{register}; {begins}"


def _close_run(engine: Engine, status: str, drifted: list[str]) -> None:
    """Remember what everything looks like now, end the run, and make all of it durable with one flush."""
    from psycopg.sql import quote

    script = ["begin", "set local synchronous_commit = on"]
    if engine.ledger.exists():
        script.append(engine.ledger_role)
        if _has(engine, "blueprint.snapshot_fingerprints(uuid,text[],text)"):
            keep = f"array[{', '.join(map(quote, drifted))}]::text[]"
            script.append(f"select blueprint.snapshot_fingerprints({quote(engine.run)}, {keep})")
        script.append(engine.ledger.run_ends(engine.run, status))
    else:
        script.append("select pg_catalog.pg_current_xact_id()")  # a commit that writes, so that it waits for the disk
    engine.wire.must("; ".join([*script, "commit"]))


def _has(engine: Engine, function: str) -> bool:
    from psycopg.sql import quote

    return engine.wire.must(f"select to_regprocedure({quote(function)}) is not null").results[0].rows[0][0] == "t"


def _drifted(engine: Engine) -> list[str]:
    """What was changed by hand before this run, which the run must not bless."""
    if not _has(engine, "blueprint.detect_drift(uuid,text)"):
        return []
    found = engine.wire.must("begin; select object_type || ' ' || identity from blueprint.detect_drift(null); rollback")
    return [str(row[0]) for row in found.results[1].rows]


def _unavailable(engine: Engine, task: Task, missing: set[str]) -> str | None:
    if task.superuser and not engine.is_superuser:
        return "needs a superuser, and this server gives none"
    if lacking := [need for need in task.needs if need in missing]:
        return f"needs {lacking[0]}, which is unavailable here"
    return None


def _refuse_blocking_indexes(engine: Engine, tasks: list[Task]) -> None:
    """A plain CREATE INDEX locks its table against writes: not on a table that holds rows already."""
    if engine.options.allow_blocking or not engine.ledger.exists():
        return
    from psycopg.sql import quote

    for task in tasks:
        for table in engine.analyst.indexes(task) if task.transactional and not task.step else []:
            sql = (
                f"select reltuples::bigint from pg_catalog.pg_class where oid = to_regclass({quote(table)}) and reltuples >= {FILLED_ROWS}"
            )
            if rows := engine.wire.must(sql).results[0].rows:
                raise RefusedError(
                    f"{task.id} would build an index on {table} ({rows[0][0]} rows) and block every write to it meanwhile.",
                    hint="Write it as a no-transaction task with create index concurrently, or give --allow-blocking.",
                    task=task.id, table=table,
                )  # fmt: skip


def _record_failure(engine: Engine, task: Task, error: HingecraftError) -> None:
    if engine.connection.closed:
        return
    engine.wire.rollback()  # who gives up on the client's side may leave a transaction behind
    if not engine.ledger.exists():
        return
    phase = "verify" if isinstance(error, TaskFailed) and error.fields.get("stage") == "verify" else "deploy"
    engine.wire.must(
        f"begin; {engine.ledger_role}; {engine.ledger.failed(task, engine.run, phase, error.message, error.fields.get('sqlstate'))}; commit"
    )


def _git_commit(root: Path) -> str | None:
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000
