"""The ways to break what a task made, read from the difference it made to the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.objects import column_of, drop_sql, on_table, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hingecraft.blueprint.catalog import Difference
    from hingecraft.blueprint.task import Task


@dataclass(frozen=True)
class Mutant:
    """One break: what a reader calls it, and the SQL that does it."""

    label: str
    sql: str
    not_null: bool = False


def mutants_of(task: Task, made: Iterable[Difference]) -> Iterator[Mutant]:
    """Mutants of everything a task made or changed.

    Left out: what PostgreSQL makes by itself (indexes behind constraints, row types), partitions, and comments, except
    in the tasks whose whole work they are.
    """
    for difference in made:
        if difference.after is None or difference.after.get("partition_of"):
            continue
        kind, identity = difference.key
        before, after = difference.before or {}, difference.after
        if difference.before is None:
            yield from _objects(kind, identity, after)
        if kind == "table column":
            yield from _columns(identity, before, after)
        if kind in ("table", "view") and difference.before is not None:
            yield from _flags(identity, before, after)
        yield from _privileges(kind, identity, before, after)
        if task.action == "add_comments" and after.get("comment") and after["comment"] != before.get("comment"):
            yield Mutant(f"comment on {kind} {identity} removed", f"comment on {subject(kind, identity)} is null")


def _objects(kind: str, identity: str, made: dict[str, Any]) -> Iterator[Mutant]:  # noqa: PLR0912 (a table of kinds)
    match kind:
        case "table" | "view" | "materialized view" | "sequence" | "domain" | "type" | "schema" | "role":
            if kind == "sequence" and made.get("owned_by"):
                return
            yield Mutant(f"{kind} {identity} renamed", f"alter {subject(kind, identity)} rename to hingecraft_mutant")
            if kind == "table":
                yield from _flags(identity, {}, made)
        case "table constraint" | "domain constraint":
            if not str(made.get("def", "")).upper().startswith("NOT NULL"):
                yield Mutant(f"constraint {identity} dropped", drop_sql(kind, identity))
        case "index":
            if not made.get("constraint"):
                yield Mutant(f"index {identity} dropped", drop_sql(kind, identity))
        case "trigger":
            name, table = on_table(identity)
            yield Mutant(f"trigger {identity} disabled", f"alter table {table} disable trigger {name}")
        case "rule":
            name, table = on_table(identity)
            yield Mutant(f"rule {identity} disabled", f"alter table {table} disable rule {name}")
        case "event trigger":
            yield Mutant(f"event trigger {identity} disabled", f"alter event trigger {identity} disable")
        case "policy":
            yield from _policies(identity, made)
        case "function" | "procedure":
            yield Mutant(f"{kind} {identity} hollowed out", _hollow(kind, made))
            if made.get("security_definer"):
                yield Mutant(f"{kind} {identity} as invoker", f"alter {kind} {identity} security invoker")
        case "statistics object" | "cast" | "operator" | "publication":
            yield Mutant(f"{kind} {identity} dropped", drop_sql(kind, identity))
        case _:
            return


def _columns(identity: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Mutant]:
    table, column = column_of(identity)
    if after.get("default") and after.get("default") != before.get("default") and not after.get("generated") and not after.get("identity"):
        yield Mutant(f"default of {identity} dropped", f"alter table {table} alter column {column} drop default")
    if after.get("not_null") and not before.get("not_null"):
        yield Mutant(f"not null of {identity} dropped", f"alter table {table} alter column {column} drop not null", not_null=True)


def _flags(identity: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Mutant]:
    if after.get("rls") and not before.get("rls"):
        yield Mutant(f"row security of {identity} disabled", f"alter table {identity} disable row level security")
    if after.get("force_rls") and not before.get("force_rls"):
        yield Mutant(f"row security of {identity} not forced", f"alter table {identity} no force row level security")


def _policies(identity: str, made: dict[str, Any]) -> Iterator[Mutant]:
    name, table = on_table(identity)
    yield Mutant(f"policy {identity} dropped", f"drop policy {name} on {table}")
    definition = made.get("def") or made
    if isinstance(definition, dict):
        for clause, word in (("using", "using"), ("check", "with check")):
            if definition.get(clause) not in (None, "true"):
                yield Mutant(f"policy {identity} {word} (true)", f"alter policy {name} on {table} {word} (true)")


def _privileges(kind: str, identity: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Mutant]:
    if kind not in _GRANTABLE:
        return
    owner = after.get("owner")
    gained = [a for a in after.get("acl") or [] if a not in (before.get("acl") or [])]
    for entry in gained:
        if entry["grantee"] in (owner, "PUBLIC" if kind in ("type", "domain") else owner):
            continue
        target, privilege = subject(kind, identity), entry["privilege"]
        if kind == "table column":
            table, column = column_of(identity)
            target, privilege = f"table {table}", f"{privilege} ({column})"
        yield Mutant(
            f"{privilege} on {kind} {identity} revoked from {entry['grantee']}",
            f"revoke {privilege} on {target.replace('view ', 'table ', 1) if kind == 'view' else target} from {_grantee(entry['grantee'])}",
        )
    if kind in ("function", "procedure") and not before and not any(a["grantee"] == "PUBLIC" for a in after.get("acl") or []):
        yield Mutant(f"{kind} {identity} opened to PUBLIC", f"grant execute on {subject(kind, identity)} to public")


_GRANTABLE = (
    "table",
    "view",
    "materialized view",
    "table column",
    "sequence",
    "function",
    "procedure",
    "schema",
    "type",
    "domain",
)


def _grantee(name: str) -> str:
    return "public" if name == "PUBLIC" else f'"{name}"'


def _hollow(kind: str, made: dict[str, Any]) -> str:
    """The same signature with a body that does nothing: null, no rows, or the row as it came."""
    returns = str(made.get("result") or "")
    if returns == "trigger":
        body = "begin return coalesce(new, old); end"
    elif kind == "procedure" or returns in ("", "void", "event_trigger") or made.get("returns_set") or made.get("out_arguments"):
        body = "begin end"
    else:
        body = "begin return null; end"
    clause = f" returns {returns}" if returns and kind == "function" else ""
    attributes = " ".join(filter(None, [str(made.get("volatility") or ""), "security definer" if made.get("security_definer") else ""]))
    return f"create or replace {kind} {made.get('signature')}{clause} language plpgsql {attributes} as $mutant$ {body} $mutant$"
