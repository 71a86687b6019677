"""Rules over words that hide something: whether an object was there, what else goes, whose object it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.lint.rules import Remark, Remarks, block_rule, house_rule

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import Function, House, View
    from hingecraft.blueprint.lint.reading import Reading


@block_rule("if-not-exists")
def if_not_exists(reading: Reading) -> Remarks:
    """IF NOT EXISTS hides whether the task made the object, and with it whether the revert may drop it."""
    for part in (reading.deploy, reading.verify):
        for statement in part.statements:
            if _says_if_not_exists(statement.node):
                yield Remark(part.line(statement.line), "says `if not exists`", "Leave it out: a task runs once.")


def _says_if_not_exists(node: Any) -> bool:
    if getattr(node, "if_not_exists", False) or getattr(getattr(node, "base", None), "if_not_exists", False):
        return True
    if type(node).__name__ == "AlterEnumStmt":
        return bool(node.skipIfNewValExists)
    commands = node.cmds if type(node).__name__ == "AlterTableStmt" else ()
    return any(command.missing_ok and command.subtype.name == "AT_AddColumn" for command in commands)


@block_rule("cascade")
def cascade(reading: Reading) -> Remarks:
    """CASCADE takes along objects that no statement names: a dependent should surface."""
    for part in (reading.deploy, reading.revert):
        for statement in part.statements:
            node = statement.node
            commands = node.cmds if type(node).__name__ == "AlterTableStmt" else (node,)
            for each in commands:
                behavior = getattr(each, "behavior", None)
                if behavior is not None and behavior.name == "DROP_CASCADE":
                    yield Remark(part.line(statement.line), "says `cascade`", "Name what goes, one by one.")


@house_rule("or-replace")
def or_replace(reading: Reading, house: House) -> Remarks:
    """OR REPLACE takes an object from the task that made it: verify and revert there are no longer about it."""
    facts = house.facts[reading.task.id]
    made: list[Function | View] = [*facts.functions, *facts.views]
    for each in made:
        maker = house.makers[each.name]
        if each.replaces and maker != reading.task.id:
            hint = "Change it there; where replacing is the design, waive this rule with the reason."
            yield Remark(each.line, f"replaces {each.name} of {maker}", hint)


@block_rule("missing-revert")
def missing_revert(reading: Reading) -> Remarks:
    """What the engine cannot undo has a written revert, or says why there is none."""
    task = reading.task
    if task.revert is not None or task.irreversible or task.step:
        return
    for refusal in _refusals(task.deploy):
        yield Remark(task.deploy_line + refusal.line, refusal.reason, "-- revert, or -- irreversible: <why>")


@block_rule("needless-revert", severity="hint")
def needless_revert(reading: Reading) -> Remarks:
    """A written revert that the engine could infer is one more thing to keep right."""
    task = reading.task
    if task.revert and not task.step and not _refusals(task.deploy):
        yield Remark(task.revert_line, f"{task.id}: the revert can be inferred", "Leave it out.")


def _refusals(deploy: str) -> Any:
    from hingecraft.blueprint.invert import plan_revert

    return plan_revert(deploy).refusals
