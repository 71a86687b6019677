"""CREATE: undone by DROP, never cascading, so that a dependent that should not be there surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hingecraft.blueprint.invert.address import Address, kind_of, routine
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import dotted, relation_name, role_name, type_name
from hingecraft.blueprint.invert.registry import undoes
from hingecraft.blueprint.syntax import words

if TYPE_CHECKING:
    from collections.abc import Callable

NAMED: dict[str, tuple[str, Callable[[Any], tuple[str, ...]]]] = {
    "CompositeTypeStmt": ("type", lambda node: relation_name(node.typevar)),
    "CreateAmStmt": ("access method", lambda node: (node.amname,)),
    "CreateConversionStmt": ("conversion", lambda node: words(node.conversion_name)),
    "CreateDomainStmt": ("domain", lambda node: words(node.domainname)),
    "CreateEnumStmt": ("type", lambda node: words(node.typeName)),
    "CreateEventTrigStmt": ("event trigger", lambda node: (node.trigname,)),
    "CreateFdwStmt": ("foreign data wrapper", lambda node: (node.fdwname,)),
    "CreateForeignServerStmt": ("server", lambda node: (node.servername,)),
    "CreatePLangStmt": ("language", lambda node: (node.plname,)),
    "CreatePublicationStmt": ("publication", lambda node: (node.pubname,)),
    "CreateRangeStmt": ("type", lambda node: words(node.typeName)),
    "CreateRoleStmt": ("role", lambda node: (node.role,)),
}
"""Objects that a bare name identifies, and that nothing but their own drop removes."""


def create(draft: Draft, address: Address) -> None:
    """Note the object as this task's own, and undo it by its drop."""
    draft.made(address)
    draft.exact(f"drop {address.sql};")


@undoes(*NAMED)
def create_named(draft: Draft, node: Any) -> None:
    """A type, role, server, ...: DROP by name."""
    kind, name = NAMED[type(node).__name__]
    refuse_if_not_exists(node)
    if getattr(node, "replace", False):
        raise NotInvertibleError(f"replaces a {kind} whose previous state is not looked up: write the revert")
    create(draft, Address(kind, name(node)))


def refuse_if_not_exists(node: Any) -> None:
    """IF NOT EXISTS hides whether the task made the object, so its revert cannot know whether to drop it."""
    if getattr(node, "if_not_exists", False):
        raise NotInvertibleError("'if not exists' hides whether this task made the object: leave it out")


@undoes("CreateStmt", "CreateForeignTableStmt", "CreateTableAsStmt")
def create_table(draft: Draft, node: Any) -> None:
    """A table (or materialized view); a partition of the task's own table goes with that."""
    refuse_if_not_exists(node)
    parents: tuple[Any, ...] = ()
    if type(node).__name__ == "CreateTableAsStmt":
        kind, relation = kind_of(node.objtype), node.into.rel
    else:
        kind = "foreign table" if type(node).__name__ == "CreateForeignTableStmt" else "table"
        base = getattr(node, "base", node)
        refuse_if_not_exists(base)
        relation = base.relation
        parents = base.inhRelations if base.partbound else ()
    address = Address(kind, relation_name(relation))
    of_own = any(draft.owns(Address("table", relation_name(parent))) for parent in parents or ())
    if relation.relpersistence == "t" or of_own:
        draft.made(address)
    else:
        create(draft, address)


@undoes("ViewStmt")
def create_view(draft: Draft, node: Any) -> None:
    """A view; one that it replaces gets its definition, options and, if need be, everything else back."""
    address = Address("view", relation_name(node.view))
    if node.view.relpersistence == "t":
        draft.made(address)
    elif not node.replace:
        create(draft, address)
    elif draft.owns(address):
        refuse_younger(draft, address, node)
    else:
        draft.state("view_replaced", **asked(draft, address), columns=_column_count(node.query))


def _column_count(query: Any) -> int | None:
    """How many columns the query returns, when its text says so."""
    while type(query).__name__ == "SelectStmt" and query.larg is not None:
        query = query.larg
    targets = getattr(query, "targetList", None) or ()
    stars = any(type(target.val).__name__ == "ColumnRef" and type(target.val.fields[-1]).__name__ == "A_Star" for target in targets)
    return None if stars or not targets else len(targets)


def refuse_younger(draft: Draft, address: Address, node: Any) -> None:
    """A statement on the task's own object vanishes with it, unless it ties the object to a younger one."""
    if draft.made_since(address, node):
        raise NotInvertibleError("makes an older object of this task depend on a younger one: change their order")


@undoes("CreateFunctionStmt")
def create_function(draft: Draft, node: Any) -> None:
    """A function or procedure; one that it replaces gets its definition back."""
    address = routine("procedure" if node.is_procedure else "function", node.funcname, node.parameters)
    if not node.replace:
        create(draft, address)
    elif draft.owns(address):
        refuse_younger(draft, address, node)
    else:
        inputs = [p for p in node.parameters or () if p.mode.name not in {"FUNC_PARAM_OUT", "FUNC_PARAM_TABLE"}]
        defaults = sum(p.defexpr is not None for p in inputs)
        names = [p.name or "" for p in inputs]
        draft.state("routine_replaced", **asked(draft, address), defaults=defaults, names=names)


@undoes("IndexStmt")
def create_index(draft: Draft, node: Any) -> None:
    """An index lives in its table's schema and goes with its table."""
    refuse_if_not_exists(node)
    table = Address("table", relation_name(node.relation))
    if node.idxname is None:
        _unnamed(draft, table, node, "an index without a name: name it")
        return
    index = Address("index", (*table.name[:-1], node.idxname))
    draft.index_columns[index.key] = [param.name for param in node.indexParams if param.name]
    on_table(draft, table, index, node)


def _unnamed(draft: Draft, table: Address, node: Any, reason: str) -> None:
    """The server makes up a name, which only matters where the object does not go with its table."""
    if not draft.owns(table) or draft.made_since(table, node):
        raise NotInvertibleError(reason)


def on_table(draft: Draft, table: Address, address: Address, node: Any) -> None:
    """What goes with its table needs a drop only if the table is not the task's own, or something younger holds it."""
    if draft.owns(table) and not draft.made_since(table, node):
        draft.made(address)
    else:
        create(draft, address)


@undoes("CreateTrigStmt")
def create_trigger(draft: Draft, node: Any) -> None:
    """A trigger, replaced or new."""
    table = Address("table", relation_name(node.relation))
    _part_of_table(draft, table, Address("trigger", table.name, part=node.trigname), node, replace=node.replace)


@undoes("RuleStmt")
def create_rule(draft: Draft, node: Any) -> None:
    """A rule, replaced or new."""
    table = Address("table", relation_name(node.relation))
    _part_of_table(draft, table, Address("rule", table.name, part=node.rulename), node, replace=node.replace)


@undoes("CreatePolicyStmt")
def create_policy(draft: Draft, node: Any) -> None:
    """A row-security policy."""
    table = Address("table", relation_name(node.table))
    _part_of_table(draft, table, Address("policy", table.name, part=node.policy_name), node, replace=False)


def _part_of_table(draft: Draft, table: Address, address: Address, node: Any, *, replace: bool) -> None:
    if not replace or draft.owns(address):
        on_table(draft, table, address, node)
    else:
        draft.state(f"{address.kind}_replaced", **asked(draft, address))


@undoes("CreateStatsStmt")
def create_statistics(draft: Draft, node: Any) -> None:
    """Extended statistics go with their table."""
    refuse_if_not_exists(node)
    table = Address("table", relation_name(node.relations[0]))
    if not node.defnames:
        _unnamed(draft, table, node, "statistics without a name: name them")
        return
    on_table(draft, table, Address("statistics", words(node.defnames)), node)


@undoes("CreateSeqStmt")
def create_sequence(draft: Draft, node: Any) -> None:
    """A sequence; owned by a column of the task's own older table, it goes with that."""
    refuse_if_not_exists(node)
    address = Address("sequence", relation_name(node.sequence))
    owner = next((words(option.arg) for option in node.options or () if option.defname == "owned_by"), ())
    if node.sequence.relpersistence == "t" or draft.owns(Address("table", owner[:-1])):
        draft.made(address)
    else:
        create(draft, address)


@undoes("CreateSchemaStmt")
def create_schema(draft: Draft, node: Any) -> None:
    """A schema on its own."""
    refuse_if_not_exists(node)
    if node.schemaElts:
        raise NotInvertibleError("a schema with its objects in one statement: create them one by one")
    create(draft, Address("schema", (node.schemaname or node.authrole.rolename,)))


@undoes("CreateExtensionStmt")
def create_extension(draft: Draft, node: Any) -> None:
    """An extension; CASCADE would install others that no statement names."""
    refuse_if_not_exists(node)
    if any(option.defname == "cascade" for option in node.options or ()):
        raise NotInvertibleError("'cascade' installs extensions that no statement names: create them one by one")
    create(draft, Address("extension", (node.extname,)))


@undoes("DefineStmt")
def define(draft: Draft, node: Any) -> None:
    """Aggregates, operators, collations and text search objects; base types need functions that need the type."""
    refuse_if_not_exists(node)
    kind = kind_of(node.kind)
    if node.replace:
        raise NotInvertibleError(f"replaces an {kind} whose previous state is not looked up: drop and create it")
    if kind == "type":
        raise NotInvertibleError("a base type and its functions depend on each other: write the revert")
    if kind == "aggregate":
        create(draft, _aggregate(node))
    elif kind == "operator":
        sides = {option.defname: type_name(option.arg) for option in node.definition}
        args = (sides.get("leftarg", "none"), sides.get("rightarg", "none"))
        create(draft, Address("operator", words(node.defnames), args=args))
    else:
        create(draft, Address(kind, words(node.defnames)))


def _aggregate(node: Any) -> Address:
    if node.oldstyle:
        base = next(option.arg for option in node.definition if option.defname.lower() == "basetype")
        any_type = type(base).__name__ == "String" or words(base.names) in {("any",), ("ANY",)}
        return Address("aggregate", words(node.defnames), args=() if any_type else (type_name(base),))
    return routine("aggregate", node.defnames, node.args[0])


@undoes("CreateCastStmt")
def create_cast(draft: Draft, node: Any) -> None:
    """A cast is named by its two types."""
    create(draft, Address("cast", (), args=(type_name(node.sourcetype), type_name(node.targettype))))


@undoes("CreateTransformStmt")
def create_transform(draft: Draft, node: Any) -> None:
    """A transform is named by its type and language."""
    if node.replace:
        raise NotInvertibleError("replaces a transform whose previous state is not looked up: drop and create it")
    create(draft, Address("transform", (node.lang,), args=(type_name(node.type_name),)))


@undoes("CreateUserMappingStmt")
def create_user_mapping(draft: Draft, node: Any) -> None:
    """A user mapping is named by its role and server."""
    refuse_if_not_exists(node)
    create(draft, Address("user mapping", (role_name(node.user),), part=node.servername))


@undoes("CreateOpFamilyStmt")
def create_operator_family(draft: Draft, node: Any) -> None:
    """An operator family of an index method."""
    create(draft, Address("operator family", words(node.opfamilyname), part=node.amname))


@undoes("CreateOpClassStmt")
def create_operator_class(draft: Draft, node: Any) -> None:
    """An operator class; without FAMILY it makes a family of its name, unless there is one, and goes with that."""
    address = Address("operator class", words(node.opclassname), part=node.amname)
    family = Address("operator family", words(node.opclassname), part=node.amname)
    if node.opfamilyname is not None or draft.owns(family):
        create(draft, address)
    else:
        draft.made(address)
        draft.made(family)
        draft.state("operator_class", name=dotted(*address.name[:-1]), part=address.name[-1], method=node.amname,
                    object=address.sql, family_sql=family.sql)  # fmt: skip
