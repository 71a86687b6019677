"""The dependency graph as text, Mermaid or DOT."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.task import Task


def draw(blueprint: Blueprint, tasks: list[Task], form: str) -> Iterator[str]:
    """Lines of the drawing; edges to tasks outside the selection are left out of mermaid and dot."""
    chosen = {task.id for task in tasks}
    if form == "text":
        for task in tasks:
            yield f"{task.id} {task.title}"
            for need in task.needs:
                yield f"  <- {need} {blueprint.tasks[need].title}"
        return
    yield "flowchart BT" if form == "mermaid" else "digraph blueprint {\n  rankdir=BT;"
    for task in tasks:
        title = task.title.replace('"', "'")
        yield (f'  {task.id}["{task.id}<br>{title}"]' if form == "mermaid" else f'  {task.id} [label="{task.id}\\n{title}"];')
    for task in tasks:
        for need in sorted(chosen & set(task.needs)):
            yield f"  {task.id} --> {need}" if form == "mermaid" else f"  {task.id} -> {need};"
    if form == "dot":
        yield "}"
