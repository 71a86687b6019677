"""Grants go no further than the model: no secret column is read, nothing is written but what a form lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .cast import roles_of
from .conftest import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hingecraft.testdata.pytest_plugin import Clone

    from .canaries import Canaries, Shape
    from .rules import Form, Table

LEAVES = Path(__file__).with_name("leaves.sql").read_text(encoding="utf-8")

IDLE = {"core.kyc"}
"""Tables that roles may ask (for the status of an id, by function) and get no row of."""


def test_secret_columns_are_read_by_nobody_and_others_by_whom_they_are_meant_for(canaries: Canaries, model: Mapping[str, Table]) -> None:
    read = [
        f"{role} reads {name}.{column}"
        for name, table in model.items()
        for role in ROLES
        for column in sorted(canaries.shapes[name].may(role, "select"))
        if table.hides(column, roles_of(role))
    ]
    assert read == []


def test_hidden_columns_exist(canaries: Canaries, model: Mapping[str, Table]) -> None:
    hidden = [(name, column) for name, table in model.items() for column in (*table.secret, *table.withheld)]
    assert [f"{name}.{column}" for name, column in hidden if column not in canaries.shapes[name].columns] == []


def test_who_reads_anything_of_a_table_has_rows_there_and_may_read_its_key(canaries: Canaries, model: Mapping[str, Table]) -> None:
    found = [
        f"{role} on {name}"
        for name, shape in canaries.shapes.items()
        for role in ROLES
        if (read := shape.may(role, "select"))
        and (not read.issuperset(shape.key) or (name not in IDLE and not _is_meant(model[name], roles_of(role))))
    ]
    assert found == []


def _is_meant(table: Table, roles: frozenset[str]) -> bool:
    return any("hc_anon" in rule.roles or not rule.roles.isdisjoint(roles) for rule in table.reads)


def test_only_what_a_form_lists_is_written(canaries: Canaries, model: Mapping[str, Table]) -> None:
    assert [wrong for name, shape in canaries.shapes.items() for role in ROLES for wrong in _wrong(shape, model[name], role)] == []


def test_partitions_are_read_and_written_through_their_parents_alone(clone: Clone) -> None:
    with clone.connect() as connection:
        assert connection.execute(LEAVES.encode(), {"roles": ROLES}).fetchall() == []


def _wrong(shape: Shape, table: Table, role: str) -> Iterator[str]:
    roles = roles_of(role)
    forms: dict[str, Sequence[Form]] = {"insert": table.adds, "update": table.edits}
    for verb, written in forms.items():
        listed = {column for form in written if not form.rule.roles.isdisjoint(roles) for column in form.columns}
        for column in sorted(shape.may(role, verb) ^ listed):
            yield f"{role} {'may' if column not in listed else 'may not'} {verb} {shape.name}.{column}"
    if bool(shape.may(role, "delete")) != any(not rule.roles.isdisjoint(roles) for rule in table.drops):
        yield f"{role} delete {shape.name}"
    if shape.may(role, "other"):
        yield f"{role} truncates, references, triggers or maintains {shape.name}"
