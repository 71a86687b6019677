"""Statements on rows and on the session: void on the task's own tables, without an opposite elsewhere."""

from __future__ import annotations

from typing import Any

from hingecraft.blueprint.invert.address import Address
from hingecraft.blueprint.invert.creating import create
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import relation_name
from hingecraft.blueprint.invert.registry import undoes
from hingecraft.blueprint.syntax import walk, words

HARMLESS = (
    "ConstraintsSetStmt",
    "ExplainStmt",
    "LockStmt",
    "NotifyStmt",
    "ReindexStmt",
    "VacuumStmt",
    "VariableShowStmt",
)
"""They change nothing that outlives the transaction, or nothing but statistics and storage."""

VERBS = {"InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete", "MergeStmt": "merge"}


@undoes(*HARMLESS)
def nothing(_draft: Draft, _node: Any) -> None:
    """Nothing to undo."""


@undoes(*VERBS)
def change_rows(draft: Draft, node: Any) -> None:
    """Rows of the task's own table go with it."""
    table = Address("table", relation_name(node.relation))
    if not draft.owns(table):
        verb = VERBS[type(node).__name__]
        raise NotInvertibleError(f"{verb} changes rows of another task's table: write the revert or declare it")
    _refuse_effects(draft, node)


@undoes("CopyStmt")
def copy(draft: Draft, node: Any) -> None:
    """COPY FROM is an insert."""
    if node.is_from and not draft.owns(Address("table", relation_name(node.relation))):
        raise NotInvertibleError("copy adds rows to another task's table: write the revert or declare it")


@undoes("TruncateStmt")
def truncate(draft: Draft, node: Any) -> None:
    """TRUNCATE loses rows."""
    if not all(draft.owns(Address("table", relation_name(each))) for each in node.relations):
        raise NotInvertibleError("truncate loses rows: write the revert or declare it irreversible")


@undoes("SelectStmt")
def select(draft: Draft, node: Any) -> None:
    """A query is harmless unless it calls a function whose effects cannot be known, or makes a table."""
    if node.intoClause is not None:
        create(draft, Address("table", relation_name(node.intoClause.rel)))
    if (room := opened_room(node)) is not None:
        draft.made(Address("schema", (room,)))
        draft.state("room_opened", room=room)
        return
    _refuse_effects(draft, node)


def opened_room(node: Any) -> str | None:
    """The room of `select blueprint.open_room('room', ...)`, which the kit's close_room() undoes."""
    call: Any = getattr(node.targetList[0], "val", None) if node.targetList and len(node.targetList) == 1 else None
    if type(call).__name__ != "FuncCall" or node.fromClause or words(call.funcname) != ("blueprint", "open_room"):
        return None
    first: Any = call.args[0] if call.args else None
    return first.val.sval if type(getattr(first, "val", None)).__name__ == "String" else None


def _refuse_effects(draft: Draft, node: Any) -> None:
    for each in walk(node):
        if type(each).__name__ in VERBS and each is not node:
            change_rows(draft, each)
        if type(each).__name__ == "FuncCall" and not _is_harmless(each):
            name = ".".join(words(each.funcname))
            if type(node).__name__ == "SelectStmt":
                raise NotInvertibleError(f"select {name}() may change anything: write the revert")


def _is_harmless(call: Any) -> bool:
    """A built-in that changes nothing beyond the transaction."""
    schema, name = ("", *words(call.funcname))[-2:]
    if schema not in {"", "pg_catalog"}:
        return False
    if name == "set_config":
        is_local: Any = call.args[-1]
        return type(is_local).__name__ == "A_Const" and bool(getattr(is_local.val, "boolval", False))
    return name in {"current_setting", "count", "now", "clock_timestamp", "pg_advisory_xact_lock"}


@undoes("DoStmt")
def do(_draft: Draft, _node: Any) -> None:
    """A DO block can do anything."""
    raise NotInvertibleError("a DO block may change anything: write the revert, or plain statements instead of it")


@undoes("CallStmt")
def call(_draft: Draft, _node: Any) -> None:
    """So can a procedure."""
    raise NotInvertibleError("call may change anything: write the revert")


@undoes("VariableSetStmt")
def set_parameter(_draft: Draft, node: Any) -> None:
    """SET LOCAL ends with the transaction; SET goes on into the next task."""
    if not node.is_local and not node.name.startswith("transaction"):
        raise NotInvertibleError("set outlives the task: write set local")


@undoes("TransactionStmt")
def transaction(_draft: Draft, _node: Any) -> None:
    """The engine opens and ends the transaction."""
    raise NotInvertibleError("the transaction is the engine's: leave begin and commit out")


@undoes("RefreshMatViewStmt")
def refresh(draft: Draft, node: Any) -> None:
    """Refreshed content is derived; only whether there was any at all is state."""
    view = Address("materialized view", relation_name(node.relation))
    if not draft.owns(view):
        draft.state("materialized_view_refreshed", **asked(draft, view))
