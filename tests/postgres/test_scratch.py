"""Throw-away servers: private, forgetful, and gone even when their owner was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from hingecraft.postgres import Server, connect, scratch_server
from hingecraft.postgres._account import server_account
from hingecraft.postgres._places import scratch_parent
from hingecraft.postgres._postmaster import is_server_of
from hingecraft.postgres._start import wait_while

KILLED = """
import os, signal
from hingecraft.postgres import connect, scratch_server
with scratch_server(name="killed") as server:
    with connect(server) as connection:
        print(*connection.execute("select current_setting('data_directory')").fetchone(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def directory(server: Server) -> Path:
    with connect(server) as connection:
        row = connection.execute("select current_setting('data_directory')").fetchone()
    assert row is not None
    return Path(row[0])


def test_a_scratch_server_forgets_and_takes_settings(server: Server) -> None:
    with scratch_server(name="other", settings={"work_mem": "77MB"}) as other, connect(other) as connection:
        settings = connection.execute("select current_setting('fsync'), current_setting('work_mem')").fetchone()
        assert settings == ("off", "77MB")
        assert directory(other) != directory(server)


def test_a_scratch_server_is_in_memory_where_there_is_room_and_gone_at_exit() -> None:
    with scratch_server() as own:
        data = directory(own)
        assert data.is_relative_to(scratch_parent(server_account()))
        assert own.dsn not in repr(own)
    assert not data.parent.exists()


def test_without_room_in_memory_it_goes_to_the_temporary_folder() -> None:
    assert scratch_parent(server_account(), room=1 << 60) != Path("/dev/shm")


def test_what_a_killed_owner_left_is_swept_up_by_the_next(server: Server) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, check=False)
    data = Path(killed.stdout.strip())
    assert killed.returncode == -signal.SIGKILL
    with scratch_server(name="next"):
        wait_while(data.parent.exists)  # another test's scratch server may be the one that sweeps
        assert not data.parent.exists()
        assert not [entry for entry in Path("/proc").glob("[0-9]*") if is_server_of(int(entry.name), data)]
    assert directory(server).exists()
