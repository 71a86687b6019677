"""What stands on what: order, closure and dependents over the tasks' `needs`."""

from __future__ import annotations

from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from hingecraft.blueprint.errors import BlueprintError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hingecraft.blueprint.task import Task


class Graph:
    """The dependency graph of a blueprint."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self.tasks = tasks

    def check(self) -> None:
        """Raise BlueprintError for an unknown need, a cycle or a duplicate title."""
        titles: dict[str, Task] = {}
        for task in self.tasks.values():
            for need in task.needs:
                if need not in self.tasks:
                    message = f"{task.id} needs {need}, which does not exist{did_you_mean(need, list(self.tasks))}"
                    raise BlueprintError(task.file, task.line, message)
            if (other := titles.setdefault(task.title, task)) is not task:
                raise BlueprintError(task.file, task.line, f"{task.id} has the title of {other.id} ({other.target})")
        try:
            TopologicalSorter({i: t.needs for i, t in self.tasks.items()}).prepare()
        except CycleError as error:
            path = list(reversed(error.args[1]))
            first = self.tasks[path[0]]
            raise BlueprintError(first.file, first.line, "cycle of needs: " + " -> ".join(path)) from None

    @cached_property
    def dependents_of(self) -> dict[str, list[str]]:
        """Direct dependents of every task."""
        dependents: dict[str, list[str]] = {i: [] for i in self.tasks}
        for task in self.tasks.values():
            for need in task.needs:
                dependents[need].append(task.id)
        return dependents

    @cached_property
    def order(self) -> list[str]:
        """Every id after its needs; among those that are free, the lowest id first (Kahn's algorithm on a heap)."""
        waiting = {i: len(t.needs) for i, t in self.tasks.items()}
        free = [i for i, count in waiting.items() if not count]
        heapify(free)
        order = []
        while free:
            order.append(task_id := heappop(free))
            for dependent in self.dependents_of[task_id]:
                waiting[dependent] -= 1
                if not waiting[dependent]:
                    heappush(free, dependent)
        return order

    def closure(self, ids: Iterable[str]) -> set[str]:
        """The tasks and everything they need, directly or not."""
        return self._reach(ids, lambda i: self.tasks[i].needs if i in self.tasks else ())

    def dependents(self, ids: Iterable[str]) -> set[str]:
        """The tasks and everything that stands on them, directly or not."""
        return self._reach(ids, lambda i: self.dependents_of.get(i, ()))

    @staticmethod
    def _reach(ids: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
        found: set[str] = set()
        queue = list(ids)
        while queue:
            if (task_id := queue.pop()) not in found:
                found.add(task_id)
                queue.extend(step(task_id))
        return found
