"""From deploy SQL to a revert plan: each statement's opposite, in reverse order."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.registry import HANDLERS
from hingecraft.blueprint.syntax import statements

if TYPE_CHECKING:
    from hingecraft.blueprint.invert.plan import RevertPlan

for _room in ("comments", "creating", "data", "dropping", "objects", "privileges", "renames", "settings", "tables"):
    import_module(f"hingecraft.blueprint.invert.{_room}")  # fills HANDLERS


def plan_revert(deploy_sql: str) -> RevertPlan:
    """Read the opposite of a deploy from its text.

    Raises SqlSyntaxError. Statements without an opposite are refusals in the plan.
    """
    draft = Draft()
    for statement in statements(deploy_sql):
        draft.begin()
        handler = HANDLERS.get(statement.kind)
        try:
            if handler is None:
                words = " ".join(statement.text.lower().split()[:2])
                raise NotInvertibleError(f"{words} has no known opposite: write the revert")
            handler(draft, statement.node)
        except NotInvertibleError as reason:
            draft.refuse(statement, str(reason))
    return draft.finish()
