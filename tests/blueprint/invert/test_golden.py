"""Each case: the planned revert is the expected one, and on a server it leaves the catalog as it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.invert import RevertPlan, plan_revert, resolve

from .conftest import catalog, differences

if TYPE_CHECKING:
    import psycopg

CASES = Path(__file__).with_name("cases")


def _cases(expected: str) -> list[str]:
    return sorted(path.name for path in CASES.iterdir() if (path / expected).exists())


def _read(case: str, name: str) -> str:
    path = CASES / case / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize("case", _cases("revert.sql"))
def test_revert_restores_the_catalog(case: str, conn: psycopg.Connection[Any], request: pytest.FixtureRequest) -> None:
    deploy = _read(case, "deploy.sql")
    plan = RevertPlan.from_json(plan_revert(deploy).to_json())
    assert plan.refusals == ()
    conn.execute(_read(case, "setup.sql").encode() or b"select 1")
    before = catalog(conn)
    revert = resolve(plan, conn)
    conn.execute(deploy.encode())
    deployed = catalog(conn)
    if revert:
        conn.execute(revert.encode())
    assert differences(before, catalog(conn)) == []
    if request.config.getoption("--regenerate", default=False):
        (CASES / case / "revert.sql").write_text(revert, encoding="utf-8")
    assert revert == _read(case, "revert.sql")
    assert deployed != before or not revert, "the case changes nothing"


@pytest.mark.parametrize("case", _cases("refused.txt"))
def test_refusal_says_where_and_why(case: str, request: pytest.FixtureRequest) -> None:
    plan = plan_revert(_read(case, "deploy.sql"))
    found = "".join(f"{refusal.line + 1}: {refusal.reason}\n" for refusal in plan.refusals)
    if request.config.getoption("--regenerate", default=False):
        (CASES / case / "refused.txt").write_text(found, encoding="utf-8")
    assert found
    assert found == _read(case, "refused.txt")
    assert RevertPlan.from_json(plan.to_json()) == plan
