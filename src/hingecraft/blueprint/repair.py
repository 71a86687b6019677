"""The statements that bring one object back to what the ledger remembers, from the two definitions of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg.sql import quote

from hingecraft.blueprint.objects import column_of, drop_sql, on_table, subject

Definition = dict[str, Any]

_HOLDS_DATA = ("table", "table column", "materialized view", "sequence", "schema", "partitioned table")
_ORDER = (
    "table column",
    "function",
    "procedure",
    "view",
    "table constraint",
    "domain constraint",
    "index",
    "trigger",
    "policy",
    "view column",
)


@dataclass(frozen=True)
class Repair:
    """What to run. With `loses_data` it is shown and left to the operator; without statements nobody can tell."""

    object_type: str
    statements: tuple[str, ...] = ()
    loses_data: bool = False
    aspects: list[str] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """The order repairs run in: what others stand on comes first."""
        return _ORDER.index(self.object_type) if self.object_type in _ORDER else -1


def repair_of(kind: str, identity: str, expected: Definition | None, found: Definition | None) -> Repair:
    """The repair of a missing (`found` is None), foreign (`expected` is None) or altered object."""
    if expected is None:
        return Repair(kind, (drop_sql(kind, identity),), loses_data=kind in _HOLDS_DATA)
    if found is None:
        statements = _create(kind, identity, expected)
        if statements:
            statements += _privileges(kind, identity, expected, {}) + _comment(kind, identity, expected)
        return Repair(kind, tuple(statements), loses_data=False)
    aspects = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
    if kind == "database":
        return Repair(kind, (), False, aspects)  # the operator's: a copy of a database inherits neither privileges nor comment
    return Repair(kind, tuple(_alter(kind, identity, expected, found, aspects)), _narrows(kind, aspects), aspects)


def _create(kind: str, identity: str, expected: Definition) -> list[str]:  # noqa: PLR0911 (one answer a kind)
    """Make a dropped object again; what held data is gone, and nothing made here would bring it back."""
    name, table = on_table(identity)
    definition = expected.get("def")
    match kind:
        case "index" | "function" | "procedure" | "trigger" | "rule" | "statistics object" | "event trigger":
            return [str(definition)]
        case "view column":
            return _comment(kind, identity, expected)
        case "view":
            options = f" with ({', '.join(expected['reloptions'])})" if expected.get("reloptions") else ""
            return [f"create view {identity}{options} as {definition}", *_owner(kind, identity, expected)]
        case "table constraint":
            return [f"alter table {table} add constraint {name} {definition}"]
        case "domain constraint":
            return [f"alter domain {table} add constraint {name} {definition}"]
        case "policy":
            return [_policy(name, table, expected)]
        case _:
            return []


def _alter(kind: str, identity: str, expected: Definition, found: Definition, aspects: list[str]) -> list[str]:
    statements: list[str] = []
    for aspect in aspects:
        match aspect:
            case "owner":
                statements += _owner(kind, identity, expected)
            case "acl":
                statements += _privileges(kind, identity, expected, found)
            case "comment":
                statements += _comment(kind, identity, expected)
            case "rls":
                statements.append(f"alter table {identity} {'enable' if expected.get('rls') else 'disable'} row level security")
            case "force_rls":
                statements.append(f"alter table {identity} {'' if expected.get('force_rls') else 'no '}force row level security")
            case "enabled":
                statements += _enabled(kind, identity, expected)
            case "default" | "not_null" if kind == "table column" and not expected.get("generated"):
                statements.append(_column(identity, aspect, expected))
            case _:
                return _redefine(kind, identity, expected)
    return statements


def _redefine(kind: str, identity: str, expected: Definition) -> list[str]:
    """Replace a changed definition: in place where PostgreSQL can, by drop and create where nothing is lost."""
    created = _create(kind, identity, expected)
    if not created:
        return []
    restored = _privileges(kind, identity, expected, {}) + _comment(kind, identity, expected)
    if kind in ("function", "procedure"):
        return created
    return [drop_sql(kind, identity), *created, *restored]


def _narrows(kind: str, aspects: list[str]) -> bool:
    """Whether putting it back would touch stored values: a column's type is the operator's decision."""
    return kind == "table column" and bool({"type", "collation", "generated"} & set(aspects))


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
    """Grants and revokes between two access lists."""
    target = subject("table" if kind in ("view", "materialized view") else kind, identity)
    wanted, present = expected.get("acl") or [], found.get("acl") or []
    statements = []
    for verb, preposition, entries in (
        ("revoke", "from", [a for a in present if a not in wanted]),
        ("grant", "to", [a for a in wanted if a not in present]),
    ):
        for entry in entries:
            privilege = entry["privilege"]
            if kind == "table column":
                table, column = column_of(identity)
                target, privilege = f"table {table}", f"{privilege} ({column})"
            grantee = "public" if entry["grantee"] == "PUBLIC" else f'"{entry["grantee"]}"'
            option = " with grant option" if verb == "grant" and entry.get("grantable") else ""
            statements.append(f"{verb} {privilege} on {target} {preposition} {grantee}{option}")
    return statements


def _enabled(kind: str, identity: str, expected: Definition) -> list[str]:
    verb = "disable" if expected.get("enabled") in (False, "D") else "enable"
    if kind == "event trigger":
        return [f"alter event trigger {identity} {verb}"]
    name, table = on_table(identity)
    return [f"alter table {table} {verb} {kind} {name}"]


def _column(identity: str, aspect: str, expected: Definition) -> str:
    table, column = column_of(identity)
    if aspect == "not_null":
        return f"alter table {table} alter column {column} {'set' if expected.get('not_null') else 'drop'} not null"
    default = expected.get("default")
    return f"alter table {table} alter column {column} {f'set default {default}' if default else 'drop default'}"
