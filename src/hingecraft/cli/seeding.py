"""seed: fill the database with made-up rows, look at them, check them, take them away."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hingecraft.cli.options import Dsn, Json, Yes

if TYPE_CHECKING:
    from hingecraft.testdata import Seed

app = typer.Typer(invoke_without_command=True)

SeedNumber = Annotated[int, typer.Option("--seed", help="The number everything follows from: same seed, same rows.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Sessions that work at once.", min=1)]


@app.callback()
def seed(
    context: typer.Context,
    scale: Annotated[str, typer.Option("--scale", help="nano, demo, small, or a factor: 0.1, 1 (100,000 people), 10.")] = "demo",
    number: SeedNumber = 42,
    scenario: Annotated[str | None, typer.Option("--scenario", help="Play this scenario instead of loading.", show_default=False)] = None,
    jobs: Jobs = 2,
    mode: Annotated[
        Literal["fast", "honest"] | None,
        typer.Option(
            "--mode",
            help="fast: triggers and foreign keys rest; honest: all fire. Default: fast where we are superuser.",
            show_default=False,
        ),
    ] = None,
    dsn: Dsn = None,
    json: Json = False,
) -> None:
    """Fill the database with made-up rows from a seed.

    Safe to stop at any moment: the same command goes on where it was. Refused in a production database.

    Example: hc seed --scale 0.1 --seed 7 --jobs 2
    """
    if context.invoked_subcommand is not None:
        return
    from hingecraft.cli.output import duration, emit, say
    from hingecraft.postgres import open_server
    from hingecraft.testdata import find, load

    server = open_server(dsn)
    if scenario is not None:
        _play(scenario, number, dsn, json)
        return
    before = find(server, number)
    with _Progress("loading", quiet=json) as progress:
        made = load(
            server,
            scale=scale,
            seed=number,
            jobs=jobs,
            mode=mode,
            watch=lambda seed: progress.show(seed.done, seed.chunks, f"{seed.rows:,} rows"),
        )
    if json:
        emit({**asdict(made), "was_loaded": bool(before and before.loaded)})
    elif before and before.loaded:
        say(f"Nothing to do: seed {made.seed} ({made.profile}) is loaded, {made.rows:,} rows.")
    else:
        say(f"{made.rows:,} rows of seed {made.seed} ({made.profile}, {made.mode}) in {duration(progress.seconds)}.")
        say("hc seed verify checks them, hc seed remove takes them away.")


@app.command()
def status(dsn: Dsn = None, json: Json = False) -> None:
    """Show the data sets of this database and how far each is.

    Example: hc seed status
    """
    from hingecraft.cli.output import aligned, emit, say
    from hingecraft.postgres import open_server
    from hingecraft.testdata import seeds

    found = seeds(open_server(dsn))
    if json:
        emit({"seeds": [asdict(s) for s in found]})
        return
    rows = [("seed", "profile", "mode", "status", "chunks", "rows")]
    rows += [(str(s.seed), s.profile, s.mode, s.status, f"{s.done}/{s.chunks}", f"{s.rows:,}") for s in found]
    for line in aligned(rows) if found else ["No test data is loaded. hc seed --scale demo loads some."]:
        say(line)


@app.command()
def verify(number: SeedNumber = 42, jobs: Jobs = 2, dsn: Dsn = None, json: Json = False) -> None:
    """Put a loaded seed to every check: references, balances, times, distributions, keys, visibility, no personal data.

    Example: hc seed verify --seed 7
    """
    from hingecraft.cli.output import emit, say
    from hingecraft.postgres import open_server
    from hingecraft.testdata import verify as check

    wanted = _wanted(dsn, number)
    with _Progress("checking", quiet=json) as progress:
        checks, findings = check(
            open_server(dsn), wanted, jobs=jobs, watch=lambda done, of: progress.show(done, of, f"{done} of {of} checks")
        )
    if json:
        emit({"checks": checks, "findings": [asdict(f) for f in findings]})
    else:
        for finding in findings:
            say(f"{finding.check}  {finding.subject}: {finding.found}")
        say(f"{len(checks)} checks, {len(findings)} findings.")
    if findings:
        raise typer.Exit(1)


@app.command()
def remove(number: SeedNumber = 42, dsn: Dsn = None, json: Json = False, yes: Yes = False) -> None:
    """Take a data set away without a trace.

    Refused while a real row stands on one of it.

    Example: hc seed remove --seed 7 --yes
    """
    from hingecraft.cli.output import emit, say
    from hingecraft.postgres import open_server
    from hingecraft.testdata import remove as take_away

    wanted = _wanted(dsn, number)
    if not yes:
        typer.confirm(f"Take away {wanted.rows:,} rows of seed {wanted.seed}?", abort=True, err=True)
    with _Progress("removing", quiet=json):
        take_away(open_server(dsn), wanted)
    if json:
        emit({"removed": asdict(wanted)})
    else:
        say(f"Seed {wanted.seed} is gone.")


def _wanted(dsn: str | None, number: int) -> Seed:
    from hingecraft.errors import UsageError
    from hingecraft.postgres import open_server
    from hingecraft.testdata import find

    if (found := find(open_server(dsn), number)) is None:
        raise UsageError(f"Seed {number} is not loaded.", hint="hc seed status lists what is.")
    return found


def _play(scenario: str, number: int, dsn: str | None, json: bool) -> None:
    from hingecraft.cli.output import aligned, emit, say
    from hingecraft.postgres import open_server
    from hingecraft.testdata import play

    steps = play(open_server(dsn), scenario, number)
    if json:
        emit({"scenario": scenario, "steps": [asdict(step) for step in steps]})
    else:
        for line in aligned(
            [
                ("ok" if s.ok else "FAILED", str(s.number), s.what if s.ok else f"{s.what}: expected {s.expected}, found {s.found}")
                for s in steps
            ]
        ):
            say(line)
    if not all(step.ok for step in steps):
        raise typer.Exit(1)


class _Progress:
    """A bar on standard error when that is a terminal; quiet in a pipe."""

    def __init__(self, what: str, *, quiet: bool) -> None:
        import time

        self._what = what
        self._quiet = quiet or not sys.stderr.isatty()
        self._clock = time.perf_counter
        self._began = self._clock()
        self.seconds = 0.0

    def __enter__(self) -> _Progress:
        self._bar = None
        if not self._quiet:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            from hingecraft.cli.output import console

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=None, note="")
        return self

    def show(self, done: int, of: int, note: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=of, note=note)

    def __exit__(self, *_: object) -> None:
        self.seconds = self._clock() - self._began
        if self._bar is not None:
            self._bar.stop()
