"""status, tasks, show, graph, blame, drift, doctor: the verbs that only look."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

import typer

from hingecraft.cli.options import Dsn, Json, Selection, Wait


def status(dsn: Dsn = None, json: Json = False) -> None:
    """Show how the tasks stand, category by category.

    Example: hc status --json
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.load import CATEGORIES
    from hingecraft.cli.output import aligned, emit, say
    from hingecraft.cli.workshop import at_work, read_blueprint

    blueprint = read_blueprint()
    with at_work(dsn, Options(), exclusive=False) as engine:
        entries = engine.ledger.entries()
        sql = "select count(*) from blueprint.tasks where status = 'applied' and verified_at is not null"
        verified = int(engine.wire.must(sql).results[0].rows[0][0] or 0) if entries else 0
    tasks = blueprint.catalogue
    state = {
        t.id: entries[t.id].status if t.id in entries and entries[t.id].status not in ("pending", "written") else t.status for t in tasks
    }
    categories = {}
    for category in [c for c in CATEGORIES.values() if c != "local_build"]:
        counts = Counter(state[t.id] for t in tasks if t.category == category)
        written = sum(t.written for t in tasks if t.category == category)
        categories[category] = {
            "total": sum(counts.values()),
            "written": written,
            **{k: counts[k] for k in ("applied", "failed", "pending")},
        }
    totals = Counter(state.values())
    document = {
        "total": len(tasks),
        "written": sum(t.written for t in tasks),
        "applied": totals["applied"],
        "verified": verified,
        "failed": totals["failed"],
        "unavailable": totals["unavailable"],
        "pending": totals["pending"],
        "categories": categories,
    }
    if json:
        emit(document)
        return
    rows: list[tuple[str, ...]] = [("category", "tasks", "written", "applied", "failed")]
    rows += [(name, *(str(row[key]) for key in ("total", "written", "applied", "failed"))) for name, row in categories.items()]
    for line in aligned(rows):
        say(line)
    say(
        f"\n{document['applied']} of {document['written']} written tasks are applied, {verified} verified; "
        f"{document['pending']} of {len(tasks)} are not written yet."
    )


def tasks(
    selection: Selection = None,
    dsn: Dsn = None,
    json: Json = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the server how they stand.")] = False,
) -> None:
    """List tasks with their state.

    Example: hc tasks component:users status:applied
    """
    from hingecraft.blueprint.engine import Options
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.output import aligned, emit, say
    from hingecraft.cli.workshop import at_work, read_blueprint

    blueprint = read_blueprint()
    states: dict[str, str] = {}
    if not offline:
        with at_work(dsn, Options(), exclusive=False) as engine:
            states = {i: e.status for i, e in engine.ledger.entries().items()}
    chosen = select(blueprint, selection or [], states)
    if json:
        emit(
            [
                {
                    "id": t.id,
                    "title": t.title,
                    "category": t.category,
                    "component": t.component,
                    "status": states.get(t.id, t.status),
                    "target": t.target,
                }
                for t in chosen
            ]
        )
        return
    for line in aligned([(t.id, states.get(t.id, t.status), t.component, t.title) for t in chosen]):
        say(line)


def show(task: Annotated[str, typer.Argument(help="A task, as 43 or BUILD_0043.")], json: Json = False) -> None:
    """Show one task whole: what it does and proves, its SQL, and the revert, inferred or written.

    Example: hc show BUILD_0043
    """
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import analyst, read_blueprint

    blueprint = read_blueprint()
    found = select(blueprint, [task])[0]
    inferred = None
    if found.written and found.revert is None and not found.step:
        plan = analyst().revert_plan(found)
        inferred = plan.text if plan.is_complete else None
    document: dict[str, Any] = {
        "id": found.id, "title": found.title, "status": found.status, "target": found.target, "category": found.category,
        "component": found.component, "action": found.action, "priority": found.priority, "flags": list(found.flags),
        "does": found.does, "proves": found.proves, "needs": list(found.needs),
        "needed_by": sorted(blueprint.graph.dependents_of[found.id]),
        "deploy": found.deploy, "verify": found.verify, "revert": found.revert if found.revert is not None else inferred,
        "revert_is": "written" if found.revert is not None else "inferred", "step": found.step,
    }  # fmt: skip
    if json:
        emit(document)
        return
    say(f"{found.id} {found.title}\n{found.target}  {found.status}  {found.priority} {' '.join(found.flags)}".rstrip())
    say(
        f"\ndoes     {found.does}\nproves   {found.proves}\nneeds    {', '.join(found.needs) or 'nothing'}"
        f"\nneeded   {', '.join(document['needed_by']) or 'by nothing'}"
    )
    for part in ("deploy", "verify", "revert"):
        if document[part]:
            label = f"{part} ({document['revert_is']})" if part == "revert" else part
            say(f"\n-- {label}\n{document[part]}")


def graph(
    selection: Selection = None,
    form: Annotated[Literal["text", "mermaid", "dot"], typer.Option("--format", help="text, mermaid or dot.")] = "text",
    json: Json = False,
) -> None:
    """Draw what stands on what.

    Example: hc graph --format mermaid +BUILD_0043
    """
    from hingecraft.blueprint.drawing import draw
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import read_blueprint

    blueprint = read_blueprint()
    chosen = select(blueprint, selection or ["status:written"])
    if json:
        emit({"tasks": [{"id": t.id, "title": t.title, "needs": list(t.needs)} for t in chosen]})
        return
    for line in draw(blueprint, chosen, form):
        say(line)


def blame(
    name: Annotated[str, typer.Argument(metavar="OBJECT", help="A table, schema.table.column, function, index, role, ...")],
    dsn: Dsn = None,
    json: Json = False,
) -> None:
    """Name the task, file and line that made an object.

    Example: hc blame core.users
    """
    from hingecraft.blueprint.blame import blame as find
    from hingecraft.blueprint.engine import Options
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import at_work, read_blueprint
    from hingecraft.errors import UsageError

    blueprint = read_blueprint()
    with at_work(dsn, Options(), exclusive=False) as engine:
        if not engine.ledger.exists():
            raise UsageError("Nothing is built yet.", hint="hc build")
        found = find(engine.wire, blueprint, name)
    if json:
        emit([each.as_json() for each in found])
        return
    for each in found:
        say(f"{each.object_type} {each.identity}")
        say(f"  made by     {each.task} {each.title}  ({each.target})" if each.task else "  made by hand, by no task")
        if each.altered_by:
            say(f"  altered by  {each.altered_by}")
        if each.by_hand_at:
            say(f"  changed by hand at {each.by_hand_at}")


def drift(
    dsn: Dsn = None,
    json: Json = False,
    repair: Annotated[bool, typer.Option("--repair", help="Put back whatever can be put back without losing data.")] = False,
    wait: Wait = 0,
) -> None:
    """Show what was changed, dropped or added by hand since the build, object by object.

    Example: hc drift --repair
    """
    from hingecraft.blueprint.drift import drift as find
    from hingecraft.blueprint.drift import repair as put_back
    from hingecraft.blueprint.engine import Options
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import at_work, read_blueprint

    blueprint = read_blueprint()
    with at_work(dsn, Options(), wait=wait, exclusive=repair) as engine:
        findings = find(engine, blueprint)
        still = put_back(engine, blueprint, findings) if repair else findings
    repaired = len({f.name for f in findings} - {f.name for f in still})
    if json:
        emit({"findings": [f.as_json() for f in still], "repaired": repaired})
    else:
        for each in still:
            aspects = f" [{', '.join(each.repair.aspects)}]" if each.repair.aspects else ""
            by = f"  {each.task} ({each.target})" if each.task else ""
            say(f"{each.kind:8} {each.object_type} {each.identity}{aspects}{by}")
            why = "loses data: " if each.repair.loses_data else "yours to decide: " if each.repair.asks else ""
            for statement in each.repair.statements:
                say(f"           {why}{statement}")
            if each.refused:
                say(f"           refused: {each.refused}")
        if repair:
            say(f"{repaired} repaired, {len(still)} left to you.")
        else:
            say(
                "No drift: everything is as the build left it."
                if not still
                else f"{len(still)} findings. hc drift --repair puts back what loses nothing."
            )
    if still:
        raise typer.Exit(1)


def doctor(dsn: Dsn = None, json: Json = False) -> None:
    """Check this machine, the server and the ledger, and say what to do about what is wrong.

    Example: hc doctor
    """
    from hingecraft.cli.checkup import checkup
    from hingecraft.cli.output import aligned, emit, say

    checks = list(checkup(dsn))
    if json:
        emit({"checks": [{"name": c.name, "ok": c.ok, "found": c.found, "advice": c.advice} for c in checks]})
    else:
        for line in aligned([("ok" if c.ok else "!!", c.name, c.found + (f": {c.advice}" if not c.ok else "")) for c in checks]):
            say(line)
    if not all(c.ok for c in checks):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for command in (status, tasks, show, graph, blame, drift, doctor):
        app.command()(command)
