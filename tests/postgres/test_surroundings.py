"""Accounts, closed folders and disks that a server can meet on a machine."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft.postgres import EmbeddedCluster, connect
from hingecraft.postgres._account import server_account
from hingecraft.postgres._places import place_for
from hingecraft.postgres._sockets import PATH_LIMIT, socket_directory
from hingecraft.postgres.errors import CannotStart, UnusableState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hingecraft.postgres._binaries import Binaries


START = """
import sys
from pathlib import Path
from hingecraft.postgres import EmbeddedCluster
EmbeddedCluster(Path(sys.argv[1])).start()
"""


@contextmanager
def small_disk(at: Path, *options: str) -> Iterator[Path]:
    at.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["mode=755", *options]), "tmpfs", at], check=False)
    if mounted.returncode != 0:
        pytest.skip("this root may not mount")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=True)


def said_as(uid: int, act: Callable[[], object]) -> str:
    """What a process of another user gets: its exception, or the result."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        try:
            answer = repr(act())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.usefixtures("as_root")
def test_root_steps_down_and_the_server_runs_as_nobody_special(cluster: EmbeddedCluster) -> None:
    running = cluster.start()
    assert Path(f"/proc/{running.pid}").stat().st_uid == (cluster.home / "data").stat().st_uid != 0
    assert b"Groups:\t \n" in Path(f"/proc/{running.pid}/status").read_bytes()


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(("name", "sentence"), [("nobody-here", "does not exist"), ("root", "refuses to run as root")])
def test_an_account_that_cannot_serve_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, sentence: str) -> None:
    monkeypatch.setenv("HC_OS_USER", name)
    with pytest.raises(CannotStart, match=sentence):
        server_account()


@pytest.mark.usefixtures("as_root")
def test_a_state_directory_that_a_user_owns_stays_that_users(folder: Path, programs: Binaries) -> None:
    cluster = EmbeddedCluster(folder / "state", programs=programs)
    uid = server_account().uid
    cluster.home.mkdir()
    os.chown(cluster.home, uid, uid)
    try:
        cluster.start()
        assert {path.stat().st_uid for path in cluster.home.iterdir()} == {uid}
    finally:
        cluster.reset()


@pytest.mark.usefixtures("as_root")
def test_under_a_closed_parent_binaries_and_data_go_elsewhere_and_no_mode_is_widened(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    cluster = EmbeddedCluster(closed / "state")
    try:
        running = cluster.start()
        with connect(cluster.conninfo(running, "postgres")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        place = cluster.programs().bin.parents[1]
        assert place.parent == Path("/var/lib/hingecraft")
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        cluster.reset()
    assert not place.exists()


@pytest.mark.usefixtures("as_root")
def test_a_state_directory_of_another_user_is_refused_in_a_sentence(cluster: EmbeddedCluster) -> None:
    cluster.start()
    for act in (cluster.running, cluster.start, cluster.stop):
        assert said_as(65_534, act).startswith(f"UnusableState: {cluster.home} is closed to you")


@pytest.mark.usefixtures("as_root")
def test_a_user_id_without_a_name_is_refused_in_a_sentence() -> None:
    assert "has no entry in /etc/passwd" in said_as(54_321, server_account)


@pytest.mark.usefixtures("as_root")
def test_a_full_disk_is_named_whenever_it_is_met(folder: Path, programs: Binaries) -> None:
    with small_disk(folder / "disk", "size=20m") as disk:
        with pytest.raises(UnusableState, match="is full"):
            EmbeddedCluster(disk / "programs").programs()
        with pytest.raises(UnusableState, match="is full"):
            EmbeddedCluster(disk / "data", programs=programs).start()
        assert not [path for path in disk.rglob("*") if path.name.startswith(("data.", "postgres-"))]
    with small_disk(folder / "disk", "size=200m") as disk:
        cluster = EmbeddedCluster(disk / "state", programs=programs)
        cluster.start()
        cluster.stop()
        filled = disk / "filled"
        subprocess.run(["dd", "if=/dev/zero", f"of={filled}", "bs=64k"], stderr=subprocess.DEVNULL, check=False)
        with pytest.raises(UnusableState, match="is full"):
            cluster.start()
        filled.unlink()
        assert cluster.start().ready
        cluster.stop("immediate")


@pytest.mark.usefixtures("as_root")
def test_a_read_only_disk_is_named(folder: Path, programs: Binaries) -> None:
    with small_disk(folder / "disk", "size=200m") as disk:
        cluster = EmbeddedCluster(disk / "state", programs=programs)
        cluster.start()
        cluster.stop()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(UnusableState, match="is read-only"):
            cluster.start()
        with pytest.raises(UnusableState, match="is read-only"):
            EmbeddedCluster(disk / "other", programs=programs).start()


def test_a_path_that_a_shell_would_read_differently_is_gone_around(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    odd = folder / 'a "b" $HOME'
    place = place_for(odd, server_account())
    assert str(place).startswith(("/somewhere/hingecraft/", "/var/lib/hingecraft/"))
    assert place != place_for(folder / "$other", server_account())


def test_the_socket_folder_is_short_and_private_although_the_temporary_folder_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for unfit in (folder / "with,comma", folder / ("long" * 30)):
        unfit.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(unfit))
        made = socket_directory(server_account())
        try:
            assert "," not in str(made)
            assert len(os.fsencode(made / ".s.PGSQL.65535")) <= PATH_LIMIT
            assert stat.S_IMODE(made.stat().st_mode) == 0o700
        finally:
            made.rmdir()


def test_a_process_that_is_killed_while_it_makes_the_cluster_leaves_nothing_in_the_way(folder: Path, programs: Binaries) -> None:
    home = folder / "state"
    for seconds in (0.25, 0.5, 0.75, 1.0):
        process = subprocess.Popen([sys.executable, "-c", START, home], env={**os.environ, "HINGECRAFT_PG_BIN": str(programs.bin)})
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    cluster = EmbeddedCluster(home, programs=programs)
    try:
        assert cluster.start().ready
    finally:
        cluster.reset()
    shutil.rmtree(home)
