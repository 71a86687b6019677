"""Objects as pg_identify_object names them, in the words of ALTER, COMMENT, GRANT and DROP."""

from __future__ import annotations

import re

_ON_TABLE = {"table constraint": "constraint", "trigger": "trigger", "policy": "policy", "rule": "rule"}
_KEYWORD = {
    "table column": "column",
    "view column": "column",
    "materialized view column": "column",
    "foreign table column": "column",
    "composite type column": "column",
    "statistics object": "statistics",
    "foreign-data wrapper": "foreign data wrapper",
}
_GRANTED_AS = {"view": "table", "materialized view": "table", "foreign table": "table", "aggregate": "function"}
_MEMBERSHIP = re.compile(r"membership of role (.+) in role (.+)")


def on_table(identity: str) -> tuple[str, str]:
    """`name on schema.table` as (name, schema.table)."""
    name, _, table = identity.partition(" on ")
    return name, table


def column_of(identity: str) -> tuple[str, str]:
    """`schema.table.column` as (schema.table, column); a quoted column may hold dots."""
    if identity.endswith('"'):
        cut = identity.rindex('."')
        return identity[:cut], identity[cut + 1 :]
    table, _, column = identity.rpartition(".")
    return table, column


def membership_of(identity: str) -> tuple[str, str]:
    """`membership of role a in role b` as (a, b)."""
    found = _MEMBERSHIP.fullmatch(identity)
    assert found is not None, identity
    return found[1], found[2]


def subject(kind: str, identity: str) -> str:
    """The object after ALTER, COMMENT ON or DROP: `trigger x on s.t`, `function s.f(integer)`, `constraint c on domain s.d`."""
    if kind == "domain constraint":
        name, domain = on_table(identity)
        return f"constraint {name} on domain {domain}"
    return f"{_ON_TABLE.get(kind) or _KEYWORD.get(kind, kind)} {identity}"


def privilege_sql(verb: str, kind: str, identity: str, privilege: str, grantee: str) -> str:
    """GRANT or REVOKE of one privilege; the grantee as regrole prints it, or PUBLIC."""
    preposition = "to" if verb == "grant" else "from"
    if kind == "default acl":  # for role r [in schema s] on functions
        scope, _, objects = identity.rpartition(" on ")
        return f"alter default privileges {scope} {verb} {privilege} on {objects} {preposition} {grantee}"
    target = subject(_GRANTED_AS.get(kind, kind), identity)
    if kind.endswith(" column"):
        table, column = column_of(identity)
        target, privilege = f"table {table}", f"{privilege} ({column})"
    return f"{verb} {privilege} on {target} {preposition} {grantee}"


def drop_sql(kind: str, identity: str) -> str:
    """The DROP of an object, without CASCADE: what depends on it should surface. Empty where there is no such word."""
    name, owner = on_table(identity)
    match kind:
        case "table constraint":
            return f"alter table {owner} drop constraint {name}"
        case "domain constraint":
            return f"alter domain {owner} drop constraint {name}"
        case "table column":
            table, column = column_of(identity)
            return f"alter table {table} drop column {column}"
        case "role membership":
            member, group = membership_of(identity)
            return f"revoke {group} from {member}"
        case "default acl" | "database" | "view column" | "materialized view column":
            return ""
        case _:
            return f"drop {subject(kind, identity)}"
