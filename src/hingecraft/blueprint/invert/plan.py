"""The plan of a revert: steps that are known from the text alone, and steps that need the state before the deploy."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Argument = str | bool | int | None | list[str]


@dataclass(frozen=True)
class Exact:
    """SQL that is known from the deploy text alone."""

    sql: str


@dataclass(frozen=True)
class NeedsState:
    """A question about the catalog before the deploy, by name: `sql/<kind>.sql` answers with the SQL that restores it.

    An object that is not there before the deploy is made by the task itself: the answer is then empty.
    """

    kind: str
    arguments: Mapping[str, Argument]


Step = Exact | NeedsState


@dataclass(frozen=True)
class Refusal:
    """A statement whose opposite is not in the text nor in the catalog; `line` counts from 0 in the deploy text."""

    statement: str
    line: int
    reason: str


@dataclass(frozen=True)
class RevertPlan:
    """What undoes a deploy, last statement first. With refusals it is incomplete: the task needs a written revert."""

    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every statement of the deploy has its opposite here."""
        return not self.refusals

    @property
    def needs_state(self) -> tuple[NeedsState, ...]:
        """The steps to ask the catalog about before the deploy."""
        return tuple(step for step in self.steps if isinstance(step, NeedsState))

    @property
    def text(self) -> str:
        """The revert's SQL where the text alone tells it: steps that need the state before the deploy are left out."""
        return "".join(f"{step.sql}\n" for step in self.steps if isinstance(step, Exact))

    def to_json(self) -> str:
        """The plan as text that may be kept by the digest of the deploy SQL."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RevertPlan:
        """The plan that to_json wrote."""
        document: dict[str, list[dict[str, Any]]] = json.loads(text)
        steps = tuple(Exact(**step) if "sql" in step else NeedsState(**step) for step in document["steps"])
        return cls(steps, tuple(Refusal(**each) for each in document["refusals"]))
