"""ALTER TABLE (and INDEX, VIEW, SEQUENCE, composite TYPE): each action undone on its own, last one first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import Address, kind_of
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import dotted, quote, relation_name, role_name
from hingecraft.blueprint.invert.partitions import attach, detach
from hingecraft.blueprint.invert.registry import undoes
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from collections.abc import Callable


@undoes("AlterTableStmt")
def alter_table(draft: Draft, node: Any) -> None:
    """Undo the actions one by one."""
    address = Address(kind_of(node.objtype), relation_name(node.relation))
    for number, command in enumerate(node.cmds):
        if number:
            draft.begin()
        action = command.subtype.name.removeprefix("AT_")
        if command.missing_ok and action == "AddColumn":
            raise NotInvertibleError("'if not exists' hides whether this task made the column: leave it out")
        alter(draft, address, action, command)


def alter(draft: Draft, address: Address, action: str, command: Any) -> None:
    """Undo one action on a relation."""
    if action in EXPLICIT:
        EXPLICIT[action](draft, address, command)
    elif draft.owns(address):
        if draft.made_since(address, command):
            raise NotInvertibleError("makes an older object of this task depend on a younger one: change their order")
    elif action in RELATION_STATES:
        draft.state(RELATION_STATES[action], **asked(draft, address), action=action, trigger=command.name)
    elif action in COLUMN_STATES:
        column_state(draft, address, action, command)
    else:
        why = LOST.get(action, "its previous state is not looked up")
        raise NotInvertibleError(f"{_spelled(action)}: {why}: write the revert or declare it irreversible")


RELATION_STATES = {
    "EnableRowSecurity": "row_security",
    "DisableRowSecurity": "row_security",
    "ForceRowSecurity": "row_security",
    "NoForceRowSecurity": "row_security",
    "ReplicaIdentity": "replica_identity",
    "SetLogged": "persistence",
    "SetUnLogged": "persistence",
    "ClusterOn": "clustered",
    "DropCluster": "clustered",
    "EnableTrig": "triggers_enabled",
    "EnableAlwaysTrig": "triggers_enabled",
    "EnableReplicaTrig": "triggers_enabled",
    "DisableTrig": "triggers_enabled",
    "EnableTrigAll": "triggers_enabled",
    "DisableTrigAll": "triggers_enabled",
    "EnableTrigUser": "triggers_enabled",
    "DisableTrigUser": "triggers_enabled",
    "EnableRule": "rules_enabled",
    "EnableAlwaysRule": "rules_enabled",
    "EnableReplicaRule": "rules_enabled",
    "DisableRule": "rules_enabled",
}

COLUMN_STATES = {
    "ColumnDefault": "column_default",
    "SetNotNull": "column_not_null",
    "DropNotNull": "column_not_null",
    "SetStatistics": "column_statistics",
    "SetStorage": "column_storage",
    "SetCompression": "column_compression",
    "SetOptions": "column_options",
    "ResetOptions": "column_options",
    "SetExpression": "column_expression",
}

LOST = {
    "DropColumn": "the column's values are lost",
    "AlterColumnType": "the values are converted",
    "DropIdentity": "the sequence and its value are lost",
    "DropExpression": "the column cannot be generated again",
}


def column_state(draft: Draft, address: Address, action: str, command: Any) -> None:
    """A property of one column, which partitions and children share; an index's column goes by number."""
    column = Address("column", address.name, part=command.name or str(command.num))
    if not draft.owns(column):
        options = [option.defname for option in command.def_] if action.endswith("Options") else []
        state = {**asked(draft, column), "object": address.sql, "action": action, "options": options}
        draft.state(COLUMN_STATES[action], **state)


def _add_column(draft: Draft, address: Address, command: Any) -> None:
    column = Address("column", address.name, part=command.def_.colname)
    if draft.owns(address) and not draft.made_since(address, command):
        draft.made(column)
        return
    draft.made(column)
    what = "attribute" if address.kind == "type" else "column"
    draft.exact(f"alter {address.sql} drop {what} {quote(command.def_.colname)};")


def _add_constraint(draft: Draft, address: Address, command: Any) -> None:
    constraint = command.def_
    made = Address("constraint", address.name, part=constraint.conname or constraint.indexname)
    vanishes = draft.owns(address) and not draft.made_since(address, command)
    if made.part is None:
        if not vanishes:
            raise NotInvertibleError("a constraint without a name: name it")
        return
    if vanishes:
        draft.made(made)
        return
    draft.made(made)
    drop = f"alter {address.sql} drop constraint {quote(made.part)};"
    if constraint.contype.name == "CONSTR_PRIMARY" or constraint.indexname:
        _drop_key(draft, address, constraint, drop)
    else:
        draft.exact(drop)


def _drop_key(draft: Draft, address: Address, constraint: Any, drop: str) -> None:
    """A primary key sets its columns not null and keeps them so; USING INDEX takes over an index, name and all."""
    draft.exact(drop)
    index = Address("index", (*address.name[:-1], constraint.indexname or ""))
    if constraint.contype.name == "CONSTR_PRIMARY" and not draft.owns(address):
        columns = draft.index_columns.get(index.key, []) + list(words(constraint.keys))
        draft.state("primary_key_columns", **asked(draft, address), columns=columns, index=constraint.indexname)
    if constraint.indexname:
        if draft.owns(index):
            draft.vanishes_with(index)
        else:
            draft.state("index_dropped", **asked(draft, index))


def _drop_constraint(draft: Draft, address: Address, command: Any) -> None:
    constraint = Address("constraint", address.name, part=command.name)
    if draft.owns(address) and constraint.key not in draft.recorded:
        return
    if draft.owns(constraint):
        draft.forget(constraint)
        return
    if command.behavior.name == "DROP_CASCADE":
        raise NotInvertibleError("'cascade' drops objects that no statement names: drop them one by one")
    draft.state("constraint_dropped", **asked(draft, constraint), table=address.sql)


def _validate_constraint(draft: Draft, address: Address, command: Any) -> None:
    """A validated constraint becomes NOT VALID again only by being made anew."""
    constraint = Address("constraint", address.name, part=command.name)
    if not draft.owns(constraint):
        draft.state("constraint_validated", **asked(draft, constraint), table=address.sql)


def _alter_constraint(draft: Draft, address: Address, command: Any) -> None:
    constraint = Address("constraint", address.name, part=command.def_.conname)
    if not draft.owns(constraint):
        enforced = bool(command.def_.alterEnforceability)
        draft.state("constraint_altered", **asked(draft, constraint), table=address.sql, enforced=enforced)


def _drop_column(draft: Draft, address: Address, command: Any) -> None:
    column = Address("column", address.name, part=command.name)
    if not draft.owns(column):
        raise NotInvertibleError(f"drop column: {LOST['DropColumn']}: write the revert or declare it irreversible")
    if not draft.owns(address):
        draft.forget(column)


def _add_identity(draft: Draft, address: Address, command: Any) -> None:
    if not draft.owns(Address("column", address.name, part=command.name)):
        draft.exact(f"alter {address.sql} alter column {quote(command.name)} drop identity;")


def _options(draft: Draft, address: Address, command: Any) -> None:
    """Storage parameters: each one named goes back to its previous value, or is reset."""
    if not draft.owns(address):
        names = [".".join(filter(None, (option.defnamespace, option.defname))) for option in command.def_]
        draft.state("relation_options", **asked(draft, address), options=names)


def _owner(draft: Draft, address: Address, command: Any) -> None:
    change_owner(draft, address, command.newowner)


def change_owner(draft: Draft, address: Address, owner: Any) -> None:
    """The previous owner, and what the new one held before it was the owner."""
    if not draft.owns(address):
        draft.state("owner", **asked(draft, address), new=role_name(owner))
    elif draft.made_since(address, owner):
        draft.exact(f"alter {address.sql} owner to current_user;")


def _inherit(draft: Draft, address: Address, command: Any) -> None:
    parent = Address("table", relation_name(command.def_))
    if not draft.owns(address) or draft.made_since(address, command):
        draft.exact(f"alter {address.sql} no inherit {dotted(*parent.name)};")


def _no_inherit(draft: Draft, address: Address, command: Any) -> None:
    if not draft.owns(address):
        draft.exact(f"alter {address.sql} inherit {dotted(*relation_name(command.def_))};")


def _column_default(draft: Draft, address: Address, command: Any) -> None:
    column = Address("column", address.name, part=command.name)
    if draft.owns(column) and draft.made_since(column, command):
        draft.exact(f"alter {address.sql} alter column {quote(command.name)} drop default;")
    elif not draft.owns(column):
        column_state(draft, address, "ColumnDefault", command)


EXPLICIT: dict[str, Callable[[Draft, Address, Any], None]] = {
    "AddColumn": _add_column,
    "AddConstraint": _add_constraint,
    "AddIdentity": _add_identity,
    "AddInherit": _inherit,
    "AlterConstraint": _alter_constraint,
    "AttachPartition": attach,
    "ChangeOwner": _owner,
    "ColumnDefault": _column_default,
    "DetachPartition": detach,
    "DropColumn": _drop_column,
    "DropConstraint": _drop_constraint,
    "DropInherit": _no_inherit,
    "ResetRelOptions": _options,
    "SetRelOptions": _options,
    "ValidateConstraint": _validate_constraint,
}
"""Actions that are not simply void on the task's own table and asked for on another."""


def _spelled(action: str) -> str:
    return "".join(f" {char.lower()}" if char.isupper() else char for char in action).strip()
