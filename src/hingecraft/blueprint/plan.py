"""What a build would do, and which locks it would take, found out without leaving a trace."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.change import Change, change_of
from hingecraft.blueprint.script import Script
from hingecraft.blueprint.task import LEDGER_TASKS, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.ledger import Entry
    from hingecraft.blueprint.load import Blueprint

_LOCKS = (files(__package__) / "locks.sql").read_text()
STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
"""Lock modes that make writers, or everybody, wait."""


@dataclass(frozen=True)
class PlanStep:
    """One task to apply and why: it is not applied, or its deploy or verify changed since."""

    task: Task
    reason: str
    asked: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.task.id,
            "title": self.task.title,
            "reason": self.reason,
            "target": self.task.target,
            "asked_for": self.asked,
        }


def plan_of(blueprint: Blueprint, entries: Mapping[str, Entry], chosen: Iterable[Task]) -> list[PlanStep]:
    """The steps of a build of the chosen tasks and what they need, in order."""
    wanted = {task.id for task in chosen}
    closure = blueprint.graph.closure(wanted)
    changes = [(t, change_of(t, entries.get(t.id))) for t in blueprint.order if t.id in closure]
    return [PlanStep(t, change.value, t.id in wanted) for t, change in changes if change is not Change.NONE]


def locks_of(engine: Engine, steps: Iterable[PlanStep]) -> dict[str, list[str]]:
    """Locks each step takes on tables that were there before the plan, and which of those it rewrites.

    Found by running the steps in one transaction that is rolled back; what cannot run in one is left out.
    """
    found: dict[str, list[str]] = {}
    engine.wire.must("begin")
    try:
        before = _tables(engine)
        known = dict(before)
        for step in steps:
            if step.task.transactional and not step.task.step:
                role = "reset role" if step.task.id in LEDGER_TASKS[:1] else engine.role_of(step.task)
                engine.send(
                    step.task,
                    Script().engine("savepoint hingecraft_locks").engine(role).deploy(step.task).engine("reset role"),
                )
                now = _tables(engine)
                found[step.task.id] = [_felt(now[oid], known[oid]) for oid in before if oid in now and _is_felt(now[oid], known[oid])]
                known |= now
    finally:
        engine.wire.rollback()
    return found


Table = tuple[str | None, ...]
"""oid, name, file, lock."""


def _tables(engine: Engine) -> dict[str | None, Table]:
    return {row[0]: row for row in engine.wire.must(_LOCKS).results[0].rows}


def _is_felt(now: Table, before: Table) -> bool:
    return now[2] != before[2] or (now[3] in STRONG and now[3] != before[3])


def _felt(now: Table, before: Table) -> str:
    return f"{now[3]} on {now[1]}" + (" (rewrite)" if now[2] != before[2] else "")
