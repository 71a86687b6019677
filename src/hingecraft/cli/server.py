"""server start, stop, status, psql, logs, reset: the embedded server, by hand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hingecraft.cli.options import Dsn, Json, Yes

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.postgres import EmbeddedCluster

app = typer.Typer(
    help="Start, stop and look into the embedded server; its files are in .hingecraft/ or HINGECRAFT_HOME.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def start(json: Json = False) -> None:
    """Start the embedded server, making it first when there is none; nothing happens when it runs.

    Example: hc server start
    """
    from hingecraft.postgres._server import open_cluster

    cluster = _embedded("start")
    was_running = cluster.running() is not None
    server = open_cluster(cluster)
    facts = {"started": not was_running, **_facts(cluster)}
    _answer(facts, json, f"{server} {'was running already' if was_running else 'started'}, port {facts['port']}.")


@app.command()
def stop(
    json: Json = False,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for anybody; the next start recovers from the log.")] = False,
) -> None:
    """Stop the embedded server; open sessions are ended, what they committed stays.

    Example: hc server stop
    """
    stopped = _embedded("stop").stop("immediate" if now else "fast")
    _answer({"stopped": stopped}, json, "Stopped." if stopped else "It was not running.")


@app.command()
def status(dsn: Dsn = None, json: Json = False) -> None:
    """Show whether the server runs, which version, and how to reach it; exit status 3 when it does not run.

    Example: hc server status --json
    """
    from hingecraft.errors import Exit
    from hingecraft.postgres import EmbeddedCluster, open_server

    if dsn:
        server = open_server(dsn)
        _answer({"running": True, "embedded": False, "version": server.version, "dbname": server.dbname}, json)
        return
    facts = _facts(EmbeddedCluster())
    _answer(facts, json)
    if not facts["running"]:
        raise typer.Exit(Exit.SERVER)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, dsn: Dsn = None) -> None:
    """Open psql on the database; everything else is passed on to psql.

    Example: hc server psql -c 'select count(*) from core.users'
    """
    from hingecraft.postgres import EmbeddedCluster
    from hingecraft.postgres._psql import psql_command

    command, environment = psql_command(EmbeddedCluster(), dsn, context.args)
    os.execve(command[0], command, environment)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many lines from the end.", min=0)] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what the server writes from now on.")] = False,
    json: Json = False,
) -> None:
    """Show what the server wrote to its log last.

    Example: hc server logs -n 100 --follow
    """
    cluster = _embedded("logs")
    file = cluster.log_file()
    if follow and file is not None:
        os.execvp("tail", ["tail", "-n", str(lines), "-F", str(file)])
    last = _last_lines(file, lines)
    _answer({"file": file, "lines": last}, json, "\n".join(last) or "The server has not written anything yet.")


@app.command()
def reset(yes: Yes = False, json: Json = False) -> None:
    """Stop the embedded server and remove it with all its data; the next build starts from nothing.

    Example: hc server reset --yes
    """
    cluster = _embedded("reset")
    data = cluster.status().data
    if data is not None and not yes:
        _ask(data)
    removed = cluster.reset()
    _answer({"removed": removed}, json, f"Removed the server and {data}." if data else "There was no server.")


def _ask(data: Path) -> None:
    import sys

    from hingecraft.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("reset removes all data and nobody is here to be asked.", hint="Say it with --yes.")
    typer.confirm(f"Remove the server and all data in {data}?", abort=True, err=True)


def _embedded(verb: str) -> EmbeddedCluster:
    """Return our cluster. Raises UsageError when a DSN says that another server is meant."""
    from hingecraft.errors import UsageError
    from hingecraft.postgres import EmbeddedCluster

    if os.environ.get("HINGECRAFT_DSN"):
        raise UsageError(
            f"HINGECRAFT_DSN names a server that is not ours; `server {verb}` is for the embedded one.",
            hint="Unset HINGECRAFT_DSN to work on the embedded server.",
        )
    return EmbeddedCluster()


def _facts(cluster: EmbeddedCluster) -> dict[str, Any]:
    from datetime import UTC, datetime

    from hingecraft.postgres import DATABASE

    found, running = cluster.status(), cluster.running()
    since = datetime.fromtimestamp(found.started_at, UTC).isoformat() if found.started_at else None
    return {
        "running": found.running,
        "embedded": True,
        "version": found.version,
        "pid": found.pid,
        "since": since,
        "port": found.port,
        "dsn": cluster.conninfo(running, DATABASE) if running else None,
        "tcp": f"postgresql://hingecraft@127.0.0.1:{running.port}/{DATABASE}" if running else None,
        "passfile": cluster.passfile if cluster.passfile.exists() else None,
        "data": found.data,
        "home": cluster.home,
    }


def _last_lines(file: Path | None, lines: int) -> list[str]:
    from collections import deque

    if file is None:
        return []
    with file.open(errors="replace") as log:
        return [line.rstrip("\n") for line in deque(log, maxlen=lines)]


def _answer(facts: dict[str, Any], json: bool, line: str | None = None) -> None:
    """Print a document for a program, or for a person: the sentence, else the facts as aligned lines."""
    from hingecraft.cli.output import aligned, emit, say

    if json:
        emit(facts)
    elif line is not None:
        say(line)
    else:
        shown = {True: "yes", False: "no", None: "-"}
        for row in aligned([(name, str(shown.get(value, value))) for name, value in facts.items()]):
            say(row)
