"""Room blueprint: the ledger, read by monitors, audit and administration, written by the engine."""

from __future__ import annotations

from ..rules import Table, staff

LEDGER = Table(reads=[staff("monitor", "auditor", "admin")])

TABLES = dict.fromkeys(["drift_findings", "objects", "rooms", "runs", "task_needs", "task_runs", "tasks"], LEDGER)
