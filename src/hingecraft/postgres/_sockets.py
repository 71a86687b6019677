"""The private folder of a server's socket: made again at each start, removed with care."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ._places import temporary
from .errors import UnusableState

if TYPE_CHECKING:
    from ._account import Account

PREFIX = "hingecraft-"
PATH_LIMIT = 107  # libpq refuses a longer path, and it splits a path at a comma


def socket_directory(account: Account) -> Path:
    """Make a new private folder, short enough for libpq and without a comma; one that outlives the login session."""
    runtime = [Path("/run")] if account.dropped else []
    for parent in [*runtime, temporary(account), Path("/tmp"), Path("/var/tmp")]:
        longest = parent / f"{PREFIX}12345678" / ".s.PGSQL.65535.lock"
        if "," in str(parent) or len(os.fsencode(longest)) > PATH_LIMIT:
            continue
        try:
            made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        except OSError:
            continue
        account.give(made)
        return made
    raise UnusableState("There is no temporary folder with a short path for the server's socket.", hint="Set TMPDIR=/tmp.")


def remove_sockets(folder: Path | None, data: Path) -> None:
    """Remove what a server on this data left; a folder that another server uses by now is not touched."""
    if folder is None or not folder.name.startswith(PREFIX) or not folder.is_dir() or folder.is_symlink():
        return
    for lock in folder.glob(".s.PGSQL.*.lock"):
        if lock.read_text().splitlines()[1:2] == [str(data)]:
            lock.with_suffix("").unlink(missing_ok=True)
            lock.unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:
        return
