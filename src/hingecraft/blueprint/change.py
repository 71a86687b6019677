"""A block that changed since it was applied: re-applied in place where nothing can be lost, refused where data could."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hingecraft.blueprint.errors import RefusedError
from hingecraft.blueprint.script import Script, unverified, verdict

if TYPE_CHECKING:
    from hingecraft.blueprint.ledger import Entry
    from hingecraft.blueprint.task import Task
    from hingecraft.blueprint.engine import Engine


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
    script = Script().engine("begin").engine(f"set local blueprint.task_id = '{task.id}'").engine(engine.role_of(task))
    revert_sql = task.revert if task.revert is not None else old_revert
    if change is Change.DEPLOY and not _same(old_deploy, task.deploy):
        sql = _in_place(task, old_revert)
        script.deploy(task, sql)
        if task.revert is None:
            revert_sql = _new_revert(engine, task)
    script.verify(task)
    answer = engine.wire.send(script.text)
    if answer.failure:
        from hingecraft.blueprint.script import failed

        engine.wire.rollback()
        raise failed(task, script, answer)
    if reason := verdict(task, answer):
        engine.wire.rollback()
        raise unverified(task, reason)
    engine.wire.must(";".join([engine.ledger_role, engine.ledger.applied(task, engine.run, revert_sql), "commit"]))


def _same(old: str, new: str) -> bool:
    """Equal but for layout and comments."""
    from hingecraft.blueprint.syntax import canonical

    return canonical(old) == canonical(new)


def _in_place(task: Task, old_revert: str) -> str:
    from hingecraft.blueprint.invert import reapply_sql

    sql = None if task.step or not task.transactional else reapply_sql(task.deploy, old_revert)
    if sql is None:
        raise RefusedError(
            f"{task.id} ({task.target}) changed since it was applied, and what it made holds data or cannot be replaced in place.",
            hint=f"Put the block back and write the change as a migration task, or revert it first: hc revert {task.id}",
            task=task.id, file=task.file, line=task.line,
        )  # fmt: skip
    return sql


def _new_revert(engine: Engine, task: Task) -> str:
    """Every object is replaceable, so the inverse of the new text is the drop of what it names."""
    plan = engine.analyst.revert_plan(task)
    if plan.refusals:
        raise RefusedError(f"{task.id}: {plan.refusals[0].reason}", hint="Write '-- revert'.", task=task.id)
    return plan.text
