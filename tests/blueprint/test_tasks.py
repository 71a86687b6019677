"""What holds for every task of the blueprint, and for the documents compiled from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.compile import JSON_NAME, write
from hingecraft.blueprint.lint import lint
from hingecraft.blueprint.load import database_folder, load, place

if TYPE_CHECKING:
    from hingecraft.blueprint.analysis import Analyst
    from hingecraft.blueprint.load import Blueprint

WRITTEN = [task.id for task in load().tasks.values() if task.written]
KEYS = [
    *("id", "category", "subcategory", "task", "phase", "priority", "status", "description"),
    *("instructions", "action", "target", "needs", "verify", "sha256"),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((database_folder() / JSON_NAME).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("task_id", WRITTEN)
def test_a_written_task_is_whole_and_stands_on_written_tasks(blueprint: Blueprint, task_id: str) -> None:
    task = blueprint[task_id]
    assert task.verify or task.step
    assert all(blueprint[need].written for need in task.needs)
    path = blueprint.root.parent / task.file
    assert path.read_text(encoding="utf-8").splitlines()[task.line - 1].startswith(f"-- task: {task_id} ")
    assert place(path.relative_to(blueprint.root)) == (task.category, task.component)


def test_the_linters_find_nothing(blueprint: Blueprint) -> None:
    findings = [
        f"{f.file}:{f.line}: {f.rule}: {f.message}"
        for f in lint([t for t in blueprint.tasks.values() if t.written])
        if f.severity != "hint"
    ]
    assert findings == []


def test_the_compiled_documents_are_in_step_with_the_blocks(blueprint: Blueprint) -> None:
    assert write(blueprint, check=True) == []


def test_the_json_has_a_thousand_tasks_with_every_key(document: dict[str, Any]) -> None:
    tasks = document["tasks"]
    assert len(tasks) == 1000
    assert sum(task["category"] == "master_schema_build" for task in tasks) == 220
    assert all(list(task) == KEYS for task in tasks)
    assert {task["phase"] for task in tasks} == {1, 2, 3, 4}


def test_nearly_every_revert_is_read_from_the_sql(blueprint: Blueprint, analyst: Analyst) -> None:
    tasks = [blueprint[i] for i in WRITTEN]
    written = [task.id for task in tasks if task.revert is not None]
    assert len(written) <= 0.2 * len(tasks), written
    assert all(analyst.revert_plan(task).is_complete for task in tasks if task.revert is None)


def test_a_pending_line_goes_when_its_block_comes(blueprint: Blueprint) -> None:
    pending = {
        line.split("\t", 1)[0]
        for path in (blueprint.root / "pending").glob("*.tsv")
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    }
    assert pending.isdisjoint(WRITTEN)
    assert len(pending) + len([i for i in WRITTEN if blueprint[i].number <= 1000]) == 1000
