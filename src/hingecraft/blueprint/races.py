"""What two sessions can do to each other: isolation specs, run by PostgreSQL's own isolationtester.

A block's verify lives in one transaction, so a race is proven by `tests/isolation/BUILD_nnnn.spec`: every permutation
of its steps must end in a query whose column `holds` is true.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hingecraft.errors import HingecraftError

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.blueprint.load import Blueprint

_HOLDS = re.compile(r"^holds *\n-+\n *(\S*)", re.MULTILINE)


class NoIsolationTester(HingecraftError):
    """The server's installation has no isolationtester."""

    code = "no_isolationtester"


@dataclass(frozen=True)
class Race:
    """The outcome of one spec: permutations run, and the output of those that do not hold."""

    task: str
    permutations: int
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Every permutation ran and held."""
        return self.permutations > 0 and not self.broken


def specs(blueprint: Blueprint) -> dict[str, Path]:
    """Task id -> its spec, in a checkout."""
    folder = blueprint.root.parent / "tests" / "isolation"
    return {path.stem: path for path in sorted(folder.glob("BUILD_*.spec")) if path.stem in blueprint.tasks}


def race(task: str, spec: Path, dsn: str, program: Path) -> Race:
    """Run one spec on a database where its task is applied; `program` is isolationtester. Raises NoIsolationTester."""
    if not program.exists():
        raise NoIsolationTester(f"There is no isolationtester at {program}.", hint="The embedded server has one.")
    with spec.open() as text:
        done = subprocess.run([str(program), dsn], stdin=text, capture_output=True, text=True, timeout=300, check=False)
    runs = re.split(r"^starting permutation: ", done.stdout, flags=re.MULTILINE)[1:]
    broken = [run for run in runs if not (found := _HOLDS.findall(run)) or any(value != "t" for value in found)]
    if done.returncode:
        broken.append(done.stderr.strip() or done.stdout[-500:])
    return Race(task, len(runs), tuple(broken))
