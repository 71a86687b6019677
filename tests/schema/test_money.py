"""Money and quantities under random business: the database and an independent model in Python agree after thousands of steps.

Each example is one history, played in one transaction that is rolled back. After every step the deferred checks are made;
at the end the balances, numbers and invariant queries of the database are held against the model.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.testdata.pytest_plugin import Clone

STEPS = 60
ACCOUNTS = ("assets.cash.bank", "assets.cash.processor", "income.other", "liabilities.payable", "expense.administration")
ONE_DATABASE = settings(
    max_examples=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Every example rolls back, so all of them may share the test's database; about 500 steps a property, ten thousand in the drill."""

cents = st.integers(1, 500_000).map(lambda n: Decimal(n) / 100)


@contextmanager
def history(database: Clone) -> Iterator[psycopg.Connection[Any]]:
    """A transaction as the owner of the tables, with a person of finance behind it; nothing of it stays."""
    with database.connect(autocommit=False) as connection:
        connection.execute("set local role hc_owner")
        connection.execute("select core.act_as('00000000-0000-7000-8000-0000000f1a4c', 'hc_finance')")
        yield connection
        connection.rollback()


def attempt(connection: psycopg.Connection[Any], sql: str, *values: Any) -> Any:
    """The one value of a statement with its deferred checks, or the SQLSTATE that refused it; a refusal leaves nothing."""
    try:
        with connection.transaction():
            cursor = connection.execute(sql.encode(), values)
            row = cursor.fetchone() if cursor.description else None
            connection.execute("set constraints all immediate")
        return row[0] if row else None
    except psycopg.Error as error:
        if error.sqlstate is None or (error.sqlstate.startswith("42") and error.sqlstate != "42501"):
            raise  # the test itself is wrong
        return Refused(error.sqlstate)
    finally:
        connection.execute("set constraints all deferred")


@dataclass(frozen=True)
class Refused:
    """What a statement ran into."""

    sqlstate: str


# The ledger: entries balance or are not made, a source is posted once, what is posted never changes, numbers have no gap.


@dataclass
class Ledger:
    """What the books must say."""

    posted: dict[int, tuple[str, list[tuple[str, Decimal]]]] = field(default_factory=dict)
    reversed: set[int] = field(default_factory=set)
    entries: int = 0

    @property
    def balances(self) -> dict[str, Decimal]:
        total: dict[str, Decimal] = defaultdict(Decimal)
        for source, (_, lines) in self.posted.items():
            for account, amount in lines if source not in self.reversed else []:
                total[account] += amount
        return {account: amount for account, amount in total.items() if amount}


line = st.tuples(st.sampled_from(ACCOUNTS), cents)
posting = st.tuples(
    st.just("post"), st.integers(0, 9), st.lists(line, min_size=1, max_size=3), st.sampled_from(ACCOUNTS), st.sampled_from([0, 0, 0, 1])
)
reversing = st.tuples(st.just("reverse"), st.integers(0, 9))
tampering = st.tuples(
    st.just("tamper"),
    st.sampled_from(
        [
            "update treasury.postings set amount_usd = amount_usd + 1",
            "delete from treasury.postings",
            "update treasury.entries set description = 'x'",
            "delete from treasury.entries",
            "truncate treasury.postings",
        ]
    ),
)


@ONE_DATABASE
@given(steps=st.lists(st.one_of(posting, posting, reversing, tampering), min_size=STEPS // 2, max_size=STEPS))
def test_the_ledger_balances_and_keeps_what_was_posted(hingecraft: Clone, steps: list[tuple[Any, ...]]) -> None:
    model = Ledger()
    with history(hingecraft) as connection:
        before = attempt(connection, "select count(*) from treasury.entries")
        for step in steps:
            match step:
                case ("post", source, debits, credit, off_by):
                    post(connection, model, source, debits, credit, off_by)
                case ("reverse", source):
                    reverse(connection, model, source)
                case ("tamper", sql):
                    if model.entries:
                        assert attempt(connection, sql) in (Refused("55006"), Refused("42501"))
        check_ledger(connection, model, before)


def post(
    connection: psycopg.Connection[Any], model: Ledger, source: int, debits: list[tuple[str, Decimal]], credit: str, off_by: int
) -> None:
    lines = [*debits, (credit, Decimal(off_by) / 100 - sum(amount for _, amount in debits))]
    if any(not amount for _, amount in lines):
        return
    asked = Jsonb(
        [
            {"account": account, "currency": "USD", "amount": str(amount), "amount_usd": str(amount), "fund": "general"}
            for account, amount in lines
        ]
    )
    number = attempt(
        connection, "select treasury.post_entry('adjustment', 'property', %s, (now() at time zone 'UTC')::date, %s)", str(source), asked
    )
    if source in model.posted:
        known, before = model.posted[source]
        assert number == (known if lines == before else Refused("23505"))
    elif off_by:
        assert number == Refused("23514")
    else:
        assert isinstance(number, str), number
        model.posted[source] = (number, lines)
        model.entries += 1


def reverse(connection: psycopg.Connection[Any], model: Ledger, source: int) -> None:
    number = model.posted[source][0] if source in model.posted else "JE-1970-000001"
    outcome = attempt(connection, "select treasury.reverse_entry(%s, (now() at time zone 'UTC')::date, 'a mistake')", number)
    if source not in model.posted:
        assert outcome == Refused("22023")
    elif source in model.reversed:
        assert outcome == Refused("55000")
    else:
        assert isinstance(outcome, str), outcome
        model.reversed.add(source)
        model.entries += 1


def check_ledger(connection: psycopg.Connection[Any], model: Ledger, before: int) -> None:
    found = connection.execute(
        "select a.code, sum(p.amount_usd) from treasury.postings p join treasury.accounts a on a.id = p.account_id "
        "join treasury.entries e on e.id = p.entry_id where e.source_kind in ('property', 'entry') "
        "group by a.code having sum(p.amount_usd) <> 0"
    ).fetchall()
    assert dict(found) == model.balances
    assert attempt(connection, "select count(*) from treasury.entries") == before + model.entries
    for invariant in (
        "select count(*) from treasury.verify_chain()",
        "select count(*) from core.number_gaps('entry')",
        "select count(*) from (select entry_id from treasury.postings group by entry_id, currency having sum(amount) <> 0) t",
        "select count(*) from (select entry_id from treasury.postings group by entry_id having sum(amount_usd) <> 0) t",
    ):
        assert attempt(connection, invariant) == 0, invariant


# Stock: a lot holds what its movements add up to, never less than nothing, and never less than is reserved.

MOVE = "insert into production.stock_movements (lot_id, kind, quantity) values (%s, %s, %s) returning quantity"

quantity = st.integers(1, 40).map(Decimal)
moving = st.tuples(st.sampled_from(["receipt", "return", "issue", "scrap"]), st.integers(0, 2), quantity)
counting = st.tuples(st.just("count"), st.integers(0, 2), st.integers(0, 60).map(Decimal))
reserving = st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(0, 30).map(Decimal))
forging = st.tuples(st.just("forge"), st.integers(0, 2), quantity)


@ONE_DATABASE
@given(steps=st.lists(st.one_of(moving, moving, moving, counting, reserving, forging), min_size=STEPS // 2, max_size=STEPS))
def test_stock_is_the_sum_of_its_movements_and_never_negative(hingecraft: Clone, steps: list[tuple[str, int, Decimal]]) -> None:
    on_hand, reserved = [Decimal(0)] * 3, [Decimal(0)] * 3
    with history(hingecraft) as connection:
        lots = stock(connection)
        for what, n, amount in steps:
            lot = lots[n]
            if what in ("receipt", "return", "issue", "scrap"):
                signed = amount if what in ("receipt", "return") else -amount
                outcome = attempt(connection, MOVE, lot, what, signed)
                if on_hand[n] + signed >= reserved[n]:
                    assert outcome == signed
                    on_hand[n] += signed
                else:
                    assert outcome == Refused("23514")
            elif what == "count":
                assert attempt(connection, "select production.cycle_count(%s, %s, 'counted')", lot, amount) == amount - on_hand[n]
                on_hand[n], reserved[n] = amount, min(reserved[n], amount)
            elif what == "reserve":
                outcome = attempt(
                    connection,
                    "update production.stock_lots set quantity_reserved = %s where id = %s returning quantity_reserved",
                    amount,
                    lot,
                )
                assert outcome == (amount if amount <= on_hand[n] else Refused("23514"))
                reserved[n] = amount if amount <= on_hand[n] else reserved[n]
            else:
                forged = "update production.stock_lots set quantity_on_hand = quantity_on_hand + %s where id = %s returning 1"
                assert attempt(connection, forged, amount, lot) == Refused("55006")
        found = connection.execute(
            "select l.id, l.quantity_on_hand, l.quantity_reserved, coalesce(sum(m.quantity), 0) from production.stock_lots l "
            "left join production.stock_movements m on m.lot_id = l.id where l.id = any (%s) group by l.id",
            (lots,),
        ).fetchall()
        assert {i: (hand, held, moved) for i, hand, held, moved in found} == {
            i: (on_hand[n], reserved[n], on_hand[n]) for n, i in enumerate(lots)
        }


def stock(connection: psycopg.Connection[Any]) -> list[Any]:
    """Three empty lots of one material on one floor, whose operator is acting."""
    person = "00000000-0000-7000-8000-0000000f1a4d"
    connection.execute("insert into core.users (id, handle, email, status) values (%s, 'floor', 'floor@example.org', 'active')", (person,))
    works = "insert into core.microfactories (operator_id, slug, name) values (%s, 'property', 'Works') returning id"
    factory = made(connection, works, person)
    material = made(connection, "insert into production.materials (sku, name) values ('PROPERTY', 'Wire') returning id")
    connection.execute("select core.act_as(%s)", (person,))
    lot = "insert into production.stock_lots (microfactory_id, material_id, lot_code) values (%s, %s, %s) returning id"
    return [made(connection, lot, factory, material, f"L-{n}") for n in range(3)]


def made(connection: psycopg.Connection[Any], sql: str, *values: Any) -> Any:
    """The id of a row that has no business being refused."""
    row = connection.execute(sql.encode(), values).fetchone()
    assert row
    return row[0]


# Donations: gifts of one donor are judged together, confirmed money stays, refunds never exceed the gift, all of it is in the books.

GATE = Decimal(3000)
giving = st.tuples(st.just("give"), st.integers(0, 2), st.integers(100, 120_000).map(lambda n: Decimal(n) / 100))
refunding = st.tuples(st.just("refund"), st.integers(0, 30), st.integers(1, 60_000).map(lambda n: Decimal(n) / 100))
editing = st.tuples(st.just("edit"), st.integers(0, 30), cents)


@dataclass
class Gift:
    """A donation as it must stand."""

    id: Any
    donor: int
    amount: Decimal
    status: str
    refunded: Decimal = Decimal(0)


@ONE_DATABASE
@given(steps=st.lists(st.one_of(giving, giving, refunding, editing), min_size=STEPS // 3, max_size=STEPS // 2))
def test_gifts_are_judged_together_and_every_cent_is_in_the_books(hingecraft: Clone, steps: list[tuple[str, int, Decimal]]) -> None:
    gifts: list[Gift] = []
    with history(hingecraft) as connection:
        for n in range(3):
            connection.execute(
                "insert into core.users (id, handle, email, status) values (%s, %s, %s, 'active')",
                (f"00000000-0000-7000-8000-0000000f1a5{n}", f"donor-{n}", f"donor-{n}@example.org"),
            )
        for what, n, amount in steps:
            if what == "give":
                gifts.append(give(connection, gifts, n, amount))
            elif n < len(gifts):
                (refund if what == "refund" else edit)(connection, gifts[n], amount)
        check_gifts(connection, gifts)


def give(connection: psycopg.Connection[Any], gifts: list[Gift], donor: int, amount: Decimal) -> Gift:
    person = f"00000000-0000-7000-8000-0000000f1a5{donor}"
    gift = attempt(
        connection,
        "insert into core.donations (donor_id, chain, currency, amount_usd) values (%s, 'fiat', 'USD', %s) returning id",
        person,
        amount,
    )
    given_before = sum((g.amount - g.refunded for g in gifts if g.donor == donor and g.status in ("confirmed", "kyc_required")), Decimal(0))
    expected = "kyc_required" if given_before + amount >= GATE else "confirmed"
    decision = attempt(connection, "select core.confirm_donation(%s)", gift)
    assert decision["status"] == expected
    again = attempt(connection, "select core.confirm_donation(%s)", gift)
    assert again["status"] == expected
    return Gift(gift, donor, amount, expected)


def refund(connection: psycopg.Connection[Any], gift: Gift, amount: Decimal) -> None:
    outcome = attempt(connection, "select core.refund_donation(%s, %s, 'asked for it', 'card-4242')", gift.id, amount)
    if gift.status != "confirmed":
        assert outcome == Refused("55000")
    elif gift.refunded + amount > gift.amount:
        assert outcome == Refused("22023")
    else:
        assert not isinstance(outcome, Refused), outcome
        gift.refunded += amount
        gift.status = "refunded" if gift.refunded == gift.amount else "confirmed"


def edit(connection: psycopg.Connection[Any], gift: Gift, amount: Decimal) -> None:
    outcome = attempt(
        connection, "update core.donations set amount_usd = %s where id = %s and amount_usd <> %s returning id", amount, gift.id, amount
    )
    if gift.status in ("confirmed", "refunded") and amount != gift.amount:
        assert isinstance(outcome, Refused)
    elif not isinstance(outcome, Refused) and outcome is not None:
        gift.amount = amount


def check_gifts(connection: psycopg.Connection[Any], gifts: list[Gift]) -> None:
    rows = connection.execute(
        "select id, status, amount_usd, refunded_usd from core.donations where id = any (%s)", ([g.id for g in gifts],)
    )
    assert {i: (status, amount, refunded) for i, status, amount, refunded in rows.fetchall()} == {
        g.id: (g.status, g.amount, g.refunded) for g in gifts
    }
    kept = sum((g.amount - g.refunded for g in gifts if g.status in ("confirmed", "refunded")), Decimal(0))
    booked = attempt(
        connection,
        "select coalesce(sum(p.amount_usd), 0) from treasury.postings p join treasury.accounts a on a.id = p.account_id "
        "join treasury.entries e on e.id = p.entry_id where a.code like 'assets.%%' and e.kind in ('donation', 'refund', 'fee')",
    )
    assert booked == kept
    cases = attempt(connection, "select count(*) from core.kyc k where k.status not in ('approved', 'rejected', 'expired', 'cancelled')")
    assert cases == len({g.donor for g in gifts if g.status == "kyc_required"})
    for invariant in (
        "select count(*) from treasury.unposted_donations()",
        "select count(*) from core.negative_wallets()",
        "select count(*) from treasury.verify_chain()",
        "select count(*) from core.donations where refunded_usd > amount_usd",
    ):
        assert attempt(connection, invariant) == 0, invariant


@pytest.mark.drill
def test_ten_thousand_steps_of_each(hingecraft: Clone) -> None:
    """The same three properties, twenty times as long."""
    longer = settings(ONE_DATABASE, max_examples=250)
    for test in (
        test_the_ledger_balances_and_keeps_what_was_posted,
        test_stock_is_the_sum_of_its_movements_and_never_negative,
        test_gifts_are_judged_together_and_every_cent_is_in_the_books,
    ):
        longer(test)(hingecraft=hingecraft)
