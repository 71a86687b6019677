"""The Wix columns of the fourteen core tables are the real columns under other names, whatever is written.

Writes go in with triggers and foreign keys at rest, so that nothing stands between a write and what the virtual columns say.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.schema.access.canaries import plant

if TYPE_CHECKING:
    from hingecraft.testdata.pytest_plugin import Clone

WRITES = 1_000
OWNERS = {
    "users": "id", "consents": "user_id", "designs": "owner_id", "assets": "owner_id", "donations": "donor_id", "wallets": "owner_id",
    "transactions": None, "microfactories": "operator_id", "kyc": "user_id", "receipts": "donor_id", "analytics": "user_id",
    "audit_logs": "actor_id", "content": "author_id", "webhooks": "owner_id",
}  # fmt: skip
"""Core table -> the column that says whose row it is; None: the platform's."""

WRONG = """
  select {table}, count(*) filter (where "_id" is distinct from id::text),
    count(*) filter (where "_createdDate" is distinct from {created}),
    count(*) filter (where "_updatedDate" is distinct from {updated}),
    count(*) filter (where "_owner" is distinct from coalesce({owner}::text, 'system')), count(*)
  from core.{name}"""


def columns_of(connection: psycopg.Connection[Any], table: str) -> set[str]:
    rows = connection.execute("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0", (f"core.{table}",))
    return {name for (name,) in rows.fetchall()}


def first_of(columns: set[str], *names: str) -> str:
    return next(name for name in names if name in columns)


@pytest.fixture
def canaries(hingecraft: Clone) -> Clone:
    with hingecraft.connect() as connection:
        plant(connection, [])
    return hingecraft


def test_all_fourteen_carry_the_four_columns_and_nobody_can_write_them(canaries: Clone) -> None:
    with canaries.connect() as connection:
        for table in OWNERS:
            found = connection.execute(
                "select attname, attgenerated from pg_attribute where attrelid = %s::regclass and attname like '\\_%%'", (f"core.{table}",)
            ).fetchall()
            assert {name for name, _ in found} == {"_id", "_createdDate", "_updatedDate", "_owner"}, table
            assert all(kind in (b"v", "v", b"s", "s") for _, kind in found), table


def test_they_equal_the_real_columns_after_a_thousand_random_writes(canaries: Clone) -> None:
    dice = random.Random(1000)
    with canaries.connect() as connection:
        connection.execute("set session_replication_role = replica")
        facts = {table: columns_of(connection, table) for table in OWNERS}
        written = 0
        while written < WRITES:
            written += _write(connection, dice, facts)
        for table, owner in OWNERS.items():
            created = "received_at" if table == "analytics" else first_of(facts[table], "created_at", "occurred_at")
            query = sql.SQL(WRONG).format(
                table=sql.Literal(table), name=sql.Identifier(table), created=sql.Identifier(created),
                updated=sql.Identifier(first_of(facts[table], "updated_at", "occurred_at")),
                owner=sql.Identifier(owner) if owner else sql.SQL("null::uuid"),
            )  # fmt: skip
            row = connection.execute(query).fetchone()
            assert row is not None
            assert row[:5] == (table, 0, 0, 0, 0)
            assert row[5] > 0


def _write(connection: psycopg.Connection[Any], dice: random.Random, facts: dict[str, set[str]]) -> bool:
    """Move one real column of one random row somewhere else; False where a rule of the row forbids it."""
    table = dice.choice(list(OWNERS))
    owner = OWNERS[table]
    moment = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(20 * 86_400))
    choices: list[tuple[str, Any]] = [("updated_at", moment)] if "updated_at" in facts[table] else []
    if owner not in (None, "id"):
        choices.append((str(owner), uuid4()))
    if not choices:
        choices = [("session_key" if "session_key" in facts[table] else "reason", str(moment))] if table != "transactions" else []
    if not choices:
        return False
    column, value = dice.choice(choices)
    statement = sql.SQL("update core.{} set {} = %s where id = (select id from core.{} order by md5(id::text || %s) limit 1)")
    filled = statement.format(sql.Identifier(table), sql.Identifier(column), sql.Identifier(table))
    try:
        return connection.execute(filled, (value, str(dice.random()))).rowcount == 1
    except psycopg.errors.CheckViolation:
        return False
