"""Rules over headers: what the catalogue, the plan and the reader see first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.rules import Remark, Remarks, block_rule, house_rule

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import House
    from hingecraft.blueprint.lint.reading import Reading


@block_rule("header")
def header(reading: Reading) -> Remarks:
    """A block says its title, what it does and what its verify proves."""
    task = reading.task
    for name in ("title", "does", "proves"):
        if not getattr(task, name).strip():
            yield Remark(task.line, f"{task.id} has no '-- {name}:'")


@house_rule("title")
def title(reading: Reading, house: House) -> Remarks:
    """No two tasks have one title."""
    task = reading.task
    first = house.titles.get(task.title, task.id)
    if first != task.id:
        yield Remark(task.line, f"{task.id} has the title of {first}: {task.title}")
