"""What is remembered between runs: a small file in the state directory, its lock, and its refusals."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ._files import give, replace
from .errors import UnusableState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.errors import ServerError

FORMAT = 1
FILE = "state.json"


@dataclass(slots=True)
class State:
    """Where binaries and data are, the port and the socket of the last start, and whose state this is."""

    home: Path
    place: Path
    port: int
    sockets: Path | None = None
    format: int = field(default=FORMAT)

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.place / "data"

    def write(self) -> None:
        """Remember it."""
        replace(self.home / FILE, json.dumps(asdict(self), default=os.fspath, indent=2) + "\n", mode=0o644)


def read_state(home: Path) -> State | None:
    """Return what was remembered; nothing before the first run. Raises UnusableState for what we cannot read.

    A state directory may have been moved or copied: what lies inside it has come along, what lies elsewhere belongs to
    where it was copied from.
    """
    file = home / FILE
    try:
        found = json.loads(file.read_text())
        if found["format"] > FORMAT:
            raise UnusableState(
                f"{home} was made by a newer version of HingeCraft (layout {found['format']}; {FORMAT} is known here).",
                hint="Use that version, or set HINGECRAFT_HOME to another folder.",
                path=home,
            )
        was, place, sockets = Path(found["home"]), Path(found["place"]), found["sockets"]
        if place == was:
            return State(home, home, int(found["port"]), Path(sockets) if sockets else None)
        return State(home, place, int(found["port"]), Path(sockets) if sockets else None) if was == home else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal(error, home) from error
    except (ValueError, KeyError, TypeError):
        raise UnusableState(
            f"{file} is not the file that HingeCraft wrote.",
            hint="Put it back, or set HINGECRAFT_HOME to another folder.",
            path=home,
        ) from None


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the state directory while something is made, started or stopped; others wait their turn."""
    try:
        if not home.is_dir():
            home.mkdir(parents=True, exist_ok=True)
            home.chmod(0o755)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise refusal(error, home) from error
    try:
        give(lock, home)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def refusal(error: OSError, path: Path) -> ServerError:
    """Say what an operating system's refusal means for the state directory."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path)
    if error.errno == errno.EROFS:
        return read_only(path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return UnusableState(
            f"{path} is closed to you: it, or its folder, belongs to another user.",
            hint="Set HINGECRAFT_HOME to a folder of your own, or run as its owner.",
            path=path,
        )
    return UnusableState(f"{path} cannot be used: {error}.", hint="Set HINGECRAFT_HOME to another folder.", path=path)


def disk_full(path: Path) -> UnusableState:
    """Say that there is no room left."""
    return UnusableState(
        f"The disk under {path} is full.",
        hint="Free some space (the embedded server begins with about 200 MB), or set HINGECRAFT_HOME to another disk.",
        path=path,
    )


def read_only(path: Path) -> UnusableState:
    """Say that nothing can be written there."""
    return UnusableState(f"The disk under {path} is read-only.", hint="Set HINGECRAFT_HOME to a folder that can be written.", path=path)
