"""Writing small files safely, also as root in a directory that somebody else owns."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, text: str, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Put a file in place in one step; a link that waits at its name is replaced, never followed.

    When root writes, the file goes to `owner`, else to whom the directory belongs.
    """
    new = path.with_name(f"{path.name}.new-{os.getpid()}")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
            give(file.fileno(), path.parent, owner)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def give(descriptor: int, directory: Path, owner: tuple[int, int] | None = None) -> None:
    """Let a file that root has just made belong to `owner`, else to its directory's."""
    if os.geteuid() == 0:
        facts = directory.stat()
        os.fchown(descriptor, *(owner or (facts.st_uid, facts.st_gid)))
