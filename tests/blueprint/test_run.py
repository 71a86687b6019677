"""Build, verify and revert on a real server: what commits, what is undone, what the ledger says."""

from __future__ import annotations

import threading
import time

import pytest

from hingecraft.blueprint.errors import BlockedError, BlueprintError, RefusedError
from hingecraft.blueprint.lock import hold
from hingecraft.blueprint.run import build, revert, verify
from hingecraft.errors import LockedError
from tests.conftest import Database, Workspace, block

TABLE = block(
    1001,
    "create table blueprint.probe (a int constraint probe_a_check check (a > 0));",
    "insert into blueprint.probe values (1);\nselect count(*) = 1 from blueprint.probe;",
)


def test_a_task_commits_with_its_ledger_row_and_its_verify_leaves_nothing(empty: Database, workspace: Workspace) -> None:
    blueprint = workspace(TABLE)
    with empty.engine() as engine:
        report = build(blueprint, engine, [blueprint["BUILD_1001"]])
    assert report.error is None
    assert [o.task.id for o in report.outcomes] == ["BUILD_0001", "BUILD_0002", "BUILD_1001"]
    assert empty.ask("select count(*) from blueprint.probe") == 0
    assert empty.ask(
        "select status = 'applied' and revert_sql like '%drop table blueprint.probe%' from blueprint.tasks where id = 'BUILD_1001'"
    )
    assert empty.ask("select status from blueprint.runs") == "succeeded"
    assert empty.ask("select tableowner from pg_tables where tablename = 'probe'") == "hc_owner"


def test_a_second_build_finds_nothing_to_do(empty: Database, workspace: Workspace) -> None:
    blueprint = workspace(TABLE)
    for expected in (3, 0):
        with empty.engine() as engine:
            report = build(blueprint, engine, [blueprint["BUILD_1001"]])
        assert len(report.having("applied")) == expected


@pytest.mark.parametrize(
    ("verify_sql", "said"),
    [
        ("select count(*) = 2 from blueprint.probe;", "returned f"),
        ("select null::boolean;", "returned null"),
        ("select true where false;", "returned no row"),
        ("select 1/0;", "division by zero (22012)"),
        ("insert into blueprint.probe values (-1);", "probe_a_check"),
        ("", "the verify is empty"),
    ],
)
def test_a_verify_that_does_not_hold_leaves_nothing_of_the_task(empty: Database, workspace: Workspace, verify_sql: str, said: str) -> None:
    blueprint = workspace(block(1001, "create table blueprint.probe (a int constraint probe_a_check check (a > 0));", verify_sql))
    with empty.engine() as engine:
        report = build(blueprint, engine, [blueprint["BUILD_1001"]])
    assert report.error is not None
    assert said in report.error.message
    assert empty.ask("select to_regclass('blueprint.probe') is null")
    assert empty.ask("select status from blueprint.tasks where id = 'BUILD_1001'") == "failed"
    assert empty.ask("select status from blueprint.runs") == "failed"


@pytest.mark.parametrize(
    ("deploy", "line", "statement"),
    [
        ("create table blueprint.a ();\n\nselect nothing;", 8, "select nothing"),
        ("create table blueprint.a ();\n-- why\nselect\n  1/0;", 8, "1/0"),
        ("do $$\nbegin\n  perform 1/0;\nend $$;", 6, "perform 1/0"),
    ],
)
def test_a_deploy_that_fails_names_statement_file_and_line(
    empty: Database, workspace: Workspace, deploy: str, line: int, statement: str
) -> None:
    blueprint = workspace(block(1001, deploy, "select 1 = 1;", revert="select 1;"))
    with empty.engine() as engine:
        report = build(blueprint, engine, [blueprint["BUILD_1001"]])
    assert report.error is not None
    assert f"database/local/probe.sql:{line}" in report.error.message
    assert statement in report.error.message
    assert empty.ask("select to_regclass('blueprint.a') is null")


def test_a_syntax_error_is_told_before_anything_is_touched(empty: Database, workspace: Workspace) -> None:
    blueprint = workspace(block(1001, "create table blueprint.a ();\n\ncreate tabel blueprint.b ();", "select 1 = 1;"))
    with empty.engine() as engine, pytest.raises(BlueprintError, match=r"probe\.sql:8: BUILD_1001.*tabel"):
        build(blueprint, engine, [blueprint["BUILD_1001"]])
    assert empty.ask("select to_regnamespace('blueprint') is null")


def test_what_cannot_be_inferred_must_be_written(empty: Database, workspace: Workspace) -> None:
    blueprint = workspace(block(1001, "do $$ begin create table blueprint.probe (); end $$;", "select count(*) = 0 from blueprint.probe;"))
    with empty.engine() as engine:
        report = build(blueprint, engine, [blueprint["BUILD_1001"]])
    assert isinstance(report.error, BlueprintError)
    assert "write '-- revert'" in report.error.message


def test_revert_takes_dependents_first_and_gives_a_table_back_to_nothing(empty: Database, workspace: Workspace) -> None:
    index = block(
        1002,
        "create index probe_a_idx on blueprint.probe (a);",
        "select to_regclass('blueprint.probe_a_idx') is not null;",
        needs="BUILD_1001",
    )
    blueprint = workspace(TABLE, index)
    with empty.engine() as engine:
        build(blueprint, engine, [blueprint["BUILD_1002"]])
    with empty.engine() as engine:
        report = revert(blueprint, engine, ["BUILD_1001"])
    assert [o.task.id for o in report.outcomes] == ["BUILD_1002", "BUILD_1001"]
    assert empty.ask("select to_regclass('blueprint.probe') is null")
    with empty.engine() as engine:
        revert(blueprint, engine, list(blueprint.tasks))
    assert empty.ask("select to_regnamespace('blueprint') is null")


def test_a_task_that_left_the_blueprint_is_reverted_by_what_the_ledger_kept(empty: Database, workspace: Workspace) -> None:
    with empty.engine() as engine:
        build(workspace(TABLE), engine, [workspace(TABLE)["BUILD_1001"]])
    blueprint = workspace("-- nothing here")
    with empty.engine() as engine:
        report = revert(blueprint, engine, ["BUILD_1001"])
    assert [o.status for o in report.outcomes] == ["reverted"]
    assert empty.ask("select to_regclass('blueprint.probe') is null")


def test_verify_sees_what_was_broken_by_hand(empty: Database, workspace: Workspace) -> None:
    blueprint = workspace(TABLE)
    with empty.engine() as engine:
        build(blueprint, engine, [blueprint["BUILD_1001"]])
    empty.run("alter table blueprint.probe add constraint never check (a < 0)")
    with empty.engine() as engine:
        report = verify(engine, [blueprint["BUILD_1001"]])
    assert [o.status for o in report.outcomes] == ["failed"]
    assert "never" in (report.outcomes[0].reason or "")


def test_two_runs_at_once_do_not_happen(empty: Database) -> None:
    with empty.engine() as first, empty.engine() as second:
        hold(first.connection, 0)
        with pytest.raises(LockedError) as caught:
            hold(second.connection, 0)
        assert str(first.connection.info.backend_pid) in caught.value.message
        first.wire.close()
        hold(second.connection, 5)


def test_a_lock_held_by_somebody_ends_in_a_report_that_names_them(empty: Database, workspace: Workspace) -> None:
    with empty.engine() as engine:
        build(workspace(TABLE), engine, [workspace(TABLE)["BUILD_1001"]])
    blueprint = workspace(
        TABLE,
        block(
            1002,
            "alter table blueprint.probe add column b int;",
            "select count(b) = 0 from blueprint.probe;",
            needs="BUILD_1001",
        ),
    )
    with empty.connect(autocommit=False) as other, empty.engine(lock_timeout=700, attempts=2) as engine:
        other.execute("select * from blueprint.probe")
        report = build(blueprint, engine, [blueprint["BUILD_1002"]])
        assert isinstance(report.error, BlockedError)
        assert f"pid {other.info.backend_pid}" in report.error.message
        assert "select * from blueprint.probe" in report.error.message


def test_a_lock_that_is_released_in_time_is_waited_for(empty: Database, workspace: Workspace) -> None:
    with empty.engine() as engine:
        build(workspace(TABLE), engine, [workspace(TABLE)["BUILD_1001"]])
    blueprint = workspace(
        TABLE,
        block(
            1002,
            "alter table blueprint.probe add column b int;",
            "select count(b) = 0 from blueprint.probe;",
            needs="BUILD_1001",
        ),
    )
    with empty.connect(autocommit=False) as other, empty.engine(lock_timeout=300, attempts=8) as engine:
        other.execute("select * from blueprint.probe")
        threading.Timer(1.0, other.rollback).start()
        report = build(blueprint, engine, [blueprint["BUILD_1002"]])
        time.sleep(0)
    assert report.error is None


def test_an_index_on_a_filled_table_must_not_block_writers(empty: Database, workspace: Workspace) -> None:
    with empty.engine() as engine:
        build(workspace(TABLE), engine, [workspace(TABLE)["BUILD_1001"]])
    empty.run("insert into blueprint.probe select 1 from generate_series(1, 20000); ")
    empty.run("analyze blueprint.probe")
    plain = block(
        1002,
        "create index probe_a_idx on blueprint.probe (a);",
        "select to_regclass('blueprint.probe_a_idx') is not null;",
        needs="BUILD_1001",
    )
    with empty.engine() as engine, pytest.raises(RefusedError, match="block every write"):
        build(workspace(TABLE, plain), engine, [workspace(TABLE, plain)["BUILD_1002"]])
    gentle = plain.replace("probe \n", "probe no-transaction\n").replace("create index", "create index concurrently")
    with empty.engine() as engine:
        blueprint = workspace(TABLE, gentle)
        assert build(blueprint, engine, [blueprint["BUILD_1002"]]).error is None
    assert empty.ask("select indisvalid from pg_index where indexrelid = 'blueprint.probe_a_idx'::regclass")


def test_an_invalid_index_left_by_a_crash_is_built_again(empty: Database, workspace: Workspace) -> None:
    with empty.engine() as engine:
        build(workspace(TABLE), engine, [workspace(TABLE)["BUILD_1001"]])
    empty.run("create index probe_a_idx on blueprint.probe (a)")
    empty.run("update pg_index set indisvalid = false where indexrelid = 'blueprint.probe_a_idx'::regclass")
    gentle = block(
        1002,
        "create index concurrently probe_a_idx on blueprint.probe (a);",
        "select to_regclass('blueprint.probe_a_idx') is not null;",
        needs="BUILD_1001",
        marks="no-transaction",
    )
    with empty.engine() as engine:
        blueprint = workspace(TABLE, gentle)
        assert build(blueprint, engine, [blueprint["BUILD_1002"]]).error is None
    assert empty.ask("select indisvalid from pg_index where indexrelid = 'blueprint.probe_a_idx'::regclass")
