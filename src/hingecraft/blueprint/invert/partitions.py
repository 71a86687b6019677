"""ATTACH and DETACH PARTITION: a partition goes with its table, indexes stay behind when it leaves."""

from __future__ import annotations

from typing import Any

from hingecraft.blueprint.invert.address import Address
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import dotted, relation_name


def attach(draft: Draft, parent: Address, command: Any) -> None:
    """Detach again, and drop the indexes and constraints that the parent gave; the task's own parts simply go."""
    child = Address(parent.kind, relation_name(command.def_.name))
    if draft.owns(child) and draft.owns(parent):
        draft.vanishes_with(child)
        return
    if parent.kind == "index":
        raise NotInvertibleError("an attached index cannot be detached: create it together with its parent index")
    if draft.owns(child):
        return
    name = dotted(*child.name)
    detach_sql = f"alter {parent.sql} detach partition {name};"
    if draft.owns(parent):
        draft.exact(detach_sql)
    else:
        draft.state("partition_attached", **asked(draft, child), detach=detach_sql)


def detach(draft: Draft, parent: Address, command: Any) -> None:
    """Attach again with the bounds it had."""
    child = Address("table", relation_name(command.def_.name))
    if not draft.owns(child):
        draft.state("partition_detached", **asked(draft, child), table=parent.sql)
    elif not draft.owns(parent):
        raise NotInvertibleError("detaches a partition that this task made: create it as a table of its own")
