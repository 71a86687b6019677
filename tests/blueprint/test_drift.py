"""What was changed by hand since the build is reported with its task, and put back where nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.drift import Finding, drift, repair
from hingecraft.blueprint.run import build, revert

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from tests.conftest import Database

REPAIRABLE = [
    ("drop index core.users_country_idx", "missing", "core.users_country_idx", "BUILD_0662"),
    ("create or replace function core.is_time_zone(name text) returns boolean language sql stable strict return true", "altered",
     "core.is_time_zone(pg_catalog.text)", "BUILD_0663"),
    ("grant select on core.users to public", "altered", "core.users", "BUILD_0661"),
    ("alter table core.users disable row level security", "altered", "core.users", "BUILD_0661"),
    ("alter table core.users no force row level security", "altered", "core.users", "BUILD_0661"),
    ("drop policy users_own_select on core.users", "missing", "users_own_select on core.users", "BUILD_0661"),
    ("alter policy users_own_select on core.users using (true)", "altered", "users_own_select on core.users", "BUILD_0661"),
    ("alter table core.users disable trigger users_a_normalise", "altered", "users_a_normalise on core.users", "BUILD_0664"),
    ("alter table core.users drop constraint users_kind_check", "missing", "users_kind_check on core.users", "BUILD_0663"),
    ("comment on table core.users is 'mine'", "altered", "core.users", "BUILD_0661"),
    ("alter table core.users alter column locale drop default", "altered", "core.users.locale", "BUILD_0661"),
    ("drop view core.public_users", "missing", "core.public_users", "BUILD_0661"),
    ("revoke select on core.public_users from hc_anon", "altered", "core.public_users", "BUILD_0661"),
    ("create index stray_idx on core.users (campus)", "foreign", "core.stray_idx", "BUILD_0661"),
]  # fmt: skip


def found(database: Database, blueprint: Blueprint) -> list[Finding]:
    """All drift but that of the database itself, whose privileges and comment a clone does not inherit."""
    with database.engine() as engine:
        return [finding for finding in drift(engine, blueprint) if finding.object_type != "database"]


def test_a_fresh_build_has_no_drift(built: Database, blueprint: Blueprint) -> None:
    assert found(built, blueprint) == []


@pytest.mark.parametrize(("by_hand", "kind", "identity", "task"), REPAIRABLE, ids=[row[0][:40] for row in REPAIRABLE])
def test_a_change_by_hand_is_reported_with_its_task_and_put_back(
    built: Database, blueprint: Blueprint, by_hand: str, kind: str, identity: str, task: str
) -> None:
    built.run(by_hand)
    findings = found(built, blueprint)
    assert (kind, identity, task) in [(f.kind, f.identity, f.task) for f in findings]
    assert all(f.target for f in findings)
    with built.engine() as engine:
        assert repair(engine, findings) == []
    assert found(built, blueprint) == []


@pytest.mark.parametrize(
    ("by_hand", "drop"),
    [
        ("alter table core.users add column shoe_size int", "alter table core.users drop column shoe_size"),
        ("create table core.stray (id int)", "drop table core.stray"),
    ],
)
def test_what_holds_data_is_shown_with_its_statement_and_left_to_the_operator(
    built: Database, blueprint: Blueprint, by_hand: str, drop: str
) -> None:
    built.run(by_hand)
    findings = found(built, blueprint)
    assert [f.kind for f in findings] == ["foreign"]
    assert findings[0].repair.loses_data
    assert findings[0].repair.statements == (drop,)
    with built.engine() as engine:
        assert repair(engine, findings) == findings
    built.run(drop)
    assert found(built, blueprint) == []


def test_a_later_run_does_not_bless_what_was_changed_by_hand(built: Database, blueprint: Blueprint) -> None:
    with built.engine() as engine:
        revert(blueprint, engine, ["BUILD_0669"])
    built.run("grant select on core.users to public")
    built.run("drop index core.users_country_idx")
    with built.engine() as engine:
        assert build(blueprint, engine, blueprint.order).error is None
    assert {f.identity for f in found(built, blueprint)} == {"core.users", "core.users_country_idx"}


def test_reverting_and_applying_again_leaves_no_drift(built: Database, blueprint: Blueprint) -> None:
    for _ in range(2):
        with built.engine() as engine:
            assert revert(blueprint, engine, ["BUILD_0666", "BUILD_0058"]).error is None
        assert found(built, blueprint) == []
        with built.engine() as engine:
            assert build(blueprint, engine, blueprint.order).error is None
        assert found(built, blueprint) == []
