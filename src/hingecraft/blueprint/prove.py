"""The proof of every task: its verify fails before, passes after, fails after revert, passes again, and nothing remains.

One transaction a task, in a database of its own: red, green, red, green, commit. What a revert leaves behind is first
suspected by counting catalog rows (about a millisecond), then seen exactly by snapshots around deploy and revert; a
full revert at the end must give back the catalog of the beginning.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.catalog import Difference, differences, snapshot
from hingecraft.blueprint.engine import Engine, footprint_rows
from hingecraft.blueprint.errors import TaskFailed
from hingecraft.blueprint.run import Watcher, build, revert
from hingecraft.blueprint.script import VERIFY_BEGINS, Script, failed, verdict
from hingecraft.blueprint.task import LEDGER_TASKS, Task
from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.wire import Answer

_ROWS = "hingecraft_catalog_rows"
_COUNT = (
    f"select coalesce(sum(n_tup_ins - n_tup_del), 0) as {_ROWS} from pg_catalog.pg_stat_xact_sys_tables where schemaname = 'pg_catalog'"
)
_OBJECT_IN_USE = "55006"
_TO_RED = "rollback to savepoint hingecraft_red; release savepoint hingecraft_red"


class Unproven(HingecraftError):
    """A stage of the proof did not go as it must."""

    code = "unproven"


@dataclass
class Proof:
    """The outcome over all tasks. `left` is what differs in the catalog after everything was reverted."""

    total: int = 0
    proven: list[str] = field(default_factory=list)
    irreversible: list[tuple[str, str]] = field(default_factory=list)
    unproven: list[tuple[str, str, str]] = field(default_factory=list)
    left: list[Difference] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not self.unproven and not self.left

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "proven": len(self.proven),
            "irreversible": [{"id": i, "reason": reason} for i, reason in self.irreversible],
            "unproven": [{"id": i, "stage": stage, "reason": reason} for i, stage, reason in self.unproven],
            "clean_revert": not self.left,
            "left_behind": [str(difference) for difference in self.left],
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Prover(Engine):
    """An engine whose apply goes the whole way for the chosen tasks; what they need is only applied."""

    blueprint: Blueprint | None = None
    chosen: frozenset[str] = frozenset()
    proof: Proof = field(default_factory=Proof)

    def mute_statistics(self) -> None:
        """A verify that looks at statistics must be able to fail."""

    def apply(self, task: Task, attempt: int = 1) -> None:
        if task.id not in self.chosen:
            return super().apply(task, attempt)
        try:
            if task.step or not task.transactional:
                self._outside(task)
            else:
                self._inside(task)
        except (Unproven, TaskFailed) as error:
            self.proof.unproven.append((task.id, str(error.fields.get("stage", "deploy")), error.message))
            if task.id in LEDGER_TASKS:
                raise
            self.wire.rollback()
            return super().apply(task, attempt)
        if not task.irreversible:
            self.proof.proven.append(task.id)
        return None

    def _inside(self, task: Task) -> None:
        """Red, green, red, green in the transaction that commits the task."""
        opening = self.opening(task) if task.id != LEDGER_TASKS[0] else Script().engine("begin")
        self._red(task, opening, "before")
        revert_sql, script = self.undo_of(task, Script().engine(_TO_RED).engine(self.role_of(task)))
        script.engine(_COUNT).deploy(task)
        if task.irreversible:
            self.footprint(script, task)
        answer = self._green(task, script.verify(task), "after")
        rows = footprint_rows(answer)
        if task.irreversible:
            self.proof.irreversible.append((task.id, task.irreversible))
        else:
            count = self._undo(task, revert_sql)
            if count != _count(answer) and task.id not in LEDGER_TASKS:
                self.wire.rollback()
                self._look_closely(task)
                return super().apply(task)
            self._red(task, Script(), "after revert")
            again = Script().engine(_TO_RED).engine(f"set local blueprint.task_id = '{task.id}'").engine(self.role_of(task))
            self.footprint(again.deploy(task), task)
            rows = footprint_rows(self._green(task, again.verify(task), "again"))
        return self.commit(task, revert_sql, rows, 1)

    def _outside(self, task: Task) -> None:
        """A step, or statements that refuse a transaction: the same four stages, each for real."""
        if self.verify(task) is None:
            raise Unproven(f"{task.target}: the verify passes without the task", stage="before")
        super().apply(task)
        if task.irreversible:
            self.proof.irreversible.append((task.id, task.irreversible))
            return
        self.revert(task)
        if self.verify(task) is None:
            raise Unproven(f"{task.target}: the verify still passes after the revert", stage="after revert")
        super().apply(task)

    def _undo(self, task: Task, revert_sql: str) -> int:
        """Revert inside the transaction; returns the catalog rows it has gained so far."""
        undo = Script().engine("savepoint hingecraft_undo").engine(self.role_of(task)).revert(task, revert_sql)
        answer = self.wire.send(undo.engine("release savepoint hingecraft_undo").engine(_COUNT).text)
        if answer.failure and answer.failure.sqlstate == _OBJECT_IN_USE:  # deferred checks of the deploy's own rows
            self.wire.must("rollback to savepoint hingecraft_undo; set constraints all immediate")
            answer = self.wire.send(undo.text)
        if answer.failure:
            raise Unproven(failed(task, undo, answer).message, stage="revert")
        return _count(answer)

    def _red(self, task: Task, script: Script, when: str) -> None:
        """The verify must fail. The savepoint before it stays for whoever goes on."""
        script.engine("savepoint hingecraft_red").verify(task)
        answer = self.wire.send(script.text)
        if answer.failure and answer.after(VERIFY_BEGINS) is None:
            raise failed(task, script, answer)
        if not answer.failure and verdict(task, answer) is None:
            without = "without the task" if when == "before" else "after the revert"
            raise Unproven(f"{task.target}: the verify passes {without}", stage=when)

    def _green(self, task: Task, script: Script, when: str) -> Answer:
        answer = self._send_stage(task, script, when)
        if reason := verdict(task, answer):
            raise Unproven(reason, stage=when)
        return answer

    def _send_stage(self, task: Task, script: Script, when: str) -> Answer:
        answer = self.wire.send(script.text)
        if answer.failure:
            raise Unproven(failed(task, script, answer).message, stage=when)
        return answer

    def _look_closely(self, task: Task) -> None:
        """The number of catalog rows moved. Compare snapshots around deploy and revert, and roll it all back."""
        assert self.blueprint is not None
        try:
            revert_sql, script = self.undo_of(task, self.opening(task))
            self.send(task, script.engine("select 1"))
            self.wire.must("reset role")
            before = snapshot(self.wire, self.blueprint)
            self.send(task, Script().engine(self.role_of(task)).deploy(task))
            self._undo(task, revert_sql)
            self.wire.must("reset role")
            left = differences(before, snapshot(self.wire, self.blueprint))
        finally:
            self.wire.rollback()
        if left:
            raise Unproven(
                "\n".join(["the revert is not clean:", *(f"  {difference}" for difference in left)]),
                stage="clean revert",
            )


def prove(blueprint: Blueprint, prover: Prover, tasks: list[Task], watcher: Watcher | None = None) -> Proof:
    """Prove tasks on an empty database of a cluster of its own, then revert everything and compare the catalogs."""
    began = time.perf_counter()
    tasks = [task for task in tasks if task in blueprint.order and (prover.options.drills or not task.drill)]
    prover.blueprint, prover.chosen = blueprint, frozenset(task.id for task in tasks)
    proof = prover.proof
    proof.total = len(tasks)
    before = snapshot(prover.wire, blueprint)
    report = build(blueprint, prover, tasks, watcher)
    if report.error:
        raise report.error
    report = revert(blueprint, prover, [task.id for task in blueprint.order])
    if report.error:
        proof.unproven.append((report.outcomes[-1].task.id, "full revert", report.error.message))
    proof.left = differences(before, snapshot(prover.wire, blueprint))
    proof.seconds = time.perf_counter() - began
    return proof


def _count(answer: Answer) -> int:
    row = next(result.rows[0] for result in answer.results if result.names == (_ROWS,))
    return int(row[0] or 0)
