"""Names of objects, and the three lists of them that a script comes to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

RELATION, INDEX, FUNCTION, TYPE = "relation", "index", "function", "type"
SCHEMA, ROLE, EXTENSION = "schema", "role", "extension"

ANY = "any"
"""The kind of a name in a body, where nothing tells a table from a function."""

ANSWERS = {RELATION: (RELATION, INDEX), TYPE: (TYPE, RELATION), ANY: (FUNCTION, RELATION, TYPE, INDEX)}
"""Which kinds of object a use may mean: a table is a type as well."""


@dataclass(frozen=True)
class Name:
    """An object by name; `line` (from 1, in its script) is where it is first named."""

    kind: str
    schema: str | None
    name: str
    line: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def label(self) -> str:
        """Kind and name, as an error says it."""
        return f"object {self}" if self.kind == ANY else f"{self.kind} {self}"


@dataclass(frozen=True)
class References:
    """`replaces` are CREATE OR REPLACE: the object may be another task's.

    A script `acts` when it does more than make objects that others use by name: constraints, triggers, rows, ...
    """

    creates: tuple[Name, ...] = ()
    replaces: tuple[Name, ...] = ()
    uses: tuple[Name, ...] = ()
    acts: bool = False

    def to_json(self) -> str:
        """The references as text that may be kept by the digest of the script."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> References:
        """The references that to_json wrote."""
        document = json.loads(text)
        acts = document.pop("acts")
        return cls(**{part: tuple(Name(**name) for name in names) for part, names in document.items()}, acts=acts)
