"""Reading a script: what each statement makes, and every name it uses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import address_of
from hingecraft.blueprint.references.bodies import may_be_sql, scan_body
from hingecraft.blueprint.references.names import (
    ANY,
    EXTENSION,
    FUNCTION,
    INDEX,
    RELATION,
    ROLE,
    SCHEMA,
    TYPE,
    Name,
    References,
)
from hingecraft.blueprint.syntax import Script, SqlSyntaxError, Statement, script, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NOT_OURS = re.compile(r"pg_|information_schema$|none$")
_DOTTED = re.compile(r"\s*([a-z_][\w$]*)\.([a-z_][\w$]*)\s*(\(.*)?", re.DOTALL)
_REGISTERS = {"regclass": RELATION, "regproc": FUNCTION, "regprocedure": FUNCTION, "regtype": TYPE}
_BY_NAME = re.compile(r"to_reg\w+|nextval|currval|setval|pg_get_serial_sequence|has_\w+_privilege")
_TAKES_SQL = {"raises", "plan_uses"}
_ROLE = re.compile(r"hc_\w+")

_CREATED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "CompositeTypeStmt": (TYPE, lambda node: node.typevar),
    "CreateDomainStmt": (TYPE, lambda node: node.domainname),
    "CreateEnumStmt": (TYPE, lambda node: node.typeName),
    "CreateExtensionStmt": (EXTENSION, lambda node: node.extname),
    "CreateForeignTableStmt": (RELATION, lambda node: node.base.relation),
    "CreateFunctionStmt": (FUNCTION, lambda node: node.funcname),
    "CreateRangeStmt": (TYPE, lambda node: node.typeName),
    "CreateRoleStmt": (ROLE, lambda node: node.role),
    "CreateSchemaStmt": (SCHEMA, lambda node: node.schemaname),
    "CreateSeqStmt": (RELATION, lambda node: node.sequence),
    "CreateStmt": (RELATION, lambda node: node.relation),
    "CreateTableAsStmt": (RELATION, lambda node: node.into.rel),
    "ViewStmt": (RELATION, lambda node: node.view),
}

_PASSIVE = {"CommentStmt", "DefineStmt", "GrantStmt", "VariableSetStmt"}
"""Statements that change nothing which a task without them could not use."""

_DEFINED = {"OBJECT_AGGREGATE": FUNCTION, "OBJECT_TYPE": TYPE}

_NAMED_KINDS = {
    "column": RELATION, "constraint": RELATION, "trigger": RELATION, "policy": RELATION, "rule": RELATION,
    "table": RELATION, "view": RELATION, "materialized view": RELATION, "index": RELATION, "sequence": RELATION,
    "foreign table": RELATION, "domain constraint": TYPE, "domain": TYPE, "type": TYPE, "function": FUNCTION,
    "procedure": FUNCTION, "routine": FUNCTION, "aggregate": FUNCTION, "schema": SCHEMA, "role": ROLE,
    "extension": EXTENSION,
}  # fmt: skip


def read(sql: str) -> References:
    """What a script makes and uses. Raises SqlSyntaxError."""
    reader = _Reader(script(sql))
    for statement in reader.script.statements:
        reader.read(statement)
    kinds = {statement.kind for statement in reader.script.statements}
    acts = not kinds <= _CREATED.keys() | _PASSIVE
    return References(tuple(reader.creates), tuple(reader.replaces), tuple(reader.uses), acts)


@dataclass
class _Reader:
    """Collects the names of one script, each once, with its first line."""

    script: Script
    creates: dict[Name, None] = field(default_factory=dict)
    replaces: dict[Name, None] = field(default_factory=dict)
    uses: dict[Name, None] = field(default_factory=dict)

    def read(self, statement: Statement) -> None:
        """Note the names of one statement."""
        node = statement.node
        self._creation(node, statement.line)
        self._objects(node, statement.line)
        strings: list[tuple[str, int]] = []
        calls: set[str] = set()
        for each in statement.nodes:
            kind = type(each).__name__
            if kind in _READ:
                _READ[kind](self, each, self._line(each, statement))
            if kind == "FuncCall":
                calls.add(each.funcname[-1].sval)
            elif kind == "A_Const" and type(each.val).__name__ == "String":
                strings.append((each.val.sval, self._line(each, statement)))
        self._strings(strings, calls)

    def _line(self, node: Any, statement: Statement) -> int:
        location = getattr(node, "location", None)
        return self.script.line(location) if location and location > 0 else statement.line

    def _strings(self, strings: list[tuple[str, int]], calls: set[str]) -> None:
        """String constants of a statement that hands them to functions of the kit."""
        for text, line in strings:
            if calls & _TAKES_SQL:
                self._text(text, line)
            if "ensure_role" in calls and _ROLE.fullmatch(text):
                self._add(self.creates, Name(ROLE, None, text, line))

    def _creation(self, node: Any, line: int) -> None:
        kind = type(node).__name__
        if kind in _CREATED:
            what, name = _CREATED[kind]
            self._made(what, name(node), line, replace=getattr(node, "replace", False))
        elif kind == "IndexStmt" and node.idxname:
            self._add(self.creates, Name(INDEX, node.relation.schemaname, node.idxname, line))
        elif kind == "DefineStmt" and node.kind.name in _DEFINED:
            self._made(_DEFINED[node.kind.name], node.defnames, line, replace=node.replace)

    def _made(self, kind: str, name: Any, line: int, *, replace: bool) -> None:
        if isinstance(name, str):
            made = Name(kind, None, name, line)
        elif isinstance(name, tuple):
            *schema, plain = words(name)
            made = Name(kind, schema[0] if schema else None, plain, line)
        else:
            if name.relpersistence == "t":
                return
            made = Name(kind, name.schemaname, name.relname, line)
        self._add(self.replaces if replace else self.creates, made)

    def _objects(self, node: Any, line: int) -> None:
        """What COMMENT, DROP, ALTER .. OWNER, GRANT and the like name in a shape of their own."""
        kind = type(node).__name__
        if kind == "GrantRoleStmt":
            for each in node.granted_roles:
                self.use(ROLE, None, each.priv_name, line)
        elif kind == "VariableSetStmt" and node.name == "role" and node.args:
            self.use(ROLE, None, getattr(node.args[0].val, "sval", "none"), line)
        elif kind == "GrantStmt" and node.targtype.name == "ACL_TARGET_ALL_IN_SCHEMA":
            for each in node.objects:
                self.use(SCHEMA, None, each.sval, line)
        elif kind in {"AlterDomainStmt", "AlterEnumStmt"}:
            self.dotted(TYPE, words(node.typeName), line)
        for object_type, each in _named_objects(node):
            address = address_of(object_type, each)
            if address.kind in {"schema", "role", "extension"}:
                self.use(address.kind, None, address.name[0], line)
            elif address.kind in _NAMED_KINDS:
                self.dotted(_NAMED_KINDS[address.kind], address.name, line)

    def call(self, call: Any, line: int) -> None:
        """A function, and what its string arguments name."""
        names = words(call.funcname)
        self.dotted(FUNCTION, names, line)
        literals = [arg.val.sval for arg in call.args or () if type(getattr(arg, "val", None)).__name__ == "String"]
        if _BY_NAME.fullmatch(names[-1]):
            for text in literals:
                self._named(ANY, text, line)
        elif names == ("blueprint", "open_room") and literals:
            self._add(self.creates, Name(SCHEMA, None, literals[0], line))

    def cast(self, cast: Any, line: int) -> None:
        """A string cast to regclass, regprocedure, ..."""
        text = getattr(getattr(cast.arg, "val", None), "sval", None)
        target = words(cast.typeName.names)[-1]
        if isinstance(text, str) and target in _REGISTERS:
            self._named(_REGISTERS[target], text, line)
        elif isinstance(text, str) and target == "regrole":
            self.use(ROLE, None, text, line)
        elif isinstance(text, str) and target == "regnamespace":
            self.use(SCHEMA, None, text, line)

    def body(self, node: Any, line: int) -> None:
        """The string body of a function or DO block."""
        is_run = type(node).__name__ == "DoStmt"
        options = {option.defname: option for option in (node.args if is_run else node.options) or ()}
        if "as" not in options:
            return
        body = options["as"]
        text = (body.arg[0] if isinstance(body.arg, tuple) else body.arg).sval
        language = options["language"].arg.sval.lower() if "language" in options else "plpgsql"
        start = self.script.line(body.location) if body.location else line
        if language == "sql":
            self._text(text, start)
        elif language == "plpgsql":
            self._tokens(text, start, is_run=is_run)

    def _text(self, text: str, line: int) -> None:
        """A string that may hold SQL."""
        if not may_be_sql(text):
            return
        try:
            found = read(text)
        except SqlSyntaxError:
            self._tokens(text, line)
            return
        for name in (*found.creates, *found.replaces, *found.uses):
            self._add(self.uses, Name(name.kind, name.schema, name.name, line + name.line - 1))

    def _tokens(self, text: str, line: int, *, is_run: bool = False) -> None:
        for found in scan_body(text):
            at = line + found.line
            if found.what == "sql":
                self._text(found.text, at)
            elif found.what == "name":
                self.use(ANY, found.schema, found.text, at)
            elif is_run:
                self._add(self.creates, Name(ROLE, None, found.text, at))

    def _named(self, kind: str, text: str, line: int) -> None:
        if match := _DOTTED.fullmatch(text):
            self.use(kind, match[1], match[2], line)

    def dotted(self, kind: str, names: tuple[str, ...], line: int) -> None:
        """Note a use by qualified name; a bare one does not count."""
        if len(names) >= 2:
            self.use(kind, names[0], names[1], line)

    def use(self, kind: str, schema: str | None, name: str, line: int) -> None:
        """Note a use, unless it is of the system's own."""
        if kind in {ROLE, SCHEMA, EXTENSION}:
            if not _NOT_OURS.match(name):
                self._add(self.uses, Name(kind, None, name, line))
        elif schema and not _NOT_OURS.match(schema):
            self._add(self.uses, Name(kind, schema, name, line))

    @staticmethod
    def _add(names: dict[Name, None], name: Name) -> None:
        names.setdefault(name)


_READ: dict[str, Callable[[_Reader, Any, int], None]] = {
    "CreateEventTrigStmt": lambda to, node, line: to.dotted(FUNCTION, words(node.funcname), line),
    "CreateFunctionStmt": _Reader.body,
    "CreateTrigStmt": lambda to, node, line: to.dotted(FUNCTION, words(node.funcname), line),
    "ColumnRef": lambda to, node, line: to.dotted(ANY, words(node.fields[:2]) if len(node.fields) == 3 else (), line),
    "DoStmt": _Reader.body,
    "A_Expr": lambda to, node, line: to.dotted(ANY, words(node.name), line),
    "FuncCall": _Reader.call,
    "IndexElem": lambda to, node, line: to.dotted(ANY, words(node.opclass), line),
    "ObjectWithArgs": lambda to, node, line: to.dotted(FUNCTION, words(node.objname), line),
    "RangeVar": lambda to, node, line: to.use(RELATION, node.schemaname, node.relname, line),
    "RoleSpec": lambda to, node, line: to.use(ROLE, None, node.rolename or "none", line),
    "TypeCast": _Reader.cast,
    "TypeName": lambda to, node, line: to.dotted(RELATION if node.pct_type else TYPE, words(node.names), line),
}


def _named_objects(node: Any) -> Iterator[tuple[Any, Any]]:
    """(object type, the node that names it) of statements that work on objects of any type."""
    kind = type(node).__name__
    if kind == "DropStmt":
        yield from ((node.removeType, each) for each in node.objects)
    elif kind == "GrantStmt" and node.targtype.name == "ACL_TARGET_OBJECT":
        yield from ((node.objtype, each) for each in node.objects)
    elif kind == "RenameStmt" and node.object is not None and node.renameType.name != "OBJECT_DOMCONSTRAINT":
        yield node.renameType, node.object
    elif kind in {"CommentStmt", "SecLabelStmt"}:
        yield node.objtype, node.object
    elif kind in {"AlterOwnerStmt", "AlterObjectSchemaStmt"} and node.object is not None:
        yield node.objectType, node.object
