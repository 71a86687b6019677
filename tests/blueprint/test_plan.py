"""What a build would do and which locks it would take, found out without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.plan import locks_of, plan_of
from hingecraft.blueprint.run import build
from tests.conftest import block

if TYPE_CHECKING:
    from tests.conftest import Database, Workspace

TABLE = block(1001, "create table blueprint.probe (a int);", "select count(*) = 0 from blueprint.probe;")


def after(deploy: str) -> str:
    return block(1002, deploy, "select count(*) = 0 from blueprint.probe;", needs="BUILD_1001", revert="select 1;")


def test_a_plan_names_what_is_not_applied_and_what_changed_in_order(empty: Database, workspace: Workspace) -> None:
    first = workspace(TABLE)
    with empty.engine() as engine:
        assert [(s.task.id, s.reason, s.asked) for s in plan_of(first, engine.ledger.entries(), [first["BUILD_1001"]])] == [
            ("BUILD_0001", "not applied", False),
            ("BUILD_0002", "not applied", False),
            ("BUILD_1001", "not applied", True),
        ]
        build(first, engine, [first["BUILD_1001"]])
    second = workspace(TABLE.replace("count(*) = 0", "count(*) < 1"), after("select 1;"))
    with empty.engine() as engine:
        steps = plan_of(second, engine.ledger.entries(), [second["BUILD_1002"]])
    assert [(s.task.id, s.reason) for s in steps] == [("BUILD_1001", "verify changed"), ("BUILD_1002", "not applied")]


@pytest.mark.parametrize(
    ("deploy", "locks"),
    [
        ("alter table blueprint.probe add column b int;", ["AccessExclusiveLock on blueprint.probe"]),
        ("alter table blueprint.probe alter column a type bigint;", ["AccessExclusiveLock on blueprint.probe (rewrite)"]),
        ("alter table blueprint.probe add column b uuid default gen_random_uuid();", ["AccessExclusiveLock on blueprint.probe (rewrite)"]),
        ("create index probe_a_idx on blueprint.probe (a);", ["ShareLock on blueprint.probe"]),
        ("create table blueprint.other (id int);", []),
        ("comment on column blueprint.probe.a is 'One.';", []),
    ],
)
def test_locks_and_rewrites_are_found_and_nothing_is_left(empty: Database, workspace: Workspace, deploy: str, locks: list[str]) -> None:
    blueprint = workspace(TABLE, after(deploy))
    with empty.engine() as engine:
        build(blueprint, engine, [blueprint["BUILD_1001"]])
        steps = plan_of(blueprint, engine.ledger.entries(), [blueprint["BUILD_1002"]])
        assert locks_of(engine, steps) == {"BUILD_1002": locks}
    assert empty.ask("select count(*) = 1 from pg_attribute where attrelid = 'blueprint.probe'::regclass and attnum > 0")
    assert empty.ask("select status from blueprint.tasks where id = 'BUILD_1002'") == "written"


def test_locks_on_an_empty_database_are_none(empty: Database, workspace: Workspace) -> None:
    blueprint = workspace(TABLE, after("alter table blueprint.probe add column b int;"))
    with empty.engine() as engine:
        steps = plan_of(blueprint, {}, [blueprint["BUILD_1002"]])
        assert not any(locks_of(engine, steps).values())
    assert empty.ask("select to_regnamespace('blueprint') is null")
