"""build, plan, verify, revert: the verbs that work on the database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hingecraft.cli.options import Attempts, Drills, Dsn, Json, LockTimeout, Selection, Wait, Yes

if TYPE_CHECKING:
    from hingecraft.blueprint.run import Report


def build(
    selection: Selection = None,
    dsn: Dsn = None,
    json: Json = False,
    wait: Wait = 0,
    lock_timeout: LockTimeout = 3000,
    attempts: Attempts = 4,
    allow_blocking: Annotated[
        bool, typer.Option("--allow-blocking", help="Build indexes on filled tables although writers must wait.")
    ] = False,
    record: Annotated[Path | None, typer.Option("--record", help="Keep a picture (SVG) of what was shown.", show_default=False)] = None,
) -> None:
    """Build the database: apply and verify every task that is not applied yet.

    Each task commits together with its ledger row, so a build that was stopped, even by kill -9, goes on where it was.

    Example: hc build component:02_users_identity
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.run import build as run_build
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.face import Face
    from hingecraft.cli.output import emit
    from hingecraft.cli.workshop import at_work, read_blueprint

    blueprint = read_blueprint()
    options = Options(lock_timeout=lock_timeout, attempts=attempts, allow_blocking=allow_blocking)
    with at_work(dsn, options, wait=wait) as engine:
        chosen = select(blueprint, selection or [], {i: e.status for i, e in engine.ledger.entries().items()})
        face = Face("build", quiet=json, record=record)
        with face:
            report = run_build(blueprint, engine, chosen, face)
        if json:
            emit(report.as_json())
        else:
            face.close_build(report, blueprint, engine)
    _end(report, json)


def plan(
    selection: Selection = None,
    dsn: Dsn = None,
    json: Json = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL that would run.")] = False,
    locks: Annotated[
        bool,
        typer.Option(
            "--locks",
            help="Run each task in a transaction that is rolled back, and show the locks it takes and the tables it rewrites.",
        ),
    ] = False,
) -> None:
    """Show what a build would do and why, without touching anything.

    Example: hc plan --sql 661-670
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.plan import locks_of, plan_of
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.output import aligned, emit, say
    from hingecraft.cli.workshop import at_work, read_blueprint

    blueprint = read_blueprint()
    with at_work(dsn, Options(), exclusive=False) as engine:
        entries = engine.ledger.entries()
        chosen = select(blueprint, selection or [], {i: e.status for i, e in entries.items()})
        steps = plan_of(blueprint, entries, chosen)
        taken = locks_of(engine, steps) if locks else {}
    if json:
        emit({"steps": [step.as_json() | ({"locks": taken[step.task.id]} if step.task.id in taken else {}) for step in steps]})
    elif sql:
        for step in steps:
            say(f"-- {step.task.id} {step.task.title}  ({step.task.target}; {step.reason})\n{step.task.deploy}\n")
    elif not steps:
        say("Nothing to do: every chosen task is applied as it is written.")
    else:
        for line in aligned([("+" if s.reason == "not applied" else "~", s.task.id, s.task.title, f"({s.reason})") for s in steps]):
            say(line)
            for lock in taken.get(line.split()[1], []):
                say(f"      {lock}")
        say(f"{len(steps)} tasks to apply. hc build does it.")


def verify(
    selection: Selection = None,
    dsn: Dsn = None,
    json: Json = False,
    drills: Drills = False,
    live: Annotated[bool, typer.Option("--live", help="Check a filled database itself, not a copy of it.")] = False,
) -> None:
    """Check again that applied tasks still hold. Nothing is changed.

    Example: hc verify component:users
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.run import verify as run_verify
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.face import Face
    from hingecraft.cli.output import emit
    from hingecraft.cli.workshop import at_work, read_blueprint

    blueprint = read_blueprint()
    with at_work(dsn, Options(drills=drills), exclusive=False, copy_if_filled=not live) as engine:
        entries = engine.ledger.entries()
        chosen = select(blueprint, selection or [], {i: e.status for i, e in entries.items()})
        face = Face("verify", quiet=json)
        with face:
            report = run_verify(engine, chosen, face)
    if json:
        emit(report.as_json() | {"verified": len(report.having("verified"))})
    else:
        face.close_verify(report)
    _end(report, json)


def revert(
    selection: Selection = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Everything, the ledger included: the catalog is what it was before the build."),
    ] = False,
    dsn: Dsn = None,
    json: Json = False,
    yes: Yes = False,
    wait: Wait = 0,
    lock_timeout: LockTimeout = 3000,
) -> None:
    """Undo tasks and everything that stands on them, newest first.

    Example: hc revert BUILD_0060
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.run import revert as run_revert
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.face import Face
    from hingecraft.cli.output import emit
    from hingecraft.cli.workshop import at_work, read_blueprint
    from hingecraft.errors import UsageError

    if bool(selection) == everything:
        raise UsageError("Name the tasks to revert, or --all.", hint="hc revert BUILD_0060")
    blueprint = read_blueprint()
    with at_work(dsn, Options(lock_timeout=lock_timeout), wait=wait) as engine:
        entries = engine.ledger.entries()
        status = {i: e.status for i, e in entries.items()}
        chosen = {t.id for t in select(blueprint, selection or [], status)} | (set(entries) if everything else set())
        doomed = [i for i in blueprint.graph.dependents(chosen) if i in entries and entries[i].applied]
        _confirm(f"{len(doomed)} tasks will be undone, with the data their tables hold.", yes or not doomed)
        face = Face("revert", quiet=json)
        with face:
            report = run_revert(blueprint, engine, chosen, face)
    if json:
        emit(report.as_json() | {"reverted": len(report.having("reverted"))})
    else:
        face.close_revert(report)
    _end(report, json)


def _confirm(question: str, yes: bool) -> None:
    from hingecraft.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(question, hint="Give --yes to go on.")
    typer.confirm(f"{question} Go on?", abort=True, err=True)


def _end(report: Report, json: bool) -> None:
    if report.error and not json:
        raise report.error
    if report.error:
        raise typer.Exit(report.error.exit_status)
    if report.having("failed"):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for command in (build, plan, verify, revert):
        app.command()(command)
