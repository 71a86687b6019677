"""What two sessions can do to each other: every isolation spec holds, and one that does not is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.load import load
from hingecraft.blueprint.races import NoIsolationTester, race, specs
from hingecraft.postgres import EmbeddedCluster

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.blueprint.load import Blueprint
    from tests.conftest import Database

SPECS = specs(load())
WRONG = """
session one
step look { select %s; }
permutation look
"""


@pytest.mark.parametrize("task_id", SPECS)
def test_every_permutation_of_a_spec_holds(built: Database, blueprint: Blueprint, task_id: str) -> None:
    assert blueprint[task_id].written
    outcome = race(task_id, SPECS[task_id], built.dsn, EmbeddedCluster().programs().isolationtester)
    assert "\n".join(outcome.broken) == ""
    assert outcome.holds


@pytest.mark.parametrize("answer", ["false as holds", "null::boolean as holds", "1 as other", "1/0 as holds"])
def test_a_permutation_that_does_not_hold_is_told(built: Database, tmp_path: Path, answer: str) -> None:
    spec = tmp_path / "BUILD_0001.spec"
    spec.write_text(WRONG % answer, encoding="utf-8")
    outcome = race("BUILD_0001", spec, built.dsn, EmbeddedCluster().programs().isolationtester)
    assert (outcome.permutations, len(outcome.broken), outcome.holds) == (1, 1, False)


def test_a_server_without_isolationtester_says_so(built: Database, tmp_path: Path) -> None:
    with pytest.raises(NoIsolationTester):
        race("BUILD_0001", tmp_path / "any.spec", built.dsn, tmp_path / "isolationtester")
