"""One pass over all blocks: each is parsed once, judged, and what it makes is noted for the rules over the house."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from hingecraft.blueprint.graph import Graph
from hingecraft.blueprint.lint.finding import Finding
from hingecraft.blueprint.lint.house import House
from hingecraft.blueprint.lint.reading import Reading
from hingecraft.blueprint.lint.rules import BLOCK_RULES, HOUSE_RULES
from hingecraft.blueprint.references import references, undeclared
from hingecraft.blueprint.syntax import SqlSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hingecraft.blueprint.lint.rules import Remarks, Rule
    from hingecraft.blueprint.task import Task

for _room in ("comments", "functions", "habits", "header", "keys", "names", "policies", "security", "verifies"):
    import_module(f"hingecraft.blueprint.lint.{_room}")  # fills the registry

OTHER_RULES = {
    "syntax": "A part of the block is no SQL.",
    "undeclared-need": "The block uses what a task makes that is not among its needs, directly or not.",
    "superfluous-need": "Nothing of a needed task is used.",
    "unused-waiver": "A waiver names a rule that finds nothing in the block.",
    "unknown-waiver": "A waiver names no rule.",
}
"""Rules that are no functions of their own."""

NOT_LINT = {"mutation"}
"""Waivers that others read: mutate takes the reason why a mutant of the block cannot be noticed."""


def check(tasks: Sequence[Task], *, squawk: bool) -> list[Finding]:
    """Every finding, in the order of files and lines."""
    with _unswept():
        findings = _found(tasks, squawk=squawk)
    return sorted(_waived(findings, tasks), key=lambda each: (each.file, each.line, each.rule))


@contextmanager
def _unswept() -> Iterator[None]:
    """Without garbage collection: trees hold no cycles, and looking for some takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _found(tasks: Sequence[Task], *, squawk: bool) -> list[Finding]:
    findings: list[Finding] = []
    house = House(graph=Graph({task.id: task for task in tasks}))
    readings = []
    for task in tasks:
        reading = Reading(task)
        try:
            findings += _judged(BLOCK_RULES, reading, (reading,))
            references(task.deploy), references(task.verify)
            house.read(reading)
        except SqlSyntaxError as error:
            findings.append(Finding("syntax", "error", task.id, task.file, task.line, f"{task.id}: {error.message}"))
        else:
            readings.append(reading)
    for reading in readings:
        findings += _judged(HOUSE_RULES, reading, (reading, house))
    sound = [reading.task for reading in readings]
    findings += undeclared(sound)
    if squawk:
        from hingecraft.blueprint.lint.squawk import squawked

        findings += squawked(sound, house.tables)
    return findings


def _judged(rules: Sequence[Rule], reading: Reading, arguments: tuple[object, ...]) -> Iterator[Finding]:
    for rule in rules:
        remarks: Remarks = rule.judge(*arguments)
        for remark in remarks:
            task = reading.task
            yield Finding(rule.name, rule.severity, task.id, task.file, remark.line, remark.message, remark.hint)


def _waived(findings: Sequence[Finding], tasks: Sequence[Task]) -> Iterator[Finding]:
    """Leave out what a block waives by name and reason; a waiver without effect is a finding itself."""
    from hingecraft.blueprint.lint.squawk import is_squawk

    known = {rule.name for rule in (*BLOCK_RULES, *HOUSE_RULES)} | OTHER_RULES.keys()
    waivers = {(task.id, rule): task for task in tasks for rule in task.waivers if rule not in NOT_LINT}
    used: set[tuple[str, str]] = set()
    for finding in findings:
        if (finding.task, finding.rule) in waivers:
            used.add((finding.task, finding.rule))
        else:
            yield finding
    for (task_id, rule), task in waivers.items():
        if rule not in known and not is_squawk(rule):
            yield Finding("unknown-waiver", "error", task_id, task.file, task.line, f"{task_id} waives '{rule}', which is no rule")
        elif (task_id, rule) not in used:
            yield Finding(
                "unused-waiver",
                "hint",
                task_id,
                task.file,
                task.line,
                f"{task_id} waives '{rule}', which finds nothing",
            )
