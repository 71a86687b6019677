"""A cluster of our own, durable or for the moment: made, started, stopped and removed by the same few steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hingecraft.errors import ServerError

from . import _places
from ._account import Account, server_account
from ._binaries import Binaries, assembled, binaries, remove_others
from ._files import remove, replace
from ._initdb import check_data, make_data
from ._ports import free_port, is_free
from ._postmaster import PID_FILE, Postmaster, end_orphans, left_over, postmaster
from ._settings import DURABLE, SETTINGS_FILE, SUPERUSER, settings_file
from ._sockets import remove_sockets, socket_directory
from ._start import start_server, stop_server, wait_while
from ._state import FILE, State, locked, read_state, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a cluster without asking the server."""

    running: bool
    pid: int | None
    port: int | None
    started_at: int | None
    version: str | None
    data: Path | None


class EmbeddedCluster:
    """PostgreSQL from the wheel (or HINGECRAFT_PG_BIN) on a state directory of ours.

    `home` holds what is remembered; programs and data are there too, unless the server's account cannot work there.
    """

    def __init__(self, home: Path | None = None, *, settings: Mapping[str, str] = DURABLE, programs: Binaries | None = None) -> None:
        self.home = (home or _places.home()).resolve()
        self.settings = settings
        self._programs = programs

    def __repr__(self) -> str:
        return f"<EmbeddedCluster {self.home} {'running' if self.running() else 'stopped'}>"

    @property
    def passfile(self) -> Path:
        """The superuser's password, in libpq's format, for programs that come by TCP."""
        return self.home / "pgpass"

    def conninfo(self, running: Postmaster, dbname: str) -> str:
        """Return how to reach it: by the socket, or by TCP with the password when someone swept the socket away."""
        from psycopg.conninfo import make_conninfo

        if running.socket.exists():
            return make_conninfo(host=str(running.sockets), port=running.port, user=SUPERUSER, dbname=dbname)
        return make_conninfo(host="127.0.0.1", port=running.port, user=SUPERUSER, dbname=dbname, passfile=str(self.passfile))

    def running(self) -> Postmaster | None:
        """Return the server if it runs and takes connections; takes no lock and starts nothing."""
        found = self._postmaster(read_state(self.home))
        return found if found and found.ready else None

    def status(self) -> Status:
        """Return what is known without asking the server, and without making anything."""
        state, found = read_state(self.home), self.running()
        if state is None:
            return Status(running=False, pid=None, port=None, started_at=None, version=None, data=None)
        version = self._programs.version if self._programs else assembled(state.place)
        data = state.data if state.data.exists() else None
        if found is None:
            return Status(running=False, pid=None, port=state.port, started_at=None, version=version, data=data)
        return Status(True, found.pid, found.port, found.started_at, version, data)

    def programs(self) -> Binaries:
        """Return the server's programs, assembled first when this is the first time."""
        if self._programs is None:
            with locked(self.home):
                state, account = self._state()
                self._programs = binaries(state.place, account)
        return self._programs

    def start(self) -> Postmaster:
        """Return the running server; make the cluster and start it when needed. Several callers end with one server."""
        if running := self.running():
            return running
        programs = self.programs()
        with locked(self.home):
            state, account = self._state()
            try:
                return self._start(state, account, programs)
            except OSError as error:
                raise refusal(error, state.place) from error

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server; False when it was not running. `mode` is pg_ctl's: smart, fast or immediate."""
        state = read_state(self.home)
        if state is None or self._postmaster(state) is None:
            return False
        programs = self.programs()
        with locked(self.home):
            stop_server(state.data, server_account(state.data), programs, mode)
            remove_sockets(state.sockets, state.data)
        return True

    def reset(self) -> list[Path]:
        """Stop the server and remove its data, programs and password; return what was removed."""
        self.stop("immediate")
        with locked(self.home):
            state = read_state(self.home)
            if state:
                end_orphans(state.data)
                remove_sockets(state.sockets, state.data)
            inside = [*state.place.glob("postgres-*"), *state.place.glob("data*")] if state else []
            removed = [path for path in [*inside, self.passfile, self.home / FILE] if path.exists()]
            for path in removed:
                remove(path)
            if state and state.place != self.home and state.place.is_dir():
                state.place.rmdir()
        return removed

    def log_file(self) -> Path | None:
        """Return the file that the server wrote to last."""
        state = read_state(self.home)
        files = [*(state.data / "log").glob("*.log"), *state.data.glob("start.log")] if state else []
        return max(files, key=lambda file: (file.stat().st_size > 0, file.stat().st_mtime), default=None)

    def _postmaster(self, state: State | None) -> Postmaster | None:
        try:
            return postmaster(state.data) if state else None
        except OSError as error:
            raise refusal(error, self.home) from error

    def _state(self) -> tuple[State, Account]:
        """Return what is remembered, or decide it now; and the account that the server runs as."""
        if state := read_state(self.home):
            return state, server_account(state.data)
        account = server_account(self.home / "data")
        state = State(self.home, _places.place_for(self.home, account), free_port())
        try:
            if not state.place.is_dir():
                state.place.mkdir(parents=True)
                state.place.chmod(0o755)
            state.write()
        except OSError as error:
            raise refusal(error, state.place) from error
        return state, account

    def _start(self, state: State, account: Account, programs: Binaries) -> Postmaster:
        if state.data.exists():
            check_data(state.data)
        else:
            password = self._new_password()
            make_data(state.data, account, programs, self.settings, password)
        wait_while(lambda: (found := postmaster(state.data)) is not None and not found.ready)
        if running := postmaster(state.data):
            return running
        if stale := left_over(state.data):
            remove_sockets(stale.sockets, state.data)
            (state.data / PID_FILE).unlink(missing_ok=True)
        remove_sockets(state.sockets, state.data)
        if not is_free(state.port):
            state.port = free_port()
        state.sockets = socket_directory(account)
        try:
            state.write()
            here = {"port": str(state.port), "unix_socket_directories": str(state.sockets)}
            account.write(state.data / SETTINGS_FILE, settings_file({**self.settings, **here}))
            running = start_server(state.data, account, programs)
        except (ServerError, OSError):
            remove_sockets(state.sockets, state.data)
            raise
        remove_others(state.place, programs)
        if not self.passfile.exists():
            self._change_password(running)
        return running

    def _new_password(self) -> str:
        import secrets

        password = secrets.token_urlsafe(24)
        replace(self.passfile, f"*:*:*:{SUPERUSER}:{password}\n")
        return password

    def _change_password(self, running: Postmaster) -> None:
        """Give the superuser another password, since the file that held the last one is gone."""
        from psycopg import sql

        from ._connect import connect

        statement = sql.SQL("alter role {} password {}")
        with connect(self.conninfo(running, "postgres"), embedded=True) as connection:
            connection.execute(statement.format(sql.Identifier(SUPERUSER), sql.Literal(self._new_password())))
