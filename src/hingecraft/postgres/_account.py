"""The operating system's account that a server runs as: the caller's own, or an unprivileged one when root calls."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._files import replace
from .errors import CannotStart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KNOWN = ("hingecraft", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns the data and runs the programs that touch it; `dropped` when root stepped down to it."""

    name: str
    uid: int
    gid: int
    dropped: bool

    def run(self, arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a program as this account in a clean environment: no PG variable and no library path leaks into it."""
        step_down = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [str(argument) for argument in arguments],
            **step_down,
            env={"PATH": os.defpath, "LC_ALL": "C", "HOME": "/"},
            cwd="/",
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )

    def can_enter(self, directory: Path) -> bool:
        """Whether every parent lets this account through: asked of the system, since modes do not tell all."""
        return not self.dropped or self.run(["/bin/sh", "-c", 'cd "$0"', directory]).returncode == 0

    def give(self, path: Path) -> None:
        """Hand over a file or directory that we have just made."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)

    def make_private(self, directory: Path) -> None:
        """Make a directory that only this account (and root) can open."""
        directory.mkdir(mode=0o700)
        self.give(directory)

    def write(self, path: Path, text: str) -> None:
        """Replace a file in a directory of this account's, whatever it has put there: a link is never followed."""
        replace(path, text, owner=(self.uid, self.gid) if self.dropped else None)


def caller() -> Account:
    """Return the account that this process already is."""
    return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid(), dropped=False)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise CannotStart(
            f"User id {uid} has no entry in /etc/passwd and PostgreSQL insists on one.",
            hint="Add one, run as another user, or set HINGECRAFT_DSN to a server that runs elsewhere.",
        ) from None


def server_account(owner_of: Path | None = None) -> Account:
    """Choose the account for a server; the owner of data that is already there stays its owner.

    Root steps down to that owner, else to HC_OS_USER, else to a `hingecraft` or `postgres` account, else to a new one.
    """
    if os.geteuid() != 0:
        return caller()
    if owner_of is not None and owner_of.exists() and (uid := owner_of.stat().st_uid) != 0:
        return _named(_name_of(uid))
    if wanted := os.environ.get("HC_OS_USER"):
        return _named(wanted)
    for name in KNOWN:
        try:
            return _named(name)
        except CannotStart:
            continue
    return _created()


def _named(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise CannotStart(f"The account {name} does not exist.", hint="Set HC_OS_USER to one that does.") from None
    if entry.pw_uid == 0:
        raise CannotStart("PostgreSQL refuses to run as root.", hint="Set HC_OS_USER to an unprivileged account.")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, dropped=True)


def _created() -> Account:
    useradd = shutil.which("useradd", path=os.defpath + ":/usr/sbin:/sbin")
    hint = "Make an unprivileged account and set HC_OS_USER to its name."
    if useradd is None:
        raise CannotStart("PostgreSQL does not run as root and there is no useradd to make an account for it.", hint=hint)
    made = subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", KNOWN[0]],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return _named(KNOWN[0])
    except CannotStart:
        raise CannotStart(f"useradd could not make the account {KNOWN[0]}: {made.stderr.strip()}", hint=hint) from None
