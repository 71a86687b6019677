"""A message to the server made of parts, and the way back from an error to the statement, file and line it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hingecraft.blueprint.errors import BlockedError, TaskFailed
from hingecraft.blueprint.wire import LOCK_NOT_AVAILABLE, Answer, Failure

if TYPE_CHECKING:
    from hingecraft.blueprint.syntax import Statement
    from hingecraft.blueprint.task import Task

VERIFY_BEGINS = "hingecraft_verify_begins"
FOOTPRINT = "hingecraft_footprint_ends"
_JOINT = "\n;\n"


@dataclass(frozen=True)
class Part:
    """SQL text and where it stands: `kind` is engine, deploy, verify or revert."""

    kind: str
    text: str
    line: int = 0


@dataclass
class Script:
    """Parts in the order they are sent."""

    parts: list[Part] = field(default_factory=list)

    def engine(self, sql: str) -> Script:
        self.parts.append(Part("engine", sql))
        return self

    def deploy(self, task: Task, sql: str | None = None) -> Script:
        self.parts.append(Part("deploy", task.deploy if sql is None else sql, task.deploy_line))
        return self

    def revert(self, task: Task, sql: str) -> Script:
        self.parts.append(Part("revert", sql, task.revert_line))
        return self

    def verify(self, task: Task) -> Script:
        """The verify inside a savepoint that is always rolled back; its results follow the marker."""
        self.engine(f"savepoint hingecraft_verify; select true as {VERIFY_BEGINS}")
        self.parts.append(Part("verify", task.verify, task.verify_line))
        return self.engine("rollback to savepoint hingecraft_verify; release savepoint hingecraft_verify")

    @property
    def text(self) -> str:
        return _JOINT.join(part.text for part in self.parts)

    def statement_at(self, failure: Failure, answered: int) -> tuple[Part, str, int]:
        """The part, the statement and its line in the file, for a failure after `answered` results."""
        offset = failure.position - 1 if failure.position else None
        for part in self.parts:
            size = len(part.text) + len(_JOINT)
            statements = _statements(part.text)
            if offset is not None and offset < size:
                found = next((s for s in reversed(statements) if s.start <= offset), None)
                return (
                    part,
                    found.text if found else "",
                    part.line + part.text.count("\n", 0, offset) if part.line else 0,
                )
            if offset is None and answered < len(statements):
                found = statements[answered]
                return part, found.text, part.line + found.line - 1 if part.line else 0
            offset, answered = (offset - size if offset is not None else None), answered - len(statements)
        return self.parts[-1], "", 0


def _statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a text, none when it has a syntax error (which has a position of its own)."""
    from hingecraft.blueprint.syntax import SqlSyntaxError, statements

    try:
        return statements(sql)
    except SqlSyntaxError:
        return ()


def verdict(task: Task, answer: Answer) -> str | None:
    """Why the verify does not hold, or None when it does. Only for an answer without a failure."""
    results = answer.after(VERIFY_BEGINS)
    assert results is not None
    results = results[:-2]  # without the engine's rollback and release
    if not results:
        return "the verify is empty"
    for number, result in enumerate(results):
        if not result.holds():
            return _why(task, number, result.rows, result.names)
    return None


def _why(task: Task, number: int, rows: list[tuple[str | None, ...]], names: tuple[str, ...]) -> str:
    statement = _statements(task.verify)[number]
    bad = [row for row in rows if any(value != "t" for value in row)] or rows
    found = "no row" if not rows else "; ".join(_row(row, names) for row in bad[:3])
    return f"{task.file}:{task.verify_line + statement.line - 1}: the verify returned {found}\n{statement.text}"


def _row(row: tuple[str | None, ...], names: tuple[str, ...]) -> str:
    values = ["null" if value is None else value for value in row]
    if len(values) == 1:
        return values[0]
    return ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))


def failed(task: Task, script: Script, answer: Answer) -> TaskFailed:
    """The error of a script the server refused, with statement, file and line."""
    failure = answer.failure
    assert failure is not None
    part, statement, line = script.statement_at(failure, len(answer.results))
    where = f"{task.file}:{line}" if line else task.target
    lines = [f"{task.id} {part.kind} failed at {where}: {failure.message} ({failure.sqlstate})"]
    lines += [
        f"{label}: {text}" for label, text in (("detail", failure.detail), ("hint", failure.hint), ("context", failure.context)) if text
    ]
    if statement:
        lines.append(statement)
    if failure.sqlstate == LOCK_NOT_AVAILABLE:
        held = "\n".join(f"  {blocker}" for blocker in failure.blockers) or "  (gone by now)"
        return BlockedError(
            f"{task.id} waits for a lock that is held by:\n{held}",
            hint="Let that transaction end (or end it with select pg_terminate_backend(pid)) and run the same command again.",
            task=task.id, file=task.file, line=line, sqlstate=failure.sqlstate, blockers=list(failure.blockers),
        )  # fmt: skip
    return TaskFailed(
        "\n".join(lines),
        hint="Nothing of this task remains. Mend it and run the same command again.",
        task=task.id,
        file=task.file,
        line=line,
        sqlstate=failure.sqlstate,
        stage=part.kind,
        statement=statement,
    )


def unverified(task: Task, reason: str) -> TaskFailed:
    """The error of a deploy that went through while its verify did not hold."""
    return TaskFailed(
        f"{task.id} {task.title}: {reason}",
        hint="Nothing of this task remains. Mend it and run the same command again.",
        task=task.id,
        file=task.file,
        line=task.verify_line,
        stage="verify",
    )
