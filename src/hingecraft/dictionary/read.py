"""What the database says of itself, room by room."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    import psycopg

_QUERY = (files(__package__) / "read.sql").read_text()


class NothingToDescribe(HingecraftError):
    """The database has no rooms yet."""

    code = "nothing_to_describe"


@dataclass(frozen=True)
class Room:
    """One schema. Relations and functions are as `read.sql` builds them."""

    name: str
    title: str
    layer: int
    relations: list[dict[str, Any]]
    functions: list[dict[str, Any]]

    @property
    def tables(self) -> list[dict[str, Any]]:
        return [r for r in self.relations if r["kind"] == "table"]


def read(connection: psycopg.Connection[Any]) -> list[Room]:
    """Every room in order of its layer. Raises NothingToDescribe before the first build."""
    if connection.execute("select to_regclass('blueprint.rooms') is null").fetchone() == (True,):
        raise NothingToDescribe("There is nothing to describe: the database is not built.", hint="hc build builds it.")
    with connection.transaction():
        connection.execute("set local search_path = pg_catalog")
        rows = connection.execute(_QUERY.encode()).fetchall()
    return [Room(**row) for (row,) in rows]
