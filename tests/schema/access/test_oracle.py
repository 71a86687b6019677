"""The oracle can fail: a policy that is opened, a check that is dropped and a grant that is withdrawn are told by their table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .cast import CAST
from .oracle import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from hingecraft.testdata.pytest_plugin import Clone

    from .canaries import Canaries
    from .rules import Table

POLICIES = Path(__file__).with_name("policies.sql").read_text(encoding="utf-8")

SEEDED = {
    ("core.users", "users_own_select"): "select",
    ("community.messages", "messages_club_select"): "select",
    ("production.orders", "orders_select"): "select",
    ("learning.attempts", "attempts_own_select"): "select",
    ("design.listings", "listings_own_update"): "update",
    ("identity.group_members", "group_members_managed_delete"): "delete",
    ("production.machines", "machines_floor_update"): "update",
    ("design.collaborators", "collaborators_insert"): "insert",
}
"""Policies, and the verb that leaks when each is opened."""

SAME = {("core.content", "content_own_insert"): "the author is filled in by a trigger, the status has no grant"}
"""Policies that say again what something else holds as well."""


def leaks(clone: Clone, canaries: Canaries, model: Mapping[str, Table], policy: tuple[str, str]) -> set[str]:
    """The verbs by which a table leaks when a policy of it is open to all rows."""
    with clone.connect() as connection:
        opening, restoring = policies(connection)[policy]
        connection.execute(opening.encode())
        try:
            return {leak.verb.split()[0] for leak in judge(clone, canaries, model, CAST, {policy[0]}).leaks}
        finally:
            connection.execute(restoring.encode())


def policies(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """The statements that open and restore each policy, by table and name."""
    found = connection.execute(POLICIES.encode()).fetchall()
    return {(table, policy): (opening, restoring) for table, policy, _, opening, restoring in found}


@pytest.mark.parametrize("policy", SEEDED, ids=lambda policy: policy[1])
def test_a_policy_that_is_opened_leaks(clone: Clone, canaries: Canaries, model: Mapping[str, Table], policy: tuple[str, str]) -> None:
    assert SEEDED[policy] in leaks(clone, canaries, model, policy)


def test_a_right_that_is_withdrawn_is_missed(clone: Clone, canaries: Canaries, model: Mapping[str, Table]) -> None:
    clone.run("revoke select on identity.groups from hc_member")
    try:
        verdict = judge(clone, canaries, model, CAST, {"identity.groups"})
    finally:
        clone.run("grant select on identity.groups to hc_member")
    assert verdict.leaks == []
    assert {difference.kind for difference in verdict.differences} == {"refusal"}


@pytest.mark.drill
def test_every_policy_that_is_opened_leaks(clone: Clone, canaries: Canaries, model: Mapping[str, Table]) -> None:
    with clone.connect() as connection:
        found = policies(connection)
    assert len(found) >= 100
    assert [policy for policy in found if policy not in SAME and not leaks(clone, canaries, model, policy)] == []
