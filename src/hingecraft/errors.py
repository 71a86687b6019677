"""The one base of every error a user can meet: a sentence, a hint, a stable code and an exit status."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """What the process says to whoever started it."""

    DONE = 0
    DOES_NOT_HOLD = 1
    USAGE = 2
    SERVER = 3
    LOCKED = 4


class HingecraftError(Exception):
    """Something a user can act on: `message` says what happened and where, `hint` what to do next.

    Subclasses set `code` (stable, for programs) and `exit_status`, and pass the facts they hold as keywords:
    they become attributes and are part of the JSON document.
    """

    code = "error"
    exit_status = Exit.DOES_NOT_HOLD

    def __init__(self, message: str, *, hint: str | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.fields = fields

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["fields"][name]
        except KeyError:
            raise AttributeError(name) from None

    def as_json(self) -> dict[str, Any]:
        facts = {key: str(value) if value is not None else None for key, value in self.fields.items()}
        return {"error": self.code, "message": self.message, "hint": self.hint, **facts}


class UsageError(HingecraftError):
    """The command's words do not fit."""

    code = "usage"
    exit_status = Exit.USAGE


class ServerError(HingecraftError):
    """The server cannot be reached, started or used."""

    code = "server"
    exit_status = Exit.SERVER


class LockedError(HingecraftError):
    """Another run holds the database."""

    code = "locked"
    exit_status = Exit.LOCKED
