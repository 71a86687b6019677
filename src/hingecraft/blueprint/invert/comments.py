"""COMMENT: the previous one comes back, or null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import address_of
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.registry import undoes

if TYPE_CHECKING:
    from hingecraft.blueprint.invert.draft import Draft


@undoes("CommentStmt")
def comment(draft: Draft, node: Any) -> None:
    """A comment on the task's own object vanishes with it."""
    address = address_of(node.objtype, node.object)
    if not draft.owns(address):
        draft.state("comment", **asked(draft, address))
