"""SQL text as statements: parsed once, with line numbers, canonical text and a fast walk over the tree.

pglast is imported inside the functions: whoever only imports this module pays nothing for it.
Trees hold pglast nodes, typed `Any` here because every field of the published stubs is optional.
Node kinds and enums are compared by name, so no other module needs pglast at all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Any

from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


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

    @cached_property
    def nodes(self) -> tuple[Any, ...]:
        """The tree, walked once."""
        return tuple(walk(self.node))

    def __repr__(self) -> str:
        return f"<Statement {self.kind} line {self.line}>"


@dataclass(frozen=True)
class Script:
    """A parsed text; node locations are character offsets into `text`."""

    text: str
    statements: tuple[Statement, ...]

    @cached_property
    def _newlines(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def line(self, offset: int | None) -> int:
        """The line (from 1) that holds this character offset."""
        return bisect_right(self._newlines, max(offset or 0, 0) - 1) + 1


@lru_cache(maxsize=256)
def script(sql: str) -> Script:
    """Split and parse a text. Raises SqlSyntaxError with the line of the first error."""
    from pglast import Error

    try:
        raw = _parse(sql)
    except Error as error:
        raise _syntax_error(sql, error) from error
    found = []
    for each in raw:
        start, length = each.stmt_location or 0, each.stmt_len or 0
        end = start + length if length else len(sql)
        start = _skip_blank(sql, start, end)
        found.append(Statement(sql[start:end].rstrip(), start, sql.count("\n", 0, start) + 1, each.stmt))
    return Script(sql, tuple(found))


def _parse(sql: str) -> tuple[Any, ...]:
    """pglast's parse_sql, for longer texts without its check of every attribute that it has itself just built.

    That is several times faster, but changing the class costs as much as parsing a few hundred characters.
    The one difference in the result is that a Boolean's `boolval` is 0 or 1.
    """
    from pglast import ast, parse_sql

    if len(sql) < _LONG:
        return parse_sql(sql)
    with _PARSING:
        checked = ast.Node.__setattr__
        ast.Node.__setattr__ = object.__setattr__  # type: ignore[method-assign, assignment]
        try:
            return parse_sql(sql)
        finally:
            ast.Node.__setattr__ = checked  # type: ignore[method-assign]


_PARSING = Lock()
_LONG = 500


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
        kind = node.__class__
        if kind is tuple:
            stack.extend(node[::-1])
        elif (children := _CHILDREN[kind]) is not None:
            yield node
            stack.extend(children(node))


class _Children(dict[type, "Callable[[Any], Iterable[Any]] | None"]):
    """For each node class, what gets its children (last first); None for what is no node or a bare value."""

    def __missing__(self, kind: type) -> Callable[[Any], Iterable[Any]] | None:
        self[kind] = found = self._find(kind)
        return found

    @staticmethod
    def _find(kind: type) -> Callable[[Any], Iterable[Any]] | None:
        from pglast import ast

        if not issubclass(kind, ast.Node) or kind in {ast.String, ast.Integer, ast.Float, ast.Boolean, ast.BitString}:
            return None
        slots: dict[str, Any] = getattr(kind, "__slots__")  # noqa: B009 - the stubs leave it out
        names = [name for name, info in slots.items() if _HOLDS_NODES.fullmatch(info.c_type)][::-1]
        if len(names) > 1:
            return attrgetter(*names)
        return (lambda node: (getattr(node, names[0]),)) if names else (lambda _: ())


_HOLDS_NODES = re.compile(r"CreateStmt|(?!char)\w+\*")
_CHILDREN = _Children()


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
