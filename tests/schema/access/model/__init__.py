"""The model of every room: table by table who may read, insert, update and delete which rows, in the words of the data model."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..rules import Table

ROOMS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))

MODEL: dict[str, Table] = {f"{room}.{name}": table for room in ROOMS for name, table in import_module(f"{__name__}.{room}").TABLES.items()}
