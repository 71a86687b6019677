"""The command as a program uses it: help with an example, one JSON document, exit statuses, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hingecraft.blueprint.engine import Options
from hingecraft.blueprint.lock import hold
from hingecraft.blueprint.run import verify
from hingecraft.cli.workshop import at_work_in, copied

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.blueprint.load import Blueprint
    from hingecraft.postgres import Server
    from tests.conftest import Database

COMMANDS = [
    *("build", "plan", "verify", "revert", "prove", "mutate", "lint", "status", "tasks", "show", "graph"),
    *("blame", "drift", "doctor", "compile", "export", "bench", "test"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def hc(place: Path, *words: str, dsn: str | None = None) -> subprocess.CompletedProcess[str]:
    settings = {"HINGECRAFT_HOME": str(place), "NO_COLOR": "1"} | ({"HINGECRAFT_DSN": dsn} if dsn else {})
    command = [sys.executable, "-m", "hingecraft", *words]
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=120, check=False)


def document(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_ends_with_an_example(place: Path, command: str) -> None:
    done = hc(place, command, "--help")
    assert done.returncode == 0
    assert "Example: hc" in done.stdout


def test_a_build_is_told_once_and_found_done_the_second_time(place: Path, empty: Database) -> None:
    first = document(hc(place, "build", "--json", "1-2", dsn=empty.dsn))
    assert (first["applied"], first["failed"]) == (2, 0)
    assert [task["id"] for task in first["tasks"]] == ["BUILD_0001", "BUILD_0002"]
    second = hc(place, "build", "1-2", dsn=empty.dsn)
    assert second.returncode == 0
    assert second.stdout.startswith("Nothing to do: 2 tasks are applied")
    assert second.stderr == ""


def test_json_has_what_programs_rely_on(place: Path, built: Database) -> None:
    status = document(hc(place, "status", "--json", dsn=built.dsn))
    assert status["total"] == 1000
    assert {"written", "applied", "verified", "failed", "pending", "categories"} <= status.keys()
    assert status["applied"] == status["written"] == status["verified"]
    assert document(hc(place, "plan", "--json", dsn=built.dsn)) == {"steps": []}
    assert document(hc(place, "blame", "core.users", "--json", dsn=built.dsn))[0]["task"] == "BUILD_0661"
    assert document(hc(place, "show", "43", "--json"))["id"] == "BUILD_0043"
    assert document(hc(place, "lint", "--json", "43"))["findings"] == []


def test_drift_is_exit_status_1_and_repaired(place: Path, built: Database) -> None:
    assert hc(place, "build", "--json", dsn=built.dsn).returncode == 0
    built.run("drop index core.users_country_idx")
    done = hc(place, "drift", "--json", dsn=built.dsn)
    assert done.returncode == 1
    assert [f["identity"] for f in document(done)["findings"] if f["object_type"] != "database"] == ["core.users_country_idx"]
    assert document(hc(place, "drift", "--repair", "--json", dsn=built.dsn))["repaired"] >= 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["build", "BUILD_9999"], 2, "no task BUILD_9999"),
        (["buld"], 2, "No such command"),
        (["revert"], 2, "Name the tasks"),
        (["revert", "--all"], 2, "--yes"),
        (["blame", "core.nothing"], 1, "knows no object"),
        (["status", "--dsn", "host=127.0.0.1 port=1 connect_timeout=2"], 3, ""),
    ],
)
def test_errors_are_a_sentence_and_an_exit_status(place: Path, built: Database, words: list[str], status: int, said: str) -> None:
    done = hc(place, *words, dsn=built.dsn)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_a_json_document_for_who_asked_for_one(place: Path, built: Database) -> None:
    done = hc(place, "build", "BUILD_9999", "--json", dsn=built.dsn)
    assert done.returncode == 2
    assert document(done)["error"] == "usage"


def test_a_database_held_by_another_run_is_exit_status_4(place: Path, built: Database) -> None:
    with built.engine() as other:
        hold(other.connection, 0)
        pid = other.connection.info.backend_pid
        done = hc(place, "build", dsn=built.dsn)
    assert done.returncode == 4
    assert str(pid) in done.stderr


def test_a_revert_takes_what_stands_on_it_and_a_build_brings_it_back(place: Path, built: Database) -> None:
    reverted = document(hc(place, "revert", "BUILD_0058", "--yes", "--json", dsn=built.dsn))
    assert reverted["reverted"] >= 1
    assert document(hc(place, "build", "--json", dsn=built.dsn))["applied"] == reverted["reverted"]


def test_a_filled_database_is_verified_in_a_copy_where_everything_holds(server: Server, built: Database, blueprint: Blueprint) -> None:
    here = replace(server, dsn=built.dsn, dbname=built.name)
    with copied(here) as name, at_work_in(here, name, Options()) as engine:
        report = verify(engine, blueprint.order)
    assert [(o.task.id, o.reason) for o in report.having("failed")] == []
    assert len(report.having("verified")) == sum(not task.drill for task in blueprint.order)


def test_export_is_plain_sql(place: Path) -> None:
    done = hc(place, "export", "+BUILD_0003")
    assert done.stdout.startswith("-- HingeCraft Database")
    assert "create table blueprint.tasks" in done.stdout


def test_graphs_are_drawn_in_three_forms(place: Path) -> None:
    assert hc(place, "graph", "+BUILD_0003", "--format", "mermaid").stdout.startswith("flowchart BT")
    assert hc(place, "graph", "+BUILD_0003", "--format", "dot").stdout.startswith("digraph")
    assert "<- BUILD_0002" in hc(place, "graph", "BUILD_0003", "5").stdout
