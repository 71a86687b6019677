"""Rules over verifies: one that cannot fail proves nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.lint.rules import Remark, Remarks, block_rule
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.reading import Reading
    from hingecraft.blueprint.syntax import Statement

_LOOKS = re.compile(r"(to_reg|has_|pg_|current_|obj_|col_|shobj_|nextval|currval)\w*")
"""Built-in functions that look at the catalog or at parameters."""

_CAN_FAIL = re.compile(r"\b(raise|assert|perform|strict)\b", re.IGNORECASE)
_CHANGES = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CallStmt"}


@block_rule("empty-verify")
def empty_verify(reading: Reading) -> Remarks:
    """A task has a verify, and that holds a statement."""
    task = reading.task
    if task.step is None and not reading.verify.statements:
        yield Remark(task.verify_line or task.line, f"{task.id} has no verify", "Write what a user could see fail.")


@block_rule("constant-verify")
def constant_verify(reading: Reading) -> Remarks:
    """Some query of the verify depends on a table, a function or a parameter, or a DO block can raise."""
    statements = reading.verify.statements
    if statements and not any(_can_fail(statement) for statement in statements):
        hint = "Ask for behaviour: a refused insert, a row a role cannot see, a plan that uses the index."
        line = reading.verify.line(statements[0].line)
        yield Remark(line, f"{reading.task.id}: the verify depends on nothing that the task makes: it cannot fail", hint)


def _can_fail(statement: Statement) -> bool:
    kind = statement.kind
    if kind == "DoStmt":
        body = next((option.arg.sval for option in statement.node.args if option.defname == "as"), "")
        return _CAN_FAIL.search(body) is not None
    if kind in _CHANGES:
        return True
    return kind in {"SelectStmt", "ExplainStmt"} and any(_depends(each) for each in statement.nodes)


def _depends(node: Any) -> bool:
    match type(node).__name__:
        case "RangeVar":
            return node.schemaname is not None or node.relname.startswith("pg_")
        case "FuncCall":
            *schema, name = words(node.funcname)
            return schema not in ([], ["pg_catalog"]) or _LOOKS.fullmatch(name) is not None
        case "TypeCast":
            return len(node.typeName.names) > 1 and node.typeName.names[0].sval != "pg_catalog"
        case "SQLValueFunction":
            return "USER" in node.op.name or "ROLE" in node.op.name
    return False


@block_rule("raw-claims")
def raw_claims(reading: Reading) -> Remarks:
    """A verify takes an identity through core.act_as(): raw claims stop working once they are signed."""
    hint = "Call core.act_as(user, role)."
    for node, line in reading.verify.nodes("VariableSetStmt", "FuncCall"):
        if type(node).__name__ == "VariableSetStmt":
            name = node.name
        else:
            first = node.args[0] if node.args else None
            is_setting = words(node.funcname)[-1] == "set_config"
            name = getattr(getattr(first, "val", None), "sval", None) if is_setting else None
        if name and name.startswith("request.jwt"):
            yield Remark(line, f"{reading.task.id}: the verify sets {name} itself", hint)
