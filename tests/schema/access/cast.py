"""The cast: persons whose ids canaries and model share, and the actors that try everything."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

INHERITS = {
    "hc_member": ("hc_anon",),
    "hc_designer": ("hc_member",),
    "hc_operator": ("hc_member",),
    "hc_moderator": ("hc_member",),
    "hc_finance": ("hc_member",),
    "hc_compliance": ("hc_member",),
    "hc_admin": ("hc_designer", "hc_operator", "hc_moderator"),
}
"""The ladder of roles (BUILD_0011), said once more."""

PERSONS = ("ada", "bob", "cal", "dot", "eve", "ivy")
"""ada owns; bob owns apart from her; ivy runs a factory, a group, a club and a course; cal is in the teams of both; dot was;
eve only asked, or is banned."""


def id_of(name: str) -> str:
    """The id of a person or row by its name, as canary.id() makes it."""
    return str(UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()))


def roles_of(role: str) -> frozenset[str]:
    """The role and all it inherits."""
    return frozenset({role}.union(*(roles_of(base) for base in INHERITS.get(role, ()))))


@dataclass(frozen=True)
class Actor:
    """Somebody who asks: a database role, and the person in the claims, if any."""

    role: str
    name: str | None = None
    claims: dict[str, str] = field(default_factory=dict, hash=False)
    is_ghost: bool = False
    """Whether the platform may show less than the model says: the account is suspended."""

    opens: str | None = None
    """The design that the share link in the claims opens, by its name."""

    @property
    def person(self) -> str | None:
        return id_of(self.name) if self.name else None

    @property
    def roles(self) -> frozenset[str]:
        return roles_of(self.role)

    def __str__(self) -> str:
        return ":".join(filter(None, [self.role, self.name, self.opens]))


ALONE = (
    Actor("hc_anon"),
    Actor("hc_agent", "bot", {"agent_id": "scout"}),
    Actor("hc_worker"),
    Actor("hc_analyst", "ann"),
    Actor("hc_monitor"),
    Actor("hc_auditor", "aud"),
    Actor("hc_replicator"),
    Actor("hc_authenticator"),
    Actor("hc_member", "sam", is_ghost=True),
)

CAST = (
    *ALONE,
    *(Actor("hc_member", name) for name in PERSONS),
    Actor("hc_member", "stranger"),
    Actor("hc_designer", "ada"),
    Actor("hc_operator", "ivy"),
    Actor("hc_moderator", "moe"),
    Actor("hc_finance", "fin"),
    Actor("hc_compliance", "com"),
    Actor("hc_admin", "adm"),
)

CROWD = (
    *ALONE,
    *(
        Actor(role, name)
        for role in ("hc_member", "hc_designer", "hc_operator", "hc_moderator", "hc_finance", "hc_compliance", "hc_admin")
        for name in (*PERSONS, "stranger", "moe", "fin", "com", "adm")
    ),
    *(Actor(role, name) for role in ("hc_agent", "hc_auditor", "hc_analyst", "hc_worker") for name in PERSONS),
)
"""Everybody in every role, for the drill."""
