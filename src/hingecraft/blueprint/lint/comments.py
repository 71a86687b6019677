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
    facts = house.facts[reading.task.id]
    made: list[tuple[str, str, Made]] = []
    made += [("relation", "table", each) for each in facts.tables if not each.is_partition]
    made += [("relation", "view", each) for each in facts.views]
    made += [("routine", "function", each) for each in facts.functions]
    for family, kind, each in made:
        if (family, each.name) not in house.comments:
            yield Remark(each.line, f"{kind} {each.name} has no comment", "Say what its reader needs to know.")
    bare: dict[tuple[str, int], list[str]] = {}
    for column in facts.columns:
        if ("column", column.name) not in house.comments:
            table, _, name = column.name.rpartition(".")
            bare.setdefault((table, column.line), []).append(name)
    for (table, line), names in bare.items():
        yield Remark(line, f"columns of {table} have no comment: {', '.join(names)}", "comment on column ... is '...'")
