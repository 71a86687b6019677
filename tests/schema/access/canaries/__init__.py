"""Canaries: rows for every table, which whoever should not see them must never meet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..rules import Row, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

HERE = Path(__file__).parent
CATALOGUE = (HERE.parent / "catalogue.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Shape:
    """A table as the catalogue has it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rights: dict[str, dict[str, list[str] | None]]
    is_guarded: bool

    @property
    def key_sql(self) -> str:
        return f"concat_ws('|', {', '.join(f'{quoted(column)}::text' for column in self.key)})"

    def may(self, role: str, verb: str) -> frozenset[str]:
        """The columns with a grant."""
        return frozenset(self.rights[role][verb] or ())


@dataclass(frozen=True)
class Canaries:
    """The shapes of all tables, the canaries of each by key, and the world they make."""

    shapes: dict[str, Shape]
    rows: dict[str, dict[str, Row]]

    @property
    def world(self) -> World:
        return World({name: list(rows.values()) for name, rows in self.rows.items()})


def quoted(column: str) -> str:
    return f'"{column}"'


def shapes(connection: psycopg.Connection[Any], roles: Sequence[str]) -> dict[str, Shape]:
    """All tables of the registered rooms, leaf partitions through their parents."""
    found = connection.execute(CATALOGUE.encode(), {"roles": list(roles)}).fetchall()
    return {name: Shape(name, tuple(key), tuple(columns), rights, guarded) for name, key, columns, rights, guarded in found}


def plant(connection: psycopg.Connection[Any], roles: Sequence[str]) -> Canaries:
    """Load every file beside this one, and read back what came in with them."""
    tables = shapes(connection, roles)
    (start,) = connection.execute("select pg_current_xact_id()::text::bigint").fetchone() or (0,)
    connection.execute("set session_replication_role = replica; set search_path = canary, extensions, pg_catalog")
    for file in sorted(HERE.glob("*.sql")):
        connection.execute(file.read_text(encoding="utf-8").encode())
    connection.execute("reset session_replication_role; reset search_path")
    return Canaries(tables, {shape.name: _rows(connection, shape, start) for shape in tables.values()})


def _rows(connection: psycopg.Connection[Any], shape: Shape, start: int) -> dict[str, Row]:
    """What came in since; of a table that is filled when it is made, what it is filled with."""
    sql = f"select {shape.key_sql}, to_jsonb(t) from {shape.name} t"
    planted = connection.execute(f"{sql} where xmin::text::bigint > %s order by 1".encode(), (start,)).fetchall()
    return dict(planted or connection.execute(f"{sql} order by 1 limit 3".encode()).fetchall())
