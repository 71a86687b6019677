"""The verbs, gathered."""

from __future__ import annotations

import typer

from hingecraft.cli import building, looking, proving, seeding, server, shaping

app = typer.Typer(
    name="hc",
    help="Build, prove and look after the HingeCraft database: a PostgreSQL platform made of 1,000 proven tasks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (building, proving, looking, shaping):
    commands.register(app)
app.add_typer(server.app, name="server")
app.add_typer(seeding.app, name="seed")
