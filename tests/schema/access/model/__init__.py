"""The model of every room: table by table who may read, insert, update and delete which rows, in the words of the data model.

A new table takes a line in the module of its room, and rows in the file of the room beside canaries/. A room whose tables are
all alike says so once, as REST.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..rules import Table

_ROOMS = {path.stem: import_module(f"{__name__}.{path.stem}") for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))}

MODEL: dict[str, Table] = {f"{room}.{name}": table for room, module in _ROOMS.items() for name, table in module.TABLES.items()}

REST: dict[str, Table] = {room: module.REST for room, module in _ROOMS.items() if hasattr(module, "REST")}


def model_of(names: Iterable[str]) -> dict[str, Table]:
    """What the model says about these tables; a table of which it says nothing is left out."""
    said = {name: MODEL.get(name) or REST.get(name.partition(".")[0]) for name in names}
    return {name: table for name, table in said.items() if table is not None}
