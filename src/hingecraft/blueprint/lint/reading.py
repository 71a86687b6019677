"""A block while it is read: its parsed parts, and the way from their lines to the file's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.syntax import Script, Statement, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.blueprint.task import Task


@dataclass
class Part:
    """Deploy, verify or written revert."""

    sql: str
    first_line: int

    @property
    def script(self) -> Script:
        """The parsed text (from the cache). Raises SqlSyntaxError."""
        return script(self.sql)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements in order."""
        return self.script.statements

    def of(self, *kinds: str) -> Iterator[tuple[Any, int]]:
        """The trees of the statements of these kinds, each with its line in the file."""
        for statement in self.statements:
            if statement.kind in kinds:
                yield statement.node, self.line(statement.line)

    def nodes(self, *kinds: str) -> Iterator[tuple[Any, int]]:
        """Every node of these kinds, however deep, each with its line in the file."""
        for statement in self.statements:
            for node in statement.nodes:
                if type(node).__name__ in kinds:
                    yield node, self.at(node, statement)

    def at(self, node: Any, statement: Statement) -> int:
        """The line in the file of a node, or of its statement."""
        location = getattr(node, "location", None)
        return self.line(self.script.line(location) if location and location > 0 else statement.line)

    def line(self, line: int) -> int:
        """From a line of this part (from 1) to the file's."""
        return self.first_line + line - 1


@dataclass
class Reading:
    """One task and its parts."""

    task: Task

    @cached_property
    def deploy(self) -> Part:
        """What makes it."""
        return Part(self.task.deploy, self.task.deploy_line)

    @cached_property
    def verify(self) -> Part:
        """What proves it."""
        return Part(self.task.verify, self.task.verify_line)

    @cached_property
    def revert(self) -> Part:
        """What undoes it, where that is written."""
        return Part(self.task.revert or "", self.task.revert_line)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All three."""
        return (self.deploy, self.verify, self.revert)
