"""What a data directory says about the server that runs on it, and whether that is still true."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PID_FILE = "postmaster.pid"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The contents of postmaster.pid: `state` is starting, ready, standby or stopping."""

    pid: int
    started_at: int
    port: int
    sockets: Path
    state: str

    @property
    def socket(self) -> Path:
        """Its Unix socket."""
        return self.sockets / f".s.PGSQL.{self.port}"

    @property
    def ready(self) -> bool:
        """Whether it takes connections, as far as it says."""
        return self.state in ("ready", "standby")


def postmaster(data: Path) -> Postmaster | None:
    """Return the server that runs on this data; nothing when none does, whatever a left-over file says."""
    found = left_over(data)
    return found if found and is_server_of(found.pid, data) else None


def left_over(data: Path) -> Postmaster | None:
    """Read postmaster.pid; its server may be gone, and its pid may by now be some other program's."""
    try:
        lines = (data / PID_FILE).read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return Postmaster(
            int(lines[0]),
            int(lines[2]),
            int(lines[3]),
            Path(lines[4]),
            lines[7].strip() if len(lines) > 7 else "starting",
        )
    except (IndexError, ValueError):
        return Postmaster(int(lines[0]) if lines and lines[0].isdigit() else 0, 0, 0, Path(), "starting")


def is_alive(pid: int) -> bool:
    """Whether there is a process with this id, of whatever program."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_server_of(pid: int, data: Path) -> bool:
    """Whether a process is a PostgreSQL on this data: by its command line, which the system shows to everybody."""
    words = _command(pid)
    if not words or Path(words[0]).name not in ("postgres", "postmaster"):
        return False
    if any(Path(word) == data or Path(word) == data.resolve() for word in words[1:]):
        return True
    return _works_in(pid, data)


def orphans(data: Path) -> Iterator[int]:
    """Yield the server processes on this data that outlived their postmaster."""
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        words = _command(pid)
        if words and words[0].startswith("postgres: ") and _works_in(pid, data):
            yield pid


def end_orphans(data: Path) -> None:
    """Ask left-over server processes to quit at once, as their postmaster would have."""
    for pid in orphans(data):
        try:
            os.kill(pid, signal.SIGQUIT)
        except ProcessLookupError:
            continue


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False


def _command(pid: int) -> list[str]:
    if pid <= 0:
        return []
    if not Path("/proc/self").exists():
        said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return said.stdout.split()
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    except OSError:
        return []
