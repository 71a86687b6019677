"""GRANT and REVOKE: only what they really changed goes back; what was granted before stays granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import Address, address_of, kind_of
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import quote, role_name
from hingecraft.blueprint.invert.registry import undoes
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from hingecraft.blueprint.invert.plan import Argument

DEFAULT_TYPES = {"table": "r", "sequence": "S", "function": "f", "routine": "f", "type": "T", "schema": "n"}


@undoes("GrantStmt")
def grant(draft: Draft, node: Any) -> None:
    """Privileges on objects, object by object; those on the task's own objects vanish with them."""
    if not node.is_grant and node.behavior.name == "DROP_CASCADE":
        raise NotInvertibleError("'cascade' revokes what others granted: revoke it by name")
    if node.targtype.name == "ACL_TARGET_ALL_IN_SCHEMA":
        _grant_in_schemas(draft, node)
        return
    for number, each in enumerate(node.objects):
        if number:
            draft.begin()
        address = address_of(node.objtype, each)
        if draft.owns(address):
            if draft.made_since(address, (each, node.grantees)):
                _take_back(draft, node, address)
        elif node.objtype.name in {"OBJECT_PARAMETER_ACL", "OBJECT_LARGEOBJECT"}:
            raise NotInvertibleError(f"privileges on a {address.kind} are not looked up: write the revert")
        else:
            _grant_on(draft, node, asked(draft, address))


def _grant_on(draft: Draft, node: Any, target: dict[str, Argument]) -> None:
    whole = [item.priv_name for item in node.privileges or () if not item.cols]
    if whole or node.privileges is None:
        draft.state("privileges", **target, **_change(draft, node), privileges=whole)
        if not node.is_grant and target["class"] == "relation":
            draft.state("column_privileges", **target, **_change(draft, node), privileges=whole, columns=[])
    for item in node.privileges or ():
        if item.cols:
            privileges = [item.priv_name] if item.priv_name else []
            columns = list(words(item.cols))
            draft.state("column_privileges", **target, **_change(draft, node), privileges=privileges, columns=columns)


def _change(draft: Draft, node: Any) -> dict[str, Argument]:
    grantees: list[str] = [role_name(each) for each in node.grantees]
    for each in node.grantees:
        draft.ask(Address("role", (each.rolename or "public",)))
    return {"grantees": grantees, "granted": bool(node.is_grant), "option": bool(node.grant_option)}


def _take_back(draft: Draft, node: Any, address: Address) -> None:
    """The task's own object and a younger role of its own: the role cannot be dropped while it holds anything."""
    if node.is_grant:
        roles = ", ".join(role_name(each) for each in node.grantees)
        draft.exact(f"revoke all on {address.sql} from {roles};")


def _grant_in_schemas(draft: Draft, node: Any) -> None:
    for schema in node.objects:
        address = Address("schema", (schema.sval,))
        if not draft.owns(address):
            privileges = [item.priv_name for item in node.privileges or ()]
            kind = f"privileges_on_{kind_of(node.objtype)}s"
            draft.state(kind, **asked(draft, address), **_change(draft, node), privileges=privileges)


@undoes("GrantRoleStmt")
def grant_role(draft: Draft, node: Any) -> None:
    """Memberships with their options, pair by pair."""
    if not node.is_grant and node.behavior.name == "DROP_CASCADE":
        raise NotInvertibleError("'cascade' revokes what others granted: revoke it by name")
    first = True
    for granted in node.granted_roles:
        for member in node.grantee_roles:
            if not first:
                draft.begin()
            first = False
            roles = (Address("role", (granted.priv_name,)), Address("role", (member.rolename or role_name(member),)))
            if not any(draft.owns(role) for role in roles):
                grantor = role_name(node.grantor) if node.grantor else None
                draft.state("membership", role=quote(granted.priv_name), member=role_name(member), grantor=grantor,
                            granted=bool(node.is_grant), options=bool(node.opt))  # fmt: skip


@undoes("AlterDefaultPrivilegesStmt")
def default_privileges(draft: Draft, node: Any) -> None:
    """Default privileges of each role (in each schema) named; those of the task's own schema vanish with it."""
    options = {option.defname: option.arg for option in node.options or ()}
    roles: list[str | None] = [role_name(role) for role in options.get("roles", ())] or [None]
    schemas: list[str | None] = [schema.sval for schema in options.get("schemas", ())] or [None]
    action = node.action
    first = True
    for role in roles:
        for schema in schemas:
            if not first:
                draft.begin()
            first = False
            if schema is not None and draft.owns(Address("schema", (schema,))):
                continue
            kind = kind_of(action.objtype)
            if kind not in DEFAULT_TYPES:
                raise NotInvertibleError(f"default privileges on a {kind} are not looked up: write the revert")
            draft.state("default_privileges", role=role, schema_name=schema and quote(schema), type=DEFAULT_TYPES[kind],
                        objects=f"{kind}s", privileges=[p.priv_name for p in action.privileges or ()],
                        **_change(draft, action))  # fmt: skip
