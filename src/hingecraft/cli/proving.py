"""prove, mutate, lint: the verbs that judge the blueprint itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hingecraft.cli.options import Drills, Json, Selection

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint
    from hingecraft.blueprint.prove import Proof
    from hingecraft.postgres import Server


def prove(
    selection: Selection = None,
    json: Json = False,
    drills: Drills = False,
    races: Annotated[
        bool,
        typer.Option("--races", help="Count a task with an isolation spec only when every permutation of it passes."),
    ] = False,
) -> None:
    """Prove tasks: verify fails before, passes after, fails after revert, passes again, and nothing remains.

    Works in a throw-away cluster, never on the database.

    Example: hc prove component:02_users_identity
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.prove import Prover
    from hingecraft.blueprint.prove import prove as run_prove
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.face import Face
    from hingecraft.cli.output import duration, emit, note, say
    from hingecraft.cli.workshop import analyst, read_blueprint, step_context, wire_to
    from hingecraft.postgres import scratch_server

    blueprint = read_blueprint()
    chosen = select(blueprint, selection or [])
    face = Face("prove", quiet=json)
    with scratch_server(name="prove") as server:
        wire = wire_to(server)
        try:
            prover = Prover(wire, analyst(), Options(drills=drills), step_context=step_context(server))
            with face:
                proof = run_prove(blueprint, prover, chosen, face)
        finally:
            wire.close()
        if races:
            _race(blueprint, server, proof)
    if json:
        emit(proof.as_json())
    else:
        for task_id, stage, reason in proof.unproven:
            note(f"{task_id} is not proven ({stage})\n{reason}\n")
        for task_id, reason in proof.irreversible:
            say(f"{task_id} is declared irreversible: {reason}")
        for difference in proof.left:
            note(f"left after the full revert: {difference}")
        clean = "the catalog after the full revert equals the one before" if not proof.left else "the full revert is not clean"
        say(f"{len(proof.proven)}/{proof.total} tasks proven; {clean} ({duration(proof.seconds)}).")
    if not proof.holds:
        raise typer.Exit(1)


def _race(blueprint: Blueprint, server: Server, proof: Proof) -> None:
    """Take back the proof of every task whose isolation spec does not hold."""
    from hingecraft.blueprint.engine import Engine, Options
    from hingecraft.blueprint.races import race, specs
    from hingecraft.blueprint.run import build
    from hingecraft.cli.workshop import analyst, wire_to
    from hingecraft.postgres import EmbeddedCluster

    wanted = {i: spec for i, spec in specs(blueprint).items() if i in proof.proven}
    wire = wire_to(server)  # the proof has reverted everything
    try:
        report = build(blueprint, Engine(wire, analyst(), Options()), [blueprint[i] for i in wanted])
    finally:
        wire.close()
    if report.error:
        raise report.error
    for task_id, spec in wanted.items():
        outcome = race(task_id, spec, server.dsn, EmbeddedCluster().programs().isolationtester)
        if not outcome.holds:
            proof.proven.remove(task_id)
            proof.unproven.append((task_id, "race", "\n".join(outcome.broken) or "the spec ran no permutation"))


def mutate(
    selection: Selection = None,
    json: Json = False,
    minimum: Annotated[float, typer.Option("--minimum", help="Percentage of mutants that must be noticed.", min=0, max=100)] = 90.0,
) -> None:
    """Break each object of each task in turn, and see whether the task's verify notices.

    Works in a throw-away cluster, never on the database.

    Example: hc mutate BUILD_0043
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.mutate import Mutator
    from hingecraft.blueprint.mutate import mutate as run_mutate
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.face import Face
    from hingecraft.cli.output import duration, emit, say
    from hingecraft.cli.workshop import analyst, read_blueprint, step_context, wire_to
    from hingecraft.postgres import scratch_server

    blueprint = read_blueprint()
    chosen = select(blueprint, selection or [])
    face = Face("mutate", quiet=json)
    with scratch_server(name="mutate") as server:
        wire = wire_to(server)
        try:
            with face:
                score = run_mutate(blueprint, Mutator(wire, analyst(), Options(), step_context=step_context(server)), chosen, face)
        finally:
            wire.close()
    if json:
        emit(score.as_json())
    else:
        for mutant in score.survivors:
            say(f"{mutant.task}  survives: {mutant.label}{f'  ({mutant.waiver})' if mutant.waiver else ''}")
        say(f"{score.killed}/{score.mutants} mutants noticed, {score.percent:.1f} % ({duration(score.seconds)}).")
        say(f"NOT NULLs apart: {score.not_null_killed}/{score.not_null_mutants}.")
    if score.percent < minimum:
        raise typer.Exit(1)


def lint(selection: Selection = None, json: Json = False) -> None:
    """Check every block against the rules of this house, and with squawk.

    Example: hc lint component:01_core_extensions
    """
    from hingecraft.blueprint.lint import lint as run_lint
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import read_blueprint

    blueprint = read_blueprint()
    chosen = {task.id for task in select(blueprint, selection or [])}
    findings = [f for f in run_lint([t for t in blueprint.tasks.values() if t.written]) if f.task in chosen]
    errors = [f for f in findings if f.severity != "hint"]
    if json:
        emit({"findings": [f.as_json() for f in findings]})
    else:
        for found in findings:
            say(f"{found.file}:{found.line}: {found.rule}: {found.message}{f' ({found.hint})' if found.hint else ''}")
        say(f"{len(errors)} findings, {len(findings) - len(errors)} hints in {sum(1 for t in chosen if blueprint[t].written)} tasks.")
    if errors:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for command in (prove, mutate, lint):
        app.command()(command)
