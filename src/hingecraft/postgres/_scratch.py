"""Throw-away clusters for proofs and tests: in memory where it has the room, gone at exit, swept up after a kill."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hingecraft.errors import ServerError

from . import _places
from ._account import server_account
from ._cluster import EmbeddedCluster
from ._server import Server, open_cluster
from ._settings import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREFIX = "hingecraft-scratch-"
_OWNER = "owner"


@contextlib.contextmanager
def scratch_server(*, name: str = "scratch", settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Yield a server that nobody else uses and that keeps nothing; `settings` adds to its configuration."""
    programs = EmbeddedCluster().programs()
    parent = _places.scratch_parent(server_account())
    _sweep(parent)
    with _owned_directory(parent, name) as directory:
        cluster = EmbeddedCluster(directory, settings={**SCRATCH, **(settings or {})}, programs=programs)
        try:
            yield open_cluster(cluster, durable=False)
        finally:
            cluster.stop("immediate")


@contextlib.contextmanager
def _owned_directory(parent: Path, name: str) -> Iterator[Path]:
    """Yield a new directory whose lock lives as long as this process: who can take it may remove it."""
    making = Path(tempfile.mkdtemp(prefix=".hingecraft-", dir=parent))
    making.chmod(0o755)
    lock = os.open(making / _OWNER, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = making.rename(parent / f"{_PREFIX}{name}{making.name.removeprefix('.hingecraft')}")
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        os.close(lock)


def _sweep(parent: Path) -> None:
    """Stop and remove the scratch clusters of processes that were killed."""
    for owner in parent.glob(f"{_PREFIX}*/{_OWNER}"):
        try:
            lock = os.open(owner, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(ServerError):
                EmbeddedCluster(owner.parent, programs=EmbeddedCluster().programs()).stop("immediate")
            shutil.rmtree(owner.parent, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
