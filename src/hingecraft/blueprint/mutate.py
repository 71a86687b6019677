"""Are the verifies worth anything? Break what a task made, one object at a time, and see whether its verify notices.

Each mutant lives in a savepoint at the task's own point of the build, before anything stands on it, in a database of
its own. What a task made is the difference of two catalog snapshots, so nothing is overlooked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.catalog import Snapshot, differences, snapshot
from hingecraft.blueprint.engine import Engine
from hingecraft.blueprint.mutants import Mutant, mutants_of
from hingecraft.blueprint.run import Watcher, build
from hingecraft.blueprint.script import Script, verdict
from hingecraft.blueprint.task import LEDGER_TASKS, Task

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint

_MUTATED = "hingecraft_mutated"


@dataclass(frozen=True)
class Survivor:
    """A mutant that no verify noticed, and the block's own explanation (`-- lint: allow mutation: ...`), if any."""

    task: str
    label: str
    sql: str
    waiver: str | None


@dataclass
class Score:
    """Mutants noticed over mutants made; NOT NULLs are a class of their own and counted apart."""

    mutants: int = 0
    killed: int = 0
    survivors: list[Survivor] = field(default_factory=list)
    not_null_mutants: int = 0
    not_null_killed: int = 0
    seconds: float = 0.0

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.mutants if self.mutants else 100.0

    def as_json(self) -> dict[str, Any]:
        return {
            "mutants": self.mutants,
            "killed": self.killed,
            "percent": round(self.percent, 2),
            "survivors": [{"id": s.task, "mutant": s.label, "sql": s.sql, "explained": s.waiver} for s in self.survivors],
            "not_null": {"mutants": self.not_null_mutants, "killed": self.not_null_killed},
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Mutator(Engine):
    """An engine that tries every mutant of a chosen task right after applying it."""

    blueprint: Blueprint | None = None
    chosen: frozenset[str] = frozenset()
    score: Score = field(default_factory=Score)
    _before: Snapshot | None = None  # what the last snapshot saw, while nothing has changed since

    def mute_statistics(self) -> None:
        """A verify that looks at statistics must be able to fail."""

    def apply(self, task: Task, attempt: int = 1) -> None:
        assert self.blueprint is not None
        if task.id not in self.chosen or task.step:
            if task.id != LEDGER_TASKS[-1]:  # it commits together with the first
                self._before = None
            super().apply(task, attempt)
            return
        before = self._before or snapshot(self.wire, self.blueprint)
        super().apply(task, attempt)
        if task.id == LEDGER_TASKS[0]:
            self._before = before
            return
        self._before = snapshot(self.wire, self.blueprint)
        for mutant in mutants_of(task, differences(before, self._before)):
            self._try(task, mutant)

    def _try(self, task: Task, mutant: Mutant) -> None:
        """Count a mutant the server accepts; one it refuses (something depends on the object) is none."""
        script = Script().engine("begin").engine(mutant.sql).engine(f"select true as {_MUTATED}").engine(self.role_of(task)).verify(task)
        answer = self.wire.send(script.text)
        valid = answer.after(_MUTATED) is not None
        killed = valid and (answer.failure is not None or verdict(task, answer) is not None)
        self.wire.rollback()
        if not valid:
            return
        if mutant.not_null:
            self.score.not_null_mutants += 1
            self.score.not_null_killed += killed
            return
        self.score.mutants += 1
        self.score.killed += killed
        if not killed:
            self.score.survivors.append(Survivor(task.id, mutant.label, mutant.sql, task.waivers.get("mutation")))


def mutate(blueprint: Blueprint, mutator: Mutator, tasks: list[Task], watcher: Watcher | None = None) -> Score:
    """Build up to the chosen tasks on an empty database and break each of them in every way."""
    began = time.perf_counter()
    mutator.blueprint, mutator.chosen = blueprint, frozenset(task.id for task in tasks)
    report = build(blueprint, mutator, tasks, watcher)
    if report.error:
        raise report.error
    mutator.score.seconds = time.perf_counter() - began
    return mutator.score
