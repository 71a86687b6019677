"""Rules over row-security policies: cheap, meant for somebody, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.lint.rules import Remark, Remarks, block_rule, house_rule
from hingecraft.blueprint.syntax import walk, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.blueprint.lint.house import House, Policy
    from hingecraft.blueprint.lint.reading import Reading


@block_rule("policy-role")
def policy_role(reading: Reading) -> Remarks:
    """A policy names the roles it is for."""
    for node, line in reading.deploy.of("CreatePolicyStmt"):
        if any(role.roletype.name == "ROLESPEC_PUBLIC" for role in node.roles or ()):
            yield Remark(line, f"policy {node.policy_name} is for everybody", "to <role>")


@block_rule("policy-init-plan")
def policy_init_plan(reading: Reading) -> Remarks:
    """A policy asks who is asking once a query, in a scalar sub-select, and not once a row."""
    for node, line in reading.deploy.of("CreatePolicyStmt", "AlterPolicyStmt"):
        for call in _bare_calls((node.qual, node.with_check)):
            name = ".".join(words(call.funcname))
            yield Remark(line, f"policy {node.policy_name} calls {name}() once a row", f"(select {name}(...))")


def _bare_calls(tree: Any) -> Iterator[Any]:
    """Calls of context functions outside any sub-select: they take no column."""
    inside = {id(call) for link in walk(tree) if type(link).__name__ == "SubLink" for call in walk(link.subselect)}
    for call in walk(tree):
        if type(call).__name__ != "FuncCall" or id(call) in inside:
            continue
        *schema, name = words(call.funcname)
        is_context = schema not in ([], ["pg_catalog"]) or name == "current_setting"
        if is_context and not any(type(each).__name__ == "ColumnRef" for each in walk(call.args or ())):
            yield call


@house_rule("one-policy")
def one_policy(reading: Reading, house: House) -> Remarks:
    """One permissive policy per table, command and role: every further one is another check per row."""
    for policy in house.facts[reading.task.id].policies:
        standing = house.policies[policy.table]
        older = standing[: standing.index(policy)] if policy in standing else []
        for other in older:
            if roles := _overlap(policy, other):
                message = f"policy {policy.name} of {policy.table} adds to {other.name} ({other.task})"
                hint = "Make it one policy with `or`."
                yield Remark(policy.line, f"{message} for {', '.join(roles)}", hint)


def _overlap(one: Policy, other: Policy) -> list[str]:
    commands = {one.command, other.command}
    if not (one.permissive and other.permissive) or (len(commands) == 2 and "all" not in commands):
        return []
    return sorted(set(one.roles) & set(other.roles))
