"""The words that name tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hingecraft.blueprint.selection import select
from hingecraft.errors import UsageError

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([], 1000),
        (["43"], 1),
        (["BUILD_0043", "44"], 2),
        (["41-60"], 20),
        (["BUILD_0041..0043"], 3),
        (["category:master_schema"], 220),
        (["category:master_schema_build", "component:02_users_identity"], 20),
        (["component:users"], 10),
        (["00_master_schema_init"], 20),
        (["1-100", "category:master_schema_build", "component:00_master_schema_init"], 20),
    ],
)
def test_words_name_tasks(blueprint: Blueprint, words: list[str], count: int) -> None:
    assert len(select(blueprint, words)) == count


def test_a_plus_adds_what_the_task_needs(blueprint: Blueprint) -> None:
    found = [task.id for task in select(blueprint, ["+BUILD_0003"])]
    assert "BUILD_0001" in found
    assert found[-1] == "BUILD_0003" or "BUILD_0003" in found


def test_status_asks_the_database_first(blueprint: Blueprint) -> None:
    assert [t.id for t in select(blueprint, ["status:applied"], {"BUILD_0001": "applied"})] == ["BUILD_0001"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("BUILD_9999", "no task BUILD_9999"),
        ("02_users_identit", "did you mean 02_users_identity?"),
        ("categry:x", "did you mean category?"),
        ("status:aplied", "did you mean applied?"),
        ("component:nope", "No component"),
    ],
)
def test_a_word_that_names_nothing_is_a_usage_error(blueprint: Blueprint, word: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(blueprint, [word])
    assert said in caught.value.message
