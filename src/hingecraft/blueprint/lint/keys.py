"""Rules over keys: what points at a row can be found from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.rules import Remark, Remarks, house_rule

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import Constraint, House
    from hingecraft.blueprint.lint.reading import Reading


@house_rule("fk-index")
def fk_index(reading: Reading, house: House) -> Remarks:
    """The columns of a foreign key lead an index of any task, or the key's comment says @unindexed and why."""
    for key in house.facts[reading.task.id].foreign_keys:
        if not _is_indexed(key, house):
            columns = ", ".join(key.columns)
            hint = f"create index {key.table.rpartition('.')[2]}_{'_'.join(key.columns)}_idx on {key.table} ({columns})"
            yield Remark(key.line, f"no index of {key.table} leads with foreign key ({columns})", hint)


def _is_indexed(key: Constraint, house: House) -> bool:
    wanted = set(key.columns)
    if any(set(columns[: len(wanted)]) == wanted for columns in house.indexed[key.table]):
        return True
    return "@unindexed" in house.comments.get(("constraint", f"{key.table}.{key.name}"), "")
