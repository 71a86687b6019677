"""What goes to standard output and what to standard error: documents, calm lines, and pictures of a run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


def emit(document: Any) -> None:
    """The one JSON document of a `--json` run."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")
    sys.stdout.flush()


def say(line: str = "") -> None:
    """A line of the answer."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """A line that is not the answer: to standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def console(*, record: bool = False, stderr: bool = False) -> Console:
    """rich's console: it knows about pipes, widths and NO_COLOR."""
    from rich.console import Console

    return Console(record=record, stderr=stderr, highlight=False, soft_wrap=False)


def aligned(rows: Sequence[tuple[str, ...]], indent: str = "") -> list[str]:
    """Rows of words as lines with aligned columns; the last column is left as it is."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    return [indent + "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows]


def duration(seconds: float) -> str:
    """3.2 s, 2 min 5 s."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
