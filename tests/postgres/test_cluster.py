"""A cluster of our own: what it is, what it survives, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from hingecraft.postgres import EmbeddedCluster, connect
from hingecraft.postgres._account import server_account
from hingecraft.postgres._server import open_cluster
from hingecraft.postgres._settings import DURABLE
from hingecraft.postgres.errors import CannotStart, UnusableState

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.postgres._binaries import Binaries

START = """
import sys
from pathlib import Path
from hingecraft.postgres import EmbeddedCluster
print(EmbeddedCluster(Path(sys.argv[1])).start().pid)
"""


def start_in_a_process(home: Path, programs: Binaries) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, home],
        env={**os.environ, "HINGECRAFT_PG_BIN": str(programs.bin)},
        stdout=subprocess.PIPE,
        text=True,
    )


def one(cluster: EmbeddedCluster, query: str) -> object:
    running = cluster.start()
    with connect(cluster.conninfo(running, "postgres")) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_new_cluster_keeps_what_it_commits_and_checks_what_it_reads(folder: Path, programs: Binaries) -> None:
    cluster = EmbeddedCluster(folder / "state", settings=DURABLE, programs=programs)
    try:
        with connect(open_cluster(cluster)) as connection:
            settings: dict[str, str] = dict(connection.execute("select name, setting from pg_settings").fetchall())
        expected = {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "password_encryption": "scram-sha-256",
            "server_encoding": "UTF8",
            "listen_addresses": "127.0.0.1",
            "wal_level": "logical",
            "summarize_wal": "on",
            "shared_preload_libraries": "pg_stat_statements,auto_explain",
            "max_locks_per_transaction": "512",
            "max_prepared_transactions": "64",
            "track_io_timing": "on",
        }
        assert {name: settings[name] for name in expected} == expected
    finally:
        cluster.reset()


def test_strangers_need_the_password_and_cannot_read_it(cluster: EmbeddedCluster) -> None:
    running = cluster.start()
    by_tcp = f"host=127.0.0.1 port={running.port} user=hingecraft dbname=postgres"
    with psycopg.connect(by_tcp, passfile=str(cluster.passfile)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(by_tcp, password="guess")
    for private in (cluster.passfile, cluster.home / "data", running.sockets):
        assert stat.S_IMODE(private.stat().st_mode) & 0o077 == 0


def test_text_compares_by_code_point_whatever_the_caller_speaks(cluster: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert one(cluster, "select datlocprovider::text || datlocale from pg_database where datname = 'postgres'") == "bC.UTF-8"


def test_two_processes_that_start_at_once_end_with_one_server(cluster: EmbeddedCluster, programs: Binaries) -> None:
    starting = [start_in_a_process(cluster.home, programs) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].strip() for process in starting]
    running = cluster.running()
    assert running is not None
    assert said == [str(running.pid)] * 2


def test_a_pid_file_whose_pid_is_now_some_other_program_is_no_obstacle(cluster: EmbeddedCluster) -> None:
    cluster.start()
    left = (cluster.home / "data" / "postmaster.pid").read_text()
    cluster.stop()
    account = server_account(cluster.home / "data")
    other = subprocess.Popen(["sleep", "60"], user=account.uid, cwd="/")
    try:
        account.write(cluster.home / "data" / "postmaster.pid", "\n".join([str(other.pid), *left.splitlines()[1:], ""]))
        assert cluster.running() is None
        assert cluster.start().pid != other.pid
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("left", ["", "12", "nonsense\n", "1\n/nowhere\n1700000000\n"])
def test_a_torn_pid_file_is_no_obstacle(cluster: EmbeddedCluster, left: str) -> None:
    cluster.start()
    cluster.stop()
    server_account(cluster.home / "data").write(cluster.home / "data" / "postmaster.pid", left)
    assert cluster.start().ready


def test_a_killed_server_starts_again_with_what_was_committed_although_a_session_lives_on(
    cluster: EmbeddedCluster,
) -> None:
    server, running = open_cluster(cluster), cluster.start()
    with connect(server) as connection:
        connection.execute("create table kept as select 42 as answer")
    busy = connect(server)

    def work() -> None:
        with pytest.raises(psycopg.OperationalError):
            busy.execute("select count(*) from generate_series(1, 10000000000) g where sqrt(g) < 0")

    worker = threading.Thread(target=work)
    worker.start()
    time.sleep(0.3)
    os.kill(running.pid, signal.SIGKILL)
    with connect(open_cluster(cluster)) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    worker.join(timeout=30)
    assert not worker.is_alive()
    busy.close()


def test_a_port_that_somebody_took_is_exchanged_for_another_that_is_remembered(cluster: EmbeddedCluster) -> None:
    before = cluster.start().port
    cluster.stop()
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1", before))
        somebody.listen()
        after = cluster.start().port
    assert after != before
    cluster.stop()
    assert cluster.start().port == after


def test_a_socket_that_was_swept_away_leaves_the_way_by_tcp(cluster: EmbeddedCluster) -> None:
    running = cluster.start()
    shutil.rmtree(running.sockets)
    assert "127.0.0.1" in cluster.conninfo(running, "postgres")
    assert one(cluster, "select 1") == 1


def test_a_lost_password_is_replaced(cluster: EmbeddedCluster) -> None:
    cluster.start()
    cluster.stop()
    cluster.passfile.unlink()
    running = cluster.start()
    with psycopg.connect(
        f"host=127.0.0.1 port={running.port} user=hingecraft dbname=postgres", passfile=str(cluster.passfile)
    ) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_what_a_killed_initdb_left_is_swept_away(cluster: EmbeddedCluster) -> None:
    left = cluster.home / "data.new-1" / "base"
    left.mkdir(parents=True)
    cluster.home.chmod(0o755)
    assert cluster.start().ready
    assert not list(cluster.home.glob("data.*"))


def test_a_state_directory_can_be_moved(cluster: EmbeddedCluster, programs: Binaries) -> None:
    one(cluster, "select 1")
    with connect(cluster.conninfo(cluster.start(), "postgres")) as connection:
        connection.execute("create table kept ()")
    cluster.stop()
    moved = EmbeddedCluster(cluster.home.rename(cluster.home.with_name("moved")), settings=DURABLE, programs=programs)
    try:
        assert one(moved, "select to_regclass('kept') is not null") is True
    finally:
        moved.reset()


def test_a_copy_of_a_state_directory_leaves_the_original_alone(cluster: EmbeddedCluster, programs: Binaries) -> None:
    running = cluster.start()
    shutil.copytree(cluster.home, cluster.home.with_name("copy"), ignore=shutil.ignore_patterns("pg_wal"))
    copy = EmbeddedCluster(cluster.home.with_name("copy"), programs=programs)
    assert copy.running() is None
    assert copy.stop() is False
    copy.reset()
    assert cluster.running() == running
    assert one(cluster, "select 1") == 1
    assert running.socket.exists()


def test_data_of_another_major_version_is_refused(cluster: EmbeddedCluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.home / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(UnusableState, match="made by PostgreSQL 17 and the embedded server is 18"):
        cluster.start()


def test_a_state_directory_with_a_newer_layout_is_refused(cluster: EmbeddedCluster) -> None:
    cluster.home.mkdir()
    (cluster.home / "state.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(UnusableState, match="made by a newer version"):
        cluster.start()
    (cluster.home / "state.json").unlink()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "x"}', '{"format": 1}'])
def test_a_garbled_state_file_is_refused(cluster: EmbeddedCluster, content: str) -> None:
    cluster.home.mkdir()
    (cluster.home / "state.json").write_text(content)
    with pytest.raises(UnusableState, match="is not the file that HingeCraft wrote"):
        cluster.start()
    (cluster.home / "state.json").unlink()


def test_data_that_is_not_ours_is_refused_and_left_alone(cluster: EmbeddedCluster) -> None:
    theirs = cluster.home / "data" / "theirs.txt"
    theirs.parent.mkdir(parents=True)
    cluster.home.chmod(0o755)
    theirs.write_text("dear")
    with pytest.raises(UnusableState, match="HingeCraft did not make it"):
        cluster.start()
    assert theirs.read_text() == "dear"


def test_a_server_that_does_not_start_says_its_last_words(cluster: EmbeddedCluster) -> None:
    one(cluster, "select 1")
    with connect(cluster.conninfo(cluster.start(), "postgres")) as connection:
        connection.execute("alter system set shared_preload_libraries = 'not_there'")
    cluster.stop()
    with pytest.raises(CannotStart, match='could not access file "not_there"'):
        cluster.start()


def test_reset_leaves_nothing_and_a_stopped_server_is_stopped_already(cluster: EmbeddedCluster) -> None:
    running = cluster.start()
    cluster.reset()
    assert [path.name for path in cluster.home.iterdir()] == ["lock"]
    assert not running.sockets.exists()
    assert cluster.running() is None
    assert cluster.stop() is False


@pytest.mark.drill
def test_twenty_kills_in_a_row_lose_nothing_that_was_committed(folder: Path, programs: Binaries) -> None:
    cluster = EmbeddedCluster(folder / "state", settings=DURABLE, programs=programs)
    try:
        with connect(open_cluster(cluster)) as connection:
            connection.execute("create table kept (n int)")
        for n in range(20):
            with connect(open_cluster(cluster)) as connection:
                connection.execute("insert into kept values (%s)", [n])
                os.kill(cluster.start().pid, signal.SIGKILL)
            starting = [start_in_a_process(cluster.home, programs) for _ in range(2)]
            for process in starting:
                process.communicate(timeout=60)
            with connect(open_cluster(cluster)) as connection:
                assert connection.execute("select count(*) from kept").fetchone() == (n + 1,)
    finally:
        cluster.reset()
