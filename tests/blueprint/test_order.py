"""The order of the needs is the only order that counts: any valid one ends in the same catalog."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.catalog import differences, snapshot
from hingecraft.blueprint.load import Blueprint
from hingecraft.blueprint.run import build
from hingecraft.blueprint.task import LEDGER_TASKS, Task

if TYPE_CHECKING:
    from tests.conftest import Database


@dataclass(frozen=True)
class Shuffled(Blueprint):
    """The blueprint in another valid order; the ledger's own tasks stay first."""

    seed: int = field(default=0)

    @cached_property
    def order(self) -> list[Task]:
        """A random topological order."""
        ready = {task.id for task in Blueprint(self.root, self.tasks).order}
        done = list(LEDGER_TASKS)
        dice = random.Random(self.seed)
        while len(done) < len(ready):
            free = [i for i in sorted(ready - set(done)) if all(need in done for need in self.tasks[i].needs)]
            done.append(dice.choice(free))
        return [self.tasks[i] for i in done]


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.drill) for seed in range(3, 10))])
def test_any_valid_order_ends_in_the_same_catalog(empty: Database, built: Database, blueprint: Blueprint, seed: int) -> None:
    shuffled = Shuffled(blueprint.root, blueprint.tasks, seed)
    assert shuffled.order != blueprint.order
    with empty.engine() as engine:
        report = build(shuffled, engine, shuffled.order)
        assert report.error is None, report.error
        catalog = snapshot(engine.wire, blueprint)
    with built.engine() as engine:
        expected = snapshot(engine.wire, blueprint)
    # what a clone does not inherit from its template
    different = [str(d) for d in differences(expected, catalog) if d.key[0] != "database"]
    assert different == []
