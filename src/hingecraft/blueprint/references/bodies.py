"""Names in texts that are no plain SQL, above all PL/pgSQL bodies: read token by token.

libpg_query's own PL/pgSQL parser would be more exact, but refuses declarations with types of any schema but public
and pg_catalog. Two identifiers around a dot are a name here; a column of a record looks the same (new.id) and matches
nothing that a task made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQL = re.compile(
    r"\s*(select|insert|update|delete|merge|with|values|table|truncate|create|alter|drop|grant|revoke|call|comment"
    r"|refresh|explain|copy|do|set)\b",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"[\w\"]\.[\w\"]")


def may_be_sql(text: str) -> bool:
    """Whether a string starts like a statement and names anything with a schema."""
    return _SQL.match(text) is not None and _DOTTED.search(text) is not None


@dataclass(frozen=True)
class Found:
    """`name` with its schema, `role` that a DO block creates, or `sql`: a string constant; `line` from 0."""

    what: str
    line: int
    schema: str
    text: str


def scan_body(body: str) -> Iterator[Found]:
    """What a body names, in order; nothing where it cannot even be scanned."""
    tokens = list(_tokens(body))
    words = [value for _, _, value in tokens] + ["", ""]
    for number, (offset, kind, value) in enumerate(tokens):
        line = body.count("\n", 0, offset)
        if kind == "string":
            yield Found("sql", line, "", value)
        elif kind == "name" and words[number + 1] == "." and words[number - 1] != ".":
            if words[number + 2] not in {"", "*"}:
                yield Found("name", line, value, words[number + 2])
        elif kind == "name" and number > 1 and words[number - 2 : number] == ["create", "role"]:
            yield Found("role", line, "", value)


def _tokens(text: str) -> Iterator[tuple[int, str, str]]:
    """(offset, name | string | other, value) of every token."""
    from pglast import Error
    from pglast.parser import scan

    try:
        tokens = scan(text)
    except Error:
        return
    for token in tokens:
        value = text[token.start : token.end + 1]
        if token.name == "IDENT" or token.kind != "NO_KEYWORD":
            yield token.start, "name", value[1:-1] if value.startswith('"') else value.lower()
        elif token.name == "SCONST":
            yield token.start, "string", _unquoted(value)
        elif token.name not in {"SQL_COMMENT", "C_COMMENT"}:
            yield token.start, "other", value


def _unquoted(constant: str) -> str:
    if constant.startswith("$"):
        tag = constant.index("$", 1) + 1
        return constant[tag:-tag]
    return constant[constant.index("'") + 1 : -1].replace("''", "'")
