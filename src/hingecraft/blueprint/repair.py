"""The statements that bring one object back to what the ledger remembers, from the two definitions of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg.sql import quote

from hingecraft.blueprint.objects import column_of, drop_sql, membership_of, on_table, privilege_sql, subject

Definition = dict[str, Any]

_HOLDS_DATA = ("table", "table column", "materialized view", "sequence", "schema", "partitioned table", "foreign table")
_ROUTINES = ("function", "procedure")
_ORDER = (
    *("table column", "function", "procedure", "view", "table constraint"),
    *("domain constraint", "index", "trigger", "policy", "view column"),
)
_SIDES = ("owner", "acl", "comment", "rls", "force_rls", "enabled")
"""Aspects that one ALTER, GRANT or COMMENT puts back; any other is part of the definition."""
_POWERS = {
    "rolsuper": "superuser",
    "rolinherit": "inherit",
    "rolcreaterole": "createrole",
    "rolcreatedb": "createdb",
    "rolcanlogin": "login",
    "rolreplication": "replication",
    "rolbypassrls": "bypassrls",
}
_FIRES = {"D": "disable", "R": "enable replica", "A": "enable always"}


@dataclass(frozen=True)
class Repair:
    """What to run. With `loses_data`, or where somebody may rely on it (`asks`), it is shown and left to the operator.

    Without statements nobody but the operator can tell.
    """

    object_type: str
    statements: tuple[str, ...] = ()
    loses_data: bool = False
    aspects: list[str] = field(default_factory=list)
    asks: bool = False

    @property
    def is_safe(self) -> bool:
        """Whether it can be run without asking."""
        return bool(self.statements) and not self.loses_data and not self.asks

    @property
    def rank(self) -> int:
        """The order repairs run in: what others stand on comes first."""
        return _ORDER.index(self.object_type) if self.object_type in _ORDER else -1


def repair_of(kind: str, identity: str, expected: Definition | None, found: Definition | None) -> Repair:
    """The repair of a missing (`found` is None), foreign (`expected` is None) or altered object."""
    if expected is None:
        return Repair(kind, tuple(_remove(kind, identity, found or {})), kind in _HOLDS_DATA, asks=_relied_on(kind, identity))
    if found is None:
        return Repair(kind, tuple(_make(kind, identity, expected)))
    aspects = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
    if kind == "database":  # the operator's: a copy of a database inherits neither privileges nor comment
        return Repair(kind, aspects=aspects)
    narrows = kind == "table column" and bool({"type", "collation", "generated"} & set(aspects))  # touches stored values
    asks = kind == "role" and "rolcanlogin" in aspects
    return Repair(kind, tuple(_alter(kind, identity, expected, found, aspects)), narrows, aspects, asks)


def _relied_on(kind: str, identity: str) -> bool:
    """Whether somebody outside the blueprint may need what was added: a role, an extension, the membership of a login."""
    if kind == "role membership":
        return not membership_of(identity)[0].startswith("hc_")
    return kind in ("role", "extension")


def _remove(kind: str, identity: str, found: Definition) -> list[str]:
    return _privileges(kind, identity, {}, found) if kind == "default acl" else list(filter(None, [drop_sql(kind, identity)]))


def _make(kind: str, identity: str, expected: Definition) -> list[str]:
    """Make a dropped object again, with its owner and exactly its privileges: whoever repairs is not who built it."""
    if kind == "default acl":
        scope, _, objects = identity.rpartition(" on ")
        return [f"alter default privileges {scope} revoke all on {objects} from public", *_privileges(kind, identity, expected, {})]
    statements = _create(kind, identity, expected)
    if not statements or kind == "view column":
        return statements
    if kind in ("view", "event trigger", "statistics object", *_ROUTINES):
        statements += _owner(kind, identity, expected)
    if kind in _ROUTINES:
        statements.append(f"revoke all on {subject(kind, identity)} from public")
    statements += _privileges(kind, identity, expected, {})
    if expected.get("enabled") in _FIRES:
        statements += _enabled(kind, identity, expected)
    return statements + (_comment(kind, identity, expected) if expected.get("comment") else [])


def _create(kind: str, identity: str, expected: Definition) -> list[str]:  # noqa: PLR0911 (one answer a kind)
    """The bare CREATE; none for what held data: nothing made here would bring that back."""
    name, table = on_table(identity)
    definition = expected.get("def")
    match kind:
        case "index":
            return [] if expected.get("constraint") else [str(definition)]  # the constraint brings its index along
        case "function" | "procedure" | "trigger" | "rule" | "statistics object" | "event trigger":
            return [str(definition)]
        case "view column":
            return _comment(kind, identity, expected)
        case "view":
            options = f" with ({', '.join(expected['reloptions'])})" if expected.get("reloptions") else ""
            return [f"create view {identity}{options} as {definition}"]
        case "table constraint":
            return [f"alter table {table} add constraint {name} {definition}"]
        case "domain constraint":
            return [f"alter domain {table} add constraint {name} {definition}"]
        case "policy":
            return [_policy(name, table, expected)]
        case "role membership":
            member, group = membership_of(identity)
            return [f"grant {group} to {member}"]
        case _:
            return []


def _alter(kind: str, identity: str, expected: Definition, found: Definition, aspects: list[str]) -> list[str]:
    if kind == "role":
        powers = [f"{'' if expected.get(a) else 'no'}{_POWERS[a]}" for a in aspects if a in _POWERS]
        return [f"alter role {identity} {' '.join(powers)}"] if powers else _side(kind, identity, expected, found, "comment")
    if "name" in aspects:  # alone: what else differs is told by its own name in the next round
        return _rename(kind, identity, found, expected)
    if kind == "table column" and not expected.get("generated"):
        own = [_column(identity, a, expected) for a in aspects if a in ("type", "default", "not_null")]
        aspects = [a for a in aspects if a not in ("type", "default", "not_null")]
    else:
        own = []
    if set(aspects) - set(_SIDES):
        if kind not in _ROUTINES:
            made = _make(kind, identity, expected)
            return [drop_sql(kind, identity), *made] if made else own
        own = _create(kind, identity, expected)  # create or replace keeps owner and privileges
    return own + [statement for a in _SIDES if a in aspects for statement in _side(kind, identity, expected, found, a)]


def _rename(kind: str, identity: str, found: Definition, expected: Definition) -> list[str]:
    schema, _, name = expected["name"].rpartition(".")
    if kind == "table column":
        table, column = column_of(identity)
        return [f"alter table {table} rename column {column} to {name}"]
    if kind == "table constraint":
        old, table = on_table(identity)
        return [f"alter table {table} rename constraint {old} to {name}"]
    if schema != found["name"].rpartition(".")[0]:  # an index goes where its table goes
        return [] if kind == "index" else [f"alter {subject(kind, identity)} set schema {schema}"]
    return [f"alter {subject(kind, identity)} rename to {name}"]


def _side(kind: str, identity: str, expected: Definition, found: Definition, aspect: str) -> list[str]:
    match aspect:
        case "owner":
            return _owner(kind, identity, expected)
        case "acl":
            return _privileges(kind, identity, expected, found)
        case "comment":
            return _comment(kind, identity, expected)
        case "rls":
            return [f"alter table {identity} {'enable' if expected.get('rls') else 'disable'} row level security"]
        case "force_rls":
            return [f"alter table {identity} {'' if expected.get('force_rls') else 'no '}force row level security"]
        case _:
            return _enabled(kind, identity, expected)


def _policy(name: str, table: str, expected: Definition) -> str:
    definition = expected["def"] if isinstance(expected.get("def"), dict) else expected
    parts = [f"create policy {name} on {table} as {'permissive' if definition.get('permissive', True) else 'restrictive'}"]
    parts.append(f"for {definition.get('cmd', 'all')} to {', '.join(definition.get('roles') or ['public'])}")
    parts += [f"using ({definition['using']})"] if definition.get("using") else []
    parts += [f"with check ({definition['check']})"] if definition.get("check") else []
    return " ".join(parts)


def _owner(kind: str, identity: str, expected: Definition) -> list[str]:
    return [f"alter {subject(kind, identity)} owner to {expected['owner']}"] if expected.get("owner") else []


def _comment(kind: str, identity: str, expected: Definition) -> list[str]:
    return [f"comment on {subject(kind, identity)} is {quote(expected.get('comment'))}"]


def _privileges(kind: str, identity: str, expected: Definition, found: Definition) -> list[str]:
    """Revokes and grants between two access lists."""
    wanted, present = expected.get("acl") or [], found.get("acl") or []
    taken = [privilege_sql("revoke", kind, identity, a["privilege"], a["grantee"]) for a in present if a not in wanted]
    given = [
        privilege_sql("grant", kind, identity, a["privilege"], a["grantee"]) + (" with grant option" if a.get("grantable") else "")
        for a in wanted
        if a not in present
    ]
    return taken + given


def _enabled(kind: str, identity: str, expected: Definition) -> list[str]:
    verb = _FIRES.get(str(expected.get("enabled")), "enable")
    if kind == "event trigger":
        return [f"alter event trigger {identity} {verb}"]
    name, table = on_table(identity)
    return [f"alter table {table} {verb} {kind} {name}"]


def _column(identity: str, aspect: str, expected: Definition) -> str:
    table, column = column_of(identity)
    match aspect:
        case "type":
            change = f"type {expected['type']}"
        case "not_null":
            change = f"{'set' if expected.get('not_null') else 'drop'} not null"
        case _:
            default = expected.get("default")
            change = f"set default {default}" if default else "drop default"
    return f"alter table {table} alter column {column} {change}"
