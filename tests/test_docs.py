"""What the documentation shows is run: the tutorial's task is linted, proven and mutated as it stands there."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from hingecraft.blueprint.lint import lint
from hingecraft.blueprint.load import database_folder
from hingecraft.blueprint.mutate import Mutator, mutate
from hingecraft.blueprint.prove import Prover, prove

if TYPE_CHECKING:
    from tests.conftest import Database, Workspace


def blocks(page: str) -> list[str]:
    """The task blocks that a page shows, indented as code."""
    text = (database_folder().parent / page).read_text(encoding="utf-8")
    code = re.findall(r"(?:^    .*\n|^\n)+", text, re.MULTILINE)
    return [dedent(piece).strip() + "\n" for piece in code if piece.lstrip("\n").startswith("    -- task:")]


def test_the_first_task_of_the_tutorial_is_clean_proven_and_its_mutants_are_noticed(empty: Database, workspace: Workspace) -> None:
    shown = blocks("docs/tutorial/first-task.md")
    blueprint = workspace(*shown)
    task = blueprint["BUILD_1001"]
    written = [t for t in blueprint.tasks.values() if t.written]
    assert [f.message for f in lint(written) if f.task == task.id and f.severity != "hint"] == []
    with empty.engine(Prover) as prover:
        assert prove(blueprint, prover, [task]).proven == [task.id]
    with empty.engine(Mutator) as mutator:
        score = mutate(blueprint, mutator, [task])
    assert score.mutants > 0
    assert score.survivors == []
