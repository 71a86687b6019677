"""Task blocks: what is a marker, what is text, and what every mistake is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.errors import BlueprintError
from hingecraft.blueprint.parse import parse

if TYPE_CHECKING:
    from hingecraft.blueprint.task import Task

HEAD = "-- task: BUILD_0042 create_tables critical drill\n-- title: A title\n-- does: makes\n--   a thing\n-- proves: it works\n"


def one(text: str) -> Task:
    return parse(text, "f.sql", "master_schema_build", "00_x")[0]


def test_a_block_is_read_whole() -> None:
    task = one(
        "-- the room\n\n"
        + HEAD
        + "-- needs: BUILD_0002,\n--   BUILD_0001\ncreate table a.b ();\n\n-- verify\nselect 1;\n\n-- revert\ndrop table a.b;\n"
    )
    assert (task.id, task.action, task.priority, task.flags) == ("BUILD_0042", "create_tables", "critical", ("drill",))
    assert task.does == "makes a thing"
    assert task.needs == ("BUILD_0002", "BUILD_0001")
    assert (task.deploy, task.verify, task.revert) == ("create table a.b ();", "select 1;", "drop table a.b;")
    assert (task.line, task.deploy_line, task.verify_line, task.revert_line) == (3, 10, 13, 16)


@pytest.mark.parametrize(
    "deploy",
    [
        "select '\n-- verify\n';",
        "do $$\n-- verify\nbegin end $$;",
        "/*\n-- verify\n*/ select 1;",
        'select 1 as "\n-- verify\n";',
        "select e'\\'\n-- verify\n';",
    ],
)
def test_a_marker_inside_a_string_a_body_or_a_comment_is_text(deploy: str) -> None:
    task = one(HEAD + deploy + "\n-- verify\nselect 2;\n")
    assert task.deploy == deploy
    assert task.verify == "select 2;"


def test_comments_after_the_header_belong_to_the_deploy() -> None:
    task = one(HEAD + "-- why it is so\nselect 1;\n-- more\nselect 2;\n-- verify\nselect 3;")
    assert task.deploy == "-- why it is so\nselect 1;\n-- more\nselect 2;"
    assert task.deploy_line == 6


def test_without_a_revert_section_the_engine_infers() -> None:
    assert one(HEAD + "select 1;\n-- verify\nselect 1;").revert is None
    assert one(HEAD + "select 1;\n-- verify\nselect 1;\n-- revert\n").revert == ""


def test_offsets_are_characters_not_bytes() -> None:
    assert one(HEAD + "select 'é😀';\n-- verify\nselect 'ü';\n-- revert\nselect 3;").revert == "select 3;"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("-- task: BUILD_42 x\n", 1, "four digits"),
        ("-- task:\n", 1, "needs an id"),
        ("-- task: BUILD_0042\n", 1, "names no action"),
        ("-- task: BUILD_0042 x criticl\n", 1, "did you mean critical?"),
        ("-- task: BUILD_0042 x\n-- titel: a\n", 2, "did you mean title?"),
        ("-- task: BUILD_0042 x\n-- title: a\n-- title: b\n", 3, "second 'title:'"),
        ("-- task: BUILD_0042 x\n-- title: a\n-- does: b\n", 1, "no '-- proves:'"),
        (HEAD, 1, "no SQL"),
        (HEAD + "select 1;\n-- verify\n-- verify\n", 8, "second '-- verify'"),
        ("-- verify\n", 1, "before the first"),
        (HEAD + "-- needs: BUILD_1\nselect 1;", 1, "no task id"),
        (HEAD + "-- lint: allow it\nselect 1;", 6, "allow <rule>: <reason>"),
        (HEAD + "select 'open;\n", 6, "unterminated"),
    ],
)
def test_mistakes_name_file_and_line(text: str, line: int, said: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        parse(text, "f.sql", "c", "k")
    assert caught.value.message.startswith(f"f.sql:{line}: ")
    assert said in caught.value.message
