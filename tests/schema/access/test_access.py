"""Nobody reads or writes a row that the model does not give him, whatever role he comes in, in any table of any room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft.testdata.pytest_plugin import Clone, cloned

from .canaries import Canaries, plant
from .cast import CAST, CROWD
from .model import MODEL
from .oracle import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.postgres import Server

PROBE = Path(__file__).with_name("probe.sql").read_text(encoding="utf-8")
ROLES = sorted({actor.role for actor in CROWD})


@pytest.fixture(scope="module")
def clone(hingecraft_server: Server, hingecraft_template: str) -> Iterator[Clone]:
    """A database that these tests share: each attempt is taken back."""
    with cloned(hingecraft_server, hingecraft_template) as name:
        yield Clone(hingecraft_server, name)


@pytest.fixture(scope="module")
def canaries(clone: Clone) -> Canaries:
    clone.run(PROBE)
    with clone.connect() as connection:
        return plant(connection, ROLES)


def test_every_table_has_a_canary_and_a_word_in_the_model(canaries: Canaries) -> None:
    assert [name for name, rows in canaries.rows.items() if not rows] == []
    assert sorted(canaries.shapes) == sorted(MODEL)


def test_everybody_meets_exactly_the_rows_that_the_model_gives(clone: Clone, canaries: Canaries) -> None:
    verdict = judge(clone, canaries, MODEL, CAST)
    print(f"{verdict.cases:,} cases on {len(verdict.tables)} tables, {len(verdict.leaks)} leaks, {len(verdict.differences)} differences")
    assert [str(difference) for difference in verdict.differences] == []
    assert verdict.cases >= 10_000
