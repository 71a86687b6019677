"""The registry of rules: a rule is a small function; its docstring is its documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import House
    from hingecraft.blueprint.lint.reading import Reading


class Remark(NamedTuple):
    """What a rule says: the line of the file, what is wrong there, what to do."""

    line: int
    message: str
    hint: str | None = None


Remarks = Iterable[Remark]


@dataclass(frozen=True)
class Rule:
    """A named rule. One over a block sees its syntax trees; one over the house sees what all blocks together make."""

    name: str
    severity: str
    about: str
    judge: Callable[..., Remarks]


BLOCK_RULES: list[Rule] = []
HOUSE_RULES: list[Rule] = []

BlockJudge = Callable[["Reading"], Remarks]
HouseJudge = Callable[["Reading", "House"], Remarks]


def block_rule(name: str, severity: str = "error") -> Callable[[BlockJudge], BlockJudge]:
    """Register a rule over one block."""
    return _registrar(BLOCK_RULES, name, severity)


def house_rule(name: str, severity: str = "error") -> Callable[[HouseJudge], HouseJudge]:
    """Register a rule over one block that looks at all of them."""
    return _registrar(HOUSE_RULES, name, severity)


def _registrar(rules: list[Rule], name: str, severity: str) -> Callable[[Any], Any]:
    def register(judge: Any) -> Any:
        rules.append(Rule(name, severity, (judge.__doc__ or "").strip(), judge))
        return judge

    return register
