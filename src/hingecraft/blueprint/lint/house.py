"""What all blocks together make: tables, keys, functions, policies and comments, as far as their text tells."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.graph import Graph
from hingecraft.blueprint.invert.address import address_of
from hingecraft.blueprint.invert.names import relation_name, role_name
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from hingecraft.blueprint.lint.reading import Reading


@dataclass(frozen=True)
class Made:
    """An object and where it is made; `line` is the file's."""

    name: str
    task: str
    line: int


@dataclass(frozen=True)
class Table(Made):
    """A permanent table."""

    is_partition: bool = False


@dataclass(frozen=True)
class View(Made):
    """A view; `options` are its reloptions."""

    options: dict[str, str]
    materialized: bool
    replaces: bool = False


@dataclass(frozen=True)
class Function(Made):
    """A routine. One with an SQL-standard body is bound when it is made and needs no search_path."""

    definer: bool
    standard: bool
    search_path: str | None
    replaces: bool = False


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
class Facts:
    """What one task makes."""

    tables: list[Table] = field(default_factory=list)
    columns: list[Made] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    foreign_keys: list[Constraint] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)


@dataclass
class House:
    """Facts of all blocks; names are `schema.name`."""

    graph: Graph = field(default_factory=lambda: Graph({}))
    facts: defaultdict[str, Facts] = field(default_factory=lambda: defaultdict(Facts))
    makers: dict[str, str] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    indexed: defaultdict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))
    policies: defaultdict[str, list[Policy]] = field(default_factory=lambda: defaultdict(list))
    comments: dict[tuple[str, str], str] = field(default_factory=dict)
    secured: set[tuple[str, str]] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)

    def read(self, reading: Reading) -> None:
        """Note what a block makes."""
        task = reading.task
        self.titles.setdefault(task.title, task.id)
        for statement in reading.deploy.statements:
            line = reading.deploy.line(statement.line)
            if statement.kind in _NOTED:
                _NOTED[statement.kind](self, statement.node, task.id, line)
        for made in (*self.facts[task.id].functions, *self.facts[task.id].views):
            self.makers.setdefault(made.name, task.id)
        self.tables.update(table.name for table in self.facts[task.id].tables)

    def needs(self, task: str) -> set[str]:
        """Everything a task needs, directly or not, and itself."""
        return self.graph.closure([task])

    def create_table(self, node: Any, task: str, line: int) -> None:
        """A table with its columns and keys."""
        if node.relation.relpersistence == "t":
            return
        name = ".".join(relation_name(node.relation))
        elements = node.tableElts or ()
        self.facts[task].tables.append(Table(name, task, line, is_partition=node.partbound is not None))
        for element in elements:
            if type(element).__name__ == "ColumnDef":
                self._column(name, element, task, line)
            elif type(element).__name__ == "Constraint":
                self._constraint(name, element, words(element.keys), task, line)

    def _column(self, table: str, column: Any, task: str, line: int) -> None:
        self.facts[task].columns.append(Made(f"{table}.{column.colname}", task, line))
        for constraint in column.constraints or ():
            self._constraint(table, constraint, (column.colname,), task, line)

    def _constraint(self, table: str, constraint: Any, columns: tuple[str, ...], task: str, line: int) -> None:
        kind = constraint.contype.name
        if kind == "CONSTR_FOREIGN":
            columns = words(constraint.fk_attrs) or columns
            self.facts[task].foreign_keys.append(Constraint(constraint.conname or "", task, line, table, columns))
        elif kind in {"CONSTR_PRIMARY", "CONSTR_UNIQUE"}:
            self.indexed[table].append(columns)
        elif kind == "CONSTR_EXCLUSION":
            names = tuple(part[0].name or "" for part in constraint.exclusions)
            self.indexed[table].append(names)

    def alter_table(self, node: Any, task: str, line: int) -> None:
        """Columns, keys and row security added."""
        table = ".".join(relation_name(node.relation))
        for command in node.cmds:
            match command.subtype.name:
                case "AT_AddColumn":
                    self._column(table, command.def_, task, line)
                case "AT_AddConstraint":
                    self._constraint(table, command.def_, words(command.def_.keys), task, line)
                case "AT_EnableRowSecurity" | "AT_ForceRowSecurity":
                    self.secured.add((table, command.subtype.name))

    def create_index(self, node: Any, _task: str, _line: int) -> None:
        """An index that serves a foreign key: whole, or over the rows where a column is set."""
        if node.whereClause is not None and type(node.whereClause).__name__ != "NullTest":
            return
        table = ".".join(relation_name(node.relation))
        self.indexed[table].append(tuple(param.name or "" for param in node.indexParams))

    def create_view(self, node: Any, task: str, line: int) -> None:
        """A view with its options."""
        options = {option.defname: _option_value(option.arg) for option in node.options or ()}
        if node.view.relpersistence != "t":
            name = ".".join(relation_name(node.view))
            self.facts[task].views.append(View(name, task, line, options, materialized=False, replaces=node.replace))

    def create_table_as(self, node: Any, task: str, line: int) -> None:
        """A materialized view or a table."""
        if node.objtype.name == "OBJECT_MATVIEW":
            self.facts[task].views.append(View(".".join(relation_name(node.into.rel)), task, line, {}, materialized=True))
        elif node.into.rel.relpersistence != "t":
            self.facts[task].tables.append(Table(".".join(relation_name(node.into.rel)), task, line))

    def create_function(self, node: Any, task: str, line: int) -> None:
        """A routine and how it finds names."""
        definer, search_path = False, None
        for option in node.options or ():
            if option.defname == "security":
                definer = bool(option.arg.boolval)
            elif option.defname == "set" and option.arg.name == "search_path":
                search_path = ", ".join(str(getattr(arg.val, "sval", arg.val)) for arg in option.arg.args or ())
        name = ".".join(words(node.funcname))
        standard = node.sql_body is not None
        self.facts[task].functions.append(Function(name, task, line, definer, standard, search_path, node.replace))

    def create_policy(self, node: Any, task: str, line: int) -> None:
        """A policy."""
        roles = tuple(role_name(role) for role in node.roles or ())
        table = ".".join(relation_name(node.table))
        made = Policy(node.policy_name, task, line, table, node.cmd_name, roles, node.permissive)
        self.facts[task].policies.append(made)
        self.policies[table].append(made)

    def drop(self, node: Any, _task: str, _line: int) -> None:
        """A policy that a later task takes away."""
        for each in node.objects:
            address = address_of(node.removeType, each)
            if address.kind == "policy":
                table = ".".join(address.name)
                self.policies[table] = [policy for policy in self.policies[table] if policy.name != address.part]

    def comment(self, node: Any, _task: str, _line: int) -> None:
        """A comment, whoever makes the object."""
        address = address_of(node.objtype, node.object)
        name = ".".join((*address.name, address.part) if address.part else address.name)
        if node.comment:
            self.comments[address.family, name] = node.comment


_NOTED: dict[str, Callable[[House, Any, str, int], None]] = {
    "AlterTableStmt": House.alter_table,
    "CommentStmt": House.comment,
    "CreateFunctionStmt": House.create_function,
    "CreatePolicyStmt": House.create_policy,
    "CreateStmt": House.create_table,
    "CreateTableAsStmt": House.create_table_as,
    "DropStmt": House.drop,
    "IndexStmt": House.create_index,
    "ViewStmt": House.create_view,
}


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
            return "true" if arg.boolval else "false"
    return str(getattr(arg, "ival", arg))
