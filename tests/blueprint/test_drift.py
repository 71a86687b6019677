"""What was changed by hand since the build is reported with its task, and put back where nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.catalog import Snapshot, differences, snapshot
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
    ("drop view identity.directory", "missing", "identity.directory", "BUILD_0060"),
    ("revoke select on core.public_users from hc_anon", "altered", "core.public_users", "BUILD_0661"),
    ("create index stray_idx on core.users (campus)", "foreign", "core.stray_idx", "BUILD_0661"),
    ("create policy wide_open on core.users using (true)", "foreign", "wide_open on core.users", "BUILD_0661"),
    ("drop function core.is_time_zone cascade", "missing", "core.is_time_zone(pg_catalog.text)", "BUILD_0663"),
    ("alter function core.is_time_zone owner to current_user; grant execute on function core.is_time_zone to public", "altered",
     "core.is_time_zone(pg_catalog.text)", "BUILD_0663"),
    ("alter view identity.directory set (security_barrier = false)", "altered", "identity.directory", "BUILD_0060"),
    ("alter table identity.sessions drop constraint sessions_id_pk cascade", "missing", "sessions_id_pk on identity.sessions",
     "BUILD_0042"),
    ("drop index core.users_country_idx; create index users_country_idx on core.users (id)", "altered", "core.users_country_idx",
     "BUILD_0662"),
    ("grant update (email) on core.users to public", "altered", "core.users.email", "BUILD_0661"),
    ("alter default privileges for role hc_owner grant execute on functions to public", "missing", "for role hc_owner on functions",
     "BUILD_0001"),
    ("alter event trigger blueprint_record_drop disable", "altered", "blueprint_record_drop", "BUILD_0006"),
    ("alter policy users_own_select on core.users rename to mine", "altered", "mine on core.users", "BUILD_0661"),
    ("alter table core.users rename column country to land", "altered", "core.users.land", "BUILD_0661"),
    ("alter table core.email_changes rename to mail_changes", "altered", "core.mail_changes", "BUILD_0670"),
    ("alter table core.email_changes set schema identity", "altered", "identity.email_changes", "BUILD_0670"),
    ("alter function core.is_time_zone rename to is_tz", "altered", "core.is_tz(pg_catalog.text)", "BUILD_0663"),
]  # fmt: skip

LEFT: list[tuple[str, str, str | None]] = [
    ("alter table core.users add column shoe_size int", "foreign", "alter table core.users drop column shoe_size"),
    ("create table core.stray (id int)", "foreign", "drop table core.stray"),
    ("alter table core.users alter column country type text", "altered",
     "alter table core.users alter column country type core.country_code"),
    ("drop table core.email_changes", "missing", None),
]  # fmt: skip


def found(database: Database, blueprint: Blueprint) -> list[Finding]:
    with database.engine() as engine:
        return drift(engine, blueprint)


def put_back(database: Database, blueprint: Blueprint) -> list[Finding]:
    """Repair, and what is left."""
    with database.engine() as engine:
        return repair(engine, blueprint, drift(engine, blueprint))


def catalog_of(database: Database, blueprint: Blueprint) -> Snapshot:
    with database.engine() as engine:
        return snapshot(engine.wire, blueprint)


def test_a_fresh_build_has_no_drift(built: Database, blueprint: Blueprint) -> None:
    assert found(built, blueprint) == []


@pytest.mark.parametrize(("by_hand", "kind", "identity", "task"), REPAIRABLE, ids=[row[0][:40] for row in REPAIRABLE])
def test_a_change_by_hand_is_reported_with_its_task_and_put_back(
    built: Database, blueprint: Blueprint, by_hand: str, kind: str, identity: str, task: str
) -> None:
    before = catalog_of(built, blueprint)
    built.run(by_hand)
    findings = found(built, blueprint)
    assert (kind, identity, task) in [(f.kind, f.identity, f.task) for f in findings]
    assert all(f.target for f in findings)
    assert put_back(built, blueprint) == []
    assert found(built, blueprint) == []
    assert [str(d) for d in differences(before, catalog_of(built, blueprint))] == []


@pytest.mark.parametrize(("by_hand", "kind", "statement"), LEFT)
def test_what_holds_data_is_shown_with_its_statement_and_left_to_the_operator(
    built: Database, blueprint: Blueprint, by_hand: str, kind: str, statement: str | None
) -> None:
    built.run(by_hand)
    findings = found(built, blueprint)
    assert [(f.kind, f.object_type, f.identity) for f in findings] == [(kind, findings[0].object_type, findings[0].identity)]
    assert findings[0].repair.statements == ((statement,) if statement else ())
    assert findings[0].repair.loses_data is bool(statement)
    assert put_back(built, blueprint) == findings
    if statement:
        built.run(statement)
        assert found(built, blueprint) == []


def test_many_changes_at_once_are_put_back_but_for_those_that_hold_data(built: Database, blueprint: Blueprint) -> None:
    for by_hand in [row[0] for row in REPAIRABLE[:5] + REPAIRABLE[7:11]] + [row[0] for row in LEFT[:2]]:
        built.run(by_hand)
    assert len(found(built, blueprint)) >= 8
    assert {f.identity for f in put_back(built, blueprint)} == {"core.users.shoe_size", "core.stray"}


def test_a_repair_that_the_server_refuses_is_left_with_what_it_said(built: Database, blueprint: Blueprint) -> None:
    built.run("alter table core.state_transitions drop constraint state_transitions_from_status_to_status_check")
    built.run("drop index core.users_country_idx")
    built.run("insert into core.state_transitions (machine, from_status, to_status) values ('probe', 'x', 'x')")
    left = put_back(built, blueprint)
    assert [f.identity for f in left] == ["state_transitions_from_status_to_status_check on core.state_transitions"]
    assert "violated by some row" in str(left[0].refused)


def test_powers_of_a_role_are_taken_back_and_logins_left_to_the_operator(built: Database, blueprint: Blueprint) -> None:
    try:
        built.run("alter role hc_anon bypassrls; grant hc_auditor to hc_anon; create role app_0661 login; grant hc_member to app_0661")
        left = put_back(built, blueprint)
        assert [(f.identity, f.repair.asks) for f in left] == [("membership of role app_0661 in role hc_member", True)]
        assert built.ask("select not rolbypassrls from pg_roles where rolname = 'hc_anon'")
        assert built.ask("select not pg_has_role('hc_anon', 'hc_auditor', 'member')")
    finally:
        built.run("alter role hc_anon nobypassrls; revoke hc_auditor from hc_anon; drop role if exists app_0661")


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
