"""ALTER ROLE and ALTER DATABASE: settings and attributes as they were."""

from __future__ import annotations

from typing import Any

from hingecraft.blueprint.invert.address import Address
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.names import quote, role_name
from hingecraft.blueprint.invert.registry import undoes

ATTRIBUTES = {
    "superuser": "superuser",
    "inherit": "inherit",
    "createrole": "createrole",
    "createdb": "createdb",
    "canlogin": "login",
    "isreplication": "replication",
    "bypassrls": "bypassrls",
    "connectionlimit": "connection limit",
    "validUntil": "valid until",
}
"""pglast's names for role attributes, and SQL's."""


@undoes("AlterRoleSetStmt")
def role_setting(draft: Draft, node: Any) -> None:
    """One parameter of a role, in one database or all."""
    role = role_name(node.role) if node.role else None
    if node.role and draft.owns(Address("role", (node.role.rolename or role or "",))):
        return
    where = f" in database {quote(node.database)}" if node.database else ""
    _setting(draft, node.setstmt, f"role {role or 'all'}{where}", role=role, database=node.database)


@undoes("AlterDatabaseSetStmt")
def database_setting(draft: Draft, node: Any) -> None:
    """One parameter of a database."""
    _setting(draft, node.setstmt, f"database {quote(node.dbname)}", role=None, database=node.dbname)


def _setting(draft: Draft, setting: Any, target: str, *, role: str | None, database: str | None) -> None:
    if setting.kind.name == "VAR_RESET_ALL":
        draft.state("settings_reset", target=target, role=role, database=database)
    else:
        draft.state("setting", target=target, role=role, database=database, parameter=setting.name)


@undoes("AlterRoleStmt")
def role_attributes(draft: Draft, node: Any) -> None:
    """LOGIN, CONNECTION LIMIT, ... as they were; a password's verifier is not readable and not kept."""
    if draft.owns(Address("role", (node.role.rolename or role_name(node.role),))):
        return
    names = [option.defname for option in node.options or ()]
    unknown = [name for name in names if name not in ATTRIBUTES]
    if unknown:
        raise NotInvertibleError(f"alter role {unknown[0]}: its previous state is not looked up: write the revert")
    draft.state("role_attributes", role=role_name(node.role), attributes=[ATTRIBUTES[name] for name in names])
