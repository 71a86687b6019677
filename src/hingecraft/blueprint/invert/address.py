"""Addresses: what a statement names, as SQL text and as something two statements can agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.names import dotted, quote, relation_name, role_name, type_name
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from collections.abc import Callable

Key = tuple[str, ...]

_SPELLED = {
    "MATVIEW": "materialized view",
    "TABCONSTRAINT": "constraint",
    "DOMCONSTRAINT": "domain constraint",
    "OPCLASS": "operator class",
    "OPFAMILY": "operator family",
    "FDW": "foreign data wrapper",
    "FOREIGN_SERVER": "server",
    "STATISTIC_EXT": "statistics",
    "TSCONFIGURATION": "text search configuration",
    "TSDICTIONARY": "text search dictionary",
    "TSPARSER": "text search parser",
    "TSTEMPLATE": "text search template",
}

_FAMILY = {
    **dict.fromkeys(("table", "view", "materialized view", "index", "sequence", "foreign table"), "relation"),
    **dict.fromkeys(("function", "procedure", "aggregate", "routine"), "routine"),
    **dict.fromkeys(("type", "domain"), "type"),
    "attribute": "column",
}

_GRANTED_AS = {
    **dict.fromkeys(("view", "materialized view", "foreign table"), "table"),
    "aggregate": "function",
    "server": "foreign server",
}

_ON_RELATION = ("constraint", "trigger", "policy", "rule")
_ROUTINES = ("function", "procedure", "aggregate", "routine")


@dataclass(frozen=True)
class Address:
    """An object: `part` is the column, constraint, trigger, ... of the relation or domain `name`.

    `args` are the input types of a routine or operator; None when the statement leaves them out.
    """

    kind: str
    name: tuple[str, ...]
    part: str | None = None
    args: tuple[str, ...] | None = None

    @property
    def family(self) -> str:
        """The name space: a table and a view cannot have one name, a table and a function can."""
        return _FAMILY.get(self.kind, self.kind)

    @property
    def key(self) -> Key:
        """Equal for two spellings of one object."""
        return (self.family, *self.name, *((self.part,) if self.part is not None else ()), *(self.args or ()))

    @property
    def parent(self) -> Address | None:
        """The relation or domain that a part belongs to."""
        if self.part is None:
            return None
        return Address("domain" if self.kind == "domain constraint" else "table", self.name)

    @property
    def qualified(self) -> bool:
        """Whether the name says which schema, or needs none."""
        in_schema = self.family in {"relation", "routine", "type", "column"} or self.kind in _ON_RELATION
        return len(self.name) > 1 or not in_schema

    @property
    def signature(self) -> str:
        """The name, with the argument types where the statement gave them."""
        return dotted(*self.name) + (f"({', '.join(self.args)})" if self.args is not None else "")

    @property
    def sql(self) -> str:
        """The object as DROP and COMMENT ON name it, kind first."""
        if self.kind in _ON_RELATION:
            return f"{self.kind} {quote(self.part or '')} on {dotted(*self.name)}"
        return _SQL.get(self.kind, _plain)(self)

    @property
    def grant_target(self) -> str:
        """The object as GRANT .. ON names it."""
        kind = _GRANTED_AS.get(self.kind, self.kind)
        return f"{kind} {self.signature}"


def _plain(it: Address) -> str:
    part = f".{quote(it.part)}" if it.part is not None else ""
    return f"{it.kind} {dotted(*it.name)}{part}"


def _routine(it: Address) -> str:
    args = None if it.args is None else ", ".join(it.args) or ("*" if it.kind == "aggregate" else "")
    return f"{it.kind} {dotted(*it.name)}" + (f"({args})" if args is not None else "")


def _operator(it: Address) -> str:
    *schema, symbol = it.name
    return f"operator {'.'.join([*(quote(s) for s in schema), symbol])} ({', '.join(it.args or ())})"


_SQL: dict[str, Callable[[Address], str]] = {
    **dict.fromkeys(_ROUTINES, _routine),
    "operator": _operator,
    "operator class": lambda it: f"operator class {dotted(*it.name)} using {quote(it.part or '')}",
    "operator family": lambda it: f"operator family {dotted(*it.name)} using {quote(it.part or '')}",
    "domain constraint": lambda it: f"constraint {quote(it.part or '')} on domain {dotted(*it.name)}",
    "cast": lambda it: f"cast ({' as '.join(it.args or ())})",
    "transform": lambda it: f"transform for {(it.args or ('',))[0]} language {quote(it.name[0])}",
    "user mapping": lambda it: f"user mapping for {it.name[0]} server {quote(it.part or '')}",
}


def kind_of(object_type: Any) -> str:
    """An ObjectType as SQL words: OBJECT_MATVIEW is `materialized view`."""
    name: str = object_type.name.removeprefix("OBJECT_")
    return _SPELLED.get(name, name.lower().replace("_", " "))


def address_of(object_type: Any, node: Any) -> Address:
    """The address in a COMMENT, DROP, ALTER .. OWNER, ... statement, whose shape depends on the type of object."""
    kind = kind_of(object_type)
    if kind in _ROUTINES or kind == "operator":
        return with_args(kind, node)
    shape = type(node).__name__
    if shape == "String":
        return Address(kind, (node.sval,))
    if shape == "TypeName":
        return Address(kind, words(node.names))
    if shape == "RangeVar":
        return Address(kind, relation_name(node))
    if shape == "RoleSpec":
        return Address(kind, (node.rolename or role_name(node),))
    return _from_list(kind, node)


def _from_list(kind: str, node: Any) -> Address:
    if kind == "domain constraint":
        return Address(kind, words(node[0].names), part=node[1].sval)
    if kind == "cast":
        return Address(kind, (), args=(type_name(node[0]), type_name(node[1])))
    if kind == "transform":
        return Address(kind, (node[1].sval,), args=(type_name(node[0]),))
    names = words(node)
    if kind in {"operator class", "operator family"}:
        return Address(kind, names[1:], part=names[0])
    if kind in _ON_RELATION or kind == "column":
        return Address(kind, names[:-1], part=names[-1])
    return Address(kind, names)


def with_args(kind: str, node: Any) -> Address:
    """The address of a routine or operator given as ObjectWithArgs."""
    if node.args_unspecified:
        return Address(kind, words(node.objname))
    args = tuple("none" if arg is None else type_name(arg) for arg in node.objargs or ())
    return Address(kind, words(node.objname), args=args)


def routine(kind: str, name: Any, parameters: Any) -> Address:
    """The address a CREATE FUNCTION, PROCEDURE or AGGREGATE makes: its input types alone identify it."""
    inputs = [p for p in parameters or () if p.mode.name not in {"FUNC_PARAM_OUT", "FUNC_PARAM_TABLE"}]
    return Address(kind, words(name), args=tuple(type_name(p.argType) for p in inputs))
