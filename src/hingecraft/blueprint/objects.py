"""Objects as pg_identify_object names them, in the words of ALTER, COMMENT, GRANT and DROP."""

from __future__ import annotations

_ON_TABLE = {"table constraint": "constraint", "trigger": "trigger", "policy": "policy", "rule": "rule"}
_KEYWORD = {"table column": "column", "statistics object": "statistics", "foreign-data wrapper": "foreign data wrapper"}


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


def subject(kind: str, identity: str) -> str:
    """The object after ALTER, COMMENT ON or DROP: `trigger x on s.t`, `function s.f(integer)`, `constraint c on domain s.d`."""
    if kind == "domain constraint":
        name, domain = on_table(identity)
        return f"constraint {name} on domain {domain}"
    return f"{_ON_TABLE.get(kind) or _KEYWORD.get(kind, kind)} {identity}"


def drop_sql(kind: str, identity: str) -> str:
    """The DROP of an object, without CASCADE: what depends on it should surface."""
    name, owner = on_table(identity)
    match kind:
        case "table constraint":
            return f"alter table {owner} drop constraint {name}"
        case "domain constraint":
            return f"alter domain {owner} drop constraint {name}"
        case "table column":
            table, column = column_of(identity)
            return f"alter table {table} drop column {column}"
        case _:
            return f"drop {subject(kind, identity)}"
