"""The ledger: schema `blueprint`, built by the first tasks, where the database itself records what was done to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from psycopg.sql import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hingecraft.blueprint.analysis import Analyst
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.task import Task
    from hingecraft.blueprint.wire import Result, Wire

EXISTS = "select to_regclass('blueprint.tasks') is not null"
_REGISTER = (files(__package__) / "register.sql").read_text()


@dataclass(frozen=True)
class Entry:
    """How a task stands in the database: digests are of what was applied, as hexadecimal text."""

    status: str
    deploy_sha256: str | None
    verify_sha256: str | None
    reason: str | None = None

    @property
    def applied(self) -> bool:
        return self.status == "applied"


class Ledger:
    """Reads and writes the ledger over a wire. Statements for a task are returned as text, to travel with its commit."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def exists(self) -> bool:
        return self._rows(EXISTS)[0][0] == "t"

    def entries(self) -> dict[str, Entry]:
        """Every registered task; empty when there is no ledger."""
        if not self.exists():
            return {}
        sql = "select id, status, encode(deploy_sha256, 'hex'), encode(verify_sha256, 'hex'), reason from blueprint.tasks"
        return {str(row[0]): Entry(str(row[1]), row[2], row[3], row[4]) for row in self._rows(sql)}

    def applied_order(self) -> list[str]:
        """Applied tasks, oldest first."""
        sql = "select id from blueprint.tasks where status = 'applied' order by applied_at, seq"
        return [str(row[0]) for row in self._rows(sql)] if self.exists() else []

    def scripts(self, task_id: str) -> tuple[str, str]:
        """Deploy and revert as recorded when the task was applied."""
        sql = f"select coalesce(deploy_sql, ''), coalesce(revert_sql, '') from blueprint.tasks where id = {quote(task_id)}"
        row = self._rows(sql)[0]
        return str(row[0]), str(row[1])

    def register(self, blueprint: Blueprint, analyst: Analyst) -> str:
        """The statements that make the ledger know every task of the blueprint and what it needs."""
        ready = {task.id for task in blueprint.order}
        tasks = [
            {
                "id": task.id,
                "component": task.component,
                "category": task.category,
                "action": task.action,
                "title": task.title,
                "seq": seq,
                "status": "written" if task.id in ready else "pending",
                "needs": task.needs,
                "details": {
                    "behaviour": task.does,
                    "verify": task.proves,
                    "file": task.file,
                    "line": task.line,
                    "produces": analyst.produces(task) if task.id in ready else [],
                },
            }
            for seq, task in enumerate((blueprint.tasks[i] for i in blueprint.graph.order), start=1)
        ]
        return _REGISTER.replace(":tasks", quote(json.dumps(tasks)) + "::jsonb")

    @staticmethod
    def run_begins(run: str, kind: str, options: dict[str, Any], git_commit: str | None, pid: int) -> str:
        """Close what a dead run left open (we hold the lock, so nobody else is running) and open this one.

        `pid` is the session that keeps the lock: the run lives as long as it does.
        """
        return (
            "update blueprint.runs set status = 'aborted', finished_at = clock_timestamp() where status = 'running';"
            "insert into blueprint.runs (id, kind, status, git_commit, options, backend_pid, lock_key) values "
            f"({quote(run)}, {quote(kind)}, 'running', {quote(git_commit)}, {quote(json.dumps(options))}, {pid}, "
            "hashtextextended('hingecraft blueprint', 0))"
        )

    @staticmethod
    def run_ends(run: str, status: str) -> str:
        return f"update blueprint.runs set status = {quote(status)}, finished_at = clock_timestamp() where id = {quote(run)}"

    @staticmethod
    def applied(task: Task, run: str, revert_sql: str, attempt: int = 1) -> str:
        """What a task's own transaction says of it. It starts when its transaction did (now()) and ends here."""
        return (
            "update blueprint.tasks set status = 'applied', applied_at = clock_timestamp(), "
            "verified_at = clock_timestamp(), reason = null, "
            f"deploy_sha256 = {_bytes(task.deploy_sha256)}, verify_sha256 = {_bytes(task.verify_sha256)}, "
            f"revert_sha256 = sha256(convert_to({quote(revert_sql)}, 'UTF8')), deploy_sql = {quote(task.step or task.deploy)}, "
            f"revert_sql = {quote(revert_sql)} where id = {quote(task.id)};"
            "insert into blueprint.task_runs (run_id, task_id, phase, status, attempt, started_at, finished_at, script_sha256) "
            f"values ({quote(run)}, {quote(task.id)}, 'deploy', 'succeeded', {attempt}, "
            f"now(), clock_timestamp(), {_bytes(task.deploy_sha256)})"
        )

    @staticmethod
    def reverted(task_id: str, run: str) -> str:
        return (
            "update blueprint.tasks set status = 'written', applied_at = null, verified_at = null, deploy_sha256 = null, "
            f"verify_sha256 = null, revert_sha256 = null, deploy_sql = null, revert_sql = null where id = {quote(task_id)};"
            "insert into blueprint.task_runs (run_id, task_id, phase, status, started_at, finished_at) "
            f"values ({quote(run)}, {quote(task_id)}, 'revert', 'succeeded', now(), clock_timestamp())"
        )

    @staticmethod
    def verified(task_id: str) -> str:
        return f"update blueprint.tasks set verified_at = clock_timestamp() where id = {quote(task_id)}"

    @staticmethod
    def failed(task: Task, run: str, phase: str, reason: str, sqlstate: str | None) -> str:
        """The record of a failure; it is written after the task's own transaction was rolled back."""
        return (
            f"update blueprint.tasks set status = 'failed', reason = {quote(reason)} where id = {quote(task.id)} and status <> 'applied';"
            "insert into blueprint.task_runs (run_id, task_id, phase, status, started_at, finished_at, sqlstate, error) values "
            f"({quote(run)}, {quote(task.id)}, {quote(phase)}, 'failed', now(), clock_timestamp(), "
            f"{quote(sqlstate)}, {quote(json.dumps({'message': reason}))})"
        )

    @staticmethod
    def unavailable(task: Task, reason: str) -> str:
        return f"update blueprint.tasks set status = 'unavailable', reason = {quote(reason)} where id = {quote(task.id)}"

    @staticmethod
    def objects(rows: Iterable[tuple[str | None, ...]], task_id: str, run: str) -> str:
        """Attribution of footprint rows that came to the client."""
        values = ", ".join(f"({', '.join(map(quote, row))}, {quote(task_id)}, {quote(run)})" for row in rows)
        if not values:
            return ""
        return (
            "insert into blueprint.objects "
            "(classid, objid, objsubid, object_type, identity, schema_name, task_id, first_run_id) "
            "select v.classid::oid, v.objid::oid, v.objsubid::int, v.object_type, v.identity, v.schema_name, v.task_id, v.run::uuid "
            f"from (values {values}) as v(classid, objid, objsubid, object_type, identity, schema_name, task_id, run)"
        )

    @staticmethod
    def attribute(footprint: str) -> str:
        """A prepared statement that gives a transaction's footprint to its task; an object that is known keeps its first one."""
        return (
            "prepare hingecraft_attribute as insert into blueprint.objects as known "
            "(classid, objid, objsubid, object_type, identity, schema_name, task_id, first_run_id) "
            "select f.*, current_setting('blueprint.task_id'), current_setting('blueprint.run_id')::uuid "
            f"from ({footprint}) f "
            "on conflict (classid, objid, objsubid) do update set "
            "identity = excluded.identity, dropped_at = null, dropped_by_task_id = null, "
            "task_id = case when known.dropped_at is null then known.task_id else excluded.task_id end, "
            "last_altered_task_id = excluded.task_id, last_altered_at = clock_timestamp() "
            "where known.task_id is distinct from excluded.task_id or known.dropped_at is not null"
        )

    def _rows(self, sql: str) -> list[tuple[str | None, ...]]:
        result: Result = self.wire.must(sql).results[0]
        return result.rows


def _bytes(hexadecimal: str) -> str:
    return f"decode('{hexadecimal}', 'hex')"
