"""What an actor tries on a table, and what the model expects of it: reading, changing, removing and adding each canary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .canaries import Canaries, Shape, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rules import Asking, Form, Row, Table


@dataclass(frozen=True)
class Attempt:
    """A statement, the canaries it is about, and those of them it should and may meet."""

    table: str
    verb: str
    template: str
    """The statement; {keys} stands for the canaries it is about."""
    keys: tuple[str, ...]
    required: frozenset[str]
    allowed: frozenset[str]
    with_triggers: bool = False
    is_blind: bool = False
    """Written without reading, so that only the policies of the verb hold; it says how many rows it met, not which."""

    @property
    def sql(self) -> str:
        return self.template.replace("{keys}", ", ".join(map(literal, self.keys)))

    @property
    def is_batch(self) -> bool:
        return self.template.startswith(("select", "with"))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _in(shape: Shape) -> str:
    return f"{shape.key_sql} in ({{keys}})"


def _batch(shape: Shape, statement: str) -> str:
    return f"with met as ({statement} returning {shape.key_sql} as key) select array_agg(key) from met"


def attempts(canaries: Canaries, shape: Shape, table: Table, asking: Asking) -> Iterator[Attempt]:
    """Everything one actor tries on one table."""
    rows = canaries.rows[shape.name]
    if not rows:
        return
    keys = tuple(rows)
    read = frozenset(key for key in keys if table.read_by(rows[key], asking))
    shown = read | {key for key in keys if table.open_to_all(rows[key], asking)}
    yield Attempt(shape.name, "select", f"select array_agg({shape.key_sql}) from {shape.name} where {_in(shape)}", keys, read, shown)
    yield from _edits(shape, table, asking, rows, read)
    dropped = frozenset(key for key in keys if any(rule.means(rows[key], asking) for rule in table.drops))
    sql = f"delete from {shape.name}"
    yield Attempt(shape.name, "delete", _batch(shape, f"{sql} where {_in(shape)}"), keys, dropped & read, dropped & read)
    yield Attempt(shape.name, "delete", sql, keys, frozenset(), dropped, is_blind=True)
    yield from _adds(shape, table, asking, rows)


def _forms(forms: tuple[Form, ...], asking: Asking) -> list[Form]:
    return [form for form in forms if not form.rule.roles.isdisjoint(asking.actor.roles)]


def _edits(shape: Shape, table: Table, asking: Asking, rows: dict[str, Row], read: frozenset[str]) -> Iterator[Attempt]:
    keys = tuple(rows)
    forms = _forms(tuple(table.edits), asking)
    for column in [form.columns[0] for form in forms] or [shape.columns[0]]:
        fitting = [form for form in forms if column in form.columns]
        edited = frozenset(key for key in read if any(_edit(form, rows[key], rows[key], asking) for form in fitting))
        sql = f"update {shape.name} set {quoted(column)} = {quoted(column)} where {_in(shape)}"
        yield Attempt(shape.name, "update", _batch(shape, sql), keys, edited, edited)
    for form in forms:
        met = frozenset(key for key in keys if form.rule.means(rows[key], asking))
        value = _value(shape, next(iter(rows.values())), form.columns[-1])
        sql = f"update {shape.name} set {quoted(form.columns[-1])} = {value}"
        yield Attempt(shape.name, "update", sql, keys, frozenset(), met, is_blind=True)
        for column in form.columns:
            yield from _values(shape, table, form, column, asking, rows, read)


def _values(
    shape: Shape, table: Table, form: Form, column: str, asking: Asking, rows: dict[str, Row], read: frozenset[str]
) -> Iterator[Attempt]:
    """A column changed to what another canary has there, which may take the row out of the hands of its owner."""
    for key, row in rows.items():
        other = next((other[column] for other in rows.values() if other[column] != row[column]), None)
        if other is None:
            continue
        after = {**row, column: other}
        may = key in read and _edit(form, row, after, asking) and table.read_by(after, asking)
        met = frozenset({key} if may else ())
        sql = f"update {shape.name} set {quoted(column)} = {_value(shape, after, column)} where {_in(shape)}"
        yield Attempt(shape.name, f"update {column}", sql, (key,), met, met)


def _edit(form: Form, before: Row, after: Row, asking: Asking) -> bool:
    return form.rule.means(before, asking) and form.accepts(after, asking)


def _value(shape: Shape, row: Row, column: str) -> str:
    return f"(jsonb_populate_record(null::{shape.name}, {literal(json.dumps({column: row[column]}))})).{quoted(column)}"


def _adds(shape: Shape, table: Table, asking: Asking, rows: dict[str, Row]) -> Iterator[Attempt]:
    """A copy of each canary; with its old key, as a key that is taken is refused after the policies have let it pass."""
    forms = _forms(tuple(table.adds), asking)
    for key, row in rows.items():
        insert = partial(_insert, shape, key, row)
        if not forms:
            yield insert(shape.columns, may=False)
        for form in forms:
            new = {column: row[column] for column in form.columns} | dict.fromkeys(form.fills, asking.me)
            yield insert(form.columns, may=form.rule.means(new, asking), with_triggers=form.by_trigger)


def _insert(shape: Shape, key: str, row: Row, columns: tuple[str, ...], *, may: bool, with_triggers: bool = False) -> Attempt:
    names = ", ".join(map(quoted, columns))
    values = literal(json.dumps({column: row[column] for column in columns}))
    sql = f"insert into {shape.name} ({names}) select {names} from jsonb_populate_record(null::{shape.name}, {values})"
    met = frozenset({key} if may else ())
    return Attempt(shape.name, "insert", sql, (key,), met, met, with_triggers)
