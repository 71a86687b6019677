"""Starting a server: pg_ctl, what its log says when it fails, and what a second try can cure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ._binaries import lacking
from ._postmaster import Postmaster, end_orphans, postmaster
from ._state import disk_full, read_only
from .errors import CannotStart, CannotStop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hingecraft.errors import ServerError

    from ._account import Account
    from ._binaries import Binaries

PATIENCE = 300.0
START_LOG = "start.log"
_STILL_THERE = "pre-existing shared memory block"


class _StillThere(Exception):
    """Processes of a killed server hold its memory; they end by themselves, most at once."""


def start_server(data: Path, account: Account, programs: Binaries) -> Postmaster:
    """Start the server and wait until it takes connections. Raises ServerError with its last words."""
    import tenacity

    def second_wind(tries: tenacity.RetryCallState) -> None:
        if tries.attempt_number >= 5:
            end_orphans(data)

    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_StillThere),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_attempt(60),
        before_sleep=second_wind,
    )
    try:
        return again(_start_once, data, account, programs)
    except tenacity.RetryError:
        raise CannotStart(
            "Processes of a server that was killed still hold its memory.",
            hint=f"End the `postgres:` processes that work in {data}, then start again.",
        ) from None


def _start_once(data: Path, account: Account, programs: Binaries) -> Postmaster:
    log = data / START_LOG
    account.write(log, "")
    said = account.run([programs["pg_ctl"], "-D", data, "-l", log, "-w", "-t", str(int(PATIENCE)), "start"])
    running = postmaster(data)
    if said.returncode == 0 and running:
        return running
    words = last_words(data, 20) or said.stdout
    if _STILL_THERE in words:
        raise _StillThere
    raise _reason(data, programs, words)


def _reason(data: Path, programs: Binaries, words: str) -> ServerError:
    if "error while loading shared libraries" in words or "GLIBC_" in words:
        return lacking(programs.bin, words)
    if "No space left on device" in words or _is_full(data):
        return disk_full(data)
    if "Read-only file system" in words:
        return read_only(data)
    return CannotStart(
        f"The embedded server did not start; its last words:\n{words.rstrip()}",
        hint="`hc server logs` shows more; `hc server reset` removes the cluster and its data.",
        log=words,
    )


def _is_full(folder: Path) -> bool:
    """Whether there is no room even for the server to say so."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize < 1 << 16 or (facts.f_files > 0 and facts.f_favail == 0)


def stop_server(data: Path, account: Account, programs: Binaries, mode: str) -> None:
    """Stop the server and wait for its end. Raises CannotStop when it has not ended after two minutes."""
    said = account.run([programs["pg_ctl"], "-D", data, "-m", mode, "-w", "-t", "120", "stop"])
    if said.returncode != 0 and postmaster(data) is not None:
        raise CannotStop(
            f"The server does not stop: {' '.join(said.stdout.split())}",
            hint="A standby or a backup that reads from it may hold it; `hc server stop --now` does not wait.",
        )


def last_words(data: Path, lines: int) -> str:
    """Return the end of what the server logged, from before and after its log collector took over."""
    collected = sorted((data / "log").glob("*.log"), key=lambda file: file.stat().st_mtime)[-1:]
    said: list[str] = []
    for file in [data / START_LOG, *collected]:
        if file.exists():
            said += file.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(said)


def wait_while(condition: Callable[[], bool]) -> None:
    """Wait until a server that is starting or stopping has made up its mind."""
    import tenacity

    wait = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(PATIENCE),
        retry_error_callback=lambda _: None,
    )
    wait(condition)
