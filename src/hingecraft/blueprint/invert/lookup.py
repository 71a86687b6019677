"""How to find an object in the catalog by its address, on a server that may not have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.names import dotted

if TYPE_CHECKING:
    from hingecraft.blueprint.invert.address import Address
    from hingecraft.blueprint.invert.plan import Argument


@dataclass(frozen=True)
class Lookup:
    """SQL expressions over the arguments {name} and {part}; null where the object is not there.

    `acl_type` is acldefault's letter, `default_type` pg_default_acl's.
    """

    catalog: str
    oid: str
    sub: str = "0"
    owner: str = "null::oid"
    acl: str = "null::aclitem[]"
    acl_type: str = "null"
    schema: str = "0"
    default_type: str = "null"


def _named(catalog: str, column: str, owner: str, acl: str = "null::aclitem[]", acl_type: str = "null") -> Lookup:
    oid = f"(select oid from pg_catalog.{catalog} where {column} = {{plain}})"
    return Lookup(catalog, oid, owner=owner, acl=acl, acl_type=acl_type)


def _part(catalog: str, relation: str, column: str, parent: str = "to_regclass") -> Lookup:
    where = f"{relation} = {parent}({{name}}) and {column} = {{part}}"
    return Lookup(catalog, f"(select oid from pg_catalog.{catalog} where {where})")


_RELATION = Lookup(
    "pg_class", "to_regclass({name})::oid", owner="relowner", acl="relacl", schema="relnamespace",
    acl_type="case relkind when 'S' then 's' else 'r' end", default_type="case relkind when 'S' then 'S' else 'r' end",
)  # fmt: skip
_ROUTINE = Lookup(
    "pg_proc", "to_regprocedure({name})::oid", owner="proowner", acl="proacl", schema="pronamespace",
    acl_type="'f'", default_type="'f'",
)  # fmt: skip

LOOKUPS = {
    "relation": _RELATION,
    "routine": _ROUTINE,
    "routine by name": Lookup(**{**vars(_ROUTINE), "oid": "to_regproc({name})::oid"}),
    "type": Lookup(
        "pg_type", "to_regtype({name})::oid", owner="typowner", acl="typacl", schema="typnamespace",
        acl_type="'T'", default_type="'T'",
    ),
    "schema": Lookup(
        "pg_namespace", "to_regnamespace({name})::oid", owner="nspowner", acl="nspacl",
        acl_type="'n'", default_type="'n'",
    ),
    "role": Lookup("pg_authid", "to_regrole({name})::oid"),
    "column": Lookup(
        "pg_class", "to_regclass({name})::oid", owner="relowner",
        sub="(select attnum from pg_catalog.pg_attribute where attrelid = to_regclass({name}) and attname = {part}"
        " and not attisdropped)",
    ),
    "constraint": _part("pg_constraint", "conrelid", "conname"),
    "domain constraint": _part("pg_constraint", "contypid", "conname", "to_regtype"),
    "trigger": _part("pg_trigger", "tgrelid", "tgname"),
    "policy": _part("pg_policy", "polrelid", "polname"),
    "rule": _part("pg_rewrite", "ev_class", "rulename"),
    "operator": Lookup("pg_operator", "to_regoperator({name})::oid", owner="oprowner"),
    "collation": Lookup("pg_collation", "to_regcollation({name})::oid", owner="collowner"),
    "statistics": Lookup(
        "pg_statistic_ext", owner="stxowner",
        oid="(select oid from pg_catalog.pg_statistic_ext"
        " where stxnamespace = to_regnamespace({schema_name}) and stxname = {plain})",
    ),
    "database": _named("pg_database", "datname", "datdba", "datacl", "'d'"),
    "extension": _named("pg_extension", "extname", "extowner"),
    "event trigger": _named("pg_event_trigger", "evtname", "evtowner"),
    "publication": _named("pg_publication", "pubname", "pubowner"),
    "foreign data wrapper": _named("pg_foreign_data_wrapper", "fdwname", "fdwowner", "fdwacl", "'F'"),
    "server": _named("pg_foreign_server", "srvname", "srvowner", "srvacl", "'S'"),
    "language": _named("pg_language", "lanname", "lanowner", "lanacl", "'l'"),
    "tablespace": _named("pg_tablespace", "spcname", "spcowner", "spcacl", "'t'"),
}  # fmt: skip


def asked(draft: Draft, address: Address) -> dict[str, Argument]:
    """The arguments with which a query finds this object as it was before the task."""
    draft.ask(address)
    kind = "routine by name" if address.family == "routine" and address.args is None else address.family
    if kind not in LOOKUPS:
        raise NotInvertibleError(f"the previous state of a {address.kind} is not looked up: write the revert")
    name = _operator(address) if kind == "operator" else dotted(*address.name) if address.part else address.signature
    plain = address.name[-1]
    schema = dotted(*address.name[:-1])
    return {
        "class": kind,
        "name": name,
        "part": address.part,
        "object": address.sql,
        "on": address.grant_target,
        "plain": plain,
        "schema_name": schema,
    }


def _operator(address: Address) -> str:
    *schema, symbol = address.name
    return f"{dotted(*schema)}.{symbol}({','.join(address.args or ())})"
