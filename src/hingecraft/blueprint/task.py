"""What a task is: one reviewed change with the SQL that makes it, the SQL that proves it and the SQL that undoes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

LEDGER_TASKS = ("BUILD_0001", "BUILD_0002")
"""The tasks that make the ledger: they commit together with their own ledger rows."""

PRIORITIES = ("critical", "high", "medium")
FLAGS = ("no-transaction", "drill", "superuser")

PHASES = {
    "enterprise_build": 3,
    "security_build": 3,
    "deployment_build": 3,
    "migration_build": 3,
    "integration_build": 4,
    "test_data_build": 4,
}


@dataclass(frozen=True)
class Task:
    """One task block. `deploy`, `verify` and `revert` are SQL text; `*_line` is the line of the file they start on.

    `revert` is None where the engine infers it. `step` names a Python object instead of SQL. A task of which
    only the catalogue line exists has the status `pending` and no SQL.
    """

    id: str
    action: str
    title: str
    category: str
    component: str
    does: str = ""
    proves: str = ""
    needs: tuple[str, ...] = ()
    priority: str = "high"
    flags: tuple[str, ...] = ()
    step: str | None = None
    irreversible: str | None = None
    waivers: dict[str, str] = field(default_factory=dict, hash=False)
    deploy: str = ""
    verify: str = ""
    revert: str | None = None
    file: str = ""
    line: int = 0
    deploy_line: int = 0
    verify_line: int = 0
    revert_line: int = 0
    status: str = "written"

    @property
    def number(self) -> int:
        return int(self.id.removeprefix("BUILD_"))

    @property
    def transactional(self) -> bool:
        return "no-transaction" not in self.flags

    @property
    def superuser(self) -> bool:
        return "superuser" in self.flags

    @property
    def drill(self) -> bool:
        return "drill" in self.flags

    @property
    def written(self) -> bool:
        return self.status == "written"

    @property
    def target(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def phase(self) -> int:
        """1: layers 00-04; 2: layers 05-10, core tables, RAG, governance; 3 and 4: see PHASES."""
        if self.category == "master_schema_build":
            return 1 if self.component[:2] <= "04" else 2
        return PHASES.get(self.category, 2)

    @cached_property
    def deploy_sha256(self) -> str:
        return _sha256(self.step or self.deploy)

    @cached_property
    def verify_sha256(self) -> str:
        return _sha256(self.verify)

    @cached_property
    def sha256(self) -> str:
        """The whole task: two blocks with the same digest do, prove and undo the same."""
        return _sha256("\0".join((self.step or self.deploy, self.verify, self.revert or "", ",".join(self.needs))))

    def __str__(self) -> str:
        return f"{self.id} {self.title}"


def _sha256(text: str) -> str:
    return sha256(text.strip().encode()).hexdigest()
