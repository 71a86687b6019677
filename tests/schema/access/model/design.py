"""Room design: versions follow their design, what is in a version follows the version, teams work on what they were let into."""

from __future__ import annotations

from ..rules import CLOSED, REFERENCE, Asking, Row, Table, anybody, form, members, own, staff
from .core import collaborates


def owns(design: str, asking: Asking) -> bool:
    row = asking.world.row("core.designs", design)
    return row is not None and row["owner_id"] == asking.me


def in_team(design: str, asking: Asking) -> bool:
    return owns(design, asking) or collaborates(design, asking)


def released_and_seen(row: Row, asking: Asking) -> bool:
    return row["released_at"] is not None and asking.sees("core.designs", row["design_id"])


def of_team(row: Row, asking: Asking) -> bool:
    return in_team(row["design_id"], asking)


def of_own(row: Row, asking: Asking) -> bool:
    return owns(row["design_id"], asking)


def of_seen_version(row: Row, asking: Asking) -> bool:
    return asking.sees("design.versions", row.get("version_id") or row.get("child_id"))


def review_of_team(row: Row, asking: Asking) -> bool:
    version = asking.world.row("design.versions", row["version_id"])
    return row["reviewer_id"] == asking.me or (version is not None and of_team(version, asking))


def invited_or_team(row: Row, asking: Asking) -> bool:
    return row["user_id"] == asking.me or of_team(row, asking)


def invites(row: Row, asking: Asking) -> bool:
    """Owners invite others, and make no second owner."""
    return of_own(row, asking) and row["user_id"] != asking.me and row["role"] != "owner"


def dismissable(row: Row, asking: Asking) -> bool:
    return row["user_id"] == asking.me or of_own(row, asking)


def rates_of_others(row: Row, asking: Asking) -> bool:
    """A rating in one's own name, of a listing one sees, not of what one works on."""
    listing = asking.world.row("design.listings", row["listing_id"])
    is_seen = asking.sees("design.listings", row["listing_id"])
    return row["user_id"] == asking.me and listing is not None and is_seen and not of_team(listing, asking)


def seen_listing(row: Row, asking: Asking) -> bool:
    return asking.sees("design.listings", row["listing_id"])


IN_VERSION = Table(reads=[anybody(of_seen_version), staff("auditor")])

TABLES = {
    "versions": Table(reads=[anybody(released_and_seen), members(of_team), staff("moderator", "auditor")]),
    **dict.fromkeys(["bom_items", "files", "hinge_specs", "version_edges"], IN_VERSION),
    "collaborators": Table(
        reads=[members(invited_or_team), staff("moderator", "auditor")],
        adds=[form(members(invites), "design_id", "user_id", "role", "invited_by")],
        edits=[form(members(of_own), "role", "during", check=lambda row, asking: row["role"] != "owner")],
        drops=[members(dismissable)],
    ),
    "reviews": Table(reads=[members(review_of_team), staff("moderator", "auditor")]),
    "listings": Table(
        reads=[anybody(lambda row, asking: row["status"] in ("listed", "sold_out")), members(of_own), staff("moderator", "auditor")],
        adds=[form(members(of_own), "design_id", "version_id", "price_usd", "currency", "royalty_percent", "min_quantity")],
        edits=[form(members(of_own), "version_id", "status", "price_usd", "royalty_percent", "min_quantity")],
    ),
    "listing_ratings": Table(
        reads=[anybody(seen_listing), staff("auditor")],
        adds=[form(members(rates_of_others), "listing_id", "user_id", "stars", "body")],
        edits=[form(own("user_id"), "stars", "body")],
    ),
    "edit_locks": CLOSED,
    **dict.fromkeys(["licences", "licence_compatibility", "material_properties", "spec_schemas"], REFERENCE),
}
