"""The whole catalog as comparable rows: what is there, in words that do not depend on this database's numbers.

The query is the body of blueprint.catalog() (BUILD_0019): the ledger's drift detection and the engine's snapshots
(clean revert, order independence, mutants) look through the same eyes, also on a database without a ledger.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.errors import BlueprintError

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.task import Task
    from hingecraft.blueprint.wire import Wire

CATALOG_TASK = "BUILD_0019"

Key = tuple[str, str]
"""(object type, identity), as pg_identify_object names them."""

Snapshot = dict[Key, dict[str, Any]]
"""What every object is: definition, owner, privileges, comment, flags."""


@dataclass(frozen=True)
class Difference:
    """One object that is not what it was. `before` or `after` is None where it was made or dropped."""

    key: Key
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def aspects(self) -> list[str]:
        """Which sides of an altered object differ: def, owner, acl, comment, ..."""
        if self.before is None or self.after is None:
            return []
        return sorted(k for k in self.before.keys() | self.after.keys() if self.before.get(k) != self.after.get(k))

    def __str__(self) -> str:
        name = " ".join(self.key)
        if self.before is None:
            return f"{name} was left behind"
        if self.after is None:
            return f"{name} is gone"
        changes = [f"{a}: {self.before.get(a)!r} -> {self.after.get(a)!r}" for a in self.aspects]
        return f"{name} differs in {'; '.join(changes)}"


def snapshot(wire: Wire, blueprint: Blueprint) -> Snapshot:
    """Every object of the database and its roles, but for PostgreSQL's own and members of extensions."""
    rows = wire.must(query(blueprint[CATALOG_TASK])).results[0].rows
    return {(str(row[3]), str(row[4])): json.loads(row[5] or "{}") for row in rows}


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """What changed between two snapshots, in a stable order."""
    keys = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
    return [Difference(key, before.get(key), after.get(key)) for key in keys]


def fingerprint(taken: Snapshot) -> str:
    """One digest for a whole catalog: equal for equal catalogs, whatever the order they were built in."""
    return sha256(json.dumps([[*k, taken[k]] for k in sorted(taken)], sort_keys=True).encode()).hexdigest()


@lru_cache
def query(task: Task) -> str:
    """The body of blueprint.catalog() as a query over every schema."""
    from hingecraft.blueprint.syntax import statements

    for statement in statements(task.deploy):
        name = [part.sval for part in getattr(statement.node, "funcname", None) or ()]
        if name == ["blueprint", "catalog"]:
            body = next(o.arg for o in statement.node.options if o.defname == "as")
            return str(body[0].sval).replace("$1", "null::text").rstrip().rstrip(";")
    raise BlueprintError(task.file, task.line, f"{task.id} does not create blueprint.catalog()")
