"""What was changed, dropped or added by hand since the build, and how to put it back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg.sql import quote

from hingecraft.blueprint.objects import drop_sql
from hingecraft.blueprint.repair import Repair, repair_of
from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.load import Blueprint


_ROUNDS = 5


class NoBaseline(HingecraftError):
    """There is nothing to compare with."""

    code = "no_baseline"


@dataclass(frozen=True)
class Finding:
    """One object that is not as the build left it: missing, altered or foreign; `refused` is what the server said to its repair."""

    kind: str
    object_type: str
    identity: str
    task: str | None
    target: str | None
    repair: Repair
    refused: str | None = None

    @property
    def name(self) -> str:
        """Type and identity: `index core.users_country_idx`."""
        return f"{self.object_type} {self.identity}"

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
            "left_to_operator": not self.repair.is_safe,
            "refused": self.refused,
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


def repair(engine: Engine, blueprint: Blueprint, findings: list[Finding]) -> list[Finding]:
    """Put back what can be put back without losing anything; returns what is left to the operator, and why.

    Over again while that gets further: a constraint may wait for its function, a view's comments for the view.
    """
    left, refusals = findings, dict[str, str]()
    for _ in range(_ROUNDS):
        safe = sorted((f for f in left if f.repair.is_safe), key=lambda f: f.repair.rank)
        if not safe:
            break
        refusals = _put_back(engine, safe)
        before, left = left, drift(engine, blueprint)
        if left == before:
            break
    return [replace(f, refused=refusals.get(f.name)) for f in left]


def _put_back(engine: Engine, findings: list[Finding]) -> dict[str, str]:
    """One transaction, a savepoint a finding; returns what the server refused, by name."""
    refusals = {}
    engine.wire.must("begin")
    for finding in findings:
        engine.wire.must("savepoint hingecraft_repair")  # by itself: a message that does not parse runs nothing of it
        script = []
        for statement in finding.repair.statements:
            # a drop that makes room is no task's: what the ledger remembers of the object must stay
            by = "" if statement == drop_sql(finding.object_type, finding.identity) else finding.task or ""
            script += [f"set local blueprint.task_id = {quote(by)}", statement]
        answer = engine.wire.send(";\n".join([*script, "release savepoint hingecraft_repair"]))
        if answer.failure:
            refusals[finding.name] = answer.failure.message
            engine.wire.must("rollback to savepoint hingecraft_repair; release savepoint hingecraft_repair")
    engine.wire.must("commit")
    return refusals


def _json(text: str | None) -> dict[str, Any] | None:
    return json.loads(text) if text else None
