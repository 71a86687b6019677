"""A block that changed since it was applied: re-applied in place where nothing can be lost, refused where data could."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hingecraft.blueprint.errors import RefusedError
from hingecraft.blueprint.script import Script, unverified, verdict

if TYPE_CHECKING:
    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.invert.in_place import Reapply
    from hingecraft.blueprint.ledger import Entry
    from hingecraft.blueprint.task import Task


class Change(Enum):
    """What a task asks for, against what the ledger says."""

    NONE = "unchanged"
    NEW = "not applied"
    VERIFY = "verify changed"
    DEPLOY = "deploy changed"


def change_of(task: Task, entry: Entry | None) -> Change:
    """By digest alone: nothing is parsed for a task that did not change."""
    if entry is None or not entry.applied:
        return Change.NEW
    if entry.deploy_sha256 != task.deploy_sha256:
        return Change.DEPLOY
    return Change.NONE if entry.verify_sha256 == task.verify_sha256 else Change.VERIFY


def reapply(engine: Engine, task: Task, change: Change) -> None:
    """Bring an applied task to its new text, in one transaction with its verify.

    Raises RefusedError when the new text cannot replace the old one in place: what holds data is changed by a
    migration task, never by editing the block that made it.
    """
    old_deploy, old_revert = engine.ledger.scripts(task.id)
    revert_sql = task.revert if task.revert is not None else old_revert
    script = engine.opening(task)
    if change is Change.DEPLOY and not _same(old_deploy, task.deploy):
        in_place = _in_place(task, old_revert)
        engine.send(task, script.deploy(task, "\n".join(in_place.restore)))
        if task.revert is None:
            revert_sql = _new_revert(engine, task, in_place)
        script = Script().deploy(task, "\n".join(in_place.change))
    answer = engine.send(task, script.verify(task))
    if reason := verdict(task, answer):
        engine.wire.rollback()
        raise unverified(task, reason)
    engine.wire.must(";".join([engine.ledger_role, engine.ledger.applied(task, engine.run, revert_sql), "commit"]))


def _same(old: str, new: str) -> bool:
    """Equal but for layout and comments."""
    from hingecraft.blueprint.syntax import canonical

    return canonical(old) == canonical(new)


def _in_place(task: Task, old_revert: str) -> Reapply:
    from hingecraft.blueprint.invert import reapply as compare

    found = None if task.step or not task.transactional else compare(task.deploy, old_revert)
    if found is None:
        raise RefusedError(
            f"{task.id} ({task.target}) changed since it was applied, and what it made holds data "
            "or cannot be replaced in place.",
            hint=f"Put the block back and write the change as a migration task, or revert it first: hc revert {task.id}",
            task=task.id, file=task.file, line=task.line,
        )  # fmt: skip
    return found


def _new_revert(engine: Engine, task: Task, in_place: Reapply) -> str:
    from hingecraft.blueprint.invert import resolve

    plan = engine.analyst.revert_plan(task)
    if plan.refusals:
        raise RefusedError(f"{task.id}: {plan.refusals[0].reason}", hint="Write '-- revert'.", task=task.id)
    return resolve(plan, engine.connection, in_place.own)
