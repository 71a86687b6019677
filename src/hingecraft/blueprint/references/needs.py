"""`needs` held against what tasks really use: an undeclared dependency is an error, a superfluous need a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hingecraft.blueprint.graph import Graph
from hingecraft.blueprint.lint.finding import Finding
from hingecraft.blueprint.references.names import ANSWERS, SCHEMA, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hingecraft.blueprint.task import Task


Makers = dict[tuple[str, str | None, str], str]


@dataclass(frozen=True)
class _Use:
    name: Name
    line: int
    maker: str


def undeclared(tasks: Iterable[Task]) -> list[Finding]:
    """Uses of what a task outside the closure of `needs` makes, and needs of which nothing is used.

    A task some need of which is not among the tasks is judged when that one is: it may bring what is used.
    """
    known = {task.id: task for task in tasks}
    graph = Graph(known)
    makers = _makers(known.values())
    findings: list[Finding] = []
    for task in known.values():
        uses = list(_uses(task, makers))
        reachable = graph.closure([task.id])
        if reachable <= known.keys():
            findings += _missing(task, uses, reachable)
        findings += _superfluous(task, uses, graph)
    return findings


def _makers(tasks: Iterable[Task]) -> Makers:
    """The task that made each object: the first by id to create it, else the first to replace it."""
    from hingecraft.blueprint.references import references

    makers: Makers = {}
    replacers: Makers = {}
    for task in sorted(tasks, key=lambda task: task.id):
        found = references(task.deploy)
        for name in found.creates:
            makers.setdefault((name.kind, name.schema, name.name), task.id)
        for name in found.replaces:
            replacers.setdefault((name.kind, name.schema, name.name), task.id)
    return {**replacers, **makers}


def _uses(task: Task, makers: Makers) -> Iterator[_Use]:
    """What the task uses of others, each object once, at its first line in the file."""
    from hingecraft.blueprint.references import references

    seen: set[tuple[str | None, str]] = set()
    local = {(name.schema, name.name) for name in references(task.verify).creates}
    for sql, start in ((task.deploy, task.deploy_line), (task.verify, task.verify_line)):
        found = references(sql)
        for name in (*found.replaces, *found.uses):
            maker = _maker(name, makers)
            if maker not in {None, task.id} and (name.schema, name.name) not in seen | local:
                seen.add((name.schema, name.name))
                yield _Use(name, start + name.line - 1, str(maker))


def _maker(name: Name, makers: Makers) -> str | None:
    """Who made the object; of one that nobody made by name (an extension's, a partition), who opened its schema."""
    kinds = ANSWERS.get(name.kind, (name.kind,))
    found = next((makers[key] for kind in kinds if (key := (kind, name.schema, name.name)) in makers), None)
    return found or makers.get((SCHEMA, None, name.schema or ""))


def _missing(task: Task, uses: list[_Use], reachable: set[str]) -> Iterator[Finding]:
    by_maker: dict[str, list[_Use]] = {}
    for use in uses:
        if use.maker not in reachable:
            by_maker.setdefault(use.maker, []).append(use)
    for maker, found in by_maker.items():
        names = ", ".join(use.name.label for use in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        message = f"{task.id} uses {names} of {maker}, which it does not need"
        line = min(use.line for use in found)
        yield Finding("undeclared-need", "error", task.id, task.file, line, message, f"Add {maker} to its needs.")


def _superfluous(task: Task, uses: list[_Use], graph: Graph) -> Iterator[Finding]:
    from hingecraft.blueprint.references import references

    used = {use.maker for use in uses}
    for need in task.needs:
        if need in used or need not in graph.tasks or references(graph.tasks[need].deploy).acts:
            continue
        if used <= graph.closure(other for other in task.needs if other != need):
            message = f"{task.id} needs {need}, but uses nothing of it"
            hint = "Leave it out, unless its effect is what counts."
            yield Finding("superfluous-need", "hint", task.id, task.file, task.line, message, hint)
