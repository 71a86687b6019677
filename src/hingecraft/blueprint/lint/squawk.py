"""squawk over the deploy SQL, without what cannot hold here: it does not know the engine, nor which tables are new."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.names import relation_name
from hingecraft.blueprint.lint.finding import Finding
from hingecraft.blueprint.syntax import statements, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hingecraft.blueprint.task import Task

NEVER = {
    "prefer-robust-stmts": "a task runs once, in one transaction: `if not exists` would hide what it made",
    "require-lock-timeout": "the engine sets lock_timeout for every task and tries again",
    "require-statement-timeout": "the engine sets statement_timeout for every task",
    "require-timeout-settings": "the engine sets both",
    "prefer-bigint-over-int": "keys are uuids; what is an int here is a small count, guarded by a check",
    "prefer-bigint-over-smallint": "keys are uuids; what is a smallint here is a small count, guarded by a check",
    "ban-create-domain-with-constraint": "the shared domains of core are the house's vocabulary",
}
"""Rules that are excluded, each with the reason."""

ON_FILLED_TABLES = {
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-not-nullable-field",
    "adding-required-field",
    "adding-serial-primary-key-field",
    "ban-drop-not-null",
    "changing-column-type",
    "constraint-missing-not-valid",
    "disallowed-unique-constraint",
    "renaming-column",
    "renaming-table",
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
}
"""Rules about rows and readers that a table of the same build does not have yet."""


def is_squawk(rule: str) -> bool:
    """Whether a waiver means squawk: its rules are waived as squawk-<rule>."""
    return rule.startswith("squawk-")


def squawked(tasks: Sequence[Task], new_tables: set[str]) -> list[Finding]:
    """What squawk finds, at the lines of the blocks; nothing where squawk is not installed."""
    program = _program()
    if program is None:
        return []
    by_file = {f"{task.id}.sql": task for task in tasks if task.deploy}
    with tempfile.TemporaryDirectory(prefix="hingecraft-squawk-") as folder:
        plain = [name for name, task in by_file.items() if "no-transaction" not in task.flags]
        alone = [name for name in by_file if name not in plain]
        for name, task in by_file.items():
            Path(folder, name).write_text(task.deploy + "\n", encoding="utf-8")
        raw = _run(program, folder, plain, "--assume-in-transaction") + _run(program, folder, alone)
    return list(_findings(raw, by_file, new_tables))


def _program() -> str | None:
    beside = Path(sys.executable).with_name("squawk")
    return str(beside) if beside.exists() else shutil.which("squawk")


def _run(program: str, folder: str, names: Sequence[str], *options: str) -> list[dict[str, Any]]:
    if not names:
        return []
    excluded = [f"--exclude={','.join(NEVER)}"]
    command = [program, "--reporter=json", "--pg-version=18.0", *excluded, *options, *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return found


def _findings(raw: list[dict[str, Any]], by_file: dict[str, Task], new_tables: set[str]) -> Iterator[Finding]:
    for each in raw:
        task = by_file[Path(each["file"]).name]
        rule = each["rule_name"]
        if rule in ON_FILLED_TABLES and _tables_at(task.deploy, each["line"]) <= new_tables:
            continue
        line = task.deploy_line + each["line"]
        yield Finding(f"squawk-{rule}", "error", task.id, task.file, line, each["message"], each.get("help"))


def _tables_at(sql: str, line: int) -> set[str]:
    """The tables that the statement around a line (from 0) changes."""
    around = [statement for statement in statements(sql) if statement.line - 1 <= line]
    relation = getattr(around[-1].node, "relation", None) if around else None
    if relation is None and around:
        return {".".join(relation_name(each)) for each in walk(around[-1].node) if type(each).__name__ == "RangeVar"}
    return {".".join(relation_name(relation))} if relation is not None else set()
