"""Which task made an object: the ledger's word, with file and line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from psycopg.sql import quote

from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.wire import Wire

_BLAME = (files(__package__) / "blame.sql").read_text()


class UnknownObject(HingecraftError):
    """Nothing of that name is in the ledger."""

    code = "unknown_object"


@dataclass(frozen=True)
class Blame:
    """One object and the task that made it; `target` is file:line, `altered_by` the last other task that touched it."""

    object_type: str
    identity: str
    task: str | None
    title: str | None
    target: str | None
    altered_by: str | None
    by_hand_at: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def blame(wire: Wire, blueprint: Blueprint, name: str) -> list[Blame]:
    """The objects a name means: a table, `schema.table.column`, a function with or without arguments, a role.

    An object the ledger has no row for (a column made with its table) answers with its parent's task.
    Raises UnknownObject with the nearest names.
    """
    rows = wire.must(_BLAME.replace(":name", quote(name))).results[0].rows
    if not rows:
        near = wire.must(
            "select identity from blueprint.objects where dropped_at is null and (identity like "
            f"'%' || {quote(name.rsplit('.', 1)[-1])} || '%') order by length(identity) limit 3"
        ).results[0]
        names = ", ".join(str(row[0]) for row in near.rows)
        raise UnknownObject(
            f"The ledger knows no object {name}.",
            hint=f"Did you mean {names}?" if names else "hc tasks lists what is built.",
        )
    found = []
    for object_type, identity, task_id, altered_by, by_hand_at in rows:
        task = blueprint.tasks.get(str(task_id))
        found.append(
            Blame(
                str(object_type),
                str(identity),
                task_id,
                task.title if task else None,
                task.target if task else None,
                altered_by,
                by_hand_at,
            )
        )
    return found
