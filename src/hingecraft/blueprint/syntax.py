"""SQL text as statements: parsed once, with line numbers, canonical text and a fast walk over the tree.

pglast is imported inside the functions: whoever only imports this module pays nothing for it.
Trees hold pglast nodes, typed `Any` here because every field of the published stubs is optional.
Node kinds and enums are compared by name, so no other module needs pglast at all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from collections.abc import Iterator


class SqlSyntaxError(HingecraftError):
    """The text is not SQL that PostgreSQL 18 can parse; `line` counts from 1 inside the text."""

    code = "sql_syntax"


@dataclass(frozen=True)
class Statement:
    """One statement of a script: its text without leading comments, its first character (from 0), its line (from 1)."""

    text: str
    start: int
    line: int
    node: Any

    @property
    def kind(self) -> str:
        """The tree's class, as CreateStmt."""
        return type(self.node).__name__

    def __repr__(self) -> str:
        return f"<Statement {self.kind} line {self.line}>"


@dataclass(frozen=True)
class Script:
    """A parsed text; node locations are character offsets into `text`."""

    text: str
    statements: tuple[Statement, ...]

    @cached_property
    def _newlines(self) -> list[int]:
        return [offset for offset, char in enumerate(self.text) if char == "\n"]

    def line(self, offset: int | None) -> int:
        """The line (from 1) that holds this character offset."""
        return bisect_right(self._newlines, max(offset or 0, 0) - 1) + 1


@lru_cache(maxsize=256)
def script(sql: str) -> Script:
    """Split and parse a text. Raises SqlSyntaxError with the line of the first error."""
    from pglast import Error, parse_sql

    try:
        raw = parse_sql(sql)
    except Error as error:
        raise _syntax_error(sql, error) from error
    found = []
    for each in raw:
        start, length = each.stmt_location or 0, each.stmt_len or 0
        end = start + length if length else len(sql)
        start = _skip_blank(sql, start, end)
        found.append(Statement(sql[start:end].rstrip(), start, sql.count("\n", 0, start) + 1, each.stmt))
    return Script(sql, tuple(found))


def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a text, in order."""
    return script(sql).statements


def canonical(sql: str) -> str:
    """The text with comments, layout and spelling normalised: tells a re-formatted script from a changed one.

    Never pglast's fingerprint(): that one is equal for `default 1` and `default 2`.
    """
    from pglast import Error
    from pglast.parser import deparse_protobuf, parse_sql_protobuf

    try:
        return deparse_protobuf(parse_sql_protobuf(sql))
    except Error:
        return "\n".join(statement.text for statement in statements(sql))


def walk(tree: Any) -> Iterator[Any]:
    """Every node of a tree or tuple of trees but bare names and numbers, parents first, in source order."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if node.__class__ is tuple:
            stack.extend(reversed(node))
        elif branches := _branches(node.__class__):
            yield node
            stack.extend(child for name in branches if (child := getattr(node, name)) is not None)
        elif branches is not None:
            yield node


_HOLDS_NODES = re.compile(r"CreateStmt|(?!char)\w+\*")


@cache
def _branches(kind: type) -> tuple[str, ...] | None:
    """The fields of a node class that can hold nodes, last first; None for what is no node or a bare value."""
    from pglast import ast

    if not issubclass(kind, ast.Node) or kind in {ast.String, ast.Integer, ast.Float, ast.Boolean, ast.BitString}:
        return None
    slots: dict[str, Any] = getattr(kind, "__slots__")  # noqa: B009 - the stubs leave it out
    return tuple(name for name, info in reversed(slots.items()) if _HOLDS_NODES.fullmatch(info.c_type))


def words(strings: Any) -> tuple[str, ...]:
    """The plain names in a tuple of String nodes."""
    return tuple(string.sval for string in strings or ())


def _syntax_error(sql: str, error: Exception) -> SqlSyntaxError:
    message, *position = error.args
    offset = position[0] if position and isinstance(position[0], int) else 0
    line = sql.count("\n", 0, offset) + 1
    return SqlSyntaxError(f"line {line}: {message}", line=line, position=offset)


def _skip_blank(sql: str, start: int, end: int) -> int:
    """The first offset at or after start that is neither white space nor a comment (block comments nest)."""
    while start < end:
        if sql[start].isspace():
            start += 1
        elif sql.startswith("--", start):
            newline = sql.find("\n", start)
            start = end if newline < 0 else newline + 1
        elif sql.startswith("/*", start):
            start = _end_of_block_comment(sql, start, end)
        else:
            break
    return start


def _end_of_block_comment(sql: str, start: int, end: int) -> int:
    depth = 0
    while start < end:
        if sql.startswith("/*", start):
            depth, start = depth + 1, start + 2
        elif sql.startswith("*/", start):
            depth, start = depth - 1, start + 2
            if depth == 0:
                return start
        else:
            start += 1
    return end
