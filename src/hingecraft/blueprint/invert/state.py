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
    from collections.abc import Sequence

    import psycopg

    from hingecraft.blueprint.invert.plan import Argument, RevertPlan

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_REFUSED = "refused: "


class NotRestorableError(HingecraftError):
    """The state before the deploy is one that no statement brings back."""

    code = "not_restorable"


def resolve(plan: RevertPlan, conn: psycopg.Connection) -> str:
    """Ask for the state before the deploy and put the revert together."""
    answers = iter(ask(plan.needs_state, conn) if plan.needs_state else ())
    pieces = [step.sql if isinstance(step, Exact) else next(answers) for step in plan.steps]
    return "".join(piece.strip("\n") + "\n" for piece in pieces if piece)


def ask(questions: Sequence[NeedsState], conn: psycopg.Connection) -> list[str | None]:
    """One answer per question, in one round trip; the transaction's own search_path is left as it was."""
    selected = ",\n".join(f"({question_sql(each)})" for each in questions)
    sql = (
        "savepoint hingecraft_state; set local search_path = '';\n"
        f"select array[{selected}]::text[];\n"
        "rollback to savepoint hingecraft_state; release savepoint hingecraft_state"
    )
    cursor = conn.execute(sql.encode())
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
