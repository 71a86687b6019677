"""Somebody else's server: taken when it is suitable, and otherwise refused in a sentence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hingecraft.errors import Exit
from hingecraft.postgres import EmbeddedCluster, Server, connect, open_server
from hingecraft.postgres._account import server_account
from hingecraft.postgres._psql import psql_command
from hingecraft.postgres.errors import Unreachable, Unsuitable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.postgres._binaries import Binaries


@contextmanager
def foreign(programs: Path, data: Path, *options: str) -> Iterator[str]:
    """A server that was not made by us, on data that is there; yields its DSN."""
    account = server_account()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = f"-p {port} -k {data} -c listen_addresses= {' '.join(options)}"
    started = account.run([programs / "pg_ctl", "-D", data, "-l", data / "log", "-w", "-o", words, "start"])
    assert started.returncode == 0, (data / "log").read_text()
    try:
        yield f"host={data} port={port} user=postgres dbname=postgres"
    finally:
        account.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"])


@pytest.fixture
def data() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="hc-"))
    server_account().give(made)
    yield made
    shutil.rmtree(made)


def test_a_dsn_is_taken_from_the_argument_or_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    given = open_server(server.dsn)
    assert (given.embedded, given.dbname, given.superuser, given.version_num >= 180_000) == (
        False,
        "hingecraft",
        True,
        True,
    )
    monkeypatch.setenv("HINGECRAFT_DSN", server.dsn_of("postgres"))
    assert open_server().dbname == "postgres"


def test_an_older_server_is_refused_politely(data: Path) -> None:
    older = sorted(path for path in Path("/usr/lib/postgresql").glob("1[0-7]/bin") if (path / "initdb").exists())
    if not older:
        sentence = "needs an older server: apt-get install postgresql-15"
        (pytest.fail if os.environ.get("HINGECRAFT_REQUIRE_ALL") else pytest.skip)(sentence)
    made = server_account().run([older[-1] / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"])
    assert made.returncode == 0, made.stdout
    with (
        foreign(older[-1], data) as dsn,
        pytest.raises(Unsuitable, match=r"The server is PostgreSQL 1\d.* 18 or newer") as refused,
    ):
        open_server(dsn)
    assert refused.value.exit_status == Exit.SERVER
    assert "embedded server" in str(refused.value.hint)


def test_a_standby_is_refused(server: Server, data: Path, programs: Binaries) -> None:
    said = server_account().run([programs["pg_basebackup"], "-D", data, "-d", server.dsn_of("postgres"), "-R", "-c", "fast"])
    assert said.returncode == 0, said.stdout
    standby = foreign(programs.bin, data, "-c hot_standby=on", f"-c unix_socket_directories={data}")
    with standby as dsn, pytest.raises(Unsuitable, match="is a standby"):
        open_server(dsn.replace("user=postgres", "user=hingecraft"))


def test_a_database_in_another_encoding_is_refused(server: Server) -> None:
    with connect(server, dbname="postgres") as connection:
        connection.execute("create database latin encoding 'LATIN1' locale 'C' locale_provider libc template template0")
    with pytest.raises(Unsuitable, match="encoded in LATIN1 and UTF8 is needed"):
        open_server(server.dsn_of("latin"))


def test_nobody_listening_is_said_in_a_sentence_without_the_password() -> None:
    with pytest.raises(Unreachable, match=r"host=127.0.0.1 .*port=1.* cannot be reached") as refused:
        open_server("postgresql://me:hush@127.0.0.1:1/db")
    assert "hush" not in str(refused.value.as_json())


@pytest.mark.parametrize("dsn", ["hush", "postgresql://me:hush@[", "host=x password='hush"])
def test_a_dsn_that_is_none_is_refused_without_repeating_it(dsn: str) -> None:
    with pytest.raises(Unreachable, match="is not a connection string") as refused:
        open_server(dsn)
    assert "hush" not in str(refused.value.as_json())


def test_our_own_server_is_found_whatever_the_callers_variables_say(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGHOSTADDR": "127.0.0.9",
        "PGREQUIREAUTH": "scram-sha-256",
        "PGCHANNELBINDING": "require",
        "PGGSSENCMODE": "require",
        "PGTARGETSESSIONATTRS": "read-only",
        "PGOPTIONS": "-c search_path=elsewhere",
    }.items():
        monkeypatch.setenv(name, value)
    with connect(server) as connection:
        assert connection.execute("select current_setting('search_path')").fetchone() == ('"$user", public',)


def test_psql_gets_its_words_and_never_the_password_among_them(server: Server, programs: Binaries, tmp_path: Path) -> None:
    cluster = EmbeddedCluster(tmp_path, programs=programs)
    words, environment = psql_command(cluster, f"{server.dsn} password=hush", ["-Atc", "select 6 * 7"])
    assert "hush" not in " ".join(words)
    assert environment["PGPASSWORD"] == "hush"
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"


def test_looking_for_the_server_imports_nothing_heavy() -> None:
    code = "import sys, hingecraft.postgres; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"psycopg", "tenacity", "typer", "rich", "pglast"}.isdisjoint(imported)
