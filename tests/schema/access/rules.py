"""The words of the model: who, of which rows, and which columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from .cast import Actor

Row = Mapping[str, Any]
Test = Callable[[Row, "Asking"], bool]
"""Whether a row is meant, for who is asking."""


@dataclass(frozen=True)
class World:
    """All rows of all tables, as JSON shows them."""

    tables: Mapping[str, Sequence[Row]]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], dict[Any, Row]]:
        return {}

    def row(self, table: str, key: Any, column: str = "id") -> Row | None:
        """The row of a table with a value in a column that is unique."""
        if (table, column) not in self._by_id:
            self._by_id[table, column] = {row[column]: row for row in self.tables[table]}
        return self._by_id[table, column].get(key)

    def where(self, table: str, **values: Any) -> list[Row]:
        """The rows of a table that have these values."""
        return [row for row in self.tables[table] if all(row[column] == value for column, value in values.items())]

    def is_now(self, span: str) -> bool:
        """Whether a range of times contains the present."""
        lower, upper = (part.strip('"') for part in span[1:-1].split(","))
        return (not lower or datetime.fromisoformat(lower) <= self.now) and (not upper or self.now < datetime.fromisoformat(upper))

    def is_past(self, at: str | None, hours: float = 0) -> bool:
        """Whether it was so many hours ago at least."""
        return at is not None and datetime.fromisoformat(at) <= self.now - timedelta(hours=hours)


@dataclass(frozen=True)
class Asking:
    """An actor in a world, and what the model lets it read there."""

    actor: Actor
    world: World
    model: Mapping[str, Table]

    @property
    def me(self) -> str | None:
        return self.actor.person

    def sees(self, table: str, key: Any, column: str = "id") -> bool:
        """Whether the row of another table is one that this actor may read."""
        row = self.world.row(table, key, column)
        return row is not None and self.reads(table, row)

    def reads(self, table: str, row: Row) -> bool:
        return self.model[table].read_by(row, self)


@dataclass(frozen=True)
class Rule:
    """Roles, and the rows they mean by it. Who inherits one of the roles is meant as well."""

    roles: frozenset[str]
    test: Test

    def means(self, row: Row, asking: Asking) -> bool:
        return not self.roles.isdisjoint(asking.actor.roles) and self.test(row, asking)


@dataclass(frozen=True)
class Form:
    """Columns a rule lets write, and what the row must be afterwards."""

    rule: Rule
    columns: tuple[str, ...]
    check: Test | None = None
    fills: tuple[str, ...] = ()
    """Columns the platform fills with the person who is asking."""
    by_trigger: bool = False
    """Whether a trigger fills them, so that triggers have to be on."""

    def accepts(self, row: Row, asking: Asking) -> bool:
        """Whether an update may leave the row like this."""
        return self.check(row, asking) if self.check else self.rule.means(row, asking)


@dataclass(frozen=True)
class Table:
    """What is let: nothing that is not said here."""

    reads: Sequence[Rule] = ()
    adds: Sequence[Form] = ()
    edits: Sequence[Form] = ()
    drops: Sequence[Rule] = ()
    secret: Sequence[str] = ()
    """Columns that no role reads."""
    withheld: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Columns that only these roles (and who inherits them) read."""

    def read_by(self, row: Row, asking: Asking) -> bool:
        return any(rule.means(row, asking) for rule in self.reads)

    def open_to_all(self, row: Row, asking: Asking) -> bool:
        """Whether anybody from the street may read it, so that no role leaks by reading it."""
        return any("hc_anon" in rule.roles and rule.means(row, _street(asking)) for rule in self.reads)

    def hides(self, column: str, role: frozenset[str]) -> bool:
        return column in self.secret or (column in self.withheld and role.isdisjoint(self.withheld[column]))


def _street(asking: Asking) -> Asking:
    return Asking(Actor("hc_anon"), asking.world, asking.model)


def every(row: Row, asking: Asking) -> bool:
    return True


def who(*roles: str, test: Test = every) -> Rule:
    """Roles by name, without hc_."""
    return Rule(frozenset(f"hc_{role}" for role in roles), test)


def anybody(test: Test = every) -> Rule:
    """Who is signed in or not."""
    return who("anon", test=test)


def public(test: Test) -> Rule:
    """What anybody and the agents may read."""
    return who("anon", "agent", test=test)


def members(test: Test) -> Rule:
    """Who is signed in."""
    return who("member", test=test)


def staff(*roles: str) -> Rule:
    """All rows, for these roles."""
    return who(*roles)


def own(*columns: str) -> Rule:
    """Members, of rows with themselves in one of the columns."""
    return members(lambda row, asking: asking.me in [row.get(column) for column in columns])


def form(rule: Rule, *columns: str, check: Test | None = None, fills: Sequence[str] = (), by_trigger: bool = False) -> Form:
    return Form(rule, columns, check, tuple(fills), by_trigger)


CLOSED = Table()
"""Functions only: no request role has any right here."""

REFERENCE = Table(reads=[anybody(), staff("auditor")])
"""Reference data: everybody reads it, nobody writes it."""
