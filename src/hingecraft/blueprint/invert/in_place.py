"""Change in place: from an applied old version of a task to its new one, when no statement of either holds data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hingecraft.blueprint.invert.address import Address, address_of, routine
from hingecraft.blueprint.invert.draft import Draft
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import relation_name
from hingecraft.blueprint.invert.plan import NeedsState
from hingecraft.blueprint.invert.state import question_sql
from hingecraft.blueprint.syntax import Statement, statements

REPLACED = ("CreateFunctionStmt", "ViewStmt", "RuleStmt", "CreateTrigStmt", "CreatePolicyStmt")
"""Statements that make an object without data."""

REPEATED = ("CommentStmt", "GrantStmt")
"""Statements that may simply run again."""

_CREATE = re.compile(r"create\s+(or\s+replace\s+)?", re.IGNORECASE)


@dataclass
class Reapply:
    """The change in two halves: `restore` takes back what the old version did to others, `change` makes the new one.

    Between the two, the catalog is what a deploy of the new version would find, but for the task's `own` objects.
    """

    restore: list[str]
    change: list[str]
    own: frozenset[str]

    @property
    def sql(self) -> str:
        """The whole change."""
        return "\n".join(self.restore + self.change) + "\n"


def replaceable(deploy_sql: str) -> bool:
    """Whether every statement makes or marks something that can be brought to a new version in place."""
    return all(_is_replaceable(statement) for statement in statements(deploy_sql))


def reapply(new_deploy: str, old_revert: str) -> Reapply | None:
    """Compare what the old version made (its revert drops it) with what the new one makes.

    Policies, triggers and rules are dropped and made anew; functions and views are replaced: others may hold them.
    """
    new, old = statements(new_deploy), statements(old_revert)
    if not all(_is_replaceable(each) for each in new) or not all(_is_undo(each) for each in old):
        return None
    own = [address for each in old if each.kind == "DropStmt" for address in _dropped(each.node)]
    restored = [each for each in old if each.kind != "DropStmt"]
    if {address.key for address in own} & {address.key for each in restored if (address := _made(each))}:
        return None  # the old version changed another task's object beyond what can be replaced in place
    made = {address.key for each in new if (address := _made(each))}
    parts = [each for each in own if each.parent]
    kept = [each for each in own if not each.parent and each.key in made]
    gone = [each for each in own if not each.parent and each.key not in made]
    replaced = {each.key for each in kept}
    return Reapply(
        [f"{each.text};" for each in restored],
        [
            *(f"drop {each.sql};" for each in parts),
            *(_reset(each) for each in kept),
            *(_in_place(each, replaced) for each in new),
            *(f"drop {each.sql};" for each in gone),
        ],
        frozenset(each.sql for each in own),
    )


def _in_place(statement: Statement, replaced: set[tuple[str, ...]]) -> str:
    address = _made(statement)
    if address is None or address.key not in replaced:
        return f"{statement.text};"
    return _CREATE.sub("create or replace ", statement.text, count=1) + ";"


def _reset(address: Address) -> str:
    """Comments and privileges as on a new object: those that the new version still wants follow."""
    arguments = asked(Draft(), address) | {"columns": address.family == "relation"}
    return question_sql(NeedsState("reset_object", arguments)) + ";"


def _is_replaceable(statement: Statement) -> bool:
    if statement.kind == "GrantStmt":
        return bool(statement.node.targtype.name == "ACL_TARGET_OBJECT")
    local = statement.kind == "VariableSetStmt" and statement.node.is_local
    return statement.kind in REPLACED or statement.kind in REPEATED or local


def _is_undo(statement: Statement) -> bool:
    """Whether a statement of the old revert undoes something replaceable."""
    if statement.kind == "DropStmt":
        return statement.node.removeType.name.removeprefix("OBJECT_") in {
            "FUNCTION", "PROCEDURE", "VIEW", "TRIGGER", "POLICY", "RULE",
        }  # fmt: skip
    return statement.kind in REPLACED or statement.kind in REPEATED


def _dropped(node: Any) -> list[Address]:
    return [address_of(node.removeType, each) for each in node.objects]


def _made(statement: Statement) -> Address | None:
    node = statement.node
    match statement.kind:
        case "CreateFunctionStmt":
            return routine("procedure" if node.is_procedure else "function", node.funcname, node.parameters)
        case "ViewStmt":
            return Address("view", relation_name(node.view))
        case "CreateTrigStmt":
            return Address("trigger", relation_name(node.relation), part=node.trigname)
        case "RuleStmt":
            return Address("rule", relation_name(node.relation), part=node.rulename)
        case "CreatePolicyStmt":
            return Address("policy", relation_name(node.table), part=node.policy_name)
    return None
