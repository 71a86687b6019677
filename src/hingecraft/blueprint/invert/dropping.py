"""DROP: undone by creating the object again as the catalog describes it before the deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import Address, address_of
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.registry import undoes

if TYPE_CHECKING:
    from collections.abc import Iterator

RECREATED = {
    "domain": "domain_dropped",
    "event trigger": "event_trigger_dropped",
    "function": "routine_dropped",
    "index": "index_dropped",
    "materialized view": "materialized_view_dropped",
    "policy": "policy_dropped",
    "procedure": "routine_dropped",
    "routine": "routine_dropped",
    "rule": "rule_dropped",
    "schema": "schema_dropped",
    "statistics": "statistics_dropped",
    "trigger": "trigger_dropped",
    "type": "type_dropped",
    "view": "view_dropped",
}

LOST = {
    "table": "its rows are lost",
    "foreign table": "its definition is not looked up",
    "sequence": "its value is lost",
    "extension": "what it owns is lost",
    "role": "its password and memberships are lost",
}


@undoes("DropStmt")
def drop(draft: Draft, node: Any) -> None:
    """Each object in turn: the task's own ones cancel out, others are looked up."""
    for number, address in enumerate(_dropped(node)):
        if number:
            draft.begin()
        drop_one(draft, address, cascades=node.behavior.name == "DROP_CASCADE")


def _dropped(node: Any) -> Iterator[Address]:
    for each in node.objects:
        yield address_of(node.removeType, each)


def drop_one(draft: Draft, address: Address, *, cascades: bool) -> None:
    """Undo the drop of one object. Raises NotInvertibleError where that loses something."""
    if draft.owns(address):
        draft.forget(address)
        return
    if cascades:
        raise NotInvertibleError("'cascade' drops objects that no statement names: drop them one by one")
    if address.kind not in RECREATED:
        reason = LOST.get(address.kind, "its definition is not looked up")
        raise NotInvertibleError(f"drop {address.kind}: {reason}: write the revert or declare it irreversible")
    draft.state(RECREATED[address.kind], **asked(draft, address))


@undoes("DropRoleStmt", "DropUserMappingStmt")
def drop_role(draft: Draft, node: Any) -> None:
    """A role of the task's own cancels out; of any other the password and memberships are lost."""
    if type(node).__name__ == "DropUserMappingStmt":
        raise NotInvertibleError("drops a user mapping with its secrets: write the revert")
    for number, role in enumerate(node.roles):
        if number:
            draft.begin()
        drop_one(draft, Address("role", (role.rolename,)), cascades=False)
