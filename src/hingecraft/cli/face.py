"""What a run shows while it works, category by category, and the table it ends with. Quiet in a pipe."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.run import Outcome, Report, Watcher
from hingecraft.cli.output import aligned, console, duration, note, say

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

    from hingecraft.blueprint.engine import Engine
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.task import Task

NEXT_STEPS = (
    ("hc status", "how the 1,000 tasks stand"),
    ("hc server psql", "look around in the database"),
    ("hc seed --scale demo", "made-up rows in every room, to have something to look at"),
    ("hc blame core.users", "which task made an object, with file and line"),
    ("hc prove", "every task red before, green after, red after revert"),
    ("hc drift", "what was changed by hand since"),
)


class Face(Watcher):
    """A live picture of a run on standard error, when that is a terminal."""

    def __init__(self, verb: str, *, quiet: bool = False, record: Path | None = None) -> None:
        self.verb = verb
        self.record = record
        self.live: Live | None = None
        self.console: Console | None = None
        if record is not None or (not quiet and sys.stderr.isatty()):
            self.console = console(record=record is not None, stderr=True)
        self._tasks: list[Task] = []
        self._done: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self._task: Task | None = None
        self._waiting: tuple[str, ...] = ()
        self._began = time.perf_counter()

    def __enter__(self) -> Face:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.live is not None:
            self._task = None
            self.live.update(self._picture(), refresh=True)
            self.live.stop()
            self.live = None
            if self.record is not None and self.console is not None:
                self.console.print()

    def begins(self, tasks: list[Task]) -> None:
        self._tasks = tasks
        self._total = Counter(task.category for task in tasks)
        if tasks and self.console is not None:
            from rich.live import Live

            self.live = Live(console=self.console, auto_refresh=False, transient=self.record is None)
            self.live.start()
            self._next_refresh = 0.0

    def starts(self, task: Task) -> None:
        self._task, self._waiting = task, ()
        self._refresh()

    def ends(self, outcome: Outcome) -> None:
        self._done[outcome.task.category] += 1
        if outcome.status == "failed" and self.live is None and outcome.reason:
            return
        self._refresh()

    def blocked(self, task: Task, blockers: tuple[str, ...]) -> None:
        self._waiting = blockers
        if self.live is None:
            note(f"{task.id} waits for {'; '.join(blockers)}")
        self._refresh(now=True)

    def _refresh(self, now: bool = False) -> None:
        if self.live is None:
            return
        clock = time.perf_counter()
        if now or clock >= self._next_refresh:
            self._next_refresh = clock + 0.1
            self.live.update(self._picture(), refresh=True)

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        elapsed = time.perf_counter() - self._began
        done, total = sum(self._done.values()), len(self._tasks)
        left = f" · about {duration(elapsed / done * (total - done))} left" if 0 < done < total else ""
        table = Table.grid(padding=(0, 2))
        for category, size in self._total.items():
            finished = self._done[category]
            mark = Text("✓", "green") if finished == size else Text("·", "dim")
            table.add_row(mark, category, ProgressBar(size, finished, width=36), f"{finished}/{size}")
        lines: list[RenderableType] = [
            Text(f"HingeCraft Database · {self.verb} · {duration(elapsed)}{left}", "bold"),
            table,
        ]
        if self._task is not None:
            lines.append(Text(f"{self._task.id} {self._task.title}", "dim", overflow="ellipsis", no_wrap=True))
        lines += [Text(f"waiting for {blocker}", "yellow") for blocker in self._waiting]
        return Group(*lines)

    def close_build(self, report: Report, blueprint: Blueprint, engine: Engine) -> None:
        """The closing table, or one line when there was nothing to do."""
        if report.error:
            self._keep_record()
            return
        if not report.having("applied", "changed", "unavailable"):
            say(f"Nothing to do: {len(report.having('unchanged'))} tasks are applied, exactly as written ({duration(report.seconds)}).")
            return
        counts = census(engine)
        rows = [("tasks applied", str(len(report.having("applied", "changed"))))]
        rows += [("tasks unavailable here", str(n))] if (n := len(report.having("unavailable"))) else []
        rows += [(name, str(number)) for name, number in counts.items()]
        rows.append(("seconds", f"{report.seconds:.1f}"))
        self._print_table(rows)
        written = len(blueprint.order)
        self._print(
            f"{written} of {len(blueprint.catalogue)} tasks are written; "
            "every one applied here was verified in the transaction that made it."
        )
        self._print("")
        for line in aligned(list(NEXT_STEPS)):
            self._print(f"  {line}")
        self._keep_record()

    def close_verify(self, report: Report) -> None:
        for outcome in report.having("failed"):
            note(f"{outcome.task.id} does not hold\n{outcome.reason}\n")
        say(f"{len(report.having('verified'))} of {len(report.outcomes)} tasks hold ({duration(report.seconds)}).")

    def close_revert(self, report: Report) -> None:
        if not report.error:
            say(
                f"{len(report.having('reverted'))} tasks reverted ({duration(report.seconds)})."
                if report.outcomes
                else "Nothing to revert."
            )

    def _print_table(self, rows: list[tuple[str, str]]) -> None:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, show_header=False)
        table.add_column()
        table.add_column(justify="right", style="bold")
        for row in rows:
            table.add_row(*row)
        self._print(table)

    def _print(self, what: Any) -> None:
        if self.record is not None and self.console is not None:
            self.console.print(what)
        else:
            console().print(what)

    def _keep_record(self) -> None:
        if self.record is not None and self.console is not None:
            self.console.save_svg(str(self.record), title="python3 database/RUN_BUILD_TASKS_1000.py")


def census(engine: Engine) -> dict[str, int]:
    """How many objects of each kind the rooms hold."""
    from importlib.resources import files

    sql = (files("hingecraft.blueprint") / "census.sql").read_text()
    result = engine.wire.must(sql).results[0]
    return {name: int(value or 0) for name, value in zip(result.names, result.rows[0], strict=True)}
