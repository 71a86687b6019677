"""Views show nobody more than their tables do, and those that run as their owner exactly what the model says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .cast import CAST
from .conftest import ROLES
from .oracle import judge_views
from .views import VIEWS, WALL, WALL_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hingecraft.testdata.pytest_plugin import Clone

    from .canaries import Canaries
    from .rules import Table

CATALOGUE = Path(__file__).with_name("views.sql").read_text(encoding="utf-8")


def test_views_run_as_their_reader_unless_the_model_knows_them(clone: Clone) -> None:
    with clone.connect() as connection:
        found = connection.execute(CATALOGUE.encode(), {"roles": ROLES}).fetchall()
    as_owner = {name for name, as_reader, _ in found if not as_reader and not name.startswith("extensions.pg_stat_statements")}
    assert as_owner == {WALL, *(name for name, view in VIEWS.items() if view.whose)}
    assert [columns for name, _, columns in found if name == WALL] == [WALL_COLUMNS]
    assert VIEWS.keys() - {name for name, _, _ in found} == set()


def test_everybody_sees_through_views_what_the_model_gives(clone: Clone, canaries: Canaries, model: Mapping[str, Table]) -> None:
    verdict = judge_views(clone, canaries, model, CAST)
    print(f"{verdict.cases:,} cases on {len(verdict.tables)} views: {len(verdict.leaks)} leaks")
    assert [str(difference) for difference in verdict.differences] == []
    assert verdict.cases >= 2_000
