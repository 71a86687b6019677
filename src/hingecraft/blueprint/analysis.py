"""What reading a task's SQL tells: how to undo it, what it makes, which tables it indexes. Kept by digest, parsed once."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.errors import BlueprintError

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.blueprint.invert import RevertPlan
    from hingecraft.blueprint.task import Task

_FORMAT = 1


@dataclass
class Analyst:
    """Answers from a cache file when it can; `save` keeps what was found out since."""

    cache: Path | None = None
    _known: dict[str, Any] = field(default_factory=dict)
    _fresh: bool = False

    def __post_init__(self) -> None:
        try:
            found = json.loads(self.cache.read_bytes()) if self.cache else {}
        except (OSError, ValueError):
            found = {}
        if found.get("format") == _FORMAT:
            self._known = found["tasks"]

    def revert_plan(self, task: Task) -> RevertPlan:
        """How the deploy is undone, as far as its text tells."""
        from hingecraft.blueprint.invert import RevertPlan

        return RevertPlan.from_json(self._of(task)["revert"])

    def produces(self, task: Task) -> list[dict[str, str]]:
        """The objects the deploy names as new: [{"kind": "function", "name": "core.fold"}, ...]."""
        return list(self._of(task)["produces"])

    def indexes(self, task: Task) -> list[str]:
        """The tables on which the deploy builds an index in the blocking way."""
        return list(self._of(task)["indexes"])

    def save(self) -> None:
        """Write the cache; one that cannot be written is no error."""
        if self.cache is None or not self._fresh:
            return
        try:
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            part = self.cache.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps({"format": _FORMAT, "tasks": self._known}), encoding="utf-8")
            part.replace(self.cache)
        except OSError:
            pass

    def _of(self, task: Task) -> dict[str, Any]:
        key = task.deploy_sha256
        if key not in self._known:
            self._known[key] = _analyse(task)
            self._fresh = True
        found: dict[str, Any] = self._known[key]
        return found


def _analyse(task: Task) -> dict[str, Any]:
    from hingecraft.blueprint.invert import plan_revert
    from hingecraft.blueprint.references import references
    from hingecraft.blueprint.syntax import SqlSyntaxError

    if task.step:
        return {"revert": plan_revert("").to_json(), "produces": [], "indexes": []}
    try:
        created = references(task.deploy).creates
    except SqlSyntaxError as error:
        raise BlueprintError(task.file, task.deploy_line + error.line - 1, f"{task.id}: {error.message}") from error
    return {
        "revert": plan_revert(task.deploy).to_json(),
        "produces": [{"kind": made.kind, "name": f"{made.schema}.{made.name}" if made.schema else made.name} for made in created],
        "indexes": _blocking_indexes(task.deploy),
    }


def _blocking_indexes(sql: str) -> list[str]:
    from hingecraft.blueprint.syntax import statements

    plain = [s.node.relation for s in statements(sql) if s.kind == "IndexStmt" and not s.node.concurrent]
    return sorted({f"{table.schemaname}.{table.relname}" for table in plain if table.schemaname})
