"""compile, docs, export, bench, test: the verbs around the blueprint's files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hingecraft.cli.options import Dsn, Json, Selection


def compile(
    json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file is not up to date.")] = False,
) -> None:
    """Compile the task blocks into the blueprint's JSON and summary, and the help into its reference.

    Example: hc compile --check
    """
    from hingecraft.blueprint.compile import write
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import read_blueprint

    blueprint = read_blueprint()
    root = blueprint.root.parent
    changed = [path.relative_to(root).as_posix() for path in [*write(blueprint, check=check), *_reference(root, check=check)]]
    if json:
        emit(
            {
                "tasks": len(blueprint.catalogue),
                "written": sum(t.written for t in blueprint.catalogue),
                "changed": changed,
            }
        )
    else:
        for path in changed:
            say(f"{'stale' if check else 'wrote'} {path}")
        say(
            f"{len(blueprint.catalogue)} tasks, {sum(t.written for t in blueprint.catalogue)} written"
            f"{'' if changed else '; everything was up to date'}."
        )
    if check and changed:
        raise typer.Exit(1)


def _reference(root: Path, *, check: bool) -> list[Path]:
    """Write docs/reference/cli.md, in a checkout; returns it when it changed (or would)."""
    from hingecraft.cli.reference import reference

    page, text = root / "docs" / "reference" / "cli.md", reference()
    if not page.parent.is_dir() or (page.exists() and page.read_text(encoding="utf-8") == text):
        return []
    if not check:
        page.write_text(text, encoding="utf-8")
    return [page]


def docs(
    dsn: Dsn = None,
    json: Json = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder to write to; default: docs/reference/data of the checkout.", show_default=False),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a page is not up to date.")] = False,
) -> None:
    """Write the data dictionary: a page and an entity diagram for every room, from the database's own comments.

    Example: hc docs -o /tmp/dictionary
    """
    from hingecraft.blueprint.load import database_folder
    from hingecraft.cli.output import emit, say
    from hingecraft.cli.workshop import connected, read_blueprint
    from hingecraft.dictionary import read, write

    folder = output or database_folder().parent / "docs" / "reference" / "data"
    with connected(dsn) as connection:
        rooms = read(connection)
    changed = write(rooms, folder, read_blueprint().sources("../../../" if output is None else ""), check=check)
    if json:
        emit({"rooms": [room.name for room in rooms], "changed": [str(path) for path in changed]})
    else:
        for path in changed:
            say(f"{'stale' if check else 'wrote'} {path}")
        say(f"{len(rooms)} rooms{'' if changed else '; everything was up to date'}.")
    if check and changed:
        raise typer.Exit(1)


def export(
    selection: Selection = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; default: standard output.", show_default=False),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Also each verify, inside a savepoint that is rolled back.")] = False,
) -> None:
    """Write the build as one plain SQL file that psql alone can apply.

    Example: hc export -o hingecraft.sql
    """
    from hingecraft.blueprint.export import export as pieces
    from hingecraft.blueprint.selection import select
    from hingecraft.cli.workshop import read_blueprint

    blueprint = read_blueprint()
    wanted = blueprint.graph.closure(t.id for t in select(blueprint, selection or []))
    text = "".join(pieces([t for t in blueprint.order if t.id in wanted], verify=verify))
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


def run_tests(
    arguments: Annotated[list[str] | None, typer.Argument(help="Handed to pytest.", show_default=False)] = None,
) -> None:
    """Run the tests of the project (pytest, on real servers).

    Example: hc test tests/blueprint -k parse
    """
    import subprocess

    from hingecraft.blueprint.load import database_folder
    from hingecraft.errors import UsageError

    root = database_folder().parent
    if not (root / "tests").is_dir():
        raise UsageError("The tests are in the checkout, not in the installed package.")
    raise typer.Exit(subprocess.run([sys.executable, "-m", "pytest", *(arguments or [])], cwd=root, check=False).returncode)


def bench(
    name: Annotated[str, typer.Argument(help="build, noop, verify, prove, revert, seed or clone.")] = "build",
    json: Json = False,
    runs: Annotated[int, typer.Option("--runs", help="How often each side is run, in turn.", min=1)] = 5,
) -> None:
    """Measure against a named baseline in the same run.

    Example: hc bench build
    """
    from hingecraft.blueprint.load import database_folder
    from hingecraft.errors import UsageError

    folder = database_folder().parent / "benchmarks"
    if not folder.is_dir():
        raise UsageError("The benchmarks are in the checkout, not in the installed package.")
    sys.path.insert(0, str(folder.parent))
    from importlib import import_module

    import_module("benchmarks.bench").main(name, runs=runs, as_json=json)


def register(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    passing = {"allow_extra_args": True, "ignore_unknown_options": True}
    for command in (compile, docs, export, bench):
        app.command()(command)
    app.command("test", context_settings=passing)(run_tests)
