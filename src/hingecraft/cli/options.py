"""The options that many verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

Selection = Annotated[
    list[str] | None,
    typer.Argument(
        help="Tasks: 43, BUILD_0043, 41-60, +43 (with all it needs), a component, category:NAME, component:NAME, "
        "status:NAME. Default: all.",
        show_default=False,
    ),
]
Dsn = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        envvar="HINGECRAFT_DSN",
        help="Connection string of a PostgreSQL >= 18; default: the embedded server.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on standard output.")]
Wait = Annotated[
    float,
    typer.Option("--wait", envvar="HINGECRAFT_WAIT", help="Seconds to wait while another run holds the database."),
]
LockTimeout = Annotated[
    int,
    typer.Option("--lock-timeout", envvar="HINGECRAFT_LOCK_TIMEOUT", help="Milliseconds to wait for a lock before trying again."),
]
Attempts = Annotated[
    int,
    typer.Option("--attempts", envvar="HINGECRAFT_ATTEMPTS", help="How often a task is tried while locks are not granted.", min=1),
]
Drills = Annotated[bool, typer.Option("--drills", help="Also what needs volume or time.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
