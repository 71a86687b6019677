"""Names as SQL writes them: quoted identifiers, literals, types, roles."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from hingecraft.blueprint.syntax import words

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")

_TYPE_SPELLING = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
}
_UNQUOTED_TYPES = {*_TYPE_SPELLING.values(), "bit", "interval", "json", "time", "timestamp", "varchar"}


def quote(name: str) -> str:
    """The name as an identifier, in quotes only where SQL needs them (the server's quote_ident)."""
    if _PLAIN.fullmatch(name) and name not in _reserved():
        return name
    return '"' + name.replace('"', '""') + '"'


def dotted(*names: str) -> str:
    """The names as one qualified identifier."""
    return ".".join(quote(name) for name in names)


def literal(text: str) -> str:
    """The text as a string constant."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in quoted else quoted


def relation_name(range_var: Any) -> tuple[str, ...]:
    """Schema and name of a RangeVar, or the bare name."""
    return (range_var.schemaname, range_var.relname) if range_var.schemaname else (range_var.relname,)


def plain_type(names: tuple[str, ...]) -> tuple[str, ...]:
    """A type's name without pg_catalog, in one spelling: int, int4 and pg_catalog.int4 are integer."""
    if len(names) == 2 and names[0] == "pg_catalog":
        names = names[1:]
    if len(names) == 1:
        return (_TYPE_SPELLING.get(names[0], names[0]),)
    return names


def type_name(node: Any) -> str:
    """A TypeName as a function's signature wants it: without length, array bounds as [] each."""
    names = plain_type(words(node.names))
    spelled = names[0] if names[0] in _UNQUOTED_TYPES else dotted(*names)
    return spelled + ("%type" if node.pct_type else "") + "[]" * len(node.arrayBounds or ())


def role_name(spec: Any) -> str:
    """A RoleSpec as SQL: public, current_user, session_user or the quoted name."""
    kind = spec.roletype.name.removeprefix("ROLESPEC_")
    return quote(spec.rolename) if kind == "CSTRING" else str(kind).lower()


@cache
def _reserved() -> frozenset[str]:
    from pglast import keywords

    return frozenset(keywords.RESERVED_KEYWORDS | keywords.COL_NAME_KEYWORDS | keywords.TYPE_FUNC_NAME_KEYWORDS)
