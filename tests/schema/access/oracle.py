"""The oracle: lets every actor try everything, and compares what happened with the model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from .attempts import Attempt, attempts
from .rules import Asking, Table
from .views import looks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hingecraft.testdata.pytest_plugin import Clone

    from .canaries import Canaries
    from .cast import Actor

REFUSED = "42501"


@dataclass(frozen=True)
class Difference:
    """A canary that an actor met and should not have (leak), or did not meet and should have (refusal)."""

    kind: str
    actor: Actor
    table: str
    verb: str
    key: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.actor} {self.verb} {self.table} {self.key} {self.message}".rstrip()


@dataclass
class Verdict:
    """How many cases were tried (actor x table x verb x row), and where database and model differ."""

    cases: int = 0
    tables: set[str] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)

    @property
    def leaks(self) -> list[Difference]:
        return [difference for difference in self.differences if difference.kind == "leak"]


def judge(
    clone: Clone, canaries: Canaries, model: Mapping[str, Table], actors: Iterable[Actor], only: Collection[str] | None = None
) -> Verdict:
    """Try everything as every actor, on all tables the model knows or only some of them."""

    def tried(asking: Asking) -> list[Attempt]:
        named = [(canaries.shapes[name], table) for name, table in model.items() if only is None or name in only]
        return [attempt for shape, table in named for attempt in attempts(canaries, shape, table, asking)]

    return _judge(clone, (Asking(actor, canaries.world, model) for actor in actors), tried)


def judge_views(clone: Clone, canaries: Canaries, model: Mapping[str, Table], actors: Iterable[Actor]) -> Verdict:
    """Read all views as every actor."""
    return _judge(clone, (Asking(actor, canaries.world, model) for actor in actors), partial(looks, canaries))


def _judge(clone: Clone, askings: Iterable[Asking], tried: Callable[[Asking], Iterable[Attempt]]) -> Verdict:
    verdict = Verdict()
    for asking in askings:
        each = list(tried(asking))
        for with_triggers in (False, True):
            _compare(verdict, clone, asking.actor, [attempt for attempt in each if attempt.with_triggers == with_triggers], with_triggers)
    return verdict


def _compare(verdict: Verdict, clone: Clone, actor: Actor, tried: Sequence[Attempt], with_triggers: bool) -> None:
    singles = []
    for attempt, (failure, message, met, keys) in zip(tried, _try(clone, actor, tried, with_triggers), strict=True):
        verdict.tables.add(attempt.table)
        if failure and attempt.is_batch and len(attempt.keys) > 1 and not message.startswith("permission denied for"):
            singles += [_single(attempt, key) for key in attempt.keys]
            continue
        verdict.cases += len(attempt.keys)
        found = _found(attempt, failure, met, keys, with_triggers)
        verdict.differences += [Difference("leak", actor, attempt.table, attempt.verb, key) for key in found - attempt.allowed]
        if not actor.is_ghost:
            missed = attempt.required - found
            verdict.differences += [Difference("refusal", actor, attempt.table, attempt.verb, key, message or "") for key in missed]
    if singles:
        _compare(verdict, clone, actor, singles, with_triggers)


def _single(attempt: Attempt, key: str) -> Attempt:
    """A batch that one of its rows brought down, for one row."""
    return replace(attempt, keys=(key,), required=attempt.required & {key}, allowed=attempt.allowed & {key})


def _found(attempt: Attempt, failure: str | None, met: int | None, keys: list[str] | None, with_triggers: bool) -> set[str]:
    """The canaries met. What fails for another reason than its policies has passed them; with triggers only if it was to pass."""
    if attempt.is_blind:
        count = int(failure != REFUSED) if failure else met or 0
        return set(attempt.keys) if count > len(attempt.allowed) else set()
    if attempt.is_batch and not failure:
        return set(keys or ()).intersection(attempt.keys)
    if failure:
        passed = failure != REFUSED and (not with_triggers or bool(attempt.required))
        return set(attempt.keys) if passed else set()
    return set(attempt.keys) if met else set()


def _try(clone: Clone, actor: Actor, tried: Sequence[Attempt], with_triggers: bool) -> list[tuple[Any, ...]]:
    with clone.connect(autocommit=False) as connection:
        if not with_triggers:
            connection.execute("set local session_replication_role = replica")
        if actor.person is not None or actor.claims:
            connection.execute("select core.act_as(%s, %s, %s)", (actor.person, actor.role, Jsonb(actor.claims)))
        connection.execute(f"set local role {actor.role}".encode())
        sql = "select failure, message, met, keys from probe.attempt(%s) order by no"
        found = connection.execute(sql, ([attempt.sql for attempt in tried],)).fetchall()
        connection.rollback()
    return found
