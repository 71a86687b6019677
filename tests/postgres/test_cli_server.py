"""hc server ...: the embedded server by hand, as a person and as a program would call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hingecraft.postgres import EmbeddedCluster
    from hingecraft.postgres._binaries import Binaries

Call = subprocess.CompletedProcess[str]


@pytest.fixture
def hc(cluster: EmbeddedCluster, programs: Binaries) -> Callable[..., Call]:
    def call(*words: str, **more: str) -> Call:
        environment = {
            **os.environ,
            "HINGECRAFT_HOME": str(cluster.home),
            "HINGECRAFT_PG_BIN": str(programs.bin),
            **more,
        }
        command = [sys.executable, "-m", "hingecraft", "server", *words]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    return call


def document(done: Call) -> dict[str, Any]:
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_server_lives_from_start_to_reset(hc: Callable[..., Call], cluster: EmbeddedCluster) -> None:
    stopped = hc("status", "--json")
    assert (stopped.returncode, document(stopped)["running"]) == (3, False)

    assert document(hc("start", "--json"))["started"] is True
    assert document(hc("start", "--json"))["started"] is False
    running = document(hc("status", "--json"))
    assert running["running"] is True
    assert running["home"] == str(cluster.home)

    assert hc("psql", "-Atc", "select current_database()").stdout == "hingecraft\n"
    assert hc("psql", "-c", "select no_such_column").returncode == 1
    said = document(hc("logs", "-n", "1000", "--json"))
    assert any('column "no_such_column" does not exist' in line for line in said["lines"])
    assert len(hc("logs", "-n", "2").stdout.splitlines()) == 2

    assert document(hc("stop", "--json")) == {"stopped": True}
    assert document(hc("stop", "--json")) == {"stopped": False}

    refused = hc("reset")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert cluster.status().data is not None
    assert hc("reset", "--yes").stdout == f"Removed the server and {cluster.home / 'data'}.\n"
    assert cluster.status().data is None
    assert document(hc("reset", "--yes", "--json")) == {"removed": []}


@pytest.mark.parametrize("verb", ["start", "stop", "logs", "reset"])
def test_a_dsn_is_somebody_elses_server_and_left_alone(hc: Callable[..., Call], verb: str) -> None:
    refused = hc(verb, HINGECRAFT_DSN="postgresql://127.0.0.1:1/x")
    assert refused.returncode == 2
    assert "HINGECRAFT_DSN names a server that is not ours" in refused.stderr


def test_an_unreachable_server_is_one_sentence_and_exit_status_3(hc: Callable[..., Call]) -> None:
    refused = hc("status", "--json", "--dsn", "postgresql://me:hush@127.0.0.1:1/x")
    assert refused.returncode == 3
    assert document(refused)["error"] == "unreachable"
    assert "hush" not in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_program_can_name_each_place_by_the_environment(hc: Callable[..., Call], folder: Path) -> None:
    elsewhere = hc("status", "--json", HINGECRAFT_HOME=str(folder / "other"))
    assert document(elsewhere)["home"] == str(folder / "other")
    assert not (folder / "other").exists()
