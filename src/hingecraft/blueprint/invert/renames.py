"""RENAME, SET SCHEMA, OWNER TO: the name back, the schema back, the previous owner back."""

from __future__ import annotations

from typing import Any

from hingecraft.blueprint.invert.address import Address, address_of, kind_of
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.names import dotted, quote, relation_name
from hingecraft.blueprint.invert.registry import undoes
from hingecraft.blueprint.invert.tables import change_owner
from hingecraft.blueprint.syntax import words


@undoes("RenameStmt")
def rename(draft: Draft, node: Any) -> None:
    """The opposite rename; from here on the task must use the new name."""
    kind = kind_of(node.renameType)
    if kind in {"column", "constraint", "domain constraint", "attribute"}:
        _rename_part(draft, node, kind)
        return
    if kind in {"trigger", "policy", "rule"}:
        table = relation_name(node.relation)
        old, new = (Address(kind, table, part=part) for part in (node.subname, node.newname))
    elif node.relation is not None:
        old = Address(kind, relation_name(node.relation))
        new = Address(kind, (*old.name[:-1], node.newname))
    elif node.object is not None:
        old = address_of(node.renameType, node.object)
        new = Address(kind, (*old.name[:-1], node.newname), part=old.part, args=old.args)
    else:
        old, new = Address(kind, (node.subname,)), Address(kind, (node.newname,))
    draft.exact(f"alter {new.sql} rename to {quote(old.part or old.name[-1])};")
    draft.rename(old, new)


def _rename_part(draft: Draft, node: Any, kind: str) -> None:
    if kind == "domain constraint":
        whole = Address("domain", words(node.object))
    elif kind == "constraint":
        whole = Address("table", relation_name(node.relation))
    else:
        whole = Address(kind_of(node.relationType), relation_name(node.relation))
    word = "constraint" if kind == "domain constraint" else kind
    draft.exact(f"alter {whole.sql} rename {word} {quote(node.newname)} to {quote(node.subname)};")
    draft.rename(Address(kind, whole.name, part=node.subname), Address(kind, whole.name, part=node.newname))


@undoes("AlterObjectSchemaStmt")
def set_schema(draft: Draft, node: Any) -> None:
    """Back into the schema that the statement names."""
    old = address_of(node.objectType, node.relation or node.object)
    if len(old.name) < 2:
        raise NotInvertibleError(f"{dotted(*old.name)} has no schema: name it with its schema")
    new = Address(old.kind, (node.newschema, old.name[-1]), part=old.part, args=old.args)
    draft.exact(f"alter {new.sql} set schema {quote(old.name[0])};")
    draft.rename(old, new)


@undoes("AlterOwnerStmt")
def owner(draft: Draft, node: Any) -> None:
    """The previous owner."""
    change_owner(draft, address_of(node.objectType, node.object), node.newowner)
