"""Rules over names: keys and indexes say whose they are, everything is qualified, keywords are small."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import address_of
from hingecraft.blueprint.invert.names import plain_type
from hingecraft.blueprint.lint.rules import Remark, Remarks, block_rule
from hingecraft.blueprint.syntax import walk, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.blueprint.lint.reading import Part, Reading

SUFFIXES = {
    "CONSTR_CHECK": "check",
    "CONSTR_EXCLUSION": "excl",
    "CONSTR_FOREIGN": "fk",
    "CONSTR_PRIMARY": "pk",
    "CONSTR_UNIQUE": "key",
}


@block_rule("unnamed-constraint")
def unnamed_constraint(reading: Reading) -> Remarks:
    """Every key, check, foreign key and exclusion has a name of ours: generated ones differ from server to server."""
    for owner, constraint, line in _constraints(reading.deploy):
        if not constraint.conname and not constraint.indexname:
            suffix = SUFFIXES[constraint.contype.name]
            yield Remark(line, f"a {suffix} constraint of {owner} has no name", f"constraint {owner}_..._{suffix}")


@block_rule("unnamed-index")
def unnamed_index(reading: Reading) -> Remarks:
    """Every index has a name of ours."""
    for node, line in reading.deploy.of("IndexStmt"):
        if node.idxname is None:
            table = node.relation.relname
            yield Remark(line, f"an index of {table} has no name", f"create index {table}_..._idx on ...")


@block_rule("constraint-name")
def constraint_name(reading: Reading) -> Remarks:
    """Constraints are called <table>_..._<pk|key|fk|check|excl>, indexes <table>_..._idx (unique ones also _key)."""
    for owner, constraint, line in _constraints(reading.deploy):
        suffix = SUFFIXES[constraint.contype.name]
        if constraint.conname and not _fits(constraint.conname, owner, (suffix,)):
            yield Remark(line, f"constraint {constraint.conname} is not called {owner}_..._{suffix}")
    for node, line in reading.deploy.of("IndexStmt"):
        table = node.relation.relname
        suffixes = ("idx", "key") if node.unique else ("idx",)
        if node.idxname and not _fits(node.idxname, table, suffixes):
            yield Remark(line, f"index {node.idxname} is not called {table}_..._{suffixes[-1]}")


def _fits(name: str, owner: str, suffixes: tuple[str, ...]) -> bool:
    return name.startswith(f"{owner}_") and name.endswith(tuple(f"_{suffix}" for suffix in suffixes))


def _constraints(part: Part) -> Iterator[tuple[str, Any, int]]:
    """(table or domain, constraint, line) of every constraint that should have a name."""
    for node, line in part.of("CreateStmt", "AlterTableStmt", "CreateDomainStmt", "AlterDomainStmt"):
        relation = getattr(node, "relation", None)
        if relation is not None and relation.relpersistence == "t":
            continue
        owner = relation.relname if relation is not None else words(getattr(node, "domainname", None) or node.typeName)[-1]
        for each in walk(node):
            if type(each).__name__ == "Constraint" and each.contype.name in SUFFIXES:
                location = each.location if each.location and each.location > 0 else None
                yield owner, each, part.line(part.script.line(location)) if location else line


@block_rule("keyword-case")
def keyword_case(reading: Reading) -> Remarks:
    """Keywords are written in lower case."""
    for part in reading.parts:
        loud = [(statement, token) for statement in part.statements for token in _loud_keywords(statement.text)]
        if loud:
            statement, (offset, word) = loud[0]
            line = part.line(statement.line + statement.text.count("\n", 0, offset))
            more = f" and {len(loud) - 1} more" if len(loud) > 1 else ""
            yield Remark(line, f"{word}{more} in upper case", "Write keywords small.")


def _loud_keywords(text: str) -> Iterator[tuple[int, str]]:
    """(offset, keyword) of keywords with a capital letter, outside strings and comments."""
    from pglast.parser import scan

    if text == text.lower():
        return
    for token in scan(text):
        if token.kind != "NO_KEYWORD" and text[token.start].isupper():
            yield token.start, text[token.start : token.end + 1]


@block_rule("unqualified-name")
def unqualified_name(reading: Reading) -> Remarks:
    """Relations, functions and types are named with their schema, but for what PostgreSQL itself brings."""
    for part in (reading.deploy, reading.verify):
        temporary = _temporary(part)
        for statement in part.statements:
            local = temporary | _local(statement.nodes)
            for kind, name, node in _unqualified(statement.nodes):
                if name not in local:
                    line = part.at(node, statement)
                    yield Remark(line, f"{kind} {name} is named without its schema", f"Write <schema>.{name}.")


def _temporary(part: Part) -> set[str]:
    """Temporary tables that the script makes."""
    relations = [node.relation for node, _ in part.of("CreateStmt")]
    relations += [node.into.rel for node, _ in part.of("CreateTableAsStmt")]
    relations += [node.view for node, _ in part.of("ViewStmt")]
    return {relation.relname for relation in relations if relation.relpersistence == "t"}


def _local(nodes: tuple[Any, ...]) -> set[str]:
    """Names that a statement makes for itself."""
    found: set[str] = set()
    for each in nodes:
        match type(each).__name__:
            case "CommonTableExpr":
                found.add(each.ctename)
            case "TriggerTransition":
                found.add(each.name)
            case "LockingClause":  # FOR UPDATE OF names what FROM calls it
                found.update(locked.relname for locked in each.lockedRels or ())
    return found


def _unqualified(nodes: tuple[Any, ...]) -> Iterator[tuple[str, str, Any]]:
    """(kind, name, node) of names without a schema that are not built in."""
    for kind, names, each in _named(nodes):
        if len(names) != 1 or names[0].startswith("pg_"):
            continue
        if kind == "function" and names[0] in builtin_functions():
            continue
        if kind == "type" and (plain_type(names)[0] in builtin_types() or names[0] in builtin_types()):
            continue
        yield kind, names[0], each


def _named(nodes: tuple[Any, ...]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    for each in nodes:
        match type(each).__name__:
            case "RangeVar":
                yield "relation", (each.schemaname, each.relname) if each.schemaname else (each.relname,), each
            case "FuncCall":
                yield "function", words(each.funcname), each
            case "TypeName" if not each.pct_type:
                yield "type", words(each.names), each
            case "CreateFunctionStmt":
                yield "function", words(each.funcname), each
            case "CreateTrigStmt" | "CreateEventTrigStmt":
                yield "function", words(each.funcname), each
            case "CreateDomainStmt":
                yield "type", words(each.domainname), each
            case "CreateEnumStmt" | "CreateRangeStmt" | "AlterDomainStmt" | "AlterEnumStmt":
                yield "type", words(each.typeName), each
            case "DropStmt":
                for dropped in each.objects:
                    yield from _addressed(each.removeType, dropped, each)
            case "CommentStmt":
                yield from _addressed(each.objtype, each.object, each)


def _addressed(object_type: Any, named: Any, node: Any) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    address = address_of(object_type, named)
    if not address.qualified and address.family in {"relation", "routine", "type", "column"}:
        yield {"routine": "function", "column": "relation"}.get(address.family, address.family), address.name, node


@cache
def builtin_functions() -> frozenset[str]:
    """Names of PostgreSQL's own functions (generated; a test holds them against a server)."""
    return _words("builtin_functions.txt")


@cache
def builtin_types() -> frozenset[str]:
    """Names of PostgreSQL's own types."""
    return _words("builtin_types.txt") | {"integer", "smallint", "bigint", "real", "boolean", "double precision"}


def _words(file: str) -> frozenset[str]:
    return frozenset(files(__package__).joinpath(file).read_text(encoding="utf-8").split())
