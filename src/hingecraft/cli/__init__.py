"""The `hingecraft` command (`./hc` in a checkout): verbs over the blueprint and its server.

Modules of commands import what they run inside the functions: the command that finds nothing to do must answer in
half a second, and most of that would be imports.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from hingecraft.errors import Exit, HingecraftError


def main() -> NoReturn:
    """Run the command line, turn errors into a sentence (or a JSON document) and an exit status."""
    from hingecraft.cli.app import app

    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(args=arguments, prog_name="hc")
    except HingecraftError as error:
        if "--debug" in sys.argv:
            raise
        _say(error)
        sys.exit(error.exit_status)
    sys.exit(Exit.DONE)


def _say(error: HingecraftError) -> None:
    if "--json" in sys.argv:
        from hingecraft.cli.output import emit

        emit(error.as_json())
    sys.stderr.write(f"hc: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"    {error.hint}\n")
