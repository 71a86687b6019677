"""Nobody reads or writes a row that the model does not give him, whatever role he comes in, in any table of any room."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from .cast import CAST, CROWD, Actor, id_of
from .model import MODEL
from .oracle import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hingecraft.testdata.pytest_plugin import Clone

    from .canaries import Canaries
    from .rules import Table


def test_every_table_has_a_canary_and_a_word_in_the_model(canaries: Canaries, model: Mapping[str, Table]) -> None:
    silent = [name for name, rows in canaries.rows.items() if not rows]
    assert silent == [], "these take rows in canaries/<room>.sql"
    assert sorted(canaries.shapes.keys() - model) == [], "these take a line in model/<room>.py"
    assert sorted(MODEL.keys() - canaries.shapes.keys()) == [], "these are no tables any more"


def test_every_table_is_guarded_against_its_owner_too(canaries: Canaries) -> None:
    assert [name for name, shape in canaries.shapes.items() if not shape.is_guarded] == []


def test_everybody_meets_exactly_the_rows_that_the_model_gives(clone: Clone, canaries: Canaries, model: Mapping[str, Table]) -> None:
    verdict = judge(clone, canaries, model, CAST)
    _expect_agreement(verdict)
    assert verdict.cases >= 10_000


def test_a_share_link_opens_one_unlisted_design_and_nothing_else(clone: Clone, canaries: Canaries, model: Mapping[str, Table]) -> None:
    clone.run("select core.load_key('design.share', sha256('canary'))")
    with clone.acting(id_of("ada")) as connection:
        (link,) = connection.execute("select core.create_share_link(%s)", (id_of("design ada unlisted"),)).fetchone() or ("",)
    bearers = [Actor(role, name, {"share": link}, opens="design ada unlisted") for role, name in (("hc_anon", None), ("hc_member", "bob"))]
    forgers = [replace(bearer, claims={"share": link[:-1] + "_-"[link[-1] == "_"]}, opens=None) for bearer in bearers]
    _expect_agreement(judge(clone, canaries, model, [*bearers, *forgers]))


@pytest.mark.drill
def test_everybody_in_every_role_meets_exactly_the_rows_that_the_model_gives(
    clone: Clone, canaries: Canaries, model: Mapping[str, Table]
) -> None:
    verdict = judge(clone, canaries, model, CROWD)
    _expect_agreement(verdict)
    assert verdict.cases >= 100_000


def _expect_agreement(verdict: Verdict) -> None:
    print(f"{verdict.cases:,} cases on {len(verdict.tables)} tables: {len(verdict.leaks)} leaks")
    assert [str(difference) for difference in verdict.differences] == []
