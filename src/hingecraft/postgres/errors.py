"""What can be wrong with a server, each with the facts it holds."""

from __future__ import annotations

from hingecraft.errors import ServerError


class NoBinaries(ServerError):
    """The embedded server's programs are not there or do not run on this system."""

    code = "no_binaries"


class MissingLibraries(NoBinaries):
    """A library of the system is missing: `libraries`."""

    code = "missing_libraries"


class UnusableState(ServerError):
    """The state directory cannot be used: `path`."""

    code = "unusable_state"


class CannotStart(ServerError):
    """The embedded server does not start: `log` holds its last words."""

    code = "cannot_start"


class CannotStop(ServerError):
    """The embedded server does not stop."""

    code = "cannot_stop"


class Unreachable(ServerError):
    """Nobody answers, or the answer is no."""

    code = "unreachable"


class Unsuitable(ServerError):
    """The server answers and is not one this platform can be built on: `found`, `needed`."""

    code = "unsuitable"
