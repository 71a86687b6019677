"""The blueprint of a checkout or an installed wheel: all component files and the catalogue lines still pending."""

from __future__ import annotations

import csv
import json
import os
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.errors import BlueprintError, did_you_mean
from hingecraft.blueprint.graph import Graph
from hingecraft.blueprint.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

CATEGORIES = {
    "master_schema": "master_schema_build",
    "enterprise": "enterprise_build",
    "security": "security_build",
    "governance": "governance_build",
    "rag_knowledge_base": "rag_build",
    "complete_schema": "complete_schema_build",
    "deployments": "deployment_build",
    "test_data": "test_data_build",
    "migrations": "migration_build",
    "integrations": "integration_build",
    "local": "local_build",
}
"""Folder under database/ -> category of the tasks in it."""

NUMBERED = {"master_schema", "enterprise", "security", "governance", "rag_knowledge_base"}
"""Folders whose components keep their number in the name (01_users.sql of complete_schema is just `users`)."""

CATALOGUE_SIZE = 1000
_CATALOGUE = {"complete": "complete_schema_build", "test": "test_data_build", "master": "master_schema_build"}
_CACHE_FORMAT = 1


@dataclass(frozen=True)
class Blueprint:
    """All tasks by id, and how they stand on each other. `root` is the `database/` folder."""

    root: Path
    tasks: dict[str, Task]

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.tasks)

    @cached_property
    def order(self) -> list[Task]:
        """The tasks that can be applied, in order: needs first, ties by id."""
        ready: dict[str, Task] = {}
        for task in map(self.tasks.__getitem__, self.graph.order):
            if task.written and all(need in ready for need in task.needs):
                ready[task.id] = task
        return list(ready.values())

    def __getitem__(self, task_id: str) -> Task:
        try:
            return self.tasks[task_id]
        except KeyError:
            from hingecraft.errors import UsageError

            hint = did_you_mean(task_id, list(self.tasks)).removeprefix("; ")
            raise UsageError(f"There is no task {task_id}.", hint=hint or "hc tasks lists them all.") from None

    def sources(self, prefix: str = "") -> dict[str, str]:
        """The file that holds each written task's block, relative to the folder that holds `database/`."""
        return {task.id: prefix + task.file for task in self.tasks.values() if task.written}

    @cached_property
    def catalogue(self) -> list[Task]:
        """The 1,000, by number: without the tasks of database/local."""
        return sorted((t for t in self.tasks.values() if t.number <= CATALOGUE_SIZE), key=lambda t: t.id)


def database_folder() -> Path:
    """Where the blueprint lies: database/ of the checkout, or the copy inside the installed wheel."""
    package = Path(__file__).parent.parent
    checkout = package.parent.parent / "database"
    return checkout if checkout.is_dir() and (package.parent.parent / "pyproject.toml").exists() else package / "database"


def load(root: Path | None = None, cache: Path | None = None) -> Blueprint:
    """Read every block under `root`. With `cache` (a file) only what changed since the last time is parsed again.

    Raises BlueprintError (file, line) for anything that does not fit: format, duplicate id or title, unknown need, cycle.
    """
    root = root or database_folder()
    known = _read_cache(cache)
    fresh: dict[str, Any] = {}
    tasks: dict[str, Task] = {}
    for path in _component_files(root):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root.parent).as_posix()
        digest = sha256(text.encode()).hexdigest()
        if known.get(name, {}).get("sha256") == digest:
            fresh[name] = known[name]
            found = [_thaw(entry) for entry in known[name]["tasks"]]
        else:
            from hingecraft.blueprint.parse import parse

            category, component = place(path.relative_to(root))
            found = parse(text, name, category, component)
            fresh[name] = {"sha256": digest, "tasks": [asdict(t) for t in found]}
        for task in found:
            _add(tasks, task)
    if fresh != known:
        _write_cache(cache, fresh)
    for task in _pending(root, tasks):
        tasks[task.id] = task
    blueprint = Blueprint(root, tasks)
    blueprint.graph.check()
    return blueprint


def place(path: Path) -> tuple[str, str]:
    """Category and component of a component file, from where it lies below database/."""
    folder, *rest = path.parts
    name = rest[0] if len(rest) > 1 and rest[0] != "nano" else "/".join(rest)
    name = name.removesuffix(".sql")
    return CATEGORIES[folder], name if folder in NUMBERED else re.sub(r"^\d\d_", "", name)


def _component_files(root: Path) -> Iterator[Path]:
    for folder in CATEGORIES:
        if (root / folder).is_dir():
            yield from sorted((root / folder).rglob("*.sql"))


def _add(tasks: dict[str, Task], task: Task) -> None:
    if (other := tasks.get(task.id)) is not None:
        raise BlueprintError(task.file, task.line, f"{task.id} is already defined at {other.target}")
    if task.category == "local_build" and task.number <= CATALOGUE_SIZE:
        raise BlueprintError(task.file, task.line, f"{task.id}: tasks of your own have ids above BUILD_{CATALOGUE_SIZE}")
    tasks[task.id] = task


def _pending(root: Path, written: dict[str, Task]) -> Iterator[Task]:
    """The catalogue lines of the tasks that have no block yet."""
    for path in sorted((root / "pending").glob("*.tsv")):
        name = path.relative_to(root.parent).as_posix()
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            for row in rows:
                if row["id"] in written:
                    continue
                yield Task(
                    id=row["id"],
                    action=row["action"],
                    title=row["title"],
                    category=_pending_category(path.stem),
                    component=row["component"],
                    does=row["behaviour"],
                    proves=row["verify"],
                    needs=tuple(need.strip() for need in row["needs"].split(",") if need.strip()),
                    file=name,
                    line=rows.line_num,
                    status="pending",
                )


def _pending_category(stem: str) -> str:
    """0221-0320_enterprise_a -> enterprise_build."""
    word = stem.split("_")[1]
    return _CATALOGUE.get(word) or next(c for c in CATEGORIES.values() if c.startswith(word[:9]))


def _thaw(entry: dict[str, Any]) -> Task:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Task(**values)


def _read_cache(cache: Path | None) -> dict[str, Any]:
    try:
        found = json.loads(cache.read_bytes()) if cache else {}
    except (OSError, ValueError):
        return {}
    return dict(found.get("files", {})) if found.get("format") == _CACHE_FORMAT else {}


def _write_cache(cache: Path | None, files: dict[str, Any]) -> None:
    """A cache that cannot be written is no error: the next run parses again."""
    if cache is None:
        return
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps({"format": _CACHE_FORMAT, "files": files}), encoding="utf-8")
        part.replace(cache)
    except OSError:
        pass
