"""What can go wrong with a blueprint or a task, each with the file and line where it did."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from hingecraft.errors import Exit, HingecraftError


class BlueprintError(HingecraftError):
    """The blueprint itself is wrong: nothing was applied."""

    code = "blueprint"
    exit_status = Exit.USAGE

    def __init__(self, file: str, line: int, message: str, **fields: Any) -> None:
        super().__init__(f"{file}:{line}: {message}", file=file, line=line, **fields)


class TaskFailed(HingecraftError):
    """A task's deploy or verify did not hold; everything it did was rolled back."""

    code = "task_failed"


class BlockedError(TaskFailed):
    """A lock was not granted in time: `blockers` says who holds it."""

    code = "blocked"


class RefusedError(HingecraftError):
    """The engine will not do this, because something would be lost."""

    code = "refused"


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """The nearest known word as the end of a sentence, or nothing."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
