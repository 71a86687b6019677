"""Which tasks are meant: ids, ranges, `category:`, `component:`, `status:`, and `+ID` for a task with all it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hingecraft.blueprint.errors import did_you_mean
from hingecraft.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.task import Task

_ID = re.compile(r"(?:BUILD_)?(\d{1,4})")
_RANGE = re.compile(r"(?:BUILD_)?(\d{1,4})(?:-|\.\.)(?:BUILD_)?(\d{1,4})")


def select(blueprint: Blueprint, words: Iterable[str], status: Mapping[str, str] | None = None) -> list[Task]:
    """The tasks that the words name, in build order; all of them when there is no word.

    `status` gives the state in the database (applied, failed, ...) of tasks that have one. Filters of different
    kinds narrow each other, words of one kind add up. Raises UsageError for a word that names nothing.
    """
    status = status or {}
    words = list(words)
    ids: set[str] = set()
    filters: dict[str, set[str]] = {}
    for word in words:
        kind, colon, value = word.partition(":")
        if colon:
            filters.setdefault(kind, set()).update(_matching(blueprint, kind, value, status))
        else:
            ids |= _named(blueprint, word)
    named = bool(ids)
    for chosen in filters.values():
        ids = ids & chosen if ids else chosen
        if not ids:
            break
    if named and not ids:
        raise UsageError(
            "No task has all of these at once.", hint="Filters narrow what is named: give several commands, or filters of one kind."
        )
    if not words:
        ids = set(blueprint.tasks)
    return [blueprint.tasks[i] for i in blueprint.graph.order if i in ids]


def _named(blueprint: Blueprint, word: str) -> set[str]:
    if word.startswith("+"):
        return blueprint.graph.closure(_named(blueprint, word[1:]))
    if match := _RANGE.fullmatch(word):
        first, last = int(match[1]), int(match[2])
        return {t.id for t in blueprint.tasks.values() if first <= t.number <= last}
    if match := _ID.fullmatch(word):
        return {blueprint[f"BUILD_{int(match[1]):04d}"].id}
    components = {t.component for t in blueprint.tasks.values()}
    if word in components:
        return {t.id for t in blueprint.tasks.values() if t.component == word}
    raise UsageError(
        f"'{word}' names no task{did_you_mean(word, [*blueprint.tasks, *components])}.",
        hint="Name tasks as BUILD_0043, 43, 41-60, +BUILD_0043 (with what it needs), category:, component: or status:.",
    )


def _matching(blueprint: Blueprint, kind: str, value: str, status: Mapping[str, str]) -> set[str]:
    if kind == "status":
        known = {"pending", "written", "applied", "failed", "unavailable"}
        if value not in known:
            raise UsageError(f"No status '{value}'{did_you_mean(value, sorted(known))}.", hint=", ".join(sorted(known)))
        return {t.id for t in blueprint.tasks.values() if status.get(t.id, t.status) == value}
    if kind not in ("category", "component", "action", "priority"):
        raise UsageError(f"Unknown filter '{kind}:'{did_you_mean(kind, ['category', 'component', 'status'])}.")
    values = {getattr(t, kind) for t in blueprint.tasks.values()}
    wanted = {v for v in values if value in (v, v.removesuffix("_build"), re.sub(r"^\d\d_", "", v))}
    if not wanted:
        raise UsageError(f"No {kind} '{value}'{did_you_mean(value, sorted(values))}.", hint=", ".join(sorted(values)))
    return {t.id for t in blueprint.tasks.values() if getattr(t, kind) in wanted}
