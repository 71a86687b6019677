"""One task against one database: apply, verify and revert, each in one transaction with its ledger row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from psycopg.sql import quote

from hingecraft.blueprint.errors import BlueprintError, TaskFailed
from hingecraft.blueprint.ledger import Ledger
from hingecraft.blueprint.script import FOOTPRINT, Script, failed, unverified, verdict
from hingecraft.blueprint.task import LEDGER_TASKS, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from hingecraft.blueprint.analysis import Analyst
    from hingecraft.blueprint.wire import Answer, Wire

OWNER = "hc_owner"
TASKS_A_SESSION = 20
_FOOTPRINT_SQL = (files(__package__) / "footprint.sql").read_text()

_MUTE = "select set_config(name, 'none', false) from pg_catalog.pg_settings where name = 'pg_stat_statements.track'"

_HIDES = re.compile(r"\b(do|exception)\b", re.IGNORECASE)
"""Words of what may hide catalog rows in a subtransaction of its own: there the event triggers record as well."""


Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Options:
    """How patient and how bold a run is. Times in milliseconds."""

    lock_timeout: int = 3_000
    statement_timeout: int = 600_000
    attempts: int = 4
    drills: bool = False
    allow_blocking: bool = False

    @property
    def settings(self) -> str:
        return (
            f"set lock_timeout = {self.lock_timeout}; set statement_timeout = {self.statement_timeout}; "
            "set search_path = ''; set client_min_messages = warning; set timezone = 'UTC'; set synchronous_commit = off"
        )


@dataclass
class Engine:
    """Applies, verifies and reverts tasks over a wire, as the session's user or as hc_owner."""

    wire: Wire
    analyst: Analyst
    options: Options = field(default_factory=Options)
    run: str = field(default="", init=False)  # the id of the run that is going on
    step_context: Callable[[Task], Any] | None = None
    first_rows: Callable[[], str] = lambda: ""  # what the ledger must hold before its first task row
    is_superuser: bool = True
    _held: list[tuple[Task, str, list[Row]]] = field(default_factory=list)
    _tasks_here: int = field(default=0, init=False)  # tasks this session has seen
    _muted: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.wire)
        self.is_superuser = (
            self.wire.must("select rolsuper from pg_catalog.pg_roles where rolname = current_user").results[0].rows[0][0] == "t"
        )
        self._settle_in()
        self.new_run()

    def _settle_in(self) -> None:
        """Give a new session what every task expects of it."""
        self.wire.must(self.options.settings)
        self.wire.must(f"prepare hingecraft_footprint as {self.footprint_sql}")
        if self.ledger.exists():
            self.wire.must(self.ledger.attribute(self.footprint_sql))
        self._tasks_here = 0

    def freshen(self) -> None:
        """Go on in a new session after some tasks.

        A session keeps the plan of every function it ever ran, and each DDL statement walks through all of them to see
        which it invalidates: in a build of hundreds of tasks that is a third of the server's work.
        """
        self._tasks_here += 1
        if self._tasks_here > TASKS_A_SESSION and not self.wire.in_transaction and self.wire.renew():
            self._settle_in()
            self.wire.must(f"set blueprint.run_id = {quote(self.run)}")
            if self._muted:
                self.mute_statistics()

    def new_run(self) -> str:
        """Begin another run: what is done from here on belongs to it."""
        self.run = str(uuid4())
        self.wire.must(f"set blueprint.run_id = {quote(self.run)}")
        return self.run

    def mute_statistics(self) -> None:
        """Leave a build's thousands of statements out of pg_stat_statements: nobody looks for them there, and each costs."""
        self._muted = True
        if self.is_superuser:
            self.wire.must(_MUTE)

    @property
    def connection(self) -> psycopg.Connection[Any]:
        return self.wire.connection

    def apply(self, task: Task, attempt: int = 1) -> None:
        """Deploy, verify, ledger row and commit. Raises TaskFailed with nothing of the task left behind."""
        if task.step or not task.transactional:
            self._apply_outside(task, attempt)
            return
        script = self.opening(task)
        revert_sql, script = self.undo_of(task, script)
        script.deploy(task)
        self.footprint(script, task)
        script.verify(task)
        answer = self.send(task, script)
        if reason := verdict(task, answer):
            self.wire.rollback()
            self._held.clear()
            raise unverified(task, reason)
        self.commit(task, revert_sql, footprint_rows(answer), attempt)

    def opening(self, task: Task) -> Script:
        """The beginning of a task's transaction: whose work it is and in which role. The ledger's two tasks share one."""
        script = Script() if self.wire.in_transaction else Script().engine("begin")
        script.engine(f"set local blueprint.task_id = {quote(task.id)}").engine(self.role_of(task))
        return script if _HIDES.search(task.deploy) else script.engine("set local blueprint.recorder = 'engine'")

    def undo_of(self, task: Task, script: Script) -> tuple[str, Script]:
        """The SQL that will undo the task, and the script to go on with.

        What the text alone does not tell (a previous default, comment or definition) is read from the catalog now,
        in the task's own transaction: then the script so far is sent first. Raises BlueprintError where nothing can tell.
        """
        if task.revert is not None or task.irreversible:
            return task.revert or "", script
        plan = self.analyst.revert_plan(task)
        if plan.refusals:
            first = plan.refusals[0]
            where = task.deploy_line + first.line
            raise BlueprintError(task.file, where, f"{task.id}: {first.reason}: write '-- revert', or '-- irreversible: why'")
        if not plan.needs_state:
            return plan.text, script
        from hingecraft.blueprint.invert import resolve

        self.send(task, script)
        return resolve(plan, self.connection), Script()

    def role_of(self, task: Task) -> str:
        """hc_owner owns what the blueprint makes; a block that needs a superuser says so."""
        if task.superuser or task.id == LEDGER_TASKS[0]:
            return "reset role"
        return f"set local role {OWNER}"

    @property
    def ledger_role(self) -> str:
        return "reset role" if self.is_superuser else f"set local role {OWNER}"

    def verify(self, task: Task) -> str | None:
        """Check an applied task again, leaving no trace. Returns why it does not hold, or None."""
        if task.step:
            return self._verify_step(task)
        script = Script().engine("begin").engine("set local blueprint.recorder = 'engine'").engine(self.role_of(task))
        script.verify(task).engine("rollback")
        answer = self.wire.send(script.text)
        if answer.failure:
            self.wire.rollback()
            return str(failed(task, script, answer))
        answer.results.pop()
        return verdict(task, answer)

    def revert(self, *tasks: Task) -> None:
        """Undo applied tasks by what the ledger recorded when they were applied, in one transaction, and forget them."""
        scripts = {task: self.ledger.scripts(task.id)[1] for task in tasks}
        for task, revert_sql in scripts.items():
            if task.step:
                self._step(task, "revert")
            elif not task.transactional:
                for statement in _split(revert_sql):
                    self._alone(task, statement)
        opening, last = Script().engine("begin"), tasks[-1]
        self.send(last, opening)
        for task, revert_sql in scripts.items():
            script = Script().engine(f"set local blueprint.task_id = {quote(task.id)}")
            if task.transactional and not task.step:
                script.engine(self.role_of(task)).revert(task, revert_sql)
            if task.id not in LEDGER_TASKS:
                script.engine(self.ledger_role).engine(self.ledger.reverted(task.id, self.run))
            self.send(task, script.engine("commit") if task is last else script)

    def send(self, task: Task, script: Script) -> Answer:
        answer = self.wire.send(script.text)
        if answer.failure:
            self.wire.rollback()
            self._held.clear()
            raise failed(task, script, answer)
        return answer

    @property
    def footprint_sql(self) -> str:
        """The query for the catalog rows of a transaction; roles can be read by a superuser alone."""
        lines = _FOOTPRINT_SQL.splitlines()
        return "\n".join(line for line in lines if self.is_superuser or "pg_authid" not in line)

    def footprint(self, script: Script, task: Task) -> None:
        """Attribute the catalog rows the task wrote: its objects, roles and memberships included.

        The ledger's own tasks hand theirs to the client, until there is a table to put them in.
        """
        if task.id in LEDGER_TASKS:
            script.engine("reset role").engine(f"select true as {FOOTPRINT}").engine("execute hingecraft_footprint")
        else:
            script.engine(self.ledger_role).engine("execute hingecraft_attribute")
        script.engine(self.role_of(task))

    def commit(self, task: Task, revert_sql: str, rows: list[Row], attempt: int) -> None:
        """Write the ledger rows and commit; the first of the ledger's two tasks waits for the second."""
        self._held.append((task, revert_sql, rows))
        if task.id == LEDGER_TASKS[0]:
            return
        ledger = [self.ledger_role]
        if task.id == LEDGER_TASKS[-1]:
            ledger.append(self.first_rows())
        seen: set[Row] = set()
        for held, revert, found in self._held:
            ledger.append(self.ledger.applied(held, self.run, revert, attempt))
            ledger.append(self.ledger.objects([row for row in found if row[:3] not in seen], held.id, self.run))
            seen.update(row[:3] for row in found)
        self._held.clear()
        self.wire.must(";".join([*filter(None, ledger), "commit"]))
        if task.id == LEDGER_TASKS[-1]:
            self.wire.must(self.ledger.attribute(self.footprint_sql))

    def _apply_outside(self, task: Task, attempt: int) -> None:
        """A Python step, or statements that refuse a transaction: each commits by itself, the ledger row last."""
        self.wire.must(f"set synchronous_commit = on; set blueprint.task_id = {quote(task.id)}")
        try:
            revert_sql = task.revert or ""
            if task.step:
                self._step(task, "deploy")
            else:
                if task.revert is None and not task.irreversible:
                    from hingecraft.blueprint.invert import resolve

                    revert_sql = resolve(self.analyst.revert_plan(task), self.connection)
                for statement in _split(task.deploy):
                    self._drop_invalid_index(statement)
                    self._alone(task, statement)
            if reason := self.verify(task):
                raise unverified(task, reason)
            rows = ["begin", self.ledger.applied(task, self.run, revert_sql, attempt), "commit"]
            self.wire.must(";".join(rows))
        finally:
            if not self.connection.closed:
                self.wire.must("reset role; reset blueprint.task_id; set synchronous_commit = off")

    def _alone(self, task: Task, statement: str) -> None:
        """One statement in a message of its own, for several in one message are a transaction."""
        self.wire.must(self.role_of(task).replace("local ", ""))
        self.send(task, Script().deploy(task, statement))
        self.wire.must("reset role")

    def _drop_invalid_index(self, statement: str) -> None:
        """A concurrent build that a crash cut short leaves an INVALID index, which the next attempt must not keep."""
        match = re.match(r"create\s+(?:unique\s+)?index\s+concurrently\s+(\w+)\s+on\s+(?:only\s+)?(\w+)\.", statement, re.IGNORECASE)
        if not match:
            return
        index = f"{match[2]}.{match[1]}"
        answer = self.wire.must(f"select indisvalid from pg_catalog.pg_index where indexrelid = to_regclass({quote(index)})")
        if answer.results[0].rows:
            self.wire.must(f"drop index concurrently {index}")

    def _step(self, task: Task, phase: str) -> Any:
        from importlib import import_module

        assert task.step is not None
        module, _, name = task.step.partition(":")
        try:
            step = getattr(import_module(module), name)
            context = self.step_context(task) if self.step_context else None
            return getattr(step, phase)(context)
        except Exception as error:
            if isinstance(error, TaskFailed):
                raise
            raise TaskFailed(
                f"{task.id} {phase} ({task.step}) failed: {type(error).__name__}: {error}", task=task.id, stage=phase
            ) from error

    def _verify_step(self, task: Task) -> str | None:
        try:
            return None if self._step(task, "verify") is True else f"{task.step}.verify did not return True"
        except TaskFailed as error:
            return error.message


def footprint_rows(answer: Answer) -> list[Row]:
    """What a footprint that was asked for returned: object rows as in footprint.sql."""
    results = answer.after(FOOTPRINT)
    return results[0].rows if results else []


def _split(sql: str) -> list[str]:
    from hingecraft.blueprint.syntax import statements

    return [statement.text for statement in statements(sql)]
