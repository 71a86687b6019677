"""What all blocks together make: tables, keys, functions, policies and comments, as far as their text tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import address_of
from hingecraft.blueprint.invert.names import relation_name, role_name
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hingecraft.blueprint.lint.reading import Reading


@dataclass(frozen=True)
class Made:
    """An object and where it is made; `line` is the file's."""

    name: str
    task: str
    line: int


@dataclass(frozen=True)
class Table(Made):
    """A permanent table; a partition has no columns of its own."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class View(Made):
    """A view; `options` are its reloptions."""

    options: dict[str, str]
    materialized: bool


@dataclass(frozen=True)
class Function(Made):
    """A routine. One with an SQL-standard body is bound when it is made and needs no search_path."""

    definer: bool
    standard: bool
    search_path: str | None


@dataclass(frozen=True)
class Constraint(Made):
    """A key or foreign key: `name` is the constraint's, which may be empty."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Policy(Made):
    """A row-security policy of a table."""

    table: str
    command: str
    roles: tuple[str, ...]
    permissive: bool


@dataclass
class House:
    """Facts of all blocks; names are `schema.name`."""

    tables: list[Table] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    foreign_keys: list[Constraint] = field(default_factory=list)
    indexed: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    policies: list[Policy] = field(default_factory=list)
    comments: dict[tuple[str, str], str] = field(default_factory=dict)
    secured: set[tuple[str, str]] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, reading: Reading) -> None:
        """Note what a block makes."""
        task = reading.task
        self.needs[task.id] = task.needs
        self.titles.setdefault(task.title, task.id)
        for statement in reading.deploy.statements:
            line = reading.deploy.line(statement.line)
            noted = getattr(self, f"_{statement.kind}", None)
            if noted is not None:
                noted(statement.node, task.id, line)

    def closure(self, task: str) -> set[str]:
        """Everything a task needs, directly or not."""
        found: set[str] = set()
        waiting = list(self.needs.get(task, ()))
        while waiting:
            need = waiting.pop()
            if need not in found:
                found.add(need)
                waiting.extend(self.needs.get(need, ()))
        return found

    def of(self, task: str) -> Iterator[Made]:
        """What a task makes that can carry a comment."""
        for made in (*self.tables, *self.views, *self.functions):
            if made.task == task:
                yield made

    def _CreateStmt(self, node: Any, task: str, line: int) -> None:  # noqa: N802 - named after the statement
        if node.relation.relpersistence == "t":
            return
        name = ".".join(relation_name(node.relation))
        elements = node.tableElts or ()
        columns = [element for element in elements if type(element).__name__ == "ColumnDef"]
        own = () if node.partbound else tuple(column.colname for column in columns)
        self.tables.append(Table(name, task, line, own))
        for column in columns:
            self._column_keys(name, column, task, line)
        for element in elements:
            if type(element).__name__ == "Constraint":
                self._constraint(name, element, words(element.keys), task, line)

    def _column_keys(self, table: str, column: Any, task: str, line: int) -> None:
        for constraint in column.constraints or ():
            self._constraint(table, constraint, (column.colname,), task, line)

    def _constraint(self, table: str, constraint: Any, columns: tuple[str, ...], task: str, line: int) -> None:
        kind = constraint.contype.name
        if kind == "CONSTR_FOREIGN":
            columns = words(constraint.fk_attrs) or columns
            self.foreign_keys.append(Constraint(constraint.conname or "", task, line, table, columns))
        elif kind in {"CONSTR_PRIMARY", "CONSTR_UNIQUE"}:
            self.indexed.setdefault(table, []).append(columns)
        elif kind == "CONSTR_EXCLUSION":
            names = tuple(part[0].name or "" for part in constraint.exclusions)
            self.indexed.setdefault(table, []).append(names)

    def _AlterTableStmt(self, node: Any, task: str, line: int) -> None:  # noqa: N802
        table = ".".join(relation_name(node.relation))
        for command in node.cmds:
            match command.subtype.name:
                case "AT_AddColumn":
                    self._column_keys(table, command.def_, task, line)
                    self.tables.append(Table(table, task, line, (command.def_.colname,)))
                case "AT_AddConstraint":
                    self._constraint(table, command.def_, words(command.def_.keys), task, line)
                case "AT_EnableRowSecurity" | "AT_ForceRowSecurity":
                    self.secured.add((table, command.subtype.name))

    def _IndexStmt(self, node: Any, _task: str, _line: int) -> None:  # noqa: N802
        if node.whereClause is not None and type(node.whereClause).__name__ != "NullTest":
            return
        table = ".".join(relation_name(node.relation))
        self.indexed.setdefault(table, []).append(tuple(param.name or "" for param in node.indexParams))

    def _ViewStmt(self, node: Any, task: str, line: int) -> None:  # noqa: N802
        options = {option.defname: _option_value(option.arg) for option in node.options or ()}
        if node.view.relpersistence != "t":
            self.views.append(View(".".join(relation_name(node.view)), task, line, options, materialized=False))

    def _CreateTableAsStmt(self, node: Any, task: str, line: int) -> None:  # noqa: N802
        if node.objtype.name == "OBJECT_MATVIEW":
            self.views.append(View(".".join(relation_name(node.into.rel)), task, line, {}, materialized=True))
        elif node.into.rel.relpersistence != "t":
            self.tables.append(Table(".".join(relation_name(node.into.rel)), task, line, ()))

    def _CreateFunctionStmt(self, node: Any, task: str, line: int) -> None:  # noqa: N802
        definer, search_path = False, None
        for option in node.options or ():
            if option.defname == "security":
                definer = option.arg.boolval
            elif option.defname == "set" and option.arg.name == "search_path":
                search_path = ", ".join(str(getattr(arg.val, "sval", arg.val)) for arg in option.arg.args or ())
        name = ".".join(words(node.funcname))
        standard = node.sql_body is not None
        self.functions.append(Function(name, task, line, definer, standard, search_path))

    def _CreatePolicyStmt(self, node: Any, task: str, line: int) -> None:  # noqa: N802
        roles = tuple(role_name(role) for role in node.roles or ())
        table = ".".join(relation_name(node.table))
        self.policies.append(Policy(node.policy_name, task, line, table, node.cmd_name, roles, node.permissive))

    def _DropStmt(self, node: Any, _task: str, _line: int) -> None:  # noqa: N802
        for each in node.objects:
            address = address_of(node.removeType, each)
            if address.kind == "policy":
                gone = (".".join(address.name), address.part)
                self.policies = [policy for policy in self.policies if (policy.table, policy.name) != gone]

    def _CommentStmt(self, node: Any, _task: str, _line: int) -> None:  # noqa: N802
        address = address_of(node.objtype, node.object)
        name = ".".join((*address.name, address.part) if address.part else address.name)
        if node.comment:
            self.comments[address.family, name] = node.comment


def _option_value(arg: Any) -> str:
    """The value of an option of a view, `true` when it is only named."""
    match type(arg).__name__:
        case "NoneType":
            return "true"
        case "String":
            return str(arg.sval)
        case "TypeName":
            return words(arg.names)[-1]
        case "Boolean":
            return str(arg.boolval).lower()
    return str(getattr(arg, "ival", arg))
