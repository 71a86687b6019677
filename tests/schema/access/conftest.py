"""One database for all tests of access, with the canaries in it: each attempt is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft.testdata.pytest_plugin import Clone, cloned

from .canaries import Canaries, plant
from .cast import CROWD
from .model import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.postgres import Server

    from .rules import Table

PROBE = Path(__file__).with_name("probe.sql").read_text(encoding="utf-8")
ROLES = sorted({actor.role for actor in CROWD})


@pytest.fixture(scope="session")
def clone(hingecraft_server: Server, hingecraft_template: str) -> Iterator[Clone]:
    with cloned(hingecraft_server, hingecraft_template) as name:
        yield Clone(hingecraft_server, name)


@pytest.fixture(scope="session")
def canaries(clone: Clone) -> Canaries:
    clone.run(PROBE)
    with clone.connect() as connection:
        return plant(connection, ROLES)


@pytest.fixture(scope="session")
def model(canaries: Canaries) -> dict[str, Table]:
    return model_of(canaries.shapes)
