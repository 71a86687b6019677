"""The build as one plain SQL file that psql alone can apply."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from psycopg.sql import quote

from hingecraft import __version__
from hingecraft.blueprint.engine import OWNER
from hingecraft.blueprint.task import LEDGER_TASKS, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def export(tasks: Iterable[Task], *, verify: bool = False) -> Iterator[str]:
    """The deploys in order, each in its own transaction and role; with `verify` followed by its verify, rolled back.

    psql stops at a statement that raises; that a verify's query returned false only the engine can judge.
    """
    yield f"-- HingeCraft Database {__version__}: apply with psql -X -v ON_ERROR_STOP=1 -f FILE\n"
    yield "set search_path = '';\nset client_min_messages = warning;\n"
    for task in tasks:
        if task.step:
            yield f"\n\\echo {task.id} is a Python step ({task.step}): it needs the engine\n"
            continue
        yield f"\n-- {task.id} {task.title} ({task.target})\n"
        yield from _statements(task, verify)


def _statements(task: Task, verify: bool) -> Iterator[str]:
    role = "" if task.superuser or task.id == LEDGER_TASKS[0] else f"set {'local ' if task.transactional else ''}role {OWNER};\n"
    if task.transactional:
        yield "begin;\n"
    yield f"{role}{task.deploy}\n"
    if verify and task.transactional:
        yield f"savepoint verify;\n{_known(task)}{task.verify}\nrollback to savepoint verify;\n"
    yield "commit;\n" if task.transactional else "reset role;\n"


def _known(task: Task) -> str:
    """What the engine's registration does for a verify: the ledger knows the task."""
    if task.id == LEDGER_TASKS[0]:
        return ""
    values = (task.id, task.component, task.category, task.action, task.title, json.dumps({"behaviour": task.does, "verify": task.proves}))
    return (
        "insert into blueprint.tasks (id, component, category, action, title, details) "
        f"values ({', '.join(map(quote, values))}) on conflict (id) do nothing;\n"
    )
