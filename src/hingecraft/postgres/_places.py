"""Where things are: the checkout, the state directory, and the folders a server's account can reach."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UnusableState

if TYPE_CHECKING:
    from ._account import Account

SHARED = Path("/var/lib/hingecraft")
# pg_ctl and initdb hand paths to a shell inside double quotes.
_UNQUOTABLE = frozenset('"$`\\\n')


def checkout() -> Path | None:
    """Return the root of the checkout this package runs from; nothing when it is installed as a wheel."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "hc").is_file() and (root / "database").is_dir() else None


def home() -> Path:
    """Return the state directory: HINGECRAFT_HOME, else `.hingecraft` in the checkout, else the user's own."""
    if named := os.environ.get("HINGECRAFT_HOME"):
        return Path(named).expanduser().absolute()
    if root := checkout():
        return root / ".hingecraft"
    return user_state()


def user_state() -> Path:
    """Return the folder where this platform keeps a user's programs' state."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "hingecraft"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "hingecraft"


def place_for(state: Path, account: Account) -> Path:
    """Choose where binaries and data go: the state directory itself, unless the server's account cannot work there."""
    if quotable(state) and account.can_enter(state):
        return state
    elsewhere = (SHARED if account.dropped else user_state()) / digest(state)
    if quotable(elsewhere):
        return elsewhere
    raise UnusableState(
        f"PostgreSQL's programs cannot work under {state}: its path holds a quote, a backslash, $ or `.",
        hint="Set HINGECRAFT_HOME to a folder without them.",
        path=state,
    )


def digest(path: Path) -> str:
    """Name a path in twelve characters."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def quotable(path: Path) -> bool:
    """Whether a shell reads the path as it is inside double quotes."""
    return _UNQUOTABLE.isdisjoint(str(path))


def scratch_parent(account: Account, *, room: int = 1 << 30) -> Path:
    """Choose where a throw-away cluster lives: memory if it has the room, else the temporary folder."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and _free(memory) >= room:
        return memory
    return temporary(account)


def temporary(account: Account) -> Path:
    """Return the first temporary folder that the account can enter and we can write."""
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    for folder in candidates:
        if quotable(folder) and os.access(folder, os.W_OK) and account.can_enter(folder):
            return folder
    raise UnusableState(f"{candidates[0]} cannot be used as a temporary folder.", hint="Set TMPDIR to one that can.")


def _free(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize
