"""Room identity: people read what is theirs, secrets have no reader, managers admit and dismiss."""

from __future__ import annotations

from ..rules import CLOSED, Asking, Row, Table, form, members, own, staff


def groups_of(asking: Asking, *roles: str) -> set[str]:
    """Groups the person owns, or is in now in one of the roles."""
    rows = asking.world.where("identity.group_members", user_id=asking.me)
    joined = {row["group_id"] for row in rows if asking.world.is_now(row["during"]) and row["role"] in roles}
    return joined | {row["id"] for row in asking.world.where("identity.groups", owner_id=asking.me)}


def in_my_group(row: Row, asking: Asking) -> bool:
    return row.get("group_id", row.get("id")) in groups_of(asking, "owner", "manager", "member")


def managed(row: Row, asking: Asking) -> bool:
    """A place in a group of which the person is manager, and not the place of its owner."""
    return row["group_id"] in groups_of(asking, "owner", "manager") and row["role"] != "owner"


SUPERVISED = staff("compliance", "auditor")

TABLES = {
    "profiles": Table(reads=[own("user_id"), staff("moderator", "compliance", "auditor")]),
    "credentials": Table(
        reads=[own("user_id"), SUPERVISED], secret=["secret_hash", "secret_sealed", "credential_id", "public_key", "sign_count", "params"]
    ),
    "external_identities": Table(reads=[own("user_id"), SUPERVISED], secret=["subject", "claims"]),
    "sessions": Table(reads=[own("user_id"), SUPERVISED], secret=["user_agent_hash"]),
    "roles": Table(reads=[members(lambda row, asking: True), staff("auditor")]),
    "user_roles": Table(reads=[own("user_id"), staff("moderator", "compliance", "auditor")]),
    "groups": Table(reads=[members(in_my_group), SUPERVISED]),
    "group_members": Table(
        reads=[members(in_my_group), SUPERVISED],
        adds=[form(members(managed), "group_id", "user_id", "role", "during")],
        drops=[members(managed)],
    ),
    "invitations": Table(reads=[own("invited_by"), SUPERVISED], secret=["email_bidx", "token_sha256"]),
    **dict.fromkeys(["challenges", "refresh_tokens", "invitation_handlers"], CLOSED),
}
