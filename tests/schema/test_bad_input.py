"""Bad input is refused with the right SQLSTATE and words a form could show: every refusal that the verifies provoke, read once more."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from tests.conftest import Database

NOISY = Path(__file__).with_name("noisy_raises.sql")
INTEGRITY = {"23502", "23503", "23505", "23514", "23P01"}
"""What constraints raise; all but NOT NULL name themselves."""


@dataclass(frozen=True)
class Refusal:
    """A statement that a table or function refused."""

    task: str
    sql: str
    expected: str
    state: str
    message: str
    rule: str
    column: str
    table: str | None


def provoked(database: Database, blueprint: Blueprint) -> list[Refusal]:
    database.run(NOISY.read_text(encoding="utf-8"))
    found = []
    with database.engine() as engine:
        for task in blueprint.order:
            if task.drill or task.step or task.category not in ("master_schema_build", "complete_schema_build"):
                continue
            said: list[str] = []
            engine.wire.connection.add_notice_handler(lambda notice, said=said: said.append(notice.message_primary or ""))
            engine.verify(task)
            found += [Refusal(task.id, **json.loads(line.removeprefix("REFUSED "))) for line in said if line.startswith("REFUSED ")]
    return found


def test_at_least_four_hundred_refusals_each_with_its_state_and_words(built: Database, blueprint: Blueprint) -> None:
    found = {(r.task, r.sql): r for r in provoked(built, blueprint) if r.state == r.expected}.values()
    writes = [r for r in found if re.match(r"\s*(insert|update|delete)", r.sql, re.IGNORECASE) and r.state in INTEGRITY]
    print(f"{len(found)} refusals, {len(writes)} of them by constraints of {len({r.table for r in writes})} tables")
    assert len(writes) >= 400
    nameless = [(r.task, r.sql) for r in writes if not (r.rule or r.column or r.message.startswith("no partition"))]
    assert nameless == []
    assert len({r.table for r in writes}) >= 100
    assert min(Counter(r.state for r in writes)[state] for state in ("23503", "23505", "23514")) >= 50


def test_what_is_refused_by_rule_says_so_in_words(built: Database, blueprint: Blueprint) -> None:
    """Functions and triggers speak: no bare code, no internal name alone."""
    spoken = [
        r
        for r in provoked(built, blueprint)
        if r.state in ("22023", "42501", "55000", "55006", "P0002") and not r.message.startswith("permission denied")
    ]
    assert len(spoken) >= 100
    assert [(r.task, r.message) for r in spoken if len(r.message.split()) < 3] == []
