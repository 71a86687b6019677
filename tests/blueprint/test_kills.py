"""Drill: builds killed at random moments, on the client's side and on the server's, resume with nothing done by hand."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.catalog import Snapshot, differences, snapshot
from hingecraft.blueprint.wire import Wire
from hingecraft.errors import ServerError
from hingecraft.postgres import EmbeddedCluster, connect
from hingecraft.postgres._server import open_cluster

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.blueprint.load import Blueprint
    from tests.conftest import Database

pytestmark = pytest.mark.drill
KILLS = 50


def building(dsn: str, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hingecraft", "build", "--wait", "30", "--dsn", dsn]
    settings = os.environ | {"HINGECRAFT_HOME": str(home)}
    return subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def catalog_of(dsn: str, blueprint: Blueprint) -> Snapshot:
    wire = Wire(connect(dsn))
    try:
        return snapshot(wire, blueprint)
    finally:
        wire.close()


def unlike(expected: Snapshot, found: Snapshot) -> list[str]:
    return [str(d) for d in differences(expected, found) if d.key[0] != "database"]


def test_fifty_killed_clients_resume_to_the_same_catalog(empty: Database, built: Database, blueprint: Blueprint, tmp_path: Path) -> None:
    dice, kills = random.Random(50), 0
    expected = catalog_of(built.dsn, blueprint)
    while kills < KILLS:
        run = building(empty.dsn, tmp_path)
        try:
            run.wait(timeout=dice.uniform(0.5, 4))
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            kills += 1
            continue
        assert run.returncode == 0
        assert unlike(expected, catalog_of(empty.dsn, blueprint)) == []
        empty.run("select 1")
        subprocess.run(
            [sys.executable, "-m", "hingecraft", "revert", "--all", "--yes", "--dsn", empty.dsn],
            env=os.environ | {"HINGECRAFT_HOME": str(tmp_path)}, check=True, capture_output=True,
        )  # fmt: skip
    assert building(empty.dsn, tmp_path).wait() == 0
    assert unlike(expected, catalog_of(empty.dsn, blueprint)) == []


def test_fifty_killed_servers_resume_to_the_same_catalog(built: Database, blueprint: Blueprint, tmp_path: Path) -> None:
    dice = random.Random(51)
    expected = catalog_of(built.dsn, blueprint)
    tmp_path.chmod(0o755)
    cluster = EmbeddedCluster(tmp_path / "cluster", programs=EmbeddedCluster().programs())
    try:
        for kill in range(KILLS):
            server = open_cluster(cluster)
            run = building(server.dsn, tmp_path / "home")
            time.sleep(dice.uniform(0.5, 4))
            pid = cluster.status().pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            run.wait()
            if kill % 10 == 9:  # start over from nothing
                _again(cluster, blueprint, expected, tmp_path / "home")
        server = open_cluster(cluster)
        assert building(server.dsn, tmp_path / "home").wait() == 0
        assert unlike(expected, catalog_of(server.dsn, blueprint)) == []
    finally:
        cluster.stop("immediate")


def _again(cluster: EmbeddedCluster, blueprint: Blueprint, expected: Snapshot, home: Path) -> None:
    for _ in range(3):
        try:
            server = open_cluster(cluster)
            break
        except ServerError:
            time.sleep(1)
    assert building(server.dsn, home).wait() == 0
    assert unlike(expected, catalog_of(server.dsn, blueprint)) == []
    with connect(server, dbname="postgres") as admin:
        admin.execute("drop database hingecraft with (force)")
