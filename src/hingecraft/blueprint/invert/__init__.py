"""Revert inference: the SQL that undoes a deploy, read from its statements and from the catalog before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hingecraft.blueprint.invert.plan import Exact, NeedsState, Refusal, RevertPlan, Step

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

    from hingecraft.blueprint.invert.in_place import Reapply

__all__ = [
    "Exact",
    "NeedsState",
    "Refusal",
    "RevertPlan",
    "Step",
    "plan_revert",
    "reapply",
    "reapply_sql",
    "replaceable",
    "resolve",
]


def plan_revert(deploy_sql: str) -> RevertPlan:
    """Read the opposite of a deploy from its text.

    The plan depends on the text alone and may be kept by its digest. Raises SqlSyntaxError.
    """
    from hingecraft.blueprint.invert.infer import plan_revert as infer

    return infer(deploy_sql)


def resolve(plan: RevertPlan, conn: psycopg.Connection, own: Collection[str] = ()) -> str:
    """The revert's SQL, after asking the catalog for the state before the deploy in one round trip.

    Call it in the deploy's transaction, under the deploy's role, before the deploy. "" when there is nothing to undo.
    `own` are objects of an older version of the task (Reapply.own), which the new version makes again.
    """
    from hingecraft.blueprint.invert.state import resolve as ask

    return ask(plan, conn, own)


def replaceable(deploy_sql: str) -> bool:
    """Whether every object of the deploy can be brought to a new version in place."""
    from hingecraft.blueprint.invert.in_place import replaceable as judge

    return judge(deploy_sql)


def reapply(new_deploy: str, old_revert: str) -> Reapply | None:
    """The change from an applied old version of a task to the new one in two halves; None when it could lose data.

    Between the halves, `resolve(plan_revert(new_deploy), conn, change.own)` gives the new version's revert.
    """
    from hingecraft.blueprint.invert.in_place import reapply as compare

    return compare(new_deploy, old_revert)


def reapply_sql(new_deploy: str, old_revert: str) -> str | None:
    """The SQL of the whole change, or None when it could lose data."""
    change = reapply(new_deploy, old_revert)
    return change.sql if change else None
