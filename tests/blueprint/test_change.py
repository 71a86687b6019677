"""A block that changed since it was applied."""

from __future__ import annotations

import pytest

from hingecraft.blueprint.errors import RefusedError
from hingecraft.blueprint.run import Report, build
from tests.conftest import Database, Workspace, block

OLD = "create function blueprint.probe() returns int language sql return 1;"


def rebuilt(database: Database, workspace: Workspace, *blocks: str) -> Report:
    blueprint = workspace(*blocks)
    with database.engine() as engine:
        return build(blueprint, engine, [blueprint["BUILD_1001"]])


def test_layout_and_comments_change_nothing_but_the_digest(empty: Database, workspace: Workspace) -> None:
    rebuilt(empty, workspace, block(1001, OLD, "select blueprint.probe() = 1;"))
    oid = empty.ask("select 'blueprint.probe'::regproc::oid")
    report = rebuilt(
        empty,
        workspace,
        block(1001, "-- better\n" + OLD.replace(" returns", "\n  returns"), "select blueprint.probe() = 1;"),
    )
    assert [o.status for o in report.outcomes if o.task.id == "BUILD_1001"] == ["changed"]
    assert empty.ask("select 'blueprint.probe'::regproc::oid") == oid


def test_a_function_is_replaced_in_place(empty: Database, workspace: Workspace) -> None:
    rebuilt(empty, workspace, block(1001, OLD, "select blueprint.probe() = 1;"))
    oid = empty.ask("select 'blueprint.probe'::regproc::oid")
    report = rebuilt(empty, workspace, block(1001, OLD.replace("1;", "2;"), "select blueprint.probe() = 2;"))
    assert report.error is None
    assert empty.ask("select blueprint.probe()") == 2
    assert empty.ask("select 'blueprint.probe'::regproc::oid") == oid


def test_a_change_whose_verify_does_not_hold_is_undone(empty: Database, workspace: Workspace) -> None:
    rebuilt(empty, workspace, block(1001, OLD, "select blueprint.probe() = 1;"))
    report = rebuilt(empty, workspace, block(1001, OLD.replace("1;", "2;"), "select blueprint.probe() = 1;"))
    assert report.error is not None
    assert empty.ask("select blueprint.probe()") == 1


def test_only_the_verify_changed(empty: Database, workspace: Workspace) -> None:
    rebuilt(empty, workspace, block(1001, OLD, "select blueprint.probe() = 1;"))
    report = rebuilt(empty, workspace, block(1001, OLD, "select blueprint.probe() between 1 and 1;"))
    assert [o.status for o in report.outcomes if o.task.id == "BUILD_1001"] == ["changed"]


def test_what_holds_data_is_refused(empty: Database, workspace: Workspace) -> None:
    table = "create table blueprint.probe (a int);"
    rebuilt(empty, workspace, block(1001, table, "select count(*) = 0 from blueprint.probe;"))
    report = rebuilt(empty, workspace, block(1001, table.replace("int", "bigint"), "select count(*) = 0 from blueprint.probe;"))
    assert isinstance(report.error, RefusedError)
    assert "migration task" in (report.error.hint or "")
    assert empty.ask("select data_type from information_schema.columns where table_name = 'probe'") == "integer"


@pytest.mark.parametrize(
    "gone", ["grant execute on function blueprint.probe to pg_monitor;", "comment on function blueprint.probe is 'x';"]
)
def test_a_statement_that_is_gone_is_taken_back(empty: Database, workspace: Workspace, gone: str) -> None:
    rebuilt(empty, workspace, block(1001, OLD + "\n" + gone, "select blueprint.probe() = 1;"))
    report = rebuilt(empty, workspace, block(1001, OLD, "select blueprint.probe() = 1;"))
    assert report.error is None
    assert not empty.ask("select has_function_privilege('pg_monitor', 'blueprint.probe()', 'execute')")
