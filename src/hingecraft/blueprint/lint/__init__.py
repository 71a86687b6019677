"""The rules of this house over task blocks: what PostgreSQL would accept and a reviewer would not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hingecraft.blueprint.task import Task

__all__ = ["Finding", "lint", "rulebook"]


def lint(tasks: Sequence[Task], *, squawk: bool = True) -> list[Finding]:
    """Check blocks against every rule, and their deploy SQL with squawk where that is installed.

    Rules that look at the whole blueprint (comments made later, indexes, needs) are only right with all tasks given.
    """
    from hingecraft.blueprint.lint.check import check

    return check(tasks, squawk=squawk)


def rulebook() -> dict[str, str]:
    """Every rule by name, with the sentence that says what it asks for."""
    from hingecraft.blueprint.lint.check import OTHER_RULES
    from hingecraft.blueprint.lint.rules import BLOCK_RULES, HOUSE_RULES

    return {rule.name: rule.about for rule in (*BLOCK_RULES, *HOUSE_RULES)} | OTHER_RULES
