"""Making a cluster's data, and refusing data that is not ours."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from ._binaries import MAJOR
from ._files import remove
from ._settings import SETTINGS_FILE, SUPERUSER, host_based_access, settings_file
from ._state import disk_full
from .errors import CannotStart, UnusableState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ._account import Account
    from ._binaries import Binaries


def make_data(data: Path, account: Account, programs: Binaries, settings: Mapping[str, str], password: str) -> None:
    """Run initdb aside and put the result in place in one rename, so that a kill never leaves half a cluster.

    The name aside is a new one each time: an initdb whose caller was killed may still be writing to the last.
    """
    new = data.with_name(f"data.new-{os.getpid()}-{time.monotonic_ns()}")
    given = new.with_suffix(".password")
    for left in data.parent.glob("data.new*"):
        remove(left)
    account.make_private(new)
    try:
        account.write(given, password)
        said = account.run([
            programs["initdb"], "-D", new, "-U", SUPERUSER, f"--pwfile={given}", "--auth=scram-sha-256",
            "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums",
            *(["--no-sync"] if settings.get("fsync") == "off" else []),
        ])  # fmt: skip
        if said.returncode != 0:
            raise _reason(data, said.stdout)
        access, identities = host_based_access(account)
        account.write(new / "pg_hba.conf", access)
        account.write(new / "pg_ident.conf", identities)
        account.write(new / SETTINGS_FILE, settings_file(settings))
        main = new / "postgresql.conf"
        account.write(main, f"{main.read_text()}\ninclude '{SETTINGS_FILE}'\n")
        new.rename(data)
    finally:
        given.unlink(missing_ok=True)
        shutil.rmtree(new, ignore_errors=True)


def _reason(data: Path, said: str) -> UnusableState | CannotStart:
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return disk_full(data.parent)
    words = "\n".join(said.splitlines()[-8:])
    return CannotStart(f"initdb could not make {data}; its last words:\n{words}", log=words)


def check_data(data: Path) -> None:
    """Raise UnusableState for data that HingeCraft did not make or that another major version made."""
    try:
        major = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        major = ""
    if not major or not (data / SETTINGS_FILE).exists():
        raise UnusableState(
            f"{data} is there and HingeCraft did not make it.",
            hint="Move it away, or set HINGECRAFT_HOME to another folder.",
            path=data,
        )
    if major != str(MAJOR):
        raise UnusableState(
            f"{data} was made by PostgreSQL {major} and the embedded server is {MAJOR}.",
            hint=f"Dump it with a PostgreSQL {major} and load it here, or set HINGECRAFT_HOME to another folder.",
            path=data,
            major=major,
        )
