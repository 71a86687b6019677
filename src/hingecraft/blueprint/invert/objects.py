"""ALTER of what is no table: routines, domains, types, sequences, policies, event triggers, publications, ..."""

from __future__ import annotations

from typing import Any

from hingecraft.blueprint.invert.address import Address, address_of, with_args
from hingecraft.blueprint.invert.draft import Draft, NotInvertibleError
from hingecraft.blueprint.invert.lookup import asked
from hingecraft.blueprint.invert.names import dotted, literal, quote, relation_name
from hingecraft.blueprint.invert.registry import undoes
from hingecraft.blueprint.syntax import words


@undoes("AlterFunctionStmt")
def alter_function(draft: Draft, node: Any) -> None:
    """Settings, volatility, security, cost: the whole previous definition."""
    routine = with_args("procedure" if node.objtype.name == "OBJECT_PROCEDURE" else "function", node.func)
    if not draft.owns(routine):
        draft.state("routine_altered", **asked(draft, routine))


@undoes("AlterDomainStmt")
def alter_domain(draft: Draft, node: Any) -> None:
    """Default, NOT NULL and constraints of a domain."""
    domain = Address("domain", words(node.typeName))
    action = node.subtype
    if action == "C":
        _add_domain_constraint(draft, domain, node)
    elif draft.owns(domain):
        if draft.made_since(domain, node):
            raise NotInvertibleError("makes an older object of this task depend on a younger one: change their order")
    elif action in {"X", "V"}:
        constraint = Address("domain constraint", domain.name, part=node.name)
        if draft.owns(constraint):
            if action == "X":
                draft.forget(constraint)
            return
        kind = "domain_constraint_dropped" if action == "X" else "domain_constraint_validated"
        draft.state(kind, **asked(draft, constraint), domain=domain.sql)
    else:
        draft.state("domain_default" if action == "T" else "domain_not_null", **asked(draft, domain), action=action)


def _add_domain_constraint(draft: Draft, domain: Address, node: Any) -> None:
    if draft.owns(domain) and not draft.made_since(domain, node):
        return
    if not node.def_.conname:
        raise NotInvertibleError("a constraint without a name: name it")
    draft.made(Address("domain constraint", domain.name, part=node.def_.conname))
    draft.exact(f"alter {domain.sql} drop constraint {quote(node.def_.conname)};")


@undoes("AlterEnumStmt")
def alter_enum(draft: Draft, node: Any) -> None:
    """A label can be renamed back, never removed."""
    enum = Address("type", words(node.typeName))
    if draft.owns(enum):
        return
    if node.oldVal is None:
        raise NotInvertibleError("add value cannot be undone: declare it irreversible, or use a look-up table")
    draft.exact(f"alter {enum.sql} rename value {literal(node.newVal)} to {literal(node.oldVal)};")


@undoes("AlterSeqStmt")
def alter_sequence(draft: Draft, node: Any) -> None:
    """Parameters as they were; a restart loses the value."""
    sequence = Address("sequence", relation_name(node.sequence))
    options = {option.defname: option for option in node.options or ()}
    if draft.owns(sequence):
        owner = words(options["owned_by"].arg) if "owned_by" in options else ("none",)
        if owner != ("none",):
            draft.exact(f"alter {sequence.sql} owned by none;")
    elif "restart" in options:
        raise NotInvertibleError("restart loses the sequence's value: write the revert or declare it irreversible")
    else:
        parameters = bool(options.keys() - {"owned_by"})
        draft.state("sequence_altered", **asked(draft, sequence), parameters=parameters, owned_by="owned_by" in options)


@undoes("AlterPolicyStmt")
def alter_policy(draft: Draft, node: Any) -> None:
    """A policy is made anew: ALTER POLICY cannot take an expression away."""
    table = Address("table", relation_name(node.table))
    policy = Address("policy", table.name, part=node.policy_name)
    if not draft.owns(policy):
        draft.state("policy_altered", **asked(draft, policy))
    elif draft.made_since(table, node):
        raise NotInvertibleError("makes an older object of this task depend on a younger one: change their order")


@undoes("AlterEventTrigStmt")
def alter_event_trigger(draft: Draft, node: Any) -> None:
    """Enabled, disabled, replica or always, as it was."""
    trigger = Address("event trigger", (node.trigname,))
    if not draft.owns(trigger):
        draft.state("event_trigger_enabled", **asked(draft, trigger))


@undoes("AlterStatsStmt")
def alter_statistics(draft: Draft, node: Any) -> None:
    """The target as it was."""
    statistics = Address("statistics", words(node.defnames))
    if not draft.owns(statistics):
        draft.state("statistics_target", **asked(draft, statistics))


@undoes("AlterPublicationStmt")
def alter_publication(draft: Draft, node: Any) -> None:
    """A table that is added is dropped again; anything else is not looked up."""
    publication = Address("publication", (node.pubname,))
    if draft.owns(publication):
        if draft.made_since(publication, node):
            raise NotInvertibleError("adds a younger table to the task's publication: create the publication last")
        return
    items = node.pubobjects or ()
    tables = [item.pubtable for item in items if item.pubobjtype.name == "PUBLICATIONOBJ_TABLE"]
    if node.action.name != "AP_AddObjects" or len(tables) != len(items) or not tables:
        raise NotInvertibleError("what the publication held before is not looked up: write the revert")
    names = ", ".join(dotted(*relation_name(table.relation)) for table in tables)
    draft.exact(f"alter {publication.sql} drop table {names};")


@undoes("AlterTSConfigurationStmt")
def alter_text_search(draft: Draft, node: Any) -> None:
    """A mapping that is added is dropped again."""
    configuration = Address("text search configuration", words(node.cfgname))
    if draft.owns(configuration):
        if draft.made_since(configuration, node):
            raise NotInvertibleError("makes an older object of this task depend on a younger one: change their order")
        return
    if node.kind.name != "ALTER_TSCONFIG_ADD_MAPPING":
        raise NotInvertibleError("the previous mapping is not looked up: write the revert")
    draft.exact(f"alter {configuration.sql} drop mapping for {', '.join(words(node.tokentype))};")


@undoes("AlterExtensionContentsStmt")
def extension_contents(draft: Draft, node: Any) -> None:
    """ADD and DROP of a member are each other's opposite."""
    member = address_of(node.objtype, node.object)
    draft.exact(f"alter extension {quote(node.extname)} {'drop' if node.action > 0 else 'add'} {member.sql};")
