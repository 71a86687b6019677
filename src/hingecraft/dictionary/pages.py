"""The pages: one a room with its picture, and an index of all rooms."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hingecraft.dictionary.diagram import svg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hingecraft.dictionary.read import Room

_TEMPLATES = files(__package__)


def pages(rooms: list[Room], sources: Mapping[str, str]) -> dict[str, str]:
    """File name -> text. `sources` names the file that holds a task's block, relative to the pages."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701, RUF100 (Markdown)
    environment.filters |= {"cell": _cell, "code": _code}
    room_page = environment.from_string((_TEMPLATES / "room.md.jinja").read_text())
    index_page = environment.from_string((_TEMPLATES / "index.md.jinja").read_text())
    found = {"README.md": index_page.render(rooms=rooms)}
    for room in rooms:
        found[f"{room.name}.md"] = room_page.render(room=room, sources=sources)
        if room.tables:
            found[f"{room.name}.svg"] = svg(room)
    return found


def write(rooms: list[Room], folder: Path, sources: Mapping[str, str], *, check: bool = False) -> list[Path]:
    """Write what is not up to date and remove what is of no room; returns those files (with `check`: leaves them as they are)."""
    wanted = pages(rooms, sources)
    stale = [folder / name for name, text in wanted.items() if not _holds(folder / name, text)]
    gone = [path for path in sorted(folder.glob("*")) if path.name not in wanted] if folder.is_dir() else []
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        for path in stale:
            path.write_text(wanted[path.name], encoding="utf-8")
        for path in gone:
            path.unlink()
    return stale + gone


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _cell(value: Any) -> str:
    """Text that stays in its cell of a Markdown table."""
    return str(value or "").replace("|", "\\|").replace("\n", " ")


def _code(value: Any) -> str:
    return f"`{_cell(value)}`" if value else ""
