"""The data dictionary is the database's own words: complete, and in step with what is checked in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from hingecraft.blueprint.load import database_folder
from hingecraft.dictionary import Room, read, write
from hingecraft.dictionary.pages import pages
from hingecraft.dictionary.read import NothingToDescribe

if TYPE_CHECKING:
    from pathlib import Path

    from hingecraft.blueprint.load import Blueprint
    from tests.conftest import Database

SCREEN = 1600 * 72 / 96  # points


@pytest.fixture
def rooms(built: Database) -> list[Room]:
    with built.connect() as connection:
        return read(connection)


def test_the_checked_in_pages_are_what_the_database_says(rooms: list[Room], blueprint: Blueprint) -> None:
    folder = database_folder().parent / "docs" / "reference" / "data"
    assert [path.name for path in write(rooms, folder, blueprint.sources("../../../"), check=True)] == []


def test_no_page_names_a_partition_so_that_none_depends_on_the_day_of_the_build(rooms: list[Room]) -> None:
    assert [name for name, page in pages(rooms, {}).items() if re.search(r"_20\d\d_\d\d", page)] == []


def _parts(relation: dict[str, Any]) -> list[dict[str, Any]]:
    """What needs words of its own: the columns of a view may leave that to their table."""
    columns = relation["columns"] if relation["kind"] == "table" else []
    return [*(columns or []), *(relation["policies"] or []), *(relation["indexes"] or [])]


def test_every_table_column_and_policy_has_its_words(rooms: list[Room]) -> None:
    silent = [
        f"{room.name}.{relation['name']}.{part['name']}"
        for room in rooms
        for relation in room.relations
        for part in [relation, *_parts(relation)]
        if not part["comment"]
    ]
    assert silent == []


def test_every_diagram_is_a_picture_of_its_rooms_tables(rooms: list[Room]) -> None:
    found = pages(rooms, {})
    for room in (room for room in rooms if room.tables):
        picture = ElementTree.fromstring(found[f"{room.name}.svg"])
        titles = {title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")}
        assert {f"{room.name}.{table['name']}" for table in room.tables} <= titles
        assert float(picture.attrib["width"].removesuffix("pt")) <= SCREEN


def test_a_page_of_a_room_that_is_gone_goes_too(rooms: list[Room], tmp_path: Path) -> None:
    write(rooms, tmp_path, {})
    assert [path.name for path in write(rooms[1:], tmp_path, {})] == ["README.md", f"{rooms[0].name}.md", f"{rooms[0].name}.svg"]
    assert not (tmp_path / f"{rooms[0].name}.md").exists()


def test_an_empty_database_says_what_to_do(empty: Database) -> None:
    with empty.connect() as connection, pytest.raises(NothingToDescribe):
        read(connection)
