"""Order, closure and the mistakes a graph can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hingecraft.blueprint.errors import BlueprintError
from hingecraft.blueprint.graph import Graph
from hingecraft.blueprint.task import Task

if TYPE_CHECKING:
    from hingecraft.blueprint.load import Blueprint


def graph(**needs: str) -> Graph:
    return Graph({i: Task(i, "x", f"title {i}", "c", "k", needs=tuple(n.split()), file="f.sql", line=1) for i, n in needs.items()})


def test_needs_come_first_and_ties_go_by_id() -> None:
    assert graph(D="", B="D", A="B", C="").order == ["C", "D", "B", "A"]


def test_closure_and_dependents_walk_both_ways() -> None:
    found = graph(A="", B="A", C="B", D="A")
    assert found.closure(["C"]) == {"A", "B", "C"}
    assert found.dependents(["B"]) == {"B", "C"}


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ({"A": "B", "B": "C", "C": "A"}, "cycle of needs"),
        ({"BUILD_0001": "", "BUILD_0002": "BUILD_0003"}, "does not exist; did you mean"),
    ],
)
def test_mistakes_are_told(needs: dict[str, str], said: str) -> None:
    with pytest.raises(BlueprintError, match=said):
        graph(**needs).check()


def test_two_tasks_with_one_title_are_refused() -> None:
    same = Graph({i: Task(i, "x", "same", "c", "k", file="f.sql", line=1) for i in "AB"})
    with pytest.raises(BlueprintError, match="has the title of A"):
        same.check()


@given(st.dictionaries(st.integers(0, 30), st.sets(st.integers(0, 30), max_size=4), max_size=30))
def test_any_acyclic_graph_is_ordered_needs_first(raw: dict[int, set[int]]) -> None:
    needs = {f"T{i:02d}": " ".join(f"T{n:02d}" for n in sorted(ns) if n < i and n in raw) for i, ns in raw.items()}
    found = graph(**needs)
    position = {task: index for index, task in enumerate(found.order)}
    assert len(position) == len(raw)
    assert all(position[need] < position[i] for i, text in needs.items() for need in text.split())


def test_the_catalogue_has_a_thousand_tasks_without_a_cycle(blueprint: Blueprint) -> None:
    assert len(blueprint.catalogue) == 1000
    assert [t.number for t in blueprint.catalogue] == list(range(1, 1001))
    assert len(blueprint.graph.order) == len(blueprint.tasks)
