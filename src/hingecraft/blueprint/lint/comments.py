"""Rules over comments: whoever meets an object in the catalog finds there what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.rules import Remark, Remarks, house_rule

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import House, Made
    from hingecraft.blueprint.lint.reading import Reading


@house_rule("missing-comment")
def missing_comment(reading: Reading, house: House) -> Remarks:
    """Every table, column, view and function has a COMMENT, from its own task or a later one."""
    task = reading.task.id
    made: list[tuple[str, str, Made]] = []
    made += [("relation", "table", each) for each in house.tables if not each.is_partition]
    made += [("relation", "view", each) for each in house.views]
    made += [("routine", "function", each) for each in house.functions]
    for family, kind, each in made:
        if each.task == task and (family, each.name) not in house.comments:
            yield Remark(each.line, f"{kind} {each.name} has no comment", "Say what its reader needs to know.")
    bare: dict[tuple[str, int], list[str]] = {}
    for column in house.columns:
        if column.task == task and ("column", column.name) not in house.comments:
            table, _, name = column.name.rpartition(".")
            bare.setdefault((table, column.line), []).append(name)
    for (table, line), names in bare.items():
        yield Remark(line, f"columns of {table} have no comment: {', '.join(names)}", "comment on column ... is '...'")
