"""Rules over functions and views: names are looked up where their author meant them to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.rules import Remark, Remarks, house_rule

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import House
    from hingecraft.blueprint.lint.reading import Reading

_SECURITY_REASON = re.compile(r"definer|owner|barrier|bypass", re.IGNORECASE)


@house_rule("function-search-path")
def function_search_path(reading: Reading, house: House) -> Remarks:
    """A function whose body is a string says `set search_path = ''`; SQL-standard bodies are bound when made."""
    for each in house.facts[reading.task.id].functions:
        if not each.standard and each.search_path != "":
            yield Remark(each.line, f"function {each.name} leaves its search_path to the caller", "set search_path = ''")


@house_rule("definer-reason")
def definer_reason(reading: Reading, house: House) -> Remarks:
    """A SECURITY DEFINER function says in its comment why it must be one (the word definer is looked for)."""
    for each in house.facts[reading.task.id].functions:
        comment = house.comments.get(("routine", each.name), "")
        if each.definer and "definer" not in comment.lower():
            hint = "comment on function ... is '... Security definer: <why>.'"
            yield Remark(each.line, f"function {each.name} is security definer for no stated reason", hint)


@house_rule("view-security")
def view_security(reading: Reading, house: House) -> Remarks:
    """A view has its caller's rights (security_invoker), or is a security_barrier and its comment says why not."""
    for each in house.facts[reading.task.id].views:
        if each.materialized or _is_on(each.options.get("security_invoker")):
            continue
        why = house.comments.get(("relation", each.name), "")
        if not (_is_on(each.options.get("security_barrier")) and _SECURITY_REASON.search(why)):
            hint = "with (security_invoker = true), or (security_barrier = true) and the reason in its comment"
            yield Remark(each.line, f"view {each.name} reads with its owner's rights", hint)


def _is_on(value: str | None) -> bool:
    return value in {"true", "on", "1", "yes"}
