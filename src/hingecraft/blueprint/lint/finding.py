"""What a rule says about a block."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """`severity` is error or hint; `line` is the file's; `hint` says what to do."""

    rule: str
    severity: str
    task: str
    file: str
    line: int
    message: str
    hint: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as a document."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"
