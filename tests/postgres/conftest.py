"""Servers for these tests: each its own cluster in a state directory of its own, with the programs made once."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft.postgres import EmbeddedCluster
from hingecraft.postgres._settings import DURABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.postgres._binaries import Binaries

UNSYNCED = {**DURABLE, "fsync": "off"}


@pytest.fixture(autouse=True)
def own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may meet a server that the caller's environment names."""
    monkeypatch.delenv("HINGECRAFT_DSN", raising=False)


@pytest.fixture(scope="session")
def programs() -> Binaries:
    return EmbeddedCluster().programs()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account can enter, with a space in its name; pytest's own are closed."""
    made = Path(tempfile.mkdtemp(prefix="hingecraft test "))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def cluster(folder: Path, programs: Binaries) -> Iterator[EmbeddedCluster]:
    made = EmbeddedCluster(folder / "state", settings=UNSYNCED, programs=programs)
    yield made
    (made.home / "state.json").exists() and made.reset()


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can do this")
