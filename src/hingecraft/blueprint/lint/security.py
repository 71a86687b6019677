"""Rules over what is open to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hingecraft.blueprint.lint.rules import Remark, Remarks, block_rule, house_rule

if TYPE_CHECKING:
    from hingecraft.blueprint.lint.house import House
    from hingecraft.blueprint.lint.reading import Reading

ROW_SECURITY_TASK = "BUILD_0015"
"""From this task on an event trigger enables and forces row security on every new table."""

_SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "an AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{8,}"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{30,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    "a signed JWT": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    "an address with a password": re.compile(r"\b\w+://[^\s:/@'%]+:[^\s@'%]+@"),
}
_SUSPECT = re.compile(r"BEGIN |AKIA|k_live_|\bgh[pousr]_|\bxox|\beyJ|://")


@block_rule("grant-to-public")
def grant_to_public(reading: Reading) -> Remarks:
    """Nothing is granted to PUBLIC: that is every role there will ever be."""
    for node, line in reading.deploy.nodes("GrantStmt"):
        if node.is_grant and any(role.roletype.name == "ROLESPEC_PUBLIC" for role in node.grantees):
            yield Remark(line, "grants to public", "Grant to the roles that need it.")


@house_rule("rls-forced")
def rls_forced(reading: Reading, house: House) -> Remarks:
    """A table made before row security is automatic (BUILD_0015) enables and forces it itself."""
    if ROW_SECURITY_TASK in house.needs(reading.task.id):
        return
    for table in house.facts[reading.task.id].tables:
        missing = [word for word, action in (("enable", "AT_EnableRowSecurity"), ("force", "AT_ForceRowSecurity"))
                   if (table.name, action) not in house.secured]  # fmt: skip
        for word in missing:
            hint = f"alter table {table.name} {word} row level security, or need {ROW_SECURITY_TASK}"
            yield Remark(table.line, f"nothing says `{word} row level security` for {table.name}", hint)


@block_rule("secret")
def secret(reading: Reading) -> Remarks:
    """No secret stands in a block, not even a made-up one that looks real: scanners stop at it."""
    for part in reading.parts:
        for what, pattern in _SECRETS.items() if _SUSPECT.search(part.sql) else ():
            if match := pattern.search(part.sql):
                yield Remark(part.line(part.script.line(match.start())), f"a string looks like {what}", "Make it at run time.")
        for node, line in part.of("CreateRoleStmt", "AlterRoleStmt"):
            if any(option.defname == "password" and option.arg is not None for option in node.options or ()):
                yield Remark(line, "a role's password stands in the block", "Passwords are set outside the blueprint.")
