"""The catalog before a deploy: every question of a plan asked in one round trip, every answer a piece of the revert."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from hingecraft.blueprint.invert.lookup import LOOKUPS
from hingecraft.blueprint.invert.names import literal
from hingecraft.blueprint.invert.plan import Exact, NeedsState
from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import psycopg

    from hingecraft.blueprint.invert.plan import Argument, RevertPlan

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_REFUSED = "refused: "


class NotRestorableError(HingecraftError):
    """The state before the deploy is one that no statement brings back."""

    code = "not_restorable"


def resolve(plan: RevertPlan, conn: psycopg.Connection, own: Collection[str] = ()) -> str:
    """Ask for the state before the deploy and put the revert together; the task's `own` objects count as not there."""
    questions = [step for step in plan.needs_state if step.arguments.get("object") not in own]
    answers = iter(ask(questions, conn) if questions else ())
    pieces = []
    for step in plan.steps:
        if isinstance(step, Exact):
            pieces.append(step.sql)
        elif step.arguments.get("object") not in own:
            pieces.append(next(answers) or "")
        elif step.kind.endswith("_replaced"):
            pieces.append(f"drop {step.arguments['object']};")
    return "".join(piece.strip("\n") + "\n" for piece in pieces if piece)


def ask(questions: Sequence[NeedsState], conn: psycopg.Connection) -> list[str | None]:
    """One answer per question, in one round trip; the transaction's own search_path is left as it was."""
    from psycopg.pq import TransactionStatus
    from psycopg.rows import tuple_row

    selected = ",\n".join(f"({question_sql(each)})" for each in questions)
    begin, end = (
        "savepoint hingecraft_state",
        "rollback to savepoint hingecraft_state; release savepoint hingecraft_state",
    )
    if conn.autocommit and conn.info.transaction_status is TransactionStatus.IDLE:
        begin, end = "begin", "rollback"
    sql = f"{begin}; set local search_path = '';\nselect array[{selected}]::text[];\n{end}"
    cursor = conn.cursor(row_factory=tuple_row).execute(sql.encode())
    while cursor.description is None:
        cursor.nextset()
    row = cursor.fetchone()
    answers: list[str | None] = row[0] if row else []
    for answer in answers:
        if answer is not None and answer.startswith(_REFUSED):
            raise NotRestorableError(answer.removeprefix(_REFUSED))
    return answers


def question_sql(question: NeedsState) -> str:
    """The question as one query that returns one text."""
    values = {name: _constant(value) for name, value in question.arguments.items()}
    lookup = LOOKUPS.get(str(question.arguments.get("class")))
    if lookup is not None:
        expressions = {name: text for name, text in vars(lookup).items() if name != "catalog"}
        values |= {name: _fill(text, values) for name, text in expressions.items()} | {"catalog": lookup.catalog}
    return _fill(_file(question.kind), values)


def _fill(template: str, values: dict[str, str]) -> str:
    def place(match: re.Match[str]) -> str:
        name = match[1]
        return values[name] if name in values else _fill(_file(name), values)

    return _PLACEHOLDER.sub(place, template)


@cache
def _file(name: str) -> str:
    text = files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return _COMMENT.sub("", text).strip()


def _constant(value: Argument) -> str:
    if value is None:
        return "null::text"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, str):
        return literal(value)
    return "array[" + ", ".join(literal(each) for each in value) + "]::text[]"
