"""One round trip for a whole script: send many statements as one message, get every result, know which one failed.

psycopg's `execute` hides the results before an error, and with them the statement that failed, so this speaks to
libpq directly (simple query protocol; psycopg.pq). While the server works, who blocks it is watched from a second
connection, for a lock that is not granted must end in a report, never in a hang.
"""

from __future__ import annotations

import select
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

from hingecraft.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOCK_NOT_AVAILABLE = "55P03"
_BOOL = 16
_PATIENCE = 0.5  # seconds without an answer before looking for blockers

_BLOCKERS = (files(__package__) / "blockers.sql").read_text()


@dataclass(frozen=True)
class Result:
    """What one statement returned: column names, which columns are boolean, and the rows as text."""

    names: tuple[str, ...]
    booleans: tuple[bool, ...]
    rows: list[tuple[str | None, ...]]
    is_query: bool

    def holds(self) -> bool:
        """The verdict of one verify statement: a query needs a row, and every boolean in it true."""
        if not self.is_query:
            return True
        checked = [i for i, boolean in enumerate(self.booleans) if boolean]
        return bool(self.rows) and all(row[i] == "t" for row in self.rows for i in checked)


@dataclass(frozen=True)
class Failure:
    """A statement the server refused. `position` counts characters from the start of the message (1-based) or is 0."""

    sqlstate: str
    message: str
    position: int
    detail: str | None = None
    hint: str | None = None
    context: str | None = None
    blockers: tuple[str, ...] = ()


@dataclass
class Answer:
    """The results of a message in order, and the failure that ended it, if one did."""

    results: list[Result] = field(default_factory=list)
    failure: Failure | None = None

    def after(self, marker: str) -> list[Result] | None:
        """The results that follow the query whose only column is called `marker`; None when it was not reached."""
        for index, result in enumerate(self.results):
            if result.names == (marker,):
                return self.results[index + 1 :]
        return None


class Wire:
    """A connection that takes scripts. `again` opens others: from one blockers are seen, with one a long run goes on."""

    def __init__(self, connection: psycopg.Connection[Any], again: Callable[[], psycopg.Connection[Any]] | None = None) -> None:
        self.keeper = connection  # keeps what belongs to the whole run, as its lock
        self.notices: list[str] = []
        self.on_blocked: Callable[[tuple[str, ...]], None] = lambda _: None
        self._again = again
        self._watcher: psycopg.Connection[Any] | None = None
        self._use(connection)

    def _use(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        connection.add_notice_handler(lambda notice: self.notices.append(notice.message_primary or ""))

    def renew(self) -> bool:
        """Go on with a new session; the first connection stays open beside it. False where no other can be opened.

        Raises ServerError when the first connection is gone, and with it what it kept.
        """
        if self._again is None:
            return False
        try:
            self.keeper.execute("")
            fresh = self._again()
        except psycopg.OperationalError as error:
            raise _lost(error) from error
        if self.connection is not self.keeper:
            self.connection.close()
        self._use(fresh)
        return True

    def send(self, script: str) -> Answer:
        """Run a script in one message. Raises ServerError when the connection is lost."""
        pgconn = self.connection.pgconn
        self.notices.clear()
        blockers: tuple[str, ...] = ()
        answer = Answer()
        try:
            pgconn.send_query(script.encode())
            self._flush()
            while True:
                while pgconn.is_busy():
                    if not select.select([pgconn.socket], [], [], _PATIENCE)[0]:
                        blockers = self._blockers() or blockers
                    else:
                        pgconn.consume_input()
                if (result := pgconn.get_result()) is None:
                    return answer
                self._take(result, answer, blockers)
        except psycopg.OperationalError as error:
            raise _lost(error) from error

    def _flush(self) -> None:
        """Hand the whole message over; psycopg's connections do not block, and a long one does not fit in one write."""
        pgconn = self.connection.pgconn
        while pgconn.flush():
            readable, _, _ = select.select([pgconn.socket], [pgconn.socket], [])
            if readable:
                pgconn.consume_input()

    def must(self, script: str) -> Answer:
        """Run a script that has no business failing."""
        answer = self.send(script)
        if answer.failure:
            raise ServerError(
                f"The server refused the engine's own statement: {answer.failure.message}",
                sqlstate=answer.failure.sqlstate,
            )
        return answer

    @property
    def in_transaction(self) -> bool:
        return self.connection.pgconn.transaction_status != pq.TransactionStatus.IDLE

    def rollback(self) -> None:
        if self.in_transaction:
            self.must("rollback")

    def close(self) -> None:
        for connection in (self._watcher, self.connection, self.keeper):
            if connection is not None:
                connection.close()

    def _blockers(self) -> tuple[str, ...]:
        if self._again is None:
            return ()
        try:
            if self._watcher is None:
                self._watcher = self._again()
            sql = _BLOCKERS.replace(":pid", str(self.connection.pgconn.backend_pid))
            rows = self._watcher.execute(sql.encode()).fetchall()
        except (psycopg.OperationalError, ServerError):
            return ()  # the server takes no more connections: the report will name nobody
        if found := tuple(str(row[0]) for row in rows):
            self.on_blocked(found)
        return found

    @staticmethod
    def _take(result: pq.abc.PGresult, answer: Answer, blockers: Sequence[str]) -> None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            answer.failure = _failure(result, tuple(blockers))
            return
        columns = range(result.nfields)
        answer.results.append(
            Result(
                names=tuple((result.fname(i) or b"").decode() for i in columns),
                booleans=tuple(result.ftype(i) == _BOOL for i in columns),
                rows=[tuple(_text(result.get_value(r, i)) for i in columns) for r in range(result.ntuples)],
                is_query=result.status == pq.ExecStatus.TUPLES_OK,
            )
        )


def _lost(error: psycopg.OperationalError) -> ServerError:
    return ServerError(
        f"The connection to the server was lost: {error}".strip(),
        hint="Nothing half-done remains; run the same command again and it goes on where it stopped.",
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _shortened(context: str | None, most: int = 8) -> str | None:
    """The innermost lines: a recursion that runs out of stack has thousands of them."""
    lines = (context or "").split("\n")
    return context if len(lines) <= most else "\n".join([*lines[:most], f"... and {len(lines) - most} lines more"])


def _failure(result: pq.abc.PGresult, blockers: tuple[str, ...]) -> Failure:
    def field_of(code: pq.DiagnosticField) -> str | None:
        return _text(result.error_field(code))

    diagnostic = pq.DiagnosticField
    return Failure(
        sqlstate=field_of(diagnostic.SQLSTATE) or "",
        message=field_of(diagnostic.MESSAGE_PRIMARY) or "",
        position=int(field_of(diagnostic.STATEMENT_POSITION) or 0),
        detail=field_of(diagnostic.MESSAGE_DETAIL),
        hint=field_of(diagnostic.MESSAGE_HINT),
        context=_shortened(field_of(diagnostic.CONTEXT)),
        blockers=blockers,
    )
