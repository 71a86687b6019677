"""A revert plan while it is drawn up: the opposite of each statement so far, and what the task itself has made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.names import relation_name
from hingecraft.blueprint.invert.plan import Argument, Exact, NeedsState, Refusal, RevertPlan, Step
from hingecraft.blueprint.syntax import walk, words

if TYPE_CHECKING:
    from hingecraft.blueprint.invert.address import Address, Key
    from hingecraft.blueprint.syntax import Statement


PARTS = frozenset(("column", "constraint", "trigger", "policy", "rule"))
"""Families of what belongs to a relation and goes with it."""


class NotInvertibleError(Exception):
    """The statement in hand has no opposite; the text says why and what to do."""


@dataclass
class Group:
    """The steps that undo one statement, in the order they run, and the objects whose making they undo."""

    steps: list[Step] = field(default_factory=list)
    makes: set[Key] = field(default_factory=set)


@dataclass
class Draft:
    """Collects the groups, first statement first. A statement on an object that the task made vanishes with it."""

    groups: list[Group] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    index_columns: dict[Key, list[str]] = field(default_factory=dict)
    _made: dict[Key, int] = field(default_factory=dict)
    _renamed: set[Key] = field(default_factory=set)

    def exact(self, sql: str) -> None:
        """Undo the statement in hand with this SQL."""
        self.groups[-1].steps.append(Exact(sql))

    def state(self, kind: str, **arguments: Argument) -> None:
        """Undo the statement in hand with what the catalog said before the deploy."""
        self.groups[-1].steps.append(NeedsState(kind, arguments))

    def made(self, address: Address) -> None:
        """Note that the statement in hand makes this object."""
        self.groups[-1].makes.add(address.key)
        if address.parent is None or not self.owns(address.parent):
            self._made[address.key] = len(self.groups)

    @property
    def recorded(self) -> set[Key]:
        """Every object whose making some group undoes."""
        return {key for group in self.groups for key in group.makes}

    def owns(self, address: Address) -> bool:
        """Whether this task made the object, or the table or domain that it is part of."""
        if address.key in self._made or (address.parent is not None and address.parent.key in self._made):
            return True
        return address.family == "routine" and address.args is None and self._owns_some(address)

    def _owns_some(self, address: Address) -> bool:
        """A routine named without arguments: there can be only one of that name."""
        return any(key[: len(address.key)] == address.key for key in self._made)

    def forget(self, address: Address) -> None:
        """The task drops what it made itself: neither needs undoing."""
        doomed = {key for key in self._made if self._is_or_belongs_to(key, address)} | {address.key}
        for group in self.groups[:-1]:
            doomed |= {key for key in group.makes if self._is_or_belongs_to(key, address)}
        for group in self.groups[:-1]:
            if group.makes and group.makes <= doomed:
                group.steps.clear()
        for key in doomed:
            self._made.pop(key, None)

    def _is_or_belongs_to(self, key: Key, address: Address) -> bool:
        if key == address.key or (address.family == "routine" and address.args is None):
            return key[: len(address.key)] == address.key
        return key[0] in PARTS and key[1 : 1 + len(address.name)] == address.name and address.family == "relation"

    def vanishes_with(self, address: Address) -> None:
        """The object goes when another one goes: its own drop would find nothing."""
        for group in self.groups[:-1]:
            if address.key in group.makes:
                group.steps.clear()

    def rename(self, old: Address, new: Address) -> None:
        """From here on the object has another name; its state before cannot be asked for under that one."""
        if old.key not in self._made:
            self._renamed.add(new.key)
            return
        self._made[new.key] = self._made.pop(old.key)
        for group in self.groups:
            if old.key in group.makes:
                group.makes.add(new.key)
                group.makes.discard(old.key)
        self.groups[-1].makes.add(new.key)

    def ask(self, address: Address) -> Address:
        """An object to be looked up as it was before the task. Raises NotInvertibleError if it cannot be."""
        schema = ("schema", address.name[0]) if len(address.name) > 1 else ()
        whole = address.parent or address
        if not self._renamed.isdisjoint((address.key, whole.key, schema)):
            raise NotInvertibleError("changes what this task has renamed: do that before the rename")
        if not address.qualified:
            raise NotInvertibleError(f"{'.'.join(address.name)} has no schema: name it with its schema")
        return address

    def made_since(self, address: Address, node: Any) -> bool:
        """Whether the statement ties an object of this task to a younger one, which could not be dropped first."""
        whole = address.parent or address
        age = min(self._made.get(key, len(self.groups)) for key in (address.key, whole.key))
        younger = {key[1:3] for key, order in self._made.items() if order > age}
        return not younger.isdisjoint(_mentioned(node))

    def begin(self) -> None:
        """Start on the next statement."""
        self.groups.append(Group())

    def refuse(self, statement: Statement, reason: str) -> None:
        """Give up on the statement in hand."""
        self.groups[-1].steps.clear()
        self.refusals.append(Refusal(statement.text, statement.line - 1, reason))

    def finish(self) -> RevertPlan:
        """The plan, last statement first."""
        steps = tuple(step for group in reversed(self.groups) for step in group.steps)
        return RevertPlan(steps, tuple(self.refusals))


def _mentioned(node: Any) -> set[tuple[str, ...]]:
    """Every name in a statement that could be an object's, strings such as nextval's included."""
    found: set[tuple[str, ...]] = set()
    for each in walk(node):
        match type(each).__name__:
            case "RangeVar":
                found.add(relation_name(each))
            case "FuncCall":
                found.add(words(each.funcname))
            case "CreateTrigStmt":
                found.add(words(each.funcname))
            case "TypeName":
                found.add(words(each.names))
            case "RoleSpec" if each.rolename:
                found.add((each.rolename,))
            case "AccessPriv" if each.priv_name:
                found.add((each.priv_name,))
            case "A_Const" if type(each.val).__name__ == "String":
                found.add(tuple(each.val.sval.split("(")[0].split(".")))
    return found
