"""What was changed, dropped or added by hand since the build, and how to put it back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.sql import quote

from hingecraft.blueprint.repair import Repair, repair_of
from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.load import Blueprint


class NoBaseline(HingecraftError):
    """There is nothing to compare with."""

    code = "no_baseline"


@dataclass(frozen=True)
class Finding:
    """One object that is not as the build left it: missing, altered or foreign."""

    kind: str
    object_type: str
    identity: str
    task: str | None
    target: str | None
    repair: Repair

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "object_type": self.object_type,
            "identity": self.identity,
            "task": self.task,
            "target": self.target,
            "aspects": self.repair.aspects,
            "repair": list(self.repair.statements),
            "loses_data": self.repair.loses_data,
        }


def drift(engine: Engine, blueprint: Blueprint) -> list[Finding]:
    """Compare the catalog with what the ledger remembers. Raises NoBaseline before the first complete build."""
    if engine.wire.must("select to_regprocedure('blueprint.detect_drift(uuid,text)') is not null").results[0].rows[0][0] != "t":
        raise NoBaseline("There is no build to compare with.", hint="hc build makes one.")
    sql = (
        f"begin; {engine.ledger_role}; "
        "select kind, object_type, identity, task_id, expected, found from blueprint.detect_drift(null) order by kind, identity; commit"
    )
    findings = []
    for kind, object_type, identity, task_id, expected, found in engine.wire.must(sql).results[2].rows:
        task = blueprint.tasks.get(str(task_id))
        repair = repair_of(str(object_type), str(identity), _json(expected), _json(found))
        findings.append(Finding(str(kind), str(object_type), str(identity), task_id, task.target if task else None, repair))
    return findings


def repair(engine: Engine, findings: list[Finding]) -> list[Finding]:
    """Put back what can be put back without losing anything, in one transaction; returns what is left to the operator."""
    safe = [f for f in findings if f.repair.statements and not f.repair.loses_data]
    safe.sort(key=lambda f: f.repair.rank)
    if safe:
        script = []
        for finding in safe:
            script.append(f"set local blueprint.task_id = {quote(finding.task or '')}")
            script += finding.repair.statements
        left = ", ".join(quote(f"{f.object_type} {f.identity}") for f in findings if f not in safe)
        script.append(f"select blueprint.snapshot_fingerprints(null, array[{left}]::text[])")
        engine.wire.must(";\n".join(["begin", *script, "commit"]))
    return [f for f in findings if f not in safe]


def _json(text: str | None) -> dict[str, Any] | None:
    return json.loads(text) if text else None
