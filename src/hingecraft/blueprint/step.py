"""What a Python step is given: for tasks whose effect lives outside SQL, such as rendered deployment files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from hingecraft.blueprint.task import Task


@dataclass(frozen=True)
class Context:
    """The task, the state directory and connections of the step's own (the engine's is not shared)."""

    task: Task
    home: Path
    connect: Callable[[], psycopg.Connection[Any]]


class Step(Protocol):
    """The object that `-- step: module:object` names. Each part must be safe to run again after a crash."""

    def deploy(self, ctx: Context) -> None: ...

    def verify(self, ctx: Context) -> bool: ...

    def revert(self, ctx: Context) -> None: ...
