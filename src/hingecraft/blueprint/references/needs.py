"""`needs` held against what tasks really use: an undeclared dependency is an error, a superfluous need a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.finding import Finding
from hingecraft.blueprint.references.names import ANSWERS, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hingecraft.blueprint.task import Task


Makers = dict[tuple[str, str | None, str], str]


@dataclass(frozen=True)
class _Use:
    name: Name
    line: int
    maker: str


def undeclared(tasks: Iterable[Task]) -> list[Finding]:
    """Uses of what a task outside the closure of `needs` makes, and needs without which every use is still covered."""
    known = {task.id: task for task in tasks}
    makers = _makers(known.values())
    closures: dict[str, frozenset[str]] = {}
    findings: list[Finding] = []
    for task in known.values():
        uses = list(_uses(task, makers))
        reachable = _closure(task.id, known, closures)
        findings += _missing(task, uses, reachable)
        findings += _superfluous(task, uses, known, closures)
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
    kinds = ANSWERS.get(name.kind, (name.kind,))
    return next((makers[key] for kind in kinds if (key := (kind, name.schema, name.name)) in makers), None)


def _closure(task_id: str, known: Mapping[str, Task], closures: dict[str, frozenset[str]]) -> frozenset[str]:
    """Everything the task needs, directly or not; a cycle is reported elsewhere and ends here."""
    if task_id not in closures:
        closures[task_id] = frozenset()
        needs = known[task_id].needs if task_id in known else ()
        closures[task_id] = frozenset(needs).union(*(_closure(need, known, closures) for need in needs))
    return closures[task_id]


def _missing(task: Task, uses: list[_Use], reachable: frozenset[str]) -> Iterator[Finding]:
    by_maker: dict[str, list[_Use]] = {}
    for use in uses:
        if use.maker not in reachable:
            by_maker.setdefault(use.maker, []).append(use)
    for maker, found in by_maker.items():
        names = ", ".join(use.name.label for use in found[:3]) + (
            f" and {len(found) - 3} more" if len(found) > 3 else ""
        )
        message = f"{task.id} uses {names} of {maker}, which it does not need"
        line = min(use.line for use in found)
        yield Finding("undeclared-need", "error", task.id, task.file, line, message, f"Add {maker} to its needs.")


def _superfluous(
    task: Task, uses: list[_Use], known: Mapping[str, Task], closures: dict[str, frozenset[str]]
) -> Iterator[Finding]:
    used = {use.maker for use in uses}
    for need in task.needs:
        rest = [other for other in task.needs if other != need]
        covered = frozenset(rest).union(*(_closure(other, known, closures) for other in rest))
        if need not in used and used <= covered:
            message = f"{task.id} needs {need}, but uses nothing of it"
            yield Finding(
                "superfluous-need",
                "hint",
                task.id,
                task.file,
                task.line,
                message,
                "Leave it out, unless its effect is what counts.",
            )
